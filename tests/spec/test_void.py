"""Records of a void month are left out of every period that holds it, and the place says so."""

import pytest

from seam import score

REPLIED = "{kind: share, table: duties, date: due_at, met: {done_at: {not_after: due_at}}}"
MEDIAN = "{kind: quantile, table: duties, date: due_at, of: {minutes: [due_at, done_at]}, q: 0.5}"
DUTIES = """
    | duty_id | unit_id | kind  | due_at     | done_at    | subject_id |
    | U1      | S1      | reply | 2024-09-10 |            | H1         |
    | U2      | S1      | reply | 2024-10-10 | 2024-10-09 | H1         |
    | U3      | S1      | reply | 2024-11-10 |            | H1         |
    | U4      | S1      | reply | 2024-11-11 |            | H2         |
    | U5      | S1      | reply | 2024-12-10 |            | H3         |
"""
VOID = ({"indicator": "it", "period": "2024-11", "reason": "系统迁移"},)


@pytest.mark.parametrize(("period", "expected"), [("2024-10", "1/1"), ("2024Q4", "1/2"), ("2024", "1/3"), ("2024-11", "0/0")])
def test_its_records_are_left_out_of_longer_periods(counted, period, expected):
    """The quarter counts October and December, the year all months but November."""
    assert counted(REPLIED, duties=DUTIES, period=period, void=VOID, as_of="2025-01-01") == expected


@pytest.mark.parametrize("kind", ["share", "distinct, of: subject_id"])
@pytest.mark.parametrize(("period", "status"), [("2024-11", "void"), ("2024Q4", "ok"), ("2024-10", "ok")])
def test_only_the_month_itself_is_void(count, kind, period, status):
    """What is left of a longer period is scored as it stands."""
    found = count(REPLIED.replace("share", kind, 1), duties=DUTIES, period=period, void=VOID, as_of="2025-01-01").frame
    assert found.loc["S1", "status"] == status


def test_a_thing_of_the_void_month_alone_is_no_thing(counted):
    """H2 was due in November only and drops out; H1 was due in October too and stays."""
    assert counted(REPLIED.replace("share", "distinct, of: subject_id"), duties=DUTIES, void=VOID) == "1/2"


def test_a_quantile_leaves_it_out_too(count):
    """The median of the quarter is that of the records that are left."""
    assert count(MEDIAN, duties=DUTIES, void=VOID, unit="分钟").frame.loc["S1", ["value", "n"]].tolist() == [-1440, 1]


def test_a_quarter_whose_months_are_all_void_is_void(count):
    """Nothing is left to score."""
    void = tuple({"indicator": "it", "period": f"2024-{month}", "reason": "系统迁移"} for month in (10, 11, 12))
    assert count(REPLIED, duties=DUTIES, void=void).frame.loc["S1", "status"] == "void"


def test_the_place_says_so_to_whom_records_are_taken(records, scheme):
    """S1 and the county lose two replies of November; S2 has its own in other months, zones are not scored on replies."""
    table = scheme(f"""
        | dimension | share | indicator | weight                  | levels            | measure   |
        | d         | 100   | it        | 50                      | [county, station] | {REPLIED} |
        | d         | 100   | b         | {{zone: 100, others: 50}} |                   |           |
    """, levels=["county", "station", "zone"], void=VOID)  # fmt: skip
    duties = DUTIES.replace("U4      | S1 ", "U4      | Z1 ") + "| U6 | S2 | reply | 2024-12-10 | 2024-12-09 | H4 |"
    ranks = score(records(duties=duties), table).ranks.set_index(["unit_id", "period"])["flags"]
    flagged = {unit for (unit, period), flags in ranks.items() if period == "2024Q4" and "void_left_out" in flags}
    assert flagged == {"S1", "X"}
    assert not ranks[ranks.str.contains("void_left_out")].index.isin([("S1", "2024Q3"), ("S1", "2024-10")]).any()


def test_who_loses_all_that_there_was_is_marked(records, scheme):
    """Replies of S2 were due in the void month only: it has no records, and the place says why."""
    table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {REPLIED} |", void=VOID)
    duties = (
        "| duty_id | unit_id | kind | due_at | done_at |\n| U1 | S2 | reply | 2024-11-10 | |\n| U2 | S1 | reply | 2024-12-01 | |"
    )
    found = score(records(duties=duties), table, levels=["station"])
    rows = found.ranks[found.ranks["period"] == "2024Q4"].set_index("unit_id")["flags"]
    assert ("void_left_out" in rows["S2"], "void_left_out" in rows["S1"]) == (True, False)


def test_in_the_void_month_itself_too_only_who_loses_records_is_marked(records, scheme):
    """All are void in November; S1 had a reply due and a figure, S2 neither: nothing was taken from it."""
    figure = "{kind: figure, figure: it}"
    duties = (
        "| duty_id | unit_id | kind | due_at | done_at |\n| U1 | S1 | reply | 2024-11-10 | |\n| U2 | S2 | reply | 2024-12-01 | |"
    )
    figures = "| unit_id | indicator | period | value | n |\n| S1 | it | 2024-11 | 90 | 40 |"
    for measure in (REPLIED, figure):
        table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {measure} |", void=VOID)
        found = score(records(duties=duties, figures=figures), table, levels=["station"])
        rows = found.ranks[found.ranks["period"] == "2024-11"].set_index("unit_id")["flags"]
        assert ("void_left_out" in rows["S1"], "void_left_out" in rows["S2"]) == (True, False)
