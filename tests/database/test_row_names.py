"""Faults in a PostgreSQL database name their rows by ids: a table there has no order, so that a row has no number."""

# ruff: noqa: E501 - what is drawn stands on one line

import re
from itertools import count

import pandas as pd
import pytest

import postgres_server
from fengqiao_eval.errors import InputError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.sources import one_snapshot, read_address
from fengqiao_eval.records.store import read_records
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scoring.score import score
from fengqiao_eval.words import catalogue
from shared import ROOT

pytestmark = pytest.mark.database

CITIZEN = "13812345678"
UNITS = "unit_id | name | level | parent_id\nC1 | 甲县 | county |\nS1 | 东街所 | station | C1\nS2 | 河口所 | station | C1"
CASES = "case_id | unit_id | received_at | {0}\nK1 | S1 | 2024-10-01 08:00 | {1}\nK2 | S1 | 2024-10-02 08:00 | {2}\nK3 | S2 | 2024-10-03 08:00 | {2}"
NOTICES = (
    "notice_id | happened_on | unit_id | code | status | entered_by | checked_by\n"
    "N1 | 2024-10-01 | S1 | a | upheld | 甲 | 乙\nN2 | 2024-10-02 | S1 | a | upheld | {} | {}\nN3 | 2024-10-02 | S2 | a | upheld | {} | {}"
)
FIGURES = "unit_id | indicator | period | numerator | denominator\nS1 | a | 2024Q4 | 1 | 2\nS2 | a | {0} | {1} | {2}"
POSTINGS = "officer_id | unit_id | from_date | {0}\nP1 | S1 | 2024-01-01 | {1}\nP2 | S2 | 2024-02-01 | {2}"
TREE = "unit_id | name | level | parent_id | {0}\nC1 | 甲县 | county | | {1}\nS1 | 东街所 | station | C1 | {2}\n{3}"
PLANTED = {
    "records.no_time": ("cases", CASES.format("arrived_at", "", "昨天"), "K2: 字字; K3: 字字"),
    "records.no_date": ("postings", POSTINGS.format("to_date", "2024-12-31", "年底"), "S2 · 2024-02-01: 字字"),
    "records.no_number": ("postings", POSTINGS.format("share", "1", "一半"), "S2 · 2024-02-01: 字字"),
    "records.no_whole": ("cases", CASES.format("elements_required", "5", "5.5"), "K2: 9.9; K3: 9.9"),
    "records.no_flag": ("cases", CASES.format("audited", "是", "大概"), "K2: 字字; K3: 字字"),
    "records.no_text": ("cases", CASES.format("status", "1", "330109202410010009"), "K2: 9.9999999999999a+99; K3: 9.9999999999999a+99"),
    "records.empty_cell": ("notices", NOTICES.format("甲", "乙", "甲", "乙").replace("N3 | 2024-10-02 | S2 | a", "N3 | 2024-10-02 | S2 | "), "N3"),
    "records.word": ("disputes", CASES.replace("case_id", "dispute_id").format("tier", "red", "红"), "K2, K3"),
    "records.too_long": ("cases", CASES.format("category", "短", "长" * 2001), "K2, K3"),
    "records.bounds": ("cases", CASES.format("elements_filled", "5", "-1"), "K2, K3"),
    "records.share": ("postings", POSTINGS.format("share", "1", "60"), "S2 · 2024-02-01"),
    "records.reversed": ("postings", POSTINGS.format("to_date", "2024-12-31", "2024-01-01"), "S2 · 2024-02-01"),
    "records.period": ("figures", FIGURES.format("2024年", "1", "2"), "S2 · a · 2024年"),
    "records.numerator_alone": ("figures", FIGURES.format("2024Q4", "1", ""), "S2 · a · 2024Q4"),
    "records.unchecked": ("notices", NOTICES.format("甲", "", "甲", ""), "N2, N3"),
    "records.unentered": ("notices", NOTICES.format("", "乙", "", "乙"), "N2, N3"),
    "records.one_person": ("notices", NOTICES.format("甲", "甲", "甲", "乙"), "N2"),
    "records.citizen_value": ("visits", CASES.replace("case_id", "visit_id").replace("received", "visited").format("subject_id", "D1", CITIZEN), "K2, K3"),
    "records.citizen_text": ("cases", CASES.format("status", "在办", f"电话 {CITIZEN}"), "K2, K3"),
    "units.two_levels": ("units", TREE.format("x", "", "", "S1 | 东街所 | county | | "), "S1"),
    "units.overlap": ("units", TREE.format("valid_from", "", "", "S1 | 又所 | station | C1 | 2024-01-01"), "S1"),
    "units.absent_parent": ("units", TREE.format("x", "", "", "S2 | 二所 | station | C9 | "), "S2"),
    "units.absent_successor": ("units", TREE.format("successor_id", "", "C9", "S2 | 二所 | station | C1 | "), "S1"),
    "records.parent_level": ("units", TREE.format("x", "", "", "S2 | 二所 | station | S1 | "), "S2"),
}  # fmt: skip
"""What is planted for each rule: its table, and the ids of the rows that break it."""
OF_FILES = ("document.", "office.", "clean.", "records.row_", "records.heading_again")
"""Rules of files, whose rows have numbers."""
ROWS = re.compile(r"第 ?[\d ,、]+ ?行|行号|\brows? \d|\brow:")
"""How a sentence would call rows by numbers."""
NUMBERS = count()


def texts(drawn):
    """Give a table drawn in text as texts; an empty cell is empty."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in drawn.split("\n")]
    return pd.DataFrame(rows, columns=head, dtype="str").replace("", None)


@pytest.fixture
def refused(server):
    """Put drawn tables into a database, and say what of it is refused, in Chinese and in English."""

    def say(mapped=None, floats=(), **tables):
        name = f"rows_{next(NUMBERS)}"
        with server.connect() as owner:
            owner.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        with server.connect(name) as owner:
            for table, text in {"units": UNITS, **tables}.items():
                postgres_server.add_table(owner, table, texts(text))
            for table, column in floats:
                owner.execute(f"ALTER TABLE {table} ALTER {column} TYPE double precision USING {column}::double precision")
            owner.execute("GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        with one_snapshot():
            how = {table: Mapped.model_validate(one) for table, one in (mapped or {}).items()}
            records, faults = read_records(read_address(server.address(name)), how)
            if not faults:
                scheme, period = load(ROOT / "params" / "one_table.yaml"), parse("2024Q4")
                with pytest.raises(InputError) as error:
                    score(records, scheme, period, period.end)
                faults = error.value.faults
        return [(fault.rule, fault.text("zh"), fault.text("en")) for fault in faults]

    return say


def test_every_rule_that_names_rows_is_planted():
    """Whatever sentence speaks of rows and is not of files alone stands in the table of what is planted."""
    speak = {
        key.removeprefix("fault.") for key, words in catalogue().items() if key.startswith("fault.") and "{rows}" in words["zh"]
    }
    assert {rule for rule in speak if not rule.startswith(OF_FILES)} == set(PLANTED)


@pytest.mark.parametrize("rule", PLANTED)
def test_a_fault_of_a_database_names_ids_and_no_row(refused, rule):
    """The sentence names the ids that were planted, and says nothing of the number of a row, in either language."""
    table, text, ids = PLANTED[rule]
    floats = [("cases", "status")] if rule == "records.no_text" else ()
    [(zh, en)] = [said for found, *said in refused(floats=floats, **{table: text}) if found == rule]
    looks = ": " in ids
    assert f"（编号{'：样子' if looks else ''} {ids}" in zh
    assert f"({'id: its look' if looks else 'ids'} {ids}" in en
    assert [said for said in (zh, en) if ROWS.search(said) or CITIZEN in said] == []


def test_a_row_without_an_id_is_found_by_a_condition(refused):
    """Where the id is missing the sentence gives what finds the row in SQL, by the names that the columns have there."""
    text = "编号 | unit_id | received_at\n | S1 | 2024-10-01 08:00\nK2 | S1 | 2024-10-02 08:00"
    [(rule, zh, en)] = refused({"cases": {"rename": {"编号": "case_id"}}}, cases=text)
    assert rule == "records.empty_cell"
    condition = "编号 IS NULL AND unit_id = 'S1' AND received_at = '2024-10-01 08:00:00'"
    assert f"有 1 行此列为空（条件 {condition}）" in zh
    assert f"(where {condition})" in en


def test_rows_with_and_without_an_id_are_both_named(refused):
    """Ids stand first, conditions behind them."""
    text = "case_id | unit_id | received_at | category\n | S1 | 2024-10-01 08:00 | {0}\nK2 | | 2024-10-02 08:00 | {0}".format(
        "长" * 2001
    )
    said = {rule: zh for rule, zh, _ in refused(cases=text)}
    assert (
        "（编号 K2；条件 case_id IS NULL AND unit_id = 'S1' AND received_at = '2024-10-01 08:00:00'）" in said["records.too_long"]
    )


@pytest.mark.parametrize("hidden", [CITIZEN, "110101199003072316", "张三丰"])
def test_an_id_that_may_be_a_citizens_is_found_by_the_rest_of_its_row(refused, hidden):
    """A number or name in the place of an id is in no sentence: unit and time find its row."""
    text = f"case_id | unit_id | received_at | elements_filled\n{hidden} | S1 | 2024-10-01 08:00 | -1"
    said = {rule: (zh, en) for rule, zh, en in refused(cases=text)}
    assert "（条件 unit_id = 'S1' AND received_at = '2024-10-01 08:00:00'）" in said["records.bounds"][0]
    assert hidden not in str(said)
