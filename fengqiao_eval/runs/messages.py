"""What passes between who runs cells and who keeps the notebook: messages as Jupyter's protocol has them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Message = Mapping[str, Any]
"""A message as nbclient reads it (msg_type, content, buffers), or the content of a reply (status, ename, evalue, traceback)."""

Tell = Callable[[Message], None]


class Kernel(Protocol):
    """Whatever runs cells, one after the other in one namespace."""

    def execute(self, source: str, seconds: float | None, tell: Tell) -> Message:
        """Run a cell for so many seconds at most; tell what it puts out as it comes, return the content of its reply."""


def failed(name: str, words: str, tell: Tell) -> Message:
    """Tell of an error that no traceback belongs to, and make the reply that says the same."""
    content = {"ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}
    tell({"msg_type": "error", "content": content, "buffers": []})
    return {"status": "error", **content}
