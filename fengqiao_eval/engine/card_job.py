"""A card to print: what it may take, how it is printed, and what is kept of it."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fengqiao_eval.engine import CELL_SECONDS, OURS, STOCK
from fengqiao_eval.files import stops_all, temporary_path, write_whole
from fengqiao_eval.words import say

if TYPE_CHECKING:  # what prints a card is loaded by who prints it: a spawned worker settles before it loads papermill
    from fengqiao_eval.engine.execute import CellError

LISTS = (".records.csv", ".records.xlsx")
"""What the names of the lists end in of the records that lost points."""

SHORT = ".short.html"
"""What the name of a short card ends in; no name of a card ends so (files.file_name)."""


@dataclass(frozen=True)
class CardJob:
    """One card to print: the unit (empty: the overview), its notebook, the run it reads, the page it becomes."""

    unit_id: str
    level: str
    notebook: Path
    run: Path
    page: Path
    lang: str = "zh"
    keep: bool = False
    """Whether the executed notebook is kept beside the page."""
    short: bool = False
    """Whether a short card, one page to sign, is made beside the page."""

    @property
    def files(self) -> list[Path]:
        """What lies there when the card is done: lists of records, notebook, short card, and the page, written last."""
        endings = [
            *(LISTS if self.unit_id else []),
            *([".ipynb"] if self.keep else []),
            *([SHORT] if self.signs else []),
            ".html",
        ]
        return [self.page.with_suffix(ending) for ending in endings]

    @property
    def signs(self) -> bool:
        """Whether there is somebody to sign: a run as a whole has no short card."""
        return self.short and bool(self.unit_id)

    @property
    def pages(self) -> list[Path]:
        """What of it is printed on paper: the page, and the short card."""
        return [self.page, *([self.page.with_suffix(SHORT)] if self.signs else [])]

    @property
    def pdfs(self) -> list[Path]:
        """Where the PDFs of the card lie, where they are asked for."""
        return [page.with_suffix(".pdf") for page in self.pages]


@dataclass(frozen=True)
class Limits:
    """What one card may take; a card takes a fraction of a second and a few megabytes."""

    cell_seconds: float = CELL_SECONDS
    """A cell that runs longer is interrupted."""
    card_seconds: float = 900
    """A card that runs longer, or does not let itself be interrupted, is killed with all it has started."""
    memory: int = 4 << 30
    """Bytes of address space, beyond what the warm parent has."""


@dataclass(frozen=True)
class Failure:
    """A card that failed: the cell as Jupyter numbers it (None: outside any), the exception and its words."""

    unit_id: str
    level: str
    cell: int | None
    error: str
    message: str

    def text(self, lang: str | None = None) -> str:
        """Say it in one line."""
        unit = self.unit_id or say("say.overview", lang)
        place = say("say.in_cell", lang, cell=self.cell) if self.cell is not None else ""
        first = next(iter(self.message.strip().splitlines()), "")
        return f"{unit}{place}: {self.error}: {first}"


# The notebook of a card: kept beside the page where that is asked for, and in its place where the card failed


def parameters(card: CardJob) -> dict[str, str]:
    """Say what a card's notebook is told."""
    return {"run": str(card.run), "lang": card.lang} | ({"unit": card.unit_id} if card.unit_id else {})


def failed_path(card: CardJob) -> Path:
    """Say where the notebook of a card lies that failed."""
    return card.page.with_suffix(".failed.ipynb")


def keep(notebook: Any, card: CardJob, path: Path) -> None:
    """Write an executed notebook beside the page; its run is named as seen from there, so that it can be run again."""
    run = ".." if card.unit_id else "."
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.source = re.sub(r"(?m)^run = .*$", f'run = "{run}"', cell.source)
    told = {"parameters": {**parameters(card), "run": run}, "input_path": card.notebook.name, "output_path": path.name}
    notebook.metadata["papermill"] |= told
    import nbformat  # noqa: PLC0415 - it takes seconds, and process 1 keeps a notebook only where all else has failed

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    write_whole(path, text.rstrip("\n") + "\n")


def give_up(card: CardJob, failure: Failure) -> None:
    """Leave of a card that failed its notebook and no page.

    Where the process died that ran it, nobody has kept its outputs: then the cells stand as they were written, with what is
    known of each.
    """
    for path in (*card.pages, *map(temporary_path, (*card.pages, failed_path(card))), card.page.with_suffix(".ipynb")):
        path.unlink(missing_ok=True)
    if card.notebook.is_file() and not failed_path(card).is_file():
        with suppress(ValueError, LookupError, AttributeError):  # what is no notebook cannot be kept as one
            card.page.parent.mkdir(exist_ok=True)
            from fengqiao_eval.engine.execute import fill, form  # noqa: PLC0415 - see above

            notebook = fill(form(card.notebook), parameters(card), card.notebook, failed_path(card))
            _mark(notebook, failure)
            keep(notebook, card, failed_path(card))


def _mark(notebook: Any, failure: Failure) -> None:
    """Mark each cell that holds code as completed, failed or pending; `failure.cell` counts them."""
    import nbformat  # noqa: PLC0415 - see above

    at = failure.cell or 1
    codes = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(codes, 1):
        status = "completed" if number < at else "pending" if number > at else "failed"
        cell.update(outputs=[], execution_count=number if number <= at else None)
        cell.metadata["papermill"] = {"status": status, "exception": number == at}
    if codes[at - 1 : at]:
        words = {"ename": failure.error, "evalue": failure.message, "traceback": [f"{failure.error}: {failure.message}"]}
        codes[at - 1].outputs = [nbformat.v4.new_output("error", **words)]  # type: ignore[no-untyped-call]
    notebook.metadata["papermill"]["exception"] = True


# What a worker does for one card


def publish_card(
    card: CardJob,
    engine: str = OURS,
    limits: Limits = Limits(),
    watch: Callable[[int], None] | None = None,
    *,
    isolated: bool = False,
) -> "CellError | None":
    """Print one card into its run, its page last; return what ended its notebook, which then is kept in place of the page.

    watch: told the number of each cell as it starts. isolated: whether the cells run in a further process.
    Raises what goes wrong outside cells; UsageError for a notebook that does not take the card's parameters.
    """
    from fengqiao_eval.engine.execute import run_notebook  # noqa: PLC0415 - see above

    left = failed_path(card)
    left.unlink(missing_ok=True)
    card.page.parent.mkdir(exist_ok=True)
    output = left if engine == STOCK else None  # by itself it hands over no notebook that failed
    told, seconds = parameters(card), limits.cell_seconds
    ran = run_notebook(
        card.notebook, output, told, card.notebook.parent, engine, isolated=isolated, cell_seconds=seconds, watch=watch
    )
    try:
        if not ran.error:
            _publish(ran.notebook, card)
            left.unlink(missing_ok=True)
            return None
    except Exception as error:
        if not stops_all(error):
            _keep_failed(ran.notebook, card)
        raise
    _keep_failed(ran.notebook, card)
    return ran.error


def _publish(notebook: Any, card: CardJob) -> None:
    from fengqiao_eval.pages import page, short  # noqa: PLC0415 - see above
    from fengqiao_eval.results.card import card as card_of  # noqa: PLC0415 - see above
    from fengqiao_eval.results.card import write_records_csv  # noqa: PLC0415 - see above
    from fengqiao_eval.results.run import open_run  # noqa: PLC0415 - see above
    from fengqiao_eval.workbooks.losses import write_losses  # noqa: PLC0415 - see above

    run = open_run(card.run)
    text = page.page(notebook, run, card.unit_id, card.lang)
    if card.unit_id:
        of = card_of(run, card.unit_id, card.lang)
        write_records_csv(of, card.page.with_suffix(LISTS[0]))
        write_losses(run, of, card.page.with_suffix(LISTS[1]))
    if card.keep:
        keep(notebook, card, card.page.with_suffix(".ipynb"))
    if card.signs:
        write_whole(card.page.with_suffix(SHORT), short.page(run, card.unit_id, card.lang))
    write_whole(card.page, text)


def _keep_failed(notebook: Any, card: CardJob) -> None:
    import nbformat  # noqa: PLC0415 - see above

    path = failed_path(card)
    found = nbformat.read(path, 4) if notebook is None and path.is_file() else notebook  # type: ignore[no-untyped-call]
    if found is not None:
        keep(found, card, path)
