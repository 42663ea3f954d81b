"""Who is compared with whom: levels, classes, and the groups within which places are given."""

from dataclasses import dataclass

import numpy as np

from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.model import Scheme


@dataclass(frozen=True)
class Cohort:
    """For each unit its level, its class, the label of its group ('' is the whole level), and whether it takes part in places.

    within: level and group as one word, the same for all who are compared with each other.
    """

    levels: np.ndarray
    classes: np.ndarray
    groups: np.ndarray
    within: np.ndarray
    eligible: np.ndarray


def cohort(tree: Tree, scheme: Scheme) -> Cohort:
    """Say of each unit of the tree with whom it is compared."""
    levels = tree.units["level"].to_numpy(dtype=object)
    groups = group_labels(tree, scheme)
    within = np.array([f"{level}\0{group}" for level, group in zip(levels, groups, strict=True)])
    eligible = ~tree.units["unit_id"].isin(scheme.unranked).to_numpy()
    return Cohort(levels, tree.units["peer_class"].to_numpy(dtype=object), groups, within, eligible)


def group_labels(tree: Tree, scheme: Scheme) -> np.ndarray:
    """Name the group within which each unit is compared; '' is the whole level."""
    names = _names(tree)
    rows = tree.units[["level", "peer_class", "county_id", "station_id"]].itertuples(index=False)
    return np.array([_group(scheme.compare_within.get(r.level, "class"), r, names) for r in rows], dtype=object)


def _names(tree: Tree) -> dict[str, str]:
    """Name the units so that two of one level and name stay two: every county has a 城关所."""
    twice = tree.units.duplicated(["level", "name"], keep=False)
    rows = zip(tree.units["unit_id"], tree.units["name"], twice, strict=True)
    return {unit: f"{name}（{unit}）" if several else name for unit, name, several in rows}


def _group(within: str, row: tuple[str, ...], names: dict[str, str]) -> str:
    _, peer_class, county, station = row
    if within == "class_in_county":
        return "·".join(part for part in (names.get(county, county), peer_class) if part)
    return {"level": "", "class": peer_class, "station": names.get(station, station)}[within]
