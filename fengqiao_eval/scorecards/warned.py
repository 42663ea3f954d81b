"""The banner of a run whose scheme scores what must be dropped or answered for: in words, on every page."""

from collections.abc import Iterator, Mapping
from typing import Any

from fengqiao_eval.words import say


def banner(manifest: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """Say which lines of the scheme must be dropped or answered for, on whose authority, and who answers for them.

    One head, then a line for each source and answer; empty where there is nothing to say.

    >>> one = {"level": "stop", "name": {"zh": "破案率"}, "source": {"zh": ["公安部令第137号"]}, "justified": []}
    >>> banner({"lint": [one]}, "zh")[1]
    '破案率（公安部令第137号）：尚无人说明理由，所得分数不宜用于奖惩。'
    """
    worst = [one for one in manifest.get("lint", ()) if one["level"] == "stop"]
    return (say("lint.banner", lang, n=len(worst)), *_lines(worst, lang)) if worst else ()


def _lines(worst: list[Mapping[str, Any]], lang: str) -> Iterator[str]:
    """Put together what rests on the same source and has the same answer."""
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for one in worst:
        answer = tuple(one["justified"][0].items()) if one["justified"] else ()
        alike.setdefault((one["source"][lang][0], answer), []).append(one["name"][lang])
    for (source, answer), names in alike.items():
        given = {"name": say("explain.comma", lang).join(names), "source": source}
        yield say("lint.banner_justified", lang, **given, **dict(answer)) if answer else say("lint.banner_open", lang, **given)
