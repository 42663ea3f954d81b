"""Cells that an analyst adds to a scheduled notebook, seen on its page in a real browser; hostile ones do nothing there."""

import nbformat
import pytest

from batches import some_cards
from fengqiao_eval.engine.pool import print_cards
from fengqiao_eval.pages.page import write_assets
from runs_fixture import OWN, write
from shared import ROOT

pytestmark = pytest.mark.browser

OWN_CELLS = (
    "import pandas as pd\npd.DataFrame({'单位': ['甲所', '乙所'], '总分': [83.75, 79.5]})",
    "import matplotlib.pyplot as plt\nplt.figure(figsize=(3, 2))\nplt.plot([1, 2, 3]);",
    "%config InlineBackend.figure_formats = ['svg']\nplt.figure(figsize=(3, 2))\nplt.plot([3, 2, 1]);",
    "import plotly.express as px\npx.bar(x=['甲所', '乙所'], y=[83.75, 79.5], title='两所')",
)
HOSTILE = (
    "<p>甲</p><script>alert('script')</script>",
    "<p>乙</p><img src=x onerror=\"alert('onerror')\">",
    '<p>丙</p><iframe src="https://x.example/"></iframe>',
    '<p>丁</p><a id="link" href="javascript:alert(1)">点这里</a>',
    '<p>己</p><svg><path d="M0 0L9 9" stroke="u\\72l(//x.example/s.svg#a)" style="fill:u\\72l(//x.example/t)"/></svg>',
    '<p>庚</p><span style="opacity:.99;padding-left:900px;border-top:6000px solid #fff;position:fixed">y</span>',
    '<p>戊</p><img src="https://x.example/a.png"><div style="background:url(https://x.example/b.png)">x</div>',
)

HALVES = """
display({"application/vnd.plotly.v1+json": {
    "data": [{"type": "indicator", "value": 5, "number": {"prefix": "<a href='https://y.example/'", "suffix": ">点"}}],
    "layout": {"width": 5000, "updatemenus": [{"buttons": [{"method": "restyle", "args": ["type", "scattergeo"]}]}]},
}}, raw=True)
"""
"""A link put together from halves, a figure wider than the page, and a button that would fetch a map."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory, browser):
    """Add the cells to the shipped scorecard, print it as a schedule does, and open its page with the network cut."""
    run = write(tmp_path_factory.mktemp("runs") / "demo")
    write_assets(run / "assets")
    notebook = nbformat.read(ROOT / "notebooks" / "station_scorecard.ipynb", as_version=4)
    shown = [f"from IPython.display import HTML\nHTML({html!r})" for html in HOSTILE]
    notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in (*OWN_CELLS, *shown, HALVES)]
    notebook.cells.append(nbformat.v4.new_markdown_cell("## 我的结论\n\n见**上表**。"))
    template = run.parent / "mine.ipynb"
    nbformat.write(notebook, template)
    assert print_cards(some_cards(run, template, [OWN]), workers=1) == ()
    context = browser.new_context(offline=True)
    tab, asked, said = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.goto((run / "cards" / f"{OWN}.html").as_uri())
    tab.wait_for_function("document.documentElement.dataset.drawn === 'all'")
    yield tab, asked, said
    context.close()


def test_own_cells_are_seen(opened):
    """The table of pandas, both pictures of matplotlib, the figure of plotly and the prose stand on the page, drawn."""
    tab, _, _ = opened
    assert tab.locator(".own table.dataframe td").all_inner_texts() == ["甲所", "83.75", "乙所", "79.50"]
    png = tab.locator(".own img[src^='data:image/png']")
    assert png.count() == 1
    assert png.evaluate("picture => picture.naturalWidth") > 100
    assert tab.locator(".own svg").first.bounding_box()["height"] > 100
    assert tab.locator(".own svg path").first.bounding_box()["width"] > 100
    assert tab.locator(".fq-figure .plot-container").count() == 6
    assert tab.locator(".fq-figure").nth(4).locator("text.gtitle").text_content() == "两所"
    assert tab.get_by_role("heading", name="我的结论").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_cells_do_nothing(opened):
    """No script, handler, frame, script address or foreign picture of a cell lives on the page; its words stay."""
    tab, asked, said = opened
    for word in "甲乙丙丁戊己庚":
        assert tab.locator(".own p", has_text=word).is_visible()
    tab.get_by_text("点这里").click()
    tab.wait_for_timeout(200)
    assert said == []
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
    main = tab.locator("main")
    assert main.locator("script:not([type='application/json']), iframe, [onerror], [href^='javascript']").count() == 0
    assert "x.example" not in tab.content()
    assert main.locator("svg a, .updatemenu-button").count() == 0
    covered = """() => {
        scrollTo(0, 0);
        const box = document.querySelector('.stamp').getBoundingClientRect();
        return !document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).closest('.stamp');
    }"""
    assert not tab.evaluate(covered)
