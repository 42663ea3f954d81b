"""Places within the class: competition ranks of exact totals, and grades by bands."""

import math
from collections.abc import Sequence

import numpy as np

from fengqiao_eval.scheme.model import Band


def places(totals: np.ndarray, classes: np.ndarray, ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank whole-number totals within each class, best first; ties share the better place.

    Return places (0: not ranked) and the sizes of the classes.

    >>> places(np.array([9000, 9000, 8000, 9900]), np.array(["四类", "四类", "四类", "二类"]), np.array([True] * 4))
    (array([1, 1, 3, 1]), array([3, 3, 3, 1]))
    """
    place = np.zeros(len(totals), dtype=np.int64)
    labels, group = np.unique(classes, return_inverse=True)
    sizes = np.bincount(group[ranked], minlength=len(labels))
    at = np.flatnonzero(ranked)
    order = at[np.lexsort((-totals[at], group[at]))]
    first = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0]) if len(order) else np.array([], dtype=np.int64)
    start = np.repeat(first, np.diff(np.r_[first, len(order)]))
    tied = np.r_[False, (np.diff(totals[order]) == 0) & (np.diff(group[order]) == 0)] if len(order) else np.array([], dtype=bool)
    best = np.maximum.accumulate(np.where(tied, 0, np.arange(len(order)))) if len(order) else start
    place[order] = best - start + 1
    return place, sizes[group]


def grades(totals: np.ndarray, bands: Sequence[Band], decimals: int = 2) -> np.ndarray:
    """Give each whole-number total the grade of the highest band it reaches, '' below all.

    >>> from decimal import Decimal
    >>> bands = (Band(grade="优秀", at_least=Decimal(90)), Band(grade="良好", at_least=Decimal(80)))
    >>> grades(np.array([9000, 8999, 100]), bands).tolist()
    ['优秀', '良好', '']
    """
    found = np.full(len(totals), "", dtype=object)
    for band in reversed(bands):
        found[totals >= math.ceil(band.at_least * 10**decimals)] = band.grade
    return found
