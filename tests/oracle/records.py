"""The record tables as rows, what was known at a moment, and periods of whole months."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = dict[str, Any]
Tables = dict[str, list[Row]]

KEY = {
    "cases": "case_id", "visits": "visit_id", "disputes": "dispute_id", "surveys": "survey_id", "duties": "duty_id",
    "notices": "notice_id",
}  # fmt: skip
OWN_DATE = {
    "cases": "received_at", "visits": "visited_at", "disputes": "received_at", "surveys": "asked_at", "duties": "due_at",
    "notices": "happened_on",
}  # fmt: skip
FACTS = {"cases": ("arrived_at", "closed_at"), "disputes": ("resolved_at", "recurred_at"), "duties": ("done_at",)}
"""Times at which something came true: later than the moment of knowledge they have not happened yet."""

SINCE = {"arrived_at": "received_at", "closed_at": "received_at", "resolved_at": "received_at", "recurred_at": "received_at"}
"""What a fact cannot lie before."""

ONE_WHERE_EMPTY = {"postings": "share", "duties": "times"}
"""Columns in which an empty cell stands for 1."""

MILLION = 1_000_000


def read_tables(folder: Path) -> Tables:
    """Read every table of a folder of Parquet files; rows equal in every column are one row."""
    strange = [file.name for file in folder.iterdir() if file.suffix != ".parquet"]
    if strange:
        raise NotImplementedError(f"records in {strange}")
    return {file.stem: list({tuple(row.items()): row for row in _rows(file)}.values()) for file in sorted(folder.iterdir())}


def _rows(file: Path) -> Iterator[Row]:
    """Read a file row by row; an empty number of times is once, an empty share of a posting the whole."""
    for batch in pq.ParquetFile(file).iter_batches():
        for row in batch.to_pylist():
            one = ONE_WHERE_EMPTY.get(file.stem)
            yield {**row, one: 1} if one in row and row[one] is None else row


def known(tables: Tables, table: str, as_of: datetime) -> list[Row]:
    """Give the rows that were entered by a moment; what came true only later is empty in them."""
    rows = []
    for row in tables[table]:
        entered = row.get("recorded_at") or row[OWN_DATE[table]]
        if entered > as_of:
            continue
        later = {fact: None for fact in FACTS.get(table, ()) if row.get(fact) and row[fact] > as_of}
        rows.append({**row, **later} if later else row)
    return rows


def number(cell: Any) -> Fraction | int:
    """Read a number of a cell as it prints, with six decimals at most."""
    return cell if isinstance(cell, int) else Fraction(round_half_up(Fraction(str(cell)), 6), MILLION)


def round_half_up(exact: Fraction | int, decimals: int) -> int:
    """Round to a whole number of 10^-decimals; half goes up."""
    scaled = Fraction(exact) * 10**decimals + Fraction(1, 2)
    return scaled.numerator // scaled.denominator


def month_of(moment: date) -> int:
    """Number the month of a moment, from year 0."""
    return moment.year * 12 + moment.month - 1


@dataclass(frozen=True)
class Period:
    """So many whole months from a first one; a record belongs to it whose date lies in one of them."""

    first: int
    length: int

    @staticmethod
    def named(name: str) -> "Period":
        """Read 2024, 2024Q4 or 2024-11."""
        year = int(name[:4]) * 12
        if len(name) == 4:
            return Period(year, 12)
        if name[4] == "Q":
            return Period(year + 3 * int(name[5:]) - 3, 3)
        if name[4] != "-" or len(name) != 7:
            raise NotImplementedError(f"period {name}")
        return Period(year + int(name[5:]) - 1, 1)

    @property
    def months(self) -> range:
        """Number its months."""
        return range(self.first, self.first + self.length)

    @property
    def start(self) -> datetime:
        """The first moment in it."""
        return datetime(self.first // 12, self.first % 12 + 1, 1)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return Period(self.first + self.length, 1).start

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    def back(self, months: int) -> "Period":
        """The period of the same length so many months earlier."""
        return Period(self.first - months, self.length)

    @property
    def previous(self) -> "Period":
        """The period of the same length just before."""
        return self.back(self.length)

    @property
    def year_before(self) -> "Period":
        """The same months a year earlier."""
        return self.back(12)

    def parts(self, length: int) -> list["Period"]:
        """The shorter periods that make it up."""
        return [Period(first, length) for first in self.months[::length]]

    @property
    def trend(self) -> list["Period"]:
        """The twelve months up to its end."""
        return Period(self.first + self.length - 12, 12).parts(1)

    def __str__(self) -> str:
        """Name it as params do."""
        year, month = divmod(self.first, 12)
        return {1: f"{year}-{month + 1:02d}", 3: f"{year}Q{month // 3 + 1}", 12: f"{year}"}[self.length]
