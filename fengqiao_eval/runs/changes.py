"""What changed since the last run: facts for manifest and log, a few lines for the console; of officers only numbers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import FengqiaoError
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.scorecards import before_after, moved
from fengqiao_eval.scorecards.compared import Compared
from fengqiao_eval.scorecards.folder import Run, open_run
from fengqiao_eval.scorecards.moved import SIDES
from fengqiao_eval.scorecards.wording import day, plain, signed, term
from fengqiao_eval.words import LANGUAGES, language, say

NAMED = 10
"""As many units, and names of units, as are told."""

MANY = 0.1
"""The share of a level that newly lacks a value for an indicator before it is told."""

COUNTED = ("placed", "moved", "won", "lost", "reclassed", "appeared", "gone")
"""What is counted of each level: see moved.shifts."""

Facts = dict[str, Any]


def since(new: Path, old: Path) -> Facts:
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
        one = before_after.compare(open_run(old), open_run(new))
        return {**_sides(one), "units": dict(_units(one)), "farthest": _farthest(one), **_gaps(one), **_made_of(one)}
    except (FengqiaoError, OSError, ValueError, LookupError, TypeError) as error:
        return {"run": old.name, "unread": type(error).__name__}


def _sides(one: Compared) -> Facts:
    told = [run.manifest for run in one.pair.runs]
    periods, moments = [str(each["periods"]["this"]) for each in told], [str(each["as_of"]).replace("T", " ") for each in told]
    return {"run": told[0]["run"], "period": periods, "as_of": moments, "differs": list(one.pair.differs())}


def _units(one: Compared) -> Iterator[tuple[str, Facts]]:
    for level, part in one.levels(staff=True):
        counts = moved.shifts(part)
        climbed = part["climbed"].dropna()
        found = {name: counts[name] for name in COUNTED} | {"rose": int((climbed > 0).sum()), "fell": int((climbed < 0).sum())}
        yield level, found if level == OFFICER else found | {"names": _names(part)}


def _names(part: pd.DataFrame) -> dict[str, list[str]]:
    """Name the first of those whose places cannot be compared, by what became of them."""
    was, now = (part[f"in_{side}"] for side in SIDES)
    placed = [part[f"rank_{side}"].notna() & was & now for side in SIDES]
    kinds = {"won": placed[1] & ~placed[0], "lost": placed[0] & ~placed[1], "appeared": ~was, "gone": ~now}
    return {kind: part.loc[them, "name"].head(NAMED).tolist() for kind, them in kinds.items() if them.any()}


def _farthest(one: Compared) -> list[Facts]:
    ends = [end for _, part in one.levels() for end in moved.farthest(part, NAMED)]
    every = pd.concat(ends) if ends else pd.DataFrame({"climbed": []})
    order = every["climbed"].astype("float64").abs().sort_values(ascending=False, kind="stable").index[:NAMED]
    return [_moved(row) for row in every.loc[order].to_dict("records")]


def _moved(row: Mapping[Any, Any]) -> Facts:
    place = [int(row[f"rank_{side}"]) for side in SIDES]
    named = {name: str(row[name]) for name in ("unit_id", "name", "level")}
    return {**named, "group": str(row["group_after"]), "place": place, "of": int(row["of_after"]), "climbed": int(row["climbed"])}


def _gaps(one: Compared) -> Facts:
    """List the indicators that became void or are so no longer, and those that many units newly lack."""
    was, now = (run.manifest.get("units", {}) for run in one.pair.runs)
    held = {level: count for level, count in now.items() if level in was}
    counts = moved.lacking(one.pair).to_dict("records")
    void = [row for row in counts if row["status"] == "void" and row["before"] != row["after"]]
    newly = [row for row in counts if row["status"] != "void" and row["level"] in held and _many(row, held[row["level"]])]
    names = {each.code: each.name for run in one.pair.runs for each in run.scheme.indicators}
    return {key: [_gap(row, names) for row in rows] for key, rows in (("void", void), ("lacking", newly))}


def _many(row: Mapping[Any, Any], units: int) -> bool:
    return bool(row["after"] - row["before"] >= max(1, MANY * units))


def _gap(row: Mapping[Any, Any], names: Mapping[str, Any]) -> Facts:
    code = str(row["indicator"])
    name = {lang: names[code](lang) if code in names else code for lang in LANGUAGES}
    return {"indicator": code, "name": name, "level": row["level"], "status": row["status"], "units": [row[s] for s in SIDES]}


def _made_of(one: Compared) -> Facts:
    """Say what differs of what the runs were made of: rows and late records of tables, scheme, weights, packages."""
    before, after = one.pair.runs
    same = before.manifest["periods"]["this"] == after.manifest["periods"]["this"]
    every = moved.weights(one.pair)
    rewritten = moved.unlike(every["weight_before"], every["weight_after"])
    found = {
        "rows": _unlike(*(run.manifest.get("counts", {}) for run in one.pair.runs)),
        "late": _unlike(*map(_late, one.pair.runs)) if same else {},
        "version": _pair(before.scheme.version, after.scheme.version),
        "overrides": _pair(*map(_overrides, one.pair.runs)),
        "weights": every.loc[rewritten, "part"].map(lambda part: part.code).nunique(),
        "packages": _unlike(*(run.manifest.get("packages", {}) for run in one.pair.runs)),
    }
    return {key: value for key, value in found.items() if value}


def _late(run: Run) -> dict[str, int]:
    codes = {table.label: table.name for table in TABLES.values()}
    told = [line["given"] for line in run.manifest["notes"] if line["key"] == "late"]
    return {codes.get(given["table"], given["table"]): given["count"] for given in told}


def _overrides(run: Run) -> str:
    given = str(run.manifest.get("parameters", {}).get("overrides") or "")
    return given.replace("\\", "/").rpartition("/")[2]


def _unlike(before: Mapping[str, Any], after: Mapping[str, Any]) -> Facts:
    """Pair what two mappings say otherwise; a number that one of them lacks is none.

    >>> _unlike({"cases": 3, "visits": 5}, {"cases": 4, "visits": 5, "duties": 1})
    {'cases': [3, 4], 'duties': [0, 1]}
    """
    named = {name: type(value)() for name, value in {**before, **after}.items()}
    pairs = {name: [before.get(name, none), after.get(name, none)] for name, none in named.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _pair(before: str, after: str) -> list[str]:
    return [] if before == after else [before, after]


def lines(changes: Mapping[str, Any], lang: str | None = None) -> list[str]:
    """Say in a few lines what since() found; nothing where there was no earlier run.

    >>> lines({"run": "q3", "unread": "FileNotFoundError"}, "en")
    ['the last run, q3, cannot be read any more (FileNotFoundError): not compared']
    """
    lang = lang or language()
    if not changes or "unread" in changes:
        return [say("since.unread", lang, run=changes["run"], why=changes["unread"])] if changes else []
    parts = (_differs, _counts, _who, _named, _lacks)
    said = [line for part in parts for line in part(changes, lang)]
    earlier = {"run": changes["run"], "period": changes["period"][0], "as_of": day(changes["as_of"][0])}
    return [say("since.head" if said else "since.same", lang, **earlier), *(f"  {line}" for line in said)]


def _differs(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
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
        yield say("since.differs", lang, what=_joined(found, lang))


def _counts(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    rows = [f"{_table(name, lang)} {signed(after - before, 0)}" for name, (before, after) in changes.get("rows", {}).items()]
    late = [f"{_table(name, lang)} {_arrow(pair, lang)}" for name, pair in changes.get("late", {}).items()]
    yield from ([say("since.rows", lang, tables=_joined(rows, lang))] if rows else [])
    yield from ([say("since.late", lang, tables=_joined(late, lang))] if late else [])


def _who(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
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
    return say("compare.names", lang, names=_joined(names, lang) + more)


def _named(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    if changes["farthest"]:
        yield say("since.farthest", lang, units=_joined([_unit(each, lang) for each in changes["farthest"]], lang))


def _unit(found: Mapping[str, Any], lang: str) -> str:
    by = say("compare.up" if found["climbed"] > 0 else "compare.down", lang, n=abs(found["climbed"]))
    before, after = found["place"]
    place = say("compare.out_of", lang, before=before, after=after, of=found["of"])
    return say("since.unit", lang, name=found["name"], unit=found["unit_id"], by=by, place=place)


def _lacks(changes: Mapping[str, Any], lang: str) -> Iterator[str]:
    found = [*changes["void"], *changes["lacking"]]
    for gap in found[:NAMED]:
        words = {"level": term("level", gap["level"], lang), "status": term("status", gap["status"], lang)}
        yield say("since.lacking", lang, indicator=gap["name"][lang], **words, units=_arrow(gap["units"], lang))
    if len(found) > NAMED:
        yield say("since.more", lang, n=len(found) - NAMED)


def _arrow(pair: Sequence[Any], lang: str) -> str:
    before, after = (plain(value) if isinstance(value, int) else value or "—" for value in pair)
    return say("compare.arrow", lang, before=before, after=after)


def _table(name: str, lang: str) -> str:
    return TABLES[name].label if lang == "zh" and name in TABLES else name


def _joined(parts: Sequence[str], lang: str) -> str:
    return say("compare.comma", lang).join(parts)
