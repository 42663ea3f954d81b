"""Other weights that could be argued for, beside the scheme's own: proposals to look at, never applied."""

from decimal import Decimal

import pandas as pd

from fengqiao_eval.records.units import OFFICER
from fengqiao_eval.scheme.judgements import judged
from fengqiao_eval.scheme.load import reweigh
from fengqiao_eval.scheme.model import Scheme, nominal
from fengqiao_eval.scheme.weights import ahp, critic, entropy
from fengqiao_eval.scorecards.folder import Run

COLUMNS = ("own", "entropy", "critic", "ahp", "units")


def proposed_weights(run: Run, level: str) -> pd.DataFrame:
    """Propose weights from the points of a run's main period at a level; columns as `proposals` has them."""
    points = run.frame("points", officers=level == OFFICER).data
    return proposals(points, run.scheme, level, str(run.manifest["periods"]["this"]))


def proposals(points: pd.DataFrame, scheme: Scheme, level: str, period: str) -> pd.DataFrame:
    """Propose weights by spread, by conflict and by judgement: one row an indicator of the level, in the order of the table.

    points: the frame points of a run. own: the share of the total in the scheme. entropy, critic: those of the points of the
    units that have points for everything (`units`: how many); units that stand for 'unknown' are left aside, and so is an
    indicator without any points. ahp: own, with the scheme's judgements in place of the weights they speak of. Each sums to 1,
    is 0 where nothing varies, and empty where there is nothing to go by: no judgements, fewer than two units, or (entropy)
    points below 0.
    """
    own, given = nominal(scheme, level), _given(points, scheme, level, period)
    found = {"own": own, "ahp": _judged(scheme, level), **_by_points(given)}
    frame = pd.DataFrame(found, index=list(own), columns=list(COLUMNS), dtype="float64").assign(units=len(given))
    return frame.rename_axis("indicator").reset_index()


def _given(points: pd.DataFrame, scheme: Scheme, level: str, period: str) -> pd.DataFrame:
    """Spread the points out, units × indicators, without those indicators that have none and then the units that lack some."""
    alike = points[(points["level"] == level) & (points["period"] == period) & ~points["unit_id"].isin(scheme.unranked)]
    wide = alike.astype({"unit_id": "str", "indicator": "str"}).pivot(index="unit_id", columns="indicator", values="points")
    return wide.dropna(axis="columns", how="all").dropna()


def _by_points(given: pd.DataFrame) -> dict[str, dict[str, float]]:
    if len(given) < 2:  # noqa: PLR2004 - one unit alone has no spread
        return {}
    values, codes = given.to_numpy(), list(given.columns)
    found = {"critic": critic(values, [True] * len(codes), codes)}
    if (values >= 0).all():
        found["entropy"] = entropy(values, codes)
    return {name: dict(zip(codes, weights.tolist(), strict=True)) for name, weights in found.items()}


def _judged(scheme: Scheme, level: str) -> dict[str, Decimal]:
    groups = judged(scheme)
    weights = {code: Decimal(weight) for group in groups for code, weight in zip(group.codes, ahp(group.matrix)[0], strict=True)}
    return nominal(reweigh(scheme, weights), level) if groups else {}
