"""A run's folder: written aside, then put in its place whole; officers apart; final runs are read-only."""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.names import file_name
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import manifest
from fengqiao_eval.scheme.model import Scheme

FRAMES = ("units", "measures", "points", "adjustments", "comparisons", "ranks", "asides", "losses", "open_disputes")
"""The frames of a run, each a parquet file; those of officers lie in officer/."""

LATEST = "latest"
ROW_GROUP = 2**16
"""Rows that a reader skips together: frames hold period after period, and most readers want one."""
_PRIVATE = 0o700


def free_name(out: Path, name: str) -> tuple[str, str | None]:
    """Find the name a run may take, and the final run that it corrects: a final run is never replaced.

    Raises UsageError where something else than a run lies in its place, which would be lost.
    """
    corrected, free, number = None, name, 1
    while _is_final(out / free):
        number += 1
        corrected, free = free, f"{name}-r{number}"
    for place, fine in ((out, out.is_dir()), (out / free, bool(read_manifest(out / free)))):
        if place.exists() and not fine:
            raise UsageError("not_a_run", given=place)
    return free, corrected


def _is_final(run: Path) -> bool:
    return read_manifest(run).get("state") == "final"


def read_manifest(run: Path) -> dict[str, Any]:
    """Read the manifest of a run; empty where there is none."""
    path = run / "manifest.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


@contextmanager
def whole(out: Path, name: str) -> Iterator[Path]:
    """Give a folder to write a run in; at the end it takes its place, or, where anything failed, is gone."""
    out.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{name}-tmp", dir=out))
    try:
        aside.chmod(0o777 & ~_umask())
        yield aside
        _take_place(aside, out / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _point(out, name)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _take_place(aside: Path, place: Path) -> None:
    """Put a finished folder in its place; what lay there is moved away first and removed after."""
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}-old", dir=place.parent)) / place.name
    try:
        if place.exists():
            place.replace(old)
        try:
            aside.replace(place)
        except OSError:
            if old.exists():
                old.replace(place)
            raise
    finally:
        shutil.rmtree(old.parent, ignore_errors=True)


def _point(out: Path, name: str) -> None:
    """Let `latest`, a text file of one line, name the run; it is replaced in one step."""
    aside = out / f".{LATEST}.tmp"
    aside.write_text(name + "\n", "utf-8", newline="\n")
    aside.replace(out / LATEST)


def write_frames(folder: Path, frames: Mapping[str, pd.DataFrame], officers: Mapping[str, pd.DataFrame]) -> None:
    """Write the frames of everyone above officers, and those of officers into officer/."""
    _write_frames(folder, frames)
    if not officers["units"].empty:
        (folder / OFFICER).mkdir(_PRIVATE)
        _write_frames(folder / OFFICER, officers)


def _write_frames(folder: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        frame.reset_index(drop=True).to_parquet(folder / f"{name}.parquet", index=False, row_group_size=ROW_GROUP)


def parted(scores: Any) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Part the frames of scores: everyone above officers, and officers."""
    persons = set(scores.units.loc[scores.units["level"] == OFFICER, "unit_id"])
    above, of_persons = {}, {}
    for name in FRAMES:
        frame = getattr(scores, name)
        theirs = frame["unit_id"].isin(persons)
        above[name] = _trimmed(frame[~theirs])
        of_persons[name] = _trimmed(getattr(scores, f"officer_{name}", frame[theirs]))
    return above, of_persons


def _trimmed(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop the words of categories that no row uses: a file lists them all, officers' ids too."""
    words = frame.select_dtypes("category")
    return frame.assign(**{name: words[name].cat.remove_unused_categories() for name in words})


def write_scheme(folder: Path, scheme: Scheme) -> None:
    """Write the scheme in force as scheme.json."""
    manifest.write(folder / "scheme.json", scheme.model_dump(by_alias=True))


def card_page(folder: Path, level: str, unit_id: str) -> Path:
    """Say where a unit's card lies."""
    return folder / file_name(level) / f"{file_name(unit_id)}.html"


def protect(run: Path) -> None:
    """Make a run read-only."""
    for path in (*run.rglob("*"), run):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
