"""How firm a place is, in words and pictures: what a card says of a range, of none, of few, of a class without order."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.charts import dot_strip, draw_funnel, draw_places
from fengqiao_eval.pages.fragments import headline
from fengqiao_eval.results.card import card
from fengqiao_eval.results.firmness import Margin, Rival, margin, places_frame, rankability_frame, shrunken_frame
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN, write

RANGE = Margin(low=3, high=15, low_w=2, high_w=16, error=5.3, rankable=0.66, grade=0.72)
SAID = {
    "range": (RANGE, "名次有九成可能在第3至第15名之间"),
    "doubt": (RANGE, "权重若也有出入，则在第2至第16名之间"),
    "grade": (RANGE, "等次确为{grade}的可能为72%"),
    "no order": (replace(RANGE, rankable=0.43), "这一类排不出先后：各单位的差距中只有43%不是偶然"),
    "all counted": (Margin(low=9, high=9, error=0.0), "全量统计，不含抽样误差"),
    "nothing known": (Margin(), "名次未附误差"),
    "few": (Margin(error=4.0, rivals=(Rival("西山派出所", 0.531, 0.52),)), "同类单位太少，不给名次区间，只作两两比较"),
    "pair": (
        Margin(error=4.0, rivals=(Rival("西山派出所", 0.531, 0.52),)),
        "高于西山派出所的可能为53%；再考评一期，高于它的可能为52%",
    ),
    "nobody named": (
        Margin(error=4.0, rivals=(Rival("", 0.9996, 0.0),)),
        "高于后一名的可能为>99%；再考评一期，高于它的可能为<1%",
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Write a run once and open it."""
    return open_run(write(tmp_path_factory.mktemp("runs") / "demo"))


def told(run, known, lang="zh"):
    """Give the card of an ordinary station of whose place this is known."""
    own = card(run, OWN, lang)
    return replace(own, standing=replace(own.standing, margin=known))


@pytest.mark.parametrize("case", SAID)
def test_a_card_says_how_firm_its_place_is(run, case):
    """Each in one plain sentence; without a range, why there is none."""
    known, words = SAID[case]
    of = told(run, known)
    assert words.format(grade=of.standing.grade) in plain_text.firmness(of)


def test_nothing_is_said_of_ranges_where_there_is_none(run):
    """A class of few has pairs and no range; where all was counted there are no chances."""
    for case in ("few", "all counted", "nothing known"):
        assert "九成" not in plain_text.firmness(told(run, SAID[case][0]))


def test_english_says_the_same(run):
    """By the level behind the records, and another period under its own name."""
    said = plain_text.firmness(told(run, replace(RANGE, rivals=(Rival("X", 0.6, 0.55),)), "en"))
    assert "By the level behind the records the place is, nine times in ten, between 3 and 15" in said
    assert "Chance of standing above X: 60%; in another such period: 55%" in said


def test_the_picture_has_twenty_dots_and_words_for_who_cannot_see_it(run):
    """A dot each twentieth of the chance, stacked over its place; no picture where nothing is known."""
    known = replace(RANGE, places={3: 0.25, 9: 0.5, 15: 0.25})
    html = headline(told(run, known)).html
    path = re.search(r'd="(M[^"]*v[^"]*)"', html)[1]
    step = dot_strip(known.places, 9, 18).step
    assert [round(float(stroke) / step) + 1 for stroke in re.findall(r"v-([\d.]+)", path)] == [5, 10, 5]
    assert re.search(r'role="?img"? aria-label="?二十个点，每点为5%的可能', html)
    assert "fq-dots" not in headline(told(run, Margin())).html.split("</style>")[-1]
    tall, flat = dot_strip({2: 1.0}, 2, 3), dot_strip({1: 0.5, 3: 0.5}, 2, 3)
    assert tall.height <= 30 + 4 + 26
    assert (flat.dots.count("M"), round(float(flat.dots.split("v-")[1].split("M")[0]) / flat.step) + 1) == (2, 10)


def test_a_margin_is_read_from_the_frames():
    """What stands in ranks and chances, by the words of the statements; who is not called by a name has none."""
    rows = [
        {"statement": "rankable", "object": "", "k": None, "chance": 0.4},
        {"statement": "place", "object": "", "k": 4, "chance": 0.95},
        {"statement": "place", "object": "", "k": 5, "chance": 0.05},
        {"statement": "above", "object": "S2", "k": None, "chance": 0.7},
        {"statement": "above_again", "object": "S2", "k": None, "chance": 0.6},
    ]
    found = margin({"rank_low": 4, "rank_high": 5, "se_total": 1.0, "shrunken": 80.0}, rows, {"S2": "西山所"})
    assert (found.places, found.ordered) == ({4: 0.95, 5: 0.05}, False)
    assert found.rivals == (Rival("西山所", 0.7, 0.6),)
    assert margin({}, rows).rivals == (Rival("", 0.7, 0.6),)


def test_frames_and_figures_of_a_class(run):
    """A run that knows no errors draws nothing and says so; a level or an indicator that nobody has is refused."""
    firm = places_frame(run, "station")
    assert firm["low"].isna().all()
    assert "没有名次区间" in repr(draw_places(firm, "station"))
    known = firm.assign(low=1, high=3)
    assert len(draw_places(known, "station").data[1]["y"]) == len(firm)
    assert set(rankability_frame(run)["said"]) == {"—"}
    with pytest.raises(UsageError, match="没有参加排名的“galaxy”"):
        places_frame(run, "galaxy")
    with pytest.raises(UsageError, match="这里没有指标“nothing”的数值"):
        shrunken_frame(run, "nothing", "station")


def test_small_units_are_drawn_towards_the_class(run):
    """The fewer records, the more; limits are the wider the fewer there are, and a value outside them shows."""
    code = next(i.code for i in run.scheme.indicators if i.measure.kind == "share")
    values = shrunken_frame(run, code, "station")
    moved = (values["shrunken"] - values["value"]).abs()
    assert (moved <= (values["value"] - values["centre"]).abs() + 1e-9).all()
    assert values["n"].is_monotonic_increasing
    assert isinstance(values, pd.DataFrame)
    assert len(draw_funnel(values, code).data) in {1, 4}
