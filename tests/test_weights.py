"""Proposals of weights, means and normalisations against other people's implementations, to 1e-9, and a published example."""

import numpy as np
import pymcdm
import pymcdm.methods
import pymcdm.normalizations
import pymcdm.weights
import pytest
import skcriteria
from pymcdm.weights.subjective import AHP
from scipy.stats import gmean
from skcriteria.agg.simple import WeightedProductModel, WeightedSumModel
from skcriteria.preprocessing.invert_objectives import InvertMinimize
from skcriteria.preprocessing.scalers import CenitDistanceMatrixScaler
from skcriteria.preprocessing.weighters import CRITIC, EntropyWeighter

from fengqiao_eval.errors import UsageError
from fengqiao_eval.scheme.weighting import CONSISTENT, ahp, critic, entropy
from fengqiao_eval.scoring.aggregation import Weights, geometric_mean, total
from fengqiao_eval.scoring.normalisation import normalise

CLOSE = {"rtol": 0, "atol": 1e-9}
HIGHER = np.array([True, False, True, True, False])
SEEDS = range(5)


@pytest.fixture(params=SEEDS)
def values(request):
    """Draw sixty units and five columns; those that are better lower stand at positions 1 and 4."""
    return np.random.default_rng(request.param).gamma(3, [1, 5, 20, 2, 9], (60, 5)) + 1


def decision(values, higher=HIGHER, weights=None):
    """Hand values to scikit-criteria."""
    return skcriteria.mkdm(values, [1 if up else -1 for up in higher], weights=weights)


def test_entropy_is_that_of_scikit_criteria(values):
    """The more uneven a column, the more it weighs; what is better lower is turned round before, as 1/x."""
    oracle = EntropyWeighter().transform(InvertMinimize().transform(decision(values)))
    np.testing.assert_allclose(entropy(np.where(HIGHER, values, 1 / values)), oracle.weights, **CLOSE)


def test_entropy_is_that_of_pymcdm(values):
    """Pymcdm reckons the same where all columns are better higher."""
    np.testing.assert_allclose(entropy(values), pymcdm.weights.entropy_weights(values), **CLOSE)


def test_critic_respects_the_direction(values):
    """CRITIC is that of scikit-criteria, which turns round what is better lower."""
    with pytest.warns(UserWarning, match="minimization"):
        oracle = CRITIC().transform(decision(values))
    np.testing.assert_allclose(critic(values, HIGHER), oracle.weights, **CLOSE)


def test_critic_is_that_of_pymcdm_where_all_is_better_higher(values):
    """Pymcdm knows no direction in CRITIC: it agrees without lower columns, and differs with them."""
    theirs = pymcdm.weights.critic_weights(values)
    np.testing.assert_allclose(critic(values, [True] * 5), theirs, **CLOSE)
    assert np.abs(critic(values, HIGHER) - theirs).max() > 0.01


def test_judgements_weigh_as_published():
    """The textbook choice of a leader by experience, education, charisma and age: .547 .127 .270 .056, inconsistency .044."""
    leader = np.array([[1, 4, 3, 7], [1 / 4, 1, 1 / 3, 3], [1 / 3, 3, 1, 5], [1 / 7, 1 / 3, 1 / 5, 1]])
    weights, ratio = ahp(leader)
    np.testing.assert_allclose(weights, [0.547, 0.127, 0.270, 0.056], atol=6e-4)
    assert ratio == pytest.approx(0.044, abs=5e-4)
    np.testing.assert_allclose(weights, AHP(matrix=leader)(), **CLOSE)


def test_judgements_that_agree_have_no_ratio():
    """Weights w are got back from the judgements w/w, and the consistency ratio is 0; one or two parts always agree."""
    given = np.array([0.5, 0.3, 0.15, 0.05])
    weights, ratio = ahp(given[:, None] / given)
    np.testing.assert_allclose(weights, given, **CLOSE)
    assert ratio == pytest.approx(0, abs=1e-12)
    assert [ahp(np.array(judged))[1] for judged in ([[1]], [[1, 9], [1 / 9, 1]])] == [0, 0]


def test_judgements_that_clash_are_known():
    """Saaty's choice of a school weighs .32 .14 .03 .13 .24 .14, but by judgements that contradict each other too much."""
    school = np.array([
        [1, 4, 3, 1, 3, 4],
        [1 / 4, 1, 7, 3, 1 / 5, 1],
        [1 / 3, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 6],
        [1, 1 / 3, 5, 1, 1, 1 / 3],
        [1 / 3, 5, 5, 1, 1, 3],
        [1 / 4, 1, 6, 3, 1 / 3, 1],
    ])  # fmt: skip
    weights, ratio = ahp(school)
    np.testing.assert_allclose(weights, [0.32, 0.14, 0.03, 0.13, 0.24, 0.14], atol=6e-3)
    np.testing.assert_allclose(weights, AHP(matrix=school)(), **CLOSE)
    assert ratio > 2 * CONSISTENT


def test_what_does_not_vary_weighs_nothing():
    """A constant column gets 0, also of zeros, and takes part in no conflict; where nothing varies, all get 0."""
    values = np.array([[1, 7, 0, 4], [2, 7, 0, 1], [4, 7, 0, 2.0]])
    both = values[:, [0, 3]]
    for found, alone in ((entropy(values), entropy(both)), (critic(values, [True] * 4), critic(both, [True] * 2))):
        np.testing.assert_allclose(found, [alone[0], 0, 0, alone[1]], **CLOSE)
    assert entropy(np.ones((3, 2))).tolist() == critic(np.ones((3, 2)), [True, False]).tolist() == [0, 0]


def test_columns_that_say_the_same_do_not_conflict():
    """Of CRITIC nothing is left where every column orders the units alike; a column better lower says the same turned round."""
    one = np.array([[1.0], [3], [7]])
    assert critic(np.hstack([one, 2 * one]), [True, True]).tolist() == [0, 0]
    assert critic(np.hstack([one, -one]), [True, False]).tolist() == [0, 0]
    assert critic(np.hstack([one, -one]), [True, True]).tolist() == [0.5, 0.5]
    assert critic(one, [True]).tolist() == [0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: entropy(np.array([[1, np.nan], [2, 3]]), ["a", "b"]), "列 b 有空缺，权重无从计算；请先补齐或删去这些行"),
        (lambda: critic(np.array([[1, np.inf], [2, 3]]), [True, True]), "列 1 有空缺"),
        (lambda: entropy(np.array([[1, -1], [2, 3]]), ["a", "b"]), "列 b 有负数，熵权无从计算"),
        (lambda: entropy(np.array([[1, 2]])), "须为至少两行的表；现为 1 × 2"),
        (lambda: critic(np.array([1, 2]), [True]), "须为至少两行的表；现为 2"),
        (lambda: ahp(np.ones((2, 3))), "判断矩阵须为方阵，最多 15 行；现为 2 × 3"),
        (lambda: ahp(np.ones((16, 16))), "判断矩阵须为方阵，最多 15 行；现为 16 × 16"),
        (lambda: ahp(np.array([[1, 3], [3, 1]])), "判断矩阵各数须为正，且对称位置互为倒数"),
        (lambda: ahp(np.array([[1, -2], [-0.5, 1]])), "判断矩阵各数须为正"),
    ],
)
def test_what_cannot_be_weighed_is_refused(call, words):
    """Empty and negative cells are named by their column; what is no matrix of judgements is refused."""
    with pytest.raises(UsageError, match=words):
        call()


@pytest.fixture
def points():
    """Draw whole points from 1 to 100, and weights in whole per cent, so that a total in hundredths is exact."""
    draw = np.random.default_rng(7)
    return draw.integers(1, 101, (60, 5)).astype(float), np.array([10, 15, 20, 25, 30])


def test_a_total_is_the_weighted_sum(points):
    """A total is what scikit-criteria and pymcdm make of the same points and weights."""
    given, weights = points
    ours = total(
        given, np.ones(given.shape, dtype=bool), Weights(np.array([1, *weights]), np.array([-1, *[0] * 5]), np.arange(1, 6))
    )
    oracle = WeightedSumModel().evaluate(decision(given, [True] * 5, weights / 100))
    np.testing.assert_allclose(ours.totals / 100, oracle.e_.score, **CLOSE)
    as_they_are = pymcdm.methods.WSM(normalization_function=lambda column, **_: column)
    np.testing.assert_allclose(ours.totals / 100, as_they_are(given, weights / 100, np.ones(5)), **CLOSE)


def test_a_geometric_mean_is_the_weighted_product(points):
    """The geometric mean is scipy's, and the tenth power of what scikit-criteria adds up in logarithms."""
    given, weights = points[0], np.broadcast_to(points[1] / 100, points[0].shape)
    np.testing.assert_allclose(geometric_mean(given, weights), gmean(given, axis=1, weights=weights), **CLOSE)
    oracle = WeightedProductModel().evaluate(decision(given, [True] * 5, weights[0]))
    np.testing.assert_allclose(geometric_mean(given, weights), 10**oracle.e_.score, **CLOSE)


def test_min_max_respects_the_direction(values):
    """Worst 0, best 1, also where lower is better: as scikit-criteria and pymcdm have it."""
    ours = np.array(
        [normalise("min_max", column, "higher" if up else "lower") for column, up in zip(values.T, HIGHER, strict=True)]
    ).T
    np.testing.assert_allclose(ours, CenitDistanceMatrixScaler().transform(decision(values)).matrix, **CLOSE)
    minmax = pymcdm.normalizations.minmax_normalization
    theirs = [minmax(column, cost=not up) for column, up in zip(values.T, HIGHER, strict=True)]
    np.testing.assert_allclose(ours, np.array(theirs).T, **CLOSE)
