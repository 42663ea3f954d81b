"""Input number N of a seed: a project folder with records, scheme and params, and what is to come out of it at least."""

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from fuzz import documents, records, sound

OF_EIGHT = 5
"""So many of eight inputs are record folders, the others documents."""
DETAILS = ("cases", "visits", "disputes", "surveys", "duties", "notices", "figures", "postings", "credits")
MOMENT = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
PERIOD = (datetime(2024, 11, 1), datetime(2024, 12, 1))
WALL = timedelta(hours=8)


@dataclass
class Expected:
    """What rows a table has: in its file, and of those of the period, each as often as it differs from the others."""

    rows: int
    equal: int
    in_period: int | None


@dataclass
class Project:
    """An input: what was done, what is typed, and of each table what must add up."""

    number: int
    kind: str
    done: list[str]
    typed: list[str] = field(default_factory=list)
    expected: dict[str, Expected] = field(default_factory=dict)
    lang: str = "zh"


def write(seed: int, number: int, where: Path) -> Project:
    """Write input number N of a seed as a project into an empty folder."""
    dice = random.Random(f"{seed}:{number}")  # noqa: S311 - no secret
    made = _records(number, dice, where) if number % 8 < OF_EIGHT else _documents(number, dice, where)
    made.lang = "en" if dice.random() < 0.25 else "zh"
    if dice.random() < 0.2:  # a folder of runs with something of somebody else's in it
        (where / "runs").mkdir(exist_ok=True)
        (where / "runs" / "note.txt").write_text("x", "utf-8")
    return made


def _records(number: int, dice: random.Random, where: Path) -> Project:
    """Mutate a folder of units and one to three further tables; the scheme counts what is there."""
    asked = dice.sample(DETAILS, dice.choice([1, 1, 1, 1, 1, 2, 2]))
    if "credits" in asked and not {"cases", "visits"} & set(asked):
        asked.append("cases")
    folder = records.mutate(dice, ["units", *asked])
    path = records.write(folder, where / "records")
    scheme = sound.scheme(dice, asked, dice.choice([0, 1, 1, 2]))
    dates = sound.redate(dice, scheme)
    _write(where, {"scheme": scheme, "params": {**sound.params(), "records": path.name, **folder.params}})
    expected = {table: _expect(folder, table, dates.get(table)) for table in folder.tables.keys() - folder.gone - folder.unsure}
    return Project(number, "records", folder.done, expected=expected)


def _documents(number: int, dice: random.Random, where: Path) -> Project:
    """Mutate documents beside sound records."""
    asked = dice.sample(["cases", "visits", "surveys", "notices", "figures"], dice.choice([1, 1, 1, 2]))
    every = sound.tables()
    folder = records.Folder(
        dice, {table: every[table] for table in ["units", *asked]}, form=dict.fromkeys(["units", *asked], "parquet")
    )
    records.write(folder, where / "records")
    made = documents.mutate(dice, asked)
    _write(where, {}, made.bytes)
    return Project(number, "documents", made.done, made.typed)


def _write(where: Path, data: dict, texts: dict[str, bytes] | None = None) -> None:
    (where / "params").mkdir()
    for name, content in (texts or {name: documents.text(one).encode() for name, one in data.items()}).items():
        (where / ("params/run.yaml" if name == "params" else f"{name}.yaml")).write_bytes(content)


def _expect(folder: records.Folder, table: str, date: str | None) -> Expected:
    """Count the rows of a table as it was written, and those of the period by the date by which they count."""
    head, *rows = folder.tables[table]
    typed = folder.form[table] in ("parquet", "duckdb")
    if typed:  # what a file of columns makes of names and rows that no CSV file could hold
        columns = records._columns(folder, table)
        head, rows = list(columns), [list(row) for row in zip(*columns.values(), strict=True)] if columns else []
    texts = [tuple(cell or "" for cell in row) for row in rows]
    times = Counter(texts)
    found = Expected(len(texts), len(texts) - len(times), None)
    odd = [kind for (of, _), kind in folder.types.items() if of == table and kind not in records.IDS]
    if date not in head or "unit_id" not in head or odd or len(set(head)) < len(head) or table in folder.unsure_of_period:
        return found
    found.in_period = sum(_in_period(row[head.index(date)]) for row in times)
    return found


def _in_period(text: str) -> bool:
    at = moment(text)
    return at is not None and PERIOD[0] <= at < PERIOD[1]


def moment(text: str) -> datetime | None:
    """Read a time as an office writes it, one with a zone on the wall of Shanghai; None where it is none.

    >>> moment("2024/11/5 8:30"), moment("2024-11-30T20:00Z"), moment("24-11-05")
    (datetime.datetime(2024, 11, 5, 8, 30), datetime.datetime(2024, 12, 1, 4, 0), None)
    """
    found = MOMENT.fullmatch(text.strip())
    if not found:
        return None
    *parts, zone = found.groups()
    try:
        at = datetime(*(int(part or 0) for part in parts))
    except ValueError:
        return None
    if not zone:
        return at
    digits = re.sub(r"\D", "", zone)
    ahead = timedelta(hours=int(digits[:2] or 0), minutes=int(digits[2:] or 0)) * (-1 if zone[0] == "-" else 1)
    return at - ahead + WALL
