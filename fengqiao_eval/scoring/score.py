"""The one way: records → measures → benchmarks → normalisation → weighting and aggregation → adjustments → ranking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, Note, refuse
from fengqiao_eval.measuring import compatibility, denominators, measures
from fengqiao_eval.measuring.drilldown import MOST_AWAY, count_disputes, is_cut, losses, open_disputes, record_ids
from fengqiao_eval.measuring.matches import match_notes
from fengqiao_eval.measuring.notes import collect_notes
from fengqiao_eval.measuring.peer_groups import cohort, full_marks_faults
from fengqiao_eval.measuring.plausibility import Survey
from fengqiao_eval.periods import Period
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.units import Tree, person_days, staff, tree_of
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring import frames, long_periods
from fengqiao_eval.scoring.adjustments import consequences, facts, sum_adjustments, veto_months
from fengqiao_eval.scoring.aggregation import gather
from fengqiao_eval.scoring.benchmarks import History, apply_references
from fengqiao_eval.scoring.long_periods import expand_parts, parts
from fengqiao_eval.scoring.normalisation import indicator_points
from fengqiao_eval.scoring.result import Scored, coverage_notes, place_units
from fengqiao_eval.scoring.uncertainty import Setting, error_notes, firm_places, firm_totals


@dataclass(frozen=True)
class Scores:
    """The frames of a run (columns as the design has them), all levels together, and what the reader must be told."""

    units: pd.DataFrame
    measures: pd.DataFrame
    points: pd.DataFrame
    adjustments: pd.DataFrame
    comparisons: pd.DataFrame
    ranks: pd.DataFrame
    chances: pd.DataFrame
    asides: pd.DataFrame
    answers: pd.DataFrame
    losses: pd.DataFrame
    officer_losses: pd.DataFrame
    open_disputes: pd.DataFrame
    officer_open_disputes: pd.DataFrame
    in_period: Mapping[str, int]
    """How many rows of each table of events that is counted lie in the period, by any date by which it is counted."""
    notes: tuple[Note, ...]


def score(
    records: Records, scheme: Scheme, period: Period, as_of: datetime, levels: Sequence[str] | None = None, seed: int = 0
) -> Scores:
    """Score every unit of the levels for the period, the one before, the same a year earlier, and twelve months of trend.

    How firm places are is said of the period itself, how firm totals are of all; seed: of what is drawn for that.
    Raises InputError for columns that the scheme looks at and the records lack, for units that a quota passes over, and for a
    period without records.
    """
    records, faults = compatibility.fit_records(scheme, records)
    tree = _restrict_tree(tree_of(records.tables, period), levels or scheme.levels)
    survey = Survey(records, scheme, period, levels or scheme.levels)
    refuse((*faults, *survey.faults(), *denominators.faults_of(scheme, tree), *full_marks_faults(scheme, tree)))
    main = tuple(dict.fromkeys((period, period.previous, period.year_before)))  # of a year both are the year before
    periods = expand_parts(scheme, (*main, *period.trend))

    # measures, also of the periods that those to be scored are held against
    months = veto_months(scheme, periods)
    every = tuple(dict.fromkeys((*periods, *months, *denominators.reference_periods(scheme, (*periods, *months)))))
    officers = OFFICER in set(tree.units["level"])
    counted = measures.count(records, scheme, tree, every, as_of, officers=officers)
    history = {p: measures.measure_period(scheme, tree, counted, p, as_of) for p in every}
    days, posted = [person_days(tree, counted.postings, p) for p in periods], staff(tree, counted.postings, period)
    asides, plan, counting_notes = measures.asides(counted, scheme, tree, main), counted.plan, counted.notes
    del counted  # it is large, and done with

    # points, totals and places
    by_period = score_periods(history, periods, scheme, tree)
    scored = list(by_period.values())
    told = collect_notes(plan, scored[0].measured, scored[0].groups)

    # how firm the places are
    setting = Setting(history, period, scheme, tree, seed)
    firm = {period: firm_places(setting, by_period)}
    firm |= {month: firm_totals(setting._replace(period=month), by_period) for month in by_period if month != period}

    # single records come before the large frames, for the engine needs room to find them
    most = MOST_AWAY if records.away else None
    behind = record_ids(records, scheme, tree, period, as_of, officers=officers, most=most)
    of_units, of_officers = losses(records, scheme, tree, period, as_of, officers=officers, most=most)
    disputes, officer_disputes = (open_disputes(records, tree, as_of, officers=who, most=most) for who in (False, True))
    cut = most is not None and is_cut(most, behind, of_units, of_officers, disputes, officer_disputes)
    measured = frames.measures(scored, scheme, tree)
    return Scores(
        units=frames.units(tree, days[0], period, posted, count_disputes(records, tree, as_of)),
        measures=measured,
        points=frames.points(measured, scored, scheme, firm),
        adjustments=frames.adjustments(scored, scheme, tree, behind),
        comparisons=frames.comparisons([by_period[p] for p in main], scheme, tree),
        ranks=frames.ranks(scored, scheme, tree, days, firm),
        chances=frames.chances(firm, tree),
        asides=asides,
        answers=frames.answers(scored[0].measured, scheme, tree),
        losses=of_units,
        officer_losses=of_officers,
        open_disputes=disputes,
        officer_open_disputes=officer_disputes,
        in_period={table: int(survey.in_period(table).sum()) for table in survey.tables if table != "notices"},
        notes=(
            *survey.notes(as_of, tree, periods),
            *match_notes(records, scheme, period),
            *records.notes,
            *([Note("ids_away", {"most": most})] if cut else []),
            *counting_notes,
            *long_periods.exclusion_notes(scheme, tree, period, by_period),
            *coverage_notes(scored[0], tree.units["level"].to_numpy(object), scheme),
            *told,
            *error_notes(firm[period], by_period[period], scheme),
        ),
    )


def _restrict_tree(tree: Tree, levels: Sequence[str]) -> Tree:
    """Keep the units of some levels; whose parent goes hangs on the nearest unit above that stays."""
    units = tree.units[tree.units["level"].isin(list(levels))].reset_index(drop=True)
    counts_for = tree.counts_for[tree.counts_for["ancestor"].isin(units["unit_id"])]
    above = counts_for[counts_for["unit_id"] != counts_for["ancestor"]].drop_duplicates("unit_id")
    nearest = dict(zip(above["unit_id"], above["ancestor"], strict=True))
    there = set(units["unit_id"])
    pairs = zip(units["unit_id"], units["parent_id"], strict=True)
    parents = [parent if parent in there else nearest.get(unit, parent) for unit, parent in pairs]
    return Tree(units.assign(parent_id=parents), counts_for, tree.known)


def score_periods(history: History, periods: Iterable[Period], scheme: Scheme, tree: Tree) -> dict[Period, Scored]:
    """Score several periods, and those of which they are the mean, each once, in the order given."""
    asked = expand_parts(scheme, periods)
    done: dict[Period, Scored] = {}
    for period in sorted(asked, key=lambda period: period.months):
        shorter = [done[part] for part in parts(scheme, period)]
        done[period] = score_period(history, period, scheme, tree, shorter)
    return {period: done[period] for period in asked}


def score_period(history: History, period: Period, scheme: Scheme, tree: Tree, shorter: Sequence[Scored] = ()) -> Scored:
    """Score one period from its measures to its places, or take the mean of shorter ones."""
    among = cohort(tree, scheme)
    # benchmarks
    found = apply_references(history, period, scheme, tree, among)
    # normalisation
    given = indicator_points(found, scheme, among)
    points = np.where(given.scored, given.points, np.nan)
    # weighting and aggregation
    gathered = gather(given, scheme, among)
    # adjustments
    known = facts(found, history, period, scheme, tree, among)
    lines = (*gathered.adjustments, *consequences(known, gathered.totals.contributions))
    totals = replace(gathered.totals, totals=gathered.totals.totals + sum_adjustments(lines, len(tree.units)))
    one = Scored(history[period], found, among, points, given.status, given.barred, gathered.nominal, totals, lines)
    # ranking
    return place_units(long_periods.mean_of(shorter, one, known) if shorter else one, scheme)
