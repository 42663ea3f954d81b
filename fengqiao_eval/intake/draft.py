"""A params file drafted from folders: tables, headings, words, period; what is unsure or missing stands as comments."""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from os.path import relpath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fengqiao_eval.errors import OFFICER, Fault, InputError, Note, UsageError
from fengqiao_eval.files import write_whole
from fengqiao_eval.identities import names_citizen
from fengqiao_eval.intake.survey import TableFound, common_root, survey
from fengqiao_eval.measuring.compatibility import columns_by_table
from fengqiao_eval.measuring.matches import words_of
from fengqiao_eval.office.cells import is_like_name
from fengqiao_eval.office.layout import Layout, Mark, squeeze
from fengqiao_eval.periods import Period, parse, resolve
from fengqiao_eval.records import query
from fengqiao_eval.records.headings import Headings, read_headings
from fengqiao_eval.records.identifiers import unify
from fengqiao_eval.records.ingest import From, Mapped
from fengqiao_eval.records.sources import BROKEN, Source, ending, find_sources
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.records.tables import EVENTS, TABLES
from fengqiao_eval.runs.params import load_params, project_folder
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.load import read_scheme
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scheme.yaml_text import LINE, flow
from fengqiao_eval.words import language, quote, readable, say, visible
from fengqiao_eval.workbooks.scheme_table import new_table

SCHEME = Path("params", "my_table.yaml")
"""The table that a draft names: the user's own. Where there is none a new one is written, without what the example voids."""
HEADINGS = Path("params", "headings.yaml")
"""What a user adds to the dictionary of headings."""
MOST_WORDS = 200
"""A column of more different words holds no words that could be translated."""
MONTHS = 3
"""The months of a quarter."""
REACH = 0.6
"""The last month that the records hold has only begun where they reach less of it than this share of what others reach."""


@dataclass
class Outline:
    """A draft that is growing: tables as they will be mapped, and what is to be said above each."""

    root: Path
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)
    """The columns of each table, by their names here."""
    found: dict[str, list[TableFound]] = field(default_factory=dict)
    """What lies in the files of each table, in the order of `file`."""

    def tell(self, above: str, key: str, **given: Any) -> None:
        """Put a remark above a table ('' for the head of the file); nothing in it can end the comment."""
        self.remarks.setdefault(above, []).append(visible(say(f"draft.{key}", **given)))

    def mapped(self) -> dict[str, Mapped]:
        """Give the tables as a run would read them."""
        return {name: Mapped.model_validate(given) for name, given in self.tables.items()}


def write_draft(places: Sequence[Path], to: Path | None, period: str | None = None, today: date | None = None) -> list[str]:
    """Write the params file that reads what lies in folders, and return what is to be said of it; nothing is overwritten.

    to: by default params/FOLDER.yaml. period: by default the last quarter of which the records hold every month. Raises
    UsageError where the file is there, InputError where no table was found.
    """
    to = to or Path("params", f"{places[0].resolve().name.split('.')[0]}.yaml")
    if os.path.lexists(to):
        raise UsageError("draft.taken", given=to)
    if to.suffix != ".yaml" or project_folder(to) != to.resolve().parent.parent:
        raise UsageError("draft.place", given=to)
    table = project_folder(to) / SCHEME
    told = [] if table.is_file() else [say("draft.new_table", path=SCHEME.as_posix())]
    with TemporaryDirectory() as folder:  # nothing is written before all is known
        scheme = table if table.is_file() else Path(folder, table.name)
        if told:
            new_table(scheme, language(), force=False)
        texts, lines = draft(places, to, scheme, period, today or date.today())  # noqa: DTZ011 - the day of whoever drafts
        fresh = scheme.read_bytes() if told else b""
    for path in (path for path in texts if os.path.lexists(path)):
        raise UsageError("draft.taken", given=path)
    to.parent.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        write_whole(path, text)
    params, faults = load_params(to)
    if params is None or faults:  # a period that is none; all else we can read that we write
        for path in texts:
            path.unlink()
        raise InputError(faults)
    if fresh:
        write_whole(table, fresh)
    return [*lines, *told, say("draft.done", path=to)]


def period_of(sets: Iterable[str]) -> str | None:
    """Take the period from `--set period=…`; a draft takes no other key, since its file can be changed."""
    found = None
    for given in sets:
        key, _, value = given.partition("=")
        if key.strip() != "period" or not value.strip():
            raise UsageError("draft.set", given=given)
        found = value.strip()
    return found


def draft(places: Sequence[Path], to: Path, scheme: Path, period: str | None, today: date) -> tuple[dict[Path, str], list[str]]:
    """Draft a params file and what it needs beside it: the text of each file, and the lines that a console shows."""
    project = project_folder(to)
    own = project / HEADINGS
    headings = read_headings(own if own.is_file() else None)
    found, faults = survey([place.absolute() for place in places], headings)
    plan = Outline(common_root(places))
    for fault in faults:
        plan.tell("", "unread", said=fault.text())
    for finding in (one for one in found if not one.table):
        plan.tell("", "no_table", file=_label(finding, plan.root), columns=_names(finding.columns))
    for finding in (one for one in found if one.table and one.hidden):
        entry = flow(_settlements(finding, plan.root))
        said = {"file": _label(finding, plan.root), "table": TABLES[finding.table].label, "name": finding.table, "entry": entry}
        plan.tell("", "hidden", rows=f"{finding.rows:,}", **said)
    kept = {table: _without_twins([one for one in found if one.table == table and not one.hidden], plan) for table in TABLES}
    for table, those in kept.items():
        if those:
            _map_table(plan, table, those)
    if not plan.tables:
        raise InputError([Fault(str(places[0]), "", "draft.nothing", {"known": ", ".join(TABLES)}), *faults])
    sources = _sources(plan)
    alone = _set_units(plan, kept, sources, headings)
    units = {} if any(not one.roster for one in kept["units"]) else _list_units(plan, sources, headings, to, alone)
    _tell_overlaps(plan, sources)
    _map_words(plan, sources, headings)
    if entries := read_scheme(scheme, None, SCHEME.as_posix())[0]:
        _fill_columns(plan, entries)
        _tell_other_words(plan, sources, entries)
    records, _ = read_records(plan.root, plan.mapped(), name=str(plan.root))
    span = period or _last_period(plan, records, today)
    head = {"period": span, "records": _relative(plan.root, project), "scheme": SCHEME.as_posix()}
    return {to: _text(plan, head), **units}, _lines(plan)


def _relative(path: Path, base: Path) -> str:
    return readable(Path(relpath(path, base)).as_posix() if path.is_relative_to(base) else path.as_posix())


def _label(finding: TableFound, root: Path) -> str:
    name = _relative(finding.path, root) if finding.path != root else finding.path.name
    return f"{name}:{finding.sheet}" if finding.sheet else name


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quote, columns))


def _without_twins(found: Sequence[TableFound], plan: Outline) -> list[TableFound]:
    """Keep of files that differ by their ending only the one that a run reads, Parquet before CSV before Excel."""
    kept: dict[tuple[Any, ...], TableFound] = {}
    for one in sorted(found, key=lambda one: (ending(one.path) != ".parquet", ending(one.path) != ".csv")):
        key = (one.path.parent, one.path.name[: len(one.path.name) - len(ending(one.path))])
        if (first := kept.get(key)) and first.path != one.path and first.rows != one.rows:
            plan.tell(one.table, "twin_differs", file=_label(one, plan.root), other=_label(first, plan.root))
            kept[(*key, one.path)] = one
        elif first and first.path != one.path:
            plan.tell(one.table, "twin", file=_label(one, plan.root), used=_label(first, plan.root))
        else:
            kept[(*key, one.sheet, one.layout.rows, one.layout.columns) if first else key] = one
    return [one for one in found if one in kept.values()]


# Tables


def _map_table(plan: Outline, table: str, found: Sequence[TableFound]) -> None:
    """Say of a table which files it is, where it lies in each, and what its headings mean."""
    given: dict[str, Any] = {}
    found = _share_marks(found)
    settled = [_settlements(one, plan.root, found) for one in found]
    common = {key: value for key, value in settled[0].items() if all(one.get(key) == value for one in settled) and key != "name"}
    rest = [{key: value for key, value in one.items() if key not in common} for one in settled]
    files = [one["name"] if set(one) == {"name"} else one for one in rest]
    given["file"] = files[0] if len(files) == 1 and isinstance(files[0], str) else files
    given |= common
    if rename := _renames(found):
        given["rename"] = rename
    plan.tables[table], plan.found[table] = given, list(found)
    for one in found:
        plan.columns.setdefault(table, set()).update(one.gives())
        _tell_finding(plan, one)
        if one.roster:
            plan.tell(table, "roster", columns=_names(one.columns))
        for column in one.missing:
            _offer(plan, table, column, [one])
        for column, pair in one.joins.items():
            plan.tell(table, "joined", column=column, day=quote(pair[0]), clock=quote(pair[1]))
        for column, source in _from_headings(one, found).items():
            plan.tell(table, "here_alone", heading=quote(source["from"]), column=column)


def _share_marks(found: Sequence[TableFound]) -> list[TableFound]:
    """Let what a mark means in one file of a table hold in its others: in a month of few it may not be seen for one."""
    said: dict[str, dict[str, Mark]] = {}
    for one in found:
        for heading, marks in one.layout.marks.items():
            said[_column_of(one, heading)] = {**marks, **said.get(_column_of(one, heading), {})}
    shared = []
    for one in found:
        those = {
            name: said[_column_of(one, name)] | one.layout.marks.get(name, {})
            for name in one.columns
            if _column_of(one, name) in said
        }
        plain = set(one.layout.says()) <= {"heading"} and ending(one.path) in ("", ".parquet", ".csv") and one.rows > PLAIN
        shared.append(one if plain or ending(one.path) in ("", ".parquet") else _set_marks(one, those))
    return shared


def _column_of(one: TableFound, heading: str) -> str:
    return one.chosen().get(heading, heading)


def _set_marks(one: TableFound, marks: Mapping[str, dict[str, Mark]]) -> TableFound:
    return replace(one, layout=one.layout.model_copy(update={"marks": dict(marks)}))


def _renames(found: Sequence[TableFound]) -> dict[str, str]:
    """Give what headings mean in all files of a table; see _from_headings for those that cannot be said of all."""
    return {
        heading: column
        for one in found
        for heading, column in one.chosen().items()
        if heading != column and not _is_disputed(heading, column, found)
    }


def _from_headings(one: TableFound, found: Sequence[TableFound]) -> dict[str, dict[str, str]]:
    """Give the columns of a file whose headings mean them here, and stand in another file beside what means them there."""
    return {
        column: {"from": heading}
        for heading, column in one.chosen().items()
        if heading != column and _is_disputed(heading, column, found)
    }


def _is_disputed(heading: str, column: str, found: Sequence[TableFound]) -> bool:
    """Say whether a file has a column from elsewhere than from a heading that it has too."""
    return any(heading in one.columns and one.chosen().get(heading) != column and column in one.gives() for one in found)


def _settlements(finding: TableFound, root: Path, beside: Sequence[TableFound] = ()) -> dict[str, Any]:
    """Give what is to be said of a file, as YAML has it; what holds anyway is left out. beside: all files of its table."""
    filled: dict[str, Any] = {column: list(pair) for column, pair in finding.joins.items()}
    filled |= _from_headings(finding, beside) | ({"level": OFFICER} if finding.roster else {})
    own = {"set": filled} if filled else {}
    if finding.path == root:
        return {"name": finding.sheet, **own}
    name = _relative(finding.path, root)
    layout = {key: getattr(finding.layout, key) for key in finding.layout.says()}
    if set(layout) <= {"heading"} and finding.layout.heading_rows == (1, 1):
        kind = ending(finding.path)
        if kind == ".parquet" or (kind == ".csv" and finding.rows > PLAIN):
            layout = {}
        elif kind == ".csv":  # a plain file is read as an office's too: its dates, sums and marks, with a receipt
            layout = {"heading": 1}
    return {"name": name, **_plain(layout), **own}


def _plain(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {key: _plain(value) for key, value in given.items()}
    return [_plain(one) for one in given] if isinstance(given, tuple | list) else given


def _tell_finding(plan: Outline, finding: TableFound) -> None:
    """Say why a file is taken for a table, and what of it a person should look at."""
    table, chosen = finding.table, finding.chosen()
    sure = f"{finding.sure:.0%}"
    plan.tell(
        table,
        "found",
        file=_label(finding, plan.root),
        rows=f"{finding.rows:,}" if finding.rows >= 0 else "?",
        table=TABLES[table].label,
        sure=sure,
    )
    for note in _fold_notes(finding.why):
        plan.remarks[table].append(visible("  " + say(f"note.{note.key}", **note.given)))
    if finding.others:
        plan.tell(table, "others", tables=", ".join(finding.others))
    for heading, meaning in finding.meanings.items():
        if heading not in chosen:
            plan.tell(
                table, "rival", heading=quote(heading), column=meaning.column, used=quote(_heading_of(chosen, meaning.column))
            )
        elif local := [one for one in meaning.alternatives if one.startswith(f"{table}.")]:
            plan.tell(table, "alternative", heading=quote(heading), column=meaning.column, others=", ".join(local))
    for key, columns in (("citizens", finding.citizens), ("free", finding.free), ("halves", finding.halves)):
        if columns:
            plan.tell(table, key, columns=_names(columns))
    if unused := finding.unused():
        plan.tell(table, "unused", columns=_names(unused))
    for column in (column for column in finding.missing if column != "unit_id" or table == "units"):  # see _set_units
        plan.tell(table, "missing", column=column, meaning=_meaning(table, column))


def _fold_notes(notes: Sequence[Note]) -> list[Note]:
    """Say once of several columns what is the same of all."""
    found: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        found.setdefault((note.key, str(note.given.get("marks"))), []).append(note)
    return [
        Note(those[0].key, {**those[0].given, "column": ", ".join(str(one.given["column"]) for one in those)})
        if len(those) > 1 and "column" in those[0].given
        else those[0]
        for those in found.values()
    ]


def _heading_of(chosen: Mapping[str, str], column: str) -> str:
    return next(heading for heading, meant in chosen.items() if meant == column)


def _meaning(table: str, column: str) -> str:
    declared = TABLES[table].column(column)
    return declared.meaning if declared else column


# Units of files and sheets that have no column of them


def _set_units(
    plan: Outline, found: Mapping[str, Sequence[TableFound]], sources: Mapping[str, Sequence[Source]], headings: Headings
) -> Counter[str]:
    """Give all rows of a file or sheet without a column of units to the unit after which it is called; count rows by unit."""
    known, count = _known_units(plan, sources), Counter[str]()
    for table, those in found.items():
        without = [(place, one) for place, one in enumerate(those) if "unit_id" in one.missing and table != "units"]
        for place, one in without:
            names = (one.sheet, one.path.name[: len(one.path.name) - len(ending(one.path))], one.path.parent.name)
            called = (one.title,) if one.title else names  # of tables side by side each is called by its own
            unit = next((unit for name in called if (unit := unit_called(name, known, headings))), "")
            plan.tell(table, "unit_called" if unit else "unit_unknown", file=_label(one, plan.root), unit=unit)
            if unit:
                _set_in_file(plan, table, place, unit)
                count[unit] += max(one.rows, 0)
        if without:
            plan.columns[table].add("unit_id")
    return count


def _set_in_file(plan: Outline, table: str, place: int, unit: str) -> None:
    """Set the unit of one of the files of a table, or of its only one."""
    files = plan.tables[table]["file"]
    if isinstance(files, str):
        plan.tables[table].setdefault("set", {})["unit_id"] = unit
        return
    entry = {"name": files[place]} if isinstance(files[place], str) else files[place]
    files[place] = entry | {"set": entry.get("set", {}) | {"unit_id": unit}}


def _known_units(plan: Outline, sources: Mapping[str, Sequence[Source]]) -> dict[str, str]:
    """Give the ids of the units that are listed, by id and by name; what is said of several is left out."""
    meant: dict[str, set[str]] = {}
    for part in sources.get("units", ()):
        of, name = (_heading_in(plan, "units", part, column) for column in ("unit_id", "name"))
        if of not in part.rows.columns:
            continue
        cells = {
            "unit_": part.rows[of].cast("string"),
            "name_": part.rows[name if name in part.rows.columns else of].cast("string"),
        }
        listed = part.rows.select(**cells).limit(MOST_UNITS).execute().dropna(subset=["unit_"]).fillna("")
        for unit, called in listed.itertuples(index=False):
            for word in {squeeze(unit), squeeze(called)} - {""}:
                meant.setdefault(word, set()).add(unit)
    return {word: next(iter(units)) for word, units in meant.items() if len(units) == 1}


def unit_called(name: str, known: Mapping[str, str], headings: Headings) -> str | None:
    """Say after which unit a file or sheet is called: one that is listed, or where none is, what ends as units do.

    >>> unit_called("城东派出所10月接处警", {"001": "001", "城东派出所": "001"}, read_headings())
    '001'
    >>> unit_called("接处警_城东所（2024年10月）", {}, read_headings()), unit_called("10月", {}, read_headings())
    ('城东所', None)
    """
    short = squeeze(name)
    if not short or names_citizen(name):
        return None
    if short in known:
        return known[short]
    words = [word for word in known if not word.isascii()]
    inside = [word for word in words if word in short]
    inside = [word for word in inside if not any(word != other and word in other for other in inside)]
    begun = {known[word] for word in words if len(short) > 1 and not short.isascii() and word.startswith(short)}
    if fitting := {known[word] for word in inside} or begun:
        return fitting.pop() if len(fitting) == 1 else None
    if known:
        return None
    for word in sorted(
        (squeeze(word) for layer in headings.layers for those in layer.names.values() for word in those), key=len, reverse=True
    ):
        short = short.replace(word, "")
    levels = [layer.values.get("units", {}).get("level", {}) for layer in headings.layers]
    ends = "|".join(re.escape(word) for words in levels for level in ("station", "zone") for word in words.get(level, ()))
    told = re.fullmatch(rf"([\u3400-\u9fff]{{1,12}}?(?:{ends}))", re.sub(r"\d+[年月日季度]*|\W|_", "", short))
    return told[1] if told else None


# Units that nobody listed

MOST_UNITS = 5000
"""Records that name more units hold something else in that column."""


def _list_units(
    plan: Outline, sources: Mapping[str, Sequence[Source]], headings: Headings, to: Path, alone: Mapping[str, int]
) -> dict[Path, str]:
    """List the units that the records name, where there is no table of units: a file for a person to look at, and its text.

    alone: how many rows are given to a unit by file or sheet.
    """
    if not plan.root.is_dir():
        return {}
    named = Counter({(unit, ""): count for unit, count in alone.items()})
    for table, parts in sources.items():
        for part in parts:
            heading = _heading_in(plan, table, part, "unit_id")
            if table not in EVENTS or heading not in part.rows.columns:
                continue
            meant = headings.columns_of(list(part.rows.columns), "units")
            name = next((old for old, one in meant.items() if one.column == "name"), heading)
            keys = {"unit_": part.rows[heading].cast("string"), "name_": part.rows[name].cast("string")}
            found = part.rows.group_by(**keys).agg(n_=part.rows.count())
            for unit, called, count in found.execute().dropna(subset=["unit_"]).fillna("").itertuples(index=False):
                named[unit, called if name != heading else ""] += int(count)
    citizens = [key for key in named if any(names_citizen(text, code=True) for text in key)]
    left = sum(named.pop(key) for key in citizens)
    ids = unify(_sum_by(named, 0))
    if not ids or len(set(ids.values())) > MOST_UNITS:
        return {}
    names = {unit: Counter({name: n for (one, name), n in named.items() if ids[one] == unit and name}) for unit in ids.values()}
    rows = [[unit, next((name for name, _ in names[unit].most_common(1)), ""), "station"] for unit in sorted(set(ids.values()))]
    path = to.with_name(f"{to.stem}_units.csv")
    _add_units(plan, Path(relpath(path.absolute(), plan.root)).as_posix())
    if left:
        plan.tell("units", "citizen_units", count=f"{left:,}")
    plan.tell("units", "units", count=len(rows), path=path.as_posix(), spellings=len(ids))
    return {path: _csv([["unit_id", "name", "level"], *rows])}


def _add_units(plan: Outline, file: str) -> None:
    """Put a file of units before the rosters of persons, if there are any: what lies in those alone is said in their entries."""
    given = plan.tables.pop("units", {})
    rosters = given.pop("file", [])
    own = {key: given.pop(key) for key in (*Layout.model_fields, "set") if key in given}
    entries = [{"name": rosters, **own}] if isinstance(rosters, str) else [_fill_entry(own, one) for one in rosters]
    plan.tables = {"units": {"file": [file, *entries] if entries else file, **given}, **plan.tables}
    plan.columns.setdefault("units", set()).update(("unit_id", "name", "level"))


def _fill_entry(common: Mapping[str, Any], entry: str | Mapping[str, Any]) -> dict[str, Any]:
    return {**common, **({"name": entry} if isinstance(entry, str) else entry)}


def _sum_by(named: Mapping[tuple[str, str], int], part: int) -> dict[str, int]:
    total = Counter[str]()
    for key, count in named.items():
        total[key[part]] += count
    return dict(total)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# Ids that stand in several files

MOST_IDS = 2_000_000
"""Of tables with more records it is not asked which ids stand in several files; check says how many."""
MOST_PAIRS = 12
"""As many pairs of files that share ids are told."""


def _tell_overlaps(plan: Outline, sources: Mapping[str, Sequence[Source]]) -> None:
    """Say which files of a table hold the same ids, and what may be said of that; it is a person's to decide."""
    for table, parts in ((name, sources.get(name, ())) for name in EVENTS):
        if len(parts) < 2 or sum(int(part.rows.count().execute()) for part in parts) > MOST_IDS:  # noqa: PLR2004 - a pair
            continue
        dated = [_dates_by_id(plan, table, part) for part in parts]
        first: dict[str, int] = {}
        shared, same = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for number, ids in enumerate(dated):
            for one, day in ids.items():
                if (before := first.setdefault(one, number)) != number:
                    shared[before, number] += 1
                    same[before, number] += day == dated[before][one]
        for (left, right), count in list(shared.items())[:MOST_PAIRS]:
            said = {"file": parts[left].file, "other": parts[right].file}
            key = "overlap" if same[left, right] * 2 > count else "restart"
            plan.tell(table, key, shared=f"{count:,}", count=f"{len(dated[right]):,}", **said)
        if len(shared) > MOST_PAIRS:
            plan.tell(table, "more_overlaps", count=len(shared) - MOST_PAIRS)


def _dates_by_id(plan: Outline, table: str, part: Source) -> dict[str, str]:
    """Give the date of each id of a file, as both are written."""
    key, day = (_heading_in(plan, table, part, name) for name in (TABLES[table].key, TABLES[table].own_date))
    if key not in part.rows.columns:
        return {}
    cells = {"id_": part.rows[key].cast("string"), "day_": part.rows[day if day in part.rows.columns else key].cast("string")}
    listed = part.rows.select(**cells).execute().dropna(subset=["id_"]).fillna("")
    return {one: when for one, when in listed.itertuples(index=False) if one.strip()}


# Words


def _sources(plan: Outline) -> dict[str, list[Source]]:
    """Read the files of every table as they are written, before any word of them is translated."""
    found = find_sources(plan.root, {name: Mapped() for name in TABLES} | plan.mapped(), "Asia/Shanghai", str(plan.root))
    return {table: parts for table, parts in found.tables.items() if table in plan.tables}


def _map_words(plan: Outline, sources: Mapping[str, Sequence[Source]], headings: Headings) -> None:
    """Translate the words of levels, statuses and the like that stand in the files."""
    for table, parts in sources.items():
        for column in _translatable(table, headings):
            words = _words(plan, table, parts, column)
            meant: dict[str, str] = headings.values_of(table, column, words)
            if (table, column) == ("cases", "status") and (blank := _open_blanks(plan, parts, meant))[0]:
                meant[""] = OPEN
                plan.tell(table, "open_blank", count=f"{blank[0]:,}", word=OPEN, closed=f"{blank[1]:,}")
            if meant:
                plan.tables[table].setdefault("values", {})[column] = meant
            declared = TABLES[table].column(column)
            allowed = set(declared.words if declared and declared.words else ("true", "false", "是", "否", "1", "0"))
            if declared and (declared.words or declared.kind == "flag"):
                unknown = [word for word in words if word not in meant and word.casefold() not in allowed]
                if unknown:
                    shown = _tellable({word: words[word] for word in unknown}, 5)[1]
                    plan.tell(table, "strange_words", column=column, words=shown, allowed=", ".join(sorted(allowed)))


def _tell_other_words(plan: Outline, sources: Mapping[str, Sequence[Source]], scheme: Scheme) -> None:
    """Say of a column which words the scheme asks for and no file has, and which it has instead; nothing is taken for another."""
    for (table, column), asked in words_of(scheme).items():
        if table not in sources or column in plan.tables[table].get("set", {}):
            continue
        words = _words(plan, table, sources[table], column)
        meant = plan.tables[table].get("values", {}).get(column, {})
        if (table, column) == ("figures", "indicator"):
            meant = _map_labels(plan, words, asked, scheme)
        held = Counter[str]()
        for word, count in words.items():
            held[meant.get(word, word)] += count
        lacking, others = [word for word in asked if word not in held], {w: n for w, n in held.items() if w and w not in asked}
        if lacking and others:
            first, shown = _tellable(others, SHOWN_WORDS)
            plan.tell(table, "other_words", column=column, words=shown, asked=_names(lacking), one=first, other=lacking[0])


def _map_labels(plan: Outline, words: Iterable[str], asked: Iterable[str], scheme: Scheme) -> dict[str, str]:
    """Take an indicator's own label for it, where a file of figures says that and not its code; give what words mean then."""
    codes = {entry.name(lang): entry.code for entry in scheme.entries if entry.code in asked for lang in ("zh", "en")}
    found = {word: codes[word] for word in words if word in codes and word not in asked}
    meant: dict[str, str] = plan.tables["figures"].get("values", {}).get("indicator", {}) | found
    if found:
        plan.tables["figures"].setdefault("values", {})["indicator"] = meant
        plan.tell("figures", "labels", words=_names(found))
    return meant


def _tellable(words: Mapping[str, int], most: int) -> tuple[str, str]:
    """Show words that stand in a column of words, and the first of them; a rare one may be a citizen's name, and is only counted.

    >>> _tellable({"调解": 9, "张三丰": 1}, 5), _tellable({"调解": 9, "13812345678": 5}, 5)[0]
    (('调解', '“调解”，另有 1 个少见或像号码的词未列出'), '…')
    """
    people = any(names_citizen(word, code=True) for word in words)  # then none of the others is known to be a mere word
    told = [] if people else [word for word, count in words.items() if _is_tellable(word, count)]
    rest = len(words) - len(told[:most])
    shown = [*map(quote, told[:most]), *([say("draft.rare_words", count=rest)] if rest else [])]
    return (told[0] if told else "…"), say("screen.comma").join(shown)


LEAST_TOLD, LONG_WORD = 3, 8
"""A word that stands in fewer rows, and is like a name or longer, is not repeated: it may be typed into the wrong cell."""


def _is_tellable(word: str, count: int) -> bool:
    rare = count < LEAST_TOLD and (len(word) > LONG_WORD or is_like_name(word))
    return not rare and not names_citizen(word, code=True)


def _open_blanks(plan: Outline, parts: Sequence[Source], meant: Mapping[str, str]) -> tuple[int, int]:
    """Count the cases without a status where others are open or closed, and those of them that have a closing time."""
    if not {OPEN, CLOSED} & {*meant, *meant.values()}:
        return 0, 0
    blank = done = 0
    for part in parts:
        status, closed = (_heading_in(plan, "cases", part, column) for column in ("status", "closed_at"))
        if status not in part.rows.columns:
            continue
        empty = part.rows.filter(part.rows[status].cast("string").fill_null("").strip() == "")
        blank += int(empty.count().execute())
        if closed in part.rows.columns:
            done += int(empty.filter(empty[closed].cast("string").fill_null("").strip() != "").count().execute())
    return blank, done


PLAIN = 200_000
"""A plain CSV file of more rows is left to the engine, which reads it faster and refuses what is not plain."""


SHOWN_WORDS = 12
"""As many words of a column are shown."""


OPEN, CLOSED = "在办", "已办结"
"""The statuses of a case that is not closed, and of one that is."""


def _translatable(table: str, headings: Headings) -> list[str]:
    """Name the columns of a table whose words the dictionary knows: those of few words, levels, flags."""
    spoken = {column for layer in headings.layers for column in layer.values.get(table, {})}
    return [one.name for one in TABLES[table].columns if one.name in spoken or one.kind == "flag"]


def _heading_in(plan: Outline, table: str, part: Source, column: str) -> str:
    """Give the heading that means a column in one file of a table."""
    if isinstance(given := part.set.get(column), From):
        return given.from_
    renamed = plan.tables[table].get("rename", {})
    return next((old for old, new in renamed.items() if new == column and old in part.rows.columns), column)


def _words(plan: Outline, table: str, parts: Sequence[Source], column: str) -> dict[str, int]:
    """Count the words of a column in all files; none where it holds too many to be words."""
    found = Counter[str]()
    for part in parts:
        if (name := _heading_in(plan, table, part, column)) in part.rows.columns:
            try:
                cells = part.rows[name].cast("string")
                held = part.rows.group_by(word_=cells).agg(n_=part.rows.count()).limit(MOST_WORDS + 1).execute()
                found.update({word: int(n) for word, n in held.dropna().itertuples(index=False)})
            except BROKEN:
                continue
    return dict(sorted(found.items())) if len(found) <= MOST_WORDS else {}


# What the scheme looks at


def _fill_columns(plan: Outline, scheme: Scheme) -> None:
    """Leave columns empty that the scheme looks at and no file has, and say what they would have counted."""
    lacking: dict[tuple[str, str], list[Entry]] = {}
    for entry in scheme.entries:
        for table, columns in columns_by_table(entry).items():
            for column in columns:
                if table in plan.tables:
                    lacking.setdefault((table, column), []).append(entry)
    for (table, column), entries in lacking.items():
        if column in _columns(plan, table):
            _tell_lacking(plan, table, column, entries)
            continue
        word = _word_of_name(plan.found.get(table, ()), column, entries)
        plan.tables[table].setdefault("set", {})[column] = word
        labels = _labels(entries)
        key = "constant" if word else "no_column"
        plan.tell(table, key, column=column, meaning=_meaning(table, column), labels=labels, word=word)
    for table in TABLES:
        asked = [entry.name() for entry in scheme.entries if getattr(entry.measure, "table", "") == table]
        if asked and table not in plan.tables:
            plan.tell("", "table_missing", table=table, label=TABLES[table].label, labels="、".join(map(quote, asked)))


def _labels(entries: Sequence[Entry]) -> str:
    return "、".join(dict.fromkeys(quote(entry.name()) for entry in entries))


def _tell_lacking(plan: Outline, table: str, column: str, entries: Sequence[Entry]) -> None:
    """Say which files of a table lack a column that others have, what that costs, and what may stand for it; nothing is set."""
    found = [one for one in plan.found.get(table, ()) if not one.roster]  # persons have none of the figures of units
    lacking = [one for one in found if column not in {*one.gives(), *one.missing}]
    common = plan.tables[table].get("set", {})
    if column == "unit_id" or column in common or not lacking:  # see _set_units
        return
    said = {"column": column, "meaning": _meaning(table, column), "labels": _labels(entries)}
    files = _files(lacking, plan.root)
    plan.tell(table, "lacks", files=files, rows=f"{sum(max(one.rows, 0) for one in lacking):,}", **said)
    _offer(plan, table, column, lacking)
    called: dict[str, list[TableFound]] = {}
    for one in lacking:
        if word := _word_of_name([one], column, entries):
            called.setdefault(word, []).append(one)
    for word, those in called.items():
        entry = flow({"name": _relative(those[0].path, plan.root), "set": {column: word}})
        plan.tell(table, "lacks_word", files=_files(those, plan.root), word=word, entry=entry)


def _files(found: Sequence[TableFound], root: Path) -> str:
    return say("screen.comma").join(_label(one, root) for one in found)


def _offer(plan: Outline, table: str, column: str, lacking: Sequence[TableFound]) -> None:
    """Name in files without a column what stands where the others have it and holds the same kind of cells."""
    others = [one for one in plan.found[table] if column in one.gives()]
    for one in lacking:
        if heading := next((name for other in others if (name := _standing_in(one, other, column))), ""):
            entry = flow({heading: column})[1:-1]
            plan.tell(table, "likely", file=_label(one, plan.root), heading=quote(heading), column=column, entry=entry)


def _standing_in(one: TableFound, other: TableFound, column: str) -> str:
    """Name the unknown heading of a file in the place of one that another file has: its number, or between the same columns."""
    heading = next((name for name, meant in other.chosen().items() if meant == column), "")
    if not heading:
        return ""
    place, around = other.columns.index(heading), _neighbours(other, heading)
    unknown = [name for name in one.unused() if name not in other.columns]
    alike = [name for name in unknown if (name in one.times) == (heading in other.times)]
    between = [name for name in alike if _neighbours(one, name) == around]
    there = [name for name in alike if one.columns.index(name) == place]
    return next(iter(between or there), "")


def _neighbours(one: TableFound, heading: str) -> tuple[str, str]:
    """Say what the columns on both sides of one mean."""
    meant, place = one.chosen(), one.columns.index(heading)
    sides = (one.columns[n] if 0 <= n < len(one.columns) else "" for n in (place - 1, place + 1))
    left, right = (meant.get(name, name) for name in sides)
    return left, right


def _columns(plan: Outline, table: str) -> set[str]:
    return {*plan.columns.get(table, ()), *plan.tables[table].get("set", {})}


def _word_of_name(found: Sequence[TableFound], column: str, entries: Sequence[Entry]) -> str | None:
    """Find the one word of the scheme's filters after which files, or their headings, are called: every row is one then."""
    spoken = [" ".join([one.path.name, one.sheet, *one.columns]) for one in found]
    asked = {
        word
        for entry in entries
        for name, test in getattr(entry.measure, "where", {}).items()
        if name == column
        for word in test.in_ or ()
        if isinstance(word, str)
    }
    fitting = [word for word in sorted(asked) if spoken and all(word in said for said in spoken)]
    return fitting[0] if len(fitting) == 1 else None


# The period


def _last_period(plan: Outline, records: Records, today: date) -> str:
    """Give the last quarter of which the records hold every month, else the last month that they hold, else the last quarter."""
    months: set[tuple[int, int]] = set()
    reached: dict[tuple[int, int], int] = {}
    for table, column in ((name, TABLES[name].own_date) for name in EVENTS):
        if table in records.tables and column in records.tables[table].columns:
            day = records.tables[table][column]
            held = records.tables[table].filter(day.notnull())
            held = held.group_by(year_=day.year(), month_=day.month()).agg(last_=day.day().max())
            try:
                rows = query.fetch(held, ["year_", "month_", "last_"])
            except BROKEN:
                continue
            for year, month, last in zip(rows["year_"], rows["month_"], rows["last_"], strict=True):
                at = (int(year), int(month))
                months.add(at)
                reached[at] = max(reached.get(at, 0), int(last))
    months = {one for one in months if one <= (today.year, today.month)}
    quarters = {(year, (month - 1) // MONTHS) for year, month in months}
    whole = [one for one in quarters if {(one[0], one[1] * MONTHS + n) for n in range(1, MONTHS + 1)} <= months]
    if months and (end := max(months)) == (max(quarters)[0], (max(quarters)[1] + 1) * MONTHS) and _has_begun(end, reached):
        plan.tell("", "month_begun", month="{}-{:02}".format(*end), day=reached[end])
        whole = [one for one in whole if one != max(quarters)]
    span: Period = resolve("last_quarter", today)
    if whole:
        span = parse(f"{max(whole)[0]}Q{max(whole)[1] + 1}")
    elif months:
        span = parse("{}-{:02}".format(*max(months)))
    if months:
        held_from, held_to = ("{}-{:02}".format(*one(months)) for one in (min, max))
        plan.tell("", "period", period=span, first=held_from, last=held_to)
    else:
        plan.tell("", "no_period", period=span)
    return str(span)


def _has_begun(month: tuple[int, int], reached: Mapping[tuple[int, int], int]) -> bool:
    """Say whether a month's records end early, beside the last days that those of the other months reach."""
    others = sorted(day for other, day in reached.items() if other != month)
    return bool(others) and reached[month] < REACH * others[len(others) // 2]


# The text


def _text(plan: Outline, head: Mapping[str, Any]) -> str:
    """Write the file: what concerns the whole first, then every table below what is to be said of it."""
    parts = [*_comments([say("draft.head")]), *_comments(plan.remarks.get("", ()))]
    parts += [line for key, value in head.items() for line in _entry(key, value)]
    parts.append("tables:")
    for table, given in plan.tables.items():
        parts += [f"  {line}" for line in _comments(plan.remarks.get(table, ()))]
        parts += [f"  {table}:", *(f"    {line}" for key, value in given.items() for line in _entry(key, value))]
    return "\n".join(parts) + "\n"


def _entry(key: str, value: Any) -> list[str]:
    """Write an entry on one line where there is room for it, else its items below it."""
    line = f"{flow(key)}: {flow(value)}"
    if len(line) <= LINE or not isinstance(value, dict | list):
        return [line]
    inner = (
        [f"- {flow(one)}" for one in value]
        if isinstance(value, list)
        else [line for name, one in value.items() for line in _entry(name, one)]
    )
    return [f"{flow(key)}:", *(f"  {one}" for one in inner)]


def _comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"# {line}"


def _lines(plan: Outline) -> list[str]:
    """Say on a console which file is which table, and how much of it a person should look at."""
    return [*plan.remarks.get("", ()), *(line for table in plan.tables for line in plan.remarks.get(table, ()))]
