"""What changed between two finished runs: one row a unit, totals as whole numbers, and the sums that a leader asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, FengqiaoError, InputError, UsageError
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.results.seal import LEDGER
from fengqiao_eval.results.standings import class_order, county_names, frame, lacks_coverage
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.load import reweigh
from fengqiao_eval.scheme.scheme import Dimension, Scheme, is_scored, nominal, parts_of, weight_at
from fengqiao_eval.scoring.ranking import award_nominees
from fengqiao_eval.wording.numbers import text
from fengqiao_eval.words import LANGUAGES

SIDES = ("before", "after")


SIGNED = ("version", "author", "checker", "decided_on", "title", "title_en", "sources", "justified", "judgements")
"""What a scheme says of itself that changes no total."""


LACKING = ("void", "too_few", "no_records")
"""The statuses of a measure that should have a value and has none."""


NAMED = 10
"""As many units as are named."""


MANY = 0.1
"""The share of a level that newly lacks a value for an indicator before it is told."""


COUNTED = ("placed", "moved", "won", "lost", "reclassed", "appeared", "gone", "rose", "fell", "names")
"""What is told of each level since the last run."""


ChangeFacts = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two finished runs, the earlier one first.

    Raises UsageError for a run without places.
    """

    before: Run
    after: Run

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        for run in self.runs:
            if run.frame("ranks").data.empty:
                raise UsageError("compare.no_places", run=run.manifest["run"])

    @property
    def runs(self) -> tuple[Run, Run]:
        """Give both."""
        return self.before, self.after

    @property
    def labels(self) -> tuple[str, str]:
        """Name both so that they are told apart: by run, else by folder, moment of counting, weights or making; else A and B."""
        names = tuple(str(run.manifest["run"]) for run in self.runs)
        if names[0] != names[1]:
            return names[0], names[1]
        apart = (
            lambda run: run.path.name,
            lambda run: run.path.parent.name,
            lambda run: str(run.manifest["as_of"])[:10],
            overrides,
            lambda run: str(run.manifest.get("made_at") or "")[:16].replace("T", " "),
        )
        for read in apart:
            first, second = map(read, self.runs)
            if first and second and first != second:
                return f"{names[0]} ({first})", f"{names[1]} ({second})"
        return f"{names[0]} (A)", f"{names[1]} (B)"

    @property
    def decimals(self) -> int:
        """Say how many decimals the finer of the totals has; all totals are whole numbers of that size."""
        return max(run.scheme.decimals for run in self.runs)

    @property
    def levels(self) -> tuple[str, ...]:
        """Name the levels of either run, from the top."""
        return tuple(dict.fromkeys(level for run in reversed(self.runs) for level in run.scheme.levels))

    @property
    def indicators(self) -> dict[str, Indicator]:
        """Find the indicators of either run by code, as the later one has them."""
        return {each.code: each for run in self.runs for each in run.scheme.indicators}

    @cached_property
    def units(self) -> pd.DataFrame:
        """The units above officers (see units)."""
        return units(self)

    @cached_property
    def staff(self) -> pd.DataFrame | None:
        """The officers; None where their folder opens to its owner only."""
        try:
            return units(self, officers=True)
        except PermissionError:
            return None

    def by_level(self, *, staff: bool = False) -> list[tuple[str, pd.DataFrame]]:
        """List the levels that hold units, with these; officers last, where they are asked for and may be read."""
        every = [self.units, *([self.staff] if staff and self.staff is not None else [])]
        return [(str(level), part) for listed in every for level, part in listed.groupby("level", sort=False)]

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Every part at every level: part, level, weight as written and share of the total (per cent), of both sides.

        Decimals, None where a side does not score the part at the level. rewritten, shifted: whether weight and share differ.
        """
        before, after = (_weights(run.scheme, self.levels) for run in self.runs)
        named = {part.code: part for run in self.runs for _, _, part in parts_of(run.scheme)}
        keys = dict.fromkeys((*after, *before))
        rows = [(named[key[0]], key[1], *before.get(key, (None, None)), *after.get(key, (None, None))) for key in keys]
        columns = ["part", "level", "weight_before", "share_before", "weight_after", "share_after"]
        found = pd.DataFrame(rows, columns=columns, dtype=object)
        rewritten, shifted = (found[f"{of}_before"] != found[f"{of}_after"] for of in ("weight", "share"))
        return found.assign(rewritten=rewritten, shifted=shifted)

    def differs(self) -> tuple[str, ...]:
        """Name what differs besides weights: period, as_of, full_marks, scheme, records, tables, levels, package."""
        first, second = map(_provenance, self.runs)
        found = [name for name in first if first[name] != second[name]]
        same = _copy_weights(self.before.scheme, self.after.scheme) == _copy_weights(self.after.scheme, self.after.scheme)
        return tuple(found) if same else (*found, "scheme")


def _provenance(run: Run) -> ChangeFacts:
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


def _weights(scheme: Scheme, levels: tuple[str, ...]) -> dict[tuple[str, str], tuple[Any, Any]]:
    shares = {level: nominal(scheme, level) for level in levels if level in scheme.levels}
    found = {}
    for _, _, part in parts_of(scheme):
        leaves = part.leaves if isinstance(part, Dimension) else (part,)
        for level, share in shares.items():
            if is_scored(part, level):
                found[part.code, level] = weight_at(part.weight, level), 100 * sum(share.get(leaf.code, 0) for leaf in leaves)
    return found


# Units and levels: who moved, and how far.


def units(pair: Pair, *, officers: bool = False) -> pd.DataFrame:
    """Join the main periods of both runs: a row for each unit of either, by level, class and place.

    unit_id, name, level, group (the later), county, in_before, in_after; per side group, total (whole 10^-decimals), rank, of,
    grade and award ('', named, tied); change (whole points), climbed (places, only within the same class).
    """
    sides = [_side(run, pair.decimals, officers=officers) for run in pair.runs]
    joined = sides[0].merge(sides[1], on=["unit_id", "level"], how="outer", suffixes=("_before", "_after"), indicator="where")
    joined = joined.assign(
        in_before=joined["where"] != "right_only",
        in_after=joined["where"] != "left_only",
        **{name: joined[f"{name}_after"].fillna(joined[f"{name}_before"]) for name in ("name", "county")},
        change=joined["total_after"] - joined["total_before"],
        climbed=(joined["rank_before"] - joined["rank_after"]).where(joined["group_before"] == joined["group_after"]),
        group=joined["group_after"].fillna(""),
        order=joined["level"].map({level: number for number, level in enumerate(pair.levels)}),
    )
    joined = joined.fillna({f"{name}_{side}": "" for name in ("grade", "award") for side in SIDES})
    return joined.sort_values(["order", "group_after", "rank_after", "unit_id"], ignore_index=True)


def _side(run: Run, decimals: int, *, officers: bool) -> pd.DataFrame:
    if officers and run.frame("ranks", officers=True).data.empty:
        return _side(run, decimals, officers=False).iloc[:0]
    ranks = frame(run, "ranks", officers=officers)
    return ranks[["unit_id", "name", "level", "rank", "of", "grade"]].assign(
        group=ranks["peer_class"].fillna(""),
        total=(ranks["total"] * 10**decimals).round().astype("Int64").mask(lacks_coverage(ranks, run.scheme)),
        county=_counties(run, ranks, officers=officers),
        award=_awards(run, ranks, officers=officers),
    )


def _counties(run: Run, ranks: pd.DataFrame, *, officers: bool) -> pd.Series:
    """Name the county of each unit; of a county itself, and above, there is none."""
    county = ranks["unit_id"].map(frame(run, "units", officers=officers).set_index("unit_id")["county_id"]).map(text)
    return county_names(run, county.where(county != ranks["unit_id"], ""))


def _awards(run: Run, ranks: pd.DataFrame, *, officers: bool) -> np.ndarray:
    lines = frame(run, "adjustments", officers=officers)
    barred = ranks["unit_id"].isin(lines.loc[lines["effect"] == "bar_award", "unit_id"] if len(lines) else [])
    place, within = ranks["rank"].fillna(0).to_numpy(dtype=np.int64), ranks["level"] + "\n" + ranks["peer_class"].fillna("")
    named, tied = award_nominees(place, within.to_numpy(), run.scheme.awards, barred.to_numpy())
    return np.where(tied, "tied", np.where(named, "named", ""))


def movements(pair: Pair) -> dict[str, ChangeFacts]:
    """Count what changed at each level (see shifts), with rose and fell (units).

    Above officers also names: the first of those that won or lost a place, appeared or are gone.
    """
    found: dict[str, ChangeFacts] = {}
    for level, part in pair.by_level(staff=True):
        climbed, kinds = part["climbed"].dropna(), _kinds(part)
        found[level] = shifts(part) | {"rose": int((climbed > 0).sum()), "fell": int((climbed < 0).sum())}
        if level != OFFICER:
            them = {kind: part.loc[kinds[kind], "name"] for kind in ("won", "lost", "appeared", "gone") if kinds[kind].any()}
            found[level]["names"] = {kind: names.head(NAMED).tolist() for kind, names in them.items()}
    return found


def shifts(listed: pd.DataFrame) -> ChangeFacts:
    """Count what changed for the units of one level.

    both: in both runs; placed: a place in the same class in both, of which moved, by mean_move, up and down (places); scored: a
    total in both, of which changed, by mean_change, gain and loss (whole points); won, lost: a place; reclassed, regraded,
    appeared, gone: units.
    """
    both = listed[listed["in_before"] & listed["in_after"]]
    climbed, change = both["climbed"].dropna().astype("int64"), both["change"].dropna().astype("int64")
    return {
        "both": len(both),
        **{kind: int(them.sum()) for kind, them in _kinds(listed).items()},
        "placed": len(climbed),
        "moved": int((climbed != 0).sum()),
        "mean_move": climbed.abs().mean() if len(climbed) else None,
        "up": int(max([0, *climbed])),
        "down": int(max([0, *-climbed])),
        "scored": len(change),
        "changed": int((change != 0).sum()),
        "mean_change": change.mean() if len(change) else None,
        "gain": int(change.max()) if len(change) else None,
        "loss": int(change.min()) if len(change) else None,
    }


def _kinds(listed: pd.DataFrame) -> dict[str, pd.Series]:
    """Say of each unit what became of it besides a move."""
    was, now = (listed[f"in_{side}"] for side in SIDES)
    before, after = (listed[f"rank_{side}"].notna() & was & now for side in SIDES)
    return {
        "reclassed": was & now & (listed["group_before"] != listed["group_after"]),
        "regraded": was & now & (listed["grade_before"] != listed["grade_after"]),
        "won": after & ~before,
        "lost": before & ~after,
        "appeared": ~was,
        "gone": ~now,
    }


def moves(pair: Pair, most: int) -> list[ChangeFacts]:
    """List the units above officers that moved most, level by level: at most so many that climbed, then as many that fell."""
    ends = (end for _, part in pair.by_level() for end in largest_moves(part, most))
    return [row for end in ends for row in end.to_dict("records")]


def largest_moves(listed: pd.DataFrame, most: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the units that climbed and that fell most places, at most so many each; among equals who won or lost most points."""
    moved = listed[listed["climbed"].fillna(0) != 0].sort_values(["climbed", "change", "unit_id"], ascending=[False, False, True])
    return moved[moved["climbed"] > 0].head(most), moved[moved["climbed"] < 0].iloc[::-1].head(most)


def grade_transitions(listed: pd.DataFrame) -> pd.DataFrame:
    """Count who went from one grade to another: grade_before, grade_after, n; '' is no grade. Only units of both runs."""
    both = listed[_kinds(listed)["regraded"]]
    return both.groupby(["grade_before", "grade_after"], as_index=False).size().rename(columns={"size": "n"})


def group_changes(listed: pd.DataFrame, by: str) -> pd.DataFrame:
    """Give the change in points of each class or county: group, n, mean, low, high (whole points), rose and fell."""
    scored = listed[listed["change"].notna()].astype({"change": "int64"})
    scored = scored.assign(rose=scored["change"] > 0, fell=scored["change"] < 0).groupby(scored[by].rename("group"))
    change, ways = scored["change"].agg(n="size", mean="mean", low="min", high="max"), scored[["rose", "fell"]].sum()
    return change.join(ways).loc[sorted(change.index, key=class_order)].reset_index()


def partial_count(listed: pd.DataFrame) -> int:
    """Count the units of both runs that lack a total of the whole in one of them: their totals are not compared."""
    both = listed["in_before"] & listed["in_after"]
    return int((both & (listed["total_before"].isna() | listed["total_after"].isna())).sum())


def award_changes(listed: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the units that enter the award list, and those that leave it."""
    was, now = (listed[f"award_{side}"] != "" for side in SIDES)
    return listed[now & ~was], listed[was & ~now]


# Measures without a value.


def missing_counts(pair: Pair) -> pd.DataFrame:
    """Count the units above officers without a value of an indicator: indicator, level, status (of LACKING), before, after."""
    counts, keys = [], ["indicator", "level", "status"]
    for run in pair.runs:
        measured = run.frame("points").of_period(run.period)
        counts.append(measured.loc[measured["status"].isin(LACKING), keys].astype("str").groupby(keys).size())
    return pd.concat(counts, axis=1, keys=SIDES).fillna(0).astype("int64").reset_index()


def void_changes(counts: pd.DataFrame) -> pd.DataFrame:
    """Keep of the missing counts those of indicators with more or fewer void measures."""
    return counts[(counts["status"] == "void") & (counts["before"] != counts["after"])]


# What changed since the last run, as the manifest keeps it: of officers only numbers.


def find_changes(new: Path, old: Path) -> ChangeFacts:
    """Compare a run's folder with that of an earlier one; every pair is [before, after].

    - run: the earlier one; period, as_of: pairs; differs: what else is not the same (see Pair.differs)
    - units: level -> placed (a place in the same class in both), moved, rose, fell, won and lost (a place), reclassed,
      appeared, gone; above officers also names, of those that won, lost, appeared and are gone
    - farthest: the ten that moved most places: unit_id, name, level, group, place (pair), of, climbed
    - void, lacking: indicator, name by language, level, status, units (pair)
    - rows, late: table -> pair, where they differ; late only of one and the same period
    - version, overrides, packages: pairs, where they differ; weights: how many were rewritten

    A run that cannot be read any more gives run and `unread`, what of it cannot; a final one whose seal is broken `broken`, the
    file that differs: neither must cost the new one.
    """
    try:
        pair = Pair(open_run(old), open_run(new))
        before, after = map(_provenance, pair.runs)
        levels = movements(pair).items()
        return {
            "run": pair.before.manifest["run"],
            **{name: [str(before[name]), str(after[name])] for name in ("period", "as_of")},
            "differs": list(pair.differs()),
            "units": {level: {name: found[name] for name in COUNTED if name in found} for level, found in levels},
            "farthest": _farthest_moves(pair),
            **_gaps(pair),
            **_source_changes(pair),
        }
    except (FengqiaoError, OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, InputError):  # its seal is broken
            return {"run": old.name, "broken": str(error.faults[0].given.get("path", LEDGER))}
        named = error.given.get("given") if isinstance(error, UsageError) else None
        return {"run": old.name, "unread": Path(named).name if named else type(error).__name__}


def _farthest_moves(pair: Pair) -> list[ChangeFacts]:
    found = sorted(moves(pair, NAMED), key=lambda row: -abs(row["climbed"]))[:NAMED]
    return [
        {name: str(row[name]) for name in ("unit_id", "name", "level", "group")}
        | {"place": [int(row[f"rank_{side}"]) for side in SIDES], "of": int(row["of_after"]), "climbed": int(row["climbed"])}
        for row in found
    ]


def _gaps(pair: Pair) -> ChangeFacts:
    """List the indicators that became void or are so no longer, and those that many units newly lack."""
    counts, (was, now) = missing_counts(pair), (run.manifest.get("units", {}) for run in pair.runs)
    most = MANY * counts["level"].map({level: now[level] for level in now if level in was}).astype("float64")
    lacking = counts[(counts["status"] != "void") & (counts["after"] - counts["before"] >= most.clip(lower=1))]
    found = {"void": void_changes(counts), "lacking": lacking}
    return {key: [_gap(row, pair.indicators) for row in rows.to_dict("records")] for key, rows in found.items()}


def _gap(row: Mapping[Any, Any], indicators: Mapping[str, Indicator]) -> ChangeFacts:
    code = str(row["indicator"])
    return {
        "indicator": code,
        "name": {lang: indicators[code].name(lang) if code in indicators else code for lang in LANGUAGES},
        "level": row["level"],
        "status": row["status"],
        "units": [row[side] for side in SIDES],
    }


def _source_changes(pair: Pair) -> ChangeFacts:
    """Say what differs of what the runs were made of: rows and late records of tables, scheme, weights, packages."""
    told = [run.manifest for run in pair.runs]
    same = told[0]["periods"]["this"] == told[1]["periods"]["this"]
    weights = pair.weights
    found = {
        "rows": _changed_pairs(*(each.get("counts", {}) for each in told)),
        "late": _changed_pairs(*map(_late_counts, told)) if same else {},
        **_changed_pairs(*({"version": run.scheme.version, "overrides": overrides(run)} for run in pair.runs)),
        "weights": weights.loc[weights["rewritten"], "part"].map(lambda part: part.code).nunique(),
        "packages": _changed_pairs(*(each.get("packages", {}) for each in told)),
    }
    return {key: value for key, value in found.items() if value}


def _late_counts(manifest: Mapping[str, Any]) -> dict[str, int]:
    codes = {table.label: table.name for table in TABLES.values()}
    told = [line["given"] for line in manifest["notes"] if line["key"] == "late"]
    return {codes.get(given["table"], given["table"]): given["count"] for given in told}


def overrides(run: Run) -> str:
    """Name the file that changed the weights of a run; empty where there was none."""
    return str(run.manifest.get("parameters", {}).get("overrides") or "").replace("\\", "/").rpartition("/")[2]


def _changed_pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> ChangeFacts:
    """Pair what two mappings say otherwise; a number that one of them lacks is none.

    >>> _changed_pairs({"cases": 3, "visits": 5}, {"cases": 4, "visits": 5, "duties": 1})
    {'cases': [3, 4], 'duties': [0, 1]}
    """
    nothing = {name: type(value)() for name, value in {**before, **after}.items()}
    pairs = {name: [before.get(name, none), after.get(name, none)] for name, none in nothing.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
