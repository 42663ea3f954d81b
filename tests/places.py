"""Classes with a truth that is known: how often the ranges of places hold it, how wide they are, and whether chances come true.

`tests/test_uncertainty.py` plays a few of these games, `tests/bench/bench_uncertainty.py` all of them.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.measuring.quantiles import LEVELS
from fengqiao_eval.measuring.tallies import SQUARES
from fengqiao_eval.periods import parse
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.ranking import places
from fengqiao_eval.scoring.sampling_errors import law_of
from fengqiao_eval.scoring.score import score_period
from fengqiao_eval.scoring.uncertainty import Firmness, RankedClass, Setting, dice, firmness, total_errors

WEIGHTS = np.array([0.25, 0.2, 0.25, 0.3])
SCALE = 100
"""Totals are whole hundredths of a point."""
SPREAD = 10
"""What the true points of one part differ by, in points."""
TRUTHS = ("normal", "skewed", "t3", "equal", "alike")
"""equal: by less than anything printed, and held against the order all the same; alike: all truly the first."""
GRADES = np.arange(10.0, 91, 10)
"""Totals from which a grade is reached; where among them the middle of a class lies is left to chance."""


@dataclass
class Tally:
    """What came of the classes of one cell: the share held and the mean width (a class a number), and what chances promised.

    again: the share of units whose place in another period, played anew, lies where it was said to lie.
    """

    held: list = field(default_factory=list)
    width: list = field(default_factory=list)
    promised: list = field(default_factory=list)
    graded: list = field(default_factory=list)
    again: list = field(default_factory=list)
    pairwise: list = field(default_factory=list)

    @property
    def covers(self):
        """Give the share of units whose true place is held, and its standard error."""
        return float(np.mean(self.held)), float(np.std(self.held) / len(self.held) ** 0.5)

    @property
    def keeps_its_word(self):
        """Say whether at least 88 % less two standard errors are held."""
        share, error = self.covers
        return share >= 0.88 - 2 * error


def true_parts(kind, size, lots, parts=4):
    """Draw what is true of the parts of units: mean 0, spread 1, whatever their shape."""
    shape = (size, parts)
    draw = {
        "normal": lambda: lots.normal(size=shape),
        "skewed": lambda: lots.exponential(size=shape) - 1,
        "t3": lambda: lots.standard_t(3, size=shape) / 3**0.5,
        "equal": lambda: 1e-9 * lots.normal(size=shape),
        "alike": lambda: np.zeros(shape),
        "clusters": lambda: lots.choice([-1, 1], size=(size, 1)) + 0.01 * lots.normal(size=shape),
    }
    return draw[kind]()


def place_of(totals):
    """Give places by whole totals, ties sharing the better."""
    return places(totals.astype(np.int64), np.zeros(len(totals)), np.ones(len(totals), dtype=bool))[0]


def standing(hundred, error, grades=None):
    """Make a class of units with nothing outside the hundred, and nobody barred."""
    size = len(hundred)
    none = np.zeros(size)
    lower, upper = none + np.nan, none + np.nan
    if grades is not None:
        steps = np.array([-np.inf, *grades, np.inf])
        at = np.searchsorted(steps, hundred, "right") - 1
        lower, upper = steps[at], steps[at + 1]
    return RankedClass(hundred, none, error, place_of(hundred), none > 0, lower, upper)


def weigh_up(tally, found, true_place, true_totals, grades=None, units=None):
    """Hold what was found of one class against what is true of it."""
    assert isinstance(found, Firmness)
    tally.held.append(((found.low <= true_place) & (true_place <= found.high)).mean())
    tally.width.append(((found.high - found.low) / len(true_place)).mean())
    for k, chance in found.first.items():
        tally.promised += zip(chance.tolist(), (true_place <= k).tolist(), strict=True)
    if grades is not None:
        came = (true_totals >= units.lower) & (true_totals < units.upper)
        tally.graded += zip(found.grade.tolist(), came.tolist(), strict=True)


def scatter(shape, correlation, lots):
    """Draw what chance does to the parts of units: mean 0, spread 1, parts correlated by as much."""
    chance = lots.normal(size=shape)
    if correlation > 0:
        chance = np.sqrt(correlation) * lots.normal(size=(shape[0], 1)) + np.sqrt(1 - correlation) * chance
    elif correlation < 0:  # in pairs, for four cannot all be against each other by as much
        chance[:, 1::2] = correlation * chance[:, ::2] + np.sqrt(1 - correlation**2) * chance[:, 1::2]
    return chance


def play(kind, size, noise, times, correlation=0.0, compare=False, seed=0):
    """Play the classes of one cell, errors given: `noise` is the error of a part to the spread of its truth."""
    tally = Tally()
    for game in range(times):
        lots = dice(seed, kind, str(size), str(noise), str(correlation), str(game))
        truth = lots.uniform(30, 70) + SPREAD * true_parts(kind, size, lots)
        error = SPREAD * noise * lots.uniform(0.5, 1.5, size=truth.shape)
        chance = scatter(truth.shape, correlation, lots)
        hundred = np.floor(((truth + error * chance) * WEIGHTS).sum(axis=1) * SCALE + 0.5)
        units = standing(hundred, np.sqrt((error**2 * WEIGHTS**2).sum(axis=1)) * SCALE, GRADES * SCALE)
        exact = (truth * WEIGHTS).sum(axis=1) * SCALE
        whole = np.floor(exact + 0.5)
        true_place = 1 + (exact[None, :] > exact[:, None]).sum(axis=1) if kind == "equal" else place_of(whole)
        found = firmness(units, lots, firsts=(max(1, size // 10), size // 4, size // 2))
        weigh_up(tally, found, true_place, whole, GRADES, units)
        anew = truth + error * scatter(truth.shape, correlation, lots)
        anew = place_of(np.floor((anew * WEIGHTS).sum(axis=1) * SCALE + 0.5))
        tally.again.append(((found.again[0] <= anew) & (anew <= found.again[1])).mean())
        if compare:
            low, high = pairwise(hundred, units.error**2, lots)
            tally.pairwise.append(((high - low) / size).mean())
    return tally


def play_pairs(size, noise, times, seed=0):
    """Play classes of so few that only pairs are said: (chance that the likelier stands above, whether it truly does) of each."""
    said = []
    for game in range(times):
        lots = dice(seed, "pairs", str(size), str(noise), str(game))
        truth = 5000 + 500 * lots.normal(size=size)
        error = 500 * noise * lots.uniform(0.5, 1.5, size=size)
        hundred = np.floor(truth + error * lots.normal(size=size) + 0.5)
        for pair in firmness(standing(hundred, error), lots).duels:
            above = truth[pair.unit] > truth[pair.other]
            said.append((max(pair.chance, 1 - pair.chance), above == (pair.chance > 0.5)))
    return said


def pairwise(totals, variances, lots, level=0.9, resamples=400):
    """Give the range that is valid whatever the truth (Mogstad et al. 2024, marginal, no step-down)."""
    size = len(totals)
    spread = np.sqrt(variances[:, None] + variances[None, :])
    np.fill_diagonal(spread, np.inf)
    z = lots.normal(size=(resamples, size)) * np.sqrt(variances)
    cut = np.array([np.quantile(np.abs((z[:, [one]] - z) / spread[one]).max(axis=1), level) for one in range(size)])
    away = totals[None, :] - totals[:, None]
    return 1 + (away > cut[:, None] * spread).sum(axis=1), size - (-away > cut[:, None] * spread).sum(axis=1)


def comes_true(said, least=0.8, most=0.9):
    """Give how many statements promised between two chances, and the share of them that came true."""
    chance, came = (np.array(each, dtype=float) for each in zip(*said, strict=True))
    asked = (chance >= least) & (chance < most)
    return int(asked.sum()), float(came[asked].mean()) if asked.any() else float("nan")


# Classes of records: what is counted passes laws, rules, weights and rounding of the product; what is true passes them here

PERIOD = parse("2024Q4")
CURVES = {  # value -> points: none at the ends, one full from 98 % on, one in steps
    "plain": [[0, 0], [100, 100]],
    "bent": [[60, 0], [85, 60], [95, 90], [100, 100]],
    "capped": [[80, 0], [98, 100]],
    "counts": [[0, 0], [15, 60], [30, 100]],
}


def table_of(curve, measure=None, **keys):
    """Make a scheme of four parts, all by one curve and measure: shares of records met, or counts, if none is given."""
    measure = measure or ({"kind": "count"} if curve == "counts" else {"kind": "share", "met": {"passed": True}})
    parts = [
        {
            "missing": "redistribute", "source": "例", "why": "例",
            "code": f"part_{number}", "label": f"第{number}项", "direction": "higher", "weight": str(100 * weight),
            "measure": {**measure, "table": "cases", "date": "received_at"}, "points": {"kind": "curve", "knots": CURVES[curve]},
        }
        for number, weight in enumerate(WEIGHTS)
    ]  # fmt: skip
    whole = {"code": "whole", "label": "全部", "weight": 100, "indicators": parts}
    named = {"title": "例", "version": "1", "sources": ["例"], "author": "甲", "checker": "乙", "weights": "within"}
    return Scheme.model_validate({**named, "levels": ["station"], "dimensions": [whole], **keys})


def province(classes, size):
    """Make stations in classes of one size."""
    ids = [f"S{number:05}" for number in range(classes * size)]
    named = {"unit_id": ids, "name": ids, "peer_class": [f"{number // size}类" for number in range(classes * size)]}
    units = pd.DataFrame(
        {**named, "level": "station", **dict.fromkeys(("parent_id", "merged_from", "county_id", "station_id"), "")}
    )
    return Tree(units, pd.DataFrame({"unit_id": ids, "ancestor": ids}), frozenset(ids))


def measured(above, below, period=PERIOD):
    """Make measures of shares (below: of how many) or of counts (below: NaN)."""
    value = np.where(np.isnan(below), above, 100 * above / np.where(below > 0, below, np.nan))
    n = np.where(np.isnan(below), above, below)
    return Measured(period, above, below, value, n, np.zeros(above.shape, dtype=np.int8))


def play_records(curve, size, answers, times, seed=0):
    """Play classes whose true rates are Beta(49, 1), asked so many times; or of counts about fifteen, whatever the answers."""
    tally, lots = Tally(), dice(seed, curve, str(size), str(answers))
    scheme, tree, shape = table_of(curve), province(times, size), (times * size, len(WEIGHTS))
    if curve == "counts":
        truth = lots.gamma(9, 15 / 9, shape)
        counted = measured(lots.poisson(truth).astype(float), np.full(shape, np.nan))
    else:
        truth = 100 * lots.beta(49, 1, shape)
        counted = measured(lots.binomial(answers, truth / 100).astype(float), np.full(shape, float(answers)))
    one = score_period({PERIOD: counted}, PERIOD, scheme, tree)
    errors = total_errors(Setting({PERIOD: counted}, PERIOD, scheme, tree, seed), one)
    knots = np.array(CURVES[curve], dtype=float).T
    true = np.floor((np.interp(truth, *knots) * WEIGHTS).sum(axis=1) * SCALE + 0.5)
    for game in range(times):
        at = np.arange(game * size, (game + 1) * size)
        units = standing(errors.hundred[at].astype(float), errors.error[at])
        found = firmness(units, dice(seed, "game", str(game)), firsts=(max(1, size // 10), size // 4, size // 2))
        weigh_up(tally, found, place_of(true[at]), true[at])
    return tally


# Classes of few records each: what is true of a unit, and what the law of its value says

IN_CLASS = 120
MONTHS = 3
MEASURES = {
    "median": {"kind": "quantile", "of": {"minutes": ["received_at", "closed_at"]}, "q": "0.5"},
    "mean": {"kind": "mean", "of": {"minutes": ["received_at", "closed_at"]}},
    "coded": {"kind": "coded", "column": "answer", "values": {"好": 1, "中": "0.6", "差": 0}},
    "share": {"kind": "share", "met": {"passed": True}},
}
SKEW = 0.8
"""The spread of the logarithms of durations of one unit: a quarter of them are longer than 1.7 times the median."""
CODES = {"coded": np.array([0, 0.6, 1]), "share": np.array([0.0, 1.0])}
ANSWERS = {"coded": (1, 2, 6), "share": (2, 8), "share near one": (1, 49)}
"""How many answers of each code the units of a class are like: what is true of a unit is Dirichlet."""
LAWS = (
    *(f"{measure} of {shape} numbers" for measure in ("median", "mean") for shape in ("skewed", "normal")),
    *(f"{answers}, alike in a month by {alike}" for answers in ANSWERS for alike in (0, 0.1, 0.4)),
)
"""alike: the correlation of two answers of one unit in one month, as of answers that come in bursts."""


def draw_records(kind, n, month, lots):
    """Draw n records each of a class, as numbers (units × n), by the month of each: these, and the true value of each unit."""
    name = kind.split(" of ")[0].split(",")[0]
    if name in ANSWERS:
        codes, alike = CODES[name.split()[0]], float(kind.rsplit(" ", 1)[1])
        true = lots.dirichlet(ANSWERS[name], IN_CLASS)
        mixes = np.repeat(true[:, None], MONTHS, axis=1)
        if alike:
            mixes = lots.standard_gamma(np.maximum(mixes * (1 / alike - 1), 1e-6)) + 1e-300
        reach = np.cumsum(mixes / mixes.sum(axis=2, keepdims=True), axis=2)[np.arange(IN_CLASS)[:, None], month]
        answers = (lots.random((IN_CLASS, n, 1)) > reach).sum(axis=2).clip(max=len(codes) - 1)
        return codes[answers], 100 * true @ codes
    level, chance = lots.normal(size=(IN_CLASS, 1)), lots.normal(size=(IN_CLASS, n))
    if "skewed" in kind:
        return 30 * np.exp(0.3 * level + SKEW * chance), 30 * np.exp(0.3 * level[:, 0] + (SKEW**2 / 2 if name == "mean" else 0))
    return 100 + 10 * level + 30 * chance, 100 + 10 * level[:, 0]


def count_records(measure, records, there, period):
    """Make the measures of one indicator from records that are there (units × n)."""
    n, above = there.sum(axis=1).astype(float), np.where(there, records, 0).sum(axis=1)
    value, moments = np.divide(above, n, out=np.full(len(n), np.nan), where=n > 0), {}
    if measure == "median":
        lie = [np.quantile(own[own_there], LEVELS) for own, own_there in zip(records, there, strict=True) if own_there.any()]
        moments = {f"at_{number}": column for number, column in enumerate(np.array(lie).T, 1)} if len(lie) == len(n) else {}
        value = moments.get(f"at_{LEVELS.index(0.5) + 1}", value)
    elif measure == "mean":
        moments = {SQUARES: (np.where(there, records, 0) ** 2).sum(axis=1), f"{SQUARES}_below": n}
    elif measure == "coded":
        moments = {str(code): (there & (records == code)).sum(axis=1).astype(float) for code in CODES["coded"]}
    else:
        value = 100 * value
    columns = (each[:, None] for each in (above, n, value, n))
    return Measured(period, *columns, np.zeros((len(n), 1), dtype=np.int8), moments={0: moments})


def law_of_few(kind, n, lots):
    """Draw one class of n records a unit: the law of its values, and what is true."""
    measure = kind.split()[0].rstrip(",")
    month = lots.integers(MONTHS, size=(IN_CLASS, n))
    records, true = draw_records(kind, n, month, lots)
    months = [count_records(measure, records, month == at, one) for at, one in enumerate(PERIOD.trend[-MONTHS:])]
    whole = count_records(measure, records, month >= 0, PERIOD)
    scheme = table_of("plain", measure={**MEASURES[measure], "table": "cases", "date": "received_at"})
    return law_of(0, whole, months, scheme, province(1, IN_CLASS), (whole.status[:, 0], np.zeros(IN_CLASS))), true


def law_holds(kind, n, times, seed=0):
    """Give the share of units of a class whose true value lies in the middle 90 % of what their law draws, and its error."""
    held = []
    for game in range(times):
        lots = dice(seed, "law", kind, str(n), str(game))
        law, true = law_of_few(kind, n, lots)
        low, high = np.quantile(law.draw(lots, 400), (0.05, 0.95), axis=1)
        held.append(((low <= true) & (true <= high)).mean())
    return float(np.mean(held)), float(np.std(held) / times**0.5)
