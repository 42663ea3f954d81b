"""Months as a series: which are missing or of another size than those around them, and which words come or go in the middle."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import log

import numpy as np
import pandas as pd

LEAST = 10
"""Of fewer records a month nothing is said: chance alone would leave a month empty."""
AROUND, FEWEST = 13, 5
"""A month is held against the median of so many around it, itself among them; of fewer months nothing is said."""
TIMES, SIGMAS = 2.0, 4.0
"""A month is of another size where it has more than so many times the median, or less than that part, and chance does not."""
YEAR, SIDE = 12, 3
"""A step is looked for between a year before it and a year after, of which so many months at least must be there."""
STEP, CLEAR = 1.4, 3.0
"""Months are on another level than a year before from so many times as many: no work grows so from one month to the next. A step
is told that is so many errors large."""
RARE = 5
"""A word of fewer records a month may be absent from some by chance."""
EDGE = 2
"""A word comes or goes in the middle where so many months before or after it are without it; as many within it are no matter."""
KEPT = 2 / 3
"""A word is in use from its first month to its last where it stands in this part of the months between."""


def odd_months(counts: "pd.Series[int]") -> tuple[list[int], list[int]]:
    """Name the months without a record, and those with far more or far fewer than those around them and a year before or after.

    counts: records by month (months since year 0), of every month from the first to the last. What comes again every year is how
    the work goes, and makes no change on last year. Where all months from one on are on another level than a year before, without
    growing to it, those of the first year are told (see find_steps).

    >>> odd_months(pd.Series([50, 52, 0, 49, 180, 51, 50], range(7)))
    ([2], [4])
    """
    if len(counts) < FEWEST:
        return [], []
    usual = counts.rolling(AROUND, center=True, min_periods=1).median()
    heavy = usual >= LEAST
    far = _is_far(counts, usual)
    for other in (counts.shift(YEAR), counts.shift(-YEAR)):
        far &= other.isna() | _is_far(counts, other)
    empty, odd = heavy & (counts == 0), heavy & far & (counts > 0)
    steps = find_steps(counts.where(~empty & ~odd, np.nan).to_numpy(dtype=float))
    moved = {month for step in steps for month in range(step, min(step + YEAR, len(counts)))}
    return list(counts.index[empty]), [
        month for n, month in enumerate(counts.index) if odd.iloc[n] or (n in moved and not empty.iloc[n])
    ]


def _is_far(counts: "pd.Series[int]", usual: "pd.Series[float]") -> "pd.Series[bool]":
    return ((counts - usual).abs() > SIGMAS * np.sqrt(usual)) & ((counts > TIMES * usual) | (counts < usual / TIMES))


def find_steps(counts: np.ndarray) -> list[int]:
    """Name the months, by their place, from which on a series is on another level at once than it was a year before.

    counts: records of each month, NaN where that says nothing. A step is what is left of a change when it has a trend of its own:
    growth has none, however long it goes on, nor have seasons, for months are held against the same months of the year before.

    >>> find_steps(np.array([50, 52] * 6 + [101, 103] * 6)), find_steps(np.array([50.0 + 3 * month for month in range(24)]))
    ([12], [])
    """
    return sorted(_steps_between(np.asarray(counts, dtype=float), 0, len(counts)))


def _steps_between(counts: np.ndarray, start: int, end: int) -> Iterator[int]:
    """Find the clearest step of a stretch, then those before and after it."""
    found = {at: clear for at in range(start + SIDE, end - SIDE + 1) if (clear := _step_at(counts, start, at, end)) > CLEAR}
    if found:
        best = max(found, key=lambda at: found[at])
        yield best
        yield from _steps_between(counts, start, best)
        yield from _steps_between(counts, best, end)


def _step_at(counts: np.ndarray, start: int, at: int, end: int) -> float:
    """Say how many errors large the step at a place is beside the trend around it; 0 where it is none."""
    first, last = max(start, at - YEAR), min(end, at + YEAR)
    months, near = np.arange(first, last), counts[first:last]
    there, after = ~np.isnan(near), months >= at
    over, growth = _changes(counts, max(at, start + YEAR), min(at + YEAR, end)), _growth(counts, start, at, end)
    if min(there[~after].sum(), there[after].sum(), len(over)) < SIDE:
        return 0.0
    change = float(np.median(over))
    if max(np.nanmedian(near[~after]), np.nanmedian(near[after])) < LEAST or min(abs(change), abs(change - growth)) < log(STEP):
        return 0.0
    logs = np.log(near[there] + 0.5)
    parts = np.column_stack([np.ones(there.sum()), months[there] - at, after[there]]).astype(float)
    fit, *_ = np.linalg.lstsq(parts, logs, rcond=None)
    spread = max(float(((logs - parts @ fit) ** 2).sum()) / max(len(logs) - 3, 1), 1 / max(float(np.nanmean(near)), 1.0))
    error = float(np.sqrt(spread * np.linalg.inv(parts.T @ parts)[2, 2]))
    step = float(fit[2])
    return abs(step) / error if abs(step) >= log(STEP) and step * change > 0 else 0.0


def _changes(counts: np.ndarray, first: int, last: int) -> np.ndarray:
    """Give the logarithms of how many times those of a year before months are, where both are known."""
    last = max(first, last)
    found = np.log((counts[first:last] + 0.5) / (counts[first - YEAR : last - YEAR] + 0.5))
    return found[~np.isnan(found)]


def _growth(counts: np.ndarray, start: int, at: int, end: int) -> float:
    """Give the change within a year that goes on before a place and after it; 0 where neither has so many months."""
    aside = [_changes(counts, first, last) for first, last in ((start + YEAR, at), (at + YEAR, end)) if first < last]
    every = np.concatenate(aside) if aside else np.array([])
    return float(np.median(every)) if len(every) >= SIDE else 0.0


def empty_unit_months(
    counts: pd.DataFrame, months: Sequence[int] = (), spans: Mapping[str, Sequence[tuple[int, int]]] | None = None
) -> tuple[int, list[tuple[str, int]]]:
    """Count the months of units that should have records, and name those that have none.

    counts: unit_id, month, rows_. Months in which nobody else has a record are no unit's. months: those of the table, as far as
    they are whole; spans: of units the stretches of whole months in which they are in force, each with its first and last month.
    A unit of which none is said has its own, from its first record to its last.

    >>> counts = pd.DataFrame([("A", month, 20) for month in (1, 2, 4, 5)], columns=["unit_id", "month", "rows_"])
    >>> counts = pd.concat([counts, counts.assign(unit_id="B", month=counts["month"] - 1)])
    >>> empty_unit_months(counts)
    (6, [('A', 3), ('B', 2)])
    >>> empty_unit_months(counts, range(6), {"A": [(0, 5)], "B": [(0, 4)]})
    (7, [('A', 0), ('A', 3), ('B', 2)])
    """
    wide = counts.dropna().pivot_table("rows_", "unit_id", "month", aggfunc="sum", fill_value=0)
    if wide.empty:
        return 0, []
    every = range(int(wide.columns.min()), int(wide.columns.max()) + 1)
    wide = wide.reindex(columns=sorted({*every, *months}), fill_value=0)
    cells, units, numbers = wide.to_numpy(dtype=float), wide.index.to_numpy(), wide.columns.to_numpy()
    seen = cells > 0
    inside = np.logical_or.accumulate(seen, axis=1) & np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    force = np.array([_in_force(numbers, spans.get(unit)) if spans else inside[n] for n, unit in enumerate(units)])
    unsaid = np.array([not spans or unit not in spans for unit in units])
    others = cells.sum(axis=0) - cells
    force &= (others > 0) & np.where(unsaid[:, None], inside, inside | np.isin(numbers, months))
    busy = _share_of_usual(others)
    within, whole = (_median_where(cells, one) for one in (inside & force, force))
    tested = (inside & force & (within >= LEAST)[:, None]) | (force & (whole[:, None] * busy >= LEAST))
    tested &= (force.sum(axis=1) >= SIDE)[:, None]
    empty = [(u, m) for u, m in np.argwhere(tested & ~seen) if _near(cells[u], m) * busy[u, m] >= LEAST / 2]
    return int(tested.sum()), [(str(units[u]), int(numbers[m])) for u, m in empty]


def _near(cells: np.ndarray, month: int) -> float:
    """Give the median of the months with records that are nearest to one: a unit may have come to do little."""
    seen = np.flatnonzero(cells)
    return float(np.median(cells[seen[np.argsort(np.abs(seen - month), kind="stable")][:SIDE]]))


def _in_force(months: np.ndarray, spans: Sequence[tuple[int, int]] | None) -> np.ndarray:
    """Say of each month whether one of some stretches holds it; all where none is said."""
    if spans is None:
        return np.ones(len(months), dtype=bool)
    return np.any([(months >= first) & (months <= last) for first, last in spans] or [np.zeros(len(months), dtype=bool)], axis=0)


def _share_of_usual(others: np.ndarray) -> np.ndarray:
    """Say of each unit and month how busy the others were: 1 as ever or more, less in a month that has but begun."""
    usual = np.array([np.median(row[row > 0]) if (row > 0).any() else 1.0 for row in others])
    return np.minimum(others / usual[:, None], 1)


def _median_where(cells: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.array([np.median(row[own]) if own.any() else 0.0 for row, own in zip(cells, where, strict=True)])


def changing_words(counts: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Find the words that come later, vanish before the end, or are gone for some months: word, first, last month of each use.

    counts: word, month, rows_; first and last: the months of the table. A word in use may be absent from a month or two. What is
    gone in the same months of another year is how the work goes.

    >>> rows = [("new", month, 30) for month in range(6, 12)] + [("kept", month, 30) for month in range(12)]
    >>> changing_words(pd.DataFrame(rows, columns=["word", "month", "rows_"]), 0, 11).to_numpy().tolist()
    [['new', 6, 11]]
    """
    wide = counts.dropna().pivot_table("rows_", "word", "month", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=range(first, last + 1), fill_value=0)
    if wide.shape[1] < FEWEST - 1:
        return pd.DataFrame(columns=["word", "first", "last"])
    total = wide.sum().to_numpy(dtype=float)
    months = np.flatnonzero(total >= np.median(total[total > 0]) / TIMES) if (total > 0).any() else np.array([], dtype=int)
    rows = [
        (word, first + int(months[start]), first + int(months[end]))
        for word, cells in zip(wide.index, wide.to_numpy(dtype=float), strict=True)
        for start, end in _uses(cells[months], months)
    ]
    return pd.DataFrame(rows, columns=["word", "first", "last"])


def _uses(cells: np.ndarray, months: np.ndarray) -> list[tuple[int, int]]:
    """Give the first and last month of each use of a word, by place; none where it is in use throughout, or never steadily."""
    there = np.flatnonzero(cells)
    if not len(there):
        return []
    start, end = int(there[0]), int(there[-1])
    present = cells[there].mean()
    pauses = [(one[0], one[-1]) for gone, several in groupby(range(start, end + 1), lambda n: cells[n] == 0)
              if gone and (one := list(several))]  # fmt: skip
    breaks = [pause for pause in pauses if _is_break(cells, months, *pause, present)]
    seasonal = any(last - first >= EDGE for first, last in pauses if (first, last) not in breaks)
    used = len(there) / (end - start + 1 - sum(last - first + 1 for first, last in breaks))
    rate = present * used
    around = max(start, len(cells) - 1 - end)
    midway = around >= EDGE and rate * around >= RARE * EDGE and rate >= (RARE / EDGE if len(there) >= YEAR / 2 else RARE)
    if seasonal or used < KEPT or not (midway or breaks):
        return []
    starts, ends = [start, *(last + 1 for _, last in breaks)], [*(first - 1 for first, _ in breaks), end]
    return list(zip(starts, ends, strict=True))


def _is_break(cells: np.ndarray, months: np.ndarray, first: int, last: int, rate: float) -> bool:
    """Say whether a word that is gone for some months is gone neither by chance nor in the same months of another year."""
    if last - first + 1 <= EDGE or rate * (last - first + 1) < RARE * EDGE:
        return False
    other = np.isin(months, np.concatenate([months[first : last + 1] - YEAR, months[first : last + 1] + YEAR]))
    return bool(other.any() and (cells[other] > 0).mean() >= KEPT)
