"""Whose card it is: what stands at the head of every page."""

from dataclasses import dataclass

from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.glance import OFFICER
from fengqiao_eval.scorecards.lines import Row
from fengqiao_eval.scorecards.wording import day, period_words, term, text
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Identity:
    """Whose card it is, of which run and period, in which state; what stands at the head of every page."""

    run: str
    unit_id: str
    name: str
    level: str
    level_label: str
    peer_class: str
    title: str
    scheme_version: str
    author: str
    checker: str
    period: str
    period_label: str
    as_of: str
    state: str
    objection_until: str
    contact: str
    lang: str

    @property
    def is_officer(self) -> bool:
        """Whether the card is a person's."""
        return self.level == OFFICER


def identity(run: Run, unit_id: str, lang: str = "zh") -> Identity:
    """Say whose card it is, from the manifest and the unit's own row."""
    unit = unit_row(run, unit_id, officers=run.holds_officer(unit_id))
    level, this, given = text(unit["level"]), str(run.manifest["periods"]["this"]), run.manifest
    return Identity(
        run=str(given["run"]),
        unit_id=unit_id,
        name=text(unit["name"]) or unit_id,
        level=level,
        level_label=term("level", level, lang),
        peer_class=_class(run, unit_id, level, lang),
        title=run.scheme.name(lang),
        scheme_version=run.scheme.version,
        author=run.scheme.author,
        checker=run.scheme.checker,
        period=this,
        period_label=period_words(this, lang),
        as_of=day(given["as_of"]),
        state=str(given["state"]),
        objection_until=day(given.get("objection_until")),
        contact=text(given.get("contact")),
        lang=lang,
    )


def unit_row(run: Run, unit_id: str, *, officers: bool) -> Row:
    """Find a unit's own row."""
    return run.rows("units", unit_id, officers=officers)[-1]


def _class(run: Run, unit_id: str, level: str, lang: str) -> str:
    """Name the class compared within; where that is the whole level, in the reader's language."""
    rows = run.columns("points", officers=level == OFFICER).tuples(["peer_class"], unit_id)
    label = text(rows[-1][0]) if rows else ""
    whole = label in {"", level, term("level", level, "zh")}
    return say("card.whole_level", lang, level=term("level", level, lang)) if whole else label
