"""A file to a grid of cells, nothing decided: sheets of workbooks, and text strictly decoded and cut at its separator."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from fengqiao_eval.errors import Fault, InputError
from fengqiao_eval.files import absence, input_faults
from fengqiao_eval.office.bounds import DAMAGE, LONGEST_CELL, BookLimits, Extent, SheetMarks, measure, measure_ods
from fengqiao_eval.office.layout import MOST_COLUMNS, Layout, column_letters
from fengqiao_eval.words import quote

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS = (".csv", ".tsv", ".txt")
SUFFIXES = (*WORKBOOKS, *TEXTS[1:], *(f"{suffix}.gz" for suffix in TEXTS))
"""What is read here beside a plain CSV file."""
REFUSED = (".et", ".wps", ".ett", ".numbers", ".pdf", ".doc", ".docx", ".htm", ".html", ".mht", ".rar", ".zip", ".7z", ".xlsb")
"""What offices send in place of tables, and what is not read."""
LIMITS = BookLimits(size=1 << 30, rows=1 << 20, columns=MOST_COLUMNS, cells=24_000_000)
"""How large a workbook may be: a million rows of twenty cells."""
MOST_TEXT = 256 << 20
"""The bytes of a file of text, at most, once it is unpacked."""
MOST_RATIO = 100
"""How many times smaller than its text a packed file may be, where it is large at all."""
SEPARATORS = (",", ";", "\t", "|")
LOOKED_AT = 100
"""In so many rows below the heading a separator must cut alike to be certain."""
FROM_1904 = b"\x22\x00\x02\x00\x01\x00"
"""The record of an .xls workbook that says that its days are counted from 1904."""
_OLE, _PASSWORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ufffe\uffff]")
_BROKEN = 10
"""Where so many signs of UTF-8 stand for each fault, a text is UTF-8 that was damaged, and nothing else."""

Merge = tuple[tuple[int, int], tuple[int, int]]


class SheetName(NamedTuple):
    """A sheet of a workbook: its name, and whether it is hidden."""

    name: str
    hidden: bool


@dataclass(frozen=True)
class CellGrid:
    """The cells of a sheet or file of text as they are, row by row and all rows of one width; rows and columns count from 0."""

    file: str
    sheet: str
    kind: str
    rows: Sequence[Sequence[Any]]
    width: int
    merged: tuple[Merge, ...] = ()
    marks: SheetMarks = field(default_factory=SheetMarks)
    from_1904: bool = False
    encoding: str = ""
    separator: str = ""
    widths: tuple[int, ...] = ()
    """Of a file of text how many cells each row has as it is written."""
    unsure: tuple[str, ...] = ()
    """The separators at which the heading may be cut, where that is not certain."""
    taken: dict[int, list[Any]] = field(default_factory=dict)
    """The columns that were taken apart."""

    def column(self, number: int) -> list[Any]:
        """Give the cells of a column, from above; it is taken apart once."""
        if number not in self.taken:
            self.taken[number] = list(map(itemgetter(number), self.rows))
        return self.taken[number]

    @cached_property
    def merged_from(self) -> Mapping[int, Sequence[Merge]]:
        """Give the merged cells by the row in which they begin."""
        found: dict[int, list[Merge]] = {}
        for merge in self.merged:
            found.setdefault(merge[0][0], []).append(merge)
        return found

    @cached_property
    def upright(self) -> Mapping[int, Sequence[tuple[int, int]]]:
        """Give first and last row of the cells merged over several rows, by the column that speaks for them."""
        found: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, _) in self.merged:
            if bottom > top:
                found.setdefault(left, []).append((top, bottom))
        return found

    @property
    def where(self) -> str:
        """Say what the grid is called in faults: the file, and the sheet behind a colon."""
        return f"{self.file}:{self.sheet}" if self.sheet else self.file


@dataclass
class OfficeFile:
    """A file opened: its name, its sheets (a file of text has one, without a name), and how each is read."""

    name: str
    sheets: tuple[SheetName, ...]
    book: CalamineWorkbook | None = None
    extent: Extent = field(default_factory=Extent)
    text: str = ""
    kind: str = "CSV"
    encoding: str = ""

    def grid(self, sheet: str, layout: Layout) -> CellGrid:
        """Read a sheet, or the file of text. Raises InputError: damaged, or cut otherwise than a separator can say."""
        return _text_grid(self, layout) if self.book is None else _sheet_grid(self, sheet)


def open_office(path: Path, layout: Layout, name: str | None = None) -> OfficeFile:
    """Open a file as offices have them, by what it holds and not by what it is called.

    Raises InputError: not there, of a kind that is not read, encrypted, damaged, too large; each with what would do.
    """
    name = name or path.name
    with input_faults(path, name):
        if not path.is_file():
            raise InputError([Fault(name, "", absence(path))])
        if path.stat().st_size > MOST_TEXT:
            raise _fault(name, "office.too_large", given=f"{path.stat().st_size:,}", most=f"{MOST_TEXT:,}")
        raw = path.read_bytes()
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise _fault(name, "office.foreign", given=suffix)
    if suffix == ".gz":
        raw, suffix = _unpack(raw, name), Path(path.stem).suffix.lower()
    if rule := _foreign(raw, suffix):
        raise _fault(name, f"office.{rule}", given=suffix)
    if suffix in WORKBOOKS:
        return _open_workbook(raw, name)
    encoding, text = decode(raw, layout.encoding, name)
    return OfficeFile(name, (SheetName("", hidden=False),), text=text, encoding=encoding, kind=suffix[1:].upper())


def _fault(file: str, rule: str, **given: Any) -> InputError:
    return InputError([Fault(file, given.pop("place", ""), rule, given)])


def _foreign(raw: bytes, suffix: str) -> str:
    """Name the rule by which a file is refused that is not what it is called; '' where it may be."""
    head = raw[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    packed = raw.startswith((b"PK\3\4", _OLE))
    if raw.startswith(_OLE) and _PASSWORD in raw:
        return "encrypted"
    if raw.startswith(b"%PDF") or (packed and suffix not in WORKBOOKS):
        return "foreign_inside"
    if suffix not in WORKBOOKS or packed or not raw:
        return ""
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        return "xml_sheet"
    return "web_page" if head.startswith((b"<", b"mime-version:")) else "text_inside"


def _unpack(raw: bytes, name: str) -> bytes:
    """Unpack a text; its size is counted before any of it is held."""
    most = min(MOST_TEXT, max(len(raw) * MOST_RATIO, 1 << 24))
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            while block := packed.read(1 << 20):
                size += len(block)
                if size > most:
                    raise _fault(name, "office.too_large", given=f"> {size:,}", most=f"{most:,}")
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        raise _fault(name, "records.unreadable", given="gzip") from None


# Workbooks


def _open_workbook(raw: bytes, name: str) -> OfficeFile:
    held, extent, kind = io.BytesIO(raw), Extent(), "xls"
    try:
        if raw.startswith(b"PK"):
            try:
                extent, kind = measure(held, LIMITS), "xlsx"
            except BadZipFile:
                extent, kind = measure_ods(held, LIMITS), "ods"
        else:
            extent = Extent(from_1904=FROM_1904 in raw)
        if extent.far:
            raise _fault(name, f"office.{extent.rule}", place=extent.far, most=f"{LONGEST_CELL:,}")
        held.seek(0)
        book = CalamineWorkbook.from_filelike(held)
    except PasswordError:
        raise _fault(name, "office.encrypted") from None
    except DAMAGE:
        raise _fault(name, "records.unreadable", given="Excel / ODS") from None
    sheets = [told for told in book.sheets_metadata if told.typ == SheetTypeEnum.WorkSheet]
    names = tuple(SheetName(told.name, told.visible != SheetVisibleEnum.Visible) for told in sheets)
    return OfficeFile(name, names, book, extent, kind=kind)


def _sheet_grid(opened: OfficeFile, sheet: str) -> CellGrid:
    book, extent = opened.book, opened.extent
    assert book is not None  # noqa: S101 - grid() asks it
    try:
        found = book.get_sheet_by_name(sheet)
        rows = found.to_python(skip_empty_area=False)
        merged = found.merged_cell_ranges or () if opened.kind != "ods" else ()
    except DAMAGE:
        raise _fault(f"{opened.name}:{sheet}", "records.unreadable", given=opened.kind) from None
    if extent.long or opened.kind == "xls":
        _refuse_long(rows, f"{opened.name}:{sheet}")
    number = book.sheet_names.index(sheet)
    part = extent.order[number] if number < len(extent.order) else ""
    width = len(rows[0]) if rows else 0
    merges = _clip_merges(merged, len(rows), width)
    if sum((bottom - top + 1) * (right - left + 1) for (top, left), (bottom, right) in merges) > len(rows) * width:
        raise _fault(f"{opened.name}:{sheet}", "office.merges_overlap", count=len(merges))
    marks = extent.marks.get(part, SheetMarks())
    return CellGrid(opened.name, sheet, opened.kind, rows, width, merges, marks, extent.from_1904)


def _refuse_long(rows: Iterable[Sequence[Any]], name: str) -> None:
    """Refuse a cell of more characters than any program of offices writes, by its place."""
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str) and len(cell) > LONGEST_CELL:
                raise _fault(name, "office.long_cell", place=f"{column_letters(column)}{number}", most=f"{LONGEST_CELL:,}")


def _clip_merges(merged: Iterable[Merge], height: int, width: int) -> tuple[Merge, ...]:
    """Give merged cells from above, each once and as far as there are cells at all."""
    there = {
        (top, left, min(bottom, height - 1), min(right, width - 1))
        for (top, left), (bottom, right) in set(merged)
        if top < height and left < width
    }
    return tuple(((top, left), (bottom, right)) for top, left, bottom, right in sorted(there) if (top, left) < (bottom, right))


# Text


def decode(raw: bytes, encoding: str | None, name: str) -> tuple[str, str]:
    """Decode a file of text strictly: by the encoding given, else by its first bytes, else UTF-8, else GB 18030.

    Raises InputError where that cannot be: a sign that is none, UTF-8 that is damaged, signs that no text holds.
    """
    marked = next((word for bom, word in _BOMS if raw.startswith(bom)), None)
    tried = [marked or encoding] if marked or encoding else ["utf-8", "gb18030"]
    for word in tried:
        try:
            text = codecs.decode(raw, str(word))
        except UnicodeDecodeError:
            if encoding is None and word == "utf-8" and _is_damaged(raw):
                break
            continue
        text = text.removeprefix("\ufeff")
        if _CONTROL.search(text):
            break
        if word == "gb18030" and encoding is None and (share := _rare_share(text)) > MOST_RARE:
            raise _fault(name, "office.other_encoding", given=f"{share:.0%}")
        return str(word).removesuffix("-sig"), text
    raise _fault(name, "office.no_text", given=" → ".join(map(str, tried)))


MOST_RARE = 0.2
"""Where more of the signs are rare ones the bytes are of another encoding, as Big5 or Shift-JIS."""
_ENOUGH_SIGNS = 4


def _rare_share(text: str) -> float:
    """Give the share of signs beyond ASCII, of the beginning of a text, that everyday Chinese (GB 2312) does not have.

    Every text of Big5 or Shift-JIS can be decoded as GB 18030; half of its signs are then such as hardly anybody writes.

    >>> _rare_share("接报时间,类别"), _rare_share("接處警".encode("big5").decode("gb18030"))
    (0.0, 0.0)
    >>> _rare_share("受理單位,報案時間".encode("big5").decode("gb18030")) > MOST_RARE
    True
    """
    signs = "".join(sign for sign in text[:LOOKED_AT_SIGNS] if not sign.isascii())
    rare = len(signs) - len(signs.encode("gb2312", "ignore").decode("gb2312"))
    return rare / len(signs) if rare >= _ENOUGH_SIGNS else 0.0


LOOKED_AT_SIGNS = 1 << 18
"""So much of a text is looked at for rare signs."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _is_damaged(raw: bytes) -> bool:
    """Say whether bytes are UTF-8 of which a few signs are damaged: read otherwise all of it would be nonsense."""
    text = raw.decode("utf-8", "replace")
    return sum(sign > "\x7f" and sign != "\ufffd" for sign in text) > _BROKEN * text.count("\ufffd")


def _text_grid(opened: OfficeFile, layout: Layout) -> CellGrid:
    first, last = layout.heading_rows
    separator: str = layout.separator or ""
    unsure: tuple[str, ...] = ()
    if not separator:
        separator, unsure = find_separator(opened.text, first, last, "\t" if opened.kind == "TSV" else None)
    rows = cut(opened.text, separator, opened.name)
    widths = tuple(map(len, rows))
    width = max(widths, default=0)
    if width > MOST_COLUMNS or width * len(rows) > LIMITS.cells:
        raise _fault(opened.name, "office.far_cell", place=f"{len(rows)} × {width}")
    blank = [""] * width
    rows = [row if len(row) == width else row + blank[len(row) :] if row else blank for row in rows]
    return CellGrid(
        opened.name, "", opened.kind, rows, width, encoding=opened.encoding, separator=separator, widths=widths, unsure=unsure
    )


def find_separator(text: str, first: int, last: int, usual: str | None = None) -> tuple[str, tuple[str, ...]]:
    r"""Find the one sign of , ; tab | that cuts the heading into several cells; of several the one that cuts all rows alike.

    Where more than one still does, those are given too: none is certain.

    >>> find_separator("标题,一\n编号;单位\n", 2, 2), find_separator("a,b;c\n1,2\n", 1, 1), find_separator("a,b;c\n", 1, 1)
    ((';', ()), (',', ()), (',', (',', ';')))
    """
    cutting = [sign for sign in SEPARATORS if any(len(row) > 1 for row in _head(text, sign, last)[first - 1 :])]
    if usual in cutting:
        return str(usual), ()
    if len(cutting) > 1:
        alike = [
            sign for sign in cutting if len({len(row) for row in _head(text, sign, last + LOOKED_AT)[last - 1 :] if row}) == 1
        ]
        cutting = alike or cutting
    return (cutting or [","])[0], tuple(cutting) if len(cutting) > 1 else ()


def _head(text: str, separator: str, last: int) -> list[list[str]]:
    """Cut the first rows of a text, as far as that can be done."""
    found: list[list[str]] = []
    with suppress(csv.Error, InputError):
        found.extend(islice(_cut_rows(text, separator, ""), last))
    return found


def cut(text: str, separator: str, name: str, most: int = LIMITS.rows) -> list[list[str]]:
    """Cut a text into rows of cells; a quoted cell is quoted as a whole, and a quote within it is doubled.

    Raises InputError where that cannot be, and before room is taken for more rows or cells than a sheet may have.
    """
    rows: list[list[str]] = []
    nothing: list[str] = []
    try:
        for row in _cut_rows(text, separator, name, strict=True):
            rows.append(row or nothing)
            if len(rows) > most:
                raise _fault(name, "office.too_many_rows", most=f"{most:,}")
    except csv.Error as error:
        raise InputError([cut_fault(error, name, len(rows) + 1)]) from None
    return rows


def cut_fault(error: csv.Error, name: str, line: int) -> Fault:
    """Say why a text could not be cut: a cell is longer than any, as where a quote is not closed, or a quote is out of place."""
    if "field limit" in str(error):
        return long_fault(name, line)
    return Fault(name, "", "records.quote", {"line": line})


def long_fault(name: str, line: int) -> Fault:
    """Say that a cell of a text is longer than any cell is."""
    return Fault(name, "", "records.long_cell", {"line": line, "most": f"{LONGEST_CELL:,}"})


def _cut_rows(text: str, separator: str, name: str, *, strict: bool = False) -> Iterator[list[str]]:
    """Cut a text row by row; one of more separators than any table has is refused before it is cut."""
    signs = size = 0

    def lines() -> Iterator[str]:
        nonlocal signs, size
        for line in _lines(text):
            signs += line.count(separator)
            size += len(line)
            if signs > _MOST_SIGNS:
                raise _fault(name, "office.far_cell")
            yield line

    for number, row in enumerate(csv.reader(lines(), delimiter=separator, strict=strict), 1):
        if size > LONGEST_CELL and max(map(len, row)) > LONGEST_CELL:
            raise InputError([long_fault(name, number)])
        signs = size = 0
        yield row


_MOST_SIGNS = 64 * MOST_COLUMNS
"""The separators of a row, at most, those within quotes among them."""
_CHUNK = 1 << 16


def _lines(text: str) -> Iterator[str]:
    """Give the lines of a text, with their ends, without a copy of all of it."""
    begin, ends = 0, dict.fromkeys("\n\r", -1)
    while begin < len(text):
        for sign, at in ends.items():  # each is looked for once, however far away it stands
            if at < begin + _CHUNK:
                found = text.find(sign, begin + _CHUNK)
                ends[sign] = found if found >= 0 else len(text)
        end = min(ends.values()) + 1
        end += text.startswith("\r\n", end - 1)
        yield from io.StringIO(text[begin:end], newline="")
        begin = end


def choose_sheet(opened: OfficeFile, layout: Layout) -> tuple[CellGrid, tuple[str, ...]]:
    """Read the sheet that a layout names, else the only visible one that holds anything; name the others that hold anything.

    Raises InputError: no sheet of that name, several that hold something, none that does.
    """
    if opened.book is not None and (wrong := [key for key in ("encoding", "separator") if getattr(layout, key)]):
        raise InputError(Fault(opened.name, key, "office.text_only", {"given": key}) for key in wrong)
    names = [sheet.name for sheet in opened.sheets]
    listed = ", ".join(map(quote, names)) or "—"
    if layout.sheet is not None and opened.book is not None:
        if layout.sheet not in names:
            raise _fault(opened.name, "office.no_sheet", place="sheet", given=quote(layout.sheet), there=listed)
        return opened.grid(layout.sheet, layout), tuple(name for name in names if name != layout.sheet)
    if layout.sheet is not None:
        raise _fault(opened.name, "office.no_sheets", place="sheet")
    grids = [opened.grid(sheet.name, layout) for sheet in opened.sheets if not sheet.hidden]
    filled = [grid for grid in grids if grid.width]
    if len(filled) > 1:
        raise _fault(opened.name, "office.several_sheets", place="sheet", there=", ".join(quote(grid.sheet) for grid in filled))
    if not filled:
        raise _fault(opened.name, "office.empty", there=listed)
    return filled[0], tuple(name for name in names if name != filled[0].sheet)
