"""One run at a time under a name: a lock that dies with its process, in a file that says who holds it."""

import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from fengqiao_eval.errors import LockedError, UsageError
from fengqiao_eval.files import user_name
from fengqiao_eval.words import say

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


_FAR = 2**30
"""Where Windows locks a byte: nobody can read what is locked, and who holds the lock is to be read."""


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    file = _take_lock(path, name)
    try:
        _sign(file)
        yield bool(made)
    finally:
        if os.name == "nt":  # which removes no file that is open
            file.close()
        with suppress(OSError):
            path.unlink()
        file.close()
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


def _take_lock(path: Path, name: str) -> IO[bytes]:
    """Take the lock; where its last holder has just removed the file, take that of the new one."""
    while True:
        file = path.open("a+b", buffering=0)
        try:
            _lock(file)
        except OSError as error:
            file.close()
            if error.errno in _TAKEN:
                holder = dict.fromkeys(("process", "user", "host", "since"), "—")  # what has not been written yet
                with suppress(OSError, ValueError):
                    holder |= json.loads(path.read_text("utf-8"))
                raise LockedError(say("run.locked", run=name, **holder)) from None
            raise
        with suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def _sign(file: IO[bytes]) -> None:
    """Say in the file who holds the lock, and since when; on a full disk the lock holds all the same."""
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    told = {"process": os.getpid(), "user": user_name(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):
        file.truncate(0)
        file.write(json.dumps(told).encode() + b"\n")
