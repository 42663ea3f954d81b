"""Where records live: a folder of Parquet or CSV, or a DuckDB file, opened as Ibis tables on DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import ibis

from fengqiao_eval.errors import Fault, InputError, Note, UsageError, refuse
from fengqiao_eval.files import access_fault, input_faults, plain_path
from fengqiao_eval.records.checks import check_table, check_units
from fengqiao_eval.records.ingest import Mapped, shape
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.words import HALF

SUFFIXES = (".parquet", ".csv")
"""Formats in a folder; where a table is there twice the first wins, and a note says so."""
Source = tuple[str, Any]
"""A table as it lies there: the file it is in, and its rows."""
Sources = tuple[dict[str, Source], list[Note]]
"""The tables by name, and what the reader must be told of them."""


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
    name = name or str(where)
    given = tables or {}
    refuse(Fault(name, f"tables.{table}", "records.unknown_table", {"given": table}) for table in given if table not in TABLES)
    mapped = {table: given.get(table, Mapped()) for table in TABLES}
    with input_faults(where, name):
        sources, notes = (_base_sources if where.is_file() else _folder_sources)(where, mapped, timezone, name)
    opened: dict[str, Any] = {}
    faults: list[Fault] = []
    deeper: list[Fault] = []
    for table, (file, source) in sources.items():
        rows, more = shape(source, TABLES[table], mapped[table], file)
        faults += more
        if rows is not None:
            opened[table], more, told = check_table(rows, TABLES[table], mapped[table], file)
            deeper += more
            notes += told
    # a cell that is empty only because what stood there could not be read is told of once
    unread = {(fault.file, fault.place) for fault in faults}
    faults += [fault for fault in deeper if fault.rule != "records.empty_cell" or (fault.file, fault.place) not in unread]
    if "units" in opened:
        faults += check_units(opened["units"], mapped["units"], sources["units"][0])
    elif not faults:
        faults.append(Fault(name, "units", "records.no_units"))
    counts = {table: int(rows.count().execute()) for table, rows in opened.items()}
    return Records(MappingProxyType(opened), MappingProxyType(counts), tuple(notes), name), faults


def _connect(timezone: str, path: str = ":memory:", **options: Any) -> Any:
    """Connect to DuckDB; times with a zone become the wall clock of the connection, which would be UTC's."""
    connection = ibis.duckdb.connect(path, **options)
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    connection.raw_sql("SET enable_external_file_cache = false")  # the system keeps the pages of files; twice is once too much
    return connection


def _folder_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> tuple[dict[str, Source], list[Note]]:
    if not where.is_dir():
        raise InputError([Fault(name, "", "records.not_there")])
    connection = _connect(timezone)
    found: dict[str, Source] = {}
    notes: list[Note] = []
    faults: list[Fault] = []
    for table, how in mapped.items():
        stem = how.file or table
        names = [stem] if stem.endswith(SUFFIXES) else [stem + suffix for suffix in SUFFIXES]
        files = [where / name for name in names if (where / name).is_file()]
        if not files:
            faults += [Fault(name, f"tables.{table}.file", "records.file_not_there", {"given": stem})] if how.file else []
            continue
        try:
            with files[0].open("rb"):  # what the system refuses it says better than the database
                found[table] = files[0].name, _read(connection, plain_path(files[0]))
        except OSError as error:
            faults.append(access_fault(error, files[0], files[0].name))
        except (duckdb.Error, UnicodeDecodeError) as error:
            faults.append(Fault(files[0].name, "", "records.unreadable", {"given": _reason(error)}))
        if len(files) > 1:
            notes.append(Note("twice", {"table": table, "used": files[0].name, "left": files[1].name}))
    refuse(faults if found or faults else [_nothing_there(name)])
    return found, notes


def _read(connection: Any, path: Path) -> Any:
    if path.suffix == ".parquet":
        return connection.read_parquet(str(path))
    rows = connection.read_csv(str(path), all_varchar=True, header=True, delim=",", quote='"')
    return connection.create_table(f"csv_{path.stem}", rows, temp=True)


def _reason(error: Exception) -> str:
    """Say what is wrong: the first and the last line of DuckDB's first paragraph; between them it may show a row of the file."""
    lines = str(error).strip().split("\n\n")[0].splitlines()
    return " ".join(dict.fromkeys((lines[0], lines[-1])))[:200]


def _base_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> tuple[dict[str, Source], list[Note]]:
    if HALF.search(where.name):  # DuckDB names its catalogue after the file
        raise UsageError("bytes")
    try:
        with where.open("rb"):
            connection = _connect(timezone, str(plain_path(where)), read_only=True)
    except duckdb.Error as error:
        raise InputError([Fault(name, "", "records.unreadable", {"given": _reason(error)})]) from None
    there = {name for (name,) in connection.raw_sql("SELECT table_name FROM information_schema.tables").fetchall()}
    named = {table: how.file or table for table, how in mapped.items()}
    missing = [table for table, stem in named.items() if mapped[table].file and stem not in there]
    refuse(Fault(name, f"tables.{t}.file", "records.file_not_there", {"given": named[t]}) for t in missing)
    found = {t: (f"{where.name}:{stem}", connection.table(stem)) for t, stem in named.items() if stem in there}
    refuse([] if found else [_nothing_there(name)])
    return found, []


def _nothing_there(name: str) -> Fault:
    return Fault(name, "", "records.empty_folder", {"known": ", ".join(TABLES)})
