"""The board that cards read from, filled before they are printed: a forked child then finds everything ready."""

import pyarrow as pa

from fengqiao_eval.scorecards.folder import Run

FRAMES = ("units", "ranks", "points", "asides", "comparisons", "adjustments", "losses", "open_disputes")
"""The frames a card reads."""


def fill(run: Run) -> None:
    """Reckon once whatever the cards of a run share, of units and of officers.

    What was read stays as long as its file does not change; a card of a run whose board is not filled reads the same by itself.
    No thread is started, so that the process may fork.
    """
    for officers in (False, True):
        for name in FRAMES:
            run.columns(name, officers=officers)
        run.pooled("", officers=officers)
        for peers in run.classes(officers=officers).values():
            peers.settle()
    run.below("")
    pa.default_memory_pool().release_unused()
