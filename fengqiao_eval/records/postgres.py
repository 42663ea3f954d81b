"""PostgreSQL: record tables read in place, in one read-only snapshot, by statements that answer as DuckDB does."""

import hashlib
import ipaddress
import json
import math
import os
import re
import sys
import time
import unicodedata
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.schema as sch
import pandas as pd
import psycopg
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.postgres import Backend
from ibis.backends.postgres.converter import PostgresPandasData
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fengqiao_eval.errors import Fault, InputError

TIMEOUT = 300
"""Seconds that a statement may take, unless the role or the address says otherwise: as many as a view of DuckDB may."""
STEADY = {
    "search_path": "''",  # no function or operator that somebody made can stand in for one of the system's
    "datestyle": "'ISO, YMD'",
    "intervalstyle": "'postgres'",
    "extra_float_digits": "1",
    "bytea_output": "'hex'",
    "lc_numeric": "'C'",
    "lc_time": "'C'",
    "standard_conforming_strings": "on",
    "synchronize_seqscans": "off",
    "jit": "off",  # statements of many short conditions: to translate them takes longer than to run them
}
"""What a session settles, so that a statement means the same on every server."""
WATCHED = (*STEADY, "timezone", "statement_timeout", "role", "row_security")
"""The settings that must still hold when a statement has been answered."""


def _identifier(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


class Relation(NamedTuple):
    """A table or view: schema, name, whether row security leaves rows out, number, each column's name, type and right to read."""

    schema: str
    name: str
    filtered: bool
    oid: int
    columns: tuple[tuple[str, str, bool], ...]

    @property
    def full(self) -> str:
        """Write its name as a statement does."""
        return f"{_identifier(self.schema)}.{_identifier(self.name)}"

    @property
    def readable(self) -> tuple[tuple[str, str], ...]:
        """Name the columns that the role may read, each with its type."""
        return tuple((name, kind) for name, kind, granted in self.columns if granted)


# What PostgreSQL is asked, in its own words


def _text(value: str) -> str:
    return "'{}'".format(value.replace("'", "''"))


_TYPES = (
    (r"(small|big)?int(eger)?", "bigint", dt.int64),
    (r"real", "real", dt.float32),
    (r"double precision", "double precision", dt.float64),
    (r"numeric(\(\d+,-?\d+\))?", "numeric", dt.Decimal()),
    (r"boolean", "boolean", dt.boolean),
    (r"date", "date", dt.date),
    (r"timestamp(\(\d\))? without time zone", "timestamp", dt.timestamp),
    (r"timestamp(\(\d\))? with time zone", "timestamptz", dt.Timestamp(timezone="UTC")),
    (r"text|character( varying)?(\(\d+\))?", "text", dt.string),
)


def _type(kind: str) -> tuple[str, dt.DataType]:
    """Give how a column of a type is read, and as what; whatever is no number, time or flag is read as its text."""
    return next(((read, found) for words, read, found in _TYPES if re.fullmatch(words, kind)), ("", dt.string))


def _read_column(name: str, read: str) -> str:
    """Write a column as it is read; texts are compared by their bytes, as DuckDB does, and not as a dictionary orders them.

    read: "" for what the type itself writes: for a cast to text somebody may have made a function.
    """
    column = _identifier(name)
    cell = f"{column}::{read}" if read else f"(CASE WHEN NOT {column} IS NULL THEN concat({column}) END)"
    bytewise = ' COLLATE "C"' if read in ("text", "") else ""
    return f"{cell}{bytewise} AS {column}"


@cache
def _signs(category: str) -> frozenset[int]:
    """Give the code points of a category of Unicode, or of all that begin with its letter."""
    every = range(sys.maxunicode + 1)
    return frozenset(point for point in every if unicodedata.category(chr(point)).startswith(category))


def _ranges(points: frozenset[int]) -> str:
    """Write code points as the inside of a bracket."""
    runs = ([point for _, point in run] for _, run in groupby(enumerate(sorted(points)), lambda pair: pair[1] - pair[0]))
    return "".join(_escape(run[0]) + (f"-{_escape(run[-1])}" if len(run) > 1 else "") for run in runs)


def _escape(point: int) -> str:
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"  # noqa: PLR2004 - where four digits end


def _without(found: re.Match[str]) -> str:
    r"""Write `[^\P{N}0-9]`, all of a category but some, as what it is."""
    left_out = {
        point for first, last in re.findall(r"(.)(?:-(.))?", found[2]) for point in range(ord(first), ord(last or first) + 1)
    }
    return f"[{_ranges(_signs(found[1]) - left_out)}]"


@cache
def _pattern(pattern: str) -> str:
    r"""Write a pattern of DuckDB as PostgreSQL reads it: it knows no categories of Unicode, and \x otherwise.

    >>> _pattern(r"^[\s\p{Zl}\x{2D}]*$")
    '^[\\s\\u2028\\u002D]*$'
    """
    pattern = re.sub(r"\[\^\\P\{(\w+)\}([^\]]*)\]", _without, pattern)
    pattern = re.sub(r"\\p\{(\w+)\}", lambda found: _ranges(_signs(found[1])), pattern)
    return re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: _escape(int(found[1], 16)), pattern)


def _plain(cell: Any) -> Any:
    """Write a number that JSON has no word for as a text."""
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


_NUMBER = r"(?i)^\s*(?:[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?|inf(?:inity)?)|nan)\s*$"
_LONGEST_NUMBER = 200
_DAYS = "|".join(
    f"[1-9]\\d{{3}}{sep}(?:(?:0?[13578]|1[02]){sep}(?:0?[1-9]|[12]\\d|3[01])|(?:0?[469]|11){sep}(?:0?[1-9]|[12]\\d|30)"
    f"|0?2{sep}(?:0?[1-9]|1\\d|2[0-8]))"
    f"|(?:(?:[2468][048]|[13579][26])00|[1-9]\\d(?:0[48]|[2468][048]|[13579][26])){sep}0?2{sep}29"
    for sep in "-/"
)
"""The days that there are: what is cast must be one, for a cast that fails ends the statement."""
_CLOCK = r"[T ](?:[01]?\d|2[0-3]):[0-5]?\d(?::[0-5]?\d(?:\.\d+)?)?|[T ]24:00(?::00)?"
_ZONE = r"[+-]\d{2}(?::\d{2})?"
_FLAGS = r"^(?:true|false|t|f|yes|no|y|n|1|0)$"


class _Dialect(PostgresCompiler):  # type: ignore[misc]
    """Ibis's words for PostgreSQL where they would fail, round otherwise or need a right to write; all else is its own."""

    __slots__ = ()
    SIMPLE_OPS: Mapping[Any, str] = {}  # those of the parent are its methods already, and would be put over ours

    def visit_DatabaseTable(self, op: Any, *, name: str, schema: Any, source: Any, namespace: Any) -> Any:
        """Read the columns of a table that may be read, each as what it is declared."""
        columns = [sge.Var(this=one) for one in source.reads[namespace.database, name]]
        return sg.select(*columns).from_(sge.Var(this=f"{_identifier(namespace.database)}.{_identifier(name)}"))

    def visit_InMemoryTable(self, op: Any, *, name: str, schema: Any, data: Any) -> Any:
        """Write a small frame into the statement: a temporary table would need a right to write."""
        kinds = {column: self.type_mapper.to_string(kind) if not kind.is_null() else "TEXT" for column, kind in schema.items()}
        rows = data.to_pyarrow(schema).to_pylist()
        given = json.dumps([[_plain(cell) for cell in row.values()] for row in rows], default=str)
        reads = {column: kind + (' COLLATE "C"' if kind in ("TEXT", "VARCHAR") else "") for column, kind in kinds.items()}
        cells = [f"(row_ ->> {n})::{read} AS {_identifier(column)}" for n, (column, read) in enumerate(reads.items())]
        of = sge.Var(this=f"json_array_elements({_text(given)}) AS held_(row_)")
        return sg.select(*(sge.Var(this=cell) for cell in cells)).from_(of)

    def visit_JoinChain(self, op: Any, *, first: Any, rest: Any, values: Any) -> Any:
        """Write as conditions the joins that only keep rows, which PostgreSQL has no word for; of several, all of them."""
        links = [link.this if isinstance(link, sge.Alias) else link for link in rest]
        kept = {id(link): sense for link in links if (sense := {"semi": True, "anti": False}.get(link.kind.lower())) is not None}
        joined = [link for link in links if id(link) not in kept]
        chosen = super().visit_JoinChain(op, first=first, rest=joined, values=values)
        for link in (link for link in links if id(link) in kept):
            there = sge.Exists(this=sg.select(sge.convert(1)).from_(link.this).where(link.args["on"]))
            chosen = chosen.where(there if kept[id(link)] else there.not_())
        return chosen

    def visit_ScalarUDF(self, op: Any, **kw: Any) -> Any:
        """Give the seconds since 1970 of a moment, the one function of the engine that is called by its name."""
        return self.cast(self.f.extract("epoch", *kw.values()), dt.float64)

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:
        """Give the seconds of a time with their fraction, as DuckDB does."""
        return self.cast(self.f.extract("epoch", self.cast(arg, dt.timestamp)), dt.float64)

    def visit_Divide(self, op: Any, *, left: Any, right: Any) -> Any:
        """Divide as floats: whole numbers would be divided to whole numbers, and by nought there is nothing, not an error."""
        above, below = (self.cast(part, dt.float64) for part in (left, right))
        return sge.Paren(this=sge.Anonymous(this="float8div", expressions=[above, self.f.nullif(below, 0)]))

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:
        """Round floats half away from nought on the float itself, as DuckDB does: as a decimal it would lose its last digits."""
        if not op.arg.dtype.is_floating():
            return super().visit_Round(op, arg=arg, digits=digits)
        large = self.cast(arg, dt.float64) * self.f.power(self.cast(10, dt.float64), digits or 0)
        whole = self.f.anon.trunc(large)
        away = self.if_(self.f.abs(large - whole) >= self.cast(0.5, dt.float64), whole + self.f.sign(large), whole)
        return sge.Paren(this=away / self.f.power(self.cast(10, dt.float64), digits or 0))

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """Cast; flags become numbers, which they do only as a condition."""
        kind = op.arg.dtype
        if kind.is_boolean() and to.is_numeric():
            return sge.Case(ifs=[self.if_(arg, self.cast(1, to)), self.if_(self.f.anon.bool(arg).not_(), self.cast(0, to))])
        if kind.is_numeric() and to.is_boolean():
            return sge.Paren(this=arg.neq(0))
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_TryCast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """Cast what can be cast, and leave the rest empty: a cast that fails would end the statement."""
        kind = op.arg.dtype
        if kind.is_string() and (how := self._read_text(arg, to)):
            able, cell = how
        elif kind.is_numeric() and to.is_integer():
            able, cell = self.f.abs(arg) < self.cast(9.2e18, dt.float64), self.cast(arg, to)
        elif kind.is_decimal() and to.is_floating():
            able, cell = self.f.abs(arg) < self.cast("1e308", dt.Decimal()), self.cast(arg, to)
        else:
            return self.visit_Cast(op, arg=arg, to=to)
        return sge.Paren(this=sge.Case(ifs=[self.if_(able, cell)]))

    def _read_text(self, arg: Any, to: Any) -> tuple[Any, Any] | None:
        """Say when a text can be read as a type, and how."""
        if to.is_numeric():
            short = self.f.char_length(arg) < _LONGEST_NUMBER
            return sg.and_(self._fits(arg, _NUMBER), short), self.cast(self.cast(arg, dt.float64), to)
        if to.is_boolean():
            return self._fits(self.f.lower(arg), _FLAGS), self.cast(arg, to)
        if to.is_date():
            day = self.f.anon.substring(arg, f"^(?:{_DAYS})")
            return self._fits(arg, f"^(?:{_DAYS})(?:[T ].*)?$"), self.cast(day, to)
        if to.is_timestamp():
            zone = _ZONE if to.timezone else ""
            micro = self.f.anon.regexp_replace(arg, r"(\.\d{6})\d+", r"\1")
            return self._fits(arg, f"^(?:{_DAYS})(?:{_CLOCK})?{zone}$"), self.cast(micro, to)
        return None

    def _fits(self, arg: Any, pattern: str) -> Any:
        return sge.Paren(this=sge.RegexpLike(this=arg, expression=sge.convert(_pattern(pattern))))

    def visit_RegexSearch(self, op: Any, *, arg: Any, pattern: Any) -> Any:
        """Say whether a pattern is found in a text."""
        return self._fits(arg, pattern.this)

    def visit_RegexExtract(self, op: Any, *, arg: Any, pattern: Any, index: Any) -> Any:
        """Give a part of what a pattern finds; '' where it finds nothing, as DuckDB does."""
        found = sge.Paren(this=self.f.anon.regexp_match(arg, _pattern(pattern.this)))
        part = sge.Var(this=f"{found.sql(self.dialect)}[{index.sql(self.dialect)}]")
        return self.if_(arg.is_(sge.null()), sge.null(), self.f.coalesce(part, ""))

    def visit_RegexReplace(self, op: Any, *, arg: Any, pattern: Any, replacement: Any) -> Any:
        """Put something in the place of all that a pattern finds."""
        return self.f.anon.regexp_replace(arg, _pattern(pattern.this), replacement, "g")

    def visit_Lowercase(self, op: Any, *, arg: Any) -> Any:
        """Write in lower case as the language of the database has it: by their bytes only a–z have one."""
        lower = f'(lower({arg.sql(self.dialect)} COLLATE "default")) COLLATE "C"'
        return sge.Paren(this=sge.Var(this=lower))

    def visit_First(self, op: Any, *, arg: Any, where: Any, order_by: Any, include_null: Any) -> Any:
        """Take the first of a group that holds anything; there is no function for it."""
        held = arg.is_(sge.null()).not_()
        every = self.agg.array_agg(arg, where=held if where is None else sg.and_(where, held), order_by=order_by)
        return sge.Var(this=f"({every.sql(self.dialect)})[1]")

    def visit_Arbitrary(self, op: Any, *, arg: Any, where: Any) -> Any:
        """Take any of a group that holds anything."""
        return self.visit_First(op, arg=arg, where=where, order_by=(), include_null=False)


# What a view would have run


FIRST_MADE = 16384
"""The number from which on functions and tables are somebody's, and not the system's own."""
NODES = (
    *("AGGREF", "ALIAS", "ARRAY", "ARRAYCOERCEEXPR", "ARRAYEXPR", "BOOLEANTEST", "BOOLEXPR", "CASE", "CASEEXPR", "CASETESTEXPR"),
    *("CASEWHEN", "COALESCE", "COALESCEEXPR", "COERCEVIAIO", "COLLATE", "COLLATEEXPR", "COMMONTABLEEXPR", "CONST"),
    *("DISTINCTEXPR", "FIELDSELECT", "FROMEXPR", "FUNCEXPR", "GROUPINGFUNC", "GROUPINGSET", "JOINEXPR", "MINMAX", "MINMAXEXPR"),
    *("NULLIFEXPR", "NULLTEST", "OPEXPR", "PERMISSIONINFO", "QUERY", "RANGETBLENTRY", "RANGETBLFUNCTION", "RANGETBLREF"),
    *("RELABELTYPE", "ROW", "ROWEXPR", "RTE", "RTEPERMISSIONINFO", "SCALARARRAYOPEXPR", "SETOPERATIONSTMT", "SORTGROUPCLAUSE"),
    *("SUBLINK", "SUBSCRIPTINGREF", "TARGETENTRY", "VAR", "WHEN", "WINDOWCLAUSE", "WINDOWFUNC"),
)
"""What a view may be made of, as the server keeps it; the clock, samples, domains and all that is not known are none of it."""
DATES = (
    *("timestamp", "timestamptz", "date", "time", "timetz", "date_part", "extract", "date_trunc", "timezone", "overlaps"),
    *("to_char", "to_date", "to_timestamp", "timestamptz_pl_interval", "timestamptz_mi_interval", "interval_pl_timestamptz"),
    *("make_timestamptz", "generate_series", "concat", "concat_ws", "format", "textanycat", "anytextcat", "array_to_string"),
)
"""Functions that hang on settings alone which a session settles: zone, and how dates and numbers are written."""
_MIXED = "^(date|timestamp|timestamptz)_(cmp|eq|ge|gt|le|lt|ne)_(date|timestamp|timestamptz)$"
"""Those that hold one kind of time against another, by the zone."""


def _numbers(tree: str, *keys: str) -> list[int]:
    """Take the numbers that stand under keys of a tree as the server writes it; in names there spaces have a backslash."""
    return [int(found) for found in re.findall(rf":(?:{'|'.join(keys)}) (\d+)", tree)]


# What PostgreSQL answers, or does not


REFUSALS = {
    "57014": "cancelled",
    "42501": "no_right",
    "25006": "writes",
    "42P01": "gone",
    "42703": "gone",
    "42883": "gone",
    "53": "no_room",
    "54": "no_room",
    "22": "cells",
    "2F": "cells",
    "P0": "cells",
}
"""What an error means, by its code or the beginning of it."""


class Session(Backend):  # type: ignore[misc]
    """A connection that only reads: one transaction, REPEATABLE READ, so that every statement sees the same records."""

    compiler = _Dialect()

    def __init__(self, connection: Any, address: str, seconds: float) -> None:
        """Take a connection whose transaction has begun, and how long a statement may take."""
        super().__init__()
        self._can_reconnect = False
        self.con, self.address, self.seconds = connection, address, seconds
        self.homes: tuple[str, ...] = ()
        """The schemas in which a table is looked for first."""
        self.limit = (OWN_LIMIT, _loosen(""))
        """Who says how long a statement may take, as it is said there, and how it is made longer."""
        self.settled: tuple[Any, ...] = ()
        """The settings as they were when the transaction began (see WATCHED)."""
        self.role = ""
        self.reads: dict[tuple[str, str], list[str]] = {}
        self.statements: list[str] = []
        """What was asked, in its order."""
        self.close = weakref.finalize(self, connection.close)
        self._prints: dict[Relation, str] = {}

    def ask(self, sql: str, given: Sequence[Any] | None = None, table: str = "") -> list[tuple[Any, ...]]:
        """Run a statement and bring its rows.

        Raises InputError where the server refuses it, takes too long or is gone; its words may hold cells, and are kept back.
        """
        self.statements.append(sql)
        began = time.monotonic()
        try:
            with self.con.cursor() as cursor:
                cursor.execute(sql.encode("utf-8", "replace"), given)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            with suppress(psycopg.Error):
                self.con.rollback()
            raise InputError([self._refusal(error, table, time.monotonic() - began)]) from None

    def _refusal(self, error: psycopg.Error, table: str, seconds: float) -> Fault:
        code = error.sqlstate or ""
        told = {"code": code or "—", "seconds": f"{seconds:.3g}"}
        rule = REFUSALS.get(code) or REFUSALS.get(code[:2]) or "refused"
        if self.con.closed or not code:  # a code alone may be what a function of theirs says
            rule = "lost"
        if rule == "cancelled" and self.seconds and seconds >= self.seconds:
            rule, told = "too_long", {"seconds": f"{self.seconds:g}", "given": self.limit[0], "cure": self.limit[1]}
        return Fault(table or self.address, "", f"records.base_{rule}", told)

    def settings(self, timezone: str) -> list[str]:
        """List what is settled before the first transaction."""
        settled = STEADY | {"timezone": _text(timezone), "statement_timeout": str(int(self.seconds * 1000))}
        return [f"SET {name} = {value}" for name, value in settled.items()]

    def watch(self) -> tuple[Any, ...]:
        """Ask for the settings that must hold; by their full name, for the path to it is one of them."""
        return self.ask("SELECT {}".format(", ".join(f"pg_catalog.current_setting('{name}')" for name in WATCHED)))[0]

    def answer(self, sql: str, table: str = "") -> list[tuple[Any, ...]]:
        """Run a statement on records and bring its rows.

        Raises InputError as ask does, and where something that the server ran for it has changed a setting.
        """
        rows, moved = self.ask(sql, table=table), self.watch()
        if moved != self.settled:
            names = [name for name, one, other in zip(WATCHED, self.settled, moved, strict=True) if one != other]
            raise InputError([Fault(table or self.address, "", "records.base_moved", {"given": ", ".join(names)})])
        return rows

    # Ibis writes where it is asked to keep rows or to join a frame; nothing is ever written here.

    def _cached_table(self, table: Any) -> Any:
        return table

    def _run_pre_execute_hooks(self, expr: Any) -> None:
        """Prepare nothing: small frames stand in the statement (see _Dialect), and there are no functions of ours."""

    def execute(self, expr: Any, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
        """Bring what an expression asks for."""
        table = expr.as_table()
        schema = table.schema()
        rows = self.answer(self.compile(table, params=params, limit=limit))
        frame = pd.DataFrame.from_records(rows, columns=list(schema.names), coerce_float=True)
        return expr.__pandas_result__(PostgresPandasData.convert_table(frame, schema))

    # The tables that lie there

    def list_relations(self) -> list[tuple[str, str]]:
        """Name every table and view of every schema that the role may look into."""
        asked = """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                AND NOT c.relispartition AND has_schema_privilege(n.oid, 'USAGE')
            ORDER BY n.nspname, c.relname"""
        return [(schema, name) for schema, name in self.ask(asked)]

    def describe(self, schema: str, name: str) -> Relation:
        """Say what columns a table has, and which the role may read."""
        asked = """
            SELECT a.attname,
                CASE t.typtype
                    WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END,
                has_column_privilege(c.oid, a.attnum, 'SELECT'), row_security_active(c.oid), c.oid::bigint
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
                JOIN pg_type t ON t.oid = a.atttypid
            WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
        found = self.ask(asked, (schema, name))
        columns, number = tuple((row[0], row[1], row[2]) for row in found), max((row[4] for row in found), default=0)
        return Relation(schema, name, any(row[3] for row in found), number, columns)

    def view_faults(self, relation: Relation, file: str) -> list[Fault]:
        """Find what a table, a view, or what it stands on would have the server run that may answer otherwise each time.

        Views and policies are asked for the functions that they call; a table, a materialized view and its parts hold rows.
        """
        asked = f"""
            SELECT c.oid::bigint, c.oid::regclass::text, c.relkind IN ('r', 'p', 'v', 'm') AND c.oid >= {FIRST_MADE},
                ARRAY(
                    SELECT r.ev_action::text FROM pg_rewrite r
                    WHERE r.ev_class = c.oid AND r.ev_type = '1' AND c.relkind = 'v'
                    UNION ALL SELECT p.polqual::text FROM pg_policy p
                    WHERE p.polrelid = c.oid AND c.relrowsecurity AND p.polcmd IN ('r', '*') AND p.polqual IS NOT NULL),
                ARRAY(SELECT i.inhrelid::bigint FROM pg_inherits i WHERE i.inhparent = c.oid)
            FROM pg_class c WHERE c.oid = ANY(%s::bigint[]) ORDER BY 2"""  # noqa: S608 - our own words
        faults, seen, todo = list[Fault](), set[int](), {relation.oid}
        while todo:
            seen |= todo
            below = set[int]()
            for _, name, held, trees, parts in self.ask(asked, (sorted(todo),)):
                if not held:
                    faults.append(Fault(file, name, "records.base_elsewhere"))
                    continue
                below |= {*parts, *(number for tree in trees for number in _numbers(tree, "relid") if number)}
                if unsteady := self._unsteady(trees):
                    faults.append(Fault(file, name, "records.base_unsteady", {"given": ", ".join(unsteady)}))
            todo = below - seen
        return faults

    def _unsteady(self, trees: Sequence[str]) -> list[str]:
        """Name what expressions use that is not steady, or is not the system's own."""
        called = [number for tree in trees for number in _numbers(tree, "funcid", "opfuncid", "aggfnoid", "winfnoid")]
        signs = [number for tree in trees for number in _numbers(tree, "opno", "eqop", "sortop")]
        asked = f"""
            SELECT DISTINCT p.oid::regprocedure::text FROM pg_proc p
            WHERE (p.oid = ANY(%s::bigint[]) OR p.oid IN (SELECT o.oprcode FROM pg_operator o WHERE o.oid = ANY(%s::bigint[])))
                AND (p.oid >= {FIRST_MADE} OR p.provolatile = 'v'
                    OR p.provolatile = 's' AND p.proname <> ALL (%s) AND p.proname !~ %s)
            ORDER BY 1"""  # noqa: S608 - our own words
        functions = self.ask(asked, (called, signs, list(DATES), _MIXED)) if trees else []
        nodes = {node for tree in trees for node in re.findall(r"(?<!\\)\{([A-Z]+)", tree)}.difference(NODES)
        return [name for (name,) in functions] + sorted(nodes)

    def open(self, relation: Relation) -> Any:
        """Open a table as an expression: the columns that may be read."""
        kinds = {name: _type(kind) for name, kind in relation.readable}
        self.reads[relation.schema, relation.name] = [_read_column(name, read) for name, (read, _) in kinds.items()]
        schema, space = sch.Schema({name: kind for name, (_, kind) in kinds.items()}), ops.Namespace(database=relation.schema)
        return ops.DatabaseTable(relation.name, schema=schema, source=self, namespace=space).to_expr()

    def fingerprint(self, relation: Relation, label: str) -> str:
        """Fingerprint a table, whatever the order of its rows: the server sums up what it makes of each, and sends the sums."""
        if relation in self._prints:
            return self._prints[relation]
        if faults := self.view_faults(relation, label):
            raise InputError(faults)
        columns = ", ".join(_identifier(name) for name, _ in relation.readable)
        halves = ", ".join(f"sum(hashtextextended(row_, {seed})::numeric)::text" for seed in (0, 1))
        asked = f"""SELECT count(*)::text, {halves}
            FROM (SELECT (rows_.*)::text COLLATE "C" AS row_
                FROM (SELECT {columns} FROM {relation.full}) AS rows_) AS texts_"""  # noqa: S608
        found = [*map(str, self.answer(asked, table=label)[0]), *(f"{name} {kind}" for name, kind in relation.readable)]
        self._prints[relation] = hashlib.sha256("\n".join(found).encode()).hexdigest()
        return self._prints[relation]


OWN_LIMIT = f"fengqiao: statement_timeout = {TIMEOUT * 1000}"
"""What settles how long a statement may take where nobody else does."""


def _limit(address: str, timeout: int, limits: Sequence[str], role: str) -> tuple[str, str]:
    """Say who settles how long a statement may take, as it is said there, and how it is made longer.

    timeout: milliseconds, 0 for none; limits: the roles and databases for which it is settled, what goes before others first.

    >>> _limit("postgresql://reader@db/records", 5, ["ROLE reader", ""], "reader")
    ("ALTER ROLE reader SET statement_timeout = '5ms'", "ALTER ROLE reader SET statement_timeout = '30min'")
    """
    options = f"{conninfo_to_dict(address).get('options') or os.environ.get('PGOPTIONS', '')}"
    if not timeout:
        return OWN_LIMIT, _loosen(f"ROLE {role}")
    if "statement_timeout" in options:
        return f"options=-c statement_timeout={timeout}", "?options=-c%20statement_timeout%3D1800000"
    if limits and limits[0]:
        return f"ALTER {limits[0]} SET statement_timeout = '{timeout}ms'", _loosen(limits[0])
    return f"postgresql.conf: statement_timeout = {timeout}", _loosen(f"ROLE {role}")


def _loosen(whom: str) -> str:
    """Write what gives a role, or all of a database, half an hour for a statement."""
    return f"ALTER {whom or 'ROLE …'} SET statement_timeout = '30min'"


NOT_IN_CLEAR = "!password,!md5"
"""How a server may not ask for the password: whoever holds the port would have it, or what is as good."""
POWERS = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files")
"""What a role may be a member of with which a function can do to the server's machine what it likes."""


def _door(address: str, name: str) -> str:
    """Give an address with what the wire must be besides what it asks for.

    Raises InputError where it leads to another machine, and nobody has said how it is encrypted.
    """
    said = conninfo_to_dict(address)
    places = str(said.get("hostaddr") or said.get("host") or os.environ.get("PGHOSTADDR") or os.environ.get("PGHOST") or "")
    if not ("sslmode" in said or "PGSSLMODE" in os.environ or all(map(_is_here, places.split(",")))):
        raise InputError([Fault(name, "records", "records.base_wire")])
    asked = "require_auth" in said or "PGREQUIREAUTH" in os.environ
    old = psycopg.pq.version() < 160000  # noqa: PLR2004 - libpq 16 knows the word
    return address if asked or old else make_conninfo(address, require_auth=NOT_IN_CLEAR)


def _is_here(place: str) -> bool:
    """Say whether a host is this machine: a socket, or loopback."""
    if place in ("", "localhost") or place.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(place).is_loopback
    except ValueError:
        return False


def connect(address: str, timezone: str, name: str) -> Session:
    """Connect to a database for reading; a password is libpq's affair (PGPASSWORD, .pgpass).

    name: what the database is called in faults. Raises InputError where there is no way in, or the role may do too much.
    """
    try:
        door = _door(address, name)
        connection = psycopg.connect(door, client_encoding="utf8", prepare_threshold=None, autocommit=True)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise InputError([Fault(name, "records", f"records.base_{_why_not(error)}")]) from None
    session = Session(connection, name, TIMEOUT)
    session.ask(f"SET statement_timeout = {TIMEOUT * 1000}")  # a role may have so little that it could not be asked for
    [(homes,)] = session.ask("SELECT pg_catalog.current_schemas(false)")  # by its full name: the path to it is not ours yet
    session.ask("SET search_path = ''")
    asked = """SELECT current_user::text, current_setting('server_encoding'),
            (SELECT reset_val::bigint FROM pg_settings WHERE name = 'statement_timeout'),
            ARRAY(SELECT CASE WHEN s.setrole <> 0 THEN 'ROLE ' || session_user ELSE '' END
                    || CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN ' IN ' ELSE '' END
                    || CASE WHEN s.setdatabase <> 0 THEN 'DATABASE ' || current_database() ELSE '' END
                FROM pg_db_role_setting s
                WHERE s.setrole IN (0, session_user::regrole::oid)
                    AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
                    AND EXISTS (SELECT FROM unnest(s.setconfig) AS said_ WHERE said_ LIKE 'statement\\_timeout=%%')
                ORDER BY s.setrole = 0, s.setdatabase = 0),
            ARRAY(SELECT rolname::text FROM pg_roles
                WHERE (rolsuper OR rolname = ANY(%s)) AND pg_has_role(session_user, oid, 'MEMBER')
                ORDER BY NOT rolsuper, rolname)"""
    [(role, encoding, timeout, limits, powers)] = session.ask(asked, (list(POWERS),))
    if powers:
        raise InputError([Fault(name, "records", "records.base_power", {"role": role, "given": powers[0]})])
    session.homes, session.role, session.seconds = tuple(homes), role, timeout / 1000 or TIMEOUT
    session.limit = _limit(address, timeout, limits, role)
    if encoding != "UTF8":
        raise InputError([Fault(name, "records", "records.base_encoding", {"given": encoding})])
    for setting in session.settings(timezone):
        session.ask(setting)
    connection.autocommit = False
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    session.statements.append("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    session.settled = session.watch()
    return session


def _why_not(error: Exception) -> str:
    """Say why there is no way in, by what the wire was asked for and not by words, which are the server's language."""
    wire = getattr(error, "pgconn", None)
    if f'"{NOT_IN_CLEAR}"' in str(error):  # the library repeats what was asked of it, in whatever language
        return "in_clear"
    if wire is not None and wire.needs_password:
        return "no_word"
    return "no_entry" if wire is not None and wire.used_password else "no_way"
