"""What cells write, of Python and below it: the text of print, and the bytes of C code and of programs they start."""

import contextlib
import ctypes
import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROMPT = 0.05
"""Seconds after which written text is told; text in between is told as one."""

LONGEST = 1 << 16
"""Bytes read, and characters kept back, at a time."""

Tell = Callable[[str, str], None]
"""Takes the name of a stream and a text."""


class Spool:
    """A file without a name in place of a descriptor (1 or 2), read from where it was last read.

    A file, not a pipe: a pipe wants a thread that reads it, and threads make forks unsafe.
    """

    def __init__(self, descriptor: int) -> None:
        """Put the file in place of the descriptor, which is kept for later."""
        self.descriptor, self._kept = descriptor, os.dup(descriptor)
        inheritable = os.get_inheritable(descriptor)
        writing, path = tempfile.mkstemp(prefix="fq-")
        os.close(writing)
        writing = os.open(path, os.O_WRONLY | os.O_APPEND)  # appending: whoever opens it anew does not write over others
        self._reading = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        os.dup2(writing, descriptor, inheritable)
        os.close(writing)
        self._seen = 0
        self._path: Path | None = Path(path)
        if os.name == "posix":  # elsewhere an open file keeps its name
            self._forget()

    def _forget(self) -> None:
        if self._path:
            self._path.unlink(missing_ok=True)
            self._path = None

    def read(self) -> bytes:
        """Read what is new, a part at a time; a file that was cut short is read from its beginning."""
        size = os.fstat(self._reading).st_size
        if size == self._seen:  # nearly always: this is asked before every print
            return b""
        if size < self._seen:
            self._seen = os.lseek(self._reading, 0, os.SEEK_SET)
        new = os.read(self._reading, LONGEST)
        self._seen += len(new)
        return new

    def close(self) -> None:
        """Put the descriptor back."""
        os.dup2(self._kept, self.descriptor, os.get_inheritable(self.descriptor))
        os.close(self._kept)
        os.close(self._reading)
        self._forget()


class Captured:
    """Both streams while cells run: sys.stdout and sys.stderr, and descriptors 1 and 2 below them, told in the order written."""

    def __init__(self, tell: Tell) -> None:
        """Take over the streams; each text is told with the name of its stream."""
        self._tell, self._lock, self._pid = tell, threading.RLock(), os.getpid()
        self._name, self._texts, self._told = "", list[str](), 0.0
        flush_below()  # what was written before belongs to whom it was written for
        self._spools = {"stdout": Spool(1), "stderr": Spool(2)}
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")

    def write(self, name: str, text: str) -> None:
        """Take a text of Python; a forked child's, and what comes after the end, is written to the descriptor instead."""
        if os.getpid() != self._pid:
            os.write(self._spools[name].descriptor, text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._take()
            self._keep(name, text)
            if time.monotonic() - self._told > PROMPT or len(self._texts) > LONGEST:
                self._out()

    def flush(self) -> None:
        """Tell all that was written so far, the bytes of programs and C code that reached their descriptor among it."""
        if os.getpid() == self._pid:
            with self._lock:
                self._take()
                self._out()

    def finish(self) -> None:
        """Tell all that was written, what the C library holds back among it."""
        flush_below()
        self.flush()

    def close(self) -> None:
        """Give the streams back."""
        self.finish()
        sys.stdout, sys.stderr = self._before
        self._pid = 0  # a handler of logs may still hold a stream, and files get the numbers of those closed here
        for spool in self._spools.values():
            spool.close()

    def _take(self) -> None:
        for name, spool in self._spools.items():
            while new := spool.read():
                self._keep(name, new.decode("utf-8", "replace"))

    def _keep(self, name: str, text: str) -> None:
        if name != self._name:
            self._out()
            self._name = name
        self._texts.append(text)

    def _out(self) -> None:
        texts, self._texts = self._texts, []
        self._told = time.monotonic()
        if text := "".join(texts):
            self._tell(self._name, text)


class Stream(io.TextIOBase):
    """What a cell sees as sys.stdout or sys.stderr; programs it starts write to the descriptor of the same name."""

    encoding, errors = "UTF-8", "strict"

    def __init__(self, captured: Captured, name: str) -> None:
        """Write into what is captured, under a name."""
        self._captured, self.name = captured, name

    def write(self, text: str) -> int:
        """Take a text; raises TypeError for anything else."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._captured.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Tell all that was written so far."""
        self._captured.flush()

    def writable(self) -> bool:
        """Say yes."""
        return True

    def fileno(self) -> int:
        """Name the descriptor, whose bytes are captured too."""
        return 1 if self.name == "stdout" else 2


def flush_below() -> None:
    """Let the C library write out what it holds back."""
    with contextlib.suppress(OSError, AttributeError):
        (ctypes.CDLL(None) if os.name == "posix" else ctypes.CDLL("ucrtbase")).fflush(None)


@contextlib.contextmanager
def captured(tell: Tell) -> Iterator[Captured]:
    """Capture both streams."""
    both = Captured(tell)
    try:
        yield both
    finally:
        both.close()
