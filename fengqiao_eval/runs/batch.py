"""Many cards: a notebook and a page each, in spawned processes, with a progress bar and one summary of what failed."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed

from tqdm import tqdm

from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.words import say


def print_cards(cards: Sequence[Card], workers: int | None = None) -> tuple[Failure, ...]:
    """Print cards on several processes (by default one a processor); return what failed, in the order of the cards."""
    if not cards:
        return ()
    workers = min(workers or os.cpu_count() or 1, len(cards))
    context = multiprocessing.get_context("spawn")  # papermill's cwd is the process's, and Windows has no fork
    pool = ProcessPoolExecutor(workers, context, initializer=_settle)
    try:
        futures = {pool.submit(print_card, card): card for card in cards}
        failed = {card: failure for card, failure in _watched(futures) if failure}
    finally:
        pool.shutdown(cancel_futures=True)
    return tuple(failed[card] for card in cards if card in failed)


def _watched(futures: dict["Future[Failure | None]", Card]) -> Iterator[tuple[Card, Failure | None]]:
    """Go through the cards as they are done; where a process died, the cards not yet printed have failed."""
    with tqdm(total=len(futures), desc=say("say.cards"), unit="", disable=None) as bar:
        for future in as_completed(futures):
            bar.update()
            card, error = futures[future], future.exception()
            yield card, _failed(card, error) if error else future.result()


def _settle() -> None:
    """Settle a worker: figures as data, and the noise of kernels (one line of ipykernel each) away from the user."""
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    os.close(silent)


def print_card(card: Card) -> Failure | None:
    """Run a card's notebook and write its page, its list of records and, where asked, the notebook itself."""
    from fengqiao_eval.runs.printing import publish_card  # noqa: PLC0415 - papermill is loaded by workers only

    try:
        error = publish_card(card)
    except Exception as failed:  # noqa: BLE001 - whatever ends one card, the others are printed
        return _failed(card, failed)
    return Failure(card.unit_id, card.level, error.cell, error.name, error.message) if error else None


def _failed(card: Card, error: BaseException) -> Failure:
    return Failure(card.unit_id, card.level, None, type(error).__name__, str(error))


def summary(failures: Sequence[Failure], printed: int, lang: str | None = None) -> list[str]:
    """Say what failed: one head, one line a card, many alike only counted after the first ten."""
    if not failures:
        return []
    shown = [
        say("say.failed", lang, failed=len(failures), of=printed),
        *(f"  {failure.text(lang)}" for failure in failures[:10]),
    ]
    rest = len(failures) - 10
    return [*shown, say("say.failed_rest", lang, n=rest)] if rest > 0 else shown
