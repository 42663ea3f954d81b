"""How firm a place is, in words and pictures: what a card says of a range, of none, of few, of a class without order."""

import json
import re
import shutil
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.pages import plain_text, run_screen
from fengqiao_eval.pages.charts import dot_strip, draw_funnel, draw_places
from fengqiao_eval.pages.explain import Question, total_lines
from fengqiao_eval.pages.fragments import PAGE, headline
from fengqiao_eval.pages.page import page
from fengqiao_eval.results.card import card
from fengqiao_eval.results.firmness import (
    Margin,
    Rival,
    half_band,
    margin,
    places_frame,
    rankability_frame,
    same_record_groups,
    same_records_words,
    shared_records,
    shrunken_frame,
    without_error,
)
from fengqiao_eval.results.lines import Adjusted
from fengqiao_eval.results.run import open_run
from fengqiao_eval.scoring.score import score_period
from fengqiao_eval.scoring.uncertainty import Setting, firm_places
from places import PERIOD, measured, province, table_of
from runs_fixture import OWN, write
from test_page import notebook
from test_uncertainty import changed, errors_of

RANGE = Margin(low=3, high=15, low_w=2, high_w=16, error=5.3, rankable=0.66, grade=0.72)
SAID = {
    "range": (RANGE, "名次有九成可能在第3至第15名之间"),
    "doubt": (RANGE, "权重若也有出入，则在第2至第16名之间"),
    "grade": (RANGE, "等次确为{grade}的可能为72%"),
    "a grade in a class alike": (replace(RANGE, rankable=0.2, grade=None), "等次{grade}有多大把握说不出：差别太小"),
    "no order": (replace(RANGE, rankable=0.43), "这一类排不出先后：分差里只有43%是真差别，其余是偶然"),
    "another period": (replace(RANGE, low_again=2, high_again=17), "水平都不变，下一期九成可能在第2至第17名之间。"),
    "one place": (replace(RANGE, low=4, high=4), "名次有九成可能在第4名（印出第"),
    "both sides": (replace(RANGE, apart=(2, 4)), "九成能分先后的：第1至第2名、第4至第9名；其余的说不准。"),
    "one before": (replace(RANGE, apart=(1, 0)), "九成能分先后的：第1名；"),
    "nobody apart": (replace(RANGE, apart=(0, 0)), "与同类任何一个都分不出先后。"),
    "all counted": (Margin(low=9, high=9, error=0.0), "这一类的误差为零，名次就是印出的。"),
    "nothing known": (Margin(), "名次未附误差"),
    "an award": (
        replace(RANGE, named=0.14, award=3, first={1: 0.02, 3: 0.15}),
        "够列入评优名单（名额3个）的可能为14%。",
    ),
    "no n": (Margin(error=4.0, unknown={"no_n": ["安全感", "满意率"]}), "不给名次范围：没有说明“安全感、满意率”的样本量"),
    "no n of its own": (
        Margin(unknown={"no_n_own": ["安全感"]}),
        "不给名次范围：没有说明“安全感”的样本量（本派出所的），误差不知。",
    ),
    "no n in its class": (Margin(unknown={"no_n_class": ["安全感"]}), "同类中有的派出所没有说明“安全感”的样本量，误差不知。"),
    "no spread": (Margin(unknown={"no_spread": ["人均走访"]}), "不给名次范围：“人均走访”的误差从记录里看不出。"),
    "a scheme without error": (Margin(counted=True), "全量统计，不含抽样误差。"),
    "a class of few that is known": (Margin(error=4.0, rankable=0.7, unknown={"no_n": ["安全感"]}), "同类单位太少，不给名次范围"),
    "few": (Margin(error=4.0, rivals=(Rival("西山派出所", 0.531, 0.52),)), "同类单位太少，不给名次范围，只作两两比较"),
    "pair": (
        Margin(error=4.0, rivals=(Rival("西山派出所", 0.531, 0.52),)),
        "高于后一名西山派出所的可能为53%（分不出先后）；水平都不变，下一期总分高于该单位的可能为52%",
    ),
    "nobody named": (
        Margin(error=4.0, rivals=(Rival("", 0.9996, 0.0),)),
        "高于后一名的可能为>99%；水平都不变，下一期总分高于此人的可能为<1%",
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
        assert "有九成可能" not in plain_text.firmness(told(run, SAID[case][0]))


def test_english_says_the_same(run):
    """By the level behind the records, and another period under its own name."""
    said = plain_text.firmness(told(run, replace(RANGE, rivals=(Rival("X", 0.6, 0.55),)), "en"))
    assert "By the level behind the records (chance apart) its place is 3 to 15, nine times in ten" in said
    assert "Chance of grade" in said
    assert (
        "Chance of a higher level than the one printed after it, X: 60% (too close); "
        "of a higher total in another period, levels as they are: 55%" in said
    )
    award = plain_text.firmness(told(run, replace(RANGE, named=0.39, award=1), "en"))
    assert "Chance of the award list (1 in all): 39%." in award


def flagged(of, *flags):
    """Flag the card of a unit."""
    return replace(of, standing=replace(of.standing, flags=flags))


PULLED = {"zh": "记录少，名次向中间靠", "en": "few records: the place leans towards the middle"}
BENT = {"zh": "封顶等规则使误差偏向一边", "en": "caps and the like make the error lean to one side"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_card_says_where_it_leans(run, lang):
    """Widened to hold the printed place: beside it and in the sentence; bent by a cap: below the total; each once there."""
    of = flagged(told(run, RANGE, lang), "pulled", "bent")
    page = headline(of)
    assert page.html.count(PULLED[lang]) == 2
    assert page.html.count(BENT[lang]) == page.text.count(BENT[lang]) == 1
    assert re.search(rf"(9名；|printed 9; ){PULLED[lang]}[）)]".replace("9", str(of.standing.rank)), page.text)
    plainly = headline(flagged(told(run, RANGE, lang)))
    assert PULLED[lang] not in plainly.html + plainly.text
    assert BENT[lang] not in plainly.html + plainly.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_one_screen_says_of_whom_it_leans(run, tmp_path, lang):
    """Among the remarks of that unit alone, from the flags of its row in ranks."""
    folder = Path(shutil.copytree(run.path, tmp_path / "run"))
    ranks = pd.read_parquet(folder / "ranks.parquet")
    own = (ranks["unit_id"] == OWN) & (ranks["period"] == run.period)
    ranks.loc[own, "flags"] = "pulled,bent"
    ranks.to_parquet(folder / "ranks.parquet")
    run_screen.write(folder, lang)
    rows = (folder / "assets" / "rows.js").read_text("utf-8")
    assert rows.count(PULLED[lang]) == rows.count(BENT[lang]) == 1
    [level] = [each for each in json.loads(rows.partition("=")[2].rstrip(";\n"))["levels"] if each["code"] == "station"]
    [row] = [each for each in level["rows"] if each[0] == OWN]
    assert PULLED[lang] in row[run_screen.FIELDS.index("remark")]
    assert BENT[lang] in row[run_screen.FIELDS.index("remark")]


STANDING = {
    "percentile": {"points": {"kind": "percentile"}},
    "from the worst to the best": {"points": {"kind": "min_max"}},
    "in deviations": {"points": {"kind": "z_score"}},
    "place": {"against": [{"kind": "place"}], "points": {"kind": "curve", "knots": [[1, 100], [12, 20]]}},
}


@pytest.mark.parametrize("kind", STANDING)
def test_points_for_standing_lean_towards_the_middle_and_bend_nothing(kind):
    """The mean of their draws lies nearer the middle of the class, which ranges hold already; a cap beside them still counts."""
    lots = np.random.default_rng(5)
    met, answers = lots.binomial(15, lots.beta(8, 2, (12, 4))).astype(float), np.full((12, 4), 15.0)
    of_standing = changed(table_of("plain"), **STANDING[kind])
    assert not errors_of(of_standing, measured(met, answers))[1].bent.any()
    capped, [whole] = table_of("capped").dimensions[0].indicators, of_standing.dimensions
    mixed = whole.model_copy(update={"indicators": (*whole.indicators[:1], *capped[1:])})
    answers += 10
    met, answers = answers - (np.arange(12) % 2)[:, None], answers + np.array([1e6, 0, 0, 0])  # the first errs by nothing
    full = measured(np.column_stack([8e4 * np.arange(12), *met.T[1:]]), answers)
    assert errors_of(of_standing.model_copy(update={"dimensions": (mixed,)}), full)[1].bent.all()


VETO = {"why": "例", "source": "例", "measure": {"kind": "count", "table": "cases", "date": "received_at"}}
HELD = {
    "bands": [
        {"grade": "优秀", "at_least": 90},
        {"grade": "良好", "at_least": 80},
        {"grade": "达标", "at_least": 60},
        {"grade": "待改进", "at_least": 0},
    ],
    "outside": [
        {
            "code": "vetoes",
            "label": "否决",
            "lines": [
                {"code": "veto", "label": "否决", "effect": "cap_grade", "grade": "良好", "levels": ["station"], **VETO},
            ],
        }
    ],
}


def test_a_veto_holds_the_chance_of_a_grade_only_where_it_holds_the_grade():
    """Who stands at the best grade that it leaves has it whatever else; below that the chance is that of a unit without veto."""
    met = np.array([31, 31, 37, 37, 20, 22, 25, 28, 29, 33, 34, 35], dtype=float)  # of 40, twice a pair of equals
    vetoed = np.isin(np.arange(12), [0, 2]).astype(float)
    counted = measured(np.column_stack([met] * 4 + [vetoed]), np.column_stack([np.full((12, 4), 40.0), np.full(12, np.nan)]))
    scheme, tree = table_of("plain", **HELD), province(1, 12)
    one = score_period({PERIOD: counted}, PERIOD, scheme, tree)
    firm = firm_places(Setting({PERIOD: counted}, PERIOD, scheme, tree, 0), {PERIOD: one})
    [said] = [each for each in firm.statements if each.word == "grade"]
    chance = dict(zip(said.at.tolist(), said.chance.tolist(), strict=True))
    assert one.grade[:4].tolist() == ["达标", "达标", "良好", "优秀"]
    assert 0.3 < chance[0] < 0.9
    assert chance[0] == pytest.approx(chance[1], abs=0.06)
    assert chance[2] > 0.97 > chance[3] + 0.1


def test_a_veto_on_awards_leaves_the_chance_of_the_place(run):
    """Who is kept from the list whatever the place has no chance of it, and is told how likely the place is."""
    of = told(run, replace(RANGE, named=0.0, award=3, first={3: 0.4}))
    veto = Adjusted("x", "否决", "bar_award", "不得评优", 1.0, "1 起", 0.0, (), inside=False)
    assert "够列入评优名单（名额3个）的可能为<1%。" in plain_text.firmness(of)
    assert "名次在前3名的可能为40%。" in plain_text.firmness(replace(of, adjustments=(veto,)))


def test_indicators_without_an_error_are_named_in_the_language_of_the_card(run):
    """From the notes of the run, of the indicators that the unit has; what is said of others is not said here."""
    label = run.scheme.indicators[0].label
    notes = [{"key": "error_no_n", "given": {"indicator": each, "count": 4}} for each in (label, "别的指标")]
    manifest = {**run.manifest, "notes": [*run.manifest["notes"], *notes]}
    for lang, words in (("zh", f"没有说明“{label}”的样本量"), ("en", f"rests: “{run.scheme.indicators[0].name('en')}”")):
        of = card(replace(run, manifest=manifest), OWN, lang)
        assert words in plain_text.firmness(of)
        assert "别的指标" not in plain_text.firmness(of)
        assert not any(label in said and "error: none" in said for said in of.unknowns)


def test_only_a_class_in_which_an_n_lacks_hears_of_it(run):
    """A card speaks of a note about its own class, and of none about another class or level; whose n lacks it sees by its own."""
    label = run.scheme.indicators[0].label
    group = next(row["peer_class"] for row in run.frame("ranks").rows(OWN) if row["period"] == run.period)
    for level, of_class, mine in (("station", group, True), ("station", "别类", False), ("zone", group, False)):
        note = {"key": "error_no_n", "given": {"indicator": label, "count": 4, "level": level, "group": of_class}}
        told_so = replace(run, manifest={**run.manifest, "notes": [note]})
        known = card(told_so, OWN).standing.margin.unknown
        assert known == ({"no_n_class": [label]} if mine else {})
    unit = {"level": "zone", "group": group}
    assert without_error([note], {label: label}, unit, [label]) == {"no_n_own": [label]}


def test_english_says_whose_number_lacks_its_n(run):
    """This station's where it is its own, some station's of the class where it is another's."""
    said = plain_text.firmness(told(run, Margin(unknown={"no_n_own": ["X"]}), "en"))
    assert "nobody said on how many answers this station's number rests: “X”." in said
    assert "of some station of the class nobody said on how many answers this rests: “X”." in plain_text.firmness(
        told(run, Margin(unknown={"no_n_class": ["X"]}), "en")
    )


FEW = Margin(error=4.0, rankable=0.7)
ALL = "（九成以上才算分得出）："
AGAIN = "水平都不变，下一期总分仍如此先后的可能依次为："
ONE = {
    "the first of four": (
        {"rivals": (Rival("乙", 0.53, 0.5), Rival("丙", 0.896, 0.8), Rival("丁", 0.97, 0.9))},
        [
            f"本期真实水平高于后面各单位的可能{ALL}乙（53%）、丙（89%）、丁（97%）。",
            f"{AGAIN}50%、80%、90%。",
        ],
    ),
    "one in the middle": (
        {"rivals": (Rival("丙", 0.6, 0.55), Rival("丁", 0.8, 0.7)), "ahead": (Rival("甲", 0.95, 0.9),)},
        [
            f"本期真实水平高于后面各单位的可能{ALL}丙（60%）、丁（80%）。",
            f"{AGAIN}55%、70%。",
            "前一名甲真实水平高于本单位的可能为95%。",
        ],
    ),
    "the last": (
        {"ahead": (Rival("甲", 0.95, 0.9), Rival("乙", 0.6, 0.55))},
        [f"前面各单位本期真实水平高于本单位的可能{ALL}甲（95%）、乙（60%）。", f"{AGAIN}90%、55%。"],
    ),
    "the last officer": (
        {"ahead": (Rival("", 0.95, 0.9), Rival("", 0.6, 0.55))},
        ["前面各人本期真实水平高于您的可能（依次；九成以上才算分得出）：95%、60%。", f"{AGAIN}90%、55%。"],
    ),
    "the last of two officers": (
        {"ahead": (Rival("", 0.896, 0.8),)},
        ["前一名真实水平高于您的可能为89%（分不出先后）。"],
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_in_a_class_of_few_everyone_hears_of_every_pair(run, case):
    """Whoever stands first, between others, or last: how sure it is that the one printed before stands above the other."""
    pairs, words = ONE[case]
    of = told(run, replace(FEW, **pairs))
    assert plain_text.margin_words(of) == ["同类单位太少，不给名次范围，只作两两比较。", *words]


def test_the_last_of_many_hears_of_the_one_before_it(run):
    """Nobody stands after it; the others are told of the next one alone."""
    before = (Rival("甲", 0.7, 0.6),)
    assert "前一名甲真实水平高于本单位的可能为70%" in plain_text.firmness(told(run, replace(RANGE, ahead=before)))
    assert "前一名" not in plain_text.firmness(told(run, replace(RANGE, ahead=before, rivals=(Rival("乙", 0.7, 0.6),))))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pairs_are_read_from_the_rows_of_the_one_before(run, tmp_path, lang):
    """A pair stands once among the chances, with whoever is printed first: the card of the other finds it there."""
    said = [("S001", "above", OWN, None, 0.62), ("S001", "above_again", OWN, None, 0.58)]
    of = card(with_chances(run, tmp_path / "run", *said), OWN, lang)
    assert of.standing.margin.ahead == (Rival(run.unit("S001")["name"], 0.62, 0.58),)
    words = {"zh": "真实水平高于本单位的可能为62%", "en": "chance that the one before, "}
    assert words[lang] in plain_text.firmness(
        replace(of, standing=replace(of.standing, margin=replace(of.standing.margin, low=3, high=9)))
    )


def test_a_unit_without_error_among_others_has_a_range(run):
    """Only where nobody of the class errs is the range the place, and is it said that all was counted."""
    some = Margin(low=4, high=5, error=0.0, places={4: 0.5, 5: 0.5}, rankable=0.9, grade=1.0)
    assert plain_text.place_range(told(run, some)) == ["九成可能：第4–5名"]
    said = plain_text.firmness(told(run, some))
    assert "名次有九成可能在第4至第5名之间" in said
    assert "全量统计" not in said
    assert "全量统计" not in plain_text.firmness(told(run, replace(some, low=4, high=4, places={4: 1.0})))


def test_what_rests_on_the_same_records_is_said_where_it_matters(run):
    """Where the error at correlation 1 is larger by a third or more, in both languages; else explain and the notebook say it."""
    said = "有的指标出自同一批记录：若一同偏高偏低，总分的误差不是4.55分，而是7.17分。"
    known = replace(RANGE, error=4.5512, joint=7.1698)
    assert plain_text.firmness(told(run, known)).endswith(said)
    assert "the error of the total would be 7.17 points, not 4.55." in plain_text.firmness(told(run, known, "en"))
    assert plain_text.firmness(told(run, replace(FEW, error=4.5512, joint=7.1698, rivals=(Rival("乙", 0.5, 0.5),)))).endswith(
        said
    )
    for joint in (5.9, float("nan"), None):
        assert "同一批记录" not in plain_text.firmness(told(run, replace(known, joint=joint)))


@pytest.mark.parametrize(
    ("share", "said"), [(0.8951, "89%"), (0.9, "90%"), (0.1049, "11%"), (0.0999, "10%"), (0.4999, "49%"), (0.5, "50%")]
)
def test_no_chance_is_rounded_over_a_line_that_words_go_by(share, said):
    """From 90 % on, and to 10 %, it is settled who stands above; from 50 % on a class has an order: numbers never contradict."""
    assert plain_text.chance(share) == said


FULL = replace(
    RANGE, low=104, high=389, low_w=93, high_w=421, joint=7.4, rankable=0.43,
    places={100 + 10 * place: 0.05 for place in range(20)},
    named=0.14, award=12, first={12: 0.15}, rivals=(Rival("晴溪开发区派出所", 0.6, 0.55),),
)  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("unit", [OWN, "S001", "P0002"])
def test_a_page_holds_all_that_is_said_of_its_place(run, unit, lang):
    """The page of a card that says everything of its place is no larger than any other may be."""
    own = card(run, unit, lang)
    of = flagged(replace(own, standing=replace(own.standing, margin=FULL)), "pulled", "bent")
    assert len(plain_text.margin_words(of)) == 7
    assert len(page(notebook(of), run, unit, lang).encode()) <= PAGE


def test_the_place_has_its_range_beside_it(run):
    """And says of a class without an order that it has none; the short sentence says the gravest alone."""
    lost = told(run, replace(RANGE, rankable=0.43))
    assert plain_text.place_range(lost) == ["九成可能：第3–15名", "这一类排不出先后"]
    assert plain_text.firmness_short(lost).endswith("这一类排不出先后：分差里只有43%是真差别，其余是偶然。")
    assert plain_text.firmness_short(told(run, RANGE)).count("。") == 2
    assert not plain_text.place_range(told(run, Margin(low=9, high=9, error=0.0)))


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
    unknown = margin({}, [{"statement": "rankable", "object": "", "k": None, "chance": float("nan")}])
    assert (unknown.rankable, unknown.ordered) == (None, True)
    named = margin({}, [{"statement": word, "object": "", "k": 2, "chance": 0.3} for word in ("first", "named")])
    assert (named.first, named.named, named.award) == ({2: 0.3}, 0.3, 2)


@pytest.mark.parametrize(
    ("rank", "half"),
    [
        ({"total": 80.0, "se_total": 2.0, "flags": "provisional"}, 3.29),
        ({"total": 80.0, "se_total": 0.0, "flags": ""}, 0),
        ({"total": 80.0, "se_total": float("nan"), "flags": ""}, None),
        ({"total": 80.0, "se_total": 2.0, "flags": "low_coverage,not_ranked"}, None),
        ({"total": 80.0}, None),
    ],
)
def test_a_band_is_nine_chances_in_ten_of_the_error(rank, half):
    """1.645 errors to either side; none where no error is known, and none of a month scored in part."""
    assert half_band(rank) == half


def test_frames_and_figures_of_a_class(run):
    """A run that knows no errors draws nothing and says so; a level or an indicator that nobody has is refused."""
    firm = places_frame(run, "station")
    assert firm["low"].isna().all()
    assert "没有名次区间" in repr(draw_places(firm, "station"))
    known = firm.assign(low=1, high=3)
    assert len(draw_places(known, "station").data[1]["y"]) == len(firm)
    assert draw_places(known, "station").data[1]["customdata"][0] == "名次有九成可能在第1至第3名之间"
    told = draw_places(known.assign(low_again=1, high_again=5), "station").data[1]["customdata"][0]
    assert told == "名次有九成可能在第1至第3名之间；水平不变，下一期的名次九成可能在第1至第5名之间"
    assert set(rankability_frame(run)["said"]) == {"—"}
    with pytest.raises(UsageError, match="没有参加排名的“galaxy”"):
        places_frame(run, "galaxy")
    with pytest.raises(UsageError, match="这里没有指标“nothing”的数值"):
        shrunken_frame(run, "nothing", "station")


def with_chances(run, folder, *said):
    """Copy a run and let it say chances, each a unit, statement, object, k and chance; officers have none."""
    folder = Path(shutil.copytree(run.path, folder, ignore=shutil.ignore_patterns("officer")))
    rows = [{"unit_id": unit, "period": run.period, "statement": word, "object": of, "k": k, "chance": share}
            for unit, word, of, k, share in said]  # fmt: skip
    pd.DataFrame(rows).astype({"k": "Int64"}).to_parquet(folder / "chances.parquet")
    copied = open_run(folder)
    return replace(copied, manifest={**copied.manifest, "officers": 0})


def test_what_share_of_its_differences_a_class_keeps_has_one_home(run, tmp_path):
    """The frame of the notebook has of totals what the run says, whatever totals and errors are; a run may have no officers."""
    own = card(run, OWN).identity
    found = rankability_frame(with_chances(run, tmp_path / "run", (OWN, "rankable", "", 0, 0.4321)))
    of_class = found[(found["level"] == own.level_label) & (found["class"] == own.peer_class)]
    assert of_class[["total", "said"]].to_numpy().tolist() == [[0.4321, "这一类排不出先后"]]
    assert found["total"].notna().sum() == 1
    assert "民警" not in set(found["level"])


def test_indicators_on_the_same_records_are_said_with_both_errors(run):
    """One table, one date and one filter within another: independent, and moving as one; nothing where either is not known."""
    groups = same_record_groups(run.scheme, "station")
    assert ("到场时限达标率", "24小时登记率", "要素录入率", "案卷合格率") in groups
    said = same_records_words(run.scheme, "station", (5.314, 5.6449))
    assert "到场时限达标率、24小时登记率、要素录入率、案卷合格率" in said
    assert said.endswith("相互独立计为 5.31 分，若它们完全同向则为 5.64 分。")
    assert "5.31 points with all indicators independent, 5.64" in same_records_words(run.scheme, "station", (5.314, 5.6449), "en")
    assert not same_records_words(run.scheme, "station", (5.314, float("nan")))
    assert not shared_records(run, "station")


def test_explain_says_the_range_and_what_errs_together(run, monkeypatch):
    """Below the sum of a total: the range with its error, and the indicators of the same records; no word where none is known."""
    assert not re.search("九成|完全同向", "\n".join(total_lines(run, OWN, "zh")))
    firm = {"rank_low": 3, "rank_high": 15, "se_total": 5.314, "se_joint": 5.6449}
    plain = Question.rank.func
    known = cached_property(lambda asked: {**plain(asked), **firm})
    known.__set_name__(Question, "rank")
    monkeypatch.setattr(Question, "rank", known)
    lines = total_lines(run, OWN, "zh")
    assert lines[-2] == "按本期背后的真实水平，名次有九成可能在第 3 至第 15 名之间（总分的标准误 5.31 分）"
    assert lines[-1].endswith("若它们完全同向则为 5.64 分。")


def test_small_units_are_drawn_towards_the_class(run):
    """The fewer records, the more; limits are the wider the fewer there are, and a value outside them shows."""
    code = next(i.code for i in run.scheme.indicators if i.measure.kind == "share")
    values = shrunken_frame(run, code, "station")
    moved = (values["shrunken"] - values["value"]).abs()
    assert (moved <= (values["value"] - values["centre"]).abs() + 1e-9).all()
    assert values["n"].is_monotonic_increasing
    assert isinstance(values, pd.DataFrame)
    assert len(draw_funnel(values, code).data) in {1, 4}
