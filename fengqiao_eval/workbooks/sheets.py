"""Sheets of a workbook as offices print them: fonts, number formats, page setup; no text ever becomes a formula."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import xlsxwriter
import yaml

from fengqiao_eval.results.run import Run
from fengqiao_eval.wording.numbers import has_value, period_words
from fengqiao_eval.words import LOADER, say, text_width

LOOKS: dict[str, Any] = yaml.load(files(__package__).joinpath("looks.yaml").read_text("utf-8"), LOADER)  # noqa: S506 - a safe one
"""Looks of cells: font, cell (what all have in common), scale, results, table."""


def open_file(path: Path, title: str, created: datetime) -> xlsxwriter.Workbook:
    """Open a workbook to be written; that is its only date, so that the same content gives the same bytes."""
    file = xlsxwriter.Workbook(str(path), {"in_memory": True, "default_format_properties": dict(LOOKS["font"])})
    file.set_properties({"title": title, "created": created})
    return file


def set_page(file: Any, top: float, left: str, right: str) -> None:
    """Set a sheet for A4 landscape, one page wide, with a margin at the top and two texts at the foot."""
    file.set_landscape()
    file.set_paper(9)  # A4
    file.fit_to_pages(1, 0)
    file.set_margins(left=0.4, right=0.4, top=top, bottom=0.6)
    file.set_footer(f"&L{page_text(left)}&R{right}")
    file.hide_gridlines(2)


def page_text(text: str) -> str:
    """Make a text fit for a page's head or foot, which takes 255 signs in all and reads & as an order."""
    return text[:100].replace("&", "&&")


class Book:
    """A workbook being written, until its file is closed; the same run gives the same bytes."""

    def __init__(self, path: Path, run: Run, lang: str) -> None:
        """Open the workbook; its only date is the run's as_of."""
        self.run, self.lang = run, lang
        self.file = open_file(path, run.scheme.name(lang), datetime.fromisoformat(run.manifest["as_of"]))
        decimals = run.scheme.decimals
        marks = {"num_format": "0." + "0" * decimals if decimals else "0", "align": "right"}
        styles = LOOKS["results"] | {"marks": marks, "total": marks | {"bold": True}}
        self.formats = {name: self.file.add_format(LOOKS["cell"] | style) for name, style in styles.items()}

    def say(self, key: str, /, **given: Any) -> str:
        """Say a sentence of the workbook."""
        return say(f"workbook.{key}", self.lang, **given)

    def sheet(self, name: str) -> "Sheet":
        """Add a sheet for A4 landscape, one page wide, with title and period at its head and the state beside them."""
        found = self.file.add_worksheet(_sheet_name(name))
        found._prepare_formula = _strip_equals  # noqa: SLF001 - half of all time went to looking for functions that are not used here
        title, period = self.run.scheme.name(self.lang), period_words(self.run.period, self.lang)
        state = say(f"screen.state.{self.run.manifest['state']}", self.lang)
        set_page(found, 0.75, str(self.run.manifest["run"]), self.say("page"))
        found.set_header(f"&L{page_text(f'{title}　{period}　{name}')}&R【{state}】")
        found.set_default_row(19)
        return Sheet(found, self.formats)


def _strip_equals(formula: str, *_: Any) -> str:
    return formula.removeprefix("=")


def _sheet_name(name: str) -> str:
    r"""Make a name that a sheet may have: at most 31 signs, none of []:*?/\ and no ' at an end."""
    return "".join("_" if sign in "[]:*?/\\" else sign for sign in name)[:31].strip("'") or "_"


@dataclass(frozen=True)
class Sheet:
    """A sheet and the looks its cells may have; rows and columns are counted from 0."""

    file: Any
    formats: dict[str, Any]

    def put(self, row: int, column: int, cell: Any, style: str = "text") -> None:
        """Write a cell: numbers as numbers, texts as texts whatever they begin with, what is missing as nothing."""
        if not has_value(cell):
            self.file.write_blank(row, column, None, self.formats[style])
        elif isinstance(cell, str):
            self.file.write_string(row, column, cell, self.formats[style])
        else:
            self.file.write_number(row, column, float(cell), self.formats[style])

    def row(self, row: int, cells: Iterable[Any], style: str, first: int = 0) -> None:
        """Write cells of one style side by side."""
        for column, cell in enumerate(cells, first):
            self.put(row, column, cell, style)

    def column(self, column: int, cells: Iterable[Any], style: str, first: int) -> None:
        """Write cells of one style one below the other."""
        for row, cell in enumerate(cells, first):
            self.put(row, column, cell, style)

    def formula(self, row: int, column: int, formula: str, style: str, result: Any) -> None:
        """Write a formula with what it comes to, for readers that do not reckon."""
        self.file.write_formula(row, column, formula, self.formats[style], result)

    def across(self, row: int, columns: tuple[int, int], label: str | None, style: str = "group") -> None:
        """Write a heading over the columns from the first to the last."""
        first, last = columns
        if last > first:
            self.file.merge_range(row, first, row, last, "", self.formats[style])
        self.put(row, first, label, style)

    def widths(self, columns: Sequence[int]) -> None:
        """Set the widths of the columns from the first."""
        for column, wanted in enumerate(columns):
            self.file.set_column(column, column, wanted)

    def shade(self, column: int, rows: tuple[int, int], full: float) -> None:
        """Colour a column of points from 60 to 100 per cent of full marks, as the one screen does."""
        ends = {"min": 0.6 * full, "mid": 0.825 * full, "max": full}
        scale: dict[str, Any] = {f"{end}_type": "num" for end in ends} | {f"{end}_value": value for end, value in ends.items()}
        scale |= {f"{end}_color": colour for end, colour in zip(ends, LOOKS["scale"], strict=True)}
        if full > 0 and rows[1] >= rows[0]:
            self.file.conditional_format(rows[0], column, rows[1], column, {"type": "3_color_scale", **scale})


def width(texts: Iterable[Any], least: int = 6, most: int = 30) -> int:
    """Give a column width that holds the longest text; a Chinese character is as wide as two.

    >>> width(["青石桥派出所", "S1"])
    14
    """
    return max(least, min(most, max((text_width(str(text)) for text in texts), default=0) + 2))


def lines(texts: Iterable[Any], columns: Iterable[int]) -> int:
    """Count the lines that the longest of some wrapped texts takes in columns of these widths.

    >>> lines(["青石桥派出所"], [8])
    2
    """
    return max((-(-text_width(str(text)) // max(wide - 2, 1)) for text, wide in zip(texts, columns, strict=True)), default=1)
