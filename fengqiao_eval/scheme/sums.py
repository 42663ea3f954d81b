"""Sums of weights: at every level, of the dimensions and of the parts of each, at any depth, in both styles of weights."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fengqiao_eval.documents import Document
from fengqiao_eval.errors import Fault
from fengqiao_eval.scheme.model import Dimension, Scheme, parts_of, scored_at, weight_at

PER_CENT = Decimal(100)


def sums(scheme: Scheme, document: Document) -> Iterator[Fault]:
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
