"""The server: one process of one thread that loads everything once, prints a card on trial, and forks a child for each card.

Where there is no fork it loads nothing and spawns workers.
"""

import gc
import shutil
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from fengqiao_eval.runs import processes
from fengqiao_eval.runs.cards import FULL, Card
from fengqiao_eval.runs.loading import load
from fengqiao_eval.runs.pool import printed
from fengqiao_eval.runs.restored import restored
from fengqiao_eval.runs.workers import Plan, tell

SETTINGS = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment that keeps libraries from starting threads as they are loaded: a fork copies none."""


def serve(boss: Connection, parent: int, folder: str, cards: Sequence[Card], plan: Plan) -> None:
    """Print cards and tell the boss of each; end, and end all that was started, when the boss hangs up.

    folder: where temporary files go; it is removed at the end, for the boss may be no more.
    Tells {"ready": whether this process is fit to fork}; then for each card its number and None or the fields of its failure;
    then {"end": True}. {"full": [errno, path]} where a disk is full, {"died": words} where the server is at fault.
    """
    processes.end_with(parent)
    processes.lead_group()
    processes.adopt_orphans()
    processes.be_quiet()
    fit = plan.start == "spawn" or _ready(cards, plan)
    processes.outlive()  # from here on the line tells: there is something to clear up
    with suppress(BrokenPipeError):
        tell(boss, {"ready": fit})
        tell(boss, _served(boss, cards, plan) if fit else {"end": True})
    shutil.rmtree(folder, ignore_errors=True)


def _served(boss: Connection, cards: Sequence[Card], plan: Plan) -> dict[str, object]:
    try:
        with closing(printed(cards, plan, boss)) as ended:
            for number, failure in ended:
                tell(boss, {"card": number, "failed": failure and list(vars(failure).values())})
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - told, for nobody sees this process's last words
        if getattr(error, "errno", None) in FULL:
            return {"full": [error.errno, str(error.filename or cards[0].run)]}  # type: ignore[attr-defined]
        return {"died": f"{type(error).__name__}: {error}"}
    return {"end": True}


def _ready(cards: Sequence[Card], plan: Plan) -> bool:
    """Load what cards need and, where all is well, print one of each kind on trial; say whether a fork now is sound."""
    import pyarrow as pa  # noqa: PLC0415 - process 1 needs none

    load()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if plan.warm:
        _warm(cards, plan)
    processes.sweep()
    gc.collect()
    gc.freeze()
    return threading.active_count() == 1


def _warm(cards: Sequence[Card], plan: Plan) -> None:
    """Reckon what cards share, and print one card of each notebook for nobody; one that fails will say so itself."""
    from fengqiao_eval.runs.printing import publish_card  # noqa: PLC0415
    from fengqiao_eval.scorecards import board, folder  # noqa: PLC0415

    for run in {card.run for card in cards}:
        with suppress(Exception):
            board.fill(folder.open_run(run))
    first = {card.notebook: card for card in reversed(cards)}
    for card in first.values():
        with TemporaryDirectory(prefix="fq-") as aside, restored(), suppress(Exception, SystemExit):
            publish_card(replace(card, page=Path(aside) / "warm.html", keep=False), plan.engine, plan.limits)


def fit_to_fork() -> bool:
    """Whether children can be forked here.

    macOS has fork too, but its libraries do not survive it.
    """
    return sys.platform == "linux"
