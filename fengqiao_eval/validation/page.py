"""The report of a validation: validation.html and validation.csv, the records that failed a step as CSV, and its few lines."""

import csv
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fengqiao_eval.errors import UsageError
from fengqiao_eval.files import PRIVATE, check_own, foreign_fault, is_open, temporary_folder, write_whole
from fengqiao_eval.measuring.plausibility import percent
from fengqiao_eval.pages.colours import page_colours
from fengqiao_eval.pages.fragments import render
from fengqiao_eval.results.lost_records import escape_formula
from fengqiao_eval.validation.report import LISTED, ValidationReport, ValidationStep
from fengqiao_eval.validation.steps import SEVERITIES
from fengqiao_eval.wording.rules import table_label
from fengqiao_eval.words import quote, readable, say, visible

PAGE, STEPS, FAILING = "validation.html", "validation.csv", "failed"
"""What lies in the folder of a report: the page, its steps, and a folder of the records that failed them."""
MARK = '<meta name="generator" content="fengqiao check">'
"""What says in the head of a page that another report may take the place of the folder."""
NAMED = 5
"""As many names are said of what lies in a folder and is not ours."""
TOLD = 8
"""As many steps that failed are said on a console."""
LONGEST = 200
"""As many signs are shown of a name or an id."""


def check_folder(folder: Path) -> None:
    """Refuse a folder that is neither new nor empty nor an earlier report alone, and one where others may put things.

    Raises UsageError, which names what lies there; FileAccessError where the folder or the one above is not this user's alone.
    """
    if os.path.lexists(folder):
        here = Path.cwd().is_relative_to(os.path.realpath(folder))  # it would be gone under whoever works in it
        if folder.is_symlink() or not folder.is_dir() or here:
            raise UsageError("read.taken", given=folder)
        check_own(folder)
        _refuse_foreign(folder, folder)
    above = folder.absolute().parent
    if not above.is_dir():
        raise UsageError("read.parent", given=above)
    if is_open(above):
        raise foreign_fault("open", above)


def _refuse_foreign(there: Path, folder: Path) -> None:
    """Refuse what no earlier report wrote; there: where the folder lies now."""
    if foreign := _list_foreign(there):
        named = ", ".join(map(quote, foreign[:NAMED])) + (" …" if len(foreign) > NAMED else "")
        raise UsageError("validation.foreign", given=folder, foreign=named)


def _list_foreign(folder: Path) -> list[str]:
    """Name what lies in a folder and is no file that a report which says that it is ours says that it wrote."""
    inner = folder / FAILING
    theirs = inner.iterdir() if inner.is_dir() and not inner.is_symlink() else ()
    names = [*(path.name for path in folder.iterdir()), *(f"{FAILING}/{path.name}" for path in theirs)]
    ours = _list_ours(folder)
    kinds = {name: (folder / name).lstat().st_mode for name in names}
    return sorted(name for name in names
                  if name not in ours or not (stat.S_ISDIR if name == FAILING else stat.S_ISREG)(kinds[name]))  # fmt: skip


def _list_ours(folder: Path) -> set[str]:
    """Name what an earlier report is made of, as its table of steps tells; nothing where no page has our mark."""
    page, table = folder / PAGE, folder / STEPS
    if not _is_file(page):
        return set()
    with page.open("rb") as file:
        if MARK.encode() not in file.read(1 << 10):
            return set()
    rows = list[list[str]]()
    with suppress(csv.Error):  # somebody else wrote it
        rows += csv.reader(table.read_text("utf-8-sig", errors="replace").splitlines() if _is_file(table) else ())
    ours = bool(rows) and rows[0][:1] + rows[0][-1:] == ["step", "file"]
    return {PAGE, FAILING, *([STEPS, *(row[-1] for row in rows if row)] if ours else [])}


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def write(folder: Path, report: ValidationReport, facts: Mapping[str, str], lang: str = "zh") -> Path:
    """Write a report into a folder for its owner alone, in the place of an earlier one; return the path of its page.

    It is written whole beside the folder before the earlier one goes. facts: what is said at the head, name -> value. Raises as
    check_folder does, and leaves the folder as it was.
    """
    check_folder(folder)
    goal = Path(os.path.realpath(folder))
    with temporary_folder(str(goal.parent)) as beside:
        new = beside / "new"
        (new / FAILING).mkdir(PRIVATE, parents=True)
        new.chmod(PRIVATE)
        for name, step in _list_files(report):
            ids = step.listing.assign(table=step.table)[["table", "record_id", "unit_id"]]
            _write_csv(new / FAILING / name, [list(ids.columns), *ids.to_numpy().tolist()])
        _write_csv(new / STEPS, list(_rows(report, lang)))
        write_whole(new / PAGE, page(report, facts, lang) + "\n", private=True)
        _replace(goal, new, beside / "old", folder)
    return folder / PAGE


def _replace(goal: Path, new: Path, old: Path, folder: Path) -> None:
    """Put a new report in the place of what is there, which is looked at once more where nobody else finds it."""
    if not os.path.lexists(goal):
        new.rename(goal)
        return
    goal.rename(old)
    try:
        _refuse_foreign(old, folder)
        new.rename(goal)
    except BaseException:
        old.rename(goal)
        raise


def _write_csv(path: Path, rows: list[list[Any]]) -> None:
    """Write rows as a CSV that Excel opens; formulas are made harmless."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escape_formula(_show(cell)) for cell in row] for row in rows)
    write_whole(path, "\ufeff" + text.getvalue(), private=True)


def _list_files(report: ValidationReport) -> Iterator[tuple[str, ValidationStep]]:
    """Name the file of each step of which records are listed."""
    for number, step in enumerate(report.steps, 1):
        if len(step.listing):
            yield _file_name(number, step), step


def _file_name(number: int, step: ValidationStep) -> str:
    column = re.sub(r"[^a-z_]+", "-", step.column).strip("-_")
    return "_".join(part for part in (f"{number:03d}", step.rule, step.table, column) if part) + ".csv"


def _rows(report: ValidationReport, lang: str) -> Iterator[list[Any]]:
    """Give the steps as rows below their heading; programs of others read these columns: what is new is added behind."""
    frame = report.frame
    yield [*frame.columns, "words", "effect", "first", "file"]
    files = {id(step): name for name, step in _list_files(report)}
    for row, step in zip(frame.to_numpy().tolist(), report.steps, strict=True):
        row[-1] = f"{step.share:.6f}"
        file = files.get(id(step), "")
        told = [_rule(step, lang), _effect(step, lang), _first(step, lang), f"{FAILING}/{file}" if file else ""]
        yield [*row, *told]


def page(report: ValidationReport, facts: Mapping[str, str], lang: str = "zh") -> str:
    """Make the page: what failed, the worst first, with what the score does about it; then every step, as pointblank lists them.

    It asks nothing of any other file but the lists that it links.
    """
    numbers = {id(step): number for number, step in enumerate(report.steps, 1)}
    files = {id(step): name for name, step in _list_files(report)}
    lines = [_line(numbers[id(step)], step, files.get(id(step), ""), lang) for step in report.steps]
    failing = [lines[numbers[id(step)] - 1] for step in report.failing]
    return render(
        PAGE,
        lang,
        mark=Markup(MARK),  # noqa: S704 - our own
        colours=Markup(page_colours()),  # noqa: S704 - our own
        facts=[(name, _show(value)) for name, value in facts.items()],
        counts=[(one, say(f"validation.severity.{one}", lang), report.count(one)) for one in SEVERITIES],
        passed=len(report.steps) - len(failing),
        total=len(report.steps),
        failing=failing,
        steps=lines,
        listed=f"{LISTED:,}",
    )


def _line(number: int, step: ValidationStep, file: str, lang: str) -> dict[str, Any]:
    mark = step.severity if step.failed else "passed"
    return {
        "number": number,
        "mark": mark,
        "severity": say(f"validation.severity.{mark}", lang),
        "rule": _rule(step, lang),
        "table": _show(table_label(step.table, lang)),
        "column": _show(step.column),
        "tested": step.tested,
        "passed": step.passed,
        "failed": step.failed,
        "passed_share": percent(1 - step.share) if step.tested else "",
        "share": percent(step.share) if step.failed else "",
        "effect": _effect(step, lang),
        "first": _first(step, lang),
        "file": f"{FAILING}/{file}" if file else "",
    }


def _rule(step: ValidationStep, lang: str) -> str:
    return say(f"validation.rule.{step.rule}", lang)


def _effect(step: ValidationStep, lang: str) -> str:
    """Say what the score does about what failed; what is refused is scored by nobody."""
    if not step.failed:
        return ""
    return say("validation.refused" if step.severity == "fault" else f"validation.effect.{step.rule}", lang)


def _first(step: ValidationStep, lang: str) -> str:
    """Name what failed first: ids, else what the fault says of its rows, which shows no cell."""
    more = " …" if step.failed > len(step.first) else ""
    if step.first:
        return ", ".join(map(_show, step.first)) + more
    return "; ".join(_show_line(fault.text(lang)) for fault in step.faults)


def _show(text: Any) -> str:
    """Show a name so that nothing in it moves a reader, whatever it holds and however long it is."""
    name = str(text)
    return visible(readable(name[:LONGEST])) + ("…" if len(name) > LONGEST else "")


def _show_line(text: str) -> str:
    return visible(readable(text))


def lines(report: ValidationReport, lang: str) -> Iterator[str]:
    """Say how many steps failed, and the worst of them with what the score does; ids are said in the report alone."""
    counts = [f"{say(f'validation.severity.{one}', lang)} {report.count(one)}" for one in SEVERITIES]
    passed = len(report.steps) - len(report.failing)
    yield say("validation.summary", lang, n=len(report.steps), counts=say("explain.comma", lang).join(counts), passed=passed)
    for step in islice(report.failing, TOLD):
        table = _show(table_label(step.table, lang))
        given = {"table": table, "column": _show(step.column), "rule": _rule(step, lang), "effect": _effect(step, lang)}
        given |= {"severity": say(f"validation.severity.{step.severity}", lang), "share": percent(step.share)}
        yield say("validation.line", lang, **given, failed=f"{step.failed:,}", tested=f"{step.tested:,}")
    if (rest := len(report.failing) - TOLD) > 0:
        yield say("validation.more", lang, n=rest)
