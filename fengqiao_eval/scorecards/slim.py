"""Templates of a card without what a browser reads into them anyway: end tags and quotes that HTML lets out, ends of lines.

Done once, when a template is compiled; what records and schemes hold is filled in later and stays as it is.
"""

import re

from jinja2.ext import Extension

TEMPLATES = frozenset(
    f"{name}.html"
    for name in ("dimensions", "disputes", "figure", "gains", "headline", "indicators", "limits", "lost", "page", "parts")
)
_END = re.compile(r"</(?:td|th|tr|li|dt|dd|thead|tbody|tfoot)>")
_QUOTED = re.compile(r"(\{[{%].*?[%}]\})|(?<==)\"([\w-]+)\"")
_LINE = re.compile(r"\s*\n\s*")


class Slim(Extension):
    """Slims the templates of a card as they are read; others are left alone."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - jinja's words
        """Slim one of them."""
        return slim(source) if name in TEMPLATES else source


def slim(html: str) -> str:
    """Leave out the end tags and quotes that HTML lets out, and the ends of lines; what stands in braces is the template's.

    >>> slim('<tr><td colspan="2">{{ say(x="1") }}</td>' + chr(10) + "<td>2</td></tr>")
    '<tr><td colspan=2>{{ say(x="1") }}<td>2'
    """
    return _LINE.sub("", _QUOTED.sub(lambda found: found[1] or found[2], _END.sub("", html)))
