"""Mutated record folders: tables of text with something done to their cells, headings, rows, types or bytes."""

import csv
import gzip
import io
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fengqiao_eval.records.tables import TABLES
from fuzz import hostile, sound
from fuzz.sound import Table

MOST_ROWS = 30
KINDS = {(table.name, column.name): column.kind for table in TABLES.values() for column in table.columns}
POOLS = {"time": hostile.DAYS, "date": hostile.DAYS, "number": hostile.NUMBERS, "whole": hostile.NUMBERS}
FREE = {
    "cases": ("category", "status"),
    "visits": ("purpose",),
    "disputes": ("outcome",),
    "surveys": ("channel", "answer"),
    "notices": ("reason",),
    "figures": ("source",),
}
"""Columns in which people write what they like."""


@dataclass
class Folder:
    """A record folder to be: its tables as text, how each is written, and what was done."""

    dice: random.Random
    tables: dict[str, Table]
    done: list[str] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)
    """Table -> csv, parquet or duckdb."""
    types: dict[tuple[str, str], str] = field(default_factory=dict)
    """Column -> the type in which a Parquet or DuckDB file holds it."""
    late: list[tuple[str, Callable[[bytes], bytes]]] = field(default_factory=list)
    """What is done to the bytes of a table's file."""
    beside: dict[str, bytes | None] = field(default_factory=dict)
    """Further files; None is a folder."""
    gone: set[str] = field(default_factory=set)
    sql: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    """Further keys of the params file."""
    quoted: bool = False
    zones: set[tuple[str, str]] = field(default_factory=set)
    """Columns of times that a Parquet file holds as moments of UTC."""
    halves: set[str] = field(default_factory=set)
    """Tables that are written in two files."""
    unsure: set[str] = field(default_factory=set)
    unsure_of_period: set[str] = field(default_factory=set)
    """The tables of which it cannot be told from outside how many rows their file holds."""

    def some_table(self) -> str:
        """Choose a table."""
        return self.dice.choice(sorted(self.tables))

    def some_column(self, table: str) -> int:
        """Choose a column by its number."""
        return self.dice.randrange(len(self.tables[table][0]))

    def some_rows(self, table: str) -> list[int]:
        """Choose one row, several or all, by their numbers; the heading is none."""
        every = range(1, len(self.tables[table]))
        if not every:
            return []
        how = self.dice.random()
        return (
            [self.dice.choice(every)] if how < 0.7 else self.dice.sample(every, min(3, len(every))) if how < 0.9 else list(every)
        )


# What is done to cells


def cell(folder: Folder) -> str:
    """Write something else in cells of a column, mostly what its kind is mistaken for."""
    table = folder.some_table()
    column = folder.some_column(table)
    name = folder.tables[table][0][column]
    pools = [POOLS.get(KINDS.get((table, name), ""), hostile.TEXTS)] * 3 + [hostile.DAYS, hostile.NUMBERS, hostile.TEXTS]
    value = folder.dice.choice(folder.dice.choice(pools))
    for row in folder.some_rows(table):
        folder.tables[table][row][column] = value
    return f"{table}.{name} = {value[:40]!r}"


def citizen(folder: Folder) -> str:
    """Write a member of the public into a cell of free text, of a column nobody declared, or where something else should be."""
    table = folder.some_table()
    rows, dice = folder.tables[table], folder.dice
    free = [name for name in FREE.get(table, ()) if name in rows[0]]
    kinds = [n for n, name in enumerate(rows[0]) if KINDS.get((table, name)) in ("time", "date", "number", "whole", "flag")]
    if kinds and dice.random() < 0.3:
        column = dice.choice(kinds)
    elif free and dice.random() < 0.6:
        column = rows[0].index(dice.choice(free))
    else:
        column = len(rows[0])
        for row in rows:
            row.append("备注" if row is rows[0] else "")
    for row in folder.some_rows(table):
        rows[row][column] = hostile.CITIZEN
    return f"{table}.{rows[0][column]} = a citizen"


def swap_columns(folder: Folder) -> str:
    """Move the cells of rows by one column, as a lost comma does."""
    table = folder.some_table()
    for row in folder.some_rows(table):
        cells = folder.tables[table][row]
        folder.tables[table][row] = [*cells[1:], cells[0]]
    return f"{table}: cells moved by one"


def reverse_times(folder: Folder) -> str:
    """Let what ends lie before what begins."""
    table = folder.some_table()
    times = [n for n, name in enumerate(folder.tables[table][0]) if KINDS.get((table, name)) in ("time", "date")]
    for row in folder.some_rows(table) if times else ():
        folder.tables[table][row][times[-1]] = folder.dice.choice(["2024-11-01 00:00", "2019-01-01", "2024-11-30"])
    return f"{table}: ends before it begins"


# What is done to headings


def heading(folder: Folder) -> str:
    """Rename a column, or give its name twice."""
    table = folder.some_table()
    head = folder.tables[table][0]
    column = folder.some_column(table)
    old = head[column]
    odd = [old.upper(), f" {old}", f"{old} ", "".join(chr(ord(c) + 0xFEE0) for c in old if 32 < ord(c) < 127), f"{old}.1"]
    head[column] = folder.dice.choice([folder.dice.choice(hostile.NAMES), folder.dice.choice(odd), folder.dice.choice(head)])
    return f"{table}: column {old} is called {head[column][:40]!r}"


def lose_column(folder: Folder) -> str:
    """Leave a column out."""
    table = folder.some_table()
    column = folder.some_column(table)
    name = folder.tables[table][0][column]
    if len(folder.tables[table][0]) > 1:
        for row in folder.tables[table]:
            del row[column]
    return f"{table}: no column {name}"


def add_column(folder: Folder) -> str:
    """Add a column of any name."""
    table = folder.some_table()
    name, value = folder.dice.choice(hostile.NAMES), folder.dice.choice(hostile.TEXTS)
    for number, row in enumerate(folder.tables[table]):
        row.append(value if number else name)
    return f"{table}: a column {name[:40]!r} more"


def no_heading(folder: Folder) -> str:
    """Leave the heading out; the first row of an export without one may name a citizen."""
    table = folder.some_table()
    rows = folder.tables[table]
    if len(rows) > 1:
        del rows[0]
        rows[0][folder.dice.randrange(len(rows[0]))] = hostile.CITIZEN
    folder.unsure.add(table)
    folder.form[table] = folder.dice.choice(["csv", "parquet"])
    return f"{table}: no heading"


# What is done to rows


def rows(folder: Folder) -> str:
    """Double, drop, orphan or empty rows."""
    table, dice = folder.some_table(), folder.dice
    every = folder.tables[table]
    chosen = folder.some_rows(table)
    what = dice.choice(["equal", "same id", "drop", "orphan", "blank id", "blank", "only heading", "many"])
    if what == "equal":
        every += [list(every[row]) for row in chosen]
    elif what == "same id":
        for row in chosen:
            more = list(every[row])
            more[dice.randrange(len(more))] = dice.choice(hostile.TEXTS[:20])
            every.append(more)
    elif what == "drop":
        folder.tables[table] = [row for number, row in enumerate(every) if number not in chosen]
    elif what in ("orphan", "blank id"):
        ids = [n for n, name in enumerate(every[0]) if name.endswith("_id")] or [0]
        column = dice.choice(ids)
        for row in chosen:
            every[row][column] = (
                "" if what == "blank id" else dice.choice(["S9", "99", "P9", "s1", " S1", "S1 ", "一所", hostile.CITIZEN])
            )
    elif what == "blank":
        for row in chosen:
            every[row][:] = [""] * len(every[row])
    elif what == "only heading":
        del every[1:]
    elif len(every) > 1:
        every += [list(dice.choice(every[1:])) for _ in range(MOST_ROWS - len(every))]
    del folder.tables[table][MOST_ROWS + 1 :]
    return f"{table}: {what}"


def tree(folder: Folder) -> str:
    """Hang units wrongly: in a ring, on themselves, on nobody, merged in a ring, out of force, opened twice."""
    units, dice = folder.tables["units"], folder.dice
    where = {name: n for n, name in enumerate(units[0])}
    rows = {row[where["unit_id"]]: row for row in units[1:] if "unit_id" in where and len(row) == len(units[0])}
    if not {"parent_id", "valid_from", "valid_to", "successor_id", "level", "peer_class"} <= set(where) or not {
        "X",
        "S1",
        "S2",
    } <= set(rows):
        return "units: left alone"
    what = dice.choice(
        [
            "ring",
            "own parent",
            "absent parent",
            "mergers",
            "merger ring",
            "closed",
            "future",
            "two rows",
            "two levels",
            "officer above",
            "level",
        ]
    )
    one = rows[dice.choice(sorted(rows))]
    if what == "ring":
        rows["X"][where["parent_id"]] = "S1"
    elif what in ("own parent", "absent parent"):
        one[where["parent_id"]] = one[where["unit_id"]] if what == "own parent" else "S9"
    elif what in ("mergers", "merger ring"):
        rows["S1"][where["valid_to"]], rows["S1"][where["successor_id"]] = "2024-06-30", "S2"
        if what == "merger ring":
            rows["S2"][where["valid_to"]], rows["S2"][where["successor_id"]] = "2024-06-30", "S1"
    elif what in ("closed", "future"):
        column, day = ("valid_to", "2024-11-10") if what == "closed" else ("valid_from", "2025-01-01")
        one[where[column]] = day
    elif what in ("two rows", "two levels"):
        more = list(one)
        one[where["valid_to"]], more[where["valid_from"]] = "2024-06-30", dice.choice(["2024-07-01", "2024-06-30", "2024-06-01"])
        more[where["level" if what == "two levels" else "peer_class"]] = "zone"
        units.append(more)
    elif what == "officer above":
        one[where["parent_id"]] = "P1"
    else:
        one[where["level"]] = dice.choice(["", "Station", "station ", "省", "city", "index", "a/b", "officer"])
    return f"units: {what}"


def two_openings(folder: Folder) -> str:
    """Post a person twice over the same days."""
    if "postings" not in folder.tables or len(folder.tables["postings"]) < 2 or len(folder.tables["postings"][0]) < 4:
        return "postings: left alone"
    more = list(folder.dice.choice(folder.tables["postings"][1:]))
    more[1], more[2] = folder.dice.choice(["S1", "S2", "Z1", "S9", ""]), folder.dice.choice(["2023-01-01", "2024-11-10", ""])
    folder.tables["postings"].append(more)
    return "postings: two openings"


# What is done to records that stay sound: they are read, and every row of them is counted or told


def shuffle(folder: Folder) -> str:
    """Change the order of rows and columns."""
    table, dice = folder.some_table(), folder.dice
    head, *rows = folder.tables[table]
    order = dice.sample(range(len(head)), len(head))
    dice.shuffle(rows)
    folder.tables[table] = [[row[n] for n in order] for row in [head, *rows]]
    return f"{table}: in another order"


def _times(folder: Folder, table: str) -> list[int]:
    return [n for n, name in enumerate(folder.tables[table][0]) if KINDS.get((table, name)) == "time"]


def other_times(folder: Folder) -> str:
    """Write times otherwise: with slashes, seconds, a T, or as moments of another zone."""
    table, dice = folder.some_table(), folder.dice
    how = dice.choice(
        [
            "{0.year}/{0.month}/{0.day} {0.hour}:{0:%M}",
            "{0:%Y-%m-%dT%H:%M:%S}",
            "{1:%Y-%m-%dT%H:%M:%SZ}",
            "{1:%Y-%m-%d %H:%M}+00:00",
            "{0:%Y-%m-%d %H:%M}+08:00",
        ]
    )
    for column in _times(folder, table):
        for row in folder.tables[table][1:]:
            with suppress(ValueError):  # written otherwise before
                at = datetime.strptime(row[column], "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the bureau's wall clock
                row[column] = how.format(at, at - timedelta(hours=8))
    folder.form[table] = "csv" if "duckdb" not in folder.form.values() else "duckdb"
    return f"{table}: times as {how}"


def moments(folder: Folder) -> str:
    """Hold times as moments of UTC in a Parquet file."""
    table = folder.some_table()
    folder.form = dict.fromkeys(folder.tables, "parquet")
    folder.zones |= {(table, folder.tables[table][0][n]) for n in _times(folder, table)}
    return f"{table}: times as moments"


def numbered_ids(folder: Folder) -> str:
    """Let ids of units be numbers, as text, whole or with a decimal 0."""
    ids = {"X": "1", "S1": "2", "S2": "3", "S3": "40", "Z1": "500", "P1": "1001", "P2": "1002", "P3": "1003"}
    for rows in folder.tables.values():
        columns = [n for n, name in enumerate(rows[0]) if name in ("unit_id", "officer_id", "parent_id", "successor_id")]
        for row in rows[1:]:
            for column in columns:
                row[column] = ids.get(row[column], row[column])
    kind = folder.dice.choice(["", "whole", "float"])
    if kind:
        folder.form = dict.fromkeys(folder.tables, "parquet")
        names = ("unit_id", "officer_id", "parent_id")
        folder.types |= {
            (table, name): f"ids {kind}" for table, rows in folder.tables.items() for name in names if name in rows[0]
        }
    return f"ids are numbers {kind}"


def renamed(folder: Folder) -> str:
    """Call columns otherwise and say so under tables, with words and markers of the bureau's own."""
    table, dice = folder.some_table(), folder.dice
    head = folder.tables[table][0]
    mapped = folder.params.setdefault("tables", {}).setdefault(table, {})
    column = dice.randrange(len(head))
    if table != "units" and "rename" not in mapped:
        mapped["rename"] = {f"列{column}": head[column]}
        head[column] = f"列{column}"
    mapped["missing"] = ["-", "无"]
    for row in folder.tables[table][1:]:
        row[:] = ["-" if not cell and dice.random() < 0.5 else cell for cell in row]
    return f"tables: {table} renamed and marked"


def twice(folder: Folder) -> str:
    """Let rows stand twice, or ids with other rows, under each rule of repeated."""
    table, dice = (
        folder.dice.choice([name for name in folder.tables if name not in ("units", "figures")] or ["units"]),
        folder.dice,
    )
    rows = folder.tables[table]
    if table != "units":
        rows += [list(dice.choice(rows[1:])) for _ in range(2)]
        rows[-1][-1] = dice.choice(["", rows[-1][-1]])
        folder.params.setdefault("tables", {}).setdefault(table, {})["repeated"] = dice.choice(["keep", "first", "last"])
        folder.unsure_of_period.add(table)
    return f"{table}: twice"


def strangers(folder: Folder) -> str:
    """Let records be of units and persons that are none, and allow it."""
    table, dice = folder.some_table(), folder.dice
    column = next(
        (n for n, name in enumerate(folder.tables[table][0]) if name in ("unit_id", "officer_id") and table != "units"), None
    )
    for row in folder.some_rows(table) if column is not None else ():
        folder.tables[table][row][column] = dice.choice(["S9", "S8", "P9"])
    folder.params["unknown_units"] = dice.choice([{"at_most": "100%"}, {"outside": "others"}, {"outside": ["S8"], "at_most": 1}])
    return f"{table}: strangers"


def otherwise(folder: Folder) -> str:
    """Write ids of units and persons otherwise than in the table of units, each in a way that fits one alone."""
    table, dice = folder.some_table(), folder.dice
    names = ("unit_id", "officer_id", "parent_id", "successor_id")
    head = folder.tables[table][0]
    columns = [n for n, name in enumerate(head) if name in names and (table != "units" or name != "unit_id")]
    write = dice.choice([" {}", "{}\u3000", "\t{}", "'{}", '="{}"', "\u200b{}"])
    for row in folder.some_rows(table) if columns else ():
        column = dice.choice(columns)
        cell = folder.tables[table][row][column]
        wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in cell)
        folder.tables[table][row][column] = dice.choice([write.format(cell), cell.lower(), wide]) if cell else cell
    return f"{table}: ids written otherwise"


def several_files(folder: Folder) -> str:
    """Write a table in two files, and say so by a list or a pattern."""
    table, dice = folder.some_table(), folder.dice
    if "duckdb" in folder.form.values() or table == "units":
        return "one file"
    folder.halves.add(table)
    file = dice.choice([{"glob": f"{table}_*"}, {"glob": f"{table}_[12]"}, [f"{table}_1", f"{table}_2"]])
    folder.params.setdefault("tables", {}).setdefault(table, {})["file"] = file
    return f"{table}: two files, {file}"


def other_days(folder: Folder) -> str:
    """Move records to the first and last moments of periods, and enter them late."""
    table, dice = folder.some_table(), folder.dice
    for row in folder.some_rows(table):
        for column in dice.sample(_times(folder, table), min(1, len(_times(folder, table)))):
            days = [
                "2024-11-01 00:00",
                "2024-11-30 23:59",
                "2024-12-01 00:00",
                "2024-10-31 23:59:59",
                "2024-12-05 08:00",
                "2019-01-01 00:00",
            ]
            folder.tables[table][row][column] = dice.choice(days)
    return f"{table}: other days"


def closed(folder: Folder) -> str:
    """Close units, with a successor or none, and let a zone hang on nobody."""
    dice = folder.dice
    rows = {row[0]: row for row in folder.tables["units"][1:]}
    if folder.tables["units"][0][0] == "unit_id" and "Z1" in rows:
        one = rows[dice.choice(["S3", "Z1", "S2"])]
        for name, value in dice.choice(
            [{"valid_to": "2024-10-31"}, {"valid_to": "2024-10-31", "successor_id": "S1"}, {"parent_id": ""}]
        ).items():
            if name in folder.tables["units"][0]:
                one[folder.tables["units"][0].index(name)] = value
    return "units: one closed or alone"


def quoted(folder: Folder) -> str:
    """Quote every cell."""
    folder.quoted = True
    return "every cell in quotes"


OWN = (
    "home",
    "HOME_OF",
    "share_",
    "parts_",
    "span_",
    "whose_",
    "received_at_utc_",
    "happened_at",
    "record_id",
    "unit_id_0",
    "visits_made",
)


def own_names(folder: Folder) -> str:
    """Add columns that are called as those that the program adds itself, or once did."""
    table, value = folder.some_table(), folder.dice.choice(["S2", "0.5", "2024-10-01", "true", ""])
    names = [name for name in folder.dice.sample(OWN, 4) if name.casefold() not in map(str.casefold, folder.tables[table][0])]
    for number, row in enumerate(folder.tables[table]):
        row.extend([value] * len(names) if number else names)
    return f"{table}: columns {', '.join(names)} more"


SOUND = (
    shuffle,
    own_names,
    own_names,
    other_times,
    other_times,
    moments,
    numbered_ids,
    renamed,
    twice,
    strangers,
    strangers,
    otherwise,
    otherwise,
    several_files,
    other_days,
    other_days,
    closed,
    quoted,
)


# What is done to the files


def lines(folder: Folder) -> str:
    """Write rows of another width, blank lines, a title, a second heading, a total."""
    table, dice = folder.some_table(), folder.dice
    every = folder.tables[table]
    at = dice.randrange(len(every) + 1)
    head = list(every[0]) if every else ["a"]
    extra: list[Any] = dice.choice(
        [[], [""], ["合计", "30"], head, ["2024年11月报表"], ["#"], [*head, hostile.CITIZEN], [hostile.CITIZEN]]
    )
    every.insert(at, list(extra))
    folder.form[table] = "csv"
    folder.unsure.add(table)
    return f"{table}: line {at + 1} is {len(extra)} cells"


def _encode(name: str) -> Callable[[bytes], bytes]:
    return lambda data: data.decode("utf-8", "replace").encode(name, "replace")


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def _put(share: float, what: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)] + what + data[int(len(data) * share) :]


def _flip(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: (at := int(len(data) * share))] + bytes(byte ^ 0xFF for byte in data[at : at + 9]) + data[at + 9 :]


def _mix(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half].replace(b"\r\n", b"\n") + data[half:].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def file_bytes(folder: Folder) -> str:
    """Write the bytes of a file otherwise."""
    table, dice = folder.some_table(), folder.dice
    at = dice.random()
    whole: dict[str, Callable[[bytes], bytes]] = {
        "BOM": lambda data: b"\xef\xbb\xbf" + data,
        "two BOMs": lambda data: b"\xef\xbb\xbf" * 2 + data,
        "CR": lambda data: data.replace(b"\r\n", b"\r"),
        "LF": lambda data: data.replace(b"\r\n", b"\n"),
        "no last line end": lambda data: data.rstrip(b"\r\n"),
    }
    torn: dict[str, Callable[[bytes], bytes]] = {
        "UTF-16": _encode("utf-16"),
        "UTF-16 BE": _encode("utf-16-be"),
        "UTF-32": _encode("utf-32"),
        "GBK": _encode("gbk"),
        "Latin 1": _encode("latin-1"),
        "cut": _cut(at),
        "empty": _cut(0),
        "NUL": _put(at, b"\0"),
        "quote": _put(at, b'"'),
        "quotes": _put(at, b'"a"b"'),
        "CR within": _put(at, b"\r"),
        "line end within": _put(at, b"\r\n"),
        "flipped": _flip(at),
        "mixed line ends": _mix,
        "Ctrl-Z": lambda data: data + b"\x1a",
        "gzip": lambda data: gzip.compress(data, mtime=0),
        "semicolons": lambda data: data.replace(b",", b";"),
        "tabs": lambda data: data.replace(b",", b"\t"),
        "blank lines": lambda data: data + b"\r\n" * 3,
        "twice": lambda data: data * 2,
        "noise": lambda data: bytes(random.Random(len(data)).randbytes(200)),  # noqa: S311 - no secret
    }
    what = dice.choice([*whole, *torn])
    if what in torn:
        folder.unsure.add(table)
    if what in whole or dice.random() < 0.8:
        folder.form[table] = "csv"
    folder.late.append((table, (whole | torn)[what]))
    return f"{table}: {what}"


def other_files(folder: Folder) -> str:
    """Let tables be missing, there twice, a folder, called otherwise; let strange files lie beside them."""
    table, dice = folder.some_table(), folder.dice
    what = dice.choice(["missing", "folder", "twice", "upper case", "strange", "sheet", "lock file", "pattern", "partition"])
    if what == "missing":
        folder.gone.add(table)
    elif what == "folder":
        folder.gone.add(table)
        folder.beside[f"{table}.csv"] = None
    elif what == "twice":
        folder.beside[f"{table}.{dice.choice(['parquet', 'CSV'])}"] = dice.choice([b"", b"a,b\n1,2\n"])
        folder.unsure.add(table)
    elif what == "upper case":
        folder.form[table] = "CSV"
    elif what == "sheet":
        folder.beside[f"{table}.xlsx"] = b"PK\x03\x04"
    elif what == "lock file":
        folder.beside[f".~lock.{table}.csv#"] = b""
    else:
        name = {"strange": "\u202e<b>.csv", "pattern": "*.csv", "partition": "year=2024/part.csv"}[what]
        folder.beside[name] = b"unit_id\n1\n"
    return f"{table}: {what}"


ARROW = {
    "decimal": (pa.decimal128(12, 2), Decimal("1.50")),
    "decimal256": (pa.decimal256(60, 4), Decimal(10) ** 30),
    "timestamp s": (pa.timestamp("s"), datetime(2024, 11, 5, 8)),
    "timestamp ms out of range": (pa.timestamp("ms"), 2**62),
    "timestamp us": (pa.timestamp("us"), 2**62),
    "timestamp ns": (pa.timestamp("ns"), datetime(2024, 11, 5, 8)),
    "timestamp with zone": (pa.timestamp("us", "America/New_York"), datetime(2024, 11, 5, 8)),
    "timestamp UTC": (pa.timestamp("ms", "UTC"), datetime(2024, 11, 30, 20)),
    "date32": (pa.date32(), date(2024, 11, 5)),
    "date32 BC": (pa.date32(), -(2**30)),
    "date64": (pa.date64(), date(2024, 11, 5)),
    "time32": (pa.time32("s"), 3600),
    "time64": (pa.time64("us"), 3600),
    "duration": (pa.duration("s"), timedelta(hours=1)),
    "binary": (pa.binary(), b"\xff\x00S1"),
    "fixed binary": (pa.binary(2), b"S1"),
    "bool": (pa.bool_(), True),
    "int8": (pa.int8(), -1),
    "int64": (pa.int64(), 2**62),
    "uint64": (pa.uint64(), 2**64 - 1),
    "float32": (pa.float32(), 0.1),
    "inf": (pa.float64(), float("inf")),
    "nan": (pa.float64(), float("nan")),
    "float64": (pa.float64(), 3.0),
    "huge": (pa.float64(), 1e308),
    "half float": (pa.float16(), None),
    "null": (pa.null(), None),
    "list": (pa.list_(pa.string()), ["S1"]),
    "struct": (pa.struct([("a", pa.string())]), {"a": "S1"}),
    "map": (pa.map_(pa.string(), pa.string()), [("a", "S1")]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), None),
    "large string": (pa.large_string(), None),
    "string": (pa.string(), None),
}
"""Types of Parquet, each with what stands in every cell; None: what stood there as text."""

IDS = {"ids whole": pa.int64(), "ids float": pa.float64()}

SQL = {
    "HUGEINT": "170141183460469231731687303715884105727", "UBIGINT": "18446744073709551615", "DECIMAL(38,10)": "1.5",
    "TIMESTAMPTZ": "TIMESTAMPTZ '2024-11-30 20:00:00+00'", "TIMESTAMP_NS": "'2024-11-05 08:00:00'", "TIMESTAMP_S": "'2024-11-05 08:00:00'",
    "TIMESTAMP": "'infinity'", "DATE": "'2024-11-05'", "TIME": "'08:00:00'", "TIMETZ": "'08:00:00+08'", "INTERVAL": "'1 day'",
    "BLOB": "'\\xFF'::BLOB", "BOOLEAN": "true", "UUID": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "BIT": "'101'::BIT", "VARCHAR[]": "['S1']",
    "STRUCT(a VARCHAR)": "{'a': 'S1'}", "MAP(VARCHAR, VARCHAR)": "MAP {'a': 'S1'}", "UNION(a VARCHAR, b INTEGER)": "'S1'", "FLOAT": "'nan'",
    "DOUBLE": "'inf'", "TINYINT": "-1", "ENUM('S1', 'S2')": "'S1'", "INTEGER[2]": "[1, 2]",
    "DATE ": "'-infinity'", "DATE  ": "'0044-03-15 (BC)'", "TIMESTAMP ": "'290309-12-22 (BC) 00:00:00'",
}  # fmt: skip
"""Types of DuckDB, each with what stands in every cell."""


def types(folder: Folder) -> str:
    """Hold a column in another type."""
    table = folder.some_table()
    name = folder.tables[table][0][folder.some_column(table)]
    form = folder.dice.choice(["parquet", "parquet", "duckdb"])
    if form == "duckdb":
        folder.form = dict.fromkeys(folder.tables, "duckdb")
    else:
        folder.form[table] = form
    kind = folder.dice.choice(sorted(SQL if form == "duckdb" else ARROW))
    folder.types[table, name] = kind
    return f"{table}.{name}: {form} {kind}"


def base(folder: Folder) -> str:
    """Keep the tables in a DuckDB file with views, schemas or macros of its own."""
    table = folder.some_table()
    folder.form = dict.fromkeys(folder.tables, "duckdb")
    what = folder.dice.choice(["plain", "view", "dead view", "file view", "schema", "macro", "wal", "noise"])
    folder.sql += {
        "view": [f'ALTER TABLE "{table}" RENAME TO kept', f'CREATE VIEW "{table}" AS SELECT * FROM kept'],
        "dead view": [f'ALTER TABLE "{table}" RENAME TO kept', f'CREATE VIEW "{table}" AS SELECT * FROM kept', "DROP TABLE kept"],
        "file view": [
            f'CREATE OR REPLACE TABLE kept AS SELECT * FROM "{table}"',
            f'DROP TABLE "{table}"',
            f"CREATE VIEW \"{table}\" AS SELECT * FROM read_text('*.yaml')",
        ],
        "schema": ["CREATE SCHEMA s", f'CREATE TABLE s."{table}" AS SELECT * FROM "{table}"', f'DROP TABLE "{table}"'],
        "macro": ["CREATE MACRO count(x) AS 0", "CREATE MACRO sum(x) AS 1"],
        "noise": [f'CREATE TABLE "{folder.dice.choice(hostile.NAMES[1:60]).replace(chr(34), "")[:50] or "x"}" (a INTEGER)'],
    }.get(what, [])
    if what in ("schema", "dead view", "file view"):
        folder.unsure.add(table)
    return f"DuckDB: {what} {table}"


MUTATIONS = (
    *([cell] * 9), *([citizen] * 3), swap_columns, reverse_times, *([heading] * 3), lose_column, lose_column, add_column, add_column,
    no_heading, *([rows] * 4), *([tree] * 2), two_openings, lines, lines, *([file_bytes] * 4), other_files, other_files, *([types] * 5), base,
)  # fmt: skip


def _do(folder: Folder, what: Callable[[Folder], str]) -> None:
    """Do one thing more, as far as it can be done with rows that an earlier one has made shorter."""
    try:
        folder.done.append(what(folder))
    except IndexError:
        folder.done.append(f"{what.__name__}: in part")


def mutate(dice: random.Random, asked: list[str]) -> Folder:
    """Take some sound tables and do one to three things to them; to some only what leaves them sound."""
    every = sound.tables()
    folder = Folder(dice, {table: every[table] for table in asked})
    form = dice.choices(["csv", "parquet", "duckdb"], [6, 3, 1])[0]
    folder.form = dict.fromkeys(folder.tables, form)
    sound_still = dice.random() < 0.3
    for _ in range(dice.choice([1, 2, 3, 4]) if sound_still else dice.choice([0, 0, 0, 1])):
        _do(folder, dice.choice(SOUND))
    for _ in range(0 if sound_still else dice.choice([1, 1, 1, 2, 2, 3])):
        _do(folder, dice.choice(MUTATIONS))
    return folder


# Writing


def write(folder: Folder, where: Path) -> Path:
    """Write a folder of files or, where any table is in DuckDB, a file of that; return its path."""
    if "duckdb" in folder.form.values():
        return _write_base(folder, where.with_suffix(".duckdb"))
    where.mkdir()
    changes: dict[str, list[Callable[[bytes], bytes]]] = {}
    for table, change in folder.late:
        changes.setdefault(table, []).append(change)
    for table in folder.tables.keys() - folder.gone:
        form, rows = folder.form[table], folder.tables[table]
        half = len(rows) // 2 + 1
        halves = {f"{table}_1": rows[:half], f"{table}_2": [*rows[:1], *rows[half:]]}
        for name, part in (halves if table in folder.halves else {table: rows}).items():
            one = replace(folder, tables={table: part})
            data = _parquet(one, table) if form == "parquet" else _csv(part, quoted=folder.quoted)
            for change in changes.get(table, ()):
                data = change(data)
            (where / f"{name}.{form}").write_bytes(data)
    for name, content in folder.beside.items():
        (where / name).parent.mkdir(exist_ok=True)
        if content is None:
            (where / name).mkdir()
        else:
            (where / name).write_bytes(content)
    return where


def _csv(rows: Table, *, quoted: bool) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def _columns(folder: Folder, table: str) -> dict[str, list[str | None]]:
    """Give the cells by column; of columns of one name the last one stays, and names no file can hold are mended."""
    head, *rows = folder.tables[table] or [["a"]]
    names = [name.replace("\0", "").encode("utf-8", "ignore").decode() or f"column_{n}" for n, name in enumerate(head)]
    width = len(names)
    texts = [[cell.encode("utf-8", "ignore").decode() or None for cell in (*row, *[""] * width)[:width]] for row in rows]
    return {name: [row[n] for row in texts] for n, name in enumerate(names)}


def _typed(cells: list[str | None], kind: str) -> pa.Array:
    """Hold text as the kind of its column where all of it can be, as typed exports do."""
    try:
        given = pa.array(cells, pa.string())
        wanted = {
            "time": pa.timestamp("us"),
            "date": pa.date32(),
            "number": pa.float64(),
            "whole": pa.int64(),
            "flag": pa.bool_(),
        }
        return given.cast(wanted.get(kind, pa.string()))
    except pa.ArrowException:
        return pa.array(cells, pa.string())


def _parquet(folder: Folder, table: str) -> bytes:
    arrays = {}
    for name, cells in _columns(folder, table).items():
        chosen = folder.types.get((table, name))
        arrays[name] = _typed(cells, KINDS.get((table, name), ""))
        if (table, name) in folder.zones and pa.types.is_timestamp(arrays[name].type):
            arrays[name] = pc.assume_timezone(arrays[name], "Asia/Shanghai").cast(pa.timestamp("us", "UTC"))
        if chosen in IDS:
            try:
                arrays[name] = pa.array(cells, pa.string()).cast(IDS[chosen])
            except pa.ArrowException:
                continue
        if chosen in ARROW:
            kind, value = ARROW[chosen]
            try:
                arrays[name] = pa.array(cells if value is None else [value] * len(cells), kind)
            except (pa.ArrowException, TypeError, ValueError):
                arrays[name] = pa.array([None] * len(cells), kind)
    sink = io.BytesIO()
    try:
        pq.write_table(pa.table(arrays), sink)
    except pa.ArrowException:
        sink = io.BytesIO()
        pq.write_table(pa.table({name: pa.array(cells, pa.string()) for name, cells in _columns(folder, table).items()}), sink)
    return sink.getvalue()


def _write_base(folder: Folder, path: Path) -> Path:
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        for table in sorted(folder.tables.keys() - folder.gone):
            given = pa.table({name: pa.array(cells, pa.string()) for name, cells in _columns(folder, table).items()})
            given = given.rename_columns([name or f"column_{n}" for n, name in enumerate(given.column_names)])
            try:
                connection.register("given", given)
                connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM given')
            except duckdb.Error:  # two columns that differ by case only
                continue
            for (of, name), kind in folder.types.items():
                if of == table and name in given.column_names:
                    _try_sql(
                        connection,
                        f'ALTER TABLE "{table}" ALTER "{name.replace(chr(34), "")}" TYPE {kind} USING {SQL.get(kind, "NULL")}',
                    )
        for statement in folder.sql:
            _try_sql(connection, statement)
    return path


def _try_sql(connection: Any, statement: str) -> None:
    try:
        connection.execute(statement)
    except duckdb.Error:
        return
