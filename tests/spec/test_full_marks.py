"""Full marks may differ by class; the numbers of the rules are written for `others`."""

import pytest

from seam import faults

TABLE = """
    | dimension | share | indicator | weight | points | missing |
    | d         | 100   | v         | 100    | {rule} | full    |
"""
BOTH = {"县": 150, "others": 100}
BANDS = ({"grade": "优秀", "at_least": 90}, {"grade": "达标", "at_least": 60})
UNITS = """
    | unit | class | v    |
    | 甲县 | 县    | {v}  |
    | 乙区 | 区    | {v}  |
"""


@pytest.fixture
def points(scheme, judge):
    """Give the points of a county and of a district that did the same."""

    def give(rule: str, v: str, full=BOTH) -> list[float]:
        one = scheme(TABLE.format(rule=rule), full_marks=full, least_class=2, compare_within={"station": "level"})
        return judge(one, UNITS.format(v=v)).points["points"].tolist()

    return give


@pytest.mark.rule("R35")
@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("{kind: curve, knots: [[0, 0], [100, 100]]}", 80, [120, 80]),
        ("{kind: line, start: 100, each: -7}", 3, [118.5, 79]),
        ("{kind: line, start: 0, each: 1, floor: 40}", 3, [60, 40]),
        ("{kind: line, start: 0, each: 60}", 3, [150, 100]),
        ("{kind: steps, steps: [[3, 33.3333]]}", 3, [50, 33.3333]),
        ("{kind: line, start: 50, each: 1, cap: none, in_marks: true}", 75, [187.5, 125]),
    ],
)
def test_the_same_work_is_worth_the_same_share_of_full_marks(points, rule, value, expected):
    """县150分,区100分: floors, caps and marks of the item grow with them; only then points are rounded."""
    assert points(rule, value) == expected


@pytest.mark.rule("R35")
def test_missing_full_is_the_full_of_the_class(points):
    """Who has no records, and gets full marks for it, gets those of the class."""
    assert points("{kind: curve, knots: [[0, 0], [100, 100]]}", "") == [150, 100]


@pytest.mark.rule("R35")
def test_standing_in_the_class_is_a_share_of_full_marks_too(scheme, judge):
    """The best of the counties has 150, the best of the districts 100."""
    one = scheme(TABLE.format(rule="{kind: min_max}"), full_marks=BOTH, least_class=2)
    text = "| unit | class | v |\n| A | 县 | 1 |\n| B | 县 | 2 |\n| C | 区 | 1 |\n| D | 区 | 2 |"
    assert judge(one, text).points["points"].tolist() == [0, 150, 0, 100]


def test_one_number_is_full_marks_for_all(points):
    """Where the scheme counts to 150 its rules are written for 150."""
    assert points("{kind: curve, knots: [[0, 0], [100, 150]]}", 80, full=150) == [120, 120]


def test_grades_are_by_points_whatever_full_marks_are(scheme, judge):
    """69 of 100 is below 90, and the same work 103.5 of 150 above it: the thresholds are points, which lint warns of."""
    one = scheme(TABLE.format(rule="{kind: curve, knots: [[0, 0], [100, 100]]}"), full_marks=BOTH, bands=BANDS)
    assert judge(one, UNITS.format(v=69)).ranks["grade"].tolist() == ["优秀", "达标"]


def test_different_full_marks_in_one_ranking_are_refused(scheme, judge):
    """80 of 150 is no better than 75 of 100: where a whole level is one group the run says how to compare instead."""
    one = scheme(TABLE.format(rule="{kind: min_max}"), full_marks=BOTH, compare_within={"station": "level"})
    tree = judge(one, UNITS.format(v=80)).tree
    (fault,) = faults(one, tree)
    assert fault.text("zh") == (
        "spec · full_marks [scheme.mixed_full_marks] “station”组内单位的满分不同（100, 150），不能放在一起排名；"
        "请在 compare_within 中让层级 station 按类别比较"
    )
    assert faults(one.model_copy(update={"compare_within": {}}), tree) == []
