"""Two finished runs compared: lines for the console, and a page beside the runs, which are never written to."""

from collections.abc import Iterator
from pathlib import Path
from unicodedata import east_asian_width

from fengqiao_eval.errors import UsageError
from fengqiao_eval.names import file_name
from fengqiao_eval.runs.reopened import find_run
from fengqiao_eval.scorecards import before_after
from fengqiao_eval.scorecards.compared import Compared, Table
from fengqiao_eval.scorecards.moved_words import sections


def compared(before: Path, after: Path, out: Path | None, lang: str) -> tuple[list[str], Path]:
    """Compare two runs: folders, names in runs/, or `latest`; write the page and return the lines with the page's path.

    Raises UsageError for an unknown run, for one run given twice, and for an `out` inside a run or that is no .html file.
    """
    runs = find_run(before), find_run(after)
    folders = [run.path.resolve() for run in runs]
    if folders[0] == folders[1]:
        raise UsageError("compare.same", run=runs[0].manifest["run"])
    names = (file_name(str(run.manifest["run"])) for run in runs)
    page = out or Path("-".join(["compare", *names]) + ".html")
    if page.suffix != ".html" or any(page.resolve().is_relative_to(folder) for folder in folders):
        raise UsageError("compare.out", given=page)
    found = before_after.compare(*runs, lang)
    said = list(lines(found))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(before_after.page(found), "utf-8", newline="\n")
    return said, page


def lines(one: Compared) -> Iterator[str]:
    """Say what the page says, in lines."""
    heads = (("", False), *((one.say(f"compare.fact.{side}"), False) for side in ("before", "after")))
    yield from aligned(Table(heads, tuple(before_after.facts(one))))
    yield from before_after.beware(one)
    yield before_after.differences(one)
    for section in sections(one):
        yield from ("", section.title, *(f"  {line}" for line in section.lines))
        yield from (f"  {line}" for line in (aligned(section.table) if section.table else ()))


def aligned(table: Table) -> Iterator[str]:
    """Set a table in lines, numbers to the right; a Chinese character is as wide as two.

    >>> list(aligned(Table((("单位", False), ("n", True)), (("甲", "12"), ("ab", "3")))))
    ['单位   n', '甲    12', 'ab     3']
    """
    rows = [tuple(name for name, _ in table.heads), *table.rows]
    widths = [max(map(_wide, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, table.heads, strict=True)
        yield "  ".join(_set(cell, width, numbers=head[1]) for cell, width, head in cells).rstrip()


def _wide(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _set(cell: str, width: int, *, numbers: bool) -> str:
    space = " " * (width - _wide(cell))
    return space + cell if numbers else cell + space
