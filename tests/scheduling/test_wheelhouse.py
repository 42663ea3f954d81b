"""The wheelhouse: complete for every platform, told where it cannot be, and installed where there is no network at all."""

import os
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import machine

import locked
import pytest
import third_party
import wheelhouse
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[2]
PYTHON = sys.version_info[:2]
VERSION = f"{PYTHON[0]}.{PYTHON[1]}"
HERE = "linux-arm64" if machine() == "aarch64" else "linux-x86_64"
OURS = f"fengqiao-eval=={version('fengqiao-eval')}"
SOURCE = ("Makefile", "README.md", "LICENSE", "pyproject.toml", *wheelhouse.LOCKS, "fengqiao_eval", "notebooks", "params")
SMALLER = {
    ".venv/bin/fengqiao demo demo": " --stations 32",
    ".venv/bin/fengqiao run params/demo.yaml": " --only S007 --set 'levels=[city, county, station]'",
}
"""What a test types behind what a user types."""


def needed(platform, python="3.11"):
    """Read what a platform needs: line without marker -> line of a lock."""
    return {pin.bare: pin for pin in locked.needed(wheelhouse.lines(), locked.PLATFORMS[platform], python)}


def names(platform):
    """Name what a platform needs."""
    return {pin.name for pin in needed(platform).values()}


def test_markers_are_those_of_the_target():
    """Windows needs what only Windows needs, and nothing that only others need, whatever machine reckons it."""
    windows, linux = names("windows-x86_64"), names("linux-arm64")
    assert windows - linux == {"colorama", "pywinpty"}
    assert linux - windows == {"pexpect", "ptyprocess"}
    assert names("linux-x86_64") == linux


def test_what_a_later_patch_needs_is_there_too():
    """A line that holds for some patches of a Python only is needed, since nobody knows the patch."""
    every = locked.pins("a==1 ; python_full_version < '3.11.5'\na==2 ; python_full_version >= '3.11.5'\nb==1\n")
    both = locked.needed(every, locked.PLATFORMS["linux-x86_64"], "3.11")
    assert [pin.bare for pin in both] == ["a==1", "a==2", "b==1"]
    later = locked.needed(every, locked.PLATFORMS["linux-x86_64"], "3.12")
    assert [pin.bare for pin in later] == ["a==2", "b==1"]


def test_all_that_lack_a_wheel_are_named_at_once(tmp_path, monkeypatch):
    """Without a wheel for the platform every package at fault is named, and nothing is left half-written."""
    lines = [f"{name}==1 \\\n    --hash=sha256:{'0' * 64}\n" for name in ("no-such-thing", "nor-such")]
    for lock, line in zip(wheelhouse.LOCKS, lines, strict=True):
        (tmp_path / lock).write_text(line, "utf-8")
    monkeypatch.setattr(wheelhouse, "ROOT", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SystemExit, match=r"No wheel for windows-x86_64 and Python 3\.11: no-such-thing==1, nor-such==1"):
        wheelhouse.make("windows-x86_64", "3.11", tmp_path / "house" / "windows-x86_64")
    assert list((tmp_path / "house").iterdir()) == []


def test_an_unknown_licence_stands_first(tmp_path):
    """A wheel that names no licence is named above all others."""
    for name, said in (("good", "License-Expression: MIT"), ("bad", "License: UNKNOWN")):
        with zipfile.ZipFile(tmp_path / f"{name}-1-py3-none-any.whl", "w") as packed:
            packed.writestr(f"{name}-1.dist-info/METADATA", f"Name: {name}\nVersion: 1\n{said}\n")
            packed.writestr(f"{name}-1.dist-info/licenses/LICENSE", "")
    head, table = third_party.page(sorted(tmp_path.glob("*.whl"))).split("| --- |", 1)
    assert "许可证不明：bad 1**" in head
    assert "| good | 1 | MIT | – | licenses/LICENSE |" in table


@pytest.fixture(scope="module")
def made(tmp_path_factory, lack):
    """Give a function that makes the wheelhouse of a platform, once, as `make wheelhouse` does."""
    out = tmp_path_factory.mktemp("wheelhouse")

    @cache
    def make(platform):
        command = [sys.executable, str(ROOT / ".ci" / "wheelhouse.py"), platform, "--python", VERSION, "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "connection broken" in done.stderr:
            lack("wheels cannot be fetched: there is no network")
        assert done.returncode == 0, done.stderr
        return out / platform

    return make


def fitting(platform):
    """List the tags of the wheels that a platform takes, by the rules of `packaging`."""
    tags = locked.PLATFORMS[platform].tags
    own = f"cp{PYTHON[0]}{PYTHON[1]}"
    return {*cpython_tags(PYTHON, [own], tags), *compatible_tags(PYTHON, own, tags)}


@pytest.mark.slow
@pytest.mark.parametrize("platform", locked.PLATFORMS)
def test_a_wheelhouse_is_complete(made, platform):
    """Every line of the lock that holds there has exactly one wheel that fits; its hash is the lock's and the list's."""
    folder, pins = made(platform), needed(platform, VERSION)
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines())
    assert {path: wheelhouse.sha256(folder / path) for path in sums} == sums
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {*sums, "SHA256SUMS"}
    wheels = {path.name: parse_wheel_filename(path.name) for path in folder.glob("*.whl")}
    assert [name for name, (*_, tags) in wheels.items() if not tags & fitting(platform)] == []
    lines = {name: f"{project}=={version}" for name, (project, version, *_) in wheels.items()}
    assert sorted(lines.values()) == sorted([*pins, OURS])
    assert [name for name, line in lines.items() if line != OURS and sums[name] not in pins[line].hashes] == []


@pytest.mark.slow
def test_every_wheel_has_its_licence_told(made):
    """The page of third parties has a line for every wheel, and names those whose licence nobody knows."""
    folder = made(HERE)
    page = (folder / "THIRD_PARTY.md").read_text("utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(list(folder.glob("*.whl")))
    unknown = [row[0].strip("| ") for row in rows if row[2] == third_party.UNKNOWN]
    assert all(name in page.split("| package")[0] for name in unknown)


@pytest.fixture(scope="module")
def offline(need, lack):
    """Give a function that runs a line of a shell in a network of its own, which has no route, with a user's bare settings."""
    apart = [need("unshare"), "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    seen = subprocess.run([*apart, "cat", "/proc/net/route"], capture_output=True, text=True, check=False)
    if seen.returncode:
        lack(f"this user may make no network of its own: {seen.stderr}")
    assert len(seen.stdout.splitlines()) <= 1, seen.stdout
    path = os.pathsep.join([str(Path(sys.base_prefix, "bin")), os.defpath])
    env = {"PATH": path, "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}

    def run(line, folder):
        done = subprocess.run([*apart, "sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_it_installs_without_a_network(made, offline, tmp_path):
    """What INSTALL.txt tells to type is typed where there is no network, and prints a card."""
    folder = shutil.copytree(made(HERE), tmp_path / "house")
    told = [line.strip() for line in (folder / "INSTALL.txt").read_text("utf-8").splitlines() if line.startswith("    ")]
    said = offline("\n".join(["set -e", *(line + SMALLER.get(line, "") for line in told)]), folder)
    assert "FAILED" not in said
    assert "S007" in (folder / "project" / "runs" / "demo" / "station" / "S007.html").read_text("utf-8")


@pytest.mark.slow
def test_make_installs_without_a_network(made, offline, need, tmp_path):
    """Where the source has come along, `make setup WHEELHOUSE=…` needs no network, nor does what comes after it."""
    need("make")
    for name in SOURCE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    offline(f"make setup PYTHON=python{VERSION} WHEELHOUSE='{made(HERE)}'", tmp_path)
    score = "score params/demo.yaml --set only=[S007] --set 'levels=[county, station]'"
    offline(f"make setup && .venv/bin/fengqiao demo demo --stations 32 && .venv/bin/fengqiao {score}", tmp_path)
    assert (tmp_path / "runs" / "demo" / "ranks.parquet").is_file()
