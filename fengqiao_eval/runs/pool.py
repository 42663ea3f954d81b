"""Cards shared out among workers: a loop of one thread that waits on pipes and deaths, and never longer than a card may take."""

import json
import math
import multiprocessing
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from fengqiao_eval.runs import kept, processes
from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.runs.workers import Line, Plan, work
from fengqiao_eval.words import say

TOGETHER = 25
"""Cards of a spawned worker, at most: it takes seconds to start, and what cards leave behind adds up."""
START_SECONDS = 120
"""How long a spawned worker may take until it is ready."""
LAST_SECONDS = 5
"""How long what cards have started may take to die."""
LONGEST_ANSWER = 1 << 16

Done = tuple[int, Failure | None]
"""The number of a card that has ended, and how it failed."""


@dataclass
class Worker:
    """A worker as the pool sees it: its cards still to do, the first of them under way."""

    process: BaseProcess
    pid: int
    ear: Any
    answers: Connection
    cell: Any
    folder: Path
    tasks: deque[int]
    again: bool
    seconds: float
    """How long it may take over one card."""
    deadline: float


@dataclass(frozen=True)
class Pool:
    """Cards, how they are printed, and who is at it; `waiting` holds numbers of cards and whether they are tried again."""

    cards: Sequence[Card]
    plan: Plan
    boss: Connection
    waiting: deque[tuple[int, bool]]
    live: list[Worker]


def printed(cards: Sequence[Card], plan: Plan, boss: Connection) -> Generator[Done]:
    """Print cards, each in a process of its own where there is fork; give each as it ends.

    Ends early where `boss`, the other end of whose line must be silent, hangs up. Raises OSError where a disk is full.
    """
    pool = Pool(cards, plan, boss, deque((number, False) for number in range(len(cards))), [])
    with _nothing_left(pool):
        while pool.waiting or pool.live:
            while pool.waiting and len(pool.live) < plan.workers:
                pool.live.append(_started(pool))
            heard = _listen(pool)
            if boss in heard:
                return
            for worker in tuple(pool.live):
                yield from _attend(pool, worker, dead=worker.ear in heard)


@contextmanager
def _nothing_left(pool: Pool) -> Iterator[None]:
    try:
        yield
    finally:
        for worker in pool.live:
            _end(worker)
        last = time.monotonic() + LAST_SECONDS
        while processes.sweep() and time.monotonic() < last:
            time.sleep(0.01)


def _listen(pool: Pool) -> list[Any]:
    """Wait until somebody says something, dies, or is late."""
    lines = [worker.answers for worker in pool.live if not worker.answers.closed]
    ears = [pool.boss, *lines, *(worker.ear for worker in pool.live)]
    return wait(ears, max(0, min(worker.deadline for worker in pool.live) - time.monotonic()))


def _started(pool: Pool) -> Worker:
    """Start a worker with the next card, or, where starting is dear, the next few."""
    plan = pool.plan
    context: Any = multiprocessing.get_context(plan.start)
    forked = plan.start == "fork"
    tasks, again = _next(pool)
    folder, cell = Path(tempfile.mkdtemp(prefix="fq-")), context.RawValue("i", 0)
    answers, says = context.Pipe(duplex=False)
    shut = (pool.boss, answers, *(worker.answers for worker in pool.live)) if forked else ()
    line = Line(says, cell, folder, os.getpid(), shut)
    theirs = [(number, pool.cards[number]) for number in tasks]
    process = context.Process(target=work, args=(theirs, plan, line), kwargs={"isolated": again})
    process.start()
    says.close()
    seconds = plan.limits.card_seconds + (START_SECONDS if again else 0)  # the process of its own starts cold
    deadline = time.monotonic() + (seconds if forked else START_SECONDS)
    ear = processes.ear(process)
    return Worker(process, process.pid or 0, ear, answers, cell, folder, tasks, again, seconds, deadline)


def _next(pool: Pool) -> tuple[deque[int], bool]:
    """Take what the next worker does; a card that is tried again has one to itself."""
    most = 1 if pool.plan.start == "fork" else min(TOGETHER, math.ceil(len(pool.waiting) / pool.plan.workers))
    number, again = pool.waiting.popleft()
    tasks = deque([number])
    while not again and len(tasks) < most and pool.waiting and not pool.waiting[0][1]:
        tasks.append(pool.waiting.popleft()[0])
    return tasks, again


def _attend(pool: Pool, worker: Worker, *, dead: bool) -> Generator[Done]:
    """Take in what a worker has said; end it where it has finished, died, or is late."""
    stop = False
    for message in _messages(worker):
        worker.deadline = time.monotonic() + worker.seconds
        if "full" in message:
            raise OSError(message["full"][0], os.strerror(message["full"][0]), message["full"][1])
        if "card" in message:
            stop = message["stop"]
            yield _done(pool, worker.tasks.popleft(), message["failed"])
    late = time.monotonic() > worker.deadline
    if stop or dead or late or not worker.tasks:
        pool.live.remove(worker)
        code = _end(worker)
        processes.sweep([other.pid for other in pool.live])
        if worker.tasks and not stop:
            yield from _blame(pool, worker, "" if late else processes.how(code))
        pool.waiting.extendleft((number, False) for number in reversed(worker.tasks))


def _messages(worker: Worker) -> Iterator[Mapping[str, Any]]:
    """Read what a worker has said so far; one that cannot be understood is heard no more, and dies or is late."""
    try:
        while not worker.answers.closed and worker.answers.poll():
            yield json.loads(worker.answers.recv_bytes(LONGEST_ANSWER))
    except (EOFError, OSError, ValueError):
        worker.answers.close()


def _done(pool: Pool, number: int, told: Sequence[Any] | None) -> Done:
    """End a card; one that failed leaves its notebook in place of its page."""
    card = pool.cards[number]
    if not told:
        return number, None
    failure = Failure(card.unit_id, card.level, *told)
    kept.give_up(card, failure)
    return number, failure


def _blame(pool: Pool, worker: Worker, died: str) -> Generator[Done]:
    """Try the card again in which a worker died; one that was late, or dies again, has failed."""
    number, cell = worker.tasks.popleft(), worker.cell.value or None
    if died and not worker.again:
        pool.waiting.appendleft((number, True))
    elif died:
        yield _done(pool, number, (cell, died, say("batch.died", how=died)))
    else:
        yield _done(pool, number, (cell, "CardTimeoutError", say("batch.late", seconds=f"{pool.plan.limits.card_seconds:g}")))


def _end(worker: Worker) -> int | None:
    """End a worker and all it has started, and remove its temporary files."""
    code = processes.end(worker.process, worker.ear)
    worker.answers.close()
    try:
        worker.folder.rmdir()  # as a rule nothing is left
    except OSError:
        shutil.rmtree(worker.folder, ignore_errors=True)
    return code
