"""A folder read step by step, for a notebook: what lies there, the draft, the tables, receipts, ids, and what is wrong."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from fengqiao_eval.errors import Fault, InputError, refuse_in
from fengqiao_eval.files import to_path
from fengqiao_eval.identities import hide, names_citizen
from fengqiao_eval.intake.draft import HEADINGS, draft
from fengqiao_eval.intake.survey import survey
from fengqiao_eval.office.receipt import GROUPS
from fengqiao_eval.records.headings import read_headings
from fengqiao_eval.records.identifiers import KINDS
from fengqiao_eval.records.query import OWN
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.runs.params import load_params
from fengqiao_eval.scheme.yaml_text import flow
from fengqiao_eval.words import quote, say
from fengqiao_eval.workbooks.scheme_table import new_table

PRIVATE_COLUMNS = ("subject_id", "purpose", "answer", "reason")
"""The declared columns that no page shows."""


@dataclass(frozen=True)
class Reading:
    """What reading a folder comes to: frames with headings in the language asked for, and the text of the draft.

    files: a row a table that lies there; text: the params file as `fengqiao draft` would write it; tables: the first rows of each
    table as a run reads it; receipts: a row a file of an office; ids: a row a column of ids; faults: a row a fault.
    """

    files: pd.DataFrame
    text: str
    tables: Mapping[str, pd.DataFrame]
    receipts: pd.DataFrame
    ids: pd.DataFrame
    faults: pd.DataFrame


def read_folder(folder: str | Path, lang: str = "zh", rows: int = 5) -> Reading:
    """Look at a folder, draft a params file in memory, and read the records by it; nothing is written.

    rows: so many of each table are shown, without what citizens said or are called by. Raises InputError where nothing is found,
    or the path holds a citizen's number.
    """
    with refuse_in(lang), TemporaryDirectory() as made:
        place = Path(os.path.abspath(to_path(folder)))  # noqa: PTH100 - resolve() would follow a link to where nobody looks
        if names_citizen(str(place)):  # a draft names its folder by the whole path, and holds no number of a person
            raise InputError([Fault(hide(place.as_posix()), "", "records.citizen_folder")])
        scheme, to = Path(made, "table.yaml"), Path(made, "params", "draft.yaml")
        new_table(scheme, lang, force=False)
        texts, _ = draft([place], to, scheme, None, date.today())  # noqa: DTZ011 - the day of whoever looks
        to.parent.mkdir()
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        params, faults = load_params(to)
        if params is None:
            raise InputError(faults)
        records, wrong = read_records(params.roots, params.tables, name=str(folder))
        shown = {TABLES[name].label: _first_rows(records, name, rows) for name in records.tables}
    told = [{say("reading.fault", lang): fault.text(lang)} for fault in (*faults, *wrong)]
    text = texts[to].replace(flow(place.as_posix()), flow(place.name))
    return Reading(_files(place, lang), text, shown, _receipts(records, lang), _ids(records, lang), pd.DataFrame(told))


def _files(place: Path, lang: str) -> pd.DataFrame:
    own = place.parent / HEADINGS
    found, _ = survey([place], read_headings(own if own.is_file() else None))
    return pd.DataFrame(
        {
            say("reading.file", lang): one.path.name,
            say("reading.sheet", lang): one.sheet,
            say("reading.table", lang): TABLES[one.table].label if one.table else "—",
            say("reading.rows", lang): one.rows,
            say("reading.heading", lang): "–".join(map(str, dict.fromkeys(one.layout.heading_rows))),
            say("reading.sure", lang): f"{one.sure:.0%}",
            say("reading.columns", lang): ", ".join(map(quote, one.columns[:12])),
        }
        for one in found
    )


def _first_rows(records: Records, name: str, rows: int) -> pd.DataFrame:
    """Give the first rows of a table, in order: its declared columns that may be shown, and that hold anything."""
    declared = [column.name for column in TABLES[name].columns if column.name not in PRIVATE_COLUMNS]
    there = [column for column in declared if column in records.tables[name].columns and not column.endswith(OWN)]
    shown = records.tables[name].select(*there)
    return shown.order_by(there).limit(rows).to_pandas().dropna(axis=1, how="all")  # without an order any rows may come first


def _receipts(records: Records, lang: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            say("reading.file", lang): one.where,
            say("reading.rows", lang): one.rows,
            **{say(f"reading.{group}", lang): one.count(group) for group in GROUPS},
            say("reading.repaired", lang): sum(cell.number for cell in one.repaired),
            say("reading.lost", lang): sum(cell.number for cell in one.lost),
        }
        for several in records.receipts.values()
        for one in several
    )


def _ids(records: Records, lang: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            say("reading.table", lang): TABLES[one.table].label,
            say("reading.column", lang): one.column,
            say("reading.met", lang): one.written,
            say("reading.repaired", lang): sum(one.repaired.get(kind, 0) for kind in KINDS),
            say("reading.unknown", lang): one.unknown,
            say("reading.blank", lang): one.blank,
            say("reading.strange", lang): one.strange,
        }
        for one in records.matches
    )
