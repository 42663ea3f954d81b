"""Names: codes that may stand once only, and codes, levels and grades that must stand somewhere; gates that run in a ring."""

from collections.abc import Iterator, Sequence
from itertools import chain

from fengqiao_eval.documents import Document, Place, nearest
from fengqiao_eval.errors import Fault, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Scheme, parts_of
from fengqiao_eval.scheme.outside import Consequence
from fengqiao_eval.scheme.places import codes_of, entries_of

WHOLE = "total"
"""The code of the whole among the lines of a total; no part of the table may take it."""

Named = Iterator[tuple[Place, str]]
"""Names that must stand somewhere, each with where it was given."""


def names(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every name that stands twice or nowhere, and gates that run in a ring."""
    yield from _twice(scheme, document)
    indicators, codes = [i.code for i in scheme.indicators], [code for _, code in codes_of(scheme)]
    yield from _unknown(_indicators(scheme), indicators, "scheme.unknown_code", document)
    yield from _unknown(_parts(scheme), codes, "scheme.unknown_part", document)
    yield from _unknown(_grades(scheme), [band.grade for band in scheme.bands], "scheme.unknown_grade", document)
    for place, level in chain(_levels(scheme), _levels_outright(scheme)):
        if level not in scheme.levels:
            yield document.fault(place, "scheme.unknown_level", given=level, known=", ".join(scheme.levels))
    yield from _rings(scheme, document)
    yield from _months(scheme, document)


def _twice(scheme: Scheme, document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, code in codes_of(scheme):
        if code in seen:
            yield document.fault((*place, "code"), "scheme.code_twice", code=code)
        if code == WHOLE:
            yield document.fault((*place, "code"), "scheme.code_of_the_whole", code=code)
        seen.add(code)


def _unknown(given: Named, known: Sequence[str], rule: str, document: Document) -> Iterator[Fault]:
    for place, name in given:
        if name not in known:
            yield document.fault(place, rule, given=name, known=nearest(name, list(known)))


def _indicators(scheme: Scheme) -> Named:
    """Where an indicator is named."""
    for place, entry in entries_of(scheme):
        if isinstance(entry, Indicator) and entry.gate:
            yield (*place, "gate", "indicator"), entry.gate.indicator
        if isinstance(entry, Consequence) and entry.item:
            yield (*place, "item"), entry.item
    for number, void in enumerate(scheme.void):
        yield ("void", number, "indicator"), void.indicator


def _parts(scheme: Scheme) -> Named:
    """Where any part of the table is named."""
    for number, one in enumerate(scheme.justified):
        if one.indicator:
            yield ("justified", number, "indicator"), one.indicator
    for number, judgement in enumerate(scheme.judgements):
        yield ("judgements", number, "more"), judgement.more
        yield ("judgements", number, "than"), judgement.than


def _grades(scheme: Scheme) -> Named:
    """Where a grade is named."""
    for place, entry in entries_of(scheme):
        if isinstance(entry, Consequence) and entry.grade is not None:
            yield (*place, "grade"), entry.grade


def _levels_outright(scheme: Scheme) -> Named:
    """Where a level is named in a list: of all that is counted, and of what is compared."""
    yield from ((("compare_within",), level) for level in scheme.compare_within)
    for place, entry in entries_of(scheme):
        yield from (((*place, "levels"), level) for level in entry.levels or ())


def _levels(scheme: Scheme) -> Named:
    """Where a level is named as a key: of weights, and of the smallest number of records."""
    keyed = [((*place, "weight"), part.weight) for place, _, part in parts_of(scheme)]
    for where, by_level in (*keyed, *(((*place, "least"), entry.least) for place, entry in entries_of(scheme))):
        if isinstance(by_level, dict):
            yield from ((where, level) for level in by_level if level != "others")


def _rings(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Follow the gates; a ring is one fault, told at its first indicator in the table."""
    behind = {entry.code: entry.gate.indicator for entry in scheme.indicators if entry.gate}
    told: set[str] = set()
    for place, entry in entries_of(scheme):
        way = [entry.code]
        while (following := behind.get(way[-1])) and following not in way:
            way.append(following)
        if following == entry.code and not told & set(way):
            told |= set(way)
            yield document.fault((*place, "gate", "indicator"), "gate.ring", way=" → ".join((*way, entry.code)))


def _months(scheme: Scheme, document: Document) -> Iterator[Fault]:
    for number, void in enumerate(scheme.void):
        if not _is_month(void.period):
            yield document.fault(("void", number, "period"), "scheme.void_month", given=void.period)


def _is_month(period: str) -> bool:
    try:
        return parse(period).months == 1
    except UsageError:
        return False
