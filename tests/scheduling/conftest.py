"""What the tests of this folder share: the page that they hold to its word, and how a test says what it lacks."""

import os
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "scheduling.md"
BLOCK = re.compile(r"^```(?P<kind>\w+) ?(?P<path>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def lack():
    """Give a function that skips a test with a reason; where everything is required the test fails."""
    return pytest.fail if os.environ.get("FENGQIAO_REQUIRE_ALL") else pytest.skip


@pytest.fixture(scope="session")
def blocks():
    """Give a function that lists the fenced blocks of docs/scheduling.md of a kind: the path beside each, and its text."""
    found = list(BLOCK.finditer(PAGE.read_text("utf-8")))
    return lambda kind: [(block["path"], block["text"]) for block in found if block["kind"] == kind]


@pytest.fixture(scope="session")
def lines(blocks):
    """Give a function that lists the lines of all blocks of a kind."""
    return lambda kind: [line for _, text in blocks(kind) for line in text.splitlines()]
