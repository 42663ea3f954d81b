"""A scorecard as data: everything that is printed on a card, put together from a finished run and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from fengqiao_eval.errors import OFFICER, refuse_in
from fengqiao_eval.results import lost_records
from fengqiao_eval.results.caveats import empty_months, unknowns, unranked_reasons
from fengqiao_eval.results.firmness import Margin, half_band, margin, rivals_of, without_error
from fengqiao_eval.results.frames import ClassTotals, Frame, ahead_of, class_totals, level_sums, page_names
from fengqiao_eval.results.gains import Gain, gains
from fengqiao_eval.results.hierarchy import Hierarchy, class_words, hierarchy
from fengqiao_eval.results.lines import (
    Adjusted,
    CardPeriods,
    DimensionLine,
    IndicatorLine,
    Months,
    Row,
    adjustment_lines,
    comparable_total,
    dimension_lines,
    indicator_lines,
    months,
)
from fengqiao_eval.results.lost_records import LostRecords, OpenDisputes
from fengqiao_eval.results.run import CARD_FRAMES, Run
from fengqiao_eval.results.service import Service, service
from fengqiao_eval.results.standings import grade_words
from fengqiao_eval.wording.arithmetic import Unit
from fengqiao_eval.wording.numbers import Earlier, Movement, change, day, flags, number, period_words, term, text


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
    page: str

    @property
    def is_officer(self) -> bool:
        """Whether the card is a person's."""
        return self.level == OFFICER


@dataclass(frozen=True)
class Standing:
    """The total (points, of full marks), the place in the class, and how both moved.

    total is None where nothing was scored. rank is None where the unit is not ranked; then `reasons` says why. tied: how many
    others share the place.
    covered: share of the nominal weight that could be scored (0-1). n: records that all scored indicators rest on, added up.
    months: the totals of a longer period's months, each scored on its own, and their mean; None for one month.
    """

    total: float | None
    full: int
    rank: int | None
    of: int
    tied: int
    margin: Margin
    grade: str
    covered: float
    flags: tuple[str, ...]
    reasons: tuple[str, ...]
    n: float
    months: Months | None
    previous: Movement
    year_before: Movement

    @property
    def complete(self) -> bool:
        """Whether enough was scored for a total; else it is that of a part, and says nothing of the whole."""
        return self.total is not None and "low_coverage" not in self.flags


@dataclass(frozen=True)
class TrendPoint:
    """One month scored as a period of its own: the total, and the rate (0-100) of each dimension in the card's order."""

    period: str
    total: float | None
    rates: tuple[float | None, ...]
    gaps: tuple[str, ...] = ()
    """The tables that hold no record of anybody in the month."""
    part: float | None = None
    """The share of all weight that was scored in the month, where that is too little for a total."""
    n: tuple[float, ...] = ()
    """The records that the total rests on, and each dimension; empty: not known."""
    half: float | None = None
    """How far the band of nine chances in ten reaches to either side of the total; None without a total, or if not known."""


@dataclass(frozen=True)
class Card:
    """A scorecard as data. It is advice until a person confirms it.

    outline: the dimensions, each followed by those that stand in it. peers: the totals of the ranked units of the class,
    without their names; decimals: of totals and contributions. lost_records: of what was scored. service: an officer's alone.
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
    hierarchy: Hierarchy
    service: Service | None = None
    disputes_known: int | None = None
    """The disputes on record, open or not; None where the records do not show which are open."""
    least: tuple[tuple[int, bool], ...] = ()
    """On how many records a month of the total, and of each dimension, must rest to be joined; whether the scheme says so."""

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

    Asked for again, as by the page of a notebook, it is the same card, as long as no file of the run changes.
    Raises UsageError, in the language of the card, for a unit that is not text (014 typed as a number) or no unit of the run.
    """
    with refuse_in(lang):
        officers = run.holds_officer(unit_id)
    return cached_card(run, unit_id, lang, tuple(run.frame(name, officers=officers) for name in CARD_FRAMES))


@lru_cache(maxsize=4)
def cached_card(run: Run, unit_id: str, lang: str, given: tuple[Frame, ...]) -> Card:
    """Put together a card from the frames that a card reads."""
    who, frame, scheme = identity(run, unit_id, lang), dict(zip(CARD_FRAMES, given, strict=True)), run.scheme
    ranks = {str(row["period"]): row for row in frame["ranks"].rows(unit_id)}
    place, unit = ranks.get(who.period, {}), run.unit(unit_id)
    asides, comparisons, outside = (
        [row for row in frame[name].rows(unit_id) if row["period"] == who.period]
        for name in ("asides", "comparisons", "adjustments")
    )
    points = {(row["period"], row["indicator"]): row for row in frame["points"].rows(unit_id)}
    gaps = empty_months(run.manifest)
    own, pooled = Unit(scheme, who.level, text(unit["peer_class"])), level_sums(frame["points"], who.period).get(who.level, {})
    read = CardPeriods(own, run.manifest["periods"], lang, points, asides, comparisons, pooled, gaps)
    lines, group = indicator_lines(read), text(place.get("peer_class"))
    peers = class_totals(frame["ranks"], who.period).get((text(place.get("level")), group), ClassTotals())
    adjustments = adjustment_lines(scheme, outside, lang)
    shown = [dimension for dimension in scheme.dimensions if dimension.code in {line.above[0] for line in lines}]
    monthly = ((month, tuple(read.rate(dimension, month) for dimension in shown)) for month in read.periods["trend"])
    parts = [shown, *([dimension] for dimension in shown)]
    scored = {line.code for line in lines if line.scored}
    below = (unit_id,) if who.is_officer else run.below(unit_id)  # an officer has nobody below
    return Card(
        identity=who,
        standing=_standing(read, who.unit_id, ranks, peers, lines, _margin(run, frame["chances"], place, who, lines)),
        decimals=scheme.decimals,
        outline=dimension_lines(read, lines),
        indicators=lines,
        adjustments=adjustments,
        trend=tuple(
            TrendPoint(
                month,
                comparable_total(rank := ranks.get(month, {})),
                rates,
                tuple(dict.fromkeys(table for (table, _), empty in gaps.items() if month in empty)),
                number(rank.get("covered")) if "low_coverage" in flags(rank.get("flags")) else None,
                tuple(read.records(part, month) for part in parts),
                half_band(rank),
            )
            for month, rates in monthly
        ),
        peers=peers,
        gains=gains(read, lines, {line.code for line in adjustments}),
        disputes=_disputes(frame["open_disputes"], below),
        lost_records=_losses(frame["losses"], below, run, scored, lang),
        unknowns=unknowns(scheme, {**unit, "group": group}, lines, run.manifest, lang),
        hierarchy=hierarchy(run, unit, flags(place.get("flags")), lang),
        service=service(run, unit, lines, lang) if who.is_officer else None,
        least=tuple(map(read.least, parts)),
        disputes_known=None if (known := number(unit.get("disputes"))) is None else int(known),
    )


def _disputes(frame: Frame, below: Sequence[str]) -> tuple[OpenDisputes, ...]:
    more = (lost_records.count_unlisted(frame, "tier", below, late=late) for late in (False, True))
    return lost_records.open_disputes(frame.tuples(lost_records.OPEN, *below), *more)


def _losses(frame: Frame, below: Sequence[str], run: Run, scored: Collection[str], lang: str) -> tuple[LostRecords, ...]:
    more = lost_records.count_unlisted(frame, "indicator", below)
    return lost_records.lost_records(run.scheme, lost_records.loss_rows(frame, *below), scored, lang, more)


def _margin(run: Run, chances: Frame, place: Row, who: Identity, lines: Sequence[IndicatorLine]) -> Margin:
    """Read how firm the place is; rivals are called by their names, an officer's by none."""
    rows = [row for row in chances.rows(who.unit_id) if row["period"] == who.period] if place else []
    ahead = ahead_of(chances, who.period).get(who.unit_id, ()) if place else ()
    others = (*rivals_of(rows), *(other for other, *_ in ahead))
    called = {} if who.is_officer else {other: text(run.unit(other)["name"]) for other in others}
    own = {line.code: line.label for line in lines}
    labels = {indicator.label: own[indicator.code] for indicator in run.scheme.indicators if indicator.code in own}
    level, group = text(place.get("level")), text(place.get("peer_class"))
    silent = [line.label for line in lines if line.own and line.n is None]
    unknown = without_error(run.manifest.get("notes", ()), labels, {"level": level, "group": group or level}, silent)
    return replace(margin(place, rows, called, ahead), unknown=unknown, counted=run.scheme.error == "none")


def identity(run: Run, unit_id: str, lang: str = "zh") -> Identity:
    """Say whose card it is, from the manifest and the unit's own row."""
    unit, given = run.unit(unit_id), run.manifest
    units = run.frame("units", officers=run.holds_officer(unit_id))
    level = text(unit["level"])
    level_label = term("level", level, lang)
    classes = run.frame("points", officers=level == OFFICER).tuples(["peer_class"], unit_id)
    peer_class = class_words(level, text(classes[-1][0]) if classes else "", lang)
    return Identity(
        run=str(given["run"]),
        unit_id=unit_id,
        name=text(unit["name"]) or unit_id,
        level=level,
        level_label=level_label,
        peer_class=peer_class,
        title=run.scheme.name(lang),
        scheme_version=run.scheme.version,
        author=run.scheme.author,
        checker=run.scheme.checker,
        period=run.period,
        period_label=period_words(run.period, lang),
        as_of=day(given["as_of"]),
        state=str(given["state"]),
        objection_until=day(given.get("objection_until")),
        contact=text(given.get("contact")),
        lang=lang,
        page=page_names(units)[unit_id],
    )


def _standing(
    of: CardPeriods,
    unit_id: str,
    ranks: Mapping[str, Row],
    peers: ClassTotals,
    lines: Sequence[IndicatorLine],
    margin: Margin,
) -> Standing:
    scheme, lang, periods = of.unit.scheme, of.lang, of.periods
    row, firm = ranks.get(periods["this"], {}), {period: comparable_total(rank) for period, rank in ranks.items()}
    total, covered = number(row.get("total")), number(row.get("covered")) or 0.0
    rank, size = (None if (found := number(row.get(name))) is None else int(found) for name in ("rank", "of"))
    return Standing(
        total=total if any(line.scored for line in lines) else None,
        full=of.unit.full,
        rank=rank,
        of=size or 0,
        tied=max(0, peers.count(total) - 1) if rank and total is not None else 0,
        margin=margin,
        grade=grade_words(scheme, text(row.get("grade")), lang),
        covered=covered,
        flags=flags(row.get("flags")),
        reasons=() if rank else unranked_reasons(scheme, unit_id, row, lines, lang),
        n=sum(line.n or 0.0 for line in lines if line.scored),
        months=months(scheme, periods["this"], ranks),
        previous=_total_change(of, firm, "previous"),
        year_before=_total_change(of, firm, "year_before"),
    )


def _total_change(of: CardPeriods, firm: Mapping[str, float | None], earlier: Earlier) -> Movement:
    now, before = (firm.get(of.periods[which]) for which in ("this", earlier))
    return of.mark_gaps(change(now, before, "marks", of.lang, earlier=earlier), of.unit.scheme.indicators, earlier)


def write_records_csv(of: Card, path: str | Path) -> None:
    """Write every record that lost points, and every open dispute, beside the card (LEVEL/UNIT_ID.records.csv), for Excel."""
    lost_records.write_csv(lost_records.list_rows(of.lost_records, of.disputes, of.lang), Path(path))
