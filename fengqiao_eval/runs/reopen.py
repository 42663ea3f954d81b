"""A finished run opened again: explained with the records it was made of, or compared with another."""

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pandas as pd

from fengqiao_eval.documents import similar_ids
from fengqiao_eval.errors import OFFICER, InputError, UsageError
from fengqiao_eval.files import file_name, write_whole
from fengqiao_eval.measuring.drilldown import trace
from fengqiao_eval.pages import comparison, explain
from fengqiao_eval.records.store import open_records
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.params import PATHS, RunParams, absolute_path
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.words import say

STANDS = ("source", "checked_by")
"""What says of a notice on what it rests, and who stands for it."""


def explain_unit(given: Path, unit_id: str, indicator: str | None, lang: str) -> list[str]:
    """Explain a unit's total, or one of its indicators or lines outside the hundred with the records behind it.

    Raises UsageError for an unknown run, unit or indicator.
    """
    run = find_run(given)
    if indicator is None:
        return explain.total_lines(run, unit_id, lang)
    _, found = explain.find_entry(run.scheme, indicator, lang)
    params, _ = parameters(run), explain.Question(run, unit_id, lang).rank
    try:
        behind = _entry_records(run, params, found, unit_id)
    except InputError as error:
        lines = explain.entry_lines(run, unit_id, indicator, None, lang)
        return [*lines, say("explain.gone", lang, where=params.records), *(fault.text(lang) for fault in error.faults)]
    return [*changed_records(run, params, lang), *explain.entry_lines(run, unit_id, indicator, behind, lang)]


def changed_records(run: Run, params: RunParams, lang: str) -> list[str]:
    """Say which files of the records are not what they were when the run was made; nothing where all are."""
    before, now = run.manifest["fingerprints"]["records"], manifest.fingerprint_records(params)
    files = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [say("explain.changed", lang, files=say("explain.comma", lang).join(files))] if files else []


def find_run(given: Path) -> Run:
    """Open a run by its folder, by the file `latest`, or by its name in runs/.

    Raises UsageError naming near ones.
    """
    for place in (given, Path("runs") / given):
        if place.is_file() or (place / "manifest.json").is_file():
            return open_run(place)
    known = [path.parent.name for path in Path("runs").glob("*/manifest.json")]
    raise UsageError("which_run", given=given, known=similar_ids(str(given), known) or "—")


def parameters(run: Run) -> RunParams:
    """Read the parameters of a run again, its paths made absolute."""
    given = json.loads((run.path / "manifest.json").read_text("utf-8"), parse_float=Decimal)["parameters"]
    with suppress(OSError):  # who may not look into officer/ does without the words that name persons
        theirs = json.loads((run.path / OFFICER / "manifest.json").read_text("utf-8"), parse_float=Decimal)
        for table, columns in theirs.get("words", {}).items():
            for column, words in columns.items():
                given["tables"][table]["values"][column] |= words
    params = RunParams.model_validate(given)
    here = run.path.absolute()
    return params.model_copy(update={key: absolute_path(value, here) for key in PATHS if (value := getattr(params, key))})


def _entry_records(run: Run, params: RunParams, entry: Entry, unit_id: str) -> pd.DataFrame:
    """List the records behind an entry; of notices with their source and who checked them, never the reason."""
    records = open_records(Path(params.records), params.tables, params.timezone, unknown=params.unknown_units)
    found = trace(records, run.scheme, entry, unit_id, params.span, params.moment)
    if getattr(entry.measure, "table", "") != "notices" or found.empty:
        return found
    notices = records.tables["notices"]
    known = [name for name in STANDS if name in notices.columns]
    told = notices.filter(notices.notice_id.isin(list(found["record_id"]))).select("notice_id", *known).to_pandas()
    return found.merge(told, how="left", left_on="record_id", right_on="notice_id")


# Two finished runs compared: lines for the console, and a page beside the runs, which are never written to.


def compare_runs(before: Path, after: Path, out: Path | None, lang: str) -> tuple[list[str], Path]:
    """Compare two runs: folders, names in runs/, or `latest`; write the page and return the lines with the page's path.

    Raises UsageError for an unknown run, for one run given twice, and for an `out` inside a run or that is no .html file.
    """
    runs = find_run(before), find_run(after)
    folders = [run.path.resolve() for run in runs]
    if folders[0] == folders[1]:
        raise UsageError("compare.same", run=runs[0].manifest["run"])
    names = (file_name(str(run.manifest["run"])) for run in runs)
    page = out or Path("-".join(["compare", *names]) + ".html")
    if page.suffix != ".html" or any(page.resolve().is_relative_to(folder) for folder in folders):
        raise UsageError("compare.out", given=page)
    found = comparison.compare(*runs, lang)
    said = list(comparison.console_lines(found))
    page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(page, comparison.page(found))
    return said, page
