"""Lint: what a scheme scores that law forbids or statistics cannot bear, each finding with its source. It warns and quotes."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from fengqiao_eval.documents import Document, Model, read
from fengqiao_eval.scheme.benchmark import Change, Place, Quota
from fengqiao_eval.scheme.indicator import Code, Consequence, Entry, Indicator, Named, Text
from fengqiao_eval.scheme.measure import Count, Figure, Measure
from fengqiao_eval.scheme.normalisation import Curve, Line, Relative, Steps
from fengqiao_eval.scheme.scheme import (
    Dimension,
    Justified,
    Scheme,
    applies,
    base_marks,
    nominal,
    places_of,
    weight_at,
)

Level = Literal["stop", "warn", "note"]
LEVELS: tuple[Level, ...] = ("stop", "warn", "note")
"""How grave a finding is, the worst first: stop must be dropped or answered for, warn had better be changed, note be known."""

Expression = Annotated[str, AfterValidator(lambda given: re.compile(given, re.IGNORECASE).pattern)]


class Sentence(Model):
    """A sentence in both languages."""

    zh: Text
    en: Text

    def text(self, lang: str, given: Mapping[str, Any] | None = None) -> str:
        """Say it in a language.

        >>> Sentence(zh="共 {n} 项", en="{n} in all").text("en", {"n": 2})
        '2 in all'
        """
        said: str = getattr(self, lang)
        return said.format(**given or {})


class Instrument(Model):
    """A source: its title, its force, and its words. Articles are not numbered, since none could be verified."""

    title: Sentence
    force: Sentence
    words: Sentence


class LintRule(Model):
    """One thing to look for: in the words of a line, in its shape, and under which conditions."""

    code: Code
    level: Level
    pattern: Expression = ""
    unless: Expression = ""
    """Words of the line that make it another thing."""
    unless_defined: Expression = ""
    """Words of the line, or of its `why`, that answer the worry."""
    unless_beside: Expression = ""
    """Words of another scored line that answer the worry."""
    shape: Code | None = None
    when: tuple[Code, ...] = ()
    anywhere: bool = False
    """Whether dimensions, groups outside the hundred and grades are read too."""
    instruments: tuple[Code, ...]
    why: Sentence
    suggestion: Sentence


class Catalogue(Model):
    """All of lint.yaml."""

    instruments: dict[Code, Instrument]
    rules: tuple[LintRule, ...]


@cache
def catalogue() -> Catalogue:
    """Read lint.yaml once."""
    return Catalogue.model_validate(read(Path(__file__).with_name("lint.yaml"), "lint.yaml").data)


def has(pattern: str, text: str) -> bool:
    """Say whether a text holds what an expression looks for; an empty expression looks for nothing.

    >>> has("破案|clearance", "Clearance rate"), has("", "anything")
    (True, False)
    """
    return bool(pattern) and re.search(pattern, text, re.IGNORECASE) is not None


# What lint sees in the shape of a line, whatever it is called: raw counts, growth, places in small groups, years voided.


LEAST_GROUP = 8
"""In a group of fewer units a place is mostly chance, whatever the scheme's own `least_class` allows."""
SHOWN = 5
"""As many small groups as one sentence holds."""
_NOT_INVENTED = ("notices", "duties")
"""Tables whose rows are due or entered by another hand, so that nobody gains by writing one more."""
_CLASSING = {"category", "class", "code", "kind", "purpose", "tier"}
"""Columns that say what a record is, not how it was handled."""
_DECLINE = "下降|降幅|减少|压降|零发案|fall in|drop in|reduction"
_TASK = "任务|定额|下达|quota"
Found = Mapping[str, Any] | bool
"""Whether a shape was seen; a mapping is what the sentence of its rule speaks of."""


@dataclass(frozen=True)
class LintFacts:
    """A scheme, the units in each group of each level, and the lines whose points were the same throughout a level."""

    scheme: Scheme
    sizes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    constant: Mapping[str, Collection[str]] = field(default_factory=dict)

    @cached_property
    def shares(self) -> Mapping[str, Mapping[str, Decimal]]:
        """Level -> indicator -> its share of the total."""
        return {level: nominal(self.scheme, level) for level in self.scheme.levels}

    def levels(self, entry: Entry) -> tuple[str, ...]:
        """Name the levels at which a line carries points or a consequence."""
        if not isinstance(entry, Indicator):
            return tuple(level for level in self.scheme.levels if applies(entry, level))
        return tuple(level for level, shares in self.shares.items() if shares.get(entry.code, 0) > 0)


def words(part: Named) -> str:
    """Collect what a part is called and, of a count or a figure, what is counted.

    >>> words(Named(code="clearance_rate", label="破案率"))
    '破案率 · clearance rate'
    """
    counted = _counted_words(part.measure) if isinstance(part, Entry) else ()
    return " · ".join(word for word in (part.label, part.label_en, part.code.replace("_", " "), *counted) if word)


def _counted_words(measure: Measure) -> Iterator[str]:
    if isinstance(measure, Figure):
        yield measure.figure.replace("_", " ")
    elif isinstance(measure, Count):
        for tests in (measure.where, *(part.where for part in measure.worth)):
            named = [word for test in tests.values() for word in test.in_ or ()] if set(tests) <= _CLASSING else []
            yield from (f"{word}数" for word in named if isinstance(word, str))
        if measure.table == "cases" and not (measure.where or measure.worth):
            yield "立案数"


def is_lower_better(entry: Entry) -> bool:
    """Say whether fewer of what is counted is better."""
    if has(_DECLINE, f"{entry.label} {entry.label_en}") or any(isinstance(r, Quota) and "excess" in r.as_ for r in entry.against):
        return True
    return entry.direction == "lower" and not (isinstance(entry, Consequence) and entry.effect == "add")


def is_rewarded(entry: Entry) -> bool:
    """Say whether more of what is counted earns more."""
    return entry.effect == "add" if isinstance(entry, Consequence) else entry.direction == "higher"


def has_quota(entry: Entry) -> bool:
    """Say whether a number is due."""
    return any(isinstance(reference, Quota) for reference in entry.against)


def has_target(entry: Entry) -> bool:
    """Say whether a number is to be reached: a quota, a target, or a rule that says where full marks begin."""
    to_reach = entry.target is not None or isinstance(_rule(entry), Curve | Steps)
    return to_reach or has_quota(entry) or has(_TASK, words(entry))


CONDITIONS: Mapping[str, Callable[[Entry], bool]] = {
    "lower": is_lower_better,
    "rewarded": is_rewarded,
    "no_quota": lambda entry: not has_quota(entry),
    "aimed": has_target,
    "not_aimed": lambda entry: not has_target(entry),
}


def _rule(entry: Entry) -> Any:
    return getattr(entry, "points", None)


def _piece_rate(part: Named, _: LintFacts) -> Found:
    if not (isinstance(part, Entry) and isinstance(part.measure, Count)):
        return False
    raw = part.measure.per is None and part.measure.table not in _NOT_INVENTED
    return raw and isinstance(_rule(part), Curve | Line | Relative)


def _growth(part: Named, _: LintFacts) -> Found:
    against = part.against if isinstance(part, Entry) else ()
    in_per_cent = any(isinstance(reference, Change) and reference.as_ == "percent" for reference in against)
    return in_per_cent or any(isinstance(one, Change) and isinstance(other, Place) for one, other in pairwise(against))


def _small_groups(part: Named, facts: LintFacts) -> Found:
    """See points by place or standing, at levels whose groups are small; a group of one has no places."""
    if not isinstance(part, Entry) or not (isinstance(_rule(part), Relative) or any(isinstance(r, Place) for r in part.against)):
        return False
    every = [(n, level, group) for level in facts.levels(part) for group, n in facts.sizes.get(level, {}).items()]
    small = sorted(one for one in every if 1 < one[0] < LEAST_GROUP)
    said = [f"{level}{f' {group}' if group else ''}: {n}" for n, level, group in small]
    more = [f"… {len(small)}"] if len(small) > SHOWN else []
    return bool(small) and {"least": LEAST_GROUP, "groups": ", ".join(said[:SHOWN] + more)}


def _zeroes_year(part: Named, facts: LintFacts) -> Found:
    if not isinstance(part, Consequence) or part.effect == "zero_item":
        return isinstance(part, Consequence) and part.year_only
    group = next(group for group in facts.scheme.outside if part in group.lines)
    caps = (getattr(part.points, "cap", None), None if group.floor is None else -group.floor)
    taken = min([_largest_points(part.points), *(float(cap) for cap in caps if cap not in (None, "none"))])
    return part.effect == "deduct" and taken >= base_marks(facts.scheme)


def _largest_points(rule: Any) -> float:
    """Give the most points that one event can be worth."""
    worth = [points for _, points in getattr(rule, "knots", getattr(rule, "steps", ()))]
    if isinstance(rule, Line):
        worth = [rule.start, rule.first, *(rule.each.values() if isinstance(rule.each, dict) else (rule.each,))]
    return max((float(abs(points)) for points in worth), default=0.0)


def _inert(part: Named, facts: LintFacts, *, weighed: bool) -> Found:
    """See levels at which a dimension moves nobody: it weighs nothing there, or (weighed) all in it is constant."""
    if not isinstance(part, Dimension):
        return False
    leaves = {level: {leaf.code for leaf in part.leaves if applies(leaf, level)} for level in facts.scheme.levels}
    idle = [level for level, codes in leaves.items() if codes and bool(weight_at(part.weight, level)) is weighed]
    idle = [level for level in idle if not weighed or leaves[level] <= set(facts.constant.get(level, ()))]
    return bool(idle) and {"levels": ", ".join(idle)}


def _bands_of_points(part: Named, facts: LintFacts) -> Found:
    """See grades by points where full marks differ by class: told once, at the best grade."""
    full, bands = facts.scheme.full_marks, facts.scheme.bands
    if part.code != "bands" or part.label != bands[0].grade or not isinstance(full, dict) or len(set(full.values())) == 1:
        return False
    shares = [f"{word} {100 * bands[0].at_least / marks:.4g}%" for word, marks in full.items()]
    return {"grade": bands[0].grade, "least": f"{bands[0].at_least:f}", "shares": ", ".join(shares)}


SHAPES: Mapping[str, Callable[[Named, LintFacts], Found]] = {
    "per_item": _piece_rate,
    "growth": _growth,
    "small_groups": _small_groups,
    "zeroes_year": _zeroes_year,
    "bands_of_points": _bands_of_points,
    "inert_weight": partial(_inert, weighed=False),
    "inert_values": partial(_inert, weighed=True),
}


# What lint finds in a scheme.


@dataclass(frozen=True)
class Finding:
    """One thing found: the rule, the part of the scheme (None: the scheme itself), where it stands, and who answers for it."""

    rule: LintRule
    part: Named | None
    file: str
    place: str
    given: Mapping[str, Any] = field(default_factory=dict)
    justified: tuple[Justified, ...] = ()

    @property
    def code(self) -> str:
        """The code of the indicator, line, group or dimension; empty of the scheme itself."""
        return self.part.code if self.part else ""

    @property
    def open(self) -> bool:
        """Whether it must be dropped or answered for, and nobody has."""
        return self.rule.level == "stop" and not self.justified

    @property
    def sources(self) -> tuple[Instrument, ...]:
        """The instruments it rests on."""
        return tuple(catalogue().instruments[code] for code in self.rule.instruments)

    def name(self, lang: str) -> str:
        """The label of the part; empty of the scheme itself."""
        return self.part.name(lang) if self.part else ""

    def why(self, lang: str) -> str:
        """Say what is wrong with it."""
        return self.rule.why.text(lang, self.given)


def lint(
    scheme: Scheme,
    sizes: Mapping[str, Mapping[str, int]] | None = None,
    constant: Mapping[str, Collection[str]] | None = None,
    document: Document | None = None,
) -> tuple[Finding, ...]:
    """Find what a scheme had better not score, the worst first and then in the order of the table.

    sizes: level -> group ('' the whole level) -> units compared; constant: level -> codes of the indicators on which all
    units of each group have the same points. Without them what rests on them is not looked for. A document gives the lines.
    """
    facts = LintFacts(scheme, sizes or {}, constant or {})
    document = document or Document("", {}, {})
    bands = [(("bands", n), Named(code="bands", label=band.grade, label_en=band.grade_en)) for n, band in enumerate(scheme.bands)]
    found = []
    for place, part in (*places_of(scheme), *bands):
        if isinstance(part, Entry) and not facts.levels(part):
            continue
        for rule in catalogue().rules:
            if (seen := _match(rule, part, facts)) is not False:
                answers = tuple(one for one in scheme.justified if one.rule == rule.code and one.indicator in (None, part.code))
                where = document.fault(place, rule.code)
                found.append(Finding(rule, part, where.file, where.place, {} if seen is True else seen, answers))
    found += _idle_answers(scheme, found, document)
    return tuple(sorted(found, key=lambda one: LEVELS.index(one.rule.level)))


def _match(rule: LintRule, part: Named, facts: LintFacts) -> Found:
    """Hold a rule against a part: its conditions, then its shape, then its words."""
    if isinstance(part, Entry) and not all(CONDITIONS[name](part) for name in rule.when):
        return False
    return (rule.shape is not None and SHAPES[rule.shape](part, facts)) or _matches_words(rule, part, facts)


def _matches_words(rule: LintRule, part: Named, facts: LintFacts) -> bool:
    own = words(part)
    if not (isinstance(part, Entry) or rule.anywhere) or not has(rule.pattern, own) or has(rule.unless, own):
        return False
    if has(rule.unless_defined, f"{own} · {getattr(part, 'why', '')}"):
        return False
    others = (other for other in facts.scheme.entries if other is not part and facts.levels(other))
    return not any(has(rule.unless_beside, words(other)) for other in others)


def _idle_answers(scheme: Scheme, found: list[Finding], document: Document) -> Iterator[Finding]:
    """Find answers to what nobody asked: a wrong code would look like a justification."""
    rule = next(rule for rule in catalogue().rules if rule.code == "idle")
    used = [answer for one in found for answer in one.justified]
    for number, one in enumerate(scheme.justified):
        if one not in used:
            where = document.fault(("justified", number), rule.code)
            yield Finding(rule, None, where.file, where.place, {"rule": one.rule})
