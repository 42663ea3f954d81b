"""What must be known before a number is believed: what the records could not tell, and what lint found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fengqiao_eval.errors import SCORED
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.lines import IndicatorLine, Row
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Scheme, least_at
from fengqiao_eval.wording.numbers import fixed, note, number, plain, text
from fengqiao_eval.words import say

# What the records could not tell, said in sentences: missing, late, void, provisional, pending, merged, part-year.


NOTES = 12
"""As many notes of the run as a card repeats; the manifest holds all."""


def unknowns(
    scheme: Scheme, unit: Row, lines: Sequence[IndicatorLine], manifest: Mapping[str, Any], lang: str
) -> tuple[str, ...]:
    """List what a reader must know before believing the card; unit is its own row, with `group`, the class compared within."""
    return (
        *_missing_indicators(scheme, text(unit.get("level")), lines, lang),
        *_unit(unit, lang),
        *_notes(scheme, unit, manifest.get("notes", []), lang),
    )


def _missing_indicators(scheme: Scheme, level: str, lines: Iterable[IndicatorLine], lang: str) -> Iterator[str]:
    """Say, for each status and what then happens, which indicators it befell."""
    by_code = {indicator.code: indicator for indicator in scheme.indicators}
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line.status != "ok":
            groups.setdefault((line.status, _rule(by_code[line.code], line)), []).append(
                _indicator_words(by_code[line.code], line, level, lang)
            )
    for (status, rule), names in groups.items():
        then = say(f"card.then.{rule}", lang)
        yield say(f"card.unknown.{status}", lang, labels=say("card.comma", lang).join(names), then=then)


def _rule(indicator: Indicator, line: IndicatorLine) -> str:
    """Name what the scheme does with an indicator that could not be counted."""
    if line.status == "not_applicable":
        return indicator.not_applicable.give if indicator.not_applicable else "redistribute"
    return "scored" if line.status in SCORED else indicator.missing


def _indicator_words(indicator: Indicator, line: IndicatorLine, level: str, lang: str) -> str:
    """Name an indicator with what makes its status plain: the sample that was too small, the days still to wait."""
    if line.status == "too_few":
        return say("card.unknown.sample", lang, label=line.label, n=plain(line.n), least=least_at(indicator, level))
    if line.status == "provisional":
        return say("card.unknown.days", lang, label=line.label, days=indicator.measure.settles_days)
    return line.label


def _unit(unit: Row, lang: str) -> Iterator[str]:
    if merged := text(unit.get("merged_from")):
        yield say("card.unknown.merged", lang, units=merged.replace(",", say("card.comma", lang)))
    served, days = number(unit.get("person_days")), number(unit.get("days_in_period"))
    if unit.get("level") == "officer" and served is not None and days and served < days:
        yield say("card.unknown.part_period", lang, served=plain(served, 1), days=plain(days))


def _notes(scheme: Scheme, unit: Row, notes: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Repeat the notes of the run, those that speak of another level or class apart."""
    told = [(one["key"], one.get("given", {})) for one in notes]
    mine = [(key, given) for key, given in told if all(given.get(name, unit[name]) == unit[name] for name in ("level", "group"))]
    yield from (note(key, _translate_names(lang, scheme, given), lang) for key, given in mine[:NOTES])
    if len(mine) > NOTES:
        yield say("card.unknown.more", lang, n=len(mine) - NOTES)


def _translate_names(lang: str, scheme: Scheme, given: Mapping[str, Any]) -> dict[str, Any]:
    """Name indicators and tables in the reader's language; the run wrote them in Chinese."""
    names = {i.label: i.name(lang) for i in scheme.indicators}
    names |= {table.label: table.name for table in TABLES.values()} if lang == "en" else {}
    return {name: names.get(value, value) if isinstance(value, str) else value for name, value in given.items()}


def unranked_reasons(scheme: Scheme, unit_id: str, rank: Row, lines: Sequence[IndicatorLine], lang: str) -> tuple[str, ...]:
    """Give the reasons why a unit has no place; the scheme's rules decide, the card repeats them."""
    if unit_id in scheme.unranked:
        return (say("card.unranked.unknown", lang),)
    covered, least = number(rank.get("covered")) or 0.0, float(scheme.least_covered)
    rules = {indicator.code: indicator.missing for indicator in scheme.indicators}
    reasons = [
        say("card.unranked.missing", lang, label=line.label, status=say(f"status.{line.status}", lang))
        for line in lines
        if not line.scored and line.status != "not_applicable" and rules[line.code] == "not_ranked"
    ]
    if covered < least:
        shares = {"covered": fixed(100 * covered, 1), "least": plain(100 * least, 1)}
        reasons.append(say("card.unranked.covered", lang, **shares))
    flags = [flag for flag in text(rank.get("flags")).split(",") if flag and flag not in {"low_coverage", "not_ranked"}]
    return tuple(reasons or [say(f"flag.{flag}", lang) for flag in flags] or [say("card.unranked.other", lang)])


# The banner of a run whose scheme scores what must be dropped or answered for: in words, on every page.


def banner(manifest: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """Say which lines of the scheme must be dropped or answered for, on whose authority, and who answers for them.

    One head, then a line for each source and answer; empty where there is nothing to say.

    >>> one = {"level": "stop", "name": {"zh": "破案率"}, "source": {"zh": ["公安部令第137号"]}, "justified": []}
    >>> banner({"lint": [one]}, "zh")[1]
    '破案率（公安部令第137号）：尚无人说明理由，所得分数不宜用于奖惩。'
    """
    worst = [one for one in manifest.get("lint", ()) if one["level"] == "stop"]
    return (say("lint.banner", lang, n=len(worst)), *_lines(worst, lang)) if worst else ()


def _lines(worst: list[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Put together what rests on the same source and has the same answer."""
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for one in worst:
        answer = tuple(one["justified"][0].items()) if one["justified"] else ()
        alike.setdefault((one["source"][lang][0], answer), []).append(one["name"][lang])
    for (source, answer), names in alike.items():
        given = {"name": say("explain.comma", lang).join(names), "source": source}
        yield say("lint.banner_justified", lang, **given, **dict(answer)) if answer else say("lint.banner_open", lang, **given)
