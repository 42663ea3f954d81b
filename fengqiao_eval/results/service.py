"""What an officer's card says to that person: in which role and how long they served, what counts for them and what does not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fengqiao_eval.results.caveats import missing_indicators
from fengqiao_eval.results.lines import IndicatorLine
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.scheme import applies
from fengqiao_eval.wording.numbers import number, plain, term, text
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Service:
    """An officer's period: role, days served (of so many), what counts, by the records it rests on, and what does not, and why.

    served is in person-days, None where nobody's postings are known; posts: the days at each unit, where there were several.
    """

    role: str
    served: float | None
    days: float
    posts: tuple[tuple[str, float], ...]
    counted: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: tuple[str, ...]

    def days_words(self, lang: str) -> str:
        """Say how long they served, and where, if they moved."""
        days = plain(self.days)
        if self.served is None:
            return say("card.service.unknown", lang, days=days)
        key = "card.service.whole" if self.served >= self.days else "card.service.part"
        said = say(key, lang, served=plain(self.served, 1), days=days)
        posts = (say("card.service.post", lang, unit=unit, days=plain(days, 1)) for unit, days in self.posts)
        return said + (say("card.service.moved", lang, posts=say("card.comma", lang).join(posts)) if self.posts else "")


def service(run: Run, unit: Mapping[str, Any], lines: Sequence[IndicatorLine], lang: str) -> Service:
    """Gather what concerns an officer alone (unit: the own row), from the lines of the own card."""
    scheme, level = run.scheme, text(unit["level"])
    entries = {indicator.code: indicator for indicator in scheme.indicators}
    counted: dict[str, list[str]] = {}
    unweighted = [line.label for line in lines if line.own and not line.scored]
    for line in lines:
        if line.own and line.scored:
            measure: Any = entries[line.code].measure
            table = getattr(measure, "table", "figures")
            key = "card.service.line" if line.n is not None else "card.unknown.no_sample"
            said = say(key, lang, label=line.label, n=plain(line.n, 0))
            counted.setdefault(table_label(table, lang), []).append(said)
    for entry in scheme.consequences:
        if applies(entry, level):
            counted.setdefault(say("card.outside", lang), []).append(entry.name(lang))
    others = [indicator.name(lang) for indicator in scheme.indicators if not applies(indicator, level)]
    rest = {"no_weight": unweighted, "units_only": others}
    listed = {why: say("card.comma", lang).join(labels) for why, labels in rest.items() if labels}
    names = dict(run.frame("units").tuples(("unit_id", "name"), *(posts := json.loads(text(unit.get("posts")) or "{}"))))
    return Service(
        role=term("role", text(unit.get("role")), lang) or term("level", level, lang),
        served=number(unit.get("person_days")),
        days=number(unit.get("days_in_period")) or 0.0,
        posts=tuple((text(names.get(at)) or at, days) for at, days in posts.items()),
        counted=tuple((ground, tuple(labels)) for ground, labels in counted.items()),
        left_out=(
            *missing_indicators(scheme, level, [line for line in lines if not line.own], lang),
            *(say(f"card.service.{why}", lang, labels=labels) for why, labels in listed.items()),
        ),
    )
