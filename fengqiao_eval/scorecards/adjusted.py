"""The lines of a total that are no indicator's: what stands outside the hundred, and what caps and geometric means change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fengqiao_eval.scheme.indicator import Named
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of
from fengqiao_eval.scheme.outside import Consequence
from fengqiao_eval.scorecards.wording import known, measured, number, signed, term, text
from fengqiao_eval.scoring.adjustments import WHOLE
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Adjusted:
    """One line of a unit's total: what it is called, what it does, and its points of the total.

    value: what was counted, None where nothing was; counted: the same in words. inside: it comes of the way of adding up (a
    geometric mean, a limit of a dimension), not from outside the hundred.
    """

    code: str
    label: str
    effect: str
    words: str
    value: float | None
    counted: str
    points: float
    record_ids: tuple[str, ...]
    inside: bool

    def said(self, lang: str) -> str:
        """Say what the line does, and of how much that was counted: 扣分，2 起."""
        return say("card.comma_between", lang).join(part for part in (self.words, self.counted) if part)

    def moves(self, decimals: int) -> list[str]:
        """Write its points; none of a veto that moves no points."""
        return [signed(self.points, decimals)] if self.points else []


def adjusted(scheme: Scheme, rows: Iterable[Mapping[str, Any]], lang: str) -> tuple[Adjusted, ...]:
    """Make a line of every row of the frame adjustments (one unit and period): those of the hundred first.

    A line that the scheme does not hold (an older run) is called what the run calls it.
    """
    names, lines, inner = dict(_names(scheme)), {line.code: line for line in scheme.consequences}, inside(scheme)
    found = [_line(row, names, lines.get(row["line"]), lang, inside=row["line"] in inner) for row in rows]
    return tuple(sorted(found, key=lambda line: not line.inside))


def inside(scheme: Scheme) -> frozenset[str]:
    """Name the lines that come of the way of adding up: those of dimensions, and of the whole."""
    return frozenset(part.code for _, _, part in parts_of(scheme) if isinstance(part, Dimension)) | {WHOLE}


def _names(scheme: Scheme) -> Iterator[tuple[str, Named]]:
    yield from ((part.code, part) for _, _, part in parts_of(scheme))
    yield from ((group.code, group) for group in scheme.outside)
    yield from ((line.code, line) for line in scheme.consequences)


def _line(row: Mapping[str, Any], names: Mapping[str, Named], line: Consequence | None, lang: str, *, inside: bool) -> Adjusted:
    code, value = text(row["line"]), number(row.get("value"))
    whole = say("card.whole_table", lang) if code == WHOLE else code
    item = names[line.item].name(lang) if line and line.item else ""
    return Adjusted(
        code=code,
        label=names[code].name(lang) if code in names else whole,
        effect=text(row["effect"]),
        words=effect_words(text(row["effect"]), text(row["rule"]), lang, item=item, grade=line.grade if line else None),
        value=value,
        counted="" if value is None or line is None else measured(value, line.unit, short=True),
        points=number(row["contribution"]) or 0.0,
        record_ids=tuple(text(row.get("record_ids")).split()),
        inside=inside,
    )


def effect_words(effect: str, rule: str, lang: str, *, item: str = "", grade: str | None = None) -> str:
    """Say what a line does to the total or the grade: 加分, “回访”一项计零, 等次不高于良好.

    >>> effect_words("cap_grade", "", "zh", grade="良好"), effect_words("aggregate", "geometric", "en")
    ('等次不高于“良好”', 'geometric mean less the weighted mean')
    """
    if effect in ("aggregate", "cap"):
        return term(f"card.effect.{effect}", rule, lang) if known(rule) else ""
    return say(f"card.effect.{effect}", lang, item=item, grade=grade or "")
