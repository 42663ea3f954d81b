"""Answers of the public broken down, by answer and by group, with what must be kept back: of a run's page and of its cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER
from fengqiao_eval.publication.suppression import NOBODY, suppress
from fengqiao_eval.results import standings
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.indicator import Aside, Entry, Indicator
from fengqiao_eval.scheme.measure import Coded
from fengqiao_eval.scheme.scheme import Scheme, asks_public, void_months

PRIVATE_LEVELS = ("zone", OFFICER)
"""Levels that are not shown to the public: persons, and the beats by which a person would be known."""


@dataclass(frozen=True)
class UnitAnswers:
    """The answers that count for one unit: how many, and how many of each code; None where that is kept back."""

    answers: int
    cells: tuple[int | None, ...]


@dataclass(frozen=True)
class Breakdown:
    """The answers behind one indicator by what was answered, over all units that are shown.

    words: the answers of each code, from the best. units: by unit_id. few, beside: how many cells are kept back since they are of
    few answers, or since those would follow from them; derivable: how many of the few follow from numerators and denominators.
    """

    indicator: Indicator
    words: tuple[tuple[str, ...], ...]
    units: Mapping[str, UnitAnswers]
    few: int
    beside: int
    derivable: int


def levels_shown(run: Run) -> tuple[str, ...]:
    """Name the levels of a run that are shown to the public, from the top."""
    return tuple(level for level in standings.levels(run) if level not in PRIVATE_LEVELS)


def read_breakdowns(run: Run) -> tuple[tuple[Breakdown, ...], tuple[Indicator, ...]]:
    """Break down the answers that a run counted, those behind several indicators once; then the indicators that cannot be.

    Where indicators count the same answers in different ways, each tells what another keeps back: then none is broken down.
    """
    if standings.frame(run, "answers").empty:  # of before they were counted, or without anybody's answers
        return (), ()
    coded = [i for i in run.scheme.indicators if isinstance(i.measure, Coded) and asks_public(i)]
    asked = [entry for entry in run.scheme.entries if asks_public(entry)]
    apart = [i for i in coded if not any(_tells(run.scheme, entry, i) for entry in asked)]
    first = {i.measure.model_dump_json(): i for i in reversed(apart)}
    shown = [i for i in apart if i in first.values()]
    return tuple(_breakdown(run, i) for i in shown), tuple(i for i in coded if i not in apart)


def _tells(scheme: Scheme, entry: Entry, indicator: Indicator) -> bool:
    """Say whether the numbers of an entry tell how answers of an indicator were, in another way than its own numbers do."""
    own: Any = indicator.measure
    measure: Any = entry.measure
    alike = measure == own and void_months(scheme, entry.code) == void_months(scheme, indicator.code)
    return own.column in measure.columns and not alike


def _breakdown(run: Run, indicator: Indicator) -> Breakdown:
    measure, levels = indicator.measure, levels_shown(run)
    assert isinstance(measure, Coded)  # noqa: S101 - see read_breakdowns
    listed = standings.frame(run, "units").merge(standings.frame(run, "ranks")[["unit_id"]], on="unit_id")
    units = listed[listed["level"].isin(levels)]
    codes = sorted(set(measure.values.values()), reverse=indicator.direction == "higher")  # noqa: PD011 - a field
    frame = standings.frame(run, "answers")
    held = frame[frame["indicator"] == indicator.code].pivot(index="unit_id", columns="code", values="answers")
    ids = [unit for unit in units["unit_id"] if unit in held.index]
    counts = held.reindex(index=ids, columns=list(map(float, codes))).fillna(0).to_numpy("int64").reshape(len(ids), len(codes))
    printed = ([Fraction(1)] * len(codes), [Fraction(code) for code in codes])
    above = _rows_above(ids, dict(zip(listed["unit_id"], listed["parent_id"], strict=True)))
    found, few = suppress(counts, above, printed, run.scheme.least_cell), counts < run.scheme.least_cell
    words = tuple(tuple(word for word, own in measure.values.items() if own == code) for code in codes)  # noqa: PD011 - a field
    each = {
        unit: UnitAnswers(int(row.sum()), tuple(None if kept else int(n) for n, kept in zip(row, mask, strict=True)))
        for unit, row, mask in zip(ids, counts, found.hidden, strict=True)
    }
    hidden, both = int(found.hidden.sum()), int((found.hidden & few).sum())
    return Breakdown(indicator, words, each, both, hidden - both, int(found.derivable.sum()))


def _rows_above(ids: Sequence[str], parents: Mapping[str, str]) -> list[int]:
    """Give the number of the unit that stands next above each unit, of those that are there."""
    rows = {unit: row for row, unit in enumerate(ids)}

    def row_above(unit: str) -> int:
        seen: set[str] = set()
        while (unit := parents.get(unit, "")) and unit not in rows and unit not in seen:
            seen.add(unit)
        return rows.get(unit, NOBODY)

    return [row_above(unit) for unit in ids]


# Counts beside an indicator


def mark_asides(asides: pd.DataFrame, points: pd.DataFrame, units: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Mark the counts beside indicators that tell answers of few, by group or by answer, in a column `hidden`.

    asides, points, units: the frames of a scoring, officers among them; a person's counts are a table of their own. A frame
    without such counts comes back as it is: how many answered at all breaks nothing down.
    """
    hidden = pd.Series(np.zeros(len(asides), bool), asides.index)
    for entry in filter(asks_public, scheme.entries):
        own = asides[asides["indicator"] == entry.code]
        groups = [own["aside"].str.startswith("split:")] if entry.split else []
        groups += [own["aside"] == aside.code for aside in entry.beside if _breaks_down(aside)]
        for number, mark in enumerate(groups):
            split = number == 0 and entry.split is not None
            for _, part in own[mark].groupby("period", observed=True):
                hidden[part.index] = _hidden(part, points if split else None, units, scheme.least_cell)
    return asides.assign(hidden=hidden) if any(map(_is_told, filter(asks_public, scheme.entries))) else asides


def _is_told(entry: Entry) -> bool:
    return entry.split is not None or any(map(_breaks_down, entry.beside))


def _breaks_down(aside: Aside) -> bool:
    """Say whether a count is of some answers or groups; whether somebody answered is none."""
    tests = (*aside.where.values(), *(aside.met or {}).values())
    return any(test.model_fields_set != {"present"} for test in tests)


def _hidden(part: pd.DataFrame, points: pd.DataFrame | None, units: pd.DataFrame, least: int) -> pd.Series:
    """Say of the asides of one period that make a table together which are kept back; points: where the sums of a split stand."""
    numbers = part["denominator"].fillna(part["numerator"])
    if points is None and part["denominator"].notna().any():  # of so many in all: those that meet the test, and those that do not
        met = pd.DataFrame({"met": part["numerator"], "rest": part["denominator"] - part["numerator"]}).set_axis(part["unit_id"])
        return pd.Series(_hidden_rows(met, units, least, told=True, empty=True).any(axis=1), part.index)
    cells = part.assign(answers=numbers).pivot(index="unit_id", columns="aside", values="answers").fillna(0)
    if told := points is not None:
        of = points[(points["indicator"] == part["indicator"].iloc[0]) & (points["period"] == part["period"].iloc[0])]
        whole = of.set_index(of["unit_id"].astype(str))["n"].reindex(cells.index)
        told = bool(whole.notna().all())
        cells = cells.assign(rest_=(whole - cells.sum(axis=1)).fillna(0).clip(lower=0))  # of words without a label
    found = pd.DataFrame(_hidden_rows(cells, units, least, told=told, empty=False), cells.index, cells.columns)
    places = found.index.get_indexer(part["unit_id"]), found.columns.get_indexer(part["aside"])
    return pd.Series(found.to_numpy()[places], part.index)


def _hidden_rows(cells: pd.DataFrame, units: pd.DataFrame, least: int, *, told: bool, empty: bool) -> np.ndarray:
    """Keep back cells of a table by unit; told: whether the sum of each row is printed. Shares of persons count as whole."""
    persons = set(units.loc[units["level"] == OFFICER, "unit_id"])
    parents = {unit: parent for unit, parent in zip(units["unit_id"], units["parent_id"], strict=True) if unit not in persons}
    counts = np.ceil(cells.to_numpy("float64")).astype("int64")
    printed = ([Fraction(1)] * counts.shape[1],) if told else ()
    return suppress(counts, _rows_above(list(map(str, cells.index)), parents), printed, least, empty=empty).hidden
