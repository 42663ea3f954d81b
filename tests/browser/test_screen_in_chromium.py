"""The one screen in a real browser, from a file, with the network cut."""

import re

import pytest

from fengqiao_eval.pages import run_screen
from legible import CONTRAST
from run_folders import HOSTILE, write_run

pytestmark = pytest.mark.browser

CLICK = """
() => {
  const first = () => document.querySelector("#units tbody tr").innerText, before = first();
  document.querySelector("[data-column=total]").click();
  return [before !== first(), document.querySelectorAll("#units tbody tr").length];
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run with its one screen and its index of officers."""
    run = write_run(tmp_path_factory.mktemp("runs") / "demo", months=False)
    run_screen.write(run)
    run_screen.write(run, officers=True)
    return run


@pytest.fixture
def opened(browser):
    """Give a function that opens a page offline; whatever it asks of a host or complains of fails the test."""
    context, said = browser.new_context(offline=True, viewport={"width": 1366, "height": 768}), []

    def open_page(path):
        tab = context.new_page()
        tab.on("request", lambda request: request.url.startswith(("file://", "data:")) or said.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        tab.goto(path if isinstance(path, str) else path.as_uri())
        return tab

    yield open_page
    context.close()
    assert said == []


def column(tab, number):
    """Read the cells of a column of the list, from the top."""
    return tab.locator(f"#units tbody tr > :nth-child({number})").all_inner_texts()


def head(tab, word):
    """Find the button of a column's head."""
    return tab.get_by_role("columnheader", name=re.compile(f"^{word}")).get_by_role("button")


def test_stations_stand_in_their_classes_by_place(folder, opened):
    """The page opens on the stations, class after class, each by place, written 1/8."""
    tab = opened(folder / "index.html")
    assert tab.locator("#levels [aria-pressed=true]").inner_text().startswith("派出所")
    assert column(tab, 1)[:8] == [f"{place}/8" for place in range(1, 9)]
    assert column(tab, 4) == ["一类"] * 8 + ["二类"] * 8
    assert tab.locator("th[aria-sort=ascending]").inner_text().startswith("名次")


def test_a_head_sorts_by_keyboard(folder, opened):
    """Enter on a head sorts by it, best first, and again the other way; the head keeps the focus and says the order."""
    tab = opened(folder / "index.html")
    head(tab, "总分").focus()
    for order, said in (("descending", "从大到小"), ("ascending", "从小到大")):
        tab.keyboard.press("Enter")
        totals = [float(cell.split()[0]) for cell in column(tab, 6)]  # of a part of the weight its share stands below
        assert totals == sorted(totals, reverse=order == "descending")
        assert tab.locator(f"th[aria-sort={order}]").inner_text().startswith("总分")
        assert tab.locator("#said").text_content().endswith(said)
        assert tab.evaluate("document.activeElement.dataset.column") == "total"


def test_missing_comes_last_whatever_the_order(folder, opened):
    """A dimension that was not scored stands below all others, up or down."""
    tab = opened(folder / "index.html")
    for _ in range(2):
        head(tab, "走访入户").click()
        assert column(tab, 10)[-1] == "—"
        assert "—" not in column(tab, 10)[:-1]


def test_levels_and_classes_are_switched(folder, opened):
    """A press on a level lists it, a press on a class narrows it; the address keeps both for the way back from a card."""
    tab = opened(folder / "index.html")
    tab.locator("#classes button", has_text="二类").click()
    assert set(column(tab, 4)) == {"二类"}
    again = opened(tab.url)
    assert set(column(again, 4)) == {"二类"}
    tab.locator("#levels button", has_text="警务区").click()
    assert len(column(tab, 1)) == 24
    tab.locator("#levels button", has_text="县").click()
    assert tab.locator("#classes").is_hidden()
    assert tab.locator("#one_class").is_visible()


def test_a_search_finds_names_numbers_and_parents(folder, opened):
    """Typing lists what fits by name, number or parent, units without a place among them; nothing found is said."""
    tab = opened(folder / "index.html")
    tab.get_by_label("查找单位").fill("s012")
    assert column(tab, 3) == ["S012"]
    tab.get_by_label("查找单位").fill("枫林东")
    assert set(column(tab, 5)) == {"枫林东区分局0"}
    assert tab.locator("#left_out").is_visible()
    tab.get_by_label("查找单位").fill("无此单位")
    assert column(tab, 1) == ["没有符合条件的单位"]
    assert tab.locator("#left_out").is_hidden()


def test_a_hostile_name_is_a_name(folder, opened):
    """A name full of markup is shown letter by letter, and is a link to its card."""
    tab = opened(folder / "index.html")
    assert tab.locator("#units tbody a", has_text="HYPERLINK").inner_text() == HOSTILE
    tab.locator("#units tbody a", has_text="HYPERLINK").click()
    assert tab.url.endswith("/station/S001.html")


def test_marks_and_shares_are_switched(folder, opened):
    """The heat map shows points of the total or shares of full marks; where others carry a dimension its own full marks stand."""
    tab = opened(folder / "index.html")
    assert "满分 31.25" in tab.locator("#units").inner_text()
    tab.locator("#shown button", has_text="得分率").click()
    rates = [float(cell) for cell in column(tab, 9)]
    assert max(rates) <= 100
    assert "满分" not in tab.locator("#units").inner_text()


@pytest.mark.parametrize("page", ["index.html", "officer/index.html"])
def test_all_text_is_legible(folder, opened, page):
    """Every text stands at 4.5:1 or better on what is behind it, pressed, shaded or quiet."""
    tab = opened(folder / page)
    assert tab.evaluate(CONTRAST, "body *") == []


def test_officers_are_listed_by_card(folder, opened):
    """The index of officers lists those with a card, and counts nothing over so few."""
    tab = opened(folder / "officer" / "index.html")
    assert column(tab, 3) == ["P0001"]
    assert tab.locator("#glance").inner_text() == ""


def test_it_prints_on_a4_with_its_state(folder, opened, tmp_path, need):
    """Printed, every page repeats the heads in words and says that it is a draft."""
    import subprocess  # noqa: PLC0415

    tab = opened(folder / "index.html")
    tab.pdf(path=tmp_path / "screen.pdf", prefer_css_page_size=True)
    pages = subprocess.run(
        [need("pdftotext"), "-layout", tmp_path / "screen.pdf", "-"], check=True, capture_output=True, text=True
    )
    first = pages.stdout.split("\f")[0]
    assert "草稿 · 枫桥式派出所一表通考" in first
    assert re.search(r"名次\s+单位\s+编号", first)
    assert "查找单位" not in pages.stdout


def test_five_thousand_units_come_a_hundred_at_first(tmp_path, opened):
    """1,700 stations and 3,400 zones: the first rows are there when the page is, all others after, and a click sorts at once."""
    run = write_run(tmp_path / "demo", stations=1700, zones=3400, officers=0, months=False)
    run_screen.write(run)
    assert (run / "index.html").stat().st_size < 60_000
    tab = opened(run / "index.html")
    assert tab.locator("#units tbody tr").count() >= 100
    tab.locator("#levels button", has_text="警务区").click()
    ranked = int(tab.locator("#glance .figure").first.inner_text())
    assert ranked > 3300
    tab.wait_for_function(f"document.querySelectorAll('#units tbody tr').length === {ranked}", timeout=15_000)
    moved, there = tab.evaluate(CLICK)
    assert moved
    assert there >= 100
