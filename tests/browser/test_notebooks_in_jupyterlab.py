"""Every shipped notebook, and two kept beside cards, opened in a real JupyterLab and run from top to bottom, network cut."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fengqiao_eval.pages.charts import FIGURE
from fengqiao_eval.pages.page import page
from fengqiao_eval.results.run import open_run
from jupyterlab_page import RUN_ALL, SAVE
from legible import CONTRAST
from shared import shipped

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = [path.name for path in shipped("notebooks/*.ipynb")]
CARDS = {"station": "S007", "officer": "P0001"}
TOKEN = "test"  # noqa: S105 - of a server on this machine that lives for a minute


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project of its own: notebooks, params, an invented province, its scores, and two cards with their notebooks."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    cards = [f"--only={unit}" for unit in CARDS.values()]
    for words in (["demo", "demo"], ["run", "params/demo.yaml", "--notebooks", *cards]):
        subprocess.run([Path(sys.executable).with_name("fengqiao"), *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def lab(project, free_port, await_server):
    """Start JupyterLab on the loopback as `make lab` does, and give its address."""
    port = free_port()
    words = [
        "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.root_dir=.", "--LabApp.expose_app_in_browser=True", "--KernelManager.transport=ipc",
        "--LabApp.news_url=None",
    ]  # fmt: skip
    log = (project / "lab.log").open("w")
    home = {**os.environ, "HOME": str(project), "JUPYTER_RUNTIME_DIR": str(project / "runtime")}
    server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *words], cwd=project, stdout=log, stderr=log, env=home)
    address = f"http://127.0.0.1:{port}"
    await_server(f"{address}/api?token={TOKEN}")
    yield address
    server.terminate()
    server.wait(20)
    log.close()


def drawn(tab):
    """Scroll through a notebook until a figure comes into view as a drawing."""
    tab.locator(".jp-Notebook").first.hover()
    for _ in range(40):
        if tab.locator(".jp-OutputArea-output .main-svg").count():
            return True
        tab.mouse.wheel(0, 600)
        tab.wait_for_timeout(250)
    return False


def poor_in(tab):
    """Scroll through a notebook, whose cells stand there only while they are seen, and list what of ours is not legible."""
    poor = set()
    tab.locator(".jp-Notebook").first.hover()
    tab.mouse.wheel(0, -100_000)
    for _ in range(40):
        tab.wait_for_timeout(100)
        poor |= set(tab.evaluate(CONTRAST, ".fq *"))
        tab.mouse.wheel(0, 700)
    return poor


STYLED = ("station_scorecard.ipynb", "officer_scorecard.ipynb")
"""Notebooks that show parts of a card, whose sheet draws figures in the dark; the others have it from `fengqiao lab`."""

PALE = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((figure) => {
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map((one) => { const c = one / 255;
    return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const paper = light(getComputedStyle(figure.querySelector('.main-svg')).backgroundColor);
  const poor = [...figure.querySelectorAll('text')].filter((one) => one.textContent
    && (light(getComputedStyle(one).fill) + .05) / (paper + .05) < 4.5);
  return [...(paper > .1 ? ['white paper'] : []), ...poor.map((one) => one.textContent)];
})"""
"""What of the figures in view is not legible on dark paper, or stands on white."""


def pale_in(tab):
    """Scroll through a notebook and list what of its figures is not drawn for the dark."""
    pale, seen = set(), 0
    tab.locator(".jp-Notebook").first.hover()
    tab.mouse.wheel(0, -100_000)
    for _ in range(40):
        tab.wait_for_timeout(100)
        seen += tab.locator(".js-plotly-plot .main-svg").count()
        pale |= set(tab.evaluate(PALE)) if seen else set()
        tab.mouse.wheel(0, 700)
    assert seen
    return pale


def run_by_hand(tab, lab, project, path):
    """Open a notebook, run it from top to bottom, save it; give it as saved."""
    tab.goto(f"{lab}/lab/tree/{path}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    tab.evaluate(RUN_ALL)
    tab.evaluate(SAVE)
    return json.loads((project / path).read_text("utf-8"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_all_cells_in_jupyterlab(lab, browser, project, name):
    """No cell fails, every code cell has run, figures are drawn, no other host is asked; ours is legible in the dark."""
    tab, asked = browser.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    saved = run_by_hand(tab, lab, project, f"notebooks/{name}")
    cells = [cell for cell in saved["cells"] if cell["cell_type"] == "code"]
    assert [o["evalue"] for cell in cells for o in cell["outputs"] if o["output_type"] == "error"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    figures = [o for cell in cells for o in cell["outputs"] if FIGURE in o.get("data", {})]
    assert drawn(tab) or not figures
    assert [url for url in asked if not url.startswith((lab, lab.replace("http", "ws"), "data:", "blob:"))] == []
    tab.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    tab.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    assert poor_in(tab) == set()
    if figures and name in STYLED:
        assert pale_in(tab) == set()
    tab.close()


@pytest.mark.parametrize("level", CARDS)
def test_a_card_run_again_by_hand_is_the_same_card(lab, browser, project, level):
    """The notebook kept beside a card, run again where it lies, makes the same page; only that JupyterLab saves 25.0 as 25."""
    tab, run, unit = browser.new_page(), project / "runs" / "demo", CARDS[level]
    before = json.loads((run / level / f"{unit}.ipynb").read_text("utf-8"))
    saved = run_by_hand(tab, lab, project, f"runs/demo/{level}/{unit}.ipynb")
    assert saved != before, "the notebook was not saved anew"
    pages = page(saved, open_run(run), unit), (run / level / f"{unit}.html").read_text("utf-8")
    assert len({re.sub(r"(?<=\d)\.0(?=[,\]}])", "", text) for text in pages}) == 1
    tab.close()
