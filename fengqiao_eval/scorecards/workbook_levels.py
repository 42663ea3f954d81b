"""The sheet of a level, a row a unit: place, total and dimensions first, then the counts and points of each indicator."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import pandas as pd

from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, applies, base_marks, weight_at
from fengqiao_eval.scorecards.glance import (
    OFFICER,
    adjusted_words,
    by_dimension,
    dimensions_at,
    flags,
    frame,
    full_marks,
    grade_words,
    places,
    reasons,
)
from fengqiao_eval.scorecards.sheets import Book, Sheet, lines, width
from fengqiao_eval.scorecards.wording import term
from fengqiao_eval.words import say

FIXED = (
    *(("place", "whole"), ("of", "whole"), ("unit_id", "text"), ("unit", "bold"), ("class", "text"), ("parent", "text")),
    *(("total", "total"), ("grade", "text"), ("covered", "share"), ("change", "signed"), ("adjusted", "marks")),
)
"""The first columns, each with its look; then come the dimensions, the remarks, and the indicators."""
SHOWN = ("numerator", "denominator", "value", "points")
TOP = 2
"""Rows of headings."""
REMARK = 34
"""The width of the remarks."""

Full = Sequence[tuple[tuple[int, int], int]]
"""Rows, first and last, and the full marks of the units on them."""


def write(book: Book, level: str) -> None:
    """Write the sheet of a level; only its first part is printed, since a page cannot hold the counts."""
    units, dimensions = _units(book, level), dimensions_at(book.run.scheme, level)
    indicators = [i for i in book.run.scheme.indicators if applies(i, level)]
    sheet = book.sheet(term("level", level, book.lang))
    last, remarks = TOP + len(units) - 1, len(FIXED) + len(dimensions)
    full = tuple(_runs(units["full"]))
    _first(book, sheet, units, full)
    _dimensions(book, sheet, units["unit_id"], level, dimensions, full)
    _remarks(book, sheet, remarks, units["remark"])
    details = _details(book, level, units["unit_id"])
    for number, indicator in enumerate(indicators):
        _indicator(book, sheet, remarks + 1 + number * len(SHOWN), indicator, details[indicator.code], full)
    sheet.file.set_row(TOP - 1, 34)
    sheet.file.freeze_panes(TOP, 4)
    sheet.file.autofilter(TOP - 1, 0, last, remarks + len(indicators) * len(SHOWN))
    sheet.file.repeat_rows(0, TOP - 1)
    sheet.file.print_area(0, 0, last, remarks)


def _units(book: Book, level: str) -> pd.DataFrame:
    """List the units of a level by class and place, those without a place last, with what the first columns say."""
    lang, officers = book.lang, level == OFFICER
    listed = places(book.run, officers=officers)
    listed = listed[listed["level"] == level].sort_values("rank", kind="stable", key=lambda rank: rank.isna(), ignore_index=True)
    why = reasons(book.run, lang, officers=officers)
    return listed.assign(
        place=listed["rank"],
        full=listed["unit_id"].map(full_marks(book.run, officers=officers)),
        of=listed["of"].where(listed["rank"].notna()),
        unit=listed["name"],
        grade=[grade_words(book.run.scheme, grade, lang) for grade in listed["grade"]],
        remark=[why.get(unit) or _flagged(cell, lang) for unit, cell in zip(listed["unit_id"], listed["flags"], strict=True)],
        **{"class": listed["peer_class"].replace("", book.say("one_class"))},
    )


def _flagged(cell: str, lang: str) -> str:
    return say("screen.comma", lang).join(term("flag", flag, lang) for flag in flags(cell) if flag != "not_ranked")


def _runs(full: Iterable[int]) -> Iterator[tuple[tuple[int, int], int]]:
    """Give the rows, first and last, that follow one another with the same full marks, and these."""
    row = TOP
    for marks, alike in groupby(full):
        count = len(list(alike))
        yield (row, row + count - 1), marks
        row += count


def _first(book: Book, sheet: Sheet, units: pd.DataFrame, full: Full) -> None:
    heads = [adjusted_words(book.run, book.lang) if name == "adjusted" else book.say(name) for name, _ in FIXED]
    sheet.across(0, (0, len(FIXED) - 1), book.say("standing"))
    sheet.row(TOP - 1, heads, "head")
    for column, (name, style) in enumerate(FIXED):
        sheet.column(column, units[name], style, TOP)
        texts = units[name].dropna() if style in {"text", "bold"} else ()
        sheet.file.set_column(column, column, width([heads[column], *texts], 6 if len(texts) else 9))
    total = [name for name, _ in FIXED].index("total")
    for rows, marks in full:
        sheet.shade(total, rows, marks)


def _dimensions(book: Book, sheet: Sheet, ids: pd.Series, level: str, dimensions: Sequence[Dimension], full: Full) -> None:
    first = len(FIXED)
    sheet.across(0, (first, first + len(dimensions) - 1), book.say("dimensions"))
    found = by_dimension(book.run, officers=level == OFFICER)
    found = found.pivot(index="unit_id", columns="dimension", values="contribution").reindex(index=ids)
    for column, dimension in enumerate(dimensions, first):
        weight = float(weight_at(dimension.weight, level)) / 100
        sheet.put(TOP - 1, column, _headed(book, dimension, weight), "head")
        sheet.column(column, found.get(dimension.code, [None] * len(ids)), "marks", TOP)
        for rows, marks in full:
            sheet.shade(column, rows, weight * marks)
        sheet.file.set_column(column, column, 14)


def _headed(book: Book, dimension: Dimension, weight: float) -> str:
    label = dimension.name(book.lang)
    if isinstance(book.run.scheme.full_marks, dict):
        return book.say("full_by_class", label=label)
    return book.say("full", label=label, full=f"{weight * base_marks(book.run.scheme):g}")


def _remarks(book: Book, sheet: Sheet, column: int, remarks: pd.Series) -> None:
    sheet.put(0, column, None, "group")
    sheet.put(TOP - 1, column, book.say("remark"), "head")
    sheet.column(column, remarks, "remark", TOP)
    sheet.file.set_column(column, column, REMARK)
    for row, said in enumerate(remarks, TOP):
        if (needed := lines([said], [REMARK])) > 1:
            sheet.file.set_row(row, 4 + 15 * needed)


def _details(book: Book, level: str, ids: pd.Series) -> dict[str, pd.DataFrame]:
    """Give for each indicator of a level its counts in the order of the units; without points the status stands there."""
    points = frame(book.run, "points", officers=level == OFFICER)
    points = points[points["level"] == level]
    said = points["status"].map({status: term("status", status, book.lang) for status in points["status"].unique()})
    shown = points.assign(points=points["points"].astype(object).where(points["points"].notna(), said))
    return {code: part.set_index("unit_id").reindex(ids) for code, part in shown.groupby("indicator")}


def _indicator(book: Book, sheet: Sheet, first: int, indicator: Indicator, details: pd.DataFrame, full: Full) -> None:
    sheet.across(0, (first, first + len(SHOWN) - 1), f"{indicator.name(book.lang)}（{indicator.unit}）")
    sheet.row(TOP - 1, [book.say(name) for name in SHOWN], "head", first)
    for column, name in enumerate(SHOWN, first):
        style = "rate" if name in {"value", "points"} else _count_style(details[name])
        sheet.column(column, details[name], style, TOP)
        sheet.file.set_column(column, column, 10)
    for rows, marks in full:
        sheet.shade(first + len(SHOWN) - 1, rows, marks)


def _count_style(counts: pd.Series) -> str:
    return "whole" if (counts.dropna() % 1 == 0).all() else "tenth"
