"""What comes before anything is written: parameters, scheme and records read, checked together, scored; the cards chosen."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from fengqiao_eval.documents import Document, read, similar_ids
from fengqiao_eval.errors import OFFICER, Fault, InputError, UsageError, refuse
from fengqiao_eval.measuring import compatibility
from fengqiao_eval.records.store import Records, read_records
from fengqiao_eval.runs.folder import LATEST
from fengqiao_eval.runs.params import RunParams, load_params
from fengqiao_eval.scheme.lint import LEVELS, Finding, lint
from fengqiao_eval.scheme.load import read_scheme
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores, score
from fengqiao_eval.words import LANGUAGES, say

# Which units get a card, and where the notebooks lie that print it.


OVERVIEW = "overview.ipynb"


def notebook_of(level: str) -> str:
    """Name the notebook that prints the card of a unit.

    >>> notebook_of("officer"), notebook_of("county")
    ('officer_scorecard.ipynb', 'station_scorecard.ipynb')
    """
    return "officer_scorecard.ipynb" if level == OFFICER else "station_scorecard.ipynb"


def find_notebooks(project: Path, *names: str) -> Path:
    """Find the folder that has some notebooks, by default those of cards: the project's own, else the one beside the package.

    Raises UsageError where they are in neither.
    """
    places = [project / "notebooks", Path(__file__).parents[2] / "notebooks"]
    needed = names or (notebook_of(OFFICER), notebook_of(""))
    found = next((place for place in places if all((place / name).is_file() for name in needed)), None)
    if found is None:
        raise UsageError("no_notebook", given=", ".join(needed), places=", ".join(map(str, dict.fromkeys(places))))
    return found


def choose_cards(units: pd.DataFrame, levels: Sequence[str], only: Iterable[str] | None) -> list[tuple[str, str]]:
    """List (level, unit) of the cards to print, from the top level down; `ID/` is a unit and all below it.

    Raises UsageError naming ids that are no unit of a scored level, with near ones.
    """
    scored = units[units["level"].isin(levels)]
    level_of = dict(zip(scored["unit_id"], scored["level"].astype(str), strict=True))
    parent_of = dict(zip(units["unit_id"], units["parent_id"], strict=True))
    wanted = set(level_of) if only is None else {unit for given in only for unit in _match_units(given, level_of, parent_of)}
    return sorted(((level_of[unit], unit) for unit in wanted), key=lambda pair: (levels.index(pair[0]), pair[1]))


def _match_units(given: str, level_of: dict[str, str], parent_of: dict[str, str]) -> Iterator[str]:
    if given in level_of:
        yield given
        return
    top = given.removesuffix("/")
    if top == given or top not in parent_of:
        raise UsageError("only", given=given, known=similar_ids(top, level_of))
    yield from (unit for unit in level_of if top in _chain(unit, parent_of))


def _chain(unit: str, parent_of: dict[str, str]) -> Iterator[str]:
    """Walk from a unit to its top; a circle of parents was refused when the records were read."""
    while isinstance(unit, str) and unit:
        yield unit
        unit = parent_of.get(unit, "")


# What lint finds in the scheme of a run, with the sizes of its classes and the points given: for console and manifest.


def lint_scheme(scheme: Scheme, scores: Scores, period: str, document: Document) -> tuple[Finding, ...]:
    """Lint a scheme with what its main period shows; units that stand for 'unknown' are left aside."""
    ranks, points = (_main_rows(frame, period, scheme) for frame in (scores.ranks, scores.points))
    return lint(scheme, sizes(ranks), constant_indicators(points), document)


def _main_rows(frame: pd.DataFrame, period: str, scheme: Scheme) -> pd.DataFrame:
    return frame[(frame["period"] == period) & ~frame["unit_id"].isin(scheme.unranked)]


def sizes(ranks: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Count the units compared: level -> group ('' the whole level) -> units.

    >>> sizes(pd.DataFrame({"level": ["station"] * 3, "peer_class": ["一类", "一类", ""]}))
    {'station': {'': 1, '一类': 2}}
    """
    found: dict[str, dict[str, int]] = {}
    for (level, group), count in ranks.groupby(["level", "peer_class"], observed=True).size().items():
        found.setdefault(str(level), {})[str(group)] = int(count)
    return found


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
    alike = (spread["count"] == 0) | ((spread["count"] == spread["size"]) & (spread["min"] == spread["max"]))
    level = alike.groupby(["level", "indicator"], observed=True).all()
    found: dict[str, list[str]] = {}
    for name, code in level.index[level]:
        found.setdefault(str(name), []).append(str(code))
    return found


def finding_lines(found: Sequence[Finding], lang: str) -> Iterator[str]:
    """Say what was found, the worst first, each with its source, what would do, and who answers for it."""
    if not found:
        yield say("lint.clean", lang)
        return
    counts = Counter(one.rule.level for one in found)
    said = say("explain.comma", lang).join(
        f"{say(f'lint.level.{level}', lang)} {counts[level]}" for level in LEVELS if counts[level]
    )
    yield say("lint.head", lang, n=len(found), counts=said)
    quoted: set[str] = set()
    for level, group in groupby(found, lambda one: one.rule.level):
        yield say("lint.group", lang, level=say(f"lint.level.{level}", lang))
        for one in group:
            yield from _finding(one, quoted, lang)
            quoted |= set(one.rule.instruments)
    if still := sum(one.open for one in found):
        yield say("lint.open", lang, n=still)


def _finding(one: Finding, quoted: Collection[str], lang: str) -> Iterator[str]:
    """Say one finding; a source is quoted in full where it is first named."""
    name = say("lint.name", lang, name=one.name(lang)) if one.part else ""
    yield say("lint.finding", lang, where=f"{one.file} · {one.place}", rule=one.rule.code, name=name, why=one.why(lang))
    for code, source in zip(one.rule.instruments, one.sources, strict=True):
        title, force, words = (part.text(lang) for part in (source.title, source.force, source.words))
        again = say("lint.source_again", lang, title=title)
        yield again if code in quoted else say("lint.source", lang, title=title, force=force, words=words)
    yield say("lint.suggestion", lang, suggestion=one.rule.suggestion.text(lang))
    for answer in one.justified:
        yield say("lint.justified", lang, person=answer.person, document=answer.document, date=answer.date)


def manifest_findings(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Write findings for the manifest, in both languages, so that pages can say them without the rules."""
    return [_manifest_finding(one) for one in found]


def _manifest_finding(one: Finding) -> dict[str, Any]:
    said: Mapping[str, Any] = {
        "name": {lang: one.name(lang) for lang in LANGUAGES},
        "said": {lang: one.why(lang) for lang in LANGUAGES},
        "source": {lang: [source.title.text(lang) for source in one.sources] for lang in LANGUAGES},
    }
    answers = [{"person": a.person, "document": a.document, "date": str(a.date)} for a in one.justified]
    return {
        "rule": one.rule.code,
        "level": one.rule.level,
        "indicator": one.code,
        "place": one.place,
        **said,
        "justified": answers,
    }


# What comes before anything is written: parameters, scheme and records are read, checked together, and scored.


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
class ScoredRun:
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
            "lint": manifest_findings(self.findings),
        }

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What lint finds in the scheme, the worst first."""
        path = Path(self.params.scheme)
        return lint_scheme(self.scheme, self.scores, str(self.params.span), read(path, short_path(path)))


def prepare(params: RunParams | None, faults: Iterable[Fault] = (), name: str = "params") -> tuple[RunParams, Scheme, Records]:
    """Read the scheme and open the records that parameters name; `name` is what their file is called in faults.

    Raises InputError with every fault of parameters (those given, and levels the scheme lacks), scheme and records.
    """
    found = list(faults)
    scheme = _try_read(lambda: _scheme(params), found) if params and params.scheme else None
    records = _try_read(lambda: _records(params, name), found) if params and params.records else None
    if params and scheme:
        found += _unknown_levels(params, scheme, name)
    if scheme and records:
        found += compatibility.faults(scheme, records)
    refuse(found)
    assert params is not None and scheme is not None and records is not None  # noqa: PT018, S101 - else there are faults
    return params, scheme, records


def _try_read(read: Callable[[], tuple[Result, list[Fault]]], faults: list[Fault]) -> Result | None:
    """Read what can be read, and add what is wrong with it to the faults."""
    try:
        found, more = read()
    except InputError as error:
        found, more = None, list(error.faults)
    faults += more
    return found


def _scheme(params: RunParams) -> tuple[Scheme | None, list[Fault]]:
    overrides = Path(params.overrides) if params.overrides else None
    return read_scheme(Path(params.scheme), overrides, short_path(Path(params.scheme)))


def _records(params: RunParams, name: str) -> tuple[Records, list[Fault]]:
    if "://" in params.records:
        address = params.records.split("://")[0] + "://…"  # what follows may hold a password
        raise InputError([Fault(name, "records", "params.address", {"given": address})])
    where = Path(params.records)
    return read_records(where, params.tables, params.timezone, short_path(where))


def _unknown_levels(params: RunParams, scheme: Scheme, name: str) -> Iterator[Fault]:
    for level in params.levels or ():
        if level not in scheme.levels:
            yield Fault(name, "levels", "params.level", {"given": level, "known": ", ".join(scheme.levels)})


def short_path(path: Path) -> str:
    """Write a path as short as can be: from the current folder where it lies below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def score_order(order: Order) -> ScoredRun:
    """Read, check and score; nothing is written.

    Raises InputError with every fault found, UsageError for a wrong --set or --only.
    """
    return score_params(*parameters(order), str(order.path))


def parameters(order: Order) -> tuple[RunParams | None, list[Fault]]:
    """Read the parameters of an order, dates and paths resolved, with every fault in them.

    Raises UsageError for a wrong --set.
    """
    params, faults = load_params(order.path, order.sets, order.only)
    taken = Fault(str(order.path), "", "params.name_taken", {"given": order.path.name})
    return params, [*faults, *([taken] if order.path.stem == LATEST else [])]


def require_sound(given: RunParams | None, faults: Sequence[Fault], name: str) -> RunParams:
    """Give parameters that have no fault.

    Raises InputError with theirs and with every fault of scheme and records.
    """
    return prepare(given, faults, name)[0] if faults or given is None else given


def score_params(given: RunParams | None, faults: Iterable[Fault], name: str) -> ScoredRun:
    """Check and score by parameters that have been read; `name` is what their file is called in faults.

    Raises InputError with every fault found, UsageError for a wrong `only`.
    """
    params, scheme, records = prepare(given, faults, name)
    done = ScoredRun(params, scheme, records, score(records, scheme, params.span, params.moment, params.levels))
    choose_cards(done.scores.units, done.levels, params.only)
    return done
