"""The parts of a card in plain lines, for terminals, tests and readers of a stored notebook."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fengqiao_eval.errors import UsageError
from fengqiao_eval.results.card import Card, Standing
from fengqiao_eval.results.firmness import Rival
from fengqiao_eval.results.hierarchy import UnitBelow
from fengqiao_eval.results.lines import DimensionLine, IndicatorLine, Whole
from fengqiao_eval.scoring.ranking import RANKABLE, SETTLED
from fengqiao_eval.wording.numbers import (
    Earlier,
    comparison_words,
    covered_part,
    fixed,
    measured,
    place_span,
    plain,
    range_words,
    shown_status,
    signed,
    term,
)
from fengqiao_eval.words import say

LISTED = 3
"""As many dimensions as a headline names for points lost, and ids as a line shows."""


def indicator_remarks(line: IndicatorLine, card: Card) -> list[str]:
    """Say what to read beside an indicator: sample, target, status, changes, asides, a weight that moved."""
    return list(dict.fromkeys(_remarks(line, card)))


def _remarks(line: IndicatorLine, card: Card) -> Iterator[str]:
    lang = card.lang
    n = say("card.no_n", lang) if line.n is None else say("card.n", lang, n=plain(line.n, 0))
    yield n + (say("card.small", lang) if line.small else "")
    yield from (step.words for step in line.steps)
    if line.scored and line.status == "not_applicable":
        yield say("card.spared", lang)
    if line.scored and line.reached is not None:
        yield say("card.met", lang) if line.reached else missed_target(line, lang)
    if line.status == "provisional":
        yield term("status", line.status, lang)
    yield from changes(line, lang)
    yield from level_value(line, lang)
    yield from line.asides
    if line.scored and plain(100 * line.weight_used) != plain(100 * line.weight):
        yield say("card.reweighed", lang, nominal=plain(100 * line.weight), used=plain(100 * line.weight_used))


def changes(of: Standing | DimensionLine | IndicatorLine, lang: str) -> list[str]:
    """Say how a number moved on the period before and on last year; a reason for both is said once.

    Of an indicator whose n is small, which stands before it, both bases are small: that is not said of each again.
    """
    small = isinstance(of, IndicatorLine) and of.small
    ways: tuple[Earlier, Earlier] = ("previous", "year_before")
    both = (
        comparison_words(moved, way, lang, told=small) for way, moved in zip(ways, (of.previous, of.year_before), strict=True)
    )
    return list(dict.fromkeys(filter(None, both)))


def level_value(line: IndicatorLine, lang: str) -> Iterator[str]:
    """Say what the indicator is over all units of the level, with its counts."""
    if line.whole:
        yield say("card.whole", lang, value=measured(line.whole.value, line.unit), counts=counts(line.whole))


def counts(line: IndicatorLine | Whole) -> str:
    """Write what was counted: 95/100, of a raw count the number alone, a dash where there is none."""
    if line.numerator is None or line.denominator is None:
        return plain(line.numerator)
    return f"{plain(line.numerator)}/{plain(line.denominator)}"


def value(line: IndicatorLine) -> str:
    """Write the value in its unit: a rate with two decimals, a raw count as it is.

    >>> from types import SimpleNamespace
    >>> value(SimpleNamespace(value=3.0, unit="起", numerator=3.0, denominator=None))
    '3 起'
    """
    return measured(line.value, line.unit, short=line.denominator is None and line.numerator is not None)


def missed_target(line: IndicatorLine, lang: str) -> str:
    """Say that the target is not reached."""
    return say("card.missed" if line.direction == "higher" else "card.missed_lower", lang)


def place(card: Card) -> str:
    """Say the place and what it is worth: 第52名／共496个."""
    standing = card.standing
    if standing.rank is None:
        return say("card.unranked", card.lang)
    if standing.of <= 1:
        return say("card.alone", card.lang)
    key = "card.place_of_officer" if card.identity.is_officer else "card.place_of"
    return say(key, card.lang, rank=standing.rank, of=standing.of)


def firmness(card: Card) -> str:
    """Say how firm the place is, or that nothing is known of it; without a place, on what the points rest."""
    return (" " if card.lang == "en" else "").join([basis(card), *margin_words(card)])


def firmness_short(card: Card) -> str:
    """Say it in one sentence, where the range stands beside the place: that the class has no order, the range, or why none."""
    return (" " if card.lang == "en" else "").join([basis(card), *margin_words(card)[:1]])


def place_range(card: Card) -> list[str]:
    """Say beside the place between which places it may lie, why it stands at an end of them, and that the class has no order."""
    known, lang = card.standing.margin, card.lang
    if card.standing.rank is None or known.low is None or known.certain:
        return []
    said = [say("card.margin.short", lang, places=range_words(known.low, known.high))]
    said += [term("flag", "pulled", lang)] if "pulled" in card.standing.flags else []
    return said if known.ordered else [*said, say("firmness.unordered", lang)]


SAID = ("low_coverage", "not_ranked", "pulled", "bent")
"""Flags that other words beside total and place say already."""


def other_flags(card: Card) -> list[str]:
    """Say what else is flagged."""
    return [term("flag", flag, card.lang) for flag in card.standing.flags if flag not in SAID]


def basis(card: Card) -> str:
    """Say on how many records the points rest."""
    key = "card.rests" if card.standing.total is not None else "card.rests_on_none"
    return say(key, card.lang, n=plain(card.standing.n))


def margin_words(card: Card) -> list[str]:
    """Say, a sentence each, between which places the place lies and how sure what hangs on it is; or why that is not known."""
    return [*_margin_words(card)] if card.standing.rank is not None and card.standing.of > 1 else []


def _margin_words(card: Card) -> Iterator[str]:
    standing, known, lang = card.standing, card.standing.margin, card.lang
    if known.counted or known.certain:
        yield say("card.margin.counted" if known.counted else "card.margin.certain", lang)
        return
    if not known.ordered:
        yield say("card.margin.unordered", lang, kept=chance(known.rankable))
    if known.low is not None:
        yield from _range(card)
    elif known.rivals or known.rankable is not None:
        yield say("card.margin.few", lang)
    else:
        yield from _without_range(card)
        return
    if known.grade is not None and standing.grade:
        yield say("card.margin.grade", lang, grade=standing.grade, chance=chance(known.grade))
    elif standing.grade and known.low is not None and not known.ordered:
        yield say("card.margin.grade_unsaid", lang, grade=standing.grade)
    yield from _award_chance(card)
    yield from _pairs(known.rivals, "rival", card)
    if known.low is None or not known.rivals:  # few are told how they stand to all the others, many to the nearest one
        yield from _pairs(known.ahead, "ahead", card)
    if known.moves_as_one:
        errors = {"error": fixed(known.error, card.decimals), "joint": fixed(known.joint, card.decimals)}
        yield say("card.margin.same_records", lang, **errors)


def _range(card: Card) -> Iterator[str]:
    """Say between which places the place lies, from which it can be told apart, and where it may lie in another period."""
    standing, known, lang = card.standing, card.standing.margin, card.lang
    aside = say("card.semicolon", lang) + term("flag", "pulled", lang) if "pulled" in standing.flags else ""
    yield say("card.margin.range", lang, places=place_span(known.low, known.high, lang), rank=standing.rank, aside=aside)
    if (known.low_w, known.high_w) != (known.low, known.high) and known.low_w is not None:
        yield say("card.margin.weights", lang, places=place_span(known.low_w, known.high_w, lang))
    yield from _separation(card)
    if known.low_again is not None:
        yield say("card.margin.again", lang, places=place_span(known.low_again, known.high_again, lang))


def _separation(card: Card) -> Iterator[str]:
    """Say from which places of its class a unit can be told apart; an older run says nothing of it."""
    if (known := card.standing.margin.apart) is None:
        return
    (before, after), of, lang = known, card.standing.of, card.lang
    ends = [(1, before)] * bool(before) + [(after, of)] * bool(after)
    if not ends:
        yield say("card.margin.apart_none", lang)
        return
    shown = [say("place.one" if low == high else "place.several", lang, place=low, low=low, high=high) for low, high in ends]
    yield say("card.margin.apart", lang, places=say("card.comma", lang).join(shown))


def _pairs(others: Sequence[Rival], side: str, card: Card) -> Iterator[str]:
    """Say of others printed after the unit (rival), or before it (ahead), how sure it is that the one before stands above."""
    lang, unnamed = card.lang, "" if others and others[0].name else "_unnamed"
    if len(others) > 1:
        each = [chance(one.above) for one in others]
        named = (say("card.margin.one", lang, name=one.name, chance=said) for one, said in zip(others, each, strict=True))
        yield say(f"card.margin.{side}s{unnamed}", lang, those=say("card.comma", lang).join(each if unnamed else named))
        again = (chance(one.again) for one in others)
        yield say("card.margin.pairs_again", lang, those=say("card.comma", lang).join(again))
    elif others:
        [one] = others
        unsure = "" if max(one.above, 1 - one.above) >= SETTLED else say("card.margin.unsettled", lang)
        steady = say("card.margin.steady", lang) if card.standing.margin.low_again is None else ""  # else that is said already
        told = {"chance": chance(one.above), "again": chance(one.again), "settled": unsure, "steady": steady}
        yield say(f"card.margin.{side}{unnamed}", lang, **({"name": one.name} if one.name else {}), **told)


def _without_range(card: Card) -> Iterator[str]:
    """Say why there is no range: which indicators have no error, and why; of an older run, that there is none."""
    known, lang = card.standing.margin, card.lang
    for why, labels in known.unknown.items():
        yield say(
            f"card.margin.{why}", lang, labels=say("card.comma", lang).join(labels), level=card.identity.level_label.lower()
        )
    if not known.unknown:
        yield say("card.margin.none", lang)


def _award_chance(card: Card) -> Iterator[str]:
    """Say, where so many are named for an award, how likely that is; of whom a veto keeps from it, of standing among them."""
    known, lang = card.standing.margin, card.lang
    if known.named is None:
        return
    barred = not known.named and any(line.effect == "bar_award" for line in card.adjustments)
    likely = known.first.get(known.award, 0.0) if barred else known.named
    yield say("card.margin.first" if barred else "card.margin.named", lang, k=known.award, chance=chance(likely))


def chance(share: float | None) -> str:
    """Write a chance in whole per cent, never as certain: 1000 draws show no more; nor beyond a line that words go by.

    >>> chance(0.734), chance(0.9991), chance(0.0)
    ('73%', '>99%', '<1%')
    >>> chance(0.896), chance(0.9), chance(0.104), chance(0.4961)
    ('89%', '90%', '11%', '49%')
    """
    known = share or 0.0
    whole = round(100 * known)
    if known < (line := whole / 100) and line in (SETTLED, RANKABLE):
        whole -= 1
    elif whole == round(100 * (1 - SETTLED)) and 1 - known < SETTLED:
        whole += 1
    return "<1%" if whole < 1 else ">99%" if whole > 99 else f"{whole}%"  # noqa: PLR2004 - per cent


def state(card: Card) -> str:
    """Say the state of the run: 草稿."""
    return say(f"card.state.{card.identity.state}", card.lang)


def monthly_mean(card: Card) -> str:
    """Say the mean of the months: the other way of reckoning a longer period, or the scheme's own; empty for a month."""
    return card.standing.months.words(card.decimals, card.lang) if card.standing.months else ""


def headline(card: Card) -> str:
    """Say the card in a dozen lines."""
    return "\n".join(_headline(card))


def _headline(card: Card) -> Iterator[str]:
    who, standing, lang = card.identity, card.standing, card.lang
    name, kind = f"{who.name}（{who.unit_id}）", f"{who.level_label}·{who.peer_class}"
    yield f"{name} {kind}" if lang == "zh" else f"{who.name} ({who.unit_id}) {who.level_label}, {who.peer_class}"
    yield f"{who.period_label} · {state(card)}"
    total = f"{say('card.total', lang)} {fixed(standing.total, card.decimals)}" if standing.complete else no_total(card)
    yield say("card.semicolon", lang).join([total, place(card), standing.grade or say("card.no_grade", lang)])
    yield from total_notes(card)
    yield from standing.reasons
    if standing.tied:
        yield say("card.tied", lang, n=standing.tied)
    yield from changes(standing, lang)
    yield from filter(None, [monthly_mean(card)])
    yield firmness(card)
    if standing.total is None:
        yield say("card.nothing_yet", lang)
        return
    where = say("card.comma", lang).join(f"{d.label} {signed(-d.lost, card.decimals)}" for d in worst_dimensions(card))
    yield say("card.where_lost", lang) + say("card.colon", lang) + (where or say("card.nothing_lost", lang)) + of_part(card)
    yield (say("card.how_to_win", lang) + say("card.colon", lang) + (of_part(card) if card.gains else no_gains(card))).rstrip()
    for number, gain in enumerate(card.gains, 1):
        yield f"  {number}. {say('card.gain.line', lang, of=gain.label, words=gain.words(lang))}"
    yield say("card.advice", lang)


def total_label(card: Card) -> str:
    """Name the sum at the foot of a table: the total, or what was scored of it, and of how much of the weight."""
    return say("card.part_total" if of_part(card) else "card.total", card.lang, covered=covered_part(card.standing.covered))


def no_total(card: Card) -> str:
    """Say that there is no total: nothing is scored yet, or too little."""
    return say("card.not_yet" if card.standing.total is None else "card.no_total", card.lang)


def total_notes(card: Card) -> list[str]:
    """Say what stands below the total: what it is made of, what it is short of, what of it rests on no own records."""
    standing, lang = card.standing, card.lang
    if standing.total is None:
        counts = Counter(status_words(line, lang) for line in card.indicators)
        each = [say("card.status_count", lang, status=status, n=n) for status, n in counts.most_common()]
        return [say("card.comma", lang).join(each)] if each else []
    given = {"points": fixed(standing.total, card.decimals), "covered": covered_part(standing.covered)}
    said = [total_parts(card) if standing.complete else say("card.part_scored", lang, **given)]
    if by_rule := sum(line.weight_used for line in card.indicators if line.scored and not line.own):
        said.append(say("card.by_rule", lang, share=plain(100 * by_rule, 1)))
    said += [term("flag", "bent", lang)] if "bent" in standing.flags else []
    return [*filter(None, said)]


def status_words(line: IndicatorLine, lang: str) -> str:
    """Name the status of an indicator."""
    return term("status", shown_status(line.status, line.n), lang)


def of_part(card: Card) -> str:
    """Say of what part of the weight a sentence speaks, where that is too little for a total; else nothing."""
    standing = card.standing
    told = standing.total is not None and not standing.complete
    return say("card.of_part", card.lang, covered=covered_part(standing.covered)) if told else ""


def no_gains(card: Card) -> str:
    """Say why nothing is named that would win points: nothing scored, no targets, all reached, or no matter of counting."""
    if card.standing.total is None:
        return say("card.nothing_yet", card.lang)
    aimed = [line for line in card.indicators if line.scored and line.own and line.target is not None]
    met = sum(line.reached is True for line in aimed)
    key = "no_targets" if not aimed else "all_reached" if met == len(aimed) else "no_gains"
    return say(f"card.{key}", card.lang, met=met, of=len(aimed)) + of_part(card)


def worst_dimensions(card: Card) -> list[DimensionLine]:
    """Name the dimensions that lost most points, the most first."""
    return sorted((d for d in card.dimensions if d.lost > 0), key=lambda d: -d.lost)[:LISTED]


def total_parts(card: Card) -> str:
    """Say of what the total is made where it is not the hundred alone: 指标85.20＋百分之外−1.50; empty otherwise."""
    if not card.adjustments or card.standing.total is None:
        return ""
    inside, outside = (sum(line.points for line in card.adjustments if line.inside is kind) for kind in (True, False))
    earned = fixed(sum(line.contribution for line in card.dimensions), card.decimals)
    parts = {"inside": inside, "outside": outside}
    said = [say(f"card.made_of.{name}", card.lang, points=signed(part, card.decimals)) for name, part in parts.items() if part]
    return say("card.comma_between", card.lang).join([say("card.made_of.points", card.lang, points=earned), *said])


def dimensions(card: Card) -> str:
    """Say each dimension in a line, then each line that is no indicator's."""
    parts = [("  " * d.depth + d.label, earned_points(d, card), *changes(d, card.lang)) for d in card.outline]
    parts += [(line.label, signed(line.points, card.decimals), line.said(card.lang)) for line in card.adjustments]
    return "\n".join(map("  ".join, parts))


def earned_points(line: DimensionLine, card: Card) -> str:
    """Write what a dimension earned of what was possible: 20.50 / 25.00."""
    if not line.possible:
        return say("card.unscored", card.lang)
    return f"{fixed(line.contribution, card.decimals)} / {fixed(line.possible, card.decimals)}"


def indicators(card: Card) -> str:
    """Say each indicator in a line."""
    return "\n".join(_indicator(line, card) for line in card.indicators)


def _indicator(line: IndicatorLine, card: Card) -> str:
    counted = f"{counts(line)} = {value(line)}"
    if not line.scored:
        return f"{line.label}  {counted}  {say('card.not_scored', card.lang, status=status_words(line, card.lang))}"
    steps = (step.words for step in line.steps)
    worth = f"{fixed(line.points)} × {plain(100 * line.weight_used)}% = {fixed(line.contribution, card.decimals)}"
    return "  ".join([line.label, counted, *steps, worth, *level_value(line, card.lang), *line.asides])


def gains(card: Card) -> str:
    """Say what would win points back."""
    found = (f"{gain.label}  {gain.now} → {gain.target}  {gain.words(card.lang)}" for gain in card.gains)
    return "\n".join(found) or no_gains(card)


def disputes(card: Card) -> str:
    """Say the open disputes: how many of each colour, the most urgent by id."""
    lang, found = card.lang, []
    for part in card.disputes:
        counts = say("card.disputes.count", lang, n=part.count), say("card.disputes.overdue", lang, n=part.overdue)
        first = (f"{one.dispute_id} {days_left(one.days_left, lang)}" for one in part.disputes[:LISTED])
        found.append(f"{warning(part.tier, lang)}  {say('card.comma', lang).join(counts)}  {'  '.join(first)}")
    return "\n".join(found) or no_disputes(card)


def no_disputes(card: Card) -> str:
    """Say that no dispute is open, where that can be seen."""
    known = card.disputes_known
    return say(f"card.disputes.{'unseen' if known is None else 'none' if known else 'unknown'}", card.lang)


def warning(tier: str, lang: str) -> str:
    """Name a colour of warning."""
    return say("card.disputes.warning", lang, tier=term("tier", tier, lang)) if tier else say("card.disputes.untiered", lang)


def days_left(days: int | None, lang: str) -> str:
    """Say how long there is left.

    >>> days_left(3, "zh"), days_left(-2, "en")
    ('余3天', '2 days overdue')
    """
    if days is None:
        return say("card.disputes.no_limit", lang)
    if days == 0:
        return say("card.disputes.today", lang)
    return say("card.disputes.left", lang, n=days) if days > 0 else say("card.disputes.late", lang, n=-days)


def lost(card: Card) -> str:
    """Say of each indicator how many records lost points, and the first ids."""
    firsts = [(part, " ".join(one.record_id for one in part.records[:LISTED])) for part in card.lost_records]
    return "\n".join(f"{part.label}  {part.count}  {ids} …" for part, ids in firsts) or nothing_lost(card)


def nothing_lost(card: Card) -> str:
    """Say why no record is named that lost points: nothing scored, nothing lost, or nothing that lies in single records."""
    if card.standing.total is None:
        return say("card.nothing_yet", card.lang)
    lost = any(line.scored and line.lost > 0 for line in card.indicators)
    return say("card.lost.unnamed" if lost else "card.lost.none", card.lang)


def units(card: Card) -> str:
    """Say what stands above, how many persons serve there, and of each unit right below its total and place."""
    lang, found = card.lang, card.hierarchy
    said = [
        say("card.units.above", lang) + say("card.colon", lang) + say("card.comma", lang).join(unit.name for unit in found.above)
    ]
    said = said if found.above else []
    said += [officers(card)]
    said += [unit_line(unit, card) for unit in found.below]
    return "\n".join(said if found.below else [*said, say("card.units.none", lang)])


def officers(card: Card) -> str:
    """Say how many persons serve at a unit, or that it is not known."""
    number = card.hierarchy.officers
    key = "card.units.officers" if number is not None else "card.units.no_officers"
    return say(key, card.lang, n=plain(number))


def unit_line(unit: UnitBelow, card: Card) -> str:
    """Say a unit below in a line."""
    return "  ".join([unit.name, unit_total(unit, card), unit_place(unit, card.lang), *unit.remarks])


def unit_total(unit: UnitBelow, card: Card) -> str:
    """Write the total of a unit below; in brackets where it is not to be held against others."""
    total = fixed(unit.total, card.decimals)
    return total if unit.rank or unit.total is None else f"({total})"


def unit_place(unit: UnitBelow, lang: str) -> str:
    """Say the place of a unit below, and in how many."""
    if unit.rank is None or unit.of <= 1:
        return say("card.unranked" if unit.rank is None else "card.no_place", lang)
    return say("card.place_of", lang, rank=unit.rank, of=unit.of)


def service(card: Card) -> str:
    """Say to an officer where they served, what counts, what does not, and how to object."""
    comma = say("card.comma_between", card.lang)
    return "\n".join(say("card.colon", card.lang).join([head, comma.join(told)]) for head, told in service_parts(card))


def service_parts(card: Card) -> list[tuple[str, list[str]]]:
    """Say it part by part: what it is about, and its sentences."""
    who, lang, served = card.identity, card.lang, card.service
    if served is None:
        raise UsageError("no_officer", given=who.unit_id)
    home = say("card.service.under", lang).join(unit.name for unit in reversed(card.hierarchy.above))
    ground = say("card.colon", lang)
    post = [home or say("card.service.homeless", lang), served.role, say("card.class", lang) + ground + who.peer_class]
    parts = {
        "post": [say("card.semicolon", lang).join(post)],
        "period": [say("card.service.up_to", lang, period=who.period_label, as_of=who.as_of), served.days_words(lang)],
        "counted": [table + ground + say("card.comma", lang).join(labels) for table, labels in served.counted],
        "ground": [say("card.service.share", lang)],
        "left_out": list(served.left_out),
        "object": objection(card),
    }
    return [(say(f"card.service.head.{name}", lang), told or [say("card.service.nothing", lang)]) for name, told in parts.items()]


def limits(card: Card) -> str:
    """Say what the records could not tell, and, but to an officer, who has been told already, how to object."""
    said = unknowns(card)
    return "\n".join([*said, *([] if card.service else objection(card)[:1]), say("card.advice", card.lang)])


def unknowns(card: Card) -> list[str]:
    """Say what the records could not tell; that nothing is missing only where every indicator has its own value."""
    whole = bool(card.indicators) and all(line.status == "ok" for line in card.indicators)
    return [*card.unknowns] or ([say("card.unknown.none", card.lang)] if whole else [])


def objection(card: Card) -> list[str]:
    """Say until when and to whom to object, and what with."""
    who, lang, own = card.identity, card.lang, "_officer" if card.identity.is_officer else ""
    until = say(f"card.limits.{'until' if who.objection_until else 'any_time'}{own}", lang, date=who.objection_until)
    contact = say("card.limits.contact", lang, contact=who.contact) if who.contact else say("card.limits.no_contact", lang)
    return [until + contact, say(f"card.limits.explain{own}", lang, run=who.run, unit=who.unit_id)]
