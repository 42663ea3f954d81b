"""Plotly figures of a card: few points, horizontal bars, and nothing said by colour alone (text, dash and symbol too)."""

import json
from collections import Counter
from functools import cache
from html import escape
from importlib.resources import files
from statistics import median
from typing import Any

import plotly.graph_objects as go

from fengqiao_eval.periods import parse
from fengqiao_eval.scorecards.card import Card
from fengqiao_eval.scorecards.lines import DimensionLine
from fengqiao_eval.scorecards.wording import fixed, signed
from fengqiao_eval.words import say

OWN, REST, LOST, INK = "#0072B2", "#6B7F95", "#D55E00", "#17202B"
"""Colours of Okabe and Ito for this unit and for what was lost, a grey for the rest."""
SERIES = (
    ("#D55E00", "dash", "square"),
    ("#009E73", "dot", "diamond"),
    ("#CC79A7", "dashdot", "triangle-up"),
    ("#E69F00", "longdash", "x"),
    ("#56B4E9", "longdashdot", "star"),
    ("#000000", "dot", "cross"),
)
"""Colour, dash and symbol of each dimension's line."""
DOTS = 400
"""A class of more units than this is drawn as bars: dots would cover one another."""
BESIDE = {"textposition": "outside", "constraintext": "none", "textfont": {"size": 12}, "cliponaxis": False}
"""How the number of a bar stands at its end."""
BINS = 48
"""As many columns as the dots or bars of a class are gathered in."""
LEAST = 0.005
"""Points that would be printed as 0.00 are not drawn."""
CLOSE = 0.2
"""Two marks nearer than this share of the span would write over one another."""


@cache
def template() -> dict[str, Any]:
    """Read the common look of all figures; pages leave it out and take it from the script."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("templates/figure.json").read_text("utf-8"))
    return found


def _figure(title: str, height: int, traces: list[Any], **layout: Any) -> go.Figure:
    shown = {"title": {"text": title}, "height": height, "template": template(), **layout}
    return go.Figure(traces, shown)


def _safe(text: str) -> str:
    """Keep a label from being read as markup."""
    return escape(text, quote=False)


def draw_dimensions(card: Card) -> go.Figure:
    """Draw what each dimension earned (filled) of what was possible (outlined), with both numbers."""
    lines, lang = card.dimensions, card.lang
    names = [_safe(line.label) for line in lines]
    words = [_earned(line, card) for line in lines]
    possible = go.Bar(
        x=[round(line.possible, 2) for line in lines],
        y=names,
        orientation="h",
        name=say("chart.possible", lang),
        width=0.56,
        marker={"color": "#FFFFFF", "line": {"color": "#6B7887", "width": 1}},
        text=words,
        **BESIDE,
        hoverinfo="skip",
    )
    earned = go.Bar(
        x=[round(line.contribution, 2) for line in lines],
        y=names,
        orientation="h",
        name=say("chart.earned", lang),
        width=0.56,
        marker={"color": OWN},
        hovertemplate="%{y} %{x}<extra></extra>",
    )
    most = max((line.possible for line in lines), default=1)
    axes = {"xaxis": {"range": [0, most * 1.22], "showgrid": False, "visible": False}, "yaxis": {"autorange": "reversed"}}
    return _figure(say("chart.dimensions", lang), 84 + 40 * len(lines), [possible, earned], barmode="overlay", **axes)


def _earned(line: DimensionLine, card: Card) -> str:
    if not line.possible:
        return say("card.unscored", card.lang)
    return f"{fixed(line.contribution, card.decimals)} / {fixed(line.possible, card.decimals)}"


def draw_trend(card: Card) -> go.Figure:
    """Draw the total and the dimensions over twelve months, each month a period of its own, as shares of what was possible."""
    months = [_month(point.period, first=number == 0, lang=card.lang) for number, point in enumerate(card.trend)]
    full = card.standing.full
    totals = [None if point.total is None else round(100 * point.total / full, 1) for point in card.trend]
    traces = [
        _line(_safe(line.label), months, [_one(point.rates[place]) for point in card.trend], SERIES[place % len(SERIES)])
        for place, line in enumerate(card.dimensions)
    ]
    traces.append(_line(say("chart.total", card.lang), months, totals, (OWN, "solid", "circle"), 3.2))
    traces = [trace for trace in traces if any(value is not None for value in trace.y)]
    title = say("chart.trend" if traces else "chart.none", card.lang)
    return _figure(title, 300, traces, showlegend=True, xaxis={"type": "category"}, yaxis={"ticksuffix": "%", "nticks": 6})


def _line(name: str, months: list[str], values: list[float | None], look: tuple[str, str, str], width: float = 1.5) -> go.Scatter:
    colour, dash, symbol = look
    line, marker = {"color": colour, "dash": dash, "width": width}, {"symbol": symbol, "size": 7 if width > 2 else 6}  # noqa: PLR2004
    hover = f"{name} %{{x}} %{{y}}%<extra></extra>"
    return go.Scatter(x=months, y=values, name=name, mode="lines+markers", line=line, marker=marker, hovertemplate=hover)


def _one(number: float | None) -> float | None:
    return None if number is None else round(number, 1)


def _month(name: str, *, first: bool, lang: str) -> str:
    """Name a month on an axis; the first one and each January name their year."""
    year, month = divmod(parse(name).first, 12)
    words = say(f"card.month.{month + 1}", lang)[:3]
    return f"{words}<br>{year}" if first or month == 0 else words


def draw_class(card: Card) -> go.Figure:
    """Draw the totals of the class, nameless, with this unit marked; a large class as bars."""
    lang, totals = card.lang, card.peers
    own = card.standing.total if card.standing.rank else None
    bars = _dots(card) if len(totals) <= DOTS else _bars(card)
    middle = median(totals) if totals else None
    marks = [] if own is None else [_mark(own, _own_words(card), "solid", 0)]
    if middle is not None:
        near = own is not None and abs(own - middle) < CLOSE * (totals[-1] - totals[0])
        marks.append(_mark(middle, say("chart.median", lang, total=fixed(middle)), "dot", 18 if near else 0))
    most = max(bars.y, default=1)
    axes = {"yaxis": {"visible": False, "range": [0, most + (1 if len(totals) <= DOTS else 0)]}, "xaxis": {"ticks": "outside"}}
    parts = {"shapes": [shape for shape, _ in marks], "annotations": [note for _, note in marks], "margin": {"t": 66}}
    return _figure(_class_title(card), min(320, 150 + 14 * most), [bars], showlegend=False, **parts, **axes)


def _class_title(card: Card) -> str:
    key = "chart.peers_officer" if card.identity.is_officer else "chart.peers"
    title = say(key, card.lang, of=len(card.peers)) if card.peers else say("chart.none", card.lang)
    return title if card.standing.rank else title + say("chart.unranked", card.lang)


def _own_words(card: Card) -> str:
    total = fixed(card.standing.total, card.decimals)
    return say("chart.own_officer" if card.identity.is_officer else "chart.own", card.lang, total=total)


def _mark(at: float, words: str, dash: str, raised: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mark a total by a line and, above the drawing, its words; `raised` keeps two of them apart (pixels)."""
    line = {"color": OWN if dash == "solid" else INK, "width": 2 if dash == "solid" else 1, "dash": dash}
    shape = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line, "layer": "below"}
    note = {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": raised, "text": words, "showarrow": False}
    return shape, note


def _dots(card: Card) -> go.Scatter:
    """Stack the totals that fall in one bin; the own total is a large diamond."""
    totals, own = card.peers, card.standing.total if card.standing.rank else None
    width = ((totals[-1] - totals[0]) / BINS or 1) if totals else 1
    seen: Counter[int] = Counter()
    heights = []
    for total in totals:
        seen[round((total - totals[0]) / width)] += 1
        heights.append(seen[round((total - totals[0]) / width)])
    mine = totals.index(own) if own in totals else -1
    marker = {
        "color": [OWN if place == mine else REST for place in range(len(totals))],
        "symbol": ["diamond" if place == mine else "circle" for place in range(len(totals))],
        "opacity": 1,
        "size": [15 if place == mine else 8 for place in range(len(totals))],
    }
    hover = say("chart.peers_hover", card.lang, total="%{x}") + "<extra></extra>"
    return go.Scatter(x=[round(total, 1) for total in totals], y=heights, mode="markers", marker=marker, hovertemplate=hover)


def _bars(card: Card) -> go.Bar:
    width = (card.peers[-1] - card.peers[0]) / BINS or 1
    seen = Counter(min(BINS - 1, int((total - card.peers[0]) / width)) for total in card.peers)
    middles = [round(card.peers[0] + (place + 0.5) * width, 1) for place in sorted(seen)]
    hover = f"%{{x}} · {say('chart.units_in_bin', card.lang)} %{{y}}<extra></extra>"
    return go.Bar(
        x=middles, y=[seen[place] for place in sorted(seen)], width=width * 0.92, marker={"color": REST}, hovertemplate=hover
    )


def draw_indicators(card: Card) -> go.Figure:
    """Draw the points of the total that each indicator lost, the most first."""
    lines = sorted((line for line in card.indicators if line.scored and line.lost >= LEAST), key=lambda line: -line.lost)
    bars = go.Bar(
        x=[round(line.lost, 2) for line in lines],
        y=[_safe(line.label) for line in lines],
        orientation="h",
        width=0.6,
        marker={"color": LOST},
        text=[signed(-line.lost, card.decimals) for line in lines],
        **BESIDE,
        hoverinfo="skip",
    )
    title = say("chart.lost", card.lang) if lines else say("card.nothing_lost", card.lang)
    axes = {
        "yaxis": {"autorange": "reversed"},
        "xaxis": {"visible": False, "range": [0, max((line.lost for line in lines), default=1) * 1.15]},
    }
    return _figure(title, 70 + 26 * max(1, len(lines)), [bars], showlegend=False, **axes)
