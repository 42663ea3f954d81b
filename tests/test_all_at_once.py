"""Whatever is wrong with a scheme, its records, and the two together, is told in one go."""

import pandas as pd
import pytest

from fengqiao_eval.errors import InputError
from fengqiao_eval.runs.job import prepare, score_job
from fengqiao_eval.runs.params import load_params
from test_unscored import SCHEME as SOUND

SCHEME = """
title: 示例
version: "1"
sources: [示例]
author: 甲
checker: 乙
weights: within
levels: [station]
dimensions:
  - code: d
    label: 案件
    weight: 100
    indicators:
      - {code: a, label: 甲项, why: 示例, direction: higher, weight: 30, missing: zero, source: 示例,
         gate: {indicator: b, at_least: 80},
         measure: {kind: share, table: cases, date: received_at, met: {closed: {present: true}}},
         points: {kind: curve, knots: [[0, 0], [50, 80], [100, 60]]}}
      - {code: b, label: 乙项, why: 示例, direction: higher, weight: 30, missing: zero, source: 示例,
         gate: {indicator: a, at_least: 80},
         measure: {kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}},
         points: {kind: line, start: 0, each: -1, floor: 50, cap: 40}}
      - {code: c, label: 丙项, why: 示例, direction: lower, weight: 41, missing: zero, source: 示例,
         against: [{kind: quota, amount: {}, as: shortfall}],
         measure: {kind: count, table: cases, date: received_at}, points: {kind: line, start: 100, each: -5}}
"""
UNITS = "| unit_id | name | level |\n| S1 | 一所 | station |"
CASES = "| case_id | unit_id | received_at | closed_at |\n| K1 | S1 | 2024-10-05 | 2024-10-06 |"
NOTICES = """
    | notice_id | unit_id | happened_on | code   | status | entered_by | checked_by |
    | N1        | S1      | 2024-10-05  | praise | upheld | 督察       |            |
"""
EXPECTED = {
    "gate.ring": "scheme.yaml:15 · dimensions.0.indicators.0.gate.indicator",
    "points.turn_back": "scheme.yaml:17 · dimensions.0.indicators.0.points.knots",
    "points.each_against": "scheme.yaml:21 · dimensions.0.indicators.1.points.each",
    "points.no_room": "scheme.yaml:21 · dimensions.0.indicators.1.points",
    "quota.no_classes": "scheme.yaml:23 · dimensions.0.indicators.2.against.0",
    "weights.indicators": "scheme.yaml:13 · dimensions.0.indicators",
    "records.unchecked": "notices.parquet · notices.checked_by",
    "scheme.no_column": "cases.parquet · a.measure",
}


@pytest.fixture
def project(tmp_path, monkeypatch, drawn):
    """A project in which nothing is right: scheme, records, and what the one asks of the other."""
    monkeypatch.chdir(tmp_path)
    for folder in ("params", "records"):
        (tmp_path / folder).mkdir()
    (tmp_path / "params" / "bad.yaml").write_text("{period: 2024Q4, records: records, scheme: scheme.yaml}", "utf-8")
    (tmp_path / "scheme.yaml").write_text(SCHEME, "utf-8")
    for name, text in (("units", UNITS), ("cases", CASES), ("notices", NOTICES)):
        drawn(text).to_parquet(tmp_path / "records" / f"{name}.parquet")
    return tmp_path / "params" / "bad.yaml"


def test_everything_wrong_is_told_at_once(project):
    """A ring of gates, a curve that turns back, limits without room, a quota without classes, an unchecked notice, a column."""
    params, faults = load_params(project)
    with pytest.raises(InputError) as refused:
        prepare(params, faults)
    told = {fault.rule: f"{fault.file} · {fault.place}" for fault in refused.value.faults}
    assert told == EXPECTED
    assert len(refused.value.faults) == len(told)


def test_ids_of_units_that_cannot_be_read_hide_nothing(project):
    """Where the ids of units are no text at all, that is told, and so is what is wrong elsewhere."""
    units = pd.DataFrame({"unit_id": [{"a": "S1"}], "name": ["一所"], "level": ["station"]})
    units.to_parquet(project.parents[1] / "records" / "units.parquet")
    params, faults = load_params(project)
    with pytest.raises(
        InputError, match=r"units\.parquet · units\.unit_id \[records\.column_type\] 该列类型是 struct"
    ) as refused:
        prepare(params, faults)
    assert "records.unchecked" in {fault.rule for fault in refused.value.faults}


def test_an_empty_id_is_the_parent_of_nobody(project, drawn):
    """A unit without id and a posting without one are told as empty cells; who has no parent does not stand below them."""
    (project.parents[1] / "scheme.yaml").write_text(SOUND, "utf-8")
    records = project.parents[1] / "records"
    (records / "notices.parquet").unlink()
    units = "| unit_id | name | level | parent_id |\n| X | 甲县 | county | |\n| | 二所 | station | X |\n| S1 | 一所 | station | |"
    drawn(units).to_parquet(records / "units.parquet")
    drawn(CASES.replace("closed_at", "arrived_at")).to_parquet(records / "cases.parquet")
    drawn("| officer_id | unit_id | from_date |\n| | S1 | 2024-01-01 |").to_parquet(records / "postings.parquet")
    params, faults = load_params(project)
    with pytest.raises(InputError) as refused:
        score_job(prepare(params, faults))
    assert [(fault.rule, fault.place) for fault in refused.value.faults] == [
        ("records.empty_cell", "units.unit_id"),
        ("records.empty_cell", "postings.officer_id"),
    ]
