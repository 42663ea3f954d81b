"""Every value that was held against something can be followed from what was counted to what its rule saw."""

import pytest

from seam import InputError, score

CASES = """
    | case_id | unit_id | officer_id | received_at |
    | C1      | S1      | P1         | 2024-10-05  |
    | C2      | S1      | P1         | 2024-11-05  |
    | C3      | S1      | P2         | 2024-11-06  |
    | C4      | S2      |            | 2024-11-06  |
    | C5      | S1      | P1         | 2024-08-06  |
"""
FIGURES = """
    | unit_id | indicator | period  | value |
    | X       | asked     | 2024-10 | 1     |
    | X       | asked     | 2024-11 | 2     |
    | X       | asked     | 2024-12 | 3     |
    | S1      | asked     | 2024-10 | 4     |
    | S1      | asked     | 2024-11 | 4     |
    | S1      | asked     | 2024-12 | 4     |
"""
TABLE = """
    | dimension | share | indicator | weight | against                   | measure |
    | d         | 100   | plain     | 50     |                           | {count} |
    | d         | 100   | held      | 50     | [{quota}, {kind: change, since: previous}] | {count} |
"""
COUNT = "{kind: count, table: cases, date: received_at}"
MONTHLY = "{kind: quota, figure: asked, every: month, as: completion}"
STEADY = "{kind: quota, amount: 4, as: completion}"


@pytest.fixture
def scores(records, scheme):
    """Score the drawn records of a quarter under a quota."""

    def reckon(quota: str, **keys):
        table = scheme(TABLE.replace("{count}", COUNT).replace("{quota}", quota), **keys)
        return score(records(cases=CASES, figures=FIGURES), table)

    return reckon


def rows(frame, unit, period="2024Q4"):
    """Give the steps of a unit in a period: step, kind, given, reference, result."""
    own = frame[(frame["unit_id"] == unit) & (frame["period"] == period)]
    return own[["step", "kind", "given", "reference", "result"]].astype(object).to_numpy().tolist()


def test_each_step_has_a_row(scores):
    """S1 did 3 of 4 due, 75 per cent, after 25 per cent in the quarter before: a change of 50 points."""
    found = scores(STEADY).comparisons
    assert rows(found, "S1") == [[1, "quota", 3, 4, 75], [2, "change", 75, 25, 50]]
    assert set(found["indicator"]) == {"held"}
    assert set(found["period"]) == {"2024Q4", "2024Q3", "2023Q4"}


def test_a_figure_of_each_month_makes_the_quarters_quota(scores):
    """1, 2 and 3 asked of the county are 6; the four counted are two thirds; S2 was given no figure and has no value."""
    found = scores(MONTHLY)
    assert rows(found.comparisons, "X")[0] == [1, "quota", 4, 6, 200 / 3]
    points = found.points[found.points["period"] == "2024Q4"].set_index(["unit_id", "indicator"])
    assert points.loc[("S2", "held"), "status"] == "no_records"


def test_persons_lie_apart(scores):
    """Rows of officers go where officers' frames go, and their ids are in no other file."""
    found = scores(STEADY)
    assert set(found.persons["comparisons"]["unit_id"]) == {"P1", "P2"}
    assert not set(found.above["comparisons"]["unit_id"].cat.categories) & {"P1", "P2"}


def test_without_references_the_frame_is_there_and_empty(records, scheme):
    """A reader finds the same columns, whether anything is held against something or not."""
    table = scheme(TABLE.replace("{count}", COUNT).replace("[{quota}, {kind: change, since: previous}]", ""))
    found = score(records(cases=CASES), table).comparisons
    assert found.empty
    assert list(found) == ["unit_id", "level", "indicator", "period", "step", "kind", "given", "reference", "result"]


def test_a_quota_by_class_is_held_against_the_units_before_scoring(scores):
    """Every quota that passes over units is told in one go, before anything is counted."""
    with pytest.raises(
        InputError,
        match=r"held\.against\.0\.amount \[quota\.no_class\].*有 7 个单位没有类别（层级：officer、station、county、zone）",
    ):
        scores("{kind: quota, amount: {一类: 4}, as: completion}")
