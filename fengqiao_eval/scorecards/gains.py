"""Where most points can still be won: the fewest records that would bring an indicator to its target."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from fengqiao_eval.errors import SCORED
from fengqiao_eval.scheme.counted import Coded, Count, Distinct, Ratio, Share
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Scheme, base_marks
from fengqiao_eval.scheme.rules import Relative
from fengqiao_eval.scorecards.lines import IndicatorLine
from fengqiao_eval.scorecards.wording import measured, rounded, signed
from fengqiao_eval.scoring.points import absolute
from fengqiao_eval.words import catalogue, say

SHOWN = 3
"""As many gains as a card names."""


@dataclass(frozen=True)
class Gain:
    """What reaching the target of one indicator would bring.

    count: records needed (None: not a matter of counting), said in `need`; points: of the total.
    """

    code: str
    label: str
    now: str
    target: str
    count: int | None
    need: str
    points: float

    def words(self, lang: str) -> str:
        """Say it in one sentence: 再有7起达标，可得+1.25分."""
        return say("card.gain.brings", lang, need=self.need, points=signed(self.points))


def gains(scheme: Scheme, lines: Iterable[IndicatorLine], lang: str) -> tuple[Gain, ...]:
    """Find the indicators where most points of the total can still be won, best first."""
    by_code = {indicator.code: indicator for indicator in scheme.indicators}
    found = [gain for line in lines if (gain := _gain(scheme, by_code[line.code], line, lang))]
    return tuple(sorted(found, key=lambda gain: -gain.points)[:SHOWN])


def _gain(scheme: Scheme, indicator: Indicator, line: IndicatorLine, lang: str) -> Gain | None:
    if line.reached is not False or line.status not in SCORED or not line.scored or isinstance(indicator.points, Relative):
        return None
    count, reached = needed(indicator, line)
    earned = rounded(_points(indicator, reached, base_marks(scheme)) * line.weight_used, scheme.decimals)
    won = float(earned - rounded(line.contribution, scheme.decimals))
    if won <= 0:
        return None
    target = ("≥" if line.direction == "higher" else "≤") + measured(line.target, line.unit, short=True)
    return Gain(line.code, line.label, measured(line.value, line.unit), target, count, _need(indicator, line, count, lang), won)


def needed(indicator: Indicator, line: IndicatorLine) -> tuple[int | None, float]:
    """Give the smallest number of records that brings the value to the target, and the value then reached."""
    target = float(indicator.target or 0)
    step = _step(indicator)
    if step is None or not line.denominator or line.numerator is None or line.value is None:
        return None, target
    unit = _exact(line.denominator) / _scale(indicator)
    gap = _exact(target) * unit - _exact(line.numerator)
    count = math.ceil((gap if line.direction == "higher" else -gap) / step)
    moved = _exact(line.numerator) + (count if line.direction == "higher" else -count) * step
    return count, float(moved / unit)


def _step(indicator: Indicator) -> Fraction | None:
    """Give what one record changes above the line; None where the value is no count over a count, or the public's to give.

    A number of answers still to be turned into 满意 would invite coaching them.
    """
    return Fraction(1) if isinstance(indicator.measure, (Share, Distinct, Ratio, Count)) else None


def _scale(indicator: Indicator) -> Fraction:
    per = indicator.measure.scale if isinstance(indicator.measure, Count) else 1
    return Fraction(indicator.scale) * Fraction(per)


def _exact(number: float) -> Fraction:
    return Fraction(Decimal(repr(number)))


def _points(indicator: Indicator, value: float, full: int) -> float:
    return float(absolute(indicator.points, np.array([value]), indicator.direction, full)[0])


def _need(indicator: Indicator, line: IndicatorLine, count: int | None, lang: str) -> str:
    """Say how many of what would do it: 再有7起达标."""
    measure = indicator.measure
    if count is None:
        kind = "coded" if isinstance(measure, Coded) else "value"
        return say(f"card.gain.{kind}", lang, target=measured(line.target, line.unit, short=True))
    kind = "elements" if isinstance(measure, Ratio) else measure.table
    known = f"card.counter.{kind}" in catalogue()
    return say(f"card.gain.{line.direction}", lang, count=count, counter=say(f"card.counter.{kind if known else 'other'}", lang))
