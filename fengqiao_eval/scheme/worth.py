"""What a counted row is worth: an amount, a column, a code or a step of a ladder, and what multiplies it, as data."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model, rule
from fengqiao_eval.scheme.filters import Filter, columns_of

Amount = Annotated[Decimal, Field(ge=0)]


class Ladder(Model):
    """Steps [limit, amount] by the time from `since` to `until`: the amount of the highest limit passed, 0 below all (R14).

    What has not come to its end is held against as_of.
    """

    since: str
    until: str
    unit: Literal["minutes", "hours", "days"]
    steps: tuple[tuple[Amount, Amount], ...] = Field(min_length=1)

    @rule
    def _rising(self) -> None:
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self.steps)):
            given = ", ".join(str(limit) for limit, _ in self.steps)
            raise PydanticCustomError("fengqiao.worth.ladder", "the limits of a ladder must rise", {"given": given})


class Worth(Model):
    """What a row adds where it passes `where`: exactly one of `amount`, `column` or `ladder`; several parts add up.

    A `column` gives its number as it is, by the codes of `values`, or, where a person decides within a range, `between` (R46).
    """

    where: Filter = {}
    amount: Amount | None = None
    column: str | None = None
    values: dict[str, Amount] = {}
    between: tuple[Amount, Amount] | None = None
    ladder: Ladder | None = None

    @rule
    def _one_of(self) -> None:
        if sum(given is not None for given in (self.amount, self.column, self.ladder)) != 1:
            raise PydanticCustomError("fengqiao.worth.one_of", "one of amount, column, ladder", {})
        if (self.values or self.between) and (self.column is None or (self.values and self.between)):
            raise PydanticCustomError("fengqiao.worth.column", "values or between go with a column", {})
        if self.between and self.between[0] > self.between[1]:
            raise PydanticCustomError(
                "fengqiao.worth.between", "from the smallest to the largest", {"given": _range(self.between)}
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the part looks at."""
        own = (self.column,) if self.column else (self.ladder.since, self.ladder.until) if self.ladder else ()
        return (*columns_of(self.where), *own)


class Again(Model):
    """A row that follows another with the same words in some columns by no more than so many days (R17: 再次发生)."""

    same: tuple[str, ...] = Field(min_length=1)
    within_days: int = Field(gt=0)


class Factor(Model):
    """What a row's worth is multiplied by where all that is named holds: a filter, days of the calendar, a recurrence.

    `by: 2` doubles in sensitive periods or on recurrence (R17), `by: 0.3` lessens by responsibility (R18).
    """

    by: Annotated[Decimal, Field(gt=0)]
    where: Filter = {}
    during: tuple[tuple[date, date], ...] = ()
    """First and last day, both included, of the measure's date."""
    again: Again | None = None

    @rule
    def _some_condition(self) -> None:
        if not (self.where or self.during or self.again):
            raise PydanticCustomError("fengqiao.worth.always", "a factor without condition", {})
        if backward := [_range(days) for days in self.during if days[0] > days[1]]:
            raise PydanticCustomError("fengqiao.worth.during", "from the first day to the last", {"given": ", ".join(backward)})

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the factor looks at."""
        return (*columns_of(self.where), *(self.again.same if self.again else ()))


def _range(given: tuple[object, object]) -> str:
    return f"{given[0]} – {given[1]}"
