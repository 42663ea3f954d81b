"""Where everything stands on the two sheets of the one table: cells as data, before any of them is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fengqiao_eval.documents import Place
from fengqiao_eval.scheme.leaves import leaves, path, spelled
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards import table_lines
from fengqiao_eval.scorecards.table_lines import COLUMNS, FIELDS, PRINTED, TAKEN, Line
from fengqiao_eval.words import say

ON_PAPER = len(COLUMNS) - 2
"""The last column that is printed on paper, counted from 0; the codes stand beside it."""
HEADING = 5
"""The row of the heading, counted from 0."""
SECOND = COLUMNS.index("scoring")
"""The column in which the second pair of fields above the table begins."""
_STAND = dict(zip(FIELDS, ((1, 0), (1, SECOND), (2, 0), (2, SECOND)), strict=True))
"""Where the names of the fields above the table stand; their values stand to the right."""


class Said(NamedTuple):
    """What a printed cell says: the code of its line, empty for the whole table, and the column or its own name."""

    code: str
    name: str


@dataclass(frozen=True)
class Cell:
    """A cell, or several in a row made one: where, its text, its look, and what it holds.

    `place` is where its value stands in the document, if it is read back; `said` what it says, if it is printed from the rules.
    """

    row: int
    first: int
    text: str
    style: str
    last: int | None = None
    place: Place | None = None
    said: Said | None = None


@dataclass(frozen=True)
class Source:
    """What a table is made of: the scheme, the document it was read from, and the language."""

    scheme: Scheme
    data: Mapping[str, Any]
    lang: str

    def say(self, key: str, /, **given: Any) -> str:
        """Say a sentence of the table."""
        return say(key, self.lang, **given)


def table(source: Source) -> Iterator[Cell]:
    """Lay out the sheet 一表: title, fields, heading, a row a line, documents and signatures."""
    yield from _head(source)
    row = HEADING + 1
    for line in table_lines.lines_of(source.scheme):
        if line.place == ("outside", 0):
            yield Cell(row, 0, source.say("table.outside"), "section", ON_PAPER)
            row += 1
        yield from _line(source, row, line)
        row += 1
    yield Cell(row, 0, source.say("table.head.sources"), "field")
    yield _whole(source, row, 1, "sources")
    yield Cell(row + 1, 0, source.say("table.signed"), "signed", ON_PAPER)


def _head(source: Source) -> Iterator[Cell]:
    key = table_lines.key_of("title", _held(source.data), source.lang)
    yield Cell(0, 0, str(source.data[key]), "title", ON_PAPER, place=(key,))
    for name, (row, column) in _STAND.items():
        yield Cell(row, column, source.say(f"table.head.{name}"), "field")
        value, last = source.data.get(name), ON_PAPER if column else None
        held = table_lines.fits(name, value, source.lang)
        text = table_lines.shown(name, value, "", (), source.lang) if held else ""
        yield Cell(row, column + 1, text, "given", last, place=(name,) if held else None)
    yield _whole(source, 3, 0, "scheme")
    yield Cell(4, 0, source.say("table.how"), "remark", ON_PAPER)
    for column, name in enumerate(COLUMNS):
        yield Cell(HEADING, column, heading(name, source.scheme.weights, source.lang), "head")


def heading(column: str, weights: str, lang: str) -> str:
    """Name a column: weights are marks (分值) where the scheme gives marks.

    >>> heading("weight", "marks", "zh"), heading("data", "marks", "zh")
    ('分值', '数据来源')
    """
    return say(f"table.column.weight.{weights}", lang) if column == "weight" else say(f"table.column.{column}", lang)


def _whole(source: Source, row: int, first: int, name: str) -> Cell:
    text = table_lines.printed_whole(source.scheme, source.lang)[name]
    return Cell(row, first, text, "grey", ON_PAPER, said=Said("", name))


def _line(source: Source, row: int, line: Line) -> Iterator[Cell]:
    """Lay out a line: what is read back, what is printed, and the code that tells which line it is."""
    said = table_lines.printed(line, source.scheme, source.lang) | {"code": line.part.code}
    given = dict(_given(source, line))
    for column, name in enumerate(COLUMNS):
        place, text = given.get(name, (None, said.get(name, "")))
        printed = Said(line.part.code, name) if name in PRINTED else None
        yield Cell(row, column, text, _style(name, line), place=place, said=printed)


def _given(source: Source, line: Line) -> Iterator[tuple[str, tuple[Place, str]]]:
    node = table_lines.at(source.data, line.place)
    for column in TAKEN[line.kind]:
        key = table_lines.key_of(column, _held(node), source.lang)
        value = node.get(key)
        if table_lines.fits(column, value, source.lang):
            text = table_lines.shown(column, value, getattr(line.part, "unit", ""), source.scheme.levels, source.lang)
            yield column, ((*line.place, key), text)


def _held(node: Mapping[str, Any]) -> set[str]:
    return {key for key, value in node.items() if value}


def _style(column: str, line: Line) -> str:
    group = "group_" if line.kind in ("dimension", "group") else ""
    if column in ("label", "code"):
        return f"{group}depth{min(line.depth, 8)}" if column == "label" else "quiet"
    if column not in TAKEN[line.kind]:
        return f"{group}grey"
    return f"{group}{'centre' if column in ('weight', 'target', 'missing') else 'given'}"


def rules(source: Source, stands: Mapping[Place, str]) -> Iterator[tuple[str, str, str, str]]:
    """Give the rows of the sheet 规则: item, path, value, and in which cell of the table the value stands instead.

    Every leaf of the document is there, in its order; those of one cell of the table are one row.
    """
    told = set()
    for leaf, value in leaves(source.data):
        place = next((leaf[:n] for n in range(1, len(leaf) + 1) if leaf[:n] in stands), leaf)
        if place not in told:
            told.add(place)
            on = source.say("table.on", sheet=source.say("table.sheet"), cell=stands[place]) if place in stands else ""
            yield _item(source, place), path(place), "" if on else spelled(value), on


def _item(source: Source, place: Place) -> str:
    """Name the line that a place belongs to."""
    holders = (table_lines.at(source.data, place[:n]) for n in range(len(place), 0, -1))
    return next((str(node["label"]) for node in holders if isinstance(node, dict) and "label" in node), source.say("table.whole"))
