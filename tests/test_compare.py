"""Two finished runs compared: what moved, who enters the award list, what the weights were; and nothing is written into a run."""

import json
import re
from base64 import b64encode
from decimal import Decimal
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from typer.testing import CliRunner

from fengqiao_eval.cli import app
from fengqiao_eval.errors import UsageError
from fengqiao_eval.pages import comparison
from fengqiao_eval.results import differences as results_comparison
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.scheme.load import reweigh
from fengqiao_eval.scheme.scheme import Award
from fengqiao_eval.scoring.ranking import award_nominees
from run_folders import HOSTILE, scheme, write_run

BEFORE = """
    | unit | level   | class | total | rank | of | grade | county |
    | X    | county  |       | 80.00 | 1    | 1  | 良好   | X      |
    | A    | station | 一类   | 90.10 | 1    | 4  | 优秀   | X      |
    | B    | station | 一类   | 90.00 | 2    | 4  | 优秀   | X      |
    | C    | station | 一类   | 79.00 | 3    | 4  | 达标   | Y      |
    | D    | station | 一类   | 70.00 | 4    | 4  | 达标   | Y      |
    | E    | station | 二类   | 70.00 | 1    | 1  | 达标   | Y      |
    | G    | station | 二类   | 10.00 |      | 1  |       | Y      |
"""
AFTER = """
    | unit | level   | class | total | rank | of | grade | county |
    | X    | county  |       | 80.00 | 1    | 1  | 良好   | X      |
    | A    | station | 一类   | 89.99 | 2    | 4  | 良好   | X      |
    | B    | station | 一类   | 90.01 | 1    | 4  | 优秀   | X      |
    | C    | station | 一类   | 70.00 | 4    | 4  | 达标   | Y      |
    | D    | station | 一类   | 80.00 | 3    | 4  | 良好   | Y      |
    | E    | station | 二类   | 70.10 | 1    | 2  | 达标   | Y      |
    | F    | station | 二类   | 60.00 | 2    | 2  | 达标   | Y      |
"""
SINGLE = {"awards": Award(count=1)}


@pytest.fixture
def a_run(tmp_path, drawn):
    """Write a small run: its places drawn in text, its scheme changed by keys, its manifest by `told`."""

    def write(name, text, officers="", weights=None, told=None, lines=(), void=(), **keys):
        folder = tmp_path / "runs" / name
        (folder / "officer").mkdir(parents=True)
        table = reweigh(scheme().model_copy(update=SINGLE | keys), weights or {})
        (folder / "scheme.json").write_text(table.model_dump_json(), "utf-8")
        (folder / "manifest.json").write_text(json.dumps(manifest(name, table) | (told or {})), "utf-8")
        frames(folder, drawn(text), lines, void)
        if officers:
            frames(folder / "officer", drawn(officers), (), ())
        return open_run(folder)

    return write


def manifest(name, table):
    """Say what a run says of itself."""
    return {
        "run": name, "state": "draft", "as_of": "2025-01-01 00:00:00", "periods": {"this": "2024Q4"}, "officers": 0, "notes": [],
        "levels": list(table.levels), "fingerprints": {"records": {"cases": "1"}, "package": "2"}, "parameters": {},
    }  # fmt: skip


def frames(folder, drawn, lines, void):
    """Write units, places, adjustments (unit, effect) and the void measures (unit, indicator) of a run."""
    names = drawn["unit"].map({"A": HOSTILE, **{unit: f"{unit}所" for unit in "BCDEFGX"}}).fillna("秘名")
    ids = {"unit_id": drawn["unit"], "name": names, "level": drawn["level"]}
    pd.DataFrame({**ids, "county_id": drawn["county"]}).to_parquet(folder / "units.parquet")
    ranks = pd.DataFrame({**ids, "peer_class": drawn["class"].fillna(""), "period": "2024Q4", "total": drawn["total"]})
    whole = {name: drawn[name].astype("Int64") for name in ("rank", "of")}
    grade = drawn["grade"].fillna("")
    ranks.assign(**whole, covered=np.where(drawn["unit"] == "G", 0.0, 1.0), grade=grade).to_parquet(folder / "ranks.parquet")
    adjusted = pd.DataFrame(lines, columns=["unit_id", "effect"]).assign(period="2024Q4")
    adjusted.to_parquet(folder / "adjustments.parquet")
    measured = pd.DataFrame(void, columns=["unit_id", "indicator"]).assign(level="station", period="2024Q4", status="void")
    measured.to_parquet(folder / "points.parquet")


@pytest.fixture
def pair(a_run):
    """Two runs of four stations in one class and a few beside it."""
    return results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER))


def stations(pair):
    """Join the stations of both."""
    joined = results_comparison.units(pair)
    return joined[joined["level"] == "station"].set_index("unit_id")


def said(pair, lang="zh"):
    """Say the comparison of two runs, as the console does."""
    return "\n".join(comparison.console_lines(comparison.compare(*pair.runs, lang)))


def section(text, title):
    """Take one section out of what the console says."""
    return re.search(rf"(?m)^{re.escape(title)}\n((?:  .*\n?)*)", text)[1]


def test_totals_are_compared_in_whole_hundredths(pair):
    """90.10 → 89.99 is 11 hundredths less, not 0.10999; who has no total in one of the runs has no change."""
    change = stations(pair)["change"]
    assert change.dropna().to_dict() == {"A": -11, "B": 1, "C": -900, "D": 1000, "E": 10}
    assert str(change.dtype) == "Int64"


def test_the_finer_decimals_are_kept(a_run):
    """A run with four decimals is compared with one of two in ten-thousandths."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, decimals=4))
    assert stations(pair).loc["A", "change"] == -1100


def test_places_are_compared_within_the_same_class(a_run):
    """Who went into another class has moved by no places, and is counted."""
    pair = results_comparison.Pair(
        a_run("old", BEFORE), a_run("new", AFTER.replace("E    | station | 二类", "E    | station | 一类"))
    )
    joined = stations(pair)
    assert joined["climbed"].dropna().to_dict() == {"A": -1, "B": 1, "C": -1, "D": 1}
    assert results_comparison.shifts(joined)["reclassed"] == 1
    assert "派出所：1 个换了类别，名次不作比较。" in said(pair)


def test_the_sums_of_a_level(pair):
    """How many moved and how far, in places and in points, and who has no counterpart."""
    assert results_comparison.shifts(stations(pair)) == {
        "both": 5, "placed": 5, "moved": 4, "mean_move": 0.8, "up": 1, "down": 1,
        "scored": 5, "changed": 5, "mean_change": 20.0, "gain": 1000, "loss": -900,
        "won": 0, "lost": 0, "reclassed": 0, "regraded": 2, "appeared": 1, "gone": 1,
    }  # fmt: skip


def test_a_level_that_nobody_shares_has_no_mean(pair):
    """Where no unit is in both runs there is no mean and no end, not a zero."""
    found = results_comparison.shifts(stations(pair).loc[["F"]])
    assert (found["mean_change"], found["gain"], found["mean_move"], found["up"]) == (None, None, None, 0)


def test_the_largest_moves_come_first(a_run):
    """Among equal moves the one of more points stands first; who stood still is not listed."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER))
    up, down = results_comparison.largest_moves(stations(pair).reset_index(), most=1)
    assert (up["unit_id"].tolist(), down["unit_id"].tolist()) == (["D"], ["C"])


@pytest.mark.parametrize(
    ("place", "award", "barred", "named", "tied"),
    [
        ([1, 2, 3, 4], Award(count=2), "", "ab", ""),
        ([1, 2, 2, 4], Award(count=2), "", "abc", "bc"),
        ([1, 1, 1, 4], Award(count=1), "", "abc", "abc"),
        ([1, 2, 2, 4], Award(count=2), "b", "ac", ""),
        ([1, 2, 3, 4], Award(count=2), "a", "b", ""),
        ([1, 0, 0, 0], Award(count=2), "", "", ""),  # alone, and so first of none
        ([1, 1, 0, 0], Award(count=2), "", "ab", ""),
        ([1, 2, 3, 4], Award(share=Decimal("0.49")), "", "a", ""),
        ([1, 2, 3, 4], Award(), "", "", ""),
        ([0, 0, 0, 0], Award(count=1), "", "", ""),
    ],
)
def test_the_award_list(place, award, barred, named, tied):
    """A number or a share rounded down of each class; all who are tied at the cut; a veto leaves its place empty."""
    kept = np.array([unit in barred for unit in "abcd"])
    found = award_nominees(np.array(place), np.array(["一类"] * 4), award, kept)
    assert tuple("".join(unit for unit, holds in zip("abcd", one, strict=True) if holds) for one in found) == (named, tied)


def test_every_class_has_its_own_awards():
    """Two of each class are named, whoever is better in the other class; without vetoes none need be given."""
    named, tied = award_nominees(np.array([1, 2, 1, 3, 2]), np.array(["一", "一", "二", "一", "二"]), Award(count=1))
    assert (named.tolist(), tied.any()) == ([True, False, True, False, False], False)


def test_who_enters_and_leaves_the_award_list(pair):
    """Each class names one: B goes in for A; E, alone in its class at first, goes in too; the county is first of none."""
    text = section(said(pair), "评优名单")
    assert "派出所：名单 1 个 → 2 个，进入 2 个，退出 1 个；后一批次中末位并列 0 个。" in text
    assert re.search(r"派出所 +▲ 进入 +B所 +B +一类 +2 → 1", text)
    assert re.search(r"派出所 +▼ 退出 .* A +一类 +1 → 2", text)


def test_a_veto_takes_an_award_away(a_run):
    """Whom bar_award strikes in the later run leaves the list, and nobody moves up instead."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", BEFORE, lines=[("A", "bar_award")]))
    assert "名单 1 个 → 0 个，进入 0 个，退出 1 个" in said(pair)


def test_ties_at_the_cut_are_named_as_tied(a_run):
    """Two first places for one award are both named, and the list says that they are tied."""
    tied = AFTER.replace("89.99 | 2   ", "90.01 | 1   ")
    text = section(said(results_comparison.Pair(a_run("old", BEFORE), a_run("new", tied))), "评优名单")
    assert "后一批次中末位并列 2 个" in text
    assert re.search(r"▲ 进入 +B所 .*末位并列", text)


def test_grades_crossed_say_their_direction(pair):
    """A crossing is counted by level, up or down by the order of the bands."""
    text = section(said(pair), "等次")
    assert re.search(r"派出所 +▼ 优秀 → 良好 +1\n", text)
    assert re.search(r"派出所 +▲ 达标 → 良好 +1", text)


def test_points_by_class_and_by_county(pair):
    """Means of whole hundredths, rounded half-up: (−11+1−900+1000)/4 = 22.5 is +0.23."""
    classes, counties = (section(said(pair), title) for title in ("各类别的总分变化", "各县（区）的总分变化"))
    assert re.search(r"派出所 +一类 +4 +\+0\.23 +−9\.00 至 \+10\.00 +▲2 ▼2", classes)
    assert re.search(r"派出所 +X所 +2 +−0\.05 ", counties)
    assert "县（区）局" not in counties


def test_many_groups_are_cut_in_the_open(a_run):
    """Of fourteen classes the six lowest and the six highest are listed, and it says so."""
    head = "| unit | level | class | total | rank | of | grade | county |\n"
    rows = [
        head + "".join(f"| U{n} | station | 类{n:02d} | {50 + n * at} | 1 | 1 | 达标 | |\n" for n in range(14)) for at in (0, 1)
    ]
    text = section(said(results_comparison.Pair(a_run("old", rows[0]), a_run("new", rows[1]))), "各类别的总分变化")
    assert "派出所：共 14 组，列出平均变化最低的和最高的共 12 组。" in text
    assert "类05" in text
    assert "类06" not in text


def test_weights_say_share_and_percentage_points(a_run):
    """A weight is listed as written, with its share of the total; the change of a share is in percentage points."""
    pair = results_comparison.Pair(
        a_run("old", BEFORE), a_run("new", AFTER, weights={"visits": Decimal(15), "disputes": Decimal(30)})
    )
    text = section(said(pair), "权重")
    assert re.search(r"走访入户 +visits +各层级 +20 → 15 +20\.00% → 15\.00% +−5\.00 个百分点", text)
    assert re.search(r"矛盾化解 +disputes .* \+5\.00 个百分点", text)
    assert "cases" not in text
    assert re.search(r"另有 \d+ 项写法未变", text)
    assert "以下变化都来自权重" in said(pair)


def test_an_indicator_of_one_run_only_has_a_dash(a_run):
    """What is only in the later scheme has no weight before."""
    first = scheme().dimensions
    pair = results_comparison.Pair(a_run("old", BEFORE, dimensions=first[1:]), a_run("new", AFTER))
    assert re.search(rf"{first[0].code} +各层级 +— → 25 +— → 25\.00% +\+25\.00 个百分点", section(said(pair), "权重"))
    assert "规则" in comparison.differences(comparison.compare(*pair.runs))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "期间、记录、方案和程序都相同。"),
        ({"fingerprints": {"records": {"cases": "9"}, "package": "3"}}, "权重相同，不同的是：记录、程序。"),
        ({"levels": ["station"], "as_of": "2025-02-01 00:00:00"}, "权重相同，不同的是：截止时点、评哪些层级。"),
        ({"parameters": {"tables": {"cases": {"file": "a"}}}}, "权重相同，不同的是：记录的对应关系。"),
    ],
)
def test_what_else_differs_is_said(a_run, told, words):
    """Whether a change comes of the weights alone is said first."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, told=told))
    assert comparison.differences(comparison.compare(*pair.runs)) == words


def test_signatures_change_no_rule(a_run):
    """Another version, author and date of the same rules is no other scheme."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, version="2025-1", author="某某", checker="另一"))
    assert pair.differs() == ()


def test_runs_of_different_periods_are_compared_and_say_so(a_run):
    """The work is another in another quarter: the page begins with it."""
    earlier = a_run("old", BEFORE, told={"periods": {"this": "2024Q3"}})
    for name in ("ranks", "adjustments", "points"):
        file = earlier.path / f"{name}.parquet"
        pd.read_parquet(file).assign(period="2024Q3").to_parquet(file)
    text = said(results_comparison.Pair(earlier, a_run("new", AFTER)))
    assert "两个批次的期间不同（2024年第三季度、2024年第四季度）" in text
    assert re.search(r"派出所 +5 +4／5", text)


def test_other_full_marks_are_warned_of(a_run):
    """A total of 150 is not read beside one of 100."""
    assert "满分不同" in said(results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, full_marks=150)))


def test_an_indicator_that_became_void_is_named(a_run):
    """How many units an indicator is void for, before and after."""
    pair = results_comparison.Pair(
        a_run("old", BEFORE), a_run("new", AFTER, void=[("A", "arrival_on_time"), ("B", "arrival_on_time")])
    )
    name = next(one.label for one in scheme().indicators if one.code == "arrival_on_time")
    assert re.search(rf"{name} +派出所 +0 → 2 +成为作废", section(said(pair), "作废的指标"))


def test_units_of_one_run_only_are_named(pair):
    """F came and G went."""
    text = said(pair)
    assert "派出所：1 个只在后一批次（F所）。" in text
    assert "派出所：1 个只在前一批次（G所）。" in text


OFFICERS = """
    | unit  | level   | class | total | rank | of | grade | county |
    | PQ701 | officer | 甲所   | 80.00 | 1    | 2  | 良好   | X      |
    | PQ702 | officer | 甲所   | 70.00 | 2    | 2  | 达标   | X      |
"""
SWAPPED = (
    OFFICERS.replace("80.00 | 1", "60.00 | 2").replace("70.00 | 2", "70.00 | 1")
    + "| PQ703 | officer | 乙所 | 1.00 | 1 | 1 | | X |"
)


def test_officers_are_numbers_only(a_run):
    """Officers are counted with the levels; neither id, name nor station of one is said, on the console or on the page."""
    pair = results_comparison.Pair(a_run("old", BEFORE, OFFICERS), a_run("new", AFTER, SWAPPED))
    text = said(pair)
    assert re.search(r"民警 +2 +2／2 +1\.0 +▲1 ▼1 +1／2", text)
    assert "民警：1 个只在后一批次。" in text
    assert "民警：名单 1 个 → 1 个，进入 1 个，退出 1 个" in text
    assert not re.search("PQ70|秘名|甲所|乙所", text + comparison.page(comparison.compare(*pair.runs)))


def test_officers_of_one_run_only(a_run):
    """Where only one run scored officers they all appeared, or are all gone."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, SWAPPED))
    assert "民警：3 个只在后一批次。" in said(pair)
    assert "民警：3 个只在前一批次。" in said(results_comparison.Pair(pair.after, pair.before))


def test_officers_that_may_not_be_read_are_left_out_in_the_open(a_run, monkeypatch):
    """Who may not open the folder of the officers gets the rest, and is told."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", AFTER, told={"officers": 2}))
    real = results_comparison.units

    def closed(given, *, officers=False):
        if officers:
            raise PermissionError
        return real(given)

    monkeypatch.setattr(results_comparison, "units", closed)
    text = said(pair)
    assert "民警的数据无权读取，以下不含民警。" in text
    assert "  民警" not in text


def test_the_page_escapes_and_asks_for_nothing(pair):
    """A hostile name is text; the page has no script but our own, which its policy names, no address, and lets none be loaded."""
    page = comparison.page(comparison.compare(*pair.runs))
    assert "&lt;img src=x" in page
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in page
    assert not re.search(r"<script[^>]|<img|(src|href)=\"(?!data:,)|url\(|@import", page)
    assert "default-src 'none'" in page
    assert page.count("草稿") >= 4


def test_the_page_bears_the_state_of_the_less_settled_run(a_run):
    """A draft beside a final run is a draft, and both states stand in the running head."""
    pair = results_comparison.Pair(a_run("old", BEFORE, told={"state": "final"}), a_run("new", AFTER))
    page = comparison.page(comparison.compare(*pair.runs, "en"))
    assert '<p class="stamp">Draft</p>' in page
    assert "Before: old (Final) · After: new (Draft)" in page


def test_the_page_says_what_the_console_says(pair):
    """Every sentence and every cell of the console stands on the page."""
    one = comparison.compare(*pair.runs, "en")
    page = comparison.page(one)
    for part in comparison.sections(one):
        assert all(str(escape(line)) in page for line in part.lines)
        assert all(str(escape(cell)) in page for row in part.rows for cell in row)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Compare on the command line, in a folder of its own; two runs lie in runs/, and `latest` names the second."""
    write_run(tmp_path / "runs" / "q3", run="q3", months=False)
    write_run(tmp_path / "runs" / "q4", run="q4", months=False)
    (tmp_path / "runs" / "latest").write_text("q4\n", "utf-8")
    monkeypatch.chdir(tmp_path)

    def give(*words):
        done = CliRunner().invoke(app, ["compare", *map(str, words)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return give


def kept(folder):
    """Everything that lies in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_writes_a_page_and_nothing_into_the_runs(ask, tmp_path):
    """By names, folder and `latest`; the page lies in the current folder, the runs are as they were."""
    before = kept(tmp_path / "runs")
    done = ask("q3", "runs/latest")
    assert done.exit_code == 0
    assert done.stdout.endswith("请打开：compare-q3-q4.html\n")
    assert "枫桥" in (tmp_path / "compare-q3-q4.html").read_text("utf-8")
    assert kept(tmp_path / "runs") == before
    assert "原已存在" not in done.stdout
    assert ask("q3", "q4").stdout.endswith("compare-q3-q4.html 原已存在，已换成新的\n请打开：compare-q3-q4.html\n")


def test_the_command_speaks_english(ask, monkeypatch):
    """FENGQIAO_LANG sets the language of console and page."""
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    done = ask("q3", "q4", "--out", "pages/a.html")
    assert "Period, records, scheme and program are the same." in done.stdout
    assert "look at: pages/a.html" in done.stdout


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("q3", "runs/q3"), "两个批次是同一个（q3）"),
        (("q3", "q5"), "没有评分结果“q5”；相近的有：q3, q4"),
        (("q3", "q4", "--out", "runs/q4/a.html"), "不能是 runs/q4/a.html"),
        (("q3", "q4", "--out", "a.txt"), "不能是 a.txt"),
    ],
)
def test_wrong_calls_are_refused(ask, words, refused):
    """One run twice, an unknown run, a page inside a run or of another kind: exit 2, and the words say what would do."""
    done = ask(*words)
    assert done.exit_code == 2
    assert refused in done.stderr


def test_a_run_without_places_is_refused(pair):
    """A folder without ranks.parquet is not compared."""
    (pair.before.path / "ranks.parquet").unlink()
    with pytest.raises(UsageError, match=r"old 中没有名次数据.*fengqiao score"):
        comparison.compare(*pair.runs)


@pytest.mark.parametrize(
    ("name", "told", "labels"),
    [
        ("new", {}, ("old", "new")),
        ("new", {"run": "old"}, ("old (old)", "old (new)")),
    ],
)
def test_runs_of_one_name_are_told_apart(a_run, name, told, labels):
    """Two runs that call themselves alike are named with what tells them apart, and so is the page."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run(name, AFTER, told=told))
    assert pair.labels == labels
    assert f"<h1>{labels[0]} → {labels[1]}</h1>" in comparison.page(comparison.compare(*pair.runs))


def test_runs_alike_in_all_they_are_called_are_a_and_b(a_run):
    """Where not even folder, moment, weights or making tell them apart, the earlier is A."""
    one, other = a_run("old", BEFORE), a_run("new", AFTER, told={"run": "old"})
    pair = results_comparison.Pair(one, Run(one.path, other.manifest, other.scheme))
    assert pair.labels == ("old (A)", "old (B)")


def test_the_conclusion_comes_first(pair):
    """Three sentences: what moved and what is not compared, who enters and leaves the award list, which weights."""
    assert said(pair).splitlines()[:3] == [
        "6 个可比单位中 4 个名次有变；6 个总分可比的单位中 5 个总分有变；2 个单位等次有变。",
        f"评优名单：进入 2 个（B所、E所）；退出 1 个（{HOSTILE}）。",
        "权重没有变化。",
    ]


def test_a_total_of_a_part_is_never_compared_as_a_whole(a_run):
    """Who lacks a whole total in one of the runs is in neither count, and is told apart."""
    first = AFTER + "    | G    | station | 二类   | 50.00 | 3    | 3  | 达标   | Y      |\n"
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", first))
    assert "6 个总分可比的单位中 5 个总分有变" in said(pair)
    assert "另有 1 个单位至少在一个批次中没有完整总分，不作比较。" in said(pair).splitlines()[0]


def test_where_nothing_changed_that_is_all_that_is_said(a_run):
    """No empty heading stands there: what holds nothing is named in one line."""
    pair = results_comparison.Pair(a_run("old", BEFORE), a_run("new", BEFORE))
    lines = said(pair).splitlines()
    assert lines[:2] == [
        "6 个单位的名次、总分、等次和评优名单都没有变化。另有 1 个单位至少在一个批次中没有完整总分，不作比较。",
        "权重没有变化。",
    ]
    assert lines[-1] == "没有变化的：权重、变动最大的单位、评优名单、等次、各类别的总分变化、各县（区）的总分变化、作废的指标。"
    assert not {"等次", "权重", "评优名单"} & {*lines}
    assert "<svg" not in comparison.page(comparison.compare(*pair.runs))


def test_places_are_drawn_as_slopes(pair):
    """A line a unit of a class in which a place moved: up, down or level; names are text."""
    (panel,), more = comparison.slopes(comparison.compare(*pair.runs))
    assert (panel.title, more) == ("派出所 · 一类", "")
    assert sorted(one.way for one in panel.lines) == ["down", "down", "up", "up"]
    page = comparison.page(comparison.compare(*pair.runs))
    assert page.count("<line ") == 4
    assert f"<title>{escape(HOSTILE)}" in page


def test_many_units_of_a_class_are_drawn_in_part_and_that_is_said(pair, monkeypatch):
    """Of a class too large for a picture those are drawn that moved most; how many are not is said."""
    monkeypatch.setattr(comparison, "LINES", 3)
    (panel,), _ = comparison.slopes(comparison.compare(*pair.runs))
    assert (len(panel.lines), panel.note) == (3, "另有 1 个变动较小的未画")


def test_every_unit_is_listed_to_be_searched(pair):
    """Each unit above officers of either run has its row, whose it is and what changed."""
    listed = comparison.all_units(comparison.compare(*pair.runs))
    assert listed.units == ["X", "B", "A", "D", "C", "E", "F", "G"]
    assert listed.rows[1] == ("派出所", "B所", "B", "一类", "2 → 1", "▲1", "90.00 → 90.01", "+0.01", "优秀", "— → 评优")
    assert listed.rows[-1] == ("派出所", "G所", "G", "二类 → —", "—", "", "—", "", "无等次 → —", "—")


def test_cards_that_are_there_are_linked_from_where_the_page_lies(pair, tmp_path):
    """Both runs' cards are linked as seen from the page, those that were not printed and those of officers are not."""
    for run, level, unit in ((0, "station", "A"), (1, "station", "A"), (1, "officer", "P1")):
        place = pair.runs[run].path / level / f"{unit}.html"
        place.parent.mkdir(exist_ok=True)
        place.write_text("", "utf-8")
    links = comparison.card_links(pair, tmp_path / "pages" / "q 4")
    assert links == {"A": [("before", "../../runs/old/station/A.html"), ("after", "../../runs/new/station/A.html")]}
    page = comparison.page(comparison.compare(*pair.runs), tmp_path / "runs")
    assert (
        page.count('<a href="new/station/A.html">后卡</a>') == 3
    )  # among the largest moves, on the award list, in the list of all
    assert "officer/" not in page
