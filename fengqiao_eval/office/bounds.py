"""How far a workbook reaches, asked of its parts a block at a time before any room is taken for its cells."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from html import unescape
from io import BytesIO
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo, is_zipfile

import numpy as np
from python_calamine import CalamineError

BLOCK = 1 << 22
"""So many bytes of a part are looked at in one go."""
LONGEST_TAG = 4 * BLOCK
"""Nothing that is said in one go is longer."""
LONGEST_CELL = 32_767
"""The characters of a cell, at most, as the programs of offices have it."""
UNROLLED = 4
"""What is said once and stands in many cells comes to so many times fewer signs than a workbook may have bytes, at most."""
LARGE, MOST_RATIO = 32 << 20, 120
"""A part that is large and so many times larger than it is packed was made to be; equal rows are packed to a fiftieth."""
WORKBOOK, STRINGS = "xl/workbook.xml", "xl/sharedstrings.xml"
_TAG = re.compile(rb"<[^>]*>")
_STRING = re.compile(rb"<(?:\w+:)?si(?:\s[^>]*)?(?:/>|>(.*?)</(?:\w+:)?si\s*>)", re.DOTALL)
_ASKING = re.compile(rb"""(?<![\w:])t\s*=\s*["']s["']""")
_ASKED = re.compile(rb"""(?<![\w:])t\s*=\s*["']s["'][^<>]*><(?:\w+:)?v>(\d+)<""")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>])(?![^>]*/>)([^>]*)>")
_PLACE = re.compile(rb"""(?<![\w:])r\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_PLAIN = b'<c r="'
_PLACED = re.compile(rb'([A-Z]{1,3})([0-9]{1,7})"')
_WINDOW = 16
"""More signs than a place has with the quote behind it: XFD1048576."""
_SHAPES = bytes.maketrans(b"BCDEFGHIJKLMNOPQRSTUVWXYZ123456789", b"A" * 25 + b"0" * 9)
"""Every letter as A and every digit as 0, so that places of one length look alike."""
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\b(?=[^>]*\bhidden="(?:1|true)")(?=[^>]*\bmin="(\d+)")[^>]*\bmax="(\d+)"')
_UNCOMPUTED = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*><f\b[^>]*?(?:/>|>[^<]*</f>)(?:<v></v>|<v\s*/>)?</c>')
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*\bt="e"')
_RELATION = re.compile(rb"<(?:\w+:)?sheet\s[^>]*?\bid=[\"']([^\"']+)[\"']")
_TARGET = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_REPEATED = {name: re.compile(rb"""number-%s-repeated\s*=\s*["'](\d+)["']""" % name.encode()) for name in ("rows", "columns")}
_ODS_ROW = re.compile(
    rb"<table:table(?:\s[^>]*)?>|<table:table-row\b([^>]*?)(/?)>(.*?)(?=<table:table-row\b|</table:table>|$)", re.DOTALL
)
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>")


class BookLimits(NamedTuple):
    """How large a workbook may be: bytes of its parts, the last row and column in use, cells between first and last."""

    size: int
    rows: int
    columns: int
    cells: int


@dataclass
class SheetMarks:
    """What a part says of its sheet beside cells: hidden rows and columns, formulas never computed, errors (rows from 0)."""

    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    errors: list[tuple[int, int]] = field(default_factory=list)
    rows: int = 0
    columns: int = 0


@dataclass
class Extent:
    """What was found in a workbook: the place that is too far ('' where all is near), marks by part, and where its days begin.

    rule: what is wrong there, far_cell, long_cell or doubled_part; long: a cell may be too long, so that each must be looked at.
    """

    far: str = ""
    rule: str = "far_cell"
    long: bool = False
    marks: dict[str, SheetMarks] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    from_1904: bool = False


DAMAGE = (CalamineError, BadZipFile, OSError, ValueError, zlib.error, struct.error, EOFError, RuntimeError, LookupError)
"""What libraries raise over a workbook that is damaged; RuntimeError where it asks for what they cannot, or for a password."""


def measure(raw: BytesIO, limits: BookLimits) -> Extent:
    """Go through the parts of an xlsx workbook and stop at what is too far or too large.

    Raises BadZipFile where it is no xlsx, be it one of another kind, or a part is not as it says.
    """
    if not (bytes(raw.getbuffer()[:2]) == b"PK" and is_zipfile(raw)):
        raise BadZipFile
    found = Extent()
    with ZipFile(raw) as parts:
        listed = sorted(parts.infolist(), key=lambda part: part.file_size)
        names = {part.filename for part in listed}
        if WORKBOOK not in names:
            raise BadZipFile
        if twice := _find_twice(parts):
            return Extent(far=twice, rule="doubled_part")
        left = limits.size
        for part in reversed(listed):
            left -= part.file_size
            if left < 0 or (part.file_size > LARGE and part.file_size > MOST_RATIO * part.compress_size):
                return Extent(far=part.filename)
        sizes = StringSizes()
        for part in listed:
            if not part.filename.lower().endswith(".xml"):
                _pass_over(raw, part)
                continue
            marks = found.marks.setdefault(part.filename, SheetMarks())
            blocks = sizes.seen(_whole_tags(inflate(raw, part)), part.filename.lower() == STRINGS)
            if far := _farthest(blocks, part.filename, marks, limits):
                found.far = far
                return found
        found.long = sizes.long or sizes.longest > LONGEST_CELL
        most = limits.size // UNROLLED
        if sizes.longest * sizes.cells > most and _count_unrolled(raw, listed) > most:
            return Extent(far=STRINGS, rule="far_cell")
        _read_order(parts, names, found)
    raw.seek(0)
    return found


def _find_twice(parts: ZipFile) -> str:
    """Name a part that stands twice in a zip, in whatever case: each program reads the one that it finds."""
    seen = set[str]()
    for part in parts.infolist():
        name = part.filename.replace("\\", "/").lstrip("/").casefold()
        if name in seen:
            return part.filename
        seen.add(name)
    return ""


@dataclass
class StringSizes:
    """What the strings of a workbook come to at most: bytes of the longest shared one, whether any text is long, and cells."""

    longest: int = 0
    long: bool = False
    cells: int = 0
    _open: int = 0

    def seen(self, blocks: Iterator[bytes], shared: bool) -> Iterator[bytes]:  # noqa: FBT001 - named where it is said
        """Hand blocks of a part on, and keep what they tell; nothing but a tag begins with <."""
        for text in blocks:
            self.long = self.long or _holds_long(text)
            if shared:
                ends = np.append(_find(np.frombuffer(text, np.uint8), b"</si>"), len(text))
                self.longest = max(self.longest, int(ends[0]) + self._open, int(np.diff(ends).max(initial=0)))
                self._open = len(text) - int(ends[-2]) if len(ends) > 1 else self._open + len(text)
            else:
                self.cells += text.count(b"<c") + text.count(b":c")
            yield text


def _holds_long(text: bytes) -> bool:
    """Say whether more bytes than a cell has characters stand between two tags."""
    begin = 0
    while begin + LONGEST_CELL < len(text):
        tag = text.rfind(b"<", begin + 1, begin + LONGEST_CELL + 2)
        if tag < 0:
            return True
        begin = tag
    return False


def _count_unrolled(raw: BytesIO, parts: list[ZipInfo]) -> int:
    """Count the bytes of the shared strings as often as cells ask for them; a cell that asks otherwise has the longest."""
    texts = {part.filename: part for part in parts if part.filename.lower().endswith(".xml")}
    strings = next((part for name, part in texts.items() if name.lower() == STRINGS), None)
    if strings is None:
        return 0
    held = b"".join(inflate(raw, strings))
    lengths = np.array([len(_TAG.sub(b"", one or b"")) for one in _STRING.findall(held)] or [0], np.int64)
    found = 0
    for name, part in texts.items():
        for text in _whole_tags(inflate(raw, part)) if name.lower() != STRINGS else ():
            asked = np.array([number[:9] for number in _ASKED.findall(text)], np.int64)
            asked = asked[asked < len(lengths)]
            found += int(lengths[asked].sum()) + max(len(_ASKING.findall(text)) - len(asked), 0) * int(lengths.max())
    return found


def _read_order(parts: ZipFile, names: set[str], found: Extent) -> None:
    """Read in which order the sheets stand, and where days are counted from."""
    text = parts.read(WORKBOOK)
    found.from_1904 = bool(re.search(rb"\bdate1904=[\"'](?:1|true)[\"']", text))
    relations = "xl/_rels/workbook.xml.rels"
    targets = {}
    for tag in _TARGET.findall(parts.read(relations) if relations in names else b""):
        told = dict(re.findall(rb"(\w+)\s*=\s*[\"']([^\"']*)[\"']", tag))
        path = told.get(b"Target", b"").decode("utf-8", "replace")
        targets[told.get(b"Id", b"")] = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    found.order = [targets.get(one, "") for one in _RELATION.findall(text)]


def _pass_over(raw: BytesIO, part: ZipInfo) -> None:
    for _ in inflate(raw, part):  # that it is as large as it says
        pass


def inflate(raw: IO[bytes], part: ZipInfo) -> Iterator[bytes]:
    """Give a part of a zip in blocks; raises BadZipFile where it is larger than it says, for which another would take room."""
    if part.flag_bits & 1 or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadZipFile
    raw.seek(part.header_offset)
    head = raw.read(30)
    if len(head) < 30 or head[:4] != b"PK\3\4":  # noqa: PLR2004 - the local header of a part
        raise BadZipFile
    raw.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    left, size = part.compress_size, 0
    packed = zlib.decompressobj(-zlib.MAX_WBITS) if part.compress_type == ZIP_DEFLATED else None
    block, rest = b"", b""
    while left > 0 or rest:
        if not rest:
            rest = raw.read(min(left, BLOCK // 4))
            left -= len(rest)
            if not rest:
                raise BadZipFile
        block = packed.decompress(rest, BLOCK) if packed else rest
        rest = packed.unconsumed_tail if packed else b""
        size += len(block)
        if size > part.file_size:
            raise BadZipFile
        yield block
    if size != part.file_size:
        raise BadZipFile


def _whole_tags(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Put blocks together so that none ends within a cell."""
    kept = b""
    for block in blocks:
        text = kept + block
        end = max(text.rfind(b"<c "), text.rfind(b"<row"))
        end = end if end > 0 else text.rfind(b">") + 1
        kept = text[end:]
        if end:
            yield text[:end]
        if len(kept) > LONGEST_TAG:
            break
    yield kept


def _farthest(blocks: Iterator[bytes], name: str, marks: SheetMarks, limits: BookLimits) -> str:
    """Name the farthest cell of a part where it is too far, the part where cells do not say where they stand; else ''."""
    for number, text in enumerate(blocks):
        if (number == 0 and b"\0" in text[:4]) or len(text) > LONGEST_TAG:
            return name
        places = _plain_places(text) or _written_places(text)
        if places is None:
            return name
        rows, columns = places
        marks.rows = max(marks.rows, int(rows.max(initial=0)))
        marks.columns = max(marks.columns, int(columns.max(initial=0)))
        if marks.rows > limits.rows or marks.columns > limits.columns or marks.rows * marks.columns > limits.cells:
            rows, columns = _written_places(text) or places
            worst = int(np.argmax(rows / limits.rows + columns / limits.columns))
            return f"{_letters(int(columns[worst]))}{rows[worst]}"
        _read_marks(text, marks)
    return ""


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, left = divmod(number - 1, 26)
        letters = chr(65 + left) + letters
    return letters


def _plain_places(text: bytes) -> tuple[np.ndarray, np.ndarray] | None:
    """Give the farthest row and column (from 1) of a block that is written as programs usually do; None where it is not.

    Places of one length are compared as they are written, without making a number of each: a block has few lengths.
    """
    signs, padded = np.frombuffer(text, np.uint8), text + bytes(_WINDOW)
    starts = _find(signs, b"<c")
    starts = starts[signs.take(starts + 2, mode="clip") != ord("o")]  # <cols>
    begun = _words(padded, starts, "<u8") & np.uint64(int.from_bytes(b"\xff" * len(_PLAIN), "little"))
    if (begun != np.uint64(int.from_bytes(_PLAIN, "little"))).any() or len(_find(signs, b":c")):
        return None
    if len(_find(signs, b"/>")):  # a cell of looks alone closes itself
        ends = np.append(_find(signs, b">"), len(text))
        starts = starts[signs[ends[np.searchsorted(ends, starts)] - 1] != ord("/")]
    left, rows, columns = starts + len(_PLAIN), [0], [0]
    shapes = np.stack([_words(padded, left, "<u8"), _words(padded, left + 8, "<u8")], axis=1)
    shapes = np.frombuffer(shapes.tobytes().translate(_SHAPES), "<u8").reshape(-1, 2)
    while len(left):
        first = _PLACED.match(padded, left[0])
        if first is None:
            return None
        whole = (made.ljust(_WINDOW, b"\0") for made in (first[0].translate(_SHAPES), b"\xff" * len(first[0])))
        asked, mask = (np.frombuffer(made, "<u8") for made in whole)
        alike = ((shapes & mask) == asked).all(axis=1)
        columns.append(_number(_last(padded, left[alike], len(first[1]))))
        rows.append(int(_last(padded, left[alike] + len(first[1]), len(first[2]))))
        left, shapes = left[~alike], shapes[~alike]
    return np.array([max(rows)]), np.array([max(columns)])


def _find(signs: np.ndarray, word: bytes) -> np.ndarray:
    """Find where a word of few signs begins: a pass for each of them, faster than a search where there are millions."""
    many = max(len(signs) - len(word) + 1, 0)
    found = signs[:many] == word[0]
    for offset, sign in enumerate(word[1:], 1):
        found &= signs[offset : offset + many] == sign
    return np.flatnonzero(found)


def _words(text: bytes, at: np.ndarray, kind: str) -> np.ndarray:
    """Take the eight signs at each of these places as one number, in the order of bytes that is asked for."""
    return np.ndarray(len(text) - 7, kind, text, strides=(1,))[at]


def _last(text: bytes, at: np.ndarray, length: int) -> bytes:
    """Give the word that would be sorted last of those of one length that begin at these places."""
    return int(_words(text, at, ">u8").max() >> np.uint64(64 - 8 * length)).to_bytes(length, "big")


def _written_places(text: bytes) -> tuple[np.ndarray, np.ndarray] | None:
    """Give row and column of the cells of a block, however they are written; None where one does not say where it stands."""
    found = [_PLACE.findall(cell) for cell in _CELL.findall(text)]
    if not all(found):
        return None
    places = [(int(row[:9]), _number(column[:9])) for each in found for column, row in each]
    rows, columns = np.array(places, np.int64).reshape(-1, 2).T
    return rows, columns


def _number(letters: bytes) -> int:
    """Number a column by its letters, from 1."""
    return reduce(lambda number, letter: number * 26 + letter - 64, letters.upper(), 0)


def _read_marks(text: bytes, marks: SheetMarks) -> None:
    """Find what a block says beside its cells; looked for only where its words stand at all."""
    if b"hidden=" in text:
        marks.hidden_rows += [int(row) - 1 for row in _HIDDEN_ROW.findall(text)]
        for first, last in _HIDDEN_COLUMN.findall(text):
            marks.hidden_columns += range(int(first) - 1, min(int(last), int(first) + 1024))
    if len(_find(np.frombuffer(text, np.uint8), b"<f")):
        marks.uncomputed += [(int(row) - 1, _number(column) - 1) for column, row in _UNCOMPUTED.findall(text)]
    if b't="e"' in text:
        marks.errors += [(int(row) - 1, _number(column) - 1) for column, row in _ERROR.findall(text)]


# OpenDocument: cells and rows that are repeated


def measure_ods(raw: BytesIO, limits: BookLimits) -> Extent:
    """Find what is too large in an OpenDocument sheet, and where its days begin; raises BadZipFile where it is none.

    A row or cell may be said once and repeated a million times, and blanks by their number; empty cells at the end, as programs
    write them, take no room. All sheets are unrolled together.
    """
    with ZipFile(raw) as parts:
        listed = {part.filename: part for part in parts.infolist()}
        if "content.xml" not in listed:
            raise BadZipFile
        if twice := _find_twice(parts):
            return Extent(far=twice, rule="doubled_part")
        if sum(part.file_size for part in listed.values()) > limits.size:
            return Extent(far=max(listed, key=lambda name: listed[name].file_size))
        text = b"".join(inflate(raw, listed["content.xml"]))
    raw.seek(0)
    if b"<!" in text:  # neither remarks nor entities: what is in them might be taken for cells here, or cells for it
        raise BadZipFile
    text = _LATE_END.sub(lambda told: told[0].replace(b">", b" "), text)
    return _far_ods(text, limits) or Extent(from_1904=bool(_ODS_1904.search(text)))


def _far_ods(text: bytes, limits: BookLimits) -> Extent | None:
    """Find the first row that reaches too far, holds a cell that is too long, or with all before it too many signs."""
    height = filled = width = before = unrolled = 0
    for row in _ODS_ROW.finditer(text):
        if row[1] is None:
            before += filled * width
            height = filled = width = 0
            continue
        times = _times(row[1], "rows")
        height += times
        cells = [(_times(told, "columns"), not closed) for told, closed in _ODS_CELL.findall(row[3])]
        while cells and not cells[-1][1]:
            cells.pop()
        if not cells:
            continue
        filled, width = height, max(width, sum(times for times, _ in cells))
        signs, long = _row_signs(row[3]) if times > 1 or len(row[3]) > LONGEST_CELL or _UNROLLS.search(row[0]) else (0, 0)
        if long:
            return Extent(far=f"{_letters(long)}{height}", rule="long_cell")
        unrolled += signs * times
        wide = filled > limits.rows or width > limits.columns or before + filled * width > limits.cells
        if wide or unrolled > limits.size // UNROLLED:
            return Extent(far=f"{_letters(width)}{filled}")
    return None


_LATE_END = re.compile(rb"""=\s*"[^"<>]*>[^"<]*"|=\s*'[^'<>]*>[^'<]*'""")
"""A value that holds what ends a tag."""
_UNROLLS = re.compile(rb"number-columns-repeated|text:c\s*=")
_BLANKS = re.compile(rb"""<text:s\b[^>]*?\btext:c\s*=\s*["'](\d+)""")
_VALUES = re.compile(rb"""\b(?:office:(?:string|date|time)-value|table:formula)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def _row_signs(row: bytes) -> tuple[int, int]:
    """Count the characters of a row as cells and blanks are repeated, and give the column (from 1) of a cell that is too long."""
    found = list(_ODS_CELL.finditer(row))
    ends = [cell.start() for cell in found[1:]] + [len(row)]
    total, column = 0, 1
    for cell, end in zip(found, ends, strict=True):
        inner, times = row[cell.end() : end], _times(cell[1], "columns")
        values = max((len(one or other) for one, other in _VALUES.findall(cell[1])), default=0)
        blanks = sum(int(number[:9]) for number in _BLANKS.findall(inner))
        signs = max(len(_TAG.sub(b"", inner)) + blanks, values)
        if signs > LONGEST_CELL:  # bytes so far
            signs = max(len(unescape(_TAG.sub(b"", inner).decode("utf-8", "replace"))) + blanks, values)
            if signs > LONGEST_CELL:
                return total, column
        total += signs * times
        column += times
    return total, 0


_ODS_1904 = re.compile(rb"<table:null-date\b[^>]*\bdate-value=[\"']1904-01-01")
"""What says in an OpenDocument sheet that its bare numbers are days from 1904."""


def _times(told: bytes, what: str) -> int:
    found = _REPEATED[what].search(told)
    return int(found[1][:9]) if found else 1
