"""One run at a time under a name: a lock that dies with its process, in a file that says who holds it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from fengqiao_eval.errors import LockedError, UsageError
from fengqiao_eval.files import user_name
from fengqiao_eval.words import readable, say

MOMENT = 0.1
"""The seconds in which a lock is tried for: its last holder may be just removing the file."""


@contextmanager
def hold_lock(out: Path, name: str) -> Iterator[bool]:
    """Hold the lock of a run's name (OUT/.NAME.lock) for a block; tell whether OUT had to be made, which goes again if empty.

    Raises LockedError where another process holds it, UsageError where OUT is no folder.
    """
    if out.exists() and not out.is_dir():
        raise UsageError("not_a_run", given=out)
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    out.mkdir(parents=True, exist_ok=True)
    path = out / f".{name}.lock"
    lock = FileLock(path, MOMENT, poll_interval=MOMENT / 10, fallback_to_soft=False, on_acquired=_sign)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(say("run.locked", run=name, **_holder(path))) from None
    try:
        yield bool(made)
    finally:
        with suppress(OSError):  # Windows removes the file as the lock is let go
            path.unlink()
        lock.release()
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


def _sign(file: int) -> None:
    """Say in the file who holds the lock, and since when; on a full disk the lock holds all the same."""
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    told = {"process": os.getpid(), "user": user_name(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.write(file, b"\n" + json.dumps(told).encode() + b"\n")


def _holder(path: Path) -> dict[str, str]:
    """Read who holds the lock, a dash for what is not written yet; the first byte is passed over, as Windows locks it."""
    told = dict.fromkeys(("process", "user", "host", "since"), "—")
    with suppress(OSError, ValueError, RecursionError, AttributeError), path.open("rb", buffering=0) as file:
        file.seek(1)
        told |= {name: readable(str(word)) for name, word in json.loads(file.read()).items()}  # anybody may have written it
    return told
