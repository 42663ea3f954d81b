"""The log of runs: a line of JSON an event, which programs read as well as people; it never stops a run."""

import json
import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fengqiao_eval.errors import FengqiaoError, FileAccessError, InputError, UsageError
from fengqiao_eval.words import catalogue, language, say

NAME = "log.jsonl"
"""What the log is called; it lies beside the runs, in `out`."""

EVENTS = ("started", "unchanged", "changed", "frames", "card_failed", "finished", "refused", "stopped", "not_printed")
"""What is logged."""

LONGEST = 300
"""The characters that are kept of a text: the words of an exception may hold a whole table."""


@dataclass(frozen=True)
class Log:
    """A log file; `run` stands in every line, times are those of `timezone` with their offset."""

    path: Path
    run: str = ""
    timezone: str = "Asia/Shanghai"

    def write(self, event: str, **facts: Any) -> None:
        """Append one line: time, run, event (one of EVENTS) and facts, JSON's own kinds or what str() says of others.

        Lines of several processes do not mix. Without the folder nothing is written; whatever else hinders is told once, on
        stderr. The caller names no officer.
        """
        now = datetime.now(ZoneInfo(self.timezone)).isoformat(timespec="seconds")
        given = {"time": now, **({"run": self.run} if self.run else {}), "event": event, **facts}
        try:
            if self.path.parent.is_dir():
                _append(self.path, line(given))
        except (OSError, ValueError) as error:
            _tell_once(self.path.name, str(error.strerror if isinstance(error, OSError) else error))


def line(given: dict[str, Any]) -> str:
    r"""Write a line of JSON that nothing in it can break; texts are cut at LONGEST.

    >>> line({"unit": "S1\n\u2028{}", "seconds": 1.5})
    '{"unit": "S1\\n\\u2028{}", "seconds": 1.5}'
    """
    text = json.dumps(_cut(given), ensure_ascii=False, allow_nan=False, default=str)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)


def _cut(given: Any) -> Any:
    if isinstance(given, str):
        return given if len(given) <= LONGEST else given[: LONGEST - 1] + "…"
    if isinstance(given, dict):
        return {str(key): _cut(value) for key, value in given.items()}
    return [_cut(value) for value in given] if isinstance(given, (list, tuple)) else given


def _append(path: Path, text: str) -> None:
    """Append in one call; half a line, which a full disk or a loss of power left, is ended first."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if not _is_ours(os.fstat(file)):
            raise ValueError(say("run.log_foreign"))
        if sys.platform != "win32":  # wait while another process writes, whose half line is not torn
            import fcntl  # noqa: PLC0415 - POSIX only

            with suppress(OSError):  # a file system that locks nothing
                fcntl.flock(file, fcntl.LOCK_EX)
        size = os.lseek(file, 0, os.SEEK_END)
        os.lseek(file, max(0, size - 1), os.SEEK_SET)
        torn = size > 0 and os.read(file, 1) != b"\n"
        os.write(file, b"\n" * torn + text.encode("utf-8") + b"\n")
    finally:
        os.close(file)


def _is_ours(found: os.stat_result) -> bool:
    """Say whether a log is a file of this user; a pipe of somebody else's would make a run wait, or read what it does."""
    return stat.S_ISREG(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


@cache
def _tell_once(name: str, why: str) -> None:
    with suppress(OSError, AttributeError):  # stderr is closed or full too
        sys.stderr.write(say("run.no_log", name=name, why=why) + "\n")


def resource_usage() -> dict[str, float]:
    """Give what this process and those it started took so far: cpu in seconds, peak in megabytes; nothing on Windows."""
    if sys.platform == "win32":
        return {}
    import resource  # noqa: PLC0415 - Windows has none

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 2**20 if sys.platform == "darwin" else 2**10  # what macOS counts in bytes, Linux counts in kilobytes
    cpu = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    return {"cpu": cpu, "peak": round(used[0].ru_maxrss / unit), "peak_of_children": round(used[1].ru_maxrss / unit)}


def heads(error: FengqiaoError) -> list[str]:
    """Give the first words of each fault of a refusal: file, place and rule, or the sentence; never what was given.

    What was given may be a person's id, a path or a password.

    >>> heads(UsageError("only", given="P0001", known="P0002"))
    ['没有单位“…”；相近的有：…']
    """
    if isinstance(error, InputError | FileAccessError):
        faults = error.faults if isinstance(error, InputError) else (error.fault,)
        places = [(re.split(r"[/\\]", file)[-1], place) for file, place in (fault.where for fault in faults)]
        where = [" · ".join(filter(None, place)) for place in places]
        return [f"{place} [{fault.rule}]" for place, fault in zip(where, faults, strict=True)]
    if isinstance(error, UsageError):
        key = f"usage.{error.key}"
        return [re.sub(r"\{[^{}]*\}", "…", catalogue()[key][language()]) if key in catalogue() else key]
    return [type(error).__name__]
