"""Arrays to the long frames of a run, with the columns of the design; repeated words are categories, so that they stay small."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.documents import join_ids
from fengqiao_eval.errors import OFFICER, STATUSES, Status
from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.periods import Period
from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.measure import Coded
from fengqiao_eval.scheme.scheme import Scheme, applies, asks_public
from fengqiao_eval.scoring.aggregation import covers_enough
from fengqiao_eval.scoring.benchmarks import Stage
from fengqiao_eval.scoring.result import Scored
from fengqiao_eval.scoring.uncertainty import Firm, no_firmness

ADJUSTMENTS = dict.fromkeys(
    ("unit_id", "period", "line", "rule", "effect", "value", "contribution", "record_ids", "status"), "str"
) | {"value": "float64", "contribution": "float64"}

CHANCES = {"unit_id": "str", "period": "str", "statement": "str", "object": "str", "k": "Int64", "chance": "float64"}

NUMBERS = ("given", "reference", "result")

ANSWERS = {"unit_id": "str", "indicator": "str", "period": "str", "code": "float64", "answers": "int64"}

COMPARISONS = ("unit_id", "level", "indicator", "period", "step", "kind", *NUMBERS)


def units(tree: Tree, days: np.ndarray, period: Period, staff: pd.DataFrame, disputes: "pd.Series[int]") -> pd.DataFrame:
    """The units in force, with person-days served, the days of the period, and who serves where (records.units.staff).

    disputes: how many each has on record, empty where the records do not show which of them are open.
    """
    days_in_period = (period.end - period.start).days
    return tree.units.assign(person_days=days, days_in_period=days_in_period, **staff, disputes=disputes)


def measures(scored: Sequence[Scored], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """The frame measures: numerator, denominator, value, n and status of unit × indicator × period."""
    times, size, count = len(scored), len(tree.units), len(scheme.indicators)
    unit = np.tile(np.repeat(np.arange(size, dtype=np.int32), count), times)
    keys = {
        "unit_id": _categorical(tree.units["unit_id"], unit),
        "level": _categorical(tree.units["level"], unit),
        "peer_class": _categorical(scored[0].groups, unit),
        "indicator": _categorical([i.code for i in scheme.indicators], np.tile(np.arange(count, dtype=np.int16), size * times)),
        "period": _categorical(
            [one.measured.period for one in scored], np.repeat(np.arange(times, dtype=np.int16), size * count)
        ),
    }
    numbers = ("numerator", "denominator", "value", "n")
    arrays = {name: _stack(getattr(one.measured, name)[:, :count] for one in scored) for name in numbers}
    status = pd.Categorical.from_codes(_stack(one.status[:, :count] for one in scored), pd.Index(STATUSES))
    return pd.DataFrame({**keys, **arrays, "status": status}, copy=False)


def answers(measured: Measured, scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """The frame answers: how many answers of the public have each code, by unit above officers and indicator, in a period."""
    above, found = (tree.units["level"] != OFFICER).to_numpy(), [pd.DataFrame(columns=list(ANSWERS))]
    for number, indicator in enumerate(scheme.indicators):
        if not (asks_public(indicator) and isinstance(indicator.measure, Coded)):
            continue
        there = above & np.array([applies(indicator, level) for level in tree.units["level"]], dtype=bool)
        for code, counts in measured.moments.get(number, {}).items():
            frame = tree.units[["unit_id"]].assign(indicator=indicator.code, period=str(measured.period))
            found.append(frame.assign(code=float(code), answers=np.rint(counts).astype("int64"))[there])
    return pd.concat(found, ignore_index=True).astype(ANSWERS)


def _categorical(words: Iterable[Any], codes: np.ndarray) -> pd.Categorical:
    texts = list(map(str, words))
    labels = pd.Index(dict.fromkeys(texts))
    places = labels.get_indexer(texts).astype(np.int32)
    return pd.Categorical.from_codes(places[codes], labels)


def _stack(tables: Iterable[np.ndarray]) -> np.ndarray:
    """Put tables of units × indicators one below the other, row after row."""
    return np.concatenate(list(tables)).ravel()


def points(
    measures: pd.DataFrame, scored: Sequence[Any], scheme: Scheme, firm: Mapping[Period, Firm] | None = None
) -> pd.DataFrame:
    """The frame points: that of measures, whose columns it shares, and points, weight, weight_used, contribution, se.

    se: the error of the points, of the periods of which it is known.
    """
    unsaid = [(firm or {}).get(one.measured.period) for one in scored]
    return measures.assign(
        points=_stack(one.points for one in scored),
        weight=_stack(np.round(one.nominal, 6) for one in scored),
        weight_used=_stack(one.totals.weight_used for one in scored),
        contribution=_stack(one.totals.contributions / 10**scheme.decimals for one in scored),
        se=_stack(
            np.full(one.points.shape, np.nan) if own is None else np.round(own.points, 4)
            for one, own in zip(scored, unsaid, strict=True)
        ),
    )


def adjustments(scored: Sequence[Scored], scheme: Scheme, tree: Tree, behind: pd.DataFrame) -> pd.DataFrame:
    """The frame adjustments: every line of a total that is no indicator's, of unit × period; value: what was counted for it.

    behind: the records (unit_id, line, record_id) that the lines of the first of the periods rest on.
    """
    parts = [pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in ADJUSTMENTS.items()})]
    for one in scored:
        for line in one.adjustments:
            words = {"period": str(one.measured.period), "line": line.line, "rule": line.rule, "effect": line.effect}
            numbers = {"value": line.value, "contribution": line.amount / 10**scheme.decimals}
            unit_id = tree.units["unit_id"].to_numpy()[line.at]
            parts.append(pd.DataFrame({"unit_id": unit_id, **words, "status": "counted", **numbers}))
    main = str(scored[0].measured.period) if scored else ""
    ids = behind.groupby(["unit_id", "line"])["record_id"].agg(join_ids).rename("record_ids").reset_index().assign(period=main)
    frame = pd.concat(parts).drop(columns="record_ids").merge(ids, how="left", on=["unit_id", "line", "period"])
    return frame.fillna({"record_ids": ""})[list(ADJUSTMENTS)].astype(ADJUSTMENTS)


def ranks(
    scored: Sequence[Scored], scheme: Scheme, tree: Tree, days: Sequence[np.ndarray], firm: Mapping[Period, Firm] | None = None
) -> pd.DataFrame:
    """The frame ranks: total, covered, place, size of the class, grade and flags of unit × period; days: served in each.

    firm: how firm the places of some of the periods are; of the others nothing is said.
    """
    parts = []
    for one, served in zip(scored, days, strict=True):
        rank, own = pd.Series(one.rank, dtype="Int64"), (firm or {}).get(one.measured.period) or no_firmness(one)
        rows = tree.units[["unit_id", "name", "level"]].assign(
            peer_class=one.groups,
            period=str(one.measured.period),
            total=one.totals.totals / 10**scheme.decimals,
            covered=np.round(one.totals.covered, 6),
            rank=rank.mask(rank == 0),
            of=one.of,
            rank_low=_places(own.low),
            rank_high=_places(own.high),
            grade=one.grade,
            flags=_flags(one, own, scheme, tree, served),
            rank_low_w=_places(own.low_w),
            rank_high_w=_places(own.high_w),
            rank_low_again=_places(own.low_again),
            rank_high_again=_places(own.high_again),
            se_total=np.round(own.error, scheme.decimals + 2),
            se_joint=np.round(own.joint, scheme.decimals + 2),
            shrunken=np.round(own.shrunken, scheme.decimals + 2),
        )
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def _places(whole: np.ndarray) -> "pd.Series[int]":
    found = pd.Series(whole, dtype="Int64")
    return found.mask(found == 0)


def chances(firm: Mapping[Period, Firm], tree: Tree) -> pd.DataFrame:
    """The frame chances, of unit × period: what is said, of whom or what (object), among the first how many (k), its chance.

    | statement | object | that |
    | --- | --- | --- |
    | rankable | | it is a class whose units keep this share of what they differ by (no chance) |
    | place | | its place lies about the k-th, in steps of a twentieth |
    | first | | it is among the first k by what lies behind the totals |
    | named | | it is among the k who are named, and not barred |
    | grade | the grade | it has the grade that is printed |
    | apart_before | | all printed up to place k (empty: none) stand above it, each with this chance at the least |
    | apart_after | | all printed from place k on (empty: none) stand below it, each with this chance at the least |
    | above | another unit | it stands above that unit |
    | above_again | another unit | it would in another period of the same kind |
    """
    ids, found = (
        tree.units["unit_id"].to_numpy(dtype=object),
        [pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in CHANCES.items()})],
    )
    for period, own in firm.items():
        for word, at, of, k, chance in own.statements:
            names = ids[of] if word.startswith("above") else of
            rows = {"unit_id": ids[at], "period": str(period), "statement": word, "object": names}
            found.append(pd.DataFrame({**rows, "k": _places(np.broadcast_to(k, len(at))), "chance": np.round(chance, 4)}))
    return pd.concat(found, ignore_index=True).astype(CHANCES)


def _flags(one: Scored, firm: Firm, scheme: Scheme, tree: Tree, days: np.ndarray) -> list[str]:
    period = one.measured.period
    lost = np.zeros(len(tree.units), dtype=bool)
    for number, taken in one.measured.left_out.items():
        if number < len(scheme.indicators):
            lost |= (taken > 0) & (one.status[:, number] != Status.NOT_APPLICABLE)
    length = (period.end - period.start).days
    served = {
        "provisional": (one.status == Status.PROVISIONAL).any(axis=1),
        "void_left_out": lost,
        "low_coverage": ~covers_enough(one.totals.covered, scheme),
        "not_ranked": ~one.ranked,
        "small_class": one.ranked & (one.of < scheme.least_class),
        "merged": (tree.units["merged_from"] != "").to_numpy(),
        "part_period": ((tree.units["level"] == OFFICER).to_numpy() & (days < length)),
        "pulled": firm.pulled,
        "bent": firm.bent,
    }
    return [",".join(flag for flag, holds in served.items() if holds[row]) for row in range(len(tree.units))]


def comparisons(scored: Sequence[Scored], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """Give the frame: how every value that is held against something became what its rule sees, step by step.

    A row a unit × indicator or line × period × step (from 1), where there was a value to be held. given: the value before;
    reference: what it was held against (of a place: how many were placed); result: what came of it.
    """
    stages = [(number, stage) for number, one in enumerate(scored) for stage in one.compared.stages]
    parts = []
    nothing = np.zeros(0)
    for number, stage in stages or [(0, Stage(0, 0, "", nothing, nothing, nothing, nothing))]:
        at = np.flatnonzero(~np.isnan(stage.given))
        rows = pd.DataFrame({"unit_id": at, "indicator": stage.entry, "period": number, "step": stage.step + 1})
        parts.append(rows.assign(kind=stage.kind, **{name: getattr(stage, name)[at] for name in NUMBERS}))
    found = pd.concat(parts, ignore_index=True)
    words = {
        "unit_id": tree.units["unit_id"],
        "indicator": [entry.code for entry in scheme.entries],
        "period": [str(one.measured.period) for one in scored],
    }
    named = {name: pd.Categorical.from_codes(found[name], pd.Index(word, dtype="str")) for name, word in words.items()}
    level = pd.Categorical(tree.units["level"].to_numpy(dtype=object)[found["unit_id"]])
    return found.assign(level=level, **named, kind=found["kind"].astype("category"))[list(COMPARISONS)]
