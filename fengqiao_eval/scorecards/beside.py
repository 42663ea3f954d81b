"""What stands beside an indicator: counts, value, and what to read with it before believing it."""

from collections.abc import Iterator

from fengqiao_eval.scorecards.card import Card
from fengqiao_eval.scorecards.lines import IndicatorLine
from fengqiao_eval.scorecards.wording import compared, measured, plain, term
from fengqiao_eval.words import say


def beside(line: IndicatorLine, card: Card) -> list[str]:
    """Say what to read beside an indicator: sample, target, status, changes, asides, a weight that moved."""
    return list(dict.fromkeys(_beside(line, card)))


def _beside(line: IndicatorLine, card: Card) -> Iterator[str]:
    lang = card.lang
    yield say("card.n", lang, n=plain(line.n, 0)) + (say("card.small", lang) if line.small else "")
    yield from (step.words for step in line.steps)
    if line.scored and line.status == "not_applicable":
        yield say("card.spared", lang)
    if line.scored and line.reached is not None:
        yield say("card.met", lang) if line.reached else missed(line, lang)
    if line.status == "provisional":
        yield term("status", line.status, lang)
    yield compared(line.previous, "previous", lang)
    yield compared(line.year_before, "year_before", lang)
    yield from of_all(line, lang)
    yield from line.asides
    if line.scored and plain(100 * line.weight_used) != plain(100 * line.weight):
        yield say("card.reweighed", lang, nominal=plain(100 * line.weight), used=plain(100 * line.weight_used))


def of_all(line: IndicatorLine, lang: str) -> Iterator[str]:
    """Say what the indicator is over all units of the level, with its counts."""
    if line.whole:
        counts = f"{plain(line.whole.numerator)}/{plain(line.whole.denominator)}"
        yield say("card.whole", lang, value=measured(line.whole.value, line.unit), counts=counts)


def counts(line: IndicatorLine) -> str:
    """Write what was counted: 95/100, of a raw count the number alone, a dash where there is none."""
    if line.numerator is None or line.denominator is None:
        return plain(line.numerator)
    return f"{plain(line.numerator)}/{plain(line.denominator)}"


def value(line: IndicatorLine) -> str:
    """Write the value in its unit: a rate with two decimals, a raw count as it is.

    >>> from types import SimpleNamespace
    >>> value(SimpleNamespace(value=3.0, unit="起", numerator=3.0, denominator=None))
    '3 起'
    """
    return measured(line.value, line.unit, short=line.denominator is None and line.numerator is not None)


def missed(line: IndicatorLine, lang: str) -> str:
    """Say that the target is not reached."""
    return say("card.missed" if line.direction == "higher" else "card.missed_lower", lang)
