"""The cells of an executed notebook as a page shows them: prose, our own parts, and whatever an analyst's cell put out.

Nothing of a cell may run on a page or ask another host. HTML and SVG pass nh3, which reads them as a browser does
(https://nh3.readthedocs.io); pictures stand in the page as data; what a plotly figure could fetch or link goes from it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache, partial
from itertools import count
from math import isfinite
from typing import Any
from urllib.parse import unquote
from zlib import crc32

import mistune
import nh3
from markupsafe import Markup, escape

from fengqiao_eval.pages.charts import FIGURE, compact_figure
from fengqiao_eval.pages.fragments import render, slim_tags
from fengqiao_eval.words import say, script_json

LEFT_OUT = "not_on_page"
"""Cells with this tag are for the notebook only."""

_OURS = re.compile(
    r'(?:<style class="fq-style">.*?</style>)?(<section class=(?:fq|"fq(?: [\w-]+)*")[ >].*</section>)\s*', re.DOTALL
)
"""A part of ours; a notebook's first one brings the style along, which a page links."""


def blocks(nb: Mapping[str, Any], lang: str) -> list[Markup]:
    """List what a page shows of an executed notebook (nbformat 4), in its order: prose and outputs, but no code.

    Prose that its cell holds in both languages is in the page's.
    """
    found, figures = [], count()
    for cell in nb["cells"]:
        told = cell.get("metadata") or {}
        if LEFT_OUT in list(told.get("tags") or ()):
            continue
        if cell["cell_type"] == "markdown":
            found.append(prose((told.get("fengqiao") or {}).get(lang) or cell.get("source", ""), cell.get("attachments")))
        elif cell["cell_type"] == "code":
            found += [block for output in cell.get("outputs", []) if (block := _output(output, figures, lang))]
    return found


def _output(output: Mapping[str, Any], figures: Iterator[int], lang: str) -> Markup:
    """Show one output; warnings and progress (stderr) stay in the notebook."""
    kind, data = output.get("output_type"), {name: form for name, form in (output.get("data") or {}).items() if form is not None}
    if kind == "stream":
        return _text("" if output.get("name") == "stderr" else output.get("text", ""))
    if kind == "error":
        return _text(f"{output.get('ename', '')}: {output.get('evalue', '')}")
    if isinstance(data.get(FIGURE), Mapping):
        return figure(data[FIGURE], lang, again=next(figures) > 0)
    return _richest_form({name: _join_text(form) for name, form in data.items()})


def _richest_form(data: Mapping[str, str]) -> Markup:
    """Show what a cell put out in the richest of its forms that a page may hold: HTML, SVG, a picture, Markdown, else text."""
    if ours := _OURS.fullmatch(data.get("text/html", "")):
        return Markup(slim_tags(clean_html(ours[1])))  # noqa: S704 - cleaned
    shown = next(filter(_SEEN.search, (clean_html(data.get(name, "")) for name in ("text/html", "image/svg+xml"))), "")
    for name in _PICTURES if not shown else ():
        if _is_picture(address := f"data:{name};base64,{data.get(name, '').strip()}"):
            shown = Markup('<img src="{}" alt="{}">').format(address, data.get("text/plain", ""))
            break
    if shown:
        return _own(shown)
    return prose(data["text/markdown"]) if "text/markdown" in data else _text(data.get("text/plain", ""))


_SEEN = re.compile(r"<img[^>]* src=|<svg|(?:^|>)[^<>]*[^<>\s]")
"""A picture or a word: what is left of a cell that wanted to run may be neither."""


def _own(html: str) -> Markup:
    """Set what is not ours apart: what is too wide is scrolled in its box."""
    return Markup('<div class="own">{}</div>').format(Markup(html))  # noqa: S704 - cleaned


_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""What sets the colours of a terminal."""


def _text(text: Any) -> Markup:
    told = _COLOURS.sub("", _join_text(text)).rstrip()
    return Markup("<pre>{}</pre>").format(told) if told else Markup()


def _join_text(text: Any) -> str:
    """Join the lines of a text as notebooks keep it; half a character, which no file can hold, becomes a question mark."""
    whole = "".join(map(str, text)) if isinstance(text, (list, tuple)) else str(text)
    return whole.encode("utf-8", "replace").decode()


# HTML and SVG of a cell


_HTML = nh3.ALLOWED_TAGS - {"area", "footer", "header", "map", "nav"} | {"section", "tfoot"}

_SVG = frozenset(
    "svg g defs symbol clipPath linearGradient radialGradient stop marker pattern path rect circle ellipse line polyline polygon "
    "text tspan title desc use image".split()
)
"""No style sheet, script, link or foreign content among them."""

_ATTRIBUTES = frozenset(
    "align aria-hidden aria-label alt border class clip-path clip-rule colspan cx cy d data-card dx dy fill fill-opacity "
    "fill-rule font-family font-size font-style font-weight gradientTransform gradientUnits height href id marker-end "
    "marker-start markerHeight markerWidth offset opacity open orient patternContentUnits patternTransform patternUnits "
    "points preserveAspectRatio r refX refY role rowspan rx ry scope span "
    "src start stop-color stop-opacity stroke stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity stroke-width "
    "style text-anchor transform viewBox width x x1 x2 xlink:href y y1 y2".split()
)

_PROPERTIES = frozenset(
    "background-color border-collapse color fill fill-opacity fill-rule font-family font-size "
    "font-style font-weight opacity stroke stroke-dasharray stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-opacity stroke-width text-align text-anchor text-decoration vertical-align white-space".split()
)
"""What a style may say: nothing that moves or widens what it is set on."""

_CLASS = re.compile(r"fq(?:-(?!figure$|plot$)[a-z]+)?|[nw]|dataframe")
"""Classes of our parts but those that assets/fengqiao.js draws, and the one of pandas."""

_PICTURES = ("image/png", "image/jpeg")

_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/\s]+={0,2}")

_BESIDE = re.compile(r"(?!\.)[\w%.~-]+\.(?:html|csv|xlsx)")
"""A link may lead to a file that lies beside the page."""

_CARD = re.compile(r"\.\./(?!\.|officer/)[^/\\\s]+/[^/\\\s]+\.html", re.IGNORECASE)
"""A name may say where the card of a unit lies, but of no officer: page.link_cards makes a link of it where there is one.

So may the name of a list, which lies beside its page and nowhere near a notebook.
"""

_WITHIN = re.compile(r"(url\(#|^#)(?=[\w.:-]+(?:\)|$))")
"""Where the address of something in the same picture begins, before its name."""

_RULES = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CELL = re.compile(r'(?<= id=")(T_\w+)"')


@lru_cache(maxsize=64)
def _cleaner(prefix: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags={*_HTML, *_SVG},
        clean_content_tags={"script", "style", "iframe", "object", "embed", "template", "noscript", "math", "head", "title"}
        - _SVG,
        attributes={"*": set(_ATTRIBUTES)},
        attribute_filter=partial(_attribute, prefix),
        filter_style_properties=set(_PROPERTIES),
        url_schemes={"data"},
        link_rel=None,
    )


def clean_html(html: str) -> str:
    """Leave of HTML or SVG what neither runs, nor asks another host, nor lies over the rest of the page.

    >>> clean_html('<b onclick="x()">一</b><script>x()</script><a href="javascript:x()">二</a><img src="https://x.example/a.png">')
    '<b>一</b><a>二</a><img>'
    """
    if "<" not in html:
        return html and str(escape(html))
    return _cleaner(f"own{crc32(html.encode()):x}-").clean(_style_cells(html))


def _style_cells(html: str) -> str:
    """Write the colours that a Styler of pandas keeps in a style sheet to the cells they are meant for, since style sheets go."""
    styles: dict[str, str] = {}
    for sheet in _RULES.findall(html) if 'id="T_' in html else ():
        for selectors, said in _RULE.findall(sheet):
            for selector in selectors.split(","):
                styles[selector.strip()] = styles.get(selector.strip(), "") + said
    kept = {name: str(escape(" ".join(said.split()))) for name, said in styles.items()}
    return _CELL.sub(lambda cell: f'{cell[0]} style="{kept[at]}"' if (at := f"#{cell[1]}") in kept else cell[0], html)


def _attribute(prefix: str, tag: str, name: str, value: str) -> str | None:
    """Say what stays of an attribute, None where it goes; names within a picture get a name of their own on the page."""
    if name == "class":
        return " ".join(filter(_CLASS.fullmatch, value.split())) or None
    if name in ("alt", "aria-label", "id"):
        return prefix + value if name == "id" else value
    if name == "src" or (name == "href" and tag == "image"):
        return value if _is_picture(value) else None
    if name == "data-card" or (name == "href" and _BESIDE.fullmatch(value)):
        return value if _BESIDE.fullmatch(value) or _CARD.fullmatch(unquote(value)) else None
    left = _WITHIN.sub("", value).lower()
    if "\\" in value or "url" in left or (name == "href" and left == value.lower()):  # a style sheet reads u\72l as url
        return None
    return _WITHIN.sub(rf"\1{prefix}", value)


def _is_picture(address: str) -> bool:
    return bool(_PICTURE.fullmatch(address))


# Prose


def prose(markdown: Any, attachments: Mapping[str, Any] | None = None) -> Markup:
    """Turn the prose of a notebook into HTML: pictures that it holds are shown, of other pictures and links the words."""
    text = _join_text(markdown)
    for name, forms in (attachments or {}).items():
        kind = next((kind for kind in _PICTURES if kind in forms), "")
        text = text.replace(f"(attachment:{name})", f"(data:{kind};base64,{_join_text(forms.get(kind, ''))})")
    shown = clean_html(str(_markdown()(text)))
    return _own(shown) if " style=" in shown or "<svg" in shown else Markup(shown)  # noqa: S704 - cleaned


class _Renderer(mistune.HTMLRenderer):
    """Markdown without anything that could ask another host."""

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Link what lies beside the page; keep the words of any other link."""
        return super().link(text, url, title) if _BESIDE.fullmatch(url) else text

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - the signature is mistune's
        """Show a picture that stands in the prose itself; keep the words that describe any other."""
        return f'<img src="{url}" alt="{escape(text)}">' if _is_picture(url) else str(escape(text))


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(renderer=_Renderer(escape=False), plugins=["table", "strikethrough"])


# Figures


_TAG = re.compile(r"<[^>]*>")

_MARK = re.compile(r"<(?!/?(?:b|i|em|s|u|sub|sup|br|extra) ?/?>)([^<>]*>)?")
"""A tag in the words of a figure that does more than set them in type, or the beginning of one."""

_MAPS = re.compile(r"choropleth(map(box)?)?|densitymap(box)?|scatter(geo|map(box)?)")
"""Kinds of traces that are drawn on maps, which plotly fetches from elsewhere; a heat map is none of them."""

_FETCHED = frozenset({"geojson", "href", "source", "src", "url"})

_CONTROLS = ("sliders", "updatemenus")
"""Parts of a layout that change the figure when they are pressed, into a map too."""


def figure(data: Mapping[str, Any], lang: str, *, again: bool = False) -> Markup:
    """Inline a figure's numbers for assets/fengqiao.js to draw; what it shares with others is left to the script.

    again: another figure has said already why none may be seen. A map, which would have to be fetched, and what is no figure are
    said to be left out; of an animation the first picture is shown, and that there are more is said.
    """
    whole = _harmless({"data": data.get("data"), "layout": data.get("layout") or {}})
    traces, layout = whole["data"], whole["layout"]
    if not _is_list_of_mappings(traces) or not isinstance(layout, dict):
        return _text(say("page.no_figure", lang))
    if any(_MAPS.fullmatch(str(trace.get("type", ""))) for trace in traces):
        return _text(say("page.map", lang))
    title, height = layout.get("title") or {}, layout.get("height")
    title = str(title.get("text") or "") if isinstance(title, dict) else str(title)
    height = height if isinstance(height, (int, float)) and 0 < height < _TALLEST else _HEIGHT
    still = {name: value for name, value in layout.items() if name not in _CONTROLS} | {"height": height}
    left = compact_figure({"data": traces, "layout": still if title else still | {"title": {"text": ""}}})
    if title and _TAG.sub(" ", title) == title:  # the words of the figure are its title then
        left["layout"] = {name: value for name, value in left["layout"].items() if value != {"text": title} or name != "title"}
    # sorted, as a saved notebook is: the page of one that is run again by hand is the same
    inlined = Markup(script_json(left, sort_keys=True))  # noqa: S704 - no < is left in it
    given = {"title": _TAG.sub(" ", title) or say("page.figure", lang), "height": int(height), "figure": inlined, "again": again}
    more = _text(say("page.animation", lang)) if data.get("frames") or len(still) < len(layout | {"height": 0}) else Markup()
    return Markup(render("figure.html", lang, **given)) + more  # noqa: S704 - made by our template


_HEIGHT, _TALLEST = 450, 10_000
"""Pixels that a figure takes which says nothing of its height, as plotly has it, and which none exceeds."""

_DEEPEST = 40
"""As deep as the parts of a figure lie in one another; what lies deeper goes."""


def _is_list_of_mappings(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, dict) for one in given)


def _harmless(part: Any, depth: int = 0) -> Any:
    """Take from a part of a figure whatever could fetch something, link somewhere or run, and what JSON has no word for."""
    if isinstance(part, str):
        return _MARK.sub(lambda mark: "" if mark[1] else "&lt;", _join_text(part))
    if depth > _DEEPEST or (isinstance(part, float) and not isfinite(part)):
        return None
    if isinstance(part, Mapping):
        fetched = {name for name in _FETCHED & part.keys() if isinstance(part[name], str) and not _is_picture(part[name])}
        return {_join_text(name): _harmless(value, depth + 1) for name, value in part.items() if name not in fetched}
    return [_harmless(one, depth + 1) for one in part] if isinstance(part, (list, tuple)) else part
