"""Every kind of the language is said in one plain sentence, in both languages, from the declaration itself."""

import pytest

from fengqiao_eval.documents import scalar
from fengqiao_eval.scheme.indicator import Consequence, Indicator, Outside
from fengqiao_eval.scheme.scheme import Dimension, Scheme
from fengqiao_eval.wording.definitions import (
    aggregation_words,
    conditions,
    data_source,
    definition,
    rule_of,
    scheme_words,
)

NOTICES = {"kind": "count", "table": "notices", "date": "happened_on"}
DATED = "；按发生日期归入考评期"
DATED_EN = "; a row belongs to the period of its happened_on"
CURVE = {"kind": "curve", "knots": [[0, 0], [1, 100]]}
PLAIN = Scheme.model_construct(dimensions=())


def indicator(**keys):
    """Make an indicator; keys written as in the one table."""
    given = {"code": "a", "label": "甲", "why": "无", "direction": "higher", "weight": 10, "missing": "zero", "source": "无"}
    written = {key: scalar(text) if "{" in text else text for key, text in keys.items()}
    return Indicator.model_validate({**given, "unit": "起", "measure": NOTICES, "points": CURVE, **written})


def consequence(text):
    """Make a line outside the hundred."""
    given = {"code": "a", "label": "甲", "why": "无", "source": "无", "levels": ["station"], "measure": NOTICES}
    return Consequence.model_validate(given | scalar(f"{{{text}}}"))


@pytest.mark.parametrize(
    ("measure", "zh", "en"),
    [
        ("", "“通报”记录的条数", "number of rows of notices"),
        (
            "per: officers",
            "分子：“通报”记录；分母：平均在岗人数",
            "numerator: rows of notices; denominator: officers (person-days / days of the period)",
        ),
        (
            "per: households, scale: 1000",
            "分子：“通报”记录；分母：户数÷1000",
            "numerator: rows of notices; denominator: households / 1000",
        ),
        (
            "worth: [{where: {code: praise}, amount: 2.0}]",
            "“通报”记录（事项代码为praise的每条计2），合计",
            "sum over rows of notices (where code is praise: 2 each)",
        ),
        (
            "worth: [{column: value}]",
            "“通报”记录（每条按“数值”所填计），合计",
            "sum over rows of notices (each as many as value says)",
        ),
        (
            "worth: [{column: code, values: {a: 1, b: 0.5}}]",
            "“通报”记录（每条按事项代码计：a=1、b=0.5），合计",
            "sum over rows of notices (each by code: a=1, b=0.5)",
        ),
        (
            "worth: [{column: value, between: [1, 5]}]",
            "“通报”记录（每条由人在1至5之间评定，记在“数值”），合计",
            "sum over rows of notices (each between 1 and 5, as a person decided in value)",
        ),
        (
            "worth: [{ladder: {since: happened_on, until: recorded_at, unit: days, steps: [[3, 3], [30, 6]]}}]",
            "“通报”记录（每条按发生日期到录入时间的时长计：超过3日计3、超过30日计6），合计",
            "sum over rows of notices (each by the time from happened_on to recorded_at: over 3 days 3, over 30 days 6)",
        ),
        (
            "times: [{by: 2, again: {same: [code], within_days: 30}}]",
            "“通报”记录（30日内再次发生（事项代码相同）的乘以2），合计",
            "sum over rows of notices (times 2 where it follows another with the same code within 30 days)",
        ),
        (
            "times: [{by: 2, during: [[2024-02-01, 2024-02-17]]}, {by: 0.3, where: {reason: 个人}}]",
            "“通报”记录（发生在2024-02-01至2024-02-17的乘以2，事由为个人的乘以0.3），合计",
            "sum over rows of notices (times 2 where dated 2024-02-01 to 2024-02-17, times 0.3 where reason is 个人)",
        ),
        (
            "best_of: [code]",
            "“通报”记录（事项代码相同的只计最高的一条），合计",
            "sum over rows of notices (of rows alike in code only the one worth most)",
        ),
    ],
)
def test_a_count_says_what_a_row_is_worth(measure, zh, en):
    """Amounts, columns, codes, ranges, ladders, factors and the best of several are said, and against which exposure."""
    counted = indicator(measure=f"{{kind: count, table: notices, date: happened_on, {measure}}}")
    assert definition(counted, "zh") == zh + DATED
    assert definition(counted, "en") == en + DATED_EN


@pytest.mark.parametrize(
    ("against", "zh", "en"),
    [
        ("{kind: quota, amount: 8, as: completion}", "取完成定额（8）的百分比", "taken as per cent of the quota (8)"),
        (
            "{kind: quota, amount: {一类: 8, 二类: 2}, every: month, apart: true, as: shortfall}",
            "取比定额（每月一类 8、二类 2）少的数量（起），逐期计算，不以多补少",
            "taken as shortfall from the quota (一类 8, 二类 2 a month) (cases), each apart: plenty does not make up for want",
        ),
        (
            "{kind: quota, amount: 120, per: officers, scale: 100, as: excess}",
            "取超出定额（每100名在岗人员120）的数量（起）",
            "taken as excess over the quota (120 per 100 officers) (cases)",
        ),
        (
            "{kind: quota, figure: control, as: excess_percent}",
            "取超出定额（取自外部数据“control”）的百分比",
            "taken as excess over the quota (by figure control) in per cent",
        ),
        (
            "{kind: change, since: year_before, as: percent}",
            "取与上年同期相比的百分比变化",
            "taken as change since the same period a year before in per cent",
        ),
        (
            "{kind: change, since: history, periods: 4}",
            "取与前4期平均值相比的变化量（起）",
            "taken as change since the mean of the 4 periods before (cases)",
        ),
        (
            "{kind: peers, of: median, since: year_before}",
            "取与同类单位上年同期中位数之差（起）",
            "taken as difference from the median of the class in the same period a year before (cases)",
        ),
        (
            "{kind: peers, among: level, as: percent}",
            "取与同级单位本期平均值相差的百分比",
            "taken as difference from the mean of the level in this period, in per cent",
        ),
        (
            "{kind: place, from: worst}",
            "取在同类单位中的倒数名次（1为末位）",
            "taken as place from the end of the class (1 is the last)",
        ),
        (
            "{kind: place}, {kind: change, since: previous}",
            "取在同类单位中的名次（1为最好）；再取与上期相比的变化量（名）",
            "taken as place in the class (1 is the best); then as change since the period before (places)",
        ),
    ],
)
def test_a_reference_is_said_after_what_is_counted(against, zh, en):
    """Quotas, the own past, the peers and the place are said in the order in which they are applied."""
    counted = indicator(against=f"[{against}]")
    assert definition(counted, "zh") == f"“通报”记录的条数{DATED}；{zh}"
    assert definition(counted, "en") == f"number of rows of notices{DATED_EN}; {en}"


def test_a_change_of_a_rate_is_in_percentage_points():
    """A difference of rates is in percentage points, never in per cent."""
    assert definition(indicator(unit="%", against="[{kind: change, since: previous}]"), "zh").endswith("变化量（百分点）")


@pytest.mark.parametrize(
    ("unit", "direction", "line", "zh", "en"),
    [
        ("起", "lower", "start: 100, each: -3", "每起扣3分，扣完为止", "minus 3 for each case, down to nothing"),
        (
            "%",
            "higher",
            "start: 100, at: 95, each: 0.5, floor: 50",
            "低于95%的，每低1个百分点扣0.5分，最多扣一半",
            "below 95% minus 0.5 for each percentage point, at most half is lost",
        ),
        ("起", "higher", "start: 0, each: 2, cap: none", "每起得2分，不封顶", "plus 2 for each case, without a cap"),
        ("起", "higher", "start: 0, each: 2, cap: 10", "每起得2分，最高10分", "plus 2 for each case, at most 10"),
        (
            "起",
            "higher",
            "start: 60, each: 2",
            "基础分60分，每起加2分，加至满分为止",
            "from 60, plus 2 for each case, up to full marks",
        ),
        (
            "起",
            "lower",
            "start: 100, at: 5, each: -0.5, per: 10, first: -3, whole: true, floor: none",
            "高于5起的，先扣3分，每高10起扣0.5分，不足一档的不计，可扣至负分",
            "above 5 cases minus 3 at once and minus 0.5 for each 10 cases, whole steps only, may fall below zero",
        ),
        (
            "起",
            "lower",
            "start: 10, each: {一类: -3, station: -2, others: -1}, in_marks: true",
            "每起扣3分（一类）、2分（派出所）、1分（其余），扣完为止，按本项分值计",
            "minus 3 (一类), 2 (Station), 1 (others) for each case, down to nothing, in marks of the item",
        ),
    ],
)
def test_a_line_is_said_as_offices_write_it(unit, direction, line, zh, en):
    """What each step takes off or adds, from where, and how far, as the line and its limits leave room for it."""
    given = indicator(unit=unit, direction=direction, points=f"{{kind: line, {line}}}")
    assert rule_of(given, PLAIN, "zh") == zh
    assert rule_of(given, PLAIN, "en") == en


@pytest.mark.parametrize(
    ("against", "line", "zh"),
    [
        ("{kind: place}", "start: 100, at: 1, each: -2", "第1名之后，每后1名扣2分，扣完为止"),
        ("{kind: place}, {kind: change, since: previous}", "start: 100, each: -1", "每后退1名扣1分，扣完为止"),
        (
            "{kind: change, since: year_before, as: percent}",
            "start: 60, each: 1",
            "基础分60分，每高1个百分点加1分，每低1个百分点扣1分，扣完为止，加至满分为止",
        ),
        ("{kind: quota, amount: 8, as: shortfall}", "start: 100, each: -20", "每起扣20分，扣完为止"),
    ],
)
def test_a_line_speaks_of_what_the_value_was_held_against(against, line, zh):
    """After a place it speaks of places, after a change of more and less."""
    assert rule_of(indicator(against=f"[{against}]", points=f"{{kind: line, {line}}}"), PLAIN, "zh") == zh


@pytest.mark.parametrize(
    ("line", "zh", "en"),
    [
        (
            "effect: add, direction: higher, points: {kind: line, start: 0, each: 2}",
            "总分：每起加2分",
            "of the total: plus 2 for each case",
        ),
        (
            "effect: deduct, points: {kind: line, start: 0, each: 7, cap: 10}, year_only: true",
            "总分：每起扣7分，最高10分（只计入年度总分）",
            "of the total: minus 7 for each case, at most 10 (in the total of a year only)",
        ),
        (
            "effect: deduct, points: {kind: steps, steps: [[1, 30]]}",
            "总分：分档：1起扣30分，其余0分",
            "of the total: steps: 1 case takes 30, otherwise 0",
        ),
        ("effect: zero_item, item: files", "一经发生，当月“files”记零分", "once it happens, files is zero for that month"),
        (
            "effect: cap_grade, grade: 良好, from_value: 2",
            "达到2起，等次不得高于“良好”",
            "from 2 cases, no grade better than 良好",
        ),
        ("effect: ungraded", "一经发生，不定等次", "once it happens, no grade is given"),
        ("effect: bar_award", "一经发生，取消评优资格", "once it happens, no award"),
    ],
)
def test_an_effect_is_said_in_words(line, zh, en):
    """What a line outside the hundred does to total, item, grade or award, and from when on."""
    assert rule_of(consequence(line), PLAIN, "zh") == zh
    assert rule_of(consequence(line), PLAIN, "en") == en


def test_conditions_are_said_in_words():
    """Direction, levels, the smallest number, the gate by its label, and who is exempt are said."""
    given = indicator(gate="{indicator: files, at_least: 85.0}", not_applicable="{classes: [一类], give: full}")
    given = given.model_copy(update={"levels": ("station",), "least": {"officer": 3, "others": 6}})
    zh = "越高越好；只评派出所；记录数不足（民警 3、其余 6）的按缺失处理；“案卷”低于85的，本项数据作废；一类不考核本项，计满分"
    assert conditions(given, "zh", {"files": "案卷"}) == zh
    assert (
        conditions(indicator(gate="{indicator: files, at_most: 2}"), "en", {}) == "higher is better; void where files is above 2"
    )


def test_a_window_lies_on_both_sides():
    """A tolerance window is said as such."""
    within = "{closed_at: {within: {days: 5, of: due_at, either_side: true}}}"
    counted = indicator(measure=f"{{kind: share, table: cases, date: received_at, met: {within}}}")
    assert "办结时间与办理期限前后相差不超过5日" in definition(counted, "zh")


def test_the_source_names_tables_and_columns():
    """Where the numbers come from is said by table and column, exposures and figures included."""
    counted = indicator(
        measure="{kind: count, table: notices, date: happened_on, per: officers}",
        against="[{kind: quota, figure: due, as: shortfall}]",
    )
    assert data_source(counted, "zh") == "通报（notices）：发生日期；任职（postings）；外部数据（figures）：due"
    assert data_source(indicator(measure="{kind: figure, figure: safety}"), "en") == "figures: safety"


def test_how_parts_gather_is_said_in_words():
    """A geometric mean, limits, and the weightiest of several are said; what is as usual is not."""
    dimension = Dimension.model_validate({"code": "d", "label": "丁", "weight": 100, "indicators": [indicator()]})
    assert aggregation_words(dimension, "zh") == ""
    geometric = dimension.model_copy(update={"aggregation": "geometric", "floor": 50})
    assert aggregation_words(geometric, "zh") == "各项按权重取几何平均，一项过低难以由别项补回；得分不低于50分"
    lines = [consequence("effect: bar_award")]
    group = Outside.model_validate({"code": "o", "label": "外", "floor": -5, "cap": 2, "best_of": True, "lines": lines})
    assert aggregation_words(group, "zh") == "只取最重的一项，不重复计算；合计最多扣5分；合计最多加2分"
    assert aggregation_words(group, "en") == "only the weightiest counts; at most 5 deducted in all; at most 2 added in all"


def test_the_whole_table_is_said_in_words():
    """Style of weights, mean, full marks by class, longer periods and grades are said once."""
    dimension = {"code": "d", "label": "丁", "weight": 100, "indicators": [indicator()]}
    signed = {"title": "表", "version": "1", "sources": ["据"], "author": "甲", "checker": "乙", "levels": ["station"]}
    rules = {"weights": "marks", "longer_period": "mean_of_totals", "full_marks": {"县": 150, "others": 100}}
    found = Scheme.model_validate({**signed, **rules, "bands": [{"grade": "达标", "at_least": 60}], "dimensions": [dimension]})
    weights, mean, full = "分值：各指标合计为所在维度的分值，各维度合计100", "总分为加权平均", "满分：县 150、其余 100"
    longer, grades = "季度、年度取各月总分的平均", "等次分数线：达标 60"
    assert scheme_words(found, "zh").split("；") == [weights, mean, full, longer, grades]


def test_a_veto_calls_the_item_by_its_label():
    """Where the scheme is at hand, the item that is zeroed is called by its label."""
    dimension = {"code": "d", "label": "丁", "weight": 100, "indicators": [indicator()]}
    group = {"code": "o", "label": "外", "lines": [consequence("effect: zero_item, item: a").model_copy(update={"code": "b"})]}
    signed = {"title": "表", "version": "1", "sources": ["据"], "author": "甲", "checker": "乙", "levels": ["station"]}
    found = Scheme.model_validate({**signed, "weights": "within", "dimensions": [dimension], "outside": [group]})
    assert rule_of(found.consequences[0], found, "zh") == "一经发生，当月“甲”记零分"
