"""The records behind a card: those that lost points, and the disputes still open; ids only, never a citizen's value."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards.wording import day
from fengqiao_eval.words import say

TIERS = ("red", "yellow", "blue")
"""The three colours of warning, the most urgent first."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these is run by a spreadsheet."""


@dataclass(frozen=True)
class Lost:
    """One record that lost points for an indicator."""

    record_id: str
    unit_id: str
    happened_at: str


@dataclass(frozen=True)
class LostRecords:
    """All records that lost points for one indicator, the latest first."""

    code: str
    label: str
    table: str
    table_label: str
    records: tuple[Lost, ...]


@dataclass(frozen=True)
class OpenDispute:
    """An open dispute; days_left is negative once overdue, None where no limit is recorded."""

    dispute_id: str
    due_at: str
    days_left: int | None


@dataclass(frozen=True)
class OpenDisputes:
    """The open disputes of one colour, the most urgent first."""

    tier: str
    disputes: tuple[OpenDispute, ...]

    @property
    def overdue(self) -> int:
        """How many are past their limit."""
        return sum(1 for dispute in self.disputes if dispute.days_left is not None and dispute.days_left < 0)


def lost_records(scheme: Scheme, losses: pd.DataFrame, lang: str) -> tuple[LostRecords, ...]:
    """Group the rows of the frame losses by indicator, in the order of the one table."""
    if not len(losses):
        return ()
    parts = dict(
        iter(losses.sort_values(["happened_at", "record_id"], ascending=[False, True]).groupby("indicator", observed=True))
    )
    return tuple(_lost(i.code, i.name(lang), parts[i.code], lang) for i in scheme.indicators if i.code in parts)


def _lost(code: str, label: str, rows: pd.DataFrame, lang: str) -> LostRecords:
    found = zip(map(str, rows["record_id"]), map(str, rows["unit_id"]), map(day, rows["happened_at"]), strict=True)
    table = str(rows["table"].iloc[0])
    shown = TABLES[table].label if lang == "zh" and table in TABLES else table
    return LostRecords(code, label, table, shown, tuple(Lost(*record) for record in found))


def open_disputes(disputes: pd.DataFrame) -> tuple[OpenDisputes, ...]:
    """Group the rows of the frame open_disputes by colour, red first; within a colour by days left."""
    if not len(disputes):
        return ()
    ordered = disputes.sort_values(["days_left", "dispute_id"], na_position="last")
    parts = {str(tier): tuple(_disputes(rows)) for tier, rows in ordered.groupby(ordered["tier"].astype("str").fillna(""))}
    tiers = sorted(parts, key=lambda tier: TIERS.index(tier) if tier in TIERS else len(TIERS))
    return tuple(OpenDisputes(tier, parts[tier]) for tier in tiers)


def _disputes(rows: pd.DataFrame) -> Iterator[OpenDispute]:
    for dispute, due, days in zip(rows["dispute_id"], rows["due_at"], rows["days_left"], strict=True):
        yield OpenDispute(str(dispute), day(due), None if pd.isna(days) else int(days))


def guarded(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula.

    >>> guarded("=cmd()"), guarded("S007")
    ("'=cmd()", 'S007')
    """
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def write_csv(found: Sequence[LostRecords], path: Path, lang: str) -> None:
    """Write every record that lost points as a CSV that Excel opens (UTF-8 with BOM); formulas are made harmless."""
    heads = [say(f"card.csv.{name}", lang) for name in ("indicator", "label", "table", "record", "unit", "time")]
    rows = ((part.code, part.label, part.table, r.record_id, r.unit_id, r.happened_at) for part in found for r in part.records)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *([guarded(cell) for cell in row] for row in rows)])
