"""What a worker does for one card: run the notebook, write page and list of records and, where asked, the notebook."""

from collections.abc import Callable
from typing import Any

import nbformat

from fengqiao_eval.runs import kept
from fengqiao_eval.runs.cards import FULL, Card, Limits
from fengqiao_eval.runs.engine import STOCK, CellError, run_notebook
from fengqiao_eval.scorecards import page
from fengqiao_eval.scorecards.card import card as card_of
from fengqiao_eval.scorecards.card import write_records_csv
from fengqiao_eval.scorecards.folder import open_run


def publish_card(
    card: Card,
    engine: str = "fengqiao",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    watch: Callable[[int], None] | None = None,
    *,
    isolated: bool = False,
) -> CellError | None:
    """Print one card into its run, its page last; return what ended its notebook, which then is kept in place of the page.

    watch: told the number of each cell as it starts. isolated: whether the cells run in a further process.
    Raises what goes wrong outside cells; UsageError for a notebook that does not take the card's parameters.
    """
    left = kept.failed(card)
    left.unlink(missing_ok=True)
    card.page.parent.mkdir(exist_ok=True)
    output = left if engine == STOCK else None  # by itself it hands over no notebook that failed
    told, seconds = kept.parameters(card), limits.cell_seconds
    ran = run_notebook(
        card.notebook, output, told, card.notebook.parent, engine, isolated=isolated, cell_seconds=seconds, watch=watch
    )
    try:
        if not ran.error:
            _publish(ran.notebook, card)
            left.unlink(missing_ok=True)
            return None
    except Exception as error:
        if getattr(error, "errno", None) not in FULL:
            _keep_failed(ran.notebook, card)
        raise
    _keep_failed(ran.notebook, card)
    return ran.error


def _publish(notebook: Any, card: Card) -> None:
    run = open_run(card.run)
    text = page.page(notebook, run, card.unit_id, card.lang)
    if card.unit_id:
        write_records_csv(card_of(run, card.unit_id, card.lang), card.page.with_suffix(".records.csv"))
    if card.keep:
        kept.keep(notebook, card, card.page.with_suffix(".ipynb"))
    kept.write_whole(card.page, text)


def _keep_failed(notebook: Any, card: Card) -> None:
    path = kept.failed(card)
    found = nbformat.read(path, 4) if notebook is None and path.is_file() else notebook  # type: ignore[no-untyped-call]
    if found is not None:
        kept.keep(found, card, path)
