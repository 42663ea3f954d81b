"""Numbers of a column are read with six decimals, so that what prints alike is alike."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from seam import read_records, score

SCORES = {
    "a short float": np.array([0.7], "float32"),
    "a sum of floats": np.array([0.1 + 0.6]),
    "a seventh decimal": np.array([0.69999996]),
    "text": ["0.7000000001"],
}


HEAD = "| dimension | share | indicator | weight | measure |"
WEIGHTS = (20, 20, 20, 20, 10, 10)


def scored(it, column):
    """Score one line; give a column of its points in the quarter."""
    points = score(it.records, it.scheme).points
    return points.loc[points["period"] == "2024Q4", column].iloc[0]


@pytest.mark.parametrize("given", SCORES)
def test_what_prints_alike_passes_alike(scheme, tmp_path, given):
    """Each of them prints 0.7, in a column of the design and in another, and meets every test that 0.7 meets."""
    pd.DataFrame({"unit_id": ["S1"], "name": ["a"], "level": ["station"]}).to_parquet(tmp_path / "units.parquet")
    survey = {"survey_id": ["V1"], "unit_id": ["S1"], "asked_at": pd.to_datetime(["2024-10-01 08:00"]).as_unit("us")}
    pd.DataFrame({**survey, "score": SCORES[given], "undeclared": SCORES[given]}).to_parquet(tmp_path / "surveys.parquet")
    tests = product(("score", "undeclared"), ("{at_least: 0.7}", "{at_most: 0.7}", "[0.7]"))
    measures = (f"{{kind: share, table: surveys, date: asked_at, met: {{{column}: {test}}}}}" for column, test in tests)
    lines = "".join(
        f"\n| d | 100 | met_{number} | {weight} | {it} |"
        for number, (weight, it) in enumerate(zip(WEIGHTS, measures, strict=True))
    )
    points = score(read_records(tmp_path), scheme(HEAD + lines), levels=["station"]).points
    met = points[points["period"] == "2024Q4"].set_index("indicator")["numerator"]
    assert met.to_dict() == dict.fromkeys((f"met_{number}" for number in range(6)), 1)


def test_large_numbers_stay_as_they_are(one_line, tmp_path):
    """A number of sixteen digits has no six decimals to be rounded to."""
    pd.DataFrame({"unit_id": ["S1"], "name": ["a"], "level": ["station"]}).to_parquet(tmp_path / "units.parquet")
    survey = {"survey_id": ["V1"], "unit_id": ["S1"], "asked_at": pd.to_datetime(["2024-10-01 08:00"]).as_unit("us")}
    pd.DataFrame({**survey, "score": [99999999999.25]}).to_parquet(tmp_path / "surveys.parquet")
    measure = "{kind: mean, table: surveys, date: asked_at, of: score}"
    it = one_line(measure, opened=read_records(tmp_path), levels=["station"], unit="分")
    assert scored(it, "value") == 99999999999.25
