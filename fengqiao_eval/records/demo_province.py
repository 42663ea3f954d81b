"""The invented province itself: which stations, who serves where and when, how busy and how good they are.

A place is a station by number: 0 … N-1 for the N stations, N for the one that was merged into another.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records.demo_tools import (
    MONTH_STARTS,
    MONTHS,
    Dice,
    Flags,
    Floats,
    Ints,
    Times,
    moments,
    month_of,
    spell,
)

TOPICS = (
    *("arrival", "recording", "elements", "closing", "files", "coverage"),
    *("truth", "settling", "recurrence", "opinion", "replies", "safety"),
)
CLASSES = ("一类", "二类", "三类", "四类")
CLASS_WITHOUT_FAULT = 3
MERGER = 12
"""The month of the merger: January 2024."""


@dataclass(frozen=True)
class Roster:
    """For every place and month the officers in post through the whole month, one after another."""

    officer: Ints
    first: Ints
    count: Ints


@dataclass(frozen=True)
class Province:
    """An invented province, seeded: everything that its records are drawn from."""

    seed: int
    stations: int
    county: Ints
    peer: Ints
    volume: Floats
    quality: Floats
    skill: Floats
    postings: pd.DataFrame
    helper: Ints

    @property
    def tiny(self) -> int:
        """The station with too few records to be ranked: the last."""
        return self.stations - 1

    @property
    def few_answers(self) -> int:
        """The station with exactly five answers in 2024Q4."""
        return self.stations // 2 - 1

    @property
    def heir(self) -> int:
        """The station that took over the merged one."""
        return self.stations // 5 - 1

    @property
    def merged(self) -> int:
        """The station that ended with 2023."""
        return self.stations

    @cached_property
    def station_ids(self) -> list[str]:
        """The id of every place."""
        width = max(3, len(str(self.stations)))
        return [f"S{number:0{width}d}" for number in range(1, self.stations + 2)]

    @cached_property
    def unit_ids(self) -> list[str]:
        """Three ids a place: the station and its two zones; the merged station had no zones."""
        zoned = [unit for name in self.station_ids[:-1] for unit in (name, f"{name}-1", f"{name}-2")]
        return zoned + [self.station_ids[-1]] * 3

    @cached_property
    def officer_ids(self) -> list[str]:
        """The id of every officer, auxiliaries and grid workers last."""
        width = max(4, len(str(self.people)))
        return [f"P{number:0{width}d}" for number in range(1, self.people + 1)]

    @property
    def people(self) -> int:
        """How many persons serve in the province."""
        return int(self.postings["officer"].max()) + 1

    @cached_property
    def roster(self) -> Roster:
        """Who is in post through each month; auxiliaries and grid workers only ever share a credit."""
        posts = self.postings[self.postings["role"] == 0]
        start, end = posts["start"].to_numpy()[:, None], posts["end"].to_numpy()[:, None]
        row, month = np.nonzero((start <= MONTH_STARTS[:-1]) & (end >= MONTH_STARTS[1:]))
        cell = posts["place"].to_numpy()[row] * MONTHS + month
        count = np.bincount(cell, minlength=(self.stations + 1) * MONTHS)
        by_cell = row[np.argsort(cell, kind="stable")]
        return Roster(posts["officer"].to_numpy()[by_cell], np.cumsum(count) - count, count)

    def stream(self, topic: str) -> Dice:
        """Give each table dice of its own, so that a change in one leaves the others as they were."""
        return np.random.default_rng([self.seed, zlib.crc32(topic.encode())])

    def station_at(self, place: Ints, month: Ints) -> Ints:
        """Name the place that is in charge: from the merger on, the heir."""
        return np.where((place == self.merged) & (month >= MERGER), self.heir, place)

    def officer_at(self, place: Ints, month: Ints, seat: Floats) -> Ints:
        """Name the officer in post on that seat (0 to 1) of the place, through the whole month."""
        cell = self.station_at(place, month) * MONTHS + month
        number = (seat * self.roster.count[cell]).astype(np.int64)
        return np.asarray(self.roster.officer[self.roster.first[cell] + number])


@dataclass(frozen=True)
class Scene:
    """Where, when and by whom a batch of records came about."""

    province: Province
    place: Ints
    month: Ints
    station: Ints
    unit: Ints
    officer: Ints

    def quality(self, topic: str) -> Floats:
        """Say how good place and officer are in one topic that month, in log odds around 0."""
        level = self.province.quality[TOPICS.index(topic), self.place, self.month]
        return np.asarray(level + self.province.skill[self.officer], dtype=np.float64)

    def columns(self) -> dict[str, Any]:
        """Write out unit_id and officer_id."""
        return {
            "unit_id": spell(self.province.unit_ids, self.unit),
            "officer_id": spell(self.province.officer_ids, self.officer),
        }


def locate(province: Province, place: Ints, at: Times, seat: Floats, *, office: Flags | bool = False) -> Scene:
    """Find unit and officer: the half of the seats is the zone, unless it is a matter of the whole station (office)."""
    month = month_of(at)
    station = province.station_at(place, month)
    unit = station * 3 + np.where(office, 0, 1 + (seat * 2).astype(np.int64))
    return Scene(province, place, month, station, unit, province.officer_at(place, month, seat))


def monthly_counts(province: Province, dice: Dice, mean: float, few: int) -> Ints:
    """Draw how many records each place has a month: about `mean`, and `few` at the tiny station."""
    season = 1 + 0.12 * np.sin(2 * np.pi * (np.arange(MONTHS) - 3) / 12)
    counts = dice.poisson(mean * province.volume[:, None] * season)
    counts[province.tiny] = few
    return counts


def unroll(counts: Ints) -> tuple[Ints, Ints]:
    """Turn counts by place and month into the place and the month of every single record."""
    place, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), MONTHS)
    return place, month


def occurrences(dice: Dice, counts: Ints, opens: float = 0, closes: float = 24) -> tuple[Ints, Ints]:
    """Draw place and moment of every record, in the order of time."""
    place, month = unroll(counts)
    at = moments(dice, month, opens, closes)
    order = np.argsort(at, kind="stable")
    return place[order], at[order]
