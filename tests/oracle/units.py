"""Who is appraised: units in force, the tree that they make, whose record a record is, and the days that persons serve."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from oracle.records import MILLION, Period, Row, number, round_half_up

OFFICER = "officer"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Unit:
    """A unit in force at the end of the period that is appraised, as it was then."""

    unit_id: str
    name: str
    level: str
    own_class: str
    parent: str
    county: str = ""
    station: str = ""
    residents: int | None = None
    households: int | None = None
    merged_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    """The units that are appraised; for every id in the records the units above persons for which it counts, nearest first."""

    units: dict[str, Unit]
    counts_for: dict[str, list[str]]
    postings: list[Row]

    def at(self, *levels: str) -> list[Unit]:
        """The units of some levels."""
        return [unit for unit in self.units.values() if unit.level in levels]


class Register:
    """The units in force on the last day of a period, and on whom each hangs; of those that are gone, what became of them."""

    def __init__(self, units: Iterable[Row], postings: list[Row], period: Period) -> None:
        """Take the rows of units and postings; of rows that touch on a day the later holds it."""
        last = period.end.date() - DAY
        self.latest: dict[str, Row] = {}
        self.in_force: dict[str, Row] = {}
        for row in sorted(units, key=lambda row: row["valid_from"] or date.min):
            self.latest[row["unit_id"]] = row
            if (row["valid_from"] or date.min) <= last <= (row["valid_to"] or date.max):
                self.in_force[row["unit_id"]] = row
        self.postings = hand_over(postings)
        self.parents = {unit: self.stand_in(row["parent_id"]) or row["parent_id"] or "" for unit, row in self.latest.items()}
        stand_ins, persons = {unit: self.stand_in(unit) for unit in self.latest}, self.level(OFFICER)
        self.parents |= {who: unit for who in persons if (unit := home(self.postings, who, period, stand_ins))}

    def level(self, level: str) -> list[str]:
        """Name the units of a level."""
        return [unit for unit, row in self.in_force.items() if row["level"] == level]

    def stand_in(self, unit: str | None) -> str:
        """Name the unit in force that a unit has become: itself, or the last of its successors; nobody."""
        seen = set()
        while unit and unit not in self.in_force and unit not in seen:
            seen.add(unit)
            unit = self.latest[unit]["successor_id"] if unit in self.latest else None
        return unit if unit in self.in_force else ""

    def chain(self, unit: str) -> list[str]:
        """Name a unit, or what it has become, and all above it; who is gone without a successor counts for those above."""
        unit = self.stand_in(unit) or unit
        chain = [unit]
        while (unit := self.parents.get(unit, "")) and unit not in chain:
            chain.append(unit)
        return chain

    def nearest(self, unit: str, level: str) -> str:
        """Name the unit of a level in which a unit lies."""
        return next((one for one in self.chain(unit) if one in self.in_force and self.in_force[one]["level"] == level), "")

    def class_of(self, unit: str) -> str:
        """Read the class of a unit; a person without one has that of the station, else of the nearest above that has one."""
        own = self.in_force[unit]["peer_class"] or ""
        if own or self.in_force[unit]["level"] != OFFICER:
            return own
        chain = self.chain(unit)[1:]
        if station := self.nearest(unit, "station"):
            chain = chain[chain.index(station) :]
        return next(filter(None, (self.in_force[one]["peer_class"] for one in chain if one in self.in_force)), "")

    def tree(self, levels: Iterable[str]) -> Tree:
        """Give the units of some levels; whose parent is of none of them hangs on the next above."""
        appraised = {unit for unit, row in self.in_force.items() if row["level"] in set(levels)}
        above = {unit for unit in appraised if self.in_force[unit]["level"] != OFFICER}
        counts_for = {unit: [one for one in self.chain(unit) if one in above] for unit in self.latest}
        there = {}
        for unit in sorted(appraised):
            row = self.in_force[unit]
            merged = sorted(old for old in self.latest if old != unit and self.stand_in(old) == unit)
            there[unit] = Unit(
                unit,
                row["name"] or unit,
                row["level"],
                self.class_of(unit),
                next((one for one in counts_for[unit] if one != unit), self.parents[unit]),
                self.nearest(unit, "county"),
                self.nearest(unit, "station"),
                row["residents"],
                row["households"],
                tuple(merged),
            )
        return Tree(there, counts_for, self.postings)


# Days of service


def hand_over(postings: list[Row]) -> list[Row]:
    """End a posting a day earlier where its last day is the first of a later one of that person: a handover is the later's."""
    return [
        {**posting, "to_date": posting["to_date"] - DAY} if _is_handed_over(posting, postings) else posting
        for posting in postings
    ]


def _is_handed_over(posting: Row, postings: list[Row]) -> bool:
    last = posting.get("to_date")
    joined = [other["from_date"] for other in postings if other["officer_id"] == posting["officer_id"]]
    return last is not None and posting["from_date"] < last and last in joined


def days_in(posting: Row, period: Period) -> range:
    """Number the days of a period on which a posting holds, its first and its last day included."""
    first = max(posting["from_date"], period.start.date())
    last = min(posting.get("to_date") or date.max, period.end.date() - DAY)
    return range(first.toordinal(), last.toordinal() + 1)


def home(postings: list[Row], officer: str, period: Period, stands_for: Mapping[str, str]) -> str:
    """Name the unit at which a person served most days of a period; of equal ones the one that was joined later."""
    days: dict[str, int] = defaultdict(int)
    began: dict[str, date] = {}
    for posting in postings:
        served = len(days_in(posting, period))
        if posting["officer_id"] != officer or posting["unit_id"] not in stands_for or not served:
            continue
        unit = stands_for[posting["unit_id"]] or posting["unit_id"]
        days[unit] += served
        began[unit] = max(began.get(unit, date.min), posting["from_date"])
    return max(days, key=lambda unit: (days[unit], began[unit]), default="")


def service(postings: list[Row], period: Period) -> dict[tuple[str, str], Fraction]:
    """Give the person-days of each person at each unit: days × share; a person is one, so that shares part a day if they must."""
    shares: dict[tuple[str, int], list[tuple[str, Fraction]]] = defaultdict(list)
    for posting in postings:
        share = Fraction(number(posting.get("share", 1)))
        for day in days_in(posting, period):
            shares[posting["officer_id"], day].append((posting["unit_id"], share))
    served: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for (officer, _), those in shares.items():
        whole = max(sum(share for _, share in those), Fraction(1))
        for unit, share in those:
            served[officer, unit] += share / whole
    return served


def person_days(tree: Tree, period: Period) -> dict[str, Fraction]:
    """Give every person the days they served, and every unit those that were served at it or below it, to six decimals."""
    days = dict.fromkeys(tree.units, Fraction(0))
    for (officer, unit), served in service(tree.postings, period).items():
        for whose in [*tree.counts_for.get(unit, ()), officer]:
            if whose in days:
                days[whose] += served
    return {whose: Fraction(round_half_up(served, 6), MILLION) for whose, served in days.items()}


def posts(tree: Tree, officer: str, period: Period) -> tuple[str, str]:
    """Say in which role a person served most days of a period, and on how many days at which unit, where it was several."""
    roles: dict[tuple[int, date], str] = {}
    days: dict[str, int] = {}
    for posting in sorted(tree.postings, key=lambda posting: posting["from_date"]):
        served = len(days_in(posting, period))
        if posting["officer_id"] == officer and served:
            roles[served, posting["from_date"]] = posting.get("role") or ""
            now = next(iter(tree.counts_for.get(posting["unit_id"], ())), posting["unit_id"])
            days[now] = days.get(now, 0) + served
    role = roles[max(roles)] if roles else ""
    return role, json.dumps({unit: float(number) for unit, number in days.items()}) if len(days) > 1 else ""


def officers_of(tree: Tree) -> dict[str, int]:
    """Count the persons who hang on each unit or below it."""
    held: dict[str, int] = defaultdict(int)
    for person in tree.at(OFFICER):
        for unit in tree.counts_for.get(person.unit_id, ()):
            held[unit] += 1
    return held


def group_of(tree: Tree, compare_within: Mapping[str, str], unit: Unit) -> str:
    """Name the group within which a unit is compared: its class, its county and class, its station, or the whole level."""

    def place(unit_id: str) -> str:
        if not unit_id or unit_id not in tree.units:
            return unit_id
        name, level = tree.units[unit_id].name, tree.units[unit_id].level
        namesakes = [other for other in tree.at(level) if other.name == name]
        return name if len(namesakes) == 1 else f"{name}（{unit_id}）"

    words: dict[str, tuple[str, ...]] = {
        "level": (),
        "class": (unit.own_class,),
        "class_in_county": (place(unit.county), unit.own_class),
        "station": (place(unit.station),),
    }
    return "·".join(filter(None, words[compare_within.get(unit.level, "class")]))


def given(by: Any, *words: str, missing: Any = 0) -> Any:
    """Read a number that is one for all, or one a level or class with `others` for the rest; the class goes before the level."""
    if not isinstance(by, dict):
        return by
    fitting = [by[word] for word in words if word in by]
    return fitting[-1] if fitting else by.get("others", missing)
