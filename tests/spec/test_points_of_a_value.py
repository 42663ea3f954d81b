"""Rules that look at the value alone: curve, steps, pass; with floor and cap, in both directions."""

import math

import pytest

import seam

RATE = {"kind": "curve", "knots": [[60, 0], [85, 60], [95, 90], [100, 100]]}
FALLING = {"kind": "curve", "knots": [[0, 100], [5, 90], [10, 60], [25, 0]]}
BANDS = {"kind": "steps", "steps": [[85, 6], [95, 10], [90, 8]], "otherwise": 1}
FEWER = {"kind": "steps", "steps": [[5, 10], [20, 4], [10, 8]], "otherwise": 0}


def points(rule, value, direction="higher", full_marks=100):
    """Give the points of one value."""
    return seam.points(rule, [value], direction, full_marks)[0]


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (60, 0), (72.5, 30), (85, 60), (90, 75), (95, 90), (97, 94), (100, 100), (120, 100)]
)
def test_a_curve_runs_straight_from_knot_to_knot(value, expected):
    """Half way between two knots is half way between their points; beyond the ends it is flat."""
    assert points(RATE, value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 100), (2.5, 95), (5, 90), (7.5, 75), (25, 0), (80, 0)])
def test_a_curve_may_fall(value, expected):
    """A rate of recurrence earns most at nought."""
    assert points(FALLING, value, "lower") == expected


@pytest.mark.parametrize(("value", "expected"), [(100, 10), (95, 10), (94.99, 8), (90, 8), (89, 6), (85, 6), (84.9, 1), (0, 1)])
def test_steps_give_the_best_band_reached(value, expected):
    """Bands may be written in any order; below all of them stands `otherwise`."""
    assert points(BANDS, value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 10), (5, 10), (5.1, 8), (10, 8), (20, 4), (20.1, 0)])
def test_steps_where_less_is_better(value, expected):
    """Where less is better a band is reached from above."""
    assert points(FEWER, value, "lower") == expected


@pytest.mark.parametrize(
    ("direction", "value", "expected"),
    [("higher", 85, 100), ("higher", 84.9999, 20), ("lower", 85, 100), ("lower", 85.0001, 20)],
)
def test_one_step_is_all_or_otherwise(direction, value, expected):
    """The threshold itself passes."""
    assert points({"kind": "steps", "steps": [[85, 100]], "otherwise": 20}, value, direction) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, 40), (60, 40), (90, 75), (100, 95)])
def test_floor_and_cap_bound_the_points(value, expected):
    """Nobody gets less than the floor or more than the cap."""
    assert points(RATE | {"floor": 40, "cap": 95}, value) == expected


def test_without_floor_and_cap_points_stay_within_the_scale():
    """A rule that gives 130 or -20 is cut at full marks and at 0."""
    rule = {"kind": "curve", "knots": [[0, -20], [100, 130]]}
    assert [points(rule, value) for value in (0, 100)] == [0, 100]


def test_full_marks_are_the_schemes():
    """Where the scheme counts to 150, passing is worth 150 and a curve may reach it."""
    assert points({"kind": "steps", "steps": [[85, 150]]}, 90, full_marks=150) == 150
    assert points({"kind": "curve", "knots": [[0, 0], [100, 150]]}, 100, full_marks=150) == 150


def test_no_value_no_points():
    """What is missing stays missing: it is no zero."""
    assert math.isnan(points(RATE, math.nan))


def test_points_are_rounded_half_up_to_four_decimals():
    """A third of the way is 33.3333, and 0.00005 is 0.0001."""
    rule = {"kind": "curve", "knots": [[0, 0], [3, 100]]}
    assert [points(rule, 1), points(rule, 2)] == [33.3333, 66.6667]
    assert points({"kind": "curve", "knots": [[0, 0], [1, 0.0001]]}, 0.5) == 0.0001
