"""What the scheme says, in plain sentences made from the scheme itself: definition, rule, conditions, effects, aggregation."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

from fengqiao_eval.scheme.benchmark import Quota
from fengqiao_eval.scheme.indicator import Consequence, Entry, Indicator, Outside
from fengqiao_eval.scheme.measure import Count
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks
from fengqiao_eval.wording.numbers import term
from fengqiao_eval.wording.rules import RuleWords, Words, level_names, plain_number, reference_words, table_label
from fengqiao_eval.words import say

Names = Mapping[str, str]
"""Labels by code; a code that is not there is said as it is."""


NOBODY: Names = MappingProxyType({})


def definition(entry: Entry, lang: str) -> str:
    """Say what is counted, by which date a record belongs to a period, and against what the value is held."""
    measure: Any = entry.measure
    if measure.kind == "figure":
        said = [say("definition.figure", lang, figure=measure.figure)]
    else:
        words = Words(measure.table, lang)
        said = [say("definition.dated", lang, said=_measure_words(measure, words), date=words.column(measure.date))]
    for number, reference in enumerate(reference_words(entry, lang)):
        said.append(say("definition.against_more" if number else "definition.against", lang, reference=reference))
    return _join_clauses(said, lang)


def _join_clauses(said: list[str], lang: str) -> str:
    return say("screen.semicolon", lang).join(said)


def _measure_words(measure: Any, words: Words) -> str:
    """Say the measure: of a count its own sentences, of all others the one of its kind."""
    if not isinstance(measure, Count):
        return say(f"definition.{measure.kind}", words.lang, **_measure_values(measure, words))
    rows = _worth(measure, words)
    if measure.per is None:
        key = "definition.summed" if measure.worth or measure.times or measure.best_of else "definition.number"
        return say(key, words.lang, rows=rows)
    per = say(f"definition.per.{measure.per}", words.lang)
    key = "definition.count_per" if measure.scale == 1 else "definition.count"
    return say(key, words.lang, rows=rows, per=per, scale=plain_number(measure.scale))


def _worth(count: Count, words: Words) -> str:
    """Say which rows count, what each is worth, what multiplies it, and which of several alike."""
    said = [words.worth(part) for part in count.worth] + [words.factor(factor) for factor in count.times]
    if count.best_of:
        said.append(say("definition.best_of", words.lang, columns=words.columns(count.best_of)))
    rows = words.rows(count.where)
    return say("definition.worth", words.lang, rows=rows, worth=words.phrase("comma").join(said)) if said else rows


def _measure_values(measure: Any, words: Words) -> dict[str, Any]:
    """Gather what the sentence of a kind of measure speaks of; it takes what it needs."""
    given: dict[str, Any] = {"rows": words.rows(measure.where), "q": getattr(measure, "q", None)}
    for name in ("numerator", "denominator", "column"):
        if isinstance(getattr(measure, name, None), str):
            given[name] = words.column(getattr(measure, name))
    if hasattr(measure, "of"):
        given["of"] = words.operand(measure.of)
    if hasattr(measure, "met"):
        given["met"] = words.tests(measure.met)
    if hasattr(measure, "values"):
        given["values"] = words.codes(measure.values)
    return given


def data_source(entry: Entry, lang: str) -> str:
    """Say from which table and columns an entry is counted, and which figures it takes from elsewhere."""
    measure: Any = entry.measure
    figures = [reference.figure for reference in entry.against if isinstance(reference, Quota) and reference.figure]
    if measure.kind == "figure":
        return _source("figures", measure.figure, lang)
    words = Words(measure.table, lang)
    said = [_source(measure.table, words.columns(measure.columns), lang)]
    said += [_table(table, lang) for table in measure.tables[1:]]
    return _join_clauses(said + [_source("figures", figure, lang) for figure in figures], lang)


def _source(table: str, columns: str, lang: str) -> str:
    return say("definition.source", lang, table=_table(table, lang), columns=columns)


def _table(table: str, lang: str) -> str:
    label = table_label(table, lang)
    return table if label == table else say("definition.table", lang, label=label, table=table)


def points_words(entry: Entry, lang: str, full: int = 100) -> str:
    """Say how a value becomes points of an indicator, or what a line outside the hundred does to total or grade."""
    if not isinstance(entry, Indicator):
        return _effect(cast("Consequence", entry), lang)
    marks = max(entry.weight.values()) if isinstance(entry.weight, dict) else entry.weight
    return RuleWords(entry, lang, marks if entry.points.in_marks else full).sentence()


def _effect(line: Consequence, lang: str, names: Names = NOBODY) -> str:
    """Say what a line outside the hundred does, from which value on, and whether only to a year."""
    if line.points is not None:
        said = say(f"definition.effect.{line.effect}", lang, rule=RuleWords(line, lang, None).sentence())
    else:
        once = line.from_value == 1
        when = say("definition.once" if once else "definition.from", lang, value=plain_number(line.from_value), unit=line.unit)
        item = names.get(line.item or "", line.item)
        said = say(f"definition.effect.{line.effect}", lang, when=when, item=item, grade=line.grade)
    return said + (say("definition.year_only", lang) if line.year_only else "")


def rule_of(entry: Entry, scheme: Scheme, lang: str) -> str:
    """Say the rule of an entry as `points_words` does, with the scheme's full marks and the labels of other items."""
    names = {other.code: other.name(lang) for other in scheme.entries}
    return _effect(entry, lang, names) if isinstance(entry, Consequence) else points_words(entry, lang, base_marks(scheme))


def conditions(entry: Entry, lang: str, names: Names = NOBODY) -> str:
    """Say on what an entry depends: levels, smallest number of records, days until it is settled, gate, exemptions."""
    return _join_clauses(list(_conditions(entry, lang, names)), lang)


def _conditions(entry: Entry, lang: str, names: Names) -> Iterator[str]:
    yield say(f"definition.direction.{entry.direction}", lang)
    if entry.levels is not None:
        levels = say("definition.list", lang).join(term("level", level, lang) for level in entry.levels)
        yield say("definition.levels", lang, levels=levels)
    if entry.least != 1:
        yield say("definition.least", lang, least=_level_values(entry.least, lang))
    if days := entry.measure.settles_days:
        yield say("definition.settles", lang, days=days)
    if isinstance(entry, Indicator) and (gate := entry.gate):
        key, bound = ("gate_at_most", gate.at_most) if gate.at_least is None else ("gate_at_least", gate.at_least)
        indicator = names.get(gate.indicator, gate.indicator)
        yield say(f"definition.{key}", lang, indicator=indicator, line=plain_number(bound))
    if isinstance(entry, Indicator) and (exempt := entry.not_applicable):
        who = say("definition.list", lang).join((*exempt.classes, *exempt.units))
        yield say(f"definition.exempt.{exempt.give}", lang, who=who)


def _level_values(least: Any, lang: str) -> str:
    if not isinstance(least, dict):
        return plain_number(least)
    return say("definition.list", lang).join(f"{name} {plain_number(number)}" for name, number in level_names(least, lang))


def aggregation_words(group: Dimension | Outside, lang: str) -> str:
    """Say how the parts of a group come together: mean, limits, whether only the weightiest counts; empty where as usual."""
    outside = isinstance(group, Outside)
    said = [say("definition.gather.geometric", lang)] if getattr(group, "aggregation", "") == "geometric" else []
    said += [say("definition.gather.best_of", lang)] if getattr(group, "best_of", False) else []
    for name in ("floor", "cap"):
        if (limit := getattr(group, name)) is not None:
            taken = outside and limit <= 0
            key = f"definition.gather.{name}_taken" if taken else f"definition.gather.{name}{'_added' if outside else ''}"
            said.append(say(key, lang, limit=plain_number(abs(limit))))
    return _join_clauses(said, lang)


def scheme_words(scheme: Scheme, lang: str) -> str:
    """Say what holds for the whole table: style of weights, full marks, mean, longer periods, grades."""
    said = [say(f"definition.scheme.{scheme.weights}", lang), say(f"definition.scheme.{scheme.aggregation}", lang)]
    said.append(say("definition.scheme.full", lang, full=_level_values(scheme.full_marks, lang)))
    longer = scheme.longer_period if scheme.longer_period == "recount" else "_".join(scheme.mean_of)
    said.append(say(f"definition.scheme.longer.{longer}", lang))
    if scheme.bands:
        bands = [
            f"{band.grade_en if lang == 'en' and band.grade_en else band.grade} {plain_number(band.at_least)}"
            for band in scheme.bands
        ]
        said.append(say("definition.scheme.bands", lang, bands=say("definition.list", lang).join(bands)))
    return _join_clauses(said, lang)
