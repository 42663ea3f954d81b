"""Kills a run at one operation on its folder after another, runs it again, and says what is not as if nothing had happened.

Called by test_killed.py: killing.py FOLDER EVERY. Each life is a fork, so that nothing is imported twice.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from fengqiao_eval.engine import pool
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.runs import run
from resumed import differences, draw, draw_pages, go, project

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod"}
CHANGES = {"words": ["contact=五楼"], "scheme": ["state=announced", "as_of=2024-12-20"]}
"""The first takes over the frames of the run that it replaces, the second is scored."""


def begin(folder):
    """Write the project with a run in it, and remember each scoring: no life has to wait for it."""
    score, known = jobs.score_job, {}

    def remembered(job):
        if job.params.moment not in known:
            known[job.params.moment] = score(job)
        return known[job.params.moment]

    pool.print_cards, run.write_pages, jobs.score_job = draw, draw_pages, remembered
    go(project(folder))
    for sets in CHANGES.values():
        remembered(jobs.Job(folder / "params" / "q4.yaml", sets))


def life(folder, sets, end):
    """Run once in a process of its own, killed at its END-th operation; return how it ended and how many there were."""
    read, write = os.pipe()
    if pid := os.fork():
        os.close(write)
        count = len(os.read(read, 2**16))
        os.close(read)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), count
    count = 0

    def hook(event, given):
        nonlocal count
        writes = event in EVENTS or (event == "open" and isinstance(given[2], int) and given[2] & WRITES)
        if writes and "/runs/" in f"{given[0]}/":
            count += 1
            if count == end:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    try:
        go(folder, *sets)
        os.write(write, b"." * count)
    finally:
        os._exit(0)


def main(folder, every):
    """Try operations from the first to the last; those at the end, where the run takes its place, one by one."""
    begin(folder / "project")
    for name, sets in CHANGES.items():
        undisturbed = shutil.copytree(folder / "project", folder / name)
        _, count = life(undisturbed, sets, 0)
        points = sorted({*range(1, count - 12, every), *range(max(1, count - 12), count + 1)})
        for point in points:
            tried = shutil.copytree(folder / "project", folder / "tried")
            ended = life(tried, sets, point)[0], life(tried, sets, 0)[0]
            unlike = differences(tried / "runs", undisturbed / "runs")
            if ended != (-signal.SIGKILL, 0) or unlike:
                sys.stdout.write(f"{name}: killed at operation {point} of {count}: ended {ended}, unlike: {unlike}\n")
            shutil.rmtree(tried)
        sys.stdout.write(f"{name}: {len(points)} of {count} operations tried\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
