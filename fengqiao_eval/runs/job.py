"""What one call of `run` is to do: parameters, names, fingerprints, and the cards that are wanted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.engine.card_job import CardJob
from fengqiao_eval.errors import OFFICER
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import log as runs_log
from fengqiao_eval.runs import manifest
from fengqiao_eval.runs.params import RunParams, run_name
from fengqiao_eval.runs.prepare import OVERVIEW, Order, choose_cards, notebook_of

SCORED_BY = {"tables", "levels", "timezone"}
"""The parameters on which the frames rest, besides files and dates, which are fingerprinted as they are resolved."""


PRINTED_BY = {"lang", "state", "objection_until", "contact", "seed"}
"""The parameters on which cards rest, besides those of their frames."""


@dataclass(frozen=True)
class Job:
    """A call of `run`: what is asked for, the name its run takes, the final run it corrects, and what it is made of."""

    order: Order
    params: RunParams
    notebooks: Path | None
    """Where the notebooks of cards lie; None: only frames are asked for."""
    name: str
    corrects: str | None
    prints: Mapping[str, Any]
    new: bool = False
    """Whether there was no folder for runs before."""

    @property
    def out(self) -> Path:
        """The folder of runs."""
        return Path(self.params.out)

    @property
    def base(self) -> str:
        """The name of the run and of all its corrections."""
        return run_name(self.order.path, self.params)

    @property
    def part(self) -> Path:
        """Where the run is written until it takes its place."""
        return run_folder.part_of(self.out, self.base)

    @property
    def newest(self) -> Path | None:
        """The run that lies under the name, or the last of its corrections."""
        return run_folder.newest_run(self.out, self.base)

    @property
    def log(self) -> runs_log.Log:
        """The log of all runs of the folder."""
        return runs_log.Log(self.out / runs_log.NAME, self.name, self.params.timezone)

    @property
    def frames_key(self) -> str:
        """Fingerprint all that the frames rest on: with an equal one they are the same, byte for byte."""
        made_of = [self.prints[name] for name in ("records", "scheme", "package")]
        when = [str(self.params.span), str(self.params.moment)]
        return _fingerprint([*made_of, *when, manifest.packages(), self.params.model_dump_json(include=SCORED_BY)])

    def cards_key(self, name: str, corrects: str | None) -> str:
        """Fingerprint all that the cards of a run of this name rest on; whose cards they are is another matter."""
        told = self.params.model_dump_json(include=PRINTED_BY)
        return _fingerprint([self.frames_key, self.prints["notebooks"], self.order.engine, name, corrects, told])

    def cards(self, folder: Path, levels: Sequence[str]) -> list[CardJob]:
        """List the cards wanted in a folder that holds the frames; none where only frames are asked for.

        Raises UsageError where `only` names what is no unit.
        """
        wanted = choose_cards(units(folder), levels, self.params.only)
        if self.notebooks is None:
            return []
        lang, keep, notebooks = self.params.lang, self.order.notebooks, self.notebooks
        cards = [
            CardJob(unit, level, notebooks / notebook_of(level), folder, run_folder.card_page(folder, level, unit), lang, keep)
            for level, unit in wanted
        ]
        overview = CardJob("", "", notebooks / OVERVIEW, folder, folder / "overview.html", lang, keep)
        return [*cards, overview] if overview.notebook.is_file() else cards


def _fingerprint(parts: Sequence[Any]) -> str:
    return manifest.fingerprint_text(json.dumps(parts, sort_keys=True))


def units(folder: Path) -> pd.DataFrame:
    """Read the units of a run, officers among them: unit_id, level, parent_id."""
    places = (folder / "units.parquet", folder / OFFICER / "units.parquet")
    columns = ["unit_id", "level", "parent_id"]
    frames = [pd.read_parquet(place, columns=columns).astype(object) for place in places if place.is_file()]
    return pd.concat(frames, ignore_index=True)
