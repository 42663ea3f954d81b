"""JupyterLab for one person on this machine: on copies of the templates, or on the tuning screen of a run."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import nbformat
from jupyter_core.paths import jupyter_runtime_dir
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from fengqiao_eval.engine.processes import LONGEST_SOCKET_FOLDER, socket_folder
from fengqiao_eval.errors import UsageError, refuse
from fengqiao_eval.files import temporary_folder, write_whole
from fengqiao_eval.pages.colours import figure_colours
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job
from fengqiao_eval.runs.reopen import parameters
from fengqiao_eval.runs.run import Made, run
from fengqiao_eval.runs.templates import cell_prints, fresh_copy, list_templates
from fengqiao_eval.words import language, say

QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""A closed network has neither news nor updates."""

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}

LEFT_OUT = {"disabledExtensions": {"@jupyterlab/extensionmanager-extension": True}}
"""What would install from elsewhere."""

HOST = "127.0.0.1"
"""The address of this machine for itself, which no other machine reaches."""

LAUNCHER = "fengqiao-launcher"
"""Our part of JupyterLab: its first page offers a new notebook from each template."""


def check_port(port: int | None) -> None:
    """Refuse a port that JupyterLab could not have: it would take another one without a word. None: it finds one."""
    if port is None:
        return
    with socket.socket() as trial:
        if os.name != "nt":  # as JupyterLab does: what was closed a moment ago is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except PermissionError:
            raise UsageError("tune.port", port=port, why=say("tune.port_denied"), other=_other_port()) from None
        except OSError:
            raise UsageError("tune.port", port=port, why=say("tune.port_taken"), other=_other_port()) from None


def _other_port() -> int:
    """Find a port that is free."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def serve(
    folder: Path, templates: Path, runs: Path, lang: str, port: int | None = None, notebook: str = "", *, browser: bool = True
) -> None:
    """Open JupyterLab on a folder, or on a notebook in it, for this machine only, until it is stopped.

    Its page speaks Chinese where lang is zh, unless its user chose another language in it.
    """
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second, and only here

    with temporary_folder(socket_folder()) as settings:
        place = str(settings)
        if len(jupyter_runtime_dir()) > LONGEST_SOCKET_FOLDER:  # as in a home with a long name: no kernel would start
            os.environ["JUPYTER_RUNTIME_DIR"] = f"{place}/run"
        _write_json(settings / "overrides.json", QUIET | (CHINESE if lang == "zh" else {}))
        _write_json(settings / "page_config.json", LEFT_OUT)
        write_launcher(settings / LAUNCHER, templates, folder, runs, lang, notebook)
        told = [f"--LabApp.app_settings_dir={place}", f"--LabServerApp.extra_labextensions_path={place}"]
        LabApp.launch_instance([*jupyter_arguments(folder, port, notebook, browser=browser), *told])


def jupyter_arguments(folder: Path, port: int | None = None, notebook: str = "", *, browser: bool = True) -> list[str]:
    """List what JupyterLab is told.

    >>> jupyter_arguments(Path("my_notebooks"), 8890, "tune-demo.ipynb", browser=False)[-3:]
    ['--LabApp.default_url=/lab/tree/tune-demo.ipynb', '--port=8890', '--no-browser']
    """
    told = [f"--ServerApp.ip={HOST}", f"--ServerApp.root_dir={folder.absolute()}", "--LabApp.news_url=None"]
    told += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"]
    told += ["--KernelManager.transport=ipc"] if sys.platform != "win32" else []
    told += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    told += [f"--LabApp.default_url=/lab{f'/tree/{quote(notebook)}' if notebook else ''}"]
    return [*told, *([f"--port={port}"] if port else []), *([] if browser else ["--no-browser"])]


def write_launcher(place: Path, templates: Path, folder: Path, runs: Path, lang: str, opened: str = "") -> None:
    """Write our part of JupyterLab as it loads one: a description, a script, and the templates as they are copied to a folder.

    opened: the notebook that is run when it is shown; this server's own, so that none that came from elsewhere runs by itself.
    """
    static = place / "static"
    static.mkdir(parents=True)
    build = {"load": "static/launcher.js", "extension": "./extension"}
    _write_json(place / "package.json", {"name": LAUNCHER, "version": "1", "jupyterlab": {"extension": True, "_build": build}})
    (static / "launcher.js").write_text(files(__package__).joinpath("launcher.js").read_text("utf-8"), "utf-8")
    offers = [
        {"name": path.stem, "label": _title(copy := fresh_copy(path, folder, runs), path), "notebook": copy}
        for path in list_templates(templates)
    ]
    told = {"category": say("lab.new", lang), "templates": offers, "opened": opened, "style": figure_colours()}
    _write_json(static / "templates.json", told)


def _title(notebook: dict[str, list[dict[str, str]]], path: Path) -> str:
    """Give the heading of a notebook, else its file's name."""
    first = "".join(notebook["cells"][0]["source"]) if notebook["cells"] else ""
    return first.splitlines()[0].removeprefix("# ") if first.startswith("# ") else path.stem


def _write_json(path: Path, told: object) -> None:
    path.write_text(json.dumps(told), "utf-8")


# The tuning screen

NOTEBOOK = "tune_weights.ipynb"

SCORED_BY = ("period", "as_of", "records", "tables", "repair", "scheme", "overrides", "levels")
"""The parameters on which the scores of a run rest."""


def run_to_tune(job: Job) -> tuple[Run, Made | None]:
    """Find the run of a params file, its latest correction where it was final, and score it where there is none.

    Returns the run, and how it was made (None: it was there). Raises InputError; UsageError where the run there was scored
    from something else than is asked for: cards may lie in it, so it is not replaced.
    """
    refuse(job.given[1])
    if job.newest is None:
        made = run(job)
        return open_run(made.folder), made
    found = open_run(job.newest)
    then, same_scheme = parameters(found), found.manifest["fingerprints"]["scheme"] == manifest.fingerprint_scheme(job.params)
    others = [key for key in SCORED_BY if getattr(then, key) != getattr(job.params, key) or (key == "scheme" and not same_scheme)]
    if others:
        raise UsageError("tune.other_run", run=found.path.name, keys=say("explain.comma").join(others))
    return found, None


def screen_language(job: Job) -> str:
    """Name the language of the screen: that of --set lang, else of FENGQIAO_LANG as for messages, else of the params file."""
    stated = any(each.partition("=")[0].strip() == "lang" for each in job.sets)
    return job.params.lang if stated or not os.environ.get("FENGQIAO_LANG") else language()


def write_notebook(templates: Path, folder: Path, scored: Run, given: Mapping[str, str]) -> Path:
    """Write the notebook of a run into a folder of its user's, or set the copy that is there to the run: its cells stay.

    given: parameters of the first view, lang among them, in which the prose of a new one is. It holds no result, and the code of
    a new one is folded away. Raises UsageError where what lies there is no notebook.
    """
    path = folder / f"tune-{scored.path.name}.ipynb"
    fresh = path.is_symlink() or not path.exists()
    if fresh:
        write_whole(path, json.dumps(fresh_copy(templates / NOTEBOOK, folder, scored.path.parent)))
    if not cell_prints(path):
        raise UsageError("not_a_notebook", given=path)
    notebook = load_notebook_node(str(path))
    for cell in notebook.cells if fresh else ():
        cell.source = cell.metadata.get("fengqiao", {}).get(given["lang"], cell.source)
    told = {"run": Path(os.path.relpath(scored.path, folder)).as_posix(), **given}
    notebook = parameterize_notebook(notebook, told)
    for cell in notebook.cells:  # the outputs that its readers keep go, and the code of what is ours is folded away
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if fresh or "injected-parameters" in cell.metadata.get("tags", ()):
                cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    write_whole(path, nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
    return path
