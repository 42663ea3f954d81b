"""What quotas ask of each unit: an amount, by class, or a figure; per officer or inhabitant, and so often in the period."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Fault
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.model import Scheme, applies, void_months
from fengqiao_eval.scheme.references import Quota
from fengqiao_eval.scoring.cohort import each_unit, exempted, words
from fengqiao_eval.scoring.dividing import exposure, figures_of, significant

LENGTH = {"month": 1, "quarter": 3, "year": 12}


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


def apart(quota: Quota, period: Period) -> tuple[Period, ...]:
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
        void = void_months(scheme, scheme.entries[number].code)
        months = [month for month in period.month_numbers if month not in void]
        asked = sum(
            _share(quota, stretch, months) * _amount(quota, tree, stretch, figures) for stretch in stretches(quota, period)
        )
        if quota.per:
            asked = asked * exposure(postings, quota, tree, period, months) / float(quota.scale)
        found[number, step] = significant(np.broadcast_to(asked, len(tree.units)))
    return found


def _share(quota: Quota, stretch: Period, months: list[int]) -> float:
    """Say how much of what is due in a stretch falls in the months: of a year's quota a quarter has a fourth."""
    return sum(month in stretch.month_numbers for month in months) / stretch.months if quota.every else 1.0


def _amount(quota: Quota, tree: Tree, stretch: Period, figures: pd.DataFrame) -> Any:
    if quota.figure is None:
        return each_unit(quota.amount, *words(tree), missing=np.nan)
    return figures_of(figures, quota.figure, 1, tree, stretch)["value"]


def faults_of(scheme: Scheme, tree: Tree) -> Iterator[Fault]:
    """Find what the units lack for the quotas: a class that a quota by class names, the inhabitants it is reckoned per."""
    for number, step, quota in quotas_of(scheme):
        entry, place = scheme.entries[number], f"{scheme.entries[number].code}.against.{step}"
        units = tree.units[held(entry, tree)]
        if isinstance(quota.amount, dict):
            yield from _without_amount(units, quota.amount, entry, scheme.title, place)
        if quota.per in ("residents", "households") and len(units) and units[quota.per].isna().all():
            yield Fault(scheme.title, f"{place}.per", "quota.no_exposure", {"indicator": entry.label, "column": quota.per})


def _without_amount(units: pd.DataFrame, amount: Mapping[str, Any], entry: Entry, title: str, place: str) -> Iterator[Fault]:
    """Find the units that a quota by class passes over: of a class it does not name, or of none."""
    over = units[
        np.isnan(each_unit(amount, units["level"].to_numpy(object), units["peer_class"].to_numpy(object), missing=np.nan))
    ]
    told = {"indicator": entry.label, "given": "、".join(amount)}
    unnamed = sorted(set(over["peer_class"]) - {""})
    if unnamed:
        yield Fault(title, f"{place}.amount", "quota.no_amount", told | {"classes": "、".join(unnamed)})
    without = over.loc[over["peer_class"] == "", "level"]
    if len(without):
        whose = {"count": len(without), "levels": "、".join(without.unique())}
        yield Fault(title, f"{place}.amount", "quota.no_class", told | whose)


def held(entry: Entry, tree: Tree) -> np.ndarray:
    """Say to which units an entry applies."""
    exempt = getattr(entry, "not_applicable", None)
    there = np.array([applies(entry, level) for level in tree.units["level"]], dtype=bool)
    return there & ~exempted(exempt, tree) if exempt else there
