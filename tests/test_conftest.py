"""The tables drawn in tests are read as they look."""

from datetime import date

import pandas as pd
import pytest


def test_numbers_become_numbers(drawn):
    """Whole numbers stay whole, broken ones and columns with an empty cell become floats."""
    table = drawn("""
        | n | rate | total |
        | 1 | 0.5  | -3    |
        | 2 | 1    |       |
    """)
    assert table.dtypes.astype(str).to_dict() == {"n": "int64", "rate": "float64", "total": "float64"}
    assert table["rate"].tolist() == [0.5, 1.0]


def test_empty_cells_are_missing(drawn):
    """An empty cell is missing in a column of any kind."""
    table = drawn("""
        | note | n | done_at          | valid_from | firm |
        | x    | 1 | 2024-10-05 08:00 | 2024-01-01 | true |
        |      |   |                  |            |      |
    """)
    assert table.isna().sum(axis=1).tolist() == [0, 5]


@pytest.mark.parametrize("ids", [("014", "014"), ("014", "200"), ("1001", "1002")])
def test_ids_stay_text(drawn, ids):
    """An id is text however much it looks like a number; 014 keeps its nought."""
    assert drawn("| unit_id |\n" + "\n".join(f"| {unit} |" for unit in ids))["unit_id"].tolist() == list(ids)


def test_a_leading_zero_makes_the_column_text(drawn):
    """In a column that nobody declared one 014 is enough."""
    assert drawn("| unit |\n| 014 |\n| 15 |")["unit"].tolist() == ["014", "15"]


def test_quoted_values_stay_text(drawn):
    """Quotation marks make text, also empty text; they are not part of it."""
    assert drawn("| value |\n| '7' |\n| \"\" |\n|  |")["value"].tolist()[:2] == ["7", ""]


def test_declared_text_stays_text(drawn):
    """A period of 2024 and a tier of 1 are words, because the record tables say so."""
    table = drawn("""
        | period | tier |
        | ------ | ---- |
        | 2024   | 1    |
    """)
    assert table.iloc[0].tolist() == ["2024", "1"]


def test_times_and_dates(drawn):
    """A column named _at holds times, valid_from and the like hold dates."""
    table = drawn("""
        | seen_at          | due_from   | valid_from | to_date     |
        | 2024-10-05 08:00 | 2024-10-05 | 2024-01-01 | 2024-02-29  |
    """)
    moments = [pd.Timestamp("2024-10-05 08:00"), pd.Timestamp("2024-10-05")]
    assert table.iloc[0].tolist() == [*moments, date(2024, 1, 1), date(2024, 2, 29)]
    assert str(table["seen_at"].dtype) == "datetime64[us]"


def test_flags(drawn):
    """A column of true and false holds flags."""
    assert drawn("| verified |\n| true |\n| false |")["verified"].tolist() == [True, False]


def test_a_table_may_have_no_rows(drawn):
    """A head alone is an empty table with its columns, typed by their names."""
    table = drawn("| unit_id | received_at |")
    assert table.dtypes.astype(str).to_dict() == {"unit_id": "str", "received_at": "datetime64[us]"}
    assert table.empty


def test_a_crooked_row_is_refused(drawn):
    """A row with a cell too few is a slip of the pen, and is shown."""
    with pytest.raises(ValueError, match=r"1 cells under 2 columns: \['A'\]"):
        drawn("| unit | total |\n| A |")


def test_a_missing_program_is_skipped_or_fails(need, monkeypatch):
    """What is not installed is skipped on a user's machine and fails where everything is required."""
    monkeypatch.delenv("FENGQIAO_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        need("no-such-program")
    monkeypatch.setenv("FENGQIAO_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        need("no-such-program")
