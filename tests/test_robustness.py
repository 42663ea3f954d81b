"""How firm places are: draws and stretches against naive loops and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fengqiao_eval.scoring.aggregation import Weights, total
from fengqiao_eval.scoring.ranking import places
from fengqiao_eval.scoring.sensitivity import (
    bounds,
    competition,
    draw_weights,
    drawn_places,
    influence,
    search_outward,
    slopes,
    stretch,
)

TREE = Weights(np.array([1, 5, 3, 2, 1, 1, 2, 3, 1]), np.array([-1, 0, 0, 0, 1, 1, 2, 2, 3]), np.array([4, 5, 6, 7, 8]))
"""Three dimensions 5 : 3 : 2 with two, two and one indicators."""


def invented(size, seed=1, missing=0.0, steps=10_000):
    """Invent points of five indicators, some missing; a coarse step makes ties."""
    dice = np.random.default_rng(seed)
    points = np.round(dice.random((size, 5)) * steps) * (100 / steps)
    scored = dice.random((size, 5)) >= missing
    scored[:, 0] = True
    return np.where(scored, points, np.nan), scored


def alone(totals):
    """Place all in one group."""
    return places(totals, np.zeros(len(totals)), np.ones(len(totals), dtype=bool))[0]


def fixed(weights, count):
    """Draw the weights themselves."""
    return Weights(np.repeat(weights.own[:, None] * 10**6, count, axis=1), weights.above, weights.leaves)


# Draws


def test_draws_lie_around_the_chosen_weights():
    """The mean of a drawn share is the chosen one, and a weight of 25 of 100 is drawn within about three points."""
    weights = Weights(np.array([1, 25, 75, 1, 0]), np.array([-1, 0, 0, 1, 1]), np.array([3, 4, 2]))
    share = draw_weights(weights, 20_000).own / 10**9
    assert share[1].mean() == pytest.approx(0.25, abs=0.001)
    assert share[1].std() == pytest.approx(0.0306, abs=0.001)
    assert (share[1] + share[2]).tolist() == pytest.approx([1] * 20_000)


def test_no_weight_stays_none_and_what_stands_alone_stays_whole():
    """A part that weighs nothing weighs nothing in any draw; a single part carries its whole."""
    weights = Weights(np.array([1, 1, 1, 0]), np.array([-1, 0, 1, 1]), np.array([2, 3]))
    own = draw_weights(weights, 5).own
    assert own[1:].tolist() == [[10**9] * 5, [10**9] * 5, [0] * 5]


def test_the_same_weights_give_the_same_draws():
    """Draws have a seed; those of one node do not change when another's weights do."""
    other = Weights(np.array([1, 1, 3, 2, 1, 1, 2, 3, 1]), TREE.above, TREE.leaves)
    assert np.array_equal(draw_weights(TREE, 9).own, draw_weights(TREE, 9).own)
    assert np.array_equal(draw_weights(TREE, 9).own[4:], draw_weights(other, 9).own[4:])
    assert not np.array_equal(draw_weights(TREE, 9).own, draw_weights(TREE, 9, seed=2).own)


# Places over draws


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_draws_that_equal_the_weights_give_the_places_themselves(missing):
    """With nothing drawn the range is the place, ties and all."""
    points, scored = invented(400, missing=missing, steps=4)
    totals = total(np.nan_to_num(points), scored, TREE).totals
    found = drawn_places(totals, points, TREE, fixed(TREE, 20))
    assert (found == alone(totals)).all()
    assert len(set(alone(totals))) < 400
    low, high = bounds(found, alone(totals))
    assert np.array_equal(low, high)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_ranges_equal_a_naive_loop(missing):
    """Draw by draw, unit by unit: the same places, and the same ends that at least 5 and 95 of 100 draws do not exceed."""
    points, scored = invented(60, seed=7, missing=missing)
    draws = draw_weights(TREE, 100)
    totals = total(np.nan_to_num(points), scored, TREE).totals
    naive = np.array([_naive(points, scored, TREE, draws.own[:, draw], totals) for draw in range(100)])
    found = drawn_places(totals, points, TREE, draws)
    assert np.array_equal(found, naive)
    low, high = bounds(found, alone(totals))
    for unit, place in enumerate(alone(totals)):
        ordered = sorted(naive[:, unit])
        assert (low[unit], high[unit]) == (min(ordered[4], place), max(ordered[94], place))


def _naive(points, scored, weights, own, totals):
    """Place one draw in plain Python."""
    moved = [
        int(one)
        + 100 * sum(_used(row, own, weights, leaf, values) - _used(row, weights.own, weights, leaf, values) for leaf in range(5))
        for one, row, values in zip(totals, scored, points, strict=True)
    ]
    return [1 + sum(other > one + 1e-3 for other in moved) for one in moved]


def _used(row, own, weights, leaf, values):
    """Give the weight used of an indicator times its points."""
    if not row[leaf]:
        return 0.0

    def there(node):
        inside = [n for n in range(1, len(own)) if weights.above[n] == node]
        return own[node] > 0 and (any(map(there, inside)) if inside else bool(row[weights.leaves.tolist().index(node)]))

    node, share = weights.leaves[leaf], 1.0
    while node > 0:
        siblings = [n for n in range(1, len(own)) if weights.above[n] == weights.above[node] and there(n)]
        share *= own[node] / sum(own[n] for n in siblings)
        node = weights.above[node]
    return share * values[leaf]


def test_who_has_too_little_scored_in_a_draw_comes_last():
    """A unit that is placed only because its indicator weighs enough loses the place where it is drawn lighter."""
    weights = Weights(np.array([1, 7, 3]), np.array([-1, 0, 0]), np.array([1, 2]))
    points = np.array([[90.0, np.nan], [50.0, 50.0]])
    draws = Weights(np.array([[1, 1], [8, 6], [2, 4]]), weights.above, weights.leaves)
    assert drawn_places(np.array([9000, 5000]), points, weights, draws, 2, 0.7).tolist() == [[1, 2], [2, 1]]


def test_nobody_has_no_range():
    """An empty group is no error."""
    found = drawn_places(np.zeros(0, dtype=int), np.zeros((0, 5)), TREE, draw_weights(TREE, 3))
    assert found.shape == (3, 0)
    assert [len(each) for each in bounds(found, np.zeros(0, dtype=int))] == [0, 0]


def test_more_units_than_two_bytes_count_are_placed_right():
    """The 70,000th place does not wrap around."""
    totals = np.arange(70_000, 0, -1)
    points = np.repeat(totals[:, None] / 1000.0, 5, axis=1)
    found = drawn_places(totals, points, TREE, fixed(TREE, 2))
    assert found[1, [0, 65_536, 69_999]].tolist() == [1, 65_537, 70_000]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(-50, 50), min_size=6, max_size=6), min_size=1, max_size=4))
def test_competition_places_by_bits_are_those_by_sorting(rows):
    """Ties, zeros and negative totals included."""
    totals = np.array(rows, dtype=np.float32)
    assert competition(totals).tolist() == [[1 + sum(other > one for other in row) for one in row] for row in rows]


# Stretches


def stepped(totals, slope, named, now, step=1e-4):
    """Go out from a share by small steps as long as the same units are named."""
    inside = alone(totals.astype(float)) <= named
    ends = []
    for way in (-1, 1):
        share = now
        while 0 <= share + way * step <= 1:
            moved = totals + slope * (share + way * step - now)
            if not np.array_equal(alone(moved) <= named, inside):
                break
            share += way * step
        ends.append(share)
    return ends


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("node", "named"), [(1, 1), (2, 5), (4, 1), (7, 4)])
def test_the_closed_form_is_where_stepping_stops(seed, node, named):
    """For dimensions and indicators, for the first place and for several, the stretch ends where brute force finds another."""
    points, scored = invented(40, seed)
    used = total(points, scored, TREE).weight_used[0]
    exact = points @ used * 100
    slope = slopes(points, TREE, node)
    siblings = TREE.own[TREE.above == TREE.above[node]]
    now = TREE.own[node] / siblings.sum()
    low, high = stretch(exact, slope, named, now)
    found = stepped(exact, slope, named, now)
    assert (low, high) == (pytest.approx(found[0], abs=1.1e-4), pytest.approx(found[1], abs=1.1e-4))


def test_slopes_are_what_a_weight_moves():
    """Totals at another weight, the others in proportion, lie on the line."""
    points, scored = invented(20)
    before = points @ total(points, scored, TREE).weight_used[0] * 100
    moved = Weights(np.array([1, 10, 3, 2, 1, 1, 2, 3, 1]), TREE.above, TREE.leaves)
    after = points @ total(points, scored, moved).weight_used[0] * 100
    assert before + slopes(points, TREE, 1) * (10 / 15 - 5 / 10) == pytest.approx(after)


def test_a_shared_first_place_has_no_stretch_unless_all_move_alike():
    """Two level at the top part as soon as a weight moves; twins stay together."""
    totals = np.array([90.0, 90.0, 70.0])
    assert stretch(totals, np.array([1.0, 2.0, 0.0]), 1, 0.3) == (0.3, 0.3)
    assert stretch(totals, np.array([0.0, 0.0, 100.0]), 1, 0.3) == (0.0, 0.5)


def test_more_named_than_places_because_the_last_are_level():
    """Of two places and twins behind the first, three are named; they stop being so when the first falls behind the twins."""
    totals, slope = np.array([90.0, 80.0, 80.0, 10.0]), np.array([-100.0, 0.0, 0.0, 0.0])
    assert stretch(totals, slope, 2, 0.5) == (0.0, pytest.approx(0.6))


@pytest.mark.parametrize(("totals", "named"), [([5.0], 1), ([5.0, 4.0], 2), ([5.0, 4.0], 0), ([], 1)])
def test_where_nobody_can_change_places_all_weights_do(totals, named):
    """One unit, awards for all, awards for none, nobody at all: the whole slider."""
    assert stretch(np.array(totals), np.arange(len(totals)) * 10.0, named, 0.5) == (0.0, 1.0)


def test_siblings_that_weigh_nothing_share_alike():
    """From a weight of 100 the others come back in equal parts."""
    weights = Weights(np.array([1, 1, 0, 0]), np.array([-1, 0, 0, 0]), np.array([1, 2, 3]))
    assert slopes(np.array([[100.0, 50.0, 30.0]]), weights, 1).tolist() == [6000.0]


def test_stepping_outward_stops_at_the_first_that_fails():
    """From a number down or up, to the last that holds; within the precision asked for; at once where nothing holds."""
    assert search_outward(lambda step: step > 12, 40, 0) == 13
    assert search_outward(lambda step: step < 1234, 0, 10_000, 100) in range(1134, 1234)
    assert search_outward(lambda _: False, 5, 9) == 5
    assert search_outward(lambda _: True, 5, 9) == 9


# Influence


def test_influence_is_the_covariance_share():
    """As by numpy's covariance matrix; the shares add up to 1, and one that works against the others is negative."""
    dice = np.random.default_rng(3)
    parts = dice.random((200, 4)) * [40, 30, 20, 10]
    parts[:, 3] = 12 - 0.3 * parts[:, 0]
    share = influence(parts)
    covariance = np.cov(parts.T)
    assert share == pytest.approx(covariance.sum(axis=1) / covariance.sum())
    assert share.sum() == pytest.approx(1)
    assert share[3] < 0


def test_equal_totals_have_no_influence():
    """Where all totals are equal nothing decides, and no share is given."""
    assert np.isnan(influence(np.array([[10, 20], [20, 10], [15, 15]]))).all()
