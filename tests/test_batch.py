"""Many cards: failures as data, one summary, and nothing of the kernels' noise."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from fengqiao_eval.errors import UsageError
from fengqiao_eval.runs import batch
from fengqiao_eval.runs.cards import Card, Failure
from fengqiao_eval.runs.choice import find_notebooks, notebook_of


def a_card(unit, level="station"):
    """A card whose notebook is not there."""
    return Card(unit, level, Path("nowhere") / "none.ipynb", Path("nowhere"), Path("nowhere") / f"{unit}.html")


def test_officers_have_a_notebook_of_their_own():
    """Officers get the officer's scorecard, every other level that of a station."""
    assert notebook_of("officer") == "officer_scorecard.ipynb"
    assert {notebook_of(level) for level in ("city", "county", "station", "zone", "分局")} == {"station_scorecard.ipynb"}


def test_no_cards_start_no_process():
    """Nothing to print costs nothing."""
    assert batch.print_cards([]) == ()


def test_what_fails_is_told_and_stops_nobody(capfd):
    """Each card that fails is told with its exception, in the order of the cards, and the user sees no noise."""
    failures = batch.print_cards([a_card("S2"), a_card("S1")], workers=1)
    assert [(failure.unit_id, failure.cell, failure.error) for failure in failures] == [
        ("S2", None, "FileNotFoundError"),
        ("S1", None, "FileNotFoundError"),
    ]
    assert capfd.readouterr() == ("", "")


def test_a_process_that_dies_is_a_failure():
    """Where a process died, its card has failed; the batch goes on to its end."""
    done, died = Future(), Future()
    done.set_result(None)
    died.set_exception(BrokenProcessPool("a process ended abruptly"))
    found = dict(batch._watched({done: a_card("S1"), died: a_card("S2")}))
    assert found[a_card("S1")] is None
    assert found[a_card("S2")] == Failure("S2", "station", None, "BrokenProcessPool", "a process ended abruptly")


def test_the_summary_names_ten_and_counts_the_rest():
    """One head, one line a card with cell, exception and first line of its words; the rest is only counted."""
    failures = [Failure(f"S{n}", "station", 3, "ValueError", "太少\n更多") for n in range(12)]
    lines = batch.summary(failures, 60, "zh")
    assert lines[:2] == ["60 张计分卡中有 12 张失败：", "  S0（单元格 [3]）: ValueError: 太少"]
    assert (len(lines), lines[-1]) == (12, "  ……另有 2 张，见 manifest.json")
    assert batch.summary([], 60) == []
    assert batch.summary([Failure("", "", None, "KeyError", "x")], 1, "en")[1] == "  overview: KeyError: x"


def test_the_project_may_bring_its_own_notebooks(tmp_path):
    """Notebooks of the project win over those beside the package, if both scorecards are there."""
    (tmp_path / "notebooks").mkdir()
    for name in ("station_scorecard.ipynb", "officer_scorecard.ipynb"):
        (tmp_path / "notebooks" / name).write_text("{}", "utf-8")
    assert find_notebooks(tmp_path) == tmp_path / "notebooks"


def test_without_notebooks_nothing_starts(tmp_path, monkeypatch):
    """Where neither the project nor the package has them, the places looked in are named."""
    monkeypatch.setattr("fengqiao_eval.runs.choice.__file__", str(tmp_path / "a" / "b" / "choice.py"))
    with pytest.raises(UsageError, match=r"找不到笔记本 officer_scorecard\.ipynb, station_scorecard\.ipynb"):
        find_notebooks(tmp_path)
