"""What all figures of a kind have in common: pages leave it out, assets/fengqiao.js holds it once for all of them."""

from typing import Any

OWN, REST, LOST, INK = "#0072B2", "#6B7F95", "#D55E00", "#17202B"
"""Colours of Okabe and Ito for this unit and for what was lost, a grey for the rest."""
SHARED = ("x", "y", "hovertemplate")
"""What a trace has from the first one where it has none of its own."""
_SERIES = (
    ("#D55E00", "dash", "square"),
    ("#009E73", "dot", "diamond"),
    ("#CC79A7", "dashdot", "triangle-up"),
    ("#E69F00", "longdash", "x"),
    ("#56B4E9", "longdashdot", "star"),
    ("#000000", "dot", "cross"),
)
"""Colour, dash and symbol of each dimension's line."""
_BESIDE = {"textposition": "outside", "constraintext": "none", "textfont": {"size": 12}, "cliponaxis": False}
"""How the number of a bar stands at its end."""
_BARS = {"type": "bar", "orientation": "h"}
_MARK = {"type": "line", "y0": 0, "y1": 1, "yref": "paper"}
_NOTE = {"y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}


def _class(layer: str) -> dict[str, Any]:
    """Mark the median and, if it is among them, the own total by lines with their words above; below dots, above bars."""
    median = {**_MARK, "layer": layer, "line": {"color": INK, "width": 1, "dash": "dot"}}
    own = {**_MARK, "layer": layer, "line": {"color": OWN, "width": 2, "dash": "solid"}}
    axes = {"xaxis": {"ticks": "outside"}, "yaxis": {"visible": False}}
    return {"shapes": [median, own], "annotations": [_NOTE], "showlegend": False, "margin": {"t": 66}, **axes}


TOTAL = {
    "line": {"color": OWN, "dash": "solid", "width": 3.2},
    "marker": {"symbol": "circle", "size": 7},
    "zorder": 1,
    "legendrank": 1001,
}
"""The line of the total: it comes first, lies on top and is named last."""


def series(place: int) -> dict[str, Any]:
    """Say how the line of a dimension is drawn; nothing is told by its colour alone."""
    colour, dash, symbol = _SERIES[place % len(_SERIES)]
    return {"line": {"color": colour, "dash": dash, "width": 1.5}, "marker": {"symbol": symbol, "size": 6}}


_LINE = {"type": "scatter", "mode": "lines+markers", "hovertemplate": "%{fullData.name} %{x} %{y}%<extra></extra>"}
KINDS: dict[str, dict[str, Any]] = {
    "dimensions": {
        "data": [
            {
                **(_BARS | _BESIDE | {"width": 0.56, "hoverinfo": "skip"}),
                "marker": {"color": "#FFFFFF", "line": {"color": "#6B7887", "width": 1}},
            },
            {**_BARS, "width": 0.56, "marker": {"color": OWN}, "hovertemplate": "%{y} %{x}<extra></extra>"},
        ],
        "layout": {
            "barmode": "overlay",
            "xaxis": {"showgrid": False, "visible": False},
            "yaxis": {"autorange": "reversed"},
        },
    },
    "trend": {
        "data": [_LINE | TOTAL, *(_LINE | series(place) for place in range(len(_SERIES)))],
        "layout": {"showlegend": True, "xaxis": {"type": "category"}, "yaxis": {"ticksuffix": "%", "nticks": 6}},
    },
    "dots": {
        "data": [
            {"type": "scatter", "mode": "markers", "marker": {"color": REST, "size": 8, "opacity": 1}},
            {"type": "scatter", "mode": "markers", "marker": {"color": OWN, "size": 15, "opacity": 1, "symbol": "diamond"}},
        ],
        "layout": _class("below"),
    },
    "bars": {"data": [{"type": "bar", "marker": {"color": REST}}], "layout": _class("above")},
    "lost": {
        "data": [{**(_BARS | _BESIDE | {"width": 0.6, "hoverinfo": "skip"}), "marker": {"color": LOST}}],
        "layout": {"showlegend": False, "xaxis": {"visible": False}, "yaxis": {"autorange": "reversed"}},
    },
}
