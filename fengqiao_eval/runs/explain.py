"""From a total down to its parts: the lines that `fengqiao explain RUN UNIT` prints, and what they read."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.runs.choice import near
from fengqiao_eval.scheme.indicator import Entry, Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of
from fengqiao_eval.scorecards.adjusted import adjusted
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.glance import grade_words
from fengqiao_eval.scorecards.months import shorter, stood
from fengqiao_eval.scorecards.wording import fixed, rounded, term, text
from fengqiao_eval.scoring.parts import parts
from fengqiao_eval.words import say

Row = Mapping[str, Any]


def total_lines(run: Run, unit_id: str, lang: str) -> list[str]:
    """Explain a total: every indicator's points × weight = contribution, adding up to it to the last decimal.

    Raises UsageError where the run has no such unit.
    """
    rank, rows = rank_row(run, unit_id), point_rows(run, unit_id)
    lines = [head(run, rank, lang), _standing(rank, run.scheme, lang), say("explain.head_points", lang)]
    for _, above, part in parts_of(run.scheme):
        lines += _part(part, len(above), run, unit_id, rows, lang)
    return [*lines, *_adjustments(run, unit_id, lang), *_sum(run, rank, rows, lang)]


def rank_row(run: Run, unit_id: str) -> Row:
    """Find a unit's place in the main period.

    Raises UsageError where the run has no such unit, or did not score it.
    """
    found = rows_of(run, "ranks", unit_id)
    if not found:
        raise UsageError("not_scored", given=unit_id, period=run.manifest["period"])
    return found[0]


def rows_of(run: Run, frame: str, unit_id: str, period: str | None = None) -> list[Row]:
    """Read a unit's rows of a frame in a period (the main one); none where an older run lacks the frame."""
    rows = run.frame(frame, officers=run.holds_officer(unit_id)).of(unit_id)
    found: list[Row] = rows[rows["period"] == (period or run.manifest["period"])].to_dict("records") if len(rows) else []
    return found


def point_rows(run: Run, unit_id: str, period: str | None = None) -> dict[str, Row]:
    """Find a unit's points in a period (the main one) by indicator."""
    return {str(row["indicator"]): row for row in rows_of(run, "points", unit_id, period)}


def averaged(run: Run, unit_id: str) -> tuple[str, ...]:
    """Name the shorter periods of whose totals the unit's total is the mean; none where it was counted anew."""
    if not parts(run.scheme, parse(str(run.manifest["period"]))):
        return ()
    found = ((period, rows_of(run, "ranks", unit_id, period)) for period in shorter(run.scheme, run.manifest["period"]))
    return tuple(period for period, rows in found if rows and stood(run.scheme, rows[0]) is not None)


def head(run: Run, rank: Row, lang: str) -> str:
    """Say whose explanation it is, of which period and in which state."""
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
    grade = grade_words(scheme, rank["grade"], lang) or say("card.no_grade", lang)
    return say("explain.ranked", lang, total=total, rank=rank["rank"], of=rank["of"], grade=grade) + aside


def _part(part: Dimension | Indicator, depth: int, run: Run, unit_id: str, rows: Mapping[str, Row], lang: str) -> Iterator[str]:
    """Say what a dimension gives, or an indicator; what does not count at the level is passed over."""
    inner = part.leaves if isinstance(part, Dimension) else (part,)
    found = [rows[leaf.code] for leaf in inner if rows.get(leaf.code, {}).get("weight")]
    if not found:
        return
    if isinstance(part, Dimension):
        yield f"{'  ' * depth}{part.name(lang)}  {sum((exact(row, run.scheme) for row in found), Decimal(0))}"
    else:
        yield f"{'  ' * depth}{part.name(lang)} ({part.code})  {worth(part, found[0], run, unit_id, lang)}"


def worth(indicator: Indicator, row: Row, run: Run, unit_id: str, lang: str) -> str:
    """Say what an indicator brings: points × weight used, or the mean of what it brought in shorter periods."""
    if pd.isna(row["points"]):
        status = term("status", row["status"], lang)
        missing = say(f"explain.missing.{treated(indicator, row)}", lang)
        return say("explain.unscored", lang, status=status, weight=share(row["weight"]), missing=missing)
    aside = "" if row["status"] == "ok" else f"  [{term('status', row['status'], lang)}]"
    if parts(run.scheme, parse(str(row["period"]))):
        each = (point_rows(run, unit_id, period)[indicator.code] for period in averaged(run, unit_id))
        listed = [str(exact(one, run.scheme)) for one in each]
        return say("explain.mean", lang, n=len(listed), parts=" ".join(listed), contribution=exact(row, run.scheme)) + aside
    return f"{fixed(row['points'], 4)} × {share(row['weight_used'])} = {exact(row, run.scheme)}{aside}"


def treated(indicator: Indicator, row: Row) -> str:
    """Name what the scheme does with an indicator without a value."""
    if row["status"] == "not_applicable":
        return indicator.not_applicable.give if indicator.not_applicable else "redistribute"
    return indicator.missing


def share(weight: float) -> str:
    """Write a weight used with six decimals, fewer where it needs no more.

    >>> share(0.25), share(1 / 3)
    ('0.25', '0.333333')
    """
    digits = f"{weight:.6f}".rstrip("0")
    return digits + "0" * max(0, digits.index(".") + 3 - len(digits))


def exact(row: Row, scheme: Scheme) -> Decimal:
    """Read a contribution as the decimal number that it is."""
    return rounded(row["contribution"], scheme.decimals)


def _adjustments(run: Run, unit_id: str, lang: str) -> Iterator[str]:
    """Say each line that is no indicator's: what it is called, what it does, its points."""
    lines = adjusted(run.scheme, rows_of(run, "adjustments", unit_id), lang)
    for inside, key in ((True, "card.inside"), (False, "card.outside")):
        own = [line for line in lines if line.inside is inside]
        yield from [say(key, lang)] if own else []
        for line in own:
            yield "  " + "  ".join([f"{line.label} ({line.code})", line.said(lang), *line.moves(run.scheme.decimals)])


def _sum(run: Run, rank: Row, rows: Mapping[str, Row], lang: str) -> Iterator[str]:
    scored = [row for row in rows.values() if not pd.isna(row["points"])]
    lines = [row for row in rows_of(run, "adjustments", str(rank["unit_id"])) if row["contribution"]]
    found = [exact(row, run.scheme) for row in (*scored, *lines)]
    total, given = sum(found, Decimal(0)), rounded(rank["total"], run.scheme.decimals)
    yield say("explain.sum", lang, parts=added(found), total=total)
    if total != given:
        yield say("explain.sum_wrong", lang, sum=total, total=given)


def added(numbers: Iterable[Decimal]) -> str:
    """Write numbers as a sum.

    >>> added([Decimal("40.00"), Decimal("-1.50")]), added([])
    ('40.00 − 1.50', '0')
    """
    first, *rest = [*numbers] or [Decimal(0)]
    return "".join([str(first), *(f" {'−' if number < 0 else '+'} {abs(number)}" for number in rest)])


def find_entry(scheme: Scheme, given: str, lang: str) -> tuple[str, Entry]:
    """Find an indicator or a line outside the hundred by its code or label, with the labels of what it stands in.

    Raises UsageError naming near ones.
    """
    placed: list[tuple[Any, Any]] = [(part, above) for _, above, part in parts_of(scheme) if isinstance(part, Indicator)]
    placed += [(line, (group,)) for group in scheme.outside for line in group.lines]
    for entry, above in placed:
        if given in (entry.code, entry.label, entry.label_en):
            return " / ".join(part.name(lang) for part in above), entry
    raise UsageError("which_indicator", given=given, known=near(given, [entry.code for entry in scheme.entries], 3))
