"""Filters are data: which rows count, and which of them meet the test."""

import pytest

CASES = """
    | case_id | unit_id | received_at      | arrived_at       | category | tier | minutes_allowed | minutes_taken |
    | K1      | S1      | 2024-10-05 08:00 | 2024-10-05 08:15 | 警情     | red  | 15              | 15            |
    | K2      | S1      | 2024-10-05 08:00 | 2024-10-05 08:16 | 警情     | blue | 15              | 16            |
    | K3      | S1      | 2024-10-05 08:00 | 2024-10-05 07:59 | 治安案件 |      | 15              | 0             |
    | K4      | S1      | 2024-10-05 08:00 |                  |          | red  | 30              |               |
"""


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("category: 警情", 2),
        ("category: [警情, 治安案件]", 3),
        ("category: {in: [警情], not_in: [治安案件]}", 2),
        ("category: {not_in: [警情]}", 2),
        ("tier: {not_in: [red]}", 2),
        ("arrived_at: {present: true}", 2),  # of K3 the arrival lies before the call: it is left out
        ("arrived_at: {present: false}", 1),
        ("minutes_taken: {at_least: 15}", 2),
        ("minutes_taken: {above: 15}", 1),
        ("minutes_taken: {at_most: 15}", 2),
        ("minutes_taken: {below: 15}", 1),
        ("minutes_taken: {at_least: 1, below: 16}", 1),
        ("minutes_taken: {at_most: minutes_allowed}", 2),
        ("minutes_taken: {above: minutes_allowed}", 1),
        ("category: 警情, tier: red", 1),
    ],
)
def test_a_filter_keeps_the_rows_that_pass_every_test(counted, where, rows):
    """An empty cell passes only `not_in` and `present: false`; a bound may be a number or another column of the row."""
    measure = f"{{kind: share, table: cases, date: received_at, where: {{{where}}}, met: {{case_id: {{present: true}}}}}}"
    assert counted(measure, cases=CASES, as_of="2025-02-01") == f"{rows}/{rows}"


@pytest.mark.parametrize(
    ("limit", "met"),
    [
        ("minutes: 15", 1),  # the exact limit is kept
        ("minutes: 14.9", 0),
        ("minutes: 16", 2),
        ("hours: 0.25", 1),
        ("days: 1", 2),
    ],
)
def test_within_keeps_the_exact_limit_and_leaves_out_negative_times(counted, limit, met):
    """Fifteen minutes are within fifteen minutes; an arrival before the call is a slip of the record, which is left out."""
    within = f"{{arrived_at: {{within: {{{limit}, of: received_at}}}}}}"
    measure = f"{{kind: share, table: cases, date: received_at, where: {{arrived_at: {{present: true}}}}, met: {within}}}"
    assert counted(measure, cases=CASES) == f"{met}/2"


@pytest.mark.parametrize(
    ("due", "closed", "met"),
    [
        ("2024-11-05 08:00", "2024-11-05 08:00", "1/1"),
        ("2024-11-05 08:00", "2024-11-05 08:01", "0/1"),
        ("2024-11-05", "2024-11-05 09:00", "1/1"),  # a deadline that is a date ends with that day
        ("2024-11-05", "2024-11-05 23:59:59", "1/1"),
        ("2024-11-05", "2024-11-06", "0/1"),
        ("2024-11-05", "2024-11-04", "1/1"),
    ],
)
def test_not_after_keeps_the_last_moment(counted, due, closed, met):
    """Closed at the very moment of the limit is on time; a minute later is not; a date without a time of day is the whole day."""
    cases = f"""
        | case_id | unit_id | received_at      | due_at | closed_at |
        | K1      | S1      | 2024-10-05 08:00 | {due}  | {closed}  |
    """
    assert counted("{kind: share, table: cases, date: received_at, met: {closed_at: {not_after: due_at}}}", cases=cases) == met
