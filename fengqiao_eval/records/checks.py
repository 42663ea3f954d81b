"""Every fault of a table: rule, count and first rows. The deep checks and the audit gate will join them here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from fengqiao_eval.errors import Fault
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.query import UPHELD, constant, fetch, is_so, row_number
from fengqiao_eval.records.tables import EVENTS, Table
from fengqiao_eval.records.units import dates

FIRST_ROWS = 5


IDENTITY = r"^(\d{17}[\dXx]|1[3-9]\d{9})$"
"""An identity-card or mobile number where a code of a subject should be."""


@dataclass(frozen=True)
class Wrong:
    """One rule of one column: the cells that break it, and what the sentence of the fault says of it."""

    rule: str
    column: str
    cells: Any
    given: dict[str, str]


def check_table(rows: Any, table: Table, name: str) -> list[Fault]:
    """Find what is wrong within one table: no rows, empty required cells, words not allowed, a citizen in subject_id."""
    rules = list(_rules(rows, table))
    asked = {f"wrong_{number}": rows.count(where=wrong.cells) for number, wrong in enumerate(rules)}
    counts = rows.agg(rows_=rows.count(), **asked).to_pandas().iloc[0]
    if counts["rows_"] == 0:
        return [Fault(name, table.name, "records.empty_table")]
    found = [(wrong, int(counts[f"wrong_{number}"])) for number, wrong in enumerate(rules) if counts[f"wrong_{number}"] > 0]
    return [_fault(rows, table, wrong, count, name) for wrong, count in found]


def _rules(rows: Any, table: Table) -> Iterator[Wrong]:
    for column in (column for column in table.columns if column.name in rows.columns):
        cell = rows[column.name]
        if column.required and (table.name, column.name) != ("units", "name"):
            yield Wrong("empty_cell", column.name, cell.isnull(), {})
        if column.words:
            strange = cell.notnull() & cell.notin(list(column.words))
            yield Wrong("word", column.name, strange, {"allowed": ", ".join(column.words)})
        if column.name == "subject_id":
            yield Wrong("citizen_value", column.name, cell.re_search(IDENTITY), {})
    if table.name == "notices" and "status" in rows.columns:
        yield from _signature_rules(rows)


def _signature_rules(rows: Any) -> Iterator[Wrong]:
    """A notice takes points or a grade, so that two persons answer for it: who entered it, and another who checked it."""
    upheld = rows.status == UPHELD
    entered, checked = (rows[name] if name in rows.columns else constant(None, "string") for name in ("entered_by", "checked_by"))
    yield Wrong("unentered", "entered_by", upheld & entered.isnull(), {})
    yield Wrong("unchecked", "checked_by", upheld & checked.isnull(), {})
    yield Wrong("one_person", "checked_by", is_so(entered.strip() == checked.strip()), {})


def _fault(rows: Any, table: Table, wrong: Wrong, count: int, name: str) -> Fault:
    numbered = rows.mutate(wrong_=wrong.cells, row_=row_number())
    first = fetch(numbered.filter(numbered.wrong_).order_by("row_").limit(FIRST_ROWS), ["row_"])["row_"]
    given = {**wrong.given, "count": count, "rows": ", ".join(map(str, first))}
    return Fault(name, f"{table.name}.{wrong.column}", f"records.{wrong.rule}", given)


def settle_repeats(rows: Any, table: Table, rule: str, name: str) -> tuple[Any, list[Fault], list[tuple[str, dict[str, Any]]]]:
    """Make equal rows one, and treat rows that share an id and differ as the mapping says; return rows, faults and notes."""
    if table.name == "figures":
        return _settle_figures(rows, table, rule, name)
    if not table.key:
        return rows.distinct(), [], []
    total, distinct = _rows_and_ids(rows, table.key)
    if total == distinct or table.name == "units":
        return rows, [], []
    single = rows.distinct().cache()
    left, _ = _rows_and_ids(single, table.key)
    notes: list[tuple[str, dict[str, Any]]] = []
    if left < total:
        notes.append(("equal_rows", {"table": table.label, "count": total - left}))
    if left == distinct:
        return single, [], notes
    ids = _repeated_ids(single, table.key)
    given = {"table": table.label, "count": left - distinct, "ids": ", ".join(ids)}
    if rule == "refuse":
        return single, [Fault(name, f"{table.name}.{table.key}", "records.repeated", given)], notes
    kept = single if rule == "keep" else _deduplicate(rows, table.key, last=rule == "last")
    return kept, [], [*notes, (f"repeated_{rule}", given)]


def _settle_figures(rows: Any, table: Table, rule: str, name: str) -> tuple[Any, list[Fault], list[tuple[str, dict[str, Any]]]]:
    """Take one figure a unit, indicator and period: two that differ cannot both hold, so to keep both is to refuse them."""
    asked = rows.mutate(figure_=rows.unit_id + " " + rows.indicator + " " + rows.period)
    named = replace(table, key="figure_")
    kept, faults, notes = settle_repeats(asked, replace(named, name="figure"), "refuse" if rule == "keep" else rule, name)
    return kept.drop("figure_"), [replace(fault, place="figures.indicator") for fault in faults], notes


def two_names(rows: Any, table: Table) -> list[tuple[str, dict[str, Any]]]:
    """Note the unit ids that a table of records calls by more than one name (its column unit_name); they stay one unit."""
    if table.name not in EVENTS or "unit_name" not in rows.columns:
        return []
    named = rows.filter(rows.unit_name.notnull())
    names = named.group_by("unit_id").agg(names=named.unit_name.nunique())
    ids = list(fetch(names.filter(names.names > 1), ["unit_id"], ["unit_id"])["unit_id"])
    return [("two_names", {"table": table.label, "count": len(ids), "ids": ", ".join(ids[:FIRST_ROWS])})] if ids else []


def _rows_and_ids(rows: Any, key: str) -> tuple[int, int]:
    counts = rows.agg(rows_=rows.count(), ids=rows[key].nunique()).to_pandas().iloc[0]
    return int(counts["rows_"]), int(counts["ids"])


def _repeated_ids(rows: Any, key: str) -> list[str]:
    counts = rows.group_by(key).agg(rows_=rows.count())
    return list(fetch(counts.filter(counts.rows_ > 1).order_by(key).limit(FIRST_ROWS), [key])[key])


def _deduplicate(rows: Any, key: str, *, last: bool) -> Any:
    numbered = rows.mutate(row_=row_number()).cache()
    chosen = numbered.group_by(chosen_id=key).agg(chosen_row=numbered.row_.max() if last else numbered.row_.min())
    joined = numbered.inner_join(chosen, numbered.row_ == chosen.chosen_row)
    return joined.drop("row_", "chosen_id", "chosen_row").cache()


def check_units(rows: Any, mapped: Mapped, name: str) -> list[Fault]:
    """Find what is wrong with the tree: absent parents, circles, a unit on two levels, rows that overlap in time."""
    units = rows.to_pandas()
    units = units.assign(row=range(2, len(units) + 2))
    faults = [*_two_levels(units, name), *_overlaps(units, name)]
    if "parent_id" not in units:
        return faults
    if mapped.absent_parents == "refuse":
        faults += _absent_parents(units, name)
    return [*faults, *_circles(units, name)]


def _format_rows(frame: pd.DataFrame, *columns: str) -> str:
    first = frame.head(FIRST_ROWS)
    return "; ".join(" ".join(f"{row[c]}" for c in columns) for _, row in first.iterrows())


def _two_levels(units: pd.DataFrame, name: str) -> list[Fault]:
    levels = units.groupby("unit_id")["level"].nunique()
    twice = units[units["unit_id"].isin(levels[levels > 1].index)]
    if twice.empty:
        return []
    given = {"count": twice["unit_id"].nunique(), "given": _format_rows(twice, "unit_id", "level"), "rows": _rows(twice)}
    return [Fault(name, "units.level", "units.two_levels", given)]


def _rows(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame["row"].head(FIRST_ROWS)))


def _overlaps(units: pd.DataFrame, name: str) -> list[Fault]:
    spans = units.assign(start=dates(units, "valid_from", date.min), end=dates(units, "valid_to", date.max))
    spans = spans.drop_duplicates([c for c in units.columns if c != "row"]).sort_values(["unit_id", "start"], kind="stable")
    before = spans.groupby("unit_id")["end"].shift().fillna(date.min)
    overlap = spans[[start < end for start, end in zip(spans["start"], before, strict=True)]]
    if overlap.empty:
        return []
    given = {"count": len(overlap), "given": _format_rows(overlap, "unit_id"), "rows": _rows(overlap)}
    return [Fault(name, "units.valid_from", "units.overlap", given)]


def _absent_parents(units: pd.DataFrame, name: str) -> list[Fault]:
    absent = units[units["parent_id"].notna() & ~units["parent_id"].isin(units["unit_id"])]
    if absent.empty:
        return []
    given = {"count": len(absent), "given": _format_rows(absent, "unit_id", "parent_id"), "rows": _rows(absent)}
    return [Fault(name, "units.parent_id", "units.absent_parent", given)]


def _circles(units: pd.DataFrame, name: str) -> list[Fault]:
    up = {u: p for u, p in zip(units["unit_id"], units["parent_id"], strict=True) if isinstance(p, str)}
    circle = next((found for unit in up if (found := _find_circle(unit, up))), None)
    return [Fault(name, "units.parent_id", "units.circle", {"given": " → ".join(circle)})] if circle else []


def _find_circle(unit: str, up: dict[str, str]) -> list[str] | None:
    walked = [unit]
    while (parent := up.get(walked[-1])) is not None:
        walked.append(parent)
        if parent == unit:
            return walked
        if parent in walked[:-1]:
            return None
    return None
