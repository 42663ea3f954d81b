"""What is reckoned in columns of fractions, held against Python's own fractions: every operation, and every rule of the table."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from statistics import median

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fengqiao_eval.measuring.measures import Measured
from fengqiao_eval.measuring.peer_groups import Cohort
from fengqiao_eval.measuring.rationals import Rational, add_up, tidy
from fengqiao_eval.periods import parse
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import Dimension, Scheme
from fengqiao_eval.scoring.benchmarks import Benchmarked, deviation, history_mean, peer_reference
from fengqiao_eval.scoring.normalisation import half_up, indicator_points

quick = settings(max_examples=100, deadline=None, database=None)
WHOLE = st.one_of(st.integers(-20, 20), st.integers(-(10**6), 10**6), st.integers(-(10**14), 10**14))
CELLS = st.lists(st.tuples(WHOLE, st.one_of(st.integers(0, 12), st.integers(0, 10**12))), min_size=3, max_size=3)


def column(cells):
    """Make a column of fractions, and the same in Python's own (None: no value)."""
    above, below = (np.array(each) for each in zip(*cells, strict=True))
    return Rational(above, below), [Fraction(a, b) if b else None for a, b in cells]


def cells_of(column_):
    """Read a column as Python's fractions."""
    return [Fraction(int(a), int(b)) if b else None for a, b in zip(column_.above, column_.below, strict=True)]


@quick
@given(CELLS, CELLS)
def test_columns_reckon_as_fractions_do(one, two):
    """Sum, difference, product and quotient are the fraction, however long; without a value, or divided by 0, there is none."""
    (a, x), (b, y) = column(one), column(two)

    def both(reckon):
        return [None if p is None or q is None else reckon(p, q) for p, q in zip(x, y, strict=True)]

    assert cells_of(a + b) == both(lambda p, q: p + q)
    assert cells_of(a - b) == both(lambda p, q: p - q)
    assert cells_of(a * b) == both(lambda p, q: p * q)
    assert cells_of(a / b) == both(lambda p, q: p / q if q else None)
    assert (a >= b).tolist() == [bool(each) for each in both(lambda p, q: p >= q)]
    assert (a <= b).tolist() == [bool(each) for each in both(lambda p, q: p <= q)]
    assert (a > b).tolist() == [bool(each) for each in both(lambda p, q: p > q)]
    sums, count = add_up([a, b])
    assert cells_of(sums) == [(p or 0) + (q or 0) for p, q in zip(x, y, strict=True)]
    assert count.tolist() == [(p is not None) + (q is not None) for p, q in zip(x, y, strict=True)]


@quick
@given(CELLS)
def test_columns_are_rounded_as_fractions_are(cells):
    """Half-up to a decimal, to the whole number towards zero, to the nearest float, and to their mean."""
    found, exact = column(cells)
    assert found.half_up(2).tolist() == [0 if each is None else math.floor(100 * each + Fraction(1, 2)) for each in exact]
    assert cells_of(found.trunc()) == [None if each is None else math.trunc(each) for each in exact]
    assert [None if math.isnan(each) else each for each in found.floats] == [None if e is None else float(e) for e in exact]
    known = [each for each in exact if each is not None]
    if known:
        assert cells_of(found[found.known].mean()) == [sum(known) / len(known)]


@quick
@given(st.integers(0, 10**6), st.sampled_from([*range(1, 21), 60, 1000, 10**6]))
def test_a_float_next_to_a_fraction_is_read_as_it(above, below):
    """Equal shares of up to twenty, minutes in seconds and six decimals come back from the floats that a table holds."""
    exact = Fraction(above, below)
    assert cells_of(Rational.read([float(exact)])) == [exact]


def test_what_prints_alike_is_read_alike():
    """A sum in floats that is off in the seventeenth digit is the number that it prints."""
    assert cells_of(Rational.read([0.1 + 0.2])) == cells_of(Rational.read([0.3]))
    assert tidy(np.array([0.1 + 0.2])).tolist() == [0.3]
    assert half_up(np.array([1.005, 0.285]), 2).tolist() == [1.01, 0.29]


# References: the own past, peers, quotas

VALUES = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 1, 3, 7, 64, 97, 224])), min_size=6, max_size=6)


@quick
@given(VALUES, VALUES, VALUES)
def test_references_are_fractions(now, before, earlier):
    """Difference and per cent, mean of the own past, mean and median of the class: nothing is rounded on the way."""
    (a, x), (b, y), (c, z) = column(now), column(before), column(earlier)
    pairs = list(zip(x, y, strict=True))
    assert cells_of(deviation(a, b, "difference")) == [None if None in pair else pair[0] - pair[1] for pair in pairs]
    percent = [None if None in pair or not pair[1] else 100 * (pair[0] - pair[1]) / pair[1] for pair in pairs]
    assert cells_of(deviation(a, b, "percent")) == percent
    past = [[value for value in own if value is not None] for own in zip(y, z, strict=True)]
    assert cells_of(history_mean([b, c])) == [sum(own) / len(own) if own else None for own in past]
    known, one = sorted(value for value in x if value is not None), np.zeros(6, dtype=int)
    for of, middle in (("mean", lambda: sum(known) / len(known)), ("median", lambda: Fraction(median(known)))):
        assert cells_of(peer_reference(a, a.known, one, of, 1)[0]) == [middle() if known else None] * 6


# Every rule, from counts to points


@st.composite
def rules(draw):
    """Draw a rule of any kind, with decimals, in marks or not, with limits or none."""
    number = st.integers(-3000, 12_000).map(lambda hundredths: Decimal(hundredths) / 100)
    kind = draw(st.sampled_from(["curve", "steps", "line", "percentile", "min_max", "z_score"]))
    keys = {
        name: draw(st.sampled_from(given)) for name, given in (("floor", [None, 0, 10, "none"]), ("cap", [None, 12, 30, "none"]))
    }
    if kind == "line":
        keys |= {"start": draw(number), "each": draw(number), "at": draw(number), "whole": draw(st.booleans())}
        keys |= {"per": draw(st.sampled_from([Decimal("0.1"), 1, 3, Decimal(7)])), "first": draw(number)}
    elif kind in ("curve", "steps"):
        values = sorted(draw(st.lists(number, min_size=2, max_size=5, unique=True)))
        keys |= {"knots" if kind == "curve" else "steps": [(value, draw(number)) for value in values]}
        keys |= {"otherwise": draw(number)} if kind == "steps" else {}
    return {"kind": kind, "in_marks": draw(st.booleans()), **{name: given for name, given in keys.items() if given is not None}}


def held(points, rule, top):
    """Keep points within the limits of a rule, by default 0 and the top."""
    floor, cap = rule.get("floor", 0), rule.get("cap", top)
    points = points if cap == "none" else min(points, Fraction(cap))
    return points if floor == "none" else max(points, Fraction(floor))


def by_value(rule, value, good):
    """Work the points of a value by a rule that looks at nothing else."""
    if rule["kind"] == "line":
        steps = (value - Fraction(rule["at"])) / Fraction(rule["per"])
        beyond = steps < 0 if good == "higher" else steps > 0
        steps = math.trunc(steps) if rule["whole"] else steps
        return Fraction(rule["start"]) + steps * Fraction(rule["each"]) + beyond * Fraction(rule["first"])
    pairs = [(Fraction(at), Fraction(worth)) for at, worth in rule.get("knots", rule.get("steps"))]
    if rule["kind"] == "steps":
        reached = [worth for at, worth in pairs if (value >= at if good == "higher" else value <= at)]
        return (reached[-1 if good == "higher" else 0]) if reached else Fraction(rule["otherwise"])
    value = min(max(value, pairs[0][0]), pairs[-1][0])
    return next(y + (value - x) * (v - y) / (u - x) for (x, y), (u, v) in pairwise(pairs) if x <= value <= u)


def in_class(kind, values, good):
    """Work the standing of every value among all."""
    signed = [value if good == "higher" else -value for value in values]
    others = len(signed) - 1
    if kind == "percentile":
        return [Fraction(2 * sum(o < s for o in signed) + signed.count(s) - 1, 2 * others) for s in signed]
    if kind == "min_max":
        return [(s - min(signed)) / (max(signed) - min(signed)) for s in signed]
    mean = sum(signed) / len(signed)
    variance = sum((s - mean) ** 2 for s in signed) / len(signed)
    with localcontext(prec=80):
        root = Fraction((Decimal(variance.numerator) / variance.denominator).sqrt())
    return [min(max(Fraction(1, 2) + (s - mean) / root / 10, Fraction(0)), Fraction(1)) for s in signed]


@st.composite
def counts(draw):
    """Draw numerators and denominators of eight units, some equal, some nought, as a table of counts has them."""
    below = draw(st.lists(st.sampled_from([1, 2, 3, 7, 64, 96, 224, 640, 999, 4096]), min_size=8, max_size=8))
    return [(draw(st.integers(0, 2 * each)), each) for each in below]


@settings(max_examples=300, deadline=None, database=None)
@given(rules(), counts(), st.sampled_from(["higher", "lower"]), st.sampled_from([1, 100]))
def test_points_are_the_fraction_rounded_once(rule, given, good, scale):
    """By any rule, points are what comes of numerator and denominator as fractions, rounded half-up to four decimals, once."""
    values, top = [Fraction(scale * a, b) for a, b in given], Fraction(16) if rule["in_marks"] else Fraction(100)
    if rule["kind"] in ("curve", "steps", "line"):
        worked = [by_value(rule, value, good) for value in values]
    elif len(set(values)) > 1:
        worked = [top * each for each in in_class(rule["kind"], values, good)]
    else:
        return
    worked = [held(each, rule, top) * 100 / top for each in worked]
    assert points(rule, given, good, scale) == [math.floor(10_000 * each + Fraction(1, 2)) for each in worked]


def points(rule, given, good, scale):
    """Give the product's points, in ten-thousandths, of units of one class."""
    measure = {"kind": "share", "table": "cases", "date": "received_at", "met": {"closed_at": {"present": True}}}
    line = {"code": "it", "label": "it", "why": "spec", "source": "spec", "direction": good, "weight": 16, "points": rule}
    indicator = Indicator.model_validate(
        {**line, "missing": "redistribute", "measure": measure, "unit": "%" if scale > 1 else "件"}
    )
    scheme = Scheme.model_construct(
        dimensions=(Dimension(code="d", label="d", weight=Decimal(100), indicators=(indicator,)),),
        levels=("station",), decimals=2, full_marks=100, least_class=8,
    )  # fmt: skip
    above, below = (np.array(each, dtype="float64")[:, None] for each in zip(*given, strict=True))
    status, words = np.zeros(above.shape, dtype=np.int8), np.full(len(above), "station", dtype=object)
    measured = Measured(parse("2024Q4"), above, below, above * scale / below, below, status)
    among = Cohort(words, words, words, np.zeros(len(above), dtype=int), np.ones(len(above), dtype=bool))
    found = indicator_points(Benchmarked(measured.value, status, (), measured), scheme, among)
    return np.rint(found.points[:, 0] * 10_000).astype(int).tolist()
