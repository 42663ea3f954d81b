"""Run folders drawn up without the engine: what scorecards, notebooks and workbook read, with awkward things planted."""

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from fengqiao_eval.runs.folder import ROW_GROUP
from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import Scheme, applies, nominal, weight_at
from shared import files_of, lay

SCHEME = Path(__file__).parents[1] / "params" / "one_table.yaml"
HOSTILE = '=HYPERLINK("http://x.example","点我")</script><img src=x onerror="alert(\'破\')">&amp;'
CLASSES = ("一类", "二类", "三类", "四类")
PERIODS = {
    "this": "2024Q4",
    "previous": "2024Q3",
    "year_before": "2023Q4",
    "trend": [f"2024-{m:02d}" for m in range(1, 13)],
}
CARDS = {"station": ["S001", "S002"], "city": ["C1"]}
NOT_RANKED, NO_VISITS, UNKNOWN = "S004", "S003", "S005"
"""A station with too little to go on, one without a single visit counted (still ranked), and one that stands for 'unknown'."""


@cache
def scheme() -> Scheme:
    """Read the one table of the invented province."""
    return load(SCHEME)


def make_units(stations: int = 18, zones: int = 24, counties: int = 2) -> pd.DataFrame:
    """Draw up a tree of units: one city, its counties, stations and zones in classes; the first station's name is hostile."""
    rows = [("C1", "云溪市公安局", "city", None, None, None, None)]
    rows += [(f"D{n}", f"枫林{'东西南北中'[n % 5]}区分局{n}", "county", None, "C1", f"D{n}", None) for n in range(counties)]
    for n in range(1, stations + 1):
        name = HOSTILE if n == 1 else f"青石桥第{n}派出所"
        rows.append(
            (
                f"S{n:03d}",
                name,
                "station",
                CLASSES[n % 2 if stations < 40 else n % 4],
                f"D{n % counties}",
                f"D{n % counties}",
                f"S{n:03d}",
            )
        )
    for n in range(1, zones + 1):
        home = n % stations + 1
        rows.append(
            (
                f"Z{n:04d}",
                f"柳荫第{n}警务区",
                "zone",
                CLASSES[home % 2 if stations < 40 else home % 4],
                f"S{home:03d}",
                f"D{home % counties}",
                f"S{home:03d}",
            )
        )
    columns = ["unit_id", "name", "level", "peer_class", "parent_id", "county_id", "station_id"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(person_days=920.0, days_in_period=92, merged_from=np.where(frame["unit_id"] == "S006", "S900", ""))


def make_officers(officers: int, stations: int = 18) -> pd.DataFrame:
    """Draw up officers, each at a station, by number only."""
    rows = [
        (f"P{n:04d}", f"秘名{n}", "officer", None, f"S{n % stations + 1:03d}", "D0", f"S{n % stations + 1:03d}")
        for n in range(1, officers + 1)
    ]
    columns = ["unit_id", "name", "level", "peer_class", "parent_id", "county_id", "station_id"]
    return pd.DataFrame(rows, columns=columns).assign(person_days=60.0, days_in_period=92, merged_from="")


def make_points(units: pd.DataFrame, table: Scheme, period: str, seed: int) -> pd.DataFrame:
    """Draw values and points for every unit and indicator of a period, and reckon contributions in whole numbers."""
    parts = [
        _level(part.reset_index(drop=True), table, str(level), period, seed) for level, part in units.groupby("level", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def _level(units: pd.DataFrame, table: Scheme, level: str, period: str, seed: int) -> pd.DataFrame:
    indicators = [i for i in table.indicators if applies(i, level)]
    draw = np.random.default_rng([seed, len(level), *map(ord, period)])
    shape = len(units), len(indicators)
    strength = draw.normal(0, 6, (len(units), 1))
    whole = np.clip(np.round((86 + strength + draw.normal(0, 9, shape)) * 10_000), 0, 1_000_000).astype("int64")
    whole[0, :3] = 1_000_000, 605_000, 0
    scored = _scored(units, indicators, table, draw)
    denominators = draw.integers(5, 900, shape)
    met = np.round(denominators * np.clip(whole / 1_000_000, 0, 1))
    shares = nominal(table, level)
    weighed, contributions = _contributions(whole, scored, indicators, table, level)
    index = pd.MultiIndex.from_product([units["unit_id"], [i.code for i in indicators]], names=["unit_id", "indicator"])
    frame = pd.DataFrame({
        "numerator": met.ravel(), "denominator": denominators.ravel().astype(float), "n": denominators.ravel(),
        "status": np.where(scored, "ok", draw.choice(["too_few", "no_records", "void"], shape)).ravel(),
        "points": np.where(scored, whole / 10_000, np.nan).ravel(),
        "weight": np.tile([float(shares[i.code]) for i in indicators], len(units)),
        "weight_used": weighed.ravel(), "contribution": contributions.ravel(),
    }, index=index).reset_index()  # fmt: skip
    frame["value"] = (100 * frame["numerator"] / frame["denominator"]).where(frame["status"] != "no_records")
    empty = ["numerator", "denominator"]
    frame.loc[frame["status"] == "no_records", [*empty, "n"]] = 0
    classes = units.set_index("unit_id")["peer_class"].fillna("")
    frame["peer_class"] = frame["unit_id"].map(classes)
    frame = frame.assign(level=level, period=period)
    first = [
        "unit_id",
        "level",
        "peer_class",
        "indicator",
        "period",
        "numerator",
        "denominator",
        "value",
        "n",
        "status",
    ]
    return frame[[*first, "points", "weight", "weight_used", "contribution"]]


def _scored(units: pd.DataFrame, indicators: Sequence, table: Scheme, draw: np.random.Generator) -> np.ndarray:
    scored = draw.random((len(units), len(indicators))) > 0.04
    home = {i.code: d.code for d in table.dimensions for i in d.indicators}
    scored[0] = True
    for place, unit in enumerate(units["unit_id"]):
        if unit == NO_VISITS:
            scored[place] = [home[i.code] != "visits" for i in indicators]
        elif unit == NOT_RANKED:
            scored[place] = [home[i.code] == "cases" for i in indicators]
    return scored


def _contributions(
    whole: np.ndarray, scored: np.ndarray, indicators: Sequence, table: Scheme, level: str
) -> tuple[np.ndarray, np.ndarray]:
    """Points × weight / Σ weights scored, in whole numbers, half-up to two decimals; weights here are whole."""
    dimensions = [d for d in table.dimensions if any(i in d.indicators for i in indicators)]
    own = np.array([int(weight_at(i.weight, level)) for i in indicators])
    member = np.array([[i in d.indicators for i in indicators] for d in dimensions])
    above = np.array([int(weight_at(d.weight, level)) for d in dimensions])
    sums = (scored[:, None, :] * member * own).sum(axis=2)
    whole_sum = ((sums > 0) * above).sum(axis=1)
    inner = (sums[:, :, None] * member).sum(axis=1)
    over = np.where(scored, own * (above[:, None] * member).sum(axis=0), 0)
    under = np.maximum(inner * whole_sum[:, None], 1)
    hundredths = (2 * whole * over * 100 + under * 10_000) // (2 * under * 10_000)
    return over / under, np.where(scored, hundredths, 0) / 100


def make_ranks(points: pd.DataFrame, units: pd.DataFrame, table: Scheme) -> pd.DataFrame:
    """Add up totals, leave out who cannot be ranked, and give places within each class."""
    keys = ["unit_id", "level", "peer_class", "period"]
    scored = points.assign(
        hundredths=(points["contribution"] * 100).round().astype("int64"),
        covered=points["weight"].where(points["points"].notna(), 0),
    )
    frame = scored.groupby(keys, sort=False, as_index=False).agg(hundredths=("hundredths", "sum"), covered=("covered", "sum"))
    frame["total"] = frame["hundredths"] / 100
    frame["covered"] = frame["covered"].round(6)
    low, unknown = frame["covered"] < float(table.least_covered), frame["unit_id"] == UNKNOWN
    group = frame[~(low | unknown)].groupby(["level", "peer_class", "period"])["hundredths"]
    frame["rank"] = group.rank(method="min", ascending=False).astype("Int64")
    counted = group.size().rename("of").reset_index()
    frame = frame.merge(counted, on=["level", "peer_class", "period"], how="left")
    frame["of"] = frame["of"].fillna(0).astype("Int64")
    frame["grade"] = [_grade(table, total) for total in frame["total"]]
    frame.loc[frame["rank"].isna(), "grade"] = ""
    frame["flags"] = np.where(
        low,
        "low_coverage,not_ranked",
        np.where(unknown, "not_ranked", np.where(frame["unit_id"] == "S006", "merged,provisional", "")),
    )
    frame = frame.assign(rank_low=pd.array([pd.NA] * len(frame), "Int64"), rank_high=pd.array([pd.NA] * len(frame), "Int64"))
    frame["name"] = frame["unit_id"].map(units.set_index("unit_id")["name"])
    return frame[
        [
            "unit_id",
            "name",
            "level",
            "peer_class",
            "period",
            "total",
            "covered",
            "rank",
            "of",
            "rank_low",
            "rank_high",
            "grade",
            "flags",
        ]
    ]


def _grade(table: Scheme, total: float) -> str:
    return next((band.grade for band in table.bands if total >= float(band.at_least)), "")


def write_run(
    folder: Path, stations: int = 18, zones: int = 24, officers: int = 6, months: bool = True, **manifest: object
) -> Path:
    """Write a whole run folder and return it; keyword arguments replace keys of the manifest."""
    lay(_files(stations, zones, officers, months), folder)
    told = _manifest(scheme(), CARDS, officers) | manifest
    (folder / "manifest.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return folder


@lru_cache(8)
def _files(stations: int, zones: int, officers: int, months: bool) -> dict[str, bytes]:
    """Draw a run up, but for its manifest."""
    return files_of(lambda folder: _draw(folder, stations, zones, officers, months))


def _draw(folder: Path, stations: int, zones: int, officers: int, months: bool) -> None:
    table, counties = scheme(), 2 if stations < 40 else 100
    units, people = make_units(stations, zones, counties), make_officers(officers, stations)
    periods = [PERIODS["this"], PERIODS["previous"], *([PERIODS["year_before"], *PERIODS["trend"]] if months else [])]
    _frames(folder, units, table, periods)
    (folder / "officer").mkdir()
    _frames(folder / "officer", people, table, periods)
    (folder / "scheme.json").write_text(table.model_dump_json(), "utf-8")
    for level, unit in [(level, unit) for level, ids in CARDS.items() for unit in ids]:
        (folder / level).mkdir(exist_ok=True)
        (folder / level / f"{unit}.html").write_text("<!doctype html><title>卡</title>", "utf-8")
    if officers:
        (folder / "officer" / "P0001.html").write_text("<!doctype html><title>卡</title>", "utf-8")


def _frames(folder: Path, units: pd.DataFrame, table: Scheme, periods: list[str]) -> None:
    points = (
        pd.concat([make_points(units, table, period, 7) for period in periods], ignore_index=True)
        if len(units)
        else pd.DataFrame()
    )
    if points.empty:
        return
    units.to_parquet(folder / "units.parquet")
    points.to_parquet(folder / "points.parquet", row_group_size=ROW_GROUP)
    points[points.columns[:10]].to_parquet(folder / "measures.parquet", row_group_size=ROW_GROUP)
    make_ranks(points, units, table).to_parquet(folder / "ranks.parquet")
    adjustments = pd.DataFrame(columns=["unit_id", "period", "line", "rule", "effect", "contribution", "record_ids", "status"])
    adjustments.astype({"contribution": "float64"}).to_parquet(folder / "adjustments.parquet")


def _manifest(table: Scheme, cards: dict[str, list[str]], officers: int) -> dict[str, object]:
    return {
        "run": "demo", "title": table.title, "scheme_version": table.version, "period": PERIODS["this"], "periods": PERIODS,
        "as_of": "2025-01-01 00:00:00", "state": "draft", "objection_until": "2025-01-20", "contact": "考评办 0571-0000000",
        "lang": "zh", "only": "all", "levels": list(table.levels), "officers": officers, "cards": cards, "failures": [],
        "counts": {"cases": 120_345, "visits": 98_765, "units": 45}, "notes": [{"key": "of_no_catalogue", "given": {"rows": 3}}],
        "packages": {"fengqiao_eval": "0.1.0"}, "parameters": {},
        "fingerprints": {"scheme": "0f3a", "records": {"cases.csv": "77be"}},
    }  # fmt: skip
