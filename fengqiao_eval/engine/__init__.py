"""Notebooks executed by papermill, and thousands of cards printed by a pool of processes."""

from typing import Any

OURS, STOCK = ENGINES = ("fengqiao", "stock")
"""How notebooks can be run: by the engine of this package, or by papermill's own, a kernel process a notebook."""


CELL_SECONDS = 600
"""A cell that takes longer is given up; a card takes seconds."""


class _LazyEngine:
    """Hands on to `papermill_engine.Managed` whatever papermill asks of an engine, and loads it then."""

    def __getattr__(self, name: str) -> Any:
        from fengqiao_eval.engine.papermill_engine import Managed  # noqa: PLC0415

        return getattr(Managed, name)


FengqiaoEngine = _LazyEngine()
"""The engine `fengqiao` as papermill finds it by its entry point, while it is being imported itself."""
