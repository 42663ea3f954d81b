"""Small inputs that once went wrong in silence or ended in a traceback, each with its right value or its refusal."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from typer.testing import CliRunner

from fengqiao_eval.cli import app

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
CASES = Path(os.environ.get("FENGQIAO_CASES") or ROOT.parent / "shared" / "cases")
PARAMS = ("params/t.yaml", "params/p.yaml", "params.yaml", "mine.yaml", "x.yaml")
UNITS = "[records.unknown_units]"
WIDTH = "[records.row_width]"


class Refused(NamedTuple):
    """A case that `check` and `score` refuse, with these words."""

    words: tuple[str, ...]
    options: tuple[str, ...] = ()


class Scored(NamedTuple):
    """A case that is scored: values by unit and indicator, and what `check` says of it."""

    expected: dict[str, float]
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


KNOWN: dict[str, Refused | Scored] = {
    "peers/01": Refused((f"cases.csv {WIDTH} 3 rows", "5: 5; 6: 5; 7: 5", "the heading is line 1 and has 4", "second headings")),
    "peers/02": Refused((f"cases.csv {WIDTH} 5 rows", "the heading is line 1 and has 1", "delete titles")),
    "peers/03": Scored({"003 minutes": 17, "014 minutes": 7.5, "003 on_time": 50}),
    "peers/05": Scored({"003 minutes": 17, "014 minutes": 10, "X01 minutes": 44 / 3}),
    "peers/06": Refused(("cases.csv · cases.received_at [records.no_time] 1 cell", "2: 99-99-99 99:99", "years in four digits")),
    "peers/07": Scored(
        {"003 minutes": 22, "014 minutes": 10},
        ("in 2 records of cases in the period arrived_at lies before received_at", "1 time in arrived_at", "1899-12-30"),
    ),
    "peers/10": Scored({"003 sh": 100}, ("“警情 ” ×1 ≠ “警情”", "map them by values under tables")),
    "peers/11": Refused(("figures.csv · figures.period [records.period] 1 period is not understood (rows 3)", "2024Q4")),
    "peers/13": Scored({"003 acc": 0, "014 acc": 0}, ("notices has a heading and no rows", "counts are 0")),
    "peers/21": Refused(("cases.csv · cases.elements_required [records.no_whole] 1 cell of", "row: its look 2:")),
    "peers/22": Scored({"003 minutes": 10}, (), ("--set", "records=recs.duckdb")),
    "peers/23": Scored({"003 minutes": 17, "014 minutes": 7.5}),
    "peers/24": Refused(("cases.csv · received_at [records.column_twice] 2 columns have this name", "rename or delete")),
    "peers/25": Refused((f"cases.csv {WIDTH} 1 row has", "6: 1", "the heading is line 1 and has 4")),
    "peers/27": Scored({"003 minutes": 10, "014 minutes": 10, "X01 on_time": 100}),
    "real/01": Refused(("[records.no_time] 5 cells", "[records.no_time] 10 cells", "years in four digits")),
    "real/02": Refused((f"cases.csv {WIDTH} 4 rows", "12: 5; 13: 5; 14: 5; 15: 5")),
    "real/03": Scored({}, ("holds no record of anybody in 10 months (2024-03–2024-12)", "a change against it, proves nothing")),
    "real/04": Scored({"S1 mean": 45, "S1 median": 45, "S1 closed": 0}, ("arrived_at lies before", "closed_at lies before")),
    "real/05": Scored(
        {"18 on_time": 100},
        (
            "cases.unit_id: 12 records: 3 (25%) match as written, 9 (75%) match once repaired",
            "in 5 records of cases unit_id is written otherwise than in the units table (a trailing .0)",
            "in 4 records of cases unit_id is written otherwise than in the units table (blanks or an apostrophe at the ends)",
        ),
    ),
    "real/06": Scored(
        {"018 on_time": 100},
        ("cases.unit_id: 10 records: 10 (100%) match once repaired", "(noughts before it) and fits one unit"),
    ),
    "real/08": Scored({"S1 on_time": 100}, ("cases 2, disputes 2",)),
    "real/09": Scored({"S1 on_time": 100, "S2 on_time": 100, "X on_time": 100}),
    "real/10": Refused(("figures.csv · figures.period [records.period] 2 periods are not understood (rows 2, 4)",)),
    "real/14": Scored({"S1 median": 0}),
    "real/16": Scored({}, ("1 row of cases equals another in every column",)),
    "real/13": Scored({"S1 arrest": 200 / 3}, ("1 row of visits repeats an id", "all are kept and counted")),
    "real/17": Scored({"S1 w": 50}, ("no record of cases holds these words", "“Citizen Disputez” → “Citizen Dispute”?")),
    "real/18": Refused(tuple(f"{name} [records.citizen]" for name in ("complainant", "first_name", "home_address", "dob"))),
    "real/19": Refused(("r.duckdb:cases [records.no_view] this view reads a file outside", "make it a table there first")),
    "scheme/17": Refused(
        ("units.csv · units.level [records.no_level]", "no unit is of the levels to be scored, station", "“派出所”", "values")
    ),
    "real/20": Refused(("postings.csv · postings.to_date [records.reversed] 1 row lies before from_date", "rows 5")),
}
"""The cases by folder and number; the others have tests of their own where their subject is."""


EXPLAINED = [
    ("real/14", ("S1", "median"), ("0 / 1  0 min from received to arrived",), "not counted"),
    ("scheme/06", ("S1",), ("deducted, 20% over",), "20 起"),
]
"""What `explain` says of a unit or an indicator, and what it must not say."""


FRAMES = [
    ("oracle/01", "adjustments", "value", {"S1": 3, "S2": 3, "S3": 3}),
    ("oracle/02", "officer/points", "points", {"P1": 100, "P2": 100, "P3": 100}),
    ("oracle/03", "points", "points", {"S1": 92.0313, "S2": 92.0833}),
    ("oracle/03", "ranks", "total", {"S1": 98.73, "S2": 98.73}),
    ("oracle/03", "ranks", "rank", {"S1": 1, "S2": 1}),
    ("oracle/09", "officer/ranks", "peer_class", {"P1": "甲", "P2": "甲"}),
]
"""What stands in the first row of a unit in a frame of the oracle's cases."""


@pytest.fixture
def case(request, tmp_path, monkeypatch):
    """Copy a case into a folder of its own, make what it makes, and go there; give what is known of it."""
    given = CASES / request.param
    if not given.is_dir():
        pytest.skip("the cases are not beside this checkout; FENGQIAO_CASES may name their folder")
    folder = tmp_path / "case"
    shutil.copytree(given, folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    for script in folder.glob("make*.py"):
        subprocess.run([sys.executable, script.name], cwd=folder, check=True, capture_output=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    return KNOWN.get(request.param)


def fengqiao(*words):
    """Run a command on the case; give its exit code and all that it said."""
    params = next(name for name in PARAMS if Path(name).is_file())
    done = CliRunner().invoke(app, [words[0], params, *words[1:]], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.parametrize("case", [name for name, known in KNOWN.items() if isinstance(known, Refused)], indirect=True)
def test_what_cannot_be_read_right_is_refused_with_place_and_remedy(case):
    """Check and score say the same: file, line or row, rule, what was given, what would do."""
    for command in ("check", "score"):
        code, said = fengqiao(command, *case.options)
        assert (code, [words for words in case.words if words not in said]) == (1, []), said
    assert not list(Path().rglob("*.parquet"))


@pytest.mark.parametrize("case", [name for name, known in KNOWN.items() if isinstance(known, Scored)], indirect=True)
def test_what_is_scored_has_the_right_values_and_says_what_it_left_out(case):
    """The frame of points holds the value, and the notes what the reader must know."""
    code, said = fengqiao("check", *case.options)
    assert (code, [words for words in case.words if words not in said]) == (0, []), said
    code, said = fengqiao("score", *case.options)
    assert code == 0, said
    points = pd.read_parquet(next(Path("runs").glob("*/points.parquet"))).astype({"unit_id": str, "indicator": str})
    found = points.drop_duplicates(["unit_id", "indicator"]).set_index(["unit_id", "indicator"])[
        "value"
    ]  # of the run's own period, first
    assert {name: found[tuple(name.split())] for name in case.expected} == pytest.approx(case.expected, abs=1e-9)


@pytest.mark.parametrize(("case", "asked", "words", "never"), EXPLAINED, indirect=["case"])
@pytest.mark.usefixtures("case")
def test_what_is_explained_is_said_in_the_right_words(asked, words, never):
    """Records of no minutes decide a median all the same; what is over a control number by per cent is no number of events."""
    assert fengqiao("score")[0] == 0
    name = next(Path(name).stem for name in PARAMS if Path(name).is_file())
    said = CliRunner().invoke(app, ["explain", f"runs/{name}", *asked], catch_exceptions=False).output
    assert [one for one in words if one not in said] == [], said
    assert never not in said


@pytest.mark.parametrize(("case", "frame", "column", "expected"), FRAMES, indirect=["case"])
@pytest.mark.usefixtures("case")
def test_what_an_oracle_reckoned_stands_in_the_frame(frame, column, expected):
    """Notices alike at a station and its zone count once, three thirds are one, 92.03125 is 92.0313, a class is the station's."""
    code, said = fengqiao("score")
    assert code == 0, said
    rows = pd.read_parquet(next(Path("runs").glob(f"*/{frame}.parquet")))
    found = rows.astype({"unit_id": str, column: object}).drop_duplicates("unit_id").set_index("unit_id")[column]
    assert {unit: found[unit] for unit in expected} == expected


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("003", ""),
        (" 003 ", "blanks or an apostrophe at the ends"),
        ("\t003", "blanks or an apostrophe at the ends"),
        ("'003", "blanks or an apostrophe at the ends"),
        ("００３", "full or half width"),
        ('"=""003"""', '="…"'),
        ("3", "noughts before it"),
        ("3.0", "noughts before it"),
        ("东街派出所", "the name in place of the id"),
    ],
)
def test_a_newcomers_ids_meet_their_units(tmp_path, monkeypatch, written, rule):
    """A folder as a new user has it: whatever Excel made of 003, the record is of that station, and what was repaired is told."""
    given = CASES / "walk" / "03"
    if not given.is_dir():
        pytest.skip("the cases are not beside this checkout; FENGQIAO_CASES may name their folder")
    shutil.copytree(given / "x", tmp_path / "records" / "x")
    cases = tmp_path / "records" / "x" / "接处警.csv"
    cases.chmod(0o644)
    cases.parent.chmod(0o755)
    heading, row = (line.split(",")[:5] for line in cases.read_text("utf-8").splitlines())  # without the columns of citizens
    row[1] = written
    cases.write_text(",".join(heading) + "\n" + ",".join(row) + "\n", "utf-8")
    (tmp_path / "params").mkdir()
    shutil.copy(ROOT / "params" / "one_table.yaml", tmp_path / "params")
    shutil.copy(given / "x.yaml", tmp_path / "params" / "t.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FENGQIAO_LANG", "en")
    code, said = fengqiao("check")
    assert code == 0, said
    assert "cases.unit_id: 1 record: 1 (100%) match " + ("once repaired" if rule else "as written") in said
    assert f"in 1 record of cases unit_id is written otherwise than in the units table ({rule})" in said or not rule
