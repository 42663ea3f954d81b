"""The one way: records and scheme -> measures -> points -> totals -> ranks, for every level and period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from fengqiao_eval.errors import SCORED, STATUSES, refuse
from fengqiao_eval.periods import Period
from fengqiao_eval.records.store import Note, Records
from fengqiao_eval.records.units import OFFICER, Tree, person_days, tree_of
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring import fit, frames, measures, notes
from fengqiao_eval.scoring.measures import Measured
from fengqiao_eval.scoring.points import absolute, by_class, is_relative
from fengqiao_eval.scoring.ranks import grades, places
from fengqiao_eval.scoring.totals import Totals, total, weights_at
from fengqiao_eval.scoring.trace import losses, open_disputes


@dataclass(frozen=True)
class Scored:
    """One period scored: arrays units × indicators, and per unit; places are 0 where not ranked."""

    measured: Measured
    groups: np.ndarray
    points: np.ndarray
    status: np.ndarray
    nominal: np.ndarray
    totals: Totals
    ranked: np.ndarray
    rank: np.ndarray
    of: np.ndarray
    grade: np.ndarray


@dataclass(frozen=True)
class Scores:
    """The frames of a run (columns as the design has them), all levels together, and what the reader must be told."""

    units: pd.DataFrame
    measures: pd.DataFrame
    points: pd.DataFrame
    adjustments: pd.DataFrame
    ranks: pd.DataFrame
    asides: pd.DataFrame
    losses: pd.DataFrame
    officer_losses: pd.DataFrame
    open_disputes: pd.DataFrame
    officer_open_disputes: pd.DataFrame
    notes: tuple[Note, ...]


def score(records: Records, scheme: Scheme, period: Period, as_of: datetime, levels: Sequence[str] | None = None) -> Scores:
    """Score every unit of the levels for the period, the one before, the same a year earlier, and twelve months of trend.

    Raises InputError for columns that the scheme looks at and the records lack, and for a period without records.
    """
    records, faults = fit.fitted(scheme, records)
    refuse(faults)
    tree = _restricted(tree_of(records.tables, period), levels or scheme.levels)
    main = (period, period.previous, period.year_before)
    periods = tuple(dict.fromkeys((*main, *period.trend)))
    counted = measures.count(records, scheme, tree, periods, as_of, officers=OFFICER in set(tree.units["level"]))
    fit.require_records(counted, scheme, period, records.name)
    scored = [score_period(measures.measured(scheme, tree, counted, p, as_of), scheme, tree) for p in periods]
    days = [person_days(tree, counted.postings, p) for p in periods]
    return Scores(
        units=frames.units(tree, days[0], period),
        measures=frames.measures(scored, scheme, tree),
        points=frames.points(scored, scheme, tree),
        adjustments=frames.adjustments(),
        ranks=frames.ranks(scored, scheme, tree, days),
        asides=measures.asides(counted, scheme, tree, main),
        losses=losses(records, scheme, tree, period, as_of),
        officer_losses=losses(records, scheme, tree, period, as_of, officers=True),
        open_disputes=open_disputes(records, tree, as_of),
        officer_open_disputes=open_disputes(records, tree, as_of, officers=True),
        notes=(
            *records.notes,
            *counted.notes,
            *notes.told(records, scheme, tree, counted.plan, scored[0].measured, scored[0].groups),
        ),
    )


def _restricted(tree: Tree, levels: Sequence[str]) -> Tree:
    units = tree.units[tree.units["level"].isin(list(levels))].reset_index(drop=True)
    return Tree(units, tree.counts_for[tree.counts_for["ancestor"].isin(units["unit_id"])], tree.known)


def group_labels(tree: Tree, scheme: Scheme) -> np.ndarray:
    """Name the group within which each unit is compared; '' is the whole level."""
    names = _names(tree)
    rows = tree.units[["level", "peer_class", "county_id", "station_id"]].itertuples(index=False)
    return np.array([_group(scheme.compare_within.get(r.level, "class"), r, names) for r in rows], dtype=object)


def _names(tree: Tree) -> dict[str, str]:
    """Name the units so that two of one level and name stay two: every county has a 城关所."""
    twice = tree.units.duplicated(["level", "name"], keep=False)
    rows = zip(tree.units["unit_id"], tree.units["name"], twice, strict=True)
    return {unit: f"{name}（{unit}）" if several else name for unit, name, several in rows}


def _group(within: str, row: tuple[str, ...], names: dict[str, str]) -> str:
    _, peer_class, county, station = row
    if within == "class_in_county":
        return "·".join(part for part in (names.get(county, county), peer_class) if part)
    return {"level": "", "class": peer_class, "station": names.get(station, station)}[within]


def score_period(measured: Measured, scheme: Scheme, tree: Tree) -> Scored:
    """Score one period: points of every indicator, then level by level totals and places."""
    levels = tree.units["level"].to_numpy(dtype=object)
    groups = group_labels(tree, scheme)
    eligible = ~tree.units["unit_id"].isin(scheme.unranked).to_numpy()
    points, status = give_points(measured, scheme, levels, groups, eligible)
    points, scored, barred = fill_missing(points, status, scheme)
    parts = [_level(level, np.flatnonzero(levels == level), points, scored, scheme) for level in dict.fromkeys(levels)]
    totals, nominal = _joined(parts, points.shape)
    ranked = eligible & ~barred & (totals.covered >= float(scheme.least_covered) - 1e-9) & (totals.covered > 0)
    rank, of = places(totals.totals, np.array([f"{lv}\0{g}" for lv, g in zip(levels, groups, strict=True)]), ranked)
    grade = np.where(ranked, grades(totals.totals, scheme.bands, scheme.decimals), "")
    return Scored(measured, groups, np.where(scored, points, np.nan), status, nominal, totals, ranked, rank, of, grade)


def give_points(
    measured: Measured, scheme: Scheme, levels: np.ndarray, groups: np.ndarray, eligible: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give points (NaN where none) by each indicator's rule; a class too small or all equal changes the status."""
    points, status = np.full(measured.value.shape, np.nan), measured.status.copy()
    able = np.isin(status, [STATUSES.index(word) for word in SCORED])
    classes = np.array([f"{lv}\0{g}" for lv, g in zip(levels, groups, strict=True)])
    for number, indicator in enumerate(scheme.indicators):
        values = np.where(able[:, number], measured.value[:, number], np.nan)
        if is_relative(indicator.points):
            asked = (indicator.points, values, able[:, number] & eligible, classes, indicator.direction)
            points[:, number], changed = by_class(*asked, scheme.full_marks, scheme.least_class)
            status[:, number] = np.where(changed > 0, changed, status[:, number])
        else:
            points[:, number] = absolute(indicator.points, values, indicator.direction, scheme.full_marks)
    return points, status


def fill_missing(points: np.ndarray, status: np.ndarray, scheme: Scheme) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Treat what is missing as each indicator says; return points, what is scored, and which units are barred from a place."""
    points = points.copy()
    missing = np.isnan(points) & (status != STATUSES.index("not_applicable"))
    for number, indicator in enumerate(scheme.indicators):
        if indicator.missing in ("full", "zero"):
            points[missing[:, number], number] = scheme.full_marks if indicator.missing == "full" else 0
    barring = [indicator.missing == "not_ranked" for indicator in scheme.indicators]
    return points, ~np.isnan(points), missing[:, barring].any(axis=1)


def _level(
    level: str, at: np.ndarray, points: np.ndarray, scored: np.ndarray, scheme: Scheme
) -> tuple[np.ndarray, Totals, np.ndarray]:
    weights = weights_at(scheme, level)
    return at, total(points[at], scored[at] & (weights.indicators > 0), weights, scheme.decimals), weights.nominal


def _joined(parts: Sequence[tuple[np.ndarray, Totals, np.ndarray]], shape: tuple[int, ...]) -> tuple[Totals, np.ndarray]:
    """Put the levels' results back in the order of the units."""
    contributions, used, nominal = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.zeros(shape)
    totals, covered = np.zeros(shape[0], dtype=np.int64), np.zeros(shape[0])
    for at, part, shares in parts:
        contributions[at], used[at], nominal[at] = part.contributions, part.weight_used, shares
        totals[at], covered[at] = part.totals, part.covered
    return Totals(contributions, totals, used, covered), nominal
