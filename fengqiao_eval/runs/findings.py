"""What lint finds in the scheme of a run, with the sizes of its classes and the points given: for console and manifest."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from fengqiao_eval.documents import Document
from fengqiao_eval.scheme.lint import Finding, lint
from fengqiao_eval.scheme.lint_rules import LEVELS
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.score import Scores
from fengqiao_eval.words import LANGUAGES, say


def findings(scheme: Scheme, scores: Scores, period: str, document: Document) -> tuple[Finding, ...]:
    """Lint a scheme with what its main period shows; units that stand for 'unknown' are left aside."""
    ranks, points = (_of(frame, period, scheme) for frame in (scores.ranks, scores.points))
    return lint(scheme, sizes(ranks), constant(points), document)


def _of(frame: pd.DataFrame, period: str, scheme: Scheme) -> pd.DataFrame:
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


def constant(points: pd.DataFrame) -> dict[str, list[str]]:
    """List, level by level, the indicators on which all units of each group have the same points; a level of one unit has none.

    >>> frame = pd.DataFrame({"unit_id": list("aabb"), "indicator": list("xyxy"), "points": [90, 80, 90, 70]})
    >>> constant(frame.assign(level="station", peer_class=""))
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


def lines(found: Sequence[Finding], lang: str) -> Iterator[str]:
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


def of_manifest(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Write findings for the manifest, in both languages, so that pages can say them without the rules."""
    return [_of_manifest(one) for one in found]


def _of_manifest(one: Finding) -> dict[str, Any]:
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
