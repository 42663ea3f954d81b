"""The wheelhouse: all that a machine without a network needs, for one platform and one Python, in one folder.

    make wheelhouse PLATFORM=linux-x86_64 [PYTHON_VERSION=3.12]

makes wheelhouse/linux-x86_64/: the wheel of every line of requirements.lock that holds there, our own wheel, and

    project/           notebooks and params, which are no part of the package
    requirements.txt   the lock for this platform and our own wheel, with the hashes of what lies here
    THIRD_PARTY.md     licences
    INSTALL.txt        the commands that install it, in Chinese and English
    SHA256SUMS         the sum of every other file

It appears whole or not at all. What has no wheel for the platform is named, all at once, and the exit code is 1.
"""

import argparse
import hashlib
import re
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import third_party
from locked import PATCHES, PLATFORMS, Pin, Platform, needed, pins
from packaging.utils import parse_wheel_filename

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[1]
SOURCES = ("fengqiao_eval", "pyproject.toml", "README.md", "LICENSE")
"""What our own wheel is built from."""
LOCKS = ("requirements.lock", "requirements-postgres.lock")
"""What is fetched, the first before the second: a closed network has no other way to the driver of a database."""
PROJECT = ("notebooks/*.ipynb", "params/demo.yaml", "params/one_table.yaml", "params/examples/*.yaml")
"""What a project needs beside the package; params files of one's own stay at home."""


# What is fetched and built


def lines() -> list[Pin]:
    """Read the lines of the locks, each once."""
    every: dict[str, Pin] = {}
    for pin in (pin for lock in LOCKS for pin in pins((ROOT / lock).read_text("utf-8"))):
        every.setdefault(pin.bare, pin)
    return list(every.values())


def fetch(wanted: Sequence[Pin], platform: Platform, python: str, folder: Path) -> list[str]:
    """Download the wheels of some lines into a folder; name those that have none for the platform.

    Raises SystemExit with what pip said where that is something else, such as a hash that differs.
    """
    return [name for round_ in _rounds(wanted) for name in _fetch(round_, platform, python, folder)]


def _rounds(wanted: Iterable[Pin]) -> list[list[Pin]]:
    """Deal lines out so that no round names a package twice, which pip would refuse."""
    rounds: list[list[Pin]] = []
    for pin in wanted:
        free = next((one for one in rounds if pin.name not in {other.name for other in one}), None)
        if free is None:
            rounds.append(free := [])
        free.append(pin)
    return rounds


def _fetch(wanted: Sequence[Pin], platform: Platform, python: str, folder: Path) -> list[str]:
    """Ask pip for wheels; it stops at the first that is missing, which is left out when it is asked again."""
    missing: list[str] = []
    while left := [pin for pin in wanted if pin.bare not in missing]:
        with tempfile.TemporaryDirectory() as aside:
            asked = Path(aside, "asked.txt")
            asked.write_text("".join(map(_line, left)), "utf-8")
            done = _pip("download", *_target(platform, python), "--dest", str(folder), "--requirement", str(asked))
        if not done.returncode:
            break
        found = re.search(r"No matching distribution found for ([^\s;]+)", done.stderr)
        if not found or found[1] in missing or "connection broken" in done.stderr:
            raise SystemExit(done.stderr)
        missing.append(found[1])
    return missing


def _line(pin: Pin) -> str:
    return " ".join([pin.bare, *(f"--hash=sha256:{one}" for one in sorted(pin.hashes))]) + "\n"


def _target(platform: Platform, python: str) -> list[str]:
    wheels = ["--no-deps", "--require-hashes", "--only-binary=:all:"]
    tags = ["--implementation", "cp", "--abi", f"cp{python.replace('.', '')}"]
    latest = f"{python}.{PATCHES[-1]}"  # 3.11 alone would be 3.11.0, and what needs 3.11.5 missing
    return [*wheels, *tags, "--python-version", latest, *(f"--platform={tag}" for tag in platform.tags)]


def _pip(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def build(folder: Path) -> None:
    """Build our own wheel into a folder, from a copy: in the project itself an old build/ would leak into it."""
    with tempfile.TemporaryDirectory() as copy:
        _copy(SOURCES, Path(copy))
        done = _pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), copy)
    if done.returncode:
        raise SystemExit(done.stderr)


def _copy(patterns: Iterable[str], place: Path) -> None:
    for source in (source for pattern in patterns for source in sorted(ROOT.glob(pattern))):
        target = place / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


# What is written beside


def requirements(wanted: Sequence[Pin], folder: Path) -> str:
    """List what lies in a folder as requirements: name, version, marker of the lock, and the hash of the wheel.

    Raises SystemExit where a wheel is not among those that the lock allows.
    """
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(wheel.name)
        pin = next((pin for pin in wanted if pin.name == name and pin.requirement.specifier.contains(version)), None)
        if pin and sha256(wheel) not in pin.hashes:
            raise SystemExit(f"{wheel.name}: its hash is not in requirements.lock")
        marker = f" ; {pin.requirement.marker}" if pin and pin.requirement.marker else ""
        lines.append(f"{name}=={version}{marker} --hash=sha256:{sha256(wheel)}\n")
    return "".join(lines)


def sums(folder: Path) -> str:
    """List the sums of all files of a folder as sha256sum does."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256(folder / path)}  {path}\n" for path in paths)


def sha256(path: Path) -> str:
    """Reckon the sum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _whole(place: Path) -> Iterator[Path]:
    """Give a folder to write in; it takes its place at the end, or is gone."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as aside:
        made, old = Path(aside, "made"), Path(aside, "old")
        made.mkdir()
        yield made
        if place.exists():
            place.replace(old)
        made.replace(place)


def make(name: str, python: str, place: Path) -> None:
    """Make the wheelhouse of a platform.

    Raises SystemExit where a wheel is missing; then nothing is written.
    """
    platform = PLATFORMS[name]
    wanted = needed(lines(), platform, python)
    with _whole(place) as folder:
        if missing := fetch(wanted, platform, python, folder):
            raise SystemExit(f"No wheel for {name} and Python {python}: {', '.join(missing)}")
        build(folder)
        _copy(PROJECT, folder / "project")
        instructions = string.Template((HERE / platform.instructions).read_text("utf-8"))
        texts = {
            "requirements.txt": requirements(wanted, folder),
            "THIRD_PARTY.md": third_party.page(sorted(folder.glob("*.whl"))),
            "INSTALL.txt": instructions.substitute(platform=name, python=python),
        }
        for path, text in texts.items():
            (folder / path).write_text(text, "utf-8", newline="\n")
        (folder / "SHA256SUMS").write_text(sums(folder), "utf-8", newline="\n")


def main() -> None:
    """Read the command line and make a wheelhouse."""
    parser = argparse.ArgumentParser(description="Make the wheelhouse of a platform.")
    parser.add_argument("platform", choices=PLATFORMS)
    parser.add_argument("--python", default="3.11", metavar="3.11", help="the Python of the closed network")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "wheelhouse", help="where it is put, in a folder of the platform's name"
    )
    given = parser.parse_args()
    make(given.platform, given.python, given.out / given.platform)
    print(f"Ready: {given.out / given.platform}")


if __name__ == "__main__":
    main()
