"""The sheet 加扣明细: every line of a total that is no indicator's, a row each, with what was counted and the record ids."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fengqiao_eval.scorecards.adjusted import Adjusted, adjusted
from fengqiao_eval.scorecards.glance import frame, places
from fengqiao_eval.scorecards.sheets import Book, width
from fengqiao_eval.scorecards.wording import term
from fengqiao_eval.words import say

COLUMNS = (
    *(("level", "text"), ("unit_id", "text"), ("unit", "bold"), ("line", "text"), ("code", "text"), ("effect", "wrapped")),
    *(("counted", "text"), ("signed_points", "marks"), ("belongs", "quiet"), ("record_ids", "wrapped")),
)
"""The columns, each with its look."""
WIDE = {"effect": 34, "record_ids": 60}
MOST = 30_000
"""A cell holds 32,767 signs; what goes beyond is cut and marked."""


def write(book: Book, *, officers: bool = False) -> None:
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
    return [who | _line(line, book.lang) for line in adjusted(book.run.scheme, own, book.lang)]


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
