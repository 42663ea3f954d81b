"""The sheet 验算: contributions, totals and places as live formulas over points and whole weights, beside the run's totals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name

from fengqiao_eval.scheme.model import Scheme, applies, weight_at
from fengqiao_eval.scorecards.glance import frame, levels, places
from fengqiao_eval.scorecards.sheets import Book, Sheet, width
from fengqiao_eval.scorecards.wording import known, term

NAMES = 4
"""The first columns: level, class, number, name."""
TOP = 4
"""The first row of weights; above it stand two sentences and two rows of headings."""
ROW = "#"
"""Stands in a formula for the row of the unit."""


@dataclass(frozen=True)
class Layout:
    """The columns: points, Σ weights scored in each dimension, Σ of the dimensions scored, contributions, results."""

    dimension_of: tuple[int, ...]
    decimals: int

    @property
    def count(self) -> int:
        """The number of indicators."""
        return len(self.dimension_of)

    @property
    def sums(self) -> int:
        """The first column of sums; points begin at NAMES. Above points and sums stand the weights."""
        return NAMES + self.count

    @property
    def whole(self) -> int:
        """The column of Σ weights of the dimensions scored."""
        return self.sums + len(set(self.dimension_of))

    @property
    def contributions(self) -> int:
        """The first column of contributions."""
        return self.whole + 1

    @property
    def results(self) -> int:
        """The first of five columns: adjusted, total, place, total of the run, difference."""
        return self.contributions + self.count

    def members(self, dimension: int) -> tuple[int, int]:
        """The first and last column of points of a dimension."""
        held = [number for number, home in enumerate(self.dimension_of) if home == dimension]
        return NAMES + held[0], NAMES + held[-1]


def write(book: Book, *, officers: bool = False) -> None:
    """Write the sheet: weights of each level on top, then every unit by level, class and place."""
    scheme = book.run.scheme
    homes = tuple(number for number, d in enumerate(scheme.dimensions) for _ in d.leaves)
    layout, held = Layout(homes, scheme.decimals), levels(book.run, officers=officers)
    units = places(book.run, officers=officers)
    sheet = book.sheet(book.say("check"))
    first = TOP + len(held)
    _heads(book, sheet, layout, first, first + len(units))
    points, contributions = (
        _by_indicator(book, name, units["unit_id"], officers=officers) for name in ("points", "contribution")
    )
    for weights, level in enumerate(held, TOP):
        _weights(book, sheet, layout, weights, level)
        here = np.flatnonzero(units["level"] == level)
        formulas = list(_formulas(layout, weights + 1))
        results = _results(scheme, layout, level, points[here], contributions[here])
        _rows(sheet, first + here, formulas, points[here], results)
    _named(book, sheet, layout, first, units)
    sheet.file.freeze_panes(first, NAMES)
    sheet.file.repeat_rows(2, first - 1)
    sheet.file.repeat_columns(0, NAMES - 1)
    sheet.file.fit_to_pages(3, 0)  # points, contributions and results cannot be read on one page


def _by_indicator(book: Book, name: str, ids: pd.Series, *, officers: bool) -> np.ndarray:
    found = frame(book.run, "points", officers=officers).pivot(index="unit_id", columns="indicator", values=name)
    codes = [i.code for i in book.run.scheme.indicators]
    return np.asarray(found.reindex(index=ids, columns=codes), dtype=float)


def _heads(book: Book, sheet: Sheet, layout: Layout, first: int, end: int) -> None:
    """Write how it is reckoned, how many units differ from the run, and the headings; units are on rows first to end - 1."""
    scheme, results = book.run.scheme, layout.results
    sheet.put(0, 0, book.say("check_how", decimals=scheme.decimals), "flat")
    sheet.put(1, 0, book.say("check_off"), "flat")
    differences = f"{_letter(results + 4)}{first + 1}:{_letter(results + 4)}{end}"
    sheet.formula(1, NAMES, f"=SUMPRODUCT(--(ABS({differences})>0))", "whole", 0)
    starts = {"unit": 0, "check_points": NAMES, "check_sums": layout.sums, "check_whole": layout.whole}
    starts |= {"check_contributions": layout.contributions, "check_result": results}
    for (key, start), end_column in zip(starts.items(), [*list(starts.values())[1:], results + 5], strict=True):
        sheet.across(2, (start, end_column - 1), book.say(key))
    names, ends = ("level", "class", "unit_id", "unit"), ("adjusted", "total", "place", "check_run", "check_difference")
    labels, dimensions = ([part.name(book.lang) for part in parts] for parts in (scheme.indicators, scheme.dimensions))
    words = [*map(book.say, names), *labels, *dimensions, book.say("check_whole"), *labels, *map(book.say, ends)]
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


def whole_weights(scheme: Scheme, level: str) -> tuple[list[int | None], list[int | None]]:
    """Give the weights of indicators and dimensions at a level as whole numbers; None where none applies.

    Weights with decimals are taken ten or a hundred times within their dimension, which changes no proportion.
    """
    own = [[weight_at(i.weight, level) if applies(i, level) else None for i in d.leaves] for d in scheme.dimensions]
    above = [weight_at(d.weight, level) if any(map(known, of)) else None for d, of in zip(scheme.dimensions, own, strict=True)]
    return [weight for of in own for weight in _whole(of)], _whole(above)


def _whole(weights: Sequence[Decimal | None]) -> list[int | None]:
    times = next(times for times in (1, 10, 100) if all(w is None or w * times % 1 == 0 for w in weights))
    return [None if weight is None else int(weight * times) for weight in weights]


Formula = tuple[int, str, str]
"""Column, formula with ROW for the row of the unit, look."""


def _formulas(layout: Layout, weights: int) -> Iterator[Formula]:
    """Make the formulas of a unit, whose weights stand on row `weights` (1 is the first)."""
    sums = range(layout.sums, layout.whole)
    whole, columns = f"${_letter(layout.whole)}{ROW}", [_letter(NAMES + number) for number in range(layout.count)]
    for dimension, column in enumerate(sums):
        first, last = map(_letter, layout.members(dimension))
        yield column, f"=SUMPRODUCT(ISNUMBER({first}{ROW}:{last}{ROW})*{first}${weights}:{last}${weights})", "number"
    first, last = _letter(sums[0]), _letter(sums[-1])
    yield layout.whole, f"=SUMPRODUCT(({first}{ROW}:{last}{ROW}>0)*{first}${weights}:{last}${weights})", "number"
    for number, (points, dimension) in enumerate(zip(columns, layout.dimension_of, strict=True)):
        of = _letter(sums[dimension])
        worth = f"ROUND({points}{ROW}*10000,0)*{points}${weights}*{of}${weights}/(10000*{of}{ROW}*{whole})"
        scored = f"AND(ISNUMBER({points}{ROW}),{of}{ROW}>0,{whole}>0)"
        yield layout.contributions + number, f'=IF({scored},ROUND({worth},{layout.decimals}),"")', "marks"


def _results(scheme: Scheme, layout: Layout, level: str, points: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """Give what the formulas of each unit come to, in their order, for readers that do not reckon; NaN for an empty text."""
    indicators, dimensions = (np.array([w or 0 for w in weights]) for weights in whole_weights(scheme, level))
    belongs = np.array(layout.dimension_of)[:, None] == np.arange(len(dimensions))
    scored = ~np.isnan(points)
    sums = scored @ (belongs * indicators[:, None])
    return np.hstack([sums, ((sums > 0) @ dimensions)[:, None], np.where(scored, contributions, np.nan)])


def _rows(sheet: Sheet, rows: np.ndarray, formulas: list[Formula], points: np.ndarray, results: np.ndarray) -> None:
    for row, own, found in zip(rows.tolist(), points.tolist(), results.tolist(), strict=True):
        sheet.row(row, own, "points", NAMES)
        for (column, formula, style), result in zip(formulas, found, strict=True):
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
            total = _letter(layout.results + 1)
            formula = f"=RANK({total}{row + 1},{total}${peers.min()}:{total}${peers.max()},0)"
            sheet.formula(row, layout.results + 2, formula, "whole", int(unit["rank"]))
        else:
            sheet.put(row, layout.results + 2, term("flag", "not_ranked", book.lang), "quiet")
    names = [11, 9, width(units["unit_id"], 8), width(units["name"], 12, 24)]
    sheet.widths([*names, *[11] * (layout.results + 5 - NAMES)])


def _result(sheet: Sheet, layout: Layout, row: int, unit: Mapping[str, Any]) -> None:
    """Write the total as a formula, and beside it the run's total and the difference."""
    at, column, decimals = row + 1, layout.results, layout.decimals
    adjusted, total, run = (_letter(column + step) for step in (0, 1, 3))
    added = f"{_letter(layout.contributions)}{at}:{_letter(column - 1)}{at}"
    sheet.put(row, column, unit["adjusted"], "marks")
    sheet.formula(row, column + 1, f"=ROUND(SUM({added})+{adjusted}{at},{decimals})", "total", unit["total"])
    sheet.put(row, column + 3, unit["total"], "marks")
    sheet.formula(row, column + 4, f"=ROUND({total}{at}-{run}{at},{decimals})", "marks", 0)


@cache
def _letter(column: int) -> str:
    return str(xl_col_to_name(column))
