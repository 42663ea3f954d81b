"""Many cards: failures as data, one summary, and nothing of the kernels' noise."""

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from batches import FullDisk, a_notebook, marked, servers, some_cards, until, watched
from fengqiao_eval.engine import pool, processes
from fengqiao_eval.engine.card_job import CardJob, Failure
from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs.templates import find_notebooks, notebook_of
from run_folders import write_run

UNITS = [f"S{number:03d}" for number in range(1, 19)]


def a_card(folder, unit, level="station"):
    """A card whose notebook is not there."""
    return CardJob(unit, level, folder / "none.ipynb", folder / "run", folder / f"{unit}.html")


def test_officers_have_a_notebook_of_their_own():
    """Officers get the officer's scorecard, every other level that of a station."""
    assert notebook_of("officer") == "officer_scorecard.ipynb"
    assert {notebook_of(level) for level in ("city", "county", "station", "zone", "分局")} == {"station_scorecard.ipynb"}


def test_no_cards_start_no_process():
    """Nothing to print costs nothing."""
    assert pool.print_cards([]) == ()


def test_what_fails_is_told_and_stops_nobody(tmp_path, capfd):
    """Each card that fails is told with its exception, in the order of the cards, and the user sees no noise."""
    failures = pool.print_cards([a_card(tmp_path, "S2"), a_card(tmp_path, "S1")], workers=1)
    assert [(failure.unit_id, failure.cell, failure.error) for failure in failures] == [
        ("S2", None, "FileNotFoundError"),
        ("S1", None, "FileNotFoundError"),
    ]
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Give a function that lists cards of one line each, to be printed into a folder of a run that all share."""
    folder = tmp_path_factory.mktemp("small")
    run, notebook = write_run(folder / "run"), a_notebook(folder / "notebooks" / "small.ipynb", "print(unit)")
    return lambda name: some_cards(run, notebook, UNITS, name)


SEES = """import locale, os, shutil, sys, time, warnings
print(sorted(name for name in os.environ if name != "PYTHONPATH"), shutil.get_terminal_size(), time.tzname, sys.flags)
print(locale.getlocale(), {"a", "b", "c"}, [warnings.warn("old", DeprecationWarning)])
assert unit, "an assert holds"
import plotly.graph_objects as go
go.Figure(go.Bar(y=[1])).show()"""
SET = {
    "PLOTLY_RENDERER": "browser",
    "MPLBACKEND": "Agg",
    "COLUMNS": "20",
    "LC_ALL": "C",
    "TZ": "America/New_York",
    "PYTHONHASHSEED": "7",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONUTF8": "0",
    "FORCE_COLOR": "1",
    "JUPYTER_CONFIG_DIR": "nowhere",
    "PANDAS_FUTURE_INFER_STRING": "0",
    "WHATEVER_ANYBODY": "sets",
}


@pytest.mark.slow
def test_what_a_user_has_set_changes_no_card(tmp_path):
    """Whatever the environment of the user, cards are printed in the stated one: notebooks and pages are the same bytes."""
    run, notebook = write_run(tmp_path / "run"), a_notebook(tmp_path / "notebooks" / "sees.ipynb", SEES)
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "plotly.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "home" / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (tmp_path / "home" / ".ipython" / "profile_default" / "startup" / "0.py").write_text("print('startup')")
    (tmp_path / "prints.py").write_text(PRINTS, "utf-8")
    shadow = os.pathsep.join(map(str, (tmp_path / "shadow", Path(__file__).parent)))
    plain = {name: value for name, value in os.environ.items() if name not in SET} | {"PYTHONPATH": str(Path(__file__).parent)}
    odd = plain | SET | {"HOME": str(tmp_path / "home"), "PYTHONPATH": shadow}
    for name, environment in (("plain", plain), ("odd", odd)):
        words = [sys.executable, tmp_path / "prints.py", run, notebook, name]
        subprocess.run(words, env=environment, check=True, capture_output=True)
    pages, notebooks = ([run / name / f"S001.{kind}" for name in ("plain", "odd")] for kind in ("html", "ipynb"))
    assert pages[0].read_bytes() == pages[1].read_bytes()
    every = [[out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", ())] for path in notebooks]
    plain_ones, odd_ones = ([out for out in outs if out.get("name") != "stderr"] for outs in every)  # names of temporary files
    assert len(plain_ones) > 1
    assert plain_ones == odd_ones
    assert len(every[0]) == len(every[1])


PRINTS = """import sys
from pathlib import Path
from batches import some_cards
from fengqiao_eval.cli import _settle_interpreter
from fengqiao_eval.engine.pool import print_cards
if __name__ == "__main__":
    _settle_interpreter()
    run, notebook, name = sys.argv[1:]
    sys.exit(bool(print_cards(some_cards(Path(run), Path(notebook), ["S001"], name))))  # no assert: -O leaves it out
"""


def test_cards_see_the_way_through_the_network_and_what_is_meant_for_them(monkeypatch, tmp_path):
    """Proxies, certificates, home and what begins with FENGQIAO_ are passed on; afterwards all is as it was."""
    passed = {"https_proxy": "http://p:1", "NO_PROXY": "local", "SSL_CERT_FILE": "ca.pem", "HOME": "/h", "FENGQIAO_KEY": "k"}
    for name, value in {**passed, "AWS_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with processes.stated_environment(TMPDIR=str(tmp_path)):
        seen = dict(os.environ)
    assert seen.items() >= passed.items()
    assert "AWS_SECRET" not in seen
    assert dict(os.environ) == before


def nothing_left(temporary):
    """Say that neither a process nor a temporary file is left."""
    return (marked(), list(temporary.iterdir())) == ([], [])


def kill_one(processes):
    """Kill one of some processes; say whether one was still there."""
    with suppress(psutil.NoSuchProcess):
        for process in processes:
            process.kill()
            return True
    return False


@pytest.mark.slow
def test_whoever_is_killed_all_cards_are_right(small, tmp_path):
    """A worker, and later the server itself, are killed in the middle of a batch: every card is printed as if undisturbed."""
    ended = []

    def kill(card, _failure):
        ended.append(card.unit_id)
        if len(ended) == 3:
            until(lambda: kill_one(servers()[0].children()))
        if len(ended) == 8:
            servers()[0].kill()

    undisturbed, disturbed = small("undisturbed"), small("disturbed")
    with watched(tmp_path):
        assert pool.print_cards(undisturbed, 2) == ()
        assert pool.print_cards(disturbed, 2, done=kill) == ()
    assert sorted(ended) == UNITS
    assert [card.page.read_bytes() for card in disturbed] == [card.page.read_bytes() for card in undisturbed]
    assert nothing_left(tmp_path)


@pytest.mark.slow
def test_a_server_that_keeps_dying_fails_its_cards(small, tmp_path):
    """Where the second server dies as well, the cards without an answer have failed and say so."""
    cards = small("dying")
    with watched(tmp_path):
        failures = pool.print_cards(cards, 1, done=lambda *_: [server.kill() for server in servers()])
    told = Failure("S018", "station", None, "ServerDied", "负责出卡的进程两次异常终止（SIGKILL, SIGKILL），本卡未印出")
    assert failures[-1] == told
    assert [card.page.exists() for card in cards] == [card.unit_id not in {one.unit_id for one in failures} for card in cards]
    assert cards[-1].page.with_suffix(".failed.ipynb").is_file()
    assert nothing_left(tmp_path)


def test_the_server_has_one_thread(small, tmp_path):
    """A fork copies one thread and the locks of all others, so that the server has no other."""
    seen = []
    with watched(tmp_path):
        pool.print_cards(small("threads"), 1, done=lambda *_: seen.append([server.num_threads() for server in servers()]))
    assert seen[0] == [1]


def test_a_full_disk_ends_the_batch(small, tmp_path):
    """A full disk is no card's fault: it is raised as what it is, and nothing is left running."""
    cards = small("full")
    cards[3] = replace(cards[3], page=FullDisk(cards[3].page))
    with watched(tmp_path), pytest.raises(OSError, match="No space left on device") as full:
        pool.print_cards(cards, 1)
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, str(cards[3].page.parent))
    assert nothing_left(tmp_path)


LASTING = """
import subprocess, time
if unit != "S001":
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    time.sleep(600)
"""


@contextmanager
def lasting(small, tmp_path):
    """Start a command whose cards do not end and have started programs in sessions of their own; wait until these are there."""
    run, notebook = small("any")[0].run, a_notebook(tmp_path / "notebooks" / "lasting.ipynb", LASTING)
    script = tmp_path / "script.py"
    script.write_text(
        f"""
from pathlib import Path
from batches import some_cards
from fengqiao_eval.engine.pool import print_cards
if __name__ == "__main__":
    print_cards(some_cards(Path({str(run)!r}), Path({str(notebook)!r}), {UNITS[:3]}, "lasting"), 2)
""",
        "utf-8",
    )
    (tmp_path / "temporary").mkdir()
    with watched(tmp_path / "temporary"):
        told = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        command = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE, text=True, env=told)
        try:  # what is not there in time is ended too, or it would be taken for what a later test has left
            until(lambda: sum(process.name() == "sleep" for process in marked()) == 2)
            yield command
        finally:
            command.kill()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_who_ends_the_command_ends_everything(small, tmp_path, sign):
    """Ctrl-C, SIGTERM and kill -9 leave no process behind, even if what cells have started went to a session of its own."""
    with lasting(small, tmp_path) as command:
        command.send_signal(sign)
        said = command.communicate()[1]
    until(lambda: nothing_left(tmp_path / "temporary"))
    assert said.splitlines()[-1:] == (["KeyboardInterrupt"] if sign == signal.SIGINT else [])


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no handle of a process")
@pytest.mark.parametrize("first", ["command", "server"])
def test_who_kills_command_and_server_leaves_no_process(small, tmp_path, first):
    """Where kill -9 ends both at once, the one that would have cleared up is gone as well: after ten seconds nothing runs."""
    with lasting(small, tmp_path) as command:
        parent = psutil.Process(command.pid)
        [server] = [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]
        for process in (parent, server) if first == "command" else (server, parent):
            process.kill()
        command.communicate()
    last = time.monotonic() + 10
    while marked() and time.monotonic() < last:
        time.sleep(0.1)
    assert marked() == []


@pytest.mark.slow
def test_the_stock_engine_prints_the_same_page(small, tmp_path, capfd):
    """Papermill's own engine, a kernel a card, gives the same pages, and nothing of the noise of kernels."""
    ours, stock = small("ours")[:2], small("stock")[:2]
    with watched(tmp_path):
        assert pool.print_cards(ours, 2) == pool.print_cards(stock, 2, "stock") == ()
    assert [card.page.read_bytes() for card in ours] == [card.page.read_bytes() for card in stock]
    assert capfd.readouterr() == ("", "")
    assert nothing_left(tmp_path)


def test_the_summary_names_ten_and_counts_the_rest():
    """One head, one line a card with cell, exception and first line of its words; the rest is only counted."""
    failures = [Failure(f"S{n}", "station", 3, "ValueError", "太少\n更多") for n in range(12)]
    lines = pool.summary(failures, 60, "zh")
    assert lines[:2] == ["60 张计分卡中有 12 张失败：", "  S0（单元格 [3]）: ValueError: 太少"]
    assert (len(lines), lines[-1]) == (12, "  ……另有 2 张，见 manifest.json")
    assert pool.summary([], 60) == []
    assert pool.summary([Failure("", "", None, "KeyError", "x")], 1, "en")[1] == "  overview: KeyError: x"


def test_the_project_may_bring_its_own_notebooks(tmp_path):
    """Notebooks of the project win over those beside the package, if both scorecards are there."""
    (tmp_path / "notebooks").mkdir()
    for name in ("station_scorecard.ipynb", "officer_scorecard.ipynb"):
        (tmp_path / "notebooks" / name).write_text("{}", "utf-8")
    assert find_notebooks(tmp_path) == tmp_path / "notebooks"


def test_without_notebooks_nothing_starts(tmp_path, monkeypatch):
    """Where neither the project nor the package has them, the places looked in are named."""
    monkeypatch.setattr("fengqiao_eval.runs.templates.__file__", str(tmp_path / "a" / "b" / "choice.py"))
    with pytest.raises(UsageError, match=r"找不到笔记本 officer_scorecard\.ipynb, station_scorecard\.ipynb"):
        find_notebooks(tmp_path)
