"""Twins: one event recorded twice, in one unit or in two, told from events that chance makes alike.

Two records are of one event where its moment and all that is said of it are alike, but for who recorded it and when. What chance
makes alike shows itself: in how many records of one moment are not alike, and how many records of other moments are.
"""

import re
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from fengqiao_eval.records import query
from fengqiao_eval.records.tables import Table

MOST_UNITS = 3
"""What stands in more units at one moment is no event of one of them: a campaign, a lesson, an import."""
CHANCE = 0.002
"""So likely at most chance makes as many pairs as are told."""
SHARE = 0.1
"""Of what is told chance makes this part at most."""
WHO = ("unit_id", "officer_id", "recorded_at")
"""What differs where two units record one event: who they are, and when they enter it."""
_OF_ENTRY = re.compile(
    r"(?i)(?:^|_)(?:id|no|number|entered|recorded|created|updated)(?:_|$)|(?:编号|编码|号码|号)$|录入|登记|填报|更新"
)
"""Names of undeclared columns that tell of the entry and not of the event: numbers given to it, when and by whom it was made."""


class Twins(NamedTuple):
    """How many records are beside the first of their event, and the rows of all of them; None where there are none."""

    failed: int
    rows: query.Rows | None


NONE = Twins(0, None)


class _Moments(NamedTuple):
    """Rows whose moment another row has as well: at_, person_, sure_, and the cells of the event by their names."""

    rows: query.Rows
    cells: list[str]


def find_twins(rows: query.Rows, table: Table) -> tuple[Twins, Twins]:
    """Find events that were recorded twice: in one unit by one person, and in two units.

    In two units they are told where one person has them all at once, or where they are so rare that chance makes none of as many.
    Where a time is a day alone, and of duties, whose times are laid down, records must name a subject for that.
    """
    moments = _simultaneous(rows, table)
    few = moments.rows
    alike = few.group_by("at_", *moments.cells).agg(rows_=few.count())
    times = query.cache_rows(alike.filter(alike.rows_ > 1).select(when_="at_").distinct())
    if not int(times.count().execute()):
        return NONE, NONE
    near = _Moments(query.cache_rows(few.filter(few.at_.isin(times.when_))), moments.cells)
    return _within_units(near, table), _between_units(rows, moments, near, table)


def _simultaneous(rows: query.Rows, table: Table) -> _Moments:
    """Keep the rows whose moment stands more than once: few are, and all is long to compare; other times are told from it."""
    times = rows.group_by(when_=table.own_date).agg(rows_=rows.count())
    times = query.cache_rows(times.filter(times.rows_ > 1).select("when_"))
    names = [column for column in table.columns if column.name in rows.columns]
    names = [column for column in names if column.name not in (table.key, table.own_date, *WHO)]
    texts = _texts(rows, table)
    kept = [name for name in (table.key, table.own_date, *WHO[:2]) if name in rows.columns]
    few = rows.filter(rows[table.own_date].isin(times.when_)).select(*kept, *(column.name for column in names), *texts)
    few = query.cache_rows(few)
    at = few[table.own_date].cast("timestamp")
    cells = {
        f"cell_{number}_": query.seconds_passed(at, few[one.name].cast("timestamp"))
        if one.kind in ("time", "date")
        else few[one.name]
        for number, one in enumerate(names)
    }
    named = query.optional(few, "subject_id").notnull()
    sure = query.is_so(named if table.name == "duties" else named | (at != at.truncate("D")))
    who = {"unit_id": query.optional(few, "unit_id"), "person_": query.optional(few, "officer_id")}
    few = few.select(**{name: few[name] for name in (table.key, *texts)}, **who, at_=at, sure_=sure, **cells)
    return _Moments(few, list(cells))


def _texts(rows: query.Rows, table: Table) -> list[str]:
    """Name the texts that nobody declared and that may tell of the event."""
    names = [name for name, kind in rows.schema().items() if kind.is_string() and not table.column(name)]
    return [name for name in names if not name.endswith(query.OWN) and not _OF_ENTRY.search(name)]


def _within_units(near: _Moments, table: Table) -> Twins:
    """Find records of one person in one unit that are alike, each with its own id."""
    same = ["at_", "unit_id", "person_", *near.cells]
    groups = near.rows.group_by(same).agg(rows_=near.rows.count(), ids_=near.rows[table.key].nunique())
    groups = groups.filter(groups.rows_ > 1, groups.ids_ == groups.rows_)
    return _take(near.rows, groups, same, groups.rows_ - 1)


def _between_units(rows: query.Rows, moments: _Moments, near: _Moments, table: Table) -> Twins:
    """Find records of several units that are alike, and more of them than chance makes."""
    texts = [name for name in _texts(near.rows, table) if not _is_of_unit(rows, name)]
    moments, near = (_Moments(one.rows.filter(one.rows.sure_), [*one.cells, *texts]) for one in (moments, near))
    groups = _group(near, table)
    seen = groups.agg(one=groups.count(where=groups.one_), rows=groups.count()).to_pandas().iloc[0]
    if not seen["rows"]:
        return NONE
    chosen = groups.filter(groups.one_)
    if seen["one"] < seen["rows"]:
        contents = _count_contents(moments)
        joined = groups.left_join(contents, [groups[name].identical_to(contents[f"its_{name}"]) for name in near.cells])
        most = _most_alike(joined, contents, moments)
        chosen = joined.filter(joined.one_ | ((joined.units_ <= MOST_UNITS) & (joined.all_ <= most)))
    return _take(near.rows, chosen, ["at_", *near.cells], chosen.units_ - 1)


def _take(few: query.Rows, groups: query.Rows, same: list[str], beside: query.Cell) -> Twins:
    """Count the records beside the first of each group, and keep the rows of all."""
    failed = groups.agg(more=beside.sum()).to_pandas().iloc[0]["more"]
    if pd.isna(failed) or not failed:
        return NONE
    groups = groups.select(**{f"its_{name}": groups[name] for name in same})
    return Twins(int(failed), few.semi_join(groups, [few[name].identical_to(groups[f"its_{name}"]) for name in same]))


def _is_of_unit(rows: query.Rows, name: str) -> bool:
    """Say whether a text is the same in all records of a unit or of a person: then it tells who recorded, and not what."""
    for who in ("unit_id", "officer_id"):
        if who in rows.columns:
            told = rows.group_by(who).agg(words_=rows[name].nunique(), cells_=rows[name].count())
            most = told.agg(words=told.words_.max(), cells=told.cells_.max()).to_pandas().iloc[0]
            if most["words"] <= 1 < most["cells"]:
                return True
    return False


def _group(near: _Moments, table: Table) -> query.Rows:
    """Group records that are alike in several units: units_, pairs_ in two units, and whether one_ person has them all."""
    few = near.rows
    own = few.group_by("at_", "unit_id", *near.cells).agg(
        n_=few.count().cast("float64"),
        ids_=few[table.key].nunique(),
        first_=few.person_.min(),
        last_=few.person_.max(),
        named_=few.person_.count().cast("float64"),
    )
    own = own.filter(own.ids_ == own.n_.cast("int64"))
    found = own.group_by("at_", *near.cells).agg(
        units_=own.count(),
        pairs_=(own.n_.sum() * own.n_.sum() - (own.n_ * own.n_).sum()) / 2.0,
        lacking_=own.n_.sum() - own.named_.sum(),
        first_=own.first_.min(),
        last_=own.last_.max(),
    )
    one = query.is_so((found.lacking_ == 0) & (found.first_ == found.last_))
    return query.cache_rows(found.filter(found.units_ > 1).mutate(one_=one).drop("lacking_", "first_", "last_"))


def _count_contents(moments: _Moments) -> query.Rows:
    """Count how many records say the same of their event, whenever it was: all_, and of_ how many pairs in two units."""
    few = moments.rows
    own = few.group_by("unit_id", *moments.cells).agg(n_=few.count().cast("float64"))
    found = own.group_by(**{f"its_{name}": own[name] for name in moments.cells}).agg(
        all_=own.n_.sum(), of_=(own.n_.sum() * own.n_.sum() - (own.n_ * own.n_).sum()) / 2.0
    )
    return query.cache_rows(found)


def _most_alike(groups: query.Rows, contents: query.Rows, moments: _Moments) -> float:
    """Give of how many records there may be what is told: so rare that chance makes hardly any of as many pairs at one moment.

    Of pairs of records of one moment that are not alike chance made each; so many of them it makes alike as of other pairs are.
    """
    met = query.tally(groups, {"all": groups.all_}, {"met": groups.pairs_.sum()})
    told = groups.filter(~groups.one_, groups.units_ <= MOST_UNITS)
    told = query.tally(told, {"all": told.all_}, {"told": told.pairs_.sum()})
    every = query.tally(contents.filter(contents.of_ > 0), {"all": contents.all_}, {"of": contents.of_.sum()})
    both = reduce(lambda one, other: one.merge(other, on="all", how="left"), (every, met, told)).fillna(0.0)
    both = both.sort_values("all", ignore_index=True)
    apart = (both["of"] - both["met"]).clip(lower=0)  # alike, at two moments
    at_once, at_all = _pairs(moments.rows, "at_"), _pairs(moments.rows)
    rest, unlike = at_all - at_once - apart.sum(), max(at_once - both["met"].sum(), 0)
    expected = unlike * apart.cumsum().to_numpy("float64") / max(rest, 1.0)
    pairs = both["told"].cumsum().to_numpy("float64")
    likely = special.pdtrc(np.maximum(pairs - 1, 0), np.maximum(expected, 1e-300))
    rare = both["all"][(pairs > 0) & (likely <= CHANCE) & (expected <= SHARE * pairs)]
    return float(rare.max()) if len(rare) else 0.0


def _pairs(few: query.Rows, *keys: str) -> float:
    """Count the pairs of records in two units, of those that are alike in keys."""
    own = few.group_by("unit_id", *keys).agg(n_=few.count().cast("float64"))
    sums = {"all_": own.n_.sum(), "same_": (own.n_ * own.n_).sum()}
    found = own.group_by(*keys).agg(**sums) if keys else own.agg(**sums)
    total = found.agg(pairs=((found.all_ * found.all_ - found.same_) / 2.0).sum()).to_pandas().iloc[0]["pairs"]
    return 0.0 if pd.isna(total) else float(total)
