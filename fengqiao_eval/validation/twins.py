"""Twins: one event recorded in two units by two persons, told from events that are alike by chance."""

import numpy as np
import pandas as pd
from scipy import special

from fengqiao_eval.records import query
from fengqiao_eval.records.tables import Table

MOST_UNITS = 3
"""What stands in more units at one time is no event of one of them: a campaign, a lesson, an import."""
CHANCE = 0.002
"""So likely at most chance makes as many pairs as are told."""
SHARE = 0.1
"""Of what is told chance makes this part at most."""
MINUTE = 60
"""Seconds."""
BESIDE = ("unit_id", "officer_id", "recorded_at")
"""What differs where two units record one event: who they are, and when they enter it."""


def find_between_units(rows: query.Rows, table: Table) -> tuple[int, query.Rows | None]:
    """Count the records beside the first of events that lie in two units, and keep the rows of them all.

    Two records are of one event where time and all cells are alike but for unit, person and entry. Chance makes such pairs as
    well: as many as there are pairs of records in two units that are alike but for their time, times how often two records fall
    on the same moment. Told are pairs of cells so rare that chance makes none of as many, and those that one person has in two
    units at once. Where a time is a day alone, and of duties, whose times are laid down, records must name a subject.
    """
    if "unit_id" not in rows.columns:
        return 0, None
    told, cells = _with_cells(rows, table)
    times = told.group_by("at_").agg(units_=told.unit_id.nunique())
    times = times.filter(times.units_ > 1).select(when_="at_")
    if not int(times.count().execute()):
        return 0, None
    few = told.semi_join(times, told.at_ == times.when_)
    few = few.filter(few.sure_)
    groups = _group(few, table, cells)
    if not int(groups.count().execute()):
        return 0, None
    contents = _count_pairs(told, cells)
    joined = groups.left_join(contents, [groups[name].identical_to(contents[f"its_{name}"]) for name in cells])
    chosen = joined.filter(joined.one_ | query.is_so(joined.of_ <= _rarest(told, joined, contents)))
    failed = chosen.agg(more=(chosen.units_ - 1).sum()).to_pandas().iloc[0]["more"]
    if pd.isna(failed):
        return 0, None
    chosen = chosen.select("at_", *cells).rename({f"its_{name}": name for name in ("at_", *cells)})
    return int(failed), few.semi_join(chosen, [few[name].identical_to(chosen[f"its_{name}"]) for name in ("at_", *cells)])


def _with_cells(rows: query.Rows, table: Table) -> tuple[query.Rows, list[str]]:
    """Add to rows their moment at_, the cells of the event, of other times the seconds until them, and whether they are sure_."""
    at = rows[table.own_date].cast("timestamp")
    names = [column for column in table.columns if column.name in rows.columns and column.name not in (table.key, *BESIDE)]
    names = [column for column in names if column.name != table.own_date]
    cells = {
        f"cell_{number}_": query.seconds_passed(at, rows[one.name].cast("timestamp"))
        if one.kind in ("time", "date")
        else rows[one.name]
        for number, one in enumerate(names)
    }
    named = query.optional(rows, "subject_id").notnull()
    sure = named if table.name == "duties" else named | (at != at.truncate("D"))
    return rows.mutate(at_=at, person_=query.optional(rows, "officer_id"), sure_=query.is_so(sure), **cells), list(cells)


def _group(few: query.Rows, table: Table, cells: list[str]) -> query.Rows:
    """Group records that are alike in two units or three: units_, pairs_, and whether one_ person has them all."""
    found = few.group_by("at_", *cells).agg(
        rows_=few.count(),
        ids_=few[table.key].nunique(),
        units_=few.unit_id.nunique(),
        persons_=few.person_.nunique(),
        named_=few.person_.count(),
    )
    found = found.filter(found.ids_ == found.rows_, found.units_ > 1, found.units_ <= MOST_UNITS)
    one = (found.persons_ == 1) & (found.named_ == found.rows_)
    found = found.mutate(one_=one, pairs_=found.units_.cast("float64") * (found.units_ - 1).cast("float64") / 2.0)
    return query.cache_rows(found)


def _count_pairs(told: query.Rows, cells: list[str]) -> query.Rows:
    """Count of all that records hold beside their time how many pairs there are in two units: of_."""
    sure = told.filter(told.sure_)
    own = sure.group_by("unit_id", *cells).agg(n_=sure.count().cast("float64"))
    found = own.group_by(**{f"its_{name}": own[name] for name in cells}).agg(all_=own.n_.sum(), same_=(own.n_ * own.n_).sum())
    found = found.mutate(of_=(found.all_ * found.all_ - found.same_) / 2.0)
    return query.cache_rows(found.filter(found.of_ > 0).drop("all_", "same_"))


def _rarest(told: query.Rows, groups: query.Rows, contents: query.Rows) -> float:
    """Give how many pairs there may be of what is told: so rare that chance makes hardly any of as many on one moment."""
    found = groups.filter(~groups.one_, groups.of_.notnull())
    seen = query.tally(found, {"of": found.of_}, {"found": found.pairs_.sum()})
    every = query.tally(contents, {"of": contents.of_}, {"of_all": contents.of_.sum()})
    both = every.merge(seen, on="of", how="left").fillna({"found": 0.0}).sort_values("of", ignore_index=True)
    expected = _chance_to_meet(told) * both["of_all"].cumsum().to_numpy("float64")
    pairs = both["found"].cumsum().to_numpy("float64")
    likely = special.pdtrc(np.maximum(pairs - 1, 0), np.maximum(expected, 1e-300))
    rare = both["of"][(pairs > 0) & (likely <= CHANCE) & (expected <= SHARE * pairs)]
    return float(rare.max()) if len(rare) else 0.0


def _chance_to_meet(told: query.Rows) -> float:
    """Say how likely two records are of one moment: of one hour, and of one moment within an hour."""
    sure = told.filter(told.sure_)
    within = sure.at_.minute().cast("int64") * MINUTE + sure.at_.second().cast("int64")
    chances = []
    for part in (sure.at_.truncate("h"), within):
        counts = sure.group_by(part_=part).agg(n_=sure.count().cast("float64"))
        sums = counts.agg(met=(counts.n_ * (counts.n_ - 1.0)).sum(), n=counts.n_.sum()).to_pandas().iloc[0]
        chances.append(float(sums["met"]) / max(float(sums["n"]) * (float(sums["n"]) - 1), 1.0))
    return chances[0] * chances[1]
