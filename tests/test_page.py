"""The offline page: whole, small, asking nothing of anybody, and harmless whatever a record holds."""

import functools
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.validator_cache import ValidatorCache

from fengqiao_eval.pages import charts, fragments
from fengqiao_eval.pages.cells import clean_html, prose
from fengqiao_eval.pages.charts import FIGURE
from fengqiao_eval.pages.fragments import PAGE, max_entries
from fengqiao_eval.pages.page import page, write_assets
from fengqiao_eval.results.card import card
from fengqiao_eval.results.lost_records import Lost, LostRecords, OpenDispute, OpenDisputes
from fengqiao_eval.results.run import open_run
from fengqiao_eval.words import script_json
from runs_fixture import OWN, UNRANKED, write
from test_charts import contrast

ROOT = Path(__file__).parents[1]
PARTS = ("headline", "gains_table", "dimensions_table", "indicators_table", "open_disputes", "lost_records", "limits")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Write and open the run once."""
    return open_run(write(tmp_path_factory.mktemp("runs") / "demo"))


def shown(thing):
    """Make the output that Jupyter would store for a fragment or a figure."""
    if hasattr(thing, "to_plotly_json"):
        data = {FIGURE: thing.to_plotly_json(), "text/html": "<div>plotly</div>"}
    else:
        data = {"text/html": thing._repr_html_(), "text/plain": repr(thing)}
    return nbformat.v4.new_output("display_data", data=data)


def notebook(of):
    """Make an executed notebook of every part and figure of a card."""
    things = [getattr(fragments, name)(of) for name in (*PARTS, "service" if of.service else "units_table")]
    things += [draw(of) for draw in (charts.draw_dimensions, charts.draw_trend, charts.draw_class, charts.draw_indicators)]
    cells = [nbformat.v4.new_code_cell("secret = 1", outputs=[shown(thing)]) for thing in things]
    kept = nbformat.read(ROOT / "notebooks" / f"{'officer' if of.service else 'station'}_scorecard.ipynb", 4).cells
    prose = [cell for cell in kept if cell.cell_type == "markdown"]  # some of it is in the notebook only
    return nbformat.v4.new_notebook(cells=[*prose, *cells])


def made(run, unit, lang="zh"):
    """Make the page of a unit."""
    return page(notebook(card(run, unit, lang)), run, unit, lang)


def with_output(**output):
    """Make a notebook of one cell with one output."""
    kind = output.pop("kind", "display_data")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output(kind, **output)])])


class Tags(HTMLParser):
    """Collect the tags of a page with their attributes."""

    def __init__(self, text):
        """Read a page."""
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))


# Whole


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("unit", [OWN, UNRANKED, "S001", "C1", "P0002"])
def test_a_page_is_whole_and_small(run, unit, lang):
    """Every kind of unit gets a page of at most 20 KB with four figures, the state, and how to object."""
    text = made(run, unit, lang)
    assert len(text.encode()) <= PAGE == 20_480
    assert text.count("application/json") == 4
    for part in {"zh": ("草稿", "如何提出异议", "经人工确认"), "en": ("Draft", "object", "until a person confirms it")}[lang]:
        assert part in text
    assert "secret" not in text


def test_the_page_speaks_one_language(run):
    """Prose written for both languages is shown in the page's own; what is for the notebook only is left out."""
    assert "<h2>结论</h2>" in made(run, OWN)
    assert "<h2>Result</h2>" in made(run, OWN, "en")
    assert "只在笔记本里" not in made(run, OWN)


def test_english_pages_hold_only_names_in_chinese(run):
    """On an English page no sentence of ours is Chinese: what is left are names, reasons and words of the records."""
    left = set(re.findall(r"[\u4e00-\u9fff]{2,}", made(run, OWN, "en")))
    assert left <= {
        "白鹭派出所",
        "四类",
        "不满意",
        "满意",
        "投诉系统迁移",
        "答复时间丢失",
        "考评办",
        "考评办起草组",
        "法制支队审核组",
        *("云溪市公安局", "东城分局", "清溪第", "警务区"),  # above and below
    }


@pytest.mark.parametrize(("state", "word"), [("draft", "草稿"), ("announced", "公示"), ("final", "定稿")])
def test_the_state_stands_in_words(run, state, word):
    """The state is a word at the head, in the running line of every printed page, and in the title."""
    text = made(replace(run, manifest=run.manifest | {"state": state}), OWN)
    assert text.count(word) >= 3
    assert f"<p class=stamp>{word}</p>" in text
    assert f"<div class=running><p><b>{word}</b>" in text


def test_an_overview_is_a_page_of_the_run(run):
    """Without a unit the page is the run's own: it lies beside assets/ and is named after the scheme."""
    text = page(with_output(data={"text/plain": "一览"}), run, "", "zh")
    assert 'href="assets/fengqiao.css"' in text
    assert "<h1>枫桥式派出所一表通考（示例）</h1>" in text


def test_an_officers_page_leads_to_the_officers_index(run):
    """A person's page links the index in officer/, never the one screen."""
    assert '<a href="index.html">' in made(run, "P0001")
    assert '<a href="../index.html">' in made(run, OWN)


def grown(run_path, stations):
    """Add stations of one class to a county of the run, until it has so many."""
    for name in ("units", "ranks", "points"):
        frame = pd.read_parquet(run_path / f"{name}.parquet")
        own = frame[(frame["unit_id"] == OWN) & (frame.get("period", "2024Q4") == "2024Q4")]
        more = [own.assign(unit_id=f"T{n:03d}", name=f"望江第{n}派出所", parent_id="D1") for n in range(stations)]
        pd.concat([frame, *(one[frame.columns] for one in more)]).to_parquet(run_path / f"{name}.parquet")
    return open_run(run_path)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_county_of_many_stations_lists_what_fits_and_counts_the_rest(tmp_path, lang):
    """The first of each class are listed, the rest is counted, lost records are only counted, and the page stays small."""
    run = grown(write(tmp_path / "demo"), 100)
    of = card(run, "D1", lang)
    listed = fragments.list_lengths(of)
    text = made(run, "D1", lang)
    [stations] = of.hierarchy.groups
    assert len(text.encode()) <= PAGE
    assert 10 < listed["units"] < len(stations) == 108
    assert text.count('<a data-card="../station/') == listed["units"]
    left = len(stations) - listed["units"]
    assert {"zh": f"另有{left}个未列，见页末链接的一屏尽览", "en": f"{left} more not listed; the page of all units"}[lang] in text
    assert listed["lost"] == 0
    counted = {"zh": "{label}：{n}条", "en": "{label}: {n} records"}[lang]
    assert all(counted.format(label=part.label, n=len(part.records)) in text for part in of.lost_records)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../station/S001.html", True),
        ("../%E5%88%86%E5%B1%80/a%252Fb.html", True),
        ("../officer/P0001.html", False),
        ("../%6Ffficer/P0001.html", False),
        ("../../x/S001.html", False),
        ("https://x.example/a/b.html", False),
        ("../station/..%2F..%2Fx.html", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_name_may_say_where_the_card_of_a_unit_lies(given, kept):
    """Only a card of this run, and never an officer's, can become a link."""
    assert clean_html(f'<a data-card="{given}">x</a>') == (f'<a data-card="{given}">x</a>' if kept else "<a>x</a>")


# Asking nothing


@pytest.mark.parametrize("unit", [OWN, "S001"])
def test_a_page_names_no_host(run, unit):
    """A page names no host, links nothing but its run, and allows no script but those beside it."""
    text = made(run, unit)
    assert "http:" not in text
    assert "https:" not in text
    sources = [value for _, attrs in Tags(text).found for name, value in attrs.items() if name in {"src", "href"}]
    assert set(sources) == {
        *("data:,", "../assets/fengqiao.css", "../assets/plotly.min.js", "../assets/fengqiao.js", "../index.html"),
        *(f"{unit}.records.csv", f"{unit}.records.xlsx"),
    }
    assert "default-src 'none'" in text


def test_assets_are_written_once_for_all(tmp_path):
    """The folder holds plotly, the script with the common look in it, and the style."""
    write_assets(tmp_path / "assets")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "assets").iterdir()}
    assert sorted(sizes) == ["fengqiao.css", "fengqiao.js", "plotly.min.js"]
    assert sizes["plotly.min.js"] > 1_000_000
    script = (tmp_path / "assets" / "fengqiao.js").read_text("utf-8")
    assert "LOOK*/" not in script
    assert "Noto Sans CJK SC" in script
    assert "url(" not in (tmp_path / "assets" / "fengqiao.css").read_text("utf-8")


def test_prose_asks_nothing():
    """Links and pictures of a notebook's prose keep their words only."""
    text = prose("看[这里](https://x.example)![图](https://x.example/a.png)")
    assert text == "<p>看这里图</p>\n"


def test_a_page_says_what_browsers_do_not_need_only_once(run):
    """A page leaves out what HTML lets out, yet a browser reads the same cells and lists: each still begins with its tag."""
    tags = [tag for tag, _ in Tags(made(run, OWN)).found]
    of = card(run, OWN)
    assert tags.count("tr") >= 2 * len(of.indicators)
    assert tags.count("td") > 7 * len(of.indicators)
    assert "</td>" not in made(run, OWN)
    assert made(run, OWN).count("图形未能绘制") == 1


# Harmless


@pytest.mark.parametrize(("unit", "name"), [("S001", "&lt;script&gt;alert(1)&lt;/script&gt;"), ("S002", "=cmd()")])
def test_hostile_names_are_letters(run, unit, name):
    """A name that is a script or a formula is shown as its letters, and adds no tag to the page."""
    text = made(run, unit)
    assert name in text
    scripts = [attrs for tag, attrs in Tags(text).found if tag == "script"]
    assert [attrs for attrs in scripts if "src" not in attrs] == [{"type": "application/json"}] * 4
    assert {tag for tag, _ in Tags(text).found} == {tag for tag, _ in Tags(made(run, OWN)).found}


def test_figures_cannot_close_their_script(run):
    """Whatever a figure holds, no < leaves its JSON."""
    hostile = {
        "data": [{"name": "</script><script>alert(1)</script>"}],
        "layout": {"title": {"text": "<img src=x onerror=alert(1)>"}},
    }
    text = page(with_output(data={FIGURE: hostile}), run, OWN)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "alert(1)" in text
    assert script_json("&\u2028") == '"\\u0026\\u2028"'


ALIVE = re.compile(r"<(?:script|iframe|object|embed|link|meta|base|form|style)\b|\bon\w+\s*=|javascript:|//", re.IGNORECASE)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<b>x</b><img src=x onerror=alert(1)>",
        '<iframe src="https://x.example" srcdoc="<script>alert(1)</script>">x</iframe>',
        '<a href="javascript:alert(1)">x</a><a href="//x.example/a.html">x</a><a href=" java&#10;script:alert(1)">x</a>',
        '<img src="https://x.example/a.png"><img src="//x.example/a.png"><img srcset="//x.example/a.png 2x">',
        '<section class="fq"><script>alert(1)</script><img src=x onerror=alert(1)></section>',
        '<svg onload=alert(1)><script>alert(1)</script><use href="//x.example/a.svg#b"/><image href="//x.example/a.png"/></svg>',
        '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a><foreignObject><iframe src="//x.example"/></svg>',
        '<p style="background:url(//x.example/a.png);position:fixed">x</p><style>@import "//x.example/a.css"</style>',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        '<form action="//x.example"><input><button formaction="javascript:alert(1)">x</button></form><base href="//x.example">',
        '<meta http-equiv="refresh" content="0;url=//x.example"><link rel="stylesheet" href="//x.example/a.css">',
        '<img src="data:text/html;base64,PHNjcmlwdD4="><img src="data:image/svg+xml;base64,PHN2Zz4=">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">x</noscript><template><script>1</script></template>',
        '<svg><path d="M0 0" stroke="u\\72l(//x.example/s.svg#a)" style="fill:u\\72l(//x.example/s.svg#a)"/></svg>',
        '<svg><rect fill="url(//x.example/a.svg#b)" clip-path="url(#a) url(//x.example/a.svg#b)"/></svg>',
        '<svg><image href="//x.example/a.png"/><image xlink:href="data:image/svg+xml;base64,PHN2Zz4="/></svg>',
        '<figure class="fq-figure"><script type="application/json">{}</script></figure>',
    ],
)
@pytest.mark.parametrize("form", ["text/html", "image/svg+xml", "text/markdown"])
def test_nothing_of_a_cell_runs_or_asks(run, html, form):
    """No script, handler, frame, form, style sheet or foreign address of a cell reaches a page, whatever form it comes in."""
    bare = page(with_output(data={"text/plain": ""}), run, OWN)
    start, end = bare.split("<main>")[0] + "<main>", "</main>"
    shown = page(with_output(data={form: html}), run, OWN)
    assert shown.startswith(start)
    assert not ALIVE.search(shown.removeprefix(start).split(end)[0])
    assert 'class="fq-figure"' not in shown


def test_an_analysts_table_stands_on_the_page(run):
    """A table of pandas keeps its rows and headings; what it looks like is the page's."""
    frame = pd.DataFrame({"单位": ["<一所>"], "总分": [83.75]})
    text = page(with_output(data={"text/html": frame._repr_html_(), "text/plain": repr(frame)}), run, OWN)
    assert '<table class="dataframe" border="1">' in text or '<table border="1" class="dataframe">' in text
    assert "<td>&lt;一所&gt;</td>" in text
    assert "<pre>" not in text


def test_colours_of_a_styler_stay(run):
    """What a Styler of pandas says of its cells in a style sheet is said by the cells; what is no colour of a cell goes."""
    frame = pd.DataFrame({"总分": [83.75, 61.5]}).style.highlight_max(color="#ffeeaa").set_uuid("x")
    sheet = frame.to_html().replace("background-color: #ffeeaa;", "background-color: #ffeeaa; position: fixed; width: 9999px;")
    text = page(with_output(data={"text/html": sheet}), run, OWN)
    assert re.search(r'<td id="own\w+-T_x_row0_col0" style="background-color:#ffeeaa">83.750000</td>', text)
    assert "fixed" not in text


def test_pictures_of_matplotlib_keep_hatches_and_images(run):
    """Patterns and pictures within an SVG are shown, those of other hosts are not."""
    drawn = (
        '<svg><defs><pattern id="h" width="9" height="9" patternUnits="userSpaceOnUse"></pattern></defs>'
        '<path style="fill: url(#h); stroke: #000" d="M0 0"/><image width="9" xlink:href="data:image/png;base64,iVBORw0K"/></svg>'
    )
    text = page(with_output(data={"image/svg+xml": drawn}), run, OWN)
    [name] = re.findall(r'<pattern id="(own\w+-h)"', text)
    assert f'style="fill:url(&quot;#{name}&quot;);stroke:#000"' in text
    assert 'xlink:href="data:image/png;base64,iVBORw0K"' in text


def test_pictures_stand_in_the_page(run):
    """PNG, JPEG and SVG are shown as they are; two pictures do not meet in the names of their parts."""
    for kind in ("image/png", "image/jpeg"):
        text = page(with_output(data={kind: "iVBORw0K\n", "text/plain": "<Figure>"}), run, OWN)
        assert f'<img src="data:{kind};base64,iVBORw0K" alt="&lt;Figure&gt;">' in text
    drawn = '<?xml version="1.0"?><svg viewBox="0 0 9 9"><defs><path id="m" d="M0 0"/></defs><use xlink:href="#m" x="3"/></svg>'
    text = page(with_output(data={"image/svg+xml": drawn}), run, OWN)
    [name] = re.findall(r'<path id="(own\w+-m)" d="M0 0"></path>', text)
    assert f'<use xlink:href="#{name}" x="3">' in text
    others = page(with_output(data={"image/svg+xml": drawn.replace("9 9", "8 8")}), run, OWN)
    assert name not in others
    assert "<pre>没有</pre>" in page(with_output(data={"text/html": "<script>1</script>", "text/plain": "没有"}), run, OWN)


DEEP = functools.reduce(lambda inner, _: {"x": inner}, range(3000), {})


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({}, ""),
        ({"text/plain": None}, ""),
        ({"text/html": "<p>\ud800半</p>"}, "<p>?半</p>"),
        ({"image/png": None, "text/plain": "图"}, "<pre>图</pre>"),
        ({FIGURE: {"data": None, "layout": None}}, "图未画"),
        ({FIGURE: {"data": "abc", "layout": {}}}, "图未画"),
        ({FIGURE: {"data": [1, None], "layout": {}}}, "图未画"),
        ({FIGURE: {"data": [{"type": "bar"}], "layout": [1]}}, "图未画"),
        ({FIGURE: {"data": [DEEP], "layout": {}}}, '"x":null'),
        ({FIGURE: {"data": [{"type": "bar", "y": [float("nan"), float("inf"), 1]}], "layout": {}}}, '"y":[null,null,1]'),
        ({FIGURE: {"data": [{"type": "bar", "name": "\ud800"}], "layout": {"height": float("nan")}}}, '"height":450'),
        ({FIGURE: {"data": [{"type": "bar"}], "layout": {}, "frames": [{}]}}, "只画第一幅"),
    ],
)
def test_whatever_a_cell_put_out_the_page_is_made(run, output, shown):
    """What is broken, half or no figure at all does not fail the card: it is left out, and said where it is a figure."""
    text = page({"cells": [{"cell_type": "code", "outputs": [{"output_type": "display_data", "data": output}]}]}, run, OWN)
    assert shown in text
    assert text.encode()


@pytest.mark.parametrize("kind", sorted(ValidatorCache.get_validator("", "data").class_strs_map))
def test_only_maps_are_left_out(run, kind):
    """Of all kinds of traces that plotly has, those placed on the globe are said to be left out; every other is drawn."""
    [trace] = go.Figure({"data": [{"type": kind}]}).data
    text = page(with_output(data={FIGURE: {"data": [{"type": kind}], "layout": {}}}), run, OWN)
    assert ("地图未画" in text) == bool({"lon", "locations"} & set(trace))
    assert ("application/json" in text) == ("地图未画" not in text)


def test_pictures_of_prose_stand_in_the_page():
    """A picture pasted into a Markdown cell is shown; Markdown that a cell put out is set as prose."""
    text = prose("![图](attachment:a.png)", {"a.png": {"image/png": "iVBORw0K"}})
    assert text == '<p><img src="data:image/png;base64,iVBORw0K" alt="图"></p>\n'
    assert prose("[卡](S007.html) ~~旧~~") == '<p><a href="S007.html">卡</a> <del>旧</del></p>\n'


def test_a_figure_of_an_analyst_is_drawn_whole(run):
    """A plotly figure keeps its traces; what it would fetch or link goes, and a map is said to be left out."""
    own = {
        "data": [{"type": "bar", "x": ["<a href='https://x.example'>甲</a>"], "y": [1], "name": "a < b"}],
        "layout": {"images": [{"source": "https://x.example/a.png"}], "title": "旧式", "height": "高"},
    }
    text = page(with_output(data={FIGURE: own}), run, OWN)
    assert '"x":["甲"]' in text
    assert "x.example" not in text
    assert "<b>旧式</b>" in text
    halves = {"type": "indicator", "value": 5, "number": {"prefix": "<a href='x'", "suffix": ">点"}, "customdata": ["<", ">"]}
    halved = page(with_output(data={FIGURE: {"data": [halves], "layout": {"updatemenus": [{}]}}}), run, OWN)
    assert '"prefix":"\\u0026lt;a href=' in halved
    assert '"customdata":["\\u0026lt;",">"]' in halved
    assert "updatemenus" not in halved
    assert "按钮和滑块见笔记本" in halved
    assert "<b>图</b>" in page(with_output(data={FIGURE: {"data": [{"type": "pie"}]}}), run, OWN)


@pytest.mark.parametrize("unit", [OWN, UNRANKED, "S001", "C1", "P0002"])
def test_our_own_parts_pass_whole(run, unit):
    """What is cleaned of a part of ours is its language, which the page says once: every tag, class and word stays."""
    for name in PARTS:
        part = getattr(fragments, name)(card(run, unit)).html
        cleaned = clean_html(part)
        told = [(tag, {key: value for key, value in attrs.items() if key != "lang"}) for tag, attrs in Tags(part).found]
        assert Tags(cleaned).found == told
        assert re.sub(r"<[^>]*>", "", cleaned) == re.sub(r"<[^>]*>", "", part).replace("&#39;", "'").replace("&#34;", '"')


def test_printed_lines_and_errors_are_text(run):
    """What a cell printed, or how it failed, is shown as text; warnings are left to the notebook."""
    assert "<pre>a &lt; b</pre>" in page(with_output(kind="stream", text="a < b\n"), run, OWN)
    assert "noise" not in page(with_output(kind="stream", name="stderr", text="noise"), run, OWN)
    failed = page(with_output(kind="error", ename="UsageError", evalue="没有 <单位>", traceback=[]), run, OWN)
    assert "<pre>UsageError: 没有 &lt;单位&gt;</pre>" in failed


def test_raw_html_in_prose_is_clean():
    """HTML in the prose of a notebook is shown as JupyterLab shows it, without what could run."""
    assert prose("<script>alert(1)</script>").strip() == ""
    assert prose("一 <b onclick=x>二</b>") == "<p>一 <b>二</b></p>\n"


# In the notebook


def test_the_style_comes_once(run):
    """The first part of a notebook brings the style along, the others do not; the page links it instead."""
    of = card(run, OWN)
    styled = [name for name in PARTS if "<style" in getattr(fragments, name)(of)._repr_html_()]
    assert styled == ["headline"]
    assert "<style" not in made(run, OWN)


@pytest.mark.parametrize("name", PARTS)
def test_parts_read_as_text_too(run, name):
    """Each part has lines of text that hold no markup, for terminals and for readers of a stored notebook."""
    text = repr(getattr(fragments, name)(card(run, OWN)))
    assert len(text) > 40
    assert not re.search(r"</?\w+>", text)


def test_long_lists_are_cut_and_say_so(run):
    """A card lists at most thirty records an indicator and says how many there are in all, and where."""
    text = fragments.lost_records(card(run, "D1")).html
    counts = [part.count("<li>") for part in text.split("</ul>")]
    assert 1 < max(counts) <= 30
    assert re.search(rf"列出最近{max(counts)}条，共\d+条", text)
    assert "D1.records.csv" in text


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Score the invented province as the README does."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "params", folder / "params")
    for words in (["demo", "demo"], ["score", "params/demo.yaml"]):
        subprocess.run([Path(sys.executable).with_name("fengqiao"), *words], cwd=folder, check=True, capture_output=True)
    return open_run(folder / "runs" / "demo")


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_the_demo_is_small(demo, lang):
    """Every city, county, station and zone of the invented province, and every fifth officer, has a page of at most 20 KB."""
    units = [*demo.frame("units").units, *list(demo.frame("units", officers=True).units)[::5]]
    sizes = {unit: len(made(demo, unit, lang).encode()) for unit in units}
    assert {unit: size for unit, size in sizes.items() if size > PAGE} == {}
    assert len(sizes) > 200


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("length", "reasons"), [(8, 0), (8, 500), (40, 1), (40, 500)])
def test_a_page_stays_small_whatever_there_is_to_list(run, lang, length, reasons):
    """Where every indicator lost hundreds of records for as many reasons, and many disputes are open, few are listed."""
    of = card(run, OWN, lang)
    ids = [f"{'A' * (length - 5)}{number:05d}" for number in range(500)]
    lost = tuple(
        LostRecords(
            line.code,
            line.label,
            "cases",
            "警情案件",
            tuple(
                Lost(one, OWN, "2024-12-31 10:00", f"办结 2024-12-31 10:00，期限 {number % reasons:019d}" if reasons else "")
                for number, one in enumerate(ids)
            ),
        )
        for line in of.indicators
    )
    open_ones = tuple(
        OpenDisputes(tier, tuple(OpenDispute(one, OWN, "2025-01-01", number - 250) for number, one in enumerate(ids)))
        for tier in ("red", "yellow", "blue")
    )
    text = page(notebook(replace(of, lost_records=lost, disputes=open_ones)), run, OWN, lang)
    assert len(text.encode()) <= PAGE
    assert text.count(ids[0]) == len(lost) + len(open_ones)
    assert text.count(">S007.records.csv<") == text.count('href="S007.records.xlsx"') == 1
    assert text.count("“S007.records.csv”") == len(open_ones)


def test_lists_are_cut_alike():
    """All lists are cut to the same length, the longest that fits; nothing is cut that fits as it is, and one entry is left."""
    lists = [[f"A{number:05d}" for number in range(count)] for count in (30, 5, 40)]
    assert max_entries(lists, 10_000) == 30
    assert max_entries(lists, 250) == 10
    assert max_entries(lists, 0) == 1


def test_text_is_seen_on_its_ground():
    """Every colour of text has a contrast of 4.5 to 1 on white and on the grounds it stands on."""
    style = fragments.style()
    inks = [re.search(rf"--{name}:(#\w+)", style)[1] for name in ("ink", "quiet", "blue", "red")]
    assert all(contrast(ink, ground) >= 4.5 for ink in inks for ground in ("#ffffff", "#f3f6fa"))
    assert contrast("#39434f", "#fdf3e1") >= 4.5
