"""From points to totals: each level weighted by its own weights, dimension by dimension, to any depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fengqiao_eval.scheme.model import Dimension, Scheme, base_marks, parts_of
from fengqiao_eval.scoring.adjustments import WHOLE, Adjustment, moved, whole
from fengqiao_eval.scoring.cohort import Cohort, each_unit
from fengqiao_eval.scoring.giving import NOT_APPLICABLE, Given
from fengqiao_eval.scoring.totals import Totals, Weights, alike, shares, total, weights_at

TINY = 1e-9


@dataclass(frozen=True)
class Gathered:
    """Totals of the hundred, the nominal shares behind them, and what floors, caps and geometric means changed."""

    totals: Totals
    nominal: np.ndarray
    adjustments: tuple[Adjustment, ...]


def gather(given: Given, scheme: Scheme, among: Cohort) -> Gathered:
    """Weigh the points of every unit by the weights of its level."""
    shape = given.points.shape
    contributions, used, nominal = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape)
    totals, covered = np.zeros(shape[0], dtype=np.int64), np.zeros(shape[0])
    adjustments: list[Adjustment] = []
    for level in dict.fromkeys(among.levels):
        at, weights = np.flatnonzero(among.levels == level), weights_at(scheme, level)
        here = slice(at[0], at[-1] + 1) if len(at) == at[-1] - at[0] + 1 else at  # a level in one piece is not copied
        points, scored = given.points[here], given.scored[here] & (weights.indicators > 0)
        part = total(points, scored, weights, scheme.decimals)
        contributions[here], used[here], nominal[here] = part.contributions, part.weight_used, weights.nominal
        totals[here] = part.totals
        spared = (given.status[here] == NOT_APPLICABLE) & ~scored
        covered[here] = of_what_applies(part.covered, spared @ weights.nominal)
        adjustments += bent(points, scored, weights, scheme, among, at)
    return Gathered(Totals(contributions, totals, used, covered), nominal, tuple(adjustments))


def of_what_applies(covered: np.ndarray, spared: np.ndarray) -> np.ndarray:
    """Give the share scored of what applies to each unit: what does not apply to it is no gap in its records (R33).

    >>> of_what_applies(np.array([0.6, 0.6, 0.0]), np.array([0.4, 0.0, 1.0])).tolist()
    [1.0, 0.6, 0.0]
    """
    applicable = 1 - spared
    return np.where(applicable > TINY, covered / np.maximum(applicable, TINY), 0)


def bent(
    points: np.ndarray, scored: np.ndarray, weights: Weights, scheme: Scheme, among: Cohort, at: np.ndarray
) -> list[Adjustment]:
    """Say what geometric means, floors and caps change in the totals of the units `at`, all of one level.

    Contributions are linear: points × weight used. Where a node of the table is not the mean of its parts, the whole moves by
    the node's share of it times what it is away from that mean. So contributions and these lines add up to the whole.
    """
    nodes: list[tuple[int, Scheme | Dimension]] = [(0, scheme)]
    nodes += [(number, p.part) for number, p in enumerate(parts_of(scheme), 1) if isinstance(p.part, Dimension)]
    if all(node.aggregation == "arithmetic" and _limits(node) == (-np.inf, np.inf) for _, node in nodes):
        return []
    patterns, which = alike(scored)
    share = shares(patterns, weights, nodes=True)[which]
    value = np.zeros(share.shape)
    value[:, weights.leaves] = np.where(scored, points, 0)
    full = each_unit(scheme.full_marks, among.classes[at], missing=100)
    found: list[Adjustment] = []
    for number, node in reversed(nodes):
        parts = np.flatnonzero(weights.above == number)
        mean, kept, held = _valued(node, value[:, parts], share[:, parts], full / base_marks(scheme))
        value[:, number] = held
        steps = {"geometric": kept - mean, "floor": np.maximum(held - kept, 0), "cap": np.minimum(held - kept, 0)}
        found += _lines(node, {rule: share[:, number] * by for rule, by in steps.items()}, at, scheme.decimals)
    return found[::-1]


def _limits(node: Scheme | Dimension) -> tuple[float, float]:
    """Give the least and most points of a node of the table."""
    floor, cap = getattr(node, "floor", None), getattr(node, "cap", None)
    return -np.inf if floor is None else float(floor), np.inf if cap is None else float(cap)


def _valued(
    node: Scheme | Dimension, points: np.ndarray, share: np.ndarray, scale: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the mean of a node's parts, weighted by their shares; the same as the node takes it; and that within its limits.

    scale: what the limits, which are written for the base marks, are multiplied by. Nothing scored is 0 in each.
    """
    sums = share.sum(axis=1, keepdims=True)
    weight = share / np.where(sums > 0, sums, 1)
    mean = (weight * points).sum(axis=1)
    kept = geometric_mean(points, weight) if node.aggregation == "geometric" else mean
    low, high = _limits(node)
    held = np.where(sums[:, 0] > 0, np.clip(kept, low * scale, high * scale), 0)
    return mean, kept, held


def geometric_mean(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take exp(Σ weight · ln points) of each row; what weighs nothing is left out, a row of which nothing weighs is 0.

    A single 0 makes the whole 0; schemes where that could be are refused when they are read.

    >>> geometric_mean(np.array([[90.0, 40.0, 0.0]]), np.array([[0.5, 0.5, 0.0]])).round(9).tolist()
    [60.0]
    """
    with np.errstate(divide="ignore"):
        logs = np.where(weight > 0, np.log(np.maximum(points, 0)), 0)
    return np.where(weight.any(axis=1), np.exp((weight * logs).sum(axis=1, where=weight > 0)), 0)


def _lines(node: Scheme | Dimension, steps: dict[str, np.ndarray], at: np.ndarray, decimals: int) -> Iterator[Adjustment]:
    """Make the lines of what moves the whole, the last step first; what rounds to nothing is left out."""
    code = node.code if isinstance(node, Dimension) else WHOLE
    for rule, points in reversed(steps.items()):
        amount = whole(points, decimals)
        line = moved((code, rule, "aggregate" if rule == "geometric" else "cap"), amount, amount != 0)
        if len(line.at):
            yield Adjustment(code, rule, line.effect, at[line.at], line.amount, line.value)
