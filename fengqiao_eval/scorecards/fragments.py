"""The parts of a card as a notebook shows them: HTML in JupyterLab and on the page, readable text everywhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from fengqiao_eval.names import file_name
from fengqiao_eval.scorecards import beside, plaintext, wording
from fengqiao_eval.scorecards.card import Card
from fengqiao_eval.scorecards.lines import DimensionLine, IndicatorLine
from fengqiao_eval.scorecards.listed import shown
from fengqiao_eval.scorecards.slim import Slim
from fengqiao_eval.words import say


@dataclass(frozen=True)
class Fragment:
    """One part of a card: `html` carries the class fq, `text` says the same in lines. `styled` brings the style sheet along."""

    html: str
    text: str
    styled: bool = False

    def _repr_html_(self) -> str:
        return f'<style class="fq-style">{style()}</style>{self.html}' if self.styled else self.html

    def __repr__(self) -> str:
        """Show the text, as a terminal does."""
        return self.text


@cache
def environment() -> Environment:
    """Set up the templates: whatever a record holds is escaped, a name nobody set is an error."""
    made = Environment(
        loader=PackageLoader("fengqiao_eval.scorecards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Slim],
    )
    made.globals |= {name: getattr(wording, name) for name in ("fixed", "plain", "signed", "measured")}
    return made


@cache
def style() -> str:
    """Read the style sheet that pages link and the first fragment of a notebook brings along."""
    return files(__package__).joinpath("templates/fengqiao.css").read_text("utf-8")


def render(template: str, lang: str, **given: Any) -> str:
    """Fill in a template; `say` and `term` in it speak the language."""

    def speak(key: str, **words: Any) -> str:
        return say(key, lang, **words)

    def term(kind: str, word: str) -> str:
        return wording.term(kind, word, lang)

    return (
        environment()
        .get_template(template)
        .render(lang=lang, tag="zh-CN" if lang == "zh" else lang, say=speak, term=term, **given)
    )


def _fragment(name: str, card: Card, *, styled: bool = False) -> Fragment:
    return Fragment(render(f"{name}.html", card.lang, **_given(card)), getattr(plaintext, name)(card), styled)


def _given(card: Card) -> dict[str, Any]:
    """Collect what the templates of a card may speak of."""
    lang = card.lang
    return {
        "card": card,
        "shown": lambda: shown(card),
        "worst": tuple(_worst(card)),
        "gains": [(gain, *reached(card, gain.points)) for gain in card.gains],
        "reached": reached(card, sum(gain.points for gain in card.gains)),
        "changes": plaintext.changes(card),
        "monthly": plaintext.monthly(card),
        "made_of": plaintext.made_of(card),
        "groups": [[line for line in card.adjustments if line.inside is kind] for kind in (True, False)],
        "value": beside.value,
        "moved": lambda line: "".join(line.moves(card.decimals)),
        "firmness": plaintext.firmness(card),
        "objection": plaintext.objection(card),
        "csv": f"{file_name(card.identity.unit_id)}.records.csv",
        "arrow": wording.arrow,
        "beside": lambda line: beside.beside(line, card),
        "missed": lambda line: beside.missed(line, lang),
        "warning": lambda tier: plaintext.warning(tier, lang),
        "days_left": lambda days: plaintext.days_left(days, lang),
    }


def reached(card: Card, won: float) -> tuple[float | None, int | None]:
    """Give the total, and the place if all others stood still, that so many points more would bring."""
    total, rank = card.standing.total, card.standing.rank
    if total is None or rank is None or card.standing.of <= 1:
        return (None if total is None else total + won), None
    return total + won, card.peers.above(total + won, card.decimals) + 1


def _worst(card: Card) -> Iterator[tuple[DimensionLine, IndicatorLine | None]]:
    """Name each dimension that lost points, the most first, with the indicator that lost most of them."""
    for dimension in plaintext.worst(card):
        lines = [line for line in card.indicators if dimension.code in line.above and line.scored]
        yield dimension, max(lines, key=lambda line: line.lost, default=None)


def headline(card: Card) -> Fragment:
    """Say how many points, which place, where points were lost and how to win them back; brings the style sheet along."""
    return _fragment("headline", card, styled=True)


def dimensions_table(card: Card) -> Fragment:
    """Lay out the dimensions: earned, possible, changes."""
    return _fragment("dimensions", card)


def indicators_table(card: Card) -> Fragment:
    """Lay out every indicator: counts, value, target, points, weight, contribution, and beneath it what to read beside it."""
    return _fragment("indicators", card)


def gains_table(card: Card) -> Fragment:
    """Lay out where most points can still be won, and with how many records."""
    return _fragment("gains", card)


def open_disputes(card: Card) -> Fragment:
    """Lay out the open disputes by colour with the days left; ids only."""
    return _fragment("disputes", card)


def lost_records(card: Card) -> Fragment:
    """Lay out the ids of the records that lost points, the latest of each indicator."""
    return _fragment("lost", card)


def limits(card: Card) -> Fragment:
    """Say what the records could not tell, how the card was made, and how to object."""
    return _fragment("limits", card)


def indicator_frame(card: Card) -> pd.DataFrame:
    """Lay out the indicators as a DataFrame with rounded numbers, for reading and for checking that nothing has moved."""
    rows = [
        {
            "indicator": line.label,
            "numerator": _round(line.numerator),
            "denominator": _round(line.denominator),
            "value": _round(line.value),
            "target": line.target,
            "points": _round(line.points),
            "weight": _round(100 * line.weight_used),
            "contribution": _round(line.contribution),
            "status": line.status,
        }
        for line in card.indicators
    ]
    return pd.DataFrame(rows)


def _round(cell: float | None) -> float | None:
    return None if cell is None else float(wording.rounded(cell))
