"""What the scheme says, in plain sentences made from the scheme itself: definition, rule, conditions, effects, aggregation."""

from collections.abc import Mapping
from typing import Any, cast

from fengqiao_eval.scheme.benchmark import Quota
from fengqiao_eval.scheme.indicator import Consequence, Entry, Indicator, Outside
from fengqiao_eval.scheme.measure import Count
from fengqiao_eval.scheme.scheme import Dimension, Scheme, base_marks
from fengqiao_eval.wording.numbers import term
from fengqiao_eval.wording.rules import RuleWords, Words, level_names, plain_number, reference_words, table_label, value_words
from fengqiao_eval.words import say

Names = Mapping[str, str]
"""Labels by code; a code that is not there is said as it is."""


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
    """Say the measure: of a count which rows count, what each is worth and per what; of all others the sentence of its kind."""
    if not isinstance(measure, Count):
        return words.phrase(measure.kind, **_measure_values(measure, words))
    rows = words.rows(measure.where)
    worth = [words.worth(part) for part in measure.worth] + [words.factor(factor) for factor in measure.times]
    worth += [words.phrase("best_of", columns=words.columns(measure.best_of))] if measure.best_of else []
    if worth:
        rows = words.phrase("worth", rows=rows, worth=words.phrase("comma").join(worth))
    if measure.per is None:
        return words.phrase("summed" if worth else "number", rows=rows)
    per, scale = words.phrase(f"per.{measure.per}"), plain_number(measure.scale)
    return words.phrase("count_per" if measure.scale == 1 else "count", rows=rows, per=per, scale=scale)


def _measure_values(measure: Any, words: Words) -> dict[str, Any]:
    """Gather what the sentence of a kind of measure speaks of; it takes what it needs."""
    parts: dict[str, Any] = dict.fromkeys(("numerator", "denominator", "column"), words.column)
    parts |= {"of": words.operand, "met": words.tests, "values": words.codes}
    there = {name: put(getattr(measure, name)) for name, put in parts.items() if hasattr(measure, name)}
    return {"rows": words.rows(measure.where), "q": getattr(measure, "q", None), **there}


def data_source(entry: Entry, lang: str) -> str:
    """Say from which table and columns an entry is counted, and which figures it takes from elsewhere."""
    measure: Any = entry.measure
    figures = [reference.figure for reference in entry.against if isinstance(reference, Quota) and reference.figure]
    counted = [] if measure.kind == "figure" else [(table, "") for table in measure.tables]
    if counted:
        counted[0] = measure.table, Words(measure.table, lang).columns(measure.columns)
    else:
        figures = [measure.figure]
    said = []
    for table, columns in (*counted, *(("figures", figure) for figure in figures)):
        label = table_label(table, lang)
        name = table if label == table else say("definition.table", lang, label=label, table=table)
        said.append(say("definition.source", lang, table=name, columns=columns) if columns else name)
    return _join_clauses(said, lang)


def rule_of(entry: Entry, scheme: Scheme, lang: str) -> str:
    """Say how a value becomes points of an indicator, or what a line outside the hundred does to total or grade.

    Of such a line also from which value on, and whether only to a year. The scheme gives full marks, and the labels of items.
    """
    if isinstance(entry, Indicator):
        marks = max(entry.weight.values()) if isinstance(entry.weight, dict) else entry.weight
        return RuleWords(entry, lang, marks if entry.points.in_marks else base_marks(scheme)).sentence()
    line = cast("Consequence", entry)
    if line.points is not None:
        given: dict[str, Any] = {"rule": RuleWords(line, lang, None).sentence()}
    else:
        key = "definition.once" if line.from_value == 1 else "definition.from"
        when = say(key, lang, value=value_words(line.from_value, line.unit, lang))
        item = next((other.name(lang) for other in scheme.entries if other.code == line.item), line.item)
        given = {"when": when, "item": item, "grade": line.grade}
    said = say(f"definition.effect.{line.effect}", lang, **given)
    return said + (say("definition.year_only", lang) if line.year_only else "")


def conditions(entry: Entry, lang: str, names: Names) -> str:
    """Say on what an entry depends: levels, smallest number of records, days until it is settled, gate, exemptions."""
    said = [say(f"definition.direction.{entry.direction}", lang)]
    if entry.levels is not None:
        levels = say("definition.list", lang).join(term("level", level, lang) for level in entry.levels)
        said.append(say("definition.levels", lang, levels=levels))
    if entry.least == 0:
        said.append(say("definition.least_none", lang))
    elif entry.least != 1:
        said.append(say("definition.least", lang, least=_level_values(entry.least, lang)))
    if days := entry.measure.settles_days:
        said.append(say("definition.settles", lang, days=days))
    if isinstance(entry, Indicator) and (gate := entry.gate):
        key, bound = ("gate_at_most", gate.at_most) if gate.at_least is None else ("gate_at_least", gate.at_least)
        indicator = names.get(gate.indicator, gate.indicator)
        said.append(say(f"definition.{key}", lang, indicator=indicator, line=plain_number(bound)))
    if isinstance(entry, Indicator) and (exempt := entry.not_applicable):
        who = say("definition.list", lang).join((*exempt.classes, *exempt.units))
        said.append(say(f"definition.exempt.{exempt.give}", lang, who=who))
    return _join_clauses(said, lang)


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
    longer = scheme.longer_period if scheme.longer_period == "recount" else "_".join(scheme.mean_of)
    said = [say(f"definition.scheme.{word}", lang) for word in (scheme.weights, scheme.aggregation, f"longer.{longer}")]
    said.insert(2, say("definition.scheme.full", lang, full=_level_values(scheme.full_marks, lang)))
    if scheme.bands:
        bands = [f"{band.name(lang)} {plain_number(band.at_least)}" for band in scheme.bands]
        said.append(say("definition.scheme.bands", lang, bands=say("definition.list", lang).join(bands)))
    return _join_clauses(said, lang)
