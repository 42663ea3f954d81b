"""`make test` in a folder where somebody has worked: what a user has put there is neither tested nor in the way."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from shared import ROOT, shipped

OURS = {"notebooks/ours.ipynb": "{}", "params/ours.yaml": "a: 1"}
THEIRS = {
    **dict.fromkeys(("one_table.xlsx", "tuner.html", "compare-q3-q4.html", "shared.py", "conftest.py", "test_mine.py"), "raise"),
    **dict.fromkeys(("records/cases.csv", "runs/q4/index.html", "runs/tune-q4.ipynb", "demo/units.parquet"), "x"),
    **dict.fromkeys(("notebooks/theirs.ipynb", "params/theirs.yaml"), "x"),
}
STAMPS = ("requirements.lock", "requirements-test.lock", ".venv/.python", ".venv/.locked", ".venv/.setup", ".venv/.setup-test")


@pytest.fixture
def workplace(tmp_path):
    """Make a project of a Makefile and two files under version control, with its environment there, and work in it."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for at, name in enumerate([*OURS, *THEIRS, "pyproject.toml", *STAMPS]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text((OURS | THEIRS).get(name) or (path.read_text("utf-8") if path.is_file() else ""), "utf-8")
        os.utime(path, (at + 10**9, at + 10**9))  # one after the other, so that nothing is to be installed
    for words in (["init", "-q"], ["add", "Makefile", *OURS]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def make(workplace, target, **programs):
    """Call a target of the Makefile with programs that do nothing but end as told; give its exit code and what it said."""
    (workplace / ".venv" / "bin").mkdir(exist_ok=True)
    for name in ("python", "fengqiao"):
        program = workplace / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\ncase "$*" in *{programs.get("fails", "nothing")}*) exit 1;; esac\n', "utf-8")
        program.chmod(0o755)
    done = subprocess.run(["make", target], cwd=workplace, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_only_what_ships_is_listed(workplace):
    """Of schemes and notebooks those under version control are tested; where nobody knows, all."""
    assert [path.name for path in shipped("params/**/*.yaml", workplace)] == ["ours.yaml"]
    assert [path.name for path in shipped("notebooks/*.ipynb", workplace)] == ["ours.ipynb"]
    shutil.rmtree(workplace / ".git")
    shipped.cache_clear()
    assert [path.name for path in shipped("params/**/*.yaml", workplace)] == ["ours.yaml", "theirs.yaml"]


def test_pytest_looks_only_where_tests_are():
    """Tests and examples are sought in folders that ship, and helpers of the tests go before files of the same name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert told["testpaths"] == ["tests", "fengqiao_eval", ".ci"]
    assert told["pythonpath"][0] == "tests"
    assert told["pythonpath"][-1] == "."


def test_no_test_works_where_a_user_does():
    """Tests that make no folder of their own work in an empty one."""
    assert list(Path.cwd().iterdir()) == []
    assert not Path.cwd().is_relative_to(ROOT)


@pytest.mark.parametrize(
    ("fails", "code", "last"),
    [
        ("nothing", 0, "Passed: the tests, the examples in docstrings and the notebooks"),
        ("xdist", 2, "FAILED: notebooks (each can be run alone: make PART)"),
        ("loadfile", 2, "FAILED: tests (each can be run alone: make PART)"),
        ("pytest", 2, "FAILED: tests notebooks (each can be run alone: make PART)"),
    ],
)
def test_it_says_what_it_does_and_what_failed(workplace, need, fails, code, last):
    """Each part is announced; one that fails does not keep the other from being run, and is named in the end."""
    need("make")
    ended, said = make(workplace, "test", fails=fails)
    lines = said.splitlines()
    assert (ended, lines[-1]) == (code, last)
    assert [line.split(":")[0] for line in lines[:-1] if line.startswith("Running")] == [
        "Running the tests and the examples in docstrings, 2 at a time",
        "Running every notebook as an analyst would, on an invented province",
    ]


def test_only_notebooks_that_ship_are_run(workplace, need):
    """A notebook that a user has put beside ours is not run."""
    need("make")
    said = subprocess.run(["make", "-n", "notebooks"], cwd=workplace, capture_output=True, text=True, check=True).stdout
    assert "notebooks/ours.ipynb" in said
    assert "theirs" not in said


def test_a_user_finds_how_long_it_takes():
    """Both READMEs say how long `make test` takes."""
    for name, words in (("README.md", "four minutes"), ("README.zh-CN.md", "四分钟")):
        [line] = [line for line in Path(ROOT, name).read_text("utf-8").splitlines() if line.startswith("make test ")]
        assert words in line
