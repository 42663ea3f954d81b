"""Counts printed beside an indicator are never scored: asides, and the indicator split by the words of a column."""

import math

from seam import count as seam_count
from seam import neighbours

SETTLED = "{kind: share, table: disputes, date: due_at, met: {resolved_at: {not_after: due_at}}}"
DISPUTES = """
    | dispute_id | unit_id | tier   | received_at | due_at     | resolved_at | outcome |
    | D1         | S1      | red    | 2024-10-01  | 2024-10-08 | 2024-10-05  | 协议    |
    | D2         | S1      | red    | 2024-10-01  | 2024-10-08 |             |         |
    | D3         | S1      | blue   | 2024-10-01  | 2024-10-31 | 2024-10-30  | 撤回    |
    | D4         | S1      |        | 2024-10-01  | 2024-10-31 | 2024-10-30  | 协议    |
"""


def beside(asides, aside, unit_id="S1"):
    """Read one aside of one unit as numerator and denominator."""
    found = asides[(asides["unit_id"] == unit_id) & (asides["aside"] == aside)].iloc[0]
    return [found["numerator"], found["denominator"]]


def test_a_split_adds_up_to_the_rows_that_have_a_word(count):
    """One of two red and one of one blue; the dispute without a colour is in the whole and in no part."""
    split = {"column": "tier", "labels": {"red": "红", "blue": "蓝", "yellow": "黄"}}
    found = count(SETTLED, disputes=DISPUTES, split=split)
    assert found.frame.loc["S1", "counted"] == "3/4"
    parts = {word: beside(found.asides, f"split:{word}") for word in ("red", "blue", "yellow")}
    assert parts == {"red": [1, 2], "blue": [1, 1], "yellow": [0, 0]}


def test_an_aside_counts_rows_of_its_own(count):
    """An aside has a filter of its own; with a test it is a share, without one a plain count."""
    asides = (
        {"code": "unknown", "label": "方式未填", "where": {"outcome": {"present": False}}},
        {"code": "agreed", "label": "达成协议", "where": {"resolved_at": {"present": True}}, "met": {"outcome": "协议"}},
    )
    found = count(SETTLED, disputes=DISPUTES, beside=asides).asides
    assert beside(found, "agreed") == [2, 3]
    number, of = beside(found, "unknown")
    assert (number, math.isnan(of)) == (1, True)


def test_asides_are_counted_at_every_level(count):
    """The county's part is the sum of its stations' parts."""
    split = {"column": "tier", "labels": {"red": "红"}}
    disputes = DISPUTES + "| D5 | S2 | red | 2024-10-01 | 2024-10-08 | | |"
    assert beside(count(SETTLED, disputes=disputes, split=split).asides, "split:red", "X") == [1, 3]


def test_asides_change_no_score(count):
    """With or without what is printed beside it, the measure is the same."""
    split = {"column": "tier", "labels": {"red": "红"}}
    plain, beside_ = (count(SETTLED, disputes=DISPUTES, **keys).frame for keys in ({}, {"split": split}))
    assert plain.equals(beside_)


def test_a_year_is_given_once(one_line):
    """The year before is both the period before and the same a year earlier: what stands beside it is not told twice."""
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2023-10-01 |\n| K2 | S1 | 2024-10-01 |"
    beside = [{"code": "all", "label": "全部"}]
    it = one_line("{kind: share, table: cases, date: received_at, met: {case_id: K1}}", cases=cases, beside=beside)
    year = neighbours("2024")
    asides = seam_count(it.records, it.scheme, "2024", year.previous, year.year_before).asides
    assert asides.query("unit_id == 'S1'")["period"].tolist() == ["2024", "2023"]
