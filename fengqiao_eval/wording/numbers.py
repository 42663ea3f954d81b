"""Cells of frames read, and numbers, periods, terms and changes written as a reader expects them; rounding is half-up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import pandas as pd

from fengqiao_eval.periods import parse
from fengqiao_eval.words import catalogue, say, sentence

SMALL = 30
"""Fewer records than this are called a small base: one of them moves a rate by more than three percentage points."""


A_DAY = 24 * 60
"""The minutes of a day."""
DAYS = {"分钟": "（{days} 天）", "minutes": " ({days} days)"}
"""How as many minutes as a day has, or more, are said in days: nobody reads 414,720 minutes."""
RATES = {"%": "points", "‰": "per_mille"}
"""Units whose change is a difference (percentage points), not a share of the old value (per cent)."""


def has_value(cell: Any) -> bool:
    """Say whether a cell of a frame holds anything: neither None nor NA, nor what is unlike itself (NaN, NaT).

    >>> has_value(0), has_value(None), has_value(float("nan")), has_value(pd.NaT), has_value(pd.NA)
    (True, False, False, False, False)
    """
    return cell is not None and cell is not pd.NA and bool(cell == cell)  # noqa: PLR0124 - a card asks a thousand times


def number(cell: Any) -> float | None:
    """Read a cell of a frame: a number, or None where it is empty."""
    return float(cell) if has_value(cell) else None


def text(cell: Any) -> str:
    """Read a cell of a frame as text, empty where it is empty."""
    return str(cell) if has_value(cell) else ""


def flags(cell: Any) -> tuple[str, ...]:
    """Read a cell of a frame as flags.

    >>> flags("merged,provisional"), flags(None)
    (('merged', 'provisional'), ())
    """
    return tuple(flag for flag in text(cell).split(",") if flag)


def range_words(low: Any, high: Any) -> str:
    """Write between which places a place may lie, for a cell of a table: one where it is one; a dash where that is not known.

    >>> range_words(3, 15), range_words(4, 4), range_words(pd.NA, pd.NA)
    ('3–15', '4', '—')
    """
    ends = [] if pd.isna(low) else [int(low), int(high)]
    return "–".join(map(str, dict.fromkeys(ends))) or "—"


def place_span(low: Any, high: Any, lang: str = "zh") -> str:
    """Say it in a sentence: between which two places, or the one that it is.

    >>> place_span(3, 15), place_span(4, 4)
    ('第3至第15名之间', '第4名')
    """
    return say("place.one", lang, place=int(low)) if low == high else say("place.span", lang, low=int(low), high=int(high))


def round_half_up(number: float | Fraction, decimals: int = 2) -> Decimal:
    """Round half-up, as the frames are rounded: a float as the number that it prints, a fraction as it is.

    >>> round_half_up(0.125), round_half_up(Fraction(5, 2), 0)
    (Decimal('0.13'), Decimal('3'))
    """
    if isinstance(number, Fraction):
        return Decimal(math.floor(number * 10**decimals + Fraction(1, 2))).scaleb(-decimals)
    return Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


@lru_cache(maxsize=1 << 14, typed=True)
def fixed(number: float | None, decimals: int = 2) -> str:
    """Write a number with so many decimals; a dash where there is none.

    >>> fixed(1234.5), fixed(-0.004), fixed(None)
    ('1,234.50', '0.00', '—')
    """
    if number is None or not math.isfinite(number):
        return "—"
    exact = round_half_up(number, decimals)
    return f"{abs(exact) if exact == 0 else exact:,}".replace("-", "−")


def plain(number: float | None, decimals: int = 2) -> str:
    """Write a count, with decimals only where it has any.

    >>> plain(1234.0), plain(112.4)
    ('1,234', '112.4')
    """
    text = fixed(number, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def covered_part(share: float) -> str:
    """Write a share of all weight in per cent, cut and not rounded, so that no part looks like more, or enough.

    >>> covered_part(0.6996), covered_part(0.7), covered_part(0.57)
    ('69.9', '70', '57')
    """
    return plain(float(Decimal(repr(float(share))).scaleb(2).quantize(Decimal("0.1"), ROUND_FLOOR)), 1)


def signed(number: float, decimals: int = 2) -> str:
    """Write a number with its sign.

    >>> signed(1.25), signed(-1.25)
    ('+1.25', '−1.25')
    """
    text = fixed(number, decimals)
    return text if text.startswith("−") or round_half_up(number, decimals) == 0 else f"+{text}"


def measured(value: float | None, unit: str, *, short: bool = False) -> str:
    """Write a value in its unit, with two decimals; `short` leaves out those that say nothing. Of many minutes days are said too.

    >>> measured(95, "%"), measured(13.2, "分钟", short=True), measured(414720, "分钟", short=True)
    ('95.00%', '13.2 分钟', '414,720 分钟（288 天）')
    """
    text = plain(value) if short else fixed(value)
    if value is not None and unit in DAYS and abs(value) >= A_DAY and text != "—":
        return f"{text} {unit}{DAYS[unit].format(days=plain(value / A_DAY, 1))}"
    return text if text == "—" else f"{text}{unit}" if unit in RATES else f"{text} {unit}".strip()


def shown_status(status: str, n: float | None) -> str:
    """Name what people read for a status: a figure of unsaid n lacks its sample, records without value what they are divided by.

    >>> shown_status("too_few", 3), shown_status("too_few", None), shown_status("no_records", 0), shown_status("no_records", 2)
    ('too_few', 'no_sample', 'no_records', 'no_denominator')
    """
    if status == "too_few" and not has_value(n):
        return "no_sample"
    return "no_denominator" if status == "no_records" and has_value(n) and n else status


def term(kind: str, word: str, lang: str) -> str:
    """Translate a short term (level, status, flag, colour); a word the catalogue does not hold stays as it is.

    >>> term("level", "station", "en"), term("level", "squad", "en")
    ('Station', 'squad')
    """
    return say(f"{kind}.{word}", lang) if f"{kind}.{word}" in catalogue() else word


def day(moment: Any) -> str:
    """Write a moment to the minute, a midnight as a date; empty where there is none.

    >>> day("2025-01-01T00:00:00"), day("2025-01-20 18:30"), day(None)
    ('2025-01-01', '2025-01-20 18:30', '')
    """
    if not has_value(moment):
        return ""
    time = moment if isinstance(moment, datetime) else pd.Timestamp(moment)
    midnight = not (time.hour or time.minute or time.second or time.microsecond)
    return time.isoformat(" ", "minutes")[: 10 if midnight else 16]


def period_words(name: str, lang: str) -> str:
    """Write a period out.

    >>> period_words("2024Q4", "zh"), period_words("2024-11", "en")
    ('2024年第四季度', 'November 2024')
    """
    period = parse(name)
    year, month = divmod(period.first, 12)
    words = {"month": say(f"card.month.{month + 1}", lang), "quarter": say(f"card.quarter.{month // 3 + 1}", lang)}
    return say(f"card.period.{period.months}", lang, year=year, **words)


@dataclass(frozen=True)
class Movement:
    """A change on an earlier period: the words, and its direction (1 up, -1 down, 0 level, None where it cannot be told)."""

    text: str
    direction: int | None = None


Earlier = Literal["previous", "year_before"]
"""The periods that a period is compared with: the one before (环比), the same one a year earlier (同比)."""


def change(
    now: float | None, before: float | None, kind: str, lang: str, *, earlier: Earlier, base: float | None = None
) -> Movement:
    """Put a change in words.

    kind: points (of a per cent value: percentage points), per_mille, marks (of a total) or quantity (per cent of the old value).
    base: the records the weaker of both values rests on; a small one is said, and no per cent is taken of it.

    >>> change(96.43, 95.0, "points", "zh", earlier="previous", base=812).text
    '升1.43个百分点'
    >>> change(12, 10, "quantity", "en", earlier="previous", base=400).text
    'up 20.0 per cent'
    >>> change(96.43, None, "points", "zh", earlier="year_before").text
    '无上年同期数据'
    """
    if now is None or before is None:
        return Movement(say(f"card.change.none.{earlier if before is None else 'now'}", lang))
    difference = round_half_up(now) - round_half_up(before)
    small = base is not None and base < SMALL
    words, amount = say("card.change.level", lang), fixed(abs(float(difference)))
    if kind == "quantity" and before > 0 and not small:
        per_cent = 100 * Fraction(difference) / Fraction(repr(float(before)))
        kind, amount = "per_cent", fixed(float(round_half_up(abs(per_cent), 1)), 1)
    if difference:
        words = say(f"card.change.{kind}.{'up' if difference > 0 else 'down'}", lang, amount=amount)
    return Movement(words + (say("card.change.small", lang) if small else ""), (difference > 0) - (difference < 0))


def level_code(given: str) -> str:
    """Give the code of a level that is called by its name in Chinese or English; any other word stays as it is.

    >>> level_code("派出所"), level_code("station"), level_code("分队")
    ('station', 'station', '分队')
    """
    said = {key.removeprefix("level."): said for key, said in catalogue().items() if key.startswith("level.")}
    return {name: code for code, names in said.items() for name in names.values()}.get(given, given)


def comparison_words(change: Movement, earlier: Earlier, lang: str, *, told: bool = False) -> str:
    """Say a change and on what; what cannot be compared says so itself. told: that the base is small is said beside it already.

    >>> comparison_words(Movement("升1.25分", 1), "previous", "zh"), comparison_words(Movement("无上期数据"), "previous", "zh")
    ('较上期▲升1.25分', '无上期数据')
    """
    if told:
        change = replace(change, text=change.text.removesuffix(say("card.change.small", lang)))
    return change.text if change.direction is None else say(f"card.compared.{earlier}", lang, change=arrow(change))


def arrow(change: Movement) -> str:
    """Put the direction before the words of a change.

    >>> arrow(Movement("升1.25分", 1)), arrow(Movement("持平", 0))
    ('▲升1.25分', '持平')
    """
    return {1: "▲", -1: "▼"}.get(change.direction or 0, "") + change.text


def note(key: str, given: Mapping[str, Any], lang: str, labels: Mapping[str, str] | None = None) -> str:
    """Say a note of the manifest; one whose sentence is unknown is shown as it was written.

    labels: what tables and indicators, which the run named in Chinese, are called in the reader's language.
    """
    known: Mapping[str, str] = labels or {}
    given = {name: _relabel(value, known) for name, value in given.items()}
    as_written = f"{key}: {', '.join(f'{name} {value}' for name, value in given.items())}"
    try:
        terms: dict[str, str] = {kind: term(kind, given[kind], lang) for kind in ("level", "repair") if kind in given}
        return sentence(f"note.{key}", lang, given).format(**(given | terms))
    except (KeyError, IndexError):
        return as_written


def _relabel(value: Any, labels: Mapping[str, str]) -> Any:
    """Name a table or an indicator, or several with a comma of Chinese between them."""
    if not isinstance(value, str) or value in labels:
        return labels.get(value, value)
    parts = value.split("、")
    return ", ".join(labels[part] for part in parts) if labels and all(part in labels for part in parts) else value
