"""docs/scheduling.md keeps its word: options, codes, files, log lines and units of systemd are those of the program."""

import ast
import json
import re
import shlex
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from papermill.__main__ import papermill
from typer.main import get_command

import test_cli
from fengqiao_eval import errors
from fengqiao_eval.cli import app
from fengqiao_eval.runs import log
from fengqiao_eval.runs.params import load_params
from test_cli import fengqiao

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scheduling.md").read_text("utf-8")
CALL = re.compile(r"(?:fengqiao|Scripts\\fengqiao) (run|check|score) ([^`\"\n>|]*)")
project = test_cli.project


def options(command):
    """List the options of a command of click."""
    return {name for each in command.params for name in each.opts}


@pytest.mark.parametrize(("name", "words"), sorted(set(CALL.findall(PAGE))))
def test_every_call_has_options_that_exist(name, words):
    """What the page tells to type names options of the command, wherever it is typed."""
    given = {word.split("=")[0] for word in words.split() if word.startswith("--")}
    assert given <= options(get_command(app).commands[name])


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z]+)", PAGE))))
def test_every_option_named_exists(option):
    """An option that the prose names is one of `fengqiao run`."""
    assert option in options(get_command(app).commands["run"])


def test_papermill_is_given_what_it_and_the_notebook_know(lines):
    """The lines of papermill name its own options, a notebook that ships and parameters that it lists."""
    calls = [shlex.split(line) for line in lines("sh") if line.startswith("papermill ")]
    for words in calls:
        assert {word for word in words if word.startswith("--")} <= options(papermill)
        [path] = [word for word in words if word.startswith("notebooks/")]
        listed = next(
            cell.source for cell in nbformat.read(ROOT / path, 4).cells if "parameters" in cell.metadata.get("tags", ())
        )
        assert {words[at + 1] for at, word in enumerate(words) if word in ("-p", "-r")} <= set(
            re.findall(r"(?m)^(\w+) = ", listed)
        )
    assert [words[1:3] == ["--engine", "fengqiao"] for words in calls] == [True, False]


def test_the_params_file_is_right(blocks, tmp_path):
    """The params file has no fault, and its period moves on."""
    [(name, text)] = blocks("yaml")
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text, "utf-8")
    params, faults = load_params(tmp_path / name)
    assert (faults, params.relative) == ([], True)


def test_every_exit_code_is_told():
    """The table of exit codes holds 0, that of every refusal, and those of signals."""
    kinds = [errors.FengqiaoError, *errors.FengqiaoError.__subclasses__()]
    told = {int(code) for row in re.findall(r"(?m)^\| ([\d, ]+) \|", PAGE) for code in row.split(",")}
    assert told == {0, 130, 143, *(kind.exit_code for kind in kinds)}


@pytest.fixture
def events(project):
    """Run, fail, repeat and be refused in a project, and give what was logged by event: the keys of each line."""
    calls = ("run params/q4.yaml --quiet", "score params/q4.yaml --quiet", "score params/q4.yaml --set period=never")
    assert [fengqiao(*call.split())[0] for call in calls] == [3, 0, 1]
    lines = [json.loads(line) for line in (project / "runs" / log.NAME).read_text("utf-8").splitlines()]
    return {line["event"]: set(line) for line in lines}


def shown():
    """Read the lines of the log that the page shows."""
    return [json.loads(line) for line in re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()]


def test_every_event_is_shown_and_explained():
    """The page shows a line of every event of the log, and has a row for it that names its facts."""
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| [^|]* \|([^|]*)\|$", PAGE))
    assert {line["event"] for line in shown()} == set(rows) == set(log.EVENTS)
    for line in shown():
        assert [key for key in list(line)[3:] if key not in re.split(r"\W+", rows[line["event"]])] == []


@pytest.mark.slow
def test_the_log_has_the_facts_shown(events):
    """What a run logs has the same facts as the page shows, event by event."""
    told = {line["event"]: set(line) for line in shown() if line["event"] in events}
    assert told == events
    assert {"started", "frames", "card_failed", "finished", "refused"} <= set(events)


def test_systemd_finds_no_fault(blocks, need, tmp_path):
    """Service and timer, written out as they stand, pass `systemd-analyze verify` without a word."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "fengqiao").symlink_to(need("true"))
    for name, text in blocks("ini"):
        (tmp_path / name).write_text(text.replace("/srv/fengqiao", str(tmp_path)), "utf-8")
    units = [f"./{name}" for name, _ in blocks("ini")]
    done = subprocess.run(
        [need("systemd-analyze"), "verify", "--man=no", *units], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_cron_and_systemd_type_the_same(blocks, lines):
    """Cron, systemd, Airflow and the shell are told the same line."""
    [shell] = {line for line in lines("sh") if "fengqiao run" in line}
    [timed] = [line for line in lines("cron") if line[0].isdigit()]
    assert timed.split(maxsplit=5)[5] == shell
    [unit] = re.findall(r"(?m)^ExecStart=\S*/(\.venv.*)$", dict(blocks("ini"))["fengqiao-monthly.service"])
    assert shell.endswith(f"&& {unit}")
    assert shell in dict(blocks("python"))[""]


def test_the_rest_is_well_formed(blocks, lines):
    """Airflow's lines are Python; what Windows is told fits into /TR, which holds 261 characters."""
    assert ast.parse(dict(blocks("python"))[""]).body
    [told] = re.findall(r'/TR "(.*)"', "\n".join(lines("bat")))
    assert len(told) <= 261


def test_make_knows_the_targets_and_variables():
    """What is called by make is there."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert set(re.findall(r"(?m)(?:^|`)make ([a-z-]+)", PAGE)) <= set(re.findall(r"(?m)^([a-z-]+):", makefile))
    assert {name for name in re.findall(r"\b([A-Z_]{6,})=", PAGE) if f"$({name})" not in makefile} <= {"MAILTO", "PYTHONUTF"}


def test_links_and_files_are_there():
    """A test that the page names is in the project."""
    assert [path for path in re.findall(r"`(tests/\S+)`", PAGE) if not (ROOT / path).exists()] == []
    assert yaml.safe_load(re.search(r"```yaml \S+\n(.*?)```", PAGE, re.DOTALL)[1])["period"] == "last_month"
