"""Clean tables: files as offices have them, written as plain CSV with a receipt; citizens refused, or replaced by a code."""

import csv
import hashlib
import hmac
import os
import re
import secrets
import shutil
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from fengqiao_eval.documents import suggest
from fengqiao_eval.errors import Fault, InputError, Note, UsageError, refuse
from fengqiao_eval.files import OWN, PRIVATE, check_own, file_names, foreign_fault, input_faults, is_open
from fengqiao_eval.identities import CUT, LIKELY, LONG, look, names_citizen, plain_number
from fengqiao_eval.measuring.plausibility import percent
from fengqiao_eval.office.cells import Writing, read_amount, read_column
from fengqiao_eval.office.finder import Proposal, propose
from fengqiao_eval.office.layout import Layout
from fengqiao_eval.office.receipt import Receipt
from fengqiao_eval.office.table import read_table
from fengqiao_eval.pages import receipts
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.headings import Headings
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.lost_records import escape_formula
from fengqiao_eval.words import quote, say

ENCODINGS: tuple[str, ...] = get_args(get_args(Layout.model_fields["encoding"].annotation)[0])
"""The encodings that a file of text may be said to have."""
READER_NOTES = ("found_marks", "found_gaps", "found_more_remarks", "found_order", "found_decimal", "found_commas")
"""What of the reasons for a layout a person must look at before the tables are used; the others are in the receipt."""
SURE = 0.5
"""Where a heading is less certain nothing is read by it until a person has named it."""
CODE = 32
"""The signs of a code, hexadecimal: half of HMAC-SHA-256."""
KEY, LEAST_KEY, MOST_KEY = 32, 16, 1 << 16
"""The bytes of a key that is made, and those that one may have."""
LOOKED_AT = 2000
"""As many different cells of a column are looked at to see whether it holds times or numbers."""
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(:\d{2}(?:\.\d+)?)?)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_OF_AN_ID = re.compile(r"^\s*[+-]?0\d|[eE]")
"""What no amount has: a nought before other digits, and the exponent of an id whose last digits are gone."""
_TIMES, _NUMBERS = ("time", "date"), ("number", "whole")
_CODES = ("subject_id",)


@dataclass(frozen=True)
class ReadOptions:
    """What a person says of files to be read: encoding of text, row of the heading, columns to be coded, and the key for it."""

    encoding: str | None = None
    heading: int | None = None
    codes: tuple[str, ...] = ()
    key: Path | None = None

    @property
    def layout(self) -> Layout:
        """Give it as a layout; UsageError where the encoding is none."""
        if self.encoding is not None and self.encoding not in ENCODINGS:
            raise UsageError("read.encoding", given=self.encoding, known=", ".join(ENCODINGS))
        return Layout.model_validate({"encoding": self.encoding, "heading": self.heading})


@dataclass
class CleanTable:
    """A table that was read: how its file is called, why so, its cells as texts, its receipt, and what else must be said."""

    label: str
    proposal: Proposal
    cells: pa.Table
    receipt: Receipt
    notes: list[Note] = field(default_factory=list)
    name: str = ""

    def head(self, lang: str) -> Iterator[str]:
        """Say where its heading lies, how sure that is, and what else a person should look at."""
        row = "–".join(str(row) for row in dict.fromkeys(self.proposal.layout.heading_rows))
        given = {"row": row, "sure": percent(self.proposal.sure), "to": f"{self.name}.csv", "rows": f"{self.cells.num_rows:,}"}
        yield say("clean.table", lang, file=self.receipt.where, **given)
        for note in self.proposal.why:
            if note.key in READER_NOTES:  # no cell is said but marks for nothing
                yield "  " + say(f"note.{note.key}", lang, **note.given)
        yield from (f"  {say(f'note.{note.key}', lang, **note.given)}" for note in self.notes)

    def lines(self, lang: str) -> Iterator[str]:
        """Say that, and the receipt in short."""
        yield from self.head(lang)
        yield from (f"  {line}" for line in self.receipt.lines(lang))


def write_clean(paths: Sequence[Path], to: Path, told: ReadOptions, headings: Headings, lang: str) -> list[str]:
    """Read files as offices have them and write each table as UTF-8 CSV into a new folder, with read.html; say what was done.

    Each table lies where office.finder.propose finds it. Times are written as ISO, numbers plain, formulas made harmless, ids as
    they are. The columns named by told.codes are replaced by HMAC-SHA-256 of their cells; any other that holds citizens is
    refused by its name. All is written or nothing. Raises UsageError where the folder is there or the call is wrong, InputError
    with every fault of every file: no table, a heading that is unsure, citizens, a key that others may read.
    """
    _check_call(paths, to, told)
    tables, faults = _read_files(paths, told, headings)
    faults += _code_faults(tables, told)
    key, made = b"", False
    if told.key is not None:
        try:
            key, made = _find_key(told.key, to, paths)
        except InputError as error:
            faults += error.faults
    refuse(faults)
    for one in tables:
        _make_plain(one, told.codes, key)
    _name_tables(tables)
    _write_all(tables, to, (told.key, key) if made and told.key else None, lang)
    lines = [line for one in tables for line in one.lines(lang)]
    lines += [say("clean.key_made", lang, path=told.key)] if made else []
    return [*lines, say("clean.done", lang, path=to, tables=len(tables), page=to / receipts.NAME)]


def _check_call(paths: Sequence[Path], to: Path, told: ReadOptions) -> None:
    """Refuse a call that cannot be: a folder that is there, one that others may write in, a key without a column."""
    _ = told.layout
    if os.path.lexists(to):
        raise UsageError("read.taken", given=to)
    if bool(told.codes) != (told.key is not None):
        raise UsageError("read.key")
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("read.twice")
    if not to.absolute().parent.is_dir():
        raise UsageError("read.parent", given=to.absolute().parent)
    if is_open(to.absolute().parent):
        raise foreign_fault("open", to.absolute().parent)


# Read


def _read_files(paths: Sequence[Path], told: ReadOptions, headings: Headings) -> tuple[list[CleanTable], list[Fault]]:
    """Read the tables of every file; give them, and the faults of all that cannot be read."""
    tables: list[CleanTable] = []
    faults: list[Fault] = []
    for path, label in zip(paths, _labels(paths), strict=True):
        try:
            every = propose(path, headings.words, label, told.layout)
            refuse(_citizens_in_names(path, every))
        except InputError as error:
            faults += error.faults
            continue
        found = [one for one in every if not one.hidden]
        if not found:
            faults.append(Fault(label, "", "clean.hidden_alone" if every else "clean.no_table", {}))
        here = len(tables)
        for proposal in found:
            try:
                tables.append(_read_proposal(path, label, proposal, told.codes, headings))
            except InputError as error:
                faults += error.faults
        hidden = [
            Note("clean_hidden", {"file": label, "sheet": quote(one.sheet), "rows": f"{one.rows:,}"})
            for one in every
            if one.hidden
        ]
        for table in tables[here : here + 1]:
            table.notes += hidden
    return tables, faults


def _labels(paths: Sequence[Path]) -> list[str]:
    """Call each file by its name, files of one name in several folders by as much of the path as tells them apart."""
    if len({path.name for path in paths}) == len(paths):
        return [path.name for path in paths]
    whole = [path.absolute() for path in paths]
    with suppress(ValueError):  # two drives of Windows
        common = os.path.commonpath([path.parent for path in whole])
        return [path.relative_to(common).as_posix() for path in whole]
    return [path.as_posix() for path in whole]


def _read_proposal(path: Path, label: str, proposal: Proposal, codes: Sequence[str], headings: Headings) -> CleanTable:
    """Read a table as it is proposed. Raises InputError: unsure, or with citizens in a column that is not to be coded."""
    where = f"{label}:{proposal.sheet}" if proposal.sheet else label
    if proposal.sure < SURE:
        rows = [proposal.layout, *proposal.alternatives]
        others = ", ".join("–".join(str(row) for row in dict.fromkeys(one.heading_rows)) for one in rows)
        given = {"sure": percent(proposal.sure), "rows": others}
        raise InputError([Fault(where, others.split(", ")[0], "clean.unsure", given)])
    notes = []
    if proposal.layout.fill:  # nobody has settled it: merged cells alone speak for others
        notes.append(Note("clean_not_filled", {"file": where, "columns": ", ".join(map(quote, proposal.layout.fill))}))
        proposal = replace(proposal, layout=proposal.layout.model_copy(update={"fill": ()}))
    cells, _ = read_table(path, proposal.layout, name=label)
    refuse(_citizen_faults(where, cells, codes, headings))
    kinds = _kinds(cells, codes, headings)
    cells, receipt = read_table(path, proposal.layout, kinds, name=label)
    refuse(_loss_faults(receipt, codes))
    found = CleanTable(label, proposal, cells, receipt, notes)
    for name, kind in kinds.items():
        _count_others(found, name, kind)
    return found


def _table_of(columns: Sequence[str], headings: Headings) -> str:
    """Name the table that the headings surely are, else that of cases: there nobody but a citizen has a name or an address."""
    best = headings.fits(columns)[0]
    return "cases" if best.missing else best.table


def _citizen_faults(where: str, cells: pa.Table, codes: Sequence[str], headings: Headings) -> Iterator[Fault]:
    """Find columns that are called as one of citizens, or hold a citizen's number, and are not to be coded."""
    table = TABLES[_table_of(cells.column_names, headings)]
    meanings = headings.columns_of(cells.column_names, table.name)
    for name in cells.column_names:
        if name in codes:
            continue
        if is_of_citizens(name, table):
            yield Fault(where, quote(name), "clean.citizen_column", {})
            continue
        meant = meanings[name].column if name in meanings else ""
        bare, code = meant in _CODES, meant.endswith("_id")
        fitting = [pc.match_substring_regex(cells[name], pattern) for pattern in ((LONG,) if bare else (LIKELY, CUT))]
        likely = pc.unique(cells[name].filter(reduce(pc.or_, fitting)))
        found = [cell for cell in likely.to_pylist() if cell is not None and names_citizen(cell, code=code, bare=bare)]
        if found:
            count = pc.sum(pc.is_in(cells[name], pa.array(found, cells[name].type))).as_py()
            yield Fault(where, quote(name), "clean.citizen_cells", {"count": f"{count:,}"})


def _loss_faults(receipt: Receipt, codes: Sequence[str]) -> Iterator[Fault]:
    """Refuse to code what is lost: two persons would have one code."""
    for one in receipt.lost:
        if one.column in codes:
            rows = ", ".join(map(str, one.first))
            yield Fault(receipt.where, quote(one.column), "clean.code_lost", {"count": f"{one.number:,}", "rows": rows})


def _code_faults(tables: Sequence[CleanTable], told: ReadOptions) -> Iterator[Fault]:
    """Find columns to be coded that no file has; where a file could not be read nobody knows."""
    there = list(dict.fromkeys(name for one in tables for name in one.cells.column_names))
    for name in told.codes:
        if there and name not in there:
            yield Fault("--code", quote(name), "clean.no_column", {"near": suggest(name, there)})


# What a column holds


def _kinds(cells: pa.Table, codes: Sequence[str], headings: Headings) -> dict[str, str]:
    """Say of which columns times and numbers are wanted: as the dictionary of headings means them, else by what they hold."""
    table = TABLES[headings.fits(cells.column_names)[0].table]
    meanings = headings.columns_of(cells.column_names, table.name)
    kinds = {}
    for name in cells.column_names:
        declared = table.column(meanings[name].column) if name in meanings else None
        kind = declared.kind if declared else _kind_of(pc.unique(cells[name]).drop_null().to_pylist()[:LOOKED_AT])
        if name not in codes and kind in (*_TIMES, *_NUMBERS):
            kinds[name] = kind
    return kinds


def _kind_of(texts: Sequence[str]) -> str:
    """Say what a column holds by its texts: times, where most are one; numbers, where all are and some are not plain.

    >>> _kind_of(["2024年10月1日 8时12分", "不详", "2024.10.2"]), _kind_of(["20241001", "20241002"])
    ('time', 'text')
    >>> _kind_of(["1,204", "3万"]), _kind_of(["1,003", "014"]), _kind_of([])
    ('number', 'text', 'text')
    """
    times = sum(not _NUMBER.fullmatch(one) and bool(_iso(read_column([one], Writing("time")).texts[0])) for one in texts)
    if times * 2 > len(texts):
        return "time"
    plain = [unicodedata.normalize("NFKC", one) for one in texts]
    numbers = all(read_amount(one) is not None and not _OF_AN_ID.search(one) for one in plain)
    return "number" if numbers and not all(map(_NUMBER.fullmatch, texts)) else "text"


def _iso(text: str | None) -> str | None:
    """Write a plain time as ISO 8601, with a blank before the clock; None where it is none.

    >>> _iso("2024/10/1 8:05"), _iso("2024-02-30"), _iso("3")
    ('2024-10-01 08:05', None, None)
    """
    found = _ISO.fullmatch(text or "")
    if not found:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None
    return f"{day} {int(found[4]):02d}:{found[5]}{found[6] or ''}" if found[4] else day


def _count_others(one: CleanTable, name: str, kind: str) -> None:
    """Note how many cells of a column of times or numbers are none, and stay as they are written."""
    fits: Callable[[str], bool] = (
        (lambda text: _iso(text) is not None) if kind in _TIMES else (lambda t: bool(_NUMBER.fullmatch(t)))
    )
    column = one.cells[name]
    others = [text for text in pc.unique(column).drop_null().to_pylist() if not fits(text)]
    if others:
        count = pc.sum(pc.is_in(column, pa.array(others, column.type))).as_py()
        note = "clean_no_time" if kind in _TIMES else "clean_no_number"
        one.notes.append(Note(note, {"file": one.receipt.where, "column": quote(name), "count": f"{count:,}"}))


# Made plain


def _make_plain(one: CleanTable, codes: Sequence[str], key: bytes) -> None:
    """Code what is to be coded, write times as ISO, and make formulas harmless; what is changed is noted with its number."""
    for number, name in enumerate(one.cells.column_names):
        column = one.cells[name]
        if name in codes:
            made = [None if cell is None else code(cell, key) for cell in column.to_pylist()]
            given = {"persons": f"{len(set(made) - {None}):,}", "count": f"{sum(cell is not None for cell in made):,}"}
            one.notes.append(Note("clean_coded", {"file": one.receipt.where, "column": quote(name), **given}))
        else:
            made = [cell and harmless(_iso(cell) or cell) for cell in column.to_pylist()]
            changed = sum(bool(now) and now == f"'{cell}" for now, cell in zip(made, column.to_pylist(), strict=True))
            if changed:
                given = {"column": quote(name), "count": f"{changed:,}"}
                one.notes.append(Note("clean_formula", {"file": one.receipt.where, **given}))
        one.cells = one.cells.set_column(number, name, pa.array(made, pa.string()))


def harmless(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula; a plain number is none.

    >>> harmless("=1+1"), harmless("-5.2"), harmless("-5+cmd()")
    ("'=1+1", '-5.2', "'-5+cmd()")
    """
    return cell if _NUMBER.fullmatch(cell) else escape_formula(cell)


def _citizens_in_names(path: Path, found: Sequence[Proposal]) -> list[Fault]:
    """Find numbers of citizens in the names of a file, of its sheets and of their columns, without showing them."""
    if names_citizen(path.name):
        return [Fault(look(path.name), "", "records.citizen_name")]
    wrong = [one for one in found if names_citizen(one.sheet) or any(map(names_citizen, one.columns))]
    return [Fault(f"{path.name}:{look(one.sheet)}", "", "clean.citizen_heading") for one in wrong]


def code(cell: str, key: bytes) -> str | None:
    """Replace the number of a person by a code: HMAC-SHA-256 of it under a key, one code for all spellings; None for blanks.

    >>> code("440301 19900101101x", b"k" * 32) == code("４４０３０１１９９００１０１１０１Ｘ", b"k" * 32)
    True
    >>> len({code(one, b"k" * 32) for one in ("13800138000", "+86 138-0013-8000", "086 13800138000", "一三八〇〇一三八〇〇〇")})
    1
    """
    cell = plain_number(cell)
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", cell) if not (sign.isspace() or _is_unseen(sign))).upper()
    return hmac.new(key, plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:CODE] if plain else None


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf")


# The key


def _find_key(path: Path, to: Path, paths: Sequence[Path]) -> tuple[bytes, bool]:
    """Read the key, or make one where none is there, which is not written yet; say whether it was made.

    Raises InputError where it lies beside what it is to keep apart, others may read it, or it is no key.
    """
    place = path.resolve()
    if place.is_relative_to(to.resolve()) or any(place.is_relative_to(one.resolve().parent) for one in paths):
        raise InputError([Fault(str(path), "", "clean.key_place", {})])
    if not os.path.lexists(path):
        return secrets.token_bytes(KEY), True
    with input_faults(path):
        check_own(path)
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError([Fault(str(path), "", "clean.key_none", {"least": LEAST_KEY, "most": MOST_KEY})])
        if sys.platform != "win32" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError([Fault(str(path), "", "clean.key_open", {"given": f"{stat.S_IMODE(found.st_mode):03o}"})])
        if not LEAST_KEY <= found.st_size <= MOST_KEY:
            raise InputError([Fault(str(path), "", "clean.key_none", {"least": LEAST_KEY, "most": MOST_KEY})])
        return path.read_bytes(), False


# Written


def _name_tables(tables: Sequence[CleanTable]) -> None:
    """Name the file of each table by file and sheet; no two are called alike on any system."""
    several = {one.label: sum(other.label == one.label for other in tables) for one in tables}
    wanted: list[str] = []
    for one in tables:
        stem = re.sub(r"(?i)\.(xlsx|xlsm|xls|ods|csv|tsv|txt)(\.gz)?$", "", one.label).replace("/", "-")
        name = f"{stem}-{one.proposal.sheet}" if several[one.label] > 1 and one.proposal.sheet else stem
        number = next(n for n in range(1, len(tables) + 1) if (name if n == 1 else f"{name}-{n}") not in wanted)
        wanted.append(name if number == 1 else f"{name}-{number}")
    names = file_names(wanted)
    for one, name in zip(tables, wanted, strict=True):
        one.name = names[name]


def _write_all(tables: Sequence[CleanTable], to: Path, key: tuple[Path, bytes] | None, lang: str) -> None:
    """Write aside, then let the folder appear; where anything is refused neither it nor a key that was made is left."""
    aside = to.with_name(f".{to.name}.part")
    check_own(aside)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(PRIVATE)
    written = False
    try:
        for one in tables:
            _write_csv(one.cells, aside / f"{one.name}.csv")
        receipts.write(aside, _page_told(tables, lang), lang)
        if key:
            with os.fdopen(os.open(key[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN), "wb") as file:
                written = True
                file.write(key[1])
        aside.rename(to)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if key and written:
            key[0].unlink(missing_ok=True)
        raise


def _write_csv(cells: pa.Table, path: Path) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([harmless(name) for name in cells.column_names])
        writer.writerows(zip(*(column.to_pylist() for column in cells.columns), strict=True))


def _page_told(tables: Sequence[CleanTable], lang: str) -> Mapping[str, Any]:
    """Give the page what was read, as the manifest of a run would."""
    return {
        "receipts": {f"{one.name}.csv": [one.receipt.data()] for one in tables},
        "said": [line for one in tables for line in one.head(lang)],
    }
