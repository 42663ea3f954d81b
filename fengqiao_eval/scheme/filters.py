"""Which rows count: filters on the columns of a table, as data (never code)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model, rule

Scalar = bool | int | Decimal | str
Bound = int | Decimal | str
"""A number, or the name of another column of the same row."""


class Within(Model):
    """A time limit counted from another time of the same row; exactly one unit is given."""

    of: str
    minutes: Decimal | None = None
    hours: Decimal | None = None
    days: Decimal | None = None
    either_side: bool = False
    """Whether the cell may also lie before the other time, by no more than the limit (a tolerance window, R16)."""

    @rule
    def _one_unit(self) -> None:
        if sum(limit is not None for limit in (self.minutes, self.hours, self.days)) != 1:
            raise PydanticCustomError("fengqiao.filter.one_unit", "one of minutes, hours, days", {})

    @property
    def seconds(self) -> float:
        """The limit in seconds."""
        return float(60 * (self.minutes or 0) + 3600 * (self.hours or 0) + 86400 * (self.days or 0))


class Test(Model):
    """What a cell must satisfy; an empty cell satisfies only `not_in` and `present: false`.

    `not_after` and `within` name a deadline: a row that has not met it and whose deadline is still to come is pending.
    """

    __test__ = False
    in_: tuple[Scalar, ...] | None = Field(None, alias="in")
    not_in: tuple[Scalar, ...] | None = None
    present: bool | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    above: Bound | None = None
    below: Bound | None = None
    not_after: str | None = None
    within: Within | None = None

    @rule
    def _not_empty(self) -> None:
        if not self.model_fields_set:
            raise PydanticCustomError("fengqiao.filter.empty", "an empty test", {})

    @property
    def columns(self) -> tuple[str, ...]:
        """The other columns that the test looks at."""
        bounds = (self.at_least, self.at_most, self.above, self.below, self.not_after)
        named = tuple(bound for bound in bounds if isinstance(bound, str))
        return (*named, self.within.of) if self.within else named


def _test(given: Any) -> Any:
    if isinstance(given, (list, tuple)):
        return {"in": given}
    return given if isinstance(given, (dict, Test)) else {"in": [given]}


Filter = dict[str, Annotated[Test, BeforeValidator(_test, json_schema_input_type=Test | Scalar | list[Scalar])]]
"""Column -> test; a row must satisfy all. `tier: red`, `tier: [red, yellow]` and `tier: {not_in: [blue]}` are tests."""


def columns_of(tests: Filter) -> tuple[str, ...]:
    """Every column that a filter looks at."""
    return tuple(name for column, test in tests.items() for name in (column, *test.columns))
