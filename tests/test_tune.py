"""`fengqiao tune`: which run is tuned, and the copy of its notebook that is opened."""

import re
import socket
from pathlib import Path

import nbformat
import pytest

import test_cli
from fengqiao_eval.runs import lab
from test_cli import fengqiao

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / lab.NOTEBOOK


project, scored = test_cli.project, test_cli.scored


@pytest.fixture
def served(monkeypatch):
    """List what JupyterLab is asked to show; it is not started."""
    asked = []
    monkeypatch.setattr(lab, "serve", lambda *given, **more: asked.append((*given, more)))
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
    assert "权重调试：my_notebooks/tune-q4.ipynb" in said
    assert parameters("my_notebooks/tune-q4.ipynb") == {"run": "../runs/q4", "lang": "zh"}
    folder = Path.cwd() / "my_notebooks"
    assert served == [(folder, NOTEBOOK.parent, Path.cwd() / "runs", "zh", 8890, "tune-q4.ipynb", {"browser": False})]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("scored", "served")
def test_a_copy_keeps_its_cells_and_is_set_to_the_run_again():
    """What its user wrote stays; only the run is named anew, and old outputs go."""
    fengqiao("tune", "params/q4.yaml")
    path = Path("my_notebooks/tune-q4.ipynb")
    written = nbformat.read(path, 4)
    written.cells.append(nbformat.v4.new_code_cell("1 + 1", outputs=[nbformat.v4.new_output("stream", text="2")]))
    nbformat.write(written, path)
    fengqiao("tune", "params/q4.yaml", "--set", "out=elsewhere")
    kept = nbformat.read(path, 4)
    assert (kept.cells[-1].source, kept.cells[-1].outputs) == ("1 + 1", [])
    assert len(kept.cells) == len(written.cells)
    assert parameters(path)["run"] == "../elsewhere/q4"


@pytest.mark.usefixtures("scored", "served")
def test_a_run_that_is_there_is_left_alone():
    """The second time nothing is scored: what lies in the run's folder stays."""
    kept = Path("runs/q4/card.html")
    kept.write_text("a card", "utf-8")
    code, said, _ = fengqiao("tune", "params/q4.yaml")
    assert code == 0
    assert "完成" not in said
    assert kept.read_text("utf-8") == "a card"


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_copy_that_is_damaged_is_refused_in_a_sentence(served, text):
    """It is named, and left as it is."""
    Path("my_notebooks").mkdir(0o700)
    Path("my_notebooks/tune-q4.ipynb").write_text(text, "utf-8")
    code, _, refused = fengqiao("tune", "params/q4.yaml")
    assert code == 2
    assert "my_notebooks/tune-q4.ipynb 不是笔记本" in refused
    assert Path("my_notebooks/tune-q4.ipynb").read_text("utf-8") == text
    assert not served


@pytest.mark.usefixtures("scored")
def test_the_first_view_and_the_language_are_as_asked(served):
    """--level and --period become parameters of the notebook; lang is that of the command, and so is the prose of a new copy."""
    fengqiao("tune", "params/q4.yaml", "--level", "station", "--period", "2024Q4", "--set", "lang=en")
    path = Path("my_notebooks/tune-q4.ipynb")
    assert parameters(path) == {"run": "../runs/q4", "lang": "en", "level": "station", "period": "2024Q4"}
    assert nbformat.read(path, 4).cells[0].source.startswith("# Tuning weights")
    assert served[0][3] == "en"


@pytest.mark.usefixtures("scored")
def test_the_screen_is_written_as_a_page(served):
    """`--html FILE` writes one page and opens nothing; another's file is refused."""
    code, said, _ = fengqiao("tune", "params/q4.yaml", "--html", "page.html", "--period", "2024Q4")
    assert code == 0
    assert "权重调试页：page.html" in said
    assert "原已存在" not in said
    assert "fengqiao-tuner" in Path("page.html").read_text("utf-8")
    _, said, _ = fengqiao("tune", "params/q4.yaml", "--html", "page.html", "--period", "2024Q4")
    assert "page.html 原已存在，已换成新的" in said
    Path("page.html").write_text("theirs", "utf-8")
    code, _, refused = fengqiao("tune", "params/q4.yaml", "--html", "page.html")
    assert code == 2
    assert "不是权重调试页" in refused
    Path("folder.html").mkdir()
    code, _, refused = fengqiao("tune", "params/q4.yaml", "--html", "folder.html")
    assert code == 2
    assert "folder.html" in refused
    assert not served


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize(
    ("asked", "sets", "lang"),
    [("en", (), "en"), ("", (), "zh"), ("zh", (), "zh"), ("zh", ("--set", "lang=en"), "en"), ("en", ("--set", "lang=zh"), "zh")],
)
def test_the_language_is_that_of_the_call_then_of_the_reader_then_of_the_file(served, monkeypatch, asked, sets, lang):
    """--set lang, else FENGQIAO_LANG as in every command, else the params file: so for the page and for the screen."""
    monkeypatch.setenv("FENGQIAO_LANG", asked) if asked else monkeypatch.delenv("FENGQIAO_LANG", raising=False)
    fengqiao("tune", "params/q4.yaml", "--html", "page.html", *sets)
    assert f'<html lang="{"zh-CN" if lang == "zh" else lang}">' in Path("page.html").read_text("utf-8")
    fengqiao("tune", "params/q4.yaml", *sets)
    assert parameters("my_notebooks/tune-q4.ipynb")["lang"] == lang == served[0][3]


@pytest.mark.usefixtures("scored")
@pytest.mark.parametrize("command", [["tune", "params/q4.yaml"], ["lab"]])
def test_a_port_that_is_taken_is_refused_before_anything_is_done(served, command):
    """It is named with one that is free; another port is never taken without a word; a page asks for no port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said, refused = fengqiao(*command, "--port", port)
        assert (code, said) == (2, "")
        assert re.match(rf"端口 {port} 用不了（已被别的程序占用，.*）；请用 --port 换一个，如 --port \d+，", refused)
        assert not Path("my_notebooks").exists()
        assert fengqiao("tune", "params/q4.yaml", "--html", "page.html", "--port", port)[0] == 0
    assert not served


@pytest.mark.slow
@pytest.mark.usefixtures("project", "served")
def test_the_last_correction_of_a_final_run_is_tuned():
    """A final run is corrected by another; that one is tuned."""
    for _ in range(2):
        fengqiao("score", "params/q4.yaml", "--set", "state=final", "--fresh")
    fengqiao("tune", "params/q4.yaml")
    assert parameters("my_notebooks/tune-q4-r2.ipynb")["run"] == "../runs/q4-r2"
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
    assert parameters("my_notebooks/tune-q4.ipynb")["run"] == "../elsewhere/q4"
    assert "my_notebooks/tune-q4.ipynb" in said


@pytest.mark.usefixtures("project", "served")
def test_faults_are_told_before_anything_is_written():
    """A params file at fault is refused as everywhere."""
    code, _, refused = fengqiao("tune", "params/q4.yaml", "--set", "lang=fr")
    assert code == 1
    assert "lang [document.value]" in refused
    assert not Path("runs").exists()


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
