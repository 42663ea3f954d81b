"""Back to the records: which rows an indicator rests on, which of them lost points, which disputes are open."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from fengqiao_eval.documents import MORE
from fengqiao_eval.errors import OFFICER
from fengqiao_eval.measuring import evidence
from fengqiao_eval.measuring.compatibility import cast_undeclared
from fengqiao_eval.measuring.counting import Plan, eligible_rows
from fengqiao_eval.measuring.tallies import amounts, group_by_rows, has_best_of, is_countable, pick_best, scope
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.identifiers import WRITTEN
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES, Table
from fengqiao_eval.records.units import Tree, tree_of
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Distinct, Figure, Mean, Quantile, Share
from fengqiao_eval.scheme.scheme import Scheme, void_months

COLUMNS = ("record_id", "happened_at", "unit_id", "officer_id", "numerator", "denominator", "why")

LOSSES = ("unit_id", "indicator", "table", "record_id", "happened_at", "why")
"""why: what decided, see measuring.evidence; its words are made by wording.reasons."""

MOST_AWAY = 100
"""As many ids of each list are brought out of a database: those of one unit and indicator, line, or colour."""

BEHIND = ("unit_id", "line", "record_id")

DISPUTES = ("unit_id", "dispute_id", "tier", "received_at", "due_at", "days_left")


def trace(
    records: Records, scheme: Scheme, indicator: Entry, unit_id: str, period: Period, as_of: datetime, most: int | None = None
) -> pd.DataFrame:
    """List what one indicator of one unit rests on; numerator and denominator add up to the measure's.

    most: where more records are behind it, so many are brought, those that lost points first; totals_of says what all make.
    One row a record (a distinct thing: one row a thing, its record ids joined by spaces; a figure: its source line).
    """
    measure: Any = indicator.measure
    if not is_countable(measure, records):
        return pd.DataFrame(columns=list(COLUMNS))
    if isinstance(measure, Figure):
        figures = records.tables["figures"]
        own = figures.indicator == measure.figure
        return figures.filter(figures.unit_id == unit_id, own, figures.period == str(period)).to_pandas()
    plan = _plan(records, scheme, unit_id, period, as_of)
    rows = plan.rows(measure)
    rows = _person_rows(plan, rows, measure, unit_id) if plan.officers else _unit_rows(plan, rows, unit_id)
    rows = _best_rows(plan, rows, indicator)
    counts, above, below = _row_amounts(plan, rows, indicator)
    decided = evidence.cells(rows, indicator, above, evidence.shown_words(scheme), "why")
    rows = rows.mutate(counts_=counts, above_=above, below_=below, **decided)
    rows = rows.filter(rows.counts_)
    if plan.officers and not isinstance(measure, (Distinct, Quantile)):  # a thing, and what has a middle, has no shares
        rows = rows.mutate(**{part: rows[part] * rows.share_ / rows.parts_ for part in ("above_", "below_")})
    named = {"record_id": rows[TABLES[measure.table].key], "happened_at": rows[measure.date], "unit_id": rows.unit_id}
    named |= {"officer_id": rows.officer_id, "numerator": rows.above_, "denominator": rows.below_}
    # of which of several files it is, and how its unit was written, where any was repaired; persons are not shown as written
    named |= {name: rows[name] for name in (query.FILE, f"unit_id{WRITTEN}") if name in rows.columns}
    named |= {"thing": rows[measure.of]} if isinstance(measure, Distinct) else {}
    named |= {name: rows[name] for name in decided}
    chosen, order, whole = rows.select(**named), ["happened_at", "record_id"], None
    if most is not None and not isinstance(measure, Distinct):
        whole = query.totals(chosen, ("numerator", "denominator"))
        if whole["n"] > most:
            chosen, order = query.first_rows(*_unmet_first(chosen, indicator), order, most), []
    found = query.fetch(chosen, list(named), order)
    found.attrs = {"totals": whole} if whole else {}
    found = found.assign(why=evidence.texts(found, indicator, "why")).drop(columns=list(decided))
    return _join_things(found) if "thing" in named else found


def totals_of(behind: pd.DataFrame) -> dict[str, float]:
    """Say of what trace gave how many records it stands for (n), and their numerator and denominator."""
    sums = {name: float(behind[name].sum()) for name in ("numerator", "denominator") if name in behind}
    return behind.attrs.get("totals") or {"n": len(behind), **sums}


def aim_of(entry: Entry) -> float | None:
    """Give what a record must come to so that it lost no points: of codes the best, of parts none or all; None of a count."""
    measure, lower = entry.measure, getattr(entry, "direction", "higher") == "lower"
    if isinstance(measure, Count):
        return None
    if isinstance(measure, Coded):
        return float((min if lower else max)(measure.values.values()))  # noqa: PD011 - a field of the measure
    if isinstance(measure, (Mean, Quantile)):
        return float(getattr(entry, "target", None) or 0)
    return 0.0 if lower else 1.0


def _unmet_first(rows: Any, entry: Entry) -> tuple[Any, Any]:
    """Give rows, and what is false of those that lost points."""
    aim = aim_of(entry)
    if aim is None:
        return rows, query.constant(1, "int64")
    each = rows.numerator / rows.denominator
    met = each <= aim if getattr(entry, "direction", "higher") == "lower" else each >= aim
    return rows, query.is_so(met).cast("int64")


def unit_rows(
    records: Records, scheme: Scheme, indicator: Entry, unit_id: str, period: Period, as_of: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring every row of an indicator's table that counts for a unit, of whatever date, as it was read: nothing is tested.

    First the units whose records these are (unit_id, name, level; no person but the one asked for); then the rows: the columns
    that the measure looks at, the key, times of recording and `share_`, how much of the row is the unit's (of a person's less
    than 1 where it is shared). Of duties `visits_made` is counted, of notices the unit is found; dates are moments.
    """
    measure: Any = indicator.measure
    plan = _plan(records, scheme, unit_id, period, as_of)
    table, tables = TABLES[measure.table], {name: plan.records.tables[name] for name in measure.tables}
    if measure.table != "visits" and "visits" in tables:
        tables["visits"] = query.moment(tables["visits"], TABLES["visits"], as_of)
    rows = eligible_rows(tables, measure)
    rows = query.assign_units(rows, plan.homes) if measure.table == "notices" else rows
    rows = rows.mutate(recorded_at=query.recording_time(rows, table)) if "recorded_at" not in rows.columns else rows
    units = plan.records.tables["units"].to_pandas().drop_duplicates("unit_id", keep="last")[["unit_id", "name", "level"]]
    if plan.officers:
        rows = plan.to_persons(rows, measure.table)
        rows = rows.mutate(share_=rows.share_ / rows.parts_)
        rows, units = rows.filter(rows.officer_id == unit_id), units[units["unit_id"] == unit_id]
    else:
        rows = _unit_rows(plan, rows.mutate(share_=query.constant(1, "float64")), unit_id)
        pairs = plan.tree.counts_for
        units = units[units["unit_id"].isin(pairs.loc[pairs["ancestor"] == unit_id, "unit_id"]) & (units["level"] != OFFICER)]
    named = list(dict.fromkeys([table.key, "unit_id", "recorded_at", table.own_date, *measure.columns, "share_"]))
    kinds = {"date": "timestamp", "decimal": "float64"}
    cast = {name: kind for name in named for word, kind in kinds.items() if str(rows[name].type()).strip("!").startswith(word)}
    rows = rows.mutate(**{name: rows[name].cast(kind) for name, kind in cast.items()})
    return units, query.fetch(rows, named, [table.own_date, table.key])


def _plan(records: Records, scheme: Scheme, unit_id: str, period: Period, as_of: datetime) -> Plan:
    """Plan to look at the records of one unit; with officers where it is a person."""
    records, _ = cast_undeclared(scheme, records)
    tree = tree_of(records.tables, period)
    person = bool((tree.units.loc[tree.units["unit_id"] == unit_id, "level"] == OFFICER).any())
    return Plan(records, scheme, tree, _months(period), as_of, person)


def _months(period: Period) -> tuple[Period, ...]:
    return tuple(Period(month, 1) for month in period.month_numbers)


def _best_rows(plan: Plan, rows: Any, indicator: Entry, whose: str = "") -> Any:
    """Of rows alike (whose: the column that says for whom they are picked) only the best, where only that counts."""
    measure: Any = indicator.measure
    if not has_best_of(measure):
        return rows
    return pick_best(rows.filter(_is_in_force(plan, rows, indicator)), measure, plan.as_of, (whose,) if whose else ())


def _is_in_force(plan: Plan, rows: Any, indicator: Entry) -> Any:
    void = void_months(plan.scheme, indicator.code)
    return rows.span_.isin([number for number, span in enumerate(plan.spans) if span.first not in void])


def _row_amounts(plan: Plan, rows: Any, indicator: Entry) -> tuple[Any, Any, Any]:
    """Say which rows an indicator rests on, void months left out, and what each adds above and below the line."""
    counts, _ = scope(rows, indicator.measure, plan.moment)
    able, above, below = amounts(rows, indicator.measure, plan.as_of)
    one = query.constant(1, "float64")
    parts = (one if part is None else query.round_amount(part) for part in (above, below))
    return query.all_of(counts, able, _is_in_force(plan, rows, indicator)), *parts


def _unit_rows(plan: Plan, rows: Any, unit_id: str) -> Any:
    pairs = plan.tree.counts_for
    own = {} if "officer_id" in rows.columns else {"officer_id": query.constant(None, "string")}
    return rows.filter(rows.unit_id.isin(list(pairs.loc[pairs["ancestor"] == unit_id, "unit_id"]))).mutate(**own)


def _person_rows(plan: Plan, rows: Any, measure: Any, unit_id: str) -> Any:
    rows = plan.to_persons(rows, measure.table)
    return rows.filter(rows.officer_id == unit_id)


def _join_things(found: pd.DataFrame) -> pd.DataFrame:
    """Join the records of one thing, with what decided of one that met; the thing (a subject's code) is shown to nobody."""
    joined = found.groupby("thing", as_index=False).agg(
        record_id=("record_id", " ".join), happened_at=("happened_at", "min"), unit_id=("unit_id", "first"),
        officer_id=("officer_id", "first"), numerator=("numerator", "max"),
    )  # fmt: skip
    best = found.sort_values("numerator", ascending=False, kind="stable").drop_duplicates("thing").set_index("thing")["why"]
    joined = joined.assign(why=joined["thing"].map(best))
    return joined.assign(denominator=1.0).sort_values(["happened_at", "record_id"], ignore_index=True)[list(COLUMNS)]


# Which records lost points


def losses(
    records: Records,
    scheme: Scheme,
    tree: Tree,
    period: Period,
    as_of: datetime,
    *,
    officers: bool = False,
    most: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the records that lost points in the period: the columns LOSSES; a table is asked once.

    The first frame has the unit of the record; the second, empty without `officers`, a row for each officer credited with it.
    most: of each unit (officer) and indicator the latest so many are brought, and `of` says of how many.
    """
    plan = Plan(records, scheme, tree, _months(period), as_of, officers)
    traced = [i for i in scheme.indicators if _can_lose(i) and is_countable(i.measure, records)]
    words = evidence.shown_words(scheme)
    found = [_find_losses(plan, group, words, most) for group in group_by_rows(traced, "code")]
    units, persons = zip(*found, strict=True) if found else ((), ())
    return _sort_losses(units), _sort_losses(persons)


def _sort_losses(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    frame = pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(LOSSES))
    return frame.sort_values(["indicator", "happened_at", "record_id", "unit_id"], ignore_index=True, kind="stable")


def _can_lose(indicator: Entry) -> bool:
    """Say whether single records can be named: a figure has none, and what is too few of a good thing lies in no row."""
    if isinstance(indicator.measure, Count):
        return indicator.direction == "lower"
    return not isinstance(indicator.measure, Figure)


def _find_losses(
    plan: Plan, group: Sequence[Entry], words: evidence.NamedWords, most: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask a table once for the rows that lost points under any of its indicators."""
    measure: Any = group[0].measure
    every, table = plan.rows(*(indicator.measure for indicator in group)), TABLES[measure.table]
    rows, named = _lost_rows(plan, _best_rows(plan, every, group[0], "unit_id"), group, words)
    known, units = plan.tree.counts_for["unit_id"], plan.tree.units
    if not plan.officers:
        return _fetch_losses(rows, table, group, "unit_id", known, most), pd.DataFrame(columns=list(LOSSES))
    there = [name for name in ("unit_id", "officer_id", table.key, "happened_at_", *named) if name in rows.columns]
    rows, persons = query.cache_rows(rows.select(*there)), units.loc[units["level"] == OFFICER, "unit_id"]
    theirs = plan.to_persons(rows, table.name)
    distinct = table.name in plan.shared and any(isinstance(indicator.measure, Distinct) for indicator in group)
    if distinct or has_best_of(measure):  # whose things were met, and of rows alike the best, is each person's own matter
        theirs, _ = _lost_rows(plan, _best_rows(plan, plan.to_persons(every, table.name), group[0], "officer_id"), group, words)
    return (
        _fetch_losses(rows, table, group, "unit_id", known, most),
        _fetch_losses(theirs, table, group, "officer_id", persons, most),
    )


def _lost_rows(plan: Plan, rows: Any, group: Sequence[Entry], words: evidence.NamedWords) -> tuple[Any, dict[str, Any]]:
    """Keep the rows that lost points, with what says under which indicators, and what decided of each."""
    flags, measure, decided = _flags(plan, rows, group), group[0].measure, dict[str, Any]()
    for number, indicator in enumerate(group):
        decided |= evidence.cells(rows, indicator, _row_amounts(plan, rows, indicator)[1], words, f"why_{number}")
    rows = rows.mutate(happened_at_=rows[getattr(measure, "date")], **flags, **decided)  # noqa: B009 - figures have no rows
    return rows.filter(query.any_of(*(rows[flag] for flag in flags))), flags | decided


def _flags(plan: Plan, rows: Any, group: Sequence[Entry]) -> dict[str, Any]:
    """Say under which indicators a row lost points: unit_id_N_; and officer_id_N_ where to its officer that is another matter.

    A distinct thing is lost to a unit where none of the unit's rows met its test, to an officer where none of their own did.
    """
    flags = {}
    for number, indicator in enumerate(group):
        behind, measure = _row_amounts(plan, rows, indicator), indicator.measure
        apart = isinstance(measure, Distinct) and plan.officers and "officer_id" in rows.columns
        for who in ("unit_id", "officer_id") if apart else ("unit_id",):
            thing = [rows[who], rows[measure.of]] if isinstance(measure, Distinct) else []
            flags[f"{who}_{number}_"] = _loses(*behind, indicator, thing)
    return flags


def _fetch_losses(
    rows: Any, table: Table, group: Sequence[Entry], who: str, known: Iterable[str], most: int | None
) -> pd.DataFrame:
    """Bring rows here, one an indicator under which whose they are lost points."""
    own = [(f"{who}_{number}_", f"unit_id_{number}_") for number in range(len(group))]
    flags = [first if first in rows.columns else other for first, other in own]
    brought = [who, table.key, "happened_at_", *flags, *(name for name in rows.columns if name.startswith("why_"))]
    columns = [*LOSSES, *(["of"] if most else [])]
    if most:
        rows, more = _latest_losses(rows, table, flags, who, most)
        brought += more
    found = query.fetch(rows, brought)
    found = found.rename(columns={who: "unit_id", table.key: "record_id", "happened_at_": "happened_at"})
    found, parts = found[found["unit_id"].isin(set(known))], []
    for number, (flag, indicator) in enumerate(zip(flags, group, strict=True)):
        lost = found[found[flag] & found[f"first_{number}_"]] if most else found[found[flag]]
        told = {"why": evidence.texts(lost, indicator, f"why_{number}")} | ({"of": lost[f"of_{number}_"]} if most else {})
        parts.append(lost.assign(indicator=indicator.code, table=table.name, **told)[columns])
    return pd.concat(parts, ignore_index=True)


def _latest_losses(rows: Any, table: Table, flags: Sequence[str], who: str, most: int) -> tuple[Any, list[str]]:
    """Keep of each flag and of whose rows they are the latest so many; name the columns that say so, and of how many they are."""
    order, told = [rows.happened_at_, rows[table.key]], dict[str, Any]()
    for number, flag in enumerate(flags):
        told[f"first_{number}_"] = query.is_first([rows[who], rows[flag]], order, most, latest=True)
        told[f"of_{number}_"] = query.count_of_each([rows[who]], rows[flag])
    rows = rows.mutate(**told)
    kept = query.any_of(*(rows[flag] & rows[f"first_{number}_"] for number, flag in enumerate(flags)))
    return rows.filter(kept), list(told)


def is_cut(most: int, behind: pd.DataFrame, *frames: pd.DataFrame) -> bool:
    """Say whether any list has fewer ids than there are: those of lines outside the hundred, of losses, of open disputes."""
    marked = behind["record_id"].astype(str).str.startswith(MORE).any()
    return bool(marked or any((frame["of"] > most).any() for frame in frames if "of" in frame))


def _loses(counts: Any, above: Any, below: Any, indicator: Entry, thing: Sequence[Any]) -> Any:
    """Say whether a row lost points: not met (a thing: by none of its rows), short of the best, or beyond the target."""
    measure, higher = indicator.measure, indicator.direction == "higher"
    if isinstance(measure, Distinct):
        above = query.best_of(query.is_so(counts).ifelse(above, 0), thing)
        counts = counts & thing[-1].notnull()
    if isinstance(measure, (Mean, Quantile)):
        below = query.constant(float(indicator.target or 0), "float64")
        return query.is_so(counts & (above < below if higher else above > below))
    if isinstance(measure, Coded):
        codes = list(measure.values.values())  # noqa: PD011 - a field of the measure
        best = max(codes) if higher else min(codes)
        return query.is_so(counts & (above != query.constant(float(best), "float64")))
    return query.is_so(counts & (above < below if higher else above > 0))


# Which records stand behind the lines outside the hundred


def record_ids(
    records: Records,
    scheme: Scheme,
    tree: Tree,
    period: Period,
    as_of: datetime,
    *,
    officers: bool,
    most: int | None = None,
) -> pd.DataFrame:
    """List the records behind the lines outside the hundred: unit_id, line, record_id, in the order in which they happened.

    One row a record and unit, of every unit of the tree at the line's levels (with `officers` persons too). Named are the
    rows that add to the value: of a count those worth something, of a share those that met its test. Means, quantiles, ratios
    and codes rest on all their rows, figures on none: neither are listed. One query a line. most: of a line and unit the first
    so many are named, and how many more there are stands behind them: …12.
    """
    plan = Plan(records, scheme, tree, _months(period), as_of, officers)
    named = [i for i in scheme.consequences if isinstance(i.measure, (Count, Share, Distinct))]
    found = [_line_records(plan, line, most) for line in named if is_countable(line.measure, records)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(BEHIND))


def _line_records(plan: Plan, line: Entry, most: int | None) -> pd.DataFrame:
    measure: Any = line.measure
    rows = plan.rows(measure)
    whose = [(plan.to_units(rows), "whose_"), *([(plan.to_persons(rows, measure.table), "officer_id")] if plan.officers else [])]
    parts = []
    for each, who in whose:
        own = _best_rows(plan, each, line, who)
        counts, above, _ = _row_amounts(plan, own, line)
        own = own.mutate(id_=own[TABLES[measure.table].key], at_=own[measure.date], adds_=counts & (above > 0))
        own = own.filter(own.adds_)
        if most:
            first = query.is_first([own[who]], [own.at_, own.id_], most)
            own = own.mutate(first_=first, of_=query.count_of_each([own[who]], own.adds_))
            own = own.filter(own.first_)
        found = query.fetch(own, [who, "id_", "at_", *(["of_"] if most else [])], ["at_", "id_"])
        found = found.rename(columns={who: "unit_id", "id_": "record_id"})
        parts.append(found[["unit_id", "record_id"]])
        if most:
            cut = found[found["of_"] > most].drop_duplicates("unit_id")
            parts.append(cut.assign(record_id=[f"{MORE}{n - most}" for n in cut["of_"].astype(int)])[["unit_id", "record_id"]])
    both = pd.concat(parts).drop_duplicates()
    level = both["unit_id"].map(plan.tree.units.set_index("unit_id")["level"].to_dict())
    return both[level.isin(line.levels or ())].assign(line=line.code)[list(BEHIND)]


# Which disputes are still open, and how long they have left


def open_disputes(
    records: Records, tree: Tree, as_of: datetime, *, officers: bool = False, most: int | None = None
) -> pd.DataFrame:
    """List the disputes open at as_of: unit_id is of the record, or the officer; days_left is negative when overdue.

    most: of each unit and colour the most urgent so many are brought; `of` says of how many, and `late` how many are overdue.
    """
    who = "officer_id" if officers else "unit_id"
    if (rows := _known_disputes(records, as_of, who)) is None:
        return pd.DataFrame(columns=list(DISPUTES))
    own = {"tier": query.optional(rows, "tier"), "due_at": query.optional(rows, "due_at", "timestamp")}
    rows = rows.filter(rows.resolved_at.isnull()).mutate(unit_id=rows[who], last_=query.last_moment(own["due_at"]), **own)
    more = []
    if most:
        alike, more = [rows.unit_id, rows.tier], ["of", "late"]
        late = query.is_so(rows.last_ < query.constant(as_of, "timestamp"))
        counts = {"of": query.count_of_each(alike, rows.dispute_id.notnull()), "late": query.count_of_each(alike, late)}
        rows = rows.mutate(first_=query.is_first(alike, [rows.last_, rows.dispute_id], most), **counts)
        rows = rows.filter(rows.first_)
    found = query.fetch(rows, [*DISPUTES[:-1], "last_", *more], ["due_at", "dispute_id"])
    known = set(tree.units["unit_id"]) | set(tree.counts_for["unit_id"])
    left = (found["last_"] - pd.Timestamp(as_of)) // pd.Timedelta(days=1)
    found = found.drop(columns="last_").assign(days_left=left.astype("Int64"))
    return found[found["unit_id"].isin(known)].reset_index(drop=True)


def count_disputes(records: Records, tree: Tree, as_of: datetime) -> "pd.Series[int]":
    """Count the disputes on record at as_of, open or not, of each unit (those below it included) and person of the tree.

    Empty where the records do not show which are open: only who has some on record can be said to have none open.
    """
    units, found = tree.units["unit_id"], dict[str, int]()
    for who in ("unit_id", "officer_id"):
        if (rows := _known_disputes(records, as_of, who)) is not None:
            counts = query.count_words(rows.filter(rows[who].notnull()), who).set_index(who)["rows_"]
            pairs = tree.counts_for if who == "unit_id" else pd.DataFrame({"unit_id": units, "ancestor": units})
            held = pairs["unit_id"].map(counts).fillna(0).groupby(pairs["ancestor"]).sum()
            persons = units[(tree.units["level"] == OFFICER) == (who == "officer_id")]
            found |= dict.fromkeys(persons, 0) | held[held.index.isin(persons)].to_dict()
    return units.map(found).astype("Int64")


def _known_disputes(records: Records, as_of: datetime, who: str) -> Any | None:
    """Give the disputes known at as_of; None where it cannot be seen whose they are, or whether they are open."""
    rows = records.tables.get("disputes")
    seen = rows is not None and {who, "resolved_at"} <= set(rows.columns)
    return query.moment(rows, TABLES["disputes"], as_of) if seen else None
