"""What is wrong with a scheme as a whole: sums, names, limits, rules that contradict themselves; every fault at its line."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, pairwise
from typing import Any, NamedTuple

from fengqiao_eval.documents import Document, KeyPath, suggest
from fengqiao_eval.errors import Fault, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Consequence, Entry, Indicator
from fengqiao_eval.scheme.normalisation import Curve, Limit, Line, Number, Steps
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks, is_scored, parts_of, weight_at

# Where all that is counted stands in the document of a scheme, so that a fault can name the line.


class Placed(NamedTuple):
    """An indicator or a line outside the hundred, with the place where it stands."""

    place: KeyPath
    entry: Indicator | Consequence


def entries_of(scheme: Scheme) -> Iterator[Placed]:
    """Walk all that is counted, in the order of the table: the indicators, then the lines outside the hundred."""
    yield from (Placed(part.place, part.part) for part in parts_of(scheme) if isinstance(part.part, Indicator))
    for number, group in enumerate(scheme.outside):
        yield from (Placed(("outside", number, "lines", row), line) for row, line in enumerate(group.lines))


def codes_of(scheme: Scheme) -> Iterator[tuple[KeyPath, str]]:
    """Walk every code that the scheme gives: of dimensions, indicators, and groups and lines outside the hundred."""
    yield from ((part.place, part.part.code) for part in parts_of(scheme))
    for number, group in enumerate(scheme.outside):
        yield ("outside", number), group.code
        yield from ((("outside", number, "lines", row), line.code) for row, line in enumerate(group.lines))


def levels_of(scheme: Scheme, entry: Entry) -> tuple[str, ...]:
    """Name the levels at which a line is scored."""
    return scheme.levels if entry.levels is None else entry.levels


# Sums of weights: at every level, of the dimensions and of the parts of each, at any depth, in both styles of weights.


PER_CENT = Decimal(100)


def sums(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Check the sums at each level; levels with the same wrong sum are one fault."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for level in scheme.levels:
        for wrong in _sums_at(scheme, level):
            found.setdefault(wrong, []).append(level)
    for (place, rule, what, wanted, given, parts), levels in found.items():
        words = {"what": what, "wanted": wanted, "given": given, "parts": parts, "level": "、".join(levels)}
        yield document.fault(place, rule, **words)


def _sums_at(scheme: Scheme, level: str) -> Iterator[tuple[Any, ...]]:
    """Find wrong sums at a level: of the dimensions, and of the parts of each."""
    top = [d for d in scheme.dimensions if is_scored(d, level)]
    given = sum((weight_at(d.weight, level) for d in top), Decimal(0))
    if given != PER_CENT:
        yield ("dimensions",), "weights.dimensions", "", PER_CENT, given, _format_sum(top, level)
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension) and (inner := [p for p in part.parts if is_scored(p, level)]):
            wanted = PER_CENT if scheme.weights == "within" else weight_at(part.weight, level)
            given = sum((weight_at(p.weight, level) for p in inner), Decimal(0))
            if given != wanted:
                where = (*place, "dimensions" if part.dimensions else "indicators")
                yield where, "weights.indicators", part.label, wanted, given, _format_sum(inner, level)


def _format_sum(parts: Any, level: str) -> str:
    return " + ".join(f"{part.code} {weight_at(part.weight, level)}" for part in parts)


# Names: codes that may stand once only, and codes, levels and grades that must stand somewhere; gates that run in a ring.


WHOLE = "total"
"""The code of the whole among the lines of a total; no part of the table may take it."""


Named = Iterator[tuple[KeyPath, str]]
"""Names that must stand somewhere, each with where it was given."""


def names(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every name that stands twice or nowhere, and gates that run in a ring."""
    yield from _duplicate_codes(scheme, document)
    indicators, codes = [i.code for i in scheme.indicators], [code for _, code in codes_of(scheme)]
    yield from _unknown_names(_indicators(scheme), indicators, "scheme.unknown_code", document)
    yield from _unknown_names(_parts(scheme), codes, "scheme.unknown_part", document)
    yield from _unknown_names(_grades(scheme), [band.grade for band in scheme.bands], "scheme.unknown_grade", document)
    for place, level in chain(_levels(scheme), _listed_levels(scheme)):
        if level not in scheme.levels:
            yield document.fault(place, "scheme.unknown_level", given=level, known=", ".join(scheme.levels))
    yield from _rings(scheme, document)
    yield from _months(scheme, document)


def _duplicate_codes(scheme: Scheme, document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, code in codes_of(scheme):
        if code in seen:
            yield document.fault((*place, "code"), "scheme.code_twice", code=code)
        if code == WHOLE:
            yield document.fault((*place, "code"), "scheme.code_of_the_whole", code=code)
        seen.add(code)


def _unknown_names(given: Named, known: Sequence[str], rule: str, document: Document) -> Iterator[Fault]:
    for place, name in given:
        if name not in known:
            yield document.fault(place, rule, given=name, known=suggest(name, list(known)))


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


def _listed_levels(scheme: Scheme) -> Named:
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


# How points gather: limits of dimensions and of groups outside the hundred, geometric means, full marks, longer periods.


Parts = tuple[Dimension, ...] | tuple[Indicator, ...]


MEANS = (("month",), ("quarter",), ("month", "quarter"))
"""Of what the total of a longer period may be the mean."""


def aggregation_faults(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find faults in how points gather above the single line."""
    yield from _full_marks(scheme, document)
    yield from _longer_periods(scheme, document)
    yield from _bands(scheme, document)
    yield from _dimensions(scheme, document)
    yield from _outside_limits(scheme, document)
    yield from _zeros(scheme, document)


def _full_marks(scheme: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(scheme.full_marks, dict) and "others" not in scheme.full_marks:
        yield document.fault(("full_marks",), "scheme.full_marks_others", given="、".join(scheme.full_marks))


def _longer_periods(scheme: Scheme, document: Document) -> Iterator[Fault]:
    if scheme.mean_of not in MEANS:
        yield document.fault(("mean_of",), "scheme.mean_of", given=", ".join(scheme.mean_of))
    if "mean_of" in scheme.model_fields_set and scheme.longer_period != "mean_of_totals":
        yield document.fault(("mean_of",), "scheme.mean_of_what", given=scheme.longer_period)


def _bands(scheme: Scheme, document: Document) -> Iterator[Fault]:
    grades = [band.at_least for band in scheme.bands]
    if grades != sorted(set(grades), reverse=True):
        yield document.fault(("bands",), "scheme.bands", given=", ".join(map(str, grades)))


def _dimensions(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """The points of a dimension lie within 0 and full marks as they are; limits beyond that, or without room, are slips."""
    full = base_marks(scheme)
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension):
            for key, limit in (("floor", part.floor), ("cap", part.cap)):
                if limit is not None and not 0 <= limit <= full:
                    yield document.fault((*place, key), "dimension.limits", key=key, given=limit, full=full)
            floor, cap = part.floor or 0, full if part.cap is None else part.cap
            if 0 <= cap <= floor <= full:
                yield document.fault(place, "points.no_room", floor=floor, cap=cap)


def _outside_limits(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Where nothing happened nothing is added or deducted, so 0 lies within the limits of a group, and something beside it."""
    for number, group in enumerate(scheme.outside):
        floor, cap = group.floor, group.cap
        if (floor is not None and floor > 0) or (cap is not None and cap < 0):
            yield document.fault(("outside", number), "outside.limits", floor=_format_limit(floor), cap=_format_limit(cap))
        elif floor == cap == 0:
            yield document.fault(("outside", number), "points.no_room", floor=floor, cap=cap)


def _format_limit(limit: Decimal | int | None) -> str:
    return "—" if limit is None else str(limit)


def _zeros(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """One 0 makes a geometric mean 0, whatever the rest: what could be 0 has no place in one."""
    found = {fault: label for place, parts, label in _geometric_means(scheme) for fault in _possible_zeros(parts, place)}
    for (place, rule), label in found.items():
        yield document.fault(place, rule, what=label)


def _geometric_means(scheme: Scheme) -> Iterator[tuple[KeyPath, Parts, str]]:
    """Walk the geometric means: where the parts stand, the parts, and the name of the whole."""
    if scheme.aggregation == "geometric":
        yield ("dimensions",), scheme.dimensions, scheme.title
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension) and part.aggregation == "geometric":
            yield (*place, _key(part)), part.parts, part.label


def _possible_zeros(parts: Parts, place: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Name what could be 0: points without a floor above 0, missing as 0; a floor of a dimension saves what is in it."""
    each: tuple[Dimension | Indicator, ...] = parts
    for number, part in enumerate(each):
        here = (*place, number)
        if isinstance(part, Indicator):
            yield from _zero_points(part, here)
        elif not (part.floor and part.floor > 0):
            yield from _possible_zeros(part.parts, (*here, _key(part)))


def _zero_points(indicator: Indicator, place: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    floor = indicator.points.floor
    if floor is None or isinstance(floor, str) or floor <= 0:
        yield (*place, "points"), "geometric.floor"
    if indicator.missing == "zero":
        yield (*place, "missing"), "geometric.missing"


def _key(dimension: Dimension) -> str:
    return "dimensions" if dimension.dimensions else "indicators"


# Rules of points that contradict themselves: they turn back, run against the direction, or have no room between their limits.


NEVER = Decimal("Infinity")


Valued = Indicator | Consequence


def contradictions(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every rule that contradicts itself, its direction or its weight."""
    for place, entry in entries_of(scheme):
        if entry.points:
            for find in (_curve, _steps, _line, _classes, _marks, _room):
                yield from find((*place, "points"), entry, scheme, document)


def _curve(place: KeyPath, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(entry.points, Curve):
        points = [reward for _, reward in entry.points.knots]
        yield from _direction_faults((*place, "knots"), points if entry.good == "higher" else points[::-1], entry, document)


def _steps(place: KeyPath, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    if not isinstance(entry.points, Steps):
        return
    ordered = sorted(entry.points.steps, reverse=entry.good == "lower")
    rewards = [entry.points.otherwise, *(reward for _, reward in ordered)]
    if len({threshold for threshold, _ in ordered}) < len(ordered):
        yield document.fault((*place, "steps"), "points.step_twice", given=_join_numbers([threshold for threshold, _ in ordered]))
    elif _pays_for_nothing(entry, rewards):
        yield document.fault((*place, "steps"), "outside.steps", given=_join_numbers(rewards))
    else:
        yield from _direction_faults((*place, "steps"), rewards, entry, document)


def _pays_for_nothing(entry: Valued, rewards: Sequence[Number]) -> bool:
    """Say whether the best case costs most: a threshold of `lower` is reached by all that is not above it, no event included."""
    return isinstance(entry, Consequence) and entry.effect == "deduct" and entry.good == "lower" and rewards[-1] > rewards[0]


def _direction_faults(place: KeyPath, points: Sequence[Number], entry: Valued, document: Document) -> Iterator[Fault]:
    """Points, from the worst case to the best, go one way: up for an indicator, either outside the hundred."""
    falls = any(later < earlier for earlier, later in pairwise(points))
    rises = any(later > earlier for earlier, later in pairwise(points))
    if falls and rises:
        yield document.fault(place, "points.turn_back", given=_join_numbers(points))
    elif falls and isinstance(entry, Indicator):
        yield document.fault(place, "points.against_direction", given=_join_numbers(points), good=entry.good)


def _line(place: KeyPath, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    """A line is free outside the hundred; of an indicator a step in the good direction never costs anything."""
    if isinstance(entry.points, Line) and isinstance(entry, Indicator):
        wrong = [
            amount for amount in _line_amounts(entry.points).values() if (amount < 0 if entry.good == "higher" else amount > 0)
        ]
        if wrong:
            yield document.fault((*place, "each"), "points.each_against", given=_join_numbers(wrong), good=entry.good)
        if entry.points.first > 0:
            yield document.fault((*place, "first"), "points.first_rewards", given=entry.points.first)


def _classes(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(entry.points, Line) and "others" not in (each := _line_amounts(entry.points)):
        unsaid = [level for level in levels_of(scheme, entry) if level not in each]
        if unsaid:
            yield document.fault((*place, "each"), "points.each_others", given="、".join(each), level="、".join(unsaid))


def _line_amounts(rule: Line) -> dict[str, Number]:
    return rule.each if isinstance(rule.each, dict) else {"others": rule.each}


def _marks(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Marks are those of the item's weight, so there must be one."""
    if not entry.points or not entry.points.in_marks:
        return
    if isinstance(entry, Consequence):
        yield document.fault((*place, "in_marks"), "points.marks_outside")
    elif without := [level for level in levels_of(scheme, entry) if not weight_at(entry.weight, level)]:
        yield document.fault((*place, "in_marks"), "points.marks_of_nothing", level="、".join(without))


def _room(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Points need room between floor and cap, also where one of them is the default."""
    if entry.points:
        by_default = (Decimal(0), _upper_bound(entry, scheme)) if isinstance(entry, Indicator) else (-NEVER, NEVER)
        floor = _limit(entry.points.floor, by_default[0], -NEVER)
        cap = _limit(entry.points.cap, by_default[1], NEVER)
        if floor >= cap:
            yield document.fault(place, "points.no_room", floor=floor, cap=cap)


def _limit(given: Limit | None, by_default: Number, none: Number) -> Number:
    if given is None:
        return by_default
    return none if isinstance(given, str) else given


def _upper_bound(entry: Indicator, scheme: Scheme) -> Number:
    """Read the full marks that bound a rule: of one in marks its smallest weight."""
    if not entry.points.in_marks:
        return base_marks(scheme)
    weights = [weight_at(entry.weight, level) for level in levels_of(scheme, entry)]
    return min((weight for weight in weights if weight), default=NEVER)


def _join_numbers(numbers: Sequence[Number]) -> str:
    return ", ".join(map(str, numbers))
