"""Every shipped notebook opened in a real JupyterLab and run from top to bottom, with the network cut."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fengqiao_eval.scorecards.drawing import FIGURE

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
RUN_AND_SAVE = """async () => {
    const {shell, commands} = window.jupyterapp;
    await shell.currentWidget.context.ready;
    await shell.currentWidget.sessionContext.ready;
    await shell.currentWidget.sessionContext.session.kernel.info;
    await commands.execute('notebook:run-all-cells');
    await commands.execute('docmanager:save');
}"""
TOKEN = "test"  # noqa: S105 - of a server on this machine that lives for a minute


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project of its own: notebooks, params, an invented province, its scores."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    for words in (["demo", "demo"], ["score", "params/demo.yaml"]):
        subprocess.run([Path(sys.executable).with_name("fengqiao"), *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def lab(project, free_port, await_server):
    """Start JupyterLab on the loopback as `make lab` does, and give its address."""
    port = free_port()
    words = [
        "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.root_dir=notebooks", "--LabApp.expose_app_in_browser=True", "--KernelManager.transport=ipc",
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


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_all_cells_in_jupyterlab(lab, browser, project, name):
    """Opened and run from top to bottom: no cell fails, every code cell has run, figures are drawn, no other host is asked."""
    tab, asked = browser.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    tab.evaluate(RUN_AND_SAVE)
    saved = json.loads((project / "notebooks" / name).read_text("utf-8"))
    cells = [cell for cell in saved["cells"] if cell["cell_type"] == "code"]
    assert [o["evalue"] for cell in cells for o in cell["outputs"] if o["output_type"] == "error"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    figures = [o for cell in cells for o in cell["outputs"] if FIGURE in o.get("data", {})]
    assert drawn(tab) or not figures
    assert [url for url in asked if not url.startswith((lab, lab.replace("http", "ws"), "data:", "blob:"))] == []
    tab.close()
