"""One line of the one table, as a frozen declaration: what is counted, against what, and how it becomes points."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model, rule
from fengqiao_eval.scheme.counted import Figure, Measure
from fengqiao_eval.scheme.filters import Filter
from fengqiao_eval.scheme.references import Quota, Reference, direction_after
from fengqiao_eval.scheme.rules import Points

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Marks = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]
Least = Annotated[int, Field(ge=1)]
Weight = Marks | dict[str, Marks]
"""A weight, or one a level: {officer: 60, others: 40}."""
Label = Annotated[
    str,
    BeforeValidator(lambda given: str(given) if isinstance(given, (int, Decimal)) else given, json_schema_input_type=str | float),
]
Direction = Literal["higher", "lower"]


class Named(Model):
    """What has a code, and a label in Chinese and perhaps in English."""

    code: Code
    label: Text
    label_en: str = ""

    def name(self, lang: str = "zh") -> str:
        """The label in a language, Chinese where there is none."""
        return self.label_en if lang == "en" and self.label_en else self.label


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


class Gate(Model):
    """An audit that voids data: where another indicator's value fails the line, this one is void for the unit (R39)."""

    indicator: Code
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @rule
    def _one_line(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise PydanticCustomError("fengqiao.gate.one_line", "at_least or at_most", {})


class Exempt(Model):
    """The units for which an indicator does not apply, by class or id, and what they get for it (R33)."""

    classes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    give: Literal["redistribute", "full"] = "redistribute"

    @rule
    def _somebody(self) -> None:
        if not (self.classes or self.units):
            raise PydanticCustomError("fengqiao.exempt.nobody", "classes or units", {})


class Entry(Named):
    """Common to all that is counted and valued: an indicator, and a line outside the hundred."""

    why: Text
    unit: str = "%"
    direction: Direction
    measure: Measure
    against: tuple[Reference, ...] = ()
    target: Decimal | None = None
    levels: tuple[str, ...] | None = None
    least: Least | dict[str, Least] = 1
    """The smallest number of records (of a count with an exposure: of that) that is scored, or one a level."""
    beside: tuple[Aside, ...] = ()
    split: Split | None = None
    source: Text

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that its measure and its references need."""
        due = (table for held in self.against if isinstance(held, Quota) for table in held.tables)
        return tuple(dict.fromkeys((*self.measure.tables, *due)))

    @property
    def scale(self) -> int:
        """What a ratio is multiplied by to be in the indicator's unit."""
        return {"%": 100, "‰": 1000}.get(self.unit, 1)

    @property
    def is_figure(self) -> bool:
        """Whether the value was counted elsewhere."""
        return isinstance(self.measure, Figure)

    @property
    def good(self) -> Direction:
        """In which direction the value is good once it was held against its references."""
        return direction_after(self.direction, self.against)


class Indicator(Entry):
    """One line of the one table: what is counted, in which direction, how it becomes points, and on whose authority."""

    weight: Weight
    points: Points
    missing: Literal["redistribute", "full", "zero", "not_ranked"]
    not_applicable: Exempt | None = None
    gate: Gate | None = None
