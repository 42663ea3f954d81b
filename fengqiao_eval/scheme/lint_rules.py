"""The rules of lint as lint.yaml declares them: what to look for, how grave it is, why, on whose authority, what would do."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from fengqiao_eval.documents import Model, read, validate
from fengqiao_eval.errors import refuse
from fengqiao_eval.scheme.indicator import Code, Text

Level = Literal["stop", "warn", "note"]
LEVELS: tuple[Level, ...] = ("stop", "warn", "note")
"""How grave a finding is, the worst first: stop must be dropped or answered for, warn had better be changed, note be known."""

Expression = Annotated[str, AfterValidator(lambda given: re.compile(given, re.IGNORECASE).pattern)]


class Sentence(Model):
    """A sentence in both languages."""

    zh: Text
    en: Text

    def text(self, lang: str, given: Mapping[str, Any] | None = None) -> str:
        """Say it in a language.

        >>> Sentence(zh="共 {n} 项", en="{n} in all").text("en", {"n": 2})
        '2 in all'
        """
        said: str = getattr(self, lang)
        return said.format(**given or {})


class Instrument(Model):
    """A source: its title, its force, and its words. Articles are not numbered, since none could be verified."""

    title: Sentence
    force: Sentence
    words: Sentence


class Rule(Model):
    """One thing to look for: in the words of a line, in its shape, and under which conditions."""

    code: Code
    level: Level
    pattern: Expression = ""
    unless: Expression = ""
    """Words of the line that make it another thing."""
    unless_defined: Expression = ""
    """Words of the line, or of its `why`, that answer the worry."""
    unless_beside: Expression = ""
    """Words of another scored line that answer the worry."""
    shape: Code | None = None
    when: tuple[Code, ...] = ()
    anywhere: bool = False
    """Whether dimensions, groups outside the hundred and grades are read too."""
    instruments: tuple[Code, ...]
    why: Sentence
    suggestion: Sentence


class Catalogue(Model):
    """All of lint.yaml."""

    instruments: dict[Code, Instrument]
    rules: tuple[Rule, ...]


@cache
def catalogue() -> Catalogue:
    """Read lint.yaml once."""
    found, faults = validate(Catalogue, read(Path(__file__).with_name("lint.yaml"), "lint.yaml"))
    refuse(faults)
    assert found is not None  # noqa: S101 - a catalogue that could not be read has faults
    return found


def has(pattern: str, text: str) -> bool:
    """Say whether a text holds what an expression looks for; an empty expression looks for nothing.

    >>> has("破案|clearance", "Clearance rate"), has("", "anything")
    (True, False)
    """
    return bool(pattern) and re.search(pattern, text, re.IGNORECASE) is not None
