"""Lines of a total that are no indicator's: caps, geometric means, points outside the hundred, vetoes with their effects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.indicator import POINTED, Consequence, Outside
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.benchmarks import Benchmarked, History, apply_references, has_value
from fengqiao_eval.scoring.normalisation import PointScale, half_up_ratio, rule_points

WHOLE = "total"
"""The line of what changes the whole, and no part of it."""

GRADED = ("cap_grade", "ungraded", "bar_award")
"""The effects that move no points."""

YEAR = 12


@dataclass(frozen=True)
class Adjustment:
    """One line of some units' totals: which line of the scheme, by what rule, with what effect, and how much.

    at: the positions of the units; amount: in whole 10^-decimals, signed; value: what was counted (NaN where nothing was).
    """

    line: str
    rule: str
    effect: str
    at: np.ndarray
    amount: np.ndarray
    value: np.ndarray


def make_adjustment(
    name: tuple[str, str, str], amount: np.ndarray, where: np.ndarray, value: np.ndarray | None = None
) -> Adjustment:
    """Make a line (its code, rule and effect) of the units where it is said to be; amount and value are of all units."""
    at = np.flatnonzero(where)
    return Adjustment(*name, at, amount[at], np.full(len(at), np.nan) if value is None else value[at])


def sum_adjustments(adjustments: Iterable[Adjustment], size: int) -> np.ndarray:
    """Add up the amounts of each unit."""
    sums = np.zeros(size, dtype=np.int64)
    for each in adjustments:
        np.add.at(sums, each.at, each.amount)
    return sums


# What the lines outside the hundred look at


@dataclass(frozen=True)
class Facts:
    """What the lines outside the hundred look at, in one period: the scheme, who, and what was counted, in it and by month.

    values: units × lines outside the hundred, NaN where there is none; months: the same for every month of the period; found:
    where the values come from.
    """

    scheme: Scheme
    among: Cohort
    period: Period
    values: np.ndarray
    months: tuple[np.ndarray, ...]
    found: Benchmarked

    def number(self, line: Consequence) -> int:
        """Say which of the lines outside the hundred it is."""
        return [each.code for each in self.scheme.consequences].index(line.code)

    def value(self, line: Consequence) -> np.ndarray:
        """Give what was counted for a line, NaN at levels where it takes no effect."""
        return np.where(np.isin(self.among.levels, line.levels), self.values[:, self.number(line)], np.nan)

    def hits(self, line: Consequence) -> np.ndarray:
        """Say in which months (months × units) a veto happened."""
        here = np.isin(self.among.levels, line.levels)
        return np.array([here & _is_triggered(line, month[:, self.number(line)]) for month in self.months])


def _is_triggered(line: Consequence, value: np.ndarray) -> np.ndarray:
    """Say where a value is as bad as a veto asks for."""
    return value >= float(line.from_value) if line.good == "lower" else value <= float(line.from_value)


def facts(found: Benchmarked, history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Facts:
    """Gather what the lines outside the hundred look at."""
    by_month = _has_zero_item(scheme) and period.months > 1
    months = [Period(month, 1) for month in period.month_numbers] if by_month else []
    earlier = [_values(apply_references(history, month, scheme, tree, among), scheme) for month in months]
    values = _values(found, scheme)
    return Facts(scheme, among, period, values, tuple(earlier) or (values,), found)


def _values(found: Benchmarked, scheme: Scheme) -> np.ndarray:
    outer = slice(len(scheme.indicators), None)
    return np.where(has_value(found.status[:, outer]), found.value[:, outer], np.nan)


def _has_zero_item(scheme: Scheme) -> bool:
    return any(line.effect == "zero_item" for line in scheme.consequences)


def veto_months(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods whose measures the lines outside the hundred look at: the months, where a veto zeroes an item.

    >>> from fengqiao_eval.periods import parse
    >>> veto_months(Scheme.model_construct(outside=()), [parse("2024Q4")])
    ()
    """
    months = (Period(month, 1) for period in periods if period.months > 1 for month in period.month_numbers)
    return tuple(dict.fromkeys(months)) if _has_zero_item(scheme) else ()


# What they do: points added and deducted within the limits of their groups, vetoes with their effects


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
    found |= {one.line: one for one in _zero_items(known, [line for line in lines if line.effect == "zero_item"], contributions)}
    groups = (_group(group, found, known, beside) for group in known.scheme.outside)
    return tuple(line for lines in groups for line in lines if len(line.at))


def _effect(known: Facts, line: Consequence) -> Adjustment:
    """Give what a line does to each unit: points of the total, or a veto that moves no points."""
    value = known.value(line)
    if line.effect not in POINTED:
        nothing = np.zeros(len(value), dtype=np.int64)
        return make_adjustment((line.code, line.effect, line.effect), nothing, _is_triggered(line, value), value)
    rule: Any = line.points
    each = each_unit(rule.each, known.among.levels, known.among.classes) if rule.kind == "line" else None
    exact = partial(known.found.exact, len(known.scheme.indicators) + known.number(line), line)
    points = np.nan_to_num(rule_points(rule, value, exact, line.good, each, PointScale(), known.scheme.decimals)).astype(np.int64)
    amount = points if line.effect == "add" else -points
    return make_adjustment((line.code, rule.kind, line.effect), amount, amount != 0, value)


def _zero_items(known: Facts, lines: Sequence[Consequence], contributions: np.ndarray) -> Iterator[Adjustment]:
    """Take from items what they brought in the months of a veto; a month is taken once, whatever the number of vetoes."""
    codes = [indicator.code for indicator in known.scheme.indicators]
    for line in lines:
        item = np.maximum(contributions[:, codes.index(str(line.item))], 0)
        before = [known.hits(other) for other in lines[: lines.index(line)] if other.item == line.item]
        gone = np.any(before, axis=0).sum(axis=0) if before else np.zeros(len(item), dtype=np.int64)
        hit = np.any([*before, known.hits(line)], axis=0).sum(axis=0)
        amount = half_up_ratio(item * gone, len(known.months)) - half_up_ratio(item * hit, len(known.months))
        yield make_adjustment((line.code, line.effect, line.effect), amount, amount != 0, known.value(line))


def _group(group: Outside, found: dict[str, Adjustment], known: Facts, beside: Sequence[Adjustment]) -> Iterator[Adjustment]:
    """Give the lines of a group: of those with points perhaps only the weightiest, and what the group's limits change."""
    size = len(known.among.levels)
    lines = [found[line.code] for line in group.lines if line.code in found]
    lines = weightiest_lines(lines, size) if group.best_of else lines
    yield from lines
    within = {group.code} | {line.code for line in group.lines if line.effect in POINTED}
    sums = sum_adjustments([line for line in (*lines, *beside) if line.line in within], size)
    yield from limit_group(group, sums, known.scheme.decimals)


def weightiest_lines(lines: Sequence[Adjustment], size: int) -> list[Adjustment]:
    """Keep of each unit's lines with points only the one with the largest amount either way, the first of equals (就高不重复)."""
    amounts = np.zeros((len(lines) + 1, size), dtype=np.int64)
    for number, line in enumerate(lines):
        amounts[number, line.at] = line.amount if line.effect in POINTED else 0
    best = np.abs(amounts).argmax(axis=0)
    kept = [best[line.at] == n if line.effect in POINTED else np.ones(len(line.at), dtype=bool) for n, line in enumerate(lines)]
    return [
        replace(line, at=line.at[here], amount=line.amount[here], value=line.value[here])
        for line, here in zip(lines, kept, strict=True)
    ]


def limit_group(group: Outside, sums: np.ndarray, decimals: int) -> Iterator[Adjustment]:
    """Give what a group's floor and cap, in points of the total, change in the sum of its lines (whole 10^-decimals)."""
    for rule, limit, held in (("floor", group.floor, np.maximum), ("cap", group.cap, np.minimum)):
        if limit is not None:
            amount = np.where(sums == 0, 0, held(sums, Rational.fill(limit, 1).half_up(decimals)) - sums)
            yield make_adjustment((group.code, rule, "cap"), amount, amount != 0)
