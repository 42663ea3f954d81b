"""A whole province in one `fengqiao run`: seconds, memory, bytes, cards and failures, with papermill beside it.

    python tests/bench/bench_province.py STATIONS        (or: make bench PROVINCE=STATIONS)

1,700 stations have some 7,900 officers and 9.5 million records, which takes the better part of an hour on two processors: it does
not run unasked. Memory is each process's own peak as the system keeps it: of the command itself, of the server from which cards
are forked, and of the largest child; what a child holds beyond what it shares with the server is looked at now and then. The peer
is called for three stations and three officers, and its time for all cards is reckoned from them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from cards import Spent, cards, province, spent, stock

PEERS, LOOK_SECONDS = 3, 0.05
MOST_BYTES = 2**30


def watched(command: list[str], folder: Path) -> dict[str, int]:
    """Run a command to its end; give the peak bytes of its processes: command, server, child, and child_alone, not shared."""
    most: dict[str, int] = defaultdict(int)
    with subprocess.Popen(command, cwd=folder) as process:
        while process.poll() is None:
            for role, size in _looked(psutil.Process(process.pid)):
                most[role] = max(most[role], size)
            time.sleep(LOOK_SECONDS)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return most


def _looked(command: psutil.Process) -> Iterator[tuple[str, int]]:
    """Look at a command, its server, and one of the server's children; those that end meanwhile are passed over."""
    try:
        yield "command", _peak(command.pid)
        for server in command.children():
            yield "server", _peak(server.pid)
            for child in server.children()[:1]:
                yield "child", _peak(child.pid)
                yield "child_alone", child.memory_full_info().uss
    except (psutil.Error, OSError, StopIteration):
        return


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return 1024 * next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def measured(folder: Path, stations: int) -> tuple[Path, Spent, dict[str, int]]:
    """Invent a province and run it whole; return the folder of the run, what it took, and the peaks of memory."""
    params, peaks = province(folder, stations), dict[str, int]()
    command = [str(Path(sys.executable).with_name("fengqiao")), "run", str(params), "--quiet"]
    took = spent(lambda: peaks.update(watched(command, folder)))
    return folder / "runs" / params.stem, took, peaks


def told(run: Path, took: Spent, peaks: dict[str, int]) -> None:
    """Print what the run was and what it took."""
    manifest: dict[str, Any] = json.loads((run / "manifest.json").read_text("utf-8"))
    units, records = manifest["units"] | {"officer": manifest["officers"]}, sum(manifest["counts"].values())
    count, failed = len(list(run.glob("*/*.records.csv"))), len(manifest["failures"]) + manifest["officers_failed"]
    each = {level: number for level, number in units.items() if number}
    print(f"  {records:,} records; {', '.join(f'{number:,} {level}' for level, number in each.items())}")
    print(f"  {count:,} cards, {failed} failed: {took.wall / 60:.1f} minutes by the clock, {took.cpu:,.0f} CPU s")
    for role, size in peaks.items():
        bound = f"  under {MOST_BYTES // 2**20:,}: {'kept' if size < MOST_BYTES else 'MISSED'}" if role == "command" else ""
        print(f"  peak of the {role}: {size / 2**20:,.0f} MiB{bound}")
    files = [path.stat().st_size for path in run.rglob("*") if path.is_file()]
    pages = sorted(path.stat().st_size for path in run.glob("*/*.html") if path.stem != "index")
    words = f"of a page {statistics.median(pages):,.0f}, at most {pages[-1]:,}"
    print(f"  {sum(files) / 2**20:,.0f} MiB in {len(files):,} files; bytes {words}")


def peer(run: Path, took: Spent) -> None:
    """Print what papermill would take for the cards alone, by three of each kind."""
    theirs = 0.0
    for levels in (("city", "county", "station"), ("officer",)):
        wanted = [card for level in levels for card in cards(run, level)]
        theirs += len(wanted) * statistics.median(stock(card).cpu for card in wanted[-PEERS:])
    hours = f"{theirs / 3600:.1f} CPU hours for the notebooks alone, {theirs / took.cpu:.0f} times all of the above"
    print(f"  papermill.execute_notebook, by {2 * PEERS} of them: {hours}")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PROVINCE", "")
    if not asked.isdigit():
        print("  not measured, for it takes long: make bench PROVINCE=1700")
        raise SystemExit
    with tempfile.TemporaryDirectory() as aside:
        print(f"{int(asked):,} stations")
        run_, took_, peaks_ = measured(Path(aside), int(asked))
        told(run_, took_, peaks_)
        peer(run_, took_)
