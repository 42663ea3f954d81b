"""The exceptions, what the reader must be told, and the words that every room shares: statuses, flags, the level of persons.

FengqiaoError            anything the program refuses, with the exit code of the command line
├── InputError           the input is at fault: every fault at once (exit 1)
├── UsageError           the call is wrong: an unknown unit, run or parameter (exit 2)
├── CardsFailedError     some scorecards failed, the others stand (exit 3)
├── FullDiskError        the disk is full; what is done is kept for the next run (exit 3)
├── FileAccessError      the system refuses a file: no right, a disk that fails (exit 3), a path that cannot be (exit 2)
├── OutputError          what is to be printed cannot be (exit 3, or 0 where the result lies in files)
└── LockedError          another run of the same name is under way (exit 4)
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import PurePath
from typing import Any

from fengqiao_eval.identities import hide
from fengqiao_eval.words import LANGUAGES, readable, say, visible


class Status(IntEnum):
    """What can be said of one measure: arrays hold these numbers, frames the words, pages their translation."""

    OK = 0
    NO_RECORDS = 1
    TOO_FEW = 2
    NOT_APPLICABLE = 3
    VOID = 4
    PENDING = 5
    PROVISIONAL = 6


STATUSES = tuple(status.name.lower() for status in Status)
"""The words of the frames, by number."""

SCORED = ("ok", "provisional")
"""The statuses that carry points of their own; all others follow the scheme's rule for what is missing."""

OFFICER = "officer"
"""The level of persons: their records are found by officer_id, not by unit_id."""

FLAGS = ("provisional", "void_left_out", "low_coverage", "not_ranked", "small_class", "merged", "part_period", "pulled", "bent")
"""What can be said of one place in a ranking."""


@dataclass(frozen=True)
class Fault:
    """One fault of the input: which file, where in it, which rule, and what was given; said without the number of a citizen.

    >>> print(Fault("one_table.yaml:7", "title", "document.twice", {"key": "title"}).text("en"))
    one_table.yaml:7 · title [document.twice] the key “title” stands twice; delete one
    """

    file: str
    place: str
    rule: str
    given: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """Say the fault in one line: file, place, rule, and the sentence of the catalogue."""
        where = readable(" · ".join(filter(None, self.where)))
        return visible(f"{where} [{self.rule}] {say('fault.' + self.rule, lang, **_hide_all(self.given))}")

    @property
    def where(self) -> tuple[str, str]:
        """Give file and place, as anybody may read them."""
        return hide(self.file), hide(self.place, between=".")


COUNTED = ("rows", "row_ids", "row_where", "line", "lines", "count")
"""What is said of rows by their numbers or by ids that may be shown, several of which together are no number of a person."""


def _hide_all(given: Mapping[str, Any]) -> dict[str, Any]:
    """Hide the numbers of citizens in what a sentence speaks of: names and ids that somebody typed, or gave to a file."""
    return {name: hide(one) if name not in COUNTED and isinstance(one, str | PurePath) else one for name, one in given.items()}


@dataclass(frozen=True)
class Note:
    """Something the reader must be told that is no fault: a key of the catalogue (`note.KEY`) and what it speaks of."""

    key: str
    given: Mapping[str, Any] = field(default_factory=dict, hash=False)


class FengqiaoError(Exception):
    """Anything the program refuses; exit_code is what the command line returns, lang the reader's language where it is known."""

    exit_code = 1
    lang: str | None = None

    def _render_traceback_(self) -> list[str]:
        """Give what a notebook shows in place of a traceback: the sentence, which is not about code."""
        return [str(self)]


class InputError(FengqiaoError):
    """The input is at fault, as it is where it may not be read; str() lists every fault, one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults in the order found."""
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        """List every fault, one a line."""
        return "\n".join(fault.text(self.lang) for fault in self.faults)


class UsageError(FengqiaoError):
    """The call is wrong; the message is a sentence of the catalogue."""

    exit_code = 2

    def __init__(self, key: str, /, **given: Any) -> None:
        """Take the key of the sentence and what it speaks of."""
        self.key, self.given = key, given
        super().__init__(key)

    def __str__(self) -> str:
        """Say the sentence."""
        return say("usage." + self.key, self.lang, **_hide_all(self.given))


class CardsFailedError(FengqiaoError):
    """Some scorecards failed; the run and the other cards stand."""

    exit_code = 3


class FullDiskError(FengqiaoError):
    """The disk is full: nothing is published, and what is done is kept for the next run."""

    exit_code = 3


class FileAccessError(FengqiaoError, OSError):
    """The system refuses a file that is no input: no right, a disk that fails (exit 3), a path that cannot be (exit 2)."""

    def __init__(self, fault: Fault, exit_code: int = 3) -> None:
        """Keep what it refuses, and whom."""
        self.fault, self.exit_code = fault, exit_code
        super().__init__(fault)

    def __str__(self) -> str:
        """Say it in one line."""
        return self.fault.text(self.lang)


class OutputError(FengqiaoError):
    """Standard output takes nothing any more."""

    exit_code = 3


class LockedError(FengqiaoError):
    """Another run of the same name is under way."""

    exit_code = 4


@contextmanager
def refuse_in(lang: str) -> Iterator[None]:
    """Say what is refused inside in a reader's language, whatever that of the program is.

    Raises UsageError where there are no sentences in that language.
    """
    if lang not in LANGUAGES:
        raise UsageError("lang", given=lang)
    try:
        yield
    except FengqiaoError as refused:
        refused.lang = lang
        raise


def refuse(faults: Iterable[Fault]) -> None:
    """Raise InputError if there is any fault, else do nothing."""
    found = tuple(faults)
    if found:
        raise InputError(found)
