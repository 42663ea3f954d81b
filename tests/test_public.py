"""The page for the public: stations and above, counts and cells of enough answers; no officer, no zone, no record, no person."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app
from fengqiao_eval.publication import page as public
from fengqiao_eval.publication.breakdown import mark_asides, read_breakdowns
from fengqiao_eval.results.lines import _asides
from fengqiao_eval.results.run import open_run
from fengqiao_eval.scheme.scheme import Scheme
from run_folders import HOSTILE, NOT_RANKED, scheme, write_run
from test_cli import CASES, PARAMS, a_project, fengqiao

pytestmark = pytest.mark.usefixtures("scored_once")
ROOT = Path(__file__).parents[1]

CODES = (1.0, 0.6, 0.0)
FEW = {"S002": (40, 12, 3), "S004": (20, 0, 0), "S006": (60, 24, 12), "S008": (50, 10, 7)}


def answers(run, few=FEW):
    """Write how the public answered: of some stations as given, of all others 30 of each, added up the tree."""
    units = pd.read_parquet(run / "units.parquet")
    own = {unit: np.array(few.get(unit, (30, 30, 30))) for unit in units.loc[units["level"] == "station", "unit_id"]}
    for level in ("county", "city"):
        for unit in units.loc[units["level"] == level, "unit_id"]:
            own[unit] = sum(own[part] for part in units.loc[units["parent_id"] == unit, "unit_id"])
    own |= {unit: np.array([1, 1, 1]) for unit in units.loc[units["level"] == "zone", "unit_id"]}
    rows = [(unit, "satisfied", "2024Q4", code, n) for unit, counts in own.items() for code, n in zip(CODES, counts, strict=True)]
    pd.DataFrame(rows, columns=["unit_id", "indicator", "period", "code", "answers"]).to_parquet(run / "answers.parquet")
    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run whose stations were answered differently."""
    return answers(write_run(tmp_path_factory.mktemp("runs") / "demo"))


@pytest.fixture(scope="module", params=["zh", "en"])
def spoken(folder, request):
    """Make the page in both languages."""
    return request.param, public.page(open_run(folder), request.param)


def rows(text):
    """Read the rows of all tables of a page as lines of text, cells with a bar between them."""
    cells = lambda row: [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row)]  # noqa: E731
    return [" | ".join(cells(row)) for row in re.findall(r"(?s)<tr>(.*?)</tr>", text)]


def test_cells_of_few_answers_are_marked_and_said(folder):
    """A station with three dissatisfied shows a sign in its row, one of enough its numbers; what is of no use is counted."""
    text = public.page(open_run(folder))
    found = rows(text)
    assert "青石桥第2派出所 | 派出所 | ＊ | ＊ | ＊ | 55" in found
    assert "青石桥第4派出所 | 派出所 | 20 | ＊ | ＊ | 20" in found
    assert "青石桥第3派出所 | 派出所 | 30 | 30 | 30 | 90" in found
    assert "“＊”：不公布。该格回答不足5个（没有也算）" in text
    assert "不足5个回答的 3 格" in text
    assert "其中 2 格只凭已公布的分子、分母就能推出" in text


def test_sums_with_parts_of_zones_keep_nothing_of_them(folder):
    """Zones are on no page: their answers hide nothing, and stations are the lowest rows."""
    [one], untold = read_breakdowns(open_run(folder))
    assert {unit[0] for unit in one.units} == {"C", "D", "S"}
    assert untold == ()


def test_every_unit_is_there_with_place_and_counts(folder, spoken):
    """Every station and above has total, place, grade and each indicator's numerator and denominator, as in the frames."""
    lang, text = spoken
    frame = pd.read_parquet(folder / "ranks.parquet").query("period == '2024Q4'").set_index("unit_id")
    assert text.count('class="unit"') == frame["level"].isin(["city", "county", "station"]).sum()
    rank, of = frame.loc["S002", ["rank", "of"]]
    assert f"第{rank}名／共{of}个" if lang == "zh" else f"{rank} of {of}" in text
    points = pd.read_parquet(folder / "points.parquet").query("unit_id == 'S002' and period == '2024Q4'")
    own = text[text.index('aria-label="青石桥第2派出所"') :].partition("</section>")[0]
    for row in points.dropna(subset=["numerator", "denominator"]).itertuples():
        assert any(f" | {row.numerator:,.10g}/{row.denominator:,.10g} | " in line for line in rows(own)), row.indicator


def test_no_officer_zone_record_or_person_is_on_it(spoken):
    """Neither officers nor zones nor records nor who drew up the scheme is on the page."""
    assert not re.search(r"P000\d|秘名|警务区\d|第\d+警务区|Z00\d\d|甲|乙", spoken[1].replace("警务区（", ""))
    assert not re.search(r"\b[ACDJVY]\d{5,}", spoken[1])


def test_names_are_shown_as_text(spoken):
    """A name that is markup stays text, and the page has no script and asks for nothing."""
    assert HOSTILE not in spoken[1]
    assert "<script" not in spoken[1]
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)", spoken[1])


@pytest.mark.parametrize(
    ("state", "zh", "en"), [("draft", "草稿", "Draft"), ("announced", "公示", "Announced"), ("final", "定稿", "Final")]
)
def test_the_state_is_printed(tmp_path, state, zh, en):
    """Draft, announced and final stand at the head, in words."""
    run = answers(write_run(tmp_path / "demo", months=False, state=state))
    assert f'<p class="stamp">{zh}</p>' in public.page(open_run(run))
    assert f'<p class="stamp">{en}</p>' in public.page(open_run(run), "en")


def test_a_unit_without_a_place_says_why(folder):
    """Who was not ranked stands there with the reason in the place of a place."""
    name = f"青石桥第{int(NOT_RANKED[1:])}派出所"
    [line] = [line for line in rows(public.page(open_run(folder))) if line.startswith(name) and "不排名次：" in line]
    assert "可评权重" in line


def test_a_run_of_before_shows_no_answers(tmp_path):
    """A run that did not count answers by code shows none, and all else."""
    text = public.page(open_run(write_run(tmp_path / "demo", months=False)))
    assert "群众怎样回答" not in text
    assert "青石桥第2派出所" in text


# Counts beside an indicator, on cards


UNITS = """
| unit_id | level   | parent_id |
| X       | county  |           |
| A       | station | X         |
| B       | station | X         |
| P1      | officer | A         |
"""


def told(**keys):
    """Give the one table of the invented province with keys of the indicator of answers replaced."""
    data = scheme().model_dump(by_alias=True, mode="json", exclude_unset=True)
    for dimension in data["dimensions"]:
        for indicator in (one for one in dimension["indicators"] if one["code"] == "satisfied"):
            indicator.update(keys)
    return Scheme.model_validate(data)


def marked(drawn, one, text):
    """Mark drawn counts beside the indicator of answers: name of unit and aside -> whether it is kept back."""
    asides = drawn(text).assign(indicator="satisfied", period="2024Q4", label="")
    n = asides.groupby("unit_id")["denominator"].sum().rename("n").reset_index().assign(indicator="satisfied", period="2024Q4")
    found = mark_asides(asides, n, drawn(UNITS), one)
    return {f"{row.unit_id} {row.aside}": row.hidden for row in found.itertuples()} if "hidden" in found else None


def test_answers_by_channel_are_kept_back_in_boxes(drawn):
    """Three answers by telephone go with the station's others and a neighbour's; a county's sums stay, persons stand alone."""
    assert marked(drawn, told(split={"column": "channel", "labels": {"phone": "电话", "wechat": "微信"}}), """
        | unit_id | aside        | numerator | denominator |
        | X       | split:phone  | 8.6       | 13          |
        | X       | split:wechat | 50        | 70          |
        | A       | split:phone  | 2         | 3           |
        | A       | split:wechat | 30        | 40          |
        | B       | split:phone  | 6.6       | 10          |
        | B       | split:wechat | 20        | 30          |
        | P1      | split:phone  | 5         | 6           |
        | P1      | split:wechat | 7         | 7           |""") == {
        "X split:phone": False, "X split:wechat": False, "A split:phone": True, "A split:wechat": True,
        "B split:phone": True, "B split:wechat": True, "P1 split:phone": False, "P1 split:wechat": False,
    }  # fmt: skip


def test_a_share_of_some_answers_is_kept_back_whole(drawn):
    """Two dissatisfied of twenty: the share goes, and a neighbour's, so that the county's does not tell it."""
    assert marked(drawn, told(beside=[{"code": "bad", "label": "不满意", "met": {"answer": ["不满意"]}}]), """
        | unit_id | aside | numerator | denominator |
        | X       | bad   | 9         | 50          |
        | A       | bad   | 2         | 20          |
        | B       | bad   | 7         | 30          |""") == {"X bad": False, "A bad": True, "B bad": True}  # fmt: skip


def test_how_many_answered_at_all_breaks_nothing_down(drawn):
    """The response rate is the unit's own denominator: it stays, and so do counts of disputes by colour."""
    assert marked(drawn, scheme(), "| unit_id | aside | numerator | denominator |\n| A | response | 3 | 20 |") is None


def test_a_card_says_that_a_count_is_kept_back():
    """In the place of the numbers stands the sign with its meaning."""
    row = {"indicator": "satisfied", "aside": "bad", "label": "不满意", "numerator": 2.0, "denominator": 20.0, "hidden": True}
    of = SimpleNamespace(asides=[row], lang="zh", unit=SimpleNamespace(scheme=scheme()))
    [indicator] = [one for one in scheme().indicators if one.code == "satisfied"]
    assert [*_asides(of, indicator)] == ["不满意 ＊（少于5个回答，或会透露这样的数，不印）"]


def test_several_indicators_of_the_same_answers_are_not_broken_down(folder):
    """Where a share counts the same answers in another way, its numerator would tell what is kept back: none is shown."""
    run = open_run(folder)
    data = run.scheme.model_dump(by_alias=True, mode="json", exclude_unset=True)
    [dimension] = [one for one in data["dimensions"] if one["code"] == "satisfaction"]
    [own] = [one for one in dimension["indicators"] if one["code"] == "satisfied"]
    measure = {"kind": "share", "table": "surveys", "date": "asked_at", "met": {"answer": ["不满意"]}}
    dimension["indicators"].append(own | {"code": "dissatisfied", "label": "不满意率", "measure": measure, "beside": []})
    run = replace(run, scheme=Scheme.model_validate(data))
    assert read_breakdowns(run)[0] == ()
    assert "几项指标用不同办法数同一批回答" in public.page(run)


# The command


@pytest.mark.slow
def test_the_command_makes_it_when_asked(tmp_path, tmp_path_factory, monkeypatch):
    """`run --public` writes the page, lists it in the manifest, and says where it lies; without it there is none."""
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "demo").symlink_to(shared.province(tmp_path_factory, 12, seed=7))
    monkeypatch.chdir(tmp_path)
    wanted = ["run", "params/demo.yaml", "--only", "C01", "--workers", "1"]
    assert CliRunner().invoke(app, wanted).exit_code == 0
    assert not list(tmp_path.rglob("public.html"))
    done = CliRunner().invoke(app, [*wanted, "--public"])
    assert done.exit_code == 0, done.output
    [page] = (tmp_path / "runs").rglob("public.html")
    assert "public.html" in json.loads((page.parent / "manifest.json").read_text("utf-8"))["pages"]
    assert "对外公布页" in done.output
    assert "无新内容" in CliRunner().invoke(app, [*wanted, "--public"]).output
    text = page.read_text("utf-8")
    assert "群众怎样回答：回访满意率" in text
    assert not re.search(r"P\d{4}|[ADJVY]\d{6}", text)


@pytest.mark.slow
def test_another_page_that_tells_what_this_one_keeps_back_is_said(tmp_path, monkeypatch):
    """A page, replaced or not, that shares months and units with this one: the call says so, quiet too, and the manifest."""
    monkeypatch.chdir(a_project(tmp_path))
    beside = []
    for name, period, more in (
        ("october", "2024-10", ""),
        ("october", "2024-10", ""),  # the same once more tells nothing
        ("november", "2024-11", ""),
        ("q4", "2024Q4", ""),
        ("year", "2024", ""),
        ("november", "2024-11", "C5,S2,2024-11-05 08:00,PQ702,2024-11-05 08:05,2024-11-05 09:00\n"),
    ):
        Path("records/cases.csv").write_text(CASES + more, "utf-8")
        told = re.sub("(?m)^period: .*$", f"period: {period}", PARAMS)
        Path(f"params/{name}.yaml").write_text(told, "utf-8")
        code, said, refused = fengqiao("run", f"params/{name}.yaml", "--only", "S1", "--workers", "1", "--public")
        assert code == 0, said + refused
        listed = json.loads(Path(f"runs/{name}/manifest.json").read_text("utf-8"))["public_beside"]
        shown = "、".join(f"{one['run']} ({one['period']})" for one in listed)
        assert (f"重叠：{shown}。" in said) if listed else ("重叠" not in said)
        beside.append([one["run"] for one in listed])
    assert beside == [[], [], [], ["november", "october"], ["november", "october", "q4"], ["november", "q4", "year"]]
    assert "重叠：november (2024-11)" in fengqiao("run", "params/november.yaml", "--workers", "1", "--public", "--quiet")[1]
