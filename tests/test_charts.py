"""The figures of a card: small, in the reader's language, and never telling by colour alone."""

import json
from dataclasses import replace

import pytest

from fengqiao_eval.pages import charts
from fengqiao_eval.pages.charts import FIGURE, KINDS, LOOK, SHARED, compact_figure, deep_merge
from fengqiao_eval.results.card import card
from fengqiao_eval.results.frames import BINS, ClassTotals
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN as STATION
from runs_fixture import UNRANKED, write

DRAWINGS = (charts.draw_dimensions, charts.draw_trend, charts.draw_class, charts.draw_indicators)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Write and open the run once."""
    return open_run(write(tmp_path_factory.mktemp("runs") / "demo"))


@pytest.fixture(scope="module")
def own(run):
    """Put together the card of an ordinary station."""
    return card(run, STATION)


def contrast(one, other):
    """Reckon the contrast of two colours as WCAG does."""

    def light(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_figures_are_small_and_plain(draw, own):
    """A figure holds plain numbers (no base64) and, what it shares with others apart, less than 1.2 KB, twelve months 1.7."""
    text = json.dumps(compact_figure(draw(own).to_plotly_json()), ensure_ascii=False)
    assert "bdata" not in text
    assert len(text.encode()) < (1_700 if draw is charts.draw_trend else 1_200)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_figures_share_one_look_with_chinese_fonts(draw, own):
    """Every figure takes its look from one file, whose first fonts hold Chinese."""
    look = draw(own).figure().layout.template.layout
    assert look.font.family == "Noto Sans CJK SC, Microsoft YaHei, SimHei, sans-serif"


def filled(value):
    """Make a list again of what a page writes in short, as the script does."""
    short = value if isinstance(value, dict) else {}
    if isinstance(short.get("gaps"), str):
        return [json.loads(cell or "null") for cell in short["gaps"].split(",")]
    return short["texts"].replace("\n", "<br>").split(",") if isinstance(short.get("texts"), str) else value


@pytest.mark.parametrize("draw", DRAWINGS)
def test_pages_leave_out_only_what_the_script_puts_back(draw, own):
    """Laid over what its kind has, with what its first trace has, what a page keeps of a figure is the figure again."""
    figure = draw(own).to_plotly_json()
    left = compact_figure(figure)
    traces = [{name: filled(value) for name, value in trace.items()} for trace in left["data"]]
    again = deep_merge(KINDS[left["kind"]], {"data": traces, "layout": left["layout"]})
    first = {name: value for name, value in again["data"][0].items() if name in SHARED}
    assert [first | trace for trace in again["data"]] == figure["data"]
    assert again["layout"] | {"meta": left["kind"], "template": LOOK["template"]} == figure["layout"]
    assert not {"type", "marker", "line"} & left["data"][0].keys()


def test_a_figure_of_another_kind_is_kept_whole(own):
    """A figure that an evaluator drew or changed keeps whatever it has; only the common look is left to the script."""
    figure = charts.draw_trend(own).figure().update_traces(selector=0, mode=None).to_plotly_json()
    assert compact_figure(figure)["data"] == figure["data"]
    foreign = {"data": [{"type": "pie", "values": [1, 2]}], "layout": {"title": {"text": "甲"}, "template": {}}}
    assert compact_figure(foreign) == {"data": foreign["data"], "layout": {"title": {"text": "甲"}}}


@pytest.mark.parametrize("draw", DRAWINGS)
def test_notebooks_get_the_whole_figure(draw, own):
    """JupyterLab is handed the figure as plotly would write it, and a terminal its title."""
    shown = draw(own)._repr_mimebundle_()[FIGURE]
    assert shown["data"] == list(draw(own).data)
    assert shown["layout"]["template"] == LOOK["template"]
    assert repr(draw(own)) == draw(own).figure().layout.title.text


def test_dimensions_show_both_numbers(own):
    """A bar is filled or outlined, and its numbers stand beside it."""
    possible, earned = charts.draw_dimensions(own).figure().data
    assert possible.text[0] == f"{own.dimensions[0].contribution:.2f} / {own.dimensions[0].possible:.2f}"
    assert (possible.marker.color, earned.marker.color) == ("#FFFFFF", "#0072B2")
    assert {trace.orientation for trace in (possible, earned)} == {"h"}


def test_a_dimension_without_a_score_says_so(run):
    """A dimension of which nothing was scored is drawn as words, not as a zero."""
    assert charts.draw_dimensions(card(run, UNRANKED)).figure().data[0].text[1:] == ("未计分",) * 3


def test_twelve_months_are_strips_with_their_records(own):
    """Total and dimensions have a strip each; below each month stand its records, above the strip how many join it to others."""
    figure = charts.draw_trend(own).figure()
    assert [note.text for note in figure.layout.annotations][:2] == ["总分 · n≥93", "案件办理 · n≥27"]
    assert list(figure.data[0].x)[:2] == ["1月<br>2024", "2月"]
    assert {trace.yaxis for trace in figure.data} == {None, "y2", "y3", "y4", "y5"}
    assert all("n=%{text}" in trace.hovertemplate for trace in figure.data)


def test_months_of_a_handful_of_records_are_not_joined(own):
    """A month that rests on fewer records than the strip says stands alone; the title says where the number comes from."""
    counts = (100, 99, 101, *[0] * 9)
    trend = [
        replace(point, total=rate, rates=(None,) * 4, n=(n, 0, 0, 0, 0))
        for point, rate, n in zip(own.trend, (80, 70, 90, *[None] * 9), counts, strict=True)
    ]
    figure = charts.draw_trend(replace(own, trend=tuple(trend), least=((100, True), *own.least[1:]))).figure()
    line, alone = figure.data
    assert (list(line.y), line.mode) == ([80, None, 90, *[None] * 9], "lines+markers+text")
    assert (list(alone.y), list(alone.text), alone.mode) == ([None, 70, *[None] * 10], [None, "99", *[None] * 10], "markers+text")
    assert "少于所注数（方案最少记录数之和，未定的为30）的月份不连线" in figure.layout.title.text


def test_a_scheme_without_least_numbers_takes_a_small_base(own):
    """Where the scheme names no least number, fewer than thirty records are too few, and the title says so."""
    title = charts.draw_trend(replace(own, least=((30, False),) * 5)).figure().layout.title.text
    assert "少于30（样本偏小）的月份不连线" in title


def test_totals_of_months_have_a_band_of_their_error(own):
    """Behind the total of a month stands how far it errs, in whole per cent; what is unknown, or in part, has no band."""
    halves, totals = (8.4, 12.6, None, *[0.0] * 9), (80, 97, 90, *[None] * 9)
    trend = [replace(p, half=half, total=total) for p, half, total in zip(own.trend, halves, totals, strict=True)]
    figure = charts.draw_trend(replace(own, trend=tuple(trend))).figure()
    assert list(figure.data[0].error_y.array) == [8, 13, *[0] * 10]
    assert not [one for one in figure.data if one.yaxis and one.error_y.array is not None]
    assert "；竖条：总分的九成误差" in figure.layout.title.text
    assert figure.layout.yaxis.range[1] < 105, "no band is drawn far beyond full marks"
    bonus = [replace(point, total=104 if point.total else None) for point in trend]
    assert charts.draw_trend(replace(own, trend=tuple(bonus))).figure().layout.yaxis.range[1] == 110
    sure = charts.draw_trend(replace(own, trend=tuple(replace(point, half=0.0) for point in trend))).figure()
    assert "竖条" not in sure.layout.title.text


def test_a_band_costs_a_page_no_more_than_some_bytes(own):
    """Twelve months in two rows, of many and of few records, take less than 175 bytes more with bands than without."""
    trend = [replace(p, n=(100 * (at % 2), *p.n[1:]), total=90, half=17.0) for at, p in enumerate(own.trend)]
    known = replace(own, trend=tuple(trend))
    unknown = replace(own, trend=tuple(replace(point, half=None) for point in trend))
    sizes = [len(json.dumps(compact_figure(charts.draw_trend(one).to_plotly_json()), ensure_ascii=False, separators=(",", ":"))
                 .encode()) for one in (known, unknown)]  # fmt: skip
    assert 0 < sizes[0] - sizes[1] < 175


def test_months_without_a_record_have_a_sign(own):
    """A month in which a table holds no record of anybody is marked on the axis, and the title names the table."""
    marked = [replace(point, gaps=("cases",) if number in (0, 2) else ()) for number, point in enumerate(own.trend)]
    drawn = charts.draw_trend(replace(own, trend=tuple(marked))).figure()
    assert list(drawn.data[0].x)[:3] == ["1月<br>＊<br>2024", "2月", "3月<br>＊"]
    assert drawn.layout.title.text.endswith("；＊ 该月全体没有记录：警情案件")


def test_months_scored_in_part_have_a_sign_and_their_share(own):
    """A month of which too little was scored for a total is marked on the axis, and the title says how much it was."""
    marked = [replace(p, total=None, part=(0.5, 0.3, None)[min(n, 2)]) if n < 2 else p for n, p in enumerate(own.trend)]
    drawn = charts.draw_trend(replace(own, trend=tuple(marked))).figure()
    assert list(drawn.data[0].x)[:3] == ["1月<br>△<br>2024", "2月<br>△", "3月"]
    assert drawn.layout.title.text.endswith("；△ 2 个月只评了权重的 30–50%，不成总分")


def test_months_without_a_score_are_gaps(own):
    """A month of which too little was scored is a gap; a line without any month is left out."""
    empty = [replace(point, total=None, rates=(None, *point.rates[1:])) for point in own.trend]
    lines = charts.draw_trend(replace(own, trend=tuple(empty))).figure().data
    assert list(dict.fromkeys(line.name for line in lines)) == [line.label for line in own.dimensions[1:]]
    nothing = [replace(point, total=None, rates=(None,) * 4) for point in own.trend]
    assert charts.draw_trend(replace(own, trend=tuple(nothing))).figure().layout.title.text == "没有可画的数据"


def test_the_class_is_numbers_only(run):
    """The strip names nobody; the own total is a diamond among circles, with its number written."""
    figure = charts.draw_class(card(run, "P0001")).figure()
    text = figure.to_json()
    assert not [unit for unit in run.frame("units", officers=True).units if unit in text]
    assert [(trace.marker.symbol, len(trace.x)) for trace in figure.data] == [(None, 11), ("diamond", 1)]
    assert any("您" in note.text for note in figure.layout.annotations)
    assert figure.layout.title.text == "同类12人的总分分布"


def test_who_is_not_ranked_is_not_drawn_among_the_ranked(run):
    """The strip of a unit without a place says that it is not in it."""
    figure = charts.draw_class(card(run, UNRANKED)).figure()
    assert "diamond" not in [trace.marker.symbol for trace in figure.data]
    assert figure.layout.title.text.endswith("（本卡未参加排名，图中未列）")


def test_a_large_class_is_drawn_as_bars(own):
    """Seven thousand totals become a few dozen bars whose heights are the counts."""
    many = tuple(sorted(60 + 35 * (n * 7919 % 7000) / 7000 for n in range(7000)))
    bars = charts.draw_class(replace(own, peers=ClassTotals(many))).figure().data[0]
    assert bars.type == "bar"
    assert sum(bars.y) == 7000
    assert len(bars.x) <= BINS


def test_an_empty_class_is_said(own):
    """Where nobody is ranked there is nothing to draw, and the figure says so."""
    empty = replace(own, peers=ClassTotals(), standing=replace(own.standing, rank=None))
    assert charts.draw_class(empty).figure().layout.title.text.startswith("没有可画的数据")


def test_losses_are_sorted_and_labelled(own):
    """The indicators stand by points lost, each with its number; a loss of nothing is not drawn."""
    bars = charts.draw_indicators(own).figure().data[0]
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert bars.texttemplate == "−%{x:.2f}"
    assert list(bars.x) == [round(lost, 2) for lost in bars.x]
    assert "24小时登记率" not in bars.y


def test_labels_cannot_be_markup(own):
    """A label that looks like markup is drawn as its letters."""
    hostile = replace(own.dimensions[0], label="<a href='x'>案件</a>")
    figure = charts.draw_dimensions(replace(own, outline=(hostile,))).figure()
    assert figure.data[0].y[0] == "&lt;a href='x'&gt;案件&lt;/a&gt;"


def test_english_figures_hold_no_chinese_of_ours(run):
    """In English, titles, months and marks are English."""
    of = card(run, STATION, "en")
    for draw in DRAWINGS:
        assert draw(of).figure().to_json().isascii()
    assert list(charts.draw_trend(of).figure().data[0].x)[:2] == ["Jan<br>2024", "Feb"]


def test_colours_are_seen_on_white():
    """Text has a contrast of 4.5 to 1, the bars of this unit too; other bars and dots of 3 to 1."""
    drawn = {kind: [trace["marker"]["color"] for trace in KINDS[kind]["data"]] for kind in ("dimensions", "bars", "lost")}
    for text in (LOOK["template"]["layout"]["font"]["color"], drawn["dimensions"][1]):
        assert contrast(text, "#FFFFFF") >= 4.5
    for colour in drawn["bars"] + drawn["lost"]:
        assert contrast(colour, "#FFFFFF") >= 3


def test_dots_lines_and_words_of_a_class_agree(own):
    """The own dot lies on the own line, and both, and the median, are what is printed: rounded alike."""
    totals = (70.126, 80.555, 83.745, 91.5)
    standing = replace(own.standing, total=83.745, rank=2, of=4)
    figure = charts.draw_class(replace(own, peers=ClassTotals(totals), standing=standing)).figure()
    dots, mine = figure.data
    middle, own_line = (shape.x0 for shape in figure.layout.shapes)
    assert (list(dots.x), list(mine.x)) == ([70.13, 80.56, 91.5], [83.75])
    assert (middle, own_line) == (82.15, 83.75)
    assert [note.text for note in figure.layout.annotations] == ["中位数82.15", "本单位83.75分"]
    assert mine.hovertemplate.startswith(f"{own.identity.name} ")
    assert "n=4" in dots.hovertemplate


def test_a_hover_says_name_number_records_and_limit(own):
    """What is pointed at says whose it is, its number, on how many records it rests and what was to be reached."""
    lost, possible = charts.draw_indicators(own).figure().data[0], charts.draw_dimensions(own).figure().data[0]
    assert lost.hovertemplate == "%{y} −%{x} · n=%{customdata[0]} · %{customdata[1]}<extra></extra>"
    line = max((line for line in own.indicators if line.scored), key=lambda line: line.lost)
    assert lost.customdata[0][0] == f"{line.n:.0f}"
    assert lost.customdata[0][1][0] in "≥≤"
    assert possible.hovertemplate == "%{y} %{customdata}<extra></extra>"
    assert possible.customdata[0].startswith(f"{own.dimensions[0].contribution:.2f} / {own.dimensions[0].possible:.2f} · n=")
