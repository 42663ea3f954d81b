"""The colours of screens, pages and figures in the light and in the dark: one table, from which sheets and scripts take them."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml

from fengqiao_eval.words import LOADER

_TABLE = files(__package__).joinpath("templates/colours.yaml").read_text("utf-8")

COLOURS: Mapping[str, Mapping[str, tuple[str, str]]] = yaml.load(_TABLE, LOADER)  # noqa: S506 - a safe one
"""page and figure: name -> [in the light, in the dark]."""

_DARK_NOTEBOOKS = (
    '[data-jp-theme-light="false"] .fq',  # JupyterLab and what nbconvert makes of it
    ".vscode-dark .fq",
    ".vscode-high-contrast:not(.vscode-high-contrast-light) .fq",
    "html[theme=dark] .fq",  # Colab
)


def page_colours() -> str:
    """Set the colours of a page as properties of its root: the reader's system says which; paper is light.

    >>> "--ink:#17202b" in page_colours(), page_colours().index("--ink:#17202b") < page_colours().index("--ink:#e3e8ef")
    (True, True)
    """
    return f":root{{{_properties(0)}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{_properties(1)}}}}}\n"


def notebook_colours() -> str:
    """Set the colours of the parts of a card in a notebook, which has a theme of its own, whatever the system says."""
    return f".fq{{{_properties(0)}}}\n@media screen{{{','.join(_DARK_NOTEBOOKS)}{{{_properties(1)}}}}}\n"


def _properties(theme: int) -> str:
    said = ";".join(f"--{name.replace('_', '-')}:{pair[theme]}" for name, pair in COLOURS["page"].items())
    return f"color-scheme:{('light', 'dark')[theme]};{said}"


def light(look: Any) -> Any:
    """Put the colours of the light where a look names one of a figure's by `$name`.

    >>> light({"line": {"color": "$own", "dash": "dot"}})
    {'line': {'color': '#0072B2', 'dash': 'dot'}}
    """
    if isinstance(look, Mapping):
        return {name: light(part) for name, part in look.items()}
    if isinstance(look, list):
        return [light(part) for part in look]
    return COLOURS["figure"][look[1:]][0] if isinstance(look, str) and look.startswith("$") else look


_SHADES = [pair for name, pair in COLOURS["page"].items() if name.startswith("heat_")]

DARK = {one.lower(): other for one, other in (*COLOURS["figure"].values(), *_SHADES)}
"""What a script draws in the dark instead of each colour of a figure, which is written as in the light."""
