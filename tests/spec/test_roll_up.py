"""Every level is counted from the records themselves, never averaged from its children."""

import pandas as pd

from seam import score

UNITS = """
    | unit_id | name   | level   | parent_id |
    | C       | 市     | city    |           |
    | X       | 甲县   | county  | C         |
    | Y       | 乙县   | county  | C         |
    | S1      | 一所   | station | X         |
    | S2      | 二所   | station | X         |
    | S3      | 三所   | station | Y         |
    | Z1      | 警务区 | zone    | S1        |
"""
CASES = """
    | case_id | unit_id | received_at | closed_at  |
    | K1      | S1      | 2024-10-01  | 2024-10-02 |
    | K2      | S2      | 2024-10-01  |            |
    | K3      | S2      | 2024-10-01  |            |
    | K4      | S2      | 2024-10-01  |            |
    | K5      | S3      | 2024-10-01  | 2024-10-02 |
    | K6      | Z1      | 2024-10-01  | 2024-10-02 |
    | K7      | X       | 2024-10-01  | 2024-10-02 |
    | K8      | W       | 2024-10-01  | 2024-10-02 |
"""
CLOSED = "{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"


def test_the_city_is_counted_not_averaged(count):
    """The city closed 4 of 7 cases, 57.14 per cent; the mean of its counties, 50 and 100, would be 75."""
    frame = count(CLOSED, units=UNITS, cases=CASES).frame
    assert frame["counted"].to_dict() == {
        "C": "4/7", "X": "3/6", "Y": "1/1", "S1": "2/2", "S2": "0/3", "S3": "1/1", "Z1": "1/1",
    }  # fmt: skip
    assert round(frame.loc["C", "value"], 2) == 57.14


def test_a_record_counts_for_its_unit_and_all_above(counted):
    """A zone's case is its station's too; a case that hangs on the county is no station's."""
    assert counted(CLOSED, "S1", units=UNITS, cases=CASES) == "2/2"
    assert counted(CLOSED, "X", units=UNITS, cases=CASES) == "3/6"


def test_a_record_of_no_unit_counts_for_nobody_and_is_told(one_line):
    """W is no unit: its case is left out, and a note says how many records there are, and under which ids."""
    it = one_line(CLOSED, units=UNITS, cases=CASES)
    (note,) = [note for note in score(it.records, it.scheme).notes if note.key == "unknown_units"]
    assert (note.given["count"], note.given["share"], note.given["ids"]) == (1, "12.5%", "“W” ×1")


def test_a_table_without_parents_has_only_top_units(count):
    """Precincts that belong to nothing are counted one by one."""
    units = """
        | unit_id | name | level    |
        | 001     | 001  | station  |
        | 014     | 014  | station  |
    """
    cases = """
        | case_id | unit_id | received_at | closed_at  |
        | K1      | 014     | 2024-10-01  | 2024-10-02 |
    """
    assert count(CLOSED, units=units, cases=cases).frame["counted"].to_dict() == {"001": "0/0", "014": "1/1"}


def test_levels_may_be_left_out(records, scheme):
    """Scored for stations alone, the stations have the totals and places they have among all levels."""
    table = scheme("| dimension | share | indicator | weight |\n| d | 100 | closed | 100 |")
    opened = records(units=UNITS, cases=CASES)
    every = score(opened, table).ranks.query("level == 'station'")
    alone = score(opened, table, levels=["station"])
    pd.testing.assert_frame_equal(alone.ranks, every.reset_index(drop=True))
    assert [note.given["ids"] for note in alone.notes if note.key == "unknown_units"] == ["“W” ×1"]
