"""Every fault of a table: rule, count and first rows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

import pandas as pd

from fengqiao_eval.errors import Fault, Note
from fengqiao_eval.identities import CUT, LIKELY, LONG, SHORTEST, names_citizen
from fengqiao_eval.records.citizens import is_of_citizens
from fengqiao_eval.records.identifiers import WRITTEN, likeliest, show_id
from fengqiao_eval.records.ingest import Mapped
from fengqiao_eval.records.query import EXACT, FILE, OWN, UPHELD, constant, fetch, is_so, names_zone, optional, row_number, when
from fengqiao_eval.records.row_names import FIRST_ROWS, RowNames, locate_units
from fengqiao_eval.records.tables import EVENTS, Table
from fengqiao_eval.records.units import dates
from fengqiao_eval.words import quote

BLANK_ENDS = r"^[\s\p{Z}\p{Cf}]|[\s\p{Z}\p{Cf}]$"
"""A blank of whatever width, or of none, before or after an id."""
PERIOD = r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?$"
"""How a period is written."""
STRETCHES = (("valid_from", "valid_to"), ("from_date", "to_date"))
"""The first and the last day of a stretch, by the columns of units and postings."""
LONGEST = 200
"""The characters of an id, or of the name, level or class of a unit, at most."""
LONGEST_TEXT = 2_000
"""The characters of any other text."""
UNSHOWN = ("answer", "purpose")
"""The declared columns whose words are shown nowhere; nor are those of columns that nobody declared."""
ROUNDING = 0.000001
"""What a share of six decimals may be more than is meant: six times 0.166667 is one record."""
ROW_IDS = ("table", "record_id", "indicator", "period", "from_date")
"""The columns by which a row is known in a table without an id, beside its unit."""
MOST_EQUAL = 1_000
"""As many rows that equal another are named."""
NUMBERED, EVERY_NUMBERED = RowNames(), MappingProxyType[str, RowNames]({})
"""Rows that are called by their numbers below a heading."""
Wrong = tuple[str, str, Any, dict[str, str]]
"""One rule of one column: rule and column, the cells that break it, and what the sentence of the fault says of it."""


def check_table(rows: Any, table: Table, mapped: Mapped, name: str) -> tuple[Any, list[Fault], list[Note]]:
    """Find what is wrong between the rows of one table, and make equal rows one; return its rows, the faults and the notes.

    Faults: rows that may not share an id, shares that make more than the record.
    """
    kept, faults, notes = _settle_repeats(rows, table, mapped.repeated, name)
    shares = _share_faults(kept, name) if table.name == "credits" and "share" in rows.columns else ()
    told = [*notes, *_two_names(kept, table), *_blank_ends(kept, table)]
    return kept, [*shares, *faults], told


def check_cells(rows: Any, table: Table, name: str, names: RowNames = NUMBERED) -> Iterator[Fault]:
    """Find what is wrong within the rows of one file; names: what its rows are called.

    Faults: empty required cells, words and numbers not allowed, periods that are none, stretches that end before they begin, a
    citizen in subject_id.
    """
    rules = [*cell_rules(rows, table), *_citizen_rules(rows, table)]
    asked = {f"wrong_{number}": rows.count(where=cells) for number, (_, _, cells, _) in enumerate(rules)}
    counts = rows.agg(rows_=rows.count(), **asked).to_pandas().iloc[0]
    for number, (rule, column, cells, said) in enumerate(rules):
        if (count := int(counts[f"wrong_{number}"])) > 0:
            given = {**said, "count": count, **names.locate(rows, cells, table)}
            yield Fault(name, f"{table.name}.{column}", f"records.{rule}", given)


def cell_rules(rows: Any, table: Table) -> Iterator[Wrong]:
    """List what is asked of the cells of a table, row by row, but whether they hold a citizen's number."""
    for column in (column for column in table.columns if column.name in rows.columns):
        cell = rows[column.name]
        if column.required and (table.name, column.name) != ("units", "name"):
            yield "empty_cell", column.name, cell.isnull(), {}
        if column.name.endswith("_id") or (table.name == "units" and column.name in ("name", "level", "peer_class")):
            yield "too_long", column.name, is_so(cell.length() > LONGEST), {"most": str(LONGEST)}
        elif column.kind == "text":
            yield "too_long", column.name, is_so(cell.length() > LONGEST_TEXT), {"most": f"{LONGEST_TEXT:,}"}
        if column.words:
            strange = cell.notnull() & cell.notin(list(column.words))
            yield "word", column.name, strange, {"allowed": ", ".join(column.words)}
        if column.least is not None:
            within = f"≥ {column.least:g}" if column.most is None else f"{column.least:g}–{column.most:g}"
            over = (cell < column.least) if column.most is None else ~cell.between(column.least, column.most)
            yield "bounds" if column.most is None else "share", column.name, is_so(over), {"allowed": within}
        if (table.name, column.name) == ("figures", "period"):
            yield "period", column.name, ~cell.re_search(PERIOD), {}
    for first, last in STRETCHES:
        if table.column(first) and {first, last} <= set(rows.columns):
            yield "reversed", last, is_so(rows[last] < rows[first]), {"start": first}
    yield from _rules_between_columns(rows, table)


def _citizen_rules(rows: Any, table: Table) -> Iterator[Wrong]:
    """Find the cells that hold a citizen's number, in all texts, declared or not: the engine finds the few that may hold one."""
    names = _with_long_texts(rows, text_columns(rows, table))  # patterns take long to prepare, also for a handful of short ids
    patterns = {name: (LONG,) if name == "subject_id" else (LIKELY, CUT) for name in names}
    likely = {name: is_so(reduce(or_, map(rows[name].re_search, patterns[name]))) for name in names}
    if not names:
        return
    counts = rows.agg(**{name: cell.any() for name, cell in likely.items()}).to_pandas().iloc[0]
    for name in (name for name in names if counts[name] == 1):
        code, bare = name.endswith("_id") or name == table.key, name == "subject_id"
        cells = fetch(rows.filter(likely[name]).select(name).distinct(), [name])[name]
        found = [cell for cell in cells if names_citizen(cell, code=code, bare=bare)]
        if found:
            yield "citizen_value" if code or bare else "citizen_text", name, is_so(rows[name].isin(found)), {}


def _with_long_texts(rows: Any, names: Sequence[str]) -> list[str]:
    """Keep the columns with a text as long as the shortest number."""
    if not names:
        return []
    longest = rows.agg(**{name: rows[name].length().max().fill_null(0) for name in names}).to_pandas().iloc[0]
    return [name for name in names if longest[name] >= SHORTEST]


def text_columns(rows: Any, table: Table) -> list[str]:
    """Name the columns of texts, declared or not, in which a citizen's number is looked for: all that their name allows."""
    texts = [name for name, kind in rows.schema().items() if kind.is_string() and not name.endswith(OWN)]
    return [name for name in texts if not is_of_citizens(name, table)]


def _rules_between_columns(rows: Any, table: Table) -> Iterator[Wrong]:
    if table.name == "figures":
        above, below, value = (optional(rows, name, "float64") for name in ("numerator", "denominator", "value"))
        yield "numerator_alone", "numerator", above.notnull() & below.isnull() & value.isnull(), {}
    if table.name == "duties" and "due_from" in rows.columns:
        zoned = names_zone(rows, "due_at", "due_from")
        due, began = when(rows, "due_at", zoned=zoned, due=True), when(rows, "due_from", zoned=zoned)
        yield "reversed", "due_at", is_so(due < began), {"start": "due_from"}
    if table.name == "notices" and "status" in rows.columns:
        # a notice takes points or a grade, so that two persons answer for it: who entered it, and another who checked it
        upheld, entered, checked = rows.status == UPHELD, optional(rows, "entered_by"), optional(rows, "checked_by")
        yield "unentered", "entered_by", upheld & entered.isnull(), {}
        yield "unchecked", "checked_by", upheld & checked.isnull(), {}
        yield "one_person", "checked_by", is_so(bare_word(entered) == bare_word(checked)), {}


def bare_word(cell: Any) -> Any:
    """Give a word without what the eye does not see or tell apart: blanks, signs without width, lower case, full width."""
    narrow = cell.translate("".join(map(chr, range(0xFF01, 0xFF5F))), "".join(map(chr, range(0x21, 0x7F))))
    narrow = is_so(cell.re_search("[\uff01-\uff5e]")).ifelse(narrow, cell)  # few cells are wide, and to narrow one takes long
    return narrow.re_replace(r"[\s\p{Z}\p{Cf}]", "").upper()


def _share_faults(rows: Any, name: str) -> Iterator[Fault]:
    """Find records that are shared out more than once (a millionth a share is rounding), or with a share for some only."""
    said = rows.share.count()
    found = rows.group_by("table", "record_id").agg(
        whole=rows.share.cast(EXACT).sum().cast("float64"), said=said, lines=rows.count()
    )
    more = is_so(found.whole > 1 + found.lines * ROUNDING)
    for rule, wrong in (("shared_twice", more), ("share_unsaid", (found.said > 0) & (found.said < found.lines))):
        records = fetch(found.filter(wrong), ["table", "record_id"], ["table", "record_id"])
        if count := len(records):
            first = ", ".join(map(show_id, records["record_id"].head(FIRST_ROWS)))
            yield Fault(name, "credits.share", f"records.{rule}", {"count": count, "ids": first})


def _settle_repeats(rows: Any, table: Table, rule: str | None, name: str) -> tuple[Any, list[Fault], list[Note]]:
    """Make equal rows one unless they are to be kept, and treat rows that share an id and differ as the mapping says.

    A figure is one a unit, indicator and period: two that differ cannot both hold, so to keep both is to refuse them.
    """
    if table.name == "units":
        return rows, [], []
    key, place = table.key, table.key
    if table.name == "figures":
        key, place, rule = "figure_", "indicator", "refuse" if rule in (None, "keep") else rule
        rows = rows.mutate(figure_=rows.unit_id + " · " + rows.indicator + " · " + rows.period)
    kept, faults, notes = rows, [], []
    total, ids = _rows_and_ids(rows, key)
    if total != ids and rule != "keep":
        kept = _equal_rows_once(rows).cache()
        if equal := total - _rows_and_ids(kept, key)[0]:
            notes.append(Note("equal_rows", {"table": table.label, "count": equal}))
            total -= equal
    if key and total != ids:
        times = kept.group_by(key).agg(rows_=kept.count())
        times = times.filter(times.rows_ > 1, times[key].notnull())
        first = fetch(times.order_by(key).limit(FIRST_ROWS), [key])[key]
        given = {"table": table.label, "count": total - ids, "ids": ", ".join(first)}
        if rule == "refuse":
            faults.append(Fault(name, f"{table.name}.{place}", "records.repeated", given))
        else:
            kept = kept if rule in (None, "keep") else _deduplicate(rows, key, last=rule == "last")
            notes.append(Note(f"repeated_{rule or 'keep'}", given))
    return (kept.drop(key) if table.name == "figures" else kept), faults, notes


def _equal_rows_once(rows: Any) -> Any:
    """Keep one of rows that are equal but for how their ids were written, and in which file they lie."""
    alike = [name for name in rows.columns if not name.endswith(WRITTEN) and name != FILE]
    return rows.distinct() if len(alike) == len(rows.columns) else rows.distinct(on=alike, keep="first")


def find_equal(rows: Any, table: Table) -> pd.DataFrame:
    """Bring here the ids of rows that equal an earlier one, once for each that is left out; MOST_EQUAL at most."""
    names = [name for name in dict.fromkeys((table.key, *ROW_IDS, "unit_id")) if name in rows.columns]
    few = rows
    if table.key:
        times = rows.group_by(table.key).agg(rows_=rows.count())
        twice = times.filter(times.rows_ > 1).select(twice_=table.key)
        few = rows.semi_join(twice, rows[table.key] == twice.twice_).cache()
    gone = few.select(*names).difference(_equal_rows_once(few).select(*names), distinct=False)
    return gone.order_by(names).limit(MOST_EQUAL).to_pandas()


def _rows_and_ids(rows: Any, key: str) -> tuple[int, int]:
    """Count rows, and the ids in them; of a table without a key no two rows are told apart by one."""
    counts = rows.agg(rows_=rows.count(), ids=rows[key].nunique() if key else constant(0, "int64")).to_pandas().iloc[0]
    return int(counts["rows_"]), int(counts["ids"])


def _deduplicate(rows: Any, key: str, *, last: bool) -> Any:
    numbered = rows.mutate(row_=row_number()).cache()
    chosen = numbered.group_by(chosen_=key).agg(kept_=numbered.row_.max() if last else numbered.row_.min())
    joined = numbered.inner_join(chosen, numbered.row_ == chosen.kept_)
    return joined.drop("row_", "chosen_", "kept_").cache()


def _two_names(rows: Any, table: Table) -> list[Note]:
    """Note the unit ids that a table of records calls by more than one name (its column unit_name); they stay one unit."""
    if table.name not in EVENTS or "unit_name" not in rows.columns:
        return []
    named = rows.filter(rows.unit_name.notnull())
    names = named.group_by("unit_id").agg(names=named.unit_name.nunique())
    ids = list(fetch(names.filter(names.names > 1), ["unit_id"], ["unit_id"])["unit_id"])
    return (
        [Note("two_names", {"table": table.label, "count": len(ids), "ids": ", ".join(map(show_id, ids[:FIRST_ROWS]))})]
        if ids
        else []
    )


def _blank_ends(rows: Any, table: Table) -> Iterator[Note]:
    """Count the ids with blanks at their ends, which are other ids than those without; of subjects none is named."""
    ids = [name for name in dict.fromkeys((table.key, "subject_id", "record_id")) if table.column(name) and name in rows.columns]
    asked = {f"n_{name}": rows.count(where=is_so(rows[name].re_search(BLANK_ENDS))) for name in ids}
    counts = rows.agg(**asked).to_pandas().iloc[0] if asked and table.name != "units" else {}
    for name in ids:
        if count := int(counts.get(f"n_{name}", 0)):
            wrong = rows.filter(rows[name].re_search(BLANK_ENDS)).select(name).distinct().order_by(name).limit(FIRST_ROWS)
            shown = "" if name == "subject_id" else f" ({', '.join(map(quote, fetch(wrong, [name])[name]))})"
            yield Note("blank_ends", {"table": table.label, "column": name, "count": count, "ids": shown})


def check_units(rows: Any, mapped: Mapped, name: str, names: Mapping[str, RowNames] = EVERY_NUMBERED) -> Iterator[Fault]:
    """Find what is wrong with the tree: absent parents and successors, circles, two levels, rows that overlap in time.

    names: what rows are called, by the file from which they are.
    """
    units = rows.to_pandas()
    columns = [name for name in units.columns if name != FILE]

    def faults(wrong: pd.DataFrame, column: str, rule: str, shown: list[str], count: int | None = None) -> Iterator[Fault]:
        if not wrong.empty:
            first = wrong.head(FIRST_ROWS)[shown].itertuples(index=False)
            given = {
                "count": len(wrong) if count is None else count,
                "given": "; ".join(" ".join(map(show_id, row)) for row in first),
            }
            yield Fault(name, f"units.{column}", rule, given | locate_units(units, wrong, names))

    twice = units[units.groupby("unit_id")["level"].transform("nunique") > 1]
    yield from faults(twice, "level", "units.two_levels", ["unit_id", "level"], twice["unit_id"].nunique())
    spans = units.assign(start=dates(units, "valid_from", date.min), end=dates(units, "valid_to", date.max))
    spans = spans.drop_duplicates(columns).sort_values(["unit_id", "start"], kind="stable")
    before = spans.groupby("unit_id")["end"].shift().fillna(date.min)
    overlap = spans[[start < end for start, end in zip(spans["start"], before, strict=True)]]
    yield from faults(overlap, "valid_from", "units.overlap", ["unit_id"])
    yield from faults(_absent_successors(units), "successor_id", "units.absent_successor", ["unit_id", "successor_id"])
    if "parent_id" not in units:
        return
    if mapped.absent_parents == "refuse":
        absent = units[units["parent_id"].notna() & ~units["parent_id"].isin(units["unit_id"])]
        yield from faults(absent, "parent_id", "units.absent_parent", ["unit_id", "parent_id"])
    if circle := _find_circle({u: p for u, p in zip(units["unit_id"], units["parent_id"], strict=True) if isinstance(p, str)}):
        yield Fault(name, "units.parent_id", "units.circle", {"given": " → ".join(circle)})


def _absent_successors(units: pd.DataFrame) -> pd.DataFrame:
    """Find mergers into no unit, each with what was likeliest meant: the records of who was merged would count for nobody."""
    if "successor_id" not in units:
        return units.head(0)
    absent = units[units["successor_id"].notna() & ~units["successor_id"].isin(units["unit_id"])]
    written = absent["successor_id"].astype(str)  # in a database they may be of any type, which is told elsewhere
    meant = likeliest(written.unique(), dict(zip(units["unit_id"], units["name"], strict=True)))
    shown = [quote(one) + (f" → {quote(meant[one])}?" if one in meant else "") for one in written]
    return absent.assign(successor_id=shown)


def _find_circle(up: dict[str, str]) -> list[str] | None:
    for unit in up:
        way = [unit]
        while (parent := up.get(way[-1])) is not None and parent not in way:
            way.append(parent)
        if parent == unit:
            return [*way, unit]
    return None
