"""A priority subject is visited as often as due: visits between due_from and due_at are counted by subject."""

import pytest

from seam import InputError, read_records, score

OFTEN = "{kind: share, table: duties, date: due_at, where: {kind: focus}, met: {visits_made: {at_least: times}}}"
DUTIES = """
    | duty_id | unit_id | kind  | due_from   | due_at           | subject_id | times |
    | U1      | S1      | focus | 2024-10-01 | 2024-10-31 23:59 | H1         | 2     |
    | U2      | S1      | focus | 2024-11-01 | 2024-11-30 23:59 | H1         | 2     |
    | U3      | S1      | focus | 2024-10-01 | 2024-12-31 23:59 | H2         | 1     |
    | U4      | S1      | focus | 2024-10-01 | 2024-12-31 23:59 | H3         | 1     |
    | U5      | S1      | focus | 2024-10-01 | 2024-12-31 23:59 |            | 1     |
"""
VISITS = """
    | visit_id | unit_id | visited_at       | subject_id | recorded_at |
    | V1       | S1      | 2024-10-01 00:00 | H1         |             |
    | V2       | S2      | 2024-10-31 23:59 | H1         |             |
    | V3       | S1      | 2024-11-05 08:00 | H1         |             |
    | V4       | S1      | 2024-12-05 08:00 | H2         |             |
    | V5       | S1      | 2024-12-06 08:00 | H3         | 2025-02-01  |
    | V6       | S1      | 2024-12-06 08:00 |            |             |
"""


def test_visits_count_from_the_first_to_the_last_moment(counted):
    """H1 was visited twice in October, whoever went, and once in November: the first duty is met, the second is not."""
    months = [counted(OFTEN, duties=DUTIES, visits=VISITS, period=month, as_of="2025-01-01") for month in ("2024-10", "2024-11")]
    assert months == ["1/1", "0/1"]


def test_a_visit_on_the_last_day_counts(counted):
    """A deadline without a time of day is the whole day: the visit of 31 October at 23:59 is in time."""
    duties = DUTIES.replace("2024-10-31 23:59", "2024-10-31 00:00")
    assert counted(OFTEN, duties=duties, visits=VISITS, period="2024-10", as_of="2025-01-01") == "1/1"


def test_a_visit_entered_late_does_not_count_yet(counted):
    """The visit to H3 was entered in February; nobody visited a subject without a code."""
    moments = [counted(OFTEN, duties=DUTIES, visits=VISITS, as_of=as_of) for as_of in ("2025-01-01", "2025-03-01")]
    assert moments == ["2/5", "3/5"]


def test_duties_of_one_id_have_their_own_visits(counted):
    """Two duties of the same id, which differ, are both kept, and each has the visits of its own span only."""
    twice = DUTIES.replace("U2", "U1")
    assert counted(OFTEN, duties=twice, visits=VISITS, as_of="2025-01-01") == "2/5"


def test_what_is_beside_looks_at_its_own_visits(count):
    """An aside that counts other duties than the indicator finds their visits too."""
    duties = DUTIES.replace("| U4      | S1      | focus |", "| U4      | S1      | other |")
    aside = {"code": "made", "label": "已走访", "where": {"kind": "other", "visits_made": {"at_least": 1}}}
    found = count(OFTEN, duties=duties, visits=VISITS, as_of="2025-03-01", beside=(aside,))
    assert found.frame.loc["S1", "counted"] == "2/4"
    assert found.asides.set_index("unit_id").loc["S1", "numerator"] == 1


def test_duties_for_which_no_visit_can_be_found_are_told(one_line):
    """U5 says not whom to visit; of the other kind of duties, which the indicator does not look at, that is not told."""
    for kind, told in (("focus", [{"table": "应办事项", "count": 1}]), ("other", [])):
        it = one_line(
            OFTEN, duties=DUTIES.replace("| U5      | S1      | focus |", f"| U5      | S1      | {kind} |"), visits=VISITS
        )
        assert [note.given for note in score(it.records, it.scheme).notes if note.key == "unvisitable"] == told


@pytest.mark.parametrize(("due_at", "wrong"), [("2024-10-01", False), ("2024-09-30", True), ("2024-10-01 07:59", True)])
def test_a_duty_ends_after_it_begins(tmp_path, due_at, wrong):
    """What is due on the day from which it counts may be done until the day's end; what was due before can never be met."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,a,station\n")
    (tmp_path / "duties.csv").write_text(f"duty_id,unit_id,kind,due_from,due_at\nU1,S1,focus,2024-10-01 08:00,{due_at}\n")
    if wrong:
        with pytest.raises(InputError, match=r"duties\.due_at \[records\.reversed\] 有 1 行早于同一行的 due_from（第 2 行）"):
            read_records(tmp_path)
    else:
        read_records(tmp_path)
