"""What must be known before a number is believed: what the records could not tell, and what lint found."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.lines import IndicatorLine, Row
from fengqiao_eval.scheme.scheme import Scheme, least_at, least_percent
from fengqiao_eval.wording.numbers import covered_part, flags, note, number, plain, shown_status, text
from fengqiao_eval.wording.rules import labels
from fengqiao_eval.words import say

NAMED = 5
"""As many cells of a template as are named one by one."""

FOR_EVALUATORS = (
    *("mapping_idle", "mapping_no_table", "set_over", "own_column", "words_absent", "codes_idle", "figures_idle", "ids_idle"),
    *("outside_idle", "outside_known", "files_unread"),
    *("no_sample", "no_sample_scored", "nothing_scored", "part_scored"),
    *("error_none", "error_no_n", "error_no_spread"),
)
"""Notes for those who keep scheme and parameters: a card does not repeat them, pages of the whole run do.

Of its own unit it says what has no sample, is not scored or has no error where that stands.
"""
NOTES = 12
"""As many notes of the run as a card repeats; the manifest holds all."""


def unknowns(
    scheme: Scheme, unit: Row, lines: Sequence[IndicatorLine], manifest: Mapping[str, Any], lang: str
) -> tuple[str, ...]:
    """List what a reader must know before believing the card; unit is its own row, with `group`, the class compared within."""
    level = text(unit.get("level"))
    told = [line for line in lines if line.own] if level == OFFICER else lines  # an officer's card says the rest to the person
    return (
        *missing_indicators(scheme, level, told, lang),
        *_merger(unit, lang),
        *_notes(scheme, unit, manifest.get("notes", []), lang),
    )


def missing_indicators(scheme: Scheme, level: str, lines: Iterable[IndicatorLine], lang: str) -> Iterator[str]:
    """Say, for each status and what then happens, which indicators it befell."""
    by_code = {indicator.code: indicator for indicator in scheme.indicators}
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        indicator, label = by_code[line.code], line.label
        then: str = "scored" if line.own else indicator.missing
        if line.status == "not_applicable":
            then = indicator.not_applicable.give if indicator.not_applicable else "redistribute"
        elif line.status == "too_few":
            key, n = ("no_sample", "") if line.n is None else ("sample", plain(line.n))
            label = say(f"card.unknown.{key}", lang, label=label, n=n, least=least_at(indicator, level))
        elif line.status == "provisional":
            label = say("card.unknown.days", lang, label=label, days=indicator.measure.settles_days)
        if line.status != "ok":
            status = shown_status(line.status, line.n) if line.status == "no_records" else line.status
            groups.setdefault((status, then), []).append(label)
    for (status, then), those in groups.items():
        words = {"labels": say("card.comma", lang).join(those), "then": say(f"card.then.{then}", lang)}
        yield say(f"card.unknown.{status}", lang, **words)


def _merger(unit: Row, lang: str) -> Iterator[str]:
    if merged := text(unit.get("merged_from")):
        yield say("card.unknown.merged", lang, units=merged.replace(",", say("card.comma", lang)))


def _notes(scheme: Scheme, unit: Row, notes: Sequence[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Repeat the notes of the run but those that speak of another level or class, or to evaluators; say how many more it has.

    Indicators and tables are named in the reader's language; the run wrote them in Chinese.
    """
    called = labels(scheme, lang)
    told = [(one["key"], one.get("given", {})) for one in notes if one["key"] not in FOR_EVALUATORS]
    mine = [(key, given) for key, given in told if all(given.get(name, unit[name]) == unit[name] for name in ("level", "group"))]
    for key, given in mine[:NOTES]:
        yield note(key, given, lang, called)
    if len(notes) > len(mine[:NOTES]):
        yield say("card.unknown.more", lang, n=len(notes) - len(mine[:NOTES]))


def empty_months(manifest: Mapping[str, Any]) -> dict[tuple[str, str], frozenset[str]]:
    """Give the months in which a table holds no record of anybody, by the table and the date by which it is counted."""
    told = [one["given"] for one in manifest.get("notes", ()) if one["key"] == "empty_months"]
    # an older run looked at the table's own date alone
    every = [(given, given.get("dates") or TABLES[given["source"]].own_date) for given in told]
    return {(given["source"], date): frozenset(given["each"].split()) for given, dates in every for date in dates.split(", ")}


def unranked_reasons(scheme: Scheme, unit_id: str, rank: Row, lines: Sequence[IndicatorLine], lang: str) -> tuple[str, ...]:
    """Give the reasons why a unit has no place; the scheme's rules decide, the card repeats them."""
    if unit_id in scheme.unranked:
        return (say("card.unranked.unknown", lang),)
    if not number(rank.get("covered")):
        return (say("card.unranked.other", lang),)
    barring, raised = {i.code for i in scheme.indicators if i.bars_place}, flags(rank.get("flags"))
    reasons = [
        say("card.unranked.missing", lang, label=line.label, status=say(f"status.{shown_status(line.status, line.n)}", lang))
        for line in lines
        if not line.scored and line.status != "not_applicable" and line.code in barring
    ]
    if "low_coverage" in raised:
        shares = {"covered": covered_part(rank["covered"]), "least": least_percent(scheme)}
        reasons.append(say("card.unranked.covered", lang, **shares))
    rest = (say(f"flag.{flag}", lang) for flag in raised if flag not in {"low_coverage", "not_ranked"})
    return tuple(reasons or rest) or (say("card.unranked.other", lang),)


def banner(manifest: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """Say which lines of the scheme must be dropped or answered for, on whose authority, and who answers for them.

    One head, then a line for each source and answer; empty where there is nothing to say.

    >>> one = {"level": "stop", "name": {"zh": "破案率"}, "source": {"zh": ["公安部令第137号"]}, "justified": []}
    >>> banner({"lint": [one]}, "zh")[1]
    '破案率（公安部令第137号）：尚无人说明理由，所得分数不宜用于奖惩。'
    """
    worst = [one for one in manifest.get("lint", ()) if one["level"] == "stop"]
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for one in worst:
        answer = tuple(one["justified"][0].items()) if one["justified"] else ()
        alike.setdefault((one["source"][lang][0], answer), []).append(one["name"][lang])
    said = [say("lint.banner", lang, n=len(worst))] if worst else []
    for (source, answer), names in alike.items():
        given = {"name": say("explain.comma", lang).join(names), "source": source}
        key = "lint.banner_justified" if answer else "lint.banner_open"
        said.append(say(key, lang, **given, **dict(answer)))
    return tuple(said)


def template_lines(templates: Iterable[Mapping[str, Any]], levels: Collection[str], lang: str) -> Iterator[str]:
    """Say which notebooks that print the cards of some levels differ from those shipped, and in which cells.

    >>> cells = {"changed": ["trend"], "added": ["a1", "a2"], "removed": [], "moved": []}
    >>> next(template_lines([{"name": "station_scorecard.ipynb", "levels": ["station"], **cells}], ["station"], "zh"))
    '模板 station_scorecard.ipynb 与随程序发布的不同（改动 1 格：trend；新增 2 格），计分卡按它打印'
    """
    for told in templates:
        if set(told["levels"]) & set(levels):
            said = [
                say(f"template.{kind}", lang, n=len(cells), cells=say("card.comma", lang).join(cells[:NAMED]))
                for kind in ("changed", "added", "removed", "moved")
                if (cells := told[kind])
            ]
            yield say("template.differs", lang, name=told["name"], cells=say("card.semicolon", lang).join(said))
