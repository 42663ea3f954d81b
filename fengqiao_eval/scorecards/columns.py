"""A frame as plain columns, found unit by unit: what a card needs of it, at a cost that the other units do not raise.

A card reads a few hundred rows of some millions. Columns of numbers stay arrays, words are codes; the rows of each unit are
known, and only what is asked for becomes Python objects. Nothing here starts a thread: a process that forks reads by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KEY = "unit_id"


@dataclass(frozen=True)
class Column:
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

    columns: Mapping[str, Column] = field(default_factory=dict)
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
        return by_unit({name: _column(source.read([name], use_threads=False)[name]) for name in schema.names})


def by_unit(columns: Mapping[str, Column]) -> Columns:
    """Find the rows of each unit."""
    if KEY not in columns:
        return Columns(columns)
    codes, labels = columns[KEY].cells, columns[KEY].labels or [None]
    counts = np.bincount(codes, minlength=len(labels) - 1)
    order = np.argsort(codes, kind="stable").astype("int32")
    return Columns(columns, {str(label): code for code, label in enumerate(labels[:-1])}, order, counts.cumsum())


def _column(read: pa.ChunkedArray) -> Column:
    if pa.types.is_null(read.type):
        return Column(np.full(len(read), -1, np.int16), [None])
    if not pa.types.is_dictionary(read.type):
        return Column(read.to_numpy().astype("datetime64[us]") if pa.types.is_timestamp(read.type) else read.to_numpy())
    known: dict[str, int] = {}
    codes = [_codes(chunk, known) for chunk in read.chunks]
    small = np.int16 if len(known) < np.iinfo(np.int16).max else np.int32
    return Column(np.concatenate([np.zeros(0, small), *(part.astype(small) for part in codes)]), [*known, None])


def _codes(chunk: pa.DictionaryArray, known: dict[str, int]) -> np.ndarray:
    """Write the codes of one group of rows, which has words of its own, as codes of the words known so far."""
    own = np.array([known.setdefault(word, len(known)) for word in chunk.dictionary.to_pylist()] + [-1])
    return own[chunk.indices.fill_null(-1).to_numpy()]
