"""Which units get a card, and where the notebooks lie that print it."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from fengqiao_eval.errors import UsageError
from fengqiao_eval.records.units import OFFICER

OVERVIEW = "overview.ipynb"


def notebook_of(level: str) -> str:
    """Name the notebook that prints the card of a unit.

    >>> notebook_of("officer"), notebook_of("county")
    ('officer_scorecard.ipynb', 'station_scorecard.ipynb')
    """
    return "officer_scorecard.ipynb" if level == OFFICER else "station_scorecard.ipynb"


def find_notebooks(project: Path, *names: str) -> Path:
    """Find the folder that has some notebooks, by default those of cards: the project's own, else the one beside the package.

    Raises UsageError where they are in neither.
    """
    places = [project / "notebooks", Path(__file__).parents[2] / "notebooks"]
    needed = names or (notebook_of(OFFICER), notebook_of(""))
    found = next((place for place in places if all((place / name).is_file() for name in needed)), None)
    if found is None:
        raise UsageError("no_notebook", given=", ".join(needed), places=", ".join(map(str, dict.fromkeys(places))))
    return found


def chosen(units: pd.DataFrame, levels: Sequence[str], only: Iterable[str] | None) -> list[tuple[str, str]]:
    """List (level, unit) of the cards to print, from the top level down; `ID/` is a unit and all below it.

    Raises UsageError naming ids that are no unit of a scored level, with near ones.
    """
    scored = units[units["level"].isin(levels)]
    level_of = dict(zip(scored["unit_id"], scored["level"].astype(str), strict=True))
    parent_of = dict(zip(units["unit_id"], units["parent_id"], strict=True))
    wanted = set(level_of) if only is None else {unit for given in only for unit in _meant(given, level_of, parent_of)}
    return sorted(((level_of[unit], unit) for unit in wanted), key=lambda pair: (levels.index(pair[0]), pair[1]))


def _meant(given: str, level_of: dict[str, str], parent_of: dict[str, str]) -> Iterator[str]:
    if given in level_of:
        yield given
        return
    top = given.removesuffix("/")
    if top == given or top not in parent_of:
        raise UsageError("only", given=given, known=near(top, level_of))
    yield from (unit for unit in level_of if top in _chain(unit, parent_of))


def _chain(unit: str, parent_of: dict[str, str]) -> Iterator[str]:
    """Walk from a unit to its top; a circle of parents was refused when the records were read."""
    while isinstance(unit, str) and unit:
        yield unit
        unit = parent_of.get(unit, "")


def near(given: str, known: Iterable[str], most: int = 5) -> str:
    """Name the known ids most like the one given, else the first ones."""
    every = sorted(known)
    found = get_close_matches(given, every, most) or every[:most]
    return ", ".join(found) + (" …" if len(every) > len(found) else "")
