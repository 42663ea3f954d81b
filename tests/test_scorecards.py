"""What the two scorecards say, each to its readers: printed from the invented province in Chinese and English, and read again."""

import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app
from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.fragments import PAGE
from fengqiao_eval.pages.page import link_cards
from fengqiao_eval.results.card import card
from fengqiao_eval.results.run import open_run
from fengqiao_eval.wording.numbers import fixed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PRINTED = ("C01", "X01", "S001", "S002", "S001-1", "P0001", "P0005")
SAID = {
    "units": {"zh": "<h2>上级与下级单位</h2>", "en": "<h2>Units above and below</h2>"},
    "own": {"zh": "<h2>您这张卡</h2>", "en": "<h2>About your card</h2>"},
    "officers": {"zh": r"网格员共(\d+)人", "en": r"grid workers at the period's end: (\d+),"},
    "part": {"zh": "本期92天，您任职折合59天，不满全期", "en": "you served 59 of 92 days"},
    "whole": {"zh": "本期92天，您全期任职", "en": "you served all 92 days"},
    "role": {"zh": "民警", "en": "police officer"},
    "class": {"zh": "同类：", "en": "Class: "},
    "until": {"zh": "请于2025-01-20前提出", "en": "until 2025-01-20"},
    "object": {"zh": "您如何提出异议", "en": "How you can object"},
    "others": {"zh": "只考单位，不考个人：安全感", "en": "Asked of units, not of persons: Sense of safety"},
    "few": {"zh": "样本过少：按期办结率", "en": "Too few records: Closed within the limit"},
    "units_object": {"zh": "<h4>如何提出异议</h4>", "en": "<h4>How to object</h4>"},
}
LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Invent the province, and print the same cards in both languages."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "demo").symlink_to(shared.province(tmp_path_factory))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for lang in ("zh", "en"):
            given = [f"only=[{','.join(PRINTED)}]", f"lang={lang}", f"out={lang}", "objection_until=2025-01-20"]
            done = CliRunner().invoke(app, ["run", "params/demo.yaml", *(word for one in given for word in ("--set", one))])
            assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def frame(project):
    """Read a frame of the run, of units or of officers."""

    def read(name: str, *, officers: bool = False) -> pd.DataFrame:
        folder = project / "zh" / "demo"
        return pd.read_parquet((folder / "officer" if officers else folder) / f"{name}.parquet")

    return read


def page(project, lang, path):
    """Read the page of a card."""
    return (project / lang / "demo" / path).read_text("utf-8")


def part(text, heading):
    """Cut out what stands under a heading."""
    return text.split(heading)[1].split("<h2>")[0]


def words(html):
    """Leave the words of a page."""
    return unescape(re.sub(r"<[^>]+>", " ", html))


# The card of a unit


@LANGUAGES
def test_a_stations_card_names_its_county_and_lists_its_zones(project, frame, lang):
    """County and printed zone are links, a zone without a card is a name; each zone has its total."""
    units = frame("units").set_index("unit_id")
    totals = frame("ranks").query("period == '2024Q4'").set_index("unit_id")["total"]
    said = part(page(project, lang, "station/S001.html"), SAID["units"][lang])
    assert f'<a href="../county/X01.html">{units.loc["X01", "name"]}</a>' in said
    assert f'<a href="../zone/S001-1.html">{units.loc["S001-1", "name"]}</a>' in said
    assert f'<a data-card="../zone/S001-2.html">{units.loc["S001-2", "name"]}</a>' in said
    assert all(fixed(totals[zone]) in said for zone in units.index[units["parent_id"] == "S001"])


@LANGUAGES
def test_a_stations_card_gives_the_number_of_its_officers_and_nothing_more_of_them(project, frame, lang):
    """The number is that of the persons who hang on the station; no id, name or link of any officer is on the page."""
    officers = frame("units", officers=True)
    text = page(project, lang, "station/S001.html")
    assert int(re.search(SAID["officers"][lang], text)[1]) == (officers["station_id"] == "S001").sum() > 1
    assert [word for word in (*officers["unit_id"], *officers["name"]) if word in text] == []
    assert "officer/" not in text


@LANGUAGES
@pytest.mark.parametrize("path", ["county/X01", "city/C01"])
def test_a_countys_and_a_citys_card_list_their_units_with_total_and_place(project, frame, lang, path):
    """Every unit right below stands there with the total and place of the run, and as a link where it has a card."""
    said = part(page(project, lang, f"{path}.html"), SAID["units"][lang])
    ranks = frame("ranks").query("period == '2024Q4'").set_index("unit_id")
    below = frame("units").loc[lambda units: units["parent_id"] == path[-3:]]
    assert len(below) > 1
    for row in below.itertuples():
        kind = "href" if row.unit_id in PRINTED else "data-card"
        line = re.search(rf'<a {kind}="\.\./{row.level}/{row.unit_id}\.html">{row.name}</a>(.*?)<t[rb]', said + "<tb")[1]
        place = {"zh": "第{}名／共{}个", "en": "{} of {}"}[lang].format(*ranks.loc[row.unit_id, ["rank", "of"]])
        assert words(line).split()[:1] == [fixed(ranks.loc[row.unit_id, "total"])]
        assert place in words(line)


@LANGUAGES
def test_no_link_of_a_card_is_dead(project, lang):
    """Whatever a page links lies in the run, and no page of a unit leads into the officers' folder."""
    pages = [path for path in (project / lang / "demo").glob("*/*.html") if path.name != "index.html"]
    found = [(path, to) for path in pages for to in re.findall(r'href="([^"#:]+)"', path.read_text("utf-8"))]
    assert [(path, to) for path, to in found if not (path.parent / unquote(to)).is_file()] == []
    assert {to for _, to in found if "/zone/" in to or "/county/" in to} == {"../zone/S001-1.html", "../county/X01.html"}


def test_links_follow_the_cards_that_are_there(project, tmp_path):
    """A card that goes leaves a name, one that comes makes a link again; a page that another run shares stays as it was."""
    shutil.copytree(project / "zh" / "demo", tmp_path / "run")
    county, station = tmp_path / "run" / "county" / "X01.html", tmp_path / "run" / "station" / "S001.html"
    (tmp_path / "shared.html").hardlink_to(station)
    before = station.read_text("utf-8")
    county.rename(tmp_path / "away.html")
    link_cards(tmp_path / "run")
    assert '<a data-card="../county/X01.html">' in station.read_text("utf-8")
    assert (tmp_path / "shared.html").read_text("utf-8") == before
    (tmp_path / "away.html").rename(county)
    link_cards(tmp_path / "run")
    assert station.read_text("utf-8") == before
    signed = station.with_suffix(".short.html")
    signed.touch()
    link_cards(tmp_path / "run")
    assert f'<a href="{signed.name}">签字页</a>' in station.read_text("utf-8")
    signed.unlink()
    link_cards(tmp_path / "run")
    assert station.read_text("utf-8") == before


def test_where_a_level_is_left_out_the_next_one_below_is_listed(project, monkeypatch):
    """Without counties the stations hang on the city; without persons their number is not known, and nobody claims it is none."""
    monkeypatch.chdir(project)
    done = CliRunner().invoke(app, ["score", "params/demo.yaml", "--set", "levels=[city, station]", "--set", "only=[C01]"])
    assert done.exit_code == 0, done.output
    of = card(open_run(project / "runs" / "demo"), "C01")
    assert len(of.hierarchy.below) == 60
    assert {unit.level for unit in of.hierarchy.below} == {"station"}
    assert of.hierarchy.officers is None
    assert "民警人数不详" in plain_text.units(of)


# The card of an officer


@LANGUAGES
def test_an_officers_card_says_where_and_how_long_they_served(project, frame, lang):
    """Station, role, class, period and closing moment, and the days served of those of the period."""
    units = frame("units").set_index("unit_id")
    for person, key in (("P0001", "whole"), ("P0005", "part")):
        said = words(part(page(project, lang, f"officer/{person}.html"), SAID["own"][lang]))
        row = frame("units", officers=True).set_index("unit_id").loc[person]
        assert units.loc[row["parent_id"], "name"] in said
        for expected in (SAID["role"][lang], SAID["class"][lang] + row["peer_class"], "2025-01-01", SAID[key][lang]):
            assert expected in said


@LANGUAGES
def test_an_officers_card_says_what_counts_and_what_does_not(project, frame, lang):
    """Every scored indicator stands under its records with how many there are, every other one with the reason."""
    points = frame("points", officers=True).query("unit_id == 'P0005' and period == '2024Q4'")
    text = page(project, lang, "officer/P0005.html")
    said = words(part(text, SAID["own"][lang]))
    counted = points[points["status"].isin(["ok", "provisional"])]
    assert len(re.findall(r"（\d+条）" if lang == "zh" else r" \(\d+\)[,\s]", said)) >= len(counted) > 3
    for n in counted["n"]:
        assert f"（{n:.0f}条）" in said if lang == "zh" else f"({n:.0f})" in said
    assert SAID["few"][lang] in said
    assert SAID["others"][lang] in said
    assert text.count(SAID["few"][lang]) == 1  # it is said once on the whole card


@LANGUAGES
def test_an_officers_card_says_how_and_until_when_to_object(project, lang):
    """The way and the last day stand in the part that is the person's, and nowhere else; a unit's card has them at its end."""
    text, station = page(project, lang, "officer/P0001.html"), page(project, lang, "station/S001.html")
    said = part(text, SAID["own"][lang])
    for expected in (SAID["object"][lang], SAID["until"][lang], "考评办", "P0001"):
        assert expected in said
    assert text.count(SAID["until"][lang]) == station.count(SAID["until"][lang]) == 1
    assert SAID["units_object"][lang] in station
    assert SAID["units_object"][lang] not in text


@LANGUAGES
def test_both_cards_stay_small(project, lang):
    """No page is larger than before it said all this."""
    assert max(path.stat().st_size for path in (project / lang / "demo").glob("*/*.html")) <= PAGE


# What the notebooks teach


@pytest.mark.parametrize("name", ["station_scorecard", "officer_scorecard"])
def test_frames_stand_behind_the_pictures(name):
    """Each of three pictures is followed by the frame behind it, for the notebook only, after a sentence in prose."""
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells
    at = {cell.id: number for number, cell in enumerate(cells)}
    for picture, frame_ in (("dimensions", "dimension_frame"), ("trend", "trend_frame"), ("indicators", "frame")):
        assert at[frame_] == at[picture] + 2
        assert cells[at[frame_]].source.count("_frame(card)") in (1, 2)
        assert set(cells[at[frame_]].metadata.tags) == {"keep_output", "nbval-check-output", "not_on_page"}
        about = cells[at[frame_] - 1]
        assert (about.cell_type, about.metadata.tags) == ("markdown", ["not_on_page"])
        assert "`" in about.source
