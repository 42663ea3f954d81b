"""Whether records and scheme fit each other: columns and their kinds, numerators, empty periods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fengqiao_eval.documents import suggest
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.measuring.counting import eligible_rows
from fengqiao_eval.measuring.measures import Counted
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.ingest import cast_columns
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Column, Kind
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Elapsed, Figure, Mean, Quantile, Ratio
from fengqiao_eval.scheme.scheme import Scheme

# What kind of column a scheme asks for: those that nobody declared are read so, alike from CSV, Parquet and DuckDB.


LOOKS: Mapping[str, str] = {"time": "2024-11-05 08:30", "number": "12.5", "flag": "true / false", "text": '"…"'}
"""How a value of each kind is written, for those who wrote another."""


@dataclass(frozen=True)
class Asked:
    """A column that is asked to be of a kind, as it stands in the scheme; `firm` where no other kind of column would do."""

    column: str
    kind: Kind
    written: str
    firm: bool = True


def cast_undeclared(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read undeclared columns as what the scheme asks for; return the records and every column that cannot be that."""
    tables, faults = dict(records.tables), []
    for name in [table for table in tables if table in TABLES]:
        asked = {a: i.code for i in scheme.entries if i.measure.table == name for a in _entry_columns(i, tables[name])}
        asked = {a: code for a, code in asked.items() if a.column in tables[name].columns}
        unfit = {a: code for a, code in asked.items() if not _fits(tables[name][a.column].type(), a.kind)}
        free = {a.column: a.kind for a in unfit if _may_become(a, asked, name, tables[name])}
        faults += [_kind_fault(a, code, name, records.name) for a, code in unfit.items() if a.column not in free]
        if free:
            columns = tuple(Column(column, kind, "") for column, kind in free.items())
            tables[name], more = cast_columns(tables[name], replace(TABLES[name], columns=columns), records.name)
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


def _kind_fault(a: Asked, code: str, table: str, name: str) -> Fault:
    column = TABLES[table].column(a.column)
    wanted = LOOKS.get(column.kind, LOOKS["number"]) if column and not a.firm else LOOKS[a.kind]
    return Fault(name, f"{code}.measure", "document.value", {"given": f"{table}.{a.written}", "wanted": wanted})


def _entry_columns(indicator: Entry, rows: Any) -> Iterator[Asked]:
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
            yield from _test_columns(column, test, rows)
    yield from _measure_columns(measure)


def _measure_columns(measure: Any) -> Iterator[Asked]:
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


def _test_columns(column: str, test: Any, rows: Any) -> Iterator[Asked]:
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


# Whether records and scheme fit each other: columns that are looked at, numerators above their denominators, empty periods.


def fit_records(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read the columns as the scheme asks for them; return the records and every fault of the two together."""
    absent = list(_absent_columns(scheme, records))
    records, unfit = cast_undeclared(scheme, records)
    return records, [*absent, *unfit, *([] if unfit else (*_excess_numerators(scheme, records), *_range_faults(scheme, records)))]


def faults(scheme: Scheme, records: Records) -> list[Fault]:
    """Find columns that the scheme looks at and its tables lack, or that are of another kind, and parts above their wholes.

    Amounts that a person decides within a range are looked at in every row that the measure counts, of whatever date.
    """
    return fit_records(scheme, records)[1]


def _absent_columns(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.entries:
        for table, columns in _columns_by_table(indicator).items():
            if table not in TABLES:
                given = {"given": table, "known": suggest(table, list(TABLES))}
                yield Fault(scheme.title, f"{indicator.code}.measure.table", "scheme.unknown_table", given)
            there = records.columns(table)
            for column in (column for column in columns if there and column not in there):
                given = {"table": table, "column": column, "near": suggest(column, list(there))}
                yield Fault(records.name, f"{indicator.code}.measure", "scheme.no_column", given)


def _columns_by_table(indicator: Entry) -> dict[str, list[str]]:
    """Name the columns that an indicator looks at, table by table."""
    measure = indicator.measure
    if isinstance(measure, Figure):
        return {}
    tests = [tests for aside in indicator.beside for tests in (aside.where, aside.met or {})]
    named = [*measure.columns, *(name for each in tests for column, test in each.items() for name in (column, *test.columns))]
    named += [indicator.split.column] if indicator.split else []
    found = {measure.table: list(dict.fromkeys(named))}
    if measure.table == "duties" and "visits_made" in named:
        found["duties"] = [name for name in found["duties"] if name != "visits_made"] + ["subject_id", "due_from"]
        found["visits"] = ["subject_id"]
    if measure.table == "notices":
        found["notices"].append("status")
    if isinstance(measure, Count) and measure.per in ("residents", "households"):
        found["units"] = [measure.per]
    return found


def _excess_numerators(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.entries:
        above, below, key = _fraction(indicator)
        rows = records.tables.get(indicator.measure.table)
        if rows is None or not above or not {above, below} <= set(rows.columns):
            continue
        rows = rows.filter(rows.indicator == indicator.measure.figure) if isinstance(indicator.measure, Figure) else rows
        over = rows.filter(rows[above] > rows[below])
        count = int(over.count().execute())
        if count:
            ids = ", ".join(query.fetch(over.order_by(key).limit(5), [key])[key])
            given = {"count": count, "above": above, "below": below, "ids": ids}
            yield Fault(records.name, f"{indicator.measure.table}.{above}", "records.over", given)


def _range_faults(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find the amounts that are decided within a range and lie outside it; empty ones are told in the notes."""
    asked = [
        (i.measure, part) for i in scheme.entries if isinstance(i.measure, Count) for part in i.measure.worth if part.between
    ]
    for measure, part in asked:
        if measure.table not in records.tables or not {*measure.columns, *part.columns} <= _available_columns(records, measure):
            continue
        low, high = map(float, part.between or ())
        rows = eligible_rows(records.tables, measure)
        cell = rows[part.column]
        over = rows.filter(query.passes(rows, measure.where), query.passes(rows, part.where), (cell < low) | (cell > high))
        count, key = int(over.count().execute()), TABLES[measure.table].key
        if count:
            ids = ", ".join(query.fetch(over.order_by(key).limit(5), [key])[key])
            given = {"count": count, "low": f"{low:g}", "high": f"{high:g}", "ids": ids}
            yield Fault(records.name, f"{measure.table}.{part.column}", "records.out_of_range", given)


def _available_columns(records: Records, measure: Count) -> set[str]:
    made = {"visits_made"} if measure.table == "duties" and "visits" in records.tables else set()
    return {*records.columns(measure.table), *made}


def _fraction(indicator: Entry) -> tuple[str, str, str]:
    """Name the columns of a part and its whole, and the one that says whose; '' where an indicator has no such columns."""
    measure = indicator.measure
    if isinstance(measure, Ratio) and measure.subset:
        return measure.numerator, measure.denominator, TABLES[measure.table].key
    if isinstance(measure, Figure) and indicator.scale > 1:
        return "numerator", "denominator", "unit_id"
    return "", "", ""


def require_records(counted: Counted, scheme: Scheme, period: Period, name: str) -> None:
    """Refuse a period without any record.

    Raises InputError naming the period when no indicator that is counted from rows found one.
    """
    some = any(counted.sums(line, period, frozenset())["den"].any() for line in counted.lines)
    at = counted.periods.index(period)
    some = some or any(found["n"][:, at].any() for found in counted.apart.values())
    some = some or all(isinstance(i.measure, Figure) for i in scheme.entries)
    refuse([] if some else [Fault(name, str(period), "records.empty_period", {"given": str(period)})])
