"""The workbook one_table.xlsx: a sheet a level, the one table itself, and what stands outside the hundred."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.documents import join_ids
from fengqiao_eval.errors import OFFICER, SCORED
from fengqiao_eval.pages.run_screen import objection_words
from fengqiao_eval.results.caveats import banner
from fengqiao_eval.results.lines import adjustment_lines
from fengqiao_eval.results.run import open_run
from fengqiao_eval.results.standings import (
    adjusted_words,
    dimension_scores,
    dimensions_at,
    frame,
    full_marks,
    grade_words,
    lacks_coverage,
    levels,
    notes,
    places,
    reasons,
    rule_words,
    statuses,
)
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import applies, base_marks, nominal, parts_of, weight_at
from fengqiao_eval.wording.definitions import definition, rule_of
from fengqiao_eval.wording.numbers import fixed, flags, period_words, range_words, term
from fengqiao_eval.wording.rules import level_names, reference_words, table_label
from fengqiao_eval.words import say
from fengqiao_eval.workbooks import proof
from fengqiao_eval.workbooks.sheets import Book, lines, width

FIXED = (
    *(("place", "whole"), ("of", "whole"), ("unit_id", "text"), ("unit", "bold"), ("class", "text"), ("parent", "text")),
    *(
        ("total", "total"),
        ("grade", "text"),
        ("range", "text"),
        ("covered", "share"),
        ("change", "signed"),
        ("adjusted", "marks"),
    ),
)
"""The first columns of a level, each with its look; then come the dimensions, the remarks, and the indicators."""

SHOWN = ("numerator", "denominator", "value", "points")
"""The columns of an indicator."""

ADJUSTED = (
    *(("level", "text"), ("unit_id", "text"), ("unit", "bold"), ("line", "text"), ("code", "text"), ("effect", "wrapped")),
    *(("counted", "text"), ("signed_points", "marks"), ("belongs", "quiet"), ("record_ids", "wrapped")),
)
"""The columns of what stands outside the hundred, each with its look."""

WIDE = {"effect": 34, "record_ids": 60}

TOP = 2
"""Rows of headings of a level."""

REMARK = 34
"""The width of the remarks."""

MOST = 30_000
"""A cell holds 32,767 signs; what goes beyond is cut and marked."""

SheetColumn = tuple[str, str, Iterable[Any], int, float]
"""Of a level: its heading, look, cells, width, and what part of full marks they are coloured by (0: they are not)."""


def write_workbook(run_folder: Path, path: Path, lang: str = "zh", *, officers: bool = False) -> None:
    """Write the workbook of everyone above officers, or of officers alone; nothing where none of them was scored.

    The same run gives the same bytes.
    """
    run = open_run(run_folder)
    scored = not officers or (run.path / OFFICER / "ranks.parquet").is_file()
    held = levels(run, officers=officers) if scored else ()
    if not held:
        return
    book = Book(path, run, lang)
    with book.file:
        _write_about(book, officers=officers)
        for level in held:
            write_level(book, level)
        write_adjustments(book, officers=officers)
        _write_table(book, held)
        proof.write(book, officers=officers)


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
    yield from _named_lines(say("lint.banner_title", lang), banner(manifest, lang))
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
    outside = [] if frame(book.run, "adjustments", officers=officers).empty else ["sheets_outside"]
    yield from _named_lines(book.say("sheets"), map(book.say, ("sheets_levels", *outside, "sheets_table", "sheets_check")))
    yield from _named_lines(book.say("sources"), scheme.sources)
    counts = (f"{table_label(table, lang)}　{rows:,}" for table, rows in manifest["counts"].items())
    yield from _named_lines(book.say("counts"), counts)
    yield from _named_lines(book.say("notes"), notes(book.run, lang, most=1000))


def _named_lines(name: str, said: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give sentences a name, which stands beside the first."""
    yield from ((name if number == 0 else "", sentence) for number, sentence in enumerate(said))


# The sheet of a level, a row a unit: place, total and dimensions first, then the counts and points of each indicator


def write_level(book: Book, level: str) -> None:
    """Write the sheet of a level; only its first part is printed, since a page cannot hold the counts."""
    units, sheet = _units(book, level), book.sheet(term("level", level, book.lang))
    whole = units["unit_id"].where(units["total"].notna(), "")  # a part alone makes no points of the total
    dimensions, indicators = list(_dimensions(book, level, whole)), list(_indicators(book, level, units["unit_id"]))
    blocks: list[tuple[str | None, list[SheetColumn]]] = [(book.say("standing"), list(_standing(book, units)))]
    blocks += [(book.say("dimensions"), dimensions), (None, [(book.say("remark"), "remark", units["remark"], REMARK, 0)])]
    first, full = 0, tuple(_runs(units["full"]))
    for over, columns in (*blocks, *indicators):
        sheet.across(0, (first, first + len(columns) - 1), over)
        sheet.row(TOP - 1, [column[0] for column in columns], "head", first)
        for number, (_, style, cells, wide, part) in enumerate(columns, first):
            sheet.column(number, cells, style, TOP)
            sheet.file.set_column(number, number, wide)
            for rows, marks in full:
                sheet.shade(number, rows, part * marks)
        first += len(columns)
    for row, said in enumerate(units["remark"], TOP):
        if (needed := lines([said], [REMARK])) > 1:
            sheet.file.set_row(row, 4 + 15 * needed)
    last, remarks = TOP + len(units) - 1, len(FIXED) + len(dimensions)
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
    why, comma = reasons(book.run, lang, officers=officers), say("screen.comma", lang)
    short, alone = lacks_coverage(listed, book.run.scheme), listed["rank"].notna() & (listed["of"] <= 1)
    held = [comma.join(term("flag", flag, lang) for flag in flags(cell) if flag != "not_ranked") for cell in listed["flags"]]
    place, by_rule = alone.map({True: say("card.alone", lang), False: ""}), rule_words(book.run, lang, officers=officers)
    for unit, points in listed.loc[short & (listed["covered"] > 0), ["unit_id", "total"]].itertuples(index=False):
        said = say("screen.part_scored", lang, points=fixed(points, book.run.scheme.decimals))
        why[unit] = say("screen.semicolon", lang).join([why[unit], said])
    return listed.assign(
        place=listed["rank"].mask(alone),
        total=listed["total"].mask(short),
        full=listed["unit_id"].map(full_marks(book.run, officers=officers)).mask(short, 0),
        of=listed["of"].where(listed["rank"].notna() & ~alone),
        range=[
            "" if pd.isna(low) or short_ else range_words(low, high)
            for low, high, short_ in zip(listed["rank_low"], listed["rank_high"], alone, strict=True)
        ],
        unit=listed["name"],
        grade=[grade_words(book.run.scheme, grade, lang) for grade in listed["grade"]],
        remark=[
            comma.join(filter(None, [why.get(unit) or said, one, by_rule.get(unit)]))
            for unit, said, one in zip(listed["unit_id"], held, place, strict=True)
        ],
        **{"class": listed["peer_class"].replace("", book.say("one_class"))},
    )


def _runs(full: Iterable[int]) -> Iterator[tuple[tuple[int, int], int]]:
    """Give the rows, first and last, that follow one another with the same full marks, and these."""
    row = TOP
    for marks, alike in groupby(full):
        count = len(list(alike))
        yield (row, row + count - 1), marks
        row += count


def _standing(book: Book, units: pd.DataFrame) -> Iterator[SheetColumn]:
    for name, style in FIXED:
        head = adjusted_words(book.run, book.lang) if name == "adjusted" else book.say(name)
        texts = units[name].dropna() if style in {"text", "bold"} else ()
        yield head, style, units[name], width([head, *texts], 6 if len(texts) else 9), int(name == "total")


def _dimensions(book: Book, level: str, ids: pd.Series) -> Iterator[SheetColumn]:
    scheme, found = book.run.scheme, dimension_scores(book.run, officers=level == OFFICER)
    found = found.pivot(index="unit_id", columns="dimension", values="contribution").reindex(index=ids)
    for dimension in dimensions_at(scheme, level):
        label, weight = dimension.name(book.lang), float(weight_at(dimension.weight, level)) / 100
        full = {} if isinstance(scheme.full_marks, dict) else {"full": f"{weight * base_marks(scheme):g}"}
        head = book.say("full" if full else "full_by_class", label=label, **full)
        yield head, "marks", found.get(dimension.code, [None] * len(ids)), 14, weight


def _indicators(book: Book, level: str, ids: pd.Series) -> Iterator[tuple[str, list[SheetColumn]]]:
    """Give the columns of each indicator, its counts in the order of the units; without points the status stands there."""
    points = frame(book.run, "points", officers=level == OFFICER)
    points = points[points["level"] == level]
    status = statuses(points)
    said = status.map({word: term("status", word, book.lang) for word in status.unique()})
    own = points["status"].isin(SCORED)
    by_rule = [f"{cell:g}（{status}）" for cell, status in zip(points["points"], said, strict=True)]
    told = said.where(points["points"].isna(), by_rule)  # what a rule gives for the missing is no number to be coloured
    shown = points.assign(points=points["points"].astype(object).where(points["points"].notna() & own, told))
    parts = dict(iter(shown.groupby("indicator")))
    for indicator in (indicator for indicator in book.run.scheme.indicators if applies(indicator, level)):
        own = parts[indicator.code].set_index("unit_id").reindex(ids)
        columns: list[SheetColumn] = []
        for name in SHOWN:
            counts = name in {"numerator", "denominator"}
            whole = counts and (own[name].dropna() % 1 == 0).all()
            style = "whole" if whole else "tenth" if counts else "rate"
            columns.append((book.say(name), style, own[name], 10, int(name == "points")))
        yield f"{indicator.name(book.lang)}（{indicator.unit}）", columns


# The sheet 加扣明细: every line of a total that is no indicator's, a row each, with what was counted and the record ids


def write_adjustments(book: Book, *, officers: bool = False) -> None:
    """Write the sheet; nothing where no unit has such a line."""
    rows = frame(book.run, "adjustments", officers=officers)
    if rows.empty:
        return
    own = {unit: lines.to_dict("records") for unit, lines in rows.groupby("unit_id")}
    units = places(book.run, officers=officers).to_dict("records")
    listed = pd.DataFrame([row for unit in units for row in _adjusted_rows(book, unit, own.get(unit["unit_id"], []))])
    sheet = book.sheet(book.say("outside"))
    heads = [book.say(name) for name, _ in ADJUSTED]
    sheet.row(0, heads, "head")
    for column, (name, style) in enumerate(ADJUSTED):
        sheet.column(column, listed[name], style, 1)
        sheet.file.set_column(column, column, WIDE.get(name) or width([heads[column], *listed[name]], 9))
    sheet.file.freeze_panes(1, 3)
    sheet.file.autofilter(0, 0, len(listed), len(ADJUSTED) - 1)
    sheet.file.repeat_rows(0)


def _adjusted_rows(book: Book, unit: Mapping[str, Any], own: list[Any]) -> Iterator[dict[str, Any]]:
    who = {"level": term("level", unit["level"], book.lang), "unit_id": unit["unit_id"], "unit": unit["name"]}
    for line in adjustment_lines(book.run.scheme, own, book.lang):
        ids = join_ids(line.record_ids)
        yield who | {
            "line": line.label,
            "code": line.code,
            "effect": line.words,
            "counted": line.counted,
            "signed_points": line.points,
            "belongs": say("card.inside" if line.inside else "card.outside", book.lang),
            "record_ids": ids[:MOST] + " …" * (line.more > 0 or len(ids) > MOST),
        }


# The one table itself: a row an indicator, with its share of the total at each level


def _write_table(book: Book, held: tuple[str, ...]) -> None:
    """Write the sheet."""
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
        within = " / ".join(dimension.name(book.lang) for dimension in above)
        target = None if indicator.target is None else float(indicator.target)
        direction = book.say(f"direction.{indicator.direction}")
        named = [within, indicator.name(book.lang), indicator.code, indicator.unit, direction, target]
        rule = [*reference_words(indicator, book.lang), rule_of(indicator, book.run.scheme, book.lang)]
        defined = [definition(indicator, book.lang), say("screen.semicolon", book.lang).join(rule)]
        defined += [book.say(f"missing.{indicator.missing}"), _minimum_sample(book, indicator), indicator.why, indicator.source]
        worth = [100 * float(marks[level].get(indicator.code, 0)) if applies(indicator, level) else None for level in held]
        sheet.row(row, named, "wrapped")
        sheet.row(row, worth, "rate", len(keys))
        sheet.row(row, defined, "wrapped", len(keys) + len(held))
        sheet.file.set_row(row, 6 + 15 * lines([*named, *defined], columns[: len(keys)] + columns[len(keys) + len(held) :]))
    sheet.widths(columns)
    sheet.file.freeze_panes(1, 2)
    sheet.file.repeat_rows(0)


def _minimum_sample(book: Book, indicator: Indicator) -> Any:
    """Give the smallest denominator, for each level where they differ."""
    least = indicator.least
    return "\n".join(f"{name} {n}" for name, n in level_names(least, book.lang)) if isinstance(least, dict) else least
