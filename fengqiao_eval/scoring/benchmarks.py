"""Values held against their references: quotas, the own past, peers, places; what comes of it is what the rules see.

From top to bottom: which measures may be used; the arithmetic of each kind of reference on columns of fractions, in which
nothing is rounded; and, last, the references of every entry applied one after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fengqiao_eval.errors import Status
from fengqiao_eval.measuring import denominators
from fengqiao_eval.measuring.denominators import periods_before, periods_of
from fengqiao_eval.measuring.peer_groups import Cohort, is_exempt, members
from fengqiao_eval.measuring.rationals import Rational, add_up, stack
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.benchmark import Change, Peers, Quota, direction_after
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.ranking import places

if TYPE_CHECKING:  # pages load this module, and none of what counts records
    from fengqiao_eval.measuring.measures import Measured

History = Mapping[Period, "Measured"]
"""The measures of every period that anything is held against."""

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


def apply_quota(quota: Quota, value: Rational, due: Rational) -> Rational:
    """Hold values against what is due; no value where a per cent is asked of nothing due.

    >>> shortfall = Quota.model_validate({"kind": "quota", "amount": 8, "as": "shortfall"})
    >>> apply_quota(shortfall, Rational.read([5, 9]), Rational.read([8, 8])).floats.tolist()
    [3.0, 0.0]
    """
    if quota.as_ == "completion":
        return value * 100 / due
    if quota.as_ == "shortfall":
        return (due - value).clip(0, None)
    over = (value - due).clip(0, None)
    return over if quota.as_ == "excess" else over * 100 / due


def deviation(value: Rational, reference: Rational, as_: Literal["difference", "percent"]) -> Rational:
    """Give the difference from a reference, in its unit or in per cent of the reference; no value where that is 0.

    >>> deviation(Rational.read([6, 3]), Rational.read([5, 0]), "percent").floats.tolist()
    [20.0, nan]
    """
    return (value - reference) * 100 / abs(reference) if as_ == "percent" else value - reference


def history_mean(earlier: Sequence[Rational]) -> Rational:
    """Give each unit the mean of the earlier values that it has.

    >>> history_mean([Rational.read([1, np.nan]), Rational.read([2, np.nan])]).floats.tolist()
    [1.5, nan]
    """
    sums, count = add_up(earlier)
    return sums / Rational(count, np.ones_like(count))


def peer_reference(value: Rational, able: np.ndarray, groups: np.ndarray, of: str, least: int) -> tuple[Rational, np.ndarray]:
    """Give each unit the mean or median of the able of its group; and where they are fewer than least, which gives no value.

    >>> found, few = peer_reference(Rational.read([1, 2, 4]), np.array([True] * 3), np.array([0, 0, 0]), "median", 2)
    >>> found.floats.tolist()
    [2.0, 2.0, 2.0]
    """
    labels, group = np.unique(groups, return_inverse=True)
    sizes, middles = np.bincount(group[able], minlength=len(labels)), [Rational.fill(0, 1).where(np.array([False]))] * len(labels)
    for at in members(group, able):
        if len(at) >= least:
            middle = at if of == "mean" else at[np.argsort(value[at].floats)[(len(at) - 1) // 2 : len(at) // 2 + 1]]
            middles[group[at[0]]] = value[middle].mean()
    return stack(middles)[group], (sizes < least)[group]


def group_places(value: np.ndarray, able: np.ndarray, groups: np.ndarray, good: str, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the able their place in their group, 1 for the best, ties sharing the better; and the size of each unit's group.

    A group of fewer than least has no places (NaN).

    >>> group_places(np.array([5.0, 9, 9]), np.array([True] * 3), np.array([0, 0, 0]), "higher", 2)
    (array([3., 1., 1.]), array([3, 3, 3]))
    """
    whole = np.zeros(len(value), dtype=np.int64)
    whole[able] = np.unique(value[able], return_inverse=True)[1]
    place, size = places(whole if good == "higher" else -whole, groups, able)
    return np.where((place > 0) & (size >= least), place, np.nan), size


# The references of every entry, one after the other


@dataclass(frozen=True)
class Stage:
    """One reference applied to one entry: for each unit what it was held against, what came of it, and its status after that.

    step counts from 0. The reference of a place is the number of units placed. exact: the result as fractions.
    """

    entry: int
    step: int
    kind: str
    given: np.ndarray
    reference: np.ndarray
    result: np.ndarray
    status: np.ndarray
    exact: Rational = field(default_factory=lambda: Rational.read([]))


@dataclass(frozen=True)
class Benchmarked:
    """What the rules see: arrays units × entries (value; status, where a reference may have failed), and the stages between.

    measured: where the values come from that are held against nothing (None: they are the decimals that they print).
    """

    value: np.ndarray
    status: np.ndarray
    stages: tuple[Stage, ...]
    measured: "Measured | None" = None

    def exact(self, number: int, entry: Entry, at: Any = slice(None)) -> Rational:
        """Give the values of an entry, by its number, as fractions; of some units."""
        if held := [stage for stage in self.stages if stage.entry == number]:
            return held[-1].exact[at]
        return self.measured.exact(number, entry, at) if self.measured else Rational.read(self.value[at, number])


def apply_references(history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Benchmarked:
    """Hold the values of a period against the references of the scheme, in their order.

    history: the measures of the period, and of those that reference_periods names. Without a reference a value is as measured.
    """
    value, status = history[period].value.copy(), history[period].status.copy()
    stages: list[Stage] = []
    for number, entry in enumerate(scheme.entries):
        status[:, number] = admit(history[period], scheme, tree, number)
        if not entry.against:
            continue
        needed = periods_before(entry.against, [period])[0]
        found = {when: _as_measured(history[when], scheme, tree, number) for when in needed}
        stages += hold_entry(number, period, found, {when: history[when].due for when in needed}, scheme, among)
        value[:, number], status[:, number] = stages[-1].result, stages[-1].status
    return Benchmarked(value, status, tuple(stages), history[period])


def hold_entry(
    number: int,
    period: Period,
    found: Mapping[Period, "Values"],
    dues: Mapping[Period, Mapping[tuple[int, int], Rational]],
    scheme: Scheme,
    among: Cohort,
) -> list["Stage"]:
    """Hold the values of one entry against its references, one after the other: a stage each.

    found: its values in every period that is looked at, which may be drawn; dues: what quotas ask in them, by (entry, step).
    """
    stages = []
    needed = periods_before(scheme.entries[number].against, [period])
    for step, later in enumerate(needed[1:]):
        due = {when: own[number, step] for when in needed[step] if (number, step) in (own := dues[when])}
        after = {when: _apply_reference((number, step), scheme, among, when, found, due) for when in later}
        stages.append(after[period])
        found = {when: (stage.exact, stage.status) for when, stage in after.items()}
    return stages


Values = tuple[Rational, np.ndarray]
"""The values (none where none may be used) and the statuses of one entry in one period."""


def _as_measured(found: "Measured", scheme: Scheme, tree: Tree, number: int) -> Values:
    status = admit(found, scheme, tree, number)
    return found.exact(number, scheme.entries[number]).where(has_value(status)), status


def _apply_reference(
    at: tuple[int, int],
    scheme: Scheme,
    among: Cohort,
    period: Period,
    found: Mapping[Period, Values],
    due: Mapping[Period, Rational],
) -> Stage:
    """Apply one reference in one period to what the reference before it made; where it has none to offer the value is missing."""
    entry, (given, before) = scheme.entries[at[0]], found[period]
    reference, few = entry.against[at[1]], np.zeros(len(given), dtype=bool)
    past = [found[earlier][0] for earlier in periods_of(reference, period)]
    if isinstance(reference, Quota):
        against, result = _against_quota(reference, period, found, due)
    elif isinstance(reference, Change):
        against = history_mean(past)
        result = deviation(given, against, reference.as_)
    elif isinstance(reference, Peers):
        theirs, groups = past[0] if past else given, among.within if reference.among == "class" else among.within_level
        able = theirs.known & among.eligible
        against, few = peer_reference(theirs, able, groups, reference.of, scheme.least_class)
        result = deviation(given, against, reference.as_)
    else:
        able, good = given.known & among.eligible, direction_after(entry.direction, entry.against[: at[1]])
        place, size = group_places(given.floats, able, among.within, good, scheme.least_class)
        result = Rational.read(place if reference.from_ == "best" else size + 1 - place)
        against, few = Rational.read(size), size < scheme.least_class
    lost = given.known & ~result.known
    status = np.where(lost, np.where(few, Status.TOO_FEW, Status.NO_RECORDS), before).astype(np.int8)
    result = result.where(has_value(status))
    return Stage(*at, reference.kind, given.floats, against.floats, result.floats, status, result)


def _against_quota(
    quota: Quota, period: Period, found: Mapping[Period, Values], due: Mapping[Period, Rational]
) -> tuple[Rational, Rational]:
    """Hold values against what is due; with `apart` each part of the period against its own, what came of them added up."""
    if not quota.apart:
        return due[period], apply_quota(quota, found[period][0], due[period])
    plain = quota.model_copy(update={"as_": "shortfall" if quota.as_ == "shortfall" else "excess"})
    parts = denominators.quota_parts(quota, period)
    each = [apply_quota(plain, found[part][0], due[part]) for part in parts]
    whole, _ = add_up([due[part].where(one.known) for part, one in zip(parts, each, strict=True)])
    result, count = add_up(each)
    whole, result = whole.where(count > 0), result.where(count > 0)
    return whole, result * 100 / whole if quota.as_ == "excess_percent" else result
