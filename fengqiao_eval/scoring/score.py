"""The one way: records and scheme -> measures -> points -> totals -> ranks, for every level and period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, Note, refuse
from fengqiao_eval.measuring import compatibility, denominators
from fengqiao_eval.measuring import measures as measuring_measures
from fengqiao_eval.measuring import notes as measuring_notes
from fengqiao_eval.measuring.counting import Plan
from fengqiao_eval.measuring.drilldown import losses, open_disputes, record_ids
from fengqiao_eval.measuring.peer_groups import cohort, full_marks_faults
from fengqiao_eval.periods import Period
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.units import Tree, person_days, tree_of
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring import frames, long_periods
from fengqiao_eval.scoring.adjustments import consequences, facts, sum_adjustments, veto_months
from fengqiao_eval.scoring.aggregation import gather
from fengqiao_eval.scoring.benchmarks import History, compare, reference_periods
from fengqiao_eval.scoring.frames import comparisons
from fengqiao_eval.scoring.long_periods import expand_parts, parts
from fengqiao_eval.scoring.normalisation import indicator_points
from fengqiao_eval.scoring.result import Scored, place_units


@dataclass(frozen=True)
class Scores:
    """The frames of a run (columns as the design has them), all levels together, and what the reader must be told."""

    units: pd.DataFrame
    measures: pd.DataFrame
    points: pd.DataFrame
    adjustments: pd.DataFrame
    comparisons: pd.DataFrame
    ranks: pd.DataFrame
    asides: pd.DataFrame
    losses: pd.DataFrame
    officer_losses: pd.DataFrame
    open_disputes: pd.DataFrame
    officer_open_disputes: pd.DataFrame
    notes: tuple[Note, ...]


def score(records: Records, scheme: Scheme, period: Period, as_of: datetime, levels: Sequence[str] | None = None) -> Scores:
    """Score every unit of the levels for the period, the one before, the same a year earlier, and twelve months of trend.

    Raises InputError for columns that the scheme looks at and the records lack, for units that a quota passes over, and for a
    period without records.
    """
    records, faults = compatibility.fit_records(scheme, records)
    tree = _restrict_tree(tree_of(records.tables, period), levels or scheme.levels)
    refuse((*faults, *denominators.faults_of(scheme, tree), *full_marks_faults(scheme, tree)))
    main = tuple(dict.fromkeys((period, period.previous, period.year_before)))  # of a year both are the year before
    periods = expand_parts(scheme, (*main, *period.trend))
    found = _count_records(records, scheme, tree, main, periods, as_of)
    by_period = score_periods(found.history, periods, scheme, tree)
    scored = list(by_period.values())
    told = measuring_notes.collect_notes(records, scheme, tree, found.plan, scored[0].measured, scored[0].groups)
    behind = record_ids(records, scheme, tree, period, as_of, officers=found.plan.officers)
    single = _single_records(records, scheme, tree, period, as_of, officers=found.plan.officers)
    table = frames.measures(scored, scheme, tree)
    return Scores(
        units=frames.units(tree, found.days[0], period),
        measures=table,
        points=frames.points(table, scored, scheme),
        adjustments=frames.adjustments(scored, scheme, tree, behind),
        comparisons=comparisons([by_period[p] for p in main], scheme, tree),
        ranks=frames.ranks(scored, scheme, tree, found.days),
        asides=found.asides,
        notes=(*records.notes, *found.notes, *long_periods.exclusion_notes(scheme, tree, period, by_period), *told),
        **single,
    )


@dataclass(frozen=True)
class _Found:
    """What is kept of all that was counted, which is large and let go; days: person-days of each period that is scored."""

    history: History
    days: list[np.ndarray]
    asides: pd.DataFrame
    plan: Plan
    notes: tuple[Note, ...]


def _count_records(
    records: Records, scheme: Scheme, tree: Tree, main: Sequence[Period], periods: Sequence[Period], as_of: datetime
) -> _Found:
    """Count the records of the periods, and of those that they are held against."""
    every, officers = _periods_to_count(scheme, periods), OFFICER in set(tree.units["level"])
    counted = measuring_measures.count(records, scheme, tree, every, as_of, officers=officers)
    compatibility.require_records(counted, scheme, main[0], records.name)
    history = {p: measuring_measures.measure_period(scheme, tree, counted, p, as_of) for p in every}
    days = [person_days(tree, counted.postings, p) for p in periods]
    return _Found(history, days, measuring_measures.asides(counted, scheme, tree, main), counted.plan, counted.notes)


def _single_records(
    records: Records, scheme: Scheme, tree: Tree, period: Period, as_of: datetime, *, officers: bool
) -> dict[str, pd.DataFrame]:
    """The frames that name single records; they come before the large ones, for the engine needs room to find them."""
    of_units, of_officers = losses(records, scheme, tree, period, as_of, officers=officers)
    return {
        "losses": of_units,
        "officer_losses": of_officers,
        "open_disputes": open_disputes(records, tree, as_of),
        "officer_open_disputes": open_disputes(records, tree, as_of, officers=True),
    }


def _periods_to_count(scheme: Scheme, periods: Sequence[Period]) -> tuple[Period, ...]:
    """Name the periods that must be counted so that others can be scored."""
    months = veto_months(scheme, periods)
    return tuple(dict.fromkeys((*periods, *months, *reference_periods(scheme, (*periods, *months)))))


def _restrict_tree(tree: Tree, levels: Sequence[str]) -> Tree:
    units = tree.units[tree.units["level"].isin(list(levels))].reset_index(drop=True)
    return Tree(units, tree.counts_for[tree.counts_for["ancestor"].isin(units["unit_id"])], tree.known)


def score_periods(history: History, periods: Iterable[Period], scheme: Scheme, tree: Tree) -> dict[Period, Scored]:
    """Score several periods, and those of which they are the mean, each once, in the order given."""
    asked = expand_parts(scheme, periods)
    done: dict[Period, Scored] = {}
    for period in sorted(asked, key=lambda period: period.months):
        shorter = [done[part] for part in parts(scheme, period)]
        done[period] = score_period(history, period, scheme, tree, shorter)
    return {period: done[period] for period in asked}


def score_period(history: History, period: Period, scheme: Scheme, tree: Tree, shorter: Sequence[Scored] = ()) -> Scored:
    """Score one period: references, points, totals and what stands outside them, or the mean of shorter ones; then places."""
    among = cohort(tree, scheme)
    found = compare(history, period, scheme, tree, among)
    given = indicator_points(found, scheme, among)
    gathered = gather(given, scheme, among)
    known = facts(found, history, period, scheme, tree, among)
    lines = (*gathered.adjustments, *consequences(known, gathered.totals.contributions))
    totals = replace(gathered.totals, totals=gathered.totals.totals + sum_adjustments(lines, len(tree.units)))
    points = np.where(given.scored, given.points, np.nan)
    one = Scored(history[period], found, among, points, given.status, given.barred, gathered.nominal, totals, lines)
    return place_units(long_periods.mean_of(shorter, one, known) if shorter else one, scheme)
