"""The province at a glance: frames and figures of everyone above officers, and the notebook that shows them."""

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.pages import overview
from fengqiao_eval.results.run import open_run
from run_folders import HOSTILE, write_run

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "overview.ipynb"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Open a run of one city, two counties, 18 stations and 24 zones."""
    return open_run(write_run(tmp_path_factory.mktemp("runs") / "demo"))


def test_the_headline_counts_every_level(run):
    """Each level has a line with its units, how many are ranked, and median, lowest and highest total; officers are a number."""
    text = overview.headline(run).text.splitlines()
    assert text[0] == "枫桥式派出所一表通考（示例）　2024年第四季度　【草稿】"
    assert text[1].startswith("市局：1 个，总分 ")
    assert text[3].startswith("派出所：18 个，参加排名 16 个，总分中位数 ")
    assert text[5].startswith("名次未附误差：")
    assert text[6] == "民警、辅警、网格员共 6 人，不列于此"


def test_classes_come_in_their_order_with_all_their_units(run):
    """A row a class, 一类 before 二类; the grades of a row add up to the units that are ranked."""
    table = overview.classes(run)
    stations = table[table["层级"] == "派出所"]
    assert stations["类别"].tolist() == ["一类", "二类"]
    assert stations[["单位数", "参加排名"]].to_numpy().tolist() == [[9, 8], [9, 8]]
    assert (table[["优秀", "良好", "达标", "待改进"]].sum(axis=1) == table["参加排名"]).all()
    assert table["单位数"].sum() == 1 + 2 + 18 + 24


@pytest.fixture
def ranged(tmp_path):
    """Open a run whose stations and zones have ranges of five places; those of 一类 cannot be put into an order."""
    folder = write_run(tmp_path / "demo")
    ranks = pd.read_parquet(folder / "ranks.parquet")
    firm = ranks["rank"].notna() & (ranks["of"] > 4)
    low = (ranks["rank"] - 2).clip(lower=1).where(firm).astype("Int64")
    ranks.assign(rank_low=low, rank_high=low + 4).to_parquet(folder / "ranks.parquet")
    kept = [0.4 if group == "一类" else 0.8 for group in ranks["peer_class"]]
    said = ranks[["unit_id", "period"]].assign(statement="rankable", object="", k=pd.array([pd.NA] * len(ranks), "Int64"))
    said.assign(chance=kept)[ranks["rank"].notna()].to_parquet(folder / "chances.parquet")
    return open_run(folder)


def test_classes_without_an_order_are_named(ranged):
    """In the headline and in the table, which says too over how many places a range goes; one unit alone has no order."""
    said = overview.headline(ranged).text
    assert "排不出先后，谁先谁后多半是偶然：派出所 一类、警务区 一类。" in said
    assert "名次未附误差" not in said
    table = overview.classes(ranged)
    assert table.loc[table["层级"] == "派出所", ["名次跨度", "真差别"]].to_numpy().tolist() == [
        ["5", "40%，排不出"],
        ["5", "80%"],
    ]
    assert table.loc[table["层级"] == "市局", ["名次跨度", "真差别"]].to_numpy().tolist() == [["—", "—"]]
    assert '<td class="n">5</td>' in overview.table(table, ranged).html


def test_a_mover_has_its_range_beside_the_place(ranged, run):
    """Low and high as the run has them; a run without ranges has no such column."""
    table, ranks = overview.movers(ranged, most=3), ranged.frame("ranks").of_period(ranged.period).set_index("unit_id")
    found = ranks.loc[table["编号"]]
    assert table["可能名次"].tolist() == [
        f"{low}–{high}" for low, high in zip(found["rank_low"], found["rank_high"], strict=True)
    ]
    assert "可能名次" not in overview.movers(run)
    assert "先后" not in overview.classes(run)


def test_a_median_of_two_is_rounded_half_up():
    """The median between two totals is rounded half up, as everything printed is."""
    assert overview._round_number(80.685, 2) == 80.69


def test_movers_name_who_rose_and_who_fell(run):
    """The units that gained most places come first, those that lost most last; nobody stands there twice."""
    table = overview.movers(run, most=3)
    changes = [int(change.replace("−", "-")) for change in table["升降"]]
    assert changes == sorted(changes, reverse=True)
    assert len(table) == 6
    assert (table["上期名次"] - table["本期名次"]).tolist() == changes
    assert table["编号"].is_unique


def test_without_a_period_before_nobody_moved(tmp_path):
    """Where the period before has no places the table says so instead of showing nothing."""
    folder = write_run(tmp_path / "demo", officers=0, months=False)
    ranks = pd.read_parquet(folder / "ranks.parquet")
    ranks[ranks["period"] == "2024Q4"].to_parquet(folder / "ranks.parquet")
    found = open_run(folder)
    assert overview.movers(found).empty
    assert "上期没有名次" in overview.table(overview.movers(found), found).html


def test_the_heat_map_holds_the_points_of_the_upper_level(run):
    """The highest level with units to compare stands by indicator, its points printed in the cells."""
    figure = overview.draw_heat(run)
    names = list(figure.layout.yaxis.ticktext)
    assert sorted(names) == ["枫林东区分局0", "枫林西区分局1"]
    assert len(figure.layout.xaxis.ticktext) == 15
    points = pd.read_parquet(run.path / "points.parquet")
    first = points[(points["period"] == "2024Q4") & (points["unit_id"] == "D0") & (points["indicator"] == "arrival_on_time")]
    assert figure.data[0].text[names.index("枫林东区分局0")][0] == f"{first['points'].iloc[0]:.0f}"


def test_a_large_level_shows_its_lowest_totals(tmp_path):
    """Of more units than are legible the lowest totals are drawn, and the title says how many there are."""
    found = open_run(write_run(tmp_path / "demo", stations=60, zones=0, officers=0, months=False))
    figure = overview.draw_heat(found)
    assert len(figure.data[0].z) == overview.MOST
    assert "图中列总分最低的 30 个" in figure.layout.title.text


def test_the_spread_counts_every_ranked_unit(run):
    """Each class has its bars, which add up to its ranked units, and its median is written above them."""
    figure = overview.draw_spread(run)
    assert [sum(bars.y) for bars in figure.data] == [8, 8]
    assert [note.text[:7] for note in figure.layout.annotations] == ["一类（8 个）", "二类（8 个）"]


def test_no_officer_and_no_markup_reach_the_reader(run):
    """No officer is in any part, and a hostile name is text in tables and figures."""
    parts = [overview.table(overview.movers(run, most=20), run).html, overview.headline(run).html, overview.notes(run).html]
    parts += [overview.draw_heat(run).to_json(), overview.draw_spread(run).to_json()]
    assert "秘名" not in "".join(parts)
    assert HOSTILE not in "".join(parts[:3])
    assert "<img" not in "".join(parts)


def test_another_period_is_refused(run):
    """Parameters that name another period than the run holds are refused, a relative one cannot be checked."""
    assert open_run(str(run.path), period="last_quarter").path == run.path
    assert open_run(str(run.path), period="2024Q4").path == run.path
    with pytest.raises(UsageError, match="参数的考评期是“2024”，批次 demo 的考评期是“2024Q4”"):
        open_run(str(run.path), period=2024)


def test_out_says_where_the_runs_lie(run, monkeypatch):
    """A params file's `out` counts from the project folder, which lies above the notebook's."""
    (run.path.parent / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(run.path.parent / "notebooks")
    assert open_run("../runs/demo", out=".").manifest["run"] == "demo"
    with pytest.raises(UsageError, match="elsewhere"):
        open_run("../runs/demo", out="elsewhere")


def test_the_notebook_lists_only_what_acts():
    """The parameters cell has what the notebook uses, each with a comment."""
    cell = next(cell for cell in nbformat.read(NOTEBOOK, 4).cells if "parameters" in cell.metadata.get("tags", ()))
    lines = [line.partition(" = ") for line in cell.source.splitlines()]
    assert {name for name, _, _ in lines} == {"run", "out", "period", "lang"}
    assert all("  # " in rest for _, _, rest in lines)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_notebook_runs(run, lang, monkeypatch):
    """Every cell runs on a run folder, in both languages."""
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict = {}
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102 - the cells are ours
            if cell["id"] == "parameters":
                names |= {"run": str(run.path), "lang": lang}
    assert names["done"].manifest["run"] == "demo"
