"""How many of its many records a card lists: so many that its page stays within its bytes, whatever records are called."""

from collections.abc import Mapping, Sequence

from fengqiao_eval.scorecards.card import Card
from fengqiao_eval.scorecards.plaintext import days_left

PAGE = 20_480
"""Bytes of a page, its pictures' numbers and all words included."""
FRAME, EACH = {"zh": 10_100, "en": 11_100}, 420
"""Bytes that head, figures and sentences take, and each indicator with its two rows, its bar and the head of its list."""
LEAST = 900
"""Bytes that lists get in any case: a table of more than some twenty indicators makes a larger page."""
SHOWN = 30
"""As many records an indicator, and disputes a colour, as a card lists at most."""
MARKUP = 4
"""Bytes of a page that an entry takes besides its words."""


def shown(card: Card) -> Mapping[str, int]:
    """Say how many entries each list of a card shows: of records behind a line, disputes of a colour, records of an indicator.

    What is not shown stands in the list of records beside the page.
    """
    left, found = room(card), {}
    for name, share in (("behind", 0.2), ("disputes", 0.4), ("lost", 1.0)):
        lists = _lists(card, name)
        found[name] = most(lists, left * share)
        left -= _cost(lists, found[name])
    return found


def room(card: Card) -> int:
    """Give the bytes of a page that are left for lists of records."""
    return max(LEAST, PAGE - FRAME[card.lang] - EACH * len(card.indicators) - sum(len(line.encode()) for line in card.unknowns))


def _lists(card: Card, name: str) -> list[list[str]]:
    if name == "behind":
        return [list(line.record_ids[:SHOWN]) for line in card.adjustments]
    if name == "lost":
        return [[one.record_id for one in part.records[:SHOWN]] for part in card.lost_records]
    return [
        [f"{one.dispute_id} {days_left(one.days_left, card.lang)}" for one in part.disputes[:SHOWN]] for part in card.disputes
    ]


def most(lists: Sequence[Sequence[str]], room: float) -> int:
    """Give how many entries of each list may be shown so that all of them together fit; one at least.

    >>> most([["S001", "S002", "S003"], ["S004"]], 24)
    2
    """
    return next((number for number in range(SHOWN, 1, -1) if _cost(lists, number) <= room), 1)


def _cost(lists: Sequence[Sequence[str]], number: int) -> int:
    """Reckon the bytes of so many entries of each list."""
    return sum(len(entry.encode()) + MARKUP for entries in lists for entry in entries[:number])
