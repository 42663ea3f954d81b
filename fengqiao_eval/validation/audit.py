"""An audit of records before they are scored: response and coding of answers, signs to look at, written for their owner alone."""

import csv
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import OFFICER, FengqiaoError, UsageError, refuse, refuse_in
from fengqiao_eval.files import check_own, file_name, foreign_fault, is_open, own_folder, refusal, to_path, write_whole
from fengqiao_eval.measuring import compatibility
from fengqiao_eval.measuring.counting import Plan
from fengqiao_eval.periods import Period
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.records.units import tree_of
from fengqiao_eval.results.lost_records import escape_formula
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.validation.response import is_person, responses
from fengqiao_eval.validation.signs import find_signs
from fengqiao_eval.wording.numbers import term
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import catalogue, readable, say, visible

FRAMES = ("read", "response", "coding", "signs", "asked")
"""What an audit holds of units, each a CSV of that name."""
OF_PERSONS = ("response", "signs")
"""What it holds of persons, in the folder of officers."""
LONGEST = 200
"""As many signs are written of a name or an id."""
READ = ("table", "records", "in_period", "unknown_unit", "late")


@dataclass(frozen=True, eq=False)
class AuditReport:
    """What can be said of records before they are scored; nothing of it is scored, and none of it stands on a card.

    read: table, records, in_period, unknown_unit (counted for nobody), late (both of the period). response, coding: see
    response.responses. signs, asked: see signs.find_signs. persons: the same response and signs, of officers.
    """

    name: str
    period: Period
    as_of: datetime
    read: pd.DataFrame
    response: pd.DataFrame
    coding: pd.DataFrame
    signs: pd.DataFrame
    asked: pd.DataFrame
    persons: Mapping[str, pd.DataFrame] = field(repr=False)
    lang: str = "zh"

    def table(self, name: str) -> pd.DataFrame:
        """Give one of FRAMES in the reader's words: of units alone, for whatever stands in a notebook is handed on."""
        return _label(put_words(name, getattr(self, name), self.lang), self.lang)

    def __str__(self) -> str:
        """Say in a few lines what was looked at, how much is shown, and where there was nothing to look at."""
        counts = {"units": self.signs["unit_id"].nunique(), "signs": len(self.signs), "tests": int(self.asked["tested"].sum())}
        head = say("audit.head", self.lang, name=self.name, period=self.period, as_of=f"{self.as_of:%Y-%m-%d %H:%M}")
        lines = [head, say("audit.found", self.lang, **counts)]
        lacking = [table_label(table, self.lang) for table in EVENTS if table not in set(self.read["table"])]
        if lacking:
            lines.append(say("audit.lacking", self.lang, tables=", ".join(lacking)))
        return "\n".join([*lines, *([] if len(self.response) else [say("audit.silent", self.lang)])])


def audit(
    records: Records,
    scheme: Scheme,
    period: Period,
    as_of: datetime,
    levels: Sequence[str] | None = None,
    *,
    name: str = "audit",
    lang: str = "zh",
) -> AuditReport:
    """Look at the records of a period before they are scored, at the levels that are (all of the scheme, unless said).

    Raises InputError for columns that the scheme looks at and the records lack.
    """
    records, faults = compatibility.fit_records(scheme, records)
    refuse(faults)
    tree, scored = tree_of(records.tables, period), tuple(levels or scheme.levels)
    plan = Plan(records, scheme, tree, (period,), as_of, OFFICER in scored and OFFICER in set(tree.units["level"]))
    response, coding = responses(plan, period)
    response = response[response["level"].isin(scored)].reset_index(drop=True)
    found = find_signs(plan, period, response, scored)
    person = is_person(response)
    persons = {"response": response[person].reset_index(drop=True), "signs": found.persons}
    units = response[~person].reset_index(drop=True)
    read = pd.DataFrame(_read(plan, period), columns=list(READ))
    return AuditReport(name, period, as_of, read, units, coding, found.units, found.asked, persons, lang)


def _read(plan: Plan, period: Period) -> Iterator[tuple[Any, ...]]:
    """Count the records of each table, those of the period by their own date, those of no unit, those entered too late."""
    for table in EVENTS:
        if table in plan.records.tables:
            own, span = TABLES[table], [(period.start, period.end)]
            every = query.filter_spans(plan.records.tables[table], own.own_date, span)
            late, rows = query.count_late(every, own, plan.as_of), query.moment(every, own, plan.as_of)
            counts = query.tally(rows, {"unit_id": rows.unit_id}, {"n": rows.count()})
            unknown = counts.loc[~counts["unit_id"].isin(plan.tree.counts_for["unit_id"]), "n"].sum()
            yield table, plan.records.counts[table], int(counts["n"].sum()), int(unknown), late


# In the reader's words


def put_words(name: str, frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Put words beside the codes of a frame: what a sign is, and what may be behind it that is no fault; tables and levels."""
    made = frame.copy()
    if "sign" in made:
        made["words"] = [say(f"audit.sign.{sign}", lang) for sign in made["sign"]]
    if name == "signs":
        made["innocent"] = [say(f"audit.innocent.{sign}", lang) for sign in made["sign"]]
    if "kind" in made:
        made["answer"] = [
            answer if kind == "coded" else say(f"audit.answer.{kind}", lang)
            for answer, kind in zip(made["answer"], made["kind"], strict=True)
        ]
    return made


def _label(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Put the reader's words in the place of codes and of the names of columns."""
    first = [name for name in ("words",) if name in frame]
    made = frame[[*first, *(name for name in frame if name not in ("sign", "kind", "q", *first))]].copy()
    if "table" in made:
        made["table"] = [table_label(table, lang) for table in made["table"]]
    if "level" in made:
        made["level"] = [term("level", level, lang) for level in made["level"]]
    start = "audit.column."
    words = {key.removeprefix(start): say(key, lang) for key in catalogue() if key.startswith(start)}
    named = {column: _heading(column, words, lang) for column in made}
    return made.rename(columns=named)


def _heading(column: str, words: Mapping[str, str], lang: str) -> str:
    for start in ("at_", "answer: "):
        if column.startswith(start):
            return say(f"audit.of.{start.rstrip(':_ ')}", lang, given=column.removeprefix(start))
    return words.get(column, column)


# Written


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not ours alone, in which anything else lies than an earlier audit, or where others may write."""
    if os.path.lexists(folder) and not (folder.is_dir() and not folder.is_symlink() and _is_ours(folder)):
        raise UsageError("audit.taken", given=folder)
    above = folder.absolute().parent
    if above.is_dir() and is_open(above):
        raise foreign_fault("open", above)


def _is_ours(folder: Path) -> bool:
    """Say whether an earlier audit lies in a folder and nothing else, closed to everybody but its owner."""
    check_own(folder)
    if sys.platform != "win32" and folder.stat().st_mode & 0o077:
        return False
    there = {path.name for path in folder.iterdir()}
    inner = folder / OFFICER
    theirs = {path.name for path in inner.iterdir()} if inner.is_dir() and not inner.is_symlink() else set()
    known, persons = _names(FRAMES), _names(OF_PERSONS)
    return (
        there <= known | {OFFICER} and theirs <= persons and (OFFICER not in there or inner.is_dir()) and not inner.is_symlink()
    )


def _names(frames: Sequence[str]) -> set[str]:
    """Name the files of frames, and what may be left of them where the writing was killed."""
    return {name for frame in frames for name in (f"{frame}.csv", f".{frame}.csv.tmp")}


def write_audit(report: AuditReport, to: Path | str) -> Path:
    """Write an audit into the folder of its name below `to`, for its owner alone, in the place of an earlier one.

    What is told of persons lies in `officer/`. Returns the folder. Raises UsageError where anything else lies there, and where
    there is nothing in which `to` could be made; FileAccessError where others may write.
    """
    with refuse_in(report.lang):
        above = to_path(to)
        folder = above / file_name(report.name)
        if not above.absolute().parent.is_dir():
            raise UsageError("audit.parent", given=above.absolute().parent)
        try:
            _write_frames(report, folder)
        except FengqiaoError:  # among them what is no right, which is an error of the system as well
            raise
        except OSError as error:
            raise refusal(error, folder) or error from None
    return folder


def _write_frames(report: AuditReport, folder: Path) -> None:
    own_folder(folder.parent)
    check_folder(folder)
    own_folder(folder)
    own_folder(folder / OFFICER)
    for name in FRAMES:
        _write_frame(folder / f"{name}.csv", put_words(name, getattr(report, name), report.lang))
    for name in OF_PERSONS:
        _write_frame(folder / OFFICER / f"{name}.csv", put_words(name, report.persons[name], report.lang))


def _write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as a CSV that Excel opens; formulas are made harmless."""
    text = io.StringIO(newline="")
    rows = [list(frame.columns), *frame.astype(object).to_numpy().tolist()]
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    write_whole(path, "\ufeff" + text.getvalue(), private=True)


def _cell(cell: Any) -> str:
    """Write a number so that a program reads it, and a text so that nothing in it moves a reader or runs."""
    if isinstance(cell, str):
        return escape_formula(visible(readable(cell[:LONGEST])) + ("…" if len(cell) > LONGEST else ""))
    return "" if pd.isna(cell) else f"{cell:.6g}" if isinstance(cell, float) and cell != int(cell) else f"{int(cell)}"
