"""The arithmetic from a value to points with the numbers put in: what `explain` prints, and what a gain is reckoned by."""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from fengqiao_eval.measuring.peer_groups import each_unit
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.scheme.indicator import Entry, Indicator
from fengqiao_eval.scheme.normalisation import Curve, Line, Relative, Steps
from fengqiao_eval.scheme.scheme import Scheme, base_marks, full_marks_of, weight_at
from fengqiao_eval.scoring.normalisation import DECIMALS, PointScale, clamp, line_steps, normalise, rule_points, value_points
from fengqiao_eval.wording.numbers import plain

NOISE = 1e-9
"""What a limit takes of points that is less than this is what floats left behind."""


@dataclass(frozen=True)
class Sum:
    """One step from a value to points: what it is (a word of card.sum), the arithmetic, and what it comes to."""

    kind: str
    sum: str
    result: float


@dataclass(frozen=True)
class Unit:
    """Of whom points are reckoned: level and class, which a scheme may give numbers by; peers: the values of its group."""

    scheme: Scheme
    level: str
    peer_class: str
    peers: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def full(self) -> int:
        """The full marks of the unit's class."""
        return full_marks_of(self.scheme, self.peer_class)


def digits(number: Any) -> str:
    """Write a number with so many digits that others can be reckoned from it.

    >>> digits(66.6666667), digits(-3)
    ('66.666667', '−3')
    """
    return plain(float(number), 6).replace(",", "")


def term_of(number: Any) -> str:
    """Write a number as a part of a sum; a negative one in brackets.

    >>> term_of(-3)
    '(−3)'
    """
    found = digits(number)
    return f"({found})" if found.startswith("−") else found


def points_at(indicator: Indicator, value: Fraction, of: Unit) -> Fraction:
    """Give the points of a value, by a rule that looks at the value alone."""
    rule: Any = indicator.points
    own, top = Rational.cells([value]), _top(indicator, of)
    found = rule_points(
        rule, own.floats, own.__getitem__, indicator.good, _each(rule, of), PointScale(0, top, of.full, top or np.inf)
    )
    return Fraction(int(found[0]), 10**DECIMALS)


def _top(indicator: Indicator, of: Unit) -> float:
    """Give the marks for which the numbers of a rule are written: the item's own, or those of the scheme."""
    return float(weight_at(indicator.weight, of.level)) if indicator.points.in_marks else float(base_marks(of.scheme))


def _each(rule: Any, of: Unit) -> float:
    words = (np.array([word]) for word in (of.level, of.peer_class))
    return float(np.ravel(each_unit(getattr(rule, "each", 0), *words))[0])


def sums(entry: Entry, value: float, of: Unit) -> tuple[Sum, ...]:
    """Reckon the points of a value step by step: by the rule, within its limits, brought to the full marks of the class.

    Of a line outside the hundred nothing limits the points but its own floor and cap. The last result is not yet rounded.
    """
    rule: Any = getattr(entry, "points")  # noqa: B009 - an indicator or a consequence; both have a rule
    top, limits = float(base_marks(of.scheme)), (-np.inf, np.inf)
    if isinstance(entry, Indicator):
        top = _top(entry, of)
        limits = (0.0, top)
    if isinstance(rule, Relative):
        found = [_relative_sum(rule, value, entry.good, of.peers, top)]
    else:
        found = _rule_sums(rule, value, entry.good, of)
    raw = found[-1].result
    kept = float(clamp(np.array([raw]), rule, *limits)[0])
    if abs(kept - raw) > NOISE:
        found.append(Sum("floor" if kept > raw else "cap", digits(raw), kept))
    if isinstance(entry, Indicator) and top != of.full:
        scaled = kept * of.full / top if top else 0.0
        found.append(Sum("marks" if rule.in_marks else "full", f"{term_of(kept)} × {of.full} / {term_of(top)}", scaled))
    return tuple(found)


def _rule_sums(rule: Curve | Steps | Line, value: float, good: str, of: Unit) -> list[Sum]:
    """Write what a rule makes of the value alone; a line is written by its whole steps where it counts no others."""
    each = _each(rule, of)
    result = float(value_points(rule, Rational.read(value), good, each).floats[0])
    if isinstance(rule, Line):
        return _line_sums(rule, value, good, each, result)
    if isinstance(rule, Curve):
        arithmetic = curve_sum(rule, value)
        return [Sum("rule" if arithmetic else "flat", arithmetic or digits(value), result)]
    higher = good == "higher"
    reached = [limit for limit, _ in rule.steps if (value >= limit if higher else value <= limit)]
    if not reached:
        return [Sum("below", digits(value), result)]
    best = max(reached) if higher else min(reached)
    return [Sum("step", f"{digits(value)} {'≥' if higher else '≤'} {digits(best)}", result)]


def curve_sum(rule: Curve, value: float) -> str:
    """Write the sum behind points on a curve; empty where the curve is flat, beyond its ends.

    >>> curve_sum(Curve(kind="curve", knots=((60, 0), (85, 60), (95, 90))), 90.0)
    '60 + (90 − 85) / (95 − 85) × (90 − 60)'
    """
    for (left, low), (right, high) in pairwise(rule.knots):
        if left <= value <= right:
            at, start, end, less, more = map(term_of, (value, left, right, low, high))
            return f"{less} + ({at} − {start}) / ({end} − {start}) × ({more} − {less})"
    return ""


def _line_sums(rule: Line, value: float, good: str, each: float, result: float) -> list[Sum]:
    """Write a line: start, steps times what each is worth, and what the first of them costs besides."""
    gap = term_of(value) if rule.at == 0 else f"({term_of(value)} − {term_of(rule.at)})"
    count, found = gap if rule.per == 1 else f"{gap} / {term_of(rule.per)}", []
    steps, beyond = line_steps(rule, Rational.read(value), good)
    if rule.whole:
        found.append(Sum("whole", count.strip("()") if rule.per == 1 else count, float(steps.floats[0])))
        count = term_of(steps.floats[0])
    first = _signed_term(float(rule.first)) if rule.first and beyond[0] else ""
    return [*found, Sum("rule", f"{term_of(rule.start)}{_signed_term(each)} × {count}{first}", result)]


def _signed_term(number: float) -> str:
    return f" {'−' if number < 0 else '+'} {term_of(abs(number))}"


def _relative_sum(rule: Relative, value: float, good: str, peers: np.ndarray, top: float) -> Sum:
    """Write the standing in a class; the class is numbers only, the last of which is the unit's own."""
    values, scale, own, higher = np.append(peers, value), term_of(top), term_of(value), good == "higher"
    share = float(normalise(rule.kind, values, good)[-1]) if len(peers) else np.nan
    best, worst = (values.max(), values.min()) if higher else (values.min(), values.max())
    if rule.kind == "percentile":
        worse, tied = int((values < value if higher else values > value).sum()), int((values == value).sum()) - 1
        arithmetic = f"({worse} + 0.5 × {tied}) / ({len(values)} − 1)"
    elif rule.kind == "min_max":
        arithmetic = f"({own} − {term_of(worst)}) / ({term_of(best)} − {term_of(worst)})"
    else:
        mean = term_of(values.mean())
        gap = f"({own} − {mean})" if higher else f"({mean} − {own})"
        arithmetic = f"(50 + 10 × {gap} / {term_of(values.std())}) / 100"
    return Sum(rule.kind, f"{scale} × {arithmetic}", share * top)
