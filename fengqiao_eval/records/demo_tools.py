"""Tools of the invented province: its calendar, its chances, and text columns made without loops.

Times are whole seconds after the first moment of 2023; a time that never came is NaN.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = Floats | Ints
Flags = npt.NDArray[np.bool_]
Dice = np.random.Generator

START = np.datetime64("2023-01-01T00:00:00", "s")
MONTHS, MINUTE, HOUR, DAY = 24, 60, 3600, 86_400
MONTH_STARTS: Ints = (np.arange("2023-01", "2025-02", dtype="datetime64[M]").astype("datetime64[s]") - START).astype(np.int64)
QUARTER_STARTS: Ints = MONTH_STARTS[::3]
END = int(MONTH_STARTS[-1])
TAKEN = END + 31 * DAY
"""The records were taken out a month after the last period: what became true later is not in them."""

_TEXT = pd.StringDtype(storage="pyarrow", na_value=np.nan)
_GOLDEN = 0.618033988749895


def stamp(seconds: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
    """Turn seconds into times of the wall clock; NaN and whatever came after the records were taken out is NaT.

    >>> stamp([0, 90_061.9, float("nan")]).astype("datetime64[s]").astype(str).tolist()
    ['2023-01-01T00:00:00', '2023-01-02T01:01:01', 'NaT']
    """
    given = np.asarray(seconds, dtype=np.float64)
    known = given < TAKEN
    times = (START + np.floor(np.where(known, given, 0)).astype("timedelta64[s]")).astype("datetime64[us]")
    return np.where(known, times, np.datetime64("NaT", "us"))


def month_of(seconds: npt.ArrayLike) -> Ints:
    """Number the month of each time, 0 for January 2023 to 23 for December 2024; later times count as the last.

    >>> month_of([0, 31 * DAY - 1, 31 * DAY, END]).tolist()
    [0, 0, 1, 23]
    """
    return np.clip(np.searchsorted(MONTH_STARTS, seconds, side="right") - 1, 0, MONTHS - 1).astype(np.int64)


def clock(dice: Dice, opens: npt.ArrayLike, closes: npt.ArrayLike, size: int) -> Ints:
    """Draw a time of day between two hours, in seconds after midnight; one pair of hours, or one a draw."""
    start = np.asarray(opens, dtype=np.float64)
    return ((start + (np.asarray(closes) - start) * dice.random(size)) * HOUR).astype(np.int64)


def moments(dice: Dice, month: Ints, opens: npt.ArrayLike, closes: npt.ArrayLike) -> Ints:
    """Draw a moment in each of the given months, on any day, between two hours of the day."""
    days = (MONTH_STARTS[month + 1] - MONTH_STARTS[month]) // DAY
    day = (dice.random(month.size) * days).astype(np.int64)
    return np.asarray(MONTH_STARTS[month] + day * DAY + clock(dice, opens, closes, month.size))


def end_of_day(seconds: npt.ArrayLike) -> Floats:
    """Give the last second of the day of each time."""
    return np.floor(np.asarray(seconds) / DAY) * DAY + DAY - 1


def chance(base: float, quality: npt.ArrayLike) -> Floats:
    """Turn a base and a quality, both in log odds, into a probability.

    >>> chance(0, [0, 2]).round(2).tolist()
    [0.5, 0.88]
    """
    return np.asarray(1 / (1 + np.exp(-(base + np.asarray(quality)))), dtype=np.float64)


def luck(dice: Dice, share: npt.ArrayLike, size: int) -> Flags:
    """Draw yes or no, yes with the given share; one share, or one a draw."""
    return np.asarray(dice.random(size) < np.asarray(share, dtype=np.float64))


def pick(dice: Dice, shares: Sequence[float], size: int) -> Ints:
    """Draw 0, 1, 2 … with the given shares."""
    return np.searchsorted(np.cumsum(shares)[:-1], dice.random(size), side="right").astype(np.int64)


def fraction(numbers: Ints) -> Floats:
    """Give every whole number a fixed fraction of one, spread evenly, so that a household keeps its officer.

    >>> fraction(np.arange(3)).round(3).tolist()
    [0.0, 0.618, 0.236]
    """
    return np.asarray((numbers * _GOLDEN) % 1, dtype=np.float64)


def spell(words: Sequence[str], codes: npt.ArrayLike) -> Any:
    """Write out codes as words; a negative code stays empty.

    >>> list(spell(["协议", "口头和解"], np.array([1, 0]))), bool(spell(["协议"], np.array([-1])).isna()[0])
    (['口头和解', '协议'], True)
    """
    given = np.asarray(codes, dtype=np.int64)
    return _TEXT.__from_arrow__(pa.array(words, pa.large_string()).take(pa.array(given, mask=given < 0)))


def numbered(prefix: str, numbers: npt.ArrayLike, width: int) -> Any:
    """Write numbers behind a prefix, filled with zeros; a negative number stays empty.

    >>> list(numbered("P", np.array([7, 41]), 4))
    ['P0007', 'P0041']
    """
    given = np.asarray(numbers, dtype=np.int64)
    digits = pc.utf8_lpad(pc.cast(pa.array(given, mask=given < 0), pa.large_string()), width, "0")
    start, between = pa.scalar(prefix, pa.large_string()), pa.scalar("", pa.large_string())
    return _TEXT.__from_arrow__(pc.binary_join_element_wise(start, digits, between))


def perhaps(values: Flags, known: Flags) -> Any:
    """Make a flag column that is empty where nothing is known."""
    return pd.arrays.BooleanArray(np.asarray(values), ~np.asarray(known))
