"""What a counted row is worth: amounts, columns, codes, ladders; factors that multiply; and the best of several alike."""

import re

import pytest

import seam
from seam import name_records, score, trace

CASES = """
    | case_id | unit_id | officer_id | received_at      | closed_at        | category   | tier   | audited | passed |
    | K1      | S1      | P1         | 2024-10-05 08:00 | 2024-10-05 08:30 | 未回访     | 一般   | true    | true   |
    | K2      | S1      | P1         | 2024-10-06 08:00 | 2024-10-06 09:01 | 未回访     | 一般   | true    | false  |
    | K3      | S1      | P2         | 2024-11-07 08:00 | 2024-11-12 08:00 | 超期未办结 | 严重   | true    | false  |
    | K4      | S1      | P2         | 2024-12-08 08:00 |                  | 超期未办结 | 严重   | false   |        |
    | K5      | S2      |            | 2024-12-09 08:00 | 2024-12-09 09:00 | 漏登记     | 说不清 | true    | true   |
"""


def measure(**keys: str) -> str:
    """Write a count of cases with what a row is worth."""
    given = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"{{kind: count, table: cases, date: received_at{given}}}"


@pytest.fixture
def worth(count):
    """Give the value of a count of the cases, by unit."""
    return lambda as_of="2025-01-01", cases=CASES, **keys: count(measure(**keys), as_of=as_of, cases=cases, unit="起").frame[
        "value"
    ]


@pytest.fixture
def behind(one_line):
    """List the rows behind the value of one unit."""

    def trace_of(text: str, unit_id: str, **tables: str):
        it = one_line(text, **tables)
        return trace(it.records, it.scheme, unit_id)

    return trace_of


@pytest.fixture
def faults(one_line):
    """Say what records and measure have against each other, a fault a line."""

    def said(text: str, **tables: str) -> str:
        it = one_line(text, **tables)
        return "\n".join(fault.text("zh") for fault in seam.faults(it.scheme, it.records))

    return said


@pytest.mark.rule("R1")
@pytest.mark.parametrize(("start", "each", "points"), [(100, -3, 88), (100, -30, 0), (10, -3, 0)])
def test_full_marks_lose_so_much_an_event_until_nothing_is_left(worth, start, each, points):
    """Four events at 3 marks leave 88 of 100; at 30 marks nothing is left, and never less than nothing."""
    value = worth()
    assert value.loc["S1"] == 4
    assert seam.points({"kind": "line", "start": start, "each": each}, value.loc[["S1"]], "lower") == [points]


@pytest.mark.rule("R2")
def test_events_of_different_worth_are_added(worth):
    """A severe one is worth 5, others 1, and those that failed their check 0.5 more: parts of a row add up."""
    parts = (
        "{amount: 5, where: {tier: 严重}}, {amount: 1, where: {tier: {not_in: [严重]}}}, {amount: 0.5, where: {passed: false}}"
    )
    value = worth(worth=f"[{parts}]")
    assert value.loc[["S1", "S2", "X"]].tolist() == [1 + 1.5 + 5.5 + 5, 1, 14]


@pytest.mark.rule("R2")
def test_words_have_codes(worth):
    """一般 2, 严重 6; a word without a code is worth nothing."""
    assert worth(worth="[{column: tier, values: {一般: 2, 严重: 6}}]").loc[["S1", "S2"]].tolist() == [16, 0]


def test_a_word_without_a_code_is_told(one_line):
    """说不清 has no code: its row counts in n, is worth 0, and the notes say so without the word."""
    it = one_line(measure(worth="[{column: tier, values: {一般: 2, 严重: 6}}]"), cases=CASES)
    told = [note.given for note in score(it.records, it.scheme).notes if note.key == "no_worth"]
    assert told == [{"indicator": "it", "column": "tier", "count": 1}]


def test_n_counts_rows_and_the_numerator_their_worth(count):
    """Four rows worth 16 together: n is 4, and there is nothing below the line."""
    found = count(measure(worth="[{column: tier, values: {一般: 2, 严重: 6}}]"), cases=CASES, unit="起").frame.loc["S1"]
    assert (found["numerator"], found["n"], found["counted"]) == (16, 4, "16/nan")


def test_nothing_happened_is_nothing_not_unknown(count):
    """A station without an event has 0, which is a value; where the table is not there nothing is known."""
    cases = CASES.replace("S2", "S1")
    assert count(measure(), cases=cases, unit="起").frame.loc["S2", ["value", "status"]].tolist() == [0, "ok"]
    assert count(measure(), unit="起").frame.loc["S2", "status"] == "no_records"


def test_too_few_only_where_records_are_asked_for(count):
    """With `least: 2` one event is too few to say anything, four are enough."""
    frame = count(measure(), cases=CASES, unit="起", least=2).frame
    assert frame.loc[["S1", "S2"], "status"].tolist() == ["ok", "too_few"]


@pytest.mark.rule("R14")
@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        ("2025-01-01", 0 + 1 + 3 + 6),  # half an hour; an hour and a minute; five days; open for 24 days
        ("2024-12-08 09:00", 0 + 1 + 3 + 0),  # the hour is not over before the last second has passed
        ("2024-12-09 08:30", 0 + 1 + 3 + 1),
    ],
)
def test_a_ladder_gives_the_amount_of_the_highest_limit_passed(worth, as_of, value):
    """Over an hour 1, over three days 3, over ten days 6; what is still open is held against the closing moment."""
    ladder = "[{ladder: {since: received_at, until: closed_at, unit: hours, steps: [[1, 1], [72, 3], [240, 6]]}}]"
    assert worth(as_of, worth=ladder).loc["S1"] == value


def test_a_limit_is_passed_only_beyond_it(worth):
    """An hour to the second has not passed an hour."""
    ladder = "[{ladder: {since: received_at, until: closed_at, unit: minutes, steps: [[60, 1]]}}]"
    assert worth(worth=ladder).loc["S2"] == 0


@pytest.mark.parametrize(("due", "value"), [("2024-11-05", 0), ("2024-11-05 08:00", 1), ("2024-11-04", 1)])
def test_a_ladder_from_a_deadline_begins_when_that_day_is_over(worth, due, value):
    """Closed on 5 November at 9 is not late where the limit is that day, without a time of day."""
    cases = f"| case_id | unit_id | received_at | due_at | closed_at |\n| K1 | S1 | 2024-10-05 | {due} | 2024-11-05 09:00 |"
    ladder = "[{ladder: {since: due_at, until: closed_at, unit: minutes, steps: [[0, 1]]}}]"
    assert worth(worth=ladder, cases=cases).loc["S1"] == value


@pytest.mark.rule("R16")
@pytest.mark.parametrize(("day", "met"), [("11-04", 0), ("11-05", 1), ("11-10", 1), ("11-15", 1), ("11-16", 0)])
def test_a_window_reaches_to_both_sides(counted, day, met):
    """Five days before or after the set day are in time, six are not."""
    duties = f"""
        | duty_id | unit_id | kind   | due_at     | done_at    |
        | D1      | S1      | record | 2024-11-10 | 2024-{day} |
    """
    within = "{kind: share, table: duties, date: due_at, met: {done_at: {within: {of: due_at, days: 5, either_side: true}}}}"
    assert counted(within, duties=duties) == f"{met}/1"


@pytest.mark.rule("R16")
@pytest.mark.parametrize(("as_of", "seen"), [("2024-11-14", "0/0"), ("2024-11-15 00:00:01", "0/1")])
def test_a_window_is_open_until_its_last_moment(counted, as_of, seen):
    """Not done two days before the window closes is pending; not done after it is failed."""
    duties = """
        | duty_id | unit_id | kind   | due_at     | done_at |
        | D1      | S1      | record | 2024-11-10 |         |
    """
    within = "{kind: share, table: duties, date: due_at, met: {done_at: {within: {of: due_at, days: 5, either_side: true}}}}"
    assert counted(within, duties=duties, as_of=as_of) == seen


AGAIN = """
    | case_id | unit_id | received_at | category |
    | K0      | S1      | 2024-09-20  | 漏登记   |
    | K1      | S1      | 2024-10-05  | 漏登记   |
    | K2      | S1      | 2024-10-20  | 未回访   |
    | K3      | S2      | 2024-11-01  | 漏登记   |
    | K4      | S1      | 2024-12-05  | 漏登记   |
    | K5      | S1      | 2024-12-05  | 漏登记   |
    | K6      | S1      | 2024-12-05  |          |
    | K7      | S1      | 2024-12-06  |          |
"""


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("again", "value"),
    [
        ("{same: [unit_id, category], within_days: 30}", 6 + 2),  # K1 follows K0 of September, K5 follows K4 of the same day
        ("{same: [unit_id, category], within_days: 61}", 6 + 3),  # now K4 follows K1, to the day
        ("{same: [unit_id, category], within_days: 60}", 6 + 2),
        ("{same: [category], within_days: 40}", 6 + 3),  # K4 follows what happened at S2
    ],
)
def test_what_happens_again_counts_double(worth, again, value):
    """A record follows another of the same words within so many days, also of before the period; an empty word is no word."""
    assert worth(cases=AGAIN, times=f"[{{by: 2, again: {again}}}]").loc["S1"] == value


@pytest.mark.rule("R17")
def test_only_what_passes_the_filter_is_a_recurrence(worth):
    """What went before must be of those that count: K1 was not, so that only K3 follows another."""
    cases = """
        | case_id | unit_id | received_at | category | tier |
        | K1      | S1      | 2024-10-01  | 漏登记   | 不计 |
        | K2      | S1      | 2024-10-02  | 漏登记   | 计   |
        | K3      | S1      | 2024-10-03  | 漏登记   | 计   |
    """
    assert worth(cases=cases, where="{tier: 计}", times="[{by: 2, again: {same: [category], within_days: 30}}]").loc["S1"] == 3


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("days", "value"),
    [
        ("[2024-10-06, 2024-10-07]", 5),
        ("[2024-10-01, 2024-10-05]", 5),
        ("[2024-10-01, 2024-10-04]", 4),
        ("[2024-10-06, 9999-12-31]", 7),
    ],
)
def test_sensitive_days_count_double(worth, days, value):
    """The first and the last day are in it, to the end of the day."""
    assert worth(times=f"[{{by: 2, during: [{days}]}}]").loc["S1"] == value


@pytest.mark.rule("R17")
def test_all_that_a_factor_names_must_hold(worth):
    """Doubled is what is severe and happened in November: K3, not K4."""
    assert worth(times="[{by: 2, during: [[2024-11-01, 2024-11-30]], where: {tier: 严重}}]").loc["S1"] == 5


@pytest.mark.rule("R18")
def test_responsibility_lessens(worth):
    """Two severe ones at 10 marks count 30 per cent where they are a person's own doing, as their category says."""
    value = worth(worth="[{amount: 10}]", times="[{by: 0.3, where: {tier: 严重}}]")
    assert value.loc["S1"] == 10 + 10 + 3 + 3


def test_factors_multiply_and_stay_exact(worth):
    """0.1 · 3 · 0.7 is 0.21, ten times over 2.1: no crumbs of binary fractions."""
    cases = "| case_id | unit_id | received_at |\n" + "\n".join(f"| K{n} | S1 | 2024-10-01 |" for n in range(10))
    every = "where: {case_id: {present: true}}"
    assert worth(cases=cases, worth="[{amount: 0.1}]", times=f"[{{by: 3, {every}}}, {{by: 0.7, {every}}}]").loc["S1"] == 2.1


@pytest.mark.rule("R18")
def test_a_person_has_a_share_of_the_worth(count):
    """K3 is worth 6 · 0.5: P1 answers for 0.3 of it, P2 for 0.7, the station for all of it."""
    credits_ = """
        | table | record_id | officer_id | share |
        | cases | K3        | P1         | 0.3   |
        | cases | K3        | P2         | 0.7   |
    """
    halved = measure(where="{case_id: K3}", worth="[{amount: 6}]", times="[{by: 0.5, where: {tier: 严重}}]")
    assert count(halved, cases=CASES, credits=credits_, unit="起").frame.loc[["P1", "P2", "S1"], "value"].tolist() == [
        0.9,
        2.1,
        3,
    ]


BEST = """
    | case_id | unit_id | officer_id | received_at | matter | media | score |
    | K1      | S1      | P1         | 2024-10-05  | M1     | 县    | 2     |
    | K2      | S1      | P1         | 2024-10-07  | M1     | 省    | 8     |
    | K3      | S1      | P1         | 2024-11-09  | M1     | 市    | 4     |
    | K4      | S1      | P2         | 2024-11-09  | M1     | 县    | 2     |
    | K5      | S1      | P2         | 2024-11-09  | M2     | 县    | 2     |
    | K6      | S2      |            | 2024-11-09  |        | 县    | 2     |
    | K7      | S2      |            | 2024-11-10  |        | 县    | 2     |
"""


@pytest.mark.rule("R23")
def test_of_rows_alike_only_the_best_counts(count):
    """One matter of one officer is taken at its best, 8 and not 14; so it is for the station, whoever else reported it."""
    frame = count(measure(worth="[{column: score}]", best_of="[matter]"), cases=BEST, unit="分").frame
    assert frame.loc[["P1", "P2", "S1"], "value"].tolist() == [8, 4, 10]
    assert frame.loc["S1", "n"] == 2


@pytest.mark.rule("R23")
def test_the_best_is_taken_over_the_tree(count):
    """One matter at a station, its zones and another station: each has its own best, the station and the county one of all."""
    cases = """
        | case_id | unit_id | received_at | matter | score |
        | K1      | S1      | 2024-10-05  | M1     | 2     |
        | K2      | Z1      | 2024-10-06  | M1     | 3     |
        | K3      | Z2      | 2024-10-07  | M1     | 1     |
        | K4      | S2      | 2024-10-08  | M1     | 5     |
    """
    frame = count(measure(worth="[{column: score}]", best_of="[matter]"), cases=cases, unit="分").frame
    assert frame.loc[["Z1", "Z2", "S1", "S2", "X"], "value"].tolist() == [3, 1, 3, 5, 5]


@pytest.mark.rule("R23")
def test_rows_that_name_no_matter_are_not_alike(count):
    """Two rows without a matter are two matters."""
    assert count(measure(worth="[{column: score}]", best_of="[matter]"), cases=BEST, unit="分").frame.loc["S2", "value"] == 4


@pytest.mark.rule("R23")
@pytest.mark.parametrize(("period", "value"), [("2024-10", 8), ("2024-11", 4 + 2), ("2024Q4", 8 + 2)])
def test_every_period_takes_its_own_best(count, period, value):
    """October's best is 8, November's 4; the quarter has one best of both, and is not their sum."""
    worth = measure(worth="[{column: score}]", best_of="[matter]")
    assert count(worth, period, cases=BEST, unit="分").frame.loc["S1", "value"] == value


@pytest.mark.rule("R23")
def test_the_first_of_equals_counts(behind):
    """Of two that are worth the same the earlier is taken, of two of one moment the one with the lower id."""
    cases = BEST.replace("| 4     |", "| 8     |").replace("2024-11-09  | M1     | 市", "2024-10-07  | M1     | 市")
    found = behind(measure(worth="[{column: score}]", best_of="[matter]"), "P1", cases=cases)
    assert found["record_id"].tolist() == ["K2"]


@pytest.mark.rule("R23")
def test_a_void_month_offers_no_best(count):
    """Where October is void its 8 cannot be taken; the best of what is left counts."""
    void = ({"indicator": "it", "period": "2024-10", "reason": "系统迁移"},)
    worth = measure(worth="[{column: score}]", best_of="[matter]")
    assert count(worth, cases=BEST, unit="分", void=void).frame.loc["P1", "value"] == 4


@pytest.mark.rule("R23")
def test_a_split_of_the_best_adds_up(count):
    """Broken down by medium only what counted is shown: 8 from the province, 2 from a county."""
    split = {"column": "media", "labels": {"县": "县级", "市": "市级", "省": "省级"}}
    asides = count(measure(worth="[{column: score}]", best_of="[matter]"), cases=BEST, unit="分", split=split).asides
    assert asides[asides["unit_id"] == "S1"]["numerator"].tolist() == [2, 0, 8]


@pytest.mark.rule("R40")
def test_every_defect_in_a_sample_costs(worth):
    """Of what was sampled 0.1 a defect: three files checked at S1, two of them defective; those not sampled say nothing."""
    value = worth(where="{audited: true}", worth="[{amount: 0.1, where: {passed: false}}]")
    assert value.loc[["S1", "S2"]].tolist() == [0.2, 0]


@pytest.mark.rule("R46")
def test_a_decision_within_its_range_counts_as_it_is(worth):
    """Between 1 and 10 as a person decided: 3 and 7.5 are 10.5; where nobody has decided yet it is 0."""
    cases = CASES.replace("passed |", "passed | decided |")
    for row, decided in (("K1", 3), ("K2", 7.5), ("K3", ""), ("K4", ""), ("K5", 1)):
        cases = "\n".join(f"{line} {decided} |" if f"| {row} " in line else line for line in cases.splitlines())
    assert worth(cases=cases, worth="[{column: decided, between: [1, 10]}]").loc["S1"] == 10.5


@pytest.mark.rule("R46")
def test_a_decision_outside_its_range_is_refused(faults):
    """0.5 and 11 are no decisions between 1 and 10: named with their ids, whatever their date; others of the filter are not."""
    cases = """
        | case_id | unit_id | received_at | decided | category |
        | K1      | S1      | 2024-10-01  | 0.5     | 甲       |
        | K2      | S1      | 2020-10-01  | 11      | 甲       |
        | K3      | S1      | 2024-10-01  | 10      | 甲       |
        | K4      | S1      | 2024-10-01  | 99      | 乙       |
    """
    line = measure(where="{category: 甲}", worth="[{column: decided, between: [1, 10]}]")
    assert re.search(
        r"spec · cases\.decided \[records\.out_of_range\] 有 2 行不在裁量范围 1 至 10 之内（如 K1, K2）",
        faults(line, cases=cases),
    )


@pytest.mark.parametrize(
    ("keys", "column"),
    [
        ({"worth": "[{column: scores}]"}, "scores"),
        ({"worth": "[{amount: 1, where: {kind: 甲}}]"}, "kind"),
        ({"worth": "[{ladder: {since: received_at, until: ended_at, unit: days, steps: [[1, 1]]}}]"}, "ended_at"),
        ({"times": "[{by: 2, where: {colour: 红}}]"}, "colour"),
        ({"times": "[{by: 2, again: {same: [place], within_days: 3}}]"}, "place"),
        ({"best_of": "[matter]"}, "matter"),
    ],
)
def test_a_column_that_is_not_there_is_refused(faults, keys, column):
    """Whatever looks at a column says so, with the code of its line."""
    assert re.search(
        rf"it\.measure \[scheme\.no_column\] 表 cases 没有指标要用的列“{column}”", faults(measure(**keys), cases=CASES)
    )


@pytest.mark.parametrize(
    ("keys", "given"),
    [
        ({"worth": "[{column: tier}]"}, "cases.tier"),
        ({"worth": "[{ladder: {since: category, until: closed_at, unit: days, steps: [[1, 1]]}}]"}, "cases.category"),
    ],
)
def test_a_column_of_another_kind_is_refused(faults, keys, given):
    """Words are no amounts, and no times."""
    assert re.search(rf"it\.measure \[document\.value\] 值 {given} 不合要求", faults(measure(**keys), cases=CASES))


def test_per_hundred_officers(count):
    """P1 served all the quarter and P2 half of it: 4 events on 1.5 officers are 266.67 per hundred."""
    postings = """
        | officer_id | unit_id | from_date  | to_date    |
        | P1         | S1      | 2020-01-01 |            |
        | P2         | S1      | 2024-10-01 | 2024-11-15 |
    """
    frame = count(measure(per="officers", scale="100"), cases=CASES, postings=postings, unit="起").frame
    assert frame.loc[["S1", "P2"], "denominator"].tolist() == [0.015, 0.005]
    assert frame.loc["S1", "value"] == pytest.approx(266.6667, abs=1e-4)


@pytest.mark.parametrize("keys", [
    {"worth": "[{column: tier, values: {一般: 2, 严重: 6}}]", "times": "[{by: 0.3, where: {passed: false}}]"},
    {"worth": "[{amount: 0.7}]", "times": "[{by: 2, again: {same: [category], within_days: 40}}]"},
    {"worth": "[{column: tier, values: {一般: 2, 严重: 6}}]", "best_of": "[category]"},
])  # fmt: skip
@pytest.mark.parametrize("unit", ["S1", "P1", "P2"])
def test_the_rows_behind_add_up_to_the_value(count, behind, keys, unit):
    """What a person or a station is shown, row by row, adds up to what was counted."""
    credits_ = "| table | record_id | officer_id | share |\n| cases | K3 | P1 | 0.3 |\n| cases | K3 | P2 | 0.7 |"
    found = behind(measure(**keys), unit, cases=CASES, credits=credits_)
    assert (
        round(found["numerator"].sum(), 6)
        == count(measure(**keys), cases=CASES, credits=credits_, unit="起").frame.loc[unit, "value"]
    )


def test_events_that_cost_are_named_among_the_losses(one_line):
    """Where fewer is better each event that is worth something lost points; those worth nothing did not."""
    line = measure(worth="[{column: tier, values: {一般: 2, 严重: 0}}]")
    for direction, named in (("lower", ["K1", "K2"]), ("higher", [])):
        it = one_line(line, direction=direction, cases=CASES)
        assert name_records(it.records, it.scheme).losses["record_id"].tolist() == named
