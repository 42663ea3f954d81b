"""Signs to look at in records, never scored: bunching, records alike, visits too near, digits too round, answers too good."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.measuring.counting import Plan
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.identifiers import show_id, show_unknown
from fengqiao_eval.records.query import Cell, Rows
from fengqiao_eval.records.tables import EVENTS, TABLES, Table
from fengqiao_eval.scheme.measure import Figure, Filter
from fengqiao_eval.validation.response import answer_rows, coded_indicators, without_void
from fengqiao_eval.validation.steps import ARROW

SIGNS = (
    *("period_end", "month_end", "within_limit", "same_duration", "same_text"),
    *("near_visits", "round_minutes", "last_digit", "perfect_answers"),
)
"""Every sign: `audit.sign.NAME` says what it is, `audit.innocent.NAME` what may be behind it that is no fault."""

CHANCE = 0.01
"""Of all that is shown for what chance would not do, no more than this part is shown wrongly (Benjamini and Hochberg 1995)."""
SEEN = 0.05
"""What a single test would call unlikely: of many units alike that part is so by chance alone."""
LEAST, FEWEST = 20, 5
"""Of fewer records of a unit nothing is asked, and of fewer that stand out nothing is shown."""
LAST_DAYS = 3
"""As many days at the end of a month or period are held against the others."""
TIMES, TIMES_ALIKE = 2.0, 3.0
"""What is shown is so many times what is expected; of records alike more, for units differ in what they do."""
SECONDS_APART = 120
"""Two visits of one person in different zones, no further apart."""
FIFTH, EIGHTH, OTHER_DIGITS = 0.2, 0.125, (1, 2, 3, 4, 6, 7, 8, 9)
"""The share of minutes that end in 0 or 5; of the others, the share of each last digit, and which these are."""
TOO_GOOD, FEW_REPLIES = 0.99, 30.0
"""Satisfaction above so much of the way to the best, at a response below so much in a hundred."""
FREE = 0.1
"""A column holds people's own words where at least this part of its cells differ."""
NAMED = 5
"""As many records are named."""

ENDS = (("cases", "closed_at"), ("visits", "visited_at"), ("disputes", "resolved_at"))
"""What is done at a time of one's own choosing: closing, visiting, resolving."""
WINDOWS = ((7 * 86_400, 86_400), (12 * 3_600, 3_600), (0, 60))
"""Just under a limit of so many seconds or more is within so many seconds of it: a day of weeks, an hour of days, a minute."""

UNITS = ("level", "unit_id", "n", "found", "expected", "p", "enough")
SHOWN = ("level", "unit_id", "sign", "table", "column", "n", "found", "expected", "share", "p", "q", "first")
ASKED = ("sign", "table", "column", "n", "found", "share", "expected_share", "tested", "unlikely", "by_chance", "shown")

Namer = Callable[[Sequence[str]], Mapping[str, list[str]]]
"""Gives the first ids of what was found, of some of the units."""


@dataclass(frozen=True)
class SignTest:
    """One sign asked of every unit, of a table and column.

    units: level, unit_id, n, found, expected, p (how likely chance gives as much), enough (whether it is much). n, found and
    expected_share: of all records together. by_chance: whether what is shown goes by p, else by a rule of its own.
    """

    sign: str
    table: str
    column: str
    units: pd.DataFrame
    n: float
    found: float
    expected_share: float
    name: Namer = field(compare=False)
    by_chance: bool = True


class FoundSigns(NamedTuple):
    """The signs of units that are shown; those of persons, which stand in the folder of officers alone; what was asked at all."""

    units: pd.DataFrame
    persons: pd.DataFrame
    asked: pd.DataFrame


def adjust(p: np.ndarray) -> np.ndarray:
    """Adjust chances for how many tests were made (Benjamini and Hochberg 1995).

    >>> adjust(np.array([0.01, 0.04, 0.03, 0.5])).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    order, found = np.argsort(p), np.empty(len(p))
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    found[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return found


def at_least(found: Any, n: Any, share: Any) -> np.ndarray:
    """Give how likely chance gives as many of n or more, each with a share (binomial).

    >>> at_least(np.array([10, 0]), np.array([10, 10]), 0.5).round(4).tolist()
    [0.001, 1.0]
    """
    found, n, share = np.broadcast_arrays(*(np.asarray(one, dtype="float64") for one in (found, n, share)))
    more = np.maximum(found, 1)
    return np.where(found > 0, special.betainc(more, np.maximum(n - more + 1, 1e-9), np.clip(share, 0, 1)), 1.0)


def end_share(counts: Mapping[date, float], days: Sequence[date], ends: Sequence[date], last: Sequence[date]) -> float:
    """Give what share of records the last days would have, were each day as busy as others of its weekday.

    counts: records of each of the days; ends: all days at some end, which say nothing of the others.

    >>> week = [date(2024, 9, 2) + timedelta(days=number) for number in range(14)]
    >>> round(end_share(dict.fromkeys(week, 2), week, week[-3:], week[-3:]), 3)
    0.214
    """
    usual: dict[int, list[float]] = {}
    for one in days:
        if one not in ends:
            usual.setdefault(one.weekday(), []).append(counts.get(one, 0))
    busy = {weekday: sum(several) / len(several) for weekday, several in usual.items()}
    every = sum(busy.get(one.weekday(), 0) for one in days)
    return sum(busy.get(one.weekday(), 0) for one in last) / every if every else 1.0


def find_signs(plan: Plan, period: Period, response: pd.DataFrame, levels: Sequence[str]) -> FoundSigns:
    """Look for every sign in the records of a period, at every one of the levels.

    response: see response.responses. A unit is shown where chance does not give as much, by all tests together (CHANCE), and
    where it is much (TIMES). What everybody does alike is in `asked`. Of a text that is alike only counts and ids are told.
    """
    looked = _Signs(plan, period, frozenset(levels))
    asked = (looked.ends, looked.limits, looked.durations, looked.texts, looked.near_visits, looked.digits)
    return _gather([*(test for ask in asked for test in ask()), *looked.perfect_answers(response)])


def _gather(tests: Sequence[SignTest]) -> FoundSigns:
    """Hold all tests together against chance, and name the records of what is shown."""
    every = [test.units.assign(test=number, by_rule=not test.by_chance) for number, test in enumerate(tests)]
    rows = pd.concat(every, ignore_index=True) if every else pd.DataFrame(columns=[*UNITS, "test", "by_rule"])
    rule = rows["by_rule"].to_numpy(dtype=bool)
    rows["q"] = np.nan
    rows.loc[~rule, "q"] = adjust(rows.loc[~rule, "p"].to_numpy("float64"))
    shown = rows[rows["enough"].astype(bool) & (rule | (rows["q"] <= CHANCE))]
    units, persons = [], []
    for number, found in shown.groupby("test"):
        test = tests[int(number)]
        ids = test.name(list(found["unit_id"]))
        first = [" ".join(ids.get(unit, ())) for unit in found["unit_id"]]
        told = found.assign(sign=test.sign, table=test.table, column=test.column, share=found["found"] / found["n"], first=first)
        person = told["level"] == OFFICER
        units.append(told.loc[~person, list(SHOWN)])
        persons.append(told.loc[person, list(SHOWN)])
    asked = [_ask_row(test, rows[rows["test"] == number], shown["test"] == number) for number, test in enumerate(tests)]
    return FoundSigns(_join(units), _join(persons), pd.DataFrame(asked, columns=list(ASKED)))


def _join(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if len(part)]
    if not full:
        return pd.DataFrame(columns=list(SHOWN))
    return pd.concat(full).sort_values(["sign", "table", "column", "level", "p", "unit_id"], ignore_index=True)


def _ask_row(test: SignTest, rows: pd.DataFrame, shown: "pd.Series[bool]") -> tuple[Any, ...]:
    share = test.found / test.n if test.n else np.nan
    unlikely, by_chance = int((rows["p"] < SEEN).sum()), SEEN * len(rows)
    told = (test.sign, test.table, test.column, test.n, test.found, share, test.expected_share)
    return (*told, len(rows), unlikely, by_chance, int(shown.sum()))


@dataclass(frozen=True)
class _Signs:
    """What signs are looked for in."""

    plan: Plan
    period: Period
    levels: frozenset[str]

    @cached_property
    def places(self) -> pd.DataFrame:
        """For which unit of which level each id in the records counts: unit_id, ancestor, level."""
        units = self.plan.tree.units[["unit_id", "level"]].rename(columns={"unit_id": "ancestor"})
        units = units[units["level"].isin(self.levels - {OFFICER})]
        return self.plan.tree.counts_for.merge(units, on="ancestor").astype("str")

    def known(self, table: str) -> Rows:
        """Give the rows of a table that were known."""
        return query.moment(self.plan.records.tables[table], TABLES[table], self.plan.as_of)

    def rows(self, table: str, column: str) -> Rows | None:
        """Give the rows of which a time lies in the period; None where there is no such column."""
        if column not in self.plan.records.columns(table):
            return None
        return query.filter_spans(self.known(table), column, [(self.period.start, self.period.end)])

    def roll(self, own: pd.DataFrame) -> pd.DataFrame:
        """Add counts by the ids in the records up to every unit for which they count: level, unit_id, and the counts."""
        found = own.dropna(subset="unit_id").merge(self.places, on="unit_id").drop(columns="unit_id")
        return found.groupby(["level", "ancestor"], as_index=False).sum().rename(columns={"ancestor": "unit_id"})

    def name(self, rows: Rows, table: str, where: Cell, ids: Sequence[str] = ()) -> Namer:
        """Give what names the first records of units among rows for which something holds."""
        key = [name for name in (*ids, TABLES[table].key) if name in rows.columns]

        def named(units: Sequence[str]) -> dict[str, list[str]]:
            pairs = self.places[self.places["ancestor"].isin(units)][["unit_id", "ancestor"]].set_axis(["at_", "whose_"], axis=1)
            cells = {f"id_{number}_": rows[name].cast("string") for number, name in enumerate(key)}
            few = rows.filter(where).select(at_=rows.unit_id, **cells)
            return _first_ids(query.relabel(few, pairs, "at_"))

        return named

    def rate_test(
        self,
        sign: str,
        table: str,
        column: str,
        own: pd.DataFrame,
        share: float | None,
        name: Namer,
    ) -> SignTest:
        """Hold how many of the records of each unit were found against a share, or that of all others where it is larger.

        own: unit_id as in the records, n, found. share: None where there is none to be expected; then it is that of the others,
        half of them at least, and who holds nearly all records is not asked.
        """
        every, units = own[["n", "found"]].sum(), self.roll(own)
        units = units if share is not None else units[every["n"] - units["n"] >= LEAST]
        n, found, least = units["n"], units["found"], 0.5 if share is None else share
        rest = every["n"] - n
        others = ((every["found"] - found) / rest.where(rest >= LEAST)).fillna(0.0)
        expected = others.clip(lower=least)
        much = np.minimum(TIMES * expected, (1 + expected) / 2)
        units = units.assign(expected=n * expected, p=at_least(found, n, expected))
        units["enough"] = (found >= FEWEST) & (found >= n * much)
        return SignTest(sign, table, column, units[n >= LEAST][list(UNITS)], every["n"], every["found"], least, name)

    # Bunching

    def ends(self) -> Iterator[SignTest]:
        """Hold the last days of the period, and of the other months in it, against days of the same weekday."""
        until = min(self.period.end, self.plan.as_of)
        days = [day for month in self.period.month_numbers for day in _days(Period(month, 1)) if _after(day) <= until]
        last = {"period_end": _days(self.period)[-LAST_DAYS:]}
        last["month_end"] = [day for month in self.period.month_numbers[:-1] for day in _days(Period(month, 1))[-LAST_DAYS:]]
        asked = {sign: [day for day in several if day in days] for sign, several in last.items()}
        ends = [day for several in asked.values() for day in several]
        for table, column in ENDS:
            rows = self.rows(table, column)
            if rows is None or not ends:
                continue
            counts = query.tally(rows, {"day": rows[column].cast("date")}, {"n": rows.count()})
            busy = {pd.Timestamp(day).date(): n for day, n in zip(counts["day"], counts["n"], strict=True)}
            wheres = {sign: _on_days(rows[column], several) for sign, several in asked.items() if several}
            sums = {"n": rows.count()} | {sign: rows.count(where=where) for sign, where in wheres.items()}
            own = query.tally(rows, {"unit_id": rows.unit_id}, sums)
            for sign, where in wheres.items():
                share = end_share(busy, days, ends, asked[sign])
                found = own[["unit_id", "n", sign]].rename(columns={sign: "found"})
                yield self.rate_test(sign, table, column, found, share, self.name(rows, table, where))

    def limits(self) -> Iterator[SignTest]:
        """Hold what ended just within a limit that the scheme names against what ended just beyond it."""
        for limit, code in _limits(self.plan).items():
            rows = self.rows(limit.table, limit.date)
            if rows is None or not {limit.since, limit.column} <= {*rows.columns}:
                continue
            where = {c: test for c, test in limit.where.items() if {c, *test.columns} <= {*rows.columns}}
            rows = rows.filter(query.passes(rows, where)) if where else rows
            left = limit.left(rows)
            within, beyond = (left >= 0) & (left < limit.window), (left < 0) & (left >= -limit.window)
            sums = {"n": rows.count(where=within | beyond), "found": rows.count(where=within)}
            own = query.tally(rows, {"unit_id": rows.unit_id}, sums)
            yield self.rate_test(
                "within_limit", limit.table, f"{limit} ({code})", own, None, self.name(rows, limit.table, query.is_so(within))
            )

    # Records alike

    def durations(self) -> Iterator[SignTest]:
        """Count durations that are alike to the minute."""
        for name in self.tables:
            for column in TABLES[name].columns:
                rows = self.rows(name, column.name) if column.since else None
                if rows is not None and column.since in rows.columns:
                    minutes = query.minutes_between(rows, column.since, column.name)
                    yield self.repeats("same_duration", name, column.since + ARROW + column.name, rows, minutes.floor())

    def texts(self) -> Iterator[SignTest]:
        """Count texts that are alike, in columns of people's own words; no text leaves the database."""
        for name in self.tables:
            rows = self.rows(name, TABLES[name].own_date)
            columns = _texts(rows, TABLES[name]) if rows is not None else []
            if rows is None or not columns:
                continue
            sums = {f"n_{number}": rows[column].count() for number, column in enumerate(columns)}
            sums |= {f"words_{number}": rows[column].nunique() for number, column in enumerate(columns)}
            counts = rows.agg(**sums).to_pandas().iloc[0]
            for number, column in enumerate(columns):
                if counts[f"n_{number}"] and counts[f"words_{number}"] >= FREE * counts[f"n_{number}"]:
                    yield self.repeats("same_text", name, show_id(column), rows, rows[column])

    @property
    def tables(self) -> list[str]:
        """The tables of events that are there."""
        return [name for name in EVENTS if name in self.plan.records.tables]

    def repeats(self, sign: str, table: str, column: str, rows: Rows, alike: Cell) -> SignTest:
        """Count, a unit, the records that have one thing in common, and hold them against how common it is elsewhere."""
        few = rows.select(at_=rows.unit_id, id_=rows[TABLES[table].key].cast("string"), alike_=alike)
        few = few.filter(few.alike_.notnull())
        own = query.cache_rows(few.group_by("at_", "alike_").agg(k_=few.count(), first_=few.id_.min()))
        pairs = self.places[["unit_id", "ancestor"]].set_axis(["at_", "whose_"], axis=1)
        up = query.relabel(own, pairs, "at_")
        up = up.group_by("whose_", "alike_").agg(k_=up.k_.sum(), first_=up.first_.min())
        up = up.filter(up.k_ >= FEWEST)
        every = own.group_by(same_="alike_").agg(all_=own.k_.sum())
        many = query.fetch(up.inner_join(every, up.alike_ == every.same_), ["whose_", "first_", "k_", "all_"])
        sums = query.tally(own, {"unit_id": own.at_}, {"n": own.k_.sum()})
        units = _most_alike(many.astype({"k_": "float64", "all_": "float64"}), self.roll(sums), sums["n"].sum())
        firsts = dict(zip(units["unit_id"], units["first_"], strict=True))

        def named(chosen: Sequence[str]) -> dict[str, list[str]]:
            theirs = up.filter(up.first_.isin([firsts[unit] for unit in chosen]), up.whose_.isin(list(chosen)))
            theirs = theirs.select(unit_="whose_", same_="alike_", mark_="first_")
            each = query.relabel(few, pairs, "at_")
            each = each.inner_join(theirs, [each.whose_ == theirs.unit_, each.alike_ == theirs.same_])
            each = query.first_of_each(each.select("whose_", "mark_", id_0_="id_"), ["whose_", "mark_"], ["id_0_"], NAMED)
            found = query.fetch(each, ["whose_", "mark_", "id_0_"])
            return _ids_by_unit(found[found["whose_"].map(firsts) == found["mark_"]])

        return SignTest(sign, table, column, units[list(UNITS)], sums["n"].sum(), units["found"].max(), np.nan, named)

    # Visits too near

    def near_visits(self) -> Iterator[SignTest]:
        """Count visits that one person paid within two minutes of another in a different zone, of units without units below."""
        rows = self.rows("visits", "visited_at")
        if rows is None or "officer_id" not in rows.columns:
            return
        at = rows.visited_at
        rows = rows.filter(rows.officer_id.notnull(), at != at.truncate("D"))  # a day has no time of day
        few = rows.select("officer_id", "visit_id", "visited_at", "unit_id", day_=rows.visited_at.cast("date"))
        units = self.plan.tree.units
        lowest = units[(units["level"] != OFFICER) & ~units["unit_id"].isin(units.loc[units["level"] != OFFICER, "parent_id"])]
        zones = pd.DataFrame({"unit_id": lowest["unit_id"], "zone_": lowest["unit_id"]}).astype("str")
        few = query.relabel(few, zones, "unit_id")
        order = [few.visited_at, few.visit_id]
        before = {
            f"before_{name}": few[name].lag().over(group_by=[few.officer_id], order_by=order) for name in ("zone_", "visit_id")
        }
        few = few.mutate(**before, before_at_=few.visited_at.lag().over(group_by=[few.officer_id], order_by=order))
        near = query.is_so(
            (query.seconds_passed(few.before_at_, few.visited_at) <= SECONDS_APART) & (few.before_zone_ != few.zone_)
        )
        keys = {"unit_id": few.zone_, "officer_id": few.officer_id}
        own = query.tally(few, keys, {"n": few.count(), "found": few.count(where=near)})
        days = few.group_by("officer_id", "zone_", "day_").agg(m_=few.count())
        others = days.m_.sum().over(group_by=[days.officer_id, days.day_]) - days.m_
        days = days.mutate(pairs_=days.m_.cast("float64") * others.cast("float64") / 2.0)
        pairs = query.tally(days, {"unit_id": days.zone_, "officer_id": days.officer_id}, {"pairs": days.pairs_.sum()})
        hours = query.tally(few, {"hour": few.visited_at.hour()}, {"n": few.count()})["n"]
        met = 2 * SECONDS_APART * ((hours / hours.sum()) ** 2).sum() / 3_600  # how often two of a day are so near by chance
        own = own.merge(pairs, on=["unit_id", "officer_id"]).assign(expected=lambda each: met * each["pairs"])
        few = few.filter(near).select("officer_id", at_="zone_", id_0_="before_visit_id", id_1_="visit_id")
        yield self._near_test(own, few)

    def _near_test(self, own: pd.DataFrame, few: Rows) -> SignTest:
        sums = ["n", "found", "expected"]
        mine = own if OFFICER in self.levels else own.head(0)
        persons = mine.groupby("officer_id", as_index=False)[sums].sum().rename(columns={"officer_id": "unit_id"})
        units = self.roll(own[["unit_id", *sums]])
        both = pd.concat([units, persons.assign(level=OFFICER)], ignore_index=True)
        chance = special.pdtrc(np.maximum(both["found"] - 1, 0), np.maximum(both["expected"], 1e-12))
        both = both.assign(p=np.where(both["found"] > 0, chance, 1.0), enough=both["found"] > 0)  # nobody is in two zones at once
        theirs = set(persons["unit_id"])

        def named(chosen: Sequence[str]) -> dict[str, list[str]]:
            people = [one for one in chosen if one in theirs]
            pairs = self.places[self.places["ancestor"].isin(chosen)][["unit_id", "ancestor"]].set_axis(["at_", "whose_"], axis=1)
            found = _first_ids(query.relabel(few.drop("officer_id"), pairs, "at_"))
            mine = few.filter(few.officer_id.isin(people)).select("id_0_", "id_1_", whose_="officer_id")
            return {**found, **(_first_ids(mine) if people else {})}

        n, found = own["n"].sum(), own["found"].sum()
        share = own["expected"].sum() / n if n else np.nan
        told = both[list(UNITS)], n, found, share, named
        return SignTest("near_visits", "visits", f"officer_id{ARROW}visited_at", *told, by_chance=False)

    # Digits

    def digits(self) -> Iterator[SignTest]:
        """Count in which digit the minutes of times end: 0 and 5 against the fifth that they are, the others among themselves."""
        for name in self.tables:
            for column in TABLES[name].columns:
                entered = column.kind == "time" and not column.due and column.name not in ("recorded_at", "due_from")
                rows = self.rows(name, column.name) if entered else None
                if rows is not None:
                    yield from self._digits(name, column.name, rows)

    def _digits(self, table: str, column: str, rows: Rows) -> Iterator[SignTest]:
        at = rows[column].cast("timestamp")
        rows = rows.filter(at != at.truncate("D"))  # a day has no time of day
        minute = rows[column].cast("timestamp").minute()
        wheres = {digit: minute.isin(list(range(digit, 60, 10))) for digit in range(10)}
        sums = {f"d{digit}": rows.count(where=where) for digit, where in wheres.items()}
        own = query.tally(rows, {"unit_id": rows.unit_id}, sums)
        every, five = own[list(sums)].sum(axis=1), own["d0"] + own["d5"]
        heaped = own[["unit_id"]].assign(n=every, found=five)
        name = self.name(rows, table, wheres[0] | wheres[5])
        yield self.rate_test("round_minutes", table, column, heaped, FIFTH, name)
        yield self._last_digit(table, column, own, {d: self.name(rows, table, where) for d, where in wheres.items()})

    def _last_digit(self, table: str, column: str, own: pd.DataFrame, names: Mapping[int, Namer]) -> SignTest:
        digits = [f"d{digit}" for digit in OTHER_DIGITS]
        units, every = self.roll(own[["unit_id", *digits]]), own[digits].sum().to_numpy("float64")
        counts, total = units[digits].to_numpy("float64"), every.sum()
        shares, n = _digit_shares(counts, every), counts.sum(axis=1)
        chances = at_least(counts, n[:, None], shares)
        most = chances.argmin(axis=1)
        found, share, chance = (np.take_along_axis(one, most[:, None], axis=1)[:, 0] for one in (counts, shares, chances))
        units = units.assign(n=n, found=found, expected=n * share, p=np.minimum(len(digits) * chance, 1))  # one of eight
        units["enough"] = (found >= FEWEST) & (found >= TIMES * units["expected"])
        which = dict(zip(units["unit_id"], most, strict=True))

        def named(chosen: Sequence[str]) -> dict[str, list[str]]:
            by_digit: dict[int, list[str]] = {}
            for unit in chosen:
                by_digit.setdefault(OTHER_DIGITS[which[unit]], []).append(unit)
            return {unit: ids for digit, several in by_digit.items() for unit, ids in names[digit](several).items()}

        return SignTest("last_digit", table, column, units[n >= 2 * LEAST][list(UNITS)], total, every.max(), EIGHTH, named)

    # Answers too good

    def perfect_answers(self, response: pd.DataFrame) -> Iterator[SignTest]:
        """Find satisfaction that is nearly whole where few of those asked have answered."""
        for one, measure in coded_indicators(self.plan):
            months, theirs = without_void(self.period, self.plan, one.code), response[response["indicator"] == one.code]
            asked = theirs[theirs["coded"] >= LEAST]
            if not months or not len(asked):
                continue
            codes = {word: float(code) for word, code in measure.values.items()}  # noqa: PD011 - no frame
            worst, best = min(codes.values()), max(codes.values())
            words = [f"answer: {word}" for word, code in codes.items() if code == best]
            every = theirs[theirs["level"] == theirs.groupby("level")["coded"].sum().idxmax()]  # there each answer stands once
            n, best_answers = float(every["coded"].sum()), float(every[words].to_numpy().sum())
            share, found = best_answers / n, asked[words].sum(axis=1)
            good = asked["value"] / one.scale - worst > TOO_GOOD * (best - worst)
            units = asked[["level", "unit_id"]].assign(n=asked["coded"], found=found, expected=asked["coded"] * share)
            units = units.assign(p=at_least(found, units["n"], share), enough=good & (asked["response"] < FEW_REPLIES))
            rows = answer_rows(replace(self.plan, spans=months), measure)
            name = self.name(rows, measure.table, rows.place_ >= 0)
            column = f"{measure.column} ({one.code})"
            told = units[list(UNITS)], n, best_answers, share, name
            yield SignTest("perfect_answers", measure.table, column, *told, by_chance=False)


def _digit_shares(counts: np.ndarray, every: np.ndarray) -> np.ndarray:
    """Give the share of each digit that is expected of each unit: an eighth, or what the other units have where that is more."""
    rest = every - counts
    others = rest.sum(axis=1, keepdims=True)
    return np.maximum(np.where(others < 2 * LEAST, EIGHTH, rest / np.maximum(others, 1)), EIGHTH)


def _most_alike(many: pd.DataFrame, units: pd.DataFrame, total: float) -> pd.DataFrame:
    """Take of each unit what stands out most of all that its records have in common.

    many: whose_, first_ (the first id of those alike), k_ (how many), all_ (how many anywhere). Elsewhere is where it is not; of
    as many things as a unit has records one stands out by chance more easily than a single one.
    """
    units = units[(units["n"] >= LEAST) & (units["n"] < total)]
    many = many.merge(units, left_on="whose_", right_on="unit_id")
    share = np.maximum(many["all_"] - many["k_"], 1) / (total - many["n"])
    chance = np.minimum(at_least(many["k_"], many["n"], share) * many["n"], 1)
    many = many.assign(found=many["k_"], expected=many["n"] * share, p=chance)
    many["enough"] = many["found"] >= TIMES_ALIKE * many["expected"]
    worst = many.sort_values(["p", "first_"], kind="stable").drop_duplicates("unit_id").set_index("unit_id")
    units = units.set_index("unit_id").join(worst[["found", "expected", "p", "enough", "first_"]]).reset_index()
    return units.fillna({"found": 0.0, "expected": 0.0, "p": 1.0}).assign(enough=units["enough"].eq(True))  # noqa: FBT003


# Days, limits, texts, ids


def _days(period: Period) -> list[date]:
    """List the days of a period."""
    first = period.start.date()
    return [first + timedelta(days=number) for number in range((period.end.date() - first).days)]


def _after(day: date) -> datetime:
    """The first moment after a day."""
    return datetime.combine(day, time()) + timedelta(days=1)


def _on_days(cell: Cell, days: Sequence[date]) -> Cell:
    """Say of each time whether it lies on one of some days."""
    return query.any_of(*(query.is_between(cell, datetime.combine(day, time()), _after(day)) for day in days))


class TimeLimit(NamedTuple):
    """A limit that an indicator names: the rows that it looks at, the time held against it, from when it runs or when it ends.

    seconds: None where `since` is a deadline.
    """

    table: str
    date: str
    column: str
    tests: tuple[tuple[str, Any], ...]
    since: str
    seconds: float | None

    @property
    def where(self) -> Filter:
        """Which rows the indicator counts."""
        return dict(self.tests)

    @property
    def window(self) -> float:
        """How many seconds before the limit are just within it."""
        return next(float(near) for least, near in WINDOWS if (self.seconds or WINDOWS[0][0]) >= least)

    def left(self, rows: Rows) -> Cell:
        """Give how many seconds were left."""
        if self.seconds is not None:
            return self.seconds - query.seconds_between(rows, self.since, self.column).cast("float64")
        zoned = query.names_zone(rows, self.since, self.column)
        end, at = query.when(rows, self.since, zoned=zoned, due=True), query.when(rows, self.column, zoned=zoned)
        return query.seconds_passed(at, end).cast("float64")

    def __str__(self) -> str:
        """Write it as it is read: received_at → arrived_at ≤ 15 min."""
        if self.seconds is None:
            return f"{self.column} ≤ {self.since}"
        units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
        size, word = next((size, word) for size, word in units if self.seconds % size == 0 and self.seconds >= size)
        return f"{self.since}{ARROW}{self.column} ≤ {self.seconds / size:g} {word}"


def _limits(plan: Plan) -> dict[TimeLimit, str]:
    """List the limits that indicators name, of rows of the tables that are there, each with the first indicator that does."""
    found: dict[TimeLimit, str] = {}
    for entry in plan.scheme.indicators:
        measure = entry.measure
        if isinstance(measure, Figure) or measure.table not in EVENTS or measure.table not in plan.records.tables:
            continue
        where = measure.where.items()
        for column, test in (*where, *getattr(measure, "met", {}).items()):
            given = measure.table, measure.date, column, tuple((name, other) for name, other in where if name != column)
            if test.not_after is not None:
                found.setdefault(TimeLimit(*given, test.not_after, None), entry.code)
            if test.within is not None and test.within.seconds:
                found.setdefault(TimeLimit(*given, test.within.of, test.within.seconds), entry.code)
    return found


def _texts(rows: Rows, table: Table) -> list[str]:
    """Name the columns of texts that are neither ids nor words of a list."""
    names = [name for name in rows.columns if not name.endswith((query.OWN, "_id")) and name != query.FILE]
    found = [name for name in names if rows[name].type().is_string()]
    return [name for name in found if (column := table.column(name)) is None or (column.kind == "text" and not column.words)]


def _first_ids(few: Rows) -> dict[str, list[str]]:
    """Bring the first ids of each unit here: whose_, and the columns id_0_, id_1_ … of ids that belong together."""
    ids = [name for name in few.columns if name.startswith("id_")]
    return _ids_by_unit(query.fetch(query.first_of_each(few, ["whose_"], ids, NAMED), ["whose_", *ids]))


def _ids_by_unit(found: pd.DataFrame) -> dict[str, list[str]]:
    """Write ids by unit, in their order; what may be a citizen's number, or a person's name, by its shape."""
    ids = sorted(name for name in found.columns if name.startswith("id_"))
    found = found.sort_values(["whose_", *ids], kind="stable")
    shown = ["+".join(show_unknown(str(one)) for one in row) for row in found[ids].itertuples(index=False)]
    by_unit: dict[str, list[str]] = {}
    for unit, one in zip(found["whose_"], shown, strict=True):
        by_unit.setdefault(str(unit), []).append(one)
    return by_unit
