"""Pictures of every kind of page at four widths, in the light and in the dark, in both languages, with a contact sheet.

Run as `python .ci/pictures.py FOLDER`; needs Chromium and playwright. What is not there yet is said and left out.
"""

import html
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
FENGQIAO = Path(sys.executable).with_name("fengqiao")
LANGUAGES, WIDTHS, THEMES = ("zh", "en"), (390, 600, 1280, 1920), ("light", "dark")
TALLEST = 16_000
"""Pixels up to which a picture is taken."""
FULL, COUNTY, CITY, OFFICER, UNSCORED = "S007", "X01", "C01", "P0001", "S008"
THIN = ("units", "postings", "surveys")
"""Tables of the run of which about 11 % of the weight can be scored: one indicator."""
BLIND = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
TOKEN = "pictures"  # noqa: S105 - of a server on this machine that lives for a minute
DRAWN = "() => !document.querySelector('.fq-figure') || document.documentElement.dataset.drawn"


FIRM = "/\\d–\\d/.test(document.querySelector('.fengqiao-tuner .list .row .range').textContent)"


def call(project: Path, *words: object) -> bool:
    """Call `fengqiao` in a project; say what it does not know yet."""
    done = subprocess.run([FENGQIAO, *map(str, words)], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"left out: fengqiao {' '.join(map(str, words))}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return not done.returncode


def make_project(project: Path) -> dict[str, Path]:
    """Make a small province and its runs; give the pages that there are, by name and language."""
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, project / part)
    call(project, "demo", "demo")
    (project / "thin").mkdir()
    for table in THIN:
        rows = pd.read_parquet(project / "demo" / f"{table}.parquet")
        kept = rows if table != "surveys" else rows[~rows["unit_id"].str.startswith(UNSCORED)]
        kept.to_parquet(project / "thin" / f"{table}.parquet")
    found: dict[str, Path] = {}
    for lang in LANGUAGES:
        found |= {f"{name}.{lang}": path for name, path in _make_pages(project, lang) if path.is_file()}
    return found


def _make_pages(project: Path, lang: str) -> Iterator[tuple[str, Path]]:
    names = {name: f"{name}_{lang}" for name in ("demo", "thin", "before")}
    for name, records, period in (("demo", "demo", "2024Q4"), ("thin", "thin", "2024Q4"), ("before", "demo", "2024Q3")):
        told = f"period: {period}\nrecords: {records}\nscheme: params/one_table.yaml\nout: runs\nlang: {lang}\n"
        (project / "params" / f"{names[name]}.yaml").write_text(told, "utf-8")
    run, thin = project / "runs" / names["demo"], project / "runs" / names["thin"]
    wanted = [f"--only={unit}" for unit in (FULL, COUNTY, CITY, OFFICER)]
    if not call(project, "run", f"params/{names['demo']}.yaml", "--short", "--public", *wanted):
        call(project, "run", f"params/{names['demo']}.yaml", *wanted)
    call(project, "score", f"params/{names['before']}.yaml")
    wanted = [f"--only={unit}" for unit in (FULL, UNSCORED)]
    if not call(project, "run", f"params/{names['thin']}.yaml", "--short", "--public", *wanted):
        call(project, "run", f"params/{names['thin']}.yaml", *wanted)
    compared, alone = project / f"compare.{lang}.html", project / f"standalone.{lang}.html"
    with _language(lang):
        call(project, "compare", project / "runs" / names["before"], run, "--out", compared)
        if not call(project, "tune", f"params/{names['demo']}.yaml", "--html", alone):
            from fengqiao_eval.tuning.payload import write_standalone  # noqa: PLC0415 - only where the command has no --html

            write_standalone(run, alone)
    yield from (("full", run / "station" / f"{FULL}.html"), ("unscored", thin / "station" / f"{UNSCORED}.html"))
    yield from (("thin", thin / "station" / f"{FULL}.html"), ("county", run / "county" / f"{COUNTY}.html"))
    yield from (("city", run / "city" / f"{CITY}.html"), ("officer", run / "officer" / f"{OFFICER}.html"))
    yield from (("screen", run / "index.html"), ("screen_thin", thin / "index.html"), ("overview", run / "overview.html"))
    yield from (("officers", run / "officer" / "index.html"), ("read", run / "read.html"))
    yield from (("compare", compared), ("standalone", alone))
    yield from (("short", run / "station" / f"{FULL}.short.html"), ("short_officer", run / "officer" / f"{OFFICER}.short.html"))
    yield from (("public", run / "public.html"), ("public_thin", thin / "public.html"))
    yield ("short_unscored", thin / "station" / f"{UNSCORED}.short.html")


@contextmanager
def _language(lang: str) -> Iterator[None]:
    before = os.environ.get("FENGQIAO_LANG")
    os.environ["FENGQIAO_LANG"] = lang
    try:
        yield
    finally:
        os.environ.pop("FENGQIAO_LANG")
        if before is not None:
            os.environ["FENGQIAO_LANG"] = before


def shoot_pages(browser: Any, pages: dict[str, Path], target: Path) -> Iterator[str]:
    """Take a picture of each page at each width in each theme; give the names of the pictures."""
    for theme in THEMES:
        context = browser.new_context(offline=True, color_scheme=theme)
        tab = context.new_page()
        for name, path in pages.items():
            tab.goto(path.as_uri())
            tab.wait_for_function(DRAWN)
            for width in WIDTHS:
                tab.set_viewport_size({"width": width, "height": 900})
                tab.wait_for_timeout(250)
                yield _shoot(tab, target, f"{name}.{width}.{theme}")
        context.close()


def _shoot(tab: Any, target: Path, name: str, *, whole: bool = True) -> str:
    tall = min(TALLEST, tab.evaluate("document.documentElement.scrollHeight")) if whole else 0
    clip = {"clip": {"x": 0, "y": 0, "width": tab.viewport_size["width"], "height": tall}} if whole else {}
    tab.screenshot(path=target / f"{name}.png", full_page=whole, **clip)
    return name


def shoot_tuner(browser: Any, project: Path, target: Path) -> Iterator[str]:
    """Take pictures of the tuning screen as `fengqiao tune` opens it and with a weight moved, in JupyterLab and its themes."""
    exposed = {"LabApp": {"expose_app_in_browser": True}}
    (project / ".jupyter").mkdir(exist_ok=True)
    (project / ".jupyter" / "jupyter_server_config.json").write_text(json.dumps(exposed), "utf-8")
    for lang in LANGUAGES:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = {"HOME": str(project), "JUPYTER_RUNTIME_DIR": str(project / "runtime"), "JUPYTER_TOKEN": TOKEN}
        words = [str(FENGQIAO), "tune", f"params/demo_{lang}.yaml", "--no-browser", f"--port={port}"]
        with (project / "tune.log").open("w") as log:
            server = subprocess.Popen(words, cwd=project, stdout=log, stderr=log, env={**os.environ, **home})
            try:
                yield from _shoot_lab(browser, f"http://127.0.0.1:{port}", lang, target)
            finally:
                server.send_signal(signal.SIGINT)
                try:
                    server.wait(60)
                except subprocess.TimeoutExpired:  # a machine with other work on it; pictures are all that is asked here
                    server.kill()


def _shoot_lab(browser: Any, address: str, lang: str, target: Path) -> Iterator[str]:
    for _ in range(120):
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2).read()  # noqa: S310 - the loopback
            break
        time.sleep(0.5)
    context = browser.new_context(locale="zh-CN" if lang == "zh" else "en-GB", viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.goto(f"{address}/lab/tree/tune-demo_{lang}.ipynb?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")  # the notebook runs by itself
    tab.wait_for_selector(".fengqiao-tuner .row .name", timeout=120_000)
    for name, steps in (("tuner", 0), ("tuner_moved", 2)):
        for _ in range(steps):
            tab.locator(".fengqiao-tuner .weights > .nodes > li > .slide input").last.press("Shift+ArrowRight")
        tab.wait_for_function(FIRM, timeout=60_000)
        for theme in THEMES:
            chosen = f"JupyterLab {theme.capitalize()}"
            tab.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{chosen}'}})")
            tab.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")
            for width in WIDTHS:
                tab.set_viewport_size({"width": width, "height": 900})
                tab.wait_for_timeout(600)
                yield _shoot(tab, target, f"{name}.{lang}.{width}.{theme}", whole=False)
    context.close()


def write_sheet(target: Path, pictures: list[str]) -> Path:
    """Write the contact sheet: every picture small, a link to it large; a kind of page and language a row."""
    rows: dict[str, list[str]] = {}
    for name in pictures:
        rows.setdefault(".".join(name.split(".")[:2]), []).append(name)
    body = "".join(
        f"<h2>{html.escape(row)}</h2><div>"
        + "".join(
            f'<a href="{name}.png"><img loading="lazy" src="{name}.png" alt=""><br>{".".join(name.split(".")[2:])}</a>'
            for name in names
        )
        + "</div>"
        for row, names in rows.items()
    )
    style = "body{font:14px sans-serif}div{display:flex;gap:8px;overflow-x:auto}img{height:260px;border:1px solid #888}"
    path = target / "index.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><title>Pictures</title><style>{style}</style>{body}', "utf-8")
    return path


def main(target: Path, only: str = "") -> None:
    """Make the pictures of all kinds of pages, or of those whose names begin so."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - told where it is missing
    except ImportError:
        sys.exit("playwright is needed: make setup-test")
    program = shutil.which("chromium") or sys.exit("Chromium is needed: apt install chromium fonts-noto-cjk")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as made:
        project = Path(made)
        pages = {name: path for name, path in make_project(project).items() if name.startswith(only)}
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=program, args=[*BLIND])
            taken = list(shoot_pages(browser, pages, target))
            try:
                taken += shoot_tuner(browser, project, target) if "tuner".startswith(only) else ()
            except Error as error:
                print(f"left out: the tuner in JupyterLab: {error}")
            browser.close()
    print(f"{len(taken)} pictures: {write_sheet(target, taken)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "pictures.tmp"), *sys.argv[2:3])
