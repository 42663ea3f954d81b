"""No rule of the catalogue is forgotten: each that is not waiting is stated by at least one test of this folder."""

import ast
import re
from pathlib import Path

from rule_catalogue import RULES, WAITING


def _marked() -> set[str]:
    """Collect the numbers in every `mark.rule(...)` of the folder, over tests, modules and parameters alike."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.py"))]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    marks = [call for call in calls if ast.unparse(call.func).endswith("mark.rule")]
    return {str(number.value) for mark in marks for number in mark.args if isinstance(number, ast.Constant)}


def _in_order(rules: set[str]) -> list[str]:
    return sorted(rules, key=lambda rule: [int(part) for part in re.findall(r"\d+", rule)])


def test_no_rule_is_forgotten():
    """Every rule of the catalogue is marked by a test or waits by name."""
    assert _in_order(set(RULES) - set(WAITING) - _marked()) == []


def test_no_mark_is_unknown():
    """A mark names a rule of the catalogue."""
    assert _in_order(_marked() - set(RULES)) == []


def test_a_rule_that_is_tested_no_longer_waits():
    """The list of waiting rules holds none that a test already states."""
    assert _in_order(_marked() & set(WAITING)) == []
