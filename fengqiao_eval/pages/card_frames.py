"""The frames behind the pictures of a card, for a notebook: what is drawn, as numbers to go on with in pandas."""

from collections import Counter
from html import escape
from itertools import accumulate
from typing import Any

import pandas as pd

from fengqiao_eval.results.card import Card
from fengqiao_eval.wording.numbers import has_value, plain, round_half_up
from fengqiao_eval.words import say

MOST = 60
"""Rows up to which a notebook shows all; of more it shows the first and last five, as pandas does."""


class CardFrame(pd.DataFrame):  # type: ignore[misc]
    """A small DataFrame that a notebook shows at once: pandas takes five milliseconds to lay one out, a whole card a hundred."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - IPython's words
        rows = [[_word(cell) for cell in row] for row in zip(self.index, *(self[name].tolist() for name in self), strict=True)]
        rows = rows if len(rows) <= MOST else [*rows[:5], ["…"] * len(rows[0]), *rows[-5:]]
        heads = [str(self.index.name or ""), *map(str, self)]
        html = "".join(f"<tr><td>{'</td><td>'.join(map(escape, row))}</td></tr>\n" for row in rows)
        head = f"<tr><th>{'</th><th>'.join(map(escape, heads))}</th></tr>"
        text = "\n".join("  ".join(row).strip() for row in [heads, *rows])
        return {"text/plain": text, "text/html": f'<table class="dataframe">\n{head}\n{html}</table>'}


def _word(cell: Any) -> str:
    """Write a cell of a frame."""
    return "—" if not has_value(cell) else plain(cell) if isinstance(cell, float) else str(cell)


def dimension_frame(card: Card) -> pd.DataFrame:
    """Lay out the dimensions of `draw_dimensions`: contribution, possible and lost (points of the total), rate (per cent)."""
    names = ("contribution", "possible", "rate", "lost")
    cells = {name: [_half_up(getattr(line, name)) if line.possible else None for line in card.dimensions] for name in names}
    return CardFrame({"dimension": [line.label for line in card.dimensions], **cells})


def trend_frame(card: Card) -> pd.DataFrame:
    """Lay out the twelve months of `draw_trend`: total and dimensions, each as a share (0-100) of what was possible.

    ±: how far the band of nine chances in ten reaches to either side of the total; empty where no error is known.
    """
    share = 100 / card.standing.full
    totals, halves = ([None if one is None else share * one for one in (getattr(point, name) for point in card.trend)]
                      for name in ("total", "half"))  # fmt: skip
    columns = {say("chart.total", card.lang): totals, "±": halves}
    columns |= {line.label: [point.rates[at] for point in card.trend] for at, line in enumerate(card.dimensions)}
    rounded = {name: [_half_up(rate, 1) for rate in rates] for name, rates in columns.items()}
    return CardFrame(rounded, pd.Index([point.period for point in card.trend], name="period"), dtype="float64")


def class_frame(card: Card) -> pd.DataFrame:
    """Lay out the class of `draw_class`, best first and nameless: place, total, how many have it, whether it is the own."""
    counts, own = Counter(reversed(card.peers.totals)), card.standing.total if card.standing.rank else None
    places = [*accumulate(counts.values(), initial=1)][: len(counts)]
    mine = [total == own for total in counts]
    return CardFrame({"place": places, "total": [*counts], "units": [*counts.values()], "own": mine})


def indicator_frame(card: Card) -> pd.DataFrame:
    """Lay out the indicators with rounded numbers, for reading and for checking that nothing has moved."""
    names = ("numerator", "denominator", "value", "target", "points")
    cells = {name: [_half_up(getattr(line, name)) for line in card.indicators] for name in names}
    cells |= {"weight": [_half_up(100 * line.weight_used) for line in card.indicators]}
    cells |= {"contribution": [_half_up(line.contribution) if line.scored else None for line in card.indicators]}
    labels, statuses = ([getattr(line, name) for line in card.indicators] for name in ("label", "status"))
    return CardFrame({"indicator": labels, **cells, "status": statuses})


def _half_up(cell: float | None, decimals: int = 2) -> float | None:
    return None if cell is None else float(round_half_up(cell, decimals))
