"""How firm places are: draws of weights around the chosen ones, the stretch of one weight, and what decides the order."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from fengqiao_eval.scoring.aggregation import Weights, shares, unique_patterns
from fengqiao_eval.scoring.ranking import places

DRAWS = 1000


SEED = 20_001


CLOSENESS = 200
"""The sum of the parameters of the draws: a weight of 25 of 100 is drawn with a standard deviation of 3.1, one of 5 with 1.5."""


WHOLE = 10**9
"""What drawn weights of siblings add up to, about."""


TAIL = 0.05
"""The share of draws that a range leaves out at either end."""


CELLS = 2**18
"""Places reckoned at a time, so that what is in between stays in the processor's cache."""


LAST = np.float32(-1e9)
"""A total below all others."""


STRIDES = 10


def draw_weights(weights: Weights, count: int = DRAWS, seed: int = SEED, closeness: float = CLOSENESS) -> Weights:
    """Draw weights around the chosen ones: of each node its parts' weights by a Dirichlet with the chosen shares as means.

    Return weights whose own are nodes × draws, in whole billionths. A weight of 0 stays 0, one that stands alone stays whole.
    The same weights and seed give the same draws, and those of one node do not hang on another (Lahdelma et al. 1998, SMAA).

    >>> draw_weights(Weights(np.array([1, 3, 1, 0]), np.array([-1, 0, 0, 0]), np.array([1, 2, 3])), count=2).own.shape
    (4, 2)
    """
    return _draw_siblings(weights, count, seed, lambda dice, shares, shape: dice.standard_gamma(closeness * shares, shape))


def stretch_weights(weights: Weights, by: float, count: int = DRAWS, seed: int = SEED) -> Weights:
    """Draw weights around the chosen ones: every weight times a number between 1 - by and 1 + by, all numbers alike likely.

    Siblings are made to add up again; what comes back, and what stays, is as in draw_weights.

    >>> drawn = stretch_weights(Weights(np.array([1, 3, 1]), np.array([-1, 0, 0]), np.array([1, 2])), 0.2).own[1] / WHOLE
    >>> bool((drawn > 2.4 / 3.6).all() and (drawn < 3.6 / 4.4).all())
    True
    """
    return _draw_siblings(weights, count, seed, lambda dice, shares, shape: shares * dice.uniform(1 - by, 1 + by, shape))


Amounts: TypeAlias = Callable[[np.random.Generator, np.ndarray, tuple[int, int]], np.ndarray]
"""Draws amounts (parts × draws) of which the chosen shares (parts × 1) are the means, up to a factor."""


def _draw_siblings(weights: Weights, count: int, seed: int, amounts: Amounts) -> Weights:
    own = np.repeat(weights.own[:, None], count, axis=1)
    for node in np.unique(weights.above[1:]):
        parts = np.flatnonzero(weights.above == node)
        chosen = weights.own[parts] / max(1, weights.own[parts].sum())
        drawn = amounts(np.random.default_rng([seed, int(node)]), chosen[:, None], (len(parts), count))
        own[parts] = np.rint(WHOLE * drawn / np.maximum(drawn.sum(axis=0), np.finfo(float).tiny))
    return replace(weights, own=own)


def drawn_places(
    totals: np.ndarray, points: np.ndarray, weights: Weights, draws: Weights, decimals: int = 2, least_share: float = 0
) -> np.ndarray:
    """Place the units of one group in each draw of weights (draws × units); all of them have a place under `weights`.

    totals: whole 10^-decimals under `weights`, whatever stands outside the hundred in them; points: units × indicators, NaN where
    not scored. A draw moves a total by points × (weight drawn - weight used), so that draws that equal the weights give the
    places themselves, ties and all. Who has less than the least share scored in a draw comes last.
    """
    count, size = draws.own.shape[1], len(totals)
    found = np.empty((count, size), dtype=_place_dtype(size))
    patterns, which = unique_patterns(~np.isnan(points))
    every: list[Any] = [slice(None)]  # one pattern is not copied
    members = every if len(patterns) == 1 else [np.flatnonzero(which == number) for number in range(len(patterns))]
    scaled = np.nan_to_num(points).astype(np.float32) * np.float32(10**decimals)
    behind, now = (totals - totals.max(initial=0)).astype(np.float32), shares(patterns, weights)
    step = max(1, CELLS // max(1, size))
    for start in range(0, count, step):
        some = replace(draws, own=draws.own[:, start : start + step])
        drawn_totals = np.empty((some.own.shape[1], size), dtype=np.float32)
        for pattern, used, at in zip(patterns, now, members, strict=True):
            by = shares(np.broadcast_to(pattern, (len(drawn_totals), len(pattern))), some) - used
            drawn_totals[:, at] = behind[at] + by.astype(np.float32) @ scaled[at].T
        if not patterns.all():
            lacking = some.nominal @ patterns.T < least_share
            drawn_totals[lacking[:, which]] = LAST
        found[start : start + step] = competition(drawn_totals)
    return found


def competition(totals: np.ndarray) -> np.ndarray:
    """Rank each row of totals (float32), the largest first; ties share the better place.

    The distance from a row's largest total, whose bits order like a whole number, and the unit's number are sorted as one.

    >>> competition(np.array([[5, 7, 5, 1]], dtype=np.float32)).tolist()
    [[2, 1, 2, 4]]
    """
    behind = np.subtract(totals.max(axis=1, keepdims=True, initial=LAST), totals, dtype=np.float32)
    behind += np.float32(0)  # -0 would sort last
    key = behind.view(np.uint32).astype(np.uint64)
    key <<= np.uint64(32)
    key |= np.arange(totals.shape[1], dtype=np.uint64)
    key.sort(axis=1)
    order = (key & np.uint64(2**32 - 1)).view(np.int64)
    key >>= np.uint64(32)
    same = key[:, 1:] == key[:, :-1]
    place = np.arange(1, totals.shape[1] + 1, dtype=_place_dtype(totals.shape[1]))
    found = np.empty(totals.shape, dtype=place.dtype)
    for row, unit, ties, tied in zip(found, order, same, same.any(axis=1).tolist(), strict=True):
        if tied:  # each who is level with the one before has the place of the first of them
            shared = place.copy()
            shared[1:][ties] = 1
        row[unit] = np.maximum.accumulate(shared) if tied else place
    return found


def _place_dtype(size: int) -> type[np.unsignedinteger[Any]]:
    """Name the narrowest kind of number that holds every place."""
    return np.uint16 if size < 2**16 else np.uint32


def bounds(found: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the range of each unit's places (draws × units), without the last 5 % at either end, but never without its place.

    >>> [each.tolist() for each in bounds(np.array([[1, 2], [2, 1], [1, 2]]), np.array([1, 2]))]
    [[1, 1], [2, 2]]
    """
    low, high = ends(found)
    return np.minimum(low, place), np.maximum(high, place)


def ends(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the places that at least 5 % and 95 % of the draws (draws × units) do not exceed.

    >>> [each.tolist() for each in ends(np.array([[1, 2], [2, 1], [1, 2]]))]
    [[1, 1], [2, 2]]
    """
    low, high = quantiles(found, (TAIL, 1 - TAIL))
    return low, high


def quantiles(found: np.ndarray, at_shares: Sequence[float]) -> np.ndarray:
    """Give the places that at least so large shares of the draws (draws × units) do not exceed: shares × units.

    >>> quantiles(np.array([[1, 2], [2, 1], [1, 2]]), (0.5,)).tolist()
    [[1, 2]]
    """
    at = [max(0, math.ceil(round(share * len(found), 6)) - 1) for share in at_shares]
    taken = np.empty((len(at), found.shape[1]), dtype=np.int64)
    step = max(1, CELLS // max(1, len(found)))
    for start in range(0, found.shape[1], step):
        some = slice(start, start + step)
        taken[:, some] = np.sort(np.ascontiguousarray(found[:, some].T), axis=1)[:, at].T
    return taken


def slopes(points: np.ndarray, weights: Weights, node: int, decimals: int = 2) -> np.ndarray:
    """Give how far each total moves (10^-decimals) while a node's share among its siblings goes from 0 to 1.

    The others keep their proportion, or share alike where they weigh nothing. All indicators of all units (points: units ×
    indicators) must be scored: then totals are lines over the share.
    """
    siblings = (weights.above == weights.above[node]) & (np.arange(len(weights.own)) != node)
    ends = np.repeat(weights.lowest[:, None], 2, axis=1)
    ends[node] = 0, 1
    ends[siblings] = (ends[siblings, :1] if ends[siblings, 0].any() else 1) * np.array([1, 0])
    none, all_ = shares(np.ones((2, len(weights.leaves)), dtype=bool), replace(weights, own=ends))
    return points @ (all_ - none) * 10.0**decimals


def stretch(totals: np.ndarray, slope: np.ndarray, named: int, now: float) -> tuple[float, float]:
    """Give the least and most share of a weight (0 to 1) between which the same units have places 1 to `named`; it is at `now`.

    totals: as they are now; slope: how they move with the share. At an end that is not 0 or 1 somebody draws level.

    >>> stretch(np.array([90.0, 88.0, 80.0]), np.array([0.0, 8.0, 0.0]), 1, 0.25)
    (0.0, 0.5)
    """
    place = places(totals, np.zeros(len(totals)), np.ones(len(totals), dtype=bool))[0] if len(totals) else totals
    inside = place <= named
    last = inside & (place == place[inside].max(initial=0))
    pairs = [(inside, ~inside)]
    if inside.sum() > named:  # more than can be named, because the last are level
        if np.ptp(slope[last]) > 0:
            return now, now
        pairs = [(inside & ~last, last), (last, ~inside)]
    low = max(_reach(totals, slope, *pair, -now) for pair in pairs)
    high = min(_reach(totals, slope, *pair, 1 - now) for pair in pairs)
    return now + low, now + high


def _reach(totals: np.ndarray, slope: np.ndarray, ahead: np.ndarray, behind: np.ndarray, far: float) -> float:
    """Say how far one can go, towards `far`, before somebody ahead and somebody behind draw level.

    The least of the lines ahead less the most of those behind is concave: from beyond, where two lines meet is never too near.
    """
    if not ahead.any() or not behind.any():
        return far
    before, after = (totals[ahead], slope[ahead]), (totals[behind], slope[behind])
    while True:
        least, most = np.argmin(before[0] + far * before[1]), np.argmax(after[0] + far * after[1])
        gap, steeper = before[0][least] - after[0][most], after[1][most] - before[1][least]
        if gap - far * steeper > 0 or not abs(gap / steeper) < abs(far):
            return far
        far = float(gap / steeper)


def search_outward(holds: Callable[[int], bool], now: int, end: int, finest: int = 1) -> int:
    """Go from a number towards an end, a tenth of the way at a time, as long as something holds; return the last where it does.

    Between there and the next the point is searched by halves, to within `finest`. What holds again further on is not found.

    >>> search_outward(lambda step: step < 38, 0, 100)
    37
    """
    stops = list(dict.fromkeys(np.linspace(now, end, STRIDES + 1).round().astype(int).tolist()))
    failed = next((stop for stop in stops[1:] if not holds(stop)), None)
    if failed is None:
        return end
    reached = stops[stops.index(failed) - 1]
    while abs(failed - reached) > finest:
        middle = (reached + failed) // 2
        reached, failed = (middle, failed) if holds(middle) else (reached, middle)
    return reached


def influence(parts: np.ndarray) -> np.ndarray:
    """Give each part's share in the differences between totals: cov(part, total) / var(total); NaN where all totals are equal.

    parts: units × parts, which add up to the totals. The shares add up to 1 and may be negative.

    >>> influence(np.array([[50, 40], [30, 40], [10, 40]])).tolist()
    [1.0, 0.0]
    """
    away = parts - parts.mean(axis=0)
    total = away.sum(axis=1)
    spread = total @ total
    return away.T @ total / spread if np.ptp(parts.sum(axis=1)) else np.full(parts.shape[1], np.nan)
