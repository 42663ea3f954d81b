"""Rules of points that contradict themselves: they turn back, run against the direction, or have no room between their limits."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from fengqiao_eval.documents import Document, Place
from fengqiao_eval.errors import Fault
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Scheme, base_marks, weight_at
from fengqiao_eval.scheme.outside import Consequence
from fengqiao_eval.scheme.places import entries_of, levels_of
from fengqiao_eval.scheme.rules import Curve, Limit, Line, Number, Steps

NEVER = Decimal("Infinity")
Valued = Indicator | Consequence


def contradictions(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every rule that contradicts itself, its direction or its weight."""
    for place, entry in entries_of(scheme):
        if entry.points:
            for find in (_curve, _steps, _line, _classes, _marks, _room):
                yield from find((*place, "points"), entry, scheme, document)


def _curve(place: Place, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(entry.points, Curve):
        points = [reward for _, reward in entry.points.knots]
        yield from _turning((*place, "knots"), points if entry.good == "higher" else points[::-1], entry, document)


def _steps(place: Place, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    if not isinstance(entry.points, Steps):
        return
    ordered = sorted(entry.points.steps, reverse=entry.good == "lower")
    rewards = [entry.points.otherwise, *(reward for _, reward in ordered)]
    if len({threshold for threshold, _ in ordered}) < len(ordered):
        yield document.fault((*place, "steps"), "points.step_twice", given=_listed([threshold for threshold, _ in ordered]))
    elif _pays_for_nothing(entry, rewards):
        yield document.fault((*place, "steps"), "outside.steps", given=_listed(rewards))
    else:
        yield from _turning((*place, "steps"), rewards, entry, document)


def _pays_for_nothing(entry: Valued, rewards: Sequence[Number]) -> bool:
    """Say whether the best case costs most: a threshold of `lower` is reached by all that is not above it, no event included."""
    return isinstance(entry, Consequence) and entry.effect == "deduct" and entry.good == "lower" and rewards[-1] > rewards[0]


def _turning(place: Place, points: Sequence[Number], entry: Valued, document: Document) -> Iterator[Fault]:
    """Points, from the worst case to the best, go one way: up for an indicator, either outside the hundred."""
    falls = any(later < earlier for earlier, later in pairwise(points))
    rises = any(later > earlier for earlier, later in pairwise(points))
    if falls and rises:
        yield document.fault(place, "points.turn_back", given=_listed(points))
    elif falls and isinstance(entry, Indicator):
        yield document.fault(place, "points.against_direction", given=_listed(points), good=entry.good)


def _line(place: Place, entry: Valued, _: Scheme, document: Document) -> Iterator[Fault]:
    """A line is free outside the hundred; of an indicator a step in the good direction never costs anything."""
    if isinstance(entry.points, Line) and isinstance(entry, Indicator):
        wrong = [amount for amount in _each(entry.points).values() if (amount < 0 if entry.good == "higher" else amount > 0)]
        if wrong:
            yield document.fault((*place, "each"), "points.each_against", given=_listed(wrong), good=entry.good)
        if entry.points.first > 0:
            yield document.fault((*place, "first"), "points.first_rewards", given=entry.points.first)


def _classes(place: Place, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(entry.points, Line) and "others" not in (each := _each(entry.points)):
        unsaid = [level for level in levels_of(scheme, entry) if level not in each]
        if unsaid:
            yield document.fault((*place, "each"), "points.each_others", given="、".join(each), level="、".join(unsaid))


def _each(rule: Line) -> dict[str, Number]:
    return rule.each if isinstance(rule.each, dict) else {"others": rule.each}


def _marks(place: Place, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Marks are those of the item's weight, so there must be one."""
    if not entry.points or not entry.points.in_marks:
        return
    if isinstance(entry, Consequence):
        yield document.fault((*place, "in_marks"), "points.marks_outside")
    elif without := [level for level in levels_of(scheme, entry) if not weight_at(entry.weight, level)]:
        yield document.fault((*place, "in_marks"), "points.marks_of_nothing", level="、".join(without))


def _room(place: Place, entry: Valued, scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Points need room between floor and cap, also where one of them is the default."""
    if entry.points:
        by_default = (Decimal(0), _full(entry, scheme)) if isinstance(entry, Indicator) else (-NEVER, NEVER)
        floor = _limit(entry.points.floor, by_default[0], -NEVER)
        cap = _limit(entry.points.cap, by_default[1], NEVER)
        if floor >= cap:
            yield document.fault(place, "points.no_room", floor=floor, cap=cap)


def _limit(given: Limit | None, by_default: Number, none: Number) -> Number:
    if given is None:
        return by_default
    return none if isinstance(given, str) else given


def _full(entry: Indicator, scheme: Scheme) -> Number:
    """Read the full marks that bound a rule: of one in marks its smallest weight."""
    if not entry.points.in_marks:
        return base_marks(scheme)
    weights = [weight_at(entry.weight, level) for level in levels_of(scheme, entry)]
    return min((weight for weight in weights if weight), default=NEVER)


def _listed(numbers: Sequence[Number]) -> str:
    return ", ".join(map(str, numbers))
