"""What a finished run says on the console: whom it scored, what must be known, what changed, where to look, and a summary."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fengqiao_eval.records.store import Note
from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs import changes
from fengqiao_eval.runs.batch import summary as failed_words
from fengqiao_eval.runs.pages import WORKBOOK
from fengqiao_eval.runs.prepared import shown
from fengqiao_eval.scorecards.wording import note, term
from fengqiao_eval.words import say

if TYPE_CHECKING:
    from fengqiao_eval.runs.run import Made


def counted(counts: Iterable[tuple[str, int]], lang: str) -> str:
    """List names with their counts.

    >>> counted({"cases": 76748, "visits": 2}.items(), "en")
    'cases 76,748, visits 2'
    """
    return say("explain.comma", lang).join(f"{name} {count:,}" for name, count in counts)


def by_level(counts: Mapping[str, int], lang: str) -> str:
    """List levels with their counts."""
    return counted(((term("level", level, lang), count) for level, count in counts.items()), lang)


def scored(units: Mapping[str, int], notes: Iterable[Note], lang: str) -> Iterator[str]:
    """Say how many units of each level were scored, and what the reader must be told."""
    yield say("say.units", lang, units=by_level(units, lang))
    told = [note(each.key, each.given, lang) for each in notes]
    if told:
        yield say("say.notes", lang, n=len(told))
    yield from (f"  - {line}" for line in told)


def lines(made: "Made", lang: str) -> Iterator[str]:
    """Say all that a run has to say before its summary."""
    if made.corrects:
        yield say("say.corrects", lang, corrects=made.corrects, run=made.folder.name)
    yield from scored(made.units, made.notes, lang)
    if made.stops:
        yield say("lint.told", lang, n=made.stops)
    yield from changes.lines(made.changes, lang)
    if made.printed:
        yield say("say.printed", lang, cards=by_level(made.printed, lang))
    for key, place in (("say.look_workbook", WORKBOOK), ("say.look_officers", f"{OFFICER}/index.html")):
        if (made.folder / place).is_file():
            yield say(key, lang, path=shown(made.folder / place))


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
        path=shown(page if page.is_file() else made.folder / "ranks.parquet"),
    )


def failed(made: "Made", lang: str) -> list[str]:
    """Say which cards failed, one line a card; of officers only how many, and where to look."""
    others = [failure for failure in made.failures if failure.level != OFFICER]
    theirs = len(made.failures) - len(others)
    asked = sum(made.printed.values()) + sum(made.kept.values()) + len(made.failures)
    said = failed_words(others, asked, lang)
    where = shown(made.folder / OFFICER / "manifest.json")
    return [*said, say("run.officers_failed", lang, n=theirs, path=where)] if theirs else said
