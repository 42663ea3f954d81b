"""What must hold of totals whatever the weights, points and gaps: hypothesis looks for the ones for which it does not."""

from decimal import Decimal
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean

from fengqiao_eval.measuring.peer_groups import Cohort
from fengqiao_eval.scheme.indicator import Indicator, Outside
from fengqiao_eval.scheme.scheme import Dimension, Scheme
from fengqiao_eval.scheme.scheme import parts_of as parts_of_scheme
from fengqiao_eval.scoring.adjustments import Adjustment, limit_group, sum_adjustments, weightiest_lines
from fengqiao_eval.scoring.aggregation import (
    Weights,
    aggregate,
    fractions,
    gather,
    geometric_mean,
    total,
    unique_patterns,
    weights_at,
)
from fengqiao_eval.scoring.long_periods import half_up_mean
from fengqiao_eval.scoring.normalisation import IndicatorPoints

quick = settings(max_examples=60, deadline=None, database=None)
TREES = st.recursive(st.just(()), lambda part: st.lists(part, min_size=1, max_size=3).map(tuple), max_leaves=8).filter(bool)
"""A table as nested tuples: () is an indicator, any other tuple a dimension."""


def above_of(tree, number=0, above=-1):
    """List for each node of a tree the node it is part of, each node before its parts."""
    found = [above]
    for part in tree:
        found += above_of(part, number + len(found), number)
    return found


@st.composite
def tables(draw, most=10_000):
    """Draw weights on a tree of any depth, points of several units (whole ten-thousandths), and what of them is scored."""
    above = np.array(above_of(draw(TREES)))
    leaves = np.array([node for node in range(len(above)) if node not in set(above)])
    own = np.array([1, *draw(st.lists(st.integers(1, most), min_size=len(above) - 1, max_size=len(above) - 1))])
    shape = (draw(st.integers(1, 4)), len(leaves))
    size = prod(shape)
    cells = draw(st.lists(st.integers(-100_000, 1_500_000), min_size=size, max_size=size))
    scored = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return Weights(own, above, leaves), np.array(cells).reshape(shape) / 10_000, np.array(scored).reshape(shape)


def parts_of(weights, node):
    """Name the parts of a node."""
    return np.flatnonzero(weights.above == node).tolist()


def share(weights, scored, node):
    """Work the share of a node with fractions, as the rules are written: own weight over those of scored siblings, upwards."""
    if node == 0:
        return Fraction(1)
    over = weights.above[node]
    siblings = [part for part in parts_of(weights, over) if has(weights, scored, part)]
    return share(weights, scored, over) * Fraction(int(weights.own[node]), sum(int(weights.own[part]) for part in siblings))


def has(weights, scored, node):
    """Say whether anything in a node is scored."""
    own = parts_of(weights, node)
    return any(has(weights, scored, part) for part in own) if own else scored[weights.leaves.tolist().index(node)]


def by_hand(points, scored, weights, decimals):
    """Work a unit's contributions with fractions."""
    exact = [
        Fraction(round(p * 10_000), 10_000) * share(weights, scored, leaf) if s else 0
        for p, s, leaf in zip(points, scored, weights.leaves, strict=True)
    ]
    return [Fraction((2 * one * 10**decimals + 1) // 2, 10**decimals) for one in exact]


@quick
@given(tables(), st.integers(0, 4))
def test_totals_equal_the_arithmetic_of_fractions(table, decimals):
    """Whatever the depth, weights, points and gaps: contributions are the fraction rounded half-up once, totals their sum."""
    weights, points, scored = table
    found = total(points, scored, weights, decimals)
    for unit in range(len(points)):
        expected = by_hand(points[unit], scored[unit], weights, decimals)
        assert [Fraction(int(c), 10**decimals) for c in found.contributions[unit]] == expected
        assert Fraction(int(found.totals[unit]), 10**decimals) == sum(expected)


@quick
@given(tables(most=10**7), st.integers(3, 9))
def test_no_weight_is_too_large_to_be_exact(table, power):
    """Where whole numbers of 64 bits could overflow, objects without a limit take their place: still the fraction."""
    weights, points, scored = table
    weights = Weights(np.where(weights.above == 0, weights.own * 10**power + 1, weights.own), weights.above, weights.leaves)
    found = total(points, scored, weights)
    for unit in range(len(points)):
        assert [Fraction(int(c), 100) for c in found.contributions[unit]] == by_hand(points[unit], scored[unit], weights, 2)


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
    """Weights of siblings scaled together, of each node by another number: the same totals."""
    weights, points, scored = table
    scaled = Weights(weights.own * (1 + (weights.above + 1) * times), weights.above, weights.leaves)
    assert (total(points, scored, weights).contributions == total(points, scored, scaled).contributions).all()


@quick
@given(tables())
def test_units_alike_share_a_fraction_in_lowest_terms(table):
    """Rows of equal gaps are one pattern; a fraction has no common divisor left."""
    weights, _, scored = table
    patterns, which = unique_patterns(scored)
    assert (patterns[which] == scored).all()
    assert len(patterns) == len({tuple(row) for row in scored.tolist()})
    assert (np.gcd(*fractions(patterns, weights)) == 1).all()


@quick
@given(st.integers(1, 300), st.integers(1, 9))
def test_patterns_are_told_apart_in_tables_of_any_width(columns, rows):
    """More than 64 indicators are more than one machine word."""
    scored = np.arange(columns) % (np.arange(rows)[:, None] % 3 + 2) > 0
    patterns, which = unique_patterns(scored)
    assert (patterns[which] == scored).all()
    assert len(patterns) == len({tuple(row) for row in scored.tolist()})


@quick
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6).map(lambda found: [Fraction(n, 100) for n in found]))
def test_whole_weights_keep_their_proportion(weights):
    """Weights in lowest terms are to each other as they were, and have no common divisor left."""
    own = np.array([1, *(int(100 * weight) for weight in weights)])
    found = Weights(own, np.where(np.arange(len(own)), 0, -1), np.arange(1, len(own))).lowest[1:].tolist()
    assert all(a * y == b * x for a, x in zip(found, weights, strict=True) for b, y in zip(found, weights, strict=True))
    assert not any(found) or np.gcd.reduce(found) == 1


# Geometric means, floors and caps


MEANS = st.sampled_from(["arithmetic", "geometric"])
WEIGHT = st.integers(1, 50).map(Decimal)


@st.composite
def parts(draw, depth):
    """Draw an indicator, or a dimension of any mean, held within limits or not."""
    keys = {"code": f"p{draw(st.uuids())}", "weight": draw(WEIGHT), "levels": None}
    if depth == 0:
        return Indicator.model_construct(**keys)
    floor, cap = sorted(draw(st.lists(st.integers(1, 99), min_size=2, max_size=2)))
    inner = tuple(draw(st.lists(parts(depth - 1), min_size=1, max_size=3)))
    limits = {"floor": floor if draw(st.booleans()) else None, "cap": cap if draw(st.booleans()) else None}
    kinds = {"indicators": inner, "dimensions": ()} if depth == 1 else {"dimensions": inner, "indicators": ()}
    return Dimension.model_construct(**keys, **limits, **kinds, aggregation=draw(MEANS))


@st.composite
def bending(draw):
    """Draw a scheme of nested dimensions, and points above 0 of several units, with gaps."""
    depth = draw(st.integers(1, 3))
    dimensions = tuple(draw(st.lists(parts(depth), min_size=1, max_size=3)))
    scheme = Scheme.model_construct(dimensions=dimensions, aggregation=draw(MEANS), decimals=4)
    shape = (draw(st.integers(1, 3)), len(scheme.indicators))
    cells = draw(st.lists(st.integers(1, 1_000_000), min_size=prod(shape), max_size=prod(shape)))
    scored = draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
    return scheme, np.array(cells).reshape(shape) / 10_000, np.array(scored).reshape(shape)


def among(units):
    """Make a cohort of stations without class."""
    levels = np.array(["station"] * units, dtype=object)
    return Cohort(levels, np.array([""] * units, dtype=object), levels, np.zeros(units, dtype=int), np.ones(units, dtype=bool))


def value(node, points):
    """Reckon a node's points from those of its scored indicators, from the leaves up; None where it has none."""
    if isinstance(node, Indicator):
        return points.get(node.code)
    inner = node.dimensions if isinstance(node, Scheme) else node.parts
    found = [(float(part.weight), got) for part in inner if (got := value(part, points)) is not None]
    if not found:
        return None
    weights, values = zip(*found, strict=True)
    mean = gmean(values, weights=weights) if node.aggregation == "geometric" else np.average(values, weights=weights)
    low, high = getattr(node, "floor", None), getattr(node, "cap", None)
    return min(max(mean, low or mean), high or max(mean, low or mean))


@quick
@given(bending())
def test_contributions_and_lines_are_the_table_reckoned_upwards(table):
    """Linear contributions and the lines of means, floors and caps add up to the whole, reckoned from the leaves up by scipy."""
    scheme, points, scored = table
    given_ = IndicatorPoints(points, np.zeros(points.shape), scored, np.zeros(len(points), dtype=bool))
    found = gather(given_, scheme, among(len(points)))
    sums = found.totals.contributions.sum(axis=1) + sum_adjustments(found.adjustments, len(points))
    lines = scored.shape[1] + 3 * sum(1 for _ in parts_of_scheme(scheme)) + 3
    for unit, row in enumerate(scored):
        codes = [indicator.code for indicator, there in zip(scheme.indicators, row, strict=True) if there]
        expected = value(scheme, dict(zip(codes, points[unit][row], strict=True))) or 0
        assert sums[unit] / 10_000 == pytest.approx(expected, abs=0.00006 * lines)


@quick
@given(bending(), st.randoms(use_true_random=False))
def test_lines_of_the_whole_follow_their_units(table, dice):
    """Listed otherwise, every unit has the lines it had."""
    scheme, points, scored = table
    order = list(range(len(points)))
    dice.shuffle(order)
    sums = []
    for rows in (range(len(points)), order):
        at, weights = np.array(rows), weights_at(scheme, "station")
        given_ = IndicatorPoints(points[at], np.zeros(points.shape), scored[at], np.zeros(len(at), dtype=bool))
        lines = aggregate(given_, weights, scheme, among(len(at)).classes).adjustments
        sums.append(sum_adjustments(lines, len(at)))
    assert (sums[0][order] == sums[1]).all()


@quick
@given(st.lists(st.tuples(st.floats(0.01, 1000), st.floats(0.01, 1)), min_size=1, max_size=9))
def test_the_geometric_mean_is_scipys(pairs):
    """exp(Σ w ln p) is scipy.stats.gmean with weights, to nine digits."""
    points, weights = np.array(pairs).T
    found = geometric_mean(points[None], (weights / weights.sum())[None])[0]
    assert found == pytest.approx(gmean(points, weights=weights), rel=1e-9)


# Outside the hundred

AMOUNTS = st.lists(st.lists(st.integers(0, 500), min_size=3, max_size=3), min_size=1, max_size=5)


def lines_of(amounts, sign=1):
    """Make lines of three units out of their amounts."""
    effect = "add" if sign > 0 else "deduct"
    rows = [sign * np.array(row) for row in amounts]
    return [Adjustment(f"l{n}", "line", effect, np.flatnonzero(row), row[row != 0], row[row != 0]) for n, row in enumerate(rows)]


@quick
@given(AMOUNTS, st.sampled_from([1, -1]))
def test_a_best_of_never_beats_the_sum(amounts, sign):
    """Of lines of one sign the weightiest alone is the largest of them, and no more than all together."""
    lines = lines_of(amounts, sign)
    best, every = sum_adjustments(weightiest_lines(lines, 3), 3), sum_adjustments(lines, 3)
    assert (np.abs(best) <= np.abs(every)).all()
    assert np.abs(best).tolist() == np.max(amounts, axis=0).tolist()


@quick
@given(AMOUNTS, st.integers(-300, 0), st.integers(0, 300))
def test_a_group_never_leaves_its_limits(amounts, floor, cap):
    """After the line of its limits a group's sum lies within floor and cap; what lay there before is not moved."""
    group = Outside.model_construct(code="g", floor=Decimal(floor) / 100, cap=Decimal(cap) / 100)
    sums = sum_adjustments(lines_of(amounts), 3) - 200
    held = sums + sum_adjustments(limit_group(group, sums, 2), 3)
    assert held.tolist() == np.where(sums == 0, 0, np.clip(sums, floor, cap)).tolist()


@quick
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans()), min_size=1, max_size=12))
def test_a_mean_of_totals_is_the_fraction_rounded_half_up(periods):
    """Over the periods that stand, as pencil and paper have it; 0 where none does."""
    totals, stands = [np.array([amount]) for amount, _ in periods], np.array([[there] for _, there in periods])
    kept = [amount for amount, there in periods if there]
    expected = (2 * Fraction(sum(kept), len(kept)) + 1) // 2 if kept else 0
    assert half_up_mean(totals, stands).tolist() == [expected]
