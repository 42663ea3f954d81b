"""manifest.json: what a run is made of, so that it can be checked, explained and made again."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from glob import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fengqiao_eval.files import fingerprint_file, input_faults, write_whole
from fengqiao_eval.periods import Period
from fengqiao_eval.records.ingest import From, Mapped
from fengqiao_eval.records.sources import Address, common_folder, files_of, fingerprint_base
from fengqiao_eval.records.tables import PERSONS, TABLES
from fengqiao_eval.runs.params import PATHS, RunParams
from fengqiao_eval.words import write_halves

PACKAGES = (
    *("fengqiao-eval", "duckdb", "ibis-framework", "ipykernel", "nbclient", "numpy", "pandas", "papermill", "plotly"),
    *("pyarrow", "pydantic", "python-calamine", "scipy", "xlsxwriter"),
)
"""The packages whose versions a run names."""

_SOURCES = (".py", ".yaml", ".html", ".js", ".css")


def packages() -> dict[str, str]:
    """Give the versions of Python and of the packages that a run rests on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def periods(span: Period) -> dict[str, Any]:
    """Name the periods of the frames.

    >>> from fengqiao_eval.periods import parse
    >>> periods(parse("2024-11"))["trend"][0]
    '2023-12'
    """
    beside = {"this": str(span), "previous": str(span.previous), "year_before": str(span.year_before)}
    return {**beside, "trend": [str(month) for month in span.trend]}


# Fingerprints, by SHA-256

LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
"""What the names of the logs beside a DuckDB file end in."""


def fingerprints(params: RunParams, notebooks: Path | None) -> dict[str, Any]:
    """Fingerprint (SHA-256) records by file, scheme with overrides, notebooks, the package and the parameters."""
    package = Path(__file__).parents[1]
    return {
        "records": fingerprint_records(params),
        "scheme": fingerprint_scheme(params),
        "notebooks": fingerprint_files(path for path in notebooks.iterdir() if path.suffix == ".ipynb") if notebooks else "",
        "package": fingerprint_files(path for path in package.rglob("*") if path.suffix in _SOURCES),
        "parameters": fingerprint_text(params.model_dump_json(exclude=set(PATHS))),
    }


def fingerprint_scheme(params: RunParams) -> str:
    """Fingerprint the scheme with its overrides."""
    with input_faults(Path(params.scheme)):
        return fingerprint_files(Path(path) for path in (params.scheme, params.overrides) if path)


def fingerprint_records(params: RunParams) -> dict[str, str]:
    """Fingerprint the files of the records, or the tables of their database, each under its name."""
    if isinstance(where := params.where, Address):
        mapped = {table: params.tables.get(table, Mapped()) for table in TABLES}
        return fingerprint_base(where, mapped, params.timezone)
    with input_faults(params.roots[0]):
        return {name: fingerprint_file(path) for name, path in _record_files(params).items()}


def stat_records(params: RunParams) -> dict[str, tuple[int, ...]]:
    """Give size, times of change in nanoseconds (content, entry) and number of the files of the records.

    A file that was replaced and put back has its old fingerprint, but others of these. Of a database a run sees one state only.
    """
    if isinstance(params.where, Address):
        return {}
    with input_faults(params.roots[0]):
        found = {name: path.stat() for name, path in _record_files(params).items()}
    return {name: (one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino) for name, one in found.items()}


def _record_files(params: RunParams) -> dict[str, Path]:
    """Find the files of the records by their names, as seen from the folder in which they lie."""
    roots = params.roots
    if len(roots) == 1 and roots[0].is_file():  # what was written last may lie beside a DuckDB file, not yet in it
        where = roots[0]
        return {path.name: path for path in (where, *(Path(f"{where}{end}") for end in LOGS)) if path.is_file()}
    found = {path for table in TABLES for path in files_of(roots, table, params.tables.get(table, Mapped()))}
    return {os.path.relpath(path, common_folder(roots)): path for path in sorted(found)}


def fingerprint_files(paths: Iterable[Path]) -> str:
    """Fingerprint several files as one, by their names and contents; one that is not there has none."""
    lines = sorted(f"{path.parent.name}/{path.name} {fingerprint_file(path) if path.is_file() else ''}" for path in paths)
    return fingerprint_text("\n".join(lines))


def fingerprint_text(text: str) -> str:
    """Fingerprint a text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


# Parameters without officers, and paths that can be moved


def parameters(params: RunParams, folder: Path, officers: Iterable[str]) -> dict[str, Any]:
    """Give the parameters in force, paths as seen from the run's folder, no officer's id among them."""
    given = params.model_dump(by_alias=True, exclude_defaults=True)
    given |= {key: relative_path(given[key], folder) for key in PATHS if given.get(key)}
    given |= {"only": exclude_officers(params.only, set(officers))} if "only" in given else {}
    for table, constants in officer_constants(params, officers).items():
        given["tables"][table]["set"] = {k: v for k, v in given["tables"][table]["set"].items() if k not in constants}
    for table, words in officer_words(params, officers).items():
        given["tables"][table]["values"] = {
            column: {word: meant for word, meant in those.items() if word not in words.get(column, {})}
            for column, those in given["tables"][table]["values"].items()
        }
    return given | {"out": ".."}


def officer_words(params: RunParams, officers: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Give the words under `tables` that name persons, as they are mapped: table -> column -> word -> what it means."""
    persons = set(officers)
    found = {
        (table, column, word): meant
        for table, mapped in params.tables.items()
        for column, words in mapped.values.items()
        for word, meant in words.items()
        if column in PERSONS or word in persons or meant in persons
    }
    by_table: dict[str, dict[str, dict[str, Any]]] = {}
    for (table, column, word), meant in found.items():
        by_table.setdefault(table, {}).setdefault(column, {})[word] = meant
    return by_table


def officer_constants(params: RunParams, officers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Give the constants of `set` under `tables` that name persons: table -> column -> constant."""
    persons = set(officers)
    found = {
        table: {
            name: one
            for name, one in mapped.set.items()
            if not isinstance(one, From | tuple) and (name in PERSONS or one in persons)
        }
        for table, mapped in params.tables.items()
    }
    return {table: constants for table, constants in found.items() if constants}


def exclude_officers(ids: Iterable[str] | None, officers: set[str]) -> list[str] | None:
    """Leave officers out of a list of ids."""
    return None if ids is None else [given for given in ids if given.removesuffix("/") not in officers]


def relative_path(path: Any, folder: Path) -> Any:
    """Write a path, those of a list, or a pattern as seen from a folder, so that run and records move together; else as it is."""
    if isinstance(path, list | tuple):
        return [relative_path(one, folder) for one in path]
    if isinstance(path, Mapping):
        return {"glob": relative_path(path["glob"], Path(escape(str(folder))))}
    try:
        return path if "://" in path else write_halves(Path(os.path.relpath(path, folder)).as_posix())
    except ValueError:  # another drive of Windows
        return path


# The file itself


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file in one step: keys in the order given, text as it is."""
    write_whole(path, json.dumps(content, ensure_ascii=False, indent=1, default=_json_value) + "\n")


def _json_value(value: Any) -> Any:
    """Say in JSON's own words what JSON has no word for; a decimal stays a number, since text may name a column."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.item() if hasattr(value, "item") else str(value)
