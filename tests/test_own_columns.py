"""Columns of the records that are called as the program's own change nothing: not one cell of any frame."""

import re
import shutil
from pathlib import Path

import ibis
import pandas as pd
import pytest
from typer.testing import CliRunner

from every_feature import copy_runs
from fengqiao_eval.cli import app
from fengqiao_eval.records.tables import TABLES

WORDS = Path(__file__).parent / "oracle" / "other_words.yaml"
NAMED = re.compile(r'AS "(\w+)"')
"""How a query names a column of its own."""
OLD = (
    "home",
    "home_",
    "home_of_",
    "home_of",
    "share_",
    "parts_",
    "credited_record",
    "credited_share",
    "happened_at",
    "record_id",
    "unit_id_0",
    "thing",
)
"""Names that the program once had for its own, or that are near to those it has."""


def scored(folder, name, records):
    """Score records by a scheme of every kind of measure; return the frames of the run by name, and every query asked."""
    (folder / f"{name}.yaml").write_text(f"period: 2024Q4\nrecords: {records}\nscheme: {WORDS}\n", "utf-8")
    asked = []
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        here.setattr(ibis.options, "verbose", True)
        here.setattr(ibis.options, "verbose_log", asked.append)
        done = CliRunner().invoke(app, ["score", f"{name}.yaml"])
        assert done.exit_code == 0, done.output
    return {path.stem: pd.read_parquet(path) for path in sorted((folder / "runs" / name).glob("*.parquet"))}, asked


def shadowed(path, names):
    """Add columns of these names to a table, of numbers and of text, some in upper case; those it has are left as they are."""
    table = pd.read_parquet(path)
    held = {column.name for column in TABLES[path.stem].columns} | set(table.columns)
    free = [name for name in names if name not in held]
    more = {name.upper() if n % 3 == 0 else name: [0.5 if n % 2 else "S2"] * len(table) for n, name in enumerate(free)}
    return pd.concat([table, pd.DataFrame(more, index=table.index)], axis=1)


@pytest.mark.slow
def test_names_that_the_program_gives_change_no_cell(tmp_path_factory):
    """Every name that a query of a whole run gives a column, and those that were given once, in every table at once."""
    folder = copy_runs(tmp_path_factory, "own_columns")
    plain, asked = scored(folder, "plain", "demo")
    names = sorted({name for query in asked for name in NAMED.findall(query)} - {"name"} | set(OLD))  # a name would be refused
    assert {"span_", "den_0", "share_", "again_0_", "picked_"} <= set(names)
    shutil.copytree(folder / "demo", folder / "shadowed")
    for path in sorted((folder / "shadowed").glob("*.parquet")):
        shadowed(path, names).to_parquet(path)
    found, _ = scored(folder, "shadowed", "shadowed")
    assert list(found) == list(plain)
    for frame in plain:
        pd.testing.assert_frame_equal(found[frame], plain[frame], obj=frame)
