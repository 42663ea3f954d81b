"""The one table both ways: printed as the workbook that offices sign, and read back as YAML."""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from fengqiao_eval import documents
from fengqiao_eval.errors import Fault, InputError, UsageError, refuse
from fengqiao_eval.files import write_whole
from fengqiao_eval.scheme.load import blank_scheme, load
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scheme.yaml_text import dump, leaves, path
from fengqiao_eval.workbooks import scheme_columns, scheme_reader
from fengqiao_eval.workbooks.scheme_columns import COLUMNS, HEADING, ON_PAPER, PrintedScheme, SheetCell
from fengqiao_eval.workbooks.scheme_reader import SHEETS
from fengqiao_eval.workbooks.sheets import LOOKS, Sheet, lines, open_file, set_page

WIDTHS = (17, 48, 30, 21, 11, 8, 12, 21, 20)
"""The widths of the columns of 一表, as many as COLUMNS."""


RULES = {"item": 24, "path": 58, "value": 64, "where": 14}
"""The columns of 规则 and their widths."""


HIGH = {"title": 34, "head": 26, "signed": 48, "field": 21}
"""The least height of a row in which a cell of such a look stands."""


_LOOKS = LOOKS["table"] | {
    f"{group}depth{n}": LOOKS["table"][f"{group}given"] | {"indent": n + 1} for group in ("", "group_") for n in range(9)
}


def export_table(scheme: Path, table: Path, lang: str) -> Scheme:
    """Print a scheme as a workbook, and read it back to be sure that nothing was lost.

    Raises InputError with the faults of the scheme, or what a workbook cannot hold; UsageError where another file stands there.
    """
    if os.path.lexists(table):
        try:
            scheme_reader.open_workbook(table)
        except InputError:
            raise UsageError("table_taken", given=table) from None
    source = PrintedScheme(load(scheme), documents.read(scheme).data, lang)
    table.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=table.parent, prefix=".") as folder:
        trial = Path(folder) / table.name
        write_table(source, trial)
        kept = dict(leaves(scheme_reader.read(trial).data))
        lost = [(place, given) for place, given in leaves(source.data) if place not in kept or kept[place] != given]
        told = [(path(place), {"given": given, "read": kept.get(place, "")}) for place, given in lost]
        refuse(Fault(str(scheme), place, "table.not_kept", given) for place, given in told)
        trial.replace(table)
    return source.scheme


def import_table(table: Path, scheme: Path, *, force: bool) -> tuple[Scheme, bool]:
    """Read a workbook back and write it as YAML; return the scheme, and whether a file was written.

    A file that says the same already is left as it is, with its comments. Raises InputError with every fault of the workbook,
    UsageError where a file that says something else would be replaced without force.
    """
    source = scheme_reader.read(table)
    text = dump(source.data)
    if scheme.exists():
        with suppress(InputError, OSError):  # what cannot be read says something else
            if dump(documents.read(scheme).data) == text:
                return source.scheme, False
        if not force:
            raise UsageError("scheme_taken", given=scheme)
    scheme.parent.mkdir(parents=True, exist_ok=True)
    write_whole(scheme, text)
    return source.scheme, True


def new_table(path: Path, lang: str, *, force: bool) -> Scheme:
    """Write a table to start from: a workbook where the path ends in .xlsx, else YAML.

    Raises UsageError where the path ends otherwise, or a file stands there and force is not given.
    """
    if path.suffix.lower() not in (".xlsx", ".yaml", ".yml"):
        raise UsageError("table_new")
    if path.exists() and not force:
        raise UsageError("scheme_taken", given=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "new.yaml"
        write_whole(source, blank_scheme(lang))
        if path.suffix.lower() == ".xlsx":
            return export_table(source, path, lang)
        write_whole(path, source.read_bytes())
        return load(source)


# The sheets 一表 and 规则, and what was printed, kept hidden


def write_table(source: PrintedScheme, path: Path) -> None:
    """Write a scheme, with the document it was read from, as a workbook.

    The same document gives the same bytes. Texts are written as texts: no cell is a formula.
    """
    decided = source.scheme.decided_on or date(2000, 1, 1)
    with open_file(path, source.scheme.name(source.lang), datetime.combine(decided, time())) as file:
        looks = {name: file.add_format(LOOKS["cell"] | {"text_wrap": True} | look) for name, look in _LOOKS.items()}
        table, rules, printed = (Sheet(file.add_worksheet(source.say(f"table.{name}")), looks) for name in SHEETS)
        cells = tuple(scheme_columns.table(source))
        _write_table(table, cells, source)
        _write_rules(rules, {c.place: xl_rowcol_to_cell(c.row, c.first) for c in cells if c.place}, source)
        for row, cell in enumerate(cell for cell in cells if cell.said):
            printed.row(row, [*(cell.said or ()), cell.text], "given")
        printed.file.hide()


def _write_table(sheet: Sheet, cells: tuple[SheetCell, ...], source: PrintedScheme) -> None:
    """Write the table itself, every row as high as its longest text."""
    sheet.widths(WIDTHS)
    for row, group in groupby(cells, attrgetter("row")):
        high = 0
        for cell in group:
            last = cell.last or cell.first
            sheet.across(row, (cell.first, last), cell.text, cell.style)
            wide = sum(WIDTHS[cell.first : last + 1]) - 2  # the indent
            needed = sum(lines([part], [wide]) for part in cell.text.split("\n"))
            high = max(high, 7 + 15 * needed, HIGH.get(cell.style, 0))
        sheet.file.set_row(row, high)
    last = cells[-1].row
    column, words = COLUMNS.index("missing"), list(scheme_columns.missing_words(source.lang).values())
    choice = {"validate": "list", "source": words, "error_type": "warning"}
    sheet.file.data_validation(HEADING + 1, column, last - 2, column, choice)
    _set_paper(sheet, source, HEADING, (last, ON_PAPER))


def _write_rules(sheet: Sheet, stands: Mapping[Any, str], source: PrintedScheme) -> None:
    """Write every leaf of the document: its path, and its value or in which cell of the table it stands."""
    sheet.widths(tuple(RULES.values()))
    sheet.row(0, (source.say(f"table.{name}") for name in RULES), "head")
    row = 0
    for row, texts in enumerate(scheme_columns.rules(source, stands), 1):
        styles = ("grey", "quiet", "grey" if texts[-1] else "given", "quiet")
        for column, (text, style) in enumerate(zip(texts, styles, strict=True)):
            sheet.put(row, column, text, style)
        sheet.file.set_row(row, 4 + 15 * lines([texts[1], texts[2]], [RULES["path"] + 8, RULES["value"]]))
    sheet.file.autofilter(0, 0, row, len(RULES) - 1)
    _set_paper(sheet, source, 0, (row, len(RULES) - 1))


def _set_paper(sheet: Sheet, source: PrintedScheme, heading: int, last: tuple[int, int]) -> None:
    """Set the sheet for paper, its heading on every page and in sight."""
    set_page(sheet.file, 0.5, source.scheme.name(source.lang)[:80], source.say("table.page"))
    sheet.file.repeat_rows(heading)
    sheet.file.freeze_panes(heading + 1, 1)
    sheet.file.print_area(0, 0, *last)
    sheet.file.ignore_errors({"number_stored_as_text": f"A1:{xl_rowcol_to_cell(last[0], len(COLUMNS))}"})
