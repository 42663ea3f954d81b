"""What stands on the sheets of a workbook of the one table, read as it was typed: rows of rules, lines of the table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fengqiao_eval.documents import Place, nearest
from fengqiao_eval.errors import Fault
from fengqiao_eval.scheme.leaves import grown, path, place_of, renumbered, value_of
from fengqiao_eval.scorecards import table_lines
from fengqiao_eval.scorecards.table_cells import Said
from fengqiao_eval.scorecards.table_grid import Workbook, Written, filled
from fengqiao_eval.scorecards.table_lines import COLUMNS, FIELDS, PRINTED, TAKEN, Kind
from fengqiao_eval.words import say

_KINDS: Mapping[str, Kind] = {"dimensions": "dimension", "indicators": "indicator", "outside": "group", "lines": "line"}
"""The kind of a line by the list in which it stands in the document."""


@dataclass(frozen=True)
class Rule:
    """A row of 规则: the line it belongs to, its place, its value, whether that stands on 一表 instead, and the cell."""

    item: str
    place: Place
    value: Any
    elsewhere: bool
    cell: str


@dataclass(frozen=True)
class Typed:
    """What a workbook holds: the rows of rules, the cells that are read back, those that are printed, and every fault.

    `gone` are the places of lines that the table has lost.
    """

    rules: tuple[Rule, ...]
    given: Mapping[Place, Written]
    printed: Mapping[Said, Written]
    gone: tuple[Place, ...]
    faults: tuple[Fault, ...]


def typed(book: Workbook) -> Typed:
    """Read both sheets."""
    faults: list[Fault] = []
    rules = _rules(book, faults)
    start = book.sheet.find(say("table.column.code", book.lang))
    heading = start[0] if start else 0
    columns = {name: column for name in COLUMNS if (column := _column(book, name, heading)) is not None}
    lacking = [name for name in COLUMNS if name not in columns]
    faults += [
        _fault(book, Written("", f"{book.sheet.name}!{heading + 1}"), "no_column", wanted=_name(name, book)) for name in lacking
    ]
    if lacking:
        return Typed(rules, {}, {}, (), tuple(faults))
    table = _Table(book, heading, columns, {rule.place for rule in rules if rule.elsewhere}, dict(_codes(rules)))
    rows = dict(table.rows(faults))
    gone = [code for code in table.codes if code not in rows]
    labels = {rule.value: rule for rule in rules if rule.place[-1] == "code"}
    faults += [_fault(book, Written("", book.sheet.name), "row_missing", given=code, label=labels[code].item) for code in gone]
    given = dict(table.fields()) | {place: cell for code, row in rows.items() for place, cell in table.given(code, row)}
    printed = dict(table.whole()) | {said: cell for code, row in rows.items() for said, cell in table.printed(code, row)}
    return Typed(rules, given, printed, tuple(table.codes[code] for code in gone), tuple(faults))


def _fault(book: Workbook, written: Written, rule: str, **given: Any) -> Fault:
    return Fault(f"{book.file}:{written.cell}", "", f"table.{rule}", given)


def _name(column: str, book: Workbook) -> str:
    return "/".join(_names(column, book))


def _names(column: str, book: Workbook) -> list[str]:
    keys = [f"weight.{style}" for style in ("within", "marks")] if column == "weight" else [column]
    return [say(f"table.column.{key}", book.lang) for key in keys]


def _column(book: Workbook, name: str, heading: int) -> int | None:
    found = (book.sheet.find(text, range(heading, heading + 1)) for text in _names(name, book))
    return next((place[1] for place in found if place), None)


def _rules(book: Workbook, faults: list[Fault]) -> tuple[Rule, ...]:
    """Read the sheet of rules; what is no path, stands twice or clashes is a fault and left out."""
    found: dict[Place, Rule] = {}
    for number in filled(book.rules, 1):
        item, where, text, on = (book.rules.at(number, column) for column in range(4))
        place, elsewhere = place_of(where.text.strip()), bool(on.text.strip())
        if place is None or place in found:
            faults.append(_fault(book, where, "path" if place is None else "path_twice", given=where.text))
        else:
            if elsewhere and text.text.strip():
                faults.append(_fault(book, text, "elsewhere", sheet=book.sheet.name, given=text.text))
            found[place] = Rule(item.text, place, value_of(text.text), elsewhere, text.cell)
    for one, other in pairwise(sorted(found, key=lambda place: tuple(map(str, place)))):
        if other[: len(one)] == one:
            cell = Written("", found.pop(one).cell)
            faults.append(_fault(book, cell, "path_clash", given=path(one), other=path(other)))
    new = renumbered(found)
    return tuple(Rule(r.item, new[r.place], r.value, r.elsewhere, r.cell) for r in found.values())


def _codes(rules: Iterable[Rule]) -> Iterator[tuple[str, Place]]:
    """Give the place of every line of the table by its code."""
    for rule in rules:
        if rule.place[-1] == "code" and len(rule.place) > 2 and rule.place[-3] in _KINDS:  # noqa: PLR2004 - list, number, code
            yield str(rule.value), rule.place[:-1]


@dataclass(frozen=True)
class _Table:
    """The sheet 一表: where its heading and columns are, which places it holds, and which lines it must have."""

    book: Workbook
    heading: int
    columns: Mapping[str, int]
    held: set[Place]
    codes: Mapping[str, Place]

    def rows(self, faults: list[Fault]) -> Iterator[tuple[str, int]]:
        """Give the row of every code; a row without one, with an unknown one or with one seen before is a fault."""
        seen: set[str] = set()
        for row in filled(self.book.sheet, self.heading + 1):
            code = self.book.sheet.at(row, self.columns["code"])
            word = code.text.strip()
            if word in self.codes and word not in seen:
                seen.add(word)
                yield word, row
            elif word:
                known = nearest(word, list(self.codes))
                faults.append(_fault(self.book, code, "row_twice" if word in seen else "unknown_row", given=word, known=known))
            elif (label := self.book.sheet.at(row, self.columns["label"])).text.strip() not in self._fixed():
                faults.append(_fault(self.book, code, "no_code", given=label.text))

    def _fixed(self) -> set[str]:
        words = {say(f"table.{key}", self.book.lang) for key in ("outside", "head.sources")}
        return {*words, say("table.signed", self.book.lang).strip()}

    def fields(self) -> Iterator[tuple[Place, Written]]:
        """Give the name of the table and the fields above it."""
        above = range(self.heading)
        keys = {str(place[0]) for place in self.held if len(place) == 1}
        yield (table_lines.key_of("title", keys, self.book.lang),), self.book.sheet.at(0, 0)
        for name in FIELDS:
            if found := self.book.sheet.find(say(f"table.head.{name}", self.book.lang), above):
                yield (name,), self.book.sheet.at(found[0], found[1] + 1)

    def whole(self) -> Iterator[tuple[Said, Written]]:
        """Give what is printed once."""
        yield Said("", "scheme"), self.book.sheet.at(self.heading - 2, 0)
        below = range(self.heading, len(self.book.sheet.rows))
        if found := self.book.sheet.find(say("table.head.sources", self.book.lang), below):
            yield Said("", "sources"), self.book.sheet.at(found[0], found[1] + 1)

    def given(self, code: str, row: int) -> Iterator[tuple[Place, Written]]:
        """Give the cells of a line that are read back, by the place of what they hold."""
        place = self.codes[code]
        held = {str(other[-1]) for other in self.held if other[:-1] == place}
        for column in TAKEN[_KINDS[str(place[-2])]]:
            key = table_lines.key_of(column, held, self.book.lang)
            yield (*place, key), self.book.sheet.at(row, self.columns[column])

    def printed(self, code: str, row: int) -> Iterator[tuple[Said, Written]]:
        """Give the cells of a line that are printed from the rules."""
        yield from ((Said(code, name), self.book.sheet.at(row, self.columns[name])) for name in PRINTED)


def document_of(found: Typed, lang: str) -> dict[str, Any]:
    """Make the document: the rows of rules in their order, each value that stands on the table taken from there."""
    base = grown((rule.place, rule.value) for rule in found.rules)
    levels = tuple(map(str, table_lines.at(base, ("levels",)) or ()))
    values = {place: _value(place, cell.text, base, levels, lang) for place, cell in found.given.items() if cell.text.strip()}
    placed = {rule.place: rule.value for rule in found.rules if not rule.elsewhere or rule.place in values}
    return grown((placed | values).items())


def _value(place: Place, text: str, base: Any, levels: tuple[str, ...], lang: str) -> Any:
    column = str(place[-1]).removesuffix("_en")
    unit = table_lines.at(base, (*place[:-1], "unit")) or ("起" if "lines" in place else "%")
    return table_lines.taken(column, text, str(unit), levels, lang)


def cells_of(found: Typed) -> dict[Place, str]:
    """Give the cell of every place: of a line its name, of its parts the same, of a declaration the first of its rows."""
    cells = {place: cell.cell for place, cell in found.given.items()}
    lines = {place[:-1]: cell for place, cell in cells.items() if place[-1] in ("label", "label_en")}
    lists = {place[:-1]: lines.get(place[:-2], cell) for place, cell in reversed(lines.items())}
    first = {rule.place[:n]: rule.cell for rule in reversed(found.rules) for n in range(len(rule.place), 0, -1)}
    return first | lists | lines | cells
