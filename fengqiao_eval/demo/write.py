"""The invented province written: two years of records from one seed, as a folder of Parquet files.

One city of four counties and 60 stations by default. Planted on purpose, so that the pages have something to say:
the last station has too few records to be ranked; the files of class 四类 passed every audit; one station got 5 answers
to 14 questions in 2024Q4; all replies due in 2024-11 lost their date; one station was merged into another with 2024.
By default these are S060, every station of 四类, S030, every station, and S061, which became part of S012.
"""

import os
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fengqiao_eval.demo import events
from fengqiao_eval.demo.province import MOST_STATIONS, draw_province, postings, units
from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import plain_path
from fengqiao_eval.records.tables import TABLES

FEWEST_STATIONS = 8
_MARK = b"fengqiao_demo"


def invent(stations: int = 60, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Invent the records of a province, one frame a table of `records.tables`, in the same order.

    The same stations and seed give the same frames. Text is `str`, times and dates are datetime64[us] without zone,
    flags that may be empty are `boolean`. About 5,500 records a station, from 2023-01 to 2024-12, taken out at the
    end of January 2025. A duty is entered (recorded_at) when it begins to run, any other record at or after its date.

    Raises UsageError where there are fewer than 8 stations or more than there are invented names.

    >>> tables = invent(stations=8, seed=1)
    >>> tables["units"]["level"].value_counts(sort=False).to_dict()
    {'city': 1, 'county': 4, 'station': 9, 'zone': 16, 'officer': 44}
    """
    if not FEWEST_STATIONS <= stations <= MOST_STATIONS:
        raise UsageError("demo_stations", given=stations, least=FEWEST_STATIONS, most=MOST_STATIONS)
    province = draw_province(stations, seed)
    course = events.settle(province)
    planned = events.plan(province, course)
    tables = {
        "units": units(province),
        "postings": postings(province),
        "cases": events.cases(province),
        "visits": events.visits(province, planned),
        "disputes": events.disputes(province, course),
        "surveys": events.surveys(province),
        "duties": events.duties(province, planned),
        "notices": events.notices(province),
        "figures": events.figures(province),
    }
    tables["credits"] = events.credits_of(province, tables)
    return {name: tables[name] for name in TABLES}


def write(folder: Path, stations: int = 60, seed: int = 0) -> dict[str, int]:
    """Write an invented province into a folder, one Parquet file a table, and say how many rows each has.

    The folder appears whole or not at all. An earlier demo in it is replaced.

    Raises UsageError where the folder holds anything else.
    """
    goal = Path(os.path.realpath(folder))  # a link stays, and what it leads to is replaced; resolve() fails at links in a circle
    _refuse_foreign(goal)
    tables = invent(stations, seed)
    goal.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{goal.name}-", dir=goal.parent) as beside:
        new = Path(beside) / "new"
        new.mkdir()
        for name, table in tables.items():
            pq.write_table(_declared_table(name, table), plain_path(new) / f"{name}.parquet")
        if goal.exists():
            goal.rename(Path(beside) / "old")
        new.rename(goal)
    return {name: len(table) for name, table in tables.items()}


def _declared_table(name: str, table: pd.DataFrame) -> pa.Table:
    """Keep dates as dates in the file, and mark it as invented."""
    written = pa.Table.from_pandas(table, preserve_index=False)
    for column in (column.name for column in TABLES[name].columns if column.kind == "date"):
        place = written.schema.get_field_index(column)
        written = written.set_column(place, column, written[column].cast(pa.date32()))
    return written.replace_schema_metadata({**written.schema.metadata, _MARK: b"1"})


def _refuse_foreign(folder: Path) -> None:
    """Refuse whatever lies there but an empty folder and an earlier demo; what may not be looked into is no empty folder."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError("demo_taken", folder=folder)
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    if foreign := [file.name for file in there if not _is_invented(file)]:
        raise UsageError("demo_folder", folder=folder, foreign=", ".join(foreign[:5]) + (" …" if len(foreign) > 5 else ""))  # noqa: PLR2004


def _is_invented(file: Path) -> bool:
    if file.suffix != ".parquet" or file.stem not in TABLES:
        return False
    try:
        return file.is_file() and _MARK in (pq.read_schema(plain_path(file)).metadata or {})
    except (pa.ArrowInvalid, OSError):
        return False
