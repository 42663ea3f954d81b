"""What cannot be added up: distinct things and quantiles, counted anew at each level and for each period."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records import counting
from fengqiao_eval.scoring.counts import Plan
from fengqiao_eval.scoring.lines import amounts, quantity, scope

KEYS = ("unit_id", "period")


@dataclass(frozen=True)
class Membership:
    """Which spans make which periods (span, period), void months of the indicator left out."""

    frame: pd.DataFrame
    periods: tuple[str, ...]


def distinct(plan: Plan, measure: Any, member: Membership) -> dict[str, np.ndarray]:
    """Count distinct things anew at each level; return numerator, denominator and n -> array units × periods.

    Things are reduced to one row per unit, thing and period before they are joined to the levels above: that costs a third
    of the engine's own COUNT(DISTINCT) over grouping sets.
    """
    rows = plan.rows(measure)
    counts, waiting = scope(rows, measure, plan.moment)
    _, ok, _ = amounts(rows, measure, plan.moment.as_of)
    placed = _counted(plan, measure, _chosen(rows, measure, counts, ok), member)
    found = {part: placed[part] for part in ("numerator", "denominator")} | {"n": placed["denominator"]}
    if waiting is None:
        return found
    return found | {"pend": _counted(plan, measure, _chosen(rows, measure, waiting, ok), member)["denominator"]}


def _chosen(rows: Any, measure: Any, counts: Any, ok: Any) -> Any:
    """Keep the rows that count and have a thing; names end in _ so that no column of the records is covered."""
    rows = rows.mutate(thing_=rows[measure.of], ok_=ok, counts_=counts)
    return rows.filter(rows.counts_, rows.thing_.notnull())


def _counted(plan: Plan, measure: Any, rows: Any, member: Membership) -> dict[str, np.ndarray]:
    found = [_of_units(plan, _things(rows, rows.unit_id, member))]
    if plan.officers and plan.names_persons(measure.table):
        mine = plan.to_persons(rows, measure.table)
        found.append(counting.shares(_things(mine, mine.officer_id, member), KEYS))
    return _placed(plan, found, member)


def _things(rows: Any, who: Any, member: Membership) -> Any:
    """Reduce rows to one per unit, thing and period; a period that is one span needs no second reduction."""
    found = counting.things(rows, {"unit_id": who, "thing": rows.thing_, "span": rows.span_}, rows.ok_)
    single, several = _alone(member.frame, "period", "span")
    parts = [counting.relabelled(found, single, "span")] if len(single) else []
    parts += [counting.regroup(found, several, "span", (*KEYS, "thing"))] if len(several) or not parts else []
    return counting.stacked(parts, (*KEYS, "thing", "ok"))


def _of_units(plan: Plan, found: Any) -> pd.DataFrame:
    """Count things per unit, and anew for every unit above that is fed by several."""
    own = counting.shares(found, KEYS)
    pairs = plan.tree.counts_for
    alone, several = _alone(pairs[pairs["unit_id"].isin(own["unit_id"].unique())], "ancestor", "unit_id")
    parts = [own.merge(alone, on="unit_id").drop(columns="unit_id")]
    if len(several):
        above = counting.regroup(found, several, "unit_id", ("ancestor", "period", "thing"))
        parts.append(counting.shares(above, ("ancestor", "period")))
    return pd.concat(parts).rename(columns={"ancestor": "unit_id"})


def _alone(pairs: pd.DataFrame, target: str, source: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part pairs into targets fed by one source only, which need no second reduction, and the rest."""
    single = pairs.groupby(target)[source].transform("size") == 1
    return pairs[single], pairs[~single]


def _placed(plan: Plan, found: Iterable[pd.DataFrame], member: Membership) -> dict[str, np.ndarray]:
    shape = (len(plan.tree.units), len(member.periods))
    frame = pd.concat(list(found))
    row = pd.Index(plan.tree.units["unit_id"]).get_indexer(frame["unit_id"])
    column = pd.Index(member.periods).get_indexer(frame["period"])
    kept = (row >= 0) & (column >= 0)
    placed = {name: np.full(shape, np.nan if name == "value" else 0.0) for name in frame.columns if name not in KEYS}
    for name, array in placed.items():
        array[row[kept], column[kept]] = frame[name].to_numpy("float64")[kept]
    return placed


def quantile(plan: Plan, measure: Any, member: Membership) -> dict[str, np.ndarray]:
    """Take a quantile anew at each level; return value and n -> array units × periods."""
    rows = plan.rows(measure)
    rows = rows.mutate(amount_=quantity(rows, measure), counts_=counting.passes(rows, measure.where))
    rows = rows.filter(rows.counts_, rows.amount_.notnull())
    q = float(measure.q)
    own = rows.select("unit_id", span=rows.span_, amount=rows.amount_)
    up = [(plan.tree.counts_for, "unit_id"), (member.frame, "span")]
    found = [counting.quantiles(own, up, ("ancestor", "period"), q).rename(columns={"ancestor": "unit_id"})]
    if plan.officers and plan.names_persons(measure.table):
        mine = plan.to_persons(rows, measure.table)
        mine = mine.select(unit_id=mine.officer_id, span=mine.span_, amount=mine.amount_)
        found.append(counting.quantiles(mine, [(member.frame, "span")], KEYS, q))
    return _placed(plan, found, member)
