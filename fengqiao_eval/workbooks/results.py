"""The workbook one_table.xlsx: a sheet a level, the one table itself, and what stands outside the hundred."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.pages.run_screen import objection_words
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.caveats import banner
from fengqiao_eval.results.lines import Adjusted, adjustment_lines
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.results.standings import (
    adjusted_words,
    dimension_scores,
    dimensions_at,
    frame,
    full_marks,
    grade_words,
    levels,
    notes,
    places,
    reasons,
)
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, applies, base_marks, nominal, parts_of, weight_at
from fengqiao_eval.wording.definitions import definition, rule_of
from fengqiao_eval.wording.numbers import flags, period_words, term
from fengqiao_eval.wording.rules import reference_words
from fengqiao_eval.words import say
from fengqiao_eval.workbooks import proof
from fengqiao_eval.workbooks.sheets import Book, Sheet, lines, width

# The sheet of a level, a row a unit: place, total and dimensions first, then the counts and points of each indicator.


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


def write_level(book: Book, level: str) -> None:
    """Write the sheet of a level; only its first part is printed, since a page cannot hold the counts."""
    units, dimensions = _units(book, level), dimensions_at(book.run.scheme, level)
    indicators = [i for i in book.run.scheme.indicators if applies(i, level)]
    sheet = book.sheet(term("level", level, book.lang))
    last, remarks = TOP + len(units) - 1, len(FIXED) + len(dimensions)
    full = tuple(_runs(units["full"]))
    _standing_columns(book, sheet, units, full)
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
        remark=[why.get(unit) or _flag_words(cell, lang) for unit, cell in zip(listed["unit_id"], listed["flags"], strict=True)],
        **{"class": listed["peer_class"].replace("", book.say("one_class"))},
    )


def _flag_words(cell: str, lang: str) -> str:
    return say("screen.comma", lang).join(term("flag", flag, lang) for flag in flags(cell) if flag != "not_ranked")


def _runs(full: Iterable[int]) -> Iterator[tuple[tuple[int, int], int]]:
    """Give the rows, first and last, that follow one another with the same full marks, and these."""
    row = TOP
    for marks, alike in groupby(full):
        count = len(list(alike))
        yield (row, row + count - 1), marks
        row += count


def _standing_columns(book: Book, sheet: Sheet, units: pd.DataFrame, full: Full) -> None:
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
    found = dimension_scores(book.run, officers=level == OFFICER)
    found = found.pivot(index="unit_id", columns="dimension", values="contribution").reindex(index=ids)
    for column, dimension in enumerate(dimensions, first):
        weight = float(weight_at(dimension.weight, level)) / 100
        sheet.put(TOP - 1, column, _dimension_heading(book, dimension, weight), "head")
        sheet.column(column, found.get(dimension.code, [None] * len(ids)), "marks", TOP)
        for rows, marks in full:
            sheet.shade(column, rows, weight * marks)
        sheet.file.set_column(column, column, 14)


def _dimension_heading(book: Book, dimension: Dimension, weight: float) -> str:
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


# The sheet 加扣明细: every line of a total that is no indicator's, a row each, with what was counted and the record ids.


COLUMNS = (
    *(("level", "text"), ("unit_id", "text"), ("unit", "bold"), ("line", "text"), ("code", "text"), ("effect", "wrapped")),
    *(("counted", "text"), ("signed_points", "marks"), ("belongs", "quiet"), ("record_ids", "wrapped")),
)
"""The columns, each with its look."""


WIDE = {"effect": 34, "record_ids": 60}


MOST = 30_000
"""A cell holds 32,767 signs; what goes beyond is cut and marked."""


def write_adjustments(book: Book, *, officers: bool = False) -> None:
    """Write the sheet; nothing where no unit has such a line."""
    rows = frame(book.run, "adjustments", officers=officers)
    if rows.empty:
        return
    units, own = places(book.run, officers=officers), dict(iter(rows.groupby("unit_id")))
    listed = pd.DataFrame([cell for unit in units.to_dict("records") for cell in _unit(book, unit, own.get(unit["unit_id"]))])
    sheet = book.sheet(book.say("outside"))
    heads = [book.say(name) for name, _ in COLUMNS]
    sheet.row(0, heads, "head")
    for column, (name, style) in enumerate(COLUMNS):
        sheet.column(column, listed[name], style, 1)
        sheet.file.set_column(column, column, WIDE.get(name) or width([heads[column], *listed[name]], 9))
    sheet.file.freeze_panes(1, 3)
    sheet.file.autofilter(0, 0, len(listed), len(COLUMNS) - 1)
    sheet.file.repeat_rows(0)


def _unit(book: Book, unit: Mapping[str, Any], rows: pd.DataFrame | None) -> list[dict[str, Any]]:
    who = {"level": term("level", unit["level"], book.lang), "unit_id": unit["unit_id"], "unit": unit["name"]}
    own = [] if rows is None else rows.to_dict("records")
    return [who | _line(line, book.lang) for line in adjustment_lines(book.run.scheme, own, book.lang)]


def _line(line: Adjusted, lang: str) -> dict[str, Any]:
    ids = " ".join(line.record_ids)
    where = say("card.inside" if line.inside else "card.outside", lang)
    return {
        "line": line.label,
        "code": line.code,
        "effect": line.words,
        "counted": line.counted,
        "signed_points": line.points,
        "belongs": where,
        "record_ids": ids if len(ids) <= MOST else ids[:MOST] + " …",
    }


# The workbook one_table.xlsx: a sheet a level, the one table itself, and a sheet whose contributions and totals are formulas.


def write_workbook(run_folder: Path, path: Path, lang: str = "zh", *, officers: bool = False) -> None:
    """Write the workbook of everyone above officers, or of officers alone; nothing where none of them was scored.

    The same run gives the same bytes.
    """
    run = open_run(run_folder)
    held = levels(run, officers=officers) if not officers or _has_officers(run) else ()
    if not held:
        return
    with Book(path, run, lang) as book:
        _write_about(book, officers=officers)
        for level in held:
            write_level(book, level)
        write_adjustments(book, officers=officers)
        _table(book, held)
        proof.write(book, officers=officers)


def _has_officers(run: Run) -> bool:
    return (run.path / "officer" / "ranks.parquet").is_file()


def _write_about(book: Book, *, officers: bool) -> None:
    """Write the sheet that says what this is: title, period, state, sources, notes, contact."""
    sheet = book.sheet(book.say("about"))
    sheet.put(0, 0, book.run.scheme.name(book.lang), "title")
    sheet.file.set_row(0, 30)
    for row, (name, said) in enumerate(_facts(book, officers=officers), 2):
        sheet.put(row, 0, name, "named")
        sheet.put(row, 1, said, "wrapped")
        sheet.file.set_row(row, 5 + 16 * lines([said], [110]))
    sheet.widths([24, 110])


def _facts(book: Book, *, officers: bool) -> Iterator[tuple[str, str]]:
    manifest, scheme, lang = book.run.manifest, book.run.scheme, book.lang
    state, periods = manifest["state"], manifest["periods"]
    for number, said in enumerate(banner(manifest, lang)):
        yield "" if number else say("lint.banner_title", lang), said
    yield book.say("state"), say(f"screen.state_said.{state}", lang)
    yield book.say("period"), period_words(periods["this"], lang)
    if periods.get("previous"):
        yield book.say("previous"), period_words(periods["previous"], lang)
    yield book.say("as_of"), f"{datetime.fromisoformat(manifest['as_of']):%Y-%m-%d %H:%M}"
    yield book.say("run"), str(manifest["run"])
    signed = {"version": scheme.version, "author": scheme.author, "checker": scheme.checker}
    yield book.say("scheme"), book.say("scheme_said", **signed, decided=scheme.decided_on or book.say("undecided"))
    if manifest["officers"]:
        yield book.say("staff"), book.say("staff_only" if officers else "staff_number", n=manifest["officers"])
    yield book.say("objection"), objection_words(manifest, lang)
    for number, sheets in enumerate(_sheets(book, officers=officers)):
        yield "" if number else book.say("sheets"), book.say(sheets)
    for number, source in enumerate(scheme.sources):
        yield "" if number else book.say("sources"), source
    for number, (table, rows) in enumerate(manifest["counts"].items()):
        yield "" if number else book.say("counts"), f"{_table_label(table, lang)}　{rows:,}"
    for number, said in enumerate(notes(book.run, lang, most=1000)):
        yield "" if number else book.say("notes"), said


def _sheets(book: Book, *, officers: bool) -> tuple[str, ...]:
    adjusted = () if frame(book.run, "adjustments", officers=officers).empty else ("sheets_outside",)
    return ("sheets_levels", *adjusted, "sheets_table", "sheets_check")


def _table_label(table: str, lang: str) -> str:
    return TABLES[table].label if lang == "zh" and table in TABLES else table


def _table(book: Book, held: tuple[str, ...]) -> None:
    """Write the one table: a row an indicator, with its share of the total at each level."""
    sheet = book.sheet(book.say("table"))
    keys = ("dimension", "indicator", "code", "unit_of", "direction", "target")
    rest = ("definition", "scoring", "missing", "least", "why", "source")
    shares = [book.say("share", level=term("level", level, book.lang)) for level in held]
    sheet.row(0, [*map(book.say, keys), *shares, *map(book.say, rest)], "head")
    sheet.file.set_row(0, 34)
    columns = [11, 20, 22, 6, 10, 7, *[9] * len(held), 44, 24, 13, 8, 22, 22]
    marks = {level: nominal(book.run.scheme, level) for level in held}
    parts = [(above, part) for _, above, part in parts_of(book.run.scheme) if isinstance(part, Indicator)]
    for row, (above, indicator) in enumerate(parts, 1):
        named, defined = _name_cells(book, above, indicator), _definition_cells(book, indicator)
        sheet.row(row, named, "wrapped")
        worth = [100 * float(marks[level].get(indicator.code, 0)) if applies(indicator, level) else None for level in held]
        sheet.row(row, worth, "rate", len(keys))
        sheet.row(row, defined, "wrapped", len(keys) + len(held))
        sheet.file.set_row(row, 6 + 15 * lines([*named, *defined], columns[: len(keys)] + columns[len(keys) + len(held) :]))
    sheet.widths(columns)
    sheet.file.freeze_panes(1, 2)
    sheet.file.repeat_rows(0)


def _name_cells(book: Book, above: Sequence[Dimension], indicator: Indicator) -> list[Any]:
    target = None if indicator.target is None else float(indicator.target)
    within = " / ".join(dimension.name(book.lang) for dimension in above)
    names = [within, indicator.name(book.lang), indicator.code, indicator.unit]
    return [*names, book.say(f"direction.{indicator.direction}"), target]


def _definition_cells(book: Book, indicator: Indicator) -> list[Any]:
    said = [definition(indicator, book.lang), _rule(book, indicator), book.say(f"missing.{indicator.missing}")]
    return [*said, _minimum_sample(book, indicator), indicator.why, indicator.source]


def _rule(book: Book, indicator: Indicator) -> str:
    """Say what a value is held against, how it becomes points, and on what that depends."""
    said = (*reference_words(indicator, book.lang), rule_of(indicator, book.run.scheme, book.lang))
    return say("screen.semicolon", book.lang).join(said)


def _minimum_sample(book: Book, indicator: Indicator) -> Any:
    """Give the smallest denominator, for each level where they differ."""
    if not isinstance(indicator.least, dict):
        return indicator.least
    names = {level: term("level", level, book.lang) for level in indicator.least} | {"others": book.say("others")}
    return "\n".join(f"{names[level]} {least}" for level, least in indicator.least.items())
