"""The lines of a card: each indicator and each dimension, with its counts, points and changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fengqiao_eval.errors import SCORED
from fengqiao_eval.scheme.counted import Distinct, Figure, Quantile
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, applies, parts_of
from fengqiao_eval.scorecards.against import Step, steps
from fengqiao_eval.scorecards.reckoning import Unit
from fengqiao_eval.scorecards.wording import RATES, SMALL, Change, Earlier, change, number, plain, term, text

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """What the frames say of one unit: rows of points by (period, indicator); of the main period, asides and references.

    unit: level and class of whom it is said. pooled: numerator and denominator of each indicator over the whole level.
    """

    unit: Unit
    periods: Mapping[str, Any]
    lang: str
    points: Mapping[tuple[str, str], Row]
    asides: Mapping[str, Sequence[Row]]
    steps: Mapping[str, Sequence[Row]]
    pooled: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def row(self, indicator: Indicator, which: str = "this") -> Row:
        """Find the row of an indicator in this period, `previous` or `year_before`; empty where there is none."""
        return self.points.get((self.periods[which], indicator.code), {})

    def rate(self, dimension: Dimension, period: str) -> float | None:
        """Give the share of a dimension's possible points earned in a period, 0-100; None where none of it was scored."""
        rows = [row for i in dimension.leaves if (row := self.points.get((period, i.code)))]
        possible = sum(number(row["weight_used"]) or 0 for row in rows) * self.unit.full
        earned = sum(number(row["contribution"]) or 0 for row in rows)
        return 100 * earned / possible if possible else None


def sheet(unit: Unit, periods: Mapping[str, Any], frames: Mapping[str, Sequence[Row]], lang: str) -> Sheet:
    """Lay out a unit's rows of the frames points, asides and comparisons."""
    points = {(row["period"], row["indicator"]): row for row in frames["points"]}
    beside, held = (_by_indicator(frames[name], periods["this"]) for name in ("asides", "comparisons"))
    return Sheet(unit, periods, lang, points, beside, held)


def _by_indicator(rows: Sequence[Row], period: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["period"] == period:
            found.setdefault(str(row["indicator"]), []).append(row)
    return found


@dataclass(frozen=True)
class Whole:
    """An indicator over all units of the level, counts pooled; value in the indicator's unit."""

    numerator: float
    denominator: float
    value: float


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator of one unit in one period.

    above: the codes of the dimensions it stands in, outermost first. value and target are in `unit` (per cent as 0-100), points
    0 to full marks, weight and weight_used shares of the total (0-1), contribution, possible and lost points of the total.
    steps: what the value was held against. What could not be counted is None; of a raw count there is no denominator.
    """

    code: str
    label: str
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
    contribution: float
    possible: float
    n: float
    status: str
    asides: tuple[str, ...]
    previous: Change
    year_before: Change
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
    def lost(self) -> float:
        """Points of the total not earned."""
        return max(0.0, self.possible - self.contribution)

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is no target or no value, or the value is held against others."""
        if self.target is None or self.value is None or self.steps:
            return None
        return self.value >= self.target if self.direction == "higher" else self.value <= self.target

    @property
    def small(self) -> bool:
        """Whether the value rests on so few records that one of them moves it much; a raw count is what it is."""
        return self.value is not None and self.denominator is not None and self.n < SMALL


@dataclass(frozen=True)
class DimensionLine:
    """One dimension of one unit in one period: points of the total earned and possible, and the rate (0-100) of both.

    depth: 0 for a dimension of the table itself, 1 for one that stands in it, and so on.
    """

    code: str
    label: str
    depth: int
    contribution: float
    possible: float
    rate: float | None
    previous: Change
    year_before: Change

    @property
    def lost(self) -> float:
        """Points of the total not earned."""
        return max(0.0, self.possible - self.contribution)


def indicator_lines(of: Sheet) -> tuple[IndicatorLine, ...]:
    """Make the line of every indicator that applies at the level, in the order of the one table."""
    placed = ((part, tuple(d.code for d in above)) for _, above, part in parts_of(of.unit.scheme) if isinstance(part, Indicator))
    return tuple(_line(of, indicator, above) for indicator, above in placed if applies(indicator, of.unit.level))


def _line(of: Sheet, indicator: Indicator, above: tuple[str, ...]) -> IndicatorLine:
    row = of.row(indicator)
    cell: dict[str, Any] = {name: number(row.get(name)) for name in ("numerator", "denominator", "value", "points")}
    none: dict[str, Any] = {name: number(row.get(name)) or 0.0 for name in ("weight", "weight_used", "contribution", "n")}
    return IndicatorLine(
        code=indicator.code,
        label=indicator.name(of.lang),
        above=above,
        unit=indicator.unit,
        direction=indicator.direction,
        target=number(indicator.target),
        possible=round(none["weight_used"] * of.unit.full, 6),
        status=text(row.get("status")) or "no_records",
        asides=tuple(_asides(of, indicator)),
        previous=_moved(of, indicator, "previous"),
        year_before=_moved(of, indicator, "year_before"),
        whole=_whole(of, indicator),
        steps=steps(indicator, of.steps.get(indicator.code, ()), of.lang),
        **cell,
        **none,
    )


def _whole(of: Sheet, indicator: Indicator) -> Whole | None:
    """Pool what can be added up; a quantile, a distinct count or a figure of others cannot."""
    above, below = of.pooled.get(indicator.code, (0.0, 0.0))
    if isinstance(indicator.measure, (Quantile, Distinct, Figure)) or not below:
        return None
    return Whole(above, below, above * indicator.scale / below)


def _moved(of: Sheet, indicator: Indicator, earlier: Earlier) -> Change:
    now, before = of.row(indicator), of.row(indicator, earlier)
    base = min(number(now.get("n")) or 0.0, number(before.get("n")) or 0.0)
    kind = RATES.get(indicator.unit, "quantity")
    return change(_counted(now), _counted(before), kind, of.lang, earlier=earlier, base=base)


def _counted(row: Row) -> float | None:
    """Read a value that may be compared: a void month's, or one of too few records, may not."""
    return number(row.get("value")) if row.get("status") in SCORED else None


def _asides(of: Sheet, indicator: Indicator) -> Iterator[str]:
    """Say each count printed beside an indicator: 应答率 37.5% (120/320)."""
    english = {aside.code: aside.label_en for aside in indicator.beside}
    for row in of.asides.get(indicator.code, ()):
        code = text(row["aside"])
        label = english.get(code) or term("tier", code.removeprefix("split:"), of.lang) if of.lang == "en" else text(row["label"])
        yield _aside(label, number(row["numerator"]), number(row["denominator"]))


def _aside(label: str, met: float | None, whole: float | None) -> str:
    if whole is None:
        return f"{label} {plain(met)}"
    return f"{label} {plain(100 * (met or 0.0) / whole, 1)}% ({plain(met)}/{plain(whole)})" if whole else f"{label} 0"


def dimension_lines(of: Sheet, lines: Sequence[IndicatorLine]) -> tuple[DimensionLine, ...]:
    """Add up the lines of each dimension, those that stand in another after it; changes are of the rate, in percentage points."""
    placed = ((part, len(above)) for _, above, part in parts_of(of.unit.scheme) if isinstance(part, Dimension))
    parts = ((dimension, depth, [line for line in lines if dimension.code in line.above]) for dimension, depth in placed)
    return tuple(_dimension(of, dimension, depth, own) for dimension, depth, own in parts if own)


def _dimension(of: Sheet, dimension: Dimension, depth: int, own: Sequence[IndicatorLine]) -> DimensionLine:
    now, previous, year_before = (of.rate(dimension, of.periods[which]) for which in ("this", "previous", "year_before"))
    earned, possible = (round(sum(parts), 6) for parts in ((i.contribution for i in own), (i.possible for i in own)))
    return DimensionLine(
        dimension.code,
        dimension.name(of.lang),
        depth,
        earned,
        possible,
        now,
        change(now, previous, "points", of.lang, earlier="previous"),
        change(now, year_before, "points", of.lang, earlier="year_before"),
    )
