"""Records that nobody here made: what others counted by other means is what is counted here."""

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from fengqiao_eval.measuring.drilldown import trace
from fengqiao_eval.periods import parse
from fengqiao_eval.records.ingest import From
from fengqiao_eval.records.store import open_records
from fengqiao_eval.runs.params import load_params
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scoring.score import score

pytestmark = pytest.mark.real
EXAMPLES = Path(__file__).parents[1] / "params" / "examples"


def scored(params_file: str, folder: Path, **changed) -> SimpleNamespace:
    """Score a folder of real records as its params file says; `changed` replaces parts of the mapping of a table."""
    params, faults = load_params(EXAMPLES / params_file, [f"records={folder}"])
    assert faults == []
    tables = params.tables | {name: params.tables[name].model_copy(update=parts) for name, parts in changed.items()}
    records, scheme = open_records(Path(params.records), tables), load(Path(params.scheme))
    levels = ["street", "department"] if changed else None
    scheme = scheme.model_copy(update={"levels": tuple(levels)}) if levels else scheme
    scores = score(records, scheme, params.span, params.moment, levels)
    points = scores.points[scores.points["period"] == params.period].set_index("unit_id")
    ranks = scores.ranks[scores.ranks["period"] == params.period].set_index("unit_id")
    return SimpleNamespace(records=records, scheme=scheme, scores=scores, points=points, ranks=ranks, params=params)


def expected(folder: Path) -> dict:
    """Read what was computed from the raw file by other means."""
    return json.loads((folder / "expected.json").read_text("utf-8"))


def notes(run) -> dict:
    """Give the notes of a run by key."""
    return {note.key: note.given for note in run.scores.notes}


@pytest.fixture(scope="module")
def pingshan(real) -> SimpleNamespace:
    """10,000 requests of residents, by handling department."""
    return scored("pingshan.yaml", real / "pingshan_12345")


@pytest.fixture(scope="module")
def nypd(real) -> SimpleNamespace:
    """7,396 police calls, by precinct."""
    return scored("nypd.yaml", real / "nypd_calls")


def test_pingshan_pools_all_departments(pingshan, real):
    """9,071 of 9,995 requests with an outcome were closed on time, 90.76 per cent, counted over departments, U- included."""
    facts, points = expected(real / "pingshan_12345"), pingshan.points
    assert pingshan.records.counts["cases"] == facts["cases"]
    assert points["denominator"].sum() == facts["cases_with_outcome"]
    assert points["numerator"].sum() == facts["on_time"]
    assert round(points["numerator"].sum() / points["denominator"].sum(), 6) == facts["on_time_rate"]


def test_pingshan_police_bureau(pingshan, real):
    """坪山公安分局: 184 requests, 68 on time, 36.96 per cent."""
    facts, row = expected(real / "pingshan_12345"), pingshan.points.loc["U1891"]
    assert row["denominator"] == row["n"] == facts["坪山公安分局_cases"] == 184
    assert row["numerator"] == 68
    assert row["value"] / 100 == pytest.approx(facts["坪山公安分局_on_time_rate"], abs=5e-7)
    assert f"{row['value']:.2f}" == "36.96"
    assert pingshan.ranks.loc["U1891", "name"] == "坪山公安分局"


def test_pingshan_streets(real):
    """Counted by street instead, each street has its requests on time; the five without an outcome are in no denominator."""
    facts = expected(real / "pingshan_12345")["on_time_rate_by_street"]
    by_street = {"set": {"unit_id": From.model_validate({"from": "street_id"})}, "missing": ()}
    run = scored("pingshan.yaml", real / "pingshan_12345", cases=by_street)
    streets = run.points[run.points["level"] == "street"].join(run.ranks["name"]).set_index("name")
    for street, (cases, rate) in facts.items():
        row = streets.loc["S-" if street == "-" else street]
        assert row["numerator"] == round(cases * rate), street
        assert 0 <= cases - row["denominator"] <= 5
    assert streets["denominator"].sum() == 9995


def test_pingshan_october(pingshan, real):
    """2,971 requests of October, with or without an outcome."""
    cases = pingshan.records.tables["cases"]
    start, end = datetime(2018, 10, 1), datetime(2018, 11, 1)
    october = cases.filter(cases.received_at >= start, cases.received_at < end)
    assert october.count().execute() == expected(real / "pingshan_12345")["received_2018-10"]


def test_pingshan_ids_with_two_names(pingshan, real):
    """35 departments appear under two names; they stay one unit each, and the foot of the page counts them."""
    assert notes(pingshan)["two_names"]["count"] == expected(real / "pingshan_12345")["ids_with_more_than_one_name"]


def test_pingshan_the_unit_for_nobody_is_not_ranked(pingshan):
    """U- stands for '-': its requests are in the whole, it has a total and no place."""
    row = pingshan.ranks.loc["U-"]
    assert "not_ranked" in row["flags"].split(",")
    assert pingshan.ranks.loc[["U-"], "rank"].isna().all()
    assert pingshan.points.loc["U-", "denominator"] > 0
    assert pingshan.ranks["of"].iloc[0] == pingshan.ranks["rank"].notna().sum()


def test_pingshan_is_traced(pingshan):
    """The 184 requests of 坪山公安分局 are listed by id."""
    found = trace(pingshan.records, pingshan.scheme, pingshan.scheme.indicators[0], "U1891", parse("2018"), datetime(2019, 1, 1))
    assert (len(found), found["numerator"].sum(), found["record_id"].nunique()) == (184, 68, 184)


def test_nypd_counts_every_row(nypd, real):
    """7,396 calls in 78 precincts."""
    facts = expected(real / "nypd_calls")
    assert nypd.records.counts["cases"] == facts["nypd_rows"]
    assert nypd.scores.units["unit_id"].nunique() == facts["nypd_precincts"]
    assert nypd.points[nypd.points["indicator"] == "within_30_minutes"]["n"].sum() == facts["nypd_rows"]


def test_nypd_repeated_ids_are_kept_and_told(nypd, real):
    """12 rows repeat an id and differ: all are kept, and a note says so."""
    assert notes(nypd)["repeated_keep"]["count"] == expected(real / "nypd_calls")["nypd_rows_beyond_first_of_an_id"]


def test_nypd_precinct_014(nypd, real):
    """Precinct 014, which is not 14: 1,045 calls, 655 answered within 30 minutes, a median of 1,338 seconds."""
    facts, points = expected(real / "nypd_calls"), nypd.points.loc["014"].set_index("indicator")
    within, median = points.loc["within_30_minutes"], points.loc["median_minutes"]
    assert within["denominator"] == median["n"] == facts["nypd_precinct_014_calls"]
    assert within["numerator"] == facts["nypd_precinct_014_within_30min"]
    assert median["value"] * 60 == pytest.approx(facts["nypd_precinct_014_median_response_s"], abs=0.5)


def test_nypd_csv_is_parquet(nypd, real, tmp_path):
    """The CSV files beside the Parquet ones give the same points, to the last digit."""
    for name in ("nypd_units.csv", "nypd_cases.csv"):
        (tmp_path / name).write_bytes((real / "nypd_calls" / name).read_bytes())
    again = scored("nypd.yaml", tmp_path)
    assert again.points.equals(nypd.points)


def test_what_they_lack_is_told(pingshan, nypd):
    """Neither has officers, visits or surveys: nothing fails for it, and officers are simply not there."""
    for run in (pingshan, nypd):
        assert "table_missing" not in notes(run)
        assert run.scores.officer_losses.empty
