"""Values to points: curves, steps, lines, relative rules on arrays; then every indicator, and what becomes of the missing.

Points are the fraction that the rule makes of the fraction that the value is, rounded half-up once to 4 decimals. Floats go
first; the few cells that lie so near to a half or a whole step that floats could be wrong are reckoned anew as fractions. A
rule's floor and cap hold its points; where it names none they stay within the marks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any

import numpy as np

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit, members
from fengqiao_eval.measuring.rationals import Rational, stack
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.normalisation import Curve, Line, Relative, Steps
from fengqiao_eval.scheme.scheme import Scheme, base_marks
from fengqiao_eval.scoring.benchmarks import Benchmarked, has_value

DECIMALS = 4
NEAR = 1e-6
"""What floats leave nearer than this to a half (of the last decimal), or to a whole step, is reckoned as fractions."""

ULPS = 1e-14
"""How far floats may be off, as a share of the largest number that went into them."""

ROOT = 10**40
"""The digits of a root that is no whole number."""


def half_up(values: Any, decimals: int = DECIMALS) -> np.ndarray:
    """Round floats half-up at a decimal, each as the number that it prints; the shape stays.

    >>> half_up(np.array([0.00005, 1.005, 2.345]), 2).tolist(), half_up(np.array([0.00005])).tolist()
    ([0.0, 1.01, 2.35], [0.0001])
    """
    exact = Rational.read(np.ravel(values))
    return np.where(exact.known, exact.half_up(decimals) / 10.0**decimals, np.nan).reshape(np.shape(values))


def round_points(
    about: np.ndarray, exact: Callable[[np.ndarray], Rational], decimals: int, size: float = 0.0, doubt: Any = None
) -> np.ndarray:
    """Round to whole 10^-decimals half-up (floats; NaN stays): `about` where that is beyond doubt, else what `exact` gives.

    exact: fractions at some positions; size: the largest number that went into `about`; doubt: where it is in doubt besides.

    >>> round_points(np.array([0.285, 0.5]), lambda at: Rational.read([0.285])[at], 2).tolist()
    [29.0, 50.0]
    """
    scaled = about * 10.0**decimals
    scaled += 0.5
    whole = np.floor(scaled)
    scaled -= whole
    scaled -= 0.5
    near = np.abs(scaled, out=scaled) > 0.5 - NEAR - ULPS * size * 10.0**decimals
    at = np.flatnonzero(near if doubt is None else near | doubt)
    if len(at):
        whole[at] = exact(at).half_up(decimals)
    return whole


def half_up_ratio(above: np.ndarray, below: Any) -> np.ndarray:
    """Round quotients of whole numbers half-up to whole numbers, exactly; a divisor of 0 gives what one of 1 would.

    >>> half_up_ratio(np.array([1, 5, -5]), 2).tolist()
    [1, 3, -2]
    """
    below = np.maximum(below, 1)
    return (2 * above + below) // (2 * below)


# The rules, one by one


def absolute(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100, each: Any = None) -> np.ndarray:
    """Give points for values by a rule that looks at the value alone (curve, steps, line); NaN stays NaN.

    >>> from fengqiao_eval.scheme.normalisation import Curve
    >>> absolute(Curve(kind="curve", knots=((60, 0), (90, 90), (100, 100))), np.array([50.0, 75, 95]), "higher").tolist()
    [0.0, 45.0, 95.0]
    """
    found = rule_points(rule, values, Rational.read(values).__getitem__, direction, each, PointScale(0, full_marks))
    return np.divide(found, 10**DECIMALS)


@dataclass(frozen=True)
class PointScale:
    """Between what points stay where their rule names no floor and cap, and what brings them to the full marks: full / top.

    Each is one number for all, or one for each unit; without a top points stay as they are.
    """

    low: Any = -np.inf
    high: Any = np.inf
    full: Any = 1
    top: Any = None

    def hold(self, points: Any, rule: Any, at: Any = slice(None)) -> Any:
        """Hold points (floats or fractions) of the units `at`."""
        held = clamp(points, rule, _exact_at(self.low, at, points), _exact_at(self.high, at, points))
        return held if self.top is None else held * _exact_at(self.full, at, points) / _exact_at(self.top, at, points)


def rule_points(
    rule: Curve | Steps | Line,
    about: np.ndarray,
    exact: Callable[[np.ndarray], Rational],
    good: str,
    each: Any,
    marks: PointScale,
    decimals: int = DECIMALS,
) -> np.ndarray:
    """Give what a rule makes of values, held by the marks, in whole 10^-decimals.

    about: the values as floats (NaN stays), exact: as fractions, of some positions; each: as in value_points.
    """

    def reckon(at: np.ndarray) -> Rational:
        own = each if np.ndim(each) == 0 else each[at]
        return marks.hold(value_points(rule, exact(at), good, own), rule, at)

    found = marks.hold(value_points(rule, about, good, each), rule)
    size = _size(rule, about, each) * float(np.max(1 if marks.top is None else np.divide(marks.full, marks.top)))
    doubt = _near_steps(rule, about) if isinstance(rule, Line) and rule.whole else None
    return round_points(found, reckon, decimals, size, doubt)


def _exact_at(number: Any, at: Any, points: Any) -> Any:
    """Give a number (or one for each unit, at some of them) in the kind of the points; without end it is no limit."""
    if not isinstance(points, Rational):
        return number
    if np.ndim(number):
        return Rational.read(number[at])
    return None if np.isinf(number) else Rational.read(number)


def _size(rule: Curve | Steps | Line, about: np.ndarray, each: Any) -> float:
    """Give the largest number that goes into points of a rule, be it on the way."""
    if isinstance(rule, Steps):
        return 0.0
    if isinstance(rule, Curve):
        x, y = np.abs(np.array(rule.knots, dtype="float64")).T
        return float(y.max() + x.max() * np.max(2 * y.max() / np.diff(np.array(rule.knots, dtype="float64")[:, 0])))
    most = float(np.nanmax(np.abs(about), initial=0))
    each = _line_each(rule) if each is None else each
    steps = (most + abs(float(rule.at))) / float(rule.per)
    return abs(float(rule.start)) + abs(float(rule.first)) + steps * float(np.max(np.abs(each), initial=0))


def _near_steps(rule: Line, about: np.ndarray) -> np.ndarray:
    """Say where floats do not tell how many whole steps a value is away; quotients of whole numbers tell it."""
    steps = (about - float(rule.at)) / float(rule.per)
    near = np.abs(steps - np.rint(steps)) < NEAR + ULPS * np.abs(steps)
    plain = rule.at == int(rule.at) and rule.per == int(rule.per)
    return near & (about != np.rint(about)) if plain else near


def value_points(rule: Curve | Steps | Line, values: Any, good: str, each: Any = None) -> Any:
    """Give what a rule makes of values, neither bounded nor rounded, in the rule's own numbers; NaN stays NaN.

    values: floats, or a column of fractions, of which come fractions. good: the direction in which a value is good. each: of a
    line whose `each` differs by class or level, each unit's own.

    >>> deduct = Line(kind="line", start=100, each=-0.5, per=10, whole=True, first=-3)
    >>> value_points(deduct, np.array([0, 5, 10, 25]), "lower").tolist()
    [100.0, 97.0, 96.5, 96.0]
    """
    values = values if isinstance(values, Rational) else np.asarray(values, dtype="float64")
    if isinstance(rule, Curve):
        return _curve_points(rule, values)
    return _line_points(rule, values, good, each) if isinstance(rule, Line) else _step_points(rule, values, good)


def _curve_points(rule: Curve, values: Any) -> Any:
    knots = np.array(rule.knots, dtype="float64")
    if not isinstance(values, Rational):
        return np.interp(values, knots[:, 0], knots[:, 1])
    start = np.clip(np.searchsorted(knots[:, 0], values.floats, "right") - 1, 0, len(knots) - 2)
    x, y = (Rational.read(column) for column in knots.T)
    inside = values.clip(rule.knots[0][0], rule.knots[-1][0])
    return y[start] + (inside - x[start]) * ((y[1:] - y[:-1]) / (x[1:] - x[:-1]))[start]


def _step_points(rule: Steps, values: Any, good: str) -> Any:
    """Take the best threshold reached, so start from the easiest and overwrite."""
    exact = isinstance(values, Rational)
    about = values.floats if isinstance(values, Rational) else values
    points = np.where(np.isnan(about), np.nan, float(rule.otherwise))
    for threshold, reward in sorted(rule.steps, reverse=good == "lower"):
        limit = threshold if exact else float(threshold)
        points[values >= limit if good == "higher" else values <= limit] = float(reward)
    return Rational.read(points) if exact else points


def _line_points(rule: Line, values: Any, good: str, each: Any) -> Any:
    """Go along a line, of whole steps only (towards zero) where the rule says so."""
    steps, beyond = line_steps(rule, values, good)
    each = _line_each(rule) if each is None else each
    if isinstance(values, Rational):
        points = steps * Rational.read(each) + rule.start
        return points.where(~beyond, points + rule.first)
    return steps * each + (float(rule.start) + float(rule.first) * beyond)


def _line_each(rule: Line) -> float:
    return float(rule.each.get("others", 0) if isinstance(rule.each, dict) else rule.each)


def line_steps(rule: Line, values: Any, good: str) -> tuple[Any, Any]:
    """Give how many steps values are from where a line begins, and whether they lie beyond it on the bad side.

    >>> line_steps(Line(kind="line", start=100, each=-0.5, per=10, whole=True), Rational.read(25), "lower")[0].floats.tolist()
    [2.0]
    """
    if isinstance(values, Rational):
        steps = (values - rule.at) / rule.per
        return steps.trunc() if rule.whole else steps, (-steps if good == "higher" else steps) > 0
    steps = (values - float(rule.at)) / float(rule.per)
    return np.trunc(steps) if rule.whole else steps, steps < 0 if good == "higher" else steps > 0


def clamp(points: Any, rule: Any, lowest: Any = -np.inf, highest: Any = np.inf) -> Any:
    """Keep points between the rule's floor and cap; where it names none, between lowest and highest; `none` is no limit.

    >>> clamp(np.array([-5.0, 50, 120]), Line(kind="line", start=0, each=1, cap="none"), 0, 100).tolist()
    [0.0, 50.0, 120.0]
    """
    exact = isinstance(points, Rational)
    low, high = (
        default if given is None else (None if exact else end) if given == "none" else given if exact else float(given)
        for given, default, end in ((rule.floor, lowest, -np.inf), (rule.cap, highest, np.inf))
    )
    return points.clip(low, high) if exact else np.clip(points, low, high)


def normalise(kind: str, values: np.ndarray, direction: str) -> np.ndarray:
    """Say where the values of one class stand in it, from 0 to 1; all must have a value, and not all the same one."""
    good = values if direction == "higher" else -values
    if kind == "percentile":
        worse, tied = _tied_worse(good)
        return (worse + 0.5 * tied) / (len(good) - 1)
    if kind == "min_max":
        return (good - good.min()) / (good.max() - good.min())
    return np.clip((50 + 10 * (good - good.mean()) / good.std()) / 100, 0, 1)


def _tied_worse(good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count for each value those that are worse, and the others that are as good."""
    order = np.sort(good)
    worse = np.searchsorted(order, good, "left")
    return worse, np.searchsorted(order, good, "right") - worse - 1


def exact_standing(
    kind: str, about: np.ndarray, exact: Callable[[np.ndarray], Rational], direction: str, at: np.ndarray
) -> Rational:
    """Say the same as fractions, of the values at some positions; a root that is no whole number has forty digits.

    about: the values of the class as floats, exact: as fractions, of some positions.

    >>> values = np.array([1.0, 2, 2, 3])
    >>> exact_standing("z_score", values, Rational.read(values).__getitem__, "higher", np.array([0, 1])).half_up(6).tolist()
    [358579, 500000]
    """
    higher = direction == "higher"
    if kind == "percentile":
        worse, tied = _tied_worse(about if higher else -about)
        return Rational((2 * worse + tied)[at], np.full(len(at), 2 * (len(about) - 1)))
    if kind == "min_max":
        least, most = (np.full(len(at), end) for end in (about.argmin(), about.argmax()))
        return _standing_between(exact, at, least, most, higher=higher)
    values = exact(np.arange(len(about)))
    away = values - values.mean() if higher else values.mean() - values
    variance = (away * away).mean()
    above, below = int(variance.above[0]), int(variance.below[0])
    root = Rational(np.array([isqrt(above * below * ROOT**2)], dtype=object), np.array([below * ROOT], dtype=object))
    return (away[at] * 10 / root + 50).clip(0, 100) / 100


def _standing_between(
    exact: Callable[[np.ndarray], Rational], at: np.ndarray, least: np.ndarray, most: np.ndarray, *, higher: bool
) -> Rational:
    """Say where values stand between others (positions of each one's least and most), from 0 to 1."""
    own, low, high = exact(at), exact(least), exact(most)
    return (own - low if higher else high - own) / (high - low)


def relative(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100) -> np.ndarray:
    """Give points for the values of one class, all with a value, by a rule that refers to the class.

    >>> from fengqiao_eval.scheme.normalisation import Relative
    >>> relative(Relative(kind="percentile"), np.array([1.0, 2, 2, 5]), "higher").tolist()
    [0.0, 50.0, 50.0, 100.0]
    """
    found = clamp(full_marks * normalise(rule.kind, values, direction), rule, 0, full_marks)

    def exact(at: np.ndarray) -> Rational:
        standing = exact_standing(rule.kind, values, Rational.read(values).__getitem__, direction, at)
        return clamp(standing * full_marks, rule, 0, full_marks)

    return round_points(found, exact, DECIMALS) / 10**DECIMALS


def normalise_by_class(
    kind: str, values: np.ndarray, able: np.ndarray, classes: np.ndarray, direction: str, least_class: int
) -> tuple[np.ndarray, np.ndarray]:
    """Say where the able stand within their class, 0 to 1 (NaN: nowhere), and the status that makes (0 where it stands).

    A class of fewer than least_class values is too_few, one where all values are equal is void.
    """
    share, status = np.full(len(values), np.nan), np.zeros(len(values), dtype=np.int8)
    for at in members(classes, able):
        if len(at) < least_class:
            status[at] = Status.TOO_FEW
        elif np.ptp(values[at]) == 0:
            status[at] = Status.VOID
        else:
            share[at] = normalise(kind, values[at], direction)
    return share, status


# Points of every indicator, and what becomes of the missing and the not applicable


@dataclass(frozen=True)
class IndicatorPoints:
    """Points and status (units × indicators), what of them is scored, and which units are barred from a place."""

    points: np.ndarray
    status: np.ndarray
    scored: np.ndarray
    barred: np.ndarray


def indicator_points(found: Benchmarked, scheme: Scheme, among: Cohort) -> IndicatorPoints:
    """Give every unit the points of every indicator by its rule; what is missing is treated as the indicator says.

    A class too small or all equal changes the status. The numbers of a rule are of the base marks, or of the item's own; points
    are of the full marks, which may differ by class.
    """
    shape = (len(among.levels), len(scheme.indicators))
    points, status = np.empty(shape), found.status[:, : shape[1]].copy()
    full = each_unit(scheme.full_marks, among.classes, missing=100)
    for number, indicator in enumerate(scheme.indicators):
        exact = partial(found.exact, number, indicator)
        own = points_of(indicator, found.value[:, number], found.status[:, number], exact, scheme, among)
        points[:, number], status[:, number] = own
    return IndicatorPoints(points, status, *_fill_missing(points, status, scheme, among, full))


def points_of(
    indicator: Indicator,
    value: np.ndarray,
    status: np.ndarray,
    exact: Callable[[np.ndarray], Rational],
    scheme: Scheme,
    among: Cohort,
) -> tuple[np.ndarray, np.ndarray]:
    """Give every unit its points of one indicator by its rule, NaN where there is no value, and the status that makes.

    value: as floats, exact: as fractions, of some positions; status: before a class may be too small or all equal.
    """
    full, values = each_unit(scheme.full_marks, among.classes, missing=100), np.where(has_value(status), value, np.nan)
    top = each_unit(indicator.weight, among.levels) if indicator.points.in_marks else float(base_marks(scheme))
    marks = PointScale(0, top) if np.array_equal(full, top) else PointScale(0, top, full, np.where(top == 0, np.inf, top))
    rule = indicator.points
    if isinstance(rule, Relative):
        whole, changed = _class_points(indicator, values, exact, scheme.least_class, among, marks)
        status = np.where(changed > 0, changed, status).astype(np.int8)
    else:
        each = each_unit(rule.each, among.levels, among.classes) if isinstance(rule, Line) else None
        whole = rule_points(rule, values, exact, indicator.good, each, marks)
    return whole / 10**DECIMALS, status


def _class_points(
    indicator: Indicator,
    values: np.ndarray,
    exact: Callable[[np.ndarray], Rational],
    least_class: int,
    among: Cohort,
    marks: PointScale,
) -> tuple[np.ndarray, np.ndarray]:
    """Give points by standing in the class (whole 10^-4), and the status that a class too small or all equal makes (0: none)."""
    rule, able = indicator.points, ~np.isnan(values) & among.eligible
    share, changed = normalise_by_class(rule.kind, values, able, among.within, indicator.good, least_class)

    def reckon(at: np.ndarray) -> Rational:
        asked, found, ends = np.zeros(len(values), dtype=bool), [at[:0]], np.empty((2, len(values)), dtype=np.int64)
        asked[at] = True
        parts = []
        for own in members(among.within, able & np.isin(among.within, among.within[at])):
            if rule.kind == "min_max":
                ends[:, own] = own[[[values[own].argmin()], [values[own].argmax()]]]
                continue
            here = np.flatnonzero(asked[own])
            parts.append(exact_standing(rule.kind, values[own], partial(_of_class, exact, own), indicator.good, here))
            found.append(own[here])
        if rule.kind == "min_max":
            standing = _standing_between(exact, at, *ends[:, at], higher=indicator.good == "higher")
        else:
            standing = stack(parts)[np.argsort(np.concatenate(found))]
        return marks.hold(standing * _exact_at(marks.high, at, standing), rule, at)

    return round_points(marks.hold(share * marks.high, rule), reckon, DECIMALS), changed


def _of_class(exact: Callable[[np.ndarray], Rational], own: np.ndarray, some: np.ndarray) -> Rational:
    return exact(own[some])


def _fill_missing(
    points: np.ndarray, status: np.ndarray, scheme: Scheme, among: Cohort, full: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Fill in what is missing as each indicator says (in place); return what is scored, and which units are barred from a place.

    What does not apply to a unit is spread over the rest, unless the indicator gives full marks for it.
    """
    missing, own = np.isnan(points), np.broadcast_to(full, len(points))
    inapplicable = status == Status.NOT_APPLICABLE
    barring = [indicator.bars_place for indicator in scheme.indicators]
    for number, indicator in enumerate(scheme.indicators):
        lacks = missing[:, number] & ~inapplicable[:, number]
        if indicator.missing in ("full", "zero"):
            points[lacks, number] = own[lacks] if indicator.missing == "full" else 0
        if indicator.not_applicable and indicator.not_applicable.give == "full":
            spared = inapplicable[:, number] & np.isin(among.levels, indicator.levels or scheme.levels)
            points[spared, number] = own[spared]
    return ~np.isnan(points), (missing & ~inapplicable)[:, barring].any(axis=1)
