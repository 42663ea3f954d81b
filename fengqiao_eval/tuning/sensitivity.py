"""How firm a draft is: places over draws of weights and of records, stretches of sliders, and weights as others propose them."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.load import reweigh
from fengqiao_eval.scheme.scheme import Scheme, nominal
from fengqiao_eval.scheme.weighting import ahp, critic, entropy, judged_groups
from fengqiao_eval.scoring.aggregation import HUNDREDTHS, Weights, least_share
from fengqiao_eval.scoring.sensitivity import (
    DRAWS,
    SEED,
    WHOLE,
    bounds,
    draw_weights,
    drawn_places,
    search_outward,
    slopes,
    stretch,
)
from fengqiao_eval.tuning.rescore import Field

MANY = 5_000
"""In larger groups fewer draws must do, so that an answer comes within a second or two."""


FEW = 1_000
"""In larger groups steps are reckoned by sums that are not rounded."""


FEWER_DRAWS, EXACT_DRAWS = 200, 100


INSIDE = 1e-6
"""A stretch in hundredths ends this much before somebody draws level."""


def rank_robustness(
    field: Field, hundredths: np.ndarray, group: int, awards: int
) -> tuple[tuple[np.ndarray, np.ndarray], list[dict[str, Any]], int]:
    """Say how firm the places of a group are; awards: how many of it are named.

    Return the least and the last places of its units (0: no place), in their order; the stretch of each node in hundredths, as
    Draft.ranges has it; how many draws there were.
    Where totals are sums of points × weights, places are drawn around the weights, and stretches are exact where nobody who may
    have a place lacks anything. Where they are not, every draw and every step is reckoned by the arithmetic of the run, fewer of
    them; so is every step where somebody could win or lose the place, because the share of the weight that is scored moves.
    """
    at = np.flatnonzero(field.group == group)
    draft = Draft(field.only(at), np.asarray(hundredths), awards)
    low, high, placed = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64), draft.place > 0
    draws = EXACT_DRAWS if field.unlinear else FEWER_DRAWS if len(at) > MANY else DRAWS
    low[placed], high[placed] = bounds(draft.places(draws), draft.place[placed])
    return (low, high), list(draft.ranges()), draws


def chance_ranges(field: Field, hundredths: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say how firm the places of a group are by chance in the records, under a draft: least and last place, nine times in ten.

    Return both (0: nothing is said, as of groups of few, and where an error is not known) and the errors of the totals, in
    points, in the order of the units. Under the weights in force they are what the run says, where it does; else they are drawn
    as the run draws them.
    """
    from fengqiao_eval.scoring import uncertainty  # noqa: PLC0415 - it loads scipy, which the first show does without

    part = field.only(np.flatnonzero(field.group == group))
    outcome, size = part.outcome(hundredths), len(part.units)
    low, high, error, placed = (
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.int64),
        part.errors(outcome),
        outcome.place > 0,
    )
    if np.array_equal(hundredths, part.table.in_force) and part.sheet.low.any():
        return part.sheet.low, part.sheet.high, error
    nothing, none = np.zeros(placed.sum()), np.full(placed.sum(), np.nan)
    outside = part.outside[placed]
    units = uncertainty.RankedClass(
        hundred=(outcome.totals[placed] - outside).astype(float),
        outside=outside.astype(float),
        error=error[placed] * 10**part.table.scheme.decimals,
        place=outcome.place[placed],
        barred=nothing > 0,
        lower=none,
        upper=none,
    )
    lots = uncertainty.dice(SEED, str(part.period), part.level, part.groups[group])
    found = uncertainty.firmness(units, lots, draws=FEWER_DRAWS if size > MANY else DRAWS)
    low[placed], high[placed] = found.low, found.high
    return low, high, error


class Draft:
    """The units of one group under a draft of weights."""

    def __init__(self, field: Field, hundredths: np.ndarray, awards: int) -> None:
        """Weigh them once."""
        self.field, self.table, self.hundredths, self.awards = field, field.table, hundredths, awards
        outcome = field.outcome(hundredths)
        self.totals, self.place, self.placed = outcome.totals, outcome.place, outcome.place > 0
        self.able = field.among.eligible & ~outcome.barred
        self.weights = field.table.weights(hundredths)

    def places(self, count: int) -> np.ndarray:
        """Place those who have a place in so many draws of weights (draws × units)."""
        draws = draw_weights(self.weights, count)
        drafts = (self._in_hundredths(shares) for shares in (draws.own[self.table.nodes] / WHOLE).T)
        return np.array([self._by_run(weights) for weights in drafts]) if self.field.unlinear else self._by_sums(draws)

    def _by_sums(self, draws: Weights) -> np.ndarray:
        """Place by sums of points × weights, not rounded."""
        points, scheme = self.field.sheet.points[self.placed], self.table.scheme
        return drawn_places(self.totals[self.placed], points, self.weights, draws, scheme.decimals, least_share(scheme))

    def _by_run(self, hundredths: np.ndarray) -> np.ndarray:
        """Place by the arithmetic of the run; who loses the place comes last."""
        found = self.field.outcome(hundredths).place[self.placed]
        return np.where(found == 0, len(found), found)

    def _named(self, hundredths: np.ndarray, named: int) -> np.ndarray:
        """Say who of all has one of the first places under other weights, be it somebody who has none now."""
        if self.field.unlinear or len(self.place) <= FEW:
            place = self.field.outcome(hundredths).place
            return (place > 0) & (place <= named)
        points, least = self.field.sheet.points[self.able], least_share(self.table.scheme)
        one = replace(self.weights, own=self.table.weights(hundredths).own[:, None])
        found = np.zeros(len(self.place), dtype=bool)
        [places] = drawn_places(self.totals[self.able], points, self.weights, one, self.table.scheme.decimals, least)
        found[self.able] = places <= named
        return found

    def _in_hundredths(self, shares: np.ndarray) -> np.ndarray:
        """Write shares among siblings as hundredths."""
        weights = self.hundredths.copy()
        for node in range(1, len(weights)):
            weights[node] = round(float(shares[node]) * self.table.whole(weights, int(self.table.above[node])))
        return weights

    def ranges(self) -> Iterator[dict[str, Any]]:
        """Give the stretch of every node that has siblings: over which the same units are first, and are named for an award.

        It is exact where totals are sums, and nobody who may have a place lacks an indicator, be it one of no weight.
        """
        above, points = self.table.above, self.field.sheet.points[self.able]
        movable = [node for node in range(1, len(above)) if (above == above[node]).sum() > 1]
        exact = not self.field.unlinear and not np.isnan(points[:, self.table.columns]).any()
        for node in movable if self.placed.any() else []:
            first, awards = self._exact(node) if exact else self._sampled(node)
            yield {"node": node, "first": first, "awards": awards, "sampled": not exact}

    def _exact(self, node: int) -> list[list[int]]:
        """Find where somebody draws level with the first, and with the last who is named."""
        whole = self.table.whole(self.hundredths, int(self.table.above[node]))
        points = np.nan_to_num(self.field.sheet.points[self.placed])
        slope = slopes(points, self.weights, int(self.table.nodes[node]), self.table.scheme.decimals)
        now, found = self.hundredths[node] / max(1, whole), []
        for named in (1, self.awards):
            low, high = stretch(self.totals[self.placed], slope, named, now)
            ends = _inner_bound(low * whole, 1), _inner_bound(high * whole, -1, whole)
            found.append([self._rounded_end(node, end, named) for end in ends])
        return found

    def _rounded_end(self, node: int, end: int, named: int) -> int:
        """Go back from an end where rounding names somebody else there."""
        same = partial(self._same, node, named=named)
        return end if same(end) else search_outward(same, int(self.hundredths[node]), end)

    def _same(self, node: int, value: int, named: int) -> bool:
        """Say whether the same units are named while a node has another weight."""
        return np.array_equal(self._named(self._moved(node, value), named), self.placed & (self.place <= named))

    def _sampled(self, node: int) -> list[list[int]]:
        """Go out in both ways until somebody else is first or is named; to within a point."""
        now, whole = int(self.hundredths[node]), self.table.whole(self.hundredths, int(self.table.above[node]))
        return [
            [search_outward(partial(self._same, node, named=named), now, end, HUNDREDTHS) for end in (0, whole)]
            for named in (1, self.awards)
        ]

    def _moved(self, node: int, value: int) -> np.ndarray:
        """Give a node another weight, its siblings the rest in proportion, and in marks what is in them too."""
        table, weights = self.table, self.hundredths.copy()
        over = int(table.above[node])
        siblings = [each for each in np.flatnonzero(table.above == over) if each != node]
        _share(weights, siblings, table.whole(self.hundredths, over) - value)
        weights[node] = value
        for part in range(1, len(weights)) if table.scheme.weights == "marks" else []:
            inside = np.flatnonzero(table.above == part)
            if len(inside) and weights[inside].sum() != weights[part]:
                _share(weights, inside, int(weights[part]))
        return weights


def _share(weights: np.ndarray, among: Any, amount: int) -> None:
    """Share an amount in proportion, by largest remainder (in place); what weighs nothing shares alike."""
    parts = weights[among].astype(float) if weights[among].any() else np.ones(len(among))
    exact = parts * amount / parts.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: amount - whole.sum()]] += 1
    weights[among] = whole


def _inner_bound(end: float, way: int, limit: int = 0) -> int:
    """Give the last whole hundredth before an end; the limit itself is no end."""
    if abs(end - limit) < INSIDE:
        return limit
    return int(np.ceil(end + INSIDE)) if way > 0 else int(np.floor(end - INSIDE))


# Other weights that could be argued for, beside the scheme's own: proposals to look at, never applied


COLUMNS = ("own", "entropy", "critic", "ahp", "units")


def proposed_weights(run: Run, level: str) -> pd.DataFrame:
    """Propose weights from the points of a run's main period at a level; columns as `proposals` has them."""
    points = run.frame("points", officers=level == OFFICER).data
    return proposals(points, run.scheme, level, run.period)


def proposals(points: pd.DataFrame, scheme: Scheme, level: str, period: str) -> pd.DataFrame:
    """Propose weights by spread, by conflict and by judgement: one row an indicator of the level, in the order of the table.

    points: the frame points of a run. own: the share of the total in the scheme. entropy, critic: those of the points of the
    units that have points for everything (`units`: how many); units that stand for 'unknown' are left aside, and so is an
    indicator without any points. ahp: own, with the scheme's judgements in place of the weights they speak of. Each sums to 1,
    is 0 where nothing varies, and empty where there is nothing to go by: no judgements, fewer than two units, or (entropy)
    points below 0.
    """
    alike = points[(points["level"] == level) & (points["period"] == period) & ~points["unit_id"].isin(scheme.unranked)]
    wide = alike.astype({"unit_id": "str", "indicator": "str"}).pivot(index="unit_id", columns="indicator", values="points")
    own, given = nominal(scheme, level), wide.dropna(axis="columns", how="all").dropna()  # indicators first, then units
    values, codes, groups = given.to_numpy(), list(given.columns), judged_groups(scheme)
    found: dict[str, Any] = {"own": own}
    if len(given) > 1:  # one unit alone has no spread
        found["critic"] = dict(zip(codes, critic(values, [True] * len(codes), codes).tolist(), strict=True))
        if (values >= 0).all():
            found["entropy"] = dict(zip(codes, entropy(values, codes).tolist(), strict=True))
    if groups:
        judged = {code: Decimal(each) for group in groups for code, each in zip(group.codes, ahp(group.matrix)[0], strict=True)}
        found["ahp"] = nominal(reweigh(scheme, judged), level)
    frame = pd.DataFrame(found, index=list(own), columns=list(COLUMNS), dtype="float64").assign(units=len(given))
    return frame.rename_axis("indicator").reset_index()
