"""What decides of a record: the cells that a measure tests or adds up, whether each test holds, as one short text a row.

The text is data, for words are made of it in the reader's language (wording.reasons). It holds moments, numbers, yes and no, and
words that the scheme itself or the design names; of any other text only that it is something else, of persons nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.records import query
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.query import Cell
from fengqiao_eval.records.tables import PERSONS, TABLES
from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.measure import Coded, Distinct, Filter, Ratio, Share, Test
from fengqiao_eval.scheme.scheme import Scheme

PART, CELL, HIDDEN = "\x1e", "\x1f", "*"
"""What stands between parts of a text, between the cells of a part, and for a word that is not shown.

A part begins with + or -, whether the test holds, and the number of what it is about (see facts); without a sign it is no test.
"""

Fact = tuple[str, Test | None]
"""What decides: a column and the one thing that is asked of it; no test where its number is added up."""

NamedWords = Mapping[tuple[str, str], frozenset[str]]
"""The words that may be shown, by table and column."""


def facts(entry: Entry) -> tuple[Fact, ...]:
    """List what decides whether a record counts above the line, or how much: single tests, else what is added up.

    A count has no column: what its record is worth is one number.
    """
    measure: Any = entry.measure
    if isinstance(measure, (Share, Distinct)):
        return tuple(single_tests(measure.met))
    if isinstance(measure, Ratio):
        return (measure.numerator, None), (measure.denominator, None)
    return ((measure.column if isinstance(measure, Coded) else "", None),)


def single_tests(tests: Filter) -> Iterator[tuple[str, Test]]:
    """Part tests that ask several things of a column.

    >>> tests = {"score": Test.model_validate({"at_least": 1, "below": 3})}
    >>> [(column, test.at_least, test.below) for column, test in single_tests(tests)]
    [('score', 1, None), ('score', None, 3)]
    """
    for column, test in tests.items():
        for asked in (name for name in Test.model_fields if getattr(test, name) is not None):
            yield column, test.model_copy(update={name: None for name in Test.model_fields if name != asked})


def shown_words(scheme: Scheme) -> NamedWords:
    """Gather the words that a scheme names in tests and codes, and those that the design declares, by table and column."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in scheme.entries:
        measure: Any = entry.measure
        coded = {measure.column: measure.values} if isinstance(measure, Coded) else {}  # noqa: PD011 - a field of the measure
        listed = [
            (column, (*(test.in_ or ()), *(test.not_in or ()))) for tests in _filters(measure) for column, test in tests.items()
        ]
        for column, words in (*listed, *coded.items()):
            found.setdefault((measure.table, column), set()).update(map(str, words))
    for table in TABLES.values():
        for declared in table.columns:
            found.setdefault((table.name, declared.name), set()).update(declared.words)
    return {
        (table, column): frozenset(word for word in words if word != HIDDEN and not {PART, CELL} & {*word})
        for (table, column), words in found.items()
        if column not in (*PERSONS, "subject_id") and not is_of_citizens(column, TABLES[table])
    }


def _filters(measure: Any) -> Iterator[Filter]:
    yield from (getattr(measure, name) for name in ("where", "met") if hasattr(measure, name))
    for part in (*getattr(measure, "worth", ()), *getattr(measure, "times", ())):
        yield part.where


def cells(rows: Any, entry: Entry, above: Cell, words: NamedWords, name: str) -> dict[str, Cell]:
    """Give the columns of which texts are made, by names that begin with `name`; above: what each row adds above the line."""
    measure: Any = entry.measure
    found: dict[str, Cell] = {}
    for number, (column, test) in enumerate(facts(entry)):
        values = [above.cast("float64")]
        if test is not None:
            found[f"{name}_{number}_held_"] = query.is_so(query.passes(rows, {column: test}))
            values = _test_cells(rows, column, test, measure.table, words)
        elif column:
            values = [_shown_cell(rows, column, measure.table, words)]
        found |= {f"{name}_{number}_{place}_": cell for place, cell in enumerate(values)}
    return found


def _test_cells(rows: Any, column: str, test: Test, table: str, words: NamedWords) -> list[Cell]:
    """Give the cells that a test looks at: of a time limit the seconds that passed."""
    if test.present is not None:
        return []
    if test.within is not None:
        return [query.seconds_between(rows, test.within.of, column).cast("float64")]
    return [_shown_cell(rows, each, table, words) for each in (column, *test.columns)]


def _shown_cell(rows: Any, column: str, table: str, words: NamedWords) -> Cell:
    """Give a cell that may be shown: a moment, a number, yes or no; of texts the words that are named."""
    cell = rows[column]
    kind = cell.type()
    if kind.is_temporal() or kind.is_numeric():
        return cell.cast("timestamp" if kind.is_temporal() else "float64")
    text, hidden = cell.cast("string"), query.constant(HIDDEN, "string")
    named = {"true", "false"} if kind.is_boolean() else words.get((table, column), frozenset())
    seen = text.isin(sorted(named)).ifelse(text, hidden) if named else hidden
    return text.notnull().ifelse(seen, query.constant(None, "string"))


def texts(found: pd.DataFrame, entry: Entry, name: str) -> np.ndarray:
    """Write each row's text of the columns of `cells`: where all tests hold all of them, else those that do not."""
    every, held = [], []
    for number, (_, test) in enumerate(facts(entry)):
        columns = [f"{name}_{number}_{place}_" for place in range(2) if f"{name}_{number}_{place}_" in found]
        every.append(reduce(add, [CELL + _spell(found[column]) for column in columns], np.full(len(found), str(number), object)))
        if test is not None:
            held.append(found[f"{name}_{number}_held_"].to_numpy(bool))
    if not held:
        return _join(every)
    whole = np.logical_and.reduce(held)
    return np.where(whole, _join([_with_sign(part, "+") for part in every]), _failing(every, held))


def _with_sign(part: np.ndarray, sign: str) -> np.ndarray:
    """Put a sign before each text."""
    return np.array([f"{sign}{text}" for text in part], dtype=object)


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    first, *others = parts
    return reduce(lambda one, other: one + PART + other, others, first)


def _failing(parts: Sequence[np.ndarray], held: Sequence[np.ndarray]) -> np.ndarray:
    """Join of each row the parts of which the test does not hold."""
    signed = [np.where(holds, "", _with_sign(part, "-")) for part, holds in zip(parts, held, strict=True)]
    if len(signed) == 1:
        return signed[0]
    return np.array([PART.join(filter(None, row)) for row in zip(*signed, strict=True)], dtype=object)


def _spell(cells: pd.Series) -> np.ndarray:
    """Write cells as texts, empty where they are; each different one once."""
    codes, found = pd.factorize(cells)
    return np.array([*map(_write, found), ""], dtype=object)[codes]


def _write(cell: Any) -> str:
    """Write a moment to the minute, a midnight as a day, a number without idle zeros.

    >>> _write(pd.Timestamp("2024-11-05 08:30")), _write(pd.Timestamp("2024-11-05")), _write(22.50), _write("red")
    ('2024-11-05 08:30', '2024-11-05', '22.5', 'red')
    """
    if isinstance(cell, pd.Timestamp):
        return cell.isoformat(" ", "minutes").removesuffix(" 00:00")
    return f"{cell:.6f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)
