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

# The `tables:` mapping of a params file: how records that are named otherwise become the tables of the design.


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


# From a file's columns to the declared ones: renamed, translated, filled, and cast, with every cell that cannot be.


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


def shape(rows: Any, table: Table, mapped: Mapped, file: str) -> tuple[Any | None, list[Fault]]:
    """Rename, blank, translate and fill the columns of a file; None where a required column is missing."""
    faults = _mapping_faults(rows, table, mapped, file)
    if twice := _duplicate_columns(rows.columns, mapped):
        return None, faults + [_fault(file, f"tables.{table.name}.rename", "document.twice", key=name) for name in twice]
    rows = rows.rename({new: old for old, new in mapped.rename.items() if old in rows.columns})
    rows = _blank_markers(rows, mapped.missing)
    filled = {name: _fill_column(rows, value, table, name, mapped) for name, value in mapped.set.items()}
    rows = rows.mutate(**{name: cell for name, cell in filled.items() if cell is not None})
    rows = rows.mutate(**{n: _translate(rows[n], words) for n, words in mapped.values.items() if n in rows.columns})
    faults += [_fault(file, name, "records.citizen") for name in _citizens(rows.columns, mapped)]
    missing = [name for name in table.required if name not in rows.columns]
    faults += [
        _fault(file, f"{table.name}.{name}", "records.missing_column", near=suggest(name, list(rows.columns))) for name in missing
    ]
    return (None if missing else rows), faults


def _duplicate_columns(columns: tuple[str, ...], mapped: Mapped) -> list[str]:
    """Name the columns that there would be two of after renaming."""
    named = Counter(mapped.rename.get(name, name) for name in columns)
    return [name for name, times in named.items() if times > 1]


def _citizens(columns: tuple[str, ...], mapped: Mapped) -> list[str]:
    """Name the columns of the public; to call one subject_id makes no code of what is in it."""
    renamed = [old for old, new in mapped.rename.items() if new == "subject_id"]
    return [name for name in (*columns, *renamed) if CITIZEN.search(name)]


def _fault(file: str, column: str, rule: str, **given: Any) -> Fault:
    return Fault(file, column, rule, given)


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
    blank = {
        name: rows[name].isin(empty).ifelse(constant(None, "string"), rows[name])
        for name in text
        if marked[name] is True or marked[name] == 1
    }
    return rows.mutate(**blank) if blank else rows


def _fill_column(rows: Any, value: Any, table: Table, name: str, mapped: Mapped) -> Any:
    if isinstance(value, From):
        source = mapped.rename.get(value.from_, value.from_)
        return rows[source] if source in rows.columns else None
    column = table.column(name)
    return constant(None if value is None else str(value), TYPES[column.kind] if column and value is None else "string")


def _translate(cell: Any, words: Mapping[str, Any]) -> Any:
    known = {written: _word(meant) for written, meant in words.items()}
    kept = {written: meant for written, meant in known.items() if meant is not None}
    gone = [written for written, meant in known.items() if meant is None]
    text = cell.cast("string")
    text = text.isin(gone).ifelse(constant(None, "string"), text) if gone else text
    return text.substitute(kept) if kept else text


def _word(meant: Any) -> str | None:
    return str(meant).lower() if isinstance(meant, bool) else None if meant is None else str(meant)


def cast_columns(rows: Any, table: Table, file: str) -> tuple[Any, list[Fault]]:
    """Cast the declared columns; each column with cells that cannot be cast is a fault with count and first rows.

    Row numbers count the heading as row 1, as a spreadsheet shows them.
    """
    columns = [column for column in table.columns if column.name in rows.columns]
    casts = {column.name: _cast(rows[column.name], column.kind) for column in columns}
    doubtful = [column for column in columns if _may_fail(rows[column.name].type(), column.kind)]
    faults = _cast_faults(rows, casts, doubtful, table, file) if doubtful else []
    cast = rows.mutate(**{name: cell for name, cell in casts.items() if not cell.equals(rows[name])})
    cast = cast.mutate(**{column.name: _fill_default(cast, column) for column in table.columns if column.default is not None})
    return (cast.cache() if doubtful and not faults else cast), faults


def _fill_default(rows: Any, column: Column) -> Any:
    if column.name not in rows.columns:
        return constant(column.default, TYPES[column.kind])
    return rows[column.name].fill_null(column.default)


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
    return [
        _bad_cells(rows, casts, column, int(counts[column.name]), table, file) for column in columns if counts[column.name] > 0
    ]


def _bad_cells(rows: Any, casts: Mapping[str, Any], column: Column, count: int, table: Table, file: str) -> Fault:
    numbered = rows.mutate(written=rows[column.name], cast_=casts[column.name], row_=row_number())
    first = numbered.filter(numbered.written.notnull() & numbered.cast_.isnull()).order_by("row_").limit(FIRST_ROWS)
    cells = fetch(first, ["row_", "written"])
    given = "; ".join(f"{row}: {str(written)[:40]}" for row, written in zip(cells["row_"], cells["written"], strict=True))
    return Fault(
        file, f"{table.name}.{column.name}", f"records.no_{column.kind}", {"count": count, "rows": given, "table": table.name}
    )
