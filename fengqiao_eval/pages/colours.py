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
    dark = f"{','.join(_DARK_NOTEBOOKS)}{{{_properties(1)}}}"
    return f".fq{{{_properties(0)}}}\n@media screen{{{dark}}}\n{figure_colours()}"


def figure_colours() -> str:
    """Draw figures in a dark notebook in the colours of the dark: they are written in those of the light, without a script.

    Ours are known by their ink; a figure of somebody else's stays as they drew it.
    """
    themes = ",".join(theme.removesuffix(" .fq") for theme in _DARK_NOTEBOOKS)
    own = f":is({themes}) .js-plotly-plot:has([style*='{_style(COLOURS['figure']['words'][0])}'])"
    pairs = dict((*COLOURS["figure"].values(), *_SHADES)).items()
    paper = COLOURS["figure"]["paper"][1]
    rules = [f"{own} .main-svg{{background:{paper}!important}}", f"{own} .main-svg~.main-svg{{background:none!important}}"]
    rules += [
        f"{own} [style*='{way}: {_style(light)}']{{{way}:{dark}!important}}"
        for light, dark in pairs
        for way in ("fill", "stroke")
    ]
    return f"@media screen{{{''.join(rules)}}}\n"


def _style(colour: str) -> str:
    """Write a colour as a browser writes it in the style of an element.

    >>> _style("#0072B2")
    'rgb(0, 114, 178)'
    """
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


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
