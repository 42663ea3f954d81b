"""Back to the records: which rows an indicator rests on, which of them lost points, which disputes are open."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.measuring.compatibility import cast_undeclared
from fengqiao_eval.measuring.counting import Plan, shared_tables
from fengqiao_eval.measuring.queries import Moment, amounts, is_countable, needs_other_rows, pick_best, scope
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Table
from fengqiao_eval.records.units import Tree, tree_of
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Distinct, Figure, Mean, Quantile, Share
from fengqiao_eval.scheme.scheme import Scheme, void_months

# Back to the records: which rows an indicator rests on, and which of them lost points.


COLUMNS = ("record_id", "happened_at", "unit_id", "officer_id", "numerator", "denominator")


def _plan(records: Records, scheme: Scheme, tree: Tree, period: Period, as_of: datetime, *, officers: bool) -> Plan:
    months = tuple(Period(month, 1) for month in period.month_numbers)
    return Plan(records, tree, scheme.entries, months, Moment(as_of, period.end), officers, shared_tables(records))


def _rows(plan: Plan, scheme: Scheme, *indicators: Entry) -> Any:
    """The rows of the table of indicators in the period; of rows alike only the best, where only that counts."""
    rows, measure = plan.rows(*(indicator.measure for indicator in indicators)), indicators[0].measure
    if isinstance(measure, Count) and measure.best_of:
        return pick_best(rows.filter(_is_in_force(rows, plan, scheme, indicators[0])), measure, plan.moment.as_of)
    return rows


def _is_in_force(rows: Any, plan: Plan, scheme: Scheme, indicator: Entry) -> Any:
    void = void_months(scheme, indicator.code)
    return rows.span_.isin([number for number, span in enumerate(plan.spans) if span.first not in void])


def _row_amounts(rows: Any, plan: Plan, scheme: Scheme, indicator: Entry) -> tuple[Any, Any, Any]:
    """Say which rows an indicator rests on, void months left out, and what each adds above and below the line."""
    measure: Any = indicator.measure
    counts, _ = scope(rows, measure, plan.moment)
    able, above, below = amounts(rows, measure, plan.moment.as_of)
    one = query.constant(1, "float64")
    parts = (one if part is None else query.round_amount(part) for part in (above, below))
    return query.all_of(counts, able, _is_in_force(rows, plan, scheme, indicator)), *parts


def trace(records: Records, scheme: Scheme, indicator: Entry, unit_id: str, period: Period, as_of: datetime) -> pd.DataFrame:
    """List what one indicator of one unit rests on; numerator and denominator add up to the measure's.

    One row a record (a distinct thing: one row a thing, its record ids joined by spaces; a figure: its source line).
    """
    if not is_countable(indicator.measure, records.tables):
        return pd.DataFrame(columns=list(COLUMNS))
    if isinstance(indicator.measure, Figure):
        return figure_line(records, indicator, unit_id, period)
    records, _ = cast_undeclared(scheme, records)
    tree = tree_of(records.tables, period)
    person = bool((tree.units.loc[tree.units["unit_id"] == unit_id, "level"] == OFFICER).any())
    plan = _plan(records, scheme, tree, period, as_of, officers=person)
    measure: Any = indicator.measure
    rows = _rows(plan, scheme, indicator)
    counts, above, below = _row_amounts(rows, plan, scheme, indicator)
    distinct = isinstance(measure, Distinct)
    rows = rows.mutate(counts_=counts, above_=above, below_=below)
    rows = rows.filter(rows.counts_)
    rows = _person_rows(plan, rows, measure, unit_id) if person else _unit_rows(rows, tree, unit_id)
    named = {"record_id": rows[TABLES[measure.table].key], "happened_at": rows[measure.date], "unit_id": rows.unit_id}
    named |= {"officer_id": rows.officer_id, "numerator": rows.above_, "denominator": rows.below_}
    rows = rows.select(**named, **({"thing": rows[measure.of]} if distinct else {}))
    found = query.fetch(rows, rows.columns, ["happened_at", "record_id"])
    return _join_things(found) if distinct else found


def _unit_rows(rows: Any, tree: Tree, unit_id: str) -> Any:
    ids = list(tree.counts_for.loc[tree.counts_for["ancestor"] == unit_id, "unit_id"])
    own = {} if "officer_id" in rows.columns else {"officer_id": query.constant(None, "string")}
    return rows.filter(rows.unit_id.isin(ids)).mutate(**own)


def _person_rows(plan: Plan, rows: Any, measure: Any, unit_id: str) -> Any:
    """Keep a person's rows, each with their share of it; of a thing, and of what has a middle, there are no shares."""
    rows = plan.to_persons(rows, measure.table)
    rows = rows.filter(rows.officer_id == unit_id)
    if isinstance(measure, (Distinct, Quantile)):
        return rows
    return rows.mutate(**{part: query.round_amount(rows[part] * rows.share_) for part in ("above_", "below_")})


def _join_things(found: pd.DataFrame) -> pd.DataFrame:
    """Join the records of one thing; the thing itself (a subject's code) is shown to nobody."""
    joined = found.groupby("thing", as_index=False).agg(
        record_id=("record_id", " ".join), happened_at=("happened_at", "min"), unit_id=("unit_id", "first"),
        officer_id=("officer_id", "first"), numerator=("numerator", "max"),
    )  # fmt: skip
    return joined.assign(denominator=1.0).sort_values(["happened_at", "record_id"], ignore_index=True)[list(COLUMNS)]


def figure_line(records: Records, indicator: Entry, unit_id: str, period: Period) -> pd.DataFrame:
    """Give the line of figures that a value was taken from, with its source."""
    figures = records.tables["figures"]
    name = indicator.measure.figure  # type: ignore[union-attr]
    return figures.filter(figures.unit_id == unit_id, figures.indicator == name, figures.period == str(period)).to_pandas()


LOSSES = ("unit_id", "indicator", "table", "record_id", "happened_at")


def losses(
    records: Records, scheme: Scheme, tree: Tree, period: Period, as_of: datetime, *, officers: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the records that lost points in the period: unit_id, indicator, table, record_id, happened_at; a table is asked once.

    The first frame has the unit of the record; the second, empty without `officers`, a row for each officer credited with it.
    """
    plan = _plan(records, scheme, tree, period, as_of, officers=officers)
    traced = [i for i in scheme.indicators if _can_lose(i) and is_countable(i.measure, records.tables)]
    found = [_find_losses(plan, scheme, tuple(group)) for _, group in groupby(sorted(traced, key=_source), key=_source)]
    units, persons = zip(*found, strict=True) if found else ((), ())
    return _sort_losses(units), _sort_losses(persons)


def _sort_losses(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    frame = pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(LOSSES))
    return frame.sort_values(["indicator", "happened_at", "record_id", "unit_id"], ignore_index=True, kind="stable")


def _can_lose(indicator: Entry) -> bool:
    """Say whether single records can be named: a figure has none, and what is too few of a good thing lies in no row."""
    if isinstance(indicator.measure, Count):
        return indicator.direction == "lower"
    return not isinstance(indicator.measure, Figure)


def _source(indicator: Entry) -> tuple[str, str, bool, str]:
    measure: Any = indicator.measure
    return measure.table, measure.date, "visits_made" in measure.columns, indicator.code if needs_other_rows(measure) else ""


def _find_losses(plan: Plan, scheme: Scheme, group: Sequence[Entry]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask a table once for the rows that lost points under any of its indicators."""
    measure: Any = group[0].measure
    rows, table = _rows(plan, scheme, *group), TABLES[measure.table]
    flags = _flags(rows, plan, scheme, group)
    rows = rows.mutate(happened_at=rows[measure.date], **flags)
    rows = rows.filter(query.any_of(*(rows[flag] for flag in flags)))
    known, units = plan.tree.counts_for["unit_id"], plan.tree.units
    if not plan.officers:
        return _fetch_losses(rows, table, group, "unit_id", known), pd.DataFrame(columns=list(LOSSES))
    there = [name for name in ("unit_id", "officer_id", table.key, "happened_at", *flags) if name in rows.columns]
    rows, persons = query.cache_rows(rows.select(*there)), units.loc[units["level"] == OFFICER, "unit_id"]
    theirs = plan.to_persons(rows, table.name)
    return _fetch_losses(rows, table, group, "unit_id", known), _fetch_losses(theirs, table, group, "officer_id", persons)


def _flags(rows: Any, plan: Plan, scheme: Scheme, group: Sequence[Entry]) -> dict[str, Any]:
    """Say under which indicators a row lost points: unit_id_N; and officer_id_N where to its officer that is another matter.

    A distinct thing is lost to a unit where none of the unit's rows met its test, to an officer where none of their own did.
    """
    flags = {}
    for number, indicator in enumerate(group):
        behind, measure = _row_amounts(rows, plan, scheme, indicator), indicator.measure
        apart = isinstance(measure, Distinct) and plan.officers and "officer_id" in rows.columns
        for who in ("unit_id", "officer_id") if apart else ("unit_id",):
            thing = [rows[who], rows[measure.of]] if isinstance(measure, Distinct) else []
            flags[f"{who}_{number}"] = _loses(*behind, indicator, thing)
    return flags


def _fetch_losses(rows: Any, table: Table, group: Sequence[Entry], who: str, known: Iterable[str]) -> pd.DataFrame:
    """Bring rows here, one an indicator under which whose they are lost points."""
    flags = [f"{who}_{number}" if f"{who}_{number}" in rows.columns else f"unit_id_{number}" for number in range(len(group))]
    found = query.fetch(rows, [who, table.key, "happened_at", *flags])
    found = found.rename(columns={who: "unit_id", table.key: "record_id"})
    found = found[found["unit_id"].isin(set(known))]
    parts = [found[found[flag]].assign(indicator=i.code, table=table.name) for flag, i in zip(flags, group, strict=True)]
    return pd.concat(parts, ignore_index=True)[list(LOSSES)]


def _loses(counts: Any, above: Any, below: Any, indicator: Entry, thing: Sequence[Any]) -> Any:
    """Say whether a row lost points: not met (a thing: by none of its rows), short of the best, or beyond the target."""
    measure, higher = indicator.measure, indicator.direction == "higher"
    if isinstance(measure, Distinct):
        above = query.best_of(query.is_so(counts).ifelse(above, 0), thing)
        counts = counts & thing[-1].notnull()
    if isinstance(measure, (Mean, Quantile)):
        below = query.constant(float(indicator.target or 0), "float64")
        return query.is_so(counts & (above < below if higher else above > below))
    if isinstance(measure, Coded):
        codes = list(measure.values.values())  # noqa: PD011 - a field of the measure
        best = max(codes) if higher else min(codes)
        return query.is_so(counts & (above != query.constant(float(best), "float64")))
    return query.is_so(counts & (above < below if higher else above > 0))


BEHIND = ("unit_id", "line", "record_id")


def record_ids(records: Records, scheme: Scheme, tree: Tree, period: Period, as_of: datetime, *, officers: bool) -> pd.DataFrame:
    """List the records behind the lines outside the hundred: unit_id, line, record_id, in the order in which they happened.

    One row a record and unit, of every unit of the tree at the line's levels (with `officers` persons too). Named are the
    rows that add to the value: of a count those worth something, of a share those that met its test. Means, quantiles, ratios
    and codes rest on all their rows, figures on none: neither are listed. One query a line.
    """
    plan = _plan(records, scheme, tree, period, as_of, officers=officers)
    named = [i for i in scheme.consequences if isinstance(i.measure, (Count, Share, Distinct))]
    found = [_line_records(plan, scheme, line) for line in named if is_countable(line.measure, records.tables)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(BEHIND))


def _line_records(plan: Plan, scheme: Scheme, line: Entry) -> pd.DataFrame:
    measure: Any = line.measure
    rows = _rows(plan, scheme, line)
    counts, above, _ = _row_amounts(rows, plan, scheme, line)
    rows = rows.mutate(record_id=rows[TABLES[measure.table].key], happened_at=rows[measure.date], adds_=counts & (above > 0))
    rows = rows.filter(rows.adds_)
    rows = plan.to_persons(rows, measure.table) if plan.officers else rows.mutate(officer_id=query.constant(None, "string"))
    found = query.fetch(rows, ["unit_id", "officer_id", "record_id", "happened_at"], ["happened_at", "record_id"])
    units = found[["unit_id", "record_id"]].drop_duplicates().merge(plan.tree.counts_for, on="unit_id")
    above_them = units[["ancestor", "record_id"]].rename(columns={"ancestor": "unit_id"})
    of_persons = found[["officer_id", "record_id"]].rename(columns={"officer_id": "unit_id"})
    both = pd.concat([above_them, of_persons]).drop_duplicates()
    level = both["unit_id"].map(plan.tree.units.set_index("unit_id")["level"].to_dict())
    return both[level.isin(line.levels or ())].assign(line=line.code)[list(BEHIND)]


# Which disputes are still open, and how long they have left.


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
    rows = query.moment(table, TABLES["disputes"], as_of)
    rows = rows.filter(rows.resolved_at.isnull())
    who = rows.officer_id if officers else rows.unit_id
    found = query.fetch(rows.mutate(unit_id=who), columns[:-1], ["due_at", "dispute_id"])
    known = set(tree.units["unit_id"]) | set(tree.counts_for["unit_id"])
    left = (found["due_at"] - pd.Timestamp(as_of)) // pd.Timedelta(days=1)
    return found.assign(days_left=left.astype("Int64"))[found["unit_id"].isin(known)].reset_index(drop=True)
