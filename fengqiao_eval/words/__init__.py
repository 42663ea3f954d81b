"""Every fixed sentence of the product, in Chinese and English side by side: one catalogue for pages, errors and commands.

And text for other readers than the eye: how wide it is in columns, and as JSON that a script of a page reads.
"""

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
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
HALF = re.compile("[\ud800-\udfff]")
"""Half a character: in a file name, a byte that is no UTF-8; no file of text may hold one."""
_MARKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<&\u2028\u2029"}


_NOUNS = (
    *("answers", "awards", "bytes", "cards", "cases", "cells", "characters", "codes", "columns", "days", "figures", "files"),
    *("findings", "folders", "groups", "grades", "households", "hours", "ids", "indicators", "lines", "minutes", "months"),
    *("moves", "names", "notes", "notices", "numbers", "officers", "periods", "persons", "places", "points", "postings"),
    *("records", "rows", "shares", "spellings", "sums", "tables", "times", "units", "values", "weights", "words", "years"),
)
"""What is counted in English sentences: behind a number that is one it loses its s."""
_VERBS = {"are": "is", "were": "was", "have": "has", "do": "does", "carry": "carries", "pass": "passes"} | {
    verb: f"{verb}s"
    for verb in (
        *(
            "begin",
            "change",
            "count",
            "differ",
            "enter",
            "equal",
            "fit",
            "hold",
            "lack",
            "leave",
            "lie",
            "look",
            "name",
            "overlap",
        ),
        *("repeat", "rest", "stand"),
    )
}
"""What is said of it, in the plural and in the singular."""
_COUNTED = re.compile(
    rf"(?P<slot>\{{\w+\}}) (?P<noun>{'|'.join(_NOUNS)})\b"
    rf"(?:(?P<which>(?: (?:of|in|for|to|under|without) [^,;:.()]*?)?(?: \([^)]*\))?) (?P<verb>{'|'.join(_VERBS)})\b"
    rf"(?P<more>[^;:.]*?,? and (?P<second>{'|'.join(_VERBS)})\b)?)?"
)
"""A number, what it counts, which of these, and what is said of them, once or twice."""


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
    words = sentence(key, lang or language(), given)
    said = words.format(**given)
    if HALF.search(said):
        return words.format(**{name: readable(str(value)) if HALF.search(str(value)) else value for name, value in given.items()})
    return said


def sentence(key: str, lang: str, given: Mapping[str, Any]) -> str:
    """Find a sentence with its slots; in English what is counted there is put in the singular where it is one.

    >>> sentence("card.lost.count", "en", {"n": 1}), sentence("card.lost.count", "en", {"n": 21})
    ('{n} record', '{n} records')
    >>> sentence("note.equal_rows", "en", {"table": "cases", "count": 1})
    '{count} row of {table} equals another in every column and counts once'
    >>> sentence("fault.records.period", "en", {"count": 2, "row_ids": "A1, A2"})
    '{count} periods are not understood (ids {row_ids}); write 2024, 2024Q4 or 2024-11'
    """
    words = _name_rows(catalogue()[key][lang], lang, given)
    if lang != "en" or not any(str(number) == "1" for number in given.values()):
        return words
    return _COUNTED.sub(lambda found: _singular(found) if str(given.get(found["slot"][1:-1])) == "1" else found[0], words)


def _name_rows(words: str, lang: str, given: Mapping[str, Any]) -> str:
    """Put ids, or what finds rows that have none, in the place of the numbers of rows, where it is these that are given."""
    named = [slot for slot in ("row_ids", "row_where") if slot in given]
    for form in ("number", "look") if named else ():
        said = catalogue()["called.between"][lang].join(catalogue()[f"called.{form}.{slot}"][lang] for slot in named)
        words = words.replace(catalogue()[f"called.{form}.rows"][lang], said)
    return words


def _singular(found: re.Match[str]) -> str:
    counted, verb, more, second = f"{found['slot']} {found['noun'][:-1]}", found["verb"], found["more"] or "", found["second"]
    said = f"{counted}{found['which']} {_VERBS[verb]}" if verb else counted
    return said + (more.removesuffix(second) + _VERBS[second] if second else "")


def write_halves(text: str) -> str:
    r"""Write half characters as Python and JSON do, so that a file of text can hold them and a program reads them back.

    >>> write_halves("项\udccf")
    '项\\udccf'
    """
    return HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def read_halves(text: str) -> str:
    """Read half characters as `write_halves` writes them."""
    return re.sub(r"\\u(d[89a-f][0-9a-f]{2})", lambda half: chr(int(half[1], 16)), text)


def readable(path: str) -> str:
    r"""Read each name in a path whose bytes are no UTF-8 as what it was most likely written in, GBK; else write its halves.

    >>> readable("记录/\udccf\udcee\udcc4\udcbf"), readable("a\udcff")
    ('记录/项目', 'a\\udcff')
    """
    return "/".join(_read_name(name) if HALF.search(name) else name for name in path.split("/"))


def _read_name(name: str) -> str:
    with suppress(UnicodeError):
        return name.encode("utf-8", "surrogateescape").decode("gb18030")
    return write_halves(name)


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


def console_text(text: str) -> str:
    r"""Spell out in lines for a console what is not seen or moves the cursor there; blanks and ends of lines stay.

    >>> console_text("甲\n\x1b[2J\u202e乙")
    '甲\n\\x1b[2J\\u202e乙'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign == "\n" or unicodedata.category(sign) == "Zs" else visible(sign) for sign in text)


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
    r"""Write JSON that may stand inside a script element: without a < no text in it can end the script or begin a comment.

    >>> script_json(["</script>", 1])
    '["\\u003c/script>",1]'
    """
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=separators, sort_keys=sort_keys)
    return written.translate(_MARKS)
