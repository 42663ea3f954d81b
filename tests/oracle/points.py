"""Values held against their references, and what a rule makes of them: fractions all the way, rounded once."""

from collections.abc import Callable  # noqa: TC003 - read as plainly as possible
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import isqrt
from typing import Any, NamedTuple

from oracle.measures import SCORED, Amount, Book, Measured
from oracle.records import Period, round_half_up
from oracle.scheme import Entry, Scheme
from oracle.units import Unit, given, group_of

DECIMALS = 4
"""Points have so many."""

LENGTH = {"month": 1, "quarter": 3, "year": 12}
Value = Fraction | None
Seen = dict[str, tuple[Value, str]]
"""Of each unit the value that may be used (none where none may), and the status."""


class Step(NamedTuple):
    """A value held against a reference: the value before, what it was held against, and what came of it."""

    given: Value
    reference: Value
    result: Value
    status: str


# Places and means among peers


def place_of(value: Fraction, values: list[Fraction], *, higher: bool) -> int:
    """Give the place of a value among others: one more than those that are better."""
    return 1 + sum(other > value if higher else other < value for other in values)


def middle(values: list[Fraction], of: str) -> Fraction:
    """Give the mean or the median."""
    if of == "mean":
        return sum(values, Fraction(0)) / len(values)
    if of != "median":
        raise NotImplementedError(of)
    order, half = sorted(values), len(values) // 2
    return order[half] if len(order) % 2 else (order[half - 1] + order[half]) / 2


def difference(value: Fraction, reference: Fraction, as_: str | None) -> Value:
    """Give the difference from a reference, or how many per cent of it that is; of a reference of 0 there is no per cent."""
    if as_ in (None, "difference"):
        return value - reference
    if as_ != "percent":
        raise NotImplementedError(as_)
    return (value - reference) * 100 / abs(reference) if reference else None


class Desk:
    """What the rules see of a book: every value after its exemptions, its gate and its references."""

    def __init__(self, book: Book) -> None:
        """Take a book."""
        self.book, self.scheme, self.tree = book, book.scheme, book.tree
        self.group = {unit: group_of(self.tree, self.scheme.compare_within, one) for unit, one in self.tree.units.items()}
        self.measured: Callable[[Entry, Period], dict[str, Measured]] = cache(self._measured)
        self.steps: Callable[[Entry, int, Period], dict[str, Step]] = cache(self._steps)

    def _measured(self, entry: Entry, period: Period) -> dict[str, Measured]:
        return {unit: self.book.measured(entry, one, period) for unit, one in self.tree.units.items()}

    def admitted(self, entry: Entry, period: Period) -> Seen:
        """Give the values before they are held against anything: exempt units have none, nor those whose audit failed."""
        audit = next((one for one in self.scheme.indicators if entry.gate and one.code == entry.gate["indicator"]), None)
        seen: Seen = {}
        for unit, found in self.measured(entry, period).items():
            status = self._exempted(entry, unit, found.status)
            if audit is not None and status != "not_applicable":
                checked = self.measured(audit, period)[unit]
                if self._exempted(audit, unit, checked.status) in SCORED and _fails(checked.value, entry.gate):
                    status = "void"
            seen[unit] = found.value if status in SCORED else None, status
        return seen

    def _exempted(self, entry: Entry, unit: str, status: str) -> str:
        exempt = entry.not_applicable or {}
        own = self.tree.units[unit].own_class
        return "not_applicable" if own in exempt.get("classes", ()) or unit in exempt.get("units", ()) else status

    def seen(self, entry: Entry, period: Period, count: int | None = None) -> Seen:
        """Give the values after so many references; after all of them where nothing is said."""
        count = len(entry.against or ()) if count is None else count
        if count == 0:
            return self.admitted(entry, period)
        return {unit: (step.result, step.status) for unit, step in self.steps(entry, count - 1, period).items()}

    def _steps(self, entry: Entry, number: int, period: Period) -> dict[str, Step]:
        """Hold the values of a period against one reference."""
        reference, before = entry.against[number], self.seen(entry, period, number)
        found = {}
        for unit, (value, status) in before.items():
            held, result, few = self._held(entry, number, reference, period, unit)
            lost = value is not None and result is None
            after = ("too_few" if few else "no_records") if lost else status
            found[unit] = Step(value, held, result if after in SCORED else None, after)
        return found

    def _held(self, entry: Entry, number: int, reference: dict[str, Any], period: Period, unit: str) -> tuple[Value, Value, bool]:
        """Give what a value is held against, what comes of it, and whether there were too few to compare with."""
        value = self.seen(entry, period, number)[unit][0]
        kind, as_ = reference["kind"], reference.get("as")
        if kind == "quota":
            return *self._quota(entry, number, reference, period, unit), False
        if kind == "change":
            earlier = {"previous": period.previous, "year_before": period.year_before}.get(reference["since"])
            if earlier is None:
                raise NotImplementedError(reference["since"])
            held = self.seen(entry, earlier, number)[unit][0]
            return held, None if value is None or held is None else difference(value, held, as_), False
        then = {"this": period, "previous": period.previous, "year_before": period.year_before}[reference.get("since", "this")]
        theirs = self.seen(entry, then, number)
        among = [theirs[one][0] for one in self.peers(unit, reference.get("among", "class")) if theirs[one][0] is not None]
        few = len(among) < self.scheme.least_class
        if kind == "peers":
            held = None if few else middle(among, reference.get("of", "mean"))
            return held, None if value is None or held is None else difference(value, held, as_), few
        place = None
        if value is not None and not few:
            higher = higher_after(entry, number)
            place = place_of(value, among, higher=higher)
            place = place if reference.get("from", "best") == "best" else len(among) + 1 - place
        return Fraction(len(among)), None if place is None else Fraction(place), few

    def peers(self, unit: str, among: str = "class") -> list[str]:
        """Name the units with which one is compared, itself included: of its level and group, or of its whole level."""
        level, group = self.tree.units[unit].level, self.group[unit]
        return [one.unit_id for one in self.tree.at(level) if among == "level" or self.group[one.unit_id] == group]

    # What is due

    def _quota(self, entry: Entry, number: int, quota: dict[str, Any], period: Period, unit: str) -> tuple[Value, Value]:
        """Hold a value against what is due; each part of the period against its own where they stand apart."""
        as_, parts = quota["as"], [period]
        if quota.get("apart"):
            length = LENGTH[quota["every"]]
            parts = period.parts(length) if period.length >= length else [period]
        values = [self.seen(entry, part, number)[unit][0] for part in parts]
        dues = [self.due(quota, entry, part, self.tree.units[unit]) for part in parts]
        if not quota.get("apart"):
            return dues[0], None if values[0] is None else against_quota(values[0], dues[0], as_)
        if as_ not in ("shortfall", "excess"):
            raise NotImplementedError(f"{as_} apart")
        both = [(value, due) for value, due in zip(values, dues, strict=True) if value is not None]
        if not both:
            return None, None
        results = [against_quota(value, due, as_) for value, due in both]
        return sum((due for _, due in both), Fraction(0)), sum((result for result in results if result is not None), Fraction(0))

    def due(self, quota: dict[str, Any], entry: Entry, period: Period, unit: Unit) -> Fraction:
        """Say what is due in a period: an amount, so often as its month, quarter or year fits into the months that count."""
        amount = Fraction(given(quota["amount"], unit.level, unit.own_class))
        if "every" not in quota:
            return amount
        return amount * len(self.scheme.months_in_force(entry, period)) / LENGTH[quota["every"]]


def _fails(value: Value, gate: dict[str, Any]) -> bool:
    if value is None:
        return False
    return value < gate["at_least"] if "at_least" in gate else value > gate["at_most"]


def against_quota(value: Fraction, due: Fraction, as_: str) -> Value:
    """Say how much of what is due was done, what is wanting, or what is beyond it."""
    if as_ == "completion":
        return value * 100 / due if due else None
    if as_ == "shortfall":
        return max(due - value, Fraction(0))
    beyond = max(value - due, Fraction(0))
    if as_ == "excess":
        return beyond
    return beyond * 100 / due if due else None


def higher_after(entry: Entry, count: int | None = None) -> bool:
    """Whether more is better after so many references: less is of what is wanting or beyond, and of a place from the best."""
    higher = entry.higher
    for reference in (entry.against or ())[:count]:
        if reference["kind"] == "quota" and reference["as"] != "completion":
            higher = False
        elif reference["kind"] == "place":
            higher = reference.get("from", "best") == "worst"
    return higher


# Rules: what a value makes


def rule_points(rule: dict[str, Any], value: Fraction, each: Amount, *, higher: bool) -> Fraction:
    """Give what a rule that looks at the value alone makes of it, in the numbers of the rule, neither held nor rounded."""
    kind = rule["kind"]
    if kind == "curve":
        return curve(rule["knots"], value)
    if kind == "steps":
        reached = [(limit, points) for limit, points in rule["steps"] if (value >= limit if higher else value <= limit)]
        best = max if higher else min
        return Fraction(best(reached)[1] if reached else rule.get("otherwise", 0))
    if kind != "line":
        raise NotImplementedError(kind)
    steps = (value - rule.get("at", 0)) / rule.get("per", 1)
    beyond = steps < 0 if higher else steps > 0
    return rule["start"] + each * (int(steps) if rule.get("whole") else steps) + (rule.get("first", 0) if beyond else 0)


def curve(knots: list[list[Amount]], value: Fraction) -> Fraction:
    """Follow straight lines from knot to knot; before the first and beyond the last it is flat."""
    if value <= knots[0][0]:
        return Fraction(knots[0][1])
    for (x, y), (to_x, to_y) in pairwise(knots):
        if value <= to_x:
            return y + (value - x) * Fraction(to_y - y) / (to_x - x)
    return Fraction(knots[-1][1])


def standing(kind: str, value: Fraction, values: list[Fraction], *, higher: bool) -> Fraction:
    """Say where a value stands among those of its class, from 0 to 1, the best being 1."""
    better, own = ([other if higher else -other for other in those] for those in (values, [value]))
    if kind == "percentile":
        worse, tied = sum(other < own[0] for other in better), sum(other == own[0] for other in better) - 1
        return (worse + Fraction(tied, 2)) / (len(values) - 1)
    if kind == "min_max":
        return (own[0] - min(better)) / (max(better) - min(better))
    if kind != "z_score":
        raise NotImplementedError(kind)
    mean = middle(better, "mean")
    variance = middle([(other - mean) ** 2 for other in better], "mean")
    deviation = root(variance)
    return min(max((50 + 10 * (own[0] - mean) / deviation) / 100, Fraction(0)), Fraction(1))


def root(square: Fraction) -> Fraction:
    """Take a square root: the fraction that it is, else forty digits behind the point."""
    tens = 10**40
    return Fraction(isqrt(square.numerator * square.denominator * tens**2), square.denominator * tens)


def held(points: Fraction, rule: dict[str, Any], lowest: Amount | None, highest: Amount | None) -> Fraction:
    """Hold points between the floor and the cap of a rule; `none` is no limit, without a word it is what is given."""
    floor, cap = rule.get("floor", lowest), rule.get("cap", highest)
    points = points if floor in (None, "none") else max(points, Fraction(floor))
    return points if cap in (None, "none") else min(points, Fraction(cap))


# The points of an indicator


class Scored(NamedTuple):
    """The points of a unit for an indicator, none where it is not scored; its status; whether the unit can have no place."""

    points: Fraction | None
    status: str
    barred: bool


def score(desk: Desk, entry: Entry, period: Period) -> dict[str, Scored]:
    """Give every unit the points of an indicator, and what becomes of it where there are none."""
    scheme, seen = desk.scheme, desk.seen(entry, period)
    found = {}
    for unit, (value, before) in seen.items():
        one = desk.tree.units[unit]
        points, status = (None, before) if value is None else _points_of(desk, entry, one, value, before, seen)
        full = full_marks(scheme, one)
        exempt = (entry.not_applicable or {}).get("give") == "full" and entry.applies(one.level)
        lacks = points is None and status != "not_applicable"
        if (lacks and entry.missing == "full") or (status == "not_applicable" and exempt):
            points = Fraction(full)
        elif lacks and entry.missing == "zero":
            points = Fraction(0)
        found[unit] = Scored(points, status, lacks and entry.missing == "not_ranked")
    return found


def _points_of(desk: Desk, entry: Entry, unit: Unit, value: Fraction, status: str, seen: Seen) -> tuple[Fraction | None, str]:
    """Give the points of a value by its rule: in the marks of the rule, then of the unit's full marks, rounded once."""
    rule, scheme, higher = entry.points, desk.scheme, higher_after(entry)
    top = given(entry.weight, unit.level) if rule.get("in_marks") else given(scheme.full_marks, "others", missing=100)
    if rule["kind"] in ("percentile", "min_max", "z_score"):
        values = [seen[one][0] for one in desk.peers(unit.unit_id) if seen[one][0] is not None]
        if len(values) < scheme.least_class:
            return None, "too_few"
        if min(values) == max(values):
            return None, "void"
        raw = standing(rule["kind"], value, values, higher=higher) * top
    else:
        each = given(rule.get("each", 0), unit.level, unit.own_class)
        raw = rule_points(rule, value, each, higher=higher)
    points = held(raw, rule, 0, top) * full_marks(scheme, unit) / top if top else Fraction(0)
    return Fraction(round_half_up(points, DECIMALS), 10**DECIMALS), status


def full_marks(scheme: Scheme, unit: Unit) -> Amount:
    """Read the full marks of a unit's class."""
    return given(scheme.full_marks, unit.own_class, missing=100)
