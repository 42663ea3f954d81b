"""The one table (一表通考) as frozen declarations: scheme, dimensions, indicators, weights."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from fengqiao_eval.documents import Model
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.counted import Figure, Filter, Measure
from fengqiao_eval.scheme.rules import Points

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Marks = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]
Least = Annotated[int, Field(ge=1)]
Weight = Marks | dict[str, Marks]
"""A weight, or one a level: {officer: 60, others: 40}."""
Label = Annotated[str, BeforeValidator(lambda given: str(given) if isinstance(given, (int, Decimal)) else given)]


class Band(Model):
    """A grade and the total from which it is reached."""

    grade: Text
    grade_en: str = ""
    at_least: Decimal


class Award(Model):
    """How many of each class and level are named: a number, or a share rounded down."""

    count: int | None = None
    share: Decimal = Decimal("0.1")


class Void(Model):
    """A month of an indicator whose records are worthless, and why; they are left out of every longer period."""

    indicator: Code
    period: Label
    reason: Text


class Aside(Model):
    """A count printed beside an indicator, never scored: rows of the same table and date, and those that meet a test."""

    code: Code
    label: Text
    label_en: str = ""
    where: Filter = {}
    met: Filter | None = None


class Split(Model):
    """The indicator broken down by the words of a column (by colour, say), printed beside it."""

    column: str
    labels: dict[str, str] = Field(min_length=1)


class Indicator(Model):
    """One line of the one table: what is counted, in which direction, how it becomes points, and on whose authority."""

    code: Code
    label: Text
    label_en: str = ""
    why: Text
    unit: str = "%"
    direction: Literal["higher", "lower"]
    weight: Weight
    measure: Measure
    points: Points
    target: Decimal | None = None
    levels: tuple[str, ...] | None = None
    missing: Literal["redistribute", "full", "zero", "not_ranked"]
    least: Least | dict[str, Least] = 1
    """The smallest number of records (of a count: exposure) that is scored, or one a level: {officer: 3, others: 10}."""
    beside: tuple[Aside, ...] = ()
    split: Split | None = None
    source: Text

    @property
    def scale(self) -> int:
        """What a ratio is multiplied by to be in the indicator's unit."""
        return {"%": 100, "‰": 1000}.get(self.unit, 1)

    def name(self, lang: str = "zh") -> str:
        """The label in a language, Chinese where there is none."""
        return self.label_en if lang == "en" and self.label_en else self.label

    @property
    def is_figure(self) -> bool:
        """Whether the value was counted elsewhere."""
        return isinstance(self.measure, Figure)


class Dimension(Model):
    """A group of indicators with a weight of its own."""

    code: Code
    label: Text
    label_en: str = ""
    weight: Weight
    indicators: tuple[Indicator, ...] = Field(min_length=1)

    def name(self, lang: str = "zh") -> str:
        """The label in a language, Chinese where there is none."""
        return self.label_en if lang == "en" and self.label_en else self.label


class Scheme(Model):
    """The one table: what is appraised, with which weights, by whose decision."""

    title: Text
    title_en: str = ""
    version: Label
    sources: tuple[Text, ...] = Field(min_length=1)
    author: Text
    checker: Text
    decided_on: date | None = None
    weights: Literal["within", "marks"]
    decimals: int = Field(2, ge=0, le=4)
    full_marks: int = Field(100, ge=1, le=1000)
    least_covered: Decimal = Field(Decimal("0.7"), ge=0, le=1)
    least_class: int = Field(8, ge=2)
    levels: tuple[str, ...] = Field(min_length=1)
    compare_within: Mapping[str, Literal["level", "class", "class_in_county", "station"]] = {}
    unranked: tuple[str, ...] = ()
    """Units that are counted in the whole but not ranked, because they stand for 'unknown' in the records."""
    bands: tuple[Band, ...] = ()
    awards: Award = Award()
    void: tuple[Void, ...] = ()
    dimensions: tuple[Dimension, ...] = Field(min_length=1)

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator, in the order of the table."""
        return tuple(indicator for dimension in self.dimensions for indicator in dimension.indicators)

    def name(self, lang: str = "zh") -> str:
        """The title in a language, Chinese where there is none."""
        return self.title_en if lang == "en" and self.title_en else self.title


def weight_at(weight: Weight, level: str) -> Decimal:
    """Read a weight at a level.

    >>> weight_at({"officer": Decimal(60), "others": Decimal(40)}, "station")
    Decimal('40')
    """
    return weight.get(level, weight.get("others", Decimal(0))) if isinstance(weight, dict) else weight


def least_at(indicator: Indicator, level: str) -> int:
    """Read the smallest number of records that an indicator is scored on at a level."""
    least = indicator.least
    return least.get(level, least.get("others", 1)) if isinstance(least, dict) else least


def void_months(scheme: Scheme, code: str) -> frozenset[int]:
    """The months of an indicator that the scheme declares void, as months since year 0."""
    return frozenset(parse(void.period).first for void in scheme.void if void.indicator == code)


def applies(indicator: Indicator, level: str) -> bool:
    """Say whether an indicator is scored at a level."""
    return indicator.levels is None or level in indicator.levels


def nominal(scheme: Scheme, level: str) -> dict[str, Decimal]:
    """Give each indicator's share of the total at a level (sums to 1), before anything is missing.

    In the style `within` it is dimension × indicator / 100², in the style `marks` indicator / 100.
    """
    return {
        i.code: weight_at(d.weight, level) / 100 * (weight_at(i.weight, level) / _sum(d, level))
        for d in scheme.dimensions
        for i in d.indicators
        if applies(i, level)
    }


def _sum(dimension: Dimension, level: str) -> Decimal:
    return sum((weight_at(i.weight, level) for i in dimension.indicators if applies(i, level)), Decimal(0)) or Decimal(1)
