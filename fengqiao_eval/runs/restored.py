"""What a notebook changes in the process it runs in, and the engine does not put back."""

import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def restored() -> Iterator[None]:
    """Put back modules, blocked signals and options of pandas; folder, environment and import path are the engine's to put back.

    Not all there is: an attribute set on a module stays, and so does what C code keeps for itself.
    """
    modules = dict(sys.modules)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if sys.platform != "win32" else ()
    try:
        yield
    finally:
        _put_back(modules)
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _reset_pandas()


def _put_back(before: Mapping[str, ModuleType]) -> None:
    """Put back modules that were replaced, and take out new names for old ones; what was imported stays."""
    old = set(map(id, before.values()))
    for name in [name for name, module in sys.modules.items() if name not in before and id(module) in old]:
        del sys.modules[name]
    sys.modules.update(before)


def _reset_pandas() -> None:
    if pandas := sys.modules.get("pandas"):
        with warnings.catch_warnings(action="ignore"):  # some options are on their way out
            pandas.reset_option(r"^(?!plotting\.)")  # those of plots ask for matplotlib, which need not be there
