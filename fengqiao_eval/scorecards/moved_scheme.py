"""What changed in the scheme and what follows straight from it: weights, void indicators, the award list."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from fengqiao_eval.scorecards import moved
from fengqiao_eval.scorecards.compared import Compared, Section
from fengqiao_eval.scorecards.moved import SIDES
from fengqiao_eval.scorecards.wording import fixed, known, plain, signed


def weights(one: Compared) -> Section:
    """List the parts whose weight is written otherwise than before, with their shares of the total."""
    every = moved.weights(one.pair)
    rewritten = moved.unlike(every["weight_before"], every["weight_after"])
    written, others = every[rewritten], every[~rewritten & moved.unlike(every["share_before"], every["share_after"])]
    if written.empty:
        return Section(one.say("compare.weights"), (one.say("compare.weights_same"),))
    shared = others["part"].map(lambda part: part.code).nunique()
    lines = (one.say("compare.weights_read"), *([one.say("compare.weights_shared", n=shared)] if shared else []))
    columns = ("item", "code", "levels", "weight", "share", "share_change")
    return Section(one.say("compare.weights"), lines, one.table(columns, list(_weight_rows(one, every, written))))


def _weight_rows(one: Compared, every: pd.DataFrame, written: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Give a row for each part and all levels at which its numbers are the same."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row in written.itertuples():
        key = (row.part.code, row.weight_before, row.weight_after, row.share_before, row.share_after)
        alike.setdefault(key, []).append(row.level)
    names = {part.code: part.name(one.lang) for part in every["part"]}
    scored = len(every["level"].unique())
    for (code, was, now, share, shared), levels in alike.items():
        where = one.say("compare.every_level") if len(levels) == scored else one.say("compare.comma").join(map(one.level, levels))
        by = _points_of_share(one, share, shared)
        yield names[code], code, where, one.both(_weight(was), _weight(now)), one.both(_share(share), _share(shared)), by


def _weight(weight: Any) -> str:
    return plain(None if weight is None else float(weight), 4)


def _share(share: Any) -> str:
    return "—" if share is None else f"{fixed(float(share))}%"


def _points_of_share(one: Compared, was: Any, now: Any) -> str:
    """Say a difference of two shares, a missing one being none of the total."""
    return one.say("compare.share_change", n=signed(float((now or 0) - (was or 0))))


def awards(one: Compared) -> Section:
    """Say how many are named for an award, and who enters and leaves the list; of officers only how many."""
    size = dict(zip(SIDES, (_award_words(one, run.scheme.awards) for run in one.pair.runs), strict=True))
    lines = [one.say("compare.awards_read", **size), *_award_lines(one)]
    rows = [row for level, part in one.levels() for row in _award_rows(one, level, part)]
    return Section(
        one.say("compare.awards"), tuple(lines), one.table(("level", "way", "unit", "code", "class", "place", "tied"), rows)
    )


def _award_words(one: Compared, award: Any) -> str:
    return (
        one.say("compare.awards_share", n=plain(float(100 * award.share)))
        if award.count is None
        else one.say("compare.awards_count", n=award.count)
    )


def _award_lines(one: Compared) -> Iterator[str]:
    none = []
    for level, part in one.levels(staff=True):
        if (part[["award_before", "award_after"]] == "").all(axis=None):
            none.append(one.level(level))
        else:
            yield _award_line(one, level, part)
    if none:
        yield one.say("compare.awards_none", levels=one.say("compare.comma").join(none))


def _award_line(one: Compared, level: str, part: pd.DataFrame) -> str:
    was, now = part["award_before"] != "", part["award_after"] != ""
    counts = {"before": was.sum(), "after": now.sum(), "enter": (now & ~was).sum(), "leave": (was & ~now).sum()}
    return one.say("compare.awards_line", level=one.level(level), **counts, tied=(part["award_after"] == "tied").sum())


def _award_rows(one: Compared, level: str, part: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    was, now = part["award_before"] != "", part["award_after"] != ""
    for way, listed, side, tied in (
        ("enters", part[now & ~was], "after", "tied"),
        ("leaves", part[was & ~now], "before", "was_tied"),
    ):
        for row in listed.to_dict("records"):
            group = row["group_after"] if known(row["group_after"]) else row["group_before"]
            note = one.say(f"compare.cut.{tied}") if row[f"award_{side}"] == "tied" else ""
            place = one.say(
                "compare.arrow", **{side: plain(row[f"rank_{side}"] if known(row[f"rank_{side}"]) else None) for side in SIDES}
            )
            yield (
                one.level(level),
                one.say(f"compare.way.{way}"),
                row["name"],
                row["unit_id"],
                group or one.say("compare.one_class"),
                place,
                note,
            )


def void(one: Compared) -> Section:
    """List the indicators that became void, or are no longer."""
    rows = [_void_row(one, row) for row in moved.void(one.pair).to_dict("records")]
    lines = () if rows else (one.say("compare.void_none"),)
    return Section(one.say("compare.void"), lines, one.table(("indicator", "level", "void", "void_said"), rows))


def _void_row(one: Compared, row: dict[Any, Any]) -> tuple[str, ...]:
    named = {each.code: each.name(one.lang) for run in one.pair.runs for each in run.scheme.indicators}
    said = "new" if not row["before"] else "over" if not row["after"] else "other"
    numbers = one.say("compare.arrow", before=row["before"], after=row["after"])
    return named.get(row["indicator"], row["indicator"]), one.level(row["level"]), numbers, one.say(f"compare.voided.{said}")
