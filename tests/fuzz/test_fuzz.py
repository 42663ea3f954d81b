"""Mutated projects go through `check` and `score`: refused in plain words or scored, with every row counted or told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fuzz import judge, project, sound
from fuzz.judge import Ran

TESTS = Path(__file__).parents[1]


@pytest.mark.slow
def test_three_hundred_mutated_projects_are_refused_or_add_up():
    """Of 300 inputs none ends in a traceback, half a run, words of a library, a citizen's data, or rows that do not add up."""
    call = [sys.executable, "-m", "fuzz", "--seed", "12", "--inputs", "300"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(TESTS)})
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_an_input_is_the_same_whenever_it_is_written(tmp_path):
    """Seed and number say what an input is: written twice, all its files are alike."""
    for number in (0, 3, 5, 6, 7):
        first, second = tmp_path / f"{number}a", tmp_path / f"{number}b"
        for folder in (first, second):
            folder.mkdir()
            project.write(7, number, folder)
        files = [
            {
                path.relative_to(folder): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file() and path.suffix != ".duckdb"
            }
            for folder in (first, second)
        ]
        assert files[0] == files[1]


TRACE = 'Traceback (most recent call last):\n  File "x/fengqiao_eval/cli.py", line 7, in check\n    …\nValueError: 3'


@pytest.mark.parametrize(
    ("ran", "kinds"),
    [
        (Ran("check", 1, err="units.csv · units.level [records.empty_cell] 有 1 行此列为空"), []),
        (Ran("check", 1, err="看不懂"), []),
        (Ran("check", -1, traceback=TRACE), ["traceback"]),
        (Ran("score", 1, err=TRACE), ["no Chinese", "traceback printed", "words of a library"]),
        (Ran("score", 3, err="满了"), ["exit"]),
        (Ran("check", 1), ["said nothing"]),
        (Ran("check", 1, err="a.csv [records.no_time] 不是时间：张三110101199001011234"), ["a citizen"]),
        (Ran("check", 1, err="a.yaml [document.not_yaml] 不合格：while parsing a block mapping"), ["words of a library"]),
        (Ran("check", 1, err="a.yaml [document.value] expected something"), ["no Chinese"]),
    ],
)
def test_the_judge_finds_what_may_not_be(tmp_path, ran, kinds):
    """A traceback, an unknown exit, silence, a citizen, words of a library, a sentence in another language."""
    found = judge.judge(
        project.Project(0, "records", []), tmp_path, {}, [ran, Ran("score", ran.code, err=ran.err, traceback=ran.traceback)]
    )
    assert sorted({one.kind for one in found} - {"check and score differ"}) == kinds


def test_the_judge_finds_what_a_refusal_leaves_and_what_was_changed(tmp_path):
    """Half a run, a file of the user's that is another now."""
    (tmp_path / "scheme.yaml").write_text("a", "utf-8")
    before = judge.snapshot(tmp_path)
    (tmp_path / "scheme.yaml").write_text("b", "utf-8")
    (tmp_path / "runs" / ".run.part").mkdir(parents=True)
    refused = [Ran(command, 1, err="不行") for command in ("check", "score")]
    found = judge.judge(project.Project(0, "records", []), tmp_path, before, refused)
    assert [one.kind for one in found] == ["input changed", "left after a refusal", "half made"]


def test_the_judge_adds_up_the_rows(tmp_path):
    """Five rows of which four were read and none is told, or of which three lie in the period where two are counted."""
    folder = tmp_path / "runs" / "run"
    folder.mkdir(parents=True)
    told = {"counts": {"cases": 4}, "in_period": {"cases": 3}, "notes": []}
    (folder / "manifest.json").write_text(json.dumps(told), "utf-8")
    pd.DataFrame({"unit_id": ["X"], "parent_id": [None]}).to_parquet(folder / "units.parquet")
    measured = {"unit_id": ["X"], "indicator": ["rows_cases"], "period": [sound.PERIOD], "n": [2]}
    pd.DataFrame(measured).to_parquet(folder / "measures.parquet")
    accepted = [Ran("check", 0, "好"), Ran("score", 0, "好")]
    for expected, places in (
        (project.Expected(4, 0, 2), ["cases told as of the period"]),
        (project.Expected(4, 0, 3), ["cases in the period"]),
        (project.Expected(5, 0, None), ["cases read"]),
    ):
        made = project.Project(0, "records", [], expected={"cases": expected})
        assert [
            one.place for one in judge.judge(made, tmp_path, judge.snapshot(tmp_path), accepted) if one.kind == "rows"
        ] == places
