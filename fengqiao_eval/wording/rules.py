"""Words for what a scheme is made of: columns and tests, references, and the rules that make points of a value."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import numpy as np

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.benchmark import Change, Peers, Place, Quota, Reference
from fengqiao_eval.scheme.indicator import Consequence, Entry, Indicator
from fengqiao_eval.scheme.measure import Elapsed, Factor, Filter, Test, Worth
from fengqiao_eval.scheme.normalisation import Line
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.normalisation import clamp
from fengqiao_eval.wording.numbers import RATES, term
from fengqiao_eval.words import say


def plain_number(number: Any) -> str:
    """Write a number of the scheme without idle zeros; nothing where there is none.

    >>> from decimal import Decimal
    >>> plain_number(Decimal("12.50")), plain_number(3), plain_number(None)
    ('12.5', '3', '')
    """
    return "" if number is None else f"{number.normalize():f}" if hasattr(number, "normalize") else str(number)


def table_label(table: str, lang: str) -> str:
    """Name a record table: its label in Chinese, its name in English."""
    return TABLES[table].label if lang == "zh" and table in TABLES else table


def labels(scheme: Scheme, lang: str) -> dict[str, str]:
    """Name in the reader's language what a run names in Chinese: its record tables and the indicators of its scheme."""
    tables = {table.label: table_label(table.name, lang) for table in TABLES.values()}
    return tables | {indicator.label: indicator.name(lang) for indicator in scheme.indicators}


def level_names(numbers: Mapping[str, Any], lang: str) -> list[tuple[str, Any]]:
    """Name the levels (or classes) by which numbers differ; `others` are the rest."""
    others = say("definition.others", lang)
    return [(others if name == "others" else term("level", name, lang), number) for name, number in numbers.items()]


class Phrases:
    """What speaks of one thing in one language, in the sentences of definitions."""

    def __init__(self, lang: str) -> None:
        """Speak a language."""
        self.lang = lang

    def phrase(self, key: str, /, **given: Any) -> str:
        """Say a sentence of the definitions."""
        return say(f"definition.{key}", self.lang, **given)


class Words(Phrases):
    """Words for the columns, tests, worths and factors of one record table: what definitions are made of."""

    def __init__(self, table: str, lang: str) -> None:
        """Look the table up; columns that nobody declared are called as they are written."""
        super().__init__(lang)
        self.table, self.label = TABLES.get(table), table_label(table, lang)

    def column(self, name: str) -> str:
        """Name a column: its meaning in Chinese where it is declared, else as it is written."""
        if name == "visits_made":
            return self.phrase("visits_made")
        known = self.table.column(name) if self.table and self.lang == "zh" else None
        return re.split("[（：，:]", known.meaning)[0] if known else name

    def columns(self, names: Iterable[str]) -> str:
        """Name several columns."""
        return self.phrase("list").join(map(self.column, names))

    def operand(self, of: str | Elapsed) -> str:
        """Name a column, or the minutes between two."""
        if isinstance(of, str):
            return self.column(of)
        start, end = map(self.column, of.minutes)
        return self.phrase("elapsed", start=start, end=end)

    def rows(self, where: Filter) -> str:
        """Say which rows of the table count."""
        return self.phrase("rows_where" if where else "rows", table=self.label, where=self.tests(where))

    def tests(self, tests: Filter) -> str:
        """Say what a row must satisfy."""
        return self.phrase("and").join(part for name, test in tests.items() for part in self._test(self.column(name), test))

    def _test(self, column: str, test: Test) -> Iterator[str]:
        for name, values in (("in", test.in_), ("not_in", test.not_in)):
            if values is not None:
                yield self.phrase(name, column=column, given=self.phrase("or").join(map(self._value, values)))
        if test.present is not None:
            yield self.phrase("present" if test.present else "absent", column=column)
        for name in ("at_least", "at_most", "above", "below", "not_after"):
            bound = getattr(test, name)
            if bound is not None:
                yield self.phrase(name, column=column, given=self.column(bound) if isinstance(bound, str) else str(bound))
        if test.within:
            unit = next(unit for unit in ("minutes", "hours", "days") if getattr(test.within, unit) is not None)
            key = "around" if test.within.either_side else "within"
            limit, of = getattr(test.within, unit), self.column(test.within.of)
            yield self.phrase(f"{key}.{unit}", column=column, limit=limit, of=of)

    def _value(self, given: Any) -> str:
        return self.phrase("yes" if given else "no") if isinstance(given, bool) else str(given)

    def worth(self, part: Worth) -> str:
        """Say what a row is worth by one part: an amount, a column, codes, a range or a ladder."""
        given: dict[str, Any] = {"amount": plain_number(part.amount), "column": self.column(part.column) if part.column else ""}
        kind = "amount" if part.amount is not None else "column"
        if part.values:
            kind, given["values"] = "values", self.codes(part.values)
        elif part.between:
            kind, given["low"], given["high"] = "between", *map(plain_number, part.between)
        elif part.ladder:
            ladder, kind, unit = part.ladder, "ladder", self.phrase(f"unit.{part.ladder.unit}")
            steps = ({"limit": plain_number(limit), "amount": plain_number(amount)} for limit, amount in ladder.steps)
            given["steps"] = self.phrase("list").join(self.phrase("worth.step", unit=unit, **step) for step in steps)
            given |= {"since": self.column(ladder.since), "until": self.column(ladder.until)}
        where = self.phrase("those", where=self.tests(part.where)) if part.where else ""
        return where + self.phrase(f"worth.{kind}", **given)

    def factor(self, factor: Factor) -> str:
        """Say when a row's worth is multiplied, and by how much."""
        parts = [self.tests(factor.where)] if factor.where else []
        if factor.during:
            days = (self.phrase("between_days", first=first, last=last) for first, last in factor.during)
            parts.append(self.phrase("or").join(days))
        if factor.again:
            parts.append(self.phrase("again", same=self.columns(factor.again.same), days=factor.again.within_days))
        return self.phrase("times", when=self.phrase("and").join(parts), by=plain_number(factor.by))

    def codes(self, values: Mapping[str, Any]) -> str:
        """List the codes of words."""
        return self.phrase("list").join(f"{word}={plain_number(code)}" for word, code in values.items())


# What a value is held against before it becomes points, and the unit in which it comes out.


PLACES = "place"
"""The unit of a place in a ranking: a name of the code, which no page prints."""


SHARES = ("completion", "excess_percent", "percent")
"""What a value is turned into by references whose result is a share, in %."""


_NAMED = {"%": "points", "‰": "per_mille", PLACES: "places"}


def units(entry: Entry) -> tuple[str, ...]:
    """Name the unit of the value, then the unit after each reference.

    >>> from types import SimpleNamespace
    >>> units(SimpleNamespace(unit="起", against=(Quota.model_validate({"kind": "quota", "amount": 8, "as": "completion"}),)))
    ('起', '%')
    """
    found = [entry.unit]
    for reference in entry.against:
        kept = PLACES if isinstance(reference, Place) else found[-1]
        found.append("%" if getattr(reference, "as_", "") in SHARES else kept)
    return tuple(found)


def step_unit(unit: str, lang: str, kind: Literal["step", "difference"] = "step") -> str:
    """Name the unit of one step of a value, or of a difference of two: of rates percentage points, of places places.

    >>> step_unit("%", "zh"), step_unit("起", "zh")
    ('个百分点', '起')
    """
    if unit in _NAMED:
        return say(f"definition.{kind}.{_NAMED[unit]}", lang)
    named = term("unit", unit, lang)
    return named.removesuffix("s") if lang == "en" and kind == "step" else named


def amount_unit(unit: str, lang: str) -> str:
    """Name the unit behind a number of steps.

    >>> amount_unit("%", "zh"), amount_unit("%", "en"), amount_unit("起", "en")
    ('个百分点', 'percentage points', 'cases')
    """
    return step_unit(unit, lang, "difference" if lang == "en" else "step")


def value_words(value: Any, unit: str, lang: str, *, difference: bool = False) -> str:
    """Write a value that a rule speaks of in the unit of what stands there: a place, a difference, a share, a count.

    >>> value_words(2, PLACES, "zh"), value_words(20, "%", "zh"), value_words(2, "%", "zh", difference=True)
    ('第2名', '20%', '2个百分点')
    >>> value_words(2, "起", "zh"), value_words(2, "起", "en")
    ('2起', '2 cases')
    """
    if unit == PLACES and not difference:
        return say("definition.nth", lang, place=plain_number(value))
    named = amount_unit(unit, lang) if difference else term("unit", unit, lang)
    named = step_unit(unit, lang) if value == 1 and unit not in RATES else named
    return f"{plain_number(value)}{' ' if lang == 'en' and named not in RATES else ''}{named}"


def reference_words(entry: Entry, lang: str) -> tuple[str, ...]:
    """Say each reference in the order in which they are applied; empty where the value is taken as it is."""
    held = zip(entry.against, units(entry), strict=False)
    return tuple(_reference_sentence(reference, step_unit(unit, lang, "difference"), lang) for reference, unit in held)


def _reference_sentence(reference: Reference, unit: str, lang: str) -> str:
    if isinstance(reference, Place):
        return say(f"definition.place.{reference.from_}", lang)
    if isinstance(reference, Quota):
        return _quota(reference, unit, lang)
    if isinstance(reference, Change):
        since = say(f"definition.since.{reference.since}", lang, periods=reference.periods)
        return say(f"definition.change.{reference.as_}", lang, since=since, unit=unit)
    words = {"among": f"among.{reference.among}", "since": f"peers_since.{reference.since}", "of": f"peers_of.{reference.of}"}
    given = {name: say(f"definition.{key}", lang) for name, key in words.items()}
    return say(f"definition.peers.{reference.as_}", lang, unit=unit, **given)


def _quota(quota: Quota, unit: str, lang: str) -> str:
    every = say(f"definition.every.{quota.every}", lang) if quota.every else ""
    per = say(f"definition.quota_per.{quota.per}", lang, scale=plain_number(quota.scale)) if quota.per else ""
    amount = plain_number(quota.amount)
    if quota.figure:
        amount = say("definition.quota_figure", lang, figure=quota.figure)
    elif isinstance(quota.amount, dict):
        amount = say("definition.list", lang).join(f"{name} {plain_number(amount)}" for name, amount in quota.amount.items())
    due = say("definition.quota", lang, every=every, per=per, amount=amount)
    said = say(f"definition.quota.{quota.as_}", lang, due=due, unit=unit)
    return said + (say("definition.quota_apart", lang) if quota.apart else "")


class RuleWords(Phrases):
    """Words for the rule that makes points of an entry's value: curves, steps, lines, relative rules, and their limits.

    full: the full marks that the numbers of the rule are written for; None outside the hundred, where nothing limits points by
    itself.
    """

    def __init__(self, entry: Indicator | Consequence, lang: str, full: Any) -> None:
        """Gather what the rule is about: the unit of the value, whether it may be negative, which side is bad, the limits."""
        super().__init__(lang)
        self.rule: Any = entry.points
        self.unit, self.full = units(entry)[-1], None if full is None else float(full)
        self.differs = any(  # a change in per cent is a share, as 20%; other changes are so many percentage points, or cases
            isinstance(reference, (Change, Peers)) and reference.as_ not in SHARES for reference in entry.against[-1:]
        )
        self.signed = any(isinstance(reference, (Change, Peers)) for reference in entry.against)
        self.bad_side = "over" if entry.good == "lower" else "under"
        self.taken = isinstance(entry, Consequence) and entry.effect == "deduct"
        limits = () if self.full is None else (0, self.full)
        self.low, self.high = clamp(np.array([-np.inf, np.inf]), self.rule, *limits)

    def sentence(self) -> str:
        """Say how a value becomes points, with floor and cap where the rule has them, in one sentence."""
        marks = [self.phrase("in_marks")] if self.rule.in_marks else []
        if isinstance(self.rule, Line):
            return self.phrase("comma").join([*self._line(self.rule), *marks])
        key, knots = "knot_taken" if self.taken else "knot", getattr(self.rule, "knots", getattr(self.rule, "steps", ()))
        listed = (
            self.phrase(key, value=value_words(value, self.unit, self.lang, difference=self.differs), points=plain_number(points))
            for value, points in knots
        )
        otherwise = plain_number(getattr(self.rule, "otherwise", None))
        said = [self.phrase(self.rule.kind, knots=self.phrase("list").join(listed), otherwise=otherwise)]
        for name, limit in (("floor", self.rule.floor), ("cap", self.rule.cap)):
            said += [self.phrase(f"no_{name}")] if limit == "none" else []
            said += [self.phrase(name, **{name: plain_number(limit)})] if limit not in (None, "none") else []
        return say("screen.semicolon", self.lang).join([*said, *marks])

    def _line(self, line: Line) -> Iterator[str]:
        """Say a line by its sides: what is taken off or added beyond its start, as far as the limits leave room for it."""
        sides = dict(self._sides(line))
        if float(line.start) not in (0, self.high):
            yield self.phrase("line.start", start=plain_number(line.start))
        yield from (self._side(line, side, gain=gain) for side, gain in sides.items())
        if line.whole:
            yield self.phrase("line.whole")
        if False in sides.values() or line.floor is not None:
            yield from self._bottom(line)
        if True in sides.values() and self.high < np.inf:
            yield self.phrase("line.to_full") if self.high == self.full else self.phrase("cap", cap=plain_number(line.cap))
        elif True in sides.values() and line.cap == "none":
            yield self.phrase("no_cap")

    def _sides(self, line: Line) -> Iterator[tuple[str, bool]]:
        """Give the sides on which points change, each with whether they grow there: over `at`, and under it."""
        numbers = line.each.values() if isinstance(line.each, dict) else (line.each,)
        rising = next((number for number in numbers if number), 0) > 0
        for side, gain in (("over", rising), ("under", not rising)):
            room = float(line.start) < self.high if gain else float(line.start) > self.low
            if room and (side == "over" or line.at != 0 or self.signed):
                yield side, gain

    def _side(self, line: Line, side: str, *, gain: bool) -> str:
        verb = "gains" if gain else "loses"
        if self.taken:
            verb = "loses" if gain else "spares"
        elif gain and line.start == 0 and self.full is not None:
            verb = "earns"
        place = self.unit == PLACES and not self.signed  # the sentence itself says that it is one
        at = plain_number(line.at) if place else value_words(line.at, self.unit, self.lang, difference=self.differs)
        given = {"at": at, "step": self._step(line), "points": self._points(line), "first": ""}
        if line.first and side == self.bad_side:  # given or taken at once
            first = self.phrase("line.gains" if (line.first > 0) != self.taken else "line.loses")
            given["first"] = self.phrase("line.first", verb=first, points=plain_number(abs(line.first)))
        return self.phrase(f"line.{self._side_key(line, side)}", verb=self.phrase(f"line.{verb}"), **given)

    def _side_key(self, line: Line, side: str) -> str:
        """Choose the sentence of a side: simply each, more or less than nothing, places won or lost, or beyond `at`."""
        if line.at == 0 and not self.signed:
            return "each"
        if self.unit == PLACES and not self.signed:
            return f"{side}_place"
        if line.at != 0:
            return side
        if self.unit == PLACES:
            return "back" if side == self.bad_side else "forward"
        return {"over": "more", "under": "less"}[side]

    def _step(self, line: Line) -> str:
        unit = step_unit(self.unit, self.lang)
        if self.lang == "en":
            return unit if line.per == 1 else f"{plain_number(line.per)} {amount_unit(self.unit, self.lang)}"
        alone = line.per == 1 and line.at == 0 and not self.signed and not unit.startswith("个")
        return unit if alone else f"{plain_number(line.per)}{unit}"

    def _points(self, line: Line) -> str:
        """Say how many points a step is, by class or level where they differ."""
        if not isinstance(line.each, dict):
            return self.phrase("line.points", points=plain_number(abs(line.each)))
        each = level_names(line.each, self.lang)
        said = (self.phrase("line.points_of", points=plain_number(abs(points)), name=name) for name, points in each)
        return self.phrase("list").join(said)

    def _bottom(self, line: Line) -> Iterator[str]:
        """Say how far points may fall."""
        if self.low == -np.inf:
            yield from [self.phrase("no_floor")] if self.full is not None else []
        elif self.low == 0:
            yield from [self.phrase("line.to_nothing")] if line.start > 0 else []
        elif 2 * self.low == float(line.start):
            yield self.phrase("line.to_half")
        else:
            yield self.phrase("floor", floor=plain_number(line.floor))
