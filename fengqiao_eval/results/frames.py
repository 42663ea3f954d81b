"""The frames of a run, each file read once: tables for whoever compares units, plain columns for a card, and what cards share."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import file_names
from fengqiao_eval.wording.numbers import has_value

KEY = "unit_id"


REPEATED = ["unit_id", "level", "peer_class", "indicator", "status"]
"""Words that stand in many rows of a frame."""


FILES = 32
"""As many files as a process remembers: those of two runs."""


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
class Frame:
    """A frame's file, read as it is asked for; stamp: when the file was last changed, 0 where there is none and no row.

    A card reads a few hundred rows of some millions. Columns of numbers stay arrays, words are codes; the rows of each unit are
    known, and only what is asked for becomes Python objects, at a cost that the other units do not raise.
    """

    file: Path
    stamp: int

    @cached_property
    def data(self) -> pd.DataFrame:
        """The whole frame."""
        with _damage_told(self.file):
            return pd.read_parquet(self.file) if self.stamp else pd.DataFrame()

    def of(self, *unit_ids: str) -> pd.DataFrame:
        """Take the rows of some units, in the order of the frame."""
        return self.data.take(self._rows(*unit_ids))

    def of_period(self, period: str) -> pd.DataFrame:
        """Read the rows of one period alone (all of a frame without periods); words that repeat come as categories."""
        return _read_period(self, period)

    @cached_property
    def columns(self) -> Mapping[str, FrameColumn]:
        """The columns by name."""
        return read_columns(self.file) if self.stamp else {}

    @cached_property
    def _places(self) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
        """Number the units that have rows; give all row numbers unit by unit, and where those of each number begin."""
        if KEY not in self.columns:
            return {}, np.zeros(0, "int32"), np.zeros(1, "int64")
        codes, labels = self.columns[KEY].cells, self.columns[KEY].labels or [None]
        counts = np.bincount(codes, minlength=len(labels) - 1)
        units = {str(label): code for code, label in enumerate(labels[:-1]) if counts[code]}
        return units, np.argsort(codes, kind="stable").astype("int32"), np.concatenate([[0], counts.cumsum()])

    @property
    def units(self) -> Collection[str]:
        """The units that have rows."""
        return self._places[0].keys()

    def _rows(self, *unit_ids: str) -> np.ndarray:
        units, order, begin = self._places
        found = [order[begin[units[unit]] : begin[units[unit] + 1]] for unit in unit_ids if unit in units]
        return found[0] if len(found) == 1 else np.sort(np.concatenate([order[:0], *found]))

    def tuples(self, names: Sequence[str], *unit_ids: str) -> list[tuple[Any, ...]]:
        """Take some columns of the rows of some units, in the order of the frame."""
        rows = self._rows(*unit_ids)
        return list(zip(*(self.columns[name].at(rows) for name in names), strict=True)) if len(rows) else []

    def rows(self, *unit_ids: str) -> list[dict[str, Any]]:
        """Take the rows of some units as dictionaries, in the order of the frame."""
        names = tuple(self.columns)
        return [dict(zip(names, row, strict=True)) for row in self.tuples(names, *unit_ids)]

    def mark(self, name: str, word: str) -> np.ndarray:
        """Mark the rows that hold a word in a column."""
        column = self.columns[name]
        return np.isin(column.cells, [code for code, label in enumerate(column.labels or ()) if label == word])


frame_of = lru_cache(maxsize=FILES)(Frame)
"""Give the frame of a file and its stamp: the same one, with all that was read of it, until the file changes."""


@contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    """Refuse a file that was cut short or changed (UsageError)."""
    try:
        yield
    except pa.ArrowInvalid:
        raise UsageError("torn_run", given=file.name, run=file.parent) from None


@lru_cache(maxsize=FILES)
def _read_period(frame: Frame, period: str) -> pd.DataFrame:
    if not frame.stamp:
        return pd.DataFrame()
    with _damage_told(frame.file):
        held = [("period", "==", period)] if "period" in pq.read_schema(frame.file).names else None
        return pd.read_parquet(frame.file, filters=held, read_dictionary=REPEATED)


def read_columns(file: Path) -> dict[str, FrameColumn]:
    """Read one column after the other in this very thread, and start none: a process that forks reads by it."""
    with _damage_told(file):
        schema = pq.read_schema(file)
        words = [one.name for one in schema if pa.types.is_large_string(one.type) or pa.types.is_string(one.type)]
        return _read_columns(file, schema.names, words)


def _read_columns(file: Path, names: Sequence[str], words: Sequence[str]) -> dict[str, FrameColumn]:
    with pq.ParquetFile(file, read_dictionary=words, pre_buffer=False) as source:
        return {name: _column(source.read([name], use_threads=False)[name]) for name in names}


def _column(read: pa.ChunkedArray) -> FrameColumn:
    if pa.types.is_null(read.type):
        return FrameColumn(np.full(len(read), -1, np.int16), [None])
    if not pa.types.is_dictionary(read.type):
        return FrameColumn(read.to_numpy().astype("datetime64[us]") if pa.types.is_timestamp(read.type) else read.to_numpy())
    words = read.unify_dictionaries().combine_chunks()  # each group of rows has words of its own
    labels = [*words.dictionary.to_pylist(), None]
    small = np.int16 if len(labels) <= np.iinfo(np.int16).max else np.int32
    return FrameColumn(words.indices.fill_null(-1).to_numpy().astype(small), labels)


BINS = 48
"""As many columns as the dots or bars of a class are gathered in."""


@dataclass(frozen=True)
class ClassTotals:
    """The totals of the ranked units of a class, lowest first, without names; what cards ask of them is reckoned once for all.

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
        columns = [round((total - self.totals[0]) / self.width) for total in self.totals]
        return tuple((pd.Series(columns).groupby(columns).cumcount() + 1).tolist())

    @cached_property
    def bars(self) -> tuple[tuple[float, int], ...]:
        """The middle of each column that holds a total, and how many it holds."""
        first = self.totals[0] if self.totals else 0.0
        seen = Counter(min(BINS - 1, int((total - first) / self.width)) for total in self.totals)
        return tuple((round(first + (column + 0.5) * self.width, 1), seen[column]) for column in sorted(seen))

    def settle(self) -> None:
        """Reckon now what would be reckoned when first asked for."""
        _ = self.middle, self.width, self.heights, self.bars


LevelSums = Mapping[str, tuple[float, float]]
"""Numerator and denominator of each indicator."""


@lru_cache(maxsize=FILES)
def level_sums(points: Frame, period: str) -> Mapping[str, LevelSums]:
    """Add up the counts of the frame points over all units of each level, ranked or not; one unit is no whole."""
    if not points.stamp:
        return {}
    main, found = points.mark("period", period), {}
    names = ("unit_id", "level", "indicator", "numerator", "denominator")
    data = pd.DataFrame({name: points.columns[name].cells[main] for name in names})
    levels, indicators = (points.columns[name].labels or () for name in ("level", "indicator"))
    for level, part in data.groupby("level"):
        if len(part["unit_id"].unique()) > 1:
            sums = part.groupby("indicator")[["numerator", "denominator"]].sum().itertuples()
            found[str(levels[level])] = {str(indicators[code]): (above, below) for code, above, below in sums}
    return found


@lru_cache(maxsize=FILES)
def class_totals(ranks: Frame, period: str) -> Mapping[tuple[str, str], ClassTotals]:
    """Gather the totals of the ranked units of each level and class from the frame ranks."""
    if not ranks.stamp:
        return {}
    main, totals = ranks.mark("period", period), dict[tuple[str, str], list[float]]()
    rows = zip(*(ranks.columns[name].at(main) for name in ("level", "peer_class", "total", "rank")), strict=True)
    for level, peer_class, total, rank in rows:
        if has_value(rank):
            totals.setdefault((level, peer_class or ""), []).append(total)
    return {one: ClassTotals(tuple(sorted(found))) for one, found in totals.items()}


@lru_cache(maxsize=FILES)
def ahead_of(chances: Frame, period: str) -> Mapping[str, Sequence[tuple[str, float, float]]]:
    """List of each unit who is printed before it and held against it: unit_id, the chance to stand above it, and again."""
    if not chances.columns:
        return {}
    main, found = chances.mark("period", period), dict[str, dict[str, list[float]]]()
    for word in ("above", "above_again"):
        rows = main & chances.mark("statement", word)
        names = ("object", KEY, "chance")
        for unit, other, chance in zip(*(chances.columns[name].at(rows) for name in names), strict=True):
            found.setdefault(unit, {}).setdefault(other, []).append(chance)
    return {unit: [(other, each[0], each[-1]) for other, each in those.items()] for unit, those in found.items()}


@lru_cache(maxsize=FILES)
def page_names(units: Frame) -> Mapping[str, str]:
    """Name the file of each unit's card, without ending, from the frame units."""
    return file_names(units.units)


@lru_cache(maxsize=FILES)
def children(units: Frame) -> Mapping[str, tuple[str, ...]]:
    """Name the units right below each unit, from the frame units."""
    below: dict[str, list[str]] = {}
    for unit, parent in zip(*(units.columns[name].at(slice(None)) for name in ("unit_id", "parent_id")), strict=True):
        below.setdefault(parent, []).append(unit)
    return {parent: tuple(found) for parent, found in below.items()}
