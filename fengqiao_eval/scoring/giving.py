"""Points of every indicator: by its rule, within its class, and by what the scheme says of the missing and the not applicable."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Scheme, base_marks
from fengqiao_eval.scheme.rules import Line, Relative
from fengqiao_eval.scoring.admitting import valued
from fengqiao_eval.scoring.cohort import Cohort, each_unit
from fengqiao_eval.scoring.comparing import Compared
from fengqiao_eval.scoring.points import bounded, by_class, half_up, value_points

NOT_APPLICABLE = STATUSES.index("not_applicable")


@dataclass(frozen=True)
class Given:
    """Points and status (units × indicators), what of them is scored, and which units are barred from a place."""

    points: np.ndarray
    status: np.ndarray
    scored: np.ndarray
    barred: np.ndarray


def give(found: Compared, scheme: Scheme, among: Cohort) -> Given:
    """Give every unit the points of every indicator; what is missing is treated as the indicator says."""
    full = each_unit(scheme.full_marks, among.classes, missing=100)
    points, status = give_points(found, scheme, among, full)
    return Given(points, status, *fill_missing(points, status, scheme, among, full))


def give_points(found: Compared, scheme: Scheme, among: Cohort, full: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give points (NaN where none) by each indicator's rule; a class too small or all equal changes the status.

    full: the full marks, one for all or one for each unit. The numbers of a rule are of the base marks, or of the item's own.
    """
    shape = (len(among.levels), len(scheme.indicators))
    points, status = np.empty(shape), found.status[:, : shape[1]].copy()
    able = valued(status)
    for number, indicator in enumerate(scheme.indicators):
        values = np.where(able[:, number], found.value[:, number], np.nan)
        top = each_unit(indicator.weight, among.levels) if indicator.points.in_marks else float(base_marks(scheme))
        raw, changed = _raw(indicator, values, top, scheme.least_class, among)
        points[:, number] = half_up(_scaled(bounded(raw, indicator.points, 0, top), full, top))
        status[:, number] = np.where(changed > 0, changed, status[:, number])
    return points, status


def _raw(indicator: Indicator, values: np.ndarray, top: Any, least_class: int, among: Cohort) -> tuple[np.ndarray, Any]:
    """Give points in the numbers of the rule, and the status that a class too small or all equal makes (0: none)."""
    rule = indicator.points
    if isinstance(rule, Relative):
        able = ~np.isnan(values) & among.eligible
        share, changed = by_class(rule.kind, values, able, among.within, indicator.good, least_class)
        return share * top, changed
    each = each_unit(rule.each, among.levels, among.classes) if isinstance(rule, Line) else None
    return value_points(rule, values, indicator.good, each), np.int8(0)


def _scaled(points: np.ndarray, full: Any, top: Any) -> np.ndarray:
    """Bring points of a scale up to top to one up to full marks."""
    return points if full is top or np.array_equal(full, top) else points * np.divide(full, np.where(top == 0, np.inf, top))


def fill_missing(
    points: np.ndarray, status: np.ndarray, scheme: Scheme, among: Cohort, full: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Fill in what is missing as each indicator says (in place); return what is scored, and which units are barred from a place.

    What does not apply to a unit is spread over the rest, unless the indicator gives full marks for it.
    """
    missing, own = np.isnan(points), np.broadcast_to(full, len(points))
    inapplicable = status == NOT_APPLICABLE
    barring = [indicator.missing == "not_ranked" for indicator in scheme.indicators]
    for number, indicator in enumerate(scheme.indicators):
        lacks = missing[:, number] & ~inapplicable[:, number]
        if indicator.missing in ("full", "zero"):
            points[lacks, number] = own[lacks] if indicator.missing == "full" else 0
        if indicator.not_applicable and indicator.not_applicable.give == "full":
            spared = inapplicable[:, number] & np.isin(among.levels, indicator.levels or scheme.levels)
            points[spared, number] = own[spared]
    return ~np.isnan(points), (missing & ~inapplicable)[:, barring].any(axis=1)
