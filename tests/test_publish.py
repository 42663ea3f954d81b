"""A run's folder: whole or not at all, officers apart, final runs untouched."""

import hashlib
import json
import os
import stat
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.names import file_name, link
from fengqiao_eval.runs import manifest, publish
from fengqiao_eval.runs.choice import chosen
from fengqiao_eval.runs.params import RunParams
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.model import Scheme

SCHEME = Path(__file__).parents[1] / "params" / "one_table.yaml"
posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps other rights")


@pytest.fixture(scope="module")
def units(drawn):
    """A county, two stations, a zone and two officers."""
    return drawn("""
        | unit_id | level   | parent_id |
        | X1      | county  |           |
        | 014     | station | X1        |
        | S2      | station | X1        |
        | Z1      | zone    | 014       |
        | P1      | officer | 014       |
        | P2      | officer | S2        |
    """).assign(parent_id=lambda frame: frame["parent_id"].fillna(""))


@pytest.fixture(scope="module")
def scores(units):
    """Scores whose frames hold one row a unit, as categories; losses of officers are counted apart."""
    frames = {name: units[["unit_id"]].astype("category") for name in publish.FRAMES} | {"units": units}
    others = units[units["level"] != "officer"][["unit_id"]]
    theirs = pd.DataFrame({"unit_id": ["P2"]})
    apart = {"losses": others, "open_disputes": others, "officer_losses": theirs, "officer_open_disputes": theirs}
    return SimpleNamespace(**frames | apart)


# Names


@pytest.mark.parametrize(
    "unit", ["../etc", "/abs", "..", ".", "a/b", "a\\b", "a\0b", "NUL", "com1.x", "a.", "a ", "%", "坪山/一", "*" * 300]
)
def test_no_id_leaves_its_folder(unit, tmp_path):
    """A file name made of any id is one plain name that Windows takes too, and lies in its folder."""
    name = file_name(unit)
    assert (tmp_path / name).resolve().parent == tmp_path
    assert not set(name) & set('<>:"/\\|?*\0 ')
    assert name not in {"", ".", ".."}
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= 120
    (tmp_path / f"{name}.html").write_text("", "utf-8")


def test_ids_keep_their_names_apart():
    """Different ids have different file names, also very long ones and one that looks encoded already."""
    ids = ["a/b", "a%2Fb", "a b", "a+b", "x" * 300, "x" * 301, "坪" * 90, "坪" * 91]
    assert len({file_name(unit) for unit in ids}) == len(ids)


def test_links_encode_the_percent_signs_again():
    """A link to a file whose name holds percent signs says so, else a browser asks for another file."""
    assert link("a/b") == "a%252Fb.html"


# Whose cards


def test_only_takes_ids_and_all_below(units):
    """ID is one unit; ID/ is it and all below it, officers included; the order is from the top down."""
    levels = ("county", "station", "zone", "officer")
    assert chosen(units, levels, ["014/"]) == [("station", "014"), ("zone", "Z1"), ("officer", "P1")]
    assert chosen(units, levels, ["P2", "X1"]) == [("county", "X1"), ("officer", "P2")]
    assert len(chosen(units, levels, None)) == 6
    assert chosen(units, levels, []) == []


def test_only_of_a_level_not_scored_still_leads_to_those_below(units):
    """X1/ finds its stations where counties are not scored."""
    assert chosen(units, ("station",), ["X1/"]) == [("station", "014"), ("station", "S2")]


@pytest.mark.parametrize("given", ["14", "14/", "S22"])
def test_an_unknown_id_is_refused(units, given):
    """An id that no unit has is wrong usage, and near ones are named."""
    with pytest.raises(UsageError, match=rf"没有单位“{given}”；相近的有：(014|S2)"):
        chosen(units, ("county", "station", "zone", "officer"), [given])


# The folder


def write_in(folder, text):
    """Write one file, as a run would."""
    (folder / "index.html").write_text(text, "utf-8")


def test_a_run_takes_its_place_at_the_end(tmp_path):
    """Until it is finished nothing is to be seen under its name; then latest names it and nothing is left over."""
    out = tmp_path / "runs"
    with publish.whole(out, "demo") as folder:
        write_in(folder, "new")
        assert not (out / "demo").exists()
    assert (out / "demo" / "index.html").read_text("utf-8") == "new"
    assert (out / "latest").read_bytes() == b"demo\n"
    assert sorted(path.name for path in out.iterdir()) == ["demo", "latest"]


def test_a_run_of_the_same_name_is_replaced_whole(tmp_path):
    """No file of the earlier run stays."""
    with publish.whole(tmp_path, "demo") as folder:
        write_in(folder, "old")
        (folder / "left.html").write_text("old", "utf-8")
    with publish.whole(tmp_path, "demo") as folder:
        write_in(folder, "new")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["index.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "latest"]


def half_a_run(out):
    """Fail in the middle of a run."""
    with publish.whole(out, "demo") as folder:
        write_in(folder, "half")
        raise KeyboardInterrupt


def test_nothing_half_written_is_left(tmp_path):
    """A run that fails in the middle leaves the earlier one as it was, and nothing of its own."""
    with publish.whole(tmp_path, "demo") as folder:
        write_in(folder, "old")
    with pytest.raises(KeyboardInterrupt):
        half_a_run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "latest"]
    assert (tmp_path / "demo" / "index.html").read_text("utf-8") == "old"


def finish(out, name, state):
    """Write a run that is only a manifest."""
    with publish.whole(out, name) as folder:
        manifest.write(folder / "manifest.json", {"run": name, "state": state})


def test_a_final_run_is_corrected_by_another(tmp_path):
    """A draft is replaced; a final run is not: the next is NAME-r2, then NAME-r3, each naming the one before."""
    assert publish.free_name(tmp_path, "demo") == ("demo", None)
    finish(tmp_path, "demo", "draft")
    assert publish.free_name(tmp_path, "demo") == ("demo", None)
    finish(tmp_path, "demo", "final")
    assert publish.free_name(tmp_path, "demo") == ("demo-r2", "demo")
    finish(tmp_path, "demo-r2", "announced")
    assert publish.free_name(tmp_path, "demo") == ("demo-r2", "demo")
    finish(tmp_path, "demo-r2", "final")
    assert publish.free_name(tmp_path, "demo") == ("demo-r3", "demo-r2")


def test_what_is_no_run_is_not_replaced(tmp_path):
    """A folder or file of somebody else in the place of a run is left alone."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "file").write_text("", "utf-8")
    for out, name in ((tmp_path, "docs"), (tmp_path, "file"), (tmp_path / "file", "demo")):
        with pytest.raises(UsageError, match="已存在且不是评分结果"):
            publish.free_name(out, name)


@posix
def test_a_final_run_is_read_only(tmp_path):
    """No file and no folder of a final run may be written to."""
    finish(tmp_path, "demo", "final")
    run = tmp_path / "demo"
    (run / "station").mkdir()
    publish.protect(run)
    assert not any(path.stat().st_mode & 0o222 for path in (run, *run.rglob("*")))
    for path in (run, run / "station"):
        path.chmod(0o755)


# Frames and manifest


def test_officers_lie_in_their_own_folder(tmp_path, scores):
    """Frames above officers name no officer; those of officers are in officer/, which is open to its owner only."""
    publish.write_frames(tmp_path, *publish.parted(scores))
    assert list(pd.read_parquet(tmp_path / "points.parquet")["unit_id"]) == ["X1", "014", "S2", "Z1"]
    assert not any(b"P1" in path.read_bytes() for path in tmp_path.glob("*.parquet"))
    assert list(pd.read_parquet(tmp_path / "officer" / "points.parquet")["unit_id"]) == ["P1", "P2"]
    assert list(pd.read_parquet(tmp_path / "officer" / "losses.parquet")["unit_id"]) == ["P2"]
    assert sorted(path.stem for path in tmp_path.glob("*.parquet")) == sorted(publish.FRAMES)
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "officer").stat().st_mode) == 0o700


def test_frames_are_the_same_bytes_every_time(tmp_path, scores):
    """The same scores give the same files, byte for byte."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        publish.write_frames(tmp_path / name, *publish.parted(scores))
    for path in (tmp_path / "one").rglob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_without_officers_there_is_no_folder_for_them(tmp_path, scores):
    """A run that scores no officers has no folder officer/."""
    frames, officers = publish.parted(scores)
    publish.write_frames(tmp_path, frames, {name: frame.iloc[:0] for name, frame in officers.items()})
    assert not (tmp_path / "officer").exists()


def test_the_scheme_is_read_back_as_it_was(tmp_path):
    """scheme.json holds the scheme in force, exactly: numbers stay numbers, also where text would name a column."""
    scheme = load(SCHEME)
    parts = scheme.model_dump()
    parts["dimensions"][0]["indicators"][0]["measure"]["where"] = {"share": {"at_least": Decimal("0.5")}}
    changed = Scheme.model_validate(parts)
    for one in (scheme, changed):
        publish.write_scheme(tmp_path, one)
        assert Scheme.model_validate_json((tmp_path / "scheme.json").read_text("utf-8")) == one


def test_parameters_name_no_officer_and_no_machine(tmp_path):
    """The parameters in a manifest leave out officers' ids, and give paths as seen from the run."""
    given = {
        "records": str(tmp_path / "demo"),
        "scheme": str(tmp_path / "params" / "s.yaml"),
        "only": ["S1", "P1", "P1/"],
    }
    told = manifest.parameters(RunParams(period="2024", **given), tmp_path / "runs" / "demo", {"P1"})
    assert told == {
        "period": "2024",
        "records": "../../demo",
        "scheme": "../../params/s.yaml",
        "only": ["S1"],
        "out": "..",
    }


def test_fingerprints_follow_the_files(tmp_path):
    """Each file of the records has its own SHA-256; files that are no table are left out."""
    (tmp_path / "cases.csv").write_bytes(b"case_id\n1\n")
    (tmp_path / "notes.txt").write_bytes(b"x")
    params = RunParams(period="2024", records=str(tmp_path), scheme=str(SCHEME))
    assert manifest.of_records(params) == {"cases.csv": hashlib.sha256(b"case_id\n1\n").hexdigest()}
    before = manifest.fingerprints(params, None)
    after = manifest.fingerprints(params.model_copy(update={"lang": "en"}), None)
    assert [key for key in before if before[key] != after[key]] == ["parameters"]


def test_a_manifest_says_decimals_and_dates_plainly(tmp_path):
    """What JSON has no word for is written as a number or a text."""
    manifest.write(tmp_path / "m.json", {"share": Decimal("0.6"), "day": pd.Timestamp("2024-10-01"), "n": pd.Series([3])[0]})
    assert json.loads((tmp_path / "m.json").read_text("utf-8")) == {"share": 0.6, "day": "2024-10-01 00:00:00", "n": 3}
