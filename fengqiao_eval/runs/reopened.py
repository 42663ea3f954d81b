"""A finished run opened again, with the records that it was made of."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd

from fengqiao_eval.errors import InputError, UsageError
from fengqiao_eval.records.store import open_records
from fengqiao_eval.runs import explain, explain_entry, manifest
from fengqiao_eval.runs.choice import near
from fengqiao_eval.runs.params import PATHS, RunParams, located
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.scoring.trace import trace
from fengqiao_eval.words import say

STANDS = ("source", "checked_by")
"""What says of a notice on what it rests, and who stands for it."""


def explained(given: Path, unit_id: str, indicator: str | None, lang: str) -> list[str]:
    """Explain a unit's total, or one of its indicators or lines outside the hundred with the records behind it.

    Raises UsageError for an unknown run, unit or indicator.
    """
    run = find_run(given)
    if indicator is None:
        return explain.total_lines(run, unit_id, lang)
    _, found = explain.find_entry(run.scheme, indicator, lang)
    explain.rank_row(run, unit_id)
    params = parameters(run)
    try:
        behind = _behind(run, params, found, unit_id)
    except InputError as error:
        lines = explain_entry.entry_lines(run, unit_id, indicator, None, lang)
        return [*lines, say("explain.gone", lang, where=params.records), *(fault.text(lang) for fault in error.faults)]
    return [*_changed(run, params, lang), *explain_entry.entry_lines(run, unit_id, indicator, behind, lang)]


def find_run(given: Path) -> Run:
    """Open a run by its folder, by the file `latest`, or by its name in runs/.

    Raises UsageError naming near ones.
    """
    place = next(
        (place for place in (given, Path("runs") / given) if place.is_file() or (place / "manifest.json").is_file()), None
    )
    if place is None:
        known = [path.parent.name for path in Path("runs").glob("*/manifest.json")]
        raise UsageError("which_run", given=given, known=near(str(given), known) or "—")
    return open_run(place)


def parameters(run: Run) -> RunParams:
    """Read the parameters of a run again, its paths made absolute."""
    path = run.path / "manifest.json"
    given = json.loads(path.read_text("utf-8"), parse_float=Decimal)["parameters"]
    params = RunParams.model_validate(given)
    here = run.path.absolute()
    return params.model_copy(update={key: located(value, here) for key in PATHS if (value := getattr(params, key))})


def _behind(run: Run, params: RunParams, entry: Entry, unit_id: str) -> pd.DataFrame:
    """List the records behind an entry; of notices with their source and who checked them, never the reason."""
    records = open_records(Path(params.records), params.tables, params.timezone)
    found = trace(records, run.scheme, entry, unit_id, params.span, params.moment)
    if getattr(entry.measure, "table", "") != "notices" or found.empty:
        return found
    notices = records.tables["notices"]
    known = [name for name in STANDS if name in notices.columns]
    told = notices.filter(notices.notice_id.isin(list(found["record_id"]))).select("notice_id", *known).to_pandas()
    return found.merge(told, how="left", left_on="record_id", right_on="notice_id")


def _changed(run: Run, params: RunParams, lang: str) -> Iterator[str]:
    """Say which files of the records are not what they were."""
    before, now = run.manifest["fingerprints"]["records"], manifest.of_records(params)
    files = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if files:
        yield say("explain.changed", lang, files=say("explain.comma", lang).join(files))
