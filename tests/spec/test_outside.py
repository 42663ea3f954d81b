"""Outside the hundred: public points added and deducted, each by its own line, within the limits of its group."""

import pytest

ONE = "| dimension | share | indicator | weight |\n| d | 100 | v | 100 |"
PUBLIC = """
    | group | line     | effect | points                           |
    | bonus | praise   | add    | {kind: line, start: 0, each: 2}  |
    | bonus | article  | add    | {kind: line, start: 0, each: 3}  |
    | fault | lateness | deduct | {kind: line, start: 0, each: 0.5} |
"""


@pytest.fixture
def judged(scheme, outside, judge):
    """Judge stations that have 80 points of the hundred and some counts outside it."""

    def reckon(lines: str, counts: str, groups: dict | None = None, period: str = "2024Q4", **keys):
        return judge(scheme(ONE, outside=outside(lines, **(groups or {})), **keys), counts, period=period)

    return reckon


def amounts(found, unit="S1"):
    """Give the lines of a unit outside the hundred: line -> points of the total."""
    return found.adjustments.loc[unit, "contribution"].to_dict() if unit in found.adjustments.index else {}


@pytest.mark.rule("R32")
def test_public_points_stand_outside_the_weights(judged):
    """80 of the hundred, two praises of 2 and one lateness of 0.5: 80 + 4 - 0.5 = 83.5, and each line says what was counted."""
    found = judged(PUBLIC, "| unit | v | praise | lateness |\n| S1 | 80 | 2 | 1 |")
    assert found.ranks.loc["S1", "total"] == 83.5
    assert amounts(found) == {"praise": 4, "lateness": -0.5}
    assert found.adjustments.loc[("S1", "praise"), ["rule", "effect", "value", "status"]].tolist() == [
        "line",
        "add",
        2,
        "counted",
    ]


def test_a_total_may_leave_the_hundred(judged):
    """No bound is drawn that the scheme does not name: 100 + 30 and 5 - 6 are what they are."""
    found = judged(PUBLIC, "| unit | v | praise | lateness |\n| S1 | 100 | 15 | 0 |\n| S2 | 5 | 0 | 12 |")
    assert found.ranks["total"].to_dict() == {"S1": 130, "S2": -1}


def test_a_line_without_effect_is_left_out(judged):
    """Nothing counted is no line; no records of it at all are no line either."""
    found = judged(PUBLIC, "| unit | v | praise | lateness |\n| S1 | 80 | 0 | no_records |")
    assert amounts(found) == {}
    assert found.ranks.loc["S1", "total"] == 80


@pytest.mark.rule("R20")
def test_a_veto_may_be_a_large_deduction(judged):
    """发生一票否决事项扣30分: once or thrice, 30 points of the total."""
    veto = "| group | line | effect | points |\n| g | veto | deduct | {kind: steps, steps: [[0, 0]], otherwise: 30} |"
    found = judged(veto, "| unit | v | veto |\n| S1 | 95 | 1 |\n| S2 | 95 | 3 |\n| S3 | 95 | 0 |")
    assert found.ranks["total"].to_dict() == {"S1": 65, "S2": 65, "S3": 95}


@pytest.mark.parametrize(
    ("effect", "points", "total"),
    [
        ("deduct", "{kind: steps, steps: [[4, 1], [1, 0]], otherwise: 3}", {0: 80, 2: 79, 5: 77}),
        ("deduct", "{kind: steps, steps: [[4, 1.125], [1, 0]], otherwise: 3}", {0: 80, 2: 78.87, 5: 77}),
        ("add", "{kind: steps, steps: [[2, 1], [5, 3]]}", {0: 80, 2: 81, 5: 83}),
        ("deduct", "{kind: line, start: 0, at: 2, each: 0.5, first: 3, floor: 0}", {0: 80, 2: 80, 4: 76}),
        ("add", "{kind: curve, knots: [[0, 0], [4, 2]]}", {0: 80, 2: 81, 5: 82}),
    ],
)
def test_any_rule_of_values_gives_the_points(judged, effect, points, total):
    """Steps, lines and curves; where no direction is said, more of what is added is better, more of what is deducted worse."""
    counts = "| unit | v | it |\n" + "\n".join(f"| S{count} | 80 | {count} |" for count in total)
    found = judged(f"| group | line | effect | points |\n| g | it | {effect} | {points} |", counts)
    assert found.ranks["total"].tolist() == list(total.values())


@pytest.mark.rule("R22")
def test_all_bonuses_together_are_capped(judged):
    """奖励加分封顶10: praises of 6 and articles of 9 are 15; a line of its own takes 5 back. 8 are left alone."""
    counts = "| unit | v | praise | article |\n| S1 | 80 | 3 | 3 |\n| S2 | 80 | 4 | 0 |"
    found = judged(PUBLIC, counts, {"bonus": {"cap": 10}})
    assert amounts(found) == {"praise": 6, "article": 9, "bonus": -5}
    assert found.adjustments.loc[("S1", "bonus"), ["rule", "effect"]].tolist() == ["cap", "cap"]
    assert amounts(found, "S2") == {"praise": 8}
    assert found.ranks["total"].to_dict() == {"S1": 90, "S2": 88}


@pytest.mark.rule("R22")
def test_deductions_of_a_group_have_a_floor(judged):
    """本项限扣5分: 14 latenesses would take 7; a floor of -5 gives 2 back."""
    found = judged(PUBLIC, "| unit | v | lateness |\n| S1 | 80 | 14 |", {"fault": {"floor": -5}})
    assert amounts(found) == {"lateness": -7, "fault": 2}
    assert found.ranks.loc["S1", "total"] == 75


def test_a_rule_may_be_bounded_by_itself(judged):
    """A cap in the rule of one line holds for that line: articles bring no more than 4."""
    text = PUBLIC.replace("each: 3}", "each: 3, cap: 4}")
    assert amounts(judged(text, "| unit | v | praise | article |\n| S1 | 80 | 1 | 5 |")) == {"praise": 2, "article": 4}


@pytest.mark.rule("R23")
def test_the_highest_ground_alone_counts(judged):
    """就高不重复: of praises of 4 and articles of 3 only the praises count; of equals the first of the table."""
    counts = "| unit | v | praise | article |\n| S1 | 80 | 2 | 1 |\n| S2 | 80 | 3 | 2 |\n| S3 | 80 | 0 | 1 |"
    found = judged(PUBLIC, counts, {"bonus": {"best_of": True}})
    assert [amounts(found, unit) for unit in ("S1", "S2", "S3")] == [{"praise": 4}, {"praise": 6}, {"article": 3}]
    assert found.ranks["total"].to_dict() == {"S1": 84, "S2": 86, "S3": 83}


@pytest.mark.rule("R23")
def test_the_highest_of_deductions_is_the_largest(judged):
    """Of several deductions for one matter the gravest stays: 3 and not 3 + 2."""
    text = PUBLIC.replace("add   ", "deduct")
    found = judged(text, "| unit | v | praise | article |\n| S1 | 80 | 1 | 1 |", {"bonus": {"best_of": True}})
    assert amounts(found) == {"article": -3}


@pytest.mark.rule("R28")
def test_one_fact_is_worth_another_amount_at_another_level(judged):
    """一级英模: 7 points of the station's total, 1.5 of the county's; the city, which the line does not name, gets nothing."""
    hero = """
        | group | line | effect | levels            | points                                             |
        | g     | hero | add    | [station, county] | {kind: line, start: 0, each: {station: 7, others: 1.5}} |
    """
    found = judged(hero, "| unit | level | v | hero |\n| S1 | station | 80 | 1 |\n| X | county | 80 | 1 |\n| C | city | 80 | 1 |")
    assert found.ranks["total"].to_dict() == {"S1": 87, "X": 81.5, "C": 80}


@pytest.mark.rule("R28")
def test_one_fact_may_be_worth_another_amount_in_another_class(judged):
    """A class goes before a level: a first-class station gets 3, another 7."""
    hero = (
        "| group | line | effect | points |\n| g | hero | add | {kind: line, start: 0, each: {一类: 3, station: 7, others: 1}} |"
    )
    found = judged(hero, "| unit | class | v | hero |\n| S1 | 一类 | 80 | 1 |\n| S2 | 四类 | 80 | 1 |")
    assert found.ranks["total"].to_dict() == {"S1": 83, "S2": 87}


def test_amounts_are_rounded_half_up_once(judged):
    """0.125 a time is 0.13 deducted at two decimals; what rounds to nothing leaves no line."""
    text = PUBLIC.replace("each: 0.5", "each: 0.125").replace("each: 2", "each: 0.004")
    found = judged(text, "| unit | v | praise | lateness |\n| S1 | 80 | 1 | 1 |")
    assert amounts(found) == {"lateness": -0.13}
    assert found.ranks.loc["S1", "total"] == 79.87


@pytest.mark.rule("R43")
def test_a_line_of_the_year_counts_in_no_quarter(judged):
    """A year-only line is no part of the quarter; of the year it is."""
    text = "| group | line | effect | year_only | points |\n| g | award | add | true | {kind: line, start: 0, each: 2} |"
    counts = "| unit | v | award |\n| S1 | 80 | 1 |"
    assert judged(text, counts).ranks.loc["S1", "total"] == 80
    assert judged(text, counts, period="2024").ranks.loc["S1", "total"] == 82
