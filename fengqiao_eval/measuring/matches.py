"""Whether what a scheme names is in the records: words of filters, codes, figures, ids; and what is written nearly like it."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from itertools import chain
from typing import Any
from unicodedata import normalize

from fengqiao_eval.errors import Note
from fengqiao_eval.measuring.tallies import dates_of
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.records import query
from fengqiao_eval.records.store import Records
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.scheme.benchmark import Quota
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Count, Figure, Worth
from fengqiao_eval.scheme.scheme import Scheme
from fengqiao_eval.words import quote

MOST_WORDS = 5000
"""Of a column with more words than that it is looked up only whether those of the scheme are there."""
SHOWN = 8
"""As many words are named in a note."""
TableColumn = tuple[str, str]
"""A table and a column of it."""


def match_notes(records: Records, scheme: Scheme, period: Period) -> Iterator[Note]:
    """Say which words of a scheme no record holds, what differs from one by blanks, width or case only, what nothing asks for.

    Classes that differ from each other so are told too.
    """
    named = words_of(scheme)
    for (table, column), words in named.items():
        rows = records.tables.get(table)
        if rows is not None and records.counts.get(table) and column in rows.columns and rows[column].type().is_string():
            yield from _word_notes(rows, table, column, words)
    if ("notices", "code") in named and records.counts.get("notices"):
        yield from _idle_codes(records.tables["notices"], named["notices", "code"], scheme, period)
    if records.counts.get("figures"):
        yield from _figure_notes(records.tables["figures"], named.get(("figures", "indicator"), {}), scheme, period)
    yield from _idle_ids(records, scheme)
    yield from _classes_alike(records)
    if records.counts.get("credits"):
        yield from _idle_credits(records)


def words_of(scheme: Scheme) -> dict[TableColumn, dict[str, None]]:
    """List the words that a scheme looks for, by table and column."""
    found: dict[TableColumn, dict[str, None]] = {}
    for entry in scheme.entries:
        measure = entry.measure
        for column, word in _words(entry):
            found.setdefault((measure.table, column), {})[word] = None
        for figure in (held.figure for held in entry.against if isinstance(held, Quota) and held.figure):
            found.setdefault(("figures", "indicator"), {})[figure] = None
    return found


def _words(entry: Entry) -> Iterator[tuple[str, str]]:
    measure: Any = entry.measure
    if isinstance(measure, Figure):
        yield "indicator", measure.figure
        return
    parts: tuple[Any, ...] = (*measure.worth, *measure.times) if isinstance(measure, Count) else ()
    asides = [tests for aside in entry.beside for tests in (aside.where, aside.met or {})]
    for tests in (measure.where, getattr(measure, "met", {}), *(part.where for part in parts), *asides):
        for column, test in tests.items():
            yield from ((column, word) for word in (*(test.in_ or ()), *(test.not_in or ())) if isinstance(word, str))
    coded = [measure] if isinstance(measure, Coded) else [part for part in parts if isinstance(part, Worth) and part.values]
    yield from ((str(part.column), word) for part in coded for word in part.values)
    yield from ((entry.split.column, word) for word in entry.split.labels) if entry.split else ()


def fold(word: str) -> str:
    """Take from a word what the eye passes over: blanks, width, case.

    >>> fold("警情 ") == fold("　警情"), fold("ＡＢ") == fold("ab")
    (True, True)
    """
    return "".join(normalize("NFKC", word).casefold().split())


def _word_notes(rows: Any, table: str, column: str, words: Collection[str]) -> Iterator[Note]:
    found = query.count_words(rows.filter(rows[column].notnull()), column, most=MOST_WORDS)
    if len(found) == MOST_WORDS:
        found = query.count_words(rows.filter(rows[column].isin(list(words))), column)
    written = dict(zip(found[column], found["rows_"], strict=True))
    folded = {fold(word): word for word in words}
    alike = {one: folded[fold(one)] for one in written if one not in words and fold(one) in folded}
    of = {"table": TABLES[table].label, "column": column}
    if alike:
        shown = [f"{quote(one)} ×{written[one]} ≠ {quote(word)}" for one, word in list(alike.items())[:SHOWN]]
        yield Note("words_alike", {**of, "count": sum(written[one] for one in alike), "words": _list(shown, len(alike))})
    absent = [word for word in words if word not in written and word not in alike.values()]
    if absent:
        yield Note("words_absent", {**of, "words": _list([_with_near(word, written) for word in absent[:SHOWN]], len(absent))})


def _with_near(word: str, known: Collection[str]) -> str:
    """Quote a word with the known one that is most like it, if any is."""
    near = get_close_matches(word, known, 1, 0.75)
    return quote(word) + (f" → {quote(near[0])}?" if near else "")


def _list(shown: list[str], count: int) -> str:
    return ", ".join(shown) + (" …" if count > len(shown) else "")


def _idle_codes(rows: Any, words: Collection[str], scheme: Scheme, period: Period) -> Iterator[Note]:
    """Name the codes of upheld notices of the period that no line of the scheme asks for."""
    rows = query.filter_spans(rows, dates_of(scheme.entries, TABLES["notices"], rows), [(period.start, period.end)])
    rows = rows.filter(rows.status == query.UPHELD, rows.code.notin(list(words)))
    found = query.count_words(rows, "code")
    if len(found):
        shown = [f"{_with_near(code, words)} ×{count}" for code, count in found.head(SHOWN).itertuples(index=False)]
        yield Note("codes_idle", {"count": int(found["rows_"].sum()), "codes": _list(shown, len(found))})


def _figure_notes(rows: Any, words: Collection[str], scheme: Scheme, period: Period) -> Iterator[Note]:
    """Name the figures that no line asks for, and those asked for that units have, but not for the period.

    For a part of it, or for what it is a part of, will do where totals are means, and for a quota.
    """
    found = query.count_words(rows, "period", "indicator", "unit_id")
    quotas = {held.figure for entry in scheme.entries for held in entry.against if isinstance(held, Quota)}
    idle = found[~found["indicator"].isin(list(words))].groupby("indicator")["rows_"].sum()
    if len(idle):
        shown = [f"{_with_near(name, words)} ×{count}" for name, count in idle.head(SHOWN).items()]
        yield Note("figures_idle", {"count": int(idle.sum()), "names": _list(shown, len(idle))})
    for word in words:
        mine = found[found["indicator"] == word]
        over = mine["period"].map(lambda span: period.holds(parse(span)) or parse(span).holds(period)).astype(bool)
        fit = over if word in quotas or scheme.longer_period == "mean_of_totals" else mine["period"] == str(period)
        lacking = ~mine["unit_id"].isin(mine.loc[fit, "unit_id"])
        if len(other := mine[lacking & over if fit.any() else lacking]):
            spans = list(dict.fromkeys(other["period"]))
            given = {"count": other["unit_id"].nunique(), "there": _list(spans[-SHOWN:], len(spans))}
            yield Note("figure_elsewhen", {"name": quote(word), "period": str(period), **given})


def _idle_ids(records: Records, scheme: Scheme) -> Iterator[Note]:
    """Name the units that the scheme treats apart, and the classes (or levels) that it gives numbers by, and that are none."""
    units = records.tables["units"].to_pandas()
    known: dict[str, set[str]] = {n: set(units[n].dropna()) if n in units else set() for n in ("unit_id", "peer_class", "level")}
    known["peer_class or level"] = {*known["peer_class"], *known["level"], *scheme.levels}
    exempt = [(i.code, i.not_applicable) for i in scheme.indicators if i.not_applicable]
    named = chain(
        (("unranked", "unit_id", unit) for unit in scheme.unranked),
        ((f"{code}.not_applicable", "unit_id", unit) for code, apart in exempt for unit in apart.units),
        ((f"{code}.not_applicable", "peer_class", word) for code, apart in exempt for word in apart.classes),
        (("full_marks", "peer_class", word) for word in _keys(scheme.full_marks)),
        (
            (f"{entry.code}.{place}", "peer_class or level", word)
            for entry in scheme.entries
            for place, by in (("points.each", getattr(getattr(entry, "points", None), "each", None)), *_amounts(entry))
            for word in _keys(by)
        ),
    )
    idle = [f"{place}: {_with_near(word, known[column])}" for place, column, word in named if word not in known[column]]
    if idle:
        yield Note("ids_idle", {"ids": _list(idle[:SHOWN], len(idle))})


def _keys(by: Any) -> Iterator[str]:
    """Give the words by which a number is given, but for the rest of them."""
    yield from (word for word in by if word != "others") if isinstance(by, dict) else ()


def _amounts(entry: Entry) -> Iterator[tuple[str, Any]]:
    """Give what the quotas of an entry ask, each with its place."""
    yield from ((f"against.{n}.amount", held.amount) for n, held in enumerate(entry.against) if isinstance(held, Quota))


def _classes_alike(records: Records) -> Iterator[Note]:
    """Name the classes that the eye takes for another one: each is compared within itself all the same."""
    units = records.tables["units"].to_pandas()
    counts = dict(units["peer_class"].dropna().value_counts()) if "peer_class" in units else {}
    most: dict[str, str] = {}
    alike = [(word, most[fold(word)]) for word in counts if most.setdefault(fold(word), word) != word]
    if alike:
        shown = [f"{quote(word)} ×{counts[word]} ≠ {quote(other)} ×{counts[other]}" for word, other in alike[:SHOWN]]
        yield Note("classes_alike", {"count": sum(int(counts[word]) for word, _ in alike), "words": _list(shown, len(alike))})


def _idle_credits(records: Records) -> Iterator[Note]:
    """Count the shares in records that are in no table: of a table that is not there, or of an id that it does not have."""
    rows = records.tables["credits"]
    idle: dict[str, int] = {}
    for table, count in query.count_words(rows, "table").itertuples(index=False):
        own, key = records.tables.get(table), TABLES[table].key if table in TABLES else ""
        shares = rows.filter(rows["table"] == table)
        found = int(shares.semi_join(own, shares.record_id == own[key]).count().execute()) if own is not None and key else 0
        idle |= {table: count - found} if count > found else {}
    if idle:
        yield Note(
            "credits_idle",
            {"count": sum(idle.values()), "tables": _list([f"{quote(t)} ×{n}" for t, n in idle.items()][:SHOWN], len(idle))},
        )
