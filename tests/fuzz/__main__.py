"""Run mutated projects through `check` and `score`, and say what may not be.

    make fuzz                          5,000 record folders and 3,000 documents of seed 0
    make fuzz SEED=7 INPUTS=300        others, and fewer of them
    make fuzz SEED=7 INPUT=123         one alone, kept in fuzz.tmp/7-123, with all that it says

One warm process imports the program and forks workers, each for some inputs in turn; what check has read and scored is handed to
score, which begins in the same way. Of one input in fifty both are processes of their own, to which nothing is handed on.
"""

import argparse
import gc
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fengqiao_eval import cli
from fengqiao_eval.errors import FengqiaoError
from fengqiao_eval.runs import console, job, run
from fengqiao_eval.scheme import lint
from fuzz import judge, project
from fuzz.judge import Finding, Ran

INPUTS, CHUNK, WORKERS = 8000, 100, 2
LONGEST = 30
"""The seconds of processor that a command may take; in real ones, on a machine that is busy, it may take eight times as long."""
MEMORY = 6 << 30
"""The bytes that a worker may ask for."""
LOADED = (console, run)
"""What the commands load when they are called, here before the workers are forked."""
REAL = 50
"""One in so many runs as processes of its own."""
SWEEP = 10
"""After so many inputs a worker's memory is swept."""


class Hang(BaseException):
    """A command took too long."""


# One input


def try_input(seed: int, number: int, folder: Path, *, real: bool | None = None) -> dict[str, Any]:
    """Write an input into an empty folder, run it, and say what was found."""
    began = time.process_time()
    made = project.write(seed, number, folder)
    before = judge.snapshot(folder)
    os.chdir(folder)
    os.environ["FENGQIAO_LANG"] = made.lang
    sets = [word for given in made.typed for word in ("--set", given)]
    alone = number % REAL == REAL - 1 if real is None else real
    run = _in_process if alone else _here
    with _handed_on():
        ran = [run(command, ["params/run.yaml", *sets], folder.parent) for command in ("check", "score")]
    found = list(judge.judge(made, folder, before, ran))
    spent = {"seconds": max(one.seconds for one in ran), "cpu": time.process_time() - began}
    codes = [one.code for one in ran]
    return {
        "number": number,
        "kind": made.kind,
        "done": made.done,
        "codes": codes,
        **spent,
        "found": [asdict(one) for one in found],
    }


@contextmanager
def _handed_on() -> Iterator[None]:
    """Let what one command has read and scored serve the next one."""
    before, kept = job.score_job, list[Any]()

    def score_job(of: job.Job) -> Any:
        if not kept:
            try:
                kept.append(before(of))
            except FengqiaoError as refused:
                kept.append(refused)
        if isinstance(kept[0], FengqiaoError):
            raise kept[0]
        return kept[0]

    job.score_job = score_job
    try:
        yield
    finally:
        job.score_job = before


def _here(command: str, given: list[str], beside: Path) -> Ran:
    """Run a command in this process, with what it says kept in files."""
    ran, began = Ran(command, 0), time.monotonic()
    places = [beside / f"{name}.txt" for name in ("out", "err")]
    kept = [os.dup(1), os.dup(2)], (sys.stdout, sys.stderr)
    for number, place in enumerate(places, 1):
        file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115 - descriptors
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        cli.app([command, *given], standalone_mode=True)
    except SystemExit as left:
        ran.code = int(left.code or 0)
    except Hang:
        ran.code, ran.traceback = -1, traceback.format_exc() + "\nHang"
    except BaseException:  # noqa: BLE001 - whatever gets through is what is looked for
        ran.code, ran.traceback = -1, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, before in enumerate(kept[0], 1):
            os.dup2(before, number)
            os.close(before)
        sys.stdout, sys.stderr = kept[1]
    ran.out, ran.err = (place.read_text("utf-8", "replace") for place in places)
    ran.seconds = time.monotonic() - began
    return ran


def _in_process(command: str, given: list[str], _beside: Path | None = None) -> Ran:
    """Run a command as a process of its own."""
    began = time.monotonic()
    call = [sys.executable, "-c", "from fengqiao_eval.cli import app; app()", command, *given]
    try:
        done = subprocess.run(call, capture_output=True, timeout=3 * LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return Ran(command, -1, traceback="Hang")
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Ran(command, done.returncode, out, err, err if "Traceback" in err else "", time.monotonic() - began)


# Many inputs


def _stop(_number: int, _frame: Any) -> None:
    raise Hang


def _untried(number: int, why: Finding) -> dict[str, Any]:
    return {"number": number, "kind": "?", "done": [], "codes": [], "seconds": 0, "cpu": 0, "found": [asdict(why)]}


def _work(seed: int, numbers: list[int], told: int) -> None:
    """Try inputs in turn, and tell of each on a pipe."""
    parent = os.getppid()
    signal.signal(signal.SIGPROF, _stop)
    gc.disable()  # a tenth of the time; memory is swept between inputs
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory(prefix="fuzz") as name, os.fdopen(told, "w", encoding="utf-8") as pipe:
        for number in numbers:
            if os.getppid() != parent:  # who asked is gone
                return
            folder = Path(name) / str(number)  # its own, for a database that is still open is known by its path
            folder.mkdir()
            print(json.dumps({"begun": number}), file=pipe, flush=True)
            try:
                result = try_input(seed, number, folder)
            except BaseException:  # noqa: BLE001 - a fault of ours, which is told too
                result = _untried(number, Finding("no input", judge.place_of(traceback.format_exc()), traceback.format_exc()))
            os.chdir(name)
            print(json.dumps(result), file=pipe, flush=True)
            shutil.rmtree(folder)
            if number % SWEEP == 0:
                gc.collect()


def results(seed: int, numbers: list[int], workers: int = WORKERS) -> Iterator[dict[str, Any]]:
    """Try inputs in forked workers; one that hangs or dies is told of, and another goes on behind it."""
    lint.catalogue()
    gc.collect()
    gc.freeze()  # the workers pass over what was there before them
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    busy: dict[int, dict[str, Any]] = {}
    while chunks or busy:
        while chunks and len(busy) < workers:
            chunk, (reads, writes) = chunks.pop(0), os.pipe()
            if (child := os.fork()) == 0:
                os.close(reads)
                for other in busy:
                    os.close(other)
                try:
                    _work(seed, chunk, writes)
                finally:
                    os._exit(0)
            os.close(writes)
            busy[reads] = {"child": child, "left": chunk, "text": b"", "heard": time.monotonic()}
        ready, _, _ = select.select(list(busy), [], [], 1)
        for reads, state in list(busy.items()):
            data = os.read(reads, 1 << 20) if reads in ready else None
            if data:
                state["heard"] = time.monotonic()
                *whole, state["text"] = (state["text"] + data).split(b"\n")
                for line in map(json.loads, whole):
                    if "begun" not in line:
                        state["left"] = state["left"][1:]
                        yield line
            elif data == b"" or time.monotonic() - state["heard"] > 8 * LONGEST:
                if data is None:
                    os.kill(state["child"], signal.SIGKILL)
                _, status = os.waitpid(state["child"], 0)
                os.close(reads)
                del busy[reads]
                if state["left"]:
                    yield _untried(state["left"][0], Finding("hang" if data is None else "died", f"status {status}"))
                    if state["left"][1:]:
                        chunks.insert(0, state["left"][1:])


def summary(seed: int, tried: list[dict[str, Any]], wall: float, cpu: float) -> list[str]:
    """Say how many inputs were refused and accepted, what was found by kind and place, and how to see it."""
    places: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in tried:
        for key in {(found["kind"], found["place"]) for found in one["found"]}:
            places[key].append(one)
    said = []
    for kind in sorted({one["kind"] for one in tried}):
        those = [one for one in tried if one["kind"] == kind]
        accepted = sum(one["codes"][-1:] == [0] for one in those)
        said.append(
            f"{kind}: {len(those)} inputs, {accepted} accepted, {sum(bool(one['found']) for one in those)} with something found"
        )
    longest = max((one["seconds"] for one in tried), default=0)
    said.append(
        f"seed {seed}: {len(tried)} inputs in {wall:.0f} s, {cpu:.0f} s of processor; the longest command took {longest:.1f} s"
    )
    for (kind, place), those in sorted(places.items(), key=lambda pair: -len(pair[1])):
        first = min(those, key=lambda one: one["number"])
        said.append(
            f"{len(those):5} × {kind} · {place} · make fuzz SEED={seed} INPUT={first['number']} ({'; '.join(first['done'])[:200]})"
        )
    return said


def show(seed: int, number: int, folder: Path) -> bool:
    """Run one input alone, and print all that it says; say whether nothing was found."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = project.write(seed, number, folder)
    print(f"input {number} of seed {seed} in {folder}: {'; '.join(made.done)}; typed: {made.typed}; {made.lang}")
    sets = [word for given in made.typed for word in ("--set", given)]
    before, here = judge.snapshot(folder), Path.cwd()
    os.chdir(folder)
    os.environ["FENGQIAO_LANG"] = made.lang
    ran = [_in_process(name, ["params/run.yaml", *sets]) for name in ("check", "score")]
    found = list(judge.judge(made, folder, before, ran))
    os.chdir(here)
    for one in ran:
        print(f"--- {one.command}: exit {one.code}\n{one.out}{one.err}")
    for one in found:
        print(f"*** {one.kind} · {one.place}\n{one.detail}")
    return not found


def main() -> int:
    """Read what is asked for, and do it."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--inputs", type=int, default=INPUTS)
    asked.add_argument("--input", type=int)
    asked.add_argument("--from", type=int, default=0, dest="first")
    asked.add_argument("--workers", type=int, default=WORKERS)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    if given.input is not None:
        return 0 if show(given.seed, given.input, Path.cwd() / "fuzz.tmp" / f"{given.seed}-{given.input}") else 1
    began, tried = time.monotonic(), []
    for one in results(given.seed, list(range(given.first, given.first + given.inputs)), given.workers):
        tried.append(one)
        if len(tried) % 200 == 0:
            print(
                f"{len(tried)} tried, {sum(bool(t['found']) for t in tried)} with something found, {time.monotonic() - began:.0f} s",
                flush=True,
            )
        if given.out:
            with given.out.open("a", encoding="utf-8") as file:
                print(json.dumps(one, ensure_ascii=False), file=file)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("\n".join(summary(given.seed, tried, time.monotonic() - began, used.ru_utime + used.ru_stime)))
    return int(any(one["found"] for one in tried))


if __name__ == "__main__":
    sys.exit(main())
