"""What words leave open: each reading that the glossary settles (chapter 10), where no other file of the spec has it."""

import pytest

from seam import score

SHARE = "{kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"


def test_earlier_places_are_among_the_peers_of_today(records, scheme):
    """S2 was of class 乙 until September and is of class 甲 now: its place of the third quarter is one of 甲 too."""
    units = """
        | unit_id | name | level   | peer_class | valid_from | valid_to   |
        | S1      | 一所 | station | 甲         | 2020-01-01 |            |
        | S2      | 二所 | station | 乙         | 2020-01-01 | 2024-09-30 |
        | S2      | 二所 | station | 甲         | 2024-10-01 |            |
        | S3      | 三所 | station | 乙         | 2020-01-01 |            |
    """
    cases = "| case_id | unit_id | received_at | closed_at |" + "".join(
        f"\n| {unit}{month} | {unit} | 2024-{month}-05 | {closed} |"
        for month in ("08", "11")
        for unit, closed in (("S1", "2024-12-01"), ("S2", ""), ("S3", "2024-12-01"))
    )
    table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {SHARE} |")
    ranks = score(records(units=units, cases=cases), table, levels=["station"]).ranks.set_index(["unit_id", "period"])
    assert ranks.loc[("S2", "2024Q3"), ["peer_class", "rank", "of"]].tolist() == ["甲", 2, 2]
    assert ranks.loc[("S2", "2024Q4"), ["peer_class", "rank", "of"]].tolist() == ["甲", 2, 2]


@pytest.mark.parametrize(("as_of", "expected"), [("2025-01-01", "0/0"), ("2025-02-01", "0/1")])
def test_what_failed_already_waits_until_it_is_due(counted, as_of, expected):
    """Closed in time but found wanting, the case is neither done nor failed before its limit."""
    cases = """
        | case_id | unit_id | received_at | closed_at  | due_at     | passed |
        | K1      | S1      | 2024-12-20  | 2024-12-22 | 2025-01-10 | false  |
    """
    met = "{kind: share, table: cases, date: received_at, met: {closed_at: {not_after: due_at}, passed: true}}"
    assert counted(met, cases=cases, as_of=as_of) == expected


@pytest.mark.parametrize(
    ("as_of", "days"),
    [("2024-11-01", 31), ("2024-12-31", 91), ("2024-12-31 23:59", None), ("2025-01-01", None), ("2025-02-01", None)],
)
def test_a_period_that_is_not_over_is_reckoned_whole_and_told(records, scheme, as_of, days):
    """Of October's two cases the exposure is the quarter's 92 days and the quota that of three months, whenever one looks."""
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-05 |\n| K2 | S1 | 2024-10-06 |"
    postings = "| officer_id | unit_id | from_date |\n| P1 | S1 | 2024-01-01 |"
    count = "kind: count, table: cases, date: received_at"
    table = scheme(
        f"""
        | dimension | share | indicator | weight | measure | against |
        | d | 100 | rate  | 50 | {{{count}, per: person_days}} | |
        | d | 100 | quota | 50 | {{{count}}} | [{{kind: quota, amount: 2, every: month, as: completion}}] |
        """
    )
    found = score(records(cases=cases, postings=postings), table, as_of=as_of, levels=["station"])
    points = found.points.query("period == '2024Q4' and unit_id == 'S1'").set_index("indicator")
    assert points.loc["rate", ["numerator", "denominator"]].tolist() == [2, 92]
    assert round(points.loc["quota", "points"], 2) == round(100 * 2 / 6, 2)
    told = {note.key: note.given for note in found.notes}.get("period_unfinished", {})
    assert (told.get("days"), told.get("of")) == ((days, 92) if days else (None, None))


def test_two_zones_of_a_station_are_two_units(records, scheme):
    """30 and 31 days at two zones of S1, 31 later ones at S2: home is the single unit with most days, the later of equals."""
    postings = """
        | officer_id | unit_id | from_date  | to_date    |
        | P1         | Z1      | 2024-10-01 | 2024-10-30 |
        | P1         | Z2      | 2024-10-31 | 2024-11-30 |
        | P1         | S2      | 2024-12-01 |            |
    """
    cases = "| case_id | unit_id | received_at | closed_at | officer_id |\n| K1 | S1 | 2024-12-05 | | P1 |"
    line = f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {SHARE} |"
    found = score(records(postings=postings, cases=cases), scheme(line, compare_within={"officer": "station"}))
    ranks = found.ranks.set_index(["unit_id", "period"])
    assert ranks.loc[("P1", "2024Q4"), "peer_class"] == "二所"


def test_half_of_the_time_is_a_part_of_the_period(records, scheme):
    """P1 served all the quarter at half time, P2 at two places of half each: 46 and 92 of 92 person-days."""
    postings = """
        | officer_id | unit_id | from_date  | share |
        | P1         | S1      | 2020-01-01 | 0.5   |
        | P2         | S1      | 2020-01-01 | 0.5   |
        | P2         | S2      | 2020-01-01 | 0.5   |
    """
    cases = "| case_id | unit_id | received_at | closed_at | officer_id |\n| K1 | S1 | 2024-12-05 | | P1 |"
    table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {SHARE} |")
    flags = score(records(postings=postings, cases=cases), table).ranks.set_index(["unit_id", "period"])["flags"]
    assert ["part_period" in flags[who, "2024Q4"] for who in ("P1", "P2")] == [True, False]


@pytest.mark.rule("R33")
def test_full_marks_for_what_does_not_apply_are_scored(scheme, judge):
    """With half of the table given to A as full marks, A is wholly covered, and so is B, whose half is spread."""
    head = "| dimension | share | indicator | weight | not_applicable |\n"
    exempt = "{units: [A], give: full}", "{units: [B]}"
    table = scheme(f"{head}| d | 100 | a | 50 | |\n| d | 100 | b | 30 | {exempt[0]} |\n| d | 100 | c | 20 | {exempt[1]} |")
    found = judge(table, "| unit | a | b | c |\n| A | 80 | 1 | |\n| B | 80 | 60 | 1 |")
    assert found.ranks["covered"].tolist() == [0.8, 1]
    assert found.ranks["total"].tolist() == [87.5, 72.5]


def test_a_figures_value_goes_before_its_fraction(count):
    """80 of 120 beside a value of 66.7: 66.7 counts as it was published, and the fraction is printed."""
    figures = "| unit_id | indicator | period | numerator | denominator | value |\n| S1 | safety | 2024Q4 | 80 | 120 | 66.7 |"
    found = count("{kind: figure, figure: safety}", figures=figures).frame.loc["S1"]
    assert (found["value"], found["counted"]) == (66.7, "80/120")


@pytest.mark.rule("R39")
def test_a_gate_voids_its_own_line_alone(scheme, judge):
    """The audit that fails is scored itself; what it gates is void, what stands beside it is not."""
    table = scheme("""
        | dimension | share | indicator | weight | gate                             |
        | d         | 100   | audit     | 20     |                                  |
        | d         | 100   | a         | 40     | {indicator: audit, at_least: 85} |
        | d         | 100   | b         | 40     |                                  |
    """)
    found = judge(table, "| unit | audit | a | b |\n| A | 60 | 90 | 90 |")
    assert found.points.loc["A", "status"].to_dict() == {"audit": "ok", "a": "void", "b": "ok"}


@pytest.mark.parametrize(("recorded", "expected"), [("2025-01-02", "0/0"), ("2024-12-31", "0/1"), ("", "0/1")])
def test_late_is_the_record_not_yet_the_fact(counted, recorded, expected):
    """Closed on 5 January: entered on the 2nd the case is late and left out, entered before New Year it is open."""
    cases = f"""
        | case_id | unit_id | received_at | recorded_at | closed_at  |
        | K1      | S1      | 2024-12-20  | {recorded}  | 2025-01-05 |
    """
    assert counted(SHARE, cases=cases, as_of="2025-01-01") == expected
