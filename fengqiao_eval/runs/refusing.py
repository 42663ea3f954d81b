"""What ends a run before its end: logged, and a full disk said in plain words."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fengqiao_eval.errors import FengqiaoError, FullDiskError
from fengqiao_eval.runs import log, publish
from fengqiao_eval.runs.params import RunParams, run_name
from fengqiao_eval.runs.prepared import Order
from fengqiao_eval.words import say

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk without room is called, and a user without any left of theirs."""

_MEGABYTE = 2**20
_SHARED = 16 * _MEGABYTE
"""What the pages of a whole run take, scripts and workbooks among them."""

_CARD = 48 * 2**10
"""What a card takes with its list of records."""


@contextmanager
def refusals(params: RunParams | None, order: Order) -> Iterator[None]:
    """Log what a run is refused with, or stopped by, and say a full disk in plain words (FullDiskError)."""
    out = Path(params.out) if params else None
    base = run_name(order.path, params) if params and params.period else order.path.stem
    logged = log.Log(out / log.NAME, base, params.timezone) if params and out else None
    try:
        try:
            yield
        except Exception as error:
            if out is None or isinstance(error, FengqiaoError) or not (cause := _full(error)):
                raise
            raise FullDiskError(_no_room(cause, out, publish.part_of(out, base))) from error
    except FengqiaoError as error:
        if logged:
            logged.write("refused", exit=error.exit_code, faults=log.heads(error))
        raise
    except KeyboardInterrupt:
        if logged:
            logged.write("stopped")
        raise


def _full(error: BaseException | None) -> BaseException | None:
    """Find what says that the disk is full, in an exception or in what caused it; some libraries only quote the system."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or any(os.strerror(code) in str(error) for code in FULL):
            return error
        error = error.__cause__ or error.__context__
    return None


def _no_room(cause: BaseException, out: Path, part: Path) -> str:
    """Say which folder is full, what it has left, about what the run still needs, and where what is done is kept."""
    named = getattr(cause, "filename", None)
    folder = Path(os.fsdecode(named)).parent if isinstance(named, (str, bytes)) and named else out
    place = next(place for place in (folder, *folder.parents) if place.is_dir())
    free, needed = shutil.disk_usage(place).free // _MEGABYTE, _needed(part) // _MEGABYTE
    return say("run.disk_full", folder=folder, free=free, needed=needed, kept=part)


def _needed(part: Path) -> int:
    """Reckon what is still to be written, roughly and rather too much: bytes."""
    told = publish.read_manifest(part)
    cards = sum(told.get("units", {}).values()) + told.get("officers", 0) - sum(1 for _ in part.rglob("*.html"))
    return _SHARED + _CARD * max(cards, 0)


def spent() -> dict[str, float]:
    """Give what this process and those it started took so far: cpu in seconds, peak in megabytes; nothing on Windows."""
    if sys.platform == "win32":
        return {}
    import resource  # noqa: PLC0415 - Windows has none

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = _MEGABYTE if sys.platform == "darwin" else 2**10  # what macOS counts in bytes, Linux counts in kilobytes
    cpu = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    return {"cpu": cpu, "peak": round(used[0].ru_maxrss / unit), "peak_of_children": round(used[1].ru_maxrss / unit)}
