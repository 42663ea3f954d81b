"""The short card: one A4 page a card, to be signed; what finds no room on it is counted and stands on the card."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import accumulate
from math import ceil
from typing import Any

from markupsafe import Markup

from fengqiao_eval.pages import plain_text
from fengqiao_eval.pages.charts import LEAST
from fengqiao_eval.pages.colours import page_colours
from fengqiao_eval.pages.fragments import render
from fengqiao_eval.results.card import Card, card
from fengqiao_eval.results.caveats import banner, template_lines
from fengqiao_eval.results.run import Run
from fengqiao_eval.wording.numbers import covered_part, period_words
from fengqiao_eval.words import character_width, say

LINES = 47
"""Lines of a page of A4 between its margins, and a few left for fonts that are wider than ours."""

ACROSS, COLUMN, LABEL, NAME = 92, 28, 40, 60
"""Columns (a Chinese character takes two) that fit beside one another: on a line, in a third of it, in a label, in a headline."""

DIMENSIONS, LOSSES, CAVEATS = 8, 5, 8
"""As many of each as a page shows at most."""

LONGEST = 120
"""As wide as a name may be in full; the number of the unit stands beside it."""


def page(run: Run, unit_id: str, lang: str = "zh") -> str:
    """Make the short card of a unit: total, place, how firm both are, dimensions, largest losses, caveats, lines to sign.

    A card in part or without a score says so in the same place as the card.
    """
    of = card(run, unit_id, lang)
    who, standing = of.identity, of.standing
    warned = [*banner(run.manifest, lang), *template_lines(run.manifest.get("templates", ()), [who.level], lang)]
    losses = sorted((line for line in of.indicators if line.scored and line.lost >= LEAST), key=lambda line: -line.lost)
    total = [*plain_text.total_notes(of), *plain_text.other_flags(of)]
    if standing.complete:
        total.insert(0, say("card.full", lang, full=standing.full))
        total.insert(1, say("card.covered", lang, covered=covered_part(standing.covered)))
    place = [*standing.reasons] or [_class_words(of), *plain_text.place_range(of)]
    given = {
        "card": of,
        "name": _cut(who.name),
        "facts": _facts(run, of),
        "total_notes": total,
        "place_notes": place,
        "changes": [*plain_text.changes(standing, lang), *filter(None, [plain_text.monthly_mean(of)])],
        "objection": plain_text.objection(of)[0],
    }
    outside = [
        (say("card.inside" if kind else "card.outside", lang), sum(line.points for line in of.adjustments if line.inside is kind))
        for kind in (True, False)
        if any(line.inside is kind for line in of.adjustments)
    ]
    room = LINES - _frame_lines(given, warned)
    dimensions = _fit([line.label for line in of.dimensions], LABEL, min(room - 2, 0.5 * room), DIMENSIONS)
    room -= 2 + _count_lines((line.label for line in of.dimensions[:dimensions]), LABEL)
    shown = _fit([line.label for line in losses], LABEL, 0.5 * room, LOSSES)
    room -= 2 + _count_lines((line.label for line in losses[:shown]), LABEL) + len(outside)
    caveats = [*warned, plain_text.firmness_short(of), *plain_text.unknowns(of)]
    told = max(len(warned) + 1, _fit(caveats, ACROSS, room - 2, len(warned) + CAVEATS))
    return render(
        "short.html",
        lang,
        **given,
        css=Markup(page_colours() + files(__package__).joinpath("templates/short.css").read_text("utf-8")),  # noqa: S704 - our own
        outside=outside,
        dimensions=of.dimensions[:dimensions],
        losses=losses[:shown],
        left={"dimensions": len(of.dimensions) - dimensions, "losses": len(losses) - shown, "caveats": len(caveats) - told},
        warned=warned,
        caveats=caveats[len(warned) : told],
    )


def _class_words(of: Card) -> str:
    if of.standing.of <= 1:
        return say("card.alone", of.lang)
    tied = say("card.semicolon", of.lang) + say("card.tied", of.lang, n=of.standing.tied) if of.standing.tied else ""
    return say("card.in_class", of.lang, name=of.identity.peer_class) + tied


def _facts(run: Run, of: Card) -> list[tuple[str, str]]:
    who, lang = of.identity, of.lang
    said = {
        "id": who.unit_id,
        "level": who.level_label,
        "class": who.peer_class,
        "period": period_words(run.period, lang),
        "as_of": who.as_of,
        "scheme": who.scheme_version,
        "run": who.run,
    }
    return [(say(f"card.{name}", lang), value) for name, value in said.items()]


# How much finds room: lines are reckoned, and rather too many, since no page tells before it is printed.


def _frame_lines(given: dict[str, Any], warned: Sequence[str]) -> float:
    """Reckon the lines of what every page shows: head, figures, objection, and the lines to sign."""
    of: Card = given["card"]
    title = 1.8 * _count_lines([given["name"]], NAME) + _count_lines([f"{of.identity.title} {given['name']}"], ACROSS)
    facts = _count_lines(["  ".join(f"{fact} {value}" for fact, value in given["facts"])], ACROSS - 12) + 1
    columns = max(_count_lines(given[name], COLUMN) for name in ("total_notes", "place_notes", "changes"))
    return title + facts + 3 + columns + 1.2 * _count_lines(warned, ACROSS) + _count_lines([given["objection"]], ACROSS) + 12


def _count_lines(texts: Iterable[str], across: int) -> int:
    """Reckon the lines that texts take, each beginning a new one.

    >>> _count_lines(["一二三", "a"], 4)
    3
    """
    return sum(max(1, ceil(_width(text) / across)) for text in texts)


def _width(text: str) -> int:
    return sum(map(character_width, text))


def _fit(texts: Sequence[str], across: int, room: float, most: int) -> int:
    """Say how many of the texts fit, from the first: one at least, where there are any.

    >>> _fit(["一", "二", "三"], 4, 2, 9), _fit(["一", "二", "三"], 4, 9, 1), _fit([], 4, 2, 9)
    (2, 1, 0)
    """
    lines = [*accumulate(_count_lines([text], across) for text in texts[:most])]
    return min(len(texts), max(1, sum(line <= room for line in lines)))


def _cut(name: str) -> str:
    """Keep a name to a line or two.

    >>> _cut("枫林镇派出所"), len(_cut("长" * 200))
    ('枫林镇派出所', 60)
    """
    if _width(name) <= LONGEST:
        return name
    fits = sum(width < LONGEST for width in accumulate(map(character_width, name)))
    return name[:fits] + "…"
