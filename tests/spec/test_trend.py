"""Beside the period stand the one before, the same a year earlier, and twelve months, each a period of its own."""

import pytest

from seam import neighbours, score

ONE = """
    | dimension | share | indicator | weight |
    | d         | 100   | closed    | 100    |
"""
CASES = """
    | case_id | unit_id | received_at | closed_at  |
    | K1      | S1      | 2023-10-05  | 2023-10-06 |
    | K2      | S1      | 2024-01-05  | 2024-01-06 |
    | K3      | S1      | 2024-08-05  |            |
    | K4      | S1      | 2024-10-05  | 2024-10-06 |
    | K5      | S1      | 2024-11-05  |            |
    | K6      | S2      | 2024-11-05  | 2024-11-06 |
    | K7      | S1      | 2025-01-05  | 2025-01-06 |
"""


@pytest.fixture
def scores(records, scheme):
    """Score the cases for the last quarter of 2024."""
    return score(records(cases=CASES), scheme(ONE))


def test_twelve_months_up_to_the_periods_end(scores):
    """The frames hold the quarter, the third quarter, the quarter of 2023, and January to December."""
    assert scores.ranks["period"].unique().tolist() == ["2024Q4", "2024Q3", "2023Q4", *(f"2024-{m:02d}" for m in range(1, 13))]


def test_each_month_is_scored_as_a_period_of_its_own(scores):
    """S1 had all of October's cases closed and none of November's; December had none."""
    months = scores.points.query("unit_id == 'S1' and period in ('2024-10', '2024-11', '2024-12', '2024Q4', '2023Q4')")
    assert dict(zip(months["period"], months["points"].fillna(-1), strict=True)) == {
        "2024Q4": 50, "2023Q4": 100, "2024-10": 100, "2024-11": 0, "2024-12": -1,
    }  # fmt: skip


def test_each_month_has_places_of_its_own(scores):
    """In November S2 was first; in October S1 stood alone."""
    places = scores.ranks.set_index(["period", "unit_id"])["rank"]
    assert (places["2024-11", "S1"], places["2024-11", "S2"], places["2024-10", "S1"]) == (2, 1, 1)


def test_a_month_is_also_its_own_trend():
    """The trend of a month ends with that month, and of a year is its twelve months."""
    assert [neighbours(text).trend[-1] for text in ("2024-11", "2024Q4", "2024")] == ["2024-11", "2024-12", "2024-12"]


@pytest.mark.parametrize(
    ("period", "previous", "year_before"),
    [("2024Q1", "2023Q4", "2023Q1"), ("2024-01", "2023-12", "2023-01"), ("2024", "2023", "2023"), ("2024Q4", "2024Q3", "2023Q4")],
)
def test_what_a_period_is_compared_with(period, previous, year_before):
    """环比 is the period just before, 同比 the same months a year earlier."""
    assert (neighbours(period).previous, neighbours(period).year_before) == (previous, year_before)
