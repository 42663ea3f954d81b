"""Duties of the invented province, and the visits that fulfil them.

A plan holds one row a duty in numbers: place, due_from, due_at, done_at, seat, kind, subject, grade, times, made,
office (a matter of the station, not of a zone).
"""

from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.demo.events import is_settled, late_entry
from fengqiao_eval.demo.province import (
    DAY,
    END,
    HOUR,
    MERGER,
    MONTH_STARTS,
    QUARTER_STARTS,
    START,
    Floats,
    Ints,
    Province,
    Times,
    chance,
    end_of_day,
    format_ids,
    fraction,
    locate,
    luck,
    month_of,
    monthly_counts,
    nullable_flags,
    occurrences,
    spell,
    stamp,
)

_KINDS = ("visit", "focus", "revisit", "reply", "briefing")
_VISIT, _FOCUS, _REVISIT, _REPLY, _BRIEFING = range(5)
_GRADES, _FOCUS_TIMES, _FOCUS_GRADE = ("居民户", "出租房屋", "一级", "二级", "三级"), np.array([4, 3, 2]), 2
_PURPOSES = ("入户走访", "重点走访", "回访")
# the codes of a place: quarterly households, monthly ones, focus persons, households on no list, parties of disputes
_CODES, _QUARTERLY, _MONTHLY, _FOCUSED, _UNLISTED, _PARTIES = 2_000, 0, 500, 600, 700, 1_000
_LOST_MONTH = 22
"""November 2024: every reply lost its date of completion."""


def plan(province: Province, course: pd.DataFrame) -> pd.DataFrame:
    """Plan everything that falls due in the two years, and when it was done (NaN: never)."""
    parts = [
        _household_visits(province, "quarterly visits", _QUARTERLY, 70, QUARTER_STARTS),
        _household_visits(province, "monthly visits", _MONTHLY, 12, MONTH_STARTS),
        _focus_visits(province),
        _revisits(province, course),
        _replies(province),
        _briefings(province),
    ]
    return pd.concat(parts, ignore_index=True).sort_values("due_at", kind="stable", ignore_index=True)


def duties(province: Province, planned: pd.DataFrame) -> pd.DataFrame:
    """Draw up the duties; each is entered when it begins to run, not when it falls due."""
    dice, size = province.stream("duties"), len(planned)
    place, due_at, seat, office = (planned[name].to_numpy() for name in ("place", "due_at", "seat", "office"))
    scene = locate(province, place, due_at, seat, office=office)
    return scene.table(
        "duties",
        kind=spell(_KINDS, planned["kind"]),
        due_at=stamp(planned["due_at"]),
        due_from=stamp(planned["due_from"]),
        subject_id=_codes(province, planned["subject"].to_numpy()),
        **{"class": spell(_GRADES, planned["grade"])},
        times=planned["times"].to_numpy(),
        done_at=stamp(planned["done_at"]),
        recorded_at=stamp(planned["due_from"] + HOUR * dice.uniform(0, 6, size)),
    )


def visits(province: Province, planned: pd.DataFrame) -> pd.DataFrame:
    """Draw up the visits: those that fulfil duties, and others to households on no list."""
    dice = province.stream("visits")
    done = planned[planned["kind"].isin([_VISIT, _REVISIT]) & (planned["done_at"] < END)]
    purpose = np.where(done["kind"] == _VISIT, 0, 2)
    kept = done[["place", "subject"]].assign(at=done["done_at"].astype(np.int64), purpose=purpose)
    place, at = occurrences(dice, monthly_counts(province, dice, mean=37, few=1), 8.5, 20)
    subject = place * _CODES + dice.integers(_UNLISTED, _PARTIES, place.size)
    unlisted = pd.DataFrame({"place": place, "at": at, "subject": subject, "purpose": 0})
    made = pd.concat([kept, _focus_visits_made(planned), unlisted], ignore_index=True)
    made = made.sort_values("at", kind="stable", ignore_index=True)
    at, subject, size = made["at"].to_numpy(), made["subject"].to_numpy(), len(made)
    scene = locate(province, made["place"].to_numpy(), at, fraction(subject))
    true, sampled = luck(dice, chance(2.7, scene.quality("truth")), size), luck(dice, 0.15, size)
    return scene.table(
        "visits",
        visited_at=stamp(at),
        subject_id=_codes(province, subject),
        purpose=spell(_PURPOSES, made["purpose"]),
        verified=nullable_flags(true, sampled),
        recorded_at=stamp(late_entry(dice, at)),
    )


def _codes(province: Province, subject: Ints) -> Any:
    return format_ids("Z", subject, max(6, len(str((province.stations + 1) * _CODES))))


def _parts(kind: int, place: Ints, due_from: Times, due_at: Times, done_at: Floats, **others: Any) -> pd.DataFrame:
    columns = {"place": place, "due_from": due_from, "due_at": due_at, "done_at": done_at, "kind": kind}
    common = {"subject": -1, "grade": -1, "times": 1, "made": 0, "office": False}
    return pd.DataFrame({**columns, **common, **others})


def _due_visits(province: Province, first: int, mean: float, few: int, starts: Ints) -> tuple[Ints, Ints, Ints]:
    """List place, subject and window of every due visit: the same subjects in each window."""
    size = np.clip(np.round(mean * province.volume).astype(np.int64), 1, 100 if first else _MONTHLY)
    size[province.tiny] = few
    place = np.repeat(np.arange(size.size), size)
    subject = place * _CODES + first + np.arange(place.size) - np.repeat(np.cumsum(size) - size, size)
    windows = starts.size - 1
    return np.tile(place, windows), np.tile(subject, windows), np.repeat(np.arange(windows), place.size)


def _quality(province: Province, topic: str, place: Ints, subject: Ints, at: Times) -> Floats:
    return locate(province, place, at, fraction(subject)).quality(topic)


def _daytime(subject: Ints, salt: Ints) -> Ints:
    """Give a visit a time of day between 8:30 and 20:00 that can be reckoned again."""
    return ((8.5 + 11.5 * fraction(subject * 7 + salt * 1_009)) * HOUR).astype(np.int64)


def _household_visits(province: Province, topic: str, first: int, mean: float, starts: Ints) -> pd.DataFrame:
    dice = province.stream(topic)
    place, subject, window = _due_visits(province, first, mean, 1 if first else 4, starts)
    due_from, due_at = starts[window], starts[window + 1] - 1
    day = (dice.beta(1.6, 1.2, place.size) * (due_at + 1 - due_from) / DAY).astype(np.int64)
    done = due_from + day * DAY + _daytime(subject, window)
    reached = luck(dice, chance(1.9, _quality(province, "coverage", place, subject, due_at)), place.size)
    done_at = np.where(reached, done, np.nan)
    return _parts(_VISIT, place, due_from, due_at, done_at, seat=fraction(subject), subject=subject, grade=int(first > 0))


def _focus_visits(province: Province) -> pd.DataFrame:
    dice = province.stream("focus visits")
    place, subject, window = _due_visits(province, _FOCUSED, 10, 1, QUARTER_STARTS)
    due_from, due_at = QUARTER_STARTS[window], QUARTER_STARTS[window + 1] - 1
    times = _FOCUS_TIMES[subject % 3]
    full = luck(dice, chance(2.0, _quality(province, "coverage", place, subject, due_at)), place.size)
    made = np.where(full, times, dice.integers(0, times))
    done = np.where(full, _focus_moment(subject, times - 1, times, due_from, due_at), np.nan)
    counted = {"subject": subject, "grade": _FOCUS_GRADE + subject % 3, "times": times, "made": made}
    return _parts(_FOCUS, place, due_from, due_at, done, seat=fraction(subject), **counted)


def _focus_moment(subject: Ints, number: Ints, times: Ints, due_from: Ints, due_at: Ints) -> Ints:
    """Reckon when the visit of that number (from 0) was made: each in its own part of the window, so in order."""
    within = (number + 0.05 + 0.8 * fraction(subject * 13 + due_from // DAY + number * 31)) / times
    day = (within * (due_at + 1 - due_from) / DAY).astype(np.int64)
    return np.asarray(due_from + day * DAY + _daytime(subject, number))


def _revisits(province: Province, course: pd.DataFrame) -> pd.DataFrame:
    dice = province.stream("revisits")
    ended = course[is_settled(course)]
    party = ended["place"] * _CODES + _PARTIES + ended.groupby("place").cumcount() % (_CODES - _PARTIES)
    place, subject, start = (column.to_numpy() for column in (ended["place"], party, ended["resolved"]))
    due_at = end_of_day(start + 30 * DAY)
    in_time = luck(dice, chance(2.1, _quality(province, "settling", place, subject, due_at)), place.size)
    day = np.where(in_time, dice.integers(1, 30, place.size), dice.integers(31, 60, place.size))
    done = np.where(luck(dice, 0.97, place.size), np.floor(start / DAY) * DAY + day * DAY + _daytime(subject, day), np.nan)
    return _parts(_REVISIT, place, start, due_at, done, seat=fraction(subject), subject=subject).query("due_at < @END")


def _replies(province: Province) -> pd.DataFrame:
    dice = province.stream("replies")
    place, start = occurrences(dice, monthly_counts(province, dice, mean=4, few=1), 8, 20)
    fifth = np.busday_offset(START.astype("datetime64[D]") + start // DAY, 5, roll="forward")
    due_at = end_of_day((fifth - START.astype("datetime64[D]")).astype(np.int64) * DAY)
    seat, office = dice.random(place.size), luck(dice, 0.5, place.size)
    in_time = luck(dice, chance(2.8, locate(province, place, due_at, seat).quality("replies")), place.size)
    early = start + (due_at - start) * dice.beta(2, 2, place.size)
    done = np.where(in_time, early, due_at + 3 * DAY * dice.exponential(1, place.size))
    lost = (~in_time & luck(dice, 0.3, place.size)) | ((month_of(due_at) == _LOST_MONTH) & (due_at < END))
    return _parts(_REPLY, place, start, due_at, np.where(lost, np.nan, done), seat=seat, office=office).query("due_at < @END")


def _briefings(province: Province) -> pd.DataFrame:
    dice = province.stream("briefings")
    place, window = (numbers.ravel() for numbers in np.indices((province.stations + 1, QUARTER_STARTS.size - 1)))
    held = (place != province.merged) | (window < MERGER // 3)
    place, window = place[held], window[held]
    due_from, due_at = QUARTER_STARTS[window], QUARTER_STARTS[window + 1] - 1
    held_at = due_from + dice.integers(10, 88, place.size) * DAY + dice.integers(9, 20, place.size) * HOUR
    done = np.where(luck(dice, 0.95, place.size), held_at, np.nan)
    return _parts(_BRIEFING, place, due_from, due_at, done, seat=dice.random(place.size), office=True)


def _focus_visits_made(planned: pd.DataFrame) -> pd.DataFrame:
    focus = planned[planned["kind"] == _FOCUS]
    each = focus.loc[focus.index.repeat(focus["made"])]
    number = each.groupby(level=0).cumcount().to_numpy()
    names = ("place", "subject", "times", "due_from", "due_at")
    place, subject, times, due_from, due_at = (each[name].to_numpy().astype(np.int64) for name in names)
    at = _focus_moment(subject, number, times, due_from, due_at)
    return pd.DataFrame({"place": place, "at": at, "subject": subject, "purpose": 1})
