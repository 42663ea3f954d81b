"""Whether records and scheme fit each other: columns that are looked at, numerators above their denominators, empty periods."""

from collections.abc import Iterator

from fengqiao_eval.documents import nearest
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.periods import Period
from fengqiao_eval.records import counting
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.counted import Count, Figure, Ratio
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.counts import standing
from fengqiao_eval.scoring.kinds import settled
from fengqiao_eval.scoring.measures import Counted


def fitted(scheme: Scheme, records: Records) -> tuple[Records, list[Fault]]:
    """Read the columns as the scheme asks for them; return the records and every fault of the two together."""
    absent = list(_absent_columns(scheme, records))
    records, unfit = settled(scheme, records)
    return records, [*absent, *unfit, *([] if unfit else (*_over(scheme, records), *_out_of_range(scheme, records)))]


def faults(scheme: Scheme, records: Records) -> list[Fault]:
    """Find columns that the scheme looks at and its tables lack, or that are of another kind, and parts above their wholes.

    Amounts that a person decides within a range are looked at in every row that the measure counts, of whatever date.
    """
    return fitted(scheme, records)[1]


def _absent_columns(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.entries:
        for table, columns in _looked_at(indicator).items():
            if table not in TABLES:
                given = {"given": table, "known": nearest(table, list(TABLES))}
                yield Fault(scheme.title, f"{indicator.code}.measure.table", "scheme.unknown_table", given)
            there = records.columns(table)
            for column in (column for column in columns if there and column not in there):
                given = {"table": table, "column": column, "near": nearest(column, list(there))}
                yield Fault(records.name, f"{indicator.code}.measure", "scheme.no_column", given)


def _looked_at(indicator: Entry) -> dict[str, list[str]]:
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


def _over(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.entries:
        above, below, key = _fraction(indicator)
        rows = records.tables.get(indicator.measure.table)
        if rows is None or not above or not {above, below} <= set(rows.columns):
            continue
        rows = rows.filter(rows.indicator == indicator.measure.figure) if isinstance(indicator.measure, Figure) else rows
        over = rows.filter(rows[above] > rows[below])
        count = int(over.count().execute())
        if count:
            ids = ", ".join(counting.fetch(over.order_by(key).limit(5), [key])[key])
            given = {"count": count, "above": above, "below": below, "ids": ids}
            yield Fault(records.name, f"{indicator.measure.table}.{above}", "records.over", given)


def _out_of_range(scheme: Scheme, records: Records) -> Iterator[Fault]:
    """Find the amounts that are decided within a range and lie outside it; empty ones are told in the notes."""
    asked = [
        (i.measure, part) for i in scheme.entries if isinstance(i.measure, Count) for part in i.measure.worth if part.between
    ]
    for measure, part in asked:
        if measure.table not in records.tables or not {*measure.columns, *part.columns} <= _there(records, measure):
            continue
        low, high = map(float, part.between or ())
        rows = standing(records.tables, measure)
        cell = rows[part.column]
        over = rows.filter(counting.passes(rows, measure.where), counting.passes(rows, part.where), (cell < low) | (cell > high))
        count, key = int(over.count().execute()), TABLES[measure.table].key
        if count:
            ids = ", ".join(counting.fetch(over.order_by(key).limit(5), [key])[key])
            given = {"count": count, "low": f"{low:g}", "high": f"{high:g}", "ids": ids}
            yield Fault(records.name, f"{measure.table}.{part.column}", "records.out_of_range", given)


def _there(records: Records, measure: Count) -> set[str]:
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
