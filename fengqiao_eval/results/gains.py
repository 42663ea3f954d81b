"""Where most points can still be won: the fewest records that would bring an indicator to its target."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fengqiao_eval.errors import SCORED
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.results.lines import CardPeriods, IndicatorLine, is_mean
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.measure import Coded, Count, Distinct, Ratio, Share
from fengqiao_eval.scheme.normalisation import Relative
from fengqiao_eval.scheme.scheme import parts_of
from fengqiao_eval.scoring.aggregation import fractions, weights_at
from fengqiao_eval.wording.arithmetic import points_at
from fengqiao_eval.wording.numbers import measured, round_half_up, signed
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


def gains(of: CardPeriods, lines: Iterable[IndicatorLine], adjusted: Collection[str] = ()) -> tuple[Gain, ...]:
    """Find the indicators where most points of the total can still be won, best first.

    adjusted: the lines outside the hundred that the unit has. Where a record more does not move the total by points × weight
    nothing is promised: held against others, standing within the class, geometric means and limits of a dimension, means of
    months, an item that a veto set to zero.
    """
    scheme = of.unit.scheme
    if is_mean(scheme, str(of.periods["this"])) or scheme.aggregation == "geometric":
        return ()
    zeroed = {line.item for line in scheme.consequences if line.code in adjusted}
    linear = {
        part.code: part
        for _, above, part in parts_of(scheme)
        if isinstance(part, Indicator)
        and part.code not in zeroed
        and not part.against
        and not isinstance(part.points, Relative)
        and not any(d.aggregation == "geometric" or d.floor is not None or d.cap is not None for d in above)
    }
    lines, codes = list(lines), [indicator.code for indicator in scheme.indicators]
    scored = np.isin(codes, [line.code for line in lines if line.points is not None])
    above, below = fractions(scored[None, :], weights_at(scheme, of.unit.level))
    weights = {code: Fraction(int(a), int(b)) for code, a, b in zip(codes, above[0], below[0], strict=True)}
    found = [gain for line in lines if line.code in linear and (gain := _gain(of, linear[line.code], line, weights))]
    return tuple(sorted(found, key=lambda gain: -gain.points)[:SHOWN])


def _gain(of: CardPeriods, indicator: Indicator, line: IndicatorLine, weights: Mapping[str, Fraction]) -> Gain | None:
    if line.reached is not False or line.status not in SCORED or not line.scored:
        return None
    count, reached = required_records(indicator, line)
    points, decimals = points_at(indicator, reached, of.unit), of.unit.scheme.decimals
    earned = round_half_up(points * weights[line.code], decimals)
    won = float(earned - round_half_up(line.contribution, decimals))
    if won <= 0:
        return None
    target = ("≥" if line.direction == "higher" else "≤") + measured(line.target, line.unit, short=True)
    return Gain(
        line.code, line.label, measured(line.value, line.unit), target, count, _need(indicator, line, count, of.lang), won
    )


def required_records(indicator: Indicator, line: IndicatorLine) -> tuple[int | None, Fraction]:
    """Give the smallest number of records that brings the value to the target, and the value then reached.

    None where what a record changes depends on the record, or is the public's to give: a number of answers still to be turned
    into 满意 would invite coaching them.
    """
    measure, target = indicator.measure, Fraction(indicator.target or 0)
    counted = isinstance(measure, (Share, Distinct, Ratio, Count))
    unit = _fraction(line.denominator or 0.0) / indicator.scale  # so much above the line is one unit of the value
    if isinstance(measure, Count):
        counted = not (measure.worth or measure.times or measure.best_of)
        unit = Fraction(1) if measure.per is None else unit
    if not counted or not unit or line.numerator is None or line.value is None:
        return None, target
    sign = 1 if line.direction == "higher" else -1
    count = math.ceil(sign * (target * unit - _fraction(line.numerator)))
    return count, (_fraction(line.numerator) + sign * count) / unit


def _fraction(number: float) -> Fraction:
    found: Fraction = Rational.read(number).fractions[0]
    return found


def _need(indicator: Indicator, line: IndicatorLine, count: int | None, lang: str) -> str:
    """Say how many of what would do it: 再有7起达标."""
    measure = indicator.measure
    if count is None:
        kind = "coded" if isinstance(measure, Coded) else "value"
        return say(f"card.gain.{kind}", lang, target=measured(line.target, line.unit, short=True))
    kind = "elements" if isinstance(measure, Ratio) else measure.table
    known = f"card.counter.{kind}" in catalogue()
    return say(f"card.gain.{line.direction}", lang, count=count, counter=say(f"card.counter.{kind if known else 'other'}", lang))
