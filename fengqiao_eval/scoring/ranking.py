"""Places within the class: competition ranks of exact totals, ties sharing the better place; awards, and grades by bands."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fengqiao_eval.scheme.scheme import Award, Band

DOTS = 20
"""A picture of a place shows so many dots, each as likely as the others (doi 10.1371/journal.pone.0142444)."""

RANKABLE = 0.5
"""A class that keeps less of its differences than this cannot be put into an order."""

SETTLED = 0.9
"""From this chance on one of two is said to stand above the other."""


def places(totals: np.ndarray, classes: np.ndarray, ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank whole-number totals within each class, best first; ties share the better place.

    Return places (0: not ranked) and the sizes of the classes.

    >>> places(np.array([9000, 9000, 8000, 9900]), np.array(["四类", "四类", "四类", "二类"]), np.array([True] * 4))
    (array([1, 1, 3, 1]), array([3, 3, 3, 1]))
    """
    group, labels = pd.factorize(classes)
    sizes = np.bincount(group[ranked], minlength=len(labels))
    place, at = np.zeros(len(totals), dtype=np.int64), np.flatnonzero(ranked)
    if len(at):
        place[at] = _places(totals[at], group[at], sizes)
    return place, sizes[group]


def _places(totals: np.ndarray, group: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Rank by one number a unit that puts the classes one after the other, the best of each first."""
    most = totals.max()
    key = group * (most - totals.min() + 1) + (most - totals)
    order = np.argsort(key)
    in_order = key[order]
    first = np.r_[True, in_order[1:] != in_order[:-1]]
    best = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = best - (np.cumsum(sizes) - sizes)[group[order]] + 1
    return place


def award_nominees(
    place: np.ndarray, within: np.ndarray, award: Award, barred: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Say who of each class is named for an award, and which of them only because they are tied at the cut.

    place: within the class, 0 for who has none; barred: whom a veto keeps from it; nobody moves up in their stead.

    >>> place, within = np.array([1, 2, 2, 4, 0]), np.array(["四类"] * 5)
    >>> award_nominees(place, within, Award(count=2))
    (array([ True,  True,  True, False, False]), array([False,  True,  True, False, False]))
    """
    group, labels = pd.factorize(within)
    count = np.array([award_count(award, of) for of in np.bincount(group[place > 0], minlength=len(labels))], dtype=np.int64)
    able = place > 0 if barred is None else (place > 0) & ~barred
    named = able & (place <= count[group])
    over = np.bincount(group[named], minlength=len(labels)) > count
    last = np.zeros(len(labels), dtype=np.int64)
    np.maximum.at(last, group[named], place[named])
    return named, named & over[group] & (place == last[group])


def award_count(award: Award, of: int) -> int:
    """Say how many of a class are named: the number of the scheme, or its share rounded down; nobody who is alone in it.

    >>> award_count(Award(), 59), award_count(Award(count=3), 59), award_count(Award(count=3), 1)
    (5, 3, 0)
    """
    if of == 1:
        return 0
    return award.count if award.count is not None else int(award.share * int(of))


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


def cap_grades(given: np.ndarray, at: np.ndarray, grade: str, bands: Sequence[Band]) -> np.ndarray:
    """Give the units `at` no better grade than the one named; '' stays ''.

    >>> from decimal import Decimal
    >>> bands = (Band(grade="优秀", at_least=Decimal(90)), Band(grade="良好", at_least=Decimal(80)))
    >>> cap_grades(np.array(["优秀", "优秀", ""], dtype=object), np.array([0, 2]), "良好", bands).tolist()
    ['良好', '优秀', '']
    """
    names = [band.grade for band in bands]
    better, held = names[: names.index(grade)], given.copy()
    held[at] = np.where(np.isin(given[at].astype(str), better), grade, given[at])
    return held
