"""Values held against their references: quotas, the own past, peers, places; the rules see what comes of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scheme.references import Change, Peers, Quota, Reference, direction_after
from fengqiao_eval.scoring import against, quotas
from fengqiao_eval.scoring.admitting import admitted, valued
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.dividing import significant
from fengqiao_eval.scoring.measures import Measured

NO_RECORDS, TOO_FEW = STATUSES.index("no_records"), STATUSES.index("too_few")

History = Mapping[Period, Measured]
"""The measures of every period that anything is held against."""


@dataclass(frozen=True)
class Stage:
    """One reference applied to one entry: for each unit what it was held against, what came of it, and its status after that.

    step counts from 0. The reference of a place is the number of units placed.
    """

    entry: int
    step: int
    kind: str
    given: np.ndarray
    reference: np.ndarray
    result: np.ndarray
    status: np.ndarray


@dataclass(frozen=True)
class Compared:
    """What the rules see: arrays units × entries (value; status, where a reference may have failed), and the stages between."""

    value: np.ndarray
    status: np.ndarray
    stages: tuple[Stage, ...]


class Column(NamedTuple):
    """The values (NaN where none may be used) and the statuses of one entry."""

    value: np.ndarray
    status: np.ndarray


class Held(NamedTuple):
    """What a reference is, what comes of it, and where it failed because too few are compared."""

    reference: np.ndarray
    result: np.ndarray
    few: np.ndarray | bool = False


@dataclass(frozen=True)
class _Scene:
    """All that a reference may look at."""

    history: History
    scheme: Scheme
    tree: Tree
    among: Cohort


def compared(history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Compared:
    """Hold the values of a period against the references of the scheme, in their order; looks_back names the periods needed."""
    scene, stages = _Scene(history, scheme, tree, among), []
    value, status = history[period].value.copy(), history[period].status.copy()
    for number, entry in enumerate(scheme.entries):
        status[:, number] = admitted(history[period], scheme, tree, number)
        own = [_stage(scene, number, step, period) for step in range(len(entry.against))]
        if own:
            value[:, number], status[:, number] = own[-1].result, own[-1].status
        stages += own
    return Compared(value, status, tuple(stages))


def _column(scene: _Scene, number: int, steps: int, period: Period) -> Column:
    """Give an entry's values in a period after so many of its references."""
    if steps:
        last = _stage(scene, number, steps - 1, period)
        return Column(last.result, last.status)
    status = admitted(scene.history[period], scene.scheme, scene.tree, number)
    return Column(np.where(valued(status), scene.history[period].value[:, number], np.nan), status)


def _stage(scene: _Scene, number: int, step: int, period: Period) -> Stage:
    """Apply one reference; where it has none to offer the value is missing."""
    reference, given = scene.scheme.entries[number].against[step], _column(scene, number, step, period)
    held = _held(scene, number, step, period, given)
    lost = ~np.isnan(given.value) & np.isnan(held.result)
    status = np.where(lost, np.where(held.few, TOO_FEW, NO_RECORDS), given.status).astype(np.int8)
    result = np.where(valued(status), held.result, np.nan)
    return Stage(number, step, reference.kind, given.value, held.reference, result, status)


def _held(scene: _Scene, number: int, step: int, period: Period, given: Column) -> Held:
    entry = scene.scheme.entries[number]
    reference = entry.against[step]
    if isinstance(reference, Quota):
        return _to_quota(scene, reference, (number, step), period, given)
    past = [_column(scene, number, step, earlier).value for earlier in _looked_at(reference, period)]
    if isinstance(reference, Change):
        was = against.history_mean(past)
        return Held(was, against.changed(given.value, was, reference.as_))
    if isinstance(reference, Peers):
        return _to_peers(scene, reference, given.value, past[0] if past else given.value)
    good = direction_after(entry.direction, entry.against[:step])
    able = ~np.isnan(given.value) & scene.among.eligible
    place, size = against.place_in(given.value, able, scene.among.within, good, scene.scheme.least_class)
    result = place if reference.from_ == "best" else size + 1 - place
    return Held(size.astype("float64"), result, size < scene.scheme.least_class)


def _to_quota(scene: _Scene, quota: Quota, at: tuple[int, int], period: Period, given: Column) -> Held:
    """Hold values against what is due; with `apart` each part of the period against its own, what came of them added up."""
    if not quota.apart:
        due = scene.history[period].due[at]
        return Held(due, against.held_to(quota, given.value, due))
    plain = quota.model_copy(update={"as_": "shortfall" if quota.as_ == "shortfall" else "excess"})
    parts = quotas.apart(quota, period)
    dues = np.array([scene.history[part].due[at] for part in parts])
    each = np.array([against.held_to(plain, _column(scene, *at, p).value, due) for p, due in zip(parts, dues, strict=True)])
    known = ~np.isnan(each)
    due, result = (np.where(known.any(axis=0), np.where(known, part, 0).sum(axis=0), np.nan) for part in (dues, each))
    return Held(significant(due), significant(against.percent(result, due) if quota.as_ == "excess_percent" else result))


def _to_peers(scene: _Scene, reference: Peers, value: np.ndarray, theirs: np.ndarray) -> Held:
    groups = scene.among.within if reference.among == "class" else scene.among.levels
    able = ~np.isnan(theirs) & scene.among.eligible
    middle, few = against.peers(theirs, able, groups, reference.of, scene.scheme.least_class)
    return Held(middle, against.changed(value, middle, reference.as_), few)


def _looked_at(reference: Reference, period: Period) -> tuple[Period, ...]:
    """Name the other periods that a reference looks at."""
    if isinstance(reference, Quota):
        return quotas.apart(reference, period) if reference.apart else ()
    since = reference.since if isinstance(reference, (Change, Peers)) else "this"
    if since == "history":
        count = reference.periods if isinstance(reference, Change) else 0
        return tuple(Period(period.first - back * period.months, period.months) for back in range(1, count + 1))
    return {"this": (), "previous": (period.previous,), "year_before": (period.year_before,)}[since]


def looks_back(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods that the references of the scheme look at, and those that these look at in their turn."""
    asked = tuple(periods)
    found = (further for period in asked for entry in scheme.entries for further in _reached(entry.against, period))
    return tuple(period for period in dict.fromkeys(found) if period not in asked)


def _reached(references: tuple[Reference, ...], period: Period) -> Iterator[Period]:
    yield period
    if references:
        *before, last = references
        for each in (period, *_looked_at(last, period)):
            yield from _reached(tuple(before), each)
