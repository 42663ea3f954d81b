"""What small units borrow from their class: published tables come out as published, and limits are exact."""

import numpy as np
import pytest
from scipy import stats

from fengqiao_eval.scoring.shrinkage import (
    Lent,
    beta_binomial,
    binomial_limits,
    dersimonian_laird,
    funnel,
    funnel_dispersion,
    gamma_poisson,
    intraclass,
    james_stein,
    overdispersion,
    poisson_limits,
    restricted_likelihood,
    shrink,
)

HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
"""Of 45 at bats each, 18 players in 1970 (Efron & Morris, Scientific American 1977)."""
BCG = np.array([  # treated: ill, well; control: ill, well (Colditz et al. 1994, the table dat.bcg of metafor)
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
    [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
    [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
])  # fmt: skip
EXPECTANCY = np.array([  # difference, its variance: 19 trials (Raudenbush & Bryk 1985, the table dat.raudenbush1985 of metafor)
    [0.03, 0.0156], [0.12, 0.0216], [-0.14, 0.0279], [1.18, 0.1391], [0.26, 0.1362], [-0.06, 0.0106], [-0.02, 0.0106],
    [-0.32, 0.0484], [0.27, 0.0269], [0.8, 0.063], [0.54, 0.0912], [0.18, 0.0497], [-0.02, 0.0835], [0.23, 0.0841],
    [-0.18, 0.0253], [-0.06, 0.0279], [0.3, 0.0193], [0.07, 0.0088], [-0.07, 0.0303],
])  # fmt: skip
SCHOOLS = np.array([28.0, 8, -3, 7, -1, 1, 18, 12]), np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
"""Effects of coaching and their standard errors (Rubin 1981)."""


def test_baseball_keeps_what_was_published():
    """Efron and Morris keep 0.212 of what sets a player apart; from their own table it is 0.211653."""
    rates = HITS / 45
    variance = rates.mean() * (1 - rates.mean()) / 45
    shrunken, kept = james_stein(rates, variance)
    assert (round(kept, 3), round(kept, 6)) == (0.212, 0.211653)
    assert np.round(shrunken[[0, -1]], 3).tolist() == [0.294, 0.242]


def test_reml_is_that_of_metafor():
    """REML of the BCG trials: variance between them 0.3132, mean -0.7145; by moments 0.3088, as metafor's DL."""
    treated, control = BCG[:, 0] / BCG[:, :2].sum(axis=1), BCG[:, 2] / BCG[:, 2:].sum(axis=1)
    effect = np.log(treated / control)
    variance = 1 / BCG[:, 0] - 1 / BCG[:, :2].sum(axis=1) + 1 / BCG[:, 2] - 1 / BCG[:, 2:].sum(axis=1)
    mean, between = restricted_likelihood(effect, variance)
    assert (mean, between) == pytest.approx((-0.7145, 0.3132), abs=1e-4)
    assert dersimonian_laird(effect, variance).tau2 == pytest.approx(0.3088, abs=1e-4)


def test_reml_of_expectancy_is_that_of_metafor():
    """REML of the trials of what teachers expect: variance between them 0.0188, mean 0.0837, as metafor prints."""
    assert restricted_likelihood(*EXPECTANCY.T) == pytest.approx((0.0837, 0.0188), abs=1e-4)


def test_eight_schools_do_not_differ():
    """The variance between the eight schools is 0 by either way, and all of them are drawn to the mean, 7.69."""
    values, errors = SCHOOLS
    assert dersimonian_laird(values, errors**2).tau2 == restricted_likelihood(values, errors**2).tau2 == 0
    shrunken, kept = shrink(values, errors**2)
    assert kept.tolist() == [0.0] * 8
    assert np.round(shrunken, 2).tolist() == [7.69] * 8


def test_exact_limits_are_those_of_scipy():
    """Limits of a share are Clopper and Pearson's, of a count Garwood's, at the ends too."""
    for met, of in ((0, 7), (6, 7), (7, 7), (38, 46), (275, 280)):
        wanted = stats.binomtest(met, of).proportion_ci(0.95, "exact")
        low, high = binomial_limits(np.array([met]), np.array([of]))
        assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
    for count in (0, 1, 4, 62):
        low, high = poisson_limits(np.array([count]))
        wanted = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, stats.chi2.ppf(0.975, 2 * count + 2) / 2
        assert (low[0], high[0]) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("met", "of", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_limits_of_shares_are_as_published(met, of, low, high):
    """Exact limits at 95 % of the four examples of Newcombe (1998, Statistics in Medicine 17, table I, method 5)."""
    found = binomial_limits(np.array([met]), np.array([of]))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0, 3.689), (1, 0.025, 5.572), (2, 0.242, 7.225), (3, 0.619, 8.767), (5, 1.623, 11.668), (10, 4.795, 18.39)],
)
def test_limits_of_counts_are_as_published(count, low, high):
    """Exact limits at 95 % of a Poisson count as tables print them (Garwood 1936)."""
    found = poisson_limits(np.array([count]))
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-4)


def test_funnel_limits_hold_what_chance_allows():
    """Of units that are all alike, so many lie outside the 95 % limits as chance has it; √φ draws the limits apart."""
    lots, of = np.random.default_rng(1), np.repeat([20.0, 60.0, 400.0], 4000)
    met = lots.binomial(of.astype(int), 0.8)
    found = funnel(0.8, of)
    outside = ((met / of < found.low) | (met / of > found.high)).mean()
    assert 0.03 < outside < 0.07
    wide = funnel(0.5, of, phi=4.0)
    assert (wide.high - 0.5) == pytest.approx(2 * (funnel(0.5, of).high - 0.5))


def test_a_unit_borrows_the_more_the_fewer_its_records():
    """A class at nine in ten leaves less than all of 15 of 15, nearly all of 1,500 of 1,500, and its own rate of nothing."""
    lent = Lent(0.9, 30)
    assert np.round(lent.rates(np.array([15.0, 1500, 0]), np.array([15.0, 1500, 0])), 3).tolist() == [0.933, 0.998, 0.9]


def test_what_a_class_lends_is_found_again():
    """From many units of Beta(18, 2), and of Gamma(5) a unit of exposure, the rate and the strength come back."""
    lots, of = np.random.default_rng(2), np.full(20_000, 40.0)
    shares = beta_binomial(lots.binomial(40, lots.beta(18, 2, size=20_000)).astype(float), of)
    assert (shares.rate, shares.strength) == pytest.approx((0.9, 20), rel=0.05)
    counts = gamma_poisson(lots.poisson(2 * lots.gamma(5, size=20_000)).astype(float), of * 0 + 2)
    assert (counts.rate, counts.strength) == pytest.approx((5, 1), rel=0.05)


def test_units_that_are_all_alike_borrow_everything():
    """Where nothing differs beyond chance, or all is met, nobody keeps anything of their own; nothing crashes."""
    full = np.full(6, 15.0)
    assert beta_binomial(full, full).strength == np.inf
    assert gamma_poisson(np.zeros(6), full).strength == np.inf
    assert beta_binomial(full, full).rates(full, full).tolist() == [90.5 / 91] * 6


def test_how_alike_answers_of_a_month_are_is_found_again():
    """Of answers whose months have a rate of their own the correlation comes back; of a season of all nothing does."""
    lots = np.random.default_rng(4)
    rate, season, of = lots.uniform(0.3, 0.7, (600, 1)), np.array([[-0.2, 0, 0.2]]), np.full((600, 3), 5.0)
    for alike in (0.1, 0.4):
        strength = 1 / alike - 1
        met = lots.binomial(5, lots.beta(rate * strength, (1 - rate) * strength, (600, 3))).astype(float)
        assert intraclass(met, met, of) == pytest.approx(alike, abs=0.04)
    calm = lots.binomial(5, rate + season).astype(float)
    assert intraclass(calm, calm, of) < 0.03
    assert intraclass(calm[:, :1], calm[:, :1], of[:, :1]) == 0
    one = np.eye(3)
    assert intraclass(one, one, np.ones((3, 3))) == 0, "no month has two answers"


def test_few_counts_of_a_month_scatter_as_much_as_many():
    """φ is found again of units with few events: those whose month bursts are not divided by a rate which the burst raised."""
    lots = np.random.default_rng(5)
    counts = lots.poisson(2 * lots.gamma(1, size=(3000, 3))).astype(float)
    assert overdispersion(counts, np.ones_like(counts), binomial=False) == pytest.approx(1 + 2, rel=0.1)


def test_counts_that_scatter_from_month_to_month_say_so():
    """True differences between units, and seasons, are no over-dispersion; bursts are; φ is never below 1."""
    lots = np.random.default_rng(3)
    rate, season = lots.gamma(20, size=(300, 1)), np.array([[0.5, 1.0, 1.5]])
    calm = lots.poisson(rate * season).astype(float)
    wild = lots.poisson(rate * season * lots.gamma(4, size=(300, 3)) / 4).astype(float)
    exposure = np.ones_like(calm)
    assert overdispersion(calm, exposure, binomial=False) == pytest.approx(1, abs=0.1)
    assert overdispersion(wild, exposure, binomial=False) > 3
    assert overdispersion(np.ones((5, 1)), np.ones((5, 1))) == 1.0
    assert funnel_dispersion(np.full(10, 5.0), np.full(10, 10.0)) == 1.0
