"""Real files as offices export them, with defects put in on purpose: drafted, read and counted, every figure as it should be."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from fengqiao_eval.records.identifiers import unify
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.runs.params import load_params
from test_cli import fengqiao

pytestmark = [pytest.mark.slow, pytest.mark.real]


@pytest.fixture
def drafted(real, tmp_path, monkeypatch):
    """Draft from one file alone, check the draft without an edit, and read the records by it."""

    def drafted(name: str) -> Records:
        monkeypatch.chdir(tmp_path)
        Path("数据").mkdir()
        shutil.copy(real / "messy_export" / name, "数据")
        code, _, refused = fengqiao("draft", "数据")
        assert code == 0, refused
        code, _, refused = fengqiao("check", "params/数据.yaml")
        assert code == 0, refused
        params, faults = load_params(Path("params/数据.yaml"))
        assert (faults, params is None) == ([], False)
        records, faults = read_records(params.roots, params.tables, name="records")
        assert faults == []
        assert all(receipt.balanced for several in records.receipts.values() for receipt in several)
        return records

    return drafted


def expected(folder: Path) -> dict:
    """Read the known answers of a folder."""
    return json.loads((folder / "expected.json").read_text("utf-8"))


def test_a_ledger_in_excel(drafted, real):
    """Titles, notes, subtotals, merged names, seven spellings of a date, four of an id, rows typed twice: all is exact."""
    records = drafted("案件台账_2012.xlsx")
    known = expected(real / "messy_export")["案件台账_2012.xlsx"]
    cases = records.tables["cases"].to_pandas()
    days = (cases["closed_at"] - cases["received_at"]) / pd.Timedelta(days=1)
    assert {
        "data_rows": len(cases),
        "extra_rows_typed_twice": records.receipts["cases"][0].count("repeated"),
        "units": cases["unit_id"].nunique(),
        "officers": len(set(unify(cases["officer_id"].value_counts().to_dict()).values())),
        "distinct_cases": cases["case_id"].nunique(),
        "rows_by_unit": cases["unit_id"].value_counts().sort_index().to_dict(),
        "status": cases["status"].value_counts().to_dict(),
        "no_closed_date": int(cases["closed_at"].isna().sum()),
        "closed_within_90_days": int((days <= 90).sum()),
        "closed_within_90_days_unit_003": int((days[cases["unit_id"] == "003"] <= 90).sum()),
        "median_days_received_to_closed": days.median(),
        "min_received": str(cases["received_at"].min().date()),
        "max_received": str(cases["received_at"].max().date()),
    } == {key: value for key, value in known.items() if key != "assigned_before_received"}
    assigned = pd.to_datetime(cases["出警时间"], errors="coerce", format="%Y-%m-%d")
    assert int((assigned < cases["received_at"]).sum()) == known["assigned_before_received"]


def test_calls_in_a_gbk_text(drafted, real):
    """Three lines before the heading, 上午 and 下午, serials, full width, ids with tabs and commas, 385 of them lost for good."""
    records = drafted("接处警_2024.csv")
    known = expected(real / "messy_export")["接处警_2024.csv"]
    cases, receipt = records.tables["cases"].to_pandas(), records.receipts["cases"][0]
    assert (len(cases), cases["unit_id"].nunique()) == (known["data_rows"], known["units"])
    assert int((cases["unit_id"] == "014").sum()) == known["rows_precinct_014"]
    lost = {(one.column, one.kind): one.number for one in receipt.lost}
    assert lost == {("警情编号", "digits"): 385}
    readable = cases["case_id"][~cases["case_id"].str.contains("E+", regex=False)]
    assert readable.nunique() + 385 == known["distinct_cases_true"]
    minutes = (cases["arrived_at"] - cases["received_at"]) / pd.Timedelta(minutes=1)
    assert (minutes <= 29).sum() <= known["arrived_within_30min"] <= (minutes <= 31).sum()


@pytest.mark.parametrize("name", ["原样_坪山区-民生诉求数据_目录.xlsx", "原样_坪山区-民生诉求数据_简易版.csv"])
def test_the_original_exports_are_the_cases_of_their_clean_table(drafted, real, name):
    """A sheet of notes first and headings in two languages, or a GBK text: 10,000 cases and the rates of pingshan_12345."""
    cases = drafted(name).tables["cases"].to_pandas()
    known = expected(real / "pingshan_12345")
    assert (len(cases), cases["unit_id"].nunique()) == (known["cases"], known["dispose_unit_ids"])
    on_time, late = ((cases[column].astype(str) == "1").sum() for column in ("INTIME_ARCHIVE_NUM", "OVERTIME_ARCHIVE_NUM"))
    assert (on_time, on_time + late) == (known["on_time"], known["cases_with_outcome"])
    assert round(on_time / (on_time + late), 6) == known["on_time_rate"]
    assert int(cases["received_at"].dt.strftime("%Y-%m").eq("2018-10").sum()) == known["received_2018-10"]
