"""The small vocabulary over Ibis in which everything is counted, and whose a row is; only it, sources and postgres import ibis.

It keeps to what gives equal numbers on DuckDB, PostgreSQL and Spark: no integer division, no delta(minute), no median(where=).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import ge, gt, le, lt, mul
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pandas as pd

from fengqiao_eval.records.tables import Table

# DuckDB sees through queries within queries; to make one of them takes longer than to run it
ibis.options.sql.fuse_selects = False

Rows = Any
"""An Ibis table expression."""
Cell = Any
"""An Ibis column expression of such a table."""
Span = tuple[datetime, datetime]
"""A stretch of time: start included, end not."""
EXACT = "decimal(38, 6)"
"""Sums of shares and codes are decimal, so that they do not depend on the order of the rows."""
LARGEST = 1e22
"""What a product counts at most: of a thousand million of these the sum has its 32 digits before the point."""
DAY = 86400
FILE = "file_"
"""The column of the file from which a row was read, where a table lies in several."""
OWN = "_"
"""The end of every name that the program gives a column beside those of the records, none of which ends so (see ingest.shape)."""
UTC = "_utc_"
"""What is put behind the name of a time for the column of its moments, in seconds since 1970, where it named its zone."""


def constant(value: Any, kind: str) -> Cell:
    """Make a constant column of an Ibis type; None is an empty cell."""
    return ibis.null(kind) if value is None else ibis.literal(value).cast(kind)


def day(given: date) -> Cell:
    """Make a constant day."""
    return ibis.literal(given, "date")


def optional(rows: Rows, column: str, kind: str = "string") -> Cell:
    """Give a column of an Ibis type (text, unless said), empty where the table has none."""
    return rows[column].cast(kind) if column in rows.columns else constant(None, kind)


def moment(rows: Rows, table: Table, as_of: datetime) -> Rows:
    """Keep what was known at as_of: later records are left out, later facts have not happened yet."""
    now, facts = ibis.timestamp(as_of), [name for name in table.facts if name in rows.columns]
    rows = rows.filter(recording_time(rows, table) <= now)
    later = {name: (rows[name] <= now).ifelse(rows[name], ibis.null("timestamp")) for name in facts}
    return rows.mutate(**later) if later else rows


def recording_time(rows: Rows, table: Table) -> Cell:
    """The moment a record became known: recorded_at, or where that is empty its own date."""
    own = rows[table.own_date].cast("timestamp")
    return rows.recorded_at.fill_null(own) if "recorded_at" in rows.columns else own


def count_late(rows: Rows, table: Table, as_of: datetime) -> int:
    """Count the rows that became known only after as_of."""
    return int(rows.count(where=recording_time(rows, table) > ibis.timestamp(as_of)).execute())


def filter_spans(rows: Rows, date: str | Sequence[str], spans: Sequence[Span]) -> Rows:
    """Keep the rows of which a date, or one of several, lies in one of the spans (start included, end not)."""
    cells = [rows[name] for name in ([date] if isinstance(date, str) else date)]
    return rows.filter(ibis.or_(*(is_between(cell, start, end) for cell in cells for start, end in _merge_spans(spans))))


def is_between(cell: Cell, start: datetime, end: datetime) -> Cell:
    """Say of each time whether it lies between two moments (the first included, the last not)."""
    return (cell >= ibis.timestamp(start)) & (cell < ibis.timestamp(end))


def _merge_spans(spans: Sequence[Span]) -> list[Span]:
    """Join spans that touch, so that a year of months is one comparison."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        first = joined.pop()[0] if joined and joined[-1][1] == start else start
        joined.append((first, end))
    return joined


def span(rows: Rows, date: str, spans: Sequence[Span]) -> Cell:
    """Number the span in which a date lies, of rows that all lie in one."""
    ends = [(rows[date] < ibis.timestamp(end), number) for number, (_, end) in enumerate(spans[:-1])]
    last = ibis.literal(len(spans) - 1, "int32")
    return ibis.cases(*((before, ibis.literal(n, "int32")) for before, n in ends), else_=last) if ends else last


@ibis.udf.scalar.builtin(name="epoch", signature=((dt.Timestamp(timezone="UTC"),), dt.float64))  # type: ignore[untyped-decorator]
def _epoch(moment: Any) -> Any:
    """Seconds since 1970 of a moment; the engine's own way to them would be by the wall clock."""


def seconds_since_1970(cell: Cell) -> Cell:
    """Seconds since 1970 of a time; one without a zone is on the wall of the connection."""
    return _epoch(cell.cast("timestamp('UTC')"))


def spell_zone(text: Cell, zoned: str) -> Cell:
    """Spell times that name their zone as the engine reads them: 2024-11-05 08:30Z is 2024-11-05 08:30:00+00.

    zoned: a pattern whose first part is the day and time, and whose second the zone.
    """
    zone = text.re_extract(zoned, 2).re_replace("[^0-9+-]", "")
    offset = (zone == "").ifelse("+00", zone.left(3) + (zone.length() > 3).ifelse(":" + zone.right(2), ""))  # noqa: PLR2004 - +08
    return text.re_extract(zoned, 1).try_cast("timestamp").cast("string") + offset


def names_zone(rows: Rows, *columns: str) -> bool:
    """Say whether a time named its zone in any of some columns: all that is held against it is then to be a moment."""
    return any(column + UTC in rows.columns for column in columns)


def when(rows: Rows, column: str, *, zoned: bool, due: bool = False) -> Cell:
    """Give a time of each row so that others can be held against it; empty where it is.

    zoned: as a moment, in seconds since 1970, for the wall clock shows an hour twice where clocks are put back; else by the
    wall. due: of a deadline the last moment.
    """
    wall = rows[column].cast("timestamp")
    if not zoned:
        return last_moment(wall) if due else wall
    own = rows[column + UTC] if column + UTC in rows.columns else seconds_since_1970(wall)
    if due:
        own = (wall == wall.truncate("D")).ifelse(seconds_since_1970(last_moment(wall)), own)
    return wall.notnull().ifelse(own, ibis.null("float64"))


def when_known(as_of: datetime, *, zoned: bool) -> Cell:
    """Give the moment of knowledge so that what `when` gives can be held against it."""
    now = constant(as_of, "timestamp")
    return seconds_since_1970(now) if zoned else now


def seconds_passed(start: Cell, end: Cell) -> Cell:
    """Seconds from one to another of what `when` gives."""
    return end.epoch_seconds() - start.epoch_seconds() if end.type().is_timestamp() else end - start


def seconds_between(rows: Rows, start: str, end: str) -> Cell:
    """Seconds from one time of a row to another, between moments where their zone was named; empty where either time is."""
    zoned = names_zone(rows, start, end)
    return seconds_passed(when(rows, start, zoned=zoned), when(rows, end, zoned=zoned))


def minutes_between(rows: Rows, start: str, end: str) -> Cell:
    """Minutes from one time of a row to another; empty where either is."""
    return seconds_between(rows, start, end).cast("float64") / 60.0


def last_moment(deadline: Cell) -> Cell:
    """The last moment of a deadline: one without a time of day ends with its day."""
    when = deadline.cast("timestamp")
    return (when == when.truncate("D")).ifelse(when + ibis.interval(microseconds=DAY * 10**6 - 1), when)


def passes(rows: Rows, tests: Mapping[str, Any]) -> Cell:
    """Say of each row whether every test holds; may be empty where a cell is, which every filter takes for no.

    See scheme.measure.Test for the tests.
    """
    return all_of(*(check for column, test in tests.items() for check in _checks(rows, column, test)))


def all_of(*conditions: Cell | None) -> Cell:
    """Join conditions by and; None is no condition."""
    given = [condition for condition in conditions if condition is not None]
    return ibis.and_(*given) if given else ibis.literal(True)  # noqa: FBT003


def any_of(*conditions: Cell) -> Cell:
    """Join conditions by or."""
    return ibis.or_(*conditions)


def is_so(condition: Cell) -> Cell:
    """Make an empty answer a no, so that it can be negated."""
    return condition.fill_null(False)  # noqa: FBT003


def _checks(rows: Rows, column: str, test: Any) -> Iterable[Cell]:
    cell = rows[column]

    def plain(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value

    if test.in_ is not None:
        words = [plain(value) for value in test.in_]
        yield cell == words[0] if len(words) == 1 else cell.isin(words)
    if test.not_in is not None:
        yield cell.notin([plain(value) for value in test.not_in]) | cell.isnull()
    if test.present is not None:
        yield cell.notnull() if test.present else cell.isnull()
    for name, compare in (("at_least", ge), ("at_most", le), ("above", gt), ("below", lt)):
        bound = getattr(test, name)
        if isinstance(bound, str) and names_zone(rows, column, bound):
            yield compare(when(rows, column, zoned=True), when(rows, bound, zoned=True))
        elif bound is not None:
            yield compare(cell, rows[bound] if isinstance(bound, str) else plain(bound))
    if (due := test.not_after) is not None:
        zoned = names_zone(rows, column, due)
        yield when(rows, column, zoned=zoned) <= when(rows, due, zoned=zoned, due=True)
    if test.within is not None:
        passed, limit = seconds_between(rows, test.within.of, column), test.within.seconds
        same = cell.cast("timestamp") == rows[test.within.of].cast("timestamp").truncate("D")  # a day has no time of day
        began = passed >= 0 if limit < DAY else (passed >= 0) | same
        yield passed.abs() <= limit if test.within.either_side else began & (passed <= limit)


def is_pending(rows: Rows, tests: Mapping[str, Any], as_of: datetime) -> Cell:
    """Say of each row whether a deadline named by a test is still to come at as_of; never empty."""
    named = [(t.not_after, True, 0.0) for t in tests.values() if t.not_after is not None]
    named += [(t.within.of, False, t.within.seconds) for t in tests.values() if t.within is not None]

    def is_to_come(column: str, limit: float, *, due: bool) -> Cell:
        zoned = names_zone(rows, column)
        if zoned:
            return when(rows, column, zoned=True, due=due) + limit > when_known(as_of, zoned=True)
        return when(rows, column, zoned=False, due=due) > ibis.timestamp(as_of - timedelta(seconds=limit))

    return ibis.or_(*(is_so(is_to_come(column, limit, due=due)) for column, due, limit in named))


def code(cell: Cell, values: Mapping[str, Any]) -> Cell:
    """Give each word its number; empty where the word has none."""
    return cell.cases(*((word, ibis.literal(value).cast(EXACT)) for word, value in values.items()), else_=ibis.null(EXACT))


def sum_where(rows: Rows, where: Cell, amount: Cell | None = None, share: Cell | None = None, per: int = 1) -> Cell:
    """Sum an amount (1 if none) over the rows that count, each by a person's share in it; exact to six places of its 1/per."""
    if amount is None and share is None:
        return rows.count(where=where)
    times = constant(per, "float64") if per > 1 else None
    parts = [part.cast("float64") for part in (amount, share, times) if part is not None]
    whole = reduce(mul, parts).cast(EXACT).sum(where=where)
    return whole.cast("float64") / constant(per, "float64") if per > 1 else whole


def product(one: Cell, other: Cell) -> Cell:
    """Multiply two amounts of a row, of which products that no sum could hold are held at LARGEST."""
    return (one.cast("float64") * other.cast("float64")).clip(-LARGEST, LARGEST)


def round_amount(amount: Cell) -> Cell:
    """Keep of an amount what a sum of it keeps."""
    return amount.cast(EXACT).cast("float64")


def tally(rows: Rows, keys: Mapping[str, Cell], sums: Mapping[str, Cell]) -> pd.DataFrame:
    """Group by keys and add up, in one pass; sums come back as float64, exact below 2^53 (an empty sum is 0)."""
    # cast in the engine: a decimal would come here as an object a cell
    return rows.group_by(**keys).agg(**{name: total.cast("float64").fill_null(0.0) for name, total in sums.items()}).to_pandas()


def things(rows: Rows, keys: Mapping[str, Cell], ok: Cell) -> Rows:
    """Reduce rows to one per key, with `ok`: whether any of them is; kept by the engine for what follows."""
    return rows.group_by(**keys).agg(ok=ok.cast("int64").max()).cache()


def cache_rows(rows: Rows) -> Rows:
    """Let the engine keep rows that are asked for more than once, as long as anybody holds them."""
    return rows.cache()


def relabel(found: Rows, by: pd.DataFrame, on: str) -> Rows:
    """Put the other column of a small frame in the place of one of its columns; nothing is reduced."""
    return found.inner_join(ibis.memtable(by), on).drop(on)


def replace_words(rows: Rows, meanings: Mapping[str, Mapping[str, str]], kept: str) -> Rows:
    """Put other words in the place of some of columns of texts; `kept` is put behind the name of the column of what was written.

    The rows stay in their order, and are kept by the engine for what follows.
    """
    found = rows.mutate(row_=row_number())
    for column, words in meanings.items():
        pairs = ibis.memtable(pd.DataFrame({"word_": list(words), "meant_": list(words.values())}))
        joined = found.left_join(pairs, found[column] == pairs.word_)
        cells = {column + kept: joined[column], column: joined.meant_.fill_null(joined[column])}
        found = joined.mutate(**cells).drop("word_", "meant_")
    return found.order_by("row_").drop("row_").cache()


def regroup(found: Rows, by: pd.DataFrame, on: str, keys: Sequence[str]) -> Rows:
    """Join things with a small frame on a column of both and reduce them anew to one per key."""
    joined = found.inner_join(ibis.memtable(by), on)
    return joined.group_by(list(keys)).agg(ok=joined.ok.max())


def union_files(parts: Sequence[tuple[str, Rows]]) -> Rows:
    """Put the rows of several files below each other, in their order, each with the name of its file.

    What a file lacks is empty in its rows; a column that is of several types is a text. Moments that only some files name are
    those of the wall clock in the others.
    """
    names = list(dict.fromkeys(name for _, rows in parts for name in rows.columns))
    kinds = {name: {_kind(rows[name]) for _, rows in parts if name in rows.columns} for name in names}
    one = {name: found.pop() if len(found) == 1 else "string" for name, found in kinds.items()}

    def cell(rows: Rows, name: str) -> Cell:
        if name in rows.columns:
            return rows[name].cast(one[name])
        wall = name.removesuffix(UTC)
        return seconds_since_1970(rows[wall]) if name.endswith(UTC) and wall in rows.columns else constant(None, one[name])

    chosen = [
        rows.select(**{name: cell(rows, name) for name in names}, **{FILE: constant(file, "string")}) for file, rows in parts
    ]
    return ibis.union(*chosen)


def _kind(cell: Cell) -> str:
    """Name the type of a column; how finely the engine keeps a time, which it says only of what it has kept, is no type."""
    kind = cell.type()
    return "timestamp" if kind.is_timestamp() and not kind.timezone else str(kind).lstrip("!")


def union_all(parts: Sequence[Rows], columns: Sequence[str]) -> Rows:
    """Put things of several reductions below each other; kept by the engine for what follows."""
    chosen = [part.select(*columns) for part in parts]
    return ibis.union(*chosen).cache() if len(chosen) > 1 else chosen[0]


def best_of(cell: Cell, keys: Sequence[Cell]) -> Cell:
    """Give each row the largest cell of all rows with the same keys."""
    return cell.max().over(ibis.window(group_by=list(keys)))


def first_of_each(rows: Rows, keys: Sequence[str], order: Sequence[str], most: int) -> Rows:
    """Keep so many rows of each key, the first in an order."""
    told = rows.mutate(first_=is_first([rows[name] for name in keys], [rows[name] for name in order], most))
    return told.filter(told.first_).drop("first_")


def is_first(keys: Sequence[Cell], order: Sequence[Cell], most: int = 1, *, latest: bool = False) -> Cell:
    """Say of each row whether it is among the first so many with the same keys; latest: the largest of the first order first."""
    if latest:
        order = [ibis.desc(order[0], nulls_first=False), *order[1:]]
    return ibis.row_number().over(ibis.window(group_by=list(keys), order_by=list(order))) < most


def shares(found: Rows, keys: Sequence[str]) -> pd.DataFrame:
    """Count things per key: `denominator` all, `numerator` those that are ok."""
    met, every = found.ok.sum().cast("float64"), found.count().cast("float64")
    return found.group_by(list(keys)).agg(numerator=met, denominator=every).to_pandas()


def group_quantiles(
    rows: Rows, by: Sequence[tuple[pd.DataFrame, str]], keys: Sequence[str], levels: Sequence[float]
) -> pd.DataFrame:
    """Take quantiles of `amount` per key from the rows themselves (0.5: the median), each interpolated between two values.

    by: small frames to join first, each on a column of both. Gives the first as `value`, the rest as `at_1`, `at_2` ..., and n.
    """
    for frame, on in by:
        rows = rows.inner_join(ibis.memtable(frame), on)
    found = rows.group_by(list(keys)).agg(every_=rows.amount.quantile(list(levels)), n=rows.count())
    named = {f"at_{number}" if number else "value": found.every_[number] for number in range(len(levels))}
    return found.select(*keys, "n", **named).to_pandas()


def fetch(rows: Rows, columns: Sequence[str], order: Sequence[str] = ()) -> pd.DataFrame:
    """Bring columns of rows here, in a stated order."""
    chosen = rows.select(*columns)
    return (chosen.order_by(list(order)) if order else chosen).to_pandas()


def totals(rows: Rows, columns: Sequence[str]) -> dict[str, float]:
    """Count rows (n), and add up columns of them."""
    sums = {name: rows[name].cast("float64").sum().fill_null(0.0) for name in columns}
    return {name: float(value) for name, value in rows.agg(n=rows.count(), **sums).to_pandas().iloc[0].items()}


def first_rows(rows: Rows, before: Cell, order: Sequence[str], most: int) -> Rows:
    """Keep so many rows, in their order: those of the smaller `before` first."""
    return rows.order_by([before, *order]).limit(most)


def count_of_each(keys: Sequence[Cell], counted: Cell) -> Cell:
    """Give each row how many rows with the same keys are to be counted."""
    return is_so(counted).cast("int64").sum().over(ibis.window(group_by=list(keys)))


def count_words(rows: Rows, *columns: str, most: int | None = None) -> pd.DataFrame:
    """Count the rows of each word of a column, or of each combination of words of several; in their order, as `rows_`."""
    found = rows.group_by(list(columns)).agg(rows_=rows.count()).limit(most).to_pandas()
    return found.astype({"rows_": int}).sort_values(list(columns), ignore_index=True)


def row_number() -> Cell:
    """Number the rows in the order of the file as a spreadsheet shows them: the heading is row 1."""
    return ibis.row_number() + 2


# Whose a row is: a notice's unit or officer, the persons credited with a record, the visits paid to a duty's subject.

UPHELD = "upheld"
"""The status of a notice that counts; what is only proposed, or withdrawn, is told and not counted."""


def upheld_notices(rows: Rows) -> Rows:
    """Keep the notices that count, with a unit_id and an officer_id each, empty where the table has no such column."""
    rows = rows.filter(rows.status == UPHELD)
    return rows.mutate(unit_id=optional(rows, "unit_id"), officer_id=optional(rows, "officer_id"))


def is_unassigned(notices: Rows) -> Cell:
    """Say of each notice that counts whether it names neither unit nor officer."""
    return notices.unit_id.isnull() & notices.officer_id.isnull()


def assign_units(notices: Rows, homes: pd.DataFrame) -> Rows:
    """Give each notice that counts the unit it counts for: the one it names, else the home of its officer.

    homes: home_of_ (an officer) and home_ (the unit they belong to). A notice that names nobody is left out; one whose officer
    has no home keeps the officer in the unit's place, so that an unknown id is told as any other.
    """
    found = notices.filter(~is_unassigned(notices)).left_join(ibis.memtable(homes), [("officer_id", "home_of_")])
    return found.mutate(unit_id=found.unit_id.fill_null(found.home_.fill_null(found.officer_id))).drop("home_of_", "home_")


def expand_credits(rows: Rows, key: str, credit_rows: Rows, table: str) -> Rows:
    """Give each row once per person with a credit in it, with `share_`; rows without credits stay with their officer.

    Several credits of a person in one record add up, and a share of 0 is no part of it: such a row is nobody's. A credit without
    a share is an equal part of the record: the number of a person's credits is `share_`, to be divided by `parts_`, the number
    of all (else 1), once all is added up. Shares have the six places that sums of them have.
    """
    mine = credit_rows.filter(credit_rows.table == table)
    given = optional(mine, "share", "float64")
    mine = mine.mutate(amount_=given.fill_null(1.0), unsaid_=given.isnull()).group_by(record_="record_id", credited_="officer_id")
    mine = mine.agg(
        whole_=lambda own: round_amount(own.amount_.cast(EXACT).sum()),
        unsaid_=lambda own: own.unsaid_.any(),
        lines_=lambda own: own.count(),
    )
    among = mine.lines_.sum().over(group_by="record_")
    mine = mine.select(
        "record_",
        "whole_",
        credited_=(mine.whole_ > 0).ifelse(mine.credited_, constant(None, "string")),
        among_=mine.unsaid_.ifelse(among, 1),
    )
    rows = rows.left_join(mine, rows[key] == mine.record_)
    return rows.mutate(
        officer_id=rows.record_.isnull().ifelse(optional(rows, "officer_id"), rows.credited_),
        share_=rows.whole_.fill_null(1.0),
        parts_=rows.among_.fill_null(1),
    )


def credit_numbers(credit_rows: Rows) -> list[int]:
    """List into how many parts records are shared: the numbers of credits of one record that occur."""
    found = credit_rows.group_by(["table", "record_id"]).agg(credits=credit_rows.count())
    return [int(number) for number in found.select("credits").distinct().to_pandas()["credits"]]


def add_visits(duties: Rows, visits: Rows, wanted: Cell) -> Rows:
    """Add `visits_made` to duties: the visits paid to the duty's subject from due_from to due_at; 0 where they are not wanted.

    Few of all duties are looked at so, and to look for the visits of every other would cost most of the memory of a run.
    """
    zoned = names_zone(visits, "visited_at") or names_zone(duties, "due_from", "due_at")
    seen = visits.select(visited_="subject_id", at_=when(visits, "visited_at", zoned=zoned))
    duties = duties.mutate(since_=when(duties, "due_from", zoned=zoned), until_=when(duties, "due_at", zoned=zoned, due=True))
    asked = duties.filter(wanted).select(who_="subject_id", first_="since_", last_="until_").distinct()
    joined = asked.inner_join(seen, [asked.who_ == seen.visited_, seen.at_ >= asked.first_, seen.at_ <= asked.last_])
    made = joined.group_by("who_", "first_", "last_").agg(made_=joined.count())
    mine = [duties.subject_id == made.who_, duties.since_ == made.first_, duties.until_ == made.last_]
    found = duties.left_join(made, mine)
    return found.mutate(visits_made=found.made_.fill_null(0)).drop("since_", "until_", "who_", "first_", "last_", "made_")
