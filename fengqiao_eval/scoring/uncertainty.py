"""How firm a place is: errors of points and totals, ranges of places, chances, rankability, and what doubt about weights adds.

From top to bottom: draws of values by their sampling errors through the whole rule, which give the errors of points and totals;
what lies behind the totals of one class, and the ranges and chances that come of it; weights in doubt; and, last, every class of
a period. Totals are normal around what lies behind them, and that is normal around the class: how far units lie apart (τ) is no
number that is known, but drawn from a grid by how likely the totals make it. Numbers of totals are whole 10^-decimals, as totals
are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from fengqiao_eval.errors import Note, Status
from fengqiao_eval.measuring.denominators import periods_before
from fengqiao_eval.measuring.peer_groups import Cohort, members
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.benchmark import Place
from fengqiao_eval.scheme.measure import Figure
from fengqiao_eval.scheme.normalisation import Relative
from fengqiao_eval.scheme.scheme import Doubt, Scheme, parts_of
from fengqiao_eval.scoring.adjustments import WHOLE, sum_adjustments
from fengqiao_eval.scoring.aggregation import Weights, gather, has_coverage, shares, unique_patterns, weights_at
from fengqiao_eval.scoring.benchmarks import History, admit, has_value, hold_entry
from fengqiao_eval.scoring.long_periods import parts
from fengqiao_eval.scoring.normalisation import IndicatorPoints, points_of
from fengqiao_eval.scoring.ranking import DOTS, SETTLED, award_count
from fengqiao_eval.scoring.sampling_errors import Law, law_of
from fengqiao_eval.scoring.sensitivity import CELLS, TAIL, competition, draw_weights, ends, quantiles, stretch_weights

if TYPE_CHECKING:  # as in benchmarks
    from fengqiao_eval.scoring.result import Scored

VALUES = 200
"""Draws of values that pass the whole rule, from which the errors of points and totals come."""

TREND = 50
"""Draws for a period of which no place is asked, such as a month of the trend."""

ROWS = 2**17
"""Units times draws that pass the rule at a time."""

DRAWS = 1000
"""Draws of what lies behind the totals, from which ranges and chances come."""

GRID = 60
"""Numbers that τ may be, from 0 to three times what totals differ by."""

SILENT = 0.3
"""Where units keep less than this, how far they lie apart is not known well enough to say how sure a grade is.

What is said of 80 to 90 % there would come true nearly always in classes without true differences, and in 67 to 75 % where noise
is twice what units differ by."""

VECTORS = 20
"""Draws of weights where these are in doubt; the draws are dealt out among them."""

LEAST = 5
"""Classes of fewer ranked units have no ranges: only which of two stands above the other is said."""

WARY = 2.0
"""Of classes of fewer than LEAST that differ by much is believed as much less likely beforehand: (s / (s + τ))^WARY.

So few units say next to nothing of how far they lie apart. With all alike likely, pairs said to be settled came true in 78 % of
classes of two where noise is three times what units differ by. The power 2 is DuMouchel's prior (1994), by which τ is as likely
under the typical error s as over it."""

AGAIN = 4
"""Of so many draws one is asked what another period would bring."""

HUNDREDS = 200
"""Of classes of so many units, whose pairs are very many, one draw in AGAIN is asked who stands above whom."""


def dice(seed: int, *names: str) -> np.random.Generator:
    """Make the random numbers of one purpose: the same seed and names give the same, whatever else is drawn on how many cores.

    >>> one, same = dice(0, "2024Q4", "四类"), dice(0, "2024Q4", "四类")
    >>> one.integers(100, size=3).tolist() == same.integers(100, size=3).tolist()
    True
    """
    digest = sha256("\x1f".join(names).encode()).digest()
    words = [int.from_bytes(digest[start : start + 4], "little") for start in range(0, 16, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


# Draws of values through the whole rule: points, and totals of the hundred


@dataclass(frozen=True)
class Errors:
    """The errors of one period, from draws of all that is random: whole 10^-decimals for totals, points for points.

    hundred: the totals of the hundred as printed; outside: what facts add and take; error: of the hundred (NaN: not known);
    points: units × indicators, the error of each (NaN: not known); bent: whether the mean of draws is more than half an error
    away from what the rule makes of their middle, as it is near a cap; points for standing in the class are left out of that;
    unknown: indicator -> the word for why it has no error, in some class at least: where its points have none.
    """

    hundred: np.ndarray
    outside: np.ndarray
    error: np.ndarray
    points: np.ndarray
    bent: np.ndarray
    unknown: Mapping[int, str]


class Setting(NamedTuple):
    """Where draws are made: the measures of all periods, the period, the scheme, the units, with whom each is compared."""

    history: History
    period: Period
    scheme: Scheme
    tree: Tree
    seed: int


def total_errors(setting: Setting, one: "Scored", draws: int = VALUES) -> Errors:
    """Draw values by their laws, and take all of them through references, rules, weights, floors, caps and rounding.

    one: the period as scored. What is missing, exempt, gated or fixed stays as it was scored, and so does each unit's weight.
    """
    scheme, size = setting.scheme, len(one.points)
    outside, gone = _outside(one, scheme), _share_gone(one, scheme)
    hundred = one.totals.totals - outside
    laws, lost, unknown = _laws(setting, one)
    weighs = (one.totals.weight_used > 0) & ~np.isnan(one.points)
    middle, spread = np.zeros(size), np.zeros(size)
    sums, squares = np.zeros((2, *one.points.shape))
    centre = next(_drawn_totals(setting, one, laws, gone, 0)) if laws else None
    if centre is not None:
        for points, totals in _drawn_totals(setting, one, laws, gone, draws):
            for draw in range(totals.shape[1]):
                away, off = totals[:, draw] - centre[1][:, 0], points[:, draw] - centre[0][:, 0]
                middle += away
                spread += away**2
                sums += off
                squares += off**2
    error = np.sqrt(np.maximum(spread - middle**2 / draws, 0) / (draws - 1))
    points = np.sqrt(np.maximum(squares - sums**2 / draws, 0) / (draws - 1))
    points[lost] = np.nan
    for at in members(one.among.within, np.ones(size, dtype=bool)):  # places of a class hang on all of its totals
        if (lost[at] & weighs[at]).any():
            error[at] = np.nan
    bent = np.abs(middle / draws - _lean_of_standing(sums / draws, one, scheme)) > error / 2
    return Errors(hundred, outside, error, np.where(np.isnan(one.points), np.nan, points), bent, unknown)


def _lean_of_standing(leans: np.ndarray, one: "Scored", scheme: Scheme) -> np.ndarray:
    """Give by how much the means of draws lean in points for standing in the class, in whole numbers of totals.

    Such points spread over the whole scale whatever the units differ by: their draws lie nearer the middle of the class as all
    that is partly chance does. That is in the ranges already, and no bend of the rule.
    """
    standing = [
        number
        for number, entry in enumerate(scheme.indicators)
        if isinstance(entry.points, Relative) or any(isinstance(reference, Place) for reference in entry.against)
    ]
    moved = np.nan_to_num(leans[:, standing]) * one.totals.weight_used[:, standing]
    return np.asarray(moved.sum(axis=1) * 10**scheme.decimals)


def _is_random(one: "Scored", number: int) -> np.ndarray:
    return has_value(one.status[:, number]) & ~np.isnan(one.points[:, number])


Laws = Mapping[tuple[int, Period], Law]
"""The laws of indicators, by number and period."""


def _laws(setting: Setting, one: "Scored") -> tuple[Laws, np.ndarray, dict[int, str]]:
    """Give the law of every indicator in every period that it is held against, and who has none.

    The latter: units × indicators, all who are scored of a class in which one has none; and the word for why, by indicator.
    """
    history, period, scheme, tree, _ = setting
    laws: dict[tuple[int, Period], Law] = {}
    lost = np.zeros(one.points.shape, dtype=bool)
    unknown: dict[int, str] = {}
    for number, entry in enumerate(scheme.indicators):
        random = _is_random(one, number)
        if not random.any():
            continue
        own: dict[Period, Law | str] = {}
        for when in periods_before(entry.against, [period])[0]:
            months = [history[m] for m in (Period(month, 1) for month in when.month_numbers) if m in history and when.months > 1]
            status = admit(history[when], scheme, tree, number)
            own[when] = law_of(number, history[when], months, scheme, tree, (status, one.among.within))
            if isinstance(law := own[when], Law):
                without, word = has_value(status) & ~law.known, law.word
            else:
                without, word = np.full(len(random), law != "sure"), law
            if (gone := random & np.isin(one.among.within, one.among.within[random & without])).any():
                lost[:, number] |= gone
                unknown.setdefault(number, word)
        if not lost[random, number].all():
            laws |= {(number, when): law for when, law in own.items() if isinstance(law, Law)}
    return laws, lost, unknown


def _drawn_totals(
    setting: Setting, one: "Scored", laws: Laws, gone: np.ndarray, draws: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give points (units × draws × indicators) and totals of the hundred (units × draws), some draws at a time; 0: the middle."""
    size = len(one.points)
    step = max(1, min(max(draws, 1), ROWS // max(1, size)))
    random = sorted({number for number, _ in laws})
    for start in range(0, max(draws, 1), step):
        count = min(step, max(draws, 1) - start)
        long = one.among.stretch(count)
        points = np.repeat(one.points, count, axis=0)
        for number in random:
            own = {when: law for (other, when), law in laws.items() if other == number}
            values = {when: _values(setting, number, when, law, count, start if draws else -1) for when, law in own.items()}
            found = _points(setting, number, values, long, count)
            printed = ~np.isnan(found) & np.repeat(_is_random(one, number), count)
            np.copyto(points[:, number], found, where=printed)
        status, barred = np.repeat(one.status, count, axis=0), np.repeat(one.barred, count)
        gathered = gather(IndicatorPoints(points, status, ~np.isnan(points), barred), setting.scheme, long)
        taken = gathered.totals.contributions
        totals = taken.sum(axis=1) + sum_adjustments(gathered.adjustments, len(taken)).astype(float)
        if gone.any():
            totals -= np.floor((np.maximum(taken, 0) * np.repeat(gone, count, axis=0)).sum(axis=1) + 0.5)
        yield points.reshape(size, count, -1), totals.reshape(size, count)


def _values(setting: Setting, number: int, when: Period, law: Law, count: int, start: int) -> np.ndarray:
    """Draw the values of an indicator in a period (units · draws, the draws of a unit together); or its middle."""
    code, printed = setting.scheme.indicators[number].code, setting.history[when].value[:, number]
    if start < 0:
        return np.repeat(np.where(law.known, law.centre, printed), count)
    drawn = law.draw(dice(setting.seed, str(setting.period), code, str(when), str(start)), count)
    return np.where(law.known[:, None], drawn, printed[:, None]).ravel()  # others may be held against who has no law


def _points(setting: Setting, number: int, values: Mapping[Period, np.ndarray], long: Cohort, count: int) -> np.ndarray:
    """Give the points of drawn values of one indicator, references and standing in the class reckoned anew for each draw."""
    history, period, scheme, tree, _ = setting
    entry = scheme.entries[number]
    held = {
        when: (Rational.drawn(own), np.repeat(admit(history[when], scheme, tree, number), count)) for when, own in values.items()
    }
    value, status = values[period], held[period][1]
    if entry.against:
        dues = {when: {key: due.repeat(count) for key, due in history[when].due.items() if key[0] == number} for when in held}
        last = hold_entry(number, period, held, dues, scheme, long)[-1]
        value, status = last.result, last.status
    status = np.where(np.isnan(value), Status.NO_RECORDS, status)
    return points_of(scheme.indicators[number], value, status, lambda at: Rational.read(value[at]), scheme, long)[0]


def _outside(one: "Scored", scheme: Scheme) -> np.ndarray:
    """Add up what facts outside the hundred add and take of each total; a veto that zeroes an item is part of the hundred."""
    inside = {WHOLE, *(p.part.code for p in parts_of(scheme))}
    lines = [line for line in one.adjustments if line.line not in inside and line.effect != "zero_item"]
    return sum_adjustments(lines, len(one.points))


def _share_gone(one: "Scored", scheme: Scheme) -> np.ndarray:
    """Say which share of each contribution vetoes take away (units × indicators)."""
    gone, codes = np.zeros(one.points.shape), [indicator.code for indicator in scheme.indicators]
    items = {line.code: codes.index(str(line.item)) for line in scheme.consequences if line.effect == "zero_item"}
    for line in (line for line in one.adjustments if line.effect == "zero_item"):
        item = one.totals.contributions[line.at, items[line.line]]
        gone[line.at, items[line.line]] += np.divide(-line.amount, item, out=np.zeros(len(item)), where=item > 0)
    return gone


# What lies behind the totals of one class


@dataclass(frozen=True)
class Posterior:
    """What the totals of a class say about how far its units lie apart: a number of τ a row, with its share of the belief.

    tau, share: GRID numbers, the shares add up to 1; mean, variance: of the middle of the class, for each τ.
    """

    tau: np.ndarray
    share: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    def kept(self, variances: np.ndarray) -> np.ndarray:
        """Give the share of what sets it apart that each unit keeps, τ²/(τ² + s²), over all of τ."""
        return np.asarray((self.share[:, None] * _share_kept(self.tau, variances)).sum(axis=0))

    def shrunken(self, totals: np.ndarray, variances: np.ndarray) -> np.ndarray:
        """Give the mean of what may lie behind each total."""
        drawn = self.mean[:, None] + _share_kept(self.tau, variances) * (totals - self.mean[:, None])
        return np.asarray((self.share[:, None] * drawn).sum(axis=0))


def _share_kept(tau: np.ndarray, variances: np.ndarray) -> np.ndarray:
    squares = (tau**2)[:, None]
    return squares / (squares + _floor(variances)[None, :])


def _floor(variances: np.ndarray) -> np.ndarray:
    """Give who has no error next to none, so that nothing is divided by 0."""
    return np.maximum(variances, 1e-9 * variances.mean())


def posterior(totals: np.ndarray, variances: np.ndarray, grid: int = GRID) -> Posterior:
    """Find how far the units of a class lie apart, from totals with errors; not all errors are 0.

    τ = 0 is one of the numbers: units that do not differ at all are then all the first. Beforehand all are alike likely, but in
    classes of fewer than LEAST, of which WARY holds.

    >>> found = posterior(np.array([1.0, 2, 3, 4, 5]), np.full(5, 1e-6))
    >>> found.kept(np.full(5, 1e-6)).round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    variances = _floor(variances)
    tau = np.linspace(0, max(3 * float(totals.std()), 2 * float(np.sqrt(variances.mean()))), grid)
    weight = 1 / (variances[None, :] + (tau**2)[:, None])
    variance = 1 / weight.sum(axis=1)
    mean = (weight * totals).sum(axis=1) * variance
    away = (weight * (totals[None, :] - mean[:, None]) ** 2).sum(axis=1)
    likely = 0.5 * (np.log(variance) + np.log(weight).sum(axis=1) - away)
    if len(totals) < LEAST:
        likely -= WARY * np.log(1 + tau / np.sqrt(1 / np.mean(1 / variances)))
    share = np.exp(likely - likely.max())
    return Posterior(tau, share / share.sum(), mean, variance)


def draw_totals(
    found: Posterior, totals: np.ndarray, variances: np.ndarray, lots: np.random.Generator, draws: int = DRAWS
) -> Iterator[np.ndarray]:
    """Draw what may lie behind the totals (draws × units, in whole numbers), so many draws at a time as the cache holds.

    For each draw first τ, then the middle of the class, then every unit.
    """
    variances = _floor(variances)
    number = np.searchsorted(np.cumsum(found.share), lots.random(draws) * (1 - 1e-12))
    middle = found.mean[number] + lots.standard_normal(draws) * np.sqrt(found.variance[number])
    kept = _share_kept(found.tau, variances)
    lean, wide = kept * totals, np.sqrt(kept * variances)
    step = max(1, CELLS // max(1, len(totals)))
    for start in range(0, draws, step):
        some, centre = number[start : start + step], middle[start : start + step, None]
        drawn = lots.standard_normal((len(some), len(totals)))
        drawn *= wide[some]
        drawn += lean[some]
        drawn += centre * (1 - kept[some])
        drawn += 0.5
        yield np.floor(drawn, out=drawn)


# One class: ranges and chances


@dataclass(frozen=True)
class RankedClass:
    """The ranked units of one class, an array a field: what is printed, and how firm it is.

    hundred: totals of the hundred; outside: what facts outside it add and take, in every draw; error: of the hundred (NaN: not
    known); place: as printed; barred: who is not named whatever the place; lower, upper: from where to below what a total has
    the grade that is printed (NaN: no grade).
    """

    hundred: np.ndarray
    outside: np.ndarray
    error: np.ndarray
    place: np.ndarray
    barred: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def __len__(self) -> int:
        """Count the units."""
        return len(self.hundred)


class Duel(NamedTuple):
    """Two units of a class, by their positions, and the chance that the first stands above the other: behind it all, and again.

    again: in another period of the same kind, in which chance plays anew.
    """

    unit: int
    other: int
    chance: float
    again: float


@dataclass(frozen=True)
class Firmness:
    """How firm the places of a class are; low and high are 0 where nothing is said, and what is empty was not asked.

    low, high: places, widened to hold the printed one; pulled: where that was needed; shrunken: the mean of what may lie behind
    each total; kept: the share of its own that each keeps; first: k -> the chance of being among the first k; named: of being
    named; grade: of the grade printed (NaN: none, or nobody can tell); dots: DOTS × units, places each as likely as the others;
    again: low and high (2 × units) of the place in another period of the same kind, which need not hold the printed one;
    apart: 2 × units, the printed place up to which all stand above it, and from which on all stand below it (0: none).
    """

    low: np.ndarray
    high: np.ndarray
    pulled: np.ndarray
    shrunken: np.ndarray
    kept: np.ndarray
    first: dict[int, np.ndarray] = field(default_factory=dict)
    named: np.ndarray = field(default_factory=lambda: np.zeros(0))
    grade: np.ndarray = field(default_factory=lambda: np.zeros(0))
    dots: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    again: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    apart: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    duels: tuple[Duel, ...] = ()

    @property
    def rankability(self) -> float:
        """The mean share of their differences that the units keep; under RANKABLE the class cannot be put into an order."""
        return float(self.kept.mean()) if len(self.kept) else float("nan")


def firmness(
    units: RankedClass, lots: np.random.Generator, firsts: Sequence[int] = (), award: int = 0, draws: int = DRAWS
) -> Firmness:
    """Say how firm the places of one class are; firsts: of which k the chances are asked, award: how many are named.

    Where an error is not known there is nothing to say (all is empty but for zeros). Where all errors are 0 the range is the
    place. Classes of fewer than LEAST have no range, only pairs.

    >>> none = np.zeros(5)
    >>> totals, place = np.array([9000.0, 8900, 8800, 8700, 8600]), np.arange(1, 6)
    >>> units = RankedClass(totals, none, none + 80, place, none > 0, none, none + 1e9)
    >>> found = firmness(units, dice(0, "an example"), firsts=[1])
    >>> found.low.tolist(), found.high.tolist()
    ([1, 1, 2, 2, 3], [3, 4, 4, 5, 5])
    """
    size = len(units)
    nothing = np.zeros(size, dtype=np.int64)
    if np.isnan(units.error).any() or not size:
        unknown = np.full(size, np.nan)
        return Firmness(nothing, nothing, nothing > 0, unknown, unknown)
    variances, order = units.error**2, _pairs(units.place)
    if not variances.any():
        return _settle(units, firsts, award, order)
    found = posterior(units.hundred, variances)
    places, within, duels = np.empty((draws, size), dtype=np.uint32), np.zeros(size), _DuelCount(order, units.error)
    start, further, anew = 0, [], lots.spawn(1)[0]  # what another period is drawn by moves nothing of this one
    for hundred in draw_totals(found, units.hundred, variances, lots, draws):
        totals = hundred + units.outside
        places[start : start + len(totals)] = competition(totals.astype(np.float32))
        within += ((totals >= units.lower) & (totals < units.upper)).sum(axis=0)
        duels.add(totals)
        if size >= LEAST:
            further.append(_another_period(totals[::AGAIN], units.error, anew))
        start += len(totals)
    shrunken, kept = found.shrunken(units.hundred, variances) + units.outside, found.kept(variances)
    if size < LEAST:
        return Firmness(nothing, nothing, nothing > 0, shrunken, kept, duels=duels.list_all(draws))
    low, high, *dots = quantiles(places, (TAIL, 1 - TAIL, *((dot + 0.5) / DOTS for dot in range(DOTS))))
    return Firmness(
        np.minimum(low, units.place),
        np.maximum(high, units.place),
        (units.place < low) | (units.place > high),
        shrunken,
        kept,
        first={k: (places <= k).mean(axis=0) for k in firsts},
        named=np.where(units.barred, 0, (places <= award).mean(axis=0)),
        grade=np.where(np.isnan(units.lower) | (kept.mean() < SILENT), np.nan, within / draws),
        dots=np.array(dots),
        again=quantiles(np.concatenate(further), (TAIL, 1 - TAIL)),
        apart=settled_places(places, units.place),
        duels=duels.list_all(draws),
    )


def _another_period(totals: np.ndarray, error: np.ndarray, lots: np.random.Generator) -> np.ndarray:
    """Draw the places of another period (draws × units): chance plays anew on what lies behind the totals."""
    drawn = lots.standard_normal(totals.shape, dtype=np.float32)
    drawn *= error.astype(np.float32)
    drawn += totals.astype(np.float32) + np.float32(0.5)
    return competition(np.floor(drawn, out=drawn))


def _settle(units: RankedClass, firsts: Sequence[int], award: int, order: np.ndarray) -> Firmness:
    """Say of a class without errors that all is as printed."""
    totals = units.hundred + units.outside
    first = {k: (units.place <= k).astype(float) for k in firsts}
    named = np.where(units.barred, 0, (units.place <= award).astype(float))
    above = (totals[order[:, 0]] > totals[order[:, 1]]).astype(float).tolist()
    pairs = tuple(Duel(one, other, each, each) for (one, other), each in zip(order.tolist(), above, strict=True))
    none, grade = np.zeros(len(units), dtype=bool), np.where(np.isnan(units.lower), np.nan, 1.0)
    sure = np.vstack([units.place, units.place])
    known = {"again": sure, "apart": settled_places(units.place[None, :], units.place)}
    return Firmness(units.place, units.place, none, totals, np.ones(len(units)), first, named, grade, duels=pairs, **known)


def settled_places(places: np.ndarray, printed: np.ndarray) -> np.ndarray:
    """Give of each unit up to which printed place all stand above it, and from which on all stand below it (2 × units; 0: none).

    places: draws × units; who stands above in SETTLED of them is said to. Of large classes one draw in AGAIN is asked, but of
    neighbours every one, as their chance is printed too.

    >>> settled_places(np.array([[1, 2, 3, 4], [1, 3, 2, 4]]), np.array([1, 2, 3, 4])).tolist()
    [[0, 1, 1, 3], [2, 4, 4, 0]]
    """
    order = np.argsort(printed, kind="stable")
    drawn, placed, size = places[:, order], printed[order], len(order)
    asked = drawn[:: 1 if size < HUNDREDS else AGAIN].astype(np.uint16 if size < 2**16 else np.uint32)
    above, ahead = np.zeros((size, size), dtype=np.uint16), np.empty((size, size), dtype=bool)
    for row in asked:
        np.less(row[:, None], row[None, :], out=ahead)
        np.add(above, ahead.view(np.uint8), out=above)
    settled, first = above >= SETTLED * len(asked), np.arange(size - 1)
    settled[first, first + 1] = (drawn[:, :-1] < drawn[:, 1:]).mean(axis=0) >= SETTLED
    before = np.logical_and.accumulate(settled, axis=0).sum(axis=0)  # nobody stands above itself: there it ends
    after = np.logical_and.accumulate(settled[:, ::-1], axis=1).sum(axis=1)
    # of units that share a place all must be settled
    last = np.searchsorted(placed, placed[before], "left") - 1
    next_ = np.searchsorted(placed, placed[size - 1 - after], "right")
    found = np.zeros((2, size), dtype=np.int64)
    found[0, order] = np.where(last >= 0, placed[last], 0)
    found[1, order] = np.where(next_ < size, placed[np.minimum(next_, size - 1)], 0)
    return found


def _pairs(place: np.ndarray) -> np.ndarray:
    """List whom to hold against whom (pairs of positions, the better first): each against the next; in small classes all."""
    order = np.argsort(place, kind="stable")
    if len(place) >= LEAST:
        return np.column_stack([order[:-1], order[1:]])
    return np.array([(one, other) for at, one in enumerate(order) for other in order[at + 1 :]], dtype=np.int64).reshape(-1, 2)


class _DuelCount:
    """How often the first of each pair stands above the other, draw after draw, and how often it would in another period.

    The latter is reckoned from one draw in AGAIN, with the chance that the errors of both give.
    """

    def __init__(self, order: np.ndarray, error: np.ndarray) -> None:
        self.order, self.above, self.again, self.asked = order, np.zeros(len(order)), np.zeros(len(order)), 0
        self.noise = np.sqrt((error[order] ** 2).sum(axis=1))

    def add(self, totals: np.ndarray) -> None:
        ahead = totals[:, self.order[:, 0]] - totals[:, self.order[:, 1]]
        self.above += (ahead > 0).sum(axis=0)
        some = ahead[::AGAIN]
        self.again += np.where(self.noise > 0, ndtr(some / np.where(self.noise > 0, self.noise, 1)), some > 0).sum(axis=0)
        self.asked += len(some)

    def list_all(self, draws: int) -> tuple[Duel, ...]:
        counted = zip(self.order.tolist(), (self.above / draws).tolist(), (self.again / self.asked).tolist(), strict=True)
        return tuple(Duel(one, other, above, again) for (one, other), above, again in counted)


# Weights in doubt, and indicators that rest on the same records


def doubtful_ranges(
    units: RankedClass,
    points: np.ndarray,
    errors: np.ndarray,
    weights: tuple[Weights, Weights],
    scale: int,
    lots: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the range of places where the weights too are in doubt: low and high, 0 where nothing is said.

    points, errors: units × indicators in points (points NaN where not scored); weights: those in force, and draws of them, among
    which the draws of totals are dealt out; scale: a point in whole numbers. A draw of weights moves totals by points × (weight
    drawn - weight used), and their errors in proportion.
    """
    size, nothing = len(units), np.zeros(len(units), dtype=np.int64)
    if size < LEAST or np.isnan(units.error).any():
        return nothing, nothing
    now, drawn = weights
    patterns, which = unique_patterns(~np.isnan(points))
    used, given, squares = shares(patterns, now)[which], np.nan_to_num(points) * scale, np.nan_to_num(errors) ** 2
    vectors = drawn.own.shape[1]
    every = np.array([shares(np.broadcast_to(pattern, (vectors, len(pattern))), drawn) for pattern in patterns])
    before = (used**2 * squares).sum(axis=1)
    places = []
    for vector in range(vectors):
        own = every[which, vector]
        totals = units.hundred + (given * (own - used)).sum(axis=1)
        by = np.divide((own**2 * squares).sum(axis=1), before, out=np.ones(size), where=before > 0)
        variances = units.error**2 * by
        behind = iter([np.floor(totals + 0.5)[None, :]])
        if variances.any():
            behind = draw_totals(posterior(totals, variances), totals, variances, lots, draws // vectors)
        places += [competition((some + units.outside).astype(np.float32)) for some in behind]
    low, high = ends(np.concatenate(places))
    return np.minimum(low, units.place), np.maximum(high, units.place)


def joint_error(errors: np.ndarray, used: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Give the error of totals where indicators that rest on the same records (equal numbers in sources) move as one.

    errors, used: units × indicators, in points and as shares of the total.

    >>> joint_error(np.array([[3.0, 4.0, 2.0]]), np.array([[0.5, 0.5, 0.0]]), np.array([0, 0, 1])).tolist()
    [3.5]
    """
    moved = np.nan_to_num(errors) * used
    together = [moved[:, sources == source].sum(axis=1) for source in np.unique(sources)]
    return np.asarray(np.sqrt(np.sum(np.square(together), axis=0)))


# A period: every class of it


@dataclass(frozen=True)
class Firm:
    """How firm the places of a period are, an array a field, one a unit: places (0: nothing is said), totals in points.

    low_w, high_w: with weights in doubt too; low_again, high_again: in another period; error: of the total; joint: where
    indicators of the same records err together (NaN: there are none); points: units × indicators, the error of each; statements:
    the chances, class by class.
    """

    low: np.ndarray
    high: np.ndarray
    low_w: np.ndarray
    high_w: np.ndarray
    low_again: np.ndarray
    high_again: np.ndarray
    error: np.ndarray
    joint: np.ndarray
    shrunken: np.ndarray
    points: np.ndarray
    pulled: np.ndarray
    bent: np.ndarray
    statements: tuple["Statement", ...] = ()
    unknown: Mapping[int, str] = field(default_factory=dict)


class Statement(NamedTuple):
    """One kind of chance of units (their positions): the word for it, of whom or what, among the first how many."""

    word: str
    at: np.ndarray
    of: np.ndarray
    k: int | np.ndarray
    chance: np.ndarray


def no_firmness(one: "Scored") -> Firm:
    """Give what is said of a period of which nothing is drawn: nothing."""
    size = len(one.points)
    low, high, low_w, high_w, low_again, high_again = (np.zeros(size, dtype=np.int64) for _ in range(6))
    error, joint, shrunken = (np.full(size, np.nan) for _ in range(3))
    pulled, bent = (np.zeros(size, dtype=bool) for _ in range(2))
    places = low, high, low_w, high_w, low_again, high_again
    return Firm(*places, error, joint, shrunken, np.full(one.points.shape, np.nan), pulled, bent)


def firm_totals(setting: Setting, scored: Mapping[Period, "Scored"]) -> Firm:
    """Say how firm the totals and points of a period are, and nothing of its places: for the months of a trend."""
    one = scored[setting.period]
    if setting.scheme.error == "none":
        return no_firmness(one)
    errors = errors_of(setting, scored, TREND)
    known = np.isfinite(errors.error) & one.ranked
    error = np.where(known, errors.error / 10**setting.scheme.decimals, np.nan)
    return replace(no_firmness(one), error=error, points=errors.points)


def firm_places(setting: Setting, scored: Mapping[Period, "Scored"]) -> Firm:
    """Say how firm the places of a period are; scored: it, and the shorter ones of whose totals it is the mean.

    Nothing is said under `error: none`.
    """
    one, scheme = scored[setting.period], setting.scheme
    if scheme.error == "none":
        return no_firmness(one)
    errors, scale = errors_of(setting, scored), 10**scheme.decimals
    found = no_firmness(one)
    lower, upper = _grade_limits(one, scheme)
    barred = _veto_targets(one, "bar_award")
    statements: list[Statement] = []
    for at in members(one.among.within, one.ranked):
        level, group = str(one.among.levels[at[0]]), str(one.groups[at[0]])
        name = (str(setting.period), level, group)
        units = RankedClass(
            errors.hundred[at].astype(float),
            errors.outside[at].astype(float),
            errors.error[at],
            one.rank[at],
            barred[at],
            lower[at],
            upper[at],
        )
        award = award_count(scheme.awards, len(at))
        firsts = tuple(k for k in sorted({1, 3, award}) if 0 < k < len(at))
        own = firmness(units, dice(setting.seed, *name), firsts, award)
        found.low[at], found.high[at], found.pulled[at] = own.low, own.high, own.pulled
        if own.again.size:
            found.low_again[at], found.high_again[at] = own.again
        found.shrunken[at] = own.shrunken / scale
        if scheme.weight_doubt != "none":
            weights = weights_at(scheme, level)
            drawn = _doubtful(weights, scheme.weight_doubt, setting.seed)
            lots = dice(setting.seed, *name, "weights")
            own_w = doubtful_ranges(units, one.points[at], errors.points[at], (weights, drawn), scale, lots)
            # the range of doubt holds that of chance alone: both are drawn, and draws are not quite alike
            found.low_w[at] = np.where(own.low > 0, np.minimum(own_w[0], own.low), own_w[0])
            found.high_w[at] = np.maximum(own_w[1], own.high)
        statements += _statements(own, at, award, one.grade)
    joint = joint_error(errors.points, one.totals.weight_used, same_records(scheme))
    several = len(np.unique(same_records(scheme))) < len(scheme.indicators)
    known = np.isfinite(errors.error) & one.ranked
    return replace(
        found,
        error=np.where(known, errors.error / scale, np.nan),
        joint=np.where(known & several, np.maximum(joint, errors.error / scale), np.nan),
        points=errors.points,
        bent=errors.bent & known & (errors.error > 0),
        statements=tuple(statements),
        unknown=errors.unknown,
    )


def errors_of(setting: Setting, scored: Mapping[Period, "Scored"], draws: int = VALUES) -> Errors:
    """Give the errors of a period; of a mean of shorter ones from theirs, over those that stand."""
    one, shorter = scored[setting.period], parts(setting.scheme, setting.period)
    if not shorter:
        return total_errors(setting, one, draws)
    stands = np.array([has_coverage(scored[p].totals.covered, scored[p].barred, setting.scheme) for p in shorter])
    each = [errors_of(setting._replace(period=period), scored, draws) for period in shorter]
    count = np.maximum(stands.sum(axis=0), 1)
    outside = _outside(one, setting.scheme)
    error = np.sqrt(sum(np.where(stand, e.error, 0) ** 2 for e, stand in zip(each, stands, strict=True))) / count
    rows = [
        np.where(stand[:, None] & ~np.isnan(scored[p].points), e.points, 0)
        for p, e, stand in zip(shorter, each, stands, strict=True)
    ]
    points = np.sqrt(np.sum(np.square(rows), axis=0)) / count[:, None]
    bent = np.any([e.bent & stand for e, stand in zip(each, stands, strict=True)], axis=0)
    unknown = {number: word for e in each for number, word in e.unknown.items()}
    return Errors(one.totals.totals - outside, outside, error, np.where(np.isnan(one.points), np.nan, points), bent, unknown)


def same_records(scheme: Scheme) -> np.ndarray:
    """Number the indicators so that those which rest on the same records have the same number: one table, one date, one filter.

    A filter that asks more than another looks at some of its records, which counts as the same.
    """
    number = np.arange(len(scheme.indicators))
    rows = [_rows_of(indicator.measure) for indicator in scheme.indicators]
    for one, first in enumerate(rows):
        for other, second in enumerate(rows[:one]):
            if first and second and first[:2] == second[:2] and (first[2] <= second[2] or second[2] <= first[2]):
                number[number == number[one]] = number[other]
    return number


def _rows_of(measure: Any) -> tuple[str, str, frozenset[str]] | None:
    if isinstance(measure, Figure):
        return None
    return measure.table, measure.date, frozenset(f"{column}: {test!r}" for column, test in measure.where.items())


def rankability(totals: np.ndarray, errors: np.ndarray) -> float:
    """Give the mean share of what sets them apart that units of a class keep, from totals or points of one indicator.

    NaN where an error is not known, or fewer than two units have one; 1 where no error is above 0. Where nothing differs it is 0.

    >>> rankability(np.array([90.0, 80.0, 70.0]), np.zeros(3)), rankability(np.array([80.0, 80.0, 80.0]), np.ones(3))
    (1.0, 0.0)
    """
    there = ~np.isnan(totals)
    totals, variances = totals[there], errors[there] ** 2
    if len(totals) < 2 or np.isnan(variances).any():  # noqa: PLR2004 - one has nobody to differ from
        return float("nan")
    if not np.ptp(totals):
        return 0.0
    return float(posterior(totals, variances).kept(variances).mean()) if variances.any() else 1.0


def _doubtful(weights: Weights, doubt: Doubt | str, seed: int) -> Weights:
    """Draw weights as the scheme says that they are in doubt."""
    if isinstance(doubt, str):
        return replace(weights, own=weights.own[:, None])
    if doubt.kind == "dirichlet":
        return draw_weights(weights, VECTORS, seed, doubt.closeness)
    return stretch_weights(weights, float(doubt.by), VECTORS, seed)


def _veto_targets(one: "Scored", effect: str) -> np.ndarray:
    """Say to which units a veto applies."""
    found = np.zeros(len(one.points), dtype=bool)
    for line in one.adjustments:
        if line.effect == effect:
            found[line.at] = True
    return found


def _grade_limits(one: "Scored", scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    """Give from where to below what a total has the grade printed (whole 10^-decimals); NaN of who has none.

    Who stands at the best grade that a veto leaves has it however high the total; below that the veto changes nothing.
    """
    lower, upper, above = np.full(len(one.points), np.nan), np.full(len(one.points), np.nan), np.inf
    best = {line.code: line.grade for line in scheme.consequences}
    capped = np.zeros(len(one.points), dtype=bool)
    for line in (line for line in one.adjustments if line.effect == "cap_grade"):
        capped[line.at] |= one.grade[line.at] == best[line.line]
    for band in scheme.bands:
        least = np.ceil(float(band.at_least * 10**scheme.decimals))
        own = one.grade == band.grade
        lower[own], upper[own] = least, np.where(capped[own], np.inf, above)
        above = least
    return lower, upper


def _statements(found: Firmness, at: np.ndarray, award: int, grade: np.ndarray) -> Iterator[Statement]:
    """List the chances of one class."""
    nobody = np.full(len(at), "", dtype=object)
    if len(found.kept):
        yield Statement("rankable", at, nobody, 0, np.full(len(at), found.rankability))
    if len(found.dots):
        place, unit = np.divmod(np.arange(found.dots.size), len(at))
        dots, many = np.unique(np.column_stack([unit, found.dots[place, unit]]), axis=0, return_counts=True)
        yield Statement("place", at[dots[:, 0]], nobody[dots[:, 0]], dots[:, 1], many / len(found.dots))
    for k, chance in found.first.items():
        yield Statement("first", at, nobody, k, chance)
    if len(found.named) and award:
        yield Statement("named", at, nobody, award, found.named)
    if len(found.grade):
        has = ~np.isnan(found.grade)
        yield Statement("grade", at[has], grade[at[has]], 0, found.grade[has])
    if found.apart.size:
        for word, place in zip(("apart_before", "apart_after"), found.apart, strict=True):
            yield Statement(word, at, nobody, place, np.full(len(at), SETTLED))
    if found.duels:
        one, other = (at[[getattr(duel, name) for duel in found.duels]] for name in ("unit", "other"))
        for word in ("above", "above_again"):
            chance = np.array([getattr(duel, "chance" if word == "above" else "again") for duel in found.duels])
            yield Statement(word, one, other, 0, chance)


def error_notes(firm: Firm, one: "Scored", scheme: Scheme) -> Iterator[Note]:
    """Say why places have no range, and in which class of which indicators the error is not known."""
    if scheme.error == "none":
        yield Note("error_none")
        return
    for number, word in firm.unknown.items():
        gone = np.isnan(firm.points[:, number]) & ~np.isnan(one.points[:, number])
        for at in members(one.among.within, one.ranked):
            if gone[at].any() and not firm.low[at].any() and len(at) > 1:
                level, group = str(one.among.levels[at[0]]), str(one.groups[at[0]])
                whose = {"level": level, "group": group or level, "count": len(at)}
                yield Note(f"error_{word}", {"indicator": scheme.indicators[number].label, **whose})
