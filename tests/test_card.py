"""The card as data: places, changes, gains, records, and what it says when the records cannot tell."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.card_frames import class_frame, dimension_frame, indicator_frame, trend_frame
from fengqiao_eval.pages.fragments import projected_standing, service, units_table
from fengqiao_eval.results.card import card, identity, write_records_csv
from fengqiao_eval.results.caveats import empty_months
from fengqiao_eval.results.frames import ClassTotals
from fengqiao_eval.results.gains import gains, required_records
from fengqiao_eval.results.lines import CardPeriods, adjustment_lines, counted_words, steps
from fengqiao_eval.results.lost_records import OPEN, open_disputes
from fengqiao_eval.results.run import open_run
from fengqiao_eval.scheme.benchmark import Change, Peers, Place
from fengqiao_eval.scheme.indicator import Consequence, Indicator, Outside
from fengqiao_eval.scheme.normalisation import Relative
from fengqiao_eval.scoring.normalisation import absolute
from fengqiao_eval.wording.arithmetic import Unit, points_at, sums
from fengqiao_eval.wording.numbers import Movement, change, note
from fengqiao_eval.words import say
from runs_fixture import MERGED, NEW, OWN, TIED, UNRANKED, write


@pytest.fixture(scope="module")
def run_path(tmp_path_factory):
    """Write the run once."""
    return write(tmp_path_factory.mktemp("runs") / "demo")


@pytest.fixture(scope="module")
def run(run_path):
    """Open the run once."""
    return open_run(run_path)


@pytest.fixture(scope="module")
def own(run):
    """Put together the card of an ordinary station."""
    return card(run, OWN)


def with_manifest(run, **given):
    """Replace keys of the run's manifest."""
    return replace(run, manifest=run.manifest | given)


def line_of(of, code):
    """Find the line of an indicator."""
    return next(line for line in of.indicators if line.code == code)


# The run


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "请先在项目文件夹中运行 make scorecards"), ("en", "first type make scorecards")]
)
def test_no_run_yet_says_what_to_do(tmp_path, monkeypatch, lang, words):
    """Where there is no run, the words say to make scorecards first, in Chinese and English."""
    monkeypatch.setenv("FENGQIAO_LANG", lang)
    with pytest.raises(UsageError) as refused:
        open_run(tmp_path / "demo")
    assert words in str(refused.value)


def test_a_unit_must_be_text(run):
    """A unit that papermill turned into a number is refused, and the words name the way out."""
    with pytest.raises(UsageError) as refused:
        card(run, 14)
    assert "papermill -r unit 014" in str(refused.value)
    assert "现为 14" in str(refused.value)


def test_an_unknown_unit_is_refused_with_near_ones(run):
    """An unknown unit is refused with the nearest known ones, and never with an officer's."""
    with pytest.raises(UsageError) as refused:
        card(run, "S0077")
    assert OWN in str(refused.value)
    with pytest.raises(UsageError) as refused:
        card(run, "P9999")
    assert "P0001" not in str(refused.value)


def test_latest_names_a_run(run_path):
    """The text file `latest` beside the runs opens the run it names."""
    pointer = run_path.parent / "latest"
    pointer.write_text(f"{run_path.name}\n", "utf-8")
    assert open_run(pointer).path == run_path


def test_frames_are_read_once(run):
    """A frame is read once as long as its file does not change; one that is not there is empty."""
    assert run.frame("points") is run.frame("points")
    assert run.frame("nothing").of(OWN).empty


# Standing


def test_the_place_is_said_in_both_languages(run, own):
    """The place reads 第2名／共9个 in Chinese and 2 of 9 in English, with what it rests on."""
    assert plain_text.place(own) == f"第{own.standing.rank}名／共9个"
    assert plain_text.place(card(run, OWN, "en")) == f"{own.standing.rank} of 9"
    assert plain_text.firmness(own) == f"依据记录{own.standing.n:,.0f}条次。名次未附误差。"


def test_ties_are_said(run):
    """Two stations on one total share a place, and each card says with how many."""
    first, second = (card(run, unit) for unit in TIED)
    assert first.standing.rank == second.standing.rank
    assert first.standing.tied == second.standing.tied == 1
    assert "与另外1个同分并列" in plain_text.headline(first)


def test_who_is_not_ranked_says_why(run):
    """A unit of which too little could be scored has no place and no grade, and is told by how much."""
    standing = card(run, UNRANKED).standing
    assert (standing.rank, standing.grade) == (None, "")
    # 11.25, cut as coverage is everywhere, never rounded up
    assert standing.reasons == ("可评权重11.2%，低于方案规定的70%",)
    assert standing.previous.text == "无上期数据"


def test_a_class_of_one_has_no_place(run):
    """A unit alone in its class gets no place."""
    assert plain_text.place(card(run, "C1")) == "同类仅此1个，不排名次"


def test_the_class_is_named_in_the_readers_language(run):
    """Where the whole level is the class, it is named as the level is."""
    assert identity(run, "C1", "en").peer_class == "every City (no classes)"
    assert identity(run, OWN, "en").peer_class == "四类"


def test_the_total_is_the_sum_of_its_parts(run):
    """Contributions of indicators, and of dimensions, add up to the total of every unit."""
    for unit in (OWN, UNRANKED, "C1", "P0002"):
        of = card(run, unit)
        assert sum(line.contribution for line in of.indicators) == pytest.approx(of.standing.total, abs=1e-9)
        assert sum(line.contribution for line in of.dimensions) == pytest.approx(of.standing.total, abs=1e-9)
        assert of.lost == pytest.approx(100 - of.standing.total, abs=0.05)


def test_the_mean_of_the_months_stands_beside_the_total(run, own):
    """A quarter's total comes with the mean of its months, and of how many; a month has no such mean."""
    totals = [point.total for point in own.trend[-3:]]
    assert own.standing.months.mean == pytest.approx(sum(totals) / 3, abs=0.006)
    assert plain_text.monthly_mean(own) == f"各月平均{own.standing.months.mean:.2f}分（3个月）"
    month = with_manifest(run, periods=run.manifest["periods"] | {"this": "2024-12"})
    assert card(month, OWN).standing.months is None


def test_lines_outside_the_hundred_are_listed(tmp_path):
    """An adjustment is shown with what it is and its points."""
    folder = write(tmp_path / "demo")
    rows = [
        (OWN, "2024Q4", "重大立功", "merit", "add", 2.0, "N1", "ok"),
        (OWN, "2024Q3", "旧事", "old", "deduct", -1.0, "N2", "ok"),
    ]
    columns = ["unit_id", "period", "line", "rule", "effect", "contribution", "record_ids", "status"]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "adjustments.parquet")
    of = card(open_run(folder), OWN)
    assert [(line.label, line.words, line.points, line.record_ids) for line in of.adjustments] == [
        ("重大立功", "加分", 2.0, ("N1",))
    ]
    assert "重大立功  +2.00  加分" in plain_text.dimensions(of)


# Changes


@pytest.mark.parametrize(
    ("now", "before", "kind", "base", "zh", "en"),
    [
        (96.43, 95.0, "points", 200, "升1.43个百分点", "up 1.43 pp"),
        (95.0, 96.43, "points", 200, "降1.43个百分点", "down 1.43 pp"),
        (95.004, 95.0, "points", 200, "持平", "unchanged"),
        (96.0, 95.0, "points", 29, "升1.00个百分点（基数小）", "up 1.00 pp (low n)"),
        (86.26, 87.0, "marks", None, "降0.74分", "down 0.74 points"),
        (12.0, 10.0, "quantity", 400, "升20.0%", "up 20.0 per cent"),
        (12.0, 10.0, "quantity", 12, "升2.00（基数小）", "up 2.00 (low n)"),
        (3.0, 0.0, "quantity", 400, "升3.00", "up 3.00"),
        (1.5, None, "points", None, "无上年同期数据", "no figure for the same period last year"),
        (None, 1.5, "points", None, "本期数据不足，不作比较", "not compared: too little in this period"),
    ],
)
def test_changes_in_the_right_words(now, before, kind, base, zh, en):
    """Rates move by percentage points, quantities by per cent, totals by points; small bases and gaps are said."""
    assert change(now, before, kind, "zh", earlier="year_before", base=base).text == zh
    assert change(now, before, kind, "en", earlier="year_before", base=base).text == en


def test_a_unit_without_a_past_says_so(run):
    """A station founded this autumn has no figure for last year, and says it rather than a change."""
    of = card(run, NEW)
    assert of.standing.year_before.text == "无上年同期数据"
    assert of.trend[0].total is None
    assert of.trend[-1].total is not None


def test_the_trend_holds_twelve_months(own):
    """The line has the twelve months up to the period's end, each with a rate for every dimension."""
    assert [point.period for point in own.trend] == [f"2024-{month:02d}" for month in range(1, 13)]
    assert {len(point.rates) for point in own.trend} == {len(own.dimensions)} == {4}


# Gains


def test_gains_are_the_fewest_records_that_reach_the_target(run):
    """With the count named the target is reached, with one less it is not; the points are those of the scheme's rule."""
    scheme = run.scheme
    rules = {indicator.code: indicator for indicator in scheme.indicators}
    seen = set()
    for unit in ("S001", "S003", OWN, "C1", "P0002"):
        of = card(run, unit)
        assert len(of.gains) <= 3
        assert [gain.points for gain in of.gains] == sorted((gain.points for gain in of.gains), reverse=True)
        for gain in of.gains:
            line, rule = line_of(of, gain.code), rules[gain.code]
            if rule.measure.kind not in {"share", "distinct", "ratio"}:
                continue
            sign = 1 if line.direction == "higher" else -1
            values = [100 * (line.numerator + sign * k) / line.denominator for k in (gain.count, gain.count - 1)]
            assert [sign * value >= sign * line.target for value in values] == [True, False]
            points = absolute(rule.points, np.array(values[:1]), line.direction)[0]
            assert gain.points == pytest.approx(points * line.weight_used - line.contribution, abs=0.0051)
            seen.add(line.direction)
    assert seen == {"higher", "lower"}


def gain_of(run, of, code, **changed):
    """Reckon the gain of one indicator whose line is changed."""
    return next(iter(gains(sheet_of(run.scheme), [replace(line_of(of, code), **changed)])), None)


def sheet_of(scheme, **unit):
    """Lay out an empty sheet of a station."""
    return CardPeriods(Unit(scheme, "station", "四类", **unit), {"this": "2024Q4"}, "zh", {}, {}, {})


def test_a_change_against_months_without_records_is_marked(run):
    """Where a table holds no record of anybody in two months of last quarter, the change on it says so; the others do not."""
    sheet = replace(
        sheet_of(run.scheme),
        periods={"this": "2024Q4", "previous": "2024Q3", "year_before": "2023Q4"},
        gaps={("cases", "received_at"): frozenset({"2024-08", "2024-09", "2022-01"})},
    )
    arrival = next(i for i in run.scheme.indicators if i.code == "arrival_on_time")
    up = Movement("升30.00分", 1)
    assert sheet.mark_gaps(up, [arrival], "previous").text == "升30.00分（所比月份中有 2 个月没有任何记录，不足为凭）"
    assert sheet.mark_gaps(up, [arrival], "year_before") == up
    other = next(i for i in run.scheme.indicators if i.code == "satisfied")
    assert sheet.mark_gaps(up, [other], "previous") == up


@pytest.mark.parametrize(
    ("reference", "empty", "said"),
    [
        (Change(kind="change", since="history", periods=8), ("2022-10", "2023-09"), "有 2 个月没有任何记录"),
        (Change(kind="change", since="history", periods=4), ("2022-10", "2023-09"), ""),
        (Change(kind="change", since="previous"), ("2024-08", "2024-11"), "有 2 个月没有任何记录"),
        (Peers(kind="peers", since="year_before"), ("2023-10",), "有 1 个月没有任何记录"),
        (Peers(kind="peers"), ("2024-10",), ""),
    ],
)
def test_what_a_value_is_held_against_says_which_months_have_no_record(run, reference, empty, said):
    """A change against the own history of eight quarters, of which months without any record are a part, is marked."""
    arrival = next(i for i in run.scheme.indicators if i.code == "arrival_on_time")
    entry = arrival.model_copy(update={"against": (reference,)})
    row = {"period": "2024Q4", "step": 0, "given": 6.0, "reference": 2.625, "result": 3.375}
    (step,) = steps(entry, [row], "zh", {("cases", "received_at"): frozenset(empty), ("cases", "due_at"): frozenset({"2024-10"})})
    assert (said in step.words, "没有任何记录" in step.words) == (True, bool(said))


def test_notes_on_months_without_records_are_read_back():
    """The months stand in the manifest, by table and by the dates by which it is counted; in that of an older run by its own."""
    given = {"table": "警情案件", "source": "cases", "each": "2024-08 2024-09", "months": "2024-08–2024-09", "count": 2}
    months = {"2024-08", "2024-09"}
    assert empty_months({"notes": [{"key": "empty_months", "given": given}]}) == {("cases", "received_at"): months}
    given |= {"dates": "due_at, closed_at"}
    told = empty_months({"notes": [{"key": "empty_months", "given": given}]})
    assert told == {("cases", "due_at"): months, ("cases", "closed_at"): months}


def test_gains_speak_of_what_is_counted(run, own):
    """On time, fewer recurrences, elements filled, each in its own words; answers of the public are not counted off."""
    below = {"value": 80.0, "numerator": 80.0, "denominator": 100.0, "contribution": 0.0, "points": 0.0}
    assert gain_of(run, own, "arrival_on_time", **below).need == "再有15起达标"
    assert gain_of(run, own, "elements_complete", **below).need == "再有19个要素达标"
    assert gain_of(run, own, "satisfied", **below).need == "达到95%（由群众评定，不折算份数）"
    assert gain_of(run, own, "recurrence", **(below | {"value": 8.0, "numerator": 8.0})).need == "减少3起"
    assert gain_of(run, own, "sense_of_safety", **below).need == "达到96%"
    assert gain_of(run, own, "arrival_on_time", **below).words("zh").startswith("再有15起达标，可得+")


def test_no_gain_where_nothing_is_to_be_won(run, own):
    """A target reached, an indicator not scored, or points that depend on others promise nothing."""
    assert gain_of(run, own, "arrival_on_time", value=95.0) is None
    assert gain_of(run, own, "arrival_on_time", value=50.0, status="too_few") is None
    assert gain_of(run, own, "arrival_on_time", value=50.0, target=None) is None
    indicators = run.scheme.dimensions[0].indicators
    relative = indicators[0].model_copy(update={"points": Relative(kind="percentile")})
    dimension = run.scheme.dimensions[0].model_copy(update={"indicators": (relative, *indicators[1:])})
    scheme = run.scheme.model_copy(update={"dimensions": (dimension, *run.scheme.dimensions[1:])})
    line = replace(line_of(own, "arrival_on_time"), value=50.0, numerator=50.0, denominator=100.0)
    assert gains(sheet_of(scheme), [line]) == ()


def test_counts_are_exact(run, own):
    """95 of 100 is 95 per cent: no record more is asked for because of a float."""
    indicator = next(i for i in run.scheme.indicators if i.code == "arrival_on_time")
    line = replace(line_of(own, "arrival_on_time"), numerator=18.0, denominator=20.0, value=90.0)
    assert required_records(indicator, line) == (1, 95.0)


def entry(measure, points, **given):
    """Make an indicator of a measure and a rule of points."""
    lines = {
        "code": "it",
        "label": "它",
        "why": "无",
        "source": "无",
        "direction": "lower",
        "weight": 40,
        "missing": "zero",
        "unit": "起",
    }
    return Indicator.model_validate({**lines, "measure": measure, "points": points, **given})


COUNT = {"kind": "count", "table": "disputes", "date": "due_at"}
MARKS = {"kind": "line", "start": 0, "each": {"四类": 0.4, "others": 0.2}, "in_marks": True}


@pytest.mark.parametrize(
    ("measure", "target", "numerator", "denominator", "needs"),
    [
        (COUNT | {"per": "residents", "scale": 1000}, 4, 30.0, 5.0, (10, 4.0)),
        (COUNT, 2, 5.0, None, (3, 2.0)),
        (COUNT | {"worth": [{"column": "value"}]}, 2, 5.0, None, (None, 2.0)),
        (COUNT | {"best_of": ["tier"]}, 2, 5.0, None, (None, 2.0)),
    ],
)
def test_a_count_needs_so_many_records_fewer(own, measure, target, numerator, denominator, needs):
    """Of a count per residents, and of a raw count, records are counted off; not where a record is worth more than another."""
    line = replace(line_of(own, "recurrence"), numerator=numerator, denominator=denominator, value=numerator / (denominator or 1))
    assert required_records(entry(measure, {"kind": "line", "start": 100, "each": -1}, target=target), line) == needs


def test_points_of_a_value_follow_level_class_and_marks(run):
    """A value is worth the steps of its class, brought from marks of the item to the full marks of the class."""
    scheme = run.scheme.model_copy(update={"full_marks": {"四类": 150, "others": 100}})
    indicator = entry(COUNT, MARKS, direction="higher")
    assert points_at(indicator, 50.0, Unit(scheme, "station", "四类")) == 75
    assert points_at(indicator, 50.0, Unit(scheme, "station", "三类")) == 25
    assert [one.kind for one in sums(indicator, 200.0, Unit(scheme, "station", "四类"))] == ["rule", "cap", "marks"]


def test_a_gain_keeps_silent_where_the_total_does_not_follow(run, own):
    """Under a geometric mean, a limit of the dimension, a reference, or a veto of the item no points are promised."""
    line = replace(line_of(own, "arrival_on_time"), value=50.0, numerator=50.0, denominator=100.0, contribution=0.0)
    assert gains(sheet_of(run.scheme), [line])
    first, *rest = run.scheme.dimensions
    against = first.indicators[0].model_copy(update={"against": (Place(kind="place"),)})
    for changed in ({"aggregation": "geometric"}, {"floor": 10}, {"cap": 90}, {"indicators": (against, *first.indicators[1:])}):
        scheme = run.scheme.model_copy(update={"dimensions": (first.model_copy(update=changed), *rest)})
        assert gains(sheet_of(scheme), [line]) == ()
    assert gains(sheet_of(run.scheme.model_copy(update={"aggregation": "geometric"})), [line]) == ()
    assert gains(sheet_of(run.scheme.model_copy(update={"longer_period": "mean_of_totals"})), [line]) == ()
    veto = Consequence.model_validate({
        "code": "veto", "label": "否决", "why": "无", "source": "无", "levels": ["station"], "effect": "zero_item",
        "item": "arrival_on_time", "measure": COUNT,
    })  # fmt: skip
    scheme = run.scheme.model_copy(update={"outside": (Outside(code="vetoes", label="否决事项", lines=(veto,)),)})
    assert gains(sheet_of(scheme), [line])
    assert gains(sheet_of(scheme), [line], {"veto"}) == ()


@pytest.mark.parametrize(
    ("row", "label", "words", "points", "inside"),
    [
        (("cases", "geometric", "aggregate", -1.5), "案件办理", "几何平均与加权平均之差", ["−1.50"], True),
        (("cases", "floor", "cap", 2.0), "案件办理", "限扣（不低于下限）", ["+2.00"], True),
        (("total", "mean_of_totals", "aggregate", 0.01), "总分", "各期平均的取整差", ["+0.01"], True),
        (("vetoes", "cap", "cap", -3.0), "否决事项", "封顶（不高于上限）", ["−3.00"], False),
        (("veto", "zero_item", "zero_item", -4.0), "否决", "“到场时限达标率”一项在发生的月份计零，2 起", ["−4.00"], False),
        (("veto", "bar_award", "bar_award", 0.0), "否决", "取消评奖，2 起", [], False),
        (("veto", "ungraded", "ungraded", 0.0), "否决", "不定等次，2 起", [], False),
        (("older", "x", "deduct", -1.0), "older", "扣分", ["−1.00"], False),
    ],
)
def test_a_line_that_is_no_indicators_says_what_it_does(run, row, label, words, points, inside):
    """Each line is called what the scheme calls it, says its effect and what was counted; one of the hundred is told apart."""
    line = {"code": "veto", "label": "否决", "why": "无", "source": "无", "levels": ["station"], "effect": "zero_item"}
    veto = Consequence.model_validate(line | {"item": "arrival_on_time", "measure": COUNT})
    scheme = run.scheme.model_copy(update={"outside": (Outside(code="vetoes", label="否决事项", lines=(veto,)),)})
    given = dict(zip(("line", "rule", "effect", "contribution"), row, strict=True)) | {"value": 2.0, "record_ids": ""}
    (found,) = adjustment_lines(scheme, [given], "zh")
    assert (found.label, found.said("zh"), found.moves(2), found.inside) == (label, words, points, inside)


@pytest.mark.parametrize(
    ("against", "value", "zh", "en"),
    [
        ([], 12, "12 起", "12 cases"),
        ([{"kind": "quota", "amount": 10, "as": "excess_percent"}], 20, "超20%", "20% over"),
        ([{"kind": "quota", "amount": 10, "as": "excess"}], 2, "超2 起", "2 cases over"),
        ([{"kind": "quota", "amount": 10, "as": "shortfall"}], 2, "少2 起", "2 cases short"),
        ([{"kind": "quota", "amount": 10, "as": "completion"}], 80, "完成80%", "80% done"),
        ([{"kind": "place", "from": "best"}], 2, "第2名", "place 2"),
        ([{"kind": "place", "from": "worst"}], 2, "倒数第2名", "place 2 from the last"),
        ([{"kind": "change", "since": "previous", "as": "percent"}], 8.5, "+8.5%", "+8.5%"),
    ],
)
def test_what_was_counted_stands_in_the_unit_of_what_it_was_held_against(against, value, zh, en):
    """Twelve events over a control number of ten are 20 % over, and not twenty events; a place is a place."""
    line = {"code": "k", "label": "投诉", "why": "无", "source": "无", "levels": ["station"], "effect": "bar_award"}
    entry = Consequence.model_validate(line | {"measure": COUNT, "unit": "起", "against": against})
    assert (counted_words(entry, value, "zh"), counted_words(entry, value, "en")) == (zh, en)


def test_the_place_then_counts_those_still_better(own):
    """The place that more points would bring is one behind those who would still be strictly better."""
    peers = ClassTotals((80.0, 85.0, 90.0, 95.0))
    of = replace(own, peers=peers, standing=replace(own.standing, total=85.0, rank=3, of=4))
    assert projected_standing(of, 5.0) == (90.0, 2)
    assert projected_standing(of, 0.0) == (85.0, 3)


# Records


def test_a_station_answers_for_its_zones(run, own):
    """Records of the zones below are listed on the station's card, the latest first."""
    found = next(part for part in own.lost_records if part.code == "arrival_on_time")
    line = line_of(own, "arrival_on_time")
    assert len(found.records) == line.denominator - line.numerator
    assert {record.unit_id for record in found.records} == {OWN, "Z1"}
    times = [record.happened_at for record in found.records]
    assert times == sorted(times, reverse=True)
    assert len(card(run, "D1").lost_records[0].records) > len(found.records)


def test_open_disputes_by_colour(drawn):
    """Red comes first, within a colour the most urgent; what has no colour or limit is not lost."""
    rows = drawn("""
        | unit_id | dispute_id | tier   | due_at     | days_left |
        | S007    | D1         | blue   | 2025-01-09 | 8         |
        | S007    | D2         | red    | 2025-01-03 | 2         |
        | S007    | D3         | red    | 2024-12-30 | -2        |
        | S007    | D4         |        |            |           |
    """)
    parts = open_disputes(rows[list(OPEN)].itertuples(index=False, name=None))
    found = {part.tier: [(one.dispute_id, one.days_left) for one in part.disputes] for part in parts}
    assert list(found) == ["red", "blue", ""]
    assert found == {"red": [("D3", -2), ("D2", 2)], "blue": [("D1", 8)], "": [("D4", None)]}


def test_all_lost_records_go_to_a_csv_excel_can_open(run, tmp_path):
    """The CSV holds every record and open dispute, opens as UTF-8 in Excel, and no cell of it is run as a formula."""
    of = card(run, "S002")
    path = tmp_path / "S002.records.csv"
    write_records_csv(of, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["指标代码", "指标", "记录表", "记录编号", "记录单位", "时间", "失分原因"]
    assert len([row for row in rows if row[0]]) == sum(len(part.records) for part in of.lost_records)
    open_ones = [(row[1], row[3]) for row in rows if not row[0]]
    assert open_ones[0] == ("未化解纠纷（红）", of.disputes[0].disputes[0].dispute_id)
    assert len(open_ones) == sum(len(part.disputes) for part in of.disputes)
    assert "'=cmd|0" in {row[3] for row in rows}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_an_officers_card_names_no_colleague(run):
    """Nothing on an officer's card names another officer; the class is numbers only."""
    said = repr(card(run, "P0001"))
    assert "P0001" in said
    assert not [unit for unit in run.frame("units", officers=True).units if unit != "P0001" and unit in said]


# What could not be told


def test_missing_figures_are_grouped_and_explained(run):
    """Indicators without records are named once, with what the scheme then does."""
    said = card(run, UNRANKED).unknowns
    assert said[0].startswith("本期无可计记录：要素录入率、按期办结率、")
    assert said[0].endswith("；不计分，其权重分给其余指标")


def test_void_provisional_merged_and_part_year_are_said(run, own):
    """A void month, a figure not yet settled, a merged station and a person who served a part are all said."""
    assert "暂计：复发率（期末后90日方能定论）；现已计分，定论后可能变动" in own.unknowns
    assert "指标“投诉回应率”2024-11 的记录作废并剔除，不计入本期（投诉系统迁移，答复时间丢失）" in own.unknowns
    assert "含并入单位S900、S901的记录，与以往比较时请注意" in card(run, MERGED).unknowns
    assert card(run, "P0002").service.days_words("zh") == "本期92天，您任职折合60天，不满全期，按任职天数计算"


def test_notes_of_the_run_are_repeated_even_if_nobody_wrote_their_sentence(run):
    """A note whose sentence the catalogue lacks is shown as it is; of very many, the rest is counted."""
    notes = [{"key": "no_such_sentence", "given": {"table": "cases", "n": n}} for n in range(15)]
    said = card(with_manifest(run, notes=notes), OWN, "en").unknowns
    assert "no_such_sentence: table cases, n 0" in said
    assert said[-1] == say("card.unknown.more", "en", n=3)


def test_notes_on_other_classes_are_left_to_their_cards(run):
    """A note that speaks of a level or a class stands on the cards of that class only, in their language."""
    given = {"indicator": "到场时限达标率", "level": "station", "count": 9, "value": "100%"}
    notes = [{"key": "constant", "given": given | {"group": group}} for group in ("三类", "四类")]
    marked = with_manifest(run, notes=notes)
    assert [said for said in card(marked, OWN).unknowns if "100%" in said] == [note("constant", given | {"group": "四类"}, "zh")]
    assert [said for said in card(marked, "P0001").unknowns if "100%" in said] == []
    assert any("Arrivals within 15 minutes" in said for said in card(marked, OWN, "en").unknowns)


def test_asides_speak_the_language(run, own):
    """Response rate, counts and colours beside an indicator are said in the card's language."""
    assert line_of(own, "satisfied").asides[0].startswith("应答率 38")
    assert line_of(card(run, OWN, "en"), "satisfied").asides[0].startswith("response rate 38")
    assert [aside.split()[0] for aside in line_of(own, "settled_on_time").asides] == ["红", "黄", "蓝"]
    assert [aside.split()[0] for aside in line_of(card(run, OWN, "en"), "settled_on_time").asides] == ["red", "yellow", "blue"]
    assert line_of(own, "agreements_performed").asides == ("履行情况未填 3",)


def test_the_headline_answers_four_questions(own):
    """How many points, which place, where lost, how to win back; and that it is advice."""
    said = plain_text.headline(own)
    for part in (f"总分 {own.standing.total:.2f}", "第", "哪里失分：", "怎么补：", "1. ", "经人工确认", "草稿"):
        assert part in said


def test_the_indicator_frame_is_rounded(own):
    """The frame for the notebook holds a row an indicator, rounded, in the order of the one table."""
    frame = indicator_frame(own)
    assert list(frame["indicator"]) == [line.label for line in own.indicators]
    assert frame["contribution"].sum() == pytest.approx(own.standing.total)
    assert json.loads(frame[["value"]].round(2).to_json()) == json.loads(frame[["value"]].to_json())


def test_the_frames_hold_what_the_pictures_draw(run, own):
    """Dimensions, months and class are the numbers of the pictures; the own total stands at its place, nobody is named."""
    assert dimension_frame(own)["contribution"].sum() == pytest.approx(own.standing.total)
    assert [*trend_frame(own).index] == [point.period for point in own.trend]
    told = replace(own, trend=tuple(replace(point, half=3.29) for point in own.trend))
    assert (trend_frame(own)["±"].isna().all(), trend_frame(told)["±"].tolist()) == (True, [3.3] * 12)
    assert trend_frame(own)["总分"].tolist() == [
        point.total if point.total is None else round(point.total, 1) for point in own.trend
    ]
    found = class_frame(own)
    assert found["units"].sum() == own.standing.of
    assert found.loc[found["own"], ["place", "total"]].to_numpy().tolist() == [[own.standing.rank, own.standing.total]]
    tied = class_frame(card(run, TIED[0]))
    assert (tied["place"] + tied["units"]).tolist()[:-1] == tied["place"].tolist()[1:]
    assert not class_frame(card(run, UNRANKED))["own"].any()


def test_a_frame_is_shown_in_rows_and_stays_a_frame(own):
    """A notebook shows heads and rows, harmless whatever they hold, of many the first and last; cut, it is a plain frame."""
    found = dimension_frame(own)
    assert type(found[found["lost"] > 0]) is pd.DataFrame
    found["<b>"] = np.nan
    shown = found._repr_mimebundle_()
    assert shown["text/plain"].splitlines()[0].endswith("<b>")
    assert "<th>&lt;b&gt;</th>" in shown["text/html"]
    assert shown["text/html"].count("<tr>") == 1 + len(found)
    many = type(found)({"n": range(100)})
    assert [line.split()[0] for line in many._repr_mimebundle_()["text/plain"].splitlines()[1:]] == [
        *("0", "1", "2", "3", "4", "…", "95", "96", "97", "98", "99"),
    ]


# Above and below


def test_what_stands_above_and_below(run):
    """A station hangs on its county, whose card lists the stations by class and place, the one without a place last."""
    of = card(run, "D1")
    assert [unit.name for unit in of.hierarchy.above] == ["云溪市公安局"]
    assert {unit.page for unit in card(run, OWN).hierarchy.below} == {"../zone/Z1.html", "../zone/Z2.html"}
    [stations] = of.hierarchy.groups
    assert stations[0].group == "派出所 · 四类"
    places = [unit.rank for unit in stations if unit.rank]
    assert places == sorted(places)
    assert stations[-1].unit_id == UNRANKED


def test_what_is_partial_is_never_shown_as_whole(tmp_path):
    """Whose total is not ranked has it in brackets, with the reason of its own card; a ranked one says the share scored."""
    folder = write(tmp_path / "demo")
    ranks = pd.read_parquet(folder / "ranks.parquet")
    ranks.loc[(ranks["unit_id"] == "S001") & (ranks["period"] == "2024Q4"), "covered"] = 0.88
    ranks.to_parquet(folder / "ranks.parquet")
    run = open_run(folder)
    of = card(run, "D1")
    units = {unit.unit_id: unit for unit in of.hierarchy.below}
    assert units[UNRANKED].remarks == card(run, UNRANKED).standing.reasons
    assert plain_text.unit_line(units[UNRANKED], of).split("  ")[1:3] == [f"({units[UNRANKED].total:.2f})", "未参加排名"]
    assert "括号内的总分不参加排名" in units_table(of).html
    assert units["S001"].remarks == ("可评权重88%",)
    assert units["S003"].remarks == ()


def test_who_is_barred_has_it_said_beside_the_total(tmp_path):
    """A veto of the period stands beside the total on the card above."""
    folder = write(tmp_path / "demo")
    rows = [
        (OWN, "2024Q4", "veto", "bar_award", "bar_award", 0.0, "", "ok"),
        (OWN, "2024Q3", "old", "x", "ungraded", 0.0, "", "ok"),
    ]
    columns = ["unit_id", "period", "line", "rule", "effect", "contribution", "record_ids", "status"]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "adjustments.parquet")
    said = {unit.unit_id: unit.remarks for unit in card(open_run(folder), "D1").hierarchy.below}
    assert said[OWN] == ("veto 取消评奖",)


def test_an_officers_part_is_for_officers(run):
    """Asked of a unit it refuses, and names the notebook that is the unit's."""
    with pytest.raises(UsageError, match=r"“S007”不是人员；单位的计分卡用 station_scorecard\.ipynb"):
        service(card(run, OWN))
    assert card(run, OWN).service is None


def test_who_moved_reads_where_and_how_long(tmp_path):
    """Days at each unit of the period are named where there were several; a unit that is no more has its id."""
    folder = write(tmp_path / "demo")
    units = pd.read_parquet(folder / "officer" / "units.parquet")
    posts = ['{"S007": 60.0, "S99": 32.0}' if unit == "P0001" else "" for unit in units["unit_id"]]
    units.assign(posts=posts, role="").to_parquet(folder / "officer" / "units.parquet")
    of = card(open_run(folder), "P0001")
    assert of.service.days_words("zh") == "本期92天，您全期任职；期内岗位变动：白鹭派出所 60天、S99 32天"
    assert of.service.role == "民警"


def test_the_state_and_the_way_to_object_are_said(run):
    """An announced run names the last day and whom to ask; without them the words still say what to do."""
    announced = card(with_manifest(run, state="announced"), OWN)
    assert plain_text.objection(announced)[0] == "如对数据或计分有异议，请于2025-01-20前提出。联系：考评办 010-00000000。"
    assert plain_text.state(announced) == "公示"
    bare = card(with_manifest(run, objection_until=None, contact=""), OWN)
    assert plain_text.objection(bare)[0] == "如对数据或计分有异议，请及时提出。联系本级考评办。"


def test_paths_may_be_text(run_path):
    """A notebook hands over the run as text."""
    assert open_run(str(run_path)).path == Path(run_path)
