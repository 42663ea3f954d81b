"""Weights that could be argued for, said beside the scheme's own at the end of `fengqiao check`; never applied."""

from collections.abc import Iterator
from typing import Any

from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.runs.prepared import Scored
from fengqiao_eval.scorecards.proposals import proposals
from fengqiao_eval.scorecards.wording import known, measured, term
from fengqiao_eval.words import say

SHOWN = ("own", "entropy", "critic", "ahp")


def lines(done: Scored, lang: str) -> Iterator[str]:
    """Say each indicator's weight at the main level, as the scheme has it and as others would propose it."""
    level = main_level(done)
    found = proposals(done.scores.points, done.scheme, level, str(done.params.span))
    held = [name for name in SHOWN if found[name].notna().any()]
    if len(found) > 1 and len(held) > 1:
        yield say("lint.weights", lang, level=term("level", level, lang), units=int(found["units"].iloc[0]))
        labels = {indicator.code: indicator.name(lang) for indicator in done.scheme.indicators}
        for row in found.to_dict("records"):
            said = say("explain.comma", lang).join(_weight(name, row[name], lang) for name in held)
            yield say("lint.weight", lang, label=labels[row["indicator"]], code=row["indicator"], weights=said)


def main_level(done: Scored) -> str:
    """Name the level that the proposals speak of: stations, else the level with most units, officers last."""
    return max(done.units, key=lambda level: (level == "station", level != OFFICER, done.units[level]))


def _weight(name: str, weight: Any, lang: str) -> str:
    return say(f"lint.weight.{name}", lang) + " " + (measured(100 * weight, "%") if known(weight) else "—")
