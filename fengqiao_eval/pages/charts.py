"""Plotly figures of a card: few points, horizontal bars, nothing said by colour alone; plain data until plotly is asked for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from fengqiao_eval.pages.colours import light
from fengqiao_eval.pages.plain_text import earned_points, of_part
from fengqiao_eval.periods import parse
from fengqiao_eval.records.tables import TABLES
from fengqiao_eval.results.card import Card, TrendPoint
from fengqiao_eval.results.lines import IndicatorLine
from fengqiao_eval.scoring.ranking import DOTS
from fengqiao_eval.wording.numbers import SMALL, covered_part, fixed, has_value, measured, place_span, plain, round_half_up
from fengqiao_eval.words import LOADER, say, script_json

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


# How figures look: pages leave out what all figures of a kind have in common, assets/fengqiao.js holds it once for all of them.


LOOK: dict[str, Any] = light(
    yaml.load(files(__package__).joinpath("templates/figures.yaml").read_text("utf-8"), LOADER)  # noqa: S506 - a safe one
)
"""The common look (template), what each kind of figure has (kinds), what a trace has from the first one (shared)."""


TEMPLATE, KINDS, SHARED = (LOOK[name] for name in ("template", "kinds", "shared"))


# The places where a place may lie: twenty dots, as a picture that needs no script.


class DotStrip(NamedTuple):
    """A picture of dots over an axis of places, as paths of SVG, in a box of so many units; dots: a stroke a place."""

    width: int
    height: float
    axis: str
    dots: str
    printed: str
    step: float


_WIDTH, _EDGE, _STEP, _HIGHEST = 320, 8, 5, 30
_BEYOND = 0.1
"""A stroke goes a little beyond its last dot, which is not drawn at the very end of one."""


def dot_strip(places: Mapping[int, float], rank: int, of: int) -> DotStrip:
    """Draw where a place may lie: a dot each DOTS-th of the chance, one above the other over its place; the printed one marked.

    >>> dot_strip({1: 0.15, 2: 0.05}, 1, 3).dots, dot_strip({2: 1.0}, 2, 3).printed.startswith("M160")
    ('M8 14v-10.1M160 14v-.1', True)
    """
    most = max((round(share * DOTS) for share in places.values()), default=1)
    step = min(_STEP, _HIGHEST / max(most, 1))
    base = round(step * (most - 1)) + 4
    at = {place: round(_EDGE + (place - 1) / max(of - 1, 1) * (_WIDTH - 2 * _EDGE)) for place in {*places, rank}}
    stacks = ((at[place], round(share * DOTS)) for place, share in places.items())
    dots = (f"M{x} {base}v{-step * (many - 1) - _BEYOND:g}".replace("-0.", "-.") for x, many in stacks if many)
    axis, mark = f"M{_EDGE} {base + 4}H{_WIDTH - _EDGE}", f"M{at[rank]} {base + 5}l4 7h-8z"
    return DotStrip(_WIDTH, base + 26, axis, "".join(dots), mark, step)


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
    return {"kind": kind, **left, "data": [{name: _shorten(value) for name, value in trace.items()} for trace in (head, *others)]}


def _shorten(value: Any) -> Any:
    r"""Write numbers with gaps as {gaps: …} and texts as {texts: …}, a comma between two, where that is shorter than a list.

    >>> _shorten([None, None, 86, None]), _shorten(["1月<br>2024", "2月", "3月", "4月"]), _shorten([1, 2])
    ({'gaps': ',,86,'}, {'texts': '1月\n2024,2月,3月,4月'}, [1, 2])
    """
    kinds = {type(one) for one in value} if isinstance(value, list) else set()
    if kinds <= {int, float, type(None)} and type(None) in kinds:
        short = {"gaps": ",".join("" if one is None else json.dumps(one) for one in value)}
    elif kinds == {str} and len(value) > 1 and not any(sign in one for one in value for sign in ",\n"):
        short = {"texts": ",".join(value).replace("<br>", "\n")}
    else:
        return value
    return min(short, value, key=lambda one: len(script_json(one)))


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


MOST_DOTS = 120
"""A class of more units than this is drawn as bars: dots would cover one another."""


STRIPS = 8
"""As many strips as a figure of twelve months has at most: figures.yaml names their axes."""


FULL = 100
"""Per cent: all that was possible."""


LEAST = 0.005
"""Points that would be printed as 0.00 are not drawn."""


CLOSE = 0.3
"""Two marks nearer than this share of the span would write over one another."""


_label = partial(escape, quote=False)
"""Keeps a label from being read as markup."""


def draw_dimensions(card: Card) -> Drawing:
    """Draw what each dimension earned (filled) of what was possible (outlined), with both numbers."""
    lines, lang = card.dimensions, card.lang
    names, said = [_label(line.label) for line in lines], [earned_points(line, card) for line in lines]
    possible = {"x": [round(line.possible, 2) for line in lines], "y": names, "name": say("chart.possible", lang), "text": said}
    possible["customdata"] = [f"{both} · n={_records(card, line.code)}" for both, line in zip(said, lines, strict=True)]
    earned = {"x": [round(line.contribution, 2) for line in lines], "y": names, "name": say("chart.earned", lang)}
    earned["customdata"] = possible["customdata"]
    if card.standing.total is None:
        return drawing("dimensions", say("card.nothing_yet", lang), EMPTY, [])
    title = say("chart.dimensions", lang) + of_part(card)
    axis = {"range": [0, round(max(line.possible for line in lines) * 1.22, 2)]}
    return drawing("dimensions", title, 84 + 40 * len(lines), [possible, earned], xaxis=axis)


def _records(card: Card, dimension: str) -> str:
    """Add up the records that the scored indicators of a dimension rest on."""
    return plain(sum(line.n or 0.0 for line in card.indicators if line.scored and dimension in line.above), 0)


def draw_trend(card: Card) -> Drawing:
    """Draw total and dimensions over twelve months, each month a period of its own, as shares of what was possible.

    Each has a strip, its records written below the months; months of fewer than the strip says are joined by no line. Months
    whose error is known have a bar behind the mark of their total: nine chances in ten.
    """
    lang, months = card.lang, [_month(point.period, first=at == 0, lang=card.lang) for at, point in enumerate(card.trend)]
    months = [_signed_month(month, point) for month, point in zip(months, card.trend, strict=True)]
    totals = [None if point.total is None else 100 * point.total / card.standing.full for point in card.trend]
    strips = [(say("chart.total", lang), totals), *((line.label, _rates(card, at)) for at, line in enumerate(card.dimensions))]
    shown = [(at, name, rates) for at, (name, rates) in enumerate(strips) if any(rate is not None for rate in rates)]
    shown, traces, notes = shown[:STRIPS], [], []
    banded = any(point.half for point in card.trend)
    for row, (at, name, rates) in enumerate(shown):
        axis = {"yaxis": f"y{row + 1}"} if row else {}
        n = [point.n[at] if point.n else 0.0 for point in card.trend]
        least = card.least[at][0] if card.least else 0
        notes.append({"text": f"{_label(name)} · n≥{least}"})
        for few in (False, True):
            y = [rate if (count < least) is few else None for rate, count in zip(rates, n, strict=True)]
            if any(rate is not None for rate in y):
                text = [None if rate is None else _short(count) for rate, count in zip(y, n, strict=True)]
                said = {"name": _label(name), "x": months, "y": [rate if rate is None else _whole(rate) for rate in y]}
                band = {"error_y": {"array": _halves(card, y)}} if banded and not at else {}
                traces.append(said | {"text": text} | axis | band | ({"mode": "markers+text"} if few else {}))
    title = say("chart.trend" if traces else "chart.none", lang)
    if traces:
        own = any(says for _, says in card.least)
        title += say("chart.joined_scheme" if own else "chart.joined", lang, small=SMALL)
        title += say("chart.band", lang) if banded else ""
    gaps = dict.fromkeys(TABLES[table].label if lang == "zh" else table for point in card.trend for table in point.gaps)
    title += say("chart.gaps", lang, tables=say("explain.comma", lang).join(gaps)) if traces and gaps else ""
    parts = [point.part for point in card.trend if point.part]
    if traces and parts:
        stretch = "–".join(dict.fromkeys((covered_part(min(parts)), covered_part(max(parts)))))
        title += say("chart.months_in_part", lang, n=len(parts), share=stretch)
    more: dict[str, Any] = {"annotations": notes, "grid": {"rows": max(1, len(shown))}}
    if any(total is not None and total > FULL for total in totals):  # what stands outside the hundred may lift them
        more["yaxis"] = {"range": [-40, 110]}
    return drawing("trend", title, 110 + 78 * len(shown), traces, **more)


def _rates(card: Card, at: int) -> list[float | None]:
    return [point.rates[at] for point in card.trend]


def _halves(card: Card, drawn: Sequence[float | None]) -> list[int]:
    """Give how far the band of each total reaches to either side, in whole per cent; 0 where nothing is known or drawn."""
    halves = (point.half or 0.0 for point in card.trend)
    return [0 if rate is None else _whole(100 * half / card.standing.full) for rate, half in zip(drawn, halves, strict=True)]


def _whole(rate: float) -> int:
    return int(round_half_up(rate, 0))


def _short(count: float) -> int | str:
    """Write a number of records in four signs.

    >>> _short(41.0), _short(12840.0), _short(2_500_000.0)
    (41, '12k', '2M')
    """
    return int(count) if count < 10_000 else f"{count // 1000:.0f}k" if count < 1_000_000 else f"{count // 1_000_000:.0f}M"  # noqa: PLR2004


def _signed_month(name: str, point: TrendPoint) -> str:
    """Put signs behind the name of a month: ＊ a table holds no record of anybody, △ too little was scored for a total."""
    month, *year = name.split("<br>")
    signs = "＊" * bool(point.gaps) + "△" * bool(point.part)
    return "<br>".join(filter(None, [month, signs, *year]))  # beneath it: months stand close on a phone


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
    few = len(peers) <= MOST_DOTS
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
    said = say("chart.median", lang, total=fixed(middle, card.decimals))
    notes: list[Mapping[str, Any]] = [{"x": _round_total(middle, card), "text": said, "yshift": 18 if near else 0}]
    if own is not None:
        key = "chart.own_officer" if card.identity.is_officer else "chart.own"
        notes.append({"x": _round_total(own, card), "text": say(key, lang, total=fixed(own, card.decimals))})
    return {"shapes": [{"x0": note["x"], "x1": note["x"]} for note in notes], "annotations": notes}


def _dots(card: Card, own: float | None) -> list[dict[str, Any]]:
    """Stack the totals that fall in one column; the own total is a large diamond on them."""
    peers, middle = card.peers, fixed(card.peers.middle, card.decimals)
    hover = say("chart.peers_hover", card.lang, total="%{x}", median=middle, of=len(peers)) + "<extra></extra>"
    dots = [(_round_total(total, card), height) for total, height in zip(peers.totals, peers.heights, strict=True)]
    mine = [dots.pop(peers.place(own))] if own is not None and peers.count(own) else []
    parts = [{"x": [x for x, _ in part], "y": [y for _, y in part], "hovertemplate": hover} for part in (dots, mine) if part]
    if mine:
        name = _label(card.identity.name).replace("%", "&#37;")  # a name fills in nothing
        parts[-1]["hovertemplate"] = f"{name} {hover}"
    return parts


def _round_total(total: float, card: Card) -> float:
    """Round a total as it is printed, so that dots, lines and words of a class agree."""
    return float(round_half_up(total, card.decimals))


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
        "customdata": [[plain(line.n, 0), _limit(line)] for line in lines],
    }
    if not lines:
        key = "card.nothing_yet" if card.standing.total is None else "card.nothing_lost"
        return drawing("lost", say(key, card.lang), EMPTY, [])
    axis = {"range": [0, round(lines[0].lost * 1.15, 2)]}
    return drawing("lost", say("chart.lost", card.lang) + of_part(card), 70 + 26 * len(lines), [bars], xaxis=axis)


def _limit(line: IndicatorLine) -> str:
    """Write the target of an indicator; a dash where it has none."""
    return (
        "—"
        if line.target is None
        else ("≥" if line.direction == "higher" else "≤") + measured(line.target, line.unit, short=True)
    )


# Figures of a class, for the notebook how_firm


def draw_places(firm: "pd.DataFrame", name: str, lang: str = "zh") -> Drawing:
    """Draw where the places of a class may lie (`places_frame`): a line for nine chances in ten, and the printed place on it."""
    shown = firm[firm["low"].notna()]
    title = say("firmness.places" if len(shown) else "firmness.none", lang, name=_label(name))
    names = [f"{place} {_label(unit)}" for place, unit in zip(shown["place"], shown["name"], strict=True)]
    ends = [(int(low), int(high)) for low, high in zip(shown["low"], shown["high"], strict=True)]
    told = [say("firmness.hover", lang, places=place_span(low, high, lang)) for low, high in ends]
    if shown["low_again"].notna().all():
        again = zip(shown["low_again"], shown["high_again"], strict=True)
        told = [
            said + say("firmness.again", lang, places=place_span(low, high, lang))
            for said, (low, high) in zip(told, again, strict=True)
        ]
    lines = {
        "x": [end for low, high in ends for end in (low, high, None)],
        "y": [each for unit in names for each in (unit, unit, None)],
    }
    marks = {"x": [int(place) for place in shown["place"]], "y": names, "customdata": told}
    return drawing("places", title, 90 + 20 * len(names), [lines, marks] if names else [])


def draw_funnel(values: "pd.DataFrame", name: str, lang: str = "zh") -> Drawing:
    """Draw the values of an indicator over n (`shrunken_frame`), between the limits that chance alone allows."""
    limits = values[values["low"].notna()]
    x = limits["n"].tolist()
    lines = [{"x": x, "y": [round(end, 4) for end in limits[side]]} for side in ("low", "high", "centre")] if x else []
    dots = {
        "x": values["n"].tolist(),
        "y": [round(value, 4) for value in values["value"]],
        "customdata": [
            [_label(one), plain(drawn) if has_value(drawn) else "—"]
            for one, drawn in zip(values["name"], values["shrunken"], strict=True)
        ],
    }
    return drawing("funnel", say("firmness.funnel", lang, name=_label(name)), 380, [dots, *lines])
