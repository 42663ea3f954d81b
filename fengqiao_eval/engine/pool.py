"""Many cards: a server that loads once and forks a child a card, its workers, and one summary of what failed."""

import functools
import gc
import json
import math
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tqdm import tqdm

from fengqiao_eval.engine import OURS, card_job, processes
from fengqiao_eval.engine.card_job import CardJob, Failure, Limits
from fengqiao_eval.engine.shell import put_up_spare, restore_state
from fengqiao_eval.files import refusal, stops_all, temporary_folder
from fengqiao_eval.words import say

# Loading what cards need, once, before the clock of any card starts

ADDRESSES = "rfc3987_syntax"
"""A library that builds a grammar of web addresses as it is loaded (a second and a half), for a check that nobody asks for."""


def load() -> None:
    """Load what prints cards; starts no thread."""
    if ADDRESSES not in sys.modules:
        sys.modules[ADDRESSES] = None  # type: ignore[assignment] # how Python says: do without
        import nbformat  # noqa: F401, PLC0415

        del sys.modules[ADDRESSES]
    from fengqiao_eval.engine import execute  # noqa: F401, PLC0415 - papermill
    from fengqiao_eval.pages import page  # noqa: F401, PLC0415 - pandas, Jinja
    from fengqiao_eval.results import card  # noqa: F401, PLC0415 - pyarrow


# What a worker does: its cards one after the other, each answered by one line of JSON.
#
# A forked worker takes one card. A spawned one takes several, because starting it costs seconds; what a card has changed in it is
# put back where that is known, and a worker whose card failed, or left a thread behind, takes no further one.

LONGEST_MESSAGE = 2000
"""Characters of what a card says of its failure; with them an answer fits into a pipe."""


@dataclass(frozen=True)
class PoolPlan:
    """How cards are printed: by which engine, within which limits, by how many workers, each forked or spawned."""

    engine: str
    limits: Limits
    workers: int
    start: str
    """`fork` or `spawn`."""
    warm: bool = True


@dataclass(frozen=True)
class WorkerPipes:
    """What ties a worker to the pool: where it answers, where it notes the cell it is in, where its temporary files go."""

    answers: Connection
    cell: Any
    """A shared C int; it outlives the worker's death."""
    folder: Path
    parent: int
    shut: Sequence[Connection] = ()
    """What a forked worker inherits and has no business with."""


Tasks = Sequence[tuple[int, CardJob]]


def work(tasks: Tasks, plan: PoolPlan, line: WorkerPipes, *, isolated: bool) -> None:
    """Print cards, answer each, and leave at once: what a card has started does not keep the worker."""
    _settle(plan, line)
    tell(line.answers, {"ready": True})
    for number, card in tasks:
        line.cell.value = 0
        with restore_state() if plan.start == "spawn" else nullcontext():  # a forked worker has no further card
            answer = _answer(card, plan, line, isolated=isolated)
        processes.sweep()
        tell(line.answers, {"card": number, **answer})
        if answer["stop"]:
            break
    os._exit(0)


def tell(line: Connection, message: Any) -> None:
    """Send one message; JSON, for what a notebook had its hands on is not unpickled."""
    line.send_bytes(json.dumps(message).encode())


def _settle(plan: PoolPlan, line: WorkerPipes) -> None:
    processes.end_with(line.parent)
    for inherited in line.shut:
        inherited.close()
    processes.lead_group()
    os.environ["TMPDIR"] = tempfile.tempdir = str(line.folder)
    if plan.start == "spawn":
        load()
    processes.limit_memory(plan.limits.memory)


def _answer(card: CardJob, plan: PoolPlan, line: WorkerPipes, *, isolated: bool) -> dict[str, Any]:
    """Print one card; say how it failed, and whether the worker is still fit for another."""
    threads, failed = threading.active_count(), None
    try:
        watch = functools.partial(setattr, line.cell, "value")
        error = card_job.publish_card(card, plan.engine, plan.limits, watch, isolated=isolated)
        failed = (error.cell, error.name, error.message[:LONGEST_MESSAGE]) if error else None
    except BaseException as ended:  # noqa: BLE001 - whatever ends one card, the others are printed
        if stops_all(ended):
            return _refuse_all(ended, card.page.parent) | {"stop": True}
        failed = None, type(ended).__name__, str(refusal(ended, card.page) or ended)[:LONGEST_MESSAGE]
    return {"failed": failed, "stop": bool(failed) or threading.active_count() > threads}


def _refuse_all(error: BaseException, place: Path) -> dict[str, Any]:
    """Make the message that tells of a disk that takes nothing, which is no card's fault and ends the batch."""
    return {"refused": [getattr(error, "errno", None), str(getattr(error, "filename", None) or place)]}


def _raise_refusal(message: Mapping[str, Any]) -> None:
    if "refused" in message:
        code, place = message["refused"]
        raise OSError(code, os.strerror(code), place)


# Cards shared out among workers: a loop of one thread that waits on pipes and deaths, and never longer than a card may take.

TOGETHER = 25
"""Cards of a spawned worker, at most: it takes seconds to start, and what cards leave behind adds up."""

WORKER_START_SECONDS = 120
"""How long a spawned worker may take until it is ready."""

LAST_SECONDS = 5
"""How long what cards have started may take to die."""

LONGEST_ANSWER = 1 << 16

CardResult = tuple[int, Failure | None]
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

    cards: Sequence[CardJob]
    plan: PoolPlan
    boss: Connection
    waiting: deque[tuple[int, bool]]
    live: list[Worker]


def run_pool(cards: Sequence[CardJob], plan: PoolPlan, boss: Connection) -> Generator[CardResult]:
    """Print cards, each in a process of its own where there is fork; give each as it ends.

    Ends early where `boss`, the other end of whose line must be silent, hangs up. Raises OSError where a disk takes nothing.
    """
    pool = Pool(cards, plan, boss, deque((number, False) for number in range(len(cards))), [])
    try:
        while pool.waiting or pool.live:
            while pool.waiting and len(pool.live) < plan.workers:
                pool.live.append(_start_worker(pool))
            heard = _listen(pool)
            if boss in heard:
                return
            for worker in tuple(pool.live):
                yield from _attend(pool, worker, dead=worker.ear in heard)
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


def _start_worker(pool: Pool) -> Worker:
    """Start a worker with the next card, or, where starting is dear, the next few."""
    plan = pool.plan
    context: Any = multiprocessing.get_context(plan.start)
    forked = plan.start == "fork"
    tasks, again = _next_tasks(pool)
    folder, cell = Path(tempfile.mkdtemp(prefix="fq-")), context.RawValue("i", 0)
    answers, says = context.Pipe(duplex=False)
    shut = (pool.boss, answers, *(worker.answers for worker in pool.live)) if forked else ()
    line = WorkerPipes(says, cell, folder, os.getpid(), shut)
    theirs = [(number, pool.cards[number]) for number in tasks]
    process = context.Process(target=work, args=(theirs, plan, line), kwargs={"isolated": again})
    process.start()
    says.close()
    seconds = plan.limits.card_seconds + (WORKER_START_SECONDS if again else 0)  # the process of its own starts cold
    deadline = time.monotonic() + (seconds if forked else WORKER_START_SECONDS)
    ear = processes.ear(process)
    return Worker(process, process.pid or 0, ear, answers, cell, folder, tasks, again, seconds, deadline)


def _next_tasks(pool: Pool) -> tuple[deque[int], bool]:
    """Take what the next worker does; a card that is tried again has one to itself."""
    most = 1 if pool.plan.start == "fork" else min(TOGETHER, math.ceil(len(pool.waiting) / pool.plan.workers))
    number, again = pool.waiting.popleft()
    tasks = deque([number])
    while not again and len(tasks) < most and pool.waiting and not pool.waiting[0][1]:
        tasks.append(pool.waiting.popleft()[0])
    return tasks, again


def _attend(pool: Pool, worker: Worker, *, dead: bool) -> Generator[CardResult]:
    """Take in what a worker has said; end it where it has finished, died, or is late."""
    stop = False
    for message in _messages(worker):
        worker.deadline = time.monotonic() + worker.seconds
        _raise_refusal(message)
        if "card" in message:
            stop = message["stop"]
            yield _end_card(pool, worker.tasks.popleft(), message["failed"])
    late = time.monotonic() > worker.deadline
    if stop or dead or late or not worker.tasks:
        pool.live.remove(worker)
        code = _end(worker)
        processes.sweep([other.pid for other in pool.live])
        if worker.tasks and not stop:
            yield from _blame(pool, worker, "" if late else processes.exit_reason(code))
        pool.waiting.extendleft((number, False) for number in reversed(worker.tasks))


def _messages(worker: Worker) -> Iterator[Mapping[str, Any]]:
    """Read what a worker has said so far; one that cannot be understood is heard no more, and dies or is late."""
    try:
        while not worker.answers.closed and worker.answers.poll():
            yield json.loads(worker.answers.recv_bytes(LONGEST_ANSWER))
    except (EOFError, OSError, ValueError):
        worker.answers.close()


def _end_card(pool: Pool, number: int, told: Sequence[Any] | None) -> CardResult:
    """End a card; one that failed leaves its notebook in place of its page."""
    card = pool.cards[number]
    if not told:
        return number, None
    failure = Failure(card.unit_id, card.level, *told)
    card_job.give_up(card, failure)
    return number, failure


def _blame(pool: Pool, worker: Worker, died: str) -> Generator[CardResult]:
    """Try the card again in which a worker died; one that was late, or dies again, has failed."""
    number, cell = worker.tasks.popleft(), worker.cell.value or None
    if died and not worker.again:
        pool.waiting.appendleft((number, True))
    elif died:
        yield _end_card(pool, number, (cell, died, say("batch.died", how=died)))
    else:
        yield _end_card(pool, number, (cell, "CardTimeoutError", say("batch.late", seconds=f"{pool.plan.limits.card_seconds:g}")))


def _end(worker: Worker) -> int | None:
    """End a worker and all it has started, and remove its temporary files."""
    code = processes.end_process(worker.process, worker.ear)
    worker.answers.close()
    try:
        worker.folder.rmdir()  # as a rule nothing is left
    except OSError:
        shutil.rmtree(worker.folder, ignore_errors=True)
    return code


# The server: one process of one thread that loads everything once, prints a card on trial, and forks a child for each card.
#
# Where there is no fork it loads nothing and spawns workers.


NO_ENTRY = {"PGPASSWORD": "", "PGPASSFILE": os.devnull}
"""A card is made of frames: no cell of it needs the way into a database, or may show the password."""
THREADS = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment that keeps libraries from starting threads as they are loaded: a fork copies none."""


def serve(boss: Connection, parent: int, folder: str, cards: Sequence[CardJob], plan: PoolPlan) -> None:
    """Print cards and tell the boss of each; end, and end all that was started, when the boss hangs up.

    folder: where temporary files go; it is removed at the end, for the boss may be no more.
    Tells {"ready": whether this process is fit to fork}; then for each card its number and None or the fields of its failure;
    then {"end": True}. {"refused": [errno, path]} where a disk takes nothing, {"died": words} where the server is at fault.
    """
    processes.end_with(parent)
    processes.lead_group()
    fit = plan.start == "spawn" or _warm_up(cards, plan)
    processes.outlive()  # from here on the line tells: there is something to clear up
    with suppress(BrokenPipeError):
        tell(boss, {"ready": fit})
        tell(boss, _serve_cards(boss, cards, plan) if fit else {"end": True})
    shutil.rmtree(folder, ignore_errors=True)


def _serve_cards(boss: Connection, cards: Sequence[CardJob], plan: PoolPlan) -> dict[str, object]:
    try:
        with closing(run_pool(cards, plan, boss)) as ended:
            for number, failure in ended:
                tell(boss, {"card": number, "failed": failure and list(vars(failure).values())})
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - told, for nobody sees this process's last words
        if stops_all(error):
            return _refuse_all(error, cards[0].run)
        return {"died": str(refusal(error) or f"{type(error).__name__}: {error}")}
    return {"end": True}


def _warm_up(cards: Sequence[CardJob], plan: PoolPlan) -> bool:
    """Load what cards need and, where all is well, print one of each kind on trial; say whether a fork now is sound."""
    import pyarrow as pa  # noqa: PLC0415 - process 1 needs none

    load()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if plan.warm:
        _print_trials(cards, plan)
    put_up_spare()
    processes.sweep()
    gc.collect()
    gc.freeze()
    return threading.active_count() == 1


def _print_trials(cards: Sequence[CardJob], plan: PoolPlan) -> None:
    """Reckon what cards share, and print one card of each notebook for nobody; one that fails will say so itself."""
    from fengqiao_eval.results import run as finished_run  # noqa: PLC0415

    for run in {card.run for card in cards}:
        with suppress(Exception):
            finished_run.preload_frames(finished_run.open_run(run))
    first = {card.notebook: card for card in reversed(cards)}
    for card in first.values():
        with TemporaryDirectory(prefix="fq-") as aside, restore_state(), suppress(Exception, SystemExit):
            card_job.publish_card(replace(card, page=Path(aside) / "warm.html", keep=False), plan.engine, plan.limits)


# Many cards: a page each, printed by a server in a process of its own, with a progress bar and one summary of what failed.

SERVER_START_SECONDS = 120
"""How long a server may take to load everything, besides the cards that it prints on trial."""

CLEAR_SECONDS = 10
"""How long a server that is no longer listened to may take to end what it has started."""

Report = Callable[[CardJob, Failure | None], None]


def print_cards(
    cards: Sequence[CardJob],
    workers: int | None = None,
    engine: str = OURS,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    done: Report | None = None,
    start: str | None = None,
) -> tuple[Failure, ...]:
    """Print cards on several processes (by default one a processor); return what failed, in the order of the cards.

    engine: `fengqiao`, or `stock`. done: called as each card ends. start: `fork` (a process a card) or `spawn` (one for several;
    slower, and what a card leaves behind is less surely put away); by default what the system and the engine allow.
    Raises OSError where the disk takes nothing: full, read-only, no right, lost. Whatever ends this, no process stays.
    """
    if not cards:
        return ()
    forks = engine == OURS and sys.platform == "linux"  # macOS has fork too, but its libraries do not survive it
    way = start or ("fork" if forks else "spawn")
    plan = PoolPlan(engine, limits, min(workers or os.cpu_count() or 1, len(cards)), way)
    failed = {}
    with closing(_print_all(cards, plan)) as ended, tqdm(total=len(cards), desc=say("say.cards"), unit="", disable=None) as bar:
        for number, failure in ended:
            bar.update()
            if failure:
                failed[number] = failure
            if done:
                done(cards[number], failure)
    return tuple(failed[number] for number in sorted(failed))


def _print_all(cards: Sequence[CardJob], plan: PoolPlan) -> Generator[tuple[int, Failure | None]]:
    """Let a server print the cards; where it dies, a second one does what is left, and what then is left has failed.

    A server that dies before it is ready, or is not fit to fork, may have done so over a card on trial: the next tries none.
    """
    left, deaths = dict(enumerate(cards)), list[str]()
    while left and len(deaths) < 2:  # noqa: PLR2004 - tried once more
        numbers, ready = list(left), False
        for message in _server_messages([left[number] for number in numbers], plan):
            ready = ready or message.get("ready", False)
            deaths += [message["died"]] if "died" in message else []
            if "card" in message:
                number = numbers[message["card"]]
                del left[number]
                yield number, Failure(*message["failed"]) if message["failed"] else None
        plan = replace(plan, warm=plan.warm and ready)
    for number, card in left.items():
        failure = Failure(card.unit_id, card.level, None, "ServerDied", say("batch.server_died", how=", ".join(deaths)))
        card_job.give_up(card, failure)
        yield number, failure


def _server_messages(cards: Sequence[CardJob], plan: PoolPlan) -> Iterator[Mapping[str, Any]]:
    """Give what a server tells, the last of it, where it did not come to its end, how it died; raise OSError for a disk."""
    trials = len({card.notebook for card in cards}) if plan.warm else 0
    patience: float | None = SERVER_START_SECONDS + trials * plan.limits.card_seconds
    with _server(cards, plan) as (process, line):
        while heard := wait([line, process.sentinel], patience):
            message = None
            with suppress(EOFError, OSError):  # there will be none any more
                message = json.loads(line.recv_bytes()) if line in heard or line.poll() else None
            if not message:
                break
            _raise_refusal(message)
            if "end" in message:
                return
            yield message
            if "died" in message:
                return
            patience = None
    yield {"died": processes.exit_reason(process.exitcode)}


@contextmanager
def _server(cards: Sequence[CardJob], plan: PoolPlan) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start a server; afterwards it, what it has started and what they left in files is gone."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    mark, reaper = uuid4().hex, None
    resource_tracker.ensure_running()  # multiprocessing's own, which lives as long as we do and bears no mark
    with temporary_folder() as place:
        folder = str(place)
        process = context.Process(target=serve, args=(theirs, os.getpid(), folder, cards, plan))
        try:
            aside = {"TMPDIR": folder, "IPYTHONDIR": f"{folder}/ipython"}  # where no profile of a user's is
            with processes.stated_environment(**THREADS, **NO_ENTRY, **aside, **{processes.MARK: mark}), _block_interrupts():
                process.start()
            theirs.close()
            reaper = processes.start_reaper(process.pid or 0, mark)
            yield process, ours
        finally:
            ours.close()
            _stop(process)
            if reaper:
                with suppress(subprocess.TimeoutExpired):  # what the system itself cannot kill holds nobody up
                    reaper.wait(CLEAR_SECONDS)
                reaper.kill()
                reaper.wait()


def _stop(process: BaseProcess) -> None:
    """Let a server clear up, and kill one that does not."""
    if process.pid:
        process.terminate()  # heard only where there is nothing to clear up yet
        process.join(CLEAR_SECONDS)
        process.kill()
        process.join()


@contextmanager
def _block_interrupts() -> Iterator[None]:
    """Let Ctrl-C in the terminal wait, here and in what is started, which otherwise would say how it was interrupted."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
