"""Classes with a truth that is known: how often the ranges of places hold it, how wide they are, and whether chances come true.

`tests/test_uncertainty.py` plays a few of these games, `tests/bench/bench_uncertainty.py` all of them.
"""

from dataclasses import dataclass, field

import numpy as np

from fengqiao_eval.scoring.ranking import places
from fengqiao_eval.scoring.uncertainty import Firmness, RankedClass, dice, firmness

WEIGHTS = np.array([0.25, 0.2, 0.25, 0.3])
SCALE = 100
"""Totals are whole hundredths of a point."""
SPREAD = 10
"""What the true points of one part differ by, in points."""
TRUTHS = ("normal", "skewed", "t3", "equal", "alike")
"""equal: by less than anything printed, and held against the order all the same; alike: all truly the first."""
GRADES = np.array([42.5, 47.5, 52.5, 57.5])
"""Totals from which a grade is reached; where among them the middle of a class lies is left to chance."""


@dataclass
class Tally:
    """What came of the classes of one cell: the share held and the mean width (a class a number), and what chances promised."""

    held: list = field(default_factory=list)
    width: list = field(default_factory=list)
    promised: list = field(default_factory=list)
    graded: list = field(default_factory=list)
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


def play(kind, size, noise, times, correlation=0.0, compare=False, seed=0):
    """Play the classes of one cell, errors given: `noise` is the error of a part to the spread of its truth."""
    tally = Tally()
    for game in range(times):
        lots = dice(seed, kind, str(size), str(noise), str(correlation), str(game))
        truth = lots.uniform(40, 60) + SPREAD * true_parts(kind, size, lots)
        error = SPREAD * noise * lots.uniform(0.5, 1.5, size=truth.shape)
        chance = lots.normal(size=truth.shape)
        if correlation > 0:
            chance = np.sqrt(correlation) * lots.normal(size=(size, 1)) + np.sqrt(1 - correlation) * chance
        elif correlation < 0:  # in pairs, for four cannot all be against each other by as much
            chance[:, 1::2] = correlation * chance[:, ::2] + np.sqrt(1 - correlation**2) * chance[:, 1::2]
        hundred = np.floor(((truth + error * chance) * WEIGHTS).sum(axis=1) * SCALE + 0.5)
        units = standing(hundred, np.sqrt((error**2 * WEIGHTS**2).sum(axis=1)) * SCALE, GRADES * SCALE)
        exact = (truth * WEIGHTS).sum(axis=1) * SCALE
        whole = np.floor(exact + 0.5)
        true_place = 1 + (exact[None, :] > exact[:, None]).sum(axis=1) if kind == "equal" else place_of(whole)
        found = firmness(units, lots, firsts=(max(1, size // 10), size // 4, size // 2))
        weigh_up(tally, found, true_place, whole, GRADES, units)
        if compare:
            low, high = pairwise(hundred, units.error**2, lots)
            tally.pairwise.append(((high - low) / size).mean())
    return tally


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
