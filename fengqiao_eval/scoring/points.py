"""Values to points: pure functions on arrays, one a rule of the one table. Points are rounded half-up to 4 decimals."""

from decimal import Decimal
from typing import Any

import numpy as np

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.scheme.rules import Curve, Relative, Steps

DECIMALS = 4
TOO_FEW, VOID = STATUSES.index("too_few"), STATUSES.index("void")


def half_up(values: Any, decimals: int = DECIMALS) -> np.ndarray:
    """Round half up at a decimal; what lies within 10^-6 of a half (in that decimal) is a half.

    >>> half_up(np.array([0.00005, 1.005, 2.345]), 2).tolist(), half_up(np.array([0.00005])).tolist()
    ([0.0, 1.01, 2.35], [0.0001])
    """
    step = 10.0**decimals
    return np.floor(np.asarray(np.round(np.asarray(values, dtype="float64") * step, 6)) + 0.5) / step


def absolute(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100) -> np.ndarray:
    """Give points for values by a rule that looks at the value alone (curve, steps, pass); NaN stays NaN.

    >>> from fengqiao_eval.scheme.rules import Curve
    >>> absolute(Curve(kind="curve", knots=((60, 0), (90, 90), (100, 100))), np.array([50.0, 75, 95]), "higher").tolist()
    [0.0, 45.0, 95.0]
    """
    values = np.asarray(values, dtype="float64")
    if isinstance(rule, Curve):
        knots = np.array(rule.knots, dtype="float64")
        points = np.interp(values, knots[:, 0], knots[:, 1])
    else:
        points = _stepped(values, rule, direction)
    return _bounded(np.where(np.isnan(values), np.nan, points), rule, full_marks)


def _reached(values: np.ndarray, threshold: Any, direction: str) -> np.ndarray:
    return values >= float(threshold) if direction == "higher" else values <= float(threshold)


def _stepped(values: np.ndarray, rule: Steps, direction: str) -> np.ndarray:
    """Take the best threshold reached, so start from the easiest and overwrite."""
    points = np.full(values.shape, float(rule.otherwise))
    for threshold, reward in sorted(rule.steps, reverse=direction == "lower"):
        points = np.where(_reached(values, threshold, direction), float(reward), points)
    return points


def _bounded(points: np.ndarray, rule: Any, full_marks: int) -> np.ndarray:
    floor = 0 if rule.floor is None else float(rule.floor)
    cap = full_marks if rule.cap is None else float(rule.cap)
    return half_up(np.clip(points, floor, cap))


def relative(rule: Any, values: np.ndarray, direction: str, full_marks: int = 100) -> np.ndarray:
    """Give points for the values of one class, all with a value, by a rule that refers to the class.

    >>> from fengqiao_eval.scheme.rules import Relative
    >>> relative(Relative(kind="percentile"), np.array([1.0, 2, 2, 5]), "higher").tolist()
    [0.0, 50.0, 50.0, 100.0]
    """
    good = values if direction == "higher" else -values
    if rule.kind == "percentile":
        order = np.sort(good)
        worse, no_better = np.searchsorted(order, good, "left"), np.searchsorted(order, good, "right")
        share = (worse + 0.5 * (no_better - worse - 1)) / (len(good) - 1)
    elif rule.kind == "min_max":
        share = (good - good.min()) / (good.max() - good.min())
    else:
        share = (50 + 10 * (good - good.mean()) / good.std()) / 100
    return _bounded(full_marks * np.clip(share, 0, 1), rule, full_marks)


def by_class(
    rule: Any, values: np.ndarray, able: np.ndarray, classes: np.ndarray, direction: str, full_marks: int, least_class: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give relative points within each class among the able; return points and status (0 where points stand).

    A class of fewer than least_class values is too_few, one where all values are equal is void.
    """
    points, status = np.full(len(values), np.nan), np.zeros(len(values), dtype=np.int8)
    for label in np.unique(classes[able]):
        at = np.flatnonzero(able & (classes == label))
        if len(at) < least_class:
            status[at] = TOO_FEW
        elif np.ptp(values[at]) == 0:
            status[at] = VOID
        else:
            points[at] = relative(rule, values[at], direction, full_marks)
    return points, status


def is_relative(rule: Any) -> bool:
    """Say whether a rule refers to the other units of the class."""
    return isinstance(rule, Relative)


def target_points(rule: Curve | Steps, target: Decimal, direction: str, full_marks: int = 100) -> float:
    """Give the points that the target is worth."""
    return float(absolute(rule, np.array([float(target)]), direction, full_marks)[0])
