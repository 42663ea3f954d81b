"""Names that are markup, formulas, paths or unseen signs, in every text column, sheet and file name, seen in a real browser."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from fengqiao_eval.documents import read
from shared import ROOT
from test_cli import fengqiao

pytestmark = pytest.mark.browser

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "=cmd|' /C calc'!A0",
    "../../../x",
    "a\u202eb\u200bc",
    "'; DROP TABLE cases; --",
    "{{ 7 * 7 }}${7*7}",
    "长" * 180,
)
SHEET = "<img src=x onerror=alert(3)>"
FILE = "<img src=x onerror=alert(4)> & 'x' 接处警.xlsx"


def workbook(path, rows, sheet):
    """Write one sheet of texts."""
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet(sheet)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            page.write_string(row, column, cell)
    book.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Draft from office files whose every text is hostile, score them and print all cards."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shutil.copytree(ROOT / "notebooks", "notebooks")
        Path("数据").mkdir()
        units = [["X01", "<b>县局</b>", "县局", "", ""], *([one, one, "派出所", "X01", HOSTILE[0]] for one in HOSTILE)]
        workbook("数据/名册.xlsx", [["单位编号", "单位名称", "层级", "上级单位", "类别"], *units], SHEET)
        head = ["警情号", "单位编号", "接报时间", "到场时间", "录入时间", "状态", "等级", "</script><script>alert(5)</script>"]
        rows = [
            [
                f"{one[:150]}{number}",
                one,
                f"2024-{month}-05 08:00",
                f"2024-{month}-05 08:{minutes}",
                f"2024-{month}-05 09:00",
                one,
                one,
                one,
            ]
            for one in HOSTILE
            for number, (month, minutes) in enumerate(
                [("10", "10"), ("11", "40"), ("12", "12"), ("10", "11"), ("11", "12"), ("12", "50"), ("12", "09")]
            )
        ]
        workbook(f"数据/{FILE}", [head, *rows], SHEET)
        for words in (["draft", "数据"], ["check", "params/数据.yaml"], ["run", "params/数据.yaml"]):
            code, said, refused = fengqiao(*words)
            assert code == 0, refused
            assert not re.search("[\u202e\u200b\x1b]", said)
    return folder


def test_no_page_runs_what_names_say(run, browser):
    """Every page is opened without a network: no script of a name runs, nothing is fetched, the names stand as text."""
    pages = sorted((run / "runs" / "数据").rglob("*.html"))
    assert len(pages) > len(HOSTILE)
    context = browser.new_context(offline=True)
    tab, said, asked = context.new_page(), [], []
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    seen = ""
    for page in pages:
        tab.goto(page.as_uri())
        tab.wait_for_timeout(200)
        seen += tab.locator("body").inner_text()
        assert tab.locator("img[src='x']").count() == 0, page.name
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    for words in ("<img src=x onerror=alert(2)>", "</script><script>alert(1)</script>", "{{ 7 * 7 }}${7*7}"):
        assert words in seen
    assert "\u202e" not in seen.replace("a\u202eb", "")


def test_no_path_leaves_its_folder(run):
    """Files lie where they belong, under names that no system takes for a way."""
    there = [path for path in run.rglob("*") if "notebooks" not in path.parts]
    assert {path.relative_to(run).parts[0] for path in there} == {"params", "runs", "数据"}
    assert not any(path.is_symlink() for path in there)
    assert not (run.parent / "x").exists()


def test_no_sheet_calculates_what_names_say(run):
    """In no workbook is a name a formula."""
    books = sorted((run / "runs" / "数据").rglob("*.xlsx"))
    assert len(books) > 1
    for path in books:
        with zipfile.ZipFile(path) as book:
            for part in (name for name in book.namelist() if name.startswith("xl/worksheets/sheet")):
                assert not re.search(r"<f>[^<]*(?:cmd|alert|DROP)", book.read(part).decode("utf-8")), (path, part)


def test_the_params_file_reads_back(run):
    """What draft wrote is data: file, sheet and heading are the names they were, and no comment broke off."""
    cases = read(run / "params" / "数据.yaml").data["tables"]["cases"]
    assert cases["file"] == FILE
    text = (run / "params" / "数据.yaml").read_text("utf-8")
    assert not re.search("[\u202e\u200b]", text)
