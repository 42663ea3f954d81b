"""The one table read back from the workbook that offices sign: the scheme, or every fault with its sheet and cell."""

from collections.abc import Iterator
from pathlib import Path

from fengqiao_eval.documents import Document, validate
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.scheme.load import check
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards import table_cells
from fengqiao_eval.scorecards.table_cells import Said, Source
from fengqiao_eval.scorecards.table_grid import Workbook, opened
from fengqiao_eval.scorecards.table_typed import Typed, cells_of, document_of, typed


def read(path: Path) -> Source:
    """Read a workbook back: the scheme, and the document made anew from its cells.

    Raises InputError with every fault, each with sheet and cell: of the workbook itself, of what is printed from the rules and
    was changed, and of the scheme, which must pass the same checks as one read from a file.
    """
    book = opened(path)
    found = typed(book)
    document = Document(book.file, document_of(found, book.lang), cells_of(found))
    scheme, faults = validate(Scheme, document)
    faults = [*found.faults, *faults, *(check(scheme, document) if scheme else [])]
    source = Source(scheme, document.data, book.lang) if scheme else None
    refuse([*(fault for fault in faults if not _follows(fault, found)), *_changed(book, found, source)])
    assert source is not None  # noqa: S101 - a scheme that could not be read has faults
    return source


def _follows(fault: Fault, found: Typed) -> bool:
    """Say whether a fault only follows from a line that is gone, or from a table whose heading is."""
    lost = [".".join(map(str, place)) for place in found.gone]
    return bool(fault.place) and (not found.given or any(fault.place.startswith(f"{place}.") for place in lost))


def _changed(book: Workbook, found: Typed, source: Source | None) -> Iterator[Fault]:
    """Find what is printed from the rules and was changed: it is neither what was printed nor what the rules say now."""
    were = {Said(*row[:2]): row[2] for row in book.printed.rows if len(row) > 2}  # noqa: PLR2004 - code, name, text
    cells = table_cells.table(source) if source else ()
    now = {cell.said: cell.text for cell in cells if cell.said}
    for said, (text, cell) in found.printed.items():
        wanted = now.get(said, were.get(said, ""))
        if text.strip() and text.strip() not in (wanted.strip(), were.get(said, wanted).strip()):
            yield Fault(f"{book.file}:{cell}", "", "table.printed", {"given": text, "wanted": wanted})
