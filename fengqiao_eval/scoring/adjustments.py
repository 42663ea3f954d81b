"""Lines of a total that are no indicator's: what caps and geometric means change, and what stands outside the hundred."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fengqiao_eval.scoring.points import half_up

WHOLE = "total"
"""The line of what changes the whole, and no part of it."""


@dataclass(frozen=True)
class Adjustment:
    """One line of some units' totals: which line of the scheme, by what rule, with what effect, and how much.

    at: the positions of the units; amount: in whole 10^-decimals, signed; value: what was counted (NaN where nothing was).
    """

    line: str
    rule: str
    effect: str
    at: np.ndarray
    amount: np.ndarray
    value: np.ndarray


def whole(points: Any, decimals: int) -> np.ndarray:
    """Round points half-up to whole 10^-decimals.

    >>> whole(np.array([0.125, -0.125, -3.0]), 2).tolist()
    [13, -12, -300]
    """
    return np.rint(half_up(points, decimals) * 10**decimals).astype(np.int64)


def moved(name: tuple[str, str, str], amount: np.ndarray, where: np.ndarray, value: np.ndarray | None = None) -> Adjustment:
    """Make a line (its code, rule and effect) of the units where it is said to be; amount and value are of all units."""
    at = np.flatnonzero(where)
    return Adjustment(*name, at, amount[at], np.full(len(at), np.nan) if value is None else value[at])


def added(adjustments: Iterable[Adjustment], size: int) -> np.ndarray:
    """Add up the amounts of each unit."""
    sums = np.zeros(size, dtype=np.int64)
    for each in adjustments:
        np.add.at(sums, each.at, each.amount)
    return sums
