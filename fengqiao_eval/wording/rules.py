"""Words for what a scheme is made of: columns and tests, references, and the rules that make points of a value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.benchmark import Change, Peers, Place, Quota
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Elapsed, Factor, Filter, Test, Worth
from fengqiao_eval.scheme.normalisation import By, Curve, Line, Points, Steps
from fengqiao_eval.wording.numbers import term
from fengqiao_eval.words import say

# Words for columns, tests, worths and factors of one record table: what the sentences of a definition are made of.


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
        given: dict[str, Any] = {"amount": plain_number(part.amount), "column": self.column(part.column) if part.column else ""}
        kind = "amount" if part.amount is not None else "column"
        if part.values:
            kind, given["values"] = "values", self.codes(part.values)
        elif part.between:
            kind, given["low"], given["high"] = "between", *map(plain_number, part.between)
        elif part.ladder:
            ladder, kind = part.ladder, "ladder"
            given |= {"since": self.column(ladder.since), "until": self.column(ladder.until)}
            given["steps"] = self.listed(self._step(ladder.unit, *step) for step in ladder.steps)
        where = say("definition.those", self.lang, where=self.tests(part.where)) if part.where else ""
        return where + say(f"definition.worth.{kind}", self.lang, **given)

    def _step(self, unit: str, limit: Any, amount: Any) -> str:
        words = {"unit": say(f"definition.unit.{unit}", self.lang), "limit": plain_number(limit), "amount": plain_number(amount)}
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
        return say("definition.times", self.lang, when=when, by=plain_number(factor.by))

    def codes(self, values: Any) -> str:
        """List the codes of words."""
        return self.listed(f"{word}={plain_number(code)}" for word, code in values.items())

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


# Words for what a value is held against before it becomes points, and the unit in which it comes out.


PLACES = "place"
"""The unit of a place in a ranking: a name of the code, which no page prints."""


_NAMED = {"%": "points", "‰": "per_mille", PLACES: "places"}


def units(entry: Entry) -> tuple[str, ...]:
    """Name the unit of the value, then the unit after each reference.

    >>> from types import SimpleNamespace
    >>> units(SimpleNamespace(unit="起", against=(Quota.model_validate({"kind": "quota", "amount": 8, "as": "completion"}),)))
    ('起', '%')
    """
    found = [entry.unit]
    for reference in entry.against:
        if isinstance(reference, Place):
            found.append(PLACES)
        else:
            found.append("%" if reference.as_ in ("completion", "excess_percent", "percent") else found[-1])
    return tuple(found)


def reference_words(entry: Entry, lang: str) -> tuple[str, ...]:
    """Say each reference in the order in which they are applied; empty where the value is taken as it is."""
    return tuple(_reference_sentence(reference, unit, lang) for reference, unit in zip(entry.against, units(entry), strict=False))


def step_unit(unit: str, lang: str) -> str:
    """Name the unit of one step of a value: of rates percentage points, of places places.

    >>> step_unit("%", "zh"), step_unit("起", "zh")
    ('个百分点', '起')
    """
    return say(f"definition.step.{_NAMED[unit]}", lang) if unit in _NAMED else unit


def _difference(unit: str, lang: str) -> str:
    return say(f"definition.difference.{_NAMED[unit]}", lang) if unit in _NAMED else unit


@singledispatch
def _reference_sentence(reference: Any, unit: str, lang: str) -> str:
    raise TypeError(reference, unit, lang)


@_reference_sentence.register
def _quota(quota: Quota, unit: str, lang: str) -> str:
    every = say(f"definition.every.{quota.every}", lang) if quota.every else ""
    per = say(f"definition.quota_per.{quota.per}", lang, scale=plain_number(quota.scale)) if quota.per else ""
    due = say("definition.quota", lang, every=every, per=per, amount=_amount(quota, lang))
    said = say(f"definition.quota.{quota.as_}", lang, due=due, unit=_difference(unit, lang))
    return said + (say("definition.quota_apart", lang) if quota.apart else "")


def _amount(quota: Quota, lang: str) -> str:
    if quota.figure:
        return say("definition.quota_figure", lang, figure=quota.figure)
    if isinstance(quota.amount, dict):
        return say("definition.list", lang).join(f"{name} {plain_number(amount)}" for name, amount in quota.amount.items())
    return plain_number(quota.amount)


@_reference_sentence.register
def _change(change: Change, unit: str, lang: str) -> str:
    since = say(f"definition.since.{change.since}", lang, periods=change.periods)
    return say(f"definition.change.{change.as_}", lang, since=since, unit=_difference(unit, lang))


@_reference_sentence.register
def _peers(peers: Peers, unit: str, lang: str) -> str:
    words = {"among": f"among.{peers.among}", "since": f"peers_since.{peers.since}", "of": f"peers_of.{peers.of}"}
    given = {name: say(f"definition.{key}", lang) for name, key in words.items()}
    return say(f"definition.peers.{peers.as_}", lang, unit=_difference(unit, lang), **given)


@_reference_sentence.register
def _place(place: Place, unit: str, lang: str) -> str:  # noqa: ARG001 - a place has no unit before it
    return say(f"definition.place.{place.from_}", lang)


# Words for the rules that make points of a value: curves, steps, lines, relative rules, and their limits.


NONE = Decimal("Infinity")


@dataclass(frozen=True)
class About:
    """What a rule is about: the unit of the value, whether it may be negative, full marks, and on which side it stands.

    `full` is None outside the hundred, where nothing limits points by itself; `taken` is true where points are deducted.
    """

    lang: str
    unit: str
    signed: bool
    lower: bool
    full: Decimal | None
    taken: bool = False

    def say(self, key: str, /, **given: Any) -> str:
        """Say a sentence of the definitions."""
        return say(key, self.lang, **given)


def rule_words(rule: Points, about: About) -> str:
    """Say how a value becomes points, with floor and cap where the rule has them, in one sentence."""
    if isinstance(rule, Line):
        return _line(rule, about)
    knots = rule.knots if isinstance(rule, Curve) else rule.steps if isinstance(rule, Steps) else ()
    listed = about.say("definition.list").join(
        about.say(
            "definition.knot_taken" if about.taken else "definition.knot", value=plain_number(value), points=plain_number(points)
        )
        for value, points in knots
    )
    said = [about.say(f"definition.{rule.kind}", knots=listed, otherwise=plain_number(getattr(rule, "otherwise", None)))]
    limits = {name: getattr(rule, name) for name in ("floor", "cap")}
    said += [_limit(name, limit, about) for name, limit in limits.items() if limit is not None]
    return say("screen.semicolon", about.lang).join([*said, *_marks(rule, about)])


def _limit(name: str, limit: Any, about: About) -> str:
    return (
        about.say(f"definition.no_{name}") if limit == "none" else about.say(f"definition.{name}", **{name: plain_number(limit)})
    )


def _marks(rule: Points, about: About) -> list[str]:
    return [about.say("definition.in_marks")] if rule.in_marks else []


def bounds(rule: Points, full: Decimal | None) -> tuple[Decimal, Decimal]:
    """Give the least and most points of a rule: 0 and full marks unless it says otherwise, none outside the hundred.

    >>> bounds(Line(kind="line", start=100, each=-3, floor=50), Decimal(100))
    (Decimal('50'), Decimal('100'))
    """
    least, most = (-NONE, NONE) if full is None else (Decimal(0), full)
    low = -NONE if rule.floor == "none" else least if rule.floor is None else Decimal(rule.floor)
    high = NONE if rule.cap == "none" else most if rule.cap is None else Decimal(rule.cap)
    return low, high


def _line(line: Line, about: About) -> str:
    """Say a line by its sides: what is taken off or added beyond its start, as far as the limits leave room for it."""
    sides = dict(_sides(line, about))
    start = (
        []
        if line.start in (0, bounds(line, about.full)[1])
        else [about.say("definition.line.start", start=plain_number(line.start))]
    )
    said = start + [_side(line, side, gain=gain, about=about) for side, gain in sides.items()]
    said += [about.say("definition.line.whole")] if line.whole else []
    said += list(_ends(line, about, frozenset(sides.values())))
    return say("definition.comma", about.lang).join([*said, *_marks(line, about)])


def _sides(line: Line, about: About) -> Iterator[tuple[str, bool]]:
    """Give the sides on which points change, each with whether they grow there: over `at`, and under it."""
    low, high = bounds(line, about.full)
    rising = _sample(line.each) > 0
    both = line.at != 0 or about.signed
    for side, gain in (("over", rising), ("under", not rising)):
        if (line.start < high if gain else line.start > low) and (both or side == "over"):
            yield side, gain


def _side(line: Line, side: str, *, gain: bool, about: About) -> str:
    given = {"at": plain_number(line.at), "unit": step_unit(about.unit, about.lang) if about.unit == PLACES else about.unit}
    given |= {"step": _step_words(line, about), "points": _points(line.each, about), "first": _first_step(line, side, about)}
    return about.say(f"definition.line.{_side_key(line, side, about)}", verb=_verb(line, gain=gain, about=about), **given)


def _side_key(line: Line, side: str, about: About) -> str:
    """Choose the sentence of a side: simply each, more or less than nothing, places won or lost, or beyond `at`."""
    if line.at == 0 and not about.signed:
        return "each"
    if about.unit == PLACES and not about.signed:
        return f"{side}_place"
    if line.at != 0:
        return side
    if about.unit == PLACES:
        return "back" if (side == "over") == about.lower else "forward"
    return {"over": "more", "under": "less"}[side]


def _first_step(line: Line, side: str, about: About) -> str:
    """Say what is given or taken at once on the bad side; nothing elsewhere."""
    if not line.first or side != ("over" if about.lower else "under"):
        return ""
    verb = about.say("definition.line.gains" if (line.first > 0) != about.taken else "definition.line.loses")
    return about.say("definition.line.first", verb=verb, points=plain_number(abs(line.first)))


def _step_words(line: Line, about: About) -> str:
    unit = step_unit(about.unit, about.lang)
    if about.lang == "en":
        return unit if line.per == 1 else f"{plain_number(line.per)} {unit}"
    alone = line.per == 1 and line.at == 0 and not about.signed and not unit.startswith("个")
    return unit if alone else f"{plain_number(line.per)}{unit}"


def _verb(line: Line, *, gain: bool, about: About) -> str:
    if about.taken:
        return about.say("definition.line.loses" if gain else "definition.line.spares")
    earned = gain and line.start == 0 and about.full is not None
    return about.say("definition.line.earns" if earned else "definition.line.gains" if gain else "definition.line.loses")


def _sample(each: By) -> Decimal:
    numbers = each.values() if isinstance(each, dict) else (each,)
    return next((Decimal(number) for number in numbers if number), Decimal(0))


def _points(each: By, about: About) -> str:
    """Say how many points a step is, by class or level where they differ."""
    if not isinstance(each, dict):
        return about.say("definition.line.points", points=plain_number(abs(each)))
    names = {name: term("level", name, about.lang) for name in each} | {"others": about.say("definition.others")}
    parts = (
        about.say("definition.line.points_of", points=plain_number(abs(points)), name=names[name])
        for name, points in each.items()
    )
    return about.say("definition.list").join(parts)


def _ends(line: Line, about: About, gains: frozenset[bool]) -> Iterator[str]:
    """Say how far points may fall, where they fall, and how far they may rise, where they rise."""
    low, high = bounds(line, about.full)
    if False in gains or line.floor is not None:
        yield from _bottom(line, low, about)
    if True in gains and high < NONE:
        yield about.say("definition.line.to_full") if high == about.full else about.say("definition.cap", cap=plain_number(high))
    elif True in gains and line.cap == "none":
        yield about.say("definition.no_cap")


def _bottom(line: Line, low: Decimal, about: About) -> Iterator[str]:
    if low == -NONE:
        yield from [about.say("definition.no_floor")] if about.full is not None else []
    elif low == 0:
        yield from [about.say("definition.line.to_nothing")] if line.start > 0 else []
    elif 2 * low == line.start:
        yield about.say("definition.line.to_half")
    else:
        yield about.say("definition.floor", floor=plain_number(low))
