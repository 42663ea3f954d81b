"""The tuning screen opened in JupyterLab: the run it needs, and a working copy of its notebook set to that run."""

import json
import os
from pathlib import Path

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from fengqiao_eval.errors import UsageError, refuse
from fengqiao_eval.files import write_whole
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job
from fengqiao_eval.runs.reopen import parameters
from fengqiao_eval.runs.run import Made, run
from fengqiao_eval.runs.templates import fresh_copy
from fengqiao_eval.words import say

NOTEBOOK = "tune_weights.ipynb"

SCORED_BY = ("period", "as_of", "records", "tables", "scheme", "overrides", "levels")
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


def write_notebook(templates: Path, folder: Path, scored: Run) -> Path:
    """Write the notebook of a run into a folder of its user's, or set the copy that is there to the run: its cells stay.

    It holds no result, and its code is folded away.
    """
    path = folder / f"tune-{scored.path.name}.ipynb"
    if not path.exists():
        write_whole(path, json.dumps(fresh_copy(templates / NOTEBOOK, folder)))
    notebook = load_notebook_node(str(path))
    for cell in notebook.cells:  # the outputs that its readers keep go, and the screen stands at the top of the page
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    told = {"run": Path(os.path.relpath(scored.path, folder)).as_posix(), "lang": scored.manifest["lang"]}
    notebook = parameterize_notebook(notebook, told)
    write_whole(path, nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
    return path
