"""What a worker does: its cards one after the other, each answered by one line of JSON.

A forked worker takes one card. A spawned one takes several, because starting it costs seconds; what a card has changed in it is
put back where that is known, and a worker whose card failed, or left a thread behind, takes no further one.
"""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fengqiao_eval.runs import processes
from fengqiao_eval.runs.cards import FULL, Card, Limits
from fengqiao_eval.runs.loading import load
from fengqiao_eval.runs.restored import restored

LONGEST_MESSAGE = 2000
"""Characters of what a card says of its failure; with them an answer fits into a pipe."""


@dataclass(frozen=True)
class Plan:
    """How cards are printed: by which engine, within which limits, by how many workers, each forked or spawned."""

    engine: str
    limits: Limits
    workers: int
    start: str
    """`fork` or `spawn`."""
    warm: bool = True


@dataclass(frozen=True)
class Line:
    """What ties a worker to the pool: where it answers, where it notes the cell it is in, where its temporary files go."""

    answers: Connection
    cell: Any
    """A shared C int; it outlives the worker's death."""
    folder: Path
    parent: int
    shut: Sequence[Connection] = ()
    """What a forked worker inherits and has no business with."""


Tasks = Sequence[tuple[int, Card]]


def work(tasks: Tasks, plan: Plan, line: Line, *, isolated: bool) -> None:
    """Print cards, answer each, and leave at once: what a card has started does not keep the worker."""
    _settle(plan, line)
    tell(line.answers, {"ready": True})
    for number, card in tasks:
        line.cell.value = 0
        with restored() if plan.start == "spawn" else nullcontext():  # a forked worker has no further card
            answer = _answer(card, plan, line, isolated=isolated)
        processes.sweep()
        tell(line.answers, {"card": number, **answer})
        if answer["stop"]:
            break
    os._exit(0)


def tell(line: Connection, message: Any) -> None:
    """Send one message; JSON, for what a notebook had its hands on is not unpickled."""
    line.send_bytes(json.dumps(message).encode())


Failed = tuple[int | None, str, str]
"""The cell, the exception and its words."""


def _settle(plan: Plan, line: Line) -> None:
    processes.end_with(line.parent)
    for inherited in line.shut:
        inherited.close()
    processes.lead_group()
    processes.adopt_orphans()
    processes.be_quiet()
    os.environ["TMPDIR"] = tempfile.tempdir = str(line.folder)
    if plan.start == "spawn":
        load()
    processes.limit_memory(processes.address_space() + plan.limits.memory)


def _answer(card: Card, plan: Plan, line: Line, *, isolated: bool) -> dict[str, Any]:
    """Print one card; say how it failed, and whether the worker is still fit for another."""
    threads = threading.active_count()
    try:
        failed = _printed(card, plan, lambda count: setattr(line.cell, "value", count), isolated=isolated)
    except OSError as error:
        if error.errno in FULL:
            return {"full": [error.errno, str(error.filename or card.page.parent)], "stop": True}
        failed = _told(error)
    except BaseException as error:  # noqa: BLE001 - whatever ends one card, the others are printed
        failed = _told(error)
    return {"failed": failed, "stop": bool(failed) or threading.active_count() > threads}


def _printed(card: Card, plan: Plan, watch: Callable[[int], None], *, isolated: bool) -> Failed | None:
    from fengqiao_eval.runs.printing import publish_card  # noqa: PLC0415 - a spawned worker settles before it loads papermill

    error = publish_card(card, plan.engine, plan.limits, watch, isolated=isolated)
    return (error.cell, error.name, error.message[:LONGEST_MESSAGE]) if error else None


def _told(error: BaseException) -> Failed:
    return None, type(error).__name__, str(error)[:LONGEST_MESSAGE]
