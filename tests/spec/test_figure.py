"""A figure was counted elsewhere: it is taken as it stands, for the unit and period it names."""

import pytest

SAFETY = "{kind: figure, figure: safety}"
FIGURES = """
    | unit_id | indicator | period | numerator | denominator | value | n   |
    | S1      | safety    | 2024Q4 | 90        | 120         |       |     |
    | S2      | safety    | 2024Q4 |           |             | 97.5  | 200 |
    | S2      | safety    | 2024Q3 |           |             | 11    | 200 |
    | S2      | other     | 2024Q4 |           |             | 22    | 200 |
"""


def test_a_value_not_given_is_the_fraction(count):
    """90 of 120 is 75 per cent, and rests on 120 answers."""
    found = count(SAFETY, figures=FIGURES).frame.loc["S1"]
    assert (found["counted"], found["value"], found["n"]) == ("90/120", 75, 120)


def test_a_value_given_is_taken(count):
    """97.5 on 200 answers stays 97.5; the figure of another period or another name is not touched."""
    assert count(SAFETY, figures=FIGURES).frame.loc["S2", ["value", "n"]].tolist() == [97.5, 200]


def test_figures_that_print_alike_are_alike(count):
    """0.1 + 0.2, as a machine adds it, is 0.3: a figure keeps six decimals, and what a float leaves behind them is dropped."""
    figures = """
        | unit_id | indicator | period | value               | n   |
        | S1      | safety    | 2024Q4 | 0.30000000000000004 | 100 |
        | S2      | safety    | 2024Q4 | 0.3                 | 100 |
    """
    assert count(SAFETY, figures=figures).frame.loc[["S1", "S2"], "value"].tolist() == [0.3, 0.3]


def test_no_level_is_made_of_another(count):
    """The county has no figure of its own, so it has none: figures are neither added nor averaged."""
    assert count(SAFETY, figures=FIGURES).frame.loc["X", "status"] == "no_records"


@pytest.mark.parametrize(("least", "status"), [(120, "ok"), (121, "too_few")])
def test_a_figure_on_few_answers_is_too_few(count, least, status):
    """A figure needs as many answers as the scheme says."""
    assert count(SAFETY, figures=FIGURES, least=least).frame.loc["S1", "status"] == status


def test_a_fraction_of_nothing_is_no_value(count):
    """0 of 0 answers, or 3 of 0, is no figure."""
    figures = """
        | unit_id | indicator | period | numerator | denominator |
        | S1      | safety    | 2024Q4 | 0         | 0           |
        | S2      | safety    | 2024Q4 | 3         | 0           |
    """
    assert count(SAFETY, figures=figures).frame.loc[["S1", "S2"], "status"].tolist() == ["no_records"] * 2
