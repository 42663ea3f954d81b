"""The one table as lines and cells: what each cell says, and how what is written in it is read back."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, Literal

from fengqiao_eval.documents import Place
from fengqiao_eval.scheme.leaves import spelled, value_of
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of
from fengqiao_eval.scheme.outside import Outside
from fengqiao_eval.scorecards.definitions import conditions, data_source, definition, gathering, rule_of, scheme_words
from fengqiao_eval.scorecards.wording import term
from fengqiao_eval.words import catalogue, say

Kind = Literal["dimension", "indicator", "group", "line"]

COLUMNS = ("label", "definition", "scoring", "data", "weight", "target", "missing", "source", "code")
"""The columns of the table, in their order; the last stands outside what is printed on paper."""
PRINTED = ("definition", "scoring", "data")
"""The columns that are made from the rules, and never read."""
TAKEN: Mapping[Kind, tuple[str, ...]] = {
    "dimension": ("label", "weight"),
    "indicator": ("label", "weight", "target", "missing", "source"),
    "group": ("label",),
    "line": ("label", "target", "source"),
}
"""The columns from which a kind of line is read back."""
FIELDS = ("version", "author", "decided_on", "checker")
"""What stands above the table beside its name and is read back; each is a key of the scheme."""


@dataclass(frozen=True)
class Line:
    """A line of the table: its kind, the place of its declaration in the document, how deep it lies, the declaration."""

    kind: Kind
    place: Place
    depth: int
    part: Any


def lines_of(scheme: Scheme) -> Iterator[Line]:
    """Walk the lines from top to bottom: dimensions with what is in them, then what stands outside the hundred."""
    for place, above, part in parts_of(scheme):
        yield Line("dimension" if isinstance(part, Dimension) else "indicator", place, len(above), part)
    for number, group in enumerate(scheme.outside):
        yield Line("group", ("outside", number), 0, group)
        for row, line in enumerate(group.lines):
            yield Line("line", ("outside", number, "lines", row), 1, line)


def printed(line: Line, scheme: Scheme, lang: str) -> dict[str, str]:
    """Say what is printed in a line from the rules, by column."""
    if isinstance(line.part, (Dimension, Outside)):
        return dict.fromkeys(PRINTED, "") | {"definition": gathering(line.part, lang)}
    names = {other.code: other.name(lang) for other in scheme.entries}
    defined = say("screen.semicolon", lang).join([definition(line.part, lang), conditions(line.part, lang, names)])
    return {"definition": defined, "scoring": rule_of(line.part, scheme, lang), "data": data_source(line.part, lang)}


def printed_whole(scheme: Scheme, lang: str) -> dict[str, str]:
    """Say what is printed once: what holds for the whole table, and the documents it rests on."""
    sources = say("screen.semicolon", lang).join(scheme.sources)
    return {"scheme": scheme_words(scheme, lang), "sources": sources}


def at(data: Any, place: Place) -> Any:
    """Find what stands at a place of a document; None where there is nothing.

    >>> at({"bands": [{"grade": "A"}]}, ("bands", 0, "grade"))
    'A'
    """
    return reduce(_step, place, data)


def _step(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


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


def shown(column: str, value: Any, unit: str, levels: tuple[str, ...], lang: str) -> str:
    r"""Write a value into its cell.

    >>> shown("weight", {"officer": 60, "others": 40}, "", ("officer",), "zh"), shown("target", Decimal("95.0"), "%", (), "zh")
    ('民警 60\n其余 40', '95.0%')
    """
    if column == "missing":
        return missing_words(lang)[value]
    if isinstance(value, dict):
        words = level_words(levels, lang)
        return "\n".join(f"{words.get(level, level)} {spelled(weight)}" for level, weight in value.items())
    if column in ("weight", "target", "version", "decided_on"):
        return spelled(value) + (unit if column == "target" else "")
    return str(value)


def taken(column: str, text: str, unit: str, levels: tuple[str, ...], lang: str) -> Any:
    r"""Read a cell back; what cannot be read stays text, and the checks of the scheme will say so.

    >>> taken("weight", "民警 60\n其余 40", "", ("officer",), "zh"), taken("target", "95.0%", "%", (), "zh")
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
