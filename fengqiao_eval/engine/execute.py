"""One card: a notebook filled with its parameters, run through papermill, its faults returned as data."""

import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import papermill
from papermill.exceptions import PapermillExecutionError
from papermill.execute import prepare_notebook_metadata, remove_error_markers
from papermill.iorw import load_notebook_node, write_ipynb
from papermill.parameterize import parameterize_notebook
from papermill.translators import translate_parameters
from papermill.utils import chdir, find_first_tagged_cell_index, nb_kernel_name, nb_language
from traitlets.config import Config

from fengqiao_eval.documents import suggest
from fengqiao_eval.engine import CELL_SECONDS, OURS, STOCK
from fengqiao_eval.engine.papermill_engine import Managed
from fengqiao_eval.engine.processes import socket_folder
from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import temporary_folder
from fengqiao_eval.words import write_halves

# A notebook filled in with parameters as papermill does it, but read, checked and completed once for all its cards


class Form(NamedTuple):
    """A notebook to fill in: its parameters, kernel and language, and itself."""

    names: tuple[str, ...]
    kernel: str
    language: str
    pickled: bytes
    """With a cell to fill in; of our own making, and quicker to unpickle than to copy."""


def form(notebook: Path, *, empty: bool = False) -> Form:
    """Read a notebook, again only if its file has changed; raises ValueError where it names no kernel or no language.

    empty: whether nothing will be filled in; papermill then adds no cell.
    """
    found = notebook.stat()
    return _form(str(notebook), empty, found.st_mtime_ns, found.st_size)


@lru_cache(16)
def _form(path: str, empty: bool, *_stamp: int) -> Form:  # noqa: FBT001 - a part of the key
    node = load_notebook_node(path)
    kernel, language = nb_kernel_name(node), nb_language(node)
    whole = remove_error_markers(node if empty else parameterize_notebook(node, {}))
    return Form(tuple(papermill.inspect_notebook(escape_braces(path))), kernel, language, pickle.dumps(whole))


def fill(blank: Form, parameters: Mapping[str, Any], source: Path, output: Path | None) -> Any:
    """Fill in parameters, and where the notebook comes from and goes to."""
    node = pickle.loads(blank.pickled)  # noqa: S301 - see Form
    if parameters:
        place = find_first_tagged_cell_index(node, "injected-parameters")
        node.cells[place].source = write_halves(translate_parameters(blank.kernel, blank.language, parameters, "Parameters"))
        told = {name: write_halves(value) if isinstance(value, str) else value for name, value in parameters.items()}
        node.metadata.papermill["parameters"] = told
    return prepare_notebook_metadata(node, write_halves(str(source)), write_halves(str(output)) if output else None)


def escape_braces(path: Path | str) -> str:
    """Write a path so that papermill, which fills {parameters} into paths, leaves it as it is.

    >>> escape_braces("{unit} card.ipynb")
    '{{unit}} card.ipynb'
    """
    return str(path).replace("{", "{{").replace("}", "}}")


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
    if engine != OURS:
        return _run_papermill(notebook, output, parameters, cwd, None if engine == STOCK else engine, cell_seconds)
    blank = form(notebook, empty=not parameters)  # from here as papermill.execute_notebook, but read, checked, written once
    node = fill(blank, parameters, notebook, output)
    settings = {"isolated": isolated, "watch": watch, "execution_timeout": cell_seconds}
    with chdir(str(cwd)):
        executed = Managed.execute_notebook(node, blank.kernel, progress_bar=False, **settings)
    if output:
        write_ipynb(executed, str(output))
    return Ran(executed, _error(executed))


def _run_papermill(
    notebook: Path, output: Path | None, parameters: Mapping[str, Any], cwd: Path, engine: str | None, seconds: float
) -> Ran:
    told = {"request_save_on_cell_execute": False, "progress_bar": False, "execution_timeout": seconds, "cwd": str(cwd)}
    try:
        with temporary_folder(socket_folder()) as place:
            folder = str(place)
            source, kept = escape_braces(notebook), escape_braces(output) if output else None
            executed = papermill.execute_notebook(source, kept, dict(parameters), engine, config=_kernel_config(folder), **told)
    except PapermillExecutionError as error:
        return Ran(error=CellError(error.exec_count, error.ename, error.evalue))
    ended = _error(executed)
    return Ran(error=ended) if ended else Ran(executed)


def _kernel_config(folder: str) -> Any:
    """Let the kernel speak over sockets in a folder of its user's: over TCP all users of a server could read an officer's card.

    The folder is the kernel's own, for kernels that share one answer each other's questions.
    """
    return Config() if os.name == "nt" else Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse what papermill only warns of, and then prints the default unit's card."""
    known = form(notebook).names
    for name in parameters:
        if name not in known:
            raise UsageError("parameter", notebook=notebook.name, given=name, known=suggest(name, list(known)))
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
