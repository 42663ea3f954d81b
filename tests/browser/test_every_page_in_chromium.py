"""Every kind of page in a real browser, in both themes and languages: legible, whole, no wider than a phone; a sheet to sign."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.engine.pdf import print_pdfs
from fengqiao_eval.pages import short
from fengqiao_eval.results.run import open_run
from legible import CONTRAST, CUT, LADDERS, SMEARED

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
FENGQIAO = Path(sys.executable).with_name("fengqiao")
UNSCORED, FULL = "S008", "S007"
SCROLLED = ".fq, .frame, .fq-figure, .own, main > pre, #left_out, body > main > section[tabindex], .fengqiao-tuner .list"
"""Boxes that are scrolled, each named: see fengqiao.js, screen.html and, for its list of units, tuner.js."""
DRAWN = "() => !document.querySelector('.fq-figure') || document.documentElement.dataset.drawn"
LANGUAGES = ("zh", "en")
PAGES = {
    "full": "demo/station/S007.html",
    "county": "demo/county/X01.html",
    "city": "demo/city/C01.html",
    "officer": "demo/officer/P0001.html",
    "unscored": "thin/station/S008.html",
    "in part": "thin/station/S007.html",
    "screen": "demo/index.html",
    "screen in part": "thin/index.html",
    "officers": "demo/officer/index.html",
    "overview": "demo/overview.html",
    "read": "demo/read.html",
    "short": "demo/station/S007.short.html",
    "short officer": "demo/officer/P0001.short.html",
    "short unscored": "thin/station/S008.short.html",
    "public": "demo/public.html",
    "public in part": "thin/public.html",
    "compare": "compare.html",
    "standalone": "standalone.html",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Make a small province and its runs: one of all records, one of surveys alone, which a station lacks; in both languages."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    subprocess.run([FENGQIAO, "demo", "demo", "--stations", "24"], cwd=folder, check=True, capture_output=True)
    (folder / "thin").mkdir()
    for table in ("units", "postings", "surveys"):
        rows = pd.read_parquet(folder / "demo" / f"{table}.parquet")
        kept = rows if table != "surveys" else rows[~rows["unit_id"].str.startswith(UNSCORED)]
        kept.to_parquet(folder / "thin" / f"{table}.parquet")
    for lang in LANGUAGES:
        for name, only in {"demo": [FULL, "X01", "C01", "P0001"], "thin": [FULL, UNSCORED]}.items():
            told = f"period: 2024Q4\nrecords: {name}\nscheme: params/one_table.yaml\nout: runs_{lang}\nlang: {lang}\n"
            (folder / "params" / f"{name}.yaml").write_text(told, "utf-8")
            wanted = [f"--only={unit}" for unit in only]
            subprocess.run([FENGQIAO, "run", f"params/{name}.yaml", "--short", "--public", *wanted], cwd=folder, check=True)
        made = f"runs_{lang}"
        earlier = ["score", "params/demo.yaml", "--set", "period=2024Q3", "--set", f"out={made}/before"]
        compared = ["compare", f"{made}/before/demo", f"{made}/demo", "--out", f"{made}/compare.html"]
        for words in (earlier, compared, ["tune", "params/demo.yaml", "--html", f"{made}/standalone.html"]):
            environment = {**os.environ, "FENGQIAO_LANG": lang}
            subprocess.run([FENGQIAO, *words], cwd=folder, check=True, capture_output=True, env=environment)
    return folder


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(browser, request):
    """Give a tab whose system is light or dark."""
    context = browser.new_context(offline=True, color_scheme=request.param)
    yield context.new_page()
    context.close()


def shown(tab, path, width):
    """Open a page at a width and wait until its figures stand."""
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(path.as_uri())
    tab.wait_for_function(DRAWN)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    tab.wait_for_timeout(200)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_every_text_is_whole_and_legible(runs, themed, kind, lang):
    """At every width no text is cut, lies on another or stands a letter a line, all is legible, no page scrolls sideways."""
    for width in (390, 600, 1280):
        shown(themed, runs / f"runs_{lang}" / PAGES[kind], width)
        found = [themed.evaluate(CUT, SCROLLED), themed.evaluate(SMEARED), themed.evaluate(LADDERS)]
        assert [*found, themed.evaluate(CONTRAST, "body *")] == [[], [], [], []], width
        assert themed.evaluate("document.documentElement.scrollWidth") <= width


def test_boxes_that_scroll_have_a_name_and_keep_the_names_of_lines(runs, browser):
    """On a phone a table wider than the screen scrolls in a box with a name, reached by keyboard; its first column stays."""
    context = browser.new_context(offline=True, viewport={"width": 390, "height": 900})
    tab = context.new_page()
    shown(tab, runs / "runs_zh" / PAGES["full"], 390)
    box = tab.get_by_role("region", name="指标明细")
    assert box.get_attribute("tabindex") == "0"
    assert box.evaluate("(one) => { one.scrollLeft = 200; return one.scrollLeft; }") > 100
    lefts = box.evaluate("(one) => [...one.querySelectorAll('tbody th[scope=row]')].map((th) => th.getBoundingClientRect().left)")
    assert {round(left) for left in lefts} == {round(box.bounding_box()["x"])}
    shown(tab, runs / "runs_zh" / PAGES["compare"], 390)
    names = tab.locator("section:has(> .fq-table .fq-unit)").first
    held = "(one) => { one.scrollLeft = 200; return one.querySelector('tbody .fq-unit').getBoundingClientRect().left; }"
    assert round(names.evaluate(held)) == round(names.bounding_box()["x"])
    context.close()


def test_the_parts_of_weights_cover_nothing_below_them(runs, browser):
    """With all its parts unfolded and the page at its end the panel of weights stays above who pays and the save form."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    shown(tab, runs / "runs_zh" / PAGES["standalone"], 1280)
    for fold in tab.locator(".fold[aria-expanded]").all():
        fold.click()
    tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    weights, below = (tab.locator(one).bounding_box() for one in (".weights", "section.harm"))
    assert weights["height"] > 800
    assert weights["y"] + weights["height"] <= below["y"]
    context.close()


def test_paper_is_light_whatever_the_system(runs, browser):
    """Printed from a dark system, a card is black on white, its figures too."""
    context = browser.new_context(offline=True, color_scheme="dark")
    tab = context.new_page()
    shown(tab, runs / "runs_zh" / PAGES["full"], 1280)
    dark = tab.evaluate("getComputedStyle(document.querySelector('.fq')).backgroundColor")
    tab.emulate_media(media="print")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_timeout(300)
    paper = tab.evaluate("getComputedStyle(document.querySelector('.fq')).backgroundColor")
    figure = tab.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.paper_bgcolor")
    assert dark != "rgb(255, 255, 255)"
    assert (paper, figure) == ("rgb(255, 255, 255)", "#FFFFFF")
    context.close()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("run", "unit", "level"),
    [
        ("demo", FULL, "station"),
        ("demo", "X01", "county"),
        ("demo", "C01", "city"),
        ("demo", "P0001", "officer"),
        ("thin", UNSCORED, "station"),
        ("thin", FULL, "station"),
    ],
)
def test_a_short_card_is_one_page_of_a4(runs, need, run, unit, level, lang):
    """The short card of a station, county, city, officer, of one unscored or in part, is one page with three lines to sign."""
    page = runs / f"runs_{lang}" / run / level / f"{unit}.short.html"
    assert print_pdfs([page]) == ()
    told = subprocess.run([need("pdfinfo"), page.with_suffix(".pdf")], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in told
    assert "(A4)" in told
    words = subprocess.run(
        [need("pdftotext"), "-layout", page.with_suffix(".pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    signed = ("填表", "审核", "签收") if lang == "zh" else ("Filled in by", "Checked by", "Received")
    assert all(word in words for word in signed)


@pytest.mark.parametrize("length", [30, 60, 400])
def test_long_names_and_many_caveats_stay_on_one_page(runs, need, tmp_path, monkeypatch, length):
    """However long names, labels and caveats are, it is one page, and what is left out is counted."""
    from dataclasses import replace  # noqa: PLC0415 - here alone

    run = open_run(runs / "runs_zh" / "demo")
    of = short.card(run, FULL, "zh")
    long = "长名" * (length // 2)
    lines = tuple(replace(line, label=long[:60]) for line in of.indicators)
    outline = tuple(replace(line, label=long[:60]) for line in of.outline) * 4
    much = replace(
        of, identity=replace(of.identity, name=long), indicators=lines * 2, outline=outline, unknowns=(long[:200],) * 40
    )
    monkeypatch.setattr(short, "card", lambda *_: much)
    path = tmp_path / "long.short.html"
    path.write_text(short.page(run, FULL, "zh"), "utf-8")
    assert print_pdfs([path]) == ()
    told = subprocess.run([need("pdfinfo"), path.with_suffix(".pdf")], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in told
    assert "另有" in path.read_text("utf-8")
