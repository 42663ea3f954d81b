"""What is counted: the kinds of measure, as data (never code)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from fengqiao_eval.documents import Model
from fengqiao_eval.scheme.filters import Filter, columns_of
from fengqiao_eval.scheme.worth import Factor, Worth


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
        tested = (*columns_of(self.where), *columns_of(getattr(self, "met", {})))
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
    """Rows, each for what it is worth: Σ worth; with `per` against an exposure: Σ worth / (exposure / scale).

    Per person_days, part-year officers are measured on days served; `officers` are person-days / days of the period.
    Without `worth` a row is 1. `times` multiply a row's worth. Of rows alike in every column of `best_of` (within the unit of
    the record and its officer) only the one worth most counts, the first of equals (就高不重复).
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

    def _named(self) -> tuple[str, ...]:
        parts: tuple[Worth | Factor, ...] = (*self.worth, *self.times)
        return (*(name for part in parts for name in part.columns), *self.best_of)


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
