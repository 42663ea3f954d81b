"""What the screen is handed: a head as JSON, arrays as bytes, least significant byte first; and the screen as one file."""

import base64
import errno
import hashlib
import html
import json
import math
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fengqiao_eval.errors import OFFICER, UsageError
from fengqiao_eval.files import refuse_link, to_path, write_whole
from fengqiao_eval.results.run import Run
from fengqiao_eval.results.standings import county_names
from fengqiao_eval.scheme.scheme import base_marks
from fengqiao_eval.scoring.aggregation import least_share
from fengqiao_eval.scoring.normalisation import DECIMALS
from fengqiao_eval.tuning.rescore import Field, choice_warnings, choose, tunable_levels, tunable_periods
from fengqiao_eval.tuning.sensitivity import chance_ranges
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
    nodes = _nodes(field)
    if group is not None and group not in field.groups:
        raise UsageError("tune.no_group", given=group, known=", ".join(field.groups))
    why = kernel_reasons(field)
    return {
        "title": scheme.name(lang),
        "key": _draft_key(field, nodes),
        "kept": kept_key(field),
        "version": str(scheme.version),
        "run": manifest["run"],
        "state": manifest["state"],
        "period": str(field.period),
        "period_label": period_words(str(field.period), lang),
        "level": field.level,
        "level_label": term("level", field.level, lang),
        "levels": [] if readonly else [{"code": code, "label": term("level", code, lang)} for code in tunable_levels(field.run)],
        "periods": [] if readonly else [{"code": code, "label": period_words(code, lang)} for code in tunable_periods(field)],
        "n": len(field.units),
        "decimals": scheme.decimals,
        "full": base_marks(scheme),
        "style": scheme.weights,
        "least_covered": least_share(scheme),
        "mode": "kernel" if why else "browser",
        "why_kernel": why,
        "sampled": bool(field.unlinear),
        "nodes": nodes,
        "groups": [name or say("tune.whole_level", lang) for name in field.groups],
        "counties": list(_counties(field)[0]),
        "sizes": [say(f"tune.size_{size}", lang) for size in SIZES],
        "bands": [{"grade": one.name(lang), "at_least": math.ceil(one.at_least * 10**scheme.decimals)} for one in scheme.bands],
        "awards": field.awards,
        "no_range": range_missing(field),
        "no_ranges": [range_missing(field, number) for number in range(len(field.groups))],
        "lang": lang,
        "readonly": readonly,
        "warnings": list(choice_warnings(field, alone=readonly)),
        "words": {key: sentence[lang] for key, sentence in catalogue().items() if key.startswith("tuner.")},
        "asked": group or "",
        "group": field.groups.index(group) if group is not None else _first_group(field),
    }


def _first_group(field: Field) -> int:
    """Number the class to begin with: the largest of those that have an award list; where none has one, the first."""
    sizes = np.bincount(field.group, minlength=len(field.groups))
    return int(np.where(np.array(field.awards) > 0, sizes, 0).argmax())


def kept_key(field: Field) -> str:
    """Name under what a browser keeps what is chosen and typed beside drafts: the run, and the scheme it was scored by."""
    manifest = field.run.manifest
    scheme = str(manifest.get("fingerprints", {}).get("scheme", ""))
    return f"{manifest['run']} {scheme[:16]}"


def _draft_key(field: Field, nodes: list[dict[str, Any]]) -> str:
    """Name what a draft is of, for the browser that keeps it: run, table with its weights, level; no unit."""
    table = [str(field.table.scheme.version), *((node["code"], node["above"], node["weight"], node["whole"]) for node in nodes)]
    return f"{field.run.manifest['run']} {hashlib.sha256(json.dumps(table).encode()).hexdigest()[:16]} {field.level}"


def kernel_reasons(field: Field) -> str:
    """Say why the kernel must reckon, '' where the browser can."""
    why = [say(f"tune.why.{key}", field.lang) for key in field.unlinear]
    if len(field.units) > MOST_UNITS:
        why.append(say("tune.why.units", field.lang, count=len(field.units), most=MOST_UNITS))
    return say("explain.comma", field.lang).join(why)


def range_missing(field: Field, group: int | None = None) -> str:
    """Say why places of a group (by its number) have no range, or of the whole level, of which none then has one; '' if some do.

    The run knows no errors, or not of some indicator.
    """
    scheme, lang, columns = field.table.scheme, field.lang, field.table.columns
    here = np.ones(len(field.units), dtype=bool) if group is None else field.group == group
    if scheme.error == "none":
        return say("card.margin.counted", lang)
    used = (field.base.weighed.weight_used[:, columns] > 0) & here[:, None]
    lost = (used & np.isnan(field.sheet.errors[:, columns]) & ~np.isnan(field.base.points[:, columns])).any(axis=0)
    if lost.all() or not used.any():
        return say("card.margin.none", lang)
    if group is None and np.isfinite(field.sheet.error).any():
        return ""
    names = [scheme.indicators[column].name(lang) for column in columns[lost]]
    return say("tuner.no_error", lang, labels=say("card.comma", lang).join(names)) if names else ""


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
    points, errors = sheet.points[:, columns], sheet.errors[:, columns]
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
        "errors": (np.where(np.isnan(errors), NOT_SCORED, np.rint(np.nan_to_num(errors) * 10**DECIMALS)), "<i4"),
        "scale": (field.error_scale, "<f4"),
        "low": (sheet.low, "<i4"),
        "high": (sheet.high, "<i4"),
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


def _ranges_in_force(field: Field) -> dict[str, bytes]:
    """Lay out between which places units may stand at the weights in force; a run knows that of its own period alone."""
    low, high = np.zeros((2, len(field.units)), dtype="<i4")
    for group in range(len(field.groups)):
        at = field.group == group
        low[at], high[at], _ = chance_ranges(field, field.table.in_force, group)
    return {"low": low.tobytes(), "high": high.tobytes()}


MARK = '<meta name="generator" content="fengqiao tune">'
"""By which a page of ours is known, so that no other file is replaced."""


def refuse_page(run: Run, path: Path) -> None:
    """Refuse a place for the page: no .html file, inside the run, a link or folder, or a file that is no page of ours."""
    if path.suffix != ".html" or path.resolve().is_relative_to(run.path.resolve()):
        raise UsageError("tune.html", given=path)
    refuse_link(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if os.path.lexists(path):
        with path.open("rb") if path.is_file() else BytesIO() as file:
            if MARK.encode() not in file.read(1 << 10):
                raise UsageError("tune.taken", given=path)


def write_standalone(
    run: Run | str | Path,
    path: str | Path,
    level: str | None = None,
    group: str | None = None,
    period: str | None = None,
    lang: str | None = None,
) -> Path:
    """Write the tuning screen into one HTML file, for somebody without Jupyter: weights move, nothing can be saved.

    Arguments as those of tuner. Officers are numbered from the best to the last, neither named nor known by id.
    Raises UsageError where only a kernel can reckon, where the file is no page of ours, and as tuner does.
    """
    path, field = to_path(path), choose(run, level, period, lang)
    refuse_page(field.run, path)
    if why := kernel_reasons(field):
        raise UsageError("tune.alone", why=why)
    head, texts, parts = screen_head(field, group, readonly=True), unit_texts(field, nameless=True), unit_arrays(field)
    if not head["no_range"]:
        parts |= _ranges_in_force(field)
    if field.level == OFFICER:
        parts = _order_by_content(parts, len(field.units))
    arrays = {name: base64.b64encode(part).decode("ascii") for name, part in parts.items()}
    page = (
        (HERE / "standalone.html")
        .read_text("utf-8")
        .format(
            lang="zh-CN" if head["lang"] == "zh" else head["lang"],
            mark=MARK,
            title=html.escape(f"{head['words']['tuner.title']} · {head['title']}"),
            style=(HERE / "tuner.css").read_text("utf-8").replace("</style", "<\\/style"),
            no_script=html.escape(say("tune.no_script", head["lang"])),
            data=script_json({"head": head, "texts": texts, "arrays": arrays}),
            script=(HERE / "tuner.js").read_text("utf-8").replace("</script", "<\\/script"),
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page)
    return path
