"""How the invented province is founded: classes, volumes, qualities and careers, drawn from one seed."""

import numpy as np
import pandas as pd

from fengqiao_eval.records.demo_province import MERGER, TOPICS, Province
from fengqiao_eval.records.demo_tools import DAY, END, MONTH_STARTS, MONTHS, Dice, Floats, Ints

_CLASS_SHARES = (0.2, 0.25, 0.25, 0.3)
_BUSY = np.array([1.9, 1.2, 0.8, 0.55])
_CLASS_OF_TINY = 2


def officers_of(stations: int) -> int:
    """Say how many police officers a province of so many stations has: five each, fewer beyond a thousand.

    >>> officers_of(60), officers_of(1000), officers_of(1700)
    (300, 5000, 7000)
    """
    return 5 * min(stations, 1000) + round(max(stations - 1000, 0) * 20 / 7)


def found(stations: int, seed: int) -> Province:
    """Found a province: draw classes, volumes, qualities and careers."""
    dice = np.random.default_rng(seed)
    heir = stations // 5 - 1
    peer = _classes(dice, stations, heir)
    volume = _volumes(dice, peer, heir)
    postings, helper = _careers(dice, volume, heir)
    counties = max(4, -(-stations // 15))
    county = np.append(np.arange(stations) * counties // stations, heir * counties // stations)
    skill = 0.3 * dice.standard_normal(int(postings["officer"].max()) + 1)
    return Province(seed, stations, county, peer, volume, _qualities(dice, stations + 1), skill, postings, helper)


def _classes(dice: Dice, stations: int, heir: int) -> Ints:
    even = np.searchsorted(np.cumsum(_CLASS_SHARES)[:-1], (np.arange(stations) + 0.5) / stations)
    peer = dice.permutation(even).astype(np.int64)
    swap = int(np.flatnonzero(peer == _CLASS_OF_TINY)[-1])
    peer[[swap, -1]] = peer[[-1, swap]]
    return np.append(peer, peer[heir])


def _volumes(dice: Dice, peer: Ints, heir: int) -> Floats:
    volume = _BUSY[peer] * np.exp(0.15 * dice.standard_normal(peer.size))
    volume[-2], volume[-1] = 0, volume[heir] / 2
    return np.asarray(volume * (peer.size - 1) / volume.sum())


def _qualities(dice: Dice, places: int) -> Floats:
    common, own = dice.standard_normal((1, places, 1)), dice.standard_normal((len(TOPICS), places, 1))
    drift = np.cumsum(dice.standard_normal((len(TOPICS), places, MONTHS)), axis=2)
    return np.asarray(0.4 * common + 0.35 * own + 0.05 * drift)


def _careers(dice: Dice, volume: Floats, heir: int) -> tuple[pd.DataFrame, Ints]:
    """Post everyone: role 0 police officer, 1 auxiliary, 2 grid worker; from start to end (infinite if open)."""
    stations, total = volume.size - 1, officers_of(volume.size - 1)
    home = np.repeat(np.arange(volume.size), 2 + dice.multinomial(total - 2 * volume.size, volume / volume.sum()))
    start = -DAY * dice.integers(1, 1096, total)
    police = pd.DataFrame({"officer": np.arange(total), "place": home, "start": start, "end": np.inf, "role": 0})
    helpers = _helpers(dice, stations, total)
    helper = np.full(volume.size, -1)
    helper[helpers["place"]] = helpers["officer"]
    moved = pd.concat([_late_and_moved(dice, police, heir), helpers], ignore_index=True)
    return moved.sort_values(["officer", "start"], kind="stable", ignore_index=True), helper


def _helpers(dice: Dice, stations: int, first: int) -> pd.DataFrame:
    number = stations // 2
    return pd.DataFrame(
        {
            "officer": first + np.arange(number),
            "place": dice.permutation(stations)[:number],
            "start": -DAY * dice.integers(1, 1096, number),
            "end": np.inf,
            "role": dice.integers(1, 3, number),
        }
    )


def _late_and_moved(dice: Dice, police: pd.DataFrame, heir: int) -> pd.DataFrame:
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
    return pd.concat([police.drop(ended.index), ended, _second(ended, stations, heir)], ignore_index=True)


def _second(ended: pd.DataFrame, stations: int, heir: int) -> pd.DataFrame:
    next_door = np.where(ended["place"] == stations, heir, (ended["place"] + stations // 3) % (stations - 1))
    return ended.assign(place=next_door, start=ended["end"].astype(np.int64), end=np.inf)
