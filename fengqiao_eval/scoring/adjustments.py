"""Lines of a total that are no indicator's: what caps and geometric means change, and what stands outside the hundred."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


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


def added(adjustments: Iterable[Adjustment], size: int) -> np.ndarray:
    """Add up the amounts of each unit."""
    sums = np.zeros(size, dtype=np.int64)
    for each in adjustments:
        np.add.at(sums, each.at, each.amount)
    return sums
