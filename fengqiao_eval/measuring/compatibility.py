"""Whether records and scheme fit each other: columns and their kinds, numerators."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from fengqiao_eval.documents import suggest
from fengqiao_eval.errors import Fault
from fengqiao_eval.measuring.counting import eligible_rows
from fengqiao_eval.records import query
from fengqiao_eval.records.ingest import MOST, cast_columns
from fengqiao_eval.records.row_names import RowNames
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Column, Kind
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Elapsed, Figure, Mean, Quantile, Ratio
from fengqiao_eval.scheme.scheme import Scheme

LOOKS: Mapping[str, str] = {"time": "2024-11-05 08:30", "number": "12.5", "flag": "true / false", "text": '"…"'}
"""How a value of each kind is written, for those who wrote another."""


def fit_records(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read the columns as the scheme asks for them; return the records and every fault of the two together."""
    absent = list(_absent_columns(scheme, records))
    records, unfit = cast_undeclared(scheme, records)
    rules = () if unfit else (_excess_numerators, _amounts_below_nought, _contradictions, _range_faults)
    return records, [*absent, *unfit, *(fault for rule in rules for fault in rule(scheme, records))]


def faults(scheme: Scheme, records: Records) -> list[Fault]:
    """Find columns that the scheme looks at and its tables lack, or that are of another kind, and parts above their wholes.

    Amounts that a person decides within a range are looked at in every row that the measure counts, of whatever date.
    """
    return fit_records(scheme, records)[1]


# Columns that are looked at, and are there


def _absent_columns(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.entries:
        for table, columns in columns_by_table(indicator).items():
            if table not in TABLES:
                given = {"given": table, "known": suggest(table, list(TABLES))}
                yield Fault(scheme.title, f"{indicator.code}.measure.table", "scheme.unknown_table", given)
            there = records.columns(table)
            for column in (column for column in columns if there and column not in there):
                given = {"table": table, "column": column, "near": suggest(column, list(there))}
                rule = "own_column" if column.endswith(query.OWN) else "no_column"
                yield Fault(records.file(table), f"{indicator.code}.measure", f"scheme.{rule}", given)


def columns_by_table(indicator: Entry) -> dict[str, list[str]]:
    """Name the columns that an indicator looks at, table by table."""
    measure = indicator.measure
    if isinstance(measure, Figure):
        return {}
    tested = [name for tests in _aside_tests(indicator) for column, test in tests.items() for name in (column, *test.columns)]
    named = dict.fromkeys([*measure.columns, *tested, *([indicator.split.column] if indicator.split else [])])
    found = {measure.table: list(named)}
    if measure.table == "duties" and "visits_made" in named:
        found["duties"] = [name for name in named if name != "visits_made"] + ["subject_id", "due_from"]
        found["visits"] = ["subject_id"]
    if measure.table == "notices":
        found["notices"].append("status")
    if isinstance(measure, Count) and measure.per in ("residents", "households"):
        found["units"] = [measure.per]
    return found


def _aside_tests(indicator: Entry) -> list[Mapping[str, Any]]:
    return [tests for aside in indicator.beside for tests in (aside.where, aside.met or {})]


# Columns of the kind that is asked for: those that nobody declared are read so, alike from CSV, Parquet and DuckDB


class Asked(NamedTuple):
    """A column that is asked to be of a kind; what a test holds it against; `firm` where no other kind of column would do."""

    column: str
    kind: Kind
    value: str | None = None
    firm: bool = True


def cast_undeclared(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read undeclared columns as what the scheme asks for; return the records and every column that cannot be that."""
    tables, faults = dict(records.tables), []
    for name in [table for table in tables if table in TABLES]:
        rows = tables[name]
        asked = {a: i.code for i in scheme.entries if i.measure.table == name for a in _column_uses(i, rows)}
        asked = {a: code for a, code in asked.items() if a.column in rows.columns}
        unfit = {a: code for a, code in asked.items() if not _fits(rows[a.column].type(), a.kind)}
        free = {a.column: a.kind for a in unfit if _may_become(a, asked, name, rows)}
        free |= {a.column: a.kind for a in asked if _is_unchecked(a, name, rows)}
        faults += [_kind_fault(a, code, name, records.file(name)) for a, code in unfit.items() if a.column not in free]
        if free:
            columns = tuple(Column(column, kind, "") for column, kind in free.items())
            tables[name], more = cast_columns(
                rows, replace(TABLES[name], columns=columns), records.file(name), _row_names(records, name)
            )
            faults += more
    return replace(records, tables=MappingProxyType(tables)), faults


def _row_names(records: Records, table: str) -> RowNames:
    """Say what rows are called: by their ids where they are no longer those of one file, as where equal ones became one."""
    names = list(records.row_names.get(table, {}).values())
    return names[0] if len(names) == 1 and table not in records.equal else RowNames(ordered=False)


def _fits(type_: Any, kind: str) -> bool:
    if kind == "time":
        return bool(type_.is_timestamp() and not type_.timezone)
    return bool(type_.is_string() if kind == "text" else type_.is_numeric() or type_.is_boolean())


def _may_become(a: Asked, asked: Mapping[Asked, str], table: str, rows: Any) -> bool:
    """Say whether a column may be read as what is asked: undeclared, asked for as nothing else, and written so."""
    type_ = rows[a.column].type()
    free = TABLES[table].column(a.column) is None and {b.kind for b in asked if b.column == a.column} == {a.kind}
    return free and bool(a.kind == "text" or type_.is_string() or type_.is_temporal())


def _is_unchecked(a: Asked, table: str, rows: Any) -> bool:
    """Say whether a column holds numbers that nobody has read: they may have many decimals, be none, or past all reckoning."""
    kind = rows[a.column].type()
    return a.kind == "number" and TABLES[table].column(a.column) is None and bool(kind.is_floating() or kind.is_decimal())


def _kind_fault(a: Asked, code: str, table: str, name: str) -> Fault:
    column = TABLES[table].column(a.column)
    wanted = LOOKS.get(column.kind, LOOKS["number"]) if column and not a.firm else LOOKS[a.kind]
    given = f"{table}.{a.column}" + ("" if a.value is None else f": {a.value}")
    return Fault(name, f"{code}.measure", "document.value", {"given": given, "wanted": wanted})


def _column_uses(indicator: Entry, rows: Any) -> Iterator[Asked]:
    """List what an indicator asks of the columns of its table."""
    measure: Any = indicator.measure
    if isinstance(measure, Figure):
        return
    yield Asked(measure.date, "time")
    parts: tuple[Any, ...] = (*measure.worth, *measure.times) if isinstance(measure, Count) else ()
    for tests in (measure.where, getattr(measure, "met", {}), *(part.where for part in parts), *_aside_tests(indicator)):
        for column, test in tests.items():
            yield from _asked_by_test(column, test, rows)
    if isinstance(measure, Coded):
        yield Asked(measure.column, "text")
    elif isinstance(measure, Ratio):
        yield from (Asked(column, "number") for column in (measure.numerator, measure.denominator))
    elif isinstance(measure, Count):
        yield from _asked_by_worth(measure)
    elif isinstance(measure, (Mean, Quantile)):
        times = measure.of.minutes if isinstance(measure.of, Elapsed) else ()
        yield from (Asked(column, "time") for column in times)
        yield from () if times else [Asked(str(measure.of), "number")]


def _asked_by_worth(measure: Count) -> Iterator[Asked]:
    """List what is asked of the columns that say what a row is worth, and which rows are alike."""
    for part in measure.worth:
        if part.column:
            yield Asked(part.column, "text" if part.values else "number")
        if part.ladder:
            yield from (Asked(column, "time") for column in (part.ladder.since, part.ladder.until))
    again = [column for factor in measure.times if factor.again for column in factor.again.same]
    for column in (*again, *measure.best_of):
        if TABLES[measure.table].column(column) is None:  # a declared column has words of its own kind to be alike in
            yield Asked(column, "text")


def _asked_by_test(column: str, test: Any, rows: Any) -> Iterator[Asked]:
    """List what a test asks of its column, and of the columns it is held against."""
    for value in (*(test.in_ or ()), *(test.not_in or ())):
        kind: Kind = "flag" if isinstance(value, bool) else "number" if isinstance(value, (int, Decimal)) else "text"
        yield Asked(column, kind, str(value), firm=False)
    deadlines = [test.not_after] if test.not_after else [test.within.of] if test.within else []
    yield from (Asked(name, "time") for end in deadlines for name in (column, end))
    for bound in (test.at_least, test.at_most, test.above, test.below):
        if isinstance(bound, str):
            both = [name for name in (column, bound) if name in rows.columns]
            times = any(rows[name].type().is_temporal() for name in both)
            yield from (Asked(name, "time" if times else "number") for name in both)
        elif bound is not None:
            yield Asked(column, "number", str(bound), firm=False)


# Numbers that fit each other


def _excess_numerators(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find the parts that are larger than their wholes, in the columns of ratios and figures."""
    for indicator in scheme.entries:
        measure, above, below, key = indicator.measure, "numerator", "denominator", "unit_id"
        if (rows := records.tables.get(measure.table)) is None:
            continue
        if isinstance(measure, Ratio) and measure.subset:
            above, below, key = measure.numerator, measure.denominator, TABLES[measure.table].key
        elif not isinstance(measure, Figure) or indicator.scale == 1:
            continue
        if {above, below} <= set(rows.columns):
            rows = rows.filter(rows.indicator == measure.figure) if isinstance(measure, Figure) else rows
            given, place = {"above": above, "below": below}, (measure.table, above)
            yield from _row_fault(rows.filter(rows[above] > rows[below]), key, records.file(measure.table), place, "over", given)


def _amounts_below_nought(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find numbers below 0 where a part, a whole or a worth is asked for: what is taken away would be added."""
    rates = [entry.measure.figure for entry in scheme.entries if isinstance(entry.measure, Figure) and entry.scale != 1]
    for table, column in dict.fromkeys((entry.measure.table, column) for entry in scheme.entries for column in _amounts(entry)):
        rows = records.tables.get(table)
        if rows is not None and column in rows.columns:
            rows = rows.filter(rows.indicator.isin(rates)) if table == "figures" else rows
            key = TABLES[table].key or "unit_id"
            yield from _row_fault(rows.filter(rows[column] < 0), key, records.file(table), (table, column), "below_nought", {})


def _amounts(entry: Entry) -> Iterator[str]:
    """Name the columns of an entry that hold parts, wholes and worths."""
    measure = entry.measure
    if isinstance(measure, Ratio):
        yield from (measure.numerator, measure.denominator) if measure.subset else (measure.denominator,)
    elif isinstance(measure, Count):
        yield from (part.column for part in measure.worth if part.column and not part.values and not part.between)
    elif isinstance(measure, Figure) and entry.scale != 1:
        yield "numerator"


CUSTOMARY = (1, 100, 1_000, 10_000, 100_000)
"""Per how many of its denominator a figure may be given whose unit does not say so."""


def _contradictions(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find figures whose value is not what their numerator and denominator make, to within the last place that it has.

    A rate of another unit than % and ‰ may be per 1, 100 … 100,000 of its denominator, but is so for every unit alike.
    """
    figures = records.tables.get("figures")
    if figures is None or not {"numerator", "denominator", "value"} <= set(figures.columns):
        return
    entries = {entry.measure.figure: entry for entry in scheme.entries if isinstance(entry.measure, Figure)}
    for name, entry in entries.items():
        # what is no number is told as that, and cannot be rounded
        rows = figures.filter(figures.indicator == name, figures.denominator > 0, figures.value.abs() < MOST)
        last = query.constant(1e-6, "float64")
        for n in reversed(range(6)):
            last = (rows.value.round(n) == rows.value).ifelse(10.0**-n, last)
        scales = CUSTOMARY if entry.scale == 1 else (entry.scale,)
        off = [(rows.value - rows.numerator * scale / rows.denominator).abs() >= last * (1 - 1e-6) for scale in scales]
        counts = rows.agg(**{f"n{n}": rows.count(where=one) for n, one in enumerate(off)}).to_pandas().iloc[0]
        best = min(range(len(off)), key=lambda n: counts[f"n{n}"])
        given = {"figure": name, "scale": f" × {scales[best]}" if scales[best] != 1 else "", "unit": entry.unit}
        yield from _row_fault(
            rows.filter(off[best]), "unit_id", records.file("figures"), ("figures", "value"), "contradiction", given
        )


def _range_faults(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find the amounts that are decided within a range and lie outside it; empty ones are told in the notes."""
    counts = [entry.measure for entry in scheme.entries if isinstance(entry.measure, Count)]
    for measure, part in [(count, part) for count in counts for part in count.worth if part.between]:
        made = ["visits_made"] if measure.table == "duties" and "visits" in records.tables else []
        there = {*records.columns(measure.table), *made}
        if measure.table in records.tables and {*measure.columns, *part.columns} <= there:
            low, high = map(float, part.between or ())
            rows = eligible_rows(records.tables, measure)
            cell = rows[part.column]
            over = rows.filter(query.passes(rows, measure.where), query.passes(rows, part.where), (cell < low) | (cell > high))
            given, place = {"low": f"{low:g}", "high": f"{high:g}"}, (measure.table, str(part.column))
            yield from _row_fault(over, TABLES[measure.table].key, records.file(measure.table), place, "out_of_range", given)


def _row_fault(over: Any, key: str, name: str, place: tuple[str, str], rule: str, given: Mapping[str, str]) -> Iterator[Fault]:
    """Make a fault of rows, if there are any: how many, and the first of them."""
    if count := int(over.count().execute()):
        ids = ", ".join(query.fetch(over.order_by(key).limit(5), [key])[key])
        yield Fault(name, ".".join(place), f"records.{rule}", {"count": count, **given, "ids": ids})
