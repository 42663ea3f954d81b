"""Cells of few answers stay unknown to whoever has all that is printed: attacked here by whole-number programmes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from fengqiao_eval.publication.suppression import NOBODY, suppress
from shared import examples

ALL = (1, 1, 1)
CODED = (ALL, (Fraction(1), Fraction(3, 5), Fraction(0)))
FIVE = ((1,) * 5, (100, 80, 60, 30, 0))


def table(drawn, text):
    """Read a table drawn in text: units, each under the unit named in `of` (none: nobody), and their counts."""
    frame = drawn(text)
    units = list(frame["unit"])
    above = [units.index(of) if isinstance(of, str) else NOBODY for of in frame["of"]]
    return frame.drop(columns=["unit", "of"]).to_numpy("int64"), above


def shown(drawn, text, printed, least=5, **how):
    """Write a table as it is shown, a line a unit: numbers, an asterisk for a cell kept back, an x for one that follows."""
    counts, above = table(drawn, text)
    found = suppress(counts, above, printed, least, **how)
    marks = np.where(found.derivable, "x", np.where(found.hidden, "*", counts.astype(str)))
    return [" ".join(row) for row in marks]


def attack(counts, above, printed, hidden):
    """Give the least and the most that each hidden cell can be for whoever has all that is printed: (row, column) -> ends.

    What a row counts beyond its parts is unknown too, where there is any; every printed sum of every row is known.
    """
    size, columns = counts.shape
    above, lowest = list(above), [row for row in range(size) if row not in above]
    for whole in sorted(set(above) - {NOBODY}):
        parts = [row for row in range(size) if above[row] == whole]
        if (counts[whole] - counts[parts].sum(axis=0)).any():
            above.append(whole)
            lowest.append(len(above) - 1)
    inside = np.zeros((size, len(lowest)))
    for place, row in enumerate(lowest):
        at = row
        while at != NOBODY:
            if at < size:
                inside[at, place] = 1
            at = above[at]
    cell = lambda row, column: np.kron(inside[row], np.eye(columns)[column])  # noqa: E731 - over all unknown numbers
    known = [
        (cell(row, column), counts[row, column]) for row in range(size) for column in range(columns) if not hidden[row, column]
    ]
    for weights in printed:
        scaled = np.array([float(weight * 10) for weight in weights])
        known += [(np.kron(inside[row], scaled), counts[row] @ scaled) for row in range(size)]
    matrix = np.array([left for left, _ in known]).reshape(-1, inside.shape[1] * columns)
    sums = np.array([right for _, right in known])
    held = [LinearConstraint(matrix, sums - 1e-6, sums + 1e-6)] if len(sums) else []
    ends = {}
    for row, column in zip(*map(list, hidden.nonzero()), strict=True):
        least, most = (milp(sign * cell(row, column), constraints=held, integrality=np.ones(matrix.shape[1])) for sign in (1, -1))
        ends[int(row), int(column)] = round(least.fun), (10**9 if most.fun is None else round(-most.fun))
    return ends


def test_the_attacker_is_no_fool():
    """Where one cell alone is kept back the attacker finds it; an attack that finds nothing would prove nothing."""
    counts, hidden = np.array([[9, 1, 40]]), np.array([[False, True, False]])
    assert attack(counts, [NOBODY], [ALL], hidden) == {(0, 1): (1, 1)}
    both = np.array([[True, True, False]])
    assert attack(counts, [NOBODY], [ALL], both) == {(0, 0): (0, 10), (0, 1): (0, 10)}
    assert attack(counts, [NOBODY], CODED, both) == {(0, 0): (9, 9), (0, 1): (1, 1)}


TREES = st.sampled_from([
    [NOBODY] * 3,
    [NOBODY, 0, 0, 0, 0],
    [NOBODY, 0, 0, 1, 1, 1, 2, 2],
    [NOBODY, 0, 0, 1, 1, 2],
    [NOBODY, 0, 1],
])  # fmt: skip


@st.composite
def tables(draw, columns):
    """Draw a tree of units and answers for each: some few, some many; now and then a unit has some beyond those of its parts."""
    above = draw(TREES)
    own = st.lists(st.integers(0, 6) | st.integers(5, 60), min_size=columns, max_size=columns)
    counts = np.array([draw(own) for _ in above])
    for row in reversed(range(len(above))):
        if row in above and draw(st.integers(0, 3)):
            counts[row] = 0
        counts[row] += sum((counts[part] for part in range(row + 1, len(above)) if above[part] == row), np.zeros(columns, int))
    return counts, above


@pytest.mark.parametrize(
    ("printed", "columns"), [(CODED, 3), (FIVE, 5), ([ALL], 3), ((), 2)], ids=["coded", "five", "sums", "free"]
)
def test_no_cell_of_few_answers_can_be_reckoned_back(printed, columns):
    """Whatever the table, a cell of few answers can be two things, unless numbers that stay printed tell it exactly."""

    @settings(max_examples=examples(40), deadline=None)
    @given(tables(columns))
    def attacked(drawn_table):
        counts, above = drawn_table
        found = suppress(counts, above, printed, 5)
        few = (counts < 5) & (counts.sum(axis=1) > 0)[:, None]
        assert found.hidden[few].all()
        ends = attack(counts, above, printed, found.hidden)
        for row, column in zip(*map(list, few.nonzero()), strict=True):
            low, high = ends[row, column]
            assert low <= counts[row, column] <= high
            assert (low == high) == found.derivable[row, column]

    attacked()


def test_beside_sums_alone_a_cell_may_hold_as_much_as_any_other():
    """Of groups, a cell kept back may for all that is printed hold five, if another of its row has that many: no tight bound."""

    @settings(max_examples=examples(40), deadline=None)
    @given(tables(3))
    def attacked(drawn_table):
        counts, above = drawn_table
        found = suppress(counts, above, [ALL], 5)
        ends = attack(counts, above, [ALL], found.hidden)
        for row, column in zip(*map(list, ((counts < 5) & found.hidden & ~found.derivable).nonzero()), strict=True):
            if row not in above:
                others = np.delete(counts[row], column).max()
                assert ends[row, column][1] >= min(5, counts[row, column] + others)

    attacked()


def test_a_small_cell_takes_three_others_with_it(drawn):
    """Sums of rows and columns stay: the smallest box of four cells around the small one is kept back, and no more."""
    assert shown(drawn, """
        | unit | of   | wechat | phone | letter |
        | X    |      | 60     | 75    | 45     |
        | A    | X    | 20     | 30    | 2      |
        | B    | X    | 30     | 35    | 31     |
        | C    | X    | 10     | 10    | 12     |""", [ALL]) == ["60 75 45", "* 30 *", "30 35 31", "* 10 *"]  # fmt: skip


def test_a_numerator_takes_the_whole_row_with_it(drawn):
    """Where a + 0.6 b is printed two hidden cells are two unknowns of two equations: all three go, in two rows."""
    assert shown(drawn, """
        | unit | of | good | fair | bad |
        | X    |    | 150  | 46   | 22  |
        | A    | X  | 40   | 12   | 3   |
        | B    | X  | 60   | 24   | 12  |
        | C    | X  | 50   | 10   | 7   |""", CODED) == ["150 46 22", "* * *", "60 24 12", "* * *"]  # fmt: skip


def test_what_numerator_and_denominator_tell_cannot_be_kept_back(drawn):
    """Of 20 answers with a numerator of 20 all are of the best: the zeros are kept back and counted as of no use."""
    assert shown(drawn, """
        | unit | of | good | fair | bad |
        | A    |    | 20   | 0    | 0   |""", CODED) == ["20 x x"]  # fmt: skip


def test_two_answers_follow_from_their_numerator(drawn):
    """Of two answers alone nothing can be kept back: the numerator is one of them."""
    assert shown(drawn, """
        | unit | of | yes | no |
        | A    |    | 20  | 1  |""", [(1, 1), (1, 0)]) == ["20 x"]  # fmt: skip


def test_an_only_part_is_its_whole(drawn):
    """A county of one station says what the station says: both go, and another county with its station."""
    assert shown(drawn, """
        | unit | of | good | bad |
        | C    |    | 70   | 29  |
        | X    | C  | 30   | 2   |
        | Y    | C  | 40   | 27  |
        | A    | X  | 30   | 2   |
        | B    | Y  | 20   | 20  |
        | D    | Y  | 20   | 7   |""", [(1, 1)]) == ["70 29", "* *", "* *", "* *", "20 20", "* *"]  # fmt: skip


def test_what_a_unit_counts_beyond_its_parts_is_not_told_either(drawn):
    """Two answers asked for by the county itself would follow from the county less its stations."""
    found = shown(drawn, """
        | unit | of | good | bad |
        | X    |    | 60   | 30  |
        | A    | X  | 30   | 14  |
        | B    | X  | 20   | 14  |""", [(1, 1)])  # fmt: skip
    assert found == ["60 30", "30 14", "* *"]


def test_nobody_asked_is_nobody_told(drawn):
    """A unit without an answer hides nothing, and nothing is hidden where all cells are of enough."""
    assert shown(drawn, """
        | unit | of | good | bad |
        | A    |    | 0    | 0   |
        | B    |    | 5    | 9   |""", [(1, 1)]) == ["0 0", "5 9"]  # fmt: skip


def test_several_neighbours_give_back_together(drawn):
    """A station of one such answer may hold five, though no neighbour has four: several give; their county stays as it is."""
    assert shown(drawn, """
        | unit | of | good | bad |
        | X    |    | 60   | 9   |
        | A    | X  | 20   | 1   |
        | B    | X  | 10   | 3   |
        | C    | X  | 10   | 3   |
        | D    | X  | 20   | 2   |""", [(1, 1)]) == ["60 9", "* *", "* *", "* *", "* *"]  # fmt: skip


def test_an_empty_group_tells_of_nobody(drawn):
    """That nobody answered by letter says nothing of anybody's answer; that nobody was dissatisfied does."""
    text = "| unit | of | phone | letter |\n| A | | 9 | 0 |"
    assert shown(drawn, text, [(1, 1)], empty=False) == ["9 0"]
    assert shown(drawn, text, [(1, 1)]) == ["* *"]


@pytest.mark.parametrize(("least", "expected"), [(1, "9 3"), (4, "* *"), (10, "* *")])
def test_the_scheme_says_how_few_are_few(drawn, least, expected):
    """A cell is kept back below the number given."""
    assert shown(drawn, "| unit | of | good | bad |\n| A | | 9 | 3 |", [(1, 1)], least) == [expected]


def test_parts_that_count_more_than_their_whole_are_none(drawn):
    """A station that moved counts in two places: nothing adds up, and each row is kept by itself."""
    assert shown(drawn, """
        | unit | of | good | bad |
        | X    |    | 20   | 9   |
        | A    | X  | 30   | 2   |""", [(1, 1)]) == ["20 9", "* *"]  # fmt: skip


def test_the_same_table_has_the_same_cells():
    """Of second tables that cost the same the first is taken."""
    counts = np.array([[10, 20, 2], [30, 30, 30], [30, 30, 30], [30, 30, 30], [100, 110, 92]])
    above = [4, 4, 4, 4, NOBODY]
    found = [suppress(counts, above, [ALL], 5).hidden.tolist() for _ in range(3)]
    assert found[0] == found[1] == found[2]
    assert np.array(found[0]).sum() == 4
