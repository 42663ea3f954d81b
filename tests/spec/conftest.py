"""What the spec may ask for: records and schemes drawn in text, and what comes of them.

Where a test draws no units it has these: county X with the stations S1 and S2, zones Z1 and Z2 of S1, officers P1 and P2.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType, SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.documents import scalar
from fengqiao_eval.errors import STATUSES
from fengqiao_eval.measuring import denominators, measures
from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.periods import Period
from fengqiao_eval.periods import parse as period_of
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import Tree, tree_of
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring import frames
from fengqiao_eval.scoring.frames import comparisons
from fengqiao_eval.scoring.score import score_periods

UNITS = """
    | unit_id | name     | level   | parent_id |
    | X       | 甲县     | county  |           |
    | S1      | 一所     | station | X         |
    | S2      | 二所     | station | X         |
    | Z1      | 一警务区 | zone    | S1        |
    | Z2      | 二警务区 | zone    | S1        |
    | P1      | 张警官   | officer | S1        |
    | P2      | 李警官   | officer | S1        |
"""
NOBODY = "| officer_id | unit_id | from_date |"
SCORED = [STATUSES.index("ok"), STATUSES.index("provisional")]
LEVELS = ("city", "county", "station", "zone", "officer")
AS_IT_IS = {"kind": "curve", "knots": [[0, 0], [100, 100]]}
INDICATOR = {"direction": "higher", "weight": 100, "points": AS_IT_IS, "missing": "redistribute"}
SHARE = {"kind": "share", "table": "cases", "date": "received_at", "met": {"closed_at": {"present": True}}}


def written(text: str):
    """Read a value as it would be written in the one table."""
    return scalar(str(text))


def _indicator(code: str, **keys) -> dict:
    return {"code": code, "label": code, "why": "spec", "source": "spec", "measure": SHARE, **INDICATOR, **keys}


def _scheme(dimensions: list[dict], **keys) -> Scheme:
    signed = {"title": "spec", "version": "1", "sources": ["spec"], "author": "甲", "checker": "乙"}
    return Scheme.model_validate({**signed, "weights": "within", "levels": LEVELS, "dimensions": dimensions, **keys})


@pytest.fixture
def records(drawn):
    """Make records out of drawn tables (units: those of the spec where none are drawn)."""

    def make(**tables: str) -> Records:
        drawings = {"units": UNITS, **tables}
        found = {name: ibis.memtable(drawn(text)) for name, text in drawings.items()}
        return Records(MappingProxyType(found), MappingProxyType(dict.fromkeys(found, 1)), (), "spec")

    return make


@pytest.fixture
def count(records):
    """Count one measure, written as in the one table, over drawn records; keywords are tables, or keys of the indicator.

    Gives `frame` (numerator, denominator, value, n, status by unit; `counted` is "numerator/denominator"), and `asides`.
    """

    def reckon(measure: str, period: str = "2024Q4", as_of: str | None = None, void: tuple = (), **given) -> SimpleNamespace:
        opened = records(**{name: given.pop(name) for name in list(given) if name in TABLES})
        line = _indicator("it", measure=written(measure), **given)
        scheme = _scheme([{"code": "d", "label": "d", "weight": 100, "indicators": [line]}], void=void)
        span = period_of(period)
        moment = datetime.fromisoformat(as_of) if as_of else span.end
        tree = tree_of(opened.tables, span)
        found = measures.count(opened, scheme, tree, (span,), moment, officers="officer" in set(tree.units["level"]))
        one = measures.measure_period(scheme, tree, found, span, moment)
        return SimpleNamespace(frame=_by_unit(one, tree), asides=measures.asides(found, scheme, tree, [span]), notes=found.notes)

    return reckon


def _by_unit(one: Measured, tree: Tree) -> pd.DataFrame:
    columns = {name: getattr(one, name)[:, 0] for name in ("numerator", "denominator", "value", "n")}
    frame = pd.DataFrame(columns, index=tree.units["unit_id"]).assign(status=[STATUSES[s] for s in one.status[:, 0]])
    return frame.assign(counted=[f"{a:.10g}/{b:.10g}" for a, b in zip(frame["numerator"], frame["denominator"], strict=True)])


@pytest.fixture
def counted(count):
    """Count as `count` does, and give "numerator/denominator" of one unit, S1 if none is named."""
    return lambda measure, unit_id="S1", **given: count(measure, **given).frame.loc[unit_id, "counted"]


@pytest.fixture
def one_line(records):
    """Take one measure, written as in the one table, with drawn tables or keys of the indicator, for what asks for them all.

    Gives `records`, `scheme` (of the one `line`, which is called it), `tree`, `period` 2024Q4 and `as_of`, its end.
    """

    def make(measure: str, **given) -> SimpleNamespace:
        opened = records(**{name: given.pop(name) for name in list(given) if name in TABLES})
        line = _indicator("it", measure=written(measure), **given)
        one = _scheme([{"code": "d", "label": "d", "weight": 100, "indicators": [line]}])
        span = period_of("2024Q4")
        tree = tree_of(opened.tables, span)
        return SimpleNamespace(records=opened, scheme=one, line=one.indicators[0], tree=tree, period=span, as_of=span.end)

    return make


@pytest.fixture
def scheme(drawn):
    """Make a scheme out of a drawn table: dimension, share (its weight), indicator, weight, and any key of an indicator."""

    def make(text: str, **keys) -> Scheme:
        table = drawn(text).astype(object)
        dimensions: dict[str, dict] = {}
        for row in table.to_dict("records"):
            code = row.pop("dimension")
            part = {"code": code, "label": code, "weight": written(row.pop("share")), "indicators": []}
            rest = {key: written(cell) for key, cell in row.items() if key != "indicator" and not pd.isna(cell)}
            dimensions.setdefault(code, part)["indicators"].append(_indicator(row["indicator"], **rest))
        return _scheme(list(dimensions.values()), **keys)

    return make


@pytest.fixture
def nested(drawn):
    """Make a scheme out of a drawn table of parts: part, within (the dimension it is in), weight, and any key of such a part.

    A part that others are in is a dimension, any other an indicator.
    """

    def make(text: str, **keys) -> Scheme:
        rows = drawn(text).astype(object).to_dict("records")
        parts = [{key: written(cell) for key, cell in row.items() if not pd.isna(cell) and cell != ""} for row in rows]
        return _scheme(_within("", parts), **keys)

    return make


def _within(dimension: str, parts: list[dict]) -> list[dict]:
    return [_nested(part, parts) for part in parts if part.get("within", "") == dimension]


def _nested(part: dict, parts: list[dict]) -> dict:
    code, keys = part["part"], {key: cell for key, cell in part.items() if key not in ("part", "within")}
    inner = _within(code, parts)
    if not inner:
        return _indicator(code, **keys)
    return {"code": code, "label": code, **keys, "indicators" if "measure" in inner[0] else "dimensions": inner}


@pytest.fixture
def outside(drawn):
    """Make groups outside the hundred out of a drawn table: group, line, effect, and any key of a line.

    What a group has (cap, floor, best_of) is given by its name.
    """

    def make(text: str, **groups: dict) -> tuple[dict, ...]:
        found = {}
        for row in drawn(text).astype(object).to_dict("records"):
            code = row.pop("group")
            keys = {key: written(cell) for key, cell in row.items() if key != "line" and not pd.isna(cell) and cell != ""}
            group = {"code": code, "label": code, "lines": [], **groups.get(code, {})}
            found.setdefault(code, group)["lines"].append(_line(row["line"], **keys))
        return tuple(found.values())

    return make


def _line(code: str, **keys) -> dict:
    measure = {"kind": "count", "table": "notices", "date": "happened_on", "where": {"code": code}}
    return {"code": code, "label": code, "why": "spec", "source": "spec", "levels": ["station"], "measure": measure, **keys}


@pytest.fixture
def judge(drawn):
    """Score units whose values are drawn: unit, then level, class (where needed) and one column an indicator.

    A value is the points it gives, unless the scheme says otherwise; one with a ~ is provisional, an empty cell is
    no_records, a status word is itself. Lines outside the hundred have columns too; without one nothing happened (0).
    `also` draws other periods by their names: months of the period, what came before it. `figures` and `postings` are tables.
    Gives `points`, `ranks`, `adjustments` and `steps` (the frame comparisons), by unit, and `scored` and `tree` behind them.
    """

    def reckon(
        scheme: Scheme, text: str, period: str = "2024Q4", also: Mapping[str, str] = MappingProxyType({}), **given: str
    ) -> SimpleNamespace:
        tables = {name: drawn(drawing) for name, drawing in {period: text, **also}.items()}
        tree, span = _tree(tables[period]), period_of(period)
        beside = (drawn(given.get("figures", "| unit_id | indicator | period |")), drawn(given.get("postings", NOBODY)))
        history = {period_of(name): _measured(scheme, table, period_of(name)) for name, table in tables.items()}
        history = {when: replace(one, due=denominators.dues(scheme, tree, when, *beside)) for when, one in history.items()}
        scored = score_periods(history, [span], scheme, tree)
        one, nothing = scored[span], pd.DataFrame(columns=["unit_id", "line", "record_id"])
        points = frames.points(frames.measures([one], scheme, tree), [one], scheme).astype(
            {"unit_id": object, "indicator": object}
        )
        ranks = frames.ranks([one], scheme, tree, [np.full(len(tree.units), 92.0)])
        lines = frames.adjustments([one], scheme, tree, nothing).set_index(["unit_id", "line"])
        return SimpleNamespace(
            points=points.set_index(["unit_id", "indicator"]), ranks=ranks.set_index("unit_id"), adjustments=lines, scored=one,
            steps=comparisons([one], scheme, tree).set_index("unit_id"), tree=tree,
        )  # fmt: skip

    return reckon


def _measured(scheme: Scheme, table: pd.DataFrame, period: Period) -> Measured:
    cells = np.array([[str(cell) for cell in table.get(e.code, ["0"] * len(table))] for e in scheme.entries]).T
    status = np.array([[_status(cell) for cell in row] for row in cells], dtype=np.int8)
    value = np.array([[float(cell.strip("~")) if known else np.nan for cell, known in zip(*pair, strict=True)]
                      for pair in zip(cells, np.isin(status, SCORED), strict=True)])  # fmt: skip
    return Measured(period, value, np.ones_like(value), value, value, status)


def _tree(table: pd.DataFrame) -> Tree:
    known = {"level": "station", "class": "", "county_id": "", "station_id": "", "residents": np.nan, "households": np.nan}
    columns = {name: table.get(name, pd.Series([empty] * len(table))) for name, empty in known.items()}
    columns["peer_class"] = columns.pop("class")
    units = pd.DataFrame({"unit_id": table["unit"], "name": table["unit"], **columns, "merged_from": ""})
    itself = pd.DataFrame({"unit_id": table["unit"], "ancestor": table["unit"]})
    return Tree(units.astype(object).fillna({"peer_class": ""}), itself)


def _status(cell: str) -> int:
    if cell in ("nan", "None", ""):
        return STATUSES.index("no_records")
    if cell.endswith("~"):
        return STATUSES.index("provisional")
    return STATUSES.index(cell if cell in STATUSES else "ok")
