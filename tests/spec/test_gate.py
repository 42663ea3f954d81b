"""An audit that voids data: where another indicator's value fails the line, this one is void for the unit."""

import pytest

TABLE = """
    | dimension | share | indicator | weight | gate   | not_applicable |
    | d         | 100   | audited   | 50     |        | {exempt}       |
    | d         | 100   | gathered  | 50     | {gate} |                |
"""
BELOW = "{indicator: audited, at_least: 85}"
SAMPLED = """
    | unit | audited | gathered |
    | A    | 85      | 90       |
    | B    | 84.9    | 90       |
    | C    |         | 90       |
    | D    | too_few | 90       |
    | E    | 10      |          |
"""


@pytest.fixture
def gated(scheme, judge):
    """Give the status of `gathered` by unit."""

    def reckon(gate: str = BELOW, text: str = SAMPLED, exempt: str = "", **keys) -> dict[str, str]:
        found = judge(scheme(TABLE.format(gate=gate, exempt=exempt), **keys), text).points["status"]
        return found.xs("gathered", level="indicator").to_dict()

    return reckon


@pytest.mark.rule("R39")
def test_what_fails_the_audit_voids_the_data(gated):
    """抽查合格率<85%必须清空重采: B's data are void; without an audit, or with too small a sample, nothing is voided."""
    assert gated() == {"A": "ok", "B": "void", "C": "ok", "D": "ok", "E": "void"}


@pytest.mark.rule("R39")
def test_a_gate_may_be_a_ceiling(gated):
    """差错率>85 voids A's neighbour in the other direction: the line itself passes."""
    assert gated("{indicator: audited, at_most: 84.9}") == {"A": "void", "B": "ok", "C": "ok", "D": "ok", "E": "ok"} | {
        "E": "no_records"
    }


@pytest.mark.rule("R39")
def test_void_data_follow_the_missing_rule(scheme, judge):
    """B's total is that of the audit alone, which earns what it earns."""
    found = judge(scheme(TABLE.format(gate=BELOW, exempt=""), least_covered="0.5"), SAMPLED)
    assert found.ranks["total"][["A", "B"]].tolist() == [87.5, 84.9]


@pytest.mark.rule("R39")
def test_an_audit_that_does_not_apply_voids_nothing(gated):
    """A unit that is not audited by the table keeps its data, whatever was written down."""
    assert gated(exempt="{units: [B]}")["B"] == "ok"


@pytest.mark.rule("R39")
def test_void_data_are_no_yardstick(scheme, judge):
    """B's value is gone before anybody is compared: the mean of its class is that of A and C."""
    head = "| dimension | share | indicator | weight | gate | against |\n"
    rows = f"| d | 100 | audited | 50 | | |\n| d | 100 | gathered | 50 | {BELOW} | [{{kind: peers}}] |"
    text = "| unit | audited | gathered |\n| A | 90 | 80 |\n| B | 10 | 1000 |\n| C | 90 | 60 |"
    found = judge(scheme(head + rows, least_class=2), text)
    assert found.steps["result"].to_dict() == {"A": 10, "C": -10}
