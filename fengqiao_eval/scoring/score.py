"""The one way: records and scheme -> measures -> points -> totals -> ranks, for every level and period."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pandas as pd

from fengqiao_eval.errors import refuse
from fengqiao_eval.periods import Period
from fengqiao_eval.records.store import Note, Records
from fengqiao_eval.records.units import OFFICER, Tree, person_days, tree_of
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring import fit, frames, measures, notes
from fengqiao_eval.scoring.adjustments import Adjustment, added
from fengqiao_eval.scoring.aggregation import gather
from fengqiao_eval.scoring.cohort import Cohort, cohort
from fengqiao_eval.scoring.comparing import Compared, History, compared, looks_back
from fengqiao_eval.scoring.consequences import consequences, needs
from fengqiao_eval.scoring.giving import give
from fengqiao_eval.scoring.measures import Measured
from fengqiao_eval.scoring.ranks import grades, places
from fengqiao_eval.scoring.totals import Totals
from fengqiao_eval.scoring.trace import losses, open_disputes


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Scored:
    """One period scored: arrays units × indicators, and per unit; places are 0 where not ranked."""

    measured: Measured
    compared: Compared
    among: Cohort
    points: np.ndarray
    status: np.ndarray
    barred: np.ndarray
    nominal: np.ndarray
    totals: Totals
    adjustments: tuple[Adjustment, ...]
    ranked: np.ndarray = field(default_factory=_none)
    rank: np.ndarray = field(default_factory=_none)
    of: np.ndarray = field(default_factory=_none)
    grade: np.ndarray = field(default_factory=_none)

    @property
    def groups(self) -> np.ndarray:
        """The label of the group within which each unit is compared."""
        return self.among.groups


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
    every = tuple(dict.fromkeys((*periods, *looks_back(scheme, periods), *needs(scheme, periods))))
    counted = measures.count(records, scheme, tree, every, as_of, officers=OFFICER in set(tree.units["level"]))
    fit.require_records(counted, scheme, period, records.name)
    history = {p: measures.measured(scheme, tree, counted, p, as_of) for p in every}
    scored = [score_period(history, p, scheme, tree) for p in periods]
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


def score_period(history: History, period: Period, scheme: Scheme, tree: Tree) -> Scored:
    """Score one period: references, points, totals and what stands outside them, then places."""
    among = cohort(tree, scheme)
    found = compared(history, period, scheme, tree, among)
    given = give(found, scheme, among)
    gathered = gather(given, scheme, among)
    lines = (*gathered.adjustments, *consequences(found, gathered.totals, history, period, scheme, among))
    totals = replace(gathered.totals, totals=gathered.totals.contributions.sum(axis=1) + added(lines, len(tree.units)))
    points = np.where(given.scored, given.points, np.nan)
    return placed(
        Scored(history[period], found, among, points, given.status, given.barred, gathered.nominal, totals, lines), scheme
    )


def placed(one: Scored, scheme: Scheme) -> Scored:
    """Give places and grades to those who may have them."""
    covered = one.totals.covered
    ranked = one.among.eligible & ~one.barred & (covered >= float(scheme.least_covered) - 1e-9) & (covered > 0)
    rank, of = places(one.totals.totals, one.among.within, ranked)
    grade = np.where(ranked, grades(one.totals.totals, scheme.bands, scheme.decimals), "")
    return replace(one, ranked=ranked, rank=rank, of=of, grade=grade)
