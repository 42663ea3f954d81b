"""A share: rows that meet a test over rows."""

import pytest

ON_TIME = "{kind: share, table: cases, date: due_at, met: {closed_at: {not_after: due_at}}}"
CASES = """
    | case_id | unit_id | received_at | due_at           | closed_at        |
    | K1      | S1      | 2024-10-01  | 2024-10-10 00:00 | 2024-10-09 08:00 |
    | K2      | S1      | 2024-10-01  | 2024-10-10 00:00 | 2024-10-11 08:00 |
    | K3      | S1      | 2024-10-01  | 2024-10-10 00:00 |                  |
"""


def test_a_share_keeps_numerator_and_denominator(count):
    """One of three closed in time is 1/3 and 33.33 per cent; a unit without cases has no value."""
    frame = count(ON_TIME, cases=CASES).frame
    assert frame.loc["S1", ["numerator", "denominator", "n"]].tolist() == [1, 3, 3]
    assert frame["value"].round(4).dropna().to_dict() == {"S1": 33.3333, "X": 33.3333}
    assert frame["status"].to_dict()["S2"] == "no_records"


@pytest.mark.parametrize(("unit", "value"), [("%", 100 / 3), ("‰", 1000 / 3), ("件", 1 / 3)])
def test_the_unit_is_the_scale(count, unit, value):
    """Per cent multiply by 100, per mille by 1000, any other unit by nothing."""
    assert count(ON_TIME, cases=CASES, unit=unit).frame.loc["S1", "value"] == pytest.approx(value)


@pytest.mark.parametrize(("met", "of"), [(57, 100), (29, 100), (17, 50), (333, 1000)])
def test_a_rate_is_the_number_that_is_printed(count, met, of):
    """57 of 100 is 57 per cent and not a hair less, so that a threshold of 57 is reached."""
    rows = [f"| K{n} | S1 | 2024-10-01 | 2024-10-10 | {'2024-10-09' if n < met else ''} |" for n in range(of)]
    cases = "| case_id | unit_id | received_at | due_at | closed_at |\n" + "\n".join(rows)
    assert count(ON_TIME, cases=cases).frame.loc["S1", "value"] == float(f"{met * 100 / of:.10g}")


@pytest.mark.parametrize(
    ("least", "status"), [(3, "ok"), (4, "too_few"), ({"zone": 9, "others": 2}, "ok"), ({"others": 9}, "too_few")]
)
def test_fewer_records_than_the_least_are_too_few(count, least, status):
    """Three cases are scored where three are enough; the least number may differ by level."""
    assert count(ON_TIME, cases=CASES, least=least).frame.loc["S1", "status"] == status


def test_an_indicator_applies_to_its_levels(count):
    """A unit of another level is not applicable, whatever its records say."""
    assert count(ON_TIME, cases=CASES, levels=("county",)).frame["status"].to_dict() == {
        "P1": "not_applicable", "P2": "not_applicable", "S1": "not_applicable", "S2": "not_applicable", "X": "ok",
        "Z1": "not_applicable", "Z2": "not_applicable",
    }  # fmt: skip
