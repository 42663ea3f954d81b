"""Against what a value is held before it becomes points: a quota, its own past, its peers, its place; as data.

References are applied in the order given, each to what the one before it made: [place, change] is the movement of a place.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from fengqiao_eval.documents import Model, rule

Positive = Annotated[Decimal, Field(gt=0)]


class Quota(Model):
    """A number due (定额, 控制数): one for all, one a class, or given for each unit by a figure; per officers or inhabitants.

    completion = 100 · value / due (R3, R4), shortfall = max(0, due - value) (R15), excess = max(0, value - due),
    excess_percent = 100 · excess / due (R12). With `every` the quota is due each month, quarter or year of the period; `apart`
    holds each of them against its own count, so that plenty in one does not make up for want in another.
    """

    kind: Literal["quota"]
    amount: Positive | dict[str, Positive] | None = None
    figure: str | None = None
    per: Literal["officers", "residents", "households"] | None = None
    scale: Positive = Decimal(1)
    every: Literal["month", "quarter", "year"] | None = None
    apart: bool = False
    as_: Literal["completion", "shortfall", "excess", "excess_percent"] = Field(alias="as")

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that say what is due."""
        return (("postings",) if self.per == "officers" else ()) + (("figures",) if self.figure else ())

    _one_source = rule("quota.one_source", lambda self: (self.amount is None) == (self.figure is None))
    _some_class = rule("quota.no_classes", lambda self: self.amount == {})
    _every = rule("quota.apart", lambda self: self.apart and (not self.every or self.as_ == "completion"))


class Change(Model):
    """The change since the period before, the same a year earlier, or the mean of the `periods` before (own history) (R11).

    In the value's own unit (of a rate: percentage points), or in per cent of what it was.
    """

    kind: Literal["change"]
    since: Literal["previous", "year_before", "history"]
    periods: int = Field(3, ge=1, le=12)
    as_: Literal["difference", "percent"] = Field("difference", alias="as")


class Peers(Model):
    """The difference from the mean or median of the units of the class (or level), now or in an earlier period (R11)."""

    kind: Literal["peers"]
    of: Literal["mean", "median"] = "mean"
    among: Literal["class", "level"] = "class"
    since: Literal["this", "previous", "year_before"] = "this"
    as_: Literal["difference", "percent"] = Field("difference", alias="as")


class Place(Model):
    """The place in the class, 1 for the best (`from: best`) or 1 for the last (`from: worst`); ties share the better (R8, R9)."""

    kind: Literal["place"]
    from_: Literal["best", "worst"] = Field("best", alias="from")


Reference = Annotated[Quota | Change | Peers | Place, Field(discriminator="kind")]
"""Against what a value is held, told apart by `kind`."""


def direction_after(direction: Literal["higher", "lower"], against: tuple[Reference, ...]) -> Literal["higher", "lower"]:
    """Say in which direction a value is good once it was held against its references.

    >>> direction_after("higher", (Place(kind="place"), Change(kind="change", since="previous")))
    'lower'
    """
    for reference in against:
        if isinstance(reference, Quota) and reference.as_ != "completion":
            direction = "lower"
        elif isinstance(reference, Place):
            direction = "lower" if reference.from_ == "best" else "higher"
    return direction
