"""The lines of a card: indicators and dimensions, what they were held against, the months, what stands outside the hundred."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from fengqiao_eval.documents import MORE, split_ids
from fengqiao_eval.errors import SCORED
from fengqiao_eval.measuring.denominators import periods_of
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.scheme.benchmark import Change, Place, Quota, Reference
from fengqiao_eval.scheme.indicator import Entry, Indicator, Named
from fengqiao_eval.scheme.measure import Distinct, Figure, Quantile
from fengqiao_eval.scheme.scheme import Dimension, Scheme, applies, least_at, parts_of
from fengqiao_eval.scoring.adjustments import WHOLE
from fengqiao_eval.scoring.long_periods import parts
from fengqiao_eval.wording.arithmetic import Unit, term_of
from fengqiao_eval.wording.numbers import (
    RATES,
    SMALL,
    Earlier,
    Movement,
    change,
    fixed,
    flags,
    measured,
    number,
    period_words,
    plain,
    round_half_up,
    signed,
    term,
    text,
)
from fengqiao_eval.wording.rules import amount_unit, units
from fengqiao_eval.words import say

Row = Mapping[str, Any]
Gaps = Mapping[tuple[str, str], frozenset[str]]
"""Of tables, by a date of theirs: the months in which they hold no record of anybody."""


@dataclass(frozen=True)
class CardPeriods:
    """What the frames say of one unit: rows of points by (period, indicator); of the main period, asides and comparisons.

    unit: level and class of whom it is said. periods: those of the manifest. pooled: numerator and denominator of each indicator
    over the whole level.
    """

    unit: Unit
    periods: Mapping[str, Any]
    lang: str
    points: Mapping[tuple[str, str], Row]
    asides: Collection[Row]
    comparisons: Collection[Row]
    pooled: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=dict)

    def mark_gaps(self, change: Movement, entries: Iterable[Entry], earlier: Earlier) -> Movement:
        """Say beside a change how many of the months it compares have no record at all of what is counted.

        The period before a year is the year before: that is compared once, and said to be the year.
        """
        if earlier == "previous" and self.periods["previous"] == self.periods["year_before"]:
            return Movement("")
        if change.direction is None:
            return change
        spans = [parse(self.periods[which]) for which in ("this", earlier)]
        return replace(change, text=change.text + _gap_words(self.gaps, entries, spans, self.lang))

    def row(self, indicator: Indicator, which: str = "this") -> Row:
        """Find the row of an indicator in this period, `previous` or `year_before`; empty where there is none."""
        return self.points.get((self.periods[which], indicator.code), {})

    def rate(self, dimension: Dimension, period: str) -> float | None:
        """Give the share of a dimension's possible points earned in a period, 0-100; None where none of it was scored."""
        rows = [row for i in dimension.leaves if (row := self.points.get((period, i.code)))]
        possible = sum(number(row["weight_used"]) or 0 for row in rows) * self.unit.full
        earned = sum(number(row["contribution"]) or 0 for row in rows)
        return round(100 * earned / possible, 9) if possible else None  # what sums of floats leave behind is less

    def records(self, dimensions: Iterable[Dimension], period: str) -> float:
        """Add up the records that the scored indicators of some dimensions rest on in a period."""
        rows = (self.points.get((period, i.code)) for dimension in dimensions for i in dimension.leaves)
        return sum(number(row["n"]) or 0.0 for row in rows if row and number(row["contribution"]) is not None)

    def least(self, dimensions: Iterable[Dimension]) -> tuple[int, bool]:
        """Say on how many records the months of some dimensions must rest to be joined, and whether the scheme says so.

        The scheme's own smallest numbers of their indicators are added up; where it has none, a small base is too little.
        """
        each = [least_at(i, self.unit.level) for dimension in dimensions for i in dimension.leaves]
        return (sum(each), True) if any(least > 1 for least in each) else (SMALL, False)


def _gap_words(gaps: Gaps, entries: Iterable[Entry], spans: Collection[Period], lang: str) -> str:
    """Say how many months of some periods have no record at all of what is counted; empty where all have."""
    every: list[tuple[str, Any]] = [(table, entry.measure) for entry in entries for table in entry.tables if table in EVENTS]
    counted = {(table, measure.date if table == measure.table else TABLES[table].own_date) for table, measure in every}
    months = {month for source in counted for month in gaps.get(source, ())}
    lacking = sum(any(span.holds(parse(month)) for span in spans) for month in months)
    return say("card.change.gap", lang, months=lacking) if lacking else ""


@dataclass(frozen=True)
class Step:
    """One reference applied to a value: what was given, what it was held against, what came of it, and how, in words.

    unit: of the result. sum: the arithmetic, empty where the result is no matter of one sum. What is missing is None.
    """

    words: str
    given: float | None
    reference: float | None
    result: float | None
    unit: str
    sum: str


@dataclass(frozen=True)
class Whole:
    """An indicator over all units of the level, counts pooled; value in the indicator's unit."""

    numerator: float
    denominator: float
    value: float


@dataclass(frozen=True, kw_only=True)
class _CardLine:
    """What brings points of the total: how many of how many possible, and how it moved."""

    code: str
    label: str
    contribution: float
    possible: float
    previous: Movement
    year_before: Movement

    @property
    def lost(self) -> float:
        """Points of the total not earned."""
        return max(0.0, self.possible - self.contribution)


@dataclass(frozen=True, kw_only=True)
class IndicatorLine(_CardLine):
    """One indicator of one unit in one period.

    above: the codes of the dimensions it stands in, outermost first. value and target are in `unit` (per cent as 0-100), points
    0 to full marks, weight and weight_used shares of the total (0-1), contribution, possible and lost points of the total.
    steps: what the value was held against. What could not be counted is None; of a raw count there is no denominator. n is None
    where there is a value and nobody said on how many answers it rests.
    """

    above: tuple[str, ...]
    unit: str
    direction: str
    numerator: float | None
    denominator: float | None
    value: float | None
    target: float | None
    points: float | None
    weight: float
    weight_used: float
    n: float | None
    status: str
    asides: tuple[str, ...]
    whole: Whole | None = None
    steps: tuple[Step, ...] = ()

    @property
    def dimension(self) -> str:
        """The dimension it stands in."""
        return self.above[-1]

    @property
    def scored(self) -> bool:
        """Whether the indicator carries points."""
        return self.points is not None and self.weight_used > 0

    @property
    def own(self) -> bool:
        """Whether the points come from own records; else from the scheme's rule for what is missing or does not apply."""
        return self.status in SCORED

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is no target or value of its own, or it is held against others."""
        if self.target is None or self.value is None or self.steps or not self.own:
            return None
        return self.value >= self.target if self.direction == "higher" else self.value <= self.target

    @property
    def small(self) -> bool:
        """Whether the value rests on so few records that one of them moves it much; a raw count is what it is."""
        return self.value is not None and self.denominator is not None and (self.n or 0.0) < SMALL


@dataclass(frozen=True, kw_only=True)
class DimensionLine(_CardLine):
    """One dimension of one unit in one period: points of the total earned and possible, and the rate (0-100) of both.

    depth: 0 for a dimension of the table itself, 1 for one that stands in it, and so on.
    """

    depth: int
    rate: float | None


@dataclass(frozen=True)
class Months:
    """The totals of the months (or quarters) of a longer period, None where too little was scored, and their mean.

    decisive: whether the mean is the total of the longer period; else that was counted anew, and the mean stands beside it.
    """

    totals: tuple[tuple[str, float | None], ...]
    mean: float
    decisive: bool

    @property
    def scored(self) -> tuple[tuple[str, float], ...]:
        """Those that enter the mean."""
        return tuple((period, total) for period, total in self.totals if total is not None)

    def words(self, decimals: int, lang: str) -> str:
        """Say the mean and what it is of: 各月平均88.10分（3个月）; where it is the total, month by month."""
        if not self.decisive:
            return say("card.monthly", lang, mean=fixed(self.mean, decimals), months=len(self.scored))
        each = [f"{period_words(period, lang)} {fixed(total, decimals)}" for period, total in self.scored]
        said = say("card.mean_of", lang, parts=say("card.comma", lang).join(each), n=len(each))
        left = [period_words(period, lang) for period, total in self.totals if total is None]
        return said + (say("card.mean_left_out", lang, parts=say("card.comma", lang).join(left)) if left else "")


@dataclass(frozen=True)
class Adjusted:
    """One line of a unit's total: what it is called, what it does, and its points of the total.

    value: what was counted, None where nothing was; counted: the same in words. inside: it comes of the way of adding up (a
    geometric mean, a limit of a dimension), not from outside the hundred.
    """

    code: str
    label: str
    effect: str
    words: str
    value: float | None
    counted: str
    points: float
    record_ids: tuple[str, ...]
    inside: bool
    more: int = 0
    """How many records there are besides, whose ids stay in their database."""

    def said(self, lang: str) -> str:
        """Say what the line does, and of how much that was counted: 扣分，2 起."""
        return say("card.comma_between", lang).join(part for part in (self.words, self.counted) if part)

    def moves(self, decimals: int) -> list[str]:
        """Write its points; none of a veto that moves no points."""
        return [signed(self.points, decimals)] if self.points else []


# Indicators and dimensions: their counts, points and changes.


def indicator_lines(of: CardPeriods) -> tuple[IndicatorLine, ...]:
    """Make the line of every indicator that applies at the level, in the order of the one table."""
    placed = [(part, tuple(d.code for d in above)) for _, above, part in parts_of(of.unit.scheme) if isinstance(part, Indicator)]
    return tuple(_indicator_line(of, indicator, above) for indicator, above in placed if applies(indicator, of.unit.level))


def _indicator_line(of: CardPeriods, indicator: Indicator, above: tuple[str, ...]) -> IndicatorLine:
    row = of.row(indicator)
    cell: dict[str, Any] = {name: number(row.get(name)) for name in ("numerator", "denominator", "value", "points")}
    none: dict[str, Any] = {name: number(row.get(name)) or 0.0 for name in ("weight", "weight_used", "contribution")}
    met, all_of = of.pooled.get(indicator.code, (0.0, 0.0))
    adds_up = all_of and not isinstance(indicator.measure, (Quantile, Distinct, Figure))
    return IndicatorLine(
        code=indicator.code,
        label=indicator.name(of.lang),
        above=above,
        unit=term("unit", indicator.unit, of.lang),
        direction=indicator.direction,
        target=number(indicator.target),
        possible=round(none["weight_used"] * of.unit.full, 6),
        n=number(row.get("n", 0.0)),
        status=text(row.get("status")) or "no_records",
        asides=tuple(_asides(of, indicator)),
        previous=_value_change(of, indicator, "previous"),
        year_before=_value_change(of, indicator, "year_before"),
        whole=Whole(met, all_of, met * indicator.scale / all_of) if adds_up else None,
        steps=steps(indicator, (row for row in of.comparisons if row["indicator"] == indicator.code), of.lang, of.gaps),
        **cell,
        **none,
    )


def _value_change(of: CardPeriods, indicator: Indicator, earlier: Earlier) -> Movement:
    """Compare values that may be compared: a void month's, or one of too few records, may not."""
    rows = of.row(indicator), of.row(indicator, earlier)
    now, before = (number(row.get("value")) if row.get("status") in SCORED else None for row in rows)
    bases = [found for row in rows if (found := number(row.get("n", 0.0))) is not None]
    moved = change(now, before, RATES.get(indicator.unit, "quantity"), of.lang, earlier=earlier, base=min(bases, default=None))
    return of.mark_gaps(moved, [indicator], earlier)


def _asides(of: CardPeriods, indicator: Indicator) -> Iterator[str]:
    """Say each count printed beside an indicator: 应答率 37.5% (120/320)."""
    english = {aside.code: aside.label_en for aside in indicator.beside}
    for row in (row for row in of.asides if row["indicator"] == indicator.code):
        code, met, whole = text(row["aside"]), number(row["numerator"]), number(row["denominator"])
        label = english.get(code) or term("tier", code.removeprefix("split:"), of.lang) if of.lang == "en" else text(row["label"])
        if row.get("hidden"):  # see publication.breakdown
            yield say("card.kept_back", of.lang, label=label, least=of.unit.scheme.least_cell)
        elif whole:
            yield f"{label} {plain(100 * (met or 0.0) / whole, 1)}% ({plain(met)}/{plain(whole)})"
        else:
            yield f"{label} {plain(met) if whole is None else 0}"


def dimension_lines(of: CardPeriods, lines: Sequence[IndicatorLine]) -> tuple[DimensionLine, ...]:
    """Add up the lines of each dimension, those that stand in another after it; changes are of the rate, in percentage points."""
    found = []
    for _, above, part in parts_of(of.unit.scheme):
        own = [line for line in lines if part.code in line.above]
        if isinstance(part, Dimension) and own:
            now, previous, year_before = (of.rate(part, of.periods[which]) for which in ("this", "previous", "year_before"))
            line = DimensionLine(
                code=part.code,
                label=part.name(of.lang),
                depth=len(above),
                contribution=round(sum(line.contribution for line in own), 6),
                possible=round(sum(line.possible for line in own), 6),
                rate=now,
                previous=of.mark_gaps(change(now, previous, "points", of.lang, earlier="previous"), part.leaves, "previous"),
                year_before=of.mark_gaps(
                    change(now, year_before, "points", of.lang, earlier="year_before"), part.leaves, "year_before"
                ),
            )
            found.append(line)
    return tuple(found)


# What a value was held against: the steps between what was counted and what the rule sees.


def steps(entry: Entry, rows: Iterable[Row], lang: str, gaps: Gaps) -> tuple[Step, ...]:
    """Put the rows of the frame comparisons (one unit, entry and period) in the order of the references; none: no steps.

    What is held against months without any record says so.
    """
    ordered, in_units = sorted(rows, key=lambda row: row["step"]), units(entry)
    found = []
    for reference, row, before, after in zip(entry.against, ordered, in_units, in_units[1:], strict=False):
        step, own = _step(reference, row, before, after, lang), parse(text(row["period"]))
        earlier = () if isinstance(reference, Quota) or step.result is None else periods_of(reference, own)
        found.append(replace(step, words=step.words + _gap_words(gaps, [entry], (own, *earlier), lang)) if earlier else step)
    return tuple(found)


def _step(reference: Reference, row: Mapping[str, Any], before: str, after: str, lang: str) -> Step:
    given, held, result = (number(row[name]) for name in ("given", "reference", "result"))
    of, unit = _key(reference, lang), after
    if isinstance(reference, Place):
        unit = ""
    elif reference.as_ in ("difference", "shortfall", "excess"):
        unit = amount_unit(after, lang)  # the difference of two rates is in percentage points
    if given is None or held is None or result is None:
        return Step(say("card.step.none", lang, of=of), given, held, result, unit, "")
    came = measured(result, unit, short=True)
    against = measured(held, before if before in RATES else amount_unit(before, lang), short=True)
    if isinstance(reference, Place):
        words = say(f"card.step.place.{reference.from_}", lang, place=plain(result), of=plain(held))
    elif isinstance(reference, Quota):
        words = say(f"card.step.quota.{reference.as_}", lang, of=of, reference=against, result=came)
    else:
        words = say("card.step.moved", lang, of=of, reference=against, result=("+" if result > 0 else "") + came)
    return Step(words, given, held, result, unit, _sum(reference, given, held, result))


def _key(reference: Reference, lang: str) -> str:
    """Name what a value is held against: 上年同期, 同类平均."""
    if isinstance(reference, Quota):
        return say(f"card.step.due.{'limit' if reference.as_.startswith('excess') else 'quota'}", lang)
    if isinstance(reference, Change):
        return say(f"card.step.since.{reference.since}", lang, periods=reference.periods)
    if isinstance(reference, Place):
        return say("card.step.peers", lang)
    of = say(f"card.step.{reference.of}.{reference.among}", lang)
    if reference.since == "this":
        return of
    return say("card.step.then", lang, since=say(f"card.step.since.{reference.since}", lang), of=of)


def _sum(reference: Reference, given: float, held: float, result: float) -> str:
    """Write the arithmetic of a reference; a quota held month by month and a place are no one sum."""
    if isinstance(reference, Place) or (isinstance(reference, Quota) and reference.apart):
        return ""
    if reference.as_ in ("shortfall", "excess", "excess_percent") and result == 0:
        return "0"
    own, base = term_of(given), term_of(held)
    over = f"{own} − {base}"
    sums = {"completion": f"100 × {own} / {base}", "shortfall": f"{base} − {own}", "excess": over, "difference": over}
    return sums.get(reference.as_, f"100 × ({over}) / {term_of(abs(held))}")


# The shorter periods in a longer one: where the scheme says so its total is the mean of theirs, else they stand beside it.


def is_mean(scheme: Scheme, period: str) -> bool:
    """Say whether the total of a period is the mean of shorter ones."""
    return bool(parts(scheme, parse(period)))


def shorter_periods(scheme: Scheme, period: str) -> tuple[str, ...]:
    """Name the periods whose totals are averaged, or, where the scheme counts anew, the months whose mean stands beside."""
    whole = parse(period)
    return tuple(map(str, parts(scheme, whole) or (Period(month, 1) for month in whole.month_numbers)))


def comparable_total(rank: Row) -> float | None:
    """Read a total (a row of the frame ranks) that may be compared: one that enough of the weight contributed to."""
    return None if "low_coverage" in flags(rank.get("flags")) else number(rank.get("total"))


def averaged_total(scheme: Scheme, rank: Row) -> float | None:
    """Read the total of a shorter period (its row of the frame ranks) if it enters the mean: enough of it was scored.

    Who is barred from a place for what is missing has none either; a unit that is never ranked is only held to the former.
    """
    barred = "not_ranked" in flags(rank.get("flags")) and rank.get("unit_id") not in scheme.unranked
    return None if barred else comparable_total(rank)


def months(scheme: Scheme, period: str, ranks: Mapping[str, Row]) -> Months | None:
    """Gather the totals of the shorter periods in a longer one (ranks: a unit's rows by period).

    None for a month, and where none of them was scored.
    """
    found = tuple((name, averaged_total(scheme, ranks.get(name, {}))) for name in shorter_periods(scheme, period))
    scored = [total for _, total in found if total is not None]
    if len(found) < 2 or not scored:  # noqa: PLR2004 - one is no longer period
        return None
    exact = [Fraction(round_half_up(total, scheme.decimals)) for total in scored]
    mean = float(round_half_up(sum(exact, Fraction(0)) / len(exact), scheme.decimals))
    return Months(found, mean, is_mean(scheme, period))


# The lines of a total that are no indicator's: what stands outside the hundred, and what caps and geometric means change.


def adjustment_lines(scheme: Scheme, rows: Iterable[Row], lang: str) -> tuple[Adjusted, ...]:
    """Make a line of every row of the frame adjustments (one unit and period): those of the hundred first.

    A line that the scheme does not hold (an older run) is called what the run calls it.
    """
    lines, inner, found = {line.code: line for line in scheme.consequences}, aggregation_codes(scheme), []
    parts: Iterable[Named] = (*(part for _, _, part in parts_of(scheme)), *scheme.outside, *scheme.consequences)
    names = {WHOLE: say("card.whole_table", lang)} | {part.code: part.name(lang) for part in parts}
    for row in rows:
        code, effect, value = text(row["line"]), text(row["effect"]), number(row.get("value"))
        line, key = lines.get(code), f"card.effect.{effect}"
        ids = split_ids(text(row.get("record_ids")))
        more = int(ids.pop().removeprefix(MORE)) if ids and re.fullmatch(rf"{MORE}\d+", ids[-1]) else 0
        of = {"item": names[line.item] if line and line.item else "", "grade": (line and line.grade) or ""}
        adjusted = Adjusted(
            code=code,
            label=names.get(code, code),
            effect=effect,
            words=term(key, text(row["rule"]), lang) if effect in ("aggregate", "cap") else say(key, lang, **of),
            value=value,
            counted="" if value is None or line is None else counted_words(line, value, lang),
            points=number(row["contribution"]) or 0.0,
            record_ids=tuple(ids),
            inside=code in inner,
            more=more,
        )
        found.append(adjusted)
    return tuple(sorted(found, key=lambda line: not line.inside))


def counted_words(line: Entry, value: float, lang: str) -> str:
    """Say how much a rule saw, in the unit of what stands there: 12 起, 超20%, 第2名.

    >>> from types import SimpleNamespace
    >>> over = Quota.model_validate({"kind": "quota", "amount": 10, "as": "excess_percent"})
    >>> [counted_words(SimpleNamespace(unit="起", against=(over,)), 20, lang) for lang in ("zh", "en")]
    ['超20%', '20% over']
    """
    reference, unit = (line.against or (None,))[-1], units(line)[-1]
    if reference is None:
        return measured(value, term("unit", unit, lang), short=True)
    if isinstance(reference, Place):
        return say(f"card.counted.place.{reference.from_}", lang, n=plain(value))
    differs = reference.as_ in ("difference", "shortfall", "excess")  # of two rates: in percentage points
    said = measured(value, amount_unit(unit, lang) if differs else unit, short=True)
    if isinstance(reference, Quota):
        return say(f"card.counted.{reference.as_}", lang, n=said)
    return ("+" if value > 0 else "") + said


def aggregation_codes(scheme: Scheme) -> frozenset[str]:
    """Name the lines that come of the way of adding up: those of dimensions, and of the whole."""
    return frozenset(part.code for _, _, part in parts_of(scheme) if isinstance(part, Dimension)) | {WHOLE}
