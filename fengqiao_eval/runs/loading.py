"""Loading what cards need, once, before the clock of any card starts."""

import sys

ADDRESSES = "rfc3987_syntax"
"""A library that builds a grammar of web addresses as it is loaded (a second and a half), for a check that nobody asks for."""


def load() -> None:
    """Load what prints cards; starts no thread."""
    if ADDRESSES not in sys.modules:
        sys.modules[ADDRESSES] = None  # type: ignore[assignment] # how Python says: do without
        import nbformat  # noqa: F401, PLC0415

        del sys.modules[ADDRESSES]
    from fengqiao_eval.runs import printing  # noqa: F401, PLC0415 - papermill, plotly, pandas
