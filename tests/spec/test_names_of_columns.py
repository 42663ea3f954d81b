"""A column of the records is what its heading says, and never what the program calls so itself."""

import pytest

from seam import faults, read_records, score

UNITS = "unit_id,name,level,parent_id\nS1,a,station,\nS2,b,station,\nP1,c,officer,S1\n"
POSTINGS = "officer_id,unit_id,from_date\nP1,S1,2024-01-01\n"
NOTICES = "notice_id,happened_on,officer_id,code,entered_by,checked_by,status"
NOTICE = "2024-10-02,P1,bad,甲,乙,upheld"
BAD = "{kind: count, table: notices, date: happened_on, where: {code: bad}}"
DUTIES = "duty_id,unit_id,kind,due_from,due_at,subject_id,times"
MADE = "{kind: share, table: duties, date: due_at, met: {visits_made: {at_least: times}}}"


@pytest.fixture
def opened(tmp_path):
    """Open records written as CSV: the units, postings, and the lines of further tables."""

    def read(**tables: str):
        for name, text in {"units": UNITS, "postings": POSTINGS, **tables}.items():
            (tmp_path / f"{name}.csv").write_text(text, "utf-8")
        return read_records(tmp_path)

    return read


def value(it, *units):
    """Score one line; give its value for a unit, or for each of several."""
    points = score(it.records, it.scheme).points
    values = points[points["period"] == "2024Q4"].set_index("unit_id")["value"]
    return values[units[0]] if len(units) == 1 else values[[*units]].tolist()


@pytest.mark.parametrize("name", ["home", "HOME", "home_", "home_of", "unit_id_right", "share_", "span_"])
def test_a_notice_counts_for_the_station_of_its_officer(opened, one_line, name):
    """The notice names P1 of S1; that a column of another meaning says S2 moves nothing."""
    records = opened(notices=f"{NOTICES},{name}\nN1,{NOTICE},S2\nN2,{NOTICE},\n")
    it = one_line(BAD, opened=records, unit="起", levels=["station"], direction="lower")
    assert value(it, "S1", "S2") == [2, 0]


def test_a_scheme_that_names_such_a_column_gets_it(opened, one_line):
    """Of two notices one has the word in its column `home`."""
    records = opened(notices=f"{NOTICES},home\nN1,{NOTICE},S2\nN2,{NOTICE},\n")
    measure = "{kind: count, table: notices, date: happened_on, where: {home: S2}}"
    assert value(one_line(measure, opened=records, unit="起", levels=["station"]), "S1") == 1


def test_names_that_end_as_the_programs_do_are_given_another(opened, one_line):
    """A line that looks at `share_` is refused with what would do, and under the other name it is counted."""
    records = opened(notices=f"{NOTICES},share_\nN1,{NOTICE},S2\n")
    it = one_line("{kind: count, table: notices, date: happened_on, where: {share_: S2}}", opened=records, unit="起")
    (fault,) = faults(it.scheme, it.records)
    assert (fault.rule, fault.place) == ("scheme.own_column", "it.measure")
    assert "以 _ 结尾的名称归程序自己所用" in fault.text("zh")
    assert "tables.notices.rename" in fault.text("zh")


def test_visits_are_counted_and_what_a_file_says_of_them_is_told(opened, one_line):
    """D1 asks for two visits and one was paid; the file's own column says two, is not read, and that is told."""
    duties = f"{DUTIES},visits_made\nD1,S1,focus,2024-10-01,2024-10-31,K1,2,2\n"
    records = opened(duties=duties, visits="visit_id,unit_id,visited_at,subject_id\nV1,S1,2024-10-05 08:00,K1\n")
    it = one_line(MADE, opened=records, levels=["station"])
    assert value(it, "S1") == 0
    assert [note.given["columns"] for note in records.notes if note.key == "own_column"] == ["“visits_made”"]


def test_upper_case_is_told_where_it_makes_another_name(opened):
    """The engine takes Times for times: the column is left out, rather than be taken for one that is not there."""
    records = opened(duties=f"{DUTIES.replace('times', 'Times')}\nD1,S1,focus,2024-10-01,2024-10-31,K1,2\n")
    assert [note.given["columns"] for note in records.notes if note.key == "own_column"] == ["“Times”"]
    assert "Times" not in records.columns("duties")


def test_in_another_table_visits_made_is_a_column_as_any_other(opened, one_line):
    """What is counted for duties is a heading of cases here, and read as its number."""
    records = opened(cases="case_id,unit_id,received_at,visits_made\nK1,S1,2024-10-02,3\nK2,S1,2024-10-02,1\n")
    measure = "{kind: share, table: cases, date: received_at, met: {visits_made: {at_least: 2}}}"
    assert value(one_line(measure, opened=records, levels=["station"]), "S1") == 50
