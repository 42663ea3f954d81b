"""Records that change while they are scored: scored once more, or refused; never a mix, and the manifest names what was read."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from fengqiao_eval.errors import InputError
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.params import RunParams
from resumed import differences, go, logged, project
from test_cli import CASES

pytestmark = pytest.mark.slow

OTHER = CASES.replace("08:40", "08:05")
CHANGED = Path("records/cases.csv")


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    """The project, the current folder."""
    monkeypatch.chdir(project(tmp_path / "project"))
    return Path.cwd()


@pytest.fixture
def during(monkeypatch):
    """Give a function that lets something happen while records are scored, one step a scoring; it lists the scorings."""
    score, scorings = jobs.score_job, []

    def happen(*steps):
        def scored(job):
            scorings.append(job)
            try:
                return score(job)
            finally:
                if len(scorings) <= len(steps):
                    steps[len(scorings) - 1]()

        monkeypatch.setattr(jobs, "score_job", scored)
        return scorings

    return happen


def replaced(text=OTHER, path=CHANGED):
    """Give a step that replaces a file as an export does: aside, then renamed."""

    def step():
        (aside := path.with_name("aside")).write_text(text, "utf-8")
        aside.replace(path)

    return step


def put_back():
    """Replace the records, and put the file of the same bytes back."""
    replaced()()
    replaced(CASES)()


def digest(text):
    """Hash a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_changed_records_are_scored_once_more(work, during):
    """The frames are those of the new records, whose fingerprint stands in the manifest; the log says what changed."""
    scorings = during(replaced())
    made = go(work, cards=False)
    assert len(scorings) == 2
    told = json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert told["fingerprints"]["records"]["cases.csv"] == digest(OTHER)
    assert [line["files"] for line in logged(work / "runs", "changed")] == [["cases.csv"]]
    assert go(work, cards=False).unchanged
    shutil.move(work / "runs", work / "copy")
    go(work, cards=False)
    assert differences(work / "runs", work / "copy") == []


@pytest.mark.skipif(os.name != "posix", reason="Windows tells no time at which an entry changed")
def test_records_that_were_put_back_are_scored_once_more(work, during):
    """What was read in between is not known: the same bytes, but another file."""
    scorings = during(put_back)
    go(work, cards=False)
    assert len(scorings) == 2
    assert logged(work / "runs", "changed")[0]["files"] == ["cases.csv"]


@pytest.mark.parametrize(
    ("path", "named"),
    [(CHANGED, "cases.csv"), (Path("records/visits.csv"), "visits.csv"), (Path("params/scheme.yaml"), "scheme")],
)
def test_records_that_change_again_stop_the_run(work, during, path, named):
    """The file, and what was seen of it before and after; the run that is there stays, and nothing else is left."""
    text = path.read_text("utf-8") if path.is_file() else "visit_id,unit_id,visited_at\n"
    go(work, cards=False)
    shutil.copytree(work / "runs", work / "copy")
    during(replaced(text + "\n", path), replaced(text + "\n\n", path))
    with pytest.raises(InputError, match=rf"{named}.* \[records\.changing\] 评分时此文件又变了，没有发布任何结果") as error:
        go(work, cards=False, fresh=True)
    seen = r"SHA-256 [0-9a-f]{12}…" + (r", [\d,]+ B, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d" if named != "scheme" else "")
    assert re.search(rf"（评分前 ({seen})；评分后 (?!\1){seen}）", str(error.value))
    assert differences(work / "runs", work / "copy") == []


def test_what_is_refused_while_records_change_is_looked_at_again(work, during):
    """Half a file is full of faults; when it is whole they are none."""
    CHANGED.write_text(CASES.replace("case_id", "case"), "utf-8")
    scorings = during(replaced(CASES))
    assert not go(work, cards=False).unchanged
    assert len(scorings) == 2


def test_faults_of_records_that_stay_are_told_at_once(work, during):
    """Nothing is tried twice that would end alike."""
    CHANGED.write_text(CASES.replace("case_id", "case"), "utf-8")
    scorings = during()
    with pytest.raises(InputError, match=r"records\.missing_column"):
        go(work, cards=False)
    assert len(scorings) == 1


# What is read


def read(records, **tables):
    """Name what is fingerprinted of records."""
    given = {table: {"file": file} for table, file in tables.items()}
    params = RunParams.model_validate({"period": "2024Q4", "records": str(records), "scheme": "s.yaml", "tables": given})
    return manifest.fingerprint_records(params)


def test_a_table_in_a_folder_is_named_without_its_suffix(work):
    """The manifest names it as it lies there."""
    (work / "records" / "2024").mkdir()
    CHANGED.rename("records/2024/cases.csv")
    assert read("records", cases="2024/cases")[str(Path("2024/cases.csv"))] == digest(CASES)


def test_a_base_is_read_with_its_log():
    """What was written last lies in a log beside the file, under whatever name it waits there."""
    with duckdb.connect("w.duckdb") as connection:
        connection.execute("CREATE TABLE cases (a INT)")
    assert list(read("w.duckdb")) == ["w.duckdb"]
    for end in (".wal", ".wal.checkpoint", ".wal.recovery"):
        Path(f"w.duckdb{end}").write_text(end, "utf-8")
    assert read("w.duckdb")["w.duckdb.wal.recovery"] == digest(".wal.recovery")
    assert list(read("w.duckdb")) == ["w.duckdb", "w.duckdb.wal", "w.duckdb.wal.checkpoint", "w.duckdb.wal.recovery"]
