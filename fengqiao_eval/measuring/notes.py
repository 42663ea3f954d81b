"""What the reader must be told that is no fault: never silent."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, Note, Status
from fengqiao_eval.measuring.counting import Plan, strangers
from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.measuring.queries import missing_worth
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.measure import Coded, Count
from fengqiao_eval.scheme.scheme import Scheme


def collect_notes(
    records: Records, scheme: Scheme, tree: Tree, plan: Plan, measured: Measured, groups: np.ndarray
) -> tuple[Note, ...]:
    """Collect every note on a run's main period."""
    return (
        *_missing_tables(scheme, records),
        *_misplaced_rows(records, plan),
        *_late_records(scheme, records, measured.period, plan),
        *_uncoded_answers(plan, measured.period),
        *_no_worth(plan, measured.period),
        *_notices(scheme, records, plan, measured.period),
        *_void_periods(scheme, measured.period),
        *_unranked_units(scheme, tree, measured),
        *_constant_indicators(scheme, tree, measured, groups),
    )


def _missing_tables(scheme: Scheme, records: Records) -> Iterator[Note]:
    needed = dict.fromkeys(table for i in scheme.entries for table in i.tables)
    for table in (table for table in needed if table not in records.tables):
        needing = [i.label for i in scheme.entries if table in i.tables]
        yield Note("table_missing", {"table": TABLES[table].label, "indicators": "、".join(needing)})


def _misplaced_rows(records: Records, plan: Plan) -> Iterator[Note]:
    """Say which postings and figures name units that are none; records are told of where they are counted."""
    for name in ("postings", "figures"):
        if name in records.tables:
            there = query.fetch(records.tables[name], ["unit_id"])["unit_id"]
            yield from strangers(there, plan.tree.known, "unknown_units", name)


def _late_records(scheme: Scheme, records: Records, period: Period, plan: Plan) -> Iterator[Note]:
    """Count the records of the period that were entered after as_of."""
    events = (*EVENTS, "notices") if _counts_notices(scheme) else EVENTS
    for name in (event for event in events if event in records.tables):
        table = TABLES[name]
        rows = query.filter_spans(records.tables[name], table.own_date, [(period.start, period.end)])
        late = query.count_late(rows, table, plan.moment.as_of)
        if late:
            yield Note("late", {"table": table.label, "count": late})


def _uncoded_answers(plan: Plan, period: Period) -> Iterator[Note]:
    """Count answers that have no code; their words may be a citizen's and are not printed."""
    for indicator in plan.entries:
        measure = indicator.measure
        if isinstance(measure, Coded) and measure.table in plan.records.tables:
            rows = query.filter_spans(plan.rows(measure), measure.date, [(period.start, period.end)])
            rows = rows.filter(query.passes(rows, measure.where), rows[measure.column].notnull())
            count = int(rows.filter(rows[measure.column].notin(list(measure.values))).count().execute())
            if count:
                yield Note("uncoded", {"indicator": indicator.label, "count": count})


def _no_worth(plan: Plan, period: Period) -> Iterator[Note]:
    """Count the rows that are worth 0 because a cell is empty or its word has no code; the words are not printed."""
    for entry in plan.entries:
        measure = entry.measure
        if isinstance(measure, Count) and measure.worth and measure.table in plan.records.tables:
            rows = query.filter_spans(plan.rows(measure), measure.date, [(period.start, period.end)])
            rows = rows.filter(query.passes(rows, measure.where))
            for column, cell in (each for part in measure.worth for each in missing_worth(rows, part).items()):
                if count := int(rows.filter(cell).count().execute()):
                    yield Note("no_worth", {"indicator": entry.label, "column": column, "count": count})


def _notices(scheme: Scheme, records: Records, plan: Plan, period: Period) -> Iterator[Note]:
    """Count the notices of the period that do not count: proposed, withdrawn, of nobody, or of officers who are of no unit."""
    if "notices" not in records.tables or not _counts_notices(scheme):
        return
    rows = query.moment(records.tables["notices"], TABLES["notices"], plan.moment.as_of)
    rows = query.filter_spans(rows, TABLES["notices"].own_date, [(period.start, period.end)])
    stand = query.upheld_notices(rows)
    left = {word: rows.filter(rows.status == word) for word in ("proposed", "withdrawn")}
    left["of_nobody"] = stand.filter(query.is_unassigned(stand))
    counts = {word: int(found.count().execute()) for word, found in left.items()}
    persons = query.fetch(stand.filter(stand.unit_id.isnull(), stand.officer_id.notnull()), ["officer_id"])["officer_id"]
    counts["of_no_unit"] = int((persons.isin(plan.tree.known) & ~persons.isin(plan.homes["home_of"])).sum())
    yield from (Note(f"notices_{word}", {"count": count}) for word, count in counts.items() if count)


def _counts_notices(scheme: Scheme) -> bool:
    return any(entry.measure.table == "notices" for entry in scheme.entries)


def _void_periods(scheme: Scheme, period: Period) -> Iterator[Note]:
    labels = {indicator.code: indicator.label for indicator in scheme.indicators}
    for void in scheme.void:
        if period.holds(parse(void.period)):
            yield Note("void", {"indicator": labels[void.indicator], "period": void.period, "reason": void.reason})


def _unranked_units(scheme: Scheme, tree: Tree, measured: Measured) -> Iterator[Note]:
    """Say which units stand for 'unknown', and how many records lie with them."""
    at = tree.units["unit_id"].isin(scheme.unranked).to_numpy()
    if at.any():
        given = {"count": int(at.sum()), "ids": ", ".join(tree.units.loc[at, "unit_id"])}
        yield Note("unranked", {**given, "records": int(measured.n[at].max(axis=1).sum())})


def _constant_indicators(scheme: Scheme, tree: Tree, measured: Measured, groups: np.ndarray) -> Iterator[Note]:
    """Say which indicators are the same for a whole class above officers, and so move nobody in it."""
    able = np.isin(measured.status, (Status.OK, Status.PROVISIONAL))
    frame = pd.DataFrame({"level": tree.units["level"].to_numpy(), "group": groups})
    for (level, group), at in frame[frame["level"] != OFFICER].groupby(["level", "group"], sort=True).indices.items():
        for number, indicator in enumerate(scheme.indicators):
            values = measured.value[at, number][able[at, number]]
            if len(values) >= scheme.least_class and np.ptp(values) == 0:
                given = {"indicator": indicator.label, "level": level, "group": group or level, "count": len(values)}
                yield Note("constant", {**given, "value": f"{values[0]:.10g}{indicator.unit}"})
