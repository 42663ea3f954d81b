"""An indicator that does not apply to a unit: its weight is spread, or full marks are given for it."""

import pytest

TABLE = """
    | dimension | share | indicator | weight | missing | not_applicable |
    | d         | 100   | a         | 60     | zero    |                |
    | d         | 100   | b         | 40     | zero    | {exempt}       |
"""
FOREST = """
    | unit   | class  | a  | b  |
    | 林区所 | 林区   | 80 | 30 |
    | 城区所 | 城区   | 80 | 30 |
    | 水上所 |        | 80 |    |
"""


@pytest.fixture
def given(scheme, judge):
    """Give points, weight used and status of b, and the totals, by unit."""

    def reckon(exempt: str, **keys):
        found = judge(scheme(TABLE.format(exempt=exempt), **{"least_covered": "0.5", **keys}), FOREST)
        return found.points.xs("b", level="indicator")[["points", "weight_used", "status"]], found.ranks["total"]

    return reckon


@pytest.mark.rule("R33")
def test_full_marks_for_what_a_unit_cannot_have(given):
    """不具有人口管理职能的以满分计: the forest station has 100 for it whatever was counted, and the page still says why."""
    lines, totals = given("{classes: [林区], give: full}")
    assert lines.loc["林区所"].tolist() == [100, 0.4, "not_applicable"]
    assert lines.loc["城区所"].tolist() == [30, 0.4, "ok"]
    assert totals.tolist() == [88, 60, 48]


@pytest.mark.rule("R33")
def test_or_its_weight_is_spread(given):
    """Otherwise the rest carries the weight; one unit may be named, and others' missing values stay what they are: zero."""
    lines, totals = given("{units: [林区所], classes: [水域]}")
    assert lines.loc["林区所"].isna().tolist() == [True, False, False]
    assert lines.loc["林区所", ["weight_used", "status"]].tolist() == [0, "not_applicable"]
    assert totals.tolist() == [80, 60, 48]


def test_full_marks_are_given_only_where_the_indicator_is_scored(scheme, judge):
    """At a level where the indicator is not scored, a unit of the class has nothing of it."""
    head = "| dimension | share | indicator | weight | not_applicable | levels |\n"
    rows = "| d | 100 | a | 60 | | |\n| d | 100 | b | 40 | {classes: [林区], give: full} | [county] |"
    found = judge(scheme(head + rows), "| unit | class | a | b |\n| A | 林区 | 80 | not_applicable |")
    assert found.points["points"].isna().tolist() == [False, True]


def test_what_does_not_apply_is_no_yardstick(scheme, judge):
    """The places of the others are those they would have if the exempt unit had no value at all."""
    head = "| dimension | share | indicator | weight | not_applicable | points |\n"
    one = scheme(f"{head}| d | 100 | v | 100 | {{units: [B]}} | {{kind: min_max}} |", least_class=2)
    found = judge(one, "| unit | v |\n| A | 10 |\n| B | 1000 |\n| C | 20 |")
    assert found.points["points"].fillna(-1).tolist() == [0, -1, 100]


@pytest.mark.rule("R33")
def test_what_does_not_apply_is_no_gap(scheme, judge):
    """A unit to which half of the table does not apply, and that has all the rest, is wholly covered and has a place."""
    head = "| dimension | share | indicator | weight | not_applicable |\n"
    one = scheme(f"{head}| d | 100 | a | 50 | |\n| d | 100 | b | 50 | {{units: [A]}} |", least_covered="0.7")
    found = judge(one, "| unit | a | b |\n| A | 80 | 1 |\n| B | 70 | 90 |\n| C | 70 | |")
    assert found.ranks["covered"].tolist() == [1, 1, 0.5]
    assert found.ranks["rank"].fillna(0).tolist() == [1, 1, 0]
