"""A notice counts when two persons upheld it: for the unit and the officer it names, and upwards."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import re

import pytest

from seam import InputError, name_records, read_records, score, trace

COUNT = "{kind: count, table: notices, date: happened_on, where: {code: praise}}"
NOTICES = """
  | notice_id | happened_on | unit_id | officer_id | code      | matter | value | source   | entered_by | checked_by | status    |
  | N1        | 2024-10-05  | S1      |            | praise    | M1     | 2     | 县局通报 | 甲         | 乙         | upheld    |
  | N2        | 2024-10-06  |         | P1         | praise    | M1     | 4     | 市局通报 | 甲         | 乙         | upheld    |
  | N3        | 2024-11-07  | S2      | P2         | praise    | M2     | 8     | 省厅通报 | 甲         | 乙         | upheld    |
  | N4        | 2024-11-08  | S1      |            | praise    |        | 2     | 县局通报 | 甲         |            | proposed  |
  | N5        | 2024-11-09  | S1      |            | praise    |        | 2     | 县局通报 | 甲         | 乙         | withdrawn |
  | N6        | 2024-11-10  |         |            | praise    |        | 2     | 县局通报 | 甲         | 乙         | upheld    |
  | N7        | 2024-12-31  | S1      |            | complaint |        | 1     | 信访台账 | 甲         | 乙         | upheld    |
  | N8        | 2025-01-01  | S1      |            | praise    |        | 2     | 县局通报 | 甲         | 乙         | upheld    |
"""
POSTINGS = """
    | officer_id | unit_id | from_date  | to_date    |
    | P1         | S1      | 2024-01-01 | 2024-10-20 |
    | P1         | S2      | 2024-10-21 |            |
    | P2         | S1      | 2024-01-01 |            |
"""


@pytest.fixture
def value(count):
    """Give the value of a count of the notices of 2024Q4, by unit."""
    return lambda measure=COUNT, **given: count(measure, unit="起", **({"notices": NOTICES} | given)).frame["value"]


@pytest.mark.rule("R47")
def test_only_what_was_upheld_counts(value):
    """Proposed and withdrawn notices stand in the table and count for nobody; neither does one of another period."""
    assert value().loc[["S1", "S2", "X"]].tolist() == [2, 1, 3]


@pytest.mark.rule("R47")
def test_who_entered_what_and_whence_may_be_asked(value):
    """Source and the two persons are columns like others: only what the province published, or one office entered."""
    assert value(COUNT.replace("code: praise", "source: 省厅通报")).loc["X"] == 1
    assert value(COUNT.replace("code: praise", "entered_by: {not_in: [甲]}")).loc["X"] == 0


def test_a_notice_counts_for_whom_it_names(value):
    """N1 names a station, N2 an officer, N3 both, who belong to different stations: once for each of them."""
    assert value().loc[["P1", "P2", "S1", "S2"]].tolist() == [1, 1, 2, 1]


def test_an_officers_notice_is_the_home_stations(value):
    """P1 spent most of the quarter at S2: N2 names no unit and is counted there."""
    found = value(postings=POSTINGS)
    assert found.loc[["S1", "S2", "X", "P1"]].tolist() == [1, 2, 3, 1]


def test_without_an_officer_column_notices_are_of_units(value):
    """A table that names units only needs no column of officers, one of officers only none of units."""
    head = "| notice_id | happened_on | {} | code | status |\n| N1 | 2024-10-05 | {} | praise | upheld |"
    assert value(notices=head.format("unit_id", "S1")).loc[["S1", "P1", "X"]].tolist() == [1, 0, 1]
    assert value(notices=head.format("officer_id", "P1")).loc[["S1", "P1", "X"]].tolist() == [1, 1, 1]


@pytest.mark.rule("R23")
def test_of_one_matter_the_highest_notice_counts(value):
    """Praised by county and city for one matter: taken at its best once, be it of the station or of an officer in it."""
    best = COUNT.replace("where", "worth: [{column: value}], best_of: [matter], where")
    assert value(best, notices=NOTICES.replace("|         | P1         |", "| S1      |            |")).loc["S1"] == 4
    assert value(best).loc[["S1", "P1"]].tolist() == [4, 4]


@pytest.mark.rule("R2")
def test_notices_carry_their_own_worth(value):
    """The number on the notice is what it adds: 2 and 4 for S1, 8 for S2."""
    assert value(COUNT.replace("where", "worth: [{column: value}], where")).loc[["S1", "S2"]].tolist() == [6, 8]


def test_a_notice_is_of_its_day(value):
    """The last day of the quarter is in it to midnight, the first of January is not."""
    assert value(COUNT.replace("praise", "complaint")).loc["S1"] == 1


@pytest.mark.rule("R47")
def test_what_does_not_count_is_told(one_line):
    """How many are proposed, withdrawn or of nobody, and who is no unit: at the foot, never silent."""
    notices = NOTICES.replace("| N3        | 2024-11-07  | S2 ", "| N3        | 2024-11-07  | S9 ")
    it = one_line(COUNT, notices=notices)
    told = {note.key: note.given for note in score(it.records, it.scheme).notes}
    assert told["notices_proposed"] == told["notices_withdrawn"] == told["notices_of_nobody"] == {"count": 1}
    assert (told["unknown_units"]["table"], told["unknown_units"]["ids"]) == ("通报", "“S9” ×1")


def test_an_officer_of_no_unit_is_told(one_line):
    """P9 is listed and posted nowhere: the notice is P9's own, and no unit's."""
    units = "| unit_id | name | level | parent_id |\n| S1 | 一所 | station | |\n| P9 | 吴 | officer | |"
    notices = "| notice_id | happened_on | officer_id | code | status |\n| N1 | 2024-10-05 | P9 | praise | upheld |"
    it = one_line(COUNT, units=units, notices=notices)
    scores = score(it.records, it.scheme)
    assert [(note.key, note.given) for note in scores.notes] == [("notices_of_no_unit", {"count": 1})]
    assert scores.measures.set_index("unit_id").query("period == '2024Q4'")["numerator"].to_dict() == {"P9": 1, "S1": 0}


def test_late_notices_are_told(one_line):
    """N3 was entered after the closing moment."""
    notices = """
        | notice_id | happened_on | unit_id | code   | status | recorded_at |
        | N1        | 2024-10-05  | S1      | praise | upheld | 2024-10-06  |
        | N3        | 2024-12-05  | S1      | praise | upheld | 2025-02-01  |
    """
    it = one_line(COUNT, notices=notices)
    scores = score(it.records, it.scheme, as_of="2025-01-01")
    assert [dict(note.given) for note in scores.notes if note.key == "late"] == [{"table": "通报", "count": 1}]


UNITS = "unit_id,name,level\nS1,一所,station\n"
HEAD = "notice_id,happened_on,unit_id,code,entered_by,checked_by,status\n"


@pytest.mark.rule("R47")
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("N1,2024-10-05,S1,praise,甲,,upheld", r"notices\.csv · notices\.checked_by \[records\.unchecked\] 有 1 条通报已认定（upheld）却没有审核人（第 2 行）"),
        ("N1,2024-10-05,S1,praise,,乙,upheld", r"notices\.csv · notices\.entered_by \[records\.unentered\] 有 1 条通报已认定（upheld）却没有录入人（第 2 行）"),
        ("N1,2024-10-05,S1,praise,甲,甲,upheld", r"notices\.csv · notices\.checked_by \[records\.one_person\] 有 1 条通报由同一人录入和审核（第 2 行）；须为两人"),
        ("N1,2024-10-05,S1,praise,甲,甲 ,proposed", r"\[records\.one_person\]"),
        ("N1,2024-10-05,S1,praise,甲,甲\u200b,upheld", r"\[records\.one_person\]"),
        ("N1,2024-10-05,S1,praise,甲,\u3000甲,upheld", r"\[records\.one_person\]"),
        ("N1,2024-10-05,S1,praise,Ｐ1,p 1,upheld", r"\[records\.one_person\]"),
        ("N1,2024-10-05,S1,praise,甲,乙,", r"notices\.csv · notices\.status \[records\.empty_cell\] 有 1 行此列为空（第 2 行）"),
        ("N1,2024-10-05,S1,praise,甲,乙,认定", r"notices\.status \[records\.word\] .*只能是 proposed, upheld, withdrawn"),
    ],
)  # fmt: skip
def test_two_persons_answer_for_a_notice(tmp_path, rows, words):
    """An upheld notice names who entered and who checked it, and they are two; its status is never guessed."""
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    (tmp_path / "notices.csv").write_text(HEAD + rows + "\n", "utf-8")
    with pytest.raises(InputError, match=words):
        read_records(tmp_path)


def test_proposed_notices_need_no_checker(tmp_path):
    """What nobody has decided yet is read, and waits."""
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    (tmp_path / "notices.csv").write_text(HEAD + "N1,2024-10-05,S1,praise,甲,,proposed\n", "utf-8")
    assert read_records(tmp_path).counts["notices"] == 1


@pytest.mark.rule("R47")
def test_all_that_is_wrong_is_said_at_once(tmp_path):
    """No status, no checker and one person for both: three faults of one table, with the rows of each."""
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    rows = "N1,2024-10-05,S1,praise,甲,乙,\nN2,2024-10-05,S1,praise,甲,,upheld\nN3,2024-10-05,S1,praise,丙,丙,upheld\n"
    (tmp_path / "notices.csv").write_text(HEAD + rows, "utf-8")
    with pytest.raises(InputError) as refused:
        read_records(tmp_path)
    said = [(fault.rule, fault.given["rows"]) for fault in refused.value.faults]
    assert said == [("records.empty_cell", "2"), ("records.unchecked", "3"), ("records.one_person", "4")]


def test_the_notices_behind_a_value_are_named(one_line):
    """Which notices a station's and an officer's value rest on, in the order of their days."""
    it = one_line(COUNT, notices=NOTICES)
    behind = {unit: trace(it.records, it.scheme, unit)["record_id"].tolist() for unit in ("S1", "P1")}
    assert behind == {"S1": ["N1", "N2"], "P1": ["N2"]}


LINE = "| group | line | effect | levels | direction | measure |\n| o | veto | bar_award | [{levels}] | lower | {measure} |"


@pytest.fixture
def ids(records, scheme, outside):
    """Give the record ids behind a line outside the hundred, joined, by unit."""

    def give(measure: str, levels: list[str], **tables: str) -> dict[str, str]:
        lines = outside(LINE.format(levels=", ".join(levels), measure=measure))
        table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | it | 100 | {measure} |", outside=lines)
        found = name_records(records(**tables), table).lines
        assert set(found["line"]) <= {"veto"}
        return found.groupby("unit_id")["record_id"].agg(" ".join).to_dict()

    return give


def test_records_behind_a_line_are_named_at_its_levels(ids):
    """A line of stations and officers names theirs; the county is not at its levels."""
    assert ids(COUNT, ["station", "officer"], notices=NOTICES) == {"S1": "N1 N2", "S2": "N3", "P1": "N2", "P2": "N3"}
    assert ids(COUNT, ["county"], notices=NOTICES) == {"X": "N1 N2 N3"}


def test_only_rows_that_add_something_are_named(ids):
    """Of a share those that met its test, of a count those worth something, of rows alike the best."""
    share = "{kind: share, table: notices, date: happened_on, met: {code: complaint}}"
    assert ids(share, ["station"], notices=NOTICES) == {"S1": "N7"}
    best = COUNT.replace("where", "worth: [{column: value}], best_of: [code], where")
    assert ids(best, ["station"], notices=NOTICES.replace("|         | P1         |", "| S1      |            |"))["S1"] == "N2"


def test_notices_without_a_status_are_refused(one_line):
    """Nothing is upheld by silence: a table without the column is refused with the code of the line."""
    it = one_line(COUNT, notices="| notice_id | happened_on | unit_id | code |\n| N1 | 2024-10-05 | S1 | praise |")
    with pytest.raises(InputError) as refused:
        score(it.records, it.scheme)
    assert re.search(r"it\.measure \[scheme\.no_column\] 表 notices 没有指标要用的列“status”", str(refused.value))
