"""The one table read back from the workbook that offices sign: the scheme, or every fault with its sheet and cell."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from fengqiao_eval.documents import Document, KeyPath, suggest, validate
from fengqiao_eval.errors import Fault, InputError, refuse
from fengqiao_eval.files import absence, input_faults
from fengqiao_eval.office.bounds import DAMAGE, BookLimits, measure
from fengqiao_eval.scheme.indicator import usual_unit
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scheme.validation import check
from fengqiao_eval.scheme.yaml_text import build_document, path, place_of, renumber, value_of
from fengqiao_eval.words import LANGUAGES, say
from fengqiao_eval.workbooks import scheme_columns
from fengqiao_eval.workbooks.scheme_columns import COLUMNS, FIELDS, PRINTED, TAKEN, LineKind, PrintedScheme, Said

SHEETS = ("sheet", "rules", "printed")

KINDS: Mapping[str, LineKind] = {"dimensions": "dimension", "indicators": "indicator", "outside": "group", "lines": "line"}
"""The kind of a line by the list in which it stands in the document."""


class WrittenCell(NamedTuple):
    """What stands in a cell, and the cell's name."""

    text: str
    cell: str


@dataclass(frozen=True)
class Grid:
    """A sheet as rows of text; rows and columns are counted from 0."""

    name: str
    rows: tuple[tuple[str, ...], ...]

    def at(self, row: int, column: int) -> WrittenCell:
        """Read a cell; beyond the edge everything is empty."""
        inside = row < len(self.rows) and column < len(self.rows[row])
        return WrittenCell(self.rows[row][column] if inside else "", f"{self.name}!{xl_rowcol_to_cell(row, column)}")

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


class TypedRule(NamedTuple):
    """A row of 规则: the line it belongs to, its place, its value, whether that stands on 一表 instead, and the cell."""

    item: str
    place: KeyPath
    value: Any
    elsewhere: bool
    cell: str


@dataclass(frozen=True)
class Typed:
    """What a workbook holds: the rows of rules, the cells that are read back, those that are printed, and every fault.

    `gone` are the places of lines that the table has lost.
    """

    rules: tuple[TypedRule, ...]
    given: Mapping[KeyPath, WrittenCell]
    printed: Mapping[Said, WrittenCell]
    gone: tuple[KeyPath, ...]
    faults: tuple[Fault, ...]


def read(path: Path) -> PrintedScheme:
    """Read a workbook back: the scheme, and the document made anew from its cells.

    Raises InputError with every fault, each with sheet and cell: of the workbook itself, of what is printed from the rules and
    was changed, and of the scheme, which must pass the same checks as one read from a file.
    """
    book = open_workbook(path)
    found = read_sheets(book)
    document = Document(book.file, document_of(found, book.lang), cells_of(found))
    scheme, faults = validate(Scheme, document)
    faults = [*found.faults, *faults, *(check(scheme, document) if scheme else [])]
    source = PrintedScheme(scheme, document.data, book.lang) if scheme else None
    refuse([*(fault for fault in faults if not _is_consequent(fault, found)), *_changed_cells(book, found, source)])
    assert source is not None  # noqa: S101 - a scheme that could not be read has faults
    return source


def _is_consequent(fault: Fault, found: Typed) -> bool:
    """Say whether a fault only follows from a line that is gone, or from a table whose heading is."""
    lost = [".".join(map(str, place)) for place in found.gone]
    return bool(fault.place) and (not found.given or any(fault.place.startswith(f"{place}.") for place in lost))


def _changed_cells(book: Workbook, found: Typed, source: PrintedScheme | None) -> Iterator[Fault]:
    """Find what is printed from the rules and was changed: it is neither what was printed nor what the rules say now."""
    were = {(row[0], row[1]): row[2] for row in book.printed.rows if len(row) > 2}  # noqa: PLR2004 - code, name, text
    cells = scheme_columns.table(source) if source else ()
    now = {cell.said: cell.text for cell in cells if cell.said}
    for said, (text, cell) in found.printed.items():
        wanted = now.get(said, were.get(said, ""))
        if text.strip() and text.strip() not in (wanted.strip(), were.get(said, wanted).strip()):
            yield Fault(f"{book.file}:{cell}", "", "table.printed", {"given": text, "wanted": wanted})


def document_of(found: Typed, lang: str) -> dict[str, Any]:
    """Make the document: the rows of rules in their order, each value that stands on the table taken from there."""
    base = build_document((rule.place, rule.value) for rule in found.rules)
    levels, values = tuple(map(str, scheme_columns.value_at(base, ("levels",)) or ())), {}
    for place, (text, _) in found.given.items():
        if text.strip():
            usual = "起" if "lines" in place else usual_unit(scheme_columns.value_at(base, (*place[:-1], "measure")))
            unit = scheme_columns.value_at(base, (*place[:-1], "unit")) or usual
            column = str(place[-1]).removesuffix("_en")
            values[place] = scheme_columns.cell_value(column, text, str(unit), levels, lang)
    placed = {rule.place: rule.value for rule in found.rules if not rule.elsewhere or rule.place in values}
    return build_document((placed | values).items())


def cells_of(found: Typed) -> dict[KeyPath, str]:
    """Give the cell of every place: of a line its name, of its parts the same, of a declaration the first of its rows."""
    cells = {place: cell.cell for place, cell in found.given.items()}
    lines = {place[:-1]: cell for place, cell in cells.items() if place[-1] in ("label", "label_en")}
    lists = {place[:-1]: lines.get(place[:-2], cell) for place, cell in reversed(lines.items())}
    first = {rule.place[:n]: rule.cell for rule in reversed(found.rules) for n in range(len(rule.place), 0, -1)}
    return first | lists | lines | cells


# The file: three sheets as text


NEAR = BookLimits(size=32 << 20, rows=99_999, columns=702, cells=2_000_000)
"""How large a workbook of a table may be; that of a thousand lines has a tenth of it. Looks alone are no matter."""


def open_workbook(path: Path) -> Workbook:
    """Read a workbook; formulas count with what they last came to.

    Raises InputError: not there, no workbook, or without the sheets of a table.
    """
    with input_faults(path):
        if not path.is_file():
            raise InputError([Fault(str(path), "", absence(path))])
        raw = BytesIO(path.read_bytes())
    named = {lang: [say(f"table.{name}", lang) for name in SHEETS] for lang in LANGUAGES}
    try:
        if (found := measure(raw, NEAR)).far:
            rule = "table.doubled_part" if found.rule == "doubled_part" else "table.far_cell"
            raise InputError([Fault(str(path), found.far, rule)])
        book = CalamineWorkbook.from_filelike(raw)
        if lang := next((lang for lang, names in named.items() if set(names[:2]) <= set(book.sheet_names)), None):
            return Workbook(str(path), lang, *(_grid(book, name) for name in named[lang]))
    except DAMAGE:
        raise InputError([Fault(str(path), "", "table.unreadable")]) from None
    wanted = next(name for name in named["zh"] if name not in book.sheet_names)
    raise InputError([Fault(str(path), "", "table.not_a_table", {"wanted": wanted, "given": ", ".join(book.sheet_names)})])


def _grid(book: CalamineWorkbook, name: str) -> Grid:
    if name not in book.sheet_names:
        return Grid(name, ())
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return Grid(name, tuple(tuple(map(typed_text, row)) for row in rows))


def typed_text(cell: Any) -> str:
    """Write what a cell holds as one would type it.

    >>> typed_text(30.0), typed_text(12.5), typed_text(True), typed_text("=1+1")
    ('30', '12.5', 'true', '=1+1')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second) == (0, 0, 0):
        cell = cell.date()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def filled_rows(grid: Grid, first: int) -> Iterator[int]:
    """Number the rows from the first that hold anything."""
    yield from (row for row in range(first, len(grid.rows)) if any(map(str.strip, grid.rows[row])))


# What stands on the sheets, as it was typed: rows of rules, lines of the table


def read_sheets(book: Workbook) -> Typed:
    """Read both sheets."""
    faults: list[Fault] = []
    sheet, rules = book.sheet, _rules(book, faults)
    start = sheet.find(say("table.column.code", book.lang))
    heading, columns = start[0] if start else 0, {}
    for name in COLUMNS:
        words = dict.fromkeys(scheme_columns.heading(name, weights, book.lang) for weights in ("within", "marks"))
        found = [at[1] for word in words if (at := sheet.find(word, range(heading, heading + 1)))]
        if found:
            columns[name] = found[0]
        else:
            faults.append(_fault(book, f"{sheet.name}!{heading + 1}", "no_column", wanted="/".join(words)))
    if len(columns) < len(COLUMNS):
        return Typed(rules, {}, {}, (), tuple(faults))
    codes = [rule for rule in rules if rule.place[-1] == "code" and len(rule.place) > 2]  # noqa: PLR2004 - list, number, code
    lines = {str(rule.value): rule for rule in codes if rule.place[-3] in KINDS}
    rows = dict(_rows(book, heading, columns, lines, faults))
    gone = {code: rule for code, rule in lines.items() if code not in rows}
    faults += [_fault(book, sheet.name, "row_missing", given=code, label=rule.item) for code, rule in gone.items()]
    held = {rule.place for rule in rules if rule.elsewhere}
    given, printed = dict(_fields(book, heading, held)), dict(_remarks(book, heading))
    for code, row in rows.items():
        place = lines[code].place[:-1]
        keys = {str(other[-1]) for other in held if other[:-1] == place}
        for column in TAKEN[KINDS[str(place[-2])]]:
            given[(*place, scheme_columns.key_of(column, keys, book.lang))] = sheet.at(row, columns[column])
        printed |= {(code, name): sheet.at(row, columns[name]) for name in PRINTED}
    return Typed(rules, given, printed, tuple(rule.place[:-1] for rule in gone.values()), tuple(faults))


def _fault(book: Workbook, cell: str, rule: str, **given: Any) -> Fault:
    return Fault(f"{book.file}:{cell}", "", f"table.{rule}", given)


def _rules(book: Workbook, faults: list[Fault]) -> tuple[TypedRule, ...]:
    """Read the sheet of rules; what is no path, stands twice or clashes is a fault and left out."""
    found: dict[KeyPath, TypedRule] = {}
    for number in filled_rows(book.rules, 1):
        item, where, text, on = (book.rules.at(number, column) for column in range(4))
        place, elsewhere = place_of(where.text.strip()), bool(on.text.strip())
        if place is None or place in found:
            faults.append(_fault(book, where.cell, "path" if place is None else "path_twice", given=where.text))
        else:
            if elsewhere and text.text.strip():
                faults.append(_fault(book, text.cell, "elsewhere", sheet=book.sheet.name, given=text.text))
            found[place] = TypedRule(item.text, place, value_of(text.text), elsewhere, text.cell)
    for one, other in pairwise(sorted(found, key=lambda place: tuple(map(str, place)))):
        if other[: len(one)] == one:
            faults.append(_fault(book, found.pop(one).cell, "path_clash", given=path(one), other=path(other)))
    new = renumber(found)
    return tuple(rule._replace(place=new[rule.place]) for rule in found.values())


def _rows(
    book: Workbook, heading: int, columns: Mapping[str, int], lines: Collection[str], faults: list[Fault]
) -> Iterator[tuple[str, int]]:
    """Give the row of every code; a row without one, with an unknown one or with one seen before is a fault."""
    seen: set[str] = set()
    fixed = [say(f"table.{key}", book.lang).strip() for key in ("outside", "head.sources", "signed")]
    for row in filled_rows(book.sheet, heading + 1):
        code, label = (book.sheet.at(row, columns[name]) for name in ("code", "label"))
        word = code.text.strip()
        if word in lines and word not in seen:
            seen.add(word)
            yield word, row
        elif word:
            rule = "row_twice" if word in seen else "unknown_row"
            faults.append(_fault(book, code.cell, rule, given=word, known=suggest(word, list(lines))))
        elif label.text.strip() not in fixed:
            faults.append(_fault(book, code.cell, "no_code", given=label.text))


def _fields(book: Workbook, heading: int, held: set[KeyPath]) -> Iterator[tuple[KeyPath, WrittenCell]]:
    """Give the name of the table and the fields above it."""
    keys = {str(place[0]) for place in held if len(place) == 1}
    yield (scheme_columns.key_of("title", keys, book.lang),), book.sheet.at(0, 0)
    for name in FIELDS:
        if found := book.sheet.find(say(f"table.head.{name}", book.lang), range(heading)):
            yield (name,), book.sheet.at(found[0], found[1] + 1)


def _remarks(book: Workbook, heading: int) -> Iterator[tuple[Said, WrittenCell]]:
    """Give what is printed once."""
    yield ("", "scheme"), book.sheet.at(heading - 2, 0)
    if found := book.sheet.find(say("table.head.sources", book.lang), range(heading, len(book.sheet.rows))):
        yield ("", "sources"), book.sheet.at(found[0], found[1] + 1)
