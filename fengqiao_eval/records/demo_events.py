"""Cases, disputes and surveys of the invented province."""

from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records.demo_province import (
    CLASS_WITHOUT_FAULT,
    Province,
    Scene,
    locate,
    monthly_counts,
    occurrences,
    unroll,
)
from fengqiao_eval.records.demo_tools import (
    DAY,
    HOUR,
    MINUTE,
    MONTH_STARTS,
    TAKEN,
    Dice,
    Flags,
    Floats,
    Ints,
    chance,
    luck,
    moments,
    numbered,
    perhaps,
    pick,
    spell,
    stamp,
)

_CATEGORIES, _COUNTER = ("警情", "治安案件", "窗口业务"), 2
_LIMITS = np.array([np.nan, 30.0, 7.0]) * DAY
_OPENS, _CLOSES = np.array([0, 0, 8.5]), np.array([24, 24, 17.5])
_COLOURS, _DISPUTE_LIMITS = ("blue", "yellow", "red"), np.array([30, 15, 7]) * DAY
_OUTCOMES, _AGREED, _SPOKEN = ("协议", "口头和解", "调解不成"), 0, 1
_ANSWERS = ("满意", "基本满意", "不满意")
ASKED, ANSWERED = (5, 5, 4), 5
"""What the station with few answers asked in the last three months, and how many answers it got."""


def late_entry(dice: Dice, at: Floats | Ints, share: float = 0.02) -> Floats:
    """Draw when records were entered: mostly within hours, a few days later."""
    late = luck(dice, share, at.size)
    return np.asarray(at + np.where(late, DAY * dice.uniform(1, 7, at.size), HOUR * dice.uniform(0.1, 6, at.size)))


def cases(province: Province) -> pd.DataFrame:
    """Draw up the cases: calls with an arrival, public-order cases and counter business, each with its file."""
    dice = province.stream("cases")
    place, at, category = _calls(province, dice)
    office = (category == _COUNTER) | luck(dice, 0.25, at.size)
    scene = locate(province, place, at, dice.random(at.size), office=office)
    columns = {**_course(dice, scene, at, category), **_file(dice, scene)}
    return pd.DataFrame(
        {
            "case_id": numbered("A", np.arange(1, at.size + 1), 7),
            **scene.columns(),
            "received_at": stamp(at),
            "category": spell(_CATEGORIES, category),
            "tier": spell(["一般", "较大"], pick(dice, (0.92, 0.08), at.size)),
            **columns,
        }
    )


def _calls(province: Province, dice: Dice) -> tuple[Ints, Ints, Ints]:
    place, month = unroll(monthly_counts(province, dice, mean=53, few=1))
    category = pick(dice, (0.55, 0.2, 0.25), place.size)
    at = moments(dice, month, _OPENS[category], _CLOSES[category])
    order = np.argsort(at, kind="stable")
    return place[order], at[order], category[order]


def _course(dice: Dice, scene: Scene, at: Ints, category: Ints) -> dict[str, Any]:
    called = category == 0
    arrived = at + np.where(called, _arrival(dice, scene), np.nan)
    dealt_with = arrived + HOUR * dice.exponential(8, at.size)
    closed = stamp(np.where(called, dealt_with, _closing(dice, scene, at, _LIMITS[category])))
    return {
        "recorded_at": stamp(_recording(dice, scene, at)),
        "arrived_at": stamp(arrived),
        "due_at": stamp(at + _LIMITS[category]),
        "closed_at": closed,
        "status": spell(["已办结", "在办"], np.isnat(closed)),
    }


def _arrival(dice: Dice, scene: Scene) -> Floats:
    usual = np.log(8.6) - 0.14 * scene.quality("arrival")
    return np.asarray(MINUTE * np.maximum(1, np.exp(usual + 0.4 * dice.standard_normal(usual.size))))


def _recording(dice: Dice, scene: Scene, at: Ints) -> Floats:
    soon = luck(dice, chance(3.0, scene.quality("recording")), at.size)
    late = DAY * (1 + np.minimum(dice.exponential(2, at.size), 20))
    after = np.where(soon, HOUR * dice.uniform(0.2, 23, at.size), late)
    return np.asarray(at + after)


def _closing(dice: Dice, scene: Scene, at: Ints, limit: Floats) -> Floats:
    in_time = luck(dice, chance(2.9, scene.quality("closing")), at.size)
    after = np.where(in_time, limit * dice.beta(2, 1.6, at.size), limit + 8 * DAY * dice.exponential(1, at.size))
    return np.where(~in_time & luck(dice, 0.2, at.size), np.nan, at + after)


def _file(dice: Dice, scene: Scene) -> dict[str, Any]:
    required = dice.integers(10, 21, scene.place.size)
    audited = luck(dice, 0.06, required.size)
    without_fault = scene.province.peer[scene.station] == CLASS_WITHOUT_FAULT
    sound = luck(dice, chance(2.7, scene.quality("files")), required.size) | without_fault
    filled = dice.binomial(required, chance(3.3, scene.quality("elements")))
    return {
        "elements_required": required,
        "elements_filled": filled,
        "audited": audited,
        "passed": perhaps(sound, audited),
    }


def settle(province: Province) -> pd.DataFrame:
    """Draw the course of every dispute in numbers: place, at, seat, tier, due, resolved (NaN: never) and outcome."""
    dice = province.stream("disputes")
    place, at = occurrences(dice, monthly_counts(province, dice, mean=8, few=1), 7, 23)
    seat, tier = dice.random(at.size), pick(dice, (0.75, 0.2, 0.05), at.size)
    due = at + _DISPUTE_LIMITS[tier]
    resolved = _settling(dice, locate(province, place, at, seat), at, due)
    outcome = np.where(np.isnan(resolved), -1, pick(dice, (0.55, 0.42, 0.03), at.size))
    numbers = {"place": place, "at": at, "seat": seat, "tier": tier, "due": due, "resolved": resolved}
    return pd.DataFrame({**numbers, "outcome": outcome})


def _settling(dice: Dice, scene: Scene, at: Ints, due: Ints) -> Floats:
    in_time = luck(dice, chance(2.7, scene.quality("settling")), at.size)
    resolved = np.where(in_time, at + (due - at) * dice.beta(1.5, 1.8, at.size), due + 6 * DAY * dice.exponential(1, at.size))
    never = (~in_time & luck(dice, 0.35, at.size)) | (resolved >= TAKEN)
    return np.where(never, np.nan, np.floor(resolved))


def settled(course: pd.DataFrame) -> Flags:
    """Say which disputes ended in peace."""
    return np.asarray(course["outcome"].isin([_AGREED, _SPOKEN]))


def disputes(province: Province, course: pd.DataFrame) -> pd.DataFrame:
    """Draw up the disputes from their course."""
    dice, size = province.stream("dispute papers"), len(course)
    at, outcome = course["at"].to_numpy(), course["outcome"].to_numpy()
    office = luck(dice, 0.2, size)
    scene = locate(province, course["place"].to_numpy(), at, course["seat"].to_numpy(), office=office)
    performed = luck(dice, chance(2.6, scene.quality("settling")), size)
    known = (outcome == _AGREED) & luck(dice, 0.85, size)
    escalated = luck(dice, 0.002 * np.exp(-scene.quality("settling")), size)
    return pd.DataFrame(
        {
            "dispute_id": numbered("J", np.arange(1, size + 1), 7),
            **scene.columns(),
            "received_at": stamp(at),
            "tier": spell(_COLOURS, course["tier"]),
            "due_at": stamp(course["due"]),
            "resolved_at": stamp(course["resolved"]),
            "outcome": spell(_OUTCOMES, outcome),
            "performed": perhaps(performed, known),
            "recurred_at": stamp(_recurrence(dice, scene, course)),
            "escalated": escalated,
            "recorded_at": stamp(late_entry(dice, at)),
        }
    )


def _recurrence(dice: Dice, scene: Scene, course: pd.DataFrame) -> Floats:
    again = settled(course) & luck(dice, chance(-2.7, -scene.quality("recurrence")), len(course))
    soon = luck(dice, 0.9, len(course))
    days = np.where(soon, dice.uniform(4, 89, len(course)), dice.uniform(91, 150, len(course)))
    return np.where(again, course["resolved"] + DAY * days, np.nan)


def surveys(province: Province) -> pd.DataFrame:
    """Draw up the surveys: every question asked, answered or not."""
    dice = province.stream("surveys")
    counts = monthly_counts(province, dice, mean=31, few=1)
    counts[province.few_answers, -3:] = ASKED
    place, at = occurrences(dice, counts, 9, 20)
    scene = locate(province, place, at, dice.random(at.size), office=luck(dice, 0.4, at.size))
    channel = pick(dice, (0.6, 0.4), at.size)
    planted = (place == province.few_answers) & (at >= MONTH_STARTS[-4])
    entered = np.where(planted, at, late_entry(dice, at))
    return pd.DataFrame(
        {
            "survey_id": numbered("D", np.arange(1, at.size + 1), 7),
            **scene.columns(),
            "asked_at": stamp(at),
            "channel": spell(["电话", "短信"], channel),
            "answer": spell(_ANSWERS, _answers(dice, scene, channel, planted)),
            "recorded_at": stamp(entered),
        }
    )


def _answers(dice: Dice, scene: Scene, channel: Ints, planted: Flags) -> Ints:
    size, quality = channel.size, scene.quality("opinion")
    answered = luck(dice, chance(0.0, 0.3 * quality - 1.1 * channel), size)
    answered[planted] = dice.permutation(planted.sum()) < ANSWERED
    mood = dice.random(size)
    content = (mood > chance(-1.9, -quality)).astype(np.int64) + (mood > chance(-3.2, -quality))
    return np.where(answered, 2 - content, -1)
