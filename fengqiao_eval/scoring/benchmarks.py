"""Values held against their references: quotas, the own past, peers, places; what comes of it is what the rules see.

From top to bottom: which periods a reference looks at; which measures may be used; the arithmetic of each kind of reference on
arrays (NaN is no value); and, last, the references of every entry applied one after the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring import denominators
from fengqiao_eval.measuring.denominators import round_significant
from fengqiao_eval.measuring.peer_groups import Cohort, is_exempt, members
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.benchmark import Change, Peers, Place, Quota, Reference, direction_after
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.ranking import places

if TYPE_CHECKING:  # pages load this module, and none of what counts records
    from fengqiao_eval.measuring.measures import Measured

History = Mapping[Period, "Measured"]
"""The measures of every period that anything is held against."""

# Which periods are looked at


def reference_periods(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods that the references of the scheme look at, and those that these look at in their turn."""
    asked = tuple(periods)
    found = (period for entry in scheme.entries for period in _periods_before(entry.against, asked)[0])
    return tuple(period for period in dict.fromkeys(found) if period not in asked)


def _periods_before(references: Sequence[Reference], periods: Iterable[Period]) -> list[tuple[Period, ...]]:
    """Name the periods whose values are needed before each reference, and after the last of them, for values of some periods."""
    needed = [tuple(periods)]
    for reference in reversed(references):
        further = (other for period in needed[0] for other in (period, *_periods_of(reference, period)))
        needed.insert(0, tuple(dict.fromkeys(further)))
    return needed


def _periods_of(reference: Reference, period: Period) -> tuple[Period, ...]:
    """Name the other periods that a reference looks at."""
    if isinstance(reference, Quota):
        return denominators.quota_parts(reference, period) if reference.apart else ()
    since = "this" if isinstance(reference, Place) else reference.since
    if since == "history":
        count = reference.periods if isinstance(reference, Change) else 0
        return tuple(Period(period.first - back * period.months, period.months) for back in range(1, count + 1))
    return {"this": (), "previous": (period.previous,), "year_before": (period.year_before,)}[since]


# Which measures may be used


def has_value(status: np.ndarray) -> np.ndarray:
    """Say which statuses carry a value that may be used."""
    return (status == Status.OK) | (status == Status.PROVISIONAL)


def admit(found: "Measured", scheme: Scheme, tree: Tree, number: int) -> np.ndarray:
    """Give the statuses of one entry after its exemptions and its gate, before anything is held against them."""
    status, gate = _apply_exemption(found, scheme, tree, number), getattr(scheme.entries[number], "gate", None)
    if gate is None:
        return status
    other = next(n for n, indicator in enumerate(scheme.indicators) if indicator.code == gate.indicator)
    value = found.value[:, other]
    fails = value < float(gate.at_least) if gate.at_least is not None else value > float(gate.at_most)
    closed = fails & has_value(_apply_exemption(found, scheme, tree, other)) & (status != Status.NOT_APPLICABLE)
    return np.where(closed, Status.VOID, status).astype(np.int8)


def _apply_exemption(found: "Measured", scheme: Scheme, tree: Tree, number: int) -> np.ndarray:
    exempt, status = getattr(scheme.entries[number], "not_applicable", None), found.status[:, number]
    return np.where(is_exempt(exempt, tree), Status.NOT_APPLICABLE, status).astype(np.int8) if exempt else status


# What a value becomes


def apply_quota(quota: Quota, value: np.ndarray, due: np.ndarray) -> np.ndarray:
    """Hold values against what is due; NaN where a per cent is asked of nothing due.

    >>> shortfall = Quota.model_validate({"kind": "quota", "amount": 8, "as": "shortfall"})
    >>> apply_quota(shortfall, np.array([5.0, 9.0]), np.array([8.0, 8.0])).tolist()
    [3.0, 0.0]
    """
    size = np.fmax(np.abs(value), np.abs(due))
    if quota.as_ == "completion":
        return percent(value, due)
    if quota.as_ == "shortfall":
        return round_significant(np.maximum(due - value, 0), size)
    over = round_significant(np.maximum(value - due, 0), size)
    return over if quota.as_ == "excess" else percent(over, due)


def percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Give the per cent that a part is of a whole; NaN where there is no whole.

    >>> percent(np.array([1.0, 1.0]), np.array([8.0, 0.0])).tolist()
    [12.5, nan]
    """
    return round_significant(np.divide(100 * part, whole, out=np.full(len(part), np.nan), where=whole != 0))


def deviation(value: np.ndarray, reference: np.ndarray, as_: Literal["difference", "percent"]) -> np.ndarray:
    """Give the difference from a reference, in its unit or in per cent of the reference; NaN where that is 0.

    >>> deviation(np.array([6.0, 3.0]), np.array([5.0, 0.0]), "percent").tolist()
    [20.0, nan]
    """
    difference = round_significant(value - reference, np.fmax(np.abs(value), np.abs(reference)))
    return percent(difference, np.abs(reference)) if as_ == "percent" else difference


def history_mean(earlier: list[np.ndarray]) -> np.ndarray:
    """Give each unit the mean of the earlier values that it has.

    >>> history_mean([np.array([1.0, np.nan]), np.array([2.0, np.nan])]).tolist()
    [1.5, nan]
    """
    known = ~np.isnan(earlier)
    sums, count = np.where(known, earlier, 0).sum(axis=0), known.sum(axis=0)
    return round_significant(np.divide(sums, count, out=np.full(len(sums), np.nan), where=count > 0))


def peer_reference(value: np.ndarray, able: np.ndarray, groups: np.ndarray, of: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each unit the mean or median of the able of its group; and where they are fewer than least, which gives NaN."""
    labels, group = np.unique(groups, return_inverse=True)
    middles, sizes = np.full(len(labels), np.nan), np.bincount(group[able], minlength=len(labels))
    for at in members(group, able):
        if len(at) >= least:
            middles[group[at[0]]] = np.mean(value[at]) if of == "mean" else np.median(value[at])
    return round_significant(middles)[group], (sizes < least)[group]


def group_places(value: np.ndarray, able: np.ndarray, groups: np.ndarray, good: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the able their place in their group, 1 for the best, ties sharing the better; and the size of each unit's group.

    A group of fewer than least has no places (NaN).

    >>> group_places(np.array([5.0, 9, 9]), np.array([True] * 3), np.array([0, 0, 0]), "higher", 2)
    (array([3., 1., 1.]), array([3, 3, 3]))
    """
    whole = np.zeros(len(value), dtype=np.int64)
    whole[able] = np.unique(round_significant(value[able]), return_inverse=True)[1]
    place, size = places(whole if good == "higher" else -whole, groups, able)
    return np.where((place > 0) & (size >= least), place, np.nan), size


# The references of every entry, one after the other


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
class Benchmarked:
    """What the rules see: arrays units × entries (value; status, where a reference may have failed), and the stages between."""

    value: np.ndarray
    status: np.ndarray
    stages: tuple[Stage, ...]


def apply_references(history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Benchmarked:
    """Hold the values of a period against the references of the scheme, in their order.

    history: the measures of the period, and of those that reference_periods names. Without a reference a value is as measured.
    """
    value, status = history[period].value.copy(), history[period].status.copy()
    stages: list[Stage] = []
    for number, entry in enumerate(scheme.entries):
        status[:, number] = admit(history[period], scheme, tree, number)
        needed = _periods_before(entry.against, [period])
        found = {when: _as_measured(history[when], scheme, tree, number) for when in needed[0]} if entry.against else {}
        for step, later in enumerate(needed[1:]):
            due = {when: history[when].due.get((number, step)) for when in needed[step]}
            after = {when: _apply_reference((number, step), scheme, among, when, found, due) for when in later}
            stages.append(after[period])
            found = {when: (stage.result, stage.status) for when, stage in after.items()}
            value[:, number], status[:, number] = found[period]
    return Benchmarked(value, status, tuple(stages))


Values = tuple[np.ndarray, np.ndarray]
"""The values (NaN where none may be used) and the statuses of one entry in one period."""


def _as_measured(found: "Measured", scheme: Scheme, tree: Tree, number: int) -> Values:
    status = admit(found, scheme, tree, number)
    return np.where(has_value(status), found.value[:, number], np.nan), status


def _apply_reference(
    at: tuple[int, int],
    scheme: Scheme,
    among: Cohort,
    period: Period,
    found: Mapping[Period, Values],
    due: Mapping[Period, np.ndarray | None],
) -> Stage:
    """Apply one reference in one period to what the reference before it made; where it has none to offer the value is missing."""
    entry, (given, before) = scheme.entries[at[0]], found[period]
    reference, few = entry.against[at[1]], np.zeros(len(given), dtype=bool)
    past = [found[earlier][0] for earlier in _periods_of(reference, period)]
    if isinstance(reference, Quota):
        against, result = _against_quota(reference, period, found, due)
    elif isinstance(reference, Change):
        against = history_mean(past)
        result = deviation(given, against, reference.as_)
    elif isinstance(reference, Peers):
        theirs, groups = past[0] if past else given, among.within if reference.among == "class" else among.levels
        able = ~np.isnan(theirs) & among.eligible
        against, few = peer_reference(theirs, able, groups, reference.of, scheme.least_class)
        result = deviation(given, against, reference.as_)
    else:
        able, good = ~np.isnan(given) & among.eligible, direction_after(entry.direction, entry.against[: at[1]])
        place, size = group_places(given, able, among.within, good, scheme.least_class)
        result = place if reference.from_ == "best" else size + 1 - place
        against, few = size.astype("float64"), size < scheme.least_class
    lost = ~np.isnan(given) & np.isnan(result)
    status = np.where(lost, np.where(few, Status.TOO_FEW, Status.NO_RECORDS), before).astype(np.int8)
    return Stage(*at, reference.kind, given, against, np.where(has_value(status), result, np.nan), status)


def _against_quota(
    quota: Quota, period: Period, found: Mapping[Period, Values], due: Mapping[Period, np.ndarray | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Hold values against what is due; with `apart` each part of the period against its own, what came of them added up."""
    if not quota.apart:
        asked = np.asarray(due[period])
        return asked, apply_quota(quota, found[period][0], asked)
    plain = quota.model_copy(update={"as_": "shortfall" if quota.as_ == "shortfall" else "excess"})
    parts = denominators.quota_parts(quota, period)
    dues = np.array([due[part] for part in parts])
    each = np.array([apply_quota(plain, found[part][0], asked) for part, asked in zip(parts, dues, strict=True)])
    known = ~np.isnan(each)
    whole, result = (np.where(known.any(axis=0), np.where(known, part, 0).sum(axis=0), np.nan) for part in (dues, each))
    return round_significant(whole), round_significant(percent(result, whole) if quota.as_ == "excess_percent" else result)
