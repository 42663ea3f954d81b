"""File names and links of units: an id may hold anything, a file name may not."""

import hashlib
from urllib.parse import quote

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
