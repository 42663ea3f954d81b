"""From points to totals in whole numbers, down the tree of the table; the weight of what is missing goes to its siblings first.

What is printed is what is ranked. On its way from the scheme to the tuning screen and back a weight has three notations:

| notation | kind of number | where |
| --- | --- | --- |
| as written | Decimal | the scheme and override files: `weight_at`, `nominal` |
| hundredths on the tree of a level | whole numbers | `Weights`: totals, `whole_weights` of the sheet 验算, sliders, draws |
| shares of the total | floats | `shares`, `Weights.nominal`: what is covered, printed and drawn |
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property, partial, reduce
from itertools import islice, pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.measuring.rationals import Rational, stack
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks, is_scored, parts_of, weight_at
from fengqiao_eval.scoring.adjustments import WHOLE, Adjustment, make_adjustment
from fengqiao_eval.scoring.normalisation import DECIMALS, IndicatorPoints, round_points

HUNDREDTHS = 100
"""A weight of 1 in whole numbers."""


FLOATS = 2**53
"""Below this whole numbers and their quotients are exact in floats, and rounded down they are right."""


ROWS = 4096
"""Units reckoned at a time, so that what is in between stays in the processor's cache."""


CLOSE = 1e-9
"""Shares that differ by less are the same: they are sums of floats."""


Arrays = TypeVar("Arrays")


# The weights of a level


@dataclass(frozen=True)
class Weights:
    """The weights of one level as whole numbers, on the tree of the table: node 0 is the whole, each stands before its parts.

    own: the weight of each node among its siblings (0: not at this level), only their proportion counts; or nodes × draws.
    above: the node it is part of (-1: none); leaves: the node of each indicator, in the order of the table.
    """

    own: np.ndarray
    above: np.ndarray
    leaves: np.ndarray

    @cached_property
    def lowest(self) -> np.ndarray:
        """The weights divided by the greatest common divisor of siblings, so that products down the tree stay small.

        >>> Weights(np.array([1, 1250, 2500, 6250]), np.array([-1, 0, 0, 0]), np.array([1, 2, 3])).lowest.tolist()
        [1, 1, 2, 5]
        """
        own = self.own.copy()
        for node in np.unique(self.above[1:]):
            siblings = self.above == node
            own[siblings] //= max(1, np.gcd.reduce(own[siblings].ravel()))
        return own

    @property
    def indicators(self) -> np.ndarray:
        """The weight of each indicator within its dimension."""
        return self.own[self.leaves]

    @property
    def nominal(self) -> np.ndarray:
        """Each indicator's share of the total (of draws: draws × indicators) before anything is missing; sums to 1."""
        found = shares(np.ones((self.own[0].size, len(self.leaves)), dtype=bool), self)
        return found if self.own.ndim > 1 else found[0]

    @property
    def bound(self) -> int:
        """What no product of weights down the tree can exceed."""
        most = [1]
        for over in self.above[1:]:
            most.append(most[over] * max(1, int(self.lowest[self.above == over].sum())))
        return max(most)


def weights_at(scheme: Scheme, level: str) -> Weights:
    """Read the weights of a scheme at a level in hundredths; the whole is 100."""
    parts = list(parts_of(scheme))
    number = {(): 0} | {place: node for node, (place, _, _) in enumerate(parts, 1)}
    above = np.array([-1, *(number[place[:-2]] for place, _, _ in parts)])
    weights = (int(weight_at(p.part.weight, level) * HUNDREDTHS) if is_scored(p.part, level) else 0 for p in parts)
    leaves = np.array([node for node, p in enumerate(parts, 1) if not isinstance(p.part, Dimension)])
    return Weights(np.array([100 * HUNDREDTHS, *weights]), above, leaves)


def whole_weights(scheme: Scheme, level: str) -> dict[str, int | None]:
    """Give the weights at a level by code of dimension or indicator as whole numbers, None where not scored there.

    They are as written, or ten or a hundred times that where one of the siblings has decimals, which changes no proportion.
    """
    weights, found = weights_at(scheme, level), {}
    for node, (_, _, part) in enumerate(parts_of(scheme), 1):
        siblings = weights.own[weights.above == weights.above[node]]
        step = next(step for step in (100, 10, 1) if not (siblings % step).any())
        found[part.code] = int(weights.own[node]) // step if is_scored(part, level) else None
    return found


def least_share(scheme: Scheme) -> float:
    """Give the share of the weight from which enough is covered, less what sums of floats may be off: compare with >=."""
    return float(scheme.least_covered) - CLOSE


def covers_enough(covered: np.ndarray, scheme: Scheme) -> np.ndarray:
    """Say of which units enough is covered; of none of which nothing is scored."""
    return np.asarray((covered >= least_share(scheme)) & (covered > 0))


def has_coverage(covered: np.ndarray, barred: np.ndarray, scheme: Scheme) -> np.ndarray:
    """Say of which units enough is covered, and nothing without which nobody is ranked is missing."""
    return ~barred & covers_enough(covered, scheme)


# The points of all levels, and of one


Weighing: TypeAlias = Callable[[np.ndarray, np.ndarray], Rational]
"""Gives the weights used as fractions, of cells: the numbers of their units, and of their indicators."""


@dataclass(frozen=True)
class Totals:
    """Contributions (units × indicators) and totals in whole 10^-decimals, the weights used, and the share that was scored.

    exact: the weights used as fractions.
    """

    contributions: np.ndarray
    totals: np.ndarray
    weight_used: np.ndarray
    covered: np.ndarray
    exact: Weighing


@dataclass(frozen=True)
class Gathered:
    """Totals of the hundred, the nominal shares behind them, and what floors, caps and geometric means changed."""

    totals: Totals
    nominal: np.ndarray
    adjustments: tuple[Adjustment, ...]


def gather(given: IndicatorPoints, scheme: Scheme, among: Cohort) -> Gathered:
    """Weigh the points of every unit by the weights of its level."""
    levels = [*dict.fromkeys(among.levels)]
    if len(levels) == 1:
        alone = aggregate(given, weights_at(scheme, levels[0]), scheme, among.classes)
        return replace(alone, nominal=np.broadcast_to(alone.nominal, given.points.shape))
    shape, size = given.points.shape, len(given.points)
    found_in, place = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    weighings: list[Weighing] = []

    def exact(units: np.ndarray, indicators: np.ndarray) -> Rational:
        order = np.argsort(found_in[units], kind="stable")
        parts = [order[found_in[units][order] == number] for number in range(len(weighings))]
        found = [weigh(place[units[own]], indicators[own]) for weigh, own in zip(weighings, parts, strict=True) if len(own)]
        return stack(found)[np.argsort(order)]

    totals = Totals(np.zeros(shape, dtype=np.int64), np.zeros(size, dtype=np.int64), np.zeros(shape), np.zeros(size), exact)
    nominal, adjustments = np.zeros(shape), []
    for level in levels:
        at = np.flatnonzero(among.levels == level)
        here = slice(at[0], at[-1] + 1) if len(at) == at[-1] - at[0] + 1 else at  # a level in one piece is not copied
        found = aggregate(take_units(given, here), weights_at(scheme, level), scheme, among.classes[here])
        nominal[here] = found.nominal
        found_in[here], place[here] = len(weighings), np.arange(len(at))
        weighings.append(found.totals.exact)
        for name, array in vars(totals).items():
            if name != "exact":
                array[here] = getattr(found.totals, name)
        adjustments += [replace(line, at=at[line.at]) for line in found.adjustments]
    return Gathered(totals, nominal, tuple(adjustments))


def aggregate(given: IndicatorPoints, weights: Weights, scheme: Scheme, classes: np.ndarray) -> Gathered:
    """Weigh the points of units of one level by weights on its tree, be they the scheme's or others; classes: of each unit.

    Contributions, totals and shares come from `total`; what does not apply to a unit counts as covered.
    """
    scored, nominal = given.scored & (weights.indicators > 0), weights.nominal
    found = total(given.points, scored, weights, scheme.decimals)
    spared = (given.status == Status.NOT_APPLICABLE) & ~scored
    found = replace(found, covered=applicable_coverage(found.covered, spared @ nominal))
    return Gathered(found, nominal, tuple(_node_adjustments(given.points, scored, weights, scheme, classes)))


def take_units(arrays: Arrays, at: Any) -> Arrays:
    """Take some units of a dataclass whose arrays have a row a unit."""
    own = {each.name: getattr(arrays, each.name) for each in fields(arrays)}  # type: ignore[arg-type]  # a dataclass
    taken = {name: array[at] for name, array in own.items() if isinstance(array, np.ndarray)}
    return replace(arrays, **taken)  # type: ignore[type-var]


def applicable_coverage(covered: np.ndarray, spared: np.ndarray) -> np.ndarray:
    """Give the share scored of what applies to each unit: what does not apply to it is no gap in its records (R33).

    >>> applicable_coverage(np.array([0.6, 0.6, 0.0]), np.array([0.4, 0.0, 1.0])).tolist()
    [1.0, 0.6, 0.0]
    """
    applicable = 1 - spared
    return np.where(applicable > CLOSE, covered / np.maximum(applicable, CLOSE), 0)


# Points and weights to contributions and totals


def total(points: np.ndarray, scored: np.ndarray, weights: Weights, decimals: int = 2) -> Totals:
    """Weigh points (units × indicators; any where not scored) and add them up.

    What is missing is spread among its siblings first, a dimension with nothing scored over its own. A contribution is points ×
    Π weight/Σ weights of scored siblings, as one fraction of whole numbers rounded half-up once; the total is their exact sum.
    """
    patterns, which = unique_patterns(scored)
    above, below = fractions(patterns, weights)
    used, covered = above / below, patterns @ weights.nominal
    under = below * 10 ** (DECIMALS - decimals)
    contributions = _round_products(points if patterns.all() else np.where(scored, points, 0), above, under, which)

    def exact(units: np.ndarray, indicators: np.ndarray) -> Rational:
        return Rational(above[which[units], indicators], below[which[units], indicators])

    return Totals(contributions, contributions.sum(axis=1), _expand_patterns(used.astype(float), which), covered[which], exact)


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


def shares(scored: np.ndarray, weights: Weights, *, nodes: bool = False, kind: type = float) -> np.ndarray:
    """Give each weight used (patterns × indicators; × all nodes of the tree) as a float; kind object: as a fraction."""
    used, sums = _siblings(scored, weights)
    found: np.ndarray = np.ones(used.shape, dtype=kind)
    for node, over in _node_parents(weights):
        part = used[node] if kind is float else np.array([*map(Fraction, used[node].tolist())], dtype=object)
        found[node] = found[over] * part / np.maximum(sums[over], 1).astype(kind)
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
        used[node] = there[node] * weights.lowest[node]
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


# Geometric means, floors and caps


def _node_adjustments(
    points: np.ndarray, scored: np.ndarray, weights: Weights, scheme: Scheme, classes: np.ndarray
) -> list[Adjustment]:
    """Say what geometric means, floors and caps change in the totals of units of one level.

    Contributions are linear: points × weight used. Where a node of the table is not the mean of its parts, the whole moves by
    the node's share of it times what it is away from that mean. So contributions and these lines add up to the whole. Limits are
    written for the base marks; a node with nothing scored is 0, as it is and as a mean.
    """
    nodes: list[tuple[int, Scheme | Dimension]] = [(0, scheme)]
    nodes += [(number, p.part) for number, p in enumerate(parts_of(scheme), 1) if isinstance(p.part, Dimension)]
    if all(node.aggregation == "arithmetic" and _limits(node) == (-np.inf, np.inf) for _, node in nodes):
        return []
    patterns, which = unique_patterns(scored)
    full = each_unit(scheme.full_marks, classes, missing=100)
    points, scale = np.where(scored, points, 0), np.broadcast_to(full / base_marks(scheme), len(points))

    def exact(line: int, at: np.ndarray) -> Rational:
        share, given = shares(patterns[which[at]], weights, nodes=True, kind=object), Rational.read(points[at].ravel())
        by = Rational.read(np.broadcast_to(full, len(points))[at]) / base_marks(scheme)
        moves = _node_moves(nodes, weights, share, given.fractions.reshape(share.shape[0], -1), by.fractions)
        return Rational.cells(next(islice(moves, line, None))[1])

    found: list[Adjustment] = []
    moves = _node_moves(nodes, weights, shares(patterns, weights, nodes=True)[which], points, scale)
    for line, (name, moved) in enumerate(moves):
        amount = round_points(moved, partial(exact, line), scheme.decimals, float(np.max(full))).astype(np.int64)
        found.append(make_adjustment(name, amount, amount != 0))
    return [line for line in reversed(found) if len(line.at)]


def _node_moves(
    nodes: Sequence[tuple[int, Scheme | Dimension]], weights: Weights, share: np.ndarray, points: np.ndarray, scale: np.ndarray
) -> Iterator[tuple[tuple[str, str, str], np.ndarray]]:
    """Give what each node moves the whole by, of every unit, by line, rule and effect; in floats or in fractions."""
    value = np.zeros(share.shape, dtype=share.dtype)
    value[:, weights.leaves] = points
    for number, node in reversed(nodes):
        code, parts = node.code if isinstance(node, Dimension) else WHOLE, np.flatnonzero(weights.above == number)
        sums = share[:, parts].sum(axis=1)
        weight = share[:, parts] / np.where(sums > 0, sums, 1)[:, None]
        mean = (weight * value[:, parts]).sum(axis=1)
        kept = geometric_mean(value[:, parts], weight) if node.aggregation == "geometric" else mean
        low, high = (limit if np.isinf(limit) else _same_kind(limit, share) * scale for limit in _limits(node))
        value[:, number] = held = np.where(sums > 0, np.minimum(np.maximum(kept, low), high), 0)
        steps = {"cap": np.minimum(held - kept, 0), "floor": np.maximum(held - kept, 0), "geometric": kept - mean}
        for rule, away in steps.items():
            yield (code, rule, "aggregate" if rule == "geometric" else "cap"), share[:, number] * away


def _same_kind(limit: float, like: np.ndarray) -> Any:
    return Fraction(repr(limit)) if like.dtype == object else limit


def _limits(node: Scheme | Dimension) -> tuple[float, float]:
    """Give the least and most points of a node of the table."""
    floor, cap = getattr(node, "floor", None), getattr(node, "cap", None)
    return -np.inf if floor is None else float(floor), np.inf if cap is None else float(cap)


def geometric_mean(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take exp(Σ weight · ln points) of each row; what weighs nothing is left out, a row of which nothing weighs is 0.

    A single 0 makes the whole 0; schemes where that could be are refused when they are read. Of fractions it has forty digits.

    >>> geometric_mean(np.array([[90.0, 40.0, 0.0]]), np.array([[0.5, 0.5, 0.0]])).round(9).tolist()
    [60.0]
    """
    if points.dtype == object:
        return np.array([_exact_geometric(*row) for row in zip(points, weight, strict=True)], dtype=object)
    with np.errstate(divide="ignore"):
        logs = np.where(weight > 0, np.log(np.maximum(points, 0)), 0)
    return np.where(weight.any(axis=1), np.exp((weight * logs).sum(axis=1, where=weight > 0)), 0)


def _exact_geometric(points: np.ndarray, weight: np.ndarray) -> Fraction:
    some = [(Fraction(p), Fraction(w)) for p, w in zip(points, weight, strict=True) if w > 0]
    if not some or any(p <= 0 for p, _ in some):
        return Fraction(0)
    with localcontext(prec=60):
        logs = ((Decimal(p.numerator) / p.denominator).ln() * w.numerator / w.denominator for p, w in some)
        return Fraction(round(sum(logs, Decimal(0)).exp(), 40))
