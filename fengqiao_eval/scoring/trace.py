"""Back to the records: which rows an indicator rests on, which of them lost points, which disputes are still open."""

from datetime import datetime
from typing import Any

import pandas as pd

from fengqiao_eval.periods import Period
from fengqiao_eval.records import counting
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import OFFICER, Tree, tree_of
from fengqiao_eval.scheme.counted import Count, Distinct, Figure, Mean, Quantile
from fengqiao_eval.scheme.model import Indicator, Scheme, void_months
from fengqiao_eval.scoring.counts import Plan
from fengqiao_eval.scoring.lines import Moment, amounts, scope

COLUMNS = ("record_id", "happened_at", "unit_id", "officer_id", "numerator", "denominator")


def rows_behind(
    records: Records, scheme: Scheme, indicator: Indicator, tree: Tree, period: Period, as_of: datetime, *, officers: bool = False
) -> Any:
    """Give the rows behind an indicator in a period, with what each adds above and below the line, void months left out."""
    measure: Any = indicator.measure
    void = void_months(scheme, indicator.code)
    months = tuple(Period(month, 1) for month in period.month_numbers if month not in void)
    plan = Plan(records, tree, (indicator,), months or (period,), Moment(as_of, period.end), officers)
    rows = plan.rows(measure)
    counts, _ = scope(rows, measure, plan.moment)
    able, above, below = amounts(rows, measure)
    counts = counting.every(counts, able) if months else counting.constant(False, "boolean")  # noqa: FBT003
    one = counting.constant(1, "float64")
    parts = {"numerator": one if above is None else above, "denominator": one if below is None else below}
    rows = rows.mutate(**{name: cell.cast("float64") for name, cell in parts.items()}).filter(counts)
    table = TABLES[measure.table]
    if officers and plan.credited(measure.table):
        rows = plan.to_persons(rows, measure.table)
        rows = rows.mutate(numerator=rows.numerator * rows.share, denominator=rows.denominator * rows.share)
    own = {} if "officer_id" in rows.columns else {"officer_id": counting.constant(None, "string")}
    thing = {"thing": rows[measure.of]} if isinstance(measure, Distinct) else {}
    return rows.mutate(record_id=rows[table.key], happened_at=rows[measure.date], **own, **thing)


def trace(records: Records, scheme: Scheme, indicator: Indicator, unit_id: str, period: Period, as_of: datetime) -> pd.DataFrame:
    """List what one indicator of one unit rests on; numerator and denominator add up to the measure's.

    One row a record (a distinct thing: one row a thing, its record ids joined by spaces; a figure: its source line).
    """
    if isinstance(indicator.measure, Figure):
        return figure_line(records, indicator, unit_id, period)
    tree = tree_of(records.tables, period)
    person = tree.units.set_index("unit_id")["level"].get(unit_id) == OFFICER
    rows = rows_behind(records, scheme, indicator, tree, period, as_of, officers=person)
    ids = [unit_id] if person else list(tree.counts_for.loc[tree.counts_for["ancestor"] == unit_id, "unit_id"])
    rows = rows.filter((rows.officer_id if person else rows.unit_id).isin(ids))
    columns = [*COLUMNS, "thing"] if isinstance(indicator.measure, Distinct) else list(COLUMNS)
    found = counting.fetch(rows, columns, ["happened_at", "record_id"])
    return _by_thing(found) if isinstance(indicator.measure, Distinct) else found


def _by_thing(found: pd.DataFrame) -> pd.DataFrame:
    """Join the records of one thing; the thing itself (a subject's code) is shown to nobody."""
    joined = found.groupby("thing", as_index=False).agg(
        record_id=("record_id", " ".join), happened_at=("happened_at", "min"), unit_id=("unit_id", "first"),
        officer_id=("officer_id", "first"), numerator=("numerator", "max"),
    )  # fmt: skip
    return joined.assign(denominator=1.0).sort_values(["happened_at", "record_id"], ignore_index=True)[list(COLUMNS)]


def figure_line(records: Records, indicator: Indicator, unit_id: str, period: Period) -> pd.DataFrame:
    """Give the line of figures that a value was taken from, with its source."""
    figures = records.tables["figures"]
    name = indicator.measure.figure  # type: ignore[union-attr]
    return figures.filter(figures.unit_id == unit_id, figures.indicator == name, figures.period == str(period)).to_pandas()


def losses(
    records: Records, scheme: Scheme, tree: Tree, period: Period, as_of: datetime, *, officers: bool = False
) -> pd.DataFrame:
    """List the records that lost points in the period: unit_id (of the record, or the officer), indicator, table, record_id."""
    found = [
        _lost(records, scheme, i, tree, period, as_of, officers=officers)
        for i in scheme.indicators
        if not isinstance(i.measure, (Figure, Count)) and i.measure.table in records.tables
    ]
    columns = ["unit_id", "indicator", "table", "record_id", "happened_at"]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return frame.sort_values(["indicator", "happened_at", "record_id", "unit_id"], ignore_index=True, kind="stable")


def _lost(
    records: Records, scheme: Scheme, indicator: Indicator, tree: Tree, period: Period, as_of: datetime, *, officers: bool
) -> pd.DataFrame:
    rows = rows_behind(records, scheme, indicator, tree, period, as_of, officers=officers)
    lost = rows.filter(_loses(rows, indicator))
    who = lost.officer_id if officers else lost.unit_id
    frame = counting.fetch(
        lost.select(unit_id=who, record_id=lost.record_id, happened_at=lost.happened_at), ["unit_id", "record_id", "happened_at"]
    )
    known = set(tree.units.loc[tree.units["level"] == OFFICER, "unit_id"]) if officers else set(tree.counts_for["unit_id"])
    frame = frame[frame["unit_id"].isin(known)]
    return frame.assign(indicator=indicator.code, table=indicator.measure.table)[
        ["unit_id", "indicator", "table", "record_id", "happened_at"]
    ]


def _loses(rows: Any, indicator: Indicator) -> Any:
    """Say whether a record lost points: not met, below its denominator, or on the wrong side of the target."""
    if isinstance(indicator.measure, (Mean, Quantile)):
        target = float(indicator.target if indicator.target is not None else 0)
        return rows.numerator < target if indicator.direction == "higher" else rows.numerator > target
    return rows.numerator < rows.denominator if indicator.direction == "higher" else rows.numerator > 0


def open_disputes(records: Records, tree: Tree, as_of: datetime, *, officers: bool = False) -> pd.DataFrame:
    """List the disputes open at as_of: unit_id is of the record, or the officer; days_left is negative when overdue."""
    columns = ["unit_id", "dispute_id", "tier", "received_at", "due_at", "days_left"]
    table = records.tables.get("disputes")
    if (
        table is None
        or not {"resolved_at", "due_at", "tier"} <= set(table.columns)
        or (officers and "officer_id" not in table.columns)
    ):
        return pd.DataFrame(columns=columns)
    rows = counting.known(table, TABLES["disputes"], as_of)
    rows = rows.filter(rows.resolved_at.isnull())
    who = rows.officer_id if officers else rows.unit_id
    found = counting.fetch(rows.mutate(unit_id=who), columns[:-1], ["due_at", "dispute_id"])
    known = set(tree.units["unit_id"]) | set(tree.counts_for["unit_id"])
    left = (found["due_at"] - pd.Timestamp(as_of)) // pd.Timedelta(days=1)
    return found.assign(days_left=left.astype("Int64"))[found["unit_id"].isin(known)].reset_index(drop=True)
