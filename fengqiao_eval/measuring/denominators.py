"""What a value is divided by or held to: exposures, figures of others, other periods, and what quotas ask of each unit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Fault
from fengqiao_eval.measuring.peer_groups import each_unit, is_exempt, words
from fengqiao_eval.measuring.rationals import Rational, tidy
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree, person_days
from fengqiao_eval.scheme.benchmark import Change, Place, Quota, Reference
from fengqiao_eval.scheme.measure import Count
from fengqiao_eval.scheme.scheme import Scheme, applies, void_months

DESIGN = "design_effect"
"""The column of a figure that says by what its sample is worth less than one drawn at random."""

LENGTH = {"month": 1, "quarter": 3, "year": 12}


def exact_value(value: np.ndarray, above: np.ndarray, below: np.ndarray, scale: int = 1) -> Rational:
    """Give values (floats) as the fractions that they are: of what is above and below the line where that makes the value.

    >>> exact_value(np.array([100 / 3, 33.33]), np.array([1.0, 1.0]), np.array([3.0, 3.0]), 100).half_up(6).tolist()
    [33333333, 33330000]
    """
    quotient = Rational.of(above, below) * scale
    return quotient.where(quotient.floats == value, Rational.read(value))


def rate(above: np.ndarray, below: np.ndarray, scale: int = 1) -> np.ndarray:
    """Divide, to the nearest float; NaN where there is nothing below the line.

    >>> rate(np.array([57.0, 1 / 3, 3.0]), np.array([100.0, 1.0, 0.0]), 100).tolist()
    [57.0, 33.333333333333336, nan]
    """
    if (above == np.rint(above)).all() and (below == np.rint(below)).all():  # quotients of whole numbers are the nearest floats
        return np.divide(above * scale, below, out=np.full(len(below), np.nan), where=below > 0)
    return (Rational.of(above, below) * scale).floats


def exposure(
    postings: pd.DataFrame | None, measure: Count | Quota, tree: Tree, period: Period, months: Sequence[int]
) -> Rational:
    """Give what a count or quota stands against, one a unit; void months take their days with them.

    person_days in days, officers as person-days over the days of the months, residents and households as the units name them.
    """
    if measure.per in ("residents", "households"):
        return Rational.read(tree.units[measure.per].to_numpy("float64"))
    spans = [period] if len(months) == period.months else [Period(month, 1) for month in months]
    served = sum((person_days(tree, postings, span) for span in spans), np.zeros(len(tree.units)))
    days = sum((span.end - span.start).days for span in spans)
    return Rational.read(tidy(served)) / (max(days, 1) if measure.per == "officers" else 1)


def figures_of(figures: pd.DataFrame, name: str, scale: int, tree: Tree, period: Period) -> dict[str, np.ndarray]:
    """Place figures counted elsewhere, part -> one a unit; a value that is not given is numerator / denominator.

    What is given keeps six places; n is NaN where there is a value and nobody said on how many answers it rests; the design
    effect is 1 where nobody said.
    """
    size = len(tree.units)
    asked = (figures["indicator"] == name) & (figures["period"] == str(period))
    found = figures[asked].drop_duplicates("unit_id", keep="last").set_index("unit_id").reindex(tree.units["unit_id"])
    columns = ("numerator", "denominator", "value", "n")
    given = {c: tidy(found[c].to_numpy("float64")) if c in found else np.full(size, np.nan) for c in columns}
    quotient = (Rational.of(given["numerator"], given["denominator"]) * scale).floats
    value = np.where(np.isnan(given["value"]), quotient, given["value"])
    n = np.where(np.isnan(given["n"]), given["denominator"], given["n"])
    design = tidy(found[DESIGN].to_numpy("float64")) if DESIGN in found else np.ones(size)
    design = np.where(design > 0, design, 1)
    n = np.where(np.isnan(value), 0, n)
    return {"num": given["numerator"], "den": given["denominator"], "value": value, "n": n, DESIGN: design}


# Which other periods a value is held against


def reference_periods(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods that the references of the scheme look at, and those that these look at in their turn."""
    asked = tuple(periods)
    found = (period for entry in scheme.entries for period in periods_before(entry.against, asked)[0])
    return tuple(period for period in dict.fromkeys(found) if period not in asked)


def periods_before(references: Sequence[Reference], periods: Iterable[Period]) -> list[tuple[Period, ...]]:
    """Name the periods whose values are needed before each reference, and after the last of them, for values of some periods."""
    needed = [tuple(periods)]
    for reference in reversed(references):
        further = (other for period in needed[0] for other in (period, *periods_of(reference, period)))
        needed.insert(0, tuple(dict.fromkeys(further)))
    return needed


def periods_of(reference: Reference, period: Period) -> tuple[Period, ...]:
    """Name the other periods that a reference looks at."""
    if isinstance(reference, Quota):
        return quota_parts(reference, period) if reference.apart else ()
    since = "this" if isinstance(reference, Place) else reference.since
    if since == "history":
        count = reference.periods if isinstance(reference, Change) else 0
        return tuple(Period(period.first - back * period.months, period.months) for back in range(1, count + 1))
    return {"this": (), "previous": (period.previous,), "year_before": (period.year_before,)}[since]


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
) -> Mapping[tuple[int, int], Rational]:
    """Reckon what each quota asks of each unit in a period, by (entry, step); no value where nobody said.

    figures: lines of the record table; a figure with `every` is that of each month, quarter or year. Void months ask nothing.
    """
    found = {}
    for number, step, quota in quotas_of(scheme):
        void, asked = void_months(scheme, scheme.entries[number].code), Rational.fill(0, len(tree.units))
        months = [month for month in period.month_numbers if month not in void]
        for stretch in stretches(quota, period):  # of a year's quota a quarter has a fourth
            part = Fraction(sum(month in stretch.month_numbers for month in months), stretch.months) if quota.every else 1
            if quota.figure is None:
                due = Rational.read(each_unit(quota.amount, *words(tree), missing=np.nan))
            else:
                given = figures_of(figures, quota.figure, 1, tree, stretch)
                due = exact_value(given["value"], given["num"], given["den"])
            asked += due * part
        found[number, step] = asked * (exposure(postings, quota, tree, period, months) / quota.scale) if quota.per else asked
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
