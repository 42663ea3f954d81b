"""A validation finds what was planted: every rule with its count and the first records, and nothing grave where nothing was."""

# ruff: noqa: E501 - what is drawn stands on one line; Chinese counts double

import csv
import re
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.demo.write import invent
from fengqiao_eval.errors import FileAccessError, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.store import read_records
from fengqiao_eval.records.units import UnknownUnits
from fengqiao_eval.validation import page as pages
from fengqiao_eval.validation import series
from fengqiao_eval.validation.report import ValidationReport, ValidationStep, validate
from fengqiao_eval.validation.steps import RULES
from test_cli import CASES, a_project, fengqiao

PERIOD = parse("2024Q4")
OWN_DATE = {"cases": "received_at", "visits": "visited_at", "disputes": "received_at", "surveys": "asked_at"}
NUMBER = "13812345678"
"""The number of a citizen, who is nobody's."""


def days(count):
    """Give a stretch of days."""
    return pd.Timedelta(days=count)


class Planting:
    """A province into which faults are put, each rule into rows of its own; `planted` says how many, `ids` where."""

    def __init__(self, tables):
        """Take the tables of an invented province as texts and numbers that may be changed."""
        self.tables = {name: table.copy() for name, table in tables.items()}
        self.planted, self.ids, self.taken = {}, {}, {}

    def rows(self, table, count, where=None):
        """Choose rows of the third quarter of 2024 that no other fault has."""
        rows = self.tables[table]
        free = rows[OWN_DATE[table]].between("2024-07-02", "2024-09-28") & ~rows.index.isin(self.taken.setdefault(table, set()))
        chosen = rows.index[free & (where(rows) if where else True)][:count]
        assert len(chosen) == count
        self.taken[table] |= set(chosen)
        return chosen

    def tell(self, rule, count, ids=()):
        """Say what was planted."""
        self.planted[rule] = self.planted.get(rule, 0) + count
        self.ids[rule] = sorted(map(str, ids))

    def put(self, rule, table, count, where=None, **cells):
        """Put other cells into rows; a function is handed the rows."""
        rows, chosen = self.tables[table], self.rows(table, count, where)
        for column, cell in cells.items():
            rows.loc[chosen, column] = cell(rows.loc[chosen]) if callable(cell) else cell
        self.tell(rule, count, rows.loc[chosen].iloc[:, 0])

    def add(self, table, more):
        """Put rows below a table."""
        self.tables[table] = pd.concat([self.tables[table], more], ignore_index=True)

    def copies(self, table, count, prefix="", **cells):
        """Give copies of rows, under new ids where a prefix is given."""
        made = self.tables[table].loc[self.rows(table, count)]
        return made.assign(**({made.columns[0]: prefix + made.iloc[:, 0]} if prefix else {}), **cells)


def plant_cells(p):
    """Put faults into cells: types, empty cells, words, bounds, lengths, a citizen, persons who must be two."""
    p.tables["cases"]["elements_required"] = p.tables["cases"]["elements_required"].astype("str")
    p.put("types", "cases", 3, elements_required="五")
    p.put("required", "visits", 2, visited_at=pd.NaT)
    p.put("codes", "disputes", 4, tier="红")
    p.put("bounds", "cases", 2, elements_filled=-1)
    p.put("length", "cases", 1, category="长" * 2001)
    p.put("citizen", "cases", 1, status=f"电话 {NUMBER}")
    notices = p.tables["notices"]
    chosen = notices.index[notices["status"] == "upheld"][:2]
    notices.loc[chosen, "checked_by"] = None
    p.tell("complete", 2, notices.loc[chosen, "notice_id"])
    shared = p.tables["credits"]["record_id"].iloc[0]
    p.tables["credits"].loc[p.tables["credits"]["record_id"] == shared, "share"] = 0.7
    p.tell("shares", 1)
    p.tables["figures"] = p.tables["figures"].drop(columns="period")
    p.tell("columns", 1)


def plant_ids(p):
    """Put faults between rows: copies, ids that stand twice, units and persons that are not there."""
    equal = p.copies("visits", 5)
    p.tell("equal", 5, equal["visit_id"])
    twin, elsewhere = p.copies("visits", 4, "T-"), p.copies("visits", 2, "U-", unit_id="S002")
    people = p.tables["units"].query("level == 'officer'")["unit_id"]
    elsewhere.loc[elsewhere.index[1], "officer_id"] = next(one for one in people if one != elsewhere["officer_id"].iloc[1])
    elsewhere["unit_id"] = ["S002" if unit != "S002" else "S003" for unit in p.tables["visits"].loc[elsewhere.index, "unit_id"]]
    p.tell("twin", 4, [one for made in twin["visit_id"] for one in (made, made.removeprefix("T-"))])
    p.tell("twin_units", 2, [one for made in elsewhere["visit_id"] for one in (made, made.removeprefix("U-"))])
    p.add("visits", pd.concat([equal, twin, elsewhere]))
    again = p.copies("surveys", 3, channel="短信", answer="满意", recorded_at=pd.Timestamp("2024-12-30"))
    again.iloc[0, again.columns.get_loc("unit_id")] = "S002" if again["unit_id"].iloc[0] != "S002" else "S003"
    p.tell("id_twice", 3, again["survey_id"])
    p.tell("id_units", 1, again["survey_id"].iloc[:1])
    p.add("surveys", again)
    wide = p.copies("disputes", 3, received_at=pd.Timestamp("2024-07-03 09:00"), recorded_at=pd.NaT, due_at=pd.NaT)
    seconds = pd.to_timedelta(range(3), unit="s")
    ids = list(wide["dispute_id"])
    wide = wide.assign(received_at=wide["received_at"] + seconds, resolved_at=pd.NaT, recurred_at=pd.NaT, performed=pd.NA)
    wide["dispute_id"] = [ids[0].lower(), f" {ids[1]}", ids[2].translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)})]
    p.tell("id_alike", 3, [*ids, *wide["dispute_id"]])
    p.add("disputes", wide)
    p.put("unknown_unit", "cases", 6, unit_id="X999")
    p.put("unknown_officer", "visits", 7, officer_id="P9999")
    officer = p.tables["units"].query("level == 'officer'").iloc[:1].assign(unit_id="P8888", name="某")
    p.add("units", officer)
    posting = p.tables["postings"].iloc[:1].assign(officer_id="P8888")
    june = {"from_date": pd.Timestamp("2024-06-01"), "to_date": pd.Timestamp("2024-06-30")}
    before = {"from_date": pd.Timestamp("2010-02-01"), "to_date": pd.Timestamp("2010-01-01")}
    p.add("postings", pd.concat([posting.assign(**june), posting.assign(**before)]))
    p.tell("stretch", 1)
    p.put("outside_postings", "surveys", 5, officer_id="P8888")
    lost = p.tables["units"].index[p.tables["units"]["level"] == "zone"][0]
    p.tables["units"].loc[lost, "parent_id"] = "X998"
    p.tell("other", 1)


def plant_times(p):
    """Put faults into times and sums."""
    still = {"closed_at": pd.NaT, "due_at": pd.NaT}
    p.put("order", "cases", 8, lambda t: t["arrived_at"].isna(), closed_at=lambda t: t["received_at"] - days(2), due_at=pd.NaT)
    p.put("order_aside", "cases", 9, recorded_at=lambda t: t["received_at"] - days(1))
    late = {"received_at": lambda t: t["received_at"].dt.normalize() + pd.Timedelta(hours=23, minutes=55)}
    early = {"arrived_at": lambda t: t["received_at"].dt.normalize() + pd.Timedelta(minutes=5)}
    entered = {"recorded_at": lambda t: t["received_at"] + days(2)}
    p.put("midnight", "cases", 10, **late, **early, **entered, **still)
    duties = p.tables["duties"]
    early = duties.index[duties["done_at"].notna()][:4]
    duties.loc[early, "done_at"] = duties.loc[early, "due_from"] - days(3)
    p.tell("order_aside", 4, [*p.ids["order_aside"], *duties.loc[early, "duty_id"]])
    p.put("premise", "cases", 3, lambda t: ~t["audited"], passed=True)
    mine = p.ids["premise"]
    p.put("premise", "disputes", 2, lambda t: t["resolved_at"].isna(), performed=True)
    p.tell("premise", 0, [*mine, *p.ids["premise"]])
    p.put("rate", "cases", 11, lambda t: t["elements_required"] != "五", elements_filled=99)


def plant_months(p):
    """Take months away, add one, change words in the middle."""
    disputes = p.tables["disputes"]
    p.tables["disputes"] = disputes[~disputes["received_at"].between("2024-02-01", "2024-02-29 23:59:59")].reset_index(drop=True)
    p.tell("month_missing", 1, ["2024-02"])
    surveys = p.tables["surveys"]
    swollen = surveys[surveys["asked_at"].between("2023-08-01", "2023-08-31 20:00")]
    more = [swollen.assign(survey_id=f"M{n}-" + swollen["survey_id"], asked_at=swollen["asked_at"] + pd.Timedelta(n, "s"),
                           recorded_at=swollen["recorded_at"] + pd.Timedelta(n, "s")) for n in (7, 8, 9)]  # fmt: skip
    p.add("surveys", pd.concat(more))
    p.tell("month_swollen", 1, ["2023-08"])
    visits = p.tables["visits"]
    busiest = visits["unit_id"].value_counts().index[0]
    gone = (visits["unit_id"] == busiest) & visits["visited_at"].between("2024-05-01", "2024-05-31 23:59:59")
    p.tables["visits"] = visits[~gone].reset_index(drop=True)
    p.tell("unit_month", 1, [f"{busiest} 2024-05"])
    duties = p.tables["duties"]
    p.tables["duties"] = duties.assign(**{"class": "同一类"})
    p.tell("constant", 1)
    cases = p.tables["cases"]
    later = (cases["received_at"] >= "2024-07-01") & (cases["category"] == "窗口业务")
    cases.loc[later, "category"] = "综合窗口"
    p.tell("label", 2, ["窗口业务 2023-01–2024-06", "综合窗口 2024-07–2024-12"])


def plant_files(p):
    """Let a second file of visits hold ids of the first, with another purpose."""
    again = p.copies("visits", 3, purpose="回访二", visited_at=pd.Timestamp("2024-07-05 10:00"), recorded_at=pd.NaT)
    again["visited_at"] += pd.to_timedelta(range(3), unit="s")
    p.tables["visits_again"] = again
    p.tell("id_files", 3, again["visit_id"])
    p.tell("id_twice", 3, [*p.ids["id_twice"], *again["visit_id"]])


@pytest.fixture(scope="module")
def clean():
    """Invent a province of eight stations."""
    return invent(8, 1)


def check(tables, folder) -> ValidationReport:
    """Write tables, read them as records, and validate them."""
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    several = {"visits": Mapped(file=("visits", "visits_again"))} if "visits_again" in tables else {}
    return validate(*read_records(folder, several, name="records"), PERIOD)


@pytest.fixture(scope="module")
def before(clean, tmp_path_factory):
    """Validate the province as it was invented."""
    return check(clean, tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def planting(clean):
    """Plant every rule's fault in the province."""
    planting = Planting(clean)
    plant_months(planting)
    plant_cells(planting)
    plant_times(planting)
    plant_ids(planting)
    plant_files(planting)
    return planting


@pytest.fixture(scope="module")
def after(planting, tmp_path_factory):
    """Validate the province with its faults."""
    return check(planting.tables, tmp_path_factory.mktemp("planted"))


def test_an_invented_province_has_no_fault(before):
    """On clean data nothing is refused, and what is told can be counted on one hand."""
    assert before.count("fault") == 0
    assert [(one.rule, one.table, one.failed) for one in before.failing] == []


@pytest.mark.parametrize("rule", RULES)
def test_what_was_planted_is_found(rule, planting, before, after):
    """Each rule finds as many as were planted, and no more than were there before."""
    found, already = (dict(one.frame.groupby("rule")["failed"].sum()) for one in (after, before))
    assert found[rule] - already.get(rule, 0) == planting.planted[rule]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in {"columns", "types", "other", "citizen"}])
def test_what_failed_first_is_named(rule, planting, after):
    """The first of what was planted stand beside the step, in the order of ids."""
    named = [one for step in after.failing if step.rule == rule for one in step.listing["record_id"]]
    if planting.ids[rule]:
        assert sorted(named) == planting.ids[rule]


@pytest.mark.parametrize("rule", ["types", "citizen"])
def test_what_cannot_be_listed_is_named_by_its_row(rule, planting, after):
    """Of cells that are gone, or that hold a citizen's number, the sentence names the rows of the file."""
    cases = planting.tables["cases"]
    rows = [str(row + 2) for row in cases.index[cases["case_id"].isin(planting.ids[rule])]]
    [step] = [step for step in after.failing if (step.rule, step.table) == (rule, "cases")]
    assert re.findall(r"\d+(?=:|,|$)", step.faults[0].given["rows"]) == rows


def test_table_of_what_was_planted(planting, before, after):
    """Every rule finds what was planted, and nothing on clean records; `pytest -s -k table_of tests/test_validation.py` prints it."""
    found, clean = (one.frame.groupby("rule")["failed"].sum().reindex(list(RULES), fill_value=0) for one in (after, before))
    table = pd.DataFrame({"planted": pd.Series(planting.planted), "found": found, "clean": clean}).reindex(list(RULES))
    sys.stdout.write(
        f"\n{table.assign(severity=pd.Series(RULES), first=[first_named(rule, after) for rule in RULES]).to_string()}\n"
    )
    assert table["found"].tolist() == table["planted"].tolist()
    assert table["clean"].tolist() == [0] * len(RULES)
    assert before.count("fault") == 0


def first_named(rule, report):
    """Name what failed first of a rule: ids, or what its sentence says of it."""
    steps = [step for step in report.failing if step.rule == rule]
    told = [one for step in steps for one in step.first] or [fault.text("zh") for step in steps for fault in step.faults]
    return ", ".join(told)[:60]


def test_no_citizen_is_named(after):
    """The number of a citizen that was planted stands in no cell of a report."""
    assert NUMBER not in after.frame.to_csv() + "".join(step.listing.to_csv() for step in after.steps)


def test_every_step_has_units(before):
    """A step passed and failed add up to what was tested."""
    frame = before.frame
    assert (frame["passed"] + frame["failed"] == frame["tested"]).all()
    assert (frame["tested"] >= 0).all()


# One rule at a time


UNITS = "| unit_id | name | level | parent_id |\n| S1 | 一所 | station | |\n| S2 | 二所 | station | |\n| P1 | 甲 | officer | S1 |"


@pytest.fixture
def found(tmp_path, drawn):
    """Validate drawn tables; give what failed, as (rule, column, tested, failed, first)."""

    def validated(unknown=None, mapped=None, **tables):
        for name, text in {"units": UNITS, **tables}.items():
            drawn(text).to_csv(tmp_path / f"{name}.csv", index=False)
        how = {name: Mapped.model_validate(one) for name, one in (mapped or {}).items()}
        records, faults = read_records(tmp_path, how, name="records", unknown=UnknownUnits(**(unknown or {"at_most": 1})))
        return [(one.rule, one.column, one.tested, one.failed, one.first) for one in validate(records, faults).failing]

    return validated


ARRIVED = "received_at → arrived_at"


@pytest.mark.parametrize(
    ("received", "arrived", "rule"),
    [
        ("2024-10-05 23:55", "2024-10-05 00:05", "midnight"),
        ("2024-10-05 18:00", "2024-10-05 05:59", "midnight"),
        ("2024-10-05 17:59", "2024-10-05 05:59", "order"),
        ("2024-10-05 23:55", "2024-10-05 06:00", "order"),
        ("2024-10-05 23:55", "2024-10-04 00:05", "order"),
        ("2024-10-05 23:55", "2024-10-05 00:00", ""),  # a day without a time of day
        ("2024-10-05 23:55", "2024-10-06 00:05", ""),
        ("2024-10-05 23:55", "2024-10-05 23:55", ""),
        ("2024-10-05 23:55", "", ""),
    ],
)
def test_a_time_before_another_is_told_once(found, received, arrived, rule):
    """What ended before it began has passed midnight where it began in the evening and ended in the night of the same date."""
    cases = f"| case_id | unit_id | received_at | arrived_at |\n| K1 | S1 | {received} | {arrived} |\n| K2 | S1 | 2024-10-01 08:00 | |"
    tested = 1 if arrived else 0
    assert found(cases=cases) == ([(rule, ARRIVED, tested, 1, ("K1",))] if rule else [])


def test_a_notice_that_one_person_answers_for_is_named_with_one_that_nobody_checked(found):
    """Two rules of one column are one step, and the records of both are listed."""
    head = "| notice_id | happened_on | unit_id | code | status | entered_by | checked_by |"
    rows = (
        "N1 | 2024-10-01 | S1 | a | upheld | 甲 | 甲",
        "N2 | 2024-10-02 | S1 | a | upheld | 甲 | ",
        "N3 | 2024-10-03 | S1 | a | upheld | 甲 | 乙",
    )
    assert found(notices=head + "".join(f"\n| {row} |" for row in rows)) == [("complete", "checked_by", 3, 2, ("N1", "N2"))]


@pytest.mark.parametrize("hidden", ["13812345678", "138-1234-5678", "110101199003072316", "张三丰"])
def test_what_may_be_a_citizen_is_listed_by_its_shape(found, hidden):
    """An id of a record or a unit that is a person's number or name is in no list."""
    cases = f"| case_id | unit_id | received_at |\n| {hidden} | Z1 | 2024-10-05 08:00 |\n| K2 | {hidden} | 2024-10-06 08:00 |"
    assert found(cases=cases)
    assert hidden not in str(found(cases=cases))


@pytest.mark.parametrize("month", ["2024-10", "2024-12"])
def test_the_first_and_last_month_of_the_period_may_be_missing_too(clean, tmp_path, month):
    """No visit of December, at the end of the year: nothing follows it, and it is missing all the same."""
    clean["units"].to_parquet(tmp_path / "units.parquet")
    visits = clean["visits"]
    visits[visits["visited_at"].dt.strftime("%Y-%m") != month].to_parquet(tmp_path / "visits.parquet")
    asked = validate(*read_records(tmp_path, name="records"), PERIOD, ["month_missing"])
    assert [(one.failed, one.first) for one in asked.failing] == [(1, (month,))]


def test_only_what_is_asked_is_in_a_report(clean, tmp_path):
    """Some rules may be asked alone."""
    for name in ("units", "cases"):
        clean[name].to_parquet(tmp_path / f"{name}.parquet")
    asked = validate(*read_records(tmp_path, name="records"), PERIOD, ["midnight", "unknown_unit"])
    assert [(one.rule, one.column) for one in asked.steps if one.table == "cases"] == [
        ("unknown_unit", "unit_id"), ("midnight", ARRIVED), ("midnight", "received_at → closed_at"),
    ]  # fmt: skip


def test_a_deadline_lasts_to_the_end_of_its_day(found):
    """A case that is due on the day on which it came is due after it came."""
    cases = "| case_id | unit_id | received_at | due_at |\n| K1 | S1 | 2024-10-05 08:00 | 2024-10-05 |\n| K2 | S1 | 2024-10-05 08:00 | 2024-10-04 |"
    assert found(cases=cases) == [("order_aside", "received_at → due_at", 2, 1, ("K2",))]


def test_a_duty_is_not_done_before_it_begins(found):
    """A duty is done from the day on which it begins; one that is done late is none of this rule's."""
    head = "| duty_id | unit_id | kind | due_from | due_at | done_at |"
    rows = (
        "U1 | S1 | visit | 2024-10-05 08:00 | 2024-10-31 00:00 | 2024-10-04 09:00",
        "U2 | S1 | visit | 2024-10-05 08:00 | 2024-10-31 00:00 | 2024-10-05 00:00",
        "U3 | S1 | visit | 2024-10-05 00:00 | 2024-10-31 00:00 | 2024-10-05 00:30",
        "U4 | S1 | visit | 2024-10-05 00:00 | 2024-10-31 00:00 | 2024-11-09 00:00",
        "U5 | S1 | visit |                  | 2024-10-31 00:00 | 2024-10-01 00:00",
    )
    duties = head + "".join(f"\n| {row} |" for row in rows)
    assert found(duties=duties) == [("order_aside", "due_from → done_at", 4, 1, ("U1",))]


def test_nothing_passes_that_nobody_audited_and_nothing_is_performed_that_was_not_settled(found):
    """A case that passed was audited; an agreement that is performed, and a dispute that came again, was settled once."""
    cases = "| case_id | unit_id | received_at | audited | passed |" + "".join(
        f"\n| K{n} | S1 | 2024-10-05 08:00 | {audited} | {passed} |"
        for n, (audited, passed) in enumerate([("是", "是"), ("否", "是"), ("", "是"), ("否", "否"), ("否", ""), ("是", "")])
    )
    head = "| dispute_id | unit_id | received_at | resolved_at | performed | recurred_at |"
    rows = (
        "J1 | S1 | 2024-10-05 08:00 | | 是 | ",
        "J2 | S1 | 2024-10-05 08:00 | | 否 | ",
        "J3 | S1 | 2024-10-05 08:00 | 2024-10-09 08:00 | 是 | 2024-11-01 08:00",
        "J4 | S1 | 2024-10-05 08:00 | | | 2024-11-01 08:00",
    )
    assert found(cases=cases, disputes=head + "".join(f"\n| {row} |" for row in rows)) == [
        ("premise", "passed ← audited", 3, 2, ("K1", "K2")),
        ("premise", "performed ← resolved_at", 2, 1, ("J1",)),
        ("premise", "recurred_at ← resolved_at", 2, 1, ("J4",)),
    ]


def test_an_id_in_two_files_is_told(tmp_path, found):
    """Of an id that stands in the files of two months, with other cells, the later row is told."""
    head = "case_id,unit_id,received_at\n"
    (tmp_path / "九月.csv").write_text(head + "K1,S1,2024-09-05 08:00\nK2,S1,2024-09-06 08:00\n", "utf-8")
    (tmp_path / "十月.csv").write_text(head + "K1,S2,2024-10-05 08:00\nK3,S1,2024-10-06 08:00\n", "utf-8")
    told = found(mapped={"cases": {"file": ["九月", "十月"]}})
    assert told == [(rule, "case_id", 4, 1, ("K1",)) for rule in ("id_twice", "id_units", "id_files")]


ALIKE = [("K1", "Ｋ１"), ("K1", "k1"), ("K1", " K1"), ("K1", "K1\u3000"), ("K1", "K1\u200b"), ("案1", "案１"), ("K 1", "K1")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_ids_that_only_a_program_tells_apart_are_told(tmp_path, found, one, other):
    """Of ids that differ by width, case or blanks both are named, in one file or in several; what differs more is not."""
    head = "case_id,unit_id,received_at\n"
    lines = [f"{one},S1,2024-09-05 08:00\n", f"{other},S1,2024-10-05 08:00\n"]
    lines += ["K2,S1,2024-09-05 08:07\nk3,S1,2024-10-05 09:00\nK-1,S2,2024-10-05 10:00\n"]
    (tmp_path / "九月.csv").write_text(head + lines[0] + lines[2], "utf-8")
    (tmp_path / "十月.csv").write_text(head + lines[1], "utf-8")
    (tmp_path / "全年.csv").write_text(head + "".join(lines), "utf-8")
    for files in (["九月", "十月"], ["全年"]):
        told = found(mapped={"cases": {"file": files}})
        assert [step[:4] for step in told] == [("id_alike", "case_id", 5, 1)]
        assert sorted(told[0][4]) == sorted([one, other])


def test_units_whose_ids_differ_by_width_are_told(found):
    """Two units are called by ids that a person takes for one."""
    units = UNITS + "\n| Ｓ1 | 一所 | station | |"
    assert found(units=units)[0] == ("id_alike", "unit_id", 4, 1, ("S1", "Ｓ1"))


def test_a_row_that_stands_twice_is_left_out_and_told(found):
    """Equal rows are counted once, and the report says which were left out."""
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-05 08:00 |\n| K1 | S1 | 2024-10-05 08:00 |\n| K2 | S1 | 2024-10-05 09:00 |"
    assert found(cases=cases) == [("equal", "*", 3, 1, ("K1",))]


def test_ids_that_are_declared_to_lie_elsewhere_are_not_unknown(found):
    """What `outside` names is no fault of the records."""
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-05 08:00 |\n| K2 | Z9 | 2024-10-05 09:00 |\n| K3 | 铁路 | 2024-10-06 09:00 |"
    assert found({"at_most": 1, "outside": ["Z*"]}, cases=cases) == [("unknown_unit", "unit_id", 3, 1, ("K3",))]


def test_an_event_outside_a_posting(found):
    """A person is posted from the first to the last day, both included; who has two postings may have either."""
    postings = "| officer_id | unit_id | from_date | to_date |\n| P1 | S1 | 2024-10-02 | 2024-10-04 |\n| P1 | S2 | 2024-10-07 | |"
    days_ = {"K1": "01 23:59", "K2": "02 00:00", "K3": "04 23:59", "K4": "05 00:00", "K5": "06 12:00", "K6": "07 08:00"}
    rows = "".join(f"\n| {case} | S1 | 2024-10-{at} | P1 |" for case, at in days_.items())
    cases = "| case_id | unit_id | received_at | officer_id |" + rows + "\n| K7 | S1 | 2024-10-01 08:00 | |"
    pair = "officer_id → received_at"
    assert found(cases=cases, postings=postings) == [("outside_postings", pair, 6, 3, ("K1", "K4", "K5"))]


@pytest.mark.parametrize(
    ("counts", "missing", "swollen"),
    [
        ([50] * 24, [], []),
        ([50] * 6 + [0] + [50] * 17, [6], []),
        ([50] * 6 + [130] + [50] * 17, [], [6]),
        ([50] * 6 + [130] + [50] * 11 + [130] + [50] * 5, [], []),  # every year in that month
        ([9] * 6 + [0] + [9] * 17, [], []),  # too few to say
        ([50, 50, 0, 50], [], []),
        ([20 + month * 4 for month in range(24)], [], []),  # the work grows
    ],
)
def test_a_month_is_held_against_those_around_it_and_a_year_apart(counts, missing, swollen):
    """A month without records, or of another size, is told; seasons, slow growth and small numbers are not."""
    assert series.odd_months(pd.Series(counts)) == (missing, swollen)


SEASON = [1 + 0.12 * (month % 12 in (5, 6, 7)) - 0.12 * (month % 12 in (11, 0, 1)) for month in range(36)]


def level(*years, at=60):
    """Give the months of years, each so many times as busy, with a season."""
    return [
        round(at * times * SEASON[month])
        for times, month in zip([one for one in years for _ in range(12)], range(36), strict=False)
    ]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (level(1, 2), range(12, 24)),  # since the first of January everything is counted twice
        (level(1, 0.5), range(12, 24)),
        (level(1, 1.6), range(12, 24)),
        (level(1, 2, 2), range(12, 24)),  # the third year is as the second
        (level(1, 2, 1), range(12, 36)),  # and back
        (level(1, 2)[6:], range(6, 18)),  # of the year before only a half is there
        (level(1, 1)[:21] + [count * 2 for count in level(1, 1)[21:24]], range(21, 24)),  # the last three months
        (level(1, 1.1), []),
        (level(1, 1.2), []),
        (level(1, 1.2, 1.4), []),
        ([round(60 * 1.04**month) for month in range(24)], []),  # more than half as much a year later, by and by
        ([round(60 * 0.96**month) for month in range(24)], []),
        (level(1, 2, at=4), []),  # too few to say
        (level(1, 2)[8:20], []),  # no month has one a year before
        ([round(60 * (1 + 0.6 * (month % 12 in (5, 6, 7)))) for month in range(30)], []),  # summers
    ],
)
def test_a_step_between_years_is_told_and_growth_is_not(counts, told):
    """Where months are at once on another level than the year before, those of the first year after it are told."""
    assert series.odd_months(pd.Series(counts)) == ([], list(told))


@pytest.mark.parametrize(
    ("table", "times"), [("cases", 2), ("visits", 2), ("surveys", 2), ("disputes", 2), ("cases", 0.5), ("cases", 1.2)]
)
def test_a_province_that_counts_otherwise_from_a_new_year_on(clean, tmp_path, table, times):
    """Twice the records, or half of them, are twelve swollen or sunk months; a fifth more is growth."""
    rows = clean[table]
    later = rows[rows[OWN_DATE[table]] >= "2024-01-01"]
    more = later.sample(frac=times - 1, random_state=0) if times > 1 else later.head(0)
    gone = later.sample(frac=1 - times, random_state=0) if times < 1 else later.head(0)
    rows = pd.concat([rows.drop(gone.index), more.assign(**{rows.columns[0]: "M-" + more.iloc[:, 0]})])
    clean["units"].to_parquet(tmp_path / "units.parquet")
    rows.to_parquet(tmp_path / f"{table}.parquet")
    asked = validate(*read_records(tmp_path, name="records"), PERIOD, ["month_missing", "month_swollen"])
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    assert [list(one.listing["record_id"]) for one in asked.failing] == ([] if times == 1.2 else [months])


@pytest.mark.parametrize("month", ["2023-01", "2024-05", "2024-10", "2024-12"])
def test_a_month_of_one_unit_is_missing_wherever_it_lies(clean, tmp_path, month):
    """The first month of the records, one in the middle, and the first and last of the period."""
    visits = clean["visits"]
    unit = visits["unit_id"].value_counts().index[1]
    gone = (visits["unit_id"] == unit) & (visits["visited_at"].dt.strftime("%Y-%m") == month)
    assert unit_months(clean["units"], visits[~gone], tmp_path) == [f"{unit} {month}"]


def unit_months(units, visits, folder, period=PERIOD):
    """Name the months in which units have no visit."""
    units.to_parquet(folder / "units.parquet")
    visits.to_parquet(folder / "visits.parquet")
    asked = validate(*read_records(folder, name="records"), period, ["unit_month"])
    return [one for step in asked.failing for one in step.listing["record_id"]]


@pytest.mark.parametrize(
    ("valid", "told"),
    [
        ({}, ["2024-11", "2024-12"]),
        ({"valid_to": "2024-12-31"}, ["2024-11", "2024-12"]),
        ({"valid_to": "2024-12-30"}, ["2024-11"]),
        ({"valid_to": "2024-11-15"}, []),
        ({"valid_from": "2024-12-01"}, ["2024-12"]),
        ({"valid_from": "2024-12-02"}, []),
    ],
)
def test_a_unit_has_records_in_the_months_in_which_it_is_in_force(clean, tmp_path, valid, told):
    """A unit that ends or begins within a month need have none in it; nor has one that is no more, or not yet."""
    visits, units = clean["visits"], clean["units"].copy()
    unit = visits["unit_id"].value_counts().index[1]
    for column, day in valid.items():
        units.loc[units["unit_id"] == unit, column] = pd.Timestamp(day)
    rows = visits[(visits["unit_id"] != unit) | (visits["visited_at"] < "2024-11-01")]
    assert unit_months(units, rows, tmp_path) == ([f"{unit} {month}" for month in told] if "valid_from" not in valid else [])
    assert unit_months(units, rows, tmp_path, parse("2024-10")) == []


QUARTER = [f"2024-{month}" for month in (10, 11, 12)]


@pytest.mark.parametrize("month", QUARTER)
def test_a_month_of_one_unit_is_missing_where_only_a_quarter_is_there(clean, tmp_path, month):
    """Three months of records are enough where the unit has two of them, and others have the third."""
    visits = clean["visits"][clean["visits"]["visited_at"] >= "2024-10-01"]
    unit = visits["unit_id"].value_counts().index[1]
    gone = (visits["unit_id"] == unit) & (visits["visited_at"].dt.strftime("%Y-%m") == month)
    assert unit_months(clean["units"], visits[~gone], tmp_path) == [f"{unit} {month}"]


def uses(**words):
    """Find the uses of words that change: each a text of digits, the records of a month."""
    rows = [(word, month, int(count) * 5) for word, text in words.items() for month, count in enumerate(text) if int(count)]
    length = max(map(len, words.values()))
    return series.changing_words(pd.DataFrame(rows, columns=["word", "month", "rows_"]), 0, length - 1).to_numpy().tolist()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"old": "999999000000", "new": "000000999999"}, [["new", 6, 11], ["old", 0, 5]]),
        ({"old": "999990000000", "new": "000000999999"}, [["new", 6, 11], ["old", 0, 4]]),  # a month of neither
        ({"old": "999900000000", "new": "000000999999"}, [["new", 6, 11], ["old", 0, 3]]),
        ({"old": "999099000000", "new": "000000990099"}, [["new", 6, 11], ["old", 0, 5]]),  # a pause in the use of each
        ({"old": "999900100000", "new": "000000999999"}, [["new", 6, 11], ["old", 0, 6]]),  # somebody was late
        ({"old": "999999999000", "new": "000000000009"}, [["new", 11, 11], ["old", 0, 8]]),
        ({"old": "999999999999000099999999"}, [["old", 0, 11], ["old", 16, 23]]),  # gone, and back
        ({"ice": "990000000099990000000099"}, []),  # every winter
        ({"sun": "000099990000000099990000"}, []),  # every summer
        ({"used": "990999099999"}, []),
    ],
)
def test_words_change_whether_or_not_months_lie_between(words, told):
    """Old words end and new ones begin with a month or two of neither, or pause; what comes every year is no change."""
    assert uses(kept="9" * max(map(len, words.values())), **words) == told


# One event in two units


def enter_twice(tables, table, count, minute=False):
    """Let a second unit and another person enter some records as well, later; give the table, and the ids of both."""
    rows = tables[table].copy()
    if minute:
        for column in rows.columns[[kind.kind == "M" for kind in rows.dtypes]]:
            rows[column] = rows[column].dt.floor("min")
    others = tables["units"].query("level == 'officer'")["unit_id"].to_numpy()
    twice = rows[rows[OWN_DATE[table]] >= "2024-07-01"].sample(count, random_state=2)
    made = twice.assign(
        unit_id=["S002" if not unit.startswith("S002") else "S003" for unit in twice["unit_id"]],
        officer_id=others[:count],
        recorded_at=twice["recorded_at"] + pd.Timedelta(hours=5),
    )
    made = made.assign(**{rows.columns[0]: "U-" + made.iloc[:, 0]})
    return pd.concat([rows, made], ignore_index=True), sorted([*twice.iloc[:, 0], *made.iloc[:, 0]])


def between_units(units, table, rows, folder):
    """Name the records of one event that lie in two units, and how many are beside the first of each."""
    units.to_parquet(folder / "units.parquet")
    rows.to_parquet(folder / f"{table}.parquet")
    asked = validate(*read_records(folder, name="records"), PERIOD, ["twin_units"])
    return [(step.failed, list(step.listing["record_id"])) for step in asked.failing]


@pytest.mark.parametrize("minute", [False, True])
@pytest.mark.parametrize("table", ["cases", "visits", "disputes"])
def test_an_event_that_two_persons_of_two_units_enter_is_told(clean, tmp_path, table, minute):
    """Whether times have seconds or minutes alone: all is alike but unit, person, entry and id."""
    rows, both = enter_twice(clean, table, 3, minute)
    assert between_units(clean["units"], table, rows, tmp_path) == [(3, both)]
    assert between_units(clean["units"], table, rows[~rows.iloc[:, 0].str.startswith("U-")], tmp_path) == []


@pytest.mark.parametrize("moment", ["min", "D"])
@pytest.mark.parametrize("table", ["cases", "visits", "disputes", "surveys"])
def test_what_chance_puts_on_one_moment_is_no_event_of_two_units(clean, tmp_path, table, moment):
    """Minutes and days, in which ever more records of two units are alike, are no sign by themselves."""
    rows = clean[table].copy()
    for column in rows.columns[[kind.kind == "M" for kind in rows.dtypes]]:
        rows[column] = rows[column].dt.floor(moment)
    assert between_units(clean["units"], table, rows.drop(columns="officer_id"), tmp_path) == []


def test_what_all_units_do_at_once_is_no_event_of_two(clean, tmp_path):
    """A campaign on one morning is recorded by every unit, and each has its own."""
    units = clean["units"].query("level == 'station'")["unit_id"].tolist()
    rows = clean["visits"]
    made = rows.head(len(units)).assign(
        unit_id=units, visited_at=pd.Timestamp("2024-11-09 09:00"), subject_id=None, purpose="宣传"
    )
    made = made.assign(visit_id=[f"C{n}" for n in range(len(units))], verified=None)
    assert between_units(clean["units"], "visits", pd.concat([rows, made], ignore_index=True), tmp_path) == []


VISITS = "| visit_id | unit_id | officer_id | visited_at | subject_id | purpose | 地址 | 所名 | 流水号 |"
FIRST = "| V1 | S1 | P1 | 2024-10-05 08:30 | D7 | 宣传 | 东街1号 | 一所 | 8001 |"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("V2 | S2 | P2 | 2024-10-05 08:30 | D7 | 宣传 | 东街1号 | 二所 | 8002", True),
        ("V2 | S2 | P1 | 2024-10-05 08:30 | D7 | 宣传 | 东街1号 | 二所 | 8002", True),
        ("V2 | S2 | P2 | 2024-10-05 08:31 | D7 | 宣传 | 东街1号 | 二所 | 8002", False),
        ("V2 | S2 | P2 | 2024-10-05 08:30 | D8 | 宣传 | 东街1号 | 二所 | 8002", False),
        ("V2 | S2 | P2 | 2024-10-05 08:30 | D7 | 回访 | 东街1号 | 二所 | 8002", False),
        ("V2 | S2 | P2 | 2024-10-05 08:30 | D7 | 宣传 | 东街2号 | 二所 | 8002", False),
        ("V2 | S1 | P2 | 2024-10-05 08:30 | D7 | 宣传 | 东街1号 | 一所 | 8002", False),
    ],
)
def test_one_event_in_two_units_is_of_one_moment_and_of_equal_cells(found, second, told):
    """Other columns count too, as a place, but for those that name the unit or number the entry; two in one unit are two persons'."""
    more = "| V8 | S1 | P1 | 2024-10-07 09:10 | D1 | 回访 | 西街9号 | 一所 | 8003 |\n| V9 | S2 | P2 | 2024-10-08 10:20 | D2 | 宣传 | 西街8号 | 二所 | 8004 |"
    steps = found(visits=f"{VISITS}\n{FIRST}\n| {second} |\n{more}")
    assert [step for step in steps if "twin" in step[0]] == ([("twin_units", "visit_id", 4, 1, ("V1", "V2"))] if told else [])


def test_records_alike_by_chance_hide_no_event_that_names_its_subject(clean, tmp_path):
    """Where times have minutes alone, and many visits say nothing but their purpose, the rare pair is still found."""
    rows = clean["visits"].copy()
    rows[["visited_at", "recorded_at"]] = rows[["visited_at", "recorded_at"]].apply(lambda at: at.dt.floor("min"))
    rows.loc[rows.index[::2], "subject_id"] = None
    rows = rows.assign(verified=pd.NA, purpose="走访")
    named = rows["subject_id"].notna()
    only, both = enter_twice({**clean, "visits": rows[named]}, "visits", 3)
    every = pd.concat([only, rows[~named]], ignore_index=True)
    assert between_units(clean["units"], "visits", every, tmp_path) == [(3, both)]


# The report


HOSTILE = "=cmd|' /C calc'!A0<script>alert(1)</script>"


def step(rule="midnight", severity="warning", failed=2, ids=("K1", HOSTILE)):
    """Make a step of which two records failed."""
    listing = pd.DataFrame({"record_id": list(ids), "unit_id": "S1"})
    return ValidationStep(rule, "cases", "received_at → arrived_at", 8, failed, severity, listing)


def report(*steps):
    """Make a report of steps."""
    return ValidationReport(steps, {"cases": 8})


def texts(folder):
    """Read every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8-sig") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_has_words(rule, lang):
    """Whatever fails is said in both languages, with what the score does about it."""
    page = pages.page(report(step(rule, RULES[rule])), {}, lang)
    assert page.count('<span class="mark ' + RULES[rule]) == 3


def test_the_page_asks_nothing_of_a_network_and_runs_nothing():
    """The page is one file without scripts or addresses, and an id in it stays a word."""
    page = pages.page(report(step()), {"期间": "2024Q4"})
    assert not re.search(r"<script|https?:|src=|@import|url\(", page)
    assert "&lt;script&gt;" in page


def test_a_step_is_a_row_for_programs_and_people(tmp_path):
    """validation.csv has a row a step, with counts, words, the first ids and the file that lists all; no cell is a formula."""
    pages.write(tmp_path / "report", report(step(), step("rate", failed=0, ids=())), {})
    found = texts(tmp_path / "report")
    assert sorted(found) == ["failed/001_midnight_cases_received_at-arrived_at.csv", "validation.csv", "validation.html"]
    first, second = csv.DictReader(found["validation.csv"].splitlines())
    assert [first[name] for name in ("step", "rule", "severity", "table", "tested", "passed", "failed", "share")] == [
        *("1", "midnight", "warning", "cases", "8", "6", "2", "0.250000")
    ]
    assert first["file"] == "failed/001_midnight_cases_received_at-arrived_at.csv"
    assert (second["severity"], second["effect"], second["file"]) == ("", "", "")
    listed = list(csv.reader(found[first["file"]].splitlines()))
    assert listed == [["table", "record_id", "unit_id"], ["cases", "K1", "S1"], ["cases", "'" + HOSTILE, "S1"]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_report_is_its_owners_alone(tmp_path):
    """Nobody else opens the folder or a file of it."""
    pages.write(tmp_path / "report", report(step()), {})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "report").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "report", tmp_path / "report" / "failed")}
    assert (modes, folders) == ({0o600}, {0o700})


def test_a_report_takes_the_place_of_an_earlier_one(tmp_path):
    """What failed the last time is gone from the lists, and nothing is left beside the folder; an empty one is taken as well."""
    (tmp_path / "report").mkdir()
    pages.write(tmp_path / "report", report(step(), step("order")), {})
    pages.write(tmp_path / "report", report(step("rate", failed=0, ids=())), {})
    assert sorted(texts(tmp_path)) == ["report/validation.csv", "report/validation.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


OWN_FILES = [
    "failed/2024_salaries.csv",
    "failed/001_x.csv/keep",
    "failed/mine.txt",
    "notes.txt",
    "validation.html",
    "validation.csv",
]


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("name", OWN_FILES)
def test_a_report_takes_the_place_of_nothing_else(name, earlier, tmp_path):
    """A person's own files stay as they are, whatever they are called, beside a report or where none was ever written."""
    folder = tmp_path / "report"
    if earlier:
        pages.write(folder, report(step()), {})
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("mine", "utf-8")
    before = texts(tmp_path)
    with pytest.raises(UsageError, match=r"其中有的不是此前 check --to 所写（.*" + name.removesuffix("/keep")):
        pages.write(folder, report(), {})
    assert texts(tmp_path) == before
    with pytest.raises(UsageError) as refused:
        pages.check_folder(folder)
    refused.value.lang = "en"
    assert re.search(f"holds what no earlier check --to wrote .*{name.removesuffix('/keep')}", str(refused.value))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize("name", ["validation.html", "validation.csv", "failed"])
def test_a_report_is_written_through_no_link(name, tmp_path):
    """Neither a file nor the folder of the lists may be a link, nor the folder of the report itself."""
    folder, other = tmp_path / "report", tmp_path / "other"
    pages.write(folder, report(step()), {})
    (folder / name).rename(other)
    (folder / name).symlink_to(other)
    before = texts(tmp_path)
    for place in (folder, tmp_path / "link"):
        (tmp_path / "link").is_symlink() or (tmp_path / "link").symlink_to(folder)
        with pytest.raises(UsageError, match="已存在"):
            pages.write(place, report(), {})
    (tmp_path / "link").unlink()
    assert texts(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_folder_that_all_may_write_in_is_closed_and_another_s_is_refused(tmp_path, monkeypatch):
    """What is ours, an earlier report or an empty folder, is its owner's alone from now on."""
    for folder in (tmp_path / "empty", tmp_path / "report"):
        if folder.name == "report":
            pages.write(folder, report(step()), {})
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        pages.write(folder, report(step()), {})
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.setattr("os.geteuid", lambda: 65533)
    with pytest.raises(FileAccessError, match=r"system\.foreign"):
        pages.check_folder(tmp_path / "report")


def test_a_report_that_cannot_be_written_leaves_the_earlier_one(tmp_path, monkeypatch):
    """It is written whole before the earlier one goes; a file that came meanwhile keeps it in its place."""
    pages.write(tmp_path / "report", report(step()), {})
    before = texts(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(pages, "page", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pages.write(tmp_path / "report", report(), {})
    assert texts(tmp_path) == before

    def come(*_):
        (tmp_path / "report" / "late.txt").write_text("mine", "utf-8")
        return ""

    monkeypatch.setattr(pages, "page", come)
    with pytest.raises(UsageError, match=r"late\.txt"):
        pages.write(tmp_path / "report", report(), {})
    assert texts(tmp_path) == before | {"report/late.txt": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_the_folder_in_which_somebody_works_is_left_alone(tmp_path, monkeypatch):
    """It would be gone under them."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="已存在"):
        pages.check_folder(Path())


def test_no_citizen_is_in_any_file_of_a_report(after, tmp_path):
    """The number that was planted is in no file, and the row in which it stands is named."""
    pages.write(tmp_path / "report", after, {})
    assert NUMBER not in "".join(texts(tmp_path / "report").values())
    assert "records.citizen_text" in texts(tmp_path / "report")["validation.html"]


def test_check_says_what_is_odd_and_writes_where_it_is_told(tmp_path, monkeypatch):
    """Without --to nothing is written; with it the report lies in the folder. Warnings leave the exit code as it is."""
    monkeypatch.chdir(a_project(tmp_path))
    (tmp_path / "records/cases.csv").write_text(CASES.replace("2024-11-02 08:40", "2024-11-01 08:40"), "utf-8")
    before = set(tmp_path.rglob("*"))
    code, said, _ = fengqiao("check", "params/q4.yaml")
    assert (code, set(tmp_path.rglob("*"))) == (0, before)
    assert "警告：警情案件 received_at → arrived_at，时间先后：1 / 4（25%）；看这两个时间的指标略去此条，其他照计" in said
    code, said, _ = fengqiao("check", "params/q4.yaml", "--to", "report")
    assert code == 0
    assert "report/validation.html" in said.replace("\\", "/")
    assert "C2" in texts(tmp_path / "report")["validation.html"]


def test_check_writes_the_report_of_what_it_refuses(tmp_path, monkeypatch):
    """Records at fault are exit 1 as ever, and the report lists the fault beside all else."""
    monkeypatch.chdir(a_project(tmp_path))
    (tmp_path / "records/cases.csv").write_text(CASES.replace("2024-11-02 08:40", "昨天"), "utf-8")
    code, said, refused = fengqiao("check", "params/q4.yaml", "--to", "report")
    assert code == 1
    assert "records.no_time" in refused
    assert "差错 1" in said
    rows = csv.DictReader(texts(tmp_path / "report")["validation.csv"].splitlines())
    told = [(row["rule"], row["column"], row["failed"]) for row in rows if row["severity"] == "fault"]
    assert told == [("types", "arrived_at", "1")]


def test_a_folder_that_is_somebody_elses_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    """--to a folder with other things in it is wrong usage."""
    monkeypatch.chdir(a_project(tmp_path))
    code, _, refused = fengqiao("check", "params/none.yaml", "--to", "records")
    assert (code, "records 已存在" in refused) == (2, True)
