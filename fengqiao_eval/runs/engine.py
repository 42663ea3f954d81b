"""One card: a notebook run through papermill with its parameters, its faults returned as data."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from fengqiao_eval.documents import nearest
from fengqiao_eval.errors import UsageError

CELL_SECONDS = 600
"""A cell that takes longer is given up; a card takes seconds."""


@dataclass(frozen=True)
class CellError:
    """What ended a notebook: the cell's number as Jupyter prints it (None: before any), the exception, its words."""

    cell: int | None
    name: str
    message: str


@dataclass(frozen=True)
class Ran:
    """A notebook that was run: as executed, or what ended it."""

    notebook: Any = None
    error: CellError | None = None


def run_notebook(notebook: Path, output: Path | None, parameters: Mapping[str, Any], cwd: Path, engine: str | None = None) -> Ran:
    """Run a notebook in a folder with an engine of papermill (None: papermill's own) and keep it at `output`.

    Raises UsageError before anything runs: a parameter that the notebook does not list, a `unit` that is not text.
    """
    check_parameters(notebook, parameters)
    try:
        with TemporaryDirectory(prefix="fq-") as folder:
            executed = papermill.execute_notebook(
                _literal(notebook),
                _literal(output) if output else None,
                dict(parameters),
                engine_name=engine,
                request_save_on_cell_execute=False,
                progress_bar=False,
                execution_timeout=CELL_SECONDS,
                cwd=str(cwd),
                config=_private(folder),
            )
    except PapermillExecutionError as error:
        return Ran(error=CellError(error.exec_count, error.ename, error.evalue))
    ended = _ended_early(executed)
    return Ran(error=ended) if ended else Ran(executed)


def _private(folder: str) -> Config:
    """Let the kernel speak over sockets in a folder of its user's: over TCP all users of a server could read an officer's card.

    The folder is the kernel's own, for kernels that share one answer each other's questions.
    """
    return Config() if os.name == "nt" else Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill only warns of, and then prints the default unit's card.

    Raises UsageError: a parameter that the notebook does not list, a `unit` that is not text.
    """
    known = list(papermill.inspect_notebook(_literal(notebook)))
    for name in parameters:
        if name not in known:
            raise UsageError("parameter", notebook=notebook.name, given=name, known=nearest(name, known))
    unit = parameters.get("unit", "")
    if not isinstance(unit, str):
        raise UsageError("unit_not_text", given=unit)


def _literal(path: Path) -> str:
    """Write a path so that papermill, which fills {parameters} into paths, leaves it as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _ended_early(notebook: Any) -> CellError | None:
    """Find a cell that left by sys.exit(0), which papermill takes for success."""
    for cell in notebook.cells:
        if cell.metadata.get("papermill", {}).get("exception"):
            errors = [output for output in cell.get("outputs", ()) if output.output_type == "error"]
            name, message = (errors[0].ename, errors[0].evalue) if errors else ("SystemExit", "")
            return CellError(cell.execution_count, name, message)
    return None
