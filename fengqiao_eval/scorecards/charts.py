"""Plotly figures of a card: few points, horizontal bars, and nothing said by colour alone (text, dash and symbol too)."""

from collections.abc import Mapping
from html import escape
from typing import Any

from fengqiao_eval.periods import parse
from fengqiao_eval.scorecards.card import Card
from fengqiao_eval.scorecards.drawing import Drawing, drawing
from fengqiao_eval.scorecards.figure_kinds import TOTAL, series
from fengqiao_eval.scorecards.lines import DimensionLine
from fengqiao_eval.scorecards.wording import fixed, rounded
from fengqiao_eval.words import say

DOTS = 120
"""A class of more units than this is drawn as bars: dots would cover one another."""
LEAST = 0.005
"""Points that would be printed as 0.00 are not drawn."""
CLOSE = 0.2
"""Two marks nearer than this share of the span would write over one another."""


def _safe(text: str) -> str:
    """Keep a label from being read as markup."""
    return escape(text, quote=False)


def draw_dimensions(card: Card) -> Drawing:
    """Draw what each dimension earned (filled) of what was possible (outlined), with both numbers."""
    lines, lang = card.dimensions, card.lang
    names = [_safe(line.label) for line in lines]
    possible = {
        "x": [round(line.possible, 2) for line in lines],
        "y": names,
        "name": say("chart.possible", lang),
        "text": [_earned(line, card) for line in lines],
    }
    earned = {"x": [round(line.contribution, 2) for line in lines], "y": names, "name": say("chart.earned", lang)}
    most = max((line.possible for line in lines), default=1)
    range_ = [0, round(most * 1.22, 2)]
    return drawing("dimensions", say("chart.dimensions", lang), 84 + 40 * len(lines), [possible, earned], xaxis={"range": range_})


def _earned(line: DimensionLine, card: Card) -> str:
    if not line.possible:
        return say("card.unscored", card.lang)
    return f"{fixed(line.contribution, card.decimals)} / {fixed(line.possible, card.decimals)}"


def draw_trend(card: Card) -> Drawing:
    """Draw the total and the dimensions over twelve months, each month a period of its own, as shares of what was possible."""
    months = [_month(point.period, first=number == 0, lang=card.lang) for number, point in enumerate(card.trend)]
    full = card.standing.full
    totals = [None if point.total is None else round(100 * point.total / full, 1) for point in card.trend]
    found = [(say("chart.total", card.lang), totals, TOTAL)] + [
        (_safe(line.label), [_one(point.rates[place]) for point in card.trend], series(place))
        for place, line in enumerate(card.dimensions)
    ]
    traces = [{"name": name, "x": months, "y": y, **look} for name, y, look in found if any(value is not None for value in y)]
    return drawing("trend", say("chart.trend" if traces else "chart.none", card.lang), 300, traces)


def _one(number: float | None) -> float | None:
    return None if number is None else round(number, 1)


def _month(name: str, *, first: bool, lang: str) -> str:
    """Name a month on an axis; the first one and each January name their year."""
    year, month = divmod(parse(name).first, 12)
    words = say(f"card.month.{month + 1}", lang)[:3]
    return f"{words}<br>{year}" if first or month == 0 else words


def draw_class(card: Card) -> Drawing:
    """Draw the totals of the class, nameless, with this unit marked; a large class as bars."""
    peers, own = card.peers, card.standing.total if card.standing.rank else None
    few = len(peers) <= DOTS
    traces = _dots(card, own) if few else _bars(card)
    most = max(peers.heights if few else (number for _, number in peers.bars), default=1)
    axis = {"range": [0, most + few]}
    return drawing(
        "dots" if few else "bars", _class_title(card), min(320, 150 + 14 * most), traces, yaxis=axis, **_marks(card, own)
    )


def _class_title(card: Card) -> str:
    key = "chart.peers_officer" if card.identity.is_officer else "chart.peers"
    title = say(key, card.lang, of=len(card.peers)) if len(card.peers) else say("chart.none", card.lang)
    return title if card.standing.rank else title + say("chart.unranked", card.lang)


def _marks(card: Card, own: float | None) -> dict[str, list[Mapping[str, Any]]]:
    """Mark the median and the own total by lines and, above the drawing, their words, those raised that would collide."""
    totals, middle, lang = card.peers.totals, card.peers.middle, card.lang
    if middle is None:
        return {"shapes": [], "annotations": []}
    at = [(middle, say("chart.median", lang, total=fixed(middle)))] + ([] if own is None else [(own, _own_words(card, own))])
    near = own is not None and abs(own - middle) < CLOSE * (totals[-1] - totals[0])
    notes = [{"x": x, "text": words} for x, words in at]
    return {"shapes": [{"x0": x, "x1": x} for x, _ in at], "annotations": [{**notes[0], "yshift": 18 if near else 0}, *notes[1:]]}


def _own_words(card: Card, own: float) -> str:
    key = "chart.own_officer" if card.identity.is_officer else "chart.own"
    return say(key, card.lang, total=fixed(own, card.decimals))


def _dots(card: Card, own: float | None) -> list[dict[str, Any]]:
    """Stack the totals that fall in one column; the own total is a large diamond on them."""
    peers = card.peers
    hover = say("chart.peers_hover", card.lang, total="%{x}") + "<extra></extra>"
    dots = [(round(total, 1), height) for total, height in zip(peers.totals, peers.heights, strict=True)]
    mine = [dots.pop(peers.place(own))] if own is not None and peers.count(own) else []
    return [
        {"x": [x for x, _ in part], "y": [y for _, y in part], "hovertemplate": hover}
        for part in ((dots, mine) if mine else (dots,))
    ]


def _bars(card: Card) -> list[dict[str, Any]]:
    middles, counts = zip(*card.peers.bars, strict=True)
    hover = f"%{{x}} · {say('chart.units_in_bin', card.lang)} %{{y}}<extra></extra>"
    return [{"x": [*middles], "y": [*counts], "width": round(card.peers.width * 0.92, 4), "hovertemplate": hover}]


def draw_indicators(card: Card) -> Drawing:
    """Draw the points of the total that each indicator lost, the most first."""
    lines = sorted((line for line in card.indicators if line.scored and line.lost >= LEAST), key=lambda line: -line.lost)
    bars = {
        "x": [float(rounded(line.lost, card.decimals)) for line in lines],
        "y": [_safe(line.label) for line in lines],
        "texttemplate": f"−%{{x:.{card.decimals}f}}",
    }
    title = say("chart.lost", card.lang) if lines else say("card.nothing_lost", card.lang)
    most = max((line.lost for line in lines), default=1)
    return drawing("lost", title, 70 + 26 * max(1, len(lines)), [bars], xaxis={"range": [0, round(most * 1.15, 2)]})
