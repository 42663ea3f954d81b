"""The tests of a scheme as pandas expressions, each with its words: whoever checks a number can evaluate them by hand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

from fengqiao_eval.scheme.measure import Filter, Test
from fengqiao_eval.wording.rules import Words

COMPARED = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}

UNITS = {"minutes": " * 60", "hours": " * 3600", "days": " * 86400"}


def column_names(columns: Iterable[str]) -> dict[str, str]:
    """Give each column a name that an expression can hold, no two the same; most keep their own.

    >>> column_names(["due_at", "class", "类别（大类）", "类别(大类)"])
    {'due_at': 'due_at', 'class': '_class', '类别（大类）': '类别_大类_', '类别(大类)': '类别_大类__'}
    """
    found: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"\W", "_", normalize("NFKC", column))
        name = name if name.isidentifier() and not iskeyword(name) else f"_{name}"
        while name in found.values():
            name += "_"
        found[column] = name
    return found


def expressions(tests: Filter, words: Words, names: Mapping[str, str]) -> dict[str, str]:
    """Write each test as an expression for DataFrame.eval -> what it says; a row passes where all are true.

    names: of the columns in the frame, see column_names.

    >>> tests = {"class": Test.model_validate({"in": ["A", "B"], "present": True})}
    >>> expressions(tests, Words("duties", "en"), column_names(["class"]))
    {"_class in ['A', 'B']": 'class is A or B', '_class.notna()': 'class is filled'}
    """
    return {_expression(column, one, names): words.tests({column: one}) for column, one in _single_tests(tests)}


def deadlines(tests: Filter, names: Mapping[str, str], as_of: datetime) -> list[str]:
    """Write, for each test with a deadline, the expression that says whether it is still to come at as_of.

    >>> deadlines({"done_at": Test.model_validate({"not_after": "due_at"})}, {"due_at": "due_at"}, datetime(2025, 1, 1))
    ["due_at > '2025-01-01 00:00:00' or (due_at >= '2025-01-01' and due_at == due_at.dt.floor('D'))"]
    """
    ends = [names[test.not_after] for test in tests.values() if test.not_after]
    starts = [(names[test.within.of], test.within.seconds) for test in tests.values() if test.within]
    # a deadline without a time of day ends that day
    found = [f"{end} > '{as_of}' or ({end} >= '{as_of.date()}' and {end} == {end}.dt.floor('D'))" for end in ends]
    return found + [f"{start} > '{as_of - timedelta(seconds=limit)}'" for start, limit in starts]


def in_order(start: str, end: str, *, by_day: bool) -> str:
    """Write the expression that an end is not before its start, or not there; by_day: one without a time of day ends that day.

    >>> in_order("received_at", "arrived_at", by_day=False)
    '~(arrived_at < received_at)'
    """
    return f"~({end} < {start})" + (f" or {end} == {start}.dt.floor('D')" if by_day else "")


def _single_tests(tests: Filter) -> Iterator[tuple[str, Test]]:
    """Part tests that ask several things of a column."""
    for column, test in tests.items():
        for asked in (name for name in Test.model_fields if getattr(test, name) is not None):
            yield column, test.model_copy(update={name: None for name in Test.model_fields if name != asked})


def _expression(column: str, test: Test, names: Mapping[str, str]) -> str:
    cell = names[column]
    for word, values in (("in", test.in_), ("not in", test.not_in)):
        if values is not None:
            return f"{cell} {word} [{', '.join(map(_literal, values))}]"
    if test.present is not None:
        return f"{cell}.{'notna' if test.present else 'isna'}()"
    if test.within is not None:
        limit = next(f"{plain}{unit}" for name, unit in UNITS.items() if (plain := getattr(test.within, name)) is not None)
        start = names[test.within.of]
        passed = f"({cell} - {start}).dt.total_seconds()"
        return f"{passed}.abs() <= {limit}" if test.within.either_side else f"{cell} >= {start} and {passed} <= {limit}"
    if test.not_after is not None:  # a deadline without a time of day ends that day
        return f"{cell} <= {names[test.not_after]} or {cell}.dt.floor('D') == {names[test.not_after]}"
    name, sign = next((name, sign) for name, sign in COMPARED.items() if getattr(test, name) is not None)
    bound: Any = getattr(test, name)
    return f"{cell} {sign} {names[bound] if isinstance(bound, str) else _literal(bound)}"


def _literal(value: Any) -> str:
    """Write a value of the scheme as Python does."""
    return repr(float(value)) if isinstance(value, Decimal) else repr(value)
