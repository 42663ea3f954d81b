"""The kernel's own shell without the kernel: cells run in this process, their messages are handed on, no socket and no thread.

Shell, display hook, publisher and compiler are ipykernel's, so that cells and libraries see and say what they do in a kernel;
only the wire is ours.
"""

import asyncio
import atexit
import builtins
import getpass
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, NoReturn

import comm
from comm.base_comm import BaseComm, CommManager
from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from traitlets.config import Config

from fengqiao_eval.runs.captured import Captured, captured
from fengqiao_eval.runs.messages import Message, Tell, failed
from fengqiao_eval.runs.timed import CellTimeoutError, limited

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
            content = self.unpack(self.pack(whole["content"]))
            with self._lock:
                self.told({"msg_type": whole["msg_type"], "content": content, "buffers": rest.get("buffers") or []})


class Kernel:
    """Runs cells one after the other, all in one namespace and one event loop; `kernel` puts it up."""

    def __init__(self, shell: Any, wire: Wire, streams: Captured, loop: asyncio.AbstractEventLoop) -> None:
        """Use what has been put up."""
        self._shell, self._wire, self._streams, self._loop = shell, wire, streams, loop

    def execute(self, source: str, seconds: float | None, tell: Tell) -> Message:
        """Run a cell for so many seconds at most; tell what it puts out as it comes, return its reply (status, ename, evalue)."""
        self._wire.told = tell
        self._wire.send(None, "status", {"execution_state": "busy"})
        self._wire.send(None, "execute_input", {"code": source, "execution_count": self._shell.execution_count})
        reply = self._run(source, seconds)
        self._streams.finish()
        self._wire.send(None, "status", {"execution_state": "idle"})
        self._wire.told = None
        self._shell.payload_manager.clear_payload()  # pages and next inputs, which papermill does not keep
        return reply

    def _run(self, source: str, seconds: float | None) -> Message:
        try:
            with limited(seconds):
                result = self._loop.run_until_complete(_run(self._shell, source))
        except CellTimeoutError as late:  # it came while the loop waited, outside the cell's own code
            self._give_up()
            return self._failed(type(late).__name__, str(late))
        if self._shell.exit_now:  # a kernel would end here
            return self._failed("SystemExit", "")
        error = result.error_before_exec or result.error_in_exec
        if error is None and not self._shell._last_traceback_during_displayhook:  # noqa: SLF001 - as ipykernel asks it
            return {"status": "ok"}
        shown = self._shell._last_traceback or []  # noqa: SLF001
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": shown}

    def _failed(self, name: str, words: str) -> Message:
        self._streams.flush()
        return failed(name, words, lambda told: self._wire.send(None, dict(told)))

    def _give_up(self) -> None:
        """Cancel what still runs, and hear no more of it."""
        told, self._wire.told = self._wire.told, None
        self._loop.run_until_complete(_cancelled())
        self._wire.told = told


async def _run(shell: Any, source: str) -> Any:
    """Run a cell as ipykernel does: inside the running loop, awaiting where the cell awaits."""
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


async def _cancelled() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def kernel() -> Iterator[Kernel]:
    """Put up a kernel in this process, and afterwards leave the process's own state as it was found.

    What cells do to other modules stays: a notebook that must not touch the next runs in a process of its own.
    """
    wire = Wire()
    with ExitStack() as put:
        put.enter_context(warnings.catch_warnings())
        put.enter_context(_process_kept())
        streams = put.enter_context(captured(lambda name, text: wire.send(None, "stream", {"name": name, "text": text})))
        put.enter_context(_set(builtins, input=_no_input))
        put.enter_context(_set(getpass, getpass=_no_input))
        put.enter_context(_set(comm, **_comms(wire)))
        shell = put.enter_context(_shell(wire))
        yield Kernel(shell, wire, streams, put.enter_context(asyncio.Runner()).get_loop())


@contextmanager
def _process_kept() -> Iterator[None]:
    """Keep environment, search path and main module as they were."""
    environment, path, main = dict(os.environ), list(sys.path), sys.modules["__main__"]
    os.environ.update(HABITS | environment)
    sys.path[:] = path if "" in path else ["", *path]  # as in a kernel: the notebook's folder is searched first
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:], sys.modules["__main__"] = path, main


@contextmanager
def _shell(wire: Wire) -> Iterator[Any]:
    shell: Any = ZMQInteractiveShell.instance(config=NO_HISTORY, compiler_class=XCachingCompiler)
    shell.kernel = SimpleNamespace(shell=shell, session=wire, eventloop=None)
    shell.displayhook.session = shell.display_pub.session = wire
    shell.displayhook.topic = b"execute_result"
    try:
        yield shell
    finally:
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        shell.restore_sys_module_state()
        ZMQInteractiveShell.clear_instance()


@contextmanager
def _set(holder: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(holder, name) for name in values}
    vars(holder).update(values)
    try:
        yield
    finally:
        vars(holder).update(before)


def _no_input(*_: Any, **__: Any) -> NoReturn:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _comms(wire: Wire) -> dict[str, Any]:
    """Make what widgets speak through: their state reaches the notebook, nobody answers."""
    manager = CommManager()

    class Comm(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any) -> None:
            del metadata  # notebooks keep none
            wire.send(None, msg_type, {"data": data or {}, "comm_id": self.comm_id, **keys}, buffers=buffers)

    return {"create_comm": Comm, "get_comm_manager": lambda: manager}
