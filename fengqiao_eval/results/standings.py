"""A run at a glance: places, dimensions and reasons of the main period, for the one screen, workbook and overview."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER, SCORED
from fengqiao_eval.results.lines import aggregation_codes
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.scheme import Dimension, Scheme, full_marks_of, is_scored, least_percent
from fengqiao_eval.scoring.aggregation import covers_enough
from fengqiao_eval.scoring.normalisation import half_up
from fengqiao_eval.wording.numbers import covered_part, flags, note, plain, shown_status, term, text
from fengqiao_eval.wording.rules import labels
from fengqiao_eval.words import say


def frame(run: Run, name: str, *, officers: bool = False, period: str | None = None) -> pd.DataFrame:
    """Read a frame of a period (the main one): officers alone, or everyone above them; texts as texts."""
    data = run.frame(name, officers=officers).of_period(period or run.period)
    if "level" in data:
        data = data[(data["level"] == OFFICER) == officers]
    return data.astype(dict.fromkeys(data.select_dtypes("category"), "str")).reset_index(drop=True)


def levels(run: Run, *, officers: bool = False) -> tuple[str, ...]:
    """Name the levels that hold a unit in the main period, from the top."""
    held = set(frame(run, "ranks", officers=officers)["level"])
    return tuple(level for level in run.scheme.levels if level in held)


def main_level(levels: Sequence[str]) -> str:
    """Name the level that a whole run is spoken of by: stations, else the lowest above officers, else officers.

    >>> main_level(["city", "station", "zone"]), main_level(["city", "zone", "officer"])
    ('station', 'zone')
    """
    above = [level for level in levels if level != OFFICER] or levels
    return "station" if "station" in above else above[-1]


def dimensions_at(scheme: Scheme, level: str) -> tuple[Dimension, ...]:
    """Give the dimensions that have an indicator at a level."""
    return tuple(dimension for dimension in scheme.dimensions if is_scored(dimension, level))


def full_marks(run: Run, *, officers: bool = False) -> pd.Series:
    """Give the full marks of every unit, those of its class, by unit_id."""
    units = frame(run, "units", officers=officers).set_index("unit_id")
    return units["peer_class"].map(lambda peer_class: full_marks_of(run.scheme, text(peer_class))).astype("int64")


def places(run: Run, *, officers: bool = False) -> pd.DataFrame:
    """List the units of the main period: ranks, with parent (its name), change (places gained) and adjusted (points).

    A change is empty where either period has no place, or the class was another. Rows go by level, class and place.
    """
    now = frame(run, "ranks", officers=officers)
    before = frame(run, "ranks", officers=officers, period=run.manifest["periods"].get("previous") or "none")
    earlier = before[["unit_id", "peer_class", "rank"]].rename(columns={"rank": "rank_before"})
    now = now.merge(earlier, on=["unit_id", "peer_class"], how="left")
    names = frame(run, "units").set_index("unit_id")["name"]
    parents = frame(run, "units", officers=officers).set_index("unit_id")["parent_id"].map(names)
    adjusted = frame(run, "adjustments", officers=officers).groupby("unit_id")["contribution"].sum().round(run.scheme.decimals)
    classes = sorted(now["peer_class"].unique(), key=class_order)
    listed = now.assign(
        parent=now["unit_id"].map(parents),
        change=now["rank_before"] - now["rank"],
        adjusted=now["unit_id"].map(adjusted).fillna(0.0),
        level_order=now["level"].map({level: number for number, level in enumerate(run.scheme.levels)}),
        class_order=now["peer_class"].map({name: number for number, name in enumerate(classes)}),
    )
    return listed.sort_values(["level_order", "class_order", "rank", "unit_id"], na_position="last", ignore_index=True)


def rankability(run: Run, *, officers: bool = False) -> dict[tuple[str, str], float]:
    """Give of every class of two or more the share of its differences that is no chance, by level and name; where it is known."""
    chances, ranks = (frame(run, name, officers=officers) for name in ("chances", "ranks"))
    if chances.empty:  # an older run
        return {}
    known = chances[(chances["statement"] == "rankable") & chances["chance"].notna()].merge(ranks[ranks["of"] > 1], on="unit_id")
    shares = known.groupby(["level", "peer_class"], sort=False)["chance"].first()
    return {(str(level), str(group)): float(share) for (level, group), share in shares.items()}


def lacks_coverage(ranks: pd.DataFrame, scheme: Scheme) -> pd.Series:
    """Say of which units (rows of the frame ranks) too little was scored for a total, or nothing."""
    return pd.Series(~covers_enough(ranks["covered"].to_numpy("float64"), scheme), ranks.index)


def county_names(run: Run, county_ids: pd.Series) -> pd.Series:
    """Name counties by their ids ('': none), two of one name apart; one that the run does not hold is called by its id."""
    names = frame(run, "units").set_index("unit_id")["name"]
    known = {county: str(names.get(county, county)) for county in county_ids.unique()}
    twice = {name for name, times in Counter(known.values()).items() if times > 1}
    return county_ids.map({county: f"{name}（{county}）" if name in twice else name for county, name in known.items()})


def class_order(name: str) -> tuple[int, str]:
    """Order classes as they are counted in Chinese, which no alphabet knows.

    >>> sorted(["三类", "一类", "甲", "二类"], key=class_order)
    ['一类', '二类', '三类', '甲']
    """
    counted = "一二三四五六七八九十"
    return counted.find(name[:1]) if name[:1] in counted else len(counted), name


def adjusted_words(run: Run, lang: str) -> str:
    """Name the column of what is no indicator's: what was added and deducted, and, where there is any, what adding up changed."""
    lines = set(frame(run, "adjustments").get("line", ()))
    return say("screen.adjusted_all" if lines & aggregation_codes(run.scheme) else "screen.adjusted", lang)


def dimension_scores(run: Run, *, officers: bool = False) -> pd.DataFrame:
    """Give unit × dimension of the main period: contribution and full (points of the total), rate (per cent of full), n.

    `full` is what the dimension can give this unit, more than usual where others carry nothing; `n` adds up the records of what
    was scored, NaN where a figure does not say its own.
    A dimension of which nothing was scored has no row.
    """
    homes = {i.code: d.code for d in run.scheme.dimensions for i in d.leaves}
    points = frame(run, "points", officers=officers)
    scored = points[points["points"].notna()]
    keys = ["unit_id", scored["indicator"].map(homes).rename("dimension")]
    scored = scored.assign(unsaid=scored["n"].isna())
    sums = scored.groupby(keys)[["contribution", "weight_used", "n", "unsaid"]].sum().reset_index()
    sums = sums.assign(n=sums["n"].mask(sums["unsaid"] > 0)).drop(columns="unsaid")
    sums = sums[sums["weight_used"] > 0]
    full = sums["weight_used"] * sums["unit_id"].map(full_marks(run, officers=officers)).astype("float64")
    earned, rate = sums["contribution"].round(run.scheme.decimals), (100 * sums["contribution"] / full).round(9)
    return sums.assign(contribution=earned, full=half_up(full.round(9), 2), rate=half_up(rate, 1))


def grade_words(scheme: Scheme, grade: Any, lang: str) -> str:
    """Say a grade of the scheme in a language; empty where there is none."""
    english = {band.grade: band.grade_en for band in scheme.bands}
    return str((english.get(grade) if lang == "en" else "") or grade) if isinstance(grade, str) else ""


def statuses(points: pd.DataFrame) -> pd.Series:
    """Give the statuses of rows of the frame points as people read them."""
    shown = [shown_status(status, n) for status, n in zip(points["status"], points["n"], strict=True)]
    return pd.Series(shown, points.index, dtype=str)


def reasons(run: Run, lang: str, *, officers: bool = False) -> dict[str, str]:
    """Say of each unit without a place why it has none: what it stands for, weight scored, what was missing."""
    points, ranks = (frame(run, name, officers=officers) for name in ("points", "ranks"))
    unplaced = ranks[ranks["rank"].isna()]
    missing = points[points["points"].isna() & (points["weight"] > 0) & points["unit_id"].isin(unplaced["unit_id"])]
    gaps = dict(iter(missing.assign(status=statuses(missing)).groupby("unit_id")))
    return {row.unit_id: _reason(run.scheme, row, gaps.get(row.unit_id, missing.iloc[:0]), lang) for row in unplaced.itertuples()}


def _reason(scheme: Scheme, row: Any, gaps: pd.DataFrame, lang: str) -> str:
    if row.unit_id in scheme.unranked:
        return say("screen.reason_unknown", lang)
    barring = gaps["indicator"].isin({i.code for i in scheme.indicators if i.bars_place})
    decisive = gaps[barring & (gaps["status"] != "not_applicable")]
    raised = flags(row.flags)
    parts = [term("flag", "part_period", lang)] if "part_period" in raised else []
    if "low_coverage" in raised:
        decisive = gaps
        parts.append(say("screen.reason_covered", lang, covered=covered_part(row.covered), least=least_percent(scheme)))
    if "low_coverage" in raised or len(decisive):
        counts = decisive["status"].value_counts().items()
        missing = (say("screen.reason_missing", lang, status=term("status", status, lang), n=n) for status, n in counts)
        parts.append(say("screen.comma", lang).join(missing))
    return say("screen.semicolon", lang).join(parts) or term("flag", "not_ranked", lang)


def rule_words(run: Run, lang: str, *, officers: bool = False) -> dict[str, str]:
    """Say of each unit how much of its weight rests on no own records, but on a rule for what is missing or does not apply."""
    points = frame(run, "points", officers=officers)
    shares = points[points["points"].notna() & ~points["status"].isin(SCORED)].groupby("unit_id")["weight_used"].sum()
    return {unit: say("card.by_rule", lang, share=plain(100 * share, 1)) for unit, share in shares[shares > 0].items()}


def notes(run: Run, lang: str, most: int = 60) -> list[str]:
    """Say the notes of the manifest, what the records could not tell; at most so many, and then how many more there are."""
    called = labels(run.scheme, lang)
    said = [note(line["key"], line.get("given", {}), lang, called) for line in run.manifest["notes"]]
    more = [say("screen.more_notes", lang, n=len(said) - most)] if len(said) > most else []
    return said[:most] + more
