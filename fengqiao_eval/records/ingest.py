"""From a file as somebody wrote it to a declared table: the `tables:` mapping, renamed, translated, filled, cast."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from fengqiao_eval.documents import Model, suggest
from fengqiao_eval.errors import Fault
from fengqiao_eval.records.query import constant, fetch, row_number
from fengqiao_eval.records.tables import Column, Table

Written = bool | int | Decimal | date | str


class From(Model):
    """A column filled from another column of the same row (`from`, by its name in the file)."""

    from_: str = Field(alias="from")


class Mapped(Model):
    """How one table is found and read.

    rename {column in the file: name here}; values {column here: {as written: as meant}}; set {column here: constant, or
    {from: column in the file}}; missing: markers that mean an empty cell; repeated: what becomes of rows that share an id
    and differ; absent_parents (units): whether a parent that is no row is refused or makes its children top units.
    """

    file: str | None = None
    rename: dict[str, str] = {}
    values: dict[str, dict[str, Written | None]] = {}
    set: dict[str, From | Written | None] = {}
    missing: tuple[str, ...] = ()
    repeated: Literal["keep", "refuse", "first", "last"] = "keep"
    absent_parents: Literal["refuse", "root"] = "refuse"


TYPES = {"text": "string", "time": "timestamp", "date": "date", "number": "float64", "whole": "int64", "flag": "boolean"}
"""Kinds of tables.py as Ibis types."""
CITIZEN = re.compile(
    r"身份证|公民身份|证件号|手机|电话|联系方式|姓名|当事人|报警人|群众名|住址|id_?card|identity|passport|phone|mobile|telephone"
    r"|(citizen|resident|caller|victim|party|subject|person)_?name|^(gmsfhm|sfzh?m?|zjhm|sjhm?|lxdh|lxfs|(bjr|dsr)?xm)$",
    re.IGNORECASE,
)
"""Names of columns that would hold a member of the public, also by the initials that police tables use (gmsfhm 公民身份号码)."""
FLAGS = {"是": "true", "否": "false", "1": "true", "0": "false", "1.0": "true", "0.0": "false", "Y": "true", "N": "false"}
"""What offices write for yes and no, beside true and false."""
ZONED = r"(Z|[+-]\d{2}(:?\d{2})?)$"
FIRST_ROWS = 5
"""As many rows, cells or ids of what is wrong are named in a fault."""


def shape(rows: Any, table: Table, mapped: Mapped, file: str) -> tuple[Any | None, list[Fault]]:
    """Rename, blank, fill, translate and cast the columns of a file; None where a required column is missing."""
    faults = _mapping_faults(rows, table, mapped, file)
    times = Counter(mapped.rename.get(name, name) for name in rows.columns)
    if twice := [name for name in times if times[name] > 1]:
        return None, faults + [Fault(file, f"tables.{table.name}.rename", "document.twice", {"key": name}) for name in twice]
    rows = rows.rename({new: old for old, new in mapped.rename.items() if old in rows.columns})
    rows = _blank_markers(rows, mapped.missing)
    filled = {name: _fill_column(rows, value, table, name, mapped) for name, value in mapped.set.items()}
    rows = rows.mutate(**{name: cell for name, cell in filled.items() if cell is not None})
    rows = rows.mutate(**{n: _translate(rows[n], words) for n, words in mapped.values.items() if n in rows.columns})
    # to call a column of the public subject_id makes no code of what is in it
    columns = (*rows.columns, *(old for old, new in mapped.rename.items() if new == "subject_id"))
    faults += [Fault(file, name, "records.citizen") for name in columns if CITIZEN.search(name)]
    missing = {name: suggest(name, rows.columns) for name in table.required if name not in rows.columns}
    if missing:
        places = [(f"{table.name}.{name}", near) for name, near in missing.items()]
        return None, faults + [Fault(file, place, "records.missing_column", {"near": near}) for place, near in places]
    rows, uncast = cast_columns(rows, table, file)
    return rows, faults + uncast


def _mapping_faults(rows: Any, table: Table, mapped: Mapped, file: str) -> list[Fault]:
    there = set(rows.columns)
    after = (there - set(mapped.rename)) | set(mapped.rename.values()) | set(mapped.set)
    named = [("rename", old) for old in mapped.rename if old not in there]
    named += [("set", f.from_) for f in mapped.set.values() if isinstance(f, From) and f.from_ not in there | after]
    named += [("values", column) for column in mapped.values if column not in after]
    return [
        Fault(file, f"tables.{table.name}.{key}", "records.mapping_column", {"given": name, "near": suggest(name, sorted(there))})
        for key, name in named
    ]


def _blank_markers(rows: Any, markers: tuple[str, ...]) -> Any:
    """Empty the cells that hold a marker, in the columns where there is one: a condition on every cell would cost every count."""
    text = [name for name, kind in rows.schema().items() if kind.is_string()]
    empty = ["", *markers]
    if not text:
        return rows
    marked = rows.agg(**{name: rows[name].isin(empty).any() for name in text}).to_pandas().iloc[0]
    found = [name for name in text if marked[name] is True or marked[name] == 1]
    blank = {name: rows[name].isin(empty).ifelse(constant(None, "string"), rows[name]) for name in found}
    return rows.mutate(**blank) if blank else rows


def _fill_column(rows: Any, value: Any, table: Table, name: str, mapped: Mapped) -> Any:
    if isinstance(value, From):
        source = mapped.rename.get(value.from_, value.from_)
        return rows[source] if source in rows.columns else None
    column = table.column(name)
    return constant(None if value is None else str(value), TYPES[column.kind] if column and value is None else "string")


def _translate(cell: Any, words: Mapping[str, Any]) -> Any:
    gone = [written for written, meant in words.items() if meant is None]
    kept = {w: str(meant).lower() if isinstance(meant, bool) else str(meant) for w, meant in words.items() if meant is not None}
    text = cell.cast("string")
    text = text.isin(gone).ifelse(constant(None, "string"), text) if gone else text
    return text.substitute(kept) if kept else text


def cast_columns(rows: Any, table: Table, file: str) -> tuple[Any, list[Fault]]:
    """Cast the declared columns; each column with cells that cannot be cast is a fault with count and first rows.

    Row numbers count the heading as row 1, as a spreadsheet shows them.
    """
    columns = [column for column in table.columns if column.name in rows.columns]
    casts = {column.name: _cast(rows[column.name], column.kind) for column in columns}
    doubtful = [column for column in columns if _may_fail(rows[column.name].type(), column.kind)]
    faults = _cast_faults(rows, casts, doubtful, table, file) if doubtful else []
    cast = rows.mutate(**{name: cell for name, cell in casts.items() if not cell.equals(rows[name])})
    defaults = {column: constant(column.default, TYPES[column.kind]) for column in table.columns if column.default is not None}
    there = cast.columns
    cast = cast.mutate(**{c.name: cast[c.name].fill_null(c.default) if c.name in there else cell for c, cell in defaults.items()})
    return (cast.cache() if doubtful and not faults else cast), faults


def _is_typed(kind: Any, wanted: str) -> bool:
    plain_time = kind.is_timestamp() and not kind.timezone and kind.scale in (None, 6)
    return bool(plain_time if wanted == "time" else str(kind).removeprefix("!") == TYPES[wanted])


def _is_foreign(kind: Any, wanted: str) -> bool:
    """Say whether a number stands where a time or a yes must: its digits are then read as text, never as an amount of seconds."""
    return bool(kind.is_numeric() and wanted in ("time", "date", "flag"))


def _may_fail(kind: Any, wanted: str) -> bool:
    read = (kind.is_string() and wanted != "text") or (kind.is_floating() and wanted == "whole")
    return bool(read or _is_foreign(kind, wanted))


def _cast(cell: Any, wanted: str) -> Any:
    """Make a cell what its column is declared to be; where that cannot be the cell is empty, which _uncastable finds."""
    kind = cell.type()
    if _is_typed(kind, wanted):
        return cell
    if kind.is_floating() and wanted in ("text", "whole"):
        whole = (cell == cell.round()).ifelse(cell.cast("int64"), constant(None, "int64"))
        return whole.cast("string").fill_null(cell.cast("string")) if wanted == "text" else whole
    cell = cell.cast("string") if _is_foreign(kind, wanted) else cell
    return READ[wanted](cell) if cell.type().is_string() else cell.cast(TYPES[wanted])


def _time(text: Any) -> Any:
    """Read a time; one that names its zone becomes the wall clock of the connection (see store)."""
    zoned = text.re_search(ZONED) & text.contains(":")
    return zoned.ifelse(text.try_cast("timestamp('UTC')").cast("timestamp"), text.try_cast("timestamp"))


def _number(text: Any) -> Any:
    number = text.try_cast("float64")
    return number.isnan().ifelse(constant(None, "float64"), number)


READ: dict[str, Callable[[Any], Any]] = {
    "text": lambda text: text,
    "time": _time,
    "date": lambda text: text.try_cast("date"),
    "number": _number,
    "whole": lambda text: _cast(_number(text), "whole"),
    "flag": lambda text: text.substitute(FLAGS).try_cast("boolean"),
}
"""How a text is read as each kind; empty where it cannot be."""


def _cast_faults(rows: Any, casts: Mapping[str, Any], columns: list[Column], table: Table, file: str) -> list[Fault]:
    bad = {column.name: rows[column.name].notnull() & casts[column.name].isnull() for column in columns}
    counts = rows.agg(**{name: rows.count(where=cell) for name, cell in bad.items()}).to_pandas().iloc[0]
    faults = []
    for column in (column for column in columns if counts[column.name] > 0):
        numbered = rows.mutate(written=rows[column.name], cast_=casts[column.name], row_=row_number())
        first = numbered.filter(numbered.written.notnull() & numbered.cast_.isnull()).order_by("row_").limit(FIRST_ROWS)
        cells = fetch(first, ["row_", "written"])
        shown = "; ".join(f"{row}: {str(written)[:40]}" for row, written in zip(cells["row_"], cells["written"], strict=True))
        given = {"count": int(counts[column.name]), "rows": shown, "table": table.name}
        faults.append(Fault(file, f"{table.name}.{column.name}", f"records.no_{column.kind}", given))
    return faults
