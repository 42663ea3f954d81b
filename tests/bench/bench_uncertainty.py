"""How often ranges of places hold the truth, whether chances come true, and what it all costs: the table, then the seconds.

    python tests/bench/bench_uncertainty.py [GAMES]

Classes with a known truth (tests/places.py), 400 a cell and 40 of 500 units, or as many as said. A cell that does not keep its
word is marked !; those of clusters and of correlated indicators are printed without a bound. CPU seconds of this process.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
from pymcdm.helpers import rankdata
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel

sys.path.insert(0, str(Path(__file__).parents[1]))

from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.aggregation import weights_at
from fengqiao_eval.scoring.score import score_period
from fengqiao_eval.scoring.sensitivity import stretch_weights
from fengqiao_eval.scoring.uncertainty import VECTORS, Setting, dice, doubtful_ranges, firmness, total_errors
from places import CURVES, PERIOD, TRUTHS, comes_true, measured, place_of, play, play_records, province, standing

SIZES = (5, 10, 18, 60, 500)
NOISES = (0.05, 0.3, 1, 3)
ENOUGH = 500
"""Statements that a cell must have for its chances to be held to their word."""
WIDEST = {0.3: 0.55, 1: 0.75}
"""How wide ranges of a class of 60 may be, to the pairwise ones, by noise."""
MOST = {1_000: (1.5, 0.3), 40_000: (30.0, 30.0)}
"""CPU seconds that errors with ranges, and ranges alone, may take, by the number of units."""
MOST_MEMORY = 2048


def line(name, tally, *, bound, wide=None):
    """Print what came of one cell; say whether its ranges kept their word. Chances that did not are marked, and no more."""
    share, error = tally.covers
    first, graded = comes_true(tally.promised), comes_true(tally.graded) if tally.graded else (0, np.nan)
    ratio = np.mean(tally.width) / np.mean(tally.pairwise) if tally.pairwise else np.nan
    kept = not bound or tally.keeps_its_word
    narrow = wide is None or ratio <= wide
    true = all(count < ENOUGH or not bound or 0.75 <= came <= 0.95 for count, came in (first, graded))
    words = "".join(word for word, fine in ((" !covers", kept), (" !wide", narrow), (" !chances", true)) if not fine)
    print(f"  {name:<34}{share:>7.3f} ±{error:.3f}{np.mean(tally.width):>7.2f}{ratio:>7.2f}"
          f"{first[0]:>8}{first[1]:>6.2f}{graded[0]:>8}{graded[1]:>6.2f}{words}", flush=True)  # fmt: skip
    return kept and narrow


def simulate(games):
    """Play every cell; say whether the ranges of all kept their word."""
    print(f"  {'cell':<34}{'covers':>14}{'width':>7}{'/pairs':>7}{'first k':>8}{'true':>6}{'grade':>8}{'true':>6}")
    fine = []
    for kind in (*TRUTHS, "clusters"):
        for size in SIZES:
            for noise in NOISES:
                compare = size == 60 and kind in ("normal", "skewed", "t3")
                tally = play(kind, size, noise, games if size < 500 else max(1, games // 10), compare=compare)
                wide = WIDEST.get(noise) if compare else None
                fine.append(line(f"{kind}, {size} units, noise {noise}", tally, bound=kind != "clusters", wide=wide))
    for correlation in (0.5, -0.5):
        for size in (18, 60):
            for noise in NOISES:
                tally = play("normal", size, noise, games, correlation)
                line(f"correlation {correlation}, {size}, noise {noise}", tally, bound=False)
    for curve in CURVES:
        for answers in (0,) if curve == "counts" else (15, 60):
            for size in SIZES:
                tally = play_records(curve, size, answers, games if size < 500 else max(1, games // 10))
                fine.append(line(f"{curve}, {answers or 'counts'}, {size} units", tally, bound=True))
    return all(fine)


def table():
    """Make a table of 15 indicators in three dimensions, all by one curve."""
    knots = {"kind": "curve", "knots": [[60, 0], [85, 60], [95, 90], [100, 100]]}
    measure = {"kind": "share", "table": "cases", "date": "received_at", "met": {"passed": True}}
    words = {"why": "例", "source": "例", "direction": "higher", "missing": "redistribute", "measure": measure, "points": knots}
    parts = [{"code": f"i{n}", "label": f"i{n}", "weight": 20, **words} for n in range(15)]
    whole = [{"code": f"d{n}", "label": f"d{n}", "weight": weight, "indicators": parts[5 * n : 5 * n + 5]}
             for n, weight in enumerate((40, 30, 30))]  # fmt: skip
    named = {"title": "例", "version": "1", "sources": ["例"], "author": "甲", "checker": "乙", "weights": "within"}
    return Scheme.model_validate({**named, "levels": ["station"], "dimensions": whole})


def median_seconds(work, rounds=5):
    """Give the CPU seconds of the middle of some rounds, and what the last gave."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        found = work()
        taken.append(time.process_time() - start)
    return sorted(taken)[len(taken) // 2], found


def speed(size, in_class):
    """Measure one number of units; say whether the product keeps within its bounds."""
    lots, scheme, tree = np.random.default_rng(0), table(), province(size // in_class, in_class)
    below = lots.integers(15, 100, (size, 15)).astype(float)
    history = {PERIOD: measured(lots.binomial(below.astype(int), lots.beta(30, 3, below.shape)).astype(float), below)}
    one = score_period(history, PERIOD, scheme, tree)
    weights = weights_at(scheme, "station")

    def ranges(errors):
        for group in np.unique(one.among.within):
            at = np.flatnonzero(one.among.within == group)
            units = standing(errors.hundred[at].astype(float), errors.error[at], np.array([6000.0, 8000, 9000]))
            firmness(units, dice(0, str(group)), firsts=(in_class // 10, in_class // 2), award=in_class // 10)
            drawn = stretch_weights(weights, 0.2, VECTORS)
            doubtful_ranges(units, one.points[at], errors.points[at], (weights, drawn), 100, dice(0, str(group), "weights"))

    rounds = 5 if size <= 1_000 else 1
    whole, errors = median_seconds(lambda: total_errors(Setting(history, PERIOD, scheme, tree, 0), one), rounds)
    alone, _ = median_seconds(lambda: ranges(errors), rounds)
    points, used = np.nan_to_num(one.points), one.totals.weight_used[0]
    peers = {"plain NumPy, 1,000 places": lambda: [place_of(np.floor(points @ used * 100)) for _ in range(1000)]}
    if size <= 1_000:
        matrix = mkdm(points + 1, objectives=[1] * 15, weights=used)
        peers["pymcdm, 10 places × 100"] = lambda: [rankdata(points @ used, reverse=True) for _ in range(10)]
        peers["scikit-criteria, 10 places × 100"] = lambda: [WeightedSumModel().evaluate(matrix) for _ in range(10)]
    most = MOST.get(size, (np.inf, np.inf))
    print(f"  {size:>7,} units · with errors {whole + alone:6.2f} s (at most {most[0]})")
    print(f"  {size:>7,} units · given them  {alone:6.2f} s (at most {most[1]})")
    for name, work in peers.items():
        taken, _ = median_seconds(work, rounds)
        print(f"  {size:>7,} units · {name:<34}{taken * (100 if '×' in name else 1):6.2f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {size:>7,} units · at most {memory:,} MiB (at most {MOST_MEMORY:,})")
    return whole + alone <= most[0] and alone <= most[1] and memory <= MOST_MEMORY


if __name__ == "__main__":
    quick = [speed(1_000, 200), speed(40_000, 500)]
    kept = simulate(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
    print("within bounds" if all(quick) else "TOO SLOW")
    print("every range keeps its word" if kept else "SOME RANGES DO NOT KEEP THEIR WORD")
    sys.exit(not (all(quick) and kept))
