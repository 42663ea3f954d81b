"""What the cards of a run share, reckoned once as long as a file does not change: the board that every card reads from."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pandas as pd

from fengqiao_eval.scorecards.columns import Columns, read
from fengqiao_eval.scorecards.peers import Peers
from fengqiao_eval.scorecards.wording import known

Sums = Mapping[str, tuple[float, float]]
"""Numerator and denominator of each indicator."""
FILES = 32
"""As many files as a process remembers: those of two runs."""


@lru_cache(maxsize=FILES)
def columns(file: Path, _stamp: int) -> Columns:
    """Read a frame."""
    return read(file)


@lru_cache(maxsize=FILES)
def pooled(file: Path, stamp: int, period: str) -> Mapping[str, Sums]:
    """Add up the counts of the frame points over each level; one unit is no whole."""
    points = columns(file, stamp)
    main = points.where("period", period)
    data = pd.DataFrame({name: points.columns[name].cells[main] for name in ("unit_id", "level", "numerator", "denominator")})
    data["indicator"] = points.columns["indicator"].at(main)
    levels, found = points.columns["level"].labels or (), {}
    for code, part in data.groupby("level"):
        if len(part["unit_id"].unique()) > 1:
            sums = part.groupby("indicator")[["numerator", "denominator"]].sum().itertuples()
            found[str(levels[code])] = {str(indicator): (float(above), float(below)) for indicator, above, below in sums}
    return found


@lru_cache(maxsize=FILES)
def peers(file: Path, stamp: int, period: str) -> Mapping[tuple[str, str], Peers]:
    """Gather the totals of the ranked units of each level and class from the frame ranks."""
    ranks = columns(file, stamp)
    main = ranks.where("period", period)
    totals: dict[tuple[str, str], list[float]] = {}
    rows = zip(*(ranks.columns[name].at(main) for name in ("level", "peer_class", "total", "rank")), strict=True)
    for level, peer_class, total, rank in rows:
        if known(rank):
            totals.setdefault((level, peer_class or ""), []).append(total)
    return {one: Peers(tuple(sorted(found))) for one, found in totals.items()}


@lru_cache(maxsize=FILES)
def children(file: Path, stamp: int) -> Mapping[str, tuple[str, ...]]:
    """Name the units right below each unit, from the frame units."""
    units = columns(file, stamp)
    below: dict[str, list[str]] = {}
    for unit, parent in zip(*(units.columns[name].at(slice(None)) for name in ("unit_id", "parent_id")), strict=True):
        below.setdefault(parent, []).append(unit)
    return {parent: tuple(found) for parent, found in below.items()}
