"""The offline page: an executed notebook's prose and outputs, framed by the run's state, drawn by scripts that lie beside it."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from markupsafe import Markup

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.files import link, write_whole
from fengqiao_eval.pages.cells import blocks
from fengqiao_eval.pages.charts import LOOK
from fengqiao_eval.pages.colours import DARK
from fengqiao_eval.pages.fragments import render, style
from fengqiao_eval.results.card import Card, card
from fengqiao_eval.results.caveats import banner, template_lines
from fengqiao_eval.results.run import Run
from fengqiao_eval.wording.numbers import day, period_words
from fengqiao_eval.words import say, script_json


def page(nb: Mapping[str, Any], run: Run, unit_id: str, lang: str = "zh") -> str:
    """Make the offline page of a unit's card from its executed notebook (nbformat 4); an empty unit_id is the run's overview.

    What its cells put out stands there as in the notebook, but for what could run or ask another host; code is hidden.
    """
    of = card(run, unit_id, lang) if unit_id else None
    who = of.identity if of else None
    facts, period = _facts(run, of, lang), period_words(run.period, lang)
    differs = template_lines(run.manifest.get("templates", ()), [who.level if who else ""], lang)
    beware = [*banner(run.manifest, lang), *differs]
    shown = [Markup(_TO_LIST.sub(r"<a href=\1", str(block))) for block in blocks(nb, lang)]  # noqa: S704 - cleaned
    given = {"facts": facts, "period": period, "banner": beware, "blocks": shown}
    return render("page.html", lang, run=run, who=who, signed=link(f"{who.page}.short") if who else "", **given)


_TO_LIST = re.compile(r'<a data-card=("?[^"/>]+\.records\.(?:csv|xlsx)"?)(?=>)')
"""The name of a list of records in a notebook's part: it lies beside the page."""


def _facts(run: Run, of: Card | None, lang: str) -> Iterator[tuple[str, str]]:
    """Say what stands at the head of a page, of the overview without what is a unit's; the way up leads to the cards above."""
    if of:
        who = of.identity
        if of.hierarchy.above and not who.is_officer:
            names = (_NAMED.format(unit.page, unit.name) for unit in reversed(of.hierarchy.above))
            yield say("card.units.above", lang), Markup(" › ").join(names)
        yield say("card.id", lang), who.unit_id
        yield say("card.level", lang), who.level_label
        yield say("card.class", lang), who.peer_class
    yield say("card.period", lang), period_words(run.period, lang)
    yield say("card.as_of", lang), day(run.manifest["as_of"])
    yield say("card.scheme", lang), run.scheme.version


_NAMED = Markup('<a data-card="{}">{}</a>')


_TO_CARD = re.compile(r'<a (?:href|data-card)="(\.\./(?!\.)[^"/]+/[^"/]+\.html|[^"/]+\.short\.html)"')
_TO_SHORT = re.compile(r'<a (?:href|data-card)="([^"/]+\.short\.html)"')


def link_cards(run_folder: Path) -> None:
    """Link on each card the cards that exist, and no others: which were printed is known only when all are done.

    An officer's links none but the page to sign beside it. A page that other runs share is written anew.
    """
    for path in run_folder.glob("*/*.html"):
        text, known = path.read_text("utf-8"), _TO_SHORT if path.parent.name == OFFICER else _TO_CARD
        if (now := known.sub(partial(_name_or_link, path.parent), text)) != text:
            write_whole(path, now)


def _name_or_link(folder: Path, found: re.Match[str]) -> str:
    there = (folder / unquote(unescape(found[1]))).is_file()
    return f'<a {"href" if there else "data-card"}="{found[1]}"'


def write_assets(folder: str | Path) -> None:
    """Write what all pages of a run share: plotly.min.js, fengqiao.js and fengqiao.css."""
    import plotly.offline  # noqa: PLC0415 - 5 MB of script, needed once a run

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    scripts = files(__package__) / "templates"
    look = script_json(LOOK | {"dark": DARK}, sort_keys=True)
    (target / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), "utf-8")
    script = scripts.joinpath("fengqiao.js").read_text("utf-8").replace("/*LOOK*/ null", look)
    (target / "fengqiao.js").write_text(script, "utf-8")
    (target / "fengqiao.css").write_text(style() + scripts.joinpath("page.css").read_text("utf-8"), "utf-8")
