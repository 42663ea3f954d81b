"""The lines of a card: each indicator and each dimension, with its counts, points and changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fengqiao_eval.errors import SCORED
from fengqiao_eval.scheme.counted import Distinct, Figure, Quantile
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme, applies, base_marks
from fengqiao_eval.scorecards.wording import RATES, SMALL, Change, Earlier, change, number, plain, term, text

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """What the frames say of one unit: rows of points by (period, indicator), rows of asides of the main period by indicator."""

    scheme: Scheme
    level: str
    periods: Mapping[str, Any]
    lang: str
    points: Mapping[tuple[str, str], Row]
    asides: Mapping[str, Sequence[Row]]
    pooled: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def row(self, indicator: Indicator, which: str = "this") -> Row:
        """Find the row of an indicator in this period, `previous` or `year_before`; empty where there is none."""
        return self.points.get((self.periods[which], indicator.code), {})

    def rate(self, dimension: Dimension, period: str) -> float | None:
        """Give the share of a dimension's possible points earned in a period, 0-100; None where none of it was scored."""
        rows = [row for i in dimension.leaves if (row := self.points.get((period, i.code)))]
        possible = sum(number(row["weight_used"]) or 0 for row in rows) * base_marks(self.scheme)
        earned = sum(number(row["contribution"]) or 0 for row in rows)
        return 100 * earned / possible if possible else None


def sheet(scheme: Scheme, level: str, periods: Mapping[str, Any], frames: tuple[pd.DataFrame, pd.DataFrame], lang: str) -> Sheet:
    """Lay out a unit's rows of the frames points and asides."""
    points, asides = (frame.to_dict("records") for frame in frames)
    beside: dict[str, list[Row]] = {}
    for row in asides:
        if row["period"] == periods["this"]:
            beside.setdefault(row["indicator"], []).append(row)
    return Sheet(scheme, level, periods, lang, {(row["period"], row["indicator"]): row for row in points}, beside)


@dataclass(frozen=True)
class Whole:
    """An indicator over all units of the level, counts pooled; value in the indicator's unit."""

    numerator: float
    denominator: float
    value: float


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator of one unit in one period.

    value and target are in `unit` (per cent as 0-100), points 0 to full marks, weight and weight_used shares of the total (0-1),
    contribution, possible and lost points of the total. What could not be counted is None.
    """

    code: str
    label: str
    dimension: str
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
        """Whether the target is reached; None where there is no target or no value."""
        if self.target is None or self.value is None:
            return None
        return self.value >= self.target if self.direction == "higher" else self.value <= self.target

    @property
    def small(self) -> bool:
        """Whether the value rests on so few records that one of them moves it much."""
        return self.value is not None and self.n < SMALL


@dataclass(frozen=True)
class DimensionLine:
    """One dimension of one unit in one period: points of the total earned and possible, and the rate (0-100) of both."""

    code: str
    label: str
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
    placed = ((indicator, dimension.code) for dimension in of.scheme.dimensions for indicator in dimension.leaves)
    return tuple(_line(of, indicator, code) for indicator, code in placed if applies(indicator, of.level))


def _line(of: Sheet, indicator: Indicator, dimension: str) -> IndicatorLine:
    row = of.row(indicator)
    cell: dict[str, Any] = {name: number(row.get(name)) for name in ("numerator", "denominator", "value", "points")}
    none: dict[str, Any] = {name: number(row.get(name)) or 0.0 for name in ("weight", "weight_used", "contribution", "n")}
    return IndicatorLine(
        code=indicator.code,
        label=indicator.name(of.lang),
        dimension=dimension,
        unit=indicator.unit,
        direction=indicator.direction,
        target=number(indicator.target),
        possible=round(none["weight_used"] * base_marks(of.scheme), 6),
        status=text(row.get("status")) or "no_records",
        asides=tuple(_asides(of, indicator)),
        previous=_moved(of, indicator, "previous"),
        year_before=_moved(of, indicator, "year_before"),
        whole=_whole(of, indicator),
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
    """Add up the lines of each dimension; changes are of the rate earned, in percentage points."""
    parts = ((dimension, [line for line in lines if line.dimension == dimension.code]) for dimension in of.scheme.dimensions)
    return tuple(_dimension(of, dimension, own) for dimension, own in parts if own)


def _dimension(of: Sheet, dimension: Dimension, own: Sequence[IndicatorLine]) -> DimensionLine:
    now, previous, year_before = (of.rate(dimension, of.periods[which]) for which in ("this", "previous", "year_before"))
    earned, possible = (round(sum(parts), 6) for parts in ((i.contribution for i in own), (i.possible for i in own)))
    return DimensionLine(
        dimension.code,
        dimension.name(of.lang),
        earned,
        possible,
        now,
        change(now, previous, "points", of.lang, earlier="previous"),
        change(now, year_before, "points", of.lang, earlier="year_before"),
    )
