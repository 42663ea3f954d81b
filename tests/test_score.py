"""The whole way on the invented province: every number can be added up, traced back, and made again."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.measuring.drilldown import trace
from fengqiao_eval.periods import parse
from fengqiao_eval.records.store import Records, open_records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.measure import Distinct, Figure, Quantile, Share
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores, score

ROOT = Path(__file__).parents[1]
QUARTER, AS_OF = parse("2024Q4"), datetime(2025, 1, 1)


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """The one table of the project."""
    return load(ROOT / "params" / "one_table.yaml")


@pytest.fixture(scope="module")
def records(province) -> Records:
    """The invented province."""
    return open_records(province)


@pytest.fixture(scope="module")
def scores(records, scheme) -> Scores:
    """The province scored for the last quarter of 2024."""
    return score(records, scheme, QUARTER, AS_OF)


@pytest.fixture(scope="module")
def quarter(scores):
    """The points of the quarter by unit and indicator."""
    found = scores.points[scores.points["period"] == "2024Q4"]
    return found.astype({"unit_id": object, "indicator": object}).set_index(["unit_id", "indicator"])


# What is printed is what is ranked


def test_a_total_is_the_sum_of_its_contributions(scores):
    """In every row of every period the printed contributions add up to the printed total, to the last decimal."""
    cents = (scores.points["contribution"] * 100).round().astype(int)
    assert (scores.points["contribution"] == cents / 100).all()
    sums = cents.groupby([scores.points["period"].astype(str), scores.points["unit_id"].astype(str)]).sum()
    totals = scores.ranks.set_index(["period", "unit_id"])["total"]
    assert (sums / 100).sort_index().equals(totals.sort_index().rename("contribution"))


def test_weights_used_add_up_to_one(scores):
    """Wherever anything was scored its weights make a whole; where nothing was they are nought."""
    points = scores.points.astype({"period": str, "unit_id": str})
    used = points.groupby(["period", "unit_id"])["weight_used"].sum()
    scored = points["points"].notna().groupby([points["period"], points["unit_id"]]).any()
    assert used[scored].round(12).eq(1).all()
    assert used[~scored].eq(0).all()
    assert scored.sum() > 0.9 * len(scored) > 0


def test_a_contribution_can_be_worked_by_hand(quarter, scheme):
    """Points × dimension/scored dimensions × indicator/scored siblings, half-up, for every line of a station with a gap."""
    points = quarter.loc["S060"]
    scored = points["points"].notna()
    dimensions = {d.code: d for d in scheme.dimensions if any(scored[i.code] for i in d.indicators)}
    whole = sum(d.weight for d in dimensions.values())
    for dimension in dimensions.values():
        weights = {i.code: i.weight["others"] if isinstance(i.weight, dict) else i.weight for i in dimension.indicators}
        siblings = sum(weight for code, weight in weights.items() if scored[code])
        for code in (code for code in weights if scored[code]):
            share = Fraction(dimension.weight) / Fraction(whole) * Fraction(weights[code]) / Fraction(siblings)
            exact = Fraction(f"{points.loc[code, 'points']:.4f}") * share
            assert Fraction(f"{points.loc[code, 'contribution']:.2f}") == Fraction((200 * exact + 1) // 2, 100), code


def test_places_are_those_of_the_printed_totals(scores):
    """The place is one more than the number of ranked units of the class with a larger printed total."""
    stations = scores.ranks.query("level == 'station' and period == '2024Q4' and rank.notna()")
    for row in stations.itertuples():
        better = stations[(stations["peer_class"] == row.peer_class) & (stations["total"] > row.total)]
        assert row.rank == len(better) + 1, row.unit_id


# Every level is counted from the records


def test_levels_add_up_where_counts_do(scores, scheme):
    """What can be added up is, for a county, the sum over its stations, and for the city over its counties."""
    additive = [i.code for i in scheme.indicators if not isinstance(i.measure, (Distinct, Figure, Quantile))]
    points = scores.points[scores.points["indicator"].isin(additive)].astype({"period": str, "indicator": str, "unit_id": str})
    parents = scores.units.set_index("unit_id")["county_id"].to_dict()
    stations = points[points["level"] == "station"]
    sums = stations.groupby([stations["unit_id"].map(parents), "indicator", "period"])[["numerator", "denominator"]].sum()
    counties = points[points["level"] == "county"].set_index(["unit_id", "indicator", "period"])[["numerator", "denominator"]]
    assert sums.rename_axis(counties.index.names).sort_index().round(6).equals(counties.sort_index().round(6))
    city = points[points["level"] == "city"].set_index(["indicator", "period"])[["numerator", "denominator"]]
    assert counties.groupby(["indicator", "period"]).sum().round(6).equals(city.sort_index().round(6))


def test_distinct_things_do_not_add_up(quarter, scores):
    """Coverage of the city is that of its households, no more of them than its stations have on their lists."""
    stations = scores.units.loc[scores.units["level"] == "station", "unit_id"]
    coverage = quarter["denominator"].unstack()["visit_coverage"]
    assert 0 < coverage["C01"] <= coverage[stations].sum()


def plain(records, name: str) -> pd.DataFrame:
    """Give the rows of a table that were known at New Year, as plain pandas, later facts not yet happened."""
    frame = records.tables[name].to_pandas()
    frame = frame[frame["recorded_at"].fillna(frame[TABLES[name].own_date]) <= AS_OF]
    return frame.assign(**{fact: frame[fact].where(frame[fact] <= AS_OF) for fact in TABLES[name].facts if fact in frame})


def above(scores, level: str) -> dict[str, str]:
    """Name for each station and zone the unit of a level that it belongs to; S061 became part of S012."""
    units = scores.units.set_index("unit_id")
    column = {"station": "station_id", "county": "county_id"}[level]
    return units[column].to_dict() | {"S061": "S012" if level == "station" else units.loc["S012", "county_id"]}


@pytest.mark.parametrize("level", ["station", "county"])
def test_a_share_agrees_with_plain_pandas(records, scores, quarter, level):
    """到场时限达标率 worked in plain pandas: calls of the quarter, arrived within 900 seconds, by station and county."""
    cases = plain(records, "cases").query("category == '警情' and '2024-10-01' <= received_at < '2025-01-01'")
    took = (cases["arrived_at"] - cases["received_at"]).dt.total_seconds()
    waits = took.isna() & (cases["received_at"] > AS_OF - pd.Timedelta(minutes=15))
    found = pd.DataFrame({"unit": cases["unit_id"].map(above(scores, level)), "met": took.between(0, 900)})[~waits]
    expected = found.groupby("unit")["met"].agg(["sum", "count"])
    rows = quarter.xs("arrival_on_time", level="indicator").query("level == @level").sort_index()
    assert rows[["numerator", "denominator"]].to_numpy().tolist() == expected.reindex(rows.index).fillna(0).to_numpy().tolist()


@pytest.mark.parametrize("level", ["station", "county"])
def test_coverage_agrees_with_plain_pandas(records, scores, quarter, level):
    """走访覆盖率 worked in plain pandas: households due in the quarter, each once, reached if any duty was done in time."""
    duties = plain(records, "duties").query("kind == 'visit' and '2024-10-01' <= due_at < '2025-01-01'")
    things = duties.assign(unit=duties["unit_id"].map(above(scores, level)), met=duties["done_at"] <= duties["due_at"])
    expected = things.groupby(["unit", "subject_id"])["met"].any().groupby("unit").agg(["sum", "count"])
    rows = quarter.xs("visit_coverage", level="indicator").query("level == @level").sort_index()
    assert rows[["numerator", "denominator"]].to_numpy().tolist() == expected.reindex(rows.index).fillna(0).to_numpy().tolist()


def test_shares_of_persons_agree_with_plain_pandas(records, quarter):
    """回访满意率 of every officer worked in plain pandas: codes by credited shares, else the officer of the record."""
    surveys = plain(records, "surveys").query("'2024-10-01' <= asked_at < '2025-01-01'")
    surveys = surveys.assign(code=surveys["answer"].map({"满意": 1, "基本满意": 0.6, "不满意": 0})).dropna(subset="code")
    credits_ = records.tables["credits"].to_pandas().query("table == 'surveys'")[["record_id", "officer_id", "share"]]
    joined = surveys.merge(credits_, left_on="survey_id", right_on="record_id", how="left", suffixes=("", "_credited"))
    who, share = joined["officer_id_credited"].fillna(joined["officer_id"]), joined["share"].fillna(1)
    expected = pd.DataFrame({"a": joined["code"] * share, "b": share}).groupby(who).sum()
    rows = quarter.xs("satisfied", level="indicator").query("level == 'officer'").sort_index()
    found = rows[["numerator", "denominator"]].to_numpy()
    assert found == pytest.approx(expected.reindex(rows.index).fillna(0).to_numpy(), abs=1e-5)


@pytest.mark.parametrize("unit_id", ["S001", "P0309"])
def test_every_measure_is_traced_to_its_records(records, scheme, quarter, unit_id):
    """The records that `trace` lists add up to numerator and denominator, for a station and for a person with credits."""
    for indicator in scheme.indicators:
        row = quarter.loc[(unit_id, indicator.code)]
        if isinstance(indicator.measure, Figure) or row["status"] == "not_applicable":
            continue
        found = trace(records, scheme, indicator, unit_id, QUARTER, AS_OF)
        assert [found["numerator"].sum(), found["denominator"].sum()] == pytest.approx([row["numerator"], row["denominator"]])
        assert found["record_id"].is_unique or indicator.code == "visit_coverage"


def test_the_city_is_traced_too(records, scheme, quarter):
    """The households of the whole city add up as well, each once, and no code of a subject is shown."""
    indicator = next(i for i in scheme.indicators if isinstance(i.measure, Distinct))
    found, row = trace(records, scheme, indicator, "C01", QUARTER, AS_OF), quarter.loc[("C01", indicator.code)]
    assert [found["numerator"].sum(), len(found)] == [row["numerator"], row["denominator"]]
    assert set(found.columns) == {"record_id", "happened_at", "unit_id", "officer_id", "numerator", "denominator", "why"}


def test_a_figure_is_traced_to_its_line(records, scheme, quarter):
    """A figure ends at the line it was taken from, with its source."""
    indicator = next(i for i in scheme.indicators if isinstance(i.measure, Figure))
    line = trace(records, scheme, indicator, "S001", QUARTER, AS_OF)
    assert line["numerator"].tolist() == [quarter.loc[("S001", indicator.code), "numerator"]]
    assert line["source"].str.len().gt(0).all()


def test_what_lost_points_is_what_was_not_met(scores, scheme, quarter):
    """For every share, a station's lost records are denominator less numerator (numerator where less is better)."""
    units = scores.units.set_index("unit_id")
    zones = units.loc[units["level"] == "zone", "station_id"].to_dict()
    station = scores.losses["unit_id"].map(lambda unit: zones.get(unit, unit))
    lost = scores.losses.groupby([station, "indicator"]).size()
    for indicator in (i for i in scheme.indicators if isinstance(i.measure, Share)):
        rows = quarter.xs(indicator.code, level="indicator").query("level == 'station'")
        expected = rows["denominator"] - rows["numerator"] if indicator.direction == "higher" else rows["numerator"]
        found = lost.xs(indicator.code, level="indicator").reindex(rows.index, fill_value=0)
        assert found.tolist() == expected.tolist(), indicator.code


def test_no_officer_is_in_the_losses_of_units(scores):
    """The two lists of lost records are kept apart: one by unit, one by person."""
    people = set(scores.units.loc[scores.units["level"] == "officer", "unit_id"])
    assert not people & set(scores.losses["unit_id"])
    assert set(scores.officer_losses["unit_id"]) <= people


# What was planted


def test_the_smallest_station_is_not_ranked(scores):
    """S060 has too few records: listed with the reason, without a place."""
    row = scores.ranks.query("unit_id == 'S060' and period == '2024Q4'").iloc[0]
    assert {"low_coverage", "not_ranked"} <= set(row["flags"].split(","))
    assert row["covered"] < 0.7
    assert scores.ranks.loc[[row.name], "rank"].isna().all()


def test_a_constant_indicator_is_said(scores, quarter):
    """All files of 四类 passed: everybody has 100, and a note says that this moves nobody."""
    stations = scores.units.query("level == 'station' and peer_class == '四类'")["unit_id"]
    assert quarter.loc[[(unit, "files_passed") for unit in stations], "value"].dropna().unique().tolist() == [100]
    notes = [note.given for note in scores.notes if note.key == "constant"]
    assert any(note["indicator"] == "案卷合格率" and note["group"] == "四类" and note["value"] == "100%" for note in notes)


def test_the_void_month_is_left_out(scores, quarter, records):
    """投诉回应率 is void in 2024-11: its replies are not in the quarter, and the places of those who had any say so."""
    november = scores.points.query("indicator == 'complaint_reply' and period == '2024-11' and level == 'station'")
    assert november["status"].unique().tolist() == ["void"]
    assert november["denominator"].sum() == 0
    duties = records.tables["duties"].filter(lambda d: d.kind == "reply").to_pandas()
    months = duties["due_at"].dt.strftime("%Y-%m")
    assert quarter.loc[("C01", "complaint_reply"), "denominator"] == months.isin(["2024-10", "2024-12"]).sum()
    assert months.eq("2024-11").any()
    stations = scores.ranks.query("level == 'station' and period == '2024Q4'").set_index("unit_id")["flags"]
    lost = set(duties["unit_id"][months.eq("2024-11")].str.split("-").str[0])  # S001-1 is a zone of S001
    assert 0 < len(lost) < len(stations)
    assert set(stations.index[stations.str.contains("void_left_out")]) == lost
    assert not scores.ranks.query("period == '2024Q3'")["flags"].str.contains("void_left_out").any()
    assert any(note.key == "void" for note in scores.notes)


def test_five_answers_are_too_few(quarter):
    """S030 got 5 answers in the quarter, fewer than are scored; its number is shown all the same."""
    row = quarter.loc[("S030", "satisfied")]
    assert (row["n"], row["status"]) == (5, "too_few")
    assert row[["points", "weight_used"]].isna().tolist() == [True, False]


def test_recurrence_is_provisional(quarter):
    """At New Year nobody can know whether December's settlements will hold for 90 days."""
    statuses = quarter.xs("recurrence", level="indicator").query("level == 'station'")["status"]
    assert set(statuses) <= {"provisional", "too_few", "no_records"}
    assert "provisional" in set(statuses)


def test_a_merged_station_lives_on_in_its_successor(scores, records):
    """S061 became part of S012 with 2024: S012's year-before counts its records, and the place is marked."""
    rows = scores.ranks.query("unit_id == 'S012' and period == '2024Q4'")
    assert "merged" in rows["flags"].iloc[0].split(",")
    assert "S061" not in set(scores.units["unit_id"])
    cases = records.tables["cases"].filter(lambda c: c.unit_id == "S061").to_pandas()
    before = scores.points.query("unit_id == 'S012' and indicator == 'recorded_in_24h' and period == '2023Q4'")
    own = records.tables["cases"].filter(lambda c: c.unit_id == "S012").to_pandas()
    in_quarter = [frame["received_at"].between("2023-10-01", "2023-12-31 23:59:59").sum() for frame in (cases, own)]
    assert before["denominator"].iloc[0] >= sum(in_quarter) > in_quarter[1]


# Made again, it is the same


@pytest.mark.slow
def test_two_runs_are_equal_byte_for_byte(province, scheme, scores, tmp_path):
    """Opened and scored anew, every frame is the same to the last byte."""
    again = score(open_records(province), scheme, QUARTER, AS_OF)
    frames = [name for name, value in vars(again).items() if hasattr(value, "to_parquet")]
    differ = [name for name in frames if _bytes(vars(scores)[name], tmp_path) != _bytes(vars(again)[name], tmp_path)]
    assert differ == []
    assert len(frames) == 13


def _bytes(frame, folder: Path) -> bytes:
    frame.to_parquet(folder / "frame.parquet")
    return (folder / "frame.parquet").read_bytes()
