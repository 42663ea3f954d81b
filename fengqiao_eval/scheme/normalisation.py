"""How a value becomes points: the rules of the one table, each a declaration."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from fengqiao_eval.documents import Model, rule

Number = int | Decimal
Limit = Number | Literal["none"]
By = Number | dict[str, Number]
"""A number, or one a class or level of the unit, with `others` for the rest: {一类: 3, station: 2, others: 1} (R28)."""


def not_rising(steps: Sequence[tuple[Number, Number]]) -> dict[str, str]:
    """Give the limits of steps [limit, amount] as a fault speaks of them; nothing where each is above the one before."""
    limits = [limit for limit, _ in steps]
    rising = all(earlier < later for earlier, later in pairwise(limits))
    return {} if rising else {"given": ", ".join(map(str, limits))}


class _PointsRule(Model):
    """Common to all rules: points never leave floor..cap (by default 0 to full marks; `none` is no limit, R45).

    With `in_marks` the numbers of the rule are marks of the item (分值, full marks is its weight), not points.
    """

    floor: Limit | None = None
    cap: Limit | None = None
    in_marks: bool = False


class Curve(_PointsRule):
    """A piecewise-linear curve through knots [value, points]; flat beyond the first and the last knot (R6)."""

    kind: Literal["curve"]
    knots: tuple[tuple[Number, Number], ...] = Field(min_length=2)

    _rising = rule("points.knots", lambda self: not_rising(self.knots))


class Steps(_PointsRule):
    """Bands [threshold, points]: the points of the best threshold reached, `otherwise` below all (R7)."""

    kind: Literal["steps"]
    steps: tuple[tuple[Number, Number], ...] = Field(min_length=1)
    otherwise: Number = 0


class Line(_PointsRule):
    """So many points a step from a start: start + each · (value - at) / per, and `first` once beyond `at` on the bad side.

    Deduct or add per event (R1, R2), proportional (R3, R4), per percentage point (R5), beyond a control number (R12). With
    `whole` only whole steps count (每超10%, 每少1起). `each` may differ by class or level (R28).
    """

    kind: Literal["line"]
    start: Number
    each: By
    at: Number = 0
    per: Annotated[Number, Field(gt=0)] = 1
    first: Number = 0
    whole: bool = False


class Relative(_PointsRule):
    """The standing among the units of the class that have a value.

    percentile: 100 · (worse + ½ · tied others)/(N - 1). min_max: 100 · (value - worst)/(best - worst). z_score: 50 + 10 ·
    (value - mean)/sd, ddof 0, within 0 to 100. All in the good direction.
    """

    kind: Literal["percentile", "min_max", "z_score"]


Points = Annotated[Curve | Steps | Line | Relative, Field(discriminator="kind")]
"""How a value becomes points, told apart by `kind`."""
