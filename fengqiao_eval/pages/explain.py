"""From a total down to its records: the lines that `fengqiao explain` prints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.documents import similar_ids
from fengqiao_eval.errors import SCORED, UsageError
from fengqiao_eval.periods import parse
from fengqiao_eval.results.lines import Adjusted, Step, adjustment_lines, averaged_total, shorter_periods, steps
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import grade_words
from fengqiao_eval.scheme.indicator import POINTED, Consequence, Entry, Indicator
from fengqiao_eval.scheme.measure import Count, Distinct, Figure, Quantile
from fengqiao_eval.scheme.normalisation import Relative
from fengqiao_eval.scheme.scheme import Dimension, Scheme, parts_of
from fengqiao_eval.scoring.long_periods import parts
from fengqiao_eval.wording.arithmetic import Sum, Unit, digits, sums
from fengqiao_eval.wording.definitions import aggregation_words, definition, rule_of
from fengqiao_eval.wording.numbers import fixed, measured, number, plain, round_half_up, signed, term, text
from fengqiao_eval.words import say

# From a total down to its parts: the lines that `fengqiao explain RUN UNIT` prints, and what they read.


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


def averaged_periods(run: Run, unit_id: str) -> tuple[str, ...]:
    """Name the shorter periods of whose totals the unit's total is the mean; none where it was counted anew."""
    if not parts(run.scheme, parse(str(run.manifest["period"]))):
        return ()
    found = ((period, rows_of(run, "ranks", unit_id, period)) for period in shorter_periods(run.scheme, run.manifest["period"]))
    return tuple(period for period, rows in found if rows and averaged_total(run.scheme, rows[0]) is not None)


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
        yield f"{'  ' * depth}{part.name(lang)}  {sum((exact_contribution(row, run.scheme) for row in found), Decimal(0))}"
    else:
        yield f"{'  ' * depth}{part.name(lang)} ({part.code})  {worth(part, found[0], run, unit_id, lang)}"


def worth(indicator: Indicator, row: Row, run: Run, unit_id: str, lang: str) -> str:
    """Say what an indicator brings: points × weight used, or the mean of what it brought in shorter periods."""
    if pd.isna(row["points"]):
        status = term("status", row["status"], lang)
        missing = say(f"explain.missing.{missing_rule(indicator, row)}", lang)
        return say("explain.unscored", lang, status=status, weight=share(row["weight"]), missing=missing)
    aside = "" if row["status"] == "ok" else f"  [{term('status', row['status'], lang)}]"
    if parts(run.scheme, parse(str(row["period"]))):
        each = (point_rows(run, unit_id, period)[indicator.code] for period in averaged_periods(run, unit_id))
        listed = [str(exact_contribution(one, run.scheme)) for one in each]
        return (
            say("explain.mean", lang, n=len(listed), parts=" ".join(listed), contribution=exact_contribution(row, run.scheme))
            + aside
        )
    return f"{fixed(row['points'], 4)} × {share(row['weight_used'])} = {exact_contribution(row, run.scheme)}{aside}"


def missing_rule(indicator: Indicator, row: Row) -> str:
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


def exact_contribution(row: Row, scheme: Scheme) -> Decimal:
    """Read a contribution as the decimal number that it is."""
    return round_half_up(row["contribution"], scheme.decimals)


def _adjustments(run: Run, unit_id: str, lang: str) -> Iterator[str]:
    """Say each line that is no indicator's: what it is called, what it does, its points."""
    lines = adjustment_lines(run.scheme, rows_of(run, "adjustments", unit_id), lang)
    for inside, key in ((True, "card.inside"), (False, "card.outside")):
        own = [line for line in lines if line.inside is inside]
        yield from [say(key, lang)] if own else []
        for line in own:
            yield "  " + "  ".join([f"{line.label} ({line.code})", line.said(lang), *line.moves(run.scheme.decimals)])


def _sum(run: Run, rank: Row, rows: Mapping[str, Row], lang: str) -> Iterator[str]:
    scored = [row for row in rows.values() if not pd.isna(row["points"])]
    lines = [row for row in rows_of(run, "adjustments", str(rank["unit_id"])) if row["contribution"]]
    found = [exact_contribution(row, run.scheme) for row in (*scored, *lines)]
    total, given = sum(found, Decimal(0)), round_half_up(rank["total"], run.scheme.decimals)
    yield say("explain.sum", lang, parts=sum_text(found), total=total)
    if total != given:
        yield say("explain.sum_wrong", lang, sum=total, total=given)


def sum_text(numbers: Iterable[Decimal]) -> str:
    """Write numbers as a sum.

    >>> sum_text([Decimal("40.00"), Decimal("-1.50")]), sum_text([])
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
    raise UsageError("which_indicator", given=given, known=similar_ids(given, [entry.code for entry in scheme.entries], 3))


# The records behind an entry, as `fengqiao explain` lists them: ids, dates, what each adds, of notices who stands for them.


def sum_records(entry: Entry, behind: pd.DataFrame | None) -> float | None:
    """Add up what the records of a raw count are worth; None where the value is no such sum.

    >>> sum_records(Entry.model_construct(measure=None), None) is None
    True
    """
    raw = isinstance(entry.measure, Count) and entry.measure.per is None
    return float(behind["numerator"].sum()) if raw and behind is not None else None


def record_lines(entry: Entry, row: Row | None, behind: pd.DataFrame, lang: str) -> Iterator[str]:
    """List the records behind an entry, and say whether they add up to what was scored (row: of the frame points)."""
    if isinstance(entry.measure, Figure):
        yield from _figures(behind.to_dict("records"), lang)
        return
    kind = "things" if isinstance(entry.measure, Distinct) else "counted_records" if _is_count(entry) else "records"
    yield say(f"explain.{kind}", lang, n=len(behind))
    yield from (_record(entry, record, lang) for record in behind.to_dict("records"))
    if row is not None:
        yield from _sum_check(entry, row, behind, lang)


def _is_count(entry: Entry) -> bool:
    """Say whether what is counted is rows, each for what it is worth, and not so many of so many."""
    return isinstance(entry.measure, Count)


def _record(entry: Entry, record: Row, lang: str) -> str:
    at = f"{pd.Timestamp(record['happened_at']):%Y-%m-%d %H:%M}" if not pd.isna(record["happened_at"]) else "—"
    above, below = plain(record["numerator"], 4), plain(record["denominator"], 4)
    if _is_count(entry):
        said = say("explain.counted_record", lang, id=record["record_id"], at=at, above=above)
        stands = {name: text(record.get(name)) or "—" for name in ("source", "checked_by")}
        return said + (say("explain.notice", lang, **stands) if "checked_by" in record else "")
    word = say("explain.met" if record["numerator"] else "explain.not_met", lang)
    return say("explain.record", lang, id=record["record_id"], at=at, word=word, above=above, below=below)


def _sum_check(entry: Entry, row: Row, behind: pd.DataFrame, lang: str) -> Iterator[str]:
    """Say whether the records add up to what was scored."""
    above, below = float(behind["numerator"].sum()), float(behind["denominator"].sum())
    scored = {name: number(row[name]) for name in ("numerator", "denominator", "n")}
    given = {"above": plain(above, 4), "below": plain(below, 4)}
    measure = entry.measure
    if isinstance(measure, Count):
        key = "count_sum" if _is_equal(above, scored["numerator"]) else "count_differs"
        yield say(f"explain.{key}", lang, above=given["above"], numerator=plain(scored["numerator"], 4))
        if measure.per:
            per = say(f"definition.per.{measure.per}", lang)
            yield say("explain.exposure", lang, per=per, amount=plain(scored["denominator"], 4))
        return
    pairs: Sequence[tuple[float, Any]] = [(below, scored["denominator"]), (above, scored["numerator"])]
    if all(_is_equal(*pair) for pair in ([(below, scored["n"])] if isinstance(measure, Quantile) else pairs)):
        yield say("explain.records_sum", lang, **given)
        return
    then = {name: plain(scored[name], 4) for name in ("numerator", "denominator")}
    yield say("explain.records_differ", lang, **given, **then)


def _is_equal(found: float, scored: float | None) -> bool:
    return abs(found - (scored or 0)) < 1e-6  # noqa: PLR2004 - sums of shares are floats


def _figures(lines: Sequence[Row], lang: str) -> Iterator[str]:
    if not lines:
        yield say("explain.figure_none", lang)
    for line in lines:
        numbers = {name: plain(number(line.get(name)), 4) for name in ("numerator", "denominator", "value", "n")}
        yield say("explain.figure", lang, **numbers, period=line["period"], source=text(line.get("source")) or "—")


# From one indicator, or one line outside the hundred, down to its records: rule, arithmetic, contribution.


@dataclass(frozen=True)
class Question:
    """What is asked: of which run and unit, in which language, and the records behind it (None: they cannot be opened)."""

    run: Run
    unit_id: str
    lang: str
    behind: pd.DataFrame | None

    @property
    def rank(self) -> Row:
        """The unit's place in the main period."""
        return rank_row(self.run, self.unit_id)

    def say(self, key: str, /, **given: object) -> str:
        """Say a sentence of explain."""
        return say(f"explain.{key}", self.lang, **given)

    def unit(self, peers: np.ndarray | None = None) -> Unit:
        """Say by whose numbers points are reckoned."""
        own = self.run.unit(self.unit_id)
        none = np.zeros(0) if peers is None else peers
        return Unit(self.run.scheme, text(own["level"]), text(own["peer_class"]), none)

    def steps(self, entry: Entry) -> tuple[Step, ...]:
        """Say what the value was held against."""
        rows = rows_of(self.run, "comparisons", self.unit_id)
        return steps(entry, [row for row in rows if row["indicator"] == entry.code], self.lang)


def entry_lines(run: Run, unit_id: str, given: str, behind: pd.DataFrame | None, lang: str) -> list[str]:
    """Explain one indicator, or one line outside the hundred, of a unit: what is counted, value, points, records.

    behind: what scoring.trace gave (None: the records cannot be opened). Raises UsageError for an unknown entry.
    """
    asked, (above, entry) = Question(run, unit_id, lang, behind), find_entry(run.scheme, given, lang)
    label = {"dimension": above, "label": entry.name(lang), "code": entry.code}
    lines = [head(run, asked.rank, lang), asked.say("indicator", **label), definition(entry, lang)]
    lines.append(rule_of(entry, run.scheme, lang))
    row = point_rows(run, unit_id).get(entry.code) if isinstance(entry, Indicator) else None
    if isinstance(entry, Consequence):
        lines += _consequence(asked, entry)
    elif isinstance(entry, Indicator) and row is not None:
        lines += _indicator(asked, entry, row)
    lines.append(asked.say("source", source=entry.source))
    return lines if behind is None else [*lines, *record_lines(entry, row, behind, lang)]


def _indicator(asked: Question, indicator: Indicator, row: Row) -> Iterator[str]:
    """Say how an indicator came by its value, its points, and what it brings."""
    yield _value(asked, indicator, row)
    held = asked.steps(indicator)
    yield from (_step(asked, step) for step in held)
    if pd.isna(row["points"]) or averaged_periods(asked.run, asked.unit_id):
        yield worth(indicator, row, asked.run, asked.unit_id, asked.lang)
        yield from _period_lines(asked, indicator)
        return
    points = fixed(row["points"], 4)
    found: tuple[Sum, ...] = ()
    if row["status"] in SCORED:
        value = held[-1].result if held else float(row["value"])
        found = sums(indicator, value or 0.0, asked.unit(_peers(asked, indicator)))
    yield from _sums(asked, found[:-1])
    yield _last_sum(asked, found[-1:], points)
    yield asked.say(
        "to_contribution", points=points, weight=share(row["weight_used"]), contribution=exact_contribution(row, asked.run.scheme)
    )


def _value(asked: Question, entry: Entry, row: Row) -> str:
    status = term("status", row["status"], asked.lang)
    if number(row["value"]) is None:
        return asked.say("no_value", status=status)
    raw = number(row["denominator"]) is None
    shown = plain(row["value"], 4) if raw else fixed(row["value"], 4)
    given = {"value": f"{shown} {entry.unit}", "n": plain(row["n"]), "status": status}
    if raw or number(row["numerator"]) is None:
        return asked.say("value_plain", **given)
    scale = f" × {entry.scale}" if entry.scale != 1 else ""
    parts = {name: plain(row[name], 4) for name in ("numerator", "denominator")}
    return asked.say("value", **given, **parts, scale=scale)


def _step(asked: Question, step: Step) -> str:
    if step.given is None or step.result is None:
        return asked.say("step_none", words=step.words)
    told = {"words": step.words, "result": f"{digits(step.result)} {step.unit}".rstrip()}
    return asked.say("step", sum=step.sum, **told) if step.sum else asked.say("step_plain", **told)


def _sums(asked: Question, found: tuple[Sum, ...]) -> Iterator[str]:
    yield from (asked.say(f"sum.{one.kind}", sum=one.sum, result=digits(one.result)) for one in found)


def _last_sum(asked: Question, found: tuple[Sum, ...], points: str) -> str:
    """Say the last sum, which comes to the points; where there was none, as a rule for what is missing gives them."""
    if not found:
        return asked.say("to_points", sum="", points=points)
    if found[0].kind in ("rule", "marks", "full"):
        return asked.say("to_points", sum=f"{found[0].sum} = ", points=points)
    return asked.say(f"sum.{found[0].kind}", sum=found[0].sum, result=points)


def _period_lines(asked: Question, indicator: Indicator) -> Iterator[str]:
    """Say what an indicator brought in each of the shorter periods of which the total is the mean."""
    for period in averaged_periods(asked.run, asked.unit_id):
        row = point_rows(asked.run, asked.unit_id, period)[indicator.code]
        yield asked.say("in_period", period=period, sum=worth(indicator, row, asked.run, asked.unit_id, asked.lang))


def _peers(asked: Question, indicator: Indicator) -> np.ndarray:
    """Give the values of the others of the group, where points refer to them."""
    if not isinstance(indicator.points, Relative):
        return np.zeros(0)
    officers = asked.run.holds_officer(asked.unit_id)
    rows = asked.run.frame("points", officers=officers).data
    rank, others = asked.rank, rows["unit_id"] != asked.unit_id
    alike = (rows["level"] == rank["level"]) & (rows["peer_class"] == rank["peer_class"]) & (rows["period"] == rank["period"])
    kept = rows[alike & others & (rows["indicator"] == indicator.code) & rows["status"].isin(SCORED)]
    kept = kept[~kept["unit_id"].isin(asked.run.scheme.unranked)]
    if not indicator.against:
        return kept["value"].to_numpy(dtype=float)
    held = asked.run.frame("comparisons", officers=officers).data
    last = (held["step"] == len(indicator.against)) & (held["indicator"] == indicator.code) & (held["period"] == rank["period"])
    return held[last & held["unit_id"].isin(kept["unit_id"])]["result"].dropna().to_numpy(dtype=float)


def _consequence(asked: Question, line: Consequence) -> Iterator[str]:
    """Say what was counted for a line outside the hundred, what it does, and what the limits of its group leave of it."""
    lines = {
        one.code: one for one in adjustment_lines(asked.run.scheme, rows_of(asked.run, "adjustments", asked.unit_id), asked.lang)
    }
    own, held = lines.get(line.code), asked.steps(line)
    value = _line_value(asked, line, own)
    if value is not None:
        yield asked.say("counted", value=measured(value, line.unit, short=True))
    yield from (_step(asked, step) for step in held)
    seen = held[-1].result if held else value
    if line.effect in POINTED and seen is not None and not averaged_periods(asked.run, asked.unit_id):
        found = sums(line, seen, asked.unit())
        yield from _sums(asked, found)
    yield _amount(asked, line, own)
    yield from _group(asked, line, lines)


def _line_value(asked: Question, line: Consequence, own: Adjusted | None) -> float | None:
    """Read what was counted: as the run has it, else from the records."""
    if own and own.value is not None:
        held = asked.steps(line)
        return held[0].given if held else own.value
    return sum_records(line, asked.behind)


def _amount(asked: Question, line: Consequence, own: Adjusted | None) -> str:
    decimals = asked.run.scheme.decimals
    if own is None:
        return asked.say("no_effect")
    if line.effect == "zero_item":
        return _zeroing_words(asked, line, own)
    if line.effect not in POINTED:
        return asked.say("vetoed", words=own.words)
    return asked.say("amount", words=own.words, points=signed(own.points, decimals))


def _zeroing_words(asked: Question, line: Consequence, own: Adjusted) -> str:
    """Say what was taken of an item: its contribution × months hit / months, where that alone explains it."""
    item = point_rows(asked.run, asked.unit_id)[str(line.item)]
    contribution, decimals = exact_contribution(item, asked.run.scheme), asked.run.scheme.decimals
    months, gone = parse(str(asked.run.manifest["period"])).months, -round_half_up(own.points, decimals)
    hit = next((n for n in range(1, months + 1) if round_half_up(float(contribution * n / months), decimals) == gone), None)
    plainly = asked.say("amount", words=own.words, points=signed(own.points, decimals))
    return plainly if hit is None else f"{plainly} = −{contribution} × {hit} / {months}"


def _group(asked: Question, line: Consequence, lines: dict[str, Adjusted]) -> Iterator[str]:
    """Say what else stands in the line's group, and what the group's limits change."""
    group = next(group for group in asked.run.scheme.outside if line in group.lines)
    inside = [lines[code] for code in (*(one.code for one in group.lines), group.code) if code in lines]
    if rule := aggregation_words(group, asked.lang):
        yield asked.say("group", label=group.name(asked.lang), rule=rule)
        for one in inside:
            yield "  " + "  ".join([f"{one.label} ({one.code})", one.said(asked.lang), *one.moves(asked.run.scheme.decimals)])
