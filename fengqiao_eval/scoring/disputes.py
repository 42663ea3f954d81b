"""Which disputes are still open, and how long they have left."""

from datetime import datetime

import pandas as pd

from fengqiao_eval.records import counting
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import Tree


def open_disputes(records: Records, tree: Tree, as_of: datetime, *, officers: bool = False) -> pd.DataFrame:
    """List the disputes open at as_of: unit_id is of the record, or the officer; days_left is negative when overdue."""
    columns = ["unit_id", "dispute_id", "tier", "received_at", "due_at", "days_left"]
    table = records.tables.get("disputes")
    if (
        table is None
        or not {"resolved_at", "due_at", "tier"} <= set(table.columns)
        or (officers and "officer_id" not in table.columns)
    ):
        return pd.DataFrame(columns=columns)
    rows = counting.known(table, TABLES["disputes"], as_of)
    rows = rows.filter(rows.resolved_at.isnull())
    who = rows.officer_id if officers else rows.unit_id
    found = counting.fetch(rows.mutate(unit_id=who), columns[:-1], ["due_at", "dispute_id"])
    known = set(tree.units["unit_id"]) | set(tree.counts_for["unit_id"])
    left = (found["due_at"] - pd.Timestamp(as_of)) // pd.Timedelta(days=1)
    return found.assign(days_left=left.astype("Int64"))[found["unit_id"].isin(known)].reset_index(drop=True)
