"""The totals of the ranked units of a class, without their names; whatever cards ask of them is reckoned once for all."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

BINS = 48
"""As many columns as the dots or bars of a class are gathered in."""


@dataclass(frozen=True)
class Peers:
    """The totals, lowest first.

    >>> peers = Peers((70.0, 80.0, 80.0, 91.5))
    >>> len(peers), peers.count(80.0), peers.above(80.0, 2), peers.middle
    (4, 2, 1, 80.0)
    """

    totals: Sequence[float] = ()

    def __len__(self) -> int:
        """Count the ranked units."""
        return len(self.totals)

    def place(self, total: float) -> int:
        """Give the number of totals below one."""
        return bisect_left(self.totals, total)

    def count(self, total: float) -> int:
        """Count those on one total."""
        return bisect_right(self.totals, total) - bisect_left(self.totals, total)

    def above(self, total: float, decimals: int) -> int:
        """Count those that are printed with more, at so many decimals."""
        return len(self.totals) - bisect_right(self.totals, total + 0.5 / 10**decimals)

    @cached_property
    def middle(self) -> float | None:
        """The median; None where nobody is ranked."""
        return median(self.totals) if self.totals else None

    @cached_property
    def width(self) -> float:
        """How wide a column is, in points of the total."""
        return ((self.totals[-1] - self.totals[0]) / BINS or 1.0) if self.totals else 1.0

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """How high each dot lies on those that fall in its column: the nearest one of BINS + 1."""
        seen: Counter[int] = Counter()
        return tuple(self._on(seen, round((total - self.totals[0]) / self.width)) for total in self.totals)

    @staticmethod
    def _on(seen: Counter[int], column: int) -> int:
        seen[column] += 1
        return seen[column]

    @cached_property
    def bars(self) -> tuple[tuple[float, int], ...]:
        """The middle of each column that holds a total, and how many it holds."""
        first = self.totals[0] if self.totals else 0.0
        seen = Counter(min(BINS - 1, int((total - first) / self.width)) for total in self.totals)
        return tuple((round(first + (column + 0.5) * self.width, 1), seen[column]) for column in sorted(seen))

    def settle(self) -> None:
        """Reckon now what would be reckoned when first asked for."""
        _ = self.middle, self.width, self.heights, self.bars
