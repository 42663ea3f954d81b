"""The definition of an indicator and its rule of points in one sentence each, made from the scheme itself."""

import re
from collections.abc import Iterator
from typing import Any

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.counted import Elapsed
from fengqiao_eval.scheme.filters import Filter, Test
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.words import say


def definition(indicator: Indicator, lang: str) -> str:
    """Say what is counted: numerator, denominator, and the date that puts a record in a period."""
    measure: Any = indicator.measure
    if measure.kind == "figure":
        return say("definition.figure", lang, figure=measure.figure)
    words = _Words(measure.table, lang)
    said = say(f"definition.{measure.kind}", lang, **_given(measure, words))
    return say("definition.dated", lang, said=said, date=words.column(measure.date))


def _given(measure: Any, words: "_Words") -> dict[str, Any]:
    """Gather what the sentence of a kind of measure speaks of; it takes what it needs."""
    given: dict[str, Any] = {"rows": words.rows(measure.where)}
    for name in ("numerator", "denominator", "column"):
        if isinstance(getattr(measure, name, None), str):
            given[name] = words.column(getattr(measure, name))
    if hasattr(measure, "of"):
        given["of"] = words.operand(measure.of)
    if hasattr(measure, "met"):
        given["met"] = words.tests(measure.met)
    if hasattr(measure, "values"):
        coded = [f"{word}={code}" for word, code in measure.values.items()]
        given["values"] = say("definition.list", words.lang).join(coded)
    if hasattr(measure, "per"):
        given |= {"per": say(f"definition.per.{measure.per}", words.lang), "scale": measure.scale}
    return given | {"q": getattr(measure, "q", None)}


class _Words:
    """Words for the columns and tests of one table."""

    def __init__(self, table: str, lang: str) -> None:
        self.table, self.lang = TABLES.get(table), lang
        self.label = self.table.label if self.table and lang == "zh" else table

    def column(self, name: str) -> str:
        """Name a column: its meaning in Chinese where it is declared, else as it is written."""
        known = self.table.column(name) if self.table and self.lang == "zh" else None
        return re.split("[（：，:]", known.meaning)[0] if known else name

    def operand(self, of: str | Elapsed) -> str:
        if isinstance(of, str):
            return self.column(of)
        start, end = map(self.column, of.minutes)
        return say("definition.elapsed", self.lang, start=start, end=end)

    def rows(self, where: Filter) -> str:
        key = "definition.rows_where" if where else "definition.rows"
        return say(key, self.lang, table=self.label, where=self.tests(where))

    def tests(self, tests: Filter) -> str:
        parts = [part for name, test in tests.items() for part in self._test(self.column(name), test)]
        return say("definition.and", self.lang).join(parts)

    def several(self, given: Any) -> str:
        return say("definition.or", self.lang).join(map(self._value, given))

    def _value(self, given: Any) -> str:
        return say(f"definition.{'yes' if given else 'no'}", self.lang) if isinstance(given, bool) else str(given)

    def _test(self, column: str, test: Test) -> Iterator[str]:
        for name in ("in_", "not_in"):
            if getattr(test, name) is not None:
                yield self._say(name.rstrip("_"), column, self.several(getattr(test, name)))
        if test.present is not None:
            yield self._say("present" if test.present else "absent", column)
        for name in ("at_least", "at_most", "above", "below", "not_after"):
            bound = getattr(test, name)
            if bound is not None:
                yield self._say(name, column, self.column(bound) if isinstance(bound, str) else str(bound))
        if test.within:
            unit = next(unit for unit in ("minutes", "hours", "days") if getattr(test.within, unit) is not None)
            limit, of = getattr(test.within, unit), self.column(test.within.of)
            yield say(f"definition.within.{unit}", self.lang, column=column, limit=limit, of=of)

    def _say(self, key: str, column: str, given: str = "") -> str:
        return say(f"definition.{key}", self.lang, column=column, given=given)


def points_words(indicator: Indicator, lang: str) -> str:
    """Say how a value becomes points, with floor and cap where the rule has them."""
    rule: Any = indicator.points
    knots = getattr(rule, "knots", None) or getattr(rule, "steps", None) or ()
    listed = [say("definition.knot", lang, value=_bare(value), points=_bare(points)) for value, points in knots]
    given = {name: _bare(getattr(rule, name, None)) for name in ("otherwise", "at")}
    said = [say(f"definition.{rule.kind}", lang, knots=say("definition.list", lang).join(listed), **given)]
    limits = {name: getattr(rule, name) for name in ("floor", "cap")}
    said += [say(f"definition.{name}", lang, **{name: limit}) for name, limit in limits.items() if limit is not None]
    return say("screen.semicolon", lang).join(said)


def _bare(number: Any) -> str:
    return "" if number is None else f"{number.normalize():f}" if hasattr(number, "normalize") else str(number)
