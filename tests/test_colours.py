"""The colours of pages and figures: one table, whose text can be read in the light and in the dark."""

import pytest

from fengqiao_eval.pages.colours import COLOURS, DARK, light, notebook_colours, page_colours
from fengqiao_eval.pages.fragments import headline, style
from fengqiao_eval.results.card import card
from fengqiao_eval.results.run import open_run
from runs_fixture import OWN, write
from test_charts import contrast

PAGE, FIGURE = COLOURS["page"], COLOURS["figure"]
GROUNDS = ("paper", "ground", "tint", "head", "warn", "fine")


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("words", ["ink", "text", "quiet", "blue", "red"])
def test_words_are_legible_on_every_ground(theme, words):
    """Whatever stands on paper, ground, heads and banners stands at 4.5:1 or better."""
    poor = {ground for ground in GROUNDS if contrast(PAGE[words][theme], PAGE[ground][theme]) < 4.5}
    assert poor == set()


@pytest.mark.parametrize("theme", [0, 1])
def test_numbers_are_legible_on_every_shade(theme):
    """The numbers of a heat map, and the word of a pressed button, can be read on what is behind them."""
    shades = [pair[theme] for name, pair in PAGE.items() if name.startswith("heat_")]
    assert min(contrast(PAGE["ink"][theme], shade) for shade in shades) >= 4.5
    assert contrast(PAGE["on_blue"][theme], PAGE["blue"][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1])
def test_marks_are_seen_on_paper(theme):
    """Warnings, bars and dots stand at 3:1 or better; yellow has its shape and its word besides."""
    marks = [PAGE["tier_red"], PAGE["tier_blue"], FIGURE["own"], FIGURE["lost"], FIGURE["rest"]]
    assert min(contrast(pair[theme], PAGE["paper"][theme]) for pair in marks) >= 3


def test_a_colour_of_the_light_has_one_of_the_dark():
    """The script finds by a colour of the light what to draw in the dark: none stands for two."""
    pairs = {(one.lower(), other) for one, other in FIGURE.values()}
    assert len({one for one, _ in pairs}) == len(pairs)
    assert all(DARK[one] == other for one, other in pairs)
    assert light("$own") == FIGURE["own"][0]


def test_pages_follow_the_system_and_notebooks_their_theme(tmp_path):
    """A page is dark where the reader's system is; a notebook where it says so itself, in JupyterLab, VS Code and Colab."""
    part = headline(card(open_run(write(tmp_path / "demo")), OWN))._repr_html_()
    assert "prefers-color-scheme:dark" in style()
    assert "prefers-color-scheme" not in part
    assert all(theme in part for theme in ('[data-jp-theme-light="false"] .fq', ".vscode-dark .fq", "html[theme=dark] .fq"))
    assert all("@media screen" in sheet for sheet in (page_colours(), notebook_colours()))
