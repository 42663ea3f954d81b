"""The one screen lists every unit above officers, and nothing else; officers are listed in officer/ only."""

import json
import re

import pandas as pd
import pytest

from fengqiao_eval.pages import run_screen
from run_folders import HOSTILE, NO_VISITS, NOT_RANKED, UNKNOWN, write_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run with its one screen and its index of officers, in Chinese."""
    run = write_run(tmp_path_factory.mktemp("runs") / "demo")
    run_screen.write(run)
    run_screen.write(run, officers=True)
    return run


def shown(script):
    """Read the rows back as the page's script does: level -> unit -> field -> value."""
    data = json.loads(script.read_text("utf-8").removeprefix("window.FENGQIAO_ROWS=").removesuffix(";\n"))
    rows = {
        level["code"]: {row[0]: dict(zip(data["fields"], row, strict=True)) for row in level["rows"]} for level in data["levels"]
    }
    return data, rows


@pytest.fixture(scope="module")
def rows(folder):
    """Read the rows of the one screen."""
    return shown(folder / "assets" / "rows.js")[1]


def ranks(folder, period="2024Q4"):
    """Read the places of a period, by unit."""
    frame = pd.read_parquet(folder / "ranks.parquet")
    return frame[frame["period"] == period].set_index("unit_id")


def test_every_unit_above_officers_is_listed(folder, rows):
    """All levels above officers are there, each with all its units, totals and places as in the frames."""
    frame = ranks(folder)
    listed = {unit: row for level in rows.values() for unit, row in level.items()}
    assert list(rows) == ["city", "county", "station", "zone"]
    assert {unit: row["total"] for unit, row in listed.items()} == frame["total"].to_dict()
    places = {unit: row["rank"] for unit, row in listed.items() if row["rank"] is not None}
    assert places == frame["rank"].dropna().to_dict()


def test_no_officer_is_on_it(folder):
    """Neither the number nor the name of an officer is in the page or its rows, only how many there are."""
    page, script = (folder / "index.html").read_text("utf-8"), (folder / "assets" / "rows.js").read_text("utf-8")
    assert not re.search(r"P000\d|秘名", page + script)
    assert "6 人，不列于本页" in page


def test_officers_are_listed_in_their_own_folder(folder):
    """The index of officers names those with a card, and all it needs of them lies in officer/."""
    data, found = shown(folder / "officer" / "rows.js")
    assert list(found) == ["officer"]
    assert list(found["officer"]) == ["P0001"]
    assert found["officer"]["P0001"]["link"] == "P0001.html"
    assert not data["glance"]
    assert '<script src="rows.js">' in (folder / "officer" / "index.html").read_text("utf-8")


def test_a_run_without_officers_has_no_index_of_them(tmp_path):
    """Where no officer was scored nothing is written."""
    run = write_run(tmp_path / "demo", officers=0, months=False)
    run_screen.write(run, officers=True)
    assert not (run / "officer" / "index.html").exists()


def test_what_changed_since_the_last_run_is_said(folder, tmp_path):
    """The lines are said as text under a heading of their own; a first run has nothing to say, and no such heading."""
    assert "与上一批次相比" not in (folder / "index.html").read_text("utf-8")
    run = write_run(tmp_path / "demo", months=False)
    run_screen.write(run, "zh", ["与 demo 相比：", "派出所：60 个在列，3 个名次有变 <b>"])
    page = (run / "index.html").read_text("utf-8")
    assert "<h2>与上一批次相比</h2>" in page
    assert "3 个名次有变 &lt;b&gt;" in page


def test_only_cards_that_exist_are_linked(rows):
    """A unit is linked where its card lies in the run, and nowhere else."""
    linked = {unit: row["link"] for level in rows.values() for unit, row in level.items() if row["link"]}
    assert linked == {"C1": "city/C1.html", "S001": "station/S001.html", "S002": "station/S002.html"}


def test_a_unit_named_like_a_path_is_linked_safely(tmp_path):
    """The link of a card is its file name, percent signs and all; it never leads out of the run."""
    (tmp_path / "station").mkdir()
    (tmp_path / "station" / "A%2FB.html").write_text("", "utf-8")
    assert run_screen._link(tmp_path, "station", "A%2FB") == "station/A%252FB.html"
    assert run_screen._link(tmp_path, "station", "S1") is None


def test_a_level_with_a_blank_in_its_name_is_linked(tmp_path):
    """The folder of its cards is called with signs, which a link writes once more."""
    (tmp_path / "police%20zone").mkdir()
    (tmp_path / "police%20zone" / "L1.html").write_text("", "utf-8")
    assert run_screen._link(tmp_path, "police zone", "L1") == "police%2520zone/L1.html"


def test_a_change_counts_places_gained_within_the_class(folder, rows):
    """The change is the place of the period before less the place now, so that up is positive."""
    now, before = ranks(folder)["rank"], ranks(folder, "2024Q3")["rank"]
    expected = (before - now).dropna().to_dict()
    listed = {unit: row["change"] for level in rows.values() for unit, row in level.items() if row["change"] is not None}
    assert listed == expected


def test_a_dimension_not_scored_is_empty_and_the_others_carry_it(rows):
    """A dimension without any points is null; the others say of how many points they now are."""
    cases, visits, *_ = rows["station"][NO_VISITS]["dimensions"]
    assert visits is None
    assert cases[2] == 31.25
    assert rows["station"]["S002"]["dimensions"][0][2] == 25


def test_who_is_not_ranked_is_told_why(rows):
    """A unit without a place has a reason: too little weight and what was missing, or that the scheme gives it none."""
    assert rows["station"][NOT_RANKED]["rank"] is None
    assert rows["station"][NOT_RANKED]["reason"].startswith("可评权重 25%，低于方案要求的 70%；")
    assert rows["station"][UNKNOWN]["reason"] == "不参加排名"
    assert rows["station"]["S002"]["reason"] is None


def test_a_missing_indicator_that_costs_the_place_is_named_by_its_status(drawn):
    """Where the scheme says not_ranked for a missing indicator, the reason counts the statuses of such indicators only."""
    from fengqiao_eval.results.standings import _reason  # noqa: PLC0415
    from run_folders import scheme  # noqa: PLC0415

    table = scheme()
    first = table.dimensions[0].indicators[0].model_copy(update={"missing": "not_ranked"})
    dimension = table.dimensions[0].model_copy(update={"indicators": (first, *table.dimensions[0].indicators[1:])})
    strict = table.model_copy(update={"dimensions": (dimension, *table.dimensions[1:])})
    gaps = drawn("""
        | indicator       | status     |
        | arrival_on_time | no_records |
        | files_passed    | too_few    |
    """)
    row = pd.Series({"unit_id": "S1", "flags": "not_ranked", "covered": 0.9})
    assert _reason(strict, row, gaps, "zh") == "无可计记录 1 项"


def test_what_holds_of_all_is_said_once():
    """A flag of every ranked unit of a level is said under the table, and a row keeps the rest."""
    flagged = pd.Series([["provisional", "merged"], ["provisional"], ["not_ranked"]])
    common, own = run_screen._remarks(flagged, pd.Series([True, True, False]), "zh")
    assert common == "本层级各单位均：含暂计指标。"
    assert own == ["含并入单位", "", ""]


def test_hostile_names_end_no_script(folder, rows):
    """A name full of markup is kept letter by letter, and nothing in the rows can end the script or the line."""
    script = (folder / "assets" / "rows.js").read_text("utf-8")
    assert rows["station"]["S001"]["name"] == HOSTILE
    assert not set("<\u2028\u2029") & set(script)
    assert script.count("\n") == 1


def test_hostile_words_of_the_manifest_are_escaped(tmp_path):
    """The contact and the notes of the run are text on the page, whatever they hold."""
    note = {"key": "unheard_of", "given": {"what": "<b>x</b>"}}
    run = write_run(tmp_path / "demo", officers=0, months=False, contact="<script>alert(1)</script>", notes=[note])
    run_screen.write(run)
    page = (run / "index.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_many_notes_are_cut_and_counted(tmp_path):
    """Of more notes than a page holds the rest is counted; the page stays under 60 KB."""
    notes = [{"key": "unheard_of", "given": {"n": n}} for n in range(500)]
    run = write_run(tmp_path / "demo", officers=0, months=False, notes=notes)
    run_screen.write(run)
    page = (run / "index.html").read_text("utf-8")
    assert "另有 440 条" in page
    assert len(page.encode()) < 60_000


@pytest.mark.parametrize(("state", "word"), [("draft", "草稿"), ("announced", "公示"), ("final", "定稿")])
def test_the_state_stands_on_the_page(tmp_path, state, word):
    """The page says in words whether the run is a draft, announced or final, and so does every printed page."""
    run = write_run(tmp_path / "demo", officers=0, months=False, state=state)
    run_screen.write(run)
    assert f">{word}</p>" in (run / "index.html").read_text("utf-8")
    assert shown(run / "assets" / "rows.js")[0]["head"].startswith(f"{word} · ")


def test_how_to_object_is_said(folder, tmp_path):
    """The page says to whom and until when; without a date it sets none."""
    page = (folder / "index.html").read_text("utf-8")
    assert "请向考评办 0571-0000000提出" in page
    assert "截止日期：2025年1月20日" in page
    run = write_run(tmp_path / "demo", officers=0, months=False, contact="", objection_until=None)
    run_screen.write(run)
    bare = (run / "index.html").read_text("utf-8")
    assert "请向考评机构提出" in bare
    assert "截止日期" not in bare


def test_the_overview_is_linked_where_it_is(tmp_path):
    """A run whose overview failed or was not printed has no link that leads nowhere."""
    run = write_run(tmp_path / "demo", officers=0, months=False)
    run_screen.write(run)
    assert 'href="overview.html"' not in (run / "index.html").read_text("utf-8")
    (run / "overview.html").write_text("", "utf-8")
    run_screen.write(run)
    assert 'href="overview.html"' in (run / "index.html").read_text("utf-8")


def test_the_page_speaks_english(tmp_path):
    """In English the page's own words are English; names and classes stay as the records have them."""
    run = write_run(tmp_path / "demo", months=False)
    run_screen.write(run, "en")
    page, (data, rows) = (run / "index.html").read_text("utf-8"), shown(run / "assets" / "rows.js")
    assert '<html lang="en">' in page
    assert "6, not listed here" in page
    assert [level["label"] for level in data["levels"]] == ["City", "County", "Station", "Zone"]
    assert {row["grade"] for row in rows["station"].values()} <= {
        "Excellent",
        "Good",
        "Satisfactory",
        "Needs improvement",
        None,
        "",
    }


def test_the_same_run_gives_the_same_bytes(folder):
    """Written twice, page and rows are equal."""
    files = [folder / "index.html", folder / "assets" / "rows.js"]
    before = [file.read_bytes() for file in files]
    run_screen.write(folder)
    assert [file.read_bytes() for file in files] == before


def test_no_other_host_is_named(folder):
    """Page, script and style name no address outside their folder."""
    texts = [(folder / "index.html"), *(folder / "assets").glob("screen.*")]
    assert not [text for text in texts if re.search(r"https?://|//\w+\.\w+/|@import|url\(", text.read_text("utf-8"))]
