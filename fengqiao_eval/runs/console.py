"""What a run says on the console: whom it scored, what must be known, what changed, and a summary."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fengqiao_eval.engine.pool import summary as failed_words
from fengqiao_eval.errors import OFFICER, Note
from fengqiao_eval.pages import comparison
from fengqiao_eval.runs.prepare import ScoredRun, short_path
from fengqiao_eval.runs.run import WORKBOOK
from fengqiao_eval.tuning.sensitivity import proposals
from fengqiao_eval.wording.numbers import has_value, measured, note, term
from fengqiao_eval.words import say

if TYPE_CHECKING:
    from fengqiao_eval.runs.run import Made


# Weights that could be argued for, said beside the scheme's own at the end of `fengqiao check`; never applied.


SHOWN = ("own", "entropy", "critic", "ahp")


def proposal_lines(done: ScoredRun, lang: str) -> Iterator[str]:
    """Say each indicator's weight at the main level, as the scheme has it and as others would propose it."""
    level = main_level(done)
    found = proposals(done.scores.points, done.scheme, level, str(done.params.span))
    held = [name for name in SHOWN if found[name].notna().any()]
    if len(found) > 1 and len(held) > 1:
        yield say("lint.weights", lang, level=term("level", level, lang), units=int(found["units"].iloc[0]))
        labels = {indicator.code: indicator.name(lang) for indicator in done.scheme.indicators}
        for row in found.to_dict("records"):
            said = say("explain.comma", lang).join(_weight(name, row[name], lang) for name in held)
            yield say("lint.weight", lang, label=labels[row["indicator"]], code=row["indicator"], weights=said)


def main_level(done: ScoredRun) -> str:
    """Name the level that the proposals speak of: stations, else the level with most units, officers last."""
    return max(done.units, key=lambda level: (level == "station", level != OFFICER, done.units[level]))


def _weight(name: str, weight: Any, lang: str) -> str:
    return say(f"lint.weight.{name}", lang) + " " + (measured(100 * weight, "%") if has_value(weight) else "—")


# What a finished run says on the console: whom it scored, what must be known, what changed, where to look, and a summary.


def count_words(counts: Iterable[tuple[str, int]], lang: str) -> str:
    """List names with their counts.

    >>> count_words({"cases": 76748, "visits": 2}.items(), "en")
    'cases 76,748, visits 2'
    """
    return say("explain.comma", lang).join(f"{name} {count:,}" for name, count in counts)


def level_counts(counts: Mapping[str, int], lang: str) -> str:
    """List levels with their counts."""
    return count_words(((term("level", level, lang), count) for level, count in counts.items()), lang)


def score_lines(units: Mapping[str, int], notes: Iterable[Note], lang: str) -> Iterator[str]:
    """Say how many units of each level were scored, and what the reader must be told."""
    yield say("say.units", lang, units=level_counts(units, lang))
    told = [note(each.key, each.given, lang) for each in notes]
    if told:
        yield say("say.notes", lang, n=len(told))
    yield from (f"  - {line}" for line in told)


def result_lines(made: "Made", lang: str) -> Iterator[str]:
    """Say all that a run has to say before its summary."""
    if made.corrects:
        yield say("say.corrects", lang, corrects=made.corrects, run=made.folder.name)
    yield from score_lines(made.units, made.notes, lang)
    if made.stops:
        yield say("lint.told", lang, n=made.stops)
    yield from comparison.change_lines(made.changes, lang)
    if made.printed:
        yield say("say.printed", lang, cards=level_counts(made.printed, lang))
    for key, place in (("say.look_workbook", WORKBOOK), ("say.look_officers", f"{OFFICER}/index.html")):
        if (made.folder / place).is_file():
            yield say(key, lang, path=short_path(made.folder / place))


def summary(made: "Made", lang: str) -> str:
    """Say in one line what was made: run, period, state, cards printed, kept and failed, seconds, where to look."""
    how = "unchanged" if made.unchanged else "partly" if made.failures else "done"
    page = made.folder / "index.html"
    cards = {"printed": sum(made.printed.values()), "kept": sum(made.kept.values()), "failed": len(made.failures)}
    return say(
        "run.summary",
        lang,
        how=say(f"run.how.{how}", lang),
        run=made.folder.name,
        period=made.params.span,
        state=say(f"explain.state.{made.params.state}", lang),
        cards=say("run.cards", lang, **cards),
        seconds=f"{made.seconds:.0f}",
        path=short_path(page if page.is_file() else made.folder / "ranks.parquet"),
    )


def failure_lines(made: "Made", lang: str) -> list[str]:
    """Say which cards failed, one line a card; of officers only how many, and where to look."""
    others = [failure for failure in made.failures if failure.level != OFFICER]
    theirs = len(made.failures) - len(others)
    asked = sum(made.printed.values()) + sum(made.kept.values()) + len(made.failures)
    said = failed_words(others, asked, lang)
    where = short_path(made.folder / OFFICER / "manifest.json")
    return [*said, say("run.officers_failed", lang, n=theirs, path=where)] if theirs else said
