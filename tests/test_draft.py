"""A params file drafted from a folder: what lies there, what it means, and what is unsure; nothing is overwritten."""

import os
import random
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import xlsxwriter

from fengqiao_eval.documents import read
from test_break import ROOT
from test_cli import fengqiao

pytestmark = pytest.mark.slow

UNITS = [
    ["某县公安局派出所名册"],
    ["单位编号", "单位名称", "层级", "上级单位"],
    ["X01", "县局", "县局", ""],
    ["003", "东街派出所", "派出所", "X01"],
    ["014", "河口派出所", "派出所", "X01"],
    ["合计", "2 个所", "", ""],
]
HEAD = ["警情号", "单位编号", "接报时间", "到场时间"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Lay a project with a folder of office files: a roster, two months in workbooks and one in a GBK text."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "notebooks", "notebooks")
    workbook("数据/名册.xlsx", UNITS)
    workbook("数据/10月/接处警.xlsx", [["十月接处警"], HEAD, ["1", "003", "2024-10-05 08:00", "2024-10-05 08:10"]])
    text = "十一月接处警,,,\n" + ",".join(HEAD) + "\n2,3,2024年11月5日 8时00分,2024年11月5日 8时20分\n"
    Path("数据/11月").mkdir()
    Path("数据/11月/接处警.csv").write_bytes(text.encode("gbk"))
    workbook("数据/12月/接处警.xlsx", [["十二月接处警"], HEAD, ["3", 14, "2024.12.5 08:00", "2024.12.5 08:05"]])


def workbook(path: str, *sheets: list[list[object]], names: tuple[str, ...] = ()) -> None:
    """Write sheets of rows."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False})
    for number, rows in enumerate(sheets):
        sheet = book.add_worksheet(names[number] if names else None)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                (sheet.write_string if isinstance(cell, str) else sheet.write_number)(row, column, cell)
    book.close()


def drafted(*words: str) -> tuple[dict, str]:
    """Draft, and give the data of the params file and its text."""
    code, said, refused = fengqiao("draft", *words)
    assert code == 0, refused
    path = Path(re.findall(r"已写 (params/\S+?\.yaml)；请打开", said)[0])
    return read(path).data, path.read_text("utf-8")


# From a folder to a card


def test_three_commands_and_no_edit():
    """The draft is checked and scored as it stands: 003 and 3 are one station, every month and spelling of times is read."""
    data, _ = drafted("数据")
    assert (data["period"], data["records"]) == ("2024Q4", "数据")
    assert fengqiao("check", "params/数据.yaml")[0] == 0
    assert fengqiao("score", "params/数据.yaml")[0] == 0
    measures = pd.read_parquet("runs/数据/measures.parquet").query("indicator == 'arrival_on_time' and period == '2024Q4'")
    found = measures.set_index("unit_id")[["numerator", "denominator"]].astype(int)
    assert found.loc[["X01", "003", "014"]].to_numpy().tolist() == [[2, 3], [1, 2], [1, 1]]


def test_a_draft_says_file_by_file_what_it_found():
    """Which file is which table, where its heading is, what differs from file to file."""
    data, text = drafted("数据")
    assert data["tables"]["units"] == {
        "file": "名册.xlsx",
        "heading": 2,
        "rename": {"单位编号": "unit_id", "单位名称": "name", "层级": "level", "上级单位": "parent_id"},
        "values": {"level": {"县局": "county", "派出所": "station"}},
    }
    cases = data["tables"]["cases"]
    assert cases["file"] == ["10月/接处警.xlsx", {"name": "11月/接处警.csv", "encoding": "gb18030"}, "12月/接处警.xlsx"]
    assert (cases["heading"], cases["rename"]) == (
        2,
        dict(zip(HEAD, ["case_id", "unit_id", "received_at", "arrived_at"], strict=True)),
    )
    assert "# 11月/接处警.csv：警情案件，1 行，把握" in text
    assert "#   第 2 行像是表头" in text


def test_what_no_file_has_is_left_empty_and_what_hangs_on_it_is_named():
    """Columns and tables that the scheme looks at; a word of its filters after which the files are called is taken, and said."""
    data, text = drafted("数据")
    assert data["tables"]["cases"]["set"]["category"] == "警情"
    assert data["tables"]["cases"]["set"]["due_at"] is None
    assert "没有列 category（类别）；文件名或列名写明是“警情”，暂全部作“警情”" in text
    assert re.search("没有列 due_at（.*），暂作空列；靠它计数的 “按期办结率” 无从计分", text)
    assert "# 没有表 visits（走访），“走访真实率” 无从计分" in text


def test_nothing_is_overwritten():
    """A params file and a table that are there stay as they are."""
    Path("params").mkdir()
    Path("params/my_table.yaml").write_bytes((ROOT / "params" / "one_table.yaml").read_bytes())
    drafted("数据")
    before = {path: path.read_bytes() for path in Path("params").iterdir()}
    code, _, said = fengqiao("draft", "数据")
    assert (code, said.strip()) == (2, "params/数据.yaml 已存在，不会覆盖；请用 --to 另起名称")
    assert {path: path.read_bytes() for path in Path("params").iterdir()} == before
    assert drafted("数据", "--to", "params/another.yaml")[0]["scheme"] == "params/my_table.yaml"
    assert before[Path("params/my_table.yaml")] == Path("params/my_table.yaml").read_bytes()


def test_a_draft_that_fails_writes_nothing():
    """No table, no folder, a place that is none for params: refused in words, and nothing is left."""
    Path("leer").mkdir()
    for words, said in (
        (["leer"], r"没有找到一张记录表"),
        (["nowhere"], r"nowhere \[records\.not_there\]"),
        (["数据", "--to", "draft.yaml"], r"参数文件须是 params 文件夹里的 \.yaml 文件"),
        (["数据", "--set", "lang=en"], r"draft 只接受 --set period=…"),
        (["数据", "--set", "period=never"], r"period"),
    ):
        code, _, refused = fengqiao("draft", *words)
        assert code in (1, 2)
        assert re.search(said, refused), refused
    assert not Path("params").exists() or list(Path("params").iterdir()) == []


# The period


@pytest.mark.parametrize(
    ("months", "period"),
    [
        (["2024-07", "2024-08", "2024-09", "2024-10", "2024-11"], "2024Q3"),
        (["2024-11", "2024-12"], "2024-12"),
        (["2024-10", "2024-11", "2024-12", "2099-01", "2099-02", "2099-03"], "2024Q4"),
    ],
)
def test_the_period_is_the_last_quarter_that_is_whole(months, period):
    """A quarter with every month, before today; else the last month. `--set period=` says another."""
    shutil.rmtree("数据/10月")
    shutil.rmtree("数据/11月")
    workbook("数据/12月/接处警.xlsx", [HEAD, *([str(n), "003", f"{month}-05 08:00", ""] for n, month in enumerate(months))])
    assert str(drafted("数据")[0]["period"]) == period
    assert drafted("数据", "--to", "params/b.yaml", "--set", "period=2024Q1")[0]["period"] == "2024Q1"


# What a person must look at


def test_columns_of_citizens_are_left_out_and_named():
    """Names, numbers and addresses of the public are not read, and the draft runs all the same."""
    rows = [
        ["警情号", "报警人电话", "单位编号", "接报时间", "报警人姓名"],
        ["1", "13800138000", "003", "2024-10-05 08:00", "王某"],
    ]
    workbook("数据/10月/接处警.xlsx", rows)
    data, text = drafted("数据")
    assert {"name": "10月/接处警.xlsx", "columns": ["A", "C", "D"]}.items() <= data["tables"]["cases"]["file"][0].items()
    assert "群众身份信息不读，已在 columns 中略去：“报警人电话”, “报警人姓名”" in text
    assert not re.search("13800138000|王某", text)
    assert fengqiao("check", "params/数据.yaml")[0] == 0


def test_sentences_and_places_are_left_out_and_named():
    """Free text may name citizens: rows typed twice that differ only by it are one."""
    rows = [
        ["警情号", "单位编号", "接报时间", "备注"],
        ["1", "003", "2024-10-05 08:00", ""],
        ["1", "003", "2024-10-05 08:00", "王某，重复"],
    ]
    workbook("数据/10月/接处警.xlsx", rows)
    _, text = drafted("数据")
    assert "自由文字里可能有群众信息，不读，已在 columns 中略去：“备注”" in text
    assert "王某" not in text
    assert "units 3、cases 3\n" in fengqiao("check", "params/数据.yaml")[1]


def test_units_that_nobody_listed_are_made_of_the_records():
    """Without a roster: one unit for all spellings of an id, with its commonest name, in a file for a person to look at."""
    Path("数据/名册.xlsx").unlink()
    head = ["警情号", "单位编号", "单位名称", "接报时间"]
    rows = [["1", "003", "东街所", "2024-10-05"], ["2", 3, "东街所", "2024-10-05"], ["3", "００３ ", "", "2024-10-05"]]
    workbook("数据/10月/接处警.xlsx", [head, *rows, ["4", "014", "河口所", "2024-10-05"]])
    data, text = drafted("数据")
    assert data["tables"]["units"] == {"file": "../params/数据_units.csv"}
    assert Path("params/数据_units.csv").read_text("utf-8") == "unit_id,name,level\n003,东街所,station\n014,河口所,station\n"
    assert "没有单位表：由记录里的 5 种写法归出 2 个单位" in text
    assert fengqiao("check", "params/数据.yaml")[0] == 0
    assert (fengqiao("draft", "数据", "--to", "params/数据_units.yaml")[0], Path("params/数据_units_units.csv").exists()) == (
        0,
        True,
    )


def test_words_of_statuses_mean_one_thing():
    """Blanks, typing errors and other words for open and closed; an empty status is open, which is said."""
    words = ["已办结", "已 办结", "己办结", "办结 ", "办理中", "", "移交"]
    rows = [[str(n), "003", "2024-10-05", word] for n, word in enumerate(words)]
    workbook("数据/10月/接处警.xlsx", [["警情号", "单位编号", "接报时间", "状态"], *rows])
    data, text = drafted("数据")
    meant = {"已 办结": "已办结", "己办结": "已办结", "办结 ": "已办结", "办理中": "在办", "": "在办"}
    assert data["tables"]["cases"]["values"] == {"status": meant}
    assert "状态为空的 1 行暂作“在办”（其中 0 行有办结时间" in text


def test_the_last_of_two_headings_is_the_heading():
    """Names in Chinese, and below them in English: the upper row is a title."""
    rows = [
        HEAD,
        ["REC_ID", "UNIT_ID", "CREATE_TIME", "ARRIVED_AT"],
        *([str(n), "003", "2024-10-05 08:00", ""] for n in range(5)),
    ]
    workbook("数据/10月/接处警.xlsx", rows)
    data, _ = drafted("数据")
    assert (
        data["tables"]["cases"]["file"][0] == {"name": "10月/接处警.xlsx", "heading": 2}
        or data["tables"]["cases"]["heading"] == 2
    )
    assert fengqiao("check", "params/数据.yaml")[0] == 0


def test_what_is_no_table_and_what_cannot_be_read_is_named():
    """A sheet of something else, a file of another program, a torn workbook."""
    workbook("数据/食堂.xlsx", [["菜名", "价格"], ["面", 5]])
    Path("数据/报告.wps").write_bytes(b"x")
    Path("数据/坏.xlsx").write_bytes(b"PK\3\4 torn")
    _, text = drafted("数据")
    assert "# 未认出是哪一张表，不读：食堂.xlsx" in text
    assert re.search(r"# 读不了：报告\.wps .*office\.foreign", text)
    assert re.search(r"# 读不了：坏\.xlsx", text)


def test_words_that_nobody_knows_are_named():
    """A status that the dictionary has not is said, with what may be meant."""
    workbook(
        "数据/纠纷.xlsx",
        [["纠纷编号", "单位编号", "受理时间", "预警颜色"], ["1", "003", "2024-10-05", "红"], ["2", "003", "2024-10-06", "紫"]],
    )
    data, text = drafted("数据")
    assert data["tables"]["disputes"]["values"] == {"tier": {"红": "red"}}
    assert "tier 里有不认识的词：“紫”；请在 values 中写明含义（可为 blue, red, yellow）" in text


def test_of_one_name_in_two_formats_one_is_read():
    """As a run would: Parquet before CSV before Excel."""
    pd.DataFrame({"case_id": ["9"], "unit_id": ["003"], "received_at": pd.to_datetime(["2024-10-07"])}).to_parquet(
        "数据/10月/接处警.parquet"
    )
    data, text = drafted("数据")
    assert "10月/接处警.parquet" in [one if isinstance(one, str) else one["name"] for one in data["tables"]["cases"]["file"]]
    assert "10月/接处警.xlsx" not in str(data["tables"]["cases"]["file"])
    assert "10月/接处警.xlsx:Sheet1 与 10月/接处警.parquet 同名，只读后者" in text


def test_sheets_of_one_workbook_may_be_several_tables():
    """Roster and cases in one file: each table names its sheet."""
    workbook("一本/全.xlsx", UNITS, [HEAD, ["1", "003", "2024-10-05 08:00", ""]], names=("名册", "接处警"))
    data, _ = drafted("一本")
    assert data["tables"]["units"] | {"sheet": "名册", "heading": 2} == data["tables"]["units"]
    assert data["tables"]["cases"]["sheet"] == "接处警"
    assert fengqiao("check", "params/一本.yaml")[0] == 0


def test_a_database_is_drafted_from():
    """A DuckDB file: its tables by their columns."""
    with duckdb.connect("记录.duckdb") as base:
        base.execute("CREATE TABLE 单位 AS SELECT '003' 单位编号, '东街' 单位名称, '派出所' 层级")
        base.execute("CREATE TABLE 警情 AS SELECT '1' 警情号, '003' 单位编号, TIMESTAMP '2024-11-05 08:00' 接报时间")
    data, _ = drafted("记录.duckdb")
    assert (data["records"], data["tables"]["cases"]["file"], data["tables"]["units"]["file"]) == ("记录.duckdb", "警情", "单位")
    assert fengqiao("check", "params/记录.yaml")[0] == 0


def test_a_users_words_come_first():
    """params/headings.yaml adds what an office calls its columns."""
    workbook("数据/10月/接处警.xlsx", [["流水", "单位编号", "接报时间"], ["1", "003", "2024-10-05 08:00"]])
    Path("params").mkdir()
    Path("params/headings.yaml").write_text("tables: {cases: {case_id: [流水]}}\n", "utf-8")
    assert drafted("数据")[0]["tables"]["cases"]["rename"]["流水"] == "case_id"


@pytest.mark.parametrize(
    "name",
    ["</script>", "a\u202eb", "=cmd|x", "a: b # c", "x\ny", "“”'\"\\", "{a: 1}", "- x", "*a", "!tag", "x" * 60, "\x1b[2J"],
)
def test_hostile_names_stay_names(name):
    """A heading and a sheet of any signs are read back as they are, and no comment ends before its line does."""
    sheet = re.sub(r"[\[\]:*?/\\\n']", "_", name)[:31]
    workbook("数据/10月/接处警.xlsx", [[*HEAD, name], ["1", "003", "2024-10-05 08:00", "", "y"]], [["z"]], names=(sheet, "other"))
    data, text = drafted("数据")
    first = data["tables"]["cases"]["file"][0]
    assert first["sheet"] == sheet
    assert not re.search("[\u202e\x1b]", text)


# As an evaluator gets them


def test_three_months_of_an_office():
    """Workbooks and a GBK text, titles, 003 and 3, Chinese dates: three commands, no edit, and what its generator drew."""
    given = ROOT.parent / "shared" / "cases" / "walk" / "02" / "考评数据"
    if not given.is_dir():
        pytest.skip("the cases are not beside this checkout")
    shutil.copytree(given, "考评数据")
    drafted("考评数据")
    assert fengqiao("check", "params/考评数据.yaml")[0] == 0
    assert fengqiao("score", "params/考评数据.yaml")[0] == 0
    measures = pd.read_parquet("runs/考评数据/measures.parquet").query("level == 'station' and period == '2024Q4'")
    found = measures.set_index(["unit_id", "indicator"])[["numerator", "denominator"]]
    assert {
        key: tuple(map(int, found.loc[key])) for key in found.index if key[1] in ("arrival_on_time", "recorded_in_24h")
    } == _drawn_by_make()


def _drawn_by_make() -> dict[tuple[str, str], tuple[int, int]]:
    """Draw again what make.py of that case draws, and count it by hand; what was entered after the period is late."""
    drawn = random.Random(1)  # noqa: S311 - the same numbers again
    rows = []
    for month, days in ((10, 31), (11, 30), (12, 31)):
        for unit in ("003", "014", "021", "032", "045"):
            for _ in range(30):
                received = datetime(2024, month, drawn.randint(1, days), drawn.randint(0, 23), drawn.randint(0, 59))
                arrived, recorded = (
                    timedelta(minutes=drawn.choice([8, 10, 12, 14, 25])),
                    timedelta(hours=drawn.choice([1, 3, 10, 30])),
                )
                rows.append((unit, received, arrived, recorded))
    rows = [row for row in rows if row[1] + row[3] < datetime(2025, 1, 1)]
    counted = {}
    for unit in {row[0] for row in rows}:
        those = [row for row in rows if row[0] == unit]
        counted[unit, "arrival_on_time"] = (sum(row[2] <= timedelta(minutes=15) for row in those), len(those))
        counted[unit, "recorded_in_24h"] = (sum(row[3] <= timedelta(hours=24) for row in those), len(those))
    return counted


def test_a_view_without_end_is_not_counted(monkeypatch):
    """Drafting looks at the columns of views, and reads them as a run does: one that has no end is refused, not waited for."""
    monkeypatch.setattr("fengqiao_eval.records.sources.LONGEST_VIEW", 0.5)
    with duckdb.connect("记录.duckdb") as base:
        base.execute("CREATE TABLE 单位 AS SELECT '003' 单位编号, '东街' 单位名称, '派出所' 层级")
        base.execute("CREATE TABLE t AS SELECT range n FROM range(100000)")
        base.execute(
            "CREATE VIEW 警情 AS SELECT a.n 警情号, '003' 单位编号, TIMESTAMP '2024-11-05 08:00' 接报时间"
            " FROM t a, t b, t c, t d WHERE md5(a.n || d.n) = '0'"
        )
    data, text = drafted("记录.duckdb")
    assert "警情：警情案件，? 行" in text
    assert data["tables"]["cases"]["file"] == "警情"
    code, _, refused = fengqiao("check", "params/记录.yaml")
    assert (code, "records.endless_view" in refused) == (1, True)


def test_a_pipe_and_a_number_in_a_name_are_told_and_not_read():
    """A pipe is not waited for; a citizen's number in the name of a file, a sheet or a column is shown by its look alone."""
    os.mkfifo("数据/z.parquet")
    os.mkfifo("数据/z.duckdb")
    workbook("数据/接处警 13800138000.xlsx", [HEAD, ["1", "003", "2024-10-05", ""]])
    workbook("数据/10月/接处警.xlsx", [[*HEAD, "王小明 138 0013 8000"], ["1", "003", "2024-10-05", "", "x"]])
    workbook("数据/12月/接处警.xlsx", [HEAD, ["1", "003", "2024-10-05", ""]], names=("13800138000",))
    _, text = drafted("数据")
    assert len(re.findall(r"读不了：z\.\w+ \[document\.special\]", text)) == 2
    assert "读不了：字字字 99999999999.aaaa [records.citizen_name]" in text
    assert "读不了：12月/接处警.xlsx:99999999999 [records.citizen_name]" in text
    assert not re.search("138 ?0013 ?8000|王小明", text)


def test_a_link_where_a_draft_would_lie_stays():
    """One that leads nowhere is there all the same."""
    Path("params").mkdir()
    Path("params/数据.yaml").symlink_to("nowhere")
    assert fengqiao("draft", "数据")[0] == 2
    assert Path("params/数据.yaml").is_symlink()


# Every file is named


def test_every_file_and_sheet_is_named_as_read_or_not():
    """A heading alone, nothing at all, a file of another kind, numbers: each with its reason, in the file and on the console."""
    Path("数据/空.csv").write_bytes(b"")
    Path("数据/表头.csv").write_text(",".join(HEAD) + "\n", "utf-8")
    Path("数据/通知.bak").write_bytes(b"PK")
    workbook("数据/两张.xlsx", [["甲", "乙"], ["丙", "丁"], ["戊", "己"]], [[1, 2], [3, 4]], names=("词", "数"))
    _, said, _ = fengqiao("draft", "数据")
    text = Path("params/数据.yaml").read_text("utf-8")
    for name, rule in (("空.csv", "draft.empty"), ("表头.csv", "draft.no_heading"), ("通知.bak", "draft.other_kind")):
        assert re.search(rf"# 读不了：{name} .*({rule})", text), text
        assert f"读不了：{name}" in said
    assert re.search(r"# 读不了：两张\.xlsx:数 .*draft\.no_heading", text)


@pytest.mark.parametrize("heading", ["类别（" + "请按系统类别填写，不得空缺，" * 8 + "）", "2024", "x" * 100])
def test_an_odd_cell_in_a_heading_does_not_hide_a_file(heading):
    """A cell of many signs, a word, a year: the row of names that we know is the heading all the same."""
    rows = [[str(n), "003", f"2024-10-{n + 1:02} 08:00", f"2024-10-{n + 1:02} 08:10", "警情"] for n in range(9)]
    workbook("数据/10月/接处警.xlsx", [[*HEAD, heading], *rows])
    data, text = drafted("数据")
    assert "10月/接处警.xlsx" in str(data["tables"]["cases"]["file"])
    assert "# 10月/接处警.xlsx:Sheet1：警情案件，9 行" in text


def test_hidden_sheets_are_named_and_not_read():
    """A copy that somebody has hidden is no second record: it stands as a comment, with the line that would have it read."""
    head = HEAD
    rows = [[str(n), "003", "2024-10-05 08:00", ""] for n in range(3)]
    path = "数据/10月/接处警.xlsx"
    book = xlsxwriter.Workbook(path)
    for name in ("汇总", "底稿"):
        sheet = book.add_worksheet(name)
        for number, row in enumerate([head, *rows]):
            sheet.write_row(number, 0, [f"{name}{row[0]}" if number else row[0], *row[1:]])
    sheet.hide()
    book.close()
    data, text = drafted("数据")
    assert "底稿" not in str(data["tables"])
    assert "# 隐藏的工作表不读：10月/接处警.xlsx:底稿（像是警情案件，3 行）" in text
    assert "units 3、cases 5\n" in fengqiao("check", "params/数据.yaml")[1]


# Day and clock in two columns


@pytest.mark.parametrize(
    "heading",
    [
        [["警情号", "单位编号", "接报日期", "接报时间", "到场日期", "到场时间"]],
        [["警情号", "单位编号", "接警时间", "", "到场时间", ""], ["", "", "日期", "时间", "日期", "时间"]],
        [["警情号", "unit id", "received date", "received time", "arrival date", "arrival time"]],
    ],
)
def test_a_day_and_a_clock_beside_it_are_joined(heading):
    """Whatever the headings, in one row or two: the time is made of both, and said."""
    shutil.rmtree("数据/11月")
    shutil.rmtree("数据/12月")
    rows = [
        [str(n), "003", f"2024-10-{n + 1:02}", "08:00", f"2024-10-{n + 1:02}", "08:20" if n < 2 else "08:05"] for n in range(6)
    ]
    workbook("数据/10月/接处警.xlsx", [*heading, *rows])
    data, text = drafted("数据")
    assert [len(data["tables"]["cases"]["set"][name]) for name in ("received_at", "arrived_at")] == [2, 2]
    assert "合成（set 中的一行）" in text
    assert fengqiao("score", "params/数据.yaml", "--set", "period=2024-10")[0] == 0
    found = pd.read_parquet("runs/数据/measures.parquet").query(
        "indicator == 'arrival_on_time' and unit_id == '003' and period == '2024-10'"
    )
    assert found[["numerator", "denominator"]].astype(int).to_numpy().tolist() == [[4, 6]]


def test_a_half_of_a_time_is_not_taken_for_it():
    """A clock without its day, and a day whose clock stands beside it under another name: told, not read as midnight."""
    head = ["警情号", "单位编号", "接报时间", "到场日期", "到场钟点", "完成时间"]
    rows = [[str(n), "003", f"2024-10-{n + 1:02} 08:00", f"2024-10-{n + 1:02}", "08:10", "09:00"] for n in range(6)]
    for month in ("10月/接处警.xlsx", "11月/接处警.xlsx", "12月/接处警.xlsx"):
        workbook(f"数据/{month}", [head, *rows])
    Path("数据/11月/接处警.csv").unlink()
    data, text = drafted("数据")
    cases = data["tables"]["cases"]
    assert cases["set"]["arrived_at"] == ["到场日期", "到场钟点"]
    assert "closed_at" not in cases["rename"].values()
    assert "不当作时间读：“完成时间”" in text


def test_no_note_and_no_unit_brings_a_citizen_into_a_draft():
    """A note below a table, and a cell of the column of units: neither name nor number is written or shown."""
    Path("数据/名册.xlsx").unlink()
    rows = [[str(n), "003" if n else "王小明13812345678", f"2024-10-{n + 1:02} 08:00", ""] for n in range(5)]
    notes = [["王小明：13812345678"], ["报警人王小明来电反映"]]
    workbook("数据/10月/接处警.xlsx", [HEAD, *rows, *notes])
    _, said, _ = fengqiao("draft", "数据")
    written = "".join(path.read_text("utf-8") for path in Path("params").iterdir())
    assert not re.search("王小明|1381234", said + written)
    assert "有 1 行的单位里像是身份证号或手机号，未列为单位" in said


def test_of_two_headings_for_one_column_the_place_decides_nothing():
    """The one that the dictionary lists first is taken, left or right; the other is told."""
    for number, head in enumerate((["报警时间", "接报时间"], ["接报时间", "报警时间"])):
        row = ["1", "003", "2024-10-05 08:00", "2024-10-05 08:10"]
        workbook("数据/10月/接处警.xlsx", [["警情号", "单位编号", *head], row])
        data, text = drafted("数据", "--to", f"params/n{number}.yaml")
        assert data["tables"]["cases"]["rename"]["接报时间"] == "received_at"
        assert "报警时间" not in data["tables"]["cases"]["rename"]
        assert "列 “报警时间” 也像 received_at，现用的是 “接报时间”" in text


def test_words_that_the_scheme_does_not_know_are_told():
    """A column without the scheme's words, but with others, is told with both, and how one is written as the other."""
    head = ["纠纷编号", "单位编号", "受理时间", "化解期限", "化解时间", "化解结果"]
    rows = [
        [str(n), "003", "2024-10-05 08:00", "2024-10-15 08:00", "2024-10-09 08:00", ("达成协议", "调解不成")[n % 2]]
        for n in range(8)
    ]
    workbook("数据/10月/矛盾纠纷.xlsx", [head, *rows])
    data, text = drafted("数据")
    assert "values" not in data["tables"]["disputes"]
    told = next(line for line in text.splitlines() if "达成协议" in line)
    assert "“协议”" in told
    assert "values" in told


def test_a_plain_csv_file_is_read_as_an_office_wrote_it():
    """UTF-8, the heading in the first row: dates, ids and sums are read as those of any other file, with a receipt."""
    rows = ["1,003,2024年10月5日 8时00分,2024年10月5日 8时10分", "2,3,2024.10.6 08:00,2024.10.6 08:05", "合计,,,"]
    Path("数据/10月/接处警.xlsx").unlink()
    Path("数据/10月/接处警.csv").write_text("\n".join([",".join(HEAD), *rows]) + "\n", "utf-8")
    drafted("数据")
    code, said, refused = fengqiao("score", "params/数据.yaml")
    assert code == 0, refused
    told = next(line for line in said.splitlines() if "10月/接处警.csv" in line and "行" in line)
    assert "合计" in told


def test_what_is_rare_in_a_column_of_words_is_counted_and_not_repeated():
    """What somebody typed into the wrong cell may be a citizen: neither the console nor the file says it."""
    head = ["警情号", "单位编号", "接报时间", "警情类别"]
    rows = [[f"J{n}", "003", f"2024-12-{n:02d} 08:00", "邻里纠纷" if n > 2 else "张三丰"] for n in range(1, 21)]
    shutil.rmtree("数据/10月")
    shutil.rmtree("数据/11月")
    workbook("数据/12月/接处警.xlsx", [head, *rows])
    said, text = fengqiao("draft", "数据")[1], Path("params/数据.yaml").read_text("utf-8")
    assert "张三丰" not in text + said
    assert "“邻里纠纷”，另有 1 个少见或像号码的词未列出" in text


def test_a_month_that_has_only_begun_makes_no_quarter_whole():
    """Two months to their ends and one record of the third: the quarter is not complete, and that is said."""
    days = [*(f"2024-{month:02d}-{day:02d}" for month in (7, 8, 9, 10, 11) for day in (1, 15, 30)), "2024-12-01"]
    shutil.rmtree("数据/10月")
    shutil.rmtree("数据/11月")
    workbook("数据/12月/接处警.xlsx", [HEAD, *([str(n), "003", f"{day} 08:00", ""] for n, day in enumerate(days))])
    params, text = drafted("数据")
    assert params["period"] == "2024Q3"
    assert "2024-12 的记录只到 1 日" in text


def station_sheets(names: tuple[str, ...], path: str = "记录/接处警.xlsx", start: int = 0) -> None:
    """Write a workbook of a sheet a unit, none of which has a column of units: one case, then two, and so on."""
    head = ["警情号", "接报时间", "到场时间"]
    rows = [
        [[f"K{start + 10 * at + n}", "2024-10-05 08:00", "2024-10-05 08:10"] for n in range(at + 1)] for at in range(len(names))
    ]
    workbook(path, *([head, *those] for those in rows), names=names)


def counted(name: str) -> dict[str, int]:
    """Check and score the draft as it stands; give how many cases of each unit were counted."""
    for command in ("check", "score"):
        code, _, refused = fengqiao(command, f"params/{name}.yaml")
        assert code == 0, refused
    found = pd.read_parquet(f"runs/{name}/measures.parquet").query("indicator == 'arrival_on_time' and denominator > 0")
    return found.drop_duplicates("unit_id").set_index("unit_id")["denominator"].astype(int).to_dict()


def test_a_sheet_a_station_is_that_stations_by_its_name():
    """Sheets without a column of units, called as listed units are, by name, number or the beginning of a name."""
    workbook("记录/名册.xlsx", UNITS)
    station_sheets(("东街派出所", "河口", "X01"))
    given, text = drafted("记录", "--to", "params/p.yaml")
    assert [(one["sheet"], one["set"]) for one in given["tables"]["cases"]["file"]] == [
        ("东街派出所", {"unit_id": "003"}),
        ("河口", {"unit_id": "014"}),
        ("X01", {"unit_id": "X01"}),
    ]
    assert "没有单位列，按名称全部记为 014" in text
    assert counted("p") == {"003": 1, "014": 2, "X01": 6}


def test_a_file_a_station_is_that_stations_by_its_name():
    """One workbook a unit, months and words of the table in its name; where no units are listed, they are after these names."""
    station_sheets(("Sheet1",), "记录/2024年10月/城东派出所接处警.xlsx")
    station_sheets(("Sheet1",), "记录/2024年11月/接处警（河西所）.xlsx", 5)
    drafted("记录", "--to", "params/p.yaml")
    assert counted("p") == {"城东派出所": 1, "河西所": 1}


def test_a_sheet_that_is_called_after_no_unit_is_given_to_none():
    """The draft says what to write in the entry of the sheet; `check` refuses what has no unit; two that fit are none."""
    workbook("记录/名册.xlsx", [*UNITS[:5], ["015", "河口镇派出所", "派出所", "X01"]])
    station_sheets(("东街派出所", "河", "10月"))
    given, text = drafted("记录", "--to", "params/p.yaml")
    assert [one.get("set") for one in given["tables"]["cases"]["file"]] == [{"unit_id": "003"}, None, None]
    assert text.count("{name: …, set: {unit_id: 编号}}") == 2
    code, _, refused = fengqiao("check", "params/p.yaml")
    assert (code, "cases.unit_id [records.missing_column]" in refused) == (1, True)


PERSONS = [
    ["序号", "警号", "姓名", "所属派出所", "职务"],
    *[[n, f"0100{n}", f"甲某{n}", "东街派出所", "社区民警"] for n in range(1, 4)],
]


@pytest.mark.parametrize("posted", [False, True])
def test_a_roster_of_persons_is_units_of_level_officer(posted):
    """Number and name side by side, and a unit: each is an officer; with a first day, the file is postings besides."""
    rows = [[*row, "到任日期" if row is PERSONS[0] else "2023-01-01"] if posted else row for row in PERSONS]
    workbook("数据/民警花名册.xlsx", [["民警花名册"], *rows])
    given, text = drafted("数据")
    entry = {"name": "民警花名册.xlsx", "columns": ["B", "C", "D"], "set": {"level": "officer"}}
    assert (given["tables"]["units"]["file"], given["tables"]["units"]["heading"]) == (["名册.xlsx", entry], 2)
    assert ("postings" in given["tables"]) is posted
    assert "人员名册：每人是一个 level 为 officer 的单位" in text
    code, said, refused = fengqiao("check", "params/数据.yaml")
    assert (code, "民警 3" in said) == (0, True), refused


def test_a_name_in_a_table_of_records_is_no_officers():
    """A name beside another's number, in a file that is no roster, or away from the number, is left out as a citizen's."""
    workbook("数据/投诉登记.xlsx", PERSONS)
    workbook("数据/民警名册.xlsx", [["警号", "所属派出所", "职务", "姓名"], ["01009", "东街派出所", "民警", "张某"]])
    given, _ = drafted("数据")
    assert given["tables"]["units"]["file"] == "名册.xlsx"
    assert "甲某" not in Path("params/数据.yaml").read_text("utf-8")


# Tables side by side


def beside(*tables: list[list[object]], gap: int = 1) -> list[list[object]]:
    """Lay tables side by side, with so many empty columns between them."""
    rows = []
    for parts in zip(*tables, strict=True):
        row = [cell for part in parts for cell in [*part, *[""] * gap]]
        rows.append(row[: len(row) - gap])
    return rows


@pytest.mark.parametrize("gap", [0, 1])
def test_tables_side_by_side_are_tables_of_their_own_under_their_units(gap):
    """The same headings twice: each table its columns, and where it has no column of units, the unit of its title."""
    head = ["警情号", "接报时间", "到场时间"]
    rows = [[[f"{side}{n}", "2024-12-05 08:00", "2024-12-05 08:10"] for n in range(4)] for side in "AB"]
    left, right = ([[name, "", ""], head, *those] for name, those in zip(("东街派出所", "河口派出所"), rows, strict=True))
    workbook("记录/名册.xlsx", UNITS)
    workbook("记录/接处警.xlsx", beside(left, right, gap=gap))
    given, text = drafted("记录", "--to", "params/p.yaml")
    after = "D:F" if not gap else "E:G"
    assert given["tables"]["cases"]["file"] == [
        {"name": "接处警.xlsx", "columns": ["A:C"], "set": {"unit_id": "003"}},
        {"name": "接处警.xlsx", "columns": [after], "set": {"unit_id": "014"}},
    ]
    assert f"当作并排的几张表分开读，这一张在 {after} 列" in text
    assert counted("p") == {"003": 4, "014": 4, "X01": 8}


def test_a_title_that_is_no_unit_gives_its_table_to_none():
    """Beside a table that has a unit: the file's own name is not taken for it, and check refuses."""
    tables = [[[name, ""], ["警情号", "接报时间"], ["1", "2024-12-05"]] for name in ("东街派出所", "山口派出所")]
    workbook("记录/名册.xlsx", UNITS)
    workbook("记录/东街派出所接处警.xlsx", beside(*tables))
    given, _ = drafted("记录", "--to", "params/p.yaml")
    assert [one.get("set") for one in given["tables"]["cases"]["file"]] == [{"unit_id": "003"}, None]
    assert fengqiao("check", "params/p.yaml")[0] == 1


# Files of one table that differ


def months(*heads: list[str], cells: tuple[str, ...] = ("2024-{}-05 08:00", "2024-{}-05 08:10")) -> None:
    """Write October to December anew, each with its heading: number, unit, then these cells, the last for all that are left."""
    shutil.rmtree("数据/11月")
    for month, head in zip((10, 11, 12), heads, strict=True):
        row = [f"M{month}", "003", *(cells[min(n, len(cells) - 1)].format(month) for n in range(len(head) - 2))]
        workbook(f"数据/{month}月/接处警.xlsx", [head, row])


def arrived(name: str = "数据") -> list[int]:
    """Check and score; give how many arrivals of the station are known in the quarter, and in time."""
    for command in ("check", "score"):
        code, _, refused = fengqiao(command, f"params/{name}.yaml", "--set", "period=2024Q4")
        assert code == 0, refused
    found = pd.read_parquet(f"runs/{name}/measures.parquet").query("indicator == 'arrival_on_time' and period == '2024Q4'")
    return found.set_index("unit_id").loc["003", ["numerator", "denominator"]].astype(int).tolist()


def test_a_heading_that_nobody_knows_in_one_month_is_offered_in_its_place():
    """The file lacks the column, which is told with what it costs; what stands there is offered, and never taken."""
    months(HEAD, [*HEAD[:3], "民警到点"], HEAD)
    given, text = drafted("数据")
    assert "民警到点" not in given["tables"]["cases"]["rename"]
    assert re.search(r"11月/接处警\.xlsx\S* 没有列 arrived_at（到场时间），.*这 1 行.*“到场时限达标率”", text)
    assert "内容也像的列是 “民警到点”；若就是 arrived_at，请在 rename 中加一行：民警到点: arrived_at" in text
    path = Path("params/数据.yaml")
    path.write_text(
        path.read_text("utf-8").replace("到场时间: arrived_at", "到场时间: arrived_at, 民警到点: arrived_at"), "utf-8"
    )
    assert arrived() == [3, 3]


def test_what_holds_other_cells_is_not_offered_for_a_time():
    """A column of words in the place of a time is none."""
    months(HEAD, [*HEAD[:3], "出警人数"], HEAD)
    workbook("数据/11月/接处警.xlsx", [[*HEAD[:3], "出警人数"], ["M11", "003", "2024-11-05 08:00", "两人"]])
    text = drafted("数据")[1]
    assert "没有列 arrived_at" in text
    assert "出警人数: arrived_at" not in text


def test_a_file_that_lacks_a_column_of_another_is_told_with_what_its_name_says():
    """A ledger with its kinds beside files of one kind: that kind is proposed for their entries, and none is in force."""
    head = ["案件编号", "承办单位", "受理时间", "案件类别"]
    workbook("数据/治安案件台账.xlsx", [head, ["A1", "003", "2024-10-05 08:00", "治安案件"]])
    given, text = drafted("数据")
    assert "category" not in given["tables"]["cases"].get("set", {})
    assert re.search(r"10月/接处警.*，11月/接处警.*，12月/接处警\S* 没有列 category（类别）.*这 3 行", text)
    assert re.search(r"治安案件台账\S* 没有列 arrived_at（到场时间）.*这 1 行.*“到场时限达标率”", text)
    assert "写明是“警情”；若全是，请在 file 的各项里写明，如 {name: 10月/接处警.xlsx, set: {category: 警情}}" in text


def test_two_headings_of_one_column_in_one_month_and_one_of_them_in_another():
    """Each file is told its own: rename says what holds for all, an entry what its file alone means."""
    months([*HEAD, "到达现场时间"], [*HEAD[:3], "到达现场时间"], HEAD)
    given, text = drafted("数据")
    assert given["tables"]["cases"]["file"][1] == {"name": "11月/接处警.xlsx", "set": {"arrived_at": {"from": "到达现场时间"}}}
    assert "到达现场时间" not in given["tables"]["cases"]["rename"]
    assert "列 “到达现场时间” 在这个文件里作 arrived_at" in text
    assert arrived() == [3, 3]


def test_day_and_clock_in_two_columns_in_one_month_alone():
    """Its entry joins them; where a clock is called as the whole time of the others, they say so in theirs."""
    whole = ["警情号", "单位编号", "接报时间", "到场时间"]
    months(whole, whole, whole)
    halves = ["警情号", "单位编号", "接警日期", "接警时间", "到场日期", "到场时间"]
    workbook("数据/11月/接处警.xlsx", [halves, ["M11", "003", "2024-11-05", "23:55", "2024-11-06", "00:05"]])
    given, _ = drafted("数据")
    joined = {"received_at": ["接警日期", "接警时间"], "arrived_at": ["到场日期", "到场时间"]}
    source = {"set": {"arrived_at": {"from": "到场时间"}}}
    assert given["tables"]["cases"]["file"] == [
        {"name": "10月/接处警.xlsx", **source},
        {"name": "11月/接处警.xlsx", "set": joined},
        {"name": "12月/接处警.xlsx", **source},
    ]
    assert arrived() == [3, 3]


def test_a_corrected_copy_is_told_with_what_may_be_done():
    """The same ids at the same times in two files: nothing is decided. At other times they are numbered anew."""
    rows = [[f"M{n}", "003", f"2024-12-0{n} 08:00", "2024-12-05 08:20"] for n in range(1, 6)]
    workbook("数据/12月/接处警.xlsx", [HEAD, *rows])
    workbook("数据/12月/接处警（更正）.xlsx", [HEAD, *([*row[:3], f"{row[2][:-5]}08:05"] for row in rows[:4])])
    workbook("数据/10月/接处警.xlsx", [HEAD, *([row[0], "003", row[2].replace("-12-", "-10-"), ""] for row in rows[:2])])
    given, text = drafted("数据")
    assert "repeated" not in given["tables"]["cases"]
    assert re.search(
        r"12月/接处警（更正）\.xlsx 与 12月/接处警\.xlsx 有 2 个编号相同（前者共 4 个），时间也同.*repeated: last", text
    )
    assert re.search(r"12月/接处警\.xlsx 与 10月/接处警\.xlsx 有 2 个编号相同（前者共 5 个），时间不同", text)


def test_a_month_that_cannot_be_read_is_named_by_its_folder():
    """By the draft, and by check, though nothing at all is read from that folder."""
    shutil.rmtree("数据/10月")
    Path("数据/10月").mkdir()
    Path("数据/10月/接处警.et").write_bytes(b"\xd0\xcf\x11\xe0" + b"0" * 600)
    Path("数据/10月/接处警2.xlsx").write_bytes(b"PK\3\4 torn")
    _, text = drafted("数据")
    assert "# 读不了：10月/接处警.et " in text
    assert "# 读不了：10月/接处警2.xlsx " in text
    said = fengqiao("check", "params/数据.yaml")[1]
    assert "“10月/接处警.et”, “10月/接处警2.xlsx”" in said


def test_where_no_time_is_read_no_records_are_said_to_reach_from_it():
    """The period is the last quarter, and why is said."""
    months(HEAD, HEAD, HEAD, cells=("不详", ""))
    _, text = drafted("数据")
    assert "记录里没有一个读得出的时间；期间暂写 " in text
    assert "从 — 到 —" not in text


def test_a_mark_of_one_month_is_one_in_all():
    """“无” stands for no time where most cells are times; in a month that has nothing else it means the same."""
    months(HEAD, HEAD, HEAD)
    for month, last in ((10, ["2024-10-05 08:10", "2024-10-05 08:10", "无"]), (12, ["无", "无", "不详"])):
        rows = [[f"M{month}-{n}", "003", f"2024-{month}-05 08:00", cell] for n, cell in enumerate(last)]
        workbook(f"数据/{month}月/接处警.xlsx", [HEAD, *rows])
    given, _ = drafted("数据")
    assert given["tables"]["cases"]["marks"] == {"到场时间": {"无": "missing"}}
