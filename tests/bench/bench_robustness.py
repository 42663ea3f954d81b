"""1,000 draws of weights and the places they give, with ranges: the product against plain NumPy and pymcdm.

    python tests/bench/bench_robustness.py [UNITS ...]

CPU milliseconds of this process, least of several rounds in one run; 20 indicators in 4 dimensions. The peers are given fewer
draws and scaled up; pymcdm gives average places for ties, and neither keeps ranges.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the bounds are those of one core: a second thread that waits is counted as work

import numpy as np
from pymcdm.helpers import rankdata

from fengqiao_eval.scoring.aggregation import Weights, total
from fengqiao_eval.scoring.sensitivity import DRAWS, bounds, draw_weights, drawn_places, influence, slopes, stretch

INDICATORS, DIMENSIONS = 20, 4
MOST = {1_000: 40.0, 40_000: 2_500.0}
"""What 1,000 draws with ranges may take, in CPU milliseconds, by the number of units."""
PEER_DRAWS = 20


def table() -> Weights:
    """Make a table of 20 indicators in 4 dimensions."""
    above = np.array([-1, *[0] * DIMENSIONS, *np.repeat(np.arange(1, DIMENSIONS + 1), INDICATORS // DIMENSIONS)])
    own = np.array([1, 40, 30, 20, 10, *np.tile([3, 4, 5, 6, 7], DIMENSIONS)])
    return Weights(own, above, np.arange(DIMENSIONS + 1, len(above)))


def spent(work: Callable[[], object], rounds: int = 3) -> float:
    """Give the CPU milliseconds of the best of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) * 1000


def plain(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Place in plain NumPy: one order a draw, ties as they come, no ranges."""
    places = np.empty((len(weights), len(points)), dtype=np.int64)
    for place, used in zip(places, weights, strict=True):
        place[np.argsort(-(points @ used))] = np.arange(1, len(points) + 1)
    return places


def peer(points: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    """Place by pymcdm."""
    return [rankdata(points @ used, reverse=True) for used in weights]


def compare(units: int) -> bool:
    """Measure one number of units; say whether the product keeps within its bound."""
    tree, dice = table(), np.random.default_rng(0)
    points = np.round(dice.random((units, INDICATORS)) * 100, 4)
    scored = np.ones(points.shape, dtype=bool)
    totals = total(points, scored, tree).totals
    place = plain(totals[:, None].astype(float), np.ones((1, 1)))[0]

    def ours() -> tuple[np.ndarray, np.ndarray]:
        return bounds(drawn_places(totals, points, tree, draw_weights(tree)), place)

    used = dice.dirichlet(np.full(INDICATORS, 10.0), PEER_DRAWS)
    scale = DRAWS / PEER_DRAWS
    found = {
        "product, with ranges": spent(ours, 9),
        "plain NumPy": spent(lambda: plain(points, used)) * scale,
        "pymcdm": spent(lambda: peer(points, used), 1) * scale,
        "one stretch": spent(lambda: stretch(totals.astype(float), slopes(points, tree, 1), units // 10, 0.4)),
        "influence": spent(lambda: influence(points * tree.nominal)),
    }
    own = found["product, with ranges"]
    for name, taken in found.items():
        print(f"  {units:>7,} units · {name:<22}{taken:>12,.1f} ms  ×{taken / own:.2f}")
    return own <= MOST.get(units, np.inf)


if __name__ == "__main__":
    kept = [compare(int(units)) for units in sys.argv[1:] or MOST]
    print("within bounds" if all(kept) else "TOO SLOW")
    sys.exit(not all(kept))
