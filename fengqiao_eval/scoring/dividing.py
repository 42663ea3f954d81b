"""What a value is divided by and where it is taken from: exposures, figures counted elsewhere, and the division itself."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree, person_days
from fengqiao_eval.scheme.counted import Count
from fengqiao_eval.scheme.references import Quota


def significant(values: np.ndarray, of: np.ndarray | None = None) -> np.ndarray:
    """Keep twelve digits, counted from those of `of` (what the values were reckoned from) where given, so that equal is equal.

    >>> significant(np.array([57.1 - 57.09]), of=np.array([57.1])).tolist()
    [0.01]
    """
    size = np.abs(values if of is None else of)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = 10.0 ** (11 - np.floor(np.log10(np.where(size == 0, 1, size))))
        return np.round(values * step) / step


def rate(above: np.ndarray, below: np.ndarray, scale: int = 1) -> np.ndarray:
    """Divide; NaN where there is nothing below the line. Twelve digits are kept, so that equal rates are equal.

    >>> rate(np.array([57.0, 0.0, 3.0]), np.array([100.0, 4.0, 0.0]), 100).tolist()
    [57.0, 0.0, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return significant(np.where(below > 0, above * scale / below, np.nan))


def exposure(
    postings: pd.DataFrame | None, measure: Count | Quota, tree: Tree, period: Period, months: Sequence[int]
) -> np.ndarray:
    """Give what a count or quota stands against, one a unit; void months take their days with them.

    person_days in days, officers as person-days over the days of the months, residents and households as the units name them.
    """
    if measure.per in ("residents", "households"):
        return tree.units[measure.per].to_numpy("float64")
    spans = [period] if len(months) == period.months else [Period(month, 1) for month in months]
    served = sum((person_days(tree, postings, span) for span in spans), np.zeros(len(tree.units)))
    days = sum((span.end - span.start).days for span in spans)
    return served / max(days, 1) if measure.per == "officers" else served


def figures_of(figures: pd.DataFrame, name: str, scale: int, tree: Tree, period: Period) -> dict[str, np.ndarray]:
    """Place figures counted elsewhere, part -> one a unit; a value that is not given is numerator / denominator."""
    size = len(tree.units)
    asked = (figures["indicator"] == name) & (figures["period"] == str(period))
    found = figures[asked].drop_duplicates("unit_id", keep="last").set_index("unit_id").reindex(tree.units["unit_id"])
    columns = ("numerator", "denominator", "value", "n")
    given = {c: found[c].to_numpy("float64") if c in found else np.full(size, np.nan) for c in columns}
    value = np.where(np.isnan(given["value"]), rate(given["numerator"], given["denominator"], scale), given["value"])
    n = np.where(np.isnan(given["n"]), given["denominator"], given["n"])
    return {"num": given["numerator"], "den": given["denominator"], "value": value, "n": np.nan_to_num(n)}
