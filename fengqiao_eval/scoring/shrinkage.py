"""Small units: how much of what sets them apart is chance, what they borrow from their class, and what chance alone allows.

Every function looks at the units of one class. The spread between units (τ²) is what is left of their differences when the
errors are taken away; a unit keeps τ²/(τ² + s²) of what sets it apart from the class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

HALF = 0.5
"""What Jeffreys' prior adds to what was met, and to what was not."""

STEPS = 200
"""Steps after which a search that has not come to rest is at its end; ten are usual."""

REST = 1e-10
"""A step smaller than this share of the errors' own size is rest."""


class Between(NamedTuple):
    """The mean of a class, and the variance between its units (τ², 0 where errors alone explain their differences)."""

    mean: float
    tau2: float


def _weigh(values: np.ndarray, variances: np.ndarray, tau2: float) -> tuple[np.ndarray, float]:
    weights = 1 / (variances + tau2)
    return weights, float((weights * values).sum() / weights.sum())


def dersimonian_laird(values: np.ndarray, variances: np.ndarray) -> Between:
    """Give mean and variance between units by moments (DerSimonian & Laird 1986): never below 0, no search.

    values: one a unit; variances: of their errors, all above 0.

    >>> dersimonian_laird(np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 4.0]))
    Between(mean=1.0, tau2=0.0)
    """
    weights, mean = _weigh(values, variances, 0.0)
    away = float((weights * (values - mean) ** 2).sum()) - (len(values) - 1)
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    tau2 = max(0.0, away / float(scale)) if scale > 0 else 0.0
    return Between(_weigh(values, variances, tau2)[1], tau2)


def restricted_likelihood(values: np.ndarray, variances: np.ndarray) -> Between:
    """Give mean and variance between units by restricted maximum likelihood (REML), by Fisher scoring from moments.

    values: one a unit; variances: of their errors, all above 0. Fewer than two units differ in nothing: τ² is 0.

    >>> round(restricted_likelihood(np.array([1.0, 3.0, 8.0]), np.array([1.0, 1.0, 1.0])).tau2, 6)
    12.0
    """
    tau2 = dersimonian_laird(values, variances).tau2
    for _ in range(STEPS if len(values) > 1 else 0):
        weights, mean = _weigh(values, variances, tau2)
        total, squares, cubes = (float((weights**power).sum()) for power in (1, 2, 3))
        trace = squares - 2 * cubes / total + (squares / total) ** 2
        score = float((weights**2 * (values - mean) ** 2).sum()) - (total - squares / total)
        further = max(0.0, tau2 + score / trace)
        if abs(further - tau2) <= REST * (tau2 + float(variances.mean())):
            tau2 = further
            break
        tau2 = further
    return Between(_weigh(values, variances, tau2)[1], tau2)


def shrink(values: np.ndarray, variances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw values towards the mean of their class (normal, REML): the shrunken values, and the share each keeps of its own.

    >>> shrink(np.array([1.0, 3.0, 8.0]), np.array([1.0, 1.0, 1.0]))[1].round(4).tolist()
    [0.9231, 0.9231, 0.9231]
    """
    mean, tau2 = restricted_likelihood(values, variances)
    kept = tau2 / (tau2 + variances)
    return mean + kept * (values - mean), kept


def james_stein(values: np.ndarray, variance: float) -> tuple[np.ndarray, float]:
    """Draw values of one common error variance towards their mean as Efron & Morris (1977) did: 1 − (k − 3)·σ²/Σ(y − ȳ)².

    Return the shrunken values and the share kept. Fewer than four values, or no difference between them: nothing is kept.

    >>> james_stein(np.array([1.0, 1.0, 1.0, 1.0]), 2.0)
    (array([1., 1., 1., 1.]), 0.0)
    """
    mean = values.mean()
    spread = float(((values - mean) ** 2).sum())
    kept = max(0.0, 1 - max(0, len(values) - 3) * variance / spread) if spread > 0 and len(values) > 3 else 0.0  # noqa: PLR2004
    return mean + kept * (values - mean), kept


# Rates and counts: what a class lends, as so many answers or so much exposure of its own rate


class Lent(NamedTuple):
    """The rate of a class, and how many answers (or how much exposure) of it a unit borrows; no end: all units are alike."""

    rate: float
    strength: float

    def rates(self, met: np.ndarray, of: np.ndarray) -> np.ndarray:
        """Give each unit's rate, drawn towards that of the class: (met + strength · rate) / (of + strength).

        >>> Lent(0.9, 10).rates(np.array([15.0, 0.0]), np.array([15.0, 0.0])).round(3).tolist()
        [0.96, 0.9]
        """
        if not np.isfinite(self.strength):
            return np.full(len(met), self.rate)
        return (met + self.strength * self.rate) / (of + self.strength)


def beta_binomial(met: np.ndarray, of: np.ndarray, variance: float | None = None) -> Lent:
    """Estimate from shares of a class (met of so many; not all 0) what it lends to each, by moments.

    Jeffreys' half stands at the class as a whole, so that its rate is never 0 or 1; one unit alone has its own. Of answers that
    come in bursts met and of are what they are worth (divided by φ). variance: of one answer that is not yes or no.

    >>> beta_binomial(np.array([15.0]), np.array([15.0])).rate
    0.96875
    """
    there = of > 0
    met, of = met[there], of[there]
    whole = float(of.sum())
    rate = (float(met.sum()) + HALF) / (whole + 2 * HALF)
    return Lent(rate, _strength(met, of, rate * (1 - rate) if variance is None else variance, binomial=True))


def gamma_poisson(counts: np.ndarray, exposure: np.ndarray) -> Lent:
    """Estimate from counts of a class (over exposures; not all 0) what it lends to each, by moments; half of one at the class.

    >>> gamma_poisson(np.array([3.0, 3.0]), np.array([1.0, 1.0]))
    Lent(rate=3.25, strength=inf)
    """
    there = exposure > 0
    counts, exposure = counts[there], exposure[there]
    rate = (float(counts.sum()) + HALF) / float(exposure.sum())
    return Lent(rate, _strength(counts, exposure, rate, binomial=False))


def _strength(met: np.ndarray, of: np.ndarray, variance: float, *, binomial: bool) -> float:
    """Give the strength from what the rates of units differ beyond chance; variance: of one answer, or of one of exposure."""
    whole, size = float(of.sum()), len(of)
    if size < 2 or met.sum() == 0 or (binomial and met.sum() >= whole):  # noqa: PLR2004 - one unit has nobody beside it
        return np.inf
    share = of / whole
    spread = float((share * (met / of - met.sum() / whole) ** 2).sum())
    chance, room = (size - 1) / whole, 1 - float((share**2).sum())
    if binomial:
        correlation = (spread / variance - chance) / (room - chance) if room > chance else 0.0
        return 1 / min(correlation, 1 - REST) - 1 if correlation > REST else np.inf
    between = (spread - variance * chance) / room
    return variance / between if between > REST * variance * chance else np.inf


def overdispersion(met: np.ndarray, of: np.ndarray, *, binomial: bool = True) -> float:
    """Say by how much counts of a class vary more from part to part of a period than chance alone would have them: φ ≥ 1.

    met, of: units × parts of the period. Each unit keeps its own rate, each part that of the class in it, so that neither true
    differences nor seasons count. Squares are added up before they are divided by what chance has them be, and not each
    alone as in Pearson's χ²: parts that burst raise their unit's own rate. Fewer than two parts tell nothing: 1.

    >>> overdispersion(np.array([[5.0, 15.0], [15.0, 5.0]]), np.full((2, 2), 100.0))
    11.11111111111111
    """
    there = of > 0
    met = np.where(there, met, 0.0)
    exposed = of.sum(axis=1, keepdims=True)
    own = np.divide(met.sum(axis=1, keepdims=True), exposed, out=np.zeros_like(exposed), where=exposed > 0)
    expected = of * own
    by_part = np.divide(met.sum(axis=0), expected.sum(axis=0), out=np.ones(met.shape[1]), where=expected.sum(axis=0) > 0)
    expected = expected * by_part
    variance = (
        expected * np.maximum(1 - np.divide(expected, of, out=np.ones_like(expected), where=there), 0) if binomial else expected
    )
    used = there & (variance > 0)
    units, parts = used.any(axis=1).sum(), used.any(axis=0).sum()
    freedom = int(used.sum() - units - parts + 1)
    if freedom < 1 or not used.any():
        return 1.0
    return max(1.0, float(((met - expected)[used] ** 2).sum() / variance[used].mean()) / freedom)


def intraclass(sums: np.ndarray, squares: np.ndarray, n: np.ndarray) -> float:
    """Say how alike answers of one unit in one part of a period are, beyond what unit and part are: 0 (as any two of it) to 1.

    sums, squares, n: of the answers, units × parts. The intraclass correlation by analysis of variance (Donner 1986), seasons of
    the class taken out: n answers in one part are worth n / (1 + (n − 1) · correlation). Where no part has two it is 0.

    >>> met = np.array([[10.0, 0.0], [0.0, 10.0]])
    >>> intraclass(met, met, np.full((2, 2), 10.0)), intraclass(met * 0 + 5, met * 0 + 5, np.full((2, 2), 10.0))
    (1.0, 0.0)
    """
    there, whole = n > 0, n.sum(axis=1, keepdims=True)
    mean = np.divide(sums, n, out=np.zeros_like(sums), where=there)
    own = np.divide(sums.sum(axis=1, keepdims=True), whole, out=np.zeros_like(whole), where=whole > 0)
    away = np.where(there, mean - own, 0.0)
    season = np.divide((n * away).sum(axis=0), n.sum(axis=0), out=np.zeros(n.shape[1]), where=n.sum(axis=0) > 0)
    away = np.where(there, away - season, 0.0)
    cells, units, parts = int(there.sum()), int(there.any(axis=1).sum()), int(there.any(axis=0).sum())
    between, within = cells - units - parts + 1, float(n.sum()) - cells
    if between < 1 or within <= 0:
        return 0.0
    one = float(np.maximum(squares - sums * mean, 0).sum()) / within
    size = float((n - np.divide(n**2, whole, out=np.zeros_like(n), where=whole > 0)).sum()) / (cells - units)
    part = (float((n * away**2).sum()) / between - one) / size
    return min(part / (part + one), 1.0) if part > 0 else 0.0


# What chance alone allows: exact limits of a unit's own, and of a class (funnel)


def binomial_limits(met: np.ndarray, of: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Give exact limits of a share (Clopper & Pearson 1934), low and high, between 0 and 1.

    >>> [each.round(4).tolist() for each in binomial_limits(np.array([6, 15]), np.array([7, 15]))]
    [[0.4213, 0.782], [0.9964, 1.0]]
    """
    tail = (1 - level) / 2
    low = special.betaincinv(np.maximum(met, HALF), of - met + 1, tail)
    high = special.betaincinv(met + 1, np.maximum(of - met, HALF), 1 - tail)
    return np.where(met == 0, 0.0, low), np.where(met == of, 1.0, high)


def poisson_limits(counts: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Give exact limits of a count (Garwood 1936), low and high.

    >>> [each.round(3).tolist() for each in poisson_limits(np.array([0, 4]))]
    [[0.0, 1.09], [3.689, 10.242]]
    """
    tail = (1 - level) / 2
    low = special.gammaincinv(np.maximum(counts, HALF), tail)
    return np.where(counts == 0, 0.0, low), special.gammaincinv(counts + 1, 1 - tail)


@dataclass(frozen=True)
class Funnel:
    """Between what limits rates of each size lie by chance alone, where all units have the rate of the class.

    centre: that rate; low, high: one for each size asked for.
    """

    centre: float
    low: np.ndarray
    high: np.ndarray


def funnel(centre: float, of: np.ndarray, level: float = 0.95, *, binomial: bool = True, phi: float = 1.0) -> Funnel:
    """Give funnel limits (Spiegelhalter 2005): exact, interpolated between whole numbers, then drawn apart by √φ.

    of: answers (a share, 0 to 1) or exposure (a rate of counts) of each unit; phi: over-dispersion, 1 for none.

    >>> found = funnel(0.9, np.array([20.0, 200.0]))
    >>> found.low.round(3).tolist(), found.high.round(3).tolist()
    ([0.722, 0.854], [0.99, 0.937])
    """
    of = np.asarray(of, dtype="float64")
    tails = (1 - level) / 2, (1 + level) / 2
    found = [_reach_binomial(tail, of, centre) if binomial else _reach_poisson(tail, of * centre) for tail in tails]
    low, high = (centre + (end / of - centre) * np.sqrt(phi) for end in found)
    return Funnel(centre, np.maximum(low, 0), np.minimum(high, 1) if binomial else high)


def _reach_binomial(tail: float, of: np.ndarray, rate: float) -> np.ndarray:
    """Give where a binomial law reaches a share of itself."""
    return _reach(tail, special.bdtrik(tail, of, rate), lambda at: special.betainc(of - at, at + 1, 1 - rate))


def _reach_poisson(tail: float, expected: np.ndarray) -> np.ndarray:
    """Give where a Poisson law reaches a share of itself."""
    return _reach(tail, special.pdtrik(tail, expected), lambda at: special.gammaincc(at + 1, expected))


def _reach(tail: float, about: np.ndarray, below: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Go from the last whole number below a share to the first that reaches it, by how far it is reached; below: P(X ≤ x)."""
    first = np.maximum(np.ceil(about - 1e-9), 0)
    before = np.where(first > 0, below(np.maximum(first - 1, 0)), 0)
    return first - (below(first) - tail) / (below(first) - before)


def funnel_dispersion(met: np.ndarray, of: np.ndarray, *, binomial: bool = True, winsorised: float = 0.1) -> float:
    """Say by how much units differ more than chance has it, for the limits of a funnel: mean of z² with the ends held in, φ ≥ 1.

    winsorised: the share of units at either end whose z counts as that of the last one within.

    >>> funnel_dispersion(np.array([50.0, 50.0]), np.array([100.0, 100.0]))
    1.0
    """
    there = of > 0
    met, of = met[there], of[there]
    if not len(of):
        return 1.0
    rate = met.sum() / of.sum()
    variance = rate * (1 - rate) / of if binomial else rate / of
    if not rate or not variance.all():
        return 1.0
    z = np.sort((met / of - rate) / np.sqrt(variance))
    cut = int(winsorised * len(z))
    return max(1.0, float((np.clip(z, z[cut], z[-1 - cut]) ** 2).mean()))
