"""LibreOffice reckons the workbook anew and comes to the numbers of the run; a changed weight moves the totals."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.scoring.aggregation import Weights, total, weights_at
from fengqiao_eval.workbooks import results
from run_folders import NO_VISITS, NOT_RANKED, UNKNOWN, scheme, write_run

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a run: missing indicators, a dimension without any, a tie of halves, units without a place."""
    return write_run(tmp_path_factory.mktemp("runs") / "demo", officers=0)


def table(rows, first):
    """Read the units of the sheet: heads stand on row 3, weights down to row `first` - 1 (0 is the first)."""
    heads = [f"{number}:{word}" for number, word in enumerate(rows[3])]
    return pd.DataFrame(rows[first:], columns=heads).set_index("2:编号")


def column(found, word):
    """Find the column that a word heads."""
    return next(name for name in found if name.endswith(f":{word}"))


def numbers(cells):
    """Read cells as numbers, an empty text as none."""
    return np.array([[np.nan if cell == "" else cell for cell in row] for row in cells], dtype=float)


def frames(folder):
    """Read points and contributions (units × indicators) and the ranks of the main period."""
    points = pd.read_parquet(folder / "points.parquet")
    points = points[points["period"] == "2024Q4"]
    ranks = pd.read_parquet(folder / "ranks.parquet")
    codes = [i.code for i in scheme().indicators]
    wide = points.pivot(index="unit_id", columns="indicator", values=["points", "contribution"])
    return wide["points"][codes], wide["contribution"][codes], ranks[ranks["period"] == "2024Q4"].set_index("unit_id")


def test_every_contribution_and_total_is_the_run_s(folder, reckoned, rewritten, tmp_path):
    """With no result left in the file, each contribution, total and place is reckoned to the number of the frames."""
    results.write_workbook(folder, tmp_path / "full.xlsx")
    found = table(reckoned(rewritten(tmp_path / "full.xlsx", tmp_path / "bare.xlsx")), 8)
    points, contributions, ranks = frames(folder)
    ids, size = found.index, len(points.columns)
    assert set(ids) == set(ranks.index)
    expected = contributions.reindex(ids).where(points.reindex(ids).notna()).to_numpy(dtype=float)
    np.testing.assert_array_equal(numbers(found.iloc[:, 3 + size + 5 : 3 + 2 * size + 5].to_numpy()), expected)
    assert found[column(found, "总分")].to_dict() == ranks["total"].to_dict()
    places = found[column(found, "名次")]
    places = places[places.map(lambda cell: not isinstance(cell, str))].astype(int)
    assert places.to_dict() == ranks.loc[ranks["of"] > 1, "rank"].dropna().astype(int).to_dict()
    assert NOT_RANKED not in places.index
    assert set(found.iloc[:, -1]) == {0}


def test_a_changed_weight_moves_the_totals(folder, reckoned, rewritten, tmp_path):
    """Another weight of one indicator at one level gives the totals that the engine reckons with it; other levels stand."""
    results.write_workbook(folder, tmp_path / "full.xlsx")
    heavier = re.compile(r'(<c r="E7"[^>]*><v>)25(</v>)')
    changed = rewritten(tmp_path / "full.xlsx", tmp_path / "changed.xlsx", lambda text: heavier.sub(r"\g<1>70\2", text))
    rows = reckoned(changed)
    assert rows[6][4] == 70
    found = table(rows, 8)
    points, _, ranks = frames(folder)
    stations = ranks.index[ranks["level"] == "station"]
    indicators = np.array([70, 20, 15, 20, 20, 35, 25, 20, 20, 45, 30, 25, 40, 30, 30])
    above = [-1, 0, 0, 0, 0, *np.repeat([1, 2, 3, 4], [5, 4, 3, 3])]
    weights = Weights(np.array([1, 25, 20, 25, 30, *indicators]), np.array(above), np.arange(5, 20))
    given = points.loc[stations].to_numpy(dtype=float)
    expected = total(given, ~np.isnan(given), weights).totals / 100
    totals = found[column(found, "总分")]
    assert totals.loc[stations].tolist() == expected.tolist()
    others = ranks.index.difference(stations)
    assert totals.loc[others].to_dict() == ranks.loc[others, "total"].to_dict()
    assert rows[1][4] == (totals.loc[stations] != ranks.loc[stations, "total"]).sum() > 0


@pytest.mark.parametrize(
    ("weights", "gains", "loses"), [((75, 5, 10, 10), NOT_RANKED, None), ((10, 50, 20, 20), None, NO_VISITS)]
)
def test_a_changed_weight_gives_and_takes_places(folder, reckoned, rewritten, tmp_path, weights, gains, loses):
    """Who has only cases scored wins a place where they weigh 75, who has no visits loses it where they weigh 50."""
    results.write_workbook(folder, tmp_path / "full.xlsx")

    def change(text):
        for cell, weight in zip("TUVW", weights, strict=True):
            text, found = re.subn(rf'(<c r="{cell}7"[^>]*><v>)[^<]*(</v>)', rf"\g<1>{weight}\2", text)
            assert found == 1
        return text

    found = table(reckoned(rewritten(tmp_path / "full.xlsx", tmp_path / "moved.xlsx", change)), 8)
    points, _, ranks = frames(folder)
    stations = ranks.index[ranks["level"] == "station"]
    rows, total_, place = found.loc[stations], column(found, "总分"), column(found, "名次")
    placed = rows[place].map(lambda cell: not isinstance(cell, str))
    tree = weights_at(scheme(), "station")
    own = tree.own.copy()
    own[tree.above == 0] = 100 * np.array(weights)
    shares = replace(tree, own=own).nominal
    covered = points.loc[stations].notna().to_numpy() @ shares
    assert rows[column(found, "可评权重")].tolist() == pytest.approx(covered.tolist())
    assert placed.tolist() == ((covered >= 0.7) & (stations != UNKNOWN)).tolist()
    had = ranks["rank"].notna()
    assert gains is None or (placed[gains] and not had[gains])
    assert loses is None or (had[loses] and not placed[loses])
    for _, some in rows[placed].groupby(ranks["peer_class"]):
        assert some[place].tolist() == some[total_].rank(method="min", ascending=False).tolist()
