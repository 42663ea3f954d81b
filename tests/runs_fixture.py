"""A small run drawn up without the engine, its numbers consistent: what cards, charts and pages are tested on.

Planted: hostile names, a tie, a unit not ranked, one without a past, a merged one, a void month, provisional and missing figures.
"""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from fengqiao_eval.scheme.load import load
from fengqiao_eval.scheme.scheme import Scheme, applies, least_at, nominal, weight_at
from fengqiao_eval.scoring.normalisation import absolute
from shared import files_of, lay

TREND = [f"2024-{month:02d}" for month in range(1, 13)]
PERIODS = {"this": "2024Q4", "previous": "2024Q3", "year_before": "2023Q4", "trend": TREND}
HOSTILE = {"S001": "<script>alert(1)</script>", "S002": "=cmd()"}
OWN, NEW, MERGED, UNRANKED, TIED = "S007", "S008", "S006", "S005", ("S003", "S004")
SIZES = {"city": 900, "county": 450, "station": 60, "zone": 25, "officer": 12}
RATES = {
    "arrival_on_time": 0.91, "recorded_in_24h": 0.96, "elements_complete": 0.97, "closed_on_time": 0.93, "files_passed": 0.92,
    "visit_coverage": 0.84, "visits_verified": 0.93, "visit_frequency": 0.92, "revisits_done": 0.90, "settled_on_time": 0.88,
    "recurrence": 0.07, "agreements_performed": 0.93, "satisfied": 0.90, "sense_of_safety": 0.95, "complaint_reply": 0.94,
}  # fmt: skip
SHARES = {"arrival_on_time": 6, "elements_complete": 30, "visit_coverage": 4, "files_passed": 0.4, "sense_of_safety": 5}
ADJUSTED = ["unit_id", "period", "line", "rule", "effect", "contribution", "record_ids", "status"]
COLOURS = ("red", "yellow", "blue")
NAMES = ("清溪", "柳河", "石桥", "东湖", "云岭", "南塘", "白鹭", "松原", "金沙", "梧桐", "望江", "双桥", "竹园", "春晖")


def write(folder: Path, **manifest: object) -> Path:
    """Write the run folder; keyword arguments replace keys of the manifest."""
    lay(_files(), folder)
    (folder / "manifest.json").write_text(json.dumps(_manifest(_scheme()) | manifest, ensure_ascii=False), "utf-8")
    return folder


@cache
def _scheme() -> Scheme:
    return load(Path(__file__).parents[1] / "params" / "one_table.yaml")


@cache
def _files() -> dict[str, bytes]:
    """Draw the run up, but for its manifest."""
    return files_of(_draw)


def _draw(folder: Path) -> None:
    _write_side(folder, _scheme(), _units(), 1)
    _write_side(folder / "officer", _scheme(), _officers(), 2)
    (folder / "scheme.json").write_text(_scheme().model_dump_json(by_alias=True), "utf-8")


def _units() -> pd.DataFrame:
    rows = [
        ("C1", "云溪市公安局", "city", "", ""),
        ("D1", "东城分局", "county", "", "C1"),
        ("D2", "西城分局", "county", "", "C1"),
    ]
    for number, name in enumerate(NAMES, 1):
        unit = f"S{number:03d}"
        kind = "四类" if number <= 10 else "三类"
        rows.append((unit, HOSTILE.get(unit, f"{name}派出所"), "station", kind, "D1" if number <= 8 else "D2"))
    rows += [(f"Z{n}", f"清溪第{n}警务区", "zone", "四类", OWN) for n in (1, 2)]
    frame = pd.DataFrame(rows, columns=["unit_id", "name", "level", "peer_class", "parent_id"])
    merged = np.where(frame["unit_id"] == MERGED, "S900,S901", "")
    return frame.assign(county_id="D1", station_id="", person_days=920.0, days_in_period=92, merged_from=merged)


def _officers() -> pd.DataFrame:
    rows = [(f"P{n:04d}", f"民警{n:04d}", "officer", "四类", OWN) for n in range(1, 13)]
    frame = pd.DataFrame(rows, columns=["unit_id", "name", "level", "peer_class", "parent_id"])
    days = np.where(frame["unit_id"] == "P0002", 60.0, 92.0)
    return frame.assign(county_id="D1", station_id=OWN, person_days=days, days_in_period=92, merged_from="")


def _write_side(folder: Path, scheme: Scheme, units: pd.DataFrame, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    points = _points(scheme, units, seed)
    frames = {
        "units": units, "points": points, "measures": points[points.columns[:10]], "ranks": _ranks(scheme, units, points),
        "adjustments": pd.DataFrame(columns=ADJUSTED),
        "asides": _asides(points), "losses": _losses(scheme, points), "open_disputes": _disputes(units),
    }  # fmt: skip
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")


def _points(scheme: Scheme, units: pd.DataFrame, seed: int) -> pd.DataFrame:
    rows = []
    for unit in units.to_dict("records"):
        twin = TIED[0] if unit["unit_id"] == TIED[1] else unit["unit_id"]
        draw = np.random.default_rng([seed, *map(ord, twin)])
        strength = draw.normal(0, 0.02)
        for period in (PERIODS["this"], PERIODS["previous"], PERIODS["year_before"], *TREND):
            measured = [_measure(i, unit, period, strength, draw) for i in scheme.indicators if applies(i, unit["level"])]
            rows += _contributions(scheme, unit["level"], measured)
    columns = ["unit_id", "level", "peer_class", "indicator", "period", "numerator", "denominator", "value", "n", "status"]
    frame = pd.DataFrame(rows)[[*columns, "points", "weight", "weight_used", "contribution"]]
    return frame.astype(dict.fromkeys(["level", "peer_class", "indicator", "period", "status"], "category"))


def _measure(indicator, unit: dict, period: str, strength: float, draw: np.random.Generator) -> dict:
    months = 1 if len(period) > 6 else 3
    whole = max(3, round(SIZES[unit["level"]] * SHARES.get(indicator.code, 1) * months / 3 * draw.uniform(0.8, 1.2)))
    rate = np.clip(RATES[indicator.code] + (-strength if indicator.direction == "lower" else strength), 0.01, 1)
    met = float(draw.binomial(whole, rate))
    if indicator.measure.kind == "coded":
        met = round(met * 0.99, 1)
    status = _status(indicator, unit, period, whole)
    empty = status in ("no_records", "void")
    label = {"city": "市局", "county": "县（区）局"}.get(unit["level"], unit["peer_class"])
    return {
        "unit_id": unit["unit_id"], "level": unit["level"], "peer_class": label, "indicator": indicator.code, "period": period,
        "numerator": np.nan if empty else met, "denominator": np.nan if empty else float(whole),
        "value": np.nan if empty else 100 * met / whole, "n": 0 if empty else whole, "status": status, "declared": indicator,
    }  # fmt: skip


def _status(indicator, unit: dict, period: str, whole: int) -> str:
    if unit["unit_id"] == NEW and period < "2024-09":
        return "no_records"
    if unit["unit_id"] == UNRANKED and indicator.code not in ("arrival_on_time", "recorded_in_24h"):
        return "no_records"
    if indicator.code == "sense_of_safety" and "Q" not in period:
        return "no_records"
    if indicator.code == "complaint_reply" and period == "2024-11":
        return "void"
    if whole < least_at(indicator, unit["level"]):
        return "too_few"
    return "provisional" if indicator.code == "recurrence" and period in ("2024Q4", "2024-12") else "ok"


def _contributions(scheme: Scheme, level: str, measured: list[dict]) -> list[dict]:
    """Give points and contributions; weight goes to siblings first, then to the other dimensions."""
    scored = {m["indicator"] for m in measured if m["status"] in ("ok", "provisional")}
    shares = nominal(scheme, level)
    kept = [d for d in scheme.dimensions if any(i.code in scored for i in d.indicators)]
    top = sum(weight_at(d.weight, level) for d in kept)
    for row in measured:
        indicator = row.pop("declared")
        dimension = next(d for d in scheme.dimensions if indicator in d.indicators)
        siblings = sum(weight_at(i.weight, level) for i in dimension.indicators if i.code in scored)
        found = row["indicator"] in scored
        points = float(absolute(indicator.points, np.array([row["value"]]), indicator.direction)[0]) if found else np.nan
        used = Fraction(0)
        if found:
            used = (
                Fraction(weight_at(dimension.weight, level))
                / Fraction(top)
                * Fraction(weight_at(indicator.weight, level))
                / Fraction(siblings)
            )
        exact = Fraction(str(points)) * used if found else Fraction(0)
        row |= {"points": points, "weight": float(shares[row["indicator"]]), "weight_used": float(used)}
        row["contribution"] = int(exact * 100 + Fraction(1, 2)) / 100
    return measured


def _ranks(scheme: Scheme, units: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    keys = ["unit_id", "level", "peer_class", "period"]
    covered = points["weight"].where(points["points"].notna(), 0.0)
    frame = points.assign(covered=covered).astype(dict.fromkeys(keys[1:], "str")).groupby(keys, as_index=False)
    frame = frame.agg(total=("contribution", "sum"), covered=("covered", "sum")).round({"total": 2, "covered": 6})
    ranked = frame[frame["covered"] >= float(scheme.least_covered)].groupby(keys[1:])["total"]
    frame["rank"] = ranked.rank(method="min", ascending=False).reindex(frame.index).astype("Int64")
    frame["of"] = frame[keys[1:]].merge(ranked.size().rename("of").reset_index(), how="left")["of"].fillna(0).astype("Int64")
    grades = [next((b.grade for b in scheme.bands if total >= b.at_least), "") for total in frame["total"]]
    frame["grade"] = np.where(frame["rank"].isna(), "", grades)
    flags = np.where(
        frame["rank"].isna(), "low_coverage,not_ranked", np.where(frame["period"] == "2024Q4", "provisional,void_left_out", "")
    )
    empty = pd.array([pd.NA] * len(frame), dtype="Int64")
    names = frame["unit_id"].map(units.set_index("unit_id")["name"])
    return frame.assign(name=names, flags=flags, rank_low=empty, rank_high=empty)


def _asides(points: pd.DataFrame) -> pd.DataFrame:
    rows = []
    main = points[points["period"] == "2024Q4"]
    for row in main.to_dict("records"):
        if row["indicator"] == "satisfied" and row["n"]:
            rows.append((row["unit_id"], "satisfied", "2024Q4", "response", "应答率", row["n"], round(row["n"] * 2.6)))
        elif row["indicator"] == "agreements_performed":
            rows.append((row["unit_id"], "agreements_performed", "2024Q4", "unknown", "履行情况未填", 3, np.nan))
        elif row["indicator"] == "settled_on_time" and row["n"]:
            parts = zip(COLOURS, "红黄蓝", (0.1, 0.3, 0.6), strict=True)
            rows += [
                (
                    row["unit_id"],
                    "settled_on_time",
                    "2024Q4",
                    f"split:{word}",
                    label,
                    int(row["numerator"] * part),
                    int(row["n"] * part),
                )
                for word, label, part in parts
            ]
    return pd.DataFrame(rows, columns=["unit_id", "indicator", "period", "aside", "label", "numerator", "denominator"])


def _losses(scheme: Scheme, points: pd.DataFrame) -> pd.DataFrame:
    tables = {i.code: i.measure.table for i in scheme.indicators if i.measure.kind != "figure"}
    leaves = points[
        (points["period"] == "2024Q4") & points["level"].isin(["station", "officer"]) & points["indicator"].isin(list(tables))
    ]
    rows = []
    for row in leaves[leaves["n"] > 0].to_dict("records"):
        code, unit = row["indicator"], row["unit_id"]
        lost = row["numerator"] if code == "recurrence" else row["denominator"] - row["numerator"]
        for number in range(int(lost)):
            record = f"=cmd|{number}" if unit == "S002" and number == 0 else f"{tables[code][0].upper()}{unit[1:]}{number:05d}"
            moment = pd.Timestamp("2024-10-01") + pd.Timedelta(hours=37 * number % 2200, minutes=number % 60)
            where = "Z1" if unit == OWN and number % 3 == 0 else unit
            rows.append((where, code, tables[code], record, moment))
    return pd.DataFrame(rows, columns=["unit_id", "indicator", "table", "record_id", "happened_at"])


def _disputes(units: pd.DataFrame) -> pd.DataFrame:
    leaves = units[units["level"].isin(["station", "zone", "officer"])]["unit_id"]
    rows = []
    for place, unit in enumerate(leaves):
        for number in range(4 + place % 5):
            days = (number * 7 + place * 3) % 33 - 4
            due = pd.Timestamp("2025-01-01") + pd.Timedelta(days=days)
            rows.append((unit, f"D{unit[1:]}{number:04d}", COLOURS[number % 3], due - pd.Timedelta(days=20), due, days))
    return pd.DataFrame(rows, columns=["unit_id", "dispute_id", "tier", "received_at", "due_at", "days_left"])


def _manifest(scheme: Scheme) -> dict[str, object]:
    return {
        "run": "demo", "title": scheme.title, "scheme_version": scheme.version, "period": "2024Q4", "periods": PERIODS,
        "as_of": "2025-01-01T00:00:00", "state": "draft", "objection_until": "2025-01-20", "contact": "考评办 010-00000000",
        "lang": "zh", "only": "all", "levels": list(scheme.levels), "counts": {"cases": 120345}, "officers": 12, "cards": {},
        "notes": [
            {"key": "void", "given": {"indicator": "投诉回应率", "period": "2024-11", "reason": "投诉系统迁移，答复时间丢失"}},
            {"key": "sentence_nobody_wrote", "given": {"n": 3}},
        ], "failures": [], "fingerprints": {}, "parameters": {},
    }  # fmt: skip
