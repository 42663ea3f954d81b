"""`make lab` and `fengqiao tune` as a user meets them: copies are edited and saved by themselves, the templates stay."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from fengqiao_eval.runs.templates import WORK, cell_prints
from jupyterlab_page import RUN_ALL
from shared import ROOT, shipped

pytestmark = pytest.mark.browser
FENGQIAO = Path(sys.executable).with_name("fengqiao")
TEMPLATES = [path.name for path in shipped("notebooks/*.ipynb")]
SCREEN = ".fengqiao-tuner .row .name"
HOME = "home_of_somebody_with_a_long_name"
TOKEN = "test"  # noqa: S105 - of a server on this machine that lives for a minute
RUN = ["run", "params/demo.yaml", "--only", "S007", "--only", "P0001", "--quiet"]
WRITE = """(words) => {
    const {sharedModel} = window.jupyterapp.shell.currentWidget.content.model;
    if (!sharedModel.cells.some((cell) => cell.source === '1 + 1')) sharedModel.addCell({cell_type: 'code', source: '1 + 1'});
    sharedModel.cells[0].setSource(words);
}"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project under version control: notebooks, params, an invented province, two cards; its user's own home."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(ROOT / ".gitignore", folder)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "as shipped"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    for words in (["demo", "demo"], RUN):
        subprocess.run([FENGQIAO, *words], cwd=folder, check=True, capture_output=True)
    settings = folder / HOME / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "docmanager-extension"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text('{"autosaveInterval": 2}', "utf-8")
    (folder / ".git" / "info" / "exclude").write_text(f"{HOME}\n", "utf-8")
    return folder


@pytest.fixture
def command(project, free_port, await_server, tmp_path):
    """Give a function that starts a command which opens JupyterLab, and gives its address; all are stopped in the end."""
    started = []

    def start(*words):
        port = free_port()
        home = project / HOME
        config = home / ".jupyter"
        (config / "jupyter_server_config.json").write_text(
            f'{{"IdentityProvider": {{"token": "{TOKEN}"}}, "LabApp": {{"expose_app_in_browser": true}}}}', "utf-8"
        )
        # the usual runtime folder of so long a home is too long for a kernel's sockets
        env = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(config)}
        with (tmp_path / "lab.log").open("w") as log:
            words = [FENGQIAO, *words, "--no-browser", "--port", str(port)]
            server = subprocess.Popen(words, cwd=project, stdout=log, stderr=log, env=env)
        started.append(server)
        await_server(f"http://127.0.0.1:{port}/api?token={TOKEN}")
        return f"http://127.0.0.1:{port}"

    yield start
    for server in started:
        server.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):  # it first shuts its kernels down
            server.wait(60)
        server.kill()
        server.wait()


def edit(tab, address, path, *, runs_by_itself=False):
    """Open a notebook, run it where it does not run by itself, write into it, and wait until JupyterLab has saved it."""
    tab.goto(f"{address}/lab/tree/{path.name}?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Notebook .jp-CodeCell")
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    if runs_by_itself:
        tab.wait_for_selector(SCREEN)
    else:
        tab.evaluate(RUN_ALL)
    for number in range(60):  # what is written just while a save ends is saved only after the next letter
        tab.evaluate(WRITE, f"# 我的一页 {number}")
        tab.wait_for_timeout(3000)
        if "# 我的一页" in (saved := path.read_text("utf-8")) and '"1 + 1"' in saved:
            return
    pytest.fail(f"{path.name} was not saved by itself")


def git_status(project):
    """Say what git finds changed or new."""
    return subprocess.run(["git", "status", "--porcelain"], cwd=project, check=True, capture_output=True, text=True).stdout


def cards(project):
    """Read the pages of the run."""
    return {path.name: path.read_bytes() for path in (project / "runs" / "demo").rglob("*.html") if path.name != "index.html"}


def test_copies_are_edited_and_saved_and_the_next_run_prints_the_same_cards(project, command, browser):
    """Five templates and the tuning notebook, edited and saved by themselves: git finds nothing, the cards are the same."""
    before = cards(project)
    address, tab = command("lab"), browser.new_page()
    tab.set_default_timeout(120_000)
    for name in TEMPLATES:
        edit(tab, address, project / WORK / name)
    address = command("tune", "params/demo.yaml")
    edit(tab, address, project / WORK / "tune-demo.ipynb", runs_by_itself=True)
    tab.close()
    assert git_status(project) == ""
    subprocess.run([FENGQIAO, *RUN, "--fresh"], cwd=project, check=True, capture_output=True)
    assert before
    assert cards(project) == before


def test_the_first_page_is_chinese_and_makes_a_fresh_notebook(project, command, browser):
    """In Chinese, without the tab of extensions; a click on a template writes a new copy beside the others and opens it."""
    tab, asked = browser.new_page(), []
    tab.set_default_timeout(120_000)
    tab.on("request", lambda request: asked.append(request.url))
    address = command("lab")
    tab.goto(f"{address}/lab?token={TOKEN}&reset")
    tab.wait_for_selector(".jp-Launcher-section")
    assert "从模板新建" in tab.locator(".jp-Launcher").inner_text()
    assert tab.locator('[data-id="extensionmanager.main-view"]').count() == 0
    assert "文件" in tab.locator(".jp-MenuBar, .lm-MenuBar").first.inner_text()
    for number in (2, 3):
        tab.goto(f"{address}/lab?token={TOKEN}&reset")
        tab.locator(".jp-LauncherCard", has_text="单位计分卡").click(timeout=60_000)
        tab.wait_for_selector(".jp-Notebook .jp-CodeCell")
        assert (project / WORK / f"station_scorecard-{number}.ipynb").is_file()
    fresh = cell_prints(project / WORK / "station_scorecard-2.ipynb")
    assert fresh == cell_prints(project / "notebooks" / "station_scorecard.ipynb")
    assert [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))] == []
    tab.close()
