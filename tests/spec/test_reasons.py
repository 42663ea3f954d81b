"""Why a record lost points: what stands in the fields that decide, and what would count; nothing of a person, no free text."""

import pytest

from seam import name_records, trace

CASES = """
|case_id|unit_id|received_at|arrived_at|due_at|closed_at|category|tier|passed|elements_required|elements_filled|
 | K1 | S1 | 2024-10-01 08:00 | 2024-10-01 08:22 | 2024-10-09 00:00 | 2024-10-10 09:30 | 警情 | 严重 | true | 10 | 8 |
 | K2 | S1 | 2024-10-02 08:00 | | 2024-10-09 12:00 | | 警情 | 一般 | false | 10 | 10 |
 | K3 | S1 | 2024-10-03 08:00 | 2024-10-03 08:09 | 2024-10-09 00:00 | 2024-10-09 23:00 | 求助 | | | 12 | 12 |
"""


def name_reasons(records, scheme, lang="zh", *, officers=False):
    """Say of each record that lost points why, by its id: of units, or of officers."""
    found = name_records(records, scheme, lang=lang)
    return dict((found.officer_losses if officers else found.losses)[["record_id", "said"]].itertuples(index=False))


def share(met: str) -> str:
    """Write the share of cases that meet a test."""
    return f"{{kind: share, table: cases, date: received_at, met: {met}}}"


@pytest.mark.parametrize(
    ("met", "zh", "en"),
    [
        (
            "{arrived_at: {within: {minutes: 15, of: received_at}}}",
            {"K1": "到场 22 分钟，时限 15 分钟", "K2": "无到场时间，时限 15 分钟"},
            {"K1": "arrived after 22 min, limit 15 min", "K2": "time arrived not recorded, limit 15 min"},
        ),
        (
            "{closed_at: {not_after: due_at}}",
            {"K1": "办结 2024-10-10 09:30，期限 2024-10-09", "K2": "无办结时间，期限 2024-10-09 12:00"},
            {"K1": "closed 2024-10-10 09:30, due 2024-10-09", "K2": "time closed not recorded, due 2024-10-09 12:00"},
        ),
        (
            "{passed: true}",
            {"K2": "抽查是否合格：否，应为是", "K3": "抽查是否合格：空白，应为是"},
            {"K2": "passed: no, should be yes", "K3": "passed: empty, should be yes"},
        ),
        (
            "{elements_filled: {at_least: elements_required}, tier: [一般]}",
            {"K1": "已填要素数 8，应不少于 10；等级：其他，应为一般", "K3": "等级：空白，应为一般"},
            {
                "K1": "elements filled 8, should be at least 10; tier: something else, should be 一般",
                "K3": "tier: empty, should be 一般",
            },
        ),
        ("{tier: {present: true}}", {"K3": "等级未填"}, {"K3": "tier is empty"}),
        (
            "{category: {not_in: [求助]}, elements_filled: {above: 9}}",
            {"K1": "已填要素数 8，应大于 9", "K3": "类别：求助"},
            {"K1": "elements filled 8, should be above 9", "K3": "category: 求助"},
        ),
    ],
)
def test_the_tests_that_a_record_did_not_meet_are_said(one_line, met, zh, en):
    """A record of a share has as its reason the tests of the numerator that it fails, with the value in its field."""
    it = one_line(share(met), cases=CASES)
    assert name_reasons(it.records, it.scheme) == zh
    assert name_reasons(it.records, it.scheme, "en") == en


def test_what_is_late_by_seconds_is_said_to_be_late(one_line):
    """Fifteen minutes and two seconds are more than fifteen minutes, printed too."""
    late = CASES.replace("2024-10-01 08:22", "2024-10-01 08:15:02").replace("2024-10-03 08:09", "2024-10-03 08:09:00")
    it = one_line(share("{arrived_at: {within: {minutes: 15, of: received_at}}}"), cases=late)
    assert name_reasons(it.records, it.scheme)["K1"] == "到场 15.1 分钟，时限 15 分钟"


def test_what_counts_against_is_said_where_fewer_is_better(one_line):
    """Where fewer is better the record lost points that met the tests: they are said with its values."""
    it = one_line(share("{arrived_at: {within: {minutes: 30, of: received_at}}, category: 警情}"), direction="lower", cases=CASES)
    assert name_reasons(it.records, it.scheme) == {"K1": "到场 22 分钟，在 30 分钟以内；类别：警情"}


@pytest.mark.parametrize(
    ("measure", "keys", "zh"),
    [
        ("numerator: elements_filled, denominator: elements_required, kind: ratio", {}, {"K1": "已填要素数 8，应填要素数 10"}),
        (
            "of: {minutes: [received_at, arrived_at]}, kind: mean",
            {"direction": "lower", "target": 10},
            {"K1": "接报时间至到场时间 22 分钟，目标 10"},
        ),
        ("of: elements_filled, kind: mean", {"target": 12}, {"K1": "已填要素数 8，目标 12", "K2": "已填要素数 10，目标 12"}),
        (
            "column: tier, values: {一般: 1, 严重: 0.5}, kind: coded",
            {},
            {"K1": "等级：严重，计 0.5；一般计 1"},
        ),
        (
            "kind: count, worth: [{column: tier, values: {一般: 0, 严重: 2}}]",
            {"direction": "lower", "unit": "起"},
            {"K1": "计 2"},
        ),
    ],
)
def test_what_a_record_adds_is_said(one_line, measure, keys, zh):
    """Of sums, means and codes the value is said, and what is best or aimed at; of counts what a record counts."""
    it = one_line(f"{{table: cases, date: received_at, {measure}}}", cases=CASES, **keys)
    assert name_reasons(it.records, it.scheme) == zh


def test_no_free_text_and_no_person_is_told(one_line):
    """Of a text only words are told that the scheme itself names; of persons and subjects never which they are."""
    cases = CASES.replace("求助", "张某某报称被其兄殴打").replace("|case_id|", "|case_id|officer_id|")
    for case, officer in (("K1", "P1"), ("K2", "P2"), ("K3", "P1")):
        cases = cases.replace(f"| {case} |", f"| {case} | {officer} |")
    it = one_line(share("{category: 警情, officer_id: [P2]}"), cases=cases)
    said = " ".join([*name_reasons(it.records, it.scheme).values(), *name_reasons(it.records, it.scheme, officers=True).values()])
    assert "类别：其他，应为警情" in said
    assert "张某" not in said
    frames = name_records(it.records, it.scheme)
    assert "P1" not in "".join(frames.losses["why"]) + "".join(frames.officer_losses["why"])


def test_a_thing_that_another_record_decides_says_so(one_line):
    """Where fewer is better and one duty of a household counts, the other duties of the household are named for its sake."""
    duties = """
        | duty_id | unit_id | kind  | due_at     | subject_id | done_at    |
        | U1      | S1      | visit | 2024-10-31 | H1         | 2024-11-02 |
        | U2      | S1      | visit | 2024-10-31 | H1         |            |
    """
    line = "{kind: distinct, table: duties, date: due_at, of: subject_id, met: {done_at: {present: true}}}"
    it = one_line(line, direction="lower", duties=duties)
    assert name_reasons(it.records, it.scheme) == {"U1": "完成时间已填", "U2": "同一对象的另一条记录计入"}


def test_a_trace_has_the_reason_of_every_record(one_line):
    """What met the tests has its values too, so that both can be held against each other."""
    it = one_line(share("{arrived_at: {within: {minutes: 15, of: received_at}}}"), cases=CASES)
    found = trace(it.records, it.scheme, "S1")
    assert [why[0] for why in found["why"]] == ["-", "-", "+"]
    assert found["why"].iloc[2].endswith("540")
