"""Every fixed sentence of the product, in Chinese and English side by side: one catalogue for pages, errors and commands."""

import os
from functools import cache
from importlib.resources import files
from typing import Any
from unicodedata import east_asian_width

import yaml

LANGUAGES = ("zh", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Read the whole catalogue once: key -> {language: sentence}."""
    texts = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {key: words for f in texts for key, words in yaml.load(f.read_text("utf-8"), loader).items()}  # noqa: S506 - both loaders are safe


def language() -> str:
    """Name the language of messages that belong to no run: FENGQIAO_LANG, else Chinese."""
    given = os.environ.get("FENGQIAO_LANG", "zh")
    return given if given in LANGUAGES else "zh"


def say(key: str, lang: str | None = None, /, **given: Any) -> str:
    """Say one sentence of the catalogue.

    >>> say("status.too_few", "zh"), say("status.too_few", "en")
    ('样本过少', 'too few')
    """
    return catalogue()[key][lang or language()].format(**given)


def text_width(text: str) -> int:
    r"""Give the width of a text on paper or console, of its longest line; a Chinese character is as wide as two.

    >>> text_width("派出所\nS1")
    6
    """
    return max(sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line) for line in text.split("\n"))
