"""What stands outside the hundred: points added and deducted within their limits, and vetoes with their effects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scheme.outside import POINTED, Consequence, Outside
from fengqiao_eval.scoring.adjustments import Adjustment, added, moved, whole
from fengqiao_eval.scoring.admitting import valued
from fengqiao_eval.scoring.cohort import Cohort, each_unit
from fengqiao_eval.scoring.comparing import Compared, History, compared
from fengqiao_eval.scoring.points import bounded, value_points

YEAR = 12
GRADED = ("cap_grade", "ungraded", "bar_award")
"""The effects that move no points."""


@dataclass(frozen=True)
class Facts:
    """What the lines outside the hundred look at, in one period: the scheme, who, and what was counted, in it and by month.

    values: units × lines outside the hundred, NaN where there is none; months: the same for every month of the period.
    """

    scheme: Scheme
    among: Cohort
    period: Period
    values: np.ndarray
    months: tuple[np.ndarray, ...]

    def number(self, line: Consequence) -> int:
        """Say which of the lines outside the hundred it is."""
        return [each.code for each in self.scheme.consequences].index(line.code)

    def value(self, line: Consequence) -> np.ndarray:
        """Give what was counted for a line, NaN at levels where it takes no effect."""
        return np.where(np.isin(self.among.levels, line.levels), self.values[:, self.number(line)], np.nan)

    def hits(self, line: Consequence) -> np.ndarray:
        """Say in which months (months × units) a veto happened."""
        here = np.isin(self.among.levels, line.levels)
        return np.array([here & _reached(line, month[:, self.number(line)]) for month in self.months])


def _reached(line: Consequence, value: np.ndarray) -> np.ndarray:
    """Say where a value is as bad as a veto asks for."""
    return value >= float(line.from_value) if line.good == "lower" else value <= float(line.from_value)


def facts(found: Compared, history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Facts:
    """Gather what the lines outside the hundred look at."""
    by_month = _by_month(scheme) and period.months > 1
    months = [Period(month, 1) for month in period.month_numbers] if by_month else []
    earlier = [_values(compared(history, month, scheme, tree, among), scheme) for month in months]
    values = _values(found, scheme)
    return Facts(scheme, among, period, values, tuple(earlier) or (values,))


def _values(found: Compared, scheme: Scheme) -> np.ndarray:
    outer = slice(len(scheme.indicators), None)
    return np.where(valued(found.status[:, outer]), found.value[:, outer], np.nan)


def _by_month(scheme: Scheme) -> bool:
    return any(line.effect == "zero_item" for line in scheme.consequences)


def needs(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods whose measures the lines outside the hundred look at: the months, where a veto zeroes an item.

    >>> from fengqiao_eval.periods import parse
    >>> needs(Scheme.model_construct(outside=()), [parse("2024Q4")])
    ()
    """
    months = (Period(month, 1) for period in periods if period.months > 1 for month in period.month_numbers)
    return tuple(dict.fromkeys(months)) if _by_month(scheme) else ()


def consequences(
    known: Facts, contributions: np.ndarray, *, year_only: bool = False, beside: Sequence[Adjustment] = ()
) -> tuple[Adjustment, ...]:
    """Give the lines outside the hundred of every unit in a period, group by group, in the order of the table.

    contributions: units × indicators, whole 10^-decimals, of which vetoes take. year_only: only the lines of that kind.
    beside: lines that stand already, and take room within the limits of their groups. A line without effect is left out.
    """
    lines = [line for line in known.scheme.consequences if line.year_only or not year_only]
    lines = [line for line in lines if known.period.months == YEAR or not line.year_only]
    found = {line.code: _effect(known, line) for line in lines if line.effect != "zero_item"}
    found |= {one.line: one for one in _zeroed(known, [line for line in lines if line.effect == "zero_item"], contributions)}
    groups = (_group(group, found, known, beside) for group in known.scheme.outside)
    return tuple(line for lines in groups for line in lines if len(line.at))


def _effect(known: Facts, line: Consequence) -> Adjustment:
    """Give what a line does to each unit: points of the total, or a veto that moves no points."""
    value = known.value(line)
    if line.effect not in POINTED:
        nothing = np.zeros(len(value), dtype=np.int64)
        return moved((line.code, line.effect, line.effect), nothing, _reached(line, value), value)
    rule: Any = line.points
    each = each_unit(rule.each, known.among.levels, known.among.classes) if rule.kind == "line" else None
    points = whole(np.nan_to_num(bounded(value_points(rule, value, line.good, each), rule)), known.scheme.decimals)
    amount = np.where(np.isnan(value), 0, points if line.effect == "add" else -points)
    return moved((line.code, rule.kind, line.effect), amount, amount != 0, value)


def _zeroed(known: Facts, lines: Sequence[Consequence], contributions: np.ndarray) -> Iterator[Adjustment]:
    """Take from items what they brought in the months of a veto; a month is taken once, whatever the number of vetoes."""
    codes = [indicator.code for indicator in known.scheme.indicators]
    for line in lines:
        item = np.maximum(contributions[:, codes.index(str(line.item))], 0)
        before = [known.hits(other) for other in lines[: lines.index(line)] if other.item == line.item]
        gone = np.any(before, axis=0).sum(axis=0) if before else np.zeros(len(item), dtype=np.int64)
        hit = np.any([*before, known.hits(line)], axis=0).sum(axis=0)
        amount = _part(item, gone, len(known.months)) - _part(item, hit, len(known.months))
        yield moved((line.code, line.effect, line.effect), amount, amount != 0, known.value(line))


def _part(item: np.ndarray, months: np.ndarray, of: int) -> np.ndarray:
    """Give an item's part for so many of its months, in whole numbers, half-up."""
    return (2 * item * months + of) // (2 * of)


def _group(group: Outside, found: dict[str, Adjustment], known: Facts, beside: Sequence[Adjustment]) -> Iterator[Adjustment]:
    """Give the lines of a group: of those with points perhaps only the weightiest, and what the group's limits change."""
    size = len(known.among.levels)
    lines = [found[line.code] for line in group.lines if line.code in found]
    lines = weightiest(lines, size) if group.best_of else lines
    yield from lines
    within = {group.code} | {line.code for line in group.lines if line.effect in POINTED}
    yield from limited(group, added([line for line in (*lines, *beside) if line.line in within], size), known.scheme.decimals)


def weightiest(lines: Sequence[Adjustment], size: int) -> list[Adjustment]:
    """Keep of each unit's lines with points only the one with the largest amount either way, the first of equals (就高不重复)."""
    amounts = np.zeros((len(lines) + 1, size), dtype=np.int64)
    for number, line in enumerate(lines):
        amounts[number, line.at] = line.amount if line.effect in POINTED else 0
    best = np.abs(amounts).argmax(axis=0)
    return [_only(line, best[line.at] == n) if line.effect in POINTED else line for n, line in enumerate(lines)]


def _only(line: Adjustment, kept: np.ndarray) -> Adjustment:
    return replace(line, at=line.at[kept], amount=line.amount[kept], value=line.value[kept])


def limited(group: Outside, sums: np.ndarray, decimals: int) -> Iterator[Adjustment]:
    """Give what a group's floor and cap, in points of the total, change in the sum of its lines (whole 10^-decimals)."""
    for rule, limit, held in (("floor", group.floor, np.maximum), ("cap", group.cap, np.minimum)):
        if limit is not None:
            amount = np.where(sums == 0, 0, held(sums, whole(float(limit), decimals)) - sums)
            yield moved((group.code, rule, "cap"), amount, amount != 0)
