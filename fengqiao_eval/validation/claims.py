"""Claims held against their own numbers: what reproduces a printed rate, sum, growth or mean, or that nothing does.

Everything is reckoned in fractions. A figure as printed is a span: 93% is all that is rounded (half-up) or cut to it, 280余 is
280 to 290, 98%以上 has no upper end, a whole count is itself, and * is a figure that was not given.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import product
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError, PydanticKnownError

from fengqiao_eval.documents import LINE, Model, read, rule, validate
from fengqiao_eval.errors import InputError, refuse
from fengqiao_eval.files import to_path
from fengqiao_eval.words import say

SCALES = {"": 1, "万": 10**4, "亿": 10**8}
PARTS = {"": Fraction(1), "%": Fraction(1, 100), "‰": Fraction(1, 1000), "个百分点": Fraction(1, 100), "倍": Fraction(1)}
"""What is written behind a number -> what one of it is."""
MISSING = "*"
"""How a figure is written that the source does not give."""
MOST = 200
"""As many figures a claim may name in one place, and as many pairs of them may be divided."""
MOST_CLAIMS = 1_000
"""As many claims a document may hold."""
_FIGURE = re.compile(
    r"(?P<sign>-?)(?P<digits>\d{1,15}(?:\.\d{1,10})?)(?P<more>[余多]?)(?P<scale>[万亿]?)(?P<over>[余多]?)"
    r"(?P<part>%|‰|个百分点|倍|)(?P<bound>以上|以下|)",
    re.ASCII,
)

Verdict = Literal[
    "agrees", "reading", "possible", "ambiguous", "disagrees", "contradictory", "over", "repeated", "derived", "uncheckable"
]
_Reading = Literal["points", "relative"]
Way = Literal["", "rounded", "cut"]
"""How a printed figure is reproduced: not at all, rounded half-up, or only by cutting off what follows."""


@dataclass(frozen=True)
class FigureSpan:
    """What a number may be: from low to high, each end in it or not; None is no end."""

    low: Fraction | None
    high: Fraction | None
    with_low: bool = True
    with_high: bool = False

    @staticmethod
    def point(value: Fraction | int) -> "FigureSpan":
        """Give the span that holds one number."""
        return FigureSpan(Fraction(value), Fraction(value), with_high=True)

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low is not None and self.low == self.high

    def below(self, other: "FigureSpan") -> bool:
        """Say whether all of it is less than all of another.

        >>> FigureSpan(Fraction(1), Fraction(2)).below(FigureSpan.point(2)), FigureSpan.point(2).below(FigureSpan.point(2))
        (True, False)
        """
        if self.high is None or other.low is None:
            return False
        return self.high < other.low or (self.high == other.low and not (self.with_high and other.with_low))

    def meets(self, other: "FigureSpan") -> bool:
        """Say whether both hold a number."""
        return not self.below(other) and not other.below(self)

    @property
    def mirrored(self) -> "FigureSpan":
        """The span on the other side of 0."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return FigureSpan(low, high, self.with_high, self.with_low)

    def __add__(self, other: "FigureSpan") -> "FigureSpan":
        """Add what each may be."""
        low = None if self.low is None or other.low is None else self.low + other.low
        high = None if self.high is None or other.high is None else self.high + other.high
        return FigureSpan(low, high, self.with_low and other.with_low, self.with_high and other.with_high)

    def __mul__(self, other: "FigureSpan") -> "FigureSpan":
        """Multiply what each may be; none is negative."""
        low = (self.low or Fraction(0)) * (other.low or Fraction(0))
        high = None if self.high is None or other.high is None else self.high * other.high
        if 0 in (self.high, other.high):  # nothing is made of nothing, however many times
            high = Fraction(0)
        return FigureSpan(
            low, high, not low or (self.with_low and other.with_low), high == 0 or (self.with_high and other.with_high)
        )

    def __truediv__(self, other: "FigureSpan") -> "FigureSpan":
        """Divide what each may be; none is negative, and what may be divided by 0 has no upper end.

        Only nothing divided is nothing: what may be divided by ever so much comes near 0 and never there.

        >>> (FigureSpan.point(5) / FigureSpan(Fraction(2), None)).meets(FigureSpan.point(0))
        False
        """
        low = Fraction(0) if not other.high else (self.low or Fraction(0)) / other.high
        high = None if self.high is None or not other.low else self.high / other.low
        with_low = self.with_low and (not self.low or other.with_high)
        return FigureSpan(low, high, with_low, high == 0 or (self.with_high and other.with_low))

    def whole(self, least: int, most: int | None = None) -> tuple[int, int | None] | None:
        """Give the least and the most whole number in it that is no less than `least` and no more than `most`; None: none is."""
        first = -math.inf if self.low is None else math.ceil(self.low) + (self.low.denominator == 1 and not self.with_low)
        last = None if self.high is None else math.floor(self.high) - (self.high.denominator == 1 and not self.with_high)
        start = max(first, least)
        ends = [end for end in (last, most) if end is not None]
        end = min(ends) if ends else None
        return None if end is not None and end < start else (int(start), end)


A_SHARE = FigureSpan(Fraction(0), Fraction(1), with_high=True)
"""What a share of a whole may be."""


def common(spans: Iterable[FigureSpan]) -> FigureSpan | None:
    """Give what all spans hold, by their greatest low end and their least high end; None: no number is in all of them.

    >>> common([FigureSpan(Fraction(0), Fraction(2)), FigureSpan(Fraction(1), None), FigureSpan(None, Fraction(3))])
    FigureSpan(low=Fraction(1, 1), high=Fraction(2, 1), with_low=True, with_high=False)
    """
    every = list(spans)
    low = max((one for one in every if one.low is not None), key=lambda one: (one.low, not one.with_low), default=None)
    high = min((one for one in every if one.high is not None), key=lambda one: (one.high, one.with_high), default=None)
    if low and high and high.below(low):
        return None
    return FigureSpan(
        low.low if low else None, high.high if high else None, low.with_low if low else True, bool(high and high.with_high)
    )


@dataclass(frozen=True)
class PrintedFigure:
    """A figure as printed: its text, its number, the worth of its last digit, and what stands behind it.

    step: of 余 the worth of the last digit that is not 0; part: %, ‰, 个百分点, 倍 or nothing; kind: what the number stands for;
    signed: a change, which may fall below 0; nothing else does, so that what is printed as 0% is no less than 0.
    """

    text: str
    value: Fraction
    step: Fraction
    part: str
    kind: Literal["exact", "rounded", "more", "least", "most"]
    signed: bool = False

    @property
    def rounded(self) -> FigureSpan:
        """What is printed so when it is rounded half-up; of a negative number its amount is."""
        if self.value < 0:
            return replace(self, value=-self.value).rounded.mirrored
        if self.kind != "rounded":
            return self.cut
        if self._no_change:
            return FigureSpan(-self.step / 2, self.step / 2, with_low=False)
        return FigureSpan(max(self.value - self.step / 2, Fraction(0)), self.value + self.step / 2)

    @property
    def cut(self) -> FigureSpan:
        """What is printed so when what follows is cut off; of a negative number of its amount."""
        if self.value < 0:
            return replace(self, value=-self.value).cut.mirrored
        if self._no_change and self.kind == "rounded":
            return FigureSpan(-self.step, self.step, with_low=False)
        if self.kind == "exact":
            return FigureSpan.point(self.value)
        if self.kind == "most":
            return FigureSpan(Fraction(0), self.value, with_high=True)
        return FigureSpan(self.value, None if self.kind == "least" else self.value + self.step)

    @property
    def _no_change(self) -> bool:
        """Whether it is a change of 0, as small rises are printed and small falls."""
        return self.signed and not self.value

    def way(self, found: FigureSpan) -> Way:
        """Say how a number is printed as this figure, if it is.

        >>> [read_figure("92.6%").way(FigureSpan.point(Fraction(n, 1000))) for n in (926, 9269, 927)][::2]
        ['rounded', '']
        >>> read_figure("92%").way(FigureSpan.point(Fraction(38, 41)))
        'cut'
        """
        return "rounded" if self.rounded.meets(found) else "cut" if self.cut.meets(found) else ""


def read_figure(given: Any, *, signed: bool = False) -> PrintedFigure:
    """Read a figure as it is printed: 46, 98.4%, 15.4万, 280余, 600余万, 98%以上, 8个百分点, 1.2倍; signed: it may fall below 0.

    Raises what pydantic makes a fault of for anything else.

    >>> read_figure("15.4万").value, read_figure("280余").cut.high, read_figure("98.4%").rounded.low
    (Fraction(154000, 1), Fraction(290, 1), Fraction(1967, 2000))
    """
    number = isinstance(given, int | Decimal) and not isinstance(given, bool)
    text = f"{given:f}" if isinstance(given, Decimal) else str(given)
    found = _FIGURE.fullmatch(text) if number or isinstance(given, str) else None
    more = found and (found["more"] or found["over"])
    doubled = found and (bool(found["more"]) + bool(found["over"]) + bool(found["bound"]) > 1)
    if not found or doubled or (found["sign"] and not signed):
        raise PydanticCustomError("fengqiao.claims.figure", "refused", {"given": text[:LINE]})
    worth = SCALES[found["scale"]] * PARTS[found["part"]]
    decimals = len(found["digits"].partition(".")[2])
    step = worth / 10**decimals
    value = Fraction(found["digits"]) * worth
    if more and not decimals:
        step *= 10 ** (len(found["digits"]) - len(found["digits"].rstrip("0") or "0"))
    loose = decimals or found["scale"] or found["part"]
    kind: Any = {"以上": "least", "以下": "most"}.get(found["bound"], "more" if more else "rounded" if loose else "exact")
    return PrintedFigure(text, -value if found["sign"] else value, step, found["part"], kind, signed)


def _read(given: Any, *, signed: bool = False) -> PrintedFigure | None:
    return None if given == MISSING else read_figure(given, signed=signed)


def _read_sum(given: Any) -> tuple[PrintedFigure | None, ...]:
    if isinstance(given, list) and len(given) > MOST:
        raise PydanticKnownError("too_long", {"field_type": "List", "max_length": MOST, "actual_length": len(given)})
    return tuple(_read(one) for one in (given if isinstance(given, list) and given else [given]))


Given = Annotated[PrintedFigure | None, PlainValidator(_read)]
"""A figure of at least 0, or * where it is not given."""
NeededFigure = Annotated[PrintedFigure, PlainValidator(lambda given: read_figure(given))]  # noqa: PLW0108 - pydantic counts arguments
"""A figure that must be given."""
SignedFigure = Annotated[PrintedFigure | None, PlainValidator(lambda given: _read(given, signed=True))]
"""A change: it may be negative."""
SummedFigures = Annotated[tuple[PrintedFigure | None, ...], PlainValidator(_read_sum)]
"""One figure, or a list of those that are added up."""


@dataclass(frozen=True)
class Reckoning:
    """One way to come to a number: the figures, what they are called, the number, how it is written, how it is printed.

    reading: points or relative where a change may be read in two ways.
    """

    figures: str
    names: str
    value: Fraction
    part: str = ""
    way: Way = ""
    reading: Literal["", "points", "relative"] = ""


@dataclass(frozen=True)
class ClaimVerdict:
    """What becomes of a claim: the verdict, what was reckoned, and which whole numbers would reproduce it (in figures)."""

    verdict: Verdict
    reckoned: tuple[Reckoning, ...] = ()
    fits: tuple[str, ...] = ()

    def off(self, printed: PrintedFigure | None) -> Fraction | None:
        """How far what was reckoned is from what is printed where they differ: points of a share, else a part of the printed."""
        if self.verdict != "disagrees" or len(self.reckoned) != 1 or printed is None or not printed.value:
            return None
        difference = self.reckoned[0].value - printed.value
        return difference if printed.part else difference / abs(printed.value)


_Known = tuple[PrintedFigure, ...]
"""Figures of which each is given."""


class _Claim(Model, ABC):
    """Common to all claims: what it is about, where it stands, and the words in which it is made."""

    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    sentence: str = Field(min_length=1)

    @property
    @abstractmethod
    def shown(self) -> str:
        """What is printed of it, for a table."""

    @abstractmethod
    def judge(self) -> ClaimVerdict:
        """Hold the claim against its own numbers."""


class RateClaim(_Claim):
    """A rate or a mean: of the numerators and denominators that it may be of, which reproduce what is printed.

    between: instead of a printed figure the least and the most that can be believed, as whoever wrote the claim down judges.
    """

    kind: Literal["rate"]
    numerators: dict[str, SummedFigures] = Field({}, max_length=MOST)
    denominators: dict[str, SummedFigures] = Field({}, max_length=MOST)
    printed: Given = None
    between: tuple[NeededFigure, NeededFigure] | None = None

    _pairs_few = rule("claims.pairs", lambda self: _too_many(len(self.numerators) * len(self.denominators)))
    _one = rule("claims.both", lambda self: self.printed is not None and self.between is not None)
    _ends = rule("claims.between", lambda self: _wrong_ends(self.between))

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return "–".join(one.text for one in self.between) if self.between else _text(self.printed)

    def judge(self) -> ClaimVerdict:
        """Divide every numerator by every denominator; where one side is not given, say which whole numbers would do."""
        above = {name: one for name, given in self.numerators.items() if (one := _known(given))}
        below = {name: one for name, given in self.denominators.items() if (one := _known(given)) and _total(one) > 0}
        if len(above) < len(self.numerators) or len(below) < len(self.denominators) or not (above or below):
            return ClaimVerdict("uncheckable")
        pairs = tuple(self._pairs(above, below))
        if self.printed is None and self.between is None:
            return ClaimVerdict("derived" if pairs else "uncheckable", tuple(one for one, _ in pairs))
        reckoned = tuple(one for one, _ in pairs)
        holding = [exact for one, exact in pairs if one.way]
        fits = () if holding else tuple(self._fits(above, below))
        if not pairs:
            return ClaimVerdict("possible" if fits else "disagrees", fits=fits)
        if not holding:
            return ClaimVerdict("disagrees", reckoned, fits)
        if len(holding) < len(pairs):
            return ClaimVerdict("reading", reckoned)
        return ClaimVerdict("agrees" if all(holding) and self.between is None else "possible", reckoned)

    def _pairs(self, above: Mapping[str, "_Known"], below: Mapping[str, "_Known"]) -> Iterator[tuple[Reckoning, bool]]:
        """Divide each by each: what comes of it, and whether it is one number."""
        part = _share_sign(self.printed)
        for (name, one), (other, two) in product(above.items(), below.items()):
            span = _span(one) / _span(two)
            value = _total(one) / _total(two)
            yield (
                Reckoning(f"{_texts(one)} ÷ {_texts(two)}", f"{name} ÷ {other}", value, part, self._way(span)),
                span.exact,
            )

    def _way(self, span: FigureSpan) -> Way:
        if self.printed is not None:
            return self.printed.way(span)
        if self.between is None:
            return ""
        least, most = self.between
        return "rounded" if FigureSpan(least.value, most.value, with_high=True).meets(span) else ""

    def _fits(self, above: Mapping[str, "_Known"], below: Mapping[str, "_Known"]) -> Iterator[str]:
        """Write which whole numbers would do under each numerator and above each denominator; only of shares of a whole."""
        if self.printed is None or not _share_sign(self.printed):
            return
        for one in above.values():
            if (total := _total(one)).denominator == 1 and (found := whole_denominators(int(total), self.printed)):
                yield f"{_texts(one)} ÷ {_write_range(found)}"
        for one in below.values():
            if (total := _total(one)).denominator == 1 and (found := whole_numerators(int(total), self.printed)):
                yield f"{_write_range(found)} ÷ {_texts(one)}"


class SumClaim(_Claim):
    """Parts that are added up, some of them several times, against the whole; at_least: the whole must hold no less."""

    kind: Literal["sum"]
    parts: dict[str, Given] = Field(min_length=1, max_length=MOST)
    times: dict[str, Annotated[int, Field(ge=1, le=10**6)]] = Field({}, max_length=MOST)
    printed: Given = None
    at_least: bool = False

    _known_parts = rule("claims.times", lambda self: _strange(self.times, self.parts))

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return ("≥ " if self.at_least else "") + _text(self.printed)

    def judge(self) -> ClaimVerdict:
        """Add up the parts."""
        parts = _known(self.parts.values())
        if not parts:
            return ClaimVerdict("uncheckable")
        times = [self.times.get(name, 1) for name in self.parts]
        span = reduce(FigureSpan.__add__, (one.rounded * FigureSpan.point(n) for one, n in zip(parts, times, strict=True)))
        value = sum((one.value * n for one, n in zip(parts, times, strict=True)), Fraction(0))
        figures = " + ".join(f"{one.text} × {n}" if n > 1 else one.text for one, n in zip(parts, times, strict=True))
        names, part = " + ".join(self.parts), _share_sign(self.printed or parts[0])
        if self.printed is None:
            return ClaimVerdict("derived", (Reckoning(figures, names, value, part),))
        way: Way = ("" if self.printed.cut.below(span) else "rounded") if self.at_least else self.printed.way(span)
        reckoned = Reckoning(figures, names, value, part, way)
        return ClaimVerdict(_verdict(way, exact=span.exact and self.printed.kind == "exact"), (reckoned,))


class ProductClaim(_Claim):
    """Figures that are multiplied, against what is printed, if anything is."""

    kind: Literal["product"]
    factors: dict[str, Given] = Field(min_length=2, max_length=9)
    printed: Given = None

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return _text(self.printed)

    def judge(self) -> ClaimVerdict:
        """Multiply the figures."""
        factors = _known(self.factors.values())
        if not factors:
            return ClaimVerdict("uncheckable")
        span = reduce(FigureSpan.__mul__, (one.rounded for one in factors))
        value = reduce(lambda one, two: one * two, (one.value for one in factors))
        way: Way = self.printed.way(span) if self.printed else ""
        figures, names = " × ".join(one.text for one in factors), " × ".join(self.factors)
        reckoned = Reckoning(figures, names, value, _share_sign(self.printed or factors[0]), way)
        return ClaimVerdict(_verdict(way, exact=span.exact) if self.printed else "derived", (reckoned,))


class WithinClaim(_Claim):
    """A part, which cannot be more than its whole."""

    kind: Literal["within"]
    part: Given
    whole: Given

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return f"{_text(self.part)} ≤ {_text(self.whole)}"

    def judge(self) -> ClaimVerdict:
        """Hold the part against the whole."""
        if self.part is None or self.whole is None or not self.whole.value:
            return ClaimVerdict("uncheckable")
        part, whole = self.part.rounded, self.whole.rounded
        value = self.part.value / self.whole.value
        reckoned = (Reckoning(f"{self.part.text} ÷ {self.whole.text}", "", value, "%"),)
        if whole.below(part):
            return ClaimVerdict("over", reckoned)
        return ClaimVerdict("agrees" if part.below(whole) or (part.exact and whole.exact) else "possible", reckoned)


class GrowthClaim(_Claim):
    """A change from before to after: of a count in per cent of it; of a rate in points or in per cent of it.

    years: so many changes of the printed size, one upon the other. What is printed before or after with % or ‰ is a share, and
    none is more than the whole: a change that would make it so is not meant. In per cent of what it was a rate may rise by any.
    """

    kind: Literal["growth"]
    of: Literal["count", "rate"]
    before: Given = None
    after: Given = None
    printed: SignedFigure
    years: int = Field(1, ge=1, le=100)

    _change = rule("claims.change", lambda self: _no_change(self.printed, self.of))

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return _text(self.printed) + (f" × {self.years}" if self.years > 1 else "")

    def judge(self) -> ClaimVerdict:
        """Reckon the change in each way that it can be meant."""
        if self.printed is None:
            return ClaimVerdict("uncheckable")
        readings = self._readings()
        if self.before is None or self.after is None:
            return self._infer(readings)
        pairs = [found for reading in readings if (found := self._reckoned(reading, self.before, self.after))]
        if not pairs:
            return ClaimVerdict("uncheckable")
        reckoned = tuple(one for one, _ in pairs)
        ways = [one.way for one in reckoned if one.way]
        if len(readings) > 1 and ways:
            return ClaimVerdict("ambiguous" if len(ways) > 1 else "reading", reckoned)
        return ClaimVerdict(_verdict(ways[0] if ways else "", exact=all(exact for _, exact in pairs)), reckoned)

    def _readings(self) -> tuple[_Reading, ...]:
        """Of a rate that changes by so many % either may be meant."""
        if self.printed is not None and self.printed.part == "个百分点":
            return ("points",)
        if self.printed is not None and self.printed.part == "倍":
            return ("relative",)
        return ("points", "relative") if self.of == "rate" and self.years == 1 else ("relative",)

    def _infer(self, readings: tuple[_Reading, ...]) -> ClaimVerdict:
        """Infer what is not printed, in each way that can be meant, in which no share is less than nothing or more than all."""
        found = {reading: self._inferred(reading) for reading in readings}
        reckoned = tuple(one for one in found.values() if one)
        meant = [reading for reading in readings if self._is_possible(reading)]
        if not meant:
            return ClaimVerdict("uncheckable" if readings == ("relative",) and not reckoned else "disagrees", reckoned)
        if len(meant) > 1:
            return ClaimVerdict("ambiguous", reckoned)
        if one := found[meant[0]]:
            return ClaimVerdict("derived", (one,))
        if len(readings) == 1 or self.printed is None:
            return ClaimVerdict("uncheckable")
        only = Reckoning(self.printed.text, "", self.printed.value, self.printed.part, "rounded", meant[0])
        return ClaimVerdict("possible", (only,))

    def _is_possible(self, reading: _Reading) -> bool:
        """Say whether a change may be meant so: of a share no more than the whole comes of it, or was before."""
        known = self.after or self.before
        every = self._all_years(self.printed.rounded, reading) if self.printed else None
        if every is None or self.of != "rate":
            return every is not None
        if known is None:  # no share changes by more points than there are
            return reading == "relative" or every.meets(FigureSpan(Fraction(-1), Fraction(1), with_high=True))
        if reading == "points":
            other = known.rounded + (every.mirrored if self.after else every)
        else:
            factor = every + FigureSpan.point(1)
            other = known.rounded / factor if self.after else known.rounded * factor
        return not _share_sign(known) or other.meets(A_SHARE)

    def _inferred(self, reading: _Reading) -> Reckoning | None:
        """Infer what is not printed: what was before, what comes after, or what the changes of several years come to."""
        change, part = self.printed, "%" if self.of == "rate" else ""
        if change is None or (reading == "relative" and change.value < -1):  # nothing falls by more than all of it
            return None
        factor = 1 + self._together(change.value, "relative")
        if self.after is not None:
            if reading == "relative" and not factor:
                return None
            value = self.after.value / factor if reading == "relative" else self.after.value - change.value * self.years
            return Reckoning(f"{self.after.text} ← {change.text}", "", value, part, reading=reading)
        if self.before is not None:
            value = self.before.value * factor if reading == "relative" else self.before.value + change.value * self.years
            return Reckoning(f"{self.before.text} → {change.text}", "", value, part, reading=reading)
        if self.years > 1 and reading == "relative":
            sign = "-" if change.value < 0 else "+"
            return Reckoning(f"(1 {sign} {change.text.removeprefix('-')})^{self.years} - 1", "", factor - 1, "%")
        return None

    def _reckoned(self, reading: _Reading, before: PrintedFigure, after: PrintedFigure) -> tuple[Reckoning, bool] | None:
        """Reckon the change from what is printed before and after; a share of nothing is none."""
        if self.printed is None or (reading == "relative" and not before.value):
            return None
        if reading == "points":
            value = after.value - before.value
            span = after.rounded + before.rounded.mirrored
            figures = f"{after.text} - {before.text}"
        else:
            value = after.value / before.value - 1
            span = after.rounded / before.rounded + FigureSpan.point(-1)
            figures = f"{after.text} ÷ {before.text} - 1"
        way = self.printed.way(span) if self.years == 1 else self._several(span, self.printed.rounded, reading)
        return Reckoning(figures, "", value, "%", way, reading), span.exact

    def _several(self, span: FigureSpan, one: FigureSpan, reading: _Reading) -> Way:
        """Say whether so many changes, each printed as it is, may come to what is found; nothing falls by more than all of it."""
        every = self._all_years(one, reading)
        return "rounded" if every and every.meets(span) else ""

    def _all_years(self, one: FigureSpan, reading: _Reading) -> FigureSpan | None:
        """Give what the changes of all years may come to; None where each would take more than there is."""
        possible = common([one, FigureSpan(Fraction(-1), None)]) if reading == "relative" else one
        if possible is None:
            return None
        low, high = (None if end is None else self._together(end, reading) for end in (possible.low, possible.high))
        return FigureSpan(low, high, possible.with_low, possible.with_high)

    def _together(self, change: Fraction, reading: _Reading) -> Fraction:
        """Say what the changes of all years come to."""
        return (1 + change) ** self.years - 1 if reading == "relative" else change * self.years


class MixtureClaim(_Claim):
    """A rate of the whole, which lies between those of its parts; of two parts it tells the share of the first."""

    kind: Literal["mixture"]
    parts: dict[str, SignedFigure] = Field(min_length=2, max_length=MOST)
    printed: SignedFigure

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return _text(self.printed)

    def judge(self) -> ClaimVerdict:
        """Say whether the whole can lie where it is printed, and what the share of the first part would be."""
        parts = _known(self.parts.values())
        if not parts or self.printed is None:
            return ClaimVerdict("uncheckable")
        whole = self.printed.rounded
        outside = all(whole.below(one.rounded) for one in parts) or all(one.rounded.below(whole) for one in parts)
        reckoned: tuple[Reckoning, ...] = ()
        if len(parts) == 2 and parts[0].value != parts[1].value:  # noqa: PLR2004
            first, second = parts
            share = (self.printed.value - second.value) / (first.value - second.value)
            figures = f"({self.printed.text} - {second.text}) ÷ ({first.text} - {second.text})".replace("- -", "+ ")
            reckoned = (Reckoning(f"{next(iter(self.parts))} = {figures}", "", share, "%"),)
        return ClaimVerdict("disagrees" if outside else "possible", reckoned)


class StandardClaim(_Claim):
    """Figures of which each must reach the least that a standard asks for."""

    kind: Literal["standard"]
    figures: dict[str, Given] = Field(min_length=1, max_length=MOST)
    least: Given

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return f"≥ {_text(self.least)}"

    def judge(self) -> ClaimVerdict:
        """Hold each figure against the least."""
        figures = _known(self.figures.values())
        if not figures or self.least is None:
            return ClaimVerdict("uncheckable")
        floor = FigureSpan.point(self.least.value)
        spans = [FigureSpan.point(one.value) if one.kind in ("exact", "rounded") else one.cut for one in figures]
        if any(span.below(floor) for span in spans):
            return ClaimVerdict("disagrees")
        sure = all(span.low is not None and span.low >= self.least.value for span in spans)
        return ClaimVerdict("agrees" if sure else "possible")


class _FiguresClaim(_Claim):
    """Several figures that are held against each other; a table has the sign between two."""

    sign: ClassVar[str]
    figures: dict[str, Given] = Field(min_length=2, max_length=MOST)

    @property
    def shown(self) -> str:
        """Give what is printed."""
        return f" {self.sign} ".join(map(_text, self.figures.values()))

    def judge(self) -> ClaimVerdict:
        """Compare the figures that are known."""
        figures = _known(self.figures.values())
        return ClaimVerdict(self._compare(figures) if figures else "uncheckable")

    @abstractmethod
    def _compare(self, figures: _Known) -> Verdict:
        """Give the verdict on figures."""


class SameClaim(_FiguresClaim):
    """Several figures that are printed for one thing: whether one number can be printed in all of these ways."""

    kind: Literal["same"]
    sign: ClassVar[str] = "="

    def _compare(self, figures: _Known) -> Verdict:
        return "agrees" if common(one.rounded for one in figures) else "contradictory"


class RepeatedClaim(_FiguresClaim):
    """One figure that is printed for several things: perhaps the same persons or cases counted twice."""

    kind: Literal["repeated"]
    sign: ClassVar[str] = "≠"

    def _compare(self, figures: _Known) -> Verdict:
        return "repeated" if len({one.value for one in figures}) == 1 else "agrees"


AnyClaim = Annotated[
    RateClaim | SumClaim | ProductClaim | WithinClaim | GrowthClaim | MixtureClaim | StandardClaim | SameClaim | RepeatedClaim,
    Field(discriminator="kind"),
]


class Claims(Model):
    """A document of claims.

    >>> claim = {"kind": "rate", "title": "调解成功率", "source": "日报", "sentence": "受理46件，结案38件，成功率达93%"}
    >>> claim |= {"printed": "93%", "numerators": {"结案": 38}, "denominators": {"受理": 46}}
    >>> found = Claims.model_validate({"claims": [claim]}).claims[0].judge()
    >>> found.verdict, found.fits
    ('disagrees', ('38 ÷ 41', '43 ÷ 46'))
    """

    claims: tuple[AnyClaim, ...] = Field(min_length=1, max_length=MOST_CLAIMS)


def _known(given: Iterable[PrintedFigure | None]) -> _Known:
    """Give the figures if each of them is given, else none."""
    figures = tuple(given)
    return tuple(one for one in figures if one is not None) if all(one is not None for one in figures) else ()


def _total(figures: _Known) -> Fraction:
    return sum((one.value for one in figures), Fraction(0))


def _span(figures: _Known) -> FigureSpan:
    return reduce(FigureSpan.__add__, (one.rounded for one in figures))


def _texts(figures: _Known) -> str:
    written = " + ".join(one.text for one in figures)
    return f"({written})" if len(figures) > 1 else written


def _text(figure: PrintedFigure | None) -> str:
    return figure.text if figure else ""


def _share_sign(figure: PrintedFigure | None) -> str:
    """Give the sign of a share, % or ‰, behind a figure, if it has one."""
    return figure.part if figure and figure.part in ("%", "‰") else ""


def _verdict(way: Way, *, exact: bool) -> Verdict:
    return "disagrees" if not way else "agrees" if exact else "possible"


def _strange(times: Iterable[str], parts: Iterable[str]) -> dict[str, str]:
    """Give the names that are none of the parts, as a fault speaks of them; nothing where there are none."""
    strange = [name for name in times if name not in parts]
    return {"given": "、".join(strange), "known": "、".join(parts)} if strange else {}


def _wrong_ends(between: tuple[PrintedFigure, PrintedFigure] | None) -> dict[str, str]:
    """Give two ends of which the first is the greater, as a fault speaks of them."""
    return {"least": between[0].text, "most": between[1].text} if between and between[0].value > between[1].value else {}


def _too_many(pairs: int) -> dict[str, int]:
    """Give how many pairs of figures there are where they are too many, as a fault speaks of them."""
    return {"count": pairs, "most": MOST} if pairs > MOST else {}


def _no_change(printed: PrintedFigure | None, of: str) -> dict[str, str]:
    """Give a figure that is no change, as a fault speaks of it: without a sign, or a count that changes in points."""
    wrong = printed and (not printed.part or (of == "count" and printed.part == "个百分点"))
    return {"given": printed.text} if printed and wrong else {}


def whole_denominators(numerator: int, printed: PrintedFigure) -> tuple[int, int | None] | None:
    """Give the least and the most whole number of which a part would be printed so; (3, None): 3 and more; None: no number.

    >>> whole_denominators(38, read_figure("93%")), whole_denominators(280, read_figure("98%以上"))
    ((41, 41), (280, 285))
    """
    return (FigureSpan.point(numerator) / printed.rounded).whole(max(numerator, 1))


def whole_numerators(denominator: int, printed: PrintedFigure) -> tuple[int, int | None] | None:
    """Give the least and the most whole number that would be printed so as a part of another; None: no number.

    >>> whole_numerators(46, read_figure("93%")), whole_numerators(3112, read_figure("98.4%"))
    ((43, 43), (3061, 3063))
    """
    return (FigureSpan.point(denominator) * printed.rounded).whole(0, denominator)


def _write_range(found: tuple[int, int | None]) -> str:
    least, most = found
    return f"≥{least}" if most is None else str(least) if least == most else f"{least}–{most}"


def _write_number(value: Fraction, part: str) -> str:
    """Write a number half-up with two decimals, and with none where it is whole.

    >>> _write_number(Fraction(38, 46), "%"), _write_number(Fraction(27389688), "")
    ('82.61%', '27,389,688')
    """
    hundredths = math.floor(abs(value) / PARTS[part] * 100 + Fraction(1, 2))
    whole, rest = divmod(hundredths, 100)
    sign = "−" if value < 0 and hundredths else ""
    return f"{sign}{whole:,}" + (f".{rest:02}" if rest else "") + part


def read_claims(path: Path | str) -> Claims:
    """Read a document of claims.

    Raises InputError with every fault at its line: unknown keys and kinds, and what is no figure.
    """
    place = to_path(path)
    document = read(place, place.name)
    found, faults = validate(Claims, document)
    refuse(faults)
    if found is None:
        raise InputError(faults)
    return found


def claims_frame(path: Path | str, lang: str = "zh") -> pd.DataFrame:
    """Lay out the claims of a document, a row a claim in its order, with what reproduces each and the verdict in words.

    source, claim, printed; reckoned: the sums with what comes of them; reproduced_by: what comes to what is printed; would_fit:
    whole numbers that would do instead, where nothing does; off: how far what was reckoned is from what is printed, in points of
    a share, else in per cent; code and verdict. Raises InputError with every fault of the document.
    """
    return pd.DataFrame([_row(claim, lang) for claim in read_claims(path).claims])


def _row(claim: AnyClaim, lang: str) -> dict[str, str]:
    found = claim.judge()
    words = {one: say(f"claims.{one.reading}", lang) if one.reading else one.names for one in found.reckoned}
    cut = say("claims.cut", lang)
    return {
        "source": claim.source,
        "claim": claim.title,
        "printed": claim.shown,
        "reckoned": "; ".join(_write(one, words[one] if one.reading else "") for one in found.reckoned),
        "reproduced_by": "; ".join((words[one] or one.figures) + (cut if one.way == "cut" else "")
                                   for one in found.reckoned if one.way),
        "would_fit": "; ".join(found.fits),
        "off": _write_off(found, getattr(claim, "printed", None), lang),
        "code": found.verdict,
        "verdict": say(f"claims.verdict.{found.verdict}", lang),
    }  # fmt: skip


def _write(one: Reckoning, reading: str) -> str:
    return f"{one.figures} = {_write_number(one.value, one.part)}" + (f" ({reading})" if reading else "")


def _write_off(found: ClaimVerdict, printed: PrintedFigure | None, lang: str) -> str:
    difference = found.off(printed)
    if difference is None or printed is None:
        return ""
    written = ("+" if difference > 0 else "") + _write_number(difference, "%")
    return say("claims.off", lang, n=written.removesuffix("%")) if printed.part else written
