"""Records and scheme to measures: numerator, denominator, value, n and status of every unit, indicator and period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Note, Status
from fengqiao_eval.measuring import counting, denominators
from fengqiao_eval.measuring.denominators import exposure, figures_of, rate
from fengqiao_eval.measuring.queries import Moment, Tally, has_best_of, is_countable, lines_of
from fengqiao_eval.periods import Period, atoms
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.units import Tree, postings_of
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.scheme import Scheme, applies, least_at, void_months

SHORT = {"numerator": "num", "denominator": "den"}


@dataclass(frozen=True)
class Measured:
    """The measures of one period: arrays units × entries of the scheme (indicators first, then lines outside the hundred).

    value in the entry's unit; status a Status. due: what each quota asks of each unit, by (entry, step).
    """

    period: Period
    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    n: np.ndarray
    status: np.ndarray
    due: Mapping[tuple[int, int], np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """All that was counted: the lines and their cubes; what cannot be added up, by indicator; the best of rows, by line.

    cubes: part -> units × lines × spans; apart: indicator -> part -> units × periods; best: key of a line -> the same.
    """

    lines: tuple[Tally, ...]
    cubes: Mapping[str, np.ndarray]
    apart: Mapping[int, Mapping[str, np.ndarray]]
    best: Mapping[str, Mapping[str, np.ndarray]]
    spans: tuple[Period, ...]
    periods: tuple[Period, ...]
    notes: tuple[Note, ...]
    plan: counting.Plan
    figures: pd.DataFrame
    postings: pd.DataFrame | None

    def places(self, period: Period, void: frozenset[int] = frozenset()) -> list[int]:
        """The numbers of the spans that make a period, void months left out."""
        return [number for number, span in enumerate(self.spans) if period.holds(span) and span.first not in void]

    def sums(self, line: Tally, period: Period, void: frozenset[int]) -> dict[str, np.ndarray]:
        """The sums of a line in a period, part -> one a unit, void months left out."""
        if line.key in self.best:
            return {part: array[:, self.periods.index(period)] for part, array in self.best[line.key].items()}
        at = self.places(period, void)
        return {part: counting.tidy(cube[:, int(line.key), at].sum(axis=1)) for part, cube in self.cubes.items()}


def count(records: Records, scheme: Scheme, tree: Tree, periods: Sequence[Period], as_of: datetime, *, officers: bool) -> Counted:
    """Count everything the scheme asks for, for all periods at once."""
    voids = [Period(month, 1) for indicator in scheme.entries for month in void_months(scheme, indicator.code)]
    last = max(period.end for period in periods)
    spans = tuple(a for a in atoms([*periods, *voids]) if any(period.holds(a) for period in periods))
    moment = Moment(as_of, last)
    plan = counting.Plan(records, tree, scheme.entries, spans, moment, officers, counting.shared_tables(records))
    lines = lines_of(scheme.entries, frozenset(records.tables))
    apart = {}
    for number, indicator in enumerate(scheme.entries):
        measure = indicator.measure
        if isinstance(measure, (Distinct, Quantile)) and is_countable(measure, records.tables):
            member = _membership(periods, spans, void_months(scheme, indicator.code))
            apart[number] = (counting.distinct_counts if isinstance(measure, Distinct) else counting.quantile)(
                plan, measure, member
            )
    cubes, notes = counting.additive_sums(plan, lines)
    best, more = _count_best(plan, lines, periods, scheme)
    notes = tuple(dict.fromkeys((*notes, *more)))
    figures, postings = (
        _fetch_figures(records, (*periods, *denominators.figure_periods(scheme, periods))),
        postings_of(records.tables),
    )
    return Counted(lines, cubes, apart, best, spans, tuple(periods), notes, plan, figures, postings)


def _count_best(
    plan: counting.Plan, lines: Sequence[Tally], periods: Sequence[Period], scheme: Scheme
) -> tuple[dict[str, dict[str, np.ndarray]], list[Note]]:
    """Count the lines of which only the best of rows alike counts, measure by measure; return key of a line -> part -> sums."""
    found: dict[str, dict[str, np.ndarray]] = {}
    notes: list[Note] = []
    for number, group in groupby((line for line in lines if has_best_of(line.measure)), key=lambda line: line.indicator):
        own = tuple(group)
        names = {str(period): place for place, period in enumerate(periods)}
        member = _membership(periods, plan.spans, void_months(scheme, plan.entries[number].code)).frame
        member = pd.DataFrame({"span_": member["span"], "period_": member["period"].map(names).astype("int32")})
        cubes, told = counting.best_sums(plan, own, member, len(periods))
        found |= {line.key: {part: cube[:, place] for part, cube in cubes.items()} for place, line in enumerate(own)}
        notes += told
    return found, notes


def _fetch_figures(records: Records, periods: Sequence[Period]) -> pd.DataFrame:
    """Bring the figures of the periods here: unit_id, indicator, period and what is given."""
    if "figures" not in records.tables:
        return pd.DataFrame(columns=["unit_id", "indicator", "period"])
    figures = records.tables["figures"]
    return figures.filter(figures.period.isin([str(period) for period in periods])).to_pandas()


def _membership(periods: Sequence[Period], spans: Sequence[Period], void: frozenset[int]) -> counting.Membership:
    pairs = [(n, str(p)) for p in periods for n, span in enumerate(spans) if p.holds(span) and span.first not in void]
    frame = pd.DataFrame(pairs, columns=["span", "period"]).astype({"span": "int32"})
    return counting.Membership(frame, tuple(map(str, periods)))


def measure_period(scheme: Scheme, tree: Tree, counted: Counted, period: Period, as_of: datetime) -> Measured:
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
        np.where(status == Status.NOT_APPLICABLE, np.nan, found["value"]),
        found["n"],
        status,
        denominators.dues(scheme, tree, period, counted.figures, counted.postings),
    )


def _fill_sums(found: dict[str, np.ndarray], counted: Counted, line: Tally, period: Period, void: frozenset[int]) -> None:
    for part, column in counted.sums(line, period, void).items():
        found[part][:, line.indicator] = column


def _derive(found: dict[str, np.ndarray], number: int, scheme: Scheme, counted: Counted, tree: Tree, period: Period) -> None:
    indicator = scheme.entries[number]
    measure = indicator.measure
    if isinstance(measure, Figure):
        for part, column in figures_of(counted.figures, measure.figure, indicator.scale, tree, period).items():
            found[part][:, number] = column
        return
    if isinstance(measure, Quantile):
        found["num"][:, number] = found["den"][:, number] = np.nan
        return
    if isinstance(measure, Count) and (measure.per is None or not is_countable(measure, counted.plan.records.tables)):
        found["den"][:, number] = np.nan
        if is_countable(measure, counted.plan.records.tables):
            found["value"][:, number] = found["num"][:, number]
        return
    if isinstance(measure, Count):
        months = [month for month in period.month_numbers if month not in void_months(scheme, indicator.code)]
        found["den"][:, number] = exposure(counted.postings, measure, tree, period, months) / float(measure.scale)
    found["value"][:, number] = rate(found["num"][:, number], found["den"][:, number], indicator.scale)


def _status(
    found: Mapping[str, np.ndarray],
    number: int,
    indicator: Entry,
    scheme: Scheme,
    tree: Tree,
    period: Period,
    as_of: datetime,
) -> np.ndarray:
    value, pend = (found[part][:, number] for part in ("value", "pend"))
    settled = period.end + timedelta(days=indicator.measure.settles_days) <= as_of
    status = np.full(
        len(value), Status.OK if settled or not indicator.measure.settles_days else Status.PROVISIONAL, dtype=np.int8
    )
    least = {level: least_at(indicator, level) for level in scheme.levels}
    status[_least_basis(found, number, indicator) < tree.units["level"].map(least).to_numpy("float64")] = Status.TOO_FEW
    status[np.isnan(value)] = Status.NO_RECORDS
    status[np.isnan(value) & (pend > 0)] = Status.PENDING
    if set(period.month_numbers) <= void_months(scheme, indicator.code):
        status[:] = Status.VOID
    status[~tree.units["level"].isin([level for level in scheme.levels if applies(indicator, level)]).to_numpy()] = (
        Status.NOT_APPLICABLE
    )
    return status


def _least_basis(found: Mapping[str, np.ndarray], number: int, indicator: Entry) -> np.ndarray:
    """Give what `least` looks at: records; of a count with an exposure that, and of a count of none nothing can be too few."""
    n = found["n"][:, number]
    if not isinstance(indicator.measure, Count):
        return n
    if indicator.measure.per is None:
        return n if indicator.least != 1 else np.full(len(n), np.inf)
    return found["den"][:, number] * float(indicator.measure.scale)


def asides(counted: Counted, scheme: Scheme, tree: Tree, periods: Sequence[Period]) -> pd.DataFrame:
    """The counts printed beside the indicators: unit_id, indicator, period, aside, label, numerator, denominator."""
    beside = [line for line in counted.lines if line.aside]
    frames = [_aside(counted, scheme, tree, line, period) for line in beside for period in dict.fromkeys(periods)]
    columns = ["unit_id", "indicator", "period", "aside", "label", "numerator", "denominator"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _aside(counted: Counted, scheme: Scheme, tree: Tree, line: Tally, period: Period) -> pd.DataFrame:
    indicator = scheme.entries[line.indicator]
    sums = counted.sums(line, period, void_months(scheme, indicator.code))
    plain = isinstance(line.measure, Count)
    frame = pd.DataFrame(
        {"unit_id": tree.units["unit_id"], "indicator": indicator.code, "period": str(period), "aside": line.aside}
    )
    frame = frame.assign(label=line.label, numerator=sums["num"], denominator=np.nan if plain else sums["den"])
    return frame[[applies(indicator, level) for level in tree.units["level"]]]
