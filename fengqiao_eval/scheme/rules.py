"""How a value becomes points: the rules of the one table, each a declaration."""

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model

Number = int | Decimal


class _Rule(Model):
    """Common to all rules: points never leave floor..cap (in points; by default 0 to full marks)."""

    floor: Number | None = None
    cap: Number | None = None

    @model_validator(mode="after")
    def _floor_below_cap(self) -> "_Rule":
        if self.floor is not None and self.cap is not None and self.floor > self.cap:
            raise PydanticCustomError("fengqiao.points.floor_over_cap", "floor over cap", {"floor": self.floor, "cap": self.cap})
        return self


class Curve(_Rule):
    """A piecewise-linear curve through knots [value, points]; flat beyond the first and the last knot."""

    kind: Literal["curve"]
    knots: tuple[tuple[Number, Number], ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rising(self) -> "Curve":
        values = [value for value, _ in self.knots]
        if any(later <= earlier for earlier, later in pairwise(values)):
            raise PydanticCustomError("fengqiao.points.knots", "knots must rise", {"given": ", ".join(map(str, values))})
        return self


class Steps(_Rule):
    """Bands [threshold, points]: the points of the best threshold reached, `otherwise` below all (R7)."""

    kind: Literal["steps"]
    steps: tuple[tuple[Number, Number], ...] = Field(min_length=1)
    otherwise: Number = 0


class Pass(_Rule):
    """Full marks where the threshold is reached, `otherwise` where not."""

    kind: Literal["pass"]
    at: Number
    otherwise: Number = 0


class Percentile(_Rule):
    """100 · (worse + ½ · tied others)/(N - 1) among the units of the class that have a value."""

    kind: Literal["percentile"]


class MinMax(_Rule):
    """100 · (value - worst)/(best - worst) among the units of the class that have a value."""

    kind: Literal["min_max"]


class ZScore(_Rule):
    """50 + 10 · (value - mean)/sd, ddof 0, in the good direction, within 0 to 100."""

    kind: Literal["z_score"]


Points = Annotated[Curve | Steps | Pass | Percentile | MinMax | ZScore, Field(discriminator="kind")]
"""How a value becomes points, told apart by `kind`."""

RELATIVE = ("percentile", "min_max", "z_score")
"""The rules that refer to the other units of the class."""
