"""Values held against their references: quotas, the own past, peers, places; the rules see what comes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.measures import Measured

History = Mapping[Period, Measured]
"""The measures of every period that anything is held against."""


@dataclass(frozen=True)
class Stage:
    """One reference applied to one entry: for each unit what it was held against, and what came of it."""

    entry: int
    step: int
    kind: str
    given: np.ndarray
    reference: np.ndarray
    result: np.ndarray


@dataclass(frozen=True)
class Compared:
    """What the rules see: arrays units × entries (value; status, where a reference may have failed), and the stages between."""

    value: np.ndarray
    status: np.ndarray
    stages: tuple[Stage, ...]


def compared(history: History, period: Period, scheme: Scheme, tree: Tree, among: Cohort) -> Compared:
    """Hold the values of a period against the references of the scheme."""
    found = history[period]
    return Compared(found.value, found.status.copy(), ())


def looks_back(scheme: Scheme, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Name the further periods that the references of the scheme look at."""
    return ()
