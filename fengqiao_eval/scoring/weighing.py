"""What a counted row is worth: parts that add up, factors that multiply, and which of several alike counts; over rows."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import add, mul
from typing import Any

from fengqiao_eval.records import counting
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.counted import Count
from fengqiao_eval.scheme.filters import Filter
from fengqiao_eval.scheme.worth import Again, Ladder, Worth

Cell = Any
"""A column over rows."""
SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}


def weighed(measure: Any) -> bool:
    """Say whether the rows of a measure are worth anything but 1."""
    return isinstance(measure, Count) and bool(measure.worth or measure.times)


def looks_aside(measure: Any) -> bool:
    """Say whether what a row counts hangs on other rows, so that the measure's rows are asked for by themselves."""
    return picks(measure) or looks_before(measure)


def picks(measure: Any) -> bool:
    """Say whether of rows alike only one counts: then a period is no sum of its months."""
    return isinstance(measure, Count) and bool(measure.best_of)


def looks_before(measure: Any) -> bool:
    """Say whether what a row counts may hang on one before the period, which it repeats."""
    return isinstance(measure, Count) and any(factor.again for factor in measure.times)


def worth(rows: Any, measure: Count, as_of: datetime) -> Cell:
    """Give what each row adds, to six places: Σ parts · Π factors; 1 where the measure says nothing.

    rows: those of Plan.rows, which hold what recurrences were found (see recurring).
    """
    parts = [_where(rows, part.where, _part(rows, part, as_of), 0.0) for part in measure.worth]
    factors = [_holds(rows, measure, number).ifelse(_float(factor.by), _float(1)) for number, factor in enumerate(measure.times)]
    return counting.exact(reduce(mul, factors, reduce(add, parts or [_float(1)])))


def _float(amount: Any) -> Cell:
    return counting.constant(float(amount), "float64")


def _where(rows: Any, tests: Filter, cell: Cell, otherwise: float) -> Cell:
    return counting.is_so(counting.passes(rows, tests)).ifelse(cell, _float(otherwise)) if tests else cell


def _part(rows: Any, part: Worth, as_of: datetime) -> Cell:
    if part.ladder:
        return _step(_seconds(rows, part.ladder, as_of), part.ladder)
    if part.column:
        return (
            (counting.code(rows[part.column], part.values) if part.values else rows[part.column]).cast("float64").fill_null(0.0)
        )
    return _float(part.amount)


def _seconds(rows: Any, ladder: Ladder, as_of: datetime) -> Cell:
    """Give the time that has passed; what is not over, or only after as_of, is held against as_of."""
    now = counting.constant(as_of, "timestamp")
    end = counting.is_so(rows[ladder.until] <= now).ifelse(rows[ladder.until], now)
    return end.epoch_seconds() - rows[ladder.since].epoch_seconds()


def _step(passed: Cell, ladder: Ladder) -> Cell:
    amount = _float(0)
    for limit, step in ladder.steps:
        amount = counting.is_so(passed > float(limit) * SECONDS[ladder.unit]).ifelse(_float(step), amount)
    return amount


def _holds(rows: Any, measure: Count, number: int) -> Cell:
    """Say of each row whether all that a factor names holds."""
    factor = measure.times[number]
    days = _during(rows[measure.date], factor.during) if factor.during else None
    again = rows[_again_name(number)] if factor.again else None
    return counting.is_so(counting.every(counting.passes(rows, factor.where) if factor.where else None, days, again))


def _during(cell: Cell, spans: Sequence[tuple[date, date]]) -> Cell:
    return counting.some(*(counting.between(cell, _midnight(a), _midnight(b) + timedelta(days=1)) for a, b in spans))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _again_name(number: int) -> str:
    return f"again_{number}_"


def recurring(rows: Any, measure: Any) -> Any:
    """Add, for each factor that names a recurrence, whether a row follows another; only rows that pass the filter stay.

    rows: all that were known, of whatever date, for what is repeated may have happened before the period.
    """
    asked = {n: factor.again for n, factor in enumerate(getattr(measure, "times", ())) if factor.again}
    if not asked:
        return rows
    rows = rows.filter(counting.passes(rows, measure.where)) if measure.where else rows
    return rows.mutate(**{_again_name(number): _follows(rows, measure, again) for number, again in asked.items()})


def _follows(rows: Any, measure: Count, again: Again) -> Cell:
    """Say of each row whether one before it has the same words; an empty cell is like no other."""
    same = [rows[column] for column in again.same]
    when = rows[measure.date]
    before = when.lag().over(group_by=same, order_by=[when, rows[TABLES[measure.table].key]])
    soon = when.epoch_seconds() - before.epoch_seconds() <= again.within_days * SECONDS["days"]
    return counting.is_so(counting.every(soon, *(cell.notnull() for cell in same)))


def picked(rows: Any, measure: Count, as_of: datetime, apart: Sequence[str] = ()) -> Any:
    """Keep, of rows that are alike, the one worth most; of equals the first by date, then by the table's key.

    Alike are rows with the same words in the columns of `best_of` (none of them empty), of the same unit and officer, and in
    the same of the columns `apart`.
    """
    rows = rows.mutate(worth_=worth(rows, measure, as_of)).filter(counting.passes(rows, measure.where))
    same = [rows[column] for column in measure.best_of]
    whose = [rows[column] for column in ("unit_id", "officer_id", *apart) if column in rows.columns]
    order = [rows.worth_.desc(), rows[measure.date], rows[TABLES[measure.table].key]]
    alone = counting.some(*(cell.isnull() for cell in same))
    rows = rows.mutate(picked_=counting.first([*whose, *same], order) | alone)
    return rows.filter(rows.picked_)


def unreckoned(rows: Any, part: Worth) -> dict[str, Cell]:
    """Say of each row whether a part finds nothing to go by in its column: an empty cell, or a word without a code."""
    column = part.ladder.since if part.ladder else part.column
    if column is None:
        return {}
    unknown = rows[column].isnull() | rows[column].notin(list(part.values)) if part.values else rows[column].isnull()
    return {column: counting.is_so(unknown & counting.passes(rows, part.where))}
