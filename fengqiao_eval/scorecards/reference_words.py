"""Words for what a value is held against before it becomes points, and the unit in which it comes out."""

from functools import singledispatch
from typing import Any

from fengqiao_eval.scheme.indicator import Entry
from fengqiao_eval.scheme.references import Change, Peers, Place, Quota
from fengqiao_eval.scorecards.filter_words import bare
from fengqiao_eval.words import say

PLACES = "place"
"""The unit of a place in a ranking: a name of the code, which no page prints."""
_NAMED = {"%": "points", "‰": "per_mille", PLACES: "places"}


def units(entry: Entry) -> tuple[str, ...]:
    """Name the unit of the value, then the unit after each reference.

    >>> from types import SimpleNamespace
    >>> units(SimpleNamespace(unit="起", against=(Quota.model_validate({"kind": "quota", "amount": 8, "as": "completion"}),)))
    ('起', '%')
    """
    found = [entry.unit]
    for reference in entry.against:
        if isinstance(reference, Place):
            found.append(PLACES)
        else:
            found.append("%" if reference.as_ in ("completion", "excess_percent", "percent") else found[-1])
    return tuple(found)


def against_words(entry: Entry, lang: str) -> tuple[str, ...]:
    """Say each reference in the order in which they are applied; empty where the value is taken as it is."""
    return tuple(_said(reference, unit, lang) for reference, unit in zip(entry.against, units(entry), strict=False))


def step_unit(unit: str, lang: str) -> str:
    """Name the unit of one step of a value: of rates percentage points, of places places.

    >>> step_unit("%", "zh"), step_unit("起", "zh")
    ('个百分点', '起')
    """
    return say(f"definition.step.{_NAMED[unit]}", lang) if unit in _NAMED else unit


def _difference(unit: str, lang: str) -> str:
    return say(f"definition.difference.{_NAMED[unit]}", lang) if unit in _NAMED else unit


@singledispatch
def _said(reference: Any, unit: str, lang: str) -> str:
    raise TypeError(reference, unit, lang)


@_said.register
def _quota(quota: Quota, unit: str, lang: str) -> str:
    every = say(f"definition.every.{quota.every}", lang) if quota.every else ""
    per = say(f"definition.quota_per.{quota.per}", lang, scale=bare(quota.scale)) if quota.per else ""
    due = say("definition.quota", lang, every=every, per=per, amount=_amount(quota, lang))
    said = say(f"definition.quota.{quota.as_}", lang, due=due, unit=_difference(unit, lang))
    return said + (say("definition.quota_apart", lang) if quota.apart else "")


def _amount(quota: Quota, lang: str) -> str:
    if quota.figure:
        return say("definition.quota_figure", lang, figure=quota.figure)
    if isinstance(quota.amount, dict):
        return say("definition.list", lang).join(f"{name} {bare(amount)}" for name, amount in quota.amount.items())
    return bare(quota.amount)


@_said.register
def _change(change: Change, unit: str, lang: str) -> str:
    since = say(f"definition.since.{change.since}", lang, periods=change.periods)
    return say(f"definition.change.{change.as_}", lang, since=since, unit=_difference(unit, lang))


@_said.register
def _peers(peers: Peers, unit: str, lang: str) -> str:
    words = {"among": f"among.{peers.among}", "since": f"peers_since.{peers.since}", "of": f"peers_of.{peers.of}"}
    given = {name: say(f"definition.{key}", lang) for name, key in words.items()}
    return say(f"definition.peers.{peers.as_}", lang, unit=_difference(unit, lang), **given)


@_said.register
def _place(place: Place, unit: str, lang: str) -> str:  # noqa: ARG001 - a place has no unit before it
    return say(f"definition.place.{place.from_}", lang)
