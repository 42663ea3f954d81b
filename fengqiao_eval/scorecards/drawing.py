"""A figure as plain data: notebooks show it, pages keep only what no other figure of its kind has, plotly is asked for late."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fengqiao_eval.scorecards.figure_kinds import KINDS, SHARED

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURE = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Drawing:
    """A figure of plotly as it is written: traces and layout, the kind named in layout.meta."""

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]

    def to_plotly_json(self) -> dict[str, Any]:
        """Give the figure as plotly writes it, with the common look."""
        return {"data": list(self.data), "layout": {**self.layout, "template": template()}}

    def figure(self) -> "go.Figure":
        """Make a plotly figure of it, to be changed, saved or shown elsewhere."""
        import plotly.graph_objects as go  # noqa: PLC0415 - seconds to load, and cards do without

        return go.Figure(self.to_plotly_json())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002 - IPython's words
        return {FIGURE: {"config": {"displaylogo": False}, **self.to_plotly_json()}}

    def __repr__(self) -> str:
        """Say the title, as a terminal does."""
        return str(self.layout["title"]["text"])


@cache
def template() -> dict[str, Any]:
    """Read the common look of all figures; pages leave it out and take it from the script."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("templates/figure.json").read_text("utf-8"))
    return found


def drawing(kind: str, title: str, height: int, traces: Sequence[Mapping[str, Any]], **layout: Any) -> Drawing:
    """Draw a figure of a kind: what is given is laid over what all figures of the kind have."""
    given = {"data": traces, "layout": {"title": {"text": title}, "height": height, "meta": kind, **layout}}
    found = merged(KINDS[kind], given)
    return Drawing(found["data"], found["layout"])


def merged(base: Any, given: Any) -> Any:
    """Lay what is given over a base; a list of mappings goes item by item, the last of the base standing for all that follow.

    >>> merged({"data": [{"line": {"dash": "dot"}}]}, {"data": [{"y": [1]}, {"line": {"width": 2}}]})
    {'data': [{'line': {'dash': 'dot'}, 'y': [1]}, {'line': {'dash': 'dot', 'width': 2}}]}
    """
    if isinstance(base, Mapping) and isinstance(given, Mapping):
        return {**base, **{name: merged(base.get(name), value) for name, value in given.items()}}
    if _mappings(base) and _mappings(given):
        return [merged(base[min(number, len(base) - 1)], one) for number, one in enumerate(given)]
    return given


def lean(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a figure what its kind says, and what its traces have from the first; assets/fengqiao.js puts it back.

    A figure of no kind, or one that lacks what its kind has, is given whole; the common look is always left out.
    """
    layout = {name: value for name, value in figure["layout"].items() if name != "template"}
    whole = {"data": figure["data"], "layout": layout}
    kind = layout.get("meta")
    if not isinstance(kind, str) or kind not in KINDS or not whole["data"]:
        return whole
    try:
        left = _without(KINDS[kind], {**whole, "layout": {name: value for name, value in layout.items() if name != "meta"}})
        return {"kind": kind, **left, "data": _unshared(left["data"])}
    except LookupError:
        return whole


def _without(base: Any, whole: Any) -> Any:
    """Undo `merged`; raise LookupError where the base has what the whole has not."""
    if isinstance(base, Mapping) and isinstance(whole, Mapping):
        if lacking := base.keys() - whole.keys():
            raise LookupError(lacking)
        return {name: _without(base.get(name), value) for name, value in whole.items() if base.get(name) != value}
    if _mappings(base) and _mappings(whole):
        return [_without(base[min(number, len(base) - 1)], one) for number, one in enumerate(whole)]
    return whole


def _unshared(traces: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    first = {name: value for name, value in traces[0].items() if name in SHARED}
    if lacking := [first.keys() - trace.keys() for trace in traces if first.keys() - trace.keys()]:
        raise LookupError(lacking)
    return [
        {name: value for name, value in trace.items() if not number or name not in first or value != first[name]}
        for number, trace in enumerate(traces)
    ]


def _mappings(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and bool(given) and all(isinstance(one, Mapping) for one in given)
