"""The province at a glance: frames and figures of a run for notebooks/overview.ipynb; officers are in none of them."""

from collections.abc import Iterable
from html import escape
from itertools import accumulate
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fengqiao_eval.pages.charts import EMPTY, TEMPLATE
from fengqiao_eval.pages.colours import COLOURS
from fengqiao_eval.pages.fragments import Fragment, render
from fengqiao_eval.pages.plain_text import chance
from fengqiao_eval.pages.run_screen import objection_words
from fengqiao_eval.results import standings
from fengqiao_eval.results.run import Run
from fengqiao_eval.scheme.scheme import applies
from fengqiao_eval.scoring.ranking import RANKABLE
from fengqiao_eval.wording.numbers import day, fixed, has_value, period_words, plain, range_words, round_half_up, signed, term
from fengqiao_eval.words import character_width, say

SHADES = [[0, COLOURS["page"]["heat_0"][0]], [0.5625, COLOURS["page"]["heat_3"][0]], [1, COLOURS["page"]["heat_6"][0]]]
"""The colour scale of the one screen, from 60 to 100 points; the cells carry their numbers."""


MOST = 30
"""As many units as a heat map holds legibly."""


LONGEST, LONGEST_UNIT = 32, 20
"""As wide as a label of an axis may be; that of a unit stands beside its cells, which need the room on a phone."""


BAR, MEDIAN = COLOURS["figure"]["rest"][0], COLOURS["figure"]["own"][0]


def upper_level(run: Run) -> str:
    """Name the level of the heat map: the highest that has units to compare, else the highest."""
    counts = standings.places(run)["level"].value_counts()
    return next((level for level in standings.levels(run) if counts[level] > 1), standings.levels(run)[0])


def headline(run: Run, lang: str = "zh") -> Fragment:
    """Say what was scored and how the levels stand; brings the style sheet along."""
    manifest = run.manifest
    state, period = say(f"screen.state.{manifest['state']}", lang), period_words(manifest["periods"]["this"], lang)
    title = say("overview.headline", lang, title=run.scheme.name(lang), period=period, state=state)
    lines = []
    for level, part in _level_frames(run):
        lines.append(_level_line(level, part, run, lang))
        moved = part.loc[part["adjusted"] != 0, "adjusted"]
        if len(moved):
            words = {"level": term("level", level, lang), "what": standings.adjusted_words(run, lang)}
            ends = {name: signed(end, run.scheme.decimals) for name, end in (("low", moved.min()), ("high", moved.max()))}
            lines.append(say("overview.adjusted", lang, n=len(moved), **words, **ends))
    lines += _firmness(run, lang)
    lines += [say("overview.staff", lang, n=manifest["officers"])] if manifest["officers"] else []
    lines.append(say("overview.as_of", lang, as_of=day(manifest["as_of"]), version=run.scheme.version))
    return Fragment(render("overview_lines.html", lang, lines=lines), "\n".join([title, *lines]), styled=True)


def _firmness(run: Run, lang: str) -> list[str]:
    """Say in a sentence that places have ranges, and which classes cannot be put into an order; or that there are none."""
    listed, kept = standings.places(run), standings.rankability(run)
    if run.scheme.error == "none" or listed["rank"].isna().all():
        return [say("card.margin.counted", lang)] if run.scheme.error == "none" else []
    if listed["rank_low"].isna().all():
        return [say("screen.no_range", lang)]
    lost = [f"{term('level', level, lang)} {group}".strip() for (level, group), share in kept.items() if share < RANKABLE]
    said = say("overview.unordered", lang, classes=say("card.comma", lang).join(lost)) if lost else ""
    return [say("overview.ranges", lang) + said]


def _level_frames(run: Run) -> list[tuple[str, pd.DataFrame]]:
    listed = standings.places(run)
    return [(level, listed[listed["level"] == level]) for level in standings.levels(run)]


def _level_line(level: str, part: pd.DataFrame, run: Run, lang: str) -> str:
    totals = part.loc[part["rank"].notna(), "total"]
    low, middle, high = (fixed(number, run.scheme.decimals) for number in (totals.min(), totals.median(), totals.max()))
    few = ("overview.level_unranked", "overview.level_one" if len(part) == 1 else "overview.level_single")
    key = few[len(totals)] if len(totals) < len(few) else "overview.level"
    counts = {"level": term("level", level, lang), "units": len(part), "ranked": len(totals)}
    return say(key, lang, **counts, total=low, low=low, median=middle, high=high)


def classes(run: Run, lang: str = "zh") -> pd.DataFrame:
    """Lay out every class of every level: units, ranked, totals (median, lowest, highest) and how many have which grade.

    Where the run has ranges of places: how many places such a range holds (the median), and whether the class has an order.
    """
    rows, kept, firm = [], standings.rankability(run), standings.places(run)["rank_low"].notna().any()
    for level, part in _level_frames(run):
        for group, units in part.groupby("peer_class", sort=False):
            totals, grades = units.loc[units["rank"].notna(), "total"], units["grade"].value_counts()
            row = {"level": term("level", level, lang), "class": group or say("workbook.one_class", lang)}
            row |= {"units": len(units), "ranked": len(totals)}
            ends = {"median": totals.median(), "low": totals.min(), "high": totals.max()}
            row |= {name: _round_number(number, run.scheme.decimals) for name, number in ends.items()}
            row |= _order_cells(units, kept.get((level, group)), lang) if firm else {}
            named = {say(f"overview.column.{name}", lang): cell for name, cell in row.items()}
            bands = [band.grade for band in run.scheme.bands]
            rows.append(named | {standings.grade_words(run.scheme, band, lang): int(grades.get(band, 0)) for band in bands})
    return pd.DataFrame(rows)


def _order_cells(units: pd.DataFrame, kept: float | None, lang: str) -> dict[str, str]:
    """Say of a class how many places a range holds, whether it has an order, and what share of differences is real."""
    width = (units["rank_high"] - units["rank_low"] + 1).median()
    share = "—" if kept is None else chance(kept)
    order = say("overview.unordered_class", lang, kept=share) if kept is not None and kept < RANKABLE else share
    return {"width": "—" if pd.isna(width) else plain(width, 1), "order": order}


def _round_number(number: float, decimals: int) -> float:
    return float(round_half_up(number, decimals)) if has_value(number) else number


def movers(run: Run, lang: str = "zh", most: int = 5) -> pd.DataFrame:
    """List the units of the main level that rose and fell most places since the period before, at most so many each way."""
    level, listed = standings.main_level(standings.levels(run)), standings.places(run)
    moved = listed[(listed["level"] == level) & listed["change"].notna()].sort_values(["change", "unit_id"])
    ends = [moved[moved["change"] > 0].tail(most).iloc[::-1], moved[moved["change"] < 0].head(most).iloc[::-1]]
    names = {"name": "unit", "peer_class": "class", "rank_before": "before", "rank": "place"}
    chosen = pd.concat(ends, ignore_index=True).rename(columns=names)
    chosen["class"] = chosen["class"].replace("", say("workbook.one_class", lang))
    chosen["range"] = [range_words(low, high) for low, high in zip(chosen["rank_low"], chosen["rank_high"], strict=True)]
    chosen["change"] = [f"{change:+d}".replace("-", "−") for change in chosen["change"]]
    firm = ["range"] if chosen["rank_low"].notna().any() else []
    columns = ["unit", "unit_id", "class", "before", "place", *firm, "of", "change", "total"]
    return chosen[columns].rename(columns={name: say(f"overview.column.{name}", lang) for name in columns})


def draw_heat(run: Run, lang: str = "zh") -> go.Figure:
    """Draw the points of each unit of the upper level by indicator, numbers in the cells; of many units the lowest totals."""
    level, listed = upper_level(run), standings.places(run)
    ranked = listed[(listed["level"] == level) & listed["rank"].notna()].sort_values("total")
    units, indicators = ranked.iloc[:MOST].iloc[::-1], [i for i in run.scheme.indicators if applies(i, level)]
    points = standings.frame(run, "points").pivot(index="unit_id", columns="indicator", values="points")
    if ranked.empty:
        return _figure(say("overview.no_ranked", lang), EMPTY, [])
    cells = points.reindex(index=units["unit_id"], columns=[i.code for i in indicators]).to_numpy(dtype=float)
    words = [[fixed(cell, 0) if has_value(cell) else "" for cell in row] for row in cells]
    look = {"zmin": 60, "zmax": 100, "colorscale": SHADES, "showscale": False, "xgap": 2, "ygap": 2, "hoverinfo": "skip"}
    rates = 100 * cells / standings.full_marks(run).reindex(units["unit_id"]).to_numpy(dtype=float)[:, None]
    shown = [[round(cell, 1) if has_value(cell) else None for cell in row] for row in rates.tolist()]
    heat = go.Heatmap(z=shown, text=words, texttemplate="%{text}", **look)
    said = [say("overview.heat", lang, level=term("level", level, lang))]
    said += [say("overview.heat_more", lang, units=len(ranked), shown=MOST)] if len(ranked) > MOST else []
    across = {"side": "top", "tickangle": -40, "ticklabeloverflow": "allow", **_ticks(i.name(lang) for i in indicators)}
    axes = {"xaxis": across, "yaxis": {"autorange": "reversed", **_ticks(units["name"], LONGEST_UNIT)}}
    title = say("screen.semicolon", lang).join(said)
    return _figure(title, 190 + 30 * len(units), [heat], margin={"t": 170, "r": 90}, **axes)


def _ticks(names: Iterable[str], most: int = LONGEST) -> dict[str, Any]:
    """Name the places of an axis; two units may share a name, and are two rows all the same."""
    labels = [_label(name, most) for name in names]
    return {"tickvals": list(range(len(labels))), "ticktext": labels, "showgrid": False}


def _figure(title: str, height: int, traces: list[Any], **layout: Any) -> go.Figure:
    if not traces:  # a picture without anything in it has no axes either
        layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return go.Figure(traces, {"title": {"text": title}, "height": height, "template": TEMPLATE, "showlegend": False, **layout})


def _label(text: str, most: int = LONGEST) -> str:
    """Keep a label from being read as markup, and short enough for an axis; a Chinese character is as wide as two."""
    fits = sum(width <= most for width in accumulate(map(character_width, text)))
    return escape(text if fits == len(text) else text[: fits - 1] + "…", quote=False)


HEADROOM = 1.7
"""How much higher than its highest bar a strip is: so that the line of the median is seen above every number."""


def draw_spread(run: Run, lang: str = "zh") -> go.Figure:
    """Draw how the totals of the main level spread in each class: bars of one or two points, the median marked and written."""
    level, listed = standings.main_level(standings.levels(run)), standings.places(run)
    ranked = listed[(listed["level"] == level) & listed["rank"].notna()]
    title = {"text": say("overview.spread", lang, level=term("level", level, lang))}
    groups = [(group, units["total"]) for group, units in ranked.groupby("peer_class", sort=False) if len(units) > 1]
    if not groups:  # one is no spread
        return _figure(say("overview.no_ranked" if ranked.empty else "overview.no_spread", lang), EMPTY, [])
    names = []
    for group, totals in groups:
        said = {"units": len(totals), "median": fixed(totals.median(), run.scheme.decimals)}
        names.append(say("overview.spread_class", lang, group=_label(group or say("workbook.one_class", lang)), **said))
    figure = make_subplots(rows=len(groups), shared_xaxes=True, subplot_titles=names, vertical_spacing=0.24 / len(groups))
    width = 2 if ranked["total"].max() - ranked["total"].min() > 24 else 1  # noqa: PLR2004 - bars wide enough to read
    for row, (_, totals) in enumerate(groups, 1):
        bars = _bars(totals, width, lang)
        figure.add_trace(bars, row=row, col=1)
        figure.update_yaxes(range=[0, HEADROOM * max(bars.y)], row=row, col=1)
        figure.add_vline(x=totals.median(), line={"color": MEDIAN, "width": 2}, layer="below", row=row, col=1)
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title=say("workbook.total", lang), row=len(groups), col=1)
    look = {"template": TEMPLATE, "showlegend": False, "bargap": 0.08, "margin": {"t": 80}}
    return figure.update_layout(title=title, height=100 + 105 * len(groups), **look)


def _bars(totals: pd.Series, width: int, lang: str) -> go.Bar:
    bins = (totals // width).astype(int).value_counts().sort_index()
    middles = [(number + 0.5) * width for number in bins.index]
    hover = "%{x} · " + say("overview.units_in_bin", lang) + " %{y}<extra></extra>"
    words = {"text": bins.tolist(), "textposition": "outside", "textangle": 0, "cliponaxis": False, "constraintext": "none"}
    return go.Bar(x=middles, y=bins.tolist(), width=width * 0.92, marker={"color": BAR}, hovertemplate=hover, **words)


def table(shown: pd.DataFrame, run: Run, lang: str = "zh") -> Fragment:
    """Lay out a frame as a table for notebook and page; numbers stand to the right, with the scheme's decimals."""
    decimals, heads = run.scheme.decimals, [(name, _is_numeric(shown[name])) for name in shown]
    rows = [
        ["—" if not has_value(cell) else fixed(cell, decimals) if isinstance(cell, float) else str(cell) for cell in row]
        for row in shown.itertuples(index=False)
    ]
    text = shown.to_string(index=False) if len(shown) else say("overview.no_movers", lang)
    empty = render("overview_lines.html", lang, lines=[text])
    return Fragment(render("overview_table.html", lang, heads=heads, rows=rows) if rows else empty, text)


def _is_numeric(column: pd.Series) -> bool:
    """Say whether a column holds numbers, be they written with their sign, as a range, or not known."""
    return not pd.api.types.is_string_dtype(column) or bool(column.str.fullmatch(r"[+−]?[\d.]+|\d+–\d+|—").all())


def notes(run: Run, lang: str = "zh") -> Fragment:
    """Say what the records could not tell, how to object, and that scores are advice."""
    said = standings.notes(run, lang) or [say("screen.no_notes", lang)]
    said += [objection_words(run.manifest, lang), say("screen.advice", lang)]
    return Fragment(render("overview_lines.html", lang, lines=said), "\n".join(said))
