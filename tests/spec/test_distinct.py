"""A share of distinct things: each counts once, and is met if any of its records is."""

from seam import name_records

COVERED = """
    kind: distinct
    table: duties
    date: due_at
    where: {kind: visit}
    of: subject_id
    met: {done_at: {not_after: due_at}}
"""
DUTIES = """
    | duty_id | unit_id | kind  | due_at     | subject_id | done_at    | officer_id |
    | U1      | Z1      | visit | 2024-10-31 | H1         | 2024-10-09 | P1         |
    | U2      | Z1      | visit | 2024-11-30 | H1         | 2024-11-09 | P1         |
    | U3      | Z1      | visit | 2024-12-31 | H2         |            | P1         |
    | U4      | Z2      | visit | 2024-12-31 | H2         | 2024-12-30 | P2         |
    | U5      | Z2      | visit | 2024-12-31 | H3         |            | P2         |
    | U6      | Z2      | reply | 2024-12-31 | H9         |            | P2         |
"""


def test_a_household_visited_twice_counts_once(count):
    """Z1 has two households on its list, one of them visited twice: 1 of 2, not 2 of 3."""
    assert count(COVERED, duties=DUTIES).frame.loc["Z1", "counted"] == "1/2"


def test_a_household_in_two_zones_counts_once_for_the_station(count):
    """H2 is on both lists and was reached by one: the station covered 2 of its 3 households, the zones 1 of 2 each."""
    frame = count(COVERED, duties=DUTIES).frame
    assert frame.loc[["Z1", "Z2", "S1", "X"], "counted"].tolist() == ["1/2", "1/2", "2/3", "2/3"]


def test_a_longer_period_counts_the_thing_once(counted):
    """H1 is due in October and in November, and is one household of the quarter."""
    months = [
        counted(COVERED, "Z1", duties=DUTIES, period=period, as_of="2025-01-01") for period in ("2024-10", "2024-11", "2024Q4")
    ]
    assert months == ["1/1", "1/1", "1/2"]


def test_a_person_has_a_list_of_things(count):
    """An officer's things are those of the own duties."""
    assert count(COVERED, duties=DUTIES).frame.loc[["P1", "P2"], "counted"].tolist() == ["1/2", "1/2"]


def test_a_thing_shared_is_a_thing_of_each(count):
    """A household two persons were credited with counts once for each of them and once for the station."""
    credits_ = """
        | table  | record_id | officer_id | share |
        | duties | U4        | P1         | 0.5   |
        | duties | U4        | P2         | 0.5   |
    """
    frame = count(COVERED, duties=DUTIES, credits=credits_).frame
    assert frame.loc[["P1", "P2", "S1"], "counted"].tolist() == ["2/2", "1/2", "2/3"]


def test_a_thing_without_a_name_is_nothing(counted):
    """A duty whose subject is empty is no household."""
    duties = DUTIES + "| U7 | Z1 | visit | 2024-12-31 | | | P1 |"
    assert counted(COVERED, "Z1", duties=duties) == "1/2"


def test_a_thing_may_be_lost_to_an_officer_and_not_to_the_unit(one_line):
    """Z1 reached H1 through P1, so that nothing of it is lost to Z1; P2, who had the same household to visit, did not go."""
    duties = DUTIES + "| U7 | Z1 | visit | 2024-12-31 | H1 | | P2 |"
    it = one_line(COVERED, duties=duties)
    found = name_records(it.records, it.scheme)
    assert found.losses[["unit_id", "record_id"]].to_numpy().tolist() == [["Z1", "U3"], ["Z2", "U5"]]
    assert found.officer_losses[["unit_id", "record_id"]].to_numpy().tolist() == [["P1", "U3"], ["P2", "U5"], ["P2", "U7"]]


def test_a_thing_is_lost_to_whoever_is_credited_with_it(one_line):
    """U7 is P1's on paper, who reached H1 by another duty, but P2 was credited with it, who did not go: it is lost to P2."""
    duties = DUTIES + "| U7 | Z1 | visit | 2024-12-31 | H1 | | P1 |"
    credits_ = "| table | record_id | officer_id | share |\n| duties | U7 | P2 | 1 |"
    it = one_line(COVERED, duties=duties, credits=credits_)
    found = name_records(it.records, it.scheme).officer_losses
    assert found.loc[found["record_id"] == "U7", "unit_id"].tolist() == ["P2"]
