"""What is counted: filters, and the kinds of measure, as data (never code)."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model

Scalar = bool | int | Decimal | str
Bound = int | Decimal | str
"""A number, or the name of another column of the same row."""


class Within(Model):
    """A time limit counted from another time of the same row; exactly one unit is given."""

    of: str
    minutes: Decimal | None = None
    hours: Decimal | None = None
    days: Decimal | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "Within":
        if sum(limit is not None for limit in (self.minutes, self.hours, self.days)) != 1:
            raise PydanticCustomError("fengqiao.filter.one_unit", "one of minutes, hours, days", {})
        return self

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

    @model_validator(mode="after")
    def _not_empty(self) -> "Test":
        if not self.model_fields_set:
            raise PydanticCustomError("fengqiao.filter.empty", "an empty test", {})
        return self

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


Filter = dict[str, Annotated[Test, BeforeValidator(_test)]]
"""Column -> test; a row must satisfy all. `tier: red`, `tier: [red, yellow]` and `tier: {not_in: [blue]}` are tests."""


class Elapsed(Model):
    """The time between two columns of a row, in minutes; empty where either is."""

    minutes: tuple[str, str]


class _Counted(Model):
    """Common to all that is counted from rows: the table, the date that puts a row in a period, and which rows count."""

    table: str
    date: str
    where: Filter = {}
    settles_days: int = 0
    """Days after the period until the answer is settled; before that it is provisional."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the measure looks at."""
        filters = (self.where, getattr(self, "met", {}))
        tested = [name for tests in filters for column, test in tests.items() for name in (column, *test.columns)]
        return tuple(dict.fromkeys([self.date, *tested, *self._named()]))

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (self.table, "visits") if "visits_made" in self.columns else (self.table,)

    def _named(self) -> tuple[str, ...]:
        return ()


class Share(_Counted):
    """The share of rows that meet a test: rows met / rows."""

    kind: Literal["share"]
    met: Filter = Field(min_length=1)


class Coded(_Counted):
    """The mean of a code given to the words of a column: Σ code / rows with a coded word; others are counted beside."""

    kind: Literal["coded"]
    column: str
    values: dict[str, Decimal] = Field(min_length=1)

    def _named(self) -> tuple[str, ...]:
        return (self.column,)


class Ratio(_Counted):
    """One summed column over another: Σ numerator / Σ denominator; a subset unless said otherwise."""

    kind: Literal["ratio"]
    numerator: str
    denominator: str
    subset: bool = True

    def _named(self) -> tuple[str, ...]:
        return (self.numerator, self.denominator)


class Mean(_Counted):
    """The mean of a column or of the minutes between two: Σ / rows that have it."""

    kind: Literal["mean"]
    of: str | Elapsed

    def _named(self) -> tuple[str, ...]:
        return _operands(self.of)


class Quantile(_Counted):
    """A quantile (0.5 is the median) of a column or of the minutes between two, linearly interpolated."""

    kind: Literal["quantile"]
    of: str | Elapsed
    q: Decimal = Field(gt=0, lt=1)

    def _named(self) -> tuple[str, ...]:
        return _operands(self.of)


class Distinct(_Counted):
    """The share of distinct things (a due subject, say) of which at least one row meets a test."""

    kind: Literal["distinct"]
    of: str
    met: Filter = Field(min_length=1)

    def _named(self) -> tuple[str, ...]:
        return (self.of,)


class Count(_Counted):
    """Rows against an exposure: rows / (exposure / scale); per person-days, part-year officers are measured on days served."""

    kind: Literal["count"]
    per: Literal["person_days", "residents", "households"]
    scale: Decimal = Field(Decimal(1), gt=0)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (*super().tables, "postings") if self.per == "person_days" else super().tables


class Figure(Model):
    """A figure already counted elsewhere (table figures), by its name there; levels have their own, none is averaged."""

    kind: Literal["figure"]
    figure: str
    table: Literal["figures"] = "figures"
    settles_days: int = 0

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (self.table,)


Measure = Annotated[Share | Coded | Ratio | Mean | Quantile | Distinct | Count | Figure, Field(discriminator="kind")]
"""What is counted, told apart by `kind`."""


def _operands(of: str | Elapsed) -> tuple[str, ...]:
    return (of,) if isinstance(of, str) else of.minutes
