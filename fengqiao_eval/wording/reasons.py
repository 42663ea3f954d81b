"""Why a record counts or lost points, in words: what was asked of it, what stands in its cells, and what would count."""

import math
from typing import Any

from fengqiao_eval.measuring.evidence import CELL, HIDDEN, PART, Fact, facts
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Elapsed, Ratio, Test
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.wording.numbers import plain
from fengqiao_eval.wording.rules import Words, plain_number
from fengqiao_eval.words import say

SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}


class Reasons:
    """The reasons of one scheme in one language; records of one reason are many, and each is put in words once."""

    def __init__(self, scheme: Scheme, lang: str) -> None:
        """Know the entries by code."""
        self._entries = {entry.code: entry for entry in scheme.entries}
        self._lang = lang
        self._said: dict[tuple[str, str], str] = {}

    def of(self, code: str, why: str | None) -> str:
        """Say why a record lost points, of a text of measuring.evidence; empty where the run did not keep it."""
        if why is None:
            return ""
        key = code, why
        if key not in self._said:
            entry = self._entries[code]
            spared = entry.direction == "lower" and why.startswith("-")  # it does not count itself
            self._said[key] = reason(entry, "" if spared else why, self._lang)
        return self._said[key]


def reason(entry: Entry, why: str, lang: str) -> str:
    r"""Say what decided of a record; of one that has nothing against itself, that another of the same thing decided.

    >>> from types import SimpleNamespace
    >>> from fengqiao_eval.scheme.measure import Share
    >>> met = {"arrived_at": {"within": {"minutes": 15, "of": "received_at"}}}
    >>> measure = Share.model_validate({"kind": "share", "table": "cases", "date": "received_at", "met": met})
    >>> reason(SimpleNamespace(measure=measure, direction="higher"), "-0\x1f1320", "zh")
    '到场 22 分钟，时限 15 分钟'
    >>> reason(SimpleNamespace(measure=measure, direction="higher"), "-0\x1f1320", "en")
    'arrived after 22 min, limit 15 min'
    """
    if not why:
        return say("reason.another", lang)
    words, known = _EntryWords(entry, lang), facts(entry)
    cells = [part.split(CELL) for part in why.split(PART)]
    tests = [(known[int(head[1:])], head[0] == "+", values) for head, *values in cells if head[0] in "+-"]
    if tests:
        return say("reason.and", lang).join(words.test(fact, values, holds=holds) for fact, holds, values in tests)
    return words.amount([cell for _, *values in cells for cell in values])


class _EntryWords:
    """Words for one entry."""

    def __init__(self, entry: Entry, lang: str) -> None:
        self.entry, self.lang = entry, lang
        self.measure: Any = entry.measure
        self.words = Words(self.measure.table, lang)

    def say(self, key: str, /, **given: Any) -> str:
        return say(f"reason.{key}", self.lang, **given)

    def event(self, column: str) -> str:
        """Name what a time is of: 到场时间 is 到场, arrived_at is arrived."""
        name = self.column(column)
        return (name.removesuffix("时间") or name) if self.lang == "zh" else name.removeprefix("time ")

    def column(self, name: str) -> str:
        """Name a column; in English one that is declared in words, arrived_at as time arrived."""
        said = self.words.column(name)
        if self.lang == "zh" or not (said == "visits_made" or (self.words.table and self.words.table.column(name))):
            return said
        return ("time " if said.endswith("_at") else "") + said.removesuffix("_at").replace("_", " ")

    def test(self, fact: Fact, values: list[str], *, holds: bool) -> str:
        """Say of one test what it asks and what it found."""
        column, test = fact
        name = self.column(column)
        if test is None:
            return ""
        if test.present is not None:
            return self.say("filled" if test.present == holds else "not_filled", column=name)
        if test.within is not None:
            return self._within(column, test, values[0], holds=holds)
        if test.not_after is not None:
            value, due = values
            given = {"due": self._value(due), "value": value, "column": self.event(column) if value else name}
            return self.say("not_after" if value else "not_after_none", **given)
        if test.in_ is not None or test.not_in is not None:
            return self._word(name, test, values[0], holds=holds)
        limit = next(key for key in ("at_least", "at_most", "above", "below") if getattr(test, key) is not None)
        bound = self._value(values[1]) if len(values) > 1 else plain_number(getattr(test, limit))
        return self.say(
            "limit" if holds else "limit_not", column=name, value=self._value(values[0]), limit=self.say(limit, bound=bound)
        )

    def _within(self, column: str, test: Test, value: str, *, holds: bool) -> str:
        """Say how long it took, rounded up so that what is late is never said to be in time."""
        limits: Any = test.within
        unit = next(unit for unit in SECONDS if getattr(limits, unit) is not None)
        of, name = limits.of, self.column(column)
        given = {"unit": self.say(f"unit.{unit}"), "limit": plain_number(getattr(limits, unit)), "of": self.column(of)}
        if not value:
            certain = of == self.measure.date
            lacking = name if certain else self.say("or", one=name, other=given["of"])
            return self.say("within_none", column=lacking, **given)
        passed = float(value) / SECONDS[unit]
        shown = plain(math.ceil(round(abs(passed) * 10, 6)) / 10, 1)
        if limits.either_side:
            return self.say("around", column=name, passed=shown, **given)
        if passed < 0 and not holds:
            return self.say("before", column=name, of=given["of"])
        return self.say("within" if holds else "within_late", column=self.event(column), passed=shown, **given)

    def _word(self, column: str, test: Test, value: str, *, holds: bool) -> str:
        told = self._value(value)
        if holds or test.in_ is None:
            return self.say("is", column=column, value=told)
        wanted = self.words.phrase("or").join(self._given(each) for each in test.in_)
        return self.say("is_not", column=column, value=told, wanted=wanted)

    def _given(self, value: Any) -> str:
        return self._value(str(value).lower() if isinstance(value, bool) else str(value))

    def _value(self, text: str) -> str:
        """Write a cell: yes and no in words, and what is empty or not to be shown as that."""
        if text in ("", HIDDEN):
            return self.say("empty" if not text else "other")
        return self.words.phrase("yes" if text == "true" else "no") if text in ("true", "false") else text

    def amount(self, values: list[str]) -> str:
        """Say how much a record adds, and what would have been best."""
        measure, value = self.measure, self._value(values[0])
        if isinstance(measure, Count):
            return self.say("counts", n=value)
        if isinstance(measure, Ratio):
            other = self._value(values[1])
            names = {"above": self.column(measure.numerator), "below": self.column(measure.denominator)}
            return self.say("of", value=value, other=other, **names)
        if isinstance(measure, Coded):
            codes = measure.values
            best = (max if self.entry.direction == "higher" else min)(codes, key=lambda word: codes[word])
            given = {"code": plain_number(codes.get(values[0])), "best": best, "most": plain_number(codes[best])}
            return self.say(
                "coded_best" if values[0] == best else "coded", column=self.column(measure.column), value=value, **given
            )
        if isinstance(measure.of, Elapsed):
            start, end = map(self.event if self.lang == "en" else self.column, measure.of.minutes)
            told = self.say("elapsed", start=start, end=end, value=plain(float(values[0])) if values[0] else value)
        else:
            told = self.say("amount", column=self.column(measure.of), value=value)
        target = getattr(self.entry, "target", None)
        return told if target is None else told + self.say("target", target=plain_number(target))
