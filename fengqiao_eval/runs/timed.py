"""A limit of time on code of any kind: it is interrupted, and says which limit it met."""

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fengqiao_eval.words import say


class CellTimeoutError(TimeoutError):
    """A cell ran longer than it may."""


def too_late(seconds: float) -> type[CellTimeoutError]:
    """Make the exception for a limit: a class that needs no words, for other threads can be sent only classes.

    >>> too_late(2).__name__, str(too_late(0.5)())
    ('CellTimeoutError', '单元格运行超过 0.5 秒，已中断')
    """
    said = say("engine.cell_seconds", seconds=f"{seconds:g}")
    return type("CellTimeoutError", (CellTimeoutError,), {"__str__": lambda _: said})


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Raise CellTimeoutError in what runs here after some seconds (None: never).

    By a signal where there is one, which also ends a system call that waits; else between two steps of Python.
    """
    if not seconds:
        yield
    elif hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread():
        with _rung(seconds):
            yield
    else:
        timer = threading.Timer(seconds, _raise_in, (threading.get_ident(), too_late(seconds)))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextmanager
def _rung(seconds: float) -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise too_late(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise_in(thread: int, error: type[CellTimeoutError]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
