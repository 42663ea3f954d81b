"""Ids that meet: what was written in columns of ids held against the units that are known, repaired where one unit fits.

An id that is known stands as it is. Else the rules are tried in their order, each on top of those before it, and the first by
which any known unit fits decides: one unit, and the id is that unit's; several, and nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal, NamedTuple
from unicodedata import category

import pandas as pd

from fengqiao_eval.errors import OFFICER, Fault, Note
from fengqiao_eval.identities import look, names_citizen
from fengqiao_eval.office.cells import is_like_name, narrow
from fengqiao_eval.records import query
from fengqiao_eval.records.tables import TABLES, Table
from fengqiao_eval.words import quote

Repair = Literal["rules", "none"]
"""Whether ids are repaired by the rules, or taken as they are written."""
WRITTEN = "_written_"
"""What is put behind the name of a column of ids for the column of what was written, where any was repaired."""
UNIT_IDS = ("unit_id", "parent_id", "successor_id")
"""The columns that name units; officer_id names persons."""
SHOWN = 5
"""As many ids are named."""
LONG_NUMBER = re.compile(r"\d{11}")
"""An id that may be a telephone or an identity-card number, from a shifted line: its look is shown instead."""
_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)
_DECIMAL = re.compile(r"([0-9]+)\.0+")
_DIGITS = re.compile(r"[0-9]+")


def show_id(given: object) -> str:
    """Show an id, or only how it is written where it may be a citizen's number, from a shifted line.

    >>> show_id("S1"), show_id("13812345678")
    ('S1', '99999999999')
    """
    return look(given) if LONG_NUMBER.search(str(given)) else str(given)


def _trim(text: str) -> str:
    """Take blanks of any width, signs that nobody sees, and the apostrophe of a spreadsheet from the ends."""
    first, last = 0, len(text)
    while last > first and _is_unseen(text[last - 1]):
        last -= 1
    while first < last and (_is_unseen(text[first]) or text[first] == "'"):
        first += 1
    return text[first:last]


def _is_unseen(sign: str) -> bool:
    return sign.isspace() or category(sign) in ("Cc", "Cf")


def _unwrap(text: str) -> str:
    """Take a text out of the formula by which a spreadsheet is kept from reading it as a number: ="003"."""
    found = _FORMULA.fullmatch(text)
    return _trim(found[1]) if found else text


def _narrow(text: str) -> str:
    return _unwrap(_trim(narrow(text)))


def _whole(text: str) -> str:
    found = _DECIMAL.fullmatch(text)
    return found[1] if found else text


def _without_noughts(text: str) -> str:
    return text.lstrip("0") or "0" if _DIGITS.fullmatch(text) else text


RULES: Mapping[str, Callable[[str], str]] = {
    "ends": _trim,
    "formula": _unwrap,
    "width": _narrow,
    "case": str.casefold,
    "decimal": _whole,
    "noughts": _without_noughts,
}
"""What each rule takes for one and the same, the gentlest first."""
NAME = "name"
"""The last rule: what was written is the name of a unit, alike but for the rules before `decimal`."""
KINDS = (*RULES, NAME)


def _forms(text: str) -> Iterator[tuple[str, str]]:
    """Give what is left of a text by each rule, those before it applied."""
    for rule, apply in RULES.items():
        text = apply(text)
        yield rule, text


def unify(written: Mapping[str, int]) -> dict[str, str]:
    """Say for ids of which there is no list, and how often each stands, which spelling is meant: one for all that are alike.

    Alike are ids by the rules before `noughts`, and by that too where all of them are digits; noughts then fill the common width.

    >>> unify({"003": 9, "3": 2, "００３ ": 1, "014": 5})
    {'003': '003', '3': '003', '００３ ': '003', '014': '014'}
    >>> unify({"S1": 1, "s1": 5, "S2": 1})
    {'S1': 's1', 's1': 's1', 'S2': 'S2'}
    """
    plain = {one: _whole(_narrow(one)) for one in written}
    if all(map(_DIGITS.fullmatch, plain.values())):
        filled = [form for form in plain.values() if form.startswith("0")]
        width = max(map(len, filled), default=0)
        return {one: _without_noughts(form).zfill(width) for one, form in plain.items()}
    chosen: dict[str, str] = {}
    for one in sorted(written, key=lambda one: -written[one]):
        chosen.setdefault(plain[one].casefold(), plain[one])
    return {one: chosen[form.casefold()] for one, form in plain.items()}


class Meant(NamedTuple):
    """For what an id was written: the units that fit, and the rule by which they do."""

    rule: str
    units: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """The units against which ids are held.

    ids: what stands as it is written. units: unit_id, name, level of those for which another id may be meant, a row or more each.
    """

    ids: frozenset[str]
    units: tuple[tuple[str, str, str], ...]

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The units by rule and form."""
        found: dict[str, dict[str, set[str]]] = {rule: {} for rule in KINDS}
        for unit in dict.fromkeys(unit for unit, _, _ in self.units):
            for rule, form in _forms(unit):
                found[rule].setdefault(form, set()).add(unit)
        for unit, name, _ in self.units:
            if form := _name_form(name):
                found[NAME].setdefault(form, set()).add(unit)
        return {rule: {form: frozenset(units) for form, units in forms.items()} for rule, forms in found.items()}

    @cached_property
    def _even(self) -> frozenset[str]:
        """The units of levels whose ids are digits of one width: of these alone a nought before them may be lost."""
        levels: dict[str, set[str]] = {}
        for unit, _, level in self.units:
            levels.setdefault(level, set()).add(unit)
        even = (ids for ids in levels.values() if all(map(_DIGITS.fullmatch, ids)) and len({*map(len, ids)}) == 1)
        return frozenset[str]().union(*even)

    def meant(self, written: str) -> Meant | None:
        """Say for which unit an id was written, by the first rule by which any fits; None where it is known, or none fits.

        >>> known = Known(frozenset({"003", "014"}), (("003", "东街所", "station"), ("014", "河口所", "station")))
        >>> known.meant('="003"'), known.meant("3.0"), known.meant("东街所 "), known.meant("4")
        (Meant(rule='formula', units=('003',)), Meant(rule='noughts', units=('003',)), Meant(rule='name', units=('003',)), None)
        """
        if written in self.ids:
            return None
        for rule, form in _forms(written):
            if found := self._index[rule].get(form):
                alone = len(found) == 1 and rule == "noughts" and not found <= self._even
                return None if alone else Meant(rule, tuple(sorted(found)))
        found = self._index[NAME].get(_name_form(written))
        return Meant(NAME, tuple(sorted(found))) if found else None

    def likeliest(self, written: str) -> str:
        """Name the unit for which an unknown id is likeliest meant, by the rules or by a slip; '' where several are or none.

        >>> Known(frozenset({"014"}), (("014", "河口所", "station"),)).likeliest("0l4")
        '014'
        """
        *_, (_, form) = _forms(written)
        found = self.meant(written)
        units = found.units if found else tuple(self._index["noughts"].get(form, ()))
        units = units or tuple(get_close_matches(written, sorted({unit for unit, _, _ in self.units}), 2, 0.6))
        return units[0] if len(units) == 1 else ""


def _name_form(text: str) -> str:
    return _narrow(_unwrap(_trim(text))).casefold()


def likeliest(written: Iterable[str], units: Mapping[str, str]) -> dict[str, str]:
    """Name for words that are none of those known the one they are likeliest meant for; units: id -> name.

    >>> likeliest(["18.0", " 3", '="014"', "东街所", "0l4", "X"], {"018": "一所", "003": "东街所", "014": "河口所"})
    {'18.0': '018', ' 3': '003', '="014"': '014', '东街所': '003', '0l4': '014'}
    """
    # what is no text is told elsewhere
    rows = tuple((unit, name if isinstance(name, str) else "", "") for unit, name in units.items() if isinstance(unit, str))
    known = Known(frozenset(unit for unit, _, _ in rows), rows)
    return {one: unit for one in written if (unit := known.likeliest(one))}


# The columns of the record tables


@dataclass(frozen=True)
class Match:
    """How a column of ids meets the units: records by table and column.

    written: as they are; repaired: by rule; unknown, of how many ids; blank. strange: which of those have most records, in words;
    of persons none is named.
    """

    table: str
    column: str
    written: int
    repaired: Mapping[str, int]
    unknown: int
    ids: int
    blank: int
    strange: str

    @property
    def records(self) -> int:
        """Count the records."""
        return self.written + sum(self.repaired.values()) + self.unknown + self.blank


@dataclass(frozen=True)
class Register:
    """The units of a table of units, as ids of each kind are held against them."""

    frame: pd.DataFrame

    @cached_property
    def persons(self) -> Known:
        """Those of the level officer, for officer_id."""
        return self._known(persons=True, places=False, ids=False)

    @cached_property
    def places(self) -> Known:
        """Those above officers, for unit_id and the like; the id of a person stands as it is."""
        return self._known(persons=False, places=True, ids=True)

    @cached_property
    def everybody(self) -> Known:
        """Both, for figures, which may be of either."""
        return self._known(persons=True, places=True, ids=True)

    def of(self, table: str, column: str) -> Known:
        """Give those against which a column of ids is held."""
        if column == "officer_id":
            return self.persons
        return self.everybody if table == "figures" else self.places

    def _known(self, *, persons: bool, places: bool, ids: bool) -> Known:
        frame = self.frame.astype(object).where(self.frame.notna(), "")
        rows = [tuple(map(str, row)) for row in frame[["unit_id", "name", "level"]].itertuples(index=False) if row.unit_id != ""]
        chosen = tuple((u, n, level) for u, n, level in rows if (persons if level == OFFICER else places))
        return Known(frozenset(unit for unit, _, _ in (rows if ids else chosen)), chosen)


def register(units: Any) -> Register:
    """Bring the units here against which ids are held."""
    return Register(query.fetch(units, ["unit_id", "name", "level"]).drop_duplicates())


def columns_of_ids(table: Table, there: Iterable[str]) -> list[str]:
    """Name the columns of a table that name units or persons; its own ids are not held against themselves.

    >>> columns_of_ids(TABLES["units"], ["unit_id", "parent_id"]), columns_of_ids(TABLES["cases"], ["case_id", "unit_id"])
    (['parent_id'], ['unit_id'])
    """
    asked = [name for name in (*UNIT_IDS, "officer_id") if table.column(name) and name != table.key]
    return [name for name in asked if name in {*there}]


def match_ids(
    rows: Any, table: Table, units: Register, file: str, repair: Repair = "rules", keep: Callable[[str], bool] = lambda _: False
) -> tuple[Any, list[Match], list[Fault], list[Note]]:
    """Hold the columns of ids of a table against the units; return its rows with what was repaired, matches, faults and notes.

    keep: says of an id that it is declared to be no unit's, and stays as it is. A fault: an id for which several units fit.
    """
    matches, faults, meanings = list[Match](), list[Fault](), dict[str, dict[str, str]]()
    for column in columns_of_ids(table, rows.columns):
        known = units.of(table.name, column)
        if column == "officer_id" and not known.units:  # nobody is appraised in person
            continue
        counts = query.count_words(rows, column)
        written = {str(word): int(n) for word, n in counts.dropna().itertuples(index=False)}
        strange = {word: n for word, n in written.items() if word not in known.ids}
        meant = {word: known.meant(word) for word in strange if repair == "rules" and not keep(word)}
        one = {word: found for word, found in meant.items() if found and len(found.units) == 1}
        several = {word: found for word, found in meant.items() if found and len(found.units) > 1}
        if several:
            faults.append(_several(several, strange, f"{table.name}.{column}", file))
        matches.append(_match(table.name, column, int(counts["rows_"].sum()), written, one, known))
        meanings |= {column: {word: found.units[0] for word, found in one.items()}} if one else {}
    if meanings:
        rows = query.replace_words(rows, meanings, WRITTEN)
    return rows, matches, faults, [note for match in matches for note in _notes(match)]


def _match(table: str, column: str, total: int, written: Mapping[str, int], one: Mapping[str, Meant], known: Known) -> Match:
    times = {rule: sum(written[word] for word, found in one.items() if found.rule == rule) for rule in KINDS}
    repaired = {rule: n for rule, n in times.items() if n}
    unknown = {word: n for word, n in written.items() if word not in known.ids and word not in one}
    every, strange, mended = sum(written.values()), sum(unknown.values()), sum(repaired.values())
    commonest = dict(sorted(unknown.items(), key=lambda pair: (-pair[1], pair[0]))[: SHOWN + 1])
    named = "" if column == "officer_id" else name_unknown(commonest, known)
    return Match(table, column, every - strange - mended, repaired, strange, len(unknown), total - every, named)


def _notes(match: Match) -> Iterator[Note]:
    """Tell how many records were repaired by each rule."""
    for rule, count in match.repaired.items():
        yield Note("repaired_ids", {"table": TABLES[match.table].label, "column": match.column, "count": count, "repair": rule})


def _several(several: Mapping[str, Meant], counts: Mapping[str, int], place: str, file: str) -> Fault:
    first = sorted(several, key=lambda word: (-counts[word], word))[:SHOWN]
    shown = [
        f"{quote(_show(word, several[word].rule, place))} ×{counts[word]} → {', '.join(map(quote, several[word].units[:SHOWN]))}"
        for word in first
    ]
    given = {"count": sum(map(counts.__getitem__, several)), "ids": "; ".join(shown) + (" …" if several.keys() - first else "")}
    return Fault(file, place, "records.several_units", given)


def _show(word: str, rule: str, place: str) -> str:
    """Show an id; of a person's name, and of what may be a citizen's number, only how it is written."""
    return look(word) if rule == NAME and place.endswith(".officer_id") else show_id(word)


_UNIT = re.compile(r"[所队局区县市站室科组镇乡村街处部厅院]|中心")


def show_unknown(given: str) -> str:
    """Show an unknown id; what may be a person's name, or holds a citizen's number, by its shape alone.

    >>> show_unknown("张三丰"), show_unknown("东街所"), show_unknown("099")
    ('字字字', '东街所', '099')
    """
    person = names_citizen(given, code=True) or (is_like_name(given) and not _UNIT.search(given))
    return look(given) if person else show_id(given)


def name_unknown(strange: Mapping[str, int], known: Known) -> str:
    """Name the unknown ids of most records in quotes, with how many each has and the unit it is likeliest meant for."""
    first: Sequence[str] = list(strange)[:SHOWN]
    meant = {one: known.likeliest(one) for one in first if one not in known.ids}
    ids = [
        f"{quote(show_unknown(one))} ×{strange[one]}" + (f" → {quote(meant[one])}?" if meant.get(one) else "") for one in first
    ]
    return ", ".join(ids) + (" …" if len(strange) > SHOWN else "")
