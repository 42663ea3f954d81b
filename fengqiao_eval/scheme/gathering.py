"""How points gather: limits of dimensions and of groups outside the hundred, geometric means, full marks, longer periods."""

from collections.abc import Iterator
from decimal import Decimal

from fengqiao_eval.documents import Document, Place
from fengqiao_eval.errors import Fault
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.model import Dimension, Scheme, base_marks, parts_of

Parts = tuple[Dimension, ...] | tuple[Indicator, ...]
MEANS = (("month",), ("quarter",), ("month", "quarter"))
"""Of what the total of a longer period may be the mean."""


def gathering(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Find faults in how points gather above the single line."""
    yield from _full_marks(scheme, document)
    yield from _longer(scheme, document)
    yield from _bands(scheme, document)
    yield from _dimensions(scheme, document)
    yield from _outside(scheme, document)
    yield from _zeros(scheme, document)


def _full_marks(scheme: Scheme, document: Document) -> Iterator[Fault]:
    if isinstance(scheme.full_marks, dict) and "others" not in scheme.full_marks:
        yield document.fault(("full_marks",), "scheme.full_marks_others", given="、".join(scheme.full_marks))


def _longer(scheme: Scheme, document: Document) -> Iterator[Fault]:
    if scheme.mean_of not in MEANS:
        yield document.fault(("mean_of",), "scheme.mean_of", given=", ".join(scheme.mean_of))
    if "mean_of" in scheme.model_fields_set and scheme.longer_period != "mean_of_totals":
        yield document.fault(("mean_of",), "scheme.mean_of_what", given=scheme.longer_period)


def _bands(scheme: Scheme, document: Document) -> Iterator[Fault]:
    grades = [band.at_least for band in scheme.bands]
    if grades != sorted(set(grades), reverse=True):
        yield document.fault(("bands",), "scheme.bands", given=", ".join(map(str, grades)))


def _dimensions(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """The points of a dimension lie within 0 and full marks as they are; limits beyond that, or without room, are slips."""
    full = base_marks(scheme)
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension):
            for key, limit in (("floor", part.floor), ("cap", part.cap)):
                if limit is not None and not 0 <= limit <= full:
                    yield document.fault((*place, key), "dimension.limits", key=key, given=limit, full=full)
            floor, cap = part.floor or 0, full if part.cap is None else part.cap
            if 0 <= cap <= floor <= full:
                yield document.fault(place, "points.no_room", floor=floor, cap=cap)


def _outside(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """Where nothing happened nothing is added or deducted, so 0 lies within the limits of a group, and something beside it."""
    for number, group in enumerate(scheme.outside):
        floor, cap = group.floor, group.cap
        if (floor is not None and floor > 0) or (cap is not None and cap < 0):
            yield document.fault(("outside", number), "outside.limits", floor=_said(floor), cap=_said(cap))
        elif floor == cap == 0:
            yield document.fault(("outside", number), "points.no_room", floor=floor, cap=cap)


def _said(limit: Decimal | int | None) -> str:
    return "—" if limit is None else str(limit)


def _zeros(scheme: Scheme, document: Document) -> Iterator[Fault]:
    """One 0 makes a geometric mean 0, whatever the rest: what could be 0 has no place in one."""
    found = {fault: label for place, parts, label in _geometric(scheme) for fault in _could_be_zero(parts, place)}
    for (place, rule), label in found.items():
        yield document.fault(place, rule, what=label)


def _geometric(scheme: Scheme) -> Iterator[tuple[Place, Parts, str]]:
    """Walk the geometric means: where the parts stand, the parts, and the name of the whole."""
    if scheme.aggregation == "geometric":
        yield ("dimensions",), scheme.dimensions, scheme.title
    for place, _, part in parts_of(scheme):
        if isinstance(part, Dimension) and part.aggregation == "geometric":
            yield (*place, _key(part)), part.parts, part.label


def _could_be_zero(parts: Parts, place: Place) -> Iterator[tuple[Place, str]]:
    """Name what could be 0: points without a floor above 0, missing as 0; a floor of a dimension saves what is in it."""
    each: tuple[Dimension | Indicator, ...] = parts
    for number, part in enumerate(each):
        here = (*place, number)
        if isinstance(part, Indicator):
            yield from _zero_points(part, here)
        elif not (part.floor and part.floor > 0):
            yield from _could_be_zero(part.parts, (*here, _key(part)))


def _zero_points(indicator: Indicator, place: Place) -> Iterator[tuple[Place, str]]:
    floor = indicator.points.floor
    if floor is None or isinstance(floor, str) or floor <= 0:
        yield (*place, "points"), "geometric.floor"
    if indicator.missing == "zero":
        yield (*place, "missing"), "geometric.missing"


def _key(dimension: Dimension) -> str:
    return "dimensions" if dimension.dimensions else "indicators"
