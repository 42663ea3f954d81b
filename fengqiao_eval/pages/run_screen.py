"""The one screen (一屏尽览): every unit above officers on one offline page; and the index of officers' cards."""

import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from fengqiao_eval.errors import FLAGS, OFFICER
from fengqiao_eval.files import file_name, link
from fengqiao_eval.pages import receipts
from fengqiao_eval.pages.colours import page_colours
from fengqiao_eval.pages.fragments import render
from fengqiao_eval.results.caveats import banner, template_lines
from fengqiao_eval.results.frames import page_names
from fengqiao_eval.results.run import Run, open_run
from fengqiao_eval.results.standings import (
    adjusted_words,
    dimension_scores,
    dimensions_at,
    frame,
    grade_words,
    levels,
    notes,
    places,
    reasons,
    rule_words,
)
from fengqiao_eval.scheme.scheme import base_marks, weight_at
from fengqiao_eval.wording.numbers import flags, has_value, period_words, term
from fengqiao_eval.words import catalogue, say, script_json

HEAT = (60, 70, 80, 85, 90, 95)
"""Where the shading of the heat map changes, in per cent of full marks; the cells carry their numbers all the same."""


FIELDS = (
    *("unit_id", "name", "peer_class", "parent", "total", "rank", "of", "rank_low", "rank_high", "grade", "change"),
    *("adjusted", "link", "covered", "reason", "remark", "dimensions"),
)
"""What stands at which place of a row; dimensions holds [contribution, rate, full, n] of each, or null where not scored."""


def write(run_folder: Path, lang: str = "zh", changed: Sequence[str] = (), *, officers: bool = False) -> None:
    """Write index.html, assets/rows.js and the page's script and style; only cards that exist are linked.

    The rows are a script, since a page on file:// can fetch nothing. changed: what to say of what changed since the last run.
    Officers are not on the page, only their number; officers: write instead officer/index.html, which lists their cards that
    exist, and nothing where no officer was scored.
    """
    run = open_run(run_folder)
    if officers and frame(run, "ranks", officers=True).empty:
        return
    manifest, data = run.manifest, _data(run, lang, officers=officers)
    folder, rows, inner = (run.path / OFFICER, "rows.js", "../assets") if officers else (run.path, "assets/rows.js", "assets")
    staff = say("screen.staff_number", lang, n=manifest["officers"])
    if officers:
        scored, cards = len(frame(run, "ranks", officers=True)), sum(len(level["rows"]) for level in data["levels"])
        staff = say("screen.staff_listed", lang, n=scored, cards=cards)
    assets = folder / inner
    assets.mkdir(parents=True, exist_ok=True)
    for name, before in (("screen.js", ""), ("screen.css", page_colours())):
        source = files("fengqiao_eval.pages") / "templates" / name
        (assets / name).write_text(before + source.read_text("utf-8"), "utf-8", newline="\n")
    (folder / rows).write_text(f"window.FENGQIAO_ROWS={script_json(data)};\n", "utf-8", newline="\n")
    levels = [OFFICER] if officers else [*manifest["levels"], ""]
    page = render(
        "screen.html",
        lang,
        kicker=say("screen.kicker_officers" if officers else "screen.kicker", lang),
        words=_words(lang),
        run=run,
        period=period_words(manifest["periods"]["this"], lang),
        facts=_facts(run, staff, lang),
        objection=objection_words(manifest, lang),
        warned=[*banner(manifest, lang), *template_lines(manifest.get("templates", ()), levels, lang)],
        firm=frame(run, "ranks")["rank_low"].notna().any(),
        notes=notes(run, lang),
        changed=changed,
        assets=inner,
        rows=rows,
        overview=(folder / "overview.html").is_file(),
        read=receipts.NAME if (folder / receipts.NAME).is_file() else "",
    )
    (folder / "index.html").write_text(page + "\n", "utf-8", newline="\n")


def _words(lang: str) -> dict[str, str]:
    """Give the page's own words by the last part of their key, with the places left open for its script."""
    own = {key.removeprefix("screen."): said[lang] for key, said in catalogue().items() if key.startswith("screen.")}
    return {key: said for key, said in own.items() if "." not in key}


def _facts(run: Run, staff: str, lang: str) -> Iterator[tuple[str, str]]:
    periods = run.manifest["periods"]
    yield say("screen.period", lang), period_words(periods["this"], lang)
    if periods.get("previous"):
        said = "" if places(run)["rank_before"].notna().any() else say("screen.nothing_before", lang)
        yield say("screen.compared", lang), period_words(periods["previous"], lang) + said
    yield say("screen.as_of", lang), f"{datetime.fromisoformat(run.manifest['as_of']):%Y-%m-%d %H:%M}"
    yield say("screen.scheme", lang), run.scheme.version
    if run.manifest["officers"]:
        yield say("screen.staff", lang), staff


def objection_words(manifest: Mapping[str, Any], lang: str) -> str:
    """Say how to object, and until when where a date was set."""
    said = say("screen.object", lang, contact=manifest.get("contact") or say("screen.no_contact", lang))
    if until := manifest.get("objection_until"):
        said += say("screen.object_until", lang, until=say("screen.day", lang, d=datetime.fromisoformat(until)))
    return said


def _data(run: Run, lang: str, *, officers: bool) -> dict[str, Any]:
    """Gather what the page's script shows: words, grades, and the rows of each level, whose places FIELDS names."""
    by_class = isinstance(run.scheme.full_marks, dict)
    own = {  # what the column of adjustments holds, and why full marks differ from unit to unit, differs from run to run
        "adjusted": adjusted_words(run, lang),
        "redistributed": say("screen.full_by_class" if by_class else "screen.redistributed", lang),
    }
    listed = _listed_units(run, lang, officers=officers)
    period = period_words(run.period, lang)
    return {
        "words": _words(lang) | own,
        "lang": lang,
        "decimals": run.scheme.decimals,
        "heat": HEAT,
        "head": " · ".join([say(f"screen.state.{run.manifest['state']}", lang), run.scheme.name(lang), period]),
        "grades": [grade_words(run.scheme, band.grade, lang) for band in run.scheme.bands],
        "glance": not officers,  # figures over some officers' cards would look like figures over all
        "fields": FIELDS,
        "levels": [_level(run, level, listed[listed["level"] == level], lang) for level in levels(run, officers=officers)],
    }


def _listed_units(run: Run, lang: str, *, officers: bool) -> pd.DataFrame:
    """Add to the places what the screen says of each unit; of officers only those with a card are listed."""
    listed = places(run, officers=officers)
    names = page_names(run.frame("units", officers=officers))
    listed["link"] = [_link(run.path, level, names[unit]) for level, unit in zip(listed["level"], listed["unit_id"], strict=True)]
    listed["reason"] = listed["unit_id"].map(reasons(run, lang, officers=officers))
    listed["grade"] = [grade_words(run.scheme, grade, lang) for grade in listed["grade"]]
    listed["flags"], by_rule = listed["flags"].map(flags), rule_words(run, lang, officers=officers)
    listed["by_rule"] = [by_rule.get(unit, "") for unit in listed["unit_id"]]
    return listed[listed["link"].notna()] if officers else listed


def _link(folder: Path, level: str, name: str) -> str | None:
    """Give the address of a card by its file name, seen from the page that lists it; None where there is no card."""
    if not (folder / file_name(level) / f"{name}.html").is_file():
        return None
    return link(name, "" if level == OFFICER else level)


def _level(run: Run, level: str, listed: pd.DataFrame, lang: str) -> dict[str, Any]:
    dimensions = dimensions_at(run.scheme, level)
    parts = dimension_scores(run, officers=level == OFFICER)
    scores = {(row.unit_id, row.dimension): (row.contribution, row.rate, row.full, _cell(row.n)) for row in parts.itertuples()}
    common, own = _remarks(listed["flags"], listed["rank"].notna(), lang)
    own = [say("screen.comma", lang).join(filter(None, pair)) for pair in zip(own, listed["by_rule"], strict=True)]
    rows = [
        [*(_cell(row[field]) for field in FIELDS[:-2]), said, [scores.get((row["unit_id"], d.code)) for d in dimensions]]
        for row, said in zip(listed.to_dict("records"), own, strict=True)
    ]
    marks = base_marks(run.scheme) / 100
    heads = [{"label": d.name(lang), "full": float(weight_at(d.weight, level)) * marks} for d in dimensions]
    label = term("level", level, lang)
    return {"code": level, "label": label, "common": common, "dimensions": heads, "rows": rows}


def _remarks(flagged: pd.Series, ranked: pd.Series, lang: str) -> tuple[str, list[str]]:
    """Say once what is flagged of every ranked unit of a level, and of each unit the rest."""

    def words(given: Iterable[str]) -> str:
        return say("screen.comma", lang).join(term("flag", flag, lang) for flag in given)

    of_all = set.intersection(*map(set, flagged[ranked])) if ranked.sum() > 1 else set()
    shared = [flag for flag in FLAGS if flag in of_all]
    own = [words(flag for flag in given if flag not in {*shared, "not_ranked"}) for given in flagged]
    return say("screen.common", lang, flags=words(shared)) if shared else "", own


def _cell(cell: Any) -> Any:
    """Make a cell fit for JSON: whole numbers stay whole, what is missing is null."""
    if not has_value(cell):
        return None
    return int(cell) if isinstance(cell, numbers.Integral) or (isinstance(cell, float) and cell.is_integer()) else cell
