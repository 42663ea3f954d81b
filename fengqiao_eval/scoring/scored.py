"""One period scored, and the places and grades in it."""

from dataclasses import dataclass, field, replace

import numpy as np

from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.adjustments import Adjustment
from fengqiao_eval.scoring.cohort import Cohort
from fengqiao_eval.scoring.comparing import Compared
from fengqiao_eval.scoring.measures import Measured
from fengqiao_eval.scoring.ranks import grades, held_to, places
from fengqiao_eval.scoring.totals import Totals


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Scored:
    """One period scored: arrays units × indicators, and per unit; places are 0 where not ranked."""

    measured: Measured
    compared: Compared
    among: Cohort
    points: np.ndarray
    status: np.ndarray
    barred: np.ndarray
    nominal: np.ndarray
    totals: Totals
    adjustments: tuple[Adjustment, ...]
    ranked: np.ndarray = field(default_factory=_none)
    rank: np.ndarray = field(default_factory=_none)
    of: np.ndarray = field(default_factory=_none)
    grade: np.ndarray = field(default_factory=_none)

    @property
    def groups(self) -> np.ndarray:
        """The label of the group within which each unit is compared."""
        return self.among.groups


def enough(one: Scored, scheme: Scheme) -> np.ndarray:
    """Say of which units enough was scored, and nothing without which nobody is ranked is missing."""
    covered = one.totals.covered
    return ~one.barred & (covered >= float(scheme.least_covered) - 1e-9) & (covered > 0)


def placed(one: Scored, scheme: Scheme) -> Scored:
    """Give places and grades to those who may have them; vetoes take grades away."""
    ranked = one.among.eligible & enough(one, scheme)
    rank, of = places(one.totals.totals, one.among.within, ranked)
    grade = np.where(ranked, grades(one.totals.totals, scheme.bands, scheme.decimals), "")
    return replace(one, ranked=ranked, rank=rank, of=of, grade=_after_vetoes(grade, one, scheme))


def _after_vetoes(grade: np.ndarray, one: Scored, scheme: Scheme) -> np.ndarray:
    best = {line.code: line.grade for line in scheme.consequences if line.grade}
    for veto in one.adjustments:
        if veto.effect == "cap_grade":
            grade = held_to(grade, veto.at, best[veto.line], scheme.bands)
        elif veto.effect == "ungraded":
            grade[veto.at] = ""
    return grade
