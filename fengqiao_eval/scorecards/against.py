"""What a value was held against, in words and numbers: the steps between what was counted and what the rule sees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.references import Change, Place, Quota, Reference
from fengqiao_eval.scorecards.reckoning import term_of
from fengqiao_eval.scorecards.reference_words import step_unit, units
from fengqiao_eval.scorecards.wording import RATES, measured, number, plain
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Step:
    """One reference applied to a value: what was given, what it was held against, what came of it, and how, in words.

    unit: of the result. sum: the arithmetic, empty where the result is no matter of one sum. What is missing is None.
    """

    words: str
    given: float | None
    reference: float | None
    result: float | None
    unit: str
    sum: str


def steps(entry: Entry, rows: Iterable[Mapping[str, Any]], lang: str) -> tuple[Step, ...]:
    """Put the rows of the frame comparisons (one unit, entry and period) in the order of the references; none: no steps."""
    ordered, in_units = sorted(rows, key=lambda row: row["step"]), units(entry)
    steps = zip(entry.against, ordered, in_units, in_units[1:], strict=False)
    return tuple(_step(reference, row, before, after, lang) for reference, row, before, after in steps)


def _step(reference: Reference, row: Mapping[str, Any], before: str, after: str, lang: str) -> Step:
    given, held, result = (number(row[name]) for name in ("given", "reference", "result"))
    unit = _unit(reference, after, lang)
    if given is None or held is None or result is None:
        return Step(say("card.step.none", lang, of=_key(reference, lang)), given, held, result, unit, "")
    told = (plain(held) if isinstance(reference, Place) else _told(held, before, lang), measured(result, unit, short=True))
    return Step(_words(reference, *told, result, lang), given, held, result, unit, _sum(reference, given, held, result))


def _told(held: float, unit: str, lang: str) -> str:
    """Write what a value was held against, in the unit that the value had."""
    return measured(held, unit if unit in RATES else step_unit(unit, lang), short=True)


def _unit(reference: Reference, unit: str, lang: str) -> str:
    """Name the unit of what comes of a reference; the difference of two rates is in percentage points."""
    if isinstance(reference, Place):
        return ""
    return step_unit(unit, lang) if reference.as_ in ("difference", "shortfall", "excess") else unit


def _key(reference: Reference, lang: str) -> str:
    """Name what a value is held against: 上年同期, 同类平均."""
    if isinstance(reference, Quota):
        return say(f"card.step.due.{'limit' if reference.as_.startswith('excess') else 'quota'}", lang)
    if isinstance(reference, Change):
        return say(f"card.step.since.{reference.since}", lang, periods=reference.periods)
    if isinstance(reference, Place):
        return say("card.step.peers", lang)
    of = say(f"card.step.{reference.of}.{reference.among}", lang)
    if reference.since == "this":
        return of
    return say("card.step.then", lang, since=say(f"card.step.since.{reference.since}", lang), of=of)


def _words(reference: Reference, held: str, came: str, result: float, lang: str) -> str:
    of = _key(reference, lang)
    if isinstance(reference, Quota):
        return say(f"card.step.quota.{reference.as_}", lang, of=of, reference=held, result=came)
    if isinstance(reference, Place):
        return say(f"card.step.place.{reference.from_}", lang, place=plain(result), of=held)
    return say("card.step.moved", lang, of=of, reference=held, result=("+" if result > 0 else "") + came)


def _sum(reference: Reference, given: float, held: float, result: float) -> str:
    """Write the arithmetic of a reference; a quota held month by month and a place are no one sum."""
    if isinstance(reference, Place) or (isinstance(reference, Quota) and reference.apart):
        return ""
    if reference.as_ in ("shortfall", "excess", "excess_percent") and result == 0:
        return "0"
    own, base = term_of(given), term_of(held)
    over = f"{own} − {base}"
    sums = {"completion": f"100 × {own} / {base}", "shortfall": f"{base} − {own}", "excess": over, "difference": over}
    return sums.get(reference.as_, f"100 × ({over}) / {term_of(abs(held))}")
