"""Months as a series: which are missing or of another size than those around them, and which words come or go in the middle."""

import numpy as np
import pandas as pd

LEAST = 10
"""Of fewer records a month nothing is said: chance alone would leave a month empty."""
AROUND, FEWEST = 13, 5
"""A month is held against the median of so many around it, itself among them; of fewer months nothing is said."""
TIMES, SIGMAS = 2.0, 4.0
"""A month is of another size where it has more than so many times the median, or less than that part, and chance does not."""
RARE = 5
"""A word of fewer records a month may be absent from some by chance."""
EDGE = 2
"""A word comes or goes in the middle where so many months before or after it are without it."""


def odd_months(counts: "pd.Series[int]") -> tuple[list[int], list[int]]:
    """Name the months without a record, and those with far more or far fewer than those around them and a year before or after.

    counts: records by month (months since year 0), of every month from the first to the last. What comes again every year is how
    the work goes, and makes no change on last year.

    >>> odd_months(pd.Series([50, 52, 0, 49, 180, 51, 50], range(7)))
    ([2], [4])
    """
    if len(counts) < FEWEST:
        return [], []
    usual = counts.rolling(AROUND, center=True, min_periods=1).median()
    heavy = usual >= LEAST
    far = _is_far(counts, usual)
    for other in (counts.shift(12), counts.shift(-12)):
        far &= other.isna() | _is_far(counts, other)
    return list(counts.index[heavy & (counts == 0)]), list(counts.index[heavy & far & (counts > 0)])


def _is_far(counts: "pd.Series[int]", usual: "pd.Series[float]") -> "pd.Series[bool]":
    return ((counts - usual).abs() > SIGMAS * np.sqrt(usual)) & ((counts > TIMES * usual) | (counts < usual / TIMES))


def empty_unit_months(counts: pd.DataFrame) -> tuple[int, list[tuple[str, int]]]:
    """Count the months of units that should have records, and name those that have none: between the unit's first and last month.

    counts: unit_id, month, rows_. Months in which nobody has a record are no unit's.

    >>> counts = pd.DataFrame([("A", month, 20) for month in (1, 2, 4, 5)], columns=["unit_id", "month", "rows_"])
    >>> empty_unit_months(pd.concat([counts, counts.assign(unit_id="B", month=counts["month"] - 1)]))
    (10, [('A', 3), ('B', 2)])
    """
    wide = counts.dropna().pivot_table("rows_", "unit_id", "month", aggfunc="sum", fill_value=0)
    if wide.shape[1] < FEWEST - 1:
        return 0, []
    cells = wide.to_numpy(dtype=float)
    seen = cells > 0
    inside = np.logical_or.accumulate(seen, axis=1) & np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    usual = np.array([np.median(row[own]) for row, own in zip(cells, inside, strict=True)])
    tested = inside & (usual >= LEAST)[:, None]
    units, months = wide.index.to_numpy(), wide.columns.to_numpy()
    return int(tested.sum()), [(str(units[u]), int(months[m])) for u, m in np.argwhere(tested & ~seen)]


def changing_words(counts: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Find the words that are used month after month and appear only later, or vanish before the end: word, first, last month.

    counts: word, month, rows_; first and last: the months of the table.

    >>> rows = [("new", month, 30) for month in range(6, 12)] + [("kept", month, 30) for month in range(12)]
    >>> changing_words(pd.DataFrame(rows, columns=["word", "month", "rows_"]), 0, 11).to_numpy().tolist()
    [['new', 6, 11]]
    """
    found = counts.dropna().groupby("word")
    spans = found.agg(first=("month", "min"), last=("month", "max"), months=("month", "nunique"), rows=("rows_", "sum"))
    length = spans["last"] - spans["first"] + 1
    steady = (spans["rows"] / length >= RARE) & (spans["months"] == length)
    midway = (spans["first"] >= first + EDGE) | (spans["last"] <= last - EDGE)
    return spans[steady & midway].reset_index()[["word", "first", "last"]]
