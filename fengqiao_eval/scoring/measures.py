"""Records and scheme to measures: numerator, denominator, value, n and status of every unit, indicator and period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.periods import Period, atoms
from fengqiao_eval.records.store import Note, Records
from fengqiao_eval.records.units import Tree, person_days, postings_of
from fengqiao_eval.scheme.counted import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.model import Scheme, applies, least_at, void_months
from fengqiao_eval.scoring import counts, nonadditive
from fengqiao_eval.scoring.lines import Line, Moment, countable, lines_of

OK, NO_RECORDS, TOO_FEW, NOT_APPLICABLE, VOID, PENDING, PROVISIONAL = range(len(STATUSES))


SHORT = {"numerator": "num", "denominator": "den"}


@dataclass(frozen=True)
class Measured:
    """The measures of one period: arrays units × entries of the scheme (indicators first, then lines outside the hundred).

    value in the entry's unit; status an index of STATUSES.
    """

    period: Period
    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    n: np.ndarray
    status: np.ndarray


@dataclass(frozen=True)
class Counted:
    """All that was counted: the lines and their cubes, and what cannot be added up, by indicator."""

    lines: tuple[Line, ...]
    cubes: Mapping[str, np.ndarray]
    apart: Mapping[int, Mapping[str, np.ndarray]]
    spans: tuple[Period, ...]
    periods: tuple[Period, ...]
    notes: tuple[Note, ...]
    plan: counts.Plan
    figures: pd.DataFrame
    postings: pd.DataFrame | None

    def places(self, period: Period, void: frozenset[int] = frozenset()) -> list[int]:
        """The numbers of the spans that make a period, void months left out."""
        return [number for number, span in enumerate(self.spans) if period.holds(span) and span.first not in void]


def count(records: Records, scheme: Scheme, tree: Tree, periods: Sequence[Period], as_of: datetime, *, officers: bool) -> Counted:
    """Count everything the scheme asks for, for all periods at once."""
    voids = [Period(month, 1) for indicator in scheme.entries for month in void_months(scheme, indicator.code)]
    last = max(period.end for period in periods)
    spans = tuple(a for a in atoms([*periods, *voids]) if any(period.holds(a) for period in periods))
    moment = Moment(as_of, last)
    plan = counts.Plan(records, tree, scheme.entries, spans, moment, officers, counts.shared_tables(records))
    lines = lines_of(scheme.entries, frozenset(records.tables))
    apart = {}
    for number, indicator in enumerate(scheme.entries):
        measure = indicator.measure
        if isinstance(measure, (Distinct, Quantile)) and countable(measure, records.tables):
            member = _membership(periods, spans, void_months(scheme, indicator.code))
            apart[number] = (nonadditive.distinct if isinstance(measure, Distinct) else nonadditive.quantile)(
                plan, measure, member
            )
    cubes, notes = counts.additive(plan, lines)
    return Counted(lines, cubes, apart, spans, tuple(periods), notes, plan, _given(records, periods), postings_of(records.tables))


def _given(records: Records, periods: Sequence[Period]) -> pd.DataFrame:
    """Bring the figures of the periods here: unit_id, indicator, period and what is given."""
    if "figures" not in records.tables:
        return pd.DataFrame(columns=["unit_id", "indicator", "period"])
    figures = records.tables["figures"]
    return figures.filter(figures.period.isin([str(period) for period in periods])).to_pandas()


def _membership(periods: Sequence[Period], spans: Sequence[Period], void: frozenset[int]) -> nonadditive.Membership:
    pairs = [(n, str(p)) for p in periods for n, span in enumerate(spans) if p.holds(span) and span.first not in void]
    frame = pd.DataFrame(pairs, columns=["span", "period"]).astype({"span": "int32"})
    return nonadditive.Membership(frame, tuple(map(str, periods)))


def measured(scheme: Scheme, tree: Tree, counted: Counted, period: Period, as_of: datetime) -> Measured:
    """Put together the measures of one period: sums of its months, what was counted apart, and figures."""
    shape = (len(tree.units), len(scheme.entries))
    found = {part: np.zeros(shape) for part in ("num", "den", "n", "pend")} | {"value": np.full(shape, np.nan)}
    for line in counted.lines:
        if not line.aside:
            _fill_sums(found, counted, line, period, void_months(scheme, scheme.entries[line.indicator].code))
    place = counted.periods.index(period)
    for number, arrays in counted.apart.items():
        for name, array in arrays.items():
            found[SHORT.get(name, name)][:, number] = array[:, place]
    for number in range(len(scheme.entries)):
        _derive(found, number, scheme, counted, tree, period)
    status = np.column_stack([_status(found, n, i, scheme, tree, period, as_of) for n, i in enumerate(scheme.entries)])
    return Measured(
        period,
        found["num"],
        found["den"],
        np.where(np.isin(status, (NOT_APPLICABLE,)), np.nan, found["value"]),
        found["n"],
        status,
    )


def _fill_sums(found: dict[str, np.ndarray], counted: Counted, line: Line, period: Period, void: frozenset[int]) -> None:
    at = counted.places(period, void)
    for part, cube in counted.cubes.items():
        found[part][:, line.indicator] = counts.tidy(cube[:, int(line.key), at].sum(axis=1))


def rate(above: np.ndarray, below: np.ndarray, scale: int = 1) -> np.ndarray:
    """Divide; NaN where there is nothing below the line. Twelve digits are kept, so that equal rates are equal.

    >>> rate(np.array([57.0, 0.0, 3.0]), np.array([100.0, 4.0, 0.0]), 100).tolist()
    [57.0, 0.0, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.where(below > 0, above * scale / below, np.nan)
        step = 10.0 ** (11 - np.floor(np.log10(np.where(raw == 0, 1, np.abs(raw)))))
    return np.round(raw * step) / step


def _derive(found: dict[str, np.ndarray], number: int, scheme: Scheme, counted: Counted, tree: Tree, period: Period) -> None:
    indicator = scheme.entries[number]
    measure = indicator.measure
    if isinstance(measure, Figure):
        for part, column in _figures(counted.figures, indicator, tree, period).items():
            found[part][:, number] = column
        return
    if isinstance(measure, Quantile):
        found["num"][:, number] = found["den"][:, number] = np.nan
        return
    if isinstance(measure, Count) and measure.per is None:
        found["den"][:, number] = np.nan
        found["value"][:, number] = found["num"][:, number]
        return
    if isinstance(measure, Count):
        months = [month for month in period.month_numbers if month not in void_months(scheme, indicator.code)]
        found["den"][:, number] = _exposure(counted.postings, measure, tree, period, months) / float(measure.scale)
    found["value"][:, number] = rate(found["num"][:, number], found["den"][:, number], indicator.scale)


def _exposure(postings: pd.DataFrame | None, measure: Count, tree: Tree, period: Period, months: Sequence[int]) -> np.ndarray:
    """Give what a count stands against; void months take their days with them."""
    if measure.per != "person_days":
        return tree.units[measure.per].to_numpy("float64")
    spans = [period] if len(months) == period.months else [Period(month, 1) for month in months]
    return sum((person_days(tree, postings, span) for span in spans), np.zeros(len(tree.units)))


def _figures(figures: pd.DataFrame, indicator: Entry, tree: Tree, period: Period) -> dict[str, np.ndarray]:
    """Place figures counted elsewhere; a value that is not given is numerator / denominator."""
    size = len(tree.units)
    asked = (figures["indicator"] == indicator.measure.figure) & (figures["period"] == str(period))  # type: ignore[union-attr]
    found = figures[asked].drop_duplicates("unit_id", keep="last").set_index("unit_id").reindex(tree.units["unit_id"])
    columns = ("numerator", "denominator", "value", "n")
    given = {c: found[c].to_numpy("float64") if c in found else np.full(size, np.nan) for c in columns}
    value = np.where(np.isnan(given["value"]), rate(given["numerator"], given["denominator"], indicator.scale), given["value"])
    n = np.where(np.isnan(given["n"]), given["denominator"], given["n"])
    return {"num": given["numerator"], "den": given["denominator"], "value": value, "n": np.nan_to_num(n)}


def _status(
    found: Mapping[str, np.ndarray],
    number: int,
    indicator: Entry,
    scheme: Scheme,
    tree: Tree,
    period: Period,
    as_of: datetime,
) -> np.ndarray:
    n, value, pend = (found[part][:, number] for part in ("n", "value", "pend"))
    n = found["den"][:, number] * float(indicator.measure.scale) if isinstance(indicator.measure, Count) else n
    settled = period.end + timedelta(days=indicator.measure.settles_days) <= as_of
    status = np.full(len(n), OK if settled or not indicator.measure.settles_days else PROVISIONAL, dtype=np.int8)
    least = {level: least_at(indicator, level) for level in scheme.levels}
    status[n < tree.units["level"].map(least).to_numpy("float64")] = TOO_FEW
    status[np.isnan(value)] = NO_RECORDS
    status[np.isnan(value) & (pend > 0)] = PENDING
    if set(period.month_numbers) <= void_months(scheme, indicator.code):
        status[:] = VOID
    status[~tree.units["level"].isin([level for level in scheme.levels if applies(indicator, level)]).to_numpy()] = NOT_APPLICABLE
    return status


def asides(counted: Counted, scheme: Scheme, tree: Tree, periods: Sequence[Period]) -> pd.DataFrame:
    """The counts printed beside the indicators: unit_id, indicator, period, aside, label, numerator, denominator."""
    frames = [_aside(counted, scheme, tree, line, period) for line in counted.lines if line.aside for period in periods]
    columns = ["unit_id", "indicator", "period", "aside", "label", "numerator", "denominator"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _aside(counted: Counted, scheme: Scheme, tree: Tree, line: Line, period: Period) -> pd.DataFrame:
    indicator = scheme.entries[line.indicator]
    at = counted.places(period, void_months(scheme, indicator.code))
    above, below = (counts.tidy(counted.cubes[part][:, int(line.key), at].sum(axis=1)) for part in ("num", "den"))
    plain = isinstance(line.measure, Count)
    frame = pd.DataFrame(
        {"unit_id": tree.units["unit_id"], "indicator": indicator.code, "period": str(period), "aside": line.aside}
    )
    frame = frame.assign(label=line.label, numerator=above, denominator=np.nan if plain else below)
    return frame[[applies(indicator, level) for level in tree.units["level"]]]
