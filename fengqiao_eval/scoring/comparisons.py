"""The frame comparisons: how every value that is held against something became what its rule sees, step by step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fengqiao_eval.records.units import Tree
from fengqiao_eval.scheme.model import Scheme
from fengqiao_eval.scoring.comparing import Stage
from fengqiao_eval.scoring.scored import Scored

NUMBERS = ("given", "reference", "result")
COLUMNS = ("unit_id", "level", "indicator", "period", "step", "kind", *NUMBERS)


def comparisons(scored: Sequence[Scored], scheme: Scheme, tree: Tree) -> pd.DataFrame:
    """Give the frame: a row a unit × indicator or line × period × step (from 1), where there was a value to be held.

    given: the value before; reference: what it was held against (of a place: how many were placed); result: what came of it.
    """
    parts = [_numbered(number, stage) for number, one in enumerate(scored) for stage in one.compared.stages]
    found = pd.concat(parts, ignore_index=True) if parts else _numbered(0, Stage(0, 0, "", *[np.zeros(0)] * 4))
    words = {
        "unit_id": tree.units["unit_id"],
        "indicator": [entry.code for entry in scheme.entries],
        "period": [str(one.measured.period) for one in scored],
    }
    named = {name: pd.Categorical.from_codes(found[name], pd.Index(word, dtype="str")) for name, word in words.items()}
    level = pd.Categorical(tree.units["level"].to_numpy(dtype=object)[found["unit_id"]])
    return found.assign(level=level, **named, kind=found["kind"].astype("category"))[list(COLUMNS)]


def _numbered(number: int, stage: Stage) -> pd.DataFrame:
    """Give the rows of one stage, words as their numbers."""
    at = np.flatnonzero(~np.isnan(stage.given))
    numbers = {name: getattr(stage, name)[at] for name in NUMBERS}
    return pd.DataFrame({"unit_id": at, "indicator": stage.entry, "period": number, "step": stage.step + 1}).assign(
        kind=stage.kind, **numbers
    )
