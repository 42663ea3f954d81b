"""Records counted: additive sums once per table and date at the finest level, distinct things at each level.

Counts lie in cubes of units × lines × spans, the fewest stretches of months of which every period asked for (and every void
month) is a whole number; a period is the sum of its spans, void ones left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import lcm
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from fengqiao_eval.errors import OFFICER, Note
from fengqiao_eval.measuring import tallies
from fengqiao_eval.measuring.rationals import MILLIONTHS, tidy
from fengqiao_eval.measuring.tallies import Moment, Tally
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.scheme import Scheme

Ids: TypeAlias = "pd.Series[Any]"

Sums: TypeAlias = dict[str, np.ndarray]
"""Part -> an array, units first."""

PARTS = ("num", "den", "n", "pend")

KEYS = ("unit_id", "period")


@dataclass(frozen=True)
class Plan:
    """What is to be counted: the records, by which scheme, for which tree, over which spans of months, known when."""

    records: Records
    scheme: Scheme
    tree: Tree
    spans: tuple[Period, ...]
    as_of: datetime
    officers: bool

    @cached_property
    def moment(self) -> Moment:
        """What is known when."""
        return Moment(self.as_of, max(span.end for span in self.spans))

    @cached_property
    def shared(self) -> frozenset[str]:
        """The tables in whose records persons were given shares."""
        if "credits" not in self.records.tables:
            return frozenset()
        return frozenset(query.fetch(self.records.tables["credits"].select("table").distinct(), ["table"])["table"])

    @cached_property
    def step(self) -> int:
        """What sums are whole numbers of: of millionths, of minutes in seconds, of equal shares of persons."""
        shares = query.credit_numbers(self.records.tables["credits"]) if self.officers and self.shared else []
        return 60 * MILLIONTHS * lcm(*shares)

    @property
    def homes(self) -> pd.DataFrame:
        """The unit to which each id in the records belongs, the nearest above: home_of_, home_."""
        nearest = self.tree.counts_for.drop_duplicates("unit_id").astype("str")
        return nearest.rename(columns={"unit_id": "home_of_", "ancestor": "home_"})

    def rows(self, *measures: Any) -> Any:
        """The rows that were known and lie in the spans, with the number of their `span_`, of measures of one source."""
        first, stretches = measures[0], [(span.start, span.end) for span in self.spans]
        needed = [table for table in first.tables if table in EVENTS or table == "notices"]
        tables = {name: query.moment(self.records.tables[name], TABLES[name], self.as_of) for name in needed}
        repeats = tallies.has_recurrence(first)
        if not repeats:
            tables[first.table] = query.filter_spans(tables[first.table], first.date, stretches)
        rows = eligible_rows(tables, *measures)
        if first.table == "notices":
            rows = query.assign_units(rows, self.homes)
        if repeats:
            rows = query.filter_spans(tallies.add_recurrences(rows, first), first.date, stretches)
        return rows.mutate(span_=query.span(rows, first.date, stretches))

    def names_persons(self, table: str) -> bool:
        """Whether records of the table belong to persons, by their officer or by credits."""
        return table in self.shared or "officer_id" in self.records.columns(table)

    def to_persons(self, rows: Any, table: str) -> Any:
        """Give each row once per person credited, with their share; all of it to its officer where nobody is."""
        if table not in self.shared:
            own = {} if "officer_id" in rows.columns else {"officer_id": query.constant(None, "string")}
            return rows.mutate(share_=query.constant(1, "float64"), parts_=query.constant(1, "int64"), **own)
        return query.expand_credits(rows, TABLES[table].key, self.records.tables.get("credits"), table)

    def to_units(self, rows: Any) -> Any:
        """Give each row once per unit above officers for which it counts, as `whose_`."""
        pairs = self.tree.counts_for.astype("str").rename(columns={"unit_id": "at_", "ancestor": "whose_"})
        return query.relabel(rows.mutate(at_=rows.unit_id), pairs, "at_")


def eligible_rows(tables: Mapping[str, Any], *measures: Any) -> Any:
    """The rows that can count at all, of notices the upheld; with `visits_made` where it is looked at, of those that count."""
    rows = tables[measures[0].table]
    if measures[0].table == "notices":
        return query.upheld_notices(rows)
    if not measures[0].counts_visits:
        return rows
    wheres = [{c: test for c, test in m.where.items() if "visits_made" not in (c, *test.columns)} for m in measures]
    return query.add_visits(rows, tables["visits"], query.any_of(*(query.passes(rows, where) for where in wheres)))


# What adds up: sums at the finest level, then up the tree


def additive_sums(plan: Plan, lines: Sequence[Tally]) -> tuple[Sums, tuple[Note, ...]]:
    """Count every additive line; return part -> array units × lines × spans (lines in the order of their keys), and notes.

    Lines of which only the best rows count are passed over: see best_sums.
    """
    groups = tallies.group_by_rows((line for line in lines if not tallies.has_best_of(line.measure)), "indicator")
    asked = [(plan.rows(*(line.measure for line in group)), group) for group in groups]
    return _count(plan, asked, len(lines), len(plan.spans))


def best_sums(plan: Plan, lines: Sequence[Tally], member: pd.DataFrame, size: int) -> tuple[Sums, tuple[Note, ...]]:
    """Count the lines of one measure of whose rows alike only the best counts; return part -> units × lines × periods, and notes.

    member: span and period (numbers, the latter below size): which spans make which periods. Each period picks for itself, and
    so does each unit and person: of rows alike at a station and at its zone, or of two officers, the station counts one.
    """
    measure, group = lines[0].measure, [replace(line, key=str(number)) for number, line in enumerate(lines)]
    rows = query.relabel(plan.rows(measure), member.add_suffix("_"), "span_")
    counted, notes = rows.filter(tallies.counts(rows, measure)), list[Note]()
    whose = [plan.to_units(rows)]
    if plan.officers and ("officer_id" in rows.columns or plan.names_persons(measure.table)):
        theirs = plan.to_persons(counted, measure.table)
        notes += _unknown_officers(plan, query.count_words(theirs, "officer_id")["officer_id"].dropna(), measure.table)
        whose.append(theirs.mutate(whose_=theirs.officer_id))
    cubes = {part: np.zeros((len(plan.tree.units), len(lines), size)) for part in PARTS}
    for persons, each in enumerate(whose):
        best = tallies.pick_best(each, measure, plan.as_of, ("whose_", "period_"))
        found = _tally(plan, best.rename(span_="period_"), group, "whose_").dropna(subset="whose_")
        _add(found, _own_rows(plan.tree, found["whose_"], persons=bool(persons)), group, cubes)
    return {part: tidy(cube, plan.step) for part, cube in cubes.items()}, tuple(notes)


def _count(plan: Plan, asked: Iterable[tuple[Any, Sequence[Tally]]], *shape: int) -> tuple[Sums, tuple[Note, ...]]:
    """Count rows, each for its lines; the key of a line is its place in the first of the sizes, the span that in the second."""
    cubes = {part: np.zeros((len(plan.tree.units), *shape)) for part in PARTS}
    notes = [note for rows, group in asked for note in _count_rows(plan, rows, group, cubes)]
    for cube in cubes.values():
        for line in range(
            cube.shape[1]
        ):  # each by its own size: beside squares of large numbers all else would lose its decimals
            cube[:, line] = tidy(cube[:, line], plan.step)
    return cubes, tuple(dict.fromkeys(notes))


def _count_rows(plan: Plan, rows: Any, group: Sequence[Tally], cubes: Sums) -> Iterator[Note]:
    table = group[0].measure.table
    apart = plan.officers and table in plan.shared
    together = plan.officers and not apart and "officer_id" in rows.columns
    found = _tally(plan, rows, group, "unit_id", *(["officer_id"] if together else []))
    _add(found, _ancestor_matrix(plan.tree, found["unit_id"]), group, cubes)
    if apart:
        found = _tally(plan, plan.to_persons(rows, table), group, "officer_id")
    if apart or together:
        found = found[found["officer_id"].notna()]
        yield from _unknown_officers(plan, found["officer_id"], table)
        _add(found, _own_rows(plan.tree, found["officer_id"], persons=True), group, cubes)


def _unknown_officers(plan: Plan, ids: Ids, table: str) -> Iterator[Note]:
    """Say how many persons records name that nobody knows."""
    if strange := set(ids) - plan.tree.known:
        yield Note("unknown_officers", {"table": TABLES[table].label, "count": len(strange)})


def _tally(plan: Plan, rows: Any, group: Sequence[Tally], *who: str) -> pd.DataFrame:
    """Ask once for the sums of all lines, by unit or person and by span; of rows of persons each for its share."""
    share = rows.share_ if "share_" in rows.columns else None
    keys = {name: rows[name] for name in who} | {"span": rows.span_} | ({} if share is None else {"parts": rows.parts_})
    sums = {name: total for line in group for name, total in tallies.sums(rows, line, plan.moment, share).items()}
    found = query.tally(rows, keys, sums)
    if share is None:
        return found
    shared = [name for line in group for name in (line.name("num"), line.name("den"))]
    return found.assign(**found[shared].div(found["parts"], axis=0))


def _ancestor_matrix(tree: Tree, ids: Ids) -> csr_array:
    """The matrix that adds rows of records' unit ids up to every unit they count for."""
    codes, found = pd.factorize(ids)
    pairs = tree.counts_for[tree.counts_for["unit_id"].isin(found)]
    place = pd.Index(tree.units["unit_id"]).get_indexer(pairs["ancestor"])
    up = _matrix(place, found.get_indexer(pairs["unit_id"]), (len(tree.units), len(found)))
    return up @ _matrix(codes, np.arange(len(ids)), (len(found), len(ids)))


def _own_rows(tree: Tree, ids: Ids, *, persons: bool) -> csr_array:
    """The matrix that gives rows to those whose ids they have: to persons, or to units above them."""
    codes, found = pd.factorize(ids)
    place = pd.Index(tree.units["unit_id"]).get_indexer(found)[codes]
    able = (tree.units["level"] == OFFICER).to_numpy() == persons
    known = np.flatnonzero((place >= 0) & able[place])
    return _matrix(place[known], known, (len(tree.units), len(ids)))


def _matrix(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _add(found: pd.DataFrame, up: csr_array, group: Sequence[Tally], cubes: Sums) -> None:
    """Add the sums of one query up the tree, span by span, into the cubes; an n that was not asked for is the denominator."""
    names = [(part, line, line.name(part)) for line in group for part in PARTS]
    named = [(part, line, line.name("den") if part == "n" and name not in found else name) for part, line, name in names]
    targets = [(part, int(line.key), name) for part, line, name in named if name in found]
    values = found[[name for _, _, name in targets]].to_numpy("float64")
    span = found["span"].to_numpy()
    for number in range(cubes["num"].shape[2]):
        at = np.flatnonzero(span == number)
        added = up[:, at] @ values[at]
        for column, (part, key, _) in enumerate(targets):
            cubes[part][:, key, number] += added[:, column]


# What cannot be added up: distinct things, counted anew at each level and for each period


def distinct_counts(plan: Plan, measure: Any, member: pd.DataFrame, size: int) -> Sums:
    """Count distinct things anew at each level; return num, den, n, and pend where rows can be, -> array units × periods.

    member and size as for best_sums. Things are reduced to one row per unit, thing and period before they are joined to the
    levels above: that costs a third of the engine's own COUNT(DISTINCT) over grouping sets.
    """
    rows = plan.rows(measure)
    counts, waiting = tallies.scope(rows, measure, plan.moment)
    _, ok, _ = tallies.amounts(rows, measure, plan.as_of)

    def things(chosen: Any) -> Sums:
        some = rows.mutate(thing_=rows[measure.of], ok_=ok, counts_=chosen)  # _: no column of the records is covered
        some = some.filter(some.counts_, some.thing_.notnull())
        found = [_unit_counts(plan, _things(some, some.unit_id, member))]
        if plan.officers and plan.names_persons(measure.table):
            mine = plan.to_persons(some, measure.table)
            found.append(query.shares(_things(mine, mine.officer_id, member), KEYS))
        return place_counts(plan, found, size)

    found = things(counts)
    sums = {"num": found["numerator"], "den": found["denominator"], "n": found["denominator"]}
    return sums if waiting is None else sums | {"pend": things(waiting)["denominator"]}


def _things(rows: Any, who: Any, member: pd.DataFrame) -> Any:
    """Reduce rows to one per unit, thing and period; a period that is one span needs no second reduction."""
    found = query.things(rows, {"unit_id": who, "thing": rows.thing_, "span": rows.span_}, rows.ok_)
    single, several = _split_targets(member, "period", "span")
    parts = [query.relabel(found, single, "span")] if len(single) else []
    parts += [query.regroup(found, several, "span", (*KEYS, "thing"))] if len(several) or not parts else []
    return query.union_all(parts, (*KEYS, "thing", "ok"))


def _unit_counts(plan: Plan, found: Any) -> pd.DataFrame:
    """Count things per unit, and anew for every unit above that is fed by several."""
    own = query.shares(found, KEYS)
    pairs = plan.tree.counts_for
    alone, several = _split_targets(pairs[pairs["unit_id"].isin(own["unit_id"].unique())], "ancestor", "unit_id")
    parts = [own.merge(alone, on="unit_id").drop(columns="unit_id")]
    if len(several):
        above = query.regroup(found, several, "unit_id", ("ancestor", "period", "thing"))
        parts.append(query.shares(above, ("ancestor", "period")))
    return pd.concat(parts).rename(columns={"ancestor": "unit_id"})


def _split_targets(pairs: pd.DataFrame, target: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part pairs into targets fed by one source only, which need no second reduction, and the rest."""
    single = pairs.groupby(target)[source].transform("size") == 1
    return pairs[single], pairs[~single]


def place_counts(plan: Plan, found: Sequence[pd.DataFrame], size: int) -> Sums:
    """Put counts by unit and period into arrays; where nothing was counted there is no value, and 0 of all else."""
    frame = pd.concat(found)
    row = pd.Index(plan.tree.units["unit_id"]).get_indexer(frame["unit_id"])
    kept, column, shape = row >= 0, frame["period"].to_numpy("int64"), (len(plan.tree.units), size)
    names = [name for name in frame.columns if name not in KEYS]
    placed = {name: np.full(shape, np.nan if name == "value" or name.startswith("at_") else 0.0) for name in names}
    for name, array in placed.items():
        array[row[kept], column[kept]] = frame[name].to_numpy("float64")[kept]
    return placed
