"""What is missing follows the rule of its indicator; a dimension without any score is spread while enough is covered."""

import pytest

TABLE = """
    | dimension | share | indicator | weight | missing      |
    | d         | 60    | a         | 50     | redistribute |
    | d         | 60    | b         | 50     | {rule}       |
    | e         | 40    | c         | 100    | redistribute |
"""
MISSING = """
    | unit | a  | b        | c  |
    | S1   | 80 | {status} | 50 |
"""


def one(scheme, judge, rule, status="", **keys):
    """Score S1 with b missing for a reason, by a rule."""
    return judge(scheme(TABLE.format(rule=rule), **keys), MISSING.format(status=status))


def used(found):
    """Give the weights used by indicator."""
    return found.points["weight_used"].droplevel("unit_id").to_dict()


@pytest.mark.parametrize("status", ["no_records", "too_few", "void", "pending"])
def test_redistribute_stays_within_the_dimension(scheme, judge, status):
    """Without b, a carries the whole 60 of its dimension: 80 × 0.6 + 50 × 0.4 = 68."""
    found = one(scheme, judge, "redistribute", status)
    assert used(found) == {"a": 0.6, "b": 0, "c": 0.4}
    assert found.ranks.loc["S1", ["total", "covered", "rank"]].tolist() == [68, 0.7, 1]


@pytest.mark.parametrize(("rule", "points", "total"), [("full", 100, 74), ("zero", 0, 44)])
def test_full_marks_or_none(scheme, judge, rule, points, total):
    """Without records b keeps its weight of 0.3 and gets 100 or 0; what it was missing for is still said."""
    found = one(scheme, judge, rule, "too_few")
    assert found.points.loc[("S1", "b"), ["points", "weight_used", "status"]].tolist() == [points, 0.3, "too_few"]
    assert found.ranks.loc["S1", ["total", "covered"]].tolist() == [total, 1]


def test_full_marks_are_the_scale_of_the_scheme(scheme, judge):
    """Where the scheme counts to 150, full marks are 150."""
    assert one(scheme, judge, "full", full_marks=150).points.loc[("S1", "b"), "points"] == 150


def test_not_ranked_keeps_the_total_and_takes_the_place(scheme, judge):
    """The unit is listed with its total, outside the places, without a grade."""
    found = one(scheme, judge, "not_ranked", bands=({"grade": "达标", "at_least": 0},)).ranks.loc["S1"]
    assert (found["total"], found["of"], found["grade"]) == (68, 0, "")
    assert found[["rank"]].isna().all()
    assert "not_ranked" in found["flags"].split(",")


def test_not_applicable_is_redistributed_whatever_the_rule(scheme, judge):
    """What a unit cannot have is not held against it: neither zero nor barred, and nothing uncovered is said of it."""
    for rule in ("zero", "not_ranked", "redistribute", "full"):
        assert one(scheme, judge, rule, "not_applicable").ranks.loc["S1", "total"] == 68


@pytest.mark.parametrize(("least", "rank", "flags"), [("0.6", 1, ""), ("0.61", None, "low_coverage,not_ranked")])
def test_a_whole_dimension_is_spread_only_while_enough_is_covered(scheme, judge, least, rank, flags):
    """Without dimension e, d is 60 per cent of the table: the total is d's alone, and ranked only if 60 is enough."""
    found = judge(scheme(TABLE.format(rule="redistribute"), least_covered=least, least_class=2), """
        | unit | a  | b  | c |
        | S1   | 80 | 90 |   |
        | S2   | 80 | 70 | 1 |
    """)  # fmt: skip
    assert found.points.loc["S1", "weight_used"].tolist() == [0.5, 0.5, 0]
    row = found.ranks.loc["S1"]
    assert row[["total", "covered", "flags"]].tolist() == [85, 0.6, flags]
    assert found.ranks["rank"].isna().tolist() == [rank is None, False]


def test_provisional_is_scored_and_said(scheme, judge):
    """A value that may still change earns points like any other; the place carries the flag."""
    found = one(scheme, judge, "zero", "90~", least_class=2)
    assert found.points.loc[("S1", "b"), ["points", "status"]].tolist() == [90, "provisional"]
    assert found.ranks.loc["S1", "flags"] == "provisional,small_class"


def test_nothing_scored_is_no_place(scheme, judge):
    """Nothing at all scored is no zero: a unit without records has no place."""
    found = judge(scheme(TABLE.format(rule="redistribute")), "| unit | a | b | c |\n| S1 | | | |\n| S2 | 1 | 1 | 1 |").ranks
    assert found["rank"].isna().tolist() == [True, False]
    assert found["of"].tolist() == [1, 1]


def test_one_empty_cell_touches_one_unit(scheme, judge):
    """A missing value of S1 changes nothing for S2 (elsewhere one empty cell has made every score empty)."""
    found = judge(scheme(TABLE.format(rule="redistribute")), "| unit | a | b | c |\n| S1 | 80 | | 50 |\n| S2 | 80 | 60 | 50 |")
    assert found.ranks["total"].tolist() == [68, 62]
