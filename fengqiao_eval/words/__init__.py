"""Every fixed sentence of the product, in Chinese and English side by side: one catalogue for pages, errors and commands.

And text for other readers than the eye: how wide it is in columns, and as JSON that a script of a page reads.
"""

import json
import os
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from wcwidth import wcwidth

LANGUAGES = ("zh", "en")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The quicker of YAML's own loaders, for files of ours."""
LONGEST = 40
"""No more of what somebody wrote is quoted."""
_MARKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Read the whole catalogue once: key -> {language: sentence}."""
    texts = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {key: words for f in texts for key, words in yaml.load(f.read_text("utf-8"), LOADER).items()}  # noqa: S506 - both loaders are safe


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


def quote(text: str) -> str:
    r"""Put what somebody wrote in quotes, so that blanks at its ends are seen; what would not be seen at all is spelled out.

    >>> quote(" 18"), quote("a\t\u202e")
    ('“ 18”', '“a\\t\\u202e”')
    """
    return f"“{visible(text[:LONGEST])}{'…' if len(text) > LONGEST else ''}”"


def visible(text: str) -> str:
    r"""Spell out what is not seen or moves the cursor, and what no encoding can write.

    >>> visible("a\x1b[2J\udcce")
    'a\\x1b[2J\\udcce'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def text_width(text: str) -> int:
    r"""Give the width of a text on paper or console, of its longest line; a Chinese character is as wide as two.

    >>> text_width("派出所\nS1")
    6
    """
    return max(sum(map(character_width, line)) for line in text.split("\n"))


def character_width(character: str) -> int:
    """Say how many columns a character takes: two where it is as wide as a Chinese one, none where it joins the one before.

    >>> character_width("a"), character_width("单")
    (1, 2)
    """
    return max(wcwidth(character), 0)


def script_json(data: Any, *, separators: tuple[str, str] = (",", ":"), sort_keys: bool = False) -> str:
    r"""Write JSON that may stand inside a script element: no text in it can end the script.

    >>> script_json(["</script>", 1])
    '["\\u003c/script\\u003e",1]'
    """
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=separators, sort_keys=sort_keys)
    return written.translate(_MARKS)
