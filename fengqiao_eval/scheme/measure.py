"""What is measured: filters on rows, what a row is worth, and the kinds of measure, as data (never code)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from fengqiao_eval.documents import Model, rule
from fengqiao_eval.scheme.normalisation import not_rising

# Which rows count: filters on the columns of a table.

Scalar = bool | int | Decimal | str
CENTURY = 36525
"""No limit of time is longer: days of a hundred years, which a calendar can add to any date of a record."""
Days = Annotated[int, Field(ge=0, le=CENTURY)]
Bound = int | Decimal | str
"""A number, or the name of another column of the same row."""


class Within(Model):
    """A time limit counted from another time of the same row; exactly one unit is given."""

    of: str
    minutes: Annotated[Decimal, Field(ge=0, le=CENTURY * 1440)] | None = None
    hours: Annotated[Decimal, Field(ge=0, le=CENTURY * 24)] | None = None
    days: Annotated[Decimal, Field(ge=0, le=CENTURY)] | None = None
    either_side: bool = False
    """Whether the cell may also lie before the other time, by no more than the limit (a tolerance window, R16)."""

    _one_unit = rule("filter.one_unit", lambda self: (self.minutes, self.hours, self.days).count(None) != 2)  # noqa: PLR2004 - of 3

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

    _not_empty = rule("filter.empty", lambda self: not self.model_fields_set)

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


# What a counted row is worth: an amount, a column, a code or a step of a ladder, and what multiplies it.

Amount = Annotated[Decimal, Field(ge=0)]


class Ladder(Model):
    """Steps [limit, amount] by the time from `since` to `until`: the amount of the highest limit passed, 0 below all (R14).

    What has not come to its end is held against as_of.
    """

    since: str
    until: str
    unit: Literal["minutes", "hours", "days"]
    steps: tuple[tuple[Amount, Amount], ...] = Field(min_length=1)

    _rising = rule("worth.ladder", lambda self: not_rising(self.steps))


def _backward(ranges: Sequence[tuple[Any, Any]]) -> dict[str, str]:
    wrong = [f"{first} – {last}" for first, last in ranges if first > last]
    return {"given": ", ".join(wrong)} if wrong else {}


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

    _one_of = rule("worth.one_of", lambda self: (self.amount, self.column, self.ladder).count(None) != 2)  # noqa: PLR2004 - of 3
    _of_a_column = rule("worth.column", lambda self: bool(self.values) + bool(self.between) > (self.column is not None))
    _forward = rule("worth.between", lambda self: self.between and _backward([self.between]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the part looks at."""
        own = (self.column,) if self.column else (self.ladder.since, self.ladder.until) if self.ladder else ()
        return (*columns_of(self.where), *own)


class Again(Model):
    """A row that follows another with the same words in some columns by no more than so many days (R17: 再次发生)."""

    same: tuple[str, ...] = Field(min_length=1)
    within_days: int = Field(gt=0, le=CENTURY)


class Factor(Model):
    """What a row's worth is multiplied by where all that is named holds: a filter, days of the calendar, a recurrence.

    `by: 2` doubles in sensitive periods or on recurrence (R17), `by: 0.3` lessens by responsibility (R18).
    """

    by: Annotated[Decimal, Field(gt=0)]
    where: Filter = {}
    during: tuple[tuple[date, date], ...] = ()
    """First and last day, both included, of the measure's date; 9999-12-31 is for ever."""
    again: Again | None = None

    _some_condition = rule("worth.always", lambda self: not (self.where or self.during or self.again))
    _forward = rule("worth.during", lambda self: _backward(self.during))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the factor looks at."""
        return (*columns_of(self.where), *(self.again.same if self.again else ()))


# What is counted: the kinds of measure.


class Elapsed(Model):
    """The time between two columns of a row, in minutes; empty where either is."""

    minutes: tuple[str, str]


class _RowMeasure(Model):
    """Common to all that is counted from rows: the table, the date that puts a row in a period, and which rows count."""

    table: str
    date: str
    where: Filter = {}
    settles_days: Days = 0
    """Days after the period until the answer is settled; before that it is provisional."""

    _operands: ClassVar[tuple[str, ...]] = ()
    """The fields that name columns: each one column, several, or the two of a stretch of time."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the measure looks at."""
        found = [self.date, *columns_of(self.where), *columns_of(getattr(self, "met", {}))]
        for operand in (getattr(self, field) for field in self._operands):
            found += [operand] if isinstance(operand, str) else operand.minutes if isinstance(operand, Elapsed) else operand
        return tuple(dict.fromkeys(found))

    @property
    def counts_visits(self) -> bool:
        """Whether it looks at `visits_made`, which is counted for duties; in another table it is a column as any other."""
        return self.table == "duties" and "visits_made" in self.columns

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (self.table, "visits") if self.counts_visits else (self.table,)


class Share(_RowMeasure):
    """The share of rows that meet a test: rows met / rows."""

    kind: Literal["share"]
    met: Filter = Field(min_length=1)


class Coded(_RowMeasure):
    """The mean of a code given to the words of a column: Σ code / rows with a coded word; others are counted beside."""

    kind: Literal["coded"]
    column: str
    values: dict[str, Decimal] = Field(min_length=1)
    _operands = ("column",)


class Ratio(_RowMeasure):
    """One summed column over another: Σ numerator / Σ denominator; a subset unless said otherwise."""

    kind: Literal["ratio"]
    numerator: str
    denominator: str
    subset: bool = True
    _operands = ("numerator", "denominator")


class Mean(_RowMeasure):
    """The mean of a column or of the minutes between two: Σ / rows that have it."""

    kind: Literal["mean"]
    of: str | Elapsed
    _operands = ("of",)


class Quantile(_RowMeasure):
    """A quantile (0.5 is the median) of a column or of the minutes between two, linearly interpolated."""

    kind: Literal["quantile"]
    of: str | Elapsed
    q: Decimal = Field(gt=0, lt=1)
    _operands = ("of",)


class Distinct(_RowMeasure):
    """The share of distinct things (a due subject, say) of which at least one row meets a test."""

    kind: Literal["distinct"]
    of: str
    met: Filter = Field(min_length=1)
    _operands = ("of",)


class Count(_RowMeasure):
    """Rows, each for what it is worth: Σ worth; with `per` against an exposure: Σ worth / (exposure / scale).

    Per person_days, part-year officers are measured on days served; `officers` are person-days / days of the period.
    Without `worth` a row is 1. `times` multiply a row's worth. Of rows alike in every column of `best_of`, among all that count
    for a unit or person, only the one worth most counts, the first of equals (就高不重复).
    """

    kind: Literal["count"]
    worth: tuple[Worth, ...] = ()
    times: tuple[Factor, ...] = ()
    best_of: tuple[str, ...] = ()
    per: Literal["person_days", "officers", "residents", "households"] | None = None
    scale: Decimal = Field(Decimal(1), gt=0)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (*super().tables, "postings") if self.per in ("person_days", "officers") else super().tables

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the measure looks at."""
        parts: tuple[Worth | Factor, ...] = (*self.worth, *self.times)
        return tuple(dict.fromkeys((*super().columns, *(name for part in parts for name in part.columns), *self.best_of)))


class Figure(Model):
    """A figure already counted elsewhere (table figures), by its name there; levels have their own, none is averaged."""

    kind: Literal["figure"]
    figure: str
    table: Literal["figures"] = "figures"
    settles_days: Days = 0

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table the measure needs."""
        return (self.table,)


Measure = Annotated[Share | Coded | Ratio | Mean | Quantile | Distinct | Count | Figure, Field(discriminator="kind")]
"""What is counted, told apart by `kind`."""
