"""The example schemes on the invented province: each adds up, is lawful, and does what its kind of appraisal is known for."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

import shared
from fengqiao_eval.periods import parse
from fengqiao_eval.records.store import open_records
from fengqiao_eval.runs.params import load_params
from fengqiao_eval.scheme.lint import lint
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores, score

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "params" / "examples"
NAMES = ("one_table_four_levels", "one_net_four_classes", "deductions", "grid")
QUARTER, MONTHS = "2024Q4", ("2024-10", "2024-11", "2024-12")


def scheme_of(name: str) -> Scheme:
    """Read an example scheme."""
    return load(FOLDER / f"{name}_scheme.yaml")


def reckon(records: Path, name: str, period: str = QUARTER) -> Scores:
    """Score a folder of records by an example."""
    span = parse(period)
    return score(open_records(records), scheme_of(name), span, datetime(2025, 1, 1))


@pytest.fixture(scope="module")
def scored(province):
    """Give the scores of an example on the invented province, each reckoned once."""
    found: dict[str, Scores] = {}

    def give(name: str) -> Scores:
        found[name] = found.get(name) or reckon(province, name)
        return found[name]

    return give


def of(frame: pd.DataFrame, period: str = QUARTER, **where: str) -> pd.DataFrame:
    """Take the rows of a period, and of a unit, indicator, line and so on, words as plain text."""
    words = frame.select_dtypes(["category", "string"]).columns
    plain = frame.astype(dict.fromkeys(words, object))
    for column, word in {"period": period, **where}.items():
        plain = plain[plain[column] == word]
    return plain


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_right(name):
    """The params file beside a scheme has no fault and names that scheme."""
    params, faults = load_params(FOLDER / f"{name}.yaml")
    assert faults == []
    assert Path(params.scheme).name == f"{name}_scheme.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_to_be_answered_for(scored, name):
    """Lint finds nothing in an example, the sizes of the groups and what all have alike known or not."""
    units = of(scored(name).ranks)
    sizes = {level: part.groupby("peer_class").size().to_dict() for level, part in units.groupby("level")}
    scheme = scheme_of(name)
    assert [(found.rule.code, found.code) for found in (*lint(scheme), *lint(scheme, sizes=sizes))] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_total_is_the_sum_of_its_parts(scored, name):
    """In every period, contributions and what stands outside add up to the total, to the last decimal."""
    scores = scored(name)
    parts = pd.concat([scores.points, scores.adjustments], ignore_index=True).astype({"unit_id": str, "period": str})
    sums = (parts["contribution"] * 100).round().astype(int).groupby([parts["period"], parts["unit_id"]]).sum()
    totals = (scores.ranks.set_index(["period", "unit_id"])["total"] * 100).round().astype(int)
    assert (sums.reindex(totals.index) - totals).abs().max() == 0
    assert len(totals) > 60


@pytest.mark.parametrize("name", NAMES)
def test_nearly_everybody_has_a_place(scored, name):
    """The example fits the province: nine of ten units above officers are ranked, and the totals differ."""
    units = of(scored(name).ranks)
    units = units[units["level"] != "officer"]
    assert units["rank"].notna().mean() > 0.9
    assert units["total"].between(0, 110).all()
    assert units["total"].nunique() > 0.9 * len(units)


# One table for four levels


def test_four_levels_stand_on_one_table(scored):
    """City, counties, stations and officers all have a total from the same table."""
    units = of(scored("one_table_four_levels").ranks)
    ranked = units[units["rank"].notna()].groupby("level").size()
    assert ranked.index.tolist() == ["city", "county", "officer", "station"]
    assert ranked["officer"] > 200


def test_an_audit_voids_the_coverage(scored):
    """Whose visits fail a sample that is large enough gets nothing for coverage, and for nobody else is it void."""
    points = of(scored("one_table_four_levels").points)
    audits = points[points["indicator"] == "visits_verified"].set_index("unit_id")
    coverage = points[points["indicator"] == "visit_coverage"].set_index("unit_id")
    failed = audits.index[(audits["value"] < 85) & (audits["status"] == "ok")]
    assert set(coverage.index[coverage["status"] == "void"]) == set(failed)
    assert coverage.loc[failed, "points"].eq(0).all()
    assert 0 < len(failed) < len(coverage) / 2


def test_a_notice_weighs_by_level(scored):
    """What brings a station a point brings its county a fifth of one, and an officer two."""
    scores = scored("one_table_four_levels")
    lines = of(scores.adjustments, line="praise")
    levels = lines["unit_id"].map(of(scores.ranks).set_index("unit_id")["level"])
    steps = {"county": 0.2, "station": 1, "officer": 2}
    assert {"county", "station"} <= set(levels)
    assert all(round(amount / steps[level], 6) % 1 == 0 for amount, level in zip(lines["contribution"], levels, strict=True))


# One net, four classes


def test_the_place_is_the_place(scored):
    """Among the stations of a class the place is one more than the number of strictly better totals."""
    units = of(scored("one_net_four_classes").ranks, level="station")
    units = units[units["rank"].notna()]
    for _, peers in units.groupby("peer_class"):
        assert peers["rank"].tolist() == peers["total"].rank(method="min", ascending=False).astype(int).tolist()
        assert peers["of"].eq(len(peers)).all()
    assert units["peer_class"].nunique() == 4
    assert units["of"].min() >= 8


def test_points_by_place_fall_by_four(scored):
    """The first of a class in coverage has full marks, and each place behind it costs four points down to none."""
    scores = scored("one_net_four_classes")
    places = of(scores.comparisons, indicator="visit_coverage", kind="place").set_index("unit_id")["result"]
    points = of(scores.points, indicator="visit_coverage").set_index("unit_id")["points"]
    assert points[places.index].tolist() == (100 - 4 * (places - 1)).clip(lower=0).tolist()
    assert places.min() == 1
    assert places.max() >= 12


def test_percentiles_are_shares_of_the_class(scored):
    """The points for satisfaction are the per cent of the class that is worse, ties counting half."""
    rows = of(scored("one_net_four_classes").points, indicator="satisfied", level="station")
    rows = rows[rows["points"].notna()]
    for _, peers in rows.groupby("peer_class"):
        worse = peers["value"].rank(method="average") - 1
        assert peers["points"].tolist() == pytest.approx((100 * worse / (len(peers) - 1)).tolist(), abs=1e-4)


# Deductions and vetoes


def test_a_veto_has_four_effects(scored):
    """A grave event zeroes the item for its month, deducts thirty points, caps the grade, and bars from awards."""
    scores = scored("deductions")
    lines = of(scores.adjustments)
    [station] = lines[lines["effect"] == "zero_item"]["unit_id"]
    effects = lines[lines["unit_id"] == station].set_index("line")["contribution"]
    [item] = of(scores.points, unit_id=station, indicator="files_passed")["contribution"]
    assert effects["veto_zero"] == -round(item / 3, 2)
    assert effects["veto_block"] == -30
    assert {"veto_grade", "veto_award"} <= set(effects.index)
    assert of(scores.ranks, unit_id=station)["grade"].isin(["达标", "不达标"]).all()


def test_a_veto_stops_at_its_level(scored):
    """Of a station's veto the county bears one point and no more."""
    scores = scored("deductions")
    lines = of(scores.adjustments, line="veto_block").set_index("unit_id")["contribution"]
    counties = [unit for unit in lines.index if unit.startswith("X")]
    assert lines[counties].tolist() == [-1.0] * len(counties)
    assert len(counties) == 1


def test_the_group_loses_no_more_than_half(scored):
    """Whatever goes wrong in the groundwork, half of its thirty points stay."""
    scores = scored("deductions")
    caps = of(scores.adjustments, line="duties")
    points = of(scores.points)
    groundwork = points[points["indicator"].isin(["recorded_in_24h", "briefings", "revisits"])]
    kept = groundwork.groupby("unit_id")["contribution"].sum().add(caps.set_index("unit_id")["contribution"], fill_value=0)
    assert len(caps) > 0
    assert kept[caps["unit_id"]].round(2).eq(15).all()


# Grids


@pytest.fixture(scope="module")
def adopted(tmp_path_factory):
    """Let the province and the town adopt two practices of the station S007 in November."""
    folder = tmp_path_factory.mktemp("adopted") / "records"
    folder.mkdir()
    for file in shared.province(tmp_path_factory, 16).glob("*.parquet"):
        table = pd.read_parquet(file)
        table = pd.concat([table, _adoptions(table)], ignore_index=True) if file.stem == "notices" else table
        table.to_parquet(folder / file.name)
    return folder


def _adoptions(notices: pd.DataFrame) -> pd.DataFrame:
    upheld = notices[notices["status"] == "upheld"].head(1)
    given = {"happened_on": pd.Timestamp(2024, 11, 5), "unit_id": "S007", "officer_id": None, "recorded_at": pd.NaT}
    told = [("N-a", "adopted_province", "甲"), ("N-b", "adopted_county", "甲"), ("N-c", "adopted_town", "乙")]
    rows = [upheld.assign(**given, notice_id=key, code=code, matter=matter) for key, code, matter in told]
    return pd.concat(rows).astype(notices.dtypes.to_dict())


def test_the_bonus_is_capped(adopted):
    """Ten for the province and two for the town, the county's adoption of the same practice not counted: ten in all."""
    lines = of(reckon(adopted, "grid", "2024-11").adjustments, "2024-11", unit_id="S007")
    amounts = lines[lines["line"].isin(["adopted", "praise", "bonus"])].groupby("line")["contribution"].sum()
    assert amounts["adopted"] == 12
    assert amounts.sum() == 10


def test_a_quarter_is_the_mean_of_its_months(scored):
    """Where all three months count, the quarter's total is their mean, half-up."""
    ranks = scored("grid").ranks
    months = pd.concat([of(ranks, month).set_index("unit_id") for month in MONTHS])
    whole = months[months["covered"] >= 0.7].groupby("unit_id")["total"].agg(["sum", "size"]).query("size == 3")
    cents = (whole["sum"] * 100).round().astype(int)
    quarter = (of(ranks).set_index("unit_id")["total"][whole.index] * 100).round().astype(int)
    assert quarter.tolist() == ((2 * cents + 3) // 6).tolist()
    assert len(whole) > 100


def test_coverage_without_truth_is_worth_less(scored):
    """Under the geometric mean of coverage and truth nobody has more than under the plain mean."""
    lines = of(scored("grid").adjustments, "2024-11", line="visiting")
    assert lines["contribution"].max() < 0
    assert len(lines) > 60
