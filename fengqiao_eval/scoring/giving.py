"""Points of every indicator: by its rule, within its class, through its gate, and by what the scheme says of the missing."""

from dataclasses import dataclass

import numpy as np

from fengqiao_eval.errors import SCORED, STATUSES
from fengqiao_eval.scheme.model import Scheme, base_marks
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.comparing import Compared
from fengqiao_eval.scoring.points import absolute, by_class, is_relative


@dataclass(frozen=True)
class Given:
    """Points and status (units × indicators), what of them is scored, and which units are barred from a place."""

    points: np.ndarray
    status: np.ndarray
    scored: np.ndarray
    barred: np.ndarray


def give(found: Compared, scheme: Scheme, among: Cohort) -> Given:
    """Give every unit the points of every indicator; what is missing is treated as the indicator says."""
    points, status = give_points(found, scheme, among)
    return Given(points, status, *fill_missing(points, status, scheme))


def give_points(found: Compared, scheme: Scheme, among: Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Give points (NaN where none) by each indicator's rule; a class too small or all equal changes the status."""
    shape = (len(among.levels), len(scheme.indicators))
    points, status = np.full(shape, np.nan), found.status[:, : shape[1]].copy()
    able = np.isin(status, [STATUSES.index(word) for word in SCORED])
    for number, indicator in enumerate(scheme.indicators):
        values = np.where(able[:, number], found.value[:, number], np.nan)
        if is_relative(indicator.points):
            asked = (indicator.points, values, able[:, number] & among.eligible, among.within, indicator.good)
            points[:, number], changed = by_class(*asked, base_marks(scheme), scheme.least_class)
            status[:, number] = np.where(changed > 0, changed, status[:, number])
        else:
            points[:, number] = absolute(indicator.points, values, indicator.good, base_marks(scheme))
    return points, status


def fill_missing(points: np.ndarray, status: np.ndarray, scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    """Fill in what is missing as each indicator says (in place); return what is scored, and which units are barred from a place."""
    missing = np.isnan(points) & (status != STATUSES.index("not_applicable"))
    for number, indicator in enumerate(scheme.indicators):
        if indicator.missing in ("full", "zero"):
            points[missing[:, number], number] = base_marks(scheme) if indicator.missing == "full" else 0
    barring = [indicator.missing == "not_ranked" for indicator in scheme.indicators]
    return ~np.isnan(points), missing[:, barring].any(axis=1)
