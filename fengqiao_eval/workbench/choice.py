"""On what weights are tuned: the level, the period, and what must be said of the choice."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np

from fengqiao_eval.errors import UsageError
from fengqiao_eval.periods import Period, parse
from fengqiao_eval.scorecards.folder import Run
from fengqiao_eval.scorecards.overview import main_level
from fengqiao_eval.scorecards.wording import period_words
from fengqiao_eval.words import say
from fengqiao_eval.workbench.anew import estimated
from fengqiao_eval.workbench.field import Field, read_field


class Chosen(NamedTuple):
    """What is tuned, and the sentences that stand above it."""

    field: Field
    warnings: tuple[str, ...]


def choose(run: Run, level: str | None = None, period: str | None = None) -> Chosen:
    """Read what is tuned: the level of the overview, and the last period that is neither open nor being paid out.

    A period is paid out from its end until the next of its length has ended, as seen from the run's as_of. Where nobody has a
    place in the period before, the run's own is taken, and warned of.
    Raises UsageError where the run has no points, or no such level or period.
    """
    if level is None and run.frame("ranks").data.empty:
        raise UsageError("tune.no_points", run=run.manifest["run"], level="—")
    level, own = level or main_level(run), parse(str(run.manifest["periods"]["this"]))
    earlier = _earlier(run, level, own) if period is None and _standing(run, own) else None
    field = earlier or read_field(run, level, parse(period) if period else own)
    return Chosen(field, tuple(_told(field, own if earlier else None)))


def _earlier(run: Run, level: str, own: Period) -> Field | None:
    """Read the period before, if anybody has a place in it."""
    ranks = run.frame("ranks", officers=level == "officer").data
    if ranks.empty:
        return None
    placed = ranks[(ranks["level"] == level) & (ranks["period"] == str(own.previous))]["rank"].notna()
    return read_field(run, level, own.previous) if placed.any() else None


def _standing(run: Run, period: Period) -> str:
    """Say whether a period is open, or being paid out; '' where it is settled."""
    as_of = datetime.fromisoformat(str(run.manifest["as_of"]))
    following = Period(period.first + period.months, period.months)
    return "open" if period.end > as_of else "paid" if following.end > as_of else ""


def _told(field: Field, passed_over: Period | None) -> Iterator[str]:
    """Say what must be known of the choice, and of the points."""
    lang, base = field.lang, field.base
    told = period_words(str(field.period), lang)
    if passed_over:
        yield say("tune.earlier", lang, period=told, own=period_words(str(passed_over), lang), code=str(passed_over))
    elif standing := _standing(field.run, field.period):
        yield say(f"tune.period_{standing}", lang, period=told)
    if len(field.units) == 1:
        yield say("tune.one_unit", lang)
    elif not base.place.any():
        yield say("tune.nobody_placed", lang)
    elif np.ptp(base.totals[base.place > 0]) == 0:
        yield say("tune.all_equal", lang)
    lacking = int((np.isnan(field.sheet.points) & ~field.sheet.spared)[:, field.table.columns].any(axis=1).sum())
    if lacking:
        yield say("tune.missing", lang, count=lacking)
    labels = {part.code: part.name(lang) for part in field.table.parts}
    if codes := estimated(field.table, field.sheet):
        yield say("tune.estimated", lang, indicators=say("explain.comma", lang).join(labels[code] for code in codes))
