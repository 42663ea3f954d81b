"""What is in a period by any date by which a measure counts is looked at: of no unit, late, backwards, out of force, or there."""

import pytest

from seam import score

DUE = "{kind: share, table: disputes, date: due_at, met: {resolved_at: {not_after: due_at}}}"
UNITS = """
    | unit_id | name | level   | valid_to   |
    | S1      | 一所 | station |            |
    | S2      | 二所 | station |            |
    | S3      | 三所 | station | 2024-10-05 |
    | S4      | 四所 | station | 2024-12-31 |
"""
HEAD = "| dispute_id | unit_id | received_at | due_at | resolved_at | recorded_at |"
BEFORE = f"""
    {HEAD}
    | D1 | S1 | 2024-09-25 | 2024-10-09 | 2024-10-05 | 2024-09-25 |
    | D2 | S2 | 2024-09-25 | 2024-10-09 |            | 2024-09-25 |
    | D3 | S9 | 2024-09-25 | 2024-10-09 | 2024-10-15 | 2024-09-25 |
    | D4 | S1 | 2024-09-25 | 2024-10-09 | 2024-09-20 | 2024-09-25 |
    | D5 | S1 | 2024-09-25 | 2024-10-09 |            | 2025-01-15 |
    | D6 | S3 | 2024-09-25 | 2024-10-09 | 2024-10-01 | 2024-09-25 |
"""


@pytest.fixture
def told(one_line):
    """Give the scores of disputes due in the fourth quarter of 2024, and their notes by key."""

    def give(disputes: str, measure: str = DUE):
        it = one_line(measure, units=UNITS, disputes=disputes)
        scores = score(it.records, it.scheme)
        return scores, {note.key: dict(note.given) for note in scores.notes}

    return give


def test_disputes_received_before_and_due_in_the_period(told):
    """All six were received in September, and are rows of the quarter in which they fall due: counted or told, every one."""
    scores, notes = told(BEFORE)
    found = scores.measures.query("period == '2024Q4'").set_index("unit_id")
    assert found.loc[["S1", "S2"], "n"].tolist() == [1, 1]
    assert scores.in_period == {"disputes": 6}
    assert (notes["unknown_units"]["ids"], notes["unknown_units"]["share"]) == ("“S9” ×1", "16.7%")
    assert (notes["reversed"]["count"], notes["late"]["count"]) == (1, 1)
    assert (notes["unscored_units"]["ids"], notes["outside_dates"]["ids"]) == ("“S3” ×1", "“S3” ×1")


def test_a_period_in_which_something_falls_due_is_not_empty(told):
    """Nothing was received in it, and the one indicator counts by due_at."""
    scores, notes = told("\n".join(BEFORE.splitlines()[:4]))
    found = scores.measures.query("period == '2024Q4'").set_index("unit_id")
    assert found["numerator"].loc[["S1", "S2"]].tolist() == [1, 0]
    assert (notes["empty_months"]["dates"], "2024-10" in notes["empty_months"]["each"]) == ("due_at", False)


@pytest.mark.parametrize(
    ("measure", "rows"),
    [
        ("{kind: count, table: disputes, date: received_at}", 1),
        ("{kind: count, table: disputes, date: due_at}", 2),
        ("{kind: count, table: disputes, date: resolved_at}", 1),
        ("{kind: count, table: disputes, date: '受理'}", 1),
    ],
)
def test_each_date_has_rows_of_its_own(told, measure, rows):
    """D1 was received in the quarter, D1 and D2 fall due in it, D3 was resolved in it; a column of the office is a date too."""
    disputes = f"""
        {HEAD} 受理 |
        | D1 | S1 | 2024-10-01 | 2024-12-01 | 2025-02-01 |  |            |
        | D2 | S1 | 2024-09-01 | 2024-12-01 | 2025-02-01 |  | 2024-11-11 |
        | D3 | S1 | 2024-09-01 | 2024-09-20 | 2024-11-01 |  | 2024-09-01 |
    """
    scores, _ = told(disputes, measure)
    at = scores.measures.query("period == '2024Q4' and unit_id == 'S1'").iloc[0]
    assert (scores.in_period["disputes"], at["n"]) == (rows, rows)


def test_rows_of_two_dates_are_counted_once(records, scheme):
    """D1 is received and due in the quarter, D2 only due, D3 only received: three rows, each by a date of a measure."""
    disputes = f"""
        {HEAD}
        | D1 | S9 | 2024-10-01 | 2024-12-01 | | |
        | D2 | S9 | 2024-09-01 | 2024-12-01 | | |
        | D3 | S1 | 2024-12-01 | 2025-01-10 | | |
        | D4 | S1 | 2024-09-01 | 2024-09-10 | | |
    """
    table = scheme(
        f"""
        | dimension | share | indicator | weight | measure |
        | d         | 100   | a         | 50     | {DUE} |
        | d         | 100   | b         | 50     | {{kind: count, table: disputes, date: received_at}} |
        """
    )
    scores = score(records(units=UNITS, disputes=disputes), table)
    notes = [dict(note.given) for note in scores.notes if note.key == "unknown_units"]
    assert (scores.in_period["disputes"], notes[0]["count"]) == (3, 2)


def test_months_are_empty_by_each_date_of_its_own(records, scheme):
    """A case a month is received to October, and falls due a month later: by one date November is empty, by the other not."""
    rows = "".join(f"\n| D{m} | S1 | 2024-{m:02}-05 | 2024-{m + 1:02}-05 | | |" for m in range(1, 11))
    table = scheme(
        f"""
        | dimension | share | indicator | weight | measure |
        | d         | 100   | a         | 50     | {DUE} |
        | d         | 100   | b         | 50     | {{kind: count, table: disputes, date: received_at}} |
        """
    )
    notes = score(records(units=UNITS, disputes=HEAD + rows), table).notes
    empty = {note.given["dates"]: note.given["months"] for note in notes if note.key == "empty_months"}
    assert empty == {"due_at": "2023-10–2024-01, 2024-12", "received_at": "2023-10–2023-12, 2024-11–2024-12"}


def test_upheld_notices_by_the_date_of_their_entry(one_line):
    """A scheme may count notices by the day they were entered: what is proposed and of other codes is told by that day too."""
    notices = """
        | notice_id | happened_on | unit_id | code   | status   | recorded_at |
        | N1        | 2024-09-05  | S1      | praise | upheld   | 2024-10-05  |
        | N2        | 2024-09-05  | S1      | prais  | upheld   | 2024-10-05  |
        | N3        | 2024-09-05  | S1      | praise | proposed | 2024-10-05  |
    """
    it = one_line("{kind: count, table: notices, date: recorded_at, where: {code: praise}}", units=UNITS, notices=notices)
    notes = {note.key: dict(note.given) for note in score(it.records, it.scheme).notes}
    assert (notes["codes_idle"]["count"], notes["notices_proposed"]["count"]) == (1, 1)
