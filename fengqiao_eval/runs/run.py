"""A run from its params file to its folder, stage by stage: what is done already stays done, whatever stopped it."""

import errno
import gc
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fengqiao_eval.engine.card_job import CardJob, Failure
from fengqiao_eval.engine.pool import print_cards
from fengqiao_eval.errors import OFFICER, FengqiaoError, FullDiskError, Note
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import log, manifest, prepare, resume
from fengqiao_eval.runs.job import Job, units
from fengqiao_eval.runs.lock import hold_lock
from fengqiao_eval.runs.params import RunParams, project_folder, run_name
from fengqiao_eval.runs.prepare import Order, find_notebooks
from fengqiao_eval.runs.resume import latest_changes
from fengqiao_eval.words import say

# What ends a run before its end: logged, and a full disk said in plain words.


FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk without room is called, and a user without any left of theirs."""


_MEGABYTE = 2**20


_SHARED = 16 * _MEGABYTE
"""What the pages of a whole run take, scripts and workbooks among them."""


_CARD = 48 * 2**10
"""What a card takes with its list of records."""


@contextmanager
def log_refusals(params: RunParams | None, order: Order) -> Iterator[None]:
    """Log what a run is refused with, or stopped by, and say a full disk in plain words (FullDiskError)."""
    out = Path(params.out) if params else None
    base = run_name(order.path, params) if params and params.period else order.path.stem
    logged = log.Log(out / log.NAME, base, params.timezone) if params and out else None
    try:
        try:
            yield
        except Exception as error:
            if out is None or isinstance(error, FengqiaoError) or not (cause := _disk_full_cause(error)):
                raise
            raise FullDiskError(_disk_full_words(cause, out, run_folder.part_of(out, base))) from error
    except FengqiaoError as error:
        if logged:
            logged.write("refused", exit=error.exit_code, faults=log.heads(error))
        raise
    except KeyboardInterrupt:
        if logged:
            logged.write("stopped")
        raise


def _disk_full_cause(error: BaseException | None) -> BaseException | None:
    """Find what says that the disk is full, in an exception or in what caused it; some libraries only quote the system."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or any(os.strerror(code) in str(error) for code in FULL):
            return error
        error = error.__cause__ or error.__context__
    return None


def _disk_full_words(cause: BaseException, out: Path, part: Path) -> str:
    """Say which folder is full, what it has left, about what the run still needs, and where what is done is kept."""
    named = getattr(cause, "filename", None)
    folder = Path(os.fsdecode(named)).parent if isinstance(named, (str, bytes)) and named else out
    place = next(place for place in (folder, *folder.parents) if place.is_dir())
    free, needed = shutil.disk_usage(place).free // _MEGABYTE, _space_needed(part) // _MEGABYTE
    return say("run.disk_full", folder=folder, free=free, needed=needed, kept=part)


def _space_needed(part: Path) -> int:
    """Reckon what is still to be written, roughly and rather too much: bytes."""
    told = run_folder.read_manifest(part)
    cards = sum(told.get("units", {}).values()) + told.get("officers", 0) - sum(1 for _ in part.rglob("*.html"))
    return _SHARED + _CARD * max(cards, 0)


def resource_usage() -> dict[str, float]:
    """Give what this process and those it started took so far: cpu in seconds, peak in megabytes; nothing on Windows."""
    if sys.platform == "win32":
        return {}
    import resource  # noqa: PLC0415 - Windows has none

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = _MEGABYTE if sys.platform == "darwin" else 2**10  # what macOS counts in bytes, Linux counts in kilobytes
    cpu = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    return {"cpu": cpu, "peak": round(used[0].ru_maxrss / unit), "peak_of_children": round(used[1].ru_maxrss / unit)}


# What is written once a run, after its cards: assets, the one screen, the index of officers, the workbooks.


WORKBOOK = "one_table.xlsx"


def write_pages(folder: Path, lang: str) -> None:
    """Write the pages that speak of the whole run; those of officers into officer/ only."""
    from fengqiao_eval.pages import comparison, run_screen  # noqa: PLC0415 - plotly is loaded only where pages are written
    from fengqiao_eval.pages.page import write_assets  # noqa: PLC0415 - see above
    from fengqiao_eval.workbooks.results import write_workbook  # noqa: PLC0415 - xlsxwriter likewise

    write_assets(folder / "assets")
    run_screen.write(
        folder, lang, [line.strip() for line in comparison.change_lines(run_folder.read_manifest(folder)["since"], lang)]
    )
    write_workbook(folder, folder / WORKBOOK, lang)
    if (folder / OFFICER).is_dir():
        run_screen.officer_index(folder, lang)
        write_workbook(folder, folder / OFFICER / WORKBOOK, lang, officers=True)


# The manifest of a run that is being made: begun when its frames are there, closed when all is done.


def begin_manifest(job: Job, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of frames that are all there: from now on a run that is killed goes on after them.

    Besides what a scoring tells (manifest.told) it holds: since (see changes.since); engine; keys, the fingerprints of all that
    frames and cards rest on; frames, path -> SHA-256; pages, the paths of what speaks of the whole run; seconds.
    """
    every = units(job.part)
    persons = set(every.loc[every["level"] == OFFICER, "unit_id"])
    keys = {"frames": job.frames_key, "cards": job.cards_key(job.name, job.corrects)}
    told = manifest.new_manifest(job.name, job.corrects, job.params, facts, persons) | {
        "made_at": _now(job.params),
        "seconds": 0,
        "since": {},
        "parameters": manifest.parameters(job.params, job.out / job.name, persons),
        "fingerprints": job.prints,
        "packages": manifest.packages(),
        "engine": job.order.engine,
        "keys": keys,
        "frames": run_folder.fingerprints(job.part),
        "pages": [],
    }
    manifest.write(job.part / "manifest.json", told)
    return told


def _now(params: RunParams) -> datetime:
    return datetime.now(ZoneInfo(params.timezone)).replace(tzinfo=None, microsecond=0)


def close_manifest(job: Job, told: Mapping[str, Any], stand: Sequence[CardJob], failures: Sequence[Failure]) -> None:
    """Write the manifest for good, and that of the officers beside their cards."""
    ids: dict[str, list[str]] = {}
    for card in stand:
        ids.setdefault(card.level, []).append(card.unit_id)
    theirs = [vars(failure) for failure in failures if failure.level == OFFICER]
    others = [vars(failure) for failure in failures if failure.level != OFFICER]
    cards = {level: those for level, those in ids.items() if level != OFFICER}
    failed = {"cards": cards, "failures": others, "officers_failed": len(theirs)}
    manifest.write(job.part / "manifest.json", {**told, **failed, "made_at": _now(job.params)})
    if (job.part / OFFICER).is_dir():
        lines = {"run": job.name, "only": job.params.only, "cards": ids.get(OFFICER, []), "failures": theirs}
        manifest.write(job.part / OFFICER / "manifest.json", lines)


# A run from its params file to its folder, stage by stage: what is done already stays done, whatever stopped it.


@dataclass(frozen=True)
class Made:
    """A run in its place, as its manifest tells it, and what this call did for it."""

    folder: Path
    corrects: str | None
    """The final run that it corrects."""
    params: RunParams
    units: Mapping[str, int]
    """How many units of each level were scored, officers among them."""
    notes: tuple[Note, ...]
    """What the reader must be told."""
    stops: int
    """How many findings say that something must not be scored."""
    printed: Mapping[str, int]
    """How many cards of each level were printed."""
    kept: Mapping[str, int]
    """How many cards of each level were there already."""
    failures: tuple[Failure, ...]
    seconds: float
    unchanged: bool = False
    """Whether there was nothing to do, so that nothing was touched."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What changed since the last run: see changes.since."""


def run(order: Order, *, cards: bool = True) -> Made:
    """Score and publish a run: frames, and unless told otherwise cards, one screen and workbooks.

    What an earlier call has done, even one that was killed, is taken over where it was made of the same. Cards that fail are
    told in the result, the others stand.

    Raises InputError, UsageError: then nothing is written. LockedError: another process is at it. FullDiskError: what is done
    is kept for the next call.
    """
    began = time.monotonic()
    given, faults = prepare.parameters(order)
    with log_refusals(given, order):
        params = prepare.require_sound(given, faults, str(order.path))
        notebooks = find_notebooks(project_folder(order.path)) if cards else None
        if order.pdf:
            _find_browser()
        base = run_name(order.path, params)
        with hold_lock(Path(params.out), base) as new:
            run_folder.put_right(Path(params.out), base)
            job = _job(order, params, notebooks, new=new)
            found = None if order.fresh else job.newest
            if found and resume.is_up_to_date(found, job):
                return _report_unchanged(found, job, began)
            return _make(job, began)


def _find_browser() -> None:
    from fengqiao_eval.engine.pdf import find_browser  # noqa: PLC0415 - only where a PDF is asked for

    find_browser()


def _job(order: Order, params: RunParams, notebooks: Path | None, *, new: bool) -> Job:
    name, corrects = run_folder.free_name(Path(params.out), run_name(order.path, params))
    return Job(order, params, notebooks, name, corrects, manifest.fingerprints(params, notebooks), new)


def _report_unchanged(folder: Path, job: Job, began: float) -> Made:
    """Tell of a run that holds all that is asked for; only a `latest` that is gone is written again, and remains are removed."""
    shutil.rmtree(job.part, ignore_errors=True)
    if not (job.out / run_folder.LATEST).is_file():
        run_folder.point(job.out, job.base, folder.name)
    told = run_folder.read_manifest(folder)
    kept = _count_cards(card for card in job.cards(folder, told["levels"]) if card.unit_id)
    made = replace(_run_result(folder, job, told, began), kept=kept, unchanged=True, changes={})
    replace(job, name=folder.name).log.write("unchanged", seconds=round(made.seconds, 1))
    return made


def _run_result(folder: Path, job: Job, told: Mapping[str, Any], began: float) -> Made:
    """Tell of a run by its manifest."""
    numbers = {**told["units"], OFFICER: told["officers"]}
    notes = tuple(Note(note["key"], note["given"]) for note in told["notes"])
    stops = sum(one["level"] == "stop" for one in told["lint"])
    scored = {level: numbers[level] for level in told["levels"] if numbers.get(level)}
    seconds = time.monotonic() - began
    return Made(folder, told["corrects"], job.params, scored, notes, stops, {}, {}, (), seconds, changes=told["since"])


def _make(job: Job, began: float) -> Made:
    """Do what is still to do, aside, and let the run take its place."""
    if not job.new:
        job.log.write("started")
    told = _frames(job)
    wanted = job.cards(job.part, told["levels"])
    kept = [card for card in wanted if resume.is_printed(card)]
    failures = _print(job, wanted)
    told |= {"since": latest_changes(job)}  # not before: while cards are printed this process holds no frames
    manifest.write(job.part / "manifest.json", told)
    pages = _pages(job) if job.notebooks else []
    failures = (*failures, *(_print_pdfs(job, wanted) if job.order.pdf else ()))  # figures need the assets written just now
    failed = {(failure.level, failure.unit_id) for failure in failures}
    stand = [card for card in wanted if card.unit_id and (card.level, card.unit_id) not in failed]
    close_manifest(job, told | {"pages": pages, "seconds": round(time.monotonic() - began, 1)}, stand, failures)
    run_folder.appear(job.out, job.base, job.name)
    there = set(kept)
    made = replace(
        _run_result(job.out / job.name, job, told, began),
        printed=_count_cards(card for card in stand if card not in there),
        kept=_count_cards(card for card in stand if card in there),
        failures=failures,
    )
    counts = {"printed": made.printed, "kept": made.kept, "failed": len(failures)}
    job.log.write("finished", **counts, seconds=round(made.seconds, 1), **resource_usage())
    return made


def _count_cards(cards: Iterable[CardJob]) -> dict[str, int]:
    found: dict[str, int] = {}
    for card in cards:
        found[card.level] = found.get(card.level, 0) + 1
    return found


def _frames(job: Job) -> dict[str, Any]:
    """Write the frames aside, or take them over; return the manifest, which is there from then on and says that they are."""
    began = time.monotonic()
    newest = None if job.order.fresh else job.newest
    source = next(
        (place for place in (job.part, newest) if place and not job.order.fresh and resume.has_frames(place, job)), None
    )
    told = begin_manifest(job, _take_over(job, source) if source else _score(job))
    if source is None:
        gc.collect()  # what was scored is let go before the cards
    if newest:
        resume.take_cards(newest, job, job.cards(job.part, told["levels"]))
    job.log.write("frames", kept=source is not None, seconds=round(time.monotonic() - began, 1))
    return told


def _score(job: Job) -> Mapping[str, Any]:
    """Score and write the frames; what they were made of is let go on leaving."""
    scored = prepare.score_params(job.params, (), str(job.order.path))
    if job.new:
        job.log.write("started")
    part = run_folder.create_part(job.part)
    run_folder.write_frames(part, *run_folder.split_officers(scored.scores))
    run_folder.write_scheme(part, scored.scheme)
    return scored.facts


def _take_over(job: Job, source: Path) -> Mapping[str, Any]:
    told = run_folder.read_manifest(source)
    job.cards(source, told["levels"])  # refuses a wrong `only` before anything is touched
    resume.take_frames(source, job)
    if source == job.part:
        resume.clear(job, job.cards(source, told["levels"]))
    return told


def _print(job: Job, wanted: Sequence[CardJob]) -> tuple[Failure, ...]:
    """Print the cards that are not done yet; return what failed."""

    def tell(_: CardJob, failure: Failure | None) -> None:
        if failure:
            _log_failure(job, failure)

    todo = [card for card in wanted if not resume.is_printed(card)]
    return print_cards(todo, job.order.workers, job.order.engine, done=tell)


def _log_failure(job: Job, failure: Failure) -> None:
    """Log a card that failed; of an officer's only the level."""
    unit = {} if failure.level == OFFICER else {"unit": failure.unit_id}
    job.log.write("card_failed", level=failure.level, **unit, cell=failure.cell, error=failure.error)


def _print_pdfs(job: Job, wanted: Sequence[CardJob]) -> list[Failure]:
    """Print the PDFs that are not there yet; return what failed."""
    from fengqiao_eval.engine.pdf import print_pdfs  # noqa: PLC0415 - only where a PDF is asked for

    todo = {card.page: card for card in wanted if resume.is_printed(card) and not resume.is_nonempty(resume.pdf_of(card))}
    failed = print_pdfs(list(todo), workers=job.order.workers) if todo else ()
    failures = [Failure(todo[page].unit_id, todo[page].level, None, "PDF", message) for page, message in failed]
    for failure in failures:
        _log_failure(job, failure)
    return failures


def _pages(job: Job) -> list[str]:
    """Write what speaks of the whole run; return the paths of its files."""
    before = {path for path in job.part.rglob("*") if path.is_file()}
    write_pages(job.part, job.params.lang)
    after = {path for path in job.part.rglob("*") if path.is_file()}
    return sorted(path.relative_to(job.part).as_posix() for path in after - before)
