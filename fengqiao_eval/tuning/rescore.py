"""A run under other weights: points weighed anew, exactly, by the arithmetic of the run itself."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError, refuse_in
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.results.standings import class_order, levels, main_level
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension
from fengqiao_eval.scoring.adjustments import sum_adjustments
from fengqiao_eval.scoring.aggregation import CLOSE, HUNDREDTHS, Totals, aggregate, has_coverage, take_units
from fengqiao_eval.scoring.long_periods import half_up_mean, mean_points
from fengqiao_eval.scoring.normalisation import DECIMALS, PointScale, half_up_ratio, round_points
from fengqiao_eval.scoring.ranking import award_count, places
from fengqiao_eval.tuning.model import PeriodPoints, WeightTable, is_in_marks, read_points
from fengqiao_eval.wording.numbers import period_words, term
from fengqiao_eval.words import LANGUAGES, say


@dataclass(frozen=True)
class Outcome:
    """What comes of some weights: contributions (units × indicators) and totals in whole 10^-decimals, and places (0: none).

    covered: the share scored; barred: who has no place whatever the share; weighed: the points and the weights behind it.
    """

    contributions: np.ndarray
    totals: np.ndarray
    covered: np.ndarray
    barred: np.ndarray
    points: np.ndarray
    weighed: Totals
    place: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Field:
    """The units of a level in a period: what the run knows of them, and who is placed with whom.

    among: the group within which each is placed, by its number in `groups`. passed_over: the period of the run that is not
    settled, so that this one, the period before, was chosen.
    """

    run: Run
    units: pd.DataFrame
    groups: tuple[str, ...]
    among: Cohort
    table: WeightTable
    sheet: PeriodPoints
    passed_over: Period | None = None

    @property
    def level(self) -> str:
        """The level."""
        return self.table.level

    @property
    def period(self) -> Period:
        """The period."""
        return self.sheet.period

    @property
    def group(self) -> np.ndarray:
        """The number of the group of each unit."""
        return self.among.within

    @property
    def lang(self) -> str:
        """The language of what is said, the run's where none was asked for."""
        return str(self.run.manifest.get("lang", "zh"))

    @cached_property
    def unlinear(self) -> list[str]:
        """What makes totals more than sums of points × weights (each a sentence tune.why); nothing where they are sums."""
        dimensions = [part for part in self.table.parts if isinstance(part, Dimension)]
        found = {
            "geometric": "geometric" in (self.table.scheme.aggregation, *(part.aggregation for part in dimensions)),
            "limits": any(part.floor is not None or part.cap is not None for part in dimensions),
            "zero_item": any(each.zeroed for each in self.sheet.every()),
            "mean": bool(self.sheet.parts),
            "marks": any(is_in_marks(part) for part in self.table.parts if isinstance(part, Indicator)),
            "exempt": self.sheet.spared[:, self.table.columns].any(),
        }
        return [key for key, holds in found.items() if holds]

    @cached_property
    def base(self) -> Outcome:
        """What comes of the weights in force."""
        return self.outcome(self.table.in_force)

    @property
    def awards(self) -> list[int]:
        """How many of each group are named for an award: the scheme's number, or its share, rounded down."""
        placed = np.bincount(self.group[self.base.place > 0], minlength=len(self.groups))
        return [award_count(self.table.scheme.awards, int(of)) for of in placed]

    @property
    def outside(self) -> np.ndarray:
        """What stands outside the hundred of each total, whatever the weights, in whole 10^-decimals."""
        return self._fixed[self.sheet.period]

    @property
    def kept_from_awards(self) -> np.ndarray:
        """Say which units a veto keeps from awards."""
        rows = self.run.frame("adjustments", officers=self.level == OFFICER).of_period(str(self.period))
        vetoed = rows["unit_id"][(rows["effect"] == "bar_award").to_numpy()].tolist() if len(rows) else []
        return self.units["unit_id"].isin(vetoed).to_numpy()

    def only(self, at: np.ndarray) -> "Field":
        """Take some of the units."""
        return replace(self, units=self.units.iloc[at], among=take_units(self.among, at), sheet=self.sheet.only(at))

    def outcome(self, hundredths: np.ndarray) -> Outcome:
        """Weigh anew and place within the groups: what the run would say under these weights (hundredths, one a node)."""
        found = self._weigh(self.sheet, np.asarray(hundredths), self._fixed)
        placed = self.among.eligible & has_coverage(found.covered, found.barred, self.table.scheme)
        return replace(found, place=places(found.totals, self.group, placed)[0])

    @cached_property
    def error_scale(self) -> np.ndarray:
        """By how much the error of each total in the run is more than that of its points alone, each weighed and squared.

        It is 1 where the run knows of no error of a total, and where points have none.
        """
        own, known = self._points_error(self.base), ~np.isnan(self.sheet.error)
        return np.divide(self.sheet.error, own, out=np.ones(len(own)), where=known & (own > 0))

    def errors(self, outcome: Outcome) -> np.ndarray:
        """Give the errors of the totals of an outcome, in points; NaN where that of an indicator that weighs is not known.

        As with weights in doubt: errors of points stay, those of totals follow the weights; of those in force they are the run's.
        """
        return self.error_scale * self._points_error(outcome)

    def _points_error(self, outcome: Outcome) -> np.ndarray:
        used = outcome.weighed.weight_used
        moved = np.where(used > 0, used * np.where(np.isnan(outcome.points), 0, self.sheet.errors), 0)
        return np.asarray(np.sqrt((moved**2).sum(axis=1)))

    @cached_property
    def _fixed(self) -> Mapping[Period, np.ndarray]:
        """What of each total stays whatever the weights, by period: what the run's are more than its weights make of its points.

        That is all outside the hundred but what vetoes take of items.
        """
        found: dict[Period, np.ndarray] = {}
        for sheet in self.sheet.every():
            found[sheet.period] = sheet.totals - self._weigh(sheet, self.table.in_force, found).totals
        return found

    def _weigh(self, sheet: PeriodPoints, hundredths: np.ndarray, fixed: Mapping[Period, np.ndarray]) -> Outcome:
        """Weigh the points of a period; or take the mean of its parts, of each unit those in which enough is then scored."""
        if sheet.parts:
            each = [self._weigh(part, hundredths, fixed) for part in sheet.parts]
            stands = np.array([has_coverage(one.covered, one.barred, self.table.scheme) for one in each])
            points, weighed = mean_points(
                [one.points for one in each], [one.weighed for one in each], stands, self.table.scheme.decimals
            )
            contributions, totals = weighed.contributions, half_up_mean([one.totals for one in each], stands)
            covered, barred = weighed.covered, stands.sum(axis=0) == 0
        else:
            given = replace(sheet, points=self.rescored(sheet, hundredths))
            found = aggregate(given, self.table.weights(hundredths), self.table.scheme, self.among.classes)
            points, weighed = np.where(given.scored, given.points, np.nan), found.totals
            contributions, covered, barred = weighed.contributions, weighed.covered, sheet.barred
            lines = sum_adjustments(found.adjustments, len(barred))
            totals = found.totals.totals + lines - _veto_deductions(sheet, contributions)
        return Outcome(contributions, totals + fixed.get(sheet.period, 0), covered, barred, points, weighed)

    def rescored(self, sheet: PeriodPoints, hundredths: np.ndarray) -> np.ndarray:
        """Give the points anew where a rule is written in marks of the item, whose full marks are its weight."""
        if not sheet.raw:
            return sheet.points
        points, full = sheet.points.copy(), each_unit(self.table.scheme.full_marks, self.among.classes, missing=100)
        marks = self.table.weights(hundredths).indicators / HUNDREDTHS
        for column, raw in sheet.raw.items():
            rule: Any = self.table.scheme.indicators[column].points
            held = PointScale(0, marks[column], full, marks[column] or np.inf)
            given = round_points(held.hold(raw.floats, rule), partial(_hold, held, raw, rule), DECIMALS) / 10**DECIMALS
            points[:, column] = np.where(raw.known, given, points[:, column])
        return points


def _hold(marks: PointScale, raw: Rational, rule: Any, at: np.ndarray) -> Rational:
    held: Rational = marks.hold(raw[at], rule, at)
    return held


def _veto_deductions(sheet: PeriodPoints, contributions: np.ndarray) -> np.ndarray:
    """Say what vetoes take of the items: of as many of their months as in the run, half-up."""
    taken, months = np.zeros(len(contributions), dtype=np.int64), sheet.period.months
    for column, amounts in sheet.zeroed.items():
        before = np.maximum(sheet.contributions[:, column], 1)
        gone = np.rint(amounts * months / before).astype(np.int64)
        taken += half_up_ratio(np.maximum(contributions[:, column], 0) * gone, months)
    return taken


def read_field(run: Run, level: str, period: Period, passed_over: Period | None = None) -> Field:
    """Read what is tuned from a run folder; passed_over: as in Field.

    Raises UsageError where the run has no points, no such units, or other contributions than its points and weights make.
    """
    units = _units(run, level, period)
    labels = sorted(units["group"].unique(), key=class_order)
    among = Cohort(
        levels=np.full(len(units), level, dtype=object),
        classes=units["peer_class"].fillna("").to_numpy(dtype=object),
        groups=units["group"].to_numpy(dtype=object),
        within=pd.Index(labels).get_indexer(units["group"]),
        eligible=~units["unit_id"].isin(run.scheme.unranked).to_numpy(),
    )
    sheet = read_points(run, among, pd.Index(units["unit_id"]), period)
    found = Field(run, units, tuple(labels), among, WeightTable(run.scheme, level), sheet, passed_over)
    found = replace(found, sheet=_freeze(found, sheet))
    if not np.array_equal(found.base.contributions, sheet.contributions):
        raise UsageError("tune.other_arithmetic", run=run.manifest["run"])
    return found


def _units(run: Run, level: str, period: Period) -> pd.DataFrame:
    """List the units of a level that have a total in the period, as the run knows them."""
    officers = level == OFFICER
    ranks, units = (run.frame(name, officers=officers).data for name in ("ranks", "units"))
    here = ranks[((ranks["level"] == level) & (ranks["period"] == str(period))).to_numpy()] if len(ranks) else ranks
    scored = run.frame("points", officers=officers).of_period(str(period))
    if ranks.empty or units.empty or (scored.empty and run.frame("points", officers=officers).data.empty):
        raise UsageError("tune.no_points", run=run.manifest["run"], level=level)
    if here.empty:
        held = {"levels": ", ".join(ranks["level"].unique()), "periods": ", ".join(ranks["period"].unique())}
        raise UsageError("tune.nobody", run=run.manifest["run"], level=level, period=str(period), **held)
    placed = here[["unit_id", "peer_class"]].rename(columns={"peer_class": "group"}).fillna({"group": ""}).astype("str")
    return placed.merge(units.astype({"unit_id": "str"}), on="unit_id", how="left")


def _freeze(of: Field, sheet: PeriodPoints) -> PeriodPoints:
    """Let the points of those indicators in marks stay as they are that the run does not hold the values of."""
    if sheet.parts:
        return replace(sheet, raw={}, parts=tuple(_freeze(of, part) for part in sheet.parts))
    anew = of.rescored(sheet, of.table.in_force)
    away = ~np.isclose(anew, sheet.points, rtol=0, atol=CLOSE, equal_nan=True).all(axis=0)
    raw = {column: each for column, each in sheet.raw.items() if not away[column]}
    return replace(sheet, raw=raw, unsure=frozenset(np.flatnonzero(away)))


# On what weights are tuned: the level, the period, and what must be said of the choice


def choose(run: Run | str | Path, level: str | None = None, period: str | None = None, lang: str | None = None) -> Field:
    """Read what is tuned: the level of the overview, and the last period that is neither open nor being paid out.

    A period is paid out from its end until the next of its length has ended, as seen from the run's as_of. Where nobody has a
    place in the period before, the run's own is taken, and warned of. lang: the language of what is said, by default the run's.
    Raises UsageError where there is no run, or it has no points, or no such level or period.
    """
    run = run if isinstance(run, Run) else open_run(run)
    run = replace(run, manifest={**run.manifest, "lang": lang}) if lang else run
    with refuse_in(run.manifest["lang"]):
        return _choose(run, level and _level_code(run, level), period)


def _level_code(run: Run, given: str) -> str:
    """Take a level by its code, or by what it is called in Chinese or English."""
    names = {term("level", code, lang): code for code in run.scheme.levels for lang in LANGUAGES}
    return given if given in run.scheme.levels else names.get(given, given)


def tunable_levels(run: Run) -> tuple[str, ...]:
    """Name the levels of which the run has totals, from the top; officers only where their frames may be read."""
    held: set[str] = set()
    for officers in (False, True):
        with suppress(OSError):
            ranks = run.frame("ranks", officers=officers).data
            held |= set(ranks["level"].unique()) if len(ranks) else set()
    return tuple(level for level in run.scheme.levels if level in held)


def tunable_periods(of: Field) -> tuple[str, ...]:
    """Name the periods in which the units of the level have totals, the longest first, of those the last first."""
    ranks = of.run.frame("ranks", officers=of.level == OFFICER).data
    held = [parse(str(one)) for one in ranks.loc[(ranks["level"] == of.level).to_numpy(), "period"].unique()]
    return tuple(map(str, sorted(held, key=lambda one: (-one.months, -one.first))))


def _choose(run: Run, level: str | None, period: str | None) -> Field:
    if level is None and run.frame("ranks").data.empty:
        raise UsageError("tune.no_points", run=run.manifest["run"], level="—")
    level, own = level or main_level(levels(run)), parse(run.period)
    if period is None and _standing(run, own):
        before = run.frame("ranks", officers=level == OFFICER).of_period(str(own.previous))
        if len(before) and before["rank"][(before["level"] == level).to_numpy()].notna().any():
            return read_field(run, level, own.previous, passed_over=own)
    return read_field(run, level, parse(period) if period else own)


def _standing(run: Run, period: Period) -> str:
    """Say whether a period is open, or being paid out; '' where it is settled."""
    as_of = datetime.fromisoformat(str(run.manifest["as_of"]))
    following = Period(period.first + period.months, period.months)
    return "open" if period.end > as_of else "paid" if following.end > as_of else ""


def choice_warnings(of: Field, *, alone: bool = False) -> Iterator[str]:
    """Say what must be known of the choice, and of the points; alone: on a page that holds no list of periods.

    Estimated are those indicators that cannot be weighed anew exactly, because what they rest on is not in the run: points in
    marks of a value that is not there, and items of no weight, of which nobody knows what a veto would take.
    """
    lang, base = of.lang, of.base
    told = period_words(str(of.period), lang)
    if of.passed_over:
        own = {"own": period_words(str(of.passed_over), lang), "code": str(of.passed_over)}
        yield say("tune.earlier_alone" if alone else "tune.earlier", lang, period=told, **own)
    elif standing := _standing(of.run, of.period):
        yield say(f"tune.period_{standing}", lang, period=told)
    if len(of.units) == 1:
        yield say("tune.one_unit", lang)
    elif not base.place.any():
        yield say("tune.nobody_placed", lang)
    elif np.ptp(base.totals[base.place > 0]) == 0:
        yield say("tune.all_equal", lang)
    lacking = int((~of.sheet.scored & ~of.sheet.spared)[:, of.table.columns].any(axis=1).sum())
    if lacking:
        yield say("tune.missing", lang, count=lacking)
    scheme, parts = of.table.scheme, list(zip(of.table.parts, of.table.in_force[1:], strict=True))
    estimated = {scheme.indicators[column].code for each in of.sheet.every() for column in each.unsure}
    vetoed = {str(line.item) for line in scheme.consequences if line.effect == "zero_item"}
    estimated |= {part.code for part, weight in parts if part.code in vetoed and weight == 0}
    if labels := [part.name(lang) for part, _ in parts if part.code in estimated]:
        yield say("tune.estimated", lang, indicators=say("explain.comma", lang).join(labels))
