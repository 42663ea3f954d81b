"""Points weighed anew: what a run would say under other weights, exactly, by the arithmetic of the run itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fengqiao_eval.periods import Period
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme
from fengqiao_eval.scoring.adjustments import added
from fengqiao_eval.scoring.aggregation import bent, of_what_applies
from fengqiao_eval.scoring.cohort import each_unit
from fengqiao_eval.scoring.longer import half_up_mean
from fengqiao_eval.scoring.points import bounded, half_up
from fengqiao_eval.scoring.totals import total
from fengqiao_eval.workbench.sheet import Sheet, in_marks
from fengqiao_eval.workbench.table import HUNDREDTHS, Table

CLOSE = 1e-9
Outside = Mapping[Period, np.ndarray]
"""What of each total stays whatever the weights, by period: all that is outside the hundred but what vetoes take of items."""


@dataclass(frozen=True)
class Weighed:
    """Contributions (units × indicators) and totals in whole 10^-decimals, the share scored, and who is barred from a place."""

    contributions: np.ndarray
    totals: np.ndarray
    covered: np.ndarray
    barred: np.ndarray

    def enough(self, scheme: Scheme) -> np.ndarray:
        """Say of which units enough was scored."""
        return ~self.barred & (self.covered >= float(scheme.least_covered) - CLOSE) & (self.covered > 0)


def weighed(table: Table, sheet: Sheet, hundredths: np.ndarray, outside: Outside) -> Weighed:
    """Weigh the points of a period, or take the mean of the periods of which it is the mean.

    outside: added to the totals where it names the period. A period stands in a mean where enough is scored under the weights.
    """
    found = _mean(table, sheet, hundredths, outside) if sheet.parts else _recounted(table, sheet, hundredths)
    return Weighed(found.contributions, found.totals + outside.get(sheet.period, 0), found.covered, found.barred)


def _recounted(table: Table, sheet: Sheet, hundredths: np.ndarray) -> Weighed:
    weights, scheme = table.weights(hundredths), table.scheme
    points = regiven(table, sheet, hundredths)
    scored = ~np.isnan(points) & (weights.indicators > 0)
    found = total(points, scored, weights, scheme.decimals)
    lines = bent(points, scored, weights, scheme, table.among, np.arange(len(points)))
    covered = of_what_applies(found.covered, (sheet.spared & ~scored) @ weights.nominal)
    totals = found.totals + added(lines, len(points)) - _taken(sheet, found.contributions)
    return Weighed(found.contributions, totals, covered, sheet.barred)


def _mean(table: Table, sheet: Sheet, hundredths: np.ndarray, outside: Outside) -> Weighed:
    each = [weighed(table, part, hundredths, outside) for part in sheet.parts]
    stands = np.array([one.enough(table.scheme) for one in each])
    contributions = half_up_mean([one.contributions for one in each], stands)
    totals = half_up_mean([one.totals for one in each], stands)
    return Weighed(contributions, totals, np.mean([one.covered for one in each], axis=0), stands.sum(axis=0) == 0)


def outside_of(table: Table, sheet: Sheet) -> dict[Period, np.ndarray]:
    """Find what stays whatever the weights: what the totals of the run are more than the weights in force make of its points."""
    found: dict[Period, np.ndarray] = {}
    for part in sheet.parts:
        found |= outside_of(table, part)
    return found | {sheet.period: sheet.totals - weighed(table, sheet, table.in_force, found).totals}


def regiven(table: Table, sheet: Sheet, hundredths: np.ndarray) -> np.ndarray:
    """Give the points anew where a rule is written in marks of the item, whose full marks are its weight."""
    if not sheet.raw:
        return sheet.points
    points, full = sheet.points.copy(), each_unit(table.scheme.full_marks, table.among.classes, missing=100)
    marks = dict(zip(table.nodes.tolist(), hundredths / HUNDREDTHS, strict=True))
    for column, raw in sheet.raw.items():
        top = float(marks.get(int(table.tree.leaves[column]), 0))
        rule: Any = table.scheme.indicators[column].points
        given = half_up(bounded(raw, rule, 0, top) * np.divide(full, top or np.inf))
        points[:, column] = np.where(np.isnan(raw), points[:, column], given)
    return points


def _taken(sheet: Sheet, contributions: np.ndarray) -> np.ndarray:
    """Say what vetoes take of the items: of as many of their months as in the run, half-up."""
    taken, months = np.zeros(len(contributions), dtype=np.int64), sheet.period.months
    for column, amounts in sheet.zeroed.items():
        before = np.maximum(sheet.contributions[:, column], 1)
        gone = np.rint(amounts * months / before).astype(np.int64)
        taken += (2 * np.maximum(contributions[:, column], 0) * gone + months) // (2 * months)
    return taken


def unlinear(table: Table, sheet: Sheet) -> list[str]:
    """Name what makes totals more than sums of points × weights at the level (each a sentence tune.why)."""
    dimensions = [part for part in table.parts if isinstance(part, Dimension)]
    means = [table.scheme.aggregation, *(part.aggregation for part in dimensions)]
    found = {
        "geometric": "geometric" in means,
        "limits": any(part.floor is not None or part.cap is not None for part in dimensions),
        "zero_item": any(each.zeroed for each in sheets(sheet)),
        "mean": bool(sheet.parts),
        "marks": any(in_marks(part) for part in table.parts if isinstance(part, Indicator)),
    }
    return [key for key, holds in found.items() if holds]


def sheets(sheet: Sheet) -> Iterator[Sheet]:
    """Walk a sheet and those of which it is the mean."""
    yield sheet
    for part in sheet.parts:
        yield from sheets(part)


def settled(table: Table, sheet: Sheet) -> Sheet:
    """Let the points of those indicators in marks stay as they are that the run does not hold the values of."""
    anew = regiven(table, sheet, table.in_force)
    away = ~np.isclose(anew, sheet.points, rtol=0, atol=CLOSE, equal_nan=True).all(axis=0)
    raw = {column: each for column, each in sheet.raw.items() if not away[column] and not sheet.parts}
    parts = tuple(settled(table, part) for part in sheet.parts)
    return replace(sheet, raw=raw, parts=parts, unsure=frozenset(np.flatnonzero(away)) if not sheet.parts else frozenset())


def estimated(table: Table, sheet: Sheet) -> list[str]:
    """Give the codes of indicators that cannot be weighed anew exactly, because what they rest on is not in the run.

    Points in marks of a value that is not there, and items of no weight, of which nobody knows what a veto would take.
    """
    weights = dict(zip([part.code for part in table.parts], table.in_force[1:], strict=True))
    found = {str(line.item) for line in table.scheme.consequences if line.effect == "zero_item"}
    found = {code for code in found if weights.get(code) == 0}
    found |= {table.scheme.indicators[column].code for each in sheets(sheet) for column in each.unsure}
    return [code for code in weights if code in found]
