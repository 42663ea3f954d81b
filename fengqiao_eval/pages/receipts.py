"""The page read.html: what was read of which file, row by row accounted for, and which ids met a unit; for its owner alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fengqiao_eval.files import write_whole
from fengqiao_eval.measuring.plausibility import percent
from fengqiao_eval.office.receipt import GROUPS
from fengqiao_eval.pages.colours import page_colours
from fengqiao_eval.pages.fragments import render
from fengqiao_eval.wording.numbers import day, period_words, term
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import readable, say, visible

NAME = "read.html"
"""How the page is called in the folder of a run, and beside clean tables."""
LONGEST = 200
"""As many signs are shown of a name or an id."""

Told = Mapping[str, Any]


def write(folder: Path, told: Told, lang: str = "zh") -> Path:
    """Write the page into a folder, for its owner alone, and return its path; told: see page."""
    path = folder / NAME
    write_whole(path, page(told, lang) + "\n", private=True)
    return path


def page(told: Told, lang: str = "zh") -> str:
    """Make the page from the manifest of a run, or from as much of one as there is; it asks nothing of any other file.

    receipts {table: [Receipt.data()]}, matches [vars(Match)], counts and in_period {table: rows}, fingerprints {records: {file:
    SHA-256}}; of a run title, run, state, periods, as_of, made_at; of clean tables said: lines in words. What is not there is
    not shown, a table without a receipt by its rows alone. Names are cut, and what is not seen in them is spelled out.

    >>> "没有逐行回执" in page({"counts": {"cases": 3}}), "1,204" in page({"counts": {"cases": 1204}})
    (True, True)
    """
    receipts = {table: several for table, several in told.get("receipts", {}).items() if several}
    return render(
        "read.html",
        lang,
        colours=Markup(page_colours()),  # noqa: S704 - our own
        title=_show(told.get("title") or say("read.title", lang)),
        state=told.get("state", ""),
        facts=list(_facts(told, lang)),
        said=[*map(_show_line, told.get("said", ()))],
        files=[_file(table, one, lang) for table, several in receipts.items() for one in several],
        matches=[_match(one, lang) for one in told.get("matches", ()) if _records(one)],
        plain=[_plain(table, told, lang) for table in told.get("counts", {}) if table not in receipts],
        prints=[(_show(name), mark[:16]) for name, mark in told.get("fingerprints", {}).get("records", {}).items()],
    )


def _facts(told: Told, lang: str) -> Iterator[tuple[str, str]]:
    if told.get("periods"):
        yield say("screen.period", lang), period_words(told["periods"]["this"], lang)
    if told.get("as_of"):
        yield say("screen.as_of", lang), day(told["as_of"])
    if told.get("run"):
        yield say("screen.run", lang), _show(told["run"])


def _show(text: Any) -> str:
    """Show a name so that nothing in it moves a reader, whatever it holds and however long it is."""
    name = str(text)
    return visible(readable(name[:LONGEST])) + ("…" if len(name) > LONGEST else "")


def _show_line(text: str) -> str:
    return visible(readable(text))


# A file or sheet


def _file(table: str, one: Told, lang: str) -> dict[str, Any]:
    """Put together what is shown of a receipt."""
    groups = {name: one["groups"][name] for name in GROUPS if name in one["groups"]}
    hidden, totals = one["hidden"], one["totals"]
    return {
        "name": _show(one["file"]),
        "table": _show(table_label(table, lang)),
        "kind": _how(one),
        "rows": one["rows"],
        "balanced": sum(group["count"] for group in groups.values()) == one["rows"],
        "groups": [
            (term("rows", name, lang), group["count"], _numbers(group["first"], group["count"])) for name, group in groups.items()
        ],
        "repaired": [*_cells(one["repaired"], "repaired", lang)],
        "lost": [*_cells(one["lost"], "lost", lang)],
        "agreed": totals["agreed"],
        "differing": [*map(_show, totals["differing"])],
        "uncomputed": [*map(_show, totals["uncomputed"])],
        "columns": [*map(_show, one["columns"])],
        "unseen": [*_unseen(hidden, lang)],
        "left": [*map(_show, one["left_out"])],
        "sheets": [*map(_show, one["sheets_left"])],
    }


def _how(one: Told) -> str:
    return " · ".join(_show(part) for part in (one["kind"], one["encoding"], one["separator"]) if part)


def _cells(found: Sequence[Told], what: str, lang: str) -> Iterator[tuple[str, str, int, str]]:
    for one in found:
        yield (
            _show(term("cell", f"{what}.{one['kind']}", lang)),
            _show(one["column"]),
            one["count"],
            _numbers(one["first"], one["count"]),
        )


def _numbers(first: Sequence[int], count: int) -> str:
    """List the numbers of the first rows.

    >>> _numbers([4, 9], 2), _numbers([4, 9], 7), _numbers([], 0)
    ('4, 9', '4, 9 …', '')
    """
    return ", ".join(map(str, first)) + (" …" if count > len(first) > 0 else "")


def _unseen(hidden: Told, lang: str) -> Iterator[str]:
    if hidden["sheet"]:
        yield say("read.hidden_sheet", lang)
    if hidden["rows"]:
        yield say("read.hidden_rows", lang, count=f"{hidden['rows']:,}")
    if hidden["columns"]:
        yield say("read.hidden_columns", lang, names=", ".join(map(_show, hidden["columns"])))


# Ids, and tables that need no receipt


def _records(match: Told) -> int:
    return int(match["written"] + sum(match["repaired"].values()) + match["unknown"] + match["blank"])


def _match(match: Told, lang: str) -> dict[str, Any]:
    records = _records(match)
    counts = (match["written"], sum(match["repaired"].values()), match["unknown"], match["blank"])
    return {
        "table": _show(table_label(match["table"], lang)),
        "column": _show(match["column"]),
        "records": records,
        "shares": [(count, percent(count / records) if count else "") for count in counts],
        "how": say("explain.comma", lang).join(
            f"{_show(term('repair', rule, lang))} {n:,}" for rule, n in match["repaired"].items()
        ),
        "ids": match["ids"],
        "strange": _show_line(match["strange"]),
    }


def _plain(table: str, told: Told, lang: str) -> tuple[str, int, int | None]:
    return _show(table_label(table, lang)), told["counts"][table], told.get("in_period", {}).get(table)
