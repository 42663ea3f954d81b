"""What the system does for us: processes end with those that started them, memory has a bound, a death has a name.

Most of it is POSIX, and some of it Linux; elsewhere these functions do what there is to do, and the rest is left undone.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import util
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import gettempdir
from typing import Any

_DEATH_SIGNAL, _ADOPT = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER


_DYING_SECONDS = 10


KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TE?MP|TMPDIR|(LD|DYLD)_\w+"  # whose session it is, where programs and libraries lie
    r"|(HTTPS?|FTP|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|KRB5\w+"  # the way through the network
    r"|SYSTEM(ROOT|DRIVE)|WINDIR|COMSPEC|PATHEXT|USER(NAME|PROFILE|DOMAIN)|(LOCAL)?APPDATA|PROGRAM(DATA|FILES\S*)"  # Windows
    r"|PG(PASSWORD|PASSFILE|SSL\w+|KRBSRVNAME)"  # into a database
    r"|FENGQIAO_\w+",  # and what is meant for us, or for an analyst's own cell
    re.IGNORECASE,
)
"""What is kept of the user's environment."""

STATED = {
    **dict.fromkeys(("LANG", "LC_ALL"), "C.UTF-8"),
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",  # a set has one order
    "MATPLOTLIBRC": os.devnull,
    "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this installation before one in the user's home
}
"""What is set besides, on every machine."""


@contextmanager
def stated_environment(**more: str) -> Iterator[None]:
    """Put the environment in which runs and cards are made in place of the user's: what is KEPT, what is STATED, and more.

    Nothing else that a user has set can then change a number or a page: for Python (in processes of multiprocessing -O and -W
    too), pandas, Jupyter, figures, terminals, languages, clocks. Where PYTHONPATH is needed to find packages, they are searched
    for in the order of this process.
    """
    before, flags = dict(os.environ), util._args_from_interpreter_flags  # type: ignore[attr-defined] # noqa: SLF001 - no other way
    kept = {name: value for name, value in before.items() if KEPT.fullmatch(name)}
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} if "PYTHONPATH" in before else {}
    os.environ.clear()
    os.environ.update(kept | STATED | path | more)
    util._args_from_interpreter_flags = list  # type: ignore[attr-defined] # noqa: SLF001 - none
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        util._args_from_interpreter_flags = flags  # type: ignore[attr-defined] # noqa: SLF001 - see above


LONGEST_SOCKET_FOLDER = 57
"""The system allows a socket's path 107 characters, and a kernel's own name takes 50 of them."""


def socket_folder() -> str | None:
    """Say in which folder those for sockets may be made (None: the usual one): a path may have some hundred characters."""
    return None if os.name == "nt" or len(gettempdir()) < LONGEST_SOCKET_FOLDER - 16 else "/tmp"  # noqa: S108 - closed to others


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end_with(parent: int) -> None:
    """Let this process be killed when the one that started it ends, however that ends (Linux), and obey signals until then."""
    if sys.platform != "win32":
        obey(signal.SIG_DFL)
        _prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it was quicker
            os._exit(1)


def outlive() -> None:
    """Take back `end_with`: this process goes on until it has cleared up, and passes over signals that ask it to end."""
    _prctl(_DEATH_SIGNAL, 0)
    obey(signal.SIG_IGN)


def obey(action: signal.Handlers) -> None:
    """Let Ctrl-C and SIGTERM end this process (SIG_DFL), or let it pass them over (SIG_IGN)."""
    ends = signal.SIGINT, signal.SIGTERM
    for sign in ends:
        signal.signal(sign, action)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ends)


def lead_group() -> None:
    """Make this process the silent head of a session, which Ctrl-C in the terminal does not reach, and which can be ended as one.

    What processes below this one leave behind becomes its own children, so that it is found (Linux).
    """
    if sys.platform != "win32":
        with suppress(PermissionError):  # it leads one already
            os.setsid()
    _prctl(_ADOPT, 1)
    be_quiet()


def be_quiet() -> None:
    """Let this process read nothing and say nothing: neither it nor what it starts reaches the user's terminal."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def limit_memory(more: int) -> None:
    """Let allocations fail that would take so many bytes of address space beyond what it has now, and leave no core behind."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        told = Path("/proc/self/statm")  # of other systems it is not known
        most = more + (int(told.read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE") if told.is_file() else 0)
        for kind, bound in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)  # noqa: PLW2901 - the stricter of both
            with suppress(ValueError, OSError):  # a system that knows no such bound
                resource.setrlimit(kind, (bound, bound))


def ear(process: BaseProcess) -> Any:
    """Give what `wait` waits on until a process is dead.

    The sentinel of multiprocessing is a pipe, which whatever the process has forked holds open after its death.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # kernels before 5.3
            return os.pidfd_open(process.pid or 0)
    return process.sentinel


def end_process(process: BaseProcess, dead: Any) -> int | None:
    """Kill a process and its group, and say how it had ended: its exit code, negative for a signal; None: it cannot be killed.

    `dead` is the process's ear, which is closed.
    """
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    wait([dead], _DYING_SECONDS)
    code = process.exitcode
    if dead != process.sentinel:
        os.close(dead)
    with suppress(ValueError):  # not dead yet
        process.close()
    return code


def sweep(keep: Collection[int] = ()) -> set[int]:
    """Kill all children but some, and say which there were; their own become ours, and are found the next time.

    Children are those of this process's only thread; there are none where the system does not tell.
    """
    told = Path(f"/proc/self/task/{os.getpid()}/children")
    strays = set(map(int, told.read_text("ascii").split() if told.is_file() else ())).difference(keep)
    for pid in strays:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return strays


MARK = "FENGQIAO_BATCH"
"""The variable of the environment by which a reaper knows what was started, however far it has gone from who started it."""

_REAPER = f"""
import os, pathlib, select, signal, sys, time
try:
    select.select([os.pidfd_open(int(sys.argv[1]))], [], [])
except ProcessLookupError:
    pass
mark, last = b"{MARK}=" + sys.argv[2].encode(), time.monotonic() + {_DYING_SECONDS}
while time.monotonic() < last:
    found = False
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes().split(bytes(1)):
                os.kill(int(place.name), signal.SIGKILL)
                found = True
        except OSError:  # gone, or another user's
            pass
    if not found:
        break
    time.sleep(0.02)
"""


def start_reaper(pid: int, mark: str) -> "subprocess.Popen[bytes] | None":
    """Start what outlives us all: once a process has died, it kills whatever bears a mark, in whatever session, and ends.

    So nothing stays where a process is killed that would have cleared up. None where the system has no handle of a process.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    words = [sys.executable, "-I", "-S", "-c", _REAPER, str(pid), mark]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing, env={}, start_new_session=True)  # noqa: S603 - ours


def exit_reason(code: int | None) -> str:
    """Say how a process ended.

    >>> exit_reason(-11), exit_reason(7)
    ('SIGSEGV', 'exit 7')
    """
    with suppress(ValueError):
        if code is not None and code < 0:
            return signal.Signals(-code).name
    return f"exit {code}"
