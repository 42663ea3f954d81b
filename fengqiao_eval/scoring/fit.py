"""Whether records and scheme fit each other: columns that are looked at, numerators above their denominators, empty periods."""

from collections.abc import Iterator

from fengqiao_eval.documents import nearest
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.periods import Period
from fengqiao_eval.records import counting
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.counted import Figure, Ratio
from fengqiao_eval.scheme.model import Indicator, Scheme
from fengqiao_eval.scoring.measures import Counted


def faults(scheme: Scheme, records: Records) -> list[Fault]:
    """Find columns that the scheme looks at and its tables lack, and numerators above their denominators."""
    return [*_absent_columns(scheme, records), *_over(scheme, records)]


def _absent_columns(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.indicators:
        measure = indicator.measure
        if isinstance(measure, Figure) or measure.table not in TABLES:
            if measure.table not in TABLES:
                known = nearest(measure.table, list(TABLES))
                yield Fault(
                    scheme.title,
                    f"{indicator.code}.measure.table",
                    "scheme.unknown_table",
                    {"given": measure.table, "known": known},
                )
            continue
        there = [*records.columns(measure.table), *(["visits_made"] if measure.table == "duties" else [])]
        for column in _looked_at(indicator) if measure.table in records.tables else ():
            if column not in there:
                given = {"table": measure.table, "column": column, "near": nearest(column, there)}
                yield Fault(records.name, f"{indicator.code}.measure", "scheme.no_column", given)


def _looked_at(indicator: Indicator) -> tuple[str, ...]:
    aside = [
        name for a in indicator.beside for tests in (a.where, a.met or {}) for c, t in tests.items() for name in (c, *t.columns)
    ]
    split = [indicator.split.column] if indicator.split else []
    return tuple(dict.fromkeys([*indicator.measure.columns, *aside, *split]))  # type: ignore[union-attr]


def _over(scheme: Scheme, records: Records) -> Iterator[Fault]:
    for indicator in scheme.indicators:
        measure = indicator.measure
        if not isinstance(measure, Ratio) or not measure.subset or measure.table not in records.tables:
            continue
        rows = records.tables[measure.table]
        if not {measure.numerator, measure.denominator} <= set(rows.columns):
            continue
        over = rows.filter(rows[measure.numerator] > rows[measure.denominator])
        count, key = int(over.count().execute()), TABLES[measure.table].key
        if count:
            ids = ", ".join(counting.fetch(over.order_by(key).limit(5), [key])[key])
            given = {"count": count, "above": measure.numerator, "below": measure.denominator, "ids": ids}
            yield Fault(records.name, f"{measure.table}.{measure.numerator}", "records.over", given)


def require_records(counted: Counted, scheme: Scheme, period: Period, name: str) -> None:
    """Refuse a period without any record.

    Raises InputError naming the period when no indicator that is counted from rows found one.
    """
    place = counted.places(period)
    some = any(counted.cubes["den"][:, int(line.key), place].any() for line in counted.lines)
    at = counted.periods.index(period)
    some = some or any(found["n"][:, at].any() for found in counted.apart.values())
    some = some or all(isinstance(i.measure, Figure) for i in scheme.indicators)
    refuse([] if some else [Fault(name, str(period), "records.empty_period", {"given": str(period)})])
