"""What must hold whatever the numbers: hypothesis looks for the ones for which it does not."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy.stats import rankdata

from fengqiao_eval.measuring.rationals import Rational
from fengqiao_eval.periods import Period, atoms
from fengqiao_eval.scheme.benchmark import Quota
from fengqiao_eval.scheme.normalisation import Points
from fengqiao_eval.scoring.benchmarks import apply_quota, group_places, peer_reference
from fengqiao_eval.scoring.normalisation import absolute, half_up, normalise, normalise_by_class, relative
from fengqiao_eval.scoring.ranking import places

quick = settings(max_examples=60, deadline=None, database=None)


# Points


@st.composite
def rising(draw, kinds=("curve", "steps", "line")):
    """Draw a rule under which more of a good thing is worth more: a rising curve, rising steps or a rising line."""
    values = sorted(draw(st.lists(st.integers(-50, 150), min_size=2, max_size=6, unique=True)))
    marks = sorted(draw(st.lists(st.integers(0, 100), min_size=len(values), max_size=len(values))))
    pairs = [list(pair) for pair in zip(values, marks, strict=True)]
    line = {"start": marks[-1], "each": marks[0] / 10, "at": values[0], "per": draw(st.sampled_from([0.1, 1, 7]))}
    line |= {"whole": draw(st.booleans()), "first": -draw(st.integers(0, 20))}
    of_kind = {"curve": {"knots": pairs}, "steps": {"steps": pairs}, "line": line}
    kind = draw(st.sampled_from(kinds))
    limits = {name: draw(st.sampled_from(given)) for name, given in (("floor", [None, 0, 20]), ("cap", [None, 30, 90]))}
    return TypeAdapter(Points).validate_python({"kind": kind, **of_kind[kind], **limits})


@quick
@given(rising(), st.lists(st.floats(-100, 200), min_size=2, max_size=20))
def test_more_of_a_good_thing_never_lowers_points(rule, values):
    """Under a rule that rises, points rise with the value or stay, and never leave the scale."""
    points = absolute(rule, np.sort(np.array(values)), "higher")
    assert (np.diff(points) >= 0).all()
    assert points.min() >= 0
    assert points.max() <= 100


@quick
@given(rising(), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.sampled_from(["higher", "lower"]))
def test_a_floor_is_a_floor_and_a_cap_a_cap(rule, values, direction):
    """Whatever the value, nobody has less than the floor or more than the cap; `none` takes the limit away and no more."""
    values = np.array(values)
    points = absolute(rule, values, direction)
    floor, cap = float(rule.floor or 0), float(100 if rule.cap is None else rule.cap)
    assert floor <= points.min() <= points.max() <= cap
    free = absolute(rule.model_copy(update={"floor": "none", "cap": "none"}), values, direction)
    assert (points == np.clip(free, floor, cap)).all()


@quick
@given(st.integers(-300, 300), st.sampled_from([1, 3, 7]), st.sampled_from([1, 10, 1000]))
def test_a_whole_step_counts_as_soon_as_it_is_done(steps, tenths, divisor):
    """So many steps from the start are so many, however the step divides into a binary fraction."""
    rule = {"kind": "line", "start": 0, "each": 1, "per": tenths / divisor, "whole": True, "floor": "none", "cap": "none"}
    value = np.array([float(Fraction(steps * tenths, divisor))])
    assert absolute(TypeAdapter(Points).validate_python(rule), value, "higher")[0] == steps


@quick
@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from(["completion", "shortfall", "excess", "excess_percent"]))
def test_quotas_agree_with_fractions(done, due, as_):
    """What is met, wanting or too much of a quota is the fraction it should be."""
    quota = Quota.model_validate({"kind": "quota", "amount": due, "as": as_})
    over = max(done - due, 0)
    exact = {"completion": Fraction(100 * done, due), "shortfall": max(due - done, 0), "excess": over}
    exact["excess_percent"] = Fraction(100 * over, due)
    assert apply_quota(quota, Rational.read([done]), Rational.read([due])).fractions.tolist() == [exact[as_]]


@quick
@given(rising(["steps", "line"]), st.floats(-100, 200))
def test_less_is_better_is_the_mirror(rule, value):
    """Turned about nought, values and thresholds alike, a rule gives the same points in the other direction."""
    if rule.kind == "steps":
        mirrored = rule.model_copy(update={"steps": [(-value, marks) for value, marks in rule.steps]})
    else:
        mirrored = rule.model_copy(update={"each": -rule.each, "at": -rule.at})
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
    """Standings of one class are what they would be if the other did not exist."""
    classes = np.array(["A"] * len(one) + ["B"] * len(two))
    share, _ = normalise_by_class("min_max", np.array(one + two), np.ones(len(classes), dtype=bool), classes, "higher", 2)
    assert share[classes == "A"].tolist() == normalise("min_max", np.array(one), "higher").tolist()


@quick
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ABC"), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_who_stands_where_in_the_list_changes_nothing(units, dice):
    """Shuffled and relabelled, every unit has the place, the peers and the standing it had."""
    order = list(range(len(units)))
    dice.shuffle(order)
    found = []
    for listed, names in ((units, {"A": 0, "B": 1, "C": 2}), ([units[at] for at in order], {"A": 7, "B": 3, "C": 5})):
        value, able = np.array([v / 7 for v, _, _ in listed]), np.array([a for _, _, a in listed])
        groups = np.array([names[g] for _, g, _ in listed])
        place, _ = group_places(value, able, groups, "higher", 2)
        mean, few = peer_reference(Rational.read(value), able, groups, "mean", 2)
        found.append([place, mean.floats, few, *normalise_by_class("percentile", value, able, groups, "lower", 2)])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one[order], two)


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
