"""What is odd about the records of a run: ids of no unit, months without a record, times out of order or of another age."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import pairwise
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER, Fault, Note
from fengqiao_eval.measuring.denominators import periods_before
from fengqiao_eval.measuring.tallies import clock_columns, dates_of, is_countable, is_reversed, stretches_of
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records import query
from fengqiao_eval.records.checks import PERIOD
from fengqiao_eval.records.identifiers import Known, likeliest, name_unknown, register
from fengqiao_eval.records.row_names import locate_units
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import EVENTS, TABLES, Table
from fengqiao_eval.records.units import Tree, dates, overlapping_officers, postings_of
from fengqiao_eval.scheme.measure import Figure
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.words import catalogue, quote, say

OLDEST, YEARS_AHEAD = 1990, 2
"""Times before the year, or more than so many years after the end of the period, are of another age."""
SENTINELS = (date(1899, 12, 30), date(1900, 1, 1), date(1900, 1, 2), date(1970, 1, 1))
"""What an empty cell of a spreadsheet or a database becomes when it is read as a day."""
BY_CHANCE = 500
"""One time in 1440 falls on midnight to the minute by chance; no more than one in so many is not told."""
SHOWN = 5
"""As many ids are named."""


@dataclass(frozen=True)
class Survey:
    """What is looked at before a period is scored: the tables whose rows the scheme counts, month by month and unit by unit."""

    records: Records
    scheme: Scheme
    period: Period
    levels: Sequence[str]

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The tables that are counted and are there, in the order of the design."""
        asked = {table for entry in self.scheme.entries for table in entry.tables}
        return tuple(name for name in (*EVENTS, "notices") if name in asked and name in self.records.tables)

    @property
    def _brought(self) -> tuple[str, ...]:
        """The tables that name units and are no records: postings, and figures where the scheme asks for them."""
        asked = {table for entry in self.scheme.entries for table in entry.tables}
        return tuple(n for n in ("postings", "figures") if n in self.records.tables and (n == "postings" or n in asked))

    def _dates(self, table: str) -> tuple[str, ...]:
        """The columns by which the scheme finds rows of a table in a period."""
        return dates_of(self.scheme.entries, TABLES[table], self.records.tables[table])

    def _rows(self, table: str) -> Any:
        """The rows of a table, of notices the upheld, that lie in the period by any such date, whenever they were entered."""
        rows = self.records.tables[table]
        rows = rows.filter(rows.status == query.UPHELD) if table == "notices" and "status" in rows.columns else rows
        return query.filter_spans(rows, self._dates(table), [(self.period.start, self.period.end)])

    @cached_property
    def _unit_rows(self) -> Mapping[str, "pd.Series[Any]"]:
        """How many of these rows each unit has, by table; an empty id is one too."""
        counts = {}
        for name in self.tables:
            rows = self._rows(name)
            found = query.tally(rows, {"unit_id": query.optional(rows, "unit_id")}, {"rows": rows.count()})
            counts[name] = found.groupby("unit_id", dropna=False)["rows"].sum()
        return counts

    @cached_property
    def units(self) -> pd.DataFrame:
        """The rows of the table of units: unit_id, name, level."""
        rows = self.records.tables["units"]
        # an empty one is a fault of the table
        return query.fetch(rows.filter(rows.unit_id.notnull()), ["unit_id", "name", "level"])

    def in_period(self, table: str) -> "pd.Series[Any]":
        """Count the rows of a table in the period by unit_id; a notice may name none. Of postings a day of theirs suffices."""
        if table == "postings":
            every = postings_of(self.records.tables)
            return self._now(every)["unit_id"].value_counts() if every is not None else pd.Series(dtype="int64")
        if table == "figures":
            rows = query.fetch(self.records.tables[table], ["unit_id", "period"])
            # what is no period is a fault of the table
            spans = [span for span in rows["period"].dropna().unique() if re.search(PERIOD, span)]
            held = {span: self.period.holds(parse(span)) for span in spans}
            return rows.loc[[held.get(span, False) for span in rows["period"]], "unit_id"].value_counts()
        return self._unit_rows[table]

    def _now(self, postings: pd.DataFrame) -> pd.DataFrame:
        """Keep the postings that have a day in the period."""
        began = dates(postings, "from_date", date.min) < self.period.end.date()
        return postings[began & (dates(postings, "to_date", date.max) >= self.period.start.date())]

    # Faults: nothing can be scored, or too much would count for nobody

    def faults(self) -> Iterator[Fault]:
        """Find too many records of no unit, a period without any record, no unit of the levels asked for."""
        if "units" not in self.records.tables:
            return
        unknown = [fault for table in (*self.tables, *self._brought) for fault in self._unknown_faults(table)]
        yield from unknown
        there = list(dict.fromkeys(self.units["level"].dropna()))
        if not set(there) & set(self.levels):
            given = {"given": ", ".join(self.levels), "there": ", ".join(map(quote, there))}
            yield Fault(self.records.file("units"), "units.level", "records.no_level", given)
            return
        yield from self._level_faults(there)
        yield from self._force_faults()
        yield from self._parent_faults()
        yield from self._post_faults()
        if not unknown:
            yield from self._empty_period()

    def _level_faults(self, there: Sequence[str]) -> Iterator[Fault]:
        """Find levels that nobody knows: who is of such a word would be in no ranking."""
        known = {key.removeprefix("level."): say(key, "zh") for key in catalogue() if key.startswith("level.")}
        known |= {level: known.get(level, level) for level in self.scheme.levels}
        if strange := [level for level in there if level not in known]:
            counts, meant = self.units["level"].value_counts(), likeliest(strange, known)
            words = [f"{quote(one)} ×{counts[one]}" + (f" → {quote(meant[one])}?" if one in meant else "") for one in strange]
            given = {"count": int(counts[strange].sum()), "words": ", ".join(words[:SHOWN]) + (" …" if words[SHOWN:] else "")}
            yield Fault(self.records.file("units"), "units.level", "records.unknown_level", given)

    def _force_faults(self) -> Iterator[Fault]:
        """Find that on the last day of the period, which decides it, no unit of the levels asked for is in force."""
        units, last = self.records.tables["units"].to_pandas(), self.period.end.date() - timedelta(days=1)
        held = (dates(units, "valid_from", date.min) <= last) & (dates(units, "valid_to", date.max) >= last)
        if not (held & units["level"].isin(self.levels)).any():
            yield Fault(self.records.file("units"), "units.valid_to", "records.none_in_force", {"day": last, "count": len(units)})

    def _parent_faults(self) -> Iterator[Fault]:
        """Find units under one of their own level or of a lower one: what they do would count for a rival."""
        units, order = self.records.tables["units"].to_pandas(), self.scheme.levels
        if "parent_id" in units:
            place = units["level"].map({level: number for number, level in enumerate(order)})
            above = units["parent_id"].map(dict(zip(units["unit_id"], place, strict=True)))
            # an id left empty is told elsewhere, and is no unit whose parent is empty
            wrong = units[(above >= place) & units["unit_id"].notna() & units["parent_id"].notna()]
            if len(wrong):
                levels = dict(zip(units["unit_id"], units["level"], strict=True))
                first = wrong.head(SHOWN)[["unit_id", "level", "parent_id"]].itertuples(index=False)
                ids = [f"{quote(unit)} {level} → {quote(parent)} {levels[parent]}" for unit, level, parent in first]
                where = locate_units(units, wrong, self.records.row_names.get("units", {}))
                given = {"count": len(wrong), "given": "; ".join(ids), "order": " > ".join(order), **where}
                yield Fault(self.records.file("units"), "units.parent_id", "records.parent_level", given)

    def _post_faults(self) -> Iterator[Fault]:
        """Find persons who are posted at a person: their days would flow through the other to a unit."""
        if "postings" in self.records.tables:
            posts = query.fetch(self.records.tables["postings"], ["officer_id", "unit_id"]).dropna()
            wrong = posts[posts["unit_id"].isin(self.units.loc[self.units["level"] == OFFICER, "unit_id"])]
            if len(wrong):
                ids = [f"{quote(who)} → {quote(at)}" for who, at in wrong.head(SHOWN).itertuples(index=False)]
                given = {"count": len(wrong), "given": ", ".join(ids)}
                yield Fault(self.records.file("postings"), "postings.unit_id", "records.post_at_officer", given)

    def _unknown_faults(self, table: str) -> Iterator[Fault]:
        counts, policy = self.in_period(table), self.records.unknown
        rest = {unit: count for unit, count in self._strange(counts).items() if not policy.is_outside(unit)}
        nobody = counts.sum() and not counts.index.isin(self.units["unit_id"]).any() and counts.index.notna().all()
        wrong = self._strange(counts) if nobody else rest
        share = sum(wrong.values()) / max(counts.sum(), 1)
        if nobody or sum(wrong.values()) > policy.at_most * int(counts.sum()):
            given = {"most": percent(float(policy.at_most)), **self._said(wrong, share)}
            rule = {"postings": "unknown_posts", "figures": "unknown_figures"}.get(table, "unknown_units")
            yield Fault(self.records.file(table), f"{table}.unit_id", f"records.{rule}", given)

    def _strange(self, counts: "pd.Series[Any]") -> dict[str, int]:
        """Count the records of each id that is no unit, most records first."""
        strange = counts[counts.index.notna() & ~counts.index.isin(self.units["unit_id"])]
        return {str(unit): int(count) for unit, count in strange.sort_values(ascending=False, kind="stable").items()}

    def _said(self, strange: Mapping[str, int], share: float) -> dict[str, Any]:
        """Say which ids are meant: in quotes, how many records each has, and for which unit an unknown one is likeliest meant."""
        ids = name_unknown(strange, self._places)
        return {"count": sum(strange.values()), "share": percent(share), "number": len(strange), "ids": ids}

    @cached_property
    def _places(self) -> Known:
        return register(self.records.tables["units"]).places

    def _empty_period(self) -> Iterator[Fault]:
        """Refuse a period without any record in any table, unless nothing but figures is asked for."""
        counted = [entry.measure for entry in self.scheme.entries if entry.measure.table in (*EVENTS, "notices")]
        if not counted or any(self.in_period(table).sum() for table in self.tables):
            return
        if self._has_figures() or (self.tables and any(self._has_rows(table) for table in (*EVENTS, "notices"))):
            return
        missing = dict.fromkeys(measure.table for measure in counted if measure.table not in self.records.tables)
        if missing and not self.tables:
            yield Fault(self.records.name, "", "records.no_table", {"given": ", ".join(missing), "there": self.records.there})
        else:
            given = {"given": str(self.period), "tables": ", ".join(f"{t} {self.records.counts.get(t, 0)}" for t in self.tables)}
            yield Fault(self.records.name, str(self.period), "records.empty_period", given)

    def _has_rows(self, table: str) -> bool:
        """Whether a table, counted or not, shows that records were kept in the period: a month without notices is a good one."""
        if table not in self.records.tables:
            return False
        dates, span = (TABLES[table].own_date, *self._dates(table)), [(self.period.start, self.period.end)]
        return bool(query.filter_spans(self.records.tables[table], dates, span).count().execute())

    def _has_figures(self) -> bool:
        figures = self.records.tables.get("figures")
        return figures is not None and bool(figures.filter(figures.period == str(self.period)).count().execute())

    # Notes

    def notes(self, as_of: datetime, tree: Tree, scored: Sequence[Period]) -> Iterator[Note]:
        """Say what is odd and is no fault, what matters most first.

        tree: the units scored, and whose records count for them; scored: the periods.
        """
        yield from self._unfinished_period(as_of)
        yield from self._unknown_notes(tree)
        yield from self._idle_patterns()
        yield from self._empty_months(as_of, scored)
        yield from self._double_postings()
        for name in self.tables:
            yield from self._reversed(TABLES[name])
            yield from self._unvisitable(TABLES[name])
            yield from self._days_only(TABLES[name])
            yield from self._strange_times(TABLES[name])
            yield from self._outside_dates(TABLES[name])

    def _unfinished_period(self, as_of: datetime) -> Iterator[Note]:
        """Say that the period is not over at as_of: records end there, and what they are divided by and held to does not."""
        if as_of < self.period.end - timedelta(minutes=1):  # 23:59 is how some write the end of a day
            days, of = ((end - self.period.start).days for end in (as_of, self.period.end))
            given = {"period": str(self.period), "as_of": f"{as_of:%Y-%m-%d %H:%M}", "days": days, "of": of}
            yield Note("period_unfinished", given)

    def _unknown_notes(self, tree: Tree) -> Iterator[Note]:
        for name in self.tables:
            counts = self.in_period(name)
            strange, total = self._strange(counts), max(counts.sum(), 1)
            outside = {unit: count for unit, count in strange.items() if self.records.unknown.is_outside(unit)}
            rest = {unit: count for unit, count in strange.items() if unit not in outside}
            known = counts[counts.index.isin(self.units["unit_id"]) & ~counts.index.isin(tree.counts_for["unit_id"])]
            apart = {str(unit): int(count) for unit, count in known.sort_values(ascending=False, kind="stable").items()}
            for key, wrong in (("unknown_units", rest), ("outside_units", outside), ("unscored_units", apart)):
                if wrong:
                    yield Note(key, {"table": TABLES[name].label, **self._said(wrong, sum(wrong.values()) / total)})
        for name in ("postings", "figures"):
            if name in self.records.tables:
                counts = query.fetch(self.records.tables[name], ["unit_id"])["unit_id"].value_counts()
                if strange := self._strange(counts):
                    key = "unknown_posts" if name == "postings" else "unknown_units"
                    yield Note(key, {"table": TABLES[name].label, **self._said(strange, sum(strange.values()) / counts.sum())})

    def _idle_patterns(self) -> Iterator[Note]:
        """Name the patterns of ids that lie elsewhere which no id of the period fits, and those which only units fit."""
        known = [str(unit) for unit in self.units["unit_id"].unique()]
        written = {one for table in (*self.tables, *self._brought) for one in self._strange(self.in_period(table))}
        patterns = () if self.records.unknown.outside == "others" else self.records.unknown.outside
        idle = [pattern for pattern in patterns if not any(fnmatchcase(one, pattern) for one in written)]
        units = {pattern: [quote(unit) for unit in known if fnmatchcase(unit, pattern)] for pattern in idle}
        if nothing := [quote(pattern) for pattern in idle if not units[pattern]]:
            yield Note("outside_idle", {"patterns": ", ".join(nothing)})
        if taken := {pattern: ids for pattern, ids in units.items() if ids}:
            shown = [f"{quote(p)} ({', '.join(ids[:SHOWN])}{' …' if ids[SHOWN:] else ''})" for p, ids in taken.items()]
            yield Note("outside_known", {"patterns": ", ".join(shown)})

    def _empty_months(self, as_of: datetime, scored: Sequence[Period]) -> Iterator[Note]:
        """Name the months in which a table of events has no record of anybody, of those scored and those held against them.

        By each date by which the table is counted. Of an empty table that is said elsewhere.
        """
        for name in (name for name in self.tables if name != "notices" and self.records.counts.get(name)):
            found: dict[tuple[Period, ...], list[str]] = {}
            for column in self._dates(name):
                months = self._months_looked_at(name, column, scored)
                rows = query.filter_spans(self.records.tables[name], column, [(month.start, month.end) for month in months])
                there = set(query.tally(rows, {"month": rows[column].truncate("M")}, {"rows": rows.count()})["month"])
                empty = tuple(month for month in months if month.start not in there and month.start < as_of)
                found.setdefault(empty, []).append(column)
            for empty, columns in found.items():
                if empty:
                    given = {"count": len(empty), "months": _stretches(empty), "dates": ", ".join(columns)}
                    source = {"source": name, "each": " ".join(map(str, empty))}
                    yield Note("empty_months", {"table": TABLES[name].label, **given, **source})

    def _months_looked_at(self, table: str, column: str, scored: Sequence[Period]) -> list[Period]:
        """List the months of the periods scored, and of those against which what is counted by a date of a table is held."""
        mine = [e.against for e in self.scheme.entries if (e.measure.table, getattr(e.measure, "date", "")) == (table, column)]
        spans = {*scored, *(span for against in mine for span in periods_before(against, scored)[0])}
        return [Period(month, 1) for month in sorted({month for span in spans for month in span.month_numbers})]

    def _double_postings(self) -> Iterator[Note]:
        """Count the persons who hold more than one posting on days of the period; who they are stands on no page."""
        every = postings_of(self.records.tables)
        if every is not None:
            now = self._now(every)
            share = now["share"].astype("float64").fillna(1) if "share" in now else pd.Series(1.0, now.index)
            full = share.groupby(now["officer_id"]).transform("sum") > 1
            if count := len(overlapping_officers(now[full])):
                yield Note("double_postings", {"count": count})

    @cached_property
    def _spans(self) -> pd.DataFrame:
        """The units that do not hold for the whole period and were merged into none: unit_id, start, end, a row a stretch."""
        units = self.records.tables["units"].to_pandas()
        units = units.assign(start=dates(units, "valid_from", date.min), end=dates(units, "valid_to", date.max))
        first, last = self.period.start.date(), self.period.end.date() - timedelta(days=1)
        merged = set(units.loc[units["successor_id"].notna(), "unit_id"]) if "successor_id" in units else set()
        whole = set(units.loc[(units["start"] <= first) & (units["end"] >= last), "unit_id"])
        return units.loc[~units["unit_id"].isin(merged | whole), ["unit_id", "start", "end"]]

    def _outside_dates(self, table: Table) -> Iterator[Note]:
        """Count the records of the period from days on which their unit is not in force, and of which no other has taken over."""
        rows = self._rows(table.name)
        if self._spans.empty or "unit_id" not in rows.columns:
            return
        rows = rows.filter(rows.unit_id.isin(list(self._spans["unit_id"].unique())))
        days = {f"day_{number}": rows[column].cast("date") for number, column in enumerate(self._dates(table.name))}
        found = query.tally(rows, {"unit_id": rows.unit_id, **days}, {"rows": rows.count()})
        found, wrong = found.assign(**{name: dates(found, name, date.min) for name in days}), set[int]()
        for name in days:
            now = found[(found[name] >= self.period.start.date()) & (found[name] < self.period.end.date())]
            held = now.reset_index().merge(self._spans, on="unit_id")
            wrong |= {*now.index} - {*held.loc[(held["start"] <= held[name]) & (held[name] <= held["end"]), "index"]}
        outside = found.loc[sorted(wrong)].groupby("unit_id")["rows"].sum().sort_values(ascending=False, kind="stable")
        if len(outside):
            shown = ", ".join(f"{quote(unit)} ×{int(count)}" for unit, count in outside.head(SHOWN).items())
            given = {"count": int(outside.sum()), "ids": shown + (" …" if len(outside) > SHOWN else "")}
            yield Note("outside_dates", {"table": table.label, **given})

    def _reversed(self, table: Table) -> Iterator[Note]:
        """Count the rows of the period that end before they start, by the columns between which a measure looks."""
        measures = [entry.measure for entry in self.scheme.entries if entry.measure.table == table.name]
        rows = self._rows(table.name)
        found = [stretch for m in measures if is_countable(m, self.records) for stretch in stretches_of(m)]
        asked = [one for one in dict.fromkeys(found) if {one.start, one.end} <= set(rows.columns)]
        if asked:
            counts = rows.agg(**{f"n_{n}": rows.count(where=is_reversed(rows, one)) for n, one in enumerate(asked)}).to_pandas()
            for number, one in enumerate(asked):
                if count := int(counts[f"n_{number}"].iloc[0]):
                    yield Note("reversed", {"table": table.label, "start": one.start, "end": one.end, "count": count})

    def _unvisitable(self, table: Table) -> Iterator[Note]:
        """Count the duties of the period for which no visit can be found: nobody is named, or no day from which it counts."""
        rows = self._rows(table.name)
        measures = [e.measure for e in self.scheme.entries if e.measure.table == table.name and not isinstance(e.measure, Figure)]
        asked = [m for m in measures if m.counts_visits and is_countable(m, self.records)]
        if table.name == "duties" and asked and {"subject_id", "due_from"} <= set(rows.columns):
            tests = [{name: test for name, test in measure.where.items() if name in rows.columns} for measure in asked]
            wanted = query.any_of(*(query.is_so(query.passes(rows, one)) for one in tests))
            if count := int(rows.count(where=wanted & (rows.subject_id.isnull() | rows.due_from.isnull())).execute()):
                yield Note("unvisitable", {"table": table.label, "count": count})

    def _days_only(self, table: Table) -> Iterator[Note]:
        """Count the times of the period that have no time of day, in columns of which minutes or hours are looked at."""
        measures = [entry.measure for entry in self.scheme.entries if entry.measure.table == table.name]
        rows = self._rows(table.name)
        found = dict.fromkeys(c for m in measures if is_countable(m, self.records) for c in clock_columns(m))
        if asked := [column for column in found if column in rows.columns]:
            times = {column: rows[column].cast("timestamp") for column in asked}
            bare = {f"bare_{n}": rows.count(where=time == time.truncate("D")) for n, time in enumerate(times.values())}
            filled = {f"filled_{n}": time.count() for n, time in enumerate(times.values())}
            counts = rows.agg(**bare, **filled).to_pandas().iloc[0]
            for number, column in enumerate(asked):
                count, of = int(counts[f"bare_{number}"]), int(counts[f"filled_{number}"])
                if count * BY_CHANCE > of:
                    yield Note("no_time_of_day", {"table": table.label, "column": column, "count": count, "filled": of})

    def _strange_times(self, table: Table) -> Iterator[Note]:
        """Count the times of other ages in a whole table, for such a record lies in no period."""
        rows, last = self.records.tables[table.name], self.period.end.year - (self.period.end.month == 1) + YEARS_AHEAD
        times = [c.name for c in table.columns if c.kind == "time" and c.name in rows.columns]
        cells = {name: rows[name].cast("date") for name in times}
        asked = {
            f"odd_{n}": ~cells[name].between(query.day(date(OLDEST, 1, 1)), query.day(date(last, 12, 31)))
            for n, name in enumerate(times)
        }
        asked |= {f"mark_{n}": cells[name].isin([query.day(mark) for mark in SENTINELS]) for n, name in enumerate(times)}
        counts = rows.agg(**{name: rows.count(where=cell) for name, cell in asked.items()}).to_pandas().iloc[0]
        for number, name in enumerate(times):
            if count := int(counts[f"odd_{number}"]):
                given = {"column": name, "count": count, "first": OLDEST, "last": last, "marks": int(counts[f"mark_{number}"])}
                yield Note("strange_times", {"table": table.label, **given})


def percent(share: float) -> str:
    """Write a share with one decimal, never rounded to nothing or all.

    >>> percent(0.75), percent(0.0001), percent(0.99999)
    ('75%', '<0.1%', '>99.9%')
    """
    if 0 < share < 0.001:  # noqa: PLR2004 - what one decimal shows
        return "<0.1%"
    return ">99.9%" if 0.999 < share < 1 else f"{100 * share:.1f}".removesuffix(".0") + "%"  # noqa: PLR2004 - see above


def _stretches(months: Sequence[Period]) -> str:
    """Name months, those that follow each other by the first and the last.

    >>> from fengqiao_eval.periods import parse
    >>> _stretches([parse("2024-03"), parse("2024-04"), parse("2024-07")])
    '2024-03–2024-04, 2024-07'
    """
    begins = [months[0], *(later for earlier, later in pairwise(months) if later.first != earlier.first + 1)]
    ends = [*(earlier for earlier, later in pairwise(months) if later.first != earlier.first + 1), months[-1]]
    return ", ".join(f"{first}–{last}" if first != last else str(first) for first, last in zip(begins, ends, strict=True))
