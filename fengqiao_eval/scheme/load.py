"""Read the one table and its weight overrides, reporting every fault at once; a table to start from, and what is blank in it."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from fengqiao_eval.documents import Document, Model, add_faults, read, suggest, validate
from fengqiao_eval.errors import Fault, refuse
from fengqiao_eval.files import to_path
from fengqiao_eval.scheme.indicator import Code, Label, Text, Weight
from fengqiao_eval.scheme.scheme import Dimension, Scheme, parts_of
from fengqiao_eval.scheme.validation import check, check_persons
from fengqiao_eval.words import LANGUAGES, say

EXAMPLE = Path(__file__).parents[2] / "params" / "one_table.yaml"
"""The table of the invented province, from which a new one takes its indicators, limits and weights."""

BLANKS = ("title", "sources", "author", "checker")
"""What a new table leaves to be filled in."""

OWN = (*BLANKS, "title_en", "version", "decided_on", "void", "justified", "judgements")
"""What is the example's own: its name, who stands for it, and what happened to it."""


class Affected(Model):
    """Whom new weights affect, at the level and in the period on which they were tried."""

    level: Text
    period: Label
    units: int
    moved: int
    farthest: int
    """The most places that a unit rises or falls."""
    regraded: int
    """How many totals cross the line of a grade."""
    enter: tuple[str, ...] | int
    """Who comes to be named for an award; of officers only how many."""
    leave: tuple[str, ...] | int
    """Who is no longer named for an award; of officers only how many."""


class Override(Model):
    """New weights on a scheme in force: whose, why, checked by whom; the scheme itself is never edited."""

    parent: Label
    reason: str = Field(min_length=10)
    author: Text
    checker: Text
    date: date
    weights: dict[Code, Weight] = Field(min_length=1)
    records_fingerprint: str = ""
    """Of the records on which the weights were tried (SHA-256)."""
    summary: Affected | None = None


def load(path: str | Path, overrides: str | Path | None = None, name: str | None = None) -> Scheme:
    """Read a scheme and, where given, its weight override.

    Raises InputError with every fault of both files: unknown keys, sums of weights, unknown names, rules that contradict
    themselves; UsageError where a path is none.
    """
    scheme, faults = read_scheme(to_path(path), None if overrides is None else to_path(overrides), name)
    refuse(faults)
    assert scheme is not None  # noqa: S101 - a scheme that could not be read has faults
    return scheme


def read_scheme(path: Path, overrides: Path | None = None, name: str | None = None) -> tuple[Scheme | None, list[Fault]]:
    """Read a scheme as `load` does; return it (None where it cannot be read at all) and every fault.

    Raises InputError for a file that is not there or no YAML.
    """
    document = read(path, name)
    scheme, faults = validate(Scheme, document)
    faults += check(scheme, document) if scheme else []
    if scheme and overrides:
        scheme, more = apply_override(scheme, read(overrides))
        faults = add_faults(faults + more, check(scheme, Document(str(overrides), {}, {})))
    return scheme, faults


def apply_override(scheme: Scheme, document: Document) -> tuple[Scheme, list[Fault]]:
    """Put the weights of an override on a scheme; return it with the faults of the document."""
    override, faults = validate(Override, document)
    if override is None:
        return scheme, faults
    known = [part.code for _, _, part in parts_of(scheme)]
    for code in override.weights:
        if code not in known:
            faults.append(document.fault(("weights", code), "override.unknown_code", code=code, known=suggest(code, known)))
    if override.parent != scheme.version:
        faults.append(document.fault(("parent",), "override.parent", given=override.parent, wanted=scheme.version))
    faults += check_persons(override.author, override.checker, document)
    return reweigh(scheme, override.weights), faults


def reweigh(scheme: Scheme, weights: Mapping[str, Weight]) -> Scheme:
    """Return the scheme with other weights, by code of dimension or indicator; the rest is untouched."""

    def weighed(part: Any) -> Any:
        update: dict[str, Any] = {"weight": weights.get(part.code, part.weight)}
        if isinstance(part, Dimension):
            update |= {name: tuple(map(weighed, getattr(part, name))) for name in ("dimensions", "indicators")}
        return part.model_copy(update=update)

    return scheme.model_copy(update={"dimensions": tuple(map(weighed, scheme.dimensions))})


# A table to start from


def blank_scheme(lang: str) -> str:
    """Write a table to start from, as YAML: the example's indicators, limits and weights, with nothing that is its own.

    Raises InputError where the example is not beside the package.
    """
    read(EXAMPLE)
    own = "|".join(OWN)
    rest = re.sub(rf"(?m)^(?:(?:{own}):.*\n(?:[ -].*\n)*|#.*\n)", "", EXAMPLE.read_text("utf-8"))
    title, sources, author, checker = (json.dumps(say(f"new.{key}", lang), ensure_ascii=False) for key in BLANKS)
    head = f'title: {title}\nversion: "1"\nsources:\n  - {sources}\nauthor: {author}\nchecker: {checker}\n'
    return f"# {say('new.head', lang)}\n{head}{rest}"


def blanks(scheme: Scheme) -> tuple[str, ...]:
    """Name what is still to be filled in."""
    marks = tuple(say("new.mark", lang) for lang in LANGUAGES)
    texts = {"title": (scheme.title,), "sources": scheme.sources, "author": (scheme.author,), "checker": (scheme.checker,)}
    return tuple(key for key in BLANKS if any(text.startswith(marks) for text in texts[key]))
