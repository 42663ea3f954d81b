"""A PDF beside every page: one headless Chromium over a pipe, a few tabs, A4, and a foot."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import temporary_folder, write_whole
from fengqiao_eval.words import LANGUAGES, say

# A headless Chromium spoken to over a pipe (Chrome DevTools Protocol): no port is opened, no host asked, nothing left behind.

Answer = dict[str, Any]

_ALONE = (
    *("--headless", "--remote-debugging-pipe", "--no-startup-window", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions"),
    *("--disable-sync", "--disable-domain-reliability", "--disable-breakpad", "--disable-crash-reporter", "--no-pings"),
    *("--metrics-recording-only", "--mute-audio", "--password-store=basic", "--use-mock-keychain", "--disable-dev-shm-usage"),
    *("--disable-gpu", "--disable-features=SpareRendererForSitePerProcess,Translate,MediaRouter,OptimizationHints"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # neither a name nor an address leads anywhere
)

_SHELL = """profile=$1; shift; exec 3<&0 4>&1 >/dev/null; "$0" "$@" --user-data-dir="$profile" </dev/null
exec 4>&-; cat >/dev/null; rm -rf "$profile" || { sleep 1; rm -rf "$profile"; }"""
"""Chromium reads orders from file 3 and answers on file 4. The shell that hands them over stays until nobody orders any more and
takes the profile away, so that it goes even where this program is killed; a second try is for who still writes there."""

_START, _GRACE = 60.0, 5.0
"""Seconds that a browser has to start, and to leave when nobody speaks to it any more."""


class BrowserError(Exception):
    """A page could not be dealt with; str() is a sentence for the reader."""


class GoneError(BrowserError):
    """The browser ended of itself, or was ended from outside."""


class Browser:
    """The near end of the pipe; orders may come from several threads."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes]) -> None:
        """Listen to a browser that has been started."""
        self._orders, self._lock, self._numbers = orders, Lock(), count(1)
        self._awaited: dict[int, tuple[str, Future[Answer]]] = {}
        self.gone = False
        Thread(target=self._listen, args=[answers], daemon=True).start()

    def call(self, method: str, session: str = "", seconds: float = 30, **params: object) -> Answer:
        """Give an order and wait for the answer.

        Raises GoneError where the browser ended, BrowserError where it refuses or does not answer in time.
        """
        order = {"method": method, "params": params} | ({"sessionId": session} if session else {})
        answer: Future[Answer] = Future()
        with self._lock:
            number = next(self._numbers)
            self._awaited[number] = session, answer
            try:
                self._orders.write(json.dumps(order | {"id": number}).encode() + b"\0")
                self._orders.flush()
            except (OSError, ValueError):
                self.gone = True
        if self.gone:
            self._drop("", GoneError(say("pdf.gone")))
        try:
            return answer.result(max(seconds, 0))
        except TimeoutError:
            raise BrowserError(say("pdf.late")) from None
        finally:
            self._awaited.pop(number, None)

    def _listen(self, answers: IO[bytes]) -> None:
        rest = b""
        with answers:
            while part := os.read(answers.fileno(), 1 << 20):
                *whole, rest = (rest + part).split(b"\0")
                for message in map(json.loads, whole):
                    self._take(message)
        self.gone = True
        self._drop("", GoneError(say("pdf.gone")))

    def _take(self, message: Answer) -> None:
        answer = self._awaited.pop(message.get("id", 0), ("", Future()))[1]
        if message.get("method") == "Inspector.targetCrashed":
            self._drop(message.get("sessionId", ""), BrowserError(say("pdf.crashed")))
        elif "error" in message:
            answer.set_exception(BrowserError(say("pdf.refused", said=message["error"]["message"])))
        elif "result" in message:
            answer.set_result(message["result"])

    def _drop(self, session: str, error: BrowserError) -> None:
        """Tell those who wait for answers of a session (empty: of any) that there will be none."""
        for number, (theirs, answer) in list(self._awaited.items()):
            if session in {"", theirs} and self._awaited.pop(number, None) is not None:
                answer.set_exception(error)


@dataclass
class Tab:
    """One tab of a browser: until when (time.monotonic) it is waited for, and how many pages it has printed."""

    browser: Browser
    target: str
    session: str
    until: float
    printed: int = 0

    def call(self, method: str, **params: object) -> Answer:
        """Give the tab an order; raises as Browser.call does."""
        return self.browser.call(method, self.session, self.until - time.monotonic(), **params)

    def close(self) -> None:
        """Close the tab, also one that hangs."""
        with suppress(BrowserError):
            self.browser.call("Target.closeTarget", targetId=self.target)


def open_tab(browser: Browser) -> Tab:
    """Open an empty tab that tells when it crashes."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    tab = Tab(browser, target, session, time.monotonic() + 30)
    tab.call("Inspector.enable")
    return tab


@contextmanager
def open_browser(program: str) -> Iterator[Browser]:
    """Start a browser with a profile of its own; in the end it is gone with all that it has started, and so is the profile.

    Raises BrowserError with its last words where it does not start.
    """
    with temporary_folder() as profile:
        process = _start(program, profile)
        assert process.stdin  # noqa: S101 - it was started with pipes
        assert process.stdout  # noqa: S101 - as above
        try:
            browser = Browser(process.stdin, process.stdout)
            try:
                browser.call("Browser.getVersion", seconds=_START)
            except BrowserError as error:
                lines = Path(profile, "said").read_text("utf-8", "replace").strip().splitlines()
                said = lines[-1] if lines else error
                raise BrowserError(say("pdf.not_started", program=program, said=said)) from error
            yield browser
        finally:
            _end(process)


def _start(program: str, profile: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "BREAKPAD_DUMP_LOCATION": str(profile)}
    with (profile / "said").open("wb") as said:
        if sys.platform == "win32":
            return _start_on_windows([program, *_ALONE, f"--user-data-dir={profile}"], environment, said)
        command = ["/bin/sh", "-c", _SHELL, program, str(profile), *_ALONE, *(() if os.geteuid() else ("--no-sandbox",))]
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
    """Close the pipe, upon which a browser leaves; what is still there after a while is killed, with all it has started."""
    with suppress(OSError, ValueError):
        process.stdin.close()  # type: ignore[union-attr]
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            for _ in range(100):  # until all of its group have left
                os.killpg(process.pid, signal.SIGKILL)
                process.poll()
                time.sleep(0.02)
    process.wait()


# What is printed on, and how: A4, and a foot that says whose card it is, its state and the sheet.

PAGE_SECONDS = 60.0
"""A page takes one or two; one that takes longer than this is given up."""

_RENEWED = 100
"""Pages after which a tab is closed and another opened, so that what a tab keeps does not add up."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")

_PLACES = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe", "Chromium/Application/chrome.exe")

_BASES = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")

_PAPER = {"width": 664, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
"""The width of A4 between its margins, as in fengqiao.js: figures are drawn once, at the size in which they are printed."""

_DRAWN = """(async () => {
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done));
  await document.fonts.ready;
  const root = document.documentElement, figures = document.querySelector(".fq-figure");
  while (figures && window.Plotly && !root.dataset.drawn) await new Promise((done) => setTimeout(done, 5));
  for (const link of document.querySelectorAll("a")) link.removeAttribute("href");
  for (const event of ["beforeprint", "afterprint"]) addEventListener(event, (one) => one.stopImmediatePropagation(), true);
  return {lang: root.lang, drawn: !figures || root.dataset.drawn === "all"};
})()"""
"""Waits for fonts and figures; these stand at their size already, so that nobody need draw them anew for paper.

A link would name the folder where the page lies while it is printed; paper has none."""

_FONTS = """((draw) => draw("警") !== draw("枫"))((word) => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.font = "40px sans-serif";
  pen.fillText(word, 20, 60);
  return canvas.toDataURL();
})"""
"""Two words that look alike are two boxes."""

_FOOT = """<div style="box-sizing:border-box;display:flex;justify-content:space-between;gap:8mm;width:100%;padding:0 17mm 2mm;
color:#39434f;font:8pt 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',SimHei,sans-serif">
<span class="title" style="min-width:0;overflow:hidden;white-space:nowrap;text-overflow:ellipsis"></span>
<span style="flex:none">NUMBERS</span></div>"""


def find_browser() -> str:
    """Find the browser that prints, and see that it starts and has Chinese letters; return its path.

    FENGQIAO_BROWSER names it, else it is looked for under the usual names and, on Windows, in the usual places.
    Raises UsageError, which says what to install or set.
    """
    program = _program()
    try:
        with open_browser(program) as browser:
            legible = open_tab(browser).call("Runtime.evaluate", expression=_FONTS)["result"]["value"]
    except BrowserError as error:
        raise UsageError("browser_fails", said=error) from error
    if not legible:
        raise UsageError("browser_fails", said=say("pdf.no_fonts"))
    return program


def _program() -> str:
    if given := os.environ.get("FENGQIAO_BROWSER"):
        found = shutil.which(given)
        if not found:
            raise UsageError("no_such_browser", given=given)
        return found
    places = [Path(os.environ[base], place) for base in _BASES if base in os.environ for place in _PLACES]
    found = next(filter(None, map(shutil.which, (*_NAMES, *map(str, places)))), None)
    if not found:
        raise UsageError("no_browser")
    return found


def print_pdfs(pages: Sequence[Path], workers: int | None = None, seconds: float = PAGE_SECONDS) -> tuple[tuple[Path, str], ...]:
    """Print pages as PDFs that lie beside them; return those that failed, in the order given, each with a sentence why.

    pages: those that draw figures need the assets of their run beside them. workers: tabs at a time, by default one a processor.
    seconds: what one page may take. A page that fails leaves no PDF, not even an older one, and stops nobody.
    Raises UsageError where there is no browser.
    """
    program = _program()
    for page in pages:
        with suppress(OSError):  # what lies in the way is told when it is its turn
            page.with_suffix(".pdf").unlink(missing_ok=True)
    workers = workers or os.cpu_count() or 1
    ended: dict[Path, BaseException | None] = {}
    left, before = list(pages), 0
    while left and len(left) != before:  # where a browser ends on the way another one goes on, unless it got nowhere
        ended |= _print_all(program, left, workers, seconds)
        left, before = [page for page in left if isinstance(ended[page], CancelledError)], len(left)
    for page in [page for page in pages if isinstance(ended[page], GoneError)]:  # whose fault it was shows when each is alone
        ended |= _print_all(program, [page], 1, seconds)
    return tuple((page, _failure_reason(error)) for page in pages if (error := ended[page]))


def _failure_reason(error: BaseException) -> str:
    """Say why a page failed; an OSError would name the file, and with it maybe an officer."""
    if isinstance(error, BrowserError):
        return str(error)
    if isinstance(error, CancelledError):
        return say("pdf.gone")
    if isinstance(error, OSError):
        return say("pdf.not_written", said=error.strerror)
    raise error


def _print_all(program: str, pages: Sequence[Path], workers: int, seconds: float) -> dict[Path, BaseException | None]:
    """Print pages with one browser, and say how each ended; CancelledError: the browser ended before the page was begun."""
    tabs: list[Tab] = []
    pool = ThreadPoolExecutor(min(workers, len(pages)))
    try:
        with open_browser(program) as browser:
            jobs = {page: pool.submit(_print, browser, tabs, page, seconds) for page in pages}
            return {page: job.exception() for page, job in jobs.items()}
    except BrowserError as error:  # it did not start
        return dict.fromkeys(pages, error)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an interrupt nobody waits for pages not begun


def _print(browser: Browser, tabs: list[Tab], page: Path, seconds: float) -> None:
    """Print one page in a tab that nobody uses; there are never more tabs than threads."""
    if browser.gone:
        raise CancelledError
    until = time.monotonic() + seconds
    try:
        tab = tabs.pop()
    except IndexError:
        tab = open_tab(browser)
    tab.until, tab.printed, good = until, tab.printed + 1, False
    try:
        write_whole(page.with_suffix(".pdf"), _pdf(tab, page))
        good = tab.printed < _RENEWED
    finally:
        if good:
            tabs.append(tab)
        else:
            tab.close()


def _pdf(tab: Tab, page: Path) -> bytes:
    tab.call("Emulation.setEmulatedMedia", media="print")
    tab.call("Emulation.setDeviceMetricsOverride", **_PAPER)
    went = tab.call("Page.navigate", url=page.resolve().as_uri())
    if wrong := went.get("errorText"):
        raise BrowserError(say("pdf.no_page", said=wrong))
    told = tab.call("Runtime.evaluate", expression=_DRAWN, awaitPromise=True, returnByValue=True)
    found = told["result"].get("value") or {}
    if not found.get("drawn"):
        raise BrowserError(say("pdf.not_drawn"))
    looks = {"preferCSSPageSize": True, "printBackground": True, "displayHeaderFooter": True, "generateTaggedPDF": False}
    printed = tab.call("Page.printToPDF", headerTemplate="<i></i>", footerTemplate=_foot(found["lang"]), **looks)
    return base64.b64decode(printed["data"])


def _foot(tag: str) -> str:
    """Write the foot of a sheet in the language of its page; the browser puts in the title and the numbers."""
    lang = next((one for one in LANGUAGES if tag.startswith(one)), None)
    words = escape(say("pdf.page_of", lang, page="{page}", pages="{pages}"))
    number = '<span class="{}"></span>'
    return _FOOT.replace("NUMBERS", words.format(page=number.format("pageNumber"), pages=number.format("totalPages")))
