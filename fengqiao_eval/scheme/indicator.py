"""One line of the one table, and one line outside the hundred (百分之外), as frozen declarations."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from fengqiao_eval.documents import Model, rule
from fengqiao_eval.scheme.benchmark import Quota, Reference, direction_after
from fengqiao_eval.scheme.measure import Figure, Filter, Measure
from fengqiao_eval.scheme.normalisation import Curve, Line, Number, Points, Steps

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Marks = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]
Least = Annotated[int, Field(ge=0)]
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


class Aside(Named):
    """A count printed beside an indicator, never scored: rows of the same table and date, and those that meet a test."""

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

    _one_line = rule("gate.one_line", lambda self: (self.at_least is None) == (self.at_most is None))


class Sample(Model):
    """Records that are a sample of a known whole: a number, or as many as the unit has inhabitants or households.

    Errors become less the more of the whole was looked at: × (1 − n/N) of their variance; who looked at all has none.
    """

    sample_of: Annotated[int, Field(gt=0)] | Literal["residents", "households"]


class Exempt(Model):
    """The units for which an indicator does not apply, by class or id, and what they get for it (R33)."""

    classes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    give: Literal["redistribute", "full"] = "redistribute"

    _somebody = rule("exempt.nobody", lambda self: not (self.classes or self.units))


def _each(least: int | dict[str, int]) -> tuple[int, ...]:
    return tuple(least.values()) if isinstance(least, dict) else (least,)


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
    """The smallest number of records (of a count with an exposure: of that) that is scored, or one a level.

    0 is for figures: one that does not say on how many answers it rests is scored all the same.
    """
    beside: tuple[Aside, ...] = ()
    split: Split | None = None
    source: Text

    _some_records = rule("indicator.least", lambda self: 0 in _each(self.least) and not isinstance(self.measure, Figure))

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
    def good(self) -> Direction:
        """In which direction the value is good once it was held against its references."""
        return direction_after(self.direction, self.against)


def usual_unit(measure: Any) -> str:
    """Say in what the value of a measure is told where its document states no unit: a count is no per cent, nor is a time.

    >>> usual_unit({"kind": "count"}), usual_unit({"kind": "mean", "of": {"minutes": ["received_at", "arrived_at"]}})
    ('起', '分钟')
    >>> usual_unit({"kind": "share"}), usual_unit({"kind": "count", "per": "residents"})
    ('%', '%')
    """
    given = measure if isinstance(measure, Mapping) else {}
    if given.get("kind") == "count" and not given.get("per"):
        return "起"
    return "分钟" if given.get("kind") in ("mean", "quantile") and isinstance(given.get("of"), Mapping) else "%"


class Indicator(Entry):
    """One line of the one table: what is counted, in which direction, how it becomes points, and on whose authority."""

    weight: Weight
    points: Points
    missing: Literal["redistribute", "full", "zero", "not_ranked"]
    not_applicable: Exempt | None = None
    error: Literal["none"] | Sample | None = None
    """Whether its values have an error of chance: `none` where all there is was counted; else it is reckoned from the records."""
    gate: Gate | None = None

    @model_validator(mode="before")
    @classmethod
    def _unit_of_its_measure(cls, given: Any) -> Any:
        return {"unit": usual_unit(given.get("measure")), **given} if isinstance(given, dict) else given

    @property
    def bars_place(self) -> bool:
        """Whether a unit to which it applies has no place without it."""
        return self.missing == "not_ranked"


# What stands outside the hundred: points added and deducted, notices, vetoes with their effects.

Effect = Literal["add", "deduct", "zero_item", "cap_grade", "ungraded", "bar_award"]
POINTED = ("add", "deduct")
"""The effects that carry points of the total; the others are vetoes."""


def _unfit_keys(line: "Consequence") -> dict[str, str]:
    needs = {"add": "points", "deduct": "points", "zero_item": "item", "cap_grade": "grade"}.get(line.effect)
    wrong = [key for key in ("points", "item", "grade") if (getattr(line, key) is not None) != (key == needs)]
    return {"effect": line.effect, "key": ", ".join(wrong)} if wrong else {}


def _negative_deduction(line: "Consequence") -> dict[str, str]:
    """Find amounts below 0 in a deduction, which would raise the total, where no floor keeps them out."""
    points = line.points
    if line.effect != "deduct" or points is None or (points.floor not in (None, "none") and Decimal(points.floor) >= 0):
        return {}
    if isinstance(points, Line):
        each = points.each.values() if isinstance(points.each, dict) else [points.each]
        amounts = [points.start, points.first, *each]
    else:
        pairs = points.knots if isinstance(points, Curve) else points.steps
        amounts = [amount for _, amount in pairs]
    below = [str(amount) for amount in amounts if amount < 0]
    return {"given": ", ".join(below)} if below else {}


class Consequence(Entry):
    """One line outside the hundred: what is counted, and what it does to the total or the grade.

    add, deduct: `points` gives points of the total (of a deduction: how many, positive). zero_item: the contribution of `item`
    falls away for the months in which it happened (R19). cap_grade: no better grade than `grade`. ungraded: no grade (不定等次).
    bar_award: no award (R21). A veto takes effect where the value is as bad as `from_value`, or worse. Of what is added more is
    better where nothing else is said, of all else more is worse.
    """

    unit: str = "起"
    direction: Direction = "lower"
    levels: tuple[str, ...] = Field(min_length=1)  # said outright: a consequence never climbs the tree by itself
    effect: Effect
    points: Curve | Steps | Line | None = Field(None, discriminator="kind")
    item: Code | None = None
    grade: str | None = None
    from_value: Decimal = Field(Decimal(1), gt=0)
    year_only: bool = False
    """Whether the line is only added to the total of a year (R43)."""

    @model_validator(mode="before")
    @classmethod
    def _more_of_what_adds_is_better(cls, given: Any) -> Any:
        adds = isinstance(given, dict) and given.get("effect") == "add"
        return {"direction": "higher", **given} if adds else given

    _needs = rule("outside.needs", _unfit_keys)
    _deducts = rule("outside.negative", _negative_deduction)


class Outside(Named):
    """Lines outside the hundred that share limits in points of the total (封顶, 限扣); `best_of`: only the weightiest counts."""

    floor: Number | None = None
    cap: Number | None = None
    best_of: bool = False
    lines: tuple[Consequence, ...] = Field(min_length=1)
