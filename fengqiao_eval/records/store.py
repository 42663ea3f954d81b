"""The records as read: tables found, shaped, checked and typed, with every fault of every table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fengqiao_eval.errors import Fault, Note, refuse
from fengqiao_eval.files import input_faults
from fengqiao_eval.office.receipt import Receipt
from fengqiao_eval.records.checks import check_table, check_units
from fengqiao_eval.records.ingest import Mapped, shape
from fengqiao_eval.records.sources import BROKEN, find_sources, unreadable
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import TOLD, UnknownUnits


@dataclass(frozen=True)
class Records:
    """The records as read: Ibis tables by name, checked and typed; rows per table; what the reader must be told."""

    tables: Mapping[str, Any]
    counts: Mapping[str, int]
    notes: tuple[Note, ...]
    name: str
    unknown: UnknownUnits = TOLD
    there: str = ""
    """What lies where the records lie, for who misses a table."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What the file or table is called from which each table was read."""
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    """What was read of each file that an office made, row by row, by table."""

    def file(self, table: str) -> str:
        """Say where a table was read from, for whoever must mend it."""
        return self.files.get(table, self.name)

    def columns(self, table: str) -> tuple[str, ...]:
        """Name the columns of a table, () where there is no such table."""
        return tuple(self.tables[table].columns) if table in self.tables else ()


def open_records(
    where: Path,
    tables: Mapping[str, Mapped] | None = None,
    timezone: str = "Asia/Shanghai",
    name: str | None = None,
    unknown: UnknownUnits = TOLD,
) -> Records:
    """Open a folder of NAME.parquet / NAME.csv or a DuckDB file as checked tables.

    Raises InputError with every fault of every table: table, column, rule, count and first rows.
    """
    records, faults = read_records(where, tables, timezone, name, unknown)
    refuse(faults)
    return records


def read_records(
    where: Path,
    tables: Mapping[str, Mapped] | None = None,
    timezone: str = "Asia/Shanghai",
    name: str | None = None,
    unknown: UnknownUnits = TOLD,
) -> tuple[Records, list[Fault]]:
    """Open records as `open_records` does; return those tables that could be read, and every fault.

    Raises InputError where nothing can be read.
    """
    name = name or str(where)
    given = tables or {}
    refuse(Fault(name, f"tables.{table}", "records.unknown_table", {"given": table}) for table in given if table not in TABLES)
    mapped = {table: given.get(table, Mapped()) for table in TABLES}
    with input_faults(where, name):
        found = find_sources(where, mapped, timezone, name)
    opened: dict[str, Any] = {}
    counts: dict[str, int] = {}
    faults, notes, deeper = found.faults, found.notes, list[Fault]()
    for table, (file, kind, source) in found.tables.items():
        try:
            rows, more, told = shape(source, TABLES[table], mapped[table], file)
            faults += more
            notes += told
            if rows is not None:
                opened[table], more, told = check_table(rows, TABLES[table], mapped[table], file)
                counts[table] = int(opened[table].count().execute())
                deeper += more
                notes += told if counts[table] else [Note("empty_table", {"table": TABLES[table].label})]
        except BROKEN:  # damage behind the head of a file shows where its rows are asked for
            faults.append(unreadable(file, kind))
            opened.pop(table, None)
    # a cell that is empty only because what stood there could not be read is told of once
    unread = {(fault.file, fault.place) for fault in faults}
    faults += [fault for fault in deeper if fault.rule != "records.empty_cell" or (fault.file, fault.place) not in unread]
    if counts.get("units") == 0:
        faults.append(Fault(found.tables["units"].file, "units", "records.empty_table"))
    elif "units" in opened:
        faults += check_units(opened["units"], mapped["units"], found.tables["units"].file)
    elif not found.tables and not faults:
        faults.append(Fault(name, "", "records.empty_folder", {"known": ", ".join(TABLES), "there": found.listing}))
    elif "units" not in {*found.tables, *found.unread}:
        faults.append(Fault(name, "units", "records.no_units", {"there": found.listing}))
    files = MappingProxyType({table: source.file for table, source in found.tables.items()})
    held = (MappingProxyType(opened), MappingProxyType(counts), tuple(notes), name, unknown, found.listing, files)
    return Records(*held, MappingProxyType(found.receipts)), faults
