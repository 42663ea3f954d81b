"""What the reader must be told, and is no fault, stands in the notes: never silent."""

import pytest

from seam import score

CODED = "{kind: coded, table: surveys, date: asked_at, column: answer, values: {满意: 1, 不满意: 0}}"
SURVEYS = """
    | survey_id | unit_id | officer_id | asked_at   | recorded_at | answer   |
    | Q1        | S1      | P1         | 2024-10-05 | 2024-10-06  | 满意     |
    | Q2        | S1      | P9         | 2024-10-05 | 2024-10-06  | 老赵很好 |
    | Q3        | S9      | P1         | 2024-10-05 | 2024-10-06  | 不满意   |
    | Q4        | S1      | P1         | 2024-10-05 | 2025-01-06  | 不满意   |
    | Q5        | S1      | P1         | 2024-07-05 | 2025-01-06  | 不满意   |
"""


@pytest.fixture
def told(records, scheme):
    """Give the notes on the surveys by key."""

    def give(measure: str = CODED, **given) -> dict[str, dict]:
        table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | a | 100 | {measure} |", **given)
        scores = score(records(surveys=SURVEYS), table)
        return {note.key: dict(note.given) for note in scores.notes}

    return give


def test_records_entered_too_late_are_counted(told):
    """Q4 belongs to the quarter and came after its closing moment; Q5 is no record of this quarter."""
    assert told()["late"] == {"table": "群众评价", "count": 1}


def test_ids_that_are_no_units_are_counted(told):
    """A station S9 and an officer P9 that nobody listed: their records count for nobody."""
    notes = told()
    assert notes["unknown_units"] == {"table": "群众评价", "count": 1, "share": "25%", "number": 1, "ids": "“S9” ×1"}
    assert notes["unknown_officers"]["count"] == 1


def test_answers_without_a_code_are_counted_and_not_shown(told):
    """老赵很好 has no number; the words may be a citizen's own, so only their count is told."""
    notes = told()
    assert notes["uncoded"] == {"indicator": "a", "count": 1}
    assert "老赵" not in str(notes)


def test_a_void_month_is_named_with_its_reason(told):
    """What was left out, when, and why."""
    notes = told(void=({"indicator": "a", "period": "2024-11", "reason": "系统迁移"},))
    assert notes["void"] == {"indicator": "a", "period": "2024-11", "reason": "系统迁移"}


def test_postings_and_figures_of_no_unit_are_counted(records, scheme):
    """A posting to S7 and a figure of S8, which nobody listed, are passed over and told."""
    postings = "| officer_id | unit_id | from_date |\n| P1 | S1 | 2024-01-01 |\n| P2 | S7 | 2024-01-01 |"
    figures = "| unit_id | indicator | period | value |\n| S1 | safety | 2024Q4 | 95 |\n| S8 | safety | 2024Q4 | 95 |"
    table = scheme("| dimension | share | indicator | weight | measure |\n| d | 100 | a | 100 | {kind: figure, figure: safety} |")
    scores = score(records(postings=postings, figures=figures), table)
    told = [(note.key, note.given["table"], note.given["ids"]) for note in scores.notes if note.key.startswith("unknown")]
    assert told == [("unknown_posts", "任职", "“S7” ×1"), ("unknown_units", "外部数据", "“S8” ×1")]


def test_classes_that_look_alike_are_told(records, scheme):
    """A blank or a wide letter makes another class: each would be compared within itself, which is said with both words."""
    units = """
        | unit_id | name | level   | peer_class |
        | S1      | 一   | station | '一类 '    |
        | S2      | 二   | station | 一类       |
        | S3      | 三   | station | 一类       |
        | S4      | 四   | station | Ａ         |
        | S5      | 五   | station | a          |
        | S6      | 六   | station |            |
    """
    cases = "| case_id | unit_id | received_at |\n| K1 | S1 | 2024-10-05 |"
    where = "{kind: count, table: cases, date: received_at}"
    table = scheme(f"| dimension | share | indicator | weight | measure |\n| d | 100 | a | 100 | {where} |")
    told = {note.key: note.given for note in score(records(units=units, cases=cases), table).notes}["classes_alike"]
    assert told == {"count": 2, "words": "“一类 ” ×1 ≠ “一类” ×2, “a” ×1 ≠ “Ａ” ×1"}
    alone = records(units=units.replace("'一类 '", "一类").replace("Ａ", "b"), cases=cases)
    assert "classes_alike" not in {note.key for note in score(alone, table).notes}
