"""The sheet 验算: contributions, totals and places as live formulas over points and whole weights, beside the run's totals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards.glance import adjusted_words, frame, levels, places
from fengqiao_eval.scorecards.months import is_mean
from fengqiao_eval.scorecards.sheets import Book, Sheet, width
from fengqiao_eval.scorecards.wording import known, term
from fengqiao_eval.scorecards.workbook_layout import NAMES, ROW, Formula, Layout, formulas, letter, nodes_of, whole_weights

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
        _by_indicator(book, name, units["unit_id"], officers=officers) for name in ("points", "contribution")
    )
    below = [getattr(i.points, "floor", None) is not None for i in book.run.scheme.indicators]
    for weights, level in enumerate(held, TOP):
        _weights(book, sheet, layout, weights, level)
        here = np.flatnonzero(units["level"] == level)
        results = _results(book.run.scheme, layout, level, points[here], contributions[here])
        _rows(sheet, layout, first + here, list(formulas(layout, weights + 1, below)), points[here], results)
    _named(book, sheet, layout, first, units)
    sheet.file.freeze_panes(first, NAMES)
    sheet.file.repeat_rows(2, first - 1)
    sheet.file.repeat_columns(0, NAMES - 1)
    sheet.file.fit_to_pages(3, 0)  # points, contributions and results cannot be read on one page


def layout_of(book: Book) -> Layout:
    """Lay out the sheet for a run's scheme."""
    scheme, this = book.run.scheme, str(book.run.manifest["periods"]["this"])
    return Layout(nodes_of(scheme), len(scheme.dimensions), len(scheme.indicators), scheme.decimals, is_mean(scheme, this))


def _by_indicator(book: Book, name: str, ids: pd.Series, *, officers: bool) -> np.ndarray:
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


def _weights(book: Book, sheet: Sheet, layout: Layout, row: int, level: str) -> None:
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


def _named(book: Book, sheet: Sheet, layout: Layout, first: int, units: pd.DataFrame) -> None:
    """Write who each row is, and its results; a place is reckoned among the rows of its class that have one."""
    classes = units[units["rank"].notna()].groupby(["level", "peer_class"]).groups
    for row, unit in enumerate(units.to_dict("records"), first):
        group = unit["peer_class"] or book.say("one_class")
        sheet.row(row, (term("level", unit["level"], book.lang), group, unit["unit_id"], unit["name"]), "text")
        _result(sheet, layout, row, unit)
        if known(unit["rank"]):
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
