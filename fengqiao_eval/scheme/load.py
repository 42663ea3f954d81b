"""Read the one table and its weight overrides, reporting every fault at once."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import Field

from fengqiao_eval.documents import Document, Model, nearest, read, validate
from fengqiao_eval.errors import Fault, UsageError, refuse
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Code, Label, Text, Weight
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of, scored_at, weight_at

PER_CENT = Decimal(100)


class Override(Model):
    """New weights on a scheme in force: whose, why, checked by whom; the scheme itself is never edited."""

    parent: Label
    reason: str = Field(min_length=10)
    author: Text
    checker: Text
    date: date
    weights: dict[Code, Weight] = Field(min_length=1)


def load(path: Path, overrides: Path | None = None, name: str | None = None) -> Scheme:
    """Read a scheme and, where given, its weight override.

    Raises InputError with every fault of both files: unknown keys, sums of weights, unknown levels and codes.
    """
    scheme, faults, document = _read(path, name)
    if scheme and overrides:
        scheme, more = apply(scheme, overrides)
        refuse(faults + more + list(check(scheme, Document(str(overrides), {}, {}))))
    refuse(faults + (list(check(scheme, document)) if scheme else []))
    assert scheme is not None  # noqa: S101 - a scheme that could not be read has faults
    return scheme


def _read(path: Path, name: str | None) -> tuple[Scheme | None, list[Fault], Document]:
    document = read(path, name)
    return *validate(Scheme, document), document


def apply(scheme: Scheme, overrides: Path) -> tuple[Scheme, list[Fault]]:
    """Put the weights of an override file on a scheme; return it with the faults of the file."""
    document = read(overrides)
    override, faults = validate(Override, document)
    if override is None:
        return scheme, faults
    known = [part.code for _, _, part in parts_of(scheme)]
    faults += [
        document.fault(("weights", code), "override.unknown_code", code=code, known=nearest(code, known))
        for code in override.weights
        if code not in known
    ]
    if override.parent != scheme.version:
        faults.append(document.fault(("parent",), "override.parent", given=override.parent, wanted=scheme.version))
    faults += _one_person(override, document)
    return reweigh(scheme, override.weights), faults


def reweigh(scheme: Scheme, weights: Mapping[str, Weight]) -> Scheme:
    """Return the scheme with other weights, by code of dimension or indicator; the rest is untouched."""

    def weighed(part: Any) -> Any:
        update: dict[str, Any] = {"weight": weights.get(part.code, part.weight)}
        if isinstance(part, Dimension):
            update |= {name: tuple(map(weighed, getattr(part, name))) for name in ("dimensions", "indicators")}
        return part.model_copy(update=update)

    return scheme.model_copy(update={"dimensions": tuple(map(weighed, scheme.dimensions))})


def check(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find every fault that a single field cannot show."""
    yield from _one_person(scheme, document)
    yield from _codes(scheme, document)
    yield from _levels(scheme, document)
    yield from _sums(scheme, document)
    yield from _voids(scheme, document)
    grades = [band.at_least for band in scheme.bands]
    if grades != sorted(set(grades), reverse=True):
        yield document.fault(("bands",), "scheme.bands", given=", ".join(map(str, grades)))


def _one_person(signed: Scheme | Override, document: Document) -> list[Fault]:
    return [document.fault(("checker",), "scheme.one_person", given=signed.author)] if signed.author == signed.checker else []


def _codes(scheme: Scheme, document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, _, part in parts_of(scheme):
        if part.code in seen:
            yield document.fault((*place, "code"), "scheme.code_twice", code=part.code)
        seen.add(part.code)


def _levels(scheme: Scheme, document: Document) -> Iterator[Fault]:
    known = set(scheme.levels)
    named: list[tuple[tuple[str | int, ...], str]] = [(("compare_within",), level) for level in scheme.compare_within]
    for place, _, part in parts_of(scheme):
        named += [((*place, "levels"), level) for level in getattr(part, "levels", None) or ()]
        for key in ("weight", "least"):
            if isinstance(by_level := getattr(part, key, None), dict):
                named += [((*place, key), level) for level in by_level if level != "others"]
    for place, level in named:
        if level not in known:
            yield document.fault(place, "scheme.unknown_level", given=level, known=", ".join(scheme.levels))


def _sums(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Check the sums at each level; levels with the same wrong sum are one fault."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for level in scheme.levels:
        for wrong in _sums_at(scheme, level):
            found.setdefault(wrong, []).append(level)
    for (place, rule, what, wanted, given, parts), levels in found.items():
        words = {"what": what, "wanted": wanted, "given": given, "parts": parts, "level": "、".join(levels)}
        yield document.fault(place, rule, **words)


def _sums_at(scheme: Scheme, level: str) -> Iterator[tuple[Any, ...]]:
    """Find wrong sums at a level: of the dimensions, and of the parts of each."""
    top = [d for d in scheme.dimensions if scored_at(d, level)]
    given = sum((weight_at(d.weight, level) for d in top), Decimal(0))
    if given != PER_CENT:
        yield ("dimensions",), "weights.dimensions", "", PER_CENT, given, _plus(top, level)
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension) and (inner := [p for p in part.parts if scored_at(p, level)]):
            wanted = PER_CENT if scheme.weights == "within" else weight_at(part.weight, level)
            given = sum((weight_at(p.weight, level) for p in inner), Decimal(0))
            if given != wanted:
                where = (*place, "dimensions" if part.dimensions else "indicators")
                yield where, "weights.indicators", part.label, wanted, given, _plus(inner, level)


def _plus(parts: Any, level: str) -> str:
    return " + ".join(f"{part.code} {weight_at(part.weight, level)}" for part in parts)


def _voids(scheme: Scheme, document: Document) -> Iterator[Fault]:
    codes = [i.code for i in scheme.indicators]
    for number, void in enumerate(scheme.void):
        if void.indicator not in codes:
            known = nearest(void.indicator, codes)
            yield document.fault(("void", number, "indicator"), "scheme.unknown_code", given=void.indicator, known=known)
        try:
            month = parse(void.period).months == 1
        except UsageError:
            month = False
        if not month:
            yield document.fault(("void", number, "period"), "scheme.void_month", given=void.period)
