"""What an indicator is recalculated from by hand: its records as the run read them, its rule as pandas expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, SCORED, InputError, UsageError, refuse_in
from fengqiao_eval.measuring.drilldown import trace, unit_rows
from fengqiao_eval.measuring.tallies import stretches_of
from fengqiao_eval.pages.explain import Question, UnitRow, find_entry, head_line, peer_values
from fengqiao_eval.periods import Period
from fengqiao_eval.records.store import open_records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.lines import Step, is_mean
from fengqiao_eval.results.run import open_run
from fengqiao_eval.runs.reopen import changed_records, parameters
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.measure import Elapsed, Filter, Mean, Ratio, Share, Test
from fengqiao_eval.scheme.normalisation import Curve
from fengqiao_eval.scheme.scheme import Dimension, base_marks, is_scored, parts_of, void_months, weight_at
from fengqiao_eval.scoring.normalisation import clamp
from fengqiao_eval.wording.arithmetic import digits, sums
from fengqiao_eval.wording.definitions import conditions, definition, rule_of
from fengqiao_eval.wording.expressions import column_names, deadlines, expressions, in_order
from fengqiao_eval.wording.rules import Words, table_label
from fengqiao_eval.words import catalogue, say

COUNTED = ("numerator", "denominator", "n", "value", "points", "weight_used", "contribution")
"""What is reckoned by hand and compared, by the names of the frame points."""


def recalculation(run: str | Path, unit: str, indicator: str, lang: str = "zh") -> "Recalculation":
    """Gather what one indicator (code or label) of a unit of a run is recalculated from.

    Raises UsageError, in the language asked for, where there is no such run, unit or indicator, where the indicator is of another
    kind than share, ratio or mean or does not apply to the unit, and where the records cannot be opened any more.
    """
    with refuse_in(lang):
        asked = Question(open_run(run), unit, lang)
        row = _points_row(asked, indicator)
        try:
            return _read_again(asked, find_entry(asked.run.scheme, indicator, lang)[1], row)
        except PermissionError as error:
            raise UsageError("recalculation.closed", where=error.filename) from None


def _points_row(asked: Question, given: str) -> UnitRow:
    """Find the unit's points in an indicator; refuse what cannot be recalculated."""
    _, entry = find_entry(asked.run.scheme, given, asked.lang)
    rank = asked.rank
    if not (isinstance(entry, Indicator) and isinstance(entry.measure, Share | Ratio | Mean)):
        raise UsageError("recalculation.kind", label=entry.name(asked.lang), kind=entry.measure.kind)
    row = asked.points().get(entry.code)
    if row is None or row["status"] == "not_applicable" or not row["weight"]:
        raise UsageError("recalculation.not_here", label=entry.name(asked.lang), unit=rank["unit_id"])
    return row


def _read_again(asked: Question, indicator: Any, row: UnitRow) -> "Recalculation":
    """Read the records of the run again, as it read them."""
    params, scheme = parameters(asked.run), asked.run.scheme
    try:
        records = open_records(params.where, params.tables, params.timezone, None, params.unknown_units, params.repair)
        about = records, scheme, indicator, asked.unit_id, params.span, params.moment
        units, rows = unit_rows(*about)
    except InputError as error:
        raise UsageError("recalculation.gone", where=params.place, why=error.faults[0].text(asked.lang)) from None
    names = column_names(rows.columns)
    units = units.assign(level=[asked.term("level", level) for level in units["level"]])
    changed = tuple(changed_records(asked.run, params, asked.lang))
    return Recalculation(
        asked, indicator, row, params.span, params.moment, units, rows.rename(columns=names), names, trace(*about), changed
    )


@dataclass(frozen=True, eq=False)
class Recalculation:
    """One indicator of a unit, to be reckoned by hand: records, rule, and what the run says (system) to compare with.

    units: whose records count for the unit. rows: every record of theirs, under the names of the design where pandas can say
    them (names: column -> name); `share_` is the unit's share in it. traced: the records as the system counts them.
    """

    asked: Question
    indicator: Any
    row: UnitRow
    period: Period
    as_of: datetime
    units: pd.DataFrame
    rows: pd.DataFrame
    names: Mapping[str, str]
    traced: pd.DataFrame
    changed: tuple[str, ...]

    def say(self, key: str, /, **given: object) -> str:
        """Say a sentence of the recalculation in the reader's language."""
        return say(f"recalculation.{key}", self.asked.lang, **given)

    def label(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the reader's words in the place of the names of columns, and of rows that are not called by a column (ids)."""
        start = "recalculation.name."
        words = {key.removeprefix(start): say(key, self.asked.lang) for key in catalogue() if key.startswith(start)}
        named = frame.rename(columns=words) if frame.index.name else frame.rename(columns=words, index=words)
        return named.rename_axis(index=words.get(str(frame.index.name)))

    def __str__(self) -> str:
        """Say whose indicator it is, its definition and rule, on what it rests, what is not reckoned by hand."""
        lang, entry, run = self.asked.lang, self.indicator, self.asked.run
        names = {one.code: one.name(lang) for one in run.scheme.indicators}
        lines = [head_line(self.asked), f"{entry.name(lang)} ({entry.code})", definition(entry, lang)]
        lines += [conditions(entry, lang, names), rule_of(entry, run.scheme, lang), self.asked.say("source", source=entry.source)]
        given = self.say("semicolon").join(self.say(f"given.{key}") for key in self._given())
        return "\n".join([*self.changed, *lines, self.say("given", parts=given)])

    def _given(self) -> Iterator[str]:
        """Name what is taken from the system and not reckoned by hand."""
        measure, status = self.indicator.measure, self.row["status"]
        yield "shares" if self._is_officer else "units"
        tests = {"visits": measure.counts_visits, "notices": measure.table == "notices"}
        tests |= {"months": self.is_mean, "references": bool(self.indicator.against), "status": status not in SCORED}
        tests |= {"rule": not isinstance(self.indicator.points, Curve), "siblings": not self.is_mean}
        yield from (key for key, holds in tests.items() if holds)

    @property
    def _is_officer(self) -> bool:
        return str(self.asked.rank["level"]) == OFFICER

    @property
    def is_mean(self) -> bool:
        """Whether the total is the mean of those of shorter periods, and with it all that follows the value."""
        return is_mean(self.asked.run.scheme, str(self.period))

    # Which records: of whom, when, known

    @property
    def table(self) -> str:
        """The table's name for readers."""
        return table_label(self.indicator.measure.table, self.asked.lang)

    @property
    def key(self) -> str:
        """The column that identifies a record."""
        return self.names[TABLES[self.indicator.measure.table].key]

    @property
    def date(self) -> str:
        """The column by which a record belongs to a period."""
        return self.names[self.indicator.measure.date]

    @property
    def own_date(self) -> str:
        """The column that stands for the time of recording where that is empty."""
        return self.names[TABLES[self.indicator.measure.table].own_date]

    @property
    def facts(self) -> list[str]:
        """The columns whose times, where later than as_of, have not come yet."""
        return [self.names[name] for name in TABLES[self.indicator.measure.table].facts if name in self.names]

    @property
    def void(self) -> list[str]:
        """The months whose records are worthless, such as 2024-11."""
        return [str(Period(month, 1)) for month in sorted(void_months(self.asked.run.scheme, self.indicator.code))]

    # The rule of the measure as pandas expressions

    def _expressions(self, tests: Filter) -> dict[str, str]:
        return expressions(tests, Words(self.indicator.measure.table, self.asked.lang), self.names)

    @cached_property
    def where(self) -> dict[str, str]:
        """What a record must satisfy to count at all: expression -> words; what is added up is there, no time runs back."""
        added = dict.fromkeys(self._operands, Test.model_validate({"present": True}))
        words = Words(self.indicator.measure.table, self.asked.lang)
        stretches = [one for one in stretches_of(self.indicator.measure) if {one.start, one.end} <= set(self.names)]
        forward = {
            in_order(self.names[one.start], self.names[one.end], by_day=one.by_day): words.phrase(
                "forward", start=words.column(one.start), end=words.column(one.end)
            )
            for one in stretches
        }
        return self._expressions(self.indicator.measure.where) | self._expressions(added) | forward

    @cached_property
    def met(self) -> dict[str, str]:
        """What a record of a share must satisfy to be in the numerator: expression -> words; nothing for a ratio or mean."""
        return self._expressions(getattr(self.indicator.measure, "met", {}))

    @property
    def waiting(self) -> list[str]:
        """When a record that has not met its test need not have done so yet: any of these expressions."""
        measure = self.indicator.measure
        return deadlines(measure.met, self.names, self.as_of) if self.met and not measure.settles_days else []

    @property
    def _operands(self) -> tuple[str, ...]:
        """The columns that are added up."""
        measure = self.indicator.measure
        if isinstance(measure, Mean):
            return tuple(measure.of.minutes) if isinstance(measure.of, Elapsed) else (measure.of,)
        return (measure.numerator, measure.denominator) if isinstance(measure, Ratio) else ()

    @property
    def numerator(self) -> str:
        """What a record adds above the line, as an expression."""
        own = [self.names[name] for name in self._operands]
        if self.met:
            return " and ".join(f"({test})" for test in self.met)
        return (
            own[0]
            if len(own) == 1 or isinstance(self.indicator.measure, Ratio)
            else f"({own[1]} - {own[0]}).dt.total_seconds() / 60"
        )

    @property
    def denominator(self) -> str:
        """What a record adds below the line, as an expression."""
        return self.names[self._operands[1]] if isinstance(self.indicator.measure, Ratio) else "1"

    # From the value to points

    @cached_property
    def _held(self) -> tuple[Step, ...]:
        return self.asked.steps(self.indicator)

    def seen(self, value: float) -> float:
        """Give what the rule looks at: the value, or what came of it when it was held against its references."""
        return value if not self._held else float("nan") if self._held[-1].result is None else self._held[-1].result

    def arithmetic(self, value: float) -> pd.DataFrame:
        """Say step by step how a value becomes points: a row a step (step, result); the last result is not yet rounded.

        Where the indicator has no points of its own one row says what its rule for that gives.
        """
        asked, entry, seen = self.asked, self.indicator, self.seen(value)
        lines = [
            (asked.say("step" if one.sum else "step_plain", words=one.words, sum=one.sum, result=one.result), one.result)
            for one in self._held
        ]
        if self.row["status"] in SCORED and not np.isnan(seen):
            found = sums(entry, seen, asked.unit(peer_values(asked, entry)))
            lines += [(asked.say(f"sum.{one.kind}", sum=one.sum, result=digits(one.result)), one.result) for one in found]
        else:
            given = {"status": asked.term("status", str(self.row["status"])), "missing": asked.say(f"missing.{entry.missing}")}
            full = asked.unit(np.zeros(0)).full
            lines.append((self.say("missing", **given), {"full": full, "zero": 0.0}.get(entry.missing)))
        return pd.DataFrame(lines, columns=["step", "result"]).astype({"result": "float64"})

    @property
    def knots(self) -> pd.DataFrame:
        """The knots of a curve (value, points); none of another rule, or where it gives no points."""
        rule = self.indicator.points
        given = rule.knots if isinstance(rule, Curve) and self.row["status"] in SCORED and not self.is_mean else ()
        return pd.DataFrame(given, columns=["value", "points"]).astype("float64")

    @property
    def limits(self) -> tuple[float, float]:
        """Between which numbers the points of the rule stay."""
        low, high = clamp(np.array([-np.inf, np.inf]), self.indicator.points, 0, self.top)
        return float(low), float(high)

    @property
    def top(self) -> float:
        """The full marks for which the numbers of the rule are written."""
        scheme, level = self.asked.run.scheme, str(self.asked.rank["level"])
        return float(weight_at(self.indicator.weight, level) if self.indicator.points.in_marks else base_marks(scheme))

    @property
    def full(self) -> int:
        """The full marks of the unit's class."""
        return self.asked.unit(np.zeros(0)).full

    # From points to the contribution

    @cached_property
    def tree(self) -> pd.DataFrame:
        """The parts of the table scored at the unit's level: part, label, above (the part it stands in), weight, scored.

        scored: whether it has weight and anything in it has points, as the run says; only then it shares in the weight.
        """
        lang, level = self.asked.lang, str(self.asked.rank["level"])
        pointed = {code for code, row in self.asked.points().items() if not pd.isna(row["points"])}

        def scored(part: Any) -> bool:
            some = any(map(scored, part.parts)) if isinstance(part, Dimension) else part.code in pointed
            return some and weight_at(part.weight, level) > 0

        there = [(above, part) for _, above, part in parts_of(self.asked.run.scheme) if is_scored(part, level)]
        rows = [
            (part.code, part.name(lang), above[-1].code if above else "", float(weight_at(part.weight, level)), scored(part))
            for above, part in there
        ]
        return pd.DataFrame(rows, columns=["part", "label", "above", "weight", "scored"])

    @property
    def path(self) -> list[str]:
        """The parts of the table in which the indicator stands, and itself."""
        above = next(above for _, above, part in parts_of(self.asked.run.scheme) if part.code == self.indicator.code)
        return [*(part.code for part in above), self.indicator.code]

    @property
    def months(self) -> pd.DataFrame:
        """Points, weight used and contribution in the shorter periods of which the total is the mean; no row where it is not."""
        rows = [self.asked.points(period)[self.indicator.code] for period in self.asked.averaged]
        return pd.DataFrame(rows, list(self.asked.averaged), list(COUNTED[4:]), "float64")

    @property
    def decimals(self) -> int:
        """The decimals of contributions."""
        return self.asked.run.scheme.decimals

    # What the run says

    @property
    def system(self) -> pd.Series:
        """What the run says, to be compared with what was reckoned by hand."""
        return pd.Series({name: self.row[name] for name in COUNTED}, dtype="float64")
