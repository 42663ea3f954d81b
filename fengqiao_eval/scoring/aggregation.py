"""From points to totals: each level weighted by its own weights, dimension by dimension."""

from dataclasses import dataclass

import numpy as np

from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.adjustments import Adjustment
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.giving import Given
from fengqiao_eval.scoring.totals import Totals, total, weights_at


@dataclass(frozen=True)
class Gathered:
    """Totals of the hundred, the nominal shares behind them, and what floors, caps and geometric means changed."""

    totals: Totals
    nominal: np.ndarray
    adjustments: tuple[Adjustment, ...]


def gather(given: Given, scheme: Scheme, among: Cohort) -> Gathered:
    """Weigh the points of every unit by the weights of its level."""
    shape = given.points.shape
    contributions, used, nominal = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape)
    totals, covered = np.zeros(shape[0], dtype=np.int64), np.zeros(shape[0])
    for level in dict.fromkeys(among.levels):
        at, weights = np.flatnonzero(among.levels == level), weights_at(scheme, level)
        part = total(given.points[at], given.scored[at] & (weights.indicators > 0), weights, scheme.decimals)
        contributions[at], used[at], nominal[at] = part.contributions, part.weight_used, weights.nominal
        totals[at], covered[at] = part.totals, part.covered
    return Gathered(Totals(contributions, totals, used, covered), nominal, ())
