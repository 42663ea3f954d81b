"""The columns of the one table: what each cell says, where it stands, and how what is written in it is read back."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from fengqiao_eval.documents import KeyPath
from fengqiao_eval.scheme.indicator import Outside
from fengqiao_eval.scheme.scheme import Dimension, Scheme, parts_of
from fengqiao_eval.scheme.yaml_text import format_value, leaves, path, value_of
from fengqiao_eval.wording.definitions import aggregation_words, conditions, data_source, definition, rule_of, scheme_words
from fengqiao_eval.wording.numbers import term
from fengqiao_eval.words import catalogue, say

LineKind = Literal["dimension", "indicator", "group", "line"]


COLUMNS = ("label", "definition", "scoring", "data", "weight", "target", "missing", "source", "code")
"""The columns of the table, in their order; the last stands outside what is printed on paper."""


PRINTED = ("definition", "scoring", "data")
"""The columns that are made from the rules, and never read."""


TAKEN: Mapping[LineKind, tuple[str, ...]] = {
    "dimension": ("label", "weight"),
    "indicator": ("label", "weight", "target", "missing", "source"),
    "group": ("label",),
    "line": ("label", "target", "source"),
}
"""The columns from which a kind of line is read back."""


FIELDS = ("version", "author", "decided_on", "checker")
"""What stands above the table beside its name and is read back; each is a key of the scheme."""


ON_PAPER = len(COLUMNS) - 2
"""The last column that is printed on paper, counted from 0; the codes stand beside it."""

HEADING = 5
"""The row of the heading, counted from 0."""

SECOND = COLUMNS.index("scoring")
"""The column in which the second pair of fields above the table begins."""


Said = tuple[str, str]
"""What a printed cell says: the code of its line, empty for the whole table, and the column or its own name."""


@dataclass(frozen=True)
class SheetCell:
    """A cell, or several in a row made one: where, its text, its look, and what it holds.

    `place` is where its value stands in the document, if it is read back; `said` what it says, if it is printed from the rules.
    """

    row: int
    first: int
    text: str
    style: str
    last: int | None = None
    place: KeyPath | None = None
    said: Said | None = None


class TableLine(NamedTuple):
    """A line of the table: its kind, the place of its declaration in the document, how deep it lies, the declaration."""

    kind: LineKind
    place: KeyPath
    depth: int
    part: Any


@dataclass(frozen=True)
class PrintedScheme:
    """What a table is made of: the scheme, the document it was read from, and the language."""

    scheme: Scheme
    data: Mapping[str, Any]
    lang: str

    def say(self, key: str, /, **given: Any) -> str:
        """Say a sentence of the table."""
        return say(key, self.lang, **given)


# Where everything stands: cells as data, before any of them is written


def table(source: PrintedScheme) -> Iterator[SheetCell]:
    """Lay out the sheet 一表: title, fields, heading, a row a line, documents and signatures."""
    yield from _head(source)
    row = HEADING + 1
    for line in lines_of(source.scheme):
        if line.place == ("outside", 0):
            yield SheetCell(row, 0, source.say("table.outside"), "section", ON_PAPER)
            row += 1
        yield from _line(source, row, line)
        row += 1
    sources = say("screen.semicolon", source.lang).join(source.scheme.sources)
    yield SheetCell(row, 0, source.say("table.head.sources"), "field")
    yield SheetCell(row, 1, sources, "grey", ON_PAPER, said=("", "sources"))
    yield SheetCell(row + 1, 0, source.say("table.signed"), "signed", ON_PAPER)


def lines_of(scheme: Scheme) -> Iterator[TableLine]:
    """Walk the lines from top to bottom: dimensions with what is in them, then what stands outside the hundred."""
    for place, above, part in parts_of(scheme):
        yield TableLine("dimension" if isinstance(part, Dimension) else "indicator", place, len(above), part)
    for number, group in enumerate(scheme.outside):
        yield TableLine("group", ("outside", number), 0, group)
        for row, line in enumerate(group.lines):
            yield TableLine("line", ("outside", number, "lines", row), 1, line)


def _head(source: PrintedScheme) -> Iterator[SheetCell]:
    key = key_of("title", {key for key, value in source.data.items() if value}, source.lang)
    yield SheetCell(0, 0, str(source.data[key]), "title", ON_PAPER, place=(key,))
    for name, (row, column) in zip(FIELDS, ((1, 0), (1, SECOND), (2, 0), (2, SECOND)), strict=True):
        yield SheetCell(row, column, source.say(f"table.head.{name}"), "field")
        value, last = source.data.get(name), ON_PAPER if column else None
        held = fits(name, value, source.lang)
        text = cell_text(name, value, "", (), source.lang) if held else ""
        yield SheetCell(row, column + 1, text, "given", last, place=(name,) if held else None)
    yield SheetCell(3, 0, scheme_words(source.scheme, source.lang), "grey", ON_PAPER, said=("", "scheme"))
    yield SheetCell(4, 0, source.say("table.how"), "remark", ON_PAPER)
    for column, name in enumerate(COLUMNS):
        yield SheetCell(HEADING, column, heading(name, source.scheme.weights, source.lang), "head")


def _line(source: PrintedScheme, row: int, line: TableLine) -> Iterator[SheetCell]:
    """Lay out a line: what is read back, what is printed, and the code that tells which line it is."""
    scheme, part, lang = source.scheme, line.part, source.lang
    if isinstance(part, (Dimension, Outside)):
        printed = {"definition": aggregation_words(part, lang)}
    else:
        names = {other.code: other.name(lang) for other in scheme.entries}
        defined = say("screen.semicolon", lang).join([definition(part, lang), conditions(part, lang, names)])
        printed = {"definition": defined, "scoring": rule_of(part, scheme, lang), "data": data_source(part, lang)}
    node = value_at(source.data, line.place)
    filled = {key for key, value in node.items() if value}
    for column, name in enumerate(COLUMNS):
        key = key_of(name, filled, lang)
        if name in TAKEN[line.kind] and fits(name, node.get(key), lang):
            text = cell_text(name, node[key], getattr(part, "unit", ""), scheme.levels, lang)
            yield SheetCell(row, column, text, _style(name, line), place=(*line.place, key))
        else:
            text = part.code if name == "code" else printed.get(name, "")
            said = (part.code, name) if name in PRINTED else None
            yield SheetCell(row, column, text, _style(name, line), said=said)


def _style(column: str, line: TableLine) -> str:
    group = "group_" if line.kind in ("dimension", "group") else ""
    if column in ("label", "code"):
        return f"{group}depth{min(line.depth, 8)}" if column == "label" else "quiet"
    if column not in TAKEN[line.kind]:
        return f"{group}grey"
    return f"{group}{'centre' if column in ('weight', 'target', 'missing') else 'given'}"


def rules(source: PrintedScheme, stands: Mapping[KeyPath, str]) -> Iterator[tuple[str, str, str, str]]:
    """Give the rows of the sheet 规则: item, path, value, and in which cell of the table the value stands instead.

    Every leaf of the document is there, in its order; those of one cell of the table are one row.
    """
    told = set()
    for leaf, value in leaves(source.data):
        place = next((leaf[:n] for n in range(1, len(leaf) + 1) if leaf[:n] in stands), leaf)
        if place not in told:
            told.add(place)
            on = source.say("table.on", sheet=source.say("table.sheet"), cell=stands[place]) if place in stands else ""
            holders = (value_at(source.data, place[:n]) for n in range(len(place), 0, -1))
            labels = (str(node["label"]) for node in holders if isinstance(node, dict) and "label" in node)
            yield next(labels, source.say("table.whole")), path(place), "" if on else format_value(value), on


# What stands in a cell, and how it is read back


def heading(column: str, weights: str, lang: str) -> str:
    """Name a column: weights are marks (分值) where the scheme gives marks.

    >>> heading("weight", "marks", "zh"), heading("data", "marks", "zh")
    ('分值', '数据来源')
    """
    return say(f"table.column.weight.{weights}", lang) if column == "weight" else say(f"table.column.{column}", lang)


def value_at(data: Any, place: KeyPath) -> Any:
    """Find what stands at a place of a document; None where there is nothing.

    >>> value_at({"bands": [{"grade": "A"}]}, ("bands", 0, "grade"))
    'A'
    """
    for step in place:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def key_of(column: str, held: Container[str], lang: str) -> str:
    """Name the key that a column shows: an English table shows the English name where one is held.

    >>> key_of("label", {"label", "label_en"}, "en"), key_of("label", {"label"}, "en"), key_of("weight", {}, "en")
    ('label_en', 'label', 'weight')
    """
    return f"{column}_en" if lang == "en" and f"{column}_en" in held else column


def fits(column: str, value: Any, lang: str) -> bool:
    """Say whether a value can stand in a column; what cannot stays on the sheet of rules."""
    if column == "weight" and isinstance(value, dict):
        return bool(value) and all(map(_is_number, value.values()))
    if column in ("weight", "target"):
        return _is_number(value)
    if column == "missing":
        return value in missing_words(lang)
    return value is not None if column in ("version", "decided_on") else isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def missing_words(lang: str) -> dict[str, str]:
    """Give the words for what happens when an indicator is missing, by the word of the scheme."""
    begun = "workbook.missing."
    return {key.removeprefix(begun): said[lang] for key, said in catalogue().items() if key.startswith(begun)}


def level_words(levels: tuple[str, ...], lang: str) -> dict[str, str]:
    """Name the levels of a scheme and all others; levels that would be called alike keep their own names."""
    words = {level: term("level", level, lang) for level in levels} | {"others": say("definition.others", lang)}
    called = list(words.values())
    return {level: word if called.count(word) == 1 else level for level, word in words.items()}


def cell_text(column: str, value: Any, unit: str, levels: tuple[str, ...], lang: str) -> str:
    r"""Write a value into its cell.

    >>> cell_text("weight", {"officer": 60, "others": 40}, "", ("officer",), "zh")
    '民警 60\n其余 40'
    >>> cell_text("target", Decimal("95.0"), "%", (), "zh")
    '95.0%'
    """
    if column == "missing":
        return missing_words(lang)[value]
    if isinstance(value, dict):
        words = level_words(levels, lang)
        return "\n".join(f"{words.get(level, level)} {format_value(weight)}" for level, weight in value.items())
    if column in ("weight", "target", "version", "decided_on"):
        return format_value(value) + (unit if column == "target" else "")
    return str(value)


def cell_value(column: str, text: str, unit: str, levels: tuple[str, ...], lang: str) -> Any:
    r"""Read a cell back; what cannot be read stays text, and the checks of the scheme will say so.

    >>> cell_value("weight", "民警 60\n其余 40", "", ("officer",), "zh"), cell_value("target", "95.0%", "%", (), "zh")
    ({'officer': 60, 'others': 40}, Decimal('95.0'))
    """
    if column == "missing":
        return {word: key for key, word in missing_words(lang).items()}.get(text.strip(), text.strip())
    if column == "weight":
        return _weights(text, {word: level for level, word in level_words(levels, lang).items()})
    if column == "target":
        return value_of(text.strip().removesuffix(unit).strip())
    return value_of(text.strip()) if column in ("version", "decided_on") else text


def _weights(text: str, levels: dict[str, str]) -> Any:
    rows = [row.strip().rpartition(" ") for row in text.splitlines() if row.strip()]
    if not all(name for name, _, _ in rows):
        return value_of(text.strip())
    return {levels.get(name.strip(), name.strip()): value_of(weight) for name, _, weight in rows}
