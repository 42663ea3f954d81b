"""Every fault of a table is found before anything is counted, and said with table, column, rule, count and first rows."""

# ruff: noqa: E501 - what is pinned stands on one line with what breaks it; Chinese counts double

import re

import pytest
import xlsxwriter

from fengqiao_eval.errors import InputError
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.store import open_records
from fengqiao_eval.records.units import person_days, postings_of, tree_of
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scoring.score import score

UNITS = "| unit_id | name | level |\n| S1 | 一所 | station |"
CASES = """
    | case_id | unit_id | received_at      | due_at           | closed_at        | elements_required | elements_filled | audited |
    | K1      | S1      | 2024-10-05 08:00 | 2024-11-05 00:00 | 2024-11-01 08:00 | 8                 | 7               | true    |
    | K2      | S1      | 2024-10-06 08:00 | 2024-11-06 00:00 |                  | 5                 | 5               | false   |
"""


@pytest.fixture
def opened(tmp_path):
    """Open drawn tables out of CSV files, in which everything is text."""

    def read(changes: dict[str, str] | None = None, **tables: str):
        for name, text in {"units": UNITS, "cases": CASES, **tables}.items():
            for before, after in (changes or {}).items():
                text = text.replace(before, after)  # noqa: PLW2901 - the drawing changes
            head, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
            (tmp_path / f"{name}.csv").write_text("\n".join(",".join(row) for row in [head, *rows]), "utf-8")
        return open_records(tmp_path, name="records")

    return read


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("received_at", "recieved_at", r"cases\.csv · cases\.received_at \[records\.missing_column\] 缺少必需的列；相近的有：recieved_at"),
        ("2024-10-06 08:00", "昨天", r"cases\.csv · cases\.received_at \[records\.no_time\] 表 cases 有 1 个单元格不是时间（行号：样子 3: 字字，9 是数字）；请写成 2024-11-05 08:30"),
        ("2024-11-06 00:00", "2024-02-30", r"cases\.due_at \[records\.no_time\] .*3: 9999-99-99"),
        ("2024-11-06 00:00", "20241106", r"cases\.due_at \[records\.no_time\] .*3: 99999999"),
        ("2024-11-06 00:00", "08:30", r"cases\.due_at \[records\.no_time\] .*3: 99:99"),
        ("| 5                 |", "| 五 |", r"cases\.elements_required \[records\.no_whole\] 表 cases 有 1 个单元格不是整数（行号：样子 3: 字，9 是数字）"),
        ("| 5                 |", "| 4.7 |", r"cases\.elements_required \[records\.no_whole\] .*3: 9\.9"),
        ("| true    |", "| maybe |", r"cases\.audited \[records\.no_flag\] .*2: aaaaa"),
        ("| true    |", "| 7 |", r"cases\.audited \[records\.no_flag\] .*2: 9"),
        ("| K2 ", "|    ", r"cases\.case_id \[records\.empty_cell\] 有 1 行此列为空（第 3 行）；此列必填"),
    ],
)  # fmt: skip
def test_what_a_cell_may_not_be(opened, before, after, words):
    """A missing column, a date that is no date, a number that is none, an empty cell that is required: each with its row."""
    with pytest.raises(InputError, match=words):
        opened({before: after})


def test_an_unreadable_cell_is_not_told_as_empty_too(opened):
    """One slip is one line."""
    with pytest.raises(InputError) as refused:
        opened({"2024-10-06 08:00": "昨天"})
    assert [fault.rule for fault in refused.value.faults] == ["records.no_time"]


def test_yes_and_no_are_written_in_many_ways(opened):
    """What offices write for yes and no is read; an empty cell is neither."""
    written = {"是": True, "否": False, "1": True, "0": False, "TRUE": True, "false": False, "Y": True, "N": False, "": None}
    rows = "".join(f"\n| K{n} | S1 | 2024-10-05 | {word} |" for n, word in enumerate(written))
    cases = opened(cases="| case_id | unit_id | received_at | audited |" + rows).tables["cases"].order_by("case_id").to_pandas()
    assert cases["audited"].astype(object).where(cases["audited"].notna(), None).tolist() == list(written.values())


def test_whole_numbers_may_have_a_point(opened):
    """8.0, as a spreadsheet writes it, is 8."""
    cases = opened({"| 5                 |": "| 5.0 |"}).tables["cases"].to_pandas()
    assert cases["elements_required"].tolist() == [8, 5]


def test_words_outside_the_list_are_refused(opened):
    """A colour the design does not know needs a mapping, not a guess."""
    disputes = "| dispute_id | unit_id | received_at | tier |\n| D1 | S1 | 2024-10-05 | 红 |\n| D2 | S1 | 2024-10-05 | red |"
    with pytest.raises(
        InputError, match=r"disputes\.tier \[records\.word\] 有 1 个取值不在允许范围（第 2 行）；只能是 blue, yellow, red"
    ):
        opened(disputes=disputes)


def test_a_table_with_a_heading_only_is_an_empty_table(opened):
    """A month without visits is a heading without rows: the table is there, and it is said that it is empty."""
    records = opened(visits="| visit_id | unit_id | visited_at |")
    assert records.counts["visits"] == 0
    assert [(note.key, note.given["table"]) for note in records.notes] == [("empty_table", "走访")]


def test_no_units_are_refused(opened):
    """A table of units without rows leaves nobody to be scored."""
    with pytest.raises(InputError, match=r"units\.csv · units \[records\.empty_table\] 单位表中没有任何一行"):
        opened(units="| unit_id | name | level |")


@pytest.mark.parametrize(
    ("written", "look"),
    [
        ("24-10-06 08:00", "99-99-99 99:99"),
        ("24/10/6", "99/99/9"),
        ("0024-10-06", "9999-99-99"),
        ("10/06/2024", "99/99/9999"),
        ("2024-10-06 08:00 CST", "9999-99-99 99:99 aaa"),
        ("2024-10-06 08:00 Asia/Shanghai", "9999-99-99 99:99 aaaa/aaaaaaaa"[:30]),
        ("2024-10-06 08:00+99:00", r"9999-99-99 99:99\+99:99"),
        ("2024-10-06 08", "9999-99-99 99"),
        ("infinity", "aaaaaaaa"),
        ("-infinity", "-aaaaaaaa"),
        ("epoch", "aaaaa"),
        ("2024-10-06 (BC)", r"9999-99-99 \(aa\)"),
        ("2023-02-29", "9999-99-99"),
        ("2024-10-06 25:00", "9999-99-99 99:99"),
        ("45571", "99999"),
    ],
)  # fmt: skip
def test_what_is_no_time(opened, written, look):
    """Years of two digits, zones that mean several, words of databases, days that no calendar has: each refused with its row."""
    with pytest.raises(InputError, match=rf"cases\.csv · cases\.received_at \[records\.no_time\] .*3: {look}，") as refused:
        opened({"2024-10-06 08:00": written})
    assert written not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "cell"), [("period", "2024-Q4"), ("period", "31/12/2024"), ("period", "2024-13"), ("period", "24Q4")]
)
def test_a_period_that_is_none_is_a_fault(opened, column, cell):
    """A figure of no period would count nowhere."""
    figures = f"| unit_id | indicator | {column} | value |\n| S1 | trust | 2024Q4 | 1 |\n| S1 | trust | {cell} | 1 |"
    with pytest.raises(
        InputError, match=r"figures\.period \[records\.period\] 有 1 个期间无法识别（第 3 行）；请写成 2024、2024Q4"
    ):
        opened(figures=figures)


def test_a_stretch_that_ends_before_it_begins_is_a_fault(opened):
    """A posting from December to November, and a unit that was closed before it opened, are slips of the pen."""
    postings = "| officer_id | unit_id | from_date | to_date |\n| P1 | S1 | 2024-12-01 | 2024-11-01 |"
    units = "| unit_id | name | level | valid_from | valid_to |\n| S1 | 一所 | station | 2024-01-02 | 2024-01-01 |"
    with pytest.raises(InputError) as refused:
        opened(postings=postings, units=units)
    assert "postings.to_date [records.reversed] 有 1 行早于同一行的 from_date（第 2 行）" in str(refused.value)
    assert "units.valid_to [records.reversed] 有 1 行早于同一行的 valid_from（第 2 行）" in str(refused.value)


def test_a_stretch_may_have_no_beginning_and_no_end(opened):
    """-infinity and infinity, as databases write them, are the first and the last of days."""
    units = "| unit_id | name | level | valid_from | valid_to |\n| S1 | 一所 | station | -infinity | infinity |"
    postings = "| officer_id | unit_id | from_date | to_date |\n| P1 | S1 | -infinity | infinity |"
    records = opened(units=units, postings=postings)
    tree = tree_of(records.tables, parse("2024Q4"))
    assert tree.units["unit_id"].tolist() == ["S1"]
    assert person_days(tree, postings_of(records.tables), parse("2024Q4")).tolist() == [92.0]


def test_rows_without_an_id_are_told_once(opened):
    """Two rows that differ and have no id lack a cell that is required."""
    with pytest.raises(InputError, match=r"cases\.case_id \[records\.empty_cell\] 有 2 行此列为空（第 2, 3 行）"):
        opened({"| K1 ": "|   ", "| K2 ": "|   "})


def test_all_faults_of_all_tables_are_told_at_once(opened):
    """Five slips in three tables are five lines, in the order of the tables."""
    with pytest.raises(InputError) as refused:
        opened(
            {"2024-10-06 08:00": "昨天", "| 5                 |": "| 五 |"},
            visits="| visit_id | unit_id |\n| V1 | S1 |",
            disputes="| dispute_id | unit_id | received_at | tier |\n| D1 |  | 2024-10-05 | 红 |",
        )
    assert [(fault.file, fault.place, fault.rule.split(".")[1]) for fault in refused.value.faults] == [
        ("cases.csv", "cases.received_at", "no_time"),
        ("cases.csv", "cases.elements_required", "no_whole"),
        ("visits.csv", "visits.visited_at", "missing_column"),
        ("disputes.csv", "disputes.unit_id", "empty_cell"),
        ("disputes.csv", "disputes.tier", "word"),
    ]


# No citizen in the file


SECRETS = ("110101199003072316", "13812345678", "赵钱孙")


PUBLIC = (
    *("身份证号", "报警人", "报警人电话", "手机号码", "联系方式", "姓名", "公民身份号码", "家庭住址"),
    *("id_card", "ID_CARD_NO", "victim_name", "caller_phone", "gmsfhm", "SFZH", "lxdh", "XM"),
)
WELCOME = ("community", "channel", "tier_name", "unit_name", "项目", "xmmc", "phase", "identified")


def test_a_column_of_the_public_is_refused_by_its_name(opened):
    """What looks like a name, an address, a telephone or an identity-card number is not taken in, and not shown."""
    columns = (*PUBLIC, *WELCOME)
    told = [f" {secret} |" * len(PUBLIC) + " 一 |" * len(WELCOME) for secret in SECRETS]
    rows = "".join(f"\n| K{n} | S1 | 2024-10-05 |{cells}" for n, cells in enumerate(told))
    with pytest.raises(InputError) as refused:
        opened(cases=f"| case_id | unit_id | received_at | {' | '.join(columns)} |" + rows)
    assert [fault.place.split(".")[-1] for fault in refused.value.faults] == list(PUBLIC)
    assert {fault.rule for fault in refused.value.faults} == {"records.citizen"}
    assert not any(secret in str(refused.value) for secret in SECRETS)


@pytest.mark.parametrize(
    "secret",
    [
        *("110101199003072316", "11010119900307231X", "13812345678", "13812345678　", "138 1234 5678", "+86 138-1234-5678"),
        *("１３８１２３４５６７８", "008613812345678", "110101900307231", "１１０１０１１９９００３０７２３１Ｘ"),
        *(
            "138\u200b1234\u200b5678",
            "138.1234.5678",
            "138_1234/5678",
            "138\u20111234\u20105678",
            "(138)12345678",
            "138 123 45678",
        ),
        *("١٣٨١٢٣٤٥٦٧٨", "①③⑧①②③④⑤⑥⑦⑧", "𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "一三八一二三四五六七八", "11010119900307231Х", "1101 0119 9003 0723 16"),
    ],
)
def test_a_code_that_is_an_identity_number_is_refused(opened, secret):
    """An identity-card or mobile number in subject_id is no code; rows are told, the number is not."""
    visits = (
        f"| visit_id | unit_id | visited_at | subject_id |\n| V1 | S1 | 2024-10-05 | H1 |\n| V2 | S1 | 2024-10-05 | {secret} |"
    )
    words = r"visits\.subject_id \[records\.citizen_value\] 有 1 个编码像身份证号或手机号（第 3 行）；请换成编码"
    with pytest.raises(InputError, match=words) as refused:
        opened(visits=visits)
    assert secret not in str(refused.value)


@pytest.mark.parametrize("secret", ["11010119900307231X", "13812345678", "赵110101199003072316"])
@pytest.mark.parametrize(("before", "place"), [("K2", "cases.case_id"), ("S1", "units.unit_id")])
def test_an_id_that_is_an_identity_number_is_refused(opened, before, place, secret):
    """Ids of records and units are printed on pages, so that none may be the number of a citizen."""
    with pytest.raises(InputError, match=rf"{place} \[records\.citizen_value\] 有 1 个编码像身份证号或手机号") as refused:
        opened({before: secret})
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    "number",
    ["130-2024-0001", "440310-20241231-0009", "510104202411050001", "20241105083000123", "11010119901307231X", "10000000001"],
)
def test_a_number_of_a_case_is_no_identity_number(opened, number):
    """Eighteen digits with the day of the case in them, a month 13, a running number: codes."""
    assert opened({"K2": number}).counts["cases"] == 2


NOTICES = "| notice_id | happened_on | unit_id | code | reason | source | status |\n| N1 | 2024-10-05 | S1 | late | 迟到 | 通报 | proposed |"


@pytest.mark.parametrize(
    "secret",
    [
        *("找１３８ １２３４ ５６７８", "110101-19900307-2316", "证号110101900307231", "+86 138-1234-5678", "179511381234567８"),
        *(
            "找138\u200b1234\u200b5678",
            "电话138·123·45678转2",
            "电话013812345678",
            "(138)1234-5678",
            "1 3 8 1 2 3 4 5 6 7 8",
            "13812 34567 8",
        ),
        *("٣: ١٣٨١٢٣٤٥٦٧٨", "⑬ ①③⑧①②③④⑤⑥⑦⑧", "电话一三八、一三八一二三四五六七八", "1101051949 1231002 ×", "110101.900307.231"),
    ],
)
def test_a_text_that_holds_an_identity_number_is_refused(opened, secret):
    """Reasons, sources, names and words that a scheme may ask for are printed: in all of them it is refused."""
    texts = dict.fromkeys(("迟到", "通报", "一所", "盗窃"), secret)
    with pytest.raises(InputError) as refused:
        opened({"true": "盗窃", "false": "盗窃", "audited": "category", **texts}, notices=NOTICES)
    told = re.findall(
        r"(\S+) \[records\.citizen_text\] 有 (\d) 格含有像身份证号或手机号的数字（第 2.* 行）；请从文字中删去", str(refused.value)
    )
    assert sorted(told) == [("cases.category", "2"), ("notices.reason", "1"), ("notices.source", "1"), ("units.name", "1")]
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        "2024-10-05 08:30 至 2024-11-05",
        "14-2024-00123",
        "共 1 369 起，罚款 20241231 元",
        "0755-12345678",
        "0755-26001234",
        "第 1 3 5 6 7 8 9 10 项",
        "13.5.2024 08:15",
        "一、二、三、四、五、六、七、八、九、十、十一、十二",
        "①②③④⑤⑥⑦⑧⑨⑩⑪⑫",
        "440310-20241231-0001",
    ],
)
def test_dates_and_numbers_in_a_text_are_no_citizens(opened, words):
    """Days, running numbers, sums and telephones of an office stay."""
    assert opened({"迟到": words}, notices=NOTICES).counts["notices"] == 1


def test_a_name_does_not_become_a_code_by_being_called_one(drawn, tmp_path):
    """Renaming 报警人姓名 to subject_id makes no code of it."""
    drawn(UNITS).to_parquet(tmp_path / "units.parquet")
    drawn("| visit_id | unit_id | visited_at | 姓名 |\n| V1 | S1 | 2024-10-05 | 赵钱孙 |").to_parquet(tmp_path / "visits.parquet")
    with pytest.raises(InputError, match=r"姓名 \[records\.citizen\] 该列像是群众的身份信息") as refused:
        open_records(tmp_path, {"visits": Mapped(rename={"姓名": "subject_id"})})
    assert "赵钱孙" not in str(refused.value)


# Records and scheme must fit each other


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
      - {code: a, label: 按期办结率, why: 示例, direction: higher, weight: 100, missing: redistribute, source: 示例,
         points: {kind: curve, knots: [[0, 0], [100, 100]]},
         measure: MEASURE}
"""
SECOND = """}
      - {code: b, label: 走访率, why: 示例, direction: higher, weight: 60, missing: redistribute, source: 示例,
         points: {kind: steps, steps: [[5, 100]]}, measure: """
SHARE = "{kind: share, table: cases, date: received_at, met: {closed_at: {not_after: due_at}}}"


@pytest.fixture
def scored(opened, tmp_path):
    """Score the cases by one measure."""

    def give(measure: str = SHARE, period: str = "2024Q4", weight: str = "100", **given):
        text = SCHEME.replace("MEASURE", measure).replace("weight: 100, missing", f"weight: {weight}, missing")
        (tmp_path / "scheme.yaml").write_text(text, "utf-8")
        span = parse(period)
        return score(opened(**given), load(tmp_path / "scheme.yaml"), span, span.end)

    return give


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (SHARE.replace("closed_at", "close_at"), r"cases\.csv · a\.measure \[scheme\.no_column\] 表 cases 没有指标要用的列“close_at”；相近的有：closed_at"),
        (SHARE.replace("not_after: due_at", "not_after: deadline"), r"\[scheme\.no_column\] 表 cases 没有指标要用的列“deadline”"),
        (SHARE.replace("met:", "where: {colour: red}, met:"), r"\[scheme\.no_column\] 表 cases 没有指标要用的列“colour”"),
        (SHARE.replace("date: received_at", "date: opened_at"), r"\[scheme\.no_column\] 表 cases 没有指标要用的列“opened_at”"),
        (SHARE.replace("cases", "case"), r"a\.measure\.table \[scheme\.unknown_table\] 没有名为“case”的记录表；相近的有：cases"),
        ("{kind: ratio, table: case, date: received_at, numerator: a, denominator: b}", r"a\.measure\.table \[scheme\.unknown_table\] 没有名为“case”"),
        ("{kind: count, table: cases, date: received_at, per: residents}", r"\[scheme\.no_column\] 表 units 没有指标要用的列“residents”"),
    ],
)  # fmt: skip
def test_columns_that_a_scheme_looks_at_must_be_there(scored, measure, words):
    """A filter, date or bound on a column that is not there is refused, with the one most like it."""
    with pytest.raises(InputError, match=words):
        scored(measure)


def test_a_numerator_above_its_denominator(scored):
    """Nine elements filled of eight is no fraction: the case is named."""
    measure = "{kind: ratio, table: cases, date: received_at, numerator: elements_filled, denominator: elements_required}"
    words = r"cases\.elements_filled \[records\.over\] 有 1 行 elements_filled 大于 elements_required（如 K1）；分子不能大于分母"
    with pytest.raises(InputError, match=words):
        scored(measure, changes={"| 7               |": "| 9 |"})


def test_a_figure_above_its_denominator(scored):
    """105 of 100 people asked cannot feel safe."""
    figures = "| unit_id | indicator | period | numerator | denominator |\n| S1 | safety | 2024Q4 | 105 | 100 |"
    with pytest.raises(InputError, match=r"figures\.numerator \[records\.over\] 有 1 行 numerator 大于 denominator（如 S1）"):
        scored("{kind: figure, figure: safety}", figures=figures)


def test_a_period_without_records(scored):
    """Nothing was received in 2019: no page is made of nothing."""
    with pytest.raises(
        InputError,
        match=r"records · 2019 \[records\.empty_period\] 期间 2019 内没有任何记录（各表总行数：cases 2）；请核对 period 与 records",
    ):
        scored(period="2019")


def test_a_table_that_is_not_there_is_told_not_refused(scored):
    """Who has no visits is scored without them: the indicator has no records, and the notes name what could not be counted."""
    visited = "{kind: share, table: visits, date: visited_at, met: {verified: true}}"
    scores = scored(SHARE + SECOND + visited, weight="40")
    points = scores.points[scores.points["period"] == "2024Q4"].set_index("indicator")
    assert points["status"].to_dict() == {"a": "ok", "b": "no_records"}
    assert [(n.key, n.given["table"], n.given["indicators"]) for n in scores.notes if n.key == "table_missing"] == [
        ("table_missing", "走访", "走访率")
    ]


@pytest.fixture
def mapped(tmp_path):
    """Score cases of files laid down here by SHARE, read as a mapping says; give the points of S1 and the notes of gaps."""

    def give(mapping: dict, **files: list[list[str]]):
        (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
        for name, rows in files.items():
            book = xlsxwriter.Workbook(str(tmp_path / f"{name}.xlsx"))
            sheet = book.add_worksheet()
            for at, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    sheet.write_formula(at, place, cell, None, "") if cell.startswith("=") else sheet.write_string(
                        at, place, cell
                    )
            book.close()
        (tmp_path / "scheme.yaml").write_text(SCHEME.replace("MEASURE", SHARE), "utf-8")
        cases = Mapped.model_validate({"file": [f"{name}.xlsx" for name in files], **mapping})
        records = open_records(tmp_path, {"cases": cases}, name="records")
        span = parse("2024Q4")
        scores = score(records, load(tmp_path / "scheme.yaml"), span, span.end)
        told = [(n.key, n.given["column"], n.given.get("count"), n.given["indicators"]) for n in scores.notes if n.key in GAPS]
        return scores.points.iloc[0][["status", "numerator", "denominator"]].to_list(), told

    return give


GAPS = ("column_missing", "gap_file", "gap_lost")
KEPT = ["case_id", "unit_id", "received_at", "due_at", "closed_at"]
OCTOBER = [KEPT, ["K1", "S1", "2024-10-05", "2024-10-20", "2024-10-06"], ["K2", "S1", "2024-10-06", "2024-10-20", "2024-10-07"]]


def test_what_nobody_keeps_is_not_scored(mapped):
    """No file says when a case was closed, and the mapping says so: that is no case in time of two, but nothing to score."""
    given, told = mapped({"set": {"closed_at": None}}, october=[row[:4] for row in OCTOBER])
    assert given[0] == "no_records"
    assert told == [("column_missing", "closed_at", None, "按期办结率")]


def test_a_column_that_one_file_lacks_is_told_with_what_counts_it(mapped):
    """November calls it otherwise: its one case counts as not closed, and the indicator in which it does is named."""
    november = [[*KEPT[:4], "结了"], ["K3", "S1", "2024-11-05", "2024-11-20", "2024-11-06"]]
    assert mapped({}, october=OCTOBER, november=november) == (["ok", 2, 3], [("gap_file", "closed_at", 1, "按期办结率")])
    given, told = mapped({"rename": {"结了": "closed_at"}}, october=OCTOBER, november=november)
    assert (given, told) == (["ok", 3, 3], [])


def test_cells_that_are_lost_are_told_with_what_counts_them(mapped):
    """A formula that was never computed holds no time: the case counts as not closed, which stands where the number does."""
    lost = [*OCTOBER, ["K3", "S1", "2024-10-07", "2024-10-20", "=E2+1"]]
    assert mapped({}, october=lost) == (["ok", 2, 3], [("gap_lost", "closed_at", 1, "按期办结率")])


def test_an_exposure_that_is_not_there_is_told(scored):
    """Without postings nobody served a day: a count per person-day has no value, and the notes say why."""
    scores = scored("{kind: count, table: cases, date: received_at, per: person_days}")
    assert set(scores.points["status"]) == {"no_records"}
    assert [(n.key, n.given["table"]) for n in scores.notes if n.key == "table_missing"] == [("table_missing", "任职")]


VISITS_MADE = "{kind: share, table: duties, date: due_at, met: {visits_made: {at_least: times}}}"
DUTIES = "| duty_id | unit_id | kind | due_at | due_from | subject_id |\n| U1 | S1 | focus | 2024-12-31 | 2024-10-01 | H1 |"


def test_visits_made_needs_visits(scored):
    """Without a table of visits the frequency of visits cannot be counted, and that is told."""
    scores = scored(VISITS_MADE + SECOND + SHARE, weight="40", duties=DUTIES)
    assert [(n.key, n.given["table"], n.given["indicators"]) for n in scores.notes if n.key == "table_missing"] == [
        ("table_missing", "走访", "按期办结率")
    ]


@pytest.mark.parametrize("column", ["due_from", "subject_id"])
def test_visits_made_needs_subject_and_span(scored, column):
    """Duties that do not say whom to visit, or from when, are refused by the name of the column."""
    visits = "| visit_id | unit_id | visited_at | subject_id |\n| V1 | S1 | 2024-10-05 | H1 |"
    with pytest.raises(InputError, match=rf"\[scheme\.no_column\] 表 duties 没有指标要用的列“{column}”"):
        scored(VISITS_MADE, duties=DUTIES.replace(column, f"{column}_x"), visits=visits)


def test_ids_with_blanks_at_their_ends_are_told(tmp_path):
    """'K1' and 'K1 ' are two records, and a visit of 'H2 ' meets no duty of H2: counted, and no subject is named."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
    cases = "case_id,unit_id,received_at\nK1,S1,2024-10-05\nK1 ,S1,2024-10-05\n\u3000K2,S1,2024-10-05\n"
    (tmp_path / "cases.csv").write_text(cases, "utf-8")
    (tmp_path / "visits.csv").write_text("visit_id,unit_id,visited_at,subject_id\nV1,S1,2024-10-05,H2 \n", "utf-8")
    told = [note.given for note in open_records(tmp_path).notes]
    assert told == [
        {"table": "警情案件", "column": "case_id", "count": 2, "ids": " (“K1 ”, “\\u3000K2”)"},
        {"table": "走访", "column": "subject_id", "count": 1, "ids": ""},
    ]
