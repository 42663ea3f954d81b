"""The tuning screen opened in JupyterLab: the run it needs, a copy of its notebook set to that run, a server for this machine."""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from fengqiao_eval.errors import UsageError, refuse
from fengqiao_eval.files import write_whole
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job, find_notebooks
from fengqiao_eval.runs.params import project_folder
from fengqiao_eval.runs.reopen import parameters
from fengqiao_eval.runs.run import Made, run
from fengqiao_eval.words import say

NOTEBOOK = "tune_weights.ipynb"

SCORED_BY = ("period", "as_of", "records", "tables", "scheme", "overrides", "levels")
"""The parameters on which the scores of a run rest."""

QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""A closed network has neither news nor updates."""

CHINESE = {"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}


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


def write_notebook(params: Path, scored: Run) -> Path:
    """Write the notebook beside a run, set to it; it is written anew each time, holds no result and folds its code away.

    Raises UsageError where neither the project nor the package has it.
    """
    source = find_notebooks(project_folder(params), NOTEBOOK) / NOTEBOOK
    told = {"run": scored.path.name, "lang": scored.manifest["lang"]}
    notebook = load_notebook_node(str(source))
    for cell in notebook.cells:  # the outputs that its readers keep go, and the screen stands at the top of the page
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata["jupyter"] = {"source_hidden": True}
    notebook = parameterize_notebook(notebook, told)
    path = scored.path.parent / f"tune-{scored.path.name}.ipynb"
    write_whole(path, nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
    return path


def serve(notebook: Path, lang: str, port: int | None = None, *, browser: bool = True) -> None:
    """Open JupyterLab on a notebook, for this machine only, until it is stopped.

    Its page speaks Chinese where lang is zh, unless its user chose another language in it.
    """
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second, and only here

    with TemporaryDirectory(prefix="fengqiao-") as folder:
        settings = Path(folder) / "overrides.json"
        settings.write_text(json.dumps(QUIET | (CHINESE if lang == "zh" else {})), "utf-8")
        LabApp.launch_instance([*jupyter_arguments(notebook, port, browser=browser), f"--LabApp.app_settings_dir={folder}"])


def jupyter_arguments(notebook: Path, port: int | None = None, *, browser: bool = True) -> list[str]:
    """List what JupyterLab is told.

    >>> jupyter_arguments(Path("runs/tune-demo.ipynb"), 8890, browser=False)[-3:]
    ['--LabApp.default_url=/lab/tree/tune-demo.ipynb', '--port=8890', '--no-browser']
    """
    told = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={notebook.parent.absolute()}", "--LabApp.news_url=None"]
    told += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"]
    told += ["--KernelManager.transport=ipc"] if sys.platform != "win32" else []
    told += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    told += [f"--LabApp.default_url=/lab/tree/{notebook.name}"]
    return [*told, *([f"--port={port}"] if port else []), *([] if browser else ["--no-browser"])]
