"""A receipt for a sheet: every row accounted for, what was repaired, left out and lost, and whether its own totals hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fengqiao_eval.errors import Note
from fengqiao_eval.words import LONGEST, quote, readable, say, visible

GROUPS = ("read", "repeated", "headings", "totals", "remarks", "blanks", "outside")
"""What becomes of a row: read, read and equal to an earlier one; else titles and headings, sums, notes, empty, outside `rows`."""
FIRST_ROWS = 5
"""As many rows are named of each kind."""


class RowCount(NamedTuple):
    """How many rows there are of a kind, and the numbers of the first."""

    number: int
    first: tuple[int, ...]


NONE = RowCount(0, ())


class CellCount(NamedTuple):
    """How many cells of a column were repaired in one way, or are lost in one way, and the rows of the first."""

    kind: str
    column: str
    number: int
    first: tuple[int, ...]


@dataclass(frozen=True)
class TotalsCheck:
    """Whether the numbers in rows of sums are what the rows above come to: how many are, and the cells that are not."""

    agreed: int = 0
    differing: tuple[str, ...] = ()
    uncomputed: tuple[str, ...] = ()
    """The cells that hold a formula which was never computed."""


@dataclass(frozen=True)
class Receipt:
    """What was read of a file or sheet; a sheet is balanced where every row of it is of exactly one group."""

    file: str
    sheet: str
    kind: str
    rows: int
    groups: Mapping[str, RowCount]
    repaired: tuple[CellCount, ...] = ()
    lost: tuple[CellCount, ...] = ()
    check: TotalsCheck = field(default_factory=TotalsCheck)
    encoding: str = ""
    separator: str = ""
    columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """The columns that hold something and are not read, by their letters."""
    hidden_columns: tuple[str, ...] = ()
    hidden_rows: RowCount = NONE
    sheets_left: tuple[str, ...] = ()
    hidden: bool = False
    """Whether the sheet itself is hidden."""
    numbers: tuple[int, ...] = ()
    """The row of the sheet from which each row of the table was read."""
    left_cells: int = 0
    """How many cells of the columns that are not read hold something."""

    @property
    def balanced(self) -> bool:
        """Say whether the groups make the rows of the sheet."""
        return sum(group.number for group in self.groups.values()) == self.rows

    @property
    def plain(self) -> bool:
        """Say whether it is of a file of text in which nothing is repaired or left out: its rows are told elsewhere."""
        return "totals" not in self.groups

    def count(self, group: str) -> int:
        """Give how many rows are of a group."""
        return self.groups[group].number if group in self.groups else 0

    @property
    def where(self) -> str:
        """Say of which file and sheet it is, so that nothing in a name moves a reader."""
        return visible(readable(f"{self.file}:{self.sheet}" if self.sheet else self.file)[: 3 * LONGEST])

    def notes(self) -> Iterator[Note]:
        """Give what a check must tell of it: the balance, then what was repaired, left out and lost."""
        counts = {group: f"{self.count(group):,}" for group in GROUPS}
        yield Note("receipt", {"file": self.where, "rows": f"{self.rows:,}", **counts})
        for kind, found in _by_kind(self.repaired):
            yield Note(f"repaired_{kind}", {"file": self.where, **found})
        for kind, found in _by_kind(self.lost):
            yield Note(f"lost_{kind}", {"file": self.where, **found})
        if self.check.agreed:
            yield Note("totals_agreed", {"file": self.where, "count": self.check.agreed})
        for key, cells in (("totals_differ", self.check.differing), ("totals_uncomputed", self.check.uncomputed)):
            if cells:
                yield Note(key, {"file": self.where, "count": len(cells), "cells": _list(cells)})
        yield from self._unseen()

    def _unseen(self) -> Iterator[Note]:
        """Say what an eye would not see, and what is in the file and not read."""
        if self.hidden:
            yield Note("sheet_hidden", {"file": self.where})
        if self.hidden_rows.number:
            rows = _list(tuple(map(str, self.hidden_rows.first)), self.hidden_rows.number)
            yield Note("rows_hidden", {"file": self.where, "count": self.hidden_rows.number, "rows": rows})
        for key, names in (
            ("columns_hidden", self.hidden_columns),
            ("columns_left", self.left_out),
            ("sheets_left", self.sheets_left),
        ):
            if names:
                given = {"file": self.where, "count": len(names), "names": _list(tuple(map(quote, names)))}
                yield Note(key, given | ({"cells": f"{self.left_cells:,}"} if key == "columns_left" else {}))

    def lines(self, lang: str | None = None) -> list[str]:
        """Say it in short, for a console."""
        return [say(f"note.{note.key}", lang, **note.given) for note in self.notes()]

    def data(self) -> dict[str, Any]:
        """Give it for a manifest, as JSON takes it: names are cut and spelled out, and no cell stands in it."""
        cells = {
            key: [{"kind": one.kind, "column": _name(one.column), "count": one.number, "first": list(one.first)} for one in found]
            for key, found in (("repaired", self.repaired), ("lost", self.lost))
        }
        return {
            "file": self.where,
            "kind": self.kind,
            "rows": self.rows,
            "groups": {name: {"count": group.number, "first": list(group.first)} for name, group in self.groups.items()},
            **cells,
            "totals": {
                "agreed": self.check.agreed,
                "differing": list(self.check.differing),
                "uncomputed": list(self.check.uncomputed),
            },
            "encoding": self.encoding,
            "separator": self.separator,
            "columns": list(map(_name, self.columns)),
            "left_out": list(map(_name, self.left_out)),
            "left_cells": self.left_cells,
            "hidden": {
                "sheet": self.hidden,
                "rows": self.hidden_rows.number,
                "columns": list(map(_name, self.hidden_columns)),
            },
            "sheets_left": list(map(_name, self.sheets_left)),
        }


def _name(text: str) -> str:
    return visible(text[:LONGEST])


def _list(names: Sequence[str], count: int | None = None) -> str:
    shown = ", ".join(names[:FIRST_ROWS])
    return shown + (" …" if (len(names) if count is None else count) > FIRST_ROWS else "")


def _by_kind(found: Sequence[CellCount]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one entry a kind: cells of all columns together, the columns, the first rows."""
    for kind in dict.fromkeys(one.kind for one in found):
        those = [one for one in found if one.kind == kind]
        rows = sorted({row for one in those for row in one.first})
        count = sum(one.number for one in those)
        columns = _list(tuple(quote(one.column) for one in those))
        yield kind, {"count": count, "columns": columns, "rows": _list(tuple(map(str, rows)), count)}
