"""The engine against papermill's own: outputs, numbers and metadata of awkward cells and of every notebook that ships."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from fengqiao_eval.engine.execute import run_notebook
from shared import shipped

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

TURNS = """import sys,os,time,logging,warnings
print('a');print('e',file=sys.stderr);print('b')
logging.warning('lw')
warnings.warn('ww')"""
SHOWS = """from IPython.display import display,HTML,clear_output,Markdown,Image,SVG,Latex
h=display(HTML('<b>1</b>'),display_id='k');
h.update(HTML('<b>2</b>'))
display(Latex('$a$'),SVG('<svg xmlns="http://www.w3.org/2000/svg"/>'))
7"""
STAY = "__import__('time').sleep(1);"
"""What is written below Python reaches the stock kernel by a thread of its own, which may be late."""
CELLS = [
    "x=1",
    TURNS,
    SHOWS,
    "print('gone');clear_output();print('stay')",
    "for i in range(3):\n    clear_output(wait=True);print(i)",
    "import asyncio\nawait asyncio.sleep(0.01)\n'async ok'",
    "!echo from shell",
    f"os.system('echo os.system');os.write(1,b'fd write\\n');{STAY}",
    "%time sum(range(10))",
    "%%capture c\nprint('hid')",
    "c.stdout",
    "import pandas as pd\npd.DataFrame({'甲':[1,2]})",
    "_.shape, __name__, get_ipython().__class__.__name__",
    "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A())).__class__.__name__",
    "def f(n): return [n+k for k in range(3)]\nf(1)",
    "import threading\nt=threading.Thread(target=lambda:print('thr'));t.start();t.join()",
    "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1]))",
    "b'raw'",
    "object.__doc__;",
    "?len",
    # beyond the prototype's
    "%%bash\necho out; echo err >&2",
    f"import subprocess\nsubprocess.run(['echo','program']);{STAY}",
    "h.update(HTML('<b>3</b>'))",
    "task = asyncio.create_task(asyncio.sleep(0, 'later'))",
    "await task",
    "import ipywidgets\nipywidgets.IntSlider(value=3)",
    "from tqdm.auto import tqdm\ntype(tqdm([])).__name__",
    "try:\n    input('?')\nexcept Exception as error:\n    print(type(error).__name__, error)",
    "import warnings\nwarnings.warn('from a cell')",
    "display(_, metadata={'text/plain': {'a': 1}})",
    "1/0",
]
NAMED = {TURNS}
"""Where two streams take turns the stock engine puts out one after the other as chance has it; here they stay in order."""

LOOSE = {
    r"\x1b\[[\d;]*m": "",  # colours
    r"0x[0-9a-f]+": "0x",  # addresses
    r"ipykernel_\d+": "ipykernel",  # the number of the process, in the name of a file that does not exist
    r"(?<=[ :])[\d.]+(e[+-]\d+)? (ns|μs|us|ms|s)\b": "TIME",  # %time prints a thousand as 1e+03
    r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])": "ID",  # models of widgets
}
PARAMETERS = {
    "station_scorecard": {"run": "../runs/demo", "unit": "S003"},
    "officer_scorecard": {"run": "../runs/demo", "unit": "P0003"},
    "overview": {"run": "../runs/demo"},
    "how_a_score_is_made": {"run": "../runs/demo", "unit": "S007", "indicator": "elements_complete"},
    "tune_weights": {"run": "../runs/demo"},
    "how_firm": {"run": "../runs/demo"},
    "read_records": {"folder": "../demo"},
    "audit_records": {"params": "../params/demo.yaml"},
}
STAMPS = {"start_time", "end_time", "duration"}


def loosened(value):
    """Write data as text without what is chance."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    for pattern, instead in LOOSE.items():
        text = re.sub(pattern, instead, text.replace("\\u001b", "\x1b"))
    return text


def joined(outputs):
    """Join the text of one stream in a row: where the stock engine cuts it is chance."""
    for key, group in itertools.groupby(outputs, lambda one: (one.output_type, one.get("name"))):
        if key[0] == "stream":
            yield {"name": key[1], "text": "".join(one.text for one in group)}
        else:
            yield from group


def by_stream(outputs):
    """Join the text of each stream wherever it stands."""
    return list(joined(sorted(outputs, key=lambda one: one.get("name", ""))))


def kept(path):
    """List the code cells of a notebook that was kept, without papermill's own marks of an error."""
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def unlike(pairs):
    """List the code of the cells whose outputs differ."""
    return {one.source for one, other in pairs if loosened(list(joined(one.outputs))) != loosened(list(joined(other.outputs)))}


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """Run the awkward cells on both engines, give the cells of each; the stock one loses words by chance and may try thrice."""
    folder = tmp_path_factory.mktemp("awkward")
    made = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "awkward.ipynb")

    def cells(engine):
        ran = run_notebook(folder / "awkward.ipynb", folder / f"{engine}.ipynb", {}, folder, engine)
        assert (ran.error.cell, ran.error.name) == (len(CELLS), "ZeroDivisionError")
        return kept(folder / f"{engine}.ipynb")

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST")  # a kernel that finds it does not capture what is written below Python
        ours = cells("fengqiao")
        for _ in range(3):
            stock = cells("stock")
            if unlike(pair for pair in zip(stock, ours, strict=True) if pair[0].source) <= NAMED:
                break
    return stock, ours


def test_awkward_cells_put_out_the_same(awkward):
    """Every awkward cell puts out what it does on the stock engine, but for the differences named, which are in order only."""
    pairs = [pair for pair in zip(*awkward, strict=True) if pair[0].source]
    assert unlike(pairs) <= NAMED
    assert {one.source for one, other in pairs if loosened(by_stream(one.outputs)) != loosened(by_stream(other.outputs))} == set()


def test_awkward_cells_keep_their_numbers(awkward):
    """Execution counts are those of the stock engine, and papermill and nbclient keep the same facts of each cell."""
    stock, ours = ([(cell.execution_count, set(cell.metadata)) for cell in cells] for cells in awkward)
    assert stock == ours
    facts = [[{key: set(cell.metadata[key]) for key in ("papermill", "execution")} for cell in cells] for cells in awkward]
    assert facts[0] == facts[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Make a project of its own: notebooks, params, an invented province, its scores."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    for words in (["demo", "demo"], ["score", "params/demo.yaml"]):
        subprocess.run([Path(sys.executable).with_name("fengqiao"), *words], cwd=folder, check=True, capture_output=True)
    return folder


def facts(notebook):
    """Say what is known of a notebook as a whole, times apart."""
    told = dict(notebook.metadata)
    told["papermill"] = {key: value for key, value in told["papermill"].items() if key not in STAMPS}
    widgets = told.pop("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return told, sorted(map(loosened, widgets.values()))


def test_every_notebook_that_ships_is_compared():
    """No notebook is left out below."""
    assert {path.stem for path in shipped("notebooks/*.ipynb")} == set(PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_notebook_that_ships_puts_out_the_same(project, name):
    """Each notebook that ships has the same cells, numbers, outputs and metadata on both engines, times apart."""
    path = project / "notebooks" / f"{name}.ipynb"
    stock, ours = (run_notebook(path, None, PARAMETERS[name], path.parent, engine).notebook for engine in ("stock", "fengqiao"))
    for one, other in zip(stock.cells, ours.cells, strict=True):
        assert (one.cell_type, one.source, one.get("execution_count")) == (
            other.cell_type,
            other.source,
            other.get("execution_count"),
        )
        assert loosened(list(joined(one.get("outputs", [])))) == loosened(list(joined(other.get("outputs", []))))
    assert facts(stock) == facts(ours)


def test_papermill_finds_the_engine(tmp_path):
    """`papermill --engine fengqiao` runs a notebook, and where its process dies says so, with no cell left at running."""
    cells = ["unit = 'S001'", "print(unit)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "'never'"]
    made = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    made.cells[0].metadata["tags"] = ["parameters"]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, tmp_path / "in.ipynb")
    words = ["--engine", "fengqiao", "in.ipynb", "out.ipynb", "-r", "unit", "014"]
    papermill = [Path(sys.executable).with_name("papermill"), *words]
    ended = subprocess.run(papermill, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "CellProcessDied: 运行单元格的进程已终止：SIGKILL" in ended.stderr
    found = kept(tmp_path / "out.ipynb")
    assert found[2].outputs[0].text == "014\n"
    assert [cell.metadata.papermill.status for cell in found] == ["completed"] * 3 + ["failed", "pending"]
