"""A headless Chromium spoken to over a pipe (Chrome DevTools Protocol): no port is opened, no host asked, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

from fengqiao_eval.words import say

Answer = dict[str, Any]

_ALONE = (
    *("--headless", "--remote-debugging-pipe", "--no-startup-window", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions"),
    *("--disable-sync", "--disable-domain-reliability", "--disable-breakpad", "--disable-crash-reporter", "--no-pings"),
    *("--metrics-recording-only", "--mute-audio", "--password-store=basic", "--use-mock-keychain", "--disable-dev-shm-usage"),
    *("--disable-gpu", "--disable-features=SpareRendererForSitePerProcess,Translate,MediaRouter,OptimizationHints"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # neither a name nor an address leads anywhere
)
_AS_3_AND_4 = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null'
"""Chromium reads orders from file 3 and answers on file 4; a shell, replaced by it, can hand them over."""
_START, _GRACE = 60.0, 5.0
"""Seconds that a browser has to start, and to leave when nobody speaks to it any more."""


class BrowserError(Exception):
    """A page could not be dealt with; str() is a sentence for the reader."""


class GoneError(BrowserError):
    """The browser ended of itself, or was ended from outside."""


class Browser:
    """The near end of the pipe; orders may come from several threads."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Listen to a browser that has been started."""
        self._process, self._lock, self._numbers = process, Lock(), count(1)
        self._awaited: dict[int, tuple[str, Future[Answer]]] = {}
        self.gone = False
        Thread(target=self._listen, daemon=True).start()

    def call(self, method: str, session: str = "", seconds: float = 30, **params: object) -> Answer:
        """Give an order and wait for the answer.

        Raises GoneError where the browser ended, BrowserError where it refuses or does not answer in time.
        """
        answer: Future[Answer] = Future()
        number = self._send(answer, method, session, params)
        try:
            return answer.result(max(seconds, 0))
        except TimeoutError:
            raise BrowserError(say("pdf.late")) from None
        finally:
            self._awaited.pop(number, None)

    def _send(self, answer: "Future[Answer]", method: str, session: str, params: Answer) -> int:
        order = {"method": method, "params": params} | ({"sessionId": session} if session else {})
        with self._lock:
            number = next(self._numbers)
            self._awaited[number] = session, answer
            try:
                assert self._process.stdin is not None  # noqa: S101 - it was started with a pipe
                self._process.stdin.write(json.dumps(order | {"id": number}).encode() + b"\0")
                self._process.stdin.flush()
            except (OSError, ValueError):
                self.gone = True
        if self.gone:
            self._drop("", GoneError(say("pdf.gone")))
        return number

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        for message in _messages(self._process.stdout):
            answer = self._awaited.pop(message.get("id", 0), ("", Future()))[1]
            if message.get("method") == "Inspector.targetCrashed":
                self._drop(message.get("sessionId", ""), BrowserError(say("pdf.crashed")))
            elif "error" in message:
                answer.set_exception(BrowserError(say("pdf.refused", said=message["error"]["message"])))
            elif "result" in message:
                answer.set_result(message["result"])
        self.gone = True
        self._drop("", GoneError(say("pdf.gone")))

    def _drop(self, session: str, error: BrowserError) -> None:
        """Tell those who wait for answers of a session (empty: of any) that there will be none."""
        for number, (theirs, answer) in list(self._awaited.items()):
            if session in {"", theirs} and self._awaited.pop(number, None) is not None:
                answer.set_exception(error)


@dataclass(frozen=True)
class Tab:
    """One tab of a browser."""

    browser: Browser
    target: str
    session: str

    def call(self, method: str, seconds: float = 30, **params: object) -> Answer:
        """Give the tab an order; raises as Browser.call does."""
        return self.browser.call(method, self.session, seconds, **params)

    def close(self) -> None:
        """Close the tab, also one that hangs."""
        with suppress(BrowserError):
            self.browser.call("Target.closeTarget", targetId=self.target)


def open_tab(browser: Browser) -> Tab:
    """Open an empty tab that tells when it crashes."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    tab = Tab(browser, target, browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
    tab.call("Inspector.enable")
    return tab


def _messages(stream: IO[bytes]) -> Iterator[Answer]:
    rest = b""
    with stream:
        while part := os.read(stream.fileno(), 1 << 20):
            *whole, rest = (rest + part).split(b"\0")
            yield from map(json.loads, whole)


@contextmanager
def open_browser(program: str) -> Iterator[Browser]:
    """Start a browser with a profile of its own; in the end it is gone with all that it has started, and so is the profile.

    Raises BrowserError with its last words where it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="fengqiao-", ignore_cleanup_errors=True) as profile:
        process = _start(program, Path(profile))
        try:
            browser = Browser(process)
            try:
                browser.call("Browser.getVersion", seconds=_START)
            except BrowserError as error:
                raise BrowserError(say("pdf.not_started", program=program, said=_last_words(profile) or str(error))) from error
            yield browser
        finally:
            _end(process)


def _last_words(profile: str) -> str:
    lines = Path(profile, "said").read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _start(program: str, profile: Path) -> "subprocess.Popen[bytes]":
    flags = [*_ALONE, f"--user-data-dir={profile}"]
    environment = {**os.environ, "BREAKPAD_DUMP_LOCATION": str(profile)}
    with (profile / "said").open("wb") as said:
        if sys.platform == "win32":
            return _start_on_windows([program, *flags], environment, said)
        command = ["/bin/sh", "-c", _AS_3_AND_4, program, *flags, *(() if os.geteuid() else ("--no-sandbox",))]
        ends: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": said}
        return subprocess.Popen(command, env=environment, start_new_session=True, **ends)  # noqa: S603 - the browser of this machine


if sys.platform == "win32":

    def _start_on_windows(command: list[str], environment: dict[str, str], said: IO[bytes]) -> "subprocess.Popen[bytes]":
        """Windows hands over handles by number (--remote-debugging-io-pipes); untried."""
        import msvcrt  # noqa: PLC0415 - Windows only

        (orders, near_orders), (near_answers, answers) = os.pipe(), os.pipe()
        handles = [msvcrt.get_osfhandle(end) for end in (orders, answers)]
        for handle in handles:
            os.set_handle_inheritable(handle, True)  # noqa: FBT003 - the signature is Python's
        over = f"--remote-debugging-io-pipes={handles[0]},{handles[1]}"
        process = subprocess.Popen([*command, over], env=environment, stderr=said, close_fds=False)  # noqa: S603
        os.close(orders)
        os.close(answers)
        process.stdin, process.stdout = os.fdopen(near_orders, "wb"), os.fdopen(near_answers, "rb")
        return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipe, upon which a browser leaves; what is still there after a while is killed."""
    with suppress(OSError, ValueError):
        process.stdin.close()  # type: ignore[union-attr]
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _kill(process)
    process.wait()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a browser and what it has started (its process group), and wait until they have left."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):
        for _ in range(100):
            os.killpg(process.pid, signal.SIGKILL)
            process.poll()
            time.sleep(0.02)
