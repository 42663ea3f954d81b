"""The one table (一表通考) as frozen declarations: dimensions, indicators, weights, and what stands outside the hundred."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from fengqiao_eval.documents import KeyPath, Model, rule
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Code, Consequence, Entry, Indicator, Label, Named, Outside, Text, Weight
from fengqiao_eval.scheme.normalisation import Number

FullMarks = Annotated[int, Field(ge=1, le=1000)]
Aggregation = Literal["arithmetic", "geometric"]


class Band(Model):
    """A grade and the total from which it is reached."""

    grade: Text
    grade_en: str = ""
    at_least: Decimal

    def name(self, lang: str) -> str:
        """The grade in a language, Chinese where there is none."""
        return self.grade_en if lang == "en" and self.grade_en else self.grade


class Award(Model):
    """How many of each class and level are named: a number, or a share rounded down."""

    count: int | None = None
    share: Decimal = Decimal("0.1")


class Void(Model):
    """A month of an indicator whose records are worthless, and why; they are left out of every longer period."""

    indicator: Code
    period: Label
    reason: Text


class Justified(Model):
    """A lint finding that a person answers for: which rule, of which indicator, on which document."""

    rule: Code
    indicator: Code | None = None
    person: Text
    document: Text
    date: date


class Judgement(Model):
    """One pairwise judgement for AHP: `more` is so many times as important as `than` (Saaty's 1 to 9)."""

    more: Code
    than: Code
    by: Decimal = Field(ge=1, le=9)


class Doubt(Model):
    """How far the weights may be otherwise: each × a number between 1 − by and 1 + by, or a Dirichlet with them as means."""

    kind: Literal["uniform", "dirichlet"] = "uniform"
    by: Decimal = Field(default=Decimal("0.2"), gt=0, le=Decimal("0.9"))
    closeness: int = Field(default=200, ge=1)


class Dimension(Named):
    """A group of indicators, or of dimensions to any depth, with a weight of its own.

    Its points are the mean of its parts, weighted: arithmetic or geometric; they never leave floor..cap (本项限扣, R22).
    """

    weight: Weight
    aggregation: Aggregation = "arithmetic"
    floor: Number | None = None
    cap: Number | None = None
    dimensions: tuple["Dimension", ...] = ()
    indicators: tuple[Indicator, ...] = ()

    _one_kind_of_parts = rule("dimension.parts", lambda self: bool(self.dimensions) == bool(self.indicators))

    @property
    def key(self) -> Literal["dimensions", "indicators"]:
        """The key under which its parts stand."""
        return "dimensions" if self.dimensions else "indicators"

    @property
    def parts(self) -> tuple["Dimension | Indicator", ...]:
        """The dimensions or the indicators in it."""
        return self.dimensions or self.indicators

    @property
    def leaves(self) -> tuple[Indicator, ...]:
        """Every indicator in it, at any depth, in the order of the table."""
        return self.indicators + tuple(indicator for inner in self.dimensions for indicator in inner.leaves)


class Scheme(Model):
    """The one table: what is appraised, with which weights, by whose decision."""

    title: Text
    title_en: str = ""
    version: Label
    sources: tuple[Text, ...] = Field(min_length=1)
    author: Text
    checker: Text
    decided_on: date | None = None
    weights: Literal["within", "marks"]
    aggregation: Aggregation = "arithmetic"
    decimals: int = Field(2, ge=0, le=4)
    full_marks: FullMarks | dict[str, FullMarks] = 100
    """Full marks of points and totals, or one a class with `others` for the rest (R35)."""
    least_covered: Decimal = Field(Decimal("0.7"), ge=0, le=1)
    least_class: int = Field(8, ge=2)
    least_cell: int = Field(5, ge=1)
    """Of fewer answers of the public no number is shown, where they are told by answer or by group."""
    levels: tuple[str, ...] = Field(min_length=1)
    compare_within: Mapping[str, Literal["level", "class", "class_in_county", "station"]] = {}
    longer_period: Literal["recount", "mean_of_totals"] = "recount"
    """A quarter or year is counted anew from the records, or is the mean of the totals of the periods in it (R43)."""
    mean_of: tuple[Literal["month", "quarter"], ...] = ("month",)
    """Of which: [month], [quarter], or [month, quarter]: a quarter the mean of its months, a year the mean of its quarters."""
    unranked: tuple[str, ...] = ()
    """Units that are counted in the whole but not ranked, because they stand for 'unknown' in the records."""
    bands: tuple[Band, ...] = ()
    awards: Award = Award()
    error: Literal["none"] | None = None
    """`none`: all records are there (全量统计), so that places have no range."""
    weight_doubt: Literal["none"] | Doubt = Doubt()
    """How far the weights are in doubt, for the ranges that say what that would do to places."""
    void: tuple[Void, ...] = ()
    justified: tuple[Justified, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    outside: tuple[Outside, ...] = ()

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator, in the order of the table."""
        return tuple(indicator for dimension in self.dimensions for indicator in dimension.leaves)

    @property
    def consequences(self) -> tuple[Consequence, ...]:
        """Every line outside the hundred, in the order of the table."""
        return tuple(line for group in self.outside for line in group.lines)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is counted: the indicators, then the lines outside the hundred."""
        return (*self.indicators, *self.consequences)

    def name(self, lang: str = "zh") -> str:
        """The title in a language, Chinese where there is none."""
        return self.title_en if lang == "en" and self.title_en else self.title


class Part(NamedTuple):
    """A dimension or indicator with the place where it stands in the document and the dimensions above it, outermost first."""

    place: KeyPath
    above: tuple[Dimension, ...]
    part: Dimension | Indicator


def parts_of(scheme: Scheme) -> Iterator[Part]:
    """Walk the tree of dimensions and indicators, each before what is in it."""
    yield from _parts(scheme.dimensions, ("dimensions",), ())


def _parts(parts: tuple[Dimension | Indicator, ...], place: KeyPath, above: tuple[Dimension, ...]) -> Iterator[Part]:
    for number, part in enumerate(parts):
        yield Part((*place, number), above, part)
        if isinstance(part, Dimension):
            yield from _parts(part.parts, (*place, number, part.key), (*above, part))


def places_of(scheme: Scheme) -> Iterator[tuple[KeyPath, Named]]:
    """Walk all that has a code, each with its place: the parts of the table, then the groups outside it and their lines."""
    yield from ((place, part) for place, _, part in parts_of(scheme))
    for number, group in enumerate(scheme.outside):
        yield ("outside", number), group
        yield from ((("outside", number, "lines", row), line) for row, line in enumerate(group.lines))


def weight_at(weight: Weight, level: str) -> Decimal:
    """Read a weight at a level.

    >>> weight_at({"officer": Decimal(60), "others": Decimal(40)}, "station")
    Decimal('40')
    """
    return weight.get(level, weight.get("others", Decimal(0))) if isinstance(weight, dict) else weight


def least_at(entry: Entry, level: str) -> int:
    """Read the smallest number of records that is scored at a level."""
    least = entry.least
    return least.get(level, least.get("others", 1)) if isinstance(least, dict) else least


def asks_public(entry: Entry) -> bool:
    """Say whether what is counted are answers of the public: rows of the table surveys."""
    return entry.measure.table == "surveys"


def least_percent(scheme: Scheme) -> str:
    """Write which part of the weight must be scored for a place, in per cent.

    >>> least_percent(Scheme.model_construct(least_covered=Decimal("0.70")))
    '70'
    """
    return f"{100 * float(scheme.least_covered):.4g}"


def full_marks_of(scheme: Scheme, peer_class: str) -> int:
    """Read the full marks of a class.

    >>> full_marks_of(Scheme.model_construct(full_marks={"县": 150, "others": 100}), "县")
    150
    """
    full = scheme.full_marks
    return full.get(peer_class, full.get("others", 100)) if isinstance(full, dict) else full


def base_marks(scheme: Scheme) -> int:
    """Read the full marks that the numbers of the rules are written for."""
    return full_marks_of(scheme, "others")


def void_months(scheme: Scheme, code: str) -> frozenset[int]:
    """The months of an indicator that the scheme declares void, as months since year 0."""
    return frozenset(parse(void.period).first for void in scheme.void if void.indicator == code)


def applies(entry: Entry, level: str) -> bool:
    """Say whether a line is scored at a level."""
    return entry.levels is None or level in entry.levels


def nominal(scheme: Scheme, level: str) -> dict[str, Decimal]:
    """Give each indicator's share of the total at a level (sums to 1), before anything is missing.

    Own weight over the sum of the siblings' that apply, down the tree; of both styles of weights.
    """
    return dict(_shares(scheme.dimensions, level, Decimal(1)))


def _shares(parts: tuple[Dimension | Indicator, ...], level: str, share: Decimal) -> Iterator[tuple[str, Decimal]]:
    scored = [part for part in parts if is_scored(part, level)]
    whole = sum((weight_at(part.weight, level) for part in scored), Decimal(0)) or Decimal(1)
    for part in scored:
        own = share * weight_at(part.weight, level) / whole
        if isinstance(part, Dimension):
            yield from _shares(part.parts, level, own)
        else:
            yield part.code, own


def is_scored(part: Dimension | Indicator, level: str) -> bool:
    """Say whether anything in a part of the table is scored at a level."""
    return any(applies(leaf, level) for leaf in part.leaves) if isinstance(part, Dimension) else applies(part, level)
