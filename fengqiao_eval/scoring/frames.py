"""Arrays to the long frames of a run, with the columns of the design."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, STATUSES, Status
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.scheme import Scheme, void_months
from fengqiao_eval.scoring.aggregation import least_share
from fengqiao_eval.scoring.benchmarks import Stage
from fengqiao_eval.scoring.result import Scored

# Arrays to the long frames of a run, with the columns of the design; repeated words are categories, so that they stay small.


ADJUSTMENTS = dict.fromkeys(
    ("unit_id", "period", "line", "rule", "effect", "value", "contribution", "record_ids", "status"), "str"
)


ADJUSTMENTS |= {"value": "float64", "contribution": "float64"}


def units(tree: Tree, days: np.ndarray, period: Period) -> pd.DataFrame:
    """The units in force, with person-days served and the days of the period."""
    length = (period.end - period.start).days
    return tree.units.assign(person_days=days, days_in_period=length)


def _categorical(words: Sequence[Any], codes: np.ndarray) -> pd.Categorical:
    labels = pd.Index(dict.fromkeys(map(str, words)))
    places = labels.get_indexer([str(w) for w in words]).astype(np.int32)
    return pd.Categorical.from_codes(places[codes], labels)


def _keys(scored: Sequence[Any], scheme: Scheme, tree: Tree) -> dict[str, Any]:
    times, size, count = len(scored), len(tree.units), len(scheme.indicators)
    unit = np.repeat(np.arange(size, dtype=np.int32), count)
    of_units = {"unit_id": tree.units["unit_id"], "level": tree.units["level"], "peer_class": scored[0].groups}
    named = {name: _categorical(list(words), np.tile(unit, times)) for name, words in of_units.items()}
    return named | {
        "indicator": _categorical([i.code for i in scheme.indicators], np.tile(np.arange(count, dtype=np.int16), size * times)),
        "period": _categorical(
            [one.measured.period for one in scored], np.repeat(np.arange(times, dtype=np.int16), size * count)
        ),
    }


def _stack(tables: Iterable[np.ndarray]) -> np.ndarray:
    """Put tables of units × indicators one below the other, row after row."""
    return np.concatenate(list(tables)).ravel()


def measures(scored: Sequence[Any], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """The frame measures: numerator, denominator, value, n and status of unit × indicator × period."""
    inner, numbers = slice(len(scheme.indicators)), ("numerator", "denominator", "value", "n")
    arrays = {name: _stack(getattr(one.measured, name)[:, inner] for one in scored) for name in numbers}
    status = pd.Categorical.from_codes(_stack(one.status[:, inner] for one in scored), pd.Index(STATUSES))
    return pd.DataFrame({**_keys(scored, scheme, tree), **arrays, "status": status}, copy=False)


def points(measures: pd.DataFrame, scored: Sequence[Any], scheme: Scheme) -> pd.DataFrame:
    """The frame points: that of measures, whose columns it shares, and points, weight, weight_used and contribution."""
    return measures.assign(
        points=_stack(one.points for one in scored),
        weight=_stack(np.round(one.nominal, 6) for one in scored),
        weight_used=_stack(one.totals.weight_used for one in scored),
        contribution=_stack(one.totals.contributions / 10**scheme.decimals for one in scored),
    )


def adjustments(scored: Sequence[Any], scheme: Scheme, tree: Tree, behind: pd.DataFrame) -> pd.DataFrame:
    """The frame adjustments: every line of a total that is no indicator's, of unit × period; value: what was counted for it.

    behind: the records (unit_id, line, record_id) that the lines of the first of the periods rest on.
    """
    lines = [_adjustment_rows(one, line, scheme, tree) for one in scored for line in one.adjustments]
    frame = pd.concat([pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in ADJUSTMENTS.items()}), *lines])
    main = str(scored[0].measured.period) if scored else ""
    ids = behind.groupby(["unit_id", "line"])["record_id"].agg(" ".join).rename("record_ids").reset_index().assign(period=main)
    frame = frame.drop(columns="record_ids").merge(ids, how="left", on=["unit_id", "line", "period"])
    return frame.fillna({"record_ids": ""})[list(ADJUSTMENTS)].astype(ADJUSTMENTS)


def _adjustment_rows(one: Any, line: Any, scheme: Scheme, tree: Tree) -> pd.DataFrame:
    words = {"period": str(one.measured.period), "line": line.line, "rule": line.rule, "effect": line.effect, "status": "counted"}
    numbers = {"value": line.value, "contribution": line.amount / 10**scheme.decimals}
    return pd.DataFrame({"unit_id": tree.units["unit_id"].to_numpy()[line.at], **words, **numbers})


def ranks(scored: Sequence[Any], scheme: Scheme, tree: Tree, days: Sequence[np.ndarray]) -> pd.DataFrame:
    """The frame ranks: total, covered, place, size of the class, grade and flags of unit × period; days: served in each."""
    return pd.concat([_rank_rows(one, scheme, tree, served) for one, served in zip(scored, days, strict=True)], ignore_index=True)


def _rank_rows(one: Any, scheme: Scheme, tree: Tree, days: np.ndarray) -> pd.DataFrame:
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
        "provisional": (one.status == Status.PROVISIONAL).any(axis=1),
        "void_left_out": ((one.status[:, void] == Status.VOID) | (one.measured.n[:, void] > 0)).any(axis=1),
        "low_coverage": one.totals.covered < least_share(scheme),
        "not_ranked": ~one.ranked,
        "small_class": one.ranked & (one.of < scheme.least_class),
        "merged": (tree.units["merged_from"] != "").to_numpy(),
        "part_period": ((tree.units["level"] == OFFICER).to_numpy() & (days < length)),
    }
    return [",".join(flag for flag, holds in served.items() if holds[row]) for row in range(len(tree.units))]


# The frame comparisons: how every value that is held against something became what its rule sees, step by step.


NUMBERS = ("given", "reference", "result")


COLUMNS = ("unit_id", "level", "indicator", "period", "step", "kind", *NUMBERS)


def comparisons(scored: Sequence[Scored], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """Give the frame: a row a unit × indicator or line × period × step (from 1), where there was a value to be held.

    given: the value before; reference: what it was held against (of a place: how many were placed); result: what came of it.
    """
    parts = [_stage_rows(number, stage) for number, one in enumerate(scored) for stage in one.compared.stages]
    found = pd.concat(parts, ignore_index=True) if parts else _stage_rows(0, Stage(0, 0, "", *[np.zeros(0)] * 4))
    words = {
        "unit_id": tree.units["unit_id"],
        "indicator": [entry.code for entry in scheme.entries],
        "period": [str(one.measured.period) for one in scored],
    }
    named = {name: pd.Categorical.from_codes(found[name], pd.Index(word, dtype="str")) for name, word in words.items()}
    level = pd.Categorical(tree.units["level"].to_numpy(dtype=object)[found["unit_id"]])
    return found.assign(level=level, **named, kind=found["kind"].astype("category"))[list(COLUMNS)]


def _stage_rows(number: int, stage: Stage) -> pd.DataFrame:
    """Give the rows of one stage, words as their numbers."""
    at = np.flatnonzero(~np.isnan(stage.given))
    numbers = {name: getattr(stage, name)[at] for name in NUMBERS}
    return pd.DataFrame({"unit_id": at, "indicator": stage.entry, "period": number, "step": stage.step + 1}).assign(
        kind=stage.kind, **numbers
    )
