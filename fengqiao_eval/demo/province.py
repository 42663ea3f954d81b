"""The invented province: its calendar and chances, its stations, units and people, drawn from one seed."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fengqiao_eval.records.tables import TABLES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = Floats | Ints
Flags = npt.NDArray[np.bool_]
Dice = np.random.Generator

# The calendar: whole seconds after the first moment of 2023; a time that never came is NaN.

START = np.datetime64("2023-01-01T00:00:00", "s")
MONTHS, MINUTE, HOUR, DAY = 24, 60, 3600, 86_400
MONTH_STARTS: Ints = (np.arange("2023-01", "2025-02", dtype="datetime64[M]").astype("datetime64[s]") - START).astype(np.int64)
QUARTER_STARTS: Ints = MONTH_STARTS[::3]
END = int(MONTH_STARTS[-1])
TAKEN = END + 31 * DAY
"""The records were taken out a month after the last period: what became true later is not in them."""
MERGER = 12
"""The month of the merger: January 2024."""

_TEXT = pd.StringDtype(storage="pyarrow", na_value=np.nan)
_GOLDEN = 0.618033988749895


def stamp(seconds: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
    """Turn seconds into times of the wall clock; NaN and whatever came after the records were taken out is NaT.

    >>> stamp([0, 90_061.9, float("nan")]).astype("datetime64[s]").astype(str).tolist()
    ['2023-01-01T00:00:00', '2023-01-02T01:01:01', 'NaT']
    """
    given = np.asarray(seconds, dtype=np.float64)
    known = given < TAKEN
    times = (START + np.floor(np.where(known, given, 0)).astype("timedelta64[s]")).astype("datetime64[us]")
    return np.where(known, times, np.datetime64("NaT", "us"))


def month_of(seconds: npt.ArrayLike) -> Ints:
    """Number the month of each time, 0 for January 2023 to 23 for December 2024; later times count as the last.

    >>> month_of([0, 31 * DAY - 1, 31 * DAY, END]).tolist()
    [0, 0, 1, 23]
    """
    return np.clip(np.searchsorted(MONTH_STARTS, seconds, side="right") - 1, 0, MONTHS - 1).astype(np.int64)


def moments(dice: Dice, month: Ints, opens: npt.ArrayLike, closes: npt.ArrayLike) -> Ints:
    """Draw a moment in each of the given months, on any day, between two hours: one pair of them, or one a month."""
    days = (MONTH_STARTS[month + 1] - MONTH_STARTS[month]) // DAY
    day = (dice.random(month.size) * days).astype(np.int64)
    start = np.asarray(opens, dtype=np.float64)
    hour = start + (np.asarray(closes) - start) * dice.random(month.size)
    return np.asarray(MONTH_STARTS[month] + day * DAY + (hour * HOUR).astype(np.int64))


def end_of_day(seconds: npt.ArrayLike) -> Floats:
    """Give the last second of the day of each time."""
    return np.floor(np.asarray(seconds) / DAY) * DAY + DAY - 1


def chance(base: float, quality: npt.ArrayLike) -> Floats:
    """Turn a base and a quality, both in log odds, into a probability.

    >>> chance(0, [0, 2]).round(2).tolist()
    [0.5, 0.88]
    """
    return np.asarray(1 / (1 + np.exp(-(base + np.asarray(quality)))), dtype=np.float64)


def luck(dice: Dice, share: npt.ArrayLike, size: int) -> Flags:
    """Draw yes or no, yes with the given share; one share, or one a draw."""
    return np.asarray(dice.random(size) < np.asarray(share, dtype=np.float64))


def pick(dice: Dice, shares: Sequence[float], size: int) -> Ints:
    """Draw 0, 1, 2 … with the given shares."""
    return np.searchsorted(np.cumsum(shares)[:-1], dice.random(size), side="right").astype(np.int64)


def fraction(numbers: Ints) -> Floats:
    """Give every whole number a fixed fraction of one, spread evenly, so that a household keeps its officer.

    >>> fraction(np.arange(3)).round(3).tolist()
    [0.0, 0.618, 0.236]
    """
    return np.asarray((numbers * _GOLDEN) % 1, dtype=np.float64)


def spell(words: Sequence[str], codes: npt.ArrayLike) -> Any:
    """Write out codes as words; a negative code stays empty.

    >>> list(spell(["协议", "口头和解"], np.array([1, 0]))), bool(spell(["协议"], np.array([-1])).isna()[0])
    (['口头和解', '协议'], True)
    """
    given = np.asarray(codes, dtype=np.int64)
    return _TEXT.__from_arrow__(pa.array(words, pa.large_string()).take(pa.array(given, mask=given < 0)))


def format_ids(prefix: str, numbers: npt.ArrayLike, width: int) -> Any:
    """Write numbers behind a prefix, filled with zeros; a negative number stays empty.

    >>> list(format_ids("P", np.array([7, 41]), 4))
    ['P0007', 'P0041']
    """
    given = np.asarray(numbers, dtype=np.int64)
    digits = pc.utf8_lpad(pc.cast(pa.array(given, mask=given < 0), pa.large_string()), width, "0")
    start, between = pa.scalar(prefix, pa.large_string()), pa.scalar("", pa.large_string())
    return _TEXT.__from_arrow__(pc.binary_join_element_wise(start, digits, between))


def nullable_flags(values: Flags, known: Flags) -> Any:
    """Make a flag column that is empty where nothing is known."""
    return pd.arrays.BooleanArray(np.asarray(values), ~np.asarray(known))


# The province itself: which stations, who serves where and when, how busy and how good they are.
#
# A place is a station by number: 0 … N-1 for the N stations, N for the one that was merged into another.

TOPICS = (
    *("arrival", "recording", "elements", "closing", "files", "coverage"),
    *("truth", "settling", "recurrence", "opinion", "replies", "safety"),
)
CLASSES = ("一类", "二类", "三类", "四类")
CLASS_WITHOUT_FAULT = 3
_PREFIXES = {"cases": "A", "visits": "V", "disputes": "J", "surveys": "D", "duties": "Y"}
"""What the ids of records begin with."""


@dataclass(frozen=True)
class Province:
    """An invented province, seeded: everything that its records are drawn from."""

    seed: int
    stations: int
    tiny: int
    """The station with too few records to be ranked: the last."""
    few_answers: int
    """The station with exactly five answers in 2024Q4."""
    merged: int
    """The station that ended with 2023."""
    heir: int
    """The station that took over the merged one."""
    county: Ints
    peer: Ints
    volume: Floats
    quality: Floats
    skill: Floats
    postings: pd.DataFrame
    helper: Ints

    @cached_property
    def station_ids(self) -> list[str]:
        """The id of every place."""
        return list(format_ids("S", np.arange(1, self.stations + 2), max(3, len(str(self.stations)))))

    @cached_property
    def unit_ids(self) -> list[str]:
        """Three ids a place: the station and its two zones; the merged station had no zones."""
        zoned = [unit for name in self.station_ids[:-1] for unit in (name, f"{name}-1", f"{name}-2")]
        return zoned + [self.station_ids[-1]] * 3

    @cached_property
    def officer_ids(self) -> list[str]:
        """The id of every officer, auxiliaries and grid workers last."""
        return list(format_ids("P", np.arange(1, self.people + 1), max(4, len(str(self.people)))))

    @property
    def people(self) -> int:
        """How many persons serve in the province."""
        return int(self.postings["officer"].max()) + 1

    @cached_property
    def roster(self) -> tuple[Ints, Ints, Ints]:
        """Who is in post through each month, one after another; of every place and month the first of them, and how many.

        Auxiliaries and grid workers only ever share a credit.
        """
        posts = self.postings[self.postings["role"] == 0]
        start, end = posts["start"].to_numpy()[:, None], posts["end"].to_numpy()[:, None]
        row, month = np.nonzero((start <= MONTH_STARTS[:-1]) & (end >= MONTH_STARTS[1:]))
        cell = posts["place"].to_numpy()[row] * MONTHS + month
        count = np.bincount(cell, minlength=(self.stations + 1) * MONTHS)
        by_cell = row[np.argsort(cell, kind="stable")]
        return posts["officer"].to_numpy()[by_cell], np.cumsum(count) - count, count

    def stream(self, topic: str) -> Dice:
        """Give each table dice of its own, so that a change in one leaves the others as they were."""
        return np.random.default_rng([self.seed, zlib.crc32(topic.encode())])

    def station_at(self, place: Ints, month: Ints) -> Ints:
        """Name the place that is in charge: from the merger on, the heir."""
        return np.where((place == self.merged) & (month >= MERGER), self.heir, place)

    def officer_at(self, place: Ints, month: Ints, seat: Floats, step: int = 0) -> Ints:
        """Name the officer in post on that seat (0 to 1) of the place, or so many seats on, through the whole month."""
        (officer, first, count), cell = self.roster, self.station_at(place, month) * MONTHS + month
        number = (seat * count[cell]).astype(np.int64) + step
        return np.asarray(officer[first[cell] + number % count[cell]])


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

    def table(self, name: str, **columns: Any) -> pd.DataFrame:
        """Write out a table of the records: numbered, with unit_id and officer_id, then the columns given."""
        ids = {TABLES[name].key: format_ids(_PREFIXES[name], np.arange(1, self.place.size + 1), 7)}
        unit_id, officer_id = spell(self.province.unit_ids, self.unit), spell(self.province.officer_ids, self.officer)
        return pd.DataFrame({**ids, "unit_id": unit_id, "officer_id": officer_id, **columns})


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


# How the province is founded: classes, volumes, qualities and careers, drawn from one seed.

_CLASS_SHARES = (0.2, 0.25, 0.25, 0.3)
_BUSY = np.array([1.9, 1.2, 0.8, 0.55])
_CLASS_OF_TINY = 2


def officers_of(stations: int) -> int:
    """Say how many police officers a province of so many stations has: five each, fewer beyond a thousand.

    >>> officers_of(60), officers_of(1000), officers_of(1700)
    (300, 5000, 7000)
    """
    return 5 * min(stations, 1000) + round(max(stations - 1000, 0) * 20 / 7)


def draw_province(stations: int, seed: int) -> Province:
    """Found a province: draw classes, volumes, qualities and careers."""
    dice = np.random.default_rng(seed)
    heir = stations // 5 - 1
    peer = _classes(dice, stations, heir)
    volume = _BUSY[peer] * np.exp(0.15 * dice.standard_normal(peer.size))
    volume[-2], volume[-1] = 0, volume[heir] / 2
    volume = volume * stations / volume.sum()
    postings, helper = _careers(dice, volume, heir)
    counties = max(4, -(-stations // 15))
    county = np.append(np.arange(stations) * counties // stations, heir * counties // stations)
    skill = 0.3 * dice.standard_normal(int(postings["officer"].max()) + 1)
    common, own = dice.standard_normal((1, peer.size, 1)), dice.standard_normal((len(TOPICS), peer.size, 1))
    drift = np.cumsum(dice.standard_normal((len(TOPICS), peer.size, MONTHS)), axis=2)
    quality, planted = 0.4 * common + 0.35 * own + 0.05 * drift, (stations - 1, stations // 2 - 1, stations, heir)
    return Province(seed, stations, *planted, county, peer, volume, quality, skill, postings, helper)


def _classes(dice: Dice, stations: int, heir: int) -> Ints:
    even = np.searchsorted(np.cumsum(_CLASS_SHARES)[:-1], (np.arange(stations) + 0.5) / stations)
    peer = dice.permutation(even).astype(np.int64)
    swap = int(np.flatnonzero(peer == _CLASS_OF_TINY)[-1])
    peer[[swap, -1]] = peer[[-1, swap]]
    return np.append(peer, peer[heir])


def _careers(dice: Dice, volume: Floats, heir: int) -> tuple[pd.DataFrame, Ints]:
    """Post everyone: role 0 police officer, 1 auxiliary, 2 grid worker; from start to end (infinite if open)."""
    stations, total = volume.size - 1, officers_of(volume.size - 1)
    home = np.repeat(np.arange(volume.size), 2 + dice.multinomial(total - 2 * volume.size, volume / volume.sum()))
    start = -DAY * dice.integers(1, 1096, total)
    police = pd.DataFrame({"officer": np.arange(total), "place": home, "start": start, "end": np.inf, "role": 0})
    number = stations // 2
    place, start = dice.permutation(stations)[:number], -DAY * dice.integers(1, 1096, number)
    others = {"officer": total + np.arange(number), "place": place, "start": start, "end": np.inf}
    helpers = pd.DataFrame({**others, "role": dice.integers(1, 3, number)})
    helper = np.full(volume.size, -1)
    helper[place] = helpers["officer"]
    postings = pd.concat([_vary_careers(dice, police, heir), helpers], ignore_index=True)
    return postings.sort_values(["officer", "start"], kind="stable", ignore_index=True), helper


def _vary_careers(dice: Dice, police: pd.DataFrame, heir: int) -> pd.DataFrame:
    """Let some come late and others move next door; all of the merged station go to its heir."""
    stations = int(police["place"].max())
    # the first two of a station stay, so that someone is always in post
    free = police.index[(police.groupby("place").cumcount() > 1) & (police["place"] < stations)]
    some = max(3, round(0.02 * len(police)))
    late, movers = np.split(dice.permutation(free)[: 2 * some], 2)
    police.loc[late, "start"] = END - DAY * dice.integers(40, 150, some)
    merged = police.index[police["place"] == stations]
    ended = police.loc[movers.tolist() + merged.tolist()].copy()
    day = np.append(dice.integers(31, 320, some), np.zeros(merged.size, dtype=np.int64))
    ended["end"] = MONTH_STARTS[MERGER] + DAY * day.astype(np.float64)
    next_door = np.where(ended["place"] == stations, heir, (ended["place"] + stations // 3) % (stations - 1))
    second = ended.assign(place=next_door, start=ended["end"].astype(np.int64), end=np.inf)
    return pd.concat([police.drop(ended.index), ended, second], ignore_index=True)


# Units and postings; every place and person is made up.

MOST_STATIONS = 3_000
"""There are no more invented names than that."""
# no county, city or district of China bears any of the pairs (checked against two lists of 2025 and 2026)
_COUNTY_HEADS, _COUNTY_TAILS = "晴枫霁岚砚萤藕苔笙橘鹭榆荻蓼芷棠", "溪屿汀坞岫湄渚陌麓津畔苑垣圩澍砂"
_STATION_HEADS = _COUNTY_HEADS + "蕨鸢栀萝菖葭荇薇蔷榛槿樟楸椿杉桐梧槐柚栗菱芡莼蒲苇蘅茭芍鹤雁莺鹃隼鹳鸥鸿霜霰霭虹霏露岱峦碧"
_STATION_TAILS = _COUNTY_TAILS + "桥巷井埠渡亭台阁塘堰沟湾滩洲岭崖坪坡坳谷寨堡铺店集场庄里坊桩墩碾磨窑泉涧瀑潭浦汊沙石岩峪"
_SURNAMES = "陈林周吴徐孙朱胡郭何高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁"
_ROLES = ("民警", "辅警", "网格员")
_COEFFICIENTS = np.array([1.0, 1.2, 0.9])


def county_id(province: Province) -> list[str]:
    """Name the counties by id, in order."""
    counties = int(province.county.max()) + 1
    return list(format_ids("X", np.arange(1, counties + 1), max(2, len(str(counties)))))


def units(province: Province) -> pd.DataFrame:
    """Draw up the units: a city, its counties, stations, zones and officers; residents down to the zones."""
    dice = province.stream("units")
    mixed = dice.permutation(len(_STATION_HEADS) * len(_STATION_TAILS))
    names = _pairs(_STATION_HEADS, _STATION_TAILS, mixed[: province.stations + 1])
    zones = _zones(province, dice, names)
    stations = _stations(province, zones, names)
    counties = _counties(province, stations)
    sums = counties[["residents", "households"]].sum().to_frame().T
    city = _unit_frame("city", unit_id=["C01"], name="晴枫市公安局", parent_id=None, **sums)
    table = pd.concat([city, counties, stations, zones.drop(columns="place"), _officers(province, dice)], ignore_index=True)
    texts, counts = ("parent_id", "peer_class", "successor_id"), ("residents", "households")
    return table.astype({**dict.fromkeys(texts, "str"), **dict.fromkeys(counts, "Int64")})


def postings(province: Province) -> pd.DataFrame:
    """Draw up who served where, from when to when, in which role."""
    dice, posts = province.stream("postings"), province.postings
    return pd.DataFrame(
        {
            "officer_id": spell(province.officer_ids, posts["officer"]),
            "unit_id": spell(province.station_ids, posts["place"]),
            "from_date": stamp(posts["start"]),
            "to_date": stamp(posts["end"]),
            "role": spell(_ROLES, posts["role"]),
            "share": 1.0,
            "coefficient": dice.choice(_COEFFICIENTS, province.people, p=[0.9, 0.05, 0.05])[posts["officer"]],
        }
    )


def _pairs(heads: str, tails: str, numbers: Ints) -> list[str]:
    return [heads[number // len(tails)] + tails[number % len(tails)] for number in numbers.tolist()]


def _unit_frame(level: str, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({**columns, "level": level})
    dates = {name: stamp(np.nan) for name in ("valid_from", "valid_to") if name not in frame}
    return frame.assign(**dates).reindex(columns=[column.name for column in TABLES["units"].columns])


def _zones(province: Province, dice: Dice, names: list[str]) -> pd.DataFrame:
    place = np.repeat(np.arange(province.stations), 2)
    # the tiny station has no volume, yet some people live there
    people = 4_500 * np.maximum(province.volume[place], 0.08) * np.exp(0.2 * dice.standard_normal(place.size))
    return _unit_frame(
        "zone",
        unit_id=[unit for unit in province.unit_ids[:-3] if "-" in unit],
        name=[f"{name}第{number}警务区" for name in names[:-1] for number in "一二"],
        parent_id=spell(province.station_ids, place),
        peer_class=spell(CLASSES, province.peer[place]),
        residents=people.astype(np.int64),
        households=(people / dice.uniform(2.4, 3.0, people.size)).astype(np.int64),
    ).assign(place=place)


def _stations(province: Province, zones: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    sums = zones.groupby("place")[["residents", "households"]].sum().to_numpy()
    # the merged station had half the people of the one that took it over
    sums = np.vstack([sums, sums[province.heir] // 2])
    gone = np.arange(province.stations + 1) == province.merged
    return _unit_frame(
        "station",
        unit_id=province.station_ids,
        name=[f"{name}派出所" for name in names],
        parent_id=spell(county_id(province), province.county),
        peer_class=spell(CLASSES, province.peer),
        residents=sums[:, 0],
        households=sums[:, 1],
        valid_to=np.where(gone, stamp(MONTH_STARTS[MERGER]), stamp(np.nan)),
        successor_id=spell(province.station_ids, np.where(gone, province.heir, -1)),
    )


def _counties(province: Province, stations: pd.DataFrame) -> pd.DataFrame:
    ids = county_id(province)
    sums = stations[stations["valid_to"].isna()].groupby("parent_id")[["residents", "households"]].sum().loc[ids]
    names = [f"{name}县公安局" for name in _pairs(_COUNTY_HEADS, _COUNTY_TAILS, np.arange(len(ids)) * 17 % 256)]
    return _unit_frame("county", unit_id=ids, name=names, parent_id="C01", **sums.reset_index(drop=True))


def _officers(province: Province, dice: Dice) -> pd.DataFrame:
    posts = province.postings
    first, last = posts.drop_duplicates("officer"), posts.drop_duplicates("officer", keep="last")
    number = np.arange(1, province.people + 1)
    surnames = spell(_SURNAMES, dice.integers(0, len(_SURNAMES), number.size))
    names = surnames + format_ids("某", number, max(3, len(str(number.size))))
    parents = spell(province.station_ids, last["place"])
    # only who joined within the two years has a first day that matters
    joined = stamp(np.where(first["start"] > 0, first["start"], np.nan))
    return _unit_frame("officer", unit_id=province.officer_ids, name=names, parent_id=parents, valid_from=joined)
