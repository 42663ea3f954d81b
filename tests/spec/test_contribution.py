"""A contribution is points × weight used as one fraction of whole numbers, rounded half-up once; the total is their sum."""

from fractions import Fraction

import pytest

import seam

THREE = """
    | dimension | share | indicator | weight |
    | d         | 70    | a         | 30     |
    | d         | 70    | b         | 70     |
    | e         | 30    | c         | 100    |
"""


def half_up(number: Fraction, decimals: int = 2) -> Fraction:
    """Round a fraction half-up, as a person would with pencil and paper."""
    step = 10**decimals
    return Fraction((2 * number * step + 1) // 2, step)


def contributions(found, unit="S1"):
    """Give the contributions of a unit as printed."""
    return [Fraction(str(value)) for value in found.points.loc[unit, "contribution"]]


def test_points_times_weight(scheme, judge):
    """81.25 × 0.21 = 17.0625 is printed as 17.06; 90.5 × 0.49 = 44.345 goes up to 44.35; 77 × 0.3 = 23.1."""
    found = judge(scheme(THREE), "| unit | a | b | c |\n| S1 | 81.25 | 90.5 | 77 |")
    assert contributions(found) == [Fraction("17.06"), Fraction("44.35"), Fraction("23.1")]
    assert found.ranks.loc["S1", "total"] == 84.51


def test_a_half_goes_up_also_where_floats_fall_short(scheme, judge):
    """0.5 × 0.01 is exactly half a hundredth and goes up; so does 33.5 × 0.03, which floats make 1.00499."""
    table = scheme("| dimension | share | indicator | weight |\n| d | 100 | a | 1 |\n| d | 100 | b | 3 |\n| d | 100 | c | 96 |")
    found = judge(table, "| unit | a | b | c |\n| S1 | 0.5 | 33.5 | 0 |")
    assert contributions(found) == [Fraction("0.01"), Fraction("1.01"), 0]


def test_a_half_goes_up_also_where_a_rate_has_no_end(records, scheme):
    """221 of 224 is 98.6607142…%, on the curve 60 + 3.660714… × 35/4 = 92.03125 to the last digit: 92.0313, not 92.0312."""
    rows = [f"| K{n} | S1 | 2024-10-01 | {'2024-10-02' if n < 221 else ''} |" for n in range(224)]
    cases = "| case_id | unit_id | received_at | closed_at |\n" + "\n".join(rows)
    curve = "{kind: curve, knots: [[80, 0], [95, 60], [99, 95], [100, 100]]}"
    table = scheme(f"| dimension | share | indicator | weight | points |\n| d | 100 | a | 100 | {curve} |")
    found = seam.score(records(cases=cases), table, levels=["station"]).points
    assert found[(found["unit_id"] == "S1") & (found["period"] == "2024Q4")]["points"].tolist() == [92.0313]


WEIGHTS = {  # what is missing -> what the others weigh
    "": {"a": Fraction(7 * 3, 100), "b": Fraction(7 * 7, 100), "c": Fraction(3, 10)},
    "a": {"b": Fraction(7, 10), "c": Fraction(3, 10)},
    "b": {"a": Fraction(7, 10), "c": Fraction(3, 10)},
    "c": {"a": Fraction(3, 10), "b": Fraction(7, 10)},
}


@pytest.mark.parametrize("decimals", [0, 2, 4])
@pytest.mark.parametrize("missing", WEIGHTS)
def test_the_whole_way_by_hand(scheme, judge, decimals, missing):
    """Each contribution equals the fraction worked by hand, whatever is missing; the total is their exact sum."""
    points = {"a": "81.2345", "b": "90.0005", "c": "77.7777"} | ({missing: ""} if missing else {})
    found = judge(scheme(THREE, decimals=decimals), f"| unit | a | b | c |\n| S1 | {' | '.join(points.values())} |")
    worked = [half_up(Fraction(points[code] or 0) * WEIGHTS[missing].get(code, 0), decimals) for code in "abc"]
    assert contributions(found) == worked
    assert Fraction(str(found.ranks.loc["S1", "total"])) == sum(worked)


def test_thirds_are_thirds(scheme, judge):
    """Of three indicators of 30, 30 and 40, one missing leaves 3/6 or 3/7: no weight is rounded before it is used."""
    table = scheme("| dimension | share | indicator | weight |\n| d | 100 | a | 30 |\n| d | 100 | b | 30 |\n| d | 100 | c | 40 |")
    found = judge(table, "| unit | a | b | c |\n| S1 | 100 | | 100 |\n| S2 | 100 | 100 | |")
    assert contributions(found) == [Fraction("42.86"), 0, Fraction("57.14")]
    assert contributions(found, "S2") == [50, 50, 0]


def test_the_largest_numbers_stay_exact(scheme, judge):
    """Odd weights to the last decimal, a scale of 1000 and four decimals: still the fraction, not its float."""
    table = scheme("""
        | dimension | share | indicator | weight | points                                   |
        | d         | 50.01 | a         | 33.33  | {kind: curve, knots: [[0, 0], [1000, 1000]]} |
        | d         | 50.01 | b         | 66.67  | {kind: curve, knots: [[0, 0], [1000, 1000]]} |
        | e         | 49.99 | c         | 99.99  | {kind: curve, knots: [[0, 0], [1000, 1000]]} |
        | e         | 49.99 | f         | 0.01   | {kind: curve, knots: [[0, 0], [1000, 1000]]} |
    """, decimals=4, full_marks=1000)  # fmt: skip
    found = judge(table, "| unit | a | b | c | f |\n| S1 | 999.9999 | 999.9997 | 999.9993 | 999.9991 |")
    weights = [Fraction(5001 * 3333, 10**8), Fraction(5001 * 6667, 10**8), Fraction(4999 * 9999, 10**8), Fraction(4999, 10**8)]
    points = [Fraction(f"999.999{last}") for last in (9, 7, 3, 1)]
    assert contributions(found) == [half_up(p * w, 4) for p, w in zip(points, weights, strict=True)]
