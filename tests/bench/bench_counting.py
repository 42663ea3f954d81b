"""Counting 5 million visits: the product against one hand-written DuckDB query, in CPU seconds, medians of 5 in one run.

    python tests/bench/bench_counting.py [VISITS]

The hand-written query groups at the finest level (unit, officer, period) and rolls up to station, county and city in SQL.
With a distinct count added, the peer is DuckDB's own COUNT(DISTINCT) in GROUPING SETS. Imports and connecting are apart:
each side is run once before it is measured.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from fengqiao_eval.measuring import measures
from fengqiao_eval.periods import parse
from fengqiao_eval.records.store import Records, open_records
from fengqiao_eval.records.units import Tree, tree_of
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme

STATIONS, OFFICERS, COUNTIES, CITIES, ROUNDS = 1_200, 12_000, 40, 4, 5
PERIOD = parse("2024Q4")
PERIODS = (PERIOD, PERIOD.previous, PERIOD.year_before)
TESTS = {
    "verified_share": ("verified IS NOT NULL", "verified", {"verified": {"present": True}}, {"verified": True}),
    "key_visits": ("purpose = '重点走访'", "verified", {"purpose": "重点走访"}, {"verified": True}),
    "home_visits": ("purpose = '入户走访'", "verified", {"purpose": "入户走访"}, {"verified": True}),
    "revisits": ("purpose = '回访'", "verified", {"purpose": "回访"}, {"verified": True}),
    "recorded_share": ("true", "epoch(recorded_at) - epoch(visited_at) BETWEEN 0 AND 86400", {},
                       {"recorded_at": {"within": {"hours": 24, "of": "visited_at"}}}),
    "coded_subjects": ("true", "subject_id IS NOT NULL", {}, {"subject_id": {"present": True}}),
}  # fmt: skip


def invent(folder: Path, visits: int) -> None:
    """Write the tables units and visits of an invented country of four cities."""
    dice = np.random.default_rng(0)
    counties = [f"X{n:02d}" for n in range(COUNTIES)]
    stations = [f"S{n:04d}" for n in range(STATIONS)]
    officers = [f"P{n:05d}" for n in range(OFFICERS)]
    cities = [f"C{n}" for n in range(CITIES)]
    parents = [""] * CITIES + [cities[n % CITIES] for n in range(COUNTIES)] + [counties[n % COUNTIES] for n in range(STATIONS)]
    parents += [stations[n % STATIONS] for n in range(OFFICERS)]
    ids = cities + counties + stations + officers
    levels = np.repeat(["city", "county", "station", "officer"], [CITIES, COUNTIES, STATIONS, OFFICERS])
    pd.DataFrame({"unit_id": ids, "name": ids, "level": levels, "parent_id": parents}).to_parquet(folder / "units.parquet")
    officer = dice.integers(0, OFFICERS, visits)
    visited = pd.Timestamp("2023-01-01") + pd.to_timedelta(dice.integers(0, 731 * 86_400, visits), unit="s")
    late = dice.exponential(30_000, visits).astype("int64")
    pd.DataFrame({
        "visit_id": np.char.add("V", np.arange(visits).astype("U8")), "unit_id": np.array(stations)[officer % STATIONS],
        "officer_id": np.array(officers)[officer], "visited_at": visited.astype("datetime64[us]"),
        "subject_id": np.char.add("Z", (officer % STATIONS * 700 + dice.integers(0, 700, visits)).astype("U8")),
        "purpose": dice.choice(["入户走访", "重点走访", "回访"], visits, p=[0.7, 0.2, 0.1]),
        "verified": pd.array(dice.choice([True, False, None], visits, p=[0.14, 0.02, 0.84]), dtype="boolean"),
        "recorded_at": (visited + pd.to_timedelta(late, unit="s")).astype("datetime64[us]"),
    }).to_parquet(folder / "visits.parquet")  # fmt: skip


def indicator(code: str, measure: dict[str, Any], weight: str) -> Indicator:
    """Make an indicator of the bench scheme."""
    points = {"kind": "curve", "knots": [[0, 0], [100, 100]]}
    given = {"code": code, "label": code, "why": "bench", "direction": "higher", "weight": Decimal(weight), "measure": measure}
    return Indicator.model_validate({**given, "points": points, "missing": "redistribute", "source": "bench"})


def scheme(*, distinct: bool) -> Scheme:
    """Make the scheme of six visit indicators, and the distinct one where asked for."""
    base = {"table": "visits", "date": "visited_at"}
    parts = [indicator(c, {"kind": "share", **base, "where": w, "met": m}, "10") for c, (_, _, w, m) in TESTS.items()]
    if distinct:
        parts.append(indicator("subjects", {"kind": "distinct", **base, "of": "subject_id", "met": {"verified": True}}, "40"))
    visits = Dimension(code="visits", label="visits", weight=Decimal(100), indicators=tuple(parts))
    return Scheme.model_construct(dimensions=(visits,), levels=("city", "county", "station", "officer"), void=(), title="bench")


def ours(records: Records, tree: Tree, table: Scheme) -> list[measures.Measured]:
    """Count and put together the measures of all units and periods."""
    counted = measures.count(records, table, tree, PERIODS, PERIOD.end, officers=True)
    return [measures.measure_period(table, tree, counted, period, PERIOD.end) for period in PERIODS]


PERIOD_SQL = "CASE " + " ".join(
    f"WHEN visited_at >= TIMESTAMP '{p.start}' AND visited_at < TIMESTAMP '{p.end}' THEN '{p}'" for p in PERIODS
) + " END"  # fmt: skip
ASKED = [(n, of, met) for n, (of, met, _, _) in enumerate(TESTS.values())]
COUNTS_SQL = ", ".join(
    f"count(*) FILTER (WHERE {of}) AS d{n}, count(*) FILTER (WHERE ({of}) AND ({met})) AS n{n}" for n, of, met in ASKED
)
SUMS_SQL = ", ".join(f"sum(d{n}) AS d{n}, sum(n{n}) AS n{n}" for n in range(len(TESTS)))
KNOWN_SQL = (
    f"SELECT *, {PERIOD_SQL} AS period FROM visits WHERE recorded_at <= TIMESTAMP '{PERIOD.end}' "  # noqa: S608 - constants of this file
    f"AND visited_at >= TIMESTAMP '{min(p.start for p in PERIODS)}' AND visited_at < TIMESTAMP '{PERIOD.end}'"
)
ROLLED_UP_SQL = f"""
WITH leaf AS (SELECT unit_id, officer_id, period, {COUNTS_SQL} FROM ({KNOWN_SQL}) WHERE period IS NOT NULL GROUP BY ALL),
     station AS (SELECT unit_id, period, {SUMS_SQL} FROM leaf GROUP BY ALL),
     county AS (SELECT parent_id AS unit_id, period, {SUMS_SQL} FROM station JOIN units USING (unit_id) GROUP BY ALL),
     city AS (SELECT parent_id AS unit_id, period, {SUMS_SQL} FROM county JOIN units USING (unit_id) GROUP BY ALL)
SELECT officer_id AS unit_id, period, {SUMS_SQL} FROM leaf GROUP BY ALL
UNION ALL SELECT * FROM station UNION ALL SELECT * FROM county UNION ALL SELECT * FROM city"""  # noqa: S608
DISTINCT_SQL = f"""
SELECT city, county, station, officer_id, period, {COUNTS_SQL},
       count(DISTINCT subject_id) AS things, count(DISTINCT subject_id) FILTER (WHERE verified) AS met
FROM (SELECT v.*, s.unit_id AS station, s.parent_id AS county, c.parent_id AS city FROM ({KNOWN_SQL}) v
      JOIN units s ON s.unit_id = v.unit_id JOIN units c ON c.unit_id = s.parent_id) WHERE period IS NOT NULL
GROUP BY GROUPING SETS ((city, period), (county, period), (station, period), (officer_id, period))"""  # noqa: S608


def cpu(run: Callable[[], object]) -> float:
    """Measure the CPU seconds of a run, all threads."""
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(title: str, mine: Callable[[], object], peer: Callable[[], object]) -> None:
    """Run both in turn and print the medians and their ratio."""
    mine(), peer()
    pairs = [(cpu(mine), cpu(peer)) for _ in range(ROUNDS)]
    ours_, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{title}: ours {ours_:.2f}, theirs {theirs:.2f} CPU s, ratio {ours_ / theirs:.2f} (median of {ROUNDS})")


def main(visits: int) -> None:
    """Invent, count by both ways, print."""
    with tempfile.TemporaryDirectory() as folder:
        invent(Path(folder), visits)
        records = open_records(Path(folder))
        engine = duckdb.connect()
        for table in ("visits", "units"):
            engine.sql(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{folder}/{table}.parquet')")  # noqa: S608 - its own folder
        print(f"{visits:,} visits, {STATIONS:,} stations, {OFFICERS:,} officers, {len(TESTS)} indicators, 4 levels, 3 periods")
        print(f"hand-written roll-up:\n{ROLLED_UP_SQL}\n")
        tree = tree_of(records.tables, PERIOD)
        made = cpu(lambda: tree_of(records.tables, PERIOD))
        print(f"tree of {len(tree.units):,} units, made once a run: {made:.2f} CPU s")
        simple, hard = scheme(distinct=False), scheme(distinct=True)
        compare("six counts", lambda: ours(records, tree, simple), lambda: engine.sql(ROLLED_UP_SQL).df())
        print(f"\nCOUNT(DISTINCT) in GROUPING SETS:\n{DISTINCT_SQL}\n")
        compare("with one distinct count", lambda: ours(records, tree, hard), lambda: engine.sql(DISTINCT_SQL).df())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000)
