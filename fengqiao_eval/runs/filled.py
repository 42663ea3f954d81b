"""A notebook filled in with parameters as papermill does it, but read, checked and completed once for all its cards."""

import pickle
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import papermill
from papermill.execute import prepare_notebook_metadata, remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from papermill.translators import translate_parameters
from papermill.utils import find_first_tagged_cell_index, nb_kernel_name, nb_language


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
    return Form(tuple(papermill.inspect_notebook(literal(path))), kernel, language, pickle.dumps(whole))


def fill(blank: Form, parameters: Mapping[str, Any], source: Path, output: Path | None) -> Any:
    """Fill in parameters, and where the notebook comes from and goes to."""
    node = pickle.loads(blank.pickled)  # noqa: S301 - see Form
    if parameters:
        place = find_first_tagged_cell_index(node, "injected-parameters")
        node.cells[place].source = translate_parameters(blank.kernel, blank.language, parameters, "Parameters")
        node.metadata.papermill["parameters"] = dict(parameters)
    return prepare_notebook_metadata(node, str(source), str(output) if output else None)


def literal(path: Path | str) -> str:
    """Write a path so that papermill, which fills {parameters} into paths, leaves it as it is.

    >>> literal("{unit} card.ipynb")
    '{{unit}} card.ipynb'
    """
    return str(path).replace("{", "{{").replace("}", "}}")
