"""Values to points: pure functions on arrays, one a rule of the one table. Points are rounded half-up to 4 decimals."""

from typing import Any

import numpy as np

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.scheme.rules import Curve, Line, Steps

DECIMALS = 4
TOO_FEW, VOID = STATUSES.index("too_few"), STATUSES.index("void")
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


def absolute(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100, each: Any = None) -> np.ndarray:
    """Give points for values by a rule that looks at the value alone (curve, steps, line); NaN stays NaN.

    >>> from fengqiao_eval.scheme.rules import Curve
    >>> absolute(Curve(kind="curve", knots=((60, 0), (90, 90), (100, 100))), np.array([50.0, 75, 95]), "higher").tolist()
    [0.0, 45.0, 95.0]
    """
    return half_up(bounded(value_points(rule, values, direction, each), rule, 0, full_marks))


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
    return _along(rule, values, good, each) if isinstance(rule, Line) else _stepped(rule, values, good)


def _stepped(rule: Steps, values: np.ndarray, good: str) -> np.ndarray:
    """Take the best threshold reached, so start from the easiest and overwrite."""
    points = np.where(np.isnan(values), np.nan, float(rule.otherwise))
    for threshold, reward in sorted(rule.steps, reverse=good == "lower"):
        reached = values >= float(threshold) if good == "higher" else values <= float(threshold)
        points[reached] = float(reward)
    return points


def _along(rule: Line, values: np.ndarray, good: str, each: Any) -> np.ndarray:
    """Go along a line, of whole steps only (towards zero) where the rule says so."""
    steps = (values - float(rule.at)) / float(rule.per)
    beyond = steps < -CLOSE if good == "higher" else steps > CLOSE
    if rule.whole:
        steps = np.trunc(steps + np.copysign(CLOSE, steps))
    return steps * (_one(rule) if each is None else each) + (float(rule.start) + float(rule.first) * beyond)


def _one(rule: Line) -> float:
    return float(rule.each.get("others", 0) if isinstance(rule.each, dict) else rule.each)


def bounded(points: np.ndarray, rule: Any, lowest: Any = -np.inf, highest: Any = np.inf) -> np.ndarray:
    """Keep points between the rule's floor and cap; where it names none, between lowest and highest; `none` is no limit.

    >>> bounded(np.array([-5.0, 50, 120]), Line(kind="line", start=0, each=1, cap="none"), 0, 100).tolist()
    [0.0, 50.0, 120.0]
    """
    return np.clip(points, _limit(rule.floor, lowest, -np.inf), _limit(rule.cap, highest, np.inf))


def _limit(given: Any, default: Any, none: float) -> Any:
    return default if given is None else none if given == "none" else float(given)


def standing(kind: str, values: np.ndarray, direction: str) -> np.ndarray:
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

    >>> from fengqiao_eval.scheme.rules import Relative
    >>> relative(Relative(kind="percentile"), np.array([1.0, 2, 2, 5]), "higher").tolist()
    [0.0, 50.0, 50.0, 100.0]
    """
    return half_up(bounded(full_marks * standing(rule.kind, values, direction), rule, 0, full_marks))


def by_class(
    kind: str, values: np.ndarray, able: np.ndarray, classes: np.ndarray, direction: str, least_class: int
) -> tuple[np.ndarray, np.ndarray]:
    """Say where the able stand within their class, 0 to 1 (NaN: nowhere), and the status that makes (0 where it stands).

    A class of fewer than least_class values is too_few, one where all values are equal is void.
    """
    share, status = np.full(len(values), np.nan), np.zeros(len(values), dtype=np.int8)
    for at in members(classes, able):
        if len(at) < least_class:
            status[at] = TOO_FEW
        elif np.ptp(values[at]) == 0:
            status[at] = VOID
        else:
            share[at] = standing(kind, values[at], direction)
    return share, status


def members(classes: np.ndarray, able: np.ndarray) -> list[np.ndarray]:
    """Give the positions of the able of each class.

    >>> [at.tolist() for at in members(np.array([1, 2, 1, 1]), np.array([True, True, False, True]))]
    [[0, 3], [1]]
    """
    at = np.flatnonzero(able)
    order = at[np.argsort(classes[at], kind="stable")]
    label = classes[order]
    return np.split(order, np.flatnonzero(label[1:] != label[:-1]) + 1) if len(at) else []
