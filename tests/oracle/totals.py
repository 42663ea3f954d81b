"""Points to totals: weights down the tree, contributions rounded once, and every line of a total that is no indicator's."""

from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from oracle.points import DECIMALS, Desk, Scored, full_marks, held, higher_after, rule_points, score
from oracle.records import Period, round_half_up
from oracle.scheme import Entry, Group, Node
from oracle.units import Unit, given

POINTED = ("add", "deduct")
"""What adds to a total or deducts from it; all else outside the hundred is a veto."""

GRADED = ("cap_grade", "ungraded", "bar_award")
"""The vetoes that move no points."""


class Line(NamedTuple):
    """A line of a total that is no indicator's: whose it is, by what rule, with what effect, how much, and what was counted."""

    line: str
    rule: str
    effect: str
    amount: int
    value: Fraction | None = None


class Cell(NamedTuple):
    """An indicator in a total: points, nominal weight, the weight used, and the contribution (whole 10^-decimals)."""

    points: Fraction | None
    status: str
    weight: Fraction
    weight_used: Fraction
    contribution: int


class Total(NamedTuple):
    """A unit's total in a period (whole 10^-decimals), with all that it is the sum of."""

    cells: dict[str, Cell]
    lines: list[Line]
    covered: Fraction
    barred: bool

    @property
    def total(self) -> int:
        """Σ contributions of points + Σ contributions of lines."""
        return sum(cell.contribution for cell in self.cells.values()) + sum(line.amount for line in self.lines)


# Weights


def shares(node: Node, level: str, present: Callable[[Entry], bool]) -> dict[str, Fraction]:
    """Give the share that each part of the table has in the whole, by code: own weight over the sum of the siblings present."""
    found: dict[str, Fraction] = {}

    def deal(part: Node | Entry, share: Fraction) -> None:
        found[part.code] = share
        if isinstance(part, Node):
            there = [one for one in part.parts if any(present(leaf) for leaf in leaves_of(one))]
            whole = sum(given(one.weight, level) for one in there)
            for one in part.parts:
                own = given(one.weight, level) if one in there else 0
                deal(one, share * own / whole if whole else Fraction(0))

    deal(node, Fraction(1))
    return found


def leaves_of(part: Node | Entry) -> list[Entry]:
    """Every line in a part of the table."""
    return part.leaves if isinstance(part, Node) else [part]


# Limits and geometric means


def node_lines(
    whole: Node, share: dict[str, Fraction], points: dict[str, Fraction | None], scale: Fraction, decimals: int
) -> list[Line]:
    """Say what geometric means, floors and caps change in a total, each by the share of its dimension in the whole."""
    lines: list[Line] = []

    def value(part: Node | Entry) -> Fraction:
        if isinstance(part, Entry):
            return points[part.code] or Fraction(0)
        there = [(share[one.code], value(one)) for one in part.parts]
        there = [(weight, own) for weight, own in there if weight]
        if not there:
            return Fraction(0)
        sums = sum(weight for weight, _ in there)
        there = [(weight / sums, own) for weight, own in there]
        mean = sum((weight * own for weight, own in there), Fraction(0))
        kept = geometric_mean(there) if part.geometric else mean
        over = kept if part.cap is None else min(kept, part.cap * scale)
        final = over if part.floor is None else max(over, part.floor * scale)
        note(part.code, "geometric", "aggregate", share[part.code] * (kept - mean))
        note(part.code, "cap", "cap", share[part.code] * min(final - kept, Fraction(0)))
        note(part.code, "floor", "cap", share[part.code] * max(final - kept, Fraction(0)))
        return final

    def note(code: str, rule: str, effect: str, away: Fraction) -> None:
        if amount := round_half_up(away, decimals):
            lines.append(Line(code, rule, effect, amount))

    value(whole)
    return lines


def geometric_mean(parts: list[tuple[Fraction, Fraction]]) -> Fraction:
    """Take the product of values, each to the power of its weight; a 0 makes it 0. It has forty digits."""
    if any(value <= 0 for _, value in parts):
        return Fraction(0)
    with localcontext(prec=60):
        logs = [_decimal(weight) * _decimal(value).ln() for weight, value in parts]
        return Fraction(round(sum(logs, Decimal(0)).exp(), 40))


def _decimal(given_: Fraction) -> Decimal:
    return Decimal(given_.numerator) / given_.denominator


# Outside the hundred


class Ledger:
    """The totals of every unit and period of a desk."""

    def __init__(self, desk: Desk) -> None:
        """Take a desk."""
        self.desk, self.scheme = desk, desk.scheme
        self.scores: Callable[[Entry, Period], dict[str, Scored]] = cache(lambda entry, period: score(desk, entry, period))
        self.total: Callable[[str, Period], Total] = cache(self._total)

    def _total(self, unit: str, period: Period) -> Total:
        """Give a unit's total in a period: the mean of those of shorter ones where the scheme says so, else from its points."""
        parts = self.scheme.mean_parts(period)
        return self._mean(unit, period, parts) if parts else self._sum(unit, period)

    def stands(self, total: Total) -> bool:
        """Whether enough of the weight is covered, and nothing is missing without which nobody has a place."""
        return total.covered > 0 and total.covered >= self.scheme.least_covered and not total.barred

    def _sum(self, unit: str, period: Period) -> Total:
        """Weigh a unit's points and add them up, then what stands outside the hundred."""
        scheme, one = self.scheme, self.desk.tree.units[unit]
        found = {entry.code: self.scores(entry, period)[unit] for entry in scheme.indicators}
        nominal = shares(scheme.whole, one.level, lambda leaf: leaf.applies(one.level))
        scored = {
            entry.code for entry in scheme.indicators if found[entry.code].points is not None and given(entry.weight, one.level)
        }
        used = shares(scheme.whole, one.level, lambda leaf: leaf.code in scored)
        cells = {}
        for entry in scheme.indicators:
            points, status, _ = found[entry.code]
            contribution = round_half_up((points or 0) * used[entry.code], scheme.decimals)
            cells[entry.code] = Cell(points, status, nominal[entry.code], used[entry.code], contribution)
        spared = sum(cell.weight for code, cell in cells.items() if cell.status == "not_applicable" and code not in scored)
        applies = 1 - spared
        covered = sum((cells[code].weight for code in scored), Fraction(0)) / applies if applies else Fraction(0)
        scale = Fraction(full_marks(scheme, one)) / given(scheme.full_marks, "others", missing=100)
        points_of = {code: cell.points if code in scored else None for code, cell in cells.items()}
        lines = node_lines(scheme.whole, used, points_of, scale, scheme.decimals) if scored else []
        barred = any(each.barred for each in found.values())
        total = Total(cells, lines, covered, barred)
        lines += self.outside(one, period, total)
        return total

    def outside(
        self, unit: Unit, period: Period, total: Total, *, year_only: bool = False, beside: tuple[Line, ...] = ()
    ) -> list[Line]:
        """Give the lines outside the hundred, group by group, with what the limits of the groups change.

        year_only: only the lines of that kind. beside: lines that stand already, and take room within the limits.
        """
        found: list[Line] = []
        for group in self.scheme.groups:
            asked = [
                line for line in group.lines if (line.year_only or not year_only) and (period.length == 12 or not line.year_only)
            ]
            own = [line for entry in asked for line in self._effects(entry, unit, period, total)]
            pointed = [line for line in own if line.effect in POINTED]
            if group.best_of and pointed:
                best = max(pointed, key=lambda line: abs(line.amount))  # the first of equals
                own = [line for line in own if line.effect not in POINTED or line is best]
            found += own
            found += self._limits(group, [*own, *beside])
        return found

    def _limits(self, group: Group, lines: list[Line]) -> Iterator[Line]:
        within = {group.code} | {line.code for line in group.lines if line.effect in POINTED}
        sums = sum(line.amount for line in lines if line.line in within)
        for rule, limit, hold in (("floor", group.floor, max), ("cap", group.cap, min)):
            if limit is not None and sums:
                amount = hold(sums, round_half_up(limit, self.scheme.decimals)) - sums
                if amount:
                    yield Line(group.code, rule, "cap", amount)

    def counted(self, line: Entry, unit: Unit, period: Period) -> Fraction | None:
        """Give what was counted for a line, at the levels where it takes effect."""
        return self.desk.seen(line, period)[unit.unit_id][0] if unit.level in line.levels else None

    def _effects(self, line: Entry, unit: Unit, period: Period, total: Total) -> Iterator[Line]:
        """Give what a line does to a unit: points of the total, an item that falls away, or a veto that moves no points."""
        value = self.counted(line, unit, period)
        if line.effect in POINTED:
            amount = 0 if value is None else self._amount(line, unit, value)
            if amount:
                yield Line(line.code, line.points["kind"], line.effect, amount if line.effect == "add" else -amount, value)
        elif line.effect == "zero_item":
            if amount := self._zeroed(line, unit, period, total):
                yield Line(line.code, line.effect, line.effect, amount, value)
        elif line.effect not in GRADED:
            raise NotImplementedError(line.effect)
        elif self.happened(line, value):
            yield Line(line.code, line.effect, line.effect, 0, value)

    def _amount(self, line: Entry, unit: Unit, value: Fraction) -> int:
        if line.points.get("in_marks"):
            raise NotImplementedError("marks outside the hundred")
        each = given(line.points.get("each", 0), unit.level, unit.own_class)
        points = held(rule_points(line.points, value, each, higher=higher_after(line)), line.points, None, None)
        return round_half_up(points, self.scheme.decimals)

    @staticmethod
    def happened(line: Entry, value: Fraction | None) -> bool:
        """Whether a veto takes effect."""
        if higher_after(line):
            raise NotImplementedError("a veto on what is too little")
        return value is not None and value >= 1

    def _zeroed(self, line: Entry, unit: Unit, period: Period, total: Total) -> int:
        """Take from an item what it brought in the months of a veto; a month is taken once, by whichever veto comes first."""
        vetoes = [other for other in self.scheme.lines if other.effect == "zero_item" and other.item == line.item]
        until = vetoes[: vetoes.index(line) + 1]
        months = period.parts(1)

        def gone(those: list[Entry]) -> int:
            hit = sum(any(self.happened(one, self.counted(one, unit, month)) for one in those) for month in months)
            return round_half_up(Fraction(max(total.cells[line.item].contribution, 0) * hit, len(months)), 0)

        return gone(until[:-1]) - gone(until)

    # Means of totals

    def _mean(self, unit: str, period: Period, parts: list[Period]) -> Total:
        """Take the mean of the totals of shorter periods, of those in which enough was scored.

        A weight is the mean of the weights used, points are their means by those weights, a contribution is the product, rounded
        once; lines with points are means too, and one line carries what rounding leaves. Lines of the year only, and vetoes on
        grades, are those of the whole period.
        """
        scheme, one = self.scheme, self.desk.tree.units[unit]
        anew, shorter = self._sum(unit, period), [self.total(unit, part) for part in parts]
        standing = [each for each in shorter if self.stands(each)]
        cells = {code: self._mean_cell(code, cell, standing) for code, cell in anew.cells.items()}
        lines: list[Line] = []
        for line, rule, effect in dict.fromkeys((line.line, line.rule, line.effect) for each in shorter for line in each.lines):
            amounts = [sum(own.amount for own in each.lines if own[:3] == (line, rule, effect)) for each in standing]
            if amount := mean_half_up(amounts):
                entry = next((own for own in scheme.lines if own.code == line), None)
                lines.append(Line(line, rule, effect, amount, entry and self.counted(entry, one, period)))
        left = mean_half_up([each.total for each in standing]) - Total(cells, lines, Fraction(0), barred=False).total
        if left:
            lines.append(Line("total", "mean_of_totals", "aggregate", left))
        covered = sum((each.covered for each in shorter), Fraction(0)) / len(shorter)
        if not standing and covered >= scheme.least_covered:
            covered = Fraction(0)  # enough on the whole, but in no period: there is no total
        total = Total(cells, lines, covered, barred=not standing)
        lines += [line for line in self.outside(one, period, total) if line.effect in GRADED]
        lines += self.outside(one, period, total, year_only=True, beside=tuple(lines))
        return total._replace(lines=merged(lines))

    def _mean_cell(self, code: str, anew: Cell, standing: list[Total]) -> Cell:
        own = [each.cells[code] for each in standing]
        weight = sum((cell.weight_used for cell in own), Fraction(0)) / (len(own) or 1)
        there = [(cell.points, cell.weight_used if weight else Fraction(1)) for cell in own if cell.points is not None]
        over = sum((by for _, by in there), Fraction(0))
        points = Fraction(round_half_up(sum(p * by for p, by in there) / over, DECIMALS), 10**DECIMALS) if over else None
        return Cell(points, anew.status, anew.weight, weight, round_half_up((points or 0) * weight, self.scheme.decimals))


def mean_half_up(amounts: list[int]) -> int:
    """Take the mean of whole numbers, rounded half-up; of none it is 0."""
    return round_half_up(Fraction(sum(amounts), len(amounts) or 1), 0)


def merged(lines: list[Line]) -> list[Line]:
    """Make one line of those that have everything but the amount in common; the last says what was counted."""
    found: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        before = found.get(line[:3])
        found[line[:3]] = line if before is None else line._replace(amount=before.amount + line.amount)
    return [*found.values()]
