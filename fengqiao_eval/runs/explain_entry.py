"""From one indicator, or one line outside the hundred, down to its records: rule, arithmetic, contribution."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fengqiao_eval.errors import SCORED
from fengqiao_eval.periods import parse
from fengqiao_eval.runs.behind import behind_lines, counted
from fengqiao_eval.runs.explain import Row, averaged, exact, find_entry, head, point_rows, rank_row, rows_of, share, worth
from fengqiao_eval.scheme.indicator import Entry, Indicator
from fengqiao_eval.scheme.outside import POINTED, Consequence
from fengqiao_eval.scheme.rules import Relative
from fengqiao_eval.scorecards.adjusted import Adjusted, adjusted
from fengqiao_eval.scorecards.against import Step, steps
from fengqiao_eval.scorecards.definitions import definition, gathering, rule_of
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.identity import unit_row
from fengqiao_eval.scorecards.reckoning import Sum, Unit, digits, sums
from fengqiao_eval.scorecards.wording import fixed, measured, number, plain, rounded, signed, term, text
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Asked:
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
        own = unit_row(self.run, self.unit_id, officers=self.run.holds_officer(self.unit_id))
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
    asked, (above, entry) = Asked(run, unit_id, lang, behind), find_entry(run.scheme, given, lang)
    label = {"dimension": above, "label": entry.name(lang), "code": entry.code}
    lines = [head(run, asked.rank, lang), asked.say("indicator", **label), definition(entry, lang)]
    lines.append(rule_of(entry, run.scheme, lang))
    row = point_rows(run, unit_id).get(entry.code) if isinstance(entry, Indicator) else None
    if isinstance(entry, Consequence):
        lines += _consequence(asked, entry)
    elif isinstance(entry, Indicator) and row is not None:
        lines += _indicator(asked, entry, row)
    lines.append(asked.say("source", source=entry.source))
    return lines if behind is None else [*lines, *behind_lines(entry, row, behind, lang)]


def _indicator(asked: Asked, indicator: Indicator, row: Row) -> Iterator[str]:
    """Say how an indicator came by its value, its points, and what it brings."""
    yield _value(asked, indicator, row)
    held = asked.steps(indicator)
    yield from (_step(asked, step) for step in held)
    if pd.isna(row["points"]) or averaged(asked.run, asked.unit_id):
        yield worth(indicator, row, asked.run, asked.unit_id, asked.lang)
        yield from _each_period(asked, indicator)
        return
    points = fixed(row["points"], 4)
    found: tuple[Sum, ...] = ()
    if row["status"] in SCORED:
        value = held[-1].result if held else float(row["value"])
        found = sums(indicator, value or 0.0, asked.unit(_peers(asked, indicator)))
    yield from _sums(asked, found[:-1])
    yield _last(asked, found[-1:], points)
    yield asked.say("to_contribution", points=points, weight=share(row["weight_used"]), contribution=exact(row, asked.run.scheme))


def _value(asked: Asked, entry: Entry, row: Row) -> str:
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


def _step(asked: Asked, step: Step) -> str:
    if step.given is None or step.result is None:
        return asked.say("step_none", words=step.words)
    told = {"words": step.words, "result": f"{digits(step.result)} {step.unit}".rstrip()}
    return asked.say("step", sum=step.sum, **told) if step.sum else asked.say("step_plain", **told)


def _sums(asked: Asked, found: tuple[Sum, ...]) -> Iterator[str]:
    yield from (asked.say(f"sum.{one.kind}", sum=one.sum, result=digits(one.result)) for one in found)


def _last(asked: Asked, found: tuple[Sum, ...], points: str) -> str:
    """Say the last sum, which comes to the points; where there was none, as a rule for what is missing gives them."""
    if not found:
        return asked.say("to_points", sum="", points=points)
    if found[0].kind in ("rule", "marks", "full"):
        return asked.say("to_points", sum=f"{found[0].sum} = ", points=points)
    return asked.say(f"sum.{found[0].kind}", sum=found[0].sum, result=points)


def _each_period(asked: Asked, indicator: Indicator) -> Iterator[str]:
    """Say what an indicator brought in each of the shorter periods of which the total is the mean."""
    for period in averaged(asked.run, asked.unit_id):
        row = point_rows(asked.run, asked.unit_id, period)[indicator.code]
        yield asked.say("in_period", period=period, sum=worth(indicator, row, asked.run, asked.unit_id, asked.lang))


def _peers(asked: Asked, indicator: Indicator) -> np.ndarray:
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


def _consequence(asked: Asked, line: Consequence) -> Iterator[str]:
    """Say what was counted for a line outside the hundred, what it does, and what the limits of its group leave of it."""
    lines = {one.code: one for one in adjusted(asked.run.scheme, rows_of(asked.run, "adjustments", asked.unit_id), asked.lang)}
    own, held = lines.get(line.code), asked.steps(line)
    value = _of_line(asked, line, own)
    if value is not None:
        yield asked.say("counted", value=measured(value, line.unit, short=True))
    yield from (_step(asked, step) for step in held)
    seen = held[-1].result if held else value
    if line.effect in POINTED and seen is not None and not averaged(asked.run, asked.unit_id):
        found = sums(line, seen, asked.unit())
        yield from _sums(asked, found)
    yield _amount(asked, line, own)
    yield from _group(asked, line, lines)


def _of_line(asked: Asked, line: Consequence, own: Adjusted | None) -> float | None:
    """Read what was counted: as the run has it, else from the records."""
    if own and own.value is not None:
        held = asked.steps(line)
        return held[0].given if held else own.value
    return counted(line, asked.behind)


def _amount(asked: Asked, line: Consequence, own: Adjusted | None) -> str:
    decimals = asked.run.scheme.decimals
    if own is None:
        return asked.say("no_effect")
    if line.effect == "zero_item":
        return _zeroed(asked, line, own)
    if line.effect not in POINTED:
        return asked.say("vetoed", words=own.words)
    return asked.say("amount", words=own.words, points=signed(own.points, decimals))


def _zeroed(asked: Asked, line: Consequence, own: Adjusted) -> str:
    """Say what was taken of an item: its contribution × months hit / months, where that alone explains it."""
    item = point_rows(asked.run, asked.unit_id)[str(line.item)]
    contribution, decimals = exact(item, asked.run.scheme), asked.run.scheme.decimals
    months, gone = parse(str(asked.run.manifest["period"])).months, -rounded(own.points, decimals)
    hit = next((n for n in range(1, months + 1) if rounded(float(contribution * n / months), decimals) == gone), None)
    plainly = asked.say("amount", words=own.words, points=signed(own.points, decimals))
    return plainly if hit is None else f"{plainly} = −{contribution} × {hit} / {months}"


def _group(asked: Asked, line: Consequence, lines: dict[str, Adjusted]) -> Iterator[str]:
    """Say what else stands in the line's group, and what the group's limits change."""
    group = next(group for group in asked.run.scheme.outside if line in group.lines)
    inside = [lines[code] for code in (*(one.code for one in group.lines), group.code) if code in lines]
    if rule := gathering(group, asked.lang):
        yield asked.say("group", label=group.name(asked.lang), rule=rule)
        for one in inside:
            yield "  " + "  ".join([f"{one.label} ({one.code})", one.said(asked.lang), *one.moves(asked.run.scheme.decimals)])
