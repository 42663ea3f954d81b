"""The one table both ways: as the workbook that offices sign, and back to the same document, or every fault with its cell."""

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner
from xlsxwriter.utility import xl_cell_to_rowcol

from fengqiao_eval import documents
from fengqiao_eval.cli import app
from fengqiao_eval.errors import InputError, UsageError
from fengqiao_eval.scheme.load import BLANKS, EXAMPLE, OWN, blanks, load
from fengqiao_eval.scheme.yaml_text import build_document, dump, format_value, leaves, path, place_of, value_of
from fengqiao_eval.workbooks import scheme_reader
from fengqiao_eval.workbooks.scheme_table import export_table, import_table, new_table
from shared import examples, shipped

ROOT = Path(__file__).parents[1]
SCHEMES = sorted({ROOT / "params" / "one_table.yaml", *shipped("params/examples/*_scheme.yaml")})
NESTED = """
title: 嵌套
version: 3
sources: ["=SUM(A1)", "+1", "@名", "-2"]
author: 甲
checker: 乙
weights: marks
levels: [station, officer]
bands: [{grade: 达标, at_least: 60.0}]
dimensions:
  - code: work
    label: "=1+1"
    weight: 100
    dimensions:
      - {code: inner, label: "+内", weight: 100, aggregation: geometric, indicators: [
          {code: speed, label: "@快", why: "-3", unit: 起, direction: lower, weight: {officer: 12.50, others: 40}, target: 5.0,
           measure: {kind: count, table: cases, date: received_at, where: {category: ["12", "真", true]}},
           points: {kind: line, start: 100, each: -3, floor: 10}, missing: full, source: "=A1"},
          {code: files, label: 案卷, why: 质量, direction: higher, weight: {officer: 87.50, others: 60},
           measure: {kind: share, table: cases, date: received_at, met: {passed: true}},
           points: {kind: curve, knots: [[0, 0], [100, 100]], floor: 10}, missing: redistribute, source: 依据}]}
outside:
  - code: public
    label: 公共加扣分
    floor: -5
    cap: 2
    lines:
      - {code: praise, label: 表扬, why: 鼓励, direction: higher, levels: [station], effect: add, source: 通报,
         measure: {kind: count, table: notices, date: happened_on}, points: {kind: line, start: 0, each: 1}}
"""


@pytest.fixture
def scheme(tmp_path):
    """Write the nested scheme, whose texts look like formulas and whose decimals have idle zeros."""
    file = tmp_path / "nested.yaml"
    file.write_text(NESTED, "utf-8")
    return file


@pytest.fixture
def table(scheme, tmp_path):
    """Print the nested scheme as a workbook."""
    export_table(scheme, tmp_path / "table.xlsx", "zh")
    return tmp_path / "table.xlsx"


def grids(table):
    """Read every sheet of a workbook as rows."""
    book = CalamineWorkbook.from_path(str(table))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def edited(table, **cells):
    """Copy a workbook with other texts in some cells: 一表="E8=30", several parted by |; None empties a row."""
    sheets = grids(table)
    for name, changes in cells.items():
        for change in changes.split("|"):
            cell, _, text = change.partition("=")
            row, column = xl_cell_to_rowcol(cell)
            sheets[name][row] = [""] * len(sheets[name][row]) if text == "None" else sheets[name][row]
            sheets[name][row][column] = "" if text == "None" else text
    other = table.with_name("edited.xlsx")
    with xlsxwriter.Workbook(str(other)) as file:
        for name, rows in sheets.items():
            sheet = file.add_worksheet(name)
            for row, texts in enumerate(rows):
                for column, text in enumerate(texts):
                    sheet.write_string(row, column, str(text))
    return other


def cell_of(table, text, sheet="一表", column=None):
    """Name the cell that says just this, or the one of its row in another column."""
    rows = grids(table)[sheet]
    row, found = next((r, c) for r, texts in enumerate(rows) for c, said in enumerate(texts) if said == text)
    return f"{column or 'ABCDEFGHI'[found]}{row + 1}"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("file", SCHEMES, ids=lambda file: file.stem)
def test_every_scheme_comes_back_the_same(file, lang, tmp_path):
    """Each scheme of the project, printed and read back, is the same model and the same document."""
    export_table(file, tmp_path / "table.xlsx", lang)
    import_table(tmp_path / "table.xlsx", tmp_path / "back.yaml", force=False)
    assert load(tmp_path / "back.yaml") == load(file)
    assert dump(documents.read(tmp_path / "back.yaml").data) == dump(documents.read(file).data)


def test_texts_like_formulas_and_idle_zeros_come_back(scheme, table, tmp_path):
    """Texts that begin with = + - @ are texts, 12.50 stays 12.50, a number in quotes stays text, nested lines stay nested."""
    import_table(table, tmp_path / "back.yaml", force=False)
    assert documents.read(tmp_path / "back.yaml").data == documents.read(scheme).data
    assert "officer: 12.50" in (tmp_path / "back.yaml").read_text("utf-8")


def test_no_cell_is_a_formula(table):
    """The workbook holds texts only."""
    cells = [cell for rows in grids(table).values() for row in rows for cell in row]
    assert {type(cell) for cell in cells} == {str}
    assert "=1+1" in cells


def test_the_same_scheme_gives_the_same_bytes(scheme, table, tmp_path):
    """Printed twice, the workbook is the same to the byte."""
    export_table(scheme, tmp_path / "again.xlsx", "zh")
    assert (tmp_path / "again.xlsx").read_bytes() == table.read_bytes()


def test_the_table_shows_what_is_signed(table):
    """Title, version, signers, heading, nested lines, weights by level and lines outside the hundred stand on the sheet."""
    rows = grids(table)["一表"]
    assert [row[0] for row in rows[:6]] == ["嵌套", "版本", "决定日期", rows[3][0], rows[4][0], "指标"]
    assert rows[5] == ["指标", "定义", "计分办法", "数据来源", "分值", "目标", "缺失处理", "依据", "代码"]
    assert [row[8] for row in rows[6:12]] == ["work", "inner", "speed", "files", "", "public"]
    assert (rows[8][4], rows[8][5], rows[8][6]) == ("民警 12.50\n其余 40", "5.0起", "计满分")
    assert (rows[1][2:4], rows[2][2:4]) == (["起草", "甲"], ["审核", "乙"])
    assert [row[0] for row in rows[10:]] == ["百分之外：公共加减分与一票否决", "公共加扣分", "表扬", "依据文件", rows[14][0]]
    assert "审核（签字）" in rows[14][0]


def test_edits_on_the_table_are_taken(table):
    """Name, label, weights, target, what happens when missing, source and signers are read back as they were changed."""
    cells = "A1=新名|D2=丙|B3=2025-01-02|A9=快|E9=民警 20\n其余 40|E10=民警 80\n其余 60|F9=6.50起|G9=不参加排名|H9=新依据|F10=95"
    source = scheme_reader.read(edited(table, 一表=cells))
    speed, files = source.scheme.indicators
    assert (source.scheme.title, source.scheme.author, source.scheme.decided_on) == ("新名", "丙", date(2025, 1, 2))
    assert (speed.label, speed.missing, speed.source) == ("快", "not_ranked", "新依据")
    assert speed.weight == {"officer": 20, "others": 40}
    assert (str(speed.target), files.target) == ("6.50", 95)


def test_an_emptied_cell_drops_what_may_be_dropped(table):
    """A target that is cleared is gone."""
    assert scheme_reader.read(edited(table, 一表="F9=")).scheme.indicators[0].target is None


def test_a_rule_is_changed_on_its_own_sheet(table):
    """A rule changed on the sheet of rules is taken, though the sentence on the table still says what it said."""
    cell = cell_of(table, "dimensions.0.dimensions.0.indicators.0.points.each", "规则", "C")
    changed = scheme_reader.read(edited(table, 规则=f"{cell}=-4")).scheme.indicators[0]
    assert changed.points.each == -4


def test_what_is_printed_is_not_read(table):
    """A definition that somebody changed is refused with its cell, what stands there and what should; so are other faults."""
    with pytest.raises(InputError) as refused:
        scheme_reader.read(edited(table, 一表="B9=每起都算|D10=听说|E9=民警 20\n其余 40|G10=看着办"))
    said = str(refused.value)
    assert (
        "edited.xlsx:一表!B9 [table.printed] 此格由规则印出，现为“每起都算”，应为““警情案件”中类别为12或真或是的记录的条数"
        in said
    )
    assert "edited.xlsx:一表!D10 [table.printed]" in said
    assert "请改“规则”表" in said
    assert "edited.xlsx:一表!G10 · dimensions.0.dimensions.0.indicators.1.missing" in said


def test_a_cleared_sentence_is_printed_anew(table):
    """A printed cell may be empty: the rules say what it would say."""
    assert scheme_reader.read(edited(table, 一表="B9=|C9=|D9=")).scheme.indicators[0].code == "speed"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"一表": "E9=民警 20\n其余 40"}, r"一表!A8 · dimensions\.0\.dimensions\.0\.indicators \[weights\.indicators\] .*87\.50"),
        ({"一表": "F9=很多"}, r"一表!F9 · dimensions\.0\.dimensions\.0\.indicators\.0\.target \[document\.value\]"),
        ({"一表": "A9="}, r"一表!A9 · dimensions\.0\.dimensions\.0\.indicators\.0\.label \[document\.missing_key\]"),
        ({"一表": "D3=甲"}, r"一表!D3 · checker \[scheme\.one_person\]"),
        ({"一表": "I9=sped"}, r"一表!I9 \[table\.unknown_row\] 没有代码“sped”；相近的有：speed"),
        ({"一表": "I9="}, r"一表!I9 \[table\.no_code\] 这一行“@快”没有代码"),
        ({"一表": "I10=speed"}, r"一表!I10 \[table\.row_twice\] 代码“speed”出现两行"),
        ({"一表": "A10=None"}, r"一表 \[table\.row_missing\] “案卷”（files）这一行不见了"),
        ({"一表": "F6=目的"}, r"一表!6 \[table\.no_column\] 表头没有“目标”"),
        ({"规则": "B5=a..b"}, r"规则!B5 \[table\.path\] “a\.\.b”不是路径"),
        ({"规则": "B5=title"}, r"规则!B5 \[table\.path_twice\] 路径“title”出现两次"),
        ({"规则": "B5=outside"}, r"规则!C5 \[table\.path_clash\] “outside”既有自己的值，又有下级“outside\.0"),
        ({"规则": "C2=新名"}, r"规则!C2 \[table\.elsewhere\] 此值在“一表”表填写，此格现为“新名”"),
    ],
)
def test_every_fault_names_its_cell(table, cells, said):
    """Whatever is wrong is said with file, sheet and cell, and what would do."""
    with pytest.raises(InputError, match=r"edited\.xlsx:" + said):
        scheme_reader.read(edited(table, **cells))


def test_a_wrong_rule_is_told_with_its_cell_among_the_rules(table):
    """A rule that the language does not know is told with its cell on the sheet of rules, beside all other faults."""
    kind = cell_of(table, "dimensions.0.dimensions.0.indicators.0.points.kind", "规则", "C")
    with pytest.raises(InputError, match=rf"规则!{kind} .*indicators\.0\.points .*lien") as refused:
        scheme_reader.read(edited(table, 规则=f"{kind}=lien", 一表="F9=很多"))
    assert "一表!F9" in str(refused.value)


def test_only_its_own_kind_of_file_is_replaced(scheme, table, tmp_path):
    """A table is printed over a table, never over another file; a scheme that says something else needs force."""
    export_table(scheme, table, "zh")
    with pytest.raises(UsageError, match=r"nested\.yaml 已存在且不是一表"):
        export_table(scheme, scheme, "zh")
    other = tmp_path / "other.yaml"
    other.write_text(NESTED.replace("嵌套", "别的"), "utf-8")
    with pytest.raises(UsageError, match=r"other\.yaml 已存在且内容不同"):
        import_table(table, other, force=False)
    assert import_table(table, other, force=True)[1]
    assert load(other) == load(scheme)


def test_a_file_that_says_the_same_keeps_its_comments(scheme, table):
    """Where nothing was changed, the scheme is left as it is."""
    commented = f"# 说明\n{NESTED}"
    scheme.write_text(commented, "utf-8")
    assert import_table(table, scheme, force=False)[1] is False
    assert scheme.read_text("utf-8") == commented


@pytest.mark.parametrize(("content", "said"), [(b"PK", r"\[table\.unreadable\]"), (None, r"\[document\.not_there\]")])
def test_what_is_no_workbook_is_refused(content, said, tmp_path):
    """A file that is not there, or is no workbook, is said to be so."""
    file = tmp_path / "table.xlsx"
    if content:
        file.write_bytes(content)
    with pytest.raises(InputError, match=said):
        scheme_reader.read(file)


def _edited(table, tmp_path, edit):
    """Write the workbook again with the parts changed; None leaves one out."""
    with zipfile.ZipFile(table) as before, zipfile.ZipFile(tmp_path / "edited.xlsx", "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if (data := edit(name, before.read(name))) is not None:
                after.writestr(name, data)
    return tmp_path / "edited.xlsx"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('<c r="XFD1048576"><v>1</v></c>', r"edited\.xlsx · XFD1048576 \[table\.far_cell\] 这一格离表格太远"),
        ('<c r="B1048576" t="inlineStr"><is><t>x</t></is></c>', r"B1048576 \[table\.far_cell\]"),
        ('<c r="AAA9"><v>1</v></c>', r"AAA9 \[table\.far_cell\]"),
    ],
)
def test_a_cell_far_off_the_table_is_refused(table, tmp_path, cell, words):
    """One cell in the last corner would make the reader ask for room for all before it."""
    row = f'<row r="1048576">{cell}</row></sheetData>'.encode()
    far = _edited(table, tmp_path, lambda name, data: data.replace(b"</sheetData>", row) if "sheet1" in name else data)
    with pytest.raises(InputError, match=words):
        scheme_reader.read(far)


def test_the_looks_of_a_cell_far_off_are_no_matter(table, scheme, tmp_path):
    """A spreadsheet colours whole columns, down to cells that hold nothing."""
    row = b'<row r="1048576"><c r="B1048576" s="1"/></row></sheetData>'
    far = _edited(table, tmp_path, lambda name, data: data.replace(b"</sheetData>", row) if "sheet1" in name else data)
    assert scheme_reader.read(far).scheme == load(scheme)


def test_a_workbook_whose_sheets_are_gone_is_refused(table, tmp_path):
    """It names sheets that it does not hold."""
    torn = _edited(table, tmp_path, lambda name, data: None if "worksheets" in name else data)
    with pytest.raises(InputError, match=r"\[table\.unreadable\] 不是可读的 xlsx 工作簿，或已损坏"):
        scheme_reader.read(torn)


def test_another_workbook_is_refused(tmp_path):
    """A workbook without the sheets of a table names the one it lacks."""
    with xlsxwriter.Workbook(str(tmp_path / "book.xlsx")) as file:
        file.add_worksheet("Sheet1")
    with pytest.raises(InputError, match=r"工作簿没有“一表”表，现有：Sheet1"):
        scheme_reader.read(tmp_path / "book.xlsx")


SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.dates(date(1900, 1, 1))
NUMBERS = st.decimals(places=2, allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(SCALARS | NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
SIGNS = st.text("ab基本: #'\"-1.5=&*!|>%@`{}[],\n")


@settings(max_examples=examples(60), deadline=None)
@given(st.dictionaries(st.text(), DOCUMENTS))
def test_any_document_comes_back_from_its_leaves(document):
    """Whatever a document holds, its rows of path and value make the same document again."""
    rows = [(path(place), format_value(value)) for place, value in leaves(document)] if document else []
    assert build_document((place_of(where), value_of(text)) for where, text in rows) == document


@settings(max_examples=examples(60), deadline=None)
@given(st.dictionaries(SIGNS, SIGNS | NUMBERS))
def test_any_document_comes_back_from_its_yaml(document):
    """Whatever text or decimal is written as YAML reads back the same, by the strict reader."""
    assert documents.scalar(dump(document) or "{}") == document
    assert documents.scalar(dump({"a": Decimal("12.50")}))["a"].as_tuple() == Decimal("12.50").as_tuple()


def test_numbers_that_a_spreadsheet_made_of_texts_are_read(table):
    """A weight, target or day typed into a cell that is no text is read as it would be written."""
    other = table.with_name("typed.xlsx")
    with xlsxwriter.Workbook(str(other), {"default_date_format": "yyyy-mm-dd"}) as file:
        for name, rows in grids(table).items():
            sheet = file.add_worksheet(name)
            for row, texts in enumerate(rows):
                for column, text in enumerate(texts):
                    sheet.write_string(row, column, text)
            if name == "一表":
                sheet.write_number("F9", 6.5)
                sheet.write_datetime("B3", date(2025, 1, 2))
    source = scheme_reader.read(other)
    assert source.scheme.decided_on == date(2025, 1, 2)
    assert source.scheme.indicators[0].target == Decimal("6.5")


def test_the_command_goes_both_ways(scheme, tmp_path, monkeypatch):
    """`fengqiao scheme` prints and reads back, says where, and wants exactly one way."""
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(app, ["scheme", "nested.yaml", "--to", "out/table.xlsx"])
    assert printed.output.startswith("已写出 out/table.xlsx：2 项指标，1 行百分之外")
    read = CliRunner().invoke(app, ["scheme", "back.yaml", "--from", "out/table.xlsx"])
    assert read.output.startswith("已读回 back.yaml：2 项指标")
    assert load(Path("back.yaml")) == load(scheme)
    same = CliRunner().invoke(app, ["scheme", "nested.yaml", "--from", "out/table.xlsx"])
    assert same.output == "nested.yaml 与工作簿内容相同，未改动\n"
    neither = CliRunner().invoke(app, ["scheme", "nested.yaml"])
    assert (neither.exit_code, neither.output) == (2, "--to 和 --from 必须且只能给一个\n")


# A table to start from


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("suffix", [".yaml", ".xlsx"])
def test_a_new_table_has_the_structure_of_the_example_and_nothing_that_is_its_own(tmp_path, lang, suffix):
    """Indicators, weights and limits are those of the example; title, drafters, sources, dates and void months are not."""
    new_table(tmp_path / f"new{suffix}", lang, force=False)
    if suffix == ".xlsx":
        import_table(tmp_path / "new.xlsx", tmp_path / "new.yaml", force=False)
    made, example = (documents.read(path).data for path in (tmp_path / "new.yaml", EXAMPLE))
    assert {key: made[key] for key in made if key not in OWN} == {key: example[key] for key in example if key not in OWN}
    assert set(made) & set(OWN) == {*BLANKS, "version"}
    assert not {made[key] for key in ("title", "author", "checker")} & {example[key] for key in ("title", "author", "checker")}
    assert blanks(load(tmp_path / "new.yaml")) == BLANKS
    assert blanks(load(EXAMPLE)) == ()


def test_a_new_table_replaces_no_file(tmp_path):
    """A file that stands there is left alone, unless --force is given."""
    path = tmp_path / "mine.yaml"
    path.write_text("title: mine\n")
    with pytest.raises(UsageError, match=r"mine\.yaml 已存在且内容不同，不予覆盖"):
        new_table(path, "zh", force=False)
    assert path.read_text() == "title: mine\n"
    assert len(new_table(path, "zh", force=True).indicators) == 15


@pytest.mark.parametrize("words", [["x.yaml", "--new", "y.yaml"], ["--new", "y.txt"], ["--new", "y.yaml", "--to", "z.xlsx"], []])
def test_new_stands_alone(words, tmp_path, monkeypatch):
    """A call that mixes the ways, or names no table, is refused with what would do, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["scheme", *words])
    assert (ran.exit_code, ran.stderr.startswith("--new 单独使用，后面写新文件")) == (2, True)
    assert list(tmp_path.iterdir()) == []
