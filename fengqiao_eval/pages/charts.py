"""Plotly figures of a card: few points, horizontal bars, nothing said by colour alone; plain data until plotly is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from fengqiao_eval.pages.colours import light
from fengqiao_eval.pages.plain_text import earned_points, of_part
from fengqiao_eval.periods import parse
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.card import Card, TrendPoint
from fengqiao_eval.wording.numbers import covered_part, fixed, round_half_up
from fengqiao_eval.words import LOADER, say

if TYPE_CHECKING:
    import plotly.graph_objects as go


# How figures look: pages leave out what all figures of a kind have in common, assets/fengqiao.js holds it once for all of them.


LOOK: dict[str, Any] = light(
    yaml.load(files(__package__).joinpath("templates/figures.yaml").read_text("utf-8"), LOADER)  # noqa: S506 - a safe one
)
"""The common look (template), what each kind of figure has (kinds), what a trace has from the first one (shared)."""


TEMPLATE, KINDS, SHARED = (LOOK[name] for name in ("template", "kinds", "shared"))


# A figure as plain data: notebooks show it, pages keep only what no other figure of its kind has, plotly is asked for late.


FIGURE = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Drawing:
    """A figure of plotly as it is written: traces and layout, the kind named in layout.meta."""

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]

    def to_plotly_json(self) -> dict[str, Any]:
        """Give the figure as plotly writes it, with the common look."""
        return {"data": list(self.data), "layout": {**self.layout, "template": TEMPLATE}}

    def figure(self) -> "go.Figure":
        """Make a plotly figure of it, to be changed, saved or shown elsewhere."""
        import plotly.graph_objects as go  # noqa: PLC0415 - seconds to load, and cards do without

        return go.Figure(self.to_plotly_json())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002 - IPython's words
        return {FIGURE: {"config": {"displaylogo": False}, **self.to_plotly_json()}}

    def __repr__(self) -> str:
        """Say the title, as a terminal does."""
        return str(self.layout["title"]["text"])


def drawing(kind: str, title: str, height: int, traces: Sequence[Mapping[str, Any]], **layout: Any) -> Drawing:
    """Draw a figure of a kind: what is given is laid over what all figures of the kind have."""
    layout = {"title": {"text": title}, "height": height, "meta": kind, **layout}
    if not traces:  # a picture without anything in it has no axes either
        layout |= {"height": EMPTY, "xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return Drawing(**deep_merge(KINDS[kind], {"data": traces, "layout": layout}))


def deep_merge(base: Any, given: Any) -> Any:
    """Lay what is given over a base; a list of mappings goes item by item, the last of the base standing for all that follow.

    >>> deep_merge({"data": [{"line": {"dash": "dot"}}]}, {"data": [{"y": [1]}, {"line": {"width": 2}}]})
    {'data': [{'line': {'dash': 'dot'}, 'y': [1]}, {'line': {'dash': 'dot', 'width': 2}}]}
    """
    if isinstance(base, Mapping) and isinstance(given, Mapping):
        return {**base, **{name: deep_merge(base.get(name), value) for name, value in given.items()}}
    if _is_mappings(base) and _is_mappings(given):
        return [deep_merge(base[min(number, len(base) - 1)], one) for number, one in enumerate(given)]
    return given


def compact_figure(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a figure what its kind says, and what its traces have from the first; assets/fengqiao.js puts it back.

    A figure of no kind, or one that lacks what its kind has, is given whole; the common look is always left out.
    """
    traces, layout = figure["data"], {name: value for name, value in figure["layout"].items() if name != "template"}
    whole, kind = {"data": traces, "layout": layout}, layout.get("meta")
    if not isinstance(kind, str) or kind not in KINDS or not traces:
        return whole
    try:
        left = _unmerge(KINDS[kind], whole | {"layout": {name: value for name, value in layout.items() if name != "meta"}})
    except LookupError:
        return whole
    head, *others = left["data"]
    first = {name: head[name] for name in SHARED if name in head}
    if any(first.keys() - trace.keys() for trace in others):
        return whole
    others = [{name: value for name, value in trace.items() if name not in first or value != first[name]} for trace in others]
    return {"kind": kind, **left, "data": [head, *others]}


def _unmerge(base: Any, whole: Any) -> Any:
    """Undo `deep_merge`; raise LookupError where the base has what the whole has not."""
    if isinstance(base, Mapping) and isinstance(whole, Mapping):
        if lacking := base.keys() - whole.keys():
            raise LookupError(lacking)
        return {name: _unmerge(base.get(name), value) for name, value in whole.items() if base.get(name) != value}
    if _is_mappings(base) and _is_mappings(whole):
        return [_unmerge(base[min(number, len(base) - 1)], one) for number, one in enumerate(whole)]
    return whole


def _is_mappings(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and bool(given) and all(isinstance(one, Mapping) for one in given)


# Plotly figures of a card: few points, horizontal bars, and nothing said by colour alone (text, dash and symbol too).


EMPTY = 64
"""The height of a picture with nothing in it but its title."""


DOTS = 120
"""A class of more units than this is drawn as bars: dots would cover one another."""


LEAST = 0.005
"""Points that would be printed as 0.00 are not drawn."""


CLOSE = 0.2
"""Two marks nearer than this share of the span would write over one another."""


_label = partial(escape, quote=False)
"""Keeps a label from being read as markup."""


def draw_dimensions(card: Card) -> Drawing:
    """Draw what each dimension earned (filled) of what was possible (outlined), with both numbers."""
    lines, lang = card.dimensions, card.lang
    names, said = [_label(line.label) for line in lines], [earned_points(line, card) for line in lines]
    possible = {"x": [round(line.possible, 2) for line in lines], "y": names, "name": say("chart.possible", lang), "text": said}
    earned = {"x": [round(line.contribution, 2) for line in lines], "y": names, "name": say("chart.earned", lang)}
    if card.standing.total is None:
        return drawing("dimensions", say("card.nothing_yet", lang), EMPTY, [])
    title = say("chart.dimensions", lang) + of_part(card)
    axis = {"range": [0, round(max(line.possible for line in lines) * 1.22, 2)]}
    return drawing("dimensions", title, 84 + 40 * len(lines), [possible, earned], xaxis=axis)


def draw_trend(card: Card) -> Drawing:
    """Draw the total and the dimensions over twelve months, each month a period of its own, as shares of what was possible."""
    months = [_month(point.period, first=number == 0, lang=card.lang) for number, point in enumerate(card.trend)]
    months = [_signed_month(month, point) for month, point in zip(months, card.trend, strict=True)]
    totals = [None if point.total is None else 100 * point.total / card.standing.full for point in card.trend]
    look, *looks = KINDS["trend"]["data"]
    lines = [(say("chart.total", card.lang), totals, look)] + [
        (_label(line.label), [point.rates[place] for point in card.trend], looks[place % len(looks)])
        for place, line in enumerate(card.dimensions)
    ]
    traces = [
        {"name": name, "x": months, "y": [None if rate is None else round(rate, 1) for rate in rates], **look}
        for name, rates, look in lines
        if any(rate is not None for rate in rates)
    ]
    parts = [point.part for point in card.trend if point.part]
    gaps = dict.fromkeys(TABLES[table].label if card.lang == "zh" else table for point in card.trend for table in point.gaps)
    title = say("chart.trend" if traces else "chart.none", card.lang)
    title += say("chart.gaps", card.lang, tables=say("explain.comma", card.lang).join(gaps)) if traces and gaps else ""
    if traces and parts:
        stretch = "–".join(dict.fromkeys((covered_part(min(parts)), covered_part(max(parts)))))
        title += say("chart.months_in_part", card.lang, n=len(parts), share=stretch)
    return drawing("trend", title, 300, traces)


def _signed_month(name: str, point: TrendPoint) -> str:
    """Put signs behind the name of a month: ＊ a table holds no record of anybody, △ too little was scored for a total."""
    month, *year = name.split("<br>")
    return "<br>".join([month + "＊" * bool(point.gaps) + "△" * bool(point.part), *year])


def _month(name: str, *, first: bool, lang: str) -> str:
    """Name a month on an axis; the first one and each January name their year."""
    year, month = divmod(parse(name).first, 12)
    words = say(f"card.month.{month + 1}", lang)[:3]
    return f"{words}<br>{year}" if first or month == 0 else words


def draw_class(card: Card) -> Drawing:
    """Draw the totals of the class, nameless, with this unit marked; a large class as bars."""
    peers, lang, own = card.peers, card.lang, card.standing.total if card.standing.rank else None
    key = "chart.peers_officer" if card.identity.is_officer else "chart.peers"
    title = say(key if len(peers) > 1 else "chart.alone" if own is not None else "chart.none", lang, of=len(peers))
    title += "" if card.standing.rank else say("chart.unranked", lang)
    if len(peers) <= 1:  # one is no spread
        return drawing("dots", title, EMPTY, [], shapes=[], annotations=[])
    few = len(peers) <= DOTS
    most = max(peers.heights if few else (number for _, number in peers.bars), default=1)
    kind, traces = ("dots", _dots(card, own)) if few else ("bars", _bars(card))
    axis = {"range": [0, most + few]}
    return drawing(kind, title, min(320, 150 + 14 * most), traces, yaxis=axis, **_marks(card, own))


def _marks(card: Card, own: float | None) -> dict[str, list[Mapping[str, Any]]]:
    """Mark the median and the own total by lines and, above the drawing, their words, those raised that would collide."""
    totals, middle, lang = card.peers.totals, card.peers.middle, card.lang
    if middle is None:
        return {"shapes": [], "annotations": []}
    near = own is not None and abs(own - middle) < CLOSE * (totals[-1] - totals[0])
    notes: list[Mapping[str, Any]] = [
        {"x": middle, "text": say("chart.median", lang, total=fixed(middle)), "yshift": 18 if near else 0}
    ]
    if own is not None:
        key = "chart.own_officer" if card.identity.is_officer else "chart.own"
        notes.append({"x": own, "text": say(key, lang, total=fixed(own, card.decimals))})
    return {"shapes": [{"x0": note["x"], "x1": note["x"]} for note in notes], "annotations": notes}


def _dots(card: Card, own: float | None) -> list[dict[str, Any]]:
    """Stack the totals that fall in one column; the own total is a large diamond on them."""
    peers = card.peers
    hover = say("chart.peers_hover", card.lang, total="%{x}") + "<extra></extra>"
    dots = [(round(total, card.decimals), height) for total, height in zip(peers.totals, peers.heights, strict=True)]
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
        "x": [float(round_half_up(line.lost, card.decimals)) for line in lines],
        "y": [_label(line.label) for line in lines],
        "texttemplate": f"−%{{x:.{card.decimals}f}}",
    }
    if not lines:
        key = "card.nothing_yet" if card.standing.total is None else "card.nothing_lost"
        return drawing("lost", say(key, card.lang), EMPTY, [])
    axis = {"range": [0, round(lines[0].lost * 1.15, 2)]}
    return drawing("lost", say("chart.lost", card.lang) + of_part(card), 70 + 26 * len(lines), [bars], xaxis=axis)
