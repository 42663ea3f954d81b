"""Sampling errors of measures: by which law of chance the values of one indicator scatter in one period.

From top to bottom: what a law is; one for each kind of measure, from what was counted; and which is an indicator's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fengqiao_eval.measuring.denominators import DESIGN
from fengqiao_eval.measuring.peer_groups import members
from fengqiao_eval.measuring.quantiles import LEVELS
from fengqiao_eval.measuring.tallies import PRODUCTS, SQUARES
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.indicator import Entry, Sample
from fengqiao_eval.scheme.measure import Coded, Count, Figure, Mean, Quantile, Ratio, Share
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.benchmarks import has_value
from fengqiao_eval.scoring.shrinkage import HALF, beta_binomial, gamma_poisson, intraclass, overdispersion

if TYPE_CHECKING:  # as in benchmarks
    from fengqiao_eval.measuring.measures import Measured


@dataclass(frozen=True)
class Law:
    """By which law of chance the values of units scatter: its name, its numbers (units first), and what makes values of it.

    centre: the value around which each is drawn, that of its records drawn towards the class. known: where there is a law; word:
    why there is none for others that have a value.

    | name | numbers | values |
    | --- | --- | --- |
    | share | met, missed | scale · Beta |
    | count | of events | scale · Gamma, scale one a unit |
    | coded | of each code | scale · Σ code · Dirichlet |
    | mean | error, degrees of freedom | centre + error · Student's t |
    | quantile | a, b, then values at LEVELS | the value at Beta(a, b), between records in their order |
    """

    name: str
    numbers: np.ndarray
    scale: Any
    centre: np.ndarray
    known: np.ndarray
    codes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    word: str = "no_spread"

    def draw(self, lots: np.random.Generator, count: int) -> np.ndarray:
        """Draw values: units × count; NaN where there is no law."""
        whole = bool(self.known.all())
        here = slice(None) if whole else self.known
        own = self.numbers[here]
        scale = self.scale[here, None] if np.ndim(self.scale) else self.scale
        if self.name == "mean":
            drawn = self.centre[here, None] + own[:, :1] * lots.standard_t(own[:, 1:2], (len(own), count))
        elif self.name == "quantile":
            drawn = _interpolate_rows(lots.beta(own[:, :1], own[:, 1:2], (len(own), count)), own[:, 2:])
        else:
            parts = [lots.standard_gamma(number[:, None], (len(own), count)) for number in own.T]
            drawn = scale * _mix(parts, self.codes if self.name == "coded" else None)
        if whole:
            return np.asarray(drawn)
        found = np.full((len(self.known), count), np.nan)
        found[here] = drawn
        return found


def _mix(parts: Sequence[np.ndarray], codes: np.ndarray | None) -> np.ndarray:
    """Make of amounts drawn the share of the first, or the mean of their codes; one alone stays."""
    if len(parts) == 1:
        return parts[0]
    whole = np.maximum(reduce(add, parts), np.finfo(float).tiny)
    if codes is None:
        return parts[0] / whole
    return reduce(add, (code * part for code, part in zip(codes, parts, strict=True))) / whole


def _interpolate_rows(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give what lies at shares (units × draws) of values in their order (units × LEVELS)."""
    right = np.clip(np.searchsorted(LEVELS, at, "right"), 1, len(LEVELS) - 1)
    levels, rows = np.array(LEVELS), np.arange(len(at))[:, None]
    part = (at - levels[right - 1]) / (levels[right] - levels[right - 1])
    return values[rows, right - 1] * (1 - part) + values[rows, right] * part


class Counts(NamedTuple):
    """What one indicator's values rest on in one period, one a unit; able: who has a value; phi: over-dispersion, one a unit.

    whole: of how many the records are a sample (no end: of all that could be).
    """

    above: np.ndarray
    below: np.ndarray
    value: np.ndarray
    n: np.ndarray
    able: np.ndarray
    within: np.ndarray
    phi: np.ndarray
    whole: np.ndarray

    def worth(self, n: np.ndarray) -> np.ndarray:
        """Give how many answers drawn at random n of these are worth; no end where all there are were looked at."""
        left = 1 - np.divide(n, self.whole, out=np.zeros(len(n)), where=self.whole > 0)
        return np.divide(n / self.phi, left, out=np.full(len(n), np.inf), where=left > 0)


SURE = 1e12
"""So many answers leave no error."""

ROUNDING = 1e-9
"""What records differ by less than this share of themselves comes of how numbers are kept."""


def share_law(of: Counts, scale: float) -> Law:
    """Give the law of shares, met of so many: Beta, at the rate drawn towards the class; of one unit alone Beta(x+½, n−x+½).

    >>> one = np.array([15.0])
    >>> alone = Counts(one, one, one * 100 / 15, one, one > 0, one * 0, one * 0 + 1, one * np.inf)
    >>> share_law(alone, 100).numbers.tolist()
    [[15.5, 0.5]]
    """
    rate, known = np.full(len(of.able), np.nan), of.able & (of.below > 0)
    met, asked = of.above / of.phi, of.below / of.phi  # else bursts would count as true differences, which nobody borrows
    for at in members(of.within, known):
        rate[at] = beta_binomial(met[at], asked[at]).rates(met[at], asked[at])
    n = np.minimum(of.worth(of.below), SURE) + 1
    return Law("share", np.column_stack([n * rate, n * (1 - rate)]), scale, scale * rate, known)


def count_law(of: Counts, scale: float) -> Law:
    """Give the law of counts over exposures (no exposure: 1): Gamma, at the rate drawn towards the class; alone Gamma(x+½).

    Where rows are worth more or less than 1 they are counted in the mean worth of a row of the class.

    >>> one = np.array([4.0])
    >>> alone = Counts(one, one * np.nan, one, one, one > 0, one * 0, one * 0 + 1, one * np.inf)
    >>> count_law(alone, 1).numbers.tolist()
    [[4.5]]
    """
    exposure = np.where(np.isnan(of.below), 1.0, of.below)
    known = of.able & (exposure > 0) & (of.above >= 0)
    expected, each = np.full(len(known), np.nan), np.ones(len(known))
    for at in members(of.within, known):
        each[at] = mean_worth(of.above[at], of.n[at])
        events, worth = of.above[at] / each[at] / of.phi[at], exposure[at] / of.phi[at]  # as of shares
        expected[at] = gamma_poisson(events, worth).rates(events, worth) * exposure[at]
    # of a sample of a known whole the events are worth more than they are many
    more = np.divide(np.minimum(of.worth(of.n), SURE) * of.phi, of.n, out=np.ones(len(known)), where=of.n > 0) / of.phi
    by = np.divide(scale * each, exposure, out=np.full(len(known), np.nan), where=exposure > 0)
    return Law("count", (expected * more)[:, None], by / more, expected * by, known)


def mean_worth(above: np.ndarray, n: np.ndarray) -> float:
    """Give what a row of a class is worth on the whole; 1 where there is none."""
    return float(above.sum() / n.sum()) if above.sum() > 0 and n.sum() > 0 else 1.0


def coded_law(of: Counts, given: np.ndarray, codes: np.ndarray, scale: float) -> Law:
    """Give the law of coded answers: Dirichlet over the codes, drawn towards the mix of the class; alone counts + ½.

    given: units × codes, how many answers had each.

    >>> one = np.array([4.0])
    >>> alone = Counts(one, one, one, one, one > 0, one * 0, one * 0 + 1, one * np.inf)
    >>> coded_law(alone, np.array([[1.0, 0.0, 3.0]]), np.array([0, 0.6, 1]), 100).numbers.tolist()
    [[1.5, 0.5, 3.5]]
    """
    n = given.sum(axis=1)
    known, mix = of.able & (n > 0), np.full(given.shape, np.nan)
    marks = (codes - codes.min()) / max(np.ptp(codes), np.finfo(float).tiny)
    for at in members(of.within, known):
        worth = given[at] / of.phi[at, None]
        whole = worth.sum(axis=0) + HALF
        whole /= whole.sum()
        variance = float((whole * marks**2).sum() - (whole * marks).sum() ** 2)
        strength = beta_binomial((marks * worth).sum(axis=1), worth.sum(axis=1), variance).strength
        mix[at] = (worth + strength * whole) / (worth.sum(axis=1) + strength)[:, None] if np.isfinite(strength) else whole
    amount = np.minimum(of.worth(n), SURE) + HALF * len(codes)
    return Law("coded", amount[:, None] * mix, scale, scale * (mix * codes).sum(axis=1), known, codes)


PRIOR = 4
"""The degrees of freedom that the class lends to the spread of a unit: so many, or as many as all of it have."""


def mean_law(of: Counts, squares: np.ndarray, rows: np.ndarray, scale: float) -> Law:
    """Give the law of means: Student's t around each, with its own variance and that of the class, which lends PRIOR degrees.

    squares: what the rows of a unit differ by from its mean, squared and added up, in the value's numbers before the scale; rows.
    Where nobody of a class has two rows, or none that differ, there is no law, but where all there are were looked at.

    >>> one = np.array([12.0, 9.0])
    >>> two = Counts(one, one * 0 + 3, one / 3, one * 0 + 3, one > 0, one * 0, one * 0 + 1, one * np.inf)
    >>> mean_law(two, np.array([6.0, 6.0]), one * 0 + 3, 1).numbers.round(3).tolist()
    [[1.0, 6.0], [1.0, 6.0]]
    """
    known = of.able & (rows > 0) & np.isfinite(squares)
    error, freedom, lent = np.full(len(known), np.nan), np.maximum(rows - 1, 0), np.zeros(len(known))
    for at in members(of.within, known):
        shared = squares[at].sum() / freedom[at].sum() if freedom[at].sum() > 0 else 0.0
        lent[at] = min(PRIOR, max(freedom[at].sum(), 1))
        # the class counts double: of skewed records those of a low mean differ by little, and their error is easily thought small
        variance = (squares[at] + 2 * lent[at] * shared) / (freedom[at] + 2 * lent[at])
        error[at] = scale * np.sqrt(variance / np.minimum(of.worth(rows)[at], SURE))
    known = known & ((error > 0) | np.isinf(of.worth(rows)))
    return Law("mean", np.column_stack([error, freedom + lent]), scale, of.value, known)


def quantile_law(of: Counts, q: float, values: np.ndarray) -> Law:
    """Give the law of a quantile: records in their order, at a share that is Beta((n+1)q, (n+1)(1−q)).

    values: units × LEVELS, what lies at these shares of a unit's records. Few records hold less than what they were drawn from:
    a median of two would lie between them. So their spread is drawn apart by √((n+1)/(n−1)), and the class lends the shape of its
    own (class_shape), which counts as PRIOR degrees of freedom beside the n − 1 of the unit; one unit alone has its own. Where
    nobody of a class has two records, or none that differ, there is no law, but where all there are were looked at.

    >>> one = np.array([30.0, 30.0])
    >>> two = Counts(one, one, one, one * 0 + 2, one > 0, one * 0, one * 0 + 1, one * np.inf)
    >>> found = quantile_law(two, 0.5, np.array([np.interp(LEVELS, [0, 1], [20, 40]), np.full(13, 30.0)]))
    >>> found.numbers[:, [2, 8, 14]].round(1).tolist()
    [[13.3, 30.0, 46.7], [19.1, 30.0, 40.9]]
    """
    able = of.able & (of.n > 0) & np.isfinite(values).all(axis=1)
    worth = np.minimum(of.worth(of.n), SURE)
    freedom = np.maximum(worth - 1, 0)
    middle = values[:, [MIDDLE]]
    own = (values - middle) * np.sqrt(np.divide(worth + 1, freedom, out=np.zeros(len(worth)), where=freedom > 0))[:, None]
    shown = np.zeros(len(able), dtype=bool)
    for at in members(of.within, able):
        shown[at] = (np.ptp(values[at], axis=1) > ROUNDING * np.abs(values[at]).max(axis=1)).any()
        lent = min(PRIOR, float(np.maximum(of.n[at] - 1, 0).sum())) if len(at) > 1 else 0.0
        if lent:
            kept = (freedom[at] / (freedom[at] + lent))[:, None]
            wide = np.sqrt((of.n[at] + 2) / (of.n[at] + 1))[:, None]  # of two or three nobody sees how skewed records are
            own[at] = kept * own[at] + (1 - kept) * wide * class_shape(values[at], of.n[at])
    known = able & (shown | np.isinf(of.worth(of.n)))
    drawn, a, b = middle + own, (worth + 1) * q, (worth + 1) * (1 - q)
    centre = _interpolate_rows(np.full((len(able), 1), q), drawn)[:, 0]
    return Law("quantile", np.column_stack([a, b, drawn]), 1.0, centre, known)


MIDDLE = LEVELS.index(0.5)

MOST_KNOWN = 11
"""Of so many records and fewer the values at LEVELS tell every one."""


def class_shape(values: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Give how records of a class lie around the middle of their unit: what lies at LEVELS of all of them, 0 in the middle.

    values: units × LEVELS; n: records of each. They are put together as they lie around the mean of their unit, drawn apart by
    √(n/(n−1)), for they lie nearer to their own mean than to the true one; a unit counts by its degrees of freedom.

    >>> pairs = np.array([np.interp(LEVELS, [0, 1], [10, 14]), np.interp(LEVELS, [0, 1], [50, 54])])
    >>> class_shape(pairs, np.array([2, 2]))[[0, MIDDLE, -1]].round(3).tolist()
    [-2.828, 0.0, 2.828]
    """
    records, weights = [np.zeros(0)], [np.zeros(0)]
    size = np.where(n > MOST_KNOWN, 0, n).astype(int)
    for many in np.unique(size[n > 1]).tolist():
        at = np.flatnonzero((size == many) & (n > 1))
        own = values[at] @ _records_from_levels(many).T if many else values[at]
        share = np.full(many, 1 / many) if many else np.gradient(np.array(LEVELS)) / np.gradient(np.array(LEVELS)).sum()
        away = (own - own @ share[:, None]) * np.sqrt(n[at] / (n[at] - 1))[:, None]
        records.append(away.ravel())
        weights.append(((n[at] - 1)[:, None] * share).ravel())
    record, weight = np.concatenate(records), np.concatenate(weights)
    order = np.argsort(record, kind="stable")
    record, reached = record[order], np.cumsum(weight[order]) - weight[order] / 2
    shape = np.interp(LEVELS, reached / weight.sum(), record)
    return np.asarray(shape - shape[MIDDLE])


@cache
def _records_from_levels(many: int) -> np.ndarray:
    """Give what makes records of a unit of the values at LEVELS, between which these were interpolated: many × LEVELS."""
    every = np.eye(many)
    return np.linalg.pinv(np.column_stack([np.interp(LEVELS, np.linspace(0, 1, many), one) for one in every]))


# The law of an indicator, by its kind of measure and what was counted


def law_of(
    number: int, found: "Measured", parts: Sequence["Measured"], scheme: Scheme, tree: Tree, cohort: tuple[Any, Any]
) -> Law | str:
    """Give the law by which the values of an indicator scatter in one period, or the word for why nobody has one.

    parts: the months of the period, which show over-dispersion; cohort: status of each unit, and with whom it is compared.
    `sure`: the scheme says that all there is was counted. `no_n`: nobody said on how many answers a figure rests. `no_spread`:
    it is no share, and nothing says how far single answers lie apart. The law itself may not know some units (known, word).
    """
    entry, (status, within) = scheme.indicators[number], cohort
    if scheme.error == "none" or entry.error == "none":
        return "sure"
    scale, able = float(entry.scale), has_value(status)
    above, below, value, n = (array[:, number] for array in (found.numerator, found.denominator, found.value, found.n))
    moments = found.moments.get(number, {})
    whole = np.full(len(able), np.inf)
    if isinstance(entry.error, Sample):
        size = entry.error.sample_of
        whole = np.full(len(able), float(size)) if isinstance(size, int) else tree.units[size].to_numpy("float64")
    counts = Counts(above, below, value, n, able, within, _dispersion(number, entry, parts, able, within), whole)
    return _law_by_kind(entry.measure, counts, moments, scale)


def _law_by_kind(measure: Any, counts: Counts, moments: Mapping[str, np.ndarray], scale: float) -> Law | str:
    if isinstance(measure, Figure):
        return _figure_law(counts, moments.get(DESIGN, np.ones(len(counts.able))), scale)
    if isinstance(measure, Count):
        return count_law(counts, scale)
    if isinstance(measure, (Mean, Ratio)):
        return _ratio_law(counts, moments, measure, scale)
    if isinstance(measure, Coded):
        codes = np.array([float(code) for code in moments])
        return coded_law(counts, np.column_stack([*moments.values()]), codes, scale) if moments else "no_spread"
    if isinstance(measure, Quantile):
        given = [moments[name] for name in sorted(moments, key=lambda name: int(name.removeprefix("at_")))]
        return quantile_law(counts, float(measure.q), np.column_stack(given)) if given else "no_spread"
    return share_law(counts, scale)


def _figure_law(of: Counts, design: np.ndarray, scale: float) -> Law | str:
    """Give the law of figures that are shares: of n answers worth n / design effect."""
    inside = (of.value >= 0) & (of.value <= scale)
    if scale == 1 or not inside[of.able].all():
        return "no_spread"
    shares = of._replace(above=of.value / scale * of.n, below=of.n, phi=of.phi * design)
    return replace(share_law(shares, scale), word="no_n")


def _ratio_law(of: Counts, moments: Mapping[str, np.ndarray], measure: Mean | Ratio, scale: float) -> Law | str:
    """Give the law of means and of quotients of sums, from how far single rows lie from the unit's own.

    Of a subset (required and filled, say) it is a share, of answers that come in rows: worth so many less as rows are alike.
    """
    if SQUARES not in moments:
        return "no_spread"
    rate = np.divide(of.above, of.below, out=np.zeros(len(of.able)), where=of.below > 0)
    if isinstance(measure, Mean):
        squares = moments[SQUARES] - rate * of.above
        return mean_law(of, np.where(squares > ROUNDING * moments[SQUARES], squares, 0), of.n, scale)
    squares = moments[SQUARES] - 2 * rate * moments[PRODUCTS] + rate**2 * moments[f"{SQUARES}_below"]
    squares = np.where(squares > ROUNDING * moments[SQUARES], squares, 0)
    if not measure.subset:
        size = np.divide(of.below, of.n, out=np.ones(len(rate)), where=of.n > 0)
        return mean_law(of, squares / np.where(size > 0, size, 1) ** 2, of.n, scale)
    phi = of.phi.copy()
    for at in members(of.within, of.able & (of.below > 0)):
        chance = (of.below[at] * rate[at] * (1 - rate[at])).sum()
        several = np.divide(of.n[at], of.n[at] - 1, out=np.ones(len(at)), where=of.n[at] > 1)
        phi[at] = np.maximum(phi[at], (squares[at] * several).sum() / chance if chance > 0 else 1)
    return share_law(of._replace(phi=phi), scale)


def _dispersion(number: int, entry: Entry, parts: Sequence["Measured"], able: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Give for each unit by how much what is counted scatters more than by chance, from the months of the period.

    Of counts it is one number a class (overdispersion). Answers are alike by one number a class (intraclass), and worth the less
    to a unit the more of them fell into one month.
    """
    phi, measure = np.ones(len(able)), entry.measure
    if len(parts) < 2 or not isinstance(measure, (Share, Count, Coded, Mean)):  # noqa: PLR2004 - one month shows no scatter
        return phi
    above, below, rows = (
        np.nan_to_num(np.column_stack([getattr(one, name)[:, number] for one in parts]))
        for name in ("numerator", "denominator", "n")
    )
    if isinstance(measure, Count):
        exposure = np.ones_like(below) if measure.per is None else below
        for at in members(within, able):
            phi[at] = overdispersion(above[at] / mean_worth(above[at], rows[at]), exposure[at], binomial=False)
        return phi
    given = [one.moments.get(number, {}) for one in parts]
    n, squares = (below, above) if isinstance(measure, Share) else (rows, _squares(measure, given, above))
    for at in members(within, able):
        together = np.divide((n[at] ** 2).sum(axis=1), n[at].sum(axis=1), out=np.ones(len(at)), where=n[at].sum(axis=1) > 0)
        phi[at] = 1 + intraclass(above[at], squares[at], n[at]) * np.maximum(together - 1, 0)
    return phi


def _squares(measure: Coded | Mean, given: Sequence[Mapping[str, np.ndarray]], above: np.ndarray) -> np.ndarray:
    """Give the squares of answers added up, units × parts; where a part does not tell them they are as far apart as can be."""
    found = np.full(above.shape, np.inf)
    for part, own in enumerate(given):
        if isinstance(measure, Coded) and own:
            found[:, part] = reduce(add, (float(code) ** 2 * count for code, count in own.items()))
        elif SQUARES in own:
            found[:, part] = own[SQUARES]
    return found
