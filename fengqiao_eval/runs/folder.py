"""A run's folder: written aside, then put in its place whole; officers apart; final runs are read-only."""

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from itertools import count, islice, takewhile
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from fengqiao_eval.errors import OFFICER, Fault, UsageError, refuse
from fengqiao_eval.files import (
    PRIVATE,
    check_own,
    file_name,
    file_names,
    fingerprint_file,
    foreign_fault,
    input_faults,
    is_open,
    own_folder,
    plain_path,
    write_whole,
)
from fengqiao_eval.results import seal
from fengqiao_eval.results.run import FRAMES
from fengqiao_eval.runs import manifest
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.words import readable

LATEST = "latest"

ROW_GROUP = 2**16
"""Rows that a reader skips together: frames hold period after period, and most readers want one."""


# Where things lie, and what lies there


def aside(out: Path, base: str, what: Literal["part", "old", "latest"]) -> Path:
    """Say where something of a run waits until it takes its place.

    part: the run that is being written; one that was killed is found there again. old: the one that is being replaced.
    latest: the next `latest`, which also tells that a run has still to be made read-only and named.
    """
    return out / f".{base}.{what}"


def card_pages(folder: Path, units: pd.DataFrame) -> dict[str, Path]:
    """Say where the card of each unit lies, from read_units."""
    theirs = units["level"] == OFFICER
    names = file_names(units.loc[theirs, "unit_id"]) | file_names(units.loc[~theirs, "unit_id"])
    levels = dict(zip(units["unit_id"], units["level"], strict=True))
    return {unit_id: folder / file_name(levels[unit_id]) / f"{name}.html" for unit_id, name in names.items()}


def read_manifest(run: Path) -> dict[str, Any]:
    """Read the manifest of a run; empty where there is none, or it cannot be read any more."""
    path = run / "manifest.json"
    try:
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_units(folder: Path) -> pd.DataFrame:
    """Read the units of a run, officers among them: unit_id, name, level, parent_id."""
    places = (folder / "units.parquet", folder / OFFICER / "units.parquet")
    columns = ["unit_id", "name", "level", "parent_id"]
    frames = [pd.read_parquet(plain_path(place), columns=columns).astype(object) for place in places if place.is_file()]
    return pd.concat(frames, ignore_index=True)


def _places(out: Path, base: str) -> Iterator[Path]:
    """Name the places of a run and of its corrections (NAME, NAME-r2 …), without end."""
    yield out / base
    yield from (out / f"{base}-r{number}" for number in count(2))


def _bears(base: str, name: str) -> bool:
    """Say whether a run of that name, or a correction of it, is called so."""
    return re.fullmatch(rf"{re.escape(base)}(-r\d+)?", name) is not None


def check_owner(out: Path, base: str) -> None:
    """Refuse what another user has put where a run is written: it would be taken for our own work, or written through.

    Raises OSError for a link, FileAccessError for what is another's, or for a folder in which others may move what is ours.
    """
    if out.is_dir() and is_open(out):
        raise foreign_fault("open", out)
    parts = (aside(out, base, "part"), aside(out, base, "old"), aside(out, base, "latest"))
    for place in (*parts, out / seal.LEDGER, *takewhile(os.path.lexists, _places(out, base))):
        check_own(place)
    check_own(out / LATEST, linked=True)


def newest_run(out: Path, base: str) -> Path | None:
    """Find the run that lies under a name, or the last of its corrections."""
    there = list(takewhile(read_manifest, _places(out, base)))
    return there[-1] if there else None


def free_name(out: Path, name: str) -> tuple[str, str | None]:
    """Find the name a run may take, and the final run that it corrects: a final run is never replaced.

    Raises UsageError where something else than a run lies in its place, which would be lost.
    """
    final = list(takewhile(_is_final, _places(out, name)))
    free = next(islice(_places(out, name), len(final), None))
    for place, fine in ((out, out.is_dir()), (free, bool(read_manifest(free)))):
        if place.exists() and not fine:
            raise UsageError("not_a_run", given=place)
    return free.name, final[-1].name if final else None


def _is_final(run: Path) -> bool:
    return read_manifest(run).get("state") == "final"


def check_seals(out: Path, base: str) -> None:
    """Check every file of the final runs under a name, corrections among them; none that was sealed may be gone.

    Raises InputError with the run and the first file that differs.
    """
    for place in takewhile(Path.is_dir, _places(out, base)):
        seal.check(place, every=True)
    with input_faults(out / seal.LEDGER):
        names = [name for name in seal.read_ledger(out) if _bears(base, name)]
    refuse(Fault(readable(name), "", "seal.gone") for name in names if not (out / name).is_dir())


def fingerprints(folder: Path) -> dict[str, str]:
    """Fingerprint the frames of a run and its scheme: path within the run -> SHA-256."""
    names = [f"{name}.parquet" for name in FRAMES]
    paths = [*names, *(f"{OFFICER}/{name}" for name in names), "scheme.json"]
    return {path: fingerprint_file(folder / path) for path in paths if (folder / path).is_file()}


# Written aside


def create_part(part: Path) -> Path:
    """Make an empty folder to write a run in, closed to others until it is finished."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(PRIVATE)
    return part


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


def write_frames(folder: Path, frames: Mapping[str, pd.DataFrame], officers: Mapping[str, pd.DataFrame]) -> None:
    """Write the frames of everyone above officers, and those of officers into officer/, which is closed from the beginning."""
    for place, those in ((folder, frames), (folder / OFFICER, officers)):
        if those is officers and officers["units"].empty:
            continue
        own_folder(place)
        for name, frame in those.items():
            path = plain_path(place) / f"{name}.parquet"
            frame.reset_index(drop=True).to_parquet(path, index=False, row_group_size=ROW_GROUP)


def write_scheme(folder: Path, scheme: Scheme) -> None:
    """Write the scheme in force as scheme.json."""
    manifest.write(folder / "scheme.json", scheme.model_dump(by_alias=True))


# Put in its place


def appear(out: Path, base: str, name: str) -> None:
    """Put the finished run in its place, whole, a final one after it was sealed; a death in between is put right by the next."""
    part = aside(out, base, "part")
    if _is_final(part):
        seal.enter(out, name, part / seal.MANIFEST)
    _take_place(out, base, name)


def _take_place(out: Path, base: str, name: str) -> None:
    """Move a run that is written aside to its place; `latest` moves last."""
    part, place, old = aside(out, base, "part"), out / name, aside(out, base, "old")
    write_whole(aside(out, base, "latest"), name + "\n")
    umask = os.umask(0o022)  # it is read by being set
    os.umask(umask)
    part.chmod(0o777 & ~umask)
    if place.exists():
        own_folder(old)
        place.replace(old / name)
    try:
        part.replace(place)
    except OSError:
        if old.exists():
            (old / name).replace(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
    _settle(out, base)


def put_right(out: Path, base: str) -> None:
    """Put right what a death in the middle of `appear` left: a run sealed or moved away, or in its place and not named yet."""
    old, following = aside(out, base, "old"), aside(out, base, "latest")
    name = seal.find_entry(out, aside(out, base, "part"))
    if name and _bears(base, name) and not _is_final(out / name):
        _take_place(out, base, name)
    for run in old.iterdir() if old.is_dir() else ():
        if not (out / run.name).exists():
            run.replace(out / run.name)
    shutil.rmtree(old, ignore_errors=True)
    if following.is_file() and not aside(out, base, "part").exists():
        _settle(out, base)
    following.unlink(missing_ok=True)


def _settle(out: Path, base: str) -> None:
    """Make the run that has just taken its place read-only where it is final, then let `latest` name it."""
    run = out / aside(out, base, "latest").read_text("utf-8", "replace").strip()
    if run.parent != out or not _bears(base, run.name):  # somebody else wrote it
        return
    if _is_final(run):
        for path in (one for one in (*run.rglob("*"), run) if not one.is_symlink()):  # a notebook may have put one there
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    if run.is_dir():
        aside(out, base, "latest").replace(out / LATEST)


def point(out: Path, base: str, name: str) -> None:
    """Let `latest`, a text file of one line, name the run; it is replaced in one step."""
    write_whole(aside(out, base, "latest"), name + "\n")
    aside(out, base, "latest").replace(out / LATEST)
