"""A thousand cards in a row: what grows with each of them would end a province."""

import pytest

from batches import a_notebook, marked, servers, some_cards, watched
from fengqiao_eval.engine import pool
from run_folders import write_run

MEGABYTE = 1 << 20


@pytest.mark.slow
def test_a_thousand_cards_leave_nothing_behind(tmp_path):
    """From the hundredth card to the thousandth the server opens no further file, starts no thread, and hardly takes memory."""
    run = write_run(tmp_path / "run")
    notebook = a_notebook(tmp_path / "notebooks" / "small.ipynb", "print(unit)")
    cards = some_cards(run, notebook, [f"S{number:03d}" for number in range(1, 19)] * 56)
    ended, seen, temporary = [], [], tmp_path / "temporary"
    temporary.mkdir()

    def look(card, _failure):
        ended.append(card)
        if len(ended) in (100, 1000):
            (server,) = servers()
            seen.append((server.num_threads(), server.num_fds(), server.memory_info().rss, len(server.children())))

    with watched(temporary):
        assert pool.print_cards(cards, 1, done=look) == ()
    (threads, files, memory, _), (threads_after, files_after, memory_after, children) = seen
    assert threads == threads_after == 1
    assert files_after <= files + 4  # those of the card under way
    assert memory_after < memory + 10 * MEGABYTE
    assert children <= 1
    assert (marked(), list(temporary.iterdir())) == ([], [])
