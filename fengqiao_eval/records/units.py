"""The tree of units in force at a date: names, classes, parents, whose records count for whom, and person-days served."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from itertools import dropwhile, pairwise
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from fengqiao_eval.documents import Model
from fengqiao_eval.errors import OFFICER
from fengqiao_eval.periods import Period


def _share(given: Any) -> Any:
    """Take a share as it is written: 2% or 0.02."""
    try:
        return Decimal(given[:-1]) / 100 if isinstance(given, str) and given.endswith("%") else given
    except InvalidOperation:
        return given


class UnknownUnits(Model):
    """What becomes of records whose unit_id is no unit: they count for nobody, and too many of them are a fault.

    at_most: the share of a table's records in the period that is only told, as 2% or 0.02. outside: patterns (`99*`) of ids that
    are known to lie elsewhere and are counted apart, or `others` for all that are no units.
    """

    at_most: Annotated[Decimal, BeforeValidator(_share), Field(ge=0, le=1)] = Decimal("0.02")
    outside: Literal["others"] | tuple[str, ...] = ()

    def is_outside(self, unit_id: str) -> bool:
        """Whether an id that is no unit is declared to lie elsewhere."""
        return self.outside == "others" or self.names(unit_id)

    def names(self, unit_id: str) -> bool:
        """Whether a pattern names an id as one that lies elsewhere: it is then no other id, wrongly written."""
        return self.outside != "others" and any(fnmatchcase(unit_id, pattern) for pattern in self.outside)


TOLD = UnknownUnits()
"""What becomes of them where nothing is said."""


@dataclass(frozen=True)
class Tree:
    """The units in force: one row a unit (sorted by unit_id), and for each id in the records the units it counts for.

    units: unit_id, name, level, peer_class, parent_id, county_id, station_id, residents, households, merged_from (empty text
    where there is none). counts_for: unit_id (as in the records), ancestor (a unit in force above officers, itself included).
    known: every id of the table of units, in force or not, of whatever level.
    """

    units: pd.DataFrame
    counts_for: pd.DataFrame
    known: frozenset[str] = frozenset()


def tree_of(tables: Mapping[str, Any], period: Period) -> Tree:
    """Take the tree in force at the period's end from the record tables."""
    return build_tree(tables["units"].to_pandas(), postings_of(tables), period)


def postings_of(tables: Mapping[str, Any]) -> pd.DataFrame | None:
    """Bring the postings here, None where there are none; a day of handover is the later posting's (see hand_over)."""
    return hand_over(tables["postings"].to_pandas()) if "postings" in tables else None


def hand_over(postings: pd.DataFrame) -> pd.DataFrame:
    """End a posting a day earlier where its last day is the first of a later one of that person, so that no day counts twice.

    >>> frame = pd.DataFrame({"officer_id": ["P1", "P1"], "unit_id": ["A", "B"],
    ...     "from_date": [date(2024, 1, 1), date(2024, 1, 10)], "to_date": [date(2024, 1, 10), None]})
    >>> hand_over(frame)["to_date"].tolist()
    [datetime.date(2024, 1, 9), None]
    """
    days = _day_numbers(postings)
    joined = pd.MultiIndex.from_frame(days[["officer_id", "first"]])
    touching = pd.MultiIndex.from_frame(days[["officer_id", "last"]]).isin(joined) & (days["first"] < days["last"]).to_numpy()
    if not touching.any():
        return postings
    ends = zip(dates(postings, "to_date", date.max), touching, strict=True)
    return postings.assign(to_date=[None if end == date.max else end - timedelta(days=int(early)) for end, early in ends])


def overlapping_officers(postings: pd.DataFrame) -> frozenset[str]:
    """Name the persons who hold two postings on a day that is none of handover."""
    days = _day_numbers(postings).sort_values(["officer_id", "first"], kind="stable")
    latest = days.groupby("officer_id")["last"].cummax().groupby(days["officer_id"]).shift()
    return frozenset(days.loc[days["first"] <= latest, "officer_id"])


def _day_numbers(postings: pd.DataFrame) -> pd.DataFrame:
    """Give the first and the last day of each posting as numbers, and its share."""
    spans = {"first": ("from_date", date.min), "last": ("to_date", date.max)}
    days = {name: dates(postings, *of).map(date.toordinal).astype("int64") for name, of in spans.items()}
    share = postings["share"].astype("float64").fillna(1) if "share" in postings else 1.0
    return postings[["officer_id", "unit_id"]].assign(**days, share=share)


def part_days(postings: pd.DataFrame) -> pd.DataFrame:
    """Make a person one: on days on which the shares of several postings make more than 1, they part the day among them.

    >>> frame = pd.DataFrame({"officer_id": ["P1", "P1"], "unit_id": ["A", "A"],
    ...     "from_date": [date(2024, 1, 1), date(2024, 1, 11)], "to_date": [None, None]})
    >>> part_days(frame)[["unit_id", "share"]].values.tolist()
    [['A', 1.0], ['A', 1.0]]
    """
    several = overlapping_officers(postings)
    if not several:
        return postings
    apart = postings["officer_id"].isin(several)
    pieces = [piece for _, own in _day_numbers(postings[apart]).groupby("officer_id") for piece in _pieces(own)]
    return pd.concat([postings[~apart], pd.DataFrame(pieces)], ignore_index=True)


def _pieces(own: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Cut the postings of a person where one begins or ends, and give each unit its part of every stretch."""
    cuts = sorted({*own["first"], *(own["last"] + 1)})
    for first, after in pairwise(cuts):
        there = own[(own["first"] <= first) & (own["last"] >= first)]
        shares = there.groupby("unit_id")["share"].sum()
        for unit, share in (shares / max(shares.sum(), 1.0)).items():
            ends = None if after > date.max.toordinal() else date.fromordinal(after - 1)
            who = {"officer_id": own["officer_id"].iloc[0], "unit_id": unit}
            yield {**who, "from_date": date.fromordinal(first), "to_date": ends, "share": share}


def build_tree(units: pd.DataFrame, postings: pd.DataFrame | None, period: Period) -> Tree:
    """Take the rows in force on the period's last day; merged units count for their successor, officers hang on their posting.

    units and postings are the record tables; a unit without a row in force and without successor counts for its parent only.
    """
    last = period.end.date() - timedelta(days=1)
    every = _tidy(units)
    now = every[(every["start"] <= last) & (every["end"] >= last)].drop_duplicates("unit_id", keep="last").set_index("unit_id")
    latest = every.drop_duplicates("unit_id", keep="last").set_index("unit_id")
    in_force, successors = frozenset(now.index), latest["successor_id"].to_dict()
    stands_for = {unit: _follow_mergers(unit, in_force, successors) for unit in latest.index}
    latest, now = (part.assign(parent_id=[stands_for.get(p) or p for p in part["parent_id"]]) for part in (latest, now))
    now = _attach_officers(now, postings, period, stands_for)
    parents = latest["parent_id"].to_dict() | now["parent_id"].to_dict()
    chains = {unit: _chain(stands_for[unit] or unit, parents) for unit in latest.index}
    standing = frozenset(now.index[now["level"] != OFFICER])
    pairs = [(unit, ancestor) for unit, chain in chains.items() for ancestor in chain if ancestor in standing]
    counts_for = pd.DataFrame(pairs, columns=["unit_id", "ancestor"], dtype=object)
    return Tree(_add_places(now, chains, stands_for).reset_index(), counts_for, frozenset(latest.index))


def _tidy(units: pd.DataFrame) -> pd.DataFrame:
    texts = ("parent_id", "peer_class", "successor_id", "name")
    frame = units.assign(**{c: units[c].fillna("").astype(str) if c in units else "" for c in texts})
    frame = frame.assign(**{c: units[c].astype("float64") if c in units else np.nan for c in ("residents", "households")})
    spans = {"start": dates(units, "valid_from", date.min), "end": dates(units, "valid_to", date.max)}
    frame = frame.assign(name=frame["name"].where(frame["name"] != "", frame["unit_id"]), **spans)
    columns = ["unit_id", "name", "level", "peer_class", "parent_id", "successor_id", "residents", "households", "start", "end"]
    plain = frame[columns].astype(dict.fromkeys(columns[:6], object))
    return plain.sort_values(["unit_id", "start"], kind="stable")


def dates(frame: pd.DataFrame, column: str, empty: date) -> "pd.Series[Any]":
    """Read a column as dates of any year; `empty` stands for an empty cell, and for a column that is not there."""
    if column not in frame:
        return pd.Series([empty] * len(frame), frame.index, dtype=object)
    return pd.Series([empty if pd.isna(d) else pd.Timestamp(d).date() for d in frame[column]], frame.index, dtype=object)


def _follow_mergers(unit: str, now: frozenset[str], successors: Mapping[str, str]) -> str:
    """Follow mergers from a unit to one in force; '' where they end nowhere."""
    seen: set[str] = set()
    while unit and unit not in now and unit not in seen:
        seen.add(unit)
        unit = successors.get(unit, "")
    return unit if unit in now else ""


def _chain(unit: str, parents: Mapping[str, str]) -> list[str]:
    """Name a unit and all above it, the nearest first; a circle ends where it began."""
    chain = [unit]
    while (unit := parents.get(unit, "")) and unit not in chain:
        chain.append(unit)
    return chain


def _attach_officers(
    now: pd.DataFrame, postings: pd.DataFrame | None, period: Period, stands_for: Mapping[str, str]
) -> pd.DataFrame:
    """Hang officers on the unit of the posting with most days in the period; class, where empty, is that of the station.

    Of who serves at a zone it is the class of the station that the zone is in, else of the nearest unit above that has one.
    """
    home = home_unit(postings, period, stands_for) if postings is not None else {}
    officers = now.index[now["level"] == OFFICER]
    parents = now["parent_id"].to_dict() | {unit: home[unit] for unit in officers if unit in home}
    classes = now["peer_class"].to_dict()
    homes = {parents[unit] for unit in officers} - {""}  # few beside those who serve there
    stations = frozenset(now.index[now["level"] == "station"])
    chains = {
        home: [*dropwhile(lambda unit: unit not in stations, chain)] or chain
        for home in homes
        if (chain := _chain(home, parents))
    }
    inherited = {home: next(filter(None, map(classes.get, chain)), "") for home, chain in chains.items()}
    classes |= {unit: inherited.get(parents[unit], "") for unit in officers if not classes[unit]}
    return now.assign(parent_id=list(parents.values()), peer_class=list(classes.values()))


def _add_places(now: pd.DataFrame, chains: Mapping[str, list[str]], stands_for: Mapping[str, str]) -> pd.DataFrame:
    """Name each unit's county and station, and what was merged into it."""
    at = {level: frozenset(now.index[now["level"] == level]) for level in ("county", "station")}
    merged: dict[str, list[str]] = {}
    for old, new in sorted(stands_for.items()):
        if new and new != old:
            merged.setdefault(new, []).append(old)
    places = {f"{level}_id": [next(filter(at[level].__contains__, chains[unit]), "") for unit in now.index] for level in at}
    merged_from = [",".join(merged.get(unit, [])) for unit in now.index]
    return now.drop(columns=["start", "end", "successor_id"]).assign(**places, merged_from=merged_from)


def _service_days(postings: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Give each posting its days in the period, first and last day included."""
    start, end = period.start.date(), period.end.date() - timedelta(days=1)
    first = [max(d, start) for d in dates(postings, "from_date", date.min)]
    last = [min(d, end) for d in dates(postings, "to_date", date.max)]
    days = np.array([max((b - a).days + 1, 0) for a, b in zip(first, last, strict=True)], dtype="float64")
    share = postings["share"].astype("float64").fillna(1) if "share" in postings else 1.0
    began, role = dates(postings, "from_date", date.min), ""
    if "role" in postings:
        role = postings["role"].astype("str").where(postings["role"].notna(), "")
    return postings[["officer_id", "unit_id"]].assign(days=days, person_days=days * share, began=began, role=role)


def home_unit(postings: pd.DataFrame, period: Period, stands_for: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Name each person's unit in a period: the posting with most days; of equal ones the later.

    stands_for: unit -> the unit in force that took it over, '' where none did; postings to other units are passed over.

    >>> frame = pd.DataFrame({"officer_id": ["P1", "P1"], "unit_id": ["A", "B"],
    ...     "from_date": [date(2024, 1, 1), date(2024, 1, 11)], "to_date": [date(2024, 1, 10), None]})
    >>> home_unit(frame, Period(2024 * 12, 1))
    {'P1': 'B'}
    """
    served = _service_days(postings, period)
    served = served[served["unit_id"].isin(stands_for)] if stands_for else served
    served = served.assign(unit_id=[stands_for.get(unit) or unit for unit in served["unit_id"]])
    posts = served[served["days"] > 0].groupby(["officer_id", "unit_id"], as_index=False)
    served = posts.agg(days=("days", "sum"), began=("began", "max"))
    best = served.sort_values(["officer_id", "days", "began"], kind="stable").drop_duplicates("officer_id", keep="last")
    return dict(zip(best["officer_id"], best["unit_id"], strict=True))


def person_days(tree: Tree, postings: pd.DataFrame | None, period: Period) -> np.ndarray:
    """Give each unit of the tree the person-days served in a period: an officer's own, a unit's those of all posted in it.

    A person is one: see part_days.
    """
    if postings is None:
        return np.full(len(tree.units), np.nan)
    served = _service_days(part_days(postings), period)
    own = served.groupby("officer_id")["person_days"].sum()
    at = served.merge(tree.counts_for, on="unit_id").groupby("ancestor")["person_days"].sum()
    days = tree.units["unit_id"].map(own.to_dict() | at.to_dict()).astype("float64")
    return days.fillna(0.0).round(6).to_numpy()


def staff(tree: Tree, postings: pd.DataFrame | None, period: Period) -> pd.DataFrame:
    """Say of each unit of the tree how many persons serve at or below it, and of each person in which role and where.

    officers: by the unit they hang on, empty of persons and where none are scored. role: that of the posting with most days.
    posts: the days of the period at each unit, as JSON; empty text where it was one unit.
    """
    units, person = tree.units["unit_id"], tree.units["level"] == OFFICER
    homes = tree.units.loc[person, ["parent_id"]].merge(tree.counts_for, left_on="parent_id", right_on="unit_id")
    held = Counter(homes["ancestor"])
    officers = units.map(lambda unit: held[unit]).where(~person & person.any()).astype("Int64")
    roles, posts = dict[str, str](), dict[str, str]()
    if postings is not None:
        served = _service_days(postings, period).query("days > 0").sort_values(["days", "began"], kind="stable")
        roles = dict(zip(served["officer_id"], served["role"], strict=True))  # the last one stays
        nearest = tree.counts_for.drop_duplicates("unit_id")
        now = dict(zip(nearest["unit_id"], nearest["ancestor"], strict=True))
        at = served.sort_values("began", kind="stable").assign(
            unit_id=lambda rows: [now.get(one, one) for one in rows["unit_id"]]
        )
        days = at.groupby(["officer_id", "unit_id"], sort=False)["days"].sum().reset_index("unit_id")
        moved = days[days.index.duplicated(keep=False)]
        posts = {who: json.dumps(dict(those.to_numpy().tolist())) for who, those in moved.groupby(level=0)}
    words = {name: [said.get(unit, "") for unit in units] for name, said in {"role": roles, "posts": posts}.items()}
    return pd.DataFrame({"officers": officers, **words}).astype(dict.fromkeys(words, "str"))
