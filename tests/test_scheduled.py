"""What a scheduler sees of a run: exit codes, one line of summary, stderr, the log, what changed, and how it is stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from typer.main import get_command

import test_cli
from fengqiao_eval.cli import ENGINES, app, catch_signals
from fengqiao_eval.engine.card_job import Failure
from fengqiao_eval.errors import Note
from fengqiao_eval.runs import console, lock, log
from fengqiao_eval.runs.params import RunParams
from fengqiao_eval.runs.run import Made
from test_cli import fengqiao

SUMMARY = re.compile(
    r"(完成|无新内容，未作改动)：(\S+)（2024Q4，草稿），计分卡新出 (\d+) 张、沿用 (\d+) 张、失败 (\d+) 张，"
    r"用时 \d+ 秒，请看 (\S+)"
)
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals as shells know them are POSIX's")
PEOPLE = ("PQ701", "PQ702", "甲", "乙")
COMMAND = [sys.executable, "-c", "from fengqiao_eval.cli import app; app()"]

project, scored = test_cli.project, test_cli.scored


def events():
    """Read the log of the project."""
    return [json.loads(line) for line in Path("runs", log.NAME).read_text("utf-8").splitlines()]


# One line of summary


@pytest.mark.usefixtures("project")
def test_the_last_line_is_the_summary():
    """Run, period, state, cards, seconds and where to look stand in the last line, and nothing on stderr."""
    code, said, refused = fengqiao("score", "params/q4.yaml")
    assert (code, refused) == (0, "")
    assert SUMMARY.fullmatch(said.splitlines()[-1]).groups() == ("完成", "q4", "0", "0", "0", "runs/q4/ranks.parquet")
    assert said.splitlines()[0] == "参评单位：县（区）局 1、派出所 2、民警 2"


@pytest.mark.usefixtures("scored")
def test_nothing_new_is_said_in_the_same_form():
    """The second time nothing is done, and the line says so."""
    code, said, refused = fengqiao("score", "params/q4.yaml", "--quiet")
    assert (code, refused) == (0, "")
    assert SUMMARY.fullmatch(said.rstrip("\n")).groups() == ("无新内容，未作改动", "q4", "0", "0", "0", "runs/q4/ranks.parquet")
    assert [event["event"] for event in events()] == ["started", "frames", "finished", "unchanged"]


@pytest.mark.usefixtures("scored")
def test_fresh_does_everything_anew():
    """--fresh passes over what was done."""
    code, said, _ = fengqiao("score", "params/q4.yaml", "--fresh", "--quiet")
    assert (code, said.split("：")[0]) == (0, "完成")


PARAMS = RunParams(period="2024Q4", records="r", scheme="s")
A_RUN = dict(  # noqa: C408 - read as keywords
    folder=Path("runs/q4"), corrects=None, params=PARAMS, units={}, notes=(), stops=0, seconds=61.2,
    printed={"station": 2}, kept={"station": 3},
)  # fmt: skip


def test_records_of_no_unit_are_told_in_quiet_too():
    """That records count for nobody is said even where nothing is asked to be said; other notes are not."""
    given = {"table": "警情案件", "count": 1, "share": "2%", "number": 1, "ids": "“S9” ×1"}
    made = Made(**{**A_RUN, "notes": (Note("late", {"table": "走访", "count": 3}), Note("unknown_units", given))})
    assert [*console.quiet_lines(made, "zh")] == [
        "警情案件有 1 条记录（2%，1 个编号）的单位编号不在单位表中，不计入任何单位（写明承办人的，仍计入其本人）：“S9” ×1"
    ]


def test_the_summary_counts_cards():
    """Cards printed, kept and failed are added up over the levels; failures change the first word."""
    failure = Failure("S2", "station", 3, "ValueError", "坏记录")
    made = Made(**A_RUN, failures=(failure,))
    assert console.summary(made, "zh") == (
        "完成，部分计分卡失败：q4（2024Q4，草稿），计分卡新出 2 张、沿用 3 张、失败 1 张，用时 61 秒，请看 runs/q4/ranks.parquet"
    )
    assert console.summary(Made(**A_RUN, failures=()), "en") == (
        "done: q4 (2024Q4, draft), cards: 2 printed, 3 kept, 0 failed, 61 s, look at runs/q4/ranks.parquet"
    )


def test_officers_that_failed_are_counted():
    """On the console nobody reads whose card it was: the number, and the file that only its owner opens."""
    failures = (Failure("S2", "station", 3, "ValueError", "坏记录"), Failure("PQ701", "officer", 3, "ValueError", "PQ701 甲"))
    assert console.failure_lines(Made(**A_RUN, failures=failures), "zh") == [
        "7 张计分卡中有 1 张失败：",
        "  S2（单元格 [3]）: ValueError: 坏记录",
        "民警计分卡有 1 张失败，见 runs/q4/officer/manifest.json",
    ]
    assert console.failure_lines(Made(**A_RUN, failures=failures[1:]), "en") == [
        "1 card of officers failed, see runs/q4/officer/manifest.json"
    ]
    assert console.failure_lines(Made(**A_RUN, failures=()), "zh") == []


# What changed


def test_what_changed_is_told(scored):
    """The same period scored again after records came in tells whom they moved, and what came late."""
    with (scored / "records" / "cases.csv").open("a", encoding="utf-8") as cases:
        cases.write("C5,S2,2024-12-05 08:00,,2024-12-05 09:00,2024-12-05 10:00\n")
        cases.write("C6,S1,2024-12-06 08:00,,2024-12-06 08:05,2025-02-01 10:00\n")
    code, said, _ = fengqiao("score", "params/q4.yaml")
    assert code == 0
    assert "与上次相比（q4，2024Q4，截至 2025-01-01）：" in said
    assert "  记录条数：警情案件 +2\n  截止之后才录入、未计入的：警情案件 0 → 1\n" in said
    assert "  派出所：2 个可比，2 个名次有变（▲1 ▼1）\n" in said
    assert "石桥派出所（S1）▲1（2 → 1／2）" in said
    kept = json.loads((scored / "runs" / "q4" / "manifest.json").read_text("utf-8"))["since"]
    assert kept["late"] == {"cases": [0, 1]}
    assert not [word for word in PEOPLE if word in json.dumps(kept, ensure_ascii=False)]


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_the_next_period_is_held_against_the_last():
    """A relative period finds the run of the period before it."""
    given = ["score", "params/q4.yaml", "--set", "period=last_month", "--set"]
    assert fengqiao(*given, "as_of=2024-12-01", "--quiet")[0] == 0
    code, said, _ = fengqiao(*given, "as_of=2025-01-01")
    assert code == 0
    assert "与上次相比（q4-2024-11，2024-11，截至 2024-12-01）：" in said


# Options


@pytest.mark.usefixtures("project")
def test_another_engine_is_refused():
    """Both engines are named, nothing is written."""
    code, said, refused = fengqiao("run", "params/q4.yaml", "--engine", "kernel")
    assert (code, said) == (2, "")
    assert "没有引擎“kernel”" in refused
    assert all(engine in refused for engine in ENGINES)
    assert not Path("runs").exists()


def test_options_reach_the_run(project, monkeypatch):
    """What is typed is what the run is ordered to do."""
    orders = []
    monkeypatch.setattr("fengqiao_eval.runs.run.run", lambda order: orders.append(order) or Made(**A_RUN, failures=()))
    assert fengqiao("run", "params/q4.yaml", "--engine", "stock", "--pdf", "--fresh", "--quiet", "--workers", "3")[0] == 0
    assert fengqiao("run", "params/q4.yaml")[0] == 0
    kinds = [(order.engine, order.pdf, order.fresh, order.workers, order.notebooks) for order in orders]
    assert kinds == [("stock", True, True, 3, False), ("fengqiao", False, False, None, False)]
    assert not (project / "runs").exists()


@pytest.mark.parametrize("command", ["run", "score"])
def test_every_option_is_explained(command):
    """Help says what each option is for, in Chinese where nobody chose a language."""
    options = [option for option in get_command(app).commands[command].params if option.name != "help"]
    assert [option.name for option in options if not re.search(r"[一-鿿]", option.help or "")] == []


# Stopping


@pytest.fixture
def killed(project, monkeypatch):
    """Give a function that lets a signal come in the middle of a run; what the library that was at work makes of it is given."""

    def kill(number, failure=None):
        def run(*_, **__):
            try:
                os.kill(os.getpid(), number)
                time.sleep(60)
            except KeyboardInterrupt:
                if failure:
                    raise failure from None
                raise

        monkeypatch.setattr("fengqiao_eval.runs.run.run", run)
        return project

    return kill


@POSIX
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("failure", [None, RuntimeError("Query interrupted"), SystemExit(1)], ids=str)
def test_a_run_that_is_stopped_says_so(killed, number, code, failure):
    """Ctrl-C and SIGTERM end a run with a plain line, also where a library turned the interrupt into its own error."""
    killed(number, failure)
    said = "已中断；做完的都留着，再执行同一行命令就从断处接着做。\n"
    assert fengqiao("run", "params/q4.yaml") == (code, "", said)


@POSIX
def test_other_commands_promise_nothing(killed, monkeypatch):
    """Nothing is kept of a demo that was stopped, and none is spoken of."""
    killed(signal.SIGTERM)
    monkeypatch.setattr("fengqiao_eval.demo.write.write", lambda *_: os.kill(os.getpid(), signal.SIGTERM) or time.sleep(60))
    assert fengqiao("demo", "invented") == (143, "", "已中断。\n")


@POSIX
def test_a_signal_that_is_ignored_stays_ignored():
    """What nohup and background jobs pass over is passed over; afterwards all is as before."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with catch_signals() as came:
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert (came, signal.getsignal(signal.SIGTERM)) == ([], signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGINT, before)


# The log


def test_a_refusal_is_logged(scored):
    """Exit code and place of each fault, in the log of the folder where runs lie; what was given stands on the console only."""
    (scored / "params" / "q4.yaml").write_text(test_cli.PARAMS + "onyl: [PQ701]\n", "utf-8")
    assert fengqiao("score", "params/q4.yaml")[0] == 1
    assert fengqiao("score", "params/q4.yaml", "--set", "records=postgresql://me:secret@host/db")[0] == 1
    refused = [event for event in events() if event["event"] == "refused"]
    assert [event["exit"] for event in refused] == [1, 1]
    assert refused[0]["faults"] == ["q4.yaml:4 · onyl [document.unknown_key]"]
    assert "--set · records [records.base_password]" in refused[1]["faults"]
    text = (scored / "runs" / log.NAME).read_text("utf-8")
    assert not [word for word in (*PEOPLE, "secret", str(scored)) if word in text]


# The real command


def ended(*words):
    """Give a command to a shell's process and what it ended with: exit code, last line, stderr."""
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, (done.stdout.splitlines() or [""])[-1], done.stderr


@pytest.mark.slow
def test_every_exit_code(project):
    """0 done or nothing new, 1 faults, 2 wrong usage, 3 a card failed, 4 locked; stderr is silent, or plain."""
    code, said, refused = ended("score", "params/q4.yaml")
    assert (code, SUMMARY.fullmatch(said)[1], refused) == (0, "完成", "")
    code, said, refused = ended("score", "params/q4.yaml", "--quiet")
    assert (code, SUMMARY.fullmatch(said)[1], refused) == (0, "无新内容，未作改动", "")
    code, said, refused = ended("score", "params/q4.yaml", "--set", "state=ready")
    assert (code, said, refused.split(" ")[0]) == (1, "", "--set")
    assert ended("run", "params/q4.yaml", "--engine", "x")[0] == 2
    code, said, refused = ended("run", "params/q4.yaml", "--only", "S2", "--quiet")
    assert (code, said.split("：")[0]) == (3, "完成，部分计分卡失败")
    assert refused.startswith(
        "1 张计分卡中有 1 张失败：\n  S2（单元格 [3]）: ValueError: 坏记录\n模板 station_scorecard.ipynb 与随程序发布的不同"
    )
    with lock.hold_lock(project / "runs", "q4"):
        code, said, refused = ended("run", "params/q4.yaml")
    assert (code, said) == (4, "")
    assert f"进程 {os.getpid()}" in refused
    assert [event.get("exit") for event in events() if event["event"] == "refused"] == [1, 4]


def sleeping():
    """A card that says that it has begun, and never ends."""
    notebook = test_cli.a_notebook()
    notebook.cells[1].source = "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(600)"
    return notebook


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_is_stopped_in_the_middle_of_a_card(project, number, code):
    """A signal ends the command in the middle of a card; the same command goes on from there with the frames it had."""
    card = project / "notebooks" / "station_scorecard.ipynb"
    nbformat.write(sleeping(), card)
    words = ("run", "params/q4.yaml", "--only", "S1")
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        while not (project / "notebooks" / "begun").exists():
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.05)
        run.send_signal(number)
        said, refused = run.communicate()
    assert (run.returncode, said, refused) == (code, "", "已中断；做完的都留着，再执行同一行命令就从断处接着做。\n")
    assert events()[-1]["event"] == "stopped"
    nbformat.write(test_cli.a_notebook(), card)
    assert ended(*words)[0] == 0
    assert [event["kept"] for event in events() if event["event"] == "frames"] == [False, True]
