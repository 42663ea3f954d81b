"""Kills final runs at random moments, parent, server or card, records changing in a third of them; says what is not whole then.

    python tests/random_kills.py --kills 200 --seed 0      one line a kind of kill, and every fault; exit 1 where there is one

A round is a fresh project, killed three times and then let run to its end. Held against it: the frames of a run of the same
records that nothing disturbed, byte for byte; the seal; the temporary folder, which must be empty then; and that nothing
temporary, and no run that is being written, was ever open to others.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psutil

from resumed import project
from test_cli import CASES

RUN = ("run", "params/q4.yaml", "--set", "state=final")
FENGQIAO = [sys.executable, "-c", "from fengqiao_eval.cli import app; app()"]
TARGETS = ("parent", "server", "card")
ROUND = 3
"""So many kills before a run is let go to its end."""
CHANGING = "records/cases.csv"
OTHER = CASES.replace("08:40", "08:05")


class Trial:
    """Two sets of records, the frames of each, and how long a run takes."""

    def __init__(self, folder: Path) -> None:
        """Run each set of records once."""
        self.folder, self.texts = folder, (CASES, OTHER)
        self.frames = [self._undisturbed(number, text) for number, text in enumerate(self.texts)]

    def project(self, name: str, text: str) -> Path:
        """Write a project with the records as they are to be at first."""
        place = project(self.folder / name)
        (place / CHANGING).write_text(text, "utf-8")
        (place / "tmp").mkdir()
        return place

    def _undisturbed(self, number: int, text: str) -> dict[str, bytes]:
        place = self.project(f"undisturbed{number}", text)
        began = time.monotonic()
        done = _start(place, *RUN)
        said = done.communicate()[0]
        assert done.returncode == 0, said
        self.seconds = time.monotonic() - began
        found = frames(place / "runs" / "q4")
        shutil.rmtree(place)
        return found


def _start(place: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(place / "tmp")}
    return subprocess.Popen(
        [*FENGQIAO, *words], cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o022
    )


def frames(run: Path) -> dict[str, bytes]:
    """Read the frames of a run, officers' too."""
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


def _victim(process: subprocess.Popen[str], target: str) -> psutil.Process | None:
    """Find whom to kill: the command, the process that forks the cards, or a card."""
    with suppress(psutil.Error):
        parent = psutil.Process(process.pid)
        servers = [child for child in parent.children() if child.children() or "spawn_main" in " ".join(child.cmdline())]
        found = {"parent": [parent], "server": servers, "card": [card for one in servers for card in one.children()]}[target]
        return found[0] if found else None
    return None


def _names(folder: Path, pattern: str) -> list[Path]:
    """List what is there; a folder may go while it is looked at."""
    with suppress(FileNotFoundError):
        return list(folder.glob(pattern))
    return []


@contextmanager
def _watch(place: Path) -> Iterator[set[str]]:
    """Look again and again at what is temporary or unfinished: gather the names of what is open to others."""
    opened, end = set[str](), Event()

    def look() -> None:
        while not end.wait(0.004):
            named = (place / "runs" / ".q4.latest").exists()  # it is finished, and about to take its place
            places = [
                (place / "tmp", "*"),
                (place / "runs", ".*.part/officer"),
                *([] if named else [(place / "runs", ".*.part")]),
            ]
            for path in (path for folder, pattern in places for path in _names(folder, pattern)):
                with suppress(FileNotFoundError):
                    if path.lstat().st_mode & 0o077 and not path.is_symlink():
                        opened.add(f"{path.name} {path.lstat().st_mode & 0o777:o}")

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield opened
    finally:
        end.set()
        watcher.join()


def round_of(trial: Trial, seed: int, number: int) -> tuple[Counter[str], list[str]]:
    """Kill one project's runs and let the last one end; return the kills by target, and what was not whole."""
    dice = random.Random(f"{seed} {number}")  # noqa: S311 - no secret
    now = dice.randrange(2)
    place, kills, found = trial.project(f"round{number}", trial.texts[now]), Counter[str](), list[str]()
    with _watch(place) as opened:
        while kills.total() < ROUND:
            process = _start(place, *RUN)
            target, changes = dice.choice(TARGETS), dice.random() < 1 / 3
            when = dice.uniform(0, trial.seconds) if target == "parent" else dice.uniform(0.3, 1) * trial.seconds
            until = time.monotonic() + when
            if changes:
                time.sleep(dice.uniform(0, when))
                now = 1 - now
                (aside := place / "aside.csv").write_text(trial.texts[now], "utf-8")
                aside.replace(place / CHANGING)
            time.sleep(max(0, until - time.monotonic()))
            victim = None
            while process.poll() is None and victim is None:
                victim = _victim(process, target)
                time.sleep(0.01)
            if victim is not None:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()
                    kills[target + (", records changing" if changes else "")] += 1
            said = process.communicate()[0]
            if "Traceback" in said:
                found.append(f"round {number}, {target} killed: {said[-1500:]}")
            if victim is None:  # it ended before: a run more to kill
                shutil.rmtree(place / "runs", onerror=_open_again)
    last = _start(place, *RUN)
    said = last.communicate()[0]
    if last.returncode:
        found.append(f"round {number}: the last run ended with {last.returncode}: {said[-1500:]}")
    else:
        found += _faults(place, trial.frames[now], number)
    found += [f"round {number}: open to others: {name}" for name in sorted(opened)]
    found += [f"round {number}: left in the temporary folder: {path.name}" for path in (place / "tmp").iterdir()]
    shutil.rmtree(place, onerror=_open_again)
    return kills, found


def _faults(place: Path, wanted: dict[str, bytes], number: int) -> Iterator[str]:
    runs = place / "runs"
    name = (runs / "latest").read_text("utf-8").strip()
    there = frames(runs / name)
    differ = sorted(one for one in {*there, *wanted} if there.get(one) != wanted.get(one))
    if differ:
        yield f"round {number}: frames of {name} differ: {', '.join(differ)}"
    for run in sorted(path.name for path in runs.glob("q4*")):
        verified = _start(place, "verify", f"runs/{run}")
        said = verified.communicate()[0]
        if verified.returncode:
            yield f"round {number}: the seal of {run}: {said}"
    yield from (f"round {number}: left beside the runs: {path.name}" for path in runs.glob(".*") if path.suffix != ".lock")


def _open_again(_remove: object, path: str, _why: object) -> None:
    """Remove what a final run keeps from being changed."""
    Path(path).parent.chmod(0o700)
    with suppress(IsADirectoryError, PermissionError):
        Path(path).unlink()
        return
    Path(path).chmod(0o700)
    shutil.rmtree(path, onerror=_open_again)


def main(given: Sequence[str] | None = None) -> int:
    """Kill as often as is asked for; return 1 where something was not whole."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("kills", 200), ("seed", 0), ("workers", 2)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    told = asked.parse_args(given)
    kills, found = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(told.workers) as pool:
        trial = Trial(Path(folder))
        for killed, faults in pool.map(lambda number: round_of(trial, told.seed, number), range(-(-told.kills // ROUND))):
            kills += killed
            found += faults
    lines = [
        *(f"{count:4} {what}" for what, count in sorted(kills.items())),
        f"{kills.total():4} kills, {len(found)} faults",
        *found,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
