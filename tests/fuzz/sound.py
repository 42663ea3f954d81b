"""The small sound project from which every input begins: tables of text, a scheme that counts them, a params file."""

import random
from typing import Any

PERIOD = "2024-11"
"""The period that is scored."""
TOP = "X"
"""The unit above all others: what counts for anybody counts for it."""
EVENTS = {
    "cases": "received_at",
    "visits": "visited_at",
    "disputes": "received_at",
    "surveys": "asked_at",
    "duties": "due_at",
}
"""The tables whose rows are counted, and the date by which they are."""
OTHER_DATES = {"cases": ["closed_at"], "disputes": ["due_at", "resolved_at"], "duties": ["done_at"]}
"""By which further dates a scheme may count them."""
Table = list[list[Any]]
"""A heading and rows."""

STATIONS, OFFICERS = ("S1", "S2", "S3", "Z1"), ("P1", "P2", "P3")


def _day(number: int) -> str:
    """Give a day: most lie in the period, some in the month before it or a year earlier."""
    return f"{('2024-11', '2024-11', '2024-11', '2024-10', '2023-11')[number % 5]}-{1 + number * 7 % 28:02d}"


UNITS: Table = [
    ["unit_id", "name", "level", "parent_id", "peer_class", "residents", "households", "valid_from", "valid_to", "successor_id"],
    [TOP, "甲县局", "county", "", "", "50000", "15000", "", "", ""],
    ["S1", "一所", "station", "X", "一类", "10000", "3000", "2020-01-01", "", ""],
    ["S2", "二所", "station", "X", "一类", "12000", "3300", "", "", ""],
    ["S3", "三所", "station", "X", "二类", "9000", "2300", "", "", ""],
    ["Z1", "一警务区", "zone", "S1", "", "3000", "900", "", "", ""],
    *([who, name, "officer", at, "", "", "", "", "", ""] for who, name, at in zip(OFFICERS, "张李王", STATIONS, strict=False)),
]


def tables() -> dict[str, Table]:
    """Give every record table anew; all cells are text."""
    at, who = (lambda n: STATIONS[n % 4]), (lambda n: OFFICERS[n % 3])
    return {
        "units": [list(row) for row in UNITS],
        "postings": [
            ["officer_id", "unit_id", "from_date", "to_date", "role", "share", "coefficient"],
            ["P1", "S1", "2023-01-01", "", "民警", "1", "1"],
            ["P2", "S2", "2023-01-01", "2024-11-20", "民警", "0.5", "1"],
            ["P3", "S3", "2024-11-01", "", "辅警", "1", "0.8"],
        ],
        "cases": [
            ["case_id", "unit_id", "received_at", "officer_id", "category", "arrived_at", "closed_at", "recorded_at"]
            + ["status", "elements_required", "elements_filled", "audited"],
            *(
                [
                    f"J{n}",
                    at(n),
                    f"{_day(n)} 08:0{n}",
                    who(n),
                    ("警情", "案件")[n % 2],
                    f"{_day(n)} 08:{10 + n}",
                    f"{_day(n)} 18:00",
                ]
                + [f"{_day(n)} 20:00", "closed", "10", str(7 + n % 4), ("true", "false")[n % 2]]
                for n in range(8)
            ),
        ],
        "visits": [
            ["visit_id", "unit_id", "visited_at", "officer_id", "subject_id", "purpose", "verified", "recorded_at"],
            *(
                [f"V{n}", at(n), f"{_day(n)} 09:00", who(n), f"H{n % 3}", "走访", ("true", "false", "")[n % 3], ""]
                for n in range(8)
            ),
        ],
        "disputes": [
            ["dispute_id", "unit_id", "received_at", "officer_id", "tier", "due_at", "resolved_at", "outcome", "recurred_at"],
            *(
                [
                    f"D{n}",
                    at(n),
                    f"{_day(n)} 09:00",
                    who(n),
                    ("blue", "yellow", "red")[n % 3],
                    ("2024-11-20", "2024-12-05 00:00")[n % 2],
                ]
                + [("2024-11-29 10:00", "")[n % 2], ("协议", "")[n % 2], ""]
                for n in range(7)
            ),
        ],
        "surveys": [
            ["survey_id", "unit_id", "asked_at", "officer_id", "channel", "answer", "score"],
            *(
                [f"Q{n}", at(n), f"{_day(n)} 10:30", who(n), "电话", ("满意", "基本满意", "不满意", "")[n % 4], str(n % 5)]
                for n in range(8)
            ),
        ],
        "duties": [
            ["duty_id", "unit_id", "kind", "due_at", "due_from", "officer_id", "subject_id", "times", "done_at"],
            *(
                [f"U{n}", at(n), ("visit", "reply")[n % 2], f"{_day(n)} 12:00", "", who(n), f"H{n % 3}", str(1 + n % 2)]
                + [f"{_day(n)} 07:00"]
                for n in range(7)
            ),
        ],
        "credits": [
            ["table", "record_id", "officer_id", "role", "share"],
            ["cases", "J0", "P1", "主办", "0.6"],
            ["cases", "J0", "P2", "协办", "0.4"],
            ["visits", "V1", "P3", "", ""],
        ],
        "notices": [
            [
                "notice_id",
                "happened_on",
                "unit_id",
                "officer_id",
                "code",
                "value",
                "reason",
                "entered_by",
                "checked_by",
                "status",
            ],
            ["N1", "2024-11-05", "S1", "", "bonus", "1", "表扬", "甲", "乙", "upheld"],
            ["N2", "2024-11-06", "", "P2", "fault", "2", "批评", "甲", "乙", "upheld"],
            ["N3", "2024-11-07", "S2", "", "fault", "", "", "甲", "", "proposed"],
            ["N4", "2024-10-07", "S3", "", "fault", "1", "", "甲", "乙", "withdrawn"],
        ],
        "figures": [
            ["unit_id", "indicator", "period", "numerator", "denominator", "value", "n", "design_effect", "source"],
            ["S1", "safety", PERIOD, "", "", "95.5", "100", "1.2", "统计局"],
            ["S2", "safety", PERIOD, "90", "100", "", "100", "1", "统计局"],
            ["X", "safety", PERIOD, "", "", "94", "300", "", "统计局"],
        ],
    }


# The scheme


def _points(start: int, each: int) -> dict[str, Any]:
    return {"kind": "line", "start": start, "each": each}


def _line(code: str, label: str, measure: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"direction": "higher", "missing": "redistribute", "points": {"kind": "curve", "knots": [[0, 0], [100, 100]]}}
    return {"code": code, "label": label, "why": "示例", "source": "示例", **given, "measure": measure, **more}


def _of(table: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "table": table, "date": EVENTS[table], **more}


def every_row(table: str) -> dict[str, Any]:
    """Make the indicator that counts every row of a table, by which it is told whether rows add up."""
    return _line(f"rows_{table}", "全部", _of(table, "count"), unit="件", points=_points(0, 1))


def _more() -> dict[str, list[dict[str, Any]]]:
    """Give what else is counted of each table."""
    within = {"arrived_at": {"within": {"minutes": 15, "of": "received_at"}}}
    answers = {"满意": 1, "基本满意": 0.6, "不满意": 0}
    days = {"since": "received_at", "until": "resolved_at", "unit": "days", "steps": [[3, 1], [10, 2]]}
    return {
        "cases": [
            _line("arrival", "到场", _of("cases", "share", met=within)),
            _line("minutes", "到场用时", _of("cases", "mean", of={"minutes": ["received_at", "arrived_at"]}), unit="分", direction="lower", points=_points(100, -1)),
            _line("median", "用时中位", _of("cases", "quantile", of={"minutes": ["received_at", "closed_at"]}, q=0.5), unit="分"),
            _line("filled", "要素", _of("cases", "ratio", numerator="elements_filled", denominator="elements_required")),
            _line(
                "kinds", "分类", _of("cases", "count", where={"category": ["警情"]}, worth=[{"column": "elements_filled"}]),
                unit="分", points=_points(0, 2), split={"column": "category", "labels": {"警情": "警情", "案件": "案件"}},
            ),
        ],
        "visits": [
            _line("verified", "核验", _of("visits", "share", met={"verified": True}), points={"kind": "percentile"}),
            _line("per_day", "人均", _of("visits", "count", per="person_days", scale=30), unit="次", points=_points(0, 10)),
            _line(
                "best", "同户一次", _of("visits", "count", best_of=["subject_id"]), unit="次", points=_points(0, 10),
                against=[{"kind": "change", "since": "previous"}],
            ),
        ],
        "disputes": [
            _line("open", "未化解", _of("disputes", "count", worth=[{"ladder": days}]), unit="起", direction="lower", points=_points(100, -5)),
            _line("again", "再次", _of("disputes", "count", times=[{"by": 2, "again": {"same": ["tier"], "within_days": 9}}]), unit="起"),
        ],
        "surveys": [
            _line("satisfied", "满意", _of("surveys", "coded", column="answer", values=answers), points={"kind": "z_score"}),
            _line("score", "评分", _of("surveys", "mean", of="score"), unit="分", points={"kind": "min_max"}),
        ],
        "duties": [
            _line(
                "coverage", "覆盖", _of("duties", "distinct", where={"kind": "visit"}, of="subject_id", met={"done_at": {"not_after": "due_at"}}),
                against=[{"kind": "place"}], points=_points(100, -4),
            ),
            _line("quota", "定额", _of("duties", "count"), unit="件", against=[{"kind": "quota", "amount": 4, "as": "completion"}]),
        ],
        "figures": [_line("safety", "安全感", {"kind": "figure", "figure": "safety"})],
    }  # fmt: skip


def _outside() -> list[dict[str, Any]]:
    def of(code: str) -> dict[str, Any]:
        return {"kind": "count", "table": "notices", "date": "happened_on", "where": {"code": code}}

    common = {"label": "通报", "why": "示例", "source": "示例", "levels": ["station", "officer"]}
    worth = [{"column": "value"}]
    return [
        {"code": "praise", **common, "effect": "add", "measure": {**of("bonus"), "worth": worth}, "points": _points(0, 1)},
        {"code": "blame", **common, "effect": "deduct", "measure": of("fault"), "points": _points(0, 2)},
        {"code": "held", **common, "effect": "cap_grade", "grade": "一般", "measure": of("fault")},
    ]


def scheme(dice: random.Random, asked: list[str], most: int = 2) -> dict[str, Any]:
    """Make a scheme on some tables: all rows of each, at most so many further lines, and notices outside the hundred."""
    lines = [every_row(table) for table in asked if table in EVENTS]
    pool = [line for table in asked for line in _more().get(table, [])]
    lines += dice.sample(pool, min(most, len(pool)))
    lines = lines or [every_row("cases")]
    weights = [100 // len(lines)] * len(lines)
    weights[0] += 100 - sum(weights)
    lines = [{**line, "weight": weight} for line, weight in zip(lines, weights, strict=True)]
    made = {
        "title": "小表", "version": "1", "sources": ["示例"], "author": "甲", "checker": "乙", "weights": "within",
        "levels": ["county", "station", "officer"],
        "bands": [{"grade": "优秀", "at_least": 90}, {"grade": "一般", "at_least": 0}],
        "dimensions": [{"code": "work", "label": "工作", "weight": 100, "indicators": lines}],
    }  # fmt: skip
    if "notices" in asked:
        made["outside"] = [{"code": "beyond", "label": "加减分", "floor": -5, "cap": 5, "lines": _outside()}]
    return made


def redate(dice: random.Random, made: dict[str, Any]) -> dict[str, str]:
    """Let a scheme count some tables by another date of theirs, in every line; give the date of each table that it counts."""
    measures = [line["measure"] for dimension in made["dimensions"] for line in dimension["indicators"]]
    dates = {table: dice.choice([date, date, *OTHER_DATES.get(table, ())]) for table, date in EVENTS.items()}
    for measure in measures:
        if measure.get("table") in dates:
            measure["date"] = dates[measure["table"]]
    return dates


OVERRIDE = {"parent": "1", "reason": "试算各项权重的影响，仅供讨论", "author": "甲", "checker": "乙", "date": "2024-12-01"}
"""A weight override, but for its weights."""


def params() -> dict[str, Any]:
    """Give the keys of the params file."""
    return {"period": PERIOD, "records": "records", "scheme": "scheme.yaml"}
