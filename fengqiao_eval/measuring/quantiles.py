"""The median and other quantiles of a measure, taken from the records themselves at each level and for each period."""

from typing import Any

import pandas as pd

from fengqiao_eval.measuring import tallies
from fengqiao_eval.measuring.counting import KEYS, Plan, Sums, place_counts
from fengqiao_eval.measuring.rationals import MILLIONTHS, tidy
from fengqiao_eval.records import query

LEVELS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""The quantiles that are kept beside the one asked for: how far apart records lie says how firm it is."""


def quantile(plan: Plan, measure: Any, member: pd.DataFrame, size: int) -> Sums:
    """Take a quantile anew at each level; return value, n and the quantiles at LEVELS (at_1 ...) -> array units × periods.

    member and size as for best_sums.
    """
    rows = plan.rows(measure)
    rows = rows.mutate(amount_=tallies.quantity(rows, measure), counts_=tallies.counts(rows, measure))
    rows = rows.filter(rows.counts_, rows.amount_.notnull())
    asked = (float(measure.q), *LEVELS)
    own = rows.select("unit_id", span=rows.span_, amount=rows.amount_)
    up = [(plan.tree.counts_for, "unit_id"), (member, "span")]
    found = [query.group_quantiles(own, up, ("ancestor", "period"), asked).rename(columns={"ancestor": "unit_id"})]
    if plan.officers and plan.names_persons(measure.table):
        mine = plan.to_persons(rows, measure.table)
        mine = mine.select(unit_id=mine.officer_id, span=mine.span_, amount=mine.amount_)
        found.append(query.group_quantiles(mine, [(member, "span")], KEYS, asked))
    placed, places = place_counts(plan, found, size), len(str(measure.q.normalize()).partition(".")[2])
    return placed | {"value": tidy(placed["value"], 60 * MILLIONTHS * 10**places)}
