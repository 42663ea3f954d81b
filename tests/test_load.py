"""A scheme is read with every fault at once; each says file and line, place, rule, and what was given."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

from decimal import Decimal
from pathlib import Path

import pytest

from fengqiao_eval.errors import InputError
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import applies, nominal, weight_at
from shared import shipped

ROOT = Path(__file__).parents[1]
SCHEME = """
title: 示例
version: "2024-1"
sources: [示例文件]
author: 甲
checker: 乙
weights: within
levels: [station, officer]
compare_within: {station: class}
bands: [{grade: 优秀, at_least: 90}, {grade: 达标, at_least: 60}]
void: [{indicator: closed, period: 2024-11, reason: 系统迁移}]
dimensions:
  - code: cases
    label: 案件
    weight: 60
    indicators:
      - code: closed
        label: 按期办结率
        why: 示例
        direction: higher
        weight: 100
        measure: {kind: share, table: cases, date: due_at, where: {tier: "014"}, met: {closed_at: {not_after: due_at}}}
        points: {kind: curve, knots: [[60, 0], [100, 100]]}
        missing: redistribute
        source: 示例
  - code: public
    label: 群众
    weight: 40
    indicators:
      - code: safety
        label: 安全感
        why: 示例
        direction: higher
        weight: 100
        measure: {kind: figure, figure: safety}
        points: {kind: steps, steps: [[90, 100]]}
        missing: full
        source: 示例
"""


@pytest.fixture
def loaded(loading):
    """Load a scheme after changing its text in places."""
    return lambda *changes: loading(SCHEME, *changes)


def test_a_good_scheme_is_read(loaded):
    """Decimals are exact, words stay words, and what is not said has its default."""
    scheme = loaded()
    closed, safety = scheme.indicators
    assert closed.measure.where["tier"].in_ == ("014",)
    assert (closed.weight, scheme.least_covered, scheme.least_class, scheme.full_marks) == (100, Decimal("0.7"), 8, 100)
    assert scheme.least_cell == 5
    assert safety.measure.kind == "figure"
    assert scheme.void[0].period == "2024-11"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("label: 案件", "lable: 案件", r"s\.yaml:14 · dimensions\.0\.lable \[document\.unknown_key\] 不认识的键“lable”（值 案件）"),
        ("weight: 60", "weight: 59", r"s\.yaml:12 · dimensions \[weights\.dimensions\] 层级 station、officer 各维度权重之和须为 100，实际为 99"),
        ("weight: 100", "weight: 99", r"s\.yaml:16 · dimensions\.0\.indicators \[weights\.indicators\] 层级 station、officer “案件”各指标权重之和须为 100，实际为 99（closed 99）"),
        ("weight: 60", "weight: nan", r"s\.yaml:15 · dimensions\.0\.weight.* \[document\.value\] 值 nan 不合要求"),
        ("weight: 60", "weight: -60", r"dimensions\.0\.weight.* \[document\.value\] 值 -60 不合要求"),
        ("weight: 60", "weight: 60.001", r"dimensions\.0\.weight.* \[document\.value\] 值 60\.001 不合要求"),
        ("weight: 60", "weight: {sattion: 60, others: 60}", r"dimensions\.0\.weight \[scheme\.unknown_level\] 层级“sattion”不在 levels 中（station, officer）"),
        ("missing: full", "missing: full\n        levels: [zone]", r"s\.yaml:38 · dimensions\.1\.indicators\.0\.levels \[scheme\.unknown_level\] 层级“zone”不在"),
        ("missing: full", "missing: full\n        least: {zone: 3}", r"dimensions\.1\.indicators\.0\.least \[scheme\.unknown_level\] 层级“zone”"),
        ("levels: [station, officer]", "levels: [station, officer, index.html]", r"levels\.2 \[scheme\.level_name\] 层级名“index\.html”为空、重复、含有“\.”或是 assets"),
        ("levels: [station, officer]", "levels: [station, officer, station]", r"levels\.2 \[scheme\.level_name\]"),
        ("levels: [station, officer]", 'levels: [station, officer, " "]', r"levels\.2 \[scheme\.level_name\]"),
        ("{station: class}", "{county: class}", r"compare_within \[scheme\.unknown_level\] 层级“county”"),
        ("{station: class}", "{station: klasse}", r"compare_within\.station \[document\.value\] 值 klasse 不合要求；应为：'level', 'class', 'class_in_county', 'station'"),
        ("code: safety", "code: closed", r"s\.yaml:30 · dimensions\.1\.indicators\.0\.code \[scheme\.code_twice\] 代码“closed”重复"),
        ("code: safety", "code: 安全感", r"dimensions\.1\.indicators\.0\.code \[document\.value\] 值 安全感 不合要求"),
        ("checker: 乙", "checker: 甲", r"s\.yaml:6 · checker \[scheme\.one_person\] 起草人与审核人都是“甲”；须为两人"),
        ("checker: 乙", 'checker: " 甲\\u200b"', r"checker \[scheme\.one_person\]"),
        ("at_least: 90", "at_least: 60", r"s\.yaml:10 · bands \[scheme\.bands\] 等次分数线须从高到低且互不相同，现为 60, 60"),
        ("period: 2024-11", "period: 2024Q4", r"s\.yaml:11 · void\.0\.period \[scheme\.void_month\] 作废期间须为单个月份（如 2024-11），现为“2024Q4”"),
        ("indicator: closed", "indicator: closd", r"void\.0\.indicator \[scheme\.unknown_code\] 没有代码为“closd”的指标；相近的有：closed"),
        ("kind: curve", "kind: kurve", r"dimensions\.0\.indicators\.0\.points.*\[document\.value\].*应为：'curve', 'steps', 'line', 'percentile', 'min_max', 'z_score'"),
        ("kind: curve, ", "", r"dimensions\.0\.indicators\.0\.points.*\[document\.missing_kind\] 缺少 kind"),
        ("[[60, 0], [100, 100]]", "[[60, 0], [60, 100]]", r"\[points\.knots\] 折线各点的数值须从小到大，现为 60, 60"),
        ("steps: [[90, 100]]", "steps: [[90, 100]], floor: 50, cap: 40", r"\[points\.no_room\] 下限 50 不低于上限 40"),
        ("{not_after: due_at}", "{}", r"met\.closed_at.* \[filter\.empty\] 条件为空；请写 in、not_in"),
        ("{not_after: due_at}", "{within: {days: 1, hours: 2, of: due_at}}", r"\[filter\.one_unit\] within 须写且只写 minutes、hours、days 之一"),
        ("{not_after: due_at}", "{not_later: due_at}", r"met\.closed_at\.not_later \[document\.unknown_key\]"),
        ("date: due_at, ", "", r"measure\.date \[document\.missing_key\] 缺少必填的键“date”"),
        ("missing: redistribute", "missing: ignore", r"\[document\.value\] 值 ignore 不合要求；应为：'redistribute', 'full', 'zero', 'not_ranked'"),
        ("direction: higher", "direction: up", r"\[document\.value\] 值 up 不合要求；应为：'higher', 'lower'"),
    ],
)  # fmt: skip
def test_what_a_scheme_may_not_be(loaded, before, after, words):
    """Unknown keys and words, sums that miss, levels and codes that are not there, rules that contradict themselves: refused."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


def test_all_faults_are_told_at_once(loaded):
    """Five slips in one file are five lines, also behind a misspelt key."""
    with pytest.raises(InputError) as refused:
        loaded(
            ("label: 案件", "lable: 案件\n    label: 案件"), ("weight: 60", "weight: 59"), ("checker: 乙", "checker: 甲"),
            ("at_least: 90", "at_least: 60"), ("indicator: closed", "indicator: closd"),
        )  # fmt: skip
    assert {fault.rule for fault in refused.value.faults} == {
        "document.unknown_key", "weights.dimensions", "scheme.one_person", "scheme.bands", "scheme.unknown_code",
    }  # fmt: skip
    assert str(refused.value).count("\n") == 4
    assert all(fault.file.startswith("s.yaml:") for fault in refused.value.faults)


def test_faults_are_said_in_english_too(loaded, monkeypatch):
    """The same fault, in the language asked for."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    with pytest.raises(
        InputError, match=r"at level station.* the weights of the dimensions must add up to 100, they add up to 99"
    ):
        loaded(("weight: 60", "weight: 59"))


SCHEMES = [path for path in shipped("params/**/*.yaml") if "dimensions:" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_the_schemes_of_the_project_are_good(path):
    """Every scheme under params/ is read without a fault, and its weights make a whole at every level."""
    scheme = load(path)
    for level in scheme.levels:
        assert sum(nominal(scheme, level).values()) == 1, level


def test_public_satisfaction_weighs_most():
    """The sources ask that no dimension weigh more than public satisfaction, at any level."""
    scheme = load(ROOT / "params" / "one_table.yaml")
    for level in scheme.levels:
        weights = {d.code: weight_at(d.weight, level) for d in scheme.dimensions if any(applies(i, level) for i in d.indicators)}
        assert weights["satisfaction"] == max(weights.values())
