"""Tables as they lie there: the files of a folder, or the tables of a DuckDB file, each read as it is written."""

import json
import re
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import ibis
import pyarrow.parquet as pq
from ibis.common.exceptions import IbisError, TableNotFound
from pyarrow.lib import ArrowException

from fengqiao_eval.errors import Fault, InputError, Note, UsageError
from fengqiao_eval.files import absence, access_fault, plain_path, temporary_folder
from fengqiao_eval.office import grid
from fengqiao_eval.office.receipt import Receipt
from fengqiao_eval.office.table import read_table
from fengqiao_eval.records import csv_files
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.words import HALF, quote, readable

SUFFIXES = (".parquet", ".csv", *grid.SUFFIXES, *grid.REFUSED)
"""Formats in a folder; where a table is there twice the first wins, and a note says so. The last ones are refused by name."""
TOLD = (".parquet", ".csv", ".tsv", ".gz", *grid.WORKBOOKS)
"""Formats of which it is told that they lie in the folder and are not read."""
BROKEN = (duckdb.Error, IbisError, TableNotFound, ArrowException)
"""What the libraries raise over a file or table that is damaged, or holds what they have no word for."""
MEMORY = 0.5
"""The share of the machine's memory, or of what a container may have of it, that the engine takes before it uses the disk."""
_OWN_SHARE = 0.8
"""The share that it would take of its own accord."""
SHOWN = 8
"""As many names are listed of what lies there."""


class Source(NamedTuple):
    """A table as it lies there: what it is called in faults, what it is (CSV, Parquet, DuckDB), and its rows."""

    file: str
    kind: str
    rows: Any


@dataclass
class Holdings:
    """What was found: tables by name, faults of those that cannot be read, notes, and the names of all that lies there."""

    tables: dict[str, Source] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """The tables that are there and cannot be read."""
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """What was read of each file that an office made, by table."""

    def miss(self, name: str, table: str, how: Mapped) -> None:
        """Say that a table is not there: a fault where its file is named, a note where anything else is said of it."""
        if how.file:
            given = {"given": how.file, "there": self.listing}
            self.faults.append(Fault(name, f"tables.{table}.file", "records.file_not_there", given))
        elif how != Mapped():
            self.notes.append(Note("mapping_no_table", {"table": table, "there": self.listing}))

    @property
    def listing(self) -> str:
        """Name what lies there; dots say that there is more."""
        return ", ".join(self.there[:SHOWN]) + (" …" if len(self.there) > SHOWN else "") if self.there else "—"


def find_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    """Find the tables of a folder or a DuckDB file, and read them; a table that cannot be read is a fault, the others are there.

    Raises InputError where there is neither.
    """
    if where.is_file():
        return _base_sources(where, mapped, timezone, name)
    if where.is_dir():
        return _folder_sources(where, mapped, timezone, name)
    raise InputError([Fault(name, "", "records.not_there")])


def files_of(where: Path, table: str, mapped: Mapped) -> list[Path]:
    """List the files of a folder that hold a table, the one that is read first; a suffix may be written in upper case."""
    return [path for path in _namesakes(where, table, mapped) if path.is_file()]


def _namesakes(where: Path, table: str, mapped: Mapped) -> list[Path]:
    """List what is called as the file of a table, be it a file or not."""
    wanted = where / (mapped.file or table)
    names = {wanted.name} if ending(wanted) else {wanted.name + suffix for suffix in SUFFIXES}
    there = wanted.parent.iterdir() if wanted.parent.is_dir() else ()
    found = [path for path in there if path.name[: len(path.name) - len(ending(path))] + ending(path) in names]
    return sorted(found, key=lambda path: SUFFIXES.index(ending(path)))


def ending(path: Path) -> str:
    """Give the ending of a file by which it is read, in lower case; '' where it has none of those.

    >>> ending(Path("cases.CSV.gz")), ending(Path("2024.10"))
    ('.csv.gz', '')
    """
    return max((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), key=len, default="")


def unreadable(file: str, kind: str) -> Fault:
    """Say that a file or table cannot be read, in our words: those of a library may show what is in it."""
    return Fault(file, "", "records.unreadable", {"given": kind})


def knows_zone(name: str) -> bool:
    """Say whether the engine knows a zone by that very name; it is asked, for others know further ones."""
    with duckdb.connect() as connection:
        return connection.execute("SELECT name FROM pg_timezone_names() WHERE name = ?", [name]).fetchone() is not None


def _literal(path: Path) -> str:
    """Write a path as a text of SQL."""
    return "'{}'".format(str(path).replace("'", "''"))


def _connect(timezone: str) -> Any:
    """Connect to DuckDB; times with a zone become the wall clock of the connection, which would be UTC's."""
    alone = {f"auto{what}_known_extensions": False for what in ("install", "load")}  # nothing is fetched from a network
    connection = ibis.duckdb.connect(":memory:", **alone)
    connection.raw_sql(f"SET TimeZone = '{timezone}'")
    kept = ExitStack()
    spill = kept.enter_context(temporary_folder())  # what has no room in memory is for nobody else to read, and goes again
    weakref.finalize(connection, kept.close)
    connection.raw_sql(f"SET temp_directory = {_literal(spill)}")
    most, unit = connection.con.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
    connection.raw_sql(f"SET memory_limit = '{float(most) * MEMORY / _OWN_SHARE:.1f} {unit}'")
    connection.raw_sql("SET enable_external_file_cache = false")  # the system keeps the pages of files; twice is once too much
    return connection


# A folder of files


def _folder_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    connection, read, known = _connect(timezone), dict[Path, Any](), set[Path]()
    found = Holdings(there=sorted(path.name for path in where.iterdir()))
    for table, how in mapped.items():
        called = _namesakes(where, table, how)
        files = [path for path in called if path.is_file()]
        known.update(called)
        if called and not files:  # it is there, so that to say that it is not would mislead
            found.unread.add(table)
            found.faults.append(Fault(called[0].name, "", absence(called[0])))
        elif not files:
            found.miss(name, table, how)
        if not files:
            continue
        first = files[0]
        if ending(first) in (".parquet", ".csv") and not (ending(first) == ".csv" and settlements(how)):
            kind = {".csv": "CSV"}.get(ending(first), "Parquet")
            found.faults += no_layout(how, table, first.name)
            if first not in read:  # one file may hold two tables
                read[first], faults = _read_file(connection, first, kind)
                found.faults += faults
            rows = read[first]
        else:
            kind, rows = ending(first)[1:], _read_office(connection, first, table, how, found)
        if rows is None:
            found.unread.add(table)
        else:
            found.tables[table] = Source(first.name, kind, rows)
        if len(files) > 1:
            found.notes.append(Note("twice", {"table": table, "used": first.name, "left": files[1].name}))
    lying = (path for path in where.iterdir() if path.suffix.lower() in TOLD and not path.name.startswith("~$"))
    beside = sorted(path.name for path in lying if path not in known)
    if beside:
        shown = ", ".join(quote(readable(one)) for one in beside[:SHOWN]) + (" …" if beside[SHOWN:] else "")
        found.notes.append(Note("files_unread", {"count": len(beside), "names": shown}))
    return found


def _read_file(connection: Any, path: Path, kind: str) -> tuple[Any | None, list[Fault]]:
    try:
        with path.open("rb"):  # what the system refuses it says better than a library
            return (_read_csv if kind == "CSV" else _read_parquet)(connection, path)
    except OSError as error:
        return None, [access_fault(error, path, path.name)]


def settlements(how: Mapped) -> list[str]:
    """Name what a mapping says of where a table lies in its file, and how it is written there."""
    return [*how.says(), *(f"set.{name}" for name in how.joins)]


def no_layout(how: Mapped, table: str, file: str) -> list[Fault]:
    """Find what is said of a file that has neither rows of text nor sheets: it would be passed over in silence."""
    return [Fault(file, f"tables.{table}.{key}", "office.no_layout", {"given": key}) for key in settlements(how)]


def _read_office(connection: Any, path: Path, table: str, how: Mapped, found: Holdings) -> Any | None:
    """Read a file as an office has it; its receipt is kept, and what it tells."""
    try:
        rows, receipt = read_table(path, how, how.kinds(TABLES[table]), how.joins)
    except InputError as refused:
        found.faults += [replace(fault, place=_office_place(fault.place, table)) for fault in refused.faults]
        return None
    if faults := csv_files.name_faults(rows.column_names, receipt.where):
        found.faults += faults
        return None
    found.receipts[table] = receipt
    found.notes += receipt.notes()
    return connection.create_table(ibis.util.gen_name("office"), rows, temp=True)


def _office_place(place: str, table: str) -> str:
    """Say under which key of the parameters a fault would be mended."""
    return f"tables.{table}.{place}" if place.split(".", maxsplit=1)[0] in Mapped.model_fields else place


def _pattern(path: Path) -> str:
    """Write a path as the pattern that nothing but it fits: the engine takes * ? [ for signs."""
    return re.sub(r"([\[*?])", r"[\1]", str(plain_path(path)))


def _read_parquet(connection: Any, path: Path) -> tuple[Any | None, list[Fault]]:
    try:
        if faults := csv_files.name_faults(pq.read_schema(plain_path(path)).names, path.name):
            return None, faults
        return connection.read_parquet(_pattern(path), hive_partitioning=False), []
    except BROKEN:
        return None, [unreadable(path.name, "Parquet")]
    except OSError as error:  # so the library calls damage as well, but then the system refused nothing
        if error.errno is not None:
            raise
        return None, [unreadable(path.name, "Parquet")]


def _read_csv(connection: Any, path: Path) -> tuple[Any | None, list[Fault]]:
    """Read a CSV file with nothing left to guess; the names are our own reading of its first line."""
    names, faults = csv_files.heading(path, path.name)
    if faults:
        return None, faults
    columns = {f"c{number}": "VARCHAR" for number in range(len(names))}
    signs = {"delim": ",", "quote": '"', "escape": '"', "comment": "", "skip": 0, "header": True}
    strict = {"strict_mode": True, "null_padding": False, "ignore_errors": False, "hive_partitioning": False}
    try:
        rows = connection.read_csv(_pattern(path), columns=columns, **signs, **strict)
        rows = rows.rename(dict(zip(names, columns, strict=True)))
        rows = connection.create_table(ibis.util.gen_name("csv"), rows, temp=True)
        count = int(rows.count().execute())
    except BROKEN:
        return None, csv_files.line_faults(path, path.name) or [unreadable(path.name, "CSV")]
    again = rows.count(where=ibis.and_(*(rows[name] == name for name in names[:2])))
    if csv_files.census(path).agrees(count, len(names)) and not again.execute():
        return rows, []
    faults = csv_files.line_faults(path, path.name)
    return (None, faults) if faults else (rows, [])


# The tables of a DuckDB file, in whatever schema


def _base_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    connection, base, kinds = _attach(where, timezone, name)
    every = list(kinds)
    found = Holdings(there=[table if schema == "main" else f"{schema}.{table}" for schema, table in every])
    for table, how in mapped.items():
        stem = (how.file or table).casefold()
        fitting = [pair for pair in every if stem in (pair[1].casefold(), ".".join(pair).casefold())]
        fitting.sort(key=lambda pair: pair[0] != "main")
        if not fitting:
            found.miss(name, table, how)
        elif len(fitting) > 1 and fitting[0][0] != "main":
            given = {"given": ", ".join(map(".".join, fitting))}
            found.faults.append(Fault(name, f"tables.{table}.file", "records.several_tables", given))
        else:
            (schema, stem), called = fitting[0], ".".join(fitting[0]).removeprefix("main.")
            found.faults += no_layout(how, table, f"{where.name}:{called}")
            try:
                rows = connection.table(stem, database=(base, schema))
                if kinds[schema, stem] != "BASE TABLE" and not _reads_tables(connection, rows, base):
                    raise TableNotFound(called)
                rows.limit(1).count().execute()
                if faults := csv_files.name_faults(list(rows.columns), f"{where.name}:{called}"):
                    found.unread.add(table)
                    found.faults += faults
                else:
                    found.tables[table] = Source(f"{where.name}:{called}", "DuckDB", rows)
            except BROKEN:
                found.unread.add(table)
                found.faults.append(Fault(f"{where.name}:{called}", "", "records.no_view"))
            if len(fitting) > 1:
                found.notes.append(Note("twice", {"table": table, "used": called, "left": ".".join(fitting[1])}))
    return found


def _attach(where: Path, timezone: str, name: str) -> tuple[Any, str, dict[tuple[str, str], str]]:
    """Attach a DuckDB file for reading: the engine opens that file alone from then on, and no query can change that.

    Return the connection, what the file is called in it, and the kind of every table by schema and name.
    """
    if HALF.search(where.name):  # the engine names its catalogue after the file
        raise UsageError("bytes")
    connection = _connect(timezone)
    base = where.stem if where.stem.lower() not in ("memory", "temp", "system", "main") else "records"
    path, alias = plain_path(where).absolute(), base.replace('"', '""')
    connection.raw_sql(f"SET allowed_paths = [{_literal(path)}, {_literal(Path(f'{path}.wal'))}]")
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        connection.raw_sql(f"SET {setting}")
    try:
        connection.raw_sql(f'ATTACH {_literal(path)} AS "{alias}" (TYPE DUCKDB, READ_ONLY)')
    except duckdb.Error:
        raise InputError([unreadable(name, "DuckDB")]) from None
    asked = "SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL"
    found = connection.con.execute(asked, [base]).fetchall()
    return connection, base, {(schema, table): kind for schema, table, kind in found}


_OWN_SCANS = ("CHUNK_SCAN", "COLUMN_DATA_SCAN", "CTE_SCAN", "DELIM_SCAN", "EMPTY_RESULT")
"""What a plan may begin with besides a table: constants, and what another part of it found."""


def _reads_tables(connection: Any, rows: Any, base: str) -> bool:
    """Say whether a view reads tables of its own file and nothing else, by the plan the engine makes of it."""

    def leaves(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for below in step["children"]:
            yield from leaves(below)
        if not step["children"]:
            yield step

    told = connection.con.execute(f"EXPLAIN (FORMAT json) {ibis.to_sql(rows, dialect='duckdb')}").fetchone()
    found = [(step["name"].strip(), step["extra_info"].get("Table", "")) for step in leaves(json.loads(told[1])[0])]
    read = [table.startswith((f"{base}.", f'"{base}".')) for _, table in found if table]
    return (
        all(read) and all(table or name in _OWN_SCANS for name, table in found) and bool(read or found == [("EMPTY_RESULT", "")])
    )
