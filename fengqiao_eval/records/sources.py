"""Tables as they lie there: the files of a folder, or the tables of a DuckDB file, each read as it is written."""

import json
import os
import re
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import ibis
import pyarrow.parquet as pq
import sqlglot
from ibis.common.exceptions import IbisError, TableNotFound
from pyarrow.lib import ArrowException
from sqlglot import TokenType

from fengqiao_eval.errors import Fault, InputError, Note, UsageError
from fengqiao_eval.files import absence, access_fault, plain_path, temporary_folder
from fengqiao_eval.records import csv_files
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.words import HALF, quote, readable

SUFFIXES = (".parquet", ".csv")
"""Formats in a folder; where a table is there twice the first wins, and a note says so."""
BROKEN = (duckdb.Error, IbisError, TableNotFound, ArrowException)
"""What the libraries raise over a file or table that is damaged, or holds what they have no word for."""
MEMORY = 0.5
"""The share of the machine's memory, or of what a container may have of it, that the engine takes before it uses the disk."""
_OWN_SHARE = 0.8
"""The share that it would take of its own accord."""
LONGEST_VIEW = 300
"""Seconds that a view may take: one without end would never be read."""
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
    names = {wanted.name} if wanted.suffix.lower() in SUFFIXES else {wanted.name + suffix for suffix in SUFFIXES}
    there = wanted.parent.iterdir() if wanted.parent.is_dir() else ()
    found = [path for path in there if path.stem + path.suffix.lower() in names]
    return sorted(found, key=lambda path: SUFFIXES.index(path.suffix.lower()))


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
        first, kind = files[0], {".csv": "CSV"}.get(files[0].suffix.lower(), "Parquet")
        if first not in read:  # one file may hold two tables
            read[first], faults = _read_file(connection, first, kind)
            found.faults += faults
        if read[first] is None:
            found.unread.add(table)
        else:
            found.tables[table] = Source(first.name, kind, read[first])
        if len(files) > 1:
            found.notes.append(Note("twice", {"table": table, "used": first.name, "left": files[1].name}))
    beside = sorted(path.name for path in where.iterdir() if path.suffix.lower() in SUFFIXES and path not in known)
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
    connection, base, every = _attach(where, timezone, name)
    reckoned = _definitions(connection, base)
    log = where.with_name(f"{where.name}.wal")
    left = [Note("base_log", {"file": log.name})] if log.is_file() and log.stat().st_size else []
    found = Holdings(notes=left, there=[table if schema == "main" else f"{schema}.{table}" for schema, table in every])
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
            called = ".".join(fitting[0]).removeprefix("main.")
            file = f"{where.name}:{called}"
            rows, faults = _open_table(connection, (base, *fitting[0]), file, reckoned)
            if rows is None:
                found.unread.add(table)
                found.faults += faults
            else:
                found.tables[table] = Source(file, "DuckDB", rows)
            if len(fitting) > 1:
                found.notes.append(Note("twice", {"table": table, "used": called, "left": ".".join(fitting[1])}))
    return found


def _open_table(
    connection: Any, place: tuple[str, str, str], file: str, reckoned: Mapping[str, list[str]]
) -> tuple[Any | None, list[Fault]]:
    """Open a table or a view by its base, schema and name; a view is copied once. None where it cannot be read as it stands."""
    base, schema, stem = place
    try:
        rows = connection.table(stem, database=(base, schema))
        if faults := csv_files.name_faults(list(rows.columns), file):
            return None, faults
        if stem.casefold() in reckoned:
            if changing := sorted(_functions(stem, reckoned) & _volatile(connection)):
                return None, [Fault(file, "", "records.volatile_view", {"given": ", ".join(changing)})]
            if not _reads_tables(connection, rows, base):
                raise TableNotFound(stem)
            rows = _copy(connection, rows)
        rows.limit(1).count().execute()
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        return None, [Fault(file, "", "records.endless_view", {"minutes": LONGEST_VIEW // 60})]
    except BROKEN:
        return None, [Fault(file, "", "records.no_view")]
    return rows, []


def _attach(where: Path, timezone: str, name: str) -> tuple[Any, str, list[tuple[str, str]]]:
    """Attach a DuckDB file for reading: the engine opens that file alone from then on, and no query can change that.

    Return the connection, what the file is called in it, and schema and name of every table.
    """
    if HALF.search(where.name):  # the engine names its catalogue after the file
        raise UsageError("bytes")
    connection = _connect(timezone)
    base = where.stem if where.stem.lower() not in ("memory", "temp", "system", "main") else "records"
    path, alias = plain_path(where).absolute(), base.replace('"', '""')
    log = Path(f"{path}.wal")
    if os.path.lexists(log) and not log.is_file():  # the engine would wait for what a pipe gives
        raise InputError([Fault(f"{name}.wal", "", absence(log))])
    connection.raw_sql(f"SET allowed_paths = [{_literal(path)}, {_literal(log)}]")
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        connection.raw_sql(f"SET {setting}")
    try:
        connection.raw_sql(f'ATTACH {_literal(path)} AS "{alias}" (TYPE DUCKDB, READ_ONLY)')
    except duckdb.Error:
        raise InputError([unreadable(name, "DuckDB")]) from None
    asked = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL"
    return connection, base, connection.con.execute(asked, [base]).fetchall()


def _definitions(connection: Any, base: str) -> dict[str, list[str]]:
    """Take what is reckoned anew whenever it is asked for: views, macros, tables with generated columns; name -> its SQL's words.

    Names are in lower case, and words too; texts in quotes are none.
    """
    asked = f"""
        SELECT view_name, sql FROM duckdb_views() WHERE database_name = $base
        UNION ALL SELECT table_name, regexp_extract(sql, {_GENERATED}) FROM duckdb_tables()
            WHERE database_name = $base AND regexp_matches(sql, {_GENERATED})
        UNION ALL SELECT function_name, macro_definition FROM duckdb_functions()
            WHERE database_name = $base AND macro_definition IS NOT NULL"""  # noqa: S608 - our own words
    found: dict[str, list[str]] = {}
    for name, sql in connection.con.execute(asked, {"base": base}).fetchall():
        words = [word.text.casefold() for word in sqlglot.tokenize(sql, read="duckdb") if word.token_type != TokenType.STRING]
        found[name.casefold()] = found.get(name.casefold(), []) + words
    return found


_GENERATED = r"""'(?is)\bGENERATED\s+ALWAYS\b.*'"""
"""Where the first column begins that is reckoned from others; what is merely filled in when a row is written, stays."""
_CLOCKS = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "tablesample")
"""The words of SQL that change from query to query and need no brackets."""
_UNSTABLE = ("age", "current_setting", "getenv", "getvariable", "sample")
"""Functions that the engine calls steady, and that hang on the day or on its settings; and the samples that it draws."""


def _functions(name: str, definitions: Mapping[str, list[str]]) -> set[str]:
    """Name the functions that a view calls, itself or by the views and macros that it stands on."""
    seen, todo, found = set[str](), [name.casefold()], set[str]()
    while todo:
        one = todo.pop()
        words = [] if one in seen else definitions.get(one, [])
        seen.add(one)
        todo += [word for word in words if word in definitions]
        found |= {word for word, after in pairwise([*words, ""]) if after == "(" or word in _CLOCKS}
        found |= {after for word, after in pairwise(words) if (word, after) == ("using", "sample")}
    return found


def _volatile(connection: Any) -> set[str]:
    """Name the functions whose answer changes from query to query: time, chance, settings."""
    asked = "SELECT function_name FROM duckdb_functions() WHERE internal AND stability <> 'CONSISTENT'"
    return {name for (name,) in connection.con.execute(asked).fetchall()} | {*_CLOCKS, *_UNSTABLE}


def _copy(connection: Any, rows: Any) -> Any:
    """Copy a view, so that every count and check sees the same rows; one that does not come to an end is interrupted."""
    timer = threading.Timer(LONGEST_VIEW, connection.con.interrupt)
    timer.start()
    try:
        return connection.create_table(ibis.util.gen_name("view"), rows, temp=True)
    finally:
        timer.cancel()


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
