"""LibreOffice reckons a scheme that uses every feature: dimensions in dimensions, points below 0, full marks by class, means."""

import pandas as pd
import pytest

from every_feature import RUNS, copy_runs
from fengqiao_eval.workbooks import results

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Score the invented province, counted anew and as the mean of months."""
    return copy_runs(tmp_path_factory, "nested") / "runs"


@pytest.mark.parametrize("name", RUNS)
def test_totals_and_places_are_those_of_the_run(runs, reckoned, rewritten, tmp_path, name):
    """With no result left in the file, contributions, totals and places come to those of the frames; the difference is 0."""
    results.write_workbook(runs / name, tmp_path / f"{name}.xlsx")
    rows = reckoned(rewritten(tmp_path / f"{name}.xlsx", tmp_path / f"{name}-bare.xlsx"))
    found = pd.DataFrame(rows[6:], columns=[f"{number}:{word}" for number, word in enumerate(rows[3])]).set_index("2:编号")
    ranks = pd.read_parquet(runs / name / "ranks.parquet")
    ranks = ranks[ranks["period"] == "2024Q4"].set_index("unit_id")
    total, place = (next(column for column in found if column.endswith(f":{word}")) for word in ("总分", "名次"))
    assert found[total].to_dict() == ranks["total"].to_dict()
    assert found[place].astype(int).to_dict() == ranks["rank"].astype(int).to_dict()
    assert set(found.iloc[:, -1]) == {0}
    points = pd.read_parquet(runs / name / "points.parquet")
    points = points[(points["period"] == "2024Q4") & points["points"].notna()]
    first = next(number for number, column in enumerate(found) if column.endswith("已计分维度权重之和")) + 1
    expected = points.pivot(index="unit_id", columns="indicator", values="contribution").reindex(found.index)
    for number, code in enumerate(points["indicator"].cat.categories, first):
        own = pd.to_numeric(found.iloc[:, number], errors="coerce")
        assert own.tolist() == pytest.approx(expected[code].tolist(), abs=1e-9, nan_ok=True), code
