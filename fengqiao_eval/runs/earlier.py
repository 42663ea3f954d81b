"""The run before a run: the one it replaces or corrects, else the last one of the same params file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fengqiao_eval.periods import parse
from fengqiao_eval.runs import publish
from fengqiao_eval.runs.job import Job


def changed(job: Job) -> dict[str, Any]:
    """Say what changed since the run before (see changes.since); empty where there is none.

    A run that is made again from the same is still held against the one before, as it was the first time.
    """
    from fengqiao_eval.runs import changes  # noqa: PLC0415 - pages are loaded only where a run is made

    before = job.newest or _last(job)
    if before is None:
        return {}
    told = publish.read_manifest(before)
    if told.get("keys", {}).get("frames") == job.frames_key and "since" in told:
        found: dict[str, Any] = told["since"]
        return found
    return changes.since(job.part, before)


def _last(job: Job) -> Path | None:
    """Find the run of the same params file over the last period before this one, or its last correction."""
    first = job.params.span.first
    found = {parse(name).first: f"{job.order.path.stem}-{name}" for name in _periods(job)} if job.params.relative else {}
    earlier = [start for start in found if start < first]
    return publish.newest(job.out, found[max(earlier)]) if earlier else None


def _periods(job: Job) -> Iterator[str]:
    """Name the periods of all runs of a params file."""
    start = f"{job.order.path.stem}-"
    for folder in job.out.iterdir():
        period = folder.name.removeprefix(start)
        if folder.name.startswith(start) and str(publish.read_manifest(folder).get("period")) == period:
            yield period
