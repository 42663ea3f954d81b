"""The page read.html says of every file what became of each row; hostile names stay words, and it is its owner's alone."""

import json
import re
import stat
import sys
from html.parser import HTMLParser

import pytest

from fengqiao_eval.office.receipt import CellCount, Receipt, RowCount, TotalsCheck
from fengqiao_eval.pages import receipts, run_screen
from fengqiao_eval.records.identifiers import Match
from fengqiao_eval.records.store import read_records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.words import catalogue
from resumed import go, project
from run_folders import write_run

HOSTILE = "</script><script>alert(1)</script>\u202e=cmd|' /C calc'!A0\x00\udcff../../x"
GROUPS = {"read": 4, "repeated": 1, "headings": 3, "totals": 2, "remarks": 1, "blanks": 1, "outside": 0}


def receipt(name="十月.xlsx", sheet="接处警", rows=12, **more):
    """Make a receipt of a sheet of twelve rows."""
    groups = {group: RowCount(number, tuple(range(5, 5 + number))) for group, number in GROUPS.items()}
    found = {
        "repaired": (CellCount("chinese", "接报时间", 7, (5, 6, 7, 8, 9)),),
        "lost": (CellCount("digits", "编号", 2, (6, 8)),),
        "check": TotalsCheck(3, ("D9",), ("D12",)),
        "columns": ("编号", "接报时间"),
        "left_out": ("G",),
        "hidden_columns": ("备注",),
        "hidden_rows": RowCount(2, (6, 7)),
        "sheets_left": ("草稿",),
    }
    return Receipt(name, sheet, "XLSX", rows, groups, **(found | more))


class Text(HTMLParser):
    """The words of a page, cell by cell, and the tags that stand in it."""

    def __init__(self, page):
        """Read a page."""
        super().__init__()
        self.words, self.tags, self.inside = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, _attrs):
        """Keep a tag."""
        self.tags.append(tag)
        self.inside = tag

    def handle_data(self, data):
        """Keep words, but those of the style sheet."""
        if data.strip() and self.inside != "style":
            self.words.append(data.strip())


def words(told, lang="zh"):
    """Give the words of the page of a manifest."""
    return Text(receipts.page(told, lang)).words


def test_every_row_of_a_file_is_accounted_for():
    """Each kind of row stands with its number and the first rows, and the sum below them."""
    found = words({"receipts": {"cases": [receipt().data()]}})
    assert found[found.index("读入") : found.index("用合计行核对")] == [
        *("读入", "4", "5, 6, 7, 8", "与前面的行相同（照样读入）", "1", "5", "标题和表头", "3", "5, 6, 7", "合计", "2", "5, 6"),
        *("备注和签名", "1", "5", "空行", "1", "5", "rows 之外", "0", "表中共有", "12", "相加相符"),
    ]


def test_a_balance_that_is_none_is_said():
    """Where the parts do not make the whole, the page says so and not that they do."""
    found = words({"receipts": {"cases": [receipt(rows=13).data()]}})
    assert "相加不符，请告知开发者" in found
    assert "相加相符" not in found


def test_repairs_losses_sums_and_what_is_unseen_are_told():
    """What was repaired, lost, not as its sum, hidden or not read stands with its column, number and rows."""
    found = words({"receipts": {"cases": [receipt().data()]}})
    assert found[found.index("写作 2024年10月1日 一类") - 1 :][:4] == [
        "接报时间",
        "写作 2024年10月1日 一类",
        "7",
        "5, 6, 7, 8, 9 …",
    ]
    assert found[found.index("末几位数字已丢失（9.99E+07 一类，或超过 15 位）") - 1 :][2:4] == ["2", "6, 8"]
    said = "\n".join(found)
    for part in ("3 个合计数与其上各行相符", "之和不符：D9", "无法用来核对：D12", "2 个隐藏的行", "隐藏的列，照样读入：备注"):
        assert part in said
    assert "没有读的列：G" in said
    assert "没有读的工作表：草稿" in said


def test_every_kind_of_repair_and_loss_has_a_word():
    """No kind that a receipt may tell shows as its bare name."""
    kinds = [re.fullmatch(r"note\.(repaired|lost)_(\w+)", key) for key in catalogue()]
    wanted = {f"cell.{kind[1]}.{kind[2]}" for kind in kinds if kind} - {"cell.repaired.ids"}  # ids are told by their matches
    assert len(wanted) > 20
    assert wanted <= set(catalogue())


def test_ids_are_told_by_column_with_the_commonest_unknown():
    """Of each column of ids how many records met a unit, were repaired, are unknown or blank; the unknown ones by name."""
    match = Match("cases", "unit_id", 90, {"noughts": 5}, 4, 2, 1, "“S9” ×3 → “S1”?, “X” ×1")
    found = words({"matches": [vars(match)]})
    start = found.index("unit_id")
    assert found[start : start + 10] == ["unit_id", "100", "90", "90%", "5", "5%", "4", "4%", "1", "1%"]
    assert "修复：前面的 0 5" in found
    assert "不在单位表中的有 2 个编号，最多的：“S9” ×3 → “S1”?, “X” ×1" in found


def test_a_table_without_a_receipt_is_there_with_its_rows():
    """Where no row needs a receipt the table is there with its rows, and the files with their fingerprints."""
    told = {"counts": {"cases": 1204}, "in_period": {"cases": 204}, "fingerprints": {"records": {"cases.parquet": "ab" * 32}}}
    found = words(told)
    assert found[found.index("1,204") - 1 :][:3] == [TABLES["cases"].label, "1,204", "204"]
    assert found[found.index("cases.parquet") :][:2] == ["cases.parquet", "ab" * 8 + "…"]
    assert "各行的去向" not in found


def test_it_speaks_english_too():
    """In English no Chinese is left but what the records themselves say."""
    found = words({"receipts": {"cases": [receipt("a.xlsx", "S").data()]}, "counts": {"cases": 3}}, "en")
    assert "the parts make the whole" in found
    ours = {"接报时间", "写作", "备注", "草稿", "编号"}
    rest = [re.sub("|".join(ours) + "|2024年10月1日", "", one) for one in found]
    assert not [one for one in rest if re.search("[一-鿿]", one)]


def test_hostile_names_reach_the_page_as_words():
    """A name of a file, sheet, column, unit or run makes no tag, moves no reader and is cut."""
    cells = (CellCount("chinese", HOSTILE, 1, (5,)),)
    one = receipt(HOSTILE, HOSTILE, repaired=cells, columns=(HOSTILE,), hidden_columns=(HOSTILE,), sheets_left=(HOSTILE,))
    told = {
        "title": HOSTILE,
        "run": HOSTILE,
        "said": [HOSTILE],
        "receipts": {HOSTILE: [one.data()]},
        "matches": [vars(Match(HOSTILE, HOSTILE, 1, {HOSTILE: 1}, 1, 1, 0, HOSTILE))],
        "counts": {HOSTILE + "2": 1},
        "fingerprints": {"records": {HOSTILE + "x" * 10_000: "ab"}},
    }
    page = receipts.page(told)
    assert "script" not in Text(page).tags
    assert not re.search("[\x00\u202e\ud800-\udfff]", page)
    assert page.count("&lt;/script&gt;") > 8
    assert "x" * 300 not in page


def test_it_asks_nothing_of_any_network_and_runs_nothing():
    """The page has no script, no link and no address, and says so to the browser; it prints on A4."""
    page = receipts.page({"receipts": {"cases": [receipt().data()]}})
    assert "script" not in Text(page).tags
    assert not re.search(r"https?:|//|@import|url\(", page)
    assert "default-src 'none'" in page
    assert "size: A4" in page


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_it_is_its_owners_alone(tmp_path):
    """The file is 0600 from the moment it is there, also where one that all could read lay before."""
    (tmp_path / "read.html").write_text("older", "utf-8")
    path = receipts.write(tmp_path, {"counts": {"cases": 1}})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "older" not in path.read_text("utf-8")


# In a run


def test_a_run_holds_it_and_makes_it_again(tmp_path, monkeypatch):
    """Score and run write it, list it among their pages and make it again where it is gone; the manifest alone is enough."""
    work = project(tmp_path / "project")
    monkeypatch.chdir(work)
    go(work, cards=False)
    folder = work / "runs" / "q4"
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert told["pages"] == ["read.html"]
    before = (folder / "read.html").read_text("utf-8")
    assert before == receipts.page(told) + "\n"
    assert go(work, cards=False).unchanged
    (folder / "read.html").unlink()
    assert not go(work, cards=False).unchanged
    assert TABLES["cases"].label in (folder / "read.html").read_text("utf-8")


def test_no_officer_is_on_it(tmp_path, monkeypatch):
    """What the page shows of officers is no more than the manifest does: none is named."""
    work = project(tmp_path / "project")
    monkeypatch.chdir(work)
    go(work, cards=False)
    assert "PQ70" not in (work / "runs" / "q4" / "read.html").read_text("utf-8")


def test_the_one_screen_links_it_where_it_is(tmp_path):
    """The one screen leads to it; a run without it has no link that leads nowhere."""
    run = write_run(tmp_path / "demo")
    run_screen.write(run)
    assert 'href="read.html"' not in (run / "index.html").read_text("utf-8")
    receipts.write(run, {})
    run_screen.write(run)
    assert 'href="read.html"' in (run / "index.html").read_text("utf-8")


def test_a_plain_file_has_a_receipt_too(tmp_path):
    """Its lines are counted apart from its rows: a cell of two lines is one row, blank lines at the end are none."""
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "units.csv").write_text('unit_id,name,level\nS1,"东街\n派出所",station\nS2,西山,station\n\n\n', "utf-8")
    records, faults = read_records(folder, {})
    assert not faults
    (one,) = records.receipts["units"]
    assert one.balanced
    assert (one.rows, {name: group.number for name, group in one.groups.items()}) == (5, {"read": 2, "headings": 1, "blanks": 2})
    assert one.groups["blanks"].first == (4, 5)
    shown = receipts.page({"receipts": {"units": [one.data()]}, "counts": {"units": 2}})
    assert "units.csv" in shown
    assert "没有逐行回执" not in shown
