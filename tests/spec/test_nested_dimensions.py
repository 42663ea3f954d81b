"""Dimensions may hold dimensions, to any depth; what is missing is spread among its siblings first, then upwards."""

import pytest

WITHIN = """
    | part | within | weight |
    | d    |        | 60     |
    | d1   | d      | 40     |
    | a    | d1     | 25     |
    | b    | d1     | 75     |
    | d2   | d      | 60     |
    | c    | d2     | 100    |
    | e    |        | 40     |
    | e1   | e      | 100    |
    | f    | e1     | 100    |
"""
MARKS = """
    | part | within | weight |
    | d    |        | 60     |
    | d1   | d      | 24     |
    | a    | d1     | 6      |
    | b    | d1     | 18     |
    | d2   | d      | 36     |
    | c    | d2     | 36     |
    | e    |        | 40     |
    | e1   | e      | 40     |
    | f    | e1     | 40     |
"""
FULL = "| unit | a | b | c | f |\n| S1 | 100 | 100 | 100 | 100 |"


def used(found, unit="S1"):
    """Give the weights used by indicator, as far as any is."""
    weights = found.points.loc[unit, "weight_used"]
    return weights[weights > 0].round(12).to_dict()


@pytest.mark.rule("R32")
@pytest.mark.parametrize(("text", "style"), [(WITHIN, "within"), (MARKS, "marks")])
def test_weights_multiply_down_the_tree(nested, judge, text, style):
    """25 of 100, in 40 of 100, in 60 of 100 are 6 marks; both styles of weights say the same."""
    scheme = nested(text, weights=style)
    assert used(judge(scheme, FULL)) == {"a": 0.06, "b": 0.18, "c": 0.36, "f": 0.4}
    assert judge(scheme, FULL).points.loc["S1", "weight"].to_dict() == used(judge(scheme, FULL))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("|    | 100 | 100 | 100 |", {"b": 0.24, "c": 0.36, "f": 0.4}),
        ("|    |     | 100 | 100 |", {"c": 0.6, "f": 0.4}),
        ("|    |     |     | 100 |", {"f": 1.0}),
        ("| 90 | 100 | 100 |     |", {"a": 0.1, "b": 0.3, "c": 0.6}),
    ],
)
def test_what_is_missing_goes_to_the_nearest(nested, judge, values, expected):
    """Without a its sibling b carries all of d1; without both, d2 all of d; without d, e everything."""
    assert used(judge(nested(WITHIN), f"| unit | a | b | c | f |\n| S1 {values}")) == expected


THIRDS = """
    | part | within | weight | levels    |
    | d    |        | 1      |           |
    | x    | d      | 1      |           |
    | a    | x      | 1      |           |
    | b    | x      | 2      | [station] |
    | y    | d      | 2      |           |
    | c    | y      | 1      |           |
    | e    |        | 2      |           |
    | f    | e      | 1      |           |
"""


def test_a_deep_contribution_is_rounded_once(nested, judge):
    """One third of a third of a third of 100 points is 3.70; no weight is rounded on the way (0.33 × 0.33 × 33.33 is 3.63)."""
    found = judge(nested(THIRDS), "| unit | a | b | c | f |\n| S1 | 100 | 0 | 0 | 99.9999 |")
    assert found.points.loc["S1", "contribution"].to_dict() == {"a": 3.70, "b": 0, "c": 0, "f": 66.67}


def test_levels_of_a_deep_indicator(nested, judge):
    """Where b applies at stations only, an officer's x is all a's, and nothing uncovered is said of it."""
    found = judge(nested(THIRDS), "| unit | level | a | b | c | f |\n| P1 | officer | 90 | not_applicable | 90 | 90 |")
    assert used(found, "P1") == {"a": round(1 / 9, 12), "c": round(2 / 9, 12), "f": round(2 / 3, 12)}
    assert found.ranks.loc["P1", ["total", "covered"]].tolist() == [90, 1]
