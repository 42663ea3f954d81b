"""Shared credits, notices and figures of the invented province."""

from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records.demo_province import MERGER, TOPICS, Province
from fengqiao_eval.records.demo_tools import (
    DAY,
    MONTHS,
    QUARTER_STARTS,
    START,
    Dice,
    Floats,
    Ints,
    chance,
    luck,
    month_of,
    numbered,
    pick,
    spell,
    stamp,
)
from fengqiao_eval.records.demo_units import county_id
from fengqiao_eval.records.tables import TABLES

_SHARED = {
    "cases": ("case_id", "received_at", 0.01),
    "visits": ("visit_id", "visited_at", 0.03),
    "disputes": ("dispute_id", "received_at", 0.1),
}
_PRAISE_REASONS = ("群众送锦旗致谢(示例)", "来信表扬帮扶老人(示例)", "热线表扬调解耐心(示例)")
_COMPLAINT_REASONS = ("答复不及时(示例)", "服务态度生硬(示例)", "窗口等候过久(示例)")
_ADOPTED = ("adopted_town", "adopted_county", "adopted_prefecture", "adopted_province")
_QUARTERS = ("一", "二", "三", "四")


def credits_of(province: Province, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Share some records between the officer and a colleague: the auxiliary or grid worker where there is one."""
    return pd.concat([_shared(province, name, tables[name]) for name in _SHARED], ignore_index=True)


def _shared(province: Province, name: str, table: pd.DataFrame) -> pd.DataFrame:
    key, own_date, share = _SHARED[name]
    dice = province.stream(f"credits of {name}")
    chosen = table[luck(dice, share, len(table))]
    officer = pd.Index(province.officer_ids).get_indexer(pd.Index(chosen["officer_id"]))
    both = np.column_stack([officer, _partners(province, dice, chosen["unit_id"], chosen[own_date], officer)])
    main = dice.choice([0.5, 0.6, 0.7], len(chosen))
    return pd.DataFrame(
        {
            "table": name,
            "record_id": chosen[key].repeat(2).array,
            "officer_id": spell(province.officer_ids, both.ravel()),
            "role": spell(["主办", "协办"], np.tile([0, 1], len(chosen))),
            "share": np.round(np.column_stack([main, 1 - main]), 1).ravel(),
        }
    )


def _partners(province: Province, dice: Dice, unit_id: "pd.Series[str]", when: "pd.Series[Any]", officer: Ints) -> Ints:
    """Find the helper of the station, else another officer who was in post that month."""
    places = pd.Series(np.arange(len(province.unit_ids)) // 3, index=province.unit_ids)
    place = unit_id.map(places[~places.index.duplicated()]).to_numpy()
    month = month_of((when.to_numpy() - START) / np.timedelta64(1, "s"))
    roster, cell = province.roster, place * MONTHS + month
    seat = (dice.random(place.size) * roster.count[cell]).astype(np.int64)
    colleague = roster.officer[roster.first[cell] + seat]
    other = roster.officer[roster.first[cell] + (seat + 1) % roster.count[cell]]
    helper = province.helper[place]
    return np.asarray(np.where(helper >= 0, helper, np.where(colleague == officer, other, colleague)))


def notices(province: Province) -> pd.DataFrame:
    """Draw up notices: praise and complaints, matters adopted further and further up, and a few grave events."""
    parts = pd.concat([_opinions(province), _adopted(province), _grave(province)], ignore_index=True)
    parts.insert(0, "notice_id", numbered("N", np.arange(1, len(parts) + 1), 4))
    columns = [column.name for column in TABLES["notices"].columns]
    return parts[columns].astype({"entered_by": "str"})


def _opinions(province: Province) -> pd.DataFrame:
    """Draw up praise and complaints, as many as there are stations: most upheld, some only proposed."""
    dice, size = province.stream("notices"), province.stations
    day = np.sort(dice.integers(0, 731, size))
    praise, proposed, personal = luck(dice, 0.6, size), luck(dice, 0.2, size), luck(dice, 0.5, size)
    place = dice.integers(0, province.stations, size)
    person = province.officer_at(place, month_of(day * DAY), dice.random(size))
    reason = np.where(praise, 0, len(_PRAISE_REASONS)) + dice.integers(0, 3, size)
    return pd.DataFrame(
        {
            "happened_on": stamp(day * DAY),
            "unit_id": spell(province.station_ids, np.where(personal, -1, place)),
            "officer_id": spell(province.officer_ids, np.where(personal, person, -1)),
            "code": spell(["complaint", "praise"], praise),
            "matter": numbered("M", np.full(size, -1), 3),
            "value": 1.0,
            "reason": spell(_PRAISE_REASONS + _COMPLAINT_REASONS, reason),
            "source": spell(["信访台账(示例)", "热线台账(示例)"], pick(dice, (0.5, 0.5), size)),
            "entered_by": "督察科",
            "checked_by": spell(["政治处"], np.where(proposed, -1, 0)),
            "status": spell(["upheld", "proposed"], proposed),
            "recorded_at": stamp((day + dice.integers(1, 6, size)) * DAY + dice.uniform(32_400, 61_200, size)),
        }
    )


def _adopted(province: Province) -> pd.DataFrame:
    """Draw up what stations wrote and others adopted: a matter goes up from town to province, a notice at each step."""
    dice = province.stream("adopted matters")
    matters = max(6, province.stations * 2 // 3)
    steps = 1 + pick(dice, (0.5, 0.3, 0.15, 0.05), matters)
    matter = np.repeat(np.arange(matters), steps)
    step = np.concatenate([np.arange(length) for length in steps])
    place = dice.integers(0, province.stations, matters)[matter]
    day = np.minimum(dice.integers(0, 700, matters)[matter] + step * 9, 724)
    return _upheld(
        province, dice, day, place, "防范经验材料被采用(示例)", "简报采用登记(示例)",
        code=spell(_ADOPTED, step), matter=numbered("M", matter + 1, 3),
        value=np.array([2.0, 4.0, 8.0, 10.0])[step],
    )  # fmt: skip


def _grave(province: Province) -> pd.DataFrame:
    """Draw up the few events for which a scheme may veto, each of a station; one of them in the last quarter."""
    dice = province.stream("grave events")
    size = max(4, province.stations // 15)
    day, place = np.sort(dice.integers(0, 725, size)), dice.integers(0, province.stations, size)
    day[-1] = QUARTER_STARTS[7] // DAY + dice.integers(0, 80)
    return _upheld(
        province, dice, day, place, "值班空岗，群众求助无人接报(示例)", "督察通报(示例)",
        code=spell(["veto_event"], np.zeros(size)), matter=numbered("M", np.full(size, -1), 3), value=1.0,
    )  # fmt: skip


def _upheld(province: Province, dice: Dice, day: Ints, place: Ints, reason: str, source: str, **columns: Any) -> pd.DataFrame:
    """Write notices of stations, each entered by one office and checked by another."""
    size = len(day)
    return pd.DataFrame(
        {
            "happened_on": stamp(day * DAY),
            "unit_id": spell(province.station_ids, place),
            "officer_id": spell(province.officer_ids, np.full(size, -1)),
            "reason": spell([reason], np.zeros(size)),
            "source": spell([source], np.zeros(size)),
            "entered_by": "督察科",
            "checked_by": spell(["政治处"], np.zeros(size)),
            "status": spell(["upheld"], np.zeros(size)),
            "recorded_at": stamp((day + dice.integers(1, 6, size)) * DAY + dice.uniform(32_400, 61_200, size)),
            **columns,
        }
    )


def figures(province: Province) -> pd.DataFrame:
    """Draw up the sense of safety of stations, counties and city, as if surveyed by others, by quarter and year."""
    dice = province.stream("figures")
    asked = _interviews(province, dice)
    numerator = dice.binomial(asked, _feeling(province))
    quarters = _long(province, numerator, asked, _quarter_names())
    years = _long(province, _by_year(numerator), _by_year(asked), _year_names())
    table = pd.concat([quarters, years], ignore_index=True)
    gone = (table["unit_id"] == province.station_ids[-1]) & table["period"].str.startswith("2024")
    table = table[~gone].reset_index(drop=True)
    effect = np.round(dice.uniform(1.2, 1.6, len(table)), 2)
    return table.assign(design_effect=effect)[[column.name for column in TABLES["figures"].columns]]


def _interviews(province: Province, dice: Dice) -> Ints:
    """Draw the number of answers by unit (stations, counties, city) and quarter."""
    counties = int(province.county.max()) + 1
    low = np.concatenate([np.full(province.stations + 1, 60), np.full(counties, 360), [1_500]])
    low[province.tiny] = 8
    return dice.integers(low[:, None], (low * 1.5).astype(np.int64)[:, None], (low.size, MONTHS // 3))


def _feeling(province: Province) -> Floats:
    safe = chance(3.0, 0.6 * province.quality[TOPICS.index("safety")][:, ::3])
    safe[province.merged, MERGER // 3 :] = safe[province.heir, MERGER // 3 :]
    # counties and the city are surveyed on their own, around the middle of their stations
    inside = np.equal.outer(np.unique(province.county), province.county)
    counties = inside @ safe / inside.sum(axis=1, keepdims=True)
    return np.vstack([safe, counties, safe.mean(axis=0)])


def _by_year(numbers: Ints) -> Ints:
    return np.asarray(numbers.reshape(len(numbers), 2, 4).sum(axis=2))


def _quarter_names() -> list[tuple[str, str]]:
    numbers = list(enumerate(_QUARTERS, 1))
    return [(f"{year}Q{number}", f"{year}年第{word}季度") for year in (2023, 2024) for number, word in numbers]


def _year_names() -> list[tuple[str, str]]:
    return [(f"{year}", f"{year}年度") for year in (2023, 2024)]


def _long(province: Province, numerator: Ints, asked: Ints, names: list[tuple[str, str]]) -> pd.DataFrame:
    units = [*province.station_ids, *county_id(province), "C01"]
    period, written = np.arange(len(names)), [f"省统计调查队{words}电话调查(示例)" for _, words in names]
    return pd.DataFrame(
        {
            "unit_id": spell(units, np.repeat(np.arange(len(units)), period.size)),
            "indicator": "sense_of_safety",
            "period": spell([name for name, _ in names], np.tile(period, len(units))),
            "numerator": numerator.ravel().astype(np.float64),
            "denominator": asked.ravel().astype(np.float64),
            "value": np.round(numerator / asked * 100, 2).ravel(),
            "n": asked.ravel(),
            "source": spell(written, np.tile(period, len(units))),
        }
    )
