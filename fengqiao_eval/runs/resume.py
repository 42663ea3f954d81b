"""What is done already, by a run that was killed or an earlier one, and need not be made again; and what changed since."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from fengqiao_eval.engine.card_job import CardJob
from fengqiao_eval.errors import OFFICER
from fengqiao_eval.files import PRIVATE, replace_whole
from fengqiao_eval.pages import receipts
from fengqiao_eval.periods import parse
from fengqiao_eval.publication import PAGE
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job

SCREEN = "index.html"
"""The page that a run has where its cards were asked for."""


def is_nonempty(path: Path) -> bool:
    """Whether a file is there and holds something; a machine that failed may leave it empty."""
    return path.is_file() and path.stat().st_size > 0


def is_printed(card: CardJob) -> bool:
    """Whether a card is done."""
    return all(map(is_nonempty, card.files))


def has_frames(folder: Path, job: Job) -> bool:
    """Whether a folder holds the frames that a job would make, unharmed."""
    told = run_folder.read_manifest(folder)
    return told.get("keys", {}).get("frames") == job.frames_key and told.get("frames") == run_folder.fingerprints(folder)


def is_up_to_date(folder: Path, job: Job) -> bool:
    """Whether a run holds all that is asked for: the same parameters, frames unharmed, every card, page and PDF there."""
    told = run_folder.read_manifest(folder)
    if told.get("fingerprints", {}).get("parameters") != job.prints["parameters"] or not has_frames(folder, job):
        return False
    wanted = job.list_cards(folder, told["levels"])
    now = manifest.parameters(job.params, folder, ())
    if any(now.get(key) != told["parameters"].get(key) for key in ("records", "scheme", "overrides")):
        return False  # it names its records or its scheme where they were
    if receipts.NAME not in told["pages"] or not is_nonempty(folder / receipts.NAME):
        return False
    if not job.cards:
        return True
    if told["keys"]["cards"] != job.cards_key(told["run"], told["corrects"]) or told["failures"] or told["officers_failed"]:
        return False
    pages = [*(folder / page for page in told["pages"]), *((pdf for card in wanted for pdf in card.pdfs) if job.pdf else ())]
    wanted_pages = {SCREEN, *([PAGE] if job.public else [])}
    return wanted_pages <= {*told["pages"]} and all(map(is_nonempty, pages)) and all(map(is_printed, wanted))


def take_frames(source: Path, job: Job) -> dict[str, Any]:
    """Take over the frames of another run into a new folder aside, or keep those in a folder aside; return its manifest."""
    told = run_folder.read_manifest(source)
    wanted = job.list_cards(source, told["levels"])  # refuses a wrong `only` before anything is touched
    if source == job.part:
        _clear(job, told, wanted)
    else:
        run_folder.create_part(job.part)
        _bring(told["frames"], source, told, job)
    return told


def _clear(job: Job, told: Mapping[str, Any], wanted: Sequence[CardJob]) -> None:
    """Remove from the folder aside what is neither a frame nor of a card that is wanted and done."""
    kept = {job.part / path for path in (*told["frames"], "manifest.json")}
    if _has_same_cards(told, job):
        kept |= {file for card in wanted if is_printed(card) for file in _files(card, job)}
    for path in sorted(job.part.rglob("*"), reverse=True):  # what lies in a folder comes before the folder
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
        elif path not in kept:
            path.unlink()


def take_cards(source: Path, job: Job, wanted: Iterable[CardJob]) -> None:
    """Take over from another run the cards that are wanted and not done yet, where they are such as would be printed."""
    told = run_folder.read_manifest(source)
    for card in wanted if _has_same_cards(told, job) else ():
        lies = replace(card, run=source, page=source / card.page.relative_to(job.part))
        if not is_printed(card) and is_printed(lies):
            _bring((path.relative_to(source) for path in _files(lies, job)), source, told, job)


def _files(card: CardJob, job: Job) -> list[Path]:
    """List the files of a card that is done, its PDFs among them where they are asked for and there; the page last."""
    return [*(filter(is_nonempty, card.pdfs) if job.pdf else ()), *card.files]


def _has_same_cards(told: Mapping[str, Any], job: Job) -> bool:
    """Whether the cards of a run are such as a job prints; a page says the name of its run."""
    return bool(told.get("keys", {}).get("cards") == job.cards_key(*job.names))


def _bring(paths: Iterable[str | Path], source: Path, told: Mapping[str, Any], job: Job) -> None:
    """Bring files of a run into the folder aside: shared where that may be, for a link to a final run's would be read-only."""
    for path in paths:
        target = job.part / path
        target.parent.mkdir(PRIVATE if target.parent.name == OFFICER else 0o777, exist_ok=True)
        target.unlink(missing_ok=True)
        if told["state"] != "final":
            with suppress(OSError, NotImplementedError):  # a disk that cannot
                os.link(source / path, target)
                continue
        with replace_whole(target) as aside:
            shutil.copyfile(source / path, aside)


def latest_changes(job: Job) -> dict[str, Any]:
    """Say what changed since the run before, which is replaced or corrected, else the last of the same file; empty without one.

    A run that is made again from the same is still held against the one before, as it was the first time.
    """
    from fengqiao_eval.results import differences  # noqa: PLC0415 - results are read only where a run is made

    before = job.newest or _last_run(job)
    if before is None:
        return {}
    told = run_folder.read_manifest(before)
    if told.get("keys", {}).get("frames") == job.frames_key and "since" in told:
        found: dict[str, Any] = told["since"]
        return found
    return differences.find_changes(job.part, before)


def _last_run(job: Job) -> Path | None:
    """Find the run of the same params file over the last period before this one, or its last correction."""
    found, start = {}, job.base.removesuffix(str(job.params.span))
    for folder in job.out.iterdir() if job.params.relative else ():
        period = folder.name.removeprefix(start)
        if folder.name.startswith(start) and str(run_folder.read_manifest(folder).get("period")) == period:
            found[parse(period).first] = folder.name
    earlier = [first for first in found if first < job.params.span.first]
    return run_folder.newest_run(job.out, found[max(earlier)]) if earlier else None
