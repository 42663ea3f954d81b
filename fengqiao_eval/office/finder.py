"""Where the tables of a file most likely lie, for a person to see and settle: heading, rows, sums, notes, marks, and why."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from fengqiao_eval.errors import InputError, Note
from fengqiao_eval.office.cells import Writing, is_like_name, read_amount, read_column
from fengqiao_eval.office.grid import SEPARATORS, CellGrid, OfficeFile, cut, open_office
from fengqiao_eval.office.layout import TOTALS, Layout, Mark, column_letters, squeeze
from fengqiao_eval.office.table import COMMA, DATA, find_headings, find_sums, list_words, read_heading, tidy
from fengqiao_eval.words import quote

MOST_REMARKS = 500
"""Of notes that begin in more ways than that the commonest are proposed."""
DEEP = 60
"""A heading is looked for in so many rows from where a table may begin."""
LOOKED_AT = 2000
"""So many rows below a heading are looked at to see what its columns hold."""
FIRST_CELLS = 200
"""So many cells of a column tell whether it holds times."""
MUCH = 8 << 20
"""So many signs of a text are looked at."""
LONG = 80
"""No name of a column is longer."""
ENOUGH = 3.0
"""A row of this score may be a heading."""
MOST = 7.0
"""No row scores higher."""
UNTOLD = Layout()
"""Where nothing is settled yet."""
_NOTHING = "— —— - -- / \\ * … 空 空缺 缺 未填 待补 暂无 无 n/a na null"
MARKS: dict[str, Mark] = {
    **dict.fromkeys(_NOTHING.split(), "missing"),
    **dict.fromkeys(("不分管", "不适用", "不涉及", "免考", "不考核"), "not_applicable"),
}
"""What stands in a cell for nothing, and what that most likely means."""
_SLIGHT = ("—", "——", "-", "--", "/", "\\")
"""Marks that are no word: they mean nothing in a column of texts too."""
_COUNTED = re.compile(r"数|次|件|人|量|金额|分$|率|count|number|total", re.IGNORECASE)
_ORDER = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}(?:\D.*)?", re.DOTALL)
_COMMA = re.compile(r"\s*[+-]?\d+,\d{1,2}\s*")
_POINT = re.compile(r"\s*[+-]?[\d,]*\.\d+\s*")
_NOTE = re.compile(r"(?P<word>[^:：]{1,12})[:：]")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_CLOCK = re.compile(
    r"(?:凌晨|早上|上午|中午|下午|傍晚|晚上)?\d{1,2}(?::\d{2}(?::\d{2})?|[时点](?:\d{1,2}分?)?(?:\d{1,2}秒)?)(?:[ap]m)?"
)
_PERSON = re.compile(r"\d{7}|报警人|当事人|投诉人|举报人|联系人|姓名")
"""What a note says that may name a citizen; of it no more than its first sign is repeated."""
_NOTES = re.compile(r"注|说明|空白|完|制表|审核|签|填|合计|小计|备|附|日期|单位|页|止|表|所|队|局|区|县|站|室|科|组|镇|乡|村")
"""A short text alone in a row is a person's name, unless it says what notes and sections say."""
_FEW = 3


@dataclass(frozen=True)
class Proposal:
    """A table that most likely lies in a sheet: its layout, its columns and rows, how sure that is (0 to 1), why, what else."""

    sheet: str
    layout: Layout
    columns: tuple[str, ...]
    rows: int
    sure: float
    why: tuple[Note, ...] = ()
    alternatives: tuple[Layout, ...] = ()
    hidden: bool = False
    days: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    """The columns that hold days without a clock, and clocks without a day, and nothing else."""
    times: tuple[str, ...] = ()
    """The columns that hold times and nothing else, as far as their first cells tell."""
    title: str | None = None
    """What stands above a table that has others of the same headings beside it; '' for nothing, None where it has none."""


@dataclass(frozen=True)
class Search:
    """What a file holds: the tables that most likely lie in it, and the sheets that hold something but no table."""

    proposals: tuple[Proposal, ...]
    without: tuple[str, ...]


@dataclass(frozen=True)
class _Region:
    """A part of a grid in which one table may lie: rows and columns from 0, the last ones left out."""

    grid: CellGrid
    top: int
    bottom: int
    columns: tuple[int, ...]
    aside: bool = False
    """Whether tables of the same headings stand beside it."""

    def row(self, number: int) -> list[Any]:
        """Give the cells of a row within the region."""
        cells = self.grid.rows[number]
        return [cells[column] for column in self.columns]


def propose(path: Path, known: Collection[str] = (), name: str | None = None, told: Layout = UNTOLD) -> list[Proposal]:
    """Propose where the tables of a file lie, sheet by sheet from above; nothing is read by it until a person has settled it.

    known: words that headings may be. told: what a person has settled already, of which encoding and heading are taken; with a
    heading a sheet holds one table, which is certain, or none where nothing stands in that row. A row scores as a heading, of 7:
    up to 3 for the share of its names that are known, 2 for the share of the columns below that it names, 1 where it holds short
    texts only and no two alike, 1 where other things stand below: numbers, times. Of rows that score alike the upper one is
    taken. Sure is the score by 7, halved where another row comes within 0.5 of it, or where the file may be cut in two ways.
    Raises InputError where the file cannot be opened or cut.
    """
    return list(search(path, known, name, told).proposals)


def search(path: Path, known: Collection[str] = (), name: str | None = None, told: Layout = UNTOLD) -> Search:
    """Look through the sheets of a file: the tables as propose() finds them, and the sheets in which nothing looks like one."""
    opened, more = _shorten(open_office(path, told, name))
    words = frozenset(map(bare_name, known))
    found: list[Proposal] = []
    without: list[str] = []
    for sheet in opened.sheets:
        grid, settled = _open_grid(opened, sheet.name)
        if grid is None or not grid.width:
            continue
        several = sum(not other.hidden for other in opened.sheets) > 1 or sheet.hidden
        settled = settled.model_copy(update={"sheet": sheet.name}) if several else settled
        settled = settled.model_copy(update={"encoding": told.encoding}) if told.encoding and opened.book is None else settled
        regions = list(_regions(grid, words) if told.heading is None else _region_told(grid, told))
        found += [replace(_proposal(region, heading, settled, words), hidden=sheet.hidden) for region, heading in regions]
        without += [] if regions else [sheet.name]
    if found and more:
        found[-1] = replace(found[-1], rows=found[-1].rows + more)
    return Search(tuple(found), tuple(without))


def _shorten(opened: OfficeFile) -> tuple[OfficeFile, int]:
    """Leave of a long text its beginning, by which it is proposed how it is read; and count the lines behind that."""
    end = opened.text.find("\n", MUCH) + 1
    if opened.book is not None or not end:
        return opened, 0
    return replace(opened, text=opened.text[:end]), opened.text.count("\n", end) + (opened.text[-1] != "\n")


def bare_name(text: str) -> str:
    """Leave of a heading what it is known by: no blanks, width, case, punctuation.

    >>> bare_name("REC_ID"), bare_name("接报 时间")
    ('recid', '接报时间')
    """
    return "".join(sign for sign in squeeze(text) if sign.isalnum())


def _open_grid(opened: OfficeFile, sheet: str) -> tuple[CellGrid | None, Layout]:
    """Read a sheet, or a text at the separator by which most of its lines are cut alike."""
    if opened.book is not None:
        return opened.grid(sheet, Layout()), Layout()
    best = max(SEPARATORS, key=lambda sign: _cut_score(opened, sign))
    settled = Layout(
        encoding=opened.encoding if opened.encoding in ("gb18030", "utf-16") else None,  # type: ignore[arg-type]  # one of them
        separator=best if best != "," and _cut_score(opened, best) else None,  # type: ignore[arg-type]  # one of SEPARATORS
    )
    return opened.grid(sheet, Layout(separator=settled.separator or ",")), settled


def _cut_score(opened: OfficeFile, separator: str) -> tuple[int, int]:
    """Score a separator: in how many rows it gives the commonest number of cells, where that is more than one."""
    try:
        rows = cut(opened.text, separator, opened.name)[:LOOKED_AT]
    except InputError:
        return 0, 0
    width, times = max(Counter(len(row) for row in rows if len(row) > 1).items(), key=lambda one: one[1], default=(0, 0))
    return times, width


# Which rows are headings


def _regions(grid: CellGrid, known: frozenset[str]) -> Iterator[tuple[_Region, list[tuple[float, int, int]]]]:
    """Part a sheet into the regions of its tables, each with the rows that may be its heading, the best first."""
    starts: list[tuple[int, list[tuple[float, int, int]]]] = []
    columns = tuple(range(grid.width))
    begin = 0
    for top, bottom in _segments(grid):
        region = _Region(grid, top, bottom, columns)
        found = _headings(region, known)
        if found and found[0][0] >= ENOUGH and (not starts or _is_another(grid, starts[-1][1][0], found[0], known)):
            starts.append((top, found))
    for number, (_, found) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(grid.rows)
        yield from _blocks(_Region(grid, begin, end, columns), found)
        begin = end


def _region_told(grid: CellGrid, told: Layout) -> Iterator[tuple[_Region, list[tuple[float, int, int]]]]:
    """Give the region below a heading that a person has named, where there is one in this sheet."""
    first, last = (row - 1 for row in told.heading_rows)
    if last < len(grid.rows) and any(not _is_blank(cell) for cell in grid.rows[last]):
        yield from _blocks(_Region(grid, 0, len(grid.rows), tuple(range(grid.width))), [(MOST, first, last)])


def _segments(grid: CellGrid) -> Iterator[tuple[int, int]]:
    """Give the stretches of rows between rows of nothing."""
    begin: int | None = None
    for number, row in enumerate([*grid.rows, [""]]):
        blank = all(isinstance(cell, str) and not cell.strip() for cell in row)
        if blank and begin is not None:
            yield begin, number
            begin = None
        elif not blank and begin is None:
            begin = number


def _is_another(grid: CellGrid, one: tuple[float, int, int], other: tuple[float, int, int], known: frozenset[str]) -> bool:
    """Say whether a second heading begins a table of its own: other names, of which none is a cell of the rows before."""
    names, new = grid.rows[one[2]], grid.rows[other[1]]
    if names == new:
        return False
    said = [(column, cell) for column, cell in enumerate(new) if not _is_blank(cell)]
    if sum(bare_name(str(cell)) in known for _, cell in said) * 2 >= len(said):
        return True
    before = grid.rows[one[2] + 1 : other[1]][:LOOKED_AT]
    return not any(cell == row[column] for column, cell in said for row in before)


def _headings(region: _Region, known: frozenset[str]) -> list[tuple[float, int, int]]:
    """Score the rows of a region as headings, the best first: score, first and last row."""
    scored = []
    for row in range(region.top, min(region.bottom, region.top + DEEP)):
        if score := _score(region, row, row, known):
            scored.append((score, row, row))
        if row + 1 < region.bottom and _is_double(region, row):
            score = _score(region, row, row + 1, known)
            scored.append((score + 0.1, row, row + 1))
    return sorted(scored, key=lambda one: (-one[0], one[1]))


def _score(region: _Region, first: int, last: int, known: frozenset[str]) -> float:
    """Score a heading of one row or two, as propose() says; 0 where no row below holds anything."""
    heading = read_heading(region.grid, Layout(heading=(first + 1, last + 1)))
    names = [heading[column] for column in region.columns]
    below = [region.row(row) for row in range(last + 1, min(region.bottom, last + 31))]
    used = [
        any(not _is_blank(row[n]) for row in below if sum(not _is_blank(cell) for cell in row) > 1) for n in range(len(names))
    ]
    said = [name for name in names if name]
    if not any(used) or not said:
        return 0.0
    named = sum(bool(name) for name, there in zip(names, used, strict=True) if there) / sum(used)
    cells = [cell for row in range(first, last + 1) for cell in region.row(row) if not _is_blank(cell)]
    odd = sum(not _is_name(cell) for cell in cells)
    distinct = len({name.casefold() for name in said}) == len(said) or (first == last and bool(_sides(region, last)))
    other = any(_is_datum(row[n]) for row in below for n, name in enumerate(names) if name)
    familiar = sum(_is_known(name, known) for name in said) / len(said)
    if odd and (odd * _FEW > len(cells) or familiar * 2 < 1):  # a cell or two of another kind, where most are names that we know
        return 0.0
    return 3 * familiar + 2 * named + distinct * (len(said) > 1 or len(names) == 1) + other - AGAIN * _is_said_again(below, said)


def _is_name(cell: Any) -> bool:
    return isinstance(cell, str) and len(cell) <= LONG and not DATA.search(cell) and not _is_datum(cell)


def _is_known(name: str, known: frozenset[str]) -> bool:
    """Say whether a name is known: as it is, by its first or last word, or without what it says in brackets."""
    words = name.split() or [name]
    return any(bare_name(one) in known for one in (name, words[0], words[-1], _BRACKETS.sub("", squeeze(name))))


AGAIN = 0.6
"""What it takes from a row that the names stand below it once more, as in another language: the last such row is the heading."""


def _is_said_again(below: Sequence[Sequence[Any]], said: Sequence[str]) -> bool:
    """Say whether the row right below holds names too: texts, no two alike, as many, where most rows further down hold data."""
    if len(below) < _FEW:
        return False
    next_row, rest = [cell for cell in below[0] if not _is_blank(cell)], below[1:]
    texts = all(isinstance(cell, str) and cell.isascii() and not _is_datum(cell) and cell.isidentifier() for cell in next_row)
    held = sum(any(map(_is_datum, row)) for row in rest)
    return texts and len(set(next_row)) == len(next_row) >= len(said) > 1 and held * 10 >= len(rest) * 9


def _is_double(region: _Region, row: int) -> bool:
    """Say whether a row and the next are one heading: the next has gaps that the first fills, or names twice."""
    upper, lower = region.row(row), region.row(row + 1)
    names = [cell for cell in lower if not _is_blank(cell)]
    if not names or any(map(_is_datum, names)) or _sides(region, row + 1) or sum(not _is_blank(cell) for cell in upper) < 2:  # noqa: PLR2004 - more than a title
        return False
    gaps = [not _is_blank(above) for above, cell in zip(upper, lower, strict=True) if _is_blank(cell)]
    twice = len(set(names)) < len(names)
    under = any(_is_blank(above) and not _is_blank(cell) for above, cell in zip(upper, lower, strict=True))
    return (any(gaps) and under) or (twice and under)


def _sides(region: _Region, row: int) -> list[list[int]]:
    """Part a row of names that are those of tables side by side: the same names over again, or most of them beyond a gap."""
    cells = region.row(row)
    above = region.row(row - 1) if row else [""] * len(cells)
    if any(_is_blank(cell) and not _is_blank(over) for cell, over in zip(cells, above, strict=True)):
        return []  # what has no name here has one above: a heading of two rows
    parts: list[list[int]] = [[]]
    for number, cell in enumerate(cells):
        if not _is_blank(cell):
            parts[-1].append(number)
        elif parts[-1]:
            parts.append([])
    parts = [part for part in parts if part]
    names = [[tidy(cells[number]) for number in part] for part in parts]
    if len(parts) == 1:
        long = len(parts[0])
        turns = (turn for turn in range(_FEW, long // 2 + 1) if not long % turn and names[0] == names[0][:turn] * (long // turn))
        if turn := next(turns, 0):
            parts = [parts[0][begin : begin + turn] for begin in range(0, long, turn)]
            names = [names[0][:turn]] * len(parts)
    most = max(map(len, names), default=0)
    alike = all(len(set(one)) == len(one) and len(set(one) & set(names[0])) * 2 > most for one in names)
    return [[region.columns[number] for number in part] for part in parts] if alike and len(parts) > 1 < most else []


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _is_datum(cell: Any) -> bool:
    """Say whether a cell is a number or a time, which no heading is."""
    if isinstance(cell, str):
        return bool(cell.strip()) and (read_amount(cell) is not None or _is_time(cell))
    return not isinstance(cell, bool)


def _is_time(cell: Any) -> bool:
    if isinstance(cell, datetime | date | time):
        return True
    if not isinstance(cell, str) or not any(sign.isdigit() for sign in cell):
        return False
    text = read_column([cell], Writing("time")).texts[0]
    return (text is not None and (text != cell or bool(DATA.match(text)))) or bool(_ORDER.fullmatch(cell))


def _blocks(region: _Region, found: list[tuple[float, int, int]]) -> Iterator[tuple[_Region, list[tuple[float, int, int]]]]:
    """Part a region where tables stand side by side: an empty column between names of which some stand on both sides."""
    _, first, last = found[0]
    if first == last and (sides := _sides(region, last)):
        for side in sides:
            yield replace(region, columns=tuple(side), aside=True), found
        return
    names = read_heading(region.grid, Layout(heading=(first + 1, last + 1)))
    rows = [region.grid.rows[row] for row in range(last + 1, region.bottom)]
    used = [bool(names[column]) or any(not _is_blank(row[column]) for row in rows) for column in region.columns]
    blocks: list[list[int]] = [[]]
    for column in region.columns:
        if used[column]:
            blocks[-1].append(column)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    said = [{names[column] for column in block if names[column]} for block in blocks]
    ends = [max((n for n, row in enumerate(rows) if any(not _is_blank(row[c]) for c in block)), default=0) for block in blocks]
    apart = len(blocks) > 1 and all(len(one) > 1 for one in said) and (bool(said[0] & said[1]) or len(set(ends)) > 1)
    for block in blocks if apart else [list(region.columns)]:
        yield replace(region, columns=tuple(block)), found


# What stands below a heading


def _proposal(region: _Region, found: list[tuple[float, int, int]], settled: Layout, known: frozenset[str]) -> Proposal:
    """Make the proposal of a region from its best heading."""
    score, first, last = found[0]
    layout = settled.model_copy(update=_span(first, last) | _extent(region, last))
    names = {column: name for column, name in read_heading(region.grid, layout).items() if name and column in region.columns}
    rows = [row for row in range(last + 1, region.bottom) if any(not _is_blank(cell) for cell in region.row(row))]
    sums = set(find_sums(region.grid, list_words(region.grid), TOTALS, last + 1))
    remarks = _remarks(region, [row for row in rows if row not in sums])
    patterns = tuple(pattern for pattern, _ in Counter(pattern for _, pattern in remarks).most_common(MOST_REMARKS))
    layout = layout.model_copy(update={"remarks": patterns})
    begun = frozenset(patterns)
    noted = {row for row, pattern in remarks if pattern in begun}
    data = [row for row in rows if row not in sums and row not in noted]
    again = find_headings(region.grid, layout)
    data = [row for row in data if row not in again]
    gaps = [c for c in region.columns if c not in names and any(not _is_blank(region.grid.rows[row][c]) for row in data)]
    columns = _letters(sorted(names)) if gaps or len(region.columns) < region.grid.width else ()
    cells = {name: [region.grid.rows[row][column] for row in data[:LOOKED_AT]] for column, name in names.items()}
    held = {key: value for key, value in _column_keys(region, names, cells, data).items() if value}
    layout = layout.model_copy(update={"columns": columns, **held})
    rivals = [one for one in found[1:] if score - one[0] < 0.5]  # noqa: PLR2004 - as propose() says
    why = tuple(_reasons(layout, names, known, (first, last), len(data), len(sums & set(rows)), gaps))
    why += tuple(_column_reasons(layout, cells))
    why += (Note("found_more_remarks", {"count": len(remarks) - len(noted)}),) if len(noted) < len(remarks) else ()
    why += (Note("found_sides", {"columns": ", ".join(columns)}),) if region.aside else ()
    others = tuple(settled.model_copy(update=_span(one[1], one[2])) for one in found[1 : _FEW + 1])
    proposal = Proposal(region.grid.sheet, layout, tuple(names.values()), len(data), _sureness(score, rivals), why, others)
    title = _title(region, first) if region.aside else None
    times = _all_of({name: those[:FIRST_CELLS] for name, those in cells.items()}, _is_time)
    return replace(proposal, days=_all_of(cells, _is_day), clocks=_all_of(cells, _is_clock), times=times, title=title)


def _title(region: _Region, heading: int) -> str:
    """Give the one text that stands above the names of a table, '' where there is none or several."""
    said = [tidy(cell) for cell in region.row(heading - 1) if not _is_blank(cell)] if heading else []
    return said[0] if len(said) == 1 else ""


def _all_of(cells: dict[str, list[Any]], test: Callable[[Any], bool]) -> tuple[str, ...]:
    """Name the columns of which every cell that holds anything but a mark is of a kind."""
    held = {name: [one for one in those if not _is_blank(one) and not _is_mark(one)] for name, those in cells.items()}
    return tuple(name for name, those in held.items() if those and all(map(test, those)))


def _is_mark(cell: Any) -> bool:
    return isinstance(cell, str) and squeeze(cell) in MARKS


def _is_day(cell: Any) -> bool:
    if isinstance(cell, datetime):
        return cell.time() == time()
    return type(cell) is date or (isinstance(cell, str) and ":" not in squeeze(cell) and "时" not in cell and _is_time(cell))


def _is_clock(cell: Any) -> bool:
    if isinstance(cell, float):
        return 0 <= cell < 1  # as a spreadsheet keeps a time of day
    return isinstance(cell, time) or (isinstance(cell, str) and bool(_CLOCK.fullmatch(squeeze(cell))))


def _sureness(score: float, rivals: Sequence[Any]) -> float:
    return round(min(score / MOST, 1.0) / (2 if rivals else 1), 2)


def _span(first: int, last: int) -> dict[str, Any]:
    return {"heading": first + 1 if first == last else (first + 1, last + 1)}


def _extent(region: _Region, last: int) -> dict[str, Any]:
    """Name the rows of a table where another lies below it, or it lies below another."""
    return {"rows": (last + 2, region.bottom)} if region.bottom < len(region.grid.rows) and last + 2 <= region.bottom else {}


def _letters(columns: Sequence[int]) -> tuple[str, ...]:
    """Name columns by their letters, neighbours together."""
    spans: list[list[int]] = []
    for column in columns:
        if spans and spans[-1][-1] == column - 1:
            spans[-1].append(column)
        else:
            spans.append([column])
    return tuple(column_letters(span[0]) + (f":{column_letters(span[-1])}" if len(span) > 1 else "") for span in spans)


def _remarks(region: _Region, rows: Sequence[int]) -> list[tuple[int, str]]:
    """Find rows of notes: few cells, the first a text with a colon or all that the row holds; each with a pattern of its own."""
    found = []
    wide = len(region.columns)
    for row in rows:
        filled = [cell for cell in region.row(row) if not _is_blank(cell)]
        head = filled[0] if filled and isinstance(filled[0], str) else ""
        note = _NOTE.match(head.strip())
        alone = len(filled) == 1 and wide > _FEW - 1 and not _is_datum(head)
        if head and (alone or (note and len(filled) * 2 <= wide + 1 and not any(map(_is_datum, filled[1:])))):
            word = note["word"].strip() + "*" if note else squeeze(head)[:8].replace("*", "") + "*"
            person = _PERSON.search(squeeze(head)) or (is_like_name(squeeze(head)) and not _NOTES.search(squeeze(head)))
            word = squeeze(head)[:1].replace("*", "") + "*" if person else word
            found.append((row, word))
    taken = {number for number, _ in found}
    longest = max((len(squeeze(word)) for _, word in found), default=0)
    begun = (
        {other[:end] for other in _firsts(region, rows, taken) for end in range(1, min(len(other), longest) + 1)} if found else ()
    )
    sure = (
        (row, _pattern(word, str(next(cell for cell in region.row(row) if not _is_blank(cell))), begun)) for row, word in found
    )
    return [(row, word) for row, word in sure if word]


def _pattern(word: str, said: str, begun: Collection[str]) -> str:
    """Give a pattern by which no record begins: the word of a note, else with its colon, as 注: where records begin with 注册."""
    if squeeze(word[:-1]) not in begun:
        return word
    colon = f"{word[:-1]}:*"
    return colon if squeeze(said).startswith(squeeze(colon[:-1])) and squeeze(colon[:-1]) not in begun else ""


def _firsts(region: _Region, rows: Sequence[int], taken: Collection[int]) -> set[str]:
    """Give what stands first in the rows that are no notes."""
    return {squeeze(cell) for cell in {str(region.row(row)[0])[:LONG] for row in rows if row not in taken}}


def _column_keys(region: _Region, names: dict[int, str], cells: dict[str, list[Any]], data: Sequence[int]) -> dict[str, Any]:
    """Find what is to be said of columns: marks, orders of days and months, the sign of decimals, what is said once a group."""
    marks = {name: found for name, those in cells.items() if (found := _marks(name, those))}
    orders = {name: order for name, those in cells.items() if (order := _order(those))}
    rows = [region.grid.rows[row] for row in data[:LOOKED_AT]]
    whole = next((column for column in region.columns if not any(_is_blank(row[column]) for row in rows)), region.grid.width)
    fill = tuple(name for column, name in names.items() if column <= whole and _is_carried(region, column, cells[name], data))
    comma = _columns_like(_COMMA, cells) and not _columns_like(COMMA, cells) and not _columns_like(_POINT, cells)
    return {"marks": marks, "formats": orders, "fill": fill, "decimal": "," if comma else ""}


def _columns_like(form: re.Pattern[str], cells: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """Name the columns in which a cell is written so and is a number."""
    like = {name: [cell for cell in those if isinstance(cell, str) and form.fullmatch(cell)] for name, those in cells.items()}
    return tuple(n for n, those in like.items() if any(read_amount(cell, sign) is not None for cell in those for sign in ".,"))


def _marks(name: str, cells: Sequence[Any]) -> dict[str, Mark]:
    """Find the marks of a column: of any in one of numbers or times, of those that are no word in one of texts."""
    there = {cell for cell in cells if isinstance(cell, str) and squeeze(cell) in MARKS}
    if not there:
        return {}
    others = [cell for cell in cells if not _is_blank(cell) and not (isinstance(cell, str) and cell in there)]
    data = sum(map(_is_datum, others)) * 2 > len(others) if others else bool(_COUNTED.search(name))
    found = {cell: MARKS[squeeze(cell)] for cell in sorted(there) if data or squeeze(cell) in _SLIGHT}
    counts = bool(_COUNTED.search(name)) and not any(map(_is_time, others[:30]))
    return {cell: "zero" if squeeze(cell) == "无" and counts else mark for cell, mark in found.items()}


def _order(cells: Sequence[Any]) -> str:
    """Find the order of day and month where a year stands last, and one of the two is larger than any month."""
    first, second = _day_and_month(cells)
    return "" if max(first, second) <= 12 else "dmy" if first > second else "mdy"  # noqa: PLR2004 - months


def _day_and_month(cells: Sequence[Any]) -> tuple[int, int]:
    """Give the largest first and second number of days whose year stands last; noughts where none does."""
    found = [match for cell in cells if isinstance(cell, str) and (match := _ORDER.fullmatch(cell))]
    first, second = (max((int(match[n]) for match in found), default=0) for n in (1, 2))
    return first, second


def _is_carried(region: _Region, column: int, cells: Sequence[Any], data: Sequence[int]) -> bool:
    """Say whether a column, none before it without gaps, names its group once: texts, none twice in a row, gaps below."""
    blank = [_is_blank(cell) for cell in cells]
    if not cells or blank[0] or not any(blank) or any(not isinstance(cell, str) or _is_time(cell) for cell in cells):
        return False
    if any(top >= data[0] for top, _ in region.grid.upright.get(column, ())):
        return False
    groups = [cell for cell in cells if not _is_blank(cell)]
    return len(set(groups)) == len(groups) and sum(blank) * 4 >= len(blank)


def _reasons(
    layout: Layout,
    names: dict[int, str],
    known: frozenset[str],
    heading: tuple[int, int],
    rows: int,
    sums: int,
    gaps: Sequence[int],
) -> Iterator[Note]:
    """Say why a layout is proposed, and what of it a person should look at."""
    told = sum(bare_name(name) in known for name in names.values())
    row = "–".join(str(row + 1) for row in dict.fromkeys(heading))
    yield Note("found_heading", {"row": row, "columns": len(names), "told": told, "rows": rows})
    if sums:
        yield Note("found_totals", {"count": sums})
    if layout.remarks:
        yield Note("found_remarks", {"words": ", ".join(map(quote, layout.remarks))})
    if gaps:
        yield Note("found_gaps", {"columns": ", ".join(map(column_letters, gaps))})


def _column_reasons(layout: Layout, cells: Mapping[str, Sequence[Any]]) -> Iterator[Note]:
    """Say what of the cells of columns a person should look at: marks, days, decimals, what is filled."""
    for name, marks in layout.marks.items():
        yield Note("found_marks", {"column": quote(name), "marks": ", ".join(map(quote, marks))})
    unsure = [name for name, those in cells.items() if name not in layout.formats and any(_day_and_month(those))]
    if unsure:
        yield Note("found_order", {"columns": ", ".join(map(quote, unsure)), "name": unsure[0]})
    commas, points = _columns_like(_COMMA, cells), (*_columns_like(COMMA, cells), *_columns_like(_POINT, cells))
    if commas:
        given = {"columns": ", ".join(map(quote, commas)), "others": ", ".join(map(quote, dict.fromkeys(points)))}
        yield Note("found_commas" if points else "found_decimal", given)
    if layout.fill:
        yield Note("found_fill", {"columns": ", ".join(map(quote, layout.fill))})
