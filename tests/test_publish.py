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
from fengqiao_eval.files import file_name, link
from fengqiao_eval.results.run import FRAMES
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import manifest, reopen
from fengqiao_eval.runs.job import choose_cards
from fengqiao_eval.runs.params import RunParams
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import Scheme

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
    """).assign(parent_id=lambda frame: frame["parent_id"].fillna(""), name=lambda frame: frame["unit_id"])


@pytest.fixture(scope="module")
def scores(units):
    """Scores whose frames hold one row a unit, as categories; losses of officers are counted apart."""
    frames = {name: units[["unit_id"]].astype("category") for name in FRAMES} | {"units": units}
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


@pytest.mark.parametrize("unit", ["index", "Index", "INDEX.x"])
def test_no_card_takes_the_place_of_the_list_of_cards(unit):
    """An officer called index has a card beside officer/index.html."""
    assert file_name(unit).split(".")[0].lower() != "index"


def test_links_encode_the_percent_signs_again():
    """A link to a file whose name holds percent signs says so, else a browser asks for another file."""
    assert link("A%2FB") == "A%252FB.html"


# Whose cards


def test_only_takes_ids_and_all_below(units):
    """ID is one unit; ID/ is it and all below it, officers included; the order is from the top down."""
    levels = ("county", "station", "zone", "officer")
    assert choose_cards(units, levels, ["014/"]) == [("station", "014"), ("zone", "Z1"), ("officer", "P1")]
    assert choose_cards(units, levels, ["P2", "X1"]) == [("county", "X1"), ("officer", "P2")]
    assert len(choose_cards(units, levels, None)) == 6
    assert choose_cards(units, levels, []) == []


def test_only_of_a_level_not_scored_still_leads_to_those_below(units):
    """X1/ finds its stations where counties are not scored."""
    assert choose_cards(units, ("station",), ["X1/"]) == [("station", "014"), ("station", "S2")]


@pytest.mark.parametrize("given", ["14", "14/", "S22"])
def test_an_unknown_id_is_refused(units, given):
    """An id that no unit has is wrong usage, and near ones are named."""
    with pytest.raises(UsageError, match=rf"没有单位“{given}”；相近的有：(014|S2)"):
        choose_cards(units, ("county", "station", "zone", "officer"), [given])


# The folder


def a_run(out, base="demo", **told):
    """Write a run aside: a manifest and a page."""
    out.mkdir(exist_ok=True)
    folder = run_folder.create_part(run_folder.aside(out, base, "part"))
    manifest.write(folder / "manifest.json", {"run": "demo", "state": "draft"} | told)
    (folder / "index.html").write_text(str(told), "utf-8")
    return folder


def finish(out, name, **told):
    """Write a run and let it take its place."""
    a_run(out, name.split("-r")[0], run=name, **told)
    run_folder.appear(out, name.split("-r")[0], name)
    return out / name


def names(folder):
    """Name all that lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_run_takes_its_place_at_the_end(tmp_path):
    """Until it is finished nothing is to be seen under its name; then latest names it and nothing is left over."""
    out = tmp_path / "runs"
    aside = a_run(out)
    assert names(out) == [".demo.part"]
    run_folder.appear(out, "demo", "demo")
    assert names(out) == ["demo", "latest"]
    assert not aside.exists()
    assert (out / "latest").read_bytes() == b"demo\n"


@posix
def test_what_is_not_finished_is_closed(tmp_path):
    """Until a run is finished only its owner may look into it; then it is as open as any new folder."""
    assert stat.S_IMODE(a_run(tmp_path).stat().st_mode) == 0o700
    run_folder.appear(tmp_path, "demo", "demo")
    (tmp_path / "any").mkdir()
    assert (tmp_path / "demo").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_a_run_of_the_same_name_is_replaced_whole(tmp_path):
    """No file of the earlier run stays."""
    (finish(tmp_path, "demo", title="old") / "left.html").write_text("old", "utf-8")
    finish(tmp_path, "demo", title="new")
    assert names(tmp_path / "demo") == ["index.html", "manifest.json"]
    assert names(tmp_path) == ["demo", "latest"]
    assert run_folder.read_manifest(tmp_path / "demo")["title"] == "new"


def test_a_run_that_cannot_take_its_place_gives_it_back(tmp_path, monkeypatch):
    """Where the new folder cannot be moved, as on Windows while somebody looks into it, the earlier run is in its place again."""
    run = finish(tmp_path, "demo", title="old")
    a_run(tmp_path, title="new")
    move = Path.replace

    def in_use(path, target):
        if path == run_folder.aside(tmp_path, "demo", "part"):
            raise PermissionError(13, "in use")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", in_use)
    with pytest.raises(PermissionError, match="in use"):
        run_folder.appear(tmp_path, "demo", "demo")
    assert run_folder.read_manifest(run)["title"] == "old"


# A death in between


def test_a_run_moved_away_comes_back(tmp_path):
    """Killed between the two renames: the earlier run is put back, and the finished one waits for the next call."""
    run, old = finish(tmp_path, "demo", title="old"), tmp_path / ".demo.old"
    a_run(tmp_path, title="new")
    old.mkdir()
    run.rename(old / "demo")
    run_folder.put_right(tmp_path, "demo")
    assert names(tmp_path) == [".demo.part", "demo", "latest"]
    assert run_folder.read_manifest(run)["title"] == "old"


def test_what_was_replaced_goes(tmp_path):
    """Killed before the earlier run was removed: it is removed, the new one stays."""
    finish(tmp_path, "demo", title="new")
    (tmp_path / ".demo.old" / "demo").mkdir(parents=True)
    run_folder.put_right(tmp_path, "demo")
    assert names(tmp_path) == ["demo", "latest"]
    assert run_folder.read_manifest(tmp_path / "demo")["title"] == "new"


def test_a_run_that_was_not_named_yet_is_named(tmp_path):
    """Killed before latest moved on: it moves on, and a final run becomes read-only."""
    finish(tmp_path, "other")
    run = finish(tmp_path, "demo", state="final")
    (tmp_path / "latest").rename(tmp_path / ".demo.latest")
    (tmp_path / "latest").write_text("other\n", "utf-8")
    run.chmod(0o755)
    run_folder.put_right(tmp_path, "demo")
    assert (tmp_path / "latest").read_text("utf-8") == "demo\n"
    assert names(tmp_path) == ["demo", "latest", "ledger.jsonl", "other"]
    if os.name == "posix":
        assert not run.stat().st_mode & 0o222
    run.chmod(0o755)


def test_a_run_that_did_not_take_its_place_is_not_named(tmp_path):
    """Killed before the finished run took its place: latest stays."""
    finish(tmp_path, "other")
    a_run(tmp_path)
    (tmp_path / ".demo.latest").write_text("demo\n", "utf-8")
    run_folder.put_right(tmp_path, "demo")
    assert (tmp_path / "latest").read_text("utf-8") == "other\n"
    assert names(tmp_path) == [".demo.part", "latest", "other"]


def test_a_final_run_is_corrected_by_another(tmp_path):
    """A draft is replaced; a final run is not: the next is NAME-r2, then NAME-r3, each naming the one before."""
    assert run_folder.free_name(tmp_path, "demo") == ("demo", None)
    finish(tmp_path, "demo")
    assert run_folder.free_name(tmp_path, "demo") == ("demo", None)
    finish(tmp_path, "demo", state="final")
    assert run_folder.free_name(tmp_path, "demo") == ("demo-r2", "demo")
    finish(tmp_path, "demo-r2", state="announced")
    assert run_folder.free_name(tmp_path, "demo") == ("demo-r2", "demo")
    finish(tmp_path, "demo-r2", state="final")
    assert run_folder.free_name(tmp_path, "demo") == ("demo-r3", "demo-r2")


def test_what_is_no_run_is_not_replaced(tmp_path):
    """A folder or file of somebody else in the place of a run is left alone."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "file").write_text("", "utf-8")
    for out, name in ((tmp_path, "docs"), (tmp_path, "file"), (tmp_path / "file", "demo")):
        with pytest.raises(UsageError, match="已存在且不是评分结果"):
            run_folder.free_name(out, name)


@posix
def test_a_final_run_is_read_only(tmp_path):
    """No file and no folder of a final run may be written to."""
    (a_run(tmp_path, state="final") / "station").mkdir()
    run_folder.appear(tmp_path, "demo", "demo")
    run = tmp_path / "demo"
    assert not any(path.stat().st_mode & 0o222 for path in (run, *run.rglob("*")))
    for path in (run, run / "station"):
        path.chmod(0o755)


# Frames and manifest


def test_officers_lie_in_their_own_folder(tmp_path, scores):
    """Frames above officers name no officer; those of officers are in officer/, which is open to its owner only."""
    run_folder.write_frames(tmp_path, *run_folder.split_officers(scores))
    assert list(pd.read_parquet(tmp_path / "points.parquet")["unit_id"]) == ["X1", "014", "S2", "Z1"]
    assert not any(b"P1" in path.read_bytes() for path in tmp_path.glob("*.parquet"))
    assert list(pd.read_parquet(tmp_path / "officer" / "points.parquet")["unit_id"]) == ["P1", "P2"]
    assert list(pd.read_parquet(tmp_path / "officer" / "losses.parquet")["unit_id"]) == ["P2"]
    assert sorted(path.stem for path in tmp_path.glob("*.parquet")) == sorted(FRAMES)
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "officer").stat().st_mode) == 0o700


def test_frames_are_the_same_bytes_every_time(tmp_path, scores):
    """The same scores give the same files, byte for byte."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run_folder.write_frames(tmp_path / name, *run_folder.split_officers(scores))
    for path in (tmp_path / "one").rglob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_without_officers_there_is_no_folder_for_them(tmp_path, scores):
    """A run that scores no officers has no folder officer/."""
    frames, officers = run_folder.split_officers(scores)
    run_folder.write_frames(tmp_path, frames, {name: frame.iloc[:0] for name, frame in officers.items()})
    assert not (tmp_path / "officer").exists()


def test_the_scheme_is_read_back_as_it_was(tmp_path):
    """scheme.json holds the scheme in force, exactly: numbers stay numbers, also where text would name a column."""
    scheme = load(SCHEME)
    parts = scheme.model_dump()
    parts["dimensions"][0]["indicators"][0]["measure"]["where"] = {"share": {"at_least": Decimal("0.5")}}
    changed = Scheme.model_validate(parts)
    for one in (scheme, changed):
        run_folder.write_scheme(tmp_path, one)
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


def test_words_that_name_officers_stand_in_officer_only(tmp_path):
    """What `values` says of officers is kept in officer/manifest.json, and there again when the run is opened."""
    words = {"officer_id": {"张": "P1", "9": "P9"}, "unit_id": {"P1": "S1", "一所": "S1"}, "status": {"结": "closed"}}
    given = {"records": str(tmp_path), "scheme": str(SCHEME), "tables": {"cases": {"values": words}}}
    params, run = RunParams(period="2024", **given), tmp_path / "runs" / "demo"
    told = manifest.parameters(params, run, {"P1"})
    assert told["tables"]["cases"]["values"] == {"officer_id": {}, "unit_id": {"一所": "S1"}, "status": {"结": "closed"}}
    theirs = manifest.officer_words(params, {"P1"})
    assert theirs == {"cases": {"officer_id": {"张": "P1", "9": "P9"}, "unit_id": {"P1": "S1"}}}
    (run / "officer").mkdir(parents=True)
    manifest.write(run / "manifest.json", {"parameters": told})
    manifest.write(run / "officer" / "manifest.json", {"words": theirs})
    assert reopen.parameters(SimpleNamespace(path=run)).tables == params.tables


def test_fingerprints_follow_the_files(tmp_path):
    """Each file of the records has its own SHA-256; files that are no table are left out."""
    (tmp_path / "cases.csv").write_bytes(b"case_id\n1\n")
    (tmp_path / "notes.txt").write_bytes(b"x")
    params = RunParams(period="2024", records=str(tmp_path), scheme=str(SCHEME))
    assert manifest.fingerprint_records(params) == {"cases.csv": hashlib.sha256(b"case_id\n1\n").hexdigest()}
    before = manifest.fingerprints(params, None)
    after = manifest.fingerprints(params.model_copy(update={"lang": "en"}), None)
    assert [key for key in before if before[key] != after[key]] == ["parameters"]


def test_a_manifest_says_decimals_and_dates_plainly(tmp_path):
    """What JSON has no word for is written as a number or a text."""
    manifest.write(tmp_path / "m.json", {"share": Decimal("0.6"), "day": pd.Timestamp("2024-10-01"), "n": pd.Series([3])[0]})
    assert json.loads((tmp_path / "m.json").read_text("utf-8")) == {"share": 0.6, "day": "2024-10-01 00:00:00", "n": 3}
