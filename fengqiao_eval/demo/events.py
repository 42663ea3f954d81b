"""What happens in the invented province: cases, disputes, surveys, duties and visits, shared credits, notices and figures."""

from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.demo.province import (
    CLASS_WITHOUT_FAULT,
    DAY,
    END,
    HOUR,
    MERGER,
    MINUTE,
    MONTH_STARTS,
    MONTHS,
    QUARTER_STARTS,
    START,
    TAKEN,
    TOPICS,
    Dice,
    Flags,
    Floats,
    Ints,
    Province,
    Scene,
    Times,
    chance,
    county_id,
    end_of_day,
    format_ids,
    fraction,
    locate,
    luck,
    moments,
    month_of,
    monthly_counts,
    nullable_flags,
    occurrences,
    pick,
    spell,
    stamp,
    unroll,
)
from fengqiao_eval.records.tables import TABLES

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
    place, month = unroll(monthly_counts(province, dice, mean=53, few=1))
    category = pick(dice, (0.55, 0.2, 0.25), place.size)
    at = moments(dice, month, _OPENS[category], _CLOSES[category])
    order = np.argsort(at, kind="stable")
    place, at, category = place[order], at[order], category[order]
    office = (category == _COUNTER) | luck(dice, 0.25, at.size)
    scene = locate(province, place, at, dice.random(at.size), office=office)
    course = {**_course(dice, scene, at, category), **_file(dice, scene)}
    grave = pick(dice, (0.92, 0.08), at.size)
    return scene.table(
        "cases",
        received_at=stamp(at),
        category=spell(_CATEGORIES, category),
        tier=spell(["一般", "较大"], grave),
        **course,
    )


def _course(dice: Dice, scene: Scene, at: Ints, category: Ints) -> dict[str, Any]:
    called, usual = category == 0, np.log(8.6) - 0.14 * scene.quality("arrival")
    way = MINUTE * np.maximum(1, np.exp(usual + 0.4 * dice.standard_normal(usual.size)))
    arrived = at + np.where(called, way, np.nan)
    dealt_with = arrived + HOUR * dice.exponential(8, at.size)
    closed = stamp(np.where(called, dealt_with, _closing_times(dice, scene, at, _LIMITS[category])))
    return {
        "recorded_at": stamp(_recording_times(dice, scene, at)),
        "arrived_at": stamp(arrived),
        "due_at": stamp(at + _LIMITS[category]),
        "closed_at": closed,
        "status": spell(["已办结", "在办"], np.isnat(closed)),
    }


def _recording_times(dice: Dice, scene: Scene, at: Ints) -> Floats:
    soon = luck(dice, chance(3.0, scene.quality("recording")), at.size)
    late = DAY * (1 + np.minimum(dice.exponential(2, at.size), 20))
    after = np.where(soon, HOUR * dice.uniform(0.2, 23, at.size), late)
    return np.asarray(at + after)


def _closing_times(dice: Dice, scene: Scene, at: Ints, limit: Floats) -> Floats:
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
        "passed": nullable_flags(sound, audited),
    }


def settle(province: Province) -> pd.DataFrame:
    """Draw the course of every dispute in numbers: place, at, seat, tier, due, resolved (NaN: never) and outcome."""
    dice = province.stream("disputes")
    place, at = occurrences(dice, monthly_counts(province, dice, mean=8, few=1), 7, 23)
    seat, tier = dice.random(at.size), pick(dice, (0.75, 0.2, 0.05), at.size)
    due = at + _DISPUTE_LIMITS[tier]
    resolved = _settling_times(dice, locate(province, place, at, seat), at, due)
    outcome = np.where(np.isnan(resolved), -1, pick(dice, (0.55, 0.42, 0.03), at.size))
    numbers = {"place": place, "at": at, "seat": seat, "tier": tier, "due": due, "resolved": resolved}
    return pd.DataFrame({**numbers, "outcome": outcome})


def _settling_times(dice: Dice, scene: Scene, at: Ints, due: Ints) -> Floats:
    in_time = luck(dice, chance(2.7, scene.quality("settling")), at.size)
    resolved = np.where(in_time, at + (due - at) * dice.beta(1.5, 1.8, at.size), due + 6 * DAY * dice.exponential(1, at.size))
    never = (~in_time & luck(dice, 0.35, at.size)) | (resolved >= TAKEN)
    return np.where(never, np.nan, np.floor(resolved))


def is_settled(course: pd.DataFrame) -> Flags:
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
    return scene.table(
        "disputes",
        received_at=stamp(at),
        tier=spell(_COLOURS, course["tier"]),
        due_at=stamp(course["due"]),
        resolved_at=stamp(course["resolved"]),
        outcome=spell(_OUTCOMES, outcome),
        performed=nullable_flags(performed, known),
        recurred_at=stamp(_recurrence(dice, scene, course)),
        escalated=escalated,
        recorded_at=stamp(late_entry(dice, at)),
    )


def _recurrence(dice: Dice, scene: Scene, course: pd.DataFrame) -> Floats:
    again = is_settled(course) & luck(dice, chance(-2.7, -scene.quality("recurrence")), len(course))
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
    return scene.table(
        "surveys",
        asked_at=stamp(at),
        channel=spell(["电话", "短信"], channel),
        answer=spell(_ANSWERS, _answers(dice, scene, channel, planted)),
        recorded_at=stamp(entered),
    )


def _answers(dice: Dice, scene: Scene, channel: Ints, planted: Flags) -> Ints:
    size, quality = channel.size, scene.quality("opinion")
    answered = luck(dice, chance(0.0, 0.3 * quality - 1.1 * channel), size)
    answered[planted] = dice.permutation(planted.sum()) < ANSWERED
    mood = dice.random(size)
    content = (mood > chance(-1.9, -quality)).astype(np.int64) + (mood > chance(-3.2, -quality))
    return np.where(answered, 2 - content, -1)


# Shared credits, notices and figures.

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
    parts = []
    for name, (key, own_date, share) in _SHARED.items():
        dice = province.stream(f"credits of {name}")
        chosen = tables[name][luck(dice, share, len(tables[name]))]
        officer = pd.Index(province.officer_ids).get_indexer(pd.Index(chosen["officer_id"]))
        both = np.column_stack([officer, _partners(province, dice, chosen["unit_id"], chosen[own_date], officer)])
        main = dice.choice([0.5, 0.6, 0.7], len(chosen))
        part = {
            "table": name,
            "record_id": chosen[key].repeat(2).array,
            "officer_id": spell(province.officer_ids, both.ravel()),
            "role": spell(["主办", "协办"], np.tile([0, 1], len(chosen))),
            "share": np.round(np.column_stack([main, 1 - main]), 1).ravel(),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _partners(province: Province, dice: Dice, unit_id: "pd.Series[str]", when: "pd.Series[Any]", officer: Ints) -> Ints:
    """Find the helper of the station, else another officer who was in post that month."""
    places = pd.Series(np.arange(len(province.unit_ids)) // 3, index=province.unit_ids)
    place = unit_id.map(places[~places.index.duplicated()]).to_numpy()
    month = month_of((when.to_numpy() - START) / np.timedelta64(1, "s"))
    seat = dice.random(place.size)
    colleague, other = (province.officer_at(place, month, seat, step) for step in (0, 1))
    helper = province.helper[place]
    return np.asarray(np.where(helper >= 0, helper, np.where(colleague == officer, other, colleague)))


def notices(province: Province) -> pd.DataFrame:
    """Draw up notices: praise and complaints, matters adopted further and further up, and a few grave events."""
    parts = pd.concat([_opinions(province), _adopted_matters(province), _grave_events(province)], ignore_index=True)
    parts.insert(0, "notice_id", format_ids("N", np.arange(1, len(parts) + 1), 4))
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
    return _notice_frame(
        province,
        dice,
        day,
        np.where(personal, -1, place),
        officer_id=spell(province.officer_ids, np.where(personal, person, -1)),
        code=spell(["complaint", "praise"], praise),
        reason=spell(_PRAISE_REASONS + _COMPLAINT_REASONS, reason),
        source=spell(["信访台账(示例)", "热线台账(示例)"], pick(dice, (0.5, 0.5), size)),
        checked_by=spell(["政治处"], np.where(proposed, -1, 0)),
        status=spell(["upheld", "proposed"], proposed),
    )


def _adopted_matters(province: Province) -> pd.DataFrame:
    """Draw up what stations wrote and others adopted: a matter goes up from town to province, a notice at each step."""
    dice = province.stream("adopted matters")
    matters = max(6, province.stations * 2 // 3)
    steps = 1 + pick(dice, (0.5, 0.3, 0.15, 0.05), matters)
    matter = np.repeat(np.arange(matters), steps)
    step = np.concatenate([np.arange(length) for length in steps])
    place = dice.integers(0, province.stations, matters)[matter]
    day = np.minimum(dice.integers(0, 700, matters)[matter] + step * 9, 724)
    return _notice_frame(
        province, dice, day, place, reason="防范经验材料被采用(示例)", source="简报采用登记(示例)",
        code=spell(_ADOPTED, step), matter=format_ids("M", matter + 1, 3), value=np.array([2.0, 4.0, 8.0, 10.0])[step],
    )  # fmt: skip


def _grave_events(province: Province) -> pd.DataFrame:
    """Draw up the few events for which a scheme may veto, each of a station; one of them in the last quarter."""
    dice = province.stream("grave events")
    size = max(4, province.stations // 15)
    day, place = np.sort(dice.integers(0, 725, size)), dice.integers(0, province.stations, size)
    day[-1] = QUARTER_STARTS[7] // DAY + dice.integers(0, 80)
    reason, source = "值班空岗，群众求助无人接报(示例)", "督察通报(示例)"
    return _notice_frame(province, dice, day, place, reason=reason, source=source, code="veto_event")


def _notice_frame(province: Province, dice: Dice, day: Ints, place: Ints, **columns: Any) -> pd.DataFrame:
    """Write notices of stations, each entered by one office and checked by another, unless the columns say otherwise."""
    size = len(day)
    said = {"checked_by": "政治处", "status": "upheld", **columns}
    return pd.DataFrame(
        {
            "happened_on": stamp(day * DAY),
            "unit_id": spell(province.station_ids, place),
            "officer_id": spell(province.officer_ids, np.full(size, -1)),
            "matter": format_ids("M", np.full(size, -1), 3),
            "value": 1.0,
            "entered_by": "督察科",
            "recorded_at": stamp((day + dice.integers(1, 6, size)) * DAY + dice.uniform(32_400, 61_200, size)),
            **{name: spell([cell], np.zeros(size)) if isinstance(cell, str) else cell for name, cell in said.items()},
        }
    )


def figures(province: Province) -> pd.DataFrame:
    """Draw up the sense of safety of stations, counties and city, as if surveyed by others, by quarter and year."""
    dice = province.stream("figures")
    low = np.concatenate([np.full(province.stations + 1, 60), np.full(len(county_id(province)), 360), [1_500]])
    low[province.tiny] = 8
    asked = dice.integers(low[:, None], (low * 1.5).astype(np.int64)[:, None], (low.size, MONTHS // 3))
    content = dice.binomial(asked, _feeling(province))
    quarters = [(f"{year}Q{n}", f"{year}年第{word}季度") for year in (2023, 2024) for n, word in enumerate(_QUARTERS, 1)]
    years = [(f"{year}", f"{year}年度") for year in (2023, 2024)]
    yearly = content.reshape(-1, 2, 4).sum(axis=2), asked.reshape(-1, 2, 4).sum(axis=2)
    parts = [_figure_frame(province, content, asked, quarters), _figure_frame(province, *yearly, years)]
    table = pd.concat(parts, ignore_index=True)
    gone = (table["unit_id"] == province.station_ids[-1]) & table["period"].str.startswith("2024")
    table = table[~gone].reset_index(drop=True)
    effect = np.round(dice.uniform(1.2, 1.6, len(table)), 2)
    return table.assign(design_effect=effect)[[column.name for column in TABLES["figures"].columns]]


def _feeling(province: Province) -> Floats:
    safe = chance(3.0, 0.6 * province.quality[TOPICS.index("safety")][:, ::3])
    safe[province.merged, MERGER // 3 :] = safe[province.heir, MERGER // 3 :]
    # counties and the city are surveyed on their own, around the middle of their stations
    inside = np.equal.outer(np.unique(province.county), province.county)
    counties = inside @ safe / inside.sum(axis=1, keepdims=True)
    return np.vstack([safe, counties, safe.mean(axis=0)])


def _figure_frame(province: Province, numerator: Ints, asked: Ints, names: list[tuple[str, str]]) -> pd.DataFrame:
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


# Duties, and the visits that fulfil them. A plan holds one row a duty in numbers: place, due_from, due_at, done_at, seat, kind,
# subject, grade, times, made, office (a matter of the station, not of a zone).

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
