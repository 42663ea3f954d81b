"""The invented province scored by a scheme that uses every feature, counted anew and as the mean of months."""

import os
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fengqiao_eval.cli import app
from fengqiao_eval.demo import write

RUNS = ("recount", "mean_of_totals")
SCHEME = Path(__file__).with_suffix(".yaml")


def copy_runs(made_in: pytest.TempPathFactory, name: str) -> Path:
    """Give a folder of its own with records, schemes, params and runs, which are made once for all processes of the tests."""
    base = made_in.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else made_in.getbasetemp()
    taken, made = base / "every_feature.taken", base / "every_feature"
    try:
        taken.mkdir()
    except FileExistsError:
        while not made.is_dir():  # another process is at it
            time.sleep(0.1)
    else:
        making = made_in.mktemp("every_feature")
        try:
            _write_runs(making)
        finally:
            making.rename(made)
    return shutil.copytree(made, made_in.mktemp(name), dirs_exist_ok=True)


def _write_runs(project: Path) -> None:
    write.write(project / "demo", stations=16, seed=5)
    for longer in RUNS:
        text = SCHEME.read_text("utf-8") + f"longer_period: {longer}\n"
        (project / f"{longer}_scheme.yaml").write_text(text, "utf-8")
        given = f"period: 2024Q4\nrecords: demo\nscheme: {longer}_scheme.yaml\n"
        (project / f"{longer}.yaml").write_text(given, "utf-8")
        with pytest.MonkeyPatch.context() as here:
            here.chdir(project)
            done = CliRunner().invoke(app, ["score", f"{longer}.yaml"])
            assert done.exit_code == 0, done.output
