"""Points and weights to contributions and totals, in whole numbers: what is printed is what is ranked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import pairwise

import numpy as np
import pandas as pd

from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of, scored_at, weight_at
from fengqiao_eval.scoring.points import DECIMALS

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
    weights = [Decimal(1), *(weight_at(p.part.weight, level) if scored_at(p.part, level) else Decimal(0) for p in parts)]
    own = np.ones(len(weights), dtype=np.int64)
    for node in np.unique(above):
        siblings = np.flatnonzero(above == node)
        own[siblings] = whole([weights[sibling] for sibling in siblings])
    return Weights(own, above, np.array([node for node, p in enumerate(parts, 1) if not isinstance(p.part, Dimension)]))


def whole(weights: Sequence[Decimal]) -> list[int]:
    """Make weights of at most two decimals whole numbers in the same proportion, as small as can be.

    >>> whole([Decimal("12.5"), Decimal(25), Decimal("62.5")])
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
    patterns, which = alike(scored)
    above, below = fractions(patterns, weights)
    used, covered = above / below, patterns @ weights.nominal
    below = below * 10 ** (DECIMALS - decimals)
    contributions = _rounded(points if patterns.all() else np.where(scored, points, 0), above, below, which)
    return Totals(contributions, contributions.sum(axis=1), _dealt(used.astype(float), which), covered[which])


def alike(scored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the different rows of a table of yes and no, and which of them each row is.

    >>> alike(np.array([[True, True], [True, False], [True, True]]))[1].tolist()
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
    for node, over in _downwards(weights):
        above[node], below[node] = above[over] * used[node], below[over] * sums[over]
    above, below = above[weights.leaves].T, below[weights.leaves].T
    below = np.where(above > 0, below, 1)
    divisor = np.gcd(above, below)
    return above // divisor, below // divisor


def shares(scored: np.ndarray, weights: Weights, *, nodes: bool = False) -> np.ndarray:
    """Give each weight used (patterns × indicators; × all nodes of the tree) as a float."""
    used, sums = _siblings(scored, weights)
    found = np.ones(used.shape)
    for node, over in _downwards(weights):
        found[node] = found[over] * used[node] / np.maximum(sums[over], 1)
    return found.T if nodes else found[weights.leaves].T


def _downwards(weights: Weights) -> list[tuple[int, int]]:
    """List every node but the whole with the one it is part of, which comes before it."""
    return list(enumerate(weights.above.tolist()))[1:]


def _siblings(scored: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Give the weight of each node (nodes × patterns) where anything in it is scored, and the sum of those in each."""
    there = np.zeros((len(weights.own), len(scored)), dtype=bool)
    there[weights.leaves] = scored.T
    used, sums = np.zeros(there.shape, dtype=np.int64), np.zeros(there.shape, dtype=np.int64)
    for node, over in reversed(_downwards(weights)):
        used[node] = there[node] * weights.own[node]
        sums[over] += used[node]
        there[over] |= used[node] > 0
    return used, sums


def _dealt(by_pattern: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Deal what belongs to patterns to the units that have them; one pattern is not copied."""
    if len(by_pattern) == 1:
        return np.broadcast_to(by_pattern, (len(which), by_pattern.shape[1]))
    return by_pattern.take(which, axis=0)


def _rounded(points: np.ndarray, above: np.ndarray, below: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Round points × above/below half-up to whole numbers, in the quickest kind of number that is exact."""
    most = 2 * 10**DECIMALS * int(np.abs(points).max(initial=0) + 1) * int(above.max(initial=1)) + int(below.max(initial=1))
    kind = float if most < FLOATS else np.int64 if most < 2**62 else object
    doubled, below = 2 * above.astype(kind), below.astype(kind)
    found = np.empty(points.shape, dtype=np.int64)
    for start, end in pairwise([*range(0, len(points), ROWS), len(points)]):
        ten_thousandths = np.rint(points[start:end] * 10**DECIMALS).astype(np.int64 if kind is object else kind).astype(kind)
        under = _dealt(below, which[start:end])
        above_ = ten_thousandths * _dealt(doubled, which[start:end]) + under
        found[start:end] = np.floor(above_ / (2 * under)) if kind is float else above_ // (2 * under)
    return found
