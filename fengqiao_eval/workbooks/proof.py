"""The sheet 验算: contributions, totals and places as live formulas over points and whole weights, beside the run's totals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from fengqiao_eval.results.lines import is_mean
from fengqiao_eval.results.standings import adjusted_words, frame, levels, places
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme, is_scored, weight_at
from fengqiao_eval.wording.numbers import has_value, term
from fengqiao_eval.workbooks.sheets import Book, Sheet, width

# Where things stand on the sheet 验算: points, sums of weights down the tree of dimensions, contributions, results.


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
    indicators = {code: weight for node in nodes if node.leaf for code, weight in _sibling_weights(node.dimension.parts, level)}
    inner = {code: weight for node in nodes if not node.leaf for code, weight in _sibling_weights(node.dimension.parts, level)}
    inner |= dict(_sibling_weights(scheme.dimensions, level))
    return [indicators[i.code] for i in scheme.indicators], [inner[node.dimension.code] for node in nodes]


def _sibling_weights(parts: Sequence[Dimension | Indicator], level: str) -> Iterator[tuple[str, int | None]]:
    siblings = [weight_at(part.weight, level) if is_scored(part, level) else None for part in parts]
    yield from zip((part.code for part in parts), _whole_numbers(siblings), strict=True)


def _whole_numbers(weights: Sequence[Decimal | None]) -> list[int | None]:
    times = next(times for times in (1, 10, 100) if all(w is None or w * times % 1 == 0 for w in weights))
    return [None if weight is None else int(weight * times) for weight in weights]


@cache
def letter(column: int) -> str:
    """Name a column as a spreadsheet does."""
    return str(xl_col_to_name(column))


# The sheet 验算: contributions, totals and places as live formulas over points and whole weights, beside the run's totals.


TOP = 4
"""The first row of weights; above it stand two sentences and two rows of headings."""


def write(book: Book, *, officers: bool = False) -> None:
    """Write the sheet: weights of each level on top, then every unit by level, class and place."""
    layout, held = layout_of(book), levels(book.run, officers=officers)
    units = places(book.run, officers=officers)
    sheet = book.sheet(book.say("check"))
    first = TOP + len(held)
    _heads(book, sheet, layout, first, first + len(units))
    points, contributions = (
        _indicator_matrix(book, name, units["unit_id"], officers=officers) for name in ("points", "contribution")
    )
    below = [getattr(i.points, "floor", None) is not None for i in book.run.scheme.indicators]
    for weights, level in enumerate(held, TOP):
        _write_weights(book, sheet, layout, weights, level)
        here = np.flatnonzero(units["level"] == level)
        results = _results(book.run.scheme, layout, level, points[here], contributions[here])
        _rows(sheet, layout, first + here, list(formulas(layout, weights + 1, below)), points[here], results)
    _write_units(book, sheet, layout, first, units)
    sheet.file.freeze_panes(first, NAMES)
    sheet.file.repeat_rows(2, first - 1)
    sheet.file.repeat_columns(0, NAMES - 1)
    sheet.file.fit_to_pages(3, 0)  # points, contributions and results cannot be read on one page


def layout_of(book: Book) -> Layout:
    """Lay out the sheet for a run's scheme."""
    scheme, this = book.run.scheme, str(book.run.manifest["periods"]["this"])
    return Layout(nodes_of(scheme), len(scheme.dimensions), len(scheme.indicators), scheme.decimals, is_mean(scheme, this))


def _indicator_matrix(book: Book, name: str, ids: pd.Series, *, officers: bool) -> np.ndarray:
    found = frame(book.run, "points", officers=officers).pivot(index="unit_id", columns="indicator", values=name)
    codes = [i.code for i in book.run.scheme.indicators]
    return np.asarray(found.reindex(index=ids, columns=codes), dtype=float)


def _heads(book: Book, sheet: Sheet, layout: Layout, first: int, end: int) -> None:
    """Write how it is reckoned, how many units differ from the run, and the headings; units are on rows first to end - 1."""
    scheme, results = book.run.scheme, layout.results
    sheet.put(0, 0, book.say("check_mean") if layout.means else book.say("check_how", decimals=scheme.decimals), "flat")
    sheet.put(1, 0, book.say("check_off"), "flat")
    differences = f"{letter(results + 4)}{first + 1}:{letter(results + 4)}{end}"
    sheet.formula(1, NAMES, f"=SUMPRODUCT(--(ABS({differences})>0))", "whole", 0)
    starts = {"unit": 0, "check_points": NAMES, "check_sums": layout.sums, "check_whole": layout.whole}
    starts |= {"check_values" if layout.means else "check_contributions": layout.contributions, "check_result": results}
    for (key, start), end_column in zip(starts.items(), [*list(starts.values())[1:], results + 5], strict=True):
        sheet.across(2, (start, end_column - 1), book.say(key))
    names, ends = ("level", "class", "unit_id", "unit"), ("total", "place", "check_run", "check_difference")
    labels = [indicator.name(book.lang) for indicator in scheme.indicators]
    dimensions = [node.dimension.name(book.lang) for node in layout.nodes]
    words = [*map(book.say, names), *labels, *dimensions, book.say("check_whole"), *labels]
    words += [adjusted_words(book.run, book.lang), *map(book.say, ends)]
    sheet.row(3, words, "head")
    sheet.file.set_row(2, 32)
    sheet.file.set_row(3, 48)


def _write_weights(book: Book, sheet: Sheet, layout: Layout, row: int, level: str) -> None:
    """Write the weights of a level into yellow cells: of indicators above their points, of dimensions above their sums."""
    label = book.say("check_weights", level=term("level", level, book.lang))
    sheet.across(row, (0, NAMES - 1), label, "named")
    indicators, dimensions = whole_weights(book.run.scheme, level)
    sheet.row(row, indicators, "input", NAMES)
    sheet.row(row, dimensions, "input", layout.sums)


def _results(scheme: Scheme, layout: Layout, level: str, points: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """Give what the formulas of each unit come to, in their order, for readers that do not reckon; NaN for an empty text."""
    shown = np.where(np.isnan(points), np.nan, contributions)
    if layout.means:
        return shown
    indicators, dimensions = (np.array([w or 0 for w in weights]) for weights in whole_weights(scheme, level))
    sums = np.zeros((len(points), len(layout.nodes)))
    for number, node in reversed(list(enumerate(layout.nodes))):
        parts = slice(node.parts[0], node.parts[1] + 1)
        scored, weights = (~np.isnan(points), indicators) if node.leaf else (sums > 0, dimensions)
        sums[:, number] = scored[:, parts] @ weights[parts]
    whole = (sums[:, : layout.tops] > 0) @ dimensions[: layout.tops]
    return np.hstack([sums, whole[:, None], shown])


def _rows(sheet: Sheet, layout: Layout, rows: np.ndarray, own: list[Formula], points: np.ndarray, results: np.ndarray) -> None:
    for row, given, found in zip(rows.tolist(), points.tolist(), results.tolist(), strict=True):
        sheet.row(row, given, "points", NAMES)
        if layout.means:
            sheet.row(row, found, "marks", layout.contributions)
        for (column, formula, style), result in zip(own, () if layout.means else found, strict=True):
            shown = "" if result != result else result  # noqa: PLR0124 - NaN alone differs from itself
            sheet.formula(row, column, formula.replace(ROW, str(row + 1)), style, shown)


def _write_units(book: Book, sheet: Sheet, layout: Layout, first: int, units: pd.DataFrame) -> None:
    """Write who each row is, and its results; a place is reckoned among the rows of its class that have one."""
    classes = units[units["rank"].notna()].groupby(["level", "peer_class"]).groups
    for row, unit in enumerate(units.to_dict("records"), first):
        group = unit["peer_class"] or book.say("one_class")
        sheet.row(row, (term("level", unit["level"], book.lang), group, unit["unit_id"], unit["name"]), "text")
        _result(sheet, layout, row, unit)
        if has_value(unit["rank"]):
            peers = classes[unit["level"], unit["peer_class"]] + first + 1
            total = letter(layout.results + 1)
            formula = f"=RANK({total}{row + 1},{total}${peers.min()}:{total}${peers.max()},0)"
            sheet.formula(row, layout.results + 2, formula, "whole", int(unit["rank"]))
        else:
            sheet.put(row, layout.results + 2, term("flag", "not_ranked", book.lang), "quiet")
    names = [11, 9, width(units["unit_id"], 8), width(units["name"], 12, 24)]
    sheet.widths([*names, *[11] * (layout.results + 5 - NAMES)])


def _result(sheet: Sheet, layout: Layout, row: int, unit: Mapping[str, Any]) -> None:
    """Write the total as a formula, and beside it the run's total and the difference."""
    at, column, decimals = row + 1, layout.results, layout.decimals
    adjusted, total, run = (letter(column + step) for step in (0, 1, 3))
    added = f"{letter(layout.contributions)}{at}:{letter(column - 1)}{at}"
    sheet.put(row, column, unit["adjusted"], "marks")
    sheet.formula(row, column + 1, f"=ROUND(SUM({added})+{adjusted}{at},{decimals})", "total", unit["total"])
    sheet.put(row, column + 3, unit["total"], "marks")
    sheet.formula(row, column + 4, f"=ROUND({total}{at}-{run}{at},{decimals})", "marks", 0)
