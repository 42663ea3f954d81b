"""A finished run as scorecards read it: manifest, scheme and frames, each file read once."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from fengqiao_eval.documents import near
from fengqiao_eval.errors import OFFICER, UsageError, refuse_in
from fengqiao_eval.files import plain_path
from fengqiao_eval.periods import RELATIVE
from fengqiao_eval.results import frames, seal
from fengqiao_eval.results.frames import Frame
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.words import language

FRAMES = (
    *("units", "measures", "points", "adjustments", "comparisons", "ranks", "chances", "asides", "answers", "losses"),
    "open_disputes",
)
"""The frames of a run, each a parquet file; those of officers lie in officer/."""

NEEDED = frozenset({"run", "state", "periods"})
"""What no manifest is without."""

CARD_FRAMES = tuple(name for name in FRAMES if name not in ("measures", "answers"))
"""The frames a card reads."""


Content = TypeVar("Content")


@dataclass(frozen=True, eq=False)
class Run:
    """A run folder; officers' frames lie in its folder officer/ and are read only for an officer's card."""

    path: Path
    manifest: Mapping[str, Any]
    scheme: Scheme

    @property
    def period(self) -> str:
        """The main period."""
        return str(self.manifest["periods"]["this"])

    def frame(self, name: str, *, officers: bool = False) -> Frame:
        """Find a frame, which is read once as long as its file does not change; one that is not there is empty."""
        file = plain_path((self.path / OFFICER if officers else self.path) / f"{name}.parquet")
        return frames.frame_of(file, file.stat().st_mtime_ns if file.is_file() else 0)

    def holds_officer(self, unit_id: str) -> bool:
        """Say whether a unit is an officer of this run; refuse what is no unit of it."""
        if not isinstance(unit_id, str):
            raise UsageError("unit_not_text", given=unit_id)
        units = self.frame("units").units
        if unit_id in units:
            return False
        if unit_id in self.frame("units", officers=True).units:
            return True
        known = ", ".join(near(unit_id, units, 3))
        raise UsageError("unknown_unit", given=unit_id, run=self.manifest["run"], known=known)

    def unit(self, unit_id: str) -> dict[str, Any]:
        """Find a unit's own row, an officer's too; refuse what is no unit of this run."""
        return self.frame("units", officers=self.holds_officer(unit_id)).rows(unit_id)[-1]

    def below(self, unit_id: str) -> tuple[str, ...]:
        """Name a unit and all units below it, officers apart."""
        children = frames.children(self.frame("units"))
        found = [unit_id]
        for unit in found:
            found += children.get(unit, ())
        return tuple(found)


def open_run(path: str | Path, out: str | None = None, period: object = None, lang: str | None = None) -> Run:
    """Open a run folder, or the text file `latest` that names one.

    out: the folder that holds the run of that name, from the project folder, which lies above a notebook's; period: the one that
    is expected; lang: the language of what is refused, by default the program's. Raises UsageError where there is no run yet, or
    it was made for another period, InputError where the seal of a final run is broken (see seal.check).
    """
    with refuse_in(lang or language()):
        if not isinstance(path, (str, Path)):
            raise UsageError("no_run", given=path)
        found = _open_folder(Path("..", out, Path(path).name) if out else Path(path))
        if period is not None and str(period) not in {found.period, *RELATIVE}:
            raise UsageError("other_period", given=period, run=found.manifest["run"], held=found.period)
    return found


def latest_run(latest: Path) -> Path:
    """Find the run that the text file `latest` names, which lies beside it, whatever else may stand in the file."""
    with latest.open(encoding="utf-8", errors="replace") as file:
        return latest.parent / Path(file.readline(MOST_OF_A_NAME).strip().replace("\0", "")).name


MOST_OF_A_NAME = 255
"""The characters of a name that a file system takes."""


def _open_folder(given: Path) -> Run:
    named = latest_run(given) if given.is_file() else given
    folder = Path(os.path.realpath(named))
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise UsageError("no_run", given=str(given))
    named = Path(os.path.abspath(named))  # noqa: PTH100 - the ledger lies beside a link, not beside what it leads to
    if not named.name.startswith("."):  # one that is being written is sealed when it is finished
        seal.check(named)
    return _load_run(folder, manifest.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _load_run(folder: Path, _stamp: int) -> Run:
    return Run(
        folder, _read_part(folder, seal.MANIFEST, _parse_manifest), _read_part(folder, "scheme.json", Scheme.model_validate_json)
    )


def _read_part(folder: Path, name: str, reading: Callable[[str], Content]) -> Content:
    try:
        return reading((folder / name).read_text("utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        raise UsageError("torn_run", given=name, run=folder) from None


def _parse_manifest(text: str) -> Mapping[str, Any]:
    """Read a manifest; ValueError where it is none."""
    found = json.loads(text)
    if not isinstance(found, dict) or not found.keys() >= NEEDED or not isinstance(found["periods"], dict):
        raise ValueError(seal.MANIFEST)
    return found


def preload_frames(run: Run) -> None:
    """Reckon once whatever the cards of a run share, of units and of officers: a forked child then finds everything ready.

    What was read stays as long as its file does not change; a card of a run whose frames are not loaded reads the same by
    itself. No thread is started, so that the process may fork.
    """
    for officers in (False, True):
        for name in CARD_FRAMES:
            run.frame(name, officers=officers).rows("")
        frames.page_names(run.frame("units", officers=officers))
        frames.level_sums(run.frame("points", officers=officers), run.period)
        frames.ahead_of(run.frame("chances", officers=officers), run.period)
        for peers in frames.class_totals(run.frame("ranks", officers=officers), run.period).values():
            peers.settle()
    run.below("")
    pa.default_memory_pool().release_unused()
