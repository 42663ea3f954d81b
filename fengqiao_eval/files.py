"""Files on every system: names and links of units, writes that are whole or not at all, private modes, a full disk."""

import errno
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk without room is called, and a user without any left of theirs."""

HALF = re.compile("[\ud800-\udfff]")
"""Half a character: in a file name, a byte that is no UTF-8; no file of text may hold one."""

PRIVATE = 0o700
"""The mode of a folder that only its owner opens: officers' things, and runs that are not finished."""

_LONGEST = 120
"""Bytes of a file name without its ending; file systems take 255."""

_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that Windows keeps for its devices, whatever their ending."""


def file_name(unit_id: str) -> str:
    """Turn a unit id into a file name without ending; letters, digits, - and _ stay, all else is percent-encoded.

    No two ids share a name, none leaves its folder, and Windows takes all of them.

    >>> file_name("S007"), file_name("坪山.一"), file_name("../etc"), file_name("a b"), file_name("NUL")
    ('S007', '坪山.一', '%2E.%2Fetc', 'a%20b', '%4EUL')
    """
    encoded = "".join(map(_encode, unit_id))
    if encoded.startswith(".") or encoded.split(".")[0].lower() in _DEVICES:
        encoded = _percent_encode(unit_id[0]) + "".join(map(_encode, unit_id[1:]))
    if encoded.endswith("."):
        encoded = encoded[:-1] + _percent_encode(".")
    return encoded if len(encoded.encode()) <= _LONGEST else _shorten(encoded, unit_id)


def link(unit_id: str, ending: str = ".html") -> str:
    """Write the file name as the end of a link: its percent signs are part of the name, so they are encoded again.

    >>> link("S007"), link("a/b")
    ('S007.html', 'a%252Fb.html')
    """
    return quote(file_name(unit_id) + ending)


def _encode(character: str) -> str:
    return character if character.isalnum() or character in "-_." else _percent_encode(character)


def _percent_encode(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _shorten(encoded: str, unit_id: str) -> str:
    digest = hashlib.sha256(unit_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    start = encoded.encode()[: _LONGEST - 20].decode("utf-8", "ignore")
    return f"{start}~{digest}"


def write_halves(text: str) -> str:
    r"""Write half characters as Python and JSON do, so that a file of text can hold them and a program reads them back.

    >>> write_halves("项\udccf")
    '项\\udccf'
    """
    return HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def temporary_path(path: Path) -> Path:
    """Say where a file is written until it takes its place; what was killed in between leaves it there."""
    return path.with_name(f".{path.name}.tmp")


@contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write it anew; it takes the file's place in one step, or goes where the writing fails."""
    aside = temporary_path(path)
    try:
        yield aside
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one step, text in UTF-8 with its ends of lines as they are: it is there whole, or not at all."""
    with replace_whole(path) as aside:
        aside.write_bytes(write_halves(content).encode() if isinstance(content, str) else content)


def is_full_disk(error: BaseException) -> bool:
    """Say whether an error of the system tells of a full disk, which is no fault of what was being written."""
    return getattr(error, "errno", None) in FULL
