"""What is wrong with a scheme as a whole: sums, names, limits, rules that contradict themselves; every fault at its line."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from unicodedata import category, normalize

from fengqiao_eval.documents import Document, KeyPath, suggest
from fengqiao_eval.errors import OFFICER, Fault, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Consequence, Entry, Indicator
from fengqiao_eval.scheme.normalisation import Curve, Line, Number, Steps
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks, is_scored, parts_of, places_of, weight_at
from fengqiao_eval.scheme.weighting import judgement_faults

WHOLE = "total"
"""The code of the whole among the lines of a total; no part of the table may take it."""
MEANS = (("month",), ("quarter",), ("month", "quarter"))
"""Of what the total of a longer period may be the mean."""
NEVER = Decimal("Infinity")

Valued = Indicator | Consequence


def check(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every fault that a single field cannot show."""
    yield from check_persons(scheme.author, scheme.checker, document)
    for find in (
        *(_codes, _names, _rings, _void_months, _sums, _rules, _full_marks, _longer_periods, _bands),
        *(_dimension_limits, _outside_limits, _zeros, judgement_faults),
    ):
        yield from find(scheme, document)


def check_persons(author: str, checker: str, document: Document) -> list[Fault]:
    """Find out whether who wrote a document also checked it: what the eye does not see makes no other person."""

    def bare(name: str) -> str:
        return "".join(sign for sign in normalize("NFKC", name).casefold() if category(sign)[0] not in "ZC")

    return [document.fault(("checker",), "scheme.one_person", given=author)] if bare(author) == bare(checker) else []


def _entries(scheme: Scheme) -> list[tuple[KeyPath, Valued]]:
    """List all that is counted: the indicators, then the lines outside the hundred."""
    return [(place, part) for place, part in places_of(scheme) if isinstance(part, Valued)]


def _levels(scheme: Scheme, entry: Entry) -> tuple[str, ...]:
    return scheme.levels if entry.levels is None else entry.levels


# Names: codes that may stand once only, and codes, grades and levels that must stand somewhere; gates that run in a ring.


def _codes(scheme: Scheme, document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, part in places_of(scheme):
        if part.code in seen:
            yield document.fault((*place, "code"), "scheme.code_twice", code=part.code)
        if part.code == WHOLE:
            yield document.fault((*place, "code"), "scheme.code_of_the_whole", code=part.code)
        seen.add(part.code)


def _names(scheme: Scheme, document: Document) -> Iterator[Fault]:
    named = list(_references(scheme))
    for rule, known in (
        ("scheme.unknown_code", [indicator.code for indicator in scheme.indicators]),
        ("scheme.unknown_part", [part.code for _, part in places_of(scheme)]),
        ("scheme.unknown_grade", [band.grade for band in scheme.bands]),
    ):
        for broken, place, name in named:
            if broken == rule and name not in known:
                yield document.fault(place, rule, given=name, known=suggest(name, known))
    called = [normalize("NFKC", level).casefold().strip() for level in scheme.levels]
    for number, level in enumerate(scheme.levels):  # a folder of cards is called so, beside the files of the run
        if called[number] in ("", "assets", *called[:number]) or "." in level or (called[number] == OFFICER != level):
            yield document.fault(("levels", number), "scheme.level_name", given=level)
    for place, level in _level_references(scheme):
        if level not in scheme.levels:
            yield document.fault(place, "scheme.unknown_level", given=level, known=", ".join(scheme.levels))


def _references(scheme: Scheme) -> Iterator[tuple[str, KeyPath, str]]:
    """Walk the names of parts and grades: the rule that is broken where nothing has the name, where it is given, the name."""
    for place, entry in _entries(scheme):
        if isinstance(entry, Indicator) and entry.gate:
            yield "scheme.unknown_code", (*place, "gate", "indicator"), entry.gate.indicator
        if isinstance(entry, Consequence) and entry.item:
            yield "scheme.unknown_code", (*place, "item"), entry.item
        if isinstance(entry, Consequence) and entry.grade is not None:
            yield "scheme.unknown_grade", (*place, "grade"), entry.grade
    for number, void in enumerate(scheme.void):
        yield "scheme.unknown_code", ("void", number, "indicator"), void.indicator
    for number, one in enumerate(scheme.justified):
        if one.indicator:
            yield "scheme.unknown_part", ("justified", number, "indicator"), one.indicator
    for number, judgement in enumerate(scheme.judgements):
        yield "scheme.unknown_part", ("judgements", number, "more"), judgement.more
        yield "scheme.unknown_part", ("judgements", number, "than"), judgement.than


def _level_references(scheme: Scheme) -> Iterator[tuple[KeyPath, str]]:
    """Walk the names of levels: keys of weights and of the smallest number of records, what is compared, where a line counts."""
    entries = _entries(scheme)
    keyed = [((*place, "weight"), part.weight) for place, _, part in parts_of(scheme)]
    for place, by_level in (*keyed, *(((*place, "least"), entry.least) for place, entry in entries)):
        levels = by_level if isinstance(by_level, dict) else ()
        yield from ((place, level) for level in levels if level != "others")
    yield from ((("compare_within",), level) for level in scheme.compare_within)
    yield from (((*place, "levels"), level) for place, entry in entries for level in entry.levels or ())


def _rings(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Follow the gates; a ring is one fault, told at its first indicator in the table."""
    behind = {entry.code: entry.gate.indicator for entry in scheme.indicators if entry.gate}
    told: set[str] = set()
    for place, entry in _entries(scheme):
        way = [entry.code]
        while (following := behind.get(way[-1])) and following not in way:
            way.append(following)
        if following == entry.code and not told & set(way):
            told |= set(way)
            yield document.fault((*place, "gate", "indicator"), "gate.ring", way=" → ".join((*way, entry.code)))


def _void_months(scheme: Scheme, document: Document) -> Iterator[Fault]:
    for number, void in enumerate(scheme.void):
        try:
            is_month = parse(void.period).months == 1
        except UsageError:
            is_month = False
        if not is_month:
            yield document.fault(("void", number, "period"), "scheme.void_month", given=void.period)


# Sums of weights: at every level, of the dimensions and of the parts of each, at any depth, in both styles of weights.


def _sums(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Levels with the same wrong sum are one fault."""
    dimensions = [(place, part) for place, _, part in parts_of(scheme) if isinstance(part, Dimension)]
    found: dict[tuple[KeyPath, str, str, Decimal, Decimal, str], list[str]] = {}
    for level in scheme.levels:
        for place, whole in ((), None), *dimensions:
            parts = [part for part in (whole.parts if whole else scheme.dimensions) if is_scored(part, level)]
            weights = [weight_at(part.weight, level) for part in parts]
            given = sum(weights, Decimal(0))
            wanted = weight_at(whole.weight, level) if whole and scheme.weights == "marks" else Decimal(100)
            if given == wanted or (whole and not parts):
                continue
            where = (*place, whole.key) if whole else ("dimensions",)
            rule, what = ("weights.indicators", whole.label) if whole else ("weights.dimensions", "")
            summed = " + ".join(f"{part.code} {weight}" for part, weight in zip(parts, weights, strict=True))
            found.setdefault((where, rule, what, wanted, given, summed), []).append(level)
    for (where, rule, what, wanted, given, summed), levels in found.items():
        yield document.fault(where, rule, what=what, wanted=wanted, given=given, parts=summed, level="、".join(levels))


# Rules of points that contradict themselves: they turn back, run against the direction, or have no room between their limits.


def _rules(scheme: Scheme, document: Document) -> Iterator[Fault]:
    for place, entry in _entries(scheme):
        if entry.points:
            for find in (_rewards, _line, _marks, _room):
                yield from find((*place, "points"), entry, scheme, document)


def _rewards(place: KeyPath, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    """Points, from the worst case to the best, go one way: up for an indicator, either outside the hundred."""
    rule, key = entry.points, "knots"
    if isinstance(rule, Curve):
        points = [reward for _, reward in rule.knots][:: 1 if entry.good == "higher" else -1]
    elif isinstance(rule, Steps):
        key, ordered = "steps", sorted(rule.steps, reverse=entry.good == "lower")
        points = [rule.otherwise, *(reward for _, reward in ordered)]
        if len(dict(ordered)) < len(ordered):
            yield document.fault((*place, key), "points.step_twice", given=_join([threshold for threshold, _ in ordered]))
            return
        if isinstance(entry, Consequence) and entry.effect == "deduct" and entry.good == "lower" and points[-1] > points[0]:
            # the best case would cost most: a threshold of `lower` is reached by all that is not above it, no event included
            yield document.fault((*place, key), "outside.steps", given=_join(points))
            return
    else:
        return
    falls, rises = (any(a > b for a, b in pairwise(points)), any(a < b for a, b in pairwise(points)))
    if falls and rises:
        yield document.fault((*place, key), "points.turn_back", given=_join(points))
    elif falls and isinstance(entry, Indicator):
        yield document.fault((*place, key), "points.against_direction", given=_join(points), good=entry.good)


def _line(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """A line is free outside the hundred; of an indicator a step in the good direction never costs anything."""
    if not isinstance(entry.points, Line):
        return
    each = entry.points.each if isinstance(entry.points.each, dict) else {"others": entry.points.each}
    if isinstance(entry, Indicator):
        if wrong := [amount for amount in each.values() if (amount < 0 if entry.good == "higher" else amount > 0)]:
            yield document.fault((*place, "each"), "points.each_against", given=_join(wrong), good=entry.good)
        if entry.points.first > 0:
            yield document.fault((*place, "first"), "points.first_rewards", given=entry.points.first)
    unsaid = [level for level in _levels(scheme, entry) if level not in each]
    if "others" not in each and unsaid:
        yield document.fault((*place, "each"), "points.each_others", given="、".join(each), level="、".join(unsaid))


def _marks(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Marks are those of the item's weight, so there must be one."""
    if not entry.points or not entry.points.in_marks:
        return
    if isinstance(entry, Consequence):
        yield document.fault((*place, "in_marks"), "points.marks_outside")
    elif without := [level for level in _levels(scheme, entry) if not weight_at(entry.weight, level)]:
        yield document.fault((*place, "in_marks"), "points.marks_of_nothing", level="、".join(without))


def _room(place: KeyPath, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Points need room between floor and cap, also where one is the default: 0, full marks (in marks: the smallest weight)."""
    assert entry.points  # noqa: S101 - only rules are looked at
    lowest: Number = -NEVER
    highest: Number = NEVER
    if isinstance(entry, Indicator):
        marks = (weight for level in _levels(scheme, entry) if (weight := weight_at(entry.weight, level)))
        lowest, highest = Decimal(0), min(marks, default=NEVER) if entry.points.in_marks else base_marks(scheme)
    floor, cap = (
        by_default if given is None else none if isinstance(given, str) else given
        for given, by_default, none in ((entry.points.floor, lowest, -NEVER), (entry.points.cap, highest, NEVER))
    )
    if floor >= cap:
        yield document.fault(place, "points.no_room", floor=floor, cap=cap)


def _join(numbers: list[Number]) -> str:
    return ", ".join(map(str, numbers))


# How points gather: full marks, longer periods, grades, limits of dimensions and of groups outside the hundred, geometric means.


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


def _dimension_limits(scheme: Scheme, document: Document) -> Iterator[Fault]:
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
        floor, cap = ("—" if limit is None else str(limit) for limit in (group.floor, group.cap))
        if (group.floor or 0) > 0 or (group.cap or 0) < 0:
            yield document.fault(("outside", number), "outside.limits", floor=floor, cap=cap)
        elif group.floor == group.cap == 0:
            yield document.fault(("outside", number), "points.no_room", floor=group.floor, cap=group.cap)


def _zeros(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """One 0 makes a geometric mean 0, whatever the rest: what could be 0 has no place in one."""
    found: dict[tuple[KeyPath, str], str] = {}
    if scheme.aggregation == "geometric":
        found |= dict.fromkeys(_possible_zeros(scheme.dimensions, ("dimensions",)), scheme.title)
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension) and part.aggregation == "geometric":
            found |= dict.fromkeys(_possible_zeros(part.parts, (*place, part.key)), part.label)
    for (place, rule), label in found.items():
        yield document.fault(place, rule, what=label)


def _possible_zeros(parts: tuple[Dimension | Indicator, ...], place: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Name what could be 0: points without a floor above 0, missing as 0; a floor of a dimension saves what is in it."""
    for number, part in enumerate(parts):
        if isinstance(part, Dimension):
            if not (part.floor and part.floor > 0):
                yield from _possible_zeros(part.parts, (*place, number, part.key))
            continue
        floor = part.points.floor
        if floor is None or isinstance(floor, str) or floor <= 0:
            yield (*place, number, "points"), "geometric.floor"
        if part.missing == "zero":
            yield (*place, number, "missing"), "geometric.missing"
