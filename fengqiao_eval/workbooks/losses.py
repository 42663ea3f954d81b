"""The records that lost points as a workbook beside a card, for whoever works in a spreadsheet; the CSV holds the same."""

from pathlib import Path

from fengqiao_eval.results.card import Card
from fengqiao_eval.results.lost_records import list_rows
from fengqiao_eval.results.run import Run
from fengqiao_eval.workbooks.sheets import Book, width

MOST = 10_000
"""As many rows are listed: those of a city may be a hundred times as many, which would take minutes; the CSV holds all."""
LONGEST = 30_000
"""A cell holds 32,767 signs; what goes beyond is cut and marked."""


def write_losses(run: Run, of: Card, path: Path) -> None:
    """Write the records that lost points, the latest of each indicator first, then the open disputes; all cells are texts.

    The first row says how many there are, and how many are listed where that is not all. The same run gives the same bytes.
    """
    head, *rows = list_rows(of.lost_records, of.disputes, of.lang)
    book = Book(path, run, of.lang)
    with book.file:
        sheet = book.sheet(book.say("losses"))
        given = {"unit": f"{of.identity.name} {of.identity.unit_id}", "n": f"{len(rows):,}"}
        cut = book.say("losses_cut", shown=f"{MOST:,}", file=f"{of.identity.page}.records.csv") if len(rows) > MOST else ""
        sheet.put(0, 0, book.say("losses_head", **given) + cut, "flat")
        sheet.row(1, head, "head")
        listed = [[cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}…" for cell in row] for row in rows[:MOST]]
        for number, row in enumerate(listed, 2):
            sheet.row(number, row, "text")
        sheet.widths(
            [width([name, *column]) for name, column in zip(head, zip(*listed, strict=True), strict=True)] if listed else []
        )
        sheet.file.freeze_panes(2, 0)
        sheet.file.autofilter(1, 0, max(len(listed), 1) + 1, len(head) - 1)
        sheet.file.repeat_rows(1)
