"""What changed between two finished runs: one row a unit, totals as whole numbers, and the sums that a leader asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import class_order, frame
from fengqiao_eval.scheme.load import reweigh
from fengqiao_eval.scheme.scheme import Dimension, Scheme, is_scored, nominal, parts_of, weight_at
from fengqiao_eval.scoring.ranking import award_nominees
from fengqiao_eval.wording.numbers import text

SIDES = ("before", "after")


SIGNED = ("version", "author", "checker", "decided_on", "title", "title_en", "sources", "justified", "judgements")
"""What a scheme says of itself that changes no total."""


LACKING = ("void", "too_few", "no_records")
"""The statuses of a measure that should have a value and has none."""


@dataclass(frozen=True)
class Pair:
    """Two finished runs, the earlier one first."""

    before: Run
    after: Run

    @property
    def runs(self) -> tuple[Run, Run]:
        """Give both."""
        return self.before, self.after

    @property
    def decimals(self) -> int:
        """Say how many decimals the finer of the totals has; all totals are whole numbers of that size."""
        return max(run.scheme.decimals for run in self.runs)

    @property
    def levels(self) -> tuple[str, ...]:
        """Name the levels of either run, from the top."""
        return tuple(dict.fromkeys(level for run in reversed(self.runs) for level in run.scheme.levels))

    def differs(self) -> tuple[str, ...]:
        """Name what differs besides weights: period, as_of, full_marks, scheme, records, tables, levels, package."""
        first, second = map(_provenance, self.runs)
        found = [name for name in first if first[name] != second[name]]
        same = _copy_weights(self.before.scheme, self.after.scheme) == _copy_weights(self.after.scheme, self.after.scheme)
        return tuple(found) if same else (*found, "scheme")


def _provenance(run: Run) -> dict[str, Any]:
    told, prints = run.manifest, run.manifest.get("fingerprints", {})
    return {
        "period": told["periods"]["this"],
        "as_of": str(told["as_of"]).replace("T", " "),
        "full_marks": run.scheme.full_marks,
        "records": prints.get("records"),
        "tables": told.get("parameters", {}).get("tables"),
        "levels": list(told["levels"]),
        "package": prints.get("package"),
    }


def _copy_weights(scheme: Scheme, other: Scheme) -> Scheme:
    """Put the weights and the signatures of another scheme on one, so that only the rules are left to differ."""
    weights = {part.code: part.weight for _, _, part in parts_of(other)}
    return reweigh(scheme, weights).model_copy(update={name: getattr(other, name) for name in (*SIGNED, "full_marks")})


def weights(pair: Pair) -> pd.DataFrame:
    """Lay out every part at every level: part, level, weight as written and share of the total (per cent), of both sides.

    Decimals, None where a side does not score the part at the level.
    """
    before, after = (_weights(run.scheme, pair.levels) for run in pair.runs)
    named = {part.code: part for run in pair.runs for _, _, part in parts_of(run.scheme)}
    rows = []
    for code, level in dict.fromkeys((*after, *before)):
        was, now = (side.get((code, level), (None, None)) for side in (before, after))
        rows.append((named[code], level, was[0], now[0], was[1], now[1]))
    columns = ["part", "level", "weight_before", "weight_after", "share_before", "share_after"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def difference_mask(before: pd.Series, after: pd.Series) -> pd.Series:
    """Say where two columns of decimals differ; a missing one is like a missing one, and like nothing else."""
    return pd.Series([was != now for was, now in zip(before, after, strict=True)], index=before.index, dtype=bool)


def _weights(scheme: Scheme, levels: tuple[str, ...]) -> dict[tuple[str, str], tuple[Any, Any]]:
    shares = {level: nominal(scheme, level) for level in levels}
    return {
        (part.code, level): (weight_at(part.weight, level), 100 * sum(shares[level].get(code, 0) for code in _codes(part)))
        for _, _, part in parts_of(scheme)
        for level in levels
        if level in scheme.levels and is_scored(part, level)
    }


def _codes(part: Any) -> list[str]:
    return [leaf.code for leaf in part.leaves] if isinstance(part, Dimension) else [part.code]


def units(pair: Pair, *, officers: bool = False) -> pd.DataFrame:
    """Join the main periods of both runs: a row for each unit of either, by level, class and place.

    unit_id, name, level, county, in_before, in_after; per side group, total (whole 10^-decimals), rank, of, grade and award ('',
    named, tied); change (whole points), climbed (places, only within the same class).
    Raises UsageError for a run without places.
    """
    sides = [_side(run, pair.decimals, officers=officers) for run in pair.runs]
    joined = sides[0].merge(sides[1], on=["unit_id", "level"], how="outer", suffixes=("_before", "_after"), indicator="where")
    joined = joined.assign(
        in_before=joined["where"] != "right_only",
        in_after=joined["where"] != "left_only",
        **{name: joined[f"{name}_after"].fillna(joined[f"{name}_before"]) for name in ("name", "county")},
        change=joined["total_after"] - joined["total_before"],
        climbed=(joined["rank_before"] - joined["rank_after"]).where(joined["group_before"] == joined["group_after"]),
    )
    joined = joined.fillna({f"{name}_{side}": "" for name in ("grade", "award") for side in SIDES})
    order = joined["level"].map({level: number for number, level in enumerate(pair.levels)})
    return joined.assign(order=order).sort_values(["order", "group_after", "rank_after", "unit_id"], ignore_index=True)


def _side(run: Run, decimals: int, *, officers: bool) -> pd.DataFrame:
    if not officers and run.frame("ranks").data.empty:
        raise UsageError("compare.no_places", run=run.manifest["run"])
    if run.frame("ranks", officers=officers).data.empty:
        return _side(run, decimals, officers=False).iloc[:0]
    ranks = frame(run, "ranks", officers=officers)
    whole = (ranks["total"] * 10**decimals).round().astype("Int64").mask(ranks["covered"] <= 0)
    columns = ["unit_id", "name", "level", "rank", "of", "grade"]
    given = {"group": ranks["peer_class"].fillna(""), "total": whole, "county": _counties(run, ranks, officers=officers)}
    award = _award(run, ranks, officers=officers)
    return ranks[columns].assign(**given, award=award)


def _counties(run: Run, ranks: pd.DataFrame, *, officers: bool) -> pd.Series:
    """Name the county of each unit, two of one name apart; of a county itself, and above, there is none."""
    names = frame(run, "units").set_index("unit_id")["name"]
    county = ranks["unit_id"].map(frame(run, "units", officers=officers).set_index("unit_id")["county_id"]).map(text)
    county = county.where(county != ranks["unit_id"], "")
    known = {unit: str(names.get(unit, unit)) for unit in county.unique()}
    twice = [name for name in known.values() if list(known.values()).count(name) > 1]
    return county.map({unit: f"{name}（{unit}）" if name in twice else name for unit, name in known.items()})


def _award(run: Run, ranks: pd.DataFrame, *, officers: bool) -> np.ndarray:
    lines = frame(run, "adjustments", officers=officers)
    barred = ranks["unit_id"].isin(lines.loc[lines["effect"] == "bar_award", "unit_id"] if len(lines) else [])
    place, within = ranks["rank"].fillna(0).to_numpy(dtype=np.int64), ranks["level"] + "\n" + ranks["peer_class"].fillna("")
    named, tied = award_nominees(place, within.to_numpy(), run.scheme.awards, barred.to_numpy())
    return np.where(tied, "tied", np.where(named, "named", ""))


def shifts(listed: pd.DataFrame) -> dict[str, Any]:
    """Count what changed for the units of one level.

    both: in both runs; placed: a place in the same class in both, of which moved, by mean_move, up and down (places); scored: a
    total in both, of which changed, by mean_change, gain and loss (whole points); won, lost: a place; reclassed, regraded,
    appeared, gone: units.
    """
    both = listed[listed["in_before"] & listed["in_after"]]
    climbed, change = both["climbed"].dropna().astype("int64"), both["change"].dropna().astype("int64")
    placed = [both[f"rank_{side}"].notna() for side in SIDES]
    counts = {
        "both": len(both),
        "reclassed": (both["group_before"] != both["group_after"]).sum(),
        "regraded": (both["grade_before"] != both["grade_after"]).sum(),
        "won": (placed[1] & ~placed[0]).sum(),
        "lost": (placed[0] & ~placed[1]).sum(),
        "appeared": (~listed["in_before"]).sum(),
        "gone": (~listed["in_after"]).sum(),
    }
    return {**{name: int(count) for name, count in counts.items()}, **_places(climbed), **_points(change)}


def _places(climbed: pd.Series) -> dict[str, Any]:
    up, down = (max(0, _end(way, "max") or 0) for way in (climbed, -climbed))
    return {"placed": len(climbed), "moved": int((climbed != 0).sum()), "mean_move": _mean(climbed.abs()), "up": up, "down": down}


def _points(change: pd.Series) -> dict[str, Any]:
    ends = {"gain": _end(change, "max"), "loss": _end(change, "min")}
    return {"scored": len(change), "changed": int((change != 0).sum()), "mean_change": _mean(change), **ends}


def _mean(numbers: pd.Series) -> float | None:
    return int(numbers.sum()) / len(numbers) if len(numbers) else None


def _end(numbers: pd.Series, which: str) -> int | None:
    return int(getattr(numbers, which)()) if len(numbers) else None


def largest_moves(listed: pd.DataFrame, most: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the units that climbed and that fell most places, at most so many each; among equals who won or lost most points."""
    moved = listed[listed["climbed"].fillna(0) != 0].sort_values(["climbed", "change", "unit_id"], ascending=[False, False, True])
    return moved[moved["climbed"] > 0].head(most), moved[moved["climbed"] < 0].iloc[::-1].head(most)


def grade_transitions(listed: pd.DataFrame) -> pd.DataFrame:
    """Count who went from one grade to another: grade_before, grade_after, n; '' is no grade. Only units of both runs."""
    both = listed[listed["in_before"] & listed["in_after"] & (listed["grade_before"] != listed["grade_after"])]
    return both.groupby(["grade_before", "grade_after"], as_index=False).size().rename(columns={"size": "n"})


def group_changes(listed: pd.DataFrame, by: str) -> pd.DataFrame:
    """Give the change in points of each class or county: group, n, mean, low, high (whole points), rose and fell."""
    scored = listed[listed["change"].notna()].astype({"change": "int64"})
    return pd.DataFrame(_groups(scored, by), columns=["group", "n", "mean", "low", "high", "rose", "fell"])


def _groups(scored: pd.DataFrame, by: str) -> Iterator[tuple[Any, ...]]:
    for name in sorted(scored[by].unique(), key=class_order):
        change = scored.loc[scored[by] == name, "change"]
        yield name, len(change), _mean(change), change.min(), change.max(), int((change > 0).sum()), int((change < 0).sum())


def void_changes(pair: Pair) -> pd.DataFrame:
    """List indicators with more or fewer void measures: indicator, level, before, after (how many units above officers)."""
    counts = missing_counts(pair)
    listed = counts[(counts["status"] == "void") & (counts["before"] != counts["after"])]
    return listed.drop(columns="status").reset_index(drop=True)


def missing_counts(pair: Pair) -> pd.DataFrame:
    """Count the units above officers without a value of an indicator: indicator, level, status (of LACKING), before, after."""
    counts = pd.concat([_run_missing(run) for run in pair.runs], axis=1, keys=SIDES)
    return counts.fillna(0).astype("int64").reset_index()


def _run_missing(run: Run) -> pd.Series:
    measured = run.frame("points").of_period(run.period)
    keys = ["indicator", "level", "status"]
    return measured.loc[measured["status"].isin(LACKING), keys].astype("str").groupby(keys).size()
