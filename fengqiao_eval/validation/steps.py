"""The steps of a validation as one declaration: the rules with their severity, and of which columns of a table each is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from fengqiao_eval.records.checks import cell_rules
from fengqiao_eval.records.query import any_of, constant, is_so, names_zone, when
from fengqiao_eval.records.tables import EVENTS, Table

Severity = Literal["fault", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")
"""The worst first: a fault is refused, a warning moves a number or hides one, a note is to be known."""

RULES: Mapping[str, Severity] = {
    "columns": "fault",
    "types": "fault",
    "required": "fault",
    "codes": "fault",
    "bounds": "fault",
    "stretch": "fault",
    "length": "fault",
    "complete": "fault",
    "shares": "fault",
    "citizen": "fault",
    "other": "fault",
    "equal": "warning",
    "id_twice": "warning",
    "id_units": "warning",
    "id_files": "warning",
    "id_alike": "warning",
    "twin": "note",
    "twin_units": "warning",
    "unknown_unit": "warning",
    "unknown_officer": "warning",
    "outside_postings": "warning",
    "order": "warning",
    "order_aside": "warning",
    "premise": "warning",
    "midnight": "warning",
    "rate": "warning",
    "month_missing": "warning",
    "month_swollen": "warning",
    "unit_month": "warning",
    "constant": "note",
    "label": "note",
}
"""Every rule and how grave it is where it fails: `validation.rule.NAME` says it, `validation.effect.NAME` what the score does."""

CHECKED: Mapping[str, str] = {
    **dict.fromkeys(("no_text", "no_time", "no_date", "no_number", "no_whole", "no_flag", "column_type"), "types"),
    **dict.fromkeys(("word", "period"), "codes"),
    **dict.fromkeys(("bounds", "share"), "bounds"),
    **dict.fromkeys(("citizen_value", "citizen_text", "citizen"), "citizen"),
    **dict.fromkeys(("numerator_alone", "unentered", "unchecked", "one_person"), "complete"),
    **dict.fromkeys(("shared_twice", "share_unsaid"), "shares"),
    "missing_column": "columns",
    "empty_cell": "required",
    "reversed": "stretch",
    "too_long": "length",
    "repeated": "id_twice",
    "unknown_units": "unknown_unit",
    "unknown_posts": "unknown_unit",
    "unknown_figures": "unknown_unit",
}
"""The rule here of each fault that is found as the records are read (records.RULE); they are counted there, and not again."""

MORE_PAIRS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cases": (("arrived_at", "closed_at"),),
    "disputes": (("resolved_at", "recurred_at"),),
    "duties": (("due_from", "done_at"),),
}
"""Times of which the second cannot come before the first, beside those that the tables declare."""
PREMISES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cases": (("passed", "audited"),),
    "disputes": (("performed", "resolved_at"), ("recurred_at", "resolved_at")),
}
"""What cannot hold of a record of which the other does not: passed where nobody audited, performed where nothing was settled."""
RATES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cases": (("elements_filled", "elements_required"),),
    "figures": (("numerator", "denominator"),),
}
"""Parts that are never more than their whole."""
EVENING, MORNING = 18, 6
"""A stretch that begins from this hour and ends before that one of the same date has most likely passed midnight."""
ARROW, UPON = " → ", " ← "
"""What stands between two columns of which the second comes after the first, or rests upon it."""


class Trial(NamedTuple):
    """One rule asked of the rows of a table: which may fail, by a cheap look (empty: not tested), and which of those do."""

    rule: str
    column: str
    suspect: Any
    failed: Any


def list_checked(table: Table, there: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name the rules that were asked of the declared columns of a table as it was read, each with its column.

    >>> from fengqiao_eval.records.tables import TABLES
    >>> list(list_checked(TABLES["credits"], ["table", "record_id", "officer_id"]))
    [('required', 'table'), ('codes', 'table'), ('required', 'record_id'), ('required', 'officer_id')]
    """
    for column in (column for column in table.columns if column.name in there):
        if column.kind != "text":
            yield "types", column.name
        if column.required and (table.name, column.name) != ("units", "name"):
            yield "required", column.name
        if column.words or (table.name, column.name) == ("figures", "period"):
            yield "codes", column.name
        if column.least is not None:
            yield "bounds", column.name
    for first, last in (("valid_from", "valid_to"), ("from_date", "to_date"), ("due_from", "due_at")):
        if {first, last} <= {*there} and table.column(first):
            yield "stretch", last
    if table.name == "credits" and "share" in there:
        yield "shares", "share"


def broken(rows: Any, table: Table, rule: str, column: str) -> Any | None:
    """Say of each row whether it breaks a rule of `list_checked`; None where the cell is gone, or more than a row is asked."""
    found = [is_so(cells) for name, own, cells, _ in cell_rules(rows, table) if (CHECKED.get(name), own) == (rule, column)]
    return any_of(*found) if found else None


def trials(rows: Any, table: Table) -> Iterator[Trial]:
    """Ask of the rows of a table what is seen from a row alone: the order of its times, midnight, premises, parts and wholes."""
    there = set(rows.columns)
    for rule, first, last in _pairs(table):
        if {first, last} <= there:
            yield from _order(rows, table, rule, first, last)
    for said, premise in PREMISES.get(table.name, ()):
        if {said, premise} <= there:
            lacking = _holds(rows[said]).ifelse(~_holds(rows[premise]), constant(None, "boolean"))
            yield Trial("premise", said + UPON + premise, lacking, is_so(lacking))
    for part, whole in RATES.get(table.name, ()):
        if {part, whole} <= there:
            over = rows[part] > rows[whole]
            yield Trial("rate", f"{part} / {whole}", over, is_so(over))


def _holds(cell: Any) -> Any:
    """Say whether a flag is set, or anything stands in a cell; never empty."""
    return is_so(cell) if cell.type().is_boolean() else cell.notnull()


def _pairs(table: Table) -> Iterator[tuple[str, str, str]]:
    """List the times of which one follows the other: what a measure leaves out where it does not, and what it counts as written.

    A duty is entered before it is due.
    """
    yield from (("order", column.since, column.name) for column in table.columns if column.since)
    yield from (("order_aside", first, last) for first, last in MORE_PAIRS.get(table.name, ()))
    if table.name in (*EVENTS, "notices") and table.name != "duties":
        yield from (("order_aside", table.own_date, c.name) for c in table.columns if c.due or c.name == "recorded_at")


def _order(rows: Any, table: Table, rule: str, first: str, last: str) -> Iterator[Trial]:
    """Ask whether one time of a row lies before another; an end without a time of day may lie on the day of the start."""
    column, zoned = table.column(last), names_zone(rows, first, last)
    start, end = rows[first].cast("timestamp"), rows[last].cast("timestamp")
    due, day, begins = bool(column and column.due), start.truncate("D"), when(rows, first, zoned=zoned)
    suspect = when(rows, last, zoned=zoned) < begins  # a deadline lasts to the end of its day, which is more to ask
    wrong = is_so(when(rows, last, zoned=zoned, due=due) < begins) & is_so(end != day)
    late = is_so((start.hour() >= EVENING) & (end.hour() < MORNING) & (end.truncate("D") == day))
    pair = first + ARROW + last
    if rule == "order":
        yield Trial("midnight", pair, suspect, wrong & late)
    yield Trial(rule, pair, suspect, wrong & ~late if rule == "order" else wrong)  # each row is told once


def vary(table: Table, there: Sequence[str]) -> list[str]:
    """Name the columns of records that should differ from row to row: neither ids nor times, nor what is filled where empty.

    >>> from fengqiao_eval.records.tables import TABLES
    >>> vary(TABLES["duties"], ["duty_id", "unit_id", "kind", "due_at", "class", "times"])
    ['kind', 'class']
    """
    plain = [c for c in table.columns if c.kind in ("text", "number", "whole", "flag") and c.default is None]
    return [c.name for c in plain if c.name in there and not c.name.endswith("_id")] if table.name in EVENTS else []


def words(table: Table, there: Sequence[str]) -> list[str]:
    """Name the columns of records that hold words of a list, declared or not."""
    return [name for name in vary(table, there) if (column := table.column(name)) and column.kind == "text"]
