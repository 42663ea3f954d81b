"""A longer period is counted anew, or is the mean of the totals of the periods in it, with lines of the year only added to it."""

import pytest

from seam import score

pytestmark = pytest.mark.rule("R43")
TWO = """
    | dimension | share | indicator | weight |
    | d         | 40    | v         | 100    |
    | e         | 60    | w         | 100    |
"""
PUBLIC = """
    | group | line   | effect | year_only | points                          |
    | g     | praise | add    |           | {kind: line, start: 0, each: 1} |
    | g     | award  | add    | true      | {kind: line, start: 0, each: 4} |
"""
MEAN = {"longer_period": "mean_of_totals"}
QUARTER = "| unit | v | w |\n| S1 | 10 | 10 |"


def drawn(*values, names=("2024-10", "2024-11", "2024-12"), head="| unit | v | w |"):
    """Draw the months of a quarter, a row of S1 each."""
    return {name: f"{head}\n| S1 | {row} |" for name, row in zip(names, values, strict=True)}


def test_a_quarter_is_counted_anew_unless_said_otherwise(scheme, judge):
    """The records of the quarter are one heap: the months' totals of 90, 80 and 70 do not matter."""
    assert judge(scheme(TWO), QUARTER, also=drawn("90 | 90", "80 | 80", "70 | 70")).ranks.loc["S1", "total"] == 10


def test_a_quarter_may_be_the_mean_of_its_months(scheme, judge):
    """Totals of 90, 80 and 71 make 80.33; so do the means of the contributions, 32.13 and 48.20."""
    found = judge(scheme(TWO, **MEAN), QUARTER, also=drawn("90 | 90", "80 | 80", "71 | 71"))
    assert found.ranks.loc["S1", "total"] == 80.33
    assert found.points.loc["S1", "contribution"].to_dict() == {"v": 32.13, "w": 48.2}
    assert found.points.loc["S1", "points"].tolist() == [80.3333, 80.3333]


def test_what_rounding_leaves_has_a_line(scheme, judge):
    """Means of contributions rounded apart may be a hundredth off the mean of the totals; a line of the total carries it."""
    found = judge(scheme(TWO, **MEAN), QUARTER, also=drawn("0.025 | 0", "0 | 0.025", "0.025 | 0.025"))
    parts = [*found.points["contribution"], *found.adjustments["contribution"]]
    assert found.ranks.loc["S1", "total"] == pytest.approx(sum(parts))
    assert found.adjustments.index.isin([("S1", "total")]).all()
    assert set(found.adjustments["rule"]) <= {"mean_of_totals"}


@pytest.mark.slow
def test_totals_are_the_mean_to_the_last_hundredth(scheme, judge):
    """Thirty ways of three totals: the quarter's is the half-up mean of the printed ones, and all lines add up to it."""
    table = scheme(TWO, **MEAN)
    for n in range(30):
        months = drawn(*(f"{(37 * n + 11 * m) % 101} | {(53 * n + 29 * m) % 101}" for m in (1, 2, 3)))
        totals = [judge(table, text, name).hundredths["S1"] for name, text in months.items()]
        found = judge(table, QUARTER, also=months)
        assert found.hundredths["S1"] == (2 * sum(totals) + 3) // 6
        lines = [*found.points["contribution"], *found.adjustments["contribution"]]
        assert round(100 * sum(lines)) == found.hundredths["S1"]


def test_points_times_weight_is_the_contribution_of_a_mean_too(scheme, judge):
    """In October only v was scored, at 90 with 0.4 of the weight: 90 × 0.4/3 = 12; w has 60 × (0.6 + 1 + 1)/3 = 52."""
    found = judge(scheme(TWO, **MEAN, least_covered=0.5), QUARTER, also=drawn("90 | 60", " | 60", " | 60"))
    rows = found.points.loc["S1"]
    assert rows[["points", "contribution"]].to_numpy().tolist() == [[90, 12], [60, 52]]
    assert rows["weight_used"].tolist() == pytest.approx([0.4 / 3, 2.6 / 3])


def test_points_of_a_mean_are_weighed_by_what_they_counted(scheme, judge):
    """Scored 100 with 0.6 and 40 with all of the weight, w has (60 + 40) / 1.6 = 62.5, not 70."""
    found = judge(scheme(TWO, **MEAN, least_covered=0.5), QUARTER, also=drawn("80 | 100", " | 40", " | "))
    assert found.points.loc[("S1", "w"), ["points", "weight_used", "contribution"]].tolist() == [62.5, 0.8, 50]


def test_a_month_with_too_little_is_left_out(scheme, judge):
    """With 70 per cent asked for, November, of which only w was scored (60), is no part of the mean of 90 and 70."""
    found = judge(scheme(TWO, **MEAN), QUARTER, also=drawn("90 | 90", " | 10", "70 | 70"))
    assert found.ranks.loc["S1", ["total", "rank"]].tolist() == [80, 1]
    assert found.ranks.loc["S1", "covered"] == pytest.approx((1 + 0.6 + 1) / 3)


def test_who_had_too_little_most_of_the_time_has_no_place(scheme, judge):
    """Covered is the mean over all months: with one good month of three the mean stands, without a place."""
    found = judge(scheme(TWO, **MEAN), QUARTER, also=drawn("90 | 90", " | ", " | 70"))
    assert found.ranks.loc["S1", "total"] == 90
    assert found.ranks["rank"].isna().all()


def test_nothing_covered_is_nothing(scheme, judge):
    """No month with enough: a total of 0, no place."""
    found = judge(scheme(TWO, **MEAN), QUARTER, also=drawn(" | ", " | ", " | "))
    assert found.ranks.loc["S1", ["total", "covered"]].tolist() == [0, 0]
    assert found.ranks["rank"].isna().all()


def test_public_points_are_means_too(scheme, outside, judge):
    """Praise of 3 in one month is 1 a month of the quarter; the whole count of 3 stands beside it."""
    head = "| unit | v | w | praise |"
    months = drawn("80 | 80 | 3", "80 | 80 | 0", "80 | 80 | 0", head=head)
    found = judge(scheme(TWO, outside=outside(PUBLIC), **MEAN), f"{head}\n| S1 | 10 | 10 | 3 |", also=months)
    assert found.adjustments.loc[("S1", "praise"), ["contribution", "value"]].tolist() == [1, 3]
    assert found.ranks.loc["S1", "total"] == 81


QUARTERS = [f"2024Q{quarter}" for quarter in (1, 2, 3, 4)]
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]
HEAD = "| unit | v | w | award |"


def test_lines_of_the_year_are_added_straight_to_it(scheme, outside, judge):
    """季度平均加年度加分: a year of quarters of 80 with two awards of 4, which no quarter knows, is 88."""
    quarters = drawn(*["80 | 80 | 1"] * 4, names=QUARTERS, head=HEAD)
    table = scheme(TWO, outside=outside(PUBLIC), mean_of=["quarter"], **MEAN)
    found = judge(table, f"{HEAD}\n| S1 | 10 | 10 | 2 |", "2024", quarters)
    assert found.ranks.loc["S1", "total"] == 88
    assert found.adjustments.loc[("S1", "award"), ["contribution", "value"]].tolist() == [8, 2]


def test_the_limits_of_a_group_hold_for_the_year(scheme, outside, judge):
    """Praise of 3 a quarter and awards of 8 are 11 together; a cap of 10 takes 1 back."""
    head = "| unit | v | w | praise | award |"
    quarters = drawn(*["80 | 80 | 3 | 0"] * 4, names=QUARTERS, head=head)
    table = scheme(TWO, outside=outside(PUBLIC, g={"cap": 10}), mean_of=["quarter"], **MEAN)
    found = judge(table, f"{head}\n| S1 | 10 | 10 | 12 | 2 |", "2024", quarters)
    assert found.adjustments.loc["S1", "contribution"].to_dict() == {"praise": 3, "award": 8, "g": -1}
    assert found.ranks.loc["S1", "total"] == 90


@pytest.mark.parametrize(("mean_of", "total"), [("month", 57.64), ("quarter", 10), ("month, quarter", 60.5)])
def test_of_which_periods_the_mean_is(scheme, judge, mean_of, total):
    """Nine months of 50, one of 90, one of 94, one empty: their mean; that of quarters counted anew; of 50, 50, 50 and 92."""
    months = drawn(*["50 | 50"] * 9, "90 | 90", " | ", "94 | 94", names=MONTHS)
    table = scheme(TWO, mean_of=mean_of.split(", "), least_covered="0.6", **MEAN)
    found = judge(table, QUARTER, "2024", months | drawn(*["10 | 10"] * 4, names=QUARTERS))
    assert found.ranks.loc["S1", "total"] == total


@pytest.mark.rule("R21")
def test_a_veto_on_the_grade_holds_for_the_longer_period(scheme, outside, judge):
    """What happened in one month leaves the quarter without a grade."""
    vetoes = outside("| group | line | effect |\n| g | crime | ungraded |")
    table = scheme(TWO, outside=vetoes, bands=({"grade": "达标", "at_least": 0},), **MEAN)
    head = "| unit | v | w | crime |"
    months = drawn("80 | 80 | 1", "80 | 80 | 0", "80 | 80 | 0", head=head)
    found = judge(table, f"{head}\n| S1 | 10 | 10 | 1 |", also=months)
    assert found.ranks.loc["S1", ["total", "grade"]].tolist() == [80, ""]


# The whole way

ONE = """
    | dimension | share | indicator | weight |
    | d         | 100   | closed    | 100    |
"""
CASES = """
    | case_id | unit_id | received_at | closed_at  |
    | K1      | S1      | 2024-10-05  | 2024-10-06 |
    | K2      | S1      | 2024-11-05  | 2024-11-06 |
    | K3      | S1      | 2024-11-06  |            |
    | K4      | S1      | 2024-12-05  | 2024-12-06 |
    | K5      | S2      | 2024-10-05  | 2024-10-06 |
"""


def test_from_records_to_the_mean_of_months(records, scheme):
    """S1 had 100, 50 and 100 (of records: 3 of 4); S2 one month only, and the notes name the months left out."""
    scores = score(records(cases=CASES), scheme(ONE, **MEAN), levels=["station"])
    quarter = scores.ranks.query("period == '2024Q4'").set_index("unit_id")
    assert quarter["total"].to_dict() == {"S1": 83.33, "S2": 100}
    assert quarter["rank"].isna().to_dict() == {"S1": False, "S2": True}
    points = scores.points.query("period == '2024Q4' and unit_id == 'S1'").iloc[0]
    assert points[["numerator", "denominator", "points"]].tolist() == [3, 4, 83.3333]
    told = {
        note.given["period"]: (note.given["count"], note.given["ids"]) for note in scores.notes if note.key == "mean_left_out"
    }
    assert told == {"2024-11": (1, "S2"), "2024-12": (1, "S2")}


def test_the_frames_hold_every_part(records, scheme):
    """The months of all three quarters stand in the frames, so that each mean can be reckoned again."""
    scores = score(records(cases=CASES), scheme(ONE, **MEAN), levels=["station"])
    months = {f"2024-{month:02d}" for month in range(1, 13)} | {"2023-10", "2023-11", "2023-12"}
    assert set(scores.ranks["period"]) == set(scores.points["period"]) == {"2024Q4", "2024Q3", "2023Q4"} | months


NOTICES = """
    | notice_id | unit_id | happened_on | code   | status | entered_by | checked_by |
    | N1        | S1      | 2024-10-07  | praise | upheld | A1         | A2         |
    | N2        | S1      | 2024-11-08  | praise | upheld | A1         | A2         |
    | N3        | S1      | 2024-11-09  | blame  | upheld | A1         | A2         |
"""


def test_from_notices_to_lines_with_their_records(records, scheme, outside):
    """Two praises of 1 and a blame that zeroes one month of three: each line carries its points and the ids behind it."""
    lines = outside("""
        | group | line   | effect    | item   | points                          |
        | g     | praise | add       |        | {kind: line, start: 0, each: 1} |
        | g     | blame  | zero_item | closed |                                 |
    """)
    opened = records(cases=CASES, notices=NOTICES)
    scores = score(opened, scheme(ONE, outside=lines), levels=["station"])
    quarter = scores.adjustments.query("period == '2024Q4'").set_index(["unit_id", "line"])
    assert quarter.loc[("S1", "praise"), ["contribution", "value", "record_ids"]].tolist() == [2, 2, "N1 N2"]
    assert quarter.loc[("S1", "blame"), ["contribution", "value", "record_ids"]].tolist() == [-25, 1, "N3"]
    assert scores.ranks.set_index(["period", "unit_id"]).loc[("2024Q4", "S1"), "total"] == 75 + 2 - 25
    assert set(scores.adjustments["period"]) == {"2024Q4", "2024-10", "2024-11"}
