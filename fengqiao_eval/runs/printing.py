"""What a worker does for one card: run the notebook, write page and list of records and, where asked, the notebook."""

import re
from collections.abc import Mapping
from typing import Any

import nbformat

from fengqiao_eval.runs.cards import Card
from fengqiao_eval.runs.engine import CellError, run_notebook
from fengqiao_eval.scorecards import page
from fengqiao_eval.scorecards.card import card as card_of
from fengqiao_eval.scorecards.card import write_records_csv
from fengqiao_eval.scorecards.folder import open_run


def publish_card(card: Card) -> CellError | None:
    """Print one card into its run; return what ended its notebook, and then write nothing."""
    parameters = {"run": str(card.run), "lang": card.lang} | ({"unit": card.unit_id} if card.unit_id else {})
    ran = run_notebook(card.notebook, None, parameters, card.notebook.parent, card.engine)
    if ran.error:
        return ran.error
    run = open_run(card.run)
    text = page.page(ran.notebook, run, card.unit_id, card.lang)
    card.page.parent.mkdir(exist_ok=True)
    card.page.write_text(text, "utf-8", newline="\n")
    if card.unit_id:
        write_records_csv(card_of(run, card.unit_id, card.lang), card.page.with_suffix(".records.csv"))
    if card.keep:
        _keep(ran.notebook, card, parameters)
    return None


def _keep(notebook: Any, card: Card, parameters: Mapping[str, str]) -> None:
    """Keep an executed notebook; its run is named as seen from where it lies, so that it can be run again there."""
    path, run = card.page.with_suffix(".ipynb"), ".." if card.unit_id else "."
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.source = re.sub(r"(?m)^run = .*$", f'run = "{run}"', cell.source)
    told = {"parameters": {**parameters, "run": run}, "input_path": card.notebook.name, "output_path": path.name}
    notebook.metadata["papermill"] |= told
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    path.write_text(text.rstrip("\n") + "\n", "utf-8", newline="\n")
