"""The kernel's own shell without the kernel: cells run in this process, their messages and output are handed on."""

import asyncio
import atexit
import builtins
import contextlib
import ctypes
import getpass
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NoReturn, Protocol

import comm
from comm.base_comm import BaseComm, CommManager
from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.session import Session
from traitlets.config import Config

from fengqiao_eval.words import HALF, say

# What passes between who runs cells and who keeps the notebook: messages as Jupyter's protocol has them.

Message = Mapping[str, Any]
"""A message as nbclient reads it (msg_type, content, buffers), or the content of a reply (status, ename, evalue, traceback)."""

Tell = Callable[[Message], None]


class Kernel(Protocol):
    """Whatever runs cells, one after the other in one namespace."""

    def execute(self, source: str, seconds: float | None, tell: Tell) -> Message:
        """Run a cell for so many seconds at most; tell what it puts out as it comes, return the content of its reply."""


def report_failure(name: str, words: str, tell: Tell) -> Message:
    """Tell of an error that no traceback belongs to, and make the reply that says the same."""
    content = {"ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}
    tell({"msg_type": "error", "content": content, "buffers": []})
    return {"status": "error", **content}


# A limit of time on code of any kind: it is interrupted, and says which limit it met.


class CellTimeoutError(TimeoutError):
    """A cell ran longer than it may."""


def timeout_error(seconds: float) -> type[CellTimeoutError]:
    """Make the exception for a limit: a class that needs no words, for other threads can be sent only classes.

    >>> timeout_error(2).__name__, str(timeout_error(0.5)())
    ('CellTimeoutError', '单元格运行超过 0.5 秒，已中断')
    """
    said = say("engine.cell_seconds", seconds=f"{seconds:g}")
    return type("CellTimeoutError", (CellTimeoutError,), {"__str__": lambda _: said})


@contextmanager
def limit_time(seconds: float | None) -> Iterator[None]:
    """Raise CellTimeoutError in what runs here after some seconds (None: never).

    By a signal where there is one, which also ends a system call that waits; else between two steps of Python.
    """
    if not seconds:
        yield
    elif hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread():

        def ring(_signal: int, _frame: FrameType | None) -> None:
            raise timeout_error(seconds)

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    else:
        thread, error = ctypes.c_ulong(threading.get_ident()), ctypes.py_object(timeout_error(seconds))
        timer = threading.Timer(seconds, ctypes.pythonapi.PyThreadState_SetAsyncExc, (thread, error))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


# What a notebook changes in the process it runs in, and the engine does not put back.


@contextmanager
def restore_state() -> Iterator[None]:
    """Put back modules, blocked signals and options of pandas and matplotlib; the engine does so with folder and environment.

    Not all there is: an attribute set on a module stays, and so does what C code keeps for itself.
    """
    modules = dict(sys.modules)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if sys.platform != "win32" else ()
    try:
        yield
    finally:
        old = set(map(id, modules.values()))
        for name in [name for name, module in sys.modules.items() if name not in modules and id(module) in old]:
            del sys.modules[name]  # a new name for an old one
        sys.modules.update(modules)  # those that were replaced; what was imported stays
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if pandas := sys.modules.get("pandas"):
            with warnings.catch_warnings(action="ignore"):  # some options are on their way out
                pandas.reset_option(r"^(?!plotting\.)")  # those of plots ask for matplotlib, which need not be there
        if matplotlib := sys.modules.get("matplotlib"):
            matplotlib.rc_file_defaults()


@contextmanager
def change_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment, and afterwards put back all of it."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# What cells write, of Python and below it: the text of print, and the bytes of C code and of programs they start.

PROMPT = 0.05
"""Seconds after which written text is told; text in between is told as one."""

LONGEST = 1 << 16
"""Bytes read, and characters kept back, at a time."""

TellText = Callable[[str, str], None]
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
        self._path = Path(path)
        if os.name == "posix":  # elsewhere an open file keeps its name
            self._path.unlink()

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
        if os.name != "posix":
            self._path.unlink(missing_ok=True)


class Captured:
    """Both streams while cells run: sys.stdout and sys.stderr, and descriptors 1 and 2 below them, told in the order written."""

    def __init__(self, tell: TellText) -> None:
        """Take over the streams; each text is told with the name of its stream."""
        self._tell, self._lock, self._pid = tell, threading.RLock(), os.getpid()
        self._name, self._texts, self._told = "", list[str](), 0.0
        flush_c_buffers()  # what was written before belongs to whom it was written for
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
        flush_c_buffers()
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


def flush_c_buffers() -> None:
    """Let the C library write out what it holds back."""
    with contextlib.suppress(OSError, AttributeError):
        _c_library().fflush(None)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None if os.name == "posix" else "ucrtbase")


# The kernel's own shell without the kernel: cells run in this process, their messages are handed on, no socket and no thread.
#
# Shell, display hook, publisher and compiler are ipykernel's, so that cells and libraries see and say what they do in a kernel;
# only the wire is ours.

HABITS = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PLOTLY_RENDERER": "plotly_mimetype"}
"""What a kernel sets for libraries of figures, unless the user has."""

NO_HISTORY = Config({"HistoryManager": {"enabled": False}})
"""A history of cells in the user's home would be a file that all cards write to, and a thread."""


class Wire(Session):
    """What shell, hook and publisher take for the session they send through."""

    def __init__(self) -> None:
        """Tell nobody yet."""
        super().__init__()
        self.told: Tell | None = None
        self._pid, self._lock = os.getpid(), threading.RLock()

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **rest: Any) -> None:
        """Tell a message, given whole or as type and content, as JSON would carry it; what a forked child sends is lost."""
        del stream  # there is one
        whole = {"msg_type": msg_or_type, "content": content} if isinstance(msg_or_type, str) else msg_or_type
        if self.told and os.getpid() == self._pid:
            content = self.carry(whole["content"])
            with self._lock:
                self.told({"msg_type": whole["msg_type"], "content": content, "buffers": rest.get("buffers") or []})

    def carry(self, content: Any) -> Any:
        """Give content as JSON carries it; a half character, which no file of text holds, is the sign for what cannot be read."""
        try:
            return self.unpack(self.pack(content))
        except UnicodeEncodeError:
            return json.loads(HALF.sub("\ufffd", json.dumps(json_clean(content), default=json_default, ensure_ascii=False)))


class ShellKernel:
    """Runs cells one after the other, all in one namespace and one event loop; `kernel` puts it up."""

    def __init__(self, shell: Any, wire: Wire, streams: Captured, loop: asyncio.AbstractEventLoop) -> None:
        """Use what has been put up."""
        self._shell, self._wire, self._streams, self._loop = shell, wire, streams, loop

    def execute(self, source: str, seconds: float | None, tell: Tell) -> Message:
        """Run a cell for so many seconds at most; tell what it puts out as it comes, return its reply (status, ename, evalue)."""
        self._wire.told = tell
        self._wire.send(None, "status", {"execution_state": "busy"})
        self._wire.send(None, "execute_input", {"code": source, "execution_count": self._shell.execution_count})
        reply = self._wire.carry(self._run(source, seconds))
        self._streams.finish()
        self._wire.send(None, "status", {"execution_state": "idle"})
        self._wire.told = None
        self._shell.payload_manager.clear_payload()  # pages and next inputs, which papermill does not keep
        return reply

    def _run(self, source: str, seconds: float | None) -> Message:
        self._shell._last_traceback_during_displayhook = False  # noqa: SLF001 - the shell forgets to where a cell awaits
        try:
            with limit_time(seconds):
                result = self._loop.run_until_complete(_run_cell(self._shell, source))
        except CellTimeoutError as late:  # it came while the loop waited, outside the cell's own code
            told, self._wire.told = self._wire.told, None  # what is cancelled is not heard any more
            self._loop.run_until_complete(_cancel_tasks())
            self._wire.told = told
            return self._failed(type(late).__name__, str(late))
        except Exception as broken:  # noqa: BLE001 - the shell itself trips over what a cell has done to it
            return self._failed(type(broken).__name__, str(broken))
        if self._shell.exit_now:  # a kernel would end here
            return self._failed("SystemExit", "")
        error = result.error_before_exec or result.error_in_exec
        if error is None and not self._shell._last_traceback_during_displayhook:  # noqa: SLF001 - as ipykernel asks it
            return {"status": "ok"}
        shown = self._shell._last_traceback or []  # noqa: SLF001
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": shown}

    def _failed(self, name: str, words: str) -> Message:
        self._streams.flush()
        return report_failure(name, words, lambda told: self._wire.send(None, dict(told)))


async def _run_cell(shell: Any, source: str) -> Any:
    """Run a cell as ipykernel does: inside the running loop, awaiting where the cell awaits."""
    if "await" not in source and "async" not in source:  # what waits for nothing need not be read twice
        return shell.run_cell(source, store_history=True)
    try:
        transformed, problem = shell.transform_cell(source), None
    except Exception:  # noqa: BLE001 - the shell shows it
        transformed, problem = source, sys.exc_info()
    told = {"transformed_cell": transformed, "preprocessing_exc_tuple": problem}
    if not shell.should_run_async(source, **told):
        return shell.run_cell(source, store_history=True)
    result = None
    try:
        result = await shell.run_cell_async(source, store_history=True, **told)
    finally:
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
    return result


async def _cancel_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def kernel() -> Iterator[ShellKernel]:
    """Put up a kernel in this process, and afterwards leave the process's own state as it was found.

    What cells do to other modules stays: a notebook that must not touch the next runs in a process of its own.
    """
    wire = Wire()
    with ExitStack() as put:
        put.enter_context(warnings.catch_warnings())
        put.enter_context(change_environment(HABITS | dict(os.environ)))
        put.callback(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
        put.callback(sys.path.__setitem__, slice(None), list(sys.path))
        sys.path[:] = sys.path if "" in sys.path else ["", *sys.path]  # as in a kernel: the notebook's folder is searched first
        streams = Captured(lambda name, text: wire.send(None, "stream", {"name": name, "text": text}))
        put.callback(streams.close)
        holders = (builtins, {"input": _refuse_input}), (getpass, {"getpass": _refuse_input}), (comm, _comms(wire))
        for holder, ours in holders:
            put.callback(vars(holder).update, {name: getattr(holder, name) for name in ours})
            vars(holder).update(ours)
        shell = put.enter_context(_shell(wire))
        yield ShellKernel(shell, wire, streams, put.enter_context(asyncio.Runner()).get_loop())


_spares: list[Any] = []
"""The shell that this process's forked children find put up."""


def put_up_spare() -> None:
    """Put a shell up for children that are forked from now on, each of which runs one notebook: a twentieth of a card."""
    main = sys.modules["__main__"]
    _spares.append(_new_shell())
    sys.modules["__main__"] = main


def _new_shell() -> Any:
    return ZMQInteractiveShell.instance(config=NO_HISTORY, compiler_class=XCachingCompiler)


@contextmanager
def _shell(wire: Wire) -> Iterator[Any]:
    shell = _spares.pop() if _spares else _new_shell()
    sys.modules["__main__"] = shell.user_module
    shell.kernel = SimpleNamespace(shell=shell, session=wire, eventloop=None)
    shell.displayhook.session = shell.display_pub.session = wire
    shell.displayhook.topic = b"execute_result"
    shell.enable_gui = lambda gui=None: None  # noqa: ARG005 - %matplotlib asks for a loop of windows, which nobody would see
    _draw_for_this_shell()
    try:
        yield shell
    finally:
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        shell.restore_sys_module_state()
        ZMQInteractiveShell.clear_instance()


def _draw_for_this_shell() -> None:
    """Let matplotlib, where an earlier cell has loaded it, draw for the shell that is there now, as if it had come with it."""
    if inline := sys.modules.get("matplotlib_inline.backend_inline"):
        inline.InlineBackend.clear_instance()
        vars(inline.configure_inline_support).pop("current_backend", None)
        inline._enable_matplotlib_integration()  # noqa: SLF001 - what it does by itself when it is loaded


def _refuse_input(*_: Any, **__: Any) -> NoReturn:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _comms(wire: Wire) -> dict[str, Any]:
    """Make what widgets speak through: their state reaches the notebook, nobody answers."""
    manager = CommManager()

    class Comm(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any) -> None:
            del metadata  # notebooks keep none
            wire.send(None, msg_type, {"data": data or {}, "comm_id": self.comm_id, **keys}, buffers=buffers)

    return {"create_comm": Comm, "get_comm_manager": lambda: manager}
