"""A kernel in a process of its own: cells go in and messages come out as lines of JSON, and nothing of it outlives the notebook.

Run as a program, this module is that process. What it says is data: no object of a notebook is unpacked by who listens.
"""

import base64
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from fengqiao_eval.engine import shell
from fengqiao_eval.engine.processes import be_quiet, end_with, exit_reason
from fengqiao_eval.engine.shell import Message, Tell, report_failure
from fengqiao_eval.words import say

GRACE = 5
"""Seconds after its limit in which a cell may still let itself be interrupted; then its process is killed."""


GLANCE = 0.5
"""Seconds between two looks whether a process that says nothing is alive: a child of its own may hold the pipe open."""


class Remote:
    """Runs cells in the process that `kernel` has started; where it dies, the cell it was in has failed."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Listen to the process, in a thread: not every system can wait for a pipe and a clock at once."""
        self._process, self._lines = process, queue.SimpleQueue[bytes]()
        self._ear = threading.Thread(target=_listen, args=(process.stdout, self._lines), daemon=True)
        self._ear.start()

    def execute(self, source: str, seconds: float | None, tell: Tell) -> Message:
        """Run a cell for so many seconds at most; tell what it puts out as it comes, return the content of its reply."""
        with suppress(OSError):  # it is dead, and will be found so
            _write(_pipe(self._process.stdin), {"source": source, "seconds": seconds})
        deadline = time.monotonic() + seconds + GRACE if seconds else None
        while line := self._next(deadline):
            told = json.loads(line)
            if told["msg_type"] == "execute_reply":
                return dict(told["content"])
            tell({**told, "buffers": [base64.b64decode(buffer) for buffer in told["buffers"]]})
        if deadline and time.monotonic() > deadline:
            _end(self._process)
            return report_failure("CellTimeoutError", say("engine.cell_killed", seconds=f"{seconds:g}"), tell)
        return report_failure("CellProcessDied", say("engine.died", how=_exit_reason(self._process)), tell)

    def _next(self, deadline: float | None) -> bytes:
        """Wait for a line; empty where none will come, or the time is up."""
        while not deadline or time.monotonic() < deadline:
            alive = self._process.poll() is None
            with suppress(queue.Empty):
                return self._lines.get(timeout=GLANCE)
            if not alive:
                break
        return b""

    def close(self) -> None:
        """Stop listening; where a stray of the process holds its pipe open, that is left to the end of this process."""
        self._ear.join(GLANCE)
        if not self._ear.is_alive():
            _pipe(self._process.stdout).close()


def _listen(pipe: IO[bytes], lines: "queue.SimpleQueue[bytes]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(b"")


def _write(pipe: IO[bytes], told: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(told).encode() + b"\n")
    pipe.flush()


def _exit_reason(process: "subprocess.Popen[bytes]") -> str:
    with suppress(subprocess.TimeoutExpired):
        return exit_reason(process.wait(GLANCE))
    return say("engine.dumb")


@contextmanager
def kernel() -> Iterator[Remote]:
    """Start a process that runs cells, in the current folder; it and whatever it started are gone afterwards."""
    here = [sys.executable, "-P", "-m", __name__, str(os.getpid())]  # -P: no file beside the notebook stands in for a module
    process = subprocess.Popen(here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603
    remote = Remote(process)
    try:
        yield remote
        with suppress(OSError):  # it ends by itself, so that what cells have registered for their end is run
            _pipe(process.stdin).close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    finally:
        _end(process)
        remote.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the process and all it started, unless they went to a session of their own."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL) if os.name == "posix" else process.kill()
    process.wait()
    with suppress(OSError):
        _pipe(process.stdin).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - it was asked for
    return pipe


def serve(parent: int) -> None:
    """Run cells as they are asked for on standard input, until it or the parent ends; tell on standard output."""
    end_with(parent)
    orders, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    be_quiet()

    def tell(message: Message) -> None:
        buffers = [base64.b64encode(buffer).decode() for buffer in message.get("buffers", ())]
        _write(told, {**message, "buffers": buffers})

    with shell.kernel() as cells:
        for order in map(json.loads, orders):
            reply = cells.execute(order["source"], order["seconds"], tell)
            tell({"msg_type": "execute_reply", "content": reply})


if __name__ == "__main__":
    serve(int(sys.argv[1]))
