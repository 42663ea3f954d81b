"""What the spec may ask for: records and schemes drawn in text, and what comes of them.

Where a test draws no units it has these: county X with the stations S1 and S2, zones Z1 and Z2 of S1, officers P1 and P2.
"""

from datetime import datetime
from types import MappingProxyType, SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.documents import scalar
from fengqiao_eval.errors import STATUSES
from fengqiao_eval.periods import parse as period_of
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import Tree, tree_of
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring import frames, measures
from fengqiao_eval.scoring.measures import Measured
from fengqiao_eval.scoring.score import score_period

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
        one = measures.measured(scheme, tree, found, span, moment)
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
def judge(drawn):
    """Score units whose values are drawn: unit, then level, class (where needed) and one column an indicator.

    A value is the points it gives, unless the scheme says otherwise; one with a ~ is provisional, an empty cell is
    no_records, a status word is itself.
    Gives `points` and `ranks`, both by unit, and `scored`, the arrays behind them.
    """

    def reckon(scheme: Scheme, text: str, period: str = "2024Q4") -> SimpleNamespace:
        table = drawn(text)
        tree = _tree(table)
        cells = np.array([[str(cell) for cell in table[i.code]] for i in scheme.indicators]).T
        status = np.array([[_status(cell) for cell in row] for row in cells], dtype=np.int8)
        value = np.array([[float(cell.strip("~")) if known else np.nan for cell, known in zip(*pair, strict=True)]
                          for pair in zip(cells, np.isin(status, SCORED), strict=True)])  # fmt: skip
        span = period_of(period)
        measured = Measured(span, value, np.ones_like(value), value, value, status)
        one = score_period({span: measured}, span, scheme, tree)
        points = frames.points([one], scheme, tree).astype({"unit_id": object, "indicator": object})
        ranks = frames.ranks([one], scheme, tree, [np.full(len(table), 92.0)])
        return SimpleNamespace(points=points.set_index(["unit_id", "indicator"]), ranks=ranks.set_index("unit_id"), scored=one)

    return reckon


def _tree(table: pd.DataFrame) -> Tree:
    known = {"level": "station", "class": "", "county_id": "", "station_id": ""}
    columns = {name: table.get(name, pd.Series([empty] * len(table))) for name, empty in known.items()}
    columns["peer_class"] = columns.pop("class")
    units = pd.DataFrame({"unit_id": table["unit"], "name": table["unit"], **columns, "merged_from": ""})
    return Tree(units.astype(object), pd.DataFrame({"unit_id": [], "ancestor": []}))


def _status(cell: str) -> int:
    if cell in ("nan", "None", ""):
        return STATUSES.index("no_records")
    if cell.endswith("~"):
        return STATUSES.index("provisional")
    return STATUSES.index(cell if cell in STATUSES else "ok")
