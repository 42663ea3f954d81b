"""What must hold whatever the numbers: hypothesis looks for the ones for which it does not."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy.stats import rankdata

from fengqiao_eval.periods import Period, atoms
from fengqiao_eval.scheme.rules import Points
from fengqiao_eval.scoring.points import absolute, by_class, half_up, relative
from fengqiao_eval.scoring.ranks import places
from fengqiao_eval.scoring.totals import Weights, total, whole

quick = settings(max_examples=60, deadline=None, database=None)


@st.composite
def tables(draw):
    """Draw a table of weights, points of several units (whole ten-thousandths), and what of them is scored."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    dimension_of = np.repeat(np.arange(len(sizes)), sizes)
    weight = st.integers(1, 10_000)
    weights = Weights(
        np.array(draw(st.lists(weight, min_size=len(sizes), max_size=len(sizes)))),
        np.array(draw(st.lists(weight, min_size=sum(sizes), max_size=sum(sizes)))),
        dimension_of,
    )
    units = draw(st.integers(1, 4))
    shape = (units, sum(sizes))
    cells = draw(st.lists(st.integers(0, 1_000_000), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    scored = draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)))
    return weights, np.array(cells).reshape(shape) / 10_000, np.array(scored).reshape(shape)


def by_hand(points, scored, weights, decimals):
    """Work a unit's contributions with fractions, as the rules are written."""
    dimensions = {d: int(weights.dimensions[d]) for d in weights.dimension_of[scored]}
    found = []
    for number, dimension in enumerate(weights.dimension_of):
        siblings = sum(
            int(w) for w, d, s in zip(weights.indicators, weights.dimension_of, scored, strict=True) if d == dimension and s
        )
        if not scored[number]:
            found.append(Fraction(0))
            continue
        share = Fraction(dimensions[dimension], sum(dimensions.values())) * Fraction(int(weights.indicators[number]), siblings)
        exact = Fraction(round(points[number] * 10_000), 10_000) * share
        found.append(Fraction((2 * exact * 10**decimals + 1) // 2, 10**decimals))
    return found


@quick
@given(tables(), st.integers(0, 4))
def test_totals_equal_the_arithmetic_of_fractions(table, decimals):
    """Whatever the weights, points and gaps: contributions are the fraction rounded half-up once, totals their exact sum."""
    weights, points, scored = table
    found = total(points, scored, weights, decimals)
    for unit in range(len(points)):
        expected = by_hand(points[unit], scored[unit], weights, decimals)
        assert [Fraction(int(c), 10**decimals) for c in found.contributions[unit]] == expected
        assert Fraction(int(found.totals[unit]), 10**decimals) == sum(expected)


@quick
@given(tables())
def test_weights_used_are_a_whole_or_nothing(table):
    """Weights used add up to 1 where anything is scored; covered is the nominal share of what is."""
    weights, points, scored = table
    found = total(points, scored, weights)
    assert found.weight_used.sum(axis=1) == pytest.approx(scored.any(axis=1).astype(float))
    assert found.covered == pytest.approx((scored * weights.nominal).sum(axis=1))
    assert weights.nominal.sum() == pytest.approx(1)


@quick
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_units_changes_nothing(table, dice):
    """Called otherwise and listed otherwise, every unit has the contributions it had."""
    weights, points, scored = table
    order = list(range(len(points)))
    dice.shuffle(order)
    one, two = total(points, scored, weights), total(points[order], scored[order], weights)
    assert (one.contributions[order] == two.contributions).all()


@quick
@given(tables(), st.integers(2, 7))
def test_only_the_proportion_of_weights_counts(table, times):
    """Weights of a dimension all doubled, or of all dimensions: the same totals."""
    weights, points, scored = table
    scaled = Weights(weights.dimensions * times, weights.indicators * (1 + weights.dimension_of * times), weights.dimension_of)
    assert (total(points, scored, weights).contributions == total(points, scored, scaled).contributions).all()


@quick
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6).map(lambda found: [Fraction(n, 100) for n in found]))
def test_whole_weights_keep_their_proportion(weights):
    """Weights made whole numbers are to each other as they were, and have no common divisor left."""
    found = whole([Decimal(w.numerator) / Decimal(w.denominator) for w in weights])
    assert all(a * y == b * x for a, x in zip(found, weights, strict=True) for b, y in zip(found, weights, strict=True))
    assert not any(found) or np.gcd.reduce(found) == 1


# Points


@st.composite
def rising(draw):
    """Draw a rule under which more of a good thing is worth more: a rising curve or rising steps."""
    values = sorted(draw(st.lists(st.integers(-50, 150), min_size=2, max_size=6, unique=True)))
    marks = sorted(draw(st.lists(st.integers(0, 100), min_size=len(values), max_size=len(values))))
    pairs = [list(pair) for pair in zip(values, marks, strict=True)]
    rule = draw(st.sampled_from([{"kind": "curve", "knots": pairs}, {"kind": "steps", "steps": pairs}]))
    return TypeAdapter(Points).validate_python(rule)


@quick
@given(rising(), st.lists(st.floats(-100, 200), min_size=2, max_size=20))
def test_more_of_a_good_thing_never_lowers_points(rule, values):
    """Under a rule that rises, points rise with the value or stay, and never leave the scale."""
    points = absolute(rule, np.sort(np.array(values)), "higher")
    assert (np.diff(points) >= 0).all()
    assert points.min() >= 0
    assert points.max() <= 100


@quick
@given(rising(), st.floats(-100, 200))
def test_less_is_better_is_the_mirror(rule, value):
    """Turned about nought, values and thresholds alike, a rule gives the same points in the other direction."""
    assume(rule.kind != "curve")
    mirrored = rule.model_copy(update={"steps": [(-value, marks) for value, marks in rule.steps]})
    assert absolute(rule, np.array([value]), "higher") == absolute(mirrored, np.array([-value]), "lower")


CLASS = st.lists(st.integers(0, 1000).map(lambda n: n / 10), min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1)


@quick
@given(CLASS, st.sampled_from(["percentile", "min_max", "z_score"]), st.sampled_from(["higher", "lower"]))
def test_relative_points_follow_the_order_of_values(values, kind, direction):
    """Better values have no fewer points, equal ones equal points, within the scale."""
    rule = TypeAdapter(Points).validate_python({"kind": kind})
    values = np.array(values)
    points = relative(rule, values, direction)
    order = np.argsort(values if direction == "higher" else -values, kind="stable")
    assert (np.diff(points[order]) >= 0).all()
    assert all(len(set(points[values == value])) == 1 for value in set(values))
    assert ((points >= 0) & (points <= 100)).all()


@quick
@given(CLASS)
def test_percentile_agrees_with_scipy(values):
    """A percentile is (average rank - 1)/(N - 1), where ties share their average rank."""
    points = relative(TypeAdapter(Points).validate_python({"kind": "percentile"}), np.array(values), "higher")
    assert points.tolist() == half_up(100 * (rankdata(values, method="average") - 1) / (len(values) - 1)).tolist()


@quick
@given(CLASS, CLASS)
def test_a_class_does_not_feel_another(one, two):
    """Points of one class are what they would be if the other did not exist."""
    rule = TypeAdapter(Points).validate_python({"kind": "min_max"})
    classes = np.array(["A"] * len(one) + ["B"] * len(two))
    points, _ = by_class(rule, np.array(one + two), np.ones(len(classes), dtype=bool), classes, "higher", 100, 2)
    assert points[classes == "A"].tolist() == relative(rule, np.array(one), "higher").tolist()


@quick
@given(st.integers(-(10**9), 10**9), st.sampled_from([0, 1, 2, 4]))
def test_half_up_takes_a_half_upwards(number, decimals):
    """A number exactly between two steps goes up; one that is a step stays."""
    step = 10**decimals
    assert half_up(np.array([(number + 0.5) / step]), decimals)[0] == pytest.approx((number + 1) / step, abs=0.4 / step)
    assert half_up(np.array([number / step]), decimals)[0] == number / step


# Places


@quick
@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("ABC"), st.booleans()), min_size=1, max_size=40))
def test_places_agree_with_scipy(units):
    """Within a class, among the ranked, places are competition ranks: rankdata(method='min') of the better-first totals."""
    totals, classes, ranked = (np.array(column) for column in zip(*units, strict=True))
    place, of = places(totals, classes, ranked)
    for label in set(classes):
        at = (classes == label) & ranked
        assert place[at].tolist() == rankdata(-totals[at], method="min").tolist()
        assert set(of[classes == label]) == {at.sum()}
    assert (place[~ranked] == 0).all()


# Periods


@quick
@given(st.lists(st.tuples(st.integers(24_000, 24_040), st.sampled_from([1, 3, 12])), min_size=1, max_size=6))
def test_periods_are_made_of_whole_spans(drawn):
    """Cut into spans that do not overlap, every period is a whole number of them."""
    periods = [Period(first, months) for first, months in drawn]
    spans = atoms(periods)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    for period in periods:
        assert sum(span.months for span in spans if period.holds(span)) == period.months
