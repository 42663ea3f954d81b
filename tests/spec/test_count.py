"""A count against an exposure: rows per person-days served, residents or households."""

import pytest

PER_100_DAYS = "{kind: count, table: visits, date: visited_at, per: person_days, scale: 100}"
UNITS = """
    | unit_id | name | level   | parent_id | residents | households |
    | X       | 甲县 | county  |           |           |            |
    | S1      | 一所 | station | X         | 20000     | 8000       |
    | S2      | 二所 | station | X         |           |            |
    | P1      | 张   | officer | S1        |           |            |
    | P2      | 李   | officer | S1        |           |            |
    | P3      | 王   | officer | S2        |           |            |
"""
POSTINGS = """
    | officer_id | unit_id | from_date  | to_date    | share |
    | P1         | S1      | 2020-01-01 |            |       |
    | P2         | S1      | 2024-12-01 |            |       |
    | P3         | S2      | 2024-10-01 | 2024-10-10 | 0.5   |
"""
VISITS = """
    | visit_id | unit_id | visited_at | officer_id |
    | V1       | S1      | 2024-10-05 | P1         |
    | V2       | S1      | 2024-12-06 | P1         |
    | V3       | S1      | 2024-12-07 | P2         |
"""
GIVEN = {"units": UNITS, "postings": POSTINGS, "visits": VISITS, "unit": "次"}


def test_a_part_year_officer_is_measured_on_the_days_served(count):
    """P2 served 31 of the 92 days: one visit is 3.23 per hundred days, more than P1's two in 92."""
    frame = count(PER_100_DAYS, **GIVEN).frame
    assert frame.loc[["P1", "P2"], "counted"].tolist() == ["2/0.92", "1/0.31"]
    assert frame.loc[["P1", "P2"], "value"].round(4).tolist() == [2.1739, 3.2258]


def test_a_stations_exposure_is_that_of_all_posted_there(count):
    """The station's three visits stand against 92 + 31 days of its people, the county's against 5 half days more."""
    assert count(PER_100_DAYS, **GIVEN).frame.loc[["S1", "X"], "counted"].tolist() == ["3/1.23", "3/1.28"]


def test_none_is_a_value(count):
    """Five half days without a visit are 0 visits, not a lack of records: the exposure is what the value rests on."""
    frame = count(PER_100_DAYS, **GIVEN).frame
    assert frame.loc["P3", ["counted", "value", "status"]].tolist() == ["0/0.05", 0, "ok"]


def test_no_exposure_is_no_value(count):
    """Somebody who did not serve a day in the period has nothing to be measured on."""
    postings = POSTINGS.replace("2024-12-01", "2025-03-01")
    assert count(PER_100_DAYS, **(GIVEN | {"postings": postings})).frame.loc["P2", "status"] == "no_records"


@pytest.mark.parametrize(
    ("measure", "unit"),
    [
        ("{kind: count, table: visits, date: visited_at}", "起"),
        ("{kind: mean, table: cases, date: received_at, of: {minutes: [received_at, arrived_at]}}", "分钟"),
        ("{kind: share, table: visits, date: visited_at, met: {verified: true}}", "%"),
    ],
)
def test_a_count_is_no_per_cent(one_line, measure, unit):
    """Who states no unit counts cases, measures minutes, and has a share in per cent."""
    assert one_line(measure, visits=VISITS).scheme.indicators[0].unit == unit


@pytest.mark.parametrize(("per", "value"), [("residents", 1.5), ("households", 3.75)])
def test_per_ten_thousand_inhabitants(count, per, value):
    """Three visits to 20,000 residents are 1.5 per ten thousand."""
    measure = f"{{kind: count, table: visits, date: visited_at, per: {per}, scale: 10000}}"
    assert count(measure, **GIVEN).frame.loc["S1", "value"] == value


def test_a_void_month_takes_its_days_with_it(count):
    """Where October is void, its visits are left out and so are its days: 2 visits in 61 + 31 days."""
    void = ({"indicator": "it", "period": "2024-10", "reason": "系统迁移"},)
    assert count(PER_100_DAYS, void=void, **GIVEN).frame.loc["S1", "counted"] == "2/0.92"
