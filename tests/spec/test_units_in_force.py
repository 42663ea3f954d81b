"""Name, class and parent are those in force at the period's end; what was merged counts for its successor."""

import pytest

from seam import read_units, score

CLOSED = "{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"
CHANGED = """
    | unit_id | name   | level   | parent_id | peer_class | valid_from | valid_to   |
    | X       | 甲县   | county  |           |            |            |            |
    | Y       | 乙县   | county  |           |            |            |            |
    | S1      | 旧街所 | station | X         | 三类       |            | 2024-11-30 |
    | S1      | 新城所 | station | Y         | 二类       | 2024-12-01 |            |
"""
MERGED = """
    | unit_id | name   | level   | parent_id | valid_to   | successor_id |
    | X       | 甲县   | county  |           |            |              |
    | S1      | 一所   | station | X         |            |              |
    | S2      | 二所   | station | X         | 2024-06-30 | S1           |
    | S3      | 三所   | station | X         | 2023-12-31 | S2           |
    | S4      | 四所   | station | X         | 2024-06-30 |              |
    | Z2      | 警务区 | zone    | S2        |            |              |
"""
CASES = """
    | case_id | unit_id | received_at | closed_at  |
    | K1      | S1      | 2024-10-01  | 2024-10-02 |
    | K2      | S2      | 2024-10-01  |            |
    | K3      | S3      | 2024-10-01  | 2024-10-02 |
    | K4      | S4      | 2024-10-01  |            |
    | K5      | Z2      | 2024-10-01  |            |
"""


@pytest.mark.parametrize(
    ("period", "name", "peer_class", "county"),
    [("2024-11", "旧街所", "三类", "X"), ("2024-12", "新城所", "二类", "Y"), ("2024Q4", "新城所", "二类", "Y")],
)
def test_the_last_day_decides(records, period, name, peer_class, county):
    """Moved to another county on 1 December, the station is compared there for the whole quarter."""
    unit = read_units(records(units=CHANGED), period).units.set_index("unit_id").loc["S1"]
    assert unit[["name", "peer_class", "county_id"]].tolist() == [name, peer_class, county]


def test_a_name_not_given_is_the_id(records):
    """A unit without a name is called by its id."""
    units = "| unit_id | name | level |\n| 014 | | station |"
    assert read_units(records(units=units), "2024").units.loc[0, "name"] == "014"


def test_a_merged_unit_counts_for_its_successor(count):
    """S3 became part of S2 and S2 of S1: all their cases are S1's, and S2 and S3 are no units any more."""
    frame = count(CLOSED, units=MERGED, cases=CASES).frame
    assert sorted(frame.index) == ["S1", "X", "Z2"]
    assert frame.loc["S1", "counted"] == "2/4"


def test_a_zone_of_a_merged_station_counts_for_the_successor(records):
    """Z2 still names S2 as its parent: its records are S1's, and S1 is its station."""
    tree = read_units(records(units=MERGED), "2024Q4")
    assert tree.units.set_index("unit_id").loc["Z2", "station_id"] == "S1"
    assert set(tree.counts_for.query("unit_id == 'Z2'")["ancestor"]) == {"Z2", "S1", "X"}


def test_a_closed_unit_without_successor_counts_above_only(count):
    """S4 was closed and left to nobody: its case is the county's."""
    frame = count(CLOSED, units=MERGED, cases=CASES).frame
    assert frame.loc["X", "counted"] == "2/5"


def test_the_change_is_marked(records):
    """A unit that took others in says which."""
    units = read_units(records(units=MERGED), "2024Q4").units.set_index("unit_id")
    assert units["merged_from"].to_dict() == {"S1": "S2,S3", "X": "", "Z2": ""}


@pytest.mark.parametrize("end", ["9999-12-31", "2999-12-31", ""])
def test_open_ends_are_written_in_many_ways(records, end):
    """An end in the year 9999 is no end, as an empty cell is."""
    units = f"| unit_id | name | level | valid_from | valid_to |\n| S1 | 一所 | station | 2020-01-01 | {end} |"
    assert read_units(records(units=units), "2024").units["unit_id"].tolist() == ["S1"]


def test_records_from_days_on_which_a_unit_is_not_in_force_are_told(records, scheme):
    """S1 begins in November, S2 ends in October and was merged into none, S3 into S1: what lies outside is counted and said."""
    units = """
        | unit_id | name | level   | parent_id | valid_from | valid_to   | successor_id |
        | X       | 县   | county  |           |            |            |              |
        | S1      | 一所 | station | X         | 2024-11-01 |            |              |
        | S2      | 二所 | station | X         |            | 2024-10-31 |              |
        | S3      | 三所 | station | X         |            | 2024-10-31 | S1           |
    """
    days = {"S1": ("2024-10-05", "2024-11-01"), "S2": ("2024-10-31", "2024-11-05", "2024-12-05"), "S3": ("2024-12-05",)}
    rows = "".join(f"| K{unit}{n} | {unit} | {day} |\n" for unit, each in days.items() for n, day in enumerate(each))
    table = scheme(
        "| dimension | share | indicator | weight | measure |\n"
        "| d | 100 | a | 100 | {kind: count, table: cases, date: received_at} |"
    )
    told = score(records(units=units, cases="| case_id | unit_id | received_at |\n" + rows), table).notes
    (note,) = [note for note in told if note.key == "outside_dates"]
    assert note.given == {"table": "警情案件", "count": 3, "ids": "“S2” ×2, “S1” ×1"}
