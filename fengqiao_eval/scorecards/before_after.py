"""The page of a comparison: what changed between two finished runs, on one offline sheet to print."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from fengqiao_eval.scorecards import moved
from fengqiao_eval.scorecards.compared import Compared
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.fragments import render, style
from fengqiao_eval.scorecards.glance import OFFICER
from fengqiao_eval.scorecards.moved import SIDES, Pair
from fengqiao_eval.scorecards.moved_words import sections
from fengqiao_eval.scorecards.warned import banner
from fengqiao_eval.scorecards.wording import day, period_words
from fengqiao_eval.words import say

STATES = ("draft", "announced", "final")
FACTS = ("state", "period", "as_of", "scheme", "version", "overrides", "made_at")


def compare(before: Run, after: Run, lang: str = "zh") -> Compared:
    """Put two finished runs side by side; nothing is written.

    Raises UsageError for a run without places.
    """
    pair = Pair(before, after)
    try:
        staff = moved.units(pair, officers=True)
    except PermissionError:  # the folder of the officers opens to its owner only
        staff = None
    return Compared(pair, moved.units(pair), staff, lang)


def page(compared: Compared) -> str:
    """Make the page: one file that asks for nothing else."""
    given = {**_head(compared), "facts": tuple(facts(compared)), "beware": tuple(beware(compared)), "told": differences(compared)}
    return render("before_after.html", compared.lang, **given, warned=_warned(compared), sections=sections(compared)) + "\n"


def _head(one: Compared) -> dict[str, Any]:
    """Say which runs these are, and in which state; the stamp is that of the less settled one."""
    told = {side: run.manifest for side, run in zip(SIDES, one.pair.runs, strict=True)}
    state = min((given["state"] for given in told.values()), key=STATES.index)
    words = {f"state_{side}": say(f"card.state.{given['state']}", one.lang) for side, given in told.items()}
    return {
        "css": Markup(style() + files(__package__).joinpath("templates/page.css").read_text("utf-8")),  # noqa: S704 - our own
        "state": state,
        "state_word": say(f"card.state.{state}", one.lang),
        "state_said": say(f"card.state_said.{state}", one.lang),
        "running": one.say("compare.running", **{side: given["run"] for side, given in told.items()}, **words),
        "title": one.say("compare.title", **{side: given["run"] for side, given in told.items()}),
        "name": one.pair.after.scheme.name(one.lang),
    }


def facts(one: Compared) -> Iterator[tuple[str, str, str]]:
    """Say of both runs what they are made of: name of the fact, before, after."""
    yield one.say("compare.fact.side"), str(one.pair.before.manifest["run"]), str(one.pair.after.manifest["run"])
    sides = [_facts(run, one) for run in one.pair.runs]
    yield from ((one.say(f"compare.fact.{name}"), sides[0][name], sides[1][name]) for name in FACTS)


def _facts(run: Run, one: Compared) -> dict[str, str]:
    told, lang = run.manifest, one.lang
    said = say(f"card.state_said.{told['state']}", lang)
    overrides = str(told.get("parameters", {}).get("overrides") or "").replace("\\", "/").rpartition("/")[2]
    return {
        "state": one.say("compare.state", state=say(f"card.state.{told['state']}", lang), said=said),
        "period": period_words(str(told["periods"]["this"]), lang),
        "as_of": day(told["as_of"]),
        "scheme": run.scheme.name(lang),
        "version": run.scheme.version,
        "overrides": overrides or one.say("compare.none"),
        "made_at": day(told.get("made_at")) or "—",
    }


def differences(one: Compared) -> str:
    """Say whether all that follows comes of the weights, and what else differs."""
    found = one.pair.differs()
    weights = moved.weights(one.pair)
    same = not moved.unlike(weights["weight_before"], weights["weight_after"]).any()
    what = one.say("compare.comma").join(one.say(f"compare.differs.{name}") for name in found)
    return one.say(f"compare.differs.{_kind(same=same, others=bool(found))}", what=what)


def _kind(*, same: bool, others: bool) -> str:
    return ("others" if same else "some") if others else ("nothing" if same else "weights_only")


def beware(one: Compared) -> Iterator[str]:
    """Say what keeps the two from being compared like with like."""
    found = one.pair.differs()
    if "period" in found:
        periods = (period_words(str(run.manifest["periods"]["this"]), one.lang) for run in one.pair.runs)
        yield one.say("compare.beware.period", **dict(zip(SIDES, periods, strict=True)))
    if "full_marks" in found:
        yield one.say("compare.beware.full_marks")
    if one.staff is None and any(run.manifest.get(f"{OFFICER}s") for run in one.pair.runs):
        yield one.say("compare.beware.staff")


def _warned(one: Compared) -> tuple[str, ...]:
    """Repeat what the pages of both runs warn of, once."""
    return tuple(dict.fromkeys(line for run in one.pair.runs for line in banner(run.manifest, one.lang)))
