"""What the screen is handed: a head as JSON, arrays as bytes, least significant byte first; and the screen as one file."""

import base64
import html
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.files import write_whole
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import county_names
from fengqiao_eval.scheme.scheme import base_marks
from fengqiao_eval.scoring.aggregation import least_share
from fengqiao_eval.scoring.normalisation import DECIMALS
from fengqiao_eval.tuning.rescore import Field, choice_warnings, choose
from fengqiao_eval.wording.numbers import SMALL, period_words, term
from fengqiao_eval.words import catalogue, say, script_json

HERE = Path(__file__).parent


NOT_SCORED = -(2**31)


MOST_UNITS = 2**16
"""More units than a browser can sort with one number each."""


SIZES = ("small", "middle", "large", "unknown")


def screen_head(field: Field, group: str | None = None, *, readonly: bool = False) -> dict[str, Any]:
    """Describe what is tuned, as JSON: the table, the groups, and every sentence of the screen.

    Raises UsageError for a group that the level does not have.
    """
    manifest, scheme, lang = field.run.manifest, field.table.scheme, field.lang
    if group is not None and group not in field.groups:
        raise UsageError("tune.no_group", given=group, known=", ".join(field.groups))
    why = kernel_reasons(field)
    return {
        "title": scheme.name(lang),
        "version": str(scheme.version),
        "run": manifest["run"],
        "state": manifest["state"],
        "period": str(field.period),
        "period_label": period_words(str(field.period), lang),
        "level": field.level,
        "level_label": term("level", field.level, lang),
        "n": len(field.units),
        "decimals": scheme.decimals,
        "full": base_marks(scheme),
        "style": scheme.weights,
        "least_covered": least_share(scheme),
        "mode": "kernel" if why else "browser",
        "why_kernel": why,
        "sampled": bool(field.unlinear),
        "nodes": _nodes(field),
        "groups": [name or say("tune.whole_level", lang) for name in field.groups],
        "counties": list(_counties(field)[0]),
        "sizes": [say(f"tune.size_{size}", lang) for size in SIZES],
        "bands": [{"grade": one.name(lang), "at_least": math.ceil(one.at_least * 10**scheme.decimals)} for one in scheme.bands],
        "awards": field.awards,
        "lang": lang,
        "readonly": readonly,
        "warnings": list(choice_warnings(field)),
        "words": {key: sentence[lang] for key, sentence in catalogue().items() if key.startswith("tuner.")},
        "group": field.groups.index(group) if group is not None else int(np.bincount(field.group).argmax()),
    }


def kernel_reasons(field: Field) -> str:
    """Say why the kernel must reckon, '' where the browser can."""
    why = [say(f"tune.why.{key}", field.lang) for key in field.unlinear]
    if len(field.units) > MOST_UNITS:
        why.append(say("tune.why.units", field.lang, count=len(field.units), most=MOST_UNITS))
    return say("explain.comma", field.lang).join(why)


def _nodes(field: Field) -> list[dict[str, Any]]:
    """List the whole and the parts of the table, each before what is in it; leaf: its column in the points (-1: none)."""
    table = field.table
    leaf = {int(table.tree.leaves[column]): number for number, column in enumerate(table.columns)}
    names = [("", table.scheme.name(field.lang)), *((part.code, part.name(field.lang)) for part in table.parts)]
    return [
        {
            "code": code,
            "label": label,
            "above": int(table.above[node]),
            "leaf": leaf.get(int(table.nodes[node]), -1),
            "weight": int(table.in_force[node]),
            "whole": table.whole(table.in_force, node),
        }
        for node, (code, label) in enumerate(names)
    ]


def unit_arrays(field: Field) -> dict[str, bytes]:
    """Lay out the units: points (units × indicators, ten-thousandths), and per unit what is said of it."""
    sheet, columns, indicators = field.sheet, field.table.columns, field.table.scheme.indicators
    surveyed = [column for column in columns if "surveys" in indicators[column].measure.tables]
    points = sheet.points[:, columns]
    scaled = np.where(np.isnan(points), NOT_SCORED, np.rint(np.nan_to_num(points) * 10**DECIMALS))
    found = {
        "points": (scaled, "<i4"),
        "adjusted": (field.base.totals - field.base.contributions.sum(axis=1), "<i4"),
        "able": (field.among.eligible & ~field.base.barred, "u1"),  # if enough is scored
        "barred": (field.kept_from_awards, "u1"),
        "group": (field.group, "<u2"),
        "county": (_counties(field)[1], "<u2"),
        "size": (_sizes(field.units), "u1"),
        "few": (((sheet.records < SMALL) & ~sheet.spared)[:, surveyed].any(axis=1), "u1"),
        "base": (field.base.totals, "<i4"),
    }
    return {name: np.ascontiguousarray(array.astype(kind)).tobytes() for name, (array, kind) in found.items()}


def unit_texts(field: Field, *, nameless: bool = False) -> dict[str, str]:
    """Give names and ids, one a line; nameless: officers by number only."""
    columns = {"names": field.units["name"], "ids": field.units["unit_id"]}
    if nameless and field.level == OFFICER:
        numbers = pd.Series(range(1, len(field.units) + 1)).astype(str)
        columns = {"names": term("level", OFFICER, field.lang) + " " + numbers, "ids": numbers}
    cells = {key: column.fillna("").to_numpy(dtype=object) for key, column in columns.items()}
    return {key: "\n".join(" ".join(str(cell).split()) for cell in column) for key, column in cells.items()}


def _counties(field: Field) -> tuple[pd.Series, np.ndarray]:
    """Name the counties, and say in which each unit lies."""
    ids, known = pd.factorize(field.units["county_id"].fillna("").astype("str"), sort=True)
    return county_names(field.run, pd.Series(known)).replace("", say("tune.no_county", field.lang)), ids


def _sizes(units: pd.DataFrame) -> np.ndarray:
    """Put units into thirds by residents, else by person-days; those of unknown size stand apart."""
    known = [units[name].astype("float64") for name in ("residents", "person_days") if name in units]
    size = next((each for each in known if each.notna().any()), pd.Series(np.nan, index=units.index)).to_numpy()
    if np.isnan(size).all():
        return np.full(len(units), len(SIZES) - 1)
    lines = np.nanquantile(size, [1 / 3, 2 / 3])
    return np.where(np.isnan(size), len(SIZES) - 1, np.searchsorted(lines, size))


# The screen as one file that needs no server and asks for nothing: read-only, without a name of an officer


def _order_by_content(parts: dict[str, bytes], count: int) -> dict[str, bytes]:
    """Put units into an order that the page itself shows, best first, whatever the order was in which they came.

    The order is that of the cells printed, so it tells nothing that they do not. That of ids would make number n the n-th police
    number, and a shuffle by a key that lies in the run could be undone by whoever has the run.
    """
    rows = {name: np.frombuffer(part, "u1").reshape(count, -1) for name, part in parts.items()}
    total = np.frombuffer(parts["base"], "<i4").astype("i8")
    order = np.lexsort((*np.hstack(list(rows.values())).T, -total))
    return {name: cells[order].tobytes() for name, cells in rows.items()}


def write_standalone(
    run: Run | str | Path, path: str | Path, level: str | None = None, group: str | None = None, period: str | None = None
) -> Path:
    """Write the tuning screen into one HTML file, for somebody without Jupyter: weights move, nothing can be saved.

    Arguments as those of tuner. Officers are numbered from the best to the last, neither named nor known by id.
    Raises UsageError where only a kernel can reckon, and as tuner does.
    """
    field = choose(run, level, period)
    if why := kernel_reasons(field):
        raise UsageError("tune.alone", why=why)
    head, texts, parts = screen_head(field, group, readonly=True), unit_texts(field, nameless=True), unit_arrays(field)
    if field.level == OFFICER:
        parts = _order_by_content(parts, len(field.units))
    arrays = {name: base64.b64encode(part).decode("ascii") for name, part in parts.items()}
    page = (
        (HERE / "standalone.html")
        .read_text("utf-8")
        .format(
            lang="zh-CN" if head["lang"] == "zh" else head["lang"],
            title=html.escape(f"{head['words']['tuner.title']} · {head['title']}"),
            style=(HERE / "tuner.css").read_text("utf-8").replace("</style", "<\\/style"),
            no_script=html.escape(say("tune.no_script", head["lang"])),
            data=script_json({"head": head, "texts": texts, "arrays": arrays}),
            script=(HERE / "tuner.js").read_text("utf-8").replace("</script", "<\\/script"),
        )
    )
    write_whole(Path(path), page)
    return Path(path)
