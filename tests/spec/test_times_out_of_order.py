"""What ends before it starts is left out of every measure that looks at both times, counted and told; one rule for all."""

import pytest

from seam import read_records, score

CASES = """
    | case_id | unit_id | received_at      | arrived_at       | due_at     | closed_at        |
    | K1      | S1      | 2024-10-02 08:00 | 2024-10-01 08:05 | 2024-11-01 | 2014-10-20 00:00 |
    | K2      | S1      | 2024-10-02 08:00 | 2024-10-02 08:10 | 2024-11-01 | 2024-10-20 00:00 |
    | K3      | S1      | 2024-10-02 08:00 | 1899-12-30 08:10 | 2024-11-01 | 2024-10-02 00:00 |
"""
BASE = "table: cases, date: received_at"
LADDER = "{{since: {}, until: closed_at, unit: minutes, steps: [[{}, 1]]}}"


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [
        (f"{{kind: share, {BASE}, met: {{arrived_at: {{within: {{minutes: 15, of: received_at}}}}}}}}", "1/1"),
        (f"{{kind: share, {BASE}, met: {{closed_at: {{not_after: due_at}}}}}}", "2/2"),
        (f"{{kind: share, {BASE}, met: {{closed_at: {{within: {{days: 30, of: received_at}}}}}}}}", "2/2"),
        (f"{{kind: share, {BASE}, met: {{closed_at: {{present: true}}}}}}", "2/2"),
        (f"{{kind: mean, {BASE}, of: {{minutes: [received_at, arrived_at]}}}}", "10/1"),
        (f"{{kind: distinct, {BASE}, of: case_id, met: {{closed_at: {{not_after: due_at}}}}}}", "2/2"),
        (f"{{kind: count, {BASE}, where: {{closed_at: {{present: true}}}}}}", "2/nan"),
        (f"{{kind: count, {BASE}}}", "3/nan"),
        (f"{{kind: share, {BASE}, met: {{arrived_at: {{within: {{days: 2, of: received_at, either_side: true}}}}}}}}", "2/3"),
    ],
)
def test_one_rule_for_all_measures(counted, measure, wanted):
    """K1 was closed before it was received, K1 and K3 were reached before; K3 was closed on its day, whose hour nobody noted."""
    assert counted(measure, cases=CASES, as_of="2025-02-01") == wanted


def test_a_median_leaves_it_out_too(count):
    """Of three arrivals two lie before the call: the median is that of the third."""
    measure = f"{{kind: quantile, {BASE}, of: {{minutes: [received_at, arrived_at]}}, q: 0.5}}"
    assert count(measure, cases=CASES, unit="分钟").frame.loc["S1", ["value", "n"]].tolist() == [10, 1]


def test_what_comes_before_a_deadline_is_early(count):
    """Minutes from a deadline to what was done may well be negative."""
    duties = "| duty_id | unit_id | kind | due_at | done_at |\n| U1 | S1 | visit | 2024-10-03 | 2024-10-02 |"
    measure = "{kind: mean, table: duties, date: due_at, of: {minutes: [due_at, done_at]}}"
    assert count(measure, duties=duties, unit="分钟").frame.loc["S1", "value"] == -1440


def test_how_many_there_are_is_told(one_line):
    """The columns and the records of the period, once for all indicators; and times of another age in the whole table."""
    it = one_line(f"{{kind: mean, {BASE}, of: {{minutes: [received_at, arrived_at]}}}}", cases=CASES, unit="分钟")
    told = {note.key: note.given for note in score(it.records, it.scheme).notes}
    assert told["reversed"] == {"table": "警情案件", "start": "received_at", "end": "arrived_at", "count": 2}
    assert told["strange_times"] == {
        "table": "警情案件", "column": "arrived_at", "count": 1, "first": 1990, "last": 2026, "marks": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("year", "odd"), [(1989, True), (1990, False), (2026, False), (2027, True)])
def test_years_are_those_of_1990_to_two_after_the_period(one_line, year, odd):
    """2024Q4 ends in 2024: a limit of 2026 may be, one of 2027 is told."""
    cases = f"| case_id | unit_id | received_at | due_at |\n| K1 | S1 | 2024-10-01 | {year}-06-01 |"
    it = one_line(f"{{kind: count, {BASE}}}", cases=cases)
    assert any(note.key == "strange_times" for note in score(it.records, it.scheme).notes) is odd


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        ("{kind: share, table: cases, date: received_at, met: {arrived_at: {within: {minutes: 15, of: received_at}}}}", 2),
        ("{kind: mean, table: cases, date: received_at, of: {minutes: [received_at, arrived_at]}}", 2),
        ("{kind: share, table: cases, date: received_at, met: {arrived_at: {within: {days: 1, of: received_at}}}}", None),
    ],
)
def test_days_where_minutes_are_looked_at_are_told(one_line, measure, told):
    """Two of three calls have a day without a time of day: minutes from it say nothing, and days say as much as ever."""
    cases = """
        | case_id | unit_id | received_at      | arrived_at       |
        | K1      | S1      | 2024-10-01 00:00 | 2024-10-01 00:10 |
        | K2      | S1      | 2024-10-02 00:00 | 2024-10-02 08:10 |
        | K3      | S1      | 2024-10-03 08:00 | 2024-10-03 08:10 |
    """
    it = one_line(measure, cases=cases)
    notes = [note.given for note in score(it.records, it.scheme).notes if note.key == "no_time_of_day"]
    of = {"table": "警情案件", "column": "received_at", "count": told, "filled": 3}
    assert notes == ([of] if told else [])


def test_durations_are_between_moments(count, tmp_path):
    """Ten minutes over the hour in which clocks are put back are ten minutes, where the times name their zone."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,a,station\n")
    rows = "K1,S1,2024-11-03T05:50:00Z,2024-11-03T06:00:00Z\nK2,S1,2024-11-03 06:50 UTC,2024-11-03 02:00\n"
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,arrived_at\n" + rows)
    opened = read_records(tmp_path, zone="America/New_York")
    measure = f"{{kind: mean, {BASE}, of: {{minutes: [received_at, arrived_at]}}}}"
    assert count(measure, opened=opened, unit="分钟").frame.loc["S1", ["numerator", "denominator"]].tolist() == [20, 2]


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [
        (f"{{kind: share, {BASE}, met: {{closed_at: {{not_after: due_at}}}}}}", "1/2"),
        (f"{{kind: share, {BASE}, met: {{closed_at: {{at_most: due_at}}}}}}", "1/2"),
        (f"{{kind: share, {BASE}, met: {{closed_at: {{above: due_at}}}}}}", "1/2"),
        (f"{{kind: count, {BASE}, worth: [{{ladder: {LADDER.format('received_at', 110)}}}]}}", "1/nan"),
        (f"{{kind: count, {BASE}, worth: [{{ladder: {LADDER.format('due_at', 30)}}}]}}", "1/nan"),
        ("{kind: share, table: duties, date: due_at, met: {visits_made: {at_least: 1}}}", "1/2"),
        ("{kind: count, table: notices, date: happened_on, best_of: [matter], worth: [{column: value}]}", "1/nan"),
    ],
)
def test_two_times_are_compared_as_moments(count, tmp_path, measure, wanted):
    """Where clocks are put back 01:50 comes before 01:10: K1 was closed twenty minutes early, K2 forty minutes late."""
    written = {
        "units": "unit_id,name,level\nS1,a,station\n",
        "cases": "case_id,unit_id,received_at,closed_at,due_at\n"
        "K1,S1,2024-11-03 00:10-05:00,2024-11-03 01:50-05:00,2024-11-03 01:10-06:00\n"
        "K2,S1,2024-11-03 00:10-05:00,2024-11-03 01:20-06:00,2024-11-03 01:40-05:00\n",
        "duties": "duty_id,unit_id,kind,subject_id,due_from,due_at\n"
        "D1,S1,visit,H1,2024-11-03 01:50-05:00,2024-11-03 01:10-06:00\n"
        "D2,S1,visit,H2,2024-11-03 00:10-05:00,2024-11-03 01:40-05:00\n",
        "visits": "visit_id,unit_id,visited_at,subject_id\nV1,S1,2024-11-03 01:55-05:00,H1\nV2,S1,2024-11-03 01:20-06:00,H2\n",
        "notices": "notice_id,unit_id,happened_on,code,matter,value,entered_by,checked_by,status\n"
        "N1,S1,2024-11-03 01:50-05:00,c,m,1,a,b,upheld\nN2,S1,2024-11-03 01:10-06:00,c,m,1,a,b,upheld\n",
    }
    for name, text in written.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    opened = read_records(tmp_path, zone="America/Chicago")
    assert count(measure, opened=opened).frame.loc["S1", "counted"] == wanted


@pytest.mark.parametrize(("as_of", "wanted"), [("2024-11-03 00:55", "nan"), ("2024-11-03 02:00", "0")])
def test_what_is_pending_is_so_by_the_moment(count, tmp_path, as_of, wanted):
    """Due at 01:10 after the clocks are put back: at 00:55 it is still to come, at 02:00 it is over."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,a,station\n")
    rows = "K1,S1,2024-11-03 00:10-05:00,,2024-11-03 01:10-06:00\n"
    (tmp_path / "cases.csv").write_text("case_id,unit_id,received_at,closed_at,due_at\n" + rows)
    opened = read_records(tmp_path, zone="America/Chicago")
    measure = f"{{kind: share, {BASE}, met: {{closed_at: {{not_after: due_at}}}}}}"
    assert f"{count(measure, opened=opened, as_of=as_of).frame.loc['S1', 'value']:g}" == wanted
