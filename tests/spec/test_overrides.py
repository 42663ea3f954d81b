"""New weights come by an override file with a parent, a reason, an author, a checker and a date; the scheme is not edited."""

import pytest

from seam import InputError, read_scheme

SCHEME = """
title: 示例
version: "2024-1"
sources: [示例文件]
author: 甲
checker: 乙
weights: within
levels: [station]
dimensions:
  - {code: d, label: 案件, weight: 60,
     indicators: [{code: a, label: 办结, weight: 40, ONE}, {code: b, label: 合格, weight: 60, ONE}]}
  - {code: e, label: 满意, weight: 40, indicators: [{code: c, label: 满意率, weight: 100, ONE}]}
"""
ONE = """why: 示例, direction: higher, source: 示例, missing: redistribute, points: {kind: steps, steps: [[60, 100]]},
     measure: {kind: share, table: cases, date: received_at, met: {closed_at: {present: true}}}"""
SCHEME = SCHEME.replace("ONE", ONE)
OVERRIDE = """
parent: "2024-1"
reason: 市局党委会决定提高群众满意度权重
author: 丙
checker: 丁
date: 2024-12-01
weights: {d: 50, e: 50, a: 30, b: 70}
"""


@pytest.fixture
def overridden(tmp_path):
    """Load the scheme with an override."""

    def read(override: str):
        (tmp_path / "scheme.yaml").write_text(SCHEME, "utf-8")
        (tmp_path / "weights.yaml").write_text(override, "utf-8")
        return read_scheme(tmp_path / "scheme.yaml", tmp_path / "weights.yaml")

    return read


def test_weights_change_and_nothing_else(overridden, tmp_path):
    """Dimensions and indicators get new weights; the file of the scheme stays as it was."""
    scheme = overridden(OVERRIDE)
    assert [(d.code, d.weight) for d in scheme.dimensions] == [("d", 50), ("e", 50)]
    assert [(i.code, i.weight) for i in scheme.indicators] == [("a", 30), ("b", 70), ("c", 100)]
    assert (tmp_path / "scheme.yaml").read_text("utf-8") == SCHEME


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("e: 50", "e: 51", r"各维度权重之和须为 100，实际为 101（d 50 \+ e 51）"),
        ("b: 70", "b: 71", r"“案件”各指标权重之和须为 100，实际为 101"),
        ("b: 70", "f: 70", r"weights\.f \[override\.unknown_code\] 方案中没有“f”"),
        ('"2024-1"', '"2023-1"', r"parent \[override\.parent\] 此文件写给版本 2023-1，现行方案是 2024-1"),
        ("checker: 丁", "checker: 丙", r"checker \[scheme\.one_person\] 起草人与审核人都是“丙”；须为两人"),
        ("reason: 市局党委会决定提高群众满意度权重", "reason: 改", r"reason \[document\.value\]"),
        ("date: 2024-12-01", "", r"date \[document\.missing_key\] 缺少必填的键“date”；请补上"),
        ("weights: {", "weight: {", r"weight \[document\.unknown_key\] 不认识的键“weight”"),
    ],
)
def test_what_an_override_may_not_be(overridden, before, after, words):
    """Sums that miss, codes and parents that are not there, one person in both roles, no reason, no date: all refused."""
    with pytest.raises(InputError, match=words):
        overridden(OVERRIDE.replace(before, after))


def test_all_faults_of_both_files_are_told_at_once(overridden):
    """Three faults in one file are three lines, each with file and line."""
    with pytest.raises(InputError) as refused:
        overridden(OVERRIDE.replace('"2024-1"', '"x"').replace("丁", "丙").replace("e: 50", "g: 50"))
    faults = {(fault.rule, fault.file.rsplit("/", 1)[-1]) for fault in refused.value.faults}
    assert faults >= {
        ("override.parent", "weights.yaml:2"),
        ("scheme.one_person", "weights.yaml:5"),
        ("override.unknown_code", "weights.yaml:7"),
    }
