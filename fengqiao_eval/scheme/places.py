"""Where all that is counted stands in the document of a scheme, so that a fault can name the line."""

from collections.abc import Iterator
from typing import NamedTuple

from fengqiao_eval.documents import Place
from fengqiao_eval.scheme.indicator import Entry, Indicator
from fengqiao_eval.scheme.model import Scheme, parts_of
from fengqiao_eval.scheme.outside import Consequence


class Placed(NamedTuple):
    """An indicator or a line outside the hundred, with the place where it stands."""

    place: Place
    entry: Indicator | Consequence


def entries_of(scheme: Scheme) -> Iterator[Placed]:
    """Walk all that is counted, in the order of the table: the indicators, then the lines outside the hundred."""
    yield from (Placed(part.place, part.part) for part in parts_of(scheme) if isinstance(part.part, Indicator))
    for number, group in enumerate(scheme.outside):
        yield from (Placed(("outside", number, "lines", row), line) for row, line in enumerate(group.lines))


def codes_of(scheme: Scheme) -> Iterator[tuple[Place, str]]:
    """Walk every code that the scheme gives: of dimensions, indicators, and groups and lines outside the hundred."""
    yield from ((part.place, part.part.code) for part in parts_of(scheme))
    for number, group in enumerate(scheme.outside):
        yield ("outside", number), group.code
        yield from ((("outside", number, "lines", row), line.code) for row, line in enumerate(group.lines))


def levels_of(scheme: Scheme, entry: Entry) -> tuple[str, ...]:
    """Name the levels at which a line is scored."""
    return scheme.levels if entry.levels is None else entry.levels
