"""Where things stand on the sheet 验算: points, sums of weights down the tree of dimensions, contributions, results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from xlsxwriter.utility import xl_col_to_name

from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme, scored_at, weight_at

NAMES = 4
"""The first columns: level, class, number, name."""
ROW = "#"
"""Stands in a formula for the row of the unit."""


@dataclass(frozen=True)
class Node:
    """A dimension as a column of sums: the number of the one it stands in (None: the table), and which parts are its own.

    parts: the first and last of the indicators (`leaf`) or of the dimensions in it, by number.
    """

    dimension: Dimension
    above: int | None
    parts: tuple[int, int]
    leaf: bool


def nodes_of(scheme: Scheme) -> tuple[Node, ...]:
    """List the dimensions level by level, so that those in one stand side by side; indicators are numbered as in the table."""
    order: list[tuple[Dimension, int | None]] = [(dimension, None) for dimension in scheme.dimensions]
    for number, (dimension, _) in enumerate(order):
        order += [(inner, number) for inner in dimension.dimensions]
    codes = [indicator.code for indicator in scheme.indicators]
    inner = [dimension.code for dimension, _ in order]
    return tuple(_node(dimension, above, codes if dimension.indicators else inner) for dimension, above in order)


def _node(dimension: Dimension, above: int | None, codes: list[str]) -> Node:
    first = codes.index(dimension.parts[0].code)
    return Node(dimension, above, (first, first + len(dimension.parts) - 1), bool(dimension.indicators))


@dataclass(frozen=True)
class Layout:
    """The columns: points, Σ weights scored in each dimension, Σ of the dimensions scored, contributions, results.

    tops: the number of dimensions of the table itself, which stand first among the nodes. means: points and contributions are
    means of shorter periods, and no weight makes them.
    """

    nodes: tuple[Node, ...]
    tops: int
    count: int
    decimals: int
    means: bool = False

    @property
    def sums(self) -> int:
        """The first column of sums; points begin at NAMES. Above points and sums stand the weights."""
        return NAMES + self.count

    @property
    def whole(self) -> int:
        """The column of Σ weights of the dimensions scored."""
        return self.sums + len(self.nodes)

    @property
    def contributions(self) -> int:
        """The first column of contributions."""
        return self.whole + 1

    @property
    def results(self) -> int:
        """The first of five columns: adjusted, total, place, total of the run, difference."""
        return self.contributions + self.count

    def members(self, node: Node) -> tuple[str, str]:
        """The first and last column of a dimension's parts."""
        first, last = (letter((NAMES if node.leaf else self.sums) + number) for number in node.parts)
        return first, last

    def path(self, indicator: int) -> tuple[int, ...]:
        """The numbers of the dimensions that an indicator stands in, innermost first."""
        inner = next(n for n, node in enumerate(self.nodes) if node.leaf and node.parts[0] <= indicator <= node.parts[1])
        found: list[int] = []
        node: int | None = inner
        while node is not None:
            found.append(node)
            node = self.nodes[node].above
        return tuple(found)


Formula = tuple[int, str, str]
"""Column, formula with ROW for the row of the unit, look."""


def formulas(layout: Layout, weights: int, below: Sequence[bool]) -> Iterator[Formula]:
    """Make the formulas of a unit, whose weights stand on row `weights` (1 is the first); none where points are means.

    below: which indicators may have points under 0, where half-up is another thing than a spreadsheet's rounding.
    """
    if layout.means:
        return
    for number, node in enumerate(layout.nodes):
        yield layout.sums + number, _sum(layout.members(node), weights, points=node.leaf), "number"
    tops = letter(layout.sums), letter(layout.sums + layout.tops - 1)
    yield layout.whole, _sum(tops, weights, points=False), "number"
    for number in range(layout.count):
        yield layout.contributions + number, _contribution(layout, number, weights, below=below[number]), "marks"


def _sum(members: tuple[str, str], weights: int, *, points: bool) -> str:
    """Add up the weights of the parts that are scored: those with points, or those in which anything is."""
    first, last = members
    scored = f"ISNUMBER({first}{ROW}:{last}{ROW})" if points else f"({first}{ROW}:{last}{ROW}>0)"
    return f"=SUMPRODUCT({scored}*{first}${weights}:{last}${weights})"


def _contribution(layout: Layout, number: int, weights: int, *, below: bool) -> str:
    """Write points × own weights down the tree over the sums of the scored siblings, rounded half-up once."""
    points, path = letter(NAMES + number), [letter(layout.sums + node) for node in layout.path(number)]
    sums = [f"{column}{ROW}" for column in path] + [f"${letter(layout.whole)}{ROW}"]
    own = "*".join(f"{column}${weights}" for column in (points, *path))
    worth = f"ROUND({points}{ROW}*10000,0)*{own}/(10000*{'*'.join(sums)})"
    rounded = f"ROUND({worth},{layout.decimals})"
    if below:  # a spreadsheet rounds halves away from 0, the house upwards
        rounded = f"IF({points}{ROW}<0,ROUND({worth}+1E-12,{layout.decimals}),{rounded})"
    scored = ",".join(f"{one}>0" for one in sums)
    return f'=IF(AND(ISNUMBER({points}{ROW}),{scored}),{rounded},"")'


def whole_weights(scheme: Scheme, level: str) -> tuple[list[int | None], list[int | None]]:
    """Give the weights of indicators, and of dimensions as nodes_of lists them, at a level as whole numbers; None where none.

    Weights with decimals are taken ten or a hundred times among their siblings, which changes no proportion.
    """
    nodes = nodes_of(scheme)
    indicators = {code: weight for node in nodes if node.leaf for code, weight in _weights(node.dimension.parts, level)}
    inner = {code: weight for node in nodes if not node.leaf for code, weight in _weights(node.dimension.parts, level)}
    inner |= dict(_weights(scheme.dimensions, level))
    return [indicators[i.code] for i in scheme.indicators], [inner[node.dimension.code] for node in nodes]


def _weights(parts: Sequence[Dimension] | Sequence[Indicator], level: str) -> Iterator[tuple[str, int | None]]:
    siblings = [weight_at(part.weight, level) if scored_at(part, level) else None for part in parts]
    yield from zip((part.code for part in parts), _whole(siblings), strict=True)


def _whole(weights: Sequence[Decimal | None]) -> list[int | None]:
    times = next(times for times in (1, 10, 100) if all(w is None or w * times % 1 == 0 for w in weights))
    return [None if weight is None else int(weight * times) for weight in weights]


@cache
def letter(column: int) -> str:
    """Name a column as a spreadsheet does."""
    return str(xl_col_to_name(column))
