"""What lint sees in the shape of a line, whatever it is called: raw counts, growth, places in small groups, years voided."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from fengqiao_eval.scheme.counted import Count, Figure, Measure
from fengqiao_eval.scheme.filters import Filter
from fengqiao_eval.scheme.indicator import Entry, Indicator, Named
from fengqiao_eval.scheme.lint_rules import has
from fengqiao_eval.scheme.model import Dimension, Scheme, applies, base_marks, nominal, scored_at, weight_at
from fengqiao_eval.scheme.outside import Consequence
from fengqiao_eval.scheme.references import Change, Place, Quota
from fengqiao_eval.scheme.rules import Curve, Line, Relative, Steps

LEAST_GROUP = 8
"""In a group of fewer units a place is mostly chance, whatever the scheme's own `least_class` allows."""
SHOWN = 5
"""As many small groups as one sentence holds."""

_NOT_INVENTED = ("notices", "duties")
"""Tables whose rows are due or entered by another hand, so that nobody gains by writing one more."""
_CLASSING = {"category", "class", "code", "kind", "purpose", "tier"}
"""Columns that say what a record is, not how it was handled."""
_DECLINE = "下降|降幅|减少|压降|零发案|fall in|drop in|reduction"
_TASK = "任务|定额|下达|quota"

Found = Mapping[str, Any] | None
"""What a sentence speaks of where a shape was seen, else None."""


@dataclass(frozen=True)
class Facts:
    """A scheme, the units in each group of each level, and the lines whose points were the same throughout a level."""

    scheme: Scheme
    sizes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    constant: Mapping[str, Collection[str]] = field(default_factory=dict)

    @cached_property
    def shares(self) -> Mapping[str, Mapping[str, Decimal]]:
        """Level -> indicator -> its share of the total."""
        return {level: nominal(self.scheme, level) for level in self.scheme.levels}

    def levels(self, entry: Entry) -> tuple[str, ...]:
        """Name the levels at which a line carries points or a consequence."""
        if not isinstance(entry, Indicator):
            return tuple(level for level in self.scheme.levels if applies(entry, level))
        return tuple(level for level, shares in self.shares.items() if shares.get(entry.code, 0) > 0)


def words(part: Named) -> str:
    """Collect what a part is called and, of a count or a figure, what is counted.

    >>> words(Named(code="clearance_rate", label="破案率"))
    '破案率 · clearance rate'
    """
    counted = _counted(part.measure) if isinstance(part, Entry) else ()
    return " · ".join(word for word in (part.label, part.label_en, part.code.replace("_", " "), *counted) if word)


def _counted(measure: Measure) -> Iterator[str]:
    if isinstance(measure, Figure):
        yield measure.figure.replace("_", " ")
    elif isinstance(measure, Count):
        tests = (measure.where, *(part.where for part in measure.worth))
        yield from (f"{word}数" for test in tests if set(test) <= _CLASSING for word in _named(test))
        if measure.table == "cases" and not (measure.where or measure.worth):
            yield "立案数"


def _named(test: Filter) -> Iterator[str]:
    yield from (word for one in test.values() for word in one.in_ or () if isinstance(word, str))


def lower(entry: Entry) -> bool:
    """Say whether fewer of what is counted is better."""
    if has(_DECLINE, f"{entry.label} {entry.label_en}") or any(isinstance(r, Quota) and "excess" in r.as_ for r in entry.against):
        return True
    return entry.direction == "lower" and not (isinstance(entry, Consequence) and entry.effect == "add")


def rewarded(entry: Entry) -> bool:
    """Say whether more of what is counted earns more."""
    return entry.effect == "add" if isinstance(entry, Consequence) else entry.direction == "higher"


def no_quota(entry: Entry) -> bool:
    """Say whether no number is due."""
    return not any(isinstance(reference, Quota) for reference in entry.against)


def aimed(entry: Entry) -> bool:
    """Say whether a number is to be reached: a quota, a target, or a rule that says where full marks begin."""
    line_to_reach = entry.target is not None or isinstance(_rule(entry), Curve | Steps)
    return line_to_reach or not no_quota(entry) or has(_TASK, words(entry))


def _not_aimed(entry: Entry) -> bool:
    return not aimed(entry)


def _rule(entry: Entry) -> Any:
    return getattr(entry, "points", None)


def _seen(holds: bool) -> Found:  # noqa: FBT001 - the one thing it is told
    return {} if holds else None


def _per_item(part: Named, _facts: Facts) -> Found:
    if not (isinstance(part, Entry) and isinstance(part.measure, Count)):
        return None
    raw = part.measure.per is None and part.measure.table not in _NOT_INVENTED
    return _seen(raw and isinstance(_rule(part), Curve | Line | Relative))


def _growth(part: Named, _facts: Facts) -> Found:
    against = part.against if isinstance(part, Entry) else ()
    in_per_cent = any(isinstance(reference, Change) and reference.as_ == "percent" for reference in against)
    ranked = any(isinstance(one, Change) and isinstance(other, Place) for one, other in pairwise(against))
    return _seen(in_per_cent or ranked)


def _small_groups(part: Named, facts: Facts) -> Found:
    """See points by place or standing, at levels whose groups are small; a group of one has no places."""
    if not isinstance(part, Entry) or not (isinstance(_rule(part), Relative) or any(isinstance(r, Place) for r in part.against)):
        return None
    every = [(n, level, group) for level in facts.levels(part) for group, n in facts.sizes.get(level, {}).items()]
    small = sorted(one for one in every if 1 < one[0] < LEAST_GROUP)
    said = [f"{level}{f' {group}' if group else ''}: {n}" for n, level, group in small]
    more = [f"… {len(small)}"] if len(small) > SHOWN else []
    return {"least": LEAST_GROUP, "groups": ", ".join(said[:SHOWN] + more)} if small else None


def _zeroes_year(part: Named, facts: Facts) -> Found:
    if not isinstance(part, Consequence):
        return None
    if part.effect == "zero_item":
        return _seen(part.year_only)
    group = next(group for group in facts.scheme.outside if part in group.lines)
    caps = (getattr(part.points, "cap", None), None if group.floor is None else -group.floor)
    taken = min([_most(part.points), *(float(cap) for cap in caps if cap not in (None, "none"))])
    return _seen(part.effect == "deduct" and taken >= base_marks(facts.scheme))


def _most(rule: Any) -> float:
    """Give the most points that one event can be worth."""
    pairs: Iterable[tuple[Any, Any]] = getattr(rule, "knots", getattr(rule, "steps", ()))
    worth = [points for _, points in pairs]
    if isinstance(rule, Line):
        worth = [rule.start, rule.first, *(rule.each.values() if isinstance(rule.each, dict) else (rule.each,))]
    return max((float(abs(points)) for points in worth), default=0.0)


def _inert_weight(part: Named, facts: Facts) -> Found:
    if not isinstance(part, Dimension):
        return None
    idle = [level for level in facts.scheme.levels if scored_at(part, level) and not weight_at(part.weight, level)]
    return {"levels": ", ".join(idle)} if idle else None


def _inert_values(part: Named, facts: Facts) -> Found:
    if not isinstance(part, Dimension):
        return None
    idle = [level for level in facts.scheme.levels if _moves_nobody(part, level, facts.constant.get(level, ()))]
    return {"levels": ", ".join(idle)} if idle else None


def _moves_nobody(part: Dimension, level: str, codes: Collection[str]) -> bool:
    scored = [leaf for leaf in part.leaves if applies(leaf, level)]
    return bool(scored and weight_at(part.weight, level)) and all(leaf.code in codes for leaf in scored)


SHAPES: Mapping[str, Callable[[Named, Facts], Found]] = {
    "per_item": _per_item,
    "growth": _growth,
    "small_groups": _small_groups,
    "zeroes_year": _zeroes_year,
    "inert_weight": _inert_weight,
    "inert_values": _inert_values,
}
CONDITIONS: Mapping[str, Callable[[Entry], bool]] = {
    "lower": lower,
    "rewarded": rewarded,
    "no_quota": no_quota,
    "aimed": aimed,
    "not_aimed": _not_aimed,
}
