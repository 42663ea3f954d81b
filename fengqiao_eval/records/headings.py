"""Headings as a dictionary: what columns and words are called in files of offices, in Chinese and English, and what is meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from unicodedata import normalize

from fengqiao_eval.documents import Document, KeyPath, Model, read, suggest, validate
from fengqiao_eval.errors import Fault, InputError, refuse
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.tables import TABLES, Table

OURS = Path(__file__).with_name("headings.yaml")
"""The dictionary of the package."""
FLAGS = ("true", "false")
"""What a flag may be."""
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")

Spellings = Mapping[str, tuple[str, ...]]
"""What is meant -> how it is written."""


class Dictionary(Model):
    """A dictionary as it is written: words in names of files, of columns of every table, of one table, of cells, of flags."""

    names: dict[str, tuple[str, ...]] = {}
    every: dict[str, tuple[str, ...]] = {}
    tables: dict[str, dict[str, tuple[str, ...]]] = {}
    values: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    flags: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True)
class Meaning:
    """What a heading means: a column, the others that it may mean (table.column), and the other headings that mean the same.

    rank: where the dictionary lists it; of two headings of one column the lower is the likelier.
    """

    column: str
    alternatives: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    rank: int = 0


@dataclass(frozen=True)
class Fitness:
    """How well a list of headings fits a table: the columns that are meant, the required ones that nothing means, and a share.

    share: of the required columns those that are there, and a hundredth for each other column.
    """

    table: str
    columns: tuple[str, ...]
    missing: tuple[str, ...]
    share: float


def bare(word: str, *, brackets: bool = True) -> str:
    r"""Leave of a word what it is compared by: NFKC, lower case, no blanks, no punctuation; no brackets unless they are kept.

    >>> bare(" Case_No. "), bare("接警时间（年月日）", brackets=False), bare("接警\n时间")
    ('caseno', '接警时间', '接警时间')
    """
    plain = normalize("NFKC", normalize("NFKC", word).casefold())
    plain = plain if brackets else _BRACKETS.sub("", plain)
    return "".join(sign for sign in plain if sign.isalnum() or sign in "√✓×✗")


@lru_cache(maxsize=4096)
def _readings(heading: str) -> tuple[str, ...]:
    """Give what a heading may be known by: as it is, without brackets, of two rows the lower one, alone or before the upper."""
    above, _, below = heading.rpartition(" ")
    return bare(heading), bare(heading, brackets=False), bare(below), bare(below, brackets=False), bare(f"{below}{above}")


@dataclass(frozen=True)
class Headings:
    """Dictionaries one upon the other: what the first says of a word comes before what the next says."""

    layers: tuple[Dictionary, ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """Give all words that a heading may be, as they are compared."""
        return frozenset(word for words in self._columns.values() for word in words)

    def tables_named(self, text: str) -> tuple[str, ...]:
        """Name the tables after which a file, a folder or a sheet is called.

        >>> read_headings().tables_named("2024年10月 接处警.xlsx Sheet1")
        ('cases',)
        """
        plain = bare(text)
        found = {
            table for layer in self.layers for table, words in layer.names.items() if any(bare(word) in plain for word in words)
        }
        return tuple(table for table in TABLES if table in found)

    @cached_property
    def _columns(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The columns that a bare word may mean, the likeliest first: table -> word -> columns."""
        return {table.name: self._of_table(table) for table in TABLES.values()}

    def _of_table(self, table: Table) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {bare(column.name): [column.name] for column in table.columns}
        for layer in self.layers:
            every = {name: words for name, words in layer.every.items() if table.column(name)}
            for source in (layer.tables.get(table.name, {}), every):
                for name, words in source.items():
                    for word in words:
                        found.setdefault(bare(word), []).append(name)
        return {word: tuple(dict.fromkeys(names)) for word, names in found.items()}

    def _meant(self, heading: str, table: str) -> tuple[str, ...]:
        """Name the columns of a table that a heading may mean; a heading of citizens means none."""
        if is_of_citizens(heading, TABLES[table]):
            return ()
        words = self._columns[table]
        return next((words[one] for one in _readings(heading) if one in words), ())

    def _rank(self, heading: str, table: str) -> int:
        """Say where in the dictionary of a table a heading stands, as it is or without brackets."""
        words = list(self._columns[table])
        return next((words.index(one) for one in _readings(heading) if one in words), len(words))

    def columns_of(self, headings: Sequence[str], table: str | None = None) -> dict[str, Meaning]:
        """Say what headings mean, in a table or in the one that they fit best; what nobody knows is left out.

        >>> columns = read_headings().columns_of(["警情号", "单位", "备注", "报警人姓名"], "cases")
        >>> {heading: meaning.column for heading, meaning in columns.items()}
        {'警情号': 'case_id', '单位': 'unit_id'}
        """
        name = table or self.fits(headings)[0].table
        meant = {heading: found for heading in dict.fromkeys(headings) if (found := self._meant(heading, name))}
        meanings = {}
        for heading, columns in meant.items():
            others = [f"{name}.{column}" for column in columns[1:]]
            if table is None:
                others += [f"{other}.{found[0]}" for other in TABLES if other != name and (found := self._meant(heading, other))]
            rivals = tuple(other for other, theirs in meant.items() if other != heading and theirs[0] == columns[0])
            meanings[heading] = Meaning(columns[0], tuple(others), rivals, self._rank(heading, name))
        return meanings

    def fits(self, headings: Sequence[str]) -> list[Fitness]:
        """Say how well headings fit each table, the best first.

        >>> read_headings().fits(["编号", "名称", "层级", "上级"])[0].table
        'units'
        """
        found = [self._fitness(headings, table) for table in TABLES.values()]
        return sorted(found, key=lambda fit: -fit.share)

    def _fitness(self, headings: Sequence[str], table: Table) -> Fitness:
        meant = {columns[0] for heading in headings if (columns := self._meant(heading, table.name))}
        columns = tuple(column.name for column in table.columns if column.name in meant)
        missing = tuple(name for name in table.required if name not in meant)
        required = len(table.required)
        share = (required - len(missing)) / required + (len(columns) - required + len(missing)) / 100
        return Fitness(table.name, columns, missing, share)

    def values_of(self, table: str, column: str, written: Iterable[str]) -> dict[str, str]:
        """Say what the words in the cells of a column mean; what nobody knows, and what is meant already, is left out.

        >>> read_headings().values_of("units", "level", ["派出所", "station", "科室"])
        {'派出所': 'station'}
        """
        declared = TABLES[table].column(column)
        meant: dict[str, str] = {}
        for layer in self.layers:
            words = layer.flags if declared and declared.kind == "flag" else layer.values.get(table, {}).get(column, {})
            for meaning, spellings in words.items():
                for word in (meaning, *spellings):
                    meant.setdefault(bare(word), meaning)
        return {one: meant[bare(one)] for one in written if bare(one) in meant and meant[bare(one)] != one}


@cache
def _ours() -> Dictionary:
    return Dictionary.model_validate(read(OURS, OURS.name).data)


def read_headings(more: Path | None = None, name: str | None = None) -> Headings:
    """Read the dictionary of the package, and a user's that adds to it (params/headings.yaml) and comes before it.

    Raises InputError with every fault of the user's at its line: unknown keys, tables and columns, words of nothing, words of
    citizens, words that mean two things.
    """
    if more is None:
        return Headings((_ours(),))
    document = read(more, name)
    found, faults = validate(Dictionary, document)
    refuse([*faults, *(faults_of(found, document) if found else ())])
    if found is None:
        raise InputError(faults)
    return Headings((found, _ours()))


def faults_of(found: Dictionary, document: Document) -> list[Fault]:
    """Find what is wrong with a dictionary: tables and columns that are none; words of nothing, of citizens, of two things."""
    columns = list(dict.fromkeys(column.name for table in TABLES.values() for column in table.columns))
    holders: list[tuple[tuple[str, ...], Spellings, Sequence[str], str | None]] = [(("every",), found.every, columns, None)]
    faults = []
    for key, inside in (("names", found.names), ("tables", found.tables), ("values", found.values)):
        strange = [table for table in inside if table not in TABLES]
        faults += [document.fault((key, t), "headings.table", given=t, known=suggest(t, list(TABLES))) for t in strange]
    known = {table: [column.name for column in TABLES[table].columns] for table in TABLES}
    holders += [(("tables", table), words, known[table], table) for table, words in found.tables.items() if table in TABLES]
    for place, words, allowed, table in holders:
        faults += _key_faults(place, words, allowed, document)
        faults += _word_faults(place, words, document, TABLES[table] if table else None)
    for table, inner in ((t, inner) for t, inner in found.values.items() if t in TABLES):
        faults += _key_faults(("values", table), inner, known[table], document)
        for name, words in inner.items():
            declared = TABLES[table].column(name)
            if declared and declared.words:
                faults += _key_faults(("values", table, name), words, declared.words, document)
            faults += _word_faults(("values", table, name), words, document)
    faults += _key_faults(("flags",), found.flags, FLAGS, document)
    return [*faults, *_word_faults(("flags",), found.flags, document)]


def _key_faults(place: tuple[str, ...], words: Mapping[str, object], allowed: Sequence[str], document: Document) -> list[Fault]:
    return [
        document.fault((*place, name), "headings.column", given=name, known=suggest(name, allowed))
        for name in words
        if name not in allowed
    ]


def _word_faults(place: tuple[str, ...], words: Spellings, document: Document, table: Table | None = None) -> list[Fault]:
    """Find words of nothing but punctuation, those of columns of citizens, and those that mean two things."""
    faults, seen = [], dict[str, str]()
    heads = place[0] in ("every", "tables")
    for name, spellings in words.items():
        for number, word in enumerate(spellings):
            at: KeyPath = (*place, name, number)
            if not bare(word):
                faults.append(document.fault(at, "headings.nothing", given=word))
            elif heads and is_of_citizens(word, table or TABLES["units"]):
                faults.append(document.fault(at, "headings.citizen", given=word))
            elif (other := seen.setdefault(bare(word), name)) != name:
                faults.append(document.fault(at, "headings.twice", given=word, one=other, two=name))
    return faults
