"""A finished run as scorecards read it: manifest, scheme and frames, each file read once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.scheme.model import Scheme

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
        file = (self.path / "officer" if officers else self.path) / f"{name}.parquet"
        return _frame(file, file.stat().st_mtime_ns) if file.is_file() else Frame(pd.DataFrame())

    def of_period(self, name: str, period: str, *, officers: bool = False) -> pd.DataFrame:
        """Read the rows of one period alone, once as long as the file does not change; words that repeat come as categories."""
        file = (self.path / "officer" if officers else self.path) / f"{name}.parquet"
        return _of_period(file, file.stat().st_mtime_ns, period) if file.is_file() else pd.DataFrame()

    def pooled(self, level: str, *, officers: bool = False) -> Mapping[str, tuple[float, float]]:
        """Add up numerator and denominator of each indicator over all units of a level, ranked or not; empty for one unit."""
        file = (self.path / "officer" if officers else self.path) / "measures.parquet"
        return _pooled(file, file.stat().st_mtime_ns, level, str(self.manifest["periods"]["this"])) if file.is_file() else {}

    def holds_officer(self, unit_id: str) -> bool:
        """Say whether a unit is an officer of this run; refuse what is no unit of it."""
        if not isinstance(unit_id, str):
            raise UsageError("unit_not_text", given=unit_id)
        units = self.frame("units").rows
        if unit_id in units:
            return False
        if unit_id in self.frame("units", officers=True).rows:
            return True
        known = get_close_matches(unit_id, list(units), 3) or sorted(units)[:3]
        raise UsageError("unknown_unit", given=unit_id, run=self.manifest["run"], known=", ".join(known))

    def below(self, unit_id: str) -> tuple[str, ...]:
        """Name a unit and all units below it, officers apart."""
        parents = self.frame("units").data["parent_id"]
        children: dict[str, list[str]] = {}
        for unit, parent in zip(self.frame("units").data["unit_id"], parents, strict=True):
            children.setdefault(parent, []).append(unit)
        found = [unit_id]
        for unit in found:
            found += children.get(unit, [])
        return tuple(found)


def open_run(path: str | Path) -> Run:
    """Open a run folder, or the text file `latest` that names one.

    Raises UsageError where there is no run yet.
    """
    folder = _followed(Path(path))
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise UsageError("no_run", given=str(path))
    return _opened(folder, manifest.stat().st_mtime_ns)


def _followed(path: Path) -> Path:
    return path.parent / path.read_text("utf-8").strip() if path.is_file() else path


@lru_cache(maxsize=8)
def _opened(folder: Path, _stamp: int) -> Run:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    scheme = Scheme.model_validate_json((folder / "scheme.json").read_text("utf-8"))
    return Run(folder, manifest, scheme)


@lru_cache(maxsize=32)
def _pooled(file: Path, stamp: int, level: str, period: str) -> Mapping[str, tuple[float, float]]:
    data = _frame(file, stamp).data
    alike = data[(data["level"] == level) & (data["period"] == period)]
    if alike["unit_id"].nunique() < 2:  # noqa: PLR2004 - one unit is no whole
        return {}
    sums = alike.groupby("indicator", observed=True)[["numerator", "denominator"]].sum()
    return {str(code): (float(above), float(below)) for code, above, below in sums.itertuples()}


@lru_cache(maxsize=32)
def _frame(file: Path, _stamp: int) -> Frame:
    return Frame(pd.read_parquet(file))


@lru_cache(maxsize=16)
def _of_period(file: Path, _stamp: int, period: str) -> pd.DataFrame:
    return pd.read_parquet(file, filters=[("period", "==", period)], read_dictionary=REPEATED)
