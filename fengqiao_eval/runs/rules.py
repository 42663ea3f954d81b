"""How an indicator reads in words: which rows it counts, what they must meet, and how its value becomes points."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from fengqiao_eval.scheme.counted import (
    Coded,
    Count,
    Distinct,
    Elapsed,
    Figure,
    Filter,
    Mean,
    Quantile,
    Ratio,
    Share,
    Test,
)
from fengqiao_eval.scheme.model import Indicator
from fengqiao_eval.scheme.rules import Curve, Pass, Steps
from fengqiao_eval.scorecards.wording import plain
from fengqiao_eval.words import say


def counted(indicator: Indicator, lang: str) -> list[str]:
    """Say what is counted: one line of the measure, one of its filter where it has any."""
    measure = indicator.measure
    if isinstance(measure, Figure):
        return [say("explain.kind.figure", lang, figure=measure.figure)]
    dated = say("explain.dated", lang, table=measure.table, date=measure.date)
    where = [say("explain.where", lang, filter=filtered(measure.where, lang))] if measure.where else []
    return [_kind(measure, lang) + dated, *where]


def _kind(measure: Any, lang: str) -> str:
    kind = f"explain.kind.{measure.kind}"
    if isinstance(measure, (Share, Distinct)):
        of = measure.of if isinstance(measure, Distinct) else ""
        return say(kind, lang, met=filtered(measure.met, lang), of=of)
    if isinstance(measure, Coded):
        codes = _listed((f"{word} {code}" for word, code in measure.values.items()), lang)
        return say(kind, lang, column=measure.column, codes=codes)
    if isinstance(measure, Ratio):
        return say(kind, lang, above=measure.numerator, below=measure.denominator)
    if isinstance(measure, Count):
        return say(kind, lang, per=say(f"explain.per.{measure.per}", lang), scale=plain(float(measure.scale)))
    return say(kind, lang, of=_amount(measure, lang), q=getattr(measure, "q", ""))


def _amount(measure: Mean | Quantile, lang: str) -> str:
    if not isinstance(measure.of, Elapsed):
        return measure.of
    start, end = measure.of.minutes
    return say("explain.minutes", lang, start=start, end=end)


def filtered(tests: Filter, lang: str) -> str:
    """Say a filter: every test of it must hold."""
    return say("explain.and", lang).join(_test(column, test, lang) for column, test in tests.items())


def _test(column: str, test: Test, lang: str) -> str:
    given: Mapping[str, Any] = {name: getattr(test, name) for name in Test.model_fields if getattr(test, name) is not None}
    return say("explain.and", lang).join(_condition(column, name, value, lang) for name, value in given.items())


def _condition(column: str, name: str, value: Any, lang: str) -> str:
    if name == "present":
        name = "present" if value else "absent"
    if name == "within":
        limit = next((unit, amount) for unit in ("minutes", "hours", "days") if (amount := getattr(value, unit)) is not None)
        return say(f"explain.test.within_{limit[0]}", lang, column=column, of=value.of, limit=limit[1])
    words = _listed(map(_word, value), lang) if isinstance(value, tuple) else value
    return say(f"explain.test.{name.rstrip('_')}", lang, column=column, value=words)


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _listed(words: Iterable[str], lang: str) -> str:
    return say("explain.comma", lang).join(words)


def pointed(indicator: Indicator, lang: str) -> str:
    """Say how a value becomes points."""
    rule, better = indicator.points, say(f"explain.direction.{indicator.direction}", lang)
    given = {"better": better, "unit": indicator.unit}
    if isinstance(rule, Curve):
        return say("explain.rule.curve", lang, **given, knots=_listed((f"{v}→{p}" for v, p in rule.knots), lang))
    if isinstance(rule, Steps):
        steps = _listed((f"{v}→{p}" for v, p in rule.steps), lang)
        return say("explain.rule.steps", lang, **given, steps=steps, otherwise=rule.otherwise)
    if isinstance(rule, Pass):
        return say("explain.rule.pass", lang, **given, at=rule.at, otherwise=rule.otherwise)
    return say(f"explain.rule.{rule.kind}", lang, **given)


def reckoned(rule: Any, value: float) -> str:
    """Write the sum behind points on a curve; empty for other rules, and where the curve is flat beyond its ends.

    >>> reckoned(Curve(kind="curve", knots=((60, 0), (85, 60), (95, 90))), 90.0)
    '60 + (90 − 85) / (95 − 85) × (90 − 60)'
    """
    if not isinstance(rule, Curve):
        return ""
    for (left, low), (right, high) in pairwise(rule.knots):
        if left <= value <= right:
            return f"{low} + ({_digits(value)} − {left}) / ({right} − {left}) × ({high} − {low})"
    return ""


def _digits(value: float) -> str:
    """Write a value with so many digits that the points can be reckoned from it."""
    return plain(value, 6).replace(",", "")
