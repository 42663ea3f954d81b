"""A validation of records: every step with its units, how many passed and failed, and the first records that failed."""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER, Fault
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.checks import UNSHOWN, bare_word, text_columns
from fengqiao_eval.records.identifiers import show_id, show_unknown
from fengqiao_eval.records.row_names import ids_of
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import EVENTS, TABLES, Table
from fengqiao_eval.records.units import dates
from fengqiao_eval.validation import series, steps, twins
from fengqiao_eval.validation.steps import RULES, SEVERITIES, Severity

LISTED = 1_000
"""As many records that failed a step are listed; how many there are stands beside it."""
FEW_ROWS = 20
"""Of fewer rows nothing is said of columns that never vary."""
MOST_WORDS = 60
"""A column of more words is no list of words."""
SHOWN = 5
"""As many of what failed are named in the table of steps."""
ODD = r"[^!-`{-~]"
"""What an id holds of which another way to write it may be meant: lower case, full width, blanks, and whatever is no ASCII."""
_OF_MONTHS = frozenset({"month_missing", "month_swollen", "unit_month", "constant", "label"})
"""The rules that ask for the records of each month."""
OF_RECORDS = ("records.", "units.")
"""How the rules of faults begin that are the records' own."""


@dataclass(frozen=True)
class ValidationStep:
    """One rule held against one column: units tested and failed, what of it is named, and the faults by which it is refused.

    listing: record_id and unit_id of what failed, LISTED at most.
    """

    rule: str
    table: str
    column: str
    tested: int
    failed: int
    severity: Severity
    listing: pd.DataFrame = field(default_factory=lambda: _no_records(), compare=False)  # noqa: PLW0108 - it stands below
    faults: tuple[Fault, ...] = ()

    @property
    def passed(self) -> int:
        """The units that did not fail."""
        return max(self.tested - self.failed, 0)

    @property
    def share(self) -> float:
        """The share of the units that failed."""
        return self.failed / self.tested if self.tested else float(self.failed > 0)

    @property
    def first(self) -> tuple[str, ...]:
        """What failed first, in the order of ids."""
        return tuple(self.listing["record_id"].head(SHOWN))


@dataclass(frozen=True)
class ValidationReport:
    """All steps, table by table in the order of the design."""

    steps: tuple[ValidationStep, ...]
    counts: Mapping[str, int]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Give a row a step: step, rule, severity (empty where nothing failed), table, column, tested, passed, failed, share."""
        rows = [
            (number, one.rule, one.severity if one.failed else "", one.table, one.column, one.tested, one.passed, one.failed)
            for number, one in enumerate(self.steps, 1)
        ]
        names = ["step", "rule", "severity", "table", "column", "tested", "passed", "failed"]
        return pd.DataFrame(rows, columns=names).assign(share=[one.share for one in self.steps])

    @property
    def failing(self) -> list[ValidationStep]:
        """The steps of which anything failed, the worst first."""
        return sorted((one for one in self.steps if one.failed), key=lambda one: SEVERITIES.index(one.severity))

    def count(self, severity: str) -> int:
        """Count the steps that failed with a severity."""
        return sum(one.severity == severity for one in self.failing)


def validate(
    records: Records, faults: Sequence[Fault] = (), period: Period | None = None, rules: Collection[str] = frozenset(RULES)
) -> ValidationReport:
    """Hold records against every rule: those by which they were read, of which faults tell, and all that is asked beside them.

    faults: what was found as they were read (store.read_records) and as they were held against a scheme. period: months are held
    against each other up to its end. rules: those of steps.RULES that are asked. Each table is asked in a few scans, whatever the
    number of rules.
    """
    found = _Validation(records, tuple(one for one in faults if one.rule.startswith(OF_RECORDS)), period, frozenset(rules))
    every = (step for table in TABLES.values() for step in found.of_table(table))
    return ValidationReport(tuple(step for step in (*every, *found.others()) if step.rule in found.rules), records.counts)


@dataclass(frozen=True)
class _Validation:
    """What steps are made of."""

    records: Records
    faults: tuple[Fault, ...]
    period: Period | None
    rules: frozenset[str]

    def of_table(self, table: Table) -> Iterator[ValidationStep]:
        """Give the steps of a table: as it was read, its ids, those of others in it, its times, its months and words."""
        rows, total = self.records.tables.get(table.name), self.records.counts.get(table.name, 0)
        yield from self._read(table, rows, total)
        if rows is None or not total:
            return
        events = table.name in EVENTS
        counts = _unit_months(rows, table) if events and self.rules & _OF_MONTHS else None
        yield from self._repeats(table, rows, total)
        if table.key and "id_alike" in self.rules:
            failed, alike = _ids_alike(rows, table)
            yield self._step("id_alike", table, table.key, total, failed, alike)
        if events and self.rules & {"twin", "twin_units"}:
            yield from self._twins(table, rows, total)
        yield from self._strangers(table, rows, counts)
        yield from self._times(table, rows)
        if counts is not None:
            yield from self._months(table, counts)
            yield from self._columns(table, rows, counts)

    # As the records were read

    def _told(self, table: str) -> dict[tuple[str, str], list[Fault]]:
        """Gather the faults of a table by rule and column."""
        found: dict[tuple[str, str], list[Fault]] = {}
        for fault in self.faults:
            own, _, column = fault.place.partition(".")
            rule = steps.CHECKED.get(fault.rule.removeprefix("records."))
            if own == table and rule:
                found.setdefault((rule, column), []).append(fault)
        return found

    def _read(self, table: Table, rows: query.Rows | None, total: int) -> Iterator[ValidationStep]:
        told = self._told(table.name)
        asked = list(steps.list_checked(table, rows.columns)) if rows is not None else []
        asked += [("citizen", name) for name in text_columns(rows, table)] if rows is not None else []
        for rule, column in dict.fromkeys([*asked, *(pair for pair in told if pair[0] not in ("id_twice", "unknown_unit"))]):
            faults = tuple(told.get((rule, column), ()))
            failed = sum(_count(fault) for fault in faults)
            there = rows is not None and column in rows.columns and failed
            where = steps.broken(rows, table, rule, column) if there else None
            theirs = rows.filter(where) if rows is not None and where is not None else None
            yield self._step(rule, table, column, max(total, failed), failed, theirs, faults)

    def others(self) -> Iterator[ValidationStep]:
        """Give a step for each fault that is no column's: files, mappings, the tree of units."""
        for fault in self.faults:
            table = fault.place.partition(".")[0]
            if table not in TABLES or fault.rule.removeprefix("records.") not in steps.CHECKED:
                yield ValidationStep("other", table if table in TABLES else "", fault.place, 1, 1, "fault", faults=(fault,))

    # Ids

    def _repeats(self, table: Table, rows: query.Rows, total: int) -> Iterator[ValidationStep]:
        """Say what was found twice as the records were read; only where any id was, the engine is asked for more."""
        if table.name == "units":
            return
        said = {note.key: note.given for note in self.records.notes if note.given.get("table") == table.label}
        gone = int(said.get("equal_rows", {}).get("count", 0))
        equal = self.records.equal.get(table.name)
        yield self._step(
            "equal",
            table,
            "*",
            total + gone,
            gone,
            None if equal is None else _write_ids(equal, table),
        )
        if not table.key:
            return
        faults = tuple(self._told(table.name).get(("id_twice", table.key), ()))
        twice = sum(int(given.get("count", 0)) for key, given in said.items() if key.startswith("repeated_"))
        twice += sum(map(_count, faults))
        alike = _ids_twice(rows, table) if twice else None  # none is left where the first or last of them was taken
        yield self._step("id_twice", table, table.key, total, twice, alike, faults)
        for rule, column in (("id_units", "unit_id"), ("id_files", query.FILE)):
            if column in rows.columns and column != table.key:
                several = _ids_twice(rows, table, column) if twice else None
                count = int(several.count().execute()) if several is not None else 0
                yield self._step(rule, table, table.key, total, count, several)

    def _twins(self, table: Table, rows: query.Rows, total: int) -> Iterator[ValidationStep]:
        """Find records of what was most likely entered twice, in one unit or in two."""
        for rule, found in zip(("twin", "twin_units"), twins.find_twins(rows, table), strict=True):
            yield self._step(rule, table, table.key, total, found.failed, found.rows)

    def _strangers(self, table: Table, rows: query.Rows, counts: pd.DataFrame | None) -> Iterator[ValidationStep]:
        """Find ids of no unit and of no person, and events on days on which their person is posted nowhere."""
        if table.name == "units" or self._units is None:
            return
        if "unit_id" in rows.columns:
            ids = _words(rows, "unit_id") if counts is None else counts.groupby("unit_id")["rows_"].sum()
            strange = ids[[one not in self._units for one in ids.index]]
            strange = strange[[not self.records.unknown.is_outside(one) for one in strange.index]]
            faults = tuple(self._told(table.name).get(("unknown_unit", "unit_id"), ()))
            yield self._strange("unknown_unit", table, rows, int(ids.sum()), strange, faults)
        if "officer_id" not in rows.columns or not self._persons:
            return
        ids = _words(rows, "officer_id")
        strange = ids[[one not in self._persons for one in ids.index]]
        yield self._strange("unknown_officer", table, rows, int(ids.sum()), strange)
        posts = self.records.tables.get("postings")
        if table.name in EVENTS and table.name != "duties" and posts is not None:
            apart = _outside_postings(rows, table, posts)
            failed = int(apart.count().execute())
            if failed and len(strange):
                people = self.records.tables["units"]
                people = people.filter(people.level == OFFICER).select(known_="unit_id").distinct()
                apart = apart.semi_join(people, apart.officer_id == people.known_)
                failed = int(apart.count().execute())
            pair = f"officer_id{steps.ARROW}{table.own_date}"
            yield self._step("outside_postings", table, pair, int(ids.sum() - strange.sum()), failed, apart)

    def _strange(
        self, rule: str, table: Table, rows: query.Rows, tested: int, strange: "pd.Series[int]", faults: tuple[Fault, ...] = ()
    ) -> ValidationStep:
        column = {"unknown_unit": "unit_id", "unknown_officer": "officer_id"}[rule]
        theirs = rows.filter(rows[column].isin(sorted(strange.index)[:LISTED])) if len(strange) else None
        return self._step(rule, table, column, tested, int(strange.sum()), theirs, faults)

    @cached_property
    def _levels(self) -> pd.DataFrame | None:
        units = self.records.tables.get("units")
        return None if units is None else query.fetch(units, ["unit_id", "level"]).dropna()

    @cached_property
    def _units(self) -> frozenset[str] | None:
        return None if self._levels is None else frozenset(self._levels["unit_id"])

    @cached_property
    def _persons(self) -> frozenset[str]:
        levels = self._levels
        return frozenset() if levels is None else frozenset(levels.loc[levels["level"] == OFFICER, "unit_id"])

    # Times, months and words

    def _times(self, table: Table, rows: query.Rows) -> Iterator[ValidationStep]:
        """Ask all that is seen from single rows in one scan, and more only of the rows that may fail."""
        seen = list(steps.trials(rows, table))
        if not seen:
            return
        looks = {one.column: one.suspect for one in seen}  # two rules may begin with the same look
        asked = {f"tested_{n}": look.count() for n, look in enumerate(looks.values())}
        asked |= {f"suspect_{n}": rows.count(where=look) for n, look in enumerate(looks.values())}
        counts = rows.agg(**asked).to_pandas().iloc[0]
        tested = {column: int(counts[f"tested_{n}"]) for n, column in enumerate(looks)}
        failed = dict.fromkeys(range(len(seen)), 0)
        if any(counts[f"suspect_{n}"] for n in range(len(looks))):
            few = rows.filter(query.any_of(*map(query.is_so, looks.values())))
            sure = few.agg(**{f"n_{n}": few.count(where=one.failed) for n, one in enumerate(steps.trials(few, table))})
            failed = {n: int(count) for n, count in enumerate(sure.to_pandas().iloc[0])}
        for n, one in enumerate(seen):
            yield self._step(
                one.rule, table, one.column, tested[one.column], failed[n], rows.filter(one.failed) if failed[n] else None
            )

    def _until(self) -> int:
        """The first month of which nothing is said: what comes after the period may be half a month."""
        return self.period.first + self.period.months if self.period else 12 * 9999

    def _months(self, table: Table, counts: pd.DataFrame) -> Iterator[ValidationStep]:
        """Hold the months of a table against each other, and those of each unit."""
        counts = counts[counts["month"] < self._until()]
        if counts.empty:
            return
        first, end = counts["month"].min(), counts["month"].max() + 1
        months = range(min(first, self.period.first), self._until()) if self.period else range(first, end)
        every = counts.groupby("month")["rows_"].sum().reindex(months, fill_value=0)
        for rule, odd in zip(("month_missing", "month_swollen"), series.odd_months(every), strict=True):
            listing = _name_list(str(Period(one, 1)) for one in odd)
            yield self._step(rule, table, table.own_date, len(every), len(odd), listing)
        tested, empty = series.empty_unit_months(counts, self._whole_months(every), self._spans)
        named = [(f"{show_unknown(unit)} {Period(one, 1)}", show_unknown(unit)) for unit, one in empty[:LISTED]]
        listing = pd.DataFrame(named, columns=["record_id", "unit_id"], dtype="str")
        yield self._step("unit_month", table, table.own_date, tested, len(empty), listing)

    def _whole_months(self, every: "pd.Series[int]") -> list[int]:
        """Give the months of a table from its first record on; without a period the last may be half a month."""
        seen = every.index[every > 0]
        last = self._until() if self.period else seen.max()
        return [month for month in every.index if seen.min() <= month < last]

    @cached_property
    def _spans(self) -> dict[str, list[tuple[int, int]]]:
        """Give the stretches of whole months in which each unit is in force; none where there is no table of units."""
        units = self.records.tables.get("units")
        if units is None:
            return {}
        names = [name for name in ("unit_id", "valid_from", "valid_to") if name in units.columns]
        return months_in_force(query.fetch(units.filter(units.level != OFFICER), names))

    def _columns(self, table: Table, rows: query.Rows, counts: pd.DataFrame) -> Iterator[ValidationStep]:
        """Find the columns that never vary, and the words that come and go."""
        wide, texts = steps.vary(table, rows.columns), steps.words(table, rows.columns)
        cells = {name: rows[name].cast("float64") for name in wide if name not in texts}
        asked = {f"{what}_{n}": getattr(c, what)() for n, c in cells.items() for what in ("count", "min", "max")}
        asked |= {f"words_{name}": rows[name].approx_nunique() for name in texts}
        if not asked:
            return
        found, total = dict(rows.agg(**asked).to_pandas().iloc[0]), self.records.counts[table.name]
        alike = {n: found[f"count_{n}"] >= FEW_ROWS and not found[f"min_{n}"] < found[f"max_{n}"] for n in cells}
        few = [name for name in texts if found[f"words_{name}"] <= MOST_WORDS]
        months = rows.group_by(*few, month=_month(rows[table.own_date])).agg(rows_=rows.count()).to_pandas()
        alike |= {name: name in few and len(months[name].drop_duplicates()) == 1 for name in texts}
        empty = {name for name in cells if not found[f"count_{name}"]} | {name for name in few if months[name].isna().all()}
        for name in (name for name in wide if total >= FEW_ROWS and name not in empty):  # what it lacks is told by the scores
            yield self._step("constant", table, name, 1, int(alike[name]))
        span = counts["month"].min(), min(counts["month"].max(), self._until() - 1)
        for name in few:
            yield self._label(table, name, months[months["month"].between(*span)], span)

    def _label(self, table: Table, name: str, found: pd.DataFrame, span: tuple[int, int]) -> ValidationStep:
        """Say which words of a column come or go in the middle; a word that may be a citizen's own is shown nowhere."""
        counts = found.groupby([name, "month"], as_index=False)["rows_"].sum()
        changing = series.changing_words(counts.set_axis(["word", "month", "rows_"], axis=1), *span)
        shown = [
            ("…" if name in UNSHOWN else show_id(word)) + f" {Period(int(start), 1)}–{Period(int(end), 1)}"
            for word, start, end in changing.itertuples(index=False)
        ]
        listing = _name_list(shown)
        return self._step("label", table, name, int(counts[name].nunique()), int(changing["word"].nunique()), listing)

    # A step

    def _step(
        self,
        rule: str,
        table: Table,
        column: str,
        tested: int,
        failed: int,
        theirs: query.Rows | pd.DataFrame | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> ValidationStep:
        """Make a step; theirs: the rows that failed, or what they are called."""
        listing = _listing(theirs, table) if failed and theirs is not None else _no_records()
        severity: Severity = "fault" if faults else RULES[rule]
        return ValidationStep(rule, table.name, column, tested, failed, severity, listing, faults)


def _no_records() -> pd.DataFrame:
    return pd.DataFrame({"record_id": [], "unit_id": []}, dtype="str")


def _listing(rows: query.Rows, table: Table) -> pd.DataFrame:
    """Bring the ids of rows here and nothing else of them, LISTED at most, in the order of ids; what is here already stays."""
    if isinstance(rows, pd.DataFrame):
        return rows
    names = [name for name in dict.fromkeys([*ids_of(table), "unit_id"]) if name in rows.columns]
    return _write_ids(
        rows.select(**{name: rows[name].cast("string") for name in names}).order_by(names).limit(LISTED).to_pandas(), table
    )


def _write_ids(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Write the ids of rows; what may be a citizen's number, or a person's name, is shown by its shape."""
    texts = rows.astype(object).where(rows.notna(), "").map(lambda cell: show_unknown(str(cell)))
    ids = [texts[name] for name in ids_of(table) if name in texts]
    joined = ids[0].str.cat(ids[1:], sep=" · ") if ids else pd.Series("", texts.index)
    return pd.DataFrame({"record_id": joined, "unit_id": texts.get("unit_id", "")}, dtype="str").reset_index(drop=True)


def _count(fault: Fault) -> int:
    return int(fault.given.get("count", 1))


def _name_list(names: Iterable[str]) -> pd.DataFrame:
    """List what is no record: months and words."""
    return pd.DataFrame({"record_id": list(names)}, dtype="str").assign(unit_id="")


def _words(rows: query.Rows, column: str) -> "pd.Series[int]":
    """Count the rows of each id."""
    return query.count_words(rows, column).dropna().set_index(column)["rows_"]


def _month(own: Any) -> Any:
    """Number the month of a time (months since year 0)."""
    return own.year().cast("int64") * 12 + own.month().cast("int64") - 1


def months_in_force(units: pd.DataFrame) -> dict[str, list[tuple[int, int]]]:
    """Give the stretches of whole months in which units are in force, as their first and last month (months since year 0).

    units: unit_id and, where they are known, valid_from and valid_to; a unit may have several rows, one after another.

    >>> months_in_force(pd.DataFrame({"unit_id": ["A"], "valid_from": [date(2024, 1, 2)], "valid_to": [date(2024, 3, 31)]}))
    {'A': [(24289, 24290)]}
    """
    starts, ends = dates(units, "valid_from", date.min), dates(units, "valid_to", date.max)
    spans: dict[str, list[tuple[date, date]]] = {}
    for unit, start, end in sorted(zip(units["unit_id"], starts, ends, strict=True)):
        mine = spans.setdefault(unit, [])
        if mine and start.toordinal() <= mine[-1][1].toordinal() + 1:
            mine[-1] = mine[-1][0], max(mine[-1][1], end)
        else:
            mine.append((start, end))
    return {unit: [(_first_month(start), _last_month(end)) for start, end in mine] for unit, mine in spans.items()}


def _first_month(start: date) -> int:
    return start.year * 12 + start.month - 1 + (start.day > 1)


def _last_month(end: date) -> int:
    return end.year * 12 + end.month - 1 - (end.day < monthrange(end.year, end.month)[1])


def _unit_months(rows: query.Rows, table: Table) -> pd.DataFrame:
    """Count the records of each unit and month: unit_id, month, rows_."""
    found = rows.group_by("unit_id", month=_month(rows[table.own_date])).agg(rows_=rows.count()).to_pandas().dropna()
    return found.astype({"month": "int64", "rows_": "int64"})


def _ids_twice(rows: query.Rows, table: Table, column: str = "") -> query.Rows:
    """Keep the rows beyond the first of each id, of those that stand in several units or files where a column is named."""
    theirs = rows.group_by(table.key).agg(times_=rows[column].nunique() if column else rows.count())
    theirs = theirs.filter(theirs.times_ > 1, theirs[table.key].notnull()).select(twice_=table.key)
    few = rows.semi_join(theirs, rows[table.key] == theirs.twice_)
    order = [name for name in ("unit_id", table.own_date, query.FILE) if name in few.columns]
    return few.filter(~query.is_first([few[table.key]], [few[name] for name in order]))


def _ids_alike(rows: query.Rows, table: Table) -> tuple[int, query.Rows | None]:
    """Count the ids beside the first of those that width, case or blanks alone tell apart, and keep the rows of them all."""
    key = rows[table.key]
    odd = query.is_so(key.re_search(ODD))
    if not rows.count(where=odd).execute():
        return 0, None
    rows = rows.mutate(bare_=odd.ifelse(bare_word(key), key))
    strange = rows.filter(odd).select(odd_="bare_").distinct()
    few = rows.semi_join(strange, rows.bare_ == strange.odd_)
    several = few.group_by(same_="bare_").agg(forms_=few[table.key].nunique())
    several = several.filter(several.forms_ > 1)
    more = several.agg(more=(several.forms_ - 1).sum()).to_pandas().iloc[0]["more"]
    return (0, None) if pd.isna(more) else (int(more), few.semi_join(several, few.bare_ == several.same_))


def _outside_postings(rows: query.Rows, table: Table, posts: query.Rows) -> query.Rows:
    """Keep the events on days on which their person is posted nowhere."""
    ends = query.optional(posts, "to_date", "date").fill_null(query.day(date.max))
    spans = posts.select(who_="officer_id", from_="from_date", until_=ends)
    seen = rows.filter(rows.officer_id.notnull(), rows[table.own_date].notnull()).mutate(day_=rows[table.own_date].cast("date"))
    return seen.anti_join(spans, [seen.officer_id == spans.who_, seen.day_ >= spans.from_, seen.day_ <= spans.until_])
