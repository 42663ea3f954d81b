"""Rows equal in every column are one row; rows that share an id and differ are kept, or treated as the mapping says."""

import pytest

from seam import InputError, read_records

UNITS = "| unit_id | name | level |\n| S1 | 一所 | station |"
CASES = """
    | case_id | unit_id | received_at      | category |
    | K1      | S1      | 2024-10-01 08:00 | 警情     |
    | K2      | S1      | 2024-10-01 09:00 | 先       |
    | K1      | S1      | 2024-10-01 08:00 | 警情     |
    | K2      | S1      | 2024-10-01 09:00 | 中       |
    | K2      | S1      | 2024-10-01 09:00 | 后       |
    | K3      | S1      | 2024-10-01 10:00 |          |
    | K3      | S1      | 2024-10-01 10:00 |          |
"""


@pytest.fixture
def opened(drawn, tmp_path):
    """Open the cases with a rule for repeated ids."""

    def read(repeated: str | None = None, **tables: str):
        for name, text in {"units": UNITS, "cases": CASES, **tables}.items():
            drawn(text).to_parquet(tmp_path / f"{name}.parquet")
        return read_records(tmp_path, cases=repeated)

    return read


def notes(records):
    """Give the notes by key."""
    return {note.key: note.given for note in records.notes}


def test_equal_rows_are_one_row(opened):
    """K1 and K3 stand there twice and count once; empty cells are equal too."""
    records = opened()
    assert records.counts["cases"] == 5
    assert notes(records)["equal_rows"] == {"table": "警情案件", "count": 2}


def test_rows_that_differ_are_all_kept_counted_and_told(opened):
    """Three rows called K2 differ, and nobody knows which is right: all stay."""
    assert notes(opened())["repeated_keep"] == {"table": "警情案件", "count": 2, "ids": "K2"}


def test_equal_rows_stay_where_the_mapping_says_so(opened):
    """With `repeated: keep` two stops of one minute and one outcome are two, though nothing tells them apart."""
    records = opened("keep")
    assert records.counts["cases"] == 7
    assert notes(records) == {"repeated_keep": {"table": "警情案件", "count": 4, "ids": "K1, K2, K3"}}


@pytest.mark.parametrize(("rule", "category"), [("first", "先"), ("last", "后")])
def test_the_first_or_the_last_in_the_file(opened, rule, category):
    """The mapping may say that the first entry stands, or that the last corrects the others."""
    records = opened(rule)
    cases = records.tables["cases"].to_pandas().set_index("case_id")
    assert (records.counts["cases"], cases.loc["K2", "category"]) == (3, category)
    assert notes(records)[f"repeated_{rule}"]["count"] == 2


def test_repeats_may_be_refused(opened):
    """With `repeated: refuse` rows that differ are a fault; equal rows never are."""
    with pytest.raises(InputError, match=r"cases\.case_id \[records\.repeated\] 警情案件有 2 行编号重复而内容不同（如 K2）"):
        opened("refuse")


def test_without_repeats_nothing_is_told(opened):
    """One row an id: no note."""
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-01 |\n| K2 | S1 | 2024-10-01 |"
    assert opened("refuse", cases=cases).notes == ()


def test_units_with_two_names_are_told(opened):
    """A unit id that the records call by two names is one unit, and the foot of the page counts such ids."""
    cases = """
        | case_id | unit_id | unit_name        | received_at |
        | K1      | S1      | 一所             | 2024-10-01  |
        | K2      | S1      | 一所（城关街道） | 2024-10-01  |
        | K3      | S2      | 二所             | 2024-10-01  |
        | K4      | S2      |                  | 2024-10-01  |
    """
    assert notes(opened(cases=cases))["two_names"] == {"table": "警情案件", "count": 1, "ids": "S1"}


def test_figures_that_contradict_each_other_are_refused(opened):
    """Two figures for one unit, indicator and period cannot both hold, and none is picked."""
    figures = """
        | unit_id | indicator | period | value |
        | S1      | safety    | 2024Q4 | 95    |
        | S1      | safety    | 2024Q4 | 96    |
    """
    with pytest.raises(InputError, match=r"figures\.indicator \[records\.repeated\].*S1 · safety · 2024Q4"):
        opened(figures=figures)
