"""A million cases validated beside pandas and pointblank: required, types, codes, order of times, ids, units, postings; CPU.

Must hold, beyond the opening of the records, in which types, required cells, codes and ids are counted: these seven at most 0.5
CPU seconds, all steps at most 2. pointblank is measured where it is installed; it is no dependency.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from fengqiao_eval.periods import parse
from fengqiao_eval.records.checks import check_cells
from fengqiao_eval.records.store import read_records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.validation.report import validate

ROWS, STATIONS, OFFICERS, ROUNDS = 1_000_000, 1_200, 12_000, 5
SEVEN = (
    *("types", "required", "codes", "order", "order_aside", "midnight", "id_twice"),
    *("unknown_unit", "unknown_officer", "outside_postings"),
)
MOST_SEVEN, MOST_ALL = 0.5, 2.0
PAIRS = (("received_at", "arrived_at"), ("received_at", "closed_at"), ("received_at", "recorded_at"), ("arrived_at", "closed_at"))
WORDS = ("警情", "治安案件", "窗口业务")


def invent(folder: Path, rows: int) -> None:
    """Write units, postings and cases without a fault."""
    dice = np.random.default_rng(0)
    stations, officers = [f"S{n:04d}" for n in range(STATIONS)], [f"P{n:05d}" for n in range(OFFICERS)]
    ids = ["C1", *stations, *officers]
    levels = ["city"] + ["station"] * STATIONS + ["officer"] * OFFICERS
    above = [None] + ["C1"] * STATIONS + [stations[n % STATIONS] for n in range(OFFICERS)]
    pd.DataFrame({"unit_id": ids, "name": ids, "level": levels, "parent_id": above}).to_parquet(folder / "units.parquet")
    posts = {"officer_id": officers, "unit_id": above[1 + STATIONS :], "from_date": [date(2020, 1, 1)] * OFFICERS}
    pd.DataFrame(posts).to_parquet(folder / "postings.parquet")
    who = dice.integers(0, OFFICERS, rows)
    at = np.datetime64("2023-01-01", "us") + (dice.integers(0, 731 * 86400, rows) * 1_000_000).astype("timedelta64[us]")
    required = dice.integers(10, 21, rows)
    cases = {
        "case_id": [f"K{n:08d}" for n in range(rows)],
        "unit_id": np.array(stations)[who % STATIONS],
        "received_at": at,
        "officer_id": np.array(officers)[who],
        "category": np.array(WORDS)[dice.integers(0, 3, rows)],
        "tier": np.array(["一般", "较大"])[dice.integers(0, 2, rows)],
        "recorded_at": at + np.timedelta64(1, "h"),
        "arrived_at": at + np.timedelta64(10, "m"),
        "due_at": at + np.timedelta64(30, "D"),
        "closed_at": at + np.timedelta64(10, "D"),
        "status": np.array(["已办结", "在办"])[dice.integers(0, 2, rows)],
        "elements_required": required,
        "elements_filled": required - dice.integers(0, 2, rows),
    }
    pd.DataFrame(cases).to_parquet(folder / "cases.parquet")


def by_pandas(cases: pd.DataFrame, units: pd.DataFrame, posts: pd.DataFrame) -> list[int]:
    """Ask the same seven by hand, of a frame that is in memory."""
    found = [int(cases[name].isna().sum()) for name in ("case_id", "unit_id", "received_at")]
    found += [int((~cases["category"].isin(WORDS)).sum())]
    found += [int((cases[last] < cases[first]).sum()) for first, last in PAIRS]
    found += [int(cases["case_id"].duplicated().sum()), int((~cases["unit_id"].isin(units["unit_id"])).sum())]
    joined = cases[["case_id", "officer_id", "received_at"]].merge(
        posts[["officer_id", "from_date"]], on="officer_id", how="left"
    )
    inside = joined["received_at"] >= pd.to_datetime(joined["from_date"])
    return [*found, len(cases) - joined.loc[inside, "case_id"].nunique()]


def by_pointblank(cases: pd.DataFrame, units: pd.DataFrame) -> list[int]:
    """Ask the same of the same frame, but for the postings."""
    import pointblank as pb  # noqa: PLC0415 # type: ignore[import-not-found]

    asked = pb.Validate(cases).col_vals_not_null(columns=["case_id", "unit_id", "received_at"])
    asked = asked.col_vals_in_set(columns="category", set=list(WORDS))
    for first, last in PAIRS:
        asked = asked.col_vals_ge(columns=last, value=pb.col(first))
    asked = asked.rows_distinct(columns_subset="case_id").col_vals_in_set(columns="unit_id", set=list(units["unit_id"]))
    return list(asked.interrogate(collect_extracts=False).n_failed().values())


def cpu(ask: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Give the CPU seconds of the best of several rounds, all threads together, after one that loads what is needed."""
    ask()
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        ask()
        spent.append(time.process_time() - began)
    return min(spent)


def main() -> None:
    """Measure, print, and fail where a bound is broken."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(folder, rows)
        records, faults = read_records(folder)
        period, cases = parse("2024Q4"), records.tables["cases"]
        whole = validate(records, faults, period)
        assert not whole.count("fault")
        opening = cpu(lambda: read_records(folder), 2)
        cells = cpu(lambda: list(check_cells(cases, TABLES["cases"], "cases")), 2)
        print(f"  opened {rows:,} cases: {opening:.2f} CPU s, of which required, codes, bounds, lengths, citizens {cells:.2f}")
        seven, every = cpu(lambda: validate(records, faults, period, SEVEN)), cpu(lambda: validate(records, faults, period))
        for what, spent, most in (("the seven", seven, MOST_SEVEN), (f"all {len(whole.steps)} steps", every, MOST_ALL)):
            print(f"  {what} beyond that: {spent:.2f} CPU s (at most {most:g}: {'kept' if spent <= most else 'MISSED'})")
        frames = [pd.read_parquet(folder / f"{table}.parquet") for table in ("cases", "units", "postings")]
        print(f"  pandas, the seven by hand, frame in memory: {cpu(lambda: by_pandas(*frames), 2):.2f} CPU s")
        try:
            spent = cpu(lambda: by_pointblank(*frames[:2]), 2)
            print(f"  pointblank, the same without postings, frame in memory: {spent:.2f} CPU s")
        except ImportError:
            print("  pointblank is not there")
        sys.exit(seven > MOST_SEVEN or every > MOST_ALL)


if __name__ == "__main__":
    main()
