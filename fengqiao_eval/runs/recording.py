"""The manifest of a run that is being made: begun when its frames are there, closed when all is done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import manifest, publish
from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.runs.job import Job, units
from fengqiao_eval.runs.params import RunParams


def begun(job: Job, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of frames that are all there: from now on a run that is killed goes on after them.

    Besides what a scoring tells (manifest.told) it holds: since (see changes.since); engine; keys, the fingerprints of all that
    frames and cards rest on; frames, path -> SHA-256; pages, the paths of what speaks of the whole run; seconds.
    """
    every = units(job.part)
    persons = set(every.loc[every["level"] == OFFICER, "unit_id"])
    keys = {"frames": job.frames_key, "cards": job.cards_key(job.name, job.corrects)}
    told = manifest.told(job.name, job.corrects, job.params, facts, persons) | {
        "made_at": _now(job.params),
        "seconds": 0,
        "since": {},
        "parameters": manifest.parameters(job.params, job.out / job.name, persons),
        "fingerprints": job.prints,
        "packages": manifest.packages(),
        "engine": job.order.engine,
        "keys": keys,
        "frames": publish.fingerprints(job.part),
        "pages": [],
    }
    manifest.write(job.part / "manifest.json", told)
    return told


def _now(params: RunParams) -> datetime:
    return datetime.now(ZoneInfo(params.timezone)).replace(tzinfo=None, microsecond=0)


def closed(job: Job, told: Mapping[str, Any], stand: Sequence[Card], failures: Sequence[Failure]) -> None:
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
