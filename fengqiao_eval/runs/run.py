"""A run from its params file to its folder: checked, scored, printed aside, then put in its place."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fengqiao_eval.names import file_name
from fengqiao_eval.records.store import Note
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import findings, manifest, publish
from fengqiao_eval.runs.batch import print_cards
from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.runs.choice import OVERVIEW, chosen, find_notebooks, notebook_of
from fengqiao_eval.runs.params import RunParams, project_folder, run_name
from fengqiao_eval.runs.prepared import Order, Scored, scored


@dataclass(frozen=True)
class Made:
    """A run in its place: its folder, what it corrects, what was printed and what failed."""

    folder: Path
    corrects: str | None
    scored: Scored
    printed: Mapping[str, int]
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader must be told."""
        return self.scored.scores.notes


def run(order: Order, *, cards: bool = True) -> Made:
    """Score and publish a run: frames, and unless told otherwise cards, one screen and workbooks.

    Raises InputError, UsageError; then nothing is written. Cards that fail are told in the result, the others stand.
    """
    began = time.monotonic()
    notebooks = find_notebooks(project_folder(order.path)) if cards else None
    done = scored(order)
    out = Path(done.params.out)
    name, corrects = publish.free_name(out, run_name(order.path, done.params))
    with publish.whole(out, name) as folder:
        frames, officers = publish.parted(done.scores)
        publish.write_frames(folder, frames, officers)
        publish.write_scheme(folder, done.scheme)
        told = _manifest(done, out / name, corrects, notebooks)
        manifest.write(folder / "manifest.json", told)
        wanted = _cards(order, done, folder, notebooks) if notebooks else []
        failures = print_cards(wanted, order.workers)
        printed = _printed(wanted, failures)
        _tell(folder, told, done.params, printed, failures)
        if notebooks:
            _write_pages(folder, done.params.lang)
    if done.params.state == "final":
        publish.protect(out / name)
    counts = {level: len(ids) for level, ids in printed.items()}
    return Made(out / name, corrects, done, counts, failures, time.monotonic() - began)


def _write_pages(folder: Path, lang: str) -> None:
    from fengqiao_eval.runs import pages  # noqa: PLC0415 - plotly and xlsxwriter are loaded only where pages are written

    pages.write(folder, lang)


def _manifest(done: Scored, folder: Path, corrects: str | None, notebooks: Path | None) -> dict[str, object]:
    """Say what a run is made of; cards and failures are added when they are printed."""
    params, scheme, persons = done.params, done.scheme, done.persons
    return {
        "run": folder.name,
        "corrects": corrects,
        "title": scheme.title,
        "scheme_version": scheme.version,
        "period": str(params.span),
        "periods": manifest.periods(params.span),
        "as_of": params.moment,
        "state": params.state,
        "objection_until": params.objection_until,
        "contact": params.contact,
        "lang": params.lang,
        "only": manifest.without(params.only, persons),
        "levels": done.levels,
        "counts": dict(done.records.counts),
        "units": {level: count for level, count in done.units.items() if level != OFFICER},
        "officers": len(persons),
        "notes": [{"key": note.key, "given": dict(note.given)} for note in done.scores.notes],
        "lint": findings.of_manifest(done.findings),
        "cards": {},
        "failures": [],
        "officers_failed": 0,
        "made_at": datetime.now(ZoneInfo(params.timezone)).replace(tzinfo=None, microsecond=0),
        "parameters": manifest.parameters(params, folder, persons),
        "fingerprints": manifest.fingerprints(params, notebooks),
        "packages": manifest.packages(),
    }


def _cards(order: Order, done: Scored, folder: Path, notebooks: Path) -> list[Card]:
    lang, keep = done.params.lang, order.notebooks
    wanted = chosen(done.scores.units, done.levels, done.params.only)
    cards = [
        Card(unit, level, notebooks / notebook_of(level), folder, publish.card_page(folder, level, unit), lang, keep)
        for level, unit in wanted
    ]
    overview = notebooks / OVERVIEW
    return [*cards, Card("", "", overview, folder, folder / "overview.html", lang, keep)] if overview.is_file() else cards


def _printed(cards: Sequence[Card], failures: Sequence[Failure]) -> dict[str, list[str]]:
    failed = {failure.unit_id for failure in failures}
    printed: dict[str, list[str]] = {}
    for card in cards:
        if card.unit_id and card.unit_id not in failed:
            printed.setdefault(card.level, []).append(card.unit_id)
    return printed


def _tell(
    folder: Path,
    told: Mapping[str, object],
    params: RunParams,
    printed: Mapping[str, list[str]],
    failures: Sequence[Failure],
) -> None:
    """Write the manifest for good, and that of the officers beside their cards."""
    theirs = [failure for failure in failures if failure.level == OFFICER]
    others = [vars(failure) for failure in failures if failure.level != OFFICER]
    cards = {level: ids for level, ids in printed.items() if level != OFFICER}
    manifest.write(folder / "manifest.json", {**told, "cards": cards, "failures": others, "officers_failed": len(theirs)})
    if (folder / file_name(OFFICER)).is_dir():
        lines = {
            "run": told["run"],
            "only": params.only,
            "cards": printed.get(OFFICER, []),
            "failures": list(map(vars, theirs)),
        }
        manifest.write(folder / OFFICER / "manifest.json", lines)
