"""Where a unit stands: the units above it, those right below it with total and place, who serves there; found by id or name."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fengqiao_eval.documents import near
from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.files import link
from fengqiao_eval.results import frames
from fengqiao_eval.results.caveats import unranked_reasons
from fengqiao_eval.results.lines import CardPeriods, IndicatorLine, adjustment_lines, indicator_lines
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import class_order
from fengqiao_eval.scheme.indicator import POINTED
from fengqiao_eval.wording.arithmetic import Unit
from fengqiao_eval.wording.numbers import covered_part, flags, number, term, text
from fengqiao_eval.words import LANGUAGES, say

RANKS = ("unit_id", "period", "peer_class", "total", "covered", "rank", "of", "flags")


@dataclass(frozen=True)
class RelatedUnit:
    """A unit above or below another, and where its card lies, if it has one: the address, seen from that of the other."""

    unit_id: str
    name: str
    level: str
    page: str


@dataclass(frozen=True)
class UnitBelow(RelatedUnit):
    """A unit right below another: total (None where nothing was scored), place among `of`, and what to know of both.

    remarks: why it has no place, the share of its weight that was scored where that is not all, flags that the unit above does
    not have, and vetoes.
    """

    group: str
    total: float | None
    rank: int | None
    of: int
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Hierarchy:
    """The units above, the nearest first; those right below, by class and place; the persons at or below (None: not known)."""

    above: tuple[RelatedUnit, ...]
    below: tuple[UnitBelow, ...]
    officers: int | None

    @property
    def groups(self) -> tuple[tuple[UnitBelow, ...], ...]:
        """The units below class by class."""
        names = dict.fromkeys(unit.group for unit in self.below)
        return tuple(tuple(unit for unit in self.below if unit.group == name) for name in names)


def class_words(level: str, peer_class: str, lang: str) -> str:
    """Name a class; where it is the whole level, say so."""
    label = term("level", level, lang)
    whole = peer_class in {"", level, term("level", level, "zh")}
    return say("card.whole_level", lang, level=label) if whole else peer_class


def hierarchy(run: Run, unit: Mapping[str, Any], raised: Sequence[str], lang: str) -> Hierarchy:
    """Gather what stands above and below a unit (its own row); raised: its own flags. No officer is named, above none below."""
    person = unit["level"] == OFFICER
    below = () if person else frames.children(run.frame("units")).get(unit["unit_id"], ())
    return Hierarchy(
        above=tuple(_units_above(run, unit)),
        below=tuple(_units_below(run, below, raised, lang)),
        officers=None if (officers := number(unit.get("officers"))) is None else int(officers),
    )


def _units_above(run: Run, unit: Mapping[str, Any]) -> Iterator[RelatedUnit]:
    units, seen = run.frame("units"), {unit["unit_id"]}
    names = frames.page_names(units)
    while (rows := units.rows(text(unit["parent_id"]))) and rows[-1]["unit_id"] not in seen:
        unit = rows[-1]
        seen.add(unit["unit_id"])
        page = f"../{link(names[unit['unit_id']], unit['level'])}"
        yield RelatedUnit(unit["unit_id"], text(unit["name"]) or unit["unit_id"], unit["level"], page)


def _units_below(run: Run, unit_ids: Sequence[str], raised: Sequence[str], lang: str) -> Sequence[UnitBelow]:
    rows = (dict(zip(RANKS, row, strict=True)) for row in run.frame("ranks").tuples(RANKS, *unit_ids))
    ranks = {row["unit_id"]: row for row in rows if row["period"] == run.period}
    vetoes: dict[str, list[dict[str, Any]]] = {}
    for row in run.frame("adjustments").rows(*unit_ids):
        if row["period"] == run.period and row["effect"] not in {*POINTED, "aggregate", "cap"}:
            vetoes.setdefault(row["unit_id"], []).append(row)
    found, names = [], frames.page_names(run.frame("units"))
    for unit_id, name, level in run.frame("units").tuples(("unit_id", "name", "level"), *unit_ids):
        rank = ranks.get(unit_id, {})
        covered, place, peer_class = number(rank.get("covered")) or 0.0, number(rank.get("rank")), text(rank.get("peer_class"))
        given = UnitBelow(
            unit_id=unit_id,
            name=text(name) or unit_id,
            level=level,
            page=f"../{link(names[unit_id], level)}",
            group=f"{term('level', level, lang)} · {class_words(level, peer_class, lang)}",
            total=number(rank.get("total")) if covered else None,
            rank=None if place is None else int(place),
            of=int(number(rank.get("of")) or 0),
            remarks=(
                *(() if place else unranked_reasons(run.scheme, unit_id, rank, _lines(run, unit_id, level, rank, lang), lang)),
                *([say("card.covered", lang, covered=covered_part(covered))] if place and covered < 1 else []),
                *(term("flag", flag, lang) for flag in flags(rank.get("flags")) if flag not in {*raised, *_SAID}),
                *(f"{line.label} {line.said(lang)}" for line in adjustment_lines(run.scheme, vetoes.get(unit_id, ()), lang)),
            ),
        )
        found.append(((run.scheme.levels.index(level), class_order(peer_class), place or float("inf"), unit_id), given))
    return [given for _, given in sorted(found)]


_SAID = ("low_coverage", "not_ranked")
"""What the reasons of a unit without a place say."""


def _lines(run: Run, unit_id: str, level: str, rank: Mapping[str, Any], lang: str) -> Sequence[IndicatorLine]:
    """Read the indicators of a unit without a place, where it may have none for one of them."""
    if "low_coverage" in flags(rank.get("flags")) or not any(indicator.bars_place for indicator in run.scheme.indicators):
        return ()
    points = {(row["period"], row["indicator"]): row for row in run.frame("points").rows(unit_id)}
    own = Unit(run.scheme, level, text(rank.get("peer_class")))
    return indicator_lines(CardPeriods(own, run.manifest["periods"], lang, points, (), ()))


# What a person types for a unit or a level


NEAR = 5
"""As many units are named where a name is that of none, or of several."""


def find_unit(run: Run, given: str) -> str:
    """Find a unit of a run by its id, or by its name where one unit above officers has it; give the id.

    An id is taken before a name; officers have no names here. Raises UsageError for what is no text, names nobody, or several.
    """
    if not isinstance(given, str) or given in run.frame("units").units:
        run.holds_officer(given)
        return given
    names = {unit: text(name) for unit, name in run.frame("units").tuples(("unit_id", "name"), *run.frame("units").units)}
    if not named_alike(given, names) and given in run.frame("units", officers=True).units:
        return given
    return unit_named(given, names, str(run.manifest["run"]))


def unit_named(given: str, names: Mapping[str, str], run: str) -> str:
    """Give the id of the one unit that a person means by an id or a name (names: by id); run: what they are units of.

    Raises UsageError naming those that have the name, or near ones where none has.

    >>> unit_named("峦谷 派出所", {"S007": "峦谷派出所", "S008": "柚坳派出所"}, "demo")
    'S007'
    """
    found = [given] if given in names else named_alike(given, names)
    if len(found) == 1:
        return found[0]
    if found:
        shown = [*found[:NEAR], *(["…"] if len(found) > NEAR else [])]
        raise UsageError("unit_names_several", given=given, run=run, n=len(found), known=", ".join(shown))
    holding = [unit for unit, name in names.items() if _fold(given) in _fold(name)] if _fold(given) else []
    known = [f"{unit} {names[unit]}" for unit in holding[:NEAR]] or near(given, names, 3)
    raise UsageError("unknown_unit", given=given, run=run, known=", ".join(known))


def named_alike(given: str, names: Mapping[str, str]) -> list[str]:
    """List the ids of the units of a name; blanks, width and case aside.

    >>> named_alike("城关所", {"S1": "城关所", "S2": "城关所 ", "S3": "东关所"})
    ['S1', 'S2']
    """
    wanted = _fold(given)
    return [unit for unit, name in names.items() if wanted and _fold(name) == wanted]


def _fold(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def level_named(given: str, levels: Collection[str]) -> str | None:
    """Give the level that a person means by its code or its label in either language; None where there is none.

    >>> level_named("派出所", ["county", "station"]), level_named("Station", ["station"]), level_named("squad", ["station"])
    ('station', 'station', None)
    """
    labels = {_fold(term("level", level, lang)): level for lang in LANGUAGES for level in levels}
    return given if given in levels else labels.get(_fold(given))
