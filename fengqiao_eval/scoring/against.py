"""What a value becomes when it is held against a reference: pure functions on arrays; NaN is no value."""

from typing import Literal

import numpy as np

from fengqiao_eval.scheme.references import Quota
from fengqiao_eval.scoring.dividing import significant
from fengqiao_eval.scoring.points import members
from fengqiao_eval.scoring.ranks import places

NONE = np.nan


def held_to(quota: Quota, value: np.ndarray, due: np.ndarray) -> np.ndarray:
    """Hold values against what is due; NaN where a per cent is asked of nothing due.

    >>> shortfall = Quota.model_validate({"kind": "quota", "amount": 8, "as": "shortfall"})
    >>> held_to(shortfall, np.array([5.0, 9.0]), np.array([8.0, 8.0])).tolist()
    [3.0, 0.0]
    """
    size = np.fmax(np.abs(value), np.abs(due))
    if quota.as_ == "completion":
        return percent(value, due)
    if quota.as_ == "shortfall":
        return significant(np.maximum(due - value, 0), size)
    over = significant(np.maximum(value - due, 0), size)
    return over if quota.as_ == "excess" else percent(over, due)


def percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Give the per cent that a part is of a whole; NaN where there is no whole.

    >>> percent(np.array([1.0, 1.0]), np.array([8.0, 0.0])).tolist()
    [12.5, nan]
    """
    return significant(np.divide(100 * part, whole, out=np.full(len(part), NONE), where=whole != 0))


def changed(value: np.ndarray, reference: np.ndarray, as_: Literal["difference", "percent"]) -> np.ndarray:
    """Give the difference from a reference, in its unit or in per cent of the reference; NaN where that is 0.

    >>> changed(np.array([6.0, 3.0]), np.array([5.0, 0.0]), "percent").tolist()
    [20.0, nan]
    """
    difference = significant(value - reference, np.fmax(np.abs(value), np.abs(reference)))
    return percent(difference, np.abs(reference)) if as_ == "percent" else difference


def history_mean(earlier: list[np.ndarray]) -> np.ndarray:
    """Give each unit the mean of the earlier values that it has.

    >>> history_mean([np.array([1.0, np.nan]), np.array([2.0, np.nan])]).tolist()
    [1.5, nan]
    """
    known = ~np.isnan(earlier)
    sums, count = np.where(known, earlier, 0).sum(axis=0), known.sum(axis=0)
    return significant(np.divide(sums, count, out=np.full(len(sums), NONE), where=count > 0))


def peers(value: np.ndarray, able: np.ndarray, groups: np.ndarray, of: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each unit the mean or median of the able of its group; and where they are fewer than least, which gives NaN."""
    labels, group = np.unique(groups, return_inverse=True)
    middles, sizes = np.full(len(labels), NONE), np.bincount(group[able], minlength=len(labels))
    for at in members(group, able):
        if len(at) >= least:
            middles[group[at[0]]] = np.mean(value[at]) if of == "mean" else np.median(value[at])
    return significant(middles)[group], (sizes < least)[group]


def place_in(value: np.ndarray, able: np.ndarray, groups: np.ndarray, good: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the able their place in their group, 1 for the best, ties sharing the better; and the size of each unit's group.

    A group of fewer than least has no places (NaN).

    >>> place_in(np.array([5.0, 9, 9]), np.array([True] * 3), np.array([0, 0, 0]), "higher", 2)
    (array([3., 1., 1.]), array([3, 3, 3]))
    """
    whole = np.zeros(len(value), dtype=np.int64)
    whole[able] = np.unique(significant(value[able]), return_inverse=True)[1]
    place, size = places(whole if good == "higher" else -whole, groups, able)
    return np.where((place > 0) & (size >= least), place, NONE), size
