"""CSV files as they are written: the names of the heading, and whether every line became a row; what is wrong by its line.

Bytes are looked at a block at a time. Only a file in which something does not add up is gone through line by line.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fengqiao_eval.errors import Fault
from fengqiao_eval.identities import names_citizen
from fengqiao_eval.office.bounds import LONGEST_CELL
from fengqiao_eval.office.grid import cut_fault, long_fault
from fengqiao_eval.office.table import DATA

BLOCK = 1 << 23
"""So many bytes are looked at in one go."""
LONGEST_HEADING = 1 << 20
"""A first line of so many bytes is no heading, and is not read to its end."""
MOST_COLUMNS = 702
"""As many columns a table may have: A to ZZ of a sheet."""
LONGEST_NAME = 200
"""The characters of a column's name."""
FIRST_LINES = 5
"""As many lines are named in a fault."""
MARKS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of UTF-16."""
ENDS = {b"\r\n": "CRLF", b"\n": "LF", b"\r": "CR"}
OTHERS = {";": ";", "\t": "TAB", "|": "|"}
"""What else separates cells, and how it is called."""


@dataclass
class Census:
    """What stands outside quotes: ends of lines by kind, and commas; whether a quote stays open, a byte is no text."""

    ends: Counter[str] = field(default_factory=Counter)
    commas: int = 0
    lines: int = 0
    inside: bool = False
    odd: bool = False

    def agrees(self, rows: int, width: int) -> bool:
        """Say whether a heading and so many rows of so many cells are all that the file holds."""
        kinds = sum(count > 0 for count in self.ends.values())
        plain = not self.inside and not self.odd and kinds <= 1
        return plain and self.lines == rows + 1 and self.commas == self.lines * (width - 1)


def census(path: Path) -> Census:
    """Count what stands outside quotes; a doubled quote in a cell ends it and begins it again, so that it needs no care."""
    found, last = Census(), b"\n"
    with path.open("rb") as file:
        while block := file.read(BLOCK) + file.readline():
            found.odd |= b"\0" in block
            last = block[-1:]
            if found.inside or b'"' in block:
                cells = np.frombuffer(block, np.uint8)
                within = np.logical_xor.accumulate(cells == ord('"')) ^ found.inside
                found.inside, block = bool(within[-1]), cells[~within].tobytes()
            both = block.count(b"\r\n")
            found.ends.update(CRLF=both, LF=block.count(b"\n") - both, CR=block.count(b"\r") - both)
            found.commas += block.count(b",")
    found.lines = found.ends.total() + (last not in b"\r\n")
    return found


def heading(path: Path, file: str) -> tuple[list[str], list[Fault]]:
    """Read the names of the columns from the first line; a column without a name is called by its number, as column_3.

    Faults: no text in UTF-8, nothing at all, cells separated otherwise, two columns of one name (upper case is lower case).
    """
    with path.open("rb") as begin:
        first = begin.read(LONGEST_HEADING)
    if len(first) == LONGEST_HEADING and not re.search(rb"[\r\n]", first):
        return [], [Fault(file, "", "records.no_heading")]
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            names = next(csv.reader(lines, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return [], line_faults(path, file)
    if not any(names):
        return [], [Fault(file, "", "records.no_heading")]
    if len(names) == 1 and (other := next((name for mark, name in OTHERS.items() if mark in names[0]), None)):
        return [], [Fault(file, "", "records.separator", {"given": other})]
    named = [name or f"column_{number}" for number, name in enumerate(names, 1)]
    return named, name_faults(named, file)


def name_faults(names: list[str], file: str) -> list[Fault]:
    """Find names that are data, which are not shown, too many or too long ones, and those that more than one column has.

    Upper case is the same name.
    """
    if len(names) > MOST_COLUMNS:
        return [Fault(file, "", "records.many_columns", {"count": len(names), "most": MOST_COLUMNS})]
    if (longest := max(map(len, names), default=0)) > LONGEST_NAME:
        column = 1 + next(number for number, name in enumerate(names) if len(name) == longest)
        return [Fault(file, "", "records.long_name", {"column": column, "count": longest, "most": LONGEST_NAME})]
    if any(DATA.search(name) or names_citizen(name) for name in names):
        return [Fault(file, "", "records.no_heading")]
    times = Counter(name.casefold() for name in names)
    first = {name.casefold(): name for name in reversed(names)}
    return [Fault(file, first[name], "records.column_twice", {"count": n}) for name, n in times.items() if n > 1]


def line_faults(path: Path, file: str) -> list[Fault]:
    """Go through a file line by line: no UTF-8, ends of lines, open quotes, cells too many or too few, a second heading."""
    return [*_encoding_faults(path, file)] or [*_line_end_faults(path, file), *_row_faults(path, file)]


def _encoding_faults(path: Path, file: str) -> Iterator[Fault]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if (number == 1 and line.startswith(MARKS)) or b"\0" in line:
                yield Fault(file, "", "records.encoding", {"line": number, "given": "UTF-16"})
                return
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                yield Fault(file, "", "records.encoding", {"line": number, "given": "GBK (GB 18030)"})
                return


def _line_end_faults(path: Path, file: str) -> Iterator[Fault]:
    """Find the first line that ends otherwise than the first one."""
    inside, first = False, b""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            parts = line.split(b'"')
            outside = b'"'.join(parts[inside::2])
            inside ^= len(parts) % 2 == 0
            for end in re.findall(rb"\r\n|\n|\r", outside):
                first = first or end
                if end != first:
                    given = {"line": number, "found": ENDS[end], "expected": ENDS[first]}
                    yield Fault(file, "", "records.line_ends", given)
                    return


def _row_faults(path: Path, file: str) -> Iterator[Fault]:
    """Find the rows that are not as wide as the heading, or are the heading again; blank lines at the end are no rows."""
    wrong: list[tuple[int, int]] = []
    again, blank = [], 0
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        head: list[str] = []
        while True:
            begin = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield cut_fault(error, file, begin)
                break
            if row and max(map(len, row)) > LONGEST_CELL:
                yield long_fault(file, begin)
                break
            head = head or row
            blank = 0 if row else blank + 1
            if len(row) != len(head):
                wrong.append((begin, len(row)))
            elif begin > 1 and row == head:
                again.append(begin)
    wrong = wrong[: len(wrong) - blank] if blank else wrong
    if wrong:
        rows = "; ".join(f"{line}: {cells}" for line, cells in wrong[:FIRST_LINES])
        yield Fault(file, "", "records.row_width", {"count": len(wrong), "rows": rows, "expected": len(head)})
    if again:
        yield Fault(file, "", "records.heading_again", {"rows": ", ".join(map(str, again[:FIRST_LINES]))})
