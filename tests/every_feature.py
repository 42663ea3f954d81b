"""The invented province scored by a scheme that uses every feature, counted anew and as the mean of months."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fengqiao_eval.cli import app
from fengqiao_eval.records import demo

RUNS = ("recount", "mean_of_totals")
SCHEME = Path(__file__).with_suffix(".yaml")


def write_runs(project: Path, runs: tuple[str, ...] = RUNS) -> Path:
    """Write records, schemes and params into a folder, and score each; return the folder of the runs."""
    demo.write(project / "demo", stations=16, seed=5)
    for longer in runs:
        text = SCHEME.read_text("utf-8") + f"longer_period: {longer}\n"
        (project / f"{longer}_scheme.yaml").write_text(text, "utf-8")
        given = f"period: 2024Q4\nrecords: demo\nscheme: {longer}_scheme.yaml\n"
        (project / f"{longer}.yaml").write_text(given, "utf-8")
        with pytest.MonkeyPatch.context() as here:
            here.chdir(project)
            done = CliRunner().invoke(app, ["score", f"{longer}.yaml"])
            assert done.exit_code == 0, done.output
    return project / "runs"
