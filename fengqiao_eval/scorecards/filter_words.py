"""Words for columns, tests, worths and factors of one record table: what the sentences of a definition are made of."""

import re
from collections.abc import Iterator
from typing import Any

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.counted import Elapsed
from fengqiao_eval.scheme.filters import Filter, Test
from fengqiao_eval.scheme.worth import Factor, Worth
from fengqiao_eval.words import say


def bare(number: Any) -> str:
    """Write a number of the scheme without idle zeros; nothing where there is none.

    >>> from decimal import Decimal
    >>> bare(Decimal("12.50")), bare(3), bare(None)
    ('12.5', '3', '')
    """
    return "" if number is None else f"{number.normalize():f}" if hasattr(number, "normalize") else str(number)


def table_label(table: str, lang: str) -> str:
    """Name a record table: its label in Chinese, its name in English."""
    return TABLES[table].label if lang == "zh" and table in TABLES else table


class Words:
    """Words for the columns and tests of one table."""

    def __init__(self, table: str, lang: str) -> None:
        """Look the table up; columns that nobody declared are called as they are written."""
        self.table, self.lang, self.label = TABLES.get(table), lang, table_label(table, lang)

    def column(self, name: str) -> str:
        """Name a column: its meaning in Chinese where it is declared, else as it is written."""
        if name == "visits_made":
            return say("definition.visits_made", self.lang)
        known = self.table.column(name) if self.table and self.lang == "zh" else None
        return re.split("[（：，:]", known.meaning)[0] if known else name

    def columns(self, names: tuple[str, ...]) -> str:
        """Name several columns."""
        return self.listed(map(self.column, names))

    def listed(self, parts: Any) -> str:
        """Put parts one beside the other, as the language does."""
        return say("definition.list", self.lang).join(parts)

    def operand(self, of: str | Elapsed) -> str:
        """Name a column, or the minutes between two."""
        if isinstance(of, str):
            return self.column(of)
        start, end = map(self.column, of.minutes)
        return say("definition.elapsed", self.lang, start=start, end=end)

    def rows(self, where: Filter) -> str:
        """Say which rows of the table count."""
        key = "definition.rows_where" if where else "definition.rows"
        return say(key, self.lang, table=self.label, where=self.tests(where))

    def tests(self, tests: Filter) -> str:
        """Say what a row must satisfy."""
        parts = [part for name, test in tests.items() for part in self._test(self.column(name), test)]
        return say("definition.and", self.lang).join(parts)

    def worth(self, part: Worth) -> str:
        """Say what a row is worth by one part: an amount, a column, codes, a range or a ladder."""
        given: dict[str, Any] = {"amount": bare(part.amount), "column": self.column(part.column) if part.column else ""}
        kind = "amount" if part.amount is not None else "column"
        if part.values:
            kind, given["values"] = "values", self.codes(part.values)
        elif part.between:
            kind, given["low"], given["high"] = "between", *map(bare, part.between)
        elif part.ladder:
            ladder, kind = part.ladder, "ladder"
            given |= {"since": self.column(ladder.since), "until": self.column(ladder.until)}
            given["steps"] = self.listed(self._step(ladder.unit, *step) for step in ladder.steps)
        where = say("definition.those", self.lang, where=self.tests(part.where)) if part.where else ""
        return where + say(f"definition.worth.{kind}", self.lang, **given)

    def _step(self, unit: str, limit: Any, amount: Any) -> str:
        words = {"unit": say(f"definition.unit.{unit}", self.lang), "limit": bare(limit), "amount": bare(amount)}
        return say("definition.worth.step", self.lang, **words)

    def factor(self, factor: Factor) -> str:
        """Say when a row's worth is multiplied, and by how much."""
        parts = [self.tests(factor.where)] if factor.where else []
        if factor.during:
            days = (say("definition.between_days", self.lang, first=first, last=last) for first, last in factor.during)
            parts.append(say("definition.or", self.lang).join(days))
        if factor.again:
            same = self.columns(factor.again.same)
            parts.append(say("definition.again", self.lang, same=same, days=factor.again.within_days))
        when = say("definition.and", self.lang).join(parts)
        return say("definition.times", self.lang, when=when, by=bare(factor.by))

    def codes(self, values: Any) -> str:
        """List the codes of words."""
        return self.listed(f"{word}={bare(code)}" for word, code in values.items())

    def _several(self, given: Any) -> str:
        return say("definition.or", self.lang).join(map(self._value, given))

    def _value(self, given: Any) -> str:
        return say(f"definition.{'yes' if given else 'no'}", self.lang) if isinstance(given, bool) else str(given)

    def _test(self, column: str, test: Test) -> Iterator[str]:
        for name in ("in_", "not_in"):
            if getattr(test, name) is not None:
                yield self._say(name.rstrip("_"), column, self._several(getattr(test, name)))
        if test.present is not None:
            yield self._say("present" if test.present else "absent", column)
        for name in ("at_least", "at_most", "above", "below", "not_after"):
            bound = getattr(test, name)
            if bound is not None:
                yield self._say(name, column, self.column(bound) if isinstance(bound, str) else str(bound))
        if test.within:
            unit = next(unit for unit in ("minutes", "hours", "days") if getattr(test.within, unit) is not None)
            limit, of = getattr(test.within, unit), self.column(test.within.of)
            key = f"definition.around.{unit}" if test.within.either_side else f"definition.within.{unit}"
            yield say(key, self.lang, column=column, limit=limit, of=of)

    def _say(self, key: str, column: str, given: str = "") -> str:
        return say(f"definition.{key}", self.lang, column=column, given=given)
