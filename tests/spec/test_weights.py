"""Weights are exact decimals in one of two styles, and may differ by level."""

import pytest

import seam

WITHIN = """
    | dimension | share | indicator | weight |
    | d         | 60    | a         | 25     |
    | d         | 60    | b         | 75     |
    | e         | 40    | c         | 100    |
"""
MARKS = """
    | dimension | share | indicator | weight |
    | d         | 60    | a         | 15     |
    | d         | 60    | b         | 45     |
    | e         | 40    | c         | 40     |
"""
BY_LEVEL = """
    | dimension | share | indicator | weight                    | levels    |
    | d         | 60    | a         | {officer: 100, others: 30} |           |
    | d         | 60    | b         | 70                        | [station] |
    | e         | 40    | c         | 100                       |           |
"""


def faults(scheme):
    """List the rules that a scheme breaks, with what was given."""
    return [(fault.rule, str(fault.given["given"]), fault.given["level"]) for fault in seam.faults(scheme)]


def weights(judge, scheme, level="station"):
    """Give the nominal weight of each indicator at a level."""
    found = judge(scheme, f"| unit | level | a | b | c |\n| U | {level} | 1 | 1 | 1 |")
    return found.points["weight"].droplevel("unit_id").to_dict()


def test_both_styles_say_the_same(scheme, judge):
    """25 within a dimension of 60 is 15 marks of the hundred."""
    expected = {"a": 0.15, "b": 0.45, "c": 0.4}
    assert weights(judge, scheme(WITHIN)) == weights(judge, scheme(MARKS, weights="marks")) == expected


def test_weights_may_differ_by_level(scheme, judge):
    """Indicator b is scored at stations only; of an officer a carries the whole dimension."""
    table = scheme(BY_LEVEL, levels=("station", "officer"))
    assert weights(judge, table) == {"a": 0.18, "b": 0.42, "c": 0.4}
    assert weights(judge, table, "officer") == {"a": 0.6, "b": 0, "c": 0.4}
    assert faults(table) == []


def test_a_dimension_may_be_missing_at_a_level(scheme, judge):
    """Where nothing of e applies, d must be the whole hundred there."""
    text = BY_LEVEL.replace("| 100                       |           |", "| 100 | [station] |")
    assert faults(scheme(text, levels=("station", "officer"))) == [("weights.dimensions", "60", "officer")]
    by_level = scheme(text.replace("| 60 ", "| {officer: 100, others: 60} "), levels=("station", "officer"))
    assert faults(by_level) == []
    assert weights(judge, by_level, "officer") == {"a": 1, "b": 0, "c": 0}


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        (WITHIN.replace("75", "74"), "within", [("weights.indicators", "99", "station")]),
        (WITHIN.replace("75", "75.01"), "within", [("weights.indicators", "100.01", "station")]),
        (WITHIN.replace("40 ", "39 "), "within", [("weights.dimensions", "99", "station")]),
        (WITHIN, "marks", [("weights.indicators", "100", "station"), ("weights.indicators", "100", "station")]),
        (MARKS, "within", [("weights.indicators", "60", "station"), ("weights.indicators", "40", "station")]),
        (WITHIN.replace("75", "66.66").replace("25", "33.34"), "within", []),
    ],
)
def test_sums_are_checked_to_the_last_decimal(scheme, text, style, expected):
    """99 and 100.01 are no hundred; every sum that is wrong is told, at the level where it is."""
    assert faults(scheme(text, weights=style, levels=("station",))) == expected


def test_weights_of_nought_are_printed_and_not_scored(scheme, judge):
    """An indicator may be shown with a weight of 0: it moves nothing."""
    table = scheme(WITHIN.replace("25", "0 ").replace("75", "100"))
    found = judge(table, "| unit | a | b | c |\n| U | 3 | 50 | 100 |")
    assert found.points.loc[("U", "a"), ["points", "weight_used", "contribution"]].tolist() == [3, 0, 0]
    assert found.ranks.loc["U", "total"] == 70
