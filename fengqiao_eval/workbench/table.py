"""The weights of one level of the one table, as whole hundredths that can be moved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

import numpy as np

from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of, scored_at, weight_at
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.totals import Weights, weights_at

HUNDREDTHS = 100


@dataclass(frozen=True)
class Table:
    """The parts of the one table that are scored at a level, and who is scored there."""

    scheme: Scheme
    level: str
    among: Cohort

    @cached_property
    def nodes(self) -> np.ndarray:
        """Number the parts within the tree of the whole table; 0 is the whole, and each stands before what is in it."""
        scored = [node for node, (_, _, part) in enumerate(parts_of(self.scheme), 1) if scored_at(part, self.level)]
        return np.array([0, *scored])

    @cached_property
    def parts(self) -> list[Dimension | Indicator]:
        """The dimensions and indicators, in the order of the nodes without the whole."""
        return [part for _, _, part in parts_of(self.scheme) if scored_at(part, self.level)]

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
