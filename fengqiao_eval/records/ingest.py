"""From a file as somebody wrote it to a declared table: the `tables:` mapping, renamed, translated, filled, cast."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Model, suggest
from fengqiao_eval.errors import Fault, Note
from fengqiao_eval.office.layout import Layout
from fengqiao_eval.records import query
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.query import UTC, constant, spell_zone
from fengqiao_eval.records.row_names import RowNames
from fengqiao_eval.records.tables import PERSONS, Column, Table
from fengqiao_eval.words import HALF, quote

Written = bool | int | Decimal | date | str


class From(Model):
    """A column filled from another column of the same row (`from`, by its name in the file)."""

    from_: str = Field(alias="from")


def _pattern(given: str) -> str:
    """Take a pattern; `**`, which elsewhere goes through folders of any depth, is none of ours."""
    if not given.strip() or "\0" in given or "**" in given or HALF.search(given):
        raise PydanticCustomError("fengqiao.params.glob", "refused", {"given": given.replace("\0", "␀")})
    return given


class Glob(Model):
    """A pattern of files or folders, as `*/接处警*`: a sign stands for letters of one name. A plain path is never one."""

    glob: Annotated[str, AfterValidator(_pattern)]


Filled = dict[str, From | tuple[str, str] | Written | None]
"""What columns are filled with: a constant, {from: a column of the file}, or [column of days, column of clocks]."""


class Placed(Layout):
    """A file of several, or a sheet of one, with what is settled about it alone (see Layout), as the unit of all its rows."""

    name: str
    set: Filled = {}


Several = Annotated[tuple[str | Placed, ...], Field(min_length=1)]
"""A list of names, each taken as it is."""


class Mapped(Layout):
    """How one table is found and read: where it lies in its file (see Layout), and what its columns and words mean here.

    file: a name, a list of them, or a pattern (see Glob), each file read by this same mapping; of a list {name: …, heading: …,
    set: {unit_id: …}} says of one file, or of one sheet, where it differs; rename {column in the file: name
    here}; values {column here: {as written: as meant}}, where "" is the empty cell; set {column here: constant, {from: column in
    the file}, or [column of days, column of clocks]}; missing: markers that mean an empty cell; repeated: what becomes of rows
    that share an id (unsaid, equal rows are one and all others stay; keep: equal rows stay too); absent_parents (units): whether
    a parent that is no row is refused or makes its children top units; repair: whether ids are (see identifiers).
    """

    file: str | Several | Glob | None = None
    rename: dict[str, str] = {}
    values: dict[str, dict[str, Written | None]] = {}
    set: Filled = {}
    missing: tuple[str, ...] = ()
    repeated: Literal["keep", "refuse", "first", "last"] | None = None
    absent_parents: Literal["refuse", "root"] = "refuse"
    repair: Literal["rules", "none"] | None = None

    def placed(self) -> list[tuple[str, Self]]:
        """Give the files that are named outright, each with the mapping that holds for it."""
        items = (self.file,) if isinstance(self.file, str) else () if isinstance(self.file, Glob | None) else self.file
        found = []
        for one in items:
            if isinstance(one, str):
                found.append((one, self))
                continue
            own = {key: getattr(one, key) for key in one.model_fields_set - {"name"}} | {"set": self.set | one.set}
            found.append((one.name, self.model_copy(update=own)))
        return found

    @property
    def joins(self) -> dict[str, tuple[str, str]]:
        """Give the columns that are joined from one of days and one of clocks, as the file names those."""
        return {name: value for name, value in self.set.items() if isinstance(value, tuple)}

    def kinds(self, table: Table) -> dict[str, str]:
        """Give the kind that is wanted of each column of the file, by its name there; key: the id of a record."""
        kinds: dict[str, str] = {column.name: column.kind for column in table.columns}
        if table.name != "units" and table.key:  # of units an id is what the others are held against
            kinds[table.key] = "key"
        asked = {value.from_: kinds[name] for name, value in self.set.items() if isinstance(value, From) and name in kinds}
        return kinds | asked | {old: kinds[new] for old, new in self.rename.items() if new in kinds}


TYPES = {"text": "string", "time": "timestamp", "date": "date", "number": "float64", "whole": "int64", "flag": "boolean"}
"""Kinds of tables.py as Ibis types."""
NUMBERS = ("number", "whole")
FLAGS = {"是": "true", "否": "false", "1": "true", "0": "false", "1.0": "true", "0.0": "false", "Y": "true", "N": "false"}
"""What offices write for yes and no, beside true and false."""
BROUGHT = ("units", "postings", "figures", "credits")
"""The tables of which no column is counted by but the declared ones, so that no other is brought anywhere."""
COUNTED = {"duties": ("visits_made",)}
"""The columns of a table that are counted from other records."""
_DAY, _CLOCK = r"[1-9]\d{3}[-/]\d{1,2}[-/]\d{1,2}", r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
PLAIN = rf"^{_DAY}(?:{_CLOCK})?$"
"""A day, or a day and a time, with its year in four digits."""
ZONED = rf"(?i)^({_DAY}{_CLOCK}) ?(Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$"
"""A day and a time that names its zone, by words or signs that mean one thing only (CST means several)."""
BLANK = r"^[\s\p{Z}\p{Cf}]*$"
"""A cell of nothing, or of blanks only, those without width among them: it is empty."""
RANGE = (date(1000, 1, 1), date.max)
"""The days that a database may hold; a year has four digits."""
FLOATS = {"float16": 11, "float32": 24, "float64": 53}
"""The binary digits of a floating number: an id of more has lost its last ones, and may be that of another record."""
MOST = 1e15
"""No number of a record is larger, on either side of 0: floats no longer hold its last digit, and sums of a few have none."""
ENDLESS = {"-infinity": date.min, "infinity": date.max}
"""How databases write that a stretch of days has no beginning or no end."""


def shape(rows: Any, table: Table, mapped: Mapped, file: str, names: RowNames) -> tuple[Any | None, list[Fault], list[Note]]:
    """Rename, fill, translate, blank and cast the columns of a file; None where a required column is missing.

    names: what rows are called in faults. Noted is what the mapping names and no cell holds, and what it puts
    in the place of cells of the file.
    """
    mapped = mapped.model_copy(update={"set": {name: value for name, value in mapped.set.items() if name not in mapped.joins}})
    faults = _mapping_faults(rows, table, mapped, file)
    named = [mapped.rename.get(name, name) for name in rows.columns]
    times = Counter(name.casefold() for name in named)  # the engine sees no upper case
    if twice := [name for name in dict.fromkeys(named) if times[name.casefold()] > 1]:
        return None, faults + [Fault(file, f"tables.{table.name}.rename", "document.twice", {"key": n}) for n in twice], []
    rows = rows.rename({new: old for old, new in mapped.rename.items() if old in rows.columns})
    over, replaced = _check_set(rows, table, mapped, file)
    faults += over
    filled = {name: _fill_column(rows, value, table, name, mapped) for name, value in mapped.set.items()}
    filled = {name: cell for name, cell in filled.items() if cell is not None}
    columns = list(dict.fromkeys([*named, *filled]))
    own = _own_names(columns, table)
    rows = rows.select(**{name: filled[name] if name in filled else rows[name] for name in columns if name not in own})
    rows, notes = _translate(rows, table, mapped)
    notes += replaced
    if told := [name for name in own if not name.endswith(query.OWN)]:
        notes.append(Note("own_column", {"table": table.label, "name": table.name, "columns": ", ".join(map(quote, told))}))
    # to call a column of the public subject_id makes no code of what is in it
    public = (*columns, *(old for old, new in mapped.rename.items() if new == "subject_id"))
    faults += [Fault(file, name, "records.citizen") for name in public if is_of_citizens(name, table)]
    missing = {name: suggest(name, columns) for name in table.required if name not in rows.columns}
    if missing:
        places = [(f"{table.name}.{name}", near) for name, near in missing.items()]
        return None, faults + [Fault(file, place, "records.missing_column", {"near": near}) for place, near in places], notes
    rows, uncast = cast_columns(rows, table, file, names)
    return rows, faults + uncast, notes


def select_declared(rows: Any, table: Table) -> Any:
    """Keep of a table that is brought as a whole the declared columns, and what the program has put beside them."""
    if table.name not in BROUGHT:
        return rows
    return rows.select(*(name for name in rows.columns if table.column(name) or name.endswith(query.OWN)))


def _own_names(names: list[str], table: Table) -> list[str]:
    """Name the columns that the program would take for its own, which are not read.

    Those end as the program's own do, are what it counts itself, or differ from a declared column by upper case only, of which
    the engine sees nothing.
    """
    counted, declared = COUNTED.get(table.name, ()), {column.name for column in table.columns}
    alike = (name for name in names if name not in declared and name.casefold() in {*declared, *counted})
    return [*alike, *(name for name in names if name.endswith(query.OWN))]


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


def _check_set(rows: Any, table: Table, mapped: Mapped, file: str) -> tuple[list[Fault], list[Note]]:
    """Find what `set` would put over cells that hold something: a constant is a fault, another column is told."""
    cells = {name: rows[name] for name in mapped.set if name in rows.columns}
    if not cells:
        return [], []
    asked = {
        f"n_{n}": rows.count(where=query.is_so(c != "") if c.type().is_string() else c.notnull())
        for n, c in enumerate(cells.values())
    }
    counts = rows.agg(**asked).to_pandas().iloc[0]
    held = {name: int(counts[f"n_{n}"]) for n, name in enumerate(cells) if counts[f"n_{n}"]}
    by = {name: value.from_ for name, value in mapped.set.items() if isinstance(value, From)}
    place = f"tables.{table.name}.set"
    faults = [Fault(file, place, "records.set_over", {"given": n, "count": held[n]}) for n in held if n not in by]
    told = [{"table": table.label, "column": n, "count": held[n], "source": by[n]} for n in held if by.get(n, n) != n]
    return faults, [Note("set_over", given) for given in told]


def _fill_column(rows: Any, value: Any, table: Table, name: str, mapped: Mapped) -> Any:
    if isinstance(value, From):
        source = mapped.rename.get(value.from_, value.from_)
        return rows[source] if source in rows.columns else None
    column = table.column(name)
    if value in (None, ""):
        return constant(None, TYPES[column.kind] if column else "string")
    return constant(str(value), "string")


def _translate(rows: Any, table: Table, mapped: Mapped) -> tuple[Any, list[Note]]:
    """Give words their meaning, empty the cells that hold a marker, then give what is empty the meaning of "", if it has one.

    Only columns in which there is something to do are touched: a condition on every cell would cost every count.
    """
    constants = {name for name, value in mapped.set.items() if not isinstance(value, From)}
    words = {name: meant for name, meant in mapped.values.items() if name in rows.columns}
    text = [n for n, kind in rows.schema().items() if n in words or (kind.is_string() and n not in constants)]
    cells = {name: rows[name].cast("string") for name in text}
    asked = {(name, mark): cells[name] == mark for name in text for mark in (*mapped.missing, *words.get(name, ()))}
    asked |= {(name, ""): cells[name].re_search(BLANK) for name in text}
    asked |= {(name, ""): cells[name].isnull() | cells[name].re_search(BLANK) for name in words if "" in words[name]}
    if not asked:
        return rows, []
    some = {f"any_{n}": cell.any() for n, cell in enumerate(asked.values())}
    counts = rows.agg(**some, rows_=rows.count()).to_pandas().iloc[0]
    found = {key for number, key in enumerate(asked) if counts[f"any_{number}"] == 1}
    done = {}
    for name in text:
        marks = [mark for mark in ("", *mapped.missing) if (name, mark) in found]
        if marks or name in words:
            done[name] = _meaning(cells[name], words.get(name, {}), marks)
    persons = (*PERSONS, "unit_id", "name") if table.name == "units" else PERSONS  # a note is read by all
    gone = [(name, "…" if name in persons else word) for name in words for word in words[name] if (name, word) not in found]
    idle = [f"values.{name}: “{word}”" for name, word in dict.fromkeys(gone)]
    idle += [f"missing: “{mark}”" for mark in mapped.missing if not any((name, mark) in found for name in text)]
    given = {"table": table.label, "keys": idle}
    return rows.mutate(**done), [Note("mapping_idle", given)] if idle and counts["rows_"] else []


def _meaning(cell: Any, words: Mapping[str, Any], marks: list[str]) -> Any:
    gone = [*marks, *(word for word, meant in words.items() if meant in (None, "") and word)]
    kept = {
        w: str(meant).lower() if isinstance(meant, bool) else str(meant) for w, meant in words.items() if meant not in (None, "")
    }
    empty = kept.pop("", None)
    left = [word for word in gone if word not in kept]
    meant = cell.substitute(kept) if kept else cell
    bare = cell.re_search(BLANK) & cell.notin(list(kept)) if kept else cell.re_search(BLANK)
    meant = (cell.isin(left) | bare if "" in left else cell.isin(left)).ifelse(constant(None, "string"), meant) if left else meant
    return meant if empty is None else meant.fill_null(empty)


# Columns of the declared kinds


def cast_columns(rows: Any, table: Table, file: str, names: RowNames) -> tuple[Any, list[Fault]]:
    """Cast the declared columns; each column with cells that cannot be cast is a fault with count and first rows.

    names: what rows are called in faults. Of times that name their zone the moment is kept beside the wall clock, which clocks
    that are put back show twice.
    """
    columns = [column for column in table.columns if column.name in rows.columns]
    strange = [column for column in columns if not _may_become(rows[column.name].type(), column.kind)]
    faults = [_type_fault(rows[column.name].type(), column, table, file) for column in strange]
    rows = rows.mutate(**{column.name: constant(None, TYPES[column.kind]) for column in strange})  # told once
    columns = [column for column in columns if column not in strange]
    plain = _plain_columns(rows, columns)
    casts = {column.name: _cast(rows[column.name], column.kind, plain=column.name in plain) for column in columns}
    kinds = {column.name: rows[column.name].type() for column in columns}
    unsure = [
        column
        for column in columns
        if not _is_typed(kinds[column.name], column.kind) and (column.kind != "text" or kinds[column.name].is_floating())
    ]
    doubtful = [column for column in columns if column.name not in plain and (column in unsure or column.kind in NUMBERS)]
    faults += _cast_faults(rows, casts, doubtful, table, file, names) if doubtful else []
    zoned = [c.name for c in doubtful if c.kind == "time" and _names_zone(rows[c.name].type())]
    moments = {f"{name}{UTC}": _moment(rows[name]) for name in zoned}
    cast = rows.mutate(**{name: cell for name, cell in casts.items() if not cell.equals(rows[name])}, **moments)
    defaults = {column: constant(column.default, TYPES[column.kind]) for column in table.columns if column.default is not None}
    there = cast.columns
    cast = cast.mutate(**{c.name: cast[c.name].fill_null(c.default) if c.name in there else cell for c, cell in defaults.items()})
    # what is read from text is read once; a file of typed columns stays where it lies
    read = any(rows[column.name].type().is_string() for column in unsure)
    return (cast.cache() if read and not faults else cast), faults


def _plain_columns(rows: Any, columns: list[Column]) -> set[str]:
    """Name the columns in which every cell is a plain day or time, as text or as typed: they are cast without another look."""
    found = {c.name: c.kind for c in columns if c.kind in ("time", "date") and _is_simple(rows[c.name].type(), c.kind)}
    if not found:
        return set()
    odd = {n: rows[n].notnull() & ~query.is_so(_is_plain(rows[n], kind)) for n, kind in found.items()}
    counts = rows.agg(**{name: rows.count(where=cell) for name, cell in odd.items()}).to_pandas().iloc[0]
    return {name for name in odd if counts[name] == 0}


def _is_simple(kind: Any, wanted: str) -> bool:
    typed = kind.is_timestamp() and not kind.timezone and kind.scale in (None, 6) if wanted == "time" else kind.is_date()
    return bool(kind.is_string() or typed)


def _is_plain(cell: Any, kind: str) -> Any:
    if not cell.type().is_string():
        return cell.cast("date").between(*map(query.day, RANGE))
    return cell.re_search(PLAIN) & cell.try_cast(TYPES[kind]).notnull()


def _names_zone(kind: Any) -> bool:
    """Say whether cells of a type may name a zone: texts that are not all plain, and times of databases that have one."""
    return bool(kind.is_string() or (kind.is_timestamp() and kind.timezone))


def _may_become(kind: Any, wanted: str) -> bool:
    """Say whether a type can be read as a kind at all: a list, a map, bytes or a time without a day can be no time."""
    scalar = kind.is_string() or kind.is_numeric() or kind.is_boolean()
    if wanted in ("time", "date"):
        return bool(scalar or kind.is_timestamp() or kind.is_date())
    return bool(scalar or (wanted == "text" and (kind.is_temporal() or kind.is_uuid()) and not kind.is_interval()))


def _type_fault(kind: Any, column: Column, table: Table, file: str) -> Fault:
    given = {"given": str(kind).lstrip("!").split("(")[0], "wanted": TYPES[column.kind]}
    return Fault(file, f"{table.name}.{column.name}", "records.column_type", given)


def _is_typed(kind: Any, wanted: str) -> bool:
    return wanted not in ("time", "date") and str(kind).removeprefix("!") == TYPES[wanted]


def _is_foreign(kind: Any, wanted: str) -> bool:
    """Say whether a number stands where a time or a yes must: its digits are then read as text, never as an amount of seconds."""
    number = kind.is_numeric()
    return bool(((number or kind.is_boolean()) and wanted in ("time", "date")) or (number and wanted == "flag"))


def _cast(cell: Any, wanted: str, *, plain: bool = False) -> Any:
    """Make a cell what its column is declared to be; where that cannot be the cell is empty, which _cast_faults finds."""
    kind = cell.type()
    if wanted == "number" or _is_typed(kind, wanted):
        return _six_decimals(cell) if wanted == "number" else cell
    if plain:
        return cell.try_cast(TYPES[wanted]) if kind.is_string() else cell
    if (kind.is_floating() or kind.is_decimal()) and wanted in ("text", "whole"):
        near = cell.try_cast("int64")
        whole = (cell == near).ifelse(near, constant(None, "int64"))
        if wanted == "whole":
            return whole
        text = whole.cast("string").fill_null(cell.cast("string"))
        digits = FLOATS.get(str(kind).lstrip("!"))
        return (cell.abs() < 2**digits).ifelse(text, constant(None, "string")) if digits else text
    if kind.is_temporal() and wanted in ("time", "date"):
        return _in_range(cell, wanted)
    cell = cell.cast("string") if _is_foreign(kind, wanted) else cell
    return READ[wanted](cell) if cell.type().is_string() else cell.try_cast(TYPES[wanted])


def _six_decimals(cell: Any) -> Any:
    """Read a number with six decimals, so that what prints alike is alike; a short float is what its digits say."""
    short = cell.type().is_floating() and str(cell.type()).lstrip("!") != TYPES["number"]
    number = (cell.cast("string") if short else cell).try_cast(TYPES["number"])
    # a number that is larger than that has fewer decimals
    return (number.abs() < 2**33).ifelse(number.round(6), number)


def _in_range(cell: Any, wanted: str) -> Any:
    """Take a time or day of a database; what lies before year 1000 or after 9999 is none, but that a stretch has no end."""
    read = cell.try_cast(TYPES[wanted])
    inside = read.cast("date").between(*map(query.day, RANGE)).ifelse(read, constant(None, TYPES[wanted]))
    if wanted == "time" or not cell.type().is_date():
        return inside
    endless = cell.cast("string").cases(*((word, query.day(end)) for word, end in ENDLESS.items()))
    return inside.fill_null(endless)


def _time(text: Any) -> Any:
    """Read a time; one that names its zone becomes the wall clock of the connection (see sources)."""
    plain = text.re_search(PLAIN).ifelse(text.try_cast("timestamp"), constant(None, "timestamp"))
    return text.re_search(ZONED).ifelse(spell_zone(text, ZONED).try_cast("timestamp('UTC')").cast("timestamp"), plain)


def _moment(cell: Any) -> Any:
    """Give the seconds since 1970 of times that may name their zone; those that do not are on the wall of the connection."""
    if cell.type().is_timestamp():
        return query.seconds_since_1970(cell)
    text = cell.strip()
    zoned, plain = spell_zone(text, ZONED).try_cast("timestamp('UTC')"), text.try_cast("timestamp").cast("timestamp('UTC')")
    return query.seconds_since_1970(text.re_search(ZONED).ifelse(zoned, plain))


def _date(text: Any) -> Any:
    day = text.re_search(PLAIN).ifelse(text.try_cast("date"), constant(None, "date"))
    return text.cases(*((word, query.day(end)) for word, end in ENDLESS.items()), else_=day)


READ: dict[str, Callable[[Any], Any]] = {
    "text": lambda text: text,
    "time": lambda text: _time(text.strip()),
    "date": lambda text: _date(text.strip()),
    "whole": lambda text: _cast(text.try_cast("float64"), "whole"),
    "flag": lambda text: text.substitute(FLAGS).try_cast("boolean"),
}
"""How a text is read as each kind; empty where it cannot be."""


def _cast_faults(
    rows: Any, casts: Mapping[str, Any], columns: list[Column], table: Table, file: str, names: RowNames
) -> list[Fault]:
    bad = {c.name: rows[c.name].notnull() & _is_unread(casts[c.name], c.kind) for c in columns}
    counts = rows.agg(**{name: rows.count(where=cell) for name, cell in bad.items()}).to_pandas().iloc[0]
    faults = []
    for column in (column for column in columns if counts[column.name] > 0):
        where = names.locate(rows, bad[column.name], table, rows[column.name])
        given = {"count": int(counts[column.name]), "table": table.name, **where}
        faults.append(Fault(file, f"{table.name}.{column.name}", f"records.no_{column.kind}", given))
    return faults


def _is_unread(cell: Any, wanted: str) -> Any:
    """Say whether a cell that was written holds nothing now, or no number that can be reckoned with: inf, nan, 1e308."""
    return cell.isnull() | ~cell.between(-MOST, MOST) if wanted in NUMBERS else cell.isnull()
