"""A run under other weights: points weighed anew, exactly, by the arithmetic of the run itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.pages.overview import main_level
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import class_order
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme
from fengqiao_eval.scoring.adjustments import sum_adjustments
from fengqiao_eval.scoring.aggregation import applicable_coverage, node_adjustments, total
from fengqiao_eval.scoring.long_periods import half_up_mean
from fengqiao_eval.scoring.normalisation import clamp, half_up
from fengqiao_eval.scoring.ranking import places
from fengqiao_eval.tuning.model import HUNDREDTHS, PeriodPoints, WeightTable, is_in_marks, read_sheet
from fengqiao_eval.wording.numbers import period_words
from fengqiao_eval.words import say

# Points weighed anew: what a run would say under other weights, exactly, by the arithmetic of the run itself.


CLOSE = 1e-9


Outside = Mapping[Period, np.ndarray]
"""What of each total stays whatever the weights, by period: all that is outside the hundred but what vetoes take of items."""


@dataclass(frozen=True)
class Weighed:
    """Contributions (units × indicators) and totals in whole 10^-decimals, the share scored, and who is barred from a place."""

    contributions: np.ndarray
    totals: np.ndarray
    covered: np.ndarray
    barred: np.ndarray

    def enough(self, scheme: Scheme) -> np.ndarray:
        """Say of which units enough was scored."""
        return ~self.barred & (self.covered >= float(scheme.least_covered) - CLOSE) & (self.covered > 0)


def weigh(table: WeightTable, sheet: PeriodPoints, hundredths: np.ndarray, outside: Outside) -> Weighed:
    """Weigh the points of a period, or take the mean of the periods of which it is the mean.

    outside: added to the totals where it names the period. A period stands in a mean where enough is scored under the weights.
    """
    found = _mean(table, sheet, hundredths, outside) if sheet.parts else _weigh_points(table, sheet, hundredths)
    return Weighed(found.contributions, found.totals + outside.get(sheet.period, 0), found.covered, found.barred)


def _weigh_points(table: WeightTable, sheet: PeriodPoints, hundredths: np.ndarray) -> Weighed:
    weights, scheme = table.weights(hundredths), table.scheme
    points = rescore_points(table, sheet, hundredths)
    scored = ~np.isnan(points) & (weights.indicators > 0)
    found = total(points, scored, weights, scheme.decimals)
    lines = node_adjustments(points, scored, weights, scheme, table.among, np.arange(len(points)))
    covered = applicable_coverage(found.covered, (sheet.spared & ~scored) @ weights.nominal)
    totals = found.totals + sum_adjustments(lines, len(points)) - _veto_deductions(sheet, found.contributions)
    return Weighed(found.contributions, totals, covered, sheet.barred)


def _mean(table: WeightTable, sheet: PeriodPoints, hundredths: np.ndarray, outside: Outside) -> Weighed:
    each = [weigh(table, part, hundredths, outside) for part in sheet.parts]
    stands = np.array([one.enough(table.scheme) for one in each])
    contributions = half_up_mean([one.contributions for one in each], stands)
    totals = half_up_mean([one.totals for one in each], stands)
    return Weighed(contributions, totals, np.mean([one.covered for one in each], axis=0), stands.sum(axis=0) == 0)


def fixed_amounts(table: WeightTable, sheet: PeriodPoints) -> dict[Period, np.ndarray]:
    """Find what stays whatever the weights: what the totals of the run are more than the weights in force make of its points."""
    found: dict[Period, np.ndarray] = {}
    for part in sheet.parts:
        found |= fixed_amounts(table, part)
    return found | {sheet.period: sheet.totals - weigh(table, sheet, table.in_force, found).totals}


def rescore_points(table: WeightTable, sheet: PeriodPoints, hundredths: np.ndarray) -> np.ndarray:
    """Give the points anew where a rule is written in marks of the item, whose full marks are its weight."""
    if not sheet.raw:
        return sheet.points
    points, full = sheet.points.copy(), each_unit(table.scheme.full_marks, table.among.classes, missing=100)
    marks = dict(zip(table.nodes.tolist(), hundredths / HUNDREDTHS, strict=True))
    for column, raw in sheet.raw.items():
        top = float(marks.get(int(table.tree.leaves[column]), 0))
        rule: Any = table.scheme.indicators[column].points
        given = half_up(clamp(raw, rule, 0, top) * np.divide(full, top or np.inf))
        points[:, column] = np.where(np.isnan(raw), points[:, column], given)
    return points


def _veto_deductions(sheet: PeriodPoints, contributions: np.ndarray) -> np.ndarray:
    """Say what vetoes take of the items: of as many of their months as in the run, half-up."""
    taken, months = np.zeros(len(contributions), dtype=np.int64), sheet.period.months
    for column, amounts in sheet.zeroed.items():
        before = np.maximum(sheet.contributions[:, column], 1)
        gone = np.rint(amounts * months / before).astype(np.int64)
        taken += (2 * np.maximum(contributions[:, column], 0) * gone + months) // (2 * months)
    return taken


def nonlinear_reasons(table: WeightTable, sheet: PeriodPoints) -> list[str]:
    """Name what makes totals more than sums of points × weights at the level (each a sentence tune.why)."""
    dimensions = [part for part in table.parts if isinstance(part, Dimension)]
    means = [table.scheme.aggregation, *(part.aggregation for part in dimensions)]
    found = {
        "geometric": "geometric" in means,
        "limits": any(part.floor is not None or part.cap is not None for part in dimensions),
        "zero_item": any(each.zeroed for each in sheets(sheet)),
        "mean": bool(sheet.parts),
        "marks": any(is_in_marks(part) for part in table.parts if isinstance(part, Indicator)),
    }
    return [key for key, holds in found.items() if holds]


def sheets(sheet: PeriodPoints) -> Iterator[PeriodPoints]:
    """Walk a sheet and those of which it is the mean."""
    yield sheet
    for part in sheet.parts:
        yield from sheets(part)


def freeze_points(table: WeightTable, sheet: PeriodPoints) -> PeriodPoints:
    """Let the points of those indicators in marks stay as they are that the run does not hold the values of."""
    anew = rescore_points(table, sheet, table.in_force)
    away = ~np.isclose(anew, sheet.points, rtol=0, atol=CLOSE, equal_nan=True).all(axis=0)
    raw = {column: each for column, each in sheet.raw.items() if not away[column] and not sheet.parts}
    parts = tuple(freeze_points(table, part) for part in sheet.parts)
    return replace(sheet, raw=raw, parts=parts, unsure=frozenset(np.flatnonzero(away)) if not sheet.parts else frozenset())


def estimated_indicators(table: WeightTable, sheet: PeriodPoints) -> list[str]:
    """Give the codes of indicators that cannot be weighed anew exactly, because what they rest on is not in the run.

    Points in marks of a value that is not there, and items of no weight, of which nobody knows what a veto would take.
    """
    weights = dict(zip([part.code for part in table.parts], table.in_force[1:], strict=True))
    found = {str(line.item) for line in table.scheme.consequences if line.effect == "zero_item"}
    found = {code for code in found if weights.get(code) == 0}
    found |= {table.scheme.indicators[column].code for each in sheets(sheet) for column in each.unsure}
    return [code for code in weights if code in found]


# What is tuned: the units of one level of a run in one period, and what comes of them under any weights.


EXEMPT = "exempt"


@dataclass(frozen=True)
class Outcome:
    """What comes of some weights: contributions (units × indicators) and totals in whole 10^-decimals, and places (0: none)."""

    contributions: np.ndarray
    totals: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Field:
    """The units of a level in a period: what the run knows of them, and the number of the group within which each is placed."""

    run: Run
    period: Period
    units: pd.DataFrame
    groups: tuple[str, ...]
    group: np.ndarray
    table: WeightTable
    sheet: PeriodPoints

    @property
    def level(self) -> str:
        """The level."""
        return self.table.level

    @property
    def lang(self) -> str:
        """The language of the run."""
        return str(self.run.manifest.get("lang", "zh"))

    @cached_property
    def unlinear(self) -> list[str]:
        """What makes totals more than sums of points × weights (each a sentence tune.why); nothing where they are sums."""
        spared = self.sheet.spared[:, self.table.columns].any()
        return [*nonlinear_reasons(self.table, self.sheet), *([EXEMPT] if spared else [])]

    @cached_property
    def able(self) -> np.ndarray:
        """Say which units may have a place, if enough is scored."""
        return self.table.among.eligible & ~self._weighed(self.table.in_force).barred

    @cached_property
    def base(self) -> Outcome:
        """What comes of the weights in force."""
        return self.outcome(self.table.in_force)

    @cached_property
    def _outside(self) -> dict[Period, np.ndarray]:
        return fixed_amounts(self.table, self.sheet)

    def _weighed(self, hundredths: np.ndarray) -> Weighed:
        return weigh(self.table, self.sheet, hundredths, self._outside)

    def outcome(self, hundredths: np.ndarray) -> Outcome:
        """Weigh anew and place within the groups: what the run would say under these weights (hundredths, one a node)."""
        found = self._weighed(np.asarray(hundredths))
        placed = self.table.among.eligible & found.enough(self.table.scheme)
        return Outcome(found.contributions, found.totals, places(found.totals, self.group, placed)[0])

    def only(self, at: np.ndarray) -> "Field":
        """Take some of the units."""
        among = Cohort(*(getattr(self.table.among, name)[at] for name in ("levels", "classes", "groups", "within", "eligible")))
        table = WeightTable(self.table.scheme, self.level, among)
        return Field(self.run, self.period, self.units.iloc[at], self.groups, self.group[at], table, self.sheet.only(at))


def read_field(run: Run, level: str, period: Period) -> Field:
    """Read what is tuned from a run folder.

    Raises UsageError where the run has no points, no such units, or other contributions than its points and weights make.
    """
    units = _units(run, level, period)
    labels = sorted(units["group"].unique(), key=class_order)
    group = pd.Index(labels).get_indexer(units["group"])
    classes = units["peer_class"].fillna("").to_numpy(dtype=object)
    eligible = ~units["unit_id"].isin(run.scheme.unranked).to_numpy()
    levels = np.full(len(units), level, dtype=object)
    among = Cohort(levels, classes, units["group"].to_numpy(dtype=object), group, eligible)
    sheet = read_sheet(run, among, pd.Index(units["unit_id"]), period)
    table = WeightTable(run.scheme, level, among)
    found = Field(run, period, units, tuple(labels), group, table, freeze_points(table, sheet))
    if not np.array_equal(found.base.contributions, sheet.contributions):
        raise UsageError("tune.other_arithmetic", run=run.manifest["run"])
    return found


def _units(run: Run, level: str, period: Period) -> pd.DataFrame:
    """List the units of a level that have a total in the period, as the run knows them."""
    ranks, units = (run.frame(name, officers=level == OFFICER).data for name in ("ranks", "units"))
    here = ranks[((ranks["level"] == level) & (ranks["period"] == str(period))).to_numpy()] if len(ranks) else ranks
    scored = run.frame("points", officers=level == OFFICER).of_period(str(period))
    if ranks.empty or units.empty or (scored.empty and run.frame("points", officers=level == OFFICER).data.empty):
        raise UsageError("tune.no_points", run=run.manifest["run"], level=level)
    if here.empty:
        held = {"levels": ", ".join(ranks["level"].unique()), "periods": ", ".join(ranks["period"].unique())}
        raise UsageError("tune.nobody", run=run.manifest["run"], level=level, period=str(period), **held)
    placed = here[["unit_id", "peer_class"]].rename(columns={"peer_class": "group"}).fillna({"group": ""}).astype("str")
    return placed.merge(units.astype({"unit_id": "str"}), on="unit_id", how="left")


# On what weights are tuned: the level, the period, and what must be said of the choice.


class Chosen(NamedTuple):
    """What is tuned, and the sentences that stand above it."""

    field: Field
    warnings: tuple[str, ...]


def choose(run: Run, level: str | None = None, period: str | None = None) -> Chosen:
    """Read what is tuned: the level of the overview, and the last period that is neither open nor being paid out.

    A period is paid out from its end until the next of its length has ended, as seen from the run's as_of. Where nobody has a
    place in the period before, the run's own is taken, and warned of.
    Raises UsageError where the run has no points, or no such level or period.
    """
    if level is None and run.frame("ranks").data.empty:
        raise UsageError("tune.no_points", run=run.manifest["run"], level="—")
    level, own = level or main_level(run), parse(str(run.manifest["periods"]["this"]))
    earlier = _earlier_field(run, level, own) if period is None and _standing(run, own) else None
    field = earlier or read_field(run, level, parse(period) if period else own)
    return Chosen(field, tuple(_choice_warnings(field, own if earlier else None)))


def _earlier_field(run: Run, level: str, own: Period) -> Field | None:
    """Read the period before, if anybody has a place in it."""
    ranks = run.frame("ranks", officers=level == "officer").data
    if ranks.empty:
        return None
    placed = ranks[(ranks["level"] == level) & (ranks["period"] == str(own.previous))]["rank"].notna()
    return read_field(run, level, own.previous) if placed.any() else None


def _standing(run: Run, period: Period) -> str:
    """Say whether a period is open, or being paid out; '' where it is settled."""
    as_of = datetime.fromisoformat(str(run.manifest["as_of"]))
    following = Period(period.first + period.months, period.months)
    return "open" if period.end > as_of else "paid" if following.end > as_of else ""


def _choice_warnings(field: Field, passed_over: Period | None) -> Iterator[str]:
    """Say what must be known of the choice, and of the points."""
    lang, base = field.lang, field.base
    told = period_words(str(field.period), lang)
    if passed_over:
        yield say("tune.earlier", lang, period=told, own=period_words(str(passed_over), lang), code=str(passed_over))
    elif standing := _standing(field.run, field.period):
        yield say(f"tune.period_{standing}", lang, period=told)
    if len(field.units) == 1:
        yield say("tune.one_unit", lang)
    elif not base.place.any():
        yield say("tune.nobody_placed", lang)
    elif np.ptp(base.totals[base.place > 0]) == 0:
        yield say("tune.all_equal", lang)
    lacking = int((np.isnan(field.sheet.points) & ~field.sheet.spared)[:, field.table.columns].any(axis=1).sum())
    if lacking:
        yield say("tune.missing", lang, count=lacking)
    labels = {part.code: part.name(lang) for part in field.table.parts}
    if codes := estimated_indicators(field.table, field.sheet):
        yield say("tune.estimated", lang, indicators=say("explain.comma", lang).join(labels[code] for code in codes))
