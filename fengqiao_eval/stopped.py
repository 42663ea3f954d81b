"""Ctrl-C and SIGTERM: both stop a command in the same way, and the shell is told which of them it was."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt; the list that is given holds the numbers of those that came.

    It is asked rather than the exception: libraries in C turn an interrupt into errors of their own. A signal that whoever
    started the process ignores (nohup, a job in the background of a script) stays ignored.
    """
    came: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        came.append(number)
        raise KeyboardInterrupt

    heard = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, stop) for number in heard if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(number: int) -> int:
    """Give the exit code that shells know a signal by.

    >>> exit_code(signal.SIGINT), exit_code(signal.SIGTERM)
    (130, 143)
    """
    return 128 + number
