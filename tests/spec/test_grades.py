"""A grade is that of the highest band whose threshold the printed total reaches."""

import pytest

ONE = "| dimension | share | indicator | weight |\n| d | 100 | v | 100 |"
BANDS = ({"grade": "优秀", "at_least": 90}, {"grade": "良好", "at_least": "80.5"}, {"grade": "达标", "at_least": 60})


@pytest.mark.parametrize(
    ("value", "grade"),
    [(100, "优秀"), (90, "优秀"), (89.995, "优秀"), (89.99, "良好"), (80.5, "良好"), (80.49, "达标"), (60, "达标"), (59.99, "")],
)
def test_the_highest_band_reached(scheme, judge, value, grade):
    """The threshold itself is reached; below the lowest band there is no grade. 89.995 is printed as 90.00, and is 90."""
    assert judge(scheme(ONE, bands=BANDS), f"| unit | v |\n| A | {value} |").ranks.loc["A", "grade"] == grade


def test_a_threshold_finer_than_the_total_is_not_reached_early(scheme, judge):
    """With whole totals, 90 does not reach a threshold of 90.5."""
    bands = ({"grade": "优秀", "at_least": "90.5"}, {"grade": "良好", "at_least": 0})
    found = judge(scheme(ONE, bands=bands, decimals=0), "| unit | v |\n| A | 90 |\n| B | 91 |").ranks
    assert found["grade"].tolist() == ["良好", "优秀"]


def test_without_bands_there_are_no_grades(scheme, judge):
    """A scheme may do without."""
    assert judge(scheme(ONE), "| unit | v |\n| A | 90 |").ranks.loc["A", "grade"] == ""
