"""One card through papermill: what is refused beforehand, what is kept, and errors as data."""

import nbformat
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs import engine
from fengqiao_eval.runs.engine import CellError, run_notebook


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of a parameters cell and the cells given."""

    def write(*cells):
        first = nbformat.v4.new_code_cell('run = "../runs/demo"\nunit = "S001"', metadata={"tags": ["parameters"]})
        made = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path / "{unit} card.ipynb"
        nbformat.write(made, path)
        return path

    return write


def test_an_unknown_parameter_is_refused(notebook, tmp_path):
    """A parameter the notebook does not list is refused before anything runs, naming the one that was meant."""
    with pytest.raises(UsageError, match="没有参数“unti”；相近的有：unit"):
        run_notebook(notebook(), None, {"unti": "S003"}, tmp_path)


def test_a_unit_must_be_text(notebook, tmp_path):
    """The number 14 is no unit; the message says how to write 014."""
    with pytest.raises(UsageError, match=r"单位编号须为文本，现为 14：014 与 14 是两个单位"):
        run_notebook(notebook(), None, {"unit": 14}, tmp_path)


def test_a_notebook_runs_in_its_folder_with_its_parameters(notebook, tmp_path):
    """A notebook runs with its parameters, in the folder named, and is kept where asked, braces in paths and all."""
    folder, output = tmp_path / "folder", tmp_path / "kept {unit}.ipynb"
    folder.mkdir()
    path = notebook("import pathlib\nprint(unit, run, pathlib.Path.cwd().name)")
    ran = run_notebook(path, output, {"unit": "014"}, folder)
    assert ran.error is None
    assert ran.notebook.cells[-1].outputs[0].text == "014 ../runs/demo folder\n"
    assert nbformat.read(output, 4).cells[-1].outputs[0].text == "014 ../runs/demo folder\n"


def test_an_error_of_a_cell_is_data(notebook, tmp_path):
    """A cell that fails ends the notebook; its number, the exception and the words come back as data."""
    ran = run_notebook(notebook("1 + 1", "raise ValueError('太少')", "print('never')"), None, {"unit": "S001"}, tmp_path)
    assert ran.notebook is None
    assert ran.error == CellError(4, "ValueError", "太少")


def test_leaving_early_is_an_error(notebook):
    """A cell that left by sys.exit(0), which papermill takes for success, ended the card."""
    executed = nbformat.read(notebook("import sys\nsys.exit(0)"), 4)
    executed.cells[1] |= {
        "metadata": {"papermill": {"exception": True}},
        "execution_count": 3,
        "outputs": [nbformat.v4.new_output("error", ename="SystemExit", evalue="0", traceback=[])],
    }
    assert engine._ended_early(executed) == CellError(3, "SystemExit", "0")
