"""What the spec may ask for: records and schemes drawn in text, and what comes of them.

Where a test draws no units it has these: county X with the stations S1 and S2, zones Z1 and Z2 of S1, officers P1 and P2.
"""

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace

import pandas as pd
import pytest

import seam

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
LEVELS = ("city", "county", "station", "zone", "officer")
AS_IT_IS = {"kind": "curve", "knots": [[0, 0], [100, 100]]}
INDICATOR = {"direction": "higher", "weight": 100, "points": AS_IT_IS, "missing": "redistribute"}
SHARE = {"kind": "share", "table": "cases", "date": "received_at", "met": {"closed_at": {"present": True}}}


def written(text: str):
    """Read a value as it would be written in the one table."""
    return seam.scalar(str(text))


def _indicator(code: str, **keys) -> dict:
    return {"code": code, "label": code, "why": "spec", "source": "spec", "measure": SHARE, **INDICATOR, **keys}


def _scheme(dimensions: list[dict], **keys):
    signed = {"title": "spec", "version": "1", "sources": ["spec"], "author": "甲", "checker": "乙"}
    return seam.read_scheme({**signed, "weights": "within", "levels": LEVELS, "dimensions": dimensions, **keys})


@pytest.fixture
def records(drawn):
    """Make records out of drawn tables (units: those of the spec where none are drawn)."""

    def make(**tables: str):
        return seam.read_records({name: drawn(text) for name, text in ({"units": UNITS} | tables).items()})

    return make


@pytest.fixture
def count(one_line):
    """Count one measure, written as in the one table, over drawn records; keywords are tables, or keys of the indicator.

    Gives `frame` (numerator, denominator, value, n, status by unit; `counted` is "numerator/denominator"), and `asides`.
    """

    def reckon(measure: str, period: str = "2024Q4", as_of: str | None = None, void: tuple = (), **given) -> SimpleNamespace:
        it = one_line(measure, void, **given)
        return seam.count(it.records, it.scheme, period, as_of=as_of)

    return reckon


@pytest.fixture
def counted(count):
    """Count as `count` does, and give "numerator/denominator" of one unit, S1 if none is named."""
    return lambda measure, unit_id="S1", **given: count(measure, **given).frame.loc[unit_id, "counted"]


@pytest.fixture
def one_line(records):
    """Take one measure, written as in the one table, with drawn tables or keys of the indicator, for what asks for them all.

    Gives `records` (`opened`, where they are given so), and the `scheme` of the one line, which is called it.
    """

    def make(measure: str, void: tuple = (), **given) -> SimpleNamespace:
        opened = given.pop("opened", None) or records(**{name: given.pop(name) for name in list(given) if name in seam.TABLES})
        line = _indicator("it", measure=written(measure), **given)
        one = _scheme([{"code": "d", "label": "d", "weight": 100, "indicators": [line]}], void=void)
        return SimpleNamespace(records=opened, scheme=one)

    return make


@pytest.fixture
def scheme(drawn):
    """Make a scheme out of a drawn table: dimension, share (its weight), indicator, weight, and any key of an indicator."""

    def make(text: str, **keys):
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

    def make(text: str, **keys):
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
    Gives `points`, `ranks`, `adjustments` and `steps` (the frame comparisons), by unit, and more that seam.judge names.
    """

    def reckon(
        scheme, text: str, period: str = "2024Q4", also: Mapping[str, str] = MappingProxyType({}), **given: str
    ) -> SimpleNamespace:
        tables = {name: drawn(drawing) for name, drawing in {period: text, **also}.items()}
        beside = drawn(given.get("figures", "| unit_id | indicator | period |")), drawn(given.get("postings", NOBODY))
        return seam.judge(scheme, tables, *beside)

    return reckon
