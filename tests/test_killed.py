"""Runs killed for real, and disks really full: the same command goes on, and the result is as if nothing had happened."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import random_kills
from fengqiao_eval.demo import write
from resumed import differences

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="Windows kills otherwise")]
ROOT = Path(__file__).parents[1]
PARAMS = "period: 2024Q4\nrecords: records\nscheme: params/one_table.yaml\nonly: [C01, S001, S002, S003, P0001, P0002]\n"
FENGQIAO = [sys.executable, "-c", "from fengqiao_eval.cli import app; app()"]


def command(folder, *words, **more):
    """Start a command in a project."""
    here = {"cwd": folder, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*FENGQIAO, *words], **here | more)


def ended(process):
    """Wait until a command ends; give its exit code, what it said and what it refused."""
    said, refused = process.communicate()
    return process.returncode, said, refused


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with eight invented stations and the notebooks that ship."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("notebooks", "params"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "params" / "q4.yaml").write_text(PARAMS, "utf-8")
    write.write(folder / "records", stations=8)
    return folder


@pytest.fixture(scope="module")
def undisturbed(project, tmp_path_factory):
    """Give the runs of a project that nothing disturbed, and the seconds that they took."""
    folder = shutil.copytree(project, tmp_path_factory.mktemp("undisturbed") / "project")
    began = time.monotonic()
    assert ended(command(folder, "run", "params/q4.yaml"))[0] == 0
    return folder / "runs", time.monotonic() - began


def test_a_run_may_be_killed_at_every_operation(tmp_path):
    """At whichever operation on its folder a run dies, the next one is byte for byte what it would have been."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, str(ROOT / "tests" / "killing.py"), str(tmp_path), "6"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"(\w+: \d+ of \d+ operations tried\n){2}", done.stdout), done.stdout


def _came(process, path):
    """Wait until a file is there, or the process has ended."""
    while process.poll() is None and not path.exists():
        time.sleep(0.002)


@pytest.mark.parametrize(
    "path", ["manifest.json", "city/C01.html", "station/S003.html", "officer/P0001.html", "index.html", "officer/one_table.xlsx"]
)
def test_a_run_killed_when_a_file_appears_goes_on(project, undisturbed, tmp_path, path):
    """Killed as soon as some file is written, a run goes on from there and ends as one that nothing disturbed."""
    folder = shutil.copytree(project, tmp_path / "project")
    process = command(folder, "run", "params/q4.yaml")
    _came(process, folder / "runs" / ".q4.part" / path)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    code, said, refused = ended(command(folder, "run", "params/q4.yaml"))
    assert (code, refused.count("Traceback")) == (0, 0), said + refused
    assert differences(folder / "runs", undisturbed[0]) == []


def test_final_runs_killed_by_the_dice_are_whole_and_sealed(capsys):
    """Parent, server or card is killed at any moment, records change in a third: frames, seal, temporary folder are in order."""
    random_kills.main(["--kills", "9", "--seed", "20241231"])
    assert capsys.readouterr().out.splitlines()[-1].strip() == "9 kills, 0 faults"


def test_nothing_new_ends_soon(undisturbed):
    """A command that finds nothing new starts no notebook and leaves the folder as it is."""
    runs, _ = undisturbed
    before = {path: path.stat().st_mtime_ns for path in (runs / "q4").rglob("*")}
    code, said, _ = ended(command(runs.parent, "run", "params/q4.yaml"))
    assert (code, said.splitlines()[-1].split("：")[0]) == (0, "无新内容，未作改动")
    assert {path: path.stat().st_mtime_ns for path in (runs / "q4").rglob("*")} == before


# A full disk

ON_A_SMALL_DISK = """
set -e
mkdir runs
mount -t tmpfs -o size=200k tmpfs runs
"$@" && exit 90 || echo "frames $? $(ls -A runs | tr '\\n' ' ')"
mount -o remount,size=3m runs
"$@" && exit 91 || echo "pages $? $(ls -A runs | tr '\\n' ' ')"
mount -o remount,size=64m runs
"$@"
cp -a runs kept
"""


@pytest.fixture
def namespace(need):
    """The words that run a command where it may mount a disk of its own."""
    unshare = need("unshare")
    ways = ([unshare, "--mount"], [unshare, "--user", "--map-root-user", "--mount"])
    mounts = ["sh", "-c", "d=$(mktemp -d) && mount -t tmpfs tmpfs $d && umount $d && rmdir $d"]
    found = next(
        (words for words in ways if not subprocess.run([*words, *mounts], capture_output=True, check=False).returncode), None
    )
    if found is None:
        (pytest.fail if os.environ.get("FENGQIAO_REQUIRE_ALL") else pytest.skip)("no disk may be mounted here, in no namespace")
    return found


def test_a_disk_that_fills_up_costs_nothing_that_is_done(project, undisturbed, namespace, tmp_path):
    """Full while frames, then while pages are written: exit 3 in plain words, nothing published; with room it goes on."""
    folder = shutil.copytree(project, tmp_path / "project")
    words = [*namespace, "sh", "-c", ON_A_SMALL_DISK, "sh", *FENGQIAO, "run", "params/q4.yaml"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"(?m)^(frames|pages) (\d+) (.*) $", done.stdout)
    assert [(when, code, set(names.split()) - {"log.jsonl"}) for when, code, names in found] == [
        ("frames", "3", {".q4.part"}),
        ("pages", "3", {".q4.part"}),
    ]
    assert re.findall(r"磁盘已满：.*runs\S* 只剩 0 MB，本次运行约还需 \d+ MB", done.stderr)
    assert "Traceback" not in done.stderr
    assert differences(folder / "kept", undisturbed[0]) == []
