"""Where records live: a folder of Parquet or CSV, or a DuckDB file, opened as Ibis tables on DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import ibis

from fengqiao_eval.errors import Fault, InputError, Note, refuse
from fengqiao_eval.records.checks import check_table, check_units, settle_repeats, two_names
from fengqiao_eval.records.ingest import Mapped, cast_columns, shape
from fengqiao_eval.records.tables import TABLES

SUFFIXES = (".parquet", ".csv")
"""Formats in a folder; where a table is there twice the first wins, and a note says so."""


@dataclass(frozen=True)
class Records:
    """The records as read: Ibis tables by name, checked and typed; rows per table; what the reader must be told."""

    tables: Mapping[str, Any]
    counts: Mapping[str, int]
    notes: tuple[Note, ...]
    name: str

    def columns(self, table: str) -> tuple[str, ...]:
        """Name the columns of a table, () where there is no such table."""
        return tuple(self.tables[table].columns) if table in self.tables else ()


def open_records(
    where: Path, tables: Mapping[str, Mapped] | None = None, timezone: str = "Asia/Shanghai", name: str | None = None
) -> Records:
    """Open a folder of NAME.parquet / NAME.csv or a DuckDB file as checked tables.

    Raises InputError with every fault of every table: table, column, rule, count and first rows.
    """
    records, faults = read_records(where, tables, timezone, name)
    refuse(faults)
    return records


def read_records(
    where: Path, tables: Mapping[str, Mapped] | None = None, timezone: str = "Asia/Shanghai", name: str | None = None
) -> tuple[Records, list[Fault]]:
    """Open records as `open_records` does; return those tables that could be read, and every fault.

    Raises InputError where nothing can be read.
    """
    tables, name = tables or {}, name or str(where)
    refuse(Fault(name, f"tables.{table}", "records.unknown_table", {"given": table}) for table in tables if table not in TABLES)
    sources, notes = (_file_sources if where.is_file() else _folder_sources)(where, tables, timezone, name)
    opened, faults = _open(sources, tables)
    opened, more, repeats = _check_tables(opened, tables, sources)
    faults += _drop_derived(more, faults)
    if "units" in opened:
        faults += check_units(opened["units"], tables.get("units", Mapped()), sources["units"].name)
    elif not faults:
        faults.append(Fault(name, "units", "records.no_units"))
    counts = {table: int(rows.count().execute()) for table, rows in opened.items()}
    return Records(MappingProxyType(opened), MappingProxyType(counts), (*notes, *repeats), name), faults


@dataclass(frozen=True)
class OpenTable:
    """One table as it lies there: the file it is in, and its rows."""

    name: str
    rows: Any


def _connect(timezone: str, path: str = ":memory:", **options: Any) -> Any:
    """Connect to DuckDB; times with a zone become the wall clock of the connection, which would be UTC's."""
    connection = ibis.duckdb.connect(path, **options)
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    connection.raw_sql("SET enable_external_file_cache = false")  # the system keeps the pages of files; twice is once too much
    return connection


def _folder_sources(
    where: Path, tables: Mapping[str, Mapped], timezone: str, name: str
) -> tuple[dict[str, OpenTable], list[Note]]:
    if not where.is_dir():
        raise InputError([Fault(name, "", "records.not_there")])
    connection = _connect(timezone)
    found: dict[str, OpenTable] = {}
    notes: list[Note] = []
    faults: list[Fault] = []
    for table in TABLES:
        stem = tables.get(table, Mapped()).file or table
        files = [path for path in _candidates(where, stem) if path.is_file()]
        source = _read(connection, files[0]) if files else None
        if isinstance(source, OpenTable):
            found[table] = source
        elif source is not None:
            faults.append(source)
        elif tables.get(table, Mapped()).file:
            faults.append(Fault(name, f"tables.{table}.file", "records.file_not_there", {"given": stem}))
        if len(files) > 1:
            notes.append(Note("twice", {"table": table, "used": files[0].name, "left": files[1].name}))
    refuse(faults if found or faults else [Fault(name, "", "records.empty_folder", {"known": ", ".join(TABLES)})])
    return found, notes


def _candidates(where: Path, stem: str) -> list[Path]:
    return [where / stem] if stem.endswith(SUFFIXES) else [where / (stem + suffix) for suffix in SUFFIXES]


def _read(connection: Any, path: Path) -> OpenTable | Fault:
    try:
        if path.suffix == ".parquet":
            return OpenTable(path.name, connection.read_parquet(str(path)))
        rows = connection.read_csv(str(path), all_varchar=True, header=True, delim=",", quote='"')
        return OpenTable(path.name, connection.create_table(f"csv_{path.stem}", rows, temp=True))
    except (duckdb.Error, UnicodeDecodeError) as error:
        return Fault(path.name, "", "records.unreadable", {"given": _reason(error)})


def _reason(error: Exception) -> str:
    """Say what is wrong: the first and the last line of DuckDB's first paragraph; between them it may show a row of the file."""
    lines = str(error).strip().split("\n\n")[0].splitlines()
    return " ".join(dict.fromkeys((lines[0], lines[-1])))[:200]


def _file_sources(where: Path, tables: Mapping[str, Mapped], timezone: str, name: str) -> tuple[dict[str, OpenTable], list[Note]]:
    try:
        connection = _connect(timezone, str(where), read_only=True)
    except duckdb.Error as error:
        raise InputError([Fault(name, "", "records.unreadable", {"given": _reason(error)})]) from None
    there = [name for (name,) in connection.raw_sql("SELECT table_name FROM information_schema.tables").fetchall()]
    named = {table: tables.get(table, Mapped()).file or table for table in TABLES}
    missing = [t for t, n in named.items() if t in tables and tables[t].file and n not in there]
    refuse(Fault(name, f"tables.{t}.file", "records.file_not_there", {"given": named[t]}) for t in missing)
    found = {t: OpenTable(f"{where.name}:{n}", connection.table(n)) for t, n in named.items() if n in there}
    if not found:
        raise InputError([Fault(name, "", "records.empty_folder", {"known": ", ".join(TABLES)})])
    return found, []


def _open(sources: Mapping[str, OpenTable], tables: Mapping[str, Mapped]) -> tuple[dict[str, Any], list[Fault]]:
    opened: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, source in sources.items():
        shaped, more = shape(source.rows, TABLES[name], tables.get(name, Mapped()), source.name)
        faults += more
        if shaped is not None:
            rows, more = cast_columns(shaped, TABLES[name], source.name)
            opened[name] = rows
            faults += more
    return opened, faults


def _drop_derived(found: list[Fault], told: list[Fault]) -> list[Fault]:
    """Leave out the empty cells that are empty only because what stood there could not be read."""
    places = {(fault.file, fault.place) for fault in told}
    return [fault for fault in found if fault.rule != "records.empty_cell" or (fault.file, fault.place) not in places]


def _check_tables(
    opened: Mapping[str, Any], tables: Mapping[str, Mapped], sources: Mapping[str, OpenTable]
) -> tuple[dict[str, Any], list[Fault], list[Note]]:
    faults: list[Fault] = []
    notes: list[Note] = []
    kept: dict[str, Any] = {}
    for table, rows in opened.items():
        faults += check_table(rows, TABLES[table], sources[table].name)
        kept[table], more, told = settle_repeats(rows, TABLES[table], tables.get(table, Mapped()).repeated, sources[table].name)
        faults += more
        notes += [Note(key, given) for key, given in (*told, *two_names(kept[table], TABLES[table]))]
    return kept, faults, notes
