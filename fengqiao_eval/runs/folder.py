"""A run's folder: written aside, then put in its place whole; officers apart; final runs are read-only."""

import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.filenames import file_name
from fengqiao_eval.runs import manifest
from fengqiao_eval.scheme.scheme import Scheme

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
    """Read the manifest of a run; empty where there is none, or it cannot be read any more."""
    path = run / "manifest.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError:
        return {}
    return found


def newest_run(out: Path, base: str) -> Path | None:
    """Find the run that lies under a name, or the last of its corrections (NAME-r2 …)."""
    found, number = None, 1
    place = out / base
    while read_manifest(place):
        found, number = place, number + 1
        place = out / f"{base}-r{number}"
    return found


def part_of(out: Path, base: str) -> Path:
    """Say where a run is written until it takes its place; one that was killed is found there again."""
    return out / f".{base}.part"


def _old_path(out: Path, base: str) -> Path:
    """Say where the run that is being replaced waits until the new one is in its place."""
    return out / f".{base}.old"


def _next_latest(out: Path, base: str) -> Path:
    """Say where the next `latest` waits; it also tells that a run has still to be made read-only and named."""
    return out / f".{base}.latest"


def create_part(part: Path) -> Path:
    """Make an empty folder to write a run in, closed to others until it is finished."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(_PRIVATE)
    return part


def appear(out: Path, base: str, name: str) -> None:
    """Put the finished run in its place, whole; `latest` moves last. A death in between is put right by the next run."""
    part = part_of(out, base)
    _next_latest(out, base).write_text(name + "\n", "utf-8", newline="\n")
    part.chmod(0o777 & ~_umask())
    _take_place(part, out / name, _old_path(out, base))
    _settle(out, base)


def put_right(out: Path, base: str) -> None:
    """Put right what a death in the middle of `appear` left: a run moved away, or one in its place that is not named yet."""
    old, following = _old_path(out, base), _next_latest(out, base)
    for run in old.iterdir() if old.is_dir() else ():
        if not (out / run.name).exists():
            run.replace(out / run.name)
    shutil.rmtree(old, ignore_errors=True)
    if following.is_file() and not part_of(out, base).exists():
        _settle(out, base)
    following.unlink(missing_ok=True)


def point(out: Path, base: str, name: str) -> None:
    """Let `latest`, a text file of one line, name the run; it is replaced in one step."""
    _next_latest(out, base).write_text(name + "\n", "utf-8", newline="\n")
    _next_latest(out, base).replace(out / LATEST)


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _take_place(aside: Path, place: Path, old: Path) -> None:
    """Put a finished folder in its place; what lay there is moved away first and removed after."""
    if place.exists():
        old.mkdir(_PRIVATE, exist_ok=True)
        place.replace(old / place.name)
    try:
        aside.replace(place)
    except OSError:
        if old.exists():
            (old / place.name).replace(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _settle(out: Path, base: str) -> None:
    """Make the run that has just taken its place read-only where it is final, then let `latest` name it."""
    run = out / _next_latest(out, base).read_text("utf-8").strip()
    if _is_final(run):
        protect(run)
    if run.is_dir():
        _next_latest(out, base).replace(out / LATEST)


def write_frames(folder: Path, frames: Mapping[str, pd.DataFrame], officers: Mapping[str, pd.DataFrame]) -> None:
    """Write the frames of everyone above officers, and those of officers into officer/, which is closed from the beginning."""
    _write_frames(folder, frames)
    if not officers["units"].empty:
        (folder / OFFICER).mkdir(_PRIVATE)
        _write_frames(folder / OFFICER, officers)


def _write_frames(folder: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        frame.reset_index(drop=True).to_parquet(folder / f"{name}.parquet", index=False, row_group_size=ROW_GROUP)


def fingerprints(folder: Path) -> dict[str, str]:
    """Fingerprint the frames of a run and its scheme: path within the run -> SHA-256."""
    names = [f"{name}.parquet" for name in FRAMES]
    paths = [*names, *(f"{OFFICER}/{name}" for name in names), "scheme.json"]
    return {path: manifest.fingerprint_file(folder / path) for path in paths if (folder / path).is_file()}


def split_officers(scores: Any) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Part the frames of scores: everyone above officers, and officers."""
    persons = set(scores.units.loc[scores.units["level"] == OFFICER, "unit_id"])
    above, of_persons = {}, {}
    for name in FRAMES:
        frame = getattr(scores, name)
        theirs = frame["unit_id"].isin(persons)
        above[name] = _trim_categories(frame[~theirs])
        of_persons[name] = _trim_categories(getattr(scores, f"officer_{name}", frame[theirs]))
    return above, of_persons


def _trim_categories(frame: pd.DataFrame) -> pd.DataFrame:
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
