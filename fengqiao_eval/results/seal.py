"""The seal of a final run: its files by their hashes, and the ledger of all final runs, whose lines hold one another."""

import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from fengqiao_eval.errors import OFFICER, Fault, Note, refuse
from fengqiao_eval.files import fingerprint_file, input_faults
from fengqiao_eval.words import readable

LEDGER = "ledger.jsonl"
"""What the ledger is called; it lies beside the runs, for its owner alone to read."""

MANIFEST = "manifest.json"

LINE = ("run", "time", "manifest", "before")
"""What a line of the ledger says: the run, when it was sealed, the hash of its manifest, and that of the line before ('')."""

Ledger = Mapping[str, Mapping[str, str]]


def hash_files(folder: Path, officers: Path | None = None) -> dict[str, str]:
    """Hash all that lies in a folder but its own manifest: path -> SHA-256; of the folder `officers` its manifest alone."""
    listed = (path for path in _walk(folder) if path != folder / MANIFEST)
    theirs = (path for path in listed if officers is None or path == officers / MANIFEST or officers not in path.parents)
    return {path.relative_to(folder).as_posix(): fingerprint_file(path) for path in sorted(theirs)}


def _walk(folder: Path) -> Iterator[Path]:
    """List all that is no folder; a link is listed whatever it leads to, and never followed."""
    with os.scandir(folder) as there:
        for one in sorted(there, key=lambda one: one.name):
            if one.is_dir(follow_symlinks=False):
                yield from _walk(Path(one.path))
            else:
                yield Path(one.path)


# The ledger


def read_ledger(out: Path) -> Ledger:
    """Read the ledger of a folder of runs: name of the run -> its line; empty where nothing was sealed yet.

    Raises InputError with the line at which the chain breaks; OSError where this user may not read it.
    """
    found, before = dict[str, Mapping[str, str]](), ""
    for number, line in enumerate(_lines(out / LEDGER), 1):
        told = _parse(line)
        fits = tuple(told) == LINE and all(isinstance(value, str) for value in told.values())
        fits = fits and told["before"] == before and told["run"] not in found
        refuse([] if fits else [Fault(str(out / LEDGER), str(number), "seal.chain")])
        found[told["run"]], before = told, sha256(line).hexdigest()
    return found


def _lines(path: Path) -> list[bytes]:
    """Read the lines that are whole: what a loss of power tore off was never sealed by."""
    if not os.path.lexists(path):
        return []
    refuse([] if path.is_file() and not path.is_symlink() else [Fault(str(path), "", "seal.chain")])
    return path.read_bytes().split(b"\n")[:-1]


def _parse(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def enter(out: Path, name: str, manifest: Path) -> None:
    """Add a run to the ledger, in one write that is on the disk when this returns; one that stands in it stays.

    The chain goes on from the last line, whatever stands above it; nothing is written through a link.
    """
    getattr(os, "sync", bool)()  # a line must not outlive what it seals
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(out / LEDGER, flags, 0o600), "r+b", buffering=0) as file:
        if sys.platform != "win32":  # runs of other names have locks of their own
            import fcntl  # noqa: PLC0415 - POSIX only

            with suppress(OSError):  # a file system that locks nothing
                fcntl.flock(file, fcntl.LOCK_EX)
        *lines, torn = file.readall().split(b"\n")
        if any(_parse(line).get("run") == name for line in lines):
            return
        if torn:
            file.truncate(sum(len(line) + 1 for line in lines))
        time, before = datetime.now().astimezone().isoformat(timespec="seconds"), sha256(lines[-1]).hexdigest() if lines else ""
        told = dict(zip(LINE, (name, time, fingerprint_file(manifest), before), strict=True))
        file.write(json.dumps(told).encode() + b"\n")
        os.fsync(file.fileno())


def find_entry(out: Path, part: Path) -> str | None:
    """Find under which name the manifest of a folder stands in the ledger: it was sealed, and died before it took its place.

    Raises InputError as read_ledger does.
    """
    if not (part / MANIFEST).is_file() or not (out / LEDGER).is_file():
        return None
    found = fingerprint_file(part / MANIFEST)
    return next((run for run, told in read_ledger(out).items() if told["manifest"] == found), None)


# A run held against its seal


def hold(folder: Path) -> Note:
    """Hold a run's manifest against the ledger; no other file is read.

    Gives a note whose key is whole (with run, time, manifest), draft (nothing is sealed), older (a final run of a program that
    did not seal) or closed (this user may not read the ledger). Raises InputError where the seal is broken.
    """
    path, out, named = folder / MANIFEST, folder.parent, readable(folder.name)
    with input_faults(path):
        text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    told = _parse(text)
    final, sealed = told.get("state") == "final", bool(_hashes(told, "files"))
    try:
        entries = read_ledger(out)
    except PermissionError:
        return Note("closed" if final and sealed else "draft", {"run": named})
    own = entries.get(folder.name)
    if own is None:
        if (name := told.get("run")) != folder.name and sealed:
            refuse([Fault(named, "", "seal.renamed", {"given": name})])
        refuse([Fault(named, "", "seal.no_entry")] if final and sealed else [])
        return Note("older" if final else "draft", {"run": named})
    if own["manifest"] != sha256(text).hexdigest():
        refuse([Fault(named, "", "seal.changed" if text else "seal.missing", {"path": MANIFEST})])
    return Note("whole", {**own, "run": named})


def check(folder: Path, *, every: bool = False) -> Note:
    """Check the seal of a run: its manifest, its frames and scheme, or every file; gives what `hold` gives, and files, how many.

    Raises InputError with the first file that differs, and how many others do: seal.changed, seal.missing, seal.added. Without
    `every` what this user may not enter is passed over.
    """
    note = hold(folder)
    if note.key != "whole":
        return note
    told = _parse((folder / MANIFEST).read_bytes())
    with input_faults(folder):
        differ, count = _all_differences(folder, _hashes(told, "files")) if every else _frame_differences(folder, told)
    named = note.given["run"]
    rest = [Fault(named, "", "seal.more", {"count": len(differ) - 1})] if len(differ) > 1 else []
    refuse([*(Fault(named, "", f"seal.{how}", {"path": readable(path)}) for path, how in differ[:1]), *rest])
    return Note(note.key, {**note.given, "files": count})


def _all_differences(folder: Path, listed: Mapping[str, str]) -> tuple[list[tuple[str, str]], int]:
    """Compare every file of a run, those of officers with the list that lies among them."""
    wanted = dict(listed)
    theirs = f"{OFFICER}/{MANIFEST}"
    known = theirs in wanted and not _difference(folder, theirs, wanted[theirs])
    if known:
        officers = _hashes(_parse((folder / theirs).read_bytes()), "files")
        wanted |= {f"{OFFICER}/{path}": found for path, found in officers.items()}
    there = {path.relative_to(folder).as_posix() for path in _walk(folder)} - {MANIFEST}
    if theirs in wanted and not known:  # nobody knows what should lie beside a list that is damaged
        there = {path for path in there if not path.startswith(f"{OFFICER}/")}
    found = [(path, _difference(folder, path, wanted[path]) if path in wanted else "added") for path in sorted(there | {*wanted})]
    return [(path, how) for path, how in found if how], len(wanted)


def _frame_differences(folder: Path, told: Mapping[str, Any]) -> tuple[list[tuple[str, str]], int]:
    """Compare what a run is read from again: frames, scheme, and the words for officers."""
    found, theirs = [], f"{OFFICER}/{MANIFEST}"
    files = _hashes(told, "files")
    listed = {**_hashes(told, "frames"), **{path: files[path] for path in (theirs,) if path in files}}
    for path, wanted in listed.items():
        with suppress(PermissionError):
            found.append((path, _difference(folder, path, wanted)))
    return [(path, how) for path, how in found if how], len(found)


def _hashes(told: Mapping[str, Any], key: str) -> Mapping[str, str]:
    """Read a list of files by their hashes; what has another shape lists none."""
    found = told.get(key)
    return found if isinstance(found, dict) and all(isinstance(one, str) for one in found.values()) else {}


def _difference(folder: Path, path: str, wanted: str) -> str:
    """Say how a file differs from what was sealed, '' where it does not; a link is not what was sealed, whatever it leads to."""
    try:
        mode = os.lstat(folder / path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no file has a name with a NUL in it
        return "missing"
    return "" if stat.S_ISREG(mode) and fingerprint_file(folder / path) == wanted else "changed"
