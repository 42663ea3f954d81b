"""Words for the rules that make points of a value: curves, steps, lines, relative rules, and their limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fengqiao_eval.scheme.rules import By, Curve, Line, Points, Steps
from fengqiao_eval.scorecards.filter_words import bare
from fengqiao_eval.scorecards.reference_words import PLACES, step_unit
from fengqiao_eval.scorecards.wording import term
from fengqiao_eval.words import say

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
        about.say("definition.knot_taken" if about.taken else "definition.knot", value=bare(value), points=bare(points))
        for value, points in knots
    )
    said = [about.say(f"definition.{rule.kind}", knots=listed, otherwise=bare(getattr(rule, "otherwise", None)))]
    limits = {name: getattr(rule, name) for name in ("floor", "cap")}
    said += [_limit(name, limit, about) for name, limit in limits.items() if limit is not None]
    return say("screen.semicolon", about.lang).join([*said, *_marks(rule, about)])


def _limit(name: str, limit: Any, about: About) -> str:
    return about.say(f"definition.no_{name}") if limit == "none" else about.say(f"definition.{name}", **{name: bare(limit)})


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
    start = [] if line.start in (0, bounds(line, about.full)[1]) else [about.say("definition.line.start", start=bare(line.start))]
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
    given = {"at": bare(line.at), "unit": step_unit(about.unit, about.lang) if about.unit == PLACES else about.unit}
    given |= {"step": _per(line, about), "points": _points(line.each, about), "first": _first(line, side, about)}
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


def _first(line: Line, side: str, about: About) -> str:
    """Say what is given or taken at once on the bad side; nothing elsewhere."""
    if not line.first or side != ("over" if about.lower else "under"):
        return ""
    verb = about.say("definition.line.gains" if (line.first > 0) != about.taken else "definition.line.loses")
    return about.say("definition.line.first", verb=verb, points=bare(abs(line.first)))


def _per(line: Line, about: About) -> str:
    unit = step_unit(about.unit, about.lang)
    if about.lang == "en":
        return unit if line.per == 1 else f"{bare(line.per)} {unit}"
    alone = line.per == 1 and line.at == 0 and not about.signed and not unit.startswith("个")
    return unit if alone else f"{bare(line.per)}{unit}"


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
        return about.say("definition.line.points", points=bare(abs(each)))
    names = {name: term("level", name, about.lang) for name in each} | {"others": about.say("definition.others")}
    parts = (about.say("definition.line.points_of", points=bare(abs(points)), name=names[name]) for name, points in each.items())
    return about.say("definition.list").join(parts)


def _ends(line: Line, about: About, gains: frozenset[bool]) -> Iterator[str]:
    """Say how far points may fall, where they fall, and how far they may rise, where they rise."""
    low, high = bounds(line, about.full)
    if False in gains or line.floor is not None:
        yield from _bottom(line, low, about)
    if True in gains and high < NONE:
        yield about.say("definition.line.to_full") if high == about.full else about.say("definition.cap", cap=bare(high))
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
        yield about.say("definition.floor", floor=bare(low))
