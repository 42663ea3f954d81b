"""A command on a small invented province in this process, while somebody looks on: what two benches share."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
"""Whose package is looked at: the first word of the command line, else the checkout this file lies in."""
HOUSE = CHECKOUT / "fengqiao_eval"
PARAMS = "period: 2024Q4\nrecords: records\nscheme: {scheme}\n"

sys.path.insert(0, str(CHECKOUT))


def module(file: str) -> str:
    """Name the module of the package that a file is, with its room; empty for any other file."""
    path = Path(file)
    return path.relative_to(HOUSE).with_suffix("").as_posix() if path.is_relative_to(HOUSE) else ""


def call(begin: Callable[[], None], end: Callable[[], None] = lambda: None, command: tuple[str, ...] = ("score",)) -> str:
    """Invent a province of eight stations and call a command between begin and end; return what it said."""
    from typer.testing import CliRunner  # noqa: PLC0415 - of the checkout's environment

    from fengqiao_eval.cli import app  # noqa: PLC0415 - of the checkout

    runner = CliRunner()
    with TemporaryDirectory() as folder:
        (Path(folder) / "params").mkdir()
        text = PARAMS.format(scheme=CHECKOUT / "params" / "one_table.yaml")
        (Path(folder) / "params" / "demo.yaml").write_text(text, "utf-8")
        os.chdir(folder)
        runner.invoke(app, ["demo", "records", "--stations", "8"], catch_exceptions=False)
        begin()
        try:
            said = runner.invoke(app, [*command, "params/demo.yaml", "--quiet"], catch_exceptions=False)
        finally:
            end()
            os.chdir(CHECKOUT)
    return said.output.strip()
