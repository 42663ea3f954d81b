"""The records behind an entry, as `fengqiao explain` lists them: ids, dates, what each adds, of notices who stands for them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from fengqiao_eval.runs.explain import Row
from fengqiao_eval.scheme.counted import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scorecards.wording import number, plain, text
from fengqiao_eval.words import say


def counted(entry: Entry, behind: pd.DataFrame | None) -> float | None:
    """Add up what the records of a raw count are worth; None where the value is no such sum.

    >>> counted(Entry.model_construct(measure=None), None) is None
    True
    """
    raw = isinstance(entry.measure, Count) and entry.measure.per is None
    return float(behind["numerator"].sum()) if raw and behind is not None else None


def behind_lines(entry: Entry, row: Row | None, behind: pd.DataFrame, lang: str) -> Iterator[str]:
    """List the records behind an entry, and say whether they add up to what was scored (row: of the frame points)."""
    if isinstance(entry.measure, Figure):
        yield from _figures(behind.to_dict("records"), lang)
        return
    kind = "things" if isinstance(entry.measure, Distinct) else "counted_records" if _worth(entry) else "records"
    yield say(f"explain.{kind}", lang, n=len(behind))
    yield from (_record(entry, record, lang) for record in behind.to_dict("records"))
    if row is not None:
        yield from _compared(entry, row, behind, lang)


def _worth(entry: Entry) -> bool:
    """Say whether what is counted is rows, each for what it is worth, and not so many of so many."""
    return isinstance(entry.measure, Count)


def _record(entry: Entry, record: Row, lang: str) -> str:
    at = f"{pd.Timestamp(record['happened_at']):%Y-%m-%d %H:%M}" if not pd.isna(record["happened_at"]) else "—"
    above, below = plain(record["numerator"], 4), plain(record["denominator"], 4)
    if _worth(entry):
        said = say("explain.counted_record", lang, id=record["record_id"], at=at, above=above)
        stands = {name: text(record.get(name)) or "—" for name in ("source", "checked_by")}
        return said + (say("explain.notice", lang, **stands) if "checked_by" in record else "")
    word = say("explain.met" if record["numerator"] else "explain.not_met", lang)
    return say("explain.record", lang, id=record["record_id"], at=at, word=word, above=above, below=below)


def _compared(entry: Entry, row: Row, behind: pd.DataFrame, lang: str) -> Iterator[str]:
    """Say whether the records add up to what was scored."""
    above, below = float(behind["numerator"].sum()), float(behind["denominator"].sum())
    scored = {name: number(row[name]) for name in ("numerator", "denominator", "n")}
    given = {"above": plain(above, 4), "below": plain(below, 4)}
    measure = entry.measure
    if isinstance(measure, Count):
        key = "count_sum" if _same(above, scored["numerator"]) else "count_differs"
        yield say(f"explain.{key}", lang, above=given["above"], numerator=plain(scored["numerator"], 4))
        if measure.per:
            per = say(f"definition.per.{measure.per}", lang)
            yield say("explain.exposure", lang, per=per, amount=plain(scored["denominator"], 4))
        return
    pairs: Sequence[tuple[float, Any]] = [(below, scored["denominator"]), (above, scored["numerator"])]
    if all(_same(*pair) for pair in ([(below, scored["n"])] if isinstance(measure, Quantile) else pairs)):
        yield say("explain.records_sum", lang, **given)
        return
    then = {name: plain(scored[name], 4) for name in ("numerator", "denominator")}
    yield say("explain.records_differ", lang, **given, **then)


def _same(found: float, scored: float | None) -> bool:
    return abs(found - (scored or 0)) < 1e-6  # noqa: PLR2004 - sums of shares are floats


def _figures(lines: Sequence[Row], lang: str) -> Iterator[str]:
    if not lines:
        yield say("explain.figure_none", lang)
    for line in lines:
        numbers = {name: plain(number(line.get(name)), 4) for name in ("numerator", "denominator", "value", "n")}
        yield say("explain.figure", lang, **numbers, period=line["period"], source=text(line.get("source")) or "—")
