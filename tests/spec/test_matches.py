"""Every word, code, figure and id that a scheme or a mapping names and that nothing answers to is told, with what is like it."""

import pytest

from seam import score

UNITS = "| unit_id | name | level |\n| S1 | 一所 | station |\n| S2 | 二所 | station |"
CASES = """
    | case_id | unit_id | received_at | category   | answer |
    | K1      | S1      | 2024-10-01  | 警情       | 满意   |
    | K2      | S1      | 2024-10-01  | '警情 '    | 满意   |
    | K3      | S2      | 2024-10-01  | alarm call | 满意   |
    | K4      | S2      | 2024-10-01  | ＡＢ       | 满意   |
"""
FIGURES = """
    | unit_id | indicator | period | value |
    | S1      | trust     | 2023Q4 | 90    |
    | S2      | Safety    | 2024Q4 | 90    |
"""


@pytest.fixture
def told(one_line):
    """Give the notes of one measure by key."""

    def give(measure: str, **given) -> dict[str, dict]:
        it = one_line(measure, units=UNITS, **given)
        return {note.key: note.given for note in score(it.records, it.scheme).notes}

    return give


COUNT = "{kind: count, table: cases, date: received_at, where: {category: WORDS}}"


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("[警情, Alarm Call]", None),
        ("[警情, alarm calls]", "“alarm calls” → “alarm call”?"),
        ("[警情, 治安案件, 刑事案件]", "“治安案件”, “刑事案件”"),
        ("{not_in: [治安案件]}", "“治安案件”"),
        ("[警情]", None),
    ],
)
def test_words_that_no_record_holds(told, words, absent):
    """A word of a filter that is in no record is told, with the one that is like it."""
    notes = told(COUNT.replace("WORDS", words), cases=CASES)
    assert notes.get("words_absent", {}).get("words") == absent


def test_words_that_differ_by_what_is_not_seen(told):
    """A blank behind a word, width, upper case: such records are not counted as that word, and it is said how many there are."""
    notes = told(COUNT.replace("WORDS", "[警情, AB, Alarm Call]"), cases=CASES)
    assert notes["words_alike"] == {
        "table": "警情案件", "column": "category", "count": 3,
        "words": "“alarm call” ×1 ≠ “Alarm Call”, “警情 ” ×1 ≠ “警情”, “ＡＢ” ×1 ≠ “AB”",
    }  # fmt: skip


def test_codes_of_answers_and_of_worth_are_words_too(told):
    """A word that is given a number and stands in no record is told as any other."""
    coded = "{kind: coded, table: cases, date: received_at, column: answer, values: {满意: 1, 不滿意: 0}}"
    assert told(coded, cases=CASES)["words_absent"]["words"] == "“不滿意”"
    worth = "{kind: count, table: cases, date: received_at, worth: [{column: category, values: {警情: 1, 抢劫: 5}}]}"
    assert told(worth, cases=CASES)["words_absent"]["words"] == "“抢劫”"


def test_figures_that_no_line_asks_for_and_those_of_other_periods(told):
    """Safety is not safety, and trust of another year is none of this quarter."""
    notes = told("{kind: figure, figure: safety}", figures=FIGURES)
    assert notes["figures_idle"] == {"count": 2, "names": "“Safety” → “safety”? ×1, “trust” ×1"}
    assert notes["words_alike"]["words"] == "“Safety” ×1 ≠ “safety”"
    notes = told("{kind: figure, figure: trust}", figures=FIGURES)
    assert notes["figure_elsewhen"] == {"name": "“trust”", "period": "2024Q4", "count": 1, "there": "2023Q4"}


def test_a_unit_with_figures_of_parts_of_the_period_only_is_told(told):
    """S1 has the quarter; S2 has a month of it and the year, which are no quarter; what X had before is no matter."""
    figures = """
        | unit_id | indicator | period  | value | n   |
        | S1      | trust     | 2024Q4  | 90    | 100 |
        | S1      | trust     | 2024-10 | 80    | 100 |
        | S2      | trust     | 2024-11 | 80    | 100 |
        | S2      | trust     | 2024    | 80    | 100 |
        | X       | trust     | 2023Q4  | 80    | 100 |
    """
    notes = told("{kind: figure, figure: trust}", figures=figures)
    assert notes["figure_elsewhen"] == {"name": "“trust”", "period": "2024Q4", "count": 1, "there": "2024, 2024-11"}


def test_upheld_notices_that_no_line_asks_for(told):
    """A notice whose code is misspelt counts nowhere."""
    notices = """
        | notice_id | happened_on | unit_id | code   | status   |
        | N1        | 2024-10-05  | S1      | prais  | upheld   |
        | N2        | 2024-10-05  | S1      | praise | upheld   |
        | N3        | 2024-10-05  | S1      | blame  | proposed |
    """
    notes = told("{kind: count, table: notices, date: happened_on, where: {code: praise}}", notices=notices)
    assert notes["codes_idle"] == {"count": 1, "codes": "“prais” → “praise”? ×1"}


def test_units_and_classes_named_apart_that_are_none(records, scheme):
    """A unit that is not ranked and a class that is exempt must be there to be so."""
    table = scheme(
        "| dimension | share | indicator | weight | not_applicable |\n| d | 100 | a | 100 | {classes: [四类], units: [S1, S3]} |",
        unranked=("U-",),
    )
    notes = {
        note.key: note.given
        for note in score(
            records(units=UNITS, cases=CASES.replace("answer", "closed_at").replace(" 满意 ", "      ")), table
        ).notes
    }
    assert notes["ids_idle"] == {"ids": "unranked: “U-”, a.not_applicable: “S3”, a.not_applicable: “四类”"}


QUOTA = "{kind: quota, amount: {一类: 5, 六类: 9}, as: completion}"


@pytest.mark.parametrize(
    ("keys", "full", "ids"),
    [
        ({"points": "{kind: line, start: 100, each: {八类: -9, others: -1}}"}, 100, "it.points.each: “八类”"),
        ({"points": "{kind: line, start: 100, each: {一类: -9, station: -2, zone: -3, others: -1}}"}, 100, None),
        ({"against": f"[{{kind: place}}, {QUOTA}]"}, 100, "it.against.1.amount: “六类”"),
        ({"points": "{kind: line, start: 0, each: {四类派出: 1, others: 2}}"}, 100, "it.points.each: “四类派出” → “四类派出所”?"),
        ({}, {"九类": 120, "others": 100}, "full_marks: “九类”"),
        ({}, {"一类": 120, "others": 100}, None),
    ],
)
def test_classes_that_numbers_are_given_by_and_that_are_none(records, scheme, keys, full, ids):
    """A number written for a class that no unit has is used by nobody, and a misspelt class has that of the others."""
    units = "| unit_id | name | level | peer_class |\n| S1 | 一所 | station | 一类 |\n| Z1 | 警务区 | zone | 四类派出所 |"
    head = "| dimension | share | indicator | weight | measure |"
    line = "| d | 100 | it | 100 | {kind: count, table: cases, date: received_at} |"
    for key, cell in keys.items():
        head, line = f"{head} {key} |", f"{line} {cell} |"
    table = scheme(f"{head}\n{line}", full_marks=full, levels=("station", "zone"))
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-05 |"
    notes = {note.key: note.given for note in score(records(units=units, cases=cases), table, levels=["station"]).notes}
    assert notes.get("ids_idle", {}).get("ids") == ids


def test_shares_of_records_that_are_in_no_table(told):
    """Of five shares one is in a record that is not there, one in a table that is not, one in a table of no such name."""
    credits_ = """
        | table   | record_id | officer_id | share |
        | cases   | K1        | P1         | 0.5   |
        | cases   | K1        | P2         | 0.5   |
        | cases   | K9        | P1         | 1     |
        | surveys | Q1        | P1         | 1     |
        | 警情    | K2        | P1         | 1     |
    """
    notes = told(COUNT.replace("WORDS", "[警情]"), cases=CASES, credits=credits_)
    assert notes["credits_idle"] == {"count": 3, "tables": "“cases” ×1, “surveys” ×1, “警情” ×1"}
