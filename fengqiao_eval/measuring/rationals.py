"""Fractions in columns: whole numbers above and below the line, so that nothing is rounded before it is said to be.

In 64 bits where products fit, in Python's own whole numbers where they do not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - the alias names it
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any, TypeAlias

import numpy as np

Exact: TypeAlias = "Rational | Decimal | Fraction | int"

MILLIONTHS = 10**6
"""A number of a column, and what is added up of it, keeps six places."""

DIGITS = 2**52
"""A float holds whole numbers up to twice this; where more than these digits are asked for, places behind the point go first."""

FITS = 2**62

STEPS = (1, MILLIONTHS, 60 * MILLIONTHS, *(lcm(*range(1, most)) * step for step in (1, MILLIONTHS) for most in (14, 21)))
"""Of what part of one a number may be a whole number: of millionths, of minutes in seconds, of shares of up to twenty persons."""


def tidy(values: np.ndarray, step: int = MILLIONTHS) -> np.ndarray:
    """Give the floats next to whole numbers of 1/step, whatever the order of adding left behind: 59.39999999999999 is 59.4.

    >>> tidy(np.array([59.39999999999999, 0.333333333]), 3000).tolist()
    [59.4, 0.3333333333333333]
    """
    most = float(np.abs(values).max(initial=0, where=np.isfinite(values)))
    while most * step >= DIGITS and step % 10 == 0:
        step //= 10
    return np.rint(values * step) / step


@dataclass(frozen=True)
class Rational:
    """A column of fractions: above / below, whole numbers; below is never negative, and 0 where there is no value.

    Comparisons give False where there is no value; to divide by 0 gives no value. Other operands: a column, or one exact number.

    >>> third = Rational.of(np.array([1.0, 2.0]), np.array([3.0, 0.0]))
    >>> (third + third + third).floats.tolist(), (third * 100).half_up(4).tolist()
    ([1.0, nan], [333333, 0])
    """

    above: np.ndarray
    below: np.ndarray

    @staticmethod
    def of(above: np.ndarray, below: np.ndarray) -> "Rational":
        """Divide columns of floats, each read as the fraction it is nearest to; NaN, and a divisor of 0 or less, is no value."""
        return Rational.read(above) / Rational.read(np.where(below > 0, below, np.nan))

    @staticmethod
    def read(values: Any) -> "Rational":
        """Read floats (NaN is no value): as the simplest fraction of STEPS that makes the float, else by fifteen digits."""
        values = np.atleast_1d(np.asarray(values, dtype="float64"))
        left = np.isfinite(values)
        above, below = np.zeros(len(values), dtype=np.int64), left.astype(np.int64)
        for step in STEPS:
            whole = np.rint(np.where(left, values, 0) * step)
            fits = left & (whole / step == values) & (np.abs(whole) < 2 * DIGITS)
            above[fits], below[fits] = whole[fits].astype(np.int64), step
            left = left & ~fits
            if not left.any():
                return Rational(*_fit(above, below))
        above, below = above.astype(object), below.astype(object)
        for at in np.flatnonzero(left):
            above[at], below[at] = Fraction(f"{values[at]:.15g}").as_integer_ratio()
        return Rational(above, below)

    @staticmethod
    def drawn(values: np.ndarray) -> "Rational":
        """Take floats as they are, over 1 (NaN is no value): draws, of which nothing is printed and nothing has to be exact.

        >>> (Rational.drawn(np.array([0.1, np.nan])) * 3 - 1).floats.round(9).tolist()
        [-0.7, nan]
        """
        known = np.isfinite(values)
        return Rational(np.where(known, values, 0.0), known.astype("float64"))

    @staticmethod
    def cells(given: Iterable[Any]) -> "Rational":
        """Make a column of exact numbers."""
        above, below = zip(*(Fraction(cell).as_integer_ratio() for cell in given), strict=True)
        return Rational(*_fit(np.array(above, dtype=object), np.array(below, dtype=object)))

    @property
    def fractions(self) -> np.ndarray:
        """The cells, all of which have a value, as Python's fractions."""
        return np.array([Fraction(int(a), int(b)) for a, b in zip(self.above, self.below, strict=True)], dtype=object)

    @staticmethod
    def fill(number: Any, size: int) -> "Rational":
        """Make a column of one exact number."""
        found = _number(number)
        return Rational(np.repeat(found.above, size), np.repeat(found.below, size))

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.below)

    def __getitem__(self, at: Any) -> "Rational":
        """Take some cells."""
        return Rational(self.above[at], self.below[at])

    def repeat(self, count: int) -> "Rational":
        """Take each cell so many times, one after the other."""
        return Rational(np.repeat(self.above, count), np.repeat(self.below, count))

    @property
    def known(self) -> np.ndarray:
        """Say which cells have a value."""
        return np.asarray(self.below > 0, dtype=bool)

    @property
    def floats(self) -> np.ndarray:
        """The nearest floats, so that equal fractions are equal floats and order stays; NaN where there is no value."""
        above, below = self.above, np.where(self.known, self.below, 1)
        if max(_most(above), _most(below)) >= 2 * DIGITS:  # Python divides its own whole numbers rightly, whatever their length
            above, below = above.astype(object), below.astype(object)
        return np.where(self.known, np.asarray(np.true_divide(above, below), dtype="float64"), np.nan)

    def __neg__(self) -> "Rational":
        """Turn the sign."""
        return Rational(-self.above, self.below)

    def __abs__(self) -> "Rational":
        """Leave the sign."""
        return Rational(np.abs(self.above), self.below)

    def __add__(self, other: Exact) -> "Rational":
        """Add."""
        other = _number(other)
        return Rational(*_sum(_times(self.above, other.below), _times(other.above, self.below), _times(self.below, other.below)))

    def __sub__(self, other: Exact) -> "Rational":
        """Take away."""
        return self + -_number(other)

    def __mul__(self, other: Exact) -> "Rational":
        """Multiply."""
        other = _number(other)
        return Rational(*_fit(_times(self.above, other.above), _times(self.below, other.below)))

    def __truediv__(self, other: Exact) -> "Rational":
        """Divide; by 0 it gives no value."""
        other = _number(other)
        below = np.where(other.below > 0, np.abs(other.above), 0)
        return Rational(*_fit(_times(self.above, other.below * _sign(other.above)), _times(self.below, below)))

    def __ge__(self, other: Exact) -> np.ndarray:
        """Say where it is no less."""
        difference = self - other
        return difference.known & np.asarray(difference.above >= 0, dtype=bool)

    def __le__(self, other: Exact) -> np.ndarray:
        """Say where it is no more."""
        return -self >= -_number(other)

    def __gt__(self, other: Exact) -> np.ndarray:
        """Say where it is more."""
        difference = self - other
        return difference.known & np.asarray(difference.above > 0, dtype=bool)

    def where(self, kept: np.ndarray, other: "Exact | None" = None) -> "Rational":
        """Keep the cells that are said to be, and put others in the place of the rest (None: no value)."""
        other = Rational(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)) if other is None else _number(other)
        return Rational(np.where(kept, self.above, other.above), np.where(kept, self.below, other.below))

    def clip(self, low: "Exact | None", high: "Exact | None") -> "Rational":
        """Keep within limits; None is no limit."""
        found = self if low is None else self.where(~(_number(low) > self), low)
        return found if high is None else found.where(~(found > high), high)

    def trunc(self) -> "Rational":
        """Leave what is behind the point, towards zero."""
        below = np.where(self.known, self.below, 1)
        return Rational(np.abs(self.above) // below * _sign(self.above), np.asarray(self.known, dtype=np.int64))

    def half_up(self, decimals: int = 0) -> np.ndarray:
        """Round half-up to whole 10^-decimals, int64; 0 where there is no value."""
        below = np.where(self.known, self.below, 1)
        above = _times(np.where(self.known, self.above, 0), np.array([2 * 10**decimals]))
        above, below = _fit(above, below)
        if max(_most(above), _most(below)) >= FITS // 4:
            above, below = above.astype(object), below.astype(object)
        return np.asarray((above + below) // (2 * below), dtype=np.int64)

    def mean(self) -> "Rational":
        """Take the mean of the cells, all of which have a value, as a column of one."""
        if self.above.dtype == np.float64:
            return Rational.drawn(np.atleast_1d((self.above / self.below).mean()))
        whole = lcm(*np.unique(self.below).tolist())
        above = int((self.above.astype(object) * (whole // self.below.astype(object))).sum())
        return Rational(*_fit(np.array([above], dtype=object), np.array([whole * len(self)], dtype=object)))


def add_up(columns: Sequence[Rational]) -> tuple[Rational, np.ndarray]:
    """Add up what columns have a value of; and say how many of them have one in each cell (none: 0)."""
    nothing = Rational.fill(0, len(columns[0]))
    sums = reduce(lambda one, other: one + other.where(other.known, 0), columns, nothing)
    return sums, np.sum([column.known for column in columns], axis=0)


def stack(columns: Sequence[Rational]) -> Rational:
    """Put columns one below the other."""
    return Rational(*(np.concatenate([getattr(column, name) for column in columns]) for name in ("above", "below")))


def _number(given: Exact) -> Rational:
    if isinstance(given, Rational):
        return given
    above, below = Fraction(given).as_integer_ratio()
    kind = np.int64 if max(abs(above), below) < FITS else object
    return Rational(np.array([above], dtype=kind), np.array([below], dtype=kind))


def _most(column: np.ndarray) -> int:
    return int(max(-column.min(initial=0), column.max(initial=0)))


def _sign(column: np.ndarray) -> np.ndarray:
    return np.where(column < 0, -1, 1)


def _times(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.dtype == other.dtype == np.int64 and _most(one) * _most(other) >= FITS:
        one = one.astype(object)
    return np.asarray(one * other)


def _sum(one: np.ndarray, other: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _fit(one + other, np.broadcast_to(below, np.broadcast_shapes(one.shape, other.shape)))  # each is below half of 2^63


def _fit(above: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring long numbers to their lowest terms, and back to 64 bits where they then fit."""
    above, below = np.broadcast_arrays(above, below)
    if np.float64 in (above.dtype, below.dtype):
        return np.divide(above, below, out=np.zeros(above.shape), where=below > 0), (below > 0).astype("float64")
    if above.dtype == below.dtype == np.int64 and max(_most(above), _most(below)) < 2**31:
        return above, below
    divisor = np.frompyfunc(gcd, 2, 1)(above, below) if object in (above.dtype, below.dtype) else np.gcd(above, below)
    divisor = np.where(divisor == 0, 1, divisor)
    above, below = above // divisor, below // divisor
    kind = np.int64 if max(_most(above), _most(below)) < FITS else object
    return above.astype(kind), below.astype(kind)
