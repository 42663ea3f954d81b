"""From a total down to record ids: the lines that `fengqiao explain` prints."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pandas as pd

from fengqiao_eval.errors import SCORED, UsageError
from fengqiao_eval.runs.choice import near
from fengqiao_eval.scheme.counted import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme
from fengqiao_eval.scheme.rules import Curve
from fengqiao_eval.scorecards.definitions import definition, points_words
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.wording import fixed, number, plain, rounded, term, text
from fengqiao_eval.words import say

Row = Mapping[str, Any]


def total_lines(run: Run, unit_id: str, lang: str) -> list[str]:
    """Explain a total: every indicator's points × weight = contribution, adding up to it to the last decimal.

    Raises UsageError where the run has no such unit.
    """
    rank, rows = rank_row(run, unit_id), point_rows(run, unit_id)
    lines = [_head(run, rank, lang), _standing(rank, run.scheme, lang), say("explain.head_points", lang)]
    for dimension in run.scheme.dimensions:
        lines += _dimension(dimension, rows, run.scheme, lang)
    return [*lines, *_adjustments(run, unit_id, lang), *_sum(run, rank, rows, lang)]


def rank_row(run: Run, unit_id: str) -> Row:
    """Find a unit's place in the main period.

    Raises UsageError where the run has no such unit, or did not score it.
    """
    rows = run.frame("ranks", officers=run.holds_officer(unit_id)).of(unit_id)
    rows = rows[rows["period"] == run.manifest["period"]]
    if rows.empty:
        raise UsageError("not_scored", given=unit_id, period=run.manifest["period"])
    found: Row = rows.iloc[0].to_dict()
    return found


def point_rows(run: Run, unit_id: str) -> dict[str, Row]:
    """Find a unit's points in the main period by indicator."""
    rows = run.frame("points", officers=run.holds_officer(unit_id)).of(unit_id)
    rows = rows[rows["period"] == run.manifest["period"]]
    return {str(row["indicator"]): row for row in rows.to_dict("records")}


def _head(run: Run, rank: Row, lang: str) -> str:
    peers = text(rank["peer_class"]) or say("explain.whole_level", lang)
    state = say(f"explain.state.{run.manifest['state']}", lang)
    given = {"name": rank["name"], "unit": rank["unit_id"], "level": term("level", str(rank["level"]), lang)}
    return say("explain.head", lang, **given, peers=peers, period=rank["period"], state=state)


def _standing(rank: Row, scheme: Scheme, lang: str) -> str:
    total, covered = fixed(rank["total"], scheme.decimals), f"{rank['covered']:.1%}"
    aside = say("explain.semicolon", lang) + say("explain.covered", lang, covered=covered) if rank["covered"] < 1 else ""
    if pd.isna(rank["rank"]):
        flags = [term("flag", flag, lang) for flag in text(rank["flags"]).split(",") if flag not in ("", "not_ranked")]
        return say("explain.unranked", lang, total=total, why=say("explain.comma", lang).join(flags)) + aside
    return say("explain.ranked", lang, total=total, rank=rank["rank"], of=rank["of"], grade=rank["grade"]) + aside


def _dimension(dimension: Dimension, rows: Mapping[str, Row], scheme: Scheme, lang: str) -> Iterator[str]:
    found = [(indicator, rows[indicator.code]) for indicator in dimension.leaves if rows.get(indicator.code, {}).get("weight")]
    if not found:
        return
    whole = sum((_exact(row, scheme) for _, row in found), Decimal(0))
    yield f"{dimension.name(lang)}  {whole}"
    for indicator, row in found:
        yield f"  {indicator.name(lang)} ({indicator.code})  {_line(indicator, row, scheme, lang)}"


def _line(indicator: Indicator, row: Row, scheme: Scheme, lang: str) -> str:
    if pd.isna(row["points"]):
        missing = say(f"explain.missing.{indicator.missing}", lang)
        return say(
            "explain.unscored",
            lang,
            status=term("status", row["status"], lang),
            weight=_share(row["weight"]),
            missing=missing,
        )
    aside = "" if row["status"] == "ok" else f"  [{term('status', row['status'], lang)}]"
    return f"{fixed(row['points'], 4)} × {_share(row['weight_used'])} = {_exact(row, scheme)}{aside}"


def _share(weight: float) -> str:
    """Write a weight used with six decimals, fewer where it needs no more."""
    digits = f"{weight:.6f}".rstrip("0")
    return digits + "0" * max(0, digits.index(".") + 3 - len(digits))


def _exact(row: Row, scheme: Scheme) -> Decimal:
    return rounded(row["contribution"], scheme.decimals)


def _adjusted(run: Run, unit_id: str) -> list[Row]:
    rows = run.frame("adjustments", officers=run.holds_officer(unit_id)).of(unit_id)
    return rows[rows["period"] == run.manifest["period"]].to_dict("records") if len(rows) else []


def _adjustments(run: Run, unit_id: str, lang: str) -> Iterator[str]:
    rows = _adjusted(run, unit_id)
    if rows:
        yield say("explain.adjustments", lang)
    for row in rows:
        yield f"  {row['line']}  {row['rule']}  {_exact(row, run.scheme):+}"


def _sum(run: Run, rank: Row, rows: Mapping[str, Row], lang: str) -> Iterator[str]:
    scored = [row for row in rows.values() if not pd.isna(row["points"])]
    parts = [_exact(row, run.scheme) for row in (*scored, *_adjusted(run, str(rank["unit_id"])))]
    total, given = sum(parts, Decimal(0)), rounded(rank["total"], run.scheme.decimals)
    yield say("explain.sum", lang, parts=" + ".join(map(str, parts)) or "0", total=total)
    if total != given:
        yield say("explain.sum_wrong", lang, sum=total, total=given)


def find_indicator(scheme: Scheme, given: str) -> tuple[Dimension, Indicator]:
    """Find an indicator by its code or its label.

    Raises UsageError naming near ones.
    """
    for dimension in scheme.dimensions:
        for indicator in dimension.leaves:
            if given in (indicator.code, indicator.label, indicator.label_en):
                return dimension, indicator
    raise UsageError("which_indicator", given=given, known=near(given, [i.code for i in scheme.indicators], 3))


def indicator_lines(run: Run, unit_id: str, given: str, behind: pd.DataFrame | None, lang: str) -> list[str]:
    """Explain one indicator of a unit: what is counted, value, points, contribution, then the records behind it.

    behind: what scoring.trace gave (None: the records cannot be opened). Raises UsageError for an unknown indicator.
    """
    dimension, indicator = find_indicator(run.scheme, given)
    rank, row = rank_row(run, unit_id), point_rows(run, unit_id)[indicator.code]
    label = {"dimension": dimension.name(lang), "label": indicator.name(lang), "code": indicator.code}
    lines = [_head(run, rank, lang), say("explain.indicator", lang, **label), definition(indicator, lang)]
    lines += [points_words(indicator, lang), *_arithmetic(indicator, row, run.scheme, lang)]
    lines.append(say("explain.source", lang, source=indicator.source))
    return lines if behind is None else [*lines, *_behind(indicator, row, behind, lang)]


def _arithmetic(indicator: Indicator, row: Row, scheme: Scheme, lang: str) -> Iterator[str]:
    status = term("status", row["status"], lang)
    if number(row["value"]) is None:
        yield say("explain.no_value", lang, status=status)
    else:
        yield _value(indicator, row, status, lang)
    if pd.isna(row["points"]):
        yield _line(indicator, row, scheme, lang)
        return
    by_curve = reckoned(indicator.points, row["value"]) if row["status"] in SCORED else ""
    points = fixed(row["points"], 4)
    yield say("explain.to_points", lang, sum=f"{by_curve} = " if by_curve else "", points=points)
    contribution = _exact(row, scheme)
    yield say("explain.to_contribution", lang, points=points, weight=_share(row["weight_used"]), contribution=contribution)


def _value(indicator: Indicator, row: Row, status: str, lang: str) -> str:
    given = {"value": f"{fixed(row['value'], 4)} {indicator.unit}", "n": plain(row["n"]), "status": status}
    if isinstance(indicator.measure, Quantile) or number(row["numerator"]) is None:
        return say("explain.value_plain", lang, **given)
    scale = f" × {indicator.scale}" if indicator.scale != 1 else ""
    return say(
        "explain.value",
        lang,
        **given,
        numerator=plain(row["numerator"], 4),
        denominator=plain(row["denominator"], 4),
        scale=scale,
    )


def _behind(indicator: Indicator, row: Row, behind: pd.DataFrame, lang: str) -> Iterator[str]:
    if isinstance(indicator.measure, Figure):
        yield from _figures(behind.to_dict("records"), lang)
        return
    kind = "explain.things" if isinstance(indicator.measure, Distinct) else "explain.records"
    yield say(kind, lang, n=len(behind))
    yield from (_record(record, lang) for record in behind.to_dict("records"))
    yield _compared(indicator, row, behind, lang)


def _record(record: Row, lang: str) -> str:
    at = f"{pd.Timestamp(record['happened_at']):%Y-%m-%d %H:%M}" if not pd.isna(record["happened_at"]) else "—"
    word = say("explain.met" if record["numerator"] else "explain.not_met", lang)
    above, below = plain(record["numerator"], 4), plain(record["denominator"], 4)
    return say("explain.record", lang, id=record["record_id"], at=at, word=word, above=above, below=below)


def _compared(indicator: Indicator, row: Row, behind: pd.DataFrame, lang: str) -> str:
    """Say whether the records add up to what was scored."""
    above, below = float(behind["numerator"].sum()), float(behind["denominator"].sum())
    measure = indicator.measure
    if isinstance(measure, Count):
        return say("explain.exposure", lang, per=say(f"explain.per.{measure.per}", lang), amount=plain(row["denominator"], 4))
    given = {"above": plain(above, 4), "below": plain(below, 4)}
    whole = isinstance(measure, Quantile)
    pairs: Sequence[tuple[float, Any]] = (
        [(below, row["n"])] if whole else [(below, row["denominator"]), (above, row["numerator"])]
    )
    if all(abs(found - (number(scored) or 0)) < 1e-6 for found, scored in pairs):  # noqa: PLR2004 - sums of shares are floats
        return say("explain.records_sum", lang, **given)
    scored = {"numerator": plain(row["numerator"], 4), "denominator": plain(row["denominator"], 4)}
    return say("explain.records_differ", lang, **given, **scored)


def _figures(lines: Sequence[Row], lang: str) -> Iterator[str]:
    if not lines:
        yield say("explain.figure_none", lang)
    for line in lines:
        numbers = {name: plain(number(line.get(name)), 4) for name in ("numerator", "denominator", "value", "n")}
        yield say("explain.figure", lang, **numbers, period=line["period"], source=text(line.get("source")) or "—")


def reckoned(rule: Any, value: float) -> str:
    """Write the sum behind points on a curve; empty for other rules, and where the curve is flat beyond its ends.

    >>> reckoned(Curve(kind="curve", knots=((60, 0), (85, 60), (95, 90))), 90.0)
    '60 + (90 − 85) / (95 − 85) × (90 − 60)'
    """
    if not isinstance(rule, Curve):
        return ""
    for (left, low), (right, high) in pairwise(rule.knots):
        if left <= value <= right:
            return f"{low} + ({_digits(value)} − {left}) / ({right} − {left}) × ({high} − {low})"
    return ""


def _digits(value: float) -> str:
    """Write a value with so many digits that the points can be reckoned from it."""
    return plain(value, 6).replace(",", "")
