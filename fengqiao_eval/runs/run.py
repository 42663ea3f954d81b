"""A run from its params file to its folder, stage by stage: what is done already stays done, whatever stopped it."""

import gc
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fengqiao_eval.records.store import Note
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import done, manifest, prepared, publish, recording
from fengqiao_eval.runs.batch import print_cards
from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.runs.choice import find_notebooks
from fengqiao_eval.runs.earlier import changed
from fengqiao_eval.runs.job import Job
from fengqiao_eval.runs.lock import held
from fengqiao_eval.runs.params import RunParams, project_folder, run_name
from fengqiao_eval.runs.prepared import Order
from fengqiao_eval.runs.refusing import refusals, spent


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
    given, faults = prepared.parameters(order)
    with refusals(given, order):
        params = prepared.sound(given, faults, str(order.path))
        notebooks = find_notebooks(project_folder(order.path)) if cards else None
        if order.pdf:
            _find_browser()
        base = run_name(order.path, params)
        with held(Path(params.out), base) as new:
            publish.put_right(Path(params.out), base)
            job = _job(order, params, notebooks, new=new)
            found = None if order.fresh else job.newest
            if found and done.nothing_to_do(found, job):
                return _unchanged(found, job, began)
            return _make(job, began)


def _find_browser() -> None:
    from fengqiao_eval.runs.pdf import find_browser  # noqa: PLC0415 - only where a PDF is asked for

    find_browser()


def _job(order: Order, params: RunParams, notebooks: Path | None, *, new: bool) -> Job:
    name, corrects = publish.free_name(Path(params.out), run_name(order.path, params))
    return Job(order, params, notebooks, name, corrects, manifest.fingerprints(params, notebooks), new)


def _unchanged(folder: Path, job: Job, began: float) -> Made:
    """Tell of a run that holds all that is asked for; only a `latest` that is gone is written again, and remains are removed."""
    shutil.rmtree(job.part, ignore_errors=True)
    if not (job.out / publish.LATEST).is_file():
        publish.point(job.out, job.base, folder.name)
    told = publish.read_manifest(folder)
    kept = _counted(card for card in job.cards(folder, told["levels"]) if card.unit_id)
    made = replace(_made(folder, job, told, began), kept=kept, unchanged=True, changes={})
    replace(job, name=folder.name).log.write("unchanged", seconds=round(made.seconds, 1))
    return made


def _made(folder: Path, job: Job, told: Mapping[str, Any], began: float) -> Made:
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
    kept = [card for card in wanted if done.printed(card)]
    failures = _print(job, wanted)
    told |= {"since": changed(job)}  # not before: while cards are printed this process holds no frames
    manifest.write(job.part / "manifest.json", told)
    pages = _pages(job) if job.notebooks else []
    failures = (*failures, *(_print_pdfs(job, wanted) if job.order.pdf else ()))  # figures need the assets written just now
    failed = {(failure.level, failure.unit_id) for failure in failures}
    stand = [card for card in wanted if card.unit_id and (card.level, card.unit_id) not in failed]
    recording.closed(job, told | {"pages": pages, "seconds": round(time.monotonic() - began, 1)}, stand, failures)
    publish.appear(job.out, job.base, job.name)
    there = set(kept)
    made = replace(
        _made(job.out / job.name, job, told, began),
        printed=_counted(card for card in stand if card not in there),
        kept=_counted(card for card in stand if card in there),
        failures=failures,
    )
    counts = {"printed": made.printed, "kept": made.kept, "failed": len(failures)}
    job.log.write("finished", **counts, seconds=round(made.seconds, 1), **spent())
    return made


def _counted(cards: Iterable[Card]) -> dict[str, int]:
    found: dict[str, int] = {}
    for card in cards:
        found[card.level] = found.get(card.level, 0) + 1
    return found


def _frames(job: Job) -> dict[str, Any]:
    """Write the frames aside, or take them over; return the manifest, which is there from then on and says that they are."""
    began = time.monotonic()
    newest = None if job.order.fresh else job.newest
    source = next((place for place in (job.part, newest) if place and not job.order.fresh and done.scored(place, job)), None)
    told = recording.begun(job, _taken_over(job, source) if source else _score(job))
    if source is None:
        gc.collect()  # what was scored is let go before the cards
    if newest:
        done.take_cards(newest, job, job.cards(job.part, told["levels"]))
    job.log.write("frames", kept=source is not None, seconds=round(time.monotonic() - began, 1))
    return told


def _score(job: Job) -> Mapping[str, Any]:
    """Score and write the frames; what they were made of is let go on leaving."""
    scored = prepared.scored_as(job.params, (), str(job.order.path))
    if job.new:
        job.log.write("started")
    part = publish.opened(job.part)
    publish.write_frames(part, *publish.parted(scored.scores))
    publish.write_scheme(part, scored.scheme)
    return scored.facts


def _taken_over(job: Job, source: Path) -> Mapping[str, Any]:
    told = publish.read_manifest(source)
    job.cards(source, told["levels"])  # refuses a wrong `only` before anything is touched
    done.take_frames(source, job)
    if source == job.part:
        done.clear(job, job.cards(source, told["levels"]))
    return told


def _print(job: Job, wanted: Sequence[Card]) -> tuple[Failure, ...]:
    """Print the cards that are not done yet; return what failed."""

    def tell(_: Card, failure: Failure | None) -> None:
        if failure:
            _log_failure(job, failure)

    todo = [card for card in wanted if not done.printed(card)]
    return print_cards(todo, job.order.workers, job.order.engine, done=tell)


def _log_failure(job: Job, failure: Failure) -> None:
    """Log a card that failed; of an officer's only the level."""
    unit = {} if failure.level == OFFICER else {"unit": failure.unit_id}
    job.log.write("card_failed", level=failure.level, **unit, cell=failure.cell, error=failure.error)


def _print_pdfs(job: Job, wanted: Sequence[Card]) -> list[Failure]:
    """Print the PDFs that are not there yet; return what failed."""
    from fengqiao_eval.runs.pdf import print_pdfs  # noqa: PLC0415 - only where a PDF is asked for

    todo = {card.page: card for card in wanted if done.printed(card) and not done.there(done.pdf_of(card))}
    failed = print_pdfs(list(todo), workers=job.order.workers) if todo else ()
    failures = [Failure(todo[page].unit_id, todo[page].level, None, "PDF", message) for page, message in failed]
    for failure in failures:
        _log_failure(job, failure)
    return failures


def _pages(job: Job) -> list[str]:
    """Write what speaks of the whole run; return the paths of its files."""
    from fengqiao_eval.runs import pages  # noqa: PLC0415 - plotly and xlsxwriter are loaded only where pages are written

    before = {path for path in job.part.rglob("*") if path.is_file()}
    pages.write(job.part, job.params.lang)
    after = {path for path in job.part.rglob("*") if path.is_file()}
    return sorted(path.relative_to(job.part).as_posix() for path in after - before)
