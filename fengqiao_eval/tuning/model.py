"""What is tuned: the weights of a level as whole hundredths, and the points of a run that they weigh."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, STATUSES, Status
from fengqiao_eval.measuring.denominators import exact_value
from fengqiao_eval.measuring.peer_groups import Cohort, each_unit
from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.periods import Period
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.normalisation import Line, Relative
from fengqiao_eval.scheme.scheme import Dimension, Scheme, is_scored, parts_of
from fengqiao_eval.scoring.aggregation import HUNDREDTHS, Weights, take_units, weights_at
from fengqiao_eval.scoring.benchmarks import has_value
from fengqiao_eval.scoring.long_periods import parts
from fengqiao_eval.scoring.normalisation import IndicatorPoints, value_points


@dataclass(frozen=True)
class WeightTable:
    """The parts of the one table that are scored at a level; weights are given in hundredths, one a node."""

    scheme: Scheme
    level: str

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
        """The weights in force; the whole is 100."""
        return self.tree.own[self.nodes]

    def whole(self, weights: np.ndarray, node: int) -> int:
        """Say what the parts of a node add up to."""
        return int(weights[node]) if self.scheme.weights == "marks" and node else 100 * HUNDREDTHS

    def weights(self, hundredths: np.ndarray) -> Weights:
        """Put weights on the tree of the whole table."""
        own = np.zeros_like(self.tree.own)
        own[self.nodes] = hundredths
        return replace(self.tree, own=own)


@dataclass(frozen=True)
class PeriodPoints(IndicatorPoints):
    """The points of a period as a run has them: arrays units × indicators of the scheme, and per unit.

    records: on how many each rests; raw: of indicators in marks (分值), by column, what their rule makes of the values, exactly.
    contributions, totals: whole 10^-decimals, as in the run; zeroed: by column, what vetoes take of that item; parts: the periods
    of which this one is the mean. errors, error: of the points, and of the totals in points (NaN: not known); low, high: between
    which places each lies nine times in ten, as the run says (0: it does not). unsure: the indicators in marks whose values are
    not in the run, so that their points stay.
    """

    period: Period
    records: np.ndarray
    raw: Mapping[int, Rational]
    contributions: np.ndarray
    totals: np.ndarray
    zeroed: Mapping[int, np.ndarray]
    parts: tuple["PeriodPoints", ...]
    errors: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    unsure: frozenset[int] = frozenset()

    @property
    def spared(self) -> np.ndarray:
        """What does not apply to each unit (units × indicators)."""
        return self.status == Status.NOT_APPLICABLE

    def every(self) -> Iterator["PeriodPoints"]:
        """Walk the periods of which this one is the mean, at any remove, each after its parts, and this one at last."""
        for part in self.parts:
            yield from part.every()
        yield self

    def only(self, at: np.ndarray) -> "PeriodPoints":
        """Take some of the units."""
        raw = {column: each[at] for column, each in self.raw.items()}
        zeroed = {column: each[at] for column, each in self.zeroed.items()}
        return replace(take_units(self, at), raw=raw, zeroed=zeroed, parts=tuple(part.only(at) for part in self.parts))


def read_points(run: Run, among: Cohort, ids: pd.Index, period: Period) -> PeriodPoints:
    """Read the points of some units of one level in a period, and those of the periods of which it is the mean.

    What the frame does not hold for a unit does not apply to it.
    """
    scheme, step = run.scheme, 10**run.scheme.decimals
    officers = str(among.levels[0]) == OFFICER

    def read(name: str) -> pd.DataFrame:
        return run.frame(name, officers=officers).of_period(str(period))

    codes = pd.Index([indicator.code for indicator in scheme.indicators])
    lay, rows = partial(_lay_out, ids=ids, codes=codes), read("points")
    points, status = lay(rows, "points"), lay(rows, "status", empty=Status.NOT_APPLICABLE)
    lacking, barring = np.isnan(points), [indicator.bars_place for indicator in scheme.indicators]
    marked = [column for column, indicator in enumerate(scheme.indicators) if is_in_marks(indicator)]
    counts = [lay(rows, name) for name in ("value", "numerator", "denominator")] if marked else []
    held, after = read("comparisons") if marked else pd.DataFrame(), np.full(points.shape, np.nan)
    if len(held):  # the rules saw what came of the last reference
        after = lay(held.sort_values("step", kind="stable").drop_duplicates(["unit_id", "indicator"], keep="last"), "result")

    def raw(column: int) -> Rational:
        known, indicator = ~np.isnan(after[:, column]), scheme.indicators[column]
        value, above, below = (each[:, column] for each in counts)
        measured = exact_value(value, above, below, indicator.scale)
        seen = Rational.read(after[:, column]).where(known, measured).where(has_value(status[:, column]))
        return _raw_marks(indicator, seen, among)

    ranks = read("ranks").assign(indicator="total")

    def of_total(name: str) -> np.ndarray:
        return _lay_out(ranks, name, ids, pd.Index(["total"]))[:, 0] if name in ranks else np.full(len(ids), np.nan)

    return PeriodPoints(
        points=points,
        status=status,
        scored=~lacking,
        barred=(lacking & (status != Status.NOT_APPLICABLE))[:, barring].any(axis=1),
        period=period,
        records=np.nan_to_num(lay(rows, "n")),
        raw={column: raw(column) for column in marked},
        contributions=np.rint(np.nan_to_num(lay(rows, "contribution")) * step).astype(np.int64),
        totals=np.rint(np.nan_to_num(of_total("total")) * step).astype(np.int64),
        zeroed=_veto_amounts(read("adjustments"), scheme, codes, ids),
        parts=tuple(read_points(run, among, ids, part) for part in parts(scheme, period)),
        errors=lay(rows, "se") if "se" in rows else np.full(points.shape, np.nan),  # an older run knows of no errors
        error=of_total("se_total"),
        low=np.nan_to_num(of_total("rank_low")).astype(np.int64),
        high=np.nan_to_num(of_total("rank_high")).astype(np.int64),
    )


def is_in_marks(indicator: Indicator) -> bool:
    """Say whether the points of an indicator hang on its own weight: a rule on values, written in marks of the item."""
    return indicator.points.in_marks and not isinstance(indicator.points, Relative)


def _lay_out(rows: pd.DataFrame, column: str, ids: pd.Index, codes: pd.Index, empty: Any = np.nan) -> np.ndarray:
    """Lay out a column of a frame as units × indicators; statuses as their numbers."""
    found = np.full((len(ids), len(codes)), empty)
    if len(rows):
        unit, indicator = _positions(rows["unit_id"], ids), _positions(rows["indicator"], codes)
        cells = _positions(rows[column], pd.Index(STATUSES)) if column == "status" else rows[column].astype("float64").to_numpy()
        here = (unit >= 0) & (indicator >= 0)
        found[unit[here], indicator[here]] = cells[here]
    return found


def _positions(words: pd.Series, known: pd.Index) -> np.ndarray:
    """Say which of the known words each one is (-1: none)."""
    named = words.astype("category").cat
    return known.get_indexer(named.categories)[named.codes]


def _raw_marks(indicator: Indicator, values: Rational, among: Cohort) -> Rational:
    """Give what the rule makes of the values, in marks, before any limit; no value where none was used."""
    rule: Any = indicator.points
    each = each_unit(rule.each, among.levels, among.classes) if isinstance(rule, Line) else None
    found: Rational = value_points(rule, values, indicator.good, each)
    return found


def _veto_amounts(lines: pd.DataFrame, scheme: Scheme, codes: pd.Index, ids: pd.Index) -> dict[int, np.ndarray]:
    """Add up what vetoes take from each item of each unit, in whole 10^-decimals (units)."""
    items = {line.code: codes.get_loc(line.item) for line in scheme.consequences if line.effect == "zero_item"}
    found: dict[int, np.ndarray] = {}
    if items and len(lines):
        vetoes = lines[(lines["effect"] == "zero_item").to_numpy() & lines["unit_id"].isin(ids) & lines["line"].isin(items)]
        for line, unit, amount in zip(vetoes["line"], vetoes["unit_id"], vetoes["contribution"], strict=True):
            taken = found.setdefault(items[line], np.zeros(len(ids), dtype=np.int64))
            taken[ids.get_loc(unit)] -= round(amount * 10**scheme.decimals)
    return found
