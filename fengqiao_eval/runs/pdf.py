"""A PDF beside every page: one Chromium, a few tabs, A4, and a foot that says whose card it is, its state and the sheet."""

import base64
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import closing, suppress
from html import escape
from pathlib import Path
from queue import SimpleQueue

from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs.browser import Browser, BrowserError, GoneError, Tab, open_browser, open_tab
from fengqiao_eval.words import LANGUAGES, say

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
  for (const event of ["beforeprint", "afterprint"]) addEventListener(event, (one) => one.stopImmediatePropagation(), true);
  return {lang: root.lang, drawn: !figures || root.dataset.drawn === "all"};
})()"""
"""Waits for fonts and figures; these stand at their size already, so that nobody need draw them anew for paper."""
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
            _see_fonts(browser)
    except BrowserError as error:
        raise UsageError("browser_fails", said=error) from error
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


def _see_fonts(browser: Browser) -> None:
    tab = open_tab(browser)
    if not tab.call("Runtime.evaluate", expression=_FONTS)["result"]["value"]:
        raise BrowserError(say("pdf.no_fonts"))


def print_pdfs(
    pages: Sequence[Path],
    done: Callable[[Path, str | None], None] | None = None,
    workers: int | None = None,
    seconds: float = PAGE_SECONDS,
) -> tuple[tuple[Path, str], ...]:
    """Print pages as PDFs that lie beside them; return those that failed, in the order given, each with a sentence why.

    pages: those that draw figures need the assets of their run beside them.
    done: called as each page ends, with None or why it failed. workers: tabs at a time, by default one a processor.
    seconds: what one page may take. A page that fails leaves no PDF, not even an older one, and stops nobody.
    Raises UsageError where there is no browser.
    """
    failed: dict[Path, str] = {}
    program = _program()
    for page in pages:
        with suppress(OSError):  # what lies in the way is told when it is its turn
            page.with_suffix(".pdf").unlink(missing_ok=True)
    with closing(_printed(program, list(pages), workers or os.cpu_count() or 1, seconds)) as ended:
        for page, why in ended:
            failed |= {page: why} if why else {}
            if done:
                done(page, why)
    return tuple((page, failed[page]) for page in pages if page in failed)


def _printed(program: str, pages: list[Path], workers: int, seconds: float) -> Generator[tuple[Path, str | None], None, None]:
    """Print pages; where a browser ends on the way, another one goes on, and what ended with it is tried again, each alone."""
    again: list[Path] = []
    while pages:
        left: list[Path] = []
        for page, error in _sitting(program, pages, workers, seconds):
            if isinstance(error, CancelledError):
                left.append(page)
            elif isinstance(error, GoneError):
                again.append(page)
            else:
                yield page, _why(error)
        pages = left
    for page in again:
        yield from ((page, _why(error)) for page, error in _sitting(program, [page], 1, seconds))


def _why(error: BaseException | None) -> str | None:
    """Say why a page failed; an OSError would name the file, and with it maybe an officer."""
    if error is None or isinstance(error, BrowserError):
        return str(error) if error else None
    if isinstance(error, OSError):
        return say("pdf.not_written", said=error.strerror)
    raise error


def _sitting(program: str, pages: Sequence[Path], workers: int, seconds: float) -> Iterator[tuple[Path, BaseException | None]]:
    """Print pages with one browser; CancelledError: it ended before the page was begun."""
    workers = min(workers, len(pages))
    tabs: SimpleQueue[tuple[Tab, int] | None] = SimpleQueue()
    for _ in range(workers):
        tabs.put(None)
    pool = ThreadPoolExecutor(workers)
    try:
        with open_browser(program) as browser:
            jobs = {pool.submit(_print, browser, tabs, page, seconds): page for page in pages}
            yield from ((jobs[job], job.exception()) for job in as_completed(jobs))
    except BrowserError as error:  # it did not start
        yield from ((page, error) for page in pages)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an interrupt nobody waits for pages not begun


def _print(browser: Browser, tabs: "SimpleQueue[tuple[Tab, int] | None]", page: Path, seconds: float) -> None:
    if browser.gone:
        raise CancelledError
    until = time.monotonic() + seconds
    tab, used = tabs.get() or (None, 0)
    try:
        tab = tab or open_tab(browser)
        _write(page.with_suffix(".pdf"), _pdf(tab, page, until))
    except BaseException:
        used = _RENEWED
        raise
    finally:
        if tab and used >= _RENEWED:
            tab.close()
        tabs.put((tab, used + 1) if tab and used < _RENEWED else None)


def _pdf(tab: Tab, page: Path, until: float) -> bytes:
    """Print one page; `until` is when it is given up."""

    def left() -> float:
        return until - time.monotonic()

    tab.call("Emulation.setEmulatedMedia", left(), media="print")
    tab.call("Emulation.setDeviceMetricsOverride", left(), **_PAPER)
    went = tab.call("Page.navigate", left(), url=page.resolve().as_uri())
    if wrong := went.get("errorText"):
        raise BrowserError(say("pdf.no_page", said=wrong))
    told = tab.call("Runtime.evaluate", left(), expression=_DRAWN, awaitPromise=True, returnByValue=True)
    found = told["result"].get("value") or {}
    if not found.get("drawn"):
        raise BrowserError(say("pdf.not_drawn"))
    looks = {"preferCSSPageSize": True, "printBackground": True, "displayHeaderFooter": True, "generateTaggedPDF": False}
    printed = tab.call("Page.printToPDF", left(), headerTemplate="<i></i>", footerTemplate=_foot(found["lang"]), **looks)
    return base64.b64decode(printed["data"])


def _foot(tag: str) -> str:
    """Write the foot of a sheet in the language of its page; the browser puts in the title and the numbers."""
    lang = next((one for one in LANGUAGES if tag.startswith(one)), None)
    words = escape(say("pdf.page_of", lang, page="{page}", pages="{pages}"))
    number = '<span class="{}"></span>'
    return _FOOT.replace("NUMBERS", words.format(page=number.format("pageNumber"), pages=number.format("totalPages")))


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    aside = path.with_name(f".{path.name}.tmp")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
