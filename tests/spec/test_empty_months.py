"""A month in which a table holds no record of anybody is no month of noughts: it is told."""

import pytest

from seam import scalar, score

COUNT = "{kind: count, table: cases, date: received_at}"


def cases(*days: str) -> str:
    """Draw a case of S1 on each day."""
    rows = "".join(f"\n| K{number} | S1 | {day} |" for number, day in enumerate(days))
    return "| case_id | unit_id | received_at |" + rows


@pytest.fixture
def gaps(one_line):
    """Give the note on months without records."""

    def give(text: str, period: str, as_of: str | None = None) -> dict | None:
        it = one_line(COUNT, cases=text)
        notes = score(it.records, it.scheme, period, as_of).notes
        return next((dict(note.given) for note in notes if note.key == "empty_months"), None)

    return give


YEARS = [f"{year}-{month:02}-05" for year in (2023, 2024) for month in range(1, 13)]


def test_months_without_a_record_are_named(gaps):
    """The export of 2024 ends in February: ten months are named by the first and the last."""
    told = gaps(cases(*YEARS[:14]), "2024")
    assert (told["table"], told["count"], told["months"]) == ("警情案件", 10, "2024-03–2024-12")


def test_single_months_are_named_one_by_one(gaps):
    """March and June are missing."""
    told = gaps(cases(*(day for day in YEARS if day[:7] not in ("2024-03", "2024-06"))), "2024")
    assert told["months"] == "2024-03, 2024-06"


def test_a_month_of_one_record_is_no_gap(gaps):
    """One record of anybody shows that the table was kept."""
    assert gaps(cases(*YEARS), "2024") is None


def test_months_to_come_are_no_gap(gaps):
    """What lies after the closing moment has not been."""
    assert gaps(cases(*YEARS[:18]), "2024", "2024-07-01") is None


def test_an_empty_table_counts_nought(one_line):
    """Notices with a heading and no row are a month without notices: 0, not a gap."""
    it = one_line(
        "{kind: count, table: notices, date: happened_on, where: {code: praise}}",
        notices="| notice_id | happened_on | unit_id | code | status |",
        cases=cases(*YEARS),
    )
    points = score(it.records, it.scheme).points.query("period == '2024Q4' and unit_id == 'S1'").iloc[0]
    assert (points["value"], points["status"]) == (0, "ok")


@pytest.mark.parametrize(
    ("against", "first"),
    [
        ("", None),
        ("[{kind: change, since: previous}]", None),
        ("[{kind: change, since: year_before}]", "2022-10"),
        ("[{kind: change, since: history, periods: 8}]", "2021-10"),
        ("[{kind: place}, {kind: change, since: year_before}]", "2022-10"),
        ("[{kind: peers, since: year_before}, {kind: change, since: previous}]", "2022-07"),
        ("[{kind: quota, amount: 3, as: completion}]", None),
    ],
)
def test_months_that_values_are_held_against_are_looked_at(one_line, against, first):
    """Records begin in July 2023: before it lies what the values of a year ago are held against, and what the history needs."""
    months = [day for day in YEARS if day >= "2023-07"]
    it = one_line(COUNT, cases=cases(*months), **({"against": scalar(against)} if against else {}))
    notes = [note.given for note in score(it.records, it.scheme).notes if note.key == "empty_months"]
    assert [note["months"] for note in notes] == ([f"{first}–2023-06"] if first else [])
