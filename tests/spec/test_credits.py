"""An event counts once for its unit, whoever is credited; a person's share comes from credits, else from officer_id."""

import pytest

CASES = """
    | case_id | unit_id | officer_id | received_at | closed_at  |
    | K1      | S1      | P1         | 2024-10-01  | 2024-10-02 |
    | K2      | S1      | P1         | 2024-10-01  | 2024-10-02 |
    | K3      | S1      | P1         | 2024-10-01  |            |
    | K4      | S1      |            | 2024-10-01  |            |
"""
CLOSED = "{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"


def test_without_credits_the_record_is_its_officers(count):
    """Three of the station's four cases name P1; the one without a name is nobody's and still the station's."""
    frame = count(CLOSED, cases=CASES).frame
    assert frame.loc[["P1", "P2", "S1"], "counted"].tolist() == ["2/3", "0/0", "2/4"]


def test_a_credited_record_is_shared(count):
    """K1 is credited 0.7 to P1 and 0.3 to P2; the station still has four cases, not five."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K1        | P1         | 0.7   |
        | cases | K1        | P2         | 0.3   |
    """
    frame = count(CLOSED, cases=CASES, credits=credits_).frame
    assert frame.loc[["P1", "P2", "S1"], "counted"].tolist() == ["1.7/2.7", "0.3/0.3", "2/4"]


def test_n_is_records_not_shares(count):
    """P1 had a hand in three records, however small the part."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K1        | P1         | 0.1   |
        | cases | K1        | P2         | 0.9   |
    """
    assert count(CLOSED, cases=CASES, credits=credits_).frame.loc[["P1", "P2"], "n"].tolist() == [3, 1]


def test_two_lines_of_one_person_are_one_record(count):
    """P1 led K1 and helped in it, two lines of 0.5: it is one record, wholly P1's."""
    credits_ = """
        | table | record_id | officer_id | role | share |
        | cases | K1        | P1         | 主办 | 0.5   |
        | cases | K1        | P1         | 协办 | 0.5   |
    """
    frame = count(CLOSED, cases=CASES, credits=credits_).frame
    assert frame.loc["P1", ["counted", "n"]].tolist() == ["2/3", 3]


def test_two_lines_without_a_share_are_one_record_too(count):
    """Of the three lines of K1 two are P1's: two thirds of one record."""
    credits_ = """
        | table | record_id | officer_id | role | share |
        | cases | K1        | P1         | 主办 |       |
        | cases | K1        | P1         | 协办 |       |
        | cases | K1        | P2         | 协办 |       |
    """
    frame = count(CLOSED, cases=CASES, credits=credits_).frame
    assert frame.loc[["P1", "P2"], "n"].tolist() == [3, 1]
    assert frame.loc[["P1", "P2"], "denominator"].tolist() == [2 + 2 / 3, 1 / 3]


@pytest.mark.parametrize("kind", ["share", "distinct, of: case_id"])
def test_a_share_of_0_is_no_record(count, kind):
    """K3 names P1, whose share in it is 0: it is nobody's, and the station's as ever."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K3        | P1         | 0     |
    """
    frame = count(CLOSED.replace("share", kind, 1), cases=CASES, credits=credits_).frame
    assert frame.loc[["P1", "S1"], "counted"].tolist() == ["2/2", "2/4"]
    assert frame.loc[["P1", "S1"], "n"].tolist() == [2, 4]


def test_credits_overrule_the_name_on_the_record(count):
    """K3 names P1 and is credited to P2 alone: it is P2's."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K3        | P2         | 1     |
    """
    assert count(CLOSED, cases=CASES, credits=credits_).frame.loc[["P1", "P2"], "counted"].tolist() == ["2/2", "0/1"]


@pytest.mark.parametrize("people", [2, 3, 4])
def test_an_empty_share_is_an_equal_part(count, people):
    """Where nobody wrote a share, two, three or four persons have equal parts of the record."""
    rows = "\n".join(f"| cases | K1 | P{n} | |" for n in range(1, people + 1))
    frame = count(CLOSED, cases=CASES, credits="| table | record_id | officer_id | share |\n" + rows).frame
    assert frame.loc["P2", "denominator"] == 1 / people
    assert frame.loc["P1", "denominator"] == 2 + 1 / people


@pytest.mark.parametrize("people", [3, 6, 7, 13])
def test_as_many_parts_as_there_are_persons_make_a_whole(count, people):
    """Three visits of three persons each are one visit for each of them, and so are seven of seven: no part is cut off."""
    rows = "\n".join(f"| cases | K{case} | P{n} | |" for case in range(people) for n in range(1, people + 1))
    cases = "| case_id | unit_id | officer_id | received_at |\n" + "\n".join(
        f"| K{case} | S1 | P1 | 2024-10-01 |" for case in range(people)
    )
    counting = "{kind: count, table: cases, date: received_at}"
    frame = count(counting, cases=cases, credits="| table | record_id | officer_id | share |\n" + rows, unit="起").frame
    assert frame.loc[["P1", "P2", "S1"], "value"].tolist() == [1, 1, people]


def test_parts_and_written_shares_add_up(count):
    """A third of one case and 0.5 of another are five sixths."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K1        | P1         |       |
        | cases | K1        | P2         |       |
        | cases | K1        | P3         |       |
        | cases | K2        | P2         | 0.5   |
    """
    frame = count(CLOSED, cases=CASES, credits=credits_).frame
    assert frame.loc["P2", ["numerator", "value"]].tolist() == [5 / 6, 100]


def test_credits_of_another_table_do_not_touch_it(count):
    """A visit with the number K1 has nothing to do with the case K1."""
    credits_ = """
        | table  | record_id | officer_id | share |
        | visits | K1        | P2         | 1     |
    """
    assert count(CLOSED, cases=CASES, credits=credits_).frame.loc[["P1", "P2"], "counted"].tolist() == ["2/3", "0/0"]


@pytest.mark.parametrize("kind", ["share", "distinct, of: case_id"])
def test_credits_do_without_a_name_on_the_record(count, kind):
    """Records that carry no officer at all are shared by the credits alone."""
    cases = """
        | case_id | unit_id | received_at | closed_at  |
        | K1      | S1      | 2024-10-01  | 2024-10-02 |
        | K2      | S1      | 2024-10-01  | 2024-10-02 |
    """
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K1        | P1         | 1     |
    """
    frame = count(CLOSED.replace("share", kind, 1), cases=cases, credits=credits_).frame
    assert frame.loc[["P1", "P2", "S1"], "counted"].tolist() == ["1/1", "0/0", "2/2"]
