"""A geometric mean, a floor or a cap of a dimension bends the sum: contributions stay linear, one line carries the difference."""

import numpy as np
import pytest
from scipy.stats import gmean

TWO = """
    | part | within | weight | aggregation |
    | d    |        | 60     | geometric   |
    | a    | d      | 50     |             |
    | b    | d      | 50     |             |
    | e    |        | 40     |             |
    | c    | e      | 100    |             |
"""
LIMITED = """
    | part | within | weight | floor | cap |
    | d    |        | 20     | 75    | 95  |
    | a    | d      | 50     |       |     |
    | b    | d      | 50     |       |     |
    | e    |        | 80     |       |     |
    | c    | e      | 100    |       |     |
"""
BOTH = """
    | part | within | weight | aggregation | floor |
    | d    |        | 20     | geometric   | 75    |
    | a    | d      | 50     |             |       |
    | b    | d      | 50     |             |       |
    | e    |        | 80     |             |       |
    | c    | e      | 100    |             |       |
"""


def lines(found, unit="S1"):
    """Give the lines of a unit beside its indicators: line and rule -> points."""
    rows = found.adjustments.loc[[unit]] if unit in found.adjustments.index else found.adjustments[:0]
    return {(line, rule): by for (_, line), rule, by in zip(rows.index, rows["rule"], rows["contribution"], strict=True)}


def test_a_geometric_mean_punishes_what_is_uneven(nested, judge):
    """√(90 × 40) is 60 and not 65: the line takes 5 × 0.6 = 3 from 65 × 0.6 + 80 × 0.4 = 71."""
    found = judge(nested(TWO), "| unit | a | b | c |\n| S1 | 90 | 40 | 80 |\n| S2 | 65 | 65 | 80 |")
    assert found.points.loc["S1", "contribution"].to_dict() == {"a": 27, "b": 12, "c": 32}
    assert found.adjustments.loc[("S1", "d"), ["rule", "effect", "contribution"]].tolist() == ["geometric", "aggregate", -3]
    assert found.ranks["total"].to_dict() == {"S1": 68, "S2": 71}
    assert lines(found, "S2") == {}


def test_the_mean_is_over_what_is_scored(nested, judge):
    """Without b, d is a's alone and nothing is bent."""
    found = judge(nested(TWO), "| unit | a | b | c |\n| S1 | 90 | | 80 |")
    assert found.ranks.loc["S1", "total"] == 86
    assert lines(found) == {}


def test_the_whole_may_be_geometric(nested, judge):
    """With weights of 0.6 and 0.4, 50 and 100 points make 50^0.6 × 100^0.4 = 65.98, as scipy has it; the line is the total's."""
    text = TWO.replace("geometric", "arithmetic")
    found = judge(nested(text, aggregation="geometric"), "| unit | a | b | c |\n| S1 | 40 | 60 | 100 |")
    assert found.ranks.loc["S1", "total"] == pytest.approx(gmean([50, 100], weights=[0.6, 0.4]), abs=0.005)
    assert lines(found) == {("total", "geometric"): pytest.approx(65.98 - 70)}


def test_means_within_means(nested, judge):
    """A geometric whole of a geometric dimension: the two lines and the contributions add up to what scipy reckons upwards."""
    found = judge(nested(TWO, aggregation="geometric", decimals=4), "| unit | a | b | c |\n| S1 | 90 | 40 | 80 |")
    assert set(lines(found)) == {("d", "geometric"), ("total", "geometric")}
    expected = gmean([gmean([90, 40]), 80], weights=[0.6, 0.4])
    assert found.ranks.loc["S1", "total"] == pytest.approx(expected, abs=0.0002)
    parts = [*found.points["contribution"], *lines(found).values()]
    assert found.ranks.loc["S1", "total"] == pytest.approx(np.sum(parts), abs=1e-9)


@pytest.mark.rule("R22")
def test_a_dimension_cannot_lose_more_than_its_limit(nested, judge):
    """本项限扣5分: with 20 marks and a floor of 75 points a dimension loses at most 5 marks, however bad a and b are."""
    found = judge(nested(LIMITED), "| unit | a | b | c |\n| S1 | 10 | 30 | 100 |\n| S2 | 70 | 90 | 100 |")
    assert lines(found) == {("d", "floor"): 11}
    assert found.adjustments.loc[("S1", "d"), "effect"] == "cap"
    assert found.ranks["total"].to_dict() == {"S1": 95, "S2": 96}


@pytest.mark.rule("R22")
def test_a_dimension_may_be_capped(nested, judge):
    """With a cap of 95 points full marks are worth 19 of the 20."""
    found = judge(nested(LIMITED), "| unit | a | b | c |\n| S1 | 100 | 100 | 100 |")
    assert lines(found) == {("d", "cap"): -1}
    assert found.ranks.loc["S1", "total"] == 99


def test_limits_come_after_the_mean(nested, judge):
    """√(90 × 40) = 60 is under a floor of 75: one line for the mean (-1), one for the floor (+3), together 75 × 0.2."""
    found = judge(nested(BOTH), "| unit | a | b | c |\n| S1 | 90 | 40 | 0 |")
    assert lines(found) == {("d", "geometric"): -1, ("d", "floor"): 3}
    assert found.ranks.loc["S1", "total"] == 15


def test_limits_follow_the_full_marks_of_the_class(nested, judge):
    """A floor of 75 written for 100 is one of 112.5 where a class has 150."""
    scheme = nested(LIMITED, full_marks={"县": 150, "others": 100})
    found = judge(scheme, "| unit | class | a | b | c |\n| S1 | 县 | 10 | 10 | 100 |\n| S2 | 所 | 10 | 10 | 100 |")
    assert found.ranks["total"].to_dict() == {"S1": 142.5, "S2": 95}


def test_nothing_scored_is_nothing_bent(nested, judge):
    """A unit without any value has no lines, whatever the floors."""
    found = judge(nested(LIMITED), "| unit | a | b | c |\n| S1 | | | |")
    assert lines(found) == {}
    assert found.ranks.loc["S1", "total"] == 0
