"""One card: a notebook run through papermill with its parameters, its faults returned as data."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from fengqiao_eval.documents import nearest
from fengqiao_eval.errors import UsageError

CELL_SECONDS = 600
"""A cell that takes longer is given up; a card takes seconds."""

OURS, STOCK = "fengqiao", "stock"
"""The engine of this package, and papermill's own: a kernel process a notebook."""


@dataclass(frozen=True)
class CellError:
    """What ended a notebook: the cell's number as Jupyter prints it (None: before any), the exception, its words."""

    cell: int | None
    name: str
    message: str


@dataclass(frozen=True)
class Ran:
    """A notebook that was run: as executed, and what ended it."""

    notebook: Any = None
    error: CellError | None = None


class FengqiaoEngine:
    """The engine `fengqiao` as papermill finds it by its entry point.

    No subclass of papermill's Engine: papermill asks for it while it is being imported itself.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **settings: Any) -> Any:
        """Run a notebook as papermill's engines do; see `managed.Managed`."""
        from fengqiao_eval.runs.managed import Managed  # noqa: PLC0415

        return Managed.execute_notebook(nb, kernel_name, **settings)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Name the kernel of a notebook."""
        from papermill.utils import nb_kernel_name  # noqa: PLC0415

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Name the language of a notebook."""
        from papermill.utils import nb_language  # noqa: PLC0415

        return nb_language(nb, language)


def run_notebook(  # noqa: PLR0913 - the last three are settings, given by name
    notebook: Path,
    output: Path | None,
    parameters: Mapping[str, Any],
    cwd: Path,
    engine: str = OURS,
    *,
    isolated: bool = True,
    cell_seconds: float = CELL_SECONDS,
    watch: Callable[[int], None] | None = None,
) -> Ran:
    """Run a notebook in a folder and keep it at `output`.

    engine: `fengqiao`, `stock`, or another that papermill knows. Of `fengqiao` only: isolated, whether the cells run in a process
    of their own or in this one; watch, told the number of each cell as it starts; the notebook of a run that failed.
    Raises UsageError before anything runs: a parameter that the notebook does not list, a `unit` that is not text, a notebook
    in another language than Python for `fengqiao`.
    """
    check_parameters(notebook, parameters)
    if engine == OURS:
        settings = {"isolated": isolated, "watch": watch, "execution_timeout": cell_seconds}
        executed = _ours(notebook, output, parameters, cwd, settings)
        return Ran(executed, _error(executed))
    return _by_papermill(notebook, output, parameters, cwd, None if engine == STOCK else engine, cell_seconds)


def _ours(notebook: Path, output: Path | None, parameters: Mapping[str, Any], cwd: Path, settings: Mapping[str, Any]) -> Any:
    """Do what papermill.execute_notebook does, but for reading, checking and writing the same notebook once a card."""
    from papermill.iorw import write_ipynb  # noqa: PLC0415 - seconds of imports
    from papermill.utils import chdir  # noqa: PLC0415

    from fengqiao_eval.runs.filled import fill, form  # noqa: PLC0415

    blank = form(notebook, empty=not parameters)
    node = fill(blank, parameters, notebook, output)
    with chdir(str(cwd)):
        executed = FengqiaoEngine.execute_notebook(node, blank.kernel, progress_bar=False, **settings)
    if output:
        write_ipynb(executed, str(output))
    return executed


def _by_papermill(
    notebook: Path, output: Path | None, parameters: Mapping[str, Any], cwd: Path, engine: str | None, seconds: float
) -> Ran:
    import papermill  # noqa: PLC0415 - seconds of imports
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415

    from fengqiao_eval.runs.filled import literal  # noqa: PLC0415

    told = {"request_save_on_cell_execute": False, "progress_bar": False, "execution_timeout": seconds, "cwd": str(cwd)}
    try:
        with TemporaryDirectory(prefix="fq-", dir=_short()) as folder:
            source, kept = literal(notebook), literal(output) if output else None
            executed = papermill.execute_notebook(source, kept, dict(parameters), engine, config=_private(folder), **told)
    except PapermillExecutionError as error:
        return Ran(error=CellError(error.exec_count, error.ename, error.evalue))
    ended = _error(executed)
    return Ran(error=ended) if ended else Ran(executed)


def _short() -> str | None:
    """Say where a kernel's sockets may lie: the system allows their paths some hundred characters (None: the usual place)."""
    return None if os.name == "nt" or len(gettempdir()) < 70 else "/tmp"  # noqa: PLR2004, S108 - closed to others all the same


def _private(folder: str) -> Any:
    """Let the kernel speak over sockets in a folder of its user's: over TCP all users of a server could read an officer's card.

    The folder is the kernel's own, for kernels that share one answer each other's questions.
    """
    from traitlets.config import Config  # noqa: PLC0415

    return Config() if os.name == "nt" else Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill only warns of, and then prints the default unit's card.

    Raises UsageError: a parameter that the notebook does not list, a `unit` that is not text.
    """
    from fengqiao_eval.runs.filled import form  # noqa: PLC0415

    known = form(notebook).names
    for name in parameters:
        if name not in known:
            raise UsageError("parameter", notebook=notebook.name, given=name, known=nearest(name, list(known)))
    unit = parameters.get("unit", "")
    if not isinstance(unit, str):
        raise UsageError("unit_not_text", given=unit)


def _error(notebook: Any) -> CellError | None:
    """Find what ended a notebook: an error, or a cell that left by sys.exit(0), which papermill takes for success."""
    for cell in notebook.cells:
        errors = [output for output in cell.get("outputs", ()) if output.output_type == "error"]
        if errors or cell.metadata.get("papermill", {}).get("exception"):
            name, message = (errors[0].ename, errors[0].evalue) if errors else ("SystemExit", "")
            return CellError(cell.execution_count, name, message)
    return None
