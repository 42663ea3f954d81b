"""What no single field of a scheme can show: names, rules, means, limits and judgements that do not go together."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import re

import pytest

from fengqiao_eval.errors import InputError

SCHEME = """
title: 示例
version: "1"
sources: [示例文件]
author: 甲
checker: 乙
weights: within
levels: [station, officer]
longer_period: mean_of_totals
mean_of: [month]
full_marks: 100
bands: [{grade: 优秀, at_least: 90}, {grade: 达标, at_least: 60}]
justified: [{rule: raw_count, indicator: late, person: 甲, document: 示例文件, date: 2024-12-01}]
judgements: [{more: closed, than: late, by: 3}, {more: closed, than: calls, by: 6}, {more: late, than: calls, by: 2}]
dimensions:
  - code: cases
    label: 案件
    weight: 60
    dimensions:
      - code: handling
        label: 办理
        weight: 100
        indicators:
          - {code: closed, label: 按期办结率, direction: higher, weight: 60, missing: redistribute, ONE,
             gate: {indicator: calls, at_least: 90},
             points: {kind: curve, knots: [[60, 0], [80, 50], [100, 100]], floor: 0}}
          - {code: late, label: 超期件数, direction: lower, weight: {officer: 30, others: 30}, missing: full, ONE,
             against: [{kind: quota, amount: 3, as: excess}],
             points: {kind: line, start: 30, each: {officer: -1, others: -2}, first: -3, in_marks: true}}
          - {code: calls, label: 回访率, direction: higher, weight: 10, missing: zero, ONE,
             points: {kind: steps, steps: [[80, 60], [90, 100]], otherwise: 20}}
  - code: public
    label: 群众
    weight: 40
    aggregation: arithmetic
    indicators:
      - {code: safety, label: 安全感, direction: higher, weight: 100, missing: redistribute, ONE,
         points: {kind: percentile, floor: 10, cap: 90}}
outside:
  - code: conduct
    label: 奖惩
    floor: -5
    cap: 10
    lines:
      - {code: praise, label: 表扬, effect: add, levels: [station], ONE, points: {kind: line, start: 0, each: 2}}
      - {code: blame, label: 投诉, effect: deduct, levels: [station], ONE, points: {kind: steps, steps: [[0, 0], [2, 3]], otherwise: 5}}
      - {code: veto, label: 否决, effect: zero_item, item: late, levels: [station], ONE, from_value: 1}
      - {code: limit, label: 限等次, effect: cap_grade, grade: 达标, levels: [station], ONE}
"""
ONE = "why: 示例, source: 示例, measure: {kind: count, table: cases, date: received_at, times: [{by: 2, during: [[2024-10-01, 2024-10-07]]}]}"
CURVE, STEPS, LINE = (
    r"dimensions\.0\.dimensions\.0\.indicators\.0",
    r"dimensions\.0\.dimensions\.0\.indicators\.2",
    r"dimensions\.0\.dimensions\.0\.indicators\.1",
)
MEAN = ("aggregation: arithmetic", "aggregation: geometric")


@pytest.fixture
def loaded(loading):
    """Load the scheme after changing its text in places."""
    return lambda *changes: loading(SCHEME, *changes, ONE=ONE)


def test_a_scheme_may_hold_all_of_this(loaded):
    """Nested dimensions, gates, quotas, lines by class, marks, judgements and lines outside the hundred go together."""
    assert [entry.code for entry in loaded().entries] == ["closed", "late", "calls", "safety", "praise", "blame", "veto", "limit"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("code: conduct", "code: cases", r"s\.yaml:40 · outside\.0\.code \[scheme\.code_twice\] 代码“cases”重复"),
        ("code: praise", "code: safety", r"s\.yaml:45 · outside\.0\.lines\.0\.code \[scheme\.code_twice\] 代码“safety”重复"),
        ("code: handling", "code: total", r"s\.yaml:20 · dimensions\.0\.dimensions\.0\.code \[scheme\.code_of_the_whole\] 代码“total”留作总分一行；请改用别的代码"),
        ("indicator: calls", "indicator: cals", rf"{CURVE}\.gate\.indicator \[scheme\.unknown_code\] 没有代码为“cals”的指标；相近的有：calls"),
        ("item: late", "item: lat", r"outside\.0\.lines\.2\.item \[scheme\.unknown_code\] 没有代码为“lat”的指标；相近的有：late"),
        ("item: late", "item: praise", r"outside\.0\.lines\.2\.item \[scheme\.unknown_code\] 没有代码为“praise”的指标"),
        ("indicator: late, person", "indicator: lates, person", r"justified\.0\.indicator \[scheme\.unknown_part\] 方案中没有代码为“lates”的维度、指标或百分之外的事项；相近的有：late"),
        ("more: late", "more: lates", r"judgements\.2\.more \[scheme\.unknown_part\] 方案中没有代码为“lates”"),
        ("effect: add, levels: [station]", "effect: add, levels: [zone]", r"outside\.0\.lines\.0\.levels \[scheme\.unknown_level\] 层级“zone”不在 levels 中（station, officer）"),
        ("effect: zero_item", "least: {zone: 2}, effect: zero_item", r"outside\.0\.lines\.2\.least \[scheme\.unknown_level\] 层级“zone”"),
        ("{officer: 30, others: 30}", "{zone: 30, others: 30}", rf"{LINE}\.weight \[scheme\.unknown_level\] 层级“zone”"),
        ("grade: 达标, levels", "grade: 达到, levels", r"outside\.0\.lines\.3\.grade \[scheme\.unknown_grade\] bands 中没有等次“达到”；相近的有：优秀, 达标"),
        ("indicator: calls", "indicator: closed", rf"{CURVE}\.gate\.indicator \[gate\.ring\] 否决线首尾相接：closed → closed；请去掉其中一条"),
        ("missing: zero, ONE", "missing: zero, ONE, gate: {indicator: closed, at_most: 3}", rf"{CURVE}\.gate\.indicator \[gate\.ring\] 否决线首尾相接：closed → calls → closed"),
    ],
)  # fmt: skip
def test_names_stand_once_and_somewhere(loaded, before, after, words):
    """A code twice, a code, level or grade that nobody has, a gate that comes back to itself: refused with what is near."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("[80, 50]", "[80, 101]", rf"s\.yaml:26 · {CURVE}\.points\.knots \[points\.turn_back\] 分值从最差到最好忽升忽降：0, 101, 100；须只升或只降"),
        ("[[60, 0], [80, 50], [100, 100]]", "[[60, 100], [80, 50], [100, 0]]", rf"{CURVE}\.points\.knots \[points\.against_direction\] 情形变好分值反而下降：从最差到最好为 100, 50, 0（换算后 higher 为好）"),
        ("direction: higher, weight: 60", "direction: lower, weight: 60", rf"{CURVE}\.points\.knots \[points\.against_direction\] .*从最差到最好为 100, 50, 0（换算后 lower 为好）"),
        ("gate: {indicator: calls, at_least: 90}", "against: [{kind: place}]", rf"{CURVE}\.points\.knots \[points\.against_direction\] .*（换算后 lower 为好）"),
        ("[90, 100]]", "[90, 50]]", rf"{STEPS}\.points\.steps \[points\.turn_back\] 分值从最差到最好忽升忽降：20, 60, 50"),
        ("otherwise: 20", "otherwise: 200", rf"{STEPS}\.points\.steps \[points\.turn_back\] .*200, 60, 100"),
        ("[[80, 60], [90, 100]], otherwise: 20", "[[80, 60], [90, 50]], otherwise: 70", rf"{STEPS}\.points\.steps \[points\.against_direction\] .*70, 60, 50（换算后 higher 为好）"),
        ("[90, 100]]", "[80, 100]]", rf"{STEPS}\.points\.steps \[points\.step_twice\] 同一门槛写了两次：80, 80；请删去一处"),
        ("[[0, 0], [2, 3]], otherwise: 5", "[[1, 3]]", r"outside\.0\.lines\.1\.points\.steps \[outside\.steps\] 情形变好扣分反而变多：从最差到最好为 0, 3（direction 为 lower 时，不高于门槛即达到，未发生也算达到）；请写如 otherwise: 10"),
        ("[[0, 0], [2, 3]], otherwise: 5", "[[1, 3], [3, 5]]", r"outside\.0\.lines\.1\.points\.steps \[outside\.steps\] .*：从最差到最好为 0, 5, 3"),
        ("others: -2}", "others: 2}", rf"{LINE}\.points\.each \[points\.each_against\] each 为 2，与方向相反（换算后 lower 为好）；higher 须为正，lower 须为负"),
        ("[{kind: quota, amount: 3, as: excess}]", "[{kind: place, from: worst}]", rf"{LINE}\.points\.each \[points\.each_against\] each 为 -1, -2，与方向相反（换算后 higher 为好）"),
        ("first: -3", "first: 3", rf"{LINE}\.points\.first \[points\.first_rewards\] first 为 3：落到坏的一侧反而加分；须为负数或 0"),
        ("others: -2}", "一类: -2}", rf"{LINE}\.points\.each \[points\.each_others\] each 只写了 officer、一类，没有 others，层级 station 无从取值；请补上 others"),
        ("each: 2}}", "each: {}}}", r"outside\.0\.lines\.0\.points\.each \[points\.each_others\] each 只写了 ，没有 others，层级 station 无从取值"),
        ("each: 2}}", "each: 2, in_marks: true}}", r"outside\.0\.lines\.0\.points\.in_marks \[points\.marks_outside\] 百分之外的事项没有分值，不能用 in_marks"),
        ("{officer: 30, others: 30}", "{station: 30, others: 0}", rf"{LINE}\.points\.in_marks \[points\.marks_of_nothing\] in_marks 按本项分值计分，但层级 officer 的权重为 0"),
        ("floor: 0}", "floor: 100}", rf"{CURVE}\.points \[points\.no_room\] 下限 100 不低于上限 100（未写的下限为 0，上限为满分），分数没有余地"),
        ("floor: 0}", "cap: 0}", rf"{CURVE}\.points \[points\.no_room\] 下限 0 不低于上限 0"),
        ("floor: 10, cap: 90", "floor: 90, cap: 90", r"dimensions\.1\.indicators\.0\.points \[points\.no_room\] 下限 90 不低于上限 90"),
        ("floor: 10, cap: 90", "floor: 90, cap: 10", r"dimensions\.1\.indicators\.0\.points \[points\.no_room\] 下限 90 不低于上限 10"),
        ("in_marks: true}", "in_marks: true, floor: 30}", rf"{LINE}\.points \[points\.no_room\] 下限 30 不低于上限 30"),
        ("each: 2}}", "each: 2, floor: 3, cap: 3}}", r"outside\.0\.lines\.0\.points \[points\.no_room\] 下限 3 不低于上限 3"),
    ],
)  # fmt: skip
def test_rules_do_not_contradict_themselves(loaded, before, after, words):
    """Points that turn back, run against the direction, reward the bad side, lack a class, a weight or room: refused."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[[60, 0], [80, 50], [100, 100]], floor: 0", "[[60, 50], [80, 50]], cap: none"),  # level stretches do not turn
        ("floor: 0}", "floor: none, cap: 0}"),  # deductions only
        ("floor: 0}", "floor: 120, cap: none}"),
        ("direction: higher, weight: 10", "direction: lower, against: [{kind: place, from: worst}], weight: 10"),
        ("others: -2}", "station: -2}"),  # every level of the line is named
        ("each: 2}}", "each: -2}}"),  # outside the hundred the sign is the author's
        ("[[0, 0], [2, 3]], otherwise: 5}", "[[3, 5], [1, 3]]}, direction: higher"),
    ],
)
def test_what_is_no_contradiction(loaded, before, after):
    """Rules that only look odd are left alone."""
    assert loaded((before, after)).dimensions


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("full_marks: 100", "full_marks: {县: 150}", r"s\.yaml:11 · full_marks \[scheme\.full_marks_others\] 满分只写了 县，没有 others；请补上其余类别的满分"),
        ("mean_of: [month]", "mean_of: [quarter, month]", r"s\.yaml:10 · mean_of \[scheme\.mean_of\] mean_of 只能是 \[month\]、\[quarter\] 或 \[month, quarter\]，现为 \[quarter, month\]"),
        ("mean_of: [month]", "mean_of: []", r"mean_of \[scheme\.mean_of\] .*，现为 \[\]"),
        ("longer_period: mean_of_totals", "longer_period: recount", r"s\.yaml:10 · mean_of \[scheme\.mean_of_what\] 写了 mean_of，但 longer_period 为 recount；请改为 mean_of_totals，或删去 mean_of"),
        ("aggregation: arithmetic", "cap: 101", r"s\.yaml:35 · dimensions\.1\.cap \[dimension\.limits\] 维度的 cap 为 101，须在 0 与满分 100 之间"),
        ("aggregation: arithmetic", "floor: -1", r"dimensions\.1\.floor \[dimension\.limits\] 维度的 floor 为 -1，须在 0 与满分 100 之间"),
        ("aggregation: arithmetic", "floor: 100", r"dimensions\.1 \[points\.no_room\] 下限 100 不低于上限 100"),
        ("aggregation: arithmetic", "floor: 50\n    cap: 50", r"dimensions\.1 \[points\.no_room\] 下限 50 不低于上限 50"),
        ("aggregation: arithmetic", "floor: 60\n    cap: 50", r"dimensions\.1 \[points\.no_room\] 下限 60 不低于上限 50"),
        ("floor: -5", "floor: 5", r"s\.yaml:40 · outside\.0 \[outside\.limits\] 下限 5、上限 10 之间须含 0：限扣写负数（如 floor -5），封顶写正数"),
        ("    floor: -5\n    cap: 10", "    cap: -10", r"outside\.0 \[outside\.limits\] 下限 —、上限 -10 之间须含 0"),
        ("floor: -5\n    cap: 10", "floor: 0\n    cap: 0", r"outside\.0 \[points\.no_room\] 下限 0 不低于上限 0"),
        ("from_value: 1", "from_value: 0", r"outside\.0\.lines\.2\.from_value \[document\.value\] 值 0 不合要求；应为：> 0"),
        ("weight: 10,", "weight: 11,", r"s\.yaml:23 · dimensions\.0\.dimensions\.0\.indicators \[weights\.indicators\] 层级 station、officer “办理”各指标权重之和须为 100，实际为 101"),
        ("        weight: 100", "        weight: 90", r"s\.yaml:19 · dimensions\.0\.dimensions \[weights\.indicators\] 层级 station、officer “案件”各指标权重之和须为 100，实际为 90（handling 90）"),
        ("weights: within", "weights: marks", r"dimensions\.0\.dimensions \[weights\.indicators\] .*“案件”各指标权重之和须为 60，实际为 100"),
    ],
)  # fmt: skip
def test_points_gather_within_reason(loaded, before, after, words):
    """Full marks without the rest, means of nothing, limits the wrong way round, sums at any depth and in both styles: refused."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([MEAN, ("floor: 10", "floor: 0")], r"s\.yaml:38 · dimensions\.1\.indicators\.0\.points \[geometric\.floor\] “群众”取几何平均：其中一项为 0，其余再好也归零，故各项须有大于 0 的下限；请在 points 写 floor，或改用 arithmetic"),
        ([MEAN, ("floor: 10", "floor: none")], r"dimensions\.1\.indicators\.0\.points \[geometric\.floor\]"),
        ([MEAN, ("weight: 100, missing: redistribute", "weight: 100, missing: zero")], r"s\.yaml:37 · dimensions\.1\.indicators\.0\.missing \[geometric\.missing\] “群众”取几何平均：缺失记 0 会使其余全部归零；missing 不得为 zero"),
        ([("weights: within", "weights: within\naggregation: geometric")], rf"{STEPS}\.points \[geometric\.floor\] “示例”取几何平均"),
    ],
)  # fmt: skip
def test_a_geometric_mean_knows_no_zero(loaded, changes, words):
    """A part that could get no points makes all others worthless, so the scheme says how low it may go."""
    with pytest.raises(InputError, match=words):
        loaded(*changes)


def test_a_floor_above_zero_lets_a_mean_be_geometric(loaded):
    """A rule with a floor, or a dimension with one whatever is in it, may stand in a geometric mean."""
    whole = ("weights: within", "weights: within\naggregation: geometric")
    assert loaded(MEAN).dimensions[1].aggregation == "geometric"
    assert loaded(whole, ("    weight: 60", "    floor: 1\n    weight: 60")).aggregation == "geometric"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("{more: late, than: calls, by: 2}", "{more: late, than: safety, by: 2}", r"s\.yaml:14 · judgements\.2 \[judgements\.no_siblings\] “late”与“safety”不是同一上级下并列的两项，无从比较"),
        ("{more: late, than: calls, by: 2}", "{more: late, than: late, by: 2}", r"judgements\.2 \[judgements\.no_siblings\] “late”与“late”"),
        ("{more: late, than: calls, by: 2}", "{more: late, than: closed, by: 2}", r"judgements \[judgements\.twice\] “closed – late”判断了两次；请只留一次"),
        (", {more: late, than: calls, by: 2}", "", r"judgements \[judgements\.missing\] “办理”的两两判断不全，缺少：late – calls"),
        ("{more: late, than: calls, by: 2}", "{more: calls, than: late, by: 9}", r"judgements \[judgements\.inconsistent\] “办理”的判断互相矛盾：一致性比率 0\.86，须不大于 0\.1；请先复核 closed – calls \(6 ↔ 2\.3\)"),
        ("by: 2}", "by: 10}", r"judgements\.2\.by \[document\.value\] 值 10 不合要求"),
    ],
)  # fmt: skip
def test_judgements_cover_every_pair_once(loaded, before, after, words):
    """Pairs of different wholes, judged twice or not at all, and judgements that contradict each other: refused."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("at_least: 90},\n", "at_least: 90, at_most: 95},\n", r"gate.* \[gate\.one_line\] 否决线须写且只写 at_least、at_most 之一"),
        ("gate: {indicator", "not_applicable: {give: full}, gate: {indicator", r"not_applicable.* \[exempt\.nobody\] not_applicable 未写明对谁不适用；请写 classes 或 units"),
        ("    weight: 40\n", "    weight: 40\n    dimensions: [{code: x, label: x, weight: 1}]\n", r"s\.yaml:35 · dimensions\.1\.dimensions\.0 \[dimension\.parts\] 维度须含且只含 dimensions、indicators 之一"),
        ("item: late, ", "", r"outside\.0\.lines\.2 \[outside\.needs\] effect 为 zero_item 时，这些键缺少或多余：item；add、deduct 写 points"),
        ("steps: [[0, 0], [2, 3]]", "steps: [[0, 0], [2, -3]]", r"outside\.0\.lines.* \[outside\.negative\] 扣分的分值写正数，现有 -3：负的扣分会加分；请去掉负号"),
        ("amount: 3,", "amount: 3, figure: x,", r"against\.0.* \[quota\.one_source\] 定额须写且只写 amount、figure 之一"),
        ("amount: 3,", "amount: {},", r"against\.0.* \[quota\.no_classes\] 按类别的定额没有写任何类别；请写如 \{一类: 8, 二类: 6\}"),
        ("amount: 3,", "amount: 3, apart: true,", r"against\.0.* \[quota\.apart\] apart 须与 every 同用"),
    ],
)  # fmt: skip
def test_a_declaration_is_whole(loaded, before, after, words):
    """A gate without its line, an exemption of nobody, a quota without a source: refused where they stand."""
    with pytest.raises(InputError, match=words):
        loaded((before, after))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("worth: [{amount: 1, column: n}]", r"measure\.worth\.0.* \[worth\.one_of\] 分值须写且只写 amount、column、ladder 之一"),
        ("worth: [{amount: 1, values: {a: 1}}]", r"measure\.worth\.0.* \[worth\.column\] values 与 between 须与 column 同用，且只写其一"),
        ("worth: [{column: n, between: [3, 1]}]", r"measure\.worth\.0.* \[worth\.between\] 幅度须从小到大，现为 3 – 1"),
        ("worth: [{ladder: {since: a, until: b, unit: days, steps: [[3, 1], [3, 2]]}}]", r"ladder.* \[worth\.ladder\] 阶梯各档的时限须从小到大，现为 3, 3"),
        ("settles_days: 36526", r"measure\.settles_days \[document\.value\] 值 36526 不合要求.*≤ 36525"),
        ("settles_days: -1", r"measure\.settles_days \[document\.value\] 值 -1 不合要求.*≥ 0"),
        ("where: {arrived_at: {within: {days: 1000000, of: received_at}}}", r"within\.days \[document\.value\] 值 1000000 不合要求.*≤ 36525"),
        ("where: {arrived_at: {within: {hours: 876601, of: received_at}}}", r"within\.hours \[document\.value\] 值 876601 不合要求.*≤ 876600"),
        ("times: [{by: 2, again: {same: [tier], within_days: 40000}}]", r"within_days \[document\.value\] 值 40000 不合要求.*≤ 36525"),
        ("times: [{by: 2}]", r"measure\.times\.0.* \[worth\.always\] 系数没有条件；请写 where、during 或 again"),
        ("times: [{by: 2, during: [[2024-10-07, 2024-10-01]]}]", r"measure\.times\.0.* \[worth\.during\] 起止日期须先起后止，现为 2024-10-07 – 2024-10-01"),
    ],
)  # fmt: skip
def test_what_a_row_is_worth_is_whole(loaded, written, words):
    """An amount from two sources, a range or a stretch of days the wrong way round, a factor that always holds: refused."""
    one = re.sub(r"times: .*\]}\]", written, ONE)
    with pytest.raises(InputError, match=words):
        loaded(("missing: zero, ONE", f"missing: zero, {one}"))


def test_every_fault_of_every_kind_at_once(loaded):
    """Names, rules, means and judgements are all looked at, whatever else is wrong."""
    with pytest.raises(InputError) as refused:
        loaded(
            ("code: praise", "code: safety"), ("[80, 50]", "[80, 101]"), ("floor: -5", "floor: 5"), MEAN, ("floor: 10", "floor: 0"),
            (", {more: late, than: calls, by: 2}", ""), ("weight: 10,", "weight: 9,"),
        )  # fmt: skip
    rules = [fault.rule for fault in refused.value.faults]
    assert sorted(rules) == sorted(
        ["scheme.code_twice", "weights.indicators", "points.turn_back", "outside.limits", "geometric.floor", "judgements.missing"]
    )


def test_these_faults_are_said_in_english_too(loaded, monkeypatch):
    """The same faults, in the language asked for."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    with pytest.raises(InputError, match=r"from the worst case to the best the points turn back: 0, 101, 100"):
        loaded(("[80, 50]", "[80, 101]"))
    with pytest.raises(InputError, match=r"a single 0 makes all else worthless"):
        loaded(MEAN, ("floor: 10", "floor: 0"))
