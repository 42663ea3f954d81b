"""The page in a real browser, from a file, with the network cut."""

import pytest

from fengqiao_eval.pages import charts
from fengqiao_eval.pages.page import write_assets
from fengqiao_eval.results.card import card
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN, write
from test_page import made

pytestmark = pytest.mark.browser
DRAWN = """() => {
  const figures = [...document.querySelectorAll(".fq-figure")];
  return figures.length && figures.every((figure) => figure.querySelector(".main-svg"));
}"""
"""Whether every figure stands there: they are drawn one after the other."""
UNITS = {OWN: "station", "S001": "station", "P0002": "officer"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run with its assets and a few pages."""
    run = open_run(write(tmp_path_factory.mktemp("runs") / "demo"))
    write_assets(run.path / "assets")
    for unit, level in UNITS.items():
        (run.path / level).mkdir(exist_ok=True)
        for lang in ("zh", "en"):
            (run.path / level / f"{unit}.{lang}.html").write_text(made(run, unit, lang), "utf-8")
    return run.path


@pytest.fixture
def opened(browser):
    """Give a function that opens a page offline and says what it asked for and complained of."""
    context = browser.new_context(offline=True)

    def open_page(path):
        tab, asked, said = context.new_page(), [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        tab.goto(path.as_uri())
        tab.wait_for_function(DRAWN)
        return tab, asked, said

    yield open_page
    context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_page_draws_itself_and_asks_nobody(folder, opened, unit, lang):
    """Four figures are drawn, nothing is asked of any host, nothing is complained of, no script of a record runs."""
    tab, asked, said = opened(folder / UNITS[unit] / f"{unit}.{lang}.html")
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
    assert said == []
    assert tab.locator(".fq-figure").count() == tab.locator(".fq-figure .plot-container").count() == 4
    assert tab.locator(".fq-plot > p").count() == 0


@pytest.mark.parametrize("unit", UNITS)
def test_a_figure_is_drawn_as_the_notebook_draws_it(folder, opened, unit):
    """What the script lays together of a page's numbers is, trace by trace, what the notebook was handed."""
    tab, _, _ = opened(folder / UNITS[unit] / f"{unit}.zh.html")
    of = card(open_run(folder), unit)
    drawn = tab.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(plot => [plot.data, plot.layout.title.text])")
    draws = (charts.draw_dimensions, charts.draw_trend, charts.draw_class, charts.draw_indicators)
    assert drawn == [[[dict(trace) for trace in draw(of).data], repr(draw(of))] for draw in draws]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(folder, opened, width):
    """On a desk and on a narrow screen the page is no wider than the window."""
    tab, _, _ = opened(folder / "station" / f"{OWN}.zh.html")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.wait_for_timeout(300)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_numbers_are_still_there(folder, browser):
    """Where scripts are switched off, figures say so and the tables hold the numbers."""
    context = browser.new_context(offline=True, java_script_enabled=False)
    tab = context.new_page()
    tab.goto((folder / "station" / f"{OWN}.zh.html").as_uri())
    assert "图形未能绘制" in tab.locator(".fq-plot").first.inner_text()
    assert any("到场时限达标率" in text for text in tab.locator(".fq-indicators").all_inner_texts())
    context.close()


def test_the_page_prints_on_a4(folder, opened, tmp_path):
    """Printed on A4 the figures fit between the margins, and the state stands on every sheet."""
    tab, _, _ = opened(folder / "station" / f"{OWN}.zh.html")
    tab.emulate_media(media="print")
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    widths = tab.evaluate("[...document.querySelectorAll('.fq-figure .main-svg')].map(svg => svg.getBoundingClientRect().width)")
    assert max(widths) <= 664
    assert tab.evaluate("getComputedStyle(document.querySelector('.running')).display") == "table-header-group"
    printed = tab.pdf(path=tmp_path / "card.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
