"""A whole run, searched file by file: no officer outside officer/, no citizen anywhere; of numbers see test_identities.py."""

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app

pytestmark = pytest.mark.slow  # a run and its cards, made to be searched
ROOT = Path(__file__).resolve().parents[1]
PLANTED = ("王五的母亲", "寡居独自在家", "我是张三", "李四家的事")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Invent a province, plant citizens wherever a record can hold one, score it, print a station's and an officer's card."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copytree(shared.province(tmp_path_factory, 16), folder / "demo")
    _plant(folder / "demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(app, ["run", "params/demo.yaml", "--only", "S001", "--only", "P0001", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert not any(word in done.output for word in PLANTED)
    return folder


def _plant(records: Path) -> None:
    """Put a name in every subject, a story in every purpose and in a column of its own, a name in an answer."""
    rewrite = {
        "visits": lambda t: t.assign(subject_id=t["subject_id"] + "王五的母亲", purpose="寡居独自在家"),
        "duties": lambda t: t.assign(subject_id=t["subject_id"] + "王五的母亲"),
        "surveys": lambda t: t.assign(answer=t["answer"].where(t.index % 50 > 0, "不好说，我是张三")),
        "cases": lambda t: t.assign(remark="李四家的事"),
        "disputes": lambda t: t.assign(remark="李四家的事"),
    }
    for table, change in rewrite.items():
        file = records / f"{table}.parquet"
        change(pd.read_parquet(file)).to_parquet(file)


@pytest.fixture(scope="module")
def texts(project):
    """Read every file of records and run once, as text: frames as their cells, workbooks as their parts, the rest as it is."""
    return {part: list(_texts(project / part)) for part in ("demo", "runs")}


def _texts(folder: Path):
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "plotly.min.js"):
        if file.suffix == ".parquet":
            frame = pd.read_parquet(file)
            words = [str(word) for column in frame for word in frame[column].drop_duplicates()]
            yield file, " ".join([*map(str, frame.columns), *words])
        elif file.suffix == ".xlsx":
            book = zipfile.ZipFile(file)
            yield file, " ".join(book.read(part).decode("utf-8") for part in book.namelist())
        else:
            yield file, file.read_text("utf-8")


def test_no_citizen_is_anywhere_in_a_run(texts):
    """Names and stories planted in subjects, purposes, answers and other columns appear in no file."""
    found = [(str(file), word) for file, text in texts["runs"] for word in PLANTED if word in text]
    assert found == []


def test_the_search_finds_what_is_there(texts):
    """The same search finds the planted words in the records themselves, and the station in the run."""
    assert all(any(word in text for _, text in texts["demo"]) for word in PLANTED)
    assert any("S001" in text for _, text in texts["runs"])


def test_no_officer_is_outside_the_officers_folder(project, texts):
    """No id and no name of any officer, auxiliary or grid worker is in a file outside officer/."""
    units = pd.read_parquet(project / "demo" / "units.parquet").query("level == 'officer'")
    words = [*units["unit_id"], *units["name"]]
    outside = [(file, text) for file, text in texts["runs"] if "officer" not in file.parent.name]
    assert [(str(file), word) for file, text in outside for word in words if word in text] == []
    assert any(word in text for file, text in texts["runs"] if file.parent.name == "officer" for word in words)


def test_an_officers_card_names_no_colleague(project):
    """The only person on an officer's page is the one it is about."""
    units = pd.read_parquet(project / "demo" / "units.parquet").query("level == 'officer'")
    page = (project / "runs" / "demo" / "officer" / "P0001.html").read_text("utf-8")
    others = units[units["unit_id"] != "P0001"]
    assert [word for word in [*others["unit_id"], *others["name"]] if word in page] == []


@pytest.mark.slow
def test_the_officers_folder_is_for_its_owner(project):
    """Nobody but the owner may look into officer/."""
    assert (project / "runs" / "demo" / "officer").stat().st_mode & 0o777 == 0o700
