"""Notebooks that are kept: beside the page where that is asked for, and in its place where a card failed."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from fengqiao_eval.runs.cards import Card, Failure


def parameters(card: Card) -> dict[str, str]:
    """Say what a card's notebook is told."""
    return {"run": str(card.run), "lang": card.lang} | ({"unit": card.unit_id} if card.unit_id else {})


def failed(card: Card) -> Path:
    """Say where the notebook of a card lies that failed."""
    return card.page.with_suffix(".failed.ipynb")


def keep(notebook: Any, card: Card, path: Path) -> None:
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


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one step: it is there whole, or not at all."""
    aside = _aside(path)
    aside.write_text(text, "utf-8", newline="\n")
    aside.replace(path)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def give_up(card: Card, failure: Failure) -> None:
    """Leave of a card that failed its notebook and no page.

    Where the process died that ran it, nobody has kept its outputs: then the cells stand as they were written, with what is
    known of each.
    """
    for path in (card.page, _aside(card.page), _aside(failed(card)), card.page.with_suffix(".ipynb")):
        path.unlink(missing_ok=True)
    if card.notebook.is_file() and not failed(card).is_file():
        with suppress(ValueError, LookupError, AttributeError):  # what is no notebook cannot be kept as one
            notebook = _as_written(card)
            _mark(notebook, failure)
            keep(notebook, card, failed(card))


def _as_written(card: Card) -> Any:
    from fengqiao_eval.runs.filled import fill, form  # noqa: PLC0415 - a second of imports, and few cards die

    return fill(form(card.notebook), parameters(card), card.notebook, failed(card))


def _mark(notebook: Any, failure: Failure) -> None:
    """Mark each cell that holds code as completed, failed or pending; `failure.cell` counts them."""
    at = failure.cell or 1
    codes = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(codes, 1):
        status = "completed" if number < at else "pending" if number > at else "failed"
        cell.update(outputs=[], execution_count=number if number <= at else None)
        cell.metadata["papermill"] = {"status": status, "exception": number == at}
    if codes[at - 1 : at]:
        codes[at - 1].outputs = [_error(failure)]
    notebook.metadata["papermill"]["exception"] = True


def _error(failure: Failure) -> Any:
    import nbformat  # noqa: PLC0415

    text = f"{failure.error}: {failure.message}"
    told = {"ename": failure.error, "evalue": failure.message, "traceback": [text]}
    return nbformat.v4.new_output("error", **told)  # type: ignore[no-untyped-call]
