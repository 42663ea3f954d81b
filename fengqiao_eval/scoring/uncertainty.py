"""How firm a place is: from errors of totals to ranges of places, chances, rankability, and what doubt about weights adds.

Totals are normal around what lies behind them, and that is normal around the class: how far units lie apart (τ) is no number
that is known, but drawn from a grid by how likely the totals make it. All numbers are whole 10^-decimals, as totals are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from fengqiao_eval.scoring.aggregation import Weights, shares, unique_patterns
from fengqiao_eval.scoring.sensitivity import CELLS, competition, ends

DRAWS = 1000
"""Draws of what lies behind the totals, from which ranges and chances come."""

GRID = 60
"""Numbers that τ may be, from 0 to three times what totals differ by."""

VECTORS = 20
"""Draws of weights where these are in doubt; the draws are dealt out among them."""

LEAST = 5
"""Classes of fewer ranked units have no ranges: only which of two stands above the other is said."""

AGAIN = 4
"""Of so many draws one is asked what another period would bring."""

RANKABLE = 0.5
"""A class that keeps less of its differences than this cannot be put into an order."""


def dice(seed: int, *names: str) -> np.random.Generator:
    """Make the random numbers of one purpose: the same seed and names give the same, whatever else is drawn on how many cores.

    >>> one, same = dice(0, "2024Q4", "四类"), dice(0, "2024Q4", "四类")
    >>> one.integers(100, size=3).tolist() == same.integers(100, size=3).tolist()
    True
    """
    digest = sha256("\x1f".join(names).encode()).digest()
    words = [int.from_bytes(digest[start : start + 4], "little") for start in range(0, 16, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


# What lies behind the totals of one class


@dataclass(frozen=True)
class Posterior:
    """What the totals of a class say about how far its units lie apart: a number of τ a row, with its share of the belief.

    tau, share: GRID numbers, the shares add up to 1; mean, variance: of the middle of the class, for each τ.
    """

    tau: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    def kept(self, variances: np.ndarray) -> np.ndarray:
        """Give the share of what sets it apart that each unit keeps, τ²/(τ² + s²), over all of τ."""
        return np.asarray((self.share[:, None] * _share_kept(self.tau, variances)).sum(axis=0))

    def shrunken(self, totals: np.ndarray, variances: np.ndarray) -> np.ndarray:
        """Give the mean of what may lie behind each total."""
        drawn = self.mean[:, None] + _share_kept(self.tau, variances) * (totals - self.mean[:, None])
        return np.asarray((self.share[:, None] * drawn).sum(axis=0))


def _share_kept(tau: np.ndarray, variances: np.ndarray) -> np.ndarray:
    squares = (tau**2)[:, None]
    return squares / (squares + _floor(variances)[None, :])


def _floor(variances: np.ndarray) -> np.ndarray:
    """Give who has no error next to none, so that nothing is divided by 0."""
    return np.maximum(variances, 1e-9 * variances.mean())


def posterior(totals: np.ndarray, variances: np.ndarray, grid: int = GRID) -> Posterior:
    """Find how far the units of a class lie apart, from totals with errors; not all errors are 0.

    τ = 0 is one of the numbers: units that do not differ at all are then all the first. Beforehand all are alike likely.

    >>> found = posterior(np.array([1.0, 2, 3, 4, 5]), np.full(5, 1e-6))
    >>> found.kept(np.full(5, 1e-6)).round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    variances = _floor(variances)
    tau = np.linspace(0, max(3 * float(totals.std()), 2 * float(np.sqrt(variances.mean()))), grid)
    weight = 1 / (variances[None, :] + (tau**2)[:, None])
    variance = 1 / weight.sum(axis=1)
    mean = (weight * totals).sum(axis=1) * variance
    away = (weight * (totals[None, :] - mean[:, None]) ** 2).sum(axis=1)
    likely = 0.5 * (np.log(variance) + np.log(weight).sum(axis=1) - away)
    share = np.exp(likely - likely.max())
    return Posterior(tau, share / share.sum(), mean, variance)


def draw_totals(
    found: Posterior, totals: np.ndarray, variances: np.ndarray, lots: np.random.Generator, draws: int = DRAWS
) -> Iterator[np.ndarray]:
    """Draw what may lie behind the totals (draws × units, in whole numbers), so many draws at a time as the cache holds.

    For each draw first τ, then the middle of the class, then every unit.
    """
    variances = _floor(variances)
    number = np.searchsorted(np.cumsum(found.share), lots.random(draws) * (1 - 1e-12))
    middle = found.mean[number] + lots.standard_normal(draws) * np.sqrt(found.variance[number])
    kept = _share_kept(found.tau, variances)
    lean, wide = kept * totals, np.sqrt(kept * variances)
    step = max(1, CELLS // max(1, len(totals)))
    for start in range(0, draws, step):
        some, centre = number[start : start + step], middle[start : start + step, None]
        drawn = lots.standard_normal((len(some), len(totals)))
        drawn *= wide[some]
        drawn += lean[some]
        drawn += centre * (1 - kept[some])
        drawn += 0.5
        yield np.floor(drawn, out=drawn)


# One class: ranges and chances


@dataclass(frozen=True)
class RankedClass:
    """The ranked units of one class, an array a field: what is printed, and how firm it is.

    hundred: totals of the hundred; outside: what facts outside it add and take, in every draw; error: of the hundred (NaN: not
    known); place: as printed; barred: who is not named whatever the place; lower, upper: from where to below what a total has
    the grade that is printed (NaN: no grade).
    """

    hundred: np.ndarray
    outside: np.ndarray
    error: np.ndarray
    place: np.ndarray
    barred: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def __len__(self) -> int:
        """Count the units."""
        return len(self.hundred)


class Duel(NamedTuple):
    """Two units of a class, by their positions, and the chance that the first stands above the other: behind it all, and again.

    again: in another period of the same kind, in which chance plays anew.
    """

    unit: int
    other: int
    chance: float
    again: float


@dataclass(frozen=True)
class Firmness:
    """How firm the places of a class are; low and high are 0 where nothing is said, and what is empty was not asked.

    low, high: places, widened to hold the printed one; pulled: where that was needed; shrunken: the mean of what may lie behind
    each total; kept: the share of its own that each keeps; first: k -> the chance of being among the first k; named: of being
    named; grade: of the grade printed (NaN: none).
    """

    low: np.ndarray
    high: np.ndarray
    pulled: np.ndarray
    shrunken: np.ndarray
    kept: np.ndarray
    first: dict[int, np.ndarray] = field(default_factory=dict)
    named: np.ndarray = field(default_factory=lambda: np.zeros(0))
    grade: np.ndarray = field(default_factory=lambda: np.zeros(0))
    duels: tuple[Duel, ...] = ()

    @property
    def rankability(self) -> float:
        """The mean share of their differences that the units keep; under RANKABLE the class cannot be put into an order."""
        return float(self.kept.mean()) if len(self.kept) else float("nan")


def firmness(
    units: RankedClass, lots: np.random.Generator, firsts: Sequence[int] = (), award: int = 0, draws: int = DRAWS
) -> Firmness:
    """Say how firm the places of one class are; firsts: of which k the chances are asked, award: how many are named.

    Where an error is not known there is nothing to say (all is empty but for zeros). Where all errors are 0 the range is the
    place. Classes of fewer than LEAST have no range, only pairs.

    >>> none = np.zeros(5)
    >>> totals, place = np.array([9000.0, 8900, 8800, 8700, 8600]), np.arange(1, 6)
    >>> units = RankedClass(totals, none, none + 80, place, none > 0, none, none + 1e9)
    >>> found = firmness(units, dice(0, "an example"), firsts=[1])
    >>> found.low.tolist(), found.high.tolist()
    ([1, 1, 2, 2, 3], [3, 4, 4, 5, 5])
    """
    size = len(units)
    nothing = np.zeros(size, dtype=np.int64)
    if np.isnan(units.error).any() or not size:
        unknown = np.full(size, np.nan)
        return Firmness(nothing, nothing, nothing > 0, unknown, unknown)
    variances, order = units.error**2, _pairs(units.place)
    if not variances.any():
        return _settle(units, firsts, award, order)
    found = posterior(units.hundred, variances)
    places, within, duels = np.empty((draws, size), dtype=np.uint32), np.zeros(size), _DuelCount(order, units.error)
    start = 0
    for hundred in draw_totals(found, units.hundred, variances, lots, draws):
        totals = hundred + units.outside
        places[start : start + len(totals)] = competition(totals.astype(np.float32))
        within += ((totals >= units.lower) & (totals < units.upper)).sum(axis=0)
        duels.add(totals)
        start += len(totals)
    shrunken, kept = found.shrunken(units.hundred, variances) + units.outside, found.kept(variances)
    if size < LEAST:
        return Firmness(nothing, nothing, nothing > 0, shrunken, kept, duels=duels.list_all(draws))
    low, high = ends(places)
    return Firmness(
        np.minimum(low, units.place),
        np.maximum(high, units.place),
        (units.place < low) | (units.place > high),
        shrunken,
        kept,
        first={k: (places <= k).mean(axis=0) for k in firsts},
        named=np.where(units.barred, 0, (places <= award).mean(axis=0)),
        grade=np.where(np.isnan(units.lower), np.nan, within / draws),
        duels=duels.list_all(draws),
    )


def _settle(units: RankedClass, firsts: Sequence[int], award: int, order: np.ndarray) -> Firmness:
    """Say of a class without errors that all is as printed."""
    totals = units.hundred + units.outside
    first = {k: (units.place <= k).astype(float) for k in firsts}
    named = np.where(units.barred, 0, (units.place <= award).astype(float))
    above = (totals[order[:, 0]] > totals[order[:, 1]]).astype(float).tolist()
    pairs = tuple(Duel(one, other, each, each) for (one, other), each in zip(order.tolist(), above, strict=True))
    none, grade = np.zeros(len(units), dtype=bool), np.where(np.isnan(units.lower), np.nan, 1.0)
    return Firmness(units.place, units.place, none, totals, np.ones(len(units)), first, named, grade, pairs)


def _pairs(place: np.ndarray) -> np.ndarray:
    """List whom to hold against whom (pairs of positions, the better first): each against the next; in small classes all."""
    order = np.argsort(place, kind="stable")
    if len(place) >= LEAST:
        return np.column_stack([order[:-1], order[1:]])
    return np.array([(one, other) for at, one in enumerate(order) for other in order[at + 1 :]], dtype=np.int64).reshape(-1, 2)


class _DuelCount:
    """How often the first of each pair stands above the other, draw after draw, and how often it would in another period.

    The latter is reckoned from one draw in AGAIN, with the chance that the errors of both give.
    """

    def __init__(self, order: np.ndarray, error: np.ndarray) -> None:
        self.order, self.above, self.again, self.asked = order, np.zeros(len(order)), np.zeros(len(order)), 0
        self.noise = np.sqrt((error[order] ** 2).sum(axis=1))

    def add(self, totals: np.ndarray) -> None:
        ahead = totals[:, self.order[:, 0]] - totals[:, self.order[:, 1]]
        self.above += (ahead > 0).sum(axis=0)
        some = ahead[::AGAIN]
        self.again += np.where(self.noise > 0, ndtr(some / np.where(self.noise > 0, self.noise, 1)), some > 0).sum(axis=0)
        self.asked += len(some)

    def list_all(self, draws: int) -> tuple[Duel, ...]:
        counted = zip(self.order.tolist(), (self.above / draws).tolist(), (self.again / self.asked).tolist(), strict=True)
        return tuple(Duel(one, other, above, again) for (one, other), above, again in counted)


# Weights in doubt, and indicators that rest on the same records


def doubtful_ranges(
    units: RankedClass,
    points: np.ndarray,
    errors: np.ndarray,
    weights: tuple[Weights, Weights],
    scale: int,
    lots: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the range of places where the weights too are in doubt: low and high, 0 where nothing is said.

    points, errors: units × indicators in points (points NaN where not scored); weights: those in force, and draws of them, among
    which the draws of totals are dealt out; scale: a point in whole numbers. A draw of weights moves totals by points × (weight
    drawn - weight used), and their errors in proportion.
    """
    size, nothing = len(units), np.zeros(len(units), dtype=np.int64)
    if size < LEAST or np.isnan(units.error).any():
        return nothing, nothing
    now, drawn = weights
    patterns, which = unique_patterns(~np.isnan(points))
    used, given, squares = shares(patterns, now)[which], np.nan_to_num(points) * scale, np.nan_to_num(errors) ** 2
    vectors = drawn.own.shape[1]
    every = np.array([shares(np.broadcast_to(pattern, (vectors, len(pattern))), drawn) for pattern in patterns])
    before = (used**2 * squares).sum(axis=1)
    places = []
    for vector in range(vectors):
        own = every[which, vector]
        totals = units.hundred + (given * (own - used)).sum(axis=1)
        by = np.divide((own**2 * squares).sum(axis=1), before, out=np.ones(size), where=before > 0)
        variances = units.error**2 * by
        behind = iter([np.floor(totals + 0.5)[None, :]])
        if variances.any():
            behind = draw_totals(posterior(totals, variances), totals, variances, lots, draws // vectors)
        places += [competition((some + units.outside).astype(np.float32)) for some in behind]
    low, high = ends(np.concatenate(places))
    return np.minimum(low, units.place), np.maximum(high, units.place)


def joint_error(errors: np.ndarray, used: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Give the error of totals where indicators that rest on the same records (equal numbers in sources) move as one.

    errors, used: units × indicators, in points and as shares of the total.

    >>> joint_error(np.array([[3.0, 4.0, 2.0]]), np.array([[0.5, 0.5, 0.0]]), np.array([0, 0, 1])).tolist()
    [3.5]
    """
    moved = np.nan_to_num(errors) * used
    together = [moved[:, sources == source].sum(axis=1) for source in np.unique(sources)]
    return np.asarray(np.sqrt(np.sum(np.square(together), axis=0)))
