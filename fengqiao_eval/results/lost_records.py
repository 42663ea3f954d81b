"""The records behind a card: those that lost points, and the disputes still open; ids only, never a citizen's value."""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fengqiao_eval.results.frames import Frame
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.wording.numbers import day, has_value, term, text
from fengqiao_eval.wording.reasons import Reasons
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import say

TIERS = ("red", "yellow", "blue")
"""The three colours of warning, the most urgent first."""


LOSS = ("indicator", "table", "record_id", "unit_id", "happened_at", "why")


OPEN = ("tier", "unit_id", "dispute_id", "due_at", "days_left")
"""What a card reads of the frames losses and open_disputes."""


FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""A cell that begins with one of these is run by a spreadsheet."""


@dataclass(frozen=True)
class Lost:
    """One record that lost points for an indicator."""

    record_id: str
    unit_id: str
    happened_at: str
    reason: str = ""
    """Why, in words; empty where the run was made before reasons were kept."""


@dataclass(frozen=True)
class LostRecords:
    """All records that lost points for one indicator, the latest first."""

    code: str
    label: str
    table: str
    table_label: str
    records: tuple[Lost, ...]
    more: int = 0
    """How many there are besides, whose ids stay in their database."""

    @property
    def count(self) -> int:
        """How many records lost points."""
        return len(self.records) + self.more

    def by_reason(self, first: int, last: int | None = None) -> dict[str, list[str]]:
        """Gather some of the records, ids by their reason, in the order in which the reasons come."""
        found: dict[str, list[str]] = {}
        for one in self.records[first:last]:
            found.setdefault(one.reason or one.record_id, []).append(one.record_id)
        return found


@dataclass(frozen=True)
class OpenDispute:
    """An open dispute; days_left is negative once overdue, None where no limit is recorded."""

    dispute_id: str
    unit_id: str
    due_at: str
    days_left: int | None

    @property
    def late(self) -> bool:
        """Whether it is past its limit."""
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True)
class OpenDisputes:
    """The open disputes of one colour, the most urgent first."""

    tier: str
    disputes: tuple[OpenDispute, ...]
    more: int = 0
    """How many there are besides, whose ids stay in their database."""
    more_late: int = 0
    """How many of those are past their limit."""

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self.disputes) + self.more

    @property
    def overdue(self) -> int:
        """How many are past their limit."""
        return sum(dispute.late for dispute in self.disputes) + self.more_late


def loss_rows(losses: Frame, *unit_ids: str) -> list[tuple[Any, ...]]:
    """Read what a card needs of the frame losses for some units; a run that was made before reasons were kept has none."""
    if "why" in losses.columns:
        return losses.tuples(LOSS, *unit_ids)
    return [(*row, None) for row in losses.tuples(LOSS[:-1], *unit_ids)]


def count_unlisted(frame: Frame, by: str, unit_ids: Sequence[str], *, late: bool = False) -> Counter[str]:
    """Count what a frame says there is beyond what it lists, by indicator or colour; late: of disputes those overdue."""
    total = "late" if late else "of"
    if total not in frame.columns:
        return Counter()
    columns = (by, "unit_id", total, *(["days_left"] if late else []))
    rows = frame.tuples(columns, *unit_ids)
    listed = Counter(row[:2] for row in rows if not late or (has_value(row[3]) and row[3] < 0))
    found = Counter[str]()
    for word, unit, count in {row[:3] for row in rows}:
        found[text(word)] += int(count) - listed[word, unit]
    return found


def lost_records(
    scheme: Scheme,
    losses: Iterable[tuple[Any, ...]],
    scored: Collection[str],
    lang: str,
    more: Mapping[str, int] = MappingProxyType({}),
) -> tuple[LostRecords, ...]:
    """Group rows of the frame losses (the columns LOSS) by indicator, in the order of the one table, of those that are scored.

    The latest record comes first, those of one moment by id, those without a moment last. more: how many there are besides.
    """
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for row in sorted(losses, key=itemgetter(2)):
        parts.setdefault(row[0], []).append(row)
    found, reasons = [], Reasons(scheme, lang)
    for indicator in scheme.indicators:
        if indicator.code in scored and (rows := parts.get(indicator.code)):
            rows.sort(key=lambda row: (row[4] is not None, row[4]), reverse=True)
            table, code = str(rows[0][1]), indicator.code
            lost = tuple(Lost(record, unit, day(at), reasons.of(code, why)) for _, _, record, unit, at, why in rows)
            found.append(LostRecords(code, indicator.name(lang), table, table_label(table, lang), lost, more.get(code, 0)))
    return tuple(found)


def open_disputes(
    disputes: Iterable[tuple[Any, ...]],
    more: Mapping[str, int] = MappingProxyType({}),
    late: Mapping[str, int] = MappingProxyType({}),
) -> tuple[OpenDisputes, ...]:
    """Group rows of the frame open_disputes (the columns OPEN) by colour, red first; within a colour by days left.

    more, late: how many there are besides, and how many of those are overdue.
    """
    found: dict[str, list[OpenDispute]] = {}
    for tier, unit, dispute, due, days in disputes:
        found.setdefault(text(tier), []).append(OpenDispute(dispute, unit, day(due), int(days) if has_value(days) else None))
    for part in found.values():
        part.sort(key=lambda one: (one.days_left is None, one.days_left or 0, one.dispute_id))
    tiers = sorted(found, key=lambda tier: (TIERS.index(tier) if tier in TIERS else len(TIERS), tier))
    return tuple(OpenDisputes(tier, tuple(found[tier]), more.get(tier, 0), late.get(tier, 0)) for tier in tiers)


def escape_formula(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula.

    >>> escape_formula("=cmd()"), escape_formula("＝cmd()"), escape_formula("S007")
    ("'=cmd()", "'＝cmd()", 'S007')
    """
    return f"'{cell}" if cell.startswith(FORMULA) else cell


ListRow = tuple[str, ...]


def list_rows(found: Sequence[LostRecords], disputes: Sequence[OpenDisputes], lang: str) -> list[ListRow]:
    """List every record that lost points, then every open dispute, as rows of texts below their heading.

    Programs of others read these columns: their order is fixed, and what is new is added behind.
    """
    rows: list[ListRow] = [
        tuple(say(f"card.csv.{name}", lang) for name in ("indicator", "label", "table", "record", "unit", "time", "reason"))
    ]
    rows += [
        (part.code, part.label, part.table, one.record_id, one.unit_id, one.happened_at, one.reason)
        for part in found
        for one in part.records
    ]
    for tier in disputes:  # without an indicator, since they have lost no points yet; the moment is when they are due
        colour = term("tier", tier.tier, lang) if tier.tier else say("card.disputes.untiered", lang)
        label = say("card.csv.dispute", lang, tier=colour)
        rows += [("", label, "disputes", one.dispute_id, one.unit_id, one.due_at, "") for one in tier.disputes]
    return rows


def write_csv(rows: Sequence[ListRow], path: Path) -> None:
    """Write rows as a CSV that Excel opens (UTF-8 with BOM); formulas are made harmless."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([escape_formula(cell) for cell in row] for row in rows)
