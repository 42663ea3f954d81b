"""The offline page: an executed notebook's prose and outputs, framed by the run's state, drawn by scripts that lie beside it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import mistune
from markupsafe import Markup, escape

from fengqiao_eval.pages.charts import FIGURE, KINDS, SHARED, compact_figure, template
from fengqiao_eval.pages.fragments import render, style
from fengqiao_eval.results.card import Identity, card
from fengqiao_eval.results.caveats import banner
from fengqiao_eval.results.run import Run
from fengqiao_eval.wording.numbers import day, period_words
from fengqiao_eval.words import say

_LANG = re.compile(r' lang="?[\w-]+"?')
"""A fragment says its language for the notebook; a page says it once."""


_TAG = re.compile(r"<[^>]*>")


_MARKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


LEFT_OUT = "not_on_page"
"""Cells with this tag are for the notebook only."""


_OURS = re.compile(
    r'(?:<style class="fq-style">.*?</style>)?(<section class=(?:fq|"fq(?: [\w-]+)*")[ >].*</section>)\s*', re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One piece of a page: prose, fragment, text or figure; `html` is safe."""

    kind: str
    html: Markup


def page(nb: Mapping[str, Any], run: Run, unit_id: str, lang: str = "zh") -> str:
    """Make the offline page of a unit's card from its executed notebook (nbformat 4); an empty unit_id is the run's overview.

    Only fragments keep their HTML; whatever else a cell put out is shown as text, and code is hidden.
    """
    shown, figures = (cell for cell in nb["cells"] if LEFT_OUT not in cell.get("metadata", {}).get("tags", [])), count()
    blocks = [block for cell in shown for block in _blocks(cell, figures, lang)]
    head = _head(card(run, unit_id, lang).identity) if unit_id else _overview_head(run, lang)
    return render("page.html", lang, head=head, banner=banner(run.manifest, lang), blocks=blocks)


def _head(who: Identity) -> dict[str, Any]:
    """Say what stands at the head of a unit's page, and how it reaches the folder of the run."""
    lang = who.lang
    facts = {say("card.id", lang): who.unit_id, say("card.level", lang): who.level_label, say("card.class", lang): who.peer_class}
    return {
        **_common_head(who.run, who.state, who.period_label, lang),
        "name": who.name,
        "unit_id": who.unit_id,
        "title": who.title,
        "kind": say("card.kind_officer" if who.is_officer else "card.kind", lang),
        "facts": facts | _facts(who.period_label, who.as_of, who.scheme_version, lang),
        "root": "../",
        "back": "index.html" if who.is_officer else "../index.html",
    }


def _overview_head(run: Run, lang: str) -> dict[str, Any]:
    """Say the same for the overview, which lies in the folder of the run itself."""
    given, name = run.manifest, run.scheme.name(lang)
    period = period_words(str(given["periods"]["this"]), lang)
    return {
        **_common_head(str(given["run"]), str(given["state"]), period, lang),
        "name": name,
        "unit_id": "",
        "title": name,
        "kind": say("card.kind_overview", lang),
        "facts": _facts(period, day(given["as_of"]), run.scheme.version, lang),
        "root": "",
        "back": "index.html",
    }


def _common_head(run: str, state: str, period: str, lang: str) -> dict[str, Any]:
    said = {"state_word": say(f"card.state.{state}", lang), "state_said": say(f"card.state_said.{state}", lang)}
    return {"run": run, "state": state, "period": period, **said}


def _facts(period: str, as_of: str, version: str, lang: str) -> dict[str, str]:
    return {say("card.period", lang): period, say("card.as_of", lang): as_of, say("card.scheme", lang): version}


def _blocks(cell: Mapping[str, Any], figures: Iterator[int], lang: str) -> Iterator[Block]:
    if cell["cell_type"] == "markdown":
        yield Block("prose", prose(cell.get("metadata", {}).get("fengqiao", {}).get(lang) or cell["source"]))
    elif cell["cell_type"] == "code":
        yield from (block for output in cell.get("outputs", []) for block in _output(output, figures, lang))


def _output(output: Mapping[str, Any], figures: Iterator[int], lang: str) -> Iterator[Block]:
    """Show one output: a figure, a fragment, or else its text; warnings and progress (stderr) are for the notebook only."""
    kind, data = output["output_type"], output.get("data", {})
    if kind == "stream":
        yield from () if output.get("name") == "stderr" else _text(output["text"])
    elif kind == "error":
        yield from _text(f"{output['ename']}: {output['evalue']}")
    elif FIGURE in data:
        yield figure(data[FIGURE], lang, again=next(figures) > 0)
    elif ours := _OURS.fullmatch(_join_text(data.get("text/html", ""))):
        yield Block("fragment", Markup(_LANG.sub("", ours[1], count=1)))  # noqa: S704 - made by our templates, which escape
    else:
        yield from _text(_join_text(data.get("text/plain", "")))


def _join_text(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def _text(text: Any) -> Iterator[Block]:
    if _join_text(text).strip():
        yield Block("text", Markup("<pre>{}</pre>").format(_join_text(text).rstrip()))


def prose(markdown: Any) -> Markup:
    """Turn the prose of a notebook into HTML; raw HTML is shown as text, links and pictures are left out."""
    return Markup(_markdown()(_join_text(markdown)))  # noqa: S704 - the renderer escapes


class _Renderer(mistune.HTMLRenderer):
    """Markdown without anything that could ask another host."""

    def link(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - the signature is mistune's
        """Keep the words of a link."""
        return text

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        """Keep the words that describe a picture."""
        return str(escape(text))


@cache
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(renderer=_Renderer(escape=True), plugins=["table"])


def figure(data: Mapping[str, Any], lang: str, *, again: bool = False) -> Block:
    """Inline a figure's numbers for assets/fengqiao.js to draw; what it shares with others is left to the script.

    again: another figure has said already why none may be seen.
    """
    title = str(data["layout"].get("title", {}).get("text", ""))
    left = compact_figure(data)
    if title and escape(title) == title:  # the words of the figure are its title then
        left["layout"] = {name: value for name, value in left["layout"].items() if value != {"text": title} or name != "title"}
    inlined = Markup(inline(left))  # noqa: S704 - no < is left in it
    given = {"title": _TAG.sub(" ", title), "height": int(data["layout"].get("height", 300)), "figure": inlined, "again": again}
    return Block("figure", Markup(render("figure.html", lang, **given)))  # noqa: S704 - made by our template


def inline(data: Any) -> str:
    r"""Write JSON that may stand inside a script element.

    >>> inline("</script>")
    '"\\u003c/script\\u003e"'
    """
    # sorted, as a saved notebook is: the page of one that is run again by hand is the same
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True)
    return text.translate(_MARKS)


def write_assets(folder: str | Path) -> None:
    """Write what all pages of a run share: plotly.min.js, fengqiao.js and fengqiao.css."""
    import plotly.offline  # noqa: PLC0415 - 5 MB of script, needed once a run

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    scripts = files(__package__) / "templates"
    look = inline({"template": template(), "kinds": KINDS, "shared": SHARED})
    (target / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), "utf-8")
    script = scripts.joinpath("fengqiao.js").read_text("utf-8").replace("/*LOOK*/ null", look)
    (target / "fengqiao.js").write_text(script, "utf-8")
    (target / "fengqiao.css").write_text(style() + scripts.joinpath("page.css").read_text("utf-8"), "utf-8")
