"""`fengqiao read` writes clean tables from office files, all or nothing; no citizen comes through but as a code."""

import csv
import os
import re
import stat
import sys
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner

from fengqiao_eval.cli import app
from fengqiao_eval.intake.clean import code
from fengqiao_eval.office.finder import propose
from fengqiao_eval.office.layout import Layout

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and names are those of POSIX")
LEDGER = [
    ["东街派出所接处警台账"],
    ["单位", "编号", "接报时间", "件数"],
    ["003", "K1", datetime(2024, 10, 1, 8, 12), 2],
    ["014", "K2", "2024年10月2日 8时12分", "1,200"],
    ["合计", None, None, 1202],
    ["014", "K3", "2024/10/3 9:05", 3],
]
CITIZENS = [
    ["编号", "单位", "接报时间", "报警人电话"],
    ["K1", "003", "2024-10-01 08:12", "138 0013 8000"],
    ["K2", "014", "2024-10-02 08:12", "１３８００１３８０００"],
    ["K3", "014", "2024-10-03 08:12", ""],
]
CARD = "11010519491231002X"


@pytest.fixture(autouse=True)
def records(tmp_path, monkeypatch):
    """Work beside a folder of records."""
    (tmp_path / "records").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "records"


def workbook(path, **sheets):
    """Write a workbook of sheets of rows."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm", "strings_to_formulas": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(row, column, cell)
    book.close()
    return path


def text(path, rows, encoding="utf-8"):
    """Write a CSV file of rows."""
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding)
    return path


def read(*given, to="clean"):
    """Run the command; give its exit code and what it said."""
    done = CliRunner().invoke(app, ["read", *map(str, given), "--to", str(to)])
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def rows(name, to="clean"):
    """Read a clean table back."""
    return list(csv.reader(Path(to, name).read_text("utf-8").splitlines()))


def listed(folder="."):
    """Name what lies in a folder."""
    return sorted(path.name for path in Path(folder).iterdir())


# What is written


def test_a_ledger_becomes_a_plain_table(records):
    """The heading is plain, times are ISO, numbers plain and ids as written; titles and sums are gone and counted."""
    done, said = read(workbook(records / "十月.xlsx", 接处警=LEDGER))
    assert done == 0, said
    assert rows("十月.csv") == [
        ["单位", "编号", "接报时间", "件数"],
        ["003", "K1", "2024-10-01 08:12:00", "2"],
        ["014", "K2", "2024-10-02 08:12", "1200"],
        ["014", "K3", "2024-10-03 09:05", "3"],
    ]
    assert "表头在第 2 行（把握" in said
    assert "6 行 = 读入 3 + 与前面重复 0 + 标题和表头 2 + 合计 1" in said


def test_every_sheet_and_file_has_a_table_of_its_own(records):
    """Sheets of a workbook are told by name, files of one name by their folders; none takes the place of another."""
    (records / "11月").mkdir()
    workbook(records / "台账.xlsx", 东街=LEDGER, 河口=LEDGER)
    text(records / "11月" / "台账.csv", CITIZENS[:1])
    text(records / "台账.csv", [row[:3] for row in CITIZENS], "gb18030")
    text(records / "11月" / "台账.csv", [row[:3] for row in CITIZENS])
    done, said = read(records / "台账.xlsx", records / "台账.csv", records / "11月" / "台账.csv")
    assert done == 0, said
    assert listed("clean") == ["11月-台账.csv", "read.html", "台账-东街.csv", "台账-河口.csv", "台账.csv"]


def test_formulas_are_made_harmless_and_counted(records):
    """A cell or a name that a spreadsheet would run has an apostrophe before it; a number below nought is none."""
    cells = [["编号", "=备注", "增减"], ["K1", "=cmd|' /C calc'!A0", "-5"], ["K2", "好", "3"]]
    done, said = read(text(records / "a.csv", cells), "--heading", 1)
    assert done == 0, said
    assert rows("a.csv") == [["编号", "'=备注", "增减"], ["K1", "'=cmd|' /C calc'!A0", "-5"], ["K2", "好", "3"]]
    assert "有 1 格以公式符号开头" in said


def test_what_is_no_time_in_a_column_of_times_is_counted(records):
    """A cell that cannot be read stays as it is written, and the console says how many do."""
    cells = [*(row[:3] for row in CITIZENS), ["K4", "014", "不详"]]
    done, said = read(text(records / "a.csv", cells))
    assert done == 0, said
    assert rows("a.csv")[-1] == ["K4", "014", "不详"]
    assert "“接报时间” 有 1 格不是时间" in said


def test_the_receipt_lies_beside_the_tables(records):
    """read.html says what the console said, of every file."""
    assert read(workbook(records / "十月.xlsx", 接处警=LEDGER))[0] == 0
    page = Path("clean", "read.html").read_text("utf-8")
    for part in ("十月.xlsx:接处警", "相加相符", "写作 2024年10月1日 一类", "表头在第 2 行"):
        assert part in page


@posix
def test_the_folder_is_its_owners_alone(records):
    """Folder, page and key are closed to others from the beginning, whatever the umask."""
    before = os.umask(0)
    try:
        assert read(text(records / "a.csv", CITIZENS), "--code", "报警人电话", "--key", "my.key")[0] == 0
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE(Path(name).stat().st_mode) for name in ("clean", "clean/read.html", "my.key")}
    assert modes == {"clean": 0o700, "clean/read.html": 0o600, "my.key": 0o600}


# What is refused


def test_nothing_is_overwritten(records):
    """A folder that is there is left alone, were it empty."""
    Path("clean").mkdir()
    done, said = read(workbook(records / "a.xlsx", s=LEDGER))
    assert done == 2
    assert "clean 已存在，不会覆盖" in said
    assert listed("clean") == []


def test_all_or_nothing_is_written(records):
    """One file that cannot be read keeps all from being written, and every fault of every file is told at once."""
    good, bad = workbook(records / "a.xlsx", s=LEDGER), text(records / "b.csv", CITIZENS)
    (records / "c.csv").write_bytes(b"\xff\xff\x00")
    done, said = read(good, bad, records / "c.csv", records / "gone.csv")
    assert done == 1
    assert [name for name in ("b.csv", "c.csv", "gone.csv") if name in said] == ["b.csv", "c.csv", "gone.csv"]
    assert listed() == ["records"]


def test_a_disk_that_fails_leaves_nothing(records, monkeypatch):
    """Where writing fails neither the folder nor the new key is left."""

    def fail(*_):
        raise OSError(28, "No space left on device", "clean")

    monkeypatch.setattr("fengqiao_eval.intake.clean.receipts.write", fail)
    assert read(text(records / "a.csv", CITIZENS), "--code", "报警人电话", "--key", "my.key")[0] == 3
    assert listed() == ["records"]


def test_an_unsure_heading_is_refused_until_it_is_named(records):
    """Where no row is surely the heading the likely ones are named, and nothing is read; --heading settles it."""
    path = text(records / "a.csv", [["甲", "乙"], ["丙", "丁"], ["戊", "己"]])
    assert propose(path)[0].sure < 0.5
    done, said = read(path)
    assert done == 1
    assert re.search(r"a\.csv · 1 \[clean\.unsure\].*可能是第 1, 2", said)
    assert not Path("clean").exists()
    assert read(path, "--heading", 2)[0] == 0
    assert rows("a.csv") == [["丙", "丁"], ["戊", "己"]]


def test_a_heading_where_nothing_stands_finds_no_table(records):
    """A row that a person names and the file does not have is told."""
    done, said = read(text(records / "a.csv", CITIZENS[:2]), "--heading", 9)
    assert done == 1
    assert "clean.no_table" in said


def test_an_encoding_is_obeyed_or_refused(records):
    """A file is decoded by the encoding that is named, and by no other; one that there is not is wrong usage."""
    path = text(records / "a.csv", [row[:3] for row in CITIZENS], "gb18030")
    assert read(path, "--encoding", "latin-1")[0] == 2
    assert read(path, "--encoding", "utf-8")[0] == 1
    done, said = read(path, "--encoding", "gb18030")
    assert done == 0, said
    assert rows("a.csv")[0] == ["编号", "单位", "接报时间"]


# Citizens


@pytest.mark.parametrize("heading", ["报警人电话", "身份证号", "姓名", "住址", "caller_name", "sfzh"])
def test_a_column_of_citizens_is_refused_by_its_name(records, heading):
    """A column called so is refused though its cells show nothing; no cell of it is printed."""
    done, said = read(text(records / "a.csv", [[*CITIZENS[0][:3], heading], *([*row[:3], "秘密"] for row in CITIZENS[1:])]))
    assert done == 1
    assert f"a.csv · “{heading}” [clean.citizen_column]" in said
    assert "秘密" not in said
    assert not Path("clean").exists()


@pytest.mark.parametrize("cell", ["13800138000", CARD, "致电 １３８-００１３-８０００ 无人接", "138.0013.8000"])
def test_a_column_with_a_citizens_number_is_refused_by_its_cells(records, cell):
    """However it is called and whatever stands around the number; the number is counted and not printed."""
    done, said = read(text(records / "a.csv", [[*CITIZENS[0][:3], "情况"], *([*row[:3], cell] for row in CITIZENS[1:])]))
    assert done == 1
    assert re.search(r"“情况” \[clean\.citizen_cells\] 有 3 格", said)
    assert cell not in said


def test_a_coded_column_holds_codes_and_no_number(records):
    """One person has one code in every spelling, blanks stay blank, and neither console nor page says a number."""
    path = text(records / "a.csv", CITIZENS)
    done, said = read(path, "--code", "报警人电话", "--key", "my.key")
    assert done == 0, said
    one, two, three = (row[3] for row in rows("a.csv")[1:])
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert (one, three) == (two, "")
    assert "有 2 格换成了代码，共 1 个不同的代码" in said
    told = said + Path("clean", "read.html").read_text("utf-8") + Path("clean", "a.csv").read_text("utf-8")
    assert not re.search("138 ?0013|１３８", told)


def test_the_same_key_gives_the_same_codes_and_another_key_others(records):
    """Tables of two months meet by their codes; who makes a new key starts anew."""
    path = text(records / "a.csv", CITIZENS)
    for to, key in (("one", "my.key"), ("two", "my.key"), ("three", "new.key")):
        assert read(path, "--code", "报警人电话", "--key", key, to=to)[0] == 0
    assert rows("a.csv", "one") == rows("a.csv", "two")
    assert rows("a.csv", "one") != rows("a.csv", "three")


def test_a_code_is_that_of_rfc_2104():
    """Whoever has key and number can reckon the code with any tool: HMAC-SHA-256, the first 32 signs."""
    assert code("\tJe fe", b"k" * 16) == code("JEFE", b"k" * 16)
    # openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkk over JEFE
    assert code("JEFE", b"k" * 16) == "6aa2ecb71955fc40490d89ad74a83bb3"
    assert code("　\u200b", b"k" * 16) is None


def test_digits_that_are_lost_are_not_coded(records):
    """A number whose last digits are gone would give two persons one code: the column is refused with its rows."""
    path = text(records / "a.csv", [CITIZENS[0], *([*row[:3], "1.38E+10"] for row in CITIZENS[1:])])
    done, said = read(path, "--code", "报警人电话", "--key", "my.key")
    assert done == 1
    assert re.search(r"\[clean\.code_lost\] 有 3 格的内容已丢失（第 2, 3, 4 行）", said)
    assert not Path("my.key").exists()


def test_a_column_that_no_file_has_is_refused(records):
    """--code names a column of the heading, else the nearest are told."""
    done, said = read(text(records / "a.csv", [row[:3] for row in CITIZENS]), "--code", "接报时", "--key", "my.key")
    assert done == 1
    assert "“接报时” [clean.no_column]" in said
    assert "接报时间" in said


@pytest.mark.parametrize("given", [("--code", "报警人电话"), ("--key", "my.key")])
def test_code_and_key_go_together(records, given):
    """Neither is taken without the other."""
    done, said = read(text(records / "a.csv", CITIZENS), *given)
    assert done == 2
    assert "--code 和 --key 须同时写明" in said


# The key


@pytest.mark.parametrize("place", ["records/my.key", "clean/my.key", "records/../records/my.key"])
def test_a_key_beside_records_is_refused(records, place):
    """Neither in the folder of the records nor where the tables go, however the path is written."""
    done, said = read(text(records / "a.csv", CITIZENS), "--code", "报警人电话", "--key", place)
    assert done == 1
    assert "clean.key_place" in said
    assert not Path(place).exists()


@posix
@pytest.mark.parametrize(
    ("content", "mode", "rule"),
    [(b"k" * 32, 0o640, "key_open"), (b"k" * 32, 0o604, "key_open"), (b"k" * 15, 0o600, "key_none"), (b"", 0o600, "key_none")],
)
def test_a_key_that_is_none_or_open_is_refused(records, content, mode, rule):
    """A key that others may read, or that is too short, is told and left as it is."""
    Path("my.key").write_bytes(content)
    Path("my.key").chmod(mode)
    done, said = read(text(records / "a.csv", CITIZENS), "--code", "报警人电话", "--key", "my.key")
    assert done == 1
    assert f"clean.{rule}" in said
    assert Path("my.key").read_bytes() == content


@posix
def test_a_key_is_no_link_and_no_device(records):
    """What leads elsewhere, or never ends, is no key."""
    Path("real.key").write_bytes(b"k" * 32)
    Path("real.key").chmod(0o600)
    Path("my.key").symlink_to("real.key")
    path = text(records / "a.csv", CITIZENS)
    for key in ("my.key", "/dev/zero", "."):
        done, said = read(path, "--code", "报警人电话", "--key", key)
        assert done in (1, 2), said
        assert not Path("clean").exists()


# Hostile names


@posix
def test_hostile_names_of_files_sheets_and_columns_stay_names(records):
    """No name leaves the folder, becomes a tag, a formula or a command of the console, or is longer than a disk takes."""
    bad = "=cmd|<b>\u202e&\x1b[2J"
    names = ["..%2F..%2Fx.csv", f"{bad}.csv", "长" * 60 + ".csv", "a\udcff.csv", "NUL.csv", "-rf.csv", "index.csv"]
    for name in names:
        text(records / name, [["编号", "单位", "接报时间", "x<script>y"], ["K1", "003", "2024-10-01 08:12", "\u202e"]])
    sheet = workbook(records / "s.xlsx", **{"=1+1 <i>\u202e": LEDGER, "..": LEDGER})
    done, said = read(*(records / name for name in names), sheet)
    assert done == 0, said
    there = [os.fsencode(name) for name in listed("clean")]
    assert len(there) == len(names) + 3
    assert all(len(name) < 200 and not re.search(rb"[/<>|&\x00-\x1f]", name) for name in there)
    assert not re.search("[\x1b\u202e\ud800-\udfff]", said)
    page = Path("clean", "read.html").read_text("utf-8")
    assert not re.search("<script>|<b>|<i>|[\x00\x1b\u202e]", page)


def test_a_heading_that_is_told_is_certain(records):
    """A person's word about the heading is not weighed against the finder's own."""
    path = workbook(records / "a.xlsx", s=LEDGER)
    found = propose(path, told=Layout(heading=2))
    assert [(one.layout.heading, one.sure) for one in found] == [(2, 1.0)]


def test_a_hidden_sheet_is_named_and_not_read(records):
    """A copy that somebody has hidden is not written as a table; where all are hidden nothing is."""
    book = xlsxwriter.Workbook(str(records / "账.xlsx"))
    for name, hidden in (("10月", False), ("旧", True)):
        sheet = book.add_worksheet(name)
        for row, cells in enumerate([["单位", "编号", "件数"], ["003", "K1", 2], ["014", "K2", 3]]):
            sheet.write_row(row, 0, cells)
        if hidden:
            sheet.hide()
    book.close()
    code, said = read(records / "账.xlsx")
    assert (code, len(list(Path("clean").glob("*.csv")))) == (0, 1), said
    assert "隐藏的工作表 “旧”（2 行）没有读" in said
    assert "隐藏的工作表 “旧”（2 行）没有读" in Path("clean", "read.html").read_text("utf-8")


def test_the_folder_around_must_be_there(records):
    """A place that nobody made is told by its own name, and nothing is written."""
    text(records / "a.csv", [["单位", "编号"], ["003", "K1"]])
    code, said = read(records / "a.csv", to="no/such/clean")
    assert (code, "no/such 不存在；请先新建" in said.replace("\n", "")) == (2, True), said


def test_only_merged_cells_are_filled(records):
    """What looks as if it were said once for several rows stays empty, which is told: the row may be a sum of some kind."""
    head, sums = ["单位", "编号", "数"], ["其中：夜间", None, 1]
    path = workbook(records / "a.xlsx", Sheet1=[head, ["东街所", "K1", 1], [None, "K2", 1], [None, "K3", 1], sums])
    code, said = read(path)
    assert code == 0, said
    assert [row[:2] for row in rows("a.csv")[1:]] == [["东街所", "K1"], ["", "K2"], ["", "K3"], ["其中：夜间", ""]]
    assert "但不是合并的格，照原样留空" in said
