"""Many cards: a page each, printed by a server in a process of its own, with a progress bar and one summary of what failed."""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from fengqiao_eval.runs import kept
from fengqiao_eval.runs.cards import Card, Failure, Limits
from fengqiao_eval.runs.processes import how
from fengqiao_eval.runs.server import SETTINGS, fit_to_fork, serve
from fengqiao_eval.runs.workers import Plan
from fengqiao_eval.words import say

START_SECONDS = 120
"""How long a server may take to load everything, besides the cards that it prints on trial."""
CLEAR_SECONDS = 10
"""How long a server that is no longer listened to may take to end what it has started."""

Done = Callable[[Card, Failure | None], None]


def print_cards(
    cards: Sequence[Card],
    workers: int | None = None,
    engine: str = "fengqiao",
    limits: Limits = Limits(),  # noqa: B008 - frozen
    done: Done | None = None,
    start: str | None = None,
) -> tuple[Failure, ...]:
    """Print cards on several processes (by default one a processor); return what failed, in the order of the cards.

    engine: `fengqiao`, or `stock`. done: called as each card ends. start: `fork` (a process a card) or `spawn` (one for several;
    slower, and what a card leaves behind is less surely put away); by default what the system and the engine allow.
    Raises OSError with the errno of a full disk, where there is one. Whatever ends this, no process stays.
    """
    if not cards:
        return ()
    way = start or ("fork" if engine == "fengqiao" and fit_to_fork() else "spawn")
    plan = Plan(engine, limits, min(workers or os.cpu_count() or 1, len(cards)), way)
    failed = {}
    with closing(_printed(cards, plan)) as ended, tqdm(total=len(cards), desc=say("say.cards"), unit="", disable=None) as bar:
        for number, failure in ended:
            bar.update()
            if failure:
                failed[number] = failure
            if done:
                done(cards[number], failure)
    return tuple(failed[number] for number in sorted(failed))


def _printed(cards: Sequence[Card], plan: Plan) -> Generator[tuple[int, Failure | None]]:
    """Let a server print the cards; where it dies, a second one does what is left, and what then is left has failed.

    A server that dies before it is ready, or is not fit to fork, may have done so over a card on trial: the next tries none.
    """
    left, deaths = dict(enumerate(cards)), list[str]()
    while left and len(deaths) < 2:  # noqa: PLR2004 - tried once more
        numbers, ready = list(left), False
        for message in _served([left[number] for number in numbers], plan):
            ready = ready or message.get("ready", False)
            deaths += [message["died"]] if "died" in message else []
            if "card" in message:
                number = numbers[message["card"]]
                del left[number]
                yield number, Failure(*message["failed"]) if message["failed"] else None
        plan = replace(plan, warm=plan.warm and ready)
    for number, card in left.items():
        failure = Failure(card.unit_id, card.level, None, "ServerDied", say("batch.server_died", how=", ".join(deaths)))
        kept.give_up(card, failure)
        yield number, failure


def _served(cards: Sequence[Card], plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Give what a server tells, the last of it, where it did not come to its end, how it died; raise OSError for a full disk."""
    trials = len({card.notebook for card in cards}) if plan.warm else 0
    patience: float | None = START_SECONDS + trials * plan.limits.card_seconds
    with _server(cards, plan) as (process, line):
        while heard := wait([line, process.sentinel], patience):
            message = _read(line) if line in heard or line.poll() else None
            if not message:
                break
            if "full" in message:
                raise OSError(message["full"][0], os.strerror(message["full"][0]), message["full"][1])
            if "end" in message:
                return
            yield message
            if "died" in message:
                return
            patience = None
    yield {"died": how(process.exitcode)}


def _read(line: Connection) -> Mapping[str, Any] | None:
    """Read a message; None where there will be none any more."""
    try:
        message: Mapping[str, Any] = json.loads(line.recv_bytes())
    except (EOFError, OSError):
        return None
    return message


@contextmanager
def _server(cards: Sequence[Card], plan: Plan) -> Iterator[tuple[BaseProcess, Connection]]:
    """Start a server; afterwards it, what it has started and what they left in files is gone."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with TemporaryDirectory(prefix="fq-", ignore_cleanup_errors=True) as folder:
        process = context.Process(target=serve, args=(theirs, os.getpid(), folder, cards, plan))
        try:
            with _environment({**SETTINGS, "TMPDIR": folder}), _undisturbed():
                process.start()
            theirs.close()
            yield process, ours
        finally:
            ours.close()
            _stop(process)


def _stop(process: BaseProcess) -> None:
    """Let a server clear up, and kill one that does not."""
    if process.pid:
        process.terminate()  # heard only where there is nothing to clear up yet
        process.join(CLEAR_SECONDS)
        process.kill()
        process.join()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ.update({} if value is None else {name: value})


@contextmanager
def _undisturbed() -> Iterator[None]:
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
