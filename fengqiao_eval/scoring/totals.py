"""Points and weights to contributions and totals, in whole numbers: what is printed is what is ranked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from fengqiao_eval.scheme.model import Scheme, applies, weight_at
from fengqiao_eval.scoring.points import DECIMALS


@dataclass(frozen=True)
class Weights:
    """The weights of one level as whole numbers: of each dimension, of each indicator within its own (0: not at this level).

    Each set is divided by its greatest common divisor, so that the browser and a spreadsheet can reckon with the same numbers.
    """

    dimensions: np.ndarray
    indicators: np.ndarray
    dimension_of: np.ndarray

    @property
    def nominal(self) -> np.ndarray:
        """Each indicator's share of the total before anything is missing; sums to 1."""
        whole = np.bincount(self.dimension_of, self.indicators, len(self.dimensions))
        used = self.dimensions * (whole > 0)
        share = self.dimensions / used.sum()
        return share[self.dimension_of] * self.indicators / np.maximum(whole, 1)[self.dimension_of]


def weights_at(scheme: Scheme, level: str) -> Weights:
    """Read the weights of a scheme at a level as whole numbers."""
    indicators: list[int] = []
    for dimension in scheme.dimensions:
        indicators += whole([weight_at(i.weight, level) if applies(i, level) else Decimal(0) for i in dimension.leaves])
    dimension_of = [number for number, d in enumerate(scheme.dimensions) for _ in d.leaves]
    dimensions = whole([weight_at(d.weight, level) for d in scheme.dimensions])
    return Weights(np.array(dimensions), np.array(indicators), np.array(dimension_of))


def whole(weights: Sequence[Decimal]) -> list[int]:
    """Make weights of at most two decimals whole numbers in the same proportion, as small as can be.

    >>> whole([Decimal("12.5"), Decimal(25), Decimal("62.5")])
    [1, 2, 5]
    """
    hundredths = [int(weight * 100) for weight in weights]
    divisor = math.gcd(*hundredths) or 1
    return [weight // divisor for weight in hundredths]


@dataclass(frozen=True)
class Totals:
    """Contributions (units × indicators) and totals in whole 10^-decimals, the weights used, and the share that was scored."""

    contributions: np.ndarray
    totals: np.ndarray
    weight_used: np.ndarray
    covered: np.ndarray


def total(points: np.ndarray, scored: np.ndarray, weights: Weights, decimals: int = 2) -> Totals:
    """Weigh points (units × indicators; any where not scored) and add them up.

    What is missing is spread within its dimension first, a dimension with nothing scored over the others. A contribution is
    points × weight/Σ weights scored, as one fraction of whole numbers rounded half-up once; the total is their exact sum.
    """
    numerator, denominator = _fractions(scored, weights)
    ten_thousandths = np.rint(np.where(scored, points, 0) * 10**DECIMALS).astype(np.int64)
    above, below = ten_thousandths * numerator, denominator * 10 ** (DECIMALS - decimals)
    contributions = (2 * above + below) // (2 * below)
    used = numerator / denominator
    return Totals(contributions, contributions.sum(axis=1), used, scored @ weights.nominal)


def _fractions(scored: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Give each weight used as a fraction: own weights down the tree over the sums of the scored siblings."""
    belongs = weights.dimension_of[:, None] == np.arange(len(weights.dimensions))
    siblings = scored.astype(np.int64) @ (belongs * weights.indicators[:, None])
    above = (siblings > 0) @ weights.dimensions
    own = weights.dimensions[weights.dimension_of] * weights.indicators
    below = siblings[:, weights.dimension_of] * above[:, None]
    return np.where(scored, own, 0), np.where(below > 0, below, 1)
