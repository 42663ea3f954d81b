"""Text for other readers than the eye: JSON that a script of a page reads, and the width of words in columns."""

import json
from typing import Any
from unicodedata import east_asian_width

_MARKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"}


def script_json(data: Any, *, separators: tuple[str, str] = (",", ":"), sort_keys: bool = False) -> str:
    r"""Write JSON that may stand inside a script element: no text in it can end the script.

    >>> script_json(["</script>", 1])
    '["\\u003c/script\\u003e",1]'
    """
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=separators, sort_keys=sort_keys)
    return written.translate(_MARKS)


def character_widths(text: str) -> list[int]:
    """Say how many columns each character takes; a Chinese one is as wide as two.

    >>> character_widths("a单")
    [1, 2]
    """
    return [2 if east_asian_width(character) in "WF" else 1 for character in text]
