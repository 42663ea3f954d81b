"""Records counted: additive sums once per table and date at the finest level, distinct things and quantiles at each level.

Counts lie in cubes of units × lines × spans, the fewest stretches of months of which every period asked for (and every
void month) is a whole number; a period is the sum of its spans, void ones left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from fengqiao_eval.periods import Period
from fengqiao_eval.records import attributing, counting
from fengqiao_eval.records.store import Note, Records
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.records.units import OFFICER, Tree
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scoring import weighing
from fengqiao_eval.scoring.lines import Line, Moment, sums

Ids: TypeAlias = "pd.Series[Any]"
PARTS = ("num", "den", "n", "pend")


@dataclass(frozen=True)
class Plan:
    """What is to be counted: the records, for which tree, which entries of the scheme, over which spans of months, known when."""

    records: Records
    tree: Tree
    entries: tuple[Entry, ...]
    spans: tuple[Period, ...]
    moment: Moment
    officers: bool
    shared: frozenset[str]
    """The tables in whose records persons were given shares."""

    def rows(self, *measures: Any) -> Any:
        """The rows that were known and lie in the spans, with the number of their `span_`, of measures of one source."""
        first, stretches = measures[0], [(span.start, span.end) for span in self.spans]
        tables = self._known(first)
        if not weighing.looks_before(first):
            tables |= {first.table: counting.within(tables[first.table], first.date, stretches)}
        rows = standing(tables, *measures)
        rows = attributing.housed(rows, self.homes) if first.table == "notices" else rows
        if weighing.looks_before(first):
            rows = counting.within(weighing.recurring(rows, first), first.date, stretches)
        return rows.mutate(span_=counting.span(rows, first.date, stretches))

    def _known(self, measure: Any) -> dict[str, Any]:
        needed = {table for table in measure.tables if table in EVENTS or table == "notices"}
        return {name: counting.known(self.records.tables[name], TABLES[name], self.moment.as_of) for name in needed}

    @property
    def homes(self) -> pd.DataFrame:
        """The unit to which each id in the records belongs, the nearest above: home_of, home."""
        nearest = self.tree.counts_for.drop_duplicates("unit_id").astype("str")
        return nearest.rename(columns={"unit_id": "home_of", "ancestor": "home"})

    def names_persons(self, table: str) -> bool:
        """Whether records of the table belong to persons, by their officer or by credits."""
        return table in self.shared or "officer_id" in self.records.columns(table)

    def to_persons(self, rows: Any, table: str) -> Any:
        """Give each row once per person credited, with their share; all of it to its officer where nobody is."""
        if table not in self.shared:
            own = {} if "officer_id" in rows.columns else {"officer_id": counting.constant(None, "string")}
            return rows.mutate(share_=counting.constant(1, "float64"), **own)
        return attributing.credited(rows, TABLES[table].key, self.records.tables.get("credits"), table)


def standing(tables: Mapping[str, Any], *measures: Any) -> Any:
    """The rows that can count at all, of notices the upheld; with `visits_made` where it is looked at, of those that count."""
    rows = tables[measures[0].table]
    if measures[0].table == "notices":
        return attributing.upheld(rows)
    if "visits_made" not in measures[0].columns:
        return rows
    wanted = counting.some(*(counting.passes(rows, _without_visits(measure.where)) for measure in measures))
    return attributing.with_visits(rows, tables["visits"], wanted)


def _without_visits(tests: Mapping[str, Any]) -> dict[str, Any]:
    return {column: test for column, test in tests.items() if "visits_made" not in (column, *test.columns)}


def shared_tables(records: Records) -> frozenset[str]:
    """Name the tables in whose records persons were given shares."""
    if "credits" not in records.tables:
        return frozenset()
    return frozenset(counting.fetch(records.tables["credits"].select("table").distinct(), ["table"])["table"])


def additive(plan: Plan, lines: Sequence[Line]) -> tuple[dict[str, np.ndarray], tuple[Note, ...]]:
    """Count every additive line; return part -> array units × lines × spans (lines in the order of their keys), and notes.

    Lines of which only the best rows count are passed over: see best.
    """
    shape = (len(plan.tree.units), len(lines), len(plan.spans))
    cubes = {part: np.zeros(shape) for part in PARTS}
    summed = [line for line in lines if not weighing.picks(line.measure)]
    groups = [tuple(group) for _, group in groupby(sorted(summed, key=_source), key=_source)]
    asked = [(plan.rows(*(line.measure for line in group)), group) for group in groups]
    notes = [note for rows, group in asked for note in _count_rows(plan, rows, group, cubes)]
    return {part: tidy(cube) for part, cube in cubes.items()}, tuple(dict.fromkeys(notes))


def best(plan: Plan, lines: Sequence[Line], member: pd.DataFrame, size: int) -> tuple[dict[str, np.ndarray], tuple[Note, ...]]:
    """Count the lines of one measure of whose rows alike only the best counts; return part -> units × lines × periods, and notes.

    member: span_ and period_ (numbers, the latter below size): which spans make which periods. Each period picks for itself.
    """
    measure = lines[0].measure
    rows = counting.relabelled(plan.rows(measure), member, "span_")
    rows = weighing.picked(rows, measure, plan.moment.as_of, ("period_",))
    cubes = {part: np.zeros((len(plan.tree.units), len(lines), size)) for part in PARTS}
    own = [replace(line, key=str(number)) for number, line in enumerate(lines)]
    notes = tuple(_count_rows(plan, rows.rename(span_="period_"), own, cubes))
    return {part: tidy(cube) for part, cube in cubes.items()}, notes


def tidy(sums: np.ndarray) -> np.ndarray:
    """Take from sums of six-place decimals what the order of adding left behind: 59.39999999999999 is 59.4."""
    return np.round(sums, 6)


def _source(line: Line) -> tuple[str, str, bool, int]:
    measure = line.measure
    return measure.table, measure.date, "visits_made" in measure.columns, line.indicator if weighing.looks_aside(measure) else -1


def _count_rows(plan: Plan, rows: Any, group: Sequence[Line], cubes: Mapping[str, np.ndarray]) -> Iterator[Note]:
    table = group[0].measure.table
    keys = {"unit_id": rows.unit_id, "span": rows.span_}
    apart = plan.officers and table in plan.shared
    together = plan.officers and not apart and "officer_id" in rows.columns
    keys |= {"officer_id": rows.officer_id} if together else {}
    found = counting.tally(rows, keys, _sums(rows, group, plan.moment))
    yield from strangers(found["unit_id"], plan.tree.known, "unknown_units", table)
    _add(found, _up(plan.tree, found["unit_id"]), group, cubes)
    if apart:
        rows = plan.to_persons(rows, table)
        keys = {"officer_id": rows.officer_id, "span": rows.span_}
        found = counting.tally(rows, keys, _sums(rows, group, plan.moment, rows.share_))
    if apart or together:
        found = found[found["officer_id"].notna()]
        yield from strangers(found["officer_id"], plan.tree.known, "unknown_officers", table)
        _add(found, _persons(plan.tree, found["officer_id"]), group, cubes)


def strangers(ids: Ids, known: frozenset[str], key: str, table: str) -> Iterator[Note]:
    """Say how many ids of a table are no unit: their records count for nobody."""
    strange = sorted(frozenset(ids.drop_duplicates().to_numpy(dtype=object)) - known)
    if strange:
        yield Note(key, {"table": TABLES[table].label, "count": len(strange), "ids": ", ".join(strange[:5])})


def _sums(rows: Any, group: Iterable[Line], moment: Moment, share: Any = None) -> dict[str, Any]:
    return {name: total for line in group for name, total in sums(rows, line, moment, share).items()}


def _up(tree: Tree, ids: Ids) -> csr_array:
    """The matrix that adds rows of records' unit ids up to every unit they count for."""
    codes, found = pd.factorize(ids)
    pairs = tree.counts_for[tree.counts_for["unit_id"].isin(found)]
    place = pd.Index(tree.units["unit_id"]).get_indexer(pairs["ancestor"])
    up = _matrix(place, found.get_indexer(pairs["unit_id"]), (len(tree.units), len(found)))
    return up @ _matrix(codes, np.arange(len(ids)), (len(found), len(ids)))


def _persons(tree: Tree, ids: Ids) -> csr_array:
    """The matrix that gives rows of officer ids to their persons."""
    codes, found = pd.factorize(ids)
    place = pd.Index(tree.units["unit_id"]).get_indexer(found)[codes]
    persons = (tree.units["level"] == OFFICER).to_numpy()
    known = np.flatnonzero((place >= 0) & persons[place])
    return _matrix(place[known], known, (len(tree.units), len(ids)))


def _matrix(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _add(found: pd.DataFrame, up: csr_array, group: Sequence[Line], cubes: Mapping[str, np.ndarray]) -> None:
    """Add the sums of one query up the tree, span by span, into the cubes."""
    targets = [(part, int(line.key), _column(line, part, found)) for line in group for part in PARTS]
    targets = [target for target in targets if target[2]]
    values = found[[name for _, _, name in targets]].to_numpy("float64")
    span = found["span"].to_numpy()
    for number in range(cubes["num"].shape[2]):
        at = np.flatnonzero(span == number)
        added = up[:, at] @ values[at]
        for column, (part, key, _) in enumerate(targets):
            cubes[part][:, key, number] += added[:, column]


def _column(line: Line, part: str, found: pd.DataFrame) -> str:
    name = line.name(part)
    if part == "n" and name not in found:
        return line.name("den")
    return name if name in found else ""
