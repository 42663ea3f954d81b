"""Batches of cards for tests: notebooks written on the spot, cards on a run drawn up, and what a batch leaves on the machine."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import IO

import nbformat
import psutil
import pytest

from fengqiao_eval.engine.card_job import CardJob

MARK = "FENGQIAO_TEST_BATCH"


class FullDisk(type(Path())):  # type: ignore[misc]
    """A place on a disk that is full."""

    def open(self, *_: object, **__: object) -> IO[bytes]:
        """Open what takes nothing."""
        return Path("/dev/full").open("wb")


def a_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of a parameters cell and the cells given."""
    first = nbformat.v4.new_code_cell('run = ""\nunit = ""\nlang = "zh"', metadata={"tags": ["parameters"]})
    made = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(exist_ok=True, parents=True)
    nbformat.write(made, path)
    return path


def some_cards(run: Path, notebook: Path, units: Iterable[str], folder: str = "cards") -> list[CardJob]:
    """List cards of stations, to be printed into a folder of their run, that keep their notebooks."""
    return [CardJob(unit, "station", notebook, run, run / folder / f"{unit}.html", keep=True) for unit in units]


@contextmanager
def watched(temporary: Path) -> Iterator[None]:
    """Mark the processes that are started within, and let them put temporary files into a folder."""
    resource_tracker.ensure_running()  # multiprocessing's own, for the whole life of this process
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, "1")
        patch.setattr(tempfile, "tempdir", str(temporary))
        yield


def marked() -> list[psutil.Process]:
    """List the processes of this machine that were started within `watched`, by whomever they are owned now."""
    return [process for process in psutil.process_iter() if MARK in _environment(process)]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return {} if process.pid == os.getpid() else process.environ()
    except psutil.Error:  # dead, or another user's
        return {}


def servers() -> list[psutil.Process]:
    """List the servers among the children of this process."""
    return [child for child in psutil.Process().children() if MARK in _environment(child)]


def until(done: Callable[[], object]) -> None:
    """Wait until something is so, a minute at the most."""
    for _ in range(1200):
        if done():
            return
        time.sleep(0.05)
    pytest.fail("a minute went by, and it did not come about")
