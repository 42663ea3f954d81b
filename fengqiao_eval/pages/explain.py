"""From a total down to its records: the lines that `fengqiao explain` prints."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.documents import similar_ids
from fengqiao_eval.errors import SCORED, UsageError
from fengqiao_eval.files import file_name
from fengqiao_eval.measuring.drilldown import aim_of, totals_of
from fengqiao_eval.periods import parse
from fengqiao_eval.records.identifiers import WRITTEN
from fengqiao_eval.records.query import FILE
from fengqiao_eval.results.caveats import empty_months
from fengqiao_eval.results.firmness import same_records_words
from fengqiao_eval.results.frames import page_names
from fengqiao_eval.results.lines import (
    Adjusted,
    Step,
    adjustment_lines,
    averaged_total,
    comparable_total,
    is_mean,
    shorter_periods,
    steps,
)
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import grade_words
from fengqiao_eval.scheme.indicator import POINTED, Consequence, Entry, Indicator
from fengqiao_eval.scheme.measure import Count, Distinct, Figure, Quantile, Share
from fengqiao_eval.scheme.normalisation import Relative
from fengqiao_eval.scheme.scheme import Dimension, Scheme, parts_of
from fengqiao_eval.wording.arithmetic import Sum, Unit, digits, sums
from fengqiao_eval.wording.definitions import aggregation_words, definition, rule_of
from fengqiao_eval.wording.numbers import (
    covered_part,
    fixed,
    flags,
    measured,
    number,
    plain,
    round_half_up,
    shown_status,
    signed,
    term,
    text,
)
from fengqiao_eval.wording.reasons import reason
from fengqiao_eval.words import quote, say, visible

UnitRow = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """What is asked: of which run and unit, in which language; and what the run says of the unit."""

    run: Run
    unit_id: str
    lang: str

    def say(self, key: str, /, **given: object) -> str:
        """Say a sentence of explain."""
        return say(f"explain.{key}", self.lang, **given)

    def term(self, kind: str, word: str) -> str:
        """Name a level, a status or a flag."""
        return term(kind, word, self.lang)

    @cached_property
    def rank(self) -> UnitRow:
        """The unit's place in the main period; raises UsageError where the run has no such unit, or did not score it."""
        if found := self.rows("ranks"):
            return found[0]
        raise UsageError("not_scored", given=self.unit_id, period=self.run.manifest["period"])

    def status(self, row: UnitRow) -> str:
        """Name the status of an indicator (its row of the frame points)."""
        return self.term("status", shown_status(str(row["status"]), number(row["n"])))

    def rows(self, frame: str, period: str | None = None) -> list[UnitRow]:
        """Read the unit's rows of a frame in a period (the main one); none where an older run lacks the frame."""
        rows = self.run.frame(frame, officers=self.run.holds_officer(self.unit_id)).rows(self.unit_id)
        return [row for row in rows if row["period"] == (period or self.run.manifest["period"])]

    def points(self, period: str | None = None) -> dict[str, UnitRow]:
        """Read the unit's points in a period (the main one) by indicator."""
        return {str(row["indicator"]): row for row in self.rows("points", period)}

    @cached_property
    def averaged(self) -> tuple[str, ...]:
        """The shorter periods of whose totals the unit's total is the mean; none where it was counted anew."""
        scheme, whole = self.run.scheme, str(self.run.manifest["period"])
        names = shorter_periods(scheme, whole) if is_mean(scheme, whole) else ()
        return tuple(name for name in names for rank in self.rows("ranks", name) if averaged_total(scheme, rank) is not None)

    @cached_property
    def adjustments(self) -> tuple[Adjusted, ...]:
        """The lines of the unit's total that are no indicator's."""
        return adjustment_lines(self.run.scheme, self.rows("adjustments"), self.lang)

    def steps(self, entry: Entry) -> tuple[Step, ...]:
        """Say what the value was held against."""
        rows = [row for row in self.rows("comparisons") if row["indicator"] == entry.code]
        return steps(entry, rows, self.lang, empty_months(self.run.manifest))

    def unit(self, peers: np.ndarray) -> Unit:
        """Say by whose numbers points are reckoned."""
        own = self.run.unit(self.unit_id)
        return Unit(self.run.scheme, text(own["level"]), text(own["peer_class"]), peers)

    def exact(self, points: float) -> Decimal:
        """Read points of the total as the decimal number that they are."""
        return round_half_up(points, self.run.scheme.decimals)


# A total, down to its indicators and to the lines beside them.


def total_lines(run: Run, unit_id: str, lang: str) -> list[str]:
    """Explain a total: every indicator's points × weight = contribution, adding up to it to the last decimal.

    Raises UsageError where the run has no such unit.
    """
    asked = Question(run, unit_id, lang)
    lines = [head_line(asked), _standing(asked), asked.say("head_points")]
    rows = asked.points()
    for _, above, part in parts_of(run.scheme):
        inner = part.leaves if isinstance(part, Dimension) else (part,)
        found = [rows[leaf.code] for leaf in inner if rows.get(leaf.code, {}).get("weight")]
        if not found:  # it does not count at the level
            continue
        if isinstance(part, Dimension):
            scored = [asked.exact(row["contribution"]) for row in found if not pd.isna(row["points"])]
            told = f"{part.name(lang)}  {sum(scored, Decimal(0)) if scored else say('card.unscored', lang)}"
        else:
            told = f"{part.name(lang)} ({part.code})  {_worth(asked, part, found[0])}"
        lines.append("  " * len(above) + told)
    for inside, key in ((True, "card.inside"), (False, "card.outside")):
        own = [line for line in asked.adjustments if line.inside is inside]
        lines += [say(key, lang), *(_adjustment(asked, line) for line in own)] if own else []
    return [*lines, *_sum(asked, rows), *_firmness(asked)]


def _firmness(asked: Question) -> Iterator[str]:
    """Say between which places the place may lie, and which indicators err together because they rest on the same records."""
    rank, scheme = asked.rank, asked.run.scheme
    error, low = number(rank.get("se_total")), number(rank.get("rank_low"))
    if error and low is not None:
        given = {"low": int(low), "high": int(rank["rank_high"]), "error": fixed(error, scheme.decimals)}
        yield asked.say("range", **given)
    if error and (said := same_records_words(scheme, str(rank["level"]), (error, rank.get("se_joint")), asked.lang)):
        yield said


def head_line(asked: Question) -> str:
    """Say whose explanation it is, of which period and in which state."""
    rank = asked.rank
    peers, state = text(rank["peer_class"]) or asked.say("whole_level"), asked.say(f"state.{asked.run.manifest['state']}")
    who = {"name": rank["name"], "unit": rank["unit_id"], "level": asked.term("level", str(rank["level"]))}
    return asked.say("head", **who, peers=peers, period=rank["period"], state=state)


def _standing(asked: Question) -> str:
    rank, scheme = asked.rank, asked.run.scheme
    if not rank["covered"]:
        return asked.say("not_yet")
    total = fixed(rank["total"], scheme.decimals)
    aside = asked.say("semicolon") + asked.say("covered", covered=covered_part(rank["covered"])) if rank["covered"] < 1 else ""
    if pd.isna(rank["rank"]):
        why = (asked.term("flag", flag) for flag in flags(rank["flags"]) if flag != "not_ranked")
        key = "part" if comparable_total(rank) is None else "unranked"
        return asked.say(key, total=total, why=asked.say("comma").join(why)) + aside
    grade = grade_words(scheme, rank["grade"], asked.lang) or say("card.no_grade", asked.lang)
    key = "ranked" if rank["of"] > 1 else "alone"
    return asked.say(key, total=total, rank=int(rank["rank"]), of=int(rank["of"]), grade=grade) + aside


def _worth(asked: Question, indicator: Indicator, row: UnitRow) -> str:
    """Say what an indicator brings: points × weight used; of a mean of shorter periods also what it brought in each."""
    status = asked.status(row)
    if pd.isna(row["points"]):
        rule = indicator.missing
        if row["status"] == "not_applicable":
            rule = indicator.not_applicable.give if indicator.not_applicable else "redistribute"
        return asked.say("unscored", status=status, weight=share(row["weight"]), missing=asked.say(f"missing.{rule}"))
    aside, contribution = "" if row["status"] == "ok" else f"  [{status}]", asked.exact(row["contribution"])
    points, weight = fixed(row["points"], 4), share(row["weight_used"])
    if is_mean(asked.run.scheme, str(row["period"])):
        each = [str(asked.exact(asked.points(period)[indicator.code]["contribution"])) for period in asked.averaged]
        mean = {"n": len(each), "points": points, "weight": weight, "parts": " ".join(each)}
        return asked.say("mean", **mean, contribution=contribution) + aside
    return f"{points} × {weight} = {contribution}{aside}"


def share(weight: float) -> str:
    """Write a weight used with six decimals, fewer where it needs no more.

    >>> share(0.25), share(1 / 3)
    ('0.25', '0.333333')
    """
    digits = f"{weight:.6f}".rstrip("0")
    return digits + "0" * max(0, digits.index(".") + 3 - len(digits))


def _adjustment(asked: Question, line: Adjusted) -> str:
    """Say of a line that is no indicator's what it is called, what it does, its points."""
    return "  " + "  ".join([f"{line.label} ({line.code})", line.said(asked.lang), *line.moves(asked.run.scheme.decimals)])


def _sum(asked: Question, rows: Mapping[str, UnitRow]) -> Iterator[str]:
    scored = [row for row in rows.values() if not pd.isna(row["points"])]
    if not scored:
        return
    lines = [row for row in asked.rows("adjustments") if row["contribution"]]
    found = [asked.exact(row["contribution"]) for row in (*scored, *lines)]
    total, given = sum(found, Decimal(0)), asked.exact(asked.rank["total"])
    yield asked.say("sum", parts=sum_text(found), total=total)
    if total != given:
        yield asked.say("sum_wrong", sum=total, total=given)


def sum_text(numbers: Iterable[Decimal]) -> str:
    """Write numbers as a sum.

    >>> sum_text([Decimal("40.00"), Decimal("-1.50")]), sum_text([])
    ('40.00 − 1.50', '0')
    """
    first, *rest = [*numbers] or [Decimal(0)]
    return "".join([str(first), *(f" {'−' if number < 0 else '+'} {abs(number)}" for number in rest)])


# One indicator, or one line outside the hundred: what was counted, the rule, the arithmetic, the records.


def find_entry(scheme: Scheme, given: str, lang: str) -> tuple[str, Entry]:
    """Find an indicator or a line outside the hundred by its code or label, with the labels of what it stands in.

    Raises UsageError naming near ones.
    """
    placed: list[tuple[Any, Any]] = [(part, above) for _, above, part in parts_of(scheme) if isinstance(part, Indicator)]
    placed += [(line, (group,)) for group in scheme.outside for line in group.lines]
    for entry, above in placed:
        if given in (entry.code, entry.label, entry.label_en):
            return " / ".join(part.name(lang) for part in above), entry
    raise UsageError("which_indicator", given=given, known=similar_ids(str(given), [entry.code for entry in scheme.entries], 3))


MOST = 100
"""As many records are listed where not all are asked for."""


def entry_lines(run: Run, unit_id: str, given: str, behind: pd.DataFrame | None, lang: str, most: int | None = MOST) -> list[str]:
    """Explain one indicator, or one line outside the hundred, of a unit: what is counted, value, points, records.

    behind: what measuring.drilldown.trace gave (None: the records cannot be opened); most: so many of them are listed at most.
    Raises UsageError for an unknown entry.
    """
    asked, (above, entry) = Question(run, unit_id, lang), find_entry(run.scheme, given, lang)
    label = {"dimension": above, "label": entry.name(lang), "code": entry.code}
    lines = [head_line(asked), asked.say("indicator", **label), definition(entry, lang), rule_of(entry, run.scheme, lang)]
    row = asked.points().get(entry.code) if isinstance(entry, Indicator) else None
    if isinstance(entry, Consequence):
        lines += _consequence(asked, entry, behind)
    elif isinstance(entry, Indicator) and row is not None:
        lines += _indicator(asked, entry, row)
    lines.append(asked.say("source", source=entry.source))
    return lines if behind is None else [*lines, *_records(asked, entry, row, behind, most)]


def _indicator(asked: Question, indicator: Indicator, row: UnitRow) -> Iterator[str]:
    """Say how an indicator came by its value, its points, and what it brings."""
    yield _value(asked, indicator, row)
    held = asked.steps(indicator)
    yield from (_step(asked, step) for step in held)
    if pd.isna(row["points"]) or asked.averaged:
        yield _worth(asked, indicator, row)
        for period in asked.averaged:  # of whose totals the total is the mean
            brought = _worth(asked, indicator, asked.points(period)[indicator.code])
            yield asked.say("in_period", period=period, sum=brought)
        return
    points, last = fixed(row["points"], 4), None
    if row["status"] in SCORED:
        value = held[-1].result if held else float(row["value"])
        *found, last = sums(indicator, value or 0.0, asked.unit(peer_values(asked, indicator)))
        yield from (_sum_line(asked, one) for one in found)
    if last is None or last.kind in ("rule", "marks", "full"):  # a rule for what is missing gives points without a sum
        yield asked.say("to_points", sum=f"{last.sum} = " if last else "", points=points)
    else:
        yield asked.say(f"sum.{last.kind}", sum=last.sum, result=points)
    contribution = asked.exact(row["contribution"])
    yield asked.say("to_contribution", points=points, weight=share(row["weight_used"]), contribution=contribution)


def _value(asked: Question, entry: Entry, row: UnitRow) -> str:
    status = asked.status(row)
    if number(row["value"]) is None:
        return asked.say("no_value", status=status)
    raw = number(row["denominator"]) is None
    if number(row["n"]) is None:  # a figure, and nobody said on how many answers it rests
        return asked.say("value_no_n", value=f"{fixed(row['value'], 4)} {asked.term('unit', entry.unit)}")
    return asked.say(
        "value_plain" if raw or number(row["numerator"]) is None else "value",
        value=f"{plain(row['value'], 4) if raw else fixed(row['value'], 4)} {asked.term('unit', entry.unit)}",
        scale=f" × {entry.scale}" if entry.scale != 1 else "",
        n=plain(row["n"]),
        status=status,
        **{name: plain(row[name], 4) for name in ("numerator", "denominator")},
    )


def _step(asked: Question, step: Step) -> str:
    if step.given is None or step.result is None:
        return asked.say("step_none", words=step.words)
    told = {"words": step.words, "result": f"{digits(step.result)} {step.unit}".rstrip()}
    return asked.say("step", sum=step.sum, **told) if step.sum else asked.say("step_plain", **told)


def _sum_line(asked: Question, one: Sum) -> str:
    return asked.say(f"sum.{one.kind}", sum=one.sum, result=digits(one.result))


def peer_values(asked: Question, indicator: Indicator) -> np.ndarray:
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


def _consequence(asked: Question, line: Consequence, behind: pd.DataFrame | None) -> Iterator[str]:
    """Say what was counted for a line outside the hundred, what it does, and what the limits of its group leave of it."""
    lines, held = {one.code: one for one in asked.adjustments}, asked.steps(line)
    own = lines.get(line.code)
    value = _line_value(line, own, held, behind)
    if value is not None:
        yield asked.say("counted", value=measured(value, line.unit, short=True))
    yield from (_step(asked, step) for step in held)
    seen = held[-1].result if held else value
    if line.effect in POINTED and seen is not None and not asked.averaged:
        yield from (_sum_line(asked, one) for one in sums(line, seen, asked.unit(np.zeros(0))))
    yield _amount(asked, line, own)
    group = next(group for group in asked.run.scheme.outside if line in group.lines)
    if rule := aggregation_words(group, asked.lang):
        yield asked.say("group", label=group.name(asked.lang), rule=rule)
        codes = (*(one.code for one in group.lines), group.code)
        yield from (_adjustment(asked, lines[code]) for code in codes if code in lines)


def _line_value(line: Consequence, own: Adjusted | None, held: Sequence[Step], behind: pd.DataFrame | None) -> float | None:
    """Read what was counted: as the run has it, else, of a raw count, what the records are worth together."""
    if own and own.value is not None:
        return held[0].given if held else own.value
    raw = isinstance(line.measure, Count) and line.measure.per is None
    return totals_of(behind)["numerator"] if raw and behind is not None else None


def _amount(asked: Question, line: Consequence, own: Adjusted | None) -> str:
    """Say what a line does; of an item set to zero contribution × months hit / months, where that alone explains it."""
    if own is None:
        return asked.say("no_effect")
    if line.effect not in {*POINTED, "zero_item"}:
        return asked.say("vetoed", words=own.words)
    plainly = asked.say("amount", words=own.words, points=signed(own.points, asked.run.scheme.decimals))
    if line.effect != "zero_item":
        return plainly
    contribution = asked.exact(asked.points()[str(line.item)]["contribution"])
    length, gone = parse(str(asked.run.manifest["period"])).months, -asked.exact(own.points)
    hit = next((n for n in range(1, length + 1) if asked.exact(float(contribution * n / length)) == gone), None)
    return plainly if hit is None else f"{plainly} = −{contribution} × {hit} / {length}"


# The records behind an entry: ids, dates, what each adds, of notices who stands for them.


def _records(asked: Question, entry: Entry, row: UnitRow | None, behind: pd.DataFrame, most: int | None) -> Iterator[str]:
    """List the records, at most so many, and say whether all of them add up to what was scored (row: of the frame points)."""
    if isinstance(entry.measure, Figure):
        yield from _figures(asked, behind.to_dict("records"))
        return
    counted = isinstance(entry.measure, Count)  # rows, each for what it is worth, and not so many of so many
    kind = "things" if isinstance(entry.measure, Distinct) else "counted_records" if counted else "records"
    fewer = asked.say("fewer_better") if not counted and getattr(entry, "direction", "") == "lower" else ""
    number_of = int(totals_of(behind)["n"])
    yield asked.say(kind, n=number_of) + fewer
    shown = behind if most is None or len(behind) <= most else _lost_first(entry, behind).head(most)
    if len(shown) < number_of:
        where = {"run": str(asked.run.manifest["run"]), "unit": asked.unit_id, "code": entry.code}
        where = {name: shlex.quote(visible(word)) for name, word in where.items()}
        yield asked.say("first_counted" if counted else "first", shown=len(shown), **where)
    yield from (_record(asked, entry, record) for record in shown.to_dict("records"))
    if len(shown) < number_of and (listed := _lost_list(asked)):
        yield asked.say("lost_list", path=listed)
    if row is not None:
        yield from _sum_check(asked, entry, row, behind)


def _lost_first(entry: Entry, behind: pd.DataFrame) -> pd.DataFrame:
    """Put the records first that lost points: beyond what is aimed at, of codes the best, of parts none or all."""
    aim, lower = aim_of(entry), getattr(entry, "direction", "higher") == "lower"
    if aim is None:
        return behind
    each = behind["numerator"] / behind["denominator"]
    met = each <= aim if lower else each >= aim
    return behind.loc[met.sort_values(kind="stable").index]


def _lost_list(asked: Question) -> str:
    """Say where the list of the unit's lost records lies, where its card was printed."""
    own = asked.run.unit(asked.unit_id)
    names = page_names(asked.run.frame("units", officers=asked.run.holds_officer(asked.unit_id)))
    found = asked.run.path / file_name(str(own["level"])) / f"{names[asked.unit_id]}.records.xlsx"
    if not found.is_file():
        return ""
    here = Path.cwd()
    return str(found.relative_to(here) if found.is_relative_to(here) else found)


def _record(asked: Question, entry: Entry, record: UnitRow) -> str:
    at = "—" if pd.isna(record["happened_at"]) else f"{pd.Timestamp(record['happened_at']):%Y-%m-%d %H:%M}"
    given = {"id": record["record_id"], "at": at, "above": plain(record["numerator"], 4)}
    if isinstance(entry.measure, Count):
        stands = {name: text(record.get(name)) or "—" for name in ("source", "checked_by")}
        said = asked.say("counted_record", **given) + (asked.say("notice", **stands) if "checked_by" in record else "")
        return said + _origin(asked, record)
    given["word"] = ""
    if isinstance(entry.measure, (Share, Distinct)):
        given["word"] = asked.say("met" if record["numerator"] else "not_met") + "  "
    why = text(record.get("why"))
    given |= {"below": plain(record["denominator"], 4), "why": f"  {reason(entry, why, asked.lang)}" if why else ""}
    return asked.say("record", **given) + _origin(asked, record)


def _origin(asked: Question, record: UnitRow) -> str:
    """Say of which of several files a record is, and how its unit was written where that was repaired."""
    file, written = text(record.get(FILE)), text(record.get(f"unit_id{WRITTEN}"))
    said = asked.say("from_file", file=file) if file else ""
    if written in ("", record["unit_id"]):
        return said
    return said + asked.say("as_written", given=quote(written), unit=record["unit_id"])


def _sum_check(asked: Question, entry: Entry, row: UnitRow, behind: pd.DataFrame) -> Iterator[str]:
    """Say whether the records add up to what was scored."""
    found = {name: totals_of(behind)[name] for name in ("numerator", "denominator")}
    pairs, keys = list(zip(found, found, strict=True)), ("records_sum", "records_differ")
    if isinstance(entry.measure, Count):
        pairs, keys = [("numerator", "numerator")], ("count_sum", "count_differs")
    elif isinstance(entry.measure, Quantile):
        pairs = [("denominator", "n")]
    off = any(abs(found[name] - (number(row[of]) or 0)) >= 1e-6 for name, of in pairs)  # noqa: PLR2004 - sums of shares are floats
    scored = {name: plain(row[name], 4) for name in found}
    yield asked.say(keys[off], above=plain(found["numerator"], 4), below=plain(found["denominator"], 4), **scored)
    if isinstance(entry.measure, Count) and entry.measure.per:
        per = say(f"definition.per.{entry.measure.per}", asked.lang)
        yield asked.say("exposure", per=per, amount=scored["denominator"])


def _figures(asked: Question, lines: Sequence[UnitRow]) -> Iterator[str]:
    if not lines:
        yield asked.say("figure_none")
    for line in lines:
        numbers = {name: plain(number(line.get(name)), 4) for name in ("numerator", "denominator", "value", "n")}
        yield asked.say("figure", **numbers, period=line["period"], source=text(line.get("source")) or "—")
