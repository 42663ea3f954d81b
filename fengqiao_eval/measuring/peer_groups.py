"""Who is compared with whom: levels, classes, and the groups within which places are given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import Fault
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.indicator import Exempt
from fengqiao_eval.scheme.scheme import Scheme

LABELS: dict[str, tuple[str, ...]] = {
    "level": (),
    "class": ("peer_class",),
    "class_in_county": ("county_id", "peer_class"),
    "station": ("station_id",),
}
"""The columns of a unit that name its group, by the scheme's word for whom it is compared with."""


@dataclass(frozen=True)
class Cohort:
    """For each unit its level, its class, the label of its group ('' is the whole level), and whether it takes part in places.

    within: level and group as one number, the same for all who are compared with each other. draws: how many rows in a row each
    unit has, one a draw of values, each of which is compared within itself.
    """

    levels: np.ndarray
    classes: np.ndarray
    groups: np.ndarray
    within: np.ndarray
    eligible: np.ndarray
    draws: int = 1

    def stretch(self, draws: int) -> "Cohort":
        """Give each unit so many rows, one a draw; each draw of a class is a class of its own.

        >>> one = np.array([0, 1])
        >>> Cohort(one, one, one, one, one > 0).stretch(2).within.tolist()
        [0, 1, 2, 3]
        """
        levels, classes, groups, eligible = (
            np.repeat(own, draws) for own in (self.levels, self.classes, self.groups, self.eligible)
        )
        return Cohort(levels, classes, groups, self._apart(self.within, draws), eligible, draws)

    @property
    def within_level(self) -> np.ndarray:
        """The level as one number, the same for all of it (in one draw)."""
        return self._apart(pd.factorize(self.levels[:: self.draws])[0], self.draws)

    @staticmethod
    def _apart(numbers: np.ndarray, draws: int) -> np.ndarray:
        return np.repeat(numbers, draws) * draws + np.tile(np.arange(draws), len(numbers))


def cohort(tree: Tree, scheme: Scheme) -> Cohort:
    """Say of each unit of the tree with whom it is compared."""
    levels, classes = words(tree)
    groups = group_labels(tree, scheme)
    level, (group, labels) = pd.factorize(levels)[0], pd.factorize(groups)
    eligible = ~tree.units["unit_id"].isin(scheme.unranked).to_numpy()
    return Cohort(levels, classes, groups, level * len(labels) + group, eligible)


def words(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Give the level and the class of each unit, the words by which a scheme gives numbers."""
    return tree.units["level"].to_numpy(dtype=object), tree.units["peer_class"].to_numpy(dtype=object)


def each_unit(by: Any, *words: np.ndarray, missing: float = 0.0) -> Any:
    """Read a number that may be given by level or class: one for all, or one for each unit.

    words: of each unit, the later going before the earlier; whose word is not named has `others`, else what is missing.

    >>> each_unit({"一类": 3, "others": 1}, np.array(["station", "station"]), np.array(["一类", "四类"])).tolist()
    [3.0, 1.0]
    """
    if not isinstance(by, dict):
        return float(by)
    found = np.full(len(words[0]), float(by.get("others", missing)))
    for own in words:
        for word, number in by.items():
            found[own == word] = float(number)
    return found


def full_marks_faults(scheme: Scheme, tree: Tree) -> Iterator[Fault]:
    """Find the groups in which units of different full marks would stand in one ranking (R35)."""
    if not isinstance(scheme.full_marks, dict):
        return
    full = each_unit(scheme.full_marks, tree.units["peer_class"].to_numpy(dtype=object), missing=100)
    groups = pd.DataFrame({"level": tree.units["level"], "group": group_labels(tree, scheme), "full": full})
    for (level, group), marks in groups.groupby(["level", "group"], sort=True)["full"]:
        if marks.min() != marks.max():
            given = {"group": group or level, "level": level, "given": ", ".join(f"{mark:g}" for mark in sorted(marks.unique()))}
            yield Fault(scheme.title, "full_marks", "scheme.mixed_full_marks", given)


def is_exempt(exempt: Exempt, tree: Tree) -> np.ndarray:
    """Say to which units an indicator does not apply."""
    return (tree.units["peer_class"].isin(exempt.classes) | tree.units["unit_id"].isin(exempt.units)).to_numpy(dtype=bool)


def group_labels(tree: Tree, scheme: Scheme) -> np.ndarray:
    """Name the group within which each unit is compared; '' is the whole level. Of units above that share a name, the id too."""
    twice = tree.units.duplicated(["level", "name"], keep=False)  # every county has a 城关所
    rows = zip(tree.units["unit_id"], tree.units["name"], twice, strict=True)
    names = {unit: f"{name}（{unit}）" if several else name for unit, name, several in rows}
    labels = np.full(len(tree.units), "", dtype=object)
    for level, at in tree.units.groupby("level", sort=False).indices.items():
        columns = LABELS[scheme.compare_within.get(level, "class")]
        parts = [tree.units[name].iloc[at].map(lambda cell: names.get(cell, cell)) for name in columns if name != "peer_class"]
        parts += [tree.units["peer_class"].iloc[at]] if "peer_class" in columns else []
        labels[at] = ["·".join(filter(None, words)) for words in zip(*parts, strict=True)] if parts else ""
    return labels


def members(classes: np.ndarray, able: np.ndarray) -> list[np.ndarray]:
    """Give the positions of the able of each class.

    >>> [at.tolist() for at in members(np.array([1, 2, 1, 1]), np.array([True, True, False, True]))]
    [[0, 3], [1]]
    """
    at = np.flatnonzero(able)
    order = at[np.argsort(classes[at], kind="stable")]
    label = classes[order]
    return np.split(order, np.flatnonzero(label[1:] != label[:-1]) + 1) if len(at) else []
