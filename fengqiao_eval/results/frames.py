"""The frames of a run as cards read them: plain columns found unit by unit, and what all cards share."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fengqiao_eval.wording.numbers import has_value

# A frame as plain columns, found unit by unit: what a card needs of it, at a cost that the other units do not raise.
#
# A card reads a few hundred rows of some millions. Columns of numbers stay arrays, words are codes; the rows of each unit are
# known, and only what is asked for becomes Python objects. Nothing here starts a thread: a process that forks reads by it.


KEY = "unit_id"


@dataclass(frozen=True)
class FrameColumn:
    """One column: numbers and moments as they are, or codes of `labels`, whose last is None, what is missing (code -1)."""

    cells: np.ndarray
    labels: Sequence[str | None] | None = None

    def at(self, rows: np.ndarray | slice) -> list[Any]:
        """Take some rows as Python objects; a number that is missing is not a number, a word that is missing is None."""
        found: list[Any] = self.cells[rows].tolist()
        return found if self.labels is None else [self.labels[code] for code in found]


@dataclass(frozen=True)
class Columns:
    """The columns of a frame by name, and the row numbers of each unit, those of all units one after the other in `order`."""

    columns: Mapping[str, FrameColumn] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, "int32"))
    ends: np.ndarray = field(default_factory=lambda: np.zeros(0, "int64"))

    def tuples(self, names: Sequence[str], *units: str) -> list[tuple[Any, ...]]:
        """Take some columns of the rows of some units, in the order of the frame."""
        at = [self._rows(self.units[unit]) for unit in units if unit in self.units]
        rows = at[0] if len(at) == 1 else np.sort(np.concatenate(at)) if at else None
        return [] if rows is None else list(zip(*(self.columns[name].at(rows) for name in names), strict=True))

    def rows(self, *units: str) -> list[dict[str, Any]]:
        """Take the rows of some units as dictionaries, in the order of the frame."""
        names = tuple(self.columns)
        return [dict(zip(names, row, strict=True)) for row in self.tuples(names, *units)]

    def _rows(self, unit: int) -> np.ndarray:
        return self.order[self.ends[unit - 1] if unit else 0 : self.ends[unit]]

    def where(self, name: str, *words: str) -> np.ndarray:
        """Mark the rows that hold one of some words."""
        column = self.columns[name]
        codes = [code for code, label in enumerate(column.labels or ()) if label in words]
        return np.isin(column.cells, codes)


def read(file: Path) -> Columns:
    """Read a frame's file, one column after the other, in this very thread."""
    schema = pq.read_schema(file)
    words = [one.name for one in schema if pa.types.is_large_string(one.type) or pa.types.is_string(one.type)]
    with pq.ParquetFile(file, read_dictionary=words, pre_buffer=False) as source:
        return group_by_unit({name: _column(source.read([name], use_threads=False)[name]) for name in schema.names})


def group_by_unit(columns: Mapping[str, FrameColumn]) -> Columns:
    """Find the rows of each unit."""
    if KEY not in columns:
        return Columns(columns)
    codes, labels = columns[KEY].cells, columns[KEY].labels or [None]
    counts = np.bincount(codes, minlength=len(labels) - 1)
    order = np.argsort(codes, kind="stable").astype("int32")
    return Columns(columns, {str(label): code for code, label in enumerate(labels[:-1])}, order, counts.cumsum())


def _column(read: pa.ChunkedArray) -> FrameColumn:
    if pa.types.is_null(read.type):
        return FrameColumn(np.full(len(read), -1, np.int16), [None])
    if not pa.types.is_dictionary(read.type):
        return FrameColumn(read.to_numpy().astype("datetime64[us]") if pa.types.is_timestamp(read.type) else read.to_numpy())
    known: dict[str, int] = {}
    codes = [_codes(chunk, known) for chunk in read.chunks]
    small = np.int16 if len(known) < np.iinfo(np.int16).max else np.int32
    return FrameColumn(np.concatenate([np.zeros(0, small), *(part.astype(small) for part in codes)]), [*known, None])


def _codes(chunk: pa.DictionaryArray, known: dict[str, int]) -> np.ndarray:
    """Write the codes of one group of rows, which has words of its own, as codes of the words known so far."""
    own = np.array([known.setdefault(word, len(known)) for word in chunk.dictionary.to_pylist()] + [-1])
    return own[chunk.indices.fill_null(-1).to_numpy()]


# The totals of the ranked units of a class, without their names; whatever cards ask of them is reckoned once for all.


BINS = 48
"""As many columns as the dots or bars of a class are gathered in."""


@dataclass(frozen=True)
class ClassTotals:
    """The totals, lowest first.

    >>> peers = ClassTotals((70.0, 80.0, 80.0, 91.5))
    >>> len(peers), peers.count(80.0), peers.above(80.0, 2), peers.middle
    (4, 2, 1, 80.0)
    """

    totals: Sequence[float] = ()

    def __len__(self) -> int:
        """Count the ranked units."""
        return len(self.totals)

    def place(self, total: float) -> int:
        """Give the number of totals below one."""
        return bisect_left(self.totals, total)

    def count(self, total: float) -> int:
        """Count those on one total."""
        return bisect_right(self.totals, total) - bisect_left(self.totals, total)

    def above(self, total: float, decimals: int) -> int:
        """Count those that are printed with more, at so many decimals."""
        return len(self.totals) - bisect_right(self.totals, total + 0.5 / 10**decimals)

    @cached_property
    def middle(self) -> float | None:
        """The median; None where nobody is ranked."""
        return median(self.totals) if self.totals else None

    @cached_property
    def width(self) -> float:
        """How wide a column is, in points of the total."""
        return ((self.totals[-1] - self.totals[0]) / BINS or 1.0) if self.totals else 1.0

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """How high each dot lies on those that fall in its column: the nearest one of BINS + 1."""
        seen: Counter[int] = Counter()
        return tuple(self._on(seen, round((total - self.totals[0]) / self.width)) for total in self.totals)

    @staticmethod
    def _on(seen: Counter[int], column: int) -> int:
        seen[column] += 1
        return seen[column]

    @cached_property
    def bars(self) -> tuple[tuple[float, int], ...]:
        """The middle of each column that holds a total, and how many it holds."""
        first = self.totals[0] if self.totals else 0.0
        seen = Counter(min(BINS - 1, int((total - first) / self.width)) for total in self.totals)
        return tuple((round(first + (column + 0.5) * self.width, 1), seen[column]) for column in sorted(seen))

    def settle(self) -> None:
        """Reckon now what would be reckoned when first asked for."""
        _ = self.middle, self.width, self.heights, self.bars


# What the cards of a run share, reckoned once as long as a file does not change: the board that every card reads from.


Sums = Mapping[str, tuple[float, float]]
"""Numerator and denominator of each indicator."""


FILES = 32
"""As many files as a process remembers: those of two runs."""


@lru_cache(maxsize=FILES)
def columns(file: Path, _stamp: int) -> Columns:
    """Read a frame."""
    return read(file)


@lru_cache(maxsize=FILES)
def level_sums(file: Path, stamp: int, period: str) -> Mapping[str, Sums]:
    """Add up the counts of the frame points over each level; one unit is no whole."""
    points = columns(file, stamp)
    main = points.where("period", period)
    data = pd.DataFrame({name: points.columns[name].cells[main] for name in ("unit_id", "level", "numerator", "denominator")})
    data["indicator"] = points.columns["indicator"].at(main)
    levels, found = points.columns["level"].labels or (), {}
    for code, part in data.groupby("level"):
        if len(part["unit_id"].unique()) > 1:
            sums = part.groupby("indicator")[["numerator", "denominator"]].sum().itertuples()
            found[str(levels[code])] = {str(indicator): (float(above), float(below)) for indicator, above, below in sums}
    return found


@lru_cache(maxsize=FILES)
def peers(file: Path, stamp: int, period: str) -> Mapping[tuple[str, str], ClassTotals]:
    """Gather the totals of the ranked units of each level and class from the frame ranks."""
    ranks = columns(file, stamp)
    main = ranks.where("period", period)
    totals: dict[tuple[str, str], list[float]] = {}
    rows = zip(*(ranks.columns[name].at(main) for name in ("level", "peer_class", "total", "rank")), strict=True)
    for level, peer_class, total, rank in rows:
        if has_value(rank):
            totals.setdefault((level, peer_class or ""), []).append(total)
    return {one: ClassTotals(tuple(sorted(found))) for one, found in totals.items()}


@lru_cache(maxsize=FILES)
def children(file: Path, stamp: int) -> Mapping[str, tuple[str, ...]]:
    """Name the units right below each unit, from the frame units."""
    units = columns(file, stamp)
    below: dict[str, list[str]] = {}
    for unit, parent in zip(*(units.columns[name].at(slice(None)) for name in ("unit_id", "parent_id")), strict=True):
        below.setdefault(parent, []).append(unit)
    return {parent: tuple(found) for parent, found in below.items()}
