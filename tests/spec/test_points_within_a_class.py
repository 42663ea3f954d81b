"""Rules that refer to the class: percentile, min-max and z-score, among the units that have a value, in the good direction."""

import pytest

HEAD = "| dimension | share | indicator | weight | points | direction |\n"
EIGHT = """
    | unit | v  |
    | A    | 10 |
    | B    | 20 |
    | C    | 20 |
    | D    | 30 |
    | E    | 40 |
    | F    | 50 |
    | G    | 60 |
    | H    | 70 |
"""


@pytest.fixture
def points(scheme, judge):
    """Give the points of the units under one rule."""

    def give(rule: str, values: str = EIGHT, direction: str = "higher", **keys) -> dict[str, float]:
        table = scheme(f"{HEAD}| d | 100 | v | 100 | {rule} | {direction} |", **keys)
        return judge(table, values).points["points"].droplevel("indicator").to_dict()

    return give


def test_percentile_is_the_share_of_worse_units(points):
    """100 · (worse + half of the tied others)/(N - 1): the best has 100, the worst 0, two tied share the middle."""
    assert points("{kind: percentile}") == {
        "A": 0, "B": 21.4286, "C": 21.4286, "D": 42.8571, "E": 57.1429, "F": 71.4286, "G": 85.7143, "H": 100,
    }  # fmt: skip


def test_min_max_is_the_way_from_worst_to_best(points):
    """100 · (value - worst)/(best - worst)."""
    found = points("{kind: min_max}")
    assert [found[unit] for unit in "ABDH"] == [0, 16.6667, 33.3333, 100]


def test_z_score_is_fifty_and_ten_a_standard_deviation(points):
    """50 + 10 · (value - mean)/sd; the sd divides by N: mean 37.5, sd 19.8431."""
    found = points("{kind: z_score}")
    assert [found[unit] for unit in "ABH"] == [36.1413, 41.1808, 66.3785]


def test_a_z_score_stays_within_the_scale(points):
    """One unit six standard deviations up has 100, not 110."""
    rows = "\n".join(f"| U{n} | {0 if n else 1000} |" for n in range(40))
    assert points("{kind: z_score}", "| unit | v |\n" + rows)["U0"] == 100


@pytest.mark.parametrize("rule", ["{kind: percentile}", "{kind: min_max}", "{kind: z_score}"])
def test_where_less_is_better_the_order_turns(points, rule):
    """Turning the direction turns the points about the middle of the scale."""
    up, down = points(rule), points(rule, direction="lower")
    assert {unit: round(100 - value, 3) for unit, value in up.items()} == {u: round(v, 3) for u, v in down.items()}


def test_floor_and_cap_hold_here_too(points):
    """Nobody has less than the floor or more than the cap."""
    found = points("{kind: percentile, floor: 40, cap: 90}")
    assert (found["A"], found["E"], found["H"]) == (40, 57.1429, 90)


def test_classes_never_mix(scheme, judge):
    """In two classes of three each unit is compared with two others only, whatever the values elsewhere."""
    table = scheme(HEAD + "| d | 100 | v | 100 | {kind: min_max} | higher |", least_class=3)
    found = judge(table, """
        | unit | class | v  |
        | A    | 四类  | 10 |
        | B    | 四类  | 15 |
        | C    | 四类  | 20 |
        | D    | 二类  | 80 |
        | E    | 二类  | 90 |
        | F    | 二类  | 85 |
    """)  # fmt: skip
    assert found.points["points"].tolist() == [0, 50, 100, 0, 100, 50]


def test_who_has_no_value_is_not_among_the_class(points):
    """N counts the units with a value: with H missing, G is the best of seven."""
    found = points("{kind: percentile}", EIGHT.replace("| H    | 70 |", "| H    |    |"), least_class=7)
    assert (found["G"], found["D"]) == (100, 50)


@pytest.mark.parametrize(("least_class", "status"), [(8, "ok"), (9, "too_few")])
def test_a_small_class_is_too_few(scheme, judge, least_class, status):
    """Eight units are compared where eight are enough; with fewer nobody gets points by comparison, and all are told."""
    table = scheme(HEAD + "| d | 100 | v | 100 | {kind: percentile} | higher |", least_class=least_class)
    assert judge(table, EIGHT).points["status"].unique().tolist() == [status]


def test_where_all_are_equal_the_indicator_is_void(scheme, judge):
    """Nobody is better than anybody: no points are given for it, neither full nor none."""
    table = scheme(HEAD + "| d | 100 | v | 100 | {kind: min_max} | higher |")
    found = judge(table, "| unit | v |\n" + "\n".join(f"| U{n} | 95.5 |" for n in range(9)))
    assert found.points["status"].unique().tolist() == ["void"]
    assert found.points["points"].isna().all()
