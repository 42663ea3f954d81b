"""Points, totals and places of a country's officers, and 40,000 units ranked anew: the product against plain NumPy and peers.

    python tests/bench/bench_scoring.py [OFFICERS] [UNITS]

Arrays only: the long frames are made from them when they are written. Everything in CPU seconds of this process, medians in one
run; peak memory is that of a child that does nothing else. The peers (scikit-criteria, pymcdm) know neither classes nor gaps, so
they are asked for less: a weighted sum of complete points, and one order of all.
"""

import importlib.util
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.measuring.peer_groups import Cohort
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme
from fengqiao_eval.scoring.aggregation import gather, total, weights_at
from fengqiao_eval.scoring.benchmarks import Benchmarked
from fengqiao_eval.scoring.normalisation import indicator_points
from fengqiao_eval.scoring.ranking import places

INDICATORS, DIMENSIONS, IN_A_CLASS, ROUNDS = 20, 4, 500, 7
MISSING = 0.03
MOST_SECONDS, MOST_BYTES, MOST_RERANK = 2.0, 2 * 2**30, 0.015
KNOTS = ((0, 0), (60, 40), (85, 80), (95, 100))


def scheme(heaviest: int = 5) -> Scheme:
    """Make a scheme of 20 indicators in 4 dimensions, the first of which weighs as said."""
    each = INDICATORS // DIMENSIONS
    given = {"label": "bench", "why": "bench", "source": "bench", "direction": "higher", "missing": "redistribute"}
    given |= {"points": {"kind": "curve", "knots": KNOTS}}
    given |= {"measure": {"kind": "count", "table": "visits", "date": "visited_at"}}
    parts = [
        Indicator.model_validate({**given, "code": f"i{n}", "weight": Decimal(heaviest if n == 0 else 3 + n % 5)})
        for n in range(INDICATORS)
    ]
    dimensions = tuple(
        Dimension(code=f"d{n}", label="bench", weight=Decimal(10 + 5 * n), indicators=tuple(parts[n * each : (n + 1) * each]))
        for n in range(DIMENSIONS)
    )
    return Scheme.model_construct(dimensions=dimensions, levels=("officer",), decimals=2, full_marks=100, least_class=8)


def invent(units: int, missing: float) -> tuple[Benchmarked, Cohort]:
    """Invent values between 0 and 100, of which some are missing, of officers in classes of 500."""
    dice = np.random.default_rng(0)
    value = np.round(dice.random((units, INDICATORS)) * 100, 4)
    status = np.where(dice.random(value.shape) < missing, STATUSES.index("no_records"), STATUSES.index("ok")).astype(np.int8)
    value[status > 0] = np.nan
    levels, classes = np.full(units, "officer", dtype=object), np.full(units, "", dtype=object)
    within = dice.integers(0, max(1, units // IN_A_CLASS), units)
    return Benchmarked(value, status, ()), Cohort(levels, classes, classes, within, np.ones(units, dtype=bool))


def ours(found: Benchmarked, table: Scheme, among: Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Give points, totals and places as the product does: gaps, exact contributions, places in the class."""
    given = indicator_points(found, table, among)
    totals = gather(given, table, among).totals
    return places(totals.totals, among.within, ~given.barred & (totals.covered >= 0.7))


def plain(found: Benchmarked, table: Scheme, among: Cohort) -> np.ndarray:
    """Do the least in plain NumPy: floats, gaps spread over all, places by sorting the class; nothing exact, nothing kept."""
    knots = np.array(KNOTS, dtype=float)
    points = np.interp(found.value, knots[:, 0], knots[:, 1])
    return in_class(plain_totals(points, weights_at(table, "officer").nominal), among.within)


def plain_totals(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weigh points in floats and round the total."""
    scored = ~np.isnan(points)
    return np.round(np.where(scored, points, 0) @ weights / np.maximum(scored @ weights, 1e-9), 2)


def in_class(totals: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Give competition places within classes, as one would write it."""
    order = np.lexsort((-totals, within))
    group, sorted_ = within[order], totals[order]
    new = np.r_[True, group[1:] != group[:-1]]
    here, place = np.arange(len(order)), np.empty(len(order), dtype=int)
    first = np.maximum.accumulate(np.where(new | np.r_[True, sorted_[1:] != sorted_[:-1]], here, 0))
    place[order] = first - np.maximum.accumulate(np.where(new, here, 0)) + 1
    return place


def criteria(points: np.ndarray, weights: np.ndarray) -> Callable[[], Any]:
    """Make the same order of all by scikit-criteria: its decision matrix with these weights, evaluated."""
    import skcriteria  # noqa: PLC0415 - only where it is installed
    from skcriteria.agg.simple import WeightedSumModel  # noqa: PLC0415

    return lambda: WeightedSumModel().evaluate(skcriteria.mkdm(points, [max] * points.shape[1], weights=weights))


def mcdm(points: np.ndarray, weights: np.ndarray) -> Callable[[], Any]:
    """Make the same order of all by pymcdm: its weighted sum, ranked."""
    import pymcdm  # noqa: PLC0415
    from pymcdm.methods import WSM  # noqa: PLC0415

    types = np.ones(points.shape[1])
    as_it_is = WSM(lambda column, **_: column)
    return lambda: pymcdm.helpers.rrankdata(as_it_is(points, weights, types))


def cpu(run: Callable[[], object]) -> float:
    """Measure the CPU seconds of a run, all threads."""
    start = time.process_time()
    run()
    return time.process_time() - start


def median(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Run once unmeasured, then several times, and give the median."""
    run()
    return statistics.median(cpu(run) for _ in range(rounds))


def told(name: str, seconds: float, mine: float, most: float | None = None) -> None:
    """Print one line: seconds, how much of them is ours, and whether the bound is kept."""
    bound = "" if most is None else f"  at most {most:g}: {'kept' if seconds <= most else 'MISSED'}"
    print(f"  {name:<44}{1000 * seconds:>10.1f} ms  ours / theirs {mine / seconds:>6.2f}{bound}")


def peers(points: np.ndarray, weights: np.ndarray, mine: float, rounds: int) -> None:
    """Print what the peers take for a weighted sum and one order of all."""
    for name, package, make in (("scikit-criteria", "skcriteria", criteria), ("pymcdm", "pymcdm", mcdm)):
        if importlib.util.find_spec(package):
            told(f"{name}: weighted sum, one order", median(make(points, weights), rounds), mine)
        else:
            print(f"  {name} is not installed: not compared")


def country(officers: int) -> None:
    """Print points, totals and places of a whole country."""
    table, (found, among) = scheme(), invent(officers, MISSING)
    print(
        f"{officers:,} officers × {INDICATORS} indicators, {MISSING:.0%} missing, classes of {IN_A_CLASS}: points, totals, places"
    )
    mine = median(lambda: ours(found, table, among), 3)
    told("ours: curves, gaps, exact, places in class", mine, mine, MOST_SECONDS)
    told("plain NumPy: floats, gaps over all", median(lambda: plain(found, table, among), 3), mine)
    complete = np.nan_to_num(found.value)
    peers(complete, weights_at(table, "officer").nominal, mine, 1)


def peak(officers: int) -> None:
    """Print the peak memory of a process that does only this."""
    child = multiprocessing.get_context("spawn").Process(target=_alone, args=(officers,))
    child.start()
    child.join()


def _alone(officers: int) -> None:
    found, among = invent(officers, MISSING)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    ours(found, scheme(), among)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kept = "kept" if most <= MOST_BYTES else "MISSED"
    print(f"  peak {most / 2**30:.2f} GiB ({before / 2**30:.2f} before it began), at most {MOST_BYTES / 2**30:g}: {kept}\n")


def rerank(units: int, missing: float) -> None:
    """Print what a changed weight costs once points are given: totals and places."""
    found, among = invent(units, missing)
    given = indicator_points(found, scheme(), among)
    heavier, everyone = scheme(heaviest=9), np.ones(units, dtype=bool)
    gaps = f"{missing:.0%} missing" if missing else "nothing missing"
    print(f"{units:,} units × {INDICATORS} indicators, {gaps}: ranked anew after a change of weights")

    def mine_() -> object:
        changed = total(given.points, given.scored, weights_at(heavier, "officer"))
        return places(changed.totals, among.within, everyone)

    mine = median(mine_, 41)
    told("ours: exact contributions, places in class", mine, mine, MOST_RERANK)
    weights = weights_at(heavier, "officer").nominal
    told(
        "plain NumPy: floats, gaps over all",
        median(lambda: in_class(plain_totals(given.points, weights), among.within), 41),
        mine,
    )
    if not missing:
        peers(given.points, weights, mine, 5)
    print()


if __name__ == "__main__":
    country(int(sys.argv[1]) if len(sys.argv) > 1 else 600_000)
    peak(int(sys.argv[1]) if len(sys.argv) > 1 else 600_000)
    for gaps_ in (0.0, MISSING):
        rerank(int(sys.argv[2]) if len(sys.argv) > 2 else 40_000, gaps_)
