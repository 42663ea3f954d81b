"""A finished run opened again: explained with the records it was made of, or compared with another."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from fengqiao_eval.documents import similar_ids
from fengqiao_eval.errors import OFFICER, Fault, InputError, UsageError
from fengqiao_eval.files import file_name, write_whole
from fengqiao_eval.measuring.drilldown import trace
from fengqiao_eval.pages import comparison, explain
from fengqiao_eval.records.store import open_records
from fengqiao_eval.results import seal
from fengqiao_eval.results.hierarchy import find_unit
from fengqiao_eval.results.run import Run, latest_run, open_run
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.params import PATHS, RunParams, absolute_path
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.words import say

STANDS = ("source", "checked_by")
"""What says of a notice on what it rests, and who stands for it."""


def explain_unit(given: Path, unit: str, indicator: str | None, lang: str, *, whole: bool = False) -> list[str]:
    """Explain a unit's total, or one of its indicators or lines outside the hundred with the records behind it.

    unit: its id, or its name where no other unit has it; whole: all records are listed, and not the first hundred.
    Raises UsageError for an unknown run, unit or indicator.
    """
    run, told = find_run(given), seal_lines(given, lang)
    unit_id = find_unit(run, unit)
    if indicator is None:
        return [*told, *explain.total_lines(run, unit_id, lang)]
    _, found = explain.find_entry(run.scheme, indicator, lang)
    params, _ = parameters(run), explain.Question(run, unit_id, lang).rank
    try:
        behind = _entry_records(run, params, found, unit_id, None if whole else explain.MOST)
    except InputError as error:
        lines = explain.entry_lines(run, unit_id, indicator, None, lang)
        return [*told, *lines, say("explain.gone", lang, where=params.place), *(fault.text(lang) for fault in error.faults)]
    most = None if whole else explain.MOST
    return [*told, *changed_records(run, params, lang), *explain.entry_lines(run, unit_id, indicator, behind, lang, most)]


def changed_records(run: Run, params: RunParams, lang: str) -> list[str]:
    """Say which files of the records are not what they were when the run was made; nothing where all are."""
    before, now = run.manifest["fingerprints"]["records"], manifest.fingerprint_records(params)
    files = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [say("explain.changed", lang, files=say("explain.comma", lang).join(files))] if files else []


def verify_run(given: Path, lang: str) -> list[str]:
    """Say that a final run is as it was sealed, every file of it; or that a program made it that did not seal.

    Raises InputError with the first file that differs, or the line at which the chain of the ledger breaks; UsageError for a
    draft, which has no seal, and for an unknown run.
    """
    found = seal.check(_find_folder(given), every=True)
    if found.key == "draft":
        raise UsageError("verify.draft", run=found.given["run"])
    if found.key != "whole":  # whoever goes on after exit 0 must not take it for checked
        raise InputError([Fault(found.given["run"], "", f"seal.{found.key}", {"run": found.given["run"]})])
    return [say("seal.whole", lang, **found.given)]


def seal_lines(given: Path, lang: str) -> list[str]:
    """Say where the seal of a final run cannot be checked; nothing where it is whole, or where there is none."""
    found = seal.hold(_find_folder(given))
    return [say(f"fault.seal.{found.key}", lang, **found.given)] if found.key in ("older", "closed") else []


def find_run(given: Path) -> Run:
    """Open a run by its folder, by the file `latest`, or by its name in runs/.

    Raises UsageError naming near ones, InputError where its seal is broken: every file is looked at, but by who may not read what
    is of officers, of whom frames and scheme alone are asked.
    """
    folder = _find_folder(given)
    seal.check(folder, every=os.access(folder / OFFICER, os.R_OK | os.X_OK))
    return open_run(folder)


def _find_folder(given: Path) -> Path:
    """Find the folder of a run by its path, by the file `latest`, or by its name in runs/; one that was sealed may be gone."""
    for place in (given, Path("runs") / given):
        named = latest_run(place) if place.is_file() else place
        folder = Path(os.path.abspath(named))  # noqa: PTH100 - resolve() would follow a link to where its ledger is not
        if (folder / seal.MANIFEST).is_file() or folder.name in seal.read_ledger(folder.parent):
            return folder
    known = [path.parent.name for path in Path("runs").glob("*/manifest.json")]
    raise UsageError("which_run", given=given, known=similar_ids(str(given), known) or "—")


def parameters(run: Run) -> RunParams:
    """Read the parameters of a run again, its paths made absolute."""
    try:
        params = RunParams.model_validate(_given_parameters(run.path))
    except (ValidationError, LookupError, TypeError, AttributeError):
        raise UsageError("torn_run", given=seal.MANIFEST, run=run.path) from None
    here = run.path.absolute()
    return params.model_copy(update={key: absolute_path(value, here) for key in PATHS if (value := getattr(params, key))})


def _given_parameters(folder: Path) -> dict[str, Any]:
    """Put together the parameters of a run; who may not look into officer/ does without the words that name persons."""
    given: dict[str, Any] = _read_json(folder / seal.MANIFEST)["parameters"]
    with suppress(OSError):
        theirs = _read_json(folder / OFFICER / seal.MANIFEST)
        for table, columns in theirs.get("words", {}).items():
            for column, words in columns.items():
                given["tables"][table]["values"][column] |= words
        for table, constants in theirs.get("constants", {}).items():
            given["tables"][table]["set"] |= constants
    return given


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("torn_run", given=path.name, run=path.parent)
    return found


def _entry_records(run: Run, params: RunParams, entry: Entry, unit_id: str, most: int | None) -> pd.DataFrame:
    """List the records behind an entry, at most so many; of notices with their source and who checked them, never the reason."""
    records = open_records(params.where, params.tables, params.timezone, unknown=params.unknown_units, repair=params.repair)
    found = trace(records, run.scheme, entry, unit_id, params.span, params.moment, most)
    if getattr(entry.measure, "table", "") != "notices" or found.empty:
        return found
    notices = records.tables["notices"]
    known = [name for name in STANDS if name in notices.columns]
    told = notices.filter(notices.notice_id.isin(list(found["record_id"]))).select("notice_id", *known).to_pandas()
    joined = found.merge(told, how="left", left_on="record_id", right_on="notice_id")
    joined.attrs = found.attrs
    return joined


# Two finished runs compared: lines for the console, and a page beside the runs, which are never written to.


def compare_runs(before: Path, after: Path, out: Path | None, lang: str) -> tuple[list[str], Path, bool]:
    """Compare two runs: folders, names in runs/, or `latest`; write the page and return the lines and its path.

    Whether another page of a comparison stood there comes with them.
    Raises UsageError for an unknown run, for one run given twice, and for an `out` inside a run, that is no .html file, or where
    something else than the page of a comparison stands.
    """
    runs = find_run(before), find_run(after)
    told = [line for given in (before, after) for line in seal_lines(given, lang)]
    folders = [run.path.resolve() for run in runs]
    if folders[0] == folders[1]:
        raise UsageError("compare.same", run=runs[0].manifest["run"])
    page = out or Path("-".join(["compare", *_run_names(runs)]) + ".html")
    if page.suffix != ".html" or any(page.resolve().is_relative_to(folder) for folder in folders):
        raise UsageError("compare.out", given=page)
    if (stood := os.path.lexists(page)) and not comparison.is_page(page):
        raise UsageError("compare.taken", given=page)
    found = comparison.compare(*runs, lang)
    said = [*told, *comparison.console_lines(found)]
    page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(page, comparison.page(found, page.parent))
    return said, page, stood


def _run_names(runs: Sequence[Run]) -> list[str]:
    """Name both runs for a file: by run, else by folder, else with the folder above, so that other runs have another file."""
    every = (
        [str(run.manifest["run"]) for run in runs],
        [run.path.name for run in runs],
        [f"{run.path.parent.name}-{run.path.name}" for run in runs],
    )
    return [file_name(name) for name in next((names for names in every if len(set(names)) > 1), every[-1])]
