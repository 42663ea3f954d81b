"""Tables as they lie there: the files of a folder, or the tables of a DuckDB file or a PostgreSQL database, each as written."""

import json
import os
import re
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import combinations, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import duckdb
import ibis
import pyarrow.parquet as pq
import sqlglot
from ibis.common.exceptions import IbisError, TableNotFound
from pyarrow.lib import ArrowException
from sqlglot import TokenType

from fengqiao_eval.errors import Fault, InputError, Note, UsageError
from fengqiao_eval.files import absence, access_fault, expand, plain_path, temporary_folder, to_path
from fengqiao_eval.identities import hide, names_citizen
from fengqiao_eval.office import grid
from fengqiao_eval.office.bounds import LONGEST_CELL
from fengqiao_eval.office.receipt import FIRST_ROWS, Receipt, RowCount
from fengqiao_eval.office.table import read_table
from fengqiao_eval.records import csv_files
from fengqiao_eval.records.ingest import Glob, Mapped
from fengqiao_eval.records.row_names import RowNames
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.words import HALF, quote, readable

SUFFIXES = (".parquet", ".csv", *grid.SUFFIXES, *grid.REFUSED)
"""Formats in a folder; where a table is there twice the first wins, and a note says so. The last ones are refused by name."""
TOLD = (".parquet", ".csv", ".tsv", ".gz", *grid.WORKBOOKS, ".et", ".xlsb", ".numbers")
"""Formats of which it is told that they lie in the folder and are not read."""
BROKEN = (duckdb.Error, IbisError, TableNotFound, ArrowException)
"""What the libraries raise over a file or table that is damaged, or holds what they have no word for."""
MEMORY = 0.5
"""The share of the machine's memory, or of what a container may have of it, that the engine takes before it uses the disk."""
_OWN_SHARE = 0.8
"""The share that it would take of its own accord."""
LONGEST_VIEW = 300
"""Seconds that a view may take: one without end would never be read."""
LONGEST_COLUMN = 63
"""As many bytes of a name are kept by PostgreSQL."""
SHOWN = 8
"""As many names are listed of what lies there."""


SERVER = "PostgreSQL"
"""The kind of sources whose rows have no order; those of a DuckDB file stand as they were put there."""


class Source(NamedTuple):
    """A table as it lies there: what it is called in faults, what it is (CSV, Parquet, DuckDB), its rows.

    numbers: the rows of a sheet from which they are; percents: the columns that are written with %; set: what its columns are
    filled with (see Mapped).
    """

    file: str
    kind: str
    rows: Any
    numbers: Sequence[int] = ()
    percents: tuple[str, ...] = ()
    set: Mapping[str, Any] = MappingProxyType({})

    def row_names(self, mapped: Mapped) -> RowNames:
        """Say what its rows are called in faults."""
        return RowNames(self.numbers, self.kind != SERVER, {new: old for old, new in mapped.rename.items()})


@dataclass
class Holdings:
    """What was found: tables by name, each of a source or more; faults of what cannot be read, notes, names of all there."""

    tables: dict[str, list[Source]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    """The tables that are there and cannot be read."""
    receipts: dict[str, list[Receipt]] = field(default_factory=dict)
    """What was read of each file that an office made, by table."""

    def miss(self, name: str, table: str, how: Mapped) -> None:
        """Say that a table is not there: a fault where its file is named, a note where anything else is said of it."""
        if how.file:
            self.lack(name, table, how.file.glob if isinstance(how.file, Glob) else ", ".join(one for one, _ in how.placed()))
        elif how != Mapped():
            self.notes.append(Note("mapping_no_table", {"table": table, "there": self.listing}))

    def lack(self, name: str, table: str, given: str) -> None:
        """Say that what is named as the file of a table is not there."""
        told = {"given": given, "there": self.listing}
        self.faults.append(Fault(name, f"tables.{table}.file", "records.file_not_there", told))

    @property
    def listing(self) -> str:
        """Name what lies there; dots say that there is more."""
        return ", ".join(self.there[:SHOWN]) + (" …" if len(self.there) > SHOWN else "") if self.there else "—"


class Address(NamedTuple):
    """Where a PostgreSQL database is: the address as libpq takes it, what it is called in faults, and the database alone."""

    written: str
    name: str
    base: str


_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^:@/?#,\[\]\s]*)(?::\d{1,5})?"
_ADDRESS = re.compile(rf"postgres(?:ql)?://(?:[^:@/?#\s]+@)?({_HOST}(?:,{_HOST})*)/([^@/?#\s]+)(?:\?([^@#\s]*))?")
_NO_NAME = re.compile(r"[\s\0=:@/]|password", re.IGNORECASE)
"""What no host and no database is called: it would be an address in an address."""
_CONNECTION = re.compile(
    r"""(?isx) :// | ^\W*(?:postgres|postgresql|pgsql|jdbc)\w*: | ^[^/\\:]{2,}:.*@ | [^/\\:]{2,}:[^/\\]*@ | @[\w.-]+:\d
    | (?:password|\bpasswd|\bpwd)['"]?\s*[=:] | --?password | \b(?:host|hostaddr|dbname|user)\s*= | ^[^/\\:]+:(?:\d+|\*):.*:"""
)
"""What looks as if it were to connect to something: an address, user:word@host, words of a connection, a line of .pgpass."""
_OPTIONS = (
    *("application_name", "channel_binding", "connect_timeout", "gssencmode", "hostaddr", "keepalives", "keepalives_idle"),
    *(
        "krbsrvname",
        "load_balance_hosts",
        "options",
        "require_auth",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "ssl_min_protocol_version",
    ),
    *("target_session_attrs", "tcp_user_timeout"),
)
"""What an address may say after its question mark; a password is none of it."""
POSTGRES = ("postgresql://", "postgres://")
"""How the address of a PostgreSQL database begins."""


def is_connection(given: str) -> bool:
    """Say whether a text looks as if it were to connect to something: it may hold a password, and is not to be repeated.

    >>> is_connection("host=db user=reader password=word"), is_connection("reader:word@db/records"), is_connection("台账/10月")
    (True, True, False)
    """
    return bool(_CONNECTION.search(given))


def read_address(given: str) -> Address:
    """Read the address of a PostgreSQL database, `postgresql://user@host:port/db?options`.

    Raises InputError where it holds a password, or is none: nothing of it is repeated, for it may hold one in a wrong place.

    >>> read_address("postgresql://reader@db.example:5433/records?sslmode=require").name
    'postgresql://db.example:5433/records'
    """
    place = given.partition("://")[2]
    options = dict(parse_qsl(place.partition("?")[2], keep_blank_values=True))
    if (":" in place.rpartition("@")[0]) or any("password" in name.casefold() for name in options):
        raise InputError([Fault("postgresql://…", "records", "records.base_password")])
    found = _ADDRESS.fullmatch(given)
    hidden = found and (
        _NO_NAME.search(unquote(found[2])) or "%3a" in found[1].lower() or _NO_NAME.search(re.sub(r"[:/]", "", unquote(found[1])))
    )
    if not found or hidden or not options.keys() <= {*_OPTIONS}:
        known = ", ".join(_OPTIONS)
        raise InputError([Fault("postgresql://…", "records", "records.base_address", {"known": known})])
    return Address(given, f"postgresql://{found[1]}/{found[2]}", found[2])


Roots = Path | Sequence[Path] | Address
"""Where records lie: a folder or a DuckDB file, several folders, or a database."""


def find_sources(where: Roots, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    """Find the tables of folders, of a DuckDB file or of a database, and read them; one that cannot be read is a fault.

    Raises InputError where there is none of these, and where one of several is no folder.
    """
    if isinstance(where, Address):
        return _postgres_sources(where, mapped, timezone, name)
    roots = roots_of(where)
    if len(roots) == 1 and roots[0].is_file():
        return _base_sources(roots[0], mapped, timezone, name)
    if gone := [root for root in roots if not root.is_dir()]:
        several = len(roots) > 1
        raise InputError(
            Fault(readable(str(root)) if several else name, "", "records.no_folder" if root.is_file() else "records.not_there")
            for root in gone
        )
    return _folder_sources(roots, mapped, timezone, name)


def to_roots(given: Roots | str | Sequence[str | Path]) -> Roots:
    """Take as it is handed over in a call where records lie: a path, several, or the address of a database, as texts or not.

    Raises UsageError where a path is none, InputError where an address holds a password, or is none.
    """
    if isinstance(given, Address):
        return given
    if isinstance(given, str) and is_connection(given):
        return read_address(given)
    return [to_path(one) for one in given] if isinstance(given, list | tuple) else to_path(given)


def roots_of(where: Roots) -> tuple[Path, ...]:
    """Give the places of records, be they one or several."""
    return () if isinstance(where, Address) else (where,) if isinstance(where, Path) else tuple(where)


def common_folder(where: Roots) -> Path:
    """Give the folder from which the files of records have their names: the records' own, of several the one that holds all."""
    roots = roots_of(where)
    return roots[0] if len(roots) == 1 else Path(os.path.commonpath(roots))


def files_of(where: Roots, table: str, mapped: Mapped) -> list[Path]:
    """List the files of folders that hold a table, of one name the one that is read first; a suffix may be in upper case."""
    return [path for group in _groups(where, table, mapped) for path in group.called if path.is_file()]


class Group(NamedTuple):
    """What is called as a file of a table: what was asked for, what differs by suffix, the mapping that holds for it."""

    given: str
    called: list[Path]
    how: Mapped


def _groups(where: Roots, table: str, mapped: Mapped) -> list[Group]:
    """List what is called as the files of a table, be they files or not."""
    groups: list[Group] = []
    for root in roots_of(where):
        if isinstance(mapped.file, Glob):
            alike: dict[tuple[Path, str], list[Path]] = {}
            for path in expand(mapped.file.glob, root, SUFFIXES):
                if path.is_file():
                    stem = path.name if ending(path) in grid.REFUSED else _stem(path)  # a month would be gone in silence
                    alike.setdefault((path.parent, stem), []).append(path)
            groups += [Group(mapped.file.glob, sorted(paths, key=_preference), mapped) for paths in alike.values()]
        else:
            groups += [Group(given, _namesakes(root / given), how) for given, how in mapped.placed() or [(table, mapped)]]
    return groups


def _namesakes(wanted: Path) -> list[Path]:
    """List what is called as a file, with its suffix or without."""
    names = {_stem(wanted) + ending(wanted)} if ending(wanted) else {wanted.name + suffix for suffix in SUFFIXES}
    there = wanted.parent.iterdir() if wanted.parent.is_dir() else ()
    return sorted((path for path in there if _stem(path) + ending(path) in names), key=_preference)


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(ending(path))]


def _preference(path: Path) -> int:
    return SUFFIXES.index(ending(path)) if ending(path) else len(SUFFIXES)


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


def _folder_sources(roots: Sequence[Path], mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    connection, read, known, base = _connect(timezone), dict[Path, Any](), set[Path](), common_folder(roots)
    found = Holdings(there=sorted(_label(path, base) for root in roots for path in root.iterdir()))
    for table, how in mapped.items():
        groups = _groups(roots, table, how)
        known.update(path for group in groups for path in group.called)
        there = {group.given for group in groups if group.called}
        if not there:
            found.miss(name, table, how)
            continue
        for given in dict.fromkeys(group.given for group in groups if how.file and group.given not in there):
            found.lack(name, table, given)
        several = len(roots) > 1 or not isinstance(how.file, str | None)
        parts = [
            (path, group.how)
            for group in groups
            if group.called
            and (path := _first_file(table, group.called, base if several else group.called[0].parent, found)) is not None
        ]
        named = [(path, one) for path, one in parts if names_citizen(Path(os.path.relpath(path, base)).as_posix())]
        found.faults += [Fault(_label(path, base), "", "records.citizen_name") for path, _ in named]
        found.unread |= {table} if named else set()
        parts = [part for part in parts if part not in named]
        paths = [path for path, _ in parts]
        times = Counter((path, *_extent(one)) for path, one in parts)
        for path, one in {(path, *_extent(one)): (path, one) for path, one in parts}.values():
            label = _label(path, base) if several else path.name
            if (count := times[path, *_extent(one)]) > 1:
                found.faults.append(Fault(label, f"tables.{table}.file", "records.file_twice", {"count": count}))
            if (source := _read_source(connection, path, label, read, found, (table, one))) is not None:
                found.tables.setdefault(table, []).append(source._replace(set=one.set))
        found.faults += _percent_faults(table, found.tables.get(table, ()), how.rename)
        ways = {path: [how for one, how in parts if one == path] for path, count in Counter(paths).items() if count > 1}
        crossing = [path for path, hows in ways.items() if any(_cross(*pair) for pair in combinations(hows, 2))]
        for path in crossing:
            label = _label(path, base) if several else path.name
            found.faults.append(Fault(label, f"tables.{table}.file", "records.file_twice", {"count": 2}))
        if len(roots) > 1 and (lacking := [root for root in roots if not any(path.is_relative_to(root) for path in paths)]):
            found.notes.append(Note("folders_without", {"table": table, **_name_files(lacking, base), "of": len(roots)}))
    _tell_receipts(found)
    if beside := [path for path in _files_in(roots, known) if path not in known]:
        found.notes.append(Note("files_unread", _name_files(beside, base)))
    return found


def _extent(how: Mapped) -> tuple[Any, ...]:
    """Say which part of a file a table takes: sheets, rows and columns may be tables of their own."""
    return how.sheet, how.rows, how.columns


def _cross(one: Mapped, other: Mapped) -> bool:
    """Say whether two parts of a file, which are not the same, share cells: what lies in both would be read twice."""
    if _extent(one) == _extent(other) or (one.sheet != other.sheet and None not in (one.sheet, other.sheet)):
        return False
    spans = [how.rows or (how.heading_rows[1] + 1, grid.LIMITS.rows) for how in (one, other)]
    columns = [set(how.wanted(grid.LIMITS.columns)) for how in (one, other)]
    return max(span[0] for span in spans) <= min(span[1] for span in spans) and bool(columns[0] & columns[1])


def _files_in(roots: Sequence[Path], known: Collection[Path]) -> list[Path]:
    """List what has the suffix of a file of records in the folders of the records, and in those below from which any is read.

    Those beside the latter count too: a month of which nothing can be read is one.
    """
    read = {path.parent for path in known if any(map(path.parent.is_relative_to, roots))}
    above = {folder.parent for folder in read if folder not in roots}
    beside = (one for folder in above for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    below = sorted(read | {one for one in beside if not one.name.startswith(".")})
    there = (path for folder in dict.fromkeys([*roots, *below]) if folder.is_dir() for path in folder.iterdir())
    return sorted(path for path in there if path.suffix.lower() in TOLD and not path.name.startswith("~$"))


def _name_files(paths: Sequence[Path], base: Path) -> dict[str, Any]:
    """Count files or folders, and name the first ones."""
    shown = ", ".join(quote(_label(path, base)) for path in paths[:SHOWN]) + (" …" if paths[SHOWN:] else "")
    return {"count": len(paths), "names": shown}


def _read_source(
    connection: Any, path: Path, label: str, read: dict[Path, Any], found: Holdings, asked: tuple[str, Mapped]
) -> Source | None:
    """Read a file as one of those of a table; None where it cannot be read, which is a fault."""
    table, how = asked
    if not ending(path):
        found.unread.add(table)
        found.faults.append(Fault(label, f"tables.{table}.file", "records.glob_suffix", {"known": ", ".join(SUFFIXES)}))
        return None
    placed = settlements(how) or "heading" in how.model_fields_set  # heading: 1 says nothing but that an office wrote the file
    if ending(path) != ".parquet" and (ending(path) != ".csv" or placed):
        return _read_office(connection, path, label, (table, how), found)
    kind = {".csv": "CSV"}.get(ending(path), "Parquet")
    found.faults += no_layout(how, table, label)
    if path not in read:  # one file may hold two tables
        read[path], faults = _read_file(connection, path, kind)
        found.faults += [replace(fault, file=label) if fault.file == path.name else fault for fault in faults]
    if read[path] is None:
        found.unread.add(table)
        return None
    if kind == "CSV":
        found.receipts.setdefault(table, []).append(_plain_receipt(path, label, read[path]))
    return Source(label, kind, read[path])


def _plain_receipt(path: Path, label: str, rows: Any) -> Receipt:
    """Account for the lines of a plain file of text as it lies there: the heading, the rows, and blank lines at its end."""
    lines, count = csv_files.census(path).lines, int(rows.count().execute())
    blank = RowCount(lines - 1 - count, tuple(range(count + 2, min(lines, count + 1 + FIRST_ROWS) + 1)))
    groups = {"read": RowCount(count, (2,) if count else ()), "headings": RowCount(1, (1,)), "blanks": blank}
    return Receipt(label, "", "CSV", lines, groups, encoding="utf-8", columns=tuple(rows.columns))


def _label(path: Path, base: Path) -> str:
    """Say what a file is called, as seen from the folder of the records."""
    return readable(hide(Path(os.path.relpath(path, base)).as_posix()))


def _first_file(table: str, called: Sequence[Path], base: Path, found: Holdings) -> Path | None:
    """Take of what is called alike the file that is read; None where none is a file, which is told as it is."""
    files = [path for path in called if path.is_file()]
    if not files:  # it is there, so that to say that it is not would mislead
        found.unread.add(table)
        found.faults.append(Fault(_label(called[0], base), "", absence(called[0])))
        return None
    if len(files) > 1:
        found.notes.append(Note("twice", {"table": table, "used": _label(files[0], base), "left": _label(files[1], base)}))
    return files[0]


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


def _read_office(connection: Any, path: Path, label: str, asked: tuple[str, Mapped], found: Holdings) -> Source | None:
    """Read a file as an office has it; its receipt is kept, and what it tells."""
    table, how = asked
    try:
        rows, receipt = read_table(path, how, how.kinds(TABLES[table]), how.joins, label)
    except InputError as refused:
        found.unread.add(table)
        found.faults += [replace(fault, place=_office_place(fault.place, table)) for fault in refused.faults]
        return None
    if faults := csv_files.name_faults(rows.column_names, receipt.where):
        found.unread.add(table)
        found.faults += faults
        return None
    found.receipts.setdefault(table, []).append(receipt)
    if faults := list(_default_faults(receipt, table, how)):
        found.unread.add(table)
        found.faults += faults
        return None
    kept = connection.create_table(ibis.util.gen_name("office"), rows, temp=True)
    percents = tuple(one.column for one in receipt.repaired if one.kind == "percent")
    return Source(label, ending(path)[1:], kept, receipt.numbers, percents)


def _default_faults(receipt: Receipt, table: str, how: Mapped) -> Iterator[Fault]:
    """Find marks for nothing in a column whose empty cells count as something: 不分管 would be one duty."""
    for one in receipt.repaired:
        declared = TABLES[table].column(how.rename.get(one.column, one.column))
        if declared and declared.default is not None and one.kind in ("mark_missing", "mark_not_applicable"):
            told = {"count": one.number, "rows": ", ".join(map(str, one.first)), "default": f"{declared.default:g}"}
            yield Fault(receipt.where, quote(one.column), "office.mark_default", told)


def _tell_receipts(found: Holdings) -> None:
    """Tell of every receipt, without the sheets that are read as another part of a table."""
    read: dict[str, set[str]] = {}
    for receipt in (one for several in found.receipts.values() for one in several):
        read.setdefault(receipt.file, set()).add(receipt.sheet)
    for table, several in found.receipts.items():
        found.receipts[table] = [
            replace(one, sheets_left=tuple(name for name in one.sheets_left if name not in read[one.file])) for one in several
        ]
        found.notes += [note for one in found.receipts[table] if not one.plain for note in one.notes()]


def _percent_faults(table: str, parts: Sequence[Source], rename: Mapping[str, str]) -> Iterator[Fault]:
    """Find columns that one file writes with % and another without: 92.5 and 0.925 would stand for the same."""
    for column in dict.fromkeys(rename.get(name, name) for part in parts for name in part.percents):
        for part in parts:
            there = [name for name in part.rows.columns if rename.get(name, name) == column and name not in part.percents]
            for name in there:
                cells = part.rows[name].cast("string").fill_null("")
                count = int(cells.notin(["", "0"]).sum().execute() or 0)
                if count:
                    other = next(one.file for one in parts if column in {rename.get(name, name) for name in one.percents})
                    told = {"count": count, "other": other}
                    yield Fault(part.file, f"{table}.{column}", "office.percent_files", told)


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
        longer = (rows[name].length() > LONGEST_CELL for name in names)
        count, long = rows.agg(rows_=rows.count(), long_=rows.count(where=ibis.or_(*longer))).to_pandas().iloc[0]
    except BROKEN:
        return None, csv_files.line_faults(path, path.name) or [unreadable(path.name, "CSV")]
    if long:
        return None, csv_files.line_faults(path, path.name)
    again = rows.count(where=ibis.and_(*(rows[name] == name for name in names[:2])))
    if csv_files.census(path).agrees(int(count), len(names)) and not again.execute():
        return rows, []
    faults = csv_files.line_faults(path, path.name)
    return (None, faults) if faults else (rows, [])


# The tables of a DuckDB file, in whatever schema


def _base_sources(where: Path, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    connection, base, every = attach(where, timezone, name)
    reckoned = _definitions(connection, base)
    log = where.with_name(f"{where.name}.wal")
    left = [Note("base_log", {"file": log.name})] if log.is_file() and log.stat().st_size else []
    found = Holdings(notes=left, there=[hide(table if schema == "main" else f"{schema}.{table}") for schema, table in every])
    for table, called, source, how in _chosen(found, mapped, every, ("main",), name):
        file = f"{where.name}:{called}"
        rows, faults = _open_table(connection, (base, *source), file, reckoned)
        _take(found, table, Source(file, "DuckDB", rows, set=how.set), faults + no_layout(how, table, file))
    return found


def _chosen(
    found: Holdings, mapped: Mapping[str, Mapped], every: Sequence[tuple[str, str]], homes: Sequence[str], name: str
) -> Iterator[tuple[str, str, tuple[str, str], Mapped]]:
    """Choose the tables of a base that are read: the record table, what it is called there, its schema and name, its mapping.

    homes: the schemas that go before others, the first one best; their names are not said.
    """

    def rank(pair: tuple[str, str]) -> int:
        return homes.index(pair[0]) if pair[0] in homes else len(homes)

    for table, how in mapped.items():
        asked, ways = _names_in_base(how, table, every), {given.casefold(): one for given, one in how.placed()}
        if not asked:
            found.miss(name, table, how)
        for stem in asked:
            fitting = [pair for pair in every if stem in (pair[1].casefold(), ".".join(pair).casefold())]
            fitting.sort(key=rank)
            if not fitting and len(asked) > 1:
                found.lack(name, table, stem)
            elif not fitting:
                found.miss(name, table, how)
            elif len(fitting) > 1 and (rank(fitting[0]) == len(homes) or fitting[0][0] == fitting[1][0]):
                given = {"given": ", ".join(map(".".join, fitting))}
                found.faults.append(Fault(name, f"tables.{table}.file", "records.several_tables", given))
            elif names_citizen(called := fitting[0][1] if fitting[0][0] in homes else ".".join(fitting[0])):
                found.unread.add(table)
                found.faults.append(Fault(f"{name}:{hide(called)}", "", "records.citizen_name"))
            else:
                yield table, called, fitting[0], ways.get(stem, how)
                if len(fitting) > 1:
                    found.notes.append(Note("twice", {"table": table, "used": called, "left": ".".join(fitting[1])}))


def _take(found: Holdings, table: str, source: Source, faults: list[Fault]) -> None:
    """Take a table of a base as one of those of a record table, unless anything is wrong with it."""
    if any(one.file == source.file for one in found.tables.get(table, ())):
        faults = [Fault(source.file, f"tables.{table}.file", "records.file_twice", {"count": 2})]
    if source.rows is None or faults:
        found.unread.add(table)
        found.faults += faults
    else:
        found.tables.setdefault(table, []).append(source)


# The tables of a PostgreSQL database, in whatever schema


_Sessions = dict[tuple[str, str], Any]
_SNAPSHOT: ContextVar[_Sessions | None] = ContextVar("snapshot", default=None)
"""The sessions of the snapshot in which this thread is, by address and time zone; None outside of one."""


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Let everything within see one state of a database, and close the connections at the end; one in another is the same."""
    if _SNAPSHOT.get() is not None:
        yield  # whoever opened it closes it
        return
    opened = _SNAPSHOT.set({})
    try:
        yield
    finally:
        end_snapshot()
        _SNAPSHOT.reset(opened)


def end_snapshot() -> None:
    """Let go of the state of a database that everything saw."""
    held = _SNAPSHOT.get() or {}
    while held:
        held.popitem()[1].close()


def asked_statements() -> list[str]:
    """List what the databases of a snapshot were asked so far, in its order."""
    return [sql for session in (_SNAPSHOT.get() or {}).values() for sql in session.statements]


def _session(where: Address, timezone: str) -> Any:
    """Connect to a database, or take the connection that is held; what that needs is an extra, since few have one."""
    snapshot = _SNAPSHOT.get()
    if snapshot and (held := snapshot.get((where.written, timezone))):
        return held
    try:
        from fengqiao_eval.records import postgres  # noqa: PLC0415 - the driver is loaded where there is a database
    except ImportError:
        raise InputError([Fault(where.name, "records", "records.base_driver")]) from None
    session = postgres.connect(where.written, timezone, where.name)
    if snapshot is not None:
        snapshot[where.written, timezone] = session
    return session


def _postgres_sources(where: Address, mapped: Mapping[str, Mapped], timezone: str, name: str) -> Holdings:
    session = _session(where, timezone)
    every = session.list_relations()
    homes = session.homes
    found = Holdings(there=[hide(table if schema in homes else f"{schema}.{table}") for schema, table in every])
    for table, called, pair, how in _chosen(found, mapped, every, homes, name):
        file = f"{where.base}:{called}"
        rows, faults, notes = _open_relation(session, pair, file, table)
        faults = faults + _long_faults(how, table, file)
        if how.repeated in ("first", "last"):
            faults.append(Fault(file, f"tables.{table}.repeated", "records.base_order", {"given": how.repeated}))
        found.notes += notes
        _take(found, table, Source(file, SERVER, rows, set=how.set), faults + no_layout(how, table, file))
    return found


def _long_faults(how: Mapped, table: str, file: str) -> list[Fault]:
    """Find names of columns, as they are to be called, that the server would cut, so that two may become one."""
    named = [("rename", name) for name in how.rename.values()] + [("set", name) for name in how.set]
    sizes = [(key, name, len(name.encode("utf-8", "replace"))) for key, name in named]
    return [
        Fault(file, f"tables.{table}.{key}", "records.base_long", {"given": name, "count": size, "most": LONGEST_COLUMN})
        for key, name, size in sizes
        if size > LONGEST_COLUMN
    ]


def _open_relation(session: Any, pair: tuple[str, str], file: str, table: str) -> tuple[Any | None, list[Fault], list[Note]]:
    """Open a table of a database; what its role may not read is told."""
    relation = session.describe(*pair)
    names = [name for name, _ in relation.readable]
    if not names:
        return None, [Fault(file, "", "records.base_no_select", {"table": relation.full, "role": session.role})], []
    if faults := csv_files.name_faults(names, file):
        return None, faults, []
    if faults := session.view_faults(relation, file):
        return None, faults, []
    notes = [Note("base_filtered", {"table": table, "file": file})] if relation.filtered else []
    if denied := [name for name, _, granted in relation.columns if not granted]:
        notes.append(Note("base_columns", {"table": table, "columns": ", ".join(map(quote, denied))}))
    return session.open(relation), [], notes


def fingerprint_base(where: Address, mapped: Mapping[str, Mapped], timezone: str) -> dict[str, str]:
    """Fingerprint the tables of a database that are read, each under its name, where they lie."""
    session, found = _session(where, timezone), Holdings()
    every = session.list_relations()
    chosen = {f"{where.base}:{called}": pair for _, called, pair, _ in _chosen(found, mapped, every, session.homes, where.name)}
    return {file: session.fingerprint(session.describe(*pair), file) for file, pair in chosen.items()}


def _names_in_base(how: Mapped, table: str, every: Sequence[tuple[str, str]]) -> list[str]:
    """Name the tables of a DuckDB file that are asked for, in lower case; a pattern may be of a table or of schema.table."""
    if not isinstance(how.file, Glob):
        return [given.casefold() for given, _ in how.placed() or [(table, how)]]
    pattern = how.file.glob.casefold()
    named = [(".".join(pair).casefold(), pair[1].casefold()) for pair in every]
    return [full for full, table in named if fnmatchcase(full, pattern) or fnmatchcase(table, pattern)]


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


def attach(where: Path, timezone: str, name: str) -> tuple[Any, str, list[tuple[str, str]]]:
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
            WHERE (database_name = $base OR internal) AND macro_definition IS NOT NULL"""  # noqa: S608 - our own words
    found: dict[str, list[str]] = {}
    for name, sql in connection.con.execute(asked, {"base": base}).fetchall():
        words = [word.text.casefold() for word in sqlglot.tokenize(sql, read="duckdb") if word.token_type != TokenType.STRING]
        found[name.casefold()] = found.get(name.casefold(), []) + words
    return found


_GENERATED = r"""'(?is)\bGENERATED\s+ALWAYS\b.*'"""
"""Where the first column begins that is reckoned from others; what is merely filled in when a row is written, stays."""
_CLOCKS = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "tablesample")
"""The words of SQL that change from query to query and need no brackets."""
_UNSTABLE = (
    *("age", "current_localtime", "current_localtimestamp", "current_setting", "getenv", "getvariable", "sample"),
    *("query", "query_table"),
)
"""Functions that the engine calls steady, and that hang on the day or its settings, draw samples, or run what a text says."""


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
