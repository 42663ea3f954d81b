"""What cells can do to a batch: one card fails, its neighbours are right, and nothing is left behind.

Every fault is the fifth cell of one notebook, told apart by the unit; the batch is printed once for all tests.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from batches import a_notebook, marked, some_cards, watched
from fengqiao_eval.engine import pool
from fengqiao_eval.engine.card_job import CardJob, Failure, Limits
from run_folders import write_run

pytestmark = pytest.mark.slow  # cards run until they are killed

LIMITS = Limits(cell_seconds=2, card_seconds=8, memory=1 << 30)
FAULTY = {
    "exception": "1 / 0",
    "sys.exit(3)": "import sys; sys.exit(3)",
    "sys.exit(0)": "import sys; sys.exit(0)",
    "input": "input('?')",
    "endless": "while True: pass",
    "sleep": "import time; time.sleep(60)",
    "blocked": "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); time.sleep(60)",
    "catches all": """
import time
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
""",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "import os; os.abort()",
    "os._exit": "import os; os._exit(7)",
    "memory": "import numpy as np; kept = [np.zeros(10**7) for _ in range(10**6)]",
    "closes all": "import os; os.closerange(3, 1000)",
}
HARMLESS = {
    "leaks": """
import os, sys
import pandas as pd
os.environ["LEAK"] = "1"
os.chdir("/")
pd.set_option("display.max_rows", 1)
sys.modules["fake"] = sys
""",
    "arrow": """
import pyarrow as pa
assert pa.table({"a": [1, 1], "b": [1, 2]}).group_by("a").aggregate([("b", "mean")]).num_rows == 1
""",
    "blas": "import numpy as np; a = np.eye(600); assert (a @ a).trace() == 600",
    "pool": """
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
""",
    "thread": "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
    "fork": "import os, time; os.fork() or (os.setsid(), time.sleep(600))",
    "program": "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)",
}
NAMES = ["first", *FAULTY, "between", *HARMLESS, "last"]
UNITS = {name: f"S{number:03d}" for number, name in enumerate(NAMES, 1)}
STATE = """
import os, sys
rows = sys.modules["pandas"].get_option("display.max_rows") if "pandas" in sys.modules else 60
print(unit, "LEAK" in os.environ, os.path.basename(os.getcwd()), rows, "fake" in sys.modules)
"""


class Printed(NamedTuple):
    """A batch that has ended: what failed by name, and what was left."""

    cards: dict[str, CardJob]
    failures: dict[str, Failure]
    told: dict[str, bool]
    processes: list[str]
    files: list[Path]


@pytest.fixture(scope="module", params=["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def printed(request, tmp_path_factory):
    """Print one batch with every fault in it."""
    folder, temporary = tmp_path_factory.mktemp(request.param), tmp_path_factory.mktemp("temporary")
    run = write_run(folder / "run", stations=len(NAMES))
    todo = {UNITS[name]: source for name, source in {**FAULTY, **HARMLESS}.items()}
    notebook = a_notebook(folder / "notebooks" / "card.ipynb", STATE, f"exec({todo!r}.get(unit, ''))", "print('after', unit)")
    cards, told = some_cards(run, notebook, UNITS.values()), {}
    with watched(temporary):
        failures = pool.print_cards(
            cards, 4, limits=LIMITS, done=lambda card, failure: told.update({card.unit_id: not failure}), start=request.param
        )
    left = [process.name() for process in marked()], list(temporary.iterdir())
    return Printed(dict(zip(UNITS, cards, strict=True)), {failure.unit_id: failure for failure in failures}, told, *left)


def outputs(path):
    """Read the outputs of a notebook's code cells: text, or the name of the error."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return [[output.get("text", output.get("ename")) for output in cell.outputs] for cell in cells]


def statuses(path):
    """Read how papermill says each code cell of a notebook ended."""
    return [cell.metadata.papermill["status"] for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAULTY])
def test_neighbours_are_right(printed, name):
    """A card is printed whatever its neighbours do; it finds nothing of their state, and what it starts does not hold it up."""
    unit, page = UNITS[name], printed.cards[name].page
    assert unit not in printed.failures
    assert page.stat().st_size > 0
    state, *rest = outputs(page.with_suffix(".ipynb"))[2:]
    assert state == [f"{unit} False notebooks 60 False\n"]
    assert rest == [[], [f"after {unit}\n"]]
    assert not page.with_suffix(".failed.ipynb").exists()


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("exception", "ZeroDivisionError", "division by zero"),
        ("sys.exit(3)", "SystemExit", ""),
        ("sys.exit(0)", "SystemExit", ""),
        ("input", "StdinNotImplementedError", "does not support input"),
        ("endless", "CellTimeoutError", "2 秒"),
        ("sleep", "CellTimeoutError", "2 秒"),
        ("blocked", "CardTimeoutError", "本卡运行超过 8 秒仍未结束，已强行终止"),
        ("catches all", "CardTimeoutError", "本卡运行超过 8 秒"),
        ("segfault", "CellProcessDied", "SIGSEGV"),
        ("abort", "CellProcessDied", "SIGABRT"),
        ("os._exit", "CellProcessDied", "exit 7"),
        ("memory", "MemoryError|_ArrayMemoryError", "Unable to allocate"),
    ],
)
def test_one_card_fails(printed, name, error, words):
    """A card that cannot be printed names the cell it was in and what happened there."""
    failure = printed.failures[UNITS[name]]
    assert failure.cell == 4
    assert re.fullmatch(error, failure.error)
    assert words in failure.message


@pytest.mark.parametrize("name", FAULTY)
def test_its_notebook_is_kept_in_place_of_the_page(printed, name):
    """A card that failed leaves its notebook up to the error, with no cell still running, and no page."""
    page = printed.cards[name].page
    assert not page.exists()
    kept = page.with_suffix(".failed.ipynb")
    assert printed.failures[UNITS[name]].error in outputs(kept)[3]
    assert statuses(kept) == ["completed", "completed", "completed", "failed", "pending"]


def test_each_card_is_told_once(printed):
    """The caller hears of every card as it ends; failures come in the order of the cards."""
    assert printed.told == {unit: name not in FAULTY for name, unit in UNITS.items()}
    assert list(printed.failures) == [UNITS[name] for name in FAULTY]


def test_nothing_is_left(printed):
    """No process of the batch lives on, whatever session it went to, and no temporary file lies about."""
    assert printed.processes == []
    assert printed.files == []
    folder = printed.cards["first"].page.parent
    endings = (".html", ".ipynb", ".records.csv", ".records.xlsx")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".") or not path.name.endswith(endings)] == []
