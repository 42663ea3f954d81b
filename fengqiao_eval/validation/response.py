"""Answers before they are scored: who was asked, who answered what, how that is coded, and what the silent could change."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.measuring import tallies
from fengqiao_eval.measuring.counting import Plan
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.measure import Coded
from fengqiao_eval.scheme.scheme import applies, void_months

MIDDLE = "基本满意"
"""The answer that is coded otherwise from place to place."""
IN_USE = (Decimal(0), Decimal("0.5"), Decimal("0.6"), Decimal(1))
"""How it is coded: as parts of the way from the worst answer to the best."""
SILENT, OTHER = -1, -2
"""The places of no answer at all, and of an answer to which the scheme gives no code."""
BASE = ("indicator", "level", "unit_id", "name", "asked", "answered", "response", "coded", "value", "low", "high")
CODING = ("indicator", "answer", "kind", "code", "count", "share")


def bounds(total: Any, coded: Any, asked: Any, worst: float = 0, best: float = 1) -> tuple[Any, Any]:
    """Give between which a mean code lies whatever those without a code would have said (Horowitz and Manski 2000).

    total: the sum of the codes; coded: how many answers have one; asked: how many were asked. Of numbers or arrays of them.

    >>> low, high = bounds(0.99 * 16_466, 16_466, 68_780)
    >>> f"{low:.1%} {high:.1%}"
    '23.7% 99.8%'
    """
    return (total + (asked - coded) * worst) / asked, (total + (asked - coded) * best) / asked


def middle_answer(values: Mapping[str, Decimal]) -> str | None:
    """Name the answer that is coded otherwise elsewhere: 基本满意, else the only one between the worst and the best.

    >>> middle_answer({"yes": Decimal(1), "rather": Decimal("0.6"), "no": Decimal(0)}), middle_answer({"yes": 1, "no": 0})
    ('rather', None)
    """
    if MIDDLE in values:
        return MIDDLE
    between = [word for word, code in values.items() if min(values.values()) < code < max(values.values())]
    return between[0] if len(between) == 1 else None


def other_values(values: Mapping[str, Decimal]) -> dict[Decimal, dict[str, Decimal]]:
    """Give the codes as they would be under every coding in use: {} where no answer is coded otherwise.

    >>> [codes["rather"] for codes in other_values({"yes": Decimal(100), "rather": Decimal(60), "no": Decimal(0)}).values()]
    [Decimal('0'), Decimal('50.0'), Decimal('60.0'), Decimal('100')]
    """
    if (middle := middle_answer(values)) is None:
        return {}
    others = [code for word, code in values.items() if word != middle]
    if not others:
        return {}
    worst, best = min(others), max(others)
    return {part: {**values, middle: worst + (best - worst) * part} for part in IN_USE}


def coded_indicators(plan: Plan) -> list[tuple[Indicator, Coded]]:
    """List the indicators that give codes to answers and whose table is there, each with its measure."""
    found = [(one, one.measure) for one in plan.scheme.indicators if isinstance(one.measure, Coded)]
    return [(one, measure) for one, measure in found if measure.table in plan.records.tables]


def without_void(period: Period, plan: Plan, code: str) -> tuple[Period, ...]:
    """Give the months of a period in which an indicator is counted."""
    voids = void_months(plan.scheme, code)
    return tuple(Period(month, 1) for month in period.month_numbers if month not in voids)


def answer_rows(plan: Plan, measure: Coded) -> Any:
    """Give the rows in which somebody was asked, with the `place_` of the answer among the words of the scheme.

    What the measure asks of the answer itself does not say who was asked; an answer that it does not count is one without a code.
    """
    asked = measure.model_copy(update={"where": {c: test for c, test in measure.where.items() if c != measure.column}})
    rows = plan.rows(asked)
    rows = rows.filter(tallies.counts(rows, asked))
    answer, places = rows[measure.column], {word: Decimal(place) for place, word in enumerate(measure.values)}
    counted = query.is_so(query.passes(rows, measure.where)) if measure.where else None
    place = query.code(answer, places).cast("float64")
    known = query.all_of(place.notnull(), counted)
    silent, other = query.constant(float(SILENT), "float64"), query.constant(float(OTHER), "float64")
    return rows.mutate(place_=answer.isnull().ifelse(silent, known.ifelse(place, other)))


def count_answers(plan: Plan, measure: Coded) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """Count the answers of every unit and person of the tree (unit_id, then a column a place), and of all records by place."""
    rows = answer_rows(plan, measure)
    own = query.tally(rows, {"unit_id": rows.unit_id, "place": rows.place_}, {"n": rows.count()})
    found = [own.merge(plan.tree.counts_for, on="unit_id")[["ancestor", "place", "n"]].rename(columns={"ancestor": "unit_id"})]
    if plan.officers and plan.names_persons(measure.table):
        theirs = plan.to_persons(rows, measure.table)
        keys = {"unit_id": theirs.officer_id, "place": theirs.place_, "parts": theirs.parts_}
        shared = query.tally(theirs, keys, {"n": query.sum_where(theirs, None, None, theirs.share_)}).dropna(subset="unit_id")
        found.append(shared.assign(n=shared["n"] / shared["parts"]).drop(columns="parts"))
    every = pd.concat(found).astype({"place": "int64"})
    wide = every.pivot_table("n", "unit_id", "place", aggfunc="sum", fill_value=0.0)
    columns = [*range(len(measure.values)), OTHER, SILENT]
    return wide.reindex(columns=columns, fill_value=0.0), own.groupby("place")["n"].sum().reindex(columns, fill_value=0.0)


def responses(plan: Plan, period: Period) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count who was asked and who answered, by indicator and unit; and how each answer is coded.

    The first: asked, answered, response (in hundredths), coded, value, low, high (in the unit of the indicator, as `at_…`: what
    would come out were the answer in the middle counted so), then how often each answer was given, `answer: …`. The second:
    indicator, answer, kind (coded, other, silent), code, count and share of all that was asked. An answer that the scheme does
    not know is counted and never shown: somebody may have said it in their own words.
    """
    frames, codings = [], []
    for one, measure in coded_indicators(plan):
        months = without_void(period, plan, one.code)
        if months:
            mine = Plan(plan.records, plan.scheme, plan.tree, months, plan.as_of, plan.officers)
            wide, every = count_answers(mine, measure)
            frames.append(_of_units(mine, one, measure.values, wide))
            codings.append(pd.DataFrame(_coding(one.code, measure.values, every), columns=list(CODING)))
    made = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(BASE))
    return made, pd.concat(codings, ignore_index=True) if codings else pd.DataFrame(columns=list(CODING))


def _of_units(plan: Plan, one: Indicator, values: Mapping[str, Decimal], wide: pd.DataFrame) -> pd.DataFrame:
    """Put the counts of an indicator together, for every unit that it is scored for and that asked anybody."""
    units = plan.tree.units
    units = units[[applies(one, level) for level in units["level"]]]
    found = units[["level", "unit_id", "name"]].merge(wide, left_on="unit_id", right_index=True)
    counts = found[list(range(len(values)))].to_numpy("float64")
    coded, answered = counts.sum(axis=1), counts.sum(axis=1) + found[OTHER].to_numpy("float64")
    asked, codes = answered + found[SILENT].to_numpy("float64"), np.array([float(code) for code in values.values()])
    total = counts @ codes
    low, high = (one.scale * bound for bound in bounds(total, coded, asked, codes.min(), codes.max()))
    made = {"asked": asked, "answered": answered, "response": 100 * answered / asked, "coded": coded}
    made |= {"value": _rate(total, coded, one.scale), "low": low, "high": high}
    for part, other in other_values(values).items():
        made[f"at_{part}"] = _rate(counts @ np.array([float(code) for code in other.values()]), coded, one.scale)
    made |= {f"answer: {word}": counts[:, place] for place, word in enumerate(values)}
    made["answer_without_code"] = found[OTHER].to_numpy("float64")
    return found[["level", "unit_id", "name"]].assign(indicator=one.code, **made)[
        ["indicator", "level", "unit_id", "name", *made]
    ]


def _rate(above: np.ndarray, below: np.ndarray, scale: int) -> np.ndarray:
    return scale * np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)


def _coding(code: str, values: Mapping[str, Decimal], every: "pd.Series[float]") -> Iterator[tuple[Any, ...]]:
    asked = max(every.sum(), 1)
    for place, (word, amount) in enumerate(values.items()):
        yield code, word, "coded", float(amount), int(every[place]), every[place] / asked
    for kind, place in (("other", OTHER), ("silent", SILENT)):
        yield code, "", kind, np.nan, int(every[place]), every[place] / asked


def is_person(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Say which rows of a frame of units are persons."""
    return frame["level"] == OFFICER
