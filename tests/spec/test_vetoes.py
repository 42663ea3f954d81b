"""A veto takes the item's points of the months in which it happened, or caps the grade, or withholds it, or bars from awards."""

import pytest

TWO = """
    | dimension | share | indicator | weight |
    | d         | 40    | v         | 100    |
    | e         | 60    | w         | 100    |
"""
BANDS = ({"grade": "优秀", "at_least": 90}, {"grade": "良好", "at_least": 80}, {"grade": "达标", "at_least": 60})


@pytest.fixture
def judged(scheme, outside, judge):
    """Judge stations in a quarter, with the vetoes of its months where they are drawn."""

    def reckon(vetoes: str, counts: str, months: dict | None = None, **keys):
        table = scheme(TWO, bands=BANDS, outside=outside(vetoes))
        return judge(table, counts, also=months or {}, **keys)

    return reckon


ZERO = "| group | line | effect | item |\n| g | forged | zero_item | v |"


def month(counts):
    """Draw a month in which only vetoes are counted."""
    return "| unit | v | w | forged | leaked |\n" + counts


MONTHS = {"2024-10": month("| S1 | 90 | 90 | 1 | 0 |"), "2024-11": month("| S1 | 90 | 90 | 0 | 0 |")}


@pytest.mark.rule("R19")
def test_a_veto_zeroes_the_item_of_its_month(judged):
    """当月该项业务工作分数为零: in the month itself v's 36 points are gone, w's 54 stay."""
    found = judged(ZERO, "| unit | v | w | forged |\n| S1 | 90 | 90 | 2 |\n| S2 | 90 | 90 | 0 |", period="2024-10")
    assert found.points.loc[("S1", "v"), "contribution"] == 36
    assert found.adjustments.loc[("S1", "forged"), ["effect", "value", "contribution"]].tolist() == ["zero_item", 2, -36]
    assert found.ranks["total"].to_dict() == {"S1": 54, "S2": 90}


@pytest.mark.rule("R19")
def test_of_a_quarter_it_takes_the_months_in_which_it_happened(judged):
    """One month of three takes a third: 12 of 36 points, however often it happened in that month."""
    months = {**MONTHS, "2024-12": month("| S1 | 90 | 90 | 0 | 0 |")}
    found = judged(ZERO, "| unit | v | w | forged |\n| S1 | 90 | 90 | 2 |", months)
    assert found.adjustments.loc[("S1", "forged"), "contribution"] == -12
    assert found.ranks.loc["S1", "total"] == 78


@pytest.mark.rule("R19")
def test_two_vetoes_on_an_item_never_take_more_than_it(judged):
    """In October both, in December the second: the first takes October's third, the second only December's; never 36 twice."""
    both = ZERO + "\n| g | leaked | zero_item | v |"
    months = {
        "2024-10": month("| S1 | 90 | 90 | 1 | 1 |"),
        "2024-11": MONTHS["2024-11"],
        "2024-12": month("| S1 | 90 | 90 | 0 | 1 |"),
    }
    found = judged(both, "| unit | v | w | forged | leaked |\n| S1 | 90 | 90 | 1 | 2 |", months)
    assert found.adjustments.loc["S1", "contribution"].to_dict() == {"forged": -12, "leaked": -12}
    in_month = judged(both, "| unit | v | w | forged | leaked |\n| S1 | 90 | 90 | 1 | 2 |", period="2024-10")
    assert in_month.adjustments.loc["S1", "contribution"].to_dict() == {"forged": -36}
    assert in_month.ranks.loc["S1", "total"] == 54


def test_a_veto_takes_effect_from_its_value(judged):
    """from_value 2 lets one pass."""
    text = "| group | line | effect | item | from_value |\n| g | forged | zero_item | v | 2 |"
    found = judged(text, "| unit | v | w | forged |\n| S1 | 90 | 90 | 1 |\n| S2 | 90 | 90 | 2 |", period="2024-10")
    assert found.ranks["total"].to_dict() == {"S1": 90, "S2": 54}


def test_a_veto_on_what_should_be_high(judged):
    """Where more is better a veto is reached from above: 60 per cent and less zero the item."""
    text = "| group | line | effect | item | from_value | direction |\n| g | forged | zero_item | v | 60 | higher |"
    found = judged(text, "| unit | v | w | forged |\n| S1 | 90 | 90 | 60 |\n| S2 | 90 | 90 | 61 |", period="2024-10")
    assert found.ranks["total"].to_dict() == {"S1": 54, "S2": 90}


def test_what_was_not_scored_cannot_be_taken(judged):
    """Without v there is nothing to zero: no line."""
    found = judged(ZERO, "| unit | v | w | forged |\n| S1 | | 90 | 1 |", period="2024-10")
    assert len(found.adjustments) == 0


GRADES = """
    | group | line   | effect    | grade |
    | g     | leader | cap_grade | 达标  |
    | g     | crime  | ungraded  |       |
    | g     | late   | bar_award |       |
"""


@pytest.mark.rule("R21")
def test_a_grade_may_be_capped(judged):
    """No better than 达标: 优秀 becomes 达标, worse grades stay what they are, the total does not move."""
    found = judged(GRADES, "| unit | v | w | leader |\n| S1 | 95 | 95 | 1 |\n| S2 | 95 | 95 | 0 |\n| S3 | 30 | 30 | 1 |")
    assert found.ranks["grade"].to_dict() == {"S1": "达标", "S2": "优秀", "S3": ""}
    assert found.ranks["total"].to_dict() == {"S1": 95, "S2": 95, "S3": 30}
    assert found.adjustments.loc[("S1", "leader"), ["rule", "effect", "contribution"]].tolist() == ["cap_grade", "cap_grade", 0]


@pytest.mark.rule("R21")
def test_a_unit_may_be_left_without_a_grade(judged):
    """不定等次: no grade, whatever the total; the place stays."""
    found = judged(GRADES, "| unit | v | w | crime | leader |\n| S1 | 95 | 95 | 1 | 1 |\n| S2 | 65 | 65 | 0 | 0 |")
    assert found.ranks["grade"].to_dict() == {"S1": "", "S2": "达标"}
    assert found.ranks["rank"].tolist() == [1, 2]


@pytest.mark.rule("R21")
def test_a_unit_may_be_barred_from_awards(judged):
    """The line says so and moves nothing."""
    found = judged(GRADES, "| unit | v | w | late |\n| S1 | 95 | 95 | 1 |\n| S2 | 95 | 95 | 0 |")
    assert found.adjustments.reset_index()[["unit_id", "line", "effect", "contribution"]].to_numpy().tolist() == [
        ["S1", "late", "bar_award", 0]
    ]
    assert found.ranks["total"].tolist() == [95, 95]
