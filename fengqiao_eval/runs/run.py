"""A run from its params file to its folder, stage by stage: what is done already stays done, whatever stopped it."""

import gc
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fengqiao_eval.engine.card_job import CardJob, Failure
from fengqiao_eval.engine.pool import print_cards
from fengqiao_eval.errors import OFFICER, Fault, FengqiaoError, FullDiskError, InputError, Note
from fengqiao_eval.files import FULL, find_refusal, refusal
from fengqiao_eval.pages import receipts
from fengqiao_eval.periods import parse
from fengqiao_eval.publication import PAGE
from fengqiao_eval.publication.breakdown import mark_asides
from fengqiao_eval.records.sources import Address, end_snapshot, one_snapshot
from fengqiao_eval.records.store import Records
from fengqiao_eval.results import seal
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.runs import log, manifest, resume
from fengqiao_eval.runs.job import Job
from fengqiao_eval.runs.lock import hold_lock
from fengqiao_eval.runs.params import RunParams, run_name
from fengqiao_eval.scheme.lint import Finding
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores
from fengqiao_eval.words import LANGUAGES, say

WORKBOOK = "one_table.xlsx"


@dataclass(frozen=True)
class Made:
    """A run in its place, as its manifest tells it, and what this call did for it: all that is said of it on the console.

    It stands beside Job because it is read when the job is over, and holds nothing by which a run is made.
    """

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
    seconds: float
    printed: Mapping[str, int] = field(default_factory=dict)
    """How many cards of each level were printed."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """How many cards of each level were there already."""
    gone: int = 0
    """How many pages of the run that stood here were not asked for this time, and are no more."""
    failures: tuple[Failure, ...] = ()
    templates: Sequence[Mapping[str, Any]] = ()
    """Which notebooks of cards differ from those shipped: see templates.find_differences."""
    unchanged: bool = False
    """Whether there was nothing to do, so that nothing was touched."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What changed since the last run: see pages.comparison.find_changes."""
    beside: Sequence[Mapping[str, str]] = ()
    """Other pages for the public that tell, by subtraction, what this run's keeps back: see _pages_beside."""


def run(job: Job) -> Made:
    """Score and publish a run: frames, and unless told otherwise cards, one screen and workbooks.

    What an earlier call has done, even one that was killed, is taken over where it was made of the same. Cards that fail are
    told in the result, the others stand.

    Raises InputError, UsageError: then nothing is written. LockedError: another process is at it. FullDiskError: what is done
    is kept for the next call.
    """
    with _log_end(job):
        _ = job.params, job.notebook_folder  # what is wrong with them is told before anything is touched
        if job.pdf:
            from fengqiao_eval.engine.pdf import find_browser  # noqa: PLC0415 - only where a PDF is asked for

            find_browser()
        with hold_lock(job.out, job.base) as new, one_snapshot():
            run_folder.check_owner(job.out, job.base)
            run_folder.put_right(job.out, job.base)
            run_folder.check_seals(job.out, job.base)
            newest = None if job.fresh else job.newest
            if newest and resume.is_up_to_date(newest, job):
                return _keep(newest, job)
            return _make(newest, job, new=new)


def _keep(folder: Path, job: Job) -> Made:
    """Tell of a run that holds all that is asked for; only a `latest` that is gone is written again, and remains are removed."""
    shutil.rmtree(job.part, ignore_errors=True)
    if not (job.out / run_folder.LATEST).is_file():
        run_folder.point(job.out, job.base, folder.name)
    told = run_folder.read_manifest(folder)
    kept = _count_cards(job.list_cards(folder, told["levels"]))
    made = replace(_result(folder, job, told), kept=kept, unchanged=True)
    replace(job.log, run=folder.name).write("unchanged", seconds=round(made.seconds, 1))
    return made


def _make(newest: Path | None, job: Job, *, new: bool) -> Made:
    """Do what is still to do, aside, and let the run take its place: frames, cards, changes, pages, PDFs, manifest, place."""
    if not new:
        job.log.write("started")
    told = _frames(newest, job, new=new)
    cards = job.list_cards(job.part, told["levels"])
    kept = set(filter(resume.is_printed, cards))
    todo = [card for card in cards if card not in kept]
    failures = print_cards(todo, job.workers, job.engine, done=lambda _, failure: _log_failure(job, failure))

    told |= {"since": resume.latest_changes(job)}  # not before: while cards are printed this process holds no frames
    manifest.write(job.part / "manifest.json", told)
    told |= {"pages": _pages(job), "public_beside": _pages_beside(job, told)}
    failures += _print_pdfs(job, cards) if job.pdf else ()  # figures need the assets written just now

    failed = {(failure.level, failure.unit_id) for failure in failures}
    stand = [card for card in cards if card.unit_id and (card.level, card.unit_id) not in failed]
    _close_manifest(job, told | {"seconds": round(time.monotonic() - job.began, 1)}, stand, failures)
    gone = len(_list_pages(newest) - _list_pages(job.part)) if newest and newest.name == job.names[0] else 0
    run_folder.appear(job.out, job.base, job.names[0])

    printed, kept_now = (_count_cards(card for card in stand if (card in kept) is there) for there in (False, True))
    made = _result(job.out / job.names[0], job, told)
    counts = {"printed": printed, "kept": kept_now, "failed": len(failures)}
    job.log.write("finished", **counts, seconds=round(made.seconds, 1), **log.resource_usage())
    return replace(made, printed=printed, kept=kept_now, gone=gone, failures=failures, changes=told["since"])


def _list_pages(folder: Path) -> set[str]:
    """List the pages of a run, cards among them, by their paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*.html")}


def _result(folder: Path, job: Job, told: Mapping[str, Any]) -> Made:
    """Tell of a run by its manifest."""
    numbers = {**told["units"], OFFICER: told["officers"]}
    notes = tuple(Note(note["key"], note["given"]) for note in told["notes"])
    stops = sum(one["level"] == "stop" for one in told["lint"])
    scored = {level: numbers[level] for level in told["levels"] if numbers.get(level)}
    seconds, templates = time.monotonic() - job.began, told.get("templates", ())
    beside = told.get("public_beside", ())
    return Made(folder, told["corrects"], job.params, scored, notes, stops, seconds, templates=templates, beside=beside)


def _count_cards(cards: Iterable[CardJob]) -> dict[str, int]:
    return dict(Counter(card.level for card in cards if card.unit_id))


# The stages of a run


def _frames(newest: Path | None, job: Job, *, new: bool) -> dict[str, Any]:
    """Write the frames aside, or take them over; return the manifest, which is there from then on and says that they are."""
    began = time.monotonic()
    places = (job.part, newest) if not job.fresh else ()
    source = next((place for place in places if place and resume.has_frames(place, job)), None)
    told = _begin_manifest(job, resume.take_frames(source, job) if source else _score(job, new=new))
    end_snapshot()  # cards take their time, and a database keeps old rows as long as anybody may ask for them
    if source is None:
        gc.collect()  # what was scored is let go before the cards
    if newest:
        resume.take_cards(newest, job, job.list_cards(job.part, told["levels"]))
    job.log.write("frames", kept=source is not None, seconds=round(time.monotonic() - began, 1))
    return told


def _score(job: Job, *, new: bool) -> dict[str, Any]:
    """Score and write the frames, return what the manifest says of it; what they were made of is let go on leaving.

    Of a folder for runs that is new, and goes again where scoring is refused, the start is logged only then.
    """
    scheme, records, scores, changed = _score_unchanged(job)
    if new:
        job.log.write("started")
    if changed:
        job.log.write("changed", files=changed)
    part = run_folder.create_part(job.part)
    asides = mark_asides(scores.asides, scores.points, scores.units, scheme)
    run_folder.write_frames(part, *run_folder.split_officers(replace(scores, asides=asides)))
    run_folder.write_scheme(part, scheme)
    levels = jobs.levels_of(job.params, scheme)
    units = jobs.count_units(scores, levels)
    return {
        "title": scheme.title,
        "scheme_version": scheme.version,
        "levels": levels,
        "counts": dict(records.counts),
        "in_period": dict(scores.in_period),
        "matches": [vars(match) for match in records.matches],
        "units": {level: count for level, count in units.items() if level != OFFICER},
        "officers": int(scores.units.loc[scores.units["level"] == OFFICER, "unit_id"].nunique()),
        "notes": [{"key": note.key, "given": dict(note.given)} for note in scores.notes],
        "receipts": {table: [receipt.data() for receipt in several] for table, several in records.receipts.items()},
        "lint": [_finding(one) for one in jobs.lint_scheme(job.params, scheme, scores)],
    }


def _score_unchanged(job: Job) -> tuple[Scheme, Records, Scores, list[str]]:
    """Score records and scheme that stay the same meanwhile, else once more; give also the files that changed the first time.

    The job's fingerprints are those of what was scored. Raises InputError where files change again: what was seen before, after.
    """
    first: list[str] = []
    while True:
        seen, failed = _look(job), None
        try:
            scored = jobs.score_job(job)
        except Exception as error:  # noqa: BLE001 - what is half written may be refused, or be damage to any library
            failed = error
        if failed and isinstance(job.params.where, Address):  # nothing changes in a snapshot, and the database may be gone
            raise failed
        before, now = seen, _look(job, anew=True)
        changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        if not changed:
            if failed:
                raise failed
            return *scored, first
        if first:
            given = [{"before": _describe_state(before.get(name)), "after": _describe_state(now.get(name))} for name in changed]
            raise InputError(Fault(name, "", "records.changing", told) for name, told in zip(changed, given, strict=True))
        first = changed


def _look(job: Job, *, anew: bool = False) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Give fingerprint and state of each file of the records, and of the scheme; anew: the job's fingerprints are taken again."""
    states = manifest.stat_records(job.params)
    if anew:
        job.__dict__.pop("prints", None)
    records = {name: (print_, states.get(name, ())) for name, print_ in job.prints["records"].items()}
    return records | {jobs.short_path(Path(job.params.scheme)): (job.prints["scheme"], ())}


def _describe_state(found: tuple[str, tuple[int, ...]] | None) -> str:
    """Say what was seen of a file: the beginning of its SHA-256, its size, and when it was last written; a dash for no file."""
    if not found:
        return "—"
    print_, state = found
    when = [f"{state[0]:,} B", f"{datetime.fromtimestamp(state[1] / 1e9):%Y-%m-%d %H:%M:%S}"] if state else []  # noqa: DTZ006
    return ", ".join([f"SHA-256 {print_[:12]}…", *when])


def _finding(one: Finding) -> dict[str, Any]:
    """Write a finding for the manifest, in both languages, so that pages can say it without the rules."""
    return {
        "rule": one.rule.code,
        "level": one.rule.level,
        "indicator": one.code,
        "place": one.place,
        "name": {lang: one.name(lang) for lang in LANGUAGES},
        "said": {lang: one.why(lang) for lang in LANGUAGES},
        "source": {lang: [source.title.text(lang) for source in one.sources] for lang in LANGUAGES},
        "justified": [{"person": a.person, "document": a.document, "date": str(a.date)} for a in one.justified],
    }


def _log_failure(job: Job, failure: Failure | None) -> None:
    """Log a card that failed; of an officer's only the level."""
    if failure:
        unit = {} if failure.level == OFFICER else {"unit": failure.unit_id}
        job.log.write("card_failed", level=failure.level, **unit, cell=failure.cell, error=failure.error)


def _pages(job: Job) -> list[str]:
    """Write what speaks of the whole run, of a run without cards what was read alone; return the paths of its files."""
    before = {path for path in job.part.rglob("*") if path.is_file()}
    scheme = Scheme.model_validate_json((job.part / "scheme.json").read_bytes())
    told = run_folder.read_manifest(job.part) | {"title": scheme.name(job.params.lang)}
    receipts.write(job.part, told, job.params.lang)
    if job.cards:
        write_pages(job.part, job.params.lang)
    if job.public:
        from fengqiao_eval.publication import page  # noqa: PLC0415 - only where it is asked for

        page.write(job.part, job.params.lang)
    after = {path for path in job.part.rglob("*") if path.is_file()}
    return sorted(path.relative_to(job.part).as_posix() for path in after - before)


def _pages_beside(job: Job, told: Mapping[str, Any]) -> list[dict[str, str]]:
    """List the pages for the public in the folder of runs that share months and units with this run's, by run and period.

    Each page is guarded by itself: from two of them, be it the one that is replaced now, cells kept back can be reckoned.
    """
    if not (job.part / PAGE).is_file():
        return []
    months, units = set(job.params.span.month_numbers), set(run_folder.read_units(job.part)["unit_id"])
    found = []
    for page in sorted(job.out.glob(f"[!.]*/{PAGE}")):
        other = run_folder.read_manifest(page.parent)
        with suppress(FengqiaoError, OSError, ValueError, KeyError, TypeError):  # what is no run, or of another version
            shared = months & set(parse(str(other.get("period"))).month_numbers)
            if shared and other.get("frames") != told["frames"] and units & set(run_folder.read_units(page.parent)["unit_id"]):
                found.append({"run": page.parent.name, "period": str(other["period"])})
            elif other.get("frames") == told["frames"]:  # the same run made again: what it took the place of stays known
                found += [one for one in other.get("public_beside", ()) if one["run"] == page.parent.name]
    return found


def write_pages(folder: Path, lang: str) -> None:
    """Write assets, the one screen, the index of officers and the workbooks; those of officers into officer/ only."""
    from fengqiao_eval.pages import comparison, run_screen  # noqa: PLC0415 - plotly is loaded only where pages are written
    from fengqiao_eval.pages.page import link_cards, write_assets  # noqa: PLC0415 - see above
    from fengqiao_eval.workbooks.results import write_workbook  # noqa: PLC0415 - xlsxwriter likewise

    write_assets(folder / "assets")
    link_cards(folder)
    changes = comparison.change_lines(run_folder.read_manifest(folder)["since"], lang)
    run_screen.write(folder, lang, [line.strip() for line in changes])
    write_workbook(folder, folder / WORKBOOK, lang)
    if (folder / OFFICER).is_dir():
        run_screen.write(folder, lang, officers=True)
        write_workbook(folder, folder / OFFICER / WORKBOOK, lang, officers=True)


def _print_pdfs(job: Job, cards: Sequence[CardJob]) -> tuple[Failure, ...]:
    """Print the PDFs that are not there yet; return what failed."""
    from fengqiao_eval.engine.pdf import print_pdfs  # noqa: PLC0415 - only where a PDF is asked for

    todo = {
        page: card
        for card in cards
        if resume.is_printed(card)
        for page, pdf in zip(card.pages, card.pdfs, strict=True)
        if not resume.is_nonempty(pdf)
    }
    failed = print_pdfs(list(todo), workers=job.workers) if todo else ()
    failures = tuple(Failure(todo[page].unit_id, todo[page].level, None, "PDF", message) for page, message in failed)
    for failure in failures:
        _log_failure(job, failure)
    return failures


# The manifest of a run that is being made


def _begin_manifest(job: Job, scored: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of frames that are all there: from now on a run that is killed goes on after them.

    `scored` is what a scoring tells (see _score), or the manifest of the run whose frames were taken over. Of the rest: since
    (see pages.comparison.find_changes); keys, the fingerprints of all that frames and cards rest on; frames, path -> SHA-256;
    pages, the paths of what speaks of the whole run.
    """
    units = run_folder.read_units(job.part)
    params = job.params.model_copy(update={"only": jobs.repair_only(job.params, units)})
    officers = set(units.loc[units["level"] == OFFICER, "unit_id"])
    name, corrects = job.names
    told = {
        "run": name,
        "corrects": corrects,
        "title": scored["title"],
        "scheme_version": scored["scheme_version"],
        "period": str(params.span),
        "periods": manifest.periods(params.span),
        **{key: getattr(params, key) for key in ("as_of", "state", "objection_until", "contact", "lang")},
        "only": manifest.exclude_officers(params.only, officers),
        **{
            key: scored[key]
            for key in ("levels", "counts", "in_period", "matches", "units", "officers", "notes", "receipts", "lint")
        },
        "cards": {},
        "failures": [],
        "officers_failed": 0,
        "made_at": _now(params),
        "seconds": 0,
        "since": {},
        "parameters": manifest.parameters(params, job.out / name, officers),
        "fingerprints": job.prints,
        "packages": manifest.packages(),
        "engine": job.engine,
        "templates": job.templates(scored["levels"]),
        "keys": {"frames": job.frames_key, "cards": job.cards_key(name, corrects)},
        "frames": run_folder.fingerprints(job.part),
        "pages": [],
    }
    manifest.write(job.part / "manifest.json", told)
    return told


def _now(params: RunParams) -> datetime:
    return datetime.now(ZoneInfo(params.timezone)).replace(tzinfo=None, microsecond=0)


def _close_manifest(job: Job, told: Mapping[str, Any], stand: Sequence[CardJob], failures: Sequence[Failure]) -> None:
    """Write the manifest for good, and that of the officers beside their cards; of a final run they list all files by hash."""
    ids: dict[str, list[str]] = {}
    for card in stand:
        ids.setdefault(card.level, []).append(card.unit_id)
    theirs = [vars(failure) for failure in failures if failure.level == OFFICER]
    others = [vars(failure) for failure in failures if failure.level != OFFICER]
    cards = {level: those for level, those in ids.items() if level != OFFICER}
    failed = {"cards": cards, "failures": others, "officers_failed": len(theirs)}
    final, officers = job.params.state == "final", job.part / OFFICER
    if officers.is_dir():
        units = run_folder.read_units(job.part)
        only = jobs.repair_only(job.params, units)
        lines: dict[str, Any] = {"run": job.names[0], "only": only, "cards": ids.get(OFFICER, []), "failures": theirs}
        ids_of_officers = units.loc[units["level"] == OFFICER, "unit_id"]
        lines["words"] = manifest.officer_words(job.params, ids_of_officers)
        lines["constants"] = manifest.officer_constants(job.params, ids_of_officers)
        manifest.write(officers / "manifest.json", lines | ({"files": seal.hash_files(officers)} if final else {}))
    listed = {"files": seal.hash_files(job.part, officers)} if final else {}
    manifest.write(job.part / "manifest.json", {**told, **failed, "made_at": _now(job.params), **listed})


# What ends a run before its end: logged, and a full disk said in plain words

_MEGABYTE = 2**20

_SHARED = 16 * _MEGABYTE
"""What the pages of a whole run take, scripts and workbooks among them."""

_CARD = 48 * 2**10
"""What a card takes with its list of records."""


@contextmanager
def _log_end(job: Job) -> Iterator[None]:
    """Log what a run is refused with, or stopped by, and say a full disk in plain words (FullDiskError)."""
    params, faults = job.given
    if params is None:
        raise InputError(faults)
    out, base = Path(params.out), run_name(job.path, params)
    logged = log.Log(out / log.NAME, base, params.timezone)
    try:
        yield
    except KeyboardInterrupt:
        logged.write("stopped")
        raise
    except Exception as error:
        refused = error if isinstance(error, FengqiaoError) else _refusal(error, out, run_folder.aside(out, base, "part"))
        if refused:
            logged.write("refused", exit=refused.exit_code, faults=log.heads(refused))
            raise refused from error
        raise


def _refusal(error: Exception, out: Path, part: Path) -> FengqiaoError | None:
    """Say what the system refused, of a full disk more than elsewhere; None for an error of another kind."""
    cause = find_refusal(error)
    if cause and cause.errno in FULL:
        return FullDiskError(_disk_full_words(cause, out, part))
    return refusal(error, out)


def _disk_full_words(cause: OSError, out: Path, part: Path) -> str:
    """Say which folder is full, what it has left, about what the run still needs, and where what is done is kept."""
    named = cause.filename
    folder = Path(os.fsdecode(named)).parent if isinstance(named, (str, bytes)) and named else out
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free
    told = run_folder.read_manifest(part)
    cards = sum(told.get("units", {}).values()) + told.get("officers", 0) - sum(1 for _ in part.rglob("*.html"))
    needed = _SHARED + _CARD * max(cards, 0)  # reckoned roughly and rather too much
    return say("run.disk_full", folder=folder, free=free // _MEGABYTE, needed=needed // _MEGABYTE, kept=part)
