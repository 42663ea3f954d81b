"""A scorecard as data: everything that is printed on a card, put together from a finished run and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.results import records
from fengqiao_eval.results.caveats import unknowns, unranked_reasons
from fengqiao_eval.results.frames import ClassTotals
from fengqiao_eval.results.gains import Gain, gains
from fengqiao_eval.results.lines import (
    Adjusted,
    CardPeriods,
    DimensionLine,
    IndicatorLine,
    Months,
    Row,
    adjustment_lines,
    dimension_lines,
    indicator_lines,
    months,
    sheet,
)
from fengqiao_eval.results.records import LostRecords, OpenDisputes
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import grade_words
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.wording.arithmetic import Unit
from fengqiao_eval.wording.numbers import Movement, change, day, number, period_words, term, text
from fengqiao_eval.words import say

# Whose card it is: what stands at the head of every page.


@dataclass(frozen=True)
class Identity:
    """Whose card it is, of which run and period, in which state; what stands at the head of every page."""

    run: str
    unit_id: str
    name: str
    level: str
    level_label: str
    peer_class: str
    title: str
    scheme_version: str
    author: str
    checker: str
    period: str
    period_label: str
    as_of: str
    state: str
    objection_until: str
    contact: str
    lang: str

    @property
    def is_officer(self) -> bool:
        """Whether the card is a person's."""
        return self.level == OFFICER


def identity(run: Run, unit_id: str, lang: str = "zh") -> Identity:
    """Say whose card it is, from the manifest and the unit's own row."""
    unit = unit_row(run, unit_id, officers=run.holds_officer(unit_id))
    level, this, given = text(unit["level"]), str(run.manifest["periods"]["this"]), run.manifest
    return Identity(
        run=str(given["run"]),
        unit_id=unit_id,
        name=text(unit["name"]) or unit_id,
        level=level,
        level_label=term("level", level, lang),
        peer_class=_class(run, unit_id, level, lang),
        title=run.scheme.name(lang),
        scheme_version=run.scheme.version,
        author=run.scheme.author,
        checker=run.scheme.checker,
        period=this,
        period_label=period_words(this, lang),
        as_of=day(given["as_of"]),
        state=str(given["state"]),
        objection_until=day(given.get("objection_until")),
        contact=text(given.get("contact")),
        lang=lang,
    )


def unit_row(run: Run, unit_id: str, *, officers: bool) -> Row:
    """Find a unit's own row."""
    return run.rows("units", unit_id, officers=officers)[-1]


def _class(run: Run, unit_id: str, level: str, lang: str) -> str:
    """Name the class compared within; where that is the whole level, in the reader's language."""
    rows = run.columns("points", officers=level == OFFICER).tuples(["peer_class"], unit_id)
    label = text(rows[-1][0]) if rows else ""
    whole = label in {"", level, term("level", level, "zh")}
    return say("card.whole_level", lang, level=term("level", level, lang)) if whole else label


# A scorecard as data: everything that is printed on a card, put together from a finished run and nothing else.


@dataclass(frozen=True)
class Standing:
    """The total (points, of full marks), the place in the class, and how both moved.

    rank is None where the unit is not ranked; then `reasons` says why. tied: how many others share the place.
    covered: share of the nominal weight that could be scored (0-1). n: records that all scored indicators rest on, added up.
    months: the totals of a longer period's months, each scored on its own, and their mean; None for one month.
    """

    total: float | None
    full: int
    rank: int | None
    of: int
    tied: int
    rank_low: int | None
    rank_high: int | None
    grade: str
    covered: float
    flags: tuple[str, ...]
    reasons: tuple[str, ...]
    n: float
    months: Months | None
    previous: Movement
    year_before: Movement


@dataclass(frozen=True)
class TrendPoint:
    """One month scored as a period of its own: the total, and the rate (0-100) of each dimension in the card's order."""

    period: str
    total: float | None
    rates: tuple[float | None, ...]


@dataclass(frozen=True)
class Card:
    """A scorecard as data. It is advice until a person confirms it.

    outline: the dimensions, each followed by those that stand in it. peers: the totals of the ranked units of the class,
    without their names; decimals: of totals and contributions.
    """

    identity: Identity
    standing: Standing
    decimals: int
    outline: tuple[DimensionLine, ...]
    indicators: tuple[IndicatorLine, ...]
    adjustments: tuple[Adjusted, ...]
    trend: tuple[TrendPoint, ...]
    peers: ClassTotals
    gains: tuple[Gain, ...]
    disputes: tuple[OpenDisputes, ...]
    lost_records: tuple[LostRecords, ...]
    unknowns: tuple[str, ...]

    @property
    def dimensions(self) -> tuple[DimensionLine, ...]:
        """The dimensions of the table itself."""
        return tuple(line for line in self.outline if line.depth == 0)

    @property
    def lost(self) -> float:
        """Points of the hundred not earned, in all."""
        return max(0.0, sum(d.possible for d in self.dimensions) - sum(d.contribution for d in self.dimensions))

    @property
    def lang(self) -> str:
        """The language of the card."""
        return self.identity.lang


def card(run: Run, unit_id: str, lang: str = "zh") -> Card:
    """Put together the card of any unit; an officer's comes from the officers' frames and names no colleague.

    Raises UsageError for a unit that is not text (014 typed as a number) or no unit of the run.
    """
    who = identity(run, unit_id, lang)
    scheme, ranks = run.scheme, _rows_by_period(run, "ranks", who)
    place = ranks.get(who.period, {})
    unit = {**unit_row(run, unit_id, officers=who.is_officer), "group": text(place.get("peer_class"))}
    read = _read(run, who, Unit(scheme, who.level, text(unit["peer_class"])))
    lines, peers = indicator_lines(read), _peers(run, who, place)
    outside = adjustment_lines(scheme, _rows(run, "adjustments", who), lang)
    return Card(
        identity=who,
        standing=_standing(run, who, ranks, peers, lines, read.unit.full),
        decimals=scheme.decimals,
        outline=dimension_lines(read, lines),
        indicators=lines,
        adjustments=outside,
        trend=_trend(read, lines, ranks),
        peers=peers,
        gains=gains(read, lines, {line.code for line in outside}),
        disputes=records.open_disputes(_tuples(run, "open_disputes", records.OPEN, who)),
        lost_records=records.lost_records(scheme, _tuples(run, "losses", records.LOSS, who), lang),
        unknowns=unknowns(scheme, unit, lines, run.manifest, lang),
    )


def _rows_by_period(run: Run, name: str, who: Identity) -> dict[str, Row]:
    return {str(row["period"]): row for row in run.rows(name, who.unit_id, officers=who.is_officer)}


def _rows(run: Run, name: str, who: Identity) -> list[Row]:
    """Read a unit's rows of the main period."""
    return [row for row in run.rows(name, who.unit_id, officers=who.is_officer) if row["period"] == who.period]


def _tuples(run: Run, name: str, columns: Sequence[str], who: Identity) -> list[tuple[Any, ...]]:
    """Read rows of a unit and of all below it; an officer has nobody below."""
    below = (who.unit_id,) if who.is_officer else run.below(who.unit_id)
    return run.columns(name, officers=who.is_officer).tuples(columns, *below)


def _read(run: Run, who: Identity, unit: Unit) -> CardPeriods:
    """Lay out what the frames say of the unit, and what is pooled over its level."""
    own = {name: run.rows(name, who.unit_id, officers=who.is_officer) for name in ("points", "asides", "comparisons")}
    read = sheet(unit, run.manifest["periods"], own, who.lang)
    return replace(read, pooled=run.pooled(who.level, officers=who.is_officer))


def write_records_csv(of: Card, path: str | Path) -> None:
    """Write every record that lost points, and every open dispute, beside the card (LEVEL/UNIT_ID.records.csv), for Excel."""
    records.write_csv(of.lost_records, of.disputes, Path(path), of.lang)


def _peers(run: Run, who: Identity, rank: Row) -> ClassTotals:
    """Find the totals of the class."""
    return run.classes(officers=who.is_officer).get((text(rank.get("level")), text(rank.get("peer_class"))), ClassTotals())


def _standing(
    run: Run, who: Identity, ranks: Mapping[str, Row], peers: ClassTotals, lines: Sequence[IndicatorLine], full: int
) -> Standing:
    periods, scheme = run.manifest["periods"], run.scheme
    row, firm = ranks.get(who.period, {}), {period: _comparable_total(scheme, rank) for period, rank in ranks.items()}
    rank, total = _whole_number(row.get("rank")), number(row.get("total"))
    return Standing(
        total=total if number(row.get("covered")) else None,
        full=full,
        rank=rank,
        of=_whole_number(row.get("of")) or 0,
        tied=max(0, peers.count(total) - 1) if rank and total is not None else 0,
        rank_low=_whole_number(row.get("rank_low")),
        rank_high=_whole_number(row.get("rank_high")),
        grade=grade_words(scheme, text(row.get("grade")), who.lang),
        covered=number(row.get("covered")) or 0.0,
        flags=tuple(flag for flag in text(row.get("flags")).split(",") if flag),
        reasons=() if rank else unranked_reasons(scheme, who.unit_id, row, lines, who.lang),
        n=sum(line.n for line in lines if line.scored),
        months=months(scheme, who.period, ranks),
        previous=change(firm.get(who.period), firm.get(periods["previous"]), "marks", who.lang, earlier="previous"),
        year_before=change(firm.get(who.period), firm.get(periods["year_before"]), "marks", who.lang, earlier="year_before"),
    )


def _whole_number(cell: Any) -> int | None:
    found = number(cell)
    return None if found is None else int(found)


def _comparable_total(scheme: Scheme, rank: Row) -> float | None:
    """Read a total that may be compared: one that enough of the weight contributed to."""
    enough = (number(rank.get("covered")) or 0.0) >= float(scheme.least_covered)
    return number(rank.get("total")) if enough else None


def _trend(read: CardPeriods, lines: Sequence[IndicatorLine], ranks: Mapping[str, Row]) -> tuple[TrendPoint, ...]:
    shown = {line.above[0] for line in lines}
    kept = [dimension for dimension in read.unit.scheme.dimensions if dimension.code in shown]
    return tuple(
        TrendPoint(
            month,
            _comparable_total(read.unit.scheme, ranks.get(month, {})),
            tuple(read.rate(dimension, month) for dimension in kept),
        )
        for month in read.periods["trend"]
    )
