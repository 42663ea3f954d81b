"""Cards a minute: our engine and page against papermill.execute_notebook on the same notebooks, in one run, as ratios.

    python tests/bench/bench_cards.py

CPU seconds are those of all processes together. A card's cost is the slope between a few cards and many, so that what a batch
costs once is apart; the peer is called in a loop, its import unmeasured, and writes no page. Only how two workers share two
processors is told by the clock: that needs a machine with nothing else to do, whose load is printed beside it.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from cards import cards, printed, scored, stock

from fengqiao_eval.engine.card_job import CardJob

STATIONS, FEW, MANY, ROUNDS, PEERS = 60, 4, 32, 3, 3
GROWN = (10, 100, 1000)
LEAST_A_MINUTE, LEAST_RATIO, MOST_FIXED, LEAST_SPEEDUP, MOST_GROWTH, MOST_BYTES = 240, 15, 8.0, 1.8, 1.1, 20 * 1024


def slope(wanted: Sequence[CardJob], few: int = FEW, many: int = MANY) -> float:
    """Give the CPU seconds of one more card; where there are fewer than many, they are printed again."""
    small, large = (printed(list(islice(cycle(wanted), count))).cpu for count in (few, many))
    return (large - small) / (many - few)


def told(what: str, kept: bool, bound: str) -> None:
    """Print one line with its bound, and whether it is kept."""
    print(f"  {what:<92}{bound}: {'kept' if kept else 'MISSED'}")


def cost(run: Path, level: str) -> float:
    """Print what a card of a level costs beside the peer; return it."""
    wanted = cards(run, level)
    ours = statistics.median(slope(wanted) for _ in range(ROUNDS))
    theirs = statistics.median(stock(card).cpu for card in wanted[:PEERS])
    words = f"{level}: ours {ours:.3f} CPU s a card with its page, {60 / ours:.0f} a minute and core"
    told(words, 60 / ours >= LEAST_A_MINUTE, f"at least {LEAST_A_MINUTE}")
    words = (
        f"{level}: papermill.execute_notebook {theirs:.2f} CPU s, {60 / theirs:.1f} a minute; ours is {theirs / ours:.0f} times"
    )
    told(words, theirs / ours >= LEAST_RATIO, f"at least {LEAST_RATIO}")
    return ours


def fixed(run: Path, each: float) -> None:
    """Print what a batch costs once: everything loaded, what cards share reckoned, one card of each kind on trial."""
    wanted = [cards(run, level)[0] for level in ("station", "officer")]
    once = statistics.median(printed(wanted).cpu - len(wanted) * each for _ in range(ROUNDS))
    told(f"once a batch: {once:.1f} CPU s", once < MOST_FIXED, f"under {MOST_FIXED:g}")


def rate(wanted: Sequence[CardJob], workers: int) -> float:
    """Give the cards a second by the clock, from the first that is done to the last."""
    ends: list[float] = []
    printed(wanted, workers, done=lambda *_: ends.append(time.perf_counter()))
    return (len(ends) - 1) / (ends[-1] - ends[0])


def workers(run: Path) -> None:
    """Print how much faster two workers are than one, in pairs, one after the other."""
    wanted = [*cards(run, "station"), *cards(run, "officer")][: 3 * STATIONS]
    load = os.getloadavg()[0]
    pairs = [rate(wanted, 2) / rate(wanted, 1) for _ in range(ROUNDS)]
    words = (
        f"two workers by the clock: {max(pairs):.2f} times one (median {statistics.median(pairs):.2f}, load before {load:.1f})"
    )
    told(words, max(pairs) >= LEAST_SPEEDUP, f"at least {LEAST_SPEEDUP:g}")


def sizes(run: Path) -> None:
    """Print how large the pages are that lie in a run."""
    found = sorted(page.stat().st_size for page in run.glob("*/*.html") if page.stem != "index")
    words = f"a page: {statistics.median(found):,.0f} bytes, at most {found[-1]:,} of {len(found)}"
    told(words, found[-1] <= MOST_BYTES, f"at most {MOST_BYTES:,}")


def growth(folder: Path) -> None:
    """Print what a station's card costs in provinces of every size, ours and the peer's, and in a batch of all."""
    first = 0.0
    for stations in GROWN:
        wanted = cards(scored(folder / str(stations), stations), "station")
        ours, theirs = statistics.median(slope(wanted) for _ in range(ROUNDS)), stock(wanted[0]).cpu
        first = first or ours
        words = f"{stations:,} stations: {ours:.3f} CPU s a card, {ours / first:.2f} of the first; papermill {theirs:.2f}"
        print(f"  {words}, {theirs / ours:.0f} times")
    part, whole = (slope(wanted, FEW, count) for count in (100, len(wanted)))
    words = f"of {len(wanted):,} cards in one batch each costs {whole:.3f}, of 100 {part:.3f}: {whole / part:.2f}"
    told(words, whole / part <= MOST_GROWTH, f"at most {MOST_GROWTH:g}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as aside:
        run_ = scored(Path(aside) / "demo", STATIONS)
        print(f"{STATIONS} stations")
        fixed(run_, statistics.mean(cost(run_, level_) for level_ in ("station", "officer")))
        sizes(run_)
        workers(run_)
        print("growth")
        growth(Path(aside))
