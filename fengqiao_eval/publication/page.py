"""The page public.html: what a run says to the public of every station and above; no officer, no zone, no record is on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from fengqiao_eval.files import write_whole
from fengqiao_eval.pages.colours import page_colours
from fengqiao_eval.pages.fragments import render
from fengqiao_eval.publication import PAGE
from fengqiao_eval.publication.breakdown import Breakdown, levels_shown, read_breakdowns
from fengqiao_eval.results import standings
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.scheme.indicator import Indicator
from fengqiao_eval.scheme.scheme import least_percent
from fengqiao_eval.scoring.aggregation import covers_enough
from fengqiao_eval.wording.numbers import (
    covered_part,
    day,
    fixed,
    has_value,
    measured,
    number,
    period_words,
    plain,
    range_words,
    shown_status,
    signed,
    term,
)
from fengqiao_eval.words import readable, say, visible

SIGN = "＊"
"""What stands in a cell that is kept back."""

LONGEST = 200
"""As many signs are shown of a name."""


@dataclass(frozen=True)
class PublicUnit:
    """What is said of one unit: who it is, total, place, range of the place and grade in words, and a line an indicator."""

    anchor: str
    name: str
    unit_id: str
    peer_class: str
    total: str
    place: str
    margin: str
    grade: str
    notes: tuple[str, ...]
    lines: tuple[tuple[str, str, str], ...]
    """Label, numerator and denominator, value or why there is none."""


def write(folder: Path, lang: str = "zh") -> Path:
    """Write the page into the folder of a run and return its path; it asks nothing of any other file."""
    path = folder / PAGE
    write_whole(path, page(open_run(folder), lang) + "\n")
    return path


def page(run: Run, lang: str = "zh") -> str:
    """Make the page of a run: totals, places with their ranges, grades, counts, and answers of the public in cells of enough."""
    shown, untold = read_breakdowns(run)
    units = _units(run, lang)
    manifest = run.manifest
    return render(
        "public.html",
        lang,
        colours=Markup(page_colours()),  # noqa: S704 - our own
        title=_show(run.scheme.name(lang)),
        state=manifest["state"],
        facts=[(name, _show(value)) for name, value in _facts(run, lang)],
        warned=_show_line(_objectionable(manifest, lang)),
        levels=[(term("level", level, lang), [*units[level].values()]) for level in levels_shown(run)],
        breakdowns=[_table(one, run, units, lang) for one in shown],
        untold=[_show(indicator.name(lang)) for indicator in untold],
        sign=SIGN,
        least=run.scheme.least_cell,
    )


def _show(text: Any) -> str:
    """Show a name so that nothing in it moves a reader, whatever it holds and however long it is."""
    name = str(text)
    return visible(readable(name[:LONGEST])) + ("…" if len(name) > LONGEST else "")


def _show_line(text: str) -> str:
    return visible(readable(text))


def _facts(run: Run, lang: str) -> Iterator[tuple[str, str]]:
    yield say("screen.period", lang), period_words(run.period, lang)
    yield say("screen.as_of", lang), day(run.manifest["as_of"])
    yield say("screen.scheme", lang), run.scheme.version
    yield say("screen.run", lang), str(run.manifest["run"])


def _objectionable(manifest: Mapping[str, Any], lang: str) -> str:
    """Say which lines of the scheme law forbids or statistics cannot bear; who answers for them is a person, and not said."""
    names = [one["name"][lang] for one in manifest.get("lint", ()) if one["level"] == "stop"]
    return say("public.objectionable", lang, names=say("explain.comma", lang).join(names)) if names else ""


# Units


Listed = dict[str, dict[str, "PublicUnit"]]
"""Of each level the units by unit_id, in the order of places."""


def _units(run: Run, lang: str) -> Listed:
    """Put together what is said of every unit."""
    listed, reasons = standings.places(run), standings.reasons(run, lang)
    points = standings.frame(run, "points")
    rows = {str(unit): part.set_index("indicator") for unit, part in points.groupby("unit_id", observed=True)}
    found: Listed = {level: {} for level in levels_shown(run)}
    enough = covers_enough(listed["covered"].to_numpy("float64"), run.scheme)
    for n, (row, covered) in enumerate(zip(listed.to_dict("records"), enough, strict=True), 1):
        if row["level"] in found:
            own = rows.get(row["unit_id"], points.iloc[:0].set_index("indicator"))
            found[row["level"]][row["unit_id"]] = _unit(run, f"u{n}", row, own, reasons, lang, covered=bool(covered))
    return found


def _unit(
    run: Run, anchor: str, row: Mapping[str, Any], own: pd.DataFrame, reasons: Mapping[str, str], lang: str, *, covered: bool
) -> PublicUnit:
    notes = []
    if not covered and row["covered"]:
        given = {"covered": covered_part(row["covered"]), "least": least_percent(run.scheme)}
        notes.append(say("screen.reason_covered", lang, **given))
    if row["adjusted"]:
        notes.append(f"{standings.adjusted_words(run, lang)} {signed(row['adjusted'], run.scheme.decimals)}")
    return PublicUnit(
        anchor,
        _show(row["name"]),
        _show(row["unit_id"]),
        _show(row["peer_class"] or ""),
        fixed(row["total"], run.scheme.decimals) if covered else say("card.no_total" if row["covered"] else "card.not_yet", lang),
        _place(row, reasons, lang),
        _margin(run, row, lang),
        standings.grade_words(run.scheme, row["grade"], lang) or say("card.no_grade", lang),
        tuple(notes),
        tuple(
            _line(indicator, own.loc[indicator.code], lang) for indicator in run.scheme.indicators if indicator.code in own.index
        ),
    )


def _place(row: Mapping[str, Any], reasons: Mapping[str, str], lang: str) -> str:
    """Say the place among how many, or why there is none."""
    if not has_value(row["rank"]):
        return say("public.unplaced", lang, reason=_show_line(reasons.get(row["unit_id"], "")))
    return say("card.alone", lang) if row["of"] <= 1 else say("card.place_of", lang, rank=int(row["rank"]), of=int(row["of"]))


def _margin(run: Run, row: Mapping[str, Any], lang: str) -> str:
    """Say between which places the place may lie, or why that is not known; nothing where there is no place."""
    if not has_value(row["rank"]) or row["of"] <= 1:
        return ""
    if has_value(row.get("rank_low")):
        return say("card.margin.short", lang, places=range_words(row["rank_low"], row["rank_high"]))
    if run.scheme.error == "none":
        return say("card.margin.counted", lang)
    return say("card.margin.few" if has_value(row.get("se_total")) else "card.margin.none", lang)


def _line(indicator: Indicator, row: Mapping[str, Any], lang: str) -> tuple[str, str, str]:
    above, below, value = (number(row[name]) for name in ("numerator", "denominator", "value"))
    said = measured(value, term("unit", indicator.unit, lang), short=below is None and above is not None)
    status = term("status", shown_status(row["status"], number(row["n"])), lang)
    counts = plain(above) if below is None else f"{plain(above)}/{plain(below)}"
    return _show(indicator.name(lang)), counts, said if value is not None else status


# Answers


def _table(one: Breakdown, run: Run, units: Listed, lang: str) -> dict[str, Any]:
    """Lay out a breakdown: a row a unit that was answered, with what is kept back as None."""
    rows = [(level, those[unit], one.units[unit]) for level, those in units.items() for unit in those if unit in one.units]
    return {
        "label": _show(one.indicator.name(lang)),
        "heads": [say("public.or", lang).join(map(_show, words)) for words in one.words],
        "rows": [
            (term("level", level, lang), unit, answers.answers, ["" if n is None else f"{n:,}" for n in answers.cells])
            for level, unit, answers in rows
        ],
        "said": _kept_back(one, run, lang),
    }


def _kept_back(one: Breakdown, run: Run, lang: str) -> list[str]:
    """Say how many cells are kept back and why, and of how many that is of no use."""
    if not one.few + one.beside:
        return [say("public.all_shown", lang)]
    said = [say("public.kept_back", lang, few=one.few, beside=one.beside, least=run.scheme.least_cell, sign=SIGN)]
    return [*said, say("public.derivable", lang, n=one.derivable)] if one.derivable else said
