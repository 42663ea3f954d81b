"""One card through papermill: what is refused beforehand, what is kept, errors, time-outs and deaths as data."""

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from fengqiao_eval.engine import execute
from fengqiao_eval.engine.execute import CellError, run_notebook
from fengqiao_eval.engine.shell import kernel
from fengqiao_eval.errors import UsageError
from shared import ROOT

FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of a parameters cell and the cells given."""

    def write(*cells, language="python"):
        first = nbformat.v4.new_code_cell('run = "../runs/demo"\nunit = "S001"', metadata={"tags": ["parameters"]})
        made = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": language}
        path = tmp_path / "{unit} card.ipynb"
        nbformat.write(made, path)
        return path

    return write


@pytest.fixture
def run(notebook, tmp_path):
    """Give a function that runs cells in this process (isolated: in one of their own), and returns what came of it."""

    def run_cells(*cells, isolated=False, **settings):
        path = notebook(*cells)
        return run_notebook(path, tmp_path / "kept.ipynb", {"unit": "014"}, tmp_path, isolated=isolated, **settings)

    return run_cells


@pytest.fixture
def written(run):
    """Give a function that runs cells and returns the streams of the last one, each with its text."""

    def run_cells(*cells):
        ran = run(*cells)
        assert ran.error is None
        return [(out.name, out.text) for out in ran.notebook.cells[-1].outputs if out.output_type == "stream"]

    return run_cells


def statuses(path: Path) -> list[str]:
    """List the statuses of the cells of a notebook that was kept."""
    return [cell.metadata.papermill.status for cell in nbformat.read(path, 4).cells if "papermill" in cell.metadata]


# Before anything runs


def test_an_unknown_parameter_is_refused(notebook, tmp_path):
    """A parameter the notebook does not list is refused before anything runs, naming the one that was meant."""
    with pytest.raises(UsageError, match="没有参数“unti”；相近的有：unit"):
        run_notebook(notebook(), None, {"unti": "S003"}, tmp_path)


def test_a_unit_must_be_text(notebook, tmp_path):
    """The number 14 is no unit; the message says how to write 014."""
    with pytest.raises(UsageError, match=r"单位编号须为文本，现为 14：014 与 14 是两个单位"):
        run_notebook(notebook(), None, {"unit": 14}, tmp_path)


def test_another_language_is_refused(notebook, tmp_path):
    """A notebook of another language is refused in plain words that name it, and the engine that would run it."""
    with pytest.raises(UsageError, match="只运行 Python 笔记本，此笔记本的语言是 R；可用 --engine stock"):
        run_notebook(notebook(language="R"), None, {}, tmp_path)


def test_a_notebook_that_changed_is_read_again(run):
    """What is remembered of a notebook is remembered of that file only: written anew, it is read anew."""
    assert run("print('before')").notebook.cells[-1].outputs[0].text == "before\n"
    assert run("print('after it')").notebook.cells[-1].outputs[0].text == "after it\n"


# Running


@pytest.mark.parametrize("isolated", [False, True])
def test_a_notebook_runs_in_its_folder_with_its_parameters(notebook, tmp_path, isolated):
    """A notebook runs with its parameters, in the folder named, and is kept where asked, braces in paths and all."""
    folder, output = tmp_path / "folder", tmp_path / "kept {unit}.ipynb"
    folder.mkdir()
    path = notebook("import pathlib\nprint(unit, run, pathlib.Path.cwd().name)")
    ran = run_notebook(path, output, {"unit": "014"}, folder, isolated=isolated)
    assert ran.error is None
    assert ran.notebook.cells[-1].outputs[0].text == "014 ../runs/demo folder\n"
    assert nbformat.read(output, 4).cells[-1].outputs[0].text == "014 ../runs/demo folder\n"


def test_each_cell_is_announced(run):
    """Who watches is told the number of each cell as it starts, that of a cell that fails among them."""
    seen = []
    run("1", "1/0", "2", watch=seen.append)
    assert seen == [1, 2, 3, 4]


def test_an_error_of_a_cell_is_data(run):
    """A cell that fails ends the notebook; its number, the exception and the words come back, with what ran up to it."""
    ran = run("1 + 1", "raise ValueError('太少')", "print('never')")
    assert ran.error == CellError(4, "ValueError", "太少")
    assert [cell.metadata.papermill.status for cell in ran.notebook.cells] == ["completed"] * 3 + ["failed", "pending"]
    assert ran.notebook.cells[-1].outputs == []


@pytest.mark.parametrize(("lang", "said"), [("zh", "没有语言“fr”；可写 zh"), ("en", "there is no language “fr”; write zh")])
def test_what_is_refused_is_one_sentence(run, lang, said):
    """A wrong run, unit or language is said in one sentence of the reader's language, without the code that found it."""
    cell = f"from fengqiao_eval import UsageError\nwrong = UsageError('lang', given='fr')\nwrong.lang = {lang!r}\nraise wrong"
    [output] = run(cell).notebook.cells[-1].outputs
    assert output.ename == "UsageError"
    assert output.evalue.startswith(said)
    assert output.traceback == [output.evalue]


@pytest.mark.slow
@pytest.mark.parametrize(("lang", "said"), [("zh", "“nowhere”处没有计分结果"), ("en", "there is no run at “nowhere”")])
@pytest.mark.parametrize("name", ["station_scorecard", "officer_scorecard", "overview", "tune_weights", "how_a_score_is_made"])
def test_a_missing_run_is_said_in_the_language_of_the_notebook(monkeypatch, name, lang, said):
    """Whatever language the program itself speaks, each notebook refuses in its own, in one sentence."""
    monkeypatch.setenv("FENGQIAO_LANG", "en" if lang == "zh" else "zh")
    path = ROOT / "notebooks" / f"{name}.ipynb"
    told = {"run": "nowhere", "lang": lang}
    ran = run_notebook(path, None, told, path.parent)
    assert ran.error.name == "UsageError"
    assert ran.error.message.startswith(said)


@pytest.mark.parametrize("leaving", ["import sys\nsys.exit(0)", "exit()", "quit"])
def test_leaving_early_is_an_error(run, leaving):
    """A cell that leaves the notebook, which papermill may take for success, ends the card."""
    assert run(leaving, "print('never')").error == CellError(3, "SystemExit", "0" if "sys" in leaving else "")


def test_the_stock_engine_leaving_early_is_an_error(notebook):
    """The same is seen in a notebook that the stock engine has run."""
    executed = nbformat.read(notebook("import sys\nsys.exit(0)"), 4)
    executed.cells[1] |= {
        "metadata": {"papermill": {"exception": True}},
        "execution_count": 3,
        "outputs": [nbformat.v4.new_output("error", ename="SystemExit", evalue="0", traceback=[])],
    }
    assert execute._error(executed) == CellError(3, "SystemExit", "0")


def test_nobody_answers_a_question(run):
    """A cell that asks for input fails at once, as under papermill."""
    error = run("input('?')").error
    assert (error.cell, error.name) == (3, "StdinNotImplementedError")


def test_the_process_is_left_as_it_was(run):
    """Streams, environment, search path, main module and shell are afterwards those of before, whatever the cells did."""
    before = sys.stdout, sys.stderr, dict(os.environ), list(sys.path), sys.modules["__main__"], Path.cwd()
    ran = run("import os, sys\nos.environ['LEFT'] = 'x'\nsys.path.append('x')\nos.chdir('..')\n1/0")
    assert ran.error.name == "ZeroDivisionError"
    assert before == (sys.stdout, sys.stderr, dict(os.environ), list(sys.path), sys.modules["__main__"], Path.cwd())
    assert run("'x' in globals()").error is None


@pytest.mark.parametrize("magic", ["%matplotlib inline", "%matplotlib", "%gui"])
def test_magics_of_figures_are_obeyed(magic):
    """%matplotlib inline, which old notebooks begin with, fails no card, and figures are put out after it."""
    cell = "import matplotlib.pyplot as plt; plt.figure(figsize=(2, 1)); plt.plot([1, 2]);"
    lines = ["from fengqiao_eval.engine.shell import kernel", "told = []", "with kernel() as one:"]
    lines += [f"    ends = [one.execute(cell, None, told.append)['status'] for cell in {(magic, cell)!r}]"]
    lines += ["print(*ends, [sorted(part['content']['data']) for part in told if part['msg_type'] == 'display_data'])"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["ok ok [['image/png', 'text/plain']]"]


TWICE = """
from fengqiao_eval.engine.shell import kernel, restore_state

PLOT = "import matplotlib.pyplot as plt; plt.rcParams['lines.linewidth'] = 9; plt.figure(figsize=(2, 1)); plt.plot([1, 2]);"
for chosen in ("%config InlineBackend.figure_formats = ['svg']", ""):
    with restore_state(), kernel() as one:
        told = []
        one.execute("import matplotlib.pyplot as plt; print(plt.rcParams['lines.linewidth'])", None, told.append)
        one.execute(chosen, None, told.append)
        one.execute(PLOT, None, told.append)
    shown = [one["content"] for one in told if one["msg_type"] in ("stream", "display_data")]
    print([part.get("text") or sorted(part["data"]) for part in shown])
"""


def test_figures_are_drawn_in_every_notebook_of_a_process():
    """A picture of matplotlib is put out by the second notebook too; formats and styles of one are not the next one's."""
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['1.5\\n', ['image/svg+xml', 'text/plain']]",
        "['1.5\\n', ['image/png', 'text/plain']]",
    ]


# What is written


def test_streams_stay_in_the_order_written(written):
    """What two streams take turns to write stays in order, and text of one stream in a row is one output."""
    cell = "import sys\nprint('a')\nprint('b')\nprint('e', file=sys.stderr)\nprint('c')"
    assert written(cell) == [("stdout", "a\nb\n"), ("stderr", "e\n"), ("stdout", "c\n")]


BELOW = """import ctypes, os, subprocess
print('python')
os.system('echo shell; echo wrong >&2')
print('again')
os.write(1, b'bytes\\n')
subprocess.run(['echo', 'program'])
libc = ctypes.CDLL(None)
libc.printf(b'C %d\\n', 7);"""


@FORK
def test_output_below_python_is_captured(written, capfd):
    """Commands, bare descriptors, programs and C code write into the notebook, in order, and nothing reaches the terminal."""
    assert written(BELOW) == [
        ("stdout", "python\nshell\n"),
        ("stderr", "wrong\n"),
        ("stdout", "again\nbytes\nprogram\nC 7\n"),
    ]
    assert capfd.readouterr() == ("", "")


@FORK
def test_what_forked_children_write_is_kept(written):
    """A child that a cell forks writes into the cell, once."""
    cell = "import os\nprint('parent')\nif os.fork() == 0:\n    print('child')\n    os._exit(0)\nos.wait();"
    assert written(cell) == [("stdout", "parent\nchild\n")]


def test_a_file_opened_anew_does_not_overwrite(written):
    """A command that opens its output anew cuts it short, and what follows is kept all the same."""
    cell = "import os\nos.write(1, b'gone or not\\n')\nos.system('echo x > /dev/stdout')\nos.write(1, b'after\\n');"
    assert written(cell)[0][1].endswith("x\nafter\n")


def test_much_text_is_kept_whole(written):
    """Ten thousand lines of Python and a megabyte from below come whole."""
    [(_, text)] = written("for i in range(10_000):\n    print(i)\nimport os\nos.write(1, b'x' * 1_000_000);")
    assert text == "".join(f"{i}\n" for i in range(10_000)) + "x" * 1_000_000


def test_bytes_that_are_no_text_do_no_harm(written):
    """What is no UTF-8 is shown as such."""
    assert written("import os\nos.write(1, b'\\xff\\n');") == [("stdout", "\ufffd\n")]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("print('\\ud800')", "\ufffd\n"),
        ("import sys\nprint('卡\\udccf', file=sys.stderr)", "卡\ufffd\n"),
    ],
)
def test_half_characters_are_shown_as_unreadable(written, cell, shown):
    """Half a character, as in a file name that is no UTF-8, is written as the sign for what cannot be read."""
    assert written(cell)[0][1] == shown


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("halves", ["raise ValueError('\\ud800')", "from IPython.display import HTML\nHTML('\\ud800')"])
def test_half_characters_in_outputs_and_errors_end_no_process(run, halves, isolated):
    """What is shown and what is raised may hold half a character; the notebook is kept, and the next cell runs."""
    ran = run(f"try:\n    {halves.splitlines()[0]}\nexcept ValueError:\n    pass", halves, isolated=isolated)
    told = ran.error.message if ran.error else ran.notebook.cells[-1].outputs[0].data["text/html"]
    assert told == "\ufffd"


def test_a_parameter_with_half_a_character_acts(notebook, tmp_path):
    """A path that is no UTF-8 reaches the notebook as it is, and the notebook that is kept says it in writing."""
    path = notebook("print(ascii(run))")
    ran = run_notebook(path, tmp_path / "kept.ipynb", {"run": "项\udccf"}, tmp_path, isolated=False)
    assert ran.notebook.cells[-1].outputs[0].text == "'\\u9879\\udccf'\n"
    assert nbformat.read(tmp_path / "kept.ipynb", 4).metadata.papermill.parameters == {"run": "项\\udccf"}


def test_what_comes_after_the_end_does_no_harm(run, capfd):
    """A stream that somebody still holds when its notebook has ended writes where the process does."""
    cell = "import logging, sys\nlogging.getLogger('held').addHandler(logging.StreamHandler(sys.stderr))"
    assert run(cell).error is None
    held = logging.getLogger("held")
    held.error("late")
    held.handlers.clear()
    assert capfd.readouterr().err == "late\n"


# Time


@pytest.mark.parametrize("cell", ["while True: pass", "import time\ntime.sleep(60)", "import asyncio\nawait asyncio.sleep(60)"])
def test_a_cell_that_takes_too_long_is_interrupted(run, cell):
    """A cell that works, waits for the system or awaits is ended by its limit, which the message names."""
    assert run(cell, "print('never')", cell_seconds=0.3).error == CellError(
        3, "CellTimeoutError", "单元格运行超过 0.3 秒，已中断"
    )


def test_a_limit_holds_in_a_thread(run):
    """Where no signal can be had the limit holds between two steps of Python."""
    found = []
    thread = threading.Thread(target=lambda: found.append(run("while True: pass", cell_seconds=0.3)))
    thread.start()
    thread.join()
    assert found[0].error == CellError(3, "CellTimeoutError", "单元格运行超过 0.3 秒，已中断")


def test_tasks_go_on_in_later_cells(written):
    """All cells share one event loop, which runs while they do."""
    cells = "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0.01, 'done'))", "print(await task)"
    assert written(*cells) == [("stdout", "done\n")]
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


AWAITS = "import asyncio\nawait asyncio.sleep(0)\nprint('done')"


def test_the_first_cell_may_await():
    """A notebook whose very first cell awaits is run like any other."""
    told = []
    with kernel() as cells:
        assert cells.execute(AWAITS, None, told.append) == {"status": "ok"}
    assert [one["content"]["text"] for one in told if one["msg_type"] == "stream"] == ["done\n"]


def test_a_cell_that_awaits_is_no_heir_to_a_failure_before_it():
    """What an earlier cell, allowed to fail, could not show does not fail a later one that awaits."""
    unshown = "class Unshown:\n    def __repr__(self):\n        raise ValueError\nUnshown()"
    with kernel() as cells:
        assert [cells.execute(cell, None, lambda _: None)["status"] for cell in (unshown, AWAITS)] == ["error", "ok"]


def test_a_shell_that_is_broken_fails_its_cell_and_ends_no_process(run):
    """Where the shell itself trips over what a cell has done to it, that is an error of the next cell, said in its notebook."""
    broken = CellError(4, "AttributeError", "'NoneType' object has no attribute 'write'")
    assert run("import sys\nsys.stdout = None", "'next'", isolated=True).error == broken


# A process of its own


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("import os\nos._exit(0)", "exit 0"),
        pytest.param("import ctypes\nctypes.string_at(0)", "SIGSEGV", marks=pytest.mark.slow),
        pytest.param("import os\nos.abort()", "SIGABRT", marks=pytest.mark.slow),
    ],
)
def test_a_process_that_dies_fails_its_cell(run, tmp_path, death, how):
    """Where the process of the cells dies, the cell it was in has failed, with how it died; no cell stays at running."""
    assert run(death, "print('never')", isolated=True).error == CellError(3, "CellProcessDied", f"运行单元格的进程已终止：{how}")
    assert statuses(tmp_path / "kept.ipynb") == ["completed", "completed", "failed", "pending"]


@FORK
def test_nothing_a_notebook_started_is_left(run):
    """A program that a notebook has started, and a child that holds its output open, are gone with it."""
    ran = run("import os, time\nchild = os.fork() or time.sleep(60)\nprint(child)", isolated=True)
    assert ran.error is None
    child = int(ran.notebook.cells[-1].outputs[0].text)
    for _ in range(100):  # a signal takes its time on a busy machine
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    pytest.fail(f"process {child} is alive")


@pytest.mark.slow
def test_a_cell_that_hears_no_signal_is_killed(run):
    """A cell that blocks the signal of its limit is killed with its process a little later, and said to have been."""
    deaf = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\ntime.sleep(60)"
    said = "单元格运行超过 0.3 秒且无法中断，其进程已被终止"
    assert run(deaf, isolated=True, cell_seconds=0.3).error == CellError(3, "CellTimeoutError", said)


def test_no_file_beside_the_notebook_stands_in_for_a_module(run, tmp_path):
    """The folder of a notebook is searched for its own modules, and never by the process that is to run it."""
    (tmp_path / "json.py").write_text("raise SystemExit('taken in')", "utf-8")
    (tmp_path / "helper.py").write_text("answer = 42", "utf-8")
    ran = run("import helper\nhelper.answer", isolated=True)
    assert ran.notebook.cells[-1].outputs[0].data["text/plain"] == "42"


def test_a_stranger_on_the_wire_is_no_object():
    """Between the two processes goes JSON; no module of the engine unpickles what cells have written."""
    texts = {path.name: path.read_text("utf-8") for path in Path(execute.__file__).parent.glob("*.py")}
    assert not re.search(r"pickle", texts["remote_kernel.py"] + texts["shell.py"] + texts["papermill_engine.py"])
