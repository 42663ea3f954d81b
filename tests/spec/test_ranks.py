"""The place is the competition rank of the total within the class: 52nd of 496 means 51 are strictly better."""

import pytest

from seam import read_units

ONE = "| dimension | share | indicator | weight |\n| d | 100 | v | 100 |"


@pytest.fixture
def places(scheme, judge):
    """Give place and size of the class of each unit."""

    def give(values: str, **keys) -> dict[str, tuple]:
        ranks = judge(scheme(ONE, **keys), values).ranks
        return dict(zip(ranks.index, zip(ranks["rank"], ranks["of"], strict=True), strict=True))

    return give


def test_ties_share_the_better_place(places):
    """Two stations on equal totals are both 1st, the next is 3rd, and classes never mix."""
    found = places("""
        | unit | class | v  |
        | A    | 四类  | 90 |
        | B    | 四类  | 90 |
        | C    | 四类  | 80 |
        | D    | 二类  | 99 |
    """)
    assert found == {"A": (1, 3), "B": (1, 3), "C": (3, 3), "D": (1, 1)}


def test_52nd_of_496(scheme, judge):
    """With 51 better, two equal and 443 worse the place is the 52nd for both."""
    rows = [f"| U{n:03d} | {99 if n < 51 else 90 if n < 53 else 50} |" for n in range(496)]
    ranks = judge(scheme(ONE), "| unit | v |\n" + "\n".join(rows)).ranks
    assert ranks.loc[["U000", "U051", "U052", "U053"], "rank"].tolist() == [1, 52, 52, 54]
    assert set(ranks["of"]) == {496}


def test_what_is_printed_is_what_is_ranked(places):
    """90.004 and 90.001 are both printed as 90.00, so they are equal; 90.005 is printed as 90.01 and is better."""
    found = places("| unit | v |\n| A | 90.004 |\n| B | 90.001 |\n| C | 90.005 |")
    assert found == {"A": (2, 3), "B": (2, 3), "C": (1, 3)}


def test_levels_never_mix(places):
    """A county is not compared with stations, whatever its class is called."""
    found = places("| unit | level | v |\n| X | county | 10 |\n| A | station | 90 |\n| B | station | 80 |")
    assert found == {"X": (1, 1), "A": (1, 2), "B": (2, 2)}


COMPARED = """
    | unit | class | county_id | station_id | v  |
    | A    | 四类  | X         | S1         | 10 |
    | B    | 四类  | X         | S2         | 20 |
    | C    | 四类  | Y         | S1         | 30 |
    | D    | 二类  | X         | S1         | 40 |
"""


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("level", {"A": (4, 4), "B": (3, 4), "C": (2, 4), "D": (1, 4)}),
        ("class", {"A": (3, 3), "B": (2, 3), "C": (1, 3), "D": (1, 1)}),
        ("class_in_county", {"A": (2, 2), "B": (1, 2), "C": (1, 1), "D": (1, 1)}),
        ("station", {"A": (3, 3), "B": (1, 1), "C": (2, 3), "D": (1, 3)}),
    ],
)
def test_the_scheme_says_who_is_compared(places, within, expected):
    """Within the level, the class, the class in the county, or the station."""
    assert places(COMPARED, compare_within={"station": within}) == expected


def test_two_stations_of_one_name_stay_two(records, scheme):
    """Every county has a 城关所; officers are compared within their own one, not within all of that name."""
    units = """
        | unit_id | name   | level   | parent_id |
        | S1      | 城关所 | station |           |
        | S2      | 城关所 | station |           |
        | P1      | 张     | officer | S1        |
        | P2      | 李     | officer | S2        |
    """
    found = read_units(records(units=units), "2024Q4", scheme(ONE, compare_within={"officer": "station"})).units
    labels = found["group"]
    assert labels[0] != labels[1]


def test_the_others_are_listed_beside(scheme, judge):
    """Who is not ranked has no place and does not count among `of`."""
    found = judge(scheme(ONE), "| unit | v |\n| A | 90 |\n| B | |\n| C | 80 |").ranks
    assert found["rank"].isna().tolist() == [False, True, False]
    assert found["of"].tolist() == [2, 2, 2]


@pytest.mark.parametrize(("least_class", "flag"), [(2, ""), (3, "small_class")])
def test_a_small_class_keeps_its_places_and_says_so(scheme, judge, least_class, flag):
    """Places are still given in a small class, with a flag."""
    found = judge(scheme(ONE, least_class=least_class), "| unit | v |\n| A | 90 |\n| B | 80 |").ranks
    assert found["rank"].tolist() == [1, 2]
    assert found["flags"].tolist() == [flag, flag]


def test_units_that_stand_for_unknown_are_not_ranked(scheme, judge):
    """The unit that stands for '-' has a total and no place; it does not push anyone down."""
    found = judge(scheme(ONE, unranked=("U-",)), "| unit | v |\n| U- | 99 |\n| A | 90 |\n| B | 80 |").ranks
    assert found["total"].tolist() == [99, 90, 80]
    assert found["rank"].tolist()[1:] == [1, 2]
    assert found.loc["U-", "flags"] == "not_ranked"
    assert found["of"].tolist() == [2, 2, 2]


def test_units_that_stand_for_unknown_are_no_yardstick(scheme, judge):
    """Points by comparison refer to the real units only: A is the best of the class, though U- has more."""
    relative = "| dimension | share | indicator | weight | points |\n| d | 100 | v | 100 | {kind: min_max} |"
    found = judge(scheme(relative, unranked=("U-",), least_class=2), "| unit | v |\n| U- | 99 |\n| A | 90 |\n| B | 80 |")
    assert found.points.loc[["A", "B"], "points"].tolist() == [100, 0]
