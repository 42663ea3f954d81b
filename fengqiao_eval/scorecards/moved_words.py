"""Who moved between two runs, in sentences and tables, the same for the console and for the page; officers only as numbers."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from fengqiao_eval.scorecards import moved
from fengqiao_eval.scorecards.compared import Compared, Section
from fengqiao_eval.scorecards.glance import OFFICER
from fengqiao_eval.scorecards.moved import SIDES
from fengqiao_eval.scorecards.moved_scheme import awards, void, weights
from fengqiao_eval.scorecards.wording import fixed, plain

MOST, GROUPS, NAMED = 5, 12, 10
"""As many units each way, groups of a level, and names in a sentence, as are listed."""


def sections(compared: Compared) -> tuple[Section, ...]:
    """Say all that changed, in the order of the page."""
    parts: tuple[Callable[[Compared], Section], ...] = (weights, _who, _farthest, awards, _grades, _classes, _counties, void)
    return tuple(part(compared) for part in parts)


def _who(one: Compared) -> Section:
    counted = [(level, part, moved.shifts(part)) for level, part in one.levels(staff=True)]
    lines = [
        one.say("compare.who_read"),
        *(said for level, part, found in counted for said in _exceptions(one, level, part, found)),
    ]
    columns = ("level", "both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded")
    return Section(
        one.say("compare.who"), tuple(lines), one.table(columns, [_who_row(one, level, found) for level, _, found in counted])
    )


def _who_row(one: Compared, level: str, found: dict[str, Any]) -> tuple[str, ...]:
    ends = one.say("compare.to", low=one.points(found["loss"]), high=one.points(found["gain"])) if found["scored"] else "—"
    return (
        one.level(level),
        plain(found["both"]),
        one.say("compare.part_of", n=found["moved"], of=found["placed"]),
        fixed(found["mean_move"], 1),
        " ".join([one.say("compare.up", n=found["up"]), one.say("compare.down", n=found["down"])]) if found["moved"] else "—",
        one.say("compare.part_of", n=found["changed"], of=found["scored"]),
        one.points(found["mean_change"]),
        ends,
        plain(found["regraded"]),
    )


def _exceptions(one: Compared, level: str, part: pd.DataFrame, found: dict[str, Any]) -> Iterator[str]:
    """Say of whom places could not be compared; officers are never named."""
    for key in ("won", "lost", "reclassed"):
        if found[key]:
            yield one.say(f"compare.place.{key}", level=one.level(level), n=found[key])
    for key, side in (("appeared", "before"), ("gone", "after")):
        if found[key]:
            names = [] if level == OFFICER else part.loc[~part[f"in_{side}"], "name"].tolist()
            yield one.say(f"compare.only.{key}", level=one.level(level), n=found[key], names=_names(one, names))


def _names(one: Compared, names: list[str]) -> str:
    if not names:
        return ""
    more = one.say("compare.more", n=len(names)) if len(names) > NAMED else ""
    return one.say("compare.names", names=one.say("compare.comma").join(names[:NAMED]) + more)


def _farthest(one: Compared) -> Section:
    ends = [(level, end) for level, part in one.levels() for end in moved.farthest(part, MOST)]
    rows = [_moved_row(one, level, row) for level, end in ends for row in end.to_dict("records")]
    if not rows:
        return Section(one.say("compare.farthest"), (one.say("compare.farthest_none"),))
    columns = ("level", "unit", "code", "class", "place", "by", "total", "change")
    return Section(one.say("compare.farthest"), (one.say("compare.farthest_read", n=MOST),), one.table(columns, rows))


def _moved_row(one: Compared, level: str, row: dict[Any, Any]) -> tuple[str, ...]:
    by = int(row["climbed"])
    return (
        *(one.level(level), row["name"], row["unit_id"], row["group_after"] or one.say("compare.one_class")),
        one.say("compare.out_of", before=row["rank_before"], after=row["rank_after"], of=row["of_after"]),
        one.say("compare.up", n=by) if by > 0 else one.say("compare.down", n=-by),
        one.say("compare.arrow", before=one.total(row["total_before"]), after=one.total(row["total_after"])),
        one.points(row["change"]),
    )


def _grades(one: Compared) -> Section:
    rows = [
        _grade_row(one, level, row) for level, part in one.levels(staff=True) for row in moved.crossed(part).to_dict("records")
    ]
    lines = () if rows else (one.say("compare.grades_none"),)
    return Section(one.say("compare.grades"), lines, one.table(("level", "crossing", "n"), rows))


def _grade_row(one: Compared, level: str, row: dict[Any, Any]) -> tuple[str, ...]:
    bands = [band.grade for band in one.pair.after.scheme.bands]
    was, now = (row[f"grade_{side}"] for side in SIDES)
    mark = ("▲ " if bands.index(now) < bands.index(was) else "▼ ") if {was, now} <= set(bands) else ""
    return one.level(level), mark + one.say("compare.arrow", before=one.grade(was), after=one.grade(now)), plain(row["n"])


def _classes(one: Compared) -> Section:
    joined = one.units.assign(group=one.units["group_after"].fillna(""))
    return _grouped(one, joined, "group", one.say("compare.by_class"), one.say("compare.one_class"))


def _counties(one: Compared) -> Section:
    below = one.units.groupby("level")["county"].transform(lambda county: (county != "").any())
    return _grouped(one, one.units[below], "county", one.say("compare.by_county"), one.say("compare.no_county"))


def _grouped(one: Compared, listed: pd.DataFrame, by: str, title: str, nameless: str) -> Section:
    lines, rows = [one.say("compare.by_read")] if by == "group" else [], []
    for level, part in listed.groupby("level", sort=False):
        groups = moved.by_group(part, by)
        shown = _ends(groups)
        if len(shown) < len(groups):
            lines.append(one.say("compare.by_more", level=one.level(str(level)), n=len(groups), shown=len(shown)))
        rows += [_group_row(one, str(level), row, nameless) for row in shown.to_dict("records")]
    return Section(title, tuple(lines), one.table(("level", by, "n", "mean_change", "ends", "rose"), rows))


def _ends(groups: pd.DataFrame) -> pd.DataFrame:
    """Keep those of the lowest and the highest means, in their order, where there are too many to print."""
    if len(groups) <= GROUPS:
        return groups
    order = groups["mean"].sort_values(kind="stable").index
    return groups.loc[sorted([*order[: GROUPS // 2], *order[-GROUPS // 2 :]], key=order.get_loc)]


def _group_row(one: Compared, level: str, row: dict[Any, Any], nameless: str) -> tuple[str, ...]:
    ends = one.say("compare.to", low=one.points(row["low"]), high=one.points(row["high"]))
    both = one.say("compare.rose_fell", rose=row["rose"], fell=row["fell"])
    return one.level(level), row["group"] or nameless, plain(row["n"]), one.points(row["mean"]), ends, both
