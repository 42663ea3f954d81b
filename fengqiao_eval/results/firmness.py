"""How firm a unit's place is, as a card tells it: from what the frames ranks and chances say of it; nothing is drawn here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fengqiao_eval.results.lines import Row
from fengqiao_eval.scoring.ranking import RANKABLE
from fengqiao_eval.wording.numbers import number, text


class Rival(NamedTuple):
    """Another unit of the class ('' where it is not named): the chance of standing above it, behind all and in another period."""

    name: str
    above: float
    again: float


@dataclass(frozen=True)
class Margin:
    """What is known of how firm a place is; what was not asked, or cannot be said, is None or empty.

    low, high: places between which the place by what lies behind the total lies, nine times in ten; low_w, high_w: with weights
    in doubt too; error: of the total, in points; shrunken: the mean of what may lie behind it; places {place: chance}, for a
    picture; rankable: the share of what they differ by that the units of the class keep; first {k: chance of being among the
    first k}; named: of being on the award list; grade: of the grade printed.
    """

    low: int | None = None
    high: int | None = None
    low_w: int | None = None
    high_w: int | None = None
    error: float | None = None
    shrunken: float | None = None
    places: Mapping[int, float] = field(default_factory=dict)
    rankable: float | None = None
    first: Mapping[int, float] = field(default_factory=dict)
    named: float | None = None
    grade: float | None = None
    rivals: tuple[Rival, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether the class can be put into an order at all."""
        return self.rankable is None or self.rankable >= RANKABLE


def rivals_of(chances: Iterable[Row]) -> list[str]:
    """List the unit_id of those against whom a unit is held."""
    return [text(row["object"]) for row in chances if row["statement"] == "above"]


def margin(rank: Row, chances: Iterable[Row], called: Mapping[str, str] | None = None) -> Margin:
    """Put together what the row of a unit in ranks, and its rows in chances of the same period, say of its place.

    called: names of other units; who has none there is not named.

    >>> row = {"rank_low": 3, "rank_high": 9, "se_total": 1.5}
    >>> said = margin(row, [{"statement": "first", "object": "", "k": 3, "chance": 0.25}])
    >>> said.low, said.high, said.first
    (3, 9, {3: 0.25})
    """
    rows = list(chances)
    low, high, low_w, high_w = (_place(rank.get(name)) for name in ("rank_low", "rank_high", "rank_low_w", "rank_high_w"))
    above, again = (
        {text(row["object"]): float(row["chance"]) for row in rows if row["statement"] == word}
        for word in ("above", "above_again")
    )
    return Margin(
        low=low,
        high=high,
        low_w=low_w,
        high_w=high_w,
        error=number(rank.get("se_total")),
        shrunken=number(rank.get("shrunken")),
        places=_by_place(rows, "place"),
        rankable=_chance(rows, "rankable"),
        first=_by_place(rows, "first"),
        named=_chance(rows, "named"),
        grade=_chance(rows, "grade"),
        rivals=tuple(Rival((called or {}).get(other, ""), chance, again.get(other, 0.0)) for other, chance in above.items()),
    )


def _place(cell: object) -> int | None:
    found = number(cell)
    return None if found is None else int(found)


def _by_place(rows: Iterable[Row], statement: str) -> dict[int, float]:
    return {int(row["k"]): float(row["chance"]) for row in rows if row["statement"] == statement}


def _chance(rows: Iterable[Row], statement: str) -> float | None:
    return next((float(row["chance"]) for row in rows if row["statement"] == statement), None)
