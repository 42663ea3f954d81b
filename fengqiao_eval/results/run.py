"""A finished run as scorecards read it: manifest, scheme and frames, each file read once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fengqiao_eval.documents import near
from fengqiao_eval.errors import UsageError
from fengqiao_eval.results import frames
from fengqiao_eval.results.frames import ClassTotals, Columns
from fengqiao_eval.scheme.scheme import Scheme

# A finished run as scorecards read it: manifest, scheme and frames, each file read once.


REPEATED = ["unit_id", "level", "peer_class", "indicator", "status"]
"""Words that stand in many rows of a frame."""


@dataclass(frozen=True)
class Frame:
    """A frame and the row numbers of each unit in it."""

    data: pd.DataFrame

    @cached_property
    def rows(self) -> Mapping[str, np.ndarray]:
        """The row numbers of each unit, reckoned when first asked for: of a large frame they take longer than reading it."""
        return self.data.groupby("unit_id", observed=True, sort=False).indices if len(self.data.columns) else {}

    def of(self, *unit_ids: str) -> pd.DataFrame:
        """Take the rows of some units, in the order of the frame."""
        found = [self.rows[unit] for unit in unit_ids if unit in self.rows]
        return self.data.take(np.sort(np.concatenate(found))) if found else self.data.iloc[:0]


@dataclass(frozen=True)
class Run:
    """A run folder; officers' frames lie in its folder officer/ and are read only for an officer's card."""

    path: Path
    manifest: Mapping[str, Any]
    scheme: Scheme

    def frame(self, name: str, *, officers: bool = False) -> Frame:
        """Read a frame, once as long as its file does not change; one that is not there is empty."""
        file = self._file(name, officers=officers)
        return _frame(file, file.stat().st_mtime_ns) if file.is_file() else Frame(pd.DataFrame())

    def of_period(self, name: str, period: str, *, officers: bool = False) -> pd.DataFrame:
        """Read the rows of one period alone, once as long as the file does not change; words that repeat come as categories."""
        file = self._file(name, officers=officers)
        return _read_period(file, file.stat().st_mtime_ns, period) if file.is_file() else pd.DataFrame()

    def columns(self, name: str, *, officers: bool = False) -> Columns:
        """Read a frame as columns, for what is asked unit by unit; once as long as its file does not change."""
        file = self._file(name, officers=officers)
        return frames.columns(file, file.stat().st_mtime_ns) if file.is_file() else Columns()

    def rows(self, name: str, *unit_ids: str, officers: bool = False) -> list[dict[str, Any]]:
        """Take the rows of some units from a frame, in its order; empty where the frame is not there."""
        return self.columns(name, officers=officers).rows(*unit_ids)

    def pooled(self, level: str, *, officers: bool = False) -> Mapping[str, tuple[float, float]]:
        """Add up numerator and denominator of each indicator over all units of a level, ranked or not; empty for one unit."""
        file = self._file("points", officers=officers)
        return frames.level_sums(file, file.stat().st_mtime_ns, self._this).get(level, {}) if file.is_file() else {}

    def classes(self, *, officers: bool = False) -> Mapping[tuple[str, str], ClassTotals]:
        """Give the totals of the ranked units of each level and class in the main period."""
        file = self._file("ranks", officers=officers)
        return frames.peers(file, file.stat().st_mtime_ns, self._this) if file.is_file() else {}

    def holds_officer(self, unit_id: str) -> bool:
        """Say whether a unit is an officer of this run; refuse what is no unit of it."""
        if not isinstance(unit_id, str):
            raise UsageError("unit_not_text", given=unit_id)
        units = self.columns("units").units
        if unit_id in units:
            return False
        if unit_id in self.columns("units", officers=True).units:
            return True
        known = ", ".join(near(unit_id, units, 3))
        raise UsageError("unknown_unit", given=unit_id, run=self.manifest["run"], known=known)

    def below(self, unit_id: str) -> tuple[str, ...]:
        """Name a unit and all units below it, officers apart."""
        file = self._file("units", officers=False)
        children = frames.children(file, file.stat().st_mtime_ns)
        found = [unit_id]
        for unit in found:
            found += children.get(unit, ())
        return tuple(found)

    @property
    def _this(self) -> str:
        return str(self.manifest["periods"]["this"])

    def _file(self, name: str, *, officers: bool) -> Path:
        return (self.path / "officer" if officers else self.path) / f"{name}.parquet"


def open_run(path: str | Path) -> Run:
    """Open a run folder, or the text file `latest` that names one.

    Raises UsageError where there is no run yet.
    """
    folder = _resolve_latest(Path(path)).resolve()
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise UsageError("no_run", given=str(path))
    return _load_run(folder, manifest.stat().st_mtime_ns)


def _resolve_latest(path: Path) -> Path:
    return path.parent / path.read_text("utf-8").strip() if path.is_file() else path


@lru_cache(maxsize=8)
def _load_run(folder: Path, _stamp: int) -> Run:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    scheme = Scheme.model_validate_json((folder / "scheme.json").read_text("utf-8"))
    return Run(folder, manifest, scheme)


@lru_cache(maxsize=32)
def _frame(file: Path, _stamp: int) -> Frame:
    return Frame(pd.read_parquet(file))


@lru_cache(maxsize=16)
def _read_period(file: Path, _stamp: int, period: str) -> pd.DataFrame:
    return pd.read_parquet(file, filters=[("period", "==", period)], read_dictionary=REPEATED)


# The board that cards read from, filled before they are printed: a forked child then finds everything ready.


FRAMES = ("units", "ranks", "points", "asides", "comparisons", "adjustments", "losses", "open_disputes")
"""The frames a card reads."""


def preload_frames(run: Run) -> None:
    """Reckon once whatever the cards of a run share, of units and of officers.

    What was read stays as long as its file does not change; a card of a run whose board is not filled reads the same by itself.
    No thread is started, so that the process may fork.
    """
    for officers in (False, True):
        for name in FRAMES:
            run.columns(name, officers=officers)
        run.pooled("", officers=officers)
        for peers in run.classes(officers=officers).values():
            peers.settle()
    run.below("")
    pa.default_memory_pool().release_unused()
