"""What the records could not tell, said in sentences: missing, late, void, provisional, pending, merged, part-year."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fengqiao_eval.errors import SCORED
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.model import Indicator, Scheme, least_at
from fengqiao_eval.scorecards.lines import IndicatorLine, Row
from fengqiao_eval.scorecards.wording import fixed, note, number, period_words, plain, text
from fengqiao_eval.words import say

NOTES = 12
"""As many notes of the run as a card repeats; the manifest holds all."""


def unknowns(
    scheme: Scheme, unit: Row, lines: Sequence[IndicatorLine], manifest: Mapping[str, Any], lang: str
) -> tuple[str, ...]:
    """List what a reader must know before believing the card."""
    this = str(manifest["periods"]["this"])
    return (
        *_missing(scheme, text(unit.get("level")), lines, lang),
        *_void_months(scheme, {line.code for line in lines}, this, lang),
        *_unit(unit, lang),
        *_notes(manifest.get("notes", []), lang),
    )


def _missing(scheme: Scheme, level: str, lines: Iterable[IndicatorLine], lang: str) -> Iterator[str]:
    """Say, for each status and what then happens, which indicators it befell."""
    by_code = {indicator.code: indicator for indicator in scheme.indicators}
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.status != "ok":
            groups.setdefault((line.status, _rule(by_code[line.code], line)), []).append(
                _named(by_code[line.code], line, level, lang)
            )
    for (status, rule), names in groups.items():
        then = say(f"card.then.{rule}", lang)
        yield say(f"card.unknown.{status}", lang, labels=say("card.comma", lang).join(names), then=then)


def _rule(indicator: Indicator, line: IndicatorLine) -> str:
    """Name what the scheme does with an indicator that could not be counted."""
    return "scored" if line.status in SCORED else indicator.missing


def _named(indicator: Indicator, line: IndicatorLine, level: str, lang: str) -> str:
    """Name an indicator with what makes its status plain: the sample that was too small, the days still to wait."""
    if line.status == "too_few":
        return say("card.unknown.sample", lang, label=line.label, n=plain(line.n), least=least_at(indicator, level))
    if line.status == "provisional":
        return say("card.unknown.days", lang, label=line.label, days=indicator.measure.settles_days)
    return line.label


def _void_months(scheme: Scheme, codes: set[str], this: str, lang: str) -> Iterator[str]:
    months = parse(this).month_numbers
    names = {indicator.code: indicator.name(lang) for indicator in scheme.indicators}
    for void in scheme.void:
        if void.indicator in codes and parse(void.period).first in months:
            month = period_words(void.period, lang)
            yield say("card.unknown.void_month", lang, label=names[void.indicator], month=month, reason=void.reason)


def _unit(unit: Row, lang: str) -> Iterator[str]:
    if merged := text(unit.get("merged_from")):
        yield say("card.unknown.merged", lang, units=merged.replace(",", say("card.comma", lang)))
    served, days = number(unit.get("person_days")), number(unit.get("days_in_period"))
    if unit.get("level") == "officer" and served is not None and days and served < days:
        yield say("card.unknown.part_period", lang, served=plain(served, 1), days=plain(days))


def _notes(notes: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    yield from (note(one["key"], one.get("given", {}), lang) for one in notes[:NOTES])
    if len(notes) > NOTES:
        yield say("card.unknown.more", lang, n=len(notes) - NOTES)


def why_not_ranked(scheme: Scheme, unit_id: str, rank: Row, lines: Sequence[IndicatorLine], lang: str) -> tuple[str, ...]:
    """Give the reasons why a unit has no place; the scheme's rules decide, the card repeats them."""
    if unit_id in scheme.unranked:
        return (say("card.unranked.unknown", lang),)
    covered, least = number(rank.get("covered")) or 0.0, float(scheme.least_covered)
    rules = {indicator.code: indicator.missing for indicator in scheme.indicators}
    reasons = [
        say("card.unranked.missing", lang, label=line.label, status=say(f"status.{line.status}", lang))
        for line in lines
        if not line.scored and rules[line.code] == "not_ranked"
    ]
    if covered < least:
        shares = {"covered": fixed(100 * covered, 1), "least": plain(100 * least, 1)}
        reasons.append(say("card.unranked.covered", lang, **shares))
    flags = [flag for flag in text(rank.get("flags")).split(",") if flag and flag not in {"low_coverage", "not_ranked"}]
    return tuple(reasons or [say(f"flag.{flag}", lang) for flag in flags] or [say("card.unranked.other", lang)])
