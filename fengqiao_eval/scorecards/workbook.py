"""The workbook one_table.xlsx: a sheet a level, the one table itself, and a sheet whose contributions and totals are formulas."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, applies, nominal, parts_of
from fengqiao_eval.scorecards import workbook_check, workbook_levels, workbook_outside
from fengqiao_eval.scorecards.definitions import definition, rule_of
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.scorecards.glance import frame, levels, notes
from fengqiao_eval.scorecards.reference_words import against_words
from fengqiao_eval.scorecards.screen import objection_words
from fengqiao_eval.scorecards.sheets import Book, lines
from fengqiao_eval.scorecards.warned import banner
from fengqiao_eval.scorecards.wording import period_words, term
from fengqiao_eval.words import say


def write(run_folder: Path, path: Path, lang: str = "zh", *, officers: bool = False) -> None:
    """Write the workbook of everyone above officers, or of officers alone; nothing where none of them was scored.

    The same run gives the same bytes.
    """
    run = open_run(run_folder)
    held = levels(run, officers=officers) if not officers or _has_officers(run) else ()
    if not held:
        return
    with Book(path, run, lang) as book:
        _about(book, officers=officers)
        for level in held:
            workbook_levels.write(book, level)
        workbook_outside.write(book, officers=officers)
        _table(book, held)
        workbook_check.write(book, officers=officers)


def _has_officers(run: Run) -> bool:
    return (run.path / "officer" / "ranks.parquet").is_file()


def _about(book: Book, *, officers: bool) -> None:
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
        named, defined = _named(book, above, indicator), _defined(book, indicator)
        sheet.row(row, named, "wrapped")
        worth = [100 * float(marks[level].get(indicator.code, 0)) if applies(indicator, level) else None for level in held]
        sheet.row(row, worth, "rate", len(keys))
        sheet.row(row, defined, "wrapped", len(keys) + len(held))
        sheet.file.set_row(row, 6 + 15 * lines([*named, *defined], columns[: len(keys)] + columns[len(keys) + len(held) :]))
    sheet.widths(columns)
    sheet.file.freeze_panes(1, 2)
    sheet.file.repeat_rows(0)


def _named(book: Book, above: Sequence[Dimension], indicator: Indicator) -> list[Any]:
    target = None if indicator.target is None else float(indicator.target)
    within = " / ".join(dimension.name(book.lang) for dimension in above)
    names = [within, indicator.name(book.lang), indicator.code, indicator.unit]
    return [*names, book.say(f"direction.{indicator.direction}"), target]


def _defined(book: Book, indicator: Indicator) -> list[Any]:
    said = [definition(indicator, book.lang), _rule(book, indicator), book.say(f"missing.{indicator.missing}")]
    return [*said, _least(book, indicator), indicator.why, indicator.source]


def _rule(book: Book, indicator: Indicator) -> str:
    """Say what a value is held against, how it becomes points, and on what that depends."""
    said = (*against_words(indicator, book.lang), rule_of(indicator, book.run.scheme, book.lang))
    return say("screen.semicolon", book.lang).join(said)


def _least(book: Book, indicator: Indicator) -> Any:
    """Give the smallest denominator, for each level where they differ."""
    if not isinstance(indicator.least, dict):
        return indicator.least
    names = {level: term("level", level, book.lang) for level in indicator.least} | {"others": book.say("others")}
    return "\n".join(f"{names[level]} {least}" for level, least in indicator.least.items())
