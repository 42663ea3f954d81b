"""The frames of runs, cell by cell, against the specification as a program (tests/oracle), which shares no code with the package.

Compared are all frames that a run writes and all of their columns, but for what is drawn (errors, ranges of places, chances: see
tests/test_uncertainty.py). Not compared is the order of rows. Text, dates, counts and all that is rounded (points,
contributions, totals, shares of weight and of coverage) must be equal; of values that are not rounded the float must be the one
nearest to the fraction, but for weight_used, which is added up in floats where totals are means.
"""

import ast
import math
import sys
from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

import awkward_records
import shared
from fengqiao_eval.cli import app
from oracle.frames import reckon
from oracle.records import read_tables
from oracle.scheme import read_scheme

ROOT = Path(__file__).parents[1]
ORACLE = ROOT / "tests" / "oracle"
NAMED_BY = {
    "units": ("unit_id",),
    "measures": ("unit_id", "indicator", "period"),
    "points": ("unit_id", "indicator", "period"),
    "adjustments": ("unit_id", "period", "line", "rule", "effect"),
    "comparisons": ("unit_id", "indicator", "period", "step"),
    "ranks": ("unit_id", "period"),
    "asides": ("unit_id", "indicator", "period", "aside"),
    "answers": ("unit_id", "indicator", "period", "code"),
    "losses": ("unit_id", "indicator", "table", "record_id", "happened_at"),
    "open_disputes": ("unit_id", "dispute_id", "tier", "received_at", "due_at", "days_left"),
}
"""The frames of a run, and the columns that name a row of each."""
DRAWN = (
    "rank_low",
    "rank_high",
    "rank_low_w",
    "rank_high_w",
    "rank_low_again",
    "rank_high_again",
    "se_total",
    "se_joint",
    "shrunken",
    "se",
)
"""What comes of draws."""
CLOSE = {"weight_used": 1e-12}

DEMO, SMALL, AWKWARD = "60 stations of seed 0", "12 stations of seed 7", "12 stations made awkward"
EXAMPLES = {
    name: f"params/examples/{name}_scheme.yaml"
    for name in ("one_table_four_levels", "one_net_four_classes", "deductions", "grid")
}
TABLE, EVERY, OTHER = "params/one_table.yaml", "tests/every_feature.yaml", "tests/oracle/other_words.yaml"
OVERRIDE = """
parent: "2024-1"
reason: 加大群众意见权重，试算一季
author: 甲
checker: 乙
date: 2025-01-05
weights: {cases: 20, satisfaction: 35, visit_coverage: 30, visits_verified: 30, satisfied: {officer: 70, zone: 70, others: 45},
  sense_of_safety: 25, complaint_reply: {officer: 30, zone: 30, others: 30}}
"""
CASES = {
    "the demo": (DEMO, TABLE, {}),
    "another seed, with an override": (SMALL, TABLE, {"overrides": "override.yaml"}),
    "a month, seen three weeks later": (SMALL, TABLE, {"period": "2024-11", "as_of": "2024-12-20"}),
    "a year": (SMALL, TABLE, {"period": "2024"}),
    "marks, a gate, levels left out": (SMALL, EXAMPLES["one_table_four_levels"], {}),
    "places and means of classes": (DEMO, EXAMPLES["one_net_four_classes"], {}),
    "deductions and vetoes": (DEMO, EXAMPLES["deductions"], {}),
    "means of months, a geometric mean": (SMALL, EXAMPLES["grid"], {}),
    "a year of means of months": (SMALL, EXAMPLES["grid"], {"period": "2024"}),
    "awkward records": (AWKWARD, TABLE, {}),
    "awkward records, deductions": (AWKWARD, EXAMPLES["deductions"], {}),
    "awkward records, means of months": (AWKWARD, EXAMPLES["grid"], {}),
    "awkward records, exposures and changes": (AWKWARD, "params/examples/objectionable_scheme.yaml", {}),
    "awkward records, every feature": (AWKWARD, EVERY, {"ending": "longer_period: recount\n"}),
    "awkward records, every feature as a mean": (AWKWARD, EVERY, {"ending": "longer_period: mean_of_totals\n"}),
    "awkward records, the words that no other scheme has": (AWKWARD, OTHER, {"ending": "longer_period: mean_of_totals\n"}),
    "awkward records, the same counted anew": (AWKWARD, OTHER, {"period": "2024"}),
}
"""What is tried: which records, by which scheme, and what params say beside it."""

tables_of = cache(read_tables)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Give the folder of the records of a name, each made once."""

    def make(name: str) -> Path:
        if name == DEMO:
            return shared.province(tmp_path_factory)
        small = shared.province(tmp_path_factory, 12, seed=7)
        spoil = lambda made: awkward_records.spoil(small, made, seed=1)  # noqa: E731 - what the folder is made by
        return small if name == SMALL else shared.once(tmp_path_factory, "awkward", spoil)

    return make


def written(run: Path) -> dict[str, dict]:
    """Read the frames of a run as the oracle gives them, those of officers too; rows that nothing names are counted."""
    files = [file for folder in (run, run / "officer") for file in folder.glob("*.parquet")]
    assert {file.stem for file in files} == {*NAMED_BY, "chances"}
    files = [file for file in files if file.stem != "chances"]
    frames: dict[str, dict] = {name: {} for name in NAMED_BY}
    for file in files:
        named, rows = NAMED_BY[file.stem], pq.read_table(file).to_pylist()
        for row in rows:
            row.pop("why", None)  # of losses: tests/spec/test_reasons.py
            for column in DRAWN:
                row.pop(column, None)
            if "flags" in row:
                row["flags"] = ",".join(flag for flag in row["flags"].split(",") if flag not in ("pulled", "bent"))
        keys = [tuple(row.pop(column) for column in named) for row in rows]
        times = Counter(keys)
        frames[file.stem] |= {key: row or {"times": times[key]} for key, row in zip(keys, rows, strict=True)}
        assert all(rows) is False or max(times.values(), default=1) == 1, f"two rows of one name in {file.name}"
    return frames


def differs(found, expected, close: float) -> bool:
    """Say whether a cell of a frame is not what the oracle finds."""
    if found is None or expected is None or (isinstance(found, float) and math.isnan(found)):
        return expected is not None or not (found is None or math.isnan(found))
    if isinstance(expected, (int, Fraction)):
        return abs(found - float(expected)) > close
    return found != expected


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_every_cell_is_what_the_oracle_finds(case, records, tmp_path):
    """Whatever the package writes into the frames of a run, the plain reading of the words comes to the same."""
    name, scheme, more = CASES[case]
    (tmp_path / "scheme.yaml").write_text((ROOT / scheme).read_text("utf-8") + more.get("ending", ""), "utf-8")
    (tmp_path / "override.yaml").write_text(OVERRIDE, "utf-8")
    given = {"period": "2024Q4", "records": str(records(name)), "scheme": "scheme.yaml"} | {
        k: v for k, v in more.items() if k != "ending"
    }
    params = tmp_path / "params" / "trial.yaml"
    params.parent.mkdir()
    params.write_text(yaml.safe_dump(given), "utf-8")
    done = CliRunner().invoke(app, ["score", str(params)])
    assert done.exit_code == 0, done.output
    found, expected = written(tmp_path / "runs" / "trial"), reckon(params, tables_of(records(name)))
    assert set(found) == set(expected)
    wrong = []
    for frame, rows in expected.items():
        assert set(found[frame]) == set(rows), f"{frame}: {sorted(set(found[frame]) ^ set(rows), key=str)[:5]}"
        for key, cells in rows.items():
            assert set(found[frame][key]) == set(cells), f"{frame}: {sorted(set(found[frame][key]) ^ set(cells))}"
            for column, cell in cells.items():
                if differs(found[frame][key][column], cell, CLOSE.get(column, 0)):
                    wrong.append(f"{frame} {key} {column}: {found[frame][key][column]}, by the oracle {cell}")
    assert not wrong, f"{len(wrong)} cells, such as\n" + "\n".join(wrong[:20])


def test_the_oracle_shares_no_code_with_the_package():
    """It imports itself, the standard library, and what reads Parquet and YAML."""
    trees = [ast.parse(file.read_text("utf-8")) for file in ORACLE.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"oracle", "pyarrow", "yaml"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind: ratio", "kind: quantile"),
        ("target: 95", "goal: 95"),
        ("{minutes: 15, of: received_at}", "{weeks: 15, of: received_at}"),
        ("weights: within", "weights: within\nshrinkage: 0.5"),
        ("&rate {kind: curve,", "&rate {kind: curve, smooth: true,"),
    ],
)
def test_a_word_that_the_oracle_does_not_know_is_not_guessed_at(tmp_path, before, after):
    """A kind of measure, a key, a unit of time: what is not written out in the oracle is no part of what it vouches for."""
    text = (ROOT / TABLE).read_text("utf-8")
    assert before in text
    (tmp_path / "scheme.yaml").write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(NotImplementedError):
        read_scheme(tmp_path / "scheme.yaml")
