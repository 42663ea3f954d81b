"""Rows to measures: which rows count for whom in a period, what they add up to, and what status that has."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache, cached_property
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from oracle.records import KEY, MILLION, SINCE, Period, Row, Tables, known, month_of, number, round_half_up
from oracle.scheme import Entry, Scheme
from oracle.units import OFFICER, Tree, Unit, given, person_days

DEADLINES = {"due_at"}
"""Times by which something is to be done: what comes before them is early, and no stretch of time begins with them."""

SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}
Amount = Fraction | int


class Counted(NamedTuple):
    """A row that a measure looks at: what it adds above and below the line; waiting: it is neither done nor failed yet."""

    row: Row
    when: datetime
    above: Amount
    below: Amount
    waiting: bool = False


class Part(NamedTuple):
    """A row with the part of it that is a unit's or a person's: a share as it is written, or one of so many equal parts."""

    counted: Counted
    share: Amount = 1
    of: int = 1

    def own(self, amount: Amount) -> Amount:
        """Give this part of an amount, by a written share to six decimals (a half goes away from 0)."""
        if self.share == self.of == 1:
            return amount
        size = Fraction(round_half_up(abs(amount) * self.share, 6), MILLION * self.of)
        return size if amount > 0 else -size


class Measured(NamedTuple):
    """What was counted for a unit in a period; None is no number."""

    numerator: Amount | None
    denominator: Amount | None
    value: Fraction | None
    n: Amount | None
    status: str


SCORED = ("ok", "provisional")
"""The statuses of a value that may be used."""


# Tests of a row


def limit_of(within: dict[str, Any]) -> timedelta:
    """The length of a time limit."""
    unit = next(unit for unit in SECONDS if unit in within)
    return timedelta(seconds=float(within[unit] * SECONDS[unit]))


def passes(row: Row, tests: dict[str, Any]) -> bool:
    """Whether a row satisfies all tests; an empty cell satisfies only `not_in` and `present: false`."""
    return all(holds(row, column, test) for column, test in tests.items())


def holds(row: Row, column: str, test: Any) -> bool:
    """Whether a cell satisfies all that a test says."""
    cell = row[column]
    words = test if isinstance(test, dict) else {"in": test if isinstance(test, list) else [test]}
    return all(_holds(row, cell, word, asked) for word, asked in words.items())


def _holds(row: Row, cell: Any, word: str, asked: Any) -> bool:
    if word == "present":
        return (cell is not None) == asked
    if word == "not_in":
        return cell is None or cell not in asked
    if cell is None or word == "in":
        return cell is not None and cell in asked
    other = row[asked["of"]] if word == "within" else row[asked] if isinstance(asked, str) else asked
    if other is None:
        return False
    if word == "not_after":
        return cell <= last_moment(other)
    return is_within(cell, other, asked) if word == "within" else COMPARED[word](cell, other)


def last_moment(deadline: datetime) -> datetime:
    """The last moment at which something is in time: a deadline without a time of day ends with its day."""
    midnight = deadline == datetime(deadline.year, deadline.month, deadline.day)
    return deadline + timedelta(days=1, microseconds=-1) if midnight else deadline


COMPARED: dict[str, Callable[[Any, Any], bool]] = {"at_least": ge, "at_most": le, "above": gt, "below": lt}


def is_within(cell: datetime, start: datetime, within: dict[str, Any]) -> bool:
    """Whether a time lies no more than a limit after another; or before it, where either side is allowed."""
    passed, limit = cell - start, limit_of(within)
    if within.get("either_side"):
        return abs(passed) <= limit
    return passed <= limit and (passed >= timedelta(0) or _is_a_day_within(cell, start, limit))


def _is_a_day_within(cell: datetime, start: datetime, limit: timedelta) -> bool:
    """Whether a time is the day of the start, without a time of day, and so not before it; limits of hours cannot say."""
    same = cell == datetime(start.year, start.month, start.day)
    if same and cell < start and limit < timedelta(days=1):
        raise NotImplementedError("a day without a time of day held against a limit of hours")
    return same


def is_waiting(row: Row, met: dict[str, Any], as_of: datetime) -> bool:
    """Whether a deadline that a test names is still to come."""
    deadlines = []
    for test in met.values():
        if isinstance(test, dict) and "not_after" in test:
            deadlines.append(row[test["not_after"]] and last_moment(row[test["not_after"]]))
        if isinstance(test, dict) and "within" in test:
            since = row[test["within"]["of"]]
            deadlines.append(since and since + limit_of(test["within"]))
    return any(deadline is not None and deadline > as_of for deadline in deadlines)


def is_reversed(row: Row, tests: dict[str, Any]) -> bool:
    """Whether a row ends before it starts, in two times that the tests look at."""
    for column, test in tests.items():
        within = test.get("within") if isinstance(test, dict) else None
        start = within["of"] if within else SINCE.get(column)
        if start is None or start in DEADLINES or (within and within.get("either_side")):
            continue
        begin, end = row.get(start), row[column]
        if begin is None or end is None or end >= begin:
            continue
        if not _is_a_day_within(end, begin, limit_of(within) if within else timedelta(days=1)):
            return True
    return False


# What a row adds


def counted_rows(rows: Iterable[Row], measure: dict[str, Any], as_of: datetime, extra: dict[str, Any]) -> Iterator[Counted]:
    """Give the rows that a measure counts, each with what it adds; extra: further tests, as of a breakdown."""
    where, met, kind = {**measure.get("where", {})}, measure.get("met", {}), measure["kind"]
    rows = [row for row in rows if passes(row, where)]
    again = [repeats(rows, measure, factor["again"]) if "again" in factor else None for factor in measure.get("times", ())]
    for place, row in enumerate(rows):
        when = row[measure["date"]]
        if when is None or is_reversed(row, where) or is_reversed(row, met) or not passes(row, extra):
            continue
        if kind in ("share", "distinct"):
            done = passes(row, met)
            waiting = not done and not measure.get("settles_days") and is_waiting(row, met, as_of)
            yield Counted(row, when, int(done), 1, waiting)
        elif kind == "coded":
            if row[measure["column"]] in measure["values"]:
                yield Counted(row, when, measure["values"][row[measure["column"]]], 1)
        elif kind == "ratio":
            above, below = row[measure["numerator"]], row[measure["denominator"]]
            if above is not None and below is not None:
                yield Counted(row, when, number(above), number(below))
        elif kind == "count":
            yield Counted(row, when, worth(row, when, measure, [found is not None and found[place] for found in again]), 0)
        else:
            raise NotImplementedError(kind)


def worth(row: Row, when: datetime, measure: dict[str, Any], again: list[bool]) -> Amount:
    """Say what a row is worth: the sum of its parts, multiplied by every factor of which all that it names holds."""
    parts = measure.get("worth", [{"amount": 1}])
    whole = sum(part_worth(row, part) for part in parts if passes(row, part.get("where", {})))
    for factor, follows in zip(measure.get("times", ()), again, strict=True):
        during = any(first <= when.date() <= last for first, last in factor.get("during", ()))
        if (during or "during" not in factor) and (follows or "again" not in factor) and passes(row, factor.get("where", {})):
            whole *= factor["by"]
    return whole


def part_worth(row: Row, part: dict[str, Any]) -> Amount:
    """Say what a part of a worth gives: an amount, the number of a column, or what its word stands for; of no cell nothing."""
    if "amount" in part:
        return part["amount"]
    cell = row[part["column"]]
    if "values" in part:
        return part["values"].get(cell, 0)
    return 0 if cell is None else number(cell)


def repeats(rows: list[Row], measure: dict[str, Any], again: dict[str, Any]) -> list[bool]:
    """Say of each row whether one with the same words in some columns, none of them empty, came not long before it."""
    date_, key, limit = measure["date"], KEY[measure["table"]], timedelta(days=again["within_days"])
    found = []
    for row in rows:
        same = [row[column] for column in again["same"]]
        earlier = [
            other
            for other in rows
            if [other[column] for column in again["same"]] == same
            and (other[date_], other[key]) < (row[date_], row[key])
            and row[date_] - other[date_] <= limit
        ]
        found.append(bool(earlier) and None not in same)
    return found


# Whose a row is, and what a unit's rows add up to


class Book:
    """All that is counted of some records, as it was known at one moment, for the units of one tree."""

    def __init__(self, tables: Tables, scheme: Scheme, tree: Tree, as_of: datetime) -> None:
        """Take records, scheme, units and the moment of knowledge."""
        self.tables, self.scheme, self.tree, self.as_of = tables, scheme, tree, as_of
        self.rows = cache(self._rows)
        self.days = cache(lambda period: person_days(tree, period))
        self._dealt: dict[tuple[Any, ...], dict[str, dict[int, list[Part]]]] = {}

    def _rows(self, table: str) -> list[Row]:
        """The rows of a table that can count, as they were known: of notices the upheld, of duties with the visits made."""
        rows = known(self.tables, table, self.as_of)
        if table == "notices":
            return [self._assigned(row) for row in rows if row["status"] == "upheld" and (row["unit_id"] or row["officer_id"])]
        if table == "duties":
            return [{**row, "visits_made": self._visits_made(row)} for row in rows]
        return rows

    def _assigned(self, notice: Row) -> Row:
        """Give a notice the unit for which it counts: the one that it names, else the one on which its officer hangs."""
        if notice["unit_id"]:
            return notice
        return {**notice, "unit_id": next(iter(self.tree.counts_for.get(notice["officer_id"], ())), notice["officer_id"])}

    @cached_property
    def _visits(self) -> dict[str, list[datetime]]:
        visits: dict[str, list[datetime]] = defaultdict(list)
        for row in self.rows("visits"):
            visits[row["subject_id"]].append(row["visited_at"])
        return visits

    def _visits_made(self, duty: Row) -> int:
        """Count the visits paid to the subject of a duty from its beginning to its end."""
        if duty["subject_id"] is None or duty["due_from"] is None:
            return 0
        return sum(duty["due_from"] <= visit <= last_moment(duty["due_at"]) for visit in self._visits.get(duty["subject_id"], ()))

    @cached_property
    def _credits(self) -> dict[tuple[str, str], list[tuple[str, Amount, int]]]:
        """The persons with a share in each record, and of how many parts: who has no share written has an equal part."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.tables.get("credits", ()):
            found[row["table"], row["record_id"]].append(row)
        return {record: list(_shares(rows)) for record, rows in found.items()}

    def persons(self, row: Row, table: str) -> list[tuple[str, Amount, int]]:
        """Name the persons whose a record is, with their shares: those credited, and only where nobody is, its officer."""
        own = [(row["officer_id"], 1, 1)] if row["officer_id"] else []
        return self._credits.get((table, row[KEY[table]]), own)

    def dealt(self, measure: dict[str, Any], extra: dict[str, Any]) -> dict[str, dict[int, list[Part]]]:
        """Deal the rows of a measure to all whose they are, unit -> month -> rows: to a unit its own and those from below."""
        asked = (repr(measure), repr(extra))
        if asked not in self._dealt:
            found: dict[str, dict[int, list[Part]]] = defaultdict(lambda: defaultdict(list))
            persons = {unit.unit_id for unit in self.tree.at(OFFICER)}
            for counted in counted_rows(self.rows(measure["table"]), measure, self.as_of, extra):
                month = month_of(counted.when)
                for unit in self.tree.counts_for.get(counted.row["unit_id"], ()):
                    found[unit][month].append(Part(counted))
                for person, share, of in self.persons(counted.row, measure["table"]) if persons else ():
                    if person in persons:
                        found[person][month].append(Part(counted, share, of))
            self._dealt[asked] = found
        return self._dealt[asked]

    def parts(self, unit: str, measure: dict[str, Any], months: Iterable[int], extra: dict[str, Any] | None = None) -> list[Part]:
        """Give the rows of a unit in some months; of rows alike in every column of `best_of` only the one worth most."""
        dealt = self.dealt(measure, extra or {}).get(unit, {})
        parts = [part for month in months for part in dealt.get(month, ())]
        return best_of(parts, measure) if "best_of" in measure else parts

    def months(self, entry: Entry, period: Period, *, void: bool = False) -> list[int]:
        """The months of a period that count for an entry; or the void ones."""
        in_force = self.scheme.months_in_force(entry, period)
        return [month for month in period.months if month not in in_force] if void else in_force

    # What comes of it

    def measured(self, entry: Entry, unit: Unit, period: Period) -> Measured:
        """Measure a unit in a period."""
        measure, kind = entry.measure, entry.measure["kind"]
        if kind == "figure":
            above, below, value, n = self._figure(entry, unit, period)
            waiting, basis = 0, 0 if n is None else n  # on how many answers it rests nobody knows
        else:
            above, below, n, waiting = add_up(self.parts(unit.unit_id, measure, self.months(entry, period)), measure)
            basis, value = n, None
            if kind == "count" and "per" not in measure:
                below, value = None, Fraction(above)  # of nothing it is 0; on what it rests matters only where `least` is said
                basis = n if "least" in entry.keys else None
            elif kind == "count":
                basis = self.exposure(measure["per"], unit, entry, period)  # no event in many days is a value of 0
                below = None if basis is None else Fraction(basis) / measure.get("scale", 1)
            if value is None and below:
                value = Fraction(above) * entry.scale / below
        least = given(1 if entry.least is None else entry.least, unit.level, missing=1)
        if not entry.applies(unit.level):
            return Measured(above, below, None, n, "not_applicable")
        if not self.months(entry, period):
            status = "void"
        elif value is None:
            status = "pending" if waiting else "no_records"
        elif basis is not None and basis < least:
            status = "too_few"
        else:
            unsettled = entry.settles_days and period.end + timedelta(days=entry.settles_days) > self.as_of
            status = "provisional" if unsettled else "ok"
        return Measured(above, below, value, n, status)

    def _figure(self, entry: Entry, unit: Unit, period: Period) -> tuple[Any, Any, Fraction | None, Amount | None]:
        """Look a figure up: the value that is given, else numerator / denominator; n that is given, else the denominator."""
        asked = (unit.unit_id, entry.measure["figure"], str(period))
        rows = [row for row in self.tables["figures"] if (row["unit_id"], row["indicator"], row["period"]) == asked]
        if len(rows) > 1:
            raise NotImplementedError(f"several figures {asked}")
        if not rows:
            return None, None, None, 0
        above, below, value, n = (
            None if rows[0].get(name) is None else number(rows[0][name]) for name in ("numerator", "denominator", "value", "n")
        )
        if value is None and above is not None and below:
            value = Fraction(above) * entry.scale / below
        return above, below, None if value is None else Fraction(value), 0 if value is None else below if n is None else n

    def exposure(self, per: str, unit: Unit, entry: Entry, period: Period) -> Amount | None:
        """Say what a count stands against: person-days, officers (person-days / days), inhabitants or households."""
        if per in ("residents", "households"):
            return unit.residents if per == "residents" else unit.households
        months = self.months(entry, period)
        spans = [period] if len(months) == period.length else [Period(month, 1) for month in months]
        served = sum((self.days(span)[unit.unit_id] for span in spans), Fraction(0))
        if per == "person_days":
            return served
        if per != "officers":
            raise NotImplementedError(per)
        return served / max(sum(span.days for span in spans), 1)


def _shares(credits_: list[Row]) -> Iterator[tuple[str, Amount, int]]:
    """Give each person credited with a record their part of it: what their lines add up to, of 0 nothing."""
    for person in dict.fromkeys(row["officer_id"] for row in credits_):
        own = [row["share"] for row in credits_ if row["officer_id"] == person]
        if None in own:
            yield person, len(own), len(credits_)
        elif share := sum(number(one) for one in own):
            yield person, share, 1


def best_of(parts: list[Part], measure: dict[str, Any]) -> list[Part]:
    """Keep, of rows alike in some columns, none of them empty, the one worth most; of equals the first by date, then by id."""

    def goes_first(part: Part) -> tuple[Any, ...]:
        return (-part.own(part.counted.above), part.counted.when, part.counted.row[KEY[measure["table"]]])

    kept: list[Part] = []
    alike: dict[tuple[Any, ...], list[Part]] = defaultdict(list)
    for part in parts:
        words = tuple(part.counted.row[column] for column in measure["best_of"])
        (kept if None in words else alike[words]).append(part)
    return kept + [min(those, key=goes_first) for those in alike.values()]


def add_up(parts: list[Part], measure: dict[str, Any]) -> tuple[Amount, Amount, int, int]:
    """Add up the rows of a unit: above the line, below it, on how many records it rests, and how many are waiting.

    A person's rows add by their share. Distinct things count once each, and are met where one of their rows is.
    """
    waiting = sum(part.counted.waiting for part in parts)
    parts = [part for part in parts if not part.counted.waiting]
    if measure["kind"] == "distinct":
        things: dict[Any, bool] = {}
        for part in parts:
            if (thing := part.counted.row[measure["of"]]) is not None:
                things[thing] = things.get(thing, False) or bool(part.counted.above)
        return sum(things.values()), len(things), len(things), waiting
    above: Amount = 0
    below: Amount = 0
    for part in parts:
        above += part.own(part.counted.above)
        below += part.own(part.counted.below)
    return above, below, len(parts), waiting
