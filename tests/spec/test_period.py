"""A period takes a record by the date that the indicator names."""

import pytest

CASES = """
    | case_id | unit_id | received_at      | due_at           | closed_at        |
    | K1      | S1      | 2024-09-30 23:59 | 2024-10-01 00:00 | 2024-10-01 08:00 |
    | K2      | S1      | 2024-10-01 00:00 | 2024-12-31 23:59 | 2024-11-05 08:00 |
    | K3      | S1      | 2024-12-31 23:59 | 2025-01-01 00:00 |                  |
    | K4      | S1      | 2025-01-01 00:00 | 2025-02-01 00:00 |                  |
"""
CLOSED = "kind: share, table: cases, met: {closed_at: {present: true}}"


@pytest.mark.parametrize(("date", "expected"), [("received_at", "1/2"), ("due_at", "2/2"), ("closed_at", "2/2")])
def test_the_indicator_names_the_date(counted, date, expected):
    """The same cases are 2 received, 2 due or 2 closed in the quarter, and not the same ones."""
    assert counted(f"{{{CLOSED}, date: {date}}}", cases=CASES, as_of="2025-03-01") == expected


def test_the_first_moment_is_in_and_the_last_is_out(counted):
    """A case of midnight on 1 October is October's; one of midnight on 1 January is not December's."""
    measure = f"{{{CLOSED}, date: received_at}}"
    months = {month: counted(measure, period=month, cases=CASES, as_of="2025-03-01") for month in ("2024-10", "2024-12")}
    assert months == {"2024-10": "1/1", "2024-12": "0/1"}


def test_a_record_without_the_date_is_in_no_period(counted):
    """A case never closed is nowhere in a count of the closed."""
    assert counted(f"{{{CLOSED}, date: closed_at}}", period="2025", cases=CASES, as_of="2027-01-01") == "0/0"


def test_the_day_the_job_runs_does_not_matter(counted):
    """Counted at the quarter's end or two years later, the same cases are the quarter's."""
    asked = {"measure": f"{{{CLOSED}, date: received_at}}", "cases": CASES}
    assert counted(**asked) == counted(**asked, as_of="2026-12-31") == "1/2"
