"""What a value is divided by or held to: exposures, figures counted elsewhere, and what quotas ask of each unit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Fault
from fengqiao_eval.measuring.peer_groups import each_unit, is_exempt, words
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree, person_days
from fengqiao_eval.scheme.benchmark import Quota
from fengqiao_eval.scheme.measure import Count
from fengqiao_eval.scheme.scheme import Scheme, applies, void_months

LENGTH = {"month": 1, "quarter": 3, "year": 12}


def round_significant(values: np.ndarray, of: np.ndarray | None = None) -> np.ndarray:
    """Keep twelve digits, counted from those of `of` (what the values were reckoned from) where given, so that equal is equal.

    >>> round_significant(np.array([57.1 - 57.09]), of=np.array([57.1])).tolist()
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
        return round_significant(np.where(below > 0, above * scale / below, np.nan))


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


# What quotas ask of each unit: an amount, by class, or a figure; per officer or inhabitant, and so often in the period


def quotas_of(scheme: Scheme) -> Iterator[tuple[int, int, Quota]]:
    """List the quotas of a scheme, each with the number of its entry and its step among the entry's references."""
    for number, entry in enumerate(scheme.entries):
        yield from ((number, step, held) for step, held in enumerate(entry.against) if isinstance(held, Quota))


def stretches(quota: Quota, period: Period) -> tuple[Period, ...]:
    """Name the months, quarters or years for which a quota is due in a period: those in it, else the one it lies in.

    >>> from fengqiao_eval.periods import parse
    >>> monthly = Quota(kind="quota", amount=8, every="month", as_="shortfall")
    >>> [str(stretch) for stretch in stretches(monthly, parse("2024Q4"))]
    ['2024-10', '2024-11', '2024-12']
    """
    if not quota.every:
        return (period,)
    length = LENGTH[quota.every]
    first = period.first - period.first % length
    return tuple(Period(month, length) for month in range(first, period.first + period.months, length))


def quota_parts(quota: Quota, period: Period) -> tuple[Period, ...]:
    """Name the parts of a period each of which is held against its own count."""
    return tuple(stretch for stretch in stretches(quota, period) if period.holds(stretch)) or (period,)


def figure_periods(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the periods whose figures the quotas of a scheme look up."""
    given = [quota for _, _, quota in quotas_of(scheme) if quota.figure]
    return tuple(dict.fromkeys(stretch for period in periods for quota in given for stretch in stretches(quota, period)))


def dues(
    scheme: Scheme, tree: Tree, period: Period, figures: pd.DataFrame, postings: pd.DataFrame | None
) -> Mapping[tuple[int, int], np.ndarray]:
    """Reckon what each quota asks of each unit in a period, by (entry, step); NaN where nobody said.

    figures: lines of the record table; a figure with `every` is that of each month, quarter or year. Void months ask nothing.
    """
    found = {}
    for number, step, quota in quotas_of(scheme):
        void, asked = void_months(scheme, scheme.entries[number].code), np.zeros(len(tree.units))
        months = [month for month in period.month_numbers if month not in void]
        for stretch in stretches(quota, period):  # of a year's quota a quarter has a fourth
            part = sum(month in stretch.month_numbers for month in months) / stretch.months if quota.every else 1.0
            if quota.figure is None:
                asked += part * each_unit(quota.amount, *words(tree), missing=np.nan)
            else:
                asked += part * figures_of(figures, quota.figure, 1, tree, stretch)["value"]
        if quota.per:
            asked *= exposure(postings, quota, tree, period, months) / float(quota.scale)
        found[number, step] = round_significant(asked)
    return found


def faults_of(scheme: Scheme, tree: Tree) -> Iterator[Fault]:
    """Find what the units lack for the quotas: a class that a quota by class names, the inhabitants it is reckoned per."""
    for number, step, quota in quotas_of(scheme):
        entry = scheme.entries[number]
        place, told = f"{entry.code}.against.{step}", {"indicator": entry.label}
        exempt = getattr(entry, "not_applicable", None)
        there = np.array([applies(entry, level) for level in tree.units["level"]], dtype=bool)
        units = tree.units[there & ~is_exempt(exempt, tree) if exempt else there]
        if isinstance(quota.amount, dict):
            levels, classes = (units[name].to_numpy(object) for name in ("level", "peer_class"))
            over = units[np.isnan(each_unit(quota.amount, levels, classes, missing=np.nan))]
            told |= {"given": "、".join(quota.amount)}
            if unnamed := sorted(set(over["peer_class"]) - {""}):
                yield Fault(scheme.title, f"{place}.amount", "quota.no_amount", told | {"classes": "、".join(unnamed)})
            without = over.loc[over["peer_class"] == "", "level"]
            if len(without):
                whose = {"count": len(without), "levels": "、".join(without.unique())}
                yield Fault(scheme.title, f"{place}.amount", "quota.no_class", told | whose)
        if quota.per in ("residents", "households") and len(units) and units[quota.per].isna().all():
            yield Fault(scheme.title, f"{place}.per", "quota.no_exposure", {"indicator": entry.label, "column": quota.per})
