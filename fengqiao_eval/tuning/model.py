"""What is tuned: the weights of a level as whole hundredths, and the units of a run that they weigh."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, SCORED
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.periods import Period
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.normalisation import Line, Relative
from fengqiao_eval.scheme.scheme import Dimension, Scheme, is_scored, parts_of, weight_at
from fengqiao_eval.scoring.aggregation import Weights, weights_at
from fengqiao_eval.scoring.long_periods import parts
from fengqiao_eval.scoring.normalisation import value_points

# The weights of one level of the one table, as whole hundredths that can be moved.


HUNDREDTHS = 100


@dataclass(frozen=True)
class WeightTable:
    """The parts of the one table that are scored at a level, and who is scored there."""

    scheme: Scheme
    level: str
    among: Cohort

    @cached_property
    def nodes(self) -> np.ndarray:
        """Number the parts within the tree of the whole table; 0 is the whole, and each stands before what is in it."""
        scored = [node for node, (_, _, part) in enumerate(parts_of(self.scheme), 1) if is_scored(part, self.level)]
        return np.array([0, *scored])

    @cached_property
    def parts(self) -> list[Dimension | Indicator]:
        """The dimensions and indicators, in the order of the nodes without the whole."""
        return [part for _, _, part in parts_of(self.scheme) if is_scored(part, self.level)]

    @cached_property
    def tree(self) -> Weights:
        """The tree of the whole table with the weights in force."""
        return weights_at(self.scheme, self.level)

    @cached_property
    def above(self) -> np.ndarray:
        """Of each node the one it is part of, numbered among the nodes (-1: none)."""
        return np.array([-1, *np.searchsorted(self.nodes, self.tree.above[self.nodes[1:]])])

    @cached_property
    def columns(self) -> np.ndarray:
        """The indicators of the level, by their number in the whole table."""
        return np.flatnonzero(np.isin(self.tree.leaves, self.nodes))

    @cached_property
    def in_force(self) -> np.ndarray:
        """The weights in force, in hundredths, one a node; the whole is 100."""
        weights = [Decimal(100), *(weight_at(part.weight, self.level) for part in self.parts)]
        return np.array([int(weight * HUNDREDTHS) for weight in weights])

    def whole(self, weights: np.ndarray, node: int) -> int:
        """Say what the parts of a node add up to, in hundredths."""
        return int(weights[node]) if self.scheme.weights == "marks" and node else 100 * HUNDREDTHS

    def weights(self, hundredths: np.ndarray) -> Weights:
        """Put weights (hundredths, one a node) on the tree of the whole table."""
        own = np.zeros(len(self.tree.own), dtype=np.int64)
        own[self.nodes] = hundredths
        own[0] = 1
        for node in np.unique(self.tree.above[1:]):
            parts = np.flatnonzero(self.tree.above == node)
            own[parts] //= max(1, int(np.gcd.reduce(own[parts])))
        return replace(self.tree, own=own)

    def by_code(self, hundredths: np.ndarray) -> dict[str, Decimal]:
        """Give weights by the code of their part."""
        return {part.code: Decimal(int(w)) / HUNDREDTHS for part, w in zip(self.parts, hundredths[1:], strict=True)}

    def from_codes(self, weights: Mapping[str, Decimal]) -> np.ndarray:
        """Give weights in hundredths, one a node, from those by code; whoever is not named keeps the weight in force."""
        given = [weights.get(part.code, weight_at(part.weight, self.level)) for part in self.parts]
        return np.array([self.in_force[0], *(int(Decimal(str(weight)) * HUNDREDTHS) for weight in given)])


# One period of the units of a level as a run has it: what is needed to weigh their points anew.


MISSING = ""
"""What the frame says of an indicator that it does not hold for a unit."""


@dataclass(frozen=True)
class PeriodPoints:
    """Arrays units × indicators of the scheme, and per unit, of one period.

    points: NaN where nothing is scored; spared: what does not apply; records: on how many each rests. raw: of indicators in marks
    (分值), by column, what their rule makes of the values. contributions, totals: whole 10^-decimals, as in the run. zeroed: by
    column, what vetoes take of that item; parts: the sheets of which this one is the mean. unsure: the indicators in marks whose
    values are not in the run, so that their points stay as they are.
    """

    period: Period
    points: np.ndarray
    spared: np.ndarray
    barred: np.ndarray
    records: np.ndarray
    raw: Mapping[int, np.ndarray]
    contributions: np.ndarray
    totals: np.ndarray
    zeroed: Mapping[int, np.ndarray]
    parts: tuple["PeriodPoints", ...]
    unsure: frozenset[int] = frozenset()

    def only(self, at: np.ndarray) -> "PeriodPoints":
        """Take some of the units."""
        arrays = ("points", "spared", "barred", "records", "contributions", "totals")
        return replace(
            self,
            **{name: getattr(self, name)[at] for name in arrays},
            raw={column: each[at] for column, each in self.raw.items()},
            zeroed={column: each[at] for column, each in self.zeroed.items()},
            parts=tuple(part.only(at) for part in self.parts),
        )


def read_sheet(run: Run, among: Cohort, ids: pd.Index, period: Period) -> PeriodPoints:
    """Read the points of some units of one level in a period, and those of the periods of which it is the mean."""
    grid = _RunGrid(run, among, ids, period)
    status, scheme = grid.words("status"), run.scheme
    points, spared = grid.numbers("points"), np.isin(status, ("not_applicable", MISSING))
    barring = [indicator.missing == "not_ranked" for indicator in scheme.indicators]
    step = 10**scheme.decimals
    zeroed = grid.adjusted("zero_item")
    codes = {line.code: str(line.item) for line in scheme.consequences if line.effect == "zero_item"}
    columns = [indicator.code for indicator in scheme.indicators]
    return PeriodPoints(
        period=period,
        points=points,
        spared=spared,
        barred=(np.isnan(points) & ~spared)[:, barring].any(axis=1),
        records=np.nan_to_num(grid.numbers("n")),
        raw={n: _raw_marks(i, grid, status[:, n], among) for n, i in enumerate(scheme.indicators) if is_in_marks(i)},
        contributions=np.rint(np.nan_to_num(grid.numbers("contribution")) * step).astype(np.int64),
        totals=np.rint(grid.totals() * step).astype(np.int64),
        zeroed=_veto_amounts(zeroed, codes, columns, ids, step),
        parts=tuple(read_sheet(run, among, ids, part) for part in parts(scheme, period)),
    )


def is_in_marks(indicator: Indicator) -> bool:
    """Say whether the points of an indicator hang on its own weight: a rule on values, written in marks of the item."""
    return indicator.points.in_marks and not isinstance(indicator.points, Relative)


@dataclass(frozen=True)
class _RunGrid:
    """The frames of a run for some units and one period, laid out as units × indicators."""

    run: Run
    among: Cohort
    ids: pd.Index
    period: Period

    @property
    def _codes(self) -> pd.Index:
        return pd.Index([indicator.code for indicator in self.run.scheme.indicators])

    def rows(self, name: str) -> pd.DataFrame:
        """Take the rows of the period, those of units of other levels among them."""
        return self.run.frame(name, officers=str(self.among.levels[0]) == OFFICER).of_period(str(self.period))

    def totals(self) -> np.ndarray:
        """Give the totals."""
        rows, found = self.rows("ranks"), np.zeros(len(self.ids))
        if len(rows):
            unit = _places(rows["unit_id"], self.ids)
            found[unit[unit >= 0]] = rows["total"].fillna(0).to_numpy(dtype="float64")[unit >= 0]
        return found

    def numbers(self, column: str) -> np.ndarray:
        """Lay out a column of numbers, NaN where there is none."""
        return self.laid(self.rows("points"), column, np.nan, "float64")

    def words(self, column: str) -> np.ndarray:
        """Lay out a column of words."""
        return self.laid(self.rows("points"), column, MISSING, "object")

    def laid(self, rows: pd.DataFrame, column: str, empty: Any, kind: str) -> np.ndarray:
        """Lay out a column of a frame."""
        found = np.full((len(self.ids), len(self._codes)), empty, dtype=kind)
        if len(rows):
            unit, indicator = _places(rows["unit_id"], self.ids), _places(rows["indicator"], self._codes)
            here = (unit >= 0) & (indicator >= 0)
            found[unit[here], indicator[here]] = rows[column].to_numpy(dtype=kind)[here]
        return found

    def values(self) -> np.ndarray:
        """Give the values that the rules saw: after the last reference each was held against."""
        found, held = self.numbers("value"), self.rows("comparisons")
        if not len(held):
            return found
        last = held.sort_values("step", kind="stable").drop_duplicates(["unit_id", "indicator"], keep="last")
        after = self.laid(last, "result", np.nan, "float64")
        return np.where(np.isnan(after), found, after)

    def adjusted(self, effect: str) -> pd.DataFrame:
        """Take these units' lines outside the hundred with an effect."""
        rows = self.rows("adjustments")
        found = rows[(rows["effect"] == effect).to_numpy()] if len(rows) else rows
        return found[found["unit_id"].isin(self.ids).to_numpy()] if len(found) else found


def _places(words: pd.Series, known: pd.Index) -> np.ndarray:
    """Say which of the known words each one is (-1: none)."""
    named = words.astype("category").cat
    return known.get_indexer(named.categories)[named.codes]


def _raw_marks(indicator: Indicator, grid: _RunGrid, status: np.ndarray, among: Cohort) -> np.ndarray:
    """Give what the rule makes of the values, in marks, before any limit; NaN where no value was used."""
    rule: Any = indicator.points
    column = list(grid.run.scheme.indicators).index(indicator)
    values = np.where(np.isin(status, SCORED), grid.values()[:, column], np.nan)
    each = each_unit(rule.each, among.levels, among.classes) if isinstance(rule, Line) else None
    return value_points(rule, values, indicator.good, each)


def _veto_amounts(
    rows: pd.DataFrame, items: Mapping[str, str], columns: list[str], ids: pd.Index, step: int
) -> dict[int, np.ndarray]:
    """Add up what vetoes take from each item of each unit, in whole 10^-decimals (units)."""
    found: dict[int, np.ndarray] = {}
    for line, unit, amount in _veto_rows(rows):
        if line in items:
            taken = found.setdefault(columns.index(items[line]), np.zeros(len(ids), dtype=np.int64))
            taken[ids.get_loc(unit)] -= round(amount * step)
    return found


def _veto_rows(rows: pd.DataFrame) -> Iterable[tuple[str, str, float]]:
    return zip(rows["line"], rows["unit_id"], rows["contribution"], strict=True) if len(rows) else ()
