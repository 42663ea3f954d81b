"""Mutated projects go through `check` and `score`: refused in plain words or scored, with every row counted or told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import project

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
            {path.name: path.read_bytes() for path in folder.rglob("*.*") if path.suffix != ".duckdb"}
            for folder in (first, second)
        ]
        assert files[0] == files[1]
