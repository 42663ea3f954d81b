"""A card to print, what it may take, and a card that failed."""

import errno
from dataclasses import dataclass
from pathlib import Path

from fengqiao_eval.words import say

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""A full disk is no card's fault: it ends the batch."""


@dataclass(frozen=True)
class Card:
    """One card to print: the unit (empty: the overview), its notebook, the run it reads, the page it becomes."""

    unit_id: str
    level: str
    notebook: Path
    run: Path
    page: Path
    lang: str = "zh"
    keep: bool = False
    """Whether the executed notebook is kept beside the page."""


@dataclass(frozen=True)
class Limits:
    """What one card may take; a card takes a fraction of a second and a few megabytes."""

    cell_seconds: float = 600
    """A cell that runs longer is interrupted."""
    card_seconds: float = 900
    """A card that runs longer, or does not let itself be interrupted, is killed with all it has started."""
    memory: int = 4 << 30
    """Bytes of address space, beyond what the warm parent has."""


@dataclass(frozen=True)
class Failure:
    """A card that failed: the cell as Jupyter numbers it (None: outside any), the exception and its words."""

    unit_id: str
    level: str
    cell: int | None
    error: str
    message: str

    def text(self, lang: str | None = None) -> str:
        """Say it in one line."""
        unit = self.unit_id or say("say.overview", lang)
        place = say("say.in_cell", lang, cell=self.cell) if self.cell is not None else ""
        first = next(iter(self.message.strip().splitlines()), "")
        return f"{unit}{place}: {self.error}: {first}"
