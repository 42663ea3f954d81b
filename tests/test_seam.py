"""The spec knows one door to the package: tests/seam.py, and of that it uses everything."""

import ast
import inspect
from pathlib import Path

import pytest

import seam

SPEC = Path(__file__).parent / "spec"
HOUSE = "fengqiao_eval"
MOST_FUNCTIONS = 12


def imported(path):
    """List what a file imports, by whole names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words(path):
    """List the names and attributes that a file speaks of."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    return {getattr(node, "id", getattr(node, "attr", None)) for node in nodes}


@pytest.mark.parametrize("path", sorted(SPEC.glob("*.py")), ids=lambda path: path.stem)
def test_the_spec_knows_no_room(path):
    """What a rule means is said without a word on where it is reckoned, so that a move of the package touches the seam alone."""
    assert [name for name in imported(path) if name.split(".")[0] == HOUSE] == []
    assert f"{HOUSE}." not in path.read_text("utf-8")


def test_the_seam_is_small():
    """Few functions, each explained and each asked for by the spec or by what all tests may ask for."""
    functions = {name for name in seam.__all__ if inspect.isfunction(found := getattr(seam, name)) and found.__module__ == "seam"}
    assert len(functions) <= MOST_FUNCTIONS
    assert [name for name in functions if not inspect.getdoc(getattr(seam, name))] == []
    used = set().union(*map(words, [*SPEC.glob("*.py"), SPEC.parent / "conftest.py"]))
    assert set(seam.__all__) - used == set()
