"""From a file as an office has it to a table of texts and a receipt: what a layout says is done, and nothing is guessed."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import takewhile
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from fengqiao_eval.documents import suggest
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.identities import look, names_citizen
from fengqiao_eval.office.bounds import DAMAGE
from fengqiao_eval.office.cells import (
    ColumnRead,
    Writing,
    heading_scale,
    join_moments,
    narrow,
    read_amount,
    read_column,
    valid_format,
)
from fengqiao_eval.office.grid import CellGrid, OfficeFile, choose_sheet, open_office
from fengqiao_eval.office.layout import Layout, column_letters, compile_words, squeeze
from fengqiao_eval.office.receipt import FIRST_ROWS, GROUPS, CellCount, Receipt, RowCount, TotalsCheck
from fengqiao_eval.words import quote

DATA = re.compile(r"^\d{4}[-/.]\d|^\d{5,}$|\d{11}")
"""A date or a long number: what no column is called, but what a line without a heading holds, perhaps of a citizen."""
PLAIN = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
"""How a time begins that was read."""
CLOSE = 1e-6
"""A sum that is as close as that to the number told is the same."""
_IDEOGRAPHS = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef（）、]"


@dataclass
class _SortedRows:
    """The rows of a grid by what becomes of them, numbered from 0."""

    groups: dict[str, list[int]] = field(default_factory=lambda: {group: [] for group in GROUPS})


def read_table(
    path: Path,
    layout: Layout,
    kinds: Mapping[str, str] | None = None,
    joins: Mapping[str, tuple[str, str]] | None = None,
    name: str | None = None,
) -> tuple[pa.Table, Receipt]:
    """Read a table as its layout says: columns of text by the names of the heading, times as ISO, numbers plain; and its receipt.

    kinds {column: time, date, number, whole, flag or text}: cells are repaired only where a kind asks for it, and text stays as
    it is written. joins {new column: (column of days, column of clocks)}. Equal rows are all handed on: what becomes of
    them the records say. Raises InputError with every fault: a heading that is not there, that has gaps or names twice, a row
    that is cut, a sheet that is not named where several hold anything, one that is called by a citizen's number.
    """
    kinds, joins = kinds or {}, joins or {}
    opened = open_office(path, layout, name)
    refuse(_citizen_faults(opened))
    grid, others = choose_sheet(opened, layout)
    refuse(_unsure(grid))
    heading = read_heading(grid, layout)
    rows = _sort_rows(grid, layout, heading, {column: kinds.get(name, "text") for column, name in heading.items()})
    refuse(_heading_faults(grid, layout, heading, rows, joins))
    named = {name: number for number, name in heading.items() if name}
    cells = _fill(grid, layout, named, rows.groups["read"])
    columns = {name: read_column(cells[name], _writing(name, layout, kinds, grid)) for name in named}
    for new, (day, clock) in joins.items():
        columns[new] = join_moments(cells[day], cells[clock], _writing(day, layout, {day: "time"}, grid))
    refuse(_number_faults(grid, layout, columns, cells, rows.groups["read"], kinds))
    hidden = any(sheet.hidden for sheet in opened.sheets if sheet.name == grid.sheet)
    receipt = _receipt(grid, layout, named, rows, columns, _totals_check(grid, layout, named, cells, rows))
    left = tuple(one for one in others if opened.book is None or _holds(opened.book, one))
    table = pa.table({name: pa.array(column.texts, pa.string()) for name, column in columns.items()})
    return table, _complete(receipt, hidden=hidden, sheets_left=left, numbers=tuple(row + 1 for row in rows.groups["read"]))


def _citizen_faults(opened: OfficeFile) -> Iterator[Fault]:
    """Find the sheets that are called by a citizen's number, read or not: their names are told."""
    for sheet in opened.sheets:
        if names_citizen(sheet.name):
            yield Fault(f"{opened.name}:{look(sheet.name)}", "", "records.citizen_name")


COMMA = re.compile(r"\s*[+-]?\d{1,3},\d{3}\s*")
"""A number of which nobody knows whether its comma is one of thousands or begins decimals."""


def _number_faults(
    grid: CellGrid,
    layout: Layout,
    columns: Mapping[str, ColumnRead],
    cells: Mapping[str, Sequence[Any]],
    read: Sequence[int],
    kinds: Mapping[str, str],
) -> Iterator[Fault]:
    """Find columns in which a number may mean two: some with % and some without, 1,200 where a comma begins decimals, and ‰."""
    for name, column in columns.items():
        if "‰" in name and kinds.get(name) in ("number", "whole"):
            yield Fault(grid.where, quote(name), "office.per_mille", {})
        if places := column.repaired.get("percent"):
            others = sum(text not in (None, "0") for text in column.texts) - len(places)
            told = {"percent": len(places), "count": others, "rows": ", ".join(str(read[n] + 1) for n in places[:FIRST_ROWS])}
            if others:
                yield Fault(grid.where, quote(name), "office.percent", told)
        if layout.decimal == "," and column.repaired.get("decimal"):
            unsure = [place for place in column.repaired["decimal"] if COMMA.fullmatch(narrow(str(cells[name][place])))]
            if unsure:
                rows = ", ".join(str(read[place] + 1) for place in unsure[:FIRST_ROWS])
                yield Fault(grid.where, quote(name), "office.comma", {"count": len(unsure), "rows": rows})


def _complete(receipt: Receipt, **more: Any) -> Receipt:
    return Receipt(**(vars(receipt) | more))


def _holds(book: Any, name: str) -> bool:
    try:
        return bool(book.get_sheet_by_name(name).width)
    except DAMAGE:  # it is named as one that was not read
        return True


def _writing(name: str, layout: Layout, kinds: Mapping[str, str], grid: CellGrid) -> Writing:
    kind = kinds.get(name, "text")
    scale = heading_scale(name) if kind in ("number", "whole") else 1
    return Writing(kind, layout.formats.get(name, ""), layout.decimal, layout.marks.get(name, {}), grid.from_1904, scale)


def _unsure(grid: CellGrid) -> Iterator[Fault]:
    if grid.unsure:
        given = " ".join("TAB" if sign == "\t" else sign for sign in grid.unsure)
        yield Fault(grid.where, "separator", "office.separator", {"given": given})


# The heading


def tidy(text: Any) -> str:
    r"""Write a name of a heading on one line: blanks between Chinese signs go, others become one.

    >>> tidy(" 接报\n时间 "), tidy("unit\n id"), tidy(2024.0)
    ('接报时间', 'unit id', '2024')
    """
    text = f"{text:g}" if isinstance(text, float) else str(text)
    text = " ".join(text.split())
    return re.sub(rf"(?<={_IDEOGRAPHS}) | (?={_IDEOGRAPHS})", "", text)


def read_heading(grid: CellGrid, layout: Layout) -> dict[int, str]:
    """Name the columns that are read, by their number; '' where the heading has no name.

    In a heading of several rows the names of a column are read downwards and joined by a blank, each once. Merged cells speak for
    all that they cover; where a file knows no merged cells, an upper cell speaks for the empty ones right of it.
    """
    first, last = layout.heading_rows
    lines = [[tidy(cell) for cell in row] for row in grid.rows[first - 1 : last]]
    covered = [merge for row in range(first - 1, last) for merge in grid.merged_from.get(row, ()) if merge[1][0] < last]
    for (top, left), (bottom, right) in covered if first < last else ():
        for line in lines[top - first + 1 : bottom - first + 2]:
            for column in range(left, right + 1):
                line[column] = line[column] or lines[top - first + 1][left]
    if not grid.merged and first < last:
        for number, line in enumerate(lines[:-1]):
            for column in range(1, len(line)):
                line[column] = line[column] or (line[column - 1] if lines[number + 1][column] else "")
    numbers = layout.wanted(grid.width)
    return {column: " ".join(dict.fromkeys(line[column] for line in lines if line[column])) for column in numbers}


def _heading_faults(
    grid: CellGrid, layout: Layout, heading: Mapping[int, str], rows: _SortedRows, joins: Mapping[str, tuple[str, str]]
) -> Iterator[Fault]:
    names = [name for name in heading.values() if name]
    if not names or layout.heading_rows[1] > len(grid.rows) or any(DATA.search(name) or names_citizen(name) for name in names):
        yield Fault(grid.where, _row_place(layout), "office.no_heading", {"row": layout.heading_rows[0]})
        return
    read = rows.groups["read"]
    gaps = [column for column, name in heading.items() if not name and any(not _is_blank(grid.rows[row][column]) for row in read)]
    if gaps:
        letters = ", ".join(map(column_letters, gaps[:FIRST_ROWS])) + (" …" if len(gaps) > FIRST_ROWS else "")
        yield Fault(grid.where, _row_place(layout), "office.no_name", {"count": len(gaps), "columns": letters})
    times = Counter(name.casefold() for name in names)
    for name in {name.casefold(): name for name in reversed(names)}.values():
        if times[name.casefold()] > 1:
            yield Fault(grid.where, quote(name), "records.column_twice", {"count": times[name.casefold()]})
    yield from _name_faults(grid, layout, names, joins)
    yield from _covered_faults(grid, layout, heading, read)
    yield from _width_faults(grid, layout, heading, read)


def _name_faults(grid: CellGrid, layout: Layout, names: Sequence[str], joins: Mapping[str, tuple[str, str]]) -> Iterator[Fault]:
    """Find columns that a layout speaks of and the heading does not, and what it says of them that cannot be."""
    asked = [*layout.names(), *(("set", part) for pair in joins.values() for part in pair)]
    for key, name in dict.fromkeys(asked):
        if name not in names:
            yield Fault(grid.where, key, "records.mapping_column", {"given": name, "near": suggest(name, names)})
    for name in joins:
        if name in names:
            yield Fault(grid.where, "set", "office.join_over", {"given": name})
    for name, written in layout.formats.items():
        if not valid_format(written):
            yield Fault(grid.where, f"formats.{name}", "office.format", {"given": written})


def _covered_faults(grid: CellGrid, layout: Layout, heading: Mapping[int, str], read: Sequence[int]) -> Iterator[Fault]:
    """Find the cells that lie unseen under a merged one and hold something else than it says."""
    if not grid.merged:
        return
    first, last = layout.heading_rows
    rows, found = {*range(first - 1, last), *read}, list[tuple[int, int]]()
    for (top, left), (bottom, right) in grid.merged:
        said = grid.rows[top][left]
        for row in rows.intersection(range(top, bottom + 1)):
            cells = grid.rows[row][left : right + 1]
            if not all(cell in ("", said) for cell in cells):
                found += [
                    (row, left + place)
                    for place, cell in enumerate(cells)
                    if left + place in heading and not _is_blank(cell) and (type(cell), cell) != (type(said), said)
                ]
    if found:
        shown = [f"{column_letters(column)}{row + 1}" for row, column in sorted(set(found))]
        cells = ", ".join(shown[:FIRST_ROWS]) + (" …" if len(shown) > FIRST_ROWS else "")
        yield Fault(grid.where, "", "office.covered", {"count": len(shown), "cells": cells})


def _row_place(layout: Layout) -> str:
    return "–".join(map(str, dict.fromkeys(layout.heading_rows)))


def _width_faults(grid: CellGrid, layout: Layout, heading: Mapping[int, str], read: Sequence[int]) -> Iterator[Fault]:
    """Find the rows of a text that end before the columns that are read do: something of them is gone."""
    if not grid.widths:
        return
    wide = min(max((n for n, name in heading.items() if name), default=0) + 1, grid.widths[layout.heading_rows[1] - 1])
    short = [row for row in read if grid.widths[row] < wide]
    if short:
        rows = "; ".join(f"{row + 1}: {grid.widths[row]}" for row in short[:FIRST_ROWS])
        yield Fault(grid.where, "", "office.row_width", {"count": len(short), "rows": rows, "expected": wide})
    last = grid.widths[layout.heading_rows[1] - 1]
    long = [row for row in read if grid.widths[row] > last and not all(map(_is_blank, grid.rows[row][last:]))]
    if long:
        rows = "; ".join(f"{row + 1}: {grid.widths[row]}" for row in long[:FIRST_ROWS])
        yield Fault(grid.where, "", "office.row_surplus", {"count": len(long), "rows": rows, "expected": last})


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


# What becomes of each row


def _sort_rows(grid: CellGrid, layout: Layout, heading: Mapping[int, str], kinds: Mapping[int, str]) -> _SortedRows:
    """Put every row into its group; rows that are read and equal to an earlier one are found when they are read."""
    found, last = _SortedRows(), layout.heading_rows[1]
    begin, end = layout.rows or (last + 1, len(grid.rows))
    some = _find_filled(grid, sorted(heading))
    words = list_words(grid)
    marked = dict.fromkeys(find_sums(grid, words, layout.totals, last, kinds), "totals")
    remarks = find_rows(grid, words, layout.remarks, last)
    marked |= dict.fromkeys((row for row in remarks if not _is_record(grid.rows[row], kinds)), "remarks")
    again = find_headings(grid, layout)
    marked |= dict.fromkeys(again, "headings")
    for row, cells in enumerate(grid.rows[:last]):
        found.groups["headings" if any(not _is_blank(cell) for cell in cells) else "blanks"].append(row)
    for row in range(last, len(grid.rows)):
        if not some[row]:
            found.groups["blanks"].append(row)
        elif not begin <= row + 1 <= end:
            found.groups["outside"].append(row)
        elif row in marked:
            found.groups[marked[row]].append(row)
        else:
            found.groups["read"].append(row)
    return found


def find_headings(grid: CellGrid, layout: Layout) -> set[int]:
    """Number the rows below the heading that say it again, as on every page that was printed; all of its rows or the last."""
    first, last = layout.heading_rows
    names = grid.rows[first - 1 : last]
    if len(names) <= last - first:
        return set()
    again = {row for row in range(last, len(grid.rows)) if grid.rows[row] == names[-1]}
    again |= {last} if last < len(grid.rows) and _numbers_columns(grid.rows[last]) else set()
    above = {row - up for row in again for up in range(len(names)) if grid.rows[row - up : row + 1] == names[-up - 1 :]}
    return again | {row for row in above if row >= last}


_STEMS = "甲乙丙丁戊己庚辛壬癸"


def _numbers_columns(cells: Sequence[Any]) -> bool:
    """Say whether a row below the heading numbers its columns, as forms do: 甲 乙 1 2 3.

    >>> _numbers_columns(["甲", "乙", 1.0, "2", ""]), _numbers_columns(["甲", "乙", 3.0]), _numbers_columns(["1", "003"])
    (True, False, False)
    """
    said = [str(int(cell)) if isinstance(cell, float) and cell == int(cell) else str(cell).strip() for cell in cells]
    said = [cell for cell in said if cell]
    letters = list(takewhile(lambda cell: cell in _STEMS, said))
    numbers = [str(number) for number in range(1, len(said) - len(letters) + 1)]
    enough = len(said) * 2 > len(cells) and (len(said) > 2 if letters else len(said) > 4)  # noqa: PLR2004 - few may be anything
    return enough and letters == list(_STEMS[: len(letters)]) and said[len(letters) :] == numbers


def _find_filled(grid: CellGrid, columns: Sequence[int]) -> list[bool]:
    """Say of each row whether it holds anything in some columns."""
    every = len(columns) == grid.width or not columns
    pick = itemgetter(*columns) if len(columns) > 1 else None
    rows = grid.rows if every else [pick(row) if pick else (row[columns[0]],) for row in grid.rows]
    # nearly every row holds something in its first cell, which is looked at without a call
    return [(row[0] != "" and (type(row[0]) is not str or not row[0].isspace())) or not all(map(_is_blank, row)) for row in rows]


ColumnWords = Sequence[tuple[Sequence[str], str]]
"""The texts of each column, and all of them squeezed, with a NUL between two."""


def list_words(grid: CellGrid) -> ColumnWords:
    """List the texts of each column."""
    return [_words(grid.column(column)) for column in range(grid.width)]


def _words(cells: Sequence[Any]) -> tuple[Sequence[str], str]:
    words = [cell for cell in cells if type(cell) is str]
    together = "\0".join(words)
    if together.count("\0") >= len(words) > 0:  # a text has one of its own
        together = "\0".join(word.replace("\0", "") for word in words)
    return words, squeeze(together)


def find_rows(
    grid: CellGrid, words: ColumnWords, patterns: tuple[str, ...], start: int = 0, *, anywhere: bool = False
) -> list[int]:
    """Number the rows, from `start`, whose first filled cell is what one of the patterns says.

    anywhere: a pattern without a star may be said by any cell of the row, as 小计 behind a name merged over the rows above.
    """
    if not patterns:
        return []
    whole, plain = compile_words(patterns), compile_words(tuple(one for one in patterns if "*" not in one))
    parts = {squeeze(part) for pattern in patterns for part in pattern.split("*") if part}
    found: set[int] = set()
    for column, (those, text) in enumerate(words):
        here = [part for part in parts if part in text]
        near = {those[place]: short for place, short in _near(text, here)}
        said = {word: short for word, short in near.items() if whole.fullmatch(short)}
        sure = {word for word, short in said.items() if anywhere and plain.fullmatch(short)}
        rows = [row for row, cell in enumerate(grid.column(column)) if cell in said] if said else []
        found.update(
            row for row in rows if row >= start and (grid.column(column)[row] in sure or _is_first(grid.rows[row], column))
        )
    return sorted(found)


def _near(text: str, parts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Number and give the texts between NULs that hold one of some parts; many are looked for by their first signs."""
    if len(parts) > FEW_PARTS:
        signs = {part[0] for part in parts}
        yield from ((place, short) for place, short in enumerate(text.split("\0")) if not signs.isdisjoint(short))
        return
    for part in parts:
        place, end, found = 0, 0, text.find(part)
        while found >= 0:
            place += text.count("\0", end, found)
            end = text.find("\0", found)
            end = end if end >= 0 else len(text)
            yield place, text[text.rfind("\0", 0, found) + 1 : end]
            found = text.find(part, end)


FEW_PARTS = 8
TALLY = re.compile(r"[\W_]*|[^\w]*\d[\d.,]*(?:\s*[^\W\d]{1,2})?[^\w]*")
"""What stands in a row of sums beside its word: nothing, signs without letters, a number perhaps with its unit."""


def find_sums(
    grid: CellGrid, words: ColumnWords, patterns: tuple[str, ...], start: int = 0, kinds: Mapping[int, str] = MappingProxyType({})
) -> list[int]:
    """Number the rows of sums, from `start`: they say one of the patterns, and nothing that only a record says.

    kinds: of columns, where they are known. A row that has a time, or an id that is no number and no such word, is a record,
    whatever its remarks say; where neither is known, a row with more than one other text is.
    """
    said = compile_words(patterns)
    return [row for row in find_rows(grid, words, patterns, start, anywhere=True) if _is_sum(grid.rows[row], said, kinds)]


def _is_sum(cells: Sequence[Any], said: re.Pattern[str], kinds: Mapping[int, str]) -> bool:
    held = [column for column, cell in enumerate(cells) if not (isinstance(cell, str) and TALLY.fullmatch(cell))]
    held = [column for column in held if isinstance(cells[column], str | date | time) and not _says(cells[column], said)]
    times = {column for column, kind in kinds.items() if kind in ("time", "date")}
    if any((column in times or not times) and _is_moment(cells[column]) for column in range(len(cells))):
        return False
    if any(kind == "key" for kind in kinds.values()) or times:
        return not any(kinds.get(column) == "key" for column in held)
    return len(held) <= 1


def _is_record(cells: Sequence[Any], kinds: Mapping[int, str]) -> bool:
    """Say whether a row has a time and, where the table has ids, an id: such a row is a record, whatever it begins with."""
    times = any(kind in ("time", "date") and _is_moment(cells[column]) for column, kind in kinds.items())
    return times and all(not _is_blank(cells[column]) for column, kind in kinds.items() if kind == "key")


def _says(cell: Any, said: re.Pattern[str]) -> bool:
    return isinstance(cell, str) and bool(said.fullmatch(squeeze(cell)))


def _is_moment(cell: Any) -> bool:
    """Say whether a cell is a time, or a text that is read as one."""
    if isinstance(cell, str):
        return any(sign.isdigit() for sign in cell) and bool(PLAIN.match(str(read_column([cell], Writing("time")).texts[0])))
    return isinstance(cell, date)


def _is_first(cells: Sequence[Any], column: int) -> bool:
    return all(map(_is_blank, cells[:column]))


# Cells that speak for those below them, and sums


def _fill(grid: CellGrid, layout: Layout, named: Mapping[str, int], read: Sequence[int]) -> dict[str, list[Any]]:
    """Take the cells of the rows that are read; merged cells speak for their rows, those of `fill` for what is empty below."""
    over = _merged_cells(grid, set(named.values()))
    cells = {}
    for name, column in named.items():
        taken = take(grid.column(column), read)
        if column in over:
            taken = [over[column].get(row, cell) for row, cell in zip(read, taken, strict=True)]
        cells[name] = _carry(taken) if name in layout.fill else taken
    return cells


def take(cells: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    """Take the cells of some rows, in their order; rows ascend, and those without a gap are taken at once."""
    if rows and rows[-1] - rows[0] + 1 == len(rows):
        return list(cells[rows[0] : rows[-1] + 1])
    return list(itemgetter(*rows)(cells)) if len(rows) > 1 else [cells[row] for row in rows]


def _merged_cells(grid: CellGrid, columns: set[int]) -> dict[int, dict[int, Any]]:
    """Say what the empty cells under merged ones take, by column and row."""
    over: dict[int, dict[int, Any]] = {}
    for column in columns.intersection(grid.upright):
        cells = over[column] = {}
        for top, bottom in grid.upright[column]:
            value = grid.rows[top][column]
            cells.update({row: value for row in range(top + 1, bottom + 1) if _is_blank(grid.rows[row][column])})
    return over


def _carry(cells: Sequence[Any]) -> list[Any]:
    found, last = [], ""
    for cell in cells:
        last = last if _is_blank(cell) else cell
        found.append(last)
    return found


def _totals_check(
    grid: CellGrid, layout: Layout, named: Mapping[str, int], cells: Mapping[str, list[Any]], rows: _SortedRows
) -> TotalsCheck:
    """Hold each number in a row of sums against the rows above it: those since the last sums, or all; or how many they are."""
    sums, read = rows.groups["totals"], rows.groups["read"]
    uncomputed = {place for place in grid.marks.uncomputed if place[0] in set(sums) and place[1] in named.values()}
    agreed, differing = 0, list[str]()
    for name, column in named.items():
        said = {row: read_amount(grid.rows[row][column], layout.decimal) for row in sums if (row, column) not in uncomputed}
        told = {row: float(amount) for row, amount in said.items() if amount is not None}
        if told:
            spread = name in layout.fill or column in grid.upright
            amounts = _own_amounts(grid, layout, column, read) if spread else _amounts(cells[name], layout)
            wrong = list(_differing(told, sums, read, amounts))
            agreed += len(told) - len(wrong)
            differing += [f"{column_letters(column)}{row + 1}" for row in wrong]
    return TotalsCheck(agreed, tuple(differing), tuple(f"{column_letters(c)}{r + 1}" for r, c in sorted(uncomputed)))


def _own_amounts(grid: CellGrid, layout: Layout, column: int, read: Sequence[int]) -> np.ndarray:
    """Give the amount of each row by its own cell: what a merged cell says is said once."""
    return _amounts([grid.rows[row][column] for row in read], layout)


def _amounts(cells: Sequence[Any], layout: Layout) -> np.ndarray:
    """Give the amounts of cells, 0 where there is none."""
    known = {key: float(read_amount(key[1], layout.decimal) or 0) for key in set(zip(map(type, cells), cells, strict=True))}
    return np.array([known[key] for key in zip(map(type, cells), cells, strict=True)], float)


def _differing(told: Mapping[int, float], sums: Sequence[int], read: Sequence[int], amounts: np.ndarray) -> Iterator[int]:
    """Name the rows of sums whose number is neither the sum nor the count of the rows above, since the last sums or in all."""
    running = np.concatenate(([0.0], np.cumsum(amounts)))
    ends = np.searchsorted(np.array(read), np.array(sums))
    begun = 0
    for row, end in zip(sums, map(int, ends), strict=True):
        every, since = running[end], running[end] - running[begun]
        if row in told and not any(
            math.isclose(told[row], one, rel_tol=CLOSE, abs_tol=CLOSE) for one in (since, every, end - begun, end)
        ):
            yield row
        begun = end


# The receipt


def _receipt(
    grid: CellGrid,
    layout: Layout,
    named: Mapping[str, int],
    rows: _SortedRows,
    columns: Mapping[str, ColumnRead],
    check: TotalsCheck,
) -> Receipt:
    read = rows.groups["read"]
    twice = _find_repeated(columns, read)
    again = set(twice)
    groups = rows.groups | {"repeated": twice, "read": [row for row in read if row not in again] if again else read}
    lost = [*_cell_counts(columns, read, "lost"), *_unseen_losses(grid, named, read)]
    filled = _filled_counts(grid, layout, named, columns, read)
    wanted = set(layout.wanted(grid.width))
    below = [*read, *rows.groups["blanks"]]  # a row that is empty where it is read may hold something elsewhere
    held = {n: sum(not _is_blank(grid.rows[row][n]) for row in below) for n in range(grid.width) if n not in wanted}
    others = {n: count for n, count in held.items() if count}
    shown = {number: name for name, number in named.items()}
    return Receipt(
        grid.file,
        grid.sheet,
        grid.kind,
        len(grid.rows),
        {group: _count(places) for group, places in groups.items()},
        (*filled, *_cell_counts(columns, read, "repaired")),
        tuple(lost),
        check,
        grid.encoding,
        "TAB" if grid.separator == "\t" else grid.separator,
        tuple(columns),
        tuple(map(column_letters, others)),
        tuple(shown[n] for n in sorted(set(grid.marks.hidden_columns)) if n in shown),
        _count(sorted(set(grid.marks.hidden_rows) & set(read))),
        left_cells=sum(others.values()),
    )


def _find_repeated(columns: Mapping[str, ColumnRead], read: Sequence[int]) -> list[int]:
    """Number the rows that are equal to an earlier one in every column; none is where one column is never the same twice."""
    if any(len(set(column.texts)) == len(read) for column in columns.values()):
        return []
    seen: set[Any] = set()
    twice = []
    for row, texts in zip(read, zip(*(column.texts for column in columns.values()), strict=True), strict=True):
        if texts in seen:
            twice.append(row)
        seen.add(texts)
    return twice


def _count(rows: Sequence[int]) -> RowCount:
    return RowCount(len(rows), tuple(row + 1 for row in rows[:FIRST_ROWS]))


def _cell_counts(columns: Mapping[str, ColumnRead], read: Sequence[int], what: str) -> Iterator[CellCount]:
    for name, column in columns.items():
        for kind, places in getattr(column, what).items():
            yield CellCount(kind, name, len(places), tuple(read[place] + 1 for place in places[:FIRST_ROWS]))


def _filled_counts(
    grid: CellGrid, layout: Layout, named: Mapping[str, int], columns: Mapping[str, ColumnRead], read: Sequence[int]
) -> Iterator[CellCount]:
    """Count the cells that took what stands above them."""
    over = _merged_cells(grid, set(named.values()))
    for name, column in named.items():
        if column in over or name in layout.fill:
            taken = [
                row
                for row, text in zip(read, columns[name].texts, strict=True)
                if text is not None and _is_blank(grid.rows[row][column])
            ]
            if taken:
                yield CellCount("filled", name, len(taken), _count(taken).first)


def _unseen_losses(grid: CellGrid, named: Mapping[str, int], read: Sequence[int]) -> Iterator[CellCount]:
    """Count cells that are empty only because what they hold cannot be had: errors, and formulas never computed."""
    within = set(read) if grid.marks.errors or grid.marks.uncomputed else set()
    for kind, places in (("error", grid.marks.errors), ("formula", grid.marks.uncomputed)):
        for name, number in named.items():
            rows = sorted({row for row, column in places if column == number and row in within})
            if rows:
                yield CellCount(kind, name, len(rows), _count(rows).first)
