"""PDFs as they are: paper, words, fonts and feet; who is asked, what fails alone, and what is left behind (nothing)."""

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress

import pytest

from fengqiao_eval.engine.pdf import BrowserError, find_browser, open_browser, open_tab, print_pdfs
from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import write_whole
from fengqiao_eval.pages.page import write_assets
from fengqiao_eval.results.card import card
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN, write
from test_page import made

pytestmark = pytest.mark.browser
CARDS = {
    f"station/{OWN}": ("zh", OWN),
    "station/S001": ("zh", "S001"),
    f"station/{OWN}.en": ("en", OWN),
    "officer/P0002": ("zh", "P0002"),
}
PLAIN = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title><p>一二三</p>{rest}'
SENT = {"TCP_CONNECT_ATTEMPT", "SOCKET_BYTES_SENT", "UDP_BYTES_SENT", "DNS_TRANSACTION", "HOST_RESOLVER_SYSTEM_TASK"}
"""What Chromium's own log of the network calls whatever goes to another program or machine, a look-up of a name included."""
ENDLESS = "<script>setTimeout(() => { for (;;); })</script>"


@pytest.fixture(scope="module")
def tools(need):
    """Give a function that has a tool of poppler read a PDF."""

    def read(tool, *args):
        return subprocess.run([need(tool), *map(str, args)], capture_output=True, text=True, check=True).stdout

    return read


@pytest.fixture(scope="module")
def printed(tmp_path_factory, need):
    """Write a run with the pages of two stations and an officer, and print them on two tabs."""
    need("chromium")
    run = open_run(write(tmp_path_factory.mktemp("runs") / "demo"))
    write_assets(run.path / "assets")
    for name, (lang, unit) in CARDS.items():
        page = run.path / f"{name}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(made(run, unit, lang), "utf-8")
    assert print_pdfs([run.path / f"{name}.html" for name in CARDS], workers=2) == ()
    return run.path


@pytest.fixture
def plain(tmp_path):
    """Give a function that writes a page of a few words."""

    def write_page(name, title="页", rest=""):
        path = tmp_path / f"{name}.html"
        path.write_text(PLAIN.format(title=title, rest=rest), "utf-8")
        return path

    return write_page


@pytest.fixture
def watched(tmp_path, need, monkeypatch):
    """Have a browser write down its number and group and whatever it asks of a network; all profiles are in one folder."""
    (tmp_path / "profiles").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "profiles"))
    program = tmp_path / "browser"
    log = f'--log-net-log="{tmp_path}/net-$$"'
    program.write_text(
        f'#!/bin/sh\necho $$ $(ps -o pgid= $$) >> "{tmp_path}/started"\nexec {need("chromium")} {log} "$@"\n', "utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("FENGQIAO_BROWSER", str(program))
    return tmp_path


def started(folder):
    """List the browsers started so far, each with its process group."""
    path = folder / "started"
    return [tuple(map(int, line.split())) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def running(folder):
    """List what is still there of the browsers started: their whole process groups, zombies left out."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    alive = {int(group) for group, state in map(str.split, listing.splitlines()) if not state.startswith("Z")}
    return alive & {group for _, group in started(folder)}


def until(happened):
    """Wait for something that happens within seconds."""
    for _ in range(300):
        if happened():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("name", CARDS)
def test_a_pdf_is_a4_and_small(printed, tools, name):
    """Every sheet is A4; a card takes less than 600 KB even where its Chinese font can only be drawn (CFF), as Noto is."""
    pdf = printed / f"{name}.pdf"
    assert "(A4)" in tools("pdfinfo", pdf)
    assert 30_000 < pdf.stat().st_size < 600_000


@pytest.mark.parametrize("name", CARDS)
def test_words_can_be_searched(printed, tools, name):
    """The name of the unit, its id and its total can be found in the text, and every font is in the file."""
    lang, unit = CARDS[name]
    of = card(open_run(printed), unit, lang)
    text = tools("pdftotext", printed / f"{name}.pdf", "-")
    assert all(word in text for word in (of.identity.name, unit, f"{of.standing.total:.2f}"))
    fonts = tools("pdffonts", printed / f"{name}.pdf").splitlines()[2:]
    assert fonts
    assert all(re.search(r" yes (yes|no ) (yes|no )", line) for line in fonts)


@pytest.mark.parametrize(
    ("name", "state", "numbers"),
    [(f"station/{OWN}", "草稿", "第 {} 页，共 {} 页"), (f"station/{OWN}.en", "Draft", "page {} of {}")],
)
def test_every_sheet_says_its_state_and_number(printed, tools, name, state, numbers):
    """Every sheet says at its head and foot that it is a draft, and which of how many it is, in the language of the page."""
    sheets = tools("pdftotext", "-layout", printed / f"{name}.pdf", "-").split("\f")[:-1]
    feet = [sheet.strip().splitlines()[-1] for sheet in sheets]
    assert len(sheets) > 2
    assert all(numbers.format(n, len(sheets)) in foot for n, foot in enumerate(feet, 1))
    assert all(state in foot for foot in feet)
    assert all(state in sheet.strip().splitlines()[0] for sheet in sheets)


def test_a_long_table_repeats_its_head(printed, tools):
    """The table of indicators goes over several sheets, and has its head on each of them."""
    sheets = tools("pdftotext", "-layout", printed / f"station/{OWN}.pdf", "-").split("\f")
    held = [sheet for sheet in sheets if re.search(r"\d ?／ ?\d", sheet)]
    assert len(held) > 1
    assert all(re.search(r"指标 +分子", sheet) for sheet in held)


def test_a_pdf_lies_beside_its_page(printed):
    """PDFs of officers lie in officer/ only, and nothing unfinished is left anywhere."""
    made_here = {str(path.relative_to(printed).with_suffix("")) for path in printed.rglob("*.pdf")}
    assert made_here == set(CARDS)
    assert not list(printed.rglob("*.tmp"))


def test_hostile_names_stay_names(plain, tools):
    """Signs in the name of a file or in a title do no harm, and stand in the foot as they are written."""
    pages = [plain("=cmd() 中文 #1 %41 &?", "</title><title>"), plain("b", "&lt;img src=x onerror=alert(1)&gt; " + "长" * 200)]
    assert print_pdfs(pages) == ()
    foot = tools("pdftotext", "-layout", pages[1].with_suffix(".pdf"), "-")
    assert "<img src=x onerror=alert(1)>" in foot
    assert "第 1 页，共 1 页" in foot


def test_no_host_is_asked(plain, watched):
    """A page that wants pictures, scripts and frames of any host gets none: nobody is called, no name is looked up."""
    called = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.RequestHandlerClass.do_GET = lambda handler: called.append(handler.path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hosts = [f"http://127.0.0.1:{server.server_port}", f"http://localhost:{server.server_port}", "https://a.example"]
    tags = "".join(f'<img src="{h}/i"><script src="{h}/s"></script><iframe src="{h}/f"></iframe>' for h in hosts)
    asked = plain("asking", rest=tags + f"<script>fetch('{hosts[0]}/x').catch(() => 0)</script>")
    assert print_pdfs([asked]) == ()
    server.shutdown()
    server.server_close()
    log = json.loads(next(watched.glob("net-*")).read_text("utf-8"))
    names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    happened = {names[event["type"]] for event in log["events"]}
    assert called == []
    assert "URL_REQUEST_START_JOB" in happened  # the page, and a browser's own habits, want things
    assert set(names.values()) >= SENT
    assert happened & SENT == set()


def test_a_page_that_never_ends_fails_alone(plain, watched):
    """A page that hangs is given up in its time; pages before, beside and after it are printed, and nothing is left behind."""
    pages = [plain("a"), plain("hangs", rest=ENDLESS), plain("b"), plain("c")]
    assert print_pdfs(pages, workers=2, seconds=15) == ((pages[1], "页面在时限内没有画完"),)
    assert [page.with_suffix(".pdf").exists() for page in pages] == [True, False, True, True]
    assert len(started(watched)) == 1
    assert running(watched) == set()
    assert list((watched / "profiles").iterdir()) == []


def test_a_tab_that_crashes_says_so(need):
    """A tab that crashes is told at once, and the next tab works."""
    with open_browser(need("chromium")) as browser:
        with pytest.raises(BrowserError, match="页面在浏览器中崩溃"):
            open_tab(browser).call("Page.crash")
        assert open_tab(browser).call("Runtime.evaluate", expression="1 + 1")["result"]["value"] == 2


def test_another_browser_goes_on(plain, watched, monkeypatch):
    """A browser that is killed on the way is replaced, and every page is printed all the same."""
    pages = [plain(f"p{n}") for n in range(6)]

    def kill(path, content):
        write_whole(path, content)
        if len(started(watched)) == 1:
            with suppress(ProcessLookupError):
                os.kill(started(watched)[0][0], signal.SIGKILL)

    monkeypatch.setattr("fengqiao_eval.engine.pdf.write_whole", kill)
    assert print_pdfs(pages, workers=2) == ()
    assert all(page.with_suffix(".pdf").read_bytes().startswith(b"%PDF") for page in pages)
    assert len(started(watched)) > 1
    assert until(lambda: not running(watched))


def test_a_browser_that_always_ends_is_given_up(plain, tmp_path, monkeypatch):
    """A browser that starts and ends at once, however often, is told of every page; nobody tries for ever."""
    program = tmp_path / "browser"
    program.write_text("""#!/bin/sh\nhead -c 20 <&3 >/dev/null\nprintf '{"id": 1, "result": {}}\\0' >&4\n""", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("FENGQIAO_BROWSER", str(program))
    pages = [plain(f"p{n}") for n in range(3)]
    assert print_pdfs(pages, workers=2) == tuple((page, "浏览器中途退出") for page in pages)


def test_an_interrupt_ends_it_at_once(plain, watched, monkeypatch):
    """Where somebody interrupts, what is not begun is not printed, and no browser is left."""
    pages = [plain(f"p{n}") for n in range(40)]

    def interrupt(path, content):
        write_whole(path, content)
        if path == pages[0].with_suffix(".pdf"):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("fengqiao_eval.engine.pdf.write_whole", interrupt)
    with pytest.raises(KeyboardInterrupt):
        print_pdfs(pages, workers=1)
    assert len(list(watched.glob("*.pdf"))) < len(pages) / 2
    assert running(watched) == set()


def test_who_is_killed_leaves_no_browser(plain, watched):
    """Where the program itself is killed, its browser leaves too, and its profile goes."""
    code = (
        "import sys, pathlib, tempfile; from fengqiao_eval.engine.pdf import print_pdfs; page, tempfile.tempdir = sys.argv[1:]; "
    )
    code += "print_pdfs([pathlib.Path(page)])"  # TMPDIR would be too long for a socket of the browser
    program = subprocess.Popen([sys.executable, "-c", code, plain("hangs", rest=ENDLESS), watched / "profiles"])
    assert until(lambda: running(watched))
    program.kill()
    program.wait()
    assert until(lambda: not running(watched))
    assert until(lambda: not list((watched / "profiles").iterdir()))  # its keeper sweeps after the browser has ended


def test_figures_that_cannot_be_drawn_make_no_pdf(printed, tmp_path):
    """A page whose assets are missing is told and leaves no PDF, not even an older one."""
    page = tmp_path / "S.html"
    page.write_text((printed / f"station/{OWN}.html").read_text("utf-8"), "utf-8")
    page.with_suffix(".pdf").write_bytes(b"%PDF older")
    assert print_pdfs([page]) == ((page, "图形未能绘制；请看 assets 文件夹是否完整"),)
    assert not page.with_suffix(".pdf").exists()


def test_what_cannot_be_read_or_written_is_told_without_its_place(plain, tmp_path, monkeypatch):
    """A page that is gone, and a PDF that cannot be written, are told in words that name no file."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    gone, taken = tmp_path / "gone.html", plain("taken")
    (tmp_path / ".taken.pdf.tmp").mkdir()
    failed = dict(print_pdfs([gone, taken]))
    assert failed[gone] == "the page cannot be opened (net::ERR_FILE_NOT_FOUND)"
    assert re.fullmatch(r"the PDF could not be written \([\w ]+\)", failed[taken])


def test_no_browser_is_told_before_anything_else(tmp_path, monkeypatch):
    """Without a browser, or with one that is not where it is said to be, the words say what to install or to set."""
    monkeypatch.delenv("FENGQIAO_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"--pdf 需要浏览器 Chromium.*apt install chromium fonts-noto-cjk.*FENGQIAO_BROWSER"):
        find_browser()
    monkeypatch.setenv("FENGQIAO_BROWSER", "nothing/here")
    with pytest.raises(UsageError, match="FENGQIAO_BROWSER 写的是 nothing/here，那里没有可以运行的程序"):
        find_browser()


def test_a_browser_that_does_not_start_says_why(tmp_path, monkeypatch):
    """The last words of a browser that does not start are quoted; pages given to it fail at once, with the same words."""
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\necho missing libnss3.so >&2\nexit 127\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("FENGQIAO_BROWSER", str(program))
    with pytest.raises(UsageError, match=r"--pdf 无法进行：浏览器 .*browser 未能启动：missing libnss3\.so"):
        find_browser()
    pages = [tmp_path / f"{n}.html" for n in range(1000)]
    assert [page for page, why in print_pdfs(pages) if "libnss3" in why] == pages


def test_boxes_for_words_are_found_out(need, tmp_path, monkeypatch):
    """On a machine without a Chinese font nothing is printed: it would be boxes."""
    need("chromium")
    (tmp_path / "fonts.conf").write_text(
        f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", "utf-8"
    )
    assert find_browser()
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    with pytest.raises(UsageError, match=r"本机没有中文字体.*apt install fonts-noto-cjk"):
        find_browser()
