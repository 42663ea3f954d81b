"""A CSV file is read as it is written: nothing is guessed, passed over or cut, and what cannot be a row is told by its line."""

import pytest

from fengqiao_eval.errors import InputError
from fengqiao_eval.records import csv_files
from fengqiao_eval.records.store import open_records

HEAD = "case_id,unit_id,received_at"
ROWS = "".join(f"K{day},S1,2024-10-0{day} 08:00\n" for day in range(1, 5))
CITIZEN = "王小明 13812345678"


@pytest.fixture
def opened(tmp_path):
    """Open a station and the cases of a file as it is given: text, or bytes."""

    def read(cases: str | bytes):
        (tmp_path / "units.csv").write_text("unit_id,name,level\nS1,一所,station\n", "utf-8")
        (tmp_path / "cases.csv").write_bytes(cases if isinstance(cases, bytes) else cases.encode())
        return open_records(tmp_path, name="records").tables["cases"].to_pandas()

    return read


WIDTH = r"cases\.csv \[records\.row_width\] 有 {} 行的格数与表头不同（行号：格数 {}）；表头在第 1 行，有 {} 格"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}\n{ROWS}{HEAD},category\nK9,S1,2024-10-09,警情\n", WIDTH.format(2, "6: 4; 7: 4", 3)),
        (f"{HEAD}\n{ROWS}{HEAD}\nK9,S1,2024-10-09\n", r"\[records\.heading_again\] 表头在第 6 行又出现一次"),
        (f"# 导出自平台\n{HEAD}\n{ROWS}", WIDTH.format(5, "2: 3; 3: 3; 4: 3; 5: 3; 6: 3", 1)),
        (f"{HEAD}\n{ROWS}合计：4\n", WIDTH.format(1, "6: 1", 3)),
        (f"{HEAD}\n{ROWS}K9,S1,2024-10-09,{CITIZEN}\n", WIDTH.format(1, "6: 4", 3)),
        (f"{HEAD}\n{ROWS}K9,S1,2024-10-09,\n", WIDTH.format(1, "6: 4", 3)),
        (f"{HEAD}\nK0,S1\n{ROWS}K9,S1\n", WIDTH.format(2, "2: 2; 7: 2", 3)),
        (f"{HEAD}\n{ROWS}\n{ROWS}", WIDTH.format(1, "6: 0", 3)),
        (f'{HEAD},note\nK1,S1,2024-10-01,"{CITIZEN}\n二楼"\nK2,S1\n', WIDTH.format(1, "4: 2", 4)),
        (f'{HEAD}\n{ROWS}K9,"S1,{CITIZEN}\n{ROWS}', r"\[records\.quote\] 第 6 行的引号没有成对，或引号之后还有字"),
        (f"{HEAD},x\nK0,S1,2024-10-01,{'长' * 32_768}\n", r"\[records\.long_cell\] 第 2 行有一格超过 32,767 个字符"),
        (f"{HEAD},x\nK0,S1,2024-10-01,{'x' * 3_000_000}\n", r"\[records\.long_cell\] 第 2 行有一格超过 32,767 个字符"),
        (f'{HEAD}\n{ROWS}K9,"S1,{"y" * 140_000}\n{ROWS}', r"\[records\.long_cell\] 第 6 行有一格超过 .*多半是引号没有成对"),
        (f'{HEAD}\n{ROWS}K9,"S1"{CITIZEN},2024-10-09\n', r"\[records\.quote\] 第 6 行的引号没有成对"),
        (f"{HEAD}\r\n" + ROWS, r"\[records\.line_ends\] 第 2 行以 LF 结束，第 1 行以 CRLF 结束"),
        (f"{HEAD}\n{ROWS}K9,S1,2024-10-09\r\n", r"\[records\.line_ends\] 第 6 行以 CRLF 结束，第 1 行以 LF 结束"),
        (f"{HEAD}\n{ROWS[:-1]}\rK9,S1,2024-10-09\n", r"\[records\.line_ends\] 第 5 行以 CR 结束，第 1 行以 LF 结束"),
        (f"{HEAD}\n{ROWS}".encode("utf-16"), r"\[records\.encoding\] 第 1 行不是 UTF-8 文本，像是 UTF-16"),
        (f"{HEAD}\n{ROWS}".encode("utf-16-le"), r"\[records\.encoding\] 第 1 行不是 UTF-8 文本，像是 UTF-16"),
        (f"{HEAD},category\nK1,S1,2024-10-01,警情\n".encode("gbk"), r"\[records\.encoding\] 第 2 行不是 UTF-8 文本，像是 GBK"),
        (f"{HEAD},类别\nK1,S1,2024-10-01,\n".encode("gbk"), r"\[records\.encoding\] 第 1 行不是 UTF-8 文本，像是 GBK"),
        (f"{HEAD}\n{ROWS}".replace(",", ";"), r"\[records\.separator\] 第 1 行以 ; 分隔各格；应为逗号"),
        (f"{HEAD}\n{ROWS}".replace(",", "\t"), r"\[records\.separator\] 第 1 行以 TAB 分隔各格；应为逗号"),
        (f"{HEAD},received_at\n", r"cases\.csv · received_at \[records\.column_twice\] 有 2 列同用此名"),
        (f"{HEAD},Unit_ID\n", r"cases\.csv · unit_id \[records\.column_twice\] 有 2 列同用此名（不分大小写）"),
        (f"{CITIZEN},S1,2024-10-01 08:00\n{ROWS}", r"\[records\.no_heading\] 文件是空的，或第 1 行不是表头"),
        (f"K1,S1,主办{CITIZEN}\nK2,S2,\n", r"\[records\.no_heading\] 文件是空的，或第 1 行不是表头"),
        ("K1,S1,电话138 1234 5678\nK2,S2,\n", r"\[records\.no_heading\] 文件是空的，或第 1 行不是表头"),
        ("", r"\[records\.no_heading\] 文件是空的，或第 1 行不是表头"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_told_by_its_line(opened, text, words):
    """A file that is not all rows under one heading is refused: which line, what was found, what is expected; never a cell."""
    with pytest.raises(InputError, match=words) as refused:
        opened(text)
    assert not any(part in str(refused.value) for part in CITIZEN.split())


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROWS}",
        f"{HEAD}\n{ROWS[:-1]}",
        f"\ufeff{HEAD}\n{ROWS}",
        f"{HEAD}\n{ROWS}".replace("\n", "\r\n"),
        f"{HEAD}\n{ROWS}".replace("\n", "\r"),
        f"{HEAD}\n{ROWS}\n\n",
        f"{HEAD},\n{ROWS}".replace(" 08:00", " 08:00,"),
        f'"case_id","unit_id",received_at\n{ROWS}'.replace("S1", '"S1"'),
    ],
    ids=["plain", "no end of line", "mark of order", "windows", "old mac", "blank at the end", "column without name", "quoted"],
)
def test_every_line_under_the_heading_is_a_row(opened, text):
    """Four lines are four rows, however lines end, cells are quoted, and whether a byte order mark stands before them."""
    cases = opened(text)
    assert cases["case_id"].tolist() == ["K1", "K2", "K3", "K4"]
    assert set(cases["unit_id"]) == {"S1"}


def test_cells_are_kept_whole(opened):
    """A # begins no remark, a quote within a cell and a line end within quotes are part of the cell."""
    written = ["#3", "3#楼", 'a"b', "一楼\n二楼", "a,b", "# x"]
    quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & {"\n", ","} else cell for cell in written]
    rows = "".join(f"#K{number},S1,2024-10-01,{cell}\n" for number, cell in enumerate(quoted))
    cases = opened(f"{HEAD},note\n{rows}")
    assert cases["note"].tolist() == written
    assert cases["case_id"].tolist() == [f"#K{number}" for number in range(6)]


def test_a_quote_that_spans_blocks_is_followed(tmp_path, monkeypatch):
    """Where the bytes of a file are looked at in pieces, what is within quotes stays within quotes."""
    monkeypatch.setattr(csv_files, "BLOCK", 7)
    (tmp_path / "a.csv").write_bytes(b'a,b\r\n1,"x,\r\n""y""\n,"\r\n2,3\r\n')
    found = csv_files.census(tmp_path / "a.csv")
    assert (found.lines, found.commas, +found.ends, found.inside) == (3, 3, {"CRLF": 3}, False)


def test_a_cell_may_be_as_long_as_an_office_can_write_it(opened):
    """Of 32,767 characters none is lost."""
    assert opened(f"{HEAD},x\nK0,S1,2024-10-01,{'长' * 32_767}\n")["x"].str.len().tolist() == [32_767]
