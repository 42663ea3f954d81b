"""What comes before anything is written: parameters, scheme and records are read, checked together, and scored."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fengqiao_eval.documents import read
from fengqiao_eval.errors import Fault, InputError, refuse
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import findings
from fengqiao_eval.runs.choice import chosen
from fengqiao_eval.runs.params import RunParams, load_params
from fengqiao_eval.runs.publish import LATEST
from fengqiao_eval.scheme.lint import Finding
from fengqiao_eval.scheme.load import read_scheme
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring import fit
from fengqiao_eval.scoring.score import Scores, score

Result = TypeVar("Result")


@dataclass(frozen=True)
class Order:
    """What is asked for: the params file, what the command line sets on it, and how cards are printed."""

    path: Path
    sets: Sequence[str] = ()
    only: Sequence[str] = ()
    workers: int | None = None
    notebooks: bool = False
    engine: str = "fengqiao"
    """`fengqiao`, or `stock`: papermill's own, a kernel a card."""
    pdf: bool = False
    fresh: bool = False
    """Whether everything is done anew, whatever was done before."""


@dataclass(frozen=True)
class Scored:
    """Records scored, nothing written yet."""

    params: RunParams
    scheme: Scheme
    records: Records
    scores: Scores

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels scored, from the top."""
        wanted = self.params.levels or self.scheme.levels
        return tuple(level for level in self.scheme.levels if level in wanted)

    @property
    def units(self) -> Mapping[str, int]:
        """How many units of each level were scored."""
        found = Counter(self.scores.units["level"].astype(str))
        return {level: found[level] for level in self.levels if found[level]}

    @property
    def persons(self) -> set[str]:
        """The ids of officers."""
        units = self.scores.units
        return set(units.loc[units["level"] == OFFICER, "unit_id"])

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of a scoring; officers are counted and not named."""
        return {
            "title": self.scheme.title,
            "scheme_version": self.scheme.version,
            "levels": self.levels,
            "counts": dict(self.records.counts),
            "units": {level: count for level, count in self.units.items() if level != OFFICER},
            "officers": len(self.persons),
            "notes": [{"key": note.key, "given": dict(note.given)} for note in self.scores.notes],
            "lint": findings.of_manifest(self.findings),
        }

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What lint finds in the scheme, the worst first."""
        path = Path(self.params.scheme)
        return findings.findings(self.scheme, self.scores, str(self.params.span), read(path, shown(path)))


def prepare(params: RunParams | None, faults: Iterable[Fault] = (), name: str = "params") -> tuple[RunParams, Scheme, Records]:
    """Read the scheme and open the records that parameters name; `name` is what their file is called in faults.

    Raises InputError with every fault of parameters (those given, and levels the scheme lacks), scheme and records.
    """
    found = list(faults)
    scheme = _tried(lambda: _scheme(params), found) if params and params.scheme else None
    records = _tried(lambda: _records(params, name), found) if params and params.records else None
    if params and scheme:
        found += _unknown_levels(params, scheme, name)
    if scheme and records:
        found += fit.faults(scheme, records)
    refuse(found)
    assert params is not None and scheme is not None and records is not None  # noqa: PT018, S101 - else there are faults
    return params, scheme, records


def _tried(read: Callable[[], tuple[Result, list[Fault]]], faults: list[Fault]) -> Result | None:
    """Read what can be read, and add what is wrong with it to the faults."""
    try:
        found, more = read()
    except InputError as error:
        found, more = None, list(error.faults)
    faults += more
    return found


def _scheme(params: RunParams) -> tuple[Scheme | None, list[Fault]]:
    overrides = Path(params.overrides) if params.overrides else None
    return read_scheme(Path(params.scheme), overrides, shown(Path(params.scheme)))


def _records(params: RunParams, name: str) -> tuple[Records, list[Fault]]:
    if "://" in params.records:
        address = params.records.split("://")[0] + "://…"  # what follows may hold a password
        raise InputError([Fault(name, "records", "params.address", {"given": address})])
    where = Path(params.records)
    return read_records(where, params.tables, params.timezone, shown(where))


def _unknown_levels(params: RunParams, scheme: Scheme, name: str) -> Iterator[Fault]:
    for level in params.levels or ():
        if level not in scheme.levels:
            yield Fault(name, "levels", "params.level", {"given": level, "known": ", ".join(scheme.levels)})


def shown(path: Path) -> str:
    """Write a path as short as can be: from the current folder where it lies below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def scored(order: Order) -> Scored:
    """Read, check and score; nothing is written.

    Raises InputError with every fault found, UsageError for a wrong --set or --only.
    """
    return scored_as(*parameters(order), str(order.path))


def parameters(order: Order) -> tuple[RunParams | None, list[Fault]]:
    """Read the parameters of an order, dates and paths resolved, with every fault in them.

    Raises UsageError for a wrong --set.
    """
    params, faults = load_params(order.path, order.sets, order.only)
    taken = Fault(str(order.path), "", "params.name_taken", {"given": order.path.name})
    return params, [*faults, *([taken] if order.path.stem == LATEST else [])]


def sound(given: RunParams | None, faults: Sequence[Fault], name: str) -> RunParams:
    """Give parameters that have no fault.

    Raises InputError with theirs and with every fault of scheme and records.
    """
    return prepare(given, faults, name)[0] if faults or given is None else given


def scored_as(given: RunParams | None, faults: Iterable[Fault], name: str) -> Scored:
    """Check and score by parameters that have been read; `name` is what their file is called in faults.

    Raises InputError with every fault found, UsageError for a wrong `only`.
    """
    params, scheme, records = prepare(given, faults, name)
    done = Scored(params, scheme, records, score(records, scheme, params.span, params.moment, params.levels))
    chosen(done.scores.units, done.levels, params.only)
    return done
