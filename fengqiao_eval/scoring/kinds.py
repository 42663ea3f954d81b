"""What kind of column a scheme asks for: those that nobody declared are read so, alike from CSV, Parquet and DuckDB."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fengqiao_eval.errors import Fault
from fengqiao_eval.records.shaping import typed
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Column, Kind
from fengqiao_eval.scheme.counted import Coded, Count, Elapsed, Figure, Mean, Quantile, Ratio
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.model import Scheme

LOOKS: Mapping[str, str] = {"time": "2024-11-05 08:30", "number": "12.5", "flag": "true / false", "text": '"…"'}
"""How a value of each kind is written, for those who wrote another."""


@dataclass(frozen=True)
class Asked:
    """A column that is asked to be of a kind, as it stands in the scheme; `firm` where no other kind of column would do."""

    column: str
    kind: Kind
    written: str
    firm: bool = True


def settled(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read undeclared columns as what the scheme asks for; return the records and every column that cannot be that."""
    tables, faults = dict(records.tables), []
    for name in [table for table in tables if table in TABLES]:
        asked = {a: i.code for i in scheme.entries if i.measure.table == name for a in _asked(i, tables[name])}
        asked = {a: code for a, code in asked.items() if a.column in tables[name].columns}
        unfit = {a: code for a, code in asked.items() if not _fits(tables[name][a.column].type(), a.kind)}
        free = {a.column: a.kind for a in unfit if _may_become(a, asked, name, tables[name])}
        faults += [_unfit(a, code, name, records.name) for a, code in unfit.items() if a.column not in free]
        if free:
            columns = tuple(Column(column, kind, "") for column, kind in free.items())
            tables[name], more = typed(tables[name], replace(TABLES[name], columns=columns), records.name)
            faults += more
    return replace(records, tables=MappingProxyType(tables)), faults


def _fits(type_: Any, kind: str) -> bool:
    if kind == "time":
        return bool(type_.is_timestamp() and not type_.timezone)
    return bool(type_.is_string() if kind == "text" else type_.is_numeric() or type_.is_boolean())


def _may_become(a: Asked, asked: Mapping[Asked, str], table: str, rows: Any) -> bool:
    """Say whether a column may be read as what is asked: undeclared, asked for as nothing else, and written so."""
    type_ = rows[a.column].type()
    free = TABLES[table].column(a.column) is None and {b.kind for b in asked if b.column == a.column} == {a.kind}
    return free and bool(a.kind == "text" or type_.is_string() or type_.is_temporal())


def _unfit(a: Asked, code: str, table: str, name: str) -> Fault:
    column = TABLES[table].column(a.column)
    wanted = LOOKS.get(column.kind, LOOKS["number"]) if column and not a.firm else LOOKS[a.kind]
    return Fault(name, f"{code}.measure", "document.value", {"given": f"{table}.{a.written}", "wanted": wanted})


def _asked(indicator: Entry, rows: Any) -> Iterator[Asked]:
    """List what an indicator asks of the columns of its table."""
    measure = indicator.measure
    if isinstance(measure, Figure):
        return
    yield Asked(measure.date, "time", measure.date)
    beside = [tests for aside in indicator.beside for tests in (aside.where, aside.met or {})]
    parts: tuple[Any, ...] = (*measure.worth, *measure.times) if isinstance(measure, Count) else ()
    weighed = [part.where for part in parts]
    for tests in (measure.where, getattr(measure, "met", {}), *weighed, *beside):
        for column, test in tests.items():
            yield from _tested(column, test, rows)
    yield from _measured(measure)


def _measured(measure: Any) -> Iterator[Asked]:
    if isinstance(measure, Coded):
        yield Asked(measure.column, "text", measure.column)
    if isinstance(measure, Ratio):
        yield from (Asked(column, "number", column) for column in (measure.numerator, measure.denominator))
    if isinstance(measure, Count):
        yield from _worth(measure)
    if isinstance(measure, (Mean, Quantile)) and isinstance(measure.of, Elapsed):
        yield from (Asked(column, "time", column) for column in measure.of.minutes)
    elif isinstance(measure, (Mean, Quantile)):
        yield Asked(str(measure.of), "number", str(measure.of))


def _worth(measure: Count) -> Iterator[Asked]:
    """List what is asked of the columns that say what a row is worth, and which rows are alike."""
    for part in measure.worth:
        if part.column:
            yield Asked(part.column, "text" if part.values else "number", part.column)
        if part.ladder:
            yield from (Asked(column, "time", column) for column in (part.ladder.since, part.ladder.until))
    again = [column for factor in measure.times if factor.again for column in factor.again.same]
    for column in (*again, *measure.best_of):
        if TABLES[measure.table].column(column) is None:  # a declared column has words of its own kind to be alike in
            yield Asked(column, "text", column)


def _tested(column: str, test: Any, rows: Any) -> Iterator[Asked]:
    """List what a test asks of its column, and of the columns it is held against."""
    for value in (*(test.in_ or ()), *(test.not_in or ())):
        yield Asked(column, _kind(value), f"{column}: {value}", firm=False)
    deadlines = [test.not_after] if test.not_after else [test.within.of] if test.within else []
    yield from (Asked(name, "time", name) for end in deadlines for name in (column, end))
    for bound in (test.at_least, test.at_most, test.above, test.below):
        if isinstance(bound, str):
            both = [name for name in (column, bound) if name in rows.columns]
            times = any(rows[name].type().is_temporal() for name in both)
            yield from (Asked(name, "time" if times else "number", name) for name in both)
        elif bound is not None:
            yield Asked(column, "number", f"{column}: {bound}", firm=False)


def _kind(value: Any) -> Kind:
    return "flag" if isinstance(value, bool) else "number" if isinstance(value, (int, Decimal)) else "text"
