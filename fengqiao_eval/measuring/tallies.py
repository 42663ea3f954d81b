"""From declarations to columns over rows: what each line adds up, and what a counted row is worth."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from itertools import groupby
from operator import add, mul
from typing import Any, NamedTuple

from fengqiao_eval.records import query
from fengqiao_eval.records.query import Cell
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Table
from fengqiao_eval.scheme.indicator import Entry, Indicator
from fengqiao_eval.scheme.measure import (
    Coded,
    Count,
    Distinct,
    Elapsed,
    Figure,
    Mean,
    Quantile,
    Ratio,
    Share,
    Worth,
)

ADDITIVE = (Share, Coded, Ratio, Mean, Count)
"""Measures that are sums: counted once at the finest level, then added up the tree and over months."""

SQUARES, PRODUCTS = "squares", "products"
"""The moments of what is above and below the line of a mean or ratio."""

SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}


@dataclass(frozen=True)
class Moment:
    """What is known when: the moment of knowledge, and the end of the last period asked for."""

    as_of: datetime
    end: datetime


@dataclass(frozen=True)
class Tally:
    """One pair of sums: the indicator itself (aside is ''), one of its asides, or one word of its split.

    moment: of what no page prints, and errors are reckoned from: `squares` (of what is above and below the line), `products`
    (of both), or a code, for the rows that have it.
    """

    indicator: int
    aside: str
    label: str
    measure: Any
    word: tuple[str, str] | None = None
    key: str = ""
    moment: str = ""

    def name(self, part: str) -> str:
        """Name the column of a part (num, den, n, pend) in the engine; no word of a scheme ever reaches the SQL as a name."""
        return f"{part}_{self.key}"


# What is asked for


def lines_of(entries: Sequence[Entry], records: Records) -> tuple[Tally, ...]:
    """List every sum of the indicators whose table and columns are there; the key of each is its place in the list."""
    found = (line for n, i in enumerate(entries) for line in _lines(n, i) if is_countable(line.measure, records))
    return tuple(replace(line, key=str(key)) for key, line in enumerate(found))


def _lines(number: int, indicator: Entry) -> Iterator[Tally]:
    measure = indicator.measure
    if isinstance(measure, Figure):
        return
    if isinstance(measure, ADDITIVE):
        yield Tally(number, "", indicator.label, measure)
        if indicator.split:
            for word, label in indicator.split.labels.items():
                yield Tally(number, f"split:{word}", label, measure, (indicator.split.column, word))
        if isinstance(indicator, Indicator):
            yield from (replace(line, indicator=number, label=indicator.label) for line in _moments(measure))
    for aside in indicator.beside:
        base: dict[str, Any] = {"table": measure.table, "date": measure.date, "where": aside.where}
        counted = Share(kind="share", met=aside.met, **base) if aside.met else Count(kind="count", per="person_days", **base)
        yield Tally(number, aside.code, aside.label, counted)


def _moments(measure: Any) -> Iterator[Tally]:
    """List what errors of a measure are reckoned from beside its own sums."""
    if isinstance(measure, (Mean, Ratio)):
        yield Tally(0, "", "", measure, moment=SQUARES)
    if isinstance(measure, Ratio):
        yield Tally(0, "", "", measure, moment=PRODUCTS)
    if isinstance(measure, Coded):
        for code in sorted(set(measure.values.values())):
            words = {word: Decimal(1) for word, own in measure.values.items() if own == code}
            yield Tally(0, "", "", measure.model_copy(update={"values": words}), moment=str(code))


def is_countable(measure: Any, records: Records) -> bool:
    """Say whether the tables and columns are there that a measure counts; without an exposure it is counted and has no value."""
    there = all(table in records.tables for table in measure.tables if table != "postings")
    return there and not unrecorded_columns(measure, records)


def unrecorded_columns(measure: Any, records: Records) -> list[str]:
    """Name the columns that a measure looks at and the mapping says nobody keeps: that they are empty is no answer."""
    return [] if isinstance(measure, Figure) else [c for c in measure.columns if (measure.table, c) in records.unrecorded]


def dates_of(entries: Iterable[Entry], table: Table, rows: Any) -> tuple[str, ...]:
    """Name the columns by which rows of a table lie in a period: those of its measures, its own date where nothing counts it."""
    asked = dict.fromkeys(e.measure.date for e in entries if not isinstance(e.measure, Figure) and e.measure.table == table.name)
    # what is missing or no time is a fault of the scheme
    return tuple(c for c in asked if c in rows.columns and rows[c].type().is_temporal()) or (table.own_date,)


def group_by_rows(asked: Iterable[Any], own: str) -> list[tuple[Any, ...]]:
    """Gather lines or entries that rest on the same rows; `own` names what tells those apart that hang on other rows too."""

    def rows_of(line: Any) -> tuple[Any, ...]:
        measure = line.measure
        alone = has_best_of(measure) or has_recurrence(measure)
        return measure.table, measure.date, measure.counts_visits, (getattr(line, own),) if alone else ()

    return [tuple(group) for _, group in groupby(sorted(asked, key=rows_of), key=rows_of)]


# Stretches of time within a row: what ends before it starts is left out of every measure that looks at it


class Stretch(NamedTuple):
    """Two times of a row, the start first; `by_day`: an end without a time of day may lie on the day of the start."""

    start: str
    end: str
    by_day: bool = True


def stretches_of(measure: Any) -> tuple[Stretch, ...]:
    """Name the stretches of time that a measure looks at: durations, limits from another time, and facts that it tests."""
    table = TABLES[measure.table]
    found = []
    for column, test in (*measure.where.items(), *getattr(measure, "met", {}).items()):
        declared, within = table.column(column), test.within
        if within is not None and not within.either_side:
            found.append(Stretch(within.of, column, within.seconds >= SECONDS["days"]))
        elif within is None and declared and declared.since:
            found.append(Stretch(declared.since, column))
    if isinstance(of := getattr(measure, "of", None), Elapsed):
        found.append(Stretch(*of.minutes, by_day=False))
    found += [Stretch(part.ladder.since, part.ladder.until) for part in getattr(measure, "worth", ()) if part.ladder]
    deadlines = deadlines_of(measure)
    return tuple(dict.fromkeys(stretch for stretch in found if stretch.start not in deadlines))


def deadlines_of(measure: Any) -> frozenset[str]:
    """Name the columns of the measure's table by which something is to be done."""
    return frozenset(column.name for column in TABLES[measure.table].columns if column.due)


def clock_columns(measure: Any) -> tuple[str, ...]:
    """Name the times of which a measure looks at the time of day: those that limits and durations of less than a day hold."""
    tests = (*measure.where.items(), *getattr(measure, "met", {}).items())
    found = [(column, test.within.of) for column, test in tests if test.within and test.within.days is None]
    found += [measure.of.minutes] if isinstance(getattr(measure, "of", None), Elapsed) else []
    ladders = [part.ladder for part in getattr(measure, "worth", ()) if part.ladder]
    found += [(ladder.since, ladder.until) for ladder in ladders if ladder.unit != "days"]
    return tuple(dict.fromkeys(column for both in found for column in both))


def is_reversed(rows: Any, stretch: Stretch) -> Cell:
    """Say of each row whether it ends before it starts; never empty."""
    before = query.seconds_between(rows, stretch.start, stretch.end) < 0
    same = rows[stretch.end].cast("timestamp") == rows[stretch.start].cast("timestamp").truncate("D")
    return query.is_so(before & ~query.is_so(same) if stretch.by_day else before)


def counts(rows: Any, measure: Any) -> Cell:
    """Say which rows a measure counts: those that pass its filter, and of which no stretch of time runs backwards."""
    backward = [is_reversed(rows, one) for one in stretches_of(measure) if {one.start, one.end} <= set(rows.columns)]
    return query.all_of(query.passes(rows, measure.where), *(~one for one in backward))


# What a line adds up


def sums(rows: Any, line: Tally, moment: Moment, share: Cell = None) -> dict[str, Cell]:
    """Give the sums of a line over rows: num and den, n where it is not den, pend where rows can be pending."""
    word = rows[line.word[0]] == line.word[1] if line.word else None
    if isinstance(line.measure, Share) and share is None:
        return _share_sums(rows, line, moment, word)
    chosen, waiting = scope(rows, line.measure, moment)
    able, above, below = amounts(rows, line.measure, moment.as_of)
    chosen = query.all_of(chosen, able, word)
    per = 60 if isinstance(line.measure, Mean) and isinstance(line.measure.of, Elapsed) else 1  # minutes are whole seconds
    if line.moment == SQUARES:
        above, below, per = query.product(above, above), None if below is None else query.product(below, below), per * per
    elif line.moment == PRODUCTS:
        above = query.product(above, below)
    found = {"num": query.sum_where(rows, chosen, above, share, per), "den": query.sum_where(rows, chosen, below, share)}
    if share is not None or isinstance(line.measure, Ratio):
        found["n"] = query.sum_where(rows, chosen)
    if waiting is not None and not line.aside and not line.moment:
        found["pend"] = query.sum_where(rows, waiting)
    return {line.name(part): total for part, total in found.items()}


def _share_sums(rows: Any, line: Tally, moment: Moment, word: Cell) -> dict[str, Cell]:
    """Count a share by whole rows: what is met can never be pending, so that each test is asked once."""
    where, met = query.all_of(counts(rows, line.measure), word), query.passes(rows, line.measure.met)
    num, den = line.name("num"), line.name("den")
    found = {num: query.sum_where(rows, where & met), den: query.sum_where(rows, where)}
    if not can_be_pending(line.measure, moment):
        return found
    open_ = query.is_pending(rows, line.measure.met, moment.as_of)
    waiting = query.sum_where(rows, where & open_ & ~query.is_so(met))
    return found | {den: found[den] - waiting} | ({} if line.aside else {line.name("pend"): waiting})


def scope(rows: Any, measure: Any, moment: Moment) -> tuple[Cell, Cell]:
    """Say which rows count, and which are pending (None: none can be): not met, with a deadline still to come."""
    where = counts(rows, measure)
    if not can_be_pending(measure, moment):
        return where, None
    met, open_ = query.passes(rows, measure.met), query.is_pending(rows, measure.met, moment.as_of)
    return where & (met | ~open_), where & open_ & ~query.is_so(met)


def can_be_pending(measure: Any, moment: Moment) -> bool:
    """Say whether a row of the measure can be pending: a deadline is named that may lie after as_of."""
    if not isinstance(measure, (Share, Distinct)) or measure.settles_days:
        return False
    limits = [(test.not_after, 0.0) for test in measure.met.values() if test.not_after is not None]
    limits += [(t.within.of, t.within.seconds) for t in measure.met.values() if t.within is not None and t.not_after is None]
    return any(since != measure.date or moment.as_of < moment.end + timedelta(seconds=limit) for since, limit in limits)


def amounts(rows: Any, measure: Any, as_of: datetime) -> tuple[Cell, Cell, Cell]:
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
        return None, worth(rows, measure, as_of) if measure.worth or measure.times else None, None
    amount = quantity(rows, measure)
    return amount.notnull(), amount, None


def quantity(rows: Any, measure: Mean | Quantile) -> Cell:
    """Give the amount of a mean or quantile: a column, or the minutes between two."""
    if isinstance(measure.of, Elapsed):
        start, end = measure.of.minutes
        return query.minutes_between(rows, start, end)
    return rows[measure.of].cast("float64")


# What a counted row is worth: parts that add up, factors that multiply, and which of several alike counts


def worth(rows: Any, measure: Count, as_of: datetime) -> Cell:
    """Give what each row adds, to six places: Σ parts · Π factors; 1 where the measure says nothing.

    rows: those of Plan.rows, which hold what recurrences were found (see add_recurrences).
    """
    parts = [_part(rows, part, as_of, deadlines_of(measure)) for part in measure.worth]
    factors = [_factor(rows, measure, number) for number in range(len(measure.times))]
    return query.round_amount(reduce(mul, factors, reduce(add, parts or [_float(1)])))


def _part(rows: Any, part: Worth, as_of: datetime, deadlines: Container[str]) -> Cell:
    """Give what a part adds to each row; a time that is not over, or only after as_of, is held against as_of."""
    if part.ladder:
        ladder, cell = part.ladder, _float(0)
        zoned = query.names_zone(rows, ladder.since, ladder.until)
        since = query.when(rows, ladder.since, zoned=zoned, due=ladder.since in deadlines)
        until, now = query.when(rows, ladder.until, zoned=zoned), query.when_known(as_of, zoned=zoned)
        passed = query.seconds_passed(since, query.is_so(until <= now).ifelse(until, now))
        for limit, step in part.ladder.steps:
            cell = query.is_so(passed > float(limit) * SECONDS[part.ladder.unit]).ifelse(_float(step), cell)
    elif part.column:
        cell = query.code(rows[part.column], part.values) if part.values else rows[part.column]
        cell = cell.cast("float64").fill_null(0.0)
    else:
        cell = _float(part.amount)
    return query.is_so(query.passes(rows, part.where)).ifelse(cell, _float(0)) if part.where else cell


def _factor(rows: Any, measure: Count, number: int) -> Cell:
    """Give what a factor multiplies each row by: 1 where not all that it names holds."""
    factor, when = measure.times[number], rows[measure.date]
    days = [(datetime.combine(first, time()), _after(last)) for first, last in factor.during]
    where = query.passes(rows, factor.where) if factor.where else None
    during = query.any_of(*(query.is_between(when, start, end) for start, end in days)) if days else None
    again = rows[_recurrence_name(number)] if factor.again else None
    return query.is_so(query.all_of(where, during, again)).ifelse(_float(factor.by), _float(1))


def _after(last: date) -> datetime:
    """The first moment after a day; after the last of all there is none, and what lasts until then has no end."""
    return datetime.combine(last, time.max) if last == date.max else datetime.combine(last + timedelta(days=1), time())


def _float(amount: Any) -> Cell:
    return query.constant(float(amount), "float64")


def missing_worth(rows: Any, part: Worth) -> dict[str, Cell]:
    """Say of each row whether a part finds nothing to go by in its column: an empty cell, or a word without a code."""
    column = part.ladder.since if part.ladder else part.column
    if column is None:
        return {}
    unknown = rows[column].isnull() | rows[column].notin(list(part.values)) if part.values else rows[column].isnull()
    return {column: query.is_so(unknown & query.passes(rows, part.where))}


def has_recurrence(measure: Any) -> bool:
    """Say whether what a row counts may hang on one before the period, which it repeats."""
    return isinstance(measure, Count) and any(factor.again for factor in measure.times)


def add_recurrences(rows: Any, measure: Count) -> Any:
    """Add, for each factor that names a recurrence, whether a row follows another; only rows that pass the filter stay.

    A row follows one that has the same words and came not long before; an empty cell is like no other. rows: all that were
    known, of whatever date, for what is repeated may have happened before the period.
    """
    rows = rows.filter(query.passes(rows, measure.where)) if measure.where else rows
    when, found = query.when(rows, measure.date, zoned=query.names_zone(rows, measure.date)), {}
    for number, factor in enumerate(measure.times):
        if factor.again:
            same = [rows[column] for column in factor.again.same]
            before = when.lag().over(group_by=same, order_by=[when, rows[TABLES[measure.table].key]])
            soon = query.seconds_passed(before, when) <= factor.again.within_days * SECONDS["days"]
            found[_recurrence_name(number)] = query.is_so(query.all_of(soon, *(cell.notnull() for cell in same)))
    return rows.mutate(**found)


def _recurrence_name(number: int) -> str:
    return f"again_{number}_"


def has_best_of(measure: Any) -> bool:
    """Say whether of rows alike only one counts: then a period is no sum of its months."""
    return isinstance(measure, Count) and bool(measure.best_of)


def pick_best(rows: Any, measure: Count, as_of: datetime, apart: Sequence[str] = ()) -> Any:
    """Keep, of rows that are alike, the one worth most; of equals the first by date, then by the table's key.

    Alike are rows with the same words in the columns of `best_of` (none of them empty), and in the same of the columns `apart`.
    Rows of persons (with `share_` and `parts_`) are worth their part of it.
    """
    amount = worth(rows, measure, as_of)
    amount = amount * rows.share_ / rows.parts_ if "share_" in rows.columns else amount
    rows = rows.mutate(worth_=amount).filter(counts(rows, measure))
    same, own = ([rows[column] for column in columns] for columns in (measure.best_of, apart))
    when = query.when(rows, measure.date, zoned=query.names_zone(rows, measure.date))
    order = [rows.worth_.desc(), when, rows[TABLES[measure.table].key]]
    alone = query.any_of(*(cell.isnull() for cell in same))
    rows = rows.mutate(picked_=query.is_first([*own, *same], order) | alone)
    return rows.filter(rows.picked_)
