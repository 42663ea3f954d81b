"""What cards share is reckoned once: a card reads its own rows, however many other units its run holds."""

import os
from bisect import bisect_left
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fengqiao_eval.pages import fragments
from fengqiao_eval.pages.charts import draw_class
from fengqiao_eval.results import card as results_card
from fengqiao_eval.results import frames
from fengqiao_eval.results import run as finished_run
from fengqiao_eval.results.card import card
from fengqiao_eval.results.frames import ClassTotals, Frame, FrameColumn
from fengqiao_eval.results.run import open_run
from fengqiao_eval.wording.numbers import has_value
from run_folders import write_run
from runs_fixture import OWN, write


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Write and open a run."""
    return open_run(write(tmp_path_factory.mktemp("runs") / "demo"))


def forget():
    """Forget what was read of any run."""
    for part in (frames.frame_of, frames.level_sums, frames.class_totals, frames.children, results_card.cached_card):
        part.cache_clear()


@pytest.fixture
def taken(monkeypatch):
    """Count the rows that become Python objects."""
    counts = []
    at = FrameColumn.at
    monkeypatch.setattr(FrameColumn, "at", lambda self, rows: (counts.append(len(self.cells[rows])), at(self, rows))[1])
    return counts


# Columns


def test_a_column_reads_as_the_frame_does(run):
    """Words, numbers, moments and gaps come out of the columns as they stand in the frame, in its order, for any units."""
    for name in ("units", "points", "ranks", "losses", "open_disputes"):
        frame = run.frame(name)
        expected = frame.of(OWN, "Z1").astype(object)
        expected = expected.where(expected.notna(), None).to_dict("records")
        found = [{key: value if has_value(value) else None for key, value in row.items()} for row in frame.rows(OWN, "Z1")]
        assert found == expected


def test_groups_of_rows_have_words_of_their_own(tmp_path):
    """A file whose groups of rows begin with other words is read as one; a column without any word is one of gaps."""
    frame = pd.DataFrame({"unit_id": list("abcabd"), "word": [*"xyzzy", None], "none": [None] * 6, "n": [1, 2, 3, 4, 5, 6]})
    frame.astype({"unit_id": "category"}).to_parquet(tmp_path / "frame.parquet", row_group_size=2)
    columns = Frame(tmp_path / "frame.parquet", 1)
    assert columns.tuples(["word", "n"], "a") == [("x", 1), ("z", 4)]
    assert columns.tuples(["word", "none", "n"], "d", "b") == [("y", None, 2), ("y", None, 5), (None, None, 6)]
    assert columns.rows("nobody") == []


def test_a_frame_that_is_not_there_has_no_rows(run):
    """What was never written, and what holds no unit, has no rows for any unit."""
    assert run.frame("nothing").rows(OWN) == Frame(Path("nothing"), 0).rows(OWN) == []


# The board


def test_a_filled_board_is_read_and_not_reckoned_again(run, monkeypatch):
    """Once the board is filled no card opens a file, whether of a unit or of an officer."""
    forget()
    finished_run.preload_frames(run)
    monkeypatch.setattr(frames, "read_columns", lambda file: pytest.fail(f"{file} was read again"))
    monkeypatch.setattr(pd, "read_parquet", lambda *_, **__: pytest.fail("a whole frame was read"))
    assert [card(run, unit).identity.unit_id for unit in (OWN, "C1", "P0001")] == [OWN, "C1", "P0001"]


def test_a_card_is_the_same_with_and_without_the_board(run):
    """A notebook that is run by hand finds no board, and makes the same card."""
    finished_run.preload_frames(run)
    ready = [card(run, unit) for unit in (OWN, "C1", "P0002")]
    forget()
    assert [card(run, unit) for unit in (OWN, "C1", "P0002")] == ready


def test_a_changed_file_is_read_anew(tmp_path):
    """What was reckoned of a file is forgotten when the file changes."""
    run = open_run(write(tmp_path / "demo"))
    finished_run.preload_frames(run)
    path = run.path / "ranks.parquet"
    ranks = pd.read_parquet(path)
    ranks.assign(total=50.0).to_parquet(path)
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    assert set(card(run, OWN).peers.totals) == {50.0}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed on Linux only")
def test_filling_the_board_starts_no_thread(run):
    """The process that fills the board may fork afterwards: it has no thread more than before."""
    forget()
    before = set(Path("/proc/self/task").iterdir())
    finished_run.preload_frames(run)
    assert set(Path("/proc/self/task").iterdir()) <= before


@pytest.mark.parametrize("unit", ["S008", "P0001"])
def test_a_card_costs_the_same_in_a_province_ten_times_as_large(tmp_path, taken, unit):
    """With ten times the units a card takes as many rows from the board as before."""
    cost = []
    for stations, officers in ((40, 60), (400, 600)):
        run = open_run(write_run(tmp_path / f"of_{stations}", stations, 0, officers, months=False))
        finished_run.preload_frames(run)
        taken.clear()
        assert card(run, unit).indicators
        cost.append(sum(taken))
    assert cost[0] == cost[1] > 0


def test_a_card_does_not_go_through_its_class(run):
    """Places, gains and the figure of a class of seven thousand are found without a look at each total."""
    many = ClassTotals(tuple(sorted(60 + 35 * (number * 7919 % 7000) / 7000 for number in range(7000))))
    of = replace(card(run, OWN), peers=Unseen(many))
    assert fragments.gains_table(of).text
    assert fragments.headline(of).text
    assert draw_class(of).data


class Unseen(ClassTotals):
    """Totals that may be searched, but not gone through."""

    def __init__(self, peers):
        """Keep what was reckoned of the class, and hide its totals."""
        peers.settle()
        super().__init__(Hidden(peers.totals))
        vars(self).update({name: value for name, value in vars(peers).items() if name != "totals"})


class Hidden(list):
    """A list that may not be iterated."""

    def __iter__(self):
        """Refuse."""
        pytest.fail("the totals of the class were gone through")


# The class


def test_places_among_totals_are_found_without_counting():
    """How many stand above, on and below a total agrees with counting them one by one, ties and hundredths included."""
    draw = np.random.default_rng(5)
    totals = sorted(np.round(draw.normal(80, 3, 400), 1).tolist())
    peers = ClassTotals(tuple(totals))
    for total in (*totals[::17], 60.0, 80.05, 99.9):
        assert peers.count(total) == totals.count(total)
        assert peers.place(total) == bisect_left(totals, total)
        assert peers.above(total, 2) == sum(1 for one in totals if round(one - total, 2) > 0)


def test_heights_and_bars_hold_every_total():
    """Every total is one dot on its column, and counted in one bar; a class on one total is one stack."""
    peers = ClassTotals(tuple(sorted(60 + 35 * (number * 7919 % 700) / 700 for number in range(700))))
    assert sum(count for _, count in peers.bars) == len(peers.heights) == 700
    assert ClassTotals((80.0,) * 3).heights == (1, 2, 3)
    assert ClassTotals((80.0,) * 3).bars == ((80.5, 3),)
