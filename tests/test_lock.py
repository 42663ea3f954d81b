"""The lock of a run: one at a time under a name, who holds it is said, and it dies with its process."""

import json
import os
import subprocess
import sys

import pytest

from fengqiao_eval.errors import LockedError, UsageError
from fengqiao_eval.runs.lock import hold_lock

HOLDS = """
import sys, time
from pathlib import Path
from fengqiao_eval.runs.lock import hold_lock
with hold_lock(Path(sys.argv[1]), "demo"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of demo."""
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def take(out, name="demo"):
    """Take a lock and let it go again."""
    with hold_lock(out, name) as new:
        return new


def test_a_second_run_is_refused_and_told_who_runs(tmp_path, holder):
    """Process, user, host and since when are said, and what to do; the exit code is 4."""
    with pytest.raises(
        LockedError, match=rf"demo 正在运行：进程 {holder.pid}（.+，主机 .+），始于 \d{{4}}-.+；请等它结束后重试"
    ) as error:
        take(tmp_path)
    assert error.value.exit_code == 4


@pytest.mark.usefixtures("holder")
def test_other_runs_do_not_wait(tmp_path):
    """Runs of other names have locks of their own."""
    assert take(tmp_path, "other") is False


def test_the_lock_dies_with_its_process(tmp_path, holder):
    """A killed process holds nothing, though its file is still there."""
    holder.kill()
    holder.wait()
    assert (tmp_path / ".demo.lock").is_file()
    assert take(tmp_path) is False
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_no_obstacle(tmp_path):
    """A file of a lock, whatever stands in it, holds nobody up."""
    (tmp_path / ".demo.lock").write_text('{"process": 1, "since": "2020-01-01"}', "utf-8")
    with hold_lock(tmp_path, "demo"):
        assert json.loads((tmp_path / ".demo.lock").read_text("utf-8"))["process"] == os.getpid()


def test_a_holder_that_has_not_signed_yet_holds_all_the_same(tmp_path):
    """Where the file is still empty, who holds it is a dash."""
    with hold_lock(tmp_path, "demo"):
        (tmp_path / ".demo.lock").write_text("", "utf-8")
        with pytest.raises(LockedError, match="进程 —（—，主机 —），始于 —"):
            take(tmp_path)


def test_a_folder_made_for_nothing_goes_again(tmp_path):
    """Folders made for the lock are removed where nothing was put in them."""
    out = tmp_path / "new" / "runs"
    assert take(out) is True
    assert list(tmp_path.iterdir()) == []
    with hold_lock(out, "demo"):
        (out / "demo").mkdir()
    assert [path.name for path in out.iterdir()] == ["demo"]


def test_what_is_no_folder_is_refused(tmp_path):
    """A file where runs should lie is left alone."""
    (tmp_path / "runs").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="已存在且不是评分结果"):
        take(tmp_path / "runs")


def test_many_at_once_hold_it_one_after_another(tmp_path):
    """Processes that take and drop the lock all the time never hold it together."""
    code = """
import sys
from pathlib import Path
from fengqiao_eval.errors import LockedError
from fengqiao_eval.runs.lock import hold_lock
got = 0
while got < 100:
    try:
        with hold_lock(Path(sys.argv[1]), "demo"):
            mark = Path(sys.argv[1]) / "inside"
            mark.touch(exist_ok=False)
            mark.unlink()
            got += 1
    except LockedError:
        pass
"""
    (tmp_path / "runs").mkdir()
    command = [sys.executable, "-c", code, str(tmp_path / "runs")]
    crowd = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[1] for process in crowd] == ["", "", ""]
