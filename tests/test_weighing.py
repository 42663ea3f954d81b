"""What rows are worth, reckoned in the engine, is what plain Python makes of the same rows."""

from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fengqiao_eval.measuring import measures
from fengqiao_eval.periods import parse
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.units import tree_of
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme

UNITS = pd.DataFrame(
    {
        "unit_id": ["X", "S1", "S2"],
        "name": ["X", "S1", "S2"],
        "level": ["county", "station", "station"],
        "parent_id": [None, "X", "X"],
    }
)
PERIODS = (parse("2024Q4"), parse("2024-10"), parse("2024-11"), parse("2024-12"))
WORDS = st.sampled_from(["a", "b", None])
ROWS = st.lists(
    st.tuples(st.sampled_from(["S1", "S2"]), st.integers(-40, 91), WORDS, st.sampled_from([0, 1, 2.5, 4]), st.booleans()),
    min_size=1,
)
AMOUNTS = {"worth": [{"column": "score"}], "times": [{"by": "0.3", "where": {"lessened": True}}]}


def frame(rows: list[tuple]) -> pd.DataFrame:
    """Make cases of what was drawn: unit, day of the quarter, word, score, whether lessened."""
    table = pd.DataFrame(rows, columns=["unit_id", "day", "word", "score", "lessened"])
    when = [datetime(2024, 10, 1) + timedelta(days=day) for day in table["day"]]
    return table.assign(case_id=[f"K{n:03d}" for n in range(len(table))], received_at=when, word=table["word"].astype("str"))


def value(rows: list[tuple], **keys) -> dict[str, list[Fraction]]:
    """Count cases in the quarter and its months, by unit."""
    measure = {"kind": "count", "table": "cases", "date": "received_at", **keys}
    line = {"code": "it", "label": "it", "why": "test", "direction": "lower", "weight": 100, "measure": measure, "source": "test"}
    points = {"kind": "line", "start": 100, "each": -1}
    dimension = Dimension(code="d", label="d", weight=100, indicators=(Indicator(**line, points=points, missing="full"),))
    scheme = Scheme(
        title="test", version="1", sources=("test",), author="甲", checker="乙", weights="within", levels=("county", "station"),
        dimensions=(dimension,),
    )  # fmt: skip
    tables = {"units": ibis.memtable(UNITS), "cases": ibis.memtable(frame(rows))}
    records = Records(MappingProxyType(tables), MappingProxyType({}), (), "test")
    tree = tree_of(records.tables, PERIODS[0])
    counted = measures.count(records, scheme, tree, PERIODS, PERIODS[0].end, officers=False)
    found = [measures.measure_period(scheme, tree, counted, period, PERIODS[0].end).value[:, 0] for period in PERIODS]
    return {unit: [Fraction(f"{column[n]:.6f}") for column in found] for n, unit in enumerate(tree.units["unit_id"])}


def own_worth(row) -> Fraction:
    """Say what a row is worth under AMOUNTS."""
    return Fraction(str(row.score)) * (Fraction(3, 10) if row.lessened else 1)


def within(row, period) -> bool:
    """Say whether a row lies in a period."""
    return period.start <= row.received_at < period.end


def follows(row, rows) -> bool:
    """Say whether another row of the same word came before it, by no more than ten days."""
    earlier = [one for one in rows if one.word == row.word and (one.received_at, one.case_id) < (row.received_at, row.case_id)]
    return pd.notna(row.word) and any(row.received_at - one.received_at <= timedelta(days=10) for one in earlier)


def best(rows) -> Fraction:
    """Add up the best of each word, wherever below a unit it lies; what has no word stands for itself."""
    groups = defaultdict(list)
    for row in rows:
        groups[(row.word,) if pd.notna(row.word) else (None, row.case_id)].append(own_worth(row))
    return sum((max(worths) for worths in groups.values()), Fraction(0))


def expected(rows: list[tuple], reckon) -> dict[str, list[Fraction]]:
    """Reckon each unit and period in plain Python."""
    every = list(frame(rows).itertuples())
    whose = {"X": {"S1", "S2"}, "S1": {"S1"}, "S2": {"S2"}}
    parts = {unit: [[r for r in every if r.unit_id in ids and within(r, p)] for p in PERIODS] for unit, ids in whose.items()}
    return {unit: [reckon(part, every) for part in each] for unit, each in parts.items()}


RECKONED = {
    "summed": (AMOUNTS, lambda part, _: sum(map(own_worth, part), Fraction(0))),
    "again": (
        {"times": [{"by": 2, "again": {"same": ["word"], "within_days": 10}}]},
        lambda part, every: Fraction(sum(2 if follows(row, every) else 1 for row in part)),
    ),
    "best": ({**AMOUNTS, "best_of": ["word"]}, lambda part, _: best(part)),
}


@pytest.mark.parametrize("kind", RECKONED)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS)
def test_the_engine_reckons_as_plain_python(kind, rows):
    """Sums, recurrences and the best of rows alike: equal to the last decimal, in every unit, quarter and month."""
    keys, reckon = RECKONED[kind]
    assert value(rows, **keys) == expected(rows, reckon)


@settings(max_examples=8, deadline=None)
@given(rows=ROWS)
def test_the_best_never_beats_the_sum(rows):
    """Taking the best of rows alike never gives more than all of them."""
    summed, taken = value(rows, **AMOUNTS), value(rows, **AMOUNTS, best_of=["word"])
    assert all(a <= b for unit in summed for a, b in zip(taken[unit], summed[unit], strict=True))
