"""The invented province scored by a scheme that uses every feature, counted anew and as the mean of months."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import shared
from fengqiao_eval.cli import app

RUNS = ("recount", "mean_of_totals")
SCHEME = Path(__file__).with_suffix(".yaml")


def copy_runs(made_in: pytest.TempPathFactory, name: str) -> Path:
    """Give a folder of its own with records, schemes, params and runs, which are made once for all processes of the tests."""
    demo = shared.province(made_in, 16, seed=5)
    made = shared.once(made_in, "every_feature", lambda project: _write_runs(project, demo))
    return shutil.copytree(made, made_in.mktemp(name), dirs_exist_ok=True)


def _write_runs(project: Path, demo: Path) -> None:
    shutil.copytree(demo, project / "demo")
    for longer in RUNS:
        text = SCHEME.read_text("utf-8") + f"longer_period: {longer}\n"
        (project / f"{longer}_scheme.yaml").write_text(text, "utf-8")
        given = f"period: 2024Q4\nrecords: demo\nscheme: {longer}_scheme.yaml\n"
        (project / f"{longer}.yaml").write_text(given, "utf-8")
        with pytest.MonkeyPatch.context() as here:
            here.chdir(project)
            done = CliRunner().invoke(app, ["score", f"{longer}.yaml"])
            assert done.exit_code == 0, done.output
