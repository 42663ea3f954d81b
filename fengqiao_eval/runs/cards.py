"""A card to print, and a card that failed."""

from dataclasses import dataclass
from pathlib import Path

from fengqiao_eval.words import say


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
    engine: str | None = None


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
