"""What changed between two runs, in words: the page of a comparison, its lines, what changed since the last run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from fengqiao_eval.errors import OFFICER, FengqiaoError
from fengqiao_eval.pages.fragments import render, style
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results import comparison
from fengqiao_eval.results.caveats import banner
from fengqiao_eval.results.comparison import SIDES, Pair
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.results.standings import grade_words
from fengqiao_eval.wording.numbers import day, fixed, has_value, period_words, plain, signed, term
from fengqiao_eval.words import LANGUAGES, language, say

# Two runs side by side, and the words in which what changed between them is said: sections of sentences and tables.


NUMBERS = frozenset(
    {
        *("both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded", "rose", "n", "void"),
        *("weight", "share", "share_change", "place", "by", "total", "change"),
    }
)
"""The columns that hold numbers."""


@dataclass(frozen=True)
class TextTable:
    """A table in words: columns as (name, whether it holds numbers), and rows of text."""

    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, what is said below it, and a table where there is one."""

    title: str
    lines: tuple[str, ...]
    table: TextTable | None = None


@dataclass(frozen=True)
class Comparison:
    """Two runs with their units joined; staff: the officers', None where they may not be read."""

    pair: Pair
    units: pd.DataFrame
    staff: pd.DataFrame | None
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

    def levels(self, *, staff: bool = False) -> Iterator[tuple[str, pd.DataFrame]]:
        """Walk the levels that hold units, with these; officers last, where they are asked for and may be read."""
        every = [self.units, *([self.staff] if staff and self.staff is not None else [])]
        found = [(level, part) for frame in every for level, part in frame.groupby("level", sort=False)]
        return ((str(level), part) for level, part in found)

    def both(self, was: str, now: str) -> str:
        """Say what was and what is, once where it is the same."""
        return was if was == now else self.say("compare.arrow", before=was, after=now)

    def table(self, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> TextTable | None:
        """Lay out rows below the names of their columns; nothing where there are none."""
        heads = tuple((self.say(f"compare.column.{name}"), name in NUMBERS) for name in columns)
        return TextTable(heads, tuple(rows)) if rows else None


# What changed in the scheme and what follows straight from it: weights, void indicators, the award list.


def weights(one: Comparison) -> Section:
    """List the parts whose weight is written otherwise than before, with their shares of the total."""
    every = comparison.weights(one.pair)
    rewritten = comparison.difference_mask(every["weight_before"], every["weight_after"])
    written, others = (
        every[rewritten],
        every[~rewritten & comparison.difference_mask(every["share_before"], every["share_after"])],
    )
    if written.empty:
        return Section(one.say("compare.weights"), (one.say("compare.weights_same"),))
    shared = others["part"].map(lambda part: part.code).nunique()
    lines = (one.say("compare.weights_read"), *([one.say("compare.weights_shared", n=shared)] if shared else []))
    columns = ("item", "code", "levels", "weight", "share", "share_change")
    return Section(one.say("compare.weights"), lines, one.table(columns, list(_weight_rows(one, every, written))))


def _weight_rows(one: Comparison, every: pd.DataFrame, written: pd.DataFrame) -> Iterator[tuple[str, ...]]:
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


def _points_of_share(one: Comparison, was: Any, now: Any) -> str:
    """Say a difference of two shares, a missing one being none of the total."""
    return one.say("compare.share_change", n=signed(float((now or 0) - (was or 0))))


def awards(one: Comparison) -> Section:
    """Say how many are named for an award, and who enters and leaves the list; of officers only how many."""
    size = dict(zip(SIDES, (_award_words(one, run.scheme.awards) for run in one.pair.runs), strict=True))
    lines = [one.say("compare.awards_read", **size), *_award_lines(one)]
    rows = [row for level, part in one.levels() for row in _award_rows(one, level, part)]
    return Section(
        one.say("compare.awards"), tuple(lines), one.table(("level", "way", "unit", "code", "class", "place", "tied"), rows)
    )


def _award_words(one: Comparison, award: Any) -> str:
    return (
        one.say("compare.awards_share", n=plain(float(100 * award.share)))
        if award.count is None
        else one.say("compare.awards_count", n=award.count)
    )


def _award_lines(one: Comparison) -> Iterator[str]:
    none = []
    for level, part in one.levels(staff=True):
        if (part[["award_before", "award_after"]] == "").all(axis=None):
            none.append(one.level(level))
        else:
            yield _award_line(one, level, part)
    if none:
        yield one.say("compare.awards_none", levels=one.say("compare.comma").join(none))


def _award_line(one: Comparison, level: str, part: pd.DataFrame) -> str:
    was, now = part["award_before"] != "", part["award_after"] != ""
    counts = {"before": was.sum(), "after": now.sum(), "enter": (now & ~was).sum(), "leave": (was & ~now).sum()}
    return one.say("compare.awards_line", level=one.level(level), **counts, tied=(part["award_after"] == "tied").sum())


def _award_rows(one: Comparison, level: str, part: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    was, now = part["award_before"] != "", part["award_after"] != ""
    for way, listed, side, tied in (
        ("enters", part[now & ~was], "after", "tied"),
        ("leaves", part[was & ~now], "before", "was_tied"),
    ):
        for row in listed.to_dict("records"):
            group = row["group_after"] if has_value(row["group_after"]) else row["group_before"]
            note = one.say(f"compare.cut.{tied}") if row[f"award_{side}"] == "tied" else ""
            place = one.say(
                "compare.arrow",
                **{side: plain(row[f"rank_{side}"] if has_value(row[f"rank_{side}"]) else None) for side in SIDES},
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


def void_indicators(one: Comparison) -> Section:
    """List the indicators that became void, or are no longer."""
    rows = [_void_row(one, row) for row in comparison.void_changes(one.pair).to_dict("records")]
    lines = () if rows else (one.say("compare.void_none"),)
    return Section(one.say("compare.void"), lines, one.table(("indicator", "level", "void", "void_said"), rows))


def _void_row(one: Comparison, row: dict[Any, Any]) -> tuple[str, ...]:
    named = {each.code: each.name(one.lang) for run in one.pair.runs for each in run.scheme.indicators}
    said = "new" if not row["before"] else "over" if not row["after"] else "other"
    numbers = one.say("compare.arrow", before=row["before"], after=row["after"])
    return named.get(row["indicator"], row["indicator"]), one.level(row["level"]), numbers, one.say(f"compare.voided.{said}")


# Who moved between two runs, in sentences and tables, the same for the console and for the page; officers only as numbers.


MOST, GROUPS, NAMED = 5, 12, 10
"""As many units each way, groups of a level, and names in a sentence, as are listed."""


def sections(compared: Comparison) -> tuple[Section, ...]:
    """Say all that changed, in the order of the page."""
    parts: tuple[Callable[[Comparison], Section], ...] = (
        weights,
        _movement_section,
        _moves_section,
        awards,
        _grades,
        _classes,
        _counties,
        void_indicators,
    )
    return tuple(part(compared) for part in parts)


def _movement_section(one: Comparison) -> Section:
    counted = [(level, part, comparison.shifts(part)) for level, part in one.levels(staff=True)]
    lines = [
        one.say("compare.who_read"),
        *(said for level, part, found in counted for said in _exceptions(one, level, part, found)),
    ]
    columns = ("level", "both", "moved", "mean_move", "farthest", "changed", "mean_change", "ends", "regraded")
    return Section(
        one.say("compare.who"), tuple(lines), one.table(columns, [_who_row(one, level, found) for level, _, found in counted])
    )


def _who_row(one: Comparison, level: str, found: dict[str, Any]) -> tuple[str, ...]:
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


def _exceptions(one: Comparison, level: str, part: pd.DataFrame, found: dict[str, Any]) -> Iterator[str]:
    """Say of whom places could not be compared; officers are never named."""
    for key in ("won", "lost", "reclassed"):
        if found[key]:
            yield one.say(f"compare.place.{key}", level=one.level(level), n=found[key])
    for key, side in (("appeared", "before"), ("gone", "after")):
        if found[key]:
            names = [] if level == OFFICER else part.loc[~part[f"in_{side}"], "name"].tolist()
            yield one.say(f"compare.only.{key}", level=one.level(level), n=found[key], names=_join_names(one, names))


def _join_names(one: Comparison, names: list[str]) -> str:
    if not names:
        return ""
    more = one.say("compare.more", n=len(names)) if len(names) > NAMED else ""
    return one.say("compare.names", names=one.say("compare.comma").join(names[:NAMED]) + more)


def _moves_section(one: Comparison) -> Section:
    ends = [(level, end) for level, part in one.levels() for end in comparison.largest_moves(part, MOST)]
    rows = [_moved_row(one, level, row) for level, end in ends for row in end.to_dict("records")]
    if not rows:
        return Section(one.say("compare.farthest"), (one.say("compare.farthest_none"),))
    columns = ("level", "unit", "code", "class", "place", "by", "total", "change")
    return Section(one.say("compare.farthest"), (one.say("compare.farthest_read", n=MOST),), one.table(columns, rows))


def _moved_row(one: Comparison, level: str, row: dict[Any, Any]) -> tuple[str, ...]:
    by = int(row["climbed"])
    return (
        *(one.level(level), row["name"], row["unit_id"], row["group_after"] or one.say("compare.one_class")),
        one.say("compare.out_of", before=row["rank_before"], after=row["rank_after"], of=row["of_after"]),
        one.say("compare.up", n=by) if by > 0 else one.say("compare.down", n=-by),
        one.say("compare.arrow", before=one.total(row["total_before"]), after=one.total(row["total_after"])),
        one.points(row["change"]),
    )


def _grades(one: Comparison) -> Section:
    rows = [
        _grade_row(one, level, row)
        for level, part in one.levels(staff=True)
        for row in comparison.grade_transitions(part).to_dict("records")
    ]
    lines = () if rows else (one.say("compare.grades_none"),)
    return Section(one.say("compare.grades"), lines, one.table(("level", "crossing", "n"), rows))


def _grade_row(one: Comparison, level: str, row: dict[Any, Any]) -> tuple[str, ...]:
    bands = [band.grade for band in one.pair.after.scheme.bands]
    was, now = (row[f"grade_{side}"] for side in SIDES)
    mark = ("▲ " if bands.index(now) < bands.index(was) else "▼ ") if {was, now} <= set(bands) else ""
    return one.level(level), mark + one.say("compare.arrow", before=one.grade(was), after=one.grade(now)), plain(row["n"])


def _classes(one: Comparison) -> Section:
    joined = one.units.assign(group=one.units["group_after"].fillna(""))
    return _group_section(one, joined, "group", one.say("compare.by_class"), one.say("compare.one_class"))


def _counties(one: Comparison) -> Section:
    below = one.units.groupby("level")["county"].transform(lambda county: (county != "").any())
    return _group_section(one, one.units[below], "county", one.say("compare.by_county"), one.say("compare.no_county"))


def _group_section(one: Comparison, listed: pd.DataFrame, by: str, title: str, nameless: str) -> Section:
    lines, rows = [one.say("compare.by_read")] if by == "group" else [], []
    for level, part in listed.groupby("level", sort=False):
        groups = comparison.group_changes(part, by)
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


def _group_row(one: Comparison, level: str, row: dict[Any, Any], nameless: str) -> tuple[str, ...]:
    ends = one.say("compare.to", low=one.points(row["low"]), high=one.points(row["high"]))
    both = one.say("compare.rose_fell", rose=row["rose"], fell=row["fell"])
    return one.level(level), row["group"] or nameless, plain(row["n"]), one.points(row["mean"]), ends, both


# The page of a comparison: what changed between two finished runs, on one offline sheet to print.


STATES = ("draft", "announced", "final")


FACTS = ("state", "period", "as_of", "scheme", "version", "overrides", "made_at")


def compare(before: Run, after: Run, lang: str = "zh") -> Comparison:
    """Put two finished runs side by side; nothing is written.

    Raises UsageError for a run without places.
    """
    pair = Pair(before, after)
    try:
        staff = comparison.units(pair, officers=True)
    except PermissionError:  # the folder of the officers opens to its owner only
        staff = None
    return Comparison(pair, comparison.units(pair), staff, lang)


def page(compared: Comparison) -> str:
    """Make the page: one file that asks for nothing else."""
    given = {
        **_head(compared),
        "facts": tuple(facts(compared)),
        "beware": tuple(comparison_caveats(compared)),
        "told": differences(compared),
    }
    return render("before_after.html", compared.lang, **given, warned=_banner_lines(compared), sections=sections(compared)) + "\n"


def _head(one: Comparison) -> dict[str, Any]:
    """Say which runs these are, and in which state; the stamp is that of the less settled one."""
    told = {side: run.manifest for side, run in zip(SIDES, one.pair.runs, strict=True)}
    state = min((given["state"] for given in told.values()), key=STATES.index)
    words = {f"state_{side}": say(f"card.state.{given['state']}", one.lang) for side, given in told.items()}
    return {
        "css": Markup(style() + files(__package__).joinpath("templates/page.css").read_text("utf-8")),  # noqa: S704 - our own
        "state": state,
        "state_word": say(f"card.state.{state}", one.lang),
        "state_said": say(f"card.state_said.{state}", one.lang),
        "running": one.say("compare.running", **{side: given["run"] for side, given in told.items()}, **words),
        "title": one.say("compare.title", **{side: given["run"] for side, given in told.items()}),
        "name": one.pair.after.scheme.name(one.lang),
    }


def facts(one: Comparison) -> Iterator[tuple[str, str, str]]:
    """Say of both runs what they are made of: name of the fact, before, after."""
    yield one.say("compare.fact.side"), str(one.pair.before.manifest["run"]), str(one.pair.after.manifest["run"])
    sides = [_facts(run, one) for run in one.pair.runs]
    yield from ((one.say(f"compare.fact.{name}"), sides[0][name], sides[1][name]) for name in FACTS)


def _facts(run: Run, one: Comparison) -> dict[str, str]:
    told, lang = run.manifest, one.lang
    said = say(f"card.state_said.{told['state']}", lang)
    overrides = str(told.get("parameters", {}).get("overrides") or "").replace("\\", "/").rpartition("/")[2]
    return {
        "state": one.say("compare.state", state=say(f"card.state.{told['state']}", lang), said=said),
        "period": period_words(str(told["periods"]["this"]), lang),
        "as_of": day(told["as_of"]),
        "scheme": run.scheme.name(lang),
        "version": run.scheme.version,
        "overrides": overrides or one.say("compare.none"),
        "made_at": day(told.get("made_at")) or "—",
    }


def differences(one: Comparison) -> str:
    """Say whether all that follows comes of the weights, and what else differs."""
    found = one.pair.differs()
    weights = comparison.weights(one.pair)
    same = not comparison.difference_mask(weights["weight_before"], weights["weight_after"]).any()
    what = one.say("compare.comma").join(one.say(f"compare.differs.{name}") for name in found)
    return one.say(f"compare.differs.{_kind(same=same, others=bool(found))}", what=what)


def _kind(*, same: bool, others: bool) -> str:
    return ("others" if same else "some") if others else ("nothing" if same else "weights_only")


def comparison_caveats(one: Comparison) -> Iterator[str]:
    """Say what keeps the two from being compared like with like."""
    found = one.pair.differs()
    if "period" in found:
        periods = (period_words(str(run.manifest["periods"]["this"]), one.lang) for run in one.pair.runs)
        yield one.say("compare.beware.period", **dict(zip(SIDES, periods, strict=True)))
    if "full_marks" in found:
        yield one.say("compare.beware.full_marks")
    if one.staff is None and any(run.manifest.get(f"{OFFICER}s") for run in one.pair.runs):
        yield one.say("compare.beware.staff")


def _banner_lines(one: Comparison) -> tuple[str, ...]:
    """Repeat what the pages of both runs warn of, once."""
    return tuple(dict.fromkeys(line for run in one.pair.runs for line in banner(run.manifest, one.lang)))


# What changed since the last run: facts for manifest and log, a few lines for the console; of officers only numbers.


MOST_NAMED = 10
"""As many units, and names of units, as are told."""


MANY = 0.1
"""The share of a level that newly lacks a value for an indicator before it is told."""


COUNTED = ("placed", "moved", "won", "lost", "reclassed", "appeared", "gone")
"""What is counted of each level: see moved.shifts."""


Facts = dict[str, Any]


def find_changes(new: Path, old: Path) -> Facts:
    """Compare a run's folder with that of an earlier one; every pair is [before, after].

    - run: the earlier one; period, as_of: pairs; differs: what else is not the same (see moved.Pair.differs)
    - units: level -> placed (a place in the same class in both), moved, rose, fell, won and lost (a place), reclassed,
      appeared, gone; above officers also names, of those that won, lost, appeared and are gone
    - farthest: the ten that moved most places: unit_id, name, level, group, place (pair), of, climbed
    - void, lacking: indicator, name by language, level, status, units (pair)
    - rows, late: table -> pair, where they differ; late only of one and the same period
    - version, overrides, packages: pairs, where they differ; weights: how many were rewritten

    A run that cannot be read any more gives run and `unread`, the reason: it must not cost the new one.
    """
    try:
        one = compare(open_run(old), open_run(new))
        return {
            **_sides(one),
            "units": dict(_units(one)),
            "farthest": _largest_moves(one),
            **_gaps(one),
            **_provenance_changes(one),
        }
    except (FengqiaoError, OSError, ValueError, LookupError, TypeError) as error:
        return {"run": old.name, "unread": type(error).__name__}


def _sides(one: Comparison) -> Facts:
    told = [run.manifest for run in one.pair.runs]
    periods, moments = [str(each["periods"]["this"]) for each in told], [str(each["as_of"]).replace("T", " ") for each in told]
    return {"run": told[0]["run"], "period": periods, "as_of": moments, "differs": list(one.pair.differs())}


def _units(one: Comparison) -> Iterator[tuple[str, Facts]]:
    for level, part in one.levels(staff=True):
        counts = comparison.shifts(part)
        climbed = part["climbed"].dropna()
        found = {name: counts[name] for name in COUNTED} | {"rose": int((climbed > 0).sum()), "fell": int((climbed < 0).sum())}
        yield level, found if level == OFFICER else found | {"names": _incomparable_names(part)}


def _incomparable_names(part: pd.DataFrame) -> dict[str, list[str]]:
    """Name the first of those whose places cannot be compared, by what became of them."""
    was, now = (part[f"in_{side}"] for side in SIDES)
    placed = [part[f"rank_{side}"].notna() & was & now for side in SIDES]
    kinds = {"won": placed[1] & ~placed[0], "lost": placed[0] & ~placed[1], "appeared": ~was, "gone": ~now}
    return {kind: part.loc[them, "name"].head(MOST_NAMED).tolist() for kind, them in kinds.items() if them.any()}


def _largest_moves(one: Comparison) -> list[Facts]:
    ends = [end for _, part in one.levels() for end in comparison.largest_moves(part, MOST_NAMED)]
    every = pd.concat(ends) if ends else pd.DataFrame({"climbed": []})
    order = every["climbed"].astype("float64").abs().sort_values(ascending=False, kind="stable").index[:MOST_NAMED]
    return [_move_facts(row) for row in every.loc[order].to_dict("records")]


def _move_facts(row: Mapping[Any, Any]) -> Facts:
    place = [int(row[f"rank_{side}"]) for side in SIDES]
    named = {name: str(row[name]) for name in ("unit_id", "name", "level")}
    return {**named, "group": str(row["group_after"]), "place": place, "of": int(row["of_after"]), "climbed": int(row["climbed"])}


def _gaps(one: Comparison) -> Facts:
    """List the indicators that became void or are so no longer, and those that many units newly lack."""
    was, now = (run.manifest.get("units", {}) for run in one.pair.runs)
    held = {level: count for level, count in now.items() if level in was}
    counts = comparison.missing_counts(one.pair).to_dict("records")
    void = [row for row in counts if row["status"] == "void" and row["before"] != row["after"]]
    newly = [
        row for row in counts if row["status"] != "void" and row["level"] in held and _is_widespread(row, held[row["level"]])
    ]
    names = {each.code: each.name for run in one.pair.runs for each in run.scheme.indicators}
    return {key: [_gap(row, names) for row in rows] for key, rows in (("void", void), ("lacking", newly))}


def _is_widespread(row: Mapping[Any, Any], units: int) -> bool:
    return bool(row["after"] - row["before"] >= max(1, MANY * units))


def _gap(row: Mapping[Any, Any], names: Mapping[str, Any]) -> Facts:
    code = str(row["indicator"])
    name = {lang: names[code](lang) if code in names else code for lang in LANGUAGES}
    return {"indicator": code, "name": name, "level": row["level"], "status": row["status"], "units": [row[s] for s in SIDES]}


def _provenance_changes(one: Comparison) -> Facts:
    """Say what differs of what the runs were made of: rows and late records of tables, scheme, weights, packages."""
    before, after = one.pair.runs
    same = before.manifest["periods"]["this"] == after.manifest["periods"]["this"]
    every = comparison.weights(one.pair)
    rewritten = comparison.difference_mask(every["weight_before"], every["weight_after"])
    found = {
        "rows": _changed_pairs(*(run.manifest.get("counts", {}) for run in one.pair.runs)),
        "late": _changed_pairs(*map(_late_counts, one.pair.runs)) if same else {},
        "version": _pair(before.scheme.version, after.scheme.version),
        "overrides": _pair(*map(_overrides, one.pair.runs)),
        "weights": every.loc[rewritten, "part"].map(lambda part: part.code).nunique(),
        "packages": _changed_pairs(*(run.manifest.get("packages", {}) for run in one.pair.runs)),
    }
    return {key: value for key, value in found.items() if value}


def _late_counts(run: Run) -> dict[str, int]:
    codes = {table.label: table.name for table in TABLES.values()}
    told = [line["given"] for line in run.manifest["notes"] if line["key"] == "late"]
    return {codes.get(given["table"], given["table"]): given["count"] for given in told}


def _overrides(run: Run) -> str:
    given = str(run.manifest.get("parameters", {}).get("overrides") or "")
    return given.replace("\\", "/").rpartition("/")[2]


def _changed_pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Facts:
    """Pair what two mappings say otherwise; a number that one of them lacks is none.

    >>> _changed_pairs({"cases": 3, "visits": 5}, {"cases": 4, "visits": 5, "duties": 1})
    {'cases': [3, 4], 'duties': [0, 1]}
    """
    named = {name: type(value)() for name, value in {**before, **after}.items()}
    pairs = {name: [before.get(name, none), after.get(name, none)] for name, none in named.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _pair(before: str, after: str) -> list[str]:
    return [] if before == after else [before, after]


def change_lines(changes: Mapping[str, Any], lang: str | None = None) -> list[str]:
    """Say in a few lines what since() found; nothing where there was no earlier run.

    >>> change_lines({"run": "q3", "unread": "FileNotFoundError"}, "en")
    ['the last run, q3, cannot be read any more (FileNotFoundError): not compared']
    """
    lang = lang or language()
    if not changes or "unread" in changes:
        return [say("since.unread", lang, run=changes["run"], why=changes["unread"])] if changes else []
    parts = (_difference_lines, _counts, _level_lines, _move_lines, _gap_lines)
    said = [line for part in parts for line in part(changes, lang)]
    earlier = {"run": changes["run"], "period": changes["period"][0], "as_of": day(changes["as_of"][0])}
    return [say("since.head" if said else "since.same", lang, **earlier), *(f"  {line}" for line in said)]


def _difference_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Say what the runs were made of; that the next period is another one stands in the head."""
    plainly = {"period", "as_of"} if changes["period"][0] != changes["period"][1] else set()
    found = [say(f"compare.differs.{name}", lang) for name in changes["differs"] if name not in plainly]
    found += [say("since.weights", lang, n=changes["weights"])] if "weights" in changes else []
    none = say("compare.none", lang)
    for key in ("version", "overrides"):
        before, after = changes.get(key, ("", ""))
        found += [say(f"since.{key}", lang, before=before or none, after=after or none)] if key in changes else []
    found += [f"{name} {_arrow(pair, lang)}" for name, pair in changes.get("packages", {}).items()]
    if found:
        yield say("since.differs", lang, what=_join_items(found, lang))


def _counts(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    rows = [f"{_table(name, lang)} {signed(after - before, 0)}" for name, (before, after) in changes.get("rows", {}).items()]
    late = [f"{_table(name, lang)} {_arrow(pair, lang)}" for name, pair in changes.get("late", {}).items()]
    yield from ([say("since.rows", lang, tables=_join_items(rows, lang))] if rows else [])
    yield from ([say("since.late", lang, tables=_join_items(late, lang))] if late else [])


def _level_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    for level, found in changes["units"].items():
        name = term("level", level, lang)
        if found["moved"]:
            yield say("since.moved", lang, level=name, **{key: found[key] for key in ("placed", "moved", "rose", "fell")})
        for kind in ("won", "lost", "reclassed", "appeared", "gone"):
            if found[kind]:
                names = _names_words(found.get("names", {}).get(kind, []), found[kind], lang)
                yield say(f"since.{kind}", lang, level=name, n=found[kind], names=names)


def _names_words(names: Sequence[str], n: int, lang: str) -> str:
    if not names:
        return ""
    more = say("compare.more", lang, n=n) if n > len(names) else ""
    return say("compare.names", lang, names=_join_items(names, lang) + more)


def _move_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    if changes["farthest"]:
        yield say("since.farthest", lang, units=_join_items([_unit(each, lang) for each in changes["farthest"]], lang))


def _unit(found: Mapping[str, Any], lang: str) -> str:
    by = say("compare.up" if found["climbed"] > 0 else "compare.down", lang, n=abs(found["climbed"]))
    before, after = found["place"]
    place = say("compare.out_of", lang, before=before, after=after, of=found["of"])
    return say("since.unit", lang, name=found["name"], unit=found["unit_id"], by=by, place=place)


def _gap_lines(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    found = [*changes["void"], *changes["lacking"]]
    for gap in found[:MOST_NAMED]:
        words = {"level": term("level", gap["level"], lang), "status": term("status", gap["status"], lang)}
        yield say("since.lacking", lang, indicator=gap["name"][lang], **words, units=_arrow(gap["units"], lang))
    if len(found) > MOST_NAMED:
        yield say("since.more", lang, n=len(found) - MOST_NAMED)


def _arrow(pair: Sequence[Any], lang: str) -> str:
    before, after = (plain(value) if isinstance(value, int) else value or "—" for value in pair)
    return say("compare.arrow", lang, before=before, after=after)


def _table(name: str, lang: str) -> str:
    return TABLES[name].label if lang == "zh" and name in TABLES else name


def _join_items(parts: Sequence[str], lang: str) -> str:
    return say("compare.comma", lang).join(parts)
