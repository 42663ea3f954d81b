"""How often ranges of places hold the truth, whether chances come true, and what it all costs: the table, then the seconds.

    python tests/bench/bench_uncertainty.py [GAMES] [--page docs/UNCERTAINTY.md]

Classes with a known truth (tests/places.py), 400 a cell and 40 of 500 units, or as many as said. A cell that does not keep its
word is marked !; those of clusters and of correlated indicators are printed without a bound. CPU seconds of this process.
"""

import os
import resource
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the bounds are those of one core: a second thread that waits is counted as work

import numpy as np
from pymcdm.helpers import rankdata
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel

sys.path.insert(0, str(Path(__file__).parents[1]))

from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.aggregation import weights_at
from fengqiao_eval.scoring.score import score_period
from fengqiao_eval.scoring.sensitivity import stretch_weights
from fengqiao_eval.scoring.uncertainty import LEAST, VECTORS, Setting, dice, doubtful_ranges, firmness, total_errors
from places import (
    CURVES,
    IN_CLASS,
    LAWS,
    PERIOD,
    TRUTHS,
    comes_true,
    law_holds,
    measured,
    place_of,
    play,
    play_pairs,
    play_records,
    province,
    standing,
)

SIZES = (5, 10, 18, 60, 500)
NOISES = (0.05, 0.3, 1, 3)
ENOUGH = 500
"""Statements that a cell must have for its chances to be held to their word."""
WIDEST = {0.3: 0.55, 1: 0.75}
"""How wide ranges of a class of 60 may be, to the pairwise ones, by noise."""
MOST = {1_000: (1.5, 0.3), 40_000: (30.0, 30.0)}
"""CPU seconds that errors with ranges, and ranges alone, may take, by the number of units."""
MOST_MEMORY = 2048


OFTEN = {10: 4, 18: 4, 60: 2}
"""How many times as many classes are played where noise is 3, so that chances seldom said are said often enough to be judged."""
RECORDS = (2, 3, 5, 15)
"""How many records a unit has of which the law of its value is tried."""
PAIRS = 4_000
"""Classes of two, three and four that are played for their pairs."""


class Cell(NamedTuple):
    """What came of one cell: whose truth (or which curve), how many units, noise (or answers), and how it was held.

    bound: whether the ranges must keep their word; ratio: of widths to the pairwise ones; first, graded: how many statements
    were made with 80 to 90 %, and the share of them that came true; narrow: whether ranges are as narrow as they must be.
    """

    kind: str
    size: int
    noise: str
    covers: tuple[float, float]
    width: float
    ratio: float
    again: float
    first: tuple[int, float]
    graded: tuple[int, float]
    bound: bool
    kept: bool
    narrow: bool

    @property
    def fine(self):
        """Say whether the ranges of the cell do what they must."""
        return not self.bound or (self.kept and self.narrow)

    @property
    def untrue(self):
        """List of which chances (first, graded) less or more came true than was said, of those said often enough."""
        return [
            name for name in ("first", "graded") if (said := getattr(self, name))[0] >= ENOUGH and not 0.75 <= said[1] <= 0.95
        ]


def cell(kind, size, noise, tally, *, bound, wide=None):
    """Print what came of one cell, and give it. Chances that did not keep their word are marked, and no more."""
    first, graded = comes_true(tally.promised), comes_true(tally.graded) if tally.graded else (0, np.nan)
    ratio = np.mean(tally.width) / np.mean(tally.pairwise) if tally.pairwise else np.nan
    again = np.mean(tally.again) if tally.again else np.nan
    narrow = wide is None or ratio <= wide
    found = Cell(kind, size, str(noise), tally.covers, np.mean(tally.width), ratio, again, first, graded,
                 bound, tally.keeps_its_word, narrow)  # fmt: skip
    marks = {" !covers": bound and not found.kept, " !wide": not narrow, " !chances": bound and found.untrue}
    words = "".join(word for word, holds in marks.items() if holds)
    name = f"{kind}, {size}, {noise}"
    said = "".join(f"{count:>8}{came:>6.2f}" for count, came in (first, graded))
    held = f"{found.covers[0]:>7.3f} ±{found.covers[1]:.3f}{found.width:>7.2f}{ratio:>7.2f}{again:>7.3f}"
    print(f"  {name:<34}{held}{said}{words}", flush=True)
    return found


def simulate(games):
    """Play every cell and give all of them."""
    print(f"  {'cell':<34}{'covers':>14}{'width':>7}{'/pairs':>7}{'again':>7}{'first k':>8}{'true':>6}{'grade':>8}{'true':>6}")
    found = []
    for kind in (*TRUTHS, "clusters"):
        for size in SIZES:
            for noise in NOISES:
                compare = size == 60 and kind in ("normal", "skewed", "t3")
                tally = play(kind, size, noise, games if size < 500 else max(1, games // 10), compare=compare)
                wide = WIDEST.get(noise) if compare else None
                found.append(cell(kind, size, noise, tally, bound=kind != "clusters", wide=wide))
    for correlation in (0.5, -0.5):
        for size in (18, 60):
            for noise in NOISES:
                tally = play("normal", size, noise, games, correlation)
                found.append(cell(f"correlation {correlation}", size, noise, tally, bound=False))
    for curve in CURVES:
        for answers in (0,) if curve == "counts" else (15, 60):
            for size in SIZES:
                tally = play_records(curve, size, answers, games if size < 500 else max(1, games // 10))
                found.append(cell(curve, size, answers, tally, bound=True))
    return found


def laws_held(games):
    """Try the laws of values on few records: (kind, records a unit, share of true values held, its error, whether enough)."""
    for kind in LAWS:
        for records in RECORDS:
            share, error = law_holds(kind, records, max(1, games // 4))
            enough = share >= 0.88 - 2 * error and (records < max(RECORDS) or share <= 0.995)
            print(f"  {kind + f', {records} records':<52}{share:>7.3f} ±{error:.3f}{'' if enough else ' !law'}", flush=True)
            yield kind, records, share, error, enough


def seldom_said(games):
    """Play the cells of most noise anew and more often: (units, statements among the first k with 80 to 90 %, share true)."""
    for size, times in OFTEN.items():
        yield size, *comes_true(play("normal", size, 3, times * games, seed=1).promised)


def pairs_said(games):
    """Play classes that have pairs alone: (units, noise, pairs said with 90 % and more, share true)."""
    for size in range(2, LEAST):
        for noise in NOISES[1:]:
            yield size, noise, *comes_true(play_pairs(size, noise, PAIRS * games // 400), 0.9, 1.01)


# The page of the table, docs/UNCERTAINTY.md

PAGE = """# 名次区间的模拟 · How ranges of places were tried

由 `make ranges` 写成（约十分钟），不要手改。真实水平已知的类，每格 {games} 个（500 个单位的 {few} 个）。每格三个数：
**真实名次落在印出的九成范围内的单位占多少 / 范围平均多宽（占全类） / 再考评一期的名次落在所说范围内的占多少**。
表头的数是噪声：一项误差与各单位真实差距之比。头一个数应不低于 0.88（容许两个标准误），低于它的为**粗体**；“–”是这次没有试的。

Written by `make ranges` (some ten minutes), not by hand. Classes whose truth is known, {games} a cell ({few} of 500 units).
A cell says **the share of units whose true place lies in the range printed / the mean width of ranges, as a share of the class /
the share whose place in another period lies where it was said to lie**. Heads: the error of a part to the spread of its truth.
The first ought to be 0.88 or more (less two standard errors); what is below stands in **bold**; –: not tried this time.

## 有保证的 · Where ranges are held to their word

equal：真实差距小于印得出的最小分；alike：真实水平完全相同。
equal: true differences below anything printed; alike: no true differences.

{bound}

从记录算起，过曲线、封顶、权重和进位：比率出自 Beta(49, 1)，每单位每项 15 或 60 条；计数平均 15。
表头为单位数；这里不试再考评一期。
From records through curves, caps, weights and rounding: rates of Beta(49, 1), 15 or 60 answers; counts of about 15. Heads: units;
another period is not tried here.

{records}

## 没有保证的 · Without a bound

clusters：一类分成两群，群内几乎相同；correlation：各项指标一同偏高偏低，而算的时候当作独立。
clusters: two groups of units that are nearly alike; correlation: indicators err together, and are reckoned as independent.

{unbound}

## 记录少的误差 · Errors of few records

一项指标的数值背后的真实水平，落在误差规律所说九成之内的单位占多少。
每类 {in_class} 个单位，表头为每个单位的记录数，每格 {fewer} 个类；应不低于 0.88（容许两个标准误），每单位 15 条的不高于 0.995。
skewed：时长（对数正态）；alike：同一单位同一个月两条回答的相关系数。
The share of units whose true value lies within the nine tenths that the law of its error says. Classes of {in_class}, heads:
records a unit, {fewer} classes a cell. It ought to be 0.88 or more (less two standard errors), with 15 records at most 0.995.
skewed: durations (lognormal); alike: the correlation of two answers of one unit in one month.

{laws}

## 范围有多宽 · How wide ranges are

60 个单位的类，与无论真实情形如何都成立的两两比较法之比：噪声 0.3 时应不超过 0.55，1 时不超过 0.75。
Classes of 60, to the pairwise ranges that hold whatever the truth: at most 0.55 at noise 0.3, and 0.75 at 1.

{widths}

## 没有应验的机会 · Chances that did not come true as said

说“八至九成”的句子（进前 k 名；等次），一格里有 {enough} 句以上的，应有 75–95% 应验。以下各格不是：
Of what is said with 80–90 % (among the first k; the grade) 75–95 % ought to come true, in cells of {enough} statements or more.
Here it is not so:

{untrue}

噪声为 3 的类里这样的句子少，每格 {games} 个类凑不满 {enough} 句；同样的类多玩几倍（normal）：
Where noise is 3 such statements are few, under {enough} in {games} classes; the same classes (normal), some times as many:

{seldom}

2 至 4 个单位的类只说两两比较，说“九成以上”（分得出）的：
Classes of two to four are told of pairs alone; of those said to be settled (90 % and more):

{pairs}
"""


def triple(one):
    """Write a cell of the page: share held, width, share held in another period; bold where less is held than ought to be."""
    said = f"{one.covers[0]:.3f}"
    again = "–" if np.isnan(one.again) else f"{one.again:.3f}"
    return f"{said if one.kept else f'**{said}**'} / {one.width:.2f} / {again}"


def grid(cells, heads, row, column):
    """Lay cells out as a table of Markdown; row, column: what of a cell says where it stands."""
    rows = {}
    for one in cells:
        rows.setdefault(row(one), {})[column(one)] = triple(one)
    lines = [f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(own.get(head, '') for head in heads)} |" for name, own in rows.items())])


def page(cells, laws, games):
    """Write the page of all cells, of the laws, and of what is played for it alone."""
    seldom = [f"| {size} | {count} | {share:.2f} |" for size, count, share in seldom_said(games)]
    pairs = [f"| {size}, {noise} | {count} | {share:.2f} |" for size, noise, count, share in pairs_said(games)]
    by_kind = {}
    for kind, _, share, _, enough in laws:
        by_kind.setdefault(kind, []).append(f"{share:.3f}" if enough else f"**{share:.3f}**")
    noises, sizes = [str(noise) for noise in NOISES], [str(size) for size in SIZES]
    drawn = [one for one in cells if one.kind not in CURVES]
    by_noise = {"row": lambda one: f"{one.kind}, {one.size}", "column": lambda one: one.noise}
    records = {
        "row": lambda one: f"{one.kind}, {one.noise}" if one.noise != "0" else one.kind,
        "column": lambda one: str(one.size),
    }
    compared = [one for one in cells if one.ratio == one.ratio]
    rows = {
        kind: [f"{one.ratio:.2f}" for one in compared if one.kind == kind] for kind in dict.fromkeys(c.kind for c in compared)
    }
    widths = [f"| | {' | '.join(noises)} |", "| --- |" + " --- |" * len(noises)]
    widths += [f"| {kind} | {' | '.join(own)} |" for kind, own in rows.items()]
    words = {"first": "前 k 名 first k", "graded": "等次 grade"}
    untrue = [f"| {one.kind}, {one.size}, {one.noise} | {words[name]} | {getattr(one, name)[0]} | {getattr(one, name)[1]:.2f} |"
              for one in cells for name in one.untrue]  # fmt: skip
    return PAGE.format(
        games=games, few=max(1, games // 10), enough=ENOUGH, in_class=IN_CLASS, fewer=max(1, games // 4),
        laws="\n".join([f"| | {' | '.join(map(str, RECORDS))} |", "| --- |" + " --- |" * len(RECORDS),
                        *(f"| {kind} | {' | '.join(own)} |" for kind, own in by_kind.items())]),
        bound=grid([one for one in drawn if one.bound], noises, **by_noise),
        records=grid([one for one in cells if one.kind in CURVES], sizes, **records),
        unbound=grid([one for one in drawn if not one.bound], noises, **by_noise),
        widths="\n".join(widths),
        untrue="\n".join(["| | | 句 said | 应验 came true |", "| --- | --- | --- | --- |", *untrue]),
        seldom="\n".join(["| 单位 units | 句 said | 应验 came true |", "| --- | --- | --- |", *seldom]),
        pairs="\n".join(["| 单位, 噪声 units, noise | 对 pairs | 属实 true |", "| --- | --- | --- |", *pairs]),
    )  # fmt: skip


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

    whole, errors = median_seconds(lambda: total_errors(Setting(history, PERIOD, scheme, tree, 0), one))
    alone, _ = median_seconds(lambda: ranges(errors))
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
        taken, _ = median_seconds(work)
        print(f"  {size:>7,} units · {name:<34}{taken * (100 if '×' in name else 1):6.2f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {size:>7,} units · at most {memory:,} MiB (at most {MOST_MEMORY:,})")
    return whole + alone <= most[0] and alone <= most[1] and memory <= MOST_MEMORY


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("games", nargs="?", type=int, default=400)
    asked.add_argument("--page", type=Path, help="write the table there, and leave the seconds out")
    asked = asked.parse_args()
    quick = [] if asked.page else [speed(1_000, 200), speed(40_000, 500)]
    played, laws = simulate(asked.games), list(laws_held(asked.games))
    if asked.page:
        asked.page.write_text(page(played, laws, asked.games), "utf-8")
    kept = all(one.fine for one in played) and all(enough for *_, enough in laws)
    print("within bounds" if all(quick) else "TOO SLOW")
    print("every range keeps its word" if kept else "SOME RANGES DO NOT KEEP THEIR WORD")
    sys.exit(not (all(quick) and kept))
