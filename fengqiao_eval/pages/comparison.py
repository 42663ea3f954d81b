"""What changed between two runs, in words: the page of a comparison, its lines, what changed since the last run."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.files import file_name, link
from fengqiao_eval.pages.fragments import render, style
from fengqiao_eval.results.caveats import banner
from fengqiao_eval.results.differences import (
    NAMED,
    SIDES,
    ChangeFacts,
    Pair,
    award_changes,
    grade_transitions,
    group_changes,
    missing_counts,
    movements,
    moves,
    overrides,
    partial_count,
    shifts,
    void_changes,
)
from fengqiao_eval.results.frames import page_names
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import class_order, grade_words
from fengqiao_eval.wording.numbers import day, fixed, has_value, measured, period_words, plain, signed, term
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import language, say, text_width

MOST, GROUPS = 5, 12
"""As many units each way, and groups of a level, as are listed."""


STATES = ("draft", "announced", "final")


NUMBERS = frozenset(
    {
        *("both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded", "rose", "n", "void"),
        *("weight", "share", "share_change", "place", "by", "total", "change"),
    }
)
"""The columns that hold numbers."""


Heads = Sequence[tuple[str, bool]]
"""The columns of a table in words: the name of each, and whether it holds numbers."""

TextRows = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """A heading, what is said below it, and a table where it has rows."""

    title: str
    lines: Sequence[str]
    heads: Heads
    rows: TextRows
    units: Sequence[str] = ()
    """The units of the rows, where each is of one."""


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side, and the language in which is said what changed."""

    pair: Pair
    lang: str

    def say(self, key: str, **given: Any) -> str:
        """Say a sentence of the comparison."""
        return say(key, self.lang, **given)

    def level(self, level: str) -> str:
        """Name a level."""
        return term("level", level, self.lang)

    def grade(self, grade: str) -> str:
        """Name a grade of either scheme."""
        said = [grade_words(run.scheme, grade, self.lang) for run in reversed(self.pair.runs)]
        return next((one for one in said if one != grade), grade) or self.say("compare.no_grade")

    def points(self, whole: Any) -> str:
        """Write whole 10^-decimals as points with their sign; a dash where there are none."""
        return signed(whole / 10**self.pair.decimals, self.pair.decimals) if has_value(whole) else fixed(None)

    def total(self, whole: Any) -> str:
        """Write whole 10^-decimals as a total."""
        return fixed(whole / 10**self.pair.decimals if has_value(whole) else None, self.pair.decimals)

    def ends(self, low: Any, high: Any) -> str:
        """Write the points that the changes lie between."""
        return self.say("compare.to", low=self.points(low), high=self.points(high))

    def sides(self, read: Callable[[Run], Any]) -> dict[str, Any]:
        """Read something of both runs, as sentences take it."""
        return {side: read(run) for side, run in zip(SIDES, self.pair.runs, strict=True)}

    def section(
        self,
        title: str,
        lines: Sequence[str],
        columns: Sequence[str] = (),
        rows: TextRows = (),
        units: Sequence[str] = (),
    ) -> Section:
        """Lay out rows below the names of their columns."""
        heads = [(self.say(f"compare.column.{name}"), name in NUMBERS) for name in columns]
        return Section(self.say(title), lines, heads, rows, units)


def compare(before: Run, after: Run, lang: str = "zh") -> Comparison:
    """Put two finished runs side by side; nothing is written.

    Raises UsageError for a run without places.
    """
    return Comparison(Pair(before, after), lang)


MARK = '<meta name="generator" content="fengqiao compare">'
"""What says in the head of a page that a comparison may be written in its place."""


def page(one: Comparison, folder: Path | None = None) -> str:
    """Make the page: one file that asks for nothing else; its stamp is that of the less settled run.

    folder: where it is going to lie; the cards of both runs that are there are linked as seen from it.
    """
    before, after = (run.manifest for run in one.pair.runs)
    shown, same = changed_sections(one)
    script = files(__package__).joinpath("templates/search.js").read_text("utf-8")
    found = render(
        "before_after.html",
        one.lang,
        mark=Markup(MARK),  # noqa: S704 - our own
        css=Markup(style() + files(__package__).joinpath("templates/page.css").read_text("utf-8")),  # noqa: S704 - our own
        state=min(before["state"], after["state"], key=STATES.index),
        before=before,
        after=after,
        labels=one.pair.labels,
        concluded=conclusion(one),
        slopes=slopes(one),
        every=all_units(one),
        cards=card_links(one.pair, folder) if folder else {},
        called={side: one.say(f"compare.card.{side}") for side in SIDES},
        same=same,
        script=Markup(script),  # noqa: S704 - our own
        seal=b64encode(sha256(script.encode()).digest()).decode(),
        name=one.pair.after.scheme.name(one.lang),
        facts=facts(one),
        beware=tuple(comparison_caveats(one)),
        told=differences(one),
        warned=dict.fromkeys(line for told in (before, after) for line in banner(told, one.lang)),
        sections=shown,
    )
    return found + "\n"


def is_page(path: Path) -> bool:
    """Say whether a file is the page of a comparison, as its head tells."""
    with path.open("rb") if path.is_file() and not path.is_symlink() else BytesIO() as file:
        return MARK.encode() in file.read(1 << 10)


def console_lines(one: Comparison) -> Iterator[str]:
    """Say what the page says, in lines."""
    heads = (("", False), *((one.say(f"compare.fact.{side}"), False) for side in SIDES))
    yield from conclusion(one)
    yield ""
    yield from align_table(heads, facts(one))
    yield from comparison_caveats(one)
    yield differences(one)
    shown, same = changed_sections(one)
    for section in shown:
        yield from ("", section.title, *(f"  {line}" for line in section.lines))
        yield from (f"  {line}" for line in (align_table(section.heads, section.rows) if section.rows else ()))
    if same:
        yield from ("", same)


def align_table(heads: Heads, rows: TextRows) -> Iterator[str]:
    """Set a table in lines, numbers to the right; a Chinese character is as wide as two.

    >>> list(align_table([("单位", False), ("n", True)], [("甲", "12"), ("ab", "3")]))
    ['单位   n', '甲    12', 'ab     3']
    """
    every = [tuple(name for name, _ in heads), *rows]
    widths = [max(map(text_width, column)) for column in zip(*every, strict=True)]
    for row in every:
        cells = []
        for cell, width, (_, numbers) in zip(row, widths, heads, strict=True):
            space = " " * (width - text_width(cell))
            cells.append(space + cell if numbers else cell + space)
        yield "  ".join(cells).rstrip()


def facts(one: Comparison) -> tuple[tuple[str, str, str], ...]:
    """Say of both runs what they are made of: name of the fact, before, after."""
    before, after = one.sides(lambda run: _run_facts(one, run)).values()
    return tuple((one.say(f"compare.fact.{name}"), before[name], after[name]) for name in before)


def _run_facts(one: Comparison, run: Run) -> dict[str, str]:
    told, state = run.manifest, run.manifest["state"]
    said = {"state": say(f"card.state.{state}", one.lang), "said": say(f"card.state_said.{state}", one.lang)}
    return {
        "side": one.pair.labels[one.pair.runs.index(run)],
        "state": one.say("compare.state", **said),
        "period": period_words(run.period, one.lang),
        "as_of": day(told["as_of"]),
        "scheme": run.scheme.name(one.lang),
        "version": run.scheme.version,
        "overrides": overrides(run) or one.say("compare.none"),
        "made_at": day(told.get("made_at")) or "—",
    }


def comparison_caveats(one: Comparison) -> Iterator[str]:
    """Say what keeps the two from being compared like with like."""
    found = one.pair.differs()
    if "period" in found:
        yield one.say("compare.beware.period", **one.sides(lambda run: period_words(run.period, one.lang)))
    if "full_marks" in found:
        yield one.say("compare.beware.full_marks")
    if one.pair.staff is None and any(run.manifest.get(f"{OFFICER}s") for run in one.pair.runs):
        yield one.say("compare.beware.staff")


def differences(one: Comparison) -> str:
    """Say whether all that follows comes of the weights, and what else differs."""
    found, rewritten = one.pair.differs(), one.pair.weights["rewritten"].any()
    kind = ("some" if rewritten else "others") if found else ("weights_only" if rewritten else "nothing")
    what = _join([one.say(f"compare.differs.{name}") for name in found], one.lang)
    return one.say(f"compare.differs.{kind}", what=what)


def sections(one: Comparison) -> tuple[Section, ...]:
    """Say all that changed, in the order of the page, the same for console and page; officers only as numbers."""
    classes = _groups(one, "group", "compare.by_class", "compare.one_class")
    counties = _groups(one, "county", "compare.by_county", "compare.no_county")
    return _weights(one), _movements(one), _moves(one), _awards(one), _grades(one), classes, counties, _void_indicators(one)


def changed_sections(one: Comparison) -> tuple[Sequence[Section], str]:
    """Give the sections that hold something, and say in one line which hold nothing: there nothing changed."""
    every = sections(one)
    none = _join((section.title for section in every if not section.rows), one.lang)
    return [section for section in every if section.rows], one.say("compare.same", titles=none) if none else ""


def conclusion(one: Comparison) -> list[str]:
    """Say in one to three sentences what a leader asks: who moved, who enters and leaves the award list, what was weighed anew.

    Only units above officers are counted; those without a total of the whole in one of the runs are compared by nobody.
    """
    listed = one.pair.units
    found, (enter, leave), parts = shifts(listed), award_changes(listed), _weights_in_short(one)
    weighed = one.say("compare.told.weights", n=len(parts), names=_first_names(parts, one.lang)) if parts else ""
    apart = partial_count(listed)
    more = one.say("compare.told.partial", n=apart) if apart else ""
    if not (
        found["moved"] or found["changed"] or found["regraded"] or found["appeared"] or found["gone"] or len(enter) + len(leave)
    ):
        return [one.say("compare.told.nothing", n=found["both"] - apart) + more, weighed or one.say("compare.told.same_weights")]
    counts = {name: found[name] for name in ("moved", "placed", "changed", "scored", "regraded")}
    said = [one.say("compare.told.moved", **counts) + more]
    names = {
        way: one.say(f"compare.told.{way}", n=len(them), names=_first_names(them["name"].tolist(), one.lang))
        for way, them in (("enters", enter), ("leaves", leave))
        if len(them)
    }
    said.append(
        one.say("compare.told.awards", ways=one.say("compare.told.and").join(names.values()))
        if names
        else one.say("compare.told.same_awards")
    )
    return [*said, weighed or one.say("compare.told.same_weights")]


def _weights_in_short(one: Comparison) -> list[str]:
    """Name the parts whose weight is written otherwise, with both weights where they are those of every level."""
    written = one.pair.weights[one.pair.weights["rewritten"]]
    found: dict[str, set[str]] = {}
    for row in written.itertuples():
        pair = _arrow(plain(row.weight_before, 4), plain(row.weight_after, 4), one.lang)
        found.setdefault(row.part.name(one.lang), set()).add(pair)
    return [f"{name} {pairs.pop()}" if len(pairs) == 1 else name for name, pairs in found.items()]


def _first_names(names: Sequence[str], lang: str) -> str:
    shown = _join(names[:MOST], lang)
    return shown + (say("compare.more", lang, n=len(names)) if len(names) > MOST else "")


def all_units(one: Comparison) -> Section:
    """List every unit above officers of either run."""
    rows = one.pair.units.to_dict("records")
    columns = ("level", "unit", "code", "class", "place", "by", "total", "change", "regrade", "award")
    return one.section("compare.all", [], columns, [_unit_row(one, row) for row in rows], [row["unit_id"] for row in rows])


def _unit_row(one: Comparison, row: Mapping[Any, Any]) -> tuple[str, ...]:
    def both(name: str, write: Callable[[Any], str]) -> str:
        was, now = (write(row[f"{name}_{side}"]) if row[f"in_{side}"] else "—" for side in SIDES)
        return _both(was, now, one.lang)

    climbed = int(row["climbed"]) if has_value(row["climbed"]) else 0
    return (
        *(one.level(row["level"]), row["name"], row["unit_id"]),
        both("group", lambda group: (group if has_value(group) else "") or one.say("compare.one_class")),
        both("rank", lambda rank: plain(rank if has_value(rank) else None)),
        _climb(climbed, one.lang) if climbed else "",
        both("total", one.total),
        one.points(row["change"]) if row["change"] is not None and has_value(row["change"]) else "",
        both("grade", one.grade),
        both("award", lambda award: one.say("compare.on_list") if award else "—"),
    )


CardLinks = Mapping[str, Sequence[tuple[str, str]]]
"""Unit -> side and address of each card that is there."""


def card_links(pair: Pair, folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Find the cards of units above officers that are there, as seen from a folder; none of a run that no path leads to."""
    found: dict[str, list[tuple[str, str]]] = {}
    for side, run in zip(SIDES, pair.runs, strict=True):
        try:
            root = quote(Path(os.path.relpath(run.path.resolve(), folder.resolve())).as_posix())
        except ValueError:  # on another drive of Windows
            continue
        names = page_names(run.frame("units"))
        for unit, level in run.frame("units").tuples(("unit_id", "level"), *names):
            if level != OFFICER and (run.path / file_name(level) / f"{names[unit]}.html").is_file():
                found.setdefault(unit, []).append((side, f"{root}/{link(names[unit], level)}"))
    return found


# Slopes: the places of a class before and after, a line a unit.


LINES, PANELS, NAMES = 120, 12, 6
"""As many units of a class as are drawn, as many classes, and as many names of a class each way."""

TOP, HIGH = 26, 200
"""Where the lines of a picture begin, and how high they reach."""


@dataclass(frozen=True)
class Slope:
    """One unit: the height of its place before and after, whether it rose, fell or stood; its name where it is written."""

    y: tuple[float, float]
    way: str
    name: str
    labels: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Panel:
    """One class of a level with those that moved."""

    title: str
    note: str
    lines: Sequence[Slope]


def slopes(one: Comparison) -> tuple[Sequence[Panel], str]:
    """Draw the classes in which most places moved, from the upper level down, classes in their order.

    What is left out is counted in the line that is given.
    """
    listed = one.pair.units
    placed, levels = listed[listed["climbed"].notna()], list(listed["level"].unique())
    found = [(int((part["climbed"] != 0).sum()), key, part) for key, part in placed.groupby(["level", "group"], sort=False)]
    moved = sorted((each for each in found if each[0]), key=lambda each: -each[0])
    more = one.say("compare.slopes_more", n=len(moved) - PANELS) if len(moved) > PANELS else ""
    shown = sorted(moved[:PANELS], key=lambda each: (levels.index(each[1][0]), class_order(each[1][1])))
    return [_panel(one, level, group, part) for _, (level, group), part in shown], more


def _panel(one: Comparison, level: str, group: str, part: pd.DataFrame) -> Panel:
    far = part["climbed"].abs().sort_values(ascending=False, kind="stable").index
    drawn, worst = part.loc[far[:LINES]], max(int(part["rank_before"].max()), int(part["rank_after"].max()), 2)
    named = [*drawn[drawn["climbed"] > 0].head(NAMES).index, *drawn[drawn["climbed"] < 0].head(NAMES).index]
    ends = [_spread({at: _height(drawn.loc[at, f"rank_{side}"], worst) for at in named}) for side in SIDES]
    lines = []
    for at, row in zip(drawn.index, drawn.to_dict("records"), strict=True):
        heights = tuple(_height(row[f"rank_{side}"], worst) for side in SIDES)
        way = "up" if row["climbed"] > 0 else "down" if row["climbed"] < 0 else "same"
        words = [f"{_short(row['name'])} {int(row['rank_before'])}", f"{int(row['rank_after'])} {_short(row['name'])}"]
        labels = tuple((end[at], said) for end, said in zip(ends, words, strict=True)) if at in named else ()
        told = one.say("compare.out_of", before=row["rank_before"], after=row["rank_after"], of=row["of_after"])
        lines.append(Slope((heights[0], heights[1]), way, f"{row['name']} {told}", labels))
    left = len(part) - len(drawn)
    title = f"{one.level(level)} · {group or one.say('compare.one_class')}"
    return Panel(title, one.say("compare.slopes_left", n=left) if left else "", lines[::-1])  # what moved most is drawn last


def _height(rank: Any, worst: int) -> float:
    return round(TOP + HIGH * (int(rank) - 1) / (worst - 1), 1)


def _short(name: str) -> str:
    """Cut a name so that it stands beside its line.

    >>> _short("晴溪县公安局直属第一派出所"), _short("城关所")
    ('晴溪县公安局直…', '城关所')
    """
    kept, width = "", 0
    for sign in name:
        width += text_width(sign)
        if width > WIDE:
            return f"{kept}…"
        kept += sign
    return kept


WIDE = 14
"""As wide as a name beside a line may be; a Chinese character is as wide as two others."""


def _spread(heights: Mapping[Any, float]) -> dict[Any, float]:
    """Move labels apart that would lie over each other, from the top down."""
    found, last = {}, -LINE_HEIGHT
    for at, height in sorted(heights.items(), key=lambda each: each[1]):
        last = max(height, last + LINE_HEIGHT)
        found[at] = round(last, 1)
    return found


LINE_HEIGHT = 11.0
"""How far labels stand apart."""


def _weights(one: Comparison) -> Section:
    """List the parts whose weight is written otherwise than before, with their shares of the total, levels alike in one row."""
    every = one.pair.weights
    written, others = every[every["rewritten"]], every[~every["rewritten"] & every["shifted"]]
    if written.empty:
        return one.section("compare.weights", [])
    shared = others["part"].map(lambda part: part.code).nunique()
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row in written.itertuples():
        key = (row.part.code, row.weight_before, row.weight_after, row.share_before, row.share_after)
        alike.setdefault(key, []).append(row.level)
    names, levels = {part.code: part.name(one.lang) for part in every["part"]}, every["level"].nunique()
    rows = []
    for (code, was, now, share, shared_now), held in alike.items():
        where = one.say("compare.every_level") if len(held) == levels else _join(map(one.level, held), one.lang)
        weight = _both(plain(was, 4), plain(now, 4), one.lang)
        part = _both(measured(share, "%"), measured(shared_now, "%"), one.lang)
        by = one.say("compare.share_change", n=signed((shared_now or 0) - (share or 0)))  # a missing one is none of the total
        rows.append((names[code], code, where, weight, part, by))
    lines = (one.say("compare.weights_read"), *([one.say("compare.weights_shared", n=shared)] if shared else []))
    return one.section("compare.weights", lines, ("item", "code", "levels", "weight", "share", "share_change"), rows)


def _both(was: str, now: str, lang: str) -> str:
    """Say what was and what is, once where it is the same."""
    return was if was == now else _arrow(was, now, lang)


def _movements(one: Comparison) -> Section:
    counted = movements(one.pair)
    said = (line for level, found in counted.items() for line in _exceptions("compare.exception.", level, found, one.lang))
    rows = [
        (
            one.level(level),
            plain(found["both"]),
            one.say("compare.part_of", n=found["moved"], of=found["placed"]),
            fixed(found["mean_move"], 1),
            f"{one.say('compare.up', n=found['up'])} {one.say('compare.down', n=found['down'])}" if found["moved"] else "—",
            one.say("compare.part_of", n=found["changed"], of=found["scored"]),
            one.points(found["mean_change"]),
            one.ends(found["loss"], found["gain"]) if found["scored"] else "—",
            plain(found["regraded"]),
        )
        for level, found in counted.items()
    ]
    columns = ("level", "both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded")
    return one.section("compare.who", [one.say("compare.who_read"), *said], columns, rows)


def _moves(one: Comparison) -> Section:
    rows = [
        (
            *(one.level(row["level"]), row["name"], row["unit_id"], row["group_after"] or one.say("compare.one_class")),
            one.say("compare.out_of", before=row["rank_before"], after=row["rank_after"], of=row["of_after"]),
            _climb(int(row["climbed"]), one.lang),
            _arrow(one.total(row["total_before"]), one.total(row["total_after"]), one.lang),
            one.points(row["change"]),
        )
        for row in moves(one.pair, MOST)
    ]
    columns = ("level", "unit", "code", "class", "place", "by", "total", "change")
    return one.section("compare.farthest", [one.say("compare.farthest_read", n=MOST)], columns, rows, [row[2] for row in rows])


def _awards(one: Comparison) -> Section:
    """Say how many are named for an award, and who enters and leaves the list; of officers only how many."""
    lines, rows, none = [one.say("compare.awards_read", **one.sides(lambda run: _award_words(one, run)))], [], []
    for level, part in one.pair.by_level(staff=True):
        was, now = (part[f"award_{side}"] != "" for side in SIDES)
        if not (was | now).any():
            none.append(one.level(level))
            continue
        (enter, leave), tied = award_changes(part), (part["award_after"] == "tied").sum()
        counts = {"before": was.sum(), "after": now.sum(), "enter": len(enter), "leave": len(leave), "tied": tied}
        lines.append(one.say("compare.awards_line", level=one.level(level), **counts))
        if level != OFFICER:
            rows += [_award_row(one, row, "enters", row["award_after"]) for row in enter.to_dict("records")]
            rows += [_award_row(one, row, "leaves", row["award_before"]) for row in leave.to_dict("records")]
    if none:
        lines.append(one.say("compare.awards_none", levels=_join(none, one.lang)))
    columns = ("level", "way", "unit", "code", "class", "place", "tied")
    return one.section("compare.awards", lines, columns, rows, [row[3] for row in rows])


def _award_words(one: Comparison, run: Run) -> str:
    award = run.scheme.awards
    if award.count is None:
        return one.say("compare.awards_share", n=plain(float(100 * award.share)))
    return one.say("compare.awards_count", n=award.count)


def _award_row(one: Comparison, row: Mapping[Any, Any], way: str, award: str) -> tuple[str, ...]:
    group = row["group_after"] if has_value(row["group_after"]) else row["group_before"]
    places = (plain(row[f"rank_{side}"] if has_value(row[f"rank_{side}"]) else None) for side in SIDES)
    return (
        *(one.level(row["level"]), one.say(f"compare.way.{way}"), row["name"], row["unit_id"]),
        group or one.say("compare.one_class"),
        _arrow(next(places), next(places), one.lang),
        one.say(f"compare.cut.{way}") if award == "tied" else "",
    )


def _grades(one: Comparison) -> Section:
    bands, rows = [band.grade for band in one.pair.after.scheme.bands], []
    for level, part in one.pair.by_level(staff=True):
        for row in grade_transitions(part).to_dict("records"):
            was, now = (row[f"grade_{side}"] for side in SIDES)
            mark = ("▲ " if bands.index(now) < bands.index(was) else "▼ ") if {was, now} <= set(bands) else ""
            rows.append((one.level(level), mark + _arrow(one.grade(was), one.grade(now), one.lang), plain(row["n"])))
    return one.section("compare.grades", [], ("level", "crossing", "n"), rows)


def _groups(one: Comparison, by: str, title: str, nameless: str) -> Section:
    """Give the change of each group; of too many those of the lowest means and of the highest, in this order."""
    lines, rows = [one.say("compare.by_read")] if by == "group" else [], list[tuple[str, ...]]()
    if not (one.pair.units["change"].fillna(0) != 0).any():
        return one.section(title, lines)
    for level, part in one.pair.by_level():
        if by == "county" and (part["county"] == "").all():  # above the counties
            continue
        groups = group_changes(part, by)
        if len(groups) > GROUPS:
            lines.append(one.say("compare.by_more", level=one.level(level), n=len(groups), shown=GROUPS))
            order = groups["mean"].sort_values(kind="stable").index
            groups = groups.loc[[*order[: GROUPS // 2], *order[-GROUPS // 2 :]]]
        rows += [
            (
                *(one.level(level), row["group"] or one.say(nameless), plain(row["n"]), one.points(row["mean"])),
                one.ends(row["low"], row["high"]),
                one.say("compare.rose_fell", rose=row["rose"], fell=row["fell"]),
            )
            for row in groups.to_dict("records")
        ]
    return one.section(title, lines, ("level", by, "n", "mean_change", "ends", "rose"), rows)


def _void_indicators(one: Comparison) -> Section:
    """List the indicators that became void, or are no longer."""
    rows, indicators = [], one.pair.indicators
    for row in void_changes(missing_counts(one.pair)).to_dict("records"):
        code, kind = row["indicator"], "new" if not row["before"] else "over" if not row["after"] else "other"
        name = indicators[code].name(one.lang) if code in indicators else code
        numbers = _arrow(row["before"], row["after"], one.lang)
        rows.append((name, one.level(row["level"]), numbers, one.say(f"compare.voided.{kind}")))
    return one.section("compare.void", [], ("indicator", "level", "void", "void_said"), rows)


# What changed since the last run: a few lines for the console and the one screen.


def change_lines(changes: Mapping[str, Any], lang: str | None = None) -> list[str]:
    """Say in a few lines what find_changes found; nothing where there was no earlier run.

    >>> change_lines({"run": "q3", "unread": "FileNotFoundError"}, "en")
    ['the last run, q3, cannot be read any more (FileNotFoundError): not compared']
    """
    lang = lang or language()
    if "broken" in changes:
        return [say("since.broken", lang, run=changes["run"], path=changes["broken"])]
    if not changes or "unread" in changes:
        return [say("since.unread", lang, run=changes["run"], why=changes["unread"])] if changes else []
    said = [*_source_lines(changes, lang), *_level_lines(changes, lang), *_gap_lines(changes, lang)]
    earlier = {"run": changes["run"], "period": changes["period"][0], "as_of": day(changes["as_of"][0])}
    return [say("since.head" if said else "since.same", lang, **earlier), *(f"  {line}" for line in said)]


def _source_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Say what the runs were made of; that the next period is another one stands in the head."""
    plainly = {"period", "as_of"} if changes["period"][0] != changes["period"][1] else set()
    found = [say(f"compare.differs.{name}", lang) for name in changes["differs"] if name not in plainly]
    found += [say("since.weights", lang, n=changes["weights"])] if "weights" in changes else []
    for key in ("version", "overrides"):
        before, after = (value or say("compare.none", lang) for value in changes.get(key, ("", "")))
        found += [say(f"since.{key}", lang, before=before, after=after)] if key in changes else []
    found += [f"{name} {_pair_arrow(pair, lang)}" for name, pair in changes.get("packages", {}).items()]
    rows = [f"{table_label(name, lang)} {signed(pair[1] - pair[0], 0)}" for name, pair in changes.get("rows", {}).items()]
    late = [f"{table_label(name, lang)} {_pair_arrow(pair, lang)}" for name, pair in changes.get("late", {}).items()]
    for key, items in (("since.differs", found), ("since.rows", rows), ("since.late", late)):
        yield from [say(key, lang, items=_join(items, lang))] if items else []


def _level_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    for level, found in changes["units"].items():
        if found["moved"]:
            yield say("since.moved", lang, **found | {"level": term("level", level, lang)})
        yield from _exceptions("since.", level, found, lang)
    farthest = []
    for row in changes["farthest"]:
        place = say("compare.out_of", lang, before=row["place"][0], after=row["place"][1], of=row["of"])
        given = {"name": row["name"], "unit": row["unit_id"], "by": _climb(row["climbed"], lang), "place": place}
        farthest.append(say("since.unit", lang, **given))
    yield from [say("since.farthest", lang, items=_join(farthest, lang))] if farthest else []


def _gap_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    found = [*changes["void"], *changes["lacking"]]
    for gap in found[:NAMED]:
        words = {"level": term("level", gap["level"], lang), "status": term("status", gap["status"], lang)}
        yield say("since.lacking", lang, indicator=gap["name"][lang], **words, units=_pair_arrow(gap["units"], lang))
    if len(found) > NAMED:
        yield say("since.more", lang, n=len(found) - NAMED)


# Words that both of them use.


def _exceptions(begin: str, level: str, found: ChangeFacts, lang: str) -> Iterator[str]:
    """Say of whom places could not be compared (found: see movements); officers are never named."""
    for kind in ("won", "lost", "reclassed", "appeared", "gone"):
        if n := found[kind]:
            first = found.get("names", {}).get(kind, [])
            more = say("compare.more", lang, n=n) if n > len(first) else ""
            names = say("compare.names", lang, names=_join(first, lang) + more) if first else ""
            yield say(f"{begin}{kind}", lang, level=term("level", level, lang), n=n, names=names)


def _climb(by: int, lang: str) -> str:
    return say("compare.up" if by > 0 else "compare.down", lang, n=abs(by))


def _arrow(was: object, now: object, lang: str) -> str:
    return say("compare.arrow", lang, before=was, after=now)


def _pair_arrow(pair: Sequence[Any], lang: str) -> str:
    was, now = (plain(value) if isinstance(value, int) else value or "—" for value in pair)
    return _arrow(was, now, lang)


def _join(items: Iterable[str], lang: str) -> str:
    return say("compare.comma", lang).join(items)
