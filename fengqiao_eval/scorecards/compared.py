"""Two runs side by side, and the words in which what changed between them is said: sections of sentences and tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fengqiao_eval.scorecards.glance import grade_words
from fengqiao_eval.scorecards.moved import Pair
from fengqiao_eval.scorecards.wording import fixed, known, signed, term
from fengqiao_eval.words import say

NUMBERS = frozenset(
    {
        *("both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded", "rose", "n", "void"),
        *("weight", "share", "share_change", "place", "by", "total", "change"),
    }
)
"""The columns that hold numbers."""


@dataclass(frozen=True)
class Table:
    """A table in words: columns as (name, whether it holds numbers), and rows of text."""

    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, what is said below it, and a table where there is one."""

    title: str
    lines: tuple[str, ...]
    table: Table | None = None


@dataclass(frozen=True)
class Compared:
    """Two runs with their units joined; staff: the officers', None where they may not be read."""

    pair: Pair
    units: pd.DataFrame
    staff: pd.DataFrame | None
    lang: str

    def say(self, key: str, **given: Any) -> str:
        """Say a sentence of the comparison."""
        return say(key, self.lang, **given)

    def level(self, level: str) -> str:
        """Name a level."""
        return term("level", level, self.lang)

    def grade(self, grade: str) -> str:
        """Name a grade of either scheme."""
        said = [grade_words(run.scheme, grade, self.lang) for run in reversed(self.pair.runs)]
        return next((one for one in said if one != grade), grade) or self.say("compare.no_grade")

    def points(self, whole: Any) -> str:
        """Write whole 10^-decimals as points with their sign; a dash where there are none."""
        return signed(whole / 10**self.pair.decimals, self.pair.decimals) if known(whole) else fixed(None)

    def total(self, whole: Any) -> str:
        """Write whole 10^-decimals as a total."""
        return fixed(whole / 10**self.pair.decimals if known(whole) else None, self.pair.decimals)

    def levels(self, *, staff: bool = False) -> Iterator[tuple[str, pd.DataFrame]]:
        """Walk the levels that hold units, with these; officers last, where they are asked for and may be read."""
        every = [self.units, *([self.staff] if staff and self.staff is not None else [])]
        found = [(level, part) for frame in every for level, part in frame.groupby("level", sort=False)]
        return ((str(level), part) for level, part in found)

    def both(self, was: str, now: str) -> str:
        """Say what was and what is, once where it is the same."""
        return was if was == now else self.say("compare.arrow", before=was, after=now)

    def table(self, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table | None:
        """Lay out rows below the names of their columns; nothing where there are none."""
        heads = tuple((self.say(f"compare.column.{name}"), name in NUMBERS) for name in columns)
        return Table(heads, tuple(rows)) if rows else None
