"""What changed since the last run, told of two folders: facts for programs, lines for people, officers only as numbers."""

import json
import shutil
from itertools import product

import pandas as pd
import pytest

from fengqiao_eval.pages import comparison
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results import differences as results_comparison
from fengqiao_eval.scheme.scheme import Scheme
from run_folders import CLASSES, HOSTILE, PERIODS, write_run

pytestmark = pytest.mark.slow

LATE = {"key": "late", "given": {"table": TABLES["cases"].label, "count": 59}}
TOLD = {"units": {"city": 1, "county": 2, "station": 18, "zone": 24}, "notes": [LATE]}


@pytest.fixture(scope="module")
def drawn_up(tmp_path_factory):
    """Draw up a run once."""
    return write_run(tmp_path_factory.mktemp("runs") / "old", months=False, run="old", **TOLD)


@pytest.fixture
def pair(drawn_up, tmp_path):
    """Two folders that hold the same run: the new one and the old one."""
    return shutil.copytree(drawn_up, tmp_path / "new"), shutil.copytree(drawn_up, tmp_path / "old")


def tell(folder, **told):
    """Change what a run says of itself."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | told, ensure_ascii=False), "utf-8")


def rewrite(folder, name, edit):
    """Change a frame of a run."""
    path = folder / f"{name}.parquet"
    edit(pd.read_parquet(path)).to_parquet(path)


def placed(folder, group, ranks):
    """Give the stations of a class, in the order of their places, other places in the main period."""

    def edit(frame):
        theirs = frame[(frame["period"] == PERIODS["this"]) & (frame["peer_class"] == group) & (frame["level"] == "station")]
        order = theirs["rank"].dropna().sort_values(kind="stable").index[: len(ranks)]
        frame.loc[order, "rank"] = ranks
        return frame

    rewrite(folder, "ranks", edit)


def unit(folder, place):
    """Name the station of a place in the first class."""
    ranks = pd.read_parquet(folder / "ranks.parquet")
    found = ranks[(ranks["period"] == PERIODS["this"]) & (ranks["peer_class"] == CLASSES[0]) & (ranks["level"] == "station")]
    return found.set_index("rank")["unit_id"][place]


def said(new, old, lang="zh"):
    """Say what changed; by way of JSON, as a manifest keeps it."""
    return comparison.change_lines(json.loads(json.dumps(results_comparison.find_changes(new, old))), lang)


def test_nothing_changed(pair):
    """Two runs that say the same are one line."""
    assert said(*pair) == ["与上次相比（old，2024Q4，截至 2025-01-01）：没有变化"]
    assert said(*pair, "en") == ["Since the last run (old, 2024Q4 as of 2025-01-01): nothing changed"]


def test_without_an_earlier_run_nothing_is_said():
    """The first run of a params file has nothing to be compared with."""
    assert comparison.change_lines({}, "zh") == []


def test_units_that_moved(pair):
    """Who changed places in the class is counted by level, and named with both places, the farthest first."""
    new, old = pair
    placed(new, CLASSES[0], [3, 1, 2])
    down, up = unit(old, 1), unit(old, 2)
    found = results_comparison.find_changes(new, old)
    assert {key: found["units"]["station"][key] for key in ("moved", "rose", "fell")} == {"moved": 3, "rose": 2, "fell": 1}
    first = found["farthest"][0]
    assert (first["unit_id"], first["place"], first["climbed"], first["group"]) == (down, [1, 3], -2, CLASSES[0])
    assert {each["unit_id"] for each in found["farthest"]} == {down, up, unit(old, 3)}
    assert "派出所：16 个可比，3 个名次有变（▲2 ▼1）" in said(new, old)[1]
    assert f"（{down}）▼2（1 → 3／{first['of']}）、" in said(new, old)[2]


def test_only_ten_are_named(tmp_path):
    """Of a whole province that moved the ten farthest are named, and all are counted."""
    old = write_run(tmp_path / "old", stations=60, officers=0, months=False)
    new = shutil.copytree(old, tmp_path / "new")
    placed(new, CLASSES[0], list(range(14, 0, -1)))
    found = results_comparison.find_changes(new, old)
    assert found["units"]["station"]["moved"] == 14
    assert [abs(each["climbed"]) for each in found["farthest"]] == [13, 13, 11, 11, 9, 9, 7, 7, 5, 5]


def test_units_that_entered_left_or_lost_their_place(pair):
    """Who is new, gone, ranked again or no longer is counted and named."""
    new, old = pair
    gone, lost = unit(old, 1), unit(old, 2)
    rewrite(new, "ranks", lambda frame: frame[frame["unit_id"] != gone])
    rewrite(new, "ranks", lambda frame: frame.assign(rank=frame["rank"].mask(frame["unit_id"] == lost)))
    names = pd.read_parquet(old / "units.parquet").set_index("unit_id")["name"]
    lines = said(new, old)
    assert f"  派出所：不再有的 1 个（{names[gone]}）" in lines
    assert f"  派出所：1 个不再有名次（{names[lost]}）" in lines
    lines = said(old, new)
    assert f"  派出所：新增 1 个（{names[gone]}）" in lines
    assert f"  派出所：1 个新有名次（{names[lost]}）" in lines


def test_officers_are_counted_and_never_named(pair):
    """Of officers only numbers are told, neither ids nor names."""
    new, old = pair
    rewrite(new / "officer", "ranks", lambda frame: frame.assign(rank=frame["rank"].max() + 1 - frame["rank"]).iloc[1:])
    found = results_comparison.find_changes(new, old)
    people = pd.read_parquet(old / "officer" / "units.parquet")
    assert found["units"]["officer"]["moved"] > 0
    assert found["units"]["officer"]["gone"] == 1
    text = json.dumps(found, ensure_ascii=False) + "\n".join(comparison.change_lines(found, "zh"))
    assert not [word for word in (*people["unit_id"], *people["name"]) if word in text]


def test_an_officers_folder_that_is_closed_is_left_out(pair, monkeypatch):
    """Who may not read officers' figures is told of the others."""

    def closed(_pair, *, officers=False):
        if officers:
            raise PermissionError
        return units(_pair)

    units = results_comparison.units
    monkeypatch.setattr("fengqiao_eval.results.differences.units", closed)
    assert "officer" not in results_comparison.find_changes(*pair)["units"]


def statuses(folder, code, status, units):
    """Give an indicator another status for so many stations of the main period."""

    def edit(frame):
        frame = frame.astype({"status": "str"})
        theirs = (frame["indicator"] == code) & (frame["level"] == "station") & (frame["period"] == PERIODS["this"])
        frame.loc[frame[theirs].index[:units], "status"] = status
        return frame

    rewrite(folder, "points", edit)


def gaps(found, key):
    """List indicator, status and units of what is lacking."""
    return [(each["indicator"], each["status"], each["units"][1] - each["units"][0]) for each in found[key]]


def test_indicators_that_went_void_or_came_back(pair):
    """An indicator void for one unit more or less is told, with its name and level."""
    new, old = pair
    code = json.loads((new / "scheme.json").read_text("utf-8"))["dimensions"][0]["indicators"][0]["code"]
    for folder in pair:
        statuses(folder, code, "ok", 18)
    statuses(new, code, "void", 1)
    assert gaps(results_comparison.find_changes(new, old), "void") == [(code, "void", 1)]
    name = Scheme.model_validate_json((new / "scheme.json").read_text("utf-8")).dimensions[0].indicators[0].name("zh")
    assert said(new, old)[1:] == [f"  {name}（派出所）作废：0 → 1 个单位"]
    assert said(old, new)[1:] == [f"  {name}（派出所）作废：1 → 0 个单位"]


@pytest.mark.parametrize(("status", "units", "told"), [("too_few", 2, 2), ("no_records", 3, 3), ("too_few", 1, 0)])
def test_indicators_that_many_units_newly_lack(pair, status, units, told):
    """A tenth of a level (two of eighteen) without a value is told, fewer are not; that they come back is no news."""
    new, old = pair
    code = json.loads((new / "scheme.json").read_text("utf-8"))["dimensions"][0]["indicators"][0]["code"]
    for folder in pair:
        statuses(folder, code, "ok", 18)
    statuses(new, code, status, units)
    assert gaps(results_comparison.find_changes(new, old), "lacking") == ([(code, status, told)] if told else [])
    assert gaps(results_comparison.find_changes(old, new), "lacking") == []


def test_records_that_came_late(pair):
    """The same period scored again tells how many rows more there are, and how many came too late to count."""
    new, old = pair
    given = {"key": "late", "given": {"table": TABLES["cases"].label, "count": 70}}
    tell(new, counts={"cases": 120_358, "visits": 98_765, "units": 45}, notes=[given], fingerprints={"records": "88"})
    found = results_comparison.find_changes(new, old)
    assert (found["rows"], found["late"]) == ({"cases": [120_345, 120_358]}, {"cases": [59, 70]})
    assert said(new, old)[1:] == [
        "  所依据的不同：记录",
        "  记录条数：警情案件 +13",
        "  截止之后才录入、未计入的：警情案件 59 → 70",
    ]
    assert said(new, old, "en")[2] == "  records: cases +13"


def test_the_next_period_reads_as_the_next_period(pair):
    """That another period was scored is said in the head and is no difference; late records of two periods are not set off."""
    new, old = pair
    for folder, name in product((new, new / "officer"), ("ranks", "points")):
        rewrite(folder, name, lambda frame: frame.replace({"period": {PERIODS["this"]: "2025Q1"}}))
    tell(new, periods=PERIODS | {"this": "2025Q1"}, as_of="2025-04-01 00:00:00", notes=[])
    found = results_comparison.find_changes(new, old)
    assert (found["period"], found["as_of"]) == (["2024Q4", "2025Q1"], ["2025-01-01 00:00:00", "2025-04-01 00:00:00"])
    assert said(new, old) == ["与上次相比（old，2024Q4，截至 2025-01-01）：没有变化"]


def test_scheme_overrides_and_packages(pair):
    """Another version, other weights, an override file and other packages are named."""
    new, old = pair
    scheme = json.loads((new / "scheme.json").read_text("utf-8"))
    (new / "scheme.json").write_text(json.dumps(scheme | {"version": "2025-1"}), "utf-8")
    tell(new, packages={"pandas": "3.1.2"}, parameters={"overrides": "../../params/weights-2025.yaml"})
    tell(old, packages={"pandas": "3.1.1", "duckdb": "1.5.6"})
    found = said(new, old)[1].removeprefix("  所依据的不同：").split("、")
    assert found[:2] == [f"方案版本 {scheme['version']} → 2025-1", "权重改动文件 无 → weights-2025.yaml"]
    assert found[2:] == ["pandas 3.1.1 → 3.1.2", "duckdb 1.5.6 → —"]


def test_rewritten_weights_are_counted(pair):
    """How many parts weigh something else than before."""
    new, old = pair
    text = json.loads((new / "scheme.json").read_text("utf-8"))
    for part, weight in zip(text["dimensions"][:2], ({"others": "1", "officer": "1"}, "2"), strict=True):
        part["weight"] = weight
    (new / "scheme.json").write_text(json.dumps(text), "utf-8")
    assert results_comparison.find_changes(new, old)["weights"] == 2
    assert "权重 2 项" in said(new, old)[1]


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda old: (old / "ranks.parquet").write_bytes(b"no parquet"), "ranks.parquet"),
        (lambda old: (old / "manifest.json").unlink(), "old"),
        (lambda old: (old / "scheme.json").write_text("{}"), "scheme.json"),
        (lambda old: (old / "manifest.json").write_text("{}"), "manifest.json"),
    ],
    ids=["frame", "manifest", "scheme", "empty"],
)
def test_a_run_that_cannot_be_read_costs_nothing(pair, harm, why):
    """An earlier run that is harmed, or of an older program, is told as such; the new run stands."""
    harm(pair[1])
    assert results_comparison.find_changes(*pair) == {"run": "old", "unread": why}
    assert said(*pair) == [f"上次的结果 old 已读不出（{why}），未作对照"]


def test_hostile_names_stay_text(pair):
    """A name that looks like a formula or a script is said as it is written."""
    new, old = pair
    rewrite(new, "ranks", lambda frame: frame.assign(name=frame["name"].mask(frame["unit_id"] == unit(old, 1), HOSTILE)))
    placed(new, CLASSES[0], [2, 1])
    assert HOSTILE in "".join(said(new, old))
