"""What the reader must be told that is no fault: never silent."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, Note, Status
from fengqiao_eval.measuring.counting import Plan
from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.measuring.tallies import dates_of, missing_worth, unrecorded_columns
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records import query
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.scheme.load import blanks
from fengqiao_eval.scheme.measure import Coded, Count, Figure, Ratio
from fengqiao_eval.scheme.scheme import Scheme, least_at

PER_CENT = 100
SHARE_BELOW = 10
"""Where the middle figure in per cent is above this, one of at most 1 is likelier a share of 1 than a per cent."""
SHOWN = 5
"""As many units are named."""


def collect_notes(plan: Plan, measured: Measured, groups: np.ndarray) -> tuple[Note, ...]:
    """Collect every note on a run's main period."""
    blank = blanks(plan.scheme)
    return (
        *([Note("blank", {"keys": ", ".join(blank)})] if blank else []),
        *_missing_tables(plan),
        *_late_records(plan, measured.period),
        *_uncoded_answers(plan, measured.period),
        *_half_ratios(plan, measured.period),
        *_gaps(plan),
        *_no_worth(plan, measured.period),
        *_figures(plan, measured),
        *_notices(plan, measured.period),
        *_void_periods(plan.scheme, measured.period),
        *_unranked_units(plan, measured),
        *_constant_indicators(plan, measured, groups),
    )


def _missing_tables(plan: Plan) -> Iterator[Note]:
    entries = plan.scheme.entries
    for table in dict.fromkeys(table for entry in entries for table in entry.tables):
        if table not in plan.records.tables:
            needing = [entry.label for entry in entries if table in entry.tables]
            yield Note("table_missing", {"table": TABLES[table].label, "indicators": "、".join(needing)})
    lacking = [
        (entry.label, entry.measure.table, c) for entry in entries for c in unrecorded_columns(entry.measure, plan.records)
    ]
    for table, column in dict.fromkeys((table, column) for _, table, column in lacking):
        needing = [label for label, *place in lacking if place == [table, column]]
        yield Note("column_missing", {"table": TABLES[table].label, "column": column, "indicators": "、".join(needing)})


def _gaps(plan: Plan) -> Iterator[Note]:
    """Name the indicators in which cells count as empty that a file lacks or has lost: what happened there counts as not done."""
    for gap in plan.records.gaps:
        measures = [(e.label, e.measure) for e in plan.scheme.entries if not isinstance(e.measure, Figure)]
        if needing := [label for label, one in measures if one.table == gap.table and gap.column in one.columns]:
            given = {"table": TABLES[gap.table].label, "column": gap.column, "file": gap.file, "count": gap.number}
            yield Note(f"gap_{gap.kind}", {**given, "indicators": "、".join(needing)})


def _late_records(plan: Plan, period: Period) -> Iterator[Note]:
    """Count the records of the period, by any date that puts them there, that were entered after as_of."""
    for name in (*EVENTS, "notices") if _counts_notices(plan) else EVENTS:
        if name in plan.records.tables:
            rows = plan.records.tables[name]
            rows = query.filter_spans(rows, dates_of(plan.scheme.entries, TABLES[name], rows), [(period.start, period.end)])
            if late := query.count_late(rows, TABLES[name], plan.as_of):
                yield Note("late", {"table": TABLES[name].label, "count": late})


def _uncoded_answers(plan: Plan, period: Period) -> Iterator[Note]:
    """Count answers that have no code; their words may be a citizen's and are not printed."""
    for entry in plan.scheme.entries:
        measure = entry.measure
        if isinstance(measure, Coded) and measure.table in plan.records.tables:
            rows = query.filter_spans(plan.rows(measure), measure.date, [(period.start, period.end)])
            rows = rows.filter(query.passes(rows, measure.where), rows[measure.column].notnull())
            if count := int(rows.filter(rows[measure.column].notin(list(measure.values))).count().execute()):
                yield Note("uncoded", {"indicator": entry.label, "count": count})


def _half_ratios(plan: Plan, period: Period) -> Iterator[Note]:
    """Count the rows that a ratio leaves out because one of its two numbers is empty and the other is not."""
    for entry in plan.scheme.entries:
        measure = entry.measure
        if isinstance(measure, Ratio) and measure.table in plan.records.tables:
            rows = query.filter_spans(plan.rows(measure), measure.date, [(period.start, period.end)])
            half = rows[measure.numerator].isnull() != rows[measure.denominator].isnull()
            if count := int(rows.filter(query.passes(rows, measure.where), half).count().execute()):
                columns = {"numerator": measure.numerator, "denominator": measure.denominator}
                yield Note("half_ratio", {"indicator": entry.label, **columns, "count": count})


def _no_worth(plan: Plan, period: Period) -> Iterator[Note]:
    """Count the rows that are worth 0 because a cell is empty or its word has no code; the words are not printed."""
    for entry in plan.scheme.entries:
        measure = entry.measure
        if isinstance(measure, Count) and measure.worth and measure.table in plan.records.tables:
            rows = query.filter_spans(plan.rows(measure), measure.date, [(period.start, period.end)])
            rows = rows.filter(query.passes(rows, measure.where))
            for column, cell in (each for part in measure.worth for each in missing_worth(rows, part).items()):
                if count := int(rows.filter(cell).count().execute()):
                    yield Note("no_worth", {"indicator": entry.label, "column": column, "count": count})


def _figures(plan: Plan, measured: Measured) -> Iterator[Note]:
    """Say which figures do not tell on how many answers they rest, and which per cents are none, or a share of 1."""
    units, levels = plan.tree.units["unit_id"], plan.tree.units["level"]
    for number, entry in enumerate(plan.scheme.entries):
        if not isinstance(entry.measure, Figure):
            continue
        value, silent = measured.value[:, number], np.isnan(measured.n[:, number])
        least = np.array([least_at(entry, level) for level in levels])
        wrong = {"no_sample": silent & (least > 0), "no_sample_scored": silent & (least == 0)}
        if entry.scale != 1:
            whole = measured.denominator[:, number]
            wrong["sample_of_another"] = ~silent & ~np.isnan(whole) & (measured.n[:, number] != whole)
        if entry.unit == "%":
            small = (value > 0) & (value <= 1)
            shares = small.any() and (not (value > 1).any() or np.nanmedian(value) > SHARE_BELOW)
            wrong |= {"per_cent_outside": (value < 0) | (value > PER_CENT), "per_cent_share": small & bool(shares)}
        for key, at in wrong.items():
            if at.any():
                given = {
                    "indicator": entry.label,
                    "count": int(at.sum()),
                    "ids": _first_ids(units[at & (levels != OFFICER).to_numpy()]),
                }
                yield Note(key, given)


def _first_ids(ids: "pd.Series[str]") -> str:
    """Name the first of some units; persons are none of them."""
    return (", ".join(ids[:SHOWN]) + (" …" if len(ids) > SHOWN else "")) or "—"


def _notices(plan: Plan, period: Period) -> Iterator[Note]:
    """Count the notices of the period that do not count: proposed, withdrawn, of nobody, or of officers who are of no unit."""
    if "notices" not in plan.records.tables or not _counts_notices(plan):
        return
    rows = query.moment(plan.records.tables["notices"], TABLES["notices"], plan.as_of)
    rows = query.filter_spans(rows, dates_of(plan.scheme.entries, TABLES["notices"], rows), [(period.start, period.end)])
    stand = query.upheld_notices(rows)
    left = {word: rows.filter(rows.status == word) for word in ("proposed", "withdrawn")}
    left["of_nobody"] = stand.filter(query.is_unassigned(stand))
    counts = {word: int(found.count().execute()) for word, found in left.items()}
    persons = query.fetch(stand.filter(stand.unit_id.isnull(), stand.officer_id.notnull()), ["officer_id"])["officer_id"]
    counts["of_no_unit"] = int((persons.isin(plan.tree.known) & ~persons.isin(plan.homes["home_of_"])).sum())
    yield from (Note(f"notices_{word}", {"count": count}) for word, count in counts.items() if count)


def _counts_notices(plan: Plan) -> bool:
    return any(entry.measure.table == "notices" for entry in plan.scheme.entries)


def _void_periods(scheme: Scheme, period: Period) -> Iterator[Note]:
    labels = {indicator.code: indicator.label for indicator in scheme.indicators}
    for void in scheme.void:
        if period.holds(parse(void.period)):
            yield Note("void", {"indicator": labels[void.indicator], "period": void.period, "reason": void.reason})


def _unranked_units(plan: Plan, measured: Measured) -> Iterator[Note]:
    """Say which units stand for 'unknown', and how many records lie with them."""
    units = plan.tree.units["unit_id"]
    at = units.isin(plan.scheme.unranked).to_numpy()
    if at.any():
        records = int(np.nan_to_num(measured.n[at]).max(axis=1).sum())
        yield Note("unranked", {"count": int(at.sum()), "ids": ", ".join(units[at]), "records": records})


def _constant_indicators(plan: Plan, measured: Measured, groups: np.ndarray) -> Iterator[Note]:
    """Say which indicators are the same for a whole class above officers, and so move nobody in it."""
    able = np.isin(measured.status, (Status.OK, Status.PROVISIONAL))
    frame = pd.DataFrame({"level": plan.tree.units["level"].to_numpy(), "group": groups})
    for (level, group), at in frame[frame["level"] != OFFICER].groupby(["level", "group"], sort=True).indices.items():
        for number, indicator in enumerate(plan.scheme.indicators):
            values = measured.value[at, number][able[at, number]]
            if len(values) >= plan.scheme.least_class and np.ptp(values) == 0:
                given = {"indicator": indicator.label, "level": level, "group": group or level, "count": len(values)}
                yield Note("constant", {**given, "value": f"{values[0]:.10g}{indicator.unit}"})
