"""A longer period and the shorter ones in it: which they are, and the mean of their totals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fengqiao_eval.errors import OFFICER, Note
from fengqiao_eval.measuring.rationals import Rational, add_up
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.adjustments import GRADED, WHOLE, Adjustment, Facts, consequences, make_adjustment, sum_adjustments
from fengqiao_eval.scoring.aggregation import Totals, covers_enough, has_coverage
from fengqiao_eval.scoring.normalisation import DECIMALS, half_up_ratio, round_points
from fengqiao_eval.scoring.result import Scored

MONTHS = {"month": 1, "quarter": 3}


def parts(scheme: Scheme, period: Period) -> tuple[Period, ...]:
    """Name the periods of whose totals a longer one is the mean, the longest that are shorter; none where it is counted anew.

    >>> from fengqiao_eval.periods import parse
    >>> scheme = Scheme.model_construct(longer_period="mean_of_totals", mean_of=("month", "quarter"))
    >>> [*map(str, parts(scheme, parse("2024")))], [*map(str, parts(scheme, parse("2024Q4")))], parts(scheme, parse("2024-10"))
    (['2024Q1', '2024Q2', '2024Q3', '2024Q4'], ['2024-10', '2024-11', '2024-12'], ())
    """
    lengths = [MONTHS[word] for word in scheme.mean_of if MONTHS[word] < period.months]
    if scheme.longer_period == "recount" or not lengths:
        return ()
    return tuple(Period(first, max(lengths)) for first in period.month_numbers[:: max(lengths)])


def expand_parts(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the periods, and after them every period of which they are the mean, at any remove."""
    asked = tuple(dict.fromkeys(periods))
    inner = [part for period in asked for part in parts(scheme, period)]
    return tuple(dict.fromkeys((*asked, *expand_parts(scheme, inner)))) if inner else asked


def mean_of(shorter: Sequence[Scored], recounted: Scored, known: Facts) -> Scored:
    """Give a longer period the mean of the totals of shorter ones (R43), of each unit those in which enough was scored.

    Weights used and lines outside the hundred are means over the same periods, points too, each by the weight that was used, and
    a contribution is points × weight used as in any period; one line carries what rounding leaves, so that the total is the mean
    of the totals, half-up. The share covered is the mean over all, so that who had little scored most of the time has no place;
    of whom no period stands nothing is covered, for the total is none.
    Lines of the year only, and vetoes on grades, are those of the recount.
    """
    scheme, size = known.scheme, len(recounted.barred)
    stands = np.array([has_coverage(one.totals.covered, one.barred, scheme) for one in shorter])
    points, weighed = mean_points([one.points for one in shorter], [one.totals for one in shorter], stands, scheme.decimals)
    contributions = weighed.contributions
    lines = _mean_lines(shorter, stands, known)
    left = half_up_mean([one.totals.totals for one in shorter], stands) - contributions.sum(axis=1) - sum_adjustments(lines, size)
    lines.append(make_adjustment((WHOLE, "mean_of_totals", "aggregate"), left, left != 0))
    lines += [line for line in consequences(known, contributions) if line.effect in GRADED]
    lines += consequences(known, contributions, year_only=True, beside=lines)
    covered = np.where(stands.any(axis=0) | ~covers_enough(weighed.covered, scheme), weighed.covered, 0)
    totals = replace(weighed, totals=weighed.totals + sum_adjustments(lines, size), covered=covered)
    return replace(recounted, points=points, barred=stands.sum(axis=0) == 0, totals=totals, adjustments=merge_lines(lines, size))


def half_up_mean(amounts: Sequence[np.ndarray], stands: np.ndarray) -> np.ndarray:
    """Take the half-up mean of whole numbers over the periods that stand (periods × units); 0 where none does.

    >>> half_up_mean([np.array([1, 7]), np.array([2, 9])], np.array([[True, False], [True, False]])).tolist()
    [2, 0]
    """
    sums, count = _sums(amounts, stands)
    return half_up_ratio(sums, count)


def _sums(arrays: Sequence[np.ndarray], stands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add up what stands, and say of how many periods; units first, whatever else an array has."""
    shape = (-1,) + (1,) * (arrays[0].ndim - 1)
    kept = [np.where(stand.reshape(shape), array, 0) for array, stand in zip(arrays, stands, strict=True)]
    return sum(kept[1:], kept[0]), stands.sum(axis=0).reshape(shape)


def mean_points(
    points: Sequence[np.ndarray], totals: Sequence[Totals], stands: np.ndarray, decimals: int
) -> tuple[np.ndarray, Totals]:
    """Take the mean of points over the periods that stand, each by the weight used; NaN where none has any; and weigh them.

    points: one array (units × indicators) a period, with the totals behind it. What weighs nothing counts alike.
    """
    there = [stand[:, None] & ~np.isnan(each) for each, stand in zip(points, stands, strict=True)]
    given = [np.where(has, each, 0) for has, each in zip(there, points, strict=True)]
    used, count = _sums([one.weight_used for one in totals], stands)
    weight, shape = used / np.maximum(count, 1), used.shape
    weighs = used > 0

    def each_weight(units: np.ndarray, indicators: np.ndarray) -> list[Rational]:
        ones = np.ones(len(units), dtype=np.int64)
        exact = [Rational(ones, ones).where(~weighs[units, indicators], one.exact(units, indicators)) for one in totals]
        return [one.where(has[units, indicators], 0) for one, has in zip(exact, there, strict=True)]

    def exact_weight(units: np.ndarray, indicators: np.ndarray) -> Rational:
        sums, _ = add_up([one.exact(units, indicators).where(own[units], 0) for one, own in zip(totals, stands, strict=True)])
        return sums / Rational.read(np.maximum(stands.sum(axis=0), 1)[units])

    def mean(at: np.ndarray) -> Rational:
        units, indicators = np.unravel_index(at, shape)
        weights = each_weight(units, indicators)
        sums, _ = add_up([Rational.read(one[units, indicators]) * by for one, by in zip(given, weights, strict=True)])
        return sums / add_up(weights)[0]

    def product(at: np.ndarray) -> Rational:
        units, indicators = np.unravel_index(at, shape)
        return Rational.read(np.nan_to_num(found[units, indicators])) * exact_weight(units, indicators)

    by = [np.where(weighs, one.weight_used, 1) * has for one, has in zip(totals, there, strict=True)]
    over = np.sum(by, axis=0)
    about = np.sum([one * each for one, each in zip(given, by, strict=True)], axis=0) / np.where(over > 0, over, np.nan)
    most = float(np.nanmax(np.abs(about), initial=0))
    found = round_points(about.ravel(), mean, DECIMALS, most).reshape(shape) / 10**DECIMALS
    whole = round_points((np.nan_to_num(found) * weight).ravel(), product, decimals, most).reshape(shape).astype(np.int64)
    covered = np.mean([one.covered for one in totals], axis=0)
    return found, Totals(whole, whole.sum(axis=1), weight, covered, exact_weight)


def _mean_lines(shorter: Sequence[Scored], stands: np.ndarray, known: Facts) -> list[Adjustment]:
    """Take the mean of each line that carries points; beside it stands what was counted in the whole period."""
    size = stands.shape[1]
    values = {line.code: known.value(line) for line in known.scheme.consequences}
    found = []
    for name in dict.fromkeys((line.line, line.rule, line.effect) for one in shorter for line in one.adjustments):
        own = [[line for line in one.adjustments if (line.line, line.rule, line.effect) == name] for one in shorter]
        amount = half_up_mean([sum_adjustments(lines, size) for lines in own], stands)
        found.append(make_adjustment(name, amount, amount != 0, values.get(name[0])))
    return found


def merge_lines(lines: Iterable[Adjustment], size: int) -> tuple[Adjustment, ...]:
    """Make one line of those that have everything but the amount in common; what has no unit is left out."""
    named: dict[tuple[str, str, str], list[Adjustment]] = {}
    for line in lines:
        named.setdefault((line.line, line.rule, line.effect), []).append(line)
    return tuple(one for name, same in named.items() if len((one := _sum_lines(name, same, size)).at))


def _sum_lines(name: tuple[str, str, str], same: Sequence[Adjustment], size: int) -> Adjustment:
    if len(same) == 1:
        return same[0]
    there, value = np.zeros(size, dtype=bool), np.full(size, np.nan)
    for line in same:
        there[line.at], value[line.at] = True, line.value
    return make_adjustment(name, sum_adjustments(same, size), there, value)


def exclusion_notes(scheme: Scheme, tree: Tree, period: Period, scored: Any) -> Iterator[Note]:
    """Say of each period of which another is the mean which units it is no part of, for too little was scored.

    Persons are counted and not named: notes stand on every page.
    """
    persons = (tree.units["level"] == OFFICER).to_numpy()
    for part in parts(scheme, period):
        one = scored[part]
        out = one.among.eligible & ~has_coverage(one.totals.covered, one.barred, scheme)
        ids = tree.units["unit_id"][out & ~persons].tolist()
        if out.any():
            yield Note("mean_left_out", {"period": str(part), "count": int(out.sum()), "ids": ", ".join(ids[:5]) or "—"})
