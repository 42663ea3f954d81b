"""The records as read: tables found, shaped, checked and typed, with every fault of every table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pandas as pd

from fengqiao_eval.errors import Fault, Note, refuse
from fengqiao_eval.files import input_faults
from fengqiao_eval.office.receipt import Receipt
from fengqiao_eval.records import query
from fengqiao_eval.records.checks import check_cells, check_table, check_units, find_equal
from fengqiao_eval.records.identifiers import Match, Repair, match_ids, register
from fengqiao_eval.records.ingest import Mapped, select_declared, shape
from fengqiao_eval.records.row_names import RowNames
from fengqiao_eval.records.sources import BROKEN, SHOWN, Address, Roots, Source, find_sources, roots_of, to_roots, unreadable
from fengqiao_eval.records.tables import TABLES, Table
from fengqiao_eval.records.units import TOLD, UnknownUnits
from fengqiao_eval.words import quote


class Gap(NamedTuple):
    """Cells that are empty though something may have happened: a file of several lacks the column, or their content is lost."""

    kind: Literal["file", "lost"]
    table: str
    column: str
    file: str
    number: int


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
    matches: tuple[Match, ...] = ()
    """How the columns of ids meet the units."""
    receipts: Mapping[str, tuple[Receipt, ...]] = field(default_factory=dict)
    """What was read of each file that an office made, row by row, by table."""
    unrecorded: frozenset[tuple[str, str]] = frozenset()
    """The tables and columns that the mapping sets to nothing in every file: nobody keeps them."""
    gaps: tuple[Gap, ...] = ()
    """Which cells are empty for a reason that lies in the files."""
    away: bool = False
    """Whether they stay in a database: then no more ids of them are brought here than a page lists."""
    equal: Mapping[str, pd.DataFrame] = field(default_factory=dict, compare=False)
    """The ids of rows that were left out because they equal another, the first of them, by table."""
    row_names: Mapping[str, Mapping[str, RowNames]] = field(default_factory=dict, compare=False)
    """What rows are called in faults, by table and by the file from which they are."""

    def file(self, table: str) -> str:
        """Say where a table was read from, for whoever must mend it."""
        return self.files.get(table, self.name)

    def columns(self, table: str) -> tuple[str, ...]:
        """Name the columns of a table, () where there is no such table."""
        return tuple(self.tables[table].columns) if table in self.tables else ()


def open_records(
    where: Roots | str | Sequence[str | Path],
    tables: Mapping[str, Mapped] | None = None,
    timezone: str = "Asia/Shanghai",
    name: str | None = None,
    unknown: UnknownUnits = TOLD,
    repair: Repair = "rules",
) -> Records:
    """Open a folder of NAME.parquet / NAME.csv, several of them, a DuckDB file or a database as checked tables.

    where: a path or several, or postgresql://… Raises InputError with every fault of every table: table, column, rule, count and
    first rows; UsageError where a path is none.
    """
    records, faults = read_records(to_roots(where), tables, timezone, name, unknown, repair)
    refuse(faults)
    return records


def read_records(
    where: Roots,
    tables: Mapping[str, Mapped] | None = None,
    timezone: str = "Asia/Shanghai",
    name: str | None = None,
    unknown: UnknownUnits = TOLD,
    repair: Repair = "rules",
) -> tuple[Records, list[Fault]]:
    """Open records as `open_records` does; return those tables that could be read, and every fault.

    Raises InputError where nothing can be read.
    """
    name = name or (where.name if isinstance(where, Address) else ", ".join(map(str, roots_of(where))))
    given = tables or {}
    refuse(Fault(name, f"tables.{table}", "records.unknown_table", {"given": table}) for table in given if table not in TABLES)
    mapped = {table: given.get(table, Mapped()) for table in TABLES}
    with input_faults(Path(name) if isinstance(where, Address) else roots_of(where)[0], name):
        found = find_sources(where, mapped, timezone, name)
    opened, matches, units, equal = dict[str, Any](), list[Match](), None, dict[str, pd.DataFrame]()
    named = {table: {part.file: part.row_names(mapped[table]) for part in parts} for table, parts in found.tables.items()}
    counts: dict[str, int] = {}
    faults, notes, deeper = found.faults, found.notes, list[Fault]()
    gaps = [gap for table, several in found.receipts.items() for gap in _lost_cells(table, several, mapped[table])]
    for table, parts in found.tables.items():
        file = _label_parts(parts)
        try:
            rows, wrong, more, told, lacking = _shape_parts(parts, TABLES[table], mapped[table], named[table])
            faults += wrong
            deeper += more
            notes += told
            gaps += lacking
            if rows is not None:
                units = register(rows) if table == "units" else units
                if units is not None:
                    how = mapped[table].repair or repair
                    rows, met, more, told = match_ids(rows, TABLES[table], units, file, how, unknown.names)
                    matches += met
                    deeper += more
                    notes += told
                opened[table], more, told = check_table(rows, TABLES[table], mapped[table], file)
                if any(note.key == "equal_rows" for note in told):
                    equal[table] = find_equal(rows, TABLES[table])
                counts[table] = int(opened[table].count().execute())
                deeper += more
                notes += told if counts[table] else [Note("empty_table", {"table": TABLES[table].label})]
        except BROKEN:  # damage behind the head of a file shows where its rows are asked for
            faults += [unreadable(part.file, part.kind) for part in parts if not _is_whole(part)] or [
                unreadable(file, parts[0].kind)
            ]
            opened.pop(table, None)
    # a cell that is empty only because what stood there could not be read is told of once
    unread = {(fault.file, fault.place) for fault in faults}
    faults += [fault for fault in deeper if fault.rule != "records.empty_cell" or (fault.file, fault.place) not in unread]
    if counts.get("units") == 0:
        faults.append(Fault(_label_parts(found.tables["units"]), "units", "records.empty_table"))
    elif "units" in opened:
        faults += check_units(opened["units"], mapped["units"], _label_parts(found.tables["units"]), named["units"])
    elif not found.tables and not faults:
        faults.append(Fault(name, "", "records.empty_folder", {"known": ", ".join(TABLES), "there": found.listing}))
    elif "units" not in {*found.tables, *found.unread}:
        faults.append(Fault(name, "units", "records.no_units", {"there": found.listing}))
    files = MappingProxyType({table: _label_parts(parts) for table, parts in found.tables.items()})
    receipts = MappingProxyType({table: tuple(several) for table, several in found.receipts.items()})
    held = (MappingProxyType(opened), MappingProxyType(counts), tuple(notes), name, unknown, found.listing, files)
    unrecorded, away = _empty_columns(found.tables), isinstance(where, Address)
    return Records(*held, tuple(matches), receipts, unrecorded, tuple(gaps), away, MappingProxyType(equal), named), faults


def _empty_columns(found: Mapping[str, Sequence[Source]]) -> frozenset[tuple[str, str]]:
    """List the columns that are set to nothing in every file of their table."""
    nothing = {
        table: [{n for n, value in part.set.items() if value in (None, "")} for part in parts] for table, parts in found.items()
    }
    return frozenset((table, name) for table, parts in nothing.items() for name in set.intersection(*parts))


def _label_parts(parts: Sequence[Source]) -> str:
    """Say what a table is called in faults: its file, of several the first ones."""
    return ", ".join(part.file for part in parts[:SHOWN]) + (" …" if parts[SHOWN:] else "")


def _is_whole(part: Source) -> bool:
    """Say whether every row of a file can be read."""
    try:
        part.rows.cache()
    except BROKEN:
        return False
    return True


def _shape_parts(
    parts: Sequence[Source], table: Table, mapped: Mapped, named: Mapping[str, RowNames]
) -> tuple[Any | None, list[Fault], list[Fault], list[Note], list[Gap]]:
    """Shape each file of a table and put them below each other; None where one lacks what a table must have.

    Of several files a name of the mapping may be in some only. Return also the faults of the files, those of their cells, notes,
    and the columns that a file lacks.
    """
    ways = [mapped.model_copy(update={"set": part.set}) for part in parts]
    shaped = [shape(part.rows, table, how, part.file, named[part.file]) for part, how in zip(parts, ways, strict=True)]
    faults = _mapping_faults_of_all([found for _, found, _ in shaped])
    notes = _join_notes([told for _, _, told in shaped])
    whole = [(part, rows) for part, (rows, _, _) in zip(parts, shaped, strict=True) if rows is not None]
    if len(whole) < len(parts):
        return None, faults, [], notes, []
    deeper = [fault for part, rows in whole for fault in check_cells(rows, table, part.file, named[part.file])]
    whole = [(part, select_declared(rows, table)) for part, rows in whole]
    if len(parts) == 1:
        return whole[0][1], faults, deeper, notes, []
    every = dict.fromkeys(name for _, rows in whole for name in rows.columns if not name.endswith(query.OWN))
    gaps: list[Gap] = []
    for part, rows in whole:
        if lacking := [name for name in every if name not in rows.columns]:
            given = {"table": table.label, "file": part.file, "columns": ", ".join(map(quote, lacking))}
            notes.append(Note("columns_missing", given))
            number = int(rows.count().execute())
            gaps += [Gap("file", table.name, name, part.file, number) for name in lacking]
    return query.union_files([(part.file, rows) for part, rows in whole]), faults, deeper, notes, gaps


def _lost_cells(table: str, several: Sequence[Receipt], mapped: Mapped) -> Iterator[Gap]:
    """List the cells of office files whose content is lost, by the columns that they are read into."""
    for receipt in several:
        for one in receipt.lost:
            yield Gap("lost", table, mapped.rename.get(one.column, one.column), receipt.where, one.number)


def _mapping_faults_of_all(found: Sequence[Sequence[Fault]]) -> list[Fault]:
    """Keep of the names that the mapping has and a file lacks those that every file lacks; all other faults stay."""

    def key(fault: Fault) -> tuple[str, str]:
        return fault.place, fault.given["given"]

    lacked = [{key(fault) for fault in faults if fault.rule == "records.mapping_column"} for faults in found]
    everywhere = set.intersection(*lacked)
    first = [fault for fault in found[0] if fault.rule == "records.mapping_column" and key(fault) in everywhere]
    return first + [fault for faults in found for fault in faults if fault.rule != "records.mapping_column"]


def _join_notes(found: Sequence[Sequence[Note]]) -> list[Note]:
    """Tell once what is said of several files: what the mapping names in vain only where no file has it, counts added up."""
    idle = [{key for note in notes if note.key == "mapping_idle" for key in note.given["keys"]} for notes in found]
    nowhere = set.intersection(*idle)
    joined: dict[tuple[str, str], dict[str, Any]] = {}
    for note in (note for notes in found for note in notes):
        given = dict(note.given)
        if note.key == "mapping_idle":
            given["keys"] = ", ".join(key for key in given["keys"] if key in nowhere)
            if not given["keys"]:
                continue
        same = note.key, repr({name: value for name, value in given.items() if name != "count"})
        if same in joined and "count" in given:
            joined[same]["count"] += given["count"]
        else:
            joined.setdefault(same, given)
    return [Note(key, given) for (key, _), given in joined.items()]
