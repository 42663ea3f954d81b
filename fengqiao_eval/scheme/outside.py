"""What stands outside the hundred (百分之外): public points added and deducted, notices, vetoes with their effects, as data."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import rule
from fengqiao_eval.scheme.indicator import Code, Direction, Entry, Named
from fengqiao_eval.scheme.rules import Curve, Line, Number, Steps

Effect = Literal["add", "deduct", "zero_item", "cap_grade", "ungraded", "bar_award"]
POINTED = ("add", "deduct")
"""The effects that carry points of the total; the others are vetoes."""


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

    @rule
    def _what_it_needs(self) -> None:
        needs = {"add": "points", "deduct": "points", "zero_item": "item", "cap_grade": "grade"}.get(self.effect)
        wrong = [key for key in ("points", "item", "grade") if (getattr(self, key) is not None) != (key == needs)]
        if wrong:
            raise PydanticCustomError("fengqiao.outside.needs", "needs", {"effect": self.effect, "key": ", ".join(wrong)})


class Outside(Named):
    """Lines outside the hundred that share limits in points of the total (封顶, 限扣); `best_of`: only the weightiest counts."""

    floor: Number | None = None
    cap: Number | None = None
    best_of: bool = False
    lines: tuple[Consequence, ...] = Field(min_length=1)
