"""From declarations to columns over rows: what each line adds up, and what a counted row is worth."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import add, mul
from typing import Any

from fengqiao_eval.records import query
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import (
    Again,
    Coded,
    Count,
    Distinct,
    Elapsed,
    Figure,
    Filter,
    Ladder,
    Mean,
    Quantile,
    Ratio,
    Share,
    Worth,
)

# What a counted row is worth: parts that add up, factors that multiply, and which of several alike counts; over rows.


Cell = Any
"""A column over rows."""


SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}


def has_worth(measure: Any) -> bool:
    """Say whether the rows of a measure are worth anything but 1."""
    return isinstance(measure, Count) and bool(measure.worth or measure.times)


def needs_other_rows(measure: Any) -> bool:
    """Say whether what a row counts hangs on other rows, so that the measure's rows are asked for by themselves."""
    return has_best_of(measure) or has_recurrence(measure)


def has_best_of(measure: Any) -> bool:
    """Say whether of rows alike only one counts: then a period is no sum of its months."""
    return isinstance(measure, Count) and bool(measure.best_of)


def has_recurrence(measure: Any) -> bool:
    """Say whether what a row counts may hang on one before the period, which it repeats."""
    return isinstance(measure, Count) and any(factor.again for factor in measure.times)


def worth(rows: Any, measure: Count, as_of: datetime) -> Cell:
    """Give what each row adds, to six places: Σ parts · Π factors; 1 where the measure says nothing.

    rows: those of Plan.rows, which hold what recurrences were found (see recurring).
    """
    parts = [_case_when(rows, part.where, _part(rows, part, as_of), 0.0) for part in measure.worth]
    factors = [_holds(rows, measure, number).ifelse(_float(factor.by), _float(1)) for number, factor in enumerate(measure.times)]
    return query.round_amount(reduce(mul, factors, reduce(add, parts or [_float(1)])))


def _float(amount: Any) -> Cell:
    return query.constant(float(amount), "float64")


def _case_when(rows: Any, tests: Filter, cell: Cell, otherwise: float) -> Cell:
    return query.is_so(query.passes(rows, tests)).ifelse(cell, _float(otherwise)) if tests else cell


def _part(rows: Any, part: Worth, as_of: datetime) -> Cell:
    if part.ladder:
        return _step(_seconds(rows, part.ladder, as_of), part.ladder)
    if part.column:
        return (query.code(rows[part.column], part.values) if part.values else rows[part.column]).cast("float64").fill_null(0.0)
    return _float(part.amount)


def _seconds(rows: Any, ladder: Ladder, as_of: datetime) -> Cell:
    """Give the time that has passed; what is not over, or only after as_of, is held against as_of."""
    now = query.constant(as_of, "timestamp")
    end = query.is_so(rows[ladder.until] <= now).ifelse(rows[ladder.until], now)
    return end.epoch_seconds() - rows[ladder.since].epoch_seconds()


def _step(passed: Cell, ladder: Ladder) -> Cell:
    amount = _float(0)
    for limit, step in ladder.steps:
        amount = query.is_so(passed > float(limit) * SECONDS[ladder.unit]).ifelse(_float(step), amount)
    return amount


def _holds(rows: Any, measure: Count, number: int) -> Cell:
    """Say of each row whether all that a factor names holds."""
    factor = measure.times[number]
    days = _is_during(rows[measure.date], factor.during) if factor.during else None
    again = rows[_recurrence_name(number)] if factor.again else None
    return query.is_so(query.all_of(query.passes(rows, factor.where) if factor.where else None, days, again))


def _is_during(cell: Cell, spans: Sequence[tuple[date, date]]) -> Cell:
    return query.any_of(*(query.is_between(cell, _midnight(a), _midnight(b) + timedelta(days=1)) for a, b in spans))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _recurrence_name(number: int) -> str:
    return f"again_{number}_"


def add_recurrences(rows: Any, measure: Any) -> Any:
    """Add, for each factor that names a recurrence, whether a row follows another; only rows that pass the filter stay.

    rows: all that were known, of whatever date, for what is repeated may have happened before the period.
    """
    asked = {n: factor.again for n, factor in enumerate(getattr(measure, "times", ())) if factor.again}
    if not asked:
        return rows
    rows = rows.filter(query.passes(rows, measure.where)) if measure.where else rows
    return rows.mutate(**{_recurrence_name(number): _is_recurrence(rows, measure, again) for number, again in asked.items()})


def _is_recurrence(rows: Any, measure: Count, again: Again) -> Cell:
    """Say of each row whether one before it has the same words; an empty cell is like no other."""
    same = [rows[column] for column in again.same]
    when = rows[measure.date]
    before = when.lag().over(group_by=same, order_by=[when, rows[TABLES[measure.table].key]])
    soon = when.epoch_seconds() - before.epoch_seconds() <= again.within_days * SECONDS["days"]
    return query.is_so(query.all_of(soon, *(cell.notnull() for cell in same)))


def pick_best(rows: Any, measure: Count, as_of: datetime, apart: Sequence[str] = ()) -> Any:
    """Keep, of rows that are alike, the one worth most; of equals the first by date, then by the table's key.

    Alike are rows with the same words in the columns of `best_of` (none of them empty), of the same unit and officer, and in
    the same of the columns `apart`.
    """
    rows = rows.mutate(worth_=worth(rows, measure, as_of)).filter(query.passes(rows, measure.where))
    same = [rows[column] for column in measure.best_of]
    whose = [rows[column] for column in ("unit_id", "officer_id", *apart) if column in rows.columns]
    order = [rows.worth_.desc(), rows[measure.date], rows[TABLES[measure.table].key]]
    alone = query.any_of(*(cell.isnull() for cell in same))
    rows = rows.mutate(picked_=query.is_first([*whose, *same], order) | alone)
    return rows.filter(rows.picked_)


def missing_worth(rows: Any, part: Worth) -> dict[str, Cell]:
    """Say of each row whether a part finds nothing to go by in its column: an empty cell, or a word without a code."""
    column = part.ladder.since if part.ladder else part.column
    if column is None:
        return {}
    unknown = rows[column].isnull() | rows[column].notin(list(part.values)) if part.values else rows[column].isnull()
    return {column: query.is_so(unknown & query.passes(rows, part.where))}


# From declarations to sums: what each indicator, aside and split adds up, as columns over the rows of its table.


ADDITIVE = (Share, Coded, Ratio, Mean, Count)
"""Measures that are sums: counted once at the finest level, then added up the tree and over months."""


@dataclass(frozen=True)
class Moment:
    """What is known when: the moment of knowledge, and the end of the last period asked for."""

    as_of: datetime
    end: datetime


@dataclass(frozen=True)
class Tally:
    """One pair of sums: the indicator itself (aside is ''), one of its asides, or one word of its split."""

    indicator: int
    aside: str
    label: str
    measure: Any
    word: tuple[str, str] | None = None
    key: str = ""

    def name(self, part: str) -> str:
        """Name the column of a part (num, den, n, pend) in the engine; no word of a scheme ever reaches the SQL as a name."""
        return f"{part}_{self.key}"


def lines_of(entries: Sequence[Entry], tables: frozenset[str]) -> tuple[Tally, ...]:
    """List every sum of the indicators whose table is there; the key of each is its place in the list."""
    found = (line for n, i in enumerate(entries) for line in _lines(n, i) if is_countable(line.measure, tables))
    return tuple(replace(line, key=str(key)) for key, line in enumerate(found))


def is_countable(measure: Any, tables: Container[str]) -> bool:
    """Say whether the tables are there whose rows a measure counts; without an exposure it is counted and has no value."""
    return all(table in tables for table in measure.tables if table != "postings")


def _lines(number: int, indicator: Entry) -> Iterator[Tally]:
    measure = indicator.measure
    if isinstance(measure, ADDITIVE):
        yield Tally(number, "", indicator.label, measure)
        if indicator.split:
            for word, label in indicator.split.labels.items():
                yield Tally(number, f"split:{word}", label, measure, (indicator.split.column, word))
    if isinstance(measure, Figure):
        return
    for aside in indicator.beside:
        base: dict[str, Any] = {"table": measure.table, "date": measure.date, "where": aside.where}
        counted = Share(kind="share", met=aside.met, **base) if aside.met else Count(kind="count", per="person_days", **base)
        yield Tally(number, aside.code, aside.label, counted)


def can_be_pending(measure: Any, moment: Moment) -> bool:
    """Say whether a row of the measure can be pending: a deadline is named that may lie after as_of."""
    if not isinstance(measure, (Share, Distinct)) or measure.settles_days:
        return False
    return any(_may_be_late(measure, test, moment) for test in measure.met.values())


def _may_be_late(measure: Any, test: Any, moment: Moment) -> bool:
    if test.not_after is not None:
        return bool(test.not_after != measure.date or moment.as_of < moment.end)
    if test.within is None:
        return False
    return bool(test.within.of != measure.date or moment.as_of < moment.end + timedelta(seconds=test.within.seconds))


def scope(rows: Any, measure: Any, moment: Moment) -> tuple[Any, Any]:
    """Say which rows count, and which are pending (None: none can be): not met, with a deadline still to come."""
    where = query.passes(rows, measure.where)
    if not can_be_pending(measure, moment):
        return where, None
    met, open_ = query.passes(rows, measure.met), query.is_pending(rows, measure.met, moment.as_of)
    return where & (met | ~open_), where & open_ & ~query.is_so(met)


def quantity(rows: Any, measure: Mean | Quantile) -> Any:
    """Give the amount of a mean or quantile: a column, or the minutes between two."""
    if isinstance(measure.of, Elapsed):
        start, end = measure.of.minutes
        return query.minutes_between(rows[start], rows[end])
    return rows[measure.of].cast("float64")


def amounts(rows: Any, measure: Any, as_of: datetime) -> tuple[Any, Any, Any]:
    """Give, a row, whether it can be counted at all (None: it can), and what it adds above and below the line (None: 1)."""
    if isinstance(measure, (Share, Distinct)):
        return None, query.passes(rows, measure.met).ifelse(1, 0), None
    if isinstance(measure, Coded):
        coded = query.code(rows[measure.column], measure.values)
        return coded.notnull(), coded, None
    if isinstance(measure, Ratio):
        above, below = rows[measure.numerator], rows[measure.denominator]
        return above.notnull() & below.notnull(), above, below
    if isinstance(measure, Count):
        return None, worth(rows, measure, as_of) if has_worth(measure) else None, None
    amount = quantity(rows, measure)
    return amount.notnull(), amount, None


def sums(rows: Any, line: Tally, moment: Moment, share: Any = None) -> dict[str, Any]:
    """Give the sums of a line over rows: num and den, n where it is not den, pend where rows can be pending."""
    word = rows[line.word[0]] == line.word[1] if line.word else None
    if isinstance(line.measure, Share) and share is None:
        return _share_sums(rows, line, moment, word)
    counts, waiting = scope(rows, line.measure, moment)
    able, above, below = amounts(rows, line.measure, moment.as_of)
    counts = query.all_of(counts, able, word)
    found = {"num": query.sum_where(rows, counts, above, share), "den": query.sum_where(rows, counts, below, share)}
    if share is not None or isinstance(line.measure, Ratio):
        found["n"] = query.sum_where(rows, counts)
    if waiting is not None and not line.aside:
        found["pend"] = query.sum_where(rows, waiting)
    return {line.name(part): total for part, total in found.items()}


def _share_sums(rows: Any, line: Tally, moment: Moment, word: Any) -> dict[str, Any]:
    """Count a share by whole rows: what is met can never be pending, so that each test is asked once."""
    where, met = query.all_of(query.passes(rows, line.measure.where), word), query.passes(rows, line.measure.met)
    num, den = line.name("num"), line.name("den")
    found = {num: query.sum_where(rows, where & met), den: query.sum_where(rows, where)}
    if not can_be_pending(line.measure, moment):
        return found
    open_ = query.is_pending(rows, line.measure.met, moment.as_of)
    waiting = query.sum_where(rows, where & open_ & ~query.is_so(met))
    return found | {den: found[den] - waiting} | ({} if line.aside else {line.name("pend"): waiting})
