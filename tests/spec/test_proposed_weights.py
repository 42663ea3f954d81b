"""Proposals of weights stand beside the scheme's own, and change nothing."""

import numpy as np
import pandas as pd
import pytest

import runs_fixture
import seam
from seam import critic, entropy

TABLE = """
    | dimension | share | indicator | weight | levels    |
    | d         | 60    | a         | 25     |           |
    | d         | 60    | b         | 75     |           |
    | e         | 40    | c         | 100    | [station] |
"""
POINTS = """
    | unit | level   | a  | b  | c   |
    | S1   | station | 10 | 50 | 90  |
    | S2   | station | 40 | 50 | 10  |
    | S3   | station | 70 | 50 | 30  |
    | S4   | station | 20 | 50 |     |
    | ??   | station | 99 | 1  | 1   |
    | P1   | officer | 10 | 20 |     |
"""
JUDGED = [{"more": "b", "than": "a", "by": 4}]


@pytest.fixture
def proposed(scheme, drawn):
    """Propose weights for the units drawn, as a frame by indicator."""

    def make(level="station", text=POINTS, **keys) -> pd.DataFrame:
        table = drawn(text).rename(columns={"unit": "unit_id"})
        points = table.melt(["unit_id", "level"], var_name="indicator", value_name="points").assign(period="2024Q4")
        declared = scheme(TABLE, levels=("station", "officer"), unranked=("??",), **keys)
        return seam.proposals(points, level, declared).set_index("indicator")

    return make


def test_proposals_stand_beside_the_own_weights(proposed):
    """Spread and conflict are those of the units with points for everything; b is alike for all, so it weighs nothing."""
    found, points = proposed(), np.array([[10, 50, 90], [40, 50, 10], [70, 50, 30.0]])
    assert found["own"].tolist() == [0.15, 0.45, 0.4]
    assert found["entropy"].tolist() == entropy(points).tolist()
    assert found["critic"].tolist() == critic(points, [True] * 3).tolist()
    assert (found["entropy"]["b"], found["critic"]["b"], set(found["units"])) == (0, 0, {3})
    assert found["ahp"].isna().all()


def test_judgements_replace_the_weights_they_speak_of(proposed):
    """Four to one within d, and between d and e as the scheme has it."""
    found = proposed(judgements=JUDGED)
    np.testing.assert_allclose(found["ahp"], [0.12, 0.48, 0.4], atol=1e-9)
    assert found["own"].tolist() == [0.15, 0.45, 0.4]


def test_only_what_applies_at_the_level_is_weighed(proposed):
    """Of officers c is not scored; one officer alone has no spread, so nothing is proposed by points."""
    found = proposed("officer", judgements=JUDGED)
    assert list(found.index) == ["a", "b"]
    assert found["entropy"].isna().all()
    assert found["critic"].isna().all()
    np.testing.assert_allclose(found["ahp"], [0.2, 0.8], atol=1e-9)


def test_points_below_zero_have_no_entropy(proposed):
    """A share of a negative sum means nothing; conflict is still known."""
    found = proposed(text=POINTS.replace("| 10 | 50 | 90  |", "| -10 | 50 | 90 |"))
    assert found["entropy"].isna().all()
    assert found["critic"].sum() == pytest.approx(1)


def test_an_indicator_without_points_is_left_aside(proposed):
    """What nobody has points for would leave no unit whole."""
    found = proposed(text="| unit | level | a | b | c |\n| S1 | station | 1 | 4 | |\n| S2 | station | 3 | 1 | |")
    assert np.isnan(found["entropy"]["c"])
    assert found["entropy"].sum() == pytest.approx(1)
    assert found["units"]["a"] == 2


def test_a_finished_run_is_read(tmp_path):
    """The points are those of the run's main period; officers' are read from their own folder."""
    run = runs_fixture.write(tmp_path)
    stations, officers = seam.proposals(run, "station"), seam.proposals(run, "officer")
    assert list(stations.columns) == ["indicator", "own", "entropy", "critic", "ahp", "units"]
    assert (stations["units"].iloc[0], officers["units"].iloc[0]) > (1, 1)
    for found in (stations, officers):
        assert found[["own", "entropy", "critic"]].sum().tolist() == pytest.approx([1, 1, 1])
