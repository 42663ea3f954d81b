"""What stands of a card on the disk: its page last and whole, or its notebook in place of the page."""

import nbformat
import pytest

from batches import FullDisk, a_notebook, some_cards
from fengqiao_eval.engine import card_job
from fengqiao_eval.engine.card_job import Failure, Limits
from fengqiao_eval.files import write_whole
from run_folders import write_run


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Give a function that makes a card of station S002 whose notebook has the cells given."""
    folder = tmp_path_factory.mktemp("printing")
    run, number = write_run(folder / "run"), iter(range(100))

    def card(*cells):
        name = f"made{next(number)}"
        return some_cards(run, a_notebook(folder / "notebooks" / f"{name}.ipynb", *cells), ["S002"], name)[0]

    return card


def files(card):
    """List what lies beside the page of a card."""
    return sorted(path.name for path in card.page.parent.iterdir())


def test_a_card_is_page_records_and_notebook(make):
    """A card that is printed leaves its page, its records and its notebook, and nothing of an attempt that failed."""
    card = make("print(unit)")
    card.page.parent.mkdir()
    card_job.failed_path(card).write_text("{}", "utf-8")
    assert card_job.publish_card(card, isolated=True) is None
    assert files(card) == ["S002.html", "S002.ipynb", "S002.records.csv", "S002.records.xlsx"]


def test_a_kept_notebook_runs_from_where_it_lies(make):
    """A kept notebook names its run as seen from its own folder, and no folder of the machine."""
    card = make("print(unit)")
    card_job.publish_card(card, isolated=True)
    text = card.page.with_suffix(".ipynb").read_text("utf-8")
    assert 'run = \\"..\\"' in text
    assert str(card.run) not in text


def test_a_page_that_cannot_be_made_leaves_the_notebook(make, monkeypatch):
    """Where the notebook ran and the page cannot be made of it, the notebook is kept as it ran, and the fault is raised."""
    monkeypatch.setattr("fengqiao_eval.pages.page.page", lambda *_: 1 / 0)
    card = make("print(unit)")
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        card_job.publish_card(card, isolated=True)
    assert files(card) == ["S002.failed.ipynb"]
    assert nbformat.read(card_job.failed_path(card), 4).cells[-1].outputs[0].text == "S002\n"


def test_a_cell_that_fails_is_told_with_its_notebook(make):
    """A cell that fails is told as data; the notebook up to it is kept, and no page is written."""
    card = make("print(unit)", "import time\ntime.sleep(60)")
    error = card_job.publish_card(card, limits=Limits(cell_seconds=1), isolated=True)
    assert (error.cell, error.name) == (4, "CellTimeoutError")
    assert files(card) == ["S002.failed.ipynb"]


def test_a_card_whose_process_died_is_kept_as_written(make):
    """Of a process that died nobody has the outputs: the cells stand as written, each with what is known of it."""
    card = make("print(unit)", "", "import os\nos.abort()", "print('never')")
    card.page.parent.mkdir()
    card.page.write_text("half a pa", "utf-8")
    card_job.give_up(card, Failure("S002", "station", 4, "SIGABRT", "died twice"))
    assert files(card) == ["S002.failed.ipynb"]
    codes = [cell for cell in nbformat.read(card_job.failed_path(card), 4).cells if cell.source]
    assert [cell.metadata.papermill["status"] for cell in codes] == ["completed"] * 3 + ["failed", "pending"]
    assert [output.evalue for cell in codes for output in cell.outputs] == ["died twice"]


def test_what_is_no_notebook_stops_nobody(make):
    """A file that is no notebook cannot be kept as one, and does not end the batch."""
    card = make()
    card.notebook.write_text("no notebook", "utf-8")
    card.page.parent.mkdir()
    card_job.give_up(card, Failure("S002", "station", None, "ValueError", "no notebook"))
    assert files(card) == []


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    """A file that cannot be written whole leaves what stood there before."""
    path = tmp_path / "page.html"
    write_whole(path, "before")
    with pytest.raises(OSError, match="No space left on device"):
        write_whole(FullDisk(path), "after")
    assert path.read_text("utf-8") == "before"
