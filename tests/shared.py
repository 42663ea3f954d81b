"""What tests share: the files that ship, folders made once for all their processes, small runs drawn up once a process."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from fengqiao_eval.demo import write

ROOT = Path(__file__).parents[1]


@cache
def shipped(pattern: str, root: Path = ROOT) -> list[Path]:
    """List the files of the project that fit a pattern (params/**/*.yaml); what a user has put beside them is none of ours."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        known = {*subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")}
    except (OSError, subprocess.CalledProcessError):  # a copy of the project that is not under version control
        return sorted(root.glob(pattern))
    return sorted(path for path in root.glob(pattern) if path.relative_to(root).as_posix() in known)


def once(made_in: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Give the folder of a name, made by whichever process of the tests asks first; who wants to write in it takes a copy."""
    base = made_in.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else made_in.getbasetemp()
    made, taken = base / f"once_{name}", base / f"once_{name}.taken"
    while not made.is_dir():
        try:
            taken.mkdir()
        except FileExistsError:  # another process is at it; where that one fails, this one tries in its turn
            time.sleep(0.1)
            continue
        try:
            if not made.is_dir():
                making = made_in.mktemp(name)
                make(making)
                making.rename(made)
        finally:
            taken.rmdir()
    return made


def examples(most: int) -> int:
    """Give on how many examples a property is tried: as many as are asked for, but of `make test` a quarter."""
    return max(most // 4, 5) if os.environ.get("FENGQIAO_QUICK") else most


def province(made_in: pytest.TempPathFactory, stations: int = 60, seed: int = 0) -> Path:
    """Give an invented province, a folder of Parquet files that is only read."""
    return once(made_in, f"province_{stations}_{seed}", lambda folder: write.write(folder, stations, seed))


def files_of(make: Callable[[Path], object]) -> dict[str, bytes]:
    """Let something be written into a folder, and read all files of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lay(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write files into a folder; officers' own folder is open to nobody else."""
    (folder / "officer").mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
