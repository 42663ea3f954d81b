"""From declarations to sums: what each indicator, aside and split adds up, as columns over the rows of its table."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fengqiao_eval.records import counting
from fengqiao_eval.scheme.counted import Coded, Count, Distinct, Elapsed, Figure, Mean, Quantile, Ratio, Share
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scoring import weighing

ADDITIVE = (Share, Coded, Ratio, Mean, Count)
"""Measures that are sums: counted once at the finest level, then added up the tree and over months."""


@dataclass(frozen=True)
class Moment:
    """What is known when: the moment of knowledge, and the end of the last period asked for."""

    as_of: datetime
    end: datetime


@dataclass(frozen=True)
class Line:
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


def lines_of(entries: Sequence[Entry], tables: frozenset[str]) -> tuple[Line, ...]:
    """List every sum of the indicators whose table is there; the key of each is its place in the list."""
    found = (line for n, i in enumerate(entries) for line in _lines(n, i) if countable(line.measure, tables))
    return tuple(replace(line, key=str(key)) for key, line in enumerate(found))


def countable(measure: Any, tables: Container[str]) -> bool:
    """Say whether the tables are there whose rows a measure counts; without an exposure it is counted and has no value."""
    return all(table in tables for table in measure.tables if table != "postings")


def _lines(number: int, indicator: Entry) -> Iterator[Line]:
    measure = indicator.measure
    if isinstance(measure, ADDITIVE):
        yield Line(number, "", indicator.label, measure)
        if indicator.split:
            for word, label in indicator.split.labels.items():
                yield Line(number, f"split:{word}", label, measure, (indicator.split.column, word))
    if isinstance(measure, Figure):
        return
    for aside in indicator.beside:
        base: dict[str, Any] = {"table": measure.table, "date": measure.date, "where": aside.where}
        counted = Share(kind="share", met=aside.met, **base) if aside.met else Count(kind="count", per="person_days", **base)
        yield Line(number, aside.code, aside.label, counted)


def waits(measure: Any, moment: Moment) -> bool:
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
    where = counting.passes(rows, measure.where)
    if not waits(measure, moment):
        return where, None
    met, open_ = counting.passes(rows, measure.met), counting.pending(rows, measure.met, moment.as_of)
    return where & (met | ~open_), where & open_ & ~counting.is_so(met)


def quantity(rows: Any, measure: Mean | Quantile) -> Any:
    """Give the amount of a mean or quantile: a column, or the minutes between two."""
    if isinstance(measure.of, Elapsed):
        start, end = measure.of.minutes
        return counting.minutes_between(rows[start], rows[end])
    return rows[measure.of].cast("float64")


def amounts(rows: Any, measure: Any, as_of: datetime) -> tuple[Any, Any, Any]:
    """Give, a row, whether it can be counted at all (None: it can), and what it adds above and below the line (None: 1)."""
    if isinstance(measure, (Share, Distinct)):
        return None, counting.passes(rows, measure.met).ifelse(1, 0), None
    if isinstance(measure, Coded):
        coded = counting.code(rows[measure.column], measure.values)
        return coded.notnull(), coded, None
    if isinstance(measure, Ratio):
        above, below = rows[measure.numerator], rows[measure.denominator]
        return above.notnull() & below.notnull(), above, below
    if isinstance(measure, Count):
        return None, weighing.worth(rows, measure, as_of) if weighing.weighed(measure) else None, None
    amount = quantity(rows, measure)
    return amount.notnull(), amount, None


def sums(rows: Any, line: Line, moment: Moment, share: Any = None) -> dict[str, Any]:
    """Give the sums of a line over rows: num and den, n where it is not den, pend where rows can be pending."""
    word = rows[line.word[0]] == line.word[1] if line.word else None
    if isinstance(line.measure, Share) and share is None:
        return _share_sums(rows, line, moment, word)
    counts, waiting = scope(rows, line.measure, moment)
    able, above, below = amounts(rows, line.measure, moment.as_of)
    counts = counting.every(counts, able, word)
    found = {"num": counting.counted(rows, counts, above, share), "den": counting.counted(rows, counts, below, share)}
    if share is not None or isinstance(line.measure, Ratio):
        found["n"] = counting.counted(rows, counts)
    if waiting is not None and not line.aside:
        found["pend"] = counting.counted(rows, waiting)
    return {line.name(part): total for part, total in found.items()}


def _share_sums(rows: Any, line: Line, moment: Moment, word: Any) -> dict[str, Any]:
    """Count a share by whole rows: what is met can never be pending, so that each test is asked once."""
    where, met = counting.every(counting.passes(rows, line.measure.where), word), counting.passes(rows, line.measure.met)
    num, den = line.name("num"), line.name("den")
    found = {num: counting.counted(rows, where & met), den: counting.counted(rows, where)}
    if not waits(line.measure, moment):
        return found
    open_ = counting.pending(rows, line.measure.met, moment.as_of)
    waiting = counting.counted(rows, where & open_ & ~counting.is_so(met))
    return found | {den: found[den] - waiting} | ({} if line.aside else {line.name("pend"): waiting})
