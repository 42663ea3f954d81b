"""An officer's station is the posting with most days in the period; without a class of the own it is the station's."""

import pytest

from seam import read_records, read_units, score

UNITS = """
    | unit_id | name   | level   | parent_id | peer_class | valid_to   | successor_id |
    | X       | 甲县   | county  |           |            |            |              |
    | S1      | 一所   | station | X         | 一类       |            |              |
    | S2      | 二所   | station | X         | 二类       |            |              |
    | S3      | 三所   | station | X         | 三类       | 2024-11-30 | S1           |
    | Z2      | 警务区 | zone    | S2        |            |            |              |
    | P1      | 张     | officer | S1        |            |            |              |
    | P2      | 李     | officer | S1        | 机关       |            |              |
"""


@pytest.fixture
def at(drawn):
    """Give station and class of P1 for postings drawn as unit, from_date and to_date."""

    def look(rows: str, unit_id: str = "P1", period: str = "2024Q4") -> tuple[str, str]:
        postings = drawn("| unit_id | from_date | to_date |" + rows).assign(officer_id="P1")
        units = read_units(read_records({"units": drawn(UNITS), "postings": postings}), period).units.set_index("unit_id")
        return tuple(units.loc[unit_id, ["station_id", "peer_class"]])

    return look


def test_most_days_decide(at):
    """31 days at S1 and 61 at S2: measured with S2, in its class."""
    rows = """
        | S1 | 2020-01-01 | 2024-10-31 |
        | S2 | 2024-11-01 |            |
    """
    assert at(rows) == ("S2", "二类")


def test_only_the_days_of_the_period_count(at):
    """Five years at S1 weigh nothing in a quarter spent at S2 but for its first week."""
    rows = """
        | S1 | 2020-01-01 | 2024-10-07 |
        | S2 | 2024-10-08 | 2025-12-31 |
    """
    assert at(rows) == ("S2", "二类")


def test_of_equal_days_the_later_posting(at):
    """Fifteen days here and fifteen days there: where the officer went, not where the officer came from."""
    rows = """
        | S2 | 2024-11-16 | 2024-11-30 |
        | S1 | 2024-11-01 | 2024-11-15 |
    """
    assert at(rows, period="2024-11") == ("S2", "二类")


def test_of_two_postings_all_the_time_the_later(at):
    """Posted to both all through the period, the officer belongs to the one that began later."""
    rows = """
        | S2 | 2020-01-01 |  |
        | S1 | 2022-01-01 |  |
    """
    assert at(rows) == ("S1", "一类")


def test_two_stays_at_one_station_add_up(at):
    """Two times 20 days at S1 are more than 30 days at S2."""
    rows = """
        | S1 | 2024-10-01 | 2024-10-20 |
        | S2 | 2024-10-21 | 2024-11-19 |
        | S1 | 2024-11-20 | 2024-12-09 |
    """
    assert at(rows) == ("S1", "一类")


def test_a_zone_belongs_to_its_station(at):
    """Posted to a zone, the officer belongs to the station above it."""
    assert at("\n| Z2 | 2024-10-01 | |") == ("S2", "二类")


def test_the_class_is_the_stations_not_the_zones(drawn):
    """Zone S1-1 is of class 乙, its station S1 of class 甲: who serves at the zone is compared with those of the station."""
    units = """
        | unit_id | name | level   | parent_id | peer_class |
        | S1      | 一所 | station |           | 甲         |
        | S1-1    | 一区 | zone    | S1        | 乙         |
        | P1      | 张   | officer |           |            |
    """
    postings = "| officer_id | unit_id | from_date |\n| P1 | S1-1 | 2023-01-01 |"
    found = read_units(read_records({"units": drawn(units), "postings": drawn(postings)}), "2024Q4").units
    assert found.set_index("unit_id").loc["P1", "peer_class"] == "甲"


def test_without_a_posting_the_tree_decides(at):
    """No day of service in the period: the officer hangs where the table of units says."""
    assert at("\n| S2 | 2025-01-01 | |") == ("S1", "一类")


def test_a_class_of_the_own_stays(at):
    """An officer with a class of the own keeps it."""
    assert at("\n| S2 | 2024-10-01 | |", "P2") == ("S1", "机关")


def test_service_at_a_station_that_was_merged(at):
    """61 days at S3, which became part of S1, are days at S1: more than 31 at S2."""
    rows = """
        | S3 | 2024-10-01 | 2024-11-30 |
        | S2 | 2024-12-01 |            |
    """
    assert at(rows) == ("S1", "一类")


def test_who_served_a_part_is_marked_in_that_period_alone(records, scheme):
    """P1 came on 15 November: the quarter and November are part periods, December is not."""
    postings = "| officer_id | unit_id | from_date | to_date |\n| P1 | S1 | 2024-11-15 | |\n| P2 | S1 | 2020-01-01 | |"
    cases = "| case_id | unit_id | received_at | officer_id |\n| K1 | S1 | 2024-12-05 | P1 |"
    table = scheme("| dimension | share | indicator | weight | measure |\n| d | 100 | a | 100 | {kind: share, table: cases, "
                   "date: received_at, met: {case_id: {present: true}}} |")  # fmt: skip
    opened = records(units=UNITS, postings=postings, cases=cases)
    ranks = score(opened, table).ranks.set_index(["unit_id", "period"])["flags"]
    marked = {period: "part_period" in ranks["P1", period] for period in ("2024Q4", "2024-11", "2024-12")}
    assert marked == {"2024Q4": True, "2024-11": True, "2024-12": False}
    assert "part_period" not in ranks["P2", "2024Q4"]


def test_a_posting_to_no_unit_is_passed_over(at):
    """Nobody listed S9: the officer stays where the table of units says."""
    assert at("\n| S9 | 2024-10-01 | |") == ("S1", "一类")
