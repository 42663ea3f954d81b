"""A line: so many points a step from a start, whole steps only where it says so, and something once beyond the limit."""

import numpy as np
import pytest

import seam

MARKS = "| dimension | share | indicator | weight | points | direction |\n"


def points(rule, values, good="higher"):
    """Give what a line makes of values, within the bounds of a hundred."""
    return seam.points({"kind": "line", "start": 100} | rule, values, good)


@pytest.mark.rule("R1")
def test_full_marks_less_so_many_for_each_event():
    """倒扣, 扣完为止, 不记负分: each event costs 30, and after the fourth there is nothing left to lose."""
    assert points({"each": -30}, [0, 1, 3, 4, 9], "lower") == [100, 70, 10, 0, 0]


@pytest.mark.rule("R2")
def test_from_nothing_so_many_for_each_event():
    """Each event earns 20, up to full marks."""
    assert points({"start": 0, "each": 20}, [0, 1, 3, 9]) == [0, 20, 60, 100]


@pytest.mark.rule("R3")
def test_points_in_proportion_and_full_at_the_target():
    """录入率100%得满分: 87.5 per cent earn 87.5."""
    assert points({"start": 0, "each": 1}, [0, 87.5, 100]) == [0, 87.5, 100]


@pytest.mark.rule("R5")
def test_half_a_mark_for_each_percentage_point_down_to_half(scheme, judge):
    """满意率每低1个百分点扣0.5分,扣至一半为止: of 10 marks above 90, 86 leaves 8 and 70 leaves 5, which is 80 and 50 points."""
    rule = "{kind: line, start: 10, at: 90, each: 0.5, cap: 10, floor: 5, in_marks: true}"
    one = scheme(f"{MARKS}| d | 100 | v | 10 | {rule} | higher |")
    found = judge(one, "| unit | v |\n| A | 95 |\n| B | 90 |\n| C | 86 |\n| D | 70 |")
    assert found.points["points"].tolist() == [100, 100, 80, 50]


@pytest.mark.rule("R6")
def test_slopes_may_differ_by_stretch(scheme, judge):
    """安全感<96%每低1点扣0.25,<90%每低1点扣0.5: of 5 marks 92 leaves 4, 90 leaves 3.5 and 88 leaves 2.5."""
    rule = "{kind: curve, knots: [[83, 0], [90, 3.5], [96, 5]], in_marks: true}"
    one = scheme(f"{MARKS}| d | 100 | v | 5 | {rule} | higher |")
    found = judge(one, "| unit | v |\n| A | 97 |\n| B | 92 |\n| C | 90 |\n| D | 88 |\n| E | 80 |")
    assert found.points["points"].tolist() == [100, 80, 70, 50, 0]


@pytest.mark.rule("R7")
def test_bands_in_marks(scheme, judge):
    """巡查覆盖率>=95%得10分, 90至94得8, 85至89得6, 不到85不得分: of 10 marks."""
    rule = "{kind: steps, steps: [[95, 10], [90, 8], [85, 6]], in_marks: true}"
    one = scheme(f"{MARKS}| d | 100 | v | 10 | {rule} | higher |")
    found = judge(one, "| unit | v |\n| A | 95 |\n| B | 94.9 |\n| C | 85 |\n| D | 84.9 |")
    assert found.points["points"].tolist() == [100, 80, 60, 0]


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 100), (0.09, 100), (0.1, 95), (0.3, 85), (0.29999999, 90), (0.7, 65), (-0.3, 100)]
)
def test_only_whole_steps_count_where_the_rule_says_so(value, expected):
    """每超0.1加扣5: a step that is not done does not count, and 0.3 is three steps though 0.3/0.1 is 2.9999999999999996."""
    assert points({"each": -5, "per": 0.1, "whole": True}, [value], "lower") == [expected]


def test_whole_steps_run_towards_nought_on_both_sides():
    """Two and a half steps below the start are two, as are two and a half above."""
    assert points({"start": 50, "each": 10, "whole": True}, [-2.5, 2.5]) == [30, 70]


@pytest.mark.rule("R12")
@pytest.mark.parametrize(("good", "expected"), [("lower", [100, 100, 97, 96]), ("higher", [89, 90, 100, 100])])
def test_once_beyond_the_limit_something_more_is_lost(good, expected):
    """超控制数扣3分,每超1起加扣1: the limit itself is not beyond it; where more is better, beyond is below."""
    rule = {"at": 10, "first": -3, "each": -1} if good == "lower" else {"at": 10, "first": -9, "each": 1}
    values = [9, 10, 10.0001, 11] if good == "lower" else [8, 9, 10, 11]
    whole = points(rule | {"whole": True}, values, good)
    assert whole == expected


@pytest.mark.rule("R28")
def test_a_step_may_be_worth_something_else_by_class_and_level(scheme, judge):
    """The same event costs an 一类 station 3, another station 2, and everybody else 1: the class goes before the level."""
    rule = "{kind: line, start: 100, each: {一类: -3, station: -2, others: -1}}"
    found = judge(scheme(f"{MARKS}| d | 100 | v | 100 | {rule} | lower |"), """
        | unit | level   | class | v |
        | A    | station | 一类  | 4 |
        | B    | station | 四类  | 4 |
        | C    | county  |       | 4 |
    """)  # fmt: skip
    assert found.points["points"].tolist() == [88, 92, 96]


@pytest.mark.rule("R28")
def test_the_marks_of_an_item_are_its_weight_at_the_level(scheme, judge):
    """One event costs 1 mark: of 20 at a station that is 5 points, of 4 for an officer 25."""
    rule = "{kind: line, start: {start}, each: -1, in_marks: true, cap: {start}}"
    weights = "{station: 20, others: 4}"
    one = scheme(f"{MARKS}| d | 100 | v | {weights} | {rule.replace('{start}', '4')} | lower |")
    found = judge(one, "| unit | level | v |\n| A | station | 1 |\n| P | officer | 1 |")
    assert found.points["points"].tolist() == [15, 75]


@pytest.mark.rule("R45")
def test_points_may_go_beyond_full_marks(scheme, judge):
    """不设得分上限: from 80, each event earns 5, the ninth as well as the first; nobody falls below nought."""
    one = scheme(f"{MARKS}| d | 100 | v | 100 | {{kind: line, start: 80, each: 5, cap: none}} | higher |")
    found = judge(one, "| unit | v |\n| A | 9 |\n| B | -20 |")
    assert found.points["points"].tolist() == [125, 0]
    assert found.ranks["total"].tolist() == [125, 0]


@pytest.mark.rule("R45")
def test_points_may_go_below_nought_where_the_rule_says_so():
    """Without a floor ten events of 30 leave -200."""
    assert points({"each": -30, "floor": "none"}, [10], "lower") == [-200]


def test_no_value_has_no_points_on_a_line():
    """What is missing stays missing, also under whole steps and beyond a limit."""
    assert np.isnan(points({"each": -1, "first": -3, "whole": True}, [np.nan], "lower")).all()
