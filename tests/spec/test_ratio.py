"""A ratio: one summed column over another, so that a case with ten elements weighs ten times a case with one."""

from seam import score

FILLED = "{kind: ratio, table: cases, date: received_at, numerator: elements_filled, denominator: elements_required}"
CASES = """
    | case_id | unit_id | received_at | elements_required | elements_filled |
    | K1      | S1      | 2024-10-01  | 10                | 9               |
    | K2      | S1      | 2024-10-02  | 1                 | 0               |
    | K3      | S1      | 2024-10-03  | 5                 |                 |
    | K4      | S2      | 2024-10-03  | 0                 | 0               |
"""


def test_sums_are_divided_not_rates_averaged(count):
    """9 of 10 and 0 of 1 elements are 9 of 11, not the mean of 90 and 0 per cent."""
    found = count(FILLED, cases=CASES).frame.loc["S1"]
    assert (found["counted"], round(found["value"], 4)) == ("9/11", 81.8182)


def test_a_row_lacking_either_column_is_left_out(count):
    """A case whose filled elements nobody wrote down is neither 0 of 5 nor counted; n is the cases behind the sums."""
    assert count(FILLED, cases=CASES).frame.loc["S1", "n"] == 2


def test_a_row_lacking_one_column_is_told(one_line):
    """K3 has what is required and not what is filled; a row that has neither is no slip."""
    it = one_line(FILLED, cases=CASES + "    | K5      | S2      | 2024-10-03  |                   |                 |\n")
    (told,) = [note.given for note in score(it.records, it.scheme).notes if note.key == "half_ratio"]
    assert told == {"indicator": "it", "numerator": "elements_filled", "denominator": "elements_required", "count": 1}


def test_nothing_required_is_no_value(count):
    """0 of 0 elements is no rate; the unit has no records to be judged by."""
    assert count(FILLED, cases=CASES).frame.loc["S2", "status"] == "no_records"


def test_a_part_need_not_be_a_subset(count):
    """A ratio that is no share may exceed one where the scheme says so."""
    cases = """
        | case_id | unit_id | received_at | recovered | stolen |
        | K1      | S1      | 2024-10-01  | 300       | 200    |
    """
    measure = "{kind: ratio, table: cases, date: received_at, numerator: recovered, denominator: stolen, subset: false}"
    assert count(measure, cases=cases).frame.loc["S1", "value"] == 150


def test_columns_may_have_any_name(counted):
    """Columns called numerator and denominator are as good as any, also beside the engine's own."""
    cases = """
        | case_id | unit_id | received_at | numerator | denominator | span | ok |
        | K1      | S1      | 2024-10-01  | 3         | 4           | 7    | 1  |
        | K2      | S1      | 2024-10-01  | 1         | 4           | 8    | 0  |
    """
    measure = (
        "{kind: ratio, table: cases, date: received_at, numerator: numerator, denominator: denominator, where: {span: 7, ok: 1}}"
    )
    assert counted(measure, cases=cases) == "3/4"
