"""What every test may ask for: tables drawn in text, the real records, and the programs of the machine."""

import gc
import os
import re
import shutil
import signal
from datetime import date
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest

import shared

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell does so in the background, and tests press Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.pop("FENGQIAO_LANG", None)  # the tests, docstrings included, speak the language the product starts in
ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")  # 014 is a name, not a number
FLAGS = {"true": True, "false": False}


def pytest_collection_finish():
    """Keep what was imported and collected out of every later search for garbage: a run searches, and so does each card."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _elsewhere(tmp_path_factory):
    """Work in an empty folder, so that no test sees what a user has in the folder from which tests are started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _quoted(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "'\""


def _kind(name: str, cells: list[str]) -> str:
    """Say what a column holds: as declared for the record tables, else by its name, else by what is in it."""
    from seam import KINDS  # noqa: PLC0415 - heavy, and many tests draw no table

    if any(map(_quoted, cells)) or name.endswith("_id") or KINDS.get(name) == "text":
        return "text"
    if KINDS.get(name) in {"time", "date"} or name.endswith("_at"):
        return KINDS.get(name, "time")
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return "number"
    return "flag" if all(cell in FLAGS for cell in cells) else "text"


def _column(name: str, cells: list[str]) -> pd.Series:
    kind = _kind(name, [cell for cell in cells if cell])
    if kind == "text":
        texts = [(cell[1:-1] if _quoted(cell) else cell) if cell else None for cell in cells]
        return pd.Series(texts, name=name, dtype="str")
    if kind == "time":
        return pd.Series(pd.to_datetime([cell or None for cell in cells]), name=name).dt.as_unit("us")
    if kind == "date":
        return pd.Series([date.fromisoformat(cell) if cell else None for cell in cells], name=name, dtype="object")
    if kind == "flag":
        return pd.Series([FLAGS.get(cell) for cell in cells], name=name, dtype="bool" if all(cells) else "boolean")
    whole = cells and all(cell and "." not in cell for cell in cells)
    return pd.Series([float(cell or "nan") for cell in cells], name=name, dtype="int64" if whole else "float64")


def parse(text: str) -> pd.DataFrame:
    """Read a table drawn in text: a head, then one row a line, cells between bars; a rule of dashes is passed over.

    Numbers become numbers (014 does not) and true/false flags, if the whole column is so; empty cells are missing.
    Ids, and columns that the record tables declare as text, stay text; so does a column with a 'quoted' cell.
    A name ending in _at is a time, and valid_from and the like are dates, as the record tables declare them.
    """
    lines = [_cells(line) for line in text.splitlines() if line.strip()]
    head, *rows = [cells for cells in lines if not all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells)]
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"{len(row)} cells under {len(head)} columns: {row}")
    columns = zip(*rows, strict=True) if rows else [()] * len(head)
    return pd.DataFrame({name: _column(name, list(cells)) for name, cells in zip(head, columns, strict=True)})


@pytest.fixture(scope="session")
def drawn():
    """Read a table drawn in text into a DataFrame (see parse)."""
    return parse


@pytest.fixture(scope="session")
def province(tmp_path_factory) -> Path:
    """Give the invented province of 60 stations, a folder of Parquet files, made once for all processes of the tests."""
    return shared.province(tmp_path_factory)


@pytest.fixture(scope="session")
def real() -> Path:
    """Find the real records beside the checkout, or where FENGQIAO_REAL says; skip where there are none."""
    folder = Path(os.environ.get("FENGQIAO_REAL") or ROOT.parent / "shared" / "real")
    if not folder.is_dir():
        pytest.skip("the real records are not beside this checkout; FENGQIAO_REAL may name their folder")
    return folder


def _lack(program: str) -> NoReturn:
    """Skip on a user's machine; fail where everything is required, so that nothing is passed over unseen."""
    (pytest.fail if os.environ.get("FENGQIAO_REQUIRE_ALL") else pytest.skip)(f"{program} is not installed")


@pytest.fixture
def scored_once(monkeypatch):
    """Score equal records by an equal scheme once a process, for tests of what is done with scores."""
    from resumed import score_once  # noqa: PLC0415 - heavy, and most tests score nothing by the command line

    monkeypatch.setattr("fengqiao_eval.runs.job.score_job", score_once)


@pytest.fixture(scope="session")
def need():
    """Give a function that finds a program of the machine by name; where it is missing the test is skipped."""
    return lambda program: shutil.which(program) or _lack(program)


@pytest.fixture
def loading(tmp_path):
    """Give a function that loads a scheme's text after changing it in places, each of which must be there.

    Words that stand for others (ONE=...) are put in last.
    """

    def load_changed(text: str, *changes: tuple[str, str], **words: str):
        from seam import read_scheme  # noqa: PLC0415 - as above

        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after, 1)
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        (tmp_path / "s.yaml").write_text(text, "utf-8")
        return read_scheme(tmp_path / "s.yaml")

    return load_changed
