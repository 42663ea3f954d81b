"""Unscored is neither zero nor full: what nobody could score claims nothing, wherever a total, a place or a loss is printed."""

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from fengqiao_eval.pages import charts, overview, plain_text, run_screen
from fengqiao_eval.pages.card_frames import dimension_frame, indicator_frame
from fengqiao_eval.pages.explain import entry_lines, total_lines
from fengqiao_eval.pages.fragments import headline, indicators_table, lost_records, open_disputes
from fengqiao_eval.results.card import card
from fengqiao_eval.results.differences import Pair, shifts, units
from fengqiao_eval.results.frames import ClassTotals
from fengqiao_eval.results.run import open_run
from fengqiao_eval.words import say
from fengqiao_eval.workbooks.results import write_workbook
from test_cli import fengqiao

RECORDS = {
    "units": """
        | unit_id | name | level   | parent_id | peer_class |
        | X       | 甲县 | county  |           |            |
        | S1      | 一所 | station | X         | 一类       |
        | S2      | 二所 | station | X         | 一类       |
        | S3      | 三所 | station | X         | 一类       |
        | S4      | 四所 | station | X         | 二类       |
        | S5      | 五所 | station | X         | 三类       |
    """,
    "cases": """
        | case_id | unit_id | received_at      | arrived_at       |
        | K1      | S1      | 2024-10-01 08:00 | 2024-10-01 08:05 |
        | K2      | S1      | 2024-10-02 08:00 | 2024-10-02 09:05 |
        | K3      | S1      | 2024-10-03 08:00 | 2024-10-03 08:05 |
        | K4      | S4      | 2024-10-03 08:00 | 2024-10-03 08:05 |
        | K5      | S4      | 2024-10-03 08:00 | 2024-10-03 08:05 |
        | K6      | S2      | 2024-10-03 08:00 |                  |
    """,
    "surveys": """
        | survey_id | unit_id | asked_at   | answer |
        | Q1        | S1      | 2024-10-05 | 满意   |
        | Q2        | S3      | 2024-10-05 | 满意   |
        | Q3        | S4      | 2024-10-05 | 满意   |
    """,
    "disputes": """
        | dispute_id | unit_id | received_at | resolved_at |
        | D1         | S1      | 2024-10-05  |             |
        | D2         | S3      | 2024-10-05  | 2024-10-09  |
    """,
}
SCHEME = """
title: 试
version: "1"
sources: [试]
author: 甲
checker: 乙
weights: within
levels: [county, station]
compare_within: {county: level, station: class}
bands: [{grade: 好, at_least: 60}, {grade: 差, at_least: 0}]
dimensions:
- code: work
  label: 办理
  weight: 60
  indicators:
  - {code: on_time, label: 到场, why: 试, direction: higher, weight: 100, target: 95, least: 2, missing: redistribute, source: 试,
     measure: {kind: share, table: cases, date: received_at, met: {arrived_at: {within: {minutes: 15, of: received_at}}}},
     points: {kind: line, start: 0, each: 1}}
- code: people
  label: 群众
  weight: 40
  indicators:
  - {code: satisfied, label: 满意, why: 试, direction: higher, weight: 100, missing: redistribute, source: 试,
     measure: {kind: coded, table: surveys, date: asked_at, column: answer, values: {满意: 1, 不满意: 0}},
     points: {kind: line, start: 0, each: 1}, not_applicable: {units: [S5], give: full}}
"""
PARAMS = "period: 2024Q4\nrecords: records\nscheme: scheme.yaml\ncontact: 某\n"


def scored(folder: Path, tables: dict[str, pd.DataFrame], scheme: str = SCHEME) -> Path:
    """Score tables in a project of their own; give the folder of the run."""
    (folder / "records").mkdir(parents=True)
    for name, table in tables.items():
        table.to_csv(folder / "records" / f"{name}.csv", index=False)
    (folder / "scheme.yaml").write_text(scheme, "utf-8")
    (folder / "p.yaml").write_text(PARAMS, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        code, _, refused = fengqiao("score", "p.yaml", "--quiet")
        assert (code, refused) == (0, "")
    return folder / "runs" / "p"


def read(text: str) -> pd.DataFrame:
    """Read a table drawn in text."""
    head, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=head)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Score once: S1 and S4 whole, S4 alone in its class, S2 on too few records, S3 on 40 % of the weight, S5 spared alone."""
    return scored(tmp_path_factory.mktemp("unscored"), {name: read(text) for name, text in RECORDS.items()})


@pytest.fixture(scope="module")
def run(folder):
    """Open it once."""
    return open_run(folder)


# A card with nothing scored


def test_nothing_scored_claims_nothing(run):
    """S2 has one call where two are asked for: no total, no place, no loss, no gain, nothing reached, and why."""
    text = plain_text.headline(card(run, "S2"))
    assert "尚未计分；未参加排名；未评等次\n样本过少1项、无可计记录1项\n本期没有可计分的记录" in text
    assert "没有可计分的记录。" in text
    assert not re.search(r"失分：|怎么补|达标|没有失分|总分|依据记录", text)


def test_every_part_of_that_card_says_so(run):
    """Gains, lost records and disputes claim nothing, sums are words, and no chart has axes."""
    of = card(run, "S2")
    nothing = "尚未计分，得失无从说起"
    assert (plain_text.gains(of), plain_text.lost(of)) == (nothing, nothing)
    assert of.lost_records == ()
    assert not re.search(r"0\.00|0%", headline(of).html)
    assert indicators_table(of).html.count("未计分") == 5
    assert dimension_frame(of)[["contribution", "rate", "lost"]].isna().all(axis=None)
    assert indicator_frame(of)["contribution"].isna().all()
    for draw in (charts.draw_dimensions, charts.draw_trend, charts.draw_class, charts.draw_indicators):
        layout = draw(of).figure().layout
        assert (layout.xaxis.visible, layout.yaxis.visible) == (False, False)


def test_explain_says_it_too(run):
    """From the total down no line ends in 0."""
    lines = total_lines(run, "S2", "zh")
    assert lines[1] == "尚未计分：没有一项可以计分，没有总分和名次"
    assert lines[3] == "办理  未计分"
    assert not any(line.startswith("合计") for line in lines)


def test_records_over_nothing_are_not_called_no_records(tmp_path):
    """Three calls among 0 residents have no value: card, summary and explain say what is lacking, not that no record is there."""
    tables = {name: read(text) for name, text in RECORDS.items()}
    tables["units"] = tables["units"].assign(residents=["0", "0", "5", "0", "0", "0"])
    rate = "{kind: count, table: cases, date: received_at, per: residents}"
    scheme = re.sub(r"\{kind: share.*\},\n", f"{rate},\n", SCHEME).replace(
        "direction: higher, weight: 100, target: 95", "direction: higher, weight: 100"
    )
    found = open_run(scored(tmp_path, tables, scheme))
    first, third = ("\n".join(card(found, unit).unknowns) for unit in ("S1", "S3"))
    assert "有记录而分母为0，算不出数值：到场" in first
    assert "本期无可计记录：到场" not in first
    assert "没有数值：分母为0" in entry_lines(found, "S1", "on_time", None, "zh")
    assert "本期无可计记录：到场" in third


# Less than least_covered


def test_a_part_is_no_total(run):
    """S3 has full points on 40 % of the weight: no total, no place; what was scored stands with its coverage."""
    of = card(run, "S3")
    text = plain_text.headline(of)
    assert "未形成总分；未参加排名；未评等次\n已计分部分100.00分，可评权重仅40%" in text
    assert "哪里失分：已计分的各项没有失分（只及已计分的40%）" in text
    assert "怎么补：已计分的指标没有设目标（只及已计分的40%）" in text
    assert re.search(r'<p class=fq-big><span class="?fq-word"?>未形成总分</span>', headline(of).html)
    assert "已计分部分（40%）" in indicators_table(of).html


def test_a_part_is_in_no_comparison(run):
    """No other card's class, no spread and no change between runs takes it in."""
    assert card(run, "S1").peers.totals == (80.0,)
    listed = units(Pair(run, run)).set_index("unit_id")
    assert listed.loc[["S2", "S3"], "total_before"].isna().all()
    assert shifts(listed.reset_index())["scored"] == 3


def test_explain_calls_a_part_a_part(run):
    """The line of the total says that there is none."""
    assert total_lines(run, "S3", "zh")[1] == "不形成总分，已计分部分 100.00 分，不参加排名（可评权重不足）；已评权重占 40%"


def test_the_notes_count_both(run):
    """Who checks, runs or reads the one screen is told how many, level by level."""
    told = {(one["key"], one["given"]["level"]): one["given"]["count"] for one in run.manifest["notes"] if "scored" in one["key"]}
    assert told == {("nothing_scored", "station"): 1, ("part_scored", "station"): 2}


# What was reached, lost and open


def test_what_was_reached_is_said_of_what_was_scored(run):
    """S4 reached its one target; S1 missed it; S3 has none that was scored."""
    assert plain_text.no_gains(card(run, "S4")) == "已计分且有目标的1项指标均已达标"
    assert "再有1起达标" in plain_text.headline(card(run, "S1"))
    assert [line.reached for line in card(run, "S2").indicators] == [None, None]


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("S1", "未标颜色  1起、其中逾期0起  D1 未填期限"),
        ("S3", "没有未化解的纠纷"),
        ("S4", "名下没有任何纠纷记录，看不出有没有未化解的纠纷"),
    ],
)
def test_open_disputes_are_said_where_they_can_be_seen(run, unit, said):
    """Without colours and limits the open one is listed; none open is said of whom there are disputes on record."""
    assert plain_text.disputes(card(run, unit)) == said
    assert said.split("  ")[0] in re.sub("<[^>]*>", "", open_disputes(card(run, unit)).html)


@pytest.mark.parametrize("left", ["table", "resolved_at"])
def test_without_the_records_open_disputes_cannot_be_seen(tmp_path, left):
    """No table of disputes, or none that tells when they were resolved: no card says that none is open."""
    tables = {name: read(text) for name, text in RECORDS.items()}
    tables |= {"disputes": tables["disputes"].drop(columns="resolved_at")} if left != "table" else {}
    tables = {name: table for name, table in tables.items() if name != "disputes" or left != "table"}
    of = card(open_run(scored(tmp_path / "one", tables)), "S1")
    assert plain_text.disputes(of) == say("card.disputes.unseen", "zh")


def test_points_by_rule_are_told_from_points_by_records(run):
    """S5 has full marks for what does not apply to it, and nothing else: the card says on what that rests."""
    said = plain_text.total_notes(card(run, "S5"))
    assert said[-1] == "其中100%的权重没有自己的记录，按缺项或免考的规则给分"
    assert plain_text.no_gains(card(run, "S5")).startswith("已计分的指标没有设目标")


def test_records_that_lost_points_are_those_of_what_was_scored(run):
    """K2 cost S1 points; K6 cost S2 none, for its one call is too few."""
    assert [one.record_id for part in card(run, "S1").lost_records for one in part.records] == ["K2"]
    assert "K6" not in lost_records(card(run, "S2")).html


# Alone in a class


def test_one_of_one_is_no_place(run):
    """S4 is alone in its class: no place on card and explanation, and no chart of one dot."""
    of = card(run, "S4")
    assert plain_text.place(of) == "同类仅此1个，不排名次"
    assert "名次" not in plain_text.firmness(of)
    assert total_lines(run, "S4", "zh")[1] == "总分 100.00，同类仅此 1 个，不排名次，等次：好"
    assert charts.draw_class(of).layout["title"]["text"] == "同类仅此1个，没有分布可画"
    assert charts.draw_class(of).figure().layout.xaxis.visible is False


def test_dots_and_lines_of_a_class_stand_at_the_same_totals(run):
    """The line of the own total goes through its dot, to the last decimal."""
    of = card(run, "S1")
    drawn = charts.draw_class(replace(of, peers=ClassTotals((40.51, 80.0)))).figure()
    assert {x for trace in drawn.data for x in trace.x} == {40.51, 80.0}
    assert drawn.layout.shapes[1].x0 == 80.0


# The one screen, the workbook, the overview


def test_the_workbook_prints_no_total_of_a_part(folder, tmp_path):
    """S2, S3 and S5 have no total and no dimension, are coloured nowhere, and say why; one of one is no place."""
    path = tmp_path / "one_table.xlsx"
    write_workbook(folder, path)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("派出所").to_python()
    shown = {row[2]: row for row in rows[2:]}
    assert [shown[unit][6] for unit in ("S1", "S2", "S3", "S4", "S5")] == [80.0, "", "", 100.0, ""]
    assert {cell for unit in ("S2", "S3", "S5") for cell in shown[unit][12:14]} == {""}
    assert "已计分部分 100.00 分" in shown["S3"][14]
    assert (shown["S4"][0], shown["S4"][1]) == ("", "")
    assert "同类仅此1个，不排名次" in shown["S4"][14]
    by_rule = "其中100%的权重没有自己的记录，按缺项或免考的规则给分"
    assert by_rule in shown["S5"][14]
    assert shown["S5"][-1] == "100（不适用）"
    proof = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("验算").to_python()
    assert "不排名次" in next(row for row in proof if row[2] == "S4")


def test_no_colour_beyond_the_rows_with_a_total(folder, tmp_path):
    """Colour scales end where totals do: the last two of five units, sorted last, have none."""
    path = tmp_path / "one_table.xlsx"
    write_workbook(folder, path)
    with zipfile.ZipFile(path) as packed:
        text = packed.read("xl/worksheets/sheet3.xml").decode()
    rows = {int(row) for row in re.findall(r'<conditionalFormatting sqref="[A-Z]+(?:\d+:[A-Z]+)?(\d+)"', text)}
    assert rows == {4}


def test_the_one_screen_hands_over_coverage_and_the_size_of_the_class(folder):
    """The script prints no place of one, and the share that was scored beside a total that is not of all."""
    run_screen.write(folder)
    data = json.loads((folder / "assets" / "rows.js").read_text("utf-8").removeprefix("window.FENGQIAO_ROWS=").rstrip(";\n"))
    rows = [dict(zip(data["fields"], row, strict=True)) for level in data["levels"] for row in level["rows"]]
    assert {row["unit_id"]: row["of"] for row in rows if row["rank"]} == {"X": 1, "S1": 1, "S4": 1}
    assert next(row for row in rows if row["unit_id"] == "S5")["remark"].endswith("按缺项或免考的规则给分")
    script = (folder / "assets" / "screen.js").read_text("utf-8")
    assert "unit.of <= 1" in script
    assert 'say("part"' in script
    assert data["words"]["alone_said"] == "同类仅此1个，不排名次"


def test_the_overview_draws_no_spread_of_one(run):
    """No class has two ranked stations: words, and no axes."""
    layout = overview.draw_spread(run).layout
    assert layout.title.text == "没有两个以上参加排名的同类单位"
    assert (layout.xaxis.visible, layout.yaxis.visible) == (False, False)


# Small tables of others, where they lie beside the project


CASES = Path(__file__).parents[2] / "shared" / "cases"
NOTHING = {"real/07": ["S2"], "real/15": ["S2"], "walk/01": ["003", "014", "X01"]}


@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases lies beside this project on no other machine")
@pytest.mark.parametrize("case", NOTHING)
def test_no_card_of_the_shared_cases_claims_what_it_cannot_know(tmp_path, monkeypatch, case):
    """A unit of which nothing is scored has neither total nor loss, in each of the cases of this kind."""
    shutil.copytree(CASES / case, tmp_path / "case", copy_function=shutil.copyfile)
    if case == "walk/01":
        shutil.copytree(CASES / case / "2024", tmp_path / "case/records/2024", copy_function=shutil.copyfile)
        (tmp_path / "case/params").mkdir()
        shutil.copyfile(Path(__file__).parents[1] / "params/one_table.yaml", tmp_path / "case/params/one_table.yaml")
    params = next((tmp_path / "case").glob("[mp]*.yaml"))
    monkeypatch.chdir(tmp_path / "case")
    assert fengqiao("score", params.name, "--quiet")[0] == 0
    done = open_run(tmp_path / "case/runs" / params.stem)
    for unit in NOTHING[case]:
        text = plain_text.headline(card(done, unit))
        assert "尚未计分" in text or "not scored yet" in text
        assert not re.search(r"失分：|没有失分|达标|points were lost|target", text)
