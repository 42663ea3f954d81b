"""The offline page: an executed notebook's prose and outputs, framed by the run's state, drawn by scripts that lie beside it."""

import re
from collections.abc import Iterator, Mapping
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
from fengqiao_eval.words import say, script_json

_LANG = re.compile(r' lang="?[\w-]+"?')
"""A fragment says its language for the notebook; a page says it once."""


_TAG = re.compile(r"<[^>]*>")


LEFT_OUT = "not_on_page"
"""Cells with this tag are for the notebook only."""


_OURS = re.compile(
    r'(?:<style class="fq-style">.*?</style>)?(<section class=(?:fq|"fq(?: [\w-]+)*")[ >].*</section>)\s*', re.DOTALL
)


def page(nb: Mapping[str, Any], run: Run, unit_id: str, lang: str = "zh") -> str:
    """Make the offline page of a unit's card from its executed notebook (nbformat 4); an empty unit_id is the run's overview.

    Only fragments keep their HTML; whatever else a cell put out is shown as text, and code is hidden.
    """
    blocks, figures = [], count()
    for cell in nb["cells"]:
        told = cell.get("metadata", {})
        if LEFT_OUT in told.get("tags", []):
            continue
        if cell["cell_type"] == "markdown":
            blocks.append(prose(told.get("fengqiao", {}).get(lang) or cell["source"]))
        elif cell["cell_type"] == "code":
            blocks += [block for output in cell.get("outputs", []) if (block := _output(output, figures, lang))]
    who = card(run, unit_id, lang).identity if unit_id else None
    facts, period = _facts(run, who, lang), period_words(run.period, lang)
    given = {"facts": facts, "period": period, "banner": banner(run.manifest, lang), "blocks": blocks}
    return render("page.html", lang, run=run, who=who, **given)


def _facts(run: Run, who: Identity | None, lang: str) -> Iterator[tuple[str, str]]:
    """Say what stands at the head of a page, of the overview without what is a unit's."""
    if who:
        yield say("card.id", lang), who.unit_id
        yield say("card.level", lang), who.level_label
        yield say("card.class", lang), who.peer_class
    yield say("card.period", lang), period_words(run.period, lang)
    yield say("card.as_of", lang), day(run.manifest["as_of"])
    yield say("card.scheme", lang), run.scheme.version


def _output(output: Mapping[str, Any], figures: Iterator[int], lang: str) -> Markup:
    """Show one output: a figure, a fragment, or else its text; warnings and progress (stderr) are for the notebook only."""
    kind, data = output["output_type"], output.get("data", {})
    if kind == "stream":
        text = "" if output.get("name") == "stderr" else output["text"]
    elif kind == "error":
        text = f"{output['ename']}: {output['evalue']}"
    elif FIGURE in data:
        return figure(data[FIGURE], lang, again=next(figures) > 0)
    elif ours := _OURS.fullmatch(_join_text(data.get("text/html", ""))):
        return Markup(_LANG.sub("", ours[1], count=1))  # noqa: S704 - made by our templates, which escape
    else:
        text = data.get("text/plain", "")
    text = _join_text(text).rstrip()
    return Markup("<pre>{}</pre>").format(text) if text else Markup()


def _join_text(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


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


def figure(data: Mapping[str, Any], lang: str, *, again: bool = False) -> Markup:
    """Inline a figure's numbers for assets/fengqiao.js to draw; what it shares with others is left to the script.

    again: another figure has said already why none may be seen.
    """
    title = str(data["layout"].get("title", {}).get("text", ""))
    left = compact_figure(data)
    if title and escape(title) == title:  # the words of the figure are its title then
        left["layout"] = {name: value for name, value in left["layout"].items() if value != {"text": title} or name != "title"}
    # sorted, as a saved notebook is: the page of one that is run again by hand is the same
    inlined = Markup(script_json(left, sort_keys=True))  # noqa: S704 - no < is left in it
    given = {"title": _TAG.sub(" ", title), "height": int(data["layout"].get("height", 300)), "figure": inlined, "again": again}
    return Markup(render("figure.html", lang, **given))  # noqa: S704 - made by our template


def write_assets(folder: str | Path) -> None:
    """Write what all pages of a run share: plotly.min.js, fengqiao.js and fengqiao.css."""
    import plotly.offline  # noqa: PLC0415 - 5 MB of script, needed once a run

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    scripts = files(__package__) / "templates"
    look = script_json({"template": template(), "kinds": KINDS, "shared": SHARED}, sort_keys=True)
    (target / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), "utf-8")
    script = scripts.joinpath("fengqiao.js").read_text("utf-8").replace("/*LOOK*/ null", look)
    (target / "fengqiao.js").write_text(script, "utf-8")
    (target / "fengqiao.css").write_text(style() + scripts.joinpath("page.css").read_text("utf-8"), "utf-8")
