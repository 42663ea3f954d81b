"""What was known at as_of counts: late records are left out, later facts have not happened, what is not yet due is pending."""

import pytest

ON_TIME = "{kind: share, table: cases, date: received_at, met: {closed_at: {not_after: due_at}}}"
WITHIN = "{kind: share, table: cases, date: received_at, met: {closed_at: {within: {days: 10, of: received_at}}}}"
RECURRED = """
    kind: share
    table: disputes
    date: resolved_at
    met: {recurred_at: {within: {days: 90, of: resolved_at}}}
    settles_days: 90
"""


@pytest.mark.parametrize(("as_of", "expected"), [("2025-01-01", "1/1"), ("2025-01-02", "1/2"), ("2025-01-03", "1/3")])
def test_a_record_entered_later_is_left_out(counted, as_of, expected):
    """A record counts from the moment it was entered; without one, from its own date."""
    cases = """
        | case_id | unit_id | received_at      | recorded_at      | closed_at        | due_at           |
        | K1      | S1      | 2024-12-30 08:00 |                  | 2024-12-30 09:00 | 2024-12-30 10:00 |
        | K2      | S1      | 2024-12-30 08:00 | 2025-01-01 00:01 |                  | 2024-12-30 10:00 |
        | K3      | S1      | 2024-12-30 08:00 | 2025-01-02 12:00 |                  | 2024-12-30 10:00 |
    """
    assert counted(ON_TIME, cases=cases, as_of=as_of) == expected


@pytest.mark.parametrize(("as_of", "expected"), [("2025-01-01", "0/1"), ("2025-01-11", "1/1")])
def test_a_later_fact_has_not_happened_yet(counted, as_of, expected):
    """A case closed on 10 January was open at New Year, though the records of today know better."""
    cases = """
        | case_id | unit_id | received_at      | closed_at        |
        | K1      | S1      | 2024-12-30 08:00 | 2025-01-10 09:00 |
    """
    measure = "{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"
    assert counted(measure, cases=cases, as_of=as_of) == expected


DUE = """
    | case_id | unit_id | received_at      | due_at           | closed_at        |
    | done    | S1      | 2024-12-20 08:00 | 2025-01-05 00:00 | 2024-12-21 08:00 |
    | failed  | S1      | 2024-12-20 08:00 | 2024-12-28 00:00 |                  |
    | waits   | S1      | 2024-12-25 08:00 | 2025-01-05 00:00 |                  |
"""


@pytest.mark.parametrize("measure", [ON_TIME, WITHIN])
@pytest.mark.parametrize(("as_of", "expected"), [("2025-01-01", "1/2"), ("2025-02-01", "1/3")])
def test_what_is_not_yet_due_is_neither_done_nor_failed(counted, measure, as_of, expected):
    """Done early is done; not done is failed only when the limit has passed, whether it is a date or a span of days."""
    assert counted(measure, cases=DUE, as_of=as_of) == expected


@pytest.mark.parametrize(("as_of", "expected"), [("2025-01-05 09:00", "1/2"), ("2025-01-05", "1/2"), ("2025-01-06", "1/3")])
def test_on_the_day_of_a_deadline_without_a_time_of_day_it_can_still_be_met(counted, as_of, expected):
    """Due on 5 January, no hour said: open all that day, failed with the next."""
    assert counted(ON_TIME, cases=DUE, as_of=as_of) == expected


@pytest.mark.parametrize("kind", ["share", "distinct, of: case_id"])
def test_nothing_due_yet_is_pending(count, kind):
    """A unit all of whose deadlines are still to come is pending, not without records."""
    cases = """
        | case_id | unit_id | received_at      | due_at           | closed_at |
        | waits   | S1      | 2024-12-25 08:00 | 2025-01-05 00:00 |           |
    """
    frame = count(ON_TIME.replace("share", kind, 1), cases=cases).frame
    assert frame.loc[["S1", "S2"], "status"].tolist() == ["pending", "no_records"]


@pytest.mark.parametrize(
    ("as_of", "status"), [("2025-01-01", "provisional"), ("2025-03-31", "provisional"), ("2025-04-01", "ok")]
)
def test_provisional_until_settled(count, as_of, status):
    """A recurrence may come within 90 days, so the quarter's rate is provisional until 90 days after its end."""
    disputes = """
        | dispute_id | unit_id | received_at | resolved_at | recurred_at |
        | D1         | S1      | 2024-10-01  | 2024-10-05  | 2024-11-05  |
        | D2         | S1      | 2024-12-01  | 2024-12-25  |             |
    """
    found = count(RECURRED, disputes=disputes, as_of=as_of).frame.loc["S1"]
    assert (found["counted"], found["status"]) == ("1/2", status)
