"""How firm places are: ranges hold the truth as often as they say, chances come true, and the same seed gives the same bytes."""

import numpy as np
import pytest

from fengqiao_eval.scoring.aggregation import Weights
from fengqiao_eval.scoring.sensitivity import draw_weights, stretch_weights
from fengqiao_eval.scoring.uncertainty import LEAST, RankedClass, dice, doubtful_ranges, firmness, joint_error
from places import SCALE, WEIGHTS, comes_true, play, standing

GAMES = 60


def class_of(drawn):
    """Read units drawn as total, error: whole hundredths of a point."""
    rows = np.array([[float(cell) for cell in line.split("|")] for line in drawn.strip().splitlines()]) * SCALE
    return standing(rows[:, 0], rows[:, 1])


@pytest.mark.parametrize("kind", ["normal", "skewed", "t3", "equal", "alike"])
@pytest.mark.parametrize(("size", "noise"), [(5, 0.3), (10, 1), (18, 3), (60, 0.05), (60, 1)])
def test_ranges_hold_the_true_place(kind, size, noise):
    """Of classes of every size and shape at least 88 % of the true places lie in the ranges, less two standard errors."""
    tally = play(kind, size, noise, GAMES)
    assert tally.keeps_its_word, tally.covers


@pytest.mark.parametrize("kind", ["normal", "skewed", "t3"])
@pytest.mark.parametrize(("noise", "most"), [(0.3, 0.55), (1, 0.75)])
def test_ranges_are_narrower_than_what_holds_whatever_the_truth(kind, noise, most):
    """In a class of 60 a range is as wide as a half to three quarters of the pairwise one."""
    tally = play(kind, 60, noise, 30, compare=True)
    assert np.mean(tally.width) <= most * np.mean(tally.pairwise)


@pytest.mark.parametrize("noise", [0.3, 1])
def test_chances_come_true(noise):
    """Of what is said with 80 to 90 % (being among the first k, having a grade) 75 to 95 % come true."""
    tally = play("normal", 60, noise, 160)
    for said in (tally.promised, tally.graded):
        count, share = comes_true(said)
        assert count >= 500
        assert 0.75 <= share <= 0.95


def test_without_errors_the_range_is_the_place():
    """Where all errors are 0 nothing is in doubt: the range is the place, ties and all, and chances are 0 or 1."""
    units = class_of("""
        91 | 0
        90 | 0
        90 | 0
        80 | 0
        70 | 0
    """)
    found = firmness(units, dice(0), firsts=[2], award=1)
    assert found.low.tolist() == found.high.tolist() == [1, 2, 2, 4, 5]
    assert found.first[2].tolist() == [1, 1, 1, 0, 0]
    assert found.named.tolist() == [1, 0, 0, 0, 0]
    assert not found.pulled.any()
    assert [pair.chance for pair in found.duels] == [1, 0, 1, 1]


def test_one_unit_without_error_stands_where_it_is_printed():
    """Who has no error beside others that have one keeps its total; only the others move around it."""
    units = class_of("""
        95 | 2
        90 | 0
        88 | 2
        84 | 2
        80 | 2
    """)
    found = firmness(units, dice(0))
    assert found.shrunken[1] == pytest.approx(9000, abs=0.1)
    assert (found.low <= units.place).all()
    assert (found.high >= units.place).all()


def test_of_too_few_only_pairs_are_said():
    """Under five units there is no range, and every pair is held against each other, the better first."""
    units = class_of("""
        90 | 3
        95 | 3
        85 | 3
    """)
    assert len(units) < LEAST
    found = firmness(units, dice(0), firsts=[1], award=1)
    assert found.low.tolist() == found.high.tolist() == [0, 0, 0]
    assert not found.first
    assert [(pair.unit, pair.other) for pair in found.duels] == [(1, 0), (1, 2), (0, 2)]
    assert all(pair.chance > pair.again > 0.5 for pair in found.duels)


def test_an_unknown_error_leaves_the_class_without_ranges():
    """Where the error of one is not known nobody of the class has a range, for their places hang on it."""
    units = class_of("""
        90 | nan
        89 | 1
        88 | 1
        87 | 1
        86 | 1
    """)
    found = firmness(units, dice(0), firsts=[1])
    assert found.low.tolist() == found.high.tolist() == [0] * 5
    assert np.isnan(found.kept).all()
    assert not found.duels


def test_a_class_that_is_all_equal_cannot_be_ranked():
    """Where totals are equal and errors are not 0, everybody may be the first, and rankability is low."""
    units = class_of("\n".join(["90 | 2"] * 30))
    found = firmness(units, dice(0))
    assert set(found.low.tolist()) == {1}
    assert found.rankability < 0.1


def test_who_is_pulled_towards_the_middle_keeps_its_printed_place():
    """A unit with few records and the best total may belong further down: its range is widened to its place, and says so."""
    units = class_of("106 | 30\n105 | 0.2\n104 | 0.2\n" + "\n".join(f"{95 - n / 4} | 0.2" for n in range(40)))
    found = firmness(units, dice(0))
    assert found.pulled[0]
    assert found.low[0] == units.place[0] == 1
    assert found.shrunken[0] < units.hundred[0]


def test_facts_outside_the_hundred_are_in_every_draw():
    """A deduction of thirty points moves a unit to the end in every draw, whatever chance does to the hundred."""
    plain = class_of("\n".join(f"{90 - n} | 1" for n in range(8)))
    outside = np.array([-3000.0, *[0.0] * 7])
    units = RankedClass(plain.hundred, outside, plain.error, np.array([8, *range(1, 8)]), plain.barred, plain.lower, plain.upper)
    found = firmness(units, dice(0), award=1)
    assert (found.low[0], found.high[0], found.named[0]) == (8, 8, 0)


def test_who_is_barred_is_never_named():
    """A veto on awards makes the chance of being named 0; nobody moves up in their stead."""
    plain = class_of("\n".join(f"{90 - n} | 0.1" for n in range(8)))
    barred = np.arange(8) == 0
    units = RankedClass(plain.hundred, plain.outside, plain.error, plain.place, barred, plain.lower, plain.upper)
    assert firmness(units, dice(0), award=1).named.tolist() == [0.0] * 8


def test_the_same_seed_gives_the_same_bytes():
    """Draws hang on seed and names alone: equal they give equal bytes, any other gives others."""
    units = class_of("\n".join(f"{90 - n} | 3" for n in range(40)))
    one, same, other = (firmness(units, dice(*key)).shrunken.tobytes() + np.concatenate(
        [firmness(units, dice(*key)).low, firmness(units, dice(*key)).high]).tobytes()
        for key in ((0, "四类"), (0, "四类"), (1, "四类")))  # fmt: skip
    assert one == same
    assert one != other


TREE = Weights(np.array([100, 25, 20, 25, 30]), np.array([-1, 0, 0, 0, 0]), np.array([1, 2, 3, 4]))


@pytest.mark.parametrize(
    "draw", [lambda: stretch_weights(TREE, 0.2, 20), lambda: draw_weights(TREE, 20)], ids=["uniform", "dirichlet"]
)
def test_doubt_about_weights_widens_ranges(draw):
    """With weights in doubt too ranges hold the printed places and are wider on the whole; without any doubt they are not."""
    lots = dice(3)
    points = 50 + 10 * lots.normal(size=(60, 4))
    errors = lots.uniform(0.5, 1.5, size=points.shape)
    hundred = np.floor((points * WEIGHTS).sum(axis=1) * SCALE + 0.5)
    units = standing(hundred, np.sqrt((errors**2 * WEIGHTS**2).sum(axis=1)) * SCALE)
    plain = firmness(units, dice(4))
    low, high = doubtful_ranges(units, points, errors, (TREE, draw()), SCALE, dice(5))
    assert ((low <= units.place) & (units.place <= high)).all()
    assert (high - low).mean() > (plain.high - plain.low).mean()
    sure = doubtful_ranges(units, points, errors, (TREE, stretch_weights(TREE, 0, 20)), SCALE, dice(5))
    assert (sure[1] - sure[0]).mean() == pytest.approx((plain.high - plain.low).mean(), rel=0.1)


def test_indicators_of_the_same_records_err_together():
    """Two indicators that rest on the same records have a greater error together than two that do not."""
    errors, used = np.array([[6.0, 8.0]]), np.array([[0.5, 0.5]])
    assert joint_error(errors, used, np.array([0, 1])).tolist() == [5]
    assert joint_error(errors, used, np.array([0, 0])).tolist() == [7]
