"""One period scored: the arrays behind its frames, the places and grades given in it, and what vetoes take of grades."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fengqiao_eval.errors import Note
from fengqiao_eval.measuring.peer_groups import Cohort
from fengqiao_eval.scheme.scheme import Scheme, least_percent
from fengqiao_eval.scoring.adjustments import Adjustment
from fengqiao_eval.scoring.aggregation import Totals, covers_enough, has_coverage
from fengqiao_eval.scoring.benchmarks import Benchmarked
from fengqiao_eval.scoring.ranking import cap_grades, grades, places

if TYPE_CHECKING:  # as in benchmarks
    from fengqiao_eval.measuring.measures import Measured


def _empty_array() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Scored:
    """One period scored: arrays units × indicators, and per unit; places are 0 where not ranked."""

    measured: "Measured"
    compared: Benchmarked
    among: Cohort
    points: np.ndarray
    status: np.ndarray
    barred: np.ndarray
    nominal: np.ndarray
    totals: Totals
    adjustments: tuple[Adjustment, ...]
    ranked: np.ndarray = field(default_factory=_empty_array)
    rank: np.ndarray = field(default_factory=_empty_array)
    of: np.ndarray = field(default_factory=_empty_array)
    grade: np.ndarray = field(default_factory=_empty_array)

    @property
    def groups(self) -> np.ndarray:
        """The label of the group within which each unit is compared."""
        return self.among.groups


def place_units(one: Scored, scheme: Scheme) -> Scored:
    """Give places and grades to those who may have them; vetoes take grades away."""
    ranked = one.among.eligible & has_coverage(one.totals.covered, one.barred, scheme)
    rank, of = places(one.totals.totals, one.among.within, ranked)
    grade = np.where(ranked, grades(one.totals.totals, scheme.bands, scheme.decimals), "")
    return replace(one, ranked=ranked, rank=rank, of=of, grade=_apply_vetoes(grade, one, scheme))


def coverage_notes(one: Scored, levels: np.ndarray, scheme: Scheme) -> Iterator[Note]:
    """Say at which levels how many units have nothing scored, or too little for a total."""
    nothing = one.totals.covered <= 0
    for key, at in (("nothing_scored", nothing), ("part_scored", ~covers_enough(one.totals.covered, scheme) & ~nothing)):
        for level in scheme.levels:
            if count := int((at & (levels == level)).sum()):
                yield Note(key, {"level": level, "count": count, "least": least_percent(scheme)})


def _apply_vetoes(grade: np.ndarray, one: Scored, scheme: Scheme) -> np.ndarray:
    best = {line.code: line.grade for line in scheme.consequences if line.grade}
    for veto in one.adjustments:
        if veto.effect == "cap_grade":
            grade = cap_grades(grade, veto.at, best[veto.line], scheme.bands)
        elif veto.effect == "ungraded":
            grade[veto.at] = ""
    return grade
