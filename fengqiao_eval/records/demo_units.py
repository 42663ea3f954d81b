"""Units and postings of the invented province; every place and person is made up."""

from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records.demo_province import CLASSES, MERGER, Province
from fengqiao_eval.records.demo_tools import MONTH_STARTS, Dice, Floats, Ints, numbered, spell, stamp
from fengqiao_eval.records.tables import TABLES

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
    width = max(2, len(str(counties)))
    return [f"X{number:0{width}d}" for number in range(1, counties + 1)]


def units(province: Province) -> pd.DataFrame:
    """Draw up the units: a city, its counties, stations, zones and officers; residents down to the zones."""
    dice = province.stream("units")
    mixed = dice.permutation(len(_STATION_HEADS) * len(_STATION_TAILS))
    names = _pairs(_STATION_HEADS, _STATION_TAILS, mixed[: province.stations + 1])
    zones = _zones(province, dice, names)
    stations = _stations(province, zones, names)
    counties = _counties(province, stations)
    city = _city(counties)
    table = pd.concat([city, counties, stations, zones.drop(columns="place"), _officers(province, dice)], ignore_index=True)
    return table.astype(
        {"parent_id": "str", "peer_class": "str", "successor_id": "str", "residents": "Int64", "households": "Int64"}
    )


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


def _frame(level: str, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({**columns, "level": level})
    dates = {name: stamp(np.nan) for name in ("valid_from", "valid_to") if name not in frame}
    return frame.assign(**dates).reindex(columns=[column.name for column in TABLES["units"].columns])


def _zones(province: Province, dice: Dice, names: list[str]) -> pd.DataFrame:
    place = np.repeat(np.arange(province.stations), 2)
    # the tiny station has no volume, yet some people live there
    people = 4_500 * np.maximum(province.volume[place], 0.08) * np.exp(0.2 * dice.standard_normal(place.size))
    return _frame(
        "zone",
        unit_id=[unit for unit in province.unit_ids[:-3] if "-" in unit],
        name=[f"{name}第{number}警务区" for name in names[:-1] for number in "一二"],
        parent_id=spell(province.station_ids, place),
        peer_class=spell(CLASSES, province.peer[place]),
        residents=people.astype(np.int64),
        households=_households(dice, people),
    ).assign(place=place)


def _households(dice: Dice, people: Floats) -> Ints:
    return (people / dice.uniform(2.4, 3.0, people.size)).astype(np.int64)


def _stations(province: Province, zones: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    sums = zones.groupby("place")[["residents", "households"]].sum().to_numpy()
    # the merged station had half the people of the one that took it over
    sums = np.vstack([sums, sums[province.heir] // 2])
    gone = np.arange(province.stations + 1) == province.merged
    return _frame(
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
    names = _pairs(_COUNTY_HEADS, _COUNTY_TAILS, np.arange(len(ids)) * 17 % 256)
    return _frame(
        "county",
        unit_id=ids,
        name=[f"{name}县公安局" for name in names],
        parent_id="C01",
        **sums.reset_index(drop=True),
    )


def _city(counties: pd.DataFrame) -> pd.DataFrame:
    sums = {column: [counties[column].sum()] for column in ("residents", "households")}
    return _frame("city", unit_id=["C01"], name="晴枫市公安局", parent_id=None, **sums)


def _officers(province: Province, dice: Dice) -> pd.DataFrame:
    posts = province.postings
    first, last = posts.drop_duplicates("officer"), posts.drop_duplicates("officer", keep="last")
    number = np.arange(1, province.people + 1)
    surnames = spell(_SURNAMES, dice.integers(0, len(_SURNAMES), number.size))
    names = surnames + numbered("某", number, max(3, len(str(number.size))))
    # only who joined within the two years has a first day that matters
    joined = np.where(first["start"] > 0, first["start"], np.nan)
    return _frame(
        "officer",
        unit_id=province.officer_ids,
        name=names,
        parent_id=spell(province.station_ids, last["place"]),
        valid_from=stamp(joined),
    )
