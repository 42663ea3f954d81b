"""The invented province made awkward: what real records have and invented ones lack, drawn from one seed."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
QUARTER, NEW_YEAR = datetime(2024, 10, 1), datetime(2025, 1, 1)
KEYS = {
    "cases": "case_id", "visits": "visit_id", "disputes": "dispute_id", "surveys": "survey_id", "duties": "duty_id",
    "notices": "notice_id",
}  # fmt: skip
EVENTS = ("cases", "visits", "disputes", "surveys", "duties")
DATES = {"cases": "received_at", "visits": "visited_at", "disputes": "received_at", "surveys": "asked_at"}
MAY_BE_EMPTY = {
    "cases": "category arrived_at closed_at due_at recorded_at elements_filled elements_required audited passed officer_id tier",
    "disputes": "due_at resolved_at outcome performed recurred_at officer_id recorded_at tier",
    "surveys": "answer recorded_at officer_id",
    "visits": "verified subject_id officer_id recorded_at",
    "duties": "subject_id due_from done_at officer_id times recorded_at",
    "notices": "recorded_at matter value",
}
CODES = ("praise", "complaint", "complaint", "veto_event", "adopted_town", "adopted_county", "adopted_province")
Row = dict[str, Any]


class Spoiler:
    """The tables of a province, and the dice by which they are made awkward."""

    def __init__(self, tables: dict[str, list[Row]], seed: int) -> None:
        """Take tables and a seed."""
        self.tables, self.dice = tables, random.Random(seed)  # noqa: S311 - no secrets are drawn
        of = {
            level: [u for u in tables["units"] if u["level"] == level and not u["valid_to"]]
            for level in ("station", "zone", "officer")
        }
        self.stations, self.zones, self.officers = of.values()

    def some(self, table: str, share: float) -> Iterator[Row]:
        """Draw rows of a table."""
        return (row for row in [*self.tables[table]] if self.dice.random() < share)

    def any_of(self, units: list[Row]) -> str:
        """Draw a unit."""
        return self.dice.choice(units)["unit_id"]

    def empty(self) -> None:
        """Leave cells empty."""
        for table, columns in MAY_BE_EMPTY.items():
            for row in self.some(table, 0.03):
                row[self.dice.choice(columns.split())] = None

    def turn_back(self) -> None:
        """Let things end before they start, or on a day without a time of day."""
        for row in self.some("cases", 0.01):
            row[self.dice.choice(["arrived_at", "closed_at", "recorded_at"])] = row["received_at"] - self.dice.choice(
                [HOUR, 3 * DAY, 0 * DAY]
            )
        for row in self.some("cases", 0.01):
            row["closed_at"] = datetime.combine(row["received_at"].date(), datetime.min.time())
        for row in self.some("disputes", 0.04):
            start = self.dice.choice([row["received_at"], row["resolved_at"] or row["received_at"]])
            row[self.dice.choice(["resolved_at", "recurred_at"])] = start - self.dice.choice([HOUR, 3 * DAY])

    def hit_the_line(self) -> None:
        """Put times on a limit to the second: deadlines, the ends of the quarter, the moment of knowledge."""
        for row in self.some("cases", 0.02):
            row |= {
                "arrived_at": row["received_at"] + 15 * SECOND * 60,
                "recorded_at": row["received_at"] + 24 * HOUR,
                "closed_at": row["due_at"],
            }
        for table in ("cases", "duties", "disputes"):
            for row in self.some(table, 0.01):
                row["due_at"] = NEW_YEAR + self.dice.choice([-1, 0, 0, 1, 86_400]) * SECOND
        for table, when in DATES.items():
            for row in self.some(table, 0.004):
                row[when] = self.dice.choice([QUARTER, QUARTER - SECOND, NEW_YEAR - SECOND])
        for table in EVENTS:
            for row in self.some(table, 0.01):
                row["recorded_at"] = NEW_YEAR + self.dice.choice([-1, 0, 1]) * SECOND

    def misplace(self) -> None:
        """Write records down for units of every level, for units and persons that nobody knows, twice, and twice with one id."""
        above = [unit for unit in self.tables["units"] if unit["level"] != "officer"]
        for table in EVENTS:
            for row in self.some(table, 0.02):
                row["unit_id"] = self.any_of(above)
            for row in self.some(table, 0.004):
                row["unit_id"] = "N99"
            for row in self.some(table, 0.01):
                row["officer_id"] = self.dice.choice(["P999", self.any_of(self.officers)])
        for table in KEYS:
            self.tables[table] += [dict(row) for row in self.some(table, 0.01)]
            self.tables[table] += [{**row, "unit_id": self.any_of(self.stations)} for row in self.some(table, 0.005)]

    def share_out(self) -> None:
        """Share records among one to seven persons: equally without a word, by six decimals, in part, by lines of one person."""
        for table, key in KEYS.items():
            drawn = {row[key]: row for row in self.some(table, 0.1 if table in ("notices", "surveys") else 0.02)}
            shared = {one["record_id"] for one in self.tables["credits"] if one["table"] == table}
            for record in [one for one in drawn if one not in shared]:
                persons = self.dice.sample(self.officers, self.dice.choice([1, 2, 3, 3, 7]))
                persons += self.dice.choice([[], [], persons[:1]])
                share = self.dice.choice([None, None, round(1 / len(persons), 6), 0.125])
                for number, person in enumerate(persons):
                    own = 0.0 if share == 0.125 and number == 0 else share
                    words = {"table": table, "record_id": record, "officer_id": person["unit_id"]}
                    self.tables["credits"].append({**words, "role": f"协办{number}", "share": own})

    def notify(self) -> None:
        """Send notices to zones and persons, alike ones to several, and many more of them."""
        for row in self.some("notices", 1):
            zones = [zone for zone in self.zones if zone["parent_id"] == row["unit_id"]]
            if zones and self.dice.random() < 0.5:
                row["unit_id"] = self.any_of(zones)
            if self.dice.random() < 0.3:
                row |= {"unit_id": None, "officer_id": self.any_of(self.officers)}
        upheld = [row for row in self.tables["notices"] if row["status"] == "upheld"]
        for number in range(60):
            day, code = QUARTER + self.dice.randrange(92) * DAY, self.dice.choice(CODES)
            row = {
                **self.dice.choice(upheld),
                "notice_id": f"M{number:04}",
                "code": code,
                "happened_on": day,
                "recorded_at": day + HOUR,
            }
            matter = self.dice.choice(["M001", "M002", None]) if code.startswith("adopted") else row["matter"]
            self.tables["notices"].append({**row, "matter": matter})

    def move(self) -> None:
        """Let persons serve in part, at several places at once, at zones, or nowhere; units change class and merge."""
        postings = self.tables["postings"]
        for posting in self.some("postings", 0.2):
            posting["share"] = self.dice.choice([0.5, 0.3, 1.0, None])
        for posting in self.some("postings", 0.15):
            began, ends = date(2024, 10, 1) + self.dice.randrange(60) * DAY, self.dice.choice([None, date(2024, 12, 15)])
            where = {"unit_id": self.any_of(self.stations + self.zones), "from_date": began, "to_date": ends}
            postings.append({**posting, **where, "share": self.dice.choice([0.5, 1.0])})
        for posting in self.some("postings", 0.1):
            posting["unit_id"] = self.any_of(self.zones + self.stations)
        gone = {person["unit_id"] for person in self.dice.sample(self.officers, 3)}
        postings[:] = [posting for posting in postings if posting["officer_id"] not in gone]
        *changed, old, new = self.dice.sample(self.stations, 5)
        for unit in changed:
            later = {**unit, "peer_class": self.dice.choice(["一类", "二类", "三类"]), "valid_from": date(2024, 11, 15)}
            self.tables["units"].append(later)
            unit["valid_to"] = date(2024, 11, self.dice.choice([14, 15]))
        old |= {"valid_to": date(2024, 11, 30), "successor_id": new["unit_id"]}
        for person in self.dice.sample(self.officers, 4):
            person["peer_class"] = self.dice.choice(["一类", "二类"])
        for zone in self.dice.sample(self.zones, 2):
            zone["peer_class"] = "四类"

    def thin_out(self) -> None:
        """Take values, numbers of answers and numerators from figures."""
        for row in self.some("figures", 0.2):
            row[self.dice.choice(["value", "n"])] = None
            if row["value"] is not None and self.dice.random() < 0.2:
                row["numerator"] = None


def spoil(folder: Path, made: Path, seed: int) -> None:
    """Write the tables of a province into another folder, made awkward in every way."""
    files = {file.stem: pq.read_table(file) for file in sorted(folder.glob("*.parquet"))}
    spoiler = Spoiler({name: table.to_pylist() for name, table in files.items()}, seed)
    for way in ("empty", "turn_back", "hit_the_line", "misplace", "share_out", "notify", "move", "thin_out"):
        getattr(spoiler, way)()
    for name, table in files.items():
        pq.write_table(pa.Table.from_pylist(spoiler.tables[name], schema=table.schema), made / f"{name}.parquet")
