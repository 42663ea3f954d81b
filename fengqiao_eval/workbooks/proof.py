"""The sheet 验算: contributions, totals, coverage and places as live formulas over points and whole weights.

Who has no place because too little of the weight was scored is reckoned anew with the weights; who is never ranked stays so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from fengqiao_eval.results.lines import is_mean
from fengqiao_eval.results.standings import adjusted_words, frame, levels, places
from fengqiao_eval.scheme.scheme import Dimension, Scheme, least_percent
from fengqiao_eval.scoring.aggregation import weights_at, whole_weights
from fengqiao_eval.wording.numbers import has_value, term
from fengqiao_eval.words import say
from fengqiao_eval.workbooks.sheets import Book, Sheet, width

NAMES = 4
"""The first columns: level, class, number, name."""

TOP = 4
"""The first row of weights; above it stand two sentences and two rows of headings."""

letter = cache(xl_col_to_name)
"""Names a column as a spreadsheet does."""

ROW = "#"
"""Stands in a formula for the row of the unit."""


@dataclass(frozen=True)
class Node:
    """A dimension as a column of sums: the number of the one it stands in (None: the table), and the numbers of its parts.

    The parts are indicators, or dimensions where it holds such.
    """

    dimension: Dimension
    above: int | None
    parts: range


def nodes_of(scheme: Scheme) -> tuple[Node, ...]:
    """List the dimensions level by level, so that those in one stand side by side; indicators are numbered as in the table."""
    order: list[tuple[Dimension, int | None]] = [(dimension, None) for dimension in scheme.dimensions]
    for above, (dimension, _) in enumerate(order):
        order += [(inner, above) for inner in dimension.dimensions]
    number = {indicator.code: n for n, indicator in enumerate(scheme.indicators)}
    number |= {dimension.code: n for n, (dimension, _) in enumerate(order)}
    first = [number[dimension.parts[0].code] for dimension, _ in order]
    return tuple(Node(one, above, range(at, at + len(one.parts))) for (one, above), at in zip(order, first, strict=True))


@dataclass(frozen=True)
class ProofLayout:
    """The columns, counted from 0: points from NAMES on, Σ weights scored in each dimension, Σ of all, contributions, results.

    means: points and contributions are means of shorter periods, and no weight makes them. Above points and sums stand the
    weights, above contributions what they make of the total. Dimensions of the table itself stand first among the nodes.
    """

    scheme: Scheme
    nodes: tuple[Node, ...]
    means: bool
    sums: int
    whole: int
    """The column of Σ weights of the dimensions scored."""
    contributions: int
    results: int
    """The first of seven columns: adjusted, total, share scored, total for places, place, total of the run, difference."""

    @property
    def end(self) -> int:
        """The column after the last."""
        return self.results + 7

    def above(self, number: int) -> list[int]:
        """Name the nodes in which an indicator stands, the innermost first."""
        path = [next(n for n, node in enumerate(self.nodes) if node.dimension.indicators and number in node.parts)]
        while (above := self.nodes[path[-1]].above) is not None:
            path.append(above)
        return path


def layout_of(scheme: Scheme, *, means: bool) -> ProofLayout:
    """Lay out the columns of a scheme, one kind after the other."""
    nodes, indicators = nodes_of(scheme), len(scheme.indicators)
    whole = NAMES + indicators + len(nodes)
    return ProofLayout(scheme, nodes, means, NAMES + indicators, whole, whole + 1, whole + 1 + indicators)


def write(book: Book, *, officers: bool = False) -> None:
    """Write the sheet: weights of each level on top, then every unit by level, class and place."""
    scheme, held = book.run.scheme, levels(book.run, officers=officers)
    layout = layout_of(scheme, means=is_mean(scheme, book.run.period))
    units, scored = places(book.run, officers=officers), frame(book.run, "points", officers=officers)
    scored = scored.assign(spared=(scored["status"] == "not_applicable") & scored["points"].isna())
    points, contributions, spared = (
        _matrix(scored, name, scheme, units["unit_id"]) for name in ("points", "contribution", "spared")
    )
    sheet, first = book.sheet(book.say("check")), TOP + len(held)
    _write_heads(book, sheet, layout, first, first + len(units))
    for row, level in enumerate(held, TOP):
        whole, here = whole_weights(scheme, level), np.flatnonzero(units["level"] == level)
        weights = [whole[i.code] for i in scheme.indicators], [whole[node.dimension.code] for node in layout.nodes]
        sheet.across(row, (0, NAMES - 1), book.say("check_weights", level=term("level", level, book.lang)), "named")
        sheet.row(row, weights[0], "input", NAMES)
        sheet.row(row, weights[1], "input", layout.sums)
        for number, share in enumerate([] if layout.means else weights_at(scheme, level).nominal.tolist()):
            sheet.formula(row, layout.contributions + number, _nominal(layout, number, row + 1), "number", share)
        results = _results(layout, weights, points[here], contributions[here])
        _write_rows(sheet, layout, row + 1, first + here, points[here], results)
    for row, column in zip(*np.nonzero(spared == 1), strict=True):
        sheet.put(first + int(row), NAMES + int(column), term("status", "not_applicable", book.lang), "quiet")
    barring = [indicator.bars_place for indicator in scheme.indicators]
    never = (np.isnan(points) & (spared == 0))[:, barring].any(axis=1) | units["unit_id"].isin(scheme.unranked).to_numpy()
    never |= (units["rank"].isna() & ~units["flags"].str.contains("low_coverage", na=False)).to_numpy()  # covered, and has none
    rows = {level: row + 1 for row, level in enumerate(held, TOP)}
    _write_units(book, sheet, layout, first, units.assign(never=never, weights=units["level"].map(rows)))
    sheet.file.freeze_panes(first, NAMES)
    sheet.file.repeat_rows(2, first - 1)
    sheet.file.repeat_columns(0, NAMES - 1)
    sheet.file.fit_to_pages(3, 0)  # points, contributions and results cannot be read on one page


def _matrix(scored: pd.DataFrame, name: str, scheme: Scheme, ids: pd.Series) -> np.ndarray:
    found = scored.pivot(index="unit_id", columns="indicator", values=name)
    return np.asarray(found.reindex(index=ids, columns=[i.code for i in scheme.indicators]), dtype=float)


def _write_heads(book: Book, sheet: Sheet, layout: ProofLayout, first: int, end: int) -> None:
    """Write how it is reckoned, how many units differ from the run, and the headings; units are on rows first to end - 1."""
    scheme, results = layout.scheme, layout.results
    how = {"decimals": scheme.decimals, "least": least_percent(scheme)}
    sheet.put(0, 0, book.say("check_mean") if layout.means else book.say("check_how", **how), "flat")
    sheet.put(1, 0, book.say("check_off"), "flat")
    differences = f"{letter(layout.end - 1)}{first + 1}:{letter(layout.end - 1)}{end}"
    sheet.formula(1, NAMES, f"=SUMPRODUCT(--(ABS({differences})>0))", "whole", 0)
    starts = {"unit": 0, "check_points": NAMES, "check_sums": layout.sums, "check_whole": layout.whole}
    starts |= {"check_values" if layout.means else "check_contributions": layout.contributions, "check_result": results}
    for (key, start), end_column in zip(starts.items(), [*list(starts.values())[1:], layout.end], strict=True):
        sheet.across(2, (start, end_column - 1), book.say(key))
    names = ("level", "class", "unit_id", "unit")
    ends = ("total", "covered", "check_placed", "place", "check_run", "check_difference")
    labels = [indicator.name(book.lang) for indicator in scheme.indicators]
    dimensions = [node.dimension.name(book.lang) for node in layout.nodes]
    words = [*map(book.say, names), *labels, *dimensions, book.say("check_whole"), *labels]
    words += [adjusted_words(book.run, book.lang), *map(book.say, ends)]
    sheet.row(3, words, "head")
    sheet.file.set_row(2, 32)
    sheet.file.set_row(3, 48)


# Points to contributions


def _write_rows(
    sheet: Sheet, layout: ProofLayout, weights: int, rows: np.ndarray, points: np.ndarray, results: np.ndarray
) -> None:
    """Write points and formulas of the units of a level, whose weights stand on row `weights` (1 is the first)."""
    own = list(_formulas(layout, weights))
    for row, given, found in zip(rows.tolist(), points.tolist(), results.tolist(), strict=True):
        sheet.row(row, given, "points", NAMES)
        if layout.means:
            sheet.row(row, found, "marks", layout.contributions)
            continue
        for (column, formula, style), result in zip(own, found, strict=True):
            shown = "" if result != result else result  # noqa: PLR0124 - NaN alone differs from itself
            sheet.formula(row, column, formula.replace(ROW, str(row + 1)), style, shown)


def _formulas(layout: ProofLayout, weights: int) -> Iterator[tuple[int, str, str]]:
    """Make the formulas of a unit: column, formula with ROW for the row of the unit, look."""
    for number, node in enumerate(layout.nodes):
        yield layout.sums + number, _sum(layout, node.parts, weights, points=bool(node.dimension.indicators)), "number"
    yield layout.whole, _sum(layout, range(len(layout.scheme.dimensions)), weights, points=False), "number"
    for number in range(len(layout.scheme.indicators)):
        yield layout.contributions + number, _contribution(layout, number, weights), "marks"


def _sum(layout: ProofLayout, parts: range, weights: int, *, points: bool) -> str:
    """Add up the weights of the parts that are scored: those with points, or those in which anything is."""
    first, last = (letter((NAMES if points else layout.sums) + part) for part in (parts[0], parts[-1]))
    scored = f"ISNUMBER({first}{ROW}:{last}{ROW})" if points else f"({first}{ROW}:{last}{ROW}>0)"
    return f"=SUMPRODUCT({scored}*{first}${weights}:{last}${weights})"


def _nominal(layout: ProofLayout, number: int, weights: int) -> str:
    """Write an indicator's share of the total before anything is missing: own weights over those of all siblings."""
    path, tops = layout.above(number), range(len(layout.scheme.dimensions))
    own = [(NAMES, number), *((layout.sums, node) for node in path)]
    among = [
        (NAMES, layout.nodes[path[0]].parts),
        *((layout.sums, layout.nodes[node].parts) for node in path[1:]),
        (layout.sums, tops),
    ]
    parts = (
        f"{letter(start + one)}{weights}/SUM({letter(first + parts[0])}{weights}:{letter(first + parts[-1])}{weights})"
        for (start, one), (first, parts) in zip(own, among, strict=True)
    )
    return f"=IFERROR({'*'.join(parts)},0)"


def _contribution(layout: ProofLayout, number: int, weights: int) -> str:
    """Write points × own weights down the tree over the sums of the scored siblings, rounded half-up once."""
    path = layout.above(number)
    points, columns = letter(NAMES + number), [letter(layout.sums + node) for node in path]
    sums = [f"{column}{ROW}" for column in columns] + [f"${letter(layout.whole)}{ROW}"]
    own = "*".join(f"{column}${weights}" for column in (points, *columns))
    worth = f"ROUND({points}{ROW}*10000,0)*{own}/(10000*{'*'.join(sums)})"
    rounded = f"ROUND({worth},{layout.scheme.decimals})"
    if getattr(layout.scheme.indicators[number].points, "floor", None) is not None:
        # points may be under 0, where a spreadsheet rounds halves away from 0, the house upwards
        rounded = f"IF({points}{ROW}<0,ROUND({worth}+1E-12,{layout.scheme.decimals}),{rounded})"
    scored = ",".join(f"{one}>0" for one in sums)
    return f'=IF(AND(ISNUMBER({points}{ROW}),{scored}),{rounded},"")'


def _results(
    layout: ProofLayout, weights: tuple[list[int | None], list[int | None]], points: np.ndarray, contributions: np.ndarray
) -> np.ndarray:
    """Give what the formulas of each unit come to, in their order, for readers that do not reckon; NaN for an empty text."""
    shown = np.where(np.isnan(points), np.nan, contributions)
    if layout.means:
        return shown
    indicators, dimensions = (np.array([weight or 0 for weight in each]) for each in weights)
    sums, tops = np.zeros((len(points), len(layout.nodes))), len(layout.scheme.dimensions)
    for number, node in reversed(list(enumerate(layout.nodes))):
        scored, own = (~np.isnan(points), indicators) if node.dimension.indicators else (sums > 0, dimensions)
        sums[:, number] = scored[:, node.parts] @ own[node.parts]
    whole = (sums[:, :tops] > 0) @ dimensions[:tops]
    return np.hstack([sums, whole[:, None], shown])


# Contributions to totals and places


def _write_units(book: Book, sheet: Sheet, layout: ProofLayout, first: int, units: pd.DataFrame) -> None:
    """Write who each row is, and its results; a place is reckoned among the rows of its class that have a total for it."""
    classes, column = units.groupby(["level", "peer_class"]).groups, layout.results
    unplaced = term("flag", "not_ranked", book.lang)
    for row, unit in enumerate(units.to_dict("records"), first):
        group = unit["peer_class"] or book.say("one_class")
        sheet.row(row, (term("level", unit["level"], book.lang), group, unit["unit_id"], unit["name"]), "text")
        _write_total(sheet, layout, row, unit, book.lang)
        able = bool(has_value(unit["rank"]))
        if unit["never"] or (layout.means and not able):
            sheet.put(row, column + 4, unplaced, "quiet")
            continue
        total, covered, placed = (letter(column + step) for step in (1, 2, 3))
        enough = "" if layout.means else f"AND({covered}{row + 1}>0,{covered}{row + 1}>={_least(layout)})"
        formula = f'=IF({enough},{total}{row + 1},"")' if enough else f"={total}{row + 1}"
        sheet.formula(row, column + 3, formula, "total", unit["total"] if able else "")
        peers = classes[unit["level"], unit["peer_class"]] + first + 1
        ranked = f"RANK({placed}{row + 1},{placed}${peers.min()}:{placed}${peers.max()},0)"
        formula = f'=IF(ISNUMBER({placed}{row + 1}),{ranked},"{unplaced}")'
        if len(peers) == 1:
            sheet.put(row, column + 4, say("card.no_place", book.lang), "quiet")
            continue
        sheet.formula(row, column + 4, formula, "whole", int(unit["rank"]) if able else unplaced)
    names = [11, 9, width(units["unit_id"], 8), width(units["name"], 12, 24)]
    sheet.widths([*names, *[11] * (layout.end - NAMES)])


def _least(layout: ProofLayout) -> str:
    """Write from which share on enough is scored, less what sums of floats may be off."""
    return f"{layout.scheme.least_covered}-1E-9"


def _coverage(layout: ProofLayout, row: int, weights: int, spared: str) -> str:
    """Write the share scored of what applies to a unit."""
    points = f"{letter(NAMES)}{row}:{letter(layout.sums - 1)}{row}"
    nominal = f"{letter(layout.contributions)}${weights}:{letter(layout.results - 1)}${weights}"
    return f'=IFERROR(SUMPRODUCT(ISNUMBER({points})*{nominal})/(1-SUMPRODUCT(({points}="{spared}")*{nominal})),0)'


def _write_total(sheet: Sheet, layout: ProofLayout, row: int, unit: Mapping[str, Any], lang: str) -> None:
    """Write the total and the share scored as formulas, and beside them the run's total and the difference."""
    at, column, decimals = row + 1, layout.results, layout.scheme.decimals
    adjusted, total, run = (letter(column + step) for step in (0, 1, 5))
    added = f"{letter(layout.contributions)}{at}:{letter(column - 1)}{at}"
    sheet.put(row, column, unit["adjusted"], "marks")
    look = "total" if has_value(unit["rank"]) else "marks"  # what is no total is not printed as one
    sheet.formula(row, column + 1, f"=ROUND(SUM({added})+{adjusted}{at},{decimals})", look, unit["total"])
    if layout.means:
        sheet.put(row, column + 2, unit["covered"], "points")
    else:
        formula = _coverage(layout, at, unit["weights"], term("status", "not_applicable", lang))
        sheet.formula(row, column + 2, formula, "points", unit["covered"])
    sheet.put(row, column + 5, unit["total"], "marks")
    sheet.formula(row, column + 6, f"=ROUND({total}{at}-{run}{at},{decimals})", "marks", 0)
