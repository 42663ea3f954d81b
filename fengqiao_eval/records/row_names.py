"""How faults name rows: by their numbers in a file, and by their ids in a database, whose rows have no order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fengqiao_eval.identities import look
from fengqiao_eval.records.identifiers import show_unknown
from fengqiao_eval.records.query import FILE, fetch, row_number
from fengqiao_eval.records.tables import Table
from fengqiao_eval.words import LONGEST, visible

FIRST_ROWS = 5
"""As many rows, cells or ids of what is wrong are named in a fault."""
IDS: Mapping[str, tuple[str, ...]] = {
    "postings": ("unit_id", "from_date"),  # of a person nothing is told here
    "credits": ("table", "record_id"),
    "figures": ("unit_id", "indicator", "period"),
}
"""By what a row is known in the tables that have no id."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].{0,20})?")
_PLAIN_NAME = re.compile(r"(?!table$|class$)[^\W\dA-Z]\w*")
"""A name of a column that SQL takes without quotes."""


def ids_of(table: Table) -> tuple[str, ...]:
    """Name the columns by which a row of a table is known."""
    return IDS.get(table.name, (table.key,))


@dataclass(frozen=True)
class RowNames:
    """What the rows of a source are called in faults.

    numbers: the rows of a sheet; of none the heading is row 1. ordered: whether rows have numbers at all, as those of a file do.
    written: what columns are called in the source, by their names here.
    """

    numbers: Sequence[int] = ()
    ordered: bool = True
    written: Mapping[str, str] = field(default_factory=dict)

    def number(self, row: int) -> int:
        """Give the row of the sheet where those are known, else the row as counted.

        >>> RowNames((4, 5, 7)).number(2), RowNames().number(2)
        (4, 2)
        """
        return self.numbers[row - 2] if self.numbers else row

    def locate(self, rows: Any, wrong: Any, table: Table, cell: Any | None = None) -> dict[str, str]:
        """Say where the first rows are of which something is wrong, as slots of a sentence (see words.sentence).

        cell: what stands there, of which the look is shown beside each row.
        """
        shown = {} if cell is None else {"shown_": cell.cast("string")}
        if self.ordered:
            found = rows.mutate(wrong_=wrong, row_=row_number(), **shown)
            first = fetch(found.filter(found.wrong_).order_by("row_").limit(FIRST_ROWS), ["row_", *shown])
            return {"rows": _list([str(self.number(int(row))) for row in first["row_"]], first.get("shown_"))}
        names = [name for name in dict.fromkeys([*ids_of(table), "unit_id", table.own_date]) if name in rows.columns]
        cells = {f"at_{n}": rows[name].cast("string") for n, name in enumerate(names)}
        found = rows.select(**cells, **shown, wrong_=wrong)
        found = found.filter(found.wrong_).drop("wrong_").distinct()
        return self._say_ids(fetch(found.order_by([*cells, *shown]).limit(FIRST_ROWS), [*cells, *shown]), names, table)

    def _say_ids(self, first: pd.DataFrame, names: Sequence[str], table: Table) -> dict[str, str]:
        rows = first.set_axis([*names, *first.columns[len(names) :]], axis=1).astype(object)
        rows = rows.where(rows.notna(), None)
        ids = [_join_ids(row, table) for row in rows.to_dict("records")]
        shown = rows.get("shown_")
        said = {"row_ids": _list([one for one in ids if one], None if shown is None else shown[[bool(one) for one in ids]])}
        lacking = rows[[not one for one in ids]]
        found = [self._condition(row, names) for row in lacking[list(names)].to_dict("records")]
        said["row_where"] = _list(found, lacking.get("shown_"))
        return {slot: text for slot, text in said.items() if text}

    def _condition(self, row: Mapping[str, Any], names: Sequence[str]) -> str:
        """Write what finds a row that has no id, or one that is shown nowhere, in SQL."""
        tests = []
        for name in names:
            written, cell = self.written.get(name, name), row[name]
            column = written if _PLAIN_NAME.fullmatch(written) else '"{}"'.format(written.replace('"', '""'))
            if cell is None:
                tests.append(f"{column} IS NULL")
            elif _is_shown(cell) and (name in _TOLD or _DAY.fullmatch(cell)):
                tests.append("{} = '{}'".format(column, cell.replace("'", "''")))
        return visible(" AND ".join(tests)) or "…"


def locate_units(units: pd.DataFrame, wrong: pd.DataFrame, names: Mapping[str, RowNames]) -> dict[str, str]:
    """Say the same of rows of units, which are all here in their order; names: by the file from which they are.

    >>> units = pd.DataFrame({"unit_id": ["C1", "S1", "S2"]})
    >>> locate_units(units, units.tail(2), {}), locate_units(units, units.tail(2), {"base:units": RowNames(ordered=False)})
    ({'rows': '3, 4'}, {'row_ids': 'S1, S2'})
    """
    first = wrong.head(FIRST_ROWS)
    if not all(one.ordered for one in names.values()):
        given = first["unit_id"].dropna().astype(str)
        ids = [visible(one) if _is_shown(one) else look(one) for one in given.unique()]
        return {"row_ids": _list(ids)} if ids else {"row_where": "unit_id IS NULL"}
    if FILE not in units:
        only = next(iter(names.values()), RowNames())
        return {"rows": _list([str(only.number(place + 2)) for place in first.index])}
    counted = units.groupby(FILE, sort=False).cumcount() + 2
    files = [(units.loc[place, FILE], int(counted[place])) for place in first.index]
    return {"rows": _list([f"{file}: {names.get(file, RowNames()).number(row)}" for file, row in files])}


_TOLD = ("unit_id", "table", "indicator", "period")
"""The columns whose words a condition may repeat, beside times."""


def _is_shown(cell: str) -> bool:
    """Say whether an id may be shown as it is written."""
    return show_unknown(cell) == cell and len(cell) <= LONGEST


def _join_ids(row: Mapping[str, Any], table: Table) -> str:
    """Write the id of a row; nothing where it has none, or one that may be a citizen's number or a person's name."""
    ids = [str(row[name]) for name in ids_of(table) if row.get(name) is not None]
    return visible(" · ".join(ids)) if len(ids) == len(ids_of(table)) and all(map(_is_shown, ids)) else ""


def _list(names: Sequence[str], shown: Any | None = None) -> str:
    if shown is None:
        return ", ".join(names)
    return "; ".join(f"{name}: {look(text)}" for name, text in zip(names, shown, strict=True))
