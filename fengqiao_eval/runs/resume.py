"""What is done already: frames and cards of an earlier run that need not be made again, and what changed since."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from fengqiao_eval.engine.card_job import CardJob
from fengqiao_eval.errors import OFFICER
from fengqiao_eval.periods import parse
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.job import Job

# What is done already: frames and cards of an earlier run, or of one that was killed, which need not be made again.


_PRIVATE = 0o700


def is_nonempty(path: Path) -> bool:
    """Whether a file is there and holds something; a machine that failed may leave it empty."""
    return path.is_file() and path.stat().st_size > 0


def files(card: CardJob) -> list[Path]:
    """List the files of a card; its page, which is written last, stands last."""
    endings = [*([".records.csv"] if card.unit_id else []), *([".ipynb"] if card.keep else [])]
    return [*(card.page.with_suffix(ending) for ending in endings), card.page]


def is_printed(card: CardJob) -> bool:
    """Whether a card is done."""
    return all(map(is_nonempty, files(card)))


def pdf_of(card: CardJob) -> Path:
    """Say where the PDF of a card lies."""
    return card.page.with_suffix(".pdf")


def has_frames(folder: Path, job: Job) -> bool:
    """Whether a folder holds the frames that a job would make, unharmed."""
    told = run_folder.read_manifest(folder)
    return told.get("keys", {}).get("frames") == job.frames_key and told["frames"] == run_folder.fingerprints(folder)


def is_up_to_date(folder: Path, job: Job) -> bool:
    """Whether a run holds all that is asked for: the same parameters, frames unharmed, every card, page and PDF there."""
    told = run_folder.read_manifest(folder)
    if told.get("fingerprints", {}).get("parameters") != job.prints["parameters"] or not has_frames(folder, job):
        return False
    wanted = job.cards(folder, told["levels"])
    return _has_same_paths(folder, told, job) and (job.notebooks is None or _has_all_cards(folder, told, job, wanted))


def _has_same_paths(folder: Path, told: Mapping[str, Any], job: Job) -> bool:
    """Whether a run still names its records and scheme where they are."""
    now = manifest.parameters(job.params, folder, ())
    return all(now.get(key) == told["parameters"].get(key) for key in ("records", "scheme", "overrides"))


def _has_all_cards(folder: Path, told: Mapping[str, Any], job: Job, wanted: Sequence[CardJob]) -> bool:
    pages = [folder / page for page in told["pages"]]
    pdfs = map(pdf_of, wanted) if job.order.pdf else ()
    same = told["keys"]["cards"] == job.cards_key(told["run"], told["corrects"])
    whole = bool(pages) and all(map(is_nonempty, (*pages, *pdfs))) and all(map(is_printed, wanted))
    return same and whole and not told["failures"] and not told["officers_failed"]


def take_frames(source: Path, job: Job) -> None:
    """Take over the frames of another run into a new folder aside; those in a folder aside stay where they lie."""
    told = run_folder.read_manifest(source)
    if source != job.part:
        run_folder.create_part(job.part)
        _bring(((source / path, job.part / path) for path in told["frames"]), linked=_may_link(told))


def clear(job: Job, wanted: Iterable[CardJob]) -> None:
    """Remove from the folder aside what is neither a frame nor of a card that is wanted and done."""
    told = run_folder.read_manifest(job.part)
    kept = {job.part / path for path in (*told["frames"], "manifest.json")}
    if _has_same_cards(told, job):
        kept |= {file for card in wanted if is_printed(card) for file in _all_files(card, job)}
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
            card.page.parent.mkdir(exist_ok=True)
            theirs = _all_files(lies, job)
            _bring(((path, job.part / path.relative_to(source)) for path in theirs), linked=_may_link(told))


def _all_files(card: CardJob, job: Job) -> Iterator[Path]:
    """List the files of a card that are there, its PDF among them where one is asked for, the page last."""
    pdf = pdf_of(card)
    yield from [pdf] if job.order.pdf and is_nonempty(pdf) else []
    yield from files(card)


def _has_same_cards(told: Mapping[str, Any], job: Job) -> bool:
    """Whether the cards of a run are such as a job prints; a page says the name of its run."""
    return bool(told.get("keys", {}).get("cards") == job.cards_key(job.name, job.corrects))


def _may_link(told: Mapping[str, Any]) -> bool:
    """Whether files may be shared: those of a final run are read-only, and a link would be so too."""
    return bool(told["state"] != "final")


def _bring(pairs: Iterable[tuple[Path, Path]], *, linked: bool) -> None:
    for source, target in pairs:
        if target.parent.name == OFFICER:
            target.parent.mkdir(_PRIVATE, exist_ok=True)
        if not (linked and _link(source, target)):
            aside = target.with_name(f".{target.name}.tmp")
            shutil.copyfile(source, aside)
            aside.replace(target)


def _link(source: Path, target: Path) -> bool:
    """Let two names share a file, where the disk can do so."""
    target.unlink(missing_ok=True)
    with suppress(OSError, NotImplementedError):
        os.link(source, target)
        return True
    return False


# The run before a run: the one it replaces or corrects, else the last one of the same params file.


def latest_changes(job: Job) -> dict[str, Any]:
    """Say what changed since the run before (see find_changes); empty where there is none.

    A run that is made again from the same is still held against the one before, as it was the first time.
    """
    from fengqiao_eval.results import comparison  # noqa: PLC0415 - results are read only where a run is made

    before = job.newest or _last_run(job)
    if before is None:
        return {}
    told = run_folder.read_manifest(before)
    if told.get("keys", {}).get("frames") == job.frames_key and "since" in told:
        found: dict[str, Any] = told["since"]
        return found
    return comparison.find_changes(job.part, before)


def _last_run(job: Job) -> Path | None:
    """Find the run of the same params file over the last period before this one, or its last correction."""
    first = job.params.span.first
    found = {parse(name).first: f"{job.order.path.stem}-{name}" for name in _periods(job)} if job.params.relative else {}
    earlier = [start for start in found if start < first]
    return run_folder.newest_run(job.out, found[max(earlier)]) if earlier else None


def _periods(job: Job) -> Iterator[str]:
    """Name the periods of all runs of a params file."""
    start = f"{job.order.path.stem}-"
    for folder in job.out.iterdir():
        period = folder.name.removeprefix(start)
        if folder.name.startswith(start) and str(run_folder.read_manifest(folder).get("period")) == period:
            yield period
