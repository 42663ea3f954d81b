"""The parameters of a run: params/NAME.yaml read strictly, with what the command line sets on top of it."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from glob import escape
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from fengqiao_eval.documents import Document, Model, read, scalar, suggest, validate, yaml_fault
from fengqiao_eval.errors import Fault, InputError, UsageError
from fengqiao_eval.files import expand, input_faults, outright
from fengqiao_eval.periods import RELATIVE, Period, parse, resolve
from fengqiao_eval.records.identifiers import Repair
from fengqiao_eval.records.ingest import Glob, Mapped
from fengqiao_eval.records.sources import POSTGRES, SHOWN, Roots, is_connection, knows_zone, read_address
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.records.units import TOLD, UnknownUnits
from fengqiao_eval.scheme.indicator import Text
from fengqiao_eval.scheme.measure import CENTURY
from fengqiao_eval.wording.numbers import level_code
from fengqiao_eval.words import HALF, quote, read_halves, readable, write_halves

PATHS = ("records", "scheme", "overrides", "out")
"""The keys that hold paths."""

NOWHERE = "Factory"
"""The zone of a clock that nobody has set."""

COMMAND_LINE = "--set"
"""The place of a fault of what was typed rather than written in the file."""


def _params_error(rule: str, given: object, **more: object) -> PydanticCustomError:
    return PydanticCustomError(f"fengqiao.params.{rule}", "refused", {"given": given, **more})


def _period(given: Any) -> Any:
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    try:
        if text not in RELATIVE:
            _ = parse(text).start - timedelta(days=CENTURY), parse(text).end + timedelta(days=CENTURY)
    except (UsageError, ValueError, TypeError, OverflowError):
        raise _params_error("period", given) from None
    return text


def _moment(given: Any) -> Any:
    """Take a date or a moment without zone; a number would be read as seconds since 1970."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        moment = None
    if not isinstance(moment, date) or getattr(moment, "tzinfo", None):
        raise _params_error("moment", given)
    return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001


def _zone(given: str) -> str:
    """Take the zone of a place that both the language and the engine know."""
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _params_error("timezone", given) from None
    if given == NOWHERE or not knows_zone(given):
        raise _params_error("timezone", given)
    return given


def _id(given: Any) -> Any:
    if not isinstance(given, str):
        raise _params_error("id_text", given)
    return given


def _tables(given: Mapping[str, Mapped]) -> Mapping[str, Mapped]:
    for table in given:
        if table not in TABLES:
            raise _params_error("table", table, known=suggest(table, list(TABLES)))
    return given


def _no_nul(given: str) -> str:
    if "\0" in given:
        raise _params_error("nul", given.replace("\0", "␀"))
    return given


PlainText = Annotated[Text, AfterValidator(_no_nul)]
"""A path or a name."""

UnitId = Annotated[str, BeforeValidator(_id)]

MomentText = Annotated[datetime, BeforeValidator(_moment)]


class RunParams(Model):
    """What a run is told. After load_params its paths are absolute and `as_of` is set; `period` stays as written."""

    period: Annotated[str, BeforeValidator(_period)]
    as_of: MomentText | None = None
    records: PlainText | Annotated[tuple[PlainText, ...], Field(min_length=1)] | Glob
    tables: Annotated[dict[str, Mapped], AfterValidator(_tables), Field(default_factory=dict)]
    unknown_units: UnknownUnits = TOLD
    repair: Repair = "rules"
    scheme: PlainText
    overrides: PlainText | None = None
    levels: tuple[Annotated[PlainText, AfterValidator(level_code)], ...] | None = None
    only: tuple[UnitId, ...] | None = None
    out: PlainText = "runs"
    lang: Literal["zh", "en"] = "zh"
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    seed: int = 0
    state: Literal["draft", "announced", "final"] = "draft"
    objection_until: Annotated[date, BeforeValidator(lambda given: _moment(given).date())] | None = None
    contact: Annotated[str, BeforeValidator(lambda given: str(given) if isinstance(given, int) else given)] = ""

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of the records, or their DuckDB file; those that a pattern fits, sorted.

        Raises InputError where none does.
        """
        if not isinstance(self.records, Glob):
            return tuple(map(Path, (self.records,) if isinstance(self.records, str) else self.records))
        with input_faults(Path(self.records.glob), readable(outright(self.records.glob))):
            found = tuple(path for path in expand(self.records.glob, Path.cwd()) if path.is_dir())
            if not found:
                raise InputError([self._nothing_there(self.records.glob)])
        return found

    @property
    def where(self) -> Roots:
        """Where the records lie: their folders or DuckDB file, or the address of a database."""
        return read_address(self.records) if _is_base(self.records) else self.roots

    @staticmethod
    def _nothing_there(pattern: str) -> Fault:
        """Say that no folder fits a pattern, and what lies in the last folder of it that any part fits."""
        parts = Path(pattern).parts
        fitting = next(found for n in range(len(parts) - 1, 0, -1) if (found := expand(str(Path(*parts[:n])), Path.cwd())))
        there = sorted(path.name for folder in fitting if folder.is_dir() for path in folder.iterdir())
        names = ", ".join(quote(readable(name)) for name in there[:SHOWN]) + (" …" if there[SHOWN:] else "")
        return Fault(readable(outright(pattern)), "records", "params.nothing_there", {"given": parts[-1], "there": names or "—"})

    @property
    def place(self) -> str:
        """Where the records lie, to be read."""
        given = self.records
        if _is_base(given):
            return read_address(given).name
        return outright(given.glob) if isinstance(given, Glob) else given if isinstance(given, str) else ", ".join(given)

    @property
    def relative(self) -> bool:
        """Whether the period is counted back from a day."""
        return self.period in RELATIVE

    @property
    def span(self) -> Period:
        """The period appraised."""
        return resolve(self.period, self.moment.date()) if self.relative else parse(self.period)

    @property
    def moment(self) -> datetime:
        """The moment up to which the records are believed: `as_of`, else the first after the period."""
        return self.as_of or parse(self.period).end


def load_params(
    path: Path, sets: Iterable[str] = (), only: Sequence[str] = (), today: date | None = None
) -> tuple[RunParams | None, list[Fault]]:
    """Read a params file with `--set key=value` and `--only UNIT` on top of it.

    Returns what could be read and every fault. With faults the parameters serve only to look for more of them
    elsewhere: a key at fault has its default, or is empty where it has none. None: no such file, or no YAML.

    Raises UsageError where a `--set` has no key or no `=`.
    """
    typed, faults = _parse_sets(sets)
    typed |= {"only": list(only)} if only else {}
    try:
        document = read(path)
    except InputError as error:
        return None, [*error.faults, *faults]
    params, more = _validate_params(document, typed)
    faults += more
    if refused := _address_fault(params.records):
        line = document.fault(("records",), refused.rule, **refused.given)
        faults.append(Fault(COMMAND_LINE, "records", refused.rule, refused.given) if "records" in typed else line)
        params = params.model_copy(update={"records": ""})  # it may hold a password
    bases = {key: Path.cwd() if key in typed else project_folder(path) for key in PATHS}
    known: dict[str, Any] = {key: absolute_path(given, bases[key]) for key in PATHS if (given := getattr(params, key))}
    if params.period:  # read from the first moment after it, a relative one is the same period again
        now = today or datetime.now(ZoneInfo(params.timezone)).date()
        known["as_of"] = params.as_of or resolve(params.period, now).end
    params = params.model_copy(update=known)
    if params.period and params.moment <= params.span.start:
        faults.append(document.fault(("as_of",), "params.as_of_early", given=params.moment, start=params.span.start))
    return params, faults


def _is_base(records: Any) -> TypeGuard[str]:
    return isinstance(records, str) and records.startswith(POSTGRES)


def _address_fault(records: Any) -> Fault | None:
    """Find what is wrong with the address of a database; of one that is refused nothing is repeated: it may hold a password."""
    if _is_base(records):
        try:
            read_address(records)
        except InputError as refused:
            return refused.faults[0]
        return None
    every = (records.glob,) if isinstance(records, Glob) else (records,) if isinstance(records, str) else records
    if found := next((one for one in every if "://" in one), ""):
        word = re.fullmatch(r"[a-z0-9+]*", found.partition("://")[0])
        return Fault("", "records", "params.address", {"given": f"{word[0] if word else ''}://…"})
    if any(map(is_connection, every)):
        return Fault("", "records", "params.address", {"given": "…"})
    return None


def _unsaid(fault: Fault, records: Any) -> Fault:
    """Leave out of a fault whatever may hold a password: what looks like a connection, and where records do all of them."""
    masked = is_connection(str(records)) and fault.place.split(".")[0] == "records"
    given = {name: "…" if masked or is_connection(str(value)) else value for name, value in fault.given.items()}
    return Fault(fault.file, "…" if is_connection(fault.place) else fault.place, fault.rule, given)


def project_folder(path: Path) -> Path:
    """Find the folder that holds the `params/` folder in which a file lies, else the current one."""
    here = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link to a params file out of its project
    return next((folder.parent for folder in here.parents if folder.name == "params"), Path.cwd())


def run_name(path: Path, params: RunParams) -> str:
    """Name a run: the stem of its params file, with the period where that moves on."""
    stem = readable(path.stem)
    return f"{stem}-{params.span}" if params.relative else stem


def _parse_sets(sets: Iterable[str]) -> tuple[dict[str, Any], list[Fault]]:
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for given in sets:
        key, equals, value = given.partition("=")
        if not (key.strip() and equals):
            raise UsageError("set", given="…" if is_connection(given) else given)
        try:
            found[key.strip()] = write_halves(value) if HALF.search(value) else scalar(value)  # bytes are no YAML
        except yaml.YAMLError as error:
            faults.append(yaml_fault(COMMAND_LINE, key.strip(), error))
    return found, faults


def _validate_params(document: Document, typed: Mapping[str, Any]) -> tuple[RunParams, list[Fault]]:
    """Check what is written and typed; of what is wrong the keys that are right are kept, so that all else is looked at too."""
    lines = {place: line for place, line in document.lines.items() if place[0] not in typed}
    merged = Document(document.file, {**document.data, **typed}, lines)
    params, faults = validate(RunParams, merged)
    wrong = {fault.place.split(".")[0] for fault in faults}
    told = [Fault(COMMAND_LINE, f.place, f.rule, f.given) if f.place.split(".")[0] in typed else f for f in faults]
    told = [_unsaid(fault, merged.data.get("records")) for fault in told]
    if params is None:
        wrong |= {"records"} if "tables" in wrong else set()  # without their mapping right records look wrong
        given = {key: value for key, value in merged.data.items() if key in RunParams.model_fields and key not in wrong}
        needed = [key for key, field in RunParams.model_fields.items() if field.is_required() and key not in given]
        params = RunParams.model_validate({**dict.fromkeys(needed, "2000"), **given})
        params = params.model_copy(update=dict.fromkeys(needed, ""))
    return params, told


def absolute_path(given: Any, base: Path) -> Any:
    """Make a path absolute, its bytes that are no UTF-8 as they are, or those of a list, or a pattern; an address is none."""
    if isinstance(given, tuple):
        return tuple(absolute_path(one, base) for one in given)
    if isinstance(given, Glob):  # what the folder is called is no pattern
        return Glob.model_construct(glob=os.path.normpath(Path(escape(str(base)), given.glob)))
    return given if "://" in given else os.path.normpath(base / read_halves(given))
