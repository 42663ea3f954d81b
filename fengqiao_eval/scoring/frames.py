"""Arrays to the long frames of a run, with the columns of the design; repeated words are categories, so that they stay small."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import STATUSES
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import OFFICER, Tree
from fengqiao_eval.scheme.model import Scheme, void_months

VOID = STATUSES.index("void")
ADJUSTMENTS = dict.fromkeys(
    ("unit_id", "period", "line", "rule", "effect", "value", "contribution", "record_ids", "status"), "str"
)
ADJUSTMENTS |= {"value": "float64", "contribution": "float64"}


def units(tree: Tree, days: np.ndarray, period: Period) -> pd.DataFrame:
    """The units in force, with person-days served and the days of the period."""
    length = (period.end - period.start).days
    return tree.units.assign(person_days=days, days_in_period=length)


def _repeated(words: Sequence[Any], codes: np.ndarray) -> pd.Categorical:
    labels = pd.Index(dict.fromkeys(map(str, words)))
    return pd.Categorical.from_codes(labels.get_indexer([str(w) for w in words])[codes], labels)


def _keys(scored: Any, scheme: Scheme, tree: Tree, groups: np.ndarray) -> dict[str, Any]:
    size, count = len(tree.units), len(scheme.indicators)
    unit = np.repeat(np.arange(size), count)
    return {
        "unit_id": _repeated(tree.units["unit_id"].tolist(), unit),
        "level": _repeated(tree.units["level"].tolist(), unit),
        "peer_class": _repeated(list(groups), unit),
        "indicator": _repeated([i.code for i in scheme.indicators], np.tile(np.arange(count), size)),
        "period": _repeated([scored.measured.period], np.zeros(size * count, dtype=int)),
    }


def _stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the periods one below the other without losing the categories."""
    words = pd.Index([str(p["period"].cat.categories[0]) for p in parts])
    parts = [part.assign(period=part["period"].cat.set_categories(words)) for part in parts]
    return pd.concat(parts, ignore_index=True)


def measures(scored: Sequence[Any], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """The frame measures: numerator, denominator, value, n and status of unit × indicator × period."""
    return _stacked([pd.DataFrame(_measured(one, scheme, tree)) for one in scored])


def _measured(one: Any, scheme: Scheme, tree: Tree) -> dict[str, Any]:
    found = one.measured
    inner = slice(len(scheme.indicators))
    arrays = {name: getattr(found, name)[:, inner].ravel() for name in ("numerator", "denominator", "value", "n")}
    status = pd.Categorical.from_codes(one.status[:, inner].ravel().astype(int), pd.Index(STATUSES))
    return {**_keys(one, scheme, tree, one.groups), **arrays, "status": status}


def points(scored: Sequence[Any], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """The frame points: that of measures, and points, weight, weight_used and contribution."""
    return _stacked([pd.DataFrame(_measured(one, scheme, tree) | _pointed(one, scheme)) for one in scored])


def _pointed(one: Any, scheme: Scheme) -> dict[str, Any]:
    return {
        "points": one.points.ravel(),
        "weight": np.round(one.nominal, 6).ravel(),
        "weight_used": one.totals.weight_used.ravel(),
        "contribution": (one.totals.contributions / 10**scheme.decimals).ravel(),
    }


def adjustments(scored: Sequence[Any], scheme: Scheme, tree: Tree, behind: pd.DataFrame) -> pd.DataFrame:
    """The frame adjustments: every line of a total that is no indicator's, of unit × period; value: what was counted for it.

    behind: the records (unit_id, line, record_id) that the lines of the first of the periods rest on.
    """
    lines = [_adjusted(one, line, scheme, tree) for one in scored for line in one.adjustments]
    frame = pd.concat([pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in ADJUSTMENTS.items()}), *lines])
    main = str(scored[0].measured.period) if scored else ""
    ids = behind.groupby(["unit_id", "line"])["record_id"].agg(" ".join).rename("record_ids").reset_index().assign(period=main)
    frame = frame.drop(columns="record_ids").merge(ids, how="left", on=["unit_id", "line", "period"])
    return frame.fillna({"record_ids": ""})[list(ADJUSTMENTS)].astype(ADJUSTMENTS)


def _adjusted(one: Any, line: Any, scheme: Scheme, tree: Tree) -> pd.DataFrame:
    words = {"period": str(one.measured.period), "line": line.line, "rule": line.rule, "effect": line.effect, "status": "counted"}
    numbers = {"value": line.value, "contribution": line.amount / 10**scheme.decimals}
    return pd.DataFrame({"unit_id": tree.units["unit_id"].to_numpy()[line.at], **words, **numbers})


def ranks(scored: Sequence[Any], scheme: Scheme, tree: Tree, days: Sequence[np.ndarray]) -> pd.DataFrame:
    """The frame ranks: total, covered, place, size of the class, grade and flags of unit × period; days: served in each."""
    return pd.concat([_ranked(one, scheme, tree, served) for one, served in zip(scored, days, strict=True)], ignore_index=True)


def _ranked(one: Any, scheme: Scheme, tree: Tree, days: np.ndarray) -> pd.DataFrame:
    empty = pd.array([pd.NA] * len(tree.units), dtype="Int64")
    rank = pd.Series(one.rank, dtype="Int64")
    return tree.units[["unit_id", "name", "level"]].assign(
        peer_class=one.groups,
        period=str(one.measured.period),
        total=one.totals.totals / 10**scheme.decimals,
        covered=np.round(one.totals.covered, 6),
        rank=rank.mask(rank == 0),
        of=one.of,
        rank_low=empty,
        rank_high=empty,
        grade=one.grade,
        flags=_flags(one, scheme, tree, days),
    )


def _flags(one: Any, scheme: Scheme, tree: Tree, days: np.ndarray) -> list[str]:
    period = one.measured.period
    months = set(period.month_numbers)
    void = [number for number, i in enumerate(scheme.indicators) if months & void_months(scheme, i.code)]
    length = (period.end - period.start).days
    served = {
        "provisional": (one.status == STATUSES.index("provisional")).any(axis=1),
        "void_left_out": ((one.status[:, void] == VOID) | (one.measured.n[:, void] > 0)).any(axis=1),
        "low_coverage": one.totals.covered < float(scheme.least_covered) - 1e-9,
        "not_ranked": ~one.ranked,
        "small_class": one.ranked & (one.of < scheme.least_class),
        "merged": (tree.units["merged_from"] != "").to_numpy(),
        "part_period": ((tree.units["level"] == OFFICER).to_numpy() & (days < length)),
    }
    return [",".join(flag for flag, holds in served.items() if holds[row]) for row in range(len(tree.units))]
