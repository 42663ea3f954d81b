"""The frames of a run, as dicts from what names a row to its cells; numbers stay fractions, None is an empty cell."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from oracle.measures import Book, Part, add_up, best_of
from oracle.places import Ranking
from oracle.points import Desk
from oracle.records import KEY, Period, Tables, read_tables, round_half_up
from oracle.scheme import Entry, Scheme, read_scheme
from oracle.units import OFFICER, Register, officers_of, posts

Frame = dict[tuple[Any, ...], dict[str, Any]]

PARAMS = {
    "period", "as_of", "records", "scheme", "overrides", "levels", "only",
    "out", "lang", "contact", "state", "objection_until", "seed",
}  # fmt: skip
"""The keys of params that the oracle knows; those that have to do with cards alone it passes over."""


def reckon(params: Path, tables: Tables | None = None) -> dict[str, Frame]:
    """Reckon every frame of the run that a params file asks for; tables: the records, where they have been read already."""
    asked = yaml.safe_load(params.read_text("utf-8"))
    if strange := set(asked) - PARAMS:
        raise NotImplementedError(f"params: {sorted(strange)}")
    project = next((folder.parent for folder in params.absolute().parents if folder.name == "params"), params.absolute().parent)
    override = project / asked["overrides"] if "overrides" in asked else None
    scheme, period = read_scheme(project / asked["scheme"], override), Period.named(str(asked["period"]))
    as_of = asked.get("as_of", period.end)
    moment = as_of if isinstance(as_of, datetime) else datetime.fromisoformat(str(as_of))
    return Frames(tables or read_tables(project / asked["records"]), scheme, period, moment, asked.get("levels")).all()


class Frames:
    """Every frame of a run."""

    def __init__(self, tables: Tables, scheme: Scheme, period: Period, as_of: datetime, levels: list[str] | None = None) -> None:
        """Take what a run is told."""
        tree = Register(tables["units"], tables["postings"], period).tree(levels or scheme.levels)
        self.scheme, self.period, self.tree = scheme, period, tree
        self.book = Book(tables, scheme, tree, as_of)
        self.desk = Desk(self.book)
        self.ranking = Ranking(self.desk)
        self.ledger = self.ranking.ledger
        self.main = list(dict.fromkeys([period, period.previous, period.year_before]))
        self.periods = self._with_parts([*self.main, *period.trend])

    def _with_parts(self, periods: list[Period]) -> list[Period]:
        """Name the periods, and those of whose totals they are the mean."""
        inner = [part for period in periods for part in self.scheme.mean_parts(period)]
        return list(dict.fromkeys([*periods, *(self._with_parts(inner) if inner else [])]))

    def all(self) -> dict[str, Frame]:
        """Give every frame by its name."""
        frames = {
            "units": self.units(),
            "measures": {},
            "points": {},
            "adjustments": dict(self.adjustments()),
            "comparisons": dict(self.comparisons()),
            "ranks": dict(self.ranks()),
            "asides": dict(self.asides()),
            "answers": dict(self.answers()),
            "losses": numbered(self.losses()),
            "open_disputes": numbered(self.open_disputes()),
        }
        for key, cells in self.points():
            frames["points"][key] = cells
            frames["measures"][key] = {name: cell for name, cell in cells.items() if name not in POINTS}
        return frames

    def units(self) -> Frame:
        """The units, with days served in the period, and who serves where."""
        held, persons = officers_of(self.tree), bool(self.tree.at(OFFICER))
        days, disputes = self.book.days(self.period), Counter(self._owners_of_disputes())
        found = {}
        for unit, one in self.tree.units.items():
            role, moved = posts(self.tree, unit, self.period)
            found[unit,] = {
                "name": one.name, "level": one.level, "peer_class": one.own_class, "parent_id": one.parent,
                "residents": one.residents, "households": one.households, "county_id": one.county, "station_id": one.station,
                "merged_from": ",".join(one.merged_from), "person_days": days[unit], "days_in_period": self.period.days,
                "officers": held[unit] if one.level != OFFICER and persons else None, "role": role, "posts": moved,
                "disputes": disputes[unit],
            }  # fmt: skip
        return found

    def _owners_of_disputes(self) -> Iterator[str]:
        """Name for each dispute on record, open or not, the units for which it counts and its officer."""
        for row in self.book.rows("disputes"):
            yield from self.tree.counts_for.get(row["unit_id"], ())
            yield row["officer_id"]

    def points(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a unit, indicator and period: what was measured, and the points it made."""
        for period in self.periods:
            for unit, one in self.tree.units.items():
                total = self.ledger.total(unit, period)
                for entry in self.scheme.indicators:
                    found, cell = self.desk.measured(entry, period)[unit], total.cells[entry.code]
                    yield (unit, entry.code, str(period)), {
                        "level": one.level, "peer_class": self.desk.group[unit], "numerator": found.numerator,
                        "denominator": found.denominator, "value": found.value, "n": found.n, "status": cell.status,
                        "points": cell.points, "weight": rounded(cell.weight, 6), "weight_used": cell.weight_used,
                        "contribution": self._whole(cell.contribution),
                    }  # fmt: skip

    def _whole(self, amount: int) -> Fraction:
        return Fraction(amount, 10**self.scheme.decimals)

    def adjustments(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a line of a total that is no indicator's; of the period that is appraised with the records behind it."""
        lines = {line.code: line for line in self.scheme.lines}
        for period in self.periods:
            for unit in self.tree.units:
                for line in self.ledger.total(unit, period).lines:
                    named = period == self.period and line.line in lines
                    ids = self._record_ids(lines[line.line], unit) if named else []
                    yield (unit, str(period), line.line, line.rule, line.effect), {
                        "value": line.value, "contribution": self._whole(line.amount), "record_ids": " ".join(ids),
                        "status": "counted",
                    }  # fmt: skip

    def _record_ids(self, line: Entry, unit: str) -> list[str]:
        """Name the records that add to the value of a line, in the order in which they happened."""
        if line.measure["kind"] not in ("count", "share", "distinct") or self.tree.units[unit].level not in line.levels:
            return []
        parts = self.book.parts(unit, line.measure, self.book.months(line, self.period))
        adds = [part.counted for part in parts if part.counted.above > 0 and not part.counted.waiting]
        key = KEY[line.measure["table"]]
        return list(dict.fromkeys(row[key] for row, *_ in sorted(adds, key=lambda one: (one.when, one.row[key]))))

    def comparisons(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a reference against which a value was held."""
        for period in self.main:
            for entry in self.scheme.entries:
                for number, reference in enumerate(entry.against or ()):
                    for unit, step in self.desk.steps(entry, number, period).items():
                        if step.given is not None:
                            yield (unit, entry.code, str(period), number + 1), {
                                "level": self.tree.units[unit].level, "kind": reference["kind"], "given": step.given,
                                "reference": step.reference, "result": step.result,
                            }  # fmt: skip

    def ranks(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a unit and period: total, share covered, place, grade and flags."""
        for period in self.periods:
            for unit, one in self.tree.units.items():
                total, place = self.ledger.total(unit, period), self.ranking.standing(unit, period)
                yield (unit, str(period)), {
                    "name": one.name, "level": one.level, "peer_class": self.desk.group[unit], "total": self._whole(total.total),
                    "covered": rounded(total.covered, 6), "rank": place.rank, "of": place.of,
                    "grade": place.grade, "flags": ",".join(place.flags),
                }  # fmt: skip

    def asides(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a count that is printed beside an indicator, or a word by which it is broken down."""
        for entry in self.scheme.entries:
            for code, label, measure, extra in asides_of(entry):
                for unit in (one for one in self.tree.units.values() if entry.applies(one.level)):
                    for period in self.main:
                        parts = self.book.parts(unit.unit_id, measure, self.book.months(entry, period), extra)
                        above, below, _, _ = add_up(parts, measure)
                        below_ = None if measure["kind"] == "count" else below
                        yield (unit.unit_id, entry.code, str(period), code), {
                            "label": label, "numerator": above, "denominator": below_,
                        }  # fmt: skip

    def answers(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """A row a code of an answer of the public: how often it was given, at every unit above officers, in the period."""
        for entry in self.scheme.indicators:
            measure = entry.measure
            if measure["kind"] != "coded" or measure["table"] != "surveys":
                continue
            for unit in (one for one in self.tree.units.values() if entry.applies(one.level) and one.level != OFFICER):
                parts = self.book.parts(unit.unit_id, measure, self.book.months(entry, self.period))
                given = Counter(part.counted.above for part in parts)
                for code in set(measure["values"].values()):
                    yield (unit.unit_id, entry.code, str(self.period), float(code)), {"answers": given[code]}

    # Single records

    def losses(self) -> Iterator[tuple[Any, ...]]:
        """The records that lost points: for the unit of the record, and for each person whose it is."""
        persons = {unit.unit_id for unit in self.tree.at(OFFICER)}
        for entry in self.scheme.indicators:
            measure = entry.measure
            if measure["kind"] == "figure" or (measure["kind"] == "count" and entry.higher):
                continue
            months, whose = self.book.months(entry, self.period), dict[str, dict[tuple[Any, ...], Part]]()
            for parts in self.book.dealt(measure, {}).values():
                for counted in (part.counted for month in months for part in parts.get(month, ()) if not part.counted.waiting):
                    owners = [one for one in self.book.persons(counted.row, measure["table"]) if one[0] in persons]
                    unit = counted.row["unit_id"]
                    for owner, *share in [*owners, *([(unit, 1, 1)] if self.tree.counts_for.get(unit) else [])]:
                        whose.setdefault(owner, {})[id(counted.row), *share] = Part(counted, *share)
            for owner, found in whose.items():
                for part in lost(entry, list(found.values())):
                    row = part.counted.row
                    yield owner, entry.code, measure["table"], row[KEY[measure["table"]]], part.counted.when

    def open_disputes(self) -> Iterator[tuple[Any, ...]]:
        """The disputes that were open, for the unit of the record and for its officer."""
        persons = {unit.unit_id for unit in self.tree.at(OFFICER)}
        for row in self.book.rows("disputes"):
            if row["resolved_at"] is None:
                days = None if row["due_at"] is None else (row["due_at"] - self.book.as_of).days
                whose = [row["unit_id"]] if self.tree.counts_for.get(row["unit_id"]) else []
                for owner in [*whose, *({row["officer_id"]} & persons)]:
                    yield owner, row["dispute_id"], row["tier"], row["received_at"], row["due_at"], days


POINTS = ("points", "weight", "weight_used", "contribution")
"""The columns that the frame points has beyond measures."""


def lost(entry: Entry, parts: list[Part]) -> list[Part]:
    """Give the rows that lost points: not met (a thing: by none of its rows), short of the best code, something to deduct."""
    measure = entry.measure
    kind = measure["kind"]
    if kind == "distinct":
        things: dict[Any, bool] = {}
        for counted in (part.counted for part in parts):
            thing = counted.row[measure["of"]]
            things[thing] = things.get(thing, False) or bool(counted.above)
        return [
            part for part in parts if part.counted.row[measure["of"]] is not None and not things[part.counted.row[measure["of"]]]
        ]
    if kind == "coded":
        best = max(measure["values"].values()) if entry.higher else min(measure["values"].values())
        return [part for part in parts if part.counted.above != best]
    if kind == "count":
        parts = best_of(parts, measure) if "best_of" in measure else parts
        return [part for part in parts if part.counted.above > 0]
    return [part for part in parts if (part.counted.above < part.counted.below if entry.higher else part.counted.above > 0)]


def asides_of(entry: Entry) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """List what is printed beside an entry: code, label, measure, and further tests."""
    measure = entry.measure
    if entry.split and measure["kind"] == "distinct":
        raise NotImplementedError("things broken down")
    for word, label in (entry.split or {"labels": {}})["labels"].items():
        yield f"split:{word}", label, measure, {entry.split["column"]: word}
    for aside in entry.beside or ():
        kind = {"kind": "share", "met": aside["met"]} if "met" in aside else {"kind": "count"}
        base = {"table": measure["table"], "date": measure["date"], "where": aside.get("where", {})}
        yield aside["code"], aside["label"], {**kind, **base}, {}


def numbered(rows: Iterable[tuple[Any, ...]]) -> Frame:
    """Make a frame of rows that no columns name: two may be equal."""
    return {row: {"times": times} for row, times in Counter(rows).items()}


def rounded(exact: Fraction | int, decimals: int) -> Fraction:
    """Round half-up to decimals."""
    return Fraction(round_half_up(exact, decimals), 10**decimals)
