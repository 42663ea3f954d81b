"""A quantile: taken anew from the records at every level, linearly interpolated."""

import pytest

MEDIAN = "{kind: quantile, table: cases, date: received_at, of: {minutes: [received_at, arrived_at]}, q: 0.5}"
CASES = """
    | case_id | unit_id | received_at      | arrived_at       | period | category |
    | K1      | S1      | 2024-10-05 08:00 | 2024-10-05 08:02 | 早     | 警情     |
    | K2      | S1      | 2024-10-05 08:00 | 2024-10-05 08:04 | 晚     | 警情     |
    | K3      | S1      | 2024-10-05 08:00 | 2024-10-05 08:30 | 晚     | 警情     |
    | K4      | S2      | 2024-10-05 08:00 | 2024-10-05 08:50 | 早     | 警情     |
    | K5      | S2      | 2024-10-05 08:00 | 2024-10-05 09:00 | 早     | 求助     |
    | K6      | S2      | 2024-10-05 08:00 |                  | 早     | 警情     |
"""


def test_the_median_is_not_added_up(count):
    """Medians of 4 and 55 minutes are 30 for the county: the middle of its five records."""
    frame = count(MEDIAN, cases=CASES, unit="分钟").frame
    assert frame.loc[["S1", "S2", "X"], "value"].tolist() == [4, 55, 30]
    assert frame.loc[["S1", "S2", "X"], "n"].tolist() == [3, 2, 5]


@pytest.mark.parametrize(("q", "value"), [("0.25", 3), ("0.75", 17), ("0.9", 24.8)])
def test_between_two_records_it_is_interpolated(count, q, value):
    """Of 2, 4 and 30 minutes the upper quartile lies half way from 4 to 30."""
    assert count(MEDIAN.replace("0.5", q), cases=CASES, unit="分钟").frame.loc["S1", "value"] == pytest.approx(value)


def test_it_looks_only_at_rows_that_count(count):
    """A filter applies, and a row without an arrival is nothing."""
    frame = count(MEDIAN.replace("date:", "where: {category: 警情}, date:"), cases=CASES, unit="分钟").frame
    assert frame.loc["S2", ["value", "n"]].tolist() == [50, 1]


def test_it_has_no_numerator(count):
    """A median is no fraction: numerator and denominator stay empty."""
    assert count(MEDIAN, cases=CASES, unit="分钟").frame.loc["S1", ["numerator", "denominator"]].isna().all()


def test_an_officers_median_is_of_own_records(count):
    """P1 went to two of the calls, one of them together with P2, and is measured on both."""
    cases = """
        | case_id | unit_id | received_at      | arrived_at       | officer_id |
        | K1      | S1      | 2024-10-05 08:00 | 2024-10-05 08:02 | P1         |
        | K2      | S1      | 2024-10-05 08:00 | 2024-10-05 08:04 | P2         |
    """
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K2        | P1         | 0.5   |
        | cases | K2        | P2         | 0.5   |
    """
    frame = count(MEDIAN, cases=cases, credits=credits_, unit="分钟").frame
    assert frame.loc[["P1", "P2", "S1"], "value"].tolist() == [3, 4, 3]
