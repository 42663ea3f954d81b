"""A validation of records in a PostgreSQL database says of every rule what it says of the same records in files."""

import csv
from pathlib import Path

import pytest

from fengqiao_eval.demo.write import invent
from fengqiao_eval.records.sources import one_snapshot, read_address
from fengqiao_eval.records.store import read_records
from fengqiao_eval.validation.report import validate
from fengqiao_eval.validation.steps import RULES
from test_cli import fengqiao
from test_validation import PERIOD, Planting, plant_cells, plant_ids, plant_months, plant_times

pytestmark = pytest.mark.database
OF_FILES = {"id_files"}
"""What a database cannot break: a table of it is no file among others."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Give a province into which a fault of every rule was planted."""
    planting, made = Planting(invent(8, 1)), tmp_path_factory.mktemp("planted")
    for plant in (plant_months, plant_cells, plant_times, plant_ids):
        plant(planting)
    for name, table in planting.tables.items():
        table.to_parquet(made / f"{name}.parquet")
    return made


@pytest.fixture(scope="module")
def base(server, folder) -> str:
    """Give the address of the same province in the database."""
    return server.fill("planted", folder)


@pytest.fixture(scope="module")
def reports(folder, base):
    """Validate both."""
    with one_snapshot():
        return [validate(*read_records(where, name="records"), PERIOD) for where in (folder, read_address(base))]


def said(report):
    """Give what a report says of each step."""
    return [(one.rule, one.table, one.column, one.tested, one.failed, one.severity, one.first) for one in report.steps]


def test_every_step_is_the_same(reports):
    """Tested, failed, severity and the first that failed, of every rule, table and column."""
    files, database = map(said, reports)
    assert [step for step in database if step not in files] == []
    assert files == database


def test_every_rule_failed_there(reports):
    """The comparison is of all rules: each found what was planted, but for that which is of files alone."""
    assert {step.rule for step in reports[1].failing} == set(RULES) - OF_FILES


def test_every_list_is_the_same(reports):
    """Whatever is listed of what failed is the same records in the same order."""
    for one, other in zip(*(report.steps for report in reports), strict=True):
        assert one.listing.to_numpy().tolist() == other.listing.to_numpy().tolist(), (one.rule, one.table, one.column)


def test_check_writes_the_report_of_a_database(tmp_path, monkeypatch, folder, base):
    """With --to the command writes the same steps, whether the records lie in files or there."""
    monkeypatch.chdir(tmp_path)
    scheme = Path(__file__).resolve().parents[2] / "params" / "one_table.yaml"
    rows = []
    for name, records in (("files", folder), ("base", base)):
        Path(f"{name}.yaml").write_text(f"period: 2024Q4\nrecords: {records}\nscheme: {scheme}\n", "utf-8")
        assert fengqiao("check", f"{name}.yaml", "--to", name)[0] == 1
        with Path(name, "validation.csv").open(encoding="utf-8-sig", newline="") as steps:
            rows.append([{**row, "first": ""} for row in csv.DictReader(steps)])
        assert sorted(path.name for path in Path(name).iterdir()) == ["failed", "validation.csv", "validation.html"]
    assert rows[0] == rows[1]
