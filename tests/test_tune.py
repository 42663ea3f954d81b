"""`fengqiao tune`: which run is tuned, the notebook it opens, and what JupyterLab is told."""

import json
import re
from pathlib import Path

import nbformat
import pytest

import test_cli
from fengqiao_eval.runs import tune
from test_cli import fengqiao

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / tune.NOTEBOOK


project, scored = test_cli.project, test_cli.scored


@pytest.fixture
def served(monkeypatch):
    """List what JupyterLab is asked to show; it is not started."""
    asked = []
    monkeypatch.setattr(tune, "serve", lambda *given, **more: asked.append((*given, more)))
    return asked


def parameters(path):
    """Read what was put into a notebook: the cell after its parameters."""
    cells = nbformat.read(path, 4).cells
    [cell] = [cell for cell in cells if "injected-parameters" in cell.metadata.get("tags", ())]
    return dict(re.findall(r"(?m)^(\w+) = \"(.*)\"$", cell.source))


@pytest.mark.usefixtures("project")
def test_a_run_that_is_not_there_is_scored_first(served):
    """The first time the records are scored; then the notebook stands beside the run, set to it, and is opened."""
    code, said, _ = fengqiao("tune", "params/q4.yaml", "--no-browser", "--port", "8890")
    assert code == 0
    assert "完成：q4（2024Q4，草稿）" in said
    assert "权重调试：runs/tune-q4.ipynb" in said
    assert parameters("runs/tune-q4.ipynb") == {"run": "q4", "lang": "zh"}
    assert served == [(Path.cwd() / "runs" / "tune-q4.ipynb", "zh", 8890, {"browser": False})]


@pytest.mark.usefixtures("scored", "served")
def test_a_run_that_is_there_is_left_alone():
    """The second time nothing is scored: what lies in the run's folder stays."""
    kept = Path("runs/q4/card.html")
    kept.write_text("a card", "utf-8")
    code, said, _ = fengqiao("tune", "params/q4.yaml")
    assert code == 0
    assert "完成" not in said
    assert kept.read_text("utf-8") == "a card"


@pytest.mark.usefixtures("project", "served")
def test_the_last_correction_of_a_final_run_is_tuned():
    """A final run is corrected by another; that one is tuned."""
    for _ in range(2):
        fengqiao("score", "params/q4.yaml", "--set", "state=final", "--fresh")
    fengqiao("tune", "params/q4.yaml")
    assert parameters("runs/tune-q4-r2.ipynb")["run"] == "q4-r2"
    for path in (*Path("runs").rglob("*"),):
        path.chmod(0o755)


@pytest.mark.usefixtures("scored")
def test_a_run_scored_from_something_else_is_not_tuned(served):
    """Another period, or a scheme written anew: the run there may hold cards, so it is neither tuned nor replaced."""
    code, _, refused = fengqiao("tune", "params/q4.yaml", "--set", "period=2024Q3")
    assert code == 2
    assert "批次 q4 已经存在，但与现在所给的不同（period、as_of）" in refused
    assert "--set out=" in refused
    Path("params/scheme.yaml").write_text(test_cli.SCHEME.replace("小方案", "新方案"), "utf-8")
    _, _, refused = fengqiao("tune", "params/q4.yaml")
    assert "（scheme）" in refused
    assert not served
    code, said, _ = fengqiao("tune", "params/q4.yaml", "--set", "out=elsewhere")
    assert code == 0
    assert "elsewhere/tune-q4.ipynb" in said


@pytest.mark.usefixtures("project", "served")
def test_faults_are_told_before_anything_is_written():
    """A params file at fault is refused as everywhere."""
    code, _, refused = fengqiao("tune", "params/q4.yaml", "--set", "lang=fr")
    assert code == 1
    assert "lang [document.value]" in refused
    assert not Path("runs").exists()


def test_jupyterlab_is_told_to_keep_to_this_machine(monkeypatch):
    """It listens on the loopback, asks for no news, no updates and no extensions, and speaks Chinese to this server only."""
    started = []

    class Lab:
        @staticmethod
        def launch_instance(words):
            [folder] = [word.partition("=")[2] for word in words if "app_settings_dir" in word]
            started.append((words, json.loads(Path(folder, "overrides.json").read_text("utf-8")), Path(folder)))

    monkeypatch.setattr("jupyterlab.labapp.LabApp", Lab)
    for lang in ("zh", "en"):
        tune.serve(Path("runs/tune-q4.ipynb"), lang, browser=False)
    (words, chinese, folder), (_, english, _) = started
    assert {"--ServerApp.ip=127.0.0.1", "--LabApp.news_url=None", "--LabApp.default_url=/lab/tree/tune-q4.ipynb"} <= set(words)
    assert chinese.pop("@jupyterlab/translation-extension:plugin") == {"locale": "zh_CN"}
    assert chinese == english == {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    assert not folder.exists()


def test_the_notebook_lists_only_what_acts():
    """The parameters cell has what the screen is opened with, each with a comment."""
    cell = next(cell for cell in nbformat.read(NOTEBOOK, 4).cells if "parameters" in cell.metadata.get("tags", ()))
    lines = [line.partition(" = ") for line in cell.source.splitlines()]
    assert {name for name, _, _ in lines} == {"run", "out", "level", "group", "period", "lang"}
    assert all("  # " in rest for _, _, rest in lines)


def test_the_notebook_keeps_no_screen():
    """Only the headline is kept in the repository: of the screen and its records nothing is stored."""
    notebook = nbformat.read(NOTEBOOK, 4)
    assert [cell.id for cell in notebook.cells if cell.get("outputs")] == ["headline_text"]
    assert "widgets" not in notebook.metadata
