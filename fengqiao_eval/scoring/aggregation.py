"""From points to totals: each level weighted by its own weights, in whole numbers, dimension by dimension."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks, is_scored, parts_of, weight_at
from fengqiao_eval.scoring.adjustments import WHOLE, Adjustment, make_adjustment, whole_points
from fengqiao_eval.scoring.normalisation import DECIMALS, IndicatorPoints

# Points and weights to contributions and totals, in whole numbers: what is printed is what is ranked.


FLOATS = 2**53
"""Below this whole numbers and their quotients are exact in floats, and rounded down they are right."""


ROWS = 4096
"""Units reckoned at a time, so that what is in between stays in the processor's cache."""


@dataclass(frozen=True)
class Weights:
    """The weights of one level as whole numbers, on the tree of the table: node 0 is the whole, each stands before its parts.

    own: the weight of each node among its siblings (0: not at this level), divided by their greatest common divisor, so that the
    browser and a spreadsheet can reckon with the same numbers; above: the node it is part of (-1: none); leaves: the node of each
    indicator, in the order of the table.
    """

    own: np.ndarray
    above: np.ndarray
    leaves: np.ndarray

    @property
    def indicators(self) -> np.ndarray:
        """The weight of each indicator within its dimension."""
        return self.own[self.leaves]

    @property
    def nominal(self) -> np.ndarray:
        """Each indicator's share of the total before anything is missing; sums to 1."""
        return shares(np.ones((1, len(self.leaves)), dtype=bool), self)[0]

    @property
    def bound(self) -> int:
        """What no product of weights down the tree can exceed."""
        sums = [int(self.own[self.above == node].sum()) for node in range(len(self.own))]
        most = [1] * len(sums)
        for node in range(1, len(sums)):
            most[node] = most[self.above[node]] * max(1, sums[self.above[node]])
        return max(most)


def weights_at(scheme: Scheme, level: str) -> Weights:
    """Read the weights of a scheme at a level as whole numbers."""
    parts = list(parts_of(scheme))
    number = {(): 0} | {place: node for node, (place, _, _) in enumerate(parts, 1)}
    above = np.array([-1, *(number[place[:-2]] for place, _, _ in parts)])
    weights = [Decimal(1), *(weight_at(p.part.weight, level) if is_scored(p.part, level) else Decimal(0) for p in parts)]
    own = np.ones(len(weights), dtype=np.int64)
    for node in np.unique(above):
        siblings = np.flatnonzero(above == node)
        own[siblings] = whole_weights([weights[sibling] for sibling in siblings])
    return Weights(own, above, np.array([node for node, p in enumerate(parts, 1) if not isinstance(p.part, Dimension)]))


def whole_weights(weights: Sequence[Decimal]) -> list[int]:
    """Make weights of at most two decimals whole numbers in the same proportion, as small as can be.

    >>> whole_weights([Decimal("12.5"), Decimal(25), Decimal("62.5")])
    [1, 2, 5]
    """
    hundredths = [int(weight * 100) for weight in weights]
    divisor = math.gcd(*hundredths) or 1
    return [weight // divisor for weight in hundredths]


@dataclass(frozen=True)
class Totals:
    """Contributions (units × indicators) and totals in whole 10^-decimals, the weights used, and the share that was scored."""

    contributions: np.ndarray
    totals: np.ndarray
    weight_used: np.ndarray
    covered: np.ndarray


def total(points: np.ndarray, scored: np.ndarray, weights: Weights, decimals: int = 2) -> Totals:
    """Weigh points (units × indicators; any where not scored) and add them up.

    What is missing is spread among its siblings first, a dimension with nothing scored over its own. A contribution is points ×
    Π weight/Σ weights of scored siblings, as one fraction of whole numbers rounded half-up once; the total is their exact sum.
    """
    patterns, which = unique_patterns(scored)
    above, below = fractions(patterns, weights)
    used, covered = above / below, patterns @ weights.nominal
    below = below * 10 ** (DECIMALS - decimals)
    contributions = _round_products(points if patterns.all() else np.where(scored, points, 0), above, below, which)
    return Totals(contributions, contributions.sum(axis=1), _expand_patterns(used.astype(float), which), covered[which])


def unique_patterns(scored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the different rows of a table of yes and no, and which of them each row is.

    >>> unique_patterns(np.array([[True, True], [True, False], [True, True]]))[1].tolist()
    [0, 1, 0]
    """
    if scored.all():
        return scored[:1], np.zeros(len(scored), dtype=np.int64)
    packed = np.packbits(scored, axis=1)
    words = np.zeros((len(scored), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    codes = [pd.factorize(word)[0] for word in words.view(np.uint64).T]
    which = reduce(lambda one, other: pd.factorize(one * len(scored) + other)[0], codes)
    first = np.diff(np.maximum.accumulate(which), prepend=-1) > 0  # patterns are numbered in the order in which they appear
    return scored[first], which


def fractions(scored: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Give each weight used (patterns × indicators) as a fraction in lowest terms; 0/1 where not scored.

    Own weights down the tree over the sums of the scored siblings; exact objects where whole numbers of 64 bits could overflow.
    """
    used, sums = _siblings(scored, weights)
    kind = np.int64 if weights.bound < 2**48 else object  # times ten thousand they still fit
    above, below = np.ones(used.shape, dtype=kind), np.ones(used.shape, dtype=kind)
    for node, over in _node_parents(weights):
        above[node], below[node] = above[over] * used[node], below[over] * sums[over]
    above, below = above[weights.leaves].T, below[weights.leaves].T
    below = np.where(above > 0, below, 1)
    divisor = np.gcd(above, below)
    return above // divisor, below // divisor


def shares(scored: np.ndarray, weights: Weights, *, nodes: bool = False) -> np.ndarray:
    """Give each weight used (patterns × indicators; × all nodes of the tree) as a float."""
    used, sums = _siblings(scored, weights)
    found = np.ones(used.shape)
    for node, over in _node_parents(weights):
        found[node] = found[over] * used[node] / np.maximum(sums[over], 1)
    return found.T if nodes else found[weights.leaves].T


def _node_parents(weights: Weights) -> list[tuple[int, int]]:
    """List every node but the whole with the one it is part of, which comes before it."""
    return list(enumerate(weights.above.tolist()))[1:]


def _siblings(scored: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Give the weight of each node (nodes × patterns) where anything in it is scored, and the sum of those in each."""
    there = np.zeros((len(weights.own), len(scored)), dtype=bool)
    there[weights.leaves] = scored.T
    used, sums = np.zeros(there.shape, dtype=np.int64), np.zeros(there.shape, dtype=np.int64)
    for node, over in reversed(_node_parents(weights)):
        used[node] = there[node] * weights.own[node]
        sums[over] += used[node]
        there[over] |= used[node] > 0
    return used, sums


def _expand_patterns(by_pattern: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Deal what belongs to patterns to the units that have them; one pattern is not copied."""
    if len(by_pattern) == 1:
        return np.broadcast_to(by_pattern, (len(which), by_pattern.shape[1]))
    return by_pattern.take(which, axis=0)


def _round_products(points: np.ndarray, above: np.ndarray, below: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Round points × above/below half-up to whole numbers, in the quickest kind of number that is exact."""
    most = 2 * 10**DECIMALS * int(np.abs(points).max(initial=0) + 1) * int(above.max(initial=1)) + int(below.max(initial=1))
    kind = float if most < FLOATS else np.int64 if most < 2**62 else object
    doubled, below = 2 * above.astype(kind), below.astype(kind)
    found = np.empty(points.shape, dtype=np.int64)
    for start, end in pairwise([*range(0, len(points), ROWS), len(points)]):
        ten_thousandths = np.rint(points[start:end] * 10**DECIMALS).astype(np.int64 if kind is object else kind).astype(kind)
        under = _expand_patterns(below, which[start:end])
        above_ = ten_thousandths * _expand_patterns(doubled, which[start:end]) + under
        found[start:end] = np.floor(above_ / (2 * under)) if kind is float else above_ // (2 * under)
    return found


# From points to totals: each level weighted by its own weights, dimension by dimension, to any depth.


TINY = 1e-9


@dataclass(frozen=True)
class Gathered:
    """Totals of the hundred, the nominal shares behind them, and what floors, caps and geometric means changed."""

    totals: Totals
    nominal: np.ndarray
    adjustments: tuple[Adjustment, ...]


def gather(given: IndicatorPoints, scheme: Scheme, among: Cohort) -> Gathered:
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
        spared = (given.status[here] == Status.NOT_APPLICABLE) & ~scored
        covered[here] = applicable_coverage(part.covered, spared @ weights.nominal)
        adjustments += node_adjustments(points, scored, weights, scheme, among, at)
    return Gathered(Totals(contributions, totals, used, covered), nominal, tuple(adjustments))


def applicable_coverage(covered: np.ndarray, spared: np.ndarray) -> np.ndarray:
    """Give the share scored of what applies to each unit: what does not apply to it is no gap in its records (R33).

    >>> applicable_coverage(np.array([0.6, 0.6, 0.0]), np.array([0.4, 0.0, 1.0])).tolist()
    [1.0, 0.6, 0.0]
    """
    applicable = 1 - spared
    return np.where(applicable > TINY, covered / np.maximum(applicable, TINY), 0)


def node_adjustments(
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
    patterns, which = unique_patterns(scored)
    share = shares(patterns, weights, nodes=True)[which]
    value = np.zeros(share.shape)
    value[:, weights.leaves] = np.where(scored, points, 0)
    full = each_unit(scheme.full_marks, among.classes[at], missing=100)
    found: list[Adjustment] = []
    for number, node in reversed(nodes):
        parts = np.flatnonzero(weights.above == number)
        mean, kept, held = _node_values(node, value[:, parts], share[:, parts], full / base_marks(scheme))
        value[:, number] = held
        steps = {"geometric": kept - mean, "floor": np.maximum(held - kept, 0), "cap": np.minimum(held - kept, 0)}
        found += _lines(node, {rule: share[:, number] * by for rule, by in steps.items()}, at, scheme.decimals)
    return found[::-1]


def _limits(node: Scheme | Dimension) -> tuple[float, float]:
    """Give the least and most points of a node of the table."""
    floor, cap = getattr(node, "floor", None), getattr(node, "cap", None)
    return -np.inf if floor is None else float(floor), np.inf if cap is None else float(cap)


def _node_values(
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
        amount = whole_points(points, decimals)
        line = make_adjustment((code, rule, "aggregate" if rule == "geometric" else "cap"), amount, amount != 0)
        if len(line.at):
            yield Adjustment(code, rule, line.effect, at[line.at], line.amount, line.value)
