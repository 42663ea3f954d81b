"""The table of units is a tree in time: what is wrong with it is found before anything is counted."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

from datetime import date

import pandas as pd
import pytest

from fengqiao_eval.errors import InputError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.store import open_records
from fengqiao_eval.records.units import build_tree, hand_over, home_unit, person_days, staff

GOOD = """
    | unit_id | name | level   | parent_id | valid_from | valid_to   |
    | C       | 市   | city    |           |            |            |
    | X       | 县   | county  | C         |            |            |
    | S1      | 一所 | station | X         |            | 2024-05-31 |
    | S1      | 新所 | station | X         | 2024-06-01 |            |
"""


@pytest.fixture
def opened(drawn, tmp_path):
    """Open a drawn table of units."""

    def read(text: str, **mapped):
        drawn(text).to_parquet(tmp_path / "units.parquet")
        return open_records(tmp_path, {"units": Mapped(**mapped)}, name="records")

    return read


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("| S2 | 二所 | station | Q9 | | |", r"units\.parent_id \[units\.absent_parent\] 有 1 个单位的上级不存在（第 6 行，单位 上级：S2 Q9）"),
        ("| X | 县 | station | C | 2030-01-01 | |", r"units\.level \[units\.two_levels\] 有 1 个单位同时属于两个层级（第 3, 6 行：X county; X station）"),
        ("| S1 | 又所 | station | X | 2024-05-30 | 2024-05-31 |", r"units\.valid_from \[units\.overlap\] 有 1 行与同一单位的另一行有效期重叠（第 6 行：S1）"),
        ("| S1 | 又所 | station | X | | |", r"units\.valid_from \[units\.overlap\]"),
        ("| S2 | 二所 | station | S3 | | |\n| S3 | 三所 | station | S2 | | |", r"units\.parent_id \[units\.circle\] 上下级成环：S2 → S3 → S2"),
        ("| S2 | 二所 | station | S2 | | |", r"\[units\.circle\] 上下级成环：S2 → S2"),
        ("| S2 | 二所 |  | X | | |", r"units\.level \[records\.empty_cell\] 有 1 行此列为空（第 6 行）；此列必填"),
    ],
)  # fmt: skip
def test_what_a_tree_may_not_be(opened, row, words):
    """An absent parent, two levels, rows that overlap by more than a day, a circle, no level: each says the rule and the rows."""
    with pytest.raises(InputError, match=words):
        opened(GOOD + row)


def test_a_successor_is_a_unit(opened):
    """Station 014 was merged into 3, which is nobody: 003 is meant, and its records would be no station's."""
    units = """
        | unit_id | name | level   | valid_to   | successor_id |
        | '003'   | 东街 | station |            |              |
        | '014'   | 河口 | station | 2024-11-15 | '3'          |
        | '015'   | 山口 | station | 2024-11-15 | '003'        |
    """
    words = r"units\.successor_id \[units\.absent_successor\] 有 1 行的 successor_id 不是任何单位（第 3 行，单位 并入：014 “3” → “003”\?）"
    with pytest.raises(InputError, match=words):
        opened(units, repair="none")
    assert opened(units).tables["units"].to_pandas()["successor_id"].dropna().tolist() == ["003", "003"]


def test_ids_of_units_that_are_empty_or_a_citizens_hide_and_show_nothing(opened):
    """An empty id is told beside a successor that is nobody, and a telephone in the place of a parent only by its look."""
    units = """
        | unit_id | name | level   | parent_id   | valid_to   | successor_id |
        |         | 东街 | station |             |            |              |
        | '014'   | 河口 | station | 13812345678 | 2024-11-15 | '3'          |
    """
    with pytest.raises(InputError) as refused:
        opened(units)
    told = {fault.rule: fault.text() for fault in refused.value.faults}
    assert {"records.empty_cell", "units.absent_successor"} <= set(told)
    assert "014 99999999999" in told["units.absent_parent"]


@pytest.mark.parametrize(
    ("postings", "days"),
    [
        ([("P1", "S1", 1, None, 1), ("P1", "S1", 11, None, 1)], {"S1": 92, "P1": 92}),  # two open ones at one station
        ([("P1", "S1", 1, None, 1), ("P1", "S2", 1, None, 1)], {"S1": 46, "S2": 46, "P1": 92}),  # at two: half each
        ([("P1", "S1", 1, None, 1), ("P1", "S2", 1, None, 0.5)], {"S1": 61.33, "S2": 30.67, "P1": 92}),
        ([("P1", "S1", 1, None, 0.6), ("P1", "S2", 1, None, 0.4)], {"S1": 55.2, "S2": 36.8, "P1": 92}),  # together one
        (
            [("P1", "S1", 1, 10, 1), ("P1", "S2", 10, None, 1)],
            {"S1": 9, "S2": 83, "P1": 92},
        ),  # handed over on the 10th: the later
        ([("P1", "S1", 1, 10, 0.5), ("P1", "S2", 10, None, 1)], {"S1": 4.5, "S2": 83, "P1": 87.5}),
        ([("P1", "S1", 10, 10, 1), ("P1", "S2", 10, None, 1)], {"S1": 0.5, "S2": 82.5, "P1": 83}),  # joined both that day
    ],
)
def test_one_person_is_one(drawn, postings, days):
    """Postings that overlap part a day by their shares, where these make more than 1; a day of handover is the later one's."""
    rows = [(who, at, date(2024, 10, first), last and date(2024, 10, last), share) for who, at, first, last, share in postings]
    served = hand_over(pd.DataFrame(rows, columns=["officer_id", "unit_id", "from_date", "to_date", "share"]))
    units = drawn(
        "| unit_id | name | level | parent_id |\n| X | 县 | county | |\n| S1 | 一 | station | X |\n| S2 | 二 | station | X |\n| P1 | 张 | officer | S1 |"
    )
    tree = build_tree(units, served, parse("2024Q4"))
    found = dict(zip(tree.units["unit_id"], person_days(tree, served, parse("2024Q4")).round(2), strict=True))
    assert {unit: found[unit] for unit in days} == days
    assert round(found["X"], 2) == days["P1"]


def test_all_faults_are_told_at_once(opened):
    """Three things wrong with the tree are three lines."""
    with pytest.raises(InputError) as refused:
        opened(GOOD + "| S2 | 二所 | station | Q9 | | |\n| X | 县 | station | C | | |\n| S4 | 四所 | station | S4 | | |")
    assert {fault.rule for fault in refused.value.faults} >= {"units.absent_parent", "units.two_levels", "units.circle"}


def test_rows_may_touch_on_one_day(opened):
    """Where one row ends and the next begins on the same day, the later one holds it."""
    records = opened(GOOD.replace("2024-06-01", "2024-05-31"))
    units = build_tree(records.tables["units"].to_pandas(), None, parse("2024-05")).units
    assert units.set_index("unit_id").loc["S1", "name"] == "新所"


def test_a_good_tree_is_taken(opened):
    """A unit may have several rows in time, and top units have no parent."""
    assert opened(GOOD).counts["units"] == 4


def test_absent_parents_may_be_roots(opened):
    """With `absent_parents: root` units whose parent is no row become top units."""
    records = opened(GOOD + "| S2 | 二所 | station | Q9 | | |", absent_parents="root")
    tree = build_tree(records.tables["units"].to_pandas(), None, parse("2024"))
    assert set(tree.counts_for.query("unit_id == 'S2'")["ancestor"]) == {"S2"}


def test_ids_that_a_spreadsheet_made_numbers_are_ids(tmp_path):
    """Parquet written from a column with an empty cell holds 101.0 for 101; the parent of 102 is still 101."""
    units = pd.DataFrame(
        {"unit_id": [101, 102], "name": ["县", "所"], "level": ["county", "station"], "parent_id": [None, 101.0]}
    )
    units.to_parquet(tmp_path / "units.parquet")
    found = open_records(tmp_path).tables["units"].to_pandas()
    assert found["unit_id"].tolist() == ["101", "102"]
    assert found["parent_id"].tolist()[1] == "101"


# Person-days


POSTINGS = """
    | officer_id | unit_id | from_date  | to_date    | share |
    | P1         | S1      | 2020-01-01 |            |       |
    | P2         | S1      | 2024-10-11 | 2024-10-20 | 0.5   |
    | P3         | S1      | 2024-12-31 | 9999-12-31 |       |
"""
UNITS = """
    | unit_id | name | level   | parent_id |
    | X       | 县   | county  |           |
    | S1      | 一所 | station | X         |
    | P1      | 张   | officer | S1        |
    | P2      | 李   | officer | S1        |
    | P3      | 王   | officer | S1        |
"""


def test_days_served_include_the_first_and_the_last(drawn):
    """P1 all 92 days, P2 ten half days, P3 the last day; the station and the county all of them."""
    units, postings, period = drawn(UNITS), drawn(POSTINGS), parse("2024Q4")
    tree = build_tree(units, postings, period)
    days = dict(zip(tree.units["unit_id"], person_days(tree, postings, period), strict=True))
    assert days == {"P1": 92, "P2": 5, "P3": 1, "S1": 98, "X": 98}


def test_without_postings_there_are_no_days(drawn):
    """Who has no table of postings has no exposure either; nothing is made up."""
    tree = build_tree(drawn(UNITS), None, parse("2024Q4"))
    assert all(day != day for day in person_days(tree, None, parse("2024Q4")))  # noqa: PLR0124 - NaN


def test_a_posting_in_two_rows_is_one_stay(drawn):
    """A change of role does not split the days at a station."""
    postings = drawn("""
        | officer_id | unit_id | from_date  | to_date    |
        | P1         | S1      | 2024-10-01 | 2024-10-15 |
        | P1         | S2      | 2024-10-16 | 2024-11-05 |
        | P1         | S1      | 2024-11-06 | 2024-11-20 |
    """)
    assert home_unit(postings, parse("2024Q4")) == {"P1": "S1"}
    assert postings["from_date"].iloc[0] == date(2024, 10, 1)


SERVING = """
    | unit_id | name | level   | parent_id | valid_to   | successor_id |
    | X       | 县   | county  |           |            |              |
    | S1      | 一所 | station | X         |            |              |
    | S2      | 二所 | station | X         |            |              |
    | S9      | 旧所 | station | X         | 2024-10-31 | S2           |
    | P1      | 甲   | officer | S1        |            |              |
    | P2      | 乙   | officer | S2        |            |              |
    | P3      | 丙   | officer | S2        |            |              |
"""


def test_it_is_known_who_serves_where(drawn):
    """Persons are counted at their unit and above it; of a person the role, and the days at each unit if there were several."""
    postings = drawn("""
        | officer_id | unit_id | from_date  | to_date    | role |
        | P1         | S1      | 2020-01-01 |            | 民警 |
        | P2         | S1      | 2020-01-01 | 2024-10-31 | 民警 |
        | P2         | S2      | 2024-11-01 |            | 辅警 |
        | P3         | S9      | 2020-01-01 | 2024-10-31 |      |
        | P3         | S2      | 2024-11-01 |            |      |
    """)
    period = parse("2024Q4")
    tree = build_tree(drawn(SERVING), postings, period)
    found = staff(tree, postings, period).set_index(tree.units["unit_id"])
    assert found["officers"].dropna().to_dict() == {"X": 3, "S1": 1, "S2": 2}
    assert found["role"].to_dict() == {"X": "", "S1": "", "S2": "", "P1": "民警", "P2": "辅警", "P3": ""}
    assert found.loc["P2", "posts"] == '{"S1": 31.0, "S2": 61.0}'
    assert found.loc["P3", "posts"] == ""  # the old station is the new one


def test_without_persons_or_postings_nothing_is_made_up(drawn):
    """Where no person is scored their number is empty, not 0; without postings nobody has a role."""
    period = parse("2024Q4")
    tree = build_tree(drawn(GOOD), None, period)
    found = staff(tree, None, period)
    assert found["officers"].isna().all()
    assert set(found["role"]) == set(found["posts"]) == {""}
