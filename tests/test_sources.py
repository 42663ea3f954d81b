"""Records in several files and folders: lists, patterns that we expand ourselves, and what is told of each file."""

import json
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fengqiao_eval.cli import app
from fengqiao_eval.documents import Document, validate
from fengqiao_eval.errors import InputError
from fengqiao_eval.files import expand
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.query import filter_spans
from fengqiao_eval.records.store import open_records, read_records

UNITS = "unit_id,name,level,parent_id\nX,甲县,county,\nS1,一所,station,X\nS2,二所,station,X\n"
HEAD = "case_id,unit_id,received_at"
MONTHS = ("2024-10", "2024-11", "2024-12")


@pytest.fixture
def months(tmp_path):
    """Lay a folder a month, each with a case of its own under 接处警, and the units above them."""
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    for number, month in enumerate(MONTHS, 1):
        lay(tmp_path / month / "接处警.csv", f"{HEAD}\nK{number},S1,{month}-05\n")
    return tmp_path


def lay(path: Path, text: str):
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def cases(where, **mapped):
    """Open records and list the ids of their cases, in order."""
    records = open_records(where, {"cases": Mapped.model_validate(mapped)} if mapped else {})
    return records.tables["cases"].order_by("case_id").to_pandas()["case_id"].tolist()


def said(where, table="cases", **mapped):
    """Say what opening is refused with."""
    with pytest.raises(InputError) as refused:
        open_records(where, {table: Mapped.model_validate(mapped)} if mapped else {}, name="records")
    refused.value.lang = "en"
    return str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        ({"rows": [2, 3]}, {"rows": [3, 4]}, True),
        ({"rows": [2, 3]}, {}, True),
        ({"columns": ["A:C"]}, {"columns": ["A", "B", "C"]}, True),
        ({"rows": [2, 3]}, {"rows": [4, 4]}, False),
    ],
)
def test_parts_of_a_file_that_share_cells_are_read_twice(tmp_path, first, second, twice):
    """Rows that two parts take are one fault, parts beside each other are none."""
    lay(tmp_path / "units.csv", UNITS)
    lay(tmp_path / "cases.txt", f"{HEAD}\n" + "".join(f"K{n},S1,2024-10-0{n}\n" for n in (1, 2, 3)))
    parts = [{"name": "cases.txt", **first}, {"name": "cases.txt", **second}]
    faults = read_records(tmp_path, {"cases": Mapped.model_validate({"file": parts})}, name="records")[1]
    assert [fault.rule for fault in faults] == (["records.file_twice"] if twice else [])


@pytest.mark.parametrize("bad", [(1,), (0,), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_a_cell_that_is_no_time_leaves_the_others_times(tmp_path, bad, suffix):
    """Whichever files hold a cell that is no time, each is told with its row, and the column of all files stays one of times."""
    (tmp_path / "units.csv").write_text(UNITS, "utf-8")
    for number, month in enumerate(MONTHS):
        later = f"K{number}b,S1,{'未到场' if number in bad else month + '-06 08:00'}\n"
        lay(tmp_path / month / f"cases.{suffix}", f"{HEAD}\nK{number},S1,{month}-05 08:00\n{later}")
    records, faults = read_records(tmp_path, {"cases": Mapped.model_validate({"file": {"glob": "*/cases"}})}, name="records")
    told = [(fault.file, fault.rule, fault.given["rows"]) for fault in faults]
    assert told == [(f"{MONTHS[number]}/cases.{suffix}", "records.no_time", "3: 字字字") for number in bad]
    times = records.tables["cases"].received_at
    assert times.type().is_timestamp()
    assert len(filter_spans(records.tables["cases"], "received_at", [(datetime(2024, 10, 1), datetime(2025, 1, 1))]).to_pandas())


@pytest.mark.parametrize(
    "file",
    [
        ["2024-10/接处警", "2024-11/接处警", "2024-12/接处警.csv"],
        {"glob": "*/接处警*"},
        {"glob": "*/接处警"},
        {"glob": "2024-1[012]/*.csv"},
        {"glob": "2024-1?/接处警.csv"},
    ],
)
def test_a_table_in_several_files_is_one_table(months, file):
    """A list, or a pattern with or without the suffix: each file is read by itself, and a record keeps which it is of."""
    assert cases(months, file=file) == ["K1", "K2", "K3"]
    found = open_records(months, {"cases": Mapped.model_validate({"file": file})}).tables["cases"].to_pandas()
    assert dict(zip(found["case_id"], found["file_"], strict=True))["K2"] == "2024-11/接处警.csv"


def test_several_folders_are_one_place(months):
    """Units lie in one folder and cases in each of two; the folders without a table are told."""
    for month in MONTHS[:2]:
        (months / month / "接处警.csv").rename(months / month / "cases.csv")
    (months / MONTHS[2] / "接处警.csv").unlink()
    (months / "units.csv").rename(months / MONTHS[2] / "units.csv")
    records = open_records([months / month for month in MONTHS])
    assert sorted(records.tables["cases"].to_pandas()["file_"]) == [f"{month}/cases.csv" for month in MONTHS[:2]]
    told = {note.given["table"]: note.given for note in records.notes if note.key == "folders_without"}
    assert {name: (one["count"], one["of"], one["names"]) for name, one in told.items()} == {
        "units": (2, 3, "“2024-10”, “2024-11”"),
        "cases": (1, 3, "“2024-12”"),
    }


def test_a_sign_in_a_plain_name_is_a_plain_letter(months):
    """A file may be called *; only glob makes a pattern of it."""
    lay(months / "*.csv", f"{HEAD}\nK9,S1,2024-10-05\n")
    assert cases(months, file="*") == ["K9"]
    assert cases(months, file=["*"]) == ["K9"]
    assert "[records.file_not_there] “*/接处警”" in said(months, file="*/接处警")


def test_a_pattern_that_fits_nothing_names_itself_and_what_lies_there(months):
    """Nothing is guessed from a pattern in vain."""
    text = said(months, file={"glob": "*/警情*"})
    assert "records · tables.cases.file [records.file_not_there] “*/警情*” is not there; there are: 2024-10, 2024-11, 20" in text
    assert "“2024-13/接处警”" in said(months, file=["2024-10/接处警", "2024-13/接处警"])


def test_a_pattern_never_crosses_a_link_and_finds_nothing_hidden(months, tmp_path_factory):
    """A folder that is linked, a file that is hidden, the lock of an office: none is meant by a sign."""
    other = tmp_path_factory.mktemp("other")
    lay(other / "接处警.csv", f"{HEAD}\nK8,S1,2024-10-05\n")
    (months / "2024-09").symlink_to(other)
    (months / "2024-10" / "接处警2.csv").symlink_to(other / "接处警.csv")
    lay(months / ".2024-08" / "接处警.csv", "x")
    lay(months / "2024-10" / "~$接处警.csv", "x")
    assert cases(months, file={"glob": "*/*接处警*"}) == ["K1", "K2", "K3"]
    assert cases(months, file=["2024-09/接处警"]) == ["K8"]


def test_what_a_pattern_fits_and_nobody_reads_is_refused(months):
    """A month in another format would be gone in silence."""
    lay(months / "2024-12" / "接处警.docx", "x")
    text = said(months, file={"glob": "*/接处警*"})
    assert "2024-12/接处警.docx [office.foreign] .docx is not read" in text
    lay(months / "2024-12" / "接处警.dat", "x")
    assert "2024-12/接处警.dat · tables.cases.file [records.glob_suffix]" in said(months, file={"glob": "*/接处警*"})


def test_a_file_that_is_named_twice_is_refused(months):
    """Its records would be counted twice."""
    text = said(months, file=["2024-10/接处警", "2024-10/接处警.csv"])
    assert "2024-10/接处警.csv · tables.cases.file [records.file_twice]" in text


def test_a_fault_names_the_file_and_its_row(months):
    """Row 2 of November, and of December that it is no text in UTF-8."""
    lay(months / "2024-11" / "接处警.csv", f"{HEAD}\nK2,S1,gestern\n")
    (months / "2024-12" / "接处警.csv").write_bytes(f"{HEAD}\nK3,一所,2024-12-05\n".encode("gbk"))
    text = said(months, file={"glob": "*/接处警*"})
    assert "2024-11/接处警.csv · cases.received_at [records.no_time] 1 cell of cases" in text
    assert "2024-12/接处警.csv [records.encoding]" in text


def test_a_required_column_that_one_file_lacks_is_that_files_fault(months):
    """December has no received_at."""
    lay(months / "2024-12" / "接处警.csv", "case_id,unit_id\nK3,S1\n")
    text = said(months, file={"glob": "*/接处警*"})
    assert "2024-12/接处警.csv · cases.received_at [records.missing_column]" in text
    assert "2024-11" not in text


def test_columns_that_one_file_lacks_are_told(months):
    """Only October has a category, which is empty in the others; its name in the mapping may be of one file alone."""
    lay(months / "2024-10" / "接处警.csv", f"{HEAD},类别\nK1,S1,2024-10-05,盗窃\n")
    records = open_records(
        months, {"cases": Mapped.model_validate({"file": {"glob": "*/接处警"}, "rename": {"类别": "category"}})}
    )
    told = [note.given for note in records.notes if note.key == "columns_missing"]
    assert [(one["file"], one["columns"]) for one in told] == [(f"{month}/接处警.csv", "“category”") for month in MONTHS[1:]]
    assert records.tables["cases"].order_by("case_id").to_pandas()["category"].isna().tolist() == [False, True, True]
    text = said(months, file={"glob": "*/接处警"}, rename={"类别": "category", "类型": "tier"})
    assert "tables.cases.rename [records.mapping_column]" in text
    assert text.count("mapping_column") == 1


def test_what_the_mapping_names_in_vain_is_told_only_where_no_file_has_it(months):
    """S9 is in none of the files, S1 in each; a word of one file alone is not in vain."""
    lay(months / "2024-10" / "接处警.csv", f"{HEAD}\nK1,一,2024-10-05\n")
    values = {"unit_id": {"一": "S1", "九": "S1"}}
    records = open_records(months, {"cases": Mapped.model_validate({"file": {"glob": "*/接处警"}, "values": values})})
    assert [note.given["keys"] for note in records.notes if note.key == "mapping_idle"] == ["values.unit_id: “九”"]


def test_equal_rows_of_two_files_are_one(months):
    """Exports that overlap hold a record twice."""
    lay(months / "2024-11" / "接处警.csv", f"{HEAD}\nK1,S1,2024-10-05\nK2,S1,2024-11-05\n")
    assert cases(months, file={"glob": "*/接处警"}) == ["K1", "K2", "K3"]


def test_formats_may_be_mixed(months):
    """A month in Parquet beside months in CSV; of two formats of one name the first is read, which is told."""
    frame = pd.DataFrame({"case_id": ["K3"], "unit_id": ["S1"], "received_at": pd.to_datetime(["2024-12-05"]), "extra": [1]})
    frame.to_parquet(months / "2024-12" / "接处警.parquet")
    records = open_records(months, {"cases": Mapped.model_validate({"file": {"glob": "*/接处警"}})})
    assert records.counts["cases"] == 3
    assert {"table": "cases", "used": "2024-12/接处警.parquet", "left": "2024-12/接处警.csv"} in [
        note.given for note in records.notes if note.key == "twice"
    ]


def test_times_of_which_one_file_names_the_zone_are_moments_in_both(months):
    """08:00Z is 16:00 here: moments are kept for both files."""
    lay(months / "2024-10" / "接处警.csv", f"{HEAD}\nK1,S1,2024-10-05 08:00Z\n")
    found = open_records(months, {"cases": Mapped.model_validate({"file": {"glob": "*/接处警"}})}).tables["cases"]
    frame = found.order_by("case_id").to_pandas()
    assert str(frame["received_at"].iloc[0]) == "2024-10-05 16:00:00"
    assert frame["received_at_utc_"].notna().all()


def test_units_in_two_files_name_file_and_row(tmp_path):
    """A merger into no unit stands in row 2 of the second file."""
    lay(tmp_path / "a.csv", "unit_id,name,level,successor_id\nS1,一所,station,\n")
    lay(tmp_path / "b.csv", "unit_id,name,level,successor_id\nS2,二所,station,Q9\n")
    assert "（rows b.csv: 2" in said(tmp_path, "units", file=["a", "b"]).replace("(rows", "（rows")


def test_tables_of_a_base_may_be_listed_too(tmp_path):
    """Tables of a DuckDB file, by a list or a pattern."""
    with duckdb.connect(str(tmp_path / "r.duckdb")) as base:
        base.execute("CREATE TABLE units AS SELECT 'S1' AS unit_id, '一所' AS name, 'station' AS level")
        for n in (1, 2):
            base.execute(
                f"CREATE TABLE cases_{n} AS SELECT 'K{n}' AS case_id, 'S1' AS unit_id, TIMESTAMP '2024-10-05' AS received_at"
            )
    for file in (["cases_1", "cases_2"], {"glob": "cases_*"}, {"glob": "main.cases_?"}):
        assert cases(tmp_path / "r.duckdb", file=file) == ["K1", "K2"]
    assert "“cases_9”" in said(tmp_path / "r.duckdb", file=["cases_1", "cases_9"])


def test_one_of_several_records_is_no_base(months):
    """Several places are folders; a file among them is refused, and so is one that is not there."""
    assert "units.csv [records.no_folder]" in said([months, months / "units.csv"])
    assert "none [records.not_there]" in said([months, months / "none"])


@pytest.mark.parametrize("given", ["**/接处警", "", "a\0b", " "])
def test_a_pattern_that_is_none_is_refused(given):
    """Two stars mean any depth elsewhere, and nothing here."""
    _, faults = validate(Mapped, Document("p.yaml", {"file": {"glob": given}}, {}))
    assert "params.glob" in {fault.rule for fault in faults}


# The whole way: parameters, a run, what it keeps

PARAMS = """
period: 2024Q4
records: {glob: "data*/2024-*"}
scheme: scheme.yaml
contact: x
tables:
  cases: {file: {glob: "接处警*"}}
"""


def test_a_pattern_of_folders_goes_the_whole_way(months, monkeypatch):
    """The folder above has a sign in its name; the run keeps the pattern, fingerprints each file, and explains by file."""
    project = months / "pro[j]ect"
    for month in MONTHS:
        lay(project / "data" / month / "接处警.csv", f"{HEAD}\nK{month[-1]}, S1,{month}-05\n")
    lay(project / "data" / MONTHS[0] / "units.csv", UNITS)
    lay(project / "params" / "m.yaml", PARAMS)
    lay(project / "params" / "none.yaml", PARAMS.replace("2024-*", "2023-*"))
    lay(project / "scheme.yaml", SCHEME)
    monkeypatch.chdir(project)
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    done = CliRunner().invoke(app, ["score", "params/m.yaml"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = json.loads(Path("runs/m/manifest.json").read_text("utf-8"))
    assert told["parameters"]["records"] == {"glob": "../../data*/2024-*"}
    files = [("2024-10", "units.csv"), *((month, "接处警.csv") for month in MONTHS)]
    assert [*told["fingerprints"]["records"]] == [str(Path(*parts)) for parts in files]
    match = next(one for one in told["matches"] if (one["table"], one["column"]) == ("cases", "unit_id"))
    assert match["repaired"] == {"ends": 3}
    done = CliRunner().invoke(app, ["explain", "m", "S1", "n"], catch_exceptions=False)
    assert "file: 2024-11/接处警.csv  unit written “ S1”, taken for S1" in done.output
    done = CliRunner().invoke(app, ["check", "params/none.yaml"], catch_exceptions=False)
    words = "/data*/2023-* · records [params.nothing_there] no folder fits “2023-*”; there are: “2024-10”, “2024-11”, “2024-12”"
    assert words in done.output


SCHEME = """
title: t
version: "1"
sources: [s]
author: a
checker: b
weights: within
levels: [county, station]
dimensions:
  - code: d
    label: d
    weight: 100
    indicators:
      - code: n
        label: n
        why: w
        source: s
        direction: higher
        weight: 100
        unit: 起
        measure: {kind: count, table: cases, date: received_at}
        points: {kind: curve, knots: [[0, 0], [100, 100]]}
        missing: redistribute
"""


@given(st.lists(st.text(alphabet="ab*?[]/.-~$", min_size=1, max_size=8), min_size=1, max_size=3))
def test_a_pattern_finds_nothing_above_its_folder_unless_it_says_so(tmp_path_factory, parts):
    """Whatever signs it has: what is found is there, is sorted, and lies below the folder."""
    base = tmp_path_factory.getbasetemp() / "globs"
    for name in ("a/b/a.csv", "a/a.csv", "b/a[b].csv", "a-b/ab.csv"):
        if not (base / name).exists():
            lay(base / name, "")
    pattern = "/".join(part.strip("/.") or "*" for part in parts)
    found = expand(pattern, base, (".csv",))
    assert found == sorted(found)
    assert all(path.exists() and path.is_relative_to(base) for path in found)
