"""The one door from the spec to the package: when the package is laid out anew, this file follows, and no test of tests/spec.

Periods are texts (2024Q4), moments too (2025-01-01; without one it is the end of the period); what comes back are frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import ibis
import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from fengqiao_eval.documents import Document, scalar
from fengqiao_eval.errors import STATUSES, Fault, InputError, refuse
from fengqiao_eval.measuring import compatibility, denominators, drilldown, measures, peer_groups
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records import store
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import Tree, UnknownUnits, tree_of
from fengqiao_eval.results.run import open_run
from fengqiao_eval.runs.folder import split_officers
from fengqiao_eval.scheme import load
from fengqiao_eval.scheme.normalisation import Points
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scheme.weighting import critic, entropy
from fengqiao_eval.scoring import frames
from fengqiao_eval.scoring import score as scoring
from fengqiao_eval.scoring.normalisation import absolute
from fengqiao_eval.tuning import sensitivity
from fengqiao_eval.wording.reasons import Reasons

__all__ = [
    "KINDS", "TABLES", "InputError", "count", "critic", "entropy", "faults", "judge", "name_records",
    "neighbours", "points", "proposals", "read_records", "read_scheme", "read_units", "refuse", "scalar", "score", "trace",
]  # fmt: skip
KINDS = {column.name: column.kind for table in TABLES.values() for column in table.columns}
"""What each column of a record table holds, by its name."""
VALUED = [STATUSES.index("ok"), STATUSES.index("provisional")]
QUARTER = "2024Q4"


# What is read


def read_scheme(source: Mapping | Path, override: Path | None = None) -> Scheme:
    """Read a scheme from its keys, or from its file with an override; a file at fault is refused."""
    if isinstance(source, Path):
        return load.load(source, override, source.name)
    return Scheme.model_validate(dict(source))


def read_records(
    source: Mapping[str, pd.DataFrame] | Path,
    zone: str = "Asia/Shanghai",
    unknown: Any = None,
    repair: str = "rules",
    **mapped: Any,
) -> Records:
    """Take tables as records, or open the folder in which they lie: zone, `unknown` units, `repair`, how tables are mapped.

    Of a mapping a word alone is what becomes of repeated ids.
    """
    if isinstance(source, Path):
        keys = {name: how if isinstance(how, Mapping) else {"repeated": how} for name, how in mapped.items()}
        tables = {name: Mapped.model_validate(how) for name, how in keys.items()}
        return store.open_records(source, tables, zone, "records", UnknownUnits(**(unknown or {})), repair)
    found = {name: ibis.memtable(table) for name, table in source.items()}
    few = UnknownUnits(at_most=1)  # of a handful of records one is many
    return Records(MappingProxyType(found), MappingProxyType(dict.fromkeys(found, 1)), (), "spec", few)


def read_units(records: Records, period: str, scheme: Scheme | None = None) -> Tree:
    """Take the tree of units in force (`units`, and `counts_for`); with a scheme, `units` has the `group` of each."""
    tree = tree_of(records.tables, parse(period))
    return tree if scheme is None else replace(tree, units=tree.units.assign(group=peer_groups.group_labels(tree, scheme)))


def neighbours(period: str, scheme: Scheme | None = None) -> SimpleNamespace:
    """Name the periods beside one: `previous`, `year_before`, `trend`, and with a scheme its `references` to earlier ones."""
    span = parse(period)
    looked_at = denominators.reference_periods(scheme, [span]) if scheme else ()
    return SimpleNamespace(
        previous=str(span.previous), year_before=str(span.year_before), trend=[*map(str, span.trend)],
        references=[*map(str, looked_at)],
    )  # fmt: skip


# What is reckoned


def count(records: Records, scheme: Scheme, *periods: str, as_of: str | None = None) -> SimpleNamespace:
    """Count the first entry of a scheme in the first of the periods, and what is printed beside it in all of them.

    Gives `frame` (numerator, denominator, value, n, status by unit; `counted` is "numerator/denominator"), `asides`, `notes`.
    """
    spans = [parse(period) for period in periods]
    moment, tree = _moment(as_of, spans[0]), tree_of(records.tables, spans[0])
    officers = "officer" in set(tree.units["level"])
    found = measures.count(records, scheme, tree, tuple(dict.fromkeys(spans)), moment, officers=officers)
    one = measures.measure_period(scheme, tree, found, spans[0], moment)
    columns = {name: getattr(one, name)[:, 0] for name in ("numerator", "denominator", "value", "n")}
    frame = pd.DataFrame(columns, index=tree.units["unit_id"]).assign(status=[STATUSES[s] for s in one.status[:, 0]])
    frame["counted"] = [f"{a:.10g}/{b:.10g}" for a, b in zip(frame["numerator"], frame["denominator"], strict=True)]
    return SimpleNamespace(frame=frame, asides=measures.asides(found, scheme, tree, spans), notes=found.notes)


def judge(scheme: Scheme, tables: Mapping[str, pd.DataFrame], figures: pd.DataFrame, postings: pd.DataFrame) -> SimpleNamespace:
    """Score units whose values are given, by period, the main one first: unit, level, class ... and one column an entry.

    Gives `points`, `ranks`, `adjustments` and `steps` (the frame comparisons), by unit; `compared` (what each rule of the
    points was shown: a number, or a status), `hundredths` (the whole totals), and the `tree` of the units.
    """
    spans = {parse(name): table for name, table in tables.items()}
    span = next(iter(spans))
    tree = _drawn_tree(spans[span])
    history = {when: _drawn_values(scheme, table, when) for when, table in spans.items()}
    history = {when: replace(one, due=denominators.dues(scheme, tree, when, figures, postings)) for when, one in history.items()}
    one = scoring.score_periods(history, [span], scheme, tree)[span]
    units, nothing = tree.units["unit_id"], pd.DataFrame(columns=["unit_id", "line", "record_id"])
    points = frames.points(frames.measures([one], scheme, tree), [one], scheme).astype({"unit_id": object, "indicator": object})
    ranks = frames.ranks([one], scheme, tree, [np.full(len(units), 92.0)])
    adjustments = frames.adjustments([one], scheme, tree, nothing)
    shown = zip(one.compared.value[:, 0].tolist(), one.compared.status[:, 0], strict=True)
    return SimpleNamespace(
        points=points.set_index(["unit_id", "indicator"]), ranks=ranks.set_index("unit_id"),
        adjustments=adjustments.set_index(["unit_id", "line"]),
        steps=frames.comparisons([one], scheme, tree).set_index("unit_id"),
        compared={u: STATUSES[status] if np.isnan(value) else value for u, (value, status) in zip(units, shown, strict=True)},
        hundredths=dict(zip(units, one.totals.totals, strict=True)), tree=tree,
    )  # fmt: skip


def _drawn_values(scheme: Scheme, table: pd.DataFrame, period: Period) -> measures.Measured:
    cells = np.array([[str(cell) for cell in table.get(e.code, ["0"] * len(table))] for e in scheme.entries]).T
    status = np.array([[_status(cell) for cell in row] for row in cells], dtype=np.int8)
    value = np.array([[float(cell.strip("~")) if known else np.nan for cell, known in zip(*pair, strict=True)]
                      for pair in zip(cells, np.isin(status, VALUED), strict=True)])  # fmt: skip
    return measures.Measured(period, value, np.ones_like(value), value, value, status)


def _status(cell: str) -> int:
    if cell in ("nan", "None", ""):
        return STATUSES.index("no_records")
    if cell.endswith("~"):
        return STATUSES.index("provisional")
    return STATUSES.index(cell if cell in STATUSES else "ok")


def _drawn_tree(table: pd.DataFrame) -> Tree:
    known = {"level": "station", "class": "", "county_id": "", "station_id": "", "residents": np.nan, "households": np.nan}
    columns = {name: table.get(name, pd.Series([empty] * len(table))) for name, empty in known.items()}
    columns["peer_class"] = columns.pop("class")
    units = pd.DataFrame({"unit_id": table["unit"], "name": table["unit"], **columns, "merged_from": ""})
    itself = pd.DataFrame({"unit_id": table["unit"], "ancestor": table["unit"]})
    return Tree(units.astype(object).fillna({"peer_class": ""}), itself)


def score(
    records: Records, scheme: Scheme, period: str = QUARTER, as_of: str | None = None, levels: Sequence[str] | None = None
) -> SimpleNamespace:
    """Go the whole way from records to places: every frame of a run by its name, and `notes`.

    `above` and `persons` are the frames by name as a run keeps them apart: everybody above officers, and officers.
    """
    span = parse(period)
    scores = scoring.score(records, scheme, span, _moment(as_of, span), levels)
    above, persons = split_officers(scores)
    return SimpleNamespace(**vars(scores), above=above, persons=persons)


def points(rule: Mapping, values: Sequence[float], direction: str = "higher", full_marks: int = 100) -> list[float]:
    """Give the points of values by a rule that looks at the value alone."""
    declared = TypeAdapter(Points).validate_python(dict(rule))
    return absolute(declared, np.array(values, dtype="float64"), direction, full_marks).tolist()


def trace(records: Records, scheme: Scheme, unit_id: str, period: str = QUARTER, as_of: str | None = None) -> pd.DataFrame:
    """List the records behind the first indicator of a scheme, for one unit."""
    span = parse(period)
    return drilldown.trace(records, scheme, scheme.indicators[0], unit_id, span, _moment(as_of, span))


def name_records(records: Records, scheme: Scheme, period: str = QUARTER, lang: str = "zh") -> SimpleNamespace:
    """Name the records that lost points (`losses`, `officer_losses`; `said`: why), and those behind lines outside (`lines`)."""
    span, tree = parse(period), tree_of(records.tables, parse(period))
    of_units, of_officers = drilldown.losses(records, scheme, tree, span, span.end, officers=True)
    words = Reasons(scheme, lang)
    for lost in (of_units, of_officers):
        lost["said"] = [words.of(code, why) for code, why in zip(lost["indicator"], lost["why"], strict=True)]
    lines = drilldown.record_ids(records, scheme, tree, span, span.end, officers=True)
    return SimpleNamespace(losses=of_units, officer_losses=of_officers, lines=lines)


def faults(scheme: Scheme, against: Records | Tree | None = None) -> list[Fault]:
    """List what a scheme has against itself, or what it and records, or it and a tree of units, have against each other."""
    if isinstance(against, Records):
        return [*compatibility.faults(scheme, against)]
    if isinstance(against, Tree):
        return [*denominators.faults_of(scheme, against), *peer_groups.full_marks_faults(scheme, against)]
    return [*load.check(scheme, Document("s.yaml", {}, {}))]


def proposals(source: pd.DataFrame | Path, level: str, scheme: Scheme | None = None) -> pd.DataFrame:
    """Propose weights from the points of a quarter, or from the folder of a finished run."""
    if isinstance(source, Path):
        return sensitivity.proposed_weights(open_run(source), level)
    return sensitivity.proposals(source, scheme, level, QUARTER)


def _moment(as_of: str | None, span: Period) -> datetime:
    return datetime.fromisoformat(as_of) if as_of else span.end
