"""Values to points: curves, steps, lines, relative rules on arrays; then every indicator, and what becomes of the missing.

Points are rounded half-up to 4 decimals. A rule's floor and cap hold its points; where it names none they stay within the marks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit, members
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.normalisation import Curve, Line, Relative, Steps
from fengqiao_eval.scheme.scheme import Scheme, base_marks
from fengqiao_eval.scoring.benchmarks import Benchmarked, has_value

DECIMALS = 4
CLOSE = 1e-9
"""What lies nearer to a whole step than this is one: 0.3/0.1 is 3."""


def half_up(values: Any, decimals: int = DECIMALS) -> np.ndarray:
    """Round half up at a decimal; what lies within 10^-6 of a half (in that decimal) is a half.

    >>> half_up(np.array([0.00005, 1.005, 2.345]), 2).tolist(), half_up(np.array([0.00005])).tolist()
    ([0.0, 1.01, 2.35], [0.0001])
    """
    step = 10.0**decimals
    scaled = np.asarray(np.multiply(values, step))
    np.floor(np.add(np.round(scaled, 6, out=scaled), 0.5, out=scaled), out=scaled)
    return np.divide(scaled, step, out=scaled)


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
    return half_up(clamp(value_points(rule, values, direction, each), rule, 0, full_marks))


def value_points(rule: Curve | Steps | Line, values: Any, good: str, each: Any = None) -> np.ndarray:
    """Give what a rule makes of values, neither bounded nor rounded, in the rule's own numbers; NaN stays NaN.

    good: the direction in which a value is good. each: of a line whose `each` differs by class or level, each unit's own.

    >>> deduct = Line(kind="line", start=100, each=-0.5, per=10, whole=True, first=-3)
    >>> value_points(deduct, np.array([0, 5, 10, 25]), "lower").tolist()
    [100.0, 97.0, 96.5, 96.0]
    """
    values = np.asarray(values, dtype="float64")
    if isinstance(rule, Curve):
        knots = np.array(rule.knots, dtype="float64")
        return np.interp(values, knots[:, 0], knots[:, 1])
    return _line_points(rule, values, good, each) if isinstance(rule, Line) else _step_points(rule, values, good)


def _step_points(rule: Steps, values: np.ndarray, good: str) -> np.ndarray:
    """Take the best threshold reached, so start from the easiest and overwrite."""
    points = np.where(np.isnan(values), np.nan, float(rule.otherwise))
    for threshold, reward in sorted(rule.steps, reverse=good == "lower"):
        reached = values >= float(threshold) if good == "higher" else values <= float(threshold)
        points[reached] = float(reward)
    return points


def _line_points(rule: Line, values: np.ndarray, good: str, each: Any) -> np.ndarray:
    """Go along a line, of whole steps only (towards zero) where the rule says so."""
    steps, beyond = line_steps(rule, values, good)
    if each is None:
        each = float(rule.each.get("others", 0) if isinstance(rule.each, dict) else rule.each)
    return steps * each + (float(rule.start) + float(rule.first) * beyond)


def clamp(points: np.ndarray, rule: Any, lowest: Any = -np.inf, highest: Any = np.inf) -> np.ndarray:
    """Keep points between the rule's floor and cap; where it names none, between lowest and highest; `none` is no limit.

    >>> clamp(np.array([-5.0, 50, 120]), Line(kind="line", start=0, each=1, cap="none"), 0, 100).tolist()
    [0.0, 50.0, 120.0]
    """
    return np.clip(points, _limit(rule.floor, lowest, -np.inf), _limit(rule.cap, highest, np.inf))


def _limit(given: Any, default: Any, none: float) -> Any:
    return default if given is None else none if given == "none" else float(given)


def normalise(kind: str, values: np.ndarray, direction: str) -> np.ndarray:
    """Say where the values of one class stand in it, from 0 to 1; all must have a value, and not all the same one."""
    good = values if direction == "higher" else -values
    if kind == "percentile":
        order = np.sort(good)
        worse, no_better = np.searchsorted(order, good, "left"), np.searchsorted(order, good, "right")
        return (worse + 0.5 * (no_better - worse - 1)) / (len(good) - 1)
    if kind == "min_max":
        return (good - good.min()) / (good.max() - good.min())
    return np.clip((50 + 10 * (good - good.mean()) / good.std()) / 100, 0, 1)


def relative(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100) -> np.ndarray:
    """Give points for the values of one class, all with a value, by a rule that refers to the class.

    >>> from fengqiao_eval.scheme.normalisation import Relative
    >>> relative(Relative(kind="percentile"), np.array([1.0, 2, 2, 5]), "higher").tolist()
    [0.0, 50.0, 50.0, 100.0]
    """
    return half_up(clamp(full_marks * normalise(rule.kind, values, direction), rule, 0, full_marks))


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
    full, able = each_unit(scheme.full_marks, among.classes, missing=100), has_value(status)
    for number, indicator in enumerate(scheme.indicators):
        values = np.where(able[:, number], found.value[:, number], np.nan)
        top = each_unit(indicator.weight, among.levels) if indicator.points.in_marks else float(base_marks(scheme))
        raw, changed = _raw_points(indicator, values, top, scheme.least_class, among)
        limited = clamp(raw, indicator.points, 0, top)
        same = full is top or np.array_equal(full, top)
        points[:, number] = half_up(limited if same else limited * np.divide(full, np.where(top == 0, np.inf, top)))
        status[:, number] = np.where(changed > 0, changed, status[:, number])
    return IndicatorPoints(points, status, *_fill_missing(points, status, scheme, among, full))


def _raw_points(indicator: Indicator, values: np.ndarray, top: Any, least_class: int, among: Cohort) -> tuple[np.ndarray, Any]:
    """Give points in the numbers of the rule, and the status that a class too small or all equal makes (0: none)."""
    rule = indicator.points
    if isinstance(rule, Relative):
        able = ~np.isnan(values) & among.eligible
        share, changed = normalise_by_class(rule.kind, values, able, among.within, indicator.good, least_class)
        return share * top, changed
    each = each_unit(rule.each, among.levels, among.classes) if isinstance(rule, Line) else None
    return value_points(rule, values, indicator.good, each), np.int8(0)


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


def line_steps(rule: Line, values: Any, good: str) -> tuple[Any, Any]:
    """Give how many steps values are from where a line begins, and whether they lie beyond it on the bad side.

    >>> line_steps(Line(kind="line", start=100, each=-0.5, per=10, whole=True), 25, "lower")
    (np.float64(2.0), True)
    """
    steps = (values - float(rule.at)) / float(rule.per)
    beyond = steps < -CLOSE if good == "higher" else steps > CLOSE
    return np.trunc(steps + np.copysign(CLOSE, steps)) if rule.whole else steps, beyond
