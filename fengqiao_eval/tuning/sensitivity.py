"""How firm a draft is: places over draws of weights, the stretch of every slider, and weights as others propose them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from fengqiao_eval.scoring.aggregation import Weights
from fengqiao_eval.scoring.sensitivity import DRAWS, WHOLE, bounds, draw_weights, drawn_places, search_outward, slopes, stretch
from fengqiao_eval.tuning.model import HUNDREDTHS
from fengqiao_eval.tuning.rescore import Field

# How firm a draft is within one group: places as ranges over draws of weights, and the stretch of every slider.


MANY = 5_000
"""In larger groups fewer draws must do, so that an answer comes within a second or two."""


FEWER_DRAWS, EXACT_DRAWS = 200, 100


INSIDE = 1e-6
"""A stretch in hundredths ends this much before somebody draws level."""


@dataclass(frozen=True)
class Firm:
    """The ranges of places of a group's units (0: no place), in their order, and the stretch of each node in hundredths."""

    low: np.ndarray
    high: np.ndarray
    ranges: list[dict[str, Any]]
    draws: int


def rank_robustness(field: Field, hundredths: np.ndarray, group: int, awards: int) -> Firm:
    """Say how firm the places of a group are; awards: how many of it are named.

    Where totals are sums of points × weights, places are drawn around the weights and stretches of those who lack nothing are
    exact. Where they are not, every draw and every step is reckoned by the arithmetic of the run, fewer of them.
    """
    at = np.flatnonzero(field.group == group)
    few = Few(field.only(at), np.asarray(hundredths), awards)
    low, high, placed = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64), few.place > 0
    draws = EXACT_DRAWS if few.field.unlinear else FEWER_DRAWS if len(at) > MANY else DRAWS
    low[placed], high[placed] = bounds(few.drawn(draws), few.place[placed])
    return Firm(low, high, list(few.ranges()), draws)


class Few:
    """The units of one group under a draft of weights."""

    def __init__(self, field: Field, hundredths: np.ndarray, awards: int) -> None:
        """Weigh them once."""
        self.field, self.hundredths, self.awards = field, hundredths, awards
        outcome = field.outcome(hundredths)
        self.totals, self.place = outcome.totals, outcome.place
        self.weights = field.table.weights(hundredths)
        self.scored = ~np.isnan(field.sheet.points) & (self.weights.indicators > 0)

    def drawn(self, count: int) -> np.ndarray:
        """Place those who have a place in so many draws of weights (draws × units)."""
        draws = draw_weights(self.weights, count)
        if not self.field.unlinear:
            return self._quickly(draws)
        shares = draws.own[self.field.table.nodes] / WHOLE
        return np.array([self._exactly(self._hundredths(share)) for share in shares.T])

    def _quickly(self, draws: Weights) -> np.ndarray:
        """Place by sums of points × weights, not rounded."""
        placed, scheme = self.place > 0, self.field.table.scheme
        points, scored = self.field.sheet.points[placed], self.scored[placed]
        covered = float(scheme.least_covered)
        return drawn_places(self.totals[placed], points, scored, self.weights, draws, scheme.decimals, covered)

    def _exactly(self, hundredths: np.ndarray) -> np.ndarray:
        """Place by the arithmetic of the run; who loses the place comes last."""
        found = self.field.outcome(hundredths).place[self.place > 0]
        return np.where(found == 0, len(found), found)

    def _hundredths(self, shares: np.ndarray) -> np.ndarray:
        """Write shares among siblings as hundredths."""
        table, weights = self.field.table, self.hundredths.copy()
        for node in range(1, len(weights)):
            weights[node] = round(float(shares[node]) * table.whole(weights, int(table.above[node])))
        return weights

    def ranges(self) -> Iterator[dict[str, Any]]:
        """Give the stretch of every node that has siblings: over which the same units are first, and are named for an award."""
        above = self.field.table.above
        movable = [node for node in range(1, len(above)) if (above == above[node]).sum() > 1]
        exact = not self.field.unlinear and self._complete()
        for node in movable if self.place.any() else []:
            yield self._exact(node) if exact else self._sampled(node)

    def _complete(self) -> bool:
        """Say whether nobody with a place lacks an indicator, be it one of no weight."""
        return not np.isnan(self.field.sheet.points[self.place > 0][:, self.field.table.columns]).any()

    def _exact(self, node: int) -> dict[str, Any]:
        table, placed = self.field.table, self.place > 0
        whole = table.whole(self.hundredths, int(table.above[node]))
        points = np.nan_to_num(self.field.sheet.points[placed])
        slope = slopes(points, self.weights, int(table.nodes[node]), table.scheme.decimals)
        now = self.hundredths[node] / max(1, whole)
        ends = [stretch(self.totals[placed], slope, named, now) for named in (1, self.awards)]
        first, awards = ([_inner_bound(low * whole, 1), _inner_bound(high * whole, -1, whole)] for low, high in ends)
        return {"node": node, "first": first, "awards": awards, "sampled": False}

    def _sampled(self, node: int) -> dict[str, Any]:
        """Go out in both ways until somebody else is first or is named; to within a point."""
        now = int(self.hundredths[node])
        ends = (0, self.field.table.whole(self.hundredths, int(self.field.table.above[node])))
        known: dict[int, np.ndarray] = {}

        def same(value: int, named: int) -> bool:
            if value not in known:
                known[value] = self._placed(self._moved(node, value))
            return np.array_equal(known[value] <= named, self.place[self.place > 0] <= named)

        first, awards = (
            [search_outward(partial(same, named=last), now, end, HUNDREDTHS) for end in ends] for last in (1, self.awards)
        )
        return {"node": node, "first": first, "awards": awards, "sampled": True}

    def _placed(self, hundredths: np.ndarray) -> np.ndarray:
        """Place those who have a place under other weights."""
        if self.field.unlinear:
            return self._exactly(hundredths)
        weights = self.field.table.weights(hundredths)
        return self._quickly(replace(weights, own=weights.own[:, None]))[0]

    def _moved(self, node: int, value: int) -> np.ndarray:
        """Give a node another weight, its siblings the rest in proportion, and in marks what is in them too."""
        table, weights = self.field.table, self.hundredths.copy()
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


# Other weights that could be argued for, beside the scheme's own: proposals to look at, never applied.


COLUMNS = ("own", "entropy", "critic", "ahp", "units")


def proposed_weights(run: Run, level: str) -> pd.DataFrame:
    """Propose weights from the points of a run's main period at a level; columns as `proposals` has them."""
    points = run.frame("points", officers=level == OFFICER).data
    return proposals(points, run.scheme, level, str(run.manifest["periods"]["this"]))


def proposals(points: pd.DataFrame, scheme: Scheme, level: str, period: str) -> pd.DataFrame:
    """Propose weights by spread, by conflict and by judgement: one row an indicator of the level, in the order of the table.

    points: the frame points of a run. own: the share of the total in the scheme. entropy, critic: those of the points of the
    units that have points for everything (`units`: how many); units that stand for 'unknown' are left aside, and so is an
    indicator without any points. ahp: own, with the scheme's judgements in place of the weights they speak of. Each sums to 1,
    is 0 where nothing varies, and empty where there is nothing to go by: no judgements, fewer than two units, or (entropy)
    points below 0.
    """
    own, given = nominal(scheme, level), _point_matrix(points, scheme, level, period)
    found = {"own": own, "ahp": _ahp_weights(scheme, level), **_statistical_weights(given)}
    frame = pd.DataFrame(found, index=list(own), columns=list(COLUMNS), dtype="float64").assign(units=len(given))
    return frame.rename_axis("indicator").reset_index()


def _point_matrix(points: pd.DataFrame, scheme: Scheme, level: str, period: str) -> pd.DataFrame:
    """Spread the points out, units × indicators, without those indicators that have none and then the units that lack some."""
    alike = points[(points["level"] == level) & (points["period"] == period) & ~points["unit_id"].isin(scheme.unranked)]
    wide = alike.astype({"unit_id": "str", "indicator": "str"}).pivot(index="unit_id", columns="indicator", values="points")
    return wide.dropna(axis="columns", how="all").dropna()


def _statistical_weights(given: pd.DataFrame) -> dict[str, dict[str, float]]:
    if len(given) < 2:  # noqa: PLR2004 - one unit alone has no spread
        return {}
    values, codes = given.to_numpy(), list(given.columns)
    found = {"critic": critic(values, [True] * len(codes), codes)}
    if (values >= 0).all():
        found["entropy"] = entropy(values, codes)
    return {name: dict(zip(codes, weights.tolist(), strict=True)) for name, weights in found.items()}


def _ahp_weights(scheme: Scheme, level: str) -> dict[str, Decimal]:
    groups = judged_groups(scheme)
    weights = {code: Decimal(weight) for group in groups for code, weight in zip(group.codes, ahp(group.matrix)[0], strict=True)}
    return nominal(reweigh(scheme, weights), level) if groups else {}
