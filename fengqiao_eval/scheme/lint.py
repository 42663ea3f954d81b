"""Lint: what a scheme scores that law forbids or statistics cannot bear, each finding with its source. It warns and quotes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fengqiao_eval.documents import Document, Place
from fengqiao_eval.scheme.indicator import Entry, Named
from fengqiao_eval.scheme.lint_rules import LEVELS, Instrument, Rule, catalogue, has
from fengqiao_eval.scheme.lint_shapes import CONDITIONS, SHAPES, Facts, Found, words
from fengqiao_eval.scheme.model import Justified, Scheme, parts_of


@dataclass(frozen=True)
class Finding:
    """One thing found: the rule, the part of the scheme (None: the scheme itself), where it stands, and who answers for it."""

    rule: Rule
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
    facts = Facts(scheme, sizes or {}, constant or {})
    document = document or Document("", {}, {})
    parts = [(place, part) for place, part in _parts(scheme) if not isinstance(part, Entry) or facts.levels(part)]
    found = [one for place, part in parts for one in _of_part(place, part, facts, document)]
    found += _idle(scheme, found, document)
    return tuple(sorted(found, key=lambda one: LEVELS.index(one.rule.level)))


def _parts(scheme: Scheme) -> Iterator[tuple[Place, Named]]:
    """Walk through all that has a name: dimensions, indicators, groups outside the hundred and their lines, grades."""
    yield from ((place, part) for place, _, part in parts_of(scheme))
    for number, group in enumerate(scheme.outside):
        yield ("outside", number), group
        yield from ((("outside", number, "lines", inner), line) for inner, line in enumerate(group.lines))
    for number, band in enumerate(scheme.bands):
        yield ("bands", number), Named(code="bands", label=band.grade, label_en=band.grade_en)


def _of_part(place: Place, part: Named, facts: Facts, document: Document) -> Iterator[Finding]:
    for rule in catalogue().rules:
        given = _matched(rule, part, facts)
        if given is not None:
            where = document.fault(place, rule.code)
            yield Finding(rule, part, where.file, where.place, given, _answered(facts.scheme, rule, part))


def _matched(rule: Rule, part: Named, facts: Facts) -> Found:
    """Hold a rule against a part: its conditions, then its shape, then its words."""
    if isinstance(part, Entry) and not all(CONDITIONS[name](part) for name in rule.when):
        return None
    seen = SHAPES[rule.shape](part, facts) if rule.shape else None
    return {} if seen is None and _spoken(rule, part, facts) else seen


def _spoken(rule: Rule, part: Named, facts: Facts) -> bool:
    own = words(part)
    if not (isinstance(part, Entry) or rule.anywhere) or not has(rule.pattern, own) or has(rule.unless, own):
        return False
    if has(rule.unless_defined, f"{own} · {getattr(part, 'why', '')}"):
        return False
    others = (other for other in facts.scheme.entries if other is not part and facts.levels(other))
    return not any(has(rule.unless_beside, words(other)) for other in others)


def _answered(scheme: Scheme, rule: Rule, part: Named) -> tuple[Justified, ...]:
    return tuple(one for one in scheme.justified if one.rule == rule.code and one.indicator in (None, part.code))


def _idle(scheme: Scheme, found: list[Finding], document: Document) -> list[Finding]:
    """Find answers to what nobody asked: a wrong code would look like a justification."""
    rule = next(rule for rule in catalogue().rules if rule.code == "idle")
    used = [answer for one in found for answer in one.justified]
    places = [(("justified", number), one) for number, one in enumerate(scheme.justified) if one not in used]
    return [_of_scheme(rule, document, place, {"rule": one.rule}) for place, one in places]


def _of_scheme(rule: Rule, document: Document, place: Place, given: Mapping[str, Any]) -> Finding:
    where = document.fault(place, rule.code)
    return Finding(rule, None, where.file, where.place, given)
