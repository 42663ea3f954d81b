"""A scorecard as data: everything that is printed on a card, put together from a finished run and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fengqiao_eval.periods import Period, parse
from fengqiao_eval.scheme.model import Scheme, base_marks
from fengqiao_eval.scorecards import evidence
from fengqiao_eval.scorecards.evidence import LostRecords, OpenDisputes
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.scorecards.gains import Gain, gains
from fengqiao_eval.scorecards.glance import grade_words
from fengqiao_eval.scorecards.identity import Identity, identity, unit_row
from fengqiao_eval.scorecards.lines import DimensionLine, IndicatorLine, Row, Sheet, dimension_lines, indicator_lines, sheet
from fengqiao_eval.scorecards.unknowns import unknowns, why_not_ranked
from fengqiao_eval.scorecards.wording import Change, change, number, rounded, text
from fengqiao_eval.words import say

__all__ = ["Card", "Identity", "Run", "Standing", "TrendPoint", "card", "identity", "open_run", "write_records_csv"]


@dataclass(frozen=True)
class Standing:
    """The total (points, of full marks), the place in the class, and how both moved.

    rank is None where the unit is not ranked; then `reasons` says why. tied: how many others share the place.
    covered: share of the nominal weight that could be scored (0-1). n: records that all scored indicators rest on, added up.
    monthly: the mean of the totals of the period's months, each scored on its own, and of how many months; None for one month.
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
    monthly: tuple[float, int] | None
    previous: Change
    year_before: Change


@dataclass(frozen=True)
class TrendPoint:
    """One month scored as a period of its own: the total, and the rate (0-100) of each dimension in the card's order."""

    period: str
    total: float | None
    rates: tuple[float | None, ...]


@dataclass(frozen=True)
class Card:
    """A scorecard as data. It is advice until a person confirms it.

    peers: the totals of the ranked units of the class, sorted, without their names; decimals: of totals and contributions.
    """

    identity: Identity
    standing: Standing
    decimals: int
    dimensions: tuple[DimensionLine, ...]
    indicators: tuple[IndicatorLine, ...]
    adjustments: tuple[tuple[str, float], ...]
    trend: tuple[TrendPoint, ...]
    peers: tuple[float, ...]
    gains: tuple[Gain, ...]
    disputes: tuple[OpenDisputes, ...]
    lost_records: tuple[LostRecords, ...]
    unknowns: tuple[str, ...]

    @property
    def lost(self) -> float:
        """Points of the total not earned, in all."""
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
    scheme, periods = run.scheme, run.manifest["periods"]
    own = {name: run.frame(name, officers=who.is_officer).of(unit_id) for name in ("points", "asides", "ranks")}
    read = sheet(scheme, who.level, periods, (own["points"], own["asides"]), lang)
    read = replace(read, pooled=run.pooled(who.level, officers=who.is_officer))
    lines = indicator_lines(read)
    ranks = {str(row["period"]): row for row in own["ranks"].to_dict("records")}
    peers = _peers(run, who, ranks.get(who.period, {}))
    subtree = (unit_id,) if who.is_officer else run.below(unit_id)
    unit = {**unit_row(run, unit_id, officers=who.is_officer), "group": text(ranks.get(who.period, {}).get("peer_class"))}
    return Card(
        identity=who,
        standing=_standing(run, who, ranks, peers, lines),
        decimals=scheme.decimals,
        dimensions=dimension_lines(read, lines),
        indicators=lines,
        adjustments=_adjustments(run, who),
        trend=_trend(read, lines, ranks),
        peers=peers,
        gains=gains(scheme, lines, lang),
        disputes=evidence.open_disputes(run.frame("open_disputes", officers=who.is_officer).of(*subtree)),
        lost_records=evidence.lost_records(scheme, run.frame("losses", officers=who.is_officer).of(*subtree), lang),
        unknowns=unknowns(scheme, unit, lines, run.manifest, lang),
    )


def write_records_csv(of: Card, path: str | Path) -> None:
    """Write every record that lost points beside the card (LEVEL/UNIT_ID.records.csv), for Excel."""
    evidence.write_csv(of.lost_records, Path(path), of.lang)


def _peers(run: Run, who: Identity, rank: Row) -> tuple[float, ...]:
    """Give the totals of the ranked units of the class in the period, lowest first."""
    if not rank:
        return ()
    data = run.frame("ranks", officers=who.is_officer).data
    alike = (data["period"] == who.period) & (data["level"] == rank["level"]) & (data["peer_class"] == rank["peer_class"])
    return tuple(map(float, sorted(data.loc[alike & data["rank"].notna(), "total"])))


def _standing(
    run: Run, who: Identity, ranks: Mapping[str, Row], peers: tuple[float, ...], lines: Sequence[IndicatorLine]
) -> Standing:
    periods, scheme = run.manifest["periods"], run.scheme
    row, firm = ranks.get(who.period, {}), {period: _firm(scheme, rank) for period, rank in ranks.items()}
    rank, total = _whole(row.get("rank")), number(row.get("total"))
    return Standing(
        total=total if number(row.get("covered")) else None,
        full=base_marks(scheme),
        rank=rank,
        of=_whole(row.get("of")) or 0,
        tied=max(0, peers.count(total) - 1) if rank and total is not None else 0,
        rank_low=_whole(row.get("rank_low")),
        rank_high=_whole(row.get("rank_high")),
        grade=grade_words(scheme, text(row.get("grade")), who.lang),
        covered=number(row.get("covered")) or 0.0,
        flags=tuple(flag for flag in text(row.get("flags")).split(",") if flag),
        reasons=() if rank else why_not_ranked(scheme, who.unit_id, row, lines, who.lang),
        n=sum(line.n for line in lines if line.scored),
        monthly=_monthly(who.period, firm, scheme.decimals),
        previous=change(firm.get(who.period), firm.get(periods["previous"]), "marks", who.lang, earlier="previous"),
        year_before=change(firm.get(who.period), firm.get(periods["year_before"]), "marks", who.lang, earlier="year_before"),
    )


def _monthly(period: str, totals: Mapping[str, float | None], decimals: int) -> tuple[float, int] | None:
    """Give the other way of reckoning a longer period: the mean of its months; months of too little weight are left out."""
    months = [str(Period(month, 1)) for month in parse(period).month_numbers]
    found = [total for month in months if (total := totals.get(month)) is not None]
    return (float(rounded(sum(found) / len(found), decimals)), len(found)) if found and len(months) > 1 else None


def _whole(cell: Any) -> int | None:
    found = number(cell)
    return None if found is None else int(found)


def _firm(scheme: Scheme, rank: Row) -> float | None:
    """Read a total that may be compared: one that enough of the weight contributed to."""
    enough = (number(rank.get("covered")) or 0.0) >= float(scheme.least_covered)
    return number(rank.get("total")) if enough else None


def _trend(read: Sheet, lines: Sequence[IndicatorLine], ranks: Mapping[str, Row]) -> tuple[TrendPoint, ...]:
    shown = {line.dimension for line in lines}
    kept = [dimension for dimension in read.scheme.dimensions if dimension.code in shown]
    return tuple(
        TrendPoint(month, _firm(read.scheme, ranks.get(month, {})), tuple(read.rate(dimension, month) for dimension in kept))
        for month in read.periods["trend"]
    )


def _adjustments(run: Run, who: Identity) -> tuple[tuple[str, float], ...]:
    """List the lines outside the hundred: what they are called, and their points of the total."""
    rows = run.frame("adjustments", officers=who.is_officer).of(who.unit_id)
    rows = rows[rows["period"] == who.period] if len(rows) else rows
    return tuple(
        (say(f"card.effect.{row['effect']}", who.lang, line=row["line"]), float(row["contribution"]))
        for row in rows.to_dict("records")
    )
