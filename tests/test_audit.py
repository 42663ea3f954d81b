"""An audit finds the signs that were planted, with the right counts and first records, and hardly any where none was."""

# ruff: noqa: E501 - what is drawn stands on one line; Chinese counts double

import csv
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fengqiao_eval as fq
from fengqiao_eval.demo.write import invent
from fengqiao_eval.errors import FileAccessError, InputError, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.store import read_records
from fengqiao_eval.scheme.load import load
from fengqiao_eval.validation import audit as audits
from fengqiao_eval.validation.audit import audit, write_audit
from fengqiao_eval.validation.response import bounds, middle_answer
from fengqiao_eval.validation.signs import SIGNS, adjust
from fengqiao_eval.words import catalogue

ROOT = Path(__file__).parents[1]
PERIOD = parse("2024Q4")
WORDS = "王家门前那棵老槐树下"
"""What somebody wrote in their own words."""


def seconds(many):
    """Give stretches of time."""
    return pd.to_timedelta(many, unit="s")


class Planting:
    """A province into which signs are put, each into a station of its own; `where` says into which, `rows` where they lie."""

    def __init__(self, tables):
        """Take the tables of an invented province; every visit gets a text of its own."""
        self.tables = {name: table.copy() for name, table in tables.items()}
        visits = self.tables["visits"]
        visits["purpose"] = [f"走访情况之{number}" for number in range(len(visits))]
        asked = self.tables["surveys"]
        busy = asked[asked["asked_at"] >= "2024-10-01"]["unit_id"].str[:4].value_counts()
        self.stations, self.where, self.rows = list(busy.index[:5]), {}, {}

    def of(self, table, number, column):
        """Give the rows of a station in the period, by a time."""
        rows = self.tables[table]
        mine = rows["unit_id"].str.startswith(self.stations[number]) & rows[column].between("2024-10-01", "2024-12-31 23:59:59")
        return rows[mine]

    def put(self, sign, table, number, rows, **cells):
        """Put cells into rows, and keep what was planted."""
        for column, cell in cells.items():
            self.tables[table].loc[rows.index, column] = np.asarray(cell) if not isinstance(cell, str) else cell
        self.where[sign], self.rows[sign] = self.stations[number], (table, list(rows.iloc[:, 0]))


def plant(tables):
    """Plant every sign."""
    p, dice = Planting(tables), np.random.default_rng(7)
    rows = p.of("visits", 0, "visited_at").query("visited_at < '2024-12-28'").head(60)
    late = pd.Timestamp("2024-12-29") + seconds(dice.integers(0, 3, 60) * 86_400 + dice.integers(32_000, 60_000, 60))
    p.put("period_end", "visits", 0, rows, visited_at=late, recorded_at=late + seconds(60))
    rows = p.of("cases", 1, "received_at")
    rows = rows[rows["received_at"].between("2024-10-01", "2024-10-28") & rows["arrived_at"].isna()].head(30)
    closed = pd.Timestamp("2024-10-29") + seconds(dice.integers(0, 3 * 86_400, len(rows)))
    p.put("month_end", "cases", 1, rows, closed_at=closed)
    rows = p.of("cases", 2, "received_at").dropna(subset="arrived_at").head(40)
    p.put("within_limit", "cases", 2, rows, arrived_at=rows["received_at"] + seconds(dice.integers(841, 900, len(rows))))
    rows = p.of("cases", 3, "received_at")
    rows = rows[rows["arrived_at"].isna() & (rows["received_at"] < "2024-12-20")].head(12)
    p.put("same_duration", "cases", 3, rows, closed_at=rows["received_at"] + pd.Timedelta(days=4, minutes=7, seconds=30))
    rows = p.of("visits", 4, "visited_at").head(15)
    p.put("same_text", "visits", 4, rows, purpose=WORDS)
    plant_near(p)
    rows = p.of("surveys", 2, "asked_at")
    at = rows["asked_at"]
    p.put("round_minutes", "surveys", 2, rows, asked_at=at - seconds((at.dt.minute % 5) * 60))
    rows = p.of("surveys", 1, "asked_at")
    at = rows["asked_at"]
    p.put("last_digit", "surveys", 1, rows, asked_at=at + seconds((7 - at.dt.minute % 10) * 60))
    rows = p.of("surveys", 0, "asked_at")
    answers = np.where(np.arange(len(rows)) < 20, "满意", None)
    p.put("perfect_answers", "surveys", 0, rows, answer=answers)
    p.rows["perfect_answers"] = ("surveys", p.rows["perfect_answers"][1][:20])
    return p


def plant_near(p):
    """Give one person eight visits in one zone, each a minute after one in the other."""
    rows = p.of("visits", 3, "visited_at").query("'2024-10-05' < visited_at < '2024-12-20'")
    zone = p.stations[3]
    one, other = rows[rows["unit_id"] == f"{zone}-1"].head(8), rows[rows["unit_id"] == f"{zone}-2"].head(8)
    at = one["visited_at"].reset_index(drop=True) + seconds(45)
    cells = {"visited_at": at, "recorded_at": at + seconds(3_600), "officer_id": one["officer_id"].iloc[0]}
    p.put("near_visits", "visits", 3, one, officer_id=one["officer_id"].iloc[0])
    p.put("near_visits", "visits", 3, other, **cells)
    pairs = [f"{a}+{b}" for a, b in zip(one["visit_id"], other["visit_id"], strict=True)]
    p.rows["near_visits"] = ("visits", pairs)
    p.person = one["officer_id"].iloc[0]


@pytest.fixture(scope="module")
def clean():
    """Invent a province of eight stations."""
    return invent(8, 1)


def look(tables, folder, **how):
    """Write tables, read them as records, and look at them."""
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    records, faults = read_records(folder, name="records")
    assert faults == []
    return audit(records, load(ROOT / "params" / "one_table.yaml"), PERIOD, PERIOD.end, **how)


@pytest.fixture(scope="module")
def before(clean, tmp_path_factory):
    """Look at the province as it was invented."""
    return look(clean, tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def planting(clean):
    """Plant every sign."""
    return plant(clean)


@pytest.fixture(scope="module")
def after(planting, tmp_path_factory):
    """Look at the province with its signs."""
    return look(planting.tables, tmp_path_factory.mktemp("planted"))


def test_clean_records_show_no_sign(before):
    """In an invented province nothing is shown, of units or of persons, though thousands of tests are made."""
    assert before.signs[["sign", "level", "unit_id", "column"]].to_numpy().tolist() == []
    assert len(before.persons["signs"]) == 0
    assert before.asked["tested"].sum() > 500


def of_station(report, planting, sign):
    """Give the rows of a sign at the station in which it was planted."""
    return report.signs[(report.signs["sign"] == sign) & (report.signs["unit_id"] == planting.where[sign])]


@pytest.mark.parametrize("sign", SIGNS)
def test_what_was_planted_is_found(after, planting, sign):
    """Each sign is shown at the station in which it was planted, with how many, and the first records."""
    (found,) = of_station(after, planting, sign).to_dict("records")
    table, rows = planting.rows[sign]
    assert found["table"] == table
    assert (
        found["found"] >= len(rows)
        if sign in ("period_end", "month_end", "within_limit")
        else found["found"] == counted(planting, sign)
    )
    assert set(found["first"].split()) <= everything(planting, sign)
    assert found["first"].split() == sorted(everything(planting, sign))[:5]


def everything(planting, sign):
    """Name the records of a sign in its station, reckoned another way."""
    table, rows = planting.rows[sign]
    every = planting.tables[table]
    mine = every[every["unit_id"].str.startswith(planting.where[sign])]
    last = {"period_end": ("2024-12-29", "2025-01-01"), "month_end": ("2024-10-29", "2024-11-01")}
    if sign == "period_end":
        mine = mine[
            (mine["visited_at"] >= last[sign][0]) & (mine["visited_at"] < last[sign][1]) & (mine["recorded_at"] <= "2025-01-01")
        ]
    elif sign == "month_end":
        november = mine["closed_at"].between("2024-11-28", "2024-11-30 23:59:59")
        mine = mine[
            (mine["closed_at"].between("2024-10-29", "2024-10-31 23:59:59") | november) & (mine["recorded_at"] <= "2025-01-01")
        ]
    elif sign == "within_limit":
        took = (mine["arrived_at"] - mine["received_at"]).dt.total_seconds()
        inside = (took > 840) & (took <= 900) & (mine["received_at"] >= "2024-10-01") & (mine["received_at"] < "2025-01-01")
        mine = mine[inside & (mine["recorded_at"] <= "2025-01-01")]
    elif sign in ("round_minutes", "last_digit"):
        minute = mine["asked_at"].dt.minute
        wanted = minute % 5 == 0 if sign == "round_minutes" else minute % 10 == 7
        mine = mine[wanted & (mine["asked_at"] >= "2024-10-01") & (mine["recorded_at"] <= "2025-01-01")]
    elif sign == "perfect_answers":
        mine = mine[(mine["asked_at"] >= "2024-10-01") & (mine["recorded_at"] <= "2025-01-01") & mine["answer"].notna()]
    else:
        return set(rows)
    return set(mine.iloc[:, 0])


def counted(planting, sign):
    """Count the records of a sign in its station."""
    return len(everything(planting, sign))


def test_nothing_is_shown_but_what_was_planted(after, planting):
    """No station has a sign that was not planted in it; who arrives just within fifteen minutes does so in the same minute."""
    stations = after.signs[after.signs["level"] == "station"]
    shown = set(zip(stations["sign"], stations["unit_id"], strict=True))
    assert shown == set(planting.where.items()) | {("same_duration", planting.where["within_limit"])}


def test_a_person_is_named_in_the_folder_of_officers_alone(after, planting):
    """Of visits too near the person stands among persons, and no frame of units holds a person's id."""
    found = after.persons["signs"]
    assert found[found["sign"] == "near_visits"]["unit_id"].tolist() == [planting.person]
    people = set(planting.tables["units"].query("level == 'officer'")["unit_id"])
    for name in audits.FRAMES:
        assert not people & set(getattr(after, name).astype(str).to_numpy().ravel())


def test_the_number_of_tests_is_said(before):
    """Beside the units that one test alone would call unlikely stands how many of them chance makes."""
    asked = before.asked
    assert (asked["by_chance"] == 0.05 * asked["tested"]).all()
    digits = asked[asked["sign"] == "round_minutes"]
    assert digits["unlikely"].sum() <= 2 * digits["by_chance"].sum() + 3
    assert digits.query("n > 1000")["share"].between(0.17, 0.23).all()


def test_chances_are_adjusted_for_the_number_of_tests():
    """Five tests of the method's own kind, by hand: p times the number of tests over its place, never falling."""
    assert adjust(np.array([0.001, 0.008, 0.039, 0.041, 0.9])).round(5).tolist() == [0.005, 0.02, 0.05125, 0.05125, 0.9]
    assert adjust(np.array([])).tolist() == []


# Response


UNITS = (
    "| unit_id | name | level | parent_id |\n| C1 | 甲县 | county | |\n| S1 | 一所 | station | C1 |\n| S2 | 二所 | station | C1 |"
)
ANSWERS = """
    | survey_id | unit_id | asked_at         | answer   | recorded_at      |
    | D1        | S1      | 2024-11-01 09:00 | 满意     |                  |
    | D2        | S1      | 2024-11-02 09:00 | 基本满意 |                  |
    | D3        | S1      | 2024-11-03 09:00 | 不满意   |                  |
    | D4        | S1      | 2024-11-04 09:00 |          |                  |
    | D5        | S1      | 2024-11-05 09:00 |          |                  |
    | D6        | S2      | 2024-11-05 09:00 | 满意     |                  |
    | D7        | S2      | 2024-11-05 09:00 | 我不想说 |                  |
    | D8        | S2      | 2024-08-05 09:00 | 不满意   |                  |
    | D9        | S2      | 2024-12-05 09:00 | 不满意   | 2025-02-01 10:00 |
    | D10       | X9      | 2024-12-05 09:00 | 不满意   |                  |
"""
SCHEME = """
title: 满意
version: "1"
sources: [测试]
author: 甲
checker: 乙
weights: within
levels: [county, station]
bands: [{grade: 达标, at_least: 0}]
dimensions:
  - code: satisfaction
    label: 满意
    weight: 100
    indicators:
      - {code: satisfied, label: 满意率, why: 群众评判, direction: higher, weight: 100, missing: redistribute, source: 测试,
         measure: {kind: coded, table: surveys, date: asked_at, column: answer, values: {满意: 1, 基本满意: 0.6, 不满意: 0}},
         points: {kind: curve, knots: [[0, 0], [100, 100]]}}
"""


@pytest.fixture
def drawn_audit(tmp_path, drawn):
    """Look at drawn tables by a small scheme."""

    def looked(scheme=SCHEME, **tables):
        for name, text in {"units": UNITS, "surveys": ANSWERS, **tables}.items():
            drawn(text).to_csv(tmp_path / f"{name}.csv", index=False)
        (tmp_path / "scheme.yaml").write_text(scheme, "utf-8")
        records, faults = read_records(tmp_path, name="records")
        assert faults == []
        return audit(records, load(tmp_path / "scheme.yaml"), PERIOD, PERIOD.end)

    return looked


def test_response_and_bounds_by_hand(drawn_audit):
    """S1: five asked, three answered 1 + 0.6 + 0: 53.3 %, between 32 % and 72 %; S2: one of two has a code."""
    found = drawn_audit().response.set_index("unit_id")
    assert found.loc["S1", ["asked", "answered", "response", "coded"]].tolist() == [5, 3, 60, 3]
    assert found.loc["S1", ["value", "low", "high"]].astype(float).round(2).tolist() == [53.33, 32, 72]
    assert found.loc["S1", [f"at_{part}" for part in ("0", "0.5", "0.6", "1")]].astype(float).round(2).tolist() == [
        33.33,
        50,
        53.33,
        66.67,
    ]
    assert found.loc["S2", ["asked", "answered", "coded", "value", "low", "high"]].tolist() == [2, 2, 1, 100, 50, 100]
    assert found.loc[
        "C1", ["asked", "answered", "answer: 满意", "answer: 基本满意", "answer: 不满意", "answer_without_code"]
    ].tolist() == [7, 5, 2, 1, 1, 1]


def test_what_is_left_out_is_counted(drawn_audit):
    """A record of no unit and one entered too late are told; one of another period is not in the period."""
    assert drawn_audit().read.to_numpy().tolist() == [["surveys", 10, 8, 1, 1]]


def test_where_nothing_was_asked_that_is_said(drawn_audit):
    """Without answers in the period there is no response and no bound, and the audit says so."""
    report = drawn_audit(surveys="| survey_id | unit_id | asked_at | answer |\n| D1 | S1 | 2023-11-01 09:00 | 满意 |")
    assert len(report.response) == 0
    assert "本期没有可核查的群众评价" in str(report)


def test_the_coding_is_listed_and_own_words_are_not(drawn_audit):
    """Each answer with its code and count; whoever said something else is counted in silence."""
    coding = drawn_audit().coding
    assert coding[["answer", "kind", "count"]].to_numpy().tolist() == [
        ["满意", "coded", 2], ["基本满意", "coded", 1], ["不满意", "coded", 2], ["", "other", 1], ["", "silent", 2],
    ]  # fmt: skip
    assert "我不想说" not in coding.to_csv() + drawn_audit().response.to_csv()


def test_a_test_on_the_answer_does_not_say_who_was_asked(drawn_audit):
    """Where the scheme counts only what was answered, those who did not answer were asked all the same."""
    scheme = SCHEME.replace("column: answer,", "column: answer, where: {answer: {present: true, not_in: [不满意]}},")
    found = drawn_audit(scheme).response.set_index("unit_id")
    assert found.loc["S1", ["asked", "answered", "coded", "value"]].tolist() == [5, 3, 2, 80]


def test_the_published_case_of_those_who_did_not_answer():
    """68,780 asked, 16,466 answers, 99 % satisfied: what is true lies between 23.7 % and 99.8 %."""
    assert [f"{bound:.1%}" for bound in bounds(0.99 * 16_466, 16_466, 68_780)] == ["23.7%", "99.8%"]
    assert bounds(3.0, 3, 3) == (1, 1)


def test_a_scheme_without_a_middle_answer_has_no_other_coding(drawn_audit):
    """Of two answers none is coded otherwise elsewhere; of five only 基本满意 is."""
    scheme = SCHEME.replace("基本满意: 0.6, ", "")
    assert not [name for name in drawn_audit(scheme).response if name.startswith("at_")]
    assert middle_answer({"非常满意": 1, "满意": 0.8, "基本满意": 0.6, "不满意": 0}) == "基本满意"
    assert middle_answer({"a": 1, "b": 0.8, "c": 0.6, "d": 0}) is None


def test_the_value_is_that_of_the_run(before, clean, tmp_path):
    """The rate beside its bounds is the one that is scored, of units and of persons; looking changes nothing of places."""
    records, scheme = _opened(clean, tmp_path)
    scores = fq.score(records, scheme, PERIOD, PERIOD.end)
    mine = scores.measures.query("indicator == 'satisfied' and period == '2024Q4'").set_index("unit_id")["value"].dropna()
    for frame in (before.response, before.persons["response"]):
        value = frame.set_index("unit_id")["value"].dropna()
        assert np.allclose(value, mine[value.index], atol=1e-9)
        assert (frame["low"] <= frame["value"] + 1e-9).all() or frame["value"].isna().any()
    assert len(before.response) + len(before.persons["response"]) >= len(mine)
    audit(records, scheme, PERIOD, PERIOD.end)
    again = fq.score(records, scheme, PERIOD, PERIOD.end)
    pd.testing.assert_frame_equal(scores.ranks, again.ranks)


def _opened(tables, folder):
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    return fq.open_records(folder), load(ROOT / "params" / "one_table.yaml")


def test_no_sign_reaches_a_card_or_a_place():
    """Nothing that scores, writes results or draws a card knows of an audit."""
    rooms = ("measuring", "scoring", "results", "wording", "pages", "workbooks", "engine", "tuning")
    texts = [path.read_text("utf-8") for room in rooms for path in (ROOT / "fengqiao_eval" / room).rglob("*.py")]
    texts += [path.read_text("utf-8") for path in (ROOT / "fengqiao_eval" / "pages").rglob("*.html")]
    assert [
        text for text in texts if "validation.signs" in text or "validation.audit" in text or "validation.response" in text
    ] == []


# One sign at a time


HOUR = "2024-11-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"


def visits_of(rows):
    """Draw visits: (id, unit, officer, time)."""
    return "visit_id | unit_id | officer_id | visited_at\n" + "\n".join(" | ".join(row) for row in rows)


PEOPLE = UNITS + "\n| P1 | 甲 | officer | S1 |"


def test_days_without_a_time_of_day_are_no_signs(drawn_audit):
    """Visits written as days alone have no minutes to round, and are not near each other."""
    rows = [(f"V{n}", f"S{1 + n % 2}", "P1", f"2024-11-{1 + n % 28:02d}") for n in range(60)]
    report = drawn_audit(units=PEOPLE, visits=visits_of(rows))
    assert report.signs.empty
    assert (
        report.asked[report.asked["sign"].isin(["round_minutes", "near_visits"]) & (report.asked["table"] == "visits")]["n"].sum()
        == 0
    )


@pytest.mark.parametrize("heaped", [("S1",), ("S1", "S2", "S3")])
def test_what_everybody_does_is_no_sign_of_a_unit(drawn_audit, heaped):
    """Of three stations one that rounds its minutes is shown; where all do, only the county is that holds them all."""
    rows = []
    for unit in ("S1", "S2", "S3"):
        minutes = [10 * (n % 6) if unit in heaped else (7 * n) % 60 for n in range(60)]
        rows += [
            (f"{unit}V{n}", unit, "P1", f"2024-11-{1 + n % 28:02d} {8 + n // 6:02d}:{m:02d}:30") for n, m in enumerate(minutes)
        ]
    report = drawn_audit(units=PEOPLE + "\n| S3 | 三所 | station | C1 |", visits=visits_of(rows))
    found = report.signs[report.signs["sign"] == "round_minutes"]
    assert set(found["unit_id"]) == ({"S1", "C1"} if heaped == ("S1",) else {"C1"})


@pytest.mark.parametrize(("apart", "found"), [(120, 6), (121, 0)])
def test_visits_in_different_zones_are_near_within_two_minutes(drawn_audit, apart, found):
    """120 seconds are within two minutes, 121 are not."""
    rows = []
    for day in range(1, 7):
        at = pd.Timestamp(f"2024-11-{day:02d} 09:01:10")
        rows += [(f"V{day}a", "S1", "P1", str(at)), (f"V{day}b", "S2", "P1", str(at + seconds(apart)))]
    asked = drawn_audit(units=PEOPLE, visits=visits_of(rows)).asked.set_index("sign")
    assert asked.loc["near_visits", ["n", "found"]].tolist() == [12, found]


def test_two_visits_too_near_are_shown_though_it_happened_once(drawn_audit):
    """One person was in two zones within two minutes, on one day of many: both visits are named, of the person and the unit."""
    rows = [(f"V{day:02d}", f"S{1 + day % 2}", "P1", f"2024-11-{day:02d} 09:01:10") for day in range(1, 25)]
    rows += [("V99", "S2", "P1", "2024-11-02 09:02:10")]
    assert rows[1][1] == "S1"
    shown = drawn_audit(units=PEOPLE, visits=visits_of(rows)).signs.query("sign == 'near_visits' and level == 'station'")
    assert shown[["unit_id", "found", "first"]].to_numpy().tolist() == [["S2", 1, "V02+V99"]]


def test_two_visits_in_one_zone_are_not_too_near(drawn_audit):
    """Neighbours may be seen one after the other."""
    rows = [(f"V{n}", "S1", "P1", f"2024-11-01 09:{n:02d}:10") for n in range(30)]
    assert drawn_audit(units=PEOPLE, visits=visits_of(rows)).asked.set_index("sign").loc["near_visits", "found"] == 0


# Written


@pytest.fixture
def written(after, tmp_path):
    """Write the audit of the planted province."""
    return write_audit(after, tmp_path / "audit")


def test_an_audit_is_written_for_its_owner_alone(written):
    """Folders are 0700 and files 0600; of persons nothing lies outside officer/."""
    assert sorted(path.relative_to(written).as_posix() for path in written.rglob("*")) == [
        "asked.csv", "coding.csv", "officer", "officer/response.csv", "officer/signs.csv", "read.csv", "response.csv", "signs.csv",
    ]  # fmt: skip
    if sys.platform != "win32":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (written.parent, written, *written.rglob("*"))}
        assert modes == {0o700, 0o600}


def test_no_text_and_no_person_is_in_the_files(written, planting):
    """What somebody wrote stands in no file, and persons in officer/ alone."""
    texts = {path: path.read_text("utf-8") for path in written.rglob("*.csv")}
    assert not [path for path, text in texts.items() if WORDS in text]
    assert not [path for path, text in texts.items() if planting.person in text and path.parent.name != "officer"]
    assert planting.person in texts[written / "officer" / "signs.csv"]


def test_innocent_reasons_stand_beside_each_sign(written):
    """Every row of signs says what it is and what may be behind it, in words; programs read the codes."""
    rows = list(csv.DictReader((written / "signs.csv").read_text("utf-8-sig").splitlines()))
    assert {row["sign"] for row in rows} == set(SIGNS)
    assert all(row["words"] and row["innocent"] and row["first"] and float(row["p"]) <= 1 for row in rows)


@pytest.mark.parametrize("kind", ["sign", "innocent"])
def test_every_sign_has_words(kind):
    """Each sign is said, and its innocent reasons, in both languages."""
    start = f"audit.{kind}."
    assert [key.removeprefix(start) for key in catalogue() if key.startswith(start)] == list(SIGNS)


def test_an_audit_takes_the_place_of_an_earlier_one(before, after, tmp_path):
    """What an earlier audit found is gone."""
    write_audit(after, tmp_path / "audit")
    write_audit(before, tmp_path / "audit")
    assert len((tmp_path / "audit" / "audit" / "signs.csv").read_text("utf-8-sig").splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="rights are those of the folder above")
@pytest.mark.parametrize(
    "there",
    [
        "a file",
        "another file in it",
        "a link",
        "open to others",
        "a link for officers",
        "no folder above",
        "a link above",
        "a folder of all",
    ],
)
def test_a_folder_that_we_did_not_make_is_refused(before, tmp_path, there):
    """Nothing is written where anything else lies, and nothing through a link."""
    to, elsewhere = tmp_path / "audit", tmp_path / "elsewhere"
    to.mkdir(0o700)
    elsewhere.mkdir(0o700)
    place = to / "audit"
    if there == "a file":
        place.write_text("mine")
    elif there == "a link":
        place.symlink_to(elsewhere)
    elif there == "no folder above":
        to = tmp_path / "gone" / "audit"
    elif there == "a link above":
        to = tmp_path / "linked"
        to.symlink_to(elsewhere)
    elif there == "a folder of all":
        to.chmod(0o777)
    else:
        place.mkdir(0o755 if there == "open to others" else 0o700)
        if there == "another file in it":
            (place / "notes.txt").write_text("mine")
        if there == "a link for officers":
            (place / "officer").symlink_to(elsewhere)
    with pytest.raises((UsageError, FileAccessError)):
        write_audit(before, to)
    assert list(elsewhere.iterdir()) == []


def test_a_hostile_name_is_a_name_and_no_formula(drawn_audit, tmp_path):
    """A unit that is called as a formula is text in the file."""
    report = drawn_audit(units=UNITS.replace("一所", "=cmd()"))
    rows = list(csv.DictReader((write_audit(report, tmp_path / "audit") / "response.csv").read_text("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows if row["unit_id"] == "S1"] == ["'=cmd()"]


# From a params file


@pytest.fixture
def project(tmp_path, drawn, monkeypatch):
    """Make a small project the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params").mkdir()
    (tmp_path / "records").mkdir()
    for name, text in {"units": UNITS, "surveys": ANSWERS}.items():
        drawn(text).to_csv(tmp_path / "records" / f"{name}.csv", index=False)
    (tmp_path / "params" / "table.yaml").write_text(SCHEME, "utf-8")
    text = "period: 2024Q4\nrecords: records\nscheme: params/table.yaml\nunknown_units: {outside: others}\n"
    (tmp_path / "params" / "mine.yaml").write_text(text, "utf-8")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_an_audit_reads_what_a_check_reads():
    """A params file is enough; another period has another name, and every fault is told in the reader's language."""
    report = fq.audit_records("params/mine.yaml", lang="en")
    assert report.name == "mine"
    assert "no such tables" in str(report)
    assert "no answers to look at" not in str(report)
    assert report.table("response").columns[2] == "unit"
    assert fq.audit_records("params/mine.yaml", "2024Q3").name == "mine-2024Q3"
    with Path("params/mine.yaml").open("a") as file:
        file.write("records_: x\n")
    with pytest.raises(InputError, match="records_"):
        fq.audit_records("params/mine.yaml", lang="en")


@pytest.mark.usefixtures("project")
def test_nothing_is_written_unless_it_is_asked():
    """Looking leaves the folder as it was."""
    before = sorted(os.walk("."))
    fq.audit_records("params/mine.yaml")
    assert sorted(os.walk(".")) == before
