"""The shorter periods in a longer one: where the scheme says so its total is the mean of theirs, else they stand beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fengqiao_eval.periods import Period, parse
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scorecards.wording import fixed, number, period_words, rounded, text
from fengqiao_eval.scoring.parts import parts
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Months:
    """The totals of the months (or quarters) of a longer period, None where too little was scored, and their mean.

    decisive: whether the mean is the total of the longer period; else that was counted anew, and the mean stands beside it.
    """

    totals: tuple[tuple[str, float | None], ...]
    mean: float
    decisive: bool

    @property
    def scored(self) -> tuple[tuple[str, float], ...]:
        """Those that enter the mean."""
        return tuple((period, total) for period, total in self.totals if total is not None)

    def words(self, decimals: int, lang: str) -> str:
        """Say the mean and what it is of: 各月平均88.10分（3个月）; where it is the total, month by month."""
        if not self.decisive:
            return say("card.monthly", lang, mean=fixed(self.mean, decimals), months=len(self.scored))
        each = [f"{period_words(period, lang)} {fixed(total, decimals)}" for period, total in self.scored]
        said = say("card.mean_of", lang, parts=say("card.comma", lang).join(each), n=len(each))
        left = [period_words(period, lang) for period, total in self.totals if total is None]
        return said + (say("card.mean_left_out", lang, parts=say("card.comma", lang).join(left)) if left else "")


def is_mean(scheme: Scheme, period: str) -> bool:
    """Say whether the total of a period is the mean of shorter ones."""
    return bool(parts(scheme, parse(period)))


def shorter(scheme: Scheme, period: str) -> tuple[str, ...]:
    """Name the periods whose totals are averaged, or, where the scheme counts anew, the months whose mean stands beside."""
    whole = parse(period)
    return tuple(map(str, parts(scheme, whole) or (Period(month, 1) for month in whole.month_numbers)))


def stood(scheme: Scheme, rank: Mapping[str, Any]) -> float | None:
    """Read the total of a shorter period (its row of the frame ranks) if it enters the mean: enough of it was scored.

    Who is barred from a place for what is missing has none either; a unit that is never ranked is only held to the former.
    """
    enough = (number(rank.get("covered")) or 0.0) >= float(scheme.least_covered) - 1e-9
    barred = "not_ranked" in text(rank.get("flags")).split(",") and rank.get("unit_id") not in scheme.unranked
    return number(rank.get("total")) if enough and not barred else None


def months(scheme: Scheme, period: str, ranks: Mapping[str, Mapping[str, Any]]) -> Months | None:
    """Gather the totals of the shorter periods in a longer one (ranks: a unit's rows by period).

    None for a month, and where none of them was scored.
    """
    names = shorter(scheme, period)
    found = tuple((name, stood(scheme, ranks.get(name, {}))) for name in names)
    scored = [total for _, total in found if total is not None]
    if len(names) < 2 or not scored:  # noqa: PLR2004 - one is no longer period
        return None
    mean = float(rounded(sum(scored) / len(scored), scheme.decimals))
    return Months(found, mean, is_mean(scheme, period))
