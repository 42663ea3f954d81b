"""A coded answer: the mean of the numbers given to words, over the answers that have one."""

from fractions import Fraction

SATISFIED = """
    kind: coded
    table: surveys
    date: asked_at
    column: answer
    values: {满意: 1, 基本满意: 0.6, 不满意: 0}
"""
SURVEYS = """
    | survey_id | unit_id | asked_at   | answer   |
    | Q1        | S1      | 2024-10-01 | 满意     |
    | Q2        | S1      | 2024-10-02 | 基本满意 |
    | Q3        | S1      | 2024-10-03 | 基本满意 |
    | Q4        | S1      | 2024-10-04 | 不满意   |
    | Q5        | S1      | 2024-10-05 |          |
    | Q6        | S1      | 2024-10-06 | 说不清   |
"""


def test_half_satisfied_counts_what_the_scheme_says(count):
    """满意 1, 基本满意 0.6, 不满意 0: four answers add up to 2.2 of 4, which is 55 per cent."""
    found = count(SATISFIED, surveys=SURVEYS).frame.loc["S1"]
    assert found["counted"] == "2.2/4"
    assert found["value"] == 55


def test_no_answer_and_an_unknown_word_are_left_out(count):
    """Who was asked and did not answer, and a word without a number, are in neither sum; n is the answers counted."""
    assert count(SATISFIED, surveys=SURVEYS).frame.loc["S1", "n"] == 4


def test_codes_add_up_exactly(count):
    """Ten times 0.1 is 1, whatever the order of the rows: codes are decimals, not floats."""
    rows = "\n".join(f"| Q{n} | S1 | 2024-10-01 | 尚可 |" for n in range(10))
    surveys = "| survey_id | unit_id | asked_at | answer |\n" + rows
    found = count(SATISFIED.replace("基本满意: 0.6", "尚可: 0.1"), surveys=surveys).frame.loc["S1"]
    assert Fraction(found["numerator"]) == 1
    assert found["value"] == 10


def test_equal_shares_are_equal_values(count):
    """Three answers of 0.6 are worth as much as one: ties stay ties."""
    surveys = """
        | survey_id | unit_id | asked_at   | answer   |
        | Q1        | S1      | 2024-10-01 | 基本满意 |
        | Q2        | S2      | 2024-10-02 | 基本满意 |
        | Q3        | S2      | 2024-10-03 | 基本满意 |
        | Q4        | S2      | 2024-10-04 | 基本满意 |
    """
    assert count(SATISFIED, surveys=surveys).frame.loc[["S1", "S2"], "value"].tolist() == [60, 60]
