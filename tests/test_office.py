"""Files as offices have them are read as their layout says, every row accounted for; nothing is guessed or silent."""

import gzip
import json
import re
import tracemalloc
from contextlib import suppress
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import messy_files
from fengqiao_eval.errors import InputError
from fengqiao_eval.office import bounds, finder, grid
from fengqiao_eval.office.cells import Writing, join_moments, read_column
from fengqiao_eval.office.finder import propose
from fengqiao_eval.office.layout import Layout
from fengqiao_eval.office.table import read_table
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.sources import files_of
from fengqiao_eval.records.store import open_records, read_records
from fengqiao_eval.words import say
from fengqiao_eval.workbooks import scheme_reader
from shared import examples

XML_SHEET = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
def workbook(tmp_path):
    """Write a workbook: sheets of rows; a datetime, date or time becomes one of the sheet, a text with = a formula."""

    def write(*sheets, name="cases.xlsx", merge=(), hidden=(), **options) -> Path:
        book = xlsxwriter.Workbook(str(tmp_path / name), {"default_date_format": "yyyy-mm-dd hh:mm", **options})
        looks = {kind: book.add_format({"num_format": form}) for kind, form in ((date, "yyyy-mm-dd"), (time, "hh:mm"))}
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet()
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(row, column, cell, None, "")
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell, looks.get(type(cell)))
            for place in merge if number == 0 else ():
                sheet.merge_range(place, rows[int(place[1:].split(":")[0]) - 1][ord(place[0]) - 65])
            if number in hidden:
                sheet.hide()
        book.close()
        return tmp_path / name

    return write


def table(path, kinds=None, joins=None, **layout):
    """Read a table: its rows as lists, the heading first; and its receipt, which must balance."""
    found, receipt = read_table(path, Layout(**layout), kinds, joins)
    assert receipt.balanced, receipt
    json.dumps(receipt.data())
    assert receipt.lines("zh")
    assert receipt.lines("en")
    return [found.column_names, *map(list, zip(*(column.to_pylist() for column in found.columns), strict=True))], receipt


LEDGER = [
    ["东街派出所接处警台账"],
    ["制表单位：指挥中心", None, None, "2024年10月"],
    ["单位", "编号", "接报\n时间", "件数"],
    ["东街所", "003", datetime(2024, 10, 1, 8, 12), 2],
    ["", "014", "2024年10月2日 8时12分", 3],
    [None, "小计", None, 5],
    ["西山所", 21.0, 45566.5, 4],
    [],
    ["合 计", None, None, "=SUBTOTAL(9,D4:D7)"],
    ["审核人：", "", "", ""],
]


def test_a_ledger_is_read_as_its_layout_says(workbook):
    """Titles, sums, signatures and blank rows are no records; the name above speaks for an empty cell, ids stay as written."""
    path = workbook(LEDGER)
    rows, receipt = table(path, {"接报时间": "time"}, heading=3, remarks=("审核人*",), fill=("单位",))
    assert rows == [
        ["单位", "编号", "接报时间", "件数"],
        ["东街所", "003", "2024-10-01 08:12:00", "2"],
        ["东街所", "014", "2024-10-02 08:12", "3"],
        ["西山所", "21", "2024-10-01 12:00:00", "4"],
    ]
    assert {name: group.number for name, group in receipt.groups.items() if group.number} == {
        "read": 3,
        "headings": 3,
        "totals": 2,
        "remarks": 1,
        "blanks": 1,
    }
    assert [(one.kind, one.column, one.number, one.first) for one in receipt.repaired] == [
        *(("filled", "单位", 1, (5,)), ("chinese", "接报时间", 1, (5,)), ("serial", "接报时间", 1, (7,)))
    ]
    assert (receipt.check.agreed, receipt.check.differing, receipt.check.uncomputed) == (1, (), ("D9",))


def test_merged_cells_speak_for_all_their_rows(workbook):
    """A name merged over three rows is each row's name, also beside a subtotal that lies within."""
    path = workbook([["单位", "号"], ["一所", 1], ["", 2], ["", "小计"], ["二所", 3]], merge=["A2:A4"])
    assert table(path)[0] == [["单位", "号"], ["一所", "1"], ["一所", "2"], ["二所", "3"]]


def cover(path, *merges):
    """Merge cells of the first sheet as programs do that keep what lies under them; the same one may be said many times."""
    told = "".join(f'<mergeCell ref="{place}"/>' * times for place, times in merges)
    change(path, "xl/worksheets/sheet1.xml", b"</sheetData>", f"</sheetData><mergeCells>{told}</mergeCells>".encode())
    return path


@pytest.mark.parametrize(
    ("merges", "cells"),
    [
        ([("B2:B5", 1)], "B4"),
        ([("A2:B3", 1)], "B2, A3, B3"),
        ([("A1:B1", 1)], "B1"),
        ([("B3:B4", 1)], "B4"),
    ],
)
def test_what_lies_under_merged_cells_is_never_overwritten(workbook, merges, cells):
    """A cell under a merged one that holds something else is seen by nobody: neither it nor what is seen is taken for sure."""
    rows = [["号", "单位"], ["1", "一所"], ["2", "一所"], ["3", "二所"], ["4", ""]]
    with pytest.raises(
        InputError, match=rf"\[office.covered\] 有 {cells.count(',') + 1} 格被合并的格盖住，内容却与所见不同（{cells}）"
    ):
        table(cover(workbook(rows), *merges))


def test_under_merged_cells_what_is_equal_or_empty_is_filled(workbook):
    """The same word under a merged cell is no matter, nor what a row of sums says there."""
    rows = [["号", "单位"], ["1", "一所"], ["2", "一所"], ["3", ""], ["小计", "3"]]
    found, receipt = table(cover(workbook(rows), ("B2:B5", 1)))
    assert found[1:] == [["1", "一所"], ["2", "一所"], ["3", "一所"]]
    assert [(one.kind, one.first) for one in receipt.repaired] == [("filled", (4,))]


@pytest.mark.parametrize(("place", "rows", "width"), [("B2:B2001", 2000, 2), ("A1:ALL1", 3, 1000)])
def test_merged_cells_that_are_said_many_times_cost_nothing(workbook, place, rows, width):
    """A hundred thousand times the same merged cell is one merged cell."""
    names = ["号", "单位", *[""] * (width - 2)]
    path = cover(
        workbook([names, *([str(row), "" if row else "一所", *["x"] * (width - 2)] for row in range(rows))]), (place, 100_000)
    )
    assert len(propose(path)) == (place[0] == "B")
    if place[0] == "B":
        assert {row[1] for row in table(path)[0][1:]} == {"一所"}
    else:
        with pytest.raises(InputError, match=r"office.no_name.*998 列"):
            table(path)


def test_merged_cells_that_overlap_are_refused(workbook):
    """What no program writes is refused before any cell is gone through for each of them."""
    path = cover(workbook([["号", "单位"], *[["1", ""]] * 300]), *((f"A{row}:B301", 1) for row in range(2, 300)))
    with pytest.raises(InputError, match=r"\[office.merges_overlap\] 合并的格互相重叠（298 处）"):
        propose(path)


SUMS = [
    ["编号", "单位", "接报时间", "件数", "备注"],
    ["K1", "一所", "2024-10-01 08:00", "1", "累计"],
    ["K2", "合计", "2024年10月1日 8时", "2", ""],
    ["", "一所", "小计", "3", "—"],
    ["小计", "2起", "", "3", ""],
    ["K3", "二所", "", "1", "合计"],
    ["合计", "", "", "3", "审核人：张三"],
]


@pytest.mark.parametrize(
    ("kinds", "totals"),
    [
        ({"编号": "key", "接报时间": "time"}, (4, 5, 7)),
        ({"接报时间": "time"}, (4, 5, 6, 7)),
        ({"编号": "key"}, (4, 5, 7)),
        ({}, (4, 5, 7)),
    ],
)
def test_a_row_of_sums_needs_more_than_a_word(workbook, kinds, totals):
    """A record whose remark says 合计 has an id or a time, and stays a record; a row of sums has neither."""
    receipt = table(workbook(SUMS), kinds)[1]
    assert receipt.groups["totals"].first == totals


def test_a_heading_of_two_rows_is_read_downwards(workbook):
    """What stands over several columns stands before each of their names; a name over both rows stands once."""
    path = workbook([["编号", "案件", ""], ["", "受理", "办结"], ["1", "2", "3"]], merge=["A1:A2", "B1:C1"])
    assert table(path, heading=(1, 2))[0][0] == ["编号", "案件 受理", "案件 办结"]


@pytest.mark.parametrize(
    ("rows", "layout", "words"),
    [
        ([["标题"], ["a", "b"], ["1", "2"]], {}, r"cases.xlsx:Sheet1 · 1 \[office.no_name\] 有 1 列有内容而表头没有名称（B 列）"),
        ([["a", "A"], ["1", "2"]], {}, r"\[records.column_twice\] 有 2 列同用此名"),
        ([["a", "b"], ["1", "2"]], {"heading": 9}, r"· 9 \[office.no_heading\] 第 9 行不是表头"),
        ([["13812345678", "b"], ["1", "2"]], {}, r"\[office.no_heading\] 第 1 行不是表头"),
        ([["a", "b"], ["1", "2"]], {"fill": ("c",), "formats": {"a": "DD.MM"}}, r"mapping_column\][^$]*\[office.format\]"),
        ([["a"], ["1"]], {"encoding": "gbk", "separator": ";"}, r"encoding \[office.text_only\][^$]*separator \[off"),
        ([["a"], ["1"]], {"sheet": "表"}, r"· sheet \[office.no_sheet\] 没有名为 “表” 的工作表；有：“Sheet1”"),
        ([], {}, r"\[office.empty\] 没有任何内容"),
    ],
)  # fmt: skip
def test_a_layout_that_does_not_fit_is_refused(workbook, rows, layout, words):
    """A title taken for a heading, a name twice, a row that is none: told with the place and what would do."""
    with pytest.raises(InputError, match=words):
        table(workbook(rows), **layout)


def test_several_sheets_are_not_guessed_among(workbook):
    """Where two sheets hold something the layout names one, and the other is told of."""
    path = workbook([["a"], ["1"]], [["b"], ["2"]], [], [["c"], ["3"]], hidden=(3,))
    with pytest.raises(InputError, match=r"\[office.several_sheets\] 有几个工作表都有内容：“Sheet1”, “Sheet2”"):
        table(path)
    rows, receipt = table(path, sheet="Sheet4")
    assert (rows, receipt.sheets_left, receipt.hidden) == ([["c"], ["3"]], ("Sheet1", "Sheet2"), True)


TEXT = "标题\n编号{0}单位\nA1{0}一所\nA2{0}二所\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_decoded_and_cut_strictly(tmp_path, separator, encoding):
    """Each encoding and separator gives the same table."""
    path = tmp_path / "t.txt"
    path.write_bytes(TEXT.format(separator).encode(encoding))
    assert table(path, heading=2)[0] == [["编号", "单位"], ["A1", "一所"], ["A2", "二所"]]
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert table(packed, heading=2)[0] == table(path, heading=2)[0]


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("t.et", b"x", r"t\.et \[office.foreign\] \.et 不能读"),
        ("t.pdf", b"%PDF-1.4", r"\[office.foreign\] \.pdf 不能读"),
        ("t.xls", b"<html><table>", r"\[office.web_page\] 文件名是 \.xls，内容是网页"),
        ("t.xls", XML_SHEET, r"\[office.xml_sheet\] 文件名是 \.xls，内容是 XML 电子表格"),
        ("t.xls", b"MIME-Version: 1.0\nContent-Type: multipart/related", r"\[office.web_page\] 文件名是 \.xls，内容是网页"),
        ("t.xls", "编号\t单位".encode("gbk"), r"\[office.text_inside\] 文件名是 \.xls，内容是文本"),
        ("t.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), r"\[office.encrypted\] 工作簿有密码"),
        ("t.xlsx", b"PK\3\4 broken", r"\[records.unreadable\]"),
        ("t.csv", b"PK\3\4 a workbook", r"\[office.foreign_inside\]"),
        ("t.csv", "编号,单位\n一二三四五六七八九十,".encode()[:-2] + b"\n", r"\[office.no_text\]"),
        ("t.csv", b"a,b\x00\n", r"\[office.no_text\]"),
        ("t.txt", b"a,b;c\n1,2;3\n", r"separator \[office.separator\] 表头可以用不止一种符号分开：, ;"),
        ("t.csv", b"a,b,c\n1,2,3\n4,5\n", r"\[office.row_width\] 有 1 行的格数少于表头（行号：格数 3: 2；应有 3 格）"),
        ("t.csv", b'a,b\n1,"2\n', r"\[records.quote\]"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], r"\[records.unreadable\]"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name(tmp_path, name, raw, words):
    """What cannot be read is named, with what to do; a damaged text is not read as another encoding."""
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InputError, match=words):
        table(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a,b\n" + "," * 70_000 + "\n", "far_cell"),
        ("a,b\n" + ',,,,,,,,,"\n"' * 8000, "far_cell"),
        ("a,b\n" + "\n" * 1_100_000 + "1,2\n", "too_many_rows"),
    ],
)
def test_a_text_that_reaches_too_far_is_refused_before_it_is_cut(tmp_path, text, rule):
    """A row of more cells than there are columns, be it of many lines, and more rows than a sheet has: no room is taken."""
    (tmp_path / "t.txt").write_text(text, "utf-8")
    with pytest.raises(InputError, match=rf"\[office.{rule}\]"):
        table(tmp_path / "t.txt", separator=",")


def test_of_a_long_text_the_beginning_is_looked_at(tmp_path, monkeypatch):
    """What is proposed rests on the first signs; the rows behind them are counted."""
    monkeypatch.setattr(finder, "MUCH", 1000)
    path = tmp_path / "t.txt"
    path.write_text("编号,单位,接报时间\n" + "K1,S1,2024-10-01 08:00\n" * 5000, "utf-8")
    (found,) = propose(path, ["编号", "单位", "接报时间"])
    assert (found.columns, found.rows) == (("编号", "单位", "接报时间"), 5000)


@pytest.mark.parametrize("rows", [500])
def test_notes_that_differ_cost_no_more_than_their_number(tmp_path, rows):
    """Each note is a pattern of its own unless a record begins as it does."""
    path = tmp_path / "t.txt"
    notes = "".join(f"K{n},S1,2024-10-01,8\n第{n}次说明,,,\n" for n in range(rows))
    path.write_text(f"编号,单位,接报时间,件数\n{notes}K,,,\n", "utf-8")
    (found,) = propose(path, ["编号", "单位", "接报时间", "件数"])
    assert (len(found.layout.remarks), "K*" in found.layout.remarks) == (rows, False)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_alike_wherever_a_text_is_parted(tmp_path, end):
    """Rows of a text longer than what is looked at in one go, a line end within quotes among them."""
    path = tmp_path / "t.txt"
    path.write_bytes(f"a,b{end}{''.join(f'K{n:05d},{chr(34)}x{end}y{chr(34)}{end}' for n in range(9000))}".encode())
    found = table(path)[0]
    assert (len(found), found[-1]) == (9001, ["K08999", f"x{end}y"])


def change(path, part, old, new):
    """Change a part of a workbook."""
    with ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts[part] = parts[part].replace(old, new, 1)
    with ZipFile(path, "w", ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, data)


PLACES = st.tuples(st.integers(1, 16_384), st.integers(1, 1_048_576))


@given(st.lists(PLACES, max_size=40), st.booleans())
def test_the_farthest_cell_is_the_same_in_either_way_of_looking(places, alone):
    """Where cells are written as programs do, the quick look finds the farthest row and column that the slow one reads."""
    cells = [b'<c r="%s%d" s="1"><v>7</v></c>' % (bounds._letters(column).encode(), row) for column, row in places]
    text = b'<cols><col min="1"></col></cols><row r="1">' + b"".join(cells) + b'</row><c r="XFD9" s="2"/>' * alone
    slow, quick = bounds._written_places(text), bounds._plain_places(text)
    assert [most.max(initial=0) for most in quick] == [most.max(initial=0) for most in slow]


@pytest.mark.parametrize(
    "cell", [b'<c  r="A1">', b'<c s="1" r="A1">', b'<x:c r="A1">', b'<c r="a1">', b'<c r="AAAA1">', b'<c r="A12345678">']
)
def test_a_cell_that_is_written_otherwise_is_left_to_the_slow_way(cell):
    """The quick look gives no answer where one cell of a block is not written as programs do."""
    assert bounds._plain_places(b'<c r="B2"><v>1</v></c>' + cell + b"<v>1</v></c>") is None


@pytest.mark.parametrize(
    ("cell", "times"),
    [
        (b'<c r="XFD1048576"><v>1</v></c>', 1),
        (b"<c r='AAAA5'><v>1</v></c>", 1),
        (b'<c r="ZZZZZZZZZZZ9"><v>1</v></c>', 1),
        pytest.param(b" ", 1100 << 20, marks=pytest.mark.slow),
    ],
)
def test_a_workbook_that_reaches_too_far_is_refused_before_it_is_read(workbook, cell, times):
    """A cell at the far corner, columns that there are not, a part that unpacks to a thousand megabytes: no room is taken."""
    path = workbook([["a", "b"], ["1", "2"]])
    change(path, "xl/worksheets/sheet1.xml", b"</row></sheetData>", cell * times + b"</row></sheetData>")
    with pytest.raises(InputError, match=r"\[office.far_cell\]"):
        table(path)


def ods(path, rows):
    """Write an OpenDocument sheet of rows of XML."""
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    table_ = f'<table:table table:name="表1">{rows}</table:table>'
    with ZipFile(path, "w", ZIP_DEFLATED) as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("META-INF/manifest.xml", "<m:manifest xmlns:m='urn:m'/>")
        parts.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{table_}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def test_an_open_document_sheet_is_read_and_never_unrolled(tmp_path):
    """Empty rows repeated to the end of the sheet are nothing; a cell repeated a milliard times is refused."""
    cell = '<table:table-cell{} office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{cell.format('', a)}{cell.format('', b)}</table:table-row>" for a, b in ("编名", "1一"))
    nothing = '<table:table-cell table:number-columns-repeated="16384"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048570">{nothing}</table:table-row>'
    assert table(ods(tmp_path / "t.ods", rows + empty))[0] == [["编", "名"], ["1", "一"]]
    wide = cell.format(' table:number-columns-repeated="16000"', "x")
    many = f'<table:table-row table:number-rows-repeated="1000000">{wide}</table:table-row>'
    with pytest.raises(InputError, match=r"\[office.far_cell\]"):
        table(ods(tmp_path / "t.ods", rows + many))


def row(*cells, told=""):
    """Write a row of an OpenDocument sheet: what each cell says, and how often it stands there."""
    written = ((one, "") if isinstance(one, str) else one for one in cells)
    cell = '<table:table-cell{} office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    return f"<table:table-row{told}>{''.join(cell.format(more, text) for text, more in written)}</table:table-row>"


SHEET = '</table:table><table:table table:name="t{}">'
BLANKS = '<text:s text:c="{}"/>'


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (row("x", f"a{BLANKS.format(999_999_999)}b"), r"B2 \[office.long_cell\] 这一格超过 32,767 个字符"),
        (row("x", "a" + BLANKS.format(9_999) * 4), r"B2 \[office.long_cell\]"),
        (row("x", BLANKS.replace('"', "'").format(40_000)), r"B2 \[office.long_cell\]"),
        (row("x", '<text:s text:style-name="&gt;>" text:c="40000"/>'), r"B2 \[office.long_cell\]"),
        (row("x", "长" * 32_768), r"B2 \[office.long_cell\]"),
        (row(("x", ' table:number-columns-repeated="3"'), "y" * 40_000), r"D2 \[office.long_cell\]"),
        (row("x", ("", f' office:string-value="{"y" * 40_000}"')), r"B2 \[office.long_cell\]"),
        (row("x" * 30_000, told=' table:number-rows-repeated="10000"'), r"B10001 \[office.far_cell\]"),
        (row(("x" * 30_000, " table:number-columns-repeated='600'")) * 20, r"\[office.far_cell\]"),
        (row(BLANKS.format(30_000)) * 9_000, r"B8949 \[office.far_cell\]"),
        (row("x", told=" table:number-rows-repeated = '9999999'"), r"B10000000 \[office.far_cell\]"),
        (row(("x", ' table:style-name="&gt;>" table:number-columns-repeated="9999"')), r"\[office.far_cell\]"),
        ("".join(SHEET.format(n) + row(("x", ' table:number-columns-repeated="700"'), told=' table:number-rows-repeated="30000"')
                 for n in range(2)), r"\[office.far_cell\]"),
        ("<!-- <table:table> -->" + row("x"), r"\[records.unreadable\]"),
    ],
    ids=["blanks", "blanks many times", "other quotes", "a tag in a value", "a text", "behind others", "a value", "rows",
         "columns", "rows of blanks", "rows in other quotes", "columns behind a tag in a value", "sheets together", "remarks"],
)  # fmt: skip
def test_what_an_open_document_sheet_says_once_is_counted_as_often_as_it_stands(tmp_path, rows, words):
    """Blanks by their number, cells and rows that are repeated, all sheets together: refused before it is unrolled."""
    path = ods(tmp_path / "t.ods", row("编", "名") + rows)
    tracemalloc.start()
    with pytest.raises(InputError, match=words):
        table(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100 << 20


def test_an_open_document_sheet_may_be_as_long_as_an_office_writes_it(tmp_path):
    """A cell of 32,767 characters, be they blanks, entities or of three bytes; a short one that stands in many rows."""
    long = (f"a{BLANKS.format(32_765)}b", "&#x957f;" * 32_767, "长" * 32_767)
    path = ods(
        tmp_path / "t.ods", row("编", "名", "备") + row(*long) + row("一", "二", "三", told=' table:number-rows-repeated="1000"')
    )
    found = table(path)[0]
    assert (len(found), [len(cell) for cell in found[1]]) == (1002, [32_767] * 3)


def test_a_workbook_in_which_a_part_stands_twice_is_refused(workbook):
    """Each program reads another of the two; upper case is no other name."""
    path = workbook([["a", "b"], ["1", "2"]])
    with ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    with ZipFile(path, "a") as parts:
        parts.writestr("xl/worksheets/Sheet1.xml", sheet)
    with pytest.raises(InputError, match=r"xl/worksheets/Sheet1.xml \[office.doubled_part\] 文件的这一部分有两份") as refused:
        table(path)
    assert "this part stands twice in the file" in refused.value.faults[0].text("en")
    with pytest.raises(InputError, match=r"\[table.doubled_part\] 工作簿的这一部分有两份"):
        scheme_reader.read(path)
    other = ods(path.with_suffix(".ods"), row("a", "b"))
    with ZipFile(other, "a") as parts:
        parts.writestr("Content.xml", "")
    with pytest.raises(InputError, match=r"Content.xml \[office.doubled_part\]"):
        table(other)


@pytest.mark.parametrize("shared", [True, False])
def test_a_cell_that_is_longer_than_any_is_named(workbook, shared):
    """The programs of offices write 32,767 characters and not one more, in a string that is shared or in the cell itself."""
    path = workbook([["a", "b"], ["1", "长" * 32_767]], constant_memory=not shared)
    assert len(table(path)[0][1][1]) == 32_767
    part = "xl/sharedStrings.xml" if shared else "xl/worksheets/sheet1.xml"
    change(path, part, "长长".encode(), "长长长".encode())
    with pytest.raises(InputError, match=r"cases.xlsx:Sheet1 · B2 \[office.long_cell\]") as refused:
        table(path)
    assert "this cell is longer than 32,767 characters" in refused.value.faults[0].text("en")


@pytest.mark.parametrize(("asked", "refused"), [(1, True), (0, False)])
def test_a_long_string_that_many_cells_share_is_counted_as_often_as_it_stands(workbook, asked, refused):
    """Twenty thousand cells of 15,000 characters are refused before they are unrolled; so many short ones are not."""
    path = workbook([["x", "y" * 15_000]])
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{asked}</v></c></row>' for n in range(2, 20_002))
    change(path, "xl/worksheets/sheet1.xml", b"</sheetData>", cells.encode() + b"</sheetData>")
    found = bounds.measure(BytesIO(path.read_bytes()), grid.LIMITS)
    assert found.far == ("xl/sharedstrings.xml" if refused else "")


@pytest.mark.parametrize("line", ["1,{}\n", '1,"{}\n', '1,"{}\n"\n'], ids=["plain", "not closed", "of two lines"])
def test_a_cell_of_a_text_that_is_longer_than_any_is_told_by_its_line(tmp_path, line):
    """Thirty thousand or thirty million characters: a quote that is not closed is not what is told."""
    for long in (32_768, 3_000_000):
        (tmp_path / "t.txt").write_text("a,b\n2,3\n" + line.format("x" * long), "utf-8")
        if long < 100_000 and line.count('"') == 1:
            continue  # it ends with the file, so that the quote is at fault
        with pytest.raises(InputError, match=r"t.txt \[records.long_cell\] 第 3 行有一格超过 32,767 个字符") as refused:
            table(tmp_path / "t.txt")
        assert "a cell of line 3 is longer than 32,767 characters" in refused.value.faults[0].text("en")
    (tmp_path / "t.txt").write_text("a,b\n2," + "x" * 32_767, "utf-8")
    assert len(table(tmp_path / "t.txt")[0][1][1]) == 32_767


@pytest.mark.parametrize(
    ("word", "hours"),
    [
        ("上午", {0: 0, 8: 8, 12: 0, 13: None}),
        ("下午", {0: 12, 3: 15, 12: 12, 15: 15, 24: None}),
        ("凌晨", {0: 0, 2: 2, 12: 0, 10: None}),
        ("早上", {0: 0, 7: 7, 12: None}),
        ("中午", {1: 13, 2: 14, 12: 12, 3: None, 10: None}),
        ("傍晚", {1: None, 3: None, 5: 17, 18: 18, 11: None, 12: None}),
        ("晚上", {0: None, 1: None, 2: None, 5: None, 8: 20, 11: 23, 12: None, 14: None, 20: 20}),
    ],
)
def test_a_part_of_the_day_names_one_hour_or_none(word, hours):
    """Where a word and an hour can mean two hours of a day, or none, the cell stays as it is written, which is a fault."""
    written = [f"2024年10月1日 {word}{hour}点20分" for hour in hours]
    meant = [cell if hour is None else f"2024-10-01 {hour:02d}:20" for cell, hour in zip(written, hours.values(), strict=True)]
    assert read_column(written, Writing("time")).texts == meant
    clocks = [cell.split()[1] for cell in written]
    joined = [f"2024-10-01 {clock}" if cell in written else cell for clock, cell in zip(clocks, meant, strict=True)]
    assert join_moments(["2024-10-01"] * len(clocks), clocks, Writing("time")).texts == joined


@pytest.mark.parametrize("kind", ["number", "whole", "key", "flag", "time", "text"])
@pytest.mark.parametrize("cell", ["5²", "①", "½", "2024-10-0①", "㎡"])
def test_signs_that_are_more_than_wide_are_no_digits(cell, kind):
    """Five squared is not fifty-two: only signs that are wide are made narrow."""
    assert read_column([cell], Writing(kind)).texts == [cell]


@pytest.mark.parametrize("said", [{"heading": True}, {"rows": (True, 3)}, {"totals": ("*",)}, {"remarks": ("* *",)}])
def test_a_layout_that_says_nothing_is_no_layout(said):
    """Yes is no row, and a star alone would take every row."""
    with pytest.raises(ValueError, match=r"heading|rows|totals|remarks"):
        Layout(**said)


@pytest.mark.parametrize(
    ("cells", "layout", "words"),
    [
        ([0.925, "92.5%"], {}, r"“数值” \[office.percent\] 有 1 格写有 %（第 3 行），另 1 格没有"),
        (["92.5", "92.5％", "90%"], {}, r"有 2 格写有 %（第 3, 4 行），另 1 格没有"),
        (["3,5", "1,200"], {"decimal": ","}, r"“数值” \[office.comma\] .*有 1 格如 1,200（第 3 行）"),
        (["92.5%", "", "0", "90%"], {}, ""),
        (["3,5", "1.200", "1.200,5"], {"decimal": ","}, ""),
    ],
)
def test_a_column_of_numbers_has_one_meaning(workbook, cells, layout, words):
    """92.5% beside 0.925, and 1,200 where a comma begins decimals, may be two numbers each."""
    path = workbook([["号", "数值"], *([f"K{number}", cell] for number, cell in enumerate(cells))])
    if words:
        with pytest.raises(InputError, match=words):
            table(path, {"数值": "number"}, **layout)
    else:
        assert len(table(path, {"数值": "number"}, **layout)[0]) == len(cells) + 1


CASES = [
    ["接处警台账"],
    ["编号", "单位编号", "接报日期", "接报时刻", "类别", "投诉数"],
    ["K1", "S1", "2024.10.1", "上午8:05", "警情", "无"],
    ["K2", "S1", date(2024, 10, 2), time(20, 30), "警情", "/"],
    ["合计", "", "", "", "", ""],
]
MAPPED = Mapped(
    heading=2,
    rename={"编号": "case_id", "单位编号": "unit_id", "类别": "category"},
    set={"received_at": ("接报日期", "接报时刻")},
)


def test_records_are_read_from_a_workbook(workbook, tmp_path):
    """A table of a folder may be a workbook: its layout stands under tables, its receipt in the notes."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
    workbook(CASES)
    records = open_records(tmp_path, {"cases": MAPPED}, name="records")
    cases = records.tables["cases"].to_pandas().sort_values("case_id")
    assert cases["received_at"].astype(str).tolist() == ["2024-10-01 08:05:00", "2024-10-02 20:30:00"]
    assert [receipt.balanced for receipt in records.receipts["cases"]] == [True]
    assert [note.key for note in records.notes][:2] == ["receipt", "repaired_joined"]


def test_every_file_of_a_table_is_looked_for_under_any_ending(tmp_path):
    """A run fingerprints what its records lie in: a workbook or a packed text as well, the one that is read first."""
    for name in ("cases.xlsx", "cases.CSV.gz", "cases.et", "cases.docx.bak"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in files_of(tmp_path, "cases", Mapped())] == ["cases.xlsx", "cases.CSV.gz", "cases.et"]
    assert [path.name for path in files_of(tmp_path, "units", Mapped(file="cases.et"))] == ["cases.et"]


def test_a_mark_that_nobody_settled_is_a_fault(workbook, tmp_path):
    """A dash in a column of times is no empty cell until the layout says so."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
    rows = [["K1", "S1", "2024-10-01", ""], ["合计"], ["K2", "S1", "2024-10-01", "—"]]
    workbook([["标题"], ["case_id", "unit_id", "received_at", "closed_at"], *rows])
    faults = read_records(tmp_path, {"cases": Mapped(heading=2)}, name="records")[1]
    assert [(fault.place, fault.rule, fault.given["rows"]) for fault in faults] == [
        ("cases.closed_at", "records.no_time", "5: —")
    ]
    mapped = Mapped(heading=2, marks={"closed_at": {"—": "missing"}})
    assert not read_records(tmp_path, {"cases": mapped}, name="records")[1]


def test_a_layout_of_a_plain_table_is_a_fault(tmp_path):
    """A Parquet file has no sheet and no heading row: to name one is no silence."""
    import pandas as pd  # noqa: PLC0415 - one test writes a Parquet file

    pd.DataFrame({"unit_id": ["S1"], "name": ["一所"], "level": ["station"]}).to_parquet(tmp_path / "units.parquet")
    faults = read_records(tmp_path, {"units": Mapped(heading=2, sheet="x")}, name="records")[1]
    assert [(fault.place, fault.rule) for fault in faults] == [
        *(("tables.units.sheet", "office.no_layout"), ("tables.units.heading", "office.no_layout"))
    ]


def test_of_two_files_of_one_table_the_office_file_is_left(workbook, tmp_path):
    """Parquet comes first, then CSV, then what offices have; that another is there is told."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
    workbook([["unit_id"], ["S9"]], name="units.xlsx")
    records, faults = read_records(tmp_path, name="records")
    assert not faults
    assert [(note.key, note.given["left"]) for note in records.notes if note.key == "twice"] == [("twice", "units.xlsx")]


def value(text, kind):
    """Read what stands in a cell of a table: a time by its parts, a number as one."""
    if text is None or kind is None:
        return text
    if kind in ("whole", "number"):
        return float(text)
    moment = datetime(*map(int, re.findall(r"\d+", text)))
    return moment if kind == "time" else moment.date()


def assert_read(made, layout):
    """A file is read as it is meant, and every row of it is of the group that it was drawn for."""
    found, receipt = read_table(made.path, layout, made.kinds)
    assert receipt.balanced
    kinds = [made.kinds.get(name) for name in found.column_names]
    columns = [[value(cell, kind) for cell in column.to_pylist()] for column, kind in zip(found.columns, kinds, strict=True)]
    assert dict(zip(found.column_names, columns, strict=True)) == made.table
    assert {name: group.number for name, group in receipt.groups.items() if group.number} == dict(made.groups)
    assert {one.kind: one.number for one in receipt.lost} == dict(made.lost)


@pytest.mark.parametrize("seeds", [range(start, start + 40) for start in range(0, 240, 40)])
def test_messy_files_are_read_as_they_are_meant(tmp_path, seeds):
    """Titles, notes, two-row headings, subtotals, marks, dates in all spellings, every encoding: 240 layouts, exact."""
    for seed in seeds:
        made = messy_files.draw(seed, tmp_path)
        assert_read(made, Layout(**made.layout))


@pytest.mark.parametrize("known", [messy_files.KNOWN, ()])
@pytest.mark.parametrize("seeds", [range(start, start + 80) for start in range(0, 240, 80)])
def test_what_is_proposed_for_a_messy_file_reads_it(tmp_path, seeds, known):
    """The heading, sums, notes, marks and separators that are proposed are those that were drawn, names known or not."""
    for seed in seeds:
        made = messy_files.draw(seed, tmp_path)
        (found,) = propose(made.path, known)
        assert_read(made, found.layout)


def test_a_column_has_one_meaning_in_all_files(workbook, tmp_path):
    """92.5% in one month and 0.925 in the next are not told apart by a reader of either; an empty month says nothing."""
    heading = ["unit_id", "indicator", "period", "value"]
    for name, value in (("a", "92.5%"), ("b", 0.925), ("c", None)):
        workbook([heading, ["S1", "x", "2024Q4", value]]).rename(tmp_path / f"{name}.xlsx")
    both = {"figures": Mapped(file=("a", "b", "c"))}
    _, faults = read_records(tmp_path, both)
    told = [fault.text() for fault in faults if fault.rule == "office.percent_files"]
    assert len(told) == 1, faults
    assert re.search(r"b\.xlsx · figures\.value \[office\.percent_files\] 这一列有 1 格没有 %，而 a\.xlsx 中有", told[0])


def test_every_file_of_a_list_may_lie_otherwise(workbook, tmp_path):
    """Months in sheets of one workbook, and one in a text of another encoding: what differs stands at the file."""
    (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
    head = ["case_id", "unit_id", "received_at"]
    workbook([["十月", "", ""], head, ["K1", "S1", "2024-10-01"]], [head, ["K2", "S1", "2024-11-01"]])
    (tmp_path / "十二月.csv").write_bytes("case_id,unit_id,received_at\nK3,S1,2024年12月1日\n".encode("gbk"))
    listed = [
        {"name": "cases.xlsx", "sheet": "Sheet1", "heading": 2},
        {"name": "cases.xlsx", "sheet": "Sheet2"},
        {"name": "十二月", "encoding": "gb18030"},
    ]
    records = open_records(tmp_path, {"cases": Mapped.model_validate({"file": listed})}, name="records")
    assert sorted(records.tables["cases"].case_id.execute()) == ["K1", "K2", "K3"]
    assert [receipt.where for receipt in records.receipts["cases"]] == ["cases.xlsx:Sheet1", "cases.xlsx:Sheet2", "十二月.csv"]
    faults = read_records(tmp_path, {"cases": Mapped.model_validate({"file": [*listed, listed[1]]})}, name="records")[1]
    assert [fault.rule for fault in faults] == ["records.file_twice"]


def proposals(path, known=()):
    """Read every table that is proposed: its heading and rows."""
    return [table(path, **found.layout.model_dump(exclude_defaults=True))[0] for found in propose(path, known)]


def test_several_tables_of_a_sheet_are_each_proposed(workbook):
    """One below the other, and one beside the other: each has its rows, or its columns."""
    below = [
        ["派出所名册"],
        ["编号", "名称"],
        ["001", "一所"],
        ["002", "二所"],
        [],
        ["人员名册"],
        ["警号", "单位", "入职"],
        ["P1", "001", 2019],
    ]
    assert proposals(workbook(below), ("编号", "名称", "警号", "单位", "入职")) == [
        [["编号", "名称"], ["001", "一所"], ["002", "二所"]],
        [["警号", "单位", "入职"], ["P1", "001", "2019"]],
    ]
    beside = [["编号", "件数", "", "编号", "分数"], ["001", 3, "", "009", 88.5], ["002", 4, "", "", ""]]
    assert proposals(workbook(beside)) == [
        [["编号", "件数"], ["001", "3"], ["002", "4"]],
        [["编号", "分数"], ["009", "88.5"]],
    ]


def test_an_order_of_days_and_months_is_proposed_only_where_it_is_certain(workbook):
    """25/10/2024 has its day first; of 05/10/2024 alone nobody knows."""
    path = workbook([["编号", "日期"], ["1", "05/10/2024"], ["2", "25/10/2024"]])
    assert propose(path)[0].layout.formats == {"日期": "dmy"}
    unsure = propose(workbook([["编号", "日期"], ["1", "05/10/2024"]]))[0]
    assert not unsure.layout.formats
    assert "formats: {日期: dmy}" in told_why(unsure)


def told_why(proposal):
    """Put the reasons of a proposal in words."""
    return "\n".join(say(f"note.{note.key}", "en", **note.given) for note in proposal.why)


@pytest.mark.parametrize(
    ("cells", "decimal", "words"),
    [
        ([["3,5", "12"], ["7,8", "3"]], ",", "holds numbers like 3,5, taken for decimals"),
        ([["3,5", "1,200"], ["7,8", "900"]], ".", "commas of thousands"),
        ([["3,5", "1.25"], ["7,8", "2"]], ".", "the comma is not taken for a decimal point"),
        ([["1,200", "3"], ["900", "4"]], ".", ""),
    ],
)
def test_a_comma_begins_decimals_only_where_no_other_column_says_otherwise(workbook, cells, decimal, words):
    """One sign of decimals holds for a file; where two columns differ none is proposed and both are told."""
    found = propose(workbook([["分数", "人数"], *cells]))[0]
    assert found.layout.decimal == decimal
    assert words in told_why(found)
    assert ("like 3,5" in told_why(found)) == bool(words)


def test_a_heading_of_two_rows_that_stands_on_every_page_is_no_record(workbook):
    """A printed ledger says its heading again: both rows of it, or the last alone."""
    heading = [["编号", "接警时间", ""], ["", "日期", "时刻"]]
    rows = [*heading, ["1", "2024-10-01", "8:05"], *heading, ["2", "2024-10-02", "9:10"], heading[1], ["3", "2024-10-03", "7:00"]]
    path = workbook(rows)
    found = propose(path)[0]
    assert (found.layout.heading_rows, found.rows) == ((1, 2), 3)
    read, receipt = table(path, heading=(1, 2))
    assert [row[0] for row in read[1:]] == ["1", "2", "3"]
    assert receipt.groups["headings"].number == 5


OTHERS = {
    "gb18030": "编号,受理时间,镕\n1,2,喆\n",
    "big5": "案件編號,受理時間\n1,2024-10-01\n",
    "shift_jis": "事件番号,受付時刻,担当者\n1,2024-10-01,東\n",
}


@pytest.mark.parametrize("encoding", OTHERS)
def test_a_text_of_another_encoding_is_not_read_as_chinese_that_nobody_writes(tmp_path, encoding):
    """Nearly all bytes of Big5 and Shift-JIS are signs of GB 18030 too: rare ones, by which the file is known and refused."""
    path = tmp_path / "t.csv"
    path.write_bytes(OTHERS[encoding].encode(encoding))
    if encoding == "gb18030":
        assert table(path)[0][0] == ["编号", "受理时间", "镕"]
    else:
        with pytest.raises(InputError, match=r"多半是 Big5、Shift-JIS 等别的编码；请另存为“CSV UTF-8”"):
            table(path)
        assert table(path, encoding="gb18030")[0]  # whoever knows better says so


NAMES = ["</script>", "=cmd|' /C calc'!A0", "../../x", "a\u202eb", "长" * 10_000, "_x0000_", "'; DROP TABLE cases"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_stay_names(tmp_path, name):
    """A heading that is markup, a formula, a path or unseen signs is a name like any other, and cut short where it is told."""
    path = tmp_path / "t.csv"
    path.write_text(f'编号,"{name}"\n1,####\n', "utf-8")
    found, receipt = read_table(path, Layout())
    assert found.column_names[1] == name
    said = "\n".join(receipt.lines("zh")) + json.dumps(receipt.data())
    assert "\u202e" not in said
    assert len(said) < 3000


CELLS = st.one_of(
    st.sampled_from(["", "合计", "小计", "—", "2024.10.1", "####", "９", "1,2", '"', "\n", " ", "a;b", "编号"]),
    st.text(max_size=5),
    st.integers(-5, 99_999).map(str),
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=8)
LAYOUTS = st.fixed_dictionaries(
    {},
    optional={
        "heading": st.one_of(st.integers(1, 5), st.sampled_from([(1, 2), (2, 3)])),
        "columns": st.sampled_from([("A",), ("A:B",), ("B:D",)]),
        "remarks": st.sampled_from([("a*",), ("2*",)]),
        "separator": st.sampled_from([",", ";"]),
        "rows": st.sampled_from([(4, 6), (6, 9)]),
    },
)


def read_or_refuse(path, layout, kinds):
    """Read a table; None where the file is refused."""
    with suppress(InputError):
        return read_table(path, layout, kinds)


@given(ROWS, LAYOUTS, st.sampled_from(["utf-8", "gb18030", "utf-16"]), st.integers(0, 200))
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_receipt_balances_or_the_file_is_refused(tmp_path, rows, layout, encoding, cut):
    """Whatever stands in a file, cut off or whole: every row has its group, or the file is refused with its faults."""
    text = "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' if "," in cell or "\n" in cell else cell for cell in row) for row in rows
    )
    raw = text.encode(encoding, "ignore")
    (tmp_path / "t.csv").write_bytes(raw[: len(raw) - cut] if cut < len(raw) // 2 else raw)
    begin = max(layout["heading"]) if isinstance(layout.get("heading"), tuple) else layout.get("heading", 1)
    if layout.get("rows", (begin + 1,))[0] <= begin:  # the layout itself is refused
        layout.pop("rows")
    result = read_or_refuse(tmp_path / "t.csv", Layout(**layout), dict.fromkeys(["编号", "a;b"], "time"))
    if result is None:
        return
    found, receipt = result
    assert receipt.balanced
    assert found.num_rows == receipt.count("read") + receipt.count("repeated") == len(receipt.numbers)
    with suppress(InputError):  # at another sign than the one settled it may be cut badly
        assert all(0 <= proposal.sure <= 1 for proposal in propose(tmp_path / "t.csv"))


@given(st.binary(max_size=300), st.sampled_from(["t.xlsx", "t.xls", "t.ods", "t.csv", "t.csv.gz"]))
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_any_kind_are_read_or_refused(tmp_path, raw, name):
    """No bytes under any name are more than a fault."""
    (tmp_path / name).write_bytes(raw)
    result = read_or_refuse(tmp_path / name, Layout(), {})
    assert result is None or result[1].balanced


ALMOST = [
    # what is written, kind of its column, what is read
    ("编号", "接报时间", 45566.04236, "time", "2024-10-01 01:01:00"),
    ("编号", "接报时间", "45566.04236", "time", "2024-10-01 01:01:00"),
    ("编号", "实有人口（万人）", 3.2, "whole", "32000"),
    ("编号", "户数(千户)", "4", "whole", "4000"),
    ("编号", "户数(千户)", "4万", "whole", "40000"),
    ("编号", "满意率（百分比）", 95.5, "number", "95.5"),
]


@pytest.mark.parametrize(
    ("key", "name", "cell", "kind", "read"), ALMOST, ids=["serial", "serial as text", "万", "千", "own 万", "per cent"]
)
def test_what_is_nearly_a_number_is_read_as_it_is_meant(workbook, key, name, cell, kind, read):
    """Five decimals of a day are a second; the unit that a heading names is counted, one that a cell names stands for itself."""
    rows, receipt = table(workbook([[key, name], ["K1", cell]]), {name: kind})
    assert rows[1][1] == read
    assert bool(receipt.repaired) == (read != str(cell))


@pytest.mark.parametrize(
    ("rows", "kinds", "layout", "words"),
    [
        ("编号,单位,类别\nK1,003,治安\nK2,一级,014,003\n", {}, {}, r"有 1 行的格数多于表头（行号：格数 3: 4；应有 3 格）"),
        ("编号,单位,类别\nK1,003,治安,\nK2,014,治安,\n", {}, {}, ""),
        ("单位,数值（‰）\n003,955\n", {"数值（‰）": "number"}, {}, r"列名写明单位是 ‰"),
    ],
)
def test_what_has_slipped_in_a_row_is_refused(tmp_path, rows, kinds, layout, words):
    """A comma without quotes moves all that follows; a row that ends in empty cells has moved nothing."""
    path = tmp_path / "t.csv"
    path.write_text(rows, "utf-8")
    if words:
        with pytest.raises(InputError, match=words):
            table(path, kinds, **layout)
    else:
        assert len(table(path, kinds, **layout)[0]) == 3


def test_a_record_is_no_note_whatever_it_begins_with(workbook):
    """注* is said of notes; a row with its id and its time is a record of 注册路派出所."""
    rows = [["单位", "编号", "接报时间"], ["注册路派出所", "K1", "2024-10-01 08:00"], ["注：数据截至月底"]]
    kinds = {"编号": "key", "接报时间": "time"}
    read, receipt = table(workbook(rows), kinds, remarks=("注*",))
    assert (len(read), receipt.groups["remarks"].first) == (2, (3,))


def test_a_row_that_numbers_the_columns_is_of_the_heading(workbook):
    """甲 乙 1 2 below a heading; the same numbers further down, or few of them, are data."""
    rows = [["单位", "类别", "件数", "人数"], ["甲", "乙", 1, 2], ["003", "治安", 4, 5], ["甲", "乙", 1, 2]]
    read, receipt = table(workbook(rows))
    assert (len(read), receipt.groups["headings"].number) == (3, 2)
    assert len(table(workbook([["编号", "件数"], [1, 2], [2, 5]]))[0]) == 3


def test_a_workbook_with_a_chart_is_read(tmp_path):
    """A part that draws is no sheet, however its elements are called."""
    book = xlsxwriter.Workbook(str(tmp_path / "t.xlsx"))
    sheet = book.add_worksheet("S")
    for row, cells in enumerate([["编号", "件数"], ["K1", 3]]):
        sheet.write_row(row, 0, cells)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=S!$B$2:$B$2"})
    sheet.insert_chart("D2", chart)
    book.close()
    assert table(tmp_path / "t.xlsx")[0] == [["编号", "件数"], ["K1", "3"]]


def test_an_id_that_became_a_day_is_told_as_lost(workbook):
    """Excel makes 10-2 a day; which id it was nobody can say."""
    _, receipt = table(workbook([["编号", "件数"], [datetime(2024, 10, 2), 3], ["K2", 4]]), {"编号": "key"})
    assert [(one.kind, one.number, one.first) for one in receipt.lost] == [("id_day", 1, (2,))]


def test_a_mark_is_no_empty_cell_where_that_counts_as_something(workbook, tmp_path):
    """An empty 应办次数 is one duty; 不分管 is none, and is not made one."""
    rows = [
        ["duty_id", "unit_id", "subject_id", "purpose", "due_from", "due_to", "times"],
        ["D1", "S1", "x", "p", "2024-10-01", "2024-12-31", "不分管"],
    ]
    workbook(rows).rename(tmp_path / "duties.xlsx")
    _, faults = read_records(tmp_path, {"duties": Mapped(marks={"times": {"不分管": "not_applicable"}})})
    told = [fault.text() for fault in faults if fault.rule == "office.mark_default"]
    assert len(told) == 1, faults
    assert "这一列的空格按 1 计" in told[0]


@pytest.mark.parametrize("ending", ["CSV", "XLSX", "Txt"])
def test_an_ending_in_upper_case_is_found_by_the_name_that_lies_there(workbook, tmp_path, ending):
    """What a draft writes down as it lies there is found again."""
    folder = tmp_path / "records"
    folder.mkdir()
    path = folder / f"接处警.{ending}"
    if ending == "XLSX":
        workbook([["case_id", "unit_id"], ["K1", "S1"]]).rename(path)
    else:
        path.write_text("case_id,unit_id\nK1,S1\n", "utf-8")
    assert files_of(folder, "cases", Mapped(file=f"接处警.{ending}")) == [path]


def test_a_heading_of_two_rows_is_not_two_tables(workbook):
    """Below 接报 and 到场 a day and a time each: the first column has its name above, so that all is one table."""
    rows = [["号", "接报", "", "", "到场", ""], ["", "日期", "时间", "", "日期", "时间"]]
    rows += [[f"K{n}", "2024-10-01", "08:00", "", "2024-10-01", "08:10"] for n in range(4)]
    assert [one.layout.heading for one in propose(workbook(rows, merge=["B1:C1", "E1:F1"]))] == [(1, 2)]


def test_columns_that_are_not_read_are_counted_by_their_cells(workbook):
    """Those of a row that is empty where it is read are counted too."""
    path = workbook([["号", "甲", "乙"], ["1", "a", "b"], ["", "c", ""]])
    told = [note.given for note in table(path, columns=("A",))[1].notes() if note.key == "columns_left"]
    assert told == [{"file": "cases.xlsx:Sheet1", "count": 2, "names": "“B”, “C”", "cells": "3"}]


def test_a_note_is_known_by_its_colon_where_records_begin_alike(workbook):
    """注：… below records of which some begin with 注册; and what is carried from page to page is a sum."""
    head = ["案由", "编号", "接报时间", "数"]
    rows = [[word, f"K{n}", "2024-10-01 08:00", 1] for n, word in enumerate(["注册公司诈骗", "盗窃", "合计骗款5万", "纠纷"])]
    pages = [["过次页", 4], head, ["承前页", 4], ["斗殴", "K9", "2024-10-02 08:00", 1], ["东街派出所合计数", "", "", 5]]
    (found,) = propose(workbook([head, *rows, *pages, ["注：以上为全部"]]))
    assert (found.layout.remarks, found.rows) == (("注:*",), 5)
    cells, receipt = table(workbook([head, *rows, *pages, ["注：以上为全部"]]), remarks=found.layout.remarks)
    assert [row[1] for row in cells[1:]] == ["K0", "K1", "K2", "K3", "K9"]
    assert (receipt.count("totals"), receipt.count("remarks")) == (3, 1)


def test_times_are_said_once_a_row(workbook):
    """No column of times names a group, be they texts or not."""
    rows = [["单位", "接报时间"], ["东街所", "2024-10-01 08:00"], ["", ""], ["", "2024-10-02 08:00"], ["河口所", ""]]
    (found,) = propose(workbook([[*row, "x"] for row in rows]))
    assert found.layout.fill == ("单位",)
