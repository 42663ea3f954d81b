"""What no input may bring about: tracebacks, unknown exits, half a run, words of libraries, a citizen, rows that do not add up."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from fuzz import hostile, sound
from fuzz.project import Project

EXITS = {"check": (0, 1, 2), "score": (0, 1, 2)}
SECRET = re.compile(r"张三|110101199001011234")
FAULT = re.compile(r"^(?P<where>.*?)\[(?P<rule>[a-z_]+(?:\.[a-z_]+)+)\] (?P<said>.*)$")
ENGLISH = re.compile(
    r"Traceback|\b\w+(?:Error|Exception)\b|\b(?:duckdb|ibis|pyarrow|pydantic|yaml|pandas|numpy)\.|<class |object at 0x|\bErrno\b"
    r"|\bCannot |\bCould not |\bInvalid |\bwhile (?:parsing|scanning|constructing)|\bexpected <|\bInput should|\bgot \b|validation error"
    r"|\bExpected |\bunable to |\bnot supported|\bmalformed|\bcodec can't|\bunhashable|NoneType"
)
"""Words of libraries."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LEFT = re.compile(r"\.(?:part|old|latest|lock|tmp|wal)$|^\.tmp$|~$")
"""What is only there while a run is being made."""


@dataclass
class Ran:
    """One command that ran: its exit code, what it said, and the traceback of what it let through."""

    command: str
    code: int
    out: str = ""
    err: str = ""
    traceback: str = ""
    seconds: float = 0.0


@dataclass
class Finding:
    """Something that may not be: of what kind, and where."""

    kind: str
    place: str
    detail: str = ""


def snapshot(folder: Path) -> dict[str, str]:
    """Fingerprint everything in a folder; a folder is one too."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def judge(project: Project, folder: Path, before: dict[str, str], ran: list[Ran]) -> Iterator[Finding]:
    """Find all that may not be."""
    for one in ran:
        yield from _of_command(project, one)
    after = snapshot(folder)
    score = next((one for one in ran if one.command == "score"), None)
    if score is None or score.traceback:
        return
    check = next((one for one in ran if one.command == "check"), score)
    if (check.code != 0 and bool(check.err.strip())) != (score.code != 0) and not check.traceback:
        yield Finding("check and score differ", f"{check.code} and {score.code}", f"{check.err}\n--\n{score.err}")
    yield from _of_folder(folder, before, after, accepted=score.code == 0)
    if score.code == 0:
        yield from _sums(project, folder)


def _of_command(project: Project, ran: Ran) -> Iterator[Finding]:
    if ran.traceback:
        yield Finding("traceback", place_of(ran.traceback), ran.traceback)
        return
    if "Traceback" in ran.out + ran.err:
        yield Finding("traceback printed", place_of(ran.out + ran.err), ran.out + ran.err)
    if ran.code not in EXITS[ran.command]:
        yield Finding("exit", f"{ran.command} {ran.code}", ran.err)
    if ran.code and not (ran.err.strip() or ran.out.strip()):
        yield Finding("said nothing", f"{ran.command} {ran.code}")
    if found := SECRET.search(ran.out + ran.err):
        text = ran.out + ran.err
        yield Finding("a citizen", _rule_near(text, found.start()), text[max(0, found.start() - 300) : found.end() + 100])
    lines = [(ran.err, line) for line in ran.err.splitlines() if line.strip()]
    for _, line in lines:
        parts = FAULT.match(line)
        said = parts["said"] if parts else line
        if found := ENGLISH.search(said):
            yield Finding("words of a library", f"{parts['rule'] if parts else '-'}: {found[0]}", line[:600])
        if ran.code in (1, 2) and project.lang == "zh" and not CHINESE.search(said):
            yield Finding("no Chinese", parts["rule"] if parts else line[:60], line[:600])


def _rule_near(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    found = FAULT.match(line + "x")
    return found["rule"] if found else re.sub(r"\d+|[“\"].*", "…", line)[:50]


def place_of(traceback: str) -> str:
    """Name the last line of a traceback within the package, and the exception."""
    inner = re.findall(r'File "[^"]*?(fengqiao_eval/[^"]+)", line (\d+), in (\S+)', traceback)
    error = next(
        (
            line
            for line in reversed(traceback.splitlines())
            if re.match(r"[\w.]+(?:Error|Exception|Hang|Exit|Interrupt)?\b", line)
        ),
        "",
    )
    where = f"{inner[-1][0]}:{inner[-1][1]} {inner[-1][2]}" if inner else "?"
    return f"{where} {error.split(':')[0].rsplit('.', 1)[-1][:40]}"


def _of_folder(folder: Path, before: dict[str, str], after: dict[str, str], *, accepted: bool) -> Iterator[Finding]:
    """Look for what a refusal left behind, what is half made, and for input that was changed."""
    for path, content in before.items():
        if after.get(path) != content and not path.endswith("log.jsonl"):
            yield Finding("input changed", re.sub(r"\d+", "N", path))
    new = sorted(path for path in after.keys() - before.keys() if not path.endswith("log.jsonl"))
    if not accepted and new:
        yield Finding("left after a refusal", new[0], ", ".join(new))
    for path in new:
        if LEFT.search(path.rsplit("/", 1)[-1]):
            yield Finding("half made", path)
    for path in (path for path in after if path.endswith(("log.jsonl", "manifest.json")) and path not in before):
        text = (folder / path).read_text("utf-8", "replace")
        if SECRET.search(text):
            yield Finding("a citizen", path.rsplit("/", 1)[-1], text[:500])
        try:
            [json.loads(line) for line in (text.splitlines() if path.endswith("jsonl") else [text])]
        except ValueError:
            yield Finding("no JSON", path, text[:500])
    if accepted:
        manifests = [path for path in new if path.endswith("/manifest.json")]
        if not manifests:
            yield Finding("half made", "no manifest", ", ".join(new))
        for path in (path for path in new if path.endswith(".parquet")):
            frame = pq.read_table(folder / path)
            if hostile.CITIZEN in str(frame.to_pydict()):
                yield Finding("a citizen", path.rsplit("/", 1)[-1])


# Rows


def _sums(project: Project, folder: Path) -> Iterator[Finding]:
    """Hold the rows of each file against those counted and those told of."""
    path = next((path for path in folder.rglob("manifest.json") if "officer" not in path.parts), None)
    if path is None:
        return
    told = json.loads(path.read_text("utf-8"))
    labels = _labels()
    notes: dict[tuple[str, str], int] = {}
    for note in told["notes"]:
        table = labels.get(note["given"].get("table", ""), "")
        notes[note["key"], table] = notes.get((note["key"], table), 0) + int(note["given"].get("count", 0) or 0)
    counted = _counted(path.parent)
    for table, expected in project.expected.items():
        if table not in told["counts"]:
            yield Finding("rows", f"{table} is not counted", str(told["counts"]))
            continue
        dropped = sum(notes.get((key, table), 0) for key in ("equal_rows", "repeated_first", "repeated_last"))
        if expected.rows != told["counts"][table] + dropped:
            yield Finding(
                "rows", f"{table} read", f"{expected.rows} rows in, {told['counts'][table]} read, {dropped} told as dropped"
            )
        if expected.in_period is None or f"rows_{table}" not in counted or notes.get(("equal_rows", table), 0) != expected.equal:
            continue
        if told["in_period"].get(table) != expected.in_period:
            yield Finding(
                "rows", f"{table} told as of the period", f"{expected.in_period} rows, {told['in_period'].get(table)} told"
            )
        units = sum(notes.get((key, table), 0) for key in ("unknown_units", "outside_units", "unscored_units"))
        late, here = notes.get(("late", table), 0), counted[f"rows_{table}"]
        if not 0 <= here + units + late - expected.in_period <= min(units, late):  # some are both
            detail = f"{expected.in_period} rows, {here} counted, {units} of no unit, {late} late: {told['notes']}"
            yield Finding("rows", f"{table} in the period", detail)


def _labels() -> dict[str, str]:
    from fengqiao_eval.records.tables import TABLES  # noqa: PLC0415 - one look-up

    return {table.label: name for name, table in TABLES.items()} | {name: name for name in TABLES}


def _counted(run: Path) -> dict[str, int]:
    """Add up what the units without another above them have, by indicator."""
    files = [path for path in (run / "units.parquet", run / "officer" / "units.parquet") if path.is_file()]
    units = [row for path in files for row in pq.read_table(path, columns=["unit_id", "parent_id"]).to_pylist()]
    there = {row["unit_id"] for row in units}
    tops = {row["unit_id"] for row in units if row["parent_id"] not in there}
    measured = pq.read_table(run / "measures.parquet", columns=["unit_id", "indicator", "period", "n"]).to_pylist()
    found: dict[str, int] = {}
    for row in measured:
        if row["unit_id"] in tops and row["period"] == sound.PERIOD:
            found[row["indicator"]] = found.get(row["indicator"], 0) + int(row["n"] or 0)
    return found
