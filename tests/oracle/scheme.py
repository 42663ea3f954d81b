"""The one table as it is written: its tree, its lines, its numbers as fractions; a word that is not known here is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from oracle.records import Period

WORDS = {
    "scheme": "title title_en version sources author checker decided_on weights aggregation decimals full_marks least_covered"
    " least_class least_cell levels compare_within longer_period mean_of bands awards void justified dimensions outside",
    "override": "parent reason author checker date weights",
    "dimension": "code label label_en weight aggregation floor cap dimensions indicators",
    "indicator": "code label label_en why unit direction measure against target levels least beside split source weight points"
    " missing not_applicable gate",
    "line": "code label label_en why unit direction measure against levels least source effect points item grade year_only",
    "group": "code label label_en floor cap best_of lines",
    "void": "indicator period reason",
    "gate": "indicator at_least at_most",
    "exempt": "classes units give",
    "beside": "code label label_en where met",
    "split": "column labels",
    "share": "kind table date where met settles_days",
    "coded": "kind table date where column values",
    "ratio": "kind table date where numerator denominator",
    "distinct": "kind table date where of met",
    "count": "kind table date where worth times best_of per scale",
    "figure": "kind figure",
    "test": "in not_in present at_least at_most above below not_after within",
    "within": "of minutes hours days either_side",
    "worth": "where amount column values",
    "factor": "by where during again",
    "again": "same within_days",
    "quota": "kind amount every apart as",
    "change": "kind since as",
    "peers": "kind of among since as",
    "place": "kind from",
    "curve": "kind knots floor cap in_marks",
    "steps": "kind steps otherwise floor cap in_marks",
    "line_rule": "kind start each at per first whole floor cap in_marks",
    "percentile": "kind floor cap in_marks",
    "min_max": "kind floor cap in_marks",
    "z_score": "kind floor cap in_marks",
}
"""Every key of the scheme language that the oracle knows, by where it stands."""


def checked(given: dict[str, Any], where: str) -> dict[str, Any]:
    """Take keys as they are written; one that is not known is not guessed at."""
    strange = set(given) - set(WORDS.get(where, "").split())
    if where not in WORDS or strange:
        raise NotImplementedError(f"{where}: {sorted(map(str, strange))}")
    return given


def exact(given: Any) -> Any:
    """Make every decimal number a fraction, at any depth, as the number that is written."""
    if isinstance(given, float):
        return Fraction(str(given))
    if isinstance(given, dict):
        return {key: exact(value) for key, value in given.items()}
    return [exact(value) for value in given] if isinstance(given, list) else given


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the table, or one line outside the hundred: its keys as they are written, read by name."""

    keys: dict[str, Any]
    outside: bool = False

    def __getattr__(self, name: str) -> Any:
        """Give a key, None where it is not written."""
        return self.keys.get(name)

    @property
    def scale(self) -> int:
        """What a quotient is multiplied by to be in the entry's unit: of an indicator per cent, outside the hundred cases."""
        return {"%": 100, "‰": 1000}.get(self.keys.get("unit", "起" if self.outside else "%"), 1)

    @property
    def higher(self) -> bool:
        """Whether more is better: of what is added it is, of all else outside the hundred more is worse, unless said."""
        if self.outside and not self.direction:
            return bool(self.effect == "add")
        return bool(self.direction == "higher")

    @property
    def settles_days(self) -> int:
        """How many days after a period its answer is settled."""
        return int(self.measure.get("settles_days", 0))

    def applies(self, level: str) -> bool:
        """Whether it is scored at a level."""
        return not self.levels or level in self.levels


@dataclass(frozen=True, eq=False)
class Node:
    """The whole of the table, or one of its dimensions: a mean of its parts, held by limits."""

    code: str
    weight: Any
    geometric: bool
    floor: Fraction | int | None
    cap: Fraction | int | None
    parts: tuple["Node | Entry", ...]

    @property
    def leaves(self) -> list[Entry]:
        """Every line in it."""
        return [leaf for part in self.parts for leaf in (part.leaves if isinstance(part, Node) else [part])]


@dataclass(frozen=True)
class Group:
    """Lines outside the hundred that share limits."""

    code: str
    floor: Fraction | int | None
    cap: Fraction | int | None
    best_of: bool
    lines: tuple[Entry, ...]


@dataclass(frozen=True)
class Scheme:
    """The one table with its weights in force."""

    whole: Node
    groups: tuple[Group, ...]
    levels: tuple[str, ...]
    compare_within: dict[str, str]
    full_marks: Any
    decimals: int
    least_covered: Fraction
    least_class: int
    mean_lengths: tuple[int, ...]
    bands: list[dict[str, Any]]
    void: dict[str, set[int]]

    @property
    def indicators(self) -> list[Entry]:
        """Every line of the table."""
        return self.whole.leaves

    @property
    def lines(self) -> list[Entry]:
        """Every line outside the hundred."""
        return [line for group in self.groups for line in group.lines]

    @property
    def entries(self) -> list[Entry]:
        """All that is counted."""
        return [*self.indicators, *self.lines]

    def mean_parts(self, period: Period) -> list[Period]:
        """The periods of whose totals a longer one is the mean: the longest that are shorter; none where it is counted anew."""
        shorter = [length for length in self.mean_lengths if length < period.length]
        return period.parts(max(shorter)) if shorter else []

    def months_in_force(self, entry: Entry, period: Period) -> list[int]:
        """The months of a period that are not void for an entry."""
        return [month for month in period.months if month not in self.void.get(entry.code, ())]


def read_scheme(path: Path, override: Path | None = None, ending: str = "") -> Scheme:
    """Read a scheme, with the weights of an override in the place of its own; `ending`: more lines of the file."""
    raw = checked(exact(yaml.safe_load(path.read_text("utf-8") + ending)), "scheme")
    weights = checked(exact(yaml.safe_load(override.read_text("utf-8"))), "override")["weights"] if override else {}
    whole = Node("total", 100, raw.get("aggregation") == "geometric", None, None, tuple(_parts(raw["dimensions"], weights)))
    void: dict[str, set[int]] = {}
    for each in raw.get("void", ()):
        void.setdefault(checked(each, "void")["indicator"], set()).update(Period.named(str(each["period"])).months)
    means = {"month": 1, "quarter": 3}
    return Scheme(
        whole,
        tuple(_groups(raw.get("outside", ()))),
        tuple(raw["levels"]),
        raw.get("compare_within", {}),
        raw.get("full_marks", 100),
        raw.get("decimals", 2),
        Fraction(raw.get("least_covered", Fraction(7, 10))),
        raw.get("least_class", 8),
        tuple(means[word] for word in raw.get("mean_of", ["month"])) if raw.get("longer_period") == "mean_of_totals" else (),
        raw.get("bands", []),
        void,
    )


def _parts(dimensions: list[dict[str, Any]], weights: dict[str, Any]) -> Iterator[Node]:
    for keys in dimensions:
        checked(keys, "dimension")
        inner: tuple[Node | Entry, ...] = tuple(_parts(keys.get("dimensions", []), weights))
        own = tuple(_entry({**one, "weight": weights.get(one["code"], one["weight"])}) for one in keys.get("indicators", ()))
        weight, geometric = weights.get(keys["code"], keys["weight"]), keys.get("aggregation") == "geometric"
        yield Node(keys["code"], weight, geometric, keys.get("floor"), keys.get("cap"), inner + own)


def _groups(groups: list[dict[str, Any]]) -> Iterator[Group]:
    for keys in groups:
        checked(keys, "group")
        lines = tuple(_entry(line, outside=True) for line in keys["lines"])
        yield Group(keys["code"], keys.get("floor"), keys.get("cap"), keys.get("best_of", False), lines)


def _entry(keys: dict[str, Any], *, outside: bool = False) -> Entry:
    """Look at every key of an entry, at any depth."""
    measure = checked(keys, "line" if outside else "indicator")["measure"]
    checked(measure, measure["kind"])
    for part in measure.get("worth", ()):
        checked(part, "worth")
    for factor in measure.get("times", ()):
        checked(factor, "factor")
        checked(factor.get("again", {}), "again")
    for aside in keys.get("beside", ()):
        checked(aside, "beside")
    for reference in keys.get("against", ()):
        checked(reference, reference["kind"])
    for name, where in (("split", "split"), ("gate", "gate"), ("not_applicable", "exempt")):
        checked(keys.get(name, {}), where)
    if points := keys.get("points"):
        checked(points, "line_rule" if points["kind"] == "line" else points["kind"])
    tests = [measure, *measure.get("worth", ()), *measure.get("times", ()), *keys.get("beside", ())]
    for test in (test for part in tests for filter_ in ("where", "met") for test in part.get(filter_, {}).values()):
        if isinstance(test, dict):
            checked(test, "test")
            checked(test.get("within", {}), "within")
    return Entry(keys, outside)
