"""A workbook of the one table as it comes back from an office: its cells as text, and where each stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from fengqiao_eval.errors import Fault, InputError
from fengqiao_eval.words import LANGUAGES, say

SHEETS = ("sheet", "rules", "printed")


class Written(NamedTuple):
    """What stands in a cell, and the cell's name."""

    text: str
    cell: str


@dataclass(frozen=True)
class Grid:
    """A sheet as rows of text; rows and columns are counted from 0."""

    name: str
    rows: tuple[tuple[str, ...], ...]

    def at(self, row: int, column: int) -> Written:
        """Read a cell; beyond the edge everything is empty."""
        inside = row < len(self.rows) and column < len(self.rows[row])
        return Written(self.rows[row][column] if inside else "", f"{self.name}!{xl_rowcol_to_cell(row, column)}")

    def find(self, text: str, rows: range | None = None) -> tuple[int, int] | None:
        """Find the first cell that says just this."""
        for row in rows or range(len(self.rows)):
            for column, said in enumerate(self.rows[row]):
                if said.strip() == text:
                    return row, column
        return None


@dataclass(frozen=True)
class Workbook:
    """The three sheets of a workbook, and the language they are in."""

    file: str
    lang: str
    sheet: Grid
    rules: Grid
    printed: Grid


def opened(path: Path) -> Workbook:
    """Read a workbook; formulas count with what they last came to.

    Raises InputError: not there, no workbook, or without the sheets of a table.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        rule = "document.not_there" if not path.is_file() else "table.unreadable"
        raise InputError([Fault(str(path), "", rule, {"given": " ".join(str(error).split())})]) from None
    named = {lang: [say(f"table.{name}", lang) for name in SHEETS] for lang in LANGUAGES}
    lang = next((lang for lang, names in named.items() if set(names[:2]) <= set(book.sheet_names)), None)
    if lang is None:
        wanted = next(name for name in named["zh"] if name not in book.sheet_names)
        raise InputError([Fault(str(path), "", "table.not_a_table", {"wanted": wanted, "given": ", ".join(book.sheet_names)})])
    return Workbook(str(path), lang, *(_grid(book, name) for name in named[lang]))


def is_table(path: Path) -> bool:
    """Say whether a file is a workbook with the sheets of a table."""
    try:
        opened(path)
    except InputError:
        return False
    return True


def _grid(book: CalamineWorkbook, name: str) -> Grid:
    if name not in book.sheet_names:
        return Grid(name, ())
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return Grid(name, tuple(tuple(map(as_text, row)) for row in rows))


def as_text(cell: Any) -> str:
    """Write what a cell holds as one would type it.

    >>> as_text(30.0), as_text(12.5), as_text(True), as_text("=1+1")
    ('30', '12.5', 'true', '=1+1')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def filled(grid: Grid, first: int) -> Iterator[int]:
    """Number the rows from the first that hold anything."""
    yield from (row for row in range(first, len(grid.rows)) if any(map(str.strip, grid.rows[row])))
