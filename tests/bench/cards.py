"""What the benches of cards share: an invented province scored in a folder, its cards, and the CPU seconds of some work."""

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import papermill

from fengqiao_eval.demo import write
from fengqiao_eval.engine import card_job
from fengqiao_eval.engine.card_job import CardJob
from fengqiao_eval.engine.pool import print_cards
from fengqiao_eval.runs.folder import card_pages, read_units
from fengqiao_eval.runs.job import Job, choose_cards
from fengqiao_eval.runs.run import run
from fengqiao_eval.runs.templates import find_notebooks, notebook_of

ROOT = Path(__file__).parents[2]
QUIET = ["--IPKernelApp.log_level=50"]
"""What a kernel is told so that it does not warn of each of its ports."""
PARAMS = "period: 2024Q4\nrecords: records\nscheme: {scheme}\nlevels: [city, county, station, officer]\n"


class Spent(NamedTuple):
    """Seconds that something took: of all processors together, those of ended children included, and of the clock."""

    cpu: float
    wall: float


def spent(work: Callable[[], object]) -> Spent:
    """Measure what some work takes."""
    cpu, wall = _cpu(), time.perf_counter()
    work()
    return Spent(_cpu() - cpu, time.perf_counter() - wall)


def _cpu() -> float:
    every = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in every)


def province(folder: Path, stations: int) -> Path:
    """Invent a province with its params file in a folder; return the params file."""
    write.write(folder / "records", stations=stations)
    params = folder / "params" / "province.yaml"
    params.parent.mkdir()
    params.write_text(PARAMS.format(scheme=ROOT / "params" / "one_table.yaml"), "utf-8")
    return params


def scored(folder: Path, stations: int) -> Path:
    """Invent a province and score it; return the folder of the run, without cards."""
    return run(Job(province(folder, stations), cards=False)).folder


def cards(run: Path, level: str) -> list[CardJob]:
    """List the cards of a level of a run."""
    notebook, units = find_notebooks(ROOT) / notebook_of(level), read_units(run)
    place = card_pages(run, units)
    return [CardJob(unit, level, notebook, run, place[unit]) for _, unit in choose_cards(units, [level], None)]


def printed(wanted: Sequence[CardJob], workers: int = 1, **given: Any) -> Spent:
    """Print cards and say what it took; a card that fails ends the bench."""

    def work() -> None:
        failures = print_cards(wanted, workers, **given)
        if failures:
            raise SystemExit(f"{len(failures)} of {len(wanted)} cards failed: {failures[0].text('en')}")

    return spent(work)


def stock(card: CardJob) -> Spent:
    """Execute a card's notebook by papermill alone, with a kernel of its own, and write no page."""
    told = {"parameters": card_job.parameters(card), "cwd": card.notebook.parent, "progress_bar": False, "extra_arguments": QUIET}
    return spent(lambda: papermill.execute_notebook(card.notebook, None, **told))
