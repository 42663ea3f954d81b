"""Totals to places: who is ranked, the place among those with whom a unit is compared, the grade, and what marks a place."""

from collections.abc import Callable  # noqa: TC003 - read as plainly as possible
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from oracle.measures import add_up
from oracle.points import Desk
from oracle.records import Period
from oracle.totals import Ledger, Total
from oracle.units import OFFICER


class Standing(NamedTuple):
    """The place of a unit in a period (none where it is not ranked), how many are ranked with it, its grade and its flags."""

    rank: int | None
    of: int
    grade: str
    flags: tuple[str, ...]


class Ranking:
    """The places of every unit and period."""

    def __init__(self, desk: Desk) -> None:
        """Take a desk."""
        self.desk, self.scheme, self.ledger = desk, desk.scheme, Ledger(desk)
        self.standing: Callable[[str, Period], Standing] = cache(self._standing)

    def _ranked(self, unit: str, period: Period) -> bool:
        return self.ledger.stands(self.ledger.total(unit, period))

    def _standing(self, unit: str, period: Period) -> Standing:
        """Place a unit among those of its group that are ranked: one more than those whose total is strictly better."""
        total, ranked = self.ledger.total(unit, period), self._ranked(unit, period)
        totals = [self.ledger.total(peer, period).total for peer in self.desk.peers(unit) if self._ranked(peer, period)]
        rank = 1 + sum(other > total.total for other in totals) if ranked else None
        grade = self._grade(total) if ranked else ""
        return Standing(rank, len(totals), grade, tuple(self._flags(unit, period, len(totals), ranked=ranked)))

    def _grade(self, total: Total) -> str:
        """Give the best grade whose line the total reaches, unless a veto takes it away or holds it lower."""
        if any(line.effect == "ungraded" for line in total.lines):
            return ""
        bands = self.scheme.bands
        points = Fraction(total.total, 10**self.scheme.decimals)
        reached = [number for number, band in enumerate(bands) if points >= band["at_least"]]
        held = {line.code: line.grade for line in self.scheme.lines if line.effect == "cap_grade"}
        limits = [held[line.line] for line in total.lines if line.effect == "cap_grade"]
        lowest = [number for number, band in enumerate(bands) if band["grade"] in limits]
        return bands[max([reached[0], *lowest])]["grade"] if reached else ""

    def _flags(self, unit: str, period: Period, of: int, *, ranked: bool) -> list[str]:
        """Say what marks the place."""
        one, total = self.desk.tree.units[unit], self.ledger.total(unit, period)
        part = one.level == OFFICER and self.desk.book.days(period)[unit] < period.days
        marks = {
            "provisional": any(cell.status == "provisional" for cell in total.cells.values()),
            "void_left_out": self._lost_to_void(unit, period, total),
            "low_coverage": not (total.covered > 0 and total.covered >= self.scheme.least_covered),
            "not_ranked": not ranked,
            "small_class": ranked and of < self.scheme.least_class,
            "merged": bool(one.merged_from),
            "part_period": part,
        }
        return [mark for mark, holds in marks.items() if holds]

    def _lost_to_void(self, unit: str, period: Period, total: Total) -> bool:
        """Whether records of the unit lay in a void month and were left out."""
        for entry in self.scheme.indicators:
            months = self.desk.book.months(entry, period, void=True)
            if months and total.cells[entry.code].status != "not_applicable":
                if entry.measure["kind"] == "figure":
                    if len(months) == period.length and self.desk.measured(entry, period)[unit].n:
                        return True
                    continue
                _, _, n, _ = add_up(self.desk.book.parts(unit, entry.measure, months), entry.measure)
                if n:
                    return True
        return False
