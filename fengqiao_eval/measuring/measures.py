"""Records and scheme to measures: numerator, denominator, value, n and status of every unit, indicator and period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Note, Status
from fengqiao_eval.measuring import counting, denominators
from fengqiao_eval.measuring.counting import Plan, Sums
from fengqiao_eval.measuring.denominators import DESIGN, exact_value, exposure, figures_of, rate
from fengqiao_eval.measuring.quantiles import quantile
from fengqiao_eval.measuring.rationals import Rational, tidy
from fengqiao_eval.measuring.tallies import SQUARES, Tally, has_best_of, is_countable, lines_of
from fengqiao_eval.periods import Period, atoms
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.units import Tree, postings_of
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.scheme import Scheme, applies, least_at, void_months

ASIDES = ("unit_id", "indicator", "period", "aside", "label", "numerator", "denominator")


@dataclass(frozen=True)
class Measured:
    """The measures of one period: arrays units × entries of the scheme (indicators first, then lines outside the hundred).

    value in the entry's unit, the float next to the fraction; status a Status. due: what each quota asks of each unit, by
    (entry, step); per: by entry, the fractions of counts per an exposure, which the arrays alone do not tell; left_out: by entry,
    how many records of each unit a void month took; moments: by entry, what its error is reckoned from
    beside that.
    """

    period: Period
    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    n: np.ndarray
    status: np.ndarray
    due: Mapping[tuple[int, int], Rational] = field(default_factory=dict)
    per: Mapping[int, Rational] = field(default_factory=dict)
    left_out: Mapping[int, np.ndarray] = field(default_factory=dict)
    moments: Mapping[int, Sums] = field(default_factory=dict)

    def exact(self, number: int, entry: Entry, at: Any = slice(None)) -> Rational:
        """Give the values of an entry, by its number, as fractions; of some units."""
        if number in self.per:
            return self.per[number][at]
        value, above, below = (array[at, number] for array in (self.value, self.numerator, self.denominator))
        return exact_value(value, above, below, entry.scale)


@dataclass(frozen=True)
class Counted:
    """All that was counted: the lines and their cubes; what cannot be added up, by indicator; the best of rows, by line.

    cubes: part -> units × lines × spans; apart: indicator -> part -> units × periods; best: key of a line -> the same.
    """

    plan: Plan
    periods: tuple[Period, ...]
    lines: tuple[Tally, ...]
    cubes: Sums
    apart: Mapping[int, Sums]
    best: Mapping[str, Sums]
    notes: tuple[Note, ...]
    figures: pd.DataFrame
    postings: pd.DataFrame | None

    def sums(self, line: Tally, period: Period, *, void: bool = False) -> Sums:
        """The sums of a line in a period, part -> one a unit, void months left out; or of those alone."""
        if line.key in self.best:
            return self._column(self.best[line.key], period, void=void)
        at = _spans_in(self.plan, line.indicator, period, void=void)
        return {part: tidy(cube[:, int(line.key), at].sum(axis=1), self.plan.step) for part, cube in self.cubes.items()}

    def of_entries(self, period: Period, *, void: bool = False) -> list[tuple[int, Sums]]:
        """The sums of every entry that rests on records, in a period without its void months; or of those alone."""
        lines = [
            (line.indicator, self.sums(line, period, void=void)) for line in self.lines if not line.aside and not line.moment
        ]
        return lines + [(number, self._column(arrays, period, void=void)) for number, arrays in self.apart.items()]

    def moments(self, period: Period) -> dict[int, Sums]:
        """What the errors of entries are reckoned from, by entry: sums of squares and products, rows a code, quantiles."""
        found: dict[int, Sums] = {}
        for line in (line for line in self.lines if line.moment):
            own, sums = found.setdefault(line.indicator, {}), self.sums(line, period)
            own |= {line.moment: sums["num"]} | ({f"{SQUARES}_below": sums["den"]} if line.moment == SQUARES else {})
        for number, arrays in self.apart.items():
            own = {part: array for part, array in self._column(arrays, period, void=False).items() if part.startswith("at_")}
            found |= {number: own} if own else {}
        return found

    def _column(self, arrays: Sums, period: Period, *, void: bool) -> Sums:
        at = self.periods.index(period) + void * len(self.periods)
        return {part: array[:, at] for part, array in arrays.items()}


def _spans_in(plan: Plan, number: int, period: Period, *, void: bool = False) -> list[int]:
    """The numbers of the spans that make a period, void months of the entry left out; or of those alone."""
    months = void_months(plan.scheme, plan.scheme.entries[number].code)
    return [at for at, span in enumerate(plan.spans) if period.holds(span) and (span.first in months) == void]


def count(records: Records, scheme: Scheme, tree: Tree, periods: Sequence[Period], as_of: datetime, *, officers: bool) -> Counted:
    """Count everything the scheme asks for, for all periods at once."""
    voids = [Period(month, 1) for indicator in scheme.entries for month in void_months(scheme, indicator.code)]
    spans = tuple(a for a in atoms([*periods, *voids]) if any(period.holds(a) for period in periods))
    plan, size = Plan(records, scheme, tree, spans, as_of, officers), len(periods) * (2 if voids else 1)
    apart: dict[int, Sums] = {}
    for number, indicator in enumerate(scheme.entries):
        measure = indicator.measure
        if isinstance(measure, (Distinct, Quantile)) and is_countable(measure, records):
            count_apart = counting.distinct_counts if isinstance(measure, Distinct) else quantile
            apart[number] = count_apart(plan, measure, _membership(plan, number, periods), size)
    lines = lines_of(scheme.entries, records)
    cubes, notes = counting.additive_sums(plan, lines)
    best: dict[str, Sums] = {}
    for number, group in groupby((line for line in lines if has_best_of(line.measure)), key=lambda line: line.indicator):
        own = tuple(group)
        picked, told = counting.best_sums(plan, own, _membership(plan, number, periods), size)
        best |= {line.key: {part: cube[:, place] for part, cube in picked.items()} for place, line in enumerate(own)}
        notes += told
    figures = _fetch_figures(records, (*periods, *denominators.figure_periods(scheme, periods)))
    notes, postings = tuple(dict.fromkeys(notes)), postings_of(records.tables)
    return Counted(plan, tuple(periods), lines, cubes, apart, best, notes, figures, postings)


def _membership(plan: Plan, number: int, periods: Sequence[Period]) -> pd.DataFrame:
    """Say which spans make which periods, by their numbers; of the void months of each period a further one is made."""
    every = [(n + void * len(periods), period, void) for void in (False, True) for n, period in enumerate(periods)]
    pairs = [(span, n) for n, period, void in every for span in _spans_in(plan, number, period, void=void)]
    return pd.DataFrame(pairs, columns=["span", "period"], dtype="int32")


def _fetch_figures(records: Records, periods: Sequence[Period]) -> pd.DataFrame:
    """Bring the figures of the periods here: unit_id, indicator, period and what is given."""
    if "figures" not in records.tables:
        return pd.DataFrame(columns=["unit_id", "indicator", "period"])
    figures = records.tables["figures"]
    return figures.filter(figures.period.isin([str(period) for period in periods])).to_pandas()


def measure_period(scheme: Scheme, tree: Tree, counted: Counted, period: Period, as_of: datetime) -> Measured:
    """Put together the measures of one period: sums of its months, what was counted apart, and figures."""
    shape = (len(tree.units), len(scheme.entries))
    found = {part: np.zeros(shape) for part in counting.PARTS} | {"value": np.full(shape, np.nan)}
    status = np.empty(shape, dtype=np.int8)
    for number, parts in counted.of_entries(period):
        for part in parts.keys() & found.keys():
            found[part][:, number] = parts[part]
    void = counted.of_entries(period, void=True) if scheme.void else []
    left_out = {number: sums["n"] for number, sums in void if sums["n"].any()}
    per: dict[int, Rational] = {}
    moments = counted.moments(period)
    for number, entry in enumerate(scheme.entries):
        own = {part: array[:, number] for part, array in found.items()}
        derived = _derive(own, entry, counted, period)
        if isinstance(value := derived.get("value"), Rational):
            per[number] = value
        if isinstance(entry.measure, Figure):
            moments[number] = {DESIGN: derived.pop(DESIGN)}
        for part, given in derived.items():
            own[part][:] = given.floats if isinstance(given, Rational) else given
        status[:, number] = _status(own, entry, scheme, tree, period, as_of)
        if isinstance(entry.measure, Figure) and set(period.month_numbers) <= void_months(scheme, entry.code):
            left_out[number] = own["n"]
    return Measured(
        period,
        found["num"],
        found["den"],
        np.where(status == Status.NOT_APPLICABLE, np.nan, found["value"]),
        found["n"],
        status,
        denominators.dues(scheme, tree, period, counted.figures, counted.postings),
        per,
        left_out,
        moments,
    )


def _derive(own: Sums, entry: Entry, counted: Counted, period: Period) -> dict[str, Any]:
    """Give what follows from the sums of an entry: its value, its exposure; of figures all of it."""
    measure, scheme, tree = entry.measure, counted.plan.scheme, counted.plan.tree
    if isinstance(measure, Figure):
        return figures_of(counted.figures, measure.figure, entry.scale, tree, period)
    if isinstance(measure, Quantile):
        return {"num": np.nan, "den": np.nan}
    if isinstance(measure, Count):
        if not is_countable(measure, counted.plan.records):
            return {"den": np.nan}
        if measure.per is None:
            return {"den": np.nan, "value": own["num"]}
        months = [month for month in period.month_numbers if month not in void_months(scheme, entry.code)]
        below = exposure(counted.postings, measure, tree, period, months) / measure.scale
        return {"den": below, "value": Rational.read(own["num"]) * entry.scale / below}
    return {"value": rate(own["num"], own["den"], entry.scale)}


def _status(own: Sums, entry: Entry, scheme: Scheme, tree: Tree, period: Period, as_of: datetime) -> np.ndarray:
    value, days = own["value"], entry.measure.settles_days
    settled = not days or period.end + timedelta(days=days) <= as_of
    status = np.full(len(value), Status.OK if settled else Status.PROVISIONAL, dtype=np.int8)
    least = {level: least_at(entry, level) for level in scheme.levels}
    few, asked = _least_basis(own, entry), tree.units["level"].map(least).to_numpy("float64")
    status[(few < asked) | (np.isnan(few) & (asked > 0))] = Status.TOO_FEW
    status[np.isnan(value)] = Status.NO_RECORDS
    status[np.isnan(value) & (own["pend"] > 0)] = Status.PENDING
    if set(period.month_numbers) <= void_months(scheme, entry.code):
        status[:] = Status.VOID
    held = tree.units["level"].isin([level for level in scheme.levels if applies(entry, level)])
    status[~held.to_numpy()] = Status.NOT_APPLICABLE
    return status


def _least_basis(own: Sums, entry: Entry) -> np.ndarray:
    """Give what `least` looks at: records; of a count with an exposure that, and of a count of none nothing can be too few."""
    if not isinstance(entry.measure, Count):
        return own["n"]
    if entry.measure.per is None:
        return own["n"] if entry.least != 1 else np.full(len(own["n"]), np.inf)
    return own["den"] * float(entry.measure.scale)


def asides(counted: Counted, scheme: Scheme, tree: Tree, periods: Sequence[Period]) -> pd.DataFrame:
    """The counts printed beside the indicators: unit_id, indicator, period, aside, label, numerator, denominator."""
    frames = []
    for line in (line for line in counted.lines if line.aside):
        entry = scheme.entries[line.indicator]
        there = np.array([applies(entry, level) for level in tree.units["level"]], dtype=bool)
        named = {"indicator": entry.code, "aside": line.aside, "label": line.label}
        for period in dict.fromkeys(periods):
            sums = counted.sums(line, period)
            below = np.nan if isinstance(line.measure, Count) else sums["den"]
            frame = tree.units[["unit_id"]].assign(**named, period=str(period), numerator=sums["num"], denominator=below)
            frames.append(frame[there])
    return pd.concat(frames, ignore_index=True)[list(ASIDES)] if frames else pd.DataFrame(columns=list(ASIDES))
