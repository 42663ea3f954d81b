"""Headings as a dictionary: what offices call columns and words, and how a user's own dictionary adds to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao_eval.documents import read, validate
from fengqiao_eval.errors import InputError
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.headings import OURS, Dictionary, bare, faults_of, read_headings
from fengqiao_eval.records.tables import TABLES


def meant(headings, table=None):
    """Give the column of each heading that is known."""
    return {heading: meaning.column for heading, meaning in read_headings().columns_of(headings, table).items()}


def test_our_own_dictionary_has_no_fault():
    """Every table, column and allowed word in it is declared; no word means two things in one table, and none is of citizens."""
    document = read(OURS, OURS.name)
    found, faults = validate(Dictionary, document)
    assert [fault.text("en") for fault in (*faults, *faults_of(found, document))] == []


@pytest.mark.parametrize(
    "written",
    [
        "接警时间",
        " 接警 时间 ",
        "接警\n时间",
        "接警时间（年月日）",
        "【接警时间】",
        "接警时间：",
        "ＪＪＳＪ",
        "Received At",
        "received_at",
    ],
)
def test_a_heading_is_known_however_it_is_written(written):
    """Width, case, blanks, line breaks, punctuation and what stands in brackets do not matter."""
    assert meant([written], "cases") == {written: "received_at"}


def test_one_word_means_different_columns_in_different_tables():
    """编号 is the id of whatever the table holds, 状态 of notices is whether they are upheld."""
    assert [meant(["编号"], table)["编号"] for table in ("units", "cases", "visits", "notices")] == [
        "unit_id",
        "case_id",
        "visit_id",
        "notice_id",
    ]


@pytest.mark.parametrize("heading", ["报警人姓名", "联系电话", "身份证号", "家庭住址", "caller name", "手机"])
def test_columns_of_citizens_mean_nothing(heading):
    """They are never mapped, whatever table they stand in."""
    assert [meant([heading], table) for table in ("cases", "visits", "disputes")] == [{}, {}, {}]


def test_alternatives_and_rivals_are_named():
    """受理时间 is of a case, and may be of a dispute; two headings that mean one column name each other."""
    found = read_headings().columns_of(["警情编号", "单位", "接警时间", "受理时间", "到场时间"])
    assert found["警情编号"].alternatives == ("credits.record_id",)
    assert "disputes.received_at" in found["受理时间"].alternatives
    assert (found["接警时间"].rivals, found["受理时间"].rivals) == (("受理时间",), ("接警时间",))


@pytest.mark.parametrize(
    ("headings", "table", "missing"),
    [
        (["编号", "名称", "层级", "上级", "类别"], "units", ()),
        (["警情号", "单位", "接报时间", "到场时间", "录入时间"], "cases", ()),
        (["走访编号", "派出所", "走访日期", "民警编号"], "visits", ()),
        (["纠纷编号", "所属派出所", "受理日期", "预警颜色", "化解时间"], "disputes", ()),
        (["回访编号", "单位", "回访时间", "满意度"], "surveys", ()),
        (["警号", "任职单位", "到任日期", "离任日期", "岗位"], "postings", ()),
        (["通报编号", "发生日期", "单位", "加扣分项", "审核状态"], "notices", ()),
        (["单位", "指标", "统计期", "分子", "分母"], "figures", ()),
        (["走访日期", "民警编号"], "visits", ("visit_id", "unit_id")),
        (["Case No.", "Unit", "Received At", "Arrived At"], "cases", ()),
    ],
)
def test_headings_fit_the_table_that_they_are_of(headings, table, missing):
    """The best table comes first, with the required columns that nothing means."""
    best = read_headings().fits(headings)[0]
    assert (best.table, best.missing) == (table, missing)


def test_words_of_cells_are_known_too():
    """Levels, colours, statuses and yes or no; what is unknown, or right already, is left out."""
    words = read_headings()
    assert words.values_of("units", "level", ["派出所", "县局", "station", "科室"]) == {"派出所": "station", "县局": "county"}
    assert words.values_of("disputes", "tier", ["红色", "黄"]) == {"红色": "red", "黄": "yellow"}
    assert words.values_of("cases", "passed", ["合格", "不合格", "true"]) == {"合格": "true", "不合格": "false"}
    assert words.values_of("notices", "status", ["已核定", "待审核"]) == {"已核定": "upheld", "待审核": "proposed"}
    assert words.values_of("cases", "category", ["红色"]) == {}


def test_a_users_dictionary_adds_and_comes_first(tmp_path):
    """出警耗点 is known by them alone; their 编号 of cases is another column than ours, which becomes the alternative."""
    (tmp_path / "headings.yaml").write_text("tables: {cases: {arrived_at: [出警耗点], officer_id: [编号]}}\n", "utf-8")
    found = read_headings(tmp_path / "headings.yaml").columns_of(["出警耗点", "编号", "单位"], "cases")
    assert {heading: meaning.column for heading, meaning in found.items()} == {
        "出警耗点": "arrived_at",
        "编号": "officer_id",
        "单位": "unit_id",
    }
    assert found["编号"].alternatives == ("cases.case_id",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: {}", r"h.yaml:1 · columns \[document.unknown_key\]"),
        ("tables:\n  case: {unit_id: [x]}", r"h.yaml:2 · tables.case \[headings.table\] .*cases"),
        ("tables:\n  cases:\n    case_no: [x]", r"h.yaml:3 · tables.cases.case_no \[headings.column\] .*case_id"),
        ("every: {case_nr: [x]}", r"h.yaml:1 · every.case_nr \[headings.column\]"),
        ('every:\n  unit_id:\n    - "—"', r"h.yaml:3 · every.unit_id.0 \[headings.nothing\]"),
        ("every: {unit_id: [报警人电话]}", r"every.unit_id.0 \[headings.citizen\]"),
        ("tables: {cases: {case_id: [地址]}}", r"tables.cases.case_id.0 \[headings.citizen\]"),
        ("tables: {cases: {case_id: [号], tier: [ 号 ]}}", r"tables.cases.tier.0 \[headings.twice\]"),
        ("values: {disputes: {tier: {green: [绿]}}}", r"values.disputes.tier.green \[headings.column\] .*blue, yellow, red"),
        ('flags: {"yes": [对]}', r"flags.yes \[headings.column\] .*true, false"),
        ("every: {unit_id: 单位}", r"every.unit_id \[document.value\]"),
        ("every: {unit_id: [a]}\nevery: {}", r"h.yaml:2 · every \[document.twice\]"),
    ],
)
def test_a_dictionary_at_fault_is_refused_at_its_line(tmp_path, text, words):
    """Unknown tables and columns, words of nothing, of citizens, of two things: each by file, line and place."""
    (tmp_path / "h.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        read_headings(tmp_path / "h.yaml", "h.yaml")


@given(st.lists(st.text(max_size=20), max_size=6))
def test_whatever_is_written_means_a_declared_column_or_nothing(headings):
    """Hostile headings included; nothing of citizens is ever mapped."""
    for table in TABLES.values():
        for heading, meaning in read_headings().columns_of(headings, table.name).items():
            assert table.column(meaning.column)
            assert not is_of_citizens(heading, table)


@given(st.text(max_size=30))
def test_what_a_word_is_compared_by_is_the_same_of_itself(word):
    """To leave out twice is to leave out once."""
    assert bare(bare(word)) == bare(word)


def test_headings_that_offices_were_seen_to_write():
    """A parent by its code, the unit that took a dispute on, the outcome of a look, the badge of who went."""
    headings = read_headings()
    for table, heading, column in (
        ("units", "上级单位代码", "parent_id"),
        ("disputes", "受理单位", "unit_id"),
        ("visits", "核查结果", "verified"),
        ("cases", "处警民警警号", "officer_id"),
    ):
        assert headings.columns_of([heading], table)[heading].column == column
