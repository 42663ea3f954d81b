"""What comes before anything is written: a job and its cards; parameters, scheme and records read, checked together, scored."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from fengqiao_eval.documents import read, similar_ids
from fengqiao_eval.engine import OURS
from fengqiao_eval.engine.card_job import CardJob
from fengqiao_eval.errors import OFFICER, Fault, InputError, UsageError, refuse, refuse_in
from fengqiao_eval.files import to_path
from fengqiao_eval.measuring import compatibility
from fengqiao_eval.measuring.plausibility import Survey
from fengqiao_eval.periods import Period
from fengqiao_eval.records.identifiers import Register
from fengqiao_eval.records.sources import SHOWN, Address, asked_statements, one_snapshot
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.results.seal import LEDGER
from fengqiao_eval.runs import folder as run_folder
from fengqiao_eval.runs import log, manifest
from fengqiao_eval.runs.params import RunParams, load_params, project_folder, run_name
from fengqiao_eval.runs.templates import OVERVIEW, find_differences, find_notebooks, notebook_of
from fengqiao_eval.scheme.lint import Finding, lint
from fengqiao_eval.scheme.load import blanks, read_scheme
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores, score
from fengqiao_eval.validation.audit import AuditReport, audit
from fengqiao_eval.words import readable

Result = TypeVar("Result")

MISSED = ("records.no_level", "records.empty_period", "records.no_table")
"""Faults that may come of another: what could not be read is missed."""


class Seen(NamedTuple):
    """Records as they were read, every fault found in them and beside them, and the period that is asked for."""

    records: Records
    faults: tuple[Fault, ...]
    period: Period | None


@dataclass(frozen=True)
class Job:
    """One call of the command line: a params file, what is set on it, how cards are printed, and all that follows from these.

    It stands beside RunParams because these are the file's and are kept in the manifest, while a job ends with its call. What
    follows is found out when it is first asked for: where a run is to be made, its name and fingerprints under the run's lock.
    """

    path: Path
    sets: Sequence[str] = ()
    only: Sequence[str] = ()
    workers: int | None = None
    notebooks: bool = False
    """Whether the executed notebooks are kept."""
    engine: str = OURS
    """`fengqiao`, or `stock`: papermill's own, a kernel a card."""
    pdf: bool = False
    fresh: bool = False
    """Whether everything is done anew, whatever was done before."""
    cards: bool = True
    """Whether cards and pages are made; else only frames are."""
    began: float = field(default_factory=time.monotonic)
    """When the call began, by a clock that is never set."""
    short: bool = False
    """Whether a short card, one page to sign, is made beside every card."""
    public: bool = False
    """Whether the page for the public is made."""
    seen: Callable[["Seen"], None] | None = field(default=None, compare=False)
    """What is handed the records as they were read, before anything in them is refused."""

    @cached_property
    def given(self) -> tuple[RunParams | None, list[Fault]]:
        """The parameters as far as they can be read, dates and paths resolved, with every fault in them.

        Raises UsageError for a wrong --set.
        """
        params, faults = load_params(self.path, self.sets, self.only)
        taken = Fault(str(self.path), "", "params.name_taken", {"given": self.path.name})
        return params, [*faults, *([taken] if self.path.stem in (run_folder.LATEST, log.NAME, LEDGER) else [])]

    @cached_property
    def params(self) -> RunParams:
        """The parameters, where they have no fault.

        Raises InputError with theirs and with every fault of scheme and records.
        """
        params, faults = self.given
        return prepare(params, faults, str(self.path))[0] if faults or params is None else params

    @cached_property
    def notebook_folder(self) -> Path | None:
        """Where the notebooks of cards lie; None: only frames are asked for."""
        return find_notebooks(project_folder(self.path)) if self.cards else None

    @property
    def out(self) -> Path:
        """The folder of runs."""
        return Path(self.params.out)

    @property
    def base(self) -> str:
        """The name of the run and of all its corrections."""
        return run_name(self.path, self.params)

    @property
    def part(self) -> Path:
        """Where the run is written until it takes its place."""
        return run_folder.aside(self.out, self.base, "part")

    @property
    def newest(self) -> Path | None:
        """The run that lies under the name, or the last of its corrections."""
        return run_folder.newest_run(self.out, self.base)

    @cached_property
    def names(self) -> tuple[str, str | None]:
        """The name that the run takes, and that of the final run it corrects."""
        return run_folder.free_name(self.out, self.base)

    @property
    def log(self) -> log.Log:
        """The log of all runs of the folder."""
        return log.Log(self.out / log.NAME, self.names[0], self.params.timezone)

    @cached_property
    def prints(self) -> Mapping[str, Any]:
        """The fingerprints of all that the run is made of."""
        return manifest.fingerprints(self.params, self.notebook_folder)

    def templates(self, levels: Sequence[str]) -> list[dict[str, Any]]:
        """Tell which of the notebooks that print cards differ from those shipped; see templates.find_differences."""
        return find_differences(self.notebook_folder, [*levels, ""]) if self.notebook_folder else []

    @property
    def frames_key(self) -> str:
        """Fingerprint all that the frames rest on: with an equal one they are the same, byte for byte."""
        made_of = [self.prints[name] for name in ("records", "scheme", "package")]
        when = [str(self.params.span), str(self.params.moment)]  # as they are resolved
        told = self.params.model_dump_json(include={"tables", "levels", "timezone", "unknown_units", "repair"})
        return _fingerprint([*made_of, *when, manifest.packages(), told])

    def cards_key(self, name: str, corrects: str | None) -> str:
        """Fingerprint all that the cards of a run of this name rest on; whose cards they are is another matter."""
        told = self.params.model_dump_json(include={"lang", "state", "objection_until", "contact", "seed"})
        return _fingerprint([self.frames_key, self.prints["notebooks"], self.engine, name, corrects, told])

    def list_cards(self, folder: Path, levels: Sequence[str]) -> list[CardJob]:
        """List the cards wanted in a folder that holds the frames; none where only frames are asked for.

        Raises UsageError where `only` names what is no unit.
        """
        units = run_folder.read_units(folder)
        wanted, place = choose_cards(units, levels, repair_only(self.params, units)), run_folder.card_pages(folder, units)
        if self.notebook_folder is None:
            return []
        pages = [(unit, level, notebook_of(level), place[unit]) for level, unit in wanted]
        if (self.notebook_folder / OVERVIEW).is_file():
            pages.append(("", "", OVERVIEW, folder / "overview.html"))
        lang, keep = self.params.lang, self.notebooks
        return [
            CardJob(unit, level, self.notebook_folder / name, folder, page, lang, keep, short=self.short)
            for unit, level, name, page in pages
        ]


def _fingerprint(parts: Sequence[Any]) -> str:
    return manifest.fingerprint_text(json.dumps(parts, sort_keys=True))


MOST_NAMESAKES = 5
"""Of so many units of one name the ids are told."""


def choose_cards(units: pd.DataFrame, levels: Sequence[str], only: Iterable[str] | None) -> list[tuple[str, str]]:
    """List (level, unit) of the cards to print, from the top level down; `ID/` is a unit and all below it.

    Raises UsageError naming ids that are no unit of a scored level, with near ones, and names that several bear, with their ids.
    """
    scored = units[units["level"].isin(levels)]
    level_of = dict(zip(scored["unit_id"], scored["level"].astype(str), strict=True))
    parent_of = dict(zip(units["unit_id"], units["parent_id"], strict=True))
    wanted = set(level_of) if only is None else set()
    for given in only or ():
        top = given.removesuffix("/")
        if given in level_of:
            wanted.add(given)
        elif len(same := scored.loc[scored["name"] == top, "unit_id"].unique()) > 1:
            raise UsageError("only_several", given=top, n=len(same), known=", ".join(same[:MOST_NAMESAKES]))
        elif top == given or top not in parent_of:
            holding = scored[scored["name"].str.contains(top, regex=False) & (scored["level"] != OFFICER)].head(MOST_NAMESAKES)
            known = ", ".join(f"{unit} {name}" for unit, name in zip(holding["unit_id"], holding["name"], strict=True))
            raise UsageError("only", given=given, known=known or similar_ids(top, level_of))
        else:
            wanted |= {unit for unit in level_of if top in _chain(unit, parent_of)}
    return sorted(((level_of[unit], unit) for unit in wanted), key=lambda pair: (levels.index(pair[0]), pair[1]))


def repair_only(params: RunParams, units: pd.DataFrame) -> tuple[str, ...] | None:
    """Give the ids of `only`, each repaired as those of records are; what fits no unit, or several, stays as it was typed."""
    if params.only is None or params.repair == "none":
        return params.only
    known = Register(units[["unit_id", "name", "level"]]).everybody

    def repaired(given: str) -> str:
        found = None if given in known.ids else known.meant(given.removesuffix("/"))
        return found.units[0] + "/" * given.endswith("/") if found and len(found.units) == 1 else given

    return tuple(map(repaired, params.only))


def _chain(unit: str, parent_of: dict[str, str]) -> Iterator[str]:
    """Walk from a unit to its top; a circle of parents was refused when the records were read."""
    while isinstance(unit, str) and unit:
        yield unit
        unit = parent_of.get(unit, "")


# Read, checked together, scored


def score_job(job: Job) -> tuple[Scheme, Records, Scores]:
    """Read, check and score what a job names; nothing is written.

    Raises InputError with every fault found, UsageError for a wrong --set or --only.
    """
    params, scheme, records = prepare(*job.given, str(job.path), job.seen)
    scores = score(records, scheme, params.span, params.moment, params.levels, params.seed)
    choose_cards(scores.units, levels_of(params, scheme), repair_only(params, scores.units))
    return scheme, records, scores


def statements(job: Job) -> list[str]:
    """Run what a run asks of a database, and list the statements in their order, each once; nothing is written.

    Raises InputError as score_job does, UsageError where the records lie in files.
    """
    params, faults = job.given
    if not faults and params and not isinstance(params.where, Address):
        raise UsageError("check_sql", where=params.place)
    with one_snapshot():
        score_job(job)
        manifest.fingerprint_records(job.params)
        return [f"{one};" for one in dict.fromkeys(asked_statements())]


def audit_records(path: str | Path, period: str = "", lang: str = "zh") -> AuditReport:
    """Look at the records that a params file names before they are scored, read as `check` reads them; nothing is written.

    period: another one than that of the file. Raises InputError with every fault found, as a check does.
    """
    with refuse_in(lang), one_snapshot():
        job = Job(to_path(path), [f"period={period}"] if period else [])
        params, scheme, records = prepare(*job.given, str(job.path))
        name, own = run_name(job.path, params), params.span
        name = f"{name}-{own}" if period and not params.relative else name
        return audit(records, scheme, own, params.moment, levels_of(params, scheme), name=name, lang=lang)


def prepare(
    params: RunParams | None,
    faults: Iterable[Fault] = (),
    name: str = "params",
    seen: Callable[[Seen], None] | None = None,
) -> tuple[RunParams, Scheme, Records]:
    """Read the scheme and open the records that parameters name; `name` is what their file is called in faults, seen: see Job.

    Raises InputError with every fault of parameters (those given, and levels the scheme lacks), scheme and records.
    """
    found, scheme, records = list(faults), None, None
    if params and params.scheme:
        where, overrides = Path(params.scheme), Path(params.overrides) if params.overrides else None
        scheme = _try_read(found, read_scheme, where, overrides, short_path(where))
    if params and params.records:
        records = _try_read(found, _read_records, params)
    if params and scheme:
        strange = [level for level in params.levels or () if level not in scheme.levels]
        known = ", ".join(scheme.levels)
        found += [Fault(name, "levels", "params.level", {"given": level, "known": known}) for level in strange]
        if params.state != "draft" and (blank := blanks(scheme)):
            given = {"state": params.state, "keys": ", ".join(blank)}
            found.append(Fault(short_path(Path(params.scheme)), "", "params.blank", given))
    if scheme and records:
        found += compatibility.faults(scheme, records)
    if params and params.period and scheme and records:
        odd = Survey(records, scheme, params.span, params.levels or scheme.levels).faults()
        # a table or a level may be missing only because it could not be read
        found += [fault for fault in odd if not found or fault.rule not in MISSED]
    if seen and records and params:
        seen(Seen(records, tuple(found), params.span if params.period else None))
    refuse(found)
    assert params is not None and scheme is not None and records is not None  # noqa: PT018, S101 - else there are faults
    return params, scheme, records


def _read_records(params: RunParams) -> tuple[Records, list[Fault]]:
    """Read the records that parameters name."""
    where = params.where
    if isinstance(where, Address):
        called = where.name
    else:
        called = ", ".join(map(short_path, params.roots[:SHOWN])) + (" …" if params.roots[SHOWN:] else "")
    return read_records(where, params.tables, params.timezone, called, params.unknown_units, params.repair)


def _try_read(faults: list[Fault], read: Callable[..., tuple[Result, list[Fault]]], *given: Any) -> Result | None:
    """Read what can be read, and add what is wrong with it to the faults."""
    try:
        found, more = read(*given)
    except InputError as error:
        found, more = None, list(error.faults)
    faults += more
    return found


def short_path(path: Path) -> str:
    """Write a path as short as can be, to be read: from the current folder where it lies below it."""
    return readable(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


# What a scoring tells besides its frames


def levels_of(params: RunParams, scheme: Scheme) -> tuple[str, ...]:
    """Name the levels scored, from the top."""
    return tuple(level for level in scheme.levels if level in (params.levels or scheme.levels))


def count_units(scores: Scores, levels: Iterable[str]) -> dict[str, int]:
    """Count the units of each level that were scored, officers among them."""
    found = Counter(scores.units["level"].astype(str))
    return {level: found[level] for level in levels if found[level]}


def lint_scheme(params: RunParams, scheme: Scheme, scores: Scores) -> tuple[Finding, ...]:
    """Lint a scheme with what its main period shows, the worst first; units that stand for 'unknown' are left aside."""
    period, path = str(params.span), Path(params.scheme)
    ranks, points = (
        frame[(frame["period"] == period) & ~frame["unit_id"].isin(scheme.unranked)] for frame in (scores.ranks, scores.points)
    )
    return lint(scheme, sizes(ranks), constant_indicators(points), read(path, short_path(path)))


def sizes(ranks: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the units compared: level -> group ('' the whole level) -> units.

    >>> sizes(pd.DataFrame({"level": ["station"] * 3, "peer_class": ["一类", "一类", ""]}))
    {'station': {'': 1, '一类': 2}}
    """
    counts = ranks.groupby(["level", "peer_class"], observed=True).size()
    return {str(level): part.droplevel(0).to_dict() for level, part in counts.groupby(level=0, observed=True)}


def constant_indicators(points: pd.DataFrame) -> dict[str, list[str]]:
    """List, level by level, the indicators on which all units of each group have the same points; a level of one unit has none.

    >>> frame = pd.DataFrame({"unit_id": list("aabb"), "indicator": list("xyxy"), "points": [90, 80, 90, 70]})
    >>> constant_indicators(frame.assign(level="station", peer_class=""))
    {'station': ['x']}
    """
    held = points.groupby("level", observed=True)["unit_id"].nunique()
    several = points[points["level"].isin(held.index[held > 1])]
    grouped = several.groupby(["level", "indicator", "peer_class"], observed=True)["points"]
    spread = grouped.agg(["min", "max", "count", "size"])
    alike = (spread["count"] == spread["size"]) & (spread["min"] == spread["max"])  # who has no points is like nobody
    level = alike.groupby(["level", "indicator"], observed=True).all()
    found = level.index[level].to_frame(index=False).groupby("level", observed=True)["indicator"]
    return {str(name): list(codes) for name, codes in found}
