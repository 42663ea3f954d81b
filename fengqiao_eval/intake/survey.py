"""What lies in the folders of an office: every file, the tables in it, and which record table each most likely is."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unicodedata import normalize

import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from fengqiao_eval.errors import Fault, InputError, Note, refuse
from fengqiao_eval.files import absence, plain_path
from fengqiao_eval.identities import hide, look, names_citizen
from fengqiao_eval.office import grid
from fengqiao_eval.office.finder import Proposal, search
from fengqiao_eval.office.layout import Layout, column_letters
from fengqiao_eval.office.table import read_heading
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.csv_files import name_faults
from fengqiao_eval.records.headings import Fitness, Headings, Meaning, bare
from fengqiao_eval.records.sources import BROKEN, attach, ending, unreadable
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.words import readable

BASES = (".duckdb", ".db")
"""How files of DuckDB are called."""
MOST_FILES = 2000
"""A survey of more files is refused: a folder of records holds some hundred."""
UNCOUNTED = -1
"""Rows that were not counted."""
HINT = 0.3
"""What it weighs, beside the share of required columns, that file or sheet is called as a table."""
CLOSE = 0.05
"""A table that fits by as little less is named as another possibility."""


@dataclass(frozen=True)
class TableFound:
    """A table that lies in a file: where, what its columns mean, and which record table it most likely is ('' for none).

    others: tables that fit nearly as well; missing: required columns that no heading means; citizens and free: columns that are
    left out, since they hold members of the public, or sentences in which they may be named; hidden: whether its
    sheet is; joins: times that stand in a column of days and one of clocks; halves: columns whose other half is not sure; roster:
    whether its rows are persons, who are units of level officer; times, title: as a Proposal has them.
    """

    path: Path
    sheet: str
    layout: Layout
    columns: tuple[str, ...]
    rows: int
    sure: float
    table: str
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    why: tuple[Note, ...] = ()
    others: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    citizens: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    hidden: bool = False
    joins: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    halves: tuple[str, ...] = ()
    roster: bool = False
    times: tuple[str, ...] = ()
    title: str | None = None

    @property
    def paired(self) -> set[str]:
        """Name the columns of days and of clocks that are joined."""
        return {name for pair in self.joins.values() for name in pair}

    def chosen(self) -> dict[str, str]:
        """Choose for each column the heading that the dictionary lists first of those that mean it, wherever it stands."""
        likeliest = sorted(self.meanings.items(), key=lambda one: one[1].rank)
        best = {meaning.column: heading for heading, meaning in reversed(likeliest)}
        return {heading: meaning.column for heading, meaning in self.meanings.items() if best[meaning.column] == heading}

    def gives(self) -> set[str]:
        """Name the columns of its table that it gives, and those that nobody knows."""
        meant = self.chosen()
        return {*(meant.get(name, name) for name in self.columns if name not in self.paired), *self.joins}

    def unused(self) -> list[str]:
        """Name the columns that mean nothing."""
        return [name for name in self.columns if name not in {*self.meanings, *self.halves, *self.paired}]


FREE = frozenset(
    [
        *(
            "备注",
            "说明",
            "备考",
            "摘要",
            "案情",
            "简要案情",
            "警情内容",
            "诉求内容",
            "内容",
            "描述",
            "详情",
            "处理情况",
            "处警情况",
        ),
        *("发生地点", "案发地点", "事发地点", "警情地点", "地点", "occurplace", "place", "location"),
        *("remark", "remarks", "note", "notes", "comment", "comments", "description", "memo", "details"),
    ]
)
"""What columns of sentences and of places are called; no scheme counts by them."""


def survey(places: Sequence[Path], headings: Headings) -> tuple[list[TableFound], list[Fault]]:
    """Look at every file of folders, those below among them, or at a DuckDB file; give what lies there, and what cannot be read.

    Links and hidden files are passed over. Raises InputError where a place is neither, or holds more than MOST_FILES files.
    """
    refuse(Fault(str(place), "", "records.not_there") for place in places if not place.exists())
    paths = {path: place for place in places for path in ([place] if place.is_file() else _files_below(place))}
    if len(paths) > MOST_FILES:
        raise InputError([Fault(str(places[0]), "", "draft.many_files", {"count": len(paths), "most": MOST_FILES})])
    root = common_root(places)
    found: list[TableFound] = []
    faults: list[Fault] = []
    for path, place in paths.items():
        try:
            for one in _findings(path, path.relative_to(place.parent).as_posix(), headings):
                if isinstance(one, TableFound):
                    found.append(one)
                else:
                    faults.append(_place(one, path, root))
        except InputError as error:
            faults += [_place(fault, path, root) for fault in error.faults]
    return found, faults


def common_root(places: Sequence[Path]) -> Path:
    """Give the folder, or the DuckDB file, that holds all that was named."""
    whole = [place.absolute() for place in places]
    if len(whole) == 1:
        return whole[0] if whole[0].is_dir() or whole[0].suffix.lower() in BASES else whole[0].parent
    return Path(os.path.commonpath(whole))


def _place(fault: Fault, path: Path, root: Path) -> Fault:
    """Name the file of a fault by its path from the root, unless a folder is called by a citizen's number."""
    folder = path.absolute().parent
    if not fault.file.startswith(path.name) or not folder.is_relative_to(root) or folder == root:
        return fault
    above = readable(folder.relative_to(root).as_posix())
    return fault if names_citizen(above) else replace(fault, file=f"{above}/{fault.file}")


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith((".", "~$")) and not path.is_symlink():
                yield path


def _findings(path: Path, called: str, headings: Headings) -> Iterator[TableFound | Fault]:
    """Find the tables of a file, and why there are none; a pipe is none, what is called by a citizen's number is not told of."""
    if not path.is_file():
        raise InputError([Fault(path.name, "", absence(path))])
    if names_citizen(called):  # its folder is told as well
        raise InputError([Fault(hide(path.name), "", "records.citizen_name")])
    if path.suffix.lower() in BASES:
        for table, columns, rows in _base_tables(path):
            yield from _tables(path, Proposal(table, Layout(), columns, rows, 1.0), headings)
    elif ending(path) == ".parquet":
        try:
            file = pq.ParquetFile(plain_path(path))
        except (ArrowException, OSError):
            raise InputError([unreadable(path.name, "Parquet")]) from None
        yield from _tables(path, Proposal("", Layout(), tuple(file.schema_arrow.names), file.metadata.num_rows, 1.0), headings)
    elif not ending(path):
        yield Fault(path.name, "", "draft.other_kind")
    else:
        yield from _sheets(path, headings)


def _sheets(path: Path, headings: Headings) -> Iterator[TableFound | Fault]:
    """Find the tables of the sheets of a file, and those in which there is none."""
    looked = search(path, headings.words)
    for proposal in looked.proposals:
        yield from _tables(path, proposal, headings)
    for sheet in looked.without:
        where = f"{path.name}:{look(sheet) if names_citizen(sheet) else sheet}" if sheet else path.name
        yield Fault(where, "", "draft.no_heading")
    if not looked.proposals and not looked.without:
        yield Fault(path.name, "", "draft.empty")


def _base_tables(path: Path) -> list[tuple[str, tuple[str, ...], int]]:
    """List the tables and views of a DuckDB file with their columns and rows; of views, which may have no end, UNCOUNTED."""
    connection, base, every = attach(path, "UTC", path.name)
    asked = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?"
    tables = set(connection.con.execute(asked, [base]).fetchall())
    found = []
    for schema, name in every:
        try:
            rows = connection.table(name, database=(base, schema))
            count = int(rows.count().execute()) if (schema, name) in tables else UNCOUNTED
            found.append((name if schema == "main" else f"{schema}.{name}", tuple(rows.columns), count))
        except BROKEN:  # it is told by name when it is read
            continue
    return found


BADGES = frozenset(
    ["警号", "民警警号", "警员编号", "民警编号", "人员编号", "辅警编号", "badge", "badge no", "officer no", "officer id"]
)
"""What the numbers of persons are called in a roster of them."""
CALLED = frozenset(["姓名", "民警姓名", "警员姓名", "人员姓名", "name", "full name", "officer name"])
"""What their names are called there."""
_OF_PERSONS = re.compile(r"名册|花名册|名单|民警|警员|辅警|人员|roster|officers|staff")


def _tables(path: Path, proposal: Proposal, headings: Headings) -> Iterator[TableFound]:
    """Give the table that a proposal is, and where it lists persons with their unit, these as units of level officer."""
    found = _finding(path, proposal, headings)
    roster = _roster(path, proposal, headings, found)
    if roster is None or (found.table == "postings" and not found.missing):
        yield found
    if roster is not None:
        yield roster


def _roster(path: Path, proposal: Proposal, headings: Headings, found: TableFound) -> TableFound | None:
    """Take a sheet for a roster of persons: number and name side by side, a unit, and no other id or time of a record.

    A name beside the number of an officer may be a citizen's in a table of records, which is therefore never taken for one.
    """
    columns, named = proposal.columns, f"{path.parent.name} {path.name} {proposal.sheet}".casefold()
    of = {one.column: name for name, one in headings.columns_of(columns, "postings").items()}
    badge = next((name for name in columns if bare(name) in BADGES), "")
    called = next((name for name in columns if bare(name) in CALLED), "")
    if found.table not in ("", "postings") or not (badge and called and "unit_id" in of) or not _OF_PERSONS.search(named):
        return None
    if abs(columns.index(badge) - columns.index(called)) != 1:
        return None
    meant = {badge: Meaning("unit_id"), called: Meaning("name"), of["unit_id"]: Meaning("parent_id")}
    kept = tuple(name for name in columns if name in meant)
    layout = proposal.layout.model_copy(
        update={"marks": {}, "formats": {}, "fill": tuple(n for n in proposal.layout.fill if n in kept)}
    )
    if ending(path) not in ("", ".parquet"):
        layout = layout.model_copy(update={"columns": _letters(path, proposal, kept)})
    citizens = tuple(name for name in found.citizens if name != called)
    alone = replace(found, others=(), missing=(), free=(), joins={}, halves=())
    return replace(alone, table="units", layout=layout, columns=kept, meanings=meant, citizens=citizens, roster=True)


def _finding(path: Path, proposal: Proposal, headings: Headings) -> TableFound:
    """Say which table a proposal most likely is, without the columns of citizens."""
    if names_citizen(proposal.sheet):
        raise InputError([Fault(f"{path.name}:{look(proposal.sheet)}", "", "records.citizen_name")])
    refuse(name_faults(list(proposal.columns), f"{path.name}:{proposal.sheet}" if proposal.sheet else path.name))
    best, others = _best_table(path, proposal, headings)
    table = best.table if _is_table(best, path, proposal, headings) else ""
    citizens = tuple(name for name in proposal.columns if table and is_of_citizens(name, TABLES[table]))
    meant = headings.columns_of(proposal.columns, table) if table else {}
    joins, halves = _join_columns(proposal, meant, table, headings) if table else ({}, ())
    meant = {name: one for name, one in meant.items() if one.column not in joins and name not in halves}
    free = tuple(name for name in proposal.columns if table and bare(name, brackets=False) in FREE and name not in meant)
    kept = tuple(name for name in proposal.columns if name not in (*citizens, *free))
    needed = {name for name, one in meant.items() if one.column in TABLES[table].required}
    marks = {name: those for name, those in proposal.layout.marks.items() if name not in needed}
    own = {name for name, one in meant.items() if one.column == TABLES[table].key}  # no id of a record is said once for several
    fill = tuple(name for name in proposal.layout.fill if name not in own)
    layout = proposal.layout.model_copy(update={"marks": marks, "fill": fill})  # a mark where an id must be stays an id
    if (citizens or free) and ending(path) not in ("", ".parquet"):
        told = {key: {name: one for name, one in getattr(layout, key).items() if name in kept} for key in ("marks", "formats")}
        filled = tuple(name for name in fill if name in kept)
        layout = layout.model_copy(update={"columns": _letters(path, proposal, kept), "fill": filled, **told})
    return TableFound(
        path=path,
        sheet=proposal.sheet,
        layout=layout,
        columns=kept,
        rows=proposal.rows,
        sure=proposal.sure,
        table=table,
        meanings={name: one for name, one in meant.items() if name in kept},
        why=tuple(note for note in proposal.why if note.key != "found_fill" or layout.fill),
        others=others if table else (),
        missing=tuple(
            name for name in _lacking(table, meant, joins) if name in (*best.missing, *_columns_of(halves, table, headings))
        ),
        citizens=citizens,
        free=free,
        hidden=proposal.hidden,
        joins=joins,
        halves=halves,
        times=proposal.times,
        title=proposal.title,
    )


def _join_columns(
    proposal: Proposal, meant: Mapping[str, Meaning], table: str, headings: Headings
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Pair columns of days and of clocks that are one time; and name those that mean a time and have lost their other half.

    Two columns are a pair where their headings are alike but for the word for day or time. A column of days alone is a half only
    where a column of clocks stands beside it.
    """
    times = [column.name for column in TABLES[table].columns if column.kind == "time"]
    joins: dict[str, tuple[str, str]] = {}
    halves: list[str] = []
    for clock in proposal.clocks:
        near = [day for day in proposal.days if abs(proposal.columns.index(day) - proposal.columns.index(clock)) == 1]
        pairs = [day for day in proposal.days if _stem(day) == _stem(clock)] or [day for day in near if not _stem(clock)]
        words = [clock, *pairs, _stem(clock), f"{_stem(clock)}时间", *(f"{_stem(day)}时间" for day in pairs)]
        named = [one.column for one in headings.columns_of(words, table).values() if one.column in times]
        if len(pairs) == 1 and named and len(set(named)) == 1 and named[0] not in joins:
            joins[named[0]] = (pairs[0], clock)
        elif named:
            halves += [one for one in (clock, *pairs, *near) if one in meant and meant[one].column in times]
    paired = {name for pair in joins.values() for name in pair}
    return joins, tuple(one for one in dict.fromkeys(halves) if one not in paired)


def _stem(heading: str) -> str:
    """Leave of a heading what it is a day or a time of.

    >>> _stem("接报日期"), _stem("接警时间 时间"), _stem("arrival date")
    ('接报', '接警', 'arrival')
    """
    return bare(_OF_TIME.sub("", normalize("NFKC", heading).casefold()), brackets=False)


_OF_TIME = re.compile(r"日期|时间|时刻|钟点|年月日|时分秒?|[日时]$|(?<![a-z])(?:date|time|day|clock)(?![a-z])")


def _lacking(table: str, meant: Mapping[str, Meaning], joins: Mapping[str, object]) -> tuple[str, ...]:
    """Name the required columns that nothing means; the day after which a record counts too is one."""
    there = {*(one.column for one in meant.values()), *joins}
    return tuple(name for name in TABLES[table].required if name not in there) if table else ()


def _columns_of(halves: Sequence[str], table: str, headings: Headings) -> tuple[str, ...]:
    return tuple(one.column for one in headings.columns_of(halves, table).values()) if halves else ()


def _best_table(path: Path, proposal: Proposal, headings: Headings) -> tuple[Fitness, tuple[str, ...]]:
    """Choose the table that the headings fit best, with a word for what file and sheet are called; and those nearly as good."""
    named = headings.tables_named(f"{path.parent.name} {path.name} {proposal.sheet}")
    scored = sorted(
        ((fit.share + HINT * (fit.table in named), fit) for fit in headings.fits(proposal.columns)), key=lambda one: -one[0]
    )
    best = scored[0]
    return best[1], tuple(fit.table for score, fit in scored[1:] if best[0] - score < CLOSE and not fit.missing)


def _is_table(fit: Fitness, path: Path, proposal: Proposal, headings: Headings) -> bool:
    """Say whether a sheet is a record table at all: every required column is there, or all but one and it is called so."""
    above = path.parent.name if fit.missing == ("unit_id",) else ""  # a file or sheet may be called after its unit
    named = headings.tables_named(f"{above} {path.name} {proposal.sheet}")
    return not fit.missing or (len(fit.missing) == 1 and len(fit.columns) > 1 and fit.table in named)


def _letters(path: Path, proposal: Proposal, kept: Sequence[str]) -> tuple[str, ...]:
    """Name the columns that are read by their letters."""
    opened = grid.open_office(path, Layout())
    names = read_heading(opened.grid(proposal.sheet, proposal.layout), proposal.layout)
    return tuple(column_letters(number) for number, name in names.items() if name in kept)
