"""What is said on the console: of a check whom it scored and what it found, of a run what must be known and its summary."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from fengqiao_eval.engine.card_job import SHORT
from fengqiao_eval.engine.pool import summary as failed_words
from fengqiao_eval.errors import OFFICER, Note
from fengqiao_eval.identities import hide
from fengqiao_eval.measuring.plausibility import percent
from fengqiao_eval.pages import comparison
from fengqiao_eval.publication import PAGE
from fengqiao_eval.records.identifiers import Match
from fengqiao_eval.records.sources import SHOWN
from fengqiao_eval.records.store import Records
from fengqiao_eval.results.caveats import template_lines
from fengqiao_eval.results.run import open_run
from fengqiao_eval.results.standings import main_level
from fengqiao_eval.runs import job as jobs
from fengqiao_eval.runs.job import Seen, short_path
from fengqiao_eval.runs.params import RunParams
from fengqiao_eval.runs.run import WORKBOOK, Made
from fengqiao_eval.scheme.lint import LEVELS, Finding
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.scoring.score import Scores
from fengqiao_eval.tuning.sensitivity import proposals
from fengqiao_eval.validation import page as report_page
from fengqiao_eval.validation.report import validate
from fengqiao_eval.wording.numbers import has_value, measured, note, term
from fengqiao_eval.wording.rules import labels
from fengqiao_eval.words import readable, say

# Of a check


def check_lines(params: RunParams, scheme: Scheme, records: Records, scores: Scores, lang: str) -> Iterator[str]:
    """Say what was read, and whom it scored."""
    said = {"scheme": scheme.name(lang), "version": scheme.version, "tables": _tables(records.counts, scores.in_period, lang)}
    yield say("say.fine", lang, period=params.span, as_of=f"{params.moment:%Y-%m-%d %H:%M}", **said)
    yield from (_match(match, lang) for match in records.matches if match.records)
    yield from score_lines(jobs.count_units(scores, jobs.levels_of(params, scheme)), scores.notes, labels(scheme, lang), lang)


def _match(match: Match, lang: str) -> str:
    """Say of a column of ids how many of its records met a unit, and how."""
    counts = {"written": match.written, "repaired": sum(match.repaired.values()), "unknown": match.unknown, "blank": match.blank}
    parts = [
        say(f"match.{kind}", lang, count=f"{count:,}", share=percent(count / match.records))
        for kind, count in counts.items()
        if count
    ]
    strange = say("match.strange", lang, number=match.ids, ids=match.strange) if match.strange else ""
    of = {"table": match.table, "column": match.column, "records": f"{match.records:,}"}
    return say("match.line", lang, **of, parts=say("explain.comma", lang).join(parts), strange=strange)


def validation_lines(seen: Seen, to: Path | None, lang: str) -> Iterator[str]:
    """Hold records against every rule, and say what failed; the whole report is written into a folder where one is named."""
    report = validate(*seen)
    yield from report_page.lines(report, lang)
    if to is None:
        if report.failing:
            yield say("validation.how", lang)
        return
    facts = {say("validation.period", lang): str(seen.period)} if seen.period else {}
    facts[say("validation.records", lang)] = count_words(seen.records.counts.items(), lang)
    if (to / report_page.PAGE).exists():
        yield say("say.replaced", lang, path=short_path((to / report_page.PAGE).absolute()))
    yield say("validation.where", lang, path=short_path(report_page.write(to, report, facts, lang).absolute()))


def finding_lines(found: Sequence[Finding], lang: str) -> Iterator[str]:
    """Say what was found, the worst first, each with its source, what would do, and who answers for it."""
    if not found:
        yield say("lint.clean", lang)
        return
    counts = Counter(one.rule.level for one in found)
    said = [f"{say(f'lint.level.{level}', lang)} {counts[level]}" for level in LEVELS if counts[level]]
    yield say("lint.head", lang, n=len(found), counts=say("explain.comma", lang).join(said))
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


def proposal_lines(params: RunParams, scheme: Scheme, scores: Scores, lang: str) -> Iterator[str]:
    """Say each indicator's weight at the main level, as the scheme has it and as others would propose it; none is applied."""
    level = main_level(list(jobs.count_units(scores, jobs.levels_of(params, scheme))))
    found = proposals(scores.points, scheme, level, str(params.span))
    held = [name for name in ("own", "entropy", "critic", "ahp") if found[name].notna().any()]
    if len(found) > 1 and len(held) > 1:
        yield say("lint.weights", lang, level=term("level", level, lang), units=int(found["units"].iloc[0]))
        labels = {indicator.code: indicator.name(lang) for indicator in scheme.indicators}
        for row in found.to_dict("records"):
            weights = {name: measured(100 * row[name], "%") if has_value(row[name]) else "—" for name in held}
            said = say("explain.comma", lang).join(f"{say(f'lint.weight.{name}', lang)} {weights[name]}" for name in held)
            yield say("lint.weight", lang, label=labels[row["indicator"]], code=row["indicator"], weights=said)


# Of both


def count_words(counts: Iterable[tuple[str, int]], lang: str) -> str:
    """List names with their counts.

    >>> count_words({"cases": 76748, "visits": 2}.items(), "en")
    'cases 76,748, visits 2'
    """
    return say("explain.comma", lang).join(f"{name} {count:,}" for name, count in counts)


def _tables(counts: Mapping[str, int], in_period: Mapping[str, int], lang: str) -> str:
    """List tables with their rows, and how many of them lie in the period where not all do."""
    said = [
        count_words([(table, count)], lang)
        + (say("say.in_period", lang, count=in_period[table]) if in_period.get(table, count) != count else "")
        for table, count in counts.items()
    ]
    return say("explain.comma", lang).join(said)


def level_counts(counts: Mapping[str, int], lang: str) -> str:
    """List levels with their counts."""
    return count_words(((term("level", level, lang), count) for level, count in counts.items()), lang)


def score_lines(units: Mapping[str, int], notes: Sequence[Note], called: Mapping[str, str], lang: str) -> Iterator[str]:
    """Say how many units of each level were scored, and what the reader must be told; called: see labels."""
    yield say("say.units", lang, units=level_counts(units, lang))
    if notes:
        yield say("say.notes", lang, n=len(notes))
    yield from (f"  - {note(each.key, each.given, lang, called)}" for each in notes)


# Of a run


def result_lines(made: Made, lang: str) -> Iterator[str]:
    """Say all that a run has to say before its summary."""
    yield from correction_lines(made, lang)
    called = labels(open_run(made.folder).scheme, lang) if lang != "zh" else {}  # the manifest names them in Chinese
    yield from score_lines(made.units, made.notes, called, lang)
    if made.stops:
        yield say("lint.told", lang, n=made.stops)
    yield from comparison.change_lines(made.changes, lang)
    yield from template_lines(made.templates, [*made.printed, *made.kept, ""], lang)
    if made.printed:
        yield say("say.printed", lang, cards=level_counts(made.printed, lang))
    if signed := sum(1 for _ in made.folder.glob(f"*/*{SHORT}")):
        yield say("say.look_short", lang, n=signed, path=f"{short_path(made.folder)}/*/*{SHORT}")
    yield from gone_lines(made, lang)
    others = (("say.look_public", PAGE), ("say.look_officers", f"{OFFICER}/index.html"))
    for key, place in (("say.look_workbook", WORKBOOK), *others):
        if (made.folder / place).is_file():
            yield say(key, lang, path=short_path(made.folder / place))
    yield from beside_lines(made, lang)


def beside_lines(made: Made, lang: str) -> Iterator[str]:
    """Say which other pages for the public tell what this run's keeps back."""
    if made.beside:
        shown = [f"{readable(hide(one['run']))} ({readable(one['period'])})" for one in made.beside]
        listed = say("explain.comma", lang).join(shown[:SHOWN]) + (" …" if len(shown) > SHOWN else "")
        yield say("say.public_beside", lang, n=len(shown), runs=listed, page=PAGE)


def gone_lines(made: Made, lang: str) -> Iterator[str]:
    """Say how many pages of the run that stood here are no more, because this time less was asked for."""
    if made.gone:
        yield say("say.gone", lang, n=made.gone, run=made.folder.name)


def correction_lines(made: Made, lang: str) -> Iterator[str]:
    """Say which final run a run corrects; one that was there already has said so."""
    if made.corrects and not made.unchanged:
        yield say("say.corrects", lang, corrects=made.corrects, run=made.folder.name)


def quiet_lines(made: Made, lang: str) -> Iterator[str]:
    """Say what is said even when nothing is asked to be: corrections, pages gone or telling too much, records of nobody."""
    yield from correction_lines(made, lang)
    yield from gone_lines(made, lang)
    yield from beside_lines(made, lang)
    yield from (note(each.key, each.given, lang) for each in made.notes if each.key in ("unknown_units", "unknown_posts"))


def summary(made: Made, lang: str) -> str:
    """Say in one line what was made: run, period, state, cards printed, kept and failed, seconds, where to look."""
    how = "unchanged" if made.unchanged else "partly" if made.failures else "done"
    page = made.folder / "index.html"
    cards = {"printed": sum(made.printed.values()), "kept": sum(made.kept.values()), "failed": len(made.failures)}
    given = {"how": say(f"run.how.{how}", lang), "run": made.folder.name, "period": made.params.span}
    given |= {"state": say(f"explain.state.{made.params.state}", lang), "cards": say("run.cards", lang, **cards)}
    path = short_path(page if page.is_file() else made.folder / "ranks.parquet")
    return say("run.summary", lang, **given, seconds=f"{made.seconds:.0f}", path=path)


def failure_lines(made: Made, lang: str) -> list[str]:
    """Say which cards failed, one line a card; of officers only how many, and where to look."""
    others = [failure for failure in made.failures if failure.level != OFFICER]
    theirs = len(made.failures) - len(others)
    asked = sum(made.printed.values()) + sum(made.kept.values()) + len(made.failures)
    said = failed_words(others, asked, lang)
    if theirs:
        said.append(say("run.officers_failed", lang, n=theirs, path=short_path(made.folder / OFFICER / "manifest.json")))
    return [*said, *template_lines(made.templates, {failure.level for failure in made.failures}, lang)]
