"""Periods of appraisal: named, half-open spans of whole calendar months, and how they relate."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from fengqiao_eval.errors import UsageError

RELATIVE = {"last_month": 1, "last_quarter": 3, "last_year": 12}


_NAMED = re.compile(r"(?P<year>\d{4})(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


@dataclass(frozen=True, order=True)
class Period:
    """Whole calendar months from `first` (months since year 0), `months` of them; start included, end not.

    >>> str(parse("2024Q4")), parse("2024Q4").start, parse("2024Q4").end
    ('2024Q4', datetime.datetime(2024, 10, 1, 0, 0), datetime.datetime(2025, 1, 1, 0, 0))
    """

    first: int
    months: int

    @property
    def start(self) -> datetime:
        """The first moment of the period."""
        return _moment(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after the period."""
        return _moment(self.first + self.months)

    @property
    def previous(self) -> "Period":
        """The period of the same length just before (环比)."""
        return Period(self.first - self.months, self.months)

    @property
    def year_before(self) -> "Period":
        """The same months one year earlier (同比)."""
        return Period(self.first - 12, self.months)

    @property
    def trend(self) -> tuple["Period", ...]:
        """The twelve months up to the period's end, each a period of its own."""
        last = self.first + self.months
        return tuple(Period(month, 1) for month in range(last - 12, last))

    @property
    def month_numbers(self) -> range:
        """The months of the period, as months since year 0."""
        return range(self.first, self.first + self.months)

    def holds(self, other: "Period") -> bool:
        """Whether every month of the other lies in this one."""
        return self.first <= other.first and other.first + other.months <= self.first + self.months

    def __str__(self) -> str:
        """Name the period as it is written in a params file."""
        year, month = divmod(self.first, 12)
        return {1: f"{year}-{month + 1:02d}", 3: f"{year}Q{month // 3 + 1}", 12: f"{year}"}[self.months]


def _moment(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - the bureau's wall clock has no zone


def parse(text: str) -> Period:
    """Read 2024, 2024Q4 or 2024-11.

    >>> parse("2024-13")
    Traceback (most recent call last):
    fengqiao_eval.errors.UsageError: 期间“2024-13”无法识别：请写 2024、2024Q4、2024-11，或 last_month、last_quarter、last_year
    """
    found = _NAMED.fullmatch(text)
    if not found:
        raise UsageError("period", given=text)
    year = int(found["year"]) * 12
    if found["quarter"]:
        return Period(year + 3 * int(found["quarter"]) - 3, 3)
    return Period(year + int(found["month"]) - 1, 1) if found["month"] else Period(year, 12)


def resolve(text: str, today: date) -> Period:
    """Read a period; a relative one is the last whole month, quarter or year before `today`.

    >>> str(resolve("last_quarter", date(2026, 11, 22)))
    '2026Q3'
    """
    if text not in RELATIVE:
        return parse(text)
    months = RELATIVE[text]
    now = today.year * 12 + today.month - 1
    return Period(now - now % months - months, months)


def atoms(periods: Iterable[Period]) -> tuple[Period, ...]:
    """Cut periods, which may overlap, into the fewest spans of which each is a whole number.

    >>> [(a.first - 24288, a.months) for a in atoms([parse("2024Q1"), parse("2024-02"), parse("2023Q4")])]
    [(-3, 3), (0, 1), (1, 1), (2, 1)]
    """
    asked = tuple(dict.fromkeys(periods))
    months = sorted({month for period in asked for month in period.month_numbers})
    member = {month: tuple(month in period.month_numbers for period in asked) for month in months}
    starts = [m for m in months if member.get(m - 1) != member[m]]
    return tuple(Period(start, _run(start, member)) for start in starts)


def _run(start: int, member: dict[int, tuple[bool, ...]]) -> int:
    return next(n for n in range(1, len(member) + 1) if member.get(start + n) != member[start])
